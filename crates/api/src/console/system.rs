//! 接入系统 on the wire: list, detail, registration, change, review. Rows: G-6.7.1, G-6.7.2.

mod monitor;
mod token;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_service::Node;
use suyuan_service::access::{self, AccessDoc, Heard, Phase};
use suyuan_service::register::Item;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::{
    Detailed, FrameOut, LookFind, RegisterFind, RegisterPage, RegisterReviewIn, Shown, detail, page, shown, some,
    wanted_version,
};
use crate::error::{ApiError, ApiResult};
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_systems, create_system))
        .routes(routes!(get_system, change_system))
        .routes(routes!(review_system))
        .routes(routes!(issue_system_token))
        .merge(monitor::routes())
        .merge(token::routes())
}

/// 接入系统 as it is handed in. `version` belongs to changes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SystemIn {
    /// Version that was read; for changes only.
    #[serde(default)]
    version: Option<u64>,
    /// Code; made where none is given.
    #[serde(default)]
    code: Option<String>,
    /// Name.
    name: String,
    /// Who runs it.
    operator: String,
    /// Category that it reports.
    category: String,
    /// Stage that it reports.
    stage: String,
    /// Division.
    division: String,
    /// Code of the subject that answers for it.
    #[serde(default)]
    subject: Option<String>,
    /// Codes of the subjects it reports for.
    #[serde(default)]
    subjects: Vec<String>,
    /// Address of the system.
    #[serde(default)]
    url: Option<String>,
    /// Whom to ask.
    #[serde(default)]
    contact: Option<String>,
    /// Telephone, masked unless asked for in full.
    #[serde(default)]
    phone: Option<String>,
    /// Mail address to which warnings go, masked unless asked for in full.
    #[serde(default)]
    email: Option<String>,
    /// Unified social credit code of who runs it.
    #[serde(default)]
    uscc: Option<String>,
    /// What it is for.
    #[serde(default)]
    purpose: Option<String>,
    /// Rows that it expects to send in a day.
    #[serde(default)]
    daily_volume: Option<u64>,
    /// Outside form: `json`, `epcis` or `csv`.
    #[serde(default)]
    protocol: Option<String>,
    /// With whose money it was built: `state` or `market`.
    #[serde(default)]
    funding: Option<String>,
    /// Phase on which it begins, for registrations only: `trial` or `live` (the default).
    #[serde(default)]
    begin: Option<String>,
}

impl From<SystemIn> for AccessDoc {
    fn from(body: SystemIn) -> Self {
        Self {
            code: body.code.unwrap_or_default(),
            name: body.name,
            operator: body.operator,
            category: body.category,
            stage: body.stage,
            division: body.division,
            subject: body.subject.unwrap_or_default(),
            subjects: body.subjects,
            url: body.url.unwrap_or_default(),
            contact: body.contact.unwrap_or_default(),
            phone: body.phone.unwrap_or_default(),
            email: body.email.unwrap_or_default(),
            uscc: body.uscc.unwrap_or_default(),
            purpose: body.purpose.unwrap_or_default(),
            daily_volume: body.daily_volume,
            protocol: body.protocol.unwrap_or_default(),
            funding: body.funding.unwrap_or_default(),
            ..Self::default()
        }
    }
}

/// What is registered of a system (接入系统).
#[derive(Serialize, ToSchema)]
pub(super) struct SystemFacts {
    /// Code.
    code: String,
    /// Name.
    name: String,
    /// Who runs it.
    operator: String,
    /// Category that it reports.
    category: String,
    /// Stage that it reports.
    stage: String,
    /// Division.
    division: String,
    /// Code of the subject that answers for it.
    subject: Option<String>,
    /// Codes of the subjects it reports for.
    subjects: Vec<String>,
    /// Address of the system.
    url: Option<String>,
    /// Whom to ask.
    contact: Option<String>,
    /// Telephone, masked unless asked for in full.
    phone: Option<String>,
    /// Mail address to which warnings go, masked unless asked for in full.
    email: Option<String>,
    /// Unified social credit code of who runs it.
    uscc: Option<String>,
    /// What it is for.
    purpose: Option<String>,
    /// Rows that it expects to send in a day.
    daily_volume: Option<u64>,
    /// Outside form.
    protocol: Option<String>,
    /// With whose money it was built.
    funding: Option<String>,
    /// Phase of its access: `filed`, `trial` or `live`.
    phase: String,
    /// Since when it is on this phase.
    #[schema(value_type = Option<String>, format = DateTime)]
    phase_since: Option<Timestamp>,
    /// Filing number (备案号), where it came by an application.
    filing_no: Option<String>,
    /// Number of the application, where it came by one.
    application: Option<String>,
}

/// 接入系统.
#[derive(Serialize, ToSchema)]
pub(super) struct SystemOut {
    #[serde(flatten)]
    frame: FrameOut,
    #[serde(flatten)]
    doc: SystemFacts,
    /// Name of the division.
    division_name: String,
    /// Name of the category.
    category_name: String,
    /// Name of the stage.
    stage_name: String,
    /// State and phase as one word.
    status: &'static str,
    /// Name of the status.
    status_name: String,
    /// Name of the phase.
    phase_name: String,
    /// Last characters of its newest token.
    token_hint: Option<String>,
    /// Last accepted report.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_report_at: Option<Timestamp>,
    /// Last sign of life.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
    /// Whether it was heard of within a day.
    online: bool,
    /// Events accepted in all.
    events_total: u64,
}

