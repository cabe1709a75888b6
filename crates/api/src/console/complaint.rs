//! Complaints in the console (咨询投诉): list, detail with steps and picture, the next step. Rows: G-6.9b.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use suyuan_domain::id::ObjectId;
use suyuan_service::complaint::{self, ComplaintDetail, ComplaintOut, ComplaintQuery, StepAction, StepIn};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiResult, ErrorEnvelope};
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_complaints))
        .routes(routes!(get_complaint))
        .routes(routes!(get_complaint_photo))
        .routes(routes!(step_complaint))
}

/// Which complaints.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ComplaintListQuery {
    /// `submitted`, `accepted`, `rejected`, `handling`, `answered` or `closed`.
    state: Option<String>,
    /// `complaint`, `report`, `consult` or `suggestion`.
    kind: Option<String>,
    division: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// A step on a complaint (办理).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ComplaintStepIn {
    /// Version that was shown.
    version: u64,
    /// `accept`, `reject`, `answer`, `close` or `transfer`.
    #[schema(value_type = String)]
    action: StepAction,
    /// What the sender reads.
    #[serde(default)]
    text: String,
}

/// 查询咨询投诉
#[utoipa::path(get, path = "/complaints", tag = "咨询投诉", params(ComplaintListQuery, Paging),
    responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn list_complaints(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<ComplaintListQuery>,
) -> ApiResult<Json<Listing<ComplaintOut>>> {
    let ComplaintListQuery { state: wanted, kind, division, paging } = query;
    let limit = Some(paging.limit());
    let query = ComplaintQuery { state: wanted, kind, division, after: paging.after, limit };
    let listed = complaint::list(&state.node, &cx, &query).await?;
    Ok(Json(Listing::of(listed, |row| row)))
}

/// 咨询投诉详情
#[utoipa::path(get, path = "/complaints/{id}", tag = "咨询投诉", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn get_complaint(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<ComplaintDetail>> {
    Ok(Json(complaint::get(&state.node, &cx, id).await?))
}

/// 咨询投诉图片
#[utoipa::path(get, path = "/complaints/{id}/photo", tag = "咨询投诉", params(("id" = String, Path)),
    responses((status = 200, content_type = "image/jpeg"), (status = "default", body = ErrorEnvelope)))]
async fn get_complaint_photo(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Response> {
    let (media_type, bytes) = complaint::photo(&state.node, &cx, id).await?;
    Ok(([(header::CONTENT_TYPE, media_type)], bytes).into_response())
}

/// 办理咨询投诉
#[utoipa::path(post, path = "/complaints/{id}/steps", tag = "咨询投诉", params(("id" = String, Path)),
    request_body = ComplaintStepIn, responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn step_complaint(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<ComplaintStepIn>,
) -> ApiResult<Json<ComplaintDetail>> {
    let ComplaintStepIn { version, action, text } = body;
    let input = StepIn { version, action, text };
    Ok(Json(complaint::step(&state.node, &cx, id, &input).await?))
}
