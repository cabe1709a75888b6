//! What handlers take: who calls ([`Console`], [`System`]), the body ([`In`]), the query ([`Find`]), the address ([`At`]).
//!
//! Authentication is a type in the handler's signature, never the order of layers.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use serde::de::DeserializeOwned;
use suyuan_domain::fault::Fault;
use suyuan_service::access::SystemIdentity;
use suyuan_service::{OpContext, account};

use crate::error::{ApiError, ApiResult};
use crate::layers::{acting, request_id};
use crate::open::admission::Admission;
use crate::session::COOKIE;
use crate::state::AppState;

/// A person who signed in (监管端用户) and may do what the address is for. Writes need the header `X-Suyuan: 1`, which no other site can send.
#[derive(Clone, Debug)]
pub struct Console(pub OpContext);

/// A connected system with its token (接入系统).
#[derive(Clone, Debug)]
pub struct System(pub SystemIdentity);

/// The network address of the caller; empty where it is unknown.
#[derive(Clone, Debug)]
pub struct Address(pub String);

/// A JSON body.
#[derive(Clone, Debug)]
pub struct In<T>(pub T);

/// The query of the address.
#[derive(Clone, Debug)]
pub struct Find<T>(pub T);

/// A part of the path.
#[derive(Clone, Debug)]
pub struct At<T>(pub T);

/// Refuses a write that another site could have made the browser send.
pub(crate) fn guard(method: &Method, headers: &HeaderMap) -> ApiResult<()> {
    let marked = headers.get("x-suyuan").is_some_and(|value| value == "1");
    if method.is_safe() || marked {
        return Ok(());
    }
    let fault =
        Fault::new("SEC-0302", "", "请求缺少来源标记 X-Suyuan", "请从平台页面操作，或在请求头中加上 X-Suyuan: 1");
    Err(ApiError::of(StatusCode::FORBIDDEN, fault))
}

/// Header of what a page asks by itself: such a request does not prolong the session.
const POLL: &str = "x-suyuan-poll";

/// The address of the caller: the peer's, or what a trusted proxy tells.
pub(crate) fn address(parts: &Parts, state: &AppState) -> String {
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else { return String::new() };
    let told = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let told: Vec<&str> = told.collect();
    state.node.config.sign_on.caller(peer.ip(), &told).to_string()
}

/// Where a request comes from, for signing in.
pub(crate) fn origin(parts: &Parts, state: &AppState) -> account::Origin {
    let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    account::Origin { agent: agent.to_owned(), ..account::Origin::of(&address(parts, state), &request_id()) }
}

impl FromRequestParts<AppState> for Console {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        guard(&parts.method, &parts.headers)?;
        let jar = CookieJar::from_headers(&parts.headers);
        let token = jar.get(COOKIE).map(Cookie::value).unwrap_or_default();
        let address = address(parts, state);
        let context = if parts.headers.contains_key(POLL) {
            account::session_quietly(&state.node, token, &address, &request_id()).await?
        } else {
            account::session(&state.node, token, &address, &request_id()).await?
        };
        let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
        acting(&context);
        state.gate.pass(&parts.method, path, &context)?;
        Ok(Self(context))
    }
}

impl FromRequestParts<AppState> for System {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> ApiResult<Self> {
        // Judged before by the layer, which knows size and outcome as well; without it nobody comes in.
        let judged = parts.extensions.get::<Admission>().and_then(Admission::take);
        Ok(Self(judged.ok_or_else(ApiError::internal)??))
    }
}

impl FromRequestParts<AppState> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(address(parts, state)))
    }
}

/// Somebody who is not signed in yet, on one of our own pages.
#[derive(Clone, Debug)]
pub struct Stranger(pub account::Origin);

