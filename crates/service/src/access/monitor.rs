//! Connection monitoring (接入监控): per system whether it is on line, since when it is silent and why, its indicators against
//! their thresholds, its errors, and thirty days of use. Indicators are those of the evaluation; nothing is counted twice.
//! Rows: G-6.7, G-6.7.1, G-6.7.2.

use std::collections::{BTreeMap, BTreeSet};

use suyuan_domain::clock::Timestamp;
use suyuan_domain::evaluation::{Evaluation, score_text};
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::Packs;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::record::kind;
use suyuan_domain::scope::Scope;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::access::usage::{Answered, DayUse};
use suyuan_store::access::watch::WarningRow;
use suyuan_store::evaluation::EvaluationFilter;
use suyuan_store::register::Entry;

use super::{AccessDoc, Heard, Phase, heard, meter, phase};

pub use suyuan_store::access::usage::DayUse as Use;
pub use suyuan_store::access::watch::WarningRow as Warning;

use crate::node::Node;
use crate::register::within;
use crate::{Result, ServiceError, closure};

const HOUR: i64 = 3_600_000;
/// Days of the trend.
const DAYS: i64 = 30;
/// Warnings of a system's history.
const HISTORY: usize = 50;

/// What the monitoring is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct MonitorQuery {
    /// Division, with what lies below.
    pub division: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// Status, see [`phase::status`].
    pub phase: Option<String>,
    /// `silent` or `warning`: only those.
    pub only: Option<String>,
}

/// An indicator against its threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicatorView {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Score in hundredths; `None` where it is not applicable.
    pub value: Option<u32>,
    /// Threshold in hundredths; `None` where there is none.
    pub threshold: Option<u32>,
}

impl IndicatorView {
    /// Whether the threshold is kept; `None` where one of the two is missing.
    #[must_use]
    pub fn is_kept(&self) -> Option<bool> {
        Some(self.value? >= self.threshold?)
    }
}

/// A system under monitoring.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Identity.
    pub id: ObjectId,
    /// What is registered of it.
    pub doc: AccessDoc,
    /// State and phase as one word.
    pub status: &'static str,
    /// Node that watches it.
    pub origin_node: String,
    /// What was heard of it; `None` where another node watches it.
    pub heard: Option<Heard>,
    /// Since when it is silent.
    pub silent_since: Option<Timestamp>,
    /// Why, in Chinese.
    pub why: Option<String>,
    /// Period of the indicators.
    pub period: Option<String>,
    /// Its indicators.
    pub indicators: Vec<IndicatorView>,
    /// What it used today.
    pub today: DayUse,
    /// Its open warnings.
    pub warnings: Vec<WarningRow>,
}

impl Watched {
    /// Whole hours of silence.
    #[must_use]
    pub fn silent_hours(&self, now: Timestamp) -> Option<i64> {
        self.silent_since.map(|since| (now.millis() - since.millis()) / HOUR)
    }
}

/// One day of a trend.
#[derive(Clone, Debug, Default)]
pub struct TrendDay {
    /// The day.
    pub day: String,
    /// What it used.
    pub used: DayUse,
    /// What intake answered.
    pub answered: Answered,
}

/// One system with its trend and its warnings.
#[derive(Clone, Debug)]
pub struct WatchedDetail {
    /// The system.
    pub row: Watched,
    /// Thirty days, oldest first.
    pub days: Vec<TrendDay>,
    /// Newest first.
    pub history: Vec<WarningRow>,
}

/// Everything known of many systems at once.
pub(super) struct Known {
    heard: BTreeMap<String, Heard>,
    used: BTreeMap<(String, String), DayUse>,
    results: BTreeMap<String, (String, Evaluation)>,
    warnings: BTreeMap<String, Vec<WarningRow>>,
    closed: BTreeMap<String, BTreeSet<Day>>,
    today: Day,
}

impl Known {
    pub(super) async fn of(node: &Node, now: Timestamp) -> Result<Self> {
        meter::flush(node).await?;
        let today = Day::of(now);
        let mut warnings: BTreeMap<String, Vec<WarningRow>> = BTreeMap::new();
        for row in node.store.system_open_warnings().await? {
            warnings.entry(row.system.clone()).or_default().push(row);
        }
        Ok(Self {
            heard: heard(node).await?,
            used: node.store.uses_since(None, today).await?,
            results: results(node, today).await?,
            warnings,
            closed: closure::closed_days(node, kind::ACCESS, today, today).await?,
            today,
        })
    }
}

