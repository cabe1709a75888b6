//! Round every request of a connected system (接入核验): whose it is, whether it may go on, how it ended.
//!
//! The judgement belongs to `suyuan_service::access::admit`; a refusal is answered by the extractor [`crate::extract::System`],
//! without which no handler knows a system. Rows: G-6.7.1, G-6.7.2.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use suyuan_service::ServiceError;
use suyuan_service::access::SystemIdentity;
use suyuan_service::access::admit::{Admitted, Call, Need, admit};
use suyuan_service::access::meter::Outcome;

use crate::state::AppState;

/// The judgement on the way from the layer to the extractor.
#[derive(Clone)]
pub(crate) struct Admission(Arc<Mutex<Option<Result<SystemIdentity, ServiceError>>>>);

impl Admission {
    /// Takes the judgement; `None` where no layer gave one, or it was taken before.
    pub(crate) fn take(&self) -> Option<Result<SystemIdentity, ServiceError>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What a request is for, by its address; `None` for those that are not of connected systems.
fn need(method: &Method, path: &str) -> Option<Need> {
    if !path.starts_with("/open/v1/") && !path.starts_with("/epcis/v2/") {
        return None;
    }
    Some(match path {
        "/open/v1/audit" => Need::Audit,
        "/open/v1/heartbeat" => Need::Heartbeat,
        "/open/v1/selftest" => Need::Selftest,
        _ if method.is_safe() && !path.starts_with("/epcis/v2/capture") => Need::Query,
        _ => Need::Report,
    })
}

fn token(headers: &HeaderMap) -> &str {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map_or("", |(_, token)| token.trim())
}

/// Judges requests of connected systems and notes how they ended.
pub(crate) async fn around(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()).unwrap_or_default();
    let Some(need) = need(request.method(), &path) else { return next.run(request).await };
    let began = Instant::now();
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let bytes: Option<u64> = length.and_then(|length| length.parse().ok());
    let (parts, body) = request.into_parts();
    let address = crate::extract::address(&parts, &state);
    let shown = token(&parts.headers).to_owned();
    let mut request = Request::from_parts(parts, body);
    let call = Call { token: &shown, address: &address, need, bytes };
    let Admitted { system, body_limit, outcome } = admit(&state.node, &call).await;
    if let Some(limit) = body_limit.and_then(|limit| usize::try_from(limit).ok()) {
        DefaultBodyLimit::max(limit.min(crate::app::BODY_LIMIT)).apply(&mut request);
    }
    request.extensions_mut().insert(Admission(Arc::new(Mutex::new(Some(outcome)))));
    let response = next.run(request).await;
    if let Some(system) = system {
        let ended = Outcome::of_status(response.status().as_u16());
        state.node.meter.note(&system, ended, bytes.unwrap_or(0), began.elapsed(), state.node.now());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_7_2_every_address_of_systems_asks_for_a_purpose_and_no_other_does() {
        for (method, path, expected) in [
            (Method::POST, "/open/v1/events", Some(Need::Report)),
            (Method::POST, "/open/v1/heartbeat", Some(Need::Heartbeat)),
            (Method::POST, "/open/v1/audit", Some(Need::Audit)),
            (Method::GET, "/open/v1/audit", Some(Need::Audit)),
            (Method::POST, "/open/v1/selftest", Some(Need::Selftest)),
            (Method::GET, "/epcis/v2/events", Some(Need::Query)),
            (Method::GET, "/epcis/v2/capture/{id}", Some(Need::Report)),
            (Method::POST, "/epcis/v2/capture", Some(Need::Report)),
            (Method::GET, "/api/v1/console/systems", None),
        ] {
            assert_eq!(need(&method, path), expected, "{method} {path}");
        }
    }
}
