//! The operating evaluation in the console (运行监测评价): ranking, trend, computing. Rows: G-6.8.1, G-6.8.2a, G-6.8.2b.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use suyuan_domain::period::Period;
use suyuan_service::evaluation::{self, Begun, EvaluationList, EvaluationQuery, TrendOut, TrendQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiResult, ErrorEnvelope};
use crate::extract::{At, Console, Find, In};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_evaluations))
        .routes(routes!(get_evaluation_trend))
        .routes(routes!(compute_evaluation))
}

/// Which ranking.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EvaluationListQuery {
    /// `2026-10` or `2026Q4`; the latest one without.
    period: Option<String>,
    stage: Option<String>,
    /// `system` or `division`.
    kind: Option<String>,
    division: Option<String>,
}

/// Which trend.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EvaluationTrendQuery {
    from: Option<String>,
    to: Option<String>,
}

/// A period to be computed (评价周期).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EvaluationPeriodIn {
    /// `2026-10` or `2026Q4`.
    #[schema(value_type = String)]
    period: Period,
}

/// 查询评价排名
#[utoipa::path(get, path = "/evaluations", tag = "运行监测评价", params(EvaluationListQuery),
    responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn list_evaluations(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<EvaluationListQuery>,
) -> ApiResult<Json<EvaluationList>> {
    let EvaluationListQuery { period, stage, kind, division } = query;
    let query = EvaluationQuery { period, stage, kind, division };
    Ok(Json(evaluation::list(&state.node, &cx, &query).await?))
}

/// 查询评价趋势
#[utoipa::path(get, path = "/evaluations/{code}/trend", tag = "运行监测评价",
    params(("code" = String, Path), EvaluationTrendQuery),
    responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn get_evaluation_trend(
    State(state): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
    Find(query): Find<EvaluationTrendQuery>,
) -> ApiResult<Json<TrendOut>> {
    let query = TrendQuery { from: query.from, to: query.to };
    Ok(Json(evaluation::trend(&state.node, &cx, &code, &query).await?))
}

/// 计算评价结果
#[utoipa::path(post, path = "/evaluations/compute", tag = "运行监测评价", request_body = EvaluationPeriodIn,
    responses((status = 202, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn compute_evaluation(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<EvaluationPeriodIn>,
) -> ApiResult<(StatusCode, Json<Begun>)> {
    Ok((StatusCode::ACCEPTED, Json(evaluation::request(&state.node, &cx, body.period).await?)))
}
