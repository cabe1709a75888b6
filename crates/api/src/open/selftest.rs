//! The self-test of connected systems (接入自测). Rows: G-6.7.2.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use suyuan_service::access::selftest::{self, Sample, SelftestRun};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{In, System};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(run_selftest))
}

/// Samples of what a system will send (报文样例).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelftestIn {
    /// 1 to 20, in the order in which they would be sent.
    #[schema(value_type = Vec<answer::SelftestSample>)]
    pub(crate) samples: Vec<Sample>,
}

/// 接入自测
#[utoipa::path(post, path = "/selftest", tag = "数据报送", request_body = SelftestIn,
    responses((status = 200, body = answer::SelftestOut)))]
async fn run_selftest(
    State(state): State<AppState>,
    System(system): System,
    In(body): In<SelftestIn>,
) -> ApiResult<Json<SelftestRun>> {
    Ok(Json(selftest::by_system(&state.node, &system, body.samples).await?))
}

/// The form of what is sent and answered, for the OpenAPI document.
pub(crate) mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases take and answer; nobody makes one")]

    use utoipa::ToSchema;

    /// A sample.
    #[derive(ToSchema)]
    pub(crate) struct SelftestSample {
        format: SelftestFormat,
        /// The message: a JSON object, or its text.
        body: serde_json::Value,
    }

    /// Outside form of a sample.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum SelftestFormat {
        Json,
        Epcis,
        Csv,
    }

    /// A run of the self-test (自测结果).
    #[derive(ToSchema)]
    pub(crate) struct SelftestOut {
        number: i64,
        #[schema(format = DateTime)]
        at: String,
        by: String,
        /// Version of the clauses.
        catalogue_version: String,
        passed: usize,
        failed: usize,
        not_shown: usize,
        /// Whether every clause is kept that going live asks for.
        ready: bool,
        clauses: Vec<SelftestClause>,
    }

    /// The result for a clause (条款结论).
    #[derive(ToSchema)]
    struct SelftestClause {
        code: String,
        name: String,
        must: bool,
        state: SelftestClauseState,
        state_name: String,
        reason: String,
        advice: String,
        evidence: Vec<SelftestEvidence>,
    }

    /// How a clause stands.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum SelftestClauseState {
        Passed,
        Failed,
        NotShown,
    }

    /// What a clause rests on.
    #[derive(ToSchema)]
    struct SelftestEvidence {
        /// Sample, from 1.
        sample: usize,
        /// Row within it, from 1; `null` for the whole sample.
        row: Option<usize>,
        code: Option<String>,
        field: Option<String>,
        text: String,
    }
}
