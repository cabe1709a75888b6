//! 导出 on the wire: what may be exported, asking for it, watching it, the file. Rows: G-6.2.2a, H-6.2.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::analysis::{File, register};
use suyuan_service::export::{self, Export, ExportColumn, Format, KEPT, Request};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::select::ShapeIn;
use crate::document::Binary;
use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::Listing;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_export_columns))
        .routes(routes!(list_exports, create_export))
        .routes(routes!(get_export))
        .routes(routes!(cancel_export))
        .routes(routes!(get_export_file))
}

/// Which register is to be exported.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportFind {
    /// `subject`, `product`, `device` or `access`.
    #[serde(default)]
    register: String,
}

/// A column that may be exported.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportColumnOut {
    code: String,
    name: String,
    /// Whether it is there unless others are chosen.
    default: bool,
}

impl From<ExportColumn> for ExportColumnOut {
    fn from(column: ExportColumn) -> Self {
        Self { code: column.code, name: column.name, default: column.usual }
    }
}

/// The columns of a register.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportColumnsOut {
    register: String,
    columns: Vec<ExportColumnOut>,
}

/// An export that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportIn {
    /// `subject`, `product`, `device` or `access`.
    register: String,
    /// `xlsx` or `csv`.
    format: String,
    /// Conditions and order as the query string of the list.
    #[serde(default)]
    query: String,
    /// Columns in their order; empty for the usual ones.
    #[serde(default)]
    columns: Vec<String>,
    /// A shape on the map that narrows it.
    #[serde(default)]
    shape: Option<ShapeIn>,
}

/// An export (导出任务).
#[derive(Serialize, ToSchema)]
pub(crate) struct ExportOut {
    #[schema(value_type = String, format = "uuid")]
    id: ObjectId,
    register: String,
    register_name: &'static str,
    format: String,
    /// `waiting`, `running`, `done`, `failed`, `cancelled` or `expired`.
    state: String,
    /// Rows done.
    done: u64,
    /// Rows in all, as counted when it was asked for.
    total: u64,
    /// Rows of the file.
    rows: Option<u64>,
    /// Bytes of the file.
    bytes: Option<u64>,
    file_name: String,
    /// Why it failed.
    error: Option<String>,
    query: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Until when the file is kept.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl From<Export> for ExportOut {
    fn from(export: Export) -> Self {
        Self {
            id: export.id,
            register_name: export::register_name(&export.register),
            file_name: export::file_name(&export.register, &export),
            rows: export.bytes.map(|_| export.done),
            expires_at: export.finished_at.map(|at| at.plus_millis(KEPT)),
            register: export.register,
            format: export.format,
            state: export.state,
            done: export.done,
            total: export.total,
            bytes: export.bytes,
            error: export.error,
            query: export.query,
            created_at: export.created_at,
            finished_at: export.finished_at,
        }
    }
}

/// A file as an answer, to be kept under its Chinese name.
pub(super) fn attachment(file: File) -> Response {
    let mut name = String::new();
    for byte in file.name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'.' {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    let extension = file.format.extension();
    let text = format!("attachment; filename=\"export.{extension}\"; filename*=UTF-8''{name}");
    let disposition = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static(file.format.media_type());
    let private = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition), private], file.bytes).into_response()
}

/// 可导出的列
#[utoipa::path(get, path = "/exports/columns", tag = "导出", params(ExportFind),
    extensions(("x-permission" = json!("subject.export|product.export|device.export|access.export"))),
    responses((status = 200, body = ExportColumnsOut)))]
async fn get_export_columns(
    State(state): State<AppState>,
    Console(_cx): Console,
    Find(find): Find<ExportFind>,
) -> ApiResult<Json<ExportColumnsOut>> {
    let (kind, _) = register(&find.register)?;
    let columns = export::columns(&state.node.packs(), kind).into_iter().map(ExportColumnOut::from).collect();
    Ok(Json(ExportColumnsOut { register: kind.to_owned(), columns }))
}

/// 我的导出
#[utoipa::path(get, path = "/exports", tag = "导出",
    extensions(("x-permission" = json!("session"))), responses((status = 200, body = Listing<ExportOut>)))]
async fn list_exports(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<Listing<ExportOut>>> {
    Ok(Json(Listing::of(export::list(&state.node, &cx).await?, ExportOut::from)))
}

/// 导出清单
#[utoipa::path(post, path = "/exports", tag = "导出", request_body = ExportIn,
    extensions(("x-permission" = json!("subject.export|product.export|device.export|access.export"))),
    responses((status = 201, body = ExportOut)))]
async fn create_export(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<ExportIn>,
) -> ApiResult<(StatusCode, Json<ExportOut>)> {
    let ExportIn { register, format, query, columns, shape } = body;
    let shape = shape.as_ref().map(ShapeIn::text).transpose()?;
    let request = Request { register, format: Format::parse(&format)?, query, columns, shape };
    let export = export::start(&state.node, &cx, request).await?;
    Ok((StatusCode::CREATED, Json(export.into())))
}

/// 导出进度
#[utoipa::path(get, path = "/exports/{id}", tag = "导出", params(("id" = String, Path)),
    extensions(("x-permission" = json!("session"))), responses((status = 200, body = ExportOut)))]
async fn get_export(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<ExportOut>> {
    Ok(Json(export::own(&state.node, &cx, id).await?.into()))
}

/// 取消导出
#[utoipa::path(post, path = "/exports/{id}/cancel", tag = "导出", params(("id" = String, Path)),
    extensions(("x-permission" = json!("session"))), responses((status = 200, body = ExportOut)))]
async fn cancel_export(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<ExportOut>> {
    Ok(Json(export::cancel(&state.node, &cx, id).await?.into()))
}

/// 下载导出文件
#[utoipa::path(get, path = "/exports/{id}/file", tag = "导出", params(("id" = String, Path)),
    extensions(("x-permission" = json!("subject.export|product.export|device.export|access.export"))),
    responses((status = 200, content_type = "application/octet-stream", body = Binary)))]
async fn get_export_file(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Response> {
    Ok(attachment(export::file(&state.node, &cx, id).await?))
}
