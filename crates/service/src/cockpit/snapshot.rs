//! What a snapshot of the cockpit holds and how each figure is counted.
//!
//! Live systems are those filed and not suspended. Online: heard of within 24 hours. Due: filed before the end of
//! yesterday. A rate of nothing is missing, never 100 percent and never zero.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::evaluation::score_text;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_store::figure::{DivisionCount, LiveSystem, ScoreRow, WarningRow};
use suyuan_store::intake::Activity;
use suyuan_warehouse::query::{DayRange, Figures, IntakeFigures, IntakeKey};

use crate::statistics::{
    AreaValue, Connected, Reporting, Scores, State, View, areas_below, change, is_zero, last_scores, percent,
    reporting, reporting_values,
};
use crate::sync::state::{Link, LinkState, links};
use crate::{Node, Result};

const DAY_MILLIS: i64 = 86_400_000;
/// Rows of the ranking.
const MOST_RANKED: usize = 50;
/// Warnings shown.
const MOST_WARNINGS: usize = 30;

/// All that the cockpit shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Snapshot {
    /// What part of the data it is about.
    pub scope: ScopeView,
    /// Position up to which the figures know the journal.
    pub position: u64,
    /// When it was made.
    pub as_of: Timestamp,
    /// When the last data came in, within the last two days; the figures are as fresh as this.
    pub data_until: Option<Timestamp>,
    /// The figures on top.
    pub figures: Vec<Figure>,
    /// Day by day.
    pub trend: Vec<TrendDay>,
    /// Best first.
    pub ranking: Vec<Ranked>,
    /// Newest first.
    pub warnings: Vec<Warning>,
    /// Stage by stage, in the order of the chain.
    pub stages: Vec<StageView>,
    /// Links to other nodes.
    pub exchange: ExchangeView,
    /// What colours the map.
    pub map: MapView,
}

/// What part of the data a snapshot is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScopeView {
    /// Division.
    pub division: String,
    /// Its name.
    pub division_name: String,
    /// Category, where one was asked for.
    pub category: Option<String>,
    /// Its name.
    pub category_name: Option<String>,
}

/// A figure with its comparison and the list behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Names the figure.
    pub key: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// Decimal text.
    pub value: Option<String>,
    /// Unit.
    pub unit: &'static str,
    /// Percent against before.
    pub change: Option<String>,
    /// How the value stands.
    pub state: State,
    /// The list behind it.
    pub link: String,
}

/// A day of the trend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrendDay {
    /// The day.
    pub date: Day,
    /// Events that happened on it.
    pub events: u64,
    /// Rows that came in on it.
    pub received: u64,
    /// Rows refused.
    pub rejected: u64,
}

/// A line of the ranking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ranked {
    /// Place from 1; absent without a score.
    pub rank: Option<u64>,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// `division` or `system`.
    pub kind: &'static str,
    /// Score, or reporting rate where nothing was evaluated yet.
    pub score: Option<String>,
    /// Code of the grade.
    pub grade: Option<String>,
    /// Points gained since the month before, below zero for lost ones.
    pub change: Option<String>,
}

/// Something that asks for an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Since when.
    pub at: Timestamp,
    /// `finding`, `silent` or `exchange`.
    pub kind: &'static str,
    /// What is wrong.
    pub text: String,
    /// Where to act.
    pub link: String,
    /// `high` or `normal`.
    pub severity: &'static str,
}

/// A stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageView {
    /// Stage.
    pub stage: String,
    /// Its name.
    pub name: String,
    /// Events.
    pub events: u64,
    /// Inbound events whose upstream is known, in percent (上下环节贯通率).
    pub link_rate: Option<String>,
}

/// Links to other nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExchangeView {
    /// The link up.
    pub parent: Option<ParentView>,
    /// The links down.
    pub children: Vec<ChildView>,
}

/// The link to the parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParentView {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// How it stands.
    pub state: LinkState,
    /// Records that wait.
    pub records_behind: u64,
    /// Age of the oldest, in seconds.
    pub seconds_behind: u64,
    /// Last receipt.
    pub last_receipt_at: Option<Timestamp>,
}

