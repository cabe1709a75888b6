//! What the four registers have in common on the wire: the query of a list, decisions, history, the frame of an entry, and
//! how a page, one entry and its details are put together. A register itself adds its fields and its routes.

use std::future::Future;

use axum::Json;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::scope::Scope;
use suyuan_service::listing::Find;
use suyuan_service::register::{
    self, Decision, Detail, Document, FieldChange, Item, Note, Past, RegisterQuery, Rival, Verb,
};
use suyuan_service::{Node, OpContext, closure};
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, ApiResult};
use crate::listing::{Listing, Paging};

/// What a list of a register is narrowed to, and its order. Several values of one condition have commas between them.
#[derive(Debug, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RegisterFind {
    /// Words in name or code, also spelled in letters or by initials; all must be present.
    q: Option<String>,
    /// Words in the name.
    name: Option<String>,
    /// What the code begins with.
    code: Option<String>,
    /// Divisions, with what lies below.
    division: Option<String>,
    /// Categories.
    category: Option<String>,
    /// Kinds of products dealt in, of the second level of the category.
    variety: Option<String>,
    /// Stages; one of the entry's own.
    stage: Option<String>,
    /// States.
    state: Option<String>,
    /// `subject` or `merchant`.
    class: Option<String>,
    /// Types within the register.
    r#type: Option<String>,
    /// Forms of organisation.
    org_form: Option<String>,
    /// Types of merchants.
    merchant_type: Option<String>,
    /// Code of the node that a merchant belongs to.
    parent: Option<String>,
    /// Code of the subject it belongs to.
    subject: Option<String>,
    /// Nodes that own the entry.
    origin_node: Option<String>,
    /// First day of filing, such as 2026-11-21.
    filed_from: Option<String>,
    /// Last day of filing.
    filed_to: Option<String>,
    /// First day of registration.
    registered_from: Option<String>,
    /// Last day of registration.
    registered_to: Option<String>,
    /// `true` for entries whose code another entry holds.
    conflict: Option<String>,
    /// Whether it has a position: `true` or `false`.
    placed: Option<String>,
    /// Divisions themselves, without what lies below.
    at_division: Option<String>,
    /// `newest`, `name`, `code` or `filed`.
    sort: Option<String>,
}

impl RegisterFind {
    /// The conditions for the use cases.
    pub(super) fn find(&self) -> Find {
        let mut find = Find::default();
        let fields = serde_json::to_value(self).unwrap_or_default();
        for (name, value) in fields.as_object().into_iter().flatten() {
            find.set(name, value.as_str().unwrap_or_default());
        }
        find
    }
}

/// A page of a register that is asked for.
#[derive(Debug, Deserialize)]
pub(super) struct RegisterPage {
    #[serde(flatten)]
    find: RegisterFind,
    #[serde(flatten)]
    paging: Paging,
}

impl RegisterPage {
    /// The query for the use case.
    fn query(self) -> RegisterQuery {
        RegisterQuery { find: self.find.find(), limit: self.paging.limit(), after: self.paging.after }
    }
}

/// How an entry is looked at.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LookFind {
    /// `true` shows telephone numbers in full and leaves a row in the audit trail.
    unmask: Option<String>,
    /// Why they have to be seen.
    reason: Option<String>,
}

impl LookFind {
    fn wants_all(&self) -> bool {
        self.unmask.as_deref() == Some("true")
    }
}

/// A decision on an entry (审核意见).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterReviewIn {
    /// Version that was looked at.
    version: u64,
    #[schema(value_type = RegisterAction)]
    decision: String,
    /// Why; needed to return, suspend and revoke.
    #[serde(default)]
    reason: Option<String>,
}

impl RegisterReviewIn {
    /// The decision for the use case.
    pub(super) fn decision(self) -> ApiResult<Decision> {
        let unknown = || {
            ApiError::bad_request(
                "REG-0905",
                "decision",
                format!("没有操作 {}", self.decision),
                "请从可办理的操作中选择",
            )
        };
        let verb = Verb::parse_decision(&self.decision).ok_or_else(unknown)?;
        Ok(Decision { version: self.version, verb, reason: self.reason.unwrap_or_default() })
    }
}

/// The version that a change was made from.
pub(super) fn wanted_version(version: Option<u64>) -> ApiResult<u64> {
    version.ok_or_else(|| ApiError::bad_request("REQ-0104", "version", "缺少字段 version", "请带上读取时的版本号"))
}

