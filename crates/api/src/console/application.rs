//! 接入申请 on the wire: the queue, one application, decisions. Rows: G-6.7.2.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::access::application::{
    self, ApplicationDetail, ApplicationQuery, ApplicationView, Decision, Form, StepView, Verb,
};
use suyuan_service::access::selftest::SelftestRun;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::some;
use crate::error::{ApiError, ApiResult};
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::open::selftest::answer::SelftestOut;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_applications))
        .routes(routes!(get_application))
        .routes(routes!(review_application))
}

/// What the queue is narrowed to.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ApplicationFind {
    /// State.
    state: Option<String>,
    /// Division, with what lies below.
    division: Option<String>,
    /// Category.
    category: Option<String>,
    /// Words in number, name or operator.
    q: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// An application in the queue (接入申请).
#[derive(Serialize, ToSchema)]
struct ApplicationRow {
    id: String,
    number: String,
    name: String,
    operator: String,
    category: String,
    category_name: String,
    stage: String,
    stage_name: String,
    division: String,
    division_name: String,
    /// After filing, the status of the system.
    state: String,
    state_name: String,
    #[schema(value_type = String, format = DateTime)]
    submitted_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    overdue: bool,
    system_code: Option<String>,
    system_id: Option<String>,
    filing_no: Option<String>,
    version: u64,
}

impl From<ApplicationView> for ApplicationRow {
    fn from(view: ApplicationView) -> Self {
        Self {
            id: view.id.to_string(),
            number: view.number,
            name: view.name,
            operator: view.operator,
            category: view.category,
            category_name: view.category_name,
            stage: view.stage,
            stage_name: view.stage_name,
            division: view.division,
            division_name: view.division_name,
            state: view.state,
            state_name: view.state_name,
            submitted_at: view.submitted_at,
            due_at: view.due_at,
            overdue: view.overdue,
            system_code: view.system_code,
            system_id: view.system_id.map(|id| id.to_string()),
            filing_no: view.filing_no,
            version: view.version,
        }
    }
}

/// The form as it was sent (接入申请表).
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationFormOut {
    name: String,
    operator: String,
    uscc: String,
    category: String,
    stage: String,
    division: String,
    subjects: Vec<String>,
    subject_list: Option<String>,
    url: Option<String>,
    contact: String,
    /// Masked for reviewers unless asked for in full.
    phone: String,
    /// Masked for reviewers unless asked for in full.
    email: Option<String>,
    purpose: String,
    daily_volume: u64,
    protocol: String,
    funding: Option<String>,
}

impl From<Form> for ApplicationFormOut {
    fn from(form: Form) -> Self {
        Self {
            name: form.name,
            operator: form.operator,
            uscc: form.uscc,
            category: form.category,
            stage: form.stage,
            division: form.division,
            subjects: form.subjects,
            subject_list: some(form.subject_list),
            url: some(form.url),
            contact: form.contact,
            phone: form.phone,
            email: some(form.email),
            purpose: form.purpose,
            daily_volume: form.daily_volume,
            protocol: form.protocol,
            funding: some(form.funding),
        }
    }
}

/// A step of an application (办理记录).
#[derive(Serialize, ToSchema)]
pub(crate) struct ApplicationStepOut {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who; `null` for the applicant, and always for him.
    actor: Option<String>,
    action: String,
    state: String,
    state_name: String,
    text: String,
}

impl From<StepView> for ApplicationStepOut {
    fn from(step: StepView) -> Self {
        Self {
            at: step.at,
            actor: some(step.actor),
            action: step.action,
            state: step.state,
            state_name: step.state_name,
            text: step.text,
        }
    }
}

/// An application in full (接入申请详情).
#[derive(Serialize, ToSchema)]
struct ApplicationOut {
    #[serde(flatten)]
    head: ApplicationRow,
    form: ApplicationFormOut,
    steps: Vec<ApplicationStepOut>,
    /// `accept`, `return`, `reject`, `file`: those allowed now.
    decisions: Vec<&'static str>,
    /// The newest self-test.
    #[schema(value_type = Option<SelftestOut>)]
    selftest: Option<SelftestRun>,
}

impl From<ApplicationDetail> for ApplicationOut {
    fn from(detail: ApplicationDetail) -> Self {
        Self {
            head: detail.head.into(),
            form: detail.form.into(),
            steps: detail.steps.into_iter().map(ApplicationStepOut::from).collect(),
            decisions: detail.decisions,
            selftest: detail.selftest,
        }
    }
}

/// A decision on an application (审核意见).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationReviewIn {
    /// Version that was looked at.
    version: u64,
    /// `accept`, `return`, `reject` or `file`.
    decision: String,
    /// Why; needed to return and reject.
    #[serde(default)]
    reason: Option<String>,
}

/// 查询接入申请
#[utoipa::path(get, path = "/applications", extensions(("x-permission" = json!("access.read"))), tag = "接入系统",
    params(ApplicationFind, Paging), responses((status = 200, body = Listing<ApplicationRow>)))]
async fn list_applications(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<ApplicationFind>,
) -> ApiResult<Json<Listing<ApplicationRow>>> {
    let query = ApplicationQuery {
        after: find.paging.after_object()?,
        limit: find.paging.limit(),
        state: find.state,
        division: find.division,
        category: find.category,
        q: find.q,
    };
    Ok(Json(Listing::of(application::list(&state.node, &cx, query).await?, ApplicationRow::from)))
}

/// How an application is looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ApplicationLookFind {
    /// `true` shows telephone and mail address in full and leaves a row in the audit trail.
    unmask: Option<String>,
}

/// 接入申请详情
#[utoipa::path(get, path = "/applications/{id}", extensions(("x-permission" = json!("access.read"))), tag = "接入系统",
    params(("id" = String, Path), ApplicationLookFind), responses((status = 200, body = ApplicationOut)))]
async fn get_application(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(look): Find<ApplicationLookFind>,
) -> ApiResult<Json<ApplicationOut>> {
    let in_full = look.unmask.as_deref() == Some("true");
    Ok(Json(application::get(&state.node, &cx, id, in_full).await?.into()))
}

/// 审核接入申请
#[utoipa::path(post, path = "/applications/{id}/review", extensions(("x-permission" = json!("access.review"))),
    tag = "接入系统", params(("id" = String, Path)), request_body = ApplicationReviewIn,
    responses((status = 200, body = ApplicationOut)))]
async fn review_application(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<ApplicationReviewIn>,
) -> ApiResult<Json<ApplicationOut>> {
    let unknown = || {
        let reason = format!("没有操作 {}", body.decision.chars().take(20).collect::<String>());
        ApiError::bad_request("JOIN-0204", "decision", reason, "请从可办理的操作中选择")
    };
    let verb = Verb::parse_decision(&body.decision).ok_or_else(unknown)?;
    let decision = Decision { version: body.version, verb, reason: body.reason.unwrap_or_default() };
    Ok(Json(application::review(&state.node, &cx, id, decision).await?.into()))
}
