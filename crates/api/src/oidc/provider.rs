//! The provider's addresses: discovery, keys, authorisation, tokens, what is told of a person, signing out. Rows: H-9.4.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use suyuan_service::openid::authorize::{self, Asked, Next};
use suyuan_service::openid::grant::{self, ClientAuth, GrantError, Leaving, TokenAsked};
use suyuan_service::openid::key;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Fields, OAuthError, client_auth, go, page, refusal};
use crate::error::{ApiError, ApiResult};
use crate::extract::{Address, Find};
use crate::layers::request_id;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(openid_configuration))
        .routes(routes!(openid_keys))
        .routes(routes!(openid_authorize, openid_authorize_by_form))
        .routes(routes!(openid_token))
        .routes(routes!(openid_user_info, openid_user_info_by_form))
        .routes(routes!(openid_introspect))
        .routes(routes!(openid_revoke))
        .routes(routes!(openid_logout))
}

/// Answers that anybody may read from any page, so that applications in a browser can sign in too.
fn open(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn json(text: String) -> Response {
    open(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// The document of discovery (OpenID Provider Metadata).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the protocol's own crate writes")]
struct OpenIdConfiguration {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    scopes_supported: Vec<String>,
    response_types_supported: Vec<String>,
    id_token_signing_alg_values_supported: Vec<String>,
    code_challenge_methods_supported: Vec<String>,
    acr_values_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    claims_parameter_supported: bool,
    claims_supported: Vec<String>,
    grant_types_supported: Vec<String>,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    subject_types_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// 统一登录服务发现
#[utoipa::path(get, path = "/.well-known/openid-configuration", tag = "统一登录",
    responses((status = 200, body = OpenIdConfiguration)))]
async fn openid_configuration(State(state): State<AppState>) -> ApiResult<Response> {
    Ok(json(key::discovery(&state.node)?))
}

/// The public keys (JWK Set).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the protocol's own crate writes")]
struct OpenIdKeys {
    #[schema(value_type = Vec<Object>)]
    keys: Vec<serde_json::Value>,
}

/// 统一登录公钥
#[utoipa::path(get, path = "/oidc/jwks", tag = "统一登录", responses((status = 200, body = OpenIdKeys)))]
async fn openid_keys(State(state): State<AppState>) -> ApiResult<Response> {
    Ok(json(key::published(&state.node).await?))
}

/// 发起统一登录
#[utoipa::path(get, path = "/oidc/authorize", tag = "统一登录",
    params(("client_id" = String, Query), ("redirect_uri" = String, Query), ("scope" = String, Query),
        ("response_type" = String, Query), ("code_challenge" = String, Query), ("code_challenge_method" = String, Query),
        ("state" = Option<String>, Query), ("nonce" = Option<String>, Query), ("prompt" = Option<String>, Query),
        ("max_age" = Option<String>, Query)),
    responses((status = 303, description = "转到平台的授权页面，或带错误回到应用", content((String = "text/plain"))),
        (status = 400, description = "应用或回跳地址未登记：说明原因的页面，不离开平台", content((String = "text/html")))))]
async fn openid_authorize(
    State(state): State<AppState>,
    Address(address): Address,
    asked: ApiResult<Find<Asked>>,
) -> Response {
    match asked {
        Ok(Find(asked)) => begin(&state, &asked, &address).await,
        Err(error) => page(&state.node.config.platform_name, error),
    }
}

/// 发起统一登录（表单）
#[utoipa::path(post, path = "/oidc/authorize", tag = "统一登录",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "转到平台的授权页面，或带错误回到应用", content((String = "text/plain"))),
        (status = 400, description = "应用或回跳地址未登记：说明原因的页面，不离开平台", content((String = "text/html")))))]
async fn openid_authorize_by_form(State(state): State<AppState>, Address(address): Address, body: Bytes) -> Response {
    let Ok(mut fields) = Fields::read(&body) else {
        let error = ApiError::bad_request("OID-0203", "", "请求参数重复", "请联系该应用的管理单位");
        return page(&state.node.config.platform_name, error);
    };
    let asked = Asked {
        response_type: fields.take("response_type"),
        client_id: fields.take("client_id"),
        redirect_uri: fields.take("redirect_uri"),
        scope: fields.take("scope"),
        state: fields.take("state"),
        nonce: fields.take("nonce"),
        code_challenge: fields.take("code_challenge"),
        code_challenge_method: fields.take("code_challenge_method"),
        prompt: fields.take("prompt"),
        max_age: fields.take("max_age"),
        response_mode: fields.take("response_mode"),
        request: fields.take("request"),
        request_uri: fields.take("request_uri"),
    };
    begin(&state, &asked, &address).await
}

async fn begin(state: &AppState, asked: &Asked, address: &str) -> Response {
    match authorize::begin(&state.node, asked, address).await {
        Ok(Next::Page(id)) => go(&format!("/authorize?request={id}")),
        Ok(Next::Back(location)) => go(&location),
        Err(error) => page(&state.node.config.platform_name, error.into()),
    }
}

/// What an application is given (令牌).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the use case answers; nobody makes one")]
struct OpenIdTokens {
    access_token: String,
    token_type: String,
    expires_in: i64,
    id_token: String,
    #[schema(required = false)]
    refresh_token: String,
    scope: String,
}