/// The link to a child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChildView {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// How it stands.
    pub state: LinkState,
    /// Records that wait there.
    pub records_behind: u64,
    /// Age of the oldest, in seconds.
    pub seconds_behind: u64,
    /// When it was last heard of.
    pub last_seen_at: Option<Timestamp>,
}

/// What colours the map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MapView {
    /// The division whose parts are coloured.
    pub parent: String,
    /// What the colour means.
    pub metric: &'static str,
    /// The values.
    pub values: Vec<AreaValue>,
}

/// What was read from the registers and desks.
struct Desk {
    subjects: Vec<DivisionCount>,
    subjects_before: u64,
    systems: Vec<LiveSystem>,
    activities: Vec<Activity>,
    findings: Vec<DivisionCount>,
    newest: Vec<WarningRow>,
    /// Names of the subjects of the newest findings, by code.
    subject_names: BTreeMap<String, String>,
    complaints: u64,
    lookups: (u64, u64),
    scores: Scores,
    parent: Option<Link>,
    children: Vec<Link>,
}

/// What was read from the warehouse.
struct Facts {
    today: Figures,
    by_day: Vec<(Day, Figures)>,
    by_stage: Vec<(String, Figures)>,
    received: Vec<(String, IntakeFigures)>,
    last: BTreeMap<String, Timestamp>,
}

/// Takes a snapshot of `view` over the last `days` days.
///
/// # Errors
/// When store or warehouse fail.
pub(super) async fn take(node: &Node, view: &View, days: u32, now: Timestamp) -> Result<Snapshot> {
    // Read before the figures, so that it never claims more than they know.
    let position = *node.figures.borrow();
    let (desk, facts) = tokio::try_join!(desk(node, view, days, now), facts(node, view, days, now))?;
    let today = Day::of(now);
    let reporting = reporting(node, view, &desk.systems, today.plus(-1)).await?;
    let areas = areas_below(node, &view.division);
    let peers = desk.children.iter().filter(|link| link.enrolment == "approved").map(|link| link.code.as_str());
    let connected = Connected::of(
        desk.subjects
            .iter()
            .map(|row| row.division.as_str())
            .chain(desk.systems.iter().map(|row| row.division.as_str()))
            .chain(peers),
    );
    let values = reporting_values(&areas, &connected, &reporting);
    let heard = heard(&desk, &facts);
    Ok(Snapshot {
        scope: ScopeView {
            division: view.division.clone(),
            division_name: node.divisions.name(&view.division).to_owned(),
            category: view.category.clone(),
            category_name: view.category.as_deref().and_then(|code| Some(node.packs().category(code)?.name.clone())),
        },
        position,
        as_of: now,
        data_until: facts.last.values().max().copied(),
        figures: figures(view, &desk, &facts, &reporting, &heard, now),
        trend: trend(&facts, days, today),
        ranking: ranking(node, view, &desk, &reporting),
        warnings: warnings(&desk, &heard, now),
        stages: stages(node, view, &facts),
        exchange: exchange(&desk),
        map: MapView { parent: view.division.clone(), metric: "reporting_rate", values },
    })
}

async fn desk(node: &Node, view: &View, days: u32, now: Timestamp) -> Result<Desk> {
    let (scope, category) = (&view.scope, view.category.as_deref());
    let today = Day::of(now);
    let before = today.plus(-i64::from(days)).start();
    let counted = async {
        let (subjects, older, systems, activities, findings, newest, complaints, lookups) = tokio::try_join!(
            node.store.live_counts(scope, "subject", category, None),
            node.store.live_counts(scope, "subject", category, Some(before)),
            node.store.live_systems(scope, category),
            node.store.activities("access"),
            node.store.open_findings(scope, category),
            node.store.newest_findings(scope, category, MOST_WARNINGS as u64),
            node.store.open_complaints(scope),
            node.store.lookups(scope, today.start(), today.end()),
        )?;
        Ok::<_, crate::ServiceError>((subjects, older, systems, activities, findings, newest, complaints, lookups))
    };
    let (counted, scores, (parent, children)) = tokio::try_join!(counted, last_scores(node, scope), links(node, now))?;
    let (subjects, older, systems, activities, findings, newest, complaints, lookups) = counted;
    let subjects_before = total(&older);
    let concerned: BTreeSet<String> =
        newest.iter().map(|row| row.subject.clone()).filter(|code| !code.is_empty()).collect();
    let concerned: Vec<String> = concerned.into_iter().collect();
    let subject_names = crate::subject::names(node, scope, concerned).await?;
    Ok(Desk {
        subjects,
        subjects_before,
        systems,
        activities,
        findings,
        newest,
        subject_names,
        complaints,
        lookups,
        scores,
        parent,
        children,
    })
}