/// The newest result of the evaluation of each system: of the running month, or of the one before.
async fn results(node: &Node, today: Day) -> Result<BTreeMap<String, (String, Evaluation)>> {
    let month = Period::month_of(today);
    let mut results = BTreeMap::new();
    for period in [month.previous(), month] {
        let filter = EvaluationFilter {
            period: Some(period.to_string()),
            kind: Some("system".to_owned()),
            ..EvaluationFilter::default()
        };
        for row in node.store.evaluations(&Scope::everything(), &filter).await? {
            results.insert(row.code, (row.period, serde_json::from_str(&row.result)?));
        }
    }
    Ok(results)
}

fn indicators(packs: &Packs, stage: &str, today: Day, result: &Evaluation) -> Vec<IndicatorView> {
    let formula = packs.formula(today);
    let own = |code: &str| formula?.indicators.iter().find(|row| row.code == code)?.warn_below;
    let view = |row: &suyuan_domain::evaluation::IndicatorScore| IndicatorView {
        code: row.code.clone(),
        name: row.name.clone(),
        value: row.score,
        threshold: packs
            .threshold(&row.code, stage)
            .and_then(|below| u32::try_from(below).ok())
            .or_else(|| own(&row.code)),
    };
    result.indicators.iter().map(view).collect()
}

/// Since when a system in force is silent, and why.
fn silence(
    packs: &Packs,
    watched: &Watched,
    filed_at: Option<Timestamp>,
    now: Timestamp,
) -> Option<(Timestamp, String)> {
    let heard = watched.heard?;
    if !matches!(watched.status, "live" | "trial") {
        return None;
    }
    let begun = watched.doc.phase_since.or(filed_at)?;
    let since = heard.last_report_at.unwrap_or(begun);
    let allowed = i64::from(packs.silence_hours(&watched.doc.stage)) * HOUR;
    if now.millis() - since.millis() <= allowed {
        return None;
    }
    let used = &watched.today;
    let why = if used.error_auth > 0 {
        format!("今日有 {} 次请求未通过认证，请核对令牌和来源地址", used.error_auth)
    } else if used.error_data + used.error_large > 0 {
        format!("今日有 {} 次报文被拒收，请核对报文格式和大小", used.error_data + used.error_large)
    } else if used.refused > 0 {
        format!("今日有 {} 次请求超出配额", used.refused)
    } else if heard.last_report_at.is_none() {
        "接入以来从未报送".to_owned()
    } else if heard.is_online(now) {
        "系统在线，但没有报送数据".to_owned()
    } else {
        "系统失联，没有报送和心跳".to_owned()
    };
    Some((since, why))
}

pub(super) fn watched(node: &Node, packs: &Packs, known: &Known, entry: &Entry, now: Timestamp) -> Result<Watched> {
    let doc: AccessDoc = serde_json::from_str(&entry.doc)?;
    let here = entry.origin_node == node.code();
    let used = known.used.get(&(entry.code.clone(), known.today.to_string()));
    let result = known.results.get(&entry.code);
    let mut row = Watched {
        id: entry.object,
        status: phase::status(&entry.state, doc.phase()),
        origin_node: entry.origin_node.clone(),
        heard: here.then(|| known.heard.get(&entry.code).copied().unwrap_or_default()),
        silent_since: None,
        why: None,
        period: result.map(|(period, _)| period.clone()),
        indicators: result.map_or_else(Vec::new, |(_, result)| indicators(packs, &entry.stage, known.today, result)),
        today: used.copied().unwrap_or_default(),
        warnings: known.warnings.get(&entry.code).cloned().unwrap_or_default(),
        doc,
    };
    let closed = known.closed.get(&entry.code).is_some_and(|days| days.contains(&known.today));
    if closed {
        row.why = Some("已申报停业".to_owned());
    } else if let Some((since, why)) = silence(packs, &row, entry.filed_at, now) {
        (row.silent_since, row.why) = (Some(since), Some(why));
    }
    if !here {
        row.why = Some(format!("由{}平台接入和监测", node.divisions.name(&entry.origin_node)));
    }
    Ok(row)
}

