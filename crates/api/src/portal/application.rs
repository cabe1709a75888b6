//! Applying for access (接入申请): send the form, follow it by number and query code, mend it, take it back, test samples.
//! Rows: G-6.7.2.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;
use suyuan_service::access::application::{self, Followed, Form};
use suyuan_service::access::selftest::{Sample, SelftestRun};
use suyuan_service::account::captcha::Answer;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::console::application::{ApplicationFormOut, ApplicationStepOut};
use crate::error::ApiResult;
use crate::extract::{Address, At, Find, In};
use crate::open::selftest::answer::{SelftestOut, SelftestSample};
use crate::session::CaptchaAnswer;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(submit_application))
        .routes(routes!(follow_application, amend_application))
        .routes(routes!(withdraw_application))
        .routes(routes!(test_application))
        .routes(routes!(read_application_reference))
}

/// What an applicant fills in (接入申请表).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationIn {
    /// Name of the system.
    name: String,
    /// Who runs it.
    operator: String,
    /// Unified social credit code of who runs it.
    uscc: String,
    category: String,
    stage: String,
    division: String,
    /// Codes of the subjects it reports for, where known.
    #[serde(default)]
    subjects: Vec<String>,
    /// The same in words, where codes are not known.
    #[serde(default)]
    subject_list: Option<String>,
    #[serde(default)]
    url: Option<String>,
    contact: String,
    phone: String,
    #[serde(default)]
    email: Option<String>,
    /// What it is for.
    purpose: String,
    /// Rows that it expects to send in a day.
    daily_volume: u64,
    /// `json`, `epcis` or `csv`.
    protocol: String,
    /// `state` or `market`.
    #[serde(default)]
    funding: Option<String>,
    /// For applying only, and only where `AUTH-0105` asks for it: the answer to a captcha of `/api/v1/session/captcha`.
    #[serde(default)]
    captcha: Option<CaptchaAnswer>,
    /// For mending only: the query code.
    #[serde(default)]
    query_code: Option<String>,
    /// For mending only: the version that was read.
    #[serde(default)]
    version: Option<u64>,
}

impl From<ApplicationIn> for Form {
    fn from(body: ApplicationIn) -> Self {
        Self {
            name: body.name,
            operator: body.operator,
            uscc: body.uscc,
            category: body.category,
            stage: body.stage,
            division: body.division,
            subjects: body.subjects,
            subject_list: body.subject_list.unwrap_or_default(),
            url: body.url.unwrap_or_default(),
            contact: body.contact,
            phone: body.phone,
            email: body.email.unwrap_or_default(),
            purpose: body.purpose,
            daily_volume: body.daily_volume,
            protocol: body.protocol,
            funding: body.funding.unwrap_or_default(),
        }
    }
}

/// The number of an application and the code that opens it; the code is shown once.
#[derive(Debug, Serialize, ToSchema)]
struct ApplicationReceipt {
    number: String,
    query_code: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
}

/// An application as its applicant sees it (申请进度).
#[derive(Serialize, ToSchema)]
struct ApplicationProgress {
    number: String,
    name: String,
    operator: String,
    category: String,
    category_name: String,
    stage: String,
    stage_name: String,
    division: String,
    division_name: String,
    protocol: String,
    #[schema(value_type = String, format = DateTime)]
    submitted_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    overdue: bool,
    state: String,
    state_name: String,
    /// What to do next.
    next: String,
    filing_no: Option<String>,
    system_code: Option<String>,
    form: ApplicationFormOut,
    version: u64,
    may_amend: bool,
    may_withdraw: bool,
    may_test: bool,
    steps: Vec<ApplicationStepOut>,
    #[schema(value_type = Option<SelftestOut>)]
    selftest: Option<SelftestRun>,
}

impl From<Followed> for ApplicationProgress {
    fn from(followed: Followed) -> Self {
        let head = followed.head;
        Self {
            number: head.number,
            name: head.name,
            operator: head.operator,
            category: head.category,
            category_name: head.category_name,
            stage: head.stage,
            stage_name: head.stage_name,
            division: head.division,
            division_name: head.division_name,
            protocol: followed.form.protocol.clone(),
            submitted_at: head.submitted_at,
            due_at: head.due_at,
            overdue: head.overdue,
            state: head.state,
            state_name: head.state_name,
            next: followed.next,
            filing_no: head.filing_no,
            system_code: head.system_code,
            form: followed.form.into(),
            version: head.version,
            may_amend: followed.may_amend,
            may_withdraw: followed.may_withdraw,
            may_test: followed.may_test,
            steps: followed.steps.into_iter().map(ApplicationStepOut::from).collect(),
            selftest: followed.selftest,
        }
    }
}

/// How an applicant is known.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ApplicationFollowQuery {
    /// Code that was given with the number.
    #[serde(default)]
    query_code: String,
}

/// Taking an application back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationWithdrawIn {
    query_code: String,
    version: u64,
    #[serde(default)]
    reason: Option<String>,
}

/// Samples of an applicant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationTestIn {
    query_code: String,
    /// 1 to 20, in the order in which they would be sent.
    #[schema(value_type = Vec<SelftestSample>)]
    samples: Vec<Sample>,
}

