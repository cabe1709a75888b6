//! Findings (异常数据): judging events on arrival at their origin, the review of what was flagged, and the figures of it.
//!
//! A rule runs once, where a connected system reports; findings travel upward and are read there, never judged again.
//! The rules are data of a pack. Rows: G-6.4.2a, G-6.4.2b, H-6.4.1.

mod arrival;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Record, kind};
use suyuan_domain::scope::Scope;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::finding::{Finding, FindingFilter};

use crate::listing::Listed;
use crate::record::{Route, draft};
use crate::register::within;
use crate::{Node, Result, ServiceError, access, audit, subject};

pub use arrival::{judge, on_arrival};

/// State of a finding that nobody has judged yet.
pub const OPEN: &str = "open";

/// One step of a finding's review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewStep {
    /// Version after the step.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// `found`, `confirm`, `dismiss` or `return`.
    pub action: String,
    /// State after it.
    pub state: String,
    /// Why.
    pub reason: String,
}

/// A decision on a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It is wrong indeed (确认).
    Confirm,
    /// Nothing is wrong (排除).
    Dismiss,
    /// Back to who reported it (退回).
    Return,
}

impl Decision {
    const fn action(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Dismiss => "dismiss",
            Self::Return => "return",
        }
    }

    const fn state(self) -> &'static str {
        match self {
            Self::Confirm => "confirmed",
            Self::Dismiss => "dismissed",
            Self::Return => "returned",
        }
    }

    const fn ends(self) -> bool {
        !matches!(self, Self::Return)
    }
}

/// What a reviewer sends.
#[derive(Clone, Debug, Deserialize)]
pub struct ReviewIn {
    /// Version that the reviewer saw.
    pub version: u64,
    /// The decision.
    pub decision: Decision,
    /// Why; needed unless it is confirmed.
    #[serde(default)]
    pub reason: String,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FindingQuery {
    /// State.
    pub state: Option<String>,
    /// Rule.
    pub rule: Option<String>,
    /// Division with everything below it.
    pub division: Option<String>,
    /// Connected system.
    pub system: Option<String>,
    /// Subject that the finding is about.
    pub subject: Option<String>,
    /// Cursor.
    pub after: Option<String>,
    /// Rows, 1 to 200.
    pub limit: Option<usize>,
}

/// A finding as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct FindingOut {
    /// Identity.
    pub id: ObjectId,
    /// Code of the rule.
    pub rule: String,
    /// Name of the rule.
    pub rule_name: String,
    /// Version of the rule.
    pub rule_version: u32,
    /// Kind of the rule.
    pub kind: String,
    /// `high` or `normal`.
    pub severity: String,
    /// Month of the event.
    pub period: String,
    /// Code of the subject.
    pub subject: String,
    /// Name of the subject.
    pub subject_name: String,
    /// Code of the connected system.
    pub system: String,
    /// Name of the connected system.
    pub system_name: String,
    /// Division.
    pub division: String,
    /// Name of the division.
    pub division_name: String,
    /// The event.
    pub object_id: Option<ObjectId>,
    /// One sentence.
    pub text: String,
    /// The value.
    pub value: Option<String>,
    /// The bound.
    pub limit: Option<String>,
    /// State.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// When it was found.
    pub found_at: Timestamp,
    /// When the review is due.
    pub due_at: Option<Timestamp>,
    /// Whether the limit has passed without a review.
    pub overdue: bool,
    /// Version.
    pub version: u64,
    /// Node that found it; only there is it reviewed.
    pub origin_node: String,
    /// Decisions that the reader may take now.
    pub actions: Vec<Decision>,
}

/// A finding with everything about it.
#[derive(Clone, Debug, Serialize)]
pub struct FindingDetail {
    /// The finding.
    #[serde(flatten)]
    pub finding: FindingOut,
    /// The event as this node has it.
    pub event: Option<serde_json::Value>,
    /// The sender's own document, where it came in another form.
    pub raw: Option<serde_json::Value>,
    /// Steps of the review, oldest first.
    pub history: Vec<ReviewStep>,
}

/// Findings of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    /// Code of the rule.
    pub rule: String,
    /// Name of the rule.
    pub name: String,
    /// Not handled yet.
    pub open: u64,
    /// Confirmed or dismissed.
    pub handled: u64,
}

/// Findings of one state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateCount {
    /// State.
    pub state: String,
    /// Name of the state.
    pub name: String,
    /// Number.
    pub count: u64,
}

/// Findings summed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingSummary {
    /// By rule.
    pub by_rule: Vec<RuleCount>,
    /// By state.
    pub by_state: Vec<StateCount>,
}

/// A cursor behind a row that is sorted by time and object.
pub(crate) fn cursor(at: Timestamp, object: ObjectId) -> String {
    format!("{}.{object}", at.millis())
}

/// Reads [`cursor`]; anything else begins at the first row.
pub(crate) fn read_cursor(text: &str) -> Option<(Timestamp, ObjectId)> {
    let (at, object) = text.split_once('.')?;
    Some((Timestamp::from_millis(at.parse().ok()?), object.parse().ok()?))
}

