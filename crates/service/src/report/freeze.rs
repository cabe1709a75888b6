//! Freezing the figures of an evaluation report: everything that is printed is computed, rounded and worded here, once.

use std::collections::BTreeMap;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::evaluation::{Evaluation, Formula, score_text};
use suyuan_domain::period::{Day, Period};
use suyuan_domain::scope::Scope;
use suyuan_reports::{
    AnomalyRow, EvaluationEdition, EvaluationRow as PrintedRow, Figure, GradeCount, MapFigure, MapValue, TrendPoint,
};
use suyuan_store::evaluation::{EvaluationFilter, EvaluationRow};

use crate::evaluation::{change_text, kind_of};
use crate::quality::{is_handled, rule_name};
use crate::{Node, Result, ServiceError};

/// Word for what has no score.
const NOT_APPLICABLE: &str = "不适用";

/// Months of the trend.
const TREND: usize = 12;

/// A stored row with its result.
struct Scored {
    row: EvaluationRow,
    result: Evaluation,
}

/// The edition of a period without its number; everything else is final.
pub(super) async fn edition(node: &Node, period: Period, now: Timestamp) -> Result<EvaluationEdition> {
    let packs = node.packs();
    let formula = packs.formula(period.last()).ok_or_else(|| ServiceError::Internal("no evaluation formula".into()))?;
    let rows = stored(node, period).await?;
    let before = stored(node, period.previous()).await?;
    let anomalies = anomalies(node, period).await?;
    let kind = if kind_of(node.config.tier) == "division" { "地区" } else { "接入系统" };
    Ok(EvaluationEdition {
        number: String::new(),
        title: format!("{}追溯体系运行监测评价报告", node.divisions.name(node.code())),
        node_name: node.config.platform_name.clone(),
        node_code: node.code().to_owned(),
        period: period.label(),
        generated_at: minute(now),
        data_until: minute(now.min(period.end())),
        formula_version: formula.version.clone(),
        summary: summary(&rows, &before, &anomalies, kind),
        grades: grades(formula, &rows),
        rows: rows.iter().map(|row| printed(node, formula, row, &before)).collect(),
        indicator_names: formula.indicators.iter().map(|indicator| indicator.name.clone()).collect(),
        trend: trend(node, period).await?,
        map: map(node, &rows),
        anomalies,
        notes: notes(kind, &rows),
        advice: advice(formula, &rows),
    })
}

/// `2026-11-01 08:00` in China standard time.
pub(crate) fn minute(at: Timestamp) -> String {
    let day = Day::of(at);
    let minutes = (at.millis() - day.start().millis()) / 60_000;
    format!("{day} {:02}:{:02}", minutes / 60, minutes % 60)
}

