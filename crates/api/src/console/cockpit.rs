//! The cockpit (总览): its snapshot, and the stream that says when there is a newer one. Rows: G-6.6.1a, G-6.7.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use suyuan_service::cockpit::{Changes, Snapshot, Snapshots};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{Console, Find};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_cockpit))
        .routes(routes!(follow_cockpit))
        .layer(Extension(Arc::new(Snapshots::default())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CockpitQuery {
    /// Division; the account's own where it is left out.
    division: Option<String>,
    /// Category.
    category: Option<String>,
    /// Days of the period, 1 to 366; 30 where it is left out.
    days: Option<u32>,
}

/// 总览数据
#[utoipa::path(get, path = "/cockpit", extensions(("x-permission" = json!("cockpit.read"))), tag = "总览", params(CockpitQuery),
    responses((status = 200, body = answer::CockpitOut)))]
async fn get_cockpit(
    State(state): State<AppState>,
    Extension(snapshots): Extension<Arc<Snapshots>>,
    Console(cx): Console,
    Find(query): Find<CockpitQuery>,
) -> ApiResult<Json<Arc<Snapshot>>> {
    let (division, category) = (query.division.as_deref(), query.category.as_deref());
    let snapshot = snapshots.get(&state.node, &cx, division, category, query.days.unwrap_or(30)).await?;
    Ok(Json(snapshot))
}

/// 总览变化通知（SSE）
///
/// Events `changed` with `{"position":n}`, at most every two seconds.
#[utoipa::path(get, path = "/cockpit/stream", extensions(("x-permission" = json!("cockpit.read"))), tag = "总览",
    responses((status = 200, content_type = "text/event-stream", body = String)))]
async fn follow_cockpit(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Response> {
    let changes = Changes::follow(Arc::clone(&state.node), &cx)?;
    let stream = futures::stream::unfold((changes, state), |(mut changes, state)| async move {
        let position = tokio::select! {
            position = changes.next() => position?,
            () = state.stopping() => return None,
        };
        let event = Event::default().event("changed").data(format!("{{\"position\":{position}}}"));
        Some((Ok::<_, Infallible>(event), (changes, state)))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()).into_response())
}

/// The form of the answers, for the OpenAPI document.
pub(super) mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    use crate::console::exchange::LinkStateOut;

    /// Everything the cockpit shows (总览).
    #[derive(ToSchema)]
    pub(crate) struct CockpitOut {
        scope: CockpitScope,
        /// Position up to which the figures know the journal.
        position: u64,
        #[schema(format = DateTime)]
        as_of: String,
        #[schema(format = DateTime)]
        data_until: Option<String>,
        figures: Vec<CockpitFigure>,
        trend: Vec<CockpitDay>,
        ranking: Vec<CockpitRank>,
        warnings: Vec<CockpitWarning>,
        stages: Vec<CockpitStage>,
        exchange: CockpitExchange,
        map: MapValues,
    }

    /// What part of the data it is about.
    #[derive(ToSchema)]
    struct CockpitScope {
        division: String,
        division_name: String,
        category: Option<String>,
        category_name: Option<String>,
    }

    /// A figure with the list behind it (指标).
    #[derive(ToSchema)]
    struct CockpitFigure {
        key: String,
        label: String,
        /// Decimal text; `null` where it is missing.
        value: Option<String>,
        unit: String,
        /// Percent against before.
        change: Option<String>,
        state: ValueState,
        link: String,
    }

    /// Zero, missing and not connected never look alike.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum ValueState {
        Value,
        Zero,
        Missing,
        NotConnected,
    }

    /// A day of the trend (趋势).
    #[derive(ToSchema)]
    struct CockpitDay {
        #[schema(format = Date)]
        date: String,
        events: u64,
        received: u64,
        rejected: u64,
    }

    /// A line of the ranking (排名).
    #[derive(ToSchema)]
    struct CockpitRank {
        rank: Option<u64>,
        code: String,
        name: String,
        /// `division` or `system`.
        kind: String,
        score: Option<String>,
        grade: Option<String>,
        change: Option<String>,
    }

    /// Something that asks for an act (预警).
    #[derive(ToSchema)]
    struct CockpitWarning {
        #[schema(format = DateTime)]
        at: String,
        /// `finding`, `silent` or `exchange`.
        kind: String,
        text: String,
        link: String,
        /// `high` or `normal`.
        severity: String,
    }

    /// A stage (环节).
    #[derive(ToSchema)]
    struct CockpitStage {
        stage: String,
        name: String,
        events: u64,
        link_rate: Option<String>,
    }

    /// Links to other nodes (上下级交换).
    #[derive(ToSchema)]
    struct CockpitExchange {
        parent: Option<CockpitParent>,
        children: Vec<CockpitChild>,
    }

    /// The link to the parent.
    #[derive(ToSchema)]
    struct CockpitParent {
        code: String,
        name: String,
        state: LinkStateOut,
        records_behind: u64,
        seconds_behind: u64,
        #[schema(format = DateTime)]
        last_receipt_at: Option<String>,
    }

    /// The link to a child.
    #[derive(ToSchema)]
    struct CockpitChild {
        code: String,
        name: String,
        state: LinkStateOut,
        records_behind: u64,
        seconds_behind: u64,
        #[schema(format = DateTime)]
        last_seen_at: Option<String>,
    }

    /// What colours the map.
    #[derive(ToSchema)]
    pub(crate) struct MapValues {
        parent: String,
        /// `reporting_rate`, `score`, `findings`, `events` or `subjects`.
        metric: String,
        values: Vec<MapValue>,
    }

    /// The value of a division.
    #[derive(ToSchema)]
    struct MapValue {
        code: String,
        value: Option<String>,
        state: ValueState,
    }
}
