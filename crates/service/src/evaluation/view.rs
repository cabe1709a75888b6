//! Results as they are shown: the ranking of a period with its distribution, and one trend.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::evaluation::{Evaluation, IndicatorScore, rank, score_text};
use suyuan_domain::fault::Fault;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::scope::Scope;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::evaluation::{EvaluationFilter, EvaluationRow};

use super::kind_of;
use crate::register::within;
use crate::{Node, Result, ServiceError};

/// What a ranking is narrowed to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EvaluationQuery {
    /// Period; the latest one without.
    pub period: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// `system` or `division`; what this node evaluates without.
    pub kind: Option<String>,
    /// Division with everything below it.
    pub division: Option<String>,
}

/// An indicator of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IndicatorOut {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Share as text; `None` where it is not applicable (不适用).
    pub value: Option<String>,
    /// Unit of the share.
    pub unit: String,
    /// Score as text.
    pub score: Option<String>,
    /// Weight.
    pub weight: u32,
    /// Above the line.
    pub numerator: u64,
    /// Below the line.
    pub denominator: u64,
    /// Whether the line can be drawn.
    pub applicable: bool,
    /// Whether the score is below the indicator's own threshold.
    pub warning: bool,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvaluationOut {
    /// Place within the stage.
    pub rank: Option<u32>,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// `system` or `division`.
    pub kind: String,
    /// Stage.
    pub stage: String,
    /// Name of the stage.
    pub stage_name: String,
    /// Division.
    pub division: String,
    /// Name of the division.
    pub division_name: String,
    /// Node that evaluated.
    pub node: String,
    /// Score as text.
    pub score: Option<String>,
    /// Code of the grade.
    pub grade: Option<String>,
    /// Name of the grade.
    pub grade_name: Option<String>,
    /// Difference to the period before, as text with its sign.
    pub change: Option<String>,
    /// Why the lowest grade was given whatever the score.
    pub veto: Option<String>,
    /// Version of the formula.
    pub formula_version: String,
    /// Its indicators.
    pub indicators: Vec<IndicatorOut>,
}

/// How many have a grade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GradeCount {
    /// Code of the grade.
    pub grade: String,
    /// Name of the grade.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// The ranking of a period.
#[derive(Clone, Debug, Serialize)]
pub struct EvaluationList {
    /// Period.
    pub period: String,
    /// Period in Chinese.
    pub period_name: String,
    /// What was evaluated.
    pub kind: String,
    /// Version of the formula.
    pub formula_version: String,
    /// `final`, `running` while the period has not ended, `missing` where nothing was computed.
    pub state: String,
    /// When it was computed last.
    pub computed_at: Option<Timestamp>,
    /// Periods with results, latest first.
    pub periods: Vec<String>,
    /// Results in order.
    pub rows: Vec<EvaluationOut>,
    /// By grade.
    pub distribution: Vec<GradeCount>,
    /// Without a score.
    pub not_applicable: u64,
    /// The grade that the tier above gave to this node (上级评定).
    pub from_above: Option<EvaluationOut>,
}

/// Which trend.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TrendQuery {
    /// First period.
    pub from: Option<String>,
    /// Last period.
    pub to: Option<String>,
}

/// A point of a trend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrendPoint {
    /// Period.
    pub period: String,
    /// Score as text.
    pub score: Option<String>,
    /// Code of the grade.
    pub grade: Option<String>,
    /// Place.
    pub rank: Option<u32>,
    /// Among how many.
    pub of: u64,
}

/// The trend of one system or division; periods without a result are points without a score.
#[derive(Clone, Debug, Serialize)]
pub struct TrendOut {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Points, oldest first.
    pub points: Vec<TrendPoint>,
}

fn period(text: &str) -> Result<Period> {
    let fault = || ServiceError::invalid("EVA-0102", "period", "周期格式不正确", "请使用 2026-10 或 2026Q4 的形式");
    text.parse().map_err(|_| fault())
}

