//! What the sign-in page offers beside the password (统一身份登录入口). Rows: H-9.4, A-6.1.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use suyuan_service::openid::partner::TROUBLES;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, ApiResult};
use crate::extract::At;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(sign_on_offers)).routes(routes!(sign_on_trouble))
}

/// A provider with which people may sign in.
#[derive(Serialize, ToSchema)]
struct SignOnProvider {
    /// Its name on the button.
    name: String,
    /// Where the button leads.
    start: String,
}

/// What the sign-in page offers.
#[derive(Serialize, ToSchema)]
struct SignOnOffers {
    openid: Option<SignOnProvider>,
}

/// 登录页提供的登录方式
#[utoipa::path(get, path = "/sign-on", tag = "登录", responses((status = 200, body = SignOnOffers)))]
async fn sign_on_offers(State(state): State<AppState>) -> Json<SignOnOffers> {
    let provider = |name: &String| SignOnProvider { name: name.clone(), start: "/oidc/sign-in".to_owned() };
    Json(SignOnOffers { openid: state.node.config.openid.as_ref().map(|settings| provider(&settings.name)) })
}

/// What kept somebody from signing in.
#[derive(Serialize, ToSchema)]
struct SignOnTrouble {
    code: String,
    message: String,
    advice: String,
}

/// 统一身份登录的错误说明
#[utoipa::path(get, path = "/sign-on/errors/{code}", tag = "登录", params(("code" = String, Path)),
    responses((status = 200, body = SignOnTrouble)))]
async fn sign_on_trouble(At(code): At<String>) -> ApiResult<Json<SignOnTrouble>> {
    let known = TROUBLES.iter().find(|(known, _, _)| *known == code);
    let (code, message, advice) = known.ok_or_else(|| ApiError::not_found("该错误说明"))?;
    let text = |text: &&str| (*text).to_owned();
    Ok(Json(SignOnTrouble { code: text(code), message: text(message), advice: text(advice) }))
}