/// A step of the history (办理记录).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryOut {
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: String,
    action: String,
    reason: Option<String>,
    /// The document before.
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    before: Option<serde_json::Value>,
    /// The document after.
    #[schema(value_type = Option<std::collections::BTreeMap<String, serde_json::Value>>)]
    after: Option<serde_json::Value>,
    /// What changed, field by field.
    changes: Vec<FieldChangeOut>,
}

/// A field that changed (字段变更).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldChangeOut {
    /// Member of the document.
    field: String,
    name: String,
    before: Option<String>,
    after: Option<String>,
}

impl From<FieldChange> for FieldChangeOut {
    fn from(change: FieldChange) -> Self {
        let FieldChange { field, name, before, after } = change;
        Self { field, name, before, after }
    }
}

impl From<Past> for HistoryOut {
    fn from(past: Past) -> Self {
        Self {
            version: past.version,
            at: past.at,
            actor: past.actor,
            action: past.action,
            reason: some(past.reason),
            before: past.before,
            after: past.after,
            changes: past.changes.into_iter().map(FieldChangeOut::from).collect(),
        }
    }
}

/// What every entry has (登记信息).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FrameOut {
    /// The object.
    id: String,
    state: String,
    state_name: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    filed_at: Option<Timestamp>,
    /// Node that owns the entry.
    origin_node: String,
    /// Name of that node.
    origin_name: String,
    /// Version for the next change.
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When it was first written down.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// How much of what is wanted is filled in, percent.
    completeness: u32,
    /// Whether another entry holds its code, and nobody has said that both are the same.
    conflict: bool,
    /// Whether it was said to be the same as the entry that holds its code.
    linked: bool,
}

impl FrameOut {
    pub(super) fn of<D>(node: &Node, item: &Item<D>) -> Self {
        Self {
            id: item.id.to_string(),
            state: item.state.clone(),
            state_name: item.state_name.clone(),
            filed_at: item.filed_at,
            origin_name: node.divisions.name(&item.origin_node).to_owned(),
            origin_node: item.origin_node.clone(),
            version: item.version,
            updated_at: item.updated_at,
            created_at: item.created_at,
            completeness: item.completeness,
            conflict: item.rival.is_some() && item.rival != item.same_as,
            linked: item.rival.is_some() && item.rival == item.same_as,
        }
    }
}

/// The entry that holds a code (编码归属).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RivalOut {
    /// The object, where it lies in the scope.
    id: Option<String>,
    code: String,
    name: String,
    /// Node that owns it.
    node: String,
    node_name: String,
}

impl RivalOut {
    fn of(node: &Node, rival: Rival) -> Self {
        let node_name = node.divisions.name(&rival.node).to_owned();
        let Rival { id, code, name, node } = rival;
        Self { id: id.map(|id| id.to_string()), code, name, node, node_name }
    }
}

/// Closed days that an entry is in today (停业中).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClosedOut {
    #[schema(value_type = String, format = Date)]
    from: Day,
    #[schema(value_type = String, format = Date)]
    to: Day,
    reason: String,
}

/// A text that may be missing.
pub(super) fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// A register on the wire.
pub(super) trait Shown: Document {
    /// An entry as it is answered.
    type Out: Serialize;
    /// What is registered of it, without frame and names.
    type Facts: Serialize + From<Self>;
    /// What is looked up once for all entries of a page.
    type Known: Send + Sync;

    /// Looks up what `items` need beside themselves; names of what lies outside of `scope` are left out.
    ///
    /// # Errors
    /// When the database is out of reach.
    fn known(node: &Node, scope: &Scope, items: &[Item<Self>]) -> impl Future<Output = ApiResult<Self::Known>> + Send;

    /// An entry with its names.
    fn out(node: &Node, known: &Self::Known, item: Item<Self>) -> Self::Out;
}

/// An entry with its history (登记详情). `Proposal` is an option: as a plain parameter it keeps its `null` in the document.
#[derive(Serialize, ToSchema)]
pub(super) struct Detailed<Out, Proposal> {
    #[serde(flatten)]
    entry: Out,
    /// A change under review.
    proposal: Proposal,
    history: Vec<HistoryOut>,
    /// Steps allowed now.
    #[schema(value_type = Vec<RegisterAction>)]
    actions: Vec<&'static str>,
    /// Fields that are wanted and missing.
    missing: Vec<String>,
    /// The entry that holds its code, where another one does.
    rival: Option<RivalOut>,
    /// Closed days that it is in today.
    closed: Option<ClosedOut>,
    /// Corrections that tiers above propose, oldest first.
    proposals: Vec<ProposalOut>,
}

