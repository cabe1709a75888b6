//! The audit trail (审计日志) on the wire: pages, options, figures, files, wholeness. Rows: G-5.4.3, H-6.5.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;
use suyuan_service::audit::head::{self, HeadFile};
use suyuan_service::audit::view::{self, Change, Counts, Form};
use suyuan_service::audit::{self, AuditQuery, AuditView};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::some;
use crate::document::Binary;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Console, Find};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_audit))
        .routes(routes!(audit_options))
        .routes(routes!(export_audit))
        .routes(routes!(audit_statistics))
        .routes(routes!(audit_integrity, verify_audit))
        .routes(routes!(list_audit_heads))
}

/// What the list is narrowed to.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditFind {
    /// First moment.
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Moment after the last.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// Who.
    actor: Option<String>,
    /// Role of who did it.
    role: Option<String>,
    /// What was done; a text that ends in a dot stands for a group, such as `subject.`.
    action: Option<String>,
    /// Kind of the object.
    object_kind: Option<String>,
    /// The object.
    object: Option<String>,
    /// `ok`, `denied` or `failed`.
    result: Option<String>,
    /// Network address.
    address: Option<String>,
    /// Words in the object, the reason, or what was before or after.
    q: Option<String>,
    /// Division of the actors, with what lies below.
    division: Option<String>,
    /// Form of a file: `xlsx` or `csv`; lists take no notice of it.
    format: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

impl AuditFind {
    fn query(self) -> ApiResult<AuditQuery> {
        Ok(AuditQuery {
            after: self.paging.after_number()?,
            limit: self.paging.limit(),
            from: self.from,
            to: self.to,
            actor: self.actor.and_then(some),
            role: self.role.and_then(some),
            action: self.action.and_then(some),
            object_kind: self.object_kind.and_then(some),
            object: self.object.and_then(some),
            result: self.result.and_then(some),
            address: self.address.and_then(some),
            words: self.q.and_then(some),
            division: self.division,
        })
    }
}

/// One field that a change touched (变更内容).
#[derive(Serialize, ToSchema)]
struct AuditChangeOut {
    /// Path of the field; empty where the row holds a word instead of a document.
    field: String,
    name: String,
    before: Option<String>,
    after: Option<String>,
}

impl From<Change> for AuditChangeOut {
    fn from(change: Change) -> Self {
        let Change { field, name, before, after } = change;
        Self { field, name, before, after }
    }
}

/// A row of the trail.
#[derive(Serialize, ToSchema)]
struct AuditOut {
    seq: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: String,
    role: String,
    role_name: String,
    division: String,
    division_name: String,
    address: String,
    action: String,
    action_name: String,
    object_kind: String,
    object_kind_name: String,
    object_id: String,
    /// `ok`, `denied` or `failed`.
    result: String,
    result_name: String,
    reason: Option<String>,
    before: Option<String>,
    after: Option<String>,
    changes: Vec<AuditChangeOut>,
    request_id: String,
    /// SM3 of the row and the one before it.
    hash: String,
}

impl From<AuditView> for AuditOut {
    fn from(view: AuditView) -> Self {
        let entry = view.row.entry;
        Self {
            seq: view.row.seq,
            at: entry.at,
            actor: entry.actor,
            role: entry.role,
            role_name: view.role_name,
            division: entry.division,
            division_name: view.division_name,
            address: entry.address,
            action: entry.action,
            action_name: view.action_name,
            object_kind: entry.object_kind,
            object_kind_name: view.object_kind_name,
            object_id: entry.object_id,
            result: entry.result,
            result_name: view.result_name,
            reason: some(entry.reason),
            before: entry.before,
            after: entry.after,
            changes: view.changes.into_iter().map(AuditChangeOut::from).collect(),
            request_id: entry.request_id,
            hash: view.row.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// 查询审计日志
#[utoipa::path(get, path = "/audit", extensions(("x-permission" = json!("audit.read"))), tag = "审计日志", params(AuditFind, Paging),
    responses((status = 200, body = Listing<AuditOut>)))]
async fn list_audit(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<AuditFind>,
) -> ApiResult<Json<Listing<AuditOut>>> {
    let listed = audit::list(&state.node, &cx, find.query()?).await?;
    Ok(Json(Listing::of(listed, AuditOut::from)))
}

/// A code with its name.
#[derive(Serialize, ToSchema)]
struct AuditWordOut {
    code: String,
    name: String,
}

/// What can be asked for (审计查询选项).
#[derive(Serialize, ToSchema)]
struct AuditOptionsOut {
    actions: Vec<AuditWordOut>,
    object_kinds: Vec<AuditWordOut>,
    results: Vec<AuditWordOut>,
    roles: Vec<AuditWordOut>,
}

/// 审计查询选项
#[utoipa::path(get, path = "/audit/options", extensions(("x-permission" = json!("audit.read"))), tag = "审计日志",
    responses((status = 200, body = AuditOptionsOut)))]
