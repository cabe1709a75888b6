//! Applications for access (接入申请): sent by anybody with a form, followed by number and query code, decided by reviewers.
//! Filing makes the connected system; what happens to it afterwards is told here too. Rows: G-6.7.2.

mod form;
mod public;
mod view;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::access::application::{Application, ApplicationFilter, ApplicationStep};

use super::{AccessDoc, Phase, phase, selftest};
use crate::listing::Listed;
use crate::node::Node;
use crate::register::{self, within};
use crate::{Result, ServiceError, audit, letter};

pub use form::Form;
pub use public::{Submitted, amend, follow, submit, test, withdraw};
pub use view::{ApplicationDetail, ApplicationView, Followed, StepView};

/// Number of the step that a refused request names.
const NOT_NOW: &str = "JOIN-0201";

/// A step of an application (办理动作).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Begin the review (受理).
    Accept,
    /// Send back to be mended (退回补正).
    Return,
    /// Refuse (不予接入).
    Reject,
    /// File it and make the connected system (备案).
    File,
    /// Mend it (补正), by the applicant.
    Amend,
    /// Take it back (撤回), by the applicant.
    Withdraw,
}

/// The course of an application.
const STEPS: &[(&str, Verb, &str)] = &[
    ("submitted", Verb::Accept, "reviewing"),
    ("submitted", Verb::Return, "returned"),
    ("submitted", Verb::Reject, "rejected"),
    ("submitted", Verb::Amend, "submitted"),
    ("submitted", Verb::Withdraw, "withdrawn"),
    ("reviewing", Verb::Return, "returned"),
    ("reviewing", Verb::Reject, "rejected"),
    ("reviewing", Verb::File, "filed"),
    ("reviewing", Verb::Withdraw, "withdrawn"),
    ("returned", Verb::Amend, "submitted"),
    ("returned", Verb::Withdraw, "withdrawn"),
];

impl Verb {
    /// The decisions of reviewers.
    const DECISIONS: [Self; 4] = [Self::Accept, Self::Return, Self::Reject, Self::File];

    /// The word in interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Return => "return",
            Self::Reject => "reject",
            Self::File => "file",
            Self::Amend => "amend",
            Self::Withdraw => "withdraw",
        }
    }

    /// The Chinese word.
    const fn label(self) -> &'static str {
        match self {
            Self::Accept => "受理",
            Self::Return => "退回补正",
            Self::Reject => "不予接入",
            Self::File => "备案",
            Self::Amend => "补正",
            Self::Withdraw => "撤回",
        }
    }

    /// Reads the word of a decision.
    #[must_use]
    pub fn parse_decision(text: &str) -> Option<Self> {
        Self::DECISIONS.into_iter().find(|verb| verb.as_str() == text)
    }

    const fn needs_reason(self) -> bool {
        matches!(self, Self::Return | Self::Reject)
    }
}

/// The state after a step; `None` where it is not allowed.
fn after(state: &str, verb: Verb) -> Option<&'static str> {
    STEPS.iter().find(|(from, step, _)| *from == state && *step == verb).map(|(_, _, to)| *to)
}

/// The decisions that are allowed in a state.
fn decisions(state: &str) -> Vec<&'static str> {
    Verb::DECISIONS.into_iter().filter(|verb| after(state, *verb).is_some()).map(Verb::as_str).collect()
}

/// When the next step is due in a state that was reached `at`.
fn due(node: &Node, state: &str, at: Timestamp) -> Option<Timestamp> {
    let limit = match state {
        "submitted" | "reviewing" => "access_review",
        "returned" => "access_amend",
        _ => return None,
    };
    node.packs().due(limit, at)
}

/// What a reviewer decides.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Version that was looked at.
    pub version: u64,
    /// The step.
    pub verb: Verb,
    /// Why; may be empty where no reason is needed.
    pub reason: String,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ApplicationQuery {
    /// State.
    pub state: Option<String>,
    /// Division, with what lies below.
    pub division: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Words in number, name or operator.
    pub q: Option<String>,
    /// Behind which object.
    pub after: Option<ObjectId>,
    /// Rows of the page.
    pub limit: usize,
}

