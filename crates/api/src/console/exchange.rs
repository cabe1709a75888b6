//! The exchange between tiers in the console (上下级交换): links, admission, receipts, records set aside. Rows: G-6.4.1, N-TIER.

mod link;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use suyuan_domain::clock::Timestamp;
use suyuan_service::sync::enrol::{self, Decision};
use suyuan_service::sync::state::{self, Link, LinkState, Paused, PoisonRow, ReceiptRow, StreamState};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{At, Console};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_exchange))
        .routes(routes!(approve_child))
        .routes(routes!(revoke_child))
        .routes(routes!(pause_parent))
        .routes(routes!(resume_parent))
        .merge(link::routes())
}

/// How a link stands (连接状态).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the use case's own words; nobody makes one")]
pub(super) enum LinkStateOut {
    InStep,
    Behind,
    Broken,
    None,
}

/// A link to another node (交换连接).
#[derive(Serialize, ToSchema)]
struct LinkOut {
    code: String,
    name: String,
    /// Where it listens.
    url: String,
    /// First characters of the key's fingerprint.
    fingerprint: String,
    /// Whether sending is paused.
    paused: bool,
    records_behind: u64,
    /// Age of the oldest record that waits.
    seconds_behind: u64,
    /// `requested`, `approved` or `revoked`.
    enrolment: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_receipt_at: Option<Timestamp>,
    last_error: Option<String>,
}

/// The link to the parent (上级).
#[derive(Serialize, ToSchema)]
struct ParentOut {
    #[serde(flatten)]
    link: LinkOut,
    #[schema(value_type = LinkStateOut)]
    state: LinkState,
    /// The chains that go over it.
    streams: Vec<StreamOut>,
}

/// A chain on its way up (数据流).
#[derive(Serialize, ToSchema)]
struct StreamOut {
    /// `up/urgent`, `up/normal` or `up/bulk`.
    stream: String,
    /// Node that writes the chain.
    origin: String,
    /// Last record here.
    seq: u64,
    /// Last record that a receipt covers.
    receipted_seq: u64,
}

/// The link to a child (下级): `state` is where its admission stands, `link_state` how the link is.
#[derive(Serialize, ToSchema)]
struct ChildOut {
    #[serde(flatten)]
    link: LinkOut,
    /// `requested`, `approved` or `revoked`.
    state: String,
    #[schema(value_type = LinkStateOut)]
    link_state: LinkState,
    /// Records of the child and of the nodes below it that are in this node's journal.
    applied_records: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_batch_at: Option<Timestamp>,
}

/// A batch that was confirmed (回执).
#[derive(Serialize, ToSchema)]
struct ReceiptOut {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    peer: String,
    /// `up` or `down`.
    direction: String,
    /// `urgent`, `normal` or `bulk`.
    class: String,
    from_position: i64,
    to_position: i64,
    records: i64,
    /// SM3 of the batch, hexadecimal.
    hash: String,
    /// `confirmed`.
    state: &'static str,
}