async fn audit_options(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<AuditOptionsOut>> {
    let options = view::options(&state.node, &cx).await?;
    let words = |pairs: Vec<(String, String)>| {
        pairs.into_iter().map(|(code, name)| AuditWordOut { code, name }).collect::<Vec<_>>()
    };
    Ok(Json(AuditOptionsOut {
        actions: words(options.actions),
        object_kinds: words(options.object_kinds),
        results: words(options.results),
        roles: words(options.roles),
    }))
}

/// 导出审计日志
#[utoipa::path(get, path = "/audit/export", extensions(("x-permission" = json!("audit.export"))), tag = "审计日志", params(AuditFind),
    responses((status = 200, content(
        (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/csv")
    ))))]
async fn export_audit(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<AuditFind>,
) -> ApiResult<Response> {
    let form = match find.format.as_deref() {
        None | Some("" | "xlsx") => Form::Xlsx,
        Some("csv") => Form::Csv,
        Some(_) => {
            return Err(ApiError::bad_request("AUD-0102", "format", "文件格式不正确", "请选择 xlsx 或 csv"));
        }
    };
    let file = view::export(&state.node, &cx, find.query()?, form).await?;
    let headers = [
        (header::CONTENT_TYPE, file.media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
    ];
    Ok((headers, file.bytes).into_response())
}

/// The time of the figures.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditTime {
    /// First moment; 30 days before the last without it.
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Moment after the last; now without it.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
}

/// How much was done on a day.
#[derive(Serialize, ToSchema)]
struct AuditDayOut {
    day: String,
    ok: u64,
    denied: u64,
    failed: u64,
}

/// How much somebody did.
#[derive(Serialize, ToSchema)]
struct AuditActorOut {
    actor: String,
    role: String,
    role_name: String,
    ok: u64,
    denied: u64,
    failed: u64,
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
}

/// How often something was done.
#[derive(Serialize, ToSchema)]
struct AuditActionOut {
    action: String,
    action_name: String,
    count: u64,
}

/// Something out of the ordinary (异常操作).
#[derive(Serialize, ToSchema)]
struct AuditUnusualOut {
    /// `night`, `unmask`, `failures`, `denials` or `export`.
    kind: String,
    kind_name: String,
    actor: String,
    day: String,
    count: u64,
    text: String,
}

/// Figures over the trail (审计统计).
#[derive(Serialize, ToSchema)]
struct AuditStatisticsOut {
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    to: Timestamp,
    total: u64,
    days: Vec<AuditDayOut>,
    actors: Vec<AuditActorOut>,
    actions: Vec<AuditActionOut>,
    unusual: Vec<AuditUnusualOut>,
}

/// 审计统计
#[utoipa::path(get, path = "/audit/statistics", extensions(("x-permission" = json!("audit.read"))), tag = "审计日志", params(AuditTime),
    responses((status = 200, body = AuditStatisticsOut)))]
async fn audit_statistics(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(time): Find<AuditTime>,
) -> ApiResult<Json<AuditStatisticsOut>> {
    let figures = view::statistics(&state.node, &cx, time.from, time.to).await?;
    let day = |(day, counts): (Day, Counts)| {
        let Counts { ok, denied, failed } = counts;
        AuditDayOut { day: day.to_string(), ok, denied, failed }
    };
    let actor = |figure: view::ActorFigure| {
        let Counts { ok, denied, failed } = figure.counts;
        let view::ActorFigure { actor, role, role_name, last_at, .. } = figure;
        AuditActorOut { actor, role, role_name, ok, denied, failed, last_at }
    };
    let unusual = |one: view::Unusual| AuditUnusualOut {
        kind: one.kind.to_owned(),
        kind_name: one.kind_name.to_owned(),
        actor: one.actor,
        day: one.day.to_string(),
        count: one.count,
        text: one.text,
    };
    Ok(Json(AuditStatisticsOut {
        from: figures.from,
        to: figures.to,
        total: figures.total,
        days: figures.days.into_iter().map(day).collect(),
        actors: figures.actors.into_iter().map(actor).collect(),
        actions: figures
            .actions
            .into_iter()
            .map(|(action, action_name, count)| AuditActionOut { action, action_name, count })
            .collect(),
        unusual: figures.unusual.into_iter().map(unusual).collect(),
    }))
}

