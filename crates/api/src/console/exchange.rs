//! The exchange between tiers in the console (上下级交换): links, admission, receipts, records set aside. Rows: G-6.4.1, N-TIER.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use suyuan_domain::clock::Timestamp;
use suyuan_service::sync::enrol::{self, Decision};
use suyuan_service::sync::state::{self, Paused};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiResult, ErrorEnvelope};
use crate::extract::{At, Console};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_exchange))
        .routes(routes!(approve_child))
        .routes(routes!(revoke_child))
        .routes(routes!(pause_parent))
        .routes(routes!(resume_parent))
}

/// 上下级交换状态
#[utoipa::path(get, path = "/exchange", tag = "上下级交换",
    responses((status = 200, body = Object), (status = "default", body = ErrorEnvelope)))]
async fn get_exchange(State(app): State<AppState>, Console(cx): Console) -> ApiResult<Json<Value>> {
    let state::Exchange { parent, children, receipts, poison } = state::exchange(&app.node, &cx).await?;
    let receipts: Vec<Value> = receipts
        .into_iter()
        .map(|row| {
            let hash: String = row.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({
                "at": Timestamp::from_millis(row.at), "peer": row.peer, "direction": row.direction, "class": row.class,
                "from_position": row.from_position, "to_position": row.to_position, "records": row.records,
                "hash": hash, "state": "confirmed",
            })
        })
        .collect();
    let poison: Vec<Value> = poison
        .into_iter()
        .map(|row| {
            json!({
                "id": row.id, "kind": row.kind, "origin": row.node, "stream": row.stream, "seq": row.seq, "code": row.code,
                "field": row.field, "reason": row.reason, "advice": row.advice, "at": Timestamp::from_millis(row.at),
            })
        })
        .collect();
    let children: Vec<Value> = children.iter().map(child).collect();
    Ok(Json(json!({ "parent": parent, "children": children, "receipts": receipts, "poison": poison })))
}

/// A child: `state` is where its admission stands, `link_state` how the link is.
fn child(link: &state::Link) -> Value {
    let mut value = serde_json::to_value(link).unwrap_or_default();
    value["link_state"] = value["state"].clone();
    value["state"] = json!(link.enrolment);
    value["last_batch_at"] = value["last_receipt_at"].clone();
    value
}

/// 批准下级节点接入
#[utoipa::path(post, path = "/exchange/children/{code}/approve", tag = "上下级交换", params(("code" = String, Path)),
    responses((status = 204), (status = "default", body = ErrorEnvelope)))]
async fn approve_child(
    State(app): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
) -> ApiResult<StatusCode> {
    enrol::decide(&app.node, &cx, &code, Decision::Approve).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 撤销下级节点
#[utoipa::path(post, path = "/exchange/children/{code}/revoke", tag = "上下级交换", params(("code" = String, Path)),
    responses((status = 204), (status = "default", body = ErrorEnvelope)))]
async fn revoke_child(
    State(app): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
) -> ApiResult<StatusCode> {
    enrol::decide(&app.node, &cx, &code, Decision::Revoke).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 暂停向上级发送
#[utoipa::path(post, path = "/exchange/parent/pause", tag = "上下级交换",
    responses((status = 204), (status = "default", body = ErrorEnvelope)))]
async fn pause_parent(State(app): State<AppState>, Console(cx): Console) -> ApiResult<StatusCode> {
    state::pause_parent(&app.node, &cx, Paused::Yes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 恢复向上级发送
#[utoipa::path(post, path = "/exchange/parent/resume", tag = "上下级交换",
    responses((status = 204), (status = "default", body = ErrorEnvelope)))]
async fn resume_parent(State(app): State<AppState>, Console(cx): Console) -> ApiResult<StatusCode> {
    state::pause_parent(&app.node, &cx, Paused::No).await?;
    Ok(StatusCode::NO_CONTENT)
}
