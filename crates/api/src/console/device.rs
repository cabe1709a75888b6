//! 追溯设备 on the wire: list, detail, registration, change, review. Rows: G-6.7.4.

mod state;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::scope::Scope;
use suyuan_service::Node;
use suyuan_service::device::state::DeviceState;
use suyuan_service::device::{self, Calibration, DeviceDoc};
use suyuan_service::register::{self, Item};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::{
    Detailed, FrameOut, LookFind, RegisterFind, RegisterPage, RegisterReviewIn, Shown, detail, page, review, shown,
    some, wanted_version,
};
use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_devices, create_device))
        .routes(routes!(get_device, change_device))
        .routes(routes!(review_device))
        .merge(state::routes())
}

/// 追溯设备 as it is handed in. `version` belongs to changes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceIn {
    /// Version that was read; for changes only.
    #[serde(default)]
    version: Option<u64>,
    /// Code; the serial number where none is given.
    #[serde(default)]
    code: Option<String>,
    /// Name.
    name: String,
    /// Type.
    device_type: String,
    /// Model.
    #[serde(default)]
    model: Option<String>,
    /// Hardware address.
    #[serde(default)]
    mac: Option<String>,
    /// Serial number.
    #[serde(default)]
    serial: Option<String>,
    /// Code of the subject that uses it.
    #[serde(default)]
    subject: Option<String>,
    /// Division.
    division: String,
    /// Maker.
    #[serde(default)]
    maker: Option<String>,
    /// Code of the connected system that it reports through.
    #[serde(default)]
    system: Option<String>,
    /// Where it stands, in words.
    #[serde(default)]
    place: Option<String>,
    /// Longitude, WGS 84.
    #[serde(default)]
    lon: Option<f64>,
    /// Latitude, WGS 84.
    #[serde(default)]
    lat: Option<f64>,
    /// Day of its installation, `YYYY-MM-DD`.
    #[serde(default)]
    installed_on: Option<String>,
    /// Last day of its calibration, `YYYY-MM-DD`.
    #[serde(default)]
    calibrated_until: Option<String>,
}

impl From<DeviceIn> for DeviceDoc {
    fn from(body: DeviceIn) -> Self {
        Self {
            code: body.code.unwrap_or_default(),
            name: body.name,
            device_type: body.device_type,
            model: body.model.unwrap_or_default(),
            mac: body.mac.unwrap_or_default(),
            serial: body.serial.unwrap_or_default(),
            subject: body.subject.unwrap_or_default(),
            division: body.division,
            category: String::new(),
            maker: body.maker.unwrap_or_default(),
            system: body.system.unwrap_or_default(),
            place: body.place.unwrap_or_default(),
            lon: body.lon,
            lat: body.lat,
            installed_on: body.installed_on.unwrap_or_default(),
            calibrated_until: body.calibrated_until.unwrap_or_default(),
        }
    }
}

/// What is registered of a device (追溯设备).
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceFacts {
    /// Code.
    code: String,
    /// Name.
    name: String,
    /// Type.
    device_type: String,
    /// Model.
    model: Option<String>,
    /// Hardware address.
    mac: Option<String>,
    /// Serial number.
    serial: Option<String>,
    /// Code of the subject that uses it.
    subject: Option<String>,
    /// Division.
    division: String,
    /// Maker.
    maker: Option<String>,
    /// Code of the connected system that it reports through.
    system: Option<String>,
    /// Where it stands, in words.
    place: Option<String>,
    /// Longitude, WGS 84.
    lon: Option<f64>,
    /// Latitude, WGS 84.
    lat: Option<f64>,
    /// Day of its installation.
    installed_on: Option<String>,
    /// Last day of its calibration.
    calibrated_until: Option<String>,
}

/// 追溯设备.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceOut {
    #[serde(flatten)]
    frame: FrameOut,
    #[serde(flatten)]
    doc: DeviceFacts,
    /// Name of the subject.
    subject_name: Option<String>,
    /// Name of the division.
    division_name: String,
    /// Last sign of life.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_seen_at: Option<Timestamp>,
    /// Whether it was heard of lately.
    online: bool,
    /// Version of its program; `null` where it never said.
    firmware: Option<String>,
    /// Charge in per cent; `null` where it never said.
    battery: Option<i64>,
    /// Faults that it has now.
    open_faults: u64,
    /// `ok`, `soon` or `expired`; `null` where no last day is known.
    calibration: Option<&'static str>,
}

