//! Reporting trace events (追溯事件): every row answered, good rows kept. Rows: G-8, H-8.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use suyuan_service::capture::forms;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::console::capture::CaptureAnswer;
use crate::error::ApiResult;
use crate::extract::{System, unreadable};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(report_events))
}

/// 报送追溯事件
#[utoipa::path(post, path = "/events", tag = "数据报送", request_body = form::OpenMessage,
    responses((status = 200, body = CaptureAnswer)))]
async fn report_events(
    State(state): State<AppState>,
    System(system): System,
    body: Result<Bytes, BytesRejection>,
) -> ApiResult<Json<CaptureAnswer>> {
    let body = body.map_err(|rejection| unreadable(&rejection))?;
    Ok(Json(forms::open(&state.node, &system, &body).await?.into()))
}

/// The form of what is sent, for the OpenAPI document.
mod form {
    #![expect(dead_code, reason = "these types describe what suyuan-formats reads; nobody makes one")]

    use std::collections::BTreeMap;

    use utoipa::ToSchema;

    /// A message with trace events (报文).
    #[derive(ToSchema)]
    pub(super) struct OpenMessage {
        /// The sender's own number of the message, 1 to 128 characters; the same when it is sent again.
        message_id: String,
        /// 1 to 10,000.
        events: Vec<OpenEvent>,
    }

    /// What happened to the units (事件类型).
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum OpenEventType {
        Object,
        Aggregation,
        Transaction,
        Transformation,
        Association,
    }

    /// Which way the goods went, seen from the subject (进出方向).
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum OpenDirection {
        In,
        Out,
    }

    /// A trace event as a connected system reports it (追溯事件). Members that are not named here are kept as further
    /// fields.
    #[derive(ToSchema)]
    struct OpenEvent {
        /// The sender's own identifier of the event.
        event_id: Option<String>,
        r#type: OpenEventType,
        biz_step: Option<String>,
        /// Category; that of the system where it is left out.
        category: Option<String>,
        /// Stage; that of the system where it is left out.
        stage: Option<String>,
        #[schema(format = DateTime)]
        event_time: String,
        /// Division; that of the system where it is left out.
        division: Option<String>,
        /// Code of the subject; that of the system where it is left out.
        subject: Option<String>,
        subject_name: Option<String>,
        /// Code of the other side.
        peer: Option<String>,
        peer_name: Option<String>,
        peer_division: Option<String>,
        direction: Option<OpenDirection>,
        product: Option<String>,
        product_name: Option<String>,
        batch: Option<String>,
        inputs: Option<Vec<OpenUnit>>,
        outputs: Option<Vec<OpenUnit>>,
        /// Decimal with at most three places.
        quantity: Option<String>,
        unit: Option<String>,
        /// Yuan for one unit of measure.
        price: Option<String>,
        voucher: Option<String>,
        merchant: Option<String>,
        inspection: Option<OpenInspection>,
        /// Further fields of the category.
        fields: Option<BTreeMap<String, serde_json::Value>>,
    }

    /// A unit with its amount (追溯单元).
    #[derive(ToSchema)]
    struct OpenUnit {
        code: String,
        quantity: Option<String>,
        unit: Option<String>,
    }

    /// A test (检测).
    #[derive(ToSchema)]
    struct OpenInspection {
        item: String,
        value: Option<String>,
        limit: Option<String>,
        standard: Option<String>,
        passed: Option<bool>,
        report_no: Option<String>,
    }
}
