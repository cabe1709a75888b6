//! Tokens, quota and phase of a connected system on the wire. Rows: G-6.7.2.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::access::quota::{self, QuotaView};
use suyuan_service::access::token::{self, Issued, OVERLAP_HOURS, TokenScope, TokenView, VALID_DAYS, Wish};
use suyuan_service::access::{AccessDoc, Phase, phase};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::register::shown;
use super::SystemOut;
use crate::error::{ApiError, ApiResult};
use crate::extract::{At, Console, In};
use crate::listing::Listing;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_system_tokens, add_system_token))
        .routes(routes!(rotate_system_token))
        .routes(routes!(revoke_system_token))
        .routes(routes!(get_system_quota, set_system_quota))
        .routes(routes!(advance_system))
}

/// A token as it is shown (接入令牌).
#[derive(Serialize, ToSchema)]
struct TokenOut {
    /// Number on this node.
    number: i64,
    name: String,
    /// Last four characters.
    hint: String,
    /// `report`, `heartbeat`, `query`, `audit`.
    scopes: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    issued_at: Timestamp,
    issued_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// To the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    last_address: Option<String>,
    /// `active`, `ending`, `expired` or `revoked`.
    state: &'static str,
    state_name: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

impl From<TokenView> for TokenOut {
    fn from(view: TokenView) -> Self {
        Self {
            number: view.number,
            name: view.name,
            hint: view.hint,
            scopes: view.scopes,
            issued_at: view.issued_at,
            issued_by: Some(view.issued_by).filter(|name| !name.is_empty()),
            expires_at: view.expires_at,
            last_used_at: view.last_used_at,
            last_address: view.last_address,
            state: view.state,
            state_name: view.state_name,
            revoked_at: view.revoked_at,
        }
    }
}

/// A new token with its text, which is shown once (新令牌).
#[derive(Serialize, ToSchema)]
struct TokenIssuedOut {
    token: String,
    row: TokenOut,
}

impl From<Issued> for TokenIssuedOut {
    fn from(issued: Issued) -> Self {
        Self { token: issued.token, row: issued.row.into() }
    }
}

/// What a token is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenIn {
    name: String,
    /// `report`, `heartbeat`, `query`, `audit`: at least one.
    scopes: Vec<String>,
    /// 1 to 730; 365 where it is left out.
    #[serde(default)]
    valid_days: Option<u32>,
}

/// How a token is replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenRotateIn {
    /// Hours for which the old one works beside the new one, 0 to 168; 24 where it is left out.
    #[serde(default)]
    overlap_hours: Option<u32>,
    /// 1 to 730; 365 where it is left out.
    #[serde(default)]
    valid_days: Option<u32>,
}

/// Why a token is revoked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenRevokeIn {
    #[serde(default)]
    reason: Option<String>,
}

/// 接入系统的令牌
#[utoipa::path(get, path = "/systems/{id}/tokens", extensions(("x-permission" = json!("access.read"))), tag = "接入系统",
    params(("id" = String, Path)), responses((status = 200, body = Listing<TokenOut>)))]
async fn list_system_tokens(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<Listing<TokenOut>>> {
    let rows = token::list(&state.node, &cx, id).await?;
    Ok(Json(Listing::whole(rows.into_iter().map(TokenOut::from).collect())))
}

/// 增发接入令牌
#[utoipa::path(post, path = "/systems/{id}/tokens", extensions(("x-permission" = json!("access.issue"))),
    tag = "接入系统", params(("id" = String, Path)), request_body = TokenIn,
    responses((status = 201, body = TokenIssuedOut)))]
async fn add_system_token(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<TokenIn>,
) -> ApiResult<(StatusCode, Json<TokenIssuedOut>)> {
    let scopes: Option<Vec<TokenScope>> = body.scopes.iter().map(|text| TokenScope::parse(text)).collect();
    let advice = "请从 report、heartbeat、query、audit 中选择";
    let scopes = scopes.ok_or_else(|| ApiError::bad_request("ACC-0212", "scopes", "令牌用途不正确", advice))?;
    let wish = Wish { name: body.name, scopes, valid_days: body.valid_days.unwrap_or(VALID_DAYS) };
    let issued = token::issue(&state.node, &cx, id, wish).await?;
    Ok((StatusCode::CREATED, Json(issued.into())))
}

/// 轮换接入令牌
#[utoipa::path(post, path = "/systems/{id}/tokens/{number}/rotate",
    extensions(("x-permission" = json!("access.issue"))), tag = "接入系统",
    params(("id" = String, Path), ("number" = i64, Path)), request_body = TokenRotateIn,
    responses((status = 200, body = TokenIssuedOut)))]
async fn rotate_system_token(
    State(state): State<AppState>,
    Console(cx): Console,
    At(place): At<(ObjectId, i64)>,
    In(body): In<TokenRotateIn>,
) -> ApiResult<Json<TokenIssuedOut>> {
    let (overlap, days) = (body.overlap_hours.unwrap_or(OVERLAP_HOURS), body.valid_days.unwrap_or(VALID_DAYS));
    Ok(Json(token::rotate(&state.node, &cx, place, overlap, days).await?.into()))
}

