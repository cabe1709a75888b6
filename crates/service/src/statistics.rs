//! Figures by division (统计分析): the areas below a division, and for each a value that tells zero, missing and not
//! connected apart.
//!
//! Used by the cockpit, the map and rankings alike, so that one figure never has two values. Sums over events come from
//! the warehouse, registers and desks from the store. Rows: G-6.2.3, G-6.6.1a, G-6.7, G-6.8.2a.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::Tier;
use suyuan_domain::evaluation::score_text;
use suyuan_domain::period::Day;
use suyuan_domain::scope::{CodeRange, Scope};
use suyuan_security::context::OpContext;
use suyuan_store::figure::{DivisionCount, LiveSystem, ScoreRow};
use suyuan_warehouse::query::{DayRange, FigureFilter, IntakeKey};

use crate::{Node, Result, ServiceError};

/// How a value stands; the three kinds of nothing never look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// There is a value.
    Value,
    /// It was counted, and there was none.
    Zero,
    /// Connected, but nothing was reported for the period, or the figure does not apply.
    Missing,
    /// Nobody there is connected (未接入).
    NotConnected,
}

/// A value of a division.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AreaValue {
    /// Division.
    pub code: String,
    /// The value as decimal text, where there is one.
    pub value: Option<String>,
    /// How it stands.
    pub state: State,
}

/// What a map or ranking shows of divisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Systems that reported yesterday, of those that were due, in percent (报送率).
    #[default]
    ReportingRate,
    /// Score of the last evaluation (评价得分).
    Score,
    /// Findings that nobody has decided on (待处理异常).
    Findings,
    /// Trace events in the period (追溯记录).
    Events,
    /// Filed subjects (备案主体).
    Subjects,
}

impl Metric {
    /// The word in addresses and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReportingRate => "reporting_rate",
            Self::Score => "score",
            Self::Findings => "findings",
            Self::Events => "events",
            Self::Subjects => "subjects",
        }
    }

    /// Reads the word; empty is the default.
    ///
    /// # Errors
    /// When it is none of the words.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "" | "reporting_rate" => Ok(Self::ReportingRate),
            "score" => Ok(Self::Score),
            "findings" => Ok(Self::Findings),
            "events" => Ok(Self::Events),
            "subjects" => Ok(Self::Subjects),
            _ => Err(ServiceError::invalid(
                "MAP-0101",
                "metric",
                format!("指标“{}”不认识", text.chars().take(20).collect::<String>()),
                "请选择报送率、评价得分、异常、追溯记录或主体数",
            )),
        }
    }
}

/// A division with the codes that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Code.
    pub code: String,
    /// Short name.
    pub name: String,
    /// The dated set of codes below and with it.
    pub ranges: Vec<CodeRange>,
}

impl Area {
    /// Whether a thing in `division` lies in it.
    #[must_use]
    pub fn covers(&self, division: &str) -> bool {
        self.ranges.iter().any(|range| range.covers(division))
    }
}

/// What part of the data figures are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The division asked for.
    pub division: String,
    /// The actor's scope narrowed to that division.
    pub scope: Scope,
    /// Category, where one is asked for.
    pub category: Option<String>,
}

impl View {
    /// The view of `division` (the actor's own where it is empty) and `category`.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] for a division that does not exist or lies outside the actor's scope,
    /// [`ServiceError::Invalid`] for an unknown category.
    pub fn of(node: &Node, cx: &OpContext, division: Option<&str>, category: Option<&str>) -> Result<Self> {
        let division = division.filter(|code| !code.is_empty()).unwrap_or(&cx.division);
        if node.divisions.get(division).is_none() || !cx.scope.covers_division(division) {
            return Err(ServiceError::NotFound("division"));
        }
        let category = category.filter(|code| !code.is_empty());
        if let Some(code) = category {
            if node.packs().category(code).is_none() {
                return Err(ServiceError::invalid(
                    "CAT-0101",
                    "category",
                    format!("产品类别“{}”不存在", code.chars().take(20).collect::<String>()),
                    "请从产品目录中选择",
                ));
            }
            if !cx.scope.covers_category(code) {
                return Err(ServiceError::NotFound("category"));
            }
        }
        let scope = cx.scope.narrowed_to(&node.divisions.subtree(division));
        Ok(Self { division: division.to_owned(), scope, category: category.map(str::to_owned) })
    }

