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

use crate::document::Binary;
use crate::error::ApiResult;
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
    /// Division, with all below.
    division: Option<String>,
    /// Words in number, code or text.
    q: Option<String>,
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
    #[schema(value_type = answer::ComplaintAction)]
    action: StepAction,
    /// What the sender reads.
    #[serde(default)]
    text: String,
}

/// 查询咨询投诉
#[utoipa::path(get, path = "/complaints", extensions(("x-permission" = json!("complaint.read"))), tag = "咨询投诉", params(ComplaintListQuery, Paging),
    responses((status = 200, body = Listing<answer::ComplaintRow>)))]
async fn list_complaints(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<ComplaintListQuery>,
) -> ApiResult<Json<Listing<ComplaintOut>>> {
    let ComplaintListQuery { state: wanted, kind, division, q, paging } = query;
    let limit = Some(paging.limit());
    let query = ComplaintQuery { state: wanted, kind, division, q, after: paging.after, limit };
    let listed = complaint::list(&state.node, &cx, &query).await?;
    Ok(Json(Listing::of(listed, |row| row)))
}

/// 咨询投诉详情
#[utoipa::path(get, path = "/complaints/{id}", extensions(("x-permission" = json!("complaint.read"))), tag = "咨询投诉", params(("id" = String, Path)),
    responses((status = 200, body = answer::ComplaintFull)))]
async fn get_complaint(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<ComplaintDetail>> {
    Ok(Json(complaint::get(&state.node, &cx, id).await?))
}

/// 咨询投诉图片
#[utoipa::path(get, path = "/complaints/{id}/photo", extensions(("x-permission" = json!("complaint.read"))), tag = "咨询投诉", params(("id" = String, Path)),
    responses((status = 200, content_type = "image/jpeg", body = Binary)))]
async fn get_complaint_photo(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Response> {
    let (media_type, bytes) = complaint::photo(&state.node, &cx, id).await?;
    Ok(([(header::CONTENT_TYPE, media_type)], bytes).into_response())
}

/// 办理咨询投诉
#[utoipa::path(post, path = "/complaints/{id}/steps", extensions(("x-permission" = json!("complaint.review|complaint.assign|complaint.answer|complaint.resolve"))), tag = "咨询投诉", params(("id" = String, Path)),
    request_body = ComplaintStepIn, responses((status = 200, body = answer::ComplaintFull)))]
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

/// The form of the answers, for the OpenAPI document.
pub(crate) mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    /// What a sender wants (类型).
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum ComplaintWish {
        Complaint,
        Report,
        Consult,
        Suggestion,
    }

    /// How far it is.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(crate) enum ComplaintState {
        Submitted,
        Accepted,
        Rejected,
        Handling,
        Answered,
        Closed,
    }

    /// A step of whoever handles it (办理动作).
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(super) enum ComplaintAction {
        Accept,
        Reject,
        Transfer,
        Answer,
        Close,
    }

    /// A complaint as regulators see it (咨询投诉).
    #[derive(ToSchema)]
    pub(super) struct ComplaintRow {
        #[schema(format = "uuid")]
        id: String,
        number: String,
        kind: ComplaintWish,
        kind_name: String,
        text: String,
        /// Trace code; may be empty.
        code: String,
        /// Name of the sender, masked.
        name: String,
        /// Telephone of the sender, masked.
        phone: String,
        has_photo: bool,
        division: String,
        division_name: String,
        /// Node that handles it.
        handler: String,
        state: ComplaintState,
        state_name: String,
        #[schema(format = DateTime)]
        submitted_at: String,
        /// When the next decision is due.
        #[schema(format = DateTime)]
        due_at: String,
        overdue: bool,
        version: u64,
        /// Node that took it.
        origin_node: String,
        /// Steps that the reader may take now.
        actions: Vec<ComplaintAction>,
    }

    /// A complaint with its steps.
    #[derive(ToSchema)]
    pub(super) struct ComplaintFull {
        #[schema(inline)]
        #[serde(flatten)]
        complaint: ComplaintRow,
        /// What was done, oldest first.
        steps: Vec<ComplaintStepOut>,
        /// Addresses of its pictures.
        photos: Vec<String>,
    }

    /// What was done (办理记录).
    #[derive(ToSchema)]
    pub(crate) struct ComplaintStepOut {
        #[schema(format = DateTime)]
        at: String,
        state: ComplaintState,
        state_name: String,
        text: String,
        /// Who did it; left out for the public and towards the public.
        #[schema(nullable = false)]
        actor: Option<String>,
    }
}
