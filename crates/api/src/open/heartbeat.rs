//! Signs of life of connected systems and their devices (心跳). Rows: G-6.7.2, G-6.7.4.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_service::device::state::{self, Beat};
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
    /// The devices that are alive, at most 1,000.
    #[serde(default)]
    devices: Vec<HeartbeatDevice>,
}

/// A device that is alive: its code alone, or what it tells of itself (设备心跳).
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
enum HeartbeatDevice {
    /// Code of the device.
    Code(String),
    /// What it tells of itself.
    State(HeartbeatState),
}

/// What a device tells of itself (设备状态).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HeartbeatState {
    /// Code of the device.
    code: String,
    /// Version of its program.
    #[serde(default)]
    firmware: Option<String>,
    /// Charge in per cent.
    #[serde(default)]
    battery: Option<u8>,
    /// Faults that it has now; those of before that are missing here are over. Left out, nothing is said of faults.
    #[serde(default)]
    faults: Option<Vec<String>>,
}

impl From<HeartbeatDevice> for Beat {
    fn from(device: HeartbeatDevice) -> Self {
        match device {
            HeartbeatDevice::Code(code) => Self { code, ..Self::default() },
            HeartbeatDevice::State(HeartbeatState { code, firmware, battery, faults }) => {
                Self { code, firmware, battery, faults }
            }
        }
    }
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
    State(app): State<AppState>,
    System(system): System,
    In(body): In<HeartbeatIn>,
) -> ApiResult<Json<HeartbeatOut>> {
    let beats = body.devices.into_iter().map(Beat::from).collect();
    let devices = state::heartbeat(&app.node, &system, beats).await?;
    Ok(Json(HeartbeatOut { system: system.code, devices, at: app.node.now() }))
}
