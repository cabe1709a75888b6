//! PDF: whole documents.

use suyuan_reports::{EvaluationEdition, Fonts, ReportError, render_pdf, render_pdf_counted};

use crate::sample::{HOSTILE, edition, fonts, keep};

#[test]
fn g_6_8_3_an_edition_becomes_a_pdf_and_the_same_edition_the_same_bytes() -> Result<(), ReportError> {
    let edition = edition(40);
    let first = render_pdf(&edition, fonts())?;
    keep("evaluation.pdf", &first);
    assert!(first.starts_with(b"%PDF-"));
    assert!(first.len() > 20_000, "the fonts are embedded");
    assert!(first == render_pdf(&edition, fonts())?, "rendering twice gives the same bytes");
    Ok(())
}

#[test]
fn g_6_8_3_five_hundred_rows_run_over_many_pages() -> Result<(), ReportError> {
    let mut edition = edition(500);
    edition.indicator_names.truncate(7);
    edition.map = None;
    let rendered = render_pdf_counted(&edition, fonts())?;
    keep("evaluation-500.pdf", &rendered.bytes);
    assert!(rendered.pages > 20, "{} pages", rendered.pages);
    assert!(rendered.pages < 80, "{} pages", rendered.pages);
    Ok(())
}

#[test]
fn text_from_data_is_never_markup() -> Result<(), ReportError> {
    let mut edition = edition(2);
    for text in [
        &mut edition.title,
        &mut edition.number,
        &mut edition.node_name,
        &mut edition.period,
        &mut edition.generated_at,
        &mut edition.rows[0].name,
        &mut edition.grades[0].grade,
        &mut edition.trend[0].label,
        &mut edition.anomalies[0].rule,
        &mut edition.notes[0],
        &mut edition.advice[0],
        &mut edition.indicator_names[0],
        &mut edition.summary[0].label,
    ] {
        *text = HOSTILE.to_owned();
    }
    edition.rows[0].grade = HOSTILE.to_owned();
    edition.rows[1].name = "A".repeat(300);
    if let Some(map) = &mut edition.map {
        map.legend = HOSTILE.to_owned();
    }
    let rendered = render_pdf(&edition, fonts())?;
    keep("hostile.pdf", &rendered);
    assert!(rendered.starts_with(b"%PDF-"));
    Ok(())
}

#[test]
fn an_empty_edition_still_renders() -> Result<(), ReportError> {
    let text = |s: &str| s.to_owned();
    let empty = EvaluationEdition {
        number: text(""),
        title: text(""),
        node_name: text(""),
        node_code: text(""),
        period: text(""),
        generated_at: text("很久以前"),
        data_until: text(""),
        formula_version: text(""),
        summary: vec![],
        grades: vec![],
        rows: vec![],
        indicator_names: vec![text("没有数据的指标")],
        trend: vec![],
        map: None,
        anomalies: vec![],
        notes: vec![],
        advice: vec![],
    };
    let rendered = render_pdf_counted(&empty, fonts())?;
    keep("empty.pdf", &rendered.bytes);
    assert_eq!(rendered.pages, 1);
    Ok(())
}

#[test]
fn missing_fonts_are_reported_in_chinese_with_the_next_step() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let absent = Fonts::load(&dir.path().join("absent")).map(|_| ()).expect_err("no such directory");
    assert!(absent.to_string().contains("目录不存在"), "{absent}");
    std::fs::write(dir.path().join("broken.ttf"), b"no font")?;
    let broken = Fonts::load(dir.path()).map(|_| ()).expect_err("not a font");
    assert!(broken.to_string().starts_with("报告字体不可用"), "{broken}");
    assert!(broken.to_string().contains("请先安装报告字体"), "{broken}");
    let none = Fonts::from_bytes(vec![]).map(|_| ()).expect_err("nothing given");
    assert!(none.to_string().contains("未找到可用的中文 TTF 字体"), "{none}");
    Ok(())
}

#[test]
fn unusable_boundaries_are_an_error_and_not_a_map_without_divisions() {
    let mut edition = edition(1);
    if let Some(map) = &mut edition.map {
        map.boundaries_geojson = "{}".to_owned();
    }
    let error = render_pdf(&edition, fonts()).expect_err("no boundaries");
    assert!(matches!(error, ReportError::Map(_)), "{error}");
}
