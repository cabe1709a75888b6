//! 导入登记表格 on the wire: template, upload, columns, steps, rows, report. Rows: G-6.2.1a, H-6.2.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::metadata::{Obligation, Shape};
use suyuan_service::import::{
    self, Begin, Chosen, Column, Format, ImportView, MOST_BYTES, Only, RowFault, RowQuery, RowView, Step, Target,
    Upload, missing,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::some;
use crate::document::Binary;
use crate::error::{ApiError, ApiResult};
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

/// What a form adds to the bytes of its file.
const FRAME: usize = 64 << 10;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    let limit = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX).saturating_add(FRAME);
    OpenApiRouter::new()
        .routes(routes!(list_imports, upload_import))
        .layer(DefaultBodyLimit::max(limit))
        .routes(routes!(get_import_template))
        .routes(routes!(get_import))
        .routes(routes!(set_import_columns))
        .routes(routes!(step_import))
        .routes(routes!(list_import_rows))
        .routes(routes!(get_import_report))
}

/// A register, with what the columns are chosen for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportTarget {
    /// `subjects`, `products` or `devices`.
    register: String,
    /// `subject` or `merchant`, for subjects.
    #[serde(default)]
    class: String,
    /// Category that the columns are chosen for.
    #[serde(default)]
    category: String,
    /// `xlsx` or `csv`, for templates.
    #[serde(default)]
    format: String,
}

impl ImportTarget {
    fn target(&self, state: &AppState) -> ApiResult<Target> {
        Ok(Target::new(&state.node, &self.register, &self.class, &self.category)?)
    }
}

/// A table to import (导入表格).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that is read part by part; nobody makes one")]
struct ImportForm {
    /// Workbook (.xlsx) or text (.csv), at most 50 MB.
    file: Binary,
}

/// State of an import (导入状态).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the use case's own words; nobody makes one")]
enum ImportState {
    Ready,
    Checking,
    Checked,
    Running,
    Paused,
    Done,
    Cancelled,
    Withdrawing,
    Withdrawn,
}

/// A step with an import (导入操作).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the use case's own words; nobody makes one")]
enum ImportStep {
    Check,
    Start,
    Pause,
    Resume,
    Cancel,
    Withdraw,
}

/// What became of a row (行状态).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the use case's own words; nobody makes one")]
enum ImportRowState {
    /// Not looked at yet.
    Waiting,
    /// Of a sheet that is not imported.
    Left,
    /// May be entered.
    Good,
    /// Has faults.
    Bad,
    /// Became a new entry.
    Created,
    /// Changed an entry, or proposed to.
    Changed,
    /// The entry exists.
    Skipped,
    /// Refused when it was entered.
    Failed,
    /// Became an entry that was cancelled again.
    Withdrawn,
}

/// An import (导入).
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportOut {
    id: String,
    register: String,
    class: Option<String>,
    category: Option<String>,
    category_name: Option<String>,
    file: String,
    bytes: u64,
    #[schema(value_type = ImportState)]
    state: &'static str,
    state_name: &'static str,
    /// Why it stands.
    reason: Option<String>,
    actor: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Rows.
    total: u64,
    /// Rows that the present work has passed.
    place: u64,
    /// Seconds until the present work is done; `null` where that cannot be told.
    remaining_seconds: Option<u64>,
    /// Whether entries that exist are changed; else they are skipped.
    changes: bool,
    /// Whether new entries are filed at once.
    filed: bool,
    counts: ImportCounts,
    /// Codes of faults and warnings, most rows first.
    codes: Vec<ImportCode>,
    /// Steps allowed now.
    #[schema(value_type = Vec<ImportStep>)]
    steps: Vec<&'static str>,
    /// Fields that columns may be matched with; empty in lists.
    columns: Vec<ImportColumn>,
    sheets: Vec<ImportSheet>,
}

