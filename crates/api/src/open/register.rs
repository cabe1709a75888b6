//! Reports of subjects, products and devices (主体、产品、设备报送). One wrong row does not keep the others back.
//! Rows: G-6.2.1, G-6.3.2, G-6.7.4, G-8.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use suyuan_domain::fault::Fault;
use suyuan_service::Node;
use suyuan_service::access::SystemIdentity;
use suyuan_service::device::DeviceDoc;
use suyuan_service::product::{self, ProductDoc};
use suyuan_service::register::{self, Document, Reported, RowStatus};
use suyuan_service::subject::SubjectDoc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::console::capture::RowState;
use crate::console::{DeviceIn, ProductIn, SubjectIn};
use crate::error::{ApiError, ApiResult, FaultOut};
use crate::extract::{Address, In, System, parse};
use crate::layers::request_id;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(report_subjects))
        .routes(routes!(report_products))
        .routes(routes!(report_devices))
}

/// Rows of a report, each like a registration (报送内容).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterReportIn<T> {
    /// At most 1,000.
    items: Vec<T>,
}

/// What became of a row.
#[derive(Serialize, ToSchema)]
struct RegisterRowOut {
    /// Place in the report, from 0.
    row: usize,
    #[schema(value_type = RowState)]
    status: &'static str,
    id: Option<String>,
    faults: Vec<FaultOut>,
}

/// The answer to a report.
#[derive(Serialize, ToSchema)]
struct RegisterReportOut {
    received: usize,
    accepted: usize,
    rejected: usize,
    rows: Vec<RegisterRowOut>,
}

impl From<Vec<Reported>> for RegisterReportOut {
    fn from(rows: Vec<Reported>) -> Self {
        let count = |status: RowStatus| rows.iter().filter(|row| row.status == status).count();
        let (accepted, rejected) = (count(RowStatus::Accepted), count(RowStatus::Rejected));
        let received = rows.len();
        let out = |(row, reported): (usize, Reported)| RegisterRowOut {
            row,
            status: reported.status.as_str(),
            id: reported.id.map(|id| id.to_string()),
            faults: reported.faults.into_iter().map(FaultOut::from).collect(),
        };
        Self { received, accepted, rejected, rows: rows.into_iter().enumerate().map(out).collect() }
    }
}

/// A report as it arrives: who sends it from where, and its rows, not yet read.
struct Report {
    node: Arc<Node>,
    system: SystemIdentity,
    address: String,
    items: Vec<Value>,
}

impl FromRequest<AppState> for Report {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> ApiResult<Self> {
        let (mut parts, body) = request.into_parts();
        let System(system) = System::from_request_parts(&mut parts, state).await?;
        let Ok(Address(address)) = Address::from_request_parts(&mut parts, state).await;
        let In(RegisterReportIn { items }) = In::from_request(Request::from_parts(parts, body), state).await?;
        Ok(Self { node: Arc::clone(&state.node), system, address, items })
    }
}

impl Report {
    /// The rows, each read or with what keeps it from being read. One more than is taken, so that too many are seen.
    fn rows<T: DeserializeOwned + Into<D>, D>(&self) -> impl Iterator<Item = Result<D, Vec<Fault>>> {
        self.items.iter().take(register::MOST_ROWS + 1).map(|value| {
            let text = serde_json::to_vec(value).unwrap_or_default();
            parse::<T>(&text).map(Into::into).map_err(|error| vec![error.fault()])
        })
    }

    async fn file<D: Document>(&self, rows: Vec<Result<D, Vec<Fault>>>) -> ApiResult<Json<RegisterReportOut>> {
        let answers = register::report(&self.node, &self.system, (&self.address, &request_id()), rows).await?;
        Ok(Json(answers.into()))
    }
}

/// 报送主体
#[utoipa::path(post, path = "/subjects", tag = "数据报送", request_body = RegisterReportIn<SubjectIn>,
    responses((status = 200, body = RegisterReportOut)))]
async fn report_subjects(report: Report) -> ApiResult<Json<RegisterReportOut>> {
    report.file(report.rows::<SubjectIn, SubjectDoc>().collect()).await
}

/// 报送产品
#[utoipa::path(post, path = "/products", tag = "数据报送", request_body = RegisterReportIn<ProductIn>,
    responses((status = 200, body = RegisterReportOut)))]
async fn report_products(report: Report) -> ApiResult<Json<RegisterReportOut>> {
    let mut rows = Vec::with_capacity(report.items.len());
    for row in report.rows::<ProductIn, ProductDoc>() {
        rows.push(match row {
            Ok(doc) => Ok(product::reported(&report.node, doc, &report.system.division).await?),
            Err(faults) => Err(faults),
        });
    }
    report.file(rows).await
}

/// 报送设备
#[utoipa::path(post, path = "/devices", tag = "数据报送", request_body = RegisterReportIn<DeviceIn>,
    responses((status = 200, body = RegisterReportOut)))]
async fn report_devices(report: Report) -> ApiResult<Json<RegisterReportOut>> {
    report.file(report.rows::<DeviceIn, DeviceDoc>().collect()).await
}
