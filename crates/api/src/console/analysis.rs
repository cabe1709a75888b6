//! 登记统计分析 on the wire: an analysis, and the same as a file. Rows: G-6.2.3.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use suyuan_service::analysis::{self, Analysis, Question};
use suyuan_service::export::Format;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::export::attachment;
use super::register::RegisterFind;
use crate::document::Binary;
use crate::error::ApiResult;
use crate::extract::{Console, Find};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_analysis)).routes(routes!(get_analysis_file))
}

/// What is to be analysed; the conditions are those of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AnalysisFind {
    /// `subject`, `product`, `device` or `access`.
    #[serde(default)]
    of: String,
    /// First dimension: `stage`, `variety`, `division`, `category`, `type`, `class`, `merchant_type`, `org_form`, `state`,
    /// `month` or `origin_node`.
    #[serde(default)]
    by: String,
    /// Second dimension, crossed with the first.
    #[serde(default)]
    then: String,
    /// Months of an analysis by time, 1 to 60; 12 where it is left out.
    #[serde(default, deserialize_with = "crate::listing::number")]
    months: Option<u32>,
    /// Form of a file: `xlsx` or `csv`.
    #[serde(default)]
    format: String,
    #[serde(flatten)]
    #[param(ignore)]
    find: RegisterFind,
}

impl AnalysisFind {
    fn question(&self) -> ApiResult<Question> {
        Ok(Question::parse(&self.of, &self.by, &self.then, self.months, self.find.find())?)
    }
}

/// 统计分析
#[utoipa::path(get, path = "/analysis", tag = "统计分析", params(AnalysisFind, RegisterFind),
    extensions(("x-permission" = json!("subject.read|product.read|device.read|access.read"))),
    responses((status = 200, body = answer::AnalysisOut)))]
async fn get_analysis(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<AnalysisFind>,
) -> ApiResult<Json<Analysis>> {
    Ok(Json(analysis::analyse(&state.node, &cx, &find.question()?).await?))
}

/// 导出统计分析
#[utoipa::path(get, path = "/analysis/file", tag = "统计分析", params(AnalysisFind, RegisterFind),
    extensions(("x-permission" = json!("subject.export|product.export|device.export|access.export"))),
    responses((status = 200, content_type = "application/octet-stream", body = Binary)))]
async fn get_analysis_file(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<AnalysisFind>,
) -> ApiResult<Response> {
    let format = Format::parse(&find.format)?;
    Ok(attachment(analysis::file(&state.node, &cx, &find.question()?, format).await?))
}

/// The form of the answer, for the OpenAPI document.
mod answer {
    #![expect(dead_code, reason = "these types describe what the use case answers; nobody makes one")]

    use utoipa::ToSchema;

    /// An analysis (统计分析).
    #[derive(ToSchema)]
    pub(super) struct AnalysisOut {
        of: String,
        by: String,
        by_name: String,
        then: Option<String>,
        then_name: Option<String>,
        /// Entries in all; each counted once.
        total: u64,
        /// Whether an entry may count under several values.
        several: bool,
        rows: Vec<AnalysisCell>,
        /// The values of the second dimension.
        columns: Vec<AnalysisColumn>,
    }

    /// A value with the number of its entries.
    #[derive(ToSchema)]
    struct AnalysisCell {
        /// Empty for entries that have no value.
        code: String,
        name: String,
        count: u64,
        /// Share in percent, one decimal.
        share: Option<String>,
        #[schema(inline)]
        state: AnalysisState,
        /// Conditions of the list behind it.
        query: String,
        /// The month before, for months.
        before: Option<u64>,
        /// 环比, percent.
        change: Option<String>,
        /// The same month of the year before.
        year_before: Option<u64>,
        /// 同比, percent.
        year_change: Option<String>,
        cells: Vec<AnalysisCross>,
    }

    /// How a number stands.
    #[derive(ToSchema)]
    #[schema(rename_all = "snake_case")]
    enum AnalysisState {
        Value,
        Zero,
        Missing,
        NotConnected,
    }

    /// A cell of two dimensions.
    #[derive(ToSchema)]
    struct AnalysisCross {
        code: String,
        count: u64,
        share: Option<String>,
        query: String,
    }

    /// A value of the second dimension.
    #[derive(ToSchema)]
    struct AnalysisColumn {
        code: String,
        name: String,
    }
}