    /// Names the view and a number of days, for keeping what was computed.
    ///
    /// # Errors
    /// Never in practice: a scope is plain data.
    pub fn key(&self, days: u32) -> Result<String> {
        let category = self.category.as_deref().unwrap_or_default();
        Ok(format!("{}|{category}|{days}|{}", self.division, serde_json::to_string(&self.scope)?))
    }

    /// The same as conditions of the warehouse.
    #[must_use]
    pub fn filter(&self) -> FigureFilter {
        FigureFilter { categories: self.category.iter().cloned().collect(), ..FigureFilter::default() }
    }
}

/// The divisions directly below `division`; a county stands for itself.
#[must_use]
pub fn areas_below(node: &Node, division: &str) -> Vec<Area> {
    let area = |code: &str, name: &str| Area {
        code: code.to_owned(),
        name: name.to_owned(),
        ranges: node.divisions.subtree(code),
    };
    let below = node.divisions.children(division);
    if below.is_empty() {
        return vec![area(division, node.divisions.name(division))];
    }
    below
        .iter()
        .map(|child| area(&child.code, if child.tier == Tier::County { &child.name } else { &child.short }))
        .collect()
}

/// Which systems were due yesterday and which of them reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reporting {
    /// Systems that had to report: code and division.
    pub due: Vec<(String, String)>,
    /// Codes of those that did.
    pub reported: BTreeSet<String>,
}

impl Reporting {
    /// How many of the due systems that `here` accepts reported, and how many were due.
    #[must_use]
    pub fn rate(&self, here: impl Fn(&str) -> bool) -> (u64, u64) {
        let due = self.due.iter().filter(|(_, division)| here(division));
        due.fold((0, 0), |(done, all), (code, _)| (done + u64::from(self.reported.contains(code)), all + 1))
    }
}

/// Who was due and who reported on `day`. A system counts for the day when it brought accepted rows on it, or events
/// that happened on it.
///
/// # Errors
/// When store or warehouse fail.
pub async fn reporting(node: &Node, view: &View, systems: &[LiveSystem], day: Day) -> Result<Reporting> {
    let days = DayRange { from: day, to: day };
    let filter = view.filter();
    let (batches, events) = tokio::try_join!(
        node.warehouse.intake(&view.scope, days, &filter, IntakeKey::System),
        node.warehouse.by_system(&view.scope, days, &filter),
    )?;
    let mut reported: BTreeSet<String> =
        batches.into_iter().filter(|(_, sums)| sums.accepted > 0).map(|(code, _)| code).collect();
    reported.extend(events.into_iter().map(|(code, _)| code));
    let end = day.end().millis();
    let due = systems.iter().filter(|system| system.filed_at.is_none_or(|at| at < end));
    let due = due.map(|system| (system.code.clone(), system.division.clone())).collect();
    Ok(Reporting { due, reported })
}

/// What decides whether an area is connected.
#[derive(Clone, Debug, Default)]
pub struct Connected {
    divisions: BTreeSet<String>,
}

impl Connected {
    /// From the divisions of subjects, systems and peers.
    pub fn of<'a>(divisions: impl IntoIterator<Item = &'a str>) -> Self {
        Self { divisions: divisions.into_iter().map(str::to_owned).collect() }
    }

    /// Whether anybody in the area is connected.
    #[must_use]
    pub fn in_area(&self, area: &Area) -> bool {
        self.divisions.iter().any(|division| area.covers(division))
    }
}

/// Where somebody is connected, within a scope.
///
/// # Errors
/// When the database is out of reach.
pub async fn connected(node: &Node, scope: &Scope) -> Result<Connected> {
    let subjects = node.store.live_counts(scope, "subject", None, None);
    let systems = node.store.live_systems(scope, None);
    let (subjects, systems, peers) = tokio::try_join!(subjects, systems, node.store.peers("child"))?;
    let admitted = peers.iter().filter(|peer| peer.state == "approved").map(|peer| peer.code.as_str());
    let divisions = subjects.iter().map(|row| row.division.as_str());
    Ok(Connected::of(divisions.chain(systems.iter().map(|row| row.division.as_str())).chain(admitted)))
}

