//! The body of a mail: one HTML document with inline styles and plain tables (G-6.8.3).
//!
//! Mail programs drop style sheets, scripts and pictures, so there are none. Every text from data is escaped. Long
//! rankings are cut with a remark, since the full table travels as attachment.

use crate::edition::{EvaluationEdition, MapFigure, MapValue};
use crate::grade::mark;
use crate::page::{Cell, MOST_ROWS, Page, dash};
use crate::projection;
use crate::text::{number, percent, thousands};

/// Renders an edition as an HTML document for a mail body. Never fails: a map that cannot be read is left out, with a remark.
#[must_use]
pub fn render_html(edition: &EvaluationEdition) -> String {
    let mut page = Page::open(&edition.title, &facts(edition));
    page.summary(edition);
    page.grades(edition);
    page.trend(edition);
    if let Some(figure) = &edition.map {
        page.divisions(figure);
    }
    page.ranking(edition);
    page.anomalies(edition);
    page.list("工作建议", &edition.advice);
    page.list("说明", &edition.notes);
    page.close()
}

fn facts(edition: &EvaluationEdition) -> [(&str, &str); 7] {
    [
        ("报告编号", &edition.number),
        ("报告期", &edition.period),
        ("编制节点", &edition.node_name),
        ("节点编码", &edition.node_code),
        ("生成时间", &edition.generated_at),
        ("数据截至", &edition.data_until),
        ("评价公式版本", &edition.formula_version),
    ]
}

impl Page {
    fn summary(&mut self, edition: &EvaluationEdition) {
        self.heading("总体情况");
        self.open_table(&["指标", "数值", "较上期"]);
        for figure in &edition.summary {
            let value = format!("{} {}", figure.value, figure.unit);
            let change = figure.change.as_deref().unwrap_or_default();
            self.row(&[Cell::Text(&figure.label), Cell::Figure(value.trim()), Cell::Figure(change)]);
        }
        self.close_table();
    }

    fn grades(&mut self, edition: &EvaluationEdition) {
        self.heading("等级分布");
        let total = edition.grades.iter().fold(0_u64, |sum, g| sum.saturating_add(g.count));
        self.open_table(&["等级", "数量", "占比"]);
        for entry in &edition.grades {
            self.row(&[
                Cell::Ready(grade_markup(&entry.grade)),
                Cell::Figure(&thousands(entry.count)),
                Cell::Figure(&percent(entry.count, total)),
            ]);
        }
        self.close_table();
    }

    fn trend(&mut self, edition: &EvaluationEdition) {
        if edition.trend.is_empty() {
            return;
        }
        self.heading("评价趋势");
        self.open_table(&["时段", "数值"]);
        for point in &edition.trend {
            let value = point.value.filter(|v| v.is_finite()).map(number).unwrap_or_default();
            self.row(&[Cell::Text(&point.label), Cell::Figure(&value)]);
        }
        self.close_table();
    }

    fn divisions(&mut self, figure: &MapFigure) {
        self.heading("区划分布");
        let Ok(features) = projection::read(&figure.boundaries_geojson) else {
            self.put(format_args!("<p>区划边界数据不可用，本节未列出。</p>\n"));
            return;
        };
        self.open_table(&["区划", &figure.legend]);
        for feature in features {
            let code = feature.property("adcode").unwrap_or_default();
            let value = figure.values.iter().find(|(c, _)| *c == code).map(|(_, v)| *v);
            let name = feature.property("name").unwrap_or(code);
            self.row(&[Cell::Text(&name), Cell::Figure(&division_value(value))]);
        }
        self.close_table();
    }

    fn ranking(&mut self, edition: &EvaluationEdition) {
        self.heading("评价排名");
        let mut heads = vec!["名次", "名称", "编码", "环节", "得分", "等级", "较上期"];
        heads.extend(edition.indicator_names.iter().map(String::as_str));
        self.open_table(&heads);
        for row in edition.rows.iter().take(MOST_ROWS) {
            let rank = row.rank.to_string();
            let mut cells = vec![
                Cell::Figure(&rank),
                Cell::Text(&row.name),
                Cell::Text(&row.code),
                Cell::Text(&row.stage),
                Cell::Figure(&row.score),
                Cell::Ready(grade_markup(&row.grade)),
                Cell::Figure(row.change.as_deref().unwrap_or_default()),
            ];
            let value = |column| row.indicators.get(column).map_or("", String::as_str);
            cells.extend((0..edition.indicator_names.len()).map(|c| Cell::Figure(value(c))));
            self.row(&cells);
        }
        self.close_table();
        self.rows_left_out(edition.rows.len());
    }

    fn anomalies(&mut self, edition: &EvaluationEdition) {
        self.heading("异常数据");
        self.open_table(&["规则", "异常数", "已处理", "处理率"]);
        for row in &edition.anomalies {
            self.row(&[
                Cell::Text(&row.rule),
                Cell::Figure(&thousands(row.count)),
                Cell::Figure(&thousands(row.handled)),
                Cell::Figure(&percent(row.handled, row.count)),
            ]);
        }
        self.close_table();
    }
}

fn grade_markup(grade: &str) -> String {
    let mark = mark(grade);
    format!("<span style=\"color:{}\">{}</span> {}", mark.colour, mark.shape, dash(grade))
}

fn division_value(value: Option<MapValue>) -> String {
    match value {
        Some(MapValue::Value(v)) if v.is_finite() => number(v),
        Some(MapValue::Value(_) | MapValue::Missing) => "— 缺失".to_owned(),
        Some(MapValue::Zero) => "0".to_owned(),
        Some(MapValue::NotConnected) | None => "未接入".to_owned(),
    }
}
