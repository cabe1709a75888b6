//! What follows from the signs of life of devices on the wire: faults, online rate, silent devices. Rows: G-6.7.4.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_service::device::state::{self, By, DeviceFault, Rate, Silent};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::register::some;
use crate::error::{ApiError, ApiResult};
use crate::extract::{At, Console, Find, In};
use crate::listing::Listing;
use crate::state::AppState;

/// Days of a rate unless asked otherwise.
const DAYS: i64 = 30;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(rate_devices))
        .routes(routes!(list_silent_devices))
        .routes(routes!(list_device_faults))
        .routes(routes!(close_device_fault))
}

/// A fault of a device (设备故障).
#[derive(Serialize, ToSchema)]
struct DeviceFaultOut {
    number: i64,
    /// The device's own code of the fault.
    code: String,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// When it was told last.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    /// Who closed it; `null` where the device told so itself.
    closed_by: Option<String>,
    reason: Option<String>,
}

impl From<DeviceFault> for DeviceFaultOut {
    fn from(fault: DeviceFault) -> Self {
        Self {
            number: fault.id,
            code: fault.code,
            opened_at: Timestamp::from_millis(fault.opened_at),
            last_at: Timestamp::from_millis(fault.last_at),
            closed_at: fault.closed_at.map(Timestamp::from_millis),
            closed_by: some(fault.closed_by),
            reason: some(fault.reason),
        }
    }
}

/// 追溯设备的故障记录
#[utoipa::path(get, path = "/devices/{id}/faults", extensions(("x-permission" = json!("device.read"))),
    tag = "追溯设备", params(("id" = String, Path)), responses((status = 200, body = Listing<DeviceFaultOut>)))]
async fn list_device_faults(
    State(app): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<Listing<DeviceFaultOut>>> {
    let rows = state::faults(&app.node, &cx, id).await?;
    Ok(Json(Listing::whole(rows.into_iter().map(DeviceFaultOut::from).collect())))
}

/// How a fault was dealt with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeviceFaultCloseIn {
    reason: String,
}

/// 关闭设备故障
#[utoipa::path(post, path = "/devices/{id}/faults/{number}/close",
    extensions(("x-permission" = json!("device.update"))), tag = "追溯设备",
    params(("id" = String, Path), ("number" = i64, Path)), request_body = DeviceFaultCloseIn,
    responses((status = 200, body = Listing<DeviceFaultOut>)))]
async fn close_device_fault(
    State(app): State<AppState>,
    Console(cx): Console,
    At(place): At<(ObjectId, i64)>,
    In(body): In<DeviceFaultCloseIn>,
) -> ApiResult<Json<Listing<DeviceFaultOut>>> {
    let rows = state::close_fault(&app.node, &cx, place, &body.reason).await?;
    Ok(Json(Listing::whole(rows.into_iter().map(DeviceFaultOut::from).collect())))
}

/// By what and for which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeviceRateFind {
    /// `division`, `type` or `subject`.
    by: Option<String>,
    /// Division, with what lies below.
    division: Option<String>,
    /// First day, `YYYY-MM-DD`; thirty days before the last one where it is left out.
    from: Option<String>,
    /// Last day; today where it is left out.
    to: Option<String>,
}

/// The online rate of a group of devices (设备在线率).
#[derive(Serialize, ToSchema)]
struct DeviceRateOut {
    code: String,
    name: String,
    devices: u64,
    online_days: u64,
    due_days: u64,
    /// Per cent as text; `null` where nothing was due.
    rate: Option<String>,
}

impl From<Rate> for DeviceRateOut {
    fn from(rate: Rate) -> Self {
        let share = (rate.online_days * 10_000).checked_div(rate.due_days);
        Self {
            code: rate.code,
            name: rate.name,
            devices: rate.devices,
            online_days: rate.online_days,
            due_days: rate.due_days,
            rate: share.map(|share| format!("{}.{:02}", share / 100, share % 100)),
        }
    }
}

/// 设备在线率
#[utoipa::path(get, path = "/devices/rate", extensions(("x-permission" = json!("device.read"))), tag = "追溯设备",
    params(DeviceRateFind), responses((status = 200, body = Listing<DeviceRateOut>)))]
async fn rate_devices(
    State(app): State<AppState>,
    Console(cx): Console,
    Find(find): Find<DeviceRateFind>,
) -> ApiResult<Json<Listing<DeviceRateOut>>> {
    let wrong = |field: &str, advice: &str| ApiError::bad_request("DEV-0205", field, "统计条件不正确", advice);
    let by = match find.by.as_deref().unwrap_or("division") {
        "division" => By::Division,
        "type" => By::Type,
        "subject" => By::Subject,
        _ => return Err(wrong("by", "请选择 division、type 或 subject")),
    };
    let day = |text: Option<String>, field: &str| match text.filter(|text| !text.is_empty()) {
        Some(text) => text.parse::<Day>().map(Some).map_err(|_| wrong(field, "请填写如 2026-11-21 的日期")),
        None => Ok(None),
    };
    let last = day(find.to, "to")?.unwrap_or_else(|| Day::of(app.node.now()));
    let first = day(find.from, "from")?.unwrap_or_else(|| last.plus(1 - DAYS));
    let rows = state::rate(&app.node, &cx, (by, find.division.as_deref()), (first, last)).await?;
    Ok(Json(Listing::whole(rows.into_iter().map(DeviceRateOut::from).collect())))
}

/// From which silence on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeviceSilentFind {
    /// Division, with what lies below.
    division: Option<String>,
    /// Hours; 24 where they are left out.
    hours: Option<u32>,
}

/// A silent device (静默设备).
#[derive(Serialize, ToSchema)]
struct DeviceSilentOut {
    id: String,
    code: String,
    name: String,
    device_type: String,
    device_type_name: String,
    subject: Option<String>,
    division: String,
    division_name: String,
    /// `null` where it was never heard of.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
    silent_hours: Option<i64>,
}

/// 静默设备
#[utoipa::path(get, path = "/devices/silent", extensions(("x-permission" = json!("device.read"))), tag = "追溯设备",
    params(DeviceSilentFind), responses((status = 200, body = Listing<DeviceSilentOut>)))]
async fn list_silent_devices(
    State(app): State<AppState>,
    Console(cx): Console,
    Find(find): Find<DeviceSilentFind>,
) -> ApiResult<Json<Listing<DeviceSilentOut>>> {
    let node = &app.node;
    let rows = state::silent(node, &cx, find.division.as_deref(), find.hours.unwrap_or(24)).await?;
    let packs = node.packs();
    let out = |Silent { entry, last_seen_at }: Silent| DeviceSilentOut {
        id: entry.object.to_string(),
        code: entry.code,
        name: entry.name,
        device_type_name: packs.name_in("device_type", &entry.r#type).to_owned(),
        device_type: entry.r#type,
        subject: some(entry.subject),
        division_name: node.divisions.name(&entry.division).to_owned(),
        division: entry.division,
        last_seen_at,
        silent_hours: last_seen_at.map(|at| (cx.now.millis() - at.millis()) / 3_600_000),
    };
    Ok(Json(Listing::whole(rows.into_iter().map(out).collect())))
}