/// The ranking of a period in the reader's scope.
///
/// # Errors
/// Without permission, for a period that cannot be read, or when the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext, query: &EvaluationQuery) -> Result<EvaluationList> {
    cx.authorize(Action::Read, Kind::Evaluation)?;
    let periods = node.store.evaluated_periods(48).await?;
    let chosen = match query.period.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => period(text)?,
        None => match periods.first() {
            Some(text) => period(text)?,
            None => Period::month_of(Day::of(cx.now)).previous(),
        },
    };
    let kind =
        query.kind.clone().filter(|kind| !kind.is_empty()).unwrap_or_else(|| kind_of(node.config.tier).to_owned());
    let rows = visible(node, cx, query, chosen, &kind).await?;
    let before = visible(node, cx, query, chosen.previous(), &kind).await?;
    let before: BTreeMap<String, u32> = before.into_iter().filter_map(|row| Some((row.code, row.score?))).collect();
    let ranks = ranks(&rows);
    let mut out: Vec<EvaluationOut> = rows.iter().map(|row| shown(node, row, before.get(&row.code).copied())).collect();
    for row in &mut out {
        row.rank = ranks.get(&row.code).copied().flatten();
    }
    out.sort_by_key(|row| (row.rank.is_none(), row.rank, row.stage.clone(), row.code.clone()));
    let packs = node.packs();
    let formula = packs.formula(chosen.last());
    let state = if rows.is_empty() {
        "missing"
    } else if rows.iter().all(|row| row.computed_at >= chosen.end()) {
        "final"
    } else {
        "running"
    };
    Ok(EvaluationList {
        period: chosen.to_string(),
        period_name: chosen.label(),
        kind,
        formula_version: formula.map(|formula| formula.version.clone()).unwrap_or_default(),
        state: state.to_owned(),
        computed_at: rows.iter().map(|row| row.computed_at).max(),
        periods,
        distribution: distribution(node, chosen, &out),
        not_applicable: out.iter().filter(|row| row.grade.is_none()).count() as u64,
        from_above: from_above(node, chosen).await?,
        rows: out,
    })
}

/// Results of one period that the reader may see, one for each code: this node's own before those of others.
async fn visible(
    node: &Node,
    cx: &OpContext,
    query: &EvaluationQuery,
    period: Period,
    kind: &str,
) -> Result<Vec<EvaluationRow>> {
    let filter = EvaluationFilter {
        period: Some(period.to_string()),
        kind: Some(kind.to_owned()),
        stage: query.stage.clone(),
        divisions: within(node, cx, query.division.as_deref())?,
        ..EvaluationFilter::default()
    };
    let mut by_code: BTreeMap<String, EvaluationRow> = BTreeMap::new();
    for row in node.store.evaluations(&cx.scope, &filter).await? {
        // What a lower tier says of its divisions is its own table; what the tier above said of this node is no rival of
        // the divisions below and stands beside the table (`from_above`).
        if row.kind == "division" && row.node != node.code() {
            continue;
        }
        match by_code.get(&row.code) {
            Some(present) if present.node == node.code() || row.node != node.code() => {}
            _ => {
                by_code.insert(row.code.clone(), row);
            }
        }
    }
    if let Some(subject) = &cx.scope.subject {
        let own: BTreeSet<String> = node
            .store
            .system_entries("access")
            .await?
            .into_iter()
            .filter(|entry| entry.subject == *subject)
            .map(|entry| entry.code)
            .collect();
        by_code.retain(|code, _| own.contains(code));
    }
    Ok(by_code.into_values().collect())
}

fn result(row: &EvaluationRow) -> Option<Evaluation> {
    serde_json::from_str(&row.result).ok()
}

/// Ranks within each stage of the rows shown.
fn ranks(rows: &[EvaluationRow]) -> BTreeMap<String, Option<u32>> {
    let results: Vec<(&EvaluationRow, Evaluation)> = rows.iter().filter_map(|row| Some((row, result(row)?))).collect();
    let stages: BTreeSet<&str> = rows.iter().map(|row| row.stage.as_str()).collect();
    let mut ranks = BTreeMap::new();
    for stage in stages {
        let of_stage = results.iter().filter(|(row, _)| row.stage == stage);
        for ranked in rank(of_stage.map(|(row, result)| (row.code.as_str(), result))) {
            ranks.insert(ranked.code.to_owned(), ranked.rank.and_then(|rank| u32::try_from(rank).ok()));
        }
    }
    ranks
}

fn indicator(part: IndicatorScore) -> IndicatorOut {
    IndicatorOut {
        code: part.code,
        name: part.name,
        value: part.score.map(score_text),
        unit: "%".to_owned(),
        score: part.score.map(score_text),
        weight: part.weight,
        numerator: part.numerator,
        denominator: part.denominator,
        applicable: part.score.is_some(),
        warning: part.warning,
    }
}

/// The difference of two scores as text with its sign.
pub(crate) fn change_text(now: Option<u32>, before: Option<u32>) -> Option<String> {
    let (now, before) = (now?, before?);
    let sign = if now < before { '-' } else { '+' };
    Some(format!("{sign}{}", score_text(now.abs_diff(before))))
}

fn grade_name(node: &Node, period: &str, grade: &str) -> String {
    let packs = node.packs();
    let formula = period.parse::<Period>().ok().and_then(|period| packs.formula(period.last()));
    let found = formula.and_then(|formula| formula.grades.iter().find(|row| row.code == grade));
    found.map_or(grade, |grade| grade.name.as_str()).to_owned()
}