async fn facts(node: &Node, view: &View, days: u32, now: Timestamp) -> Result<Facts> {
    let (scope, filter) = (&view.scope, view.filter());
    let today = Day::of(now);
    let span = DayRange { from: today.plus(1 - i64::from(days)), to: today };
    let (by_day, by_stage, received, last) = tokio::try_join!(
        node.warehouse.by_day(scope, span, &filter),
        node.warehouse.by_stage(scope, span, &filter),
        node.warehouse.intake(scope, span, &filter, IntakeKey::Day),
        node.warehouse.last_event_per_system(scope, today.plus(-2)),
    )?;
    let of_today = by_day.iter().find(|(day, _)| *day == today).map(|(_, figures)| *figures).unwrap_or_default();
    Ok(Facts { today: of_today, by_day, by_stage, received, last })
}

fn total(rows: &[DivisionCount]) -> u64 {
    rows.iter().map(|row| u64::try_from(row.count).unwrap_or(0)).sum()
}

/// When each live system was last heard of, by report or heartbeat; absent where never.
fn heard(desk: &Desk, facts: &Facts) -> BTreeMap<String, Timestamp> {
    let mut heard = facts.last.clone();
    for activity in &desk.activities {
        if let Some(at) = activity.last_seen_at.max(activity.last_report_at).map(Timestamp::from_millis) {
            let known = heard.entry(activity.code.clone()).or_insert(at);
            *known = at.max(*known);
        }
    }
    let live: BTreeSet<&str> = desk.systems.iter().map(|system| system.code.as_str()).collect();
    heard.retain(|code, _| live.contains(code.as_str()));
    heard
}

fn figures(
    view: &View,
    desk: &Desk,
    facts: &Facts,
    reporting: &Reporting,
    heard: &BTreeMap<String, Timestamp>,
    now: Timestamp,
) -> Vec<Figure> {
    let connected = !desk.systems.is_empty() || !desk.subjects.is_empty() || !desk.children.is_empty();
    let here = link_query(view);
    let list = |path: &str, more: &str| format!("/console/{path}?division={}{here}{more}", view.division);
    let count = |key, label, unit, value: u64, link: String| {
        let value = (connected || value > 0).then(|| value.to_string());
        figure(key, label, unit, value, connected, link)
    };
    let subjects = total(&desk.subjects);
    let online = heard.values().filter(|at| now.millis() - at.millis() <= DAY_MILLIS).count() as u64;
    let (reported, due) = reporting.rate(|_| true);
    let today = Day::of(now);
    let rate = percent(online, desk.systems.len() as u64);
    let yesterday = format!("&from={}&to={}", today.plus(-1), today.plus(-1));
    let mut figures = vec![
        count("subjects", "备案主体", "家", subjects, list("subjects", "&state=filed")),
        count("systems", "接入系统", "个", desk.systems.len() as u64, list("systems", "&state=filed")),
        figure("online_rate", "在线率", "%", rate, connected, list("systems", "&state=filed")),
        count(
            "events_today",
            "今日追溯记录",
            "条",
            facts.today.events,
            list("events", &format!("&from={today}&to={today}")),
        ),
        figure("reporting_rate", "报送率", "%", percent(reported, due), connected, list("capture", &yesterday)),
        count("findings_open", "异常待处理", "条", total(&desk.findings), list("findings", "&state=open")),
        count("complaints_open", "投诉在办", "件", desk.complaints, list("complaints", "")),
        count(
            "lookups_today",
            "今日公众查询",
            "次",
            desk.lookups.0,
            list("events", &format!("&from={today}&to={today}")),
        ),
    ];
    figures[0].change = change(subjects, desk.subjects_before);
    figures
}

