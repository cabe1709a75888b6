//! Trace events (追溯事件): lists and one with its source. Rows: G-6.2.2c.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use suyuan_domain::id::ObjectId;
use suyuan_service::trace::events::{self, EventDetail, EventQuery, EventRow};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{At, Console, Find};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_events)).routes(routes!(get_event))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventListQuery {
    /// Division where it happened, with all below.
    division: Option<String>,
    /// Category.
    category: Option<String>,
    /// Stage.
    stage: Option<String>,
    /// Subject on either side.
    subject: Option<String>,
    /// Connected system.
    system: Option<String>,
    /// Unit named by the event.
    unit: Option<String>,
    /// Batch number.
    batch: Option<String>,
    /// From this day or instant on.
    from: Option<String>,
    /// Until this day, included, or instant, not included.
    to: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// 查询追溯事件
#[utoipa::path(get, path = "/events", extensions(("x-permission" = json!("event.read"))), tag = "追溯查询", params(EventListQuery, Paging),
    responses((status = 200, body = Listing<answer::EventOut>)))]
async fn list_events(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<EventListQuery>,
) -> ApiResult<Json<Listing<EventRow>>> {
    let EventListQuery { division, category, stage, subject, system, unit, batch, from, to, paging } = query;
    let query = EventQuery { division, category, stage, subject, system, unit, batch, from, to };
    let after = paging.after.as_deref().filter(|text| !text.is_empty());
    let listed = events::list(&state.node, &cx, &query, paging.limit(), after).await?;
    Ok(Json(Listing::of(listed, |row| row)))
}

/// 追溯事件详情
#[utoipa::path(get, path = "/events/{id}", extensions(("x-permission" = json!("event.read"))), tag = "追溯查询", params(("id" = String, Path, description = "事件标识")),
    responses((status = 200, body = answer::EventDetailOut)))]
async fn get_event(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<EventDetail>> {
    Ok(Json(events::get(&state.node, &cx, id).await?))
}

/// The form of the answers, for the OpenAPI document.
pub(super) mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use std::collections::BTreeMap;

    use utoipa::ToSchema;

    /// A trace event (追溯事件).
    #[derive(ToSchema)]
    pub(super) struct EventOut {
        #[schema(format = "uuid")]
        id: String,
        event_id: Option<String>,
        r#type: String,
        biz_step: String,
        biz_step_name: String,
        category: String,
        category_name: String,
        stage: String,
        stage_name: String,
        #[schema(format = DateTime)]
        event_time: String,
        #[schema(format = DateTime)]
        recorded_at: String,
        division: String,
        division_name: String,
        subject: String,
        subject_name: Option<String>,
        peer: Option<String>,
        peer_name: Option<String>,
        /// `in` or `out`.
        direction: Option<String>,
        product: Option<String>,
        product_name: Option<String>,
        batch: Option<String>,
        units: Vec<String>,
        quantity: Option<String>,
        unit: Option<String>,
        price: Option<String>,
        voucher: Option<String>,
        merchant: Option<String>,
        inspection_passed: Option<bool>,
        system: String,
        system_name: Option<String>,
        message_id: String,
        late: bool,
        counted: bool,
        #[schema(format = "uuid")]
        voided_by: Option<String>,
        origin_node: String,
    }

    /// A trace event with what the sender wrote.
    #[derive(ToSchema)]
    pub(super) struct EventDetailOut {
        #[schema(inline)]
        #[serde(flatten)]
        row: EventOut,
        /// The event as it was understood.
        event: Option<EventFacts>,
        /// The sender's own document, or else the record's.
        raw: Option<BTreeMap<String, serde_json::Value>>,
    }

    /// A trace event as it was understood (追溯事件内容). What was not stated is left out.
    #[derive(ToSchema)]
    pub(crate) struct EventFacts {
        #[schema(nullable = false)]
        event_id: Option<String>,
        /// `object`, `aggregation`, `transaction`, `transformation` or `association`.
        event_type: String,
        #[schema(nullable = false)]
        biz_step: Option<String>,
        category: String,
        stage: String,
        #[schema(format = DateTime)]
        event_time: String,
        #[schema(format = DateTime)]
        received_at: String,
        division: String,
        subject: String,
        #[schema(nullable = false)]
        subject_name: Option<String>,
        #[schema(nullable = false)]
        peer_subject: Option<String>,
        #[schema(nullable = false)]
        peer_name: Option<String>,
        #[schema(nullable = false)]
        peer_division: Option<String>,
        /// Whether goods came in from the other side.
        inbound: bool,
        #[schema(nullable = false)]
        product: Option<String>,
        #[schema(nullable = false)]
        product_name: Option<String>,
        #[schema(nullable = false)]
        batch: Option<String>,
        #[schema(nullable = false)]
        inputs: Option<Vec<EventUnit>>,
        #[schema(nullable = false)]
        outputs: Option<Vec<EventUnit>>,
        #[schema(nullable = false)]
        quantity: Option<String>,
        #[schema(nullable = false)]
        unit: Option<String>,
        #[schema(nullable = false)]
        price: Option<String>,
        #[schema(nullable = false)]
        voucher: Option<String>,
        #[schema(nullable = false)]
        merchant: Option<String>,
        #[schema(nullable = false)]
        inspection: Option<EventTest>,
        #[schema(nullable = false)]
        error_declaration: Option<EventVoid>,
        /// Further metadata of the category, by short name.
        #[schema(nullable = false)]
        fields: Option<BTreeMap<String, serde_json::Value>>,
        source: EventSource,
    }

    /// A unit with its amount (追溯单元).
    #[derive(ToSchema)]
    struct EventUnit {
        code: String,
        #[schema(nullable = false)]
        quantity: Option<String>,
        #[schema(nullable = false)]
        unit: Option<String>,
    }

    /// A test (检测).
    #[derive(ToSchema)]
    struct EventTest {
        item: String,
        #[schema(nullable = false)]
        value: Option<String>,
        #[schema(nullable = false)]
        limit: Option<String>,
        #[schema(nullable = false)]
        standard: Option<String>,
        /// Left out where it was not tested (未检).
        #[schema(nullable = false)]
        passed: Option<bool>,
        #[schema(nullable = false)]
        report_no: Option<String>,
    }

    /// A statement that an earlier event was wrong (差错声明).
    #[derive(ToSchema)]
    struct EventVoid {
        #[schema(format = DateTime)]
        declared_at: String,
        #[schema(nullable = false)]
        reason: Option<String>,
        #[schema(nullable = false)]
        corrective_ids: Option<Vec<String>>,
    }

    /// Which message brought the event (来源).
    #[derive(ToSchema)]
    struct EventSource {
        system: String,
        message: String,
        /// Row within the message, from 0.
        row: u32,
        /// `json`, `epcis`, `csv` or `manual`.
        format: String,
    }

    /// An event as its sender wrote it (原始报文).
    #[derive(ToSchema)]
    pub(crate) struct EventOriginal {
        /// The event's own JSON text.
        event: String,
        /// JSON text of the document's `@context`.
        #[schema(nullable = false)]
        context: Option<String>,
    }
}