/// The values of `metric` for the divisions below that of `view`, over the last `days` days where it has a period.
///
/// # Errors
/// When store or warehouse fail.
pub async fn values(node: &Node, view: &View, metric: Metric, days: u32, now: Timestamp) -> Result<Vec<AreaValue>> {
    let areas = areas_below(node, &view.division);
    let category = view.category.as_deref();
    let subjects = node.store.live_counts(&view.scope, "subject", category, None);
    let systems = node.store.live_systems(&view.scope, category);
    let (subjects, systems, peers) = tokio::try_join!(subjects, systems, node.store.peers("child"))?;
    let connected = Connected::of(
        subjects
            .iter()
            .map(|row| row.division.as_str())
            .chain(systems.iter().map(|row| row.division.as_str()))
            .chain(peers.iter().filter(|peer| peer.state == "approved").map(|peer| peer.code.as_str())),
    );
    let today = Day::of(now);
    Ok(match metric {
        Metric::ReportingRate => {
            let reporting = reporting(node, view, &systems, today.plus(-1)).await?;
            reporting_values(&areas, &connected, &reporting)
        }
        Metric::Score => score_values(&areas, &connected, &last_scores(node, &view.scope).await?),
        Metric::Findings => {
            let open = node.store.open_findings(&view.scope, category).await?;
            count_values(&areas, &connected, &open)
        }
        Metric::Subjects => count_values(&areas, &connected, &subjects),
        Metric::Events => {
            let range = DayRange { from: today.plus(1 - i64::from(days.max(1))), to: today };
            let ranges: Vec<(String, Vec<CodeRange>)> =
                areas.iter().map(|area| (area.code.clone(), area.ranges.clone())).collect();
            let sums = node.warehouse.by_division(&view.scope, range, &view.filter(), &ranges).await?;
            let sums: BTreeMap<String, u64> = sums.into_iter().map(|(code, sum)| (code, sum.events)).collect();
            let value = |area: &Area| sums.get(&area.code).copied().filter(|events| *events > 0).map(|n| n.to_string());
            areas.iter().map(|area| area_value(area, value(area), connected.in_area(area))).collect()
        }
    })
}

/// The values of [`Metric::ReportingRate`].
#[must_use]
pub fn reporting_values(areas: &[Area], connected: &Connected, reporting: &Reporting) -> Vec<AreaValue> {
    let value = |area: &Area| {
        let (done, due) = reporting.rate(|division| area.covers(division));
        percent(done, due)
    };
    areas.iter().map(|area| area_value(area, value(area), connected.in_area(area))).collect()
}

/// Counts per area: nothing counted is zero where somebody is connected.
#[must_use]
pub fn count_values(areas: &[Area], connected: &Connected, counts: &[DivisionCount]) -> Vec<AreaValue> {
    let sum =
        |area: &Area| -> i64 { counts.iter().filter(|row| area.covers(&row.division)).map(|row| row.count).sum() };
    let value = |area: &Area| {
        let count = sum(area);
        (count > 0 || connected.in_area(area)).then(|| count.to_string())
    };
    areas.iter().map(|area| area_value(area, value(area), connected.in_area(area))).collect()
}

/// Scores of the divisions themselves, or else the mean of the scores of their systems.
fn score_values(areas: &[Area], connected: &Connected, scores: &Scores) -> Vec<AreaValue> {
    let value = |area: &Area| {
        let own = scores.divisions.iter().find(|row| row.code == area.code).and_then(|row| row.score);
        let mean = || {
            let inside = scores.systems.iter().filter(|row| area.covers(&row.division));
            let given: Vec<i64> = inside.filter_map(|row| row.score).collect();
            let count = i64::try_from(given.len()).unwrap_or(i64::MAX);
            (count > 0).then(|| (given.iter().sum::<i64>() + count / 2) / count)
        };
        own.or_else(mean).and_then(|score| u32::try_from(score).ok()).map(score_text)
    };
    areas.iter().map(|area| area_value(area, value(area), connected.in_area(area))).collect()
}

/// The results of the last evaluated month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// Results of divisions, best first.
    pub divisions: Vec<ScoreRow>,
    /// The month before.
    pub divisions_before: Vec<ScoreRow>,
    /// Results of connected systems, best first.
    pub systems: Vec<ScoreRow>,
    /// The month before.
    pub systems_before: Vec<ScoreRow>,
}

/// The last results that this node computed, as far as they lie in the scope.
///
/// # Errors
/// When the database is out of reach.
pub async fn last_scores(node: &Node, scope: &Scope) -> Result<Scores> {
    let (divisions, systems) = tokio::try_join!(
        node.store.last_scores(scope, node.code(), "division"),
        node.store.last_scores(scope, node.code(), "system"),
    )?;
    let (divisions, divisions_before) = divisions.map(|(_, now, before)| (now, before)).unwrap_or_default();
    let (systems, systems_before) = systems.map(|(_, now, before)| (now, before)).unwrap_or_default();
    Ok(Scores { divisions, divisions_before, systems, systems_before })
}

