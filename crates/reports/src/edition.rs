//! The frozen edition: the facts of one report, already computed, rounded and worded.
//!
//! Served rows: G-6.6.1c, G-6.8.3. It deliberately holds texts where the screen holds texts, so that no rounding or
//! wording is done a second time. It says nothing about receivers or delivery.

use serde::{Deserialize, Serialize};

/// One numbered edition of an evaluation report (监测评价报告).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct EvaluationEdition {
    /// Number of the edition, unique in the node, e.g. `370200-202610-01`.
    pub number: String,
    /// Title as printed on the cover.
    pub title: String,
    /// Name of the issuing node.
    pub node_name: String,
    /// Code of the issuing node.
    pub node_code: String,
    /// The period reported on, e.g. `2026年10月`.
    pub period: String,
    /// When the edition was frozen, e.g. `2026-11-01 08:00` in China standard time; also the creation time of the files.
    pub generated_at: String,
    /// Data received until this time were counted, same form as `generated_at`.
    pub data_until: String,
    /// Version of the formula that gave the scores.
    pub formula_version: String,
    /// Headline figures.
    pub summary: Vec<Figure>,
    /// How many connected systems reached each grade.
    pub grades: Vec<GradeCount>,
    /// The ranking, in the order in which it is to be printed.
    pub rows: Vec<EvaluationRow>,
    /// Names of the indicators in [`EvaluationRow::indicators`], in the same order.
    pub indicator_names: Vec<String>,
    /// The trend over past periods, oldest first.
    pub trend: Vec<TrendPoint>,
    /// A map of the division's children, if the node has one.
    pub map: Option<MapFigure>,
    /// Outliers by rule.
    pub anomalies: Vec<AnomalyRow>,
    /// Remarks on scope and method.
    pub notes: Vec<String>,
    /// Advice to the units responsible.
    pub advice: Vec<String>,
}

/// One headline figure (关键指标).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Figure {
    /// What is counted.
    pub label: String,
    /// The value as shown.
    pub value: String,
    /// Its unit, empty for a plain count.
    pub unit: String,
    /// Change against the previous period as shown, `None` when there is nothing to compare with.
    pub change: Option<String>,
}

/// How many systems have one grade (等级分布).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct GradeCount {
    /// 优秀, 良好, 达标, 不达标 or any other word.
    pub grade: String,
    /// Number of systems.
    pub count: u64,
}

/// One line of the ranking (评价排名).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct EvaluationRow {
    /// Place in the ranking, from 1.
    pub rank: u32,
    /// Name of the connected system or subject.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Stage of the chain, e.g. 批发.
    pub stage: String,
    /// Score as shown, e.g. `94.2`, or 不适用.
    pub score: String,
    /// Grade word.
    pub grade: String,
    /// Change of score or rank as shown.
    pub change: Option<String>,
    /// Values of the indicators as shown.
    pub indicators: Vec<String>,
}

/// One point of the trend (趋势).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct TrendPoint {
    /// The period, e.g. `2026-10`.
    pub label: String,
    /// The value, `None` where it is missing: the line is interrupted, not drawn through zero.
    pub value: Option<f64>,
}

/// A choropleth map of the children of the node's division (分区地图).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct MapFigure {
    /// A GeoJSON `FeatureCollection`, WGS-84 degrees, each feature with the properties `adcode` and `name`, and
    /// optionally `short` and `point` (label position).
    pub boundaries_geojson: String,
    /// Value of each division by adcode; a division that is not listed counts as not connected.
    pub values: Vec<(String, MapValue)>,
    /// What the colours stand for, with the unit, e.g. `平均得分（分）`.
    pub legend: String,
    /// GeoJSON lines that belong to the map (dashes of the South China Sea, sea borders), with the property `kind`.
    pub lines_geojson: Option<String>,
}

/// What is known about one division of the map (区划数值).
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
pub enum MapValue {
    /// A value.
    Value(f64),
    /// The division reported, and the value is 0.
    Zero,
    /// The division is connected, but the value is missing (缺失).
    Missing,
    /// The division is not connected (未接入).
    NotConnected,
}

/// Outliers found by one rule (异常数据).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct AnomalyRow {
    /// Name of the rule.
    pub rule: String,
    /// How many were found.
    pub count: u64,
    /// How many of them have been handled.
    pub handled: u64,
}
