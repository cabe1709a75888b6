//! Signing in and out (登录、退出): the cookie lives here, sessions in `suyuan_service::account`. Rows, H-9.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_service::account::captcha::{self, Answer, Shown, Wanted};
use suyuan_service::account::factor::SetUp;
use suyuan_service::account::{self, AccountView, PendingStep, SignInStep, sign_on};
use suyuan_service::{OpContext, account::profile};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{Address, Console, Find, In, Stranger, guard};
use crate::layers::request_id;
use crate::portal::node::NodeOut;
use crate::state::AppState;

/// Name of the cookie.
pub(crate) const COOKIE: &str = "suyuan_session";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_session, sign_in, sign_out))
        .routes(routes!(sign_on_options))
        .routes(routes!(get_captcha))
        .routes(routes!(show_second_factor))
        .routes(routes!(enrol_second_factor))
        .routes(routes!(change_due_password))
        .routes(routes!(confirm_session))
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    username: String,
    password: String,
    /// Asked for after failures.
    #[serde(default)]
    captcha: Option<CaptchaAnswer>,
}

/// The answer to a captcha.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptchaAnswer {
    id: String,
    answer: String,
}

impl From<CaptchaAnswer> for Answer {
    fn from(given: CaptchaAnswer) -> Self {
        Self { id: given.id, answer: given.answer }
    }
}

/// Who is signed in (当前用户).
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    account: MyAccount,
    node: NodeOut,
    /// Top of the divisions that may be chosen.
    divisions_in_scope_root: String,
    /// When the session ends unless something is done.
    #[schema(value_type = String, format = DateTime)]
    idle_ends_at: Timestamp,
    /// When it ends in any case.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
    /// The present moment of the node.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    /// Whether a second factor was shown in this session.
    second_factor: bool,
    /// When the password has to be changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    password_expires_at: Option<Timestamp>,
    /// New recovery codes, shown once, right after a second factor was set up.
    recovery_codes: Option<Vec<String>>,
}

/// The account of the session.
#[derive(Serialize, ToSchema)]
struct MyAccount {
    id: String,
    username: String,
    display_name: String,
    role: String,
    role_name: String,
    division: String,
    division_name: String,
    /// `null` for all.
    #[schema(value_type = Option<Vec<String>>)]
    categories: Option<BTreeSet<String>>,
    /// The subject that the account acts for.
    subject: Option<String>,
    /// What the role may do, such as `subject.read`.
    permissions: Vec<String>,
    /// What the screens remember.
    #[schema(value_type = Object)]
    preferences: serde_json::Value,
}

/// What is still to be done before the session begins (登录的下一步).
#[derive(Serialize, ToSchema)]
struct PendingOut {
    /// `second_factor`, `change_password` or `enrol_second_factor`.
    step: &'static str,
    /// Brought back with the step.
    ticket: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    username: String,
    /// New recovery codes, shown once.
    recovery_codes: Option<Vec<String>>,
}

fn my_account(account: AccountView, cx: &OpContext) -> MyAccount {
    MyAccount {
        id: account.id.to_string(),
        username: account.username,
        display_name: account.personal.display_name,
        permissions: cx.policy.permissions(&account.role),
        role: account.role,
        role_name: account.role_name,
        division: account.division,
        division_name: account.division_name,
        categories: account.categories,
        subject: Some(account.subject).filter(|subject| !subject.is_empty()),
        preferences: serde_json::from_str(&account.preferences).unwrap_or_default(),
    }
}

async fn me(state: &AppState, cx: &OpContext, codes: Vec<String>) -> ApiResult<Me> {
    let profile = profile::read(&state.node, cx).await?;
    let (idle_ends_at, ends_at) = sign_on::ends(&state.node, cx).await?;
    Ok(Me {
        divisions_in_scope_root: profile.account.division.clone(),
        account: my_account(profile.account, cx),
        node: state.node.view().into(),
        idle_ends_at,
        ends_at,
        now: state.node.now(),
        second_factor: cx.session.is_some_and(|mark| mark.second_factor),
        password_expires_at: profile.password_expires_at,
        recovery_codes: some_codes(codes),
    })
}

fn some_codes(codes: Vec<String>) -> Option<Vec<String>> {
    Some(codes).filter(|codes| !codes.is_empty())
}

fn cookie(value: String, secure: bool) -> Cookie<'static> {
    Cookie::build((COOKIE, value)).path("/").http_only(true).same_site(SameSite::Strict).secure(secure).build()
}

