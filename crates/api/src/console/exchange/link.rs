//! Links of the exchange one by one (交换链路): how each stands by class and chain, how it is set, what evidence there is.
//! Rows: A-8, G-6.4.1a, G-6.4.1b, H-8.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::record::Class;
use suyuan_service::ServiceError;
use suyuan_service::sync::evidence::{self, Kept};
use suyuan_service::sync::link::{self, Settings, Wait, Wanted, Window};
use suyuan_service::sync::state::{self, Chain, Flow, FlowState, LinkDetail, LinkFault, LinkState};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{LinkOut, LinkStateOut};
use crate::error::ApiResult;
use crate::extract::{At, Console, In};
use crate::state::AppState;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_links))
        .routes(routes!(get_link))
        .routes(routes!(set_link))
        .routes(routes!(pause_link))
        .routes(routes!(resume_link))
        .routes(routes!(list_evidence))
        .routes(routes!(seal_evidence))
}

/// How one class goes over a link (传输状态).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the use case's own words; nobody makes one")]
enum FlowStateOut {
    InStep,
    Behind,
    Waiting,
    Broken,
}

/// Daily hours of a class in China standard time (发送时段).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkWindow {
    /// `normal` or `bulk`.
    class: String,
    /// Beginning, as `22:00`.
    from: String,
    /// End, as `06:00`; before the beginning it is on the next day.
    to: String,
}

/// How a link is set (链路设置).
#[derive(Serialize, ToSchema)]
struct LinkSettingsOut {
    /// Records in a second at most, over normal and bulk together; `null` without a limit.
    rate: Option<u64>,
    /// Records in a batch at most.
    batch: u64,
    /// A class without any is sent at all hours.
    windows: Vec<LinkWindow>,
    /// Classes that are held back: `normal`, `bulk`.
    held: Vec<&'static str>,
    /// Why they are held back; empty where none is.
    reason: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    held_at: Option<Timestamp>,
    /// Username of whoever holds them back.
    held_by: String,
    /// Sent back with a change.
    version: i64,
}

/// What goes wrong on a link (链路故障).
#[derive(Serialize, ToSchema)]
struct LinkFaultOut {
    /// `urgent`, `normal`, `bulk`; empty where the class is not known.
    class: String,
    /// Stable code, the same on both sides where the other side refused.
    code: String,
    reason: String,
    advice: String,
    /// Since when, without a success in between.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    /// How often since then.
    times: i64,
}

/// A chain that goes over a link (记录链).
#[derive(Serialize, ToSchema)]
struct LinkChainOut {
    stream: String,
    /// Node that writes the chain.
    origin: String,
    /// Last record here.
    seq: u64,
    /// Last record that a receipt confirms.
    confirmed_seq: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    confirmed_at: Option<Timestamp>,
    /// Whether the peer has confirmed a record that is not the one here.
    differs: bool,
}

/// One class of a link, as this node sends it (分级发送状态).
#[derive(Serialize, ToSchema)]
struct LinkFlowOut {
    /// `urgent`, `normal` or `bulk`.
    class: &'static str,
    #[schema(value_type = FlowStateOut)]
    state: FlowState,
    /// Records without a receipt.
    pending: u64,
    /// Age of the oldest of them in seconds; 0 where none waits.
    oldest_seconds: u64,
    /// Why it waits: `held`, `hours` or `rate`; `null` where it does not.
    wait: Option<&'static str>,
    /// Until when, where that is known.
    #[schema(value_type = Option<String>, format = DateTime)]
    wait_until: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_receipt_at: Option<Timestamp>,
    /// Records that the last receipt confirmed.
    last_receipt_records: Option<i64>,
    fault: Option<LinkFaultOut>,
    chains: Vec<LinkChainOut>,
}

/// Everything about one link (交换链路).
#[derive(Serialize, ToSchema)]
struct LinkDetailOut {
    #[serde(flatten)]
    link: LinkOut,
    /// How the link is as a whole.
    #[schema(value_type = LinkStateOut)]
    state: LinkState,
    /// `parent` or `child`.
    role: String,
    settings: LinkSettingsOut,
    /// What this node sends, most urgent first; empty before admission.
    sending: Vec<LinkFlowOut>,
    /// What goes wrong with what the peer sends here.
    receiving: Vec<LinkFaultOut>,
    /// Records that the peer said it still holds for this node.
    reported_pending: Option<u64>,
    #[schema(value_type = Option<String>, format = DateTime)]
    reported_oldest_at: Option<Timestamp>,
}

