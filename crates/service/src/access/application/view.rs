//! Applications as they are shown: to the applicant, in lists, in detail.

use std::collections::BTreeMap;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::access::application::{Application, ApplicationStep};

use super::{Form, decisions, form, last_test, status_of};
use crate::Result;
use crate::access::selftest::SelftestRun;
use crate::access::{AccessDoc, phase};
use crate::node::Node;

/// The Chinese word for a state of an application or of its system.
pub(super) fn state_name(node: &Node, state: &str) -> String {
    let packs = node.packs();
    let own = packs.name_in("application_state", state);
    if own == state { packs.name_in("access_status", state).to_owned() } else { own.to_owned() }
}

/// What the applicant has to do next.
pub(super) fn next(node: &Node, state: &str, doc: Option<&AccessDoc>) -> String {
    match state {
        "submitted" => "请等待受理；期间可先提交报文样例做接入自测".to_owned(),
        "reviewing" => "请等待审核结论；期间可先提交报文样例做接入自测".to_owned(),
        "returned" => "请按退回说明补正后重新提交".to_owned(),
        "rejected" => "申请已结束；如情况变化可重新申请".to_owned(),
        "withdrawn" => "申请已结束；如有需要可重新申请".to_owned(),
        "filed" => "请联系监管部门领取接入令牌，并通过接入自测后转入试运行".to_owned(),
        "trial" => {
            let since = doc.and_then(|doc| doc.phase_since);
            let until = since.and_then(|since| node.packs().due("access_trial", since));
            let until = until.map(|at| suyuan_domain::period::Day::of(at).to_string());
            let until = until.map_or_else(String::new, |day| format!("（至 {day}）"));
            format!("请在试运行期内{until}持续报送并通过接入自测；试运行数据不计入统计和评价")
        }
        "live" => "请按时报送数据，令牌到期前及时轮换".to_owned(),
        "suspended" => "接入已暂停，请按说明整改后联系监管部门恢复".to_owned(),
        _ => "接入已终止".to_owned(),
    }
}

/// Whether samples may be tested in a state.
pub(super) fn may_test(state: &str) -> bool {
    !matches!(state, "rejected" | "withdrawn" | "ended")
}

/// A step as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    /// When.
    pub at: Timestamp,
    /// Who; empty for the applicant.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// State after it.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// What was said.
    pub text: String,
}

fn step(node: &Node, step: ApplicationStep) -> StepView {
    StepView {
        at: step.at,
        actor: step.actor,
        action: step.action,
        state_name: state_name(node, &step.state),
        state: step.state,
        text: step.text,
    }
}

/// An application in a list.
#[derive(Clone, Debug)]
pub struct ApplicationView {
    /// Identity.
    pub id: ObjectId,
    /// Number.
    pub number: String,
    /// Name of the system.
    pub name: String,
    /// Who runs it.
    pub operator: String,
    /// Category.
    pub category: String,
    /// Name of the category.
    pub category_name: String,
    /// Stage.
    pub stage: String,
    /// Name of the stage.
    pub stage_name: String,
    /// Division.
    pub division: String,
    /// Name of the division.
    pub division_name: String,
    /// State, after filing that of the system.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// When it came.
    pub submitted_at: Timestamp,
    /// When the next step is due.
    pub due_at: Option<Timestamp>,
    /// Whether that has passed.
    pub overdue: bool,
    /// Code of the system that it led to.
    pub system_code: Option<String>,
    /// The system that it led to.
    pub system_id: Option<ObjectId>,
    /// Filing number.
    pub filing_no: Option<String>,
    /// Version.
    pub version: u64,
}