impl From<AccessDoc> for SystemFacts {
    fn from(doc: AccessDoc) -> Self {
        Self {
            code: doc.code,
            name: doc.name,
            operator: doc.operator,
            category: doc.category,
            stage: doc.stage,
            division: doc.division,
            subject: some(doc.subject),
            subjects: doc.subjects,
            url: some(doc.url),
            contact: some(doc.contact),
            phone: some(doc.phone),
            email: some(doc.email),
            uscc: some(doc.uscc),
            purpose: some(doc.purpose),
            daily_volume: doc.daily_volume,
            protocol: some(doc.protocol),
            funding: some(doc.funding),
            phase: Phase::parse(&doc.phase).as_str().to_owned(),
            phase_since: doc.phase_since,
            filing_no: some(doc.filing_no),
            application: some(doc.application),
        }
    }
}

/// What was heard of the systems of a page, and the ends of their tokens.
pub(super) struct Known {
    heard: BTreeMap<String, Heard>,
    hints: BTreeMap<String, String>,
}

impl Shown for AccessDoc {
    type Out = SystemOut;
    type Facts = SystemFacts;
    type Known = Known;

    async fn known(node: &Node, _scope: &Scope, items: &[Item<Self>]) -> ApiResult<Known> {
        let codes: Vec<String> = items.iter().map(|item| item.doc.code.clone()).collect();
        let hints = access::token::hints(node, &codes).await?;
        Ok(Known { heard: access::heard(node).await?, hints })
    }

    fn out(node: &Node, known: &Known, item: Item<Self>) -> SystemOut {
        let heard = known.heard.get(&item.doc.code).copied().unwrap_or_default();
        let packs = node.packs();
        let status = access::phase::status(&item.state, item.doc.phase());
        let category = packs.category(&item.doc.category);
        let stage = packs.stage(&item.doc.stage);
        SystemOut {
            frame: FrameOut::of(node, &item),
            division_name: node.divisions.name(&item.doc.division).to_owned(),
            category_name: category.map_or_else(|| item.doc.category.clone(), |category| category.name.clone()),
            stage_name: stage.map_or_else(|| item.doc.stage.clone(), |stage| stage.name.clone()),
            status,
            status_name: packs.name_in("access_status", status).to_owned(),
            phase_name: packs.name_in("access_status", item.doc.phase().as_str()).to_owned(),
            token_hint: known.hints.get(&item.doc.code).cloned(),
            last_report_at: heard.last_report_at,
            last_seen_at: heard.last_seen_at,
            online: heard.is_online(node.now()),
            events_total: heard.events_total,
            doc: item.doc.into(),
        }
    }
}

/// 查询接入系统
#[utoipa::path(get, path = "/systems", extensions(("x-permission" = json!("access.read"))), tag = "接入系统", params(RegisterFind, Paging),
    responses((status = 200, body = Listing<SystemOut>)))]
async fn list_systems(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<RegisterPage>,
) -> ApiResult<Json<Listing<SystemOut>>> {
    page::<AccessDoc>(&state.node, &cx, query).await
}

/// 登记接入系统
#[utoipa::path(post, path = "/systems", extensions(("x-permission" = json!("access.create"))), tag = "接入系统", request_body = SystemIn,
    responses((status = 201, body = SystemOut)))]
async fn create_system(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<SystemIn>,
) -> ApiResult<(StatusCode, Json<SystemOut>)> {
    let begin = match body.begin.as_deref().unwrap_or("live") {
        "live" => Phase::Live,
        "trial" => Phase::Trial,
        _ => return Err(ApiError::bad_request("ACC-0305", "begin", "起始阶段不正确", "请选择 trial 或 live")),
    };
    let item = access::create(&state.node, &cx, AccessDoc::from(body), begin).await?;
    Ok((StatusCode::CREATED, shown(&state.node, &cx, item).await?))
}

/// 接入系统详情
#[utoipa::path(get, path = "/systems/{id}", extensions(("x-permission" = json!("access.read"))), tag = "接入系统", params(("id" = String, Path), LookFind),
    responses((status = 200, body = Detailed<SystemOut, Option<SystemFacts>>)))]
async fn get_system(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(look): Find<LookFind>,
) -> ApiResult<Json<Detailed<SystemOut, Option<SystemFacts>>>> {
    detail::<AccessDoc>(&state.node, &cx, id, &look).await
}

/// 变更接入系统
#[utoipa::path(put, path = "/systems/{id}", extensions(("x-permission" = json!("access.update"))), tag = "接入系统", params(("id" = String, Path)), request_body = SystemIn,
    responses((status = 200, body = SystemOut)))]
async fn change_system(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<SystemIn>,
) -> ApiResult<Json<SystemOut>> {
    let version = wanted_version(body.version)?;
    shown(&state.node, &cx, access::change(&state.node, &cx, id, version, AccessDoc::from(body)).await?).await
}

/// 审核接入系统
#[utoipa::path(post, path = "/systems/{id}/review", extensions(("x-permission" = json!("access.update|access.review|access.revoke"))), tag = "接入系统", params(("id" = String, Path)),
    request_body = RegisterReviewIn, responses((status = 200, body = SystemOut)))]
async fn review_system(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<RegisterReviewIn>,
) -> ApiResult<Json<SystemOut>> {
    shown(&state.node, &cx, access::phase::review(&state.node, &cx, id, body.decision()?).await?).await
}

/// A new token (接入令牌); shown once.
#[derive(Serialize, ToSchema)]
struct SystemTokenOut {
    token: String,
}

/// 签发接入令牌
#[utoipa::path(post, path = "/systems/{id}/token", extensions(("x-permission" = json!("access.issue"))), tag = "接入系统", params(("id" = String, Path)),
    responses((status = 200, body = SystemTokenOut)))]
async fn issue_system_token(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<SystemTokenOut>> {
    let issued = access::token::replace_all(&state.node, &cx, id).await?;
    Ok(Json(SystemTokenOut { token: issued.token }))
}
