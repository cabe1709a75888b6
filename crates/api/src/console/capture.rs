//! Capture in the console (数据采集): upload a table, see batches and rows set aside. Rows: G-8, H-6.2, G-6.4.1a.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Multipart, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_service::access;
use suyuan_service::capture::forms::{self, Purpose};
use suyuan_service::capture::ledger::{self, LedgerFilter, RejectView};
use suyuan_service::capture::{Answer, RowAnswer, RowStatus};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::document::Binary;
use crate::error::{ApiError, ApiResult, FaultOut};
use crate::extract::{Console, Find};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(upload_events))
        .routes(routes!(get_event_template))
        .routes(routes!(list_batches))
        .routes(routes!(list_rejects))
}

/// The answer to a message (报送结果).
#[derive(Serialize, ToSchema)]
pub(crate) struct CaptureAnswer {
    message_id: String,
    received: u64,
    accepted: u64,
    rejected: u64,
    duplicate: u64,
    rows: Vec<CaptureRow>,
}

/// What became of a row (处理结果).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the use case's own words; nobody makes one")]
pub(crate) enum RowState {
    /// Stored.
    Accepted,
    /// Set aside.
    Rejected,
    /// Already there like this.
    Duplicate,
}

/// A table and what to do with it (上传表格).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that is read part by part; nobody makes one")]
struct CaptureForm {
    /// The table as CSV.
    file: Binary,
    /// `true` only checks.
    dry_run: Option<String>,
}

/// The answer for one row.
#[derive(Serialize, ToSchema)]
struct CaptureRow {
    /// Row within the message, from 0.
    row: u64,
    #[schema(value_type = RowState)]
    status: RowStatus,
    #[schema(value_type = Option<String>, format = "uuid")]
    id: Option<suyuan_domain::id::ObjectId>,
    faults: Vec<FaultOut>,
}

impl From<Answer> for CaptureAnswer {
    fn from(answer: Answer) -> Self {
        let Answer { message_id, received, accepted, rejected, duplicate, rows } = answer;
        let rows = rows.into_iter().map(|row| {
            let RowAnswer { row, status, id, faults } = row;
            CaptureRow { row, status, id, faults: faults.into_iter().map(FaultOut::from).collect() }
        });
        Self { message_id, received, accepted, rejected, duplicate, rows: rows.collect() }
    }
}

/// 上传追溯事件表格
#[utoipa::path(post, path = "/capture/csv", extensions(("x-permission" = json!("capture.create"))), tag = "数据采集",
    request_body(content = CaptureForm, content_type = "multipart/form-data"),
    responses((status = 200, body = CaptureAnswer)))]
async fn upload_events(
    State(state): State<AppState>,
    Console(cx): Console,
    mut form: Multipart,
) -> ApiResult<Json<CaptureAnswer>> {
    let broken = |_| ApiError::bad_request("REQ-0110", "file", "上传内容不完整", "请重新选择文件上传");
    let mut file = None;
    let mut purpose = Purpose::Store;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().map(str::to_owned);
        match name.as_deref() {
            Some("file") => file = Some(field.bytes().await.map_err(broken)?),
            Some("dry_run") if field.text().await.map_err(broken)? == "true" => purpose = Purpose::DryRun,
            _ => {}
        }
    }
    let file =
        file.ok_or_else(|| ApiError::bad_request("REQ-0111", "file", "没有收到文件", "请选择要上传的 CSV 文件"))?;
    Ok(Json(forms::table(&state.node, &cx, &file, purpose).await?.into()))
}

/// 下载追溯事件表格模板
#[utoipa::path(get, path = "/capture/template.csv", extensions(("x-permission" = json!("capture.read|capture.create"))), tag = "数据采集",
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn get_event_template(Console(_cx): Console) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"events-template.csv\""),
    ];
    (headers, forms::template()).into_response()
}

/// Which batches or rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct LedgerQuery {
    /// Division, with all below.
    division: Option<String>,
    /// Code of the connected system.
    system: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

impl LedgerQuery {
    fn filter(self) -> ApiResult<LedgerFilter> {
        let (before, limit) = (self.paging.after_number()?, self.paging.limit());
        Ok(LedgerFilter { division: self.division, system: self.system, before, limit })
    }
}

/// An answered batch (报送批次).
#[derive(Serialize, ToSchema)]
struct BatchOut {
    message_id: String,
    system: String,
    /// Name of the system; `null` for tables uploaded by people.
    system_name: Option<String>,
    /// `json`, `epcis` or `csv`.
    format: String,
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    received: i64,
    accepted: i64,
    rejected: i64,
    duplicate: i64,
}

/// 报送批次
#[utoipa::path(get, path = "/capture/batches", extensions(("x-permission" = json!("capture.read"))), tag = "数据采集", params(LedgerQuery, Paging),
    responses((status = 200, body = Listing<BatchOut>)))]
async fn list_batches(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<LedgerQuery>,
) -> ApiResult<Json<Listing<BatchOut>>> {
    let listed = ledger::batches(&state.node, &cx, &query.filter()?).await?;
    let names =
        access::names(&state.node, &cx.scope, listed.items.iter().map(|row| row.system.clone()).collect()).await?;
    Ok(Json(Listing::of(listed, |row| BatchOut {
        message_id: row.message,
        system_name: names.get(&row.system).cloned(),
        system: row.system,
        format: row.format,
        received_at: Timestamp::from_millis(row.at),
        received: row.received,
        accepted: row.accepted,
        rejected: row.rejected,
        duplicate: row.duplicate,
    })))
}

/// A row that was set aside (待修记录).
#[derive(Serialize, ToSchema)]
struct RejectOut {
    id: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    system: String,
    /// Name of the system; `null` for tables uploaded by people.
    system_name: Option<String>,
    message_id: String,
    /// Row within the message, from 0.
    row: i64,
    code: String,
    field: String,
    reason: String,
    advice: String,
    faults: Vec<FaultOut>,
    raw: String,
}

impl RejectOut {
    fn of(view: RejectView, names: &BTreeMap<String, String>) -> Self {
        let RejectView { id, at, system, message, row, faults, raw } = view;
        let first = faults.first().cloned();
        let part = |of: fn(suyuan_domain::fault::Fault) -> String| first.clone().map(of).unwrap_or_default();
        Self {
            id,
            at,
            system_name: names.get(&system).cloned(),
            system,
            message_id: message,
            row,
            code: part(|fault| fault.code),
            field: part(|fault| fault.field),
            reason: part(|fault| fault.reason),
            advice: part(|fault| fault.advice),
            faults: faults.into_iter().map(FaultOut::from).collect(),
            raw,
        }
    }
}

/// 未通过检查的记录
#[utoipa::path(get, path = "/capture/rejects", extensions(("x-permission" = json!("capture.read"))), tag = "数据采集", params(LedgerQuery, Paging),
    responses((status = 200, body = Listing<RejectOut>)))]
async fn list_rejects(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<LedgerQuery>,
) -> ApiResult<Json<Listing<RejectOut>>> {
    let listed = ledger::rejects(&state.node, &cx, &query.filter()?).await?;
    let names =
        access::names(&state.node, &cx.scope, listed.items.iter().map(|row| row.system.clone()).collect()).await?;
    Ok(Json(Listing::of(listed, |row| RejectOut::of(row, &names))))
}