/// 吊销接入令牌
#[utoipa::path(post, path = "/systems/{id}/tokens/{number}/revoke",
    extensions(("x-permission" = json!("access.issue"))), tag = "接入系统",
    params(("id" = String, Path), ("number" = i64, Path)), request_body = TokenRevokeIn,
    responses((status = 200, body = TokenOut)))]
async fn revoke_system_token(
    State(state): State<AppState>,
    Console(cx): Console,
    At(place): At<(ObjectId, i64)>,
    In(body): In<TokenRevokeIn>,
) -> ApiResult<Json<TokenOut>> {
    let reason = body.reason.unwrap_or_default();
    Ok(Json(token::revoke(&state.node, &cx, place, &reason).await?.into()))
}

/// The defaults of the packs; `null` where nothing is limited.
#[derive(Serialize, ToSchema)]
struct QuotaDefaults {
    requests_per_minute: Option<u64>,
    rows_per_day: Option<u64>,
    body_bytes: Option<u64>,
}

/// What was used today.
#[derive(Serialize, ToSchema)]
struct QuotaToday {
    requests: u64,
    rows: u64,
    refused: u64,
    bytes: u64,
}

/// The quota of a system (配额); `null` stands for the default.
#[derive(Serialize, ToSchema)]
struct QuotaOut {
    requests_per_minute: Option<u64>,
    rows_per_day: Option<u64>,
    body_bytes: Option<u64>,
    /// Networks from which it may call; empty for any.
    allow: Vec<String>,
    defaults: QuotaDefaults,
    today: QuotaToday,
    version: u64,
}

impl From<QuotaView> for QuotaOut {
    fn from(view: QuotaView) -> Self {
        let [requests_per_minute, rows_per_day, body_bytes] = view.defaults;
        Self {
            requests_per_minute: view.requests_per_minute,
            rows_per_day: view.rows_per_day,
            body_bytes: view.body_bytes,
            allow: view.allow,
            defaults: QuotaDefaults { requests_per_minute, rows_per_day, body_bytes },
            today: QuotaToday {
                requests: view.today.requests,
                rows: view.today.rows,
                refused: view.today.refused,
                bytes: view.today.bytes,
            },
            version: view.version,
        }
    }
}

/// The quota as it is set; `null` or left out for the default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuotaIn {
    version: u64,
    #[serde(default)]
    requests_per_minute: Option<u64>,
    #[serde(default)]
    rows_per_day: Option<u64>,
    #[serde(default)]
    body_bytes: Option<u64>,
    /// Networks such as `10.1.0.0/16`; empty for any.
    #[serde(default)]
    allow: Vec<String>,
}

/// 接入系统的配额与用量
#[utoipa::path(get, path = "/systems/{id}/quota", extensions(("x-permission" = json!("access.read"))), tag = "接入系统",
    params(("id" = String, Path)), responses((status = 200, body = QuotaOut)))]
async fn get_system_quota(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<QuotaOut>> {
    Ok(Json(quota::get(&state.node, &cx, id).await?.into()))
}

/// 设置接入系统的配额
#[utoipa::path(put, path = "/systems/{id}/quota", extensions(("x-permission" = json!("access.update"))),
    tag = "接入系统", params(("id" = String, Path)), request_body = QuotaIn, responses((status = 200, body = QuotaOut)))]
async fn set_system_quota(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<QuotaIn>,
) -> ApiResult<Json<QuotaOut>> {
    let wish = QuotaView {
        requests_per_minute: body.requests_per_minute,
        rows_per_day: body.rows_per_day,
        body_bytes: body.body_bytes,
        allow: body.allow,
        version: body.version,
        ..QuotaView::default()
    };
    Ok(Json(quota::set(&state.node, &cx, id, wish).await?.into()))
}

/// A step to another phase (转试运行、转正式).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SystemPhaseIn {
    /// Version that was looked at.
    version: u64,
    /// `trial` or `live`.
    phase: String,
    /// Why; needed to go back on trial, and to go live without a passed self-test.
    #[serde(default)]
    reason: Option<String>,
}

/// 接入系统转试运行或正式运行
#[utoipa::path(post, path = "/systems/{id}/phase", extensions(("x-permission" = json!("access.review"))),
    tag = "接入系统", params(("id" = String, Path)), request_body = SystemPhaseIn,
    responses((status = 200, body = SystemOut)))]
async fn advance_system(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<SystemPhaseIn>,
) -> ApiResult<Json<SystemOut>> {
    let to = Phase::parse_step(&body.phase);
    let to = to.ok_or_else(|| ApiError::bad_request("ACC-0305", "phase", "接入阶段不正确", "请选择 trial 或 live"))?;
    let reason = body.reason.unwrap_or_default();
    let item = phase::advance(&state.node, &cx, (id, body.version), to, &reason).await?;
    shown::<AccessDoc>(&state.node, &cx, item).await
}