fn link_query(view: &View) -> String {
    view.category.as_deref().map(|code| format!("&category={code}")).unwrap_or_default()
}

fn figure(
    key: &'static str,
    label: &'static str,
    unit: &'static str,
    value: Option<String>,
    connected: bool,
    link: String,
) -> Figure {
    let state = match &value {
        Some(text) if is_zero(text) => State::Zero,
        Some(_) => State::Value,
        None if connected => State::Missing,
        None => State::NotConnected,
    };
    Figure { key, label, value, unit, change: None, state, link }
}

fn trend(facts: &Facts, days: u32, today: Day) -> Vec<TrendDay> {
    let events: BTreeMap<Day, u64> = facts.by_day.iter().map(|(day, figures)| (*day, figures.events)).collect();
    let rows: BTreeMap<Day, IntakeFigures> =
        facts.received.iter().filter_map(|(day, sums)| Some((day.parse().ok()?, *sums))).collect();
    (0..i64::from(days))
        .map(|back| {
            let date = today.plus(back + 1 - i64::from(days));
            let sums = rows.get(&date).copied().unwrap_or_default();
            let events = events.get(&date).copied().unwrap_or(0);
            TrendDay { date, events, received: sums.received, rejected: sums.rejected }
        })
        .collect()
}

/// Divisions below where the node grades them, else connected systems; by reporting rate before anything was graded.
fn ranking(node: &Node, view: &View, desk: &Desk, reporting: &Reporting) -> Vec<Ranked> {
    let scores = &desk.scores;
    let below: BTreeSet<String> = areas_below(node, &view.division).into_iter().map(|area| area.code).collect();
    let divisions: Vec<&ScoreRow> = scores.divisions.iter().filter(|row| below.contains(&row.code)).collect();
    if !divisions.is_empty() {
        return ranked(&divisions, &scores.divisions_before, "division");
    }
    if !scores.systems.is_empty() {
        return ranked(&scores.systems.iter().collect::<Vec<_>>(), &scores.systems_before, "system");
    }
    let mut rates: Vec<(String, String, u64, u64)> = areas_below(node, &view.division)
        .into_iter()
        .map(|area| {
            let (done, due) = reporting.rate(|division| area.covers(division));
            let name = node.divisions.name(&area.code).to_owned();
            (area.code, name, done, due)
        })
        .filter(|(_, _, _, due)| *due > 0)
        .collect();
    rates.sort_by(|a, b| (b.2 * a.3).cmp(&(a.2 * b.3)).then_with(|| a.0.cmp(&b.0)));
    let line = |(index, (code, name, done, due)): (usize, (String, String, u64, u64))| Ranked {
        rank: Some(index as u64 + 1),
        code,
        name,
        kind: "division",
        score: percent(done, due),
        grade: None,
        change: None,
    };
    rates.into_iter().enumerate().take(MOST_RANKED).map(line).collect()
}

/// Scored rows with their places within the view, so that a narrowed list begins at 1; equal scores share a place.
fn ranked(rows: &[&ScoreRow], before: &[ScoreRow], kind: &'static str) -> Vec<Ranked> {
    let before: BTreeMap<&str, i64> = before.iter().filter_map(|row| Some((row.code.as_str(), row.score?))).collect();
    let mut lines: Vec<Ranked> = Vec::new();
    let mut last = None;
    for (index, row) in rows.iter().take(MOST_RANKED).enumerate() {
        let shared = lines.last().and_then(|line| line.rank).filter(|_| last == row.score);
        last = row.score;
        lines.push(Ranked {
            rank: row.score.map(|_| shared.unwrap_or(index as u64 + 1)),
            code: row.code.clone(),
            name: row.name.clone(),
            kind,
            score: row.score.and_then(|score| u32::try_from(score).ok()).map(score_text),
            grade: row.grade.clone(),
            change: row.score.zip(before.get(row.code.as_str())).map(|(now, before)| points(now - before)),
        });
    }
    lines
}