impl From<DeviceDoc> for DeviceFacts {
    fn from(doc: DeviceDoc) -> Self {
        Self {
            code: doc.code,
            name: doc.name,
            device_type: doc.device_type,
            model: some(doc.model),
            mac: some(doc.mac),
            serial: some(doc.serial),
            subject: some(doc.subject),
            division: doc.division,
            maker: some(doc.maker),
            system: some(doc.system),
            place: some(doc.place),
            lon: doc.lon,
            lat: doc.lat,
            installed_on: some(doc.installed_on),
            calibrated_until: some(doc.calibrated_until),
        }
    }
}

/// Names of the subjects of a page.
pub(super) struct Known {
    names: BTreeMap<String, String>,
    seen: BTreeMap<String, Timestamp>,
    told: BTreeMap<String, DeviceState>,
    faults: BTreeMap<String, u64>,
}

impl Shown for DeviceDoc {
    type Out = DeviceOut;
    type Facts = DeviceFacts;
    type Known = Known;

    async fn known(node: &Node, scope: &Scope, items: &[Item<Self>]) -> ApiResult<Known> {
        let codes = items.iter().map(|item| item.doc.subject.clone()).filter(|code| !code.is_empty()).collect();
        let names = suyuan_service::subject::names(node, scope, codes).await?;
        let own: Vec<String> = items.iter().map(|item| item.doc.code.clone()).collect();
        let (told, faults) = device::state::of(node, &own).await?;
        Ok(Known { names, seen: device::last_seen(node).await?, told, faults })
    }

    fn out(node: &Node, known: &Known, item: Item<Self>) -> DeviceOut {
        let last_seen_at = known.seen.get(&item.doc.code).copied();
        let told = known.told.get(&item.doc.code);
        DeviceOut {
            frame: FrameOut::of(node, &item),
            subject_name: known.names.get(&item.doc.subject).cloned(),
            division_name: node.divisions.name(&item.doc.division).to_owned(),
            last_seen_at,
            online: device::is_online(last_seen_at, node.now()),
            firmware: told.map(|told| told.firmware.clone()).filter(|text| !text.is_empty()),
            battery: told.and_then(|told| told.battery),
            open_faults: known.faults.get(&item.doc.code).copied().unwrap_or(0),
            calibration: item.doc.calibration(Day::of(node.now())).map(Calibration::as_str),
            doc: item.doc.into(),
        }
    }
}

/// 查询追溯设备
#[utoipa::path(get, path = "/devices", extensions(("x-permission" = json!("device.read"))), tag = "追溯设备", params(RegisterFind, Paging),
    responses((status = 200, body = Listing<DeviceOut>)))]
async fn list_devices(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<RegisterPage>,
) -> ApiResult<Json<Listing<DeviceOut>>> {
    page::<DeviceDoc>(&state.node, &cx, query).await
}

/// 登记追溯设备
#[utoipa::path(post, path = "/devices", extensions(("x-permission" = json!("device.create"))), tag = "追溯设备", request_body = DeviceIn,
    responses((status = 201, body = DeviceOut)))]
async fn create_device(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<DeviceIn>,
) -> ApiResult<(StatusCode, Json<DeviceOut>)> {
    let item = register::create(&state.node, &cx, DeviceDoc::from(body)).await?;
    Ok((StatusCode::CREATED, shown(&state.node, &cx, item).await?))
}

/// 追溯设备详情
#[utoipa::path(get, path = "/devices/{id}", extensions(("x-permission" = json!("device.read"))), tag = "追溯设备", params(("id" = String, Path), LookFind),
    responses((status = 200, body = Detailed<DeviceOut, Option<DeviceFacts>>)))]
async fn get_device(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(look): Find<LookFind>,
) -> ApiResult<Json<Detailed<DeviceOut, Option<DeviceFacts>>>> {
    detail::<DeviceDoc>(&state.node, &cx, id, &look).await
}

/// 变更追溯设备
#[utoipa::path(put, path = "/devices/{id}", extensions(("x-permission" = json!("device.update"))), tag = "追溯设备", params(("id" = String, Path)), request_body = DeviceIn,
    responses((status = 200, body = DeviceOut)))]
async fn change_device(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<DeviceIn>,
) -> ApiResult<Json<DeviceOut>> {
    let version = wanted_version(body.version)?;
    shown(&state.node, &cx, register::change(&state.node, &cx, id, version, DeviceDoc::from(body)).await?).await
}

/// 审核追溯设备
#[utoipa::path(post, path = "/devices/{id}/review", extensions(("x-permission" = json!("device.update|device.review|device.revoke"))), tag = "追溯设备", params(("id" = String, Path)),
    request_body = RegisterReviewIn, responses((status = 200, body = DeviceOut)))]
async fn review_device(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<RegisterReviewIn>,
) -> ApiResult<Json<DeviceOut>> {
    review::<DeviceDoc>(&state.node, &cx, id, body).await
}