/// The cookie of a session that has begun.
pub(crate) fn session_cookie(state: &AppState, token: String) -> Cookie<'static> {
    cookie(token, is_secure(state))
}

pub(crate) fn is_secure(state: &AppState) -> bool {
    state.node.config.public_url.starts_with("https:")
}

/// The answer to a step: the session with its cookie, or what is next.
async fn answered(state: &AppState, jar: CookieJar, step: SignInStep) -> ApiResult<Response> {
    match step {
        SignInStep::Done(signed) => {
            let jar = jar.add(session_cookie(state, signed.token));
            Ok((jar, Json(me(state, &signed.cx, signed.recovery_codes).await?)).into_response())
        }
        SignInStep::Pending(PendingStep { step, ticket, expires_at, username, recovery_codes }) => {
            let recovery_codes = some_codes(recovery_codes);
            let out = PendingOut { step: step.as_str(), ticket, expires_at, username, recovery_codes };
            Ok((StatusCode::ACCEPTED, Json(out)).into_response())
        }
    }
}

/// 登录
#[utoipa::path(post, path = "/api/v1/session", extensions(("x-permission" = json!("public"))), tag = "登录",
    request_body = SignIn, security(("own_page" = [])),
    responses((status = 200, body = Me), (status = 202, body = PendingOut)))]
async fn sign_in(
    State(state): State<AppState>,
    Stranger(origin): Stranger,
    jar: CookieJar,
    In(body): In<SignIn>,
) -> ApiResult<Response> {
    let answer = body.captcha.map(Answer::from);
    let step = account::sign_in(&state.node, &origin, &body.username, body.password, answer.as_ref()).await?;
    answered(&state, jar, step).await
}

/// A step of a sign-in with a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeIn {
    ticket: String,
    /// Six digits, or a recovery code.
    code: String,
}

/// 登录：双因素验证码或恢复码
#[utoipa::path(post, path = "/api/v1/session/second-factor", extensions(("x-permission" = json!("public"))),
    tag = "登录", request_body = CodeIn, security(("own_page" = [])),
    responses((status = 200, body = Me), (status = 202, body = PendingOut)))]
async fn show_second_factor(
    State(state): State<AppState>,
    Stranger(origin): Stranger,
    jar: CookieJar,
    In(body): In<CodeIn>,
) -> ApiResult<Response> {
    let step = sign_on::second_factor(&state.node, &origin, &body.ticket, &body.code).await?;
    answered(&state, jar, step).await
}

/// A ticket alone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TicketIn {
    ticket: String,
}

/// What an authenticator program needs (双因素设置信息).
#[derive(Serialize, ToSchema)]
pub(crate) struct SetUpOut {
    /// For typing.
    secret: String,
    /// What the picture holds.
    uri: String,
    /// A picture as a `data:` address.
    qr: String,
}

impl From<SetUp> for SetUpOut {
    fn from(SetUp { secret, uri, qr }: SetUp) -> Self {
        Self { secret, uri, qr }
    }
}

/// What an authenticator program needs, within a sign-in.
#[derive(Serialize, ToSchema)]
struct EnrolmentOut {
    secret: String,
    uri: String,
    qr: String,
    /// For confirming with a code.
    ticket: String,
}

/// 登录：首次设置双因素
#[utoipa::path(post, path = "/api/v1/session/enrolment", extensions(("x-permission" = json!("public"))),
    tag = "登录", request_body = TicketIn, security(("own_page" = [])), responses((status = 200, body = EnrolmentOut)))]
async fn enrol_second_factor(
    State(state): State<AppState>,
    Stranger(origin): Stranger,
    In(body): In<TicketIn>,
) -> ApiResult<Json<EnrolmentOut>> {
    let SetUp { secret, uri, qr } = sign_on::enrol(&state.node, &origin, &body.ticket).await?;
    Ok(Json(EnrolmentOut { secret, uri, qr, ticket: body.ticket }))
}

/// Another password within a sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DuePasswordIn {
    ticket: String,
    password: String,
}

/// 登录：修改首次登录或到期的口令
#[utoipa::path(post, path = "/api/v1/session/password", extensions(("x-permission" = json!("public"))),
    tag = "登录", request_body = DuePasswordIn, security(("own_page" = [])),
    responses((status = 200, body = Me), (status = 202, body = PendingOut)))]
