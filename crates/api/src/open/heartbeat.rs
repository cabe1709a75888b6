//! Signs of life of connected systems and their devices (心跳). Rows: G-6.7.2, G-6.7.4.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_service::access;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{In, System};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(report_heartbeat))
}

/// A sign of life.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HeartbeatIn {
    /// Codes of the devices that are alive.
    #[serde(default)]
    devices: Vec<String>,
}

/// The answer to a sign of life.
#[derive(Serialize, ToSchema)]
struct HeartbeatOut {
    /// Code of the system.
    system: String,
    /// How many of the devices are registered.
    devices: usize,
    /// The node's clock, for comparison with the system's.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// 上报心跳
#[utoipa::path(post, path = "/heartbeat", tag = "数据报送", request_body = HeartbeatIn,
    responses((status = 200, body = HeartbeatOut)))]
async fn report_heartbeat(
    State(state): State<AppState>,
    System(system): System,
    In(body): In<HeartbeatIn>,
) -> ApiResult<Json<HeartbeatOut>> {
    let devices = access::heartbeat(&state.node, &system, &body.devices).await?;
    Ok(Json(HeartbeatOut { system: system.code, devices, at: state.node.now() }))
}
