//! EPCIS 2.0 capture interface: a document in, a job to look at. Rows: G-8.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use suyuan_service::capture::{Answer, RowStatus, forms};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiResult, ErrorEnvelope};
use crate::extract::{At, System, unreadable};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(capture_document)).routes(routes!(get_capture_job))
}

/// EPCIS 采集
#[utoipa::path(post, path = "/capture", tag = "EPCIS", request_body(content = Object, content_type = "application/ld+json"),
    responses((status = 202, description = "已受理，Location 为采集任务地址"), (status = "default", body = ErrorEnvelope)))]
async fn capture_document(
    State(state): State<AppState>,
    System(system): System,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<Response> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let answer = forms::epcis(&state.node, &system, &body).await?;
    let location = format!("/epcis/v2/capture/{}", encoded(&answer.message_id));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(job(&answer))).into_response())
}

/// EPCIS 采集任务
#[utoipa::path(get, path = "/capture/{id}", tag = "EPCIS", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn get_capture_job(
    State(state): State<AppState>,
    System(system): System,
    At(id): At<String>,
) -> ApiResult<Json<Value>> {
    Ok(Json(job(&forms::answer(&state.node, &system, &id).await?)))
}

fn job(answer: &Answer) -> Value {
    let errors: Vec<Value> = answer
        .rows
        .iter()
        .filter(|row| row.status == RowStatus::Rejected)
        .flat_map(|row| row.faults.iter().map(move |fault| (row.row, fault)))
        .map(|(row, fault)| {
            json!({ "type": "epcisException:ValidationException", "title": fault.reason, "detail": fault.advice,
                    "code": fault.code, "field": fault.field, "event": row, "status": 400 })
        })
        .collect();
    json!({
        "captureID": answer.message_id, "running": false, "success": errors.is_empty(),
        "captureErrorBehaviour": "proceed", "received": answer.received, "accepted": answer.accepted,
        "rejected": answer.rejected, "errors": errors,
    })
}

/// A path segment with everything but plain characters as percent codes.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
