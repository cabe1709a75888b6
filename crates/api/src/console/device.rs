//! 追溯设备 on the wire: list, detail, registration, change, review. Rows: G-6.7.4.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::Node;
use suyuan_service::device::{self, DeviceDoc};
use suyuan_service::register::{self, Item};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::{
    Detailed, FrameOut, LookFind, RegisterFind, RegisterReviewIn, Shown, detail, page, review, shown, some,
    wanted_version,
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
        }
    }
}

/// Names of the subjects of a page.
pub(super) struct Known {
    names: BTreeMap<String, String>,
    seen: BTreeMap<String, Timestamp>,
}

impl Shown for DeviceDoc {
    type Out = DeviceOut;
    type Facts = DeviceFacts;
    type Known = Known;

    async fn known(node: &Node, items: &[Item<Self>]) -> ApiResult<Known> {
        let codes = items.iter().map(|item| item.doc.subject.clone()).filter(|code| !code.is_empty()).collect();
        let names = suyuan_service::subject::names(node, codes).await?;
        Ok(Known { names, seen: device::last_seen(node).await? })
    }

    fn out(node: &Node, known: &Known, item: Item<Self>) -> DeviceOut {
        let last_seen_at = known.seen.get(&item.doc.code).copied();
        DeviceOut {
            frame: FrameOut::of(node, &item),
            subject_name: known.names.get(&item.doc.subject).cloned(),
            division_name: node.divisions.name(&item.doc.division).to_owned(),
            last_seen_at,
            online: device::is_online(last_seen_at, node.now()),
            doc: item.doc.into(),
        }
    }
}

/// 查询追溯设备
#[utoipa::path(get, path = "/devices", tag = "追溯设备", params(RegisterFind, Paging),
    responses((status = 200, body = Listing<DeviceOut>)))]
async fn list_devices(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<RegisterFind>,
) -> ApiResult<Json<Listing<DeviceOut>>> {
    page::<DeviceDoc>(&state.node, &cx, query).await
}

/// 登记追溯设备
#[utoipa::path(post, path = "/devices", tag = "追溯设备", request_body = DeviceIn,
    responses((status = 201, body = DeviceOut)))]
async fn create_device(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<DeviceIn>,
) -> ApiResult<(StatusCode, Json<DeviceOut>)> {
    let item = register::create(&state.node, &cx, DeviceDoc::from(body)).await?;
    Ok((StatusCode::CREATED, shown(&state.node, item).await?))
}

/// 追溯设备详情
#[utoipa::path(get, path = "/devices/{id}", tag = "追溯设备", params(("id" = String, Path), LookFind),
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
#[utoipa::path(put, path = "/devices/{id}", tag = "追溯设备", params(("id" = String, Path)), request_body = DeviceIn,
    responses((status = 200, body = DeviceOut)))]
async fn change_device(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<DeviceIn>,
) -> ApiResult<Json<DeviceOut>> {
    let version = wanted_version(body.version)?;
    shown(&state.node, register::change(&state.node, &cx, id, version, DeviceDoc::from(body)).await?).await
}

/// 审核追溯设备
#[utoipa::path(post, path = "/devices/{id}/review", tag = "追溯设备", params(("id" = String, Path)),
    request_body = RegisterReviewIn, responses((status = 200, body = DeviceOut)))]
async fn review_device(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<RegisterReviewIn>,
) -> ApiResult<Json<DeviceOut>> {
    review::<DeviceDoc>(&state.node, &cx, id, body).await
}