/// All links, the parent first (交换链路清单).
#[derive(Serialize, ToSchema)]
struct LinkListOut {
    items: Vec<LinkDetailOut>,
}

/// What is wanted of a link (链路设置).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkSettingsIn {
    /// The version that was shown.
    version: i64,
    /// Records in a second at most; `null` without a limit.
    rate: Option<u64>,
    /// Records in a batch at most; `null` for the usual size.
    batch: Option<u64>,
    windows: Vec<LinkWindow>,
}

/// What is held back and why (暂停发送).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkHoldIn {
    /// `normal`, `bulk`.
    classes: Vec<String>,
    reason: String,
}

/// Evidence of one link, direction and class (交换证据).
#[derive(Serialize, ToSchema)]
struct EvidenceOut {
    peer: String,
    /// `up` or `down`.
    direction: String,
    class: String,
    /// Signed files.
    files: u64,
    /// Batches in them.
    batches: u64,
    /// Records of those batches.
    records: u64,
    /// Size of the files.
    bytes: u64,
    /// Confirmation of the newest batch in a file.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
    /// Confirmed batches that are not in a file yet.
    waiting: u64,
}

/// Evidence of all links (交换证据清单).
#[derive(Serialize, ToSchema)]
struct EvidenceListOut {
    items: Vec<EvidenceOut>,
}

/// What was written (封存结果).
#[derive(Serialize, ToSchema)]
struct EvidenceSealedOut {
    /// Files.
    files: usize,
}

impl From<Settings> for LinkSettingsOut {
    fn from(settings: Settings) -> Self {
        let Settings { rate, batch, windows, held, reason, held_at, held_by, version, next_at: _ } = settings;
        let window = |Window { class, from, to }: Window| LinkWindow { class: class.as_str().to_owned(), from, to };
        Self {
            rate,
            batch,
            windows: windows.into_iter().map(window).collect(),
            held: held.into_iter().map(Class::as_str).collect(),
            reason,
            held_at,
            held_by,
            version,
        }
    }
}

impl From<LinkFault> for LinkFaultOut {
    fn from(fault: LinkFault) -> Self {
        let LinkFault { class, code, reason, advice, since, last_at, times, .. } = fault;
        let (since, last_at) = (Timestamp::from_millis(since), Timestamp::from_millis(last_at));
        Self { class, code, reason, advice, since, last_at, times }
    }
}

impl From<Flow> for LinkFlowOut {
    fn from(flow: Flow) -> Self {
        let (wait, wait_until) = match flow.wait {
            None => (None, None),
            Some(Wait::Held) => (Some("held"), None),
            Some(Wait::Hours(at)) => (Some("hours"), Some(at)),
            Some(Wait::Rate(at)) => (Some("rate"), Some(at)),
        };
        let chain = |Chain { stream, origin, seq, confirmed_seq, confirmed_at, differs }: Chain| LinkChainOut {
            stream,
            origin,
            seq,
            confirmed_seq,
            confirmed_at,
            differs,
        };
        Self {
            class: flow.class.as_str(),
            state: flow.state,
            pending: flow.pending,
            oldest_seconds: flow.oldest_seconds,
            wait,
            wait_until,
            last_receipt_at: flow.last_receipt.as_ref().map(|row| Timestamp::from_millis(row.at)),
            last_receipt_records: flow.last_receipt.map(|row| row.records),
            fault: flow.fault.map(LinkFaultOut::from),
            chains: flow.chains.into_iter().map(chain).collect(),
        }
    }
}

impl From<LinkDetail> for LinkDetailOut {
    fn from(detail: LinkDetail) -> Self {
        let LinkDetail { link, role, settings, sending, receiving, reported_pending, reported_oldest_at } = detail;
        Self {
            state: link.state,
            link: link.into(),
            role,
            settings: settings.into(),
            sending: sending.into_iter().map(LinkFlowOut::from).collect(),
            receiving: receiving.into_iter().map(LinkFaultOut::from).collect(),
            reported_pending,
            reported_oldest_at,
        }
    }
}

impl From<Kept> for EvidenceOut {
    fn from(kept: Kept) -> Self {
        let Kept { chain, files, batches, records, bytes, last_at, waiting } = kept;
        Self {
            peer: chain.peer,
            direction: chain.direction,
            class: chain.class,
            files,
            batches,
            records,
            bytes,
            last_at,
            waiting,
        }
    }
}