/// Rows by what became of them (行数).
#[derive(Serialize, ToSchema)]
struct ImportCounts {
    waiting: u64,
    left: u64,
    good: u64,
    bad: u64,
    created: u64,
    changed: u64,
    skipped: u64,
    failed: u64,
    withdrawn: u64,
}

impl ImportCounts {
    fn of(counts: &BTreeMap<String, u64>) -> Self {
        let of = |status: &str| counts.get(status).copied().unwrap_or(0);
        Self {
            waiting: of("waiting"),
            left: of("left"),
            good: of("good"),
            bad: of("bad"),
            created: of("created"),
            changed: of("changed"),
            skipped: of("skipped"),
            failed: of("failed"),
            withdrawn: of("withdrawn"),
        }
    }
}

/// A code of faults with the rows that have it (错误汇总).
#[derive(Serialize, ToSchema)]
struct ImportCode {
    code: String,
    /// The words of the first row that has it.
    text: String,
    count: u64,
}

/// A field that a column may stand for (可对应字段).
#[derive(Serialize, ToSchema)]
struct ImportColumn {
    code: String,
    name: String,
    /// `must`, `should` or `may`.
    #[schema(value_type = String)]
    need: Obligation,
    /// What it holds.
    #[schema(value_type = String)]
    r#type: Shape,
    hint: Option<String>,
    example: Option<String>,
}

impl From<Column> for ImportColumn {
    fn from(column: Column) -> Self {
        Self {
            code: column.code,
            name: column.name,
            need: column.need,
            r#type: column.shape,
            hint: some(column.hint),
            example: some(column.example),
        }
    }
}

/// A sheet of the file (工作表).
#[derive(Serialize, ToSchema)]
struct ImportSheet {
    /// Its name; empty for CSV.
    name: String,
    /// Whether its author hid it.
    hidden: bool,
    /// Whether it is imported.
    used: bool,
    rows: u64,
    heads: Vec<String>,
    /// The field of each column; `null` for one that is left out.
    fields: Vec<Option<String>>,
    /// Names of fields that must be filled in and have no column.
    missing: Vec<String>,
}

impl ImportOut {
    fn of(state: &AppState, view: ImportView) -> Self {
        let ImportView { run, state: now, sheets, columns, counts, codes, remaining_seconds, steps } = view;
        let packs = state.node.packs();
        let sheet = |sheet: import::Sheet| ImportSheet {
            missing: missing(&columns, &sheet, &run.category),
            name: sheet.name,
            hidden: sheet.hidden,
            used: sheet.used,
            rows: sheet.rows,
            heads: sheet.heads,
            fields: sheet.fields,
        };
        Self {
            sheets: sheets.into_iter().map(sheet).collect(),
            id: run.id.to_string(),
            register: run.register,
            class: some(run.class),
            category_name: packs.category(&run.category).map(|category| category.name.clone()),
            category: some(run.category),
            file: run.file,
            bytes: run.bytes,
            state: now.as_str(),
            state_name: now.label(),
            reason: some(run.reason),
            actor: run.actor,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            total: run.total,
            place: run.place,
            remaining_seconds,
            changes: run.changes,
            filed: run.filed,
            counts: ImportCounts::of(&counts),
            codes: codes.into_iter().map(|(code, text, count)| ImportCode { code, text, count }).collect(),
            steps: steps.into_iter().map(Step::as_str).collect(),
            columns: columns.into_iter().map(ImportColumn::from).collect(),
        }
    }
}

/// A file of a name that may hold any character.
fn file(document: import::Document) -> Response {
    let name: String = document
        .name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, document.media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")),
    ];
    (headers, document.bytes).into_response()
}

/// 下载导入模板
#[utoipa::path(get, path = "/imports/template",
    extensions(("x-permission" = json!("subject.import|product.import|device.import"))), tag = "导入",
    params(ImportTarget), responses((status = 200, content(
        (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    ))))]
