//! Findings in the console (异常数据): list, sums, detail, review. Rows: G-6.4.2a, G-6.4.2b.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use suyuan_domain::id::ObjectId;
use suyuan_service::quality::{self, Decision, FindingDetail, FindingOut, FindingQuery, FindingSummary, ReviewIn};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
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
    /// Code of the rule.
    rule: Option<String>,
    /// Division, with all below.
    division: Option<String>,
    /// Code of the connected system.
    system: Option<String>,
    /// Code of the subject.
    subject: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

impl From<FindingListQuery> for FindingQuery {
    fn from(query: FindingListQuery) -> Self {
        let FindingListQuery { state, rule, division, system, subject, paging } = query;
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let limit = Some(paging.limit());
        let (state, rule) = (filled(state), filled(rule));
        let (system, subject) = (filled(system), filled(subject));
        Self { state, rule, division, system, subject, after: paging.after, limit }
    }
}

/// A decision on a finding (异常核实).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FindingReview {
    /// Version that was shown.
    version: u64,
    #[schema(value_type = answer::FindingDecision)]
    decision: Decision,
    /// Why; needed unless it is confirmed.
    #[serde(default)]
    reason: String,
}

/// 查询异常数据
#[utoipa::path(get, path = "/findings", extensions(("x-permission" = json!("finding.read"))), tag = "异常数据", params(FindingListQuery, Paging),
    responses((status = 200, body = Listing<answer::FindingRow>)))]
async fn list_findings(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<FindingListQuery>,
) -> ApiResult<Json<Listing<FindingOut>>> {
    let listed = quality::list(&state.node, &cx, &query.into()).await?;
    Ok(Json(Listing::of(listed, |row| row)))
}

/// 异常数据汇总
#[utoipa::path(get, path = "/findings/summary", extensions(("x-permission" = json!("finding.read"))), tag = "异常数据", params(FindingListQuery, Paging),
    responses((status = 200, body = answer::FindingSums)))]
async fn summarise_findings(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<FindingListQuery>,
) -> ApiResult<Json<FindingSummary>> {
    Ok(Json(quality::summary(&state.node, &cx, &query.into()).await?))
}

/// 异常数据详情
#[utoipa::path(get, path = "/findings/{id}", extensions(("x-permission" = json!("finding.read"))), tag = "异常数据", params(("id" = String, Path)),
    responses((status = 200, body = answer::FindingFull)))]
async fn get_finding(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<FindingDetail>> {
    Ok(Json(quality::get(&state.node, &cx, id).await?))
}

/// 核实异常数据
#[utoipa::path(post, path = "/findings/{id}/review", extensions(("x-permission" = json!("finding.review"))), tag = "异常数据", params(("id" = String, Path)),
    request_body = FindingReview, responses((status = 200, body = answer::FindingFull)))]
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

/// The form of the answers, for the OpenAPI document.
mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    use crate::console::event::answer::{EventFacts, EventOriginal};

    /// What a reviewer decides (核实意见).
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    pub(super) enum FindingDecision {
        Confirm,
        Dismiss,
        Return,
    }

    /// How far the review is.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum FindingState {
        Open,
        Confirmed,
        Dismissed,
        Returned,
    }

    /// A finding (异常数据).
    #[derive(ToSchema)]
    pub(super) struct FindingRow {
        #[schema(format = "uuid")]
        id: String,
        rule: String,
        rule_name: String,
        rule_version: u32,
        kind: String,
        /// `high` or `normal`.
        severity: String,
        /// Month of the event.
        period: String,
        subject: String,
        subject_name: String,
        system: String,
        system_name: String,
        division: String,
        division_name: String,
        /// The event.
        #[schema(format = "uuid")]
        object_id: Option<String>,
        /// One sentence.
        text: String,
        value: Option<String>,
        /// The bound that the value broke.
        limit: Option<String>,
        state: FindingState,
        state_name: String,
        #[schema(format = DateTime)]
        found_at: String,
        #[schema(format = DateTime)]
        due_at: Option<String>,
        overdue: bool,
        version: u64,
        /// Node that found it; only there is it reviewed.
        origin_node: String,
        /// Decisions that the reader may take now.
        actions: Vec<FindingDecision>,
    }

    /// A finding with everything about it.
    #[derive(ToSchema)]
    pub(super) struct FindingFull {
        #[schema(inline)]
        #[serde(flatten)]
        finding: FindingRow,
        /// The event as this node has it.
        event: Option<EventFacts>,
        /// The sender's own document, where it came in another form.
        raw: Option<EventOriginal>,
        /// Steps of the review, oldest first.
        history: Vec<FindingStep>,
    }

    /// A step of the review (核实记录).
    #[derive(ToSchema)]
    struct FindingStep {
        version: u64,
        #[schema(format = DateTime)]
        at: String,
        actor: String,
        /// `found`, `confirm`, `dismiss` or `return`.
        action: String,
        state: FindingState,
        reason: String,
    }

    /// Findings summed (异常数据汇总).
    #[derive(ToSchema)]
    pub(super) struct FindingSums {
        by_rule: Vec<FindingsOfRule>,
        by_state: Vec<FindingsInState>,
    }

    /// Findings of one rule.
    #[derive(ToSchema)]
    struct FindingsOfRule {
        rule: String,
        name: String,
        /// Not handled yet.
        open: u64,
        /// Confirmed or dismissed.
        handled: u64,
    }

    /// Findings in one state.
    #[derive(ToSchema)]
    struct FindingsInState {
        state: FindingState,
        name: String,
        count: u64,
    }
}
