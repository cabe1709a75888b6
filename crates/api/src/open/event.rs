//! Reporting trace events (追溯事件): every row answered, good rows kept. Rows: G-8, H-8.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use suyuan_service::capture::forms;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::console::capture::CaptureAnswer;
use crate::error::{ApiResult, ErrorEnvelope};
use crate::extract::{System, unreadable};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(report_events))
}

/// 报送追溯事件
#[utoipa::path(post, path = "/events", tag = "数据报送", request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = CaptureAnswer), (status = "default", body = ErrorEnvelope)))]
async fn report_events(
    State(state): State<AppState>,
    System(system): System,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<Json<CaptureAnswer>> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    Ok(Json(forms::open(&state.node, &system, &body).await?.into()))
}