impl FromRequestParts<AppState> for Stranger {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> ApiResult<Self> {
        guard(&parts.method, &parts.headers)?;
        Ok(Self(origin(parts, state)))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Find<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let query = axum_extra::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|query| Self(query.0)).map_err(|rejection| {
            tracing::debug!(request_id = request_id(), error = %rejection, "query refused");
            ApiError::bad_request("REQ-0106", "", "查询参数不正确", "请检查网址中的查询参数")
        })
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for At<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|_| ApiError::not_found("该地址"))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for In<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        if !is_json(request.headers()) {
            let advice = "请将请求头 Content-Type 设为 application/json";
            return Err(ApiError::bad_request("REQ-0108", "", "请求内容的类型不是 JSON", advice));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| unreadable(&rejection))?;
        parse(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The answer to a body that could not be read to its end.
pub(crate) fn unreadable(rejection: &BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let fault = Fault::new("REQ-0103", "", "请求内容过大", "请分批提交，每批不超过 16 MB");
        return ApiError::of(StatusCode::PAYLOAD_TOO_LARGE, fault);
    }
    ApiError::bad_request("REQ-0109", "", "请求内容没有传完", "请重新提交")
}

/// Reads JSON, or says in Chinese where it is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> ApiResult<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        let at = format!("第 {} 行第 {} 列", error.line(), error.column());
        if !error.is_data() {
            let advice = "请检查引号、逗号和括号是否成对";
            return ApiError::bad_request("REQ-0101", "", format!("不是正确的 JSON：{at}"), advice);
        }
        let text = error.to_string();
        let name = text.split('`').nth(1).unwrap_or_default();
        if text.starts_with("unknown field") {
            return ApiError::bad_request(
                "REQ-0102",
                name,
                format!("不认识的字段 {name}（{at}）"),
                "请对照接口文档核对字段名",
            );
        }
        if text.starts_with("missing field") {
            return ApiError::bad_request("REQ-0104", name, format!("缺少字段 {name}"), "请补充该字段");
        }
        // Texts of our own types are Chinese and may be shown; serde's are not.
        let own = text.split(" at line ").next().filter(|text| !text.is_ascii() && !text.contains("invalid"));
        let reason = own.map_or_else(|| format!("字段取值不正确（{at}）"), |own| format!("{own}（{at}）"));
        ApiError::bad_request("REQ-0105", "", reason, "请对照接口文档核对该字段的类型和格式")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use serde::Deserialize;
    use suyuan_domain::clock::Timestamp;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is looked at")]
    struct Sample {
        name: String,
        at: Timestamp,
    }

    async fn envelope(error: ApiError) -> serde_json::Value {
        let body = axum::body::to_bytes(error.into_response().into_body(), 1 << 16).await.expect("a body in memory");
        serde_json::from_slice(&body).expect("an envelope")
    }

    #[tokio::test]
    async fn h_8_a_wrong_body_is_answered_in_chinese_with_the_place() {
        for (body, code, field, part) in [
            ("{\"name\":", "REQ-0101", None, "第 1 行第 8 列"),
            ("{\"naem\":\"x\"}", "REQ-0102", Some("naem"), "naem"),
            ("{\"name\":\"x\"}", "REQ-0104", Some("at"), "缺少字段"),
            ("{\"name\":1}", "REQ-0105", None, "第 1 行"),
            ("{\"name\":\"x\",\"at\":\"昨天\"}", "REQ-0105", None, "RFC 3339"),
        ] {
            let error = parse::<Sample>(body.as_bytes()).expect_err(body);
            assert_eq!(error.status(), StatusCode::BAD_REQUEST);
            let envelope = envelope(error).await;
            let error = &envelope["error"];
            assert_eq!(error["code"], code, "{body}");
            assert_eq!(error["field"].as_str(), field, "{body}");
            assert!(error["message"].as_str().is_some_and(|text| text.contains(part)), "{error}");
            assert!(error["advice"].as_str().is_some_and(|text| !text.is_empty()));
        }
    }

    #[test]
    fn h_9_a_write_without_the_header_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(guard(&Method::GET, &headers).is_ok());
        assert_eq!(guard(&Method::POST, &headers).expect_err("no header").status(), StatusCode::FORBIDDEN);
        headers.insert("x-suyuan", header::HeaderValue::from_static("1"));
        assert!(guard(&Method::DELETE, &headers).is_ok());
    }
}
