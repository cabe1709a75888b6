//! What nodes say to each other: requests for admission, batches; answers are signed documents. Rows: D-shape, N-TIER, H-8.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use suyuan_service::sync;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiResult, ErrorEnvelope};
use crate::extract::unreadable;
use crate::state::AppState;

/// Largest batch, in bytes.
const BATCH_LIMIT: usize = 64 << 20;

/// Media type of signed documents.
const DOCUMENT: &str = "application/vnd.suyuan.document";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(receive_batch))
        .layer(DefaultBodyLimit::max(BATCH_LIMIT))
        .routes(routes!(receive_enrolment))
}

/// 接收下级或上级的数据批次
#[utoipa::path(post, path = "/batches", tag = "上下级交换",
    request_body(content = Vec<u8>, content_type = "application/vnd.suyuan.batch"),
    responses((status = 200, description = "签名回执"), (status = "default", body = ErrorEnvelope)))]
async fn receive_batch(State(state): State<AppState>, body: Result<Bytes, BytesRejection>) -> ApiResult<Response> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let receipt = sync::receive::receive(&state.node, body.to_vec()).await?;
    Ok(([(header::CONTENT_TYPE, DOCUMENT)], receipt).into_response())
}

/// 接收接入申请
#[utoipa::path(post, path = "/enrol", tag = "上下级交换",
    request_body(content = Vec<u8>, content_type = "application/vnd.suyuan.document"),
    responses((status = 200, description = "签名答复"), (status = "default", body = ErrorEnvelope)))]
async fn receive_enrolment(State(state): State<AppState>, body: Result<Bytes, BytesRejection>) -> ApiResult<Response> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let answer = sync::enrol::receive(&state.node, &body).await?;
    Ok(([(header::CONTENT_TYPE, DOCUMENT)], answer).into_response())
}