fn wanted(query: &MonitorQuery, row: &Watched) -> bool {
    let is = |wanted: &Option<String>, own: &str| wanted.as_deref().is_none_or(|text| text.is_empty() || text == own);
    is(&query.category, &row.doc.category)
        && is(&query.stage, &row.doc.stage)
        && is(&query.phase, row.status)
        && match query.only.as_deref() {
            Some("silent") => row.silent_since.is_some(),
            Some("warning") => !row.warnings.is_empty(),
            _ => true,
        }
}

/// The systems in force that the actor sees, those with warnings first, then by code.
///
/// # Errors
/// Without permission, or for a division outside of the scope.
pub async fn list(node: &Node, cx: &OpContext, query: &MonitorQuery) -> Result<Vec<Watched>> {
    cx.authorize(Action::Read, Kind::Access)?;
    let ranges = within(node, cx, query.division.as_deref())?;
    let known = Known::of(node, cx.now).await?;
    let packs = node.packs();
    let mut rows = Vec::new();
    for entry in node.store.system_entries(kind::ACCESS).await? {
        let seen = cx.scope.covers_division(&entry.division) && cx.scope.covers_category(&entry.category);
        let inside = ranges.as_ref().is_none_or(|ranges| ranges.iter().any(|range| range.covers(&entry.division)));
        if !seen || !inside {
            continue;
        }
        let row = watched(node, &packs, &known, &entry, cx.now)?;
        if matches!(row.status, "filed" | "trial" | "live" | "suspended") && wanted(query, &row) {
            rows.push(row);
        }
    }
    rows.sort_by_key(|row| (row.warnings.is_empty(), row.silent_since.is_none(), row.doc.code.clone()));
    Ok(rows)
}

/// One system with its trend and its warnings.
///
/// # Errors
/// Without permission, or when there is no such system in the scope.
pub async fn get(node: &Node, cx: &OpContext, id: ObjectId) -> Result<WatchedDetail> {
    cx.authorize(Action::Read, Kind::Access)?;
    let entry = node.store.entry(&cx.scope, kind::ACCESS, id).await?.ok_or(ServiceError::NotFound(kind::ACCESS))?;
    let known = Known::of(node, cx.now).await?;
    let row = watched(node, &node.packs(), &known, &entry, cx.now)?;
    let first = Day::of(cx.now).plus(1 - DAYS);
    let used = node.store.uses_since(Some(&entry.code), first).await?;
    let answered = node.store.answered_since(&entry.code, first.start()).await?;
    let day = |back: i64| {
        let day = first.plus(back).to_string();
        TrendDay {
            used: used.get(&(entry.code.clone(), day.clone())).copied().unwrap_or_default(),
            answered: answered.get(&day).copied().unwrap_or_default(),
            day,
        }
    };
    Ok(WatchedDetail {
        row,
        days: (0..DAYS).map(day).collect(),
        history: node.store.warnings_of(&entry.code, HISTORY).await?,
    })
}

/// Warnings of the systems that the actor sees, newest first, with the names of the systems.
///
/// # Errors
/// Without permission.
pub async fn warnings(node: &Node, cx: &OpContext, open: bool) -> Result<Vec<(WarningRow, String)>> {
    cx.authorize(Action::Read, Kind::Access)?;
    let rows = if open { node.store.system_open_warnings().await? } else { node.store.system_warnings(500).await? };
    let mut codes: Vec<String> = rows.iter().map(|row| row.system.clone()).collect();
    codes.sort_unstable();
    codes.dedup();
    let seen = node
        .store
        .system_entries_by_codes(kind::ACCESS, &codes)
        .await?
        .into_iter()
        .filter(|entry| cx.scope.covers_division(&entry.division) && cx.scope.covers_category(&entry.category));
    let names: BTreeMap<String, String> = seen.map(|entry| (entry.code, entry.name)).collect();
    let named = rows.into_iter().filter_map(|row| {
        let name = names.get(&row.system)?.clone();
        Some((row, name))
    });
    Ok(named.collect())
}

/// A score as people read it.
#[must_use]
pub fn percent(score: u32) -> String {
    score_text(score)
}

/// Whether a system is one that warnings are given about.
pub(super) fn is_warned_about(row: &Watched) -> bool {
    row.heard.is_some() && matches!(row.status, "live" | "trial")
}

/// Whether the indicators of a system count: on trial nothing is evaluated.
pub(super) fn is_evaluated(row: &Watched) -> bool {
    row.status == "live" && row.doc.phase() == Phase::Live
}
