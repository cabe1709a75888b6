//! EPCIS 2.0 capture interface: a document in, a job to look at. Rows: G-8.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use suyuan_service::capture::{Answer, RowStatus, forms};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::EpcisDocument;
use crate::error::ApiResult;
use crate::extract::{At, System, unreadable};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(capture_document)).routes(routes!(get_capture_job))
}

/// EPCIS 采集
#[utoipa::path(post, path = "/capture", tag = "EPCIS", request_body(content = EpcisDocument, content_type = "application/ld+json"),
    responses((status = 202, description = "已受理，Location 为采集任务地址", body = EpcisJob)))]
async fn capture_document(
    State(state): State<AppState>,
    System(system): System,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<Response> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    let answer = forms::epcis(&state.node, &system, &body).await?;
    let location = format!("/epcis/v2/capture/{}", encoded(&answer.message_id));
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(job(answer))).into_response())
}

/// EPCIS 采集任务
#[utoipa::path(get, path = "/capture/{id}", tag = "EPCIS", params(("id" = String, Path)),
    responses((status = 200, body = EpcisJob)))]
async fn get_capture_job(
    State(state): State<AppState>,
    System(system): System,
    At(id): At<String>,
) -> ApiResult<Json<EpcisJob>> {
    Ok(Json(job(forms::answer(&state.node, &system, &id).await?)))
}

/// A capture job of the standard, with the counts of this platform (采集任务).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EpcisJob {
    #[serde(rename = "captureID")]
    capture_id: String,
    running: bool,
    success: bool,
    /// `proceed`: good events are kept.
    capture_error_behaviour: &'static str,
    received: u64,
    accepted: u64,
    rejected: u64,
    errors: Vec<EpcisError>,
}

/// Why an event was set aside, in the standard's form.
#[derive(Serialize, ToSchema)]
struct EpcisError {
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    detail: String,
    code: String,
    field: String,
    /// Place of the event in the document, from 0.
    event: u64,
    status: u16,
}

fn job(answer: Answer) -> EpcisJob {
    let rejected = answer.rows.into_iter().filter(|row| row.status == RowStatus::Rejected);
    let faults = rejected.flat_map(|row| row.faults.into_iter().map(move |fault| (row.row, fault)));
    let errors: Vec<EpcisError> = faults
        .map(|(event, fault)| EpcisError {
            kind: "epcisException:ValidationException",
            title: fault.reason,
            detail: fault.advice,
            code: fault.code,
            field: fault.field,
            event,
            status: 400,
        })
        .collect();
    EpcisJob {
        capture_id: answer.message_id,
        running: false,
        success: errors.is_empty(),
        capture_error_behaviour: "proceed",
        received: answer.received,
        accepted: answer.accepted,
        rejected: answer.rejected,
        errors,
    }
}

/// A path segment with everything but plain characters as percent codes.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