/// 提交接入申请
#[utoipa::path(post, path = "/applications", tag = "公众服务", request_body = ApplicationIn,
    responses((status = 201, body = ApplicationReceipt)))]
async fn submit_application(
    State(state): State<AppState>,
    Address(address): Address,
    In(mut body): In<ApplicationIn>,
) -> ApiResult<(StatusCode, Json<ApplicationReceipt>)> {
    let answer = body.captcha.take().map(Answer::from);
    let submitted = application::submit(&state.node, &address, body.into(), answer.as_ref()).await?;
    let application::Submitted { number, query_code, due_at } = submitted;
    Ok((StatusCode::CREATED, Json(ApplicationReceipt { number, query_code, due_at })))
}

/// 查询接入申请进度
#[utoipa::path(get, path = "/applications/{number}", tag = "公众服务",
    params(("number" = String, Path), ApplicationFollowQuery), responses((status = 200, body = ApplicationProgress)))]
async fn follow_application(
    State(state): State<AppState>,
    Address(address): Address,
    At(number): At<String>,
    Find(query): Find<ApplicationFollowQuery>,
) -> ApiResult<Json<ApplicationProgress>> {
    Ok(Json(application::follow(&state.node, &address, &number, &query.query_code).await?.into()))
}

/// 补正接入申请
#[utoipa::path(put, path = "/applications/{number}", tag = "公众服务", params(("number" = String, Path)),
    request_body = ApplicationIn, responses((status = 200, body = ApplicationProgress)))]
async fn amend_application(
    State(state): State<AppState>,
    Address(address): Address,
    At(number): At<String>,
    In(body): In<ApplicationIn>,
) -> ApiResult<Json<ApplicationProgress>> {
    let (code, version) = (body.query_code.clone().unwrap_or_default(), body.version.unwrap_or_default());
    let known = (number.as_str(), code.as_str());
    Ok(Json(application::amend(&state.node, &address, known, version, body.into()).await?.into()))
}

/// 撤回接入申请
#[utoipa::path(post, path = "/applications/{number}/withdraw", tag = "公众服务", params(("number" = String, Path)),
    request_body = ApplicationWithdrawIn, responses((status = 200, body = ApplicationProgress)))]
async fn withdraw_application(
    State(state): State<AppState>,
    Address(address): Address,
    At(number): At<String>,
    In(body): In<ApplicationWithdrawIn>,
) -> ApiResult<Json<ApplicationProgress>> {
    let known = (number.as_str(), body.query_code.as_str());
    let reason = body.reason.unwrap_or_default();
    Ok(Json(application::withdraw(&state.node, &address, known, body.version, &reason).await?.into()))
}

/// 以申请做接入自测
#[utoipa::path(post, path = "/applications/{number}/selftest", tag = "公众服务", params(("number" = String, Path)),
    request_body = ApplicationTestIn, responses((status = 200, body = SelftestOut)))]
async fn test_application(
    State(state): State<AppState>,
    Address(address): Address,
    At(number): At<String>,
    In(body): In<ApplicationTestIn>,
) -> ApiResult<Json<SelftestRun>> {
    let known = (number.as_str(), body.query_code.as_str());
    Ok(Json(application::test(&state.node, &address, known, body.samples).await?))
}

/// A code with its name.
#[derive(Serialize, ToSchema)]
struct ApplicationWord {
    code: String,
    name: String,
}

/// A category with its stages.
#[derive(Serialize, ToSchema)]
struct ApplicationCategory {
    code: String,
    name: String,
    stages: Vec<ApplicationWord>,
}

/// What the form of an application needs (申请表选项).
#[derive(Serialize, ToSchema)]
struct ApplicationReference {
    categories: Vec<ApplicationCategory>,
    /// The node's own division and what lies below.
    divisions: Vec<ApplicationWord>,
    protocols: Vec<ApplicationWord>,
    funding: Vec<ApplicationWord>,
    /// The node's day, for showing until when something is due.
    today: String,
}

/// 接入申请表选项
#[utoipa::path(get, path = "/reference", tag = "公众服务", responses((status = 200, body = ApplicationReference)))]
async fn read_application_reference(State(state): State<AppState>) -> Json<ApplicationReference> {
    let node = &state.node;
    let packs = node.packs();
    let word = |code: &str, name: &str| ApplicationWord { code: code.to_owned(), name: name.to_owned() };
    let list = |name: &str| packs.list(name).map(|entry| word(&entry.code, &entry.name)).collect();
    let categories = packs.categories.iter().map(|category| ApplicationCategory {
        code: category.code.clone(),
        name: category.name.clone(),
        stages: category.stages.iter().filter_map(|code| packs.stage(code)).map(|s| word(&s.code, &s.name)).collect(),
    });
    let ranges = node.divisions.subtree(node.code());
    let inside = node.divisions.iter().filter(|row| ranges.iter().any(|range| range.covers(&row.code)));
    Json(ApplicationReference {
        categories: categories.collect(),
        divisions: inside.map(|row| word(&row.code, node.divisions.name(&row.code))).collect(),
        protocols: list("access_protocol"),
        funding: list("access_funding"),
        today: Day::of(node.now()).to_string(),
    })
}
