//! Around every request: its id, one log line without secrets, panics caught, headers against misuse by other sites.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use suyuan_domain::id::ObjectId;

use crate::error::ApiError;
use crate::linger::lingering;
use crate::state::AppState;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Id of the request in whose handling this is called; empty outside of one.
#[must_use]
pub fn request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Scripts, styles and pictures only from this server; nobody else may frame its pages.
const CONTENT_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; frame-src 'self' blob:; base-uri 'self'; \
    form-action 'self'; frame-ancestors 'self'";

/// Gives the request an id, counts and logs its answer, and adds the headers of [`CONTENT_POLICY`] and its kin.
pub(crate) async fn around(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id: ObjectId = state.node.mint();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = matched.unwrap_or_else(|| "-".to_owned());
    let began = Instant::now();
    let request = request.map(lingering);
    let mut response = REQUEST_ID.scope(id.to_string(), next.run(request)).await;
    let status = response.status().as_u16();
    state.counters.count(status);
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id = %id, %method, path, status, millis, "request");
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Answers of the interfaces concern one caller at one moment.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The answer to a panic. Its text goes to the log.
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(request_id = request_id(), panic = text.unwrap_or("unknown"), "handler panicked");
    drop(panic);
    ApiError::internal().into_response()
}
