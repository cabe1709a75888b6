//! Typesets an edition to PDF (G-6.8.3, G-6.6.1c).
//!
//! Here the edition becomes the data and the pictures of the template; the typesetter's surroundings are in `world`.

use serde::Serialize;
use serde_json::{Value, json};

use crate::edition::{AnomalyRow, EvaluationEdition, EvaluationRow};
use crate::text::{percent, thousands};
use crate::world::{RenderedPdf, ReportWorld, typeset};
use crate::{Fonts, ReportError, chart, grade, map};

const EVALUATION: &str = include_str!("../../../reports/evaluation.typ");
/// Columns of indicators that fit beside the name on A4.
const INDICATORS_PER_TABLE: usize = 7;

/// Renders an edition to a PDF file. The same edition and fonts give the same bytes.
///
/// # Errors
/// [`ReportError::Map`] for unusable boundaries, [`ReportError::Typesetting`] if the template fails.
pub fn render_pdf(edition: &EvaluationEdition, fonts: &Fonts) -> Result<Vec<u8>, ReportError> {
    Ok(render_pdf_counted(edition, fonts)?.bytes)
}

/// Like [`render_pdf`], and tells the number of pages.
///
/// # Errors
/// As [`render_pdf`].
pub fn render_pdf_counted(edition: &EvaluationEdition, fonts: &Fonts) -> Result<RenderedPdf, ReportError> {
    let family = fonts.family();
    let drawn = edition.map.as_ref().map(|figure| map::draw(figure, family)).transpose()?;
    let view = view(edition, family, drawn.as_ref())?;
    let mut world = ReportWorld::new(fonts, EVALUATION, view)?;
    world.add_file("/trend.svg", chart::trend(&edition.trend, family))?;
    world.add_file("/grades.svg", chart::grades(&edition.grades, family))?;
    if let Some(drawn) = drawn {
        world.add_file("/map.svg", drawn.svg)?;
    }
    typeset(&world, &edition.number, &edition.generated_at)
}

#[derive(Serialize)]
struct IndicatorGroup<'a> {
    names: &'a [String],
    values: Vec<Vec<String>>,
}

/// The edition as the template wants it: marks beside grades, counts as text, indicators in groups that fit a page.
fn view(edition: &EvaluationEdition, family: &str, drawn: Option<&map::DrawnMap>) -> Result<Value, ReportError> {
    let grades: Vec<Value> =
        edition.grades.iter().map(|g| json!({ "grade": g.grade, "count": thousands(g.count) })).collect();
    let map = drawn
        .zip(edition.map.as_ref())
        .map(|(drawn, figure)| json!({ "legend": figure.legend, "divisions": drawn.divisions }));
    Ok(json!({
        "family": family,
        "edition": {
            "number": edition.number,
            "title": edition.title,
            "node_name": edition.node_name,
            "node_code": edition.node_code,
            "period": edition.period,
            "generated_at": edition.generated_at,
            "data_until": edition.data_until,
            "formula_version": edition.formula_version,
            "summary": edition.summary,
            "advice": edition.advice,
            "notes": edition.notes,
        },
        "grades": grades,
        "rows": edition.rows.iter().map(row_view).collect::<Vec<_>>(),
        "indicator_groups": serde_json::to_value(indicator_groups(edition))?,
        "trend": !edition.trend.is_empty(),
        "trend_alt": trend_in_words(edition),
        "map": map,
        "anomalies": edition.anomalies.iter().map(anomaly_cells).collect::<Vec<_>>(),
    }))
}

fn row_view(row: &EvaluationRow) -> Value {
    let mark = grade::mark(&row.grade);
    json!({
        "rank": row.rank, "name": row.name, "code": row.code, "stage": row.stage, "score": row.score,
        "grade": row.grade, "shape": mark.shape, "colour": mark.colour, "change": row.change,
    })
}

/// The cells of one line of the table of outliers.
fn anomaly_cells(row: &AnomalyRow) -> [String; 5] {
    let open = row.count.saturating_sub(row.handled);
    [row.rule.clone(), thousands(row.count), thousands(row.handled), thousands(open), percent(row.handled, row.count)]
}

fn indicator_groups(edition: &EvaluationEdition) -> Vec<IndicatorGroup<'_>> {
    let mut groups = Vec::new();
    for (index, names) in edition.indicator_names.chunks(INDICATORS_PER_TABLE).enumerate() {
        let first = index * INDICATORS_PER_TABLE;
        let cells = |row: &'_ EvaluationRow| -> Vec<String> {
            let value = |column| row.indicators.get(column).cloned().unwrap_or_default();
            (first..first + names.len()).map(value).collect()
        };
        groups.push(IndicatorGroup { names, values: edition.rows.iter().map(cells).collect() });
    }
    groups
}

fn trend_in_words(edition: &EvaluationEdition) -> String {
    let point = |p: &crate::TrendPoint| {
        let value = p.value.map_or_else(|| "—".to_owned(), crate::text::number);
        format!("{} {value}", p.label)
    };
    edition.trend.iter().map(point).collect::<Vec<_>>().join("，")
}