/// A correction that a tier above proposes (更正建议).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProposalOut {
    id: String,
    /// Who proposes.
    author: String,
    /// On which node.
    node: String,
    node_name: String,
    /// When it was proposed or answered.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    reason: String,
    /// New values by field; empty for a remark.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    changes: serde_json::Value,
    /// `open`, `accepted` or `declined`.
    state: String,
    /// What the owner answers.
    answer: Option<String>,
}

impl ProposalOut {
    pub(super) fn of(node: &Node, note: Note) -> Self {
        Self {
            id: note.object.to_string(),
            node_name: node.divisions.name(&note.node).to_owned(),
            author: note.author,
            node: note.node,
            at: note.at,
            reason: note.reason,
            changes: serde_json::from_str(&note.changes).unwrap_or_default(),
            state: note.state,
            answer: some(note.answer),
        }
    }
}

/// A step on an entry (办理动作). `change` is made by sending the entry anew, every other one as a decision.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the use case's own words; nobody makes one")]
enum RegisterAction {
    Submit,
    Approve,
    Return,
    Change,
    Suspend,
    Resume,
    Revoke,
    Cancel,
    Withdraw,
    Recode,
    SameAs,
}

/// A page of a register.
pub(super) async fn page<D: Shown>(
    node: &Node,
    cx: &OpContext,
    find: RegisterPage,
) -> ApiResult<Json<Listing<D::Out>>> {
    let listed = register::list::<D>(node, cx, find.query()).await?;
    let known = D::known(node, &cx.scope, &listed.items).await?;
    Ok(Json(Listing::of(listed, |item| D::out(node, &known, item))))
}

/// One entry.
pub(super) async fn shown<D: Shown>(node: &Node, cx: &OpContext, item: Item<D>) -> ApiResult<Json<D::Out>> {
    single(node, cx, item).await.map(Json)
}

async fn single<D: Shown>(node: &Node, cx: &OpContext, item: Item<D>) -> ApiResult<D::Out> {
    let known = D::known(node, &cx.scope, std::slice::from_ref(&item)).await?;
    Ok(D::out(node, &known, item))
}

/// One entry with its history.
pub(super) async fn detail<D: Shown>(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    look: &LookFind,
) -> ApiResult<Json<Detailed<D::Out, Option<D::Facts>>>> {
    let found: Detail<D> = match look.wants_all() {
        true => register::unmask(node, cx, id, look.reason.as_deref().unwrap_or("查看详情")).await?,
        false => register::get(node, cx, id).await?,
    };
    detailed(node, cx, found).await
}

/// One entry in full, with its history. The reason goes into the audit trail.
pub(super) async fn unmasked<D: Shown>(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    reason: &str,
) -> ApiResult<Json<Detailed<D::Out, Option<D::Facts>>>> {
    detailed(node, cx, register::unmask::<D>(node, cx, id, reason).await?).await
}

async fn detailed<D: Shown>(
    node: &Node,
    cx: &OpContext,
    found: Detail<D>,
) -> ApiResult<Json<Detailed<D::Out, Option<D::Facts>>>> {
    let proposal = found.item.proposal.clone().map(D::Facts::from);
    let closed = closure::today(node, D::KIND, &found.item.doc.columns().code).await?;
    Ok(Json(Detailed {
        entry: single(node, cx, found.item).await?,
        proposal,
        history: found.history.into_iter().map(HistoryOut::from).collect(),
        actions: found.actions,
        missing: found.missing,
        rival: found.rival.map(|rival| RivalOut::of(node, rival)),
        closed: closed.map(|closed| ClosedOut { from: closed.from, to: closed.to, reason: closed.reason }),
        proposals: found.proposals.into_iter().map(|note| ProposalOut::of(node, note)).collect(),
    }))
}

/// One entry after a decision on it.
pub(super) async fn review<D: Shown>(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    body: RegisterReviewIn,
) -> ApiResult<Json<D::Out>> {
    shown(node, cx, register::review::<D>(node, cx, id, body.decision()?).await?).await
}
