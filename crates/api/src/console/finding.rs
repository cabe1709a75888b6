//! Findings in the console (异常数据): list, sums, detail, review. Rows: G-6.4.2a, G-6.4.2b.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use suyuan_domain::id::ObjectId;
use suyuan_service::quality::{self, Decision, FindingDetail, FindingOut, FindingQuery, FindingSummary, ReviewIn};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiResult, ErrorEnvelope};
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_findings))
        .routes(routes!(summarise_findings))
        .routes(routes!(get_finding))
        .routes(routes!(review_finding))
}

/// Which findings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FindingListQuery {
    /// `open`, `confirmed`, `dismissed` or `returned`.
    state: Option<String>,
    rule: Option<String>,
    division: Option<String>,
    system: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

impl From<FindingListQuery> for FindingQuery {
    fn from(query: FindingListQuery) -> Self {
        let FindingListQuery { state, rule, division, system, paging } = query;
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let limit = Some(paging.limit());
        let (state, rule, system) = (filled(state), filled(rule), filled(system));
        Self { state, rule, division, system, after: paging.after, limit }
    }
}

/// A decision on a finding (异常核实).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FindingReview {
    /// Version that was shown.
    version: u64,
    /// `confirm`, `dismiss` or `return`.
    #[schema(value_type = String)]
    decision: Decision,
    /// Why; needed unless it is confirmed.
    #[serde(default)]
    reason: String,
}

/// 查询异常数据
#[utoipa::path(get, path = "/findings", tag = "异常数据", params(FindingListQuery, Paging),
    responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn list_findings(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<FindingListQuery>,
) -> ApiResult<Json<Listing<FindingOut>>> {
    let listed = quality::list(&state.node, &cx, &query.into()).await?;
    Ok(Json(Listing::of(listed, |row| row)))
}

/// 异常数据汇总
#[utoipa::path(get, path = "/findings/summary", tag = "异常数据", params(FindingListQuery, Paging),
    responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn summarise_findings(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<FindingListQuery>,
) -> ApiResult<Json<FindingSummary>> {
    Ok(Json(quality::summary(&state.node, &cx, &query.into()).await?))
}

/// 异常数据详情
#[utoipa::path(get, path = "/findings/{id}", tag = "异常数据", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn get_finding(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<FindingDetail>> {
    Ok(Json(quality::get(&state.node, &cx, id).await?))
}

/// 核实异常数据
#[utoipa::path(post, path = "/findings/{id}/review", tag = "异常数据", params(("id" = String, Path)),
    request_body = FindingReview, responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn review_finding(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<FindingReview>,
) -> ApiResult<Json<FindingDetail>> {
    let FindingReview { version, decision, reason } = body;
    let input = ReviewIn { version, decision, reason };
    Ok(Json(quality::review(&state.node, &cx, id, &input).await?))
}
