//! OpenID Connect on the wire (统一登录): the addresses that other applications and browsers use, both for signing in here and
//! for coming back from an outside provider. Forms and errors are those of the protocol (RFC 6749), not our envelope.
//!
//! The session's cookie is never sent along from another site, so a request of an application is answered on our own page
//! (`/authorize`), and a sign-in with an outside provider is recognised by a cookie of its own. Rows: H-9.4.

mod partner;
mod provider;

use std::collections::BTreeMap;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use suyuan_domain::fault::Fault;
use suyuan_service::openid::grant::{ClientAuth, GrantError};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::error::ApiError;
use crate::layers::request_id;
use crate::state::AppState;

pub(crate) use partner::browser_cookie;

/// The routes, each with its whole address.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(provider::routes()).merge(partner::routes())
}

/// An error in the words of the protocol (OAuth 错误).
#[derive(Serialize, ToSchema)]
pub(crate) struct OAuthError {
    error: &'static str,
    error_description: &'static str,
}

fn refusal(error: &GrantError, basic: bool) -> Response {
    let status = match error {
        GrantError::Client => StatusCode::UNAUTHORIZED,
        GrantError::Token => StatusCode::UNAUTHORIZED,
        GrantError::Server(error) => {
            tracing::error!(request_id = request_id(), error = %error, "openid request failed");
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::BAD_REQUEST,
    };
    let body = OAuthError { error: error.code(), error_description: error.text() };
    let mut response = (status, Json(body)).into_response();
    let challenge = match error {
        GrantError::Client if basic => Some("Basic realm=\"suyuan\""),
        GrantError::Token => Some("Bearer error=\"invalid_token\""),
        _ => None,
    };
    if let Some(challenge) = challenge {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

/// What a person reads whose application sent a request that cannot be answered by going back (RFC 6749 4.1.2.1): what is
/// wrong and what to do, on a page of ours that leads nowhere else.
fn page(platform: &str, error: ApiError) -> Response {
    let status = error.status();
    let Fault { code, reason, advice, .. } = error.fault();
    let number = request_id();
    let [platform, code, reason, advice] = [platform, &code, &reason, &advice].map(escaped);
    let html = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>无法登录应用 - {platform}</title>\
         <style>body{{max-width:36em;margin:12vh auto;padding:0 1.5em;font:16px/1.8 system-ui,sans-serif;color:#1f2329}}\
         h1{{font-size:1.4em}}small{{color:#646a73}}</style></head>\
         <body><h1>无法登录应用</h1><p><strong>{reason}。</strong></p><p>{advice}。</p>\
         <p>您没有离开{platform}，登录信息也没有发给任何应用；可以关闭本页。</p>\
         <p><small>错误代码 {code}，请求编号 {number}</small></p></body></html>\n"
    );
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// Text as it may stand in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Sends the browser elsewhere; 500 for an address that cannot stand in a header.
fn go(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response(),
        Err(_) => ApiError::internal().into_response(),
    }
}

/// The fields of a form, each at most once.
struct Fields(BTreeMap<String, String>);

impl Fields {
    fn read(bytes: &[u8]) -> Result<Self, GrantError> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            if fields.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(GrantError::Request("参数重复"));
            }
        }
        Ok(Self(fields))
    }

    fn take(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_default()
    }
}

/// How the application says which one it is: in the header, or in the form, never in both.
fn client_auth(headers: &HeaderMap, fields: &mut Fields, address: String) -> Result<(ClientAuth, bool), GrantError> {
    let (id, secret) = (fields.take("client_id"), fields.take("client_secret"));
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let basic = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let request_id = request_id();
    let Some((_, text)) = basic else {
        let secret = Some(secret).filter(|secret| !secret.is_empty());
        return Ok((ClientAuth { id, secret, address, request_id }, false));
    };
    if !secret.is_empty() {
        return Err(GrantError::Request("客户端密钥只能以一种方式提供"));
    }
    let plain = STANDARD.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (name, secret) = plain.as_deref().and_then(|text| text.split_once(':')).ok_or(GrantError::Client)?;
    let (name, secret) = (unescaped(name), unescaped(secret));
    if !id.is_empty() && id != name {
        return Err(GrantError::Request("client_id 前后不一致"));
    }
    Ok((ClientAuth { id: name, secret: Some(secret), address, request_id }, true))
}

/// Name and secret are escaped like a form before they go into the header (RFC 6749 2.3.1).
fn unescaped(text: &str) -> String {
    let pair = format!("x={text}");
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn h_9_4_a_refused_request_is_a_page_that_no_text_can_break() {
        let error = ApiError::bad_request("OID-0201", "client_id", "该应用<script>未登记", "请联系\"管理单位\"");
        let response = page("溯源&平台", error);
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.expect("a body in memory");
        let text = String::from_utf8(body.to_vec()).expect("UTF-8");
        for part in ["OID-0201", "该应用&lt;script&gt;未登记", "请联系&quot;管理单位&quot;", "溯源&amp;平台"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("<script") && !text.contains("href"), "{text}");
    }

    #[test]
    fn h_9_4_an_application_shows_its_secret_in_one_way_only() {
        let mut headers = HeaderMap::new();
        let read = |headers: &HeaderMap, form: &str| {
            client_auth(headers, &mut Fields::read(form.as_bytes()).expect("a form"), String::new())
        };
        let (auth, basic) = read(&headers, "client_id=a&client_secret=b").expect("an application");
        assert_eq!((auth.id.as_str(), auth.secret.as_deref(), basic), ("a", Some("b"), false));
        let value = format!("Basic {}", STANDARD.encode("a%2Fb:c%3Ad"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&value).expect("a header"));
        let (auth, basic) = read(&headers, "").expect("an application");
        assert_eq!((auth.id.as_str(), auth.secret.as_deref(), basic), ("a/b", Some("c:d"), true));
        assert!(read(&headers, "client_id=other").is_err());
        assert!(read(&headers, "client_secret=b").is_err());
        assert!(Fields::read(b"code=1&code=2").is_err());
        assert!(!format!("{auth:?}").contains("c:d"));
    }
}