/// State and identity of the systems that applications led to, by code.
pub(super) async fn systems(node: &Node, rows: &[Application]) -> Result<BTreeMap<String, (String, ObjectId)>> {
    let codes: Vec<String> = rows.iter().map(|row| row.system.clone()).filter(|code| !code.is_empty()).collect();
    let entries = node.store.system_entries_by_codes(kind::ACCESS, &codes).await?;
    let mut systems = BTreeMap::new();
    for entry in entries {
        let doc: AccessDoc = serde_json::from_str(&entry.doc)?;
        systems.insert(entry.code, (phase::status(&entry.state, doc.phase()).to_owned(), entry.object));
    }
    Ok(systems)
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

impl ApplicationView {
    pub(super) fn of(
        node: &Node,
        systems: &BTreeMap<String, (String, ObjectId)>,
        row: Application,
        now: Timestamp,
    ) -> Self {
        let system = systems.get(&row.system);
        let state = system.map_or_else(|| row.state.clone(), |(status, _)| status.clone());
        let packs = node.packs();
        let (category, stage) = (packs.category(&row.category), packs.stage(&row.stage));
        Self {
            id: row.object,
            number: row.number,
            name: row.name,
            operator: row.operator,
            category_name: category.map_or_else(|| row.category.clone(), |found| found.name.clone()),
            category: row.category,
            stage_name: stage.map_or_else(|| row.stage.clone(), |found| found.name.clone()),
            stage: row.stage,
            division_name: node.divisions.name(&row.division).to_owned(),
            division: row.division,
            state_name: state_name(node, &state),
            state,
            submitted_at: row.submitted_at,
            due_at: row.due_at,
            overdue: row.due_at.is_some_and(|due| due < now),
            system_id: system.map(|(_, id)| *id),
            system_code: some(row.system),
            filing_no: some(row.filing_no),
            version: row.version,
        }
    }
}

/// An application with its form and steps, for reviewers.
#[derive(Clone, Debug)]
pub struct ApplicationDetail {
    /// The application.
    pub head: ApplicationView,
    /// The form.
    pub form: Form,
    /// What was done, oldest first.
    pub steps: Vec<StepView>,
    /// Decisions allowed now.
    pub decisions: Vec<&'static str>,
    /// The newest self-test.
    pub selftest: Option<SelftestRun>,
}

pub(super) async fn detail(node: &Node, cx: &OpContext, row: Application, unmask: bool) -> Result<ApplicationDetail> {
    let form = form::opened(node, row.object, &row.doc)?;
    let steps = node.store.application_steps(row.object).await?;
    let may = cx.may(Action::Review, Kind::Access);
    let selftest = last_test(node, &row).await?;
    let systems = systems(node, std::slice::from_ref(&row)).await?;
    Ok(ApplicationDetail {
        form: if unmask { form } else { form.masked() },
        steps: steps.into_iter().map(|one| step(node, one)).collect(),
        decisions: if may { decisions(&row.state) } else { Vec::new() },
        selftest,
        head: ApplicationView::of(node, &systems, row, cx.now),
    })
}

/// What an applicant may see.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The application.
    pub head: ApplicationView,
    /// The form as it was sent.
    pub form: Form,
    /// What to do next.
    pub next: String,
    /// Whether it may be mended now.
    pub may_amend: bool,
    /// Whether it may be taken back now.
    pub may_withdraw: bool,
    /// Whether samples may be tested now.
    pub may_test: bool,
    /// What was done, oldest first.
    pub steps: Vec<StepView>,
    /// The newest self-test.
    pub selftest: Option<SelftestRun>,
}

pub(super) async fn followed(node: &Node, row: Application) -> Result<Followed> {
    let (state, doc) = status_of(node, &row).await?;
    let steps = node.store.application_steps(row.object).await?;
    let selftest = last_test(node, &row).await?;
    let systems = systems(node, std::slice::from_ref(&row)).await?;
    Ok(Followed {
        form: form::opened(node, row.object, &row.doc)?,
        next: next(node, &state, doc.as_ref()),
        may_amend: super::after(&row.state, super::Verb::Amend).is_some(),
        may_withdraw: super::after(&row.state, super::Verb::Withdraw).is_some(),
        may_test: may_test(&state),
        // Which official decided is not the applicant's business.
        steps: steps.into_iter().map(|one| StepView { actor: String::new(), ..step(node, one) }).collect(),
        selftest,
        head: ApplicationView::of(node, &systems, row, node.now()),
    })
}
