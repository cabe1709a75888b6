//! One's own account (个人中心) on the wire. Rows, H-6.5.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_service::OpContext;
use suyuan_service::account::profile::{self, Profile, session_name};
use suyuan_service::account::{StoredSession, factor};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, ApiResult};
use crate::extract::{At, Console, In};
use crate::listing::Listing;
use crate::session::SetUpOut;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_own, change_own))
        .routes(routes!(set_preferences))
        .routes(routes!(change_own_password))
        .routes(routes!(begin_second_factor, remove_second_factor))
        .routes(routes!(confirm_second_factor))
        .routes(routes!(renew_recovery_codes))
        .routes(routes!(list_own_sessions, end_other_sessions))
        .routes(routes!(end_own_session))
        .routes(routes!(ask_deletion, withdraw_deletion))
}

/// One's own account (本人资料).
#[derive(Serialize, ToSchema)]
struct ProfileOut {
    id: String,
    username: String,
    display_name: String,
    phone: String,
    email: String,
    role: String,
    role_name: String,
    division: String,
    division_name: String,
    /// `null` for all.
    #[schema(value_type = Option<Vec<String>>)]
    categories: Option<BTreeSet<String>>,
    /// The subject that the account acts for.
    subject: Option<String>,
    #[schema(value_type = Object)]
    preferences: serde_json::Value,
    #[schema(value_type = String, format = DateTime)]
    password_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    password_expires_at: Option<Timestamp>,
    second_factor: SecondFactorOut,
    deletion: DeletionOut,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sign_in_at: Option<Timestamp>,
    last_sign_in_address: Option<String>,
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// How the second factor stands.
#[derive(Serialize, ToSchema)]
struct SecondFactorOut {
    enabled: bool,
    /// Whether the role asks for one.
    required: bool,
    /// Recovery codes that are left.
    recovery_left: u64,
}

/// How a deletion stands.
#[derive(Serialize, ToSchema)]
struct DeletionOut {
    /// `none`, `requested` or `confirmed`.
    state: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    requested_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    erase_at: Option<Timestamp>,
}

impl From<Profile> for ProfileOut {
    fn from(profile: Profile) -> Self {
        let account = profile.account;
        let (last_sign_in_at, last_sign_in_address) = account.last_sign_in.unzip();
        Self {
            id: account.id.to_string(),
            username: account.username,
            display_name: account.personal.display_name,
            phone: account.personal.phone,
            email: account.personal.email,
            role: account.role,
            role_name: account.role_name,
            division: account.division,
            division_name: account.division_name,
            categories: account.categories,
            subject: Some(account.subject).filter(|subject| !subject.is_empty()),
            preferences: serde_json::from_str(&account.preferences).unwrap_or_default(),
            password_at: account.password_at,
            password_expires_at: profile.password_expires_at,
            second_factor: SecondFactorOut {
                enabled: account.second_factor,
                required: profile.second_factor_required,
                recovery_left: profile.recovery_left,
            },
            deletion: DeletionOut {
                state: account.deletion,
                requested_at: account.deletion_at,
                erase_at: account.erase_at,
            },
            last_sign_in_at,
            last_sign_in_address,
            version: account.version,
            created_at: account.created_at,
        }
    }
}

/// 本人资料
#[utoipa::path(get, path = "/api/v1/own", extensions(("x-permission" = json!("session"))), tag = "个人中心",
    responses((status = 200, body = ProfileOut)))]
async fn get_own(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<ProfileOut>> {
    Ok(Json(profile::read(&state.node, &cx).await?.into()))
}

/// What is to be changed of one's own account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProfilePatch {
    version: u64,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

/// 修改本人资料
#[utoipa::path(put, path = "/api/v1/own", extensions(("x-permission" = json!("session"))), tag = "个人中心",
    request_body = ProfilePatch, responses((status = 200, body = ProfileOut)))]
async fn change_own(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<ProfilePatch>,
) -> ApiResult<Json<ProfileOut>> {
    let ProfilePatch { version, display_name, phone, email } = body;
    Ok(Json(profile::change(&state.node, &cx, version, (display_name, phone, email)).await?.into()))
}

/// 保存个人设置
#[utoipa::path(put, path = "/api/v1/own/preferences", extensions(("x-permission" = json!("session"))),
    tag = "个人中心", request_body = Object, responses((status = 200, body = ProfileOut)))]
async fn set_preferences(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<serde_json::Value>,
) -> ApiResult<Json<ProfileOut>> {
    Ok(Json(profile::prefer(&state.node, &cx, &body).await?.into()))
}

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordIn {
    old: String,
    password: String,
}

/// 修改本人口令
#[utoipa::path(post, path = "/api/v1/own/password", extensions(("x-permission" = json!("session"))),
    tag = "个人中心", request_body = PasswordIn, responses((status = 204)))]
async fn change_own_password(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<PasswordIn>,
) -> ApiResult<StatusCode> {
    profile::change_password(&state.node, &cx, &body.old, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 设置双因素：获取密钥
#[utoipa::path(post, path = "/api/v1/own/second-factor", extensions(("x-permission" = json!("session"))),
    tag = "个人中心", responses((status = 200, body = SetUpOut)))]
async fn begin_second_factor(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<SetUpOut>> {
    Ok(Json(factor::begin(&state.node, &cx).await?.into()))
}

/// A code of the second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnCodeIn {
    code: String,
}

