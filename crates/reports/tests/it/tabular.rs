//! Reports of texts and tables in all three forms.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use suyuan_reports::{
    Alignment, Column, ReportError, Section, Table, TabularEdition, render_tabular_html, render_tabular_pdf,
    render_tabular_xlsx,
};

use crate::sample::{HOSTILE, fonts, keep};

fn columns(count: usize) -> Vec<Column> {
    (0..count)
        .map(|i| Column {
            name: format!("第{}列", i + 1),
            share: if i == 0 { 3 } else { 1 },
            alignment: if i == 0 { Alignment::Text } else { Alignment::Figure },
        })
        .collect()
}

fn section(heading: &str, table: Option<Table>) -> Section {
    Section {
        heading: heading.to_owned(),
        paragraphs: vec!["本期对全部接入系统的报送数据进行了规则检查，发现的异常已退回报送单位核实。".to_owned()],
        table,
    }
}

fn edition() -> TabularEdition {
    let rows = (0..60).map(|i| vec![format!("规则{i}"), format!("{i}.5"), "不适用".to_owned()]).collect();
    let wide = (0..30).map(|i| (0..12).map(|j| (i * j).to_string()).collect()).collect();
    TabularEdition {
        number: "370200-ZL-202610-01".to_owned(),
        title: "追溯数据质量报告".to_owned(),
        node_name: "青岛市重要产品追溯管理平台".to_owned(),
        node_code: "370200".to_owned(),
        period: "2026年10月".to_owned(),
        generated_at: "2026-11-01 08:00".to_owned(),
        data_until: "2026-10-31 24:00".to_owned(),
        sections: vec![
            section("总体情况", None),
            section("异常/规则", Some(Table { columns: columns(4), rows })),
            section("各县区情况", Some(Table { columns: columns(12), rows: wide })),
            section("空表", Some(Table { columns: columns(2), rows: vec![] })),
            section("无列", Some(Table { columns: vec![], rows: vec![vec!["多余".to_owned()]] })),
        ],
        notes: vec!["缺失以“—”表示。".to_owned()],
    }
}

#[test]
fn g_6_4_2b_a_data_quality_report_becomes_a_pdf() -> Result<(), ReportError> {
    let edition = edition();
    let rendered = render_tabular_pdf(&edition, fonts())?;
    keep("tabular.pdf", &rendered.bytes);
    assert!(rendered.bytes.starts_with(b"%PDF-"));
    assert!((4..=7).contains(&rendered.pages), "{} pages", rendered.pages);
    assert!(rendered.bytes == render_tabular_pdf(&edition, fonts())?.bytes);
    Ok(())
}

#[test]
fn g_6_4_1b_a_report_can_be_exported_as_a_workbook() -> Result<(), Box<dyn std::error::Error>> {
    let mut edition = edition();
    edition.sections[0].heading = "[a]:*?/\\'".repeat(9);
    let bytes = render_tabular_xlsx(&edition)?;
    keep("tabular.xlsx", &bytes);
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    assert_eq!(book.sheet_names(), ["概况", "2 异常 规则", "3 各县区情况", "4 空表", "5 无列"]);
    let rules = book.worksheet_range("2 异常 规则")?;
    assert_eq!(rules.get((2, 1)), Some(&Data::Float(1.5)));
    assert_eq!(rules.get((2, 2)), Some(&Data::String("不适用".to_owned())));
    assert_eq!(rules.get((2, 3)), Some(&Data::String("—".to_owned())));
    Ok(())
}

#[test]
fn text_from_data_is_literal_in_every_form() -> Result<(), Box<dyn std::error::Error>> {
    let mut edition = edition();
    edition.title = HOSTILE.to_owned();
    for section in &mut edition.sections {
        section.heading = HOSTILE.to_owned();
        section.paragraphs = vec![HOSTILE.to_owned()];
        if let Some(table) = &mut section.table {
            table.rows = vec![vec![HOSTILE.to_owned(); 12]];
            for column in &mut table.columns {
                column.name = HOSTILE.to_owned();
                column.share = 0;
            }
        }
    }
    let pdf = render_tabular_pdf(&edition, fonts())?;
    keep("tabular-hostile.pdf", &pdf.bytes);
    assert!(pdf.pages > 1);
    let html = render_tabular_html(&edition);
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(render_tabular_xlsx(&edition)?))?;
    for sheet in book.sheet_names() {
        assert!(book.worksheet_formula(&sheet)?.cells().all(|(_, _, f)| f.is_empty()), "{sheet}");
    }
    Ok(())
}

#[test]
fn g_6_4_2b_the_mail_body_shows_texts_tables_and_what_is_empty() {
    let html = render_tabular_html(&edition());
    keep("tabular.html", html.as_bytes());
    for part in ["追溯数据质量报告", "异常/规则", "规则59", "本节没有数据。", "缺失以“—”表示。"]
    {
        assert!(html.contains(part), "{part}");
    }
}
