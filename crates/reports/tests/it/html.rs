//! HTML: the body of a mail.

use suyuan_reports::render_html;

use crate::sample::{HOSTILE, edition, keep};

#[test]
fn g_6_8_3_the_mail_body_holds_the_figures_of_the_edition() {
    let edition = edition(3);
    let html = render_html(&edition);
    keep("evaluation.html", html.as_bytes());
    for part in [
        "山东省重要产品追溯体系监测评价报告",
        "370000-202610-01",
        "12,408 家",
        "示范市第2农产品批发市场",
        "数据报送率",
        "▼",
        "28.7%",
        "未接入",
        "— 缺失",
        "98.8%",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html, render_html(&edition));
}

#[test]
fn text_from_data_is_escaped_everywhere() {
    let mut edition = edition(1);
    edition.title = HOSTILE.to_owned();
    edition.rows[0].name = HOSTILE.to_owned();
    edition.rows[0].grade = "\" onmouseover=\"x".to_owned();
    edition.notes[0] = "<img src=x>".to_owned();
    edition.indicator_names[0] = "<b>".to_owned();
    edition.anomalies[0].rule = "</table>".to_owned();
    let html = render_html(&edition);
    for raw in ["<script>", "<img", "<b>", "\" onmouseover"] {
        assert!(!html.contains(raw), "{raw}");
    }
    assert_eq!(html.matches("<table").count(), html.matches("</table>").count());
    assert!(html.contains("&lt;script&gt;"));
}

#[test]
fn a_long_ranking_is_cut_with_a_remark_and_a_broken_map_does_not_stop_the_mail() {
    let mut edition = edition(500);
    if let Some(map) = &mut edition.map {
        map.boundaries_geojson = "?".to_owned();
    }
    let html = render_html(&edition);
    assert!(html.contains("其余 400 行见附件。"));
    assert!(html.contains("区划边界数据不可用"));
    assert!(!render_html(&crate::sample::edition(100)).contains("行见附件"));
}
