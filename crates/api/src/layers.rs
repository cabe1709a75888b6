//! Around every request: its id, one log line without secrets, panics caught, headers against misuse by other sites.

use std::any::Any;
use std::cell::RefCell;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use suyuan_domain::id::ObjectId;
use suyuan_service::{Denied, OpContext, audit};

use crate::error::{ApiError, Refusal};
use crate::linger::lingering;
use crate::state::AppState;

tokio::task_local! {
    static REQUEST_ID: String;
    static WHO: RefCell<Option<OpContext>>;
}

/// Remembers which person acts in this request, so that what becomes of it is noted in the audit trail.
pub(crate) fn acting(cx: &OpContext) {
    // Outside of a request there is nothing to note.
    let _outside = WHO.try_with(|who| who.replace(Some(cx.clone())));
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
    let handled = async move {
        let response = next.run(request).await;
        (response, WHO.try_with(RefCell::take).ok().flatten())
    };
    let (mut response, who) = REQUEST_ID.scope(id.to_string(), WHO.scope(RefCell::default(), handled)).await;
    let status = response.status().as_u16();
    if let Some(cx) = who {
        // Owned: a body may not be lent across an await.
        let refusal = response.extensions().get::<Refusal>().cloned();
        note_outcome(&state, &cx, (&method, &path), status, refusal).await;
    }
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

/// Notes in the audit trail what nobody else did: refusals, and writes without a row of their own.
async fn note_outcome(
    state: &AppState,
    cx: &OpContext,
    (method, path): (&Method, &str),
    status: u16,
    refusal: Option<Refusal>,
) {
    let noted = match refusal.as_ref().and_then(|refusal| refusal.denied) {
        Some(Denied { kind, action }) => audit::denied(&state.node, cx, kind, action).await,
        None if method.is_safe() => return,
        None => {
            let method = method.as_str().to_lowercase();
            let code = refusal.as_ref().map_or("", |refusal| refusal.code.as_str());
            let ended = audit::guard::Outcome { method: &method, path, status, code };
            audit::outcome(&state.node, cx, ended).await
        }
    };
    if let Err(error) = noted {
        tracing::error!(request_id = cx.request_id, error = %error, "a request could not be noted in the audit trail");
    }
}

/// The answer to a panic. Its text goes to the log.
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(request_id = request_id(), panic = text.unwrap_or("unknown"), "handler panicked");
    drop(panic);
    ApiError::internal().into_response()
}
