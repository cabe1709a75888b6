//! Complaints and enquiries of the public (咨询投诉): submit, follow up by number. Rows: G-6.9b, G-6.9c.

use axum::Json;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_service::complaint::{self, ComplaintIn, ComplaintKind, Followed, MAX_BYTES};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::console::complaint::answer::ComplaintWish;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Address, At, Find, In};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(submit_complaint)).routes(routes!(follow_complaint))
}

/// What the public sends (咨询投诉).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ComplaintSubmission {
    #[schema(value_type = ComplaintWish)]
    kind: ComplaintKind,
    text: String,
    code: Option<String>,
    phone: Option<String>,
    name: Option<String>,
}

/// The number of what was sent (受理编号).
#[derive(Debug, Serialize, ToSchema)]
struct ComplaintReceipt {
    number: String,
    #[schema(value_type = String, format = DateTime)]
    due_at: Timestamp,
}

/// How the sender is known.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ComplaintFollowQuery {
    /// Last four digits of the telephone that was given.
    #[serde(default)]
    phone_tail: String,
}

/// 提交咨询投诉
#[utoipa::path(post, path = "/complaints", tag = "公众服务", request_body(content(
        (ComplaintSubmission = "application/json"),
        (answer::ComplaintForm = "multipart/form-data")
    )),
    responses((status = 201, body = ComplaintReceipt)))]
async fn submit_complaint(
    State(state): State<AppState>,
    Address(address): Address,
    request: Request,
) -> ApiResult<(StatusCode, Json<ComplaintReceipt>)> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (submission, photo) = if kind.starts_with("multipart/form-data") {
        form(&state, request).await?
    } else {
        (In::<ComplaintSubmission>::from_request(request, &state).await?.0, None)
    };
    let ComplaintSubmission { kind, text, code, phone, name } = submission;
    let input = ComplaintIn { kind, text, code, phone, name };
    let submitted = complaint::submit(&state.node, &address, input, photo.as_deref()).await?;
    let receipt = ComplaintReceipt { number: submitted.number, due_at: submitted.due_at };
    Ok((StatusCode::CREATED, Json(receipt)))
}

async fn form(state: &AppState, request: Request) -> ApiResult<(ComplaintSubmission, Option<Vec<u8>>)> {
    let broken = || ApiError::bad_request("REQ-0110", "", "上传内容不完整", "请重新提交");
    let mut form = Multipart::from_request(request, state).await.map_err(|_| broken())?;
    let mut fields = serde_json::Map::new();
    let mut photo = None;
    while let Some(field) = form.next_field().await.map_err(|_| broken())? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "photo" {
            let bytes = field.bytes().await.map_err(|_| broken())?;
            if bytes.len() > MAX_BYTES {
                return Err(ApiError::bad_request("CMP-0105", "photo", "图片超过 5 MB", "请压缩后重新上传"));
            }
            photo = Some(bytes.to_vec()).filter(|bytes| !bytes.is_empty());
        } else {
            fields.insert(name, field.text().await.map_err(|_| broken())?.into());
        }
    }
    let body = serde_json::to_vec(&fields).map_err(|_| broken())?;
    Ok((crate::extract::parse(&body)?, photo))
}

/// 查询咨询投诉进度
#[utoipa::path(get, path = "/complaints/{number}", tag = "公众服务",
    params(("number" = String, Path), ComplaintFollowQuery),
    responses((status = 200, body = answer::ComplaintProgress)))]
async fn follow_complaint(
    State(state): State<AppState>,
    Address(address): Address,
    At(number): At<String>,
    Find(query): Find<ComplaintFollowQuery>,
) -> ApiResult<Json<Followed>> {
    Ok(Json(complaint::follow(&state.node, &address, &number, &query.phone_tail).await?))
}

/// The form of what is sent and answered, for the OpenAPI document.
mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    use crate::console::complaint::answer::{ComplaintState, ComplaintStepOut, ComplaintWish};
    use crate::document::Binary;

    /// What the public sends with a picture.
    #[derive(ToSchema)]
    pub(super) struct ComplaintForm {
        kind: ComplaintWish,
        text: String,
        code: Option<String>,
        phone: Option<String>,
        name: Option<String>,
        /// JPEG or PNG, at most 5 MB.
        photo: Option<Binary>,
    }

    /// What the sender may see of it (办理进度).
    #[derive(ToSchema)]
    pub(super) struct ComplaintProgress {
        number: String,
        kind: ComplaintWish,
        state: ComplaintState,
        state_name: String,
        #[schema(format = DateTime)]
        submitted_at: String,
        #[schema(format = DateTime)]
        due_at: String,
        overdue: bool,
        /// Who is responsible.
        handler_name: String,
        steps: Vec<ComplaintStepOut>,
    }
}