/// A page of applications, newest first.
///
/// # Errors
/// Without permission.
pub async fn list(node: &Node, cx: &OpContext, query: ApplicationQuery) -> Result<Listed<ApplicationView>> {
    cx.authorize(Action::Read, Kind::Access)?;
    let filter = ApplicationFilter {
        state: query.state,
        category: query.category,
        divisions: within(node, cx, query.division.as_deref())?,
        words: query.q,
    };
    let page = node.store.applications(&cx.scope, &filter, query.after, query.limit).await?;
    let listed = Listed::of_page(page, |row| row.object.to_string());
    let systems = view::systems(node, &listed.items).await?;
    Ok(listed.map(|row| ApplicationView::of(node, &systems, row, cx.now)))
}

async fn in_scope(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Application> {
    node.store.application(&cx.scope, id).await?.ok_or(ServiceError::NotFound("该接入申请"))
}

/// One application with its form and steps; telephone and mail address masked unless they are asked for.
///
/// # Errors
/// Without permission, or when there is no such application in the scope.
pub async fn get(node: &Node, cx: &OpContext, id: ObjectId, unmask: bool) -> Result<ApplicationDetail> {
    cx.authorize(if unmask { Action::Unmask } else { Action::Read }, Kind::Access)?;
    let row = in_scope(node, cx, id).await?;
    if unmask {
        let tx = node.store.begin().await?;
        audit::note(&tx, cx, "application.unmask", "application", &row.number, None, None).await?;
        tx.commit().await?;
    }
    view::detail(node, cx, row, unmask).await
}

/// Decides on an application.
///
/// # Errors
/// Without permission, when the state does not allow it, a reason is missing, or somebody else was first.
pub async fn review(node: &Node, cx: &OpContext, id: ObjectId, decision: Decision) -> Result<ApplicationDetail> {
    cx.authorize(Action::Review, Kind::Access)?;
    let verb = decision.verb;
    let reason = decision.reason.trim();
    if verb.needs_reason() && reason.is_empty() {
        let text = format!("{}需要说明原因", verb.label());
        return Err(ServiceError::invalid("JOIN-0202", "reason", text, "请填写原因，申请人可以看到"));
    }
    if reason.chars().count() > 500 {
        return Err(ServiceError::invalid("JOIN-0203", "reason", "原因过长", "请控制在 500 字以内"));
    }
    let row = in_scope(node, cx, id).await?;
    if row.version != decision.version {
        return Err(ServiceError::changed_meanwhile());
    }
    let mut tx = node.store.begin().await?;
    let mut next = row.clone();
    if verb == Verb::File && after(&row.state, verb).is_some() {
        file(node, &mut tx, cx, &mut next, reason).await?;
    }
    let said = if reason.is_empty() { verb.label().to_owned() } else { reason.to_owned() };
    let next = step(node, &tx, next, verb, (&cx.actor.username, &said), cx.now).await?;
    let states = |state: &str| serde_json::json!({ "state": state, "reason": reason }).to_string();
    let action = format!("application.{}", verb.as_str());
    audit::note(&tx, cx, &action, "application", &row.number, Some(&states(&row.state)), Some(&states(&next.state)))
        .await?;
    tx.commit().await?;
    view::detail(node, cx, next, false).await
}

/// Takes a step: writes it and tells the applicant.
async fn step(
    node: &Node,
    tx: &Tx,
    row: Application,
    verb: Verb,
    (actor, said): (&str, &str),
    now: Timestamp,
) -> Result<Application> {
    let Some(state) = after(&row.state, verb) else {
        let name = view::state_name(node, &row.state);
        let reason = format!("申请当前为“{name}”，不能{}", verb.label());
        return Err(ServiceError::Conflict(Fault::new(NOT_NOW, "decision", reason, "请刷新后查看可办理的操作")));
    };
    let next = Application {
        state: state.to_owned(),
        version: row.version + 1,
        due_at: if verb == Verb::Accept { row.due_at } else { due(node, state, now) },
        updated_at: now,
        ..row
    };
    let taken = ApplicationStep {
        version: next.version,
        at: now,
        actor: actor.to_owned(),
        action: verb.as_str().to_owned(),
        state: state.to_owned(),
        text: said.to_owned(),
    };
    tx.change_application(&next, next.version - 1, &taken).await?;
    if !matches!(verb, Verb::Amend | Verb::Withdraw) {
        tell(node, tx, &next, state, said, now).await?;
    }
    Ok(next)
}

/// Tells the applicant by mail, where an address was given.
async fn tell(node: &Node, tx: &Tx, row: &Application, state: &str, said: &str, now: Timestamp) -> Result<()> {
    let form = form::opened(node, row.object, &row.doc)?;
    let name = view::state_name(node, state);
    let subject = format!("接入申请 {} {name}", row.number);
    let next = view::next(node, state, None);
    let text = format!(
        "您申请接入的“{}”（申请编号 {}）当前状态：{name}。\n说明：{said}\n下一步：{next}\n办理进度可在平台“接入申请”页面凭申请编号和查询码查看。",
        row.name, row.number
    );
    let key = format!("application/{}/{}", row.number, row.version);
    let reader = letter::Reader::outside(&form.contact, &form.email);
    letter::post(node, tx, reader, (&subject, &text), &key, now).await
}

/// Makes the connected system of an application.
async fn file(node: &Node, tx: &mut Tx, cx: &OpContext, row: &mut Application, reason: &str) -> Result<()> {
    let form = form::opened(node, row.object, &row.doc)?;
    let year: String = Day::of(cx.now).to_string().chars().take(4).collect();
    let running = tx.next_number(&format!("filing.{year}")).await?;
    row.filing_no = format!("JR{}{year}{running:05}", node.code());
    let doc = AccessDoc {
        phase: Phase::Filed.as_str().to_owned(),
        phase_since: Some(cx.now),
        live_since: None,
        filing_no: row.filing_no.clone(),
        application: row.number.clone(),
        ..AccessDoc::from(form)
    };
    let entry = register::file(node, tx, cx, doc, reason).await?;
    row.system = entry.code;
    Ok(())
}

/// Notes at the application of a system what became of the system, and tells the applicant. Nothing for a system that did
/// not come by one.
///
/// # Errors
/// When the database refuses.
pub async fn told(node: &Node, system: &str, now_is: Phase, reason: &str) -> Result<()> {
    note_status(node, system, now_is.as_str(), reason).await
}

/// The same for any status, such as suspended.
///
/// # Errors
/// When the database refuses.
pub async fn note_status(node: &Node, system: &str, status: &str, reason: &str) -> Result<()> {
    let Some(row) = node.store.system_application_of(system).await? else { return Ok(()) };
    let now = node.now();
    let name = view::state_name(node, status);
    let said = if reason.is_empty() { name } else { reason.to_owned() };
    let next = Application { version: row.version + 1, updated_at: now, ..row };
    let taken = ApplicationStep {
        version: next.version,
        at: now,
        actor: node.code().to_owned(),
        action: status.to_owned(),
        state: status.to_owned(),
        text: said.clone(),
    };
    let tx = node.store.begin().await?;
    tx.change_application(&next, next.version - 1, &taken).await?;
    tell(node, &tx, &next, status, &said, now).await?;
    tx.commit().await?;
    Ok(())
}

/// What became of the system of an application: its entry's state and phase as one word.
async fn status_of(node: &Node, row: &Application) -> Result<(String, Option<AccessDoc>)> {
    if row.system.is_empty() {
        return Ok((row.state.clone(), None));
    }
    let Some(entry) = node.store.system_entry_by_code(kind::ACCESS, &row.system).await? else {
        return Ok((row.state.clone(), None));
    };
    let doc: AccessDoc = serde_json::from_str(&entry.doc)?;
    Ok((phase::status(&entry.state, doc.phase()).to_owned(), Some(doc)))
}

/// The newest self-test of an application or of its system.
async fn last_test(node: &Node, row: &Application) -> Result<Option<selftest::SelftestRun>> {
    let mut owners = vec![row.number.as_str()];
    if !row.system.is_empty() {
        owners.push(&row.system);
    }
    let last = node.store.selftests(&owners, 1).await?;
    last.first().map(selftest::stored).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_7_2_an_application_is_filed_only_by_a_reviewer_after_its_review() {
        let filing: Vec<_> = STEPS.iter().filter(|(_, _, to)| *to == "filed").collect();
        assert_eq!(filing, [&("reviewing", Verb::File, "filed")]);
        for state in ["rejected", "withdrawn", "filed"] {
            assert!(STEPS.iter().all(|(from, ..)| *from != state), "{state} is an end");
        }
        assert_eq!(decisions("submitted"), ["accept", "return", "reject"]);
        assert_eq!(decisions("returned"), Vec::<&str>::new(), "the applicant's turn");
        assert_eq!(Verb::parse_decision("amend"), None);
    }
}