async fn stored(node: &Node, period: Period) -> Result<Vec<Scored>> {
    let filter = EvaluationFilter {
        period: Some(period.to_string()),
        kind: Some(kind_of(node.config.tier).to_owned()),
        node: Some(node.code().to_owned()),
        ..EvaluationFilter::default()
    };
    let rows = node.store.evaluations(&Scope::everything(), &filter).await?;
    let read = |row: EvaluationRow| Some(Scored { result: serde_json::from_str(&row.result).ok()?, row });
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Mean of the scores in hundredths, rounded half up.
fn mean(scores: impl Iterator<Item = u32>) -> Option<u32> {
    let (sum, count) = scores.fold((0u64, 0u64), |(sum, count), score| (sum + u64::from(score), count + 1));
    (count > 0).then(|| u32::try_from((sum * 2 + count) / (count * 2)).unwrap_or(u32::MAX))
}

fn mean_of(rows: &[Scored]) -> Option<u32> {
    mean(rows.iter().filter_map(|row| row.row.score))
}

fn summary(rows: &[Scored], before: &[Scored], anomalies: &[AnomalyRow], kind: &str) -> Vec<Figure> {
    let figure = |label: &str, value: String, unit: &str, change: Option<String>| Figure {
        label: label.to_owned(),
        value,
        unit: unit.to_owned(),
        change,
    };
    let sum = |rows: &[Scored], pick: fn(&Evaluation) -> u64| rows.iter().map(|row| pick(&row.result)).sum::<u64>();
    let acceptance = |rows: &[Scored]| {
        let (received, rejected) =
            (sum(rows, |result| result.inputs.received), sum(rows, |result| result.inputs.rejected));
        let good = received.saturating_sub(rejected);
        (received > 0).then(|| u32::try_from((good * 20_000 + received) / (received * 2)).unwrap_or(10_000))
    };
    let (average, average_before) = (mean_of(rows), mean_of(before));
    let (records, records_before) =
        (sum(rows, |result| result.inputs.records), sum(before, |result| result.inputs.records));
    let found: u64 = anomalies.iter().map(|row| row.count).sum();
    let handled: u64 = anomalies.iter().map(|row| row.handled).sum();
    vec![
        figure(&format!("参评{kind}"), rows.len().to_string(), "个", None),
        figure(
            "平均得分",
            average.map_or_else(|| NOT_APPLICABLE.to_owned(), score_text),
            "分",
            change_text(average, average_before),
        ),
        figure("采集记录", records.to_string(), "条", percent(records, records_before)),
        figure(
            "数据合格率",
            acceptance(rows).map_or_else(|| NOT_APPLICABLE.to_owned(), score_text),
            "%",
            change_text(acceptance(rows), acceptance(before)),
        ),
        figure("异常数据", found.to_string(), "条", None),
        figure("已处置异常", handled.to_string(), "条", None),
    ]
}

/// The change in percent with its sign; `None` where there is nothing to compare with.
fn percent(now: u64, before: u64) -> Option<String> {
    if before == 0 {
        return None;
    }
    let tenths = now.abs_diff(before).saturating_mul(2_000).saturating_add(before) / before.saturating_mul(2);
    let sign = if now < before { '-' } else { '+' };
    Some(format!("{sign}{}.{}%", tenths / 10, tenths % 10))
}

fn grades(formula: &Formula, rows: &[Scored]) -> Vec<GradeCount> {
    let count = |code: Option<&str>| rows.iter().filter(|row| row.row.grade.as_deref() == code).count() as u64;
    let of = |grade: &str, code| GradeCount { grade: grade.to_owned(), count: count(code) };
    let mut grades: Vec<GradeCount> = formula.grades.iter().map(|grade| of(&grade.name, Some(&grade.code))).collect();
    if count(None) > 0 {
        grades.push(of(NOT_APPLICABLE, None));
    }
    grades
}

fn printed(node: &Node, formula: &Formula, scored: &Scored, before: &[Scored]) -> PrintedRow {
    let Scored { row, result } = scored;
    let earlier = before.iter().find(|old| old.row.code == row.code).and_then(|old| old.row.score);
    let grade = row.grade.as_ref().and_then(|code| formula.grades.iter().find(|grade| grade.code == *code));
    let indicator = |code: &str| {
        let part = result.indicators.iter().find(|part| part.code == code);
        part.and_then(|part| part.score).map_or_else(|| NOT_APPLICABLE.to_owned(), score_text)
    };
    PrintedRow {
        rank: row.rank.unwrap_or(0),
        name: row.name.clone(),
        code: row.code.clone(),
        stage: node.packs().stage(&row.stage).map_or_else(String::new, |stage| stage.name.clone()),
        score: row.score.map_or_else(|| NOT_APPLICABLE.to_owned(), score_text),
        grade: grade.map_or(NOT_APPLICABLE, |grade| grade.name.as_str()).to_owned(),
        change: change_text(row.score, earlier),
        indicators: formula.indicators.iter().map(|part| indicator(&part.code)).collect(),
    }
}

async fn trend(node: &Node, period: Period) -> Result<Vec<TrendPoint>> {
    let mut periods: Vec<Period> =
        std::iter::successors(Some(period), |period| Some(period.previous())).take(TREND).collect();
    periods.reverse();
    let mut points = Vec::with_capacity(periods.len());
    for period in periods {
        let value = mean_of(&stored(node, period).await?).map(|score| f64::from(score) / 100.0);
        points.push(TrendPoint { label: period.to_string(), value });
    }
    Ok(points)
}

/// The divisions directly below with their mean score. Boundaries are added when the edition is drawn.
fn map(node: &Node, rows: &[Scored]) -> Option<MapFigure> {
    let children = node.divisions.children(node.code());
    let mut values = Vec::with_capacity(children.len());
    for child in children {
        let ranges = node.divisions.subtree(&child.code);
        let below: Vec<&Scored> =
            rows.iter().filter(|row| ranges.iter().any(|range| range.covers(&row.row.division))).collect();
        let value = match mean(below.iter().filter_map(|row| row.row.score)) {
            None if below.is_empty() => MapValue::NotConnected,
            None => MapValue::Missing,
            Some(0) => MapValue::Zero,
            Some(score) => MapValue::Value(f64::from(score) / 100.0),
        };
        values.push((child.code.clone(), value));
    }
    (!values.is_empty()).then(|| MapFigure {
        boundaries_geojson: String::new(),
        values,
        legend: "平均得分（分）".to_owned(),
        lines_geojson: None,
    })
}

async fn anomalies(node: &Node, period: Period) -> Result<Vec<AnomalyRow>> {
    let mut by_rule: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in node.store.system_findings_found(period.start(), period.end()).await? {
        let total = u64::try_from(row.total).unwrap_or(0);
        let sums = by_rule.entry(row.rule).or_default();
        sums.0 += total;
        sums.1 += if is_handled(&row.state) { total } else { 0 };
    }
    let row =
        |(rule, (count, handled)): (String, (u64, u64))| AnomalyRow { rule: rule_name(node, &rule), count, handled };
    Ok(by_rule.into_iter().map(row).collect())
}

fn notes(kind: &str, rows: &[Scored]) -> Vec<String> {
    let mut notes = vec![
        format!("评价对象为周期内已备案的{kind}，按指标得分加权计算，权重和等级区间以所列评价办法版本为准。"),
        "分母为零的指标不适用，其权重按比例分配给其余指标。".to_owned(),
    ];
    if rows.is_empty() {
        notes.push(format!("本周期没有可评价的{kind}，报告中的空白表示无数据，不表示为零。"));
    }
    for row in rows.iter().filter(|row| row.result.veto.is_some()).take(20) {
        let why = row.result.veto.as_deref().unwrap_or_default();
        notes.push(format!("{}：{why}，等级按最低等级评定。", row.row.name));
    }
    notes
}

/// Advice from the three lowest indicators below full marks, each with who did worst.
fn advice(formula: &Formula, rows: &[Scored]) -> Vec<String> {
    let score_of = |row: &Scored, code: &str| row.result.indicators.iter().find(|part| part.code == code)?.score;
    let mut lowest: Vec<(u32, &str, &str)> = formula
        .indicators
        .iter()
        .filter_map(|part| {
            let mean = mean(rows.iter().filter_map(|row| score_of(row, &part.code)))?;
            Some((mean, part.code.as_str(), part.name.as_str()))
        })
        .filter(|(mean, ..)| *mean < 10_000)
        .collect();
    lowest.sort_unstable();
    let line = |(mean, code, name): (u32, &str, &str)| {
        let mut worst: Vec<(u32, &str)> =
            rows.iter().filter_map(|row| Some((score_of(row, code)?, row.row.name.as_str()))).collect();
        worst.sort_unstable();
        let names: Vec<&str> = worst.iter().take(3).map(|(_, name)| *name).collect();
        format!("“{name}”平均 {}%，请重点督促{}整改。", score_text(mean), names.join("、"))
    };
    lowest.into_iter().take(3).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_8_3_moments_are_printed_in_china_standard_time() {
        let at = |text: &str| minute(text.parse().expect(text));
        assert_eq!(at("2026-10-31T16:00:00Z"), "2026-11-01 00:00");
        assert_eq!(at("2026-11-01T00:05:59Z"), "2026-11-01 08:05");
    }

    #[test]
    fn g_6_8_3_means_and_changes_are_rounded_once() {
        assert_eq!(mean([1, 2].into_iter()), Some(2));
        assert_eq!(mean([9_420, 9_421, 9_421].into_iter()), Some(9_421));
        assert_eq!(mean(std::iter::empty()), None);
        for (now, before, text) in
            [(110, 100, Some("+10.0%")), (1, 3, Some("-66.7%")), (5, 5, Some("+0.0%")), (5, 0, None)]
        {
            assert_eq!(percent(now, before).as_deref(), text, "{now} after {before}");
        }
        let _no_overflow = (percent(u64::MAX, 1), percent(1, u64::MAX));
    }
}
