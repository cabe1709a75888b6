//! The chain behind a code (追溯链条). Rows: G-6.2.2c, G-6.5.3.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use suyuan_domain::chain::Direction;
use suyuan_service::trace::{self, ChainView};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, ApiResult};
use crate::extract::{Console, Find};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_trace))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TraceQuery {
    /// Trace code, batch number or code of a voucher.
    #[serde(default)]
    code: String,
    /// `both`, `up` or `down`.
    direction: Option<String>,
    /// Hops each way, 1 to 100; 20 where it is left out.
    max_hops: Option<u32>,
}

fn direction(text: Option<&str>) -> ApiResult<Direction> {
    match text.unwrap_or_default() {
        "" | "both" => Ok(Direction::Both),
        "up" => Ok(Direction::Up),
        "down" => Ok(Direction::Down),
        _ => Err(ApiError::bad_request(
            "TRC-0102",
            "direction",
            "追溯方向不正确",
            "请选择双向（both）、溯源（up）或追踪（down）",
        )),
    }
}

/// 追溯链条合成
#[utoipa::path(get, path = "/trace", extensions(("x-permission" = json!("trace.read"))), tag = "追溯查询", params(TraceQuery),
    responses((status = 200, body = answer::ChainOut)))]
async fn get_trace(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<TraceQuery>,
) -> ApiResult<Json<ChainView>> {
    let direction = direction(query.direction.as_deref())?;
    Ok(Json(trace::chain(&state.node, &cx, &query.code, direction, query.max_hops.unwrap_or(20)).await?))
}

/// The form of the answers, for the OpenAPI document.
mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    use crate::console::map::answer::MapFlow;

    /// A synthesised chain (追溯链条).
    #[derive(ToSchema)]
    pub(super) struct ChainOut {
        code: String,
        #[schema(format = DateTime)]
        as_of: String,
        complete: bool,
        /// Whether more exists than is shown.
        truncated: bool,
        /// What to do where nothing was found.
        hint: Option<String>,
        product: Option<ChainProduct>,
        nodes: Vec<ChainNode>,
        edges: Vec<ChainEdge>,
        gaps: Vec<ChainGap>,
        table: Vec<ChainRow>,
        flows: Vec<MapFlow>,
    }

    /// What the code stands for.
    #[derive(ToSchema)]
    struct ChainProduct {
        name: String,
        batch: Option<String>,
        category: String,
        category_name: String,
    }

    /// A unit at a subject.
    #[derive(ToSchema)]
    struct ChainNode {
        id: String,
        unit: String,
        subject: Option<String>,
        subject_name: Option<String>,
        division: Option<String>,
        division_name: Option<String>,
        stage: String,
        stage_name: String,
        lon: Option<f64>,
        lat: Option<f64>,
        contact: Option<String>,
        #[schema(format = DateTime)]
        first_at: Option<String>,
        #[schema(format = DateTime)]
        last_at: Option<String>,
        r#in: Option<String>,
        out: Option<String>,
        rest: Option<String>,
        unit_of_measure: Option<String>,
        events: u64,
        layer: i32,
    }

    /// Goods that went from one node to another.
    #[derive(ToSchema)]
    struct ChainEdge {
        from: String,
        to: String,
        kind: String,
        quantity: Option<String>,
        unit: Option<String>,
        #[schema(format = DateTime)]
        at: String,
        #[schema(format = "uuid")]
        event_id: Option<String>,
        basis: String,
    }

    /// Where the chain is not whole (缺口).
    #[derive(ToSchema)]
    struct ChainGap {
        node: String,
        /// `upstream_unknown`, `downstream_unknown`, `no_answer`, `time_order` or `quantity`.
        kind: String,
        text: String,
        advice: String,
    }

    /// A line of the flow table (流量流向表).
    #[derive(ToSchema)]
    struct ChainRow {
        subject: String,
        subject_name: Option<String>,
        contact: Option<String>,
        r#in: Option<String>,
        out: Option<String>,
        rest: Option<String>,
        unit: Option<String>,
        #[schema(format = DateTime)]
        at: Option<String>,
        basis: String,
        state: String,
    }
}