fn class_of(word: &str, field: &str) -> Result<Class, ServiceError> {
    let unknown =
        || ServiceError::invalid("XCH-0508", field, "没有这种优先级", "请选择 normal（一般）或 bulk（大批量）");
    word.parse().map_err(|_| unknown())
}

/// 交换链路清单
#[utoipa::path(get, path = "/exchange/links", extensions(("x-permission" = json!("exchange.read"))), tag = "上下级交换",
    responses((status = 200, body = LinkListOut)))]
async fn list_links(State(app): State<AppState>, Console(cx): Console) -> ApiResult<Json<LinkListOut>> {
    let details = state::details(&app.node, &cx).await?;
    Ok(Json(LinkListOut { items: details.into_iter().map(LinkDetailOut::from).collect() }))
}

/// 交换链路状态
#[utoipa::path(get, path = "/exchange/links/{code}", extensions(("x-permission" = json!("exchange.read"))), tag = "上下级交换", params(("code" = String, Path)),
    responses((status = 200, body = LinkDetailOut)))]
async fn get_link(
    State(app): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
) -> ApiResult<Json<LinkDetailOut>> {
    Ok(Json(state::detail(&app.node, &cx, &code).await?.into()))
}

/// 修改链路的速率、批量和时段
#[utoipa::path(put, path = "/exchange/links/{code}/settings", extensions(("x-permission" = json!("exchange.update"))), tag = "上下级交换", params(("code" = String, Path)),
    request_body = LinkSettingsIn, responses((status = 200, body = LinkSettingsOut)))]
async fn set_link(
    State(app): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
    In(body): In<LinkSettingsIn>,
) -> ApiResult<Json<LinkSettingsOut>> {
    let LinkSettingsIn { version, rate, batch, windows } = body;
    let window = |(index, LinkWindow { class, from, to }): (usize, LinkWindow)| {
        Ok(Window { class: class_of(&class, &format!("windows[{index}].class"))?, from, to })
    };
    let windows = windows.into_iter().enumerate().map(window).collect::<Result<_, ServiceError>>()?;
    Ok(Json(link::set(&app.node, &cx, &code, Wanted { version, rate, batch, windows }).await?.into()))
}

/// 暂停链路上的一般或大批量数据
#[utoipa::path(post, path = "/exchange/links/{code}/pause", extensions(("x-permission" = json!("exchange.update"))), tag = "上下级交换", params(("code" = String, Path)),
    request_body = LinkHoldIn, responses((status = 200, body = LinkSettingsOut)))]
async fn pause_link(
    State(app): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
    In(body): In<LinkHoldIn>,
) -> ApiResult<Json<LinkSettingsOut>> {
    let class = |(index, word): (usize, &String)| class_of(word, &format!("classes[{index}]"));
    let classes = body.classes.iter().enumerate().map(class).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(link::hold(&app.node, &cx, &code, &classes, &body.reason).await?.into()))
}

/// 恢复链路上的数据
#[utoipa::path(post, path = "/exchange/links/{code}/resume", extensions(("x-permission" = json!("exchange.update"))), tag = "上下级交换", params(("code" = String, Path)),
    responses((status = 200, body = LinkSettingsOut)))]
async fn resume_link(
    State(app): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
) -> ApiResult<Json<LinkSettingsOut>> {
    Ok(Json(link::release(&app.node, &cx, &code).await?.into()))
}

/// 交换证据清单
#[utoipa::path(get, path = "/exchange/evidence", extensions(("x-permission" = json!("exchange.read"))), tag = "上下级交换",
    responses((status = 200, body = EvidenceListOut)))]
async fn list_evidence(State(app): State<AppState>, Console(cx): Console) -> ApiResult<Json<EvidenceListOut>> {
    let kept = evidence::kept(&app.node, &cx).await?;
    Ok(Json(EvidenceListOut { items: kept.into_iter().map(EvidenceOut::from).collect() }))
}

/// 立即封存交换证据
#[utoipa::path(post, path = "/exchange/evidence/seal", extensions(("x-permission" = json!("exchange.update"))), tag = "上下级交换",
    responses((status = 200, body = EvidenceSealedOut)))]
async fn seal_evidence(State(app): State<AppState>, Console(cx): Console) -> ApiResult<Json<EvidenceSealedOut>> {
    Ok(Json(EvidenceSealedOut { files: evidence::seal_now(&app.node, &cx).await? }))
}
