//! 接入监控 on the wire: the systems with their indicators, one system with its trend, warnings; and the self-test. Rows:
//! G-6.7.1, G-6.7.2.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::Node;
use suyuan_service::access::monitor::{
    self, IndicatorView, MonitorQuery, TrendDay, Use, Warning, Watched, WatchedDetail, percent,
};
use suyuan_service::access::selftest::file::{FileFormat, draw};
use suyuan_service::access::selftest::{self, SelftestRun};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::register::some;
use crate::document::Binary;
use crate::error::{ApiError, ApiResult};
use crate::extract::{At, Console, Find, In};
use crate::listing::Listing;
use crate::open::selftest::SelftestIn;
use crate::open::selftest::answer::SelftestOut;
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(monitor_systems))
        .routes(routes!(list_system_warnings))
        .routes(routes!(monitor_system))
        .routes(routes!(list_system_selftests, test_system))
        .routes(routes!(get_system_selftest_file))
}

/// What the monitoring is narrowed to.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MonitorFind {
    /// Division, with what lies below.
    division: Option<String>,
    /// Category.
    category: Option<String>,
    /// Stage.
    stage: Option<String>,
    /// Status: `filed`, `trial`, `live` or `suspended`.
    phase: Option<String>,
    /// `silent` or `warning`: only those.
    only: Option<String>,
}

/// An indicator against its threshold (指标与阈值).
#[derive(Serialize, ToSchema)]
struct MonitorIndicator {
    code: String,
    name: String,
    /// Per cent as text; `null` where it is not applicable.
    value: Option<String>,
    /// Per cent as text; `null` where there is none.
    threshold: Option<String>,
    /// Whether the threshold is kept.
    ok: Option<bool>,
}

impl From<IndicatorView> for MonitorIndicator {
    fn from(view: IndicatorView) -> Self {
        Self {
            ok: view.is_kept(),
            code: view.code,
            name: view.name,
            value: view.value.map(percent),
            threshold: view.threshold.map(percent),
        }
    }
}

/// Requests that failed, by what went wrong (错误分类).
#[derive(Serialize, ToSchema)]
struct MonitorErrors {
    system: u64,
    auth: u64,
    data: u64,
    large: u64,
}

/// The use of a day (用量).
#[derive(Serialize, ToSchema)]
struct MonitorUse {
    requests: u64,
    rows: u64,
    errors: MonitorErrors,
    /// Requests refused by a quota.
    refused: u64,
    /// Mean time of an answer in milliseconds; `null` without requests.
    mean_ms: Option<u64>,
}

impl From<Use> for MonitorUse {
    fn from(used: Use) -> Self {
        let errors = MonitorErrors {
            system: used.error_system,
            auth: used.error_auth,
            data: used.error_data,
            large: used.error_large,
        };
        let mean_ms = used.millis.checked_div(used.requests);
        Self { requests: used.requests, rows: used.rows, errors, refused: used.refused, mean_ms }
    }
}

/// A warning about a system (接入预警).
#[derive(Serialize, ToSchema)]
struct SystemWarning {
    number: i64,
    /// Code of the system.
    system: String,
    system_name: String,
    /// `silent`, `indicator`, `errors`, `token` or `calibration`.
    kind: String,
    /// The indicator, the number of the token, or the device.
    code: Option<String>,
    text: String,
    value: Option<String>,
    limit: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
}

fn warning(row: Warning, system_name: String) -> SystemWarning {
    SystemWarning {
        number: row.id,
        system: row.system,
        system_name,
        kind: row.kind,
        code: some(row.code),
        text: row.text,
        value: row.value,
        limit: row.limit_value,
        opened_at: Timestamp::from_millis(row.opened_at),
        closed_at: row.closed_at.map(Timestamp::from_millis),
    }
}