async fn get_import_template(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<ImportTarget>,
) -> ApiResult<Response> {
    let format = Format::parse(&query.format)?;
    Ok(file(import::template(&state.node, &cx, &query.target(&state)?, format)?))
}

/// 上传导入表格
#[utoipa::path(post, path = "/imports",
    extensions(("x-permission" = json!("subject.import|product.import|device.import"))), tag = "导入",
    params(ImportTarget), request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 201, body = ImportOut)))]
async fn upload_import(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<ImportTarget>,
    mut form: Multipart,
) -> ApiResult<(StatusCode, Json<ImportOut>)> {
    let broken =
        |_| ApiError::bad_request("REQ-0110", "file", "上传内容不完整", "请重新选择文件上传，文件不超过 50 MB");
    let target = query.target(&state)?;
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let mut upload = Upload::begin(&state.node, &cx, target, &name).await?;
        while let Some(bytes) = field.chunk().await.map_err(broken)? {
            upload.write(&bytes).await?;
        }
        let view = upload.finish(&state.node, &cx).await?;
        return Ok((StatusCode::CREATED, Json(ImportOut::of(&state, view))));
    }
    Err(ApiError::bad_request("REQ-0111", "file", "没有收到文件", "请选择要上传的文件"))
}

/// Which imports.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportFind {
    /// `subjects`, `products` or `devices`.
    register: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// 查询本人的导入
#[utoipa::path(get, path = "/imports",
    extensions(("x-permission" = json!("subject.import|product.import|device.import"))), tag = "导入",
    params(ImportFind, Paging), responses((status = 200, body = Listing<ImportOut>)))]
async fn list_imports(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<ImportFind>,
) -> ApiResult<Json<Listing<ImportOut>>> {
    let (after, limit) = (query.paging.after_object()?, query.paging.limit());
    let listed = import::list(&state.node, &cx, query.register.as_deref(), after, limit).await?;
    Ok(Json(Listing::of(listed, |view| ImportOut::of(&state, view))))
}

/// 导入详情与进度
#[utoipa::path(get, path = "/imports/{id}",
    extensions(("x-permission" = json!("subject.import|product.import|device.import"))), tag = "导入",
    params(("id" = String, Path)), responses((status = 200, body = ImportOut)))]
async fn get_import(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<ImportOut>> {
    Ok(Json(ImportOut::of(&state, import::get(&state.node, &cx, id).await?)))
}

/// Which columns are imported as which fields (列对应).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImportColumnsIn {
    sheets: Vec<ImportSheetIn>,
}

/// A sheet with its columns.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImportSheetIn {
    /// Sheet, from 0.
    sheet: usize,
    /// Whether it is imported.
    used: bool,
    /// The field of each column; `null` for one that is left out.
    fields: Vec<Option<String>>,
}

/// 调整列对应
#[utoipa::path(put, path = "/imports/{id}/columns",
    extensions(("x-permission" = json!("subject.import|product.import|device.import"))), tag = "导入",
    params(("id" = String, Path)), request_body = ImportColumnsIn, responses((status = 200, body = ImportOut)))]
async fn set_import_columns(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<ImportColumnsIn>,
) -> ApiResult<Json<ImportOut>> {
    let of = |sheet: ImportSheetIn| Chosen { sheet: sheet.sheet, used: sheet.used, fields: sheet.fields };
    let view = import::choose(&state.node, &cx, id, body.sheets.into_iter().map(of).collect()).await?;
    Ok(Json(ImportOut::of(&state, view)))
}

/// A step (导入操作).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImportStepIn {
    #[schema(value_type = ImportStep)]
    step: String,
    /// For `start`: whether entries that exist are changed; else they are skipped.
    #[serde(default)]
    changes: bool,
    /// For `start`: whether new entries are filed at once, for who may review them.
    #[serde(default)]
    filed: bool,
}