/// 换取令牌
#[utoipa::path(post, path = "/oidc/token", tag = "统一登录",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = OpenIdTokens), (status = 400, body = OAuthError)))]
async fn openid_token(
    State(state): State<AppState>,
    Address(address): Address,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    open(
        answered(&headers, &body, address, async |auth, mut fields| {
            let asked = TokenAsked {
                grant_type: fields.take("grant_type"),
                code: fields.take("code"),
                redirect_uri: fields.take("redirect_uri"),
                code_verifier: fields.take("code_verifier"),
                refresh_token: fields.take("refresh_token"),
            };
            grant::token(&state.node, &auth, &asked).await
        })
        .await,
    )
}

/// Reads form and application, and answers with JSON or with an error of the protocol.
async fn answered<T: Serialize>(
    headers: &HeaderMap,
    body: &[u8],
    address: String,
    act: impl AsyncFnOnce(ClientAuth, Fields) -> Result<T, GrantError>,
) -> Response {
    let read = Fields::read(body).and_then(|mut fields| {
        let (auth, basic) = client_auth(headers, &mut fields, address)?;
        Ok((auth, basic, fields))
    });
    let (auth, basic, fields) = match read {
        Ok(read) => read,
        Err(error) => return refusal(&error, true),
    };
    match act(auth, fields).await {
        Ok(given) => ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(given)).into_response(),
        Err(error) => refusal(&error, basic),
    }
}

/// What is told of a person (用户信息).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the use case answers; nobody makes one")]
struct OpenIdUserInfo {
    sub: String,
    #[schema(required = false)]
    name: String,
    #[schema(required = false)]
    preferred_username: String,
    #[schema(required = false)]
    email: String,
    #[schema(required = false)]
    division: String,
    #[schema(required = false)]
    division_name: String,
    #[schema(required = false)]
    role: String,
    #[schema(required = false)]
    role_name: String,
    #[schema(required = false)]
    categories: Vec<String>,
}

/// 查询登录用户信息
#[utoipa::path(get, path = "/oidc/userinfo", tag = "统一登录",
    responses((status = 200, body = OpenIdUserInfo), (status = 401, body = OAuthError)))]
async fn openid_user_info(State(state): State<AppState>, headers: HeaderMap) -> Response {
    told(&state, &headers).await
}

/// 查询登录用户信息（表单）
#[utoipa::path(post, path = "/oidc/userinfo", tag = "统一登录",
    responses((status = 200, body = OpenIdUserInfo), (status = 401, body = OAuthError)))]
async fn openid_user_info_by_form(State(state): State<AppState>, headers: HeaderMap) -> Response {
    told(&state, &headers).await
}

async fn told(state: &AppState, headers: &HeaderMap) -> Response {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map_or("", |(_, token)| token.trim());
    open(match grant::user_info(&state.node, token).await {
        Ok(info) => Json(info).into_response(),
        Err(error) => refusal(&error, false),
    })
}

/// Whether a token holds.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what the use case answers; nobody makes one")]
struct OpenIdIntrospection {
    active: bool,
    #[schema(required = false)]
    client_id: String,
    #[schema(required = false)]
    sub: String,
    #[schema(required = false)]
    scope: String,
    #[schema(required = false)]
    exp: i64,
}

/// 查询令牌是否有效
#[utoipa::path(post, path = "/oidc/introspect", tag = "统一登录",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = OpenIdIntrospection), (status = 400, body = OAuthError)))]
async fn openid_introspect(
    State(state): State<AppState>,
    Address(address): Address,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(&headers, &body, address, async |auth, mut fields| {
        grant::introspect(&state.node, &auth, &fields.take("token")).await
    })
    .await
}

/// 吊销令牌
#[utoipa::path(post, path = "/oidc/revoke", tag = "统一登录",
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "已吊销", content((String = "application/json"))), (status = 400, body = OAuthError)))]
async fn openid_revoke(
    State(state): State<AppState>,
    Address(address): Address,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answered(&headers, &body, address, async |auth, mut fields| {
        grant::revoke(&state.node, &auth, &fields.take("token")).await.map(|()| "")
    })
    .await
}

/// What an application signs out with.
#[derive(Default, Deserialize)]
#[serde(default)]
struct LeavingIn {
    id_token_hint: String,
    client_id: String,
    post_logout_redirect_uri: String,
    state: String,
}

/// 统一退出
#[utoipa::path(get, path = "/oidc/logout", tag = "统一登录",
    params(("id_token_hint" = String, Query), ("client_id" = String, Query),
        ("post_logout_redirect_uri" = Option<String>, Query), ("state" = Option<String>, Query)),
    responses((status = 303, description = "转到登记的退出地址或登录页", content((String = "text/plain")))))]
async fn openid_logout(
    State(state): State<AppState>,
    Address(address): Address,
    Find(asked): Find<LeavingIn>,
) -> ApiResult<Response> {
    let LeavingIn { id_token_hint, client_id, post_logout_redirect_uri, state: mark } = asked;
    let auth = ClientAuth { id: client_id.clone(), secret: None, address, request_id: request_id() };
    let leaving = Leaving { id_token_hint, client_id, post_logout_redirect_uri, state: mark };
    Ok(go(&grant::leave(&state.node, &leaving, &auth).await?))
}
