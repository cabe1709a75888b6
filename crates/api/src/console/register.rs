//! What the four registers have in common on the wire: the query of a list, decisions, history, the frame of an entry, and
//! how a page, one entry and its details are put together. A register itself adds its fields and its routes.

use std::future::Future;

use axum::Json;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::register::{self, Decision, Detail, Document, Item, Past, RegisterQuery, Verb};
use suyuan_service::{Node, OpContext};
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, ApiResult};
use crate::listing::{Listing, Paging};

/// What a list of a register is narrowed to.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RegisterFind {
    /// Words in name or code.
    q: Option<String>,
    /// Division, with what lies below.
    division: Option<String>,
    /// Category.
    category: Option<String>,
    /// Stage.
    stage: Option<String>,
    /// State.
    state: Option<String>,
    /// Type within the register.
    r#type: Option<String>,
    /// Code of the subject it belongs to.
    subject: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

impl RegisterFind {
    /// The query for the use case.
    pub(super) fn query(self) -> ApiResult<RegisterQuery> {
        Ok(RegisterQuery {
            after: self.paging.after_object()?,
            limit: self.paging.limit(),
            q: self.q,
            division: self.division,
            category: self.category,
            stage: self.stage,
            state: self.state,
            r#type: self.r#type,
            subject: self.subject,
        })
    }
}

/// How an entry is looked at.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LookFind {
    /// `true` shows telephone numbers in full and leaves a row in the audit trail.
    unmask: Option<String>,
}

impl LookFind {
    pub(super) fn wants_all(&self) -> bool {
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
        }
    }
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

    /// Looks up what `items` need beside themselves.
    ///
    /// # Errors
    /// When the database is out of reach.
    fn known(node: &Node, items: &[Item<Self>]) -> impl Future<Output = ApiResult<Self::Known>> + Send;

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
}

/// A page of a register.
pub(super) async fn page<D: Shown>(
    node: &Node,
    cx: &OpContext,
    find: RegisterFind,
) -> ApiResult<Json<Listing<D::Out>>> {
    let listed = register::list::<D>(node, cx, find.query()?).await?;
    let known = D::known(node, &listed.items).await?;
    Ok(Json(Listing::of(listed, |item| D::out(node, &known, item))))
}

/// One entry.
pub(super) async fn shown<D: Shown>(node: &Node, item: Item<D>) -> ApiResult<Json<D::Out>> {
    single(node, item).await.map(Json)
}

async fn single<D: Shown>(node: &Node, item: Item<D>) -> ApiResult<D::Out> {
    let known = D::known(node, std::slice::from_ref(&item)).await?;
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
        true => register::unmask(node, cx, id).await?,
        false => register::get(node, cx, id).await?,
    };
    let proposal = found.item.proposal.clone().map(D::Facts::from);
    Ok(Json(Detailed {
        entry: single(node, found.item).await?,
        proposal,
        history: found.history.into_iter().map(HistoryOut::from).collect(),
        actions: found.actions,
    }))
}

/// One entry after a decision on it.
pub(super) async fn review<D: Shown>(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    body: RegisterReviewIn,
) -> ApiResult<Json<D::Out>> {
    shown(node, register::review::<D>(node, cx, id, body.decision()?).await?).await
}