/// Whether a state needs nobody any more.
#[must_use]
pub fn is_handled(state: &str) -> bool {
    matches!(state, "confirmed" | "dismissed")
}

fn filter(node: &Node, cx: &OpContext, query: &FindingQuery) -> Result<FindingFilter> {
    Ok(FindingFilter {
        state: query.state.clone(),
        rule: query.rule.clone(),
        system: query.system.clone(),
        subject: query.subject.clone(),
        divisions: within(node, cx, query.division.as_deref())?,
    })
}

/// A page of findings in the reader's scope, newest first.
///
/// # Errors
/// Without permission, or when the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext, query: &FindingQuery) -> Result<Listed<FindingOut>> {
    cx.authorize(Action::Read, Kind::Finding)?;
    let after = query.after.as_deref().and_then(read_cursor);
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let page = node.store.findings(&cx.scope, &filter(node, cx, query)?, after, limit).await?;
    let names = Names::of(node, &cx.scope, &page.items).await?;
    Ok(Listed::of_page(page, |row| cursor(row.found_at, row.object)).map(|row| out(node, cx, &names, row)))
}

/// One finding with event and history.
///
/// # Errors
/// Without permission, or when it is absent or out of scope.
pub async fn get(node: &Node, cx: &OpContext, id: ObjectId) -> Result<FindingDetail> {
    cx.authorize(Action::Read, Kind::Finding)?;
    let finding = node.store.finding(&cx.scope, id).await?.ok_or(ServiceError::NotFound("finding"))?;
    let payload = match finding.event {
        Some(event) => node.warehouse.event(&cx.scope, event).await?.map(|view| view.payload),
        None => None,
    };
    let body: Option<serde_json::Value> = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let part = |key: &str| body.as_ref().and_then(|body| body.get(key)).filter(|value| !value.is_null()).cloned();
    let history = serde_json::from_str(&finding.history).unwrap_or_default();
    let names = Names::of(node, &cx.scope, std::slice::from_ref(&finding)).await?;
    Ok(FindingDetail { event: part("event"), raw: part("original"), history, finding: out(node, cx, &names, finding) })
}

/// Findings summed by rule and state.
///
/// # Errors
/// Without permission, or when the database is out of reach.
pub async fn summary(node: &Node, cx: &OpContext, query: &FindingQuery) -> Result<FindingSummary> {
    cx.authorize(Action::Read, Kind::Finding)?;
    let counts = node.store.finding_counts(&cx.scope, &filter(node, cx, query)?).await?;
    let mut by_rule: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut by_state: BTreeMap<String, u64> = BTreeMap::new();
    for row in counts {
        let total = u64::try_from(row.total).unwrap_or(0);
        let sums = by_rule.entry(row.rule).or_default();
        *(if is_handled(&row.state) { &mut sums.1 } else { &mut sums.0 }) += total;
        *by_state.entry(row.state).or_default() += total;
    }
    let rule =
        |(rule, (open, handled)): (String, (u64, u64))| RuleCount { name: rule_name(node, &rule), rule, open, handled };
    let state = |(state, count): (String, u64)| StateCount {
        name: node.packs().name_in("finding_state", &state).to_owned(),
        state,
        count,
    };
    Ok(FindingSummary {
        by_rule: by_rule.into_iter().map(rule).collect(),
        by_state: by_state.into_iter().map(state).collect(),
    })
}

/// Decides on a finding of this node.
///
/// # Errors
/// Without permission or reason, for a finding of another node, for one that is closed or was changed meanwhile.
pub async fn review(node: &Node, cx: &OpContext, id: ObjectId, input: &ReviewIn) -> Result<FindingDetail> {
    cx.authorize(Action::Review, Kind::Finding)?;
    let reason = input.reason.trim();
    if input.decision != Decision::Confirm && reason.is_empty() {
        return Err(ServiceError::invalid("FND-0101", "reason", "未填写理由", "排除或退回时请说明理由"));
    }
    if reason.chars().count() > 500 {
        return Err(ServiceError::invalid("FND-0102", "reason", "理由超过 500 字", "请精简后重新提交"));
    }
    node.store.finding(&cx.scope, id).await?.ok_or(ServiceError::NotFound("finding"))?;
    let mut tx = node.store.begin().await?;
    let before = tx.system_finding(id).await?.ok_or(ServiceError::NotFound("finding"))?;
    if before.version != input.version {
        return Err(ServiceError::changed_meanwhile());
    }
    let after = reviewed(node.code(), &before, input.decision, reason, &cx.actor.username, cx.now)?;
    tx.change_finding(&after, (before.term, before.version)).await?;
    let order = (after.term, after.version);
    tx.append(vec![draft(kind::FINDING, id, order, cx.now, Route::Up, &after)?]).await?;
    let action = format!("finding.{}", input.decision.action());
    audit::note(&tx, cx, &action, "finding", &id.to_string(), Some(&before.state), Some(&after.state)).await?;
    tx.commit().await?;
    get(node, cx, id).await
}