/// Recovery codes (恢复码), shown once.
#[derive(Serialize, ToSchema)]
struct RecoveryOut {
    recovery_codes: Vec<String>,
}

/// 设置双因素：确认
#[utoipa::path(post, path = "/api/v1/own/second-factor/confirm", extensions(("x-permission" = json!("session"))),
    tag = "个人中心", request_body = OwnCodeIn, responses((status = 200, body = RecoveryOut)))]
async fn confirm_second_factor(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<OwnCodeIn>,
) -> ApiResult<Json<RecoveryOut>> {
    Ok(Json(RecoveryOut { recovery_codes: factor::confirm(&state.node, &cx, &body.code).await? }))
}

/// 重新生成恢复码
#[utoipa::path(post, path = "/api/v1/own/second-factor/recovery-codes",
    extensions(("x-permission" = json!("session"))), tag = "个人中心", responses((status = 200, body = RecoveryOut)))]
async fn renew_recovery_codes(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<RecoveryOut>> {
    Ok(Json(RecoveryOut { recovery_codes: factor::new_codes(&state.node, &cx).await? }))
}

/// 关闭双因素
#[utoipa::path(delete, path = "/api/v1/own/second-factor", extensions(("x-permission" = json!("session"))),
    tag = "个人中心", responses((status = 204)))]
async fn remove_second_factor(State(state): State<AppState>, Console(cx): Console) -> ApiResult<StatusCode> {
    factor::remove(&state.node, &cx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A session (登录会话).
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionOut {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    begun_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
    address: String,
    /// What the browser calls itself.
    agent: String,
    /// Browser and system in words.
    device: String,
    second_factor: bool,
    /// Whether it is the one that asks.
    current: bool,
}

impl SessionOut {
    /// A session as `cx` sees it.
    pub(crate) fn of(session: &StoredSession, cx: &OpContext) -> Self {
        Self {
            id: session_name(session),
            begun_at: session.created_at,
            last_seen_at: session.last_seen_at,
            ends_at: session.expires_at,
            address: session.address.clone(),
            device: device(&session.agent),
            agent: session.agent.clone(),
            second_factor: session.second_factor,
            current: cx.session.is_some_and(|mark| mark.hash == session.hash),
        }
    }
}

/// Browser and system, as far as the browser says.
fn device(agent: &str) -> String {
    let first =
        |words: &[(&str, &'static str)]| words.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name);
    // The order matters: most browsers also name those that they descend from.
    let browsers = [
        ("Edg", "Edge"),
        ("360", "360 浏览器"),
        ("QQBrowser", "QQ 浏览器"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    let systems = [
        ("HarmonyOS", "鸿蒙"),
        ("Android", "安卓"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    match (first(&browsers), first(&systems)) {
        (Some(browser), Some(system)) => format!("{browser}（{system}）"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "未知设备".to_owned(),
    }
}

/// 本人的登录会话
#[utoipa::path(get, path = "/api/v1/own/sessions", extensions(("x-permission" = json!("session"))), tag = "个人中心",
    responses((status = 200, body = Listing<SessionOut>)))]
async fn list_own_sessions(
    State(state): State<AppState>,
    Console(cx): Console,
) -> ApiResult<Json<Listing<SessionOut>>> {
    let sessions = profile::sessions(&state.node, &cx).await?;
    Ok(Json(Listing::whole(sessions.iter().map(|session| SessionOut::of(session, &cx)).collect())))
}

/// How many were ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct EndedOut {
    /// Sessions.
    pub(crate) ended: u64,
}

/// 退出本人的其他登录会话
#[utoipa::path(delete, path = "/api/v1/own/sessions", extensions(("x-permission" = json!("session"))),
    tag = "个人中心", responses((status = 200, body = EndedOut)))]
async fn end_other_sessions(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<EndedOut>> {
    Ok(Json(EndedOut { ended: profile::end_others(&state.node, &cx).await? }))
}

/// 退出本人的一个登录会话
#[utoipa::path(delete, path = "/api/v1/own/sessions/{id}", extensions(("x-permission" = json!("session"))),
    tag = "个人中心", params(("id" = String, Path)), responses((status = 204)))]
async fn end_own_session(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<String>,
) -> ApiResult<StatusCode> {
    profile::end_session(&state.node, &cx, &id).await.map_err(ApiError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// 申请注销本人账号
#[utoipa::path(post, path = "/api/v1/own/deletion", extensions(("x-permission" = json!("session"))), tag = "个人中心",
    responses((status = 200, body = ProfileOut)))]
async fn ask_deletion(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<ProfileOut>> {
    Ok(Json(profile::ask_deletion(&state.node, &cx).await?.into()))
}

/// 撤回注销申请
#[utoipa::path(delete, path = "/api/v1/own/deletion", extensions(("x-permission" = json!("session"))),
    tag = "个人中心", responses((status = 200, body = ProfileOut)))]
async fn withdraw_deletion(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<ProfileOut>> {
    Ok(Json(profile::withdraw_deletion(&state.node, &cx).await?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_6_1_a_browser_is_named_in_words() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(device(chrome), "Chrome（Windows）");
        assert_eq!(device("Mozilla/5.0 (X11; Linux) Firefox/140"), "Firefox（Linux）");
        assert_eq!(device("curl/8"), "未知设备");
    }
}