/// A difference of scores in points with sign.
fn points(hundredths: i64) -> String {
    let text = score_text(u32::try_from(hundredths.unsigned_abs()).unwrap_or(u32::MAX));
    if hundredths < 0 { format!("-{text}") } else { text }
}

fn warnings(desk: &Desk, heard: &BTreeMap<String, Timestamp>, now: Timestamp) -> Vec<Warning> {
    let mut warnings: Vec<Warning> =
        desk.newest.iter().filter_map(|row| finding_warning(row, &desk.subject_names)).collect();
    for system in &desk.systems {
        let since = heard.get(&system.code).copied().or_else(|| system.filed_at.map(Timestamp::from_millis));
        let Some(since) = since else { continue };
        let days = (now.millis() - since.millis()) / DAY_MILLIS;
        if days >= 2 {
            warnings.push(Warning {
                at: since,
                kind: "silent",
                text: format!("{} {days} 日未报送", system.name),
                link: format!("/console/systems?q={}", system.code),
                severity: if days >= 7 { "high" } else { "normal" },
            });
        }
    }
    for link in desk.parent.iter().chain(&desk.children).filter(|link| link.state == LinkState::Broken) {
        let why = link.last_error.as_deref().unwrap_or("长时间没有联系");
        warnings.push(Warning {
            at: link.last_seen_at.unwrap_or(now),
            kind: "exchange",
            text: format!("与{}的数据交换中断：{why}", link.name),
            link: "/console/exchange".to_owned(),
            severity: "high",
        });
    }
    warnings.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.text.cmp(&b.text)));
    warnings.truncate(MOST_WARNINGS);
    warnings
}

/// A finding as a warning; it begins with whom it concerns, since the screen shows it without its list.
fn finding_warning(row: &WarningRow, names: &BTreeMap<String, String>) -> Option<Warning> {
    let object = ObjectId::from_slice(&row.object).ok()?;
    let text = match names.get(&row.subject) {
        Some(name) => format!("{name}：{}", row.text),
        None => row.text.clone(),
    };
    Some(Warning {
        at: Timestamp::from_millis(row.found_at),
        kind: "finding",
        text,
        link: format!("/console/findings?record={object}"),
        severity: if row.severity == "high" { "high" } else { "normal" },
    })
}

fn stages(node: &Node, view: &View, facts: &Facts) -> Vec<StageView> {
    let sums: BTreeMap<&str, &Figures> =
        facts.by_stage.iter().map(|(stage, figures)| (stage.as_str(), figures)).collect();
    let packs = node.packs();
    let wanted = view.category.as_deref().and_then(|code| packs.category(code)).map(|category| &category.stages);
    let shown = packs.stages.iter().filter(|stage| match wanted {
        Some(stages) => stages.contains(&stage.code),
        None => sums.contains_key(stage.code.as_str()),
    });
    shown
        .map(|stage| {
            let figures = sums.get(stage.code.as_str()).copied().copied().unwrap_or_default();
            StageView {
                stage: stage.code.clone(),
                name: stage.name.clone(),
                events: figures.events,
                link_rate: percent(figures.upstream_known, figures.needs_upstream),
            }
        })
        .collect()
}

fn exchange(desk: &Desk) -> ExchangeView {
    let parent = desk.parent.as_ref().map(|link| ParentView {
        code: link.code.clone(),
        name: link.name.clone(),
        state: link.state,
        records_behind: link.records_behind,
        seconds_behind: link.seconds_behind,
        last_receipt_at: link.last_receipt_at,
    });
    let child = |link: &Link| ChildView {
        code: link.code.clone(),
        name: link.name.clone(),
        state: link.state,
        records_behind: link.records_behind,
        seconds_behind: link.seconds_behind,
        last_seen_at: link.last_seen_at,
    };
    ExchangeView { parent, children: desk.children.iter().map(child).collect() }
}

#[cfg(test)]
mod tests;