/// A record that was set aside (待修记录).
#[derive(Serialize, ToSchema)]
struct PoisonOut {
    id: i64,
    kind: String,
    /// Node that wrote it.
    origin: String,
    stream: String,
    seq: i64,
    code: String,
    field: String,
    reason: String,
    advice: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// The exchange with the tiers above and below (上下级交换).
#[derive(Serialize, ToSchema)]
struct ExchangeOut {
    parent: Option<ParentOut>,
    children: Vec<ChildOut>,
    /// Newest first.
    receipts: Vec<ReceiptOut>,
    poison: Vec<PoisonOut>,
}

impl From<Link> for LinkOut {
    fn from(link: Link) -> Self {
        Self {
            code: link.code,
            name: link.name,
            url: link.url,
            enrolment: link.enrolment,
            fingerprint: link.fingerprint,
            paused: link.paused,
            records_behind: link.records_behind,
            seconds_behind: link.seconds_behind,
            last_seen_at: link.last_seen_at,
            last_receipt_at: link.last_receipt_at,
            last_error: link.last_error,
        }
    }
}

fn parent((link, streams): (Link, Vec<StreamState>)) -> ParentOut {
    let stream = |row: StreamState| StreamOut {
        stream: row.stream,
        origin: row.origin,
        seq: row.seq,
        receipted_seq: row.receipted_seq,
    };
    ParentOut { state: link.state, link: link.into(), streams: streams.into_iter().map(stream).collect() }
}

fn child((link, applied_records): (Link, u64)) -> ChildOut {
    ChildOut {
        state: link.enrolment.clone(),
        link_state: link.state,
        applied_records,
        last_batch_at: link.last_receipt_at,
        link: link.into(),
    }
}

impl From<ReceiptRow> for ReceiptOut {
    fn from(row: ReceiptRow) -> Self {
        Self {
            at: Timestamp::from_millis(row.at),
            peer: row.peer,
            direction: row.direction,
            class: row.class,
            from_position: row.from_position,
            to_position: row.to_position,
            records: row.records,
            hash: row.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            state: "confirmed",
        }
    }
}

impl From<PoisonRow> for PoisonOut {
    fn from(row: PoisonRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            origin: row.node,
            stream: row.stream,
            seq: row.seq,
            code: row.code,
            field: row.field,
            reason: row.reason,
            advice: row.advice,
            at: Timestamp::from_millis(row.at),
        }
    }
}

/// 上下级交换状态
#[utoipa::path(get, path = "/exchange", extensions(("x-permission" = json!("exchange.read"))), tag = "上下级交换", responses((status = 200, body = ExchangeOut)))]
async fn get_exchange(State(app): State<AppState>, Console(cx): Console) -> ApiResult<Json<ExchangeOut>> {
    let state::Exchange { parent: above, children, receipts, poison } = state::exchange(&app.node, &cx).await?;
    Ok(Json(ExchangeOut {
        parent: above.map(parent),
        children: children.into_iter().map(child).collect(),
        receipts: receipts.into_iter().map(ReceiptOut::from).collect(),
        poison: poison.into_iter().map(PoisonOut::from).collect(),
    }))
}

/// 批准下级节点接入
#[utoipa::path(post, path = "/exchange/children/{code}/approve", extensions(("x-permission" = json!("exchange.approve"))), tag = "上下级交换", params(("code" = String, Path)),
    responses((status = 204)))]
async fn approve_child(
    State(app): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
) -> ApiResult<StatusCode> {
    enrol::decide(&app.node, &cx, &code, Decision::Approve).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 撤销下级节点
#[utoipa::path(post, path = "/exchange/children/{code}/revoke", extensions(("x-permission" = json!("exchange.approve"))), tag = "上下级交换", params(("code" = String, Path)),
    responses((status = 204)))]
async fn revoke_child(
    State(app): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
) -> ApiResult<StatusCode> {
    enrol::decide(&app.node, &cx, &code, Decision::Revoke).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 暂停向上级发送
#[utoipa::path(post, path = "/exchange/parent/pause", extensions(("x-permission" = json!("exchange.update"))), tag = "上下级交换",
    responses((status = 204)))]
async fn pause_parent(State(app): State<AppState>, Console(cx): Console) -> ApiResult<StatusCode> {
    state::pause_parent(&app.node, &cx, Paused::Yes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 恢复向上级发送
#[utoipa::path(post, path = "/exchange/parent/resume", extensions(("x-permission" = json!("exchange.update"))), tag = "上下级交换",
    responses((status = 204)))]
async fn resume_parent(State(app): State<AppState>, Console(cx): Console) -> ApiResult<StatusCode> {
    state::pause_parent(&app.node, &cx, Paused::No).await?;
    Ok(StatusCode::NO_CONTENT)
}