/// The signed end of a day (审计链头).
#[derive(Serialize, ToSchema)]
struct AuditHeadOut {
    node: String,
    day: String,
    first_seq: u64,
    last_seq: u64,
    count: u64,
    hash: String,
    /// SM3 of the signed document before.
    previous: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The signed document, base64.
    signed: String,
}

impl From<HeadFile> for AuditHeadOut {
    fn from(file: HeadFile) -> Self {
        let HeadFile { node, day, first_seq, last_seq, count, hash, previous, at, signed } = file;
        Self { node, day: day.to_string(), first_seq, last_seq, count, hash, previous, at, signed }
    }
}

/// The newest end of a day that a lower node sent.
#[derive(Serialize, ToSchema)]
struct AuditChildOut {
    node: String,
    node_name: String,
    day: String,
    last_seq: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Whether the trail is whole (审计完整性).
#[derive(Serialize, ToSchema)]
struct AuditIntegrityOut {
    /// When it was last walked.
    #[schema(value_type = Option<String>, format = DateTime)]
    checked_at: Option<Timestamp>,
    /// Place up to which everything was as it was written.
    checked_to: Option<u64>,
    checked_rows: u64,
    /// What is wrong, in Chinese.
    fault: Option<String>,
    /// Rows now.
    total: u64,
    heads: Vec<AuditHeadOut>,
    children: Vec<AuditChildOut>,
}

/// 审计日志完整性
#[utoipa::path(get, path = "/audit/integrity", extensions(("x-permission" = json!("audit.read"))), tag = "审计日志",
    responses((status = 200, body = AuditIntegrityOut)))]
async fn audit_integrity(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<AuditIntegrityOut>> {
    let found = head::integrity(&state.node, &cx).await?;
    let child = |(file, node_name): (HeadFile, String)| {
        let HeadFile { node, day, last_seq, at, .. } = file;
        AuditChildOut { node, node_name, day: day.to_string(), last_seq, at }
    };
    let sound = found.last.as_ref().filter(|last| last.fault.is_none());
    Ok(Json(AuditIntegrityOut {
        checked_at: found.last.as_ref().map(|last| last.at),
        checked_to: sound.map(|last| last.seq),
        checked_rows: found.last.as_ref().map_or(0, |last| last.rows),
        fault: found.last.as_ref().and_then(|last| last.fault.clone()),
        total: found.total,
        heads: found.heads.into_iter().map(AuditHeadOut::from).collect(),
        children: found.children.into_iter().map(child).collect(),
    }))
}

/// 立即校验审计日志
#[utoipa::path(post, path = "/audit/integrity", extensions(("x-permission" = json!("audit.read"))), tag = "审计日志",
    responses((status = 202, body = AuditWalkOut)))]
async fn verify_audit(
    State(state): State<AppState>,
    Console(cx): Console,
) -> ApiResult<(StatusCode, Json<AuditWalkOut>)> {
    head::request(&state.node, &cx).await?;
    Ok((StatusCode::ACCEPTED, Json(AuditWalkOut { job: head::VERIFY_JOB.to_owned() })))
}

/// A walk that was asked for.
#[derive(Serialize, ToSchema)]
struct AuditWalkOut {
    /// Kind of the job.
    job: String,
}

/// Which ends of days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditHeadFind {
    /// Code of the node; this one without it.
    node: Option<String>,
    /// First day.
    #[param(value_type = Option<String>)]
    from: Option<Day>,
    /// Last day.
    #[param(value_type = Option<String>)]
    to: Option<Day>,
}

/// 查询审计链头
#[utoipa::path(get, path = "/audit/heads", extensions(("x-permission" = json!("audit.read"))), tag = "审计日志", params(AuditHeadFind),
    responses((status = 200, body = Listing<AuditHeadOut>)))]
async fn list_audit_heads(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<AuditHeadFind>,
) -> ApiResult<Json<Listing<AuditHeadOut>>> {
    let heads = head::heads(&state.node, &cx, find.node.as_deref(), find.from, find.to).await?;
    Ok(Json(Listing::whole(heads.into_iter().map(AuditHeadOut::from).collect())))
}
