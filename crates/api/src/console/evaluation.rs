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

use crate::error::ApiResult;
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
    /// Stage.
    stage: Option<String>,
    /// `system` or `division`.
    kind: Option<String>,
    /// Division, with all below.
    division: Option<String>,
}

/// Which trend.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EvaluationTrendQuery {
    /// First period.
    from: Option<String>,
    /// Last period.
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
#[utoipa::path(get, path = "/evaluations", extensions(("x-permission" = json!("evaluation.read"))), tag = "运行监测评价", params(EvaluationListQuery),
    responses((status = 200, body = answer::EvaluationRanking)))]
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
#[utoipa::path(get, path = "/evaluations/{code}/trend", extensions(("x-permission" = json!("evaluation.read"))), tag = "运行监测评价",
    params(("code" = String, Path), EvaluationTrendQuery),
    responses((status = 200, body = answer::EvaluationTrend)))]
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
#[utoipa::path(post, path = "/evaluations/compute", extensions(("x-permission" = json!("evaluation.compute"))), tag = "运行监测评价", request_body = EvaluationPeriodIn,
    responses((status = 202, body = answer::BegunOut)))]
async fn compute_evaluation(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<EvaluationPeriodIn>,
) -> ApiResult<(StatusCode, Json<Begun>)> {
    Ok((StatusCode::ACCEPTED, Json(evaluation::request(&state.node, &cx, body.period).await?)))
}

/// The form of the answers, for the OpenAPI document.
pub(super) mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    /// A job that was begun (任务).
    #[derive(ToSchema)]
    pub(crate) struct BegunOut {
        /// Its number; `null` where the same job waits already.
        job: Option<i64>,
    }

    /// Who is evaluated.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum EvaluationKind {
        System,
        Division,
    }

    /// The ranking of a period (评价排名).
    #[derive(ToSchema)]
    pub(super) struct EvaluationRanking {
        /// `2026-10` or `2026Q4`.
        period: String,
        period_name: String,
        kind: EvaluationKind,
        formula_version: String,
        /// `final`, `running` while the period has not ended, `missing` where nothing was computed.
        state: String,
        #[schema(format = DateTime)]
        computed_at: Option<String>,
        /// Periods with results, latest first.
        periods: Vec<String>,
        rows: Vec<EvaluationRow>,
        distribution: Vec<EvaluationGrades>,
        /// Without a score.
        not_applicable: u64,
        /// The grade that the tier above gave to this node (上级评定).
        from_above: Option<EvaluationRow>,
    }

    /// One result (评价结果).
    #[derive(ToSchema)]
    struct EvaluationRow {
        /// Place within the stage.
        rank: Option<u32>,
        code: String,
        name: String,
        kind: EvaluationKind,
        stage: String,
        stage_name: String,
        division: String,
        division_name: String,
        /// Node that evaluated.
        node: String,
        score: Option<String>,
        /// Code of the grade.
        grade: Option<String>,
        grade_name: Option<String>,
        /// Difference to the period before, with its sign.
        change: Option<String>,
        /// Why the lowest grade was given whatever the score (一票否决).
        veto: Option<String>,
        formula_version: String,
        indicators: Vec<EvaluationIndicator>,
    }

    /// An indicator of a result (评价指标得分).
    #[derive(ToSchema)]
    struct EvaluationIndicator {
        code: String,
        name: String,
        /// Share; `null` where it is not applicable (不适用).
        value: Option<String>,
        unit: String,
        score: Option<String>,
        weight: u32,
        numerator: u64,
        denominator: u64,
        applicable: bool,
        /// Whether the score is below the indicator's own threshold.
        warning: bool,
    }

    /// How many have a grade (等级分布).
    #[derive(ToSchema)]
    struct EvaluationGrades {
        grade: String,
        name: String,
        count: u64,
    }

    /// The trend of one system or division (评价趋势).
    #[derive(ToSchema)]
    pub(super) struct EvaluationTrend {
        code: String,
        name: String,
        /// Oldest first; periods without a result have no score.
        points: Vec<EvaluationPoint>,
    }

    /// A point of a trend.
    #[derive(ToSchema)]
    struct EvaluationPoint {
        period: String,
        score: Option<String>,
        grade: Option<String>,
        rank: Option<u32>,
        /// Among how many.
        of: u64,
    }
}