/// 检查、开始、暂停、继续、取消、撤回
#[utoipa::path(post, path = "/imports/{id}/steps",
    extensions(("x-permission" = json!("subject.import|product.import|device.import"))), tag = "导入",
    params(("id" = String, Path)), request_body = ImportStepIn, responses((status = 200, body = ImportOut)))]
async fn step_import(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<ImportStepIn>,
) -> ApiResult<Json<ImportOut>> {
    let begin = Begin { changes: body.changes, filed: body.filed };
    let view = import::step(&state.node, &cx, id, Step::parse(&body.step)?, begin).await?;
    Ok(Json(ImportOut::of(&state, view)))
}

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportRowFind {
    /// What became of them.
    status: Option<String>,
    /// Code of a fault.
    code: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// A row of an import (导入行).
#[derive(Serialize, ToSchema)]
struct ImportRowOut {
    /// Number within the import, from 1.
    seq: u64,
    /// Name of its sheet.
    sheet: String,
    /// Row of the sheet.
    row: u64,
    #[schema(value_type = ImportRowState)]
    status: String,
    /// Code of the entry.
    code: Option<String>,
    /// The entry.
    object: Option<String>,
    /// Texts by field.
    cells: BTreeMap<String, String>,
    faults: Vec<ImportFault>,
}

/// Something about a row (行提示).
#[derive(Serialize, ToSchema)]
struct ImportFault {
    /// Head of the column; `null` for the row.
    column: Option<String>,
    field: Option<String>,
    code: String,
    reason: String,
    advice: String,
    /// What would be right, where there is no doubt.
    suggestion: Option<String>,
    /// Whether it keeps the row from nothing.
    warning: bool,
}

impl From<RowFault> for ImportFault {
    fn from(fault: RowFault) -> Self {
        let RowFault { column, field, code, reason, advice, suggestion, warning } = fault;
        Self { column: some(column), field: some(field), code, reason, advice, suggestion, warning }
    }
}

impl From<RowView> for ImportRowOut {
    fn from(view: RowView) -> Self {
        let RowView { row, sheet_name, cells, faults } = view;
        Self {
            seq: row.seq,
            sheet: sheet_name,
            row: row.row_no,
            status: row.status,
            code: some(row.code),
            object: row.object.map(|object| object.to_string()),
            cells,
            faults: faults.into_iter().map(ImportFault::from).collect(),
        }
    }
}

/// 逐行结果
#[utoipa::path(get, path = "/imports/{id}/rows",
    extensions(("x-permission" = json!("subject.import|product.import|device.import"))), tag = "导入",
    params(("id" = String, Path), ImportRowFind, Paging), responses((status = 200, body = Listing<ImportRowOut>)))]
async fn list_import_rows(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(query): Find<ImportRowFind>,
) -> ApiResult<Json<Listing<ImportRowOut>>> {
    let after = query.paging.after_number()?.and_then(|seq| u64::try_from(seq).ok());
    let query = RowQuery { status: query.status, code: query.code, after, limit: query.paging.limit() };
    Ok(Json(Listing::of(import::rows(&state.node, &cx, id, query).await?, ImportRowOut::from)))
}

/// Which report.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportReportFind {
    /// `xlsx` or `csv`.
    #[serde(default)]
    format: String,
    /// `bad` for rows with faults only.
    #[serde(default)]
    only: String,
}

/// 下载导入结果
#[utoipa::path(get, path = "/imports/{id}/report",
    extensions(("x-permission" = json!("subject.import|product.import|device.import"))), tag = "导入",
    params(("id" = String, Path), ImportReportFind), responses((status = 200, content(
        (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    ))))]
async fn get_import_report(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(query): Find<ImportReportFind>,
) -> ApiResult<Response> {
    let only = if query.only == "bad" { Only::Bad } else { Only::All };
    Ok(file(import::report(&state.node, &cx, id, Format::parse(&query.format)?, only).await?))
}
