//! Reports of subjects, products and devices (主体、产品、设备报送). One wrong row does not keep the others back.
//! Rows: G-6.2.1, G-6.3.2, G-6.7.4, G-8.

use axum::Json;
use axum::extract::State;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use suyuan_domain::fault::Fault;
use suyuan_service::access::SystemIdentity;
use suyuan_service::device::DeviceDoc;
use suyuan_service::product::{self, ProductDoc};
use suyuan_service::register::{self, Document, Reported, RowStatus};
use suyuan_service::subject::SubjectDoc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::console::{DeviceIn, ProductIn, SubjectIn};
use crate::error::{ApiResult, ErrorEnvelope, FaultOut};
use crate::extract::{Address, In, System, parse};
use crate::layers::request_id;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(report_subjects))
        .routes(routes!(report_products))
        .routes(routes!(report_devices))
}

/// Rows of a report, each like a registration.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterReportIn {
    /// At most 1,000.
    #[schema(value_type = Vec<Object>)]
    items: Vec<serde_json::Value>,
}

/// What became of a row.
#[derive(Serialize, ToSchema)]
struct RegisterRowOut {
    /// Place in the report, from 0.
    row: usize,
    /// `accepted`, `rejected` or `duplicate`.
    status: String,
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
            status: reported.status.as_str().to_owned(),
            id: reported.id.map(|id| id.to_string()),
            faults: reported.faults.into_iter().map(FaultOut::from).collect(),
        };
        Self { received, accepted, rejected, rows: rows.into_iter().enumerate().map(out).collect() }
    }
}

/// A row, or what keeps it from being read.
fn read<T: DeserializeOwned + Into<D>, D>(value: &serde_json::Value) -> Result<D, Vec<Fault>> {
    let text = serde_json::to_vec(value).unwrap_or_default();
    parse::<T>(&text).map(Into::into).map_err(|error| vec![error.fault()])
}

async fn file<D: Document>(
    state: &AppState,
    system: &SystemIdentity,
    address: &str,
    rows: Vec<Result<D, Vec<Fault>>>,
) -> ApiResult<Json<RegisterReportOut>> {
    let answers = register::report(&state.node, system, (address, &request_id()), rows).await?;
    Ok(Json(answers.into()))
}

/// 报送主体
#[utoipa::path(post, path = "/subjects", tag = "数据报送", request_body = RegisterReportIn,
    responses((status = 200, body = RegisterReportOut), (status = "default", body = ErrorEnvelope)))]
async fn report_subjects(
    State(state): State<AppState>,
    System(system): System,
    Address(address): Address,
    In(body): In<RegisterReportIn>,
) -> ApiResult<Json<RegisterReportOut>> {
    let rows = body.items.iter().map(read::<SubjectIn, SubjectDoc>).collect();
    file(&state, &system, &address, rows).await
}

/// 报送产品
#[utoipa::path(post, path = "/products", tag = "数据报送", request_body = RegisterReportIn,
    responses((status = 200, body = RegisterReportOut), (status = "default", body = ErrorEnvelope)))]
async fn report_products(
    State(state): State<AppState>,
    System(system): System,
    Address(address): Address,
    In(body): In<RegisterReportIn>,
) -> ApiResult<Json<RegisterReportOut>> {
    let mut rows = Vec::with_capacity(body.items.len());
    for value in body.items.iter().take(register::MOST_ROWS + 1) {
        rows.push(match read::<ProductIn, ProductDoc>(value) {
            Ok(doc) => Ok(product::reported(&state.node, doc, &system.division).await?),
            Err(faults) => Err(faults),
        });
    }
    file(&state, &system, &address, rows).await
}

/// 报送设备
#[utoipa::path(post, path = "/devices", tag = "数据报送", request_body = RegisterReportIn,
    responses((status = 200, body = RegisterReportOut), (status = "default", body = ErrorEnvelope)))]
async fn report_devices(
    State(state): State<AppState>,
    System(system): System,
    Address(address): Address,
    In(body): In<RegisterReportIn>,
) -> ApiResult<Json<RegisterReportOut>> {
    let rows = body.items.iter().map(read::<DeviceIn, DeviceDoc>).collect();
    file(&state, &system, &address, rows).await
}