async fn change_due_password(
    State(state): State<AppState>,
    Stranger(origin): Stranger,
    jar: CookieJar,
    In(body): In<DuePasswordIn>,
) -> ApiResult<Response> {
    let step = sign_on::change_password(&state.node, &origin, &body.ticket, &body.password).await?;
    answered(&state, jar, step).await
}

/// What the page of signing in has to know.
#[derive(Serialize, ToSchema)]
struct SignOnOptions {
    /// Whether this address must solve a captcha before its next try.
    captcha: bool,
    password: PasswordRulesOut,
}

/// The rules of passwords.
#[derive(Serialize, ToSchema)]
struct PasswordRulesOut {
    min_chars: usize,
    max_chars: usize,
    /// Of capital letters, small letters, digits and signs, how many sorts there must be.
    classes: usize,
    /// How many passwords of before may not come again.
    remembered: usize,
    /// For how many days a password holds.
    days: Option<u32>,
}

/// 登录页所需信息
#[utoipa::path(get, path = "/api/v1/session/options", extensions(("x-permission" = json!("public"))), tag = "登录",
    security(()), responses((status = 200, body = SignOnOptions)))]
async fn sign_on_options(State(state): State<AppState>, Stranger(origin): Stranger) -> Json<SignOnOptions> {
    let rules = sign_on::password_form(&state.node);
    Json(SignOnOptions {
        captcha: sign_on::wants_captcha(&state.node, &origin),
        password: PasswordRulesOut {
            min_chars: rules.min_chars,
            max_chars: rules.max_chars,
            classes: rules.classes,
            remembered: rules.remembered,
            days: rules.days,
        },
    })
}

/// Which captcha.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CaptchaFind {
    /// `picture` (usual) or `question`, a sum in words for people who do not see the picture.
    kind: Option<String>,
}

/// A captcha (验证码).
#[derive(Serialize, ToSchema)]
struct CaptchaOut {
    /// Brought back with the answer; good once.
    id: String,
    /// `picture` or `question`.
    kind: &'static str,
    /// A picture as a `data:` address.
    picture: Option<String>,
    /// A question in words.
    question: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// 获取验证码
#[utoipa::path(get, path = "/api/v1/session/captcha", extensions(("x-permission" = json!("public"))), tag = "登录",
    security(()), params(CaptchaFind), responses((status = 200, body = CaptchaOut)))]
async fn get_captcha(
    State(state): State<AppState>,
    Stranger(origin): Stranger,
    Find(find): Find<CaptchaFind>,
) -> ApiResult<Json<CaptchaOut>> {
    let wanted = if find.kind.as_deref() == Some("question") { Wanted::Question } else { Wanted::Picture };
    let made = captcha::make(&state.node, &origin, wanted)?;
    let (kind, picture, question) = match made.shown {
        Shown::Picture(png) => ("picture", Some(format!("data:image/png;base64,{}", STANDARD.encode(png))), None),
        Shown::Question(text) => ("question", None, Some(text)),
    };
    Ok(Json(CaptchaOut { id: made.id, kind, picture, question, expires_at: made.expires_at }))
}

/// 当前登录用户
#[utoipa::path(get, path = "/api/v1/session", extensions(("x-permission" = json!("session"))), tag = "登录",
    responses((status = 200, body = Me)))]
async fn get_session(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<Me>> {
    Ok(Json(me(&state, &cx, Vec::new()).await?))
}

/// The password, shown again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmIn {
    password: String,
}

/// 再次输入口令确认身份
#[utoipa::path(post, path = "/api/v1/session/confirm", extensions(("x-permission" = json!("session"))), tag = "登录",
    request_body = ConfirmIn, responses((status = 204)))]
async fn confirm_session(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<ConfirmIn>,
) -> ApiResult<StatusCode> {
    sign_on::confirm(&state.node, &cx, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 退出
// Whoever has no session any more is out already: no error, and so open to anybody.
#[utoipa::path(delete, path = "/api/v1/session", extensions(("x-permission" = json!("public"))), tag = "登录",
    responses((status = 204)))]
async fn sign_out(
    State(state): State<AppState>,
    headers: HeaderMap,
    Address(address): Address,
    jar: CookieJar,
) -> ApiResult<(CookieJar, StatusCode)> {
    guard(&Method::DELETE, &headers)?;
    if let Some(token) = jar.get(COOKIE) {
        account::sign_out(&state.node, token.value(), &address, &request_id()).await?;
    }
    Ok((jar.remove(cookie(String::new(), is_secure(&state))), StatusCode::NO_CONTENT))
}