/// The finding after a decision.
fn reviewed(
    node: &str,
    before: &Finding,
    decision: Decision,
    reason: &str,
    actor: &str,
    now: Timestamp,
) -> Result<Finding> {
    if before.origin_node != node {
        let reason = "该异常由下级平台发现，只能由发现平台核实";
        let fault = Fault::new("FND-0201", "", reason, "请联系发现平台处理");
        return Err(ServiceError::Conflict(fault));
    }
    if is_handled(&before.state) {
        return Err(ServiceError::Conflict(Fault::new(
            "FND-0202",
            "state",
            "该异常已经核实完毕",
            "请刷新列表查看结果",
        )));
    }
    let mut after = before.clone();
    after.version += 1;
    after.state = decision.state().to_owned();
    after.closed_at = decision.ends().then_some(now);
    let mut history: Vec<ReviewStep> = serde_json::from_str(&before.history).unwrap_or_default();
    history.push(ReviewStep {
        version: after.version,
        at: now,
        actor: actor.to_owned(),
        action: decision.action().to_owned(),
        state: after.state.clone(),
        reason: reason.to_owned(),
    });
    after.history = serde_json::to_string(&history)?;
    Ok(after)
}

/// Takes in a finding of a lower node. Gives what is wrong with the record, if something is.
///
/// # Errors
/// When the database refuses.
pub async fn take(_node: &Node, tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let finding: Finding = match serde_json::from_slice(&record.payload) {
        Ok(finding) => finding,
        Err(error) => return Ok(Some(crate::sync::apply::unreadable(&error))),
    };
    let origin = record.origin.as_ref().map(|origin| origin.node.as_str());
    if let Some(fault) =
        misplaced(record, finding.object, (finding.term, finding.version), origin, &finding.origin_node)
    {
        return Ok(Some(fault));
    }
    if let Some(present) = tx.system_finding(finding.object).await?
        && present.origin_node != finding.origin_node
    {
        return Ok(Some(not_the_owner(&present.origin_node)));
    }
    tx.take_finding(finding).await?;
    Ok(None)
}

/// The fault of a record whose body contradicts its envelope.
pub(crate) fn misplaced(
    record: &Record,
    object: ObjectId,
    order: (u32, u64),
    origin: Option<&str>,
    stated: &str,
) -> Option<Fault> {
    if record.object != object || (record.term, record.version) != order {
        let reason = "记录内容与其标识或版本不一致";
        return Some(Fault::new("XCH-0402", "payload", reason, "请在来源节点修正该记录后重报"));
    }
    (origin != Some(stated)).then(|| not_the_owner(stated))
}

/// The fault of a record about something that belongs to another node.
pub(crate) fn not_the_owner(owner: &str) -> Fault {
    let reason = format!("记录不是由其所属平台 {owner} 报送");
    Fault::new("XCH-0403", "origin_node", reason, "请由所属平台报送")
}

/// Names of subjects and systems on one page, as far as they lie in the reader's scope.
struct Names(BTreeMap<String, String>);

impl Names {
    async fn of(node: &Node, scope: &Scope, findings: &[Finding]) -> Result<Self> {
        let codes = |pick: fn(&Finding) -> &String| {
            let codes: std::collections::BTreeSet<String> = findings.iter().map(|row| pick(row).clone()).collect();
            codes.into_iter().filter(|code| !code.is_empty()).collect::<Vec<_>>()
        };
        let mut names = subject::names(node, scope, codes(|row| &row.subject)).await?;
        names.extend(access::names(node, scope, codes(|row| &row.system)).await?);
        Ok(Self(names))
    }

    fn get(&self, code: &str) -> String {
        self.0.get(code).map_or(code, String::as_str).to_owned()
    }
}

/// Name of a rule, or its code where this version does not know it.
pub(crate) fn rule_name(node: &Node, code: &str) -> String {
    node.packs().rule(code).map_or(code, |rule| rule.name.as_str()).to_owned()
}

fn out(node: &Node, cx: &OpContext, names: &Names, finding: Finding) -> FindingOut {
    let may =
        finding.origin_node == node.code() && !is_handled(&finding.state) && cx.may(Action::Review, Kind::Finding);
    let mut actions = vec![Decision::Confirm, Decision::Dismiss, Decision::Return];
    actions.retain(|decision| may && decision.state() != finding.state);
    let overdue = !is_handled(&finding.state) && finding.due_at.is_some_and(|due| due < cx.now);
    FindingOut {
        id: finding.object,
        rule_name: rule_name(node, &finding.rule),
        rule: finding.rule,
        rule_version: finding.rule_version,
        kind: finding.kind,
        severity: finding.severity,
        period: finding.period,
        subject_name: names.get(&finding.subject),
        subject: finding.subject,
        system_name: names.get(&finding.system),
        system: finding.system,
        division_name: node.divisions.name(&finding.division).to_owned(),
        division: finding.division,
        object_id: finding.event,
        text: finding.text,
        value: finding.value,
        limit: finding.limit,
        state_name: node.packs().name_in("finding_state", &finding.state).to_owned(),
        state: finding.state,
        found_at: finding.found_at,
        due_at: finding.due_at,
        overdue,
        version: finding.version,
        origin_node: finding.origin_node,
        actions,
    }
}

#[cfg(test)]
mod tests;