fn shown(node: &Node, row: &EvaluationRow, before: Option<u32>) -> EvaluationOut {
    let result = result(row);
    let veto = result.as_ref().and_then(|result| result.veto.clone());
    EvaluationOut {
        rank: row.rank,
        code: row.code.clone(),
        name: row.name.clone(),
        kind: row.kind.clone(),
        stage_name: node.packs().stage(&row.stage).map_or_else(String::new, |stage| stage.name.clone()),
        stage: row.stage.clone(),
        division_name: node.divisions.name(&row.division).to_owned(),
        division: row.division.clone(),
        node: row.node.clone(),
        score: row.score.map(score_text),
        grade_name: row.grade.as_deref().map(|grade| grade_name(node, &row.period, grade)),
        grade: row.grade.clone(),
        change: change_text(row.score, before),
        veto,
        formula_version: row.formula.clone(),
        indicators: result.map(|result| result.indicators.into_iter().map(indicator).collect()).unwrap_or_default(),
    }
}

fn distribution(node: &Node, period: Period, rows: &[EvaluationOut]) -> Vec<GradeCount> {
    let packs = node.packs();
    let Some(formula) = packs.formula(period.last()) else { return Vec::new() };
    let count = |code: &str| rows.iter().filter(|row| row.grade.as_deref() == Some(code)).count() as u64;
    let grades = formula.grades.iter();
    grades
        .map(|grade| GradeCount { grade: grade.code.clone(), name: grade.name.clone(), count: count(&grade.code) })
        .collect()
}

async fn from_above(node: &Node, period: Period) -> Result<Option<EvaluationOut>> {
    let of = |period: Period| EvaluationFilter {
        period: Some(period.to_string()),
        kind: Some("division".to_owned()),
        code: Some(node.code().to_owned()),
        ..EvaluationFilter::default()
    };
    let rows = node.store.evaluations(&Scope::everything(), &of(period)).await?;
    let Some(row) = rows.into_iter().find(|row| row.node != node.code()) else { return Ok(None) };
    let before = node.store.evaluations(&Scope::everything(), &of(period.previous())).await?;
    let before = before.into_iter().find(|old| old.node == row.node).and_then(|old| old.score);
    Ok(Some(shown(node, &row, before)))
}

/// How one system or division did over time, at most 60 periods of one length.
///
/// # Errors
/// Without permission, for periods that do not fit, or when there is nothing of this code in the reader's scope.
pub async fn trend(node: &Node, cx: &OpContext, code: &str, query: &TrendQuery) -> Result<TrendOut> {
    cx.authorize(Action::Read, Kind::Evaluation)?;
    let to = match query.to.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => period(text)?,
        None => Period::month_of(Day::of(cx.now)),
    };
    let from = match query.from.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => period(text)?,
        None => (0..11).fold(to, |period, _| period.previous()),
    };
    let wanted = steps(from, to)?;
    let of_code = EvaluationFilter { code: Some(code.to_owned()), ..EvaluationFilter::default() };
    let rows = node.store.evaluations(&cx.scope, &of_code).await?;
    let own = rows.iter().find(|row| row.node == node.code()).or(rows.first());
    let Some(latest) = own.filter(|_| may_see(cx, &rows)).cloned() else {
        return Err(ServiceError::NotFound("evaluation"));
    };
    let mut points = Vec::with_capacity(wanted.len());
    for period in wanted {
        let found = rows.iter().find(|row| row.node == latest.node && row.period == period.to_string());
        let of = match found {
            Some(row) => rivals(node, row).await?,
            None => 0,
        };
        points.push(TrendPoint {
            period: period.to_string(),
            score: found.and_then(|row| row.score).map(score_text),
            grade: found.and_then(|row| row.grade.clone()),
            rank: found.and_then(|row| row.rank),
            of,
        });
    }
    Ok(TrendOut { code: latest.code, name: latest.name, points })
}

/// A firm sees trends of divisions only; those of systems come to it through the list of its own.
fn may_see(cx: &OpContext, rows: &[EvaluationRow]) -> bool {
    cx.scope.subject.is_none() || rows.iter().all(|row| row.kind == "division")
}

async fn rivals(node: &Node, row: &EvaluationRow) -> Result<u64> {
    let filter = EvaluationFilter {
        period: Some(row.period.clone()),
        kind: Some(row.kind.clone()),
        stage: Some(row.stage.clone()),
        node: Some(row.node.clone()),
        ..EvaluationFilter::default()
    };
    Ok(node.store.evaluations(&Scope::everything(), &filter).await?.len() as u64)
}

fn steps(from: Period, to: Period) -> Result<Vec<Period>> {
    let fault =
        |reason: &str| ServiceError::Invalid(vec![Fault::new("EVA-0103", "from", reason, "请重新选择起止周期")]);
    if std::mem::discriminant(&from) != std::mem::discriminant(&to) || from > to {
        return Err(fault("起止周期不一致"));
    }
    let steps: Vec<Period> = std::iter::successors(Some(from), |period| Some(period.next()))
        .take_while(|period| *period <= to)
        .take(61)
        .collect();
    if steps.len() > 60 { Err(fault("最多查看 60 个周期")) } else { Ok(steps) }
}