fn area_value(area: &Area, value: Option<String>, connected: bool) -> AreaValue {
    let state = match &value {
        Some(text) if is_zero(text) => State::Zero,
        Some(_) => State::Value,
        None if connected => State::Missing,
        None => State::NotConnected,
    };
    AreaValue { code: area.code.clone(), value, state }
}

/// Whether a decimal text says zero.
#[must_use]
pub fn is_zero(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0' | b'.'))
}

/// `part` of `whole` in percent with one decimal, rounded half up; `None` of nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> Option<String> {
    if whole == 0 {
        return None;
    }
    let tenths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    Some(format!("{}.{}", tenths / 10, tenths % 10))
}

/// By how many percent `now` differs from `before`, with sign and one decimal; `None` where there was nothing before.
#[must_use]
pub fn change(now: u64, before: u64) -> Option<String> {
    let text = percent(now.abs_diff(before), before)?;
    Some(if now < before && !is_zero(&text) { format!("-{text}") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(code: &str, from: &str, to: &str) -> Area {
        Area { code: code.into(), name: code.into(), ranges: vec![CodeRange { from: from.into(), to: to.into() }] }
    }

    #[test]
    fn g_6_2_3_shares_are_rounded_and_of_nothing_unknown() {
        for (part, whole, text) in [
            (1, 3, Some("33.3")),
            (2, 3, Some("66.7")),
            (0, 5, Some("0.0")),
            (5, 5, Some("100.0")),
            (0, 0, None),
            (u64::MAX, 1, Some("1844674407370955161500.0")),
        ] {
            assert_eq!(percent(part, whole).as_deref(), text, "{part}/{whole}");
        }
        assert_eq!(change(110, 100).as_deref(), Some("10.0"));
        assert_eq!(change(90, 100).as_deref(), Some("-10.0"));
        assert_eq!(change(99_999, 100_000).as_deref(), Some("0.0"));
        assert_eq!(change(5, 0), None);
    }

    #[test]
    fn g_6_7_zero_missing_and_not_connected_are_three_states() {
        let areas = [
            area("370100", "370100", "370199"),
            area("370200", "370200", "370299"),
            area("370300", "370300", "370399"),
            area("370400", "370400", "370499"),
        ];
        let connected = Connected::of(["370102", "370202", "370300"]);
        let reporting = Reporting {
            due: vec![("a".into(), "370102".into()), ("b".into(), "370102".into()), ("c".into(), "370202".into())],
            reported: ["a".to_owned(), "z".to_owned()].into(),
        };
        let got: Vec<(Option<String>, State)> = reporting_values(&areas, &connected, &reporting)
            .into_iter()
            .map(|value| (value.value, value.state))
            .collect();
        let expected = [
            (Some("50.0".to_owned()), State::Value),
            (Some("0.0".to_owned()), State::Zero),
            (None, State::Missing),
            (None, State::NotConnected),
        ];
        assert_eq!(got, expected);
        let counts = [
            DivisionCount { division: "370103".into(), count: 2 },
            DivisionCount { division: "370104".into(), count: 3 },
        ];
        let got: Vec<(Option<String>, State)> =
            count_values(&areas, &connected, &counts).into_iter().map(|value| (value.value, value.state)).collect();
        let expected = [
            (Some("5".to_owned()), State::Value),
            (Some("0".to_owned()), State::Zero),
            (Some("0".to_owned()), State::Zero),
            (None, State::NotConnected),
        ];
        assert_eq!(got, expected);
    }

    #[test]
    fn g_6_8_2a_a_division_without_a_result_shows_the_mean_of_its_systems() {
        let row = |code: &str, division: &str, score| ScoreRow {
            code: code.into(),
            name: code.into(),
            division: division.into(),
            score,
            grade: None,
            rank: None,
        };
        let scores = Scores {
            divisions: vec![row("370100", "370100", Some(9_150))],
            systems: vec![row("a", "370202", Some(8_000)), row("b", "370203", Some(9_001)), row("c", "370204", None)],
            ..Scores::default()
        };
        let areas = [area("370100", "370100", "370199"), area("370200", "370200", "370299")];
        let values = score_values(&areas, &Connected::of([]), &scores);
        assert_eq!(values[0].value.as_deref(), Some("91.50"));
        assert_eq!(values[1].value.as_deref(), Some("85.01"));
    }
}