/// A system under monitoring (接入监控).
#[derive(Serialize, ToSchema)]
struct MonitorRow {
    id: String,
    code: String,
    name: String,
    operator: String,
    funding: Option<String>,
    category: String,
    category_name: String,
    stage: String,
    stage_name: String,
    division: String,
    division_name: String,
    status: &'static str,
    status_name: String,
    /// Node that took the system in and watches it.
    origin_node: String,
    /// Whether it was heard of within a day; `null` where another node watches it.
    online: Option<bool>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_report_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    silent_since: Option<Timestamp>,
    silent_hours: Option<i64>,
    /// Why it is silent, or who watches it.
    why: Option<String>,
    /// Month of the indicators.
    period: Option<String>,
    indicators: Vec<MonitorIndicator>,
    today: MonitorUse,
    warnings: Vec<SystemWarning>,
}

fn row(node: &Node, watched: Watched) -> MonitorRow {
    let now = node.now();
    let packs = node.packs();
    let silent_hours = watched.silent_hours(now);
    let doc = watched.doc;
    let (category, stage) = (packs.category(&doc.category), packs.stage(&doc.stage));
    let warnings = watched.warnings.into_iter().map(|one| warning(one, doc.name.clone())).collect();
    MonitorRow {
        id: watched.id.to_string(),
        category_name: category.map_or_else(|| doc.category.clone(), |found| found.name.clone()),
        stage_name: stage.map_or_else(|| doc.stage.clone(), |found| found.name.clone()),
        division_name: node.divisions.name(&doc.division).to_owned(),
        code: doc.code,
        name: doc.name,
        operator: doc.operator,
        funding: some(doc.funding),
        category: doc.category,
        stage: doc.stage,
        division: doc.division,
        status_name: packs.name_in("access_status", watched.status).to_owned(),
        status: watched.status,
        origin_node: watched.origin_node,
        online: watched.heard.map(|heard| heard.is_online(now)),
        last_report_at: watched.heard.and_then(|heard| heard.last_report_at),
        last_seen_at: watched.heard.and_then(|heard| heard.last_seen_at),
        silent_since: watched.silent_since,
        silent_hours,
        why: watched.why,
        period: watched.period,
        indicators: watched.indicators.into_iter().map(MonitorIndicator::from).collect(),
        today: watched.today.into(),
        warnings,
    }
}

/// How many systems stand how.
#[derive(Default, Serialize, ToSchema)]
struct MonitorSummary {
    total: u64,
    online: u64,
    silent: u64,
    /// With open warnings.
    warning: u64,
    trial: u64,
    /// Built with state funds (财政资金建设).
    state_funded: u64,
    /// Of firms and third parties (市场化).
    market: u64,
}

/// All systems of a view (接入监控总览).
#[derive(Serialize, ToSchema)]
struct MonitorOut {
    items: Vec<MonitorRow>,
    summary: MonitorSummary,
}

fn summary(rows: &[MonitorRow]) -> MonitorSummary {
    let count = |what: &dyn Fn(&MonitorRow) -> bool| rows.iter().filter(|row| what(row)).count() as u64;
    MonitorSummary {
        total: rows.len() as u64,
        online: count(&|row| row.online == Some(true)),
        silent: count(&|row| row.silent_since.is_some()),
        warning: count(&|row| !row.warnings.is_empty()),
        trial: count(&|row| row.status == "trial"),
        state_funded: count(&|row| row.funding.as_deref() == Some("state")),
        market: count(&|row| row.funding.as_deref() == Some("market")),
    }
}

/// A day of the trend (趋势).
#[derive(Serialize, ToSchema)]
struct MonitorDay {
    /// The day, `YYYY-MM-DD`.
    day: String,
    accepted: u64,
    rejected: u64,
    #[serde(flatten)]
    used: MonitorUse,
}

impl From<TrendDay> for MonitorDay {
    fn from(day: TrendDay) -> Self {
        Self { day: day.day, accepted: day.answered.accepted, rejected: day.answered.rejected, used: day.used.into() }
    }
}

/// One system with its trend (接入监控详情).
#[derive(Serialize, ToSchema)]
struct MonitorDetail {
    #[serde(flatten)]
    row: MonitorRow,
    /// Thirty days, oldest first.
    days: Vec<MonitorDay>,
    /// Warnings, newest first.
    history: Vec<SystemWarning>,
}

/// 接入监控
#[utoipa::path(get, path = "/systems/monitor", extensions(("x-permission" = json!("access.read"))), tag = "接入系统",
    params(MonitorFind), responses((status = 200, body = MonitorOut)))]
