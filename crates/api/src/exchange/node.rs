//! What nodes say to each other: requests for admission, batches, questions about chains; answers are signed documents. Rows: D-shape, N-TIER, H-8.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use suyuan_service::{sync, trace};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::document::Binary;
use crate::error::ApiResult;
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
        .routes(routes!(answer_chain_query))
}

/// 接收下级或上级的数据批次
#[utoipa::path(post, path = "/batches", tag = "节点交换",
    request_body(content = Binary, content_type = "application/vnd.suyuan.batch", description = "发送节点签名并加密的批次"),
    responses((status = 200, description = "签名回执", content_type = "application/vnd.suyuan.document", body = Binary)))]
async fn receive_batch(State(state): State<AppState>, body: Result<Bytes, BytesRejection>) -> ApiResult<Response> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let receipt = sync::receive::receive(&state.node, body.to_vec()).await?;
    Ok(([(header::CONTENT_TYPE, DOCUMENT)], receipt).into_response())
}

/// 接收接入申请
#[utoipa::path(post, path = "/enrol", tag = "节点交换",
    request_body(content = Binary, content_type = "application/vnd.suyuan.document", description = "申请节点签名的申请"),
    responses((status = 200, description = "签名答复", content_type = "application/vnd.suyuan.document", body = Binary)))]
async fn receive_enrolment(State(state): State<AppState>, body: Result<Bytes, BytesRejection>) -> ApiResult<Response> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let answer = sync::enrol::receive(&state.node, &body).await?;
    Ok(([(header::CONTENT_TYPE, DOCUMENT)], answer).into_response())
}

/// 答复下级节点的链条问询
#[utoipa::path(post, path = "/chains", tag = "节点交换",
    request_body(content = Binary, content_type = "application/vnd.suyuan.document", description = "下级节点签名的问询"),
    responses((status = 200, description = "签名答复", content_type = "application/vnd.suyuan.document", body = Binary)))]
async fn answer_chain_query(State(state): State<AppState>, body: Result<Bytes, BytesRejection>) -> ApiResult<Response> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let answer = trace::afar::answer(&state.node, &body).await?;
    Ok(([(header::CONTENT_TYPE, DOCUMENT)], answer).into_response())
}
