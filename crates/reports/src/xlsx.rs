//! An edition as a workbook: one sheet per table (G-6.8.3, G-6.6.1c).
//!
//! Text from data is written as text and never as a formula or a link. Figures that are plain decimals become numbers, so
//! that they can be summed; everything else, codes above all, stays text.

use rust_xlsxwriter::Workbook;

use crate::edition::{EvaluationEdition, MapFigure, MapValue};
use crate::grade::mark;
use crate::sheet::{Cell, MOST_ROWS, Sheet, Style, properties};
use crate::{ReportError, projection};

/// Renders an edition to a workbook. The same edition gives the same bytes.
///
/// # Errors
/// [`ReportError::Workbook`] if the workbook cannot be written, [`ReportError::Map`] for unusable boundaries.
pub fn render_xlsx(edition: &EvaluationEdition) -> Result<Vec<u8>, ReportError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(&edition.title, &edition.number, &edition.node_name, &edition.generated_at)?);
    let style = Style::new();
    overview(&mut workbook, &style, edition)?;
    ranking(&mut workbook, &style, edition)?;
    grades(&mut workbook, &style, edition)?;
    if !edition.trend.is_empty() {
        trend(&mut workbook, &style, edition)?;
    }
    if let Some(figure) = &edition.map {
        divisions(&mut workbook, &style, figure)?;
    }
    anomalies(&mut workbook, &style, edition)?;
    remarks(&mut workbook, &style, edition)?;
    Ok(workbook.save_to_buffer()?)
}

fn overview(book: &mut Workbook, style: &Style, edition: &EvaluationEdition) -> Result<(), ReportError> {
    let columns = [("项目", 22.0), ("内容", 40.0), ("单位", 10.0), ("较上期", 14.0)];
    let mut sheet = Sheet::new(book, style, "概况", &columns)?;
    let facts = [
        ("标题", &edition.title),
        ("报告编号", &edition.number),
        ("报告期", &edition.period),
        ("编制节点", &edition.node_name),
        ("节点编码", &edition.node_code),
        ("生成时间", &edition.generated_at),
        ("数据截至", &edition.data_until),
        ("评价公式版本", &edition.formula_version),
    ];
    for (label, value) in facts {
        sheet.row(&[Cell::Text(label), Cell::Text(value)])?;
    }
    for figure in &edition.summary {
        sheet.row(&[
            Cell::Text(&figure.label),
            Cell::Figure(&figure.value),
            Cell::Text(&figure.unit),
            Cell::Text(figure.change.as_deref().unwrap_or("—")),
        ])?;
    }
    Ok(())
}

fn ranking(book: &mut Workbook, style: &Style, edition: &EvaluationEdition) -> Result<(), ReportError> {
    let mut columns = vec![
        ("名次", 8.0),
        ("名称", 36.0),
        ("编码", 24.0),
        ("环节", 12.0),
        ("得分", 10.0),
        ("等级", 12.0),
        ("较上期", 10.0),
    ];
    columns.extend(edition.indicator_names.iter().map(|name| (name.as_str(), 14.0)));
    let mut sheet = Sheet::new(book, style, "评价排名", &columns)?;
    for row in edition.rows.iter().take(MOST_ROWS) {
        let grade = format!("{} {}", mark(&row.grade).shape, row.grade);
        let mut cells = vec![
            Cell::Count(u64::from(row.rank)),
            Cell::Text(&row.name),
            Cell::Text(&row.code),
            Cell::Text(&row.stage),
            Cell::Figure(&row.score),
            Cell::Text(&grade),
            Cell::Text(row.change.as_deref().unwrap_or("—")),
        ];
        let value = |column| row.indicators.get(column).map_or("—", String::as_str);
        cells.extend((0..edition.indicator_names.len()).map(|c| Cell::Figure(value(c))));
        sheet.row(&cells)?;
    }
    sheet.filter(columns.len())
}

fn grades(book: &mut Workbook, style: &Style, edition: &EvaluationEdition) -> Result<(), ReportError> {
    let mut sheet = Sheet::new(book, style, "等级分布", &[("等级", 14.0), ("数量", 12.0)])?;
    for entry in &edition.grades {
        let grade = format!("{} {}", mark(&entry.grade).shape, entry.grade);
        sheet.row(&[Cell::Text(&grade), Cell::Count(entry.count)])?;
    }
    Ok(())
}

fn trend(book: &mut Workbook, style: &Style, edition: &EvaluationEdition) -> Result<(), ReportError> {
    let mut sheet = Sheet::new(book, style, "评价趋势", &[("时段", 16.0), ("数值", 12.0)])?;
    for point in &edition.trend {
        let value = point.value.filter(|v| v.is_finite()).map(|v| v.to_string());
        sheet.row(&[Cell::Text(&point.label), Cell::Figure(value.as_deref().unwrap_or("—"))])?;
    }
    Ok(())
}

fn divisions(book: &mut Workbook, style: &Style, figure: &MapFigure) -> Result<(), ReportError> {
    let features = projection::read(&figure.boundaries_geojson)?;
    let columns = [("区划代码", 12.0), ("区划", 24.0), (figure.legend.as_str(), 20.0)];
    let mut sheet = Sheet::new(book, style, "区划分布", &columns)?;
    for feature in features {
        let code = feature.property("adcode").unwrap_or_default();
        let name = feature.property("name").unwrap_or_default();
        let value = figure.values.iter().find(|(c, _)| *c == code).map(|(_, value)| *value);
        let shown = match value {
            Some(MapValue::Value(v)) if v.is_finite() => v.to_string(),
            Some(MapValue::Value(_) | MapValue::Missing) => "— 缺失".to_owned(),
            Some(MapValue::Zero) => "0".to_owned(),
            Some(MapValue::NotConnected) | None => "未接入".to_owned(),
        };
        sheet.row(&[Cell::Text(&code), Cell::Text(&name), Cell::Figure(&shown)])?;
    }
    Ok(())
}

fn anomalies(book: &mut Workbook, style: &Style, edition: &EvaluationEdition) -> Result<(), ReportError> {
    let columns = [("规则", 40.0), ("异常数", 12.0), ("已处理", 12.0), ("待处理", 12.0)];
    let mut sheet = Sheet::new(book, style, "异常数据", &columns)?;
    for row in &edition.anomalies {
        sheet.row(&[
            Cell::Text(&row.rule),
            Cell::Count(row.count),
            Cell::Count(row.handled),
            Cell::Count(row.count.saturating_sub(row.handled)),
        ])?;
    }
    Ok(())
}

fn remarks(book: &mut Workbook, style: &Style, edition: &EvaluationEdition) -> Result<(), ReportError> {
    let mut sheet = Sheet::new(book, style, "建议与说明", &[("类别", 10.0), ("内容", 100.0)])?;
    for (kind, items) in [("建议", &edition.advice), ("说明", &edition.notes)] {
        for item in items {
            sheet.row(&[Cell::Text(kind), Cell::Text(item)])?;
        }
    }
    Ok(())
}
