//! Signing in and out (登录、退出): the cookie lives here, sessions in `suyuan_service::account`. Rows, H-9.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::{Deserialize, Serialize};
use suyuan_service::account::{self, AccountView};
use suyuan_service::reference::NodeView;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{Address, Console, In, guard};
use crate::layers::request_id;
use crate::portal::node::NodeOut;
use crate::state::AppState;

/// Name of the cookie.
pub(crate) const COOKIE: &str = "suyuan_session";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_session, sign_in, sign_out))
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    username: String,
    password: String,
}

/// Who is signed in (当前用户).
#[derive(Serialize, ToSchema)]
struct Me {
    account: MyAccount,
    node: NodeOut,
    /// Top of the divisions that may be chosen.
    divisions_in_scope_root: String,
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
    /// What the role may do, such as `subject.read`.
    permissions: Vec<String>,
}

fn me(account: AccountView, permissions: Vec<String>, node: NodeView) -> Me {
    Me {
        divisions_in_scope_root: account.division.clone(),
        account: MyAccount {
            id: account.id.to_string(),
            username: account.username,
            display_name: account.display_name,
            role: account.role,
            role_name: account.role_name,
            division: account.division,
            division_name: account.division_name,
            permissions,
        },
        node: node.into(),
    }
}

fn cookie(value: String, secure: bool) -> Cookie<'static> {
    Cookie::build((COOKIE, value)).path("/").http_only(true).same_site(SameSite::Strict).secure(secure).build()
}

fn is_secure(state: &AppState) -> bool {
    state.node.config.public_url.starts_with("https:")
}

/// 登录
#[utoipa::path(post, path = "/api/v1/session", tag = "登录", request_body = SignIn, security(("own_page" = [])),
    responses((status = 200, body = Me)))]
async fn sign_in(
    State(state): State<AppState>,
    headers: HeaderMap,
    Address(address): Address,
    jar: CookieJar,
    In(body): In<SignIn>,
) -> ApiResult<(CookieJar, Json<Me>)> {
    guard(&Method::POST, &headers)?;
    let signed = account::sign_in(&state.node, &body.username, body.password, &address, &request_id()).await?;
    let jar = jar.add(cookie(signed.token, is_secure(&state)));
    Ok((jar, Json(me(signed.account, signed.permissions, state.node.view()))))
}

/// 当前登录用户
#[utoipa::path(get, path = "/api/v1/session", tag = "登录",
    responses((status = 200, body = Me)))]
async fn get_session(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<Me>> {
    let own = account::own(&state.node, &cx).await?;
    Ok(Json(me(own, cx.policy.permissions(&cx.actor.role), state.node.view())))
}

/// 退出
#[utoipa::path(delete, path = "/api/v1/session", tag = "登录",
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
