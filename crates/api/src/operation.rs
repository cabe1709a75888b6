//! For operators: is it alive, can it work, a few figures; and the clock of a demonstration.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ApiResult};
use crate::extract::In;
use crate::state::AppState;

/// The routes.
pub(crate) fn routes(demo: bool) -> Router<AppState> {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics));
    if demo { router.route("/demo/clock", post(move_clock)) } else { router }
}

async fn ready(State(state): State<AppState>) -> Response {
    let store = state.node.store_answers().await;
    let warehouse = state.node.warehouse_answers().await;
    let word = |answers: bool| if answers { "ok" } else { "down" };
    let status = if store && warehouse { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, format!("store {}\nwarehouse {}\n", word(store), word(warehouse))).into_response()
}

async fn metrics(State(state): State<AppState>) -> ApiResult<Response> {
    let mut text = String::from("# TYPE suyuan_http_requests counter\n");
    for (class, count) in (1..).zip(state.counters.read()) {
        text.push_str(&format!("suyuan_http_requests_total{{class=\"{class}xx\"}} {count}\n"));
    }
    let position = state.node.journal_position().await?;
    text.push_str("# TYPE suyuan_journal_position gauge\n");
    text.push_str(&format!("suyuan_journal_position {position}\n# EOF\n"));
    Ok(([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockIn {
    offset_millis: i64,
}

#[derive(Serialize)]
struct ClockOut {
    offset_millis: i64,
}

async fn move_clock(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    In(body): In<ClockIn>,
) -> ApiResult<Json<ClockOut>> {
    let clock = state.config.demo_clock.as_ref().filter(|_| peer.ip().is_loopback());
    let clock = clock.ok_or_else(|| ApiError::not_found("该地址"))?;
    clock.set_offset_millis(body.offset_millis);
    Ok(Json(ClockOut { offset_millis: clock.offset_millis() }))
}
