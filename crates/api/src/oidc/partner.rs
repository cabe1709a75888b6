//! Signing in with an outside provider: leaving for it and coming back. Rows: H-9.4, A-6.1.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::Deserialize;
use suyuan_service::ServiceError;
use suyuan_service::account::SignInStep;
use suyuan_service::openid::partner::{self, Arrived, Returned};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::go;
use crate::error::ApiError;
use crate::extract::{Find, Stranger};
use crate::session::{is_secure, session_cookie};
use crate::state::AppState;

/// Name of the cookie by which a browser is recognised when it comes back. It has to be sent along from the provider's site,
/// so unlike the session's it is `Lax`; alone it opens nothing. It goes with the browser's session.
const BROWSER: &str = "suyuan_sign_on";

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(openid_sign_in)).routes(routes!(openid_callback))
}

/// The cookie by which the browser is recognised.
pub(crate) fn browser_cookie(state: &AppState, value: String) -> Cookie<'static> {
    let secure = is_secure(state);
    Cookie::build((BROWSER, value)).path("/oidc").http_only(true).same_site(SameSite::Lax).secure(secure).build()
}

/// Where the browser goes afterwards.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Leave {
    r#return: String,
}

/// 使用统一身份登录
#[utoipa::path(get, path = "/oidc/sign-in", tag = "统一登录", params(("return" = Option<String>, Query)),
    responses((status = 303, description = "转到统一身份平台", content((String = "text/plain")))))]
async fn openid_sign_in(
    State(state): State<AppState>,
    Stranger(origin): Stranger,
    jar: CookieJar,
    Find(leave): Find<Leave>,
) -> Response {
    match partner::begin(&state.node, &leave.r#return, &origin).await {
        Ok(begun) => (jar.add(browser_cookie(&state, begun.browser)), go(&begun.location)).into_response(),
        Err(error) => failed(error, "/login"),
    }
}

/// What the provider sends the browser back with.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Back {
    state: String,
    code: String,
    error: String,
    iss: String,
}

/// 统一身份登录返回
#[utoipa::path(get, path = "/oidc/callback", tag = "统一登录",
    params(("state" = Option<String>, Query), ("code" = Option<String>, Query), ("error" = Option<String>, Query),
        ("iss" = Option<String>, Query)),
    responses((status = 303, description = "登录完成或出错后转到平台页面", content((String = "text/plain")))))]
async fn openid_callback(
    State(state): State<AppState>,
    Stranger(origin): Stranger,
    headers: HeaderMap,
    Find(back): Find<Back>,
) -> Response {
    let jar = CookieJar::from_headers(&headers);
    let browser = jar.get(BROWSER).map(Cookie::value).unwrap_or_default().to_owned();
    let Back { state: mark, code, error, iss } = back;
    let returned = Returned { state: mark, code, error, iss, browser };
    let jar = jar.remove(browser_cookie(&state, String::new()));
    match partner::finish(&state.node, &returned, &origin).await {
        Ok(Arrived::Linked(path)) => (jar, go(&format!("{path}?linked=1"))).into_response(),
        Ok(Arrived::SignedIn(step, path)) => match *step {
            SignInStep::Done(signed) => (jar.add(session_cookie(&state, signed.token)), go(&path)).into_response(),
            SignInStep::Pending(pending) => (jar, go(&next_step(&pending, &path))).into_response(),
        },
        Err((error, path)) => (jar, failed(error, &path)).into_response(),
    }
}

/// Our own page on which the missing step is done before the browser goes on to `path`. The ticket stands behind the hash,
/// which browsers send to no server.
fn next_step(pending: &suyuan_service::account::PendingStep, path: &str) -> String {
    let back = form_urlencoded::Serializer::new(String::new()).append_pair("back", path).finish();
    let mut told = form_urlencoded::Serializer::new(String::new());
    told.append_pair("step", pending.step.as_str())
        .append_pair("ticket", &pending.ticket)
        .append_pair("expires_at", &pending.expires_at.to_string())
        .append_pair("username", &pending.username);
    format!("/login?{back}#{}", told.finish())
}

/// Back to our own page with the code of what was wrong.
fn failed(error: ServiceError, path: &str) -> Response {
    let code = match &error {
        ServiceError::Unauthenticated(fault) | ServiceError::Conflict(fault) => fault.code.clone(),
        ServiceError::TooMany { fault, .. } => fault.code.clone(),
        _ => {
            let answer = ApiError::from(error);
            return answer.into_response();
        }
    };
    go(&format!("{path}?error={code}"))
}