async fn monitor_systems(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<MonitorFind>,
) -> ApiResult<Json<MonitorOut>> {
    let MonitorFind { division, category, stage, phase, only } = find;
    let query = MonitorQuery { division, category, stage, phase, only };
    let watched = monitor::list(&state.node, &cx, &query).await?;
    let items: Vec<MonitorRow> = watched.into_iter().map(|one| row(&state.node, one)).collect();
    Ok(Json(MonitorOut { summary: summary(&items), items }))
}

/// 接入监控详情
#[utoipa::path(get, path = "/systems/{id}/monitor", extensions(("x-permission" = json!("access.read"))),
    tag = "接入系统", params(("id" = String, Path)), responses((status = 200, body = MonitorDetail)))]
async fn monitor_system(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<MonitorDetail>> {
    let WatchedDetail { row: watched, days, history } = monitor::get(&state.node, &cx, id).await?;
    let name = watched.doc.name.clone();
    Ok(Json(MonitorDetail {
        row: row(&state.node, watched),
        days: days.into_iter().map(MonitorDay::from).collect(),
        history: history.into_iter().map(|one| warning(one, name.clone())).collect(),
    }))
}

/// Which warnings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WarningFind {
    /// `true` for open ones only.
    open: Option<String>,
}

/// 接入预警
#[utoipa::path(get, path = "/systems/warnings", extensions(("x-permission" = json!("access.read"))), tag = "接入系统",
    params(WarningFind), responses((status = 200, body = Listing<SystemWarning>)))]
async fn list_system_warnings(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<WarningFind>,
) -> ApiResult<Json<Listing<SystemWarning>>> {
    let rows = monitor::warnings(&state.node, &cx, find.open.as_deref() == Some("true")).await?;
    Ok(Json(Listing::whole(rows.into_iter().map(|(row, name)| warning(row, name)).collect())))
}

/// 接入系统的自测结果
#[utoipa::path(get, path = "/systems/{id}/selftest", extensions(("x-permission" = json!("access.read"))),
    tag = "接入系统", params(("id" = String, Path)), responses((status = 200, body = Listing<SelftestOut>)))]
async fn list_system_selftests(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<Listing<SelftestRun>>> {
    Ok(Json(Listing::whole(selftest::list(&state.node, &cx, id).await?)))
}

/// 以上传的样例自测接入系统
#[utoipa::path(post, path = "/systems/{id}/selftest", extensions(("x-permission" = json!("access.review"))),
    tag = "接入系统", params(("id" = String, Path)), request_body = SelftestIn,
    responses((status = 200, body = SelftestOut)))]
async fn test_system(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<SelftestIn>,
) -> ApiResult<Json<SelftestRun>> {
    Ok(Json(selftest::by_hand(&state.node, &cx, id, body.samples).await?))
}

/// Form of a file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SelftestFileFind {
    /// `xlsx`, `html` or `csv`.
    format: Option<String>,
}

/// 下载自测报告
#[utoipa::path(get, path = "/systems/{id}/selftest/{number}/file", extensions(("x-permission" = json!("access.read"))),
    tag = "接入系统", params(("id" = String, Path), ("number" = i64, Path), SelftestFileFind),
    responses((status = 200, content_type = "application/octet-stream", body = Binary)))]
async fn get_system_selftest_file(
    State(state): State<AppState>,
    Console(cx): Console,
    At((id, number)): At<(ObjectId, i64)>,
    Find(find): Find<SelftestFileFind>,
) -> ApiResult<Response> {
    let format = FileFormat::parse(find.format.as_deref().unwrap_or("xlsx"));
    let advice = "请选择 xlsx、html 或 csv";
    let format = format.ok_or_else(|| ApiError::bad_request("TST-0102", "format", "文件格式不正确", advice))?;
    let (name, run) = selftest::get(&state.node, &cx, id, number).await?;
    let bytes = draw(&state.node, &name, &run, format)?;
    let (ending, media_type) = format.parts();
    let disposition = format!("attachment; filename=\"selftest-{number}.{ending}\"");
    Ok(([(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response())
}
