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
use suyuan_service::register::{self, Detail, Item};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::{FrameOut, HistoryOut, LookFind, RegisterFind, RegisterReviewIn, some, wanted_version};
use crate::error::{ApiResult, ErrorEnvelope};
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
struct DeviceFacts {
    /// Code; the serial number where none is given.
    code: Option<String>,
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
struct DeviceOut {
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

/// 追溯设备 with its history.
#[derive(Serialize, ToSchema)]
struct DeviceDetail {
    #[serde(flatten)]
    device: DeviceOut,
    /// A change under review.
    proposal: Option<DeviceFacts>,
    history: Vec<HistoryOut>,
    /// Steps allowed now.
    actions: Vec<String>,
}

impl From<DeviceDoc> for DeviceFacts {
    fn from(doc: DeviceDoc) -> Self {
        Self {
            code: some(doc.code),
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
struct More {
    names: BTreeMap<String, String>,
    seen: BTreeMap<String, Timestamp>,
}

impl More {
    async fn of(node: &Node, items: &[Item<DeviceDoc>]) -> ApiResult<Self> {
        let codes = items.iter().map(|item| item.doc.subject.clone()).filter(|code| !code.is_empty()).collect();
        let names = suyuan_service::subject::names(node, codes).await?;
        Ok(Self { names, seen: device::last_seen(node).await? })
    }
}

fn out(node: &Node, more: &More, item: Item<DeviceDoc>) -> DeviceOut {
    let last_seen_at = more.seen.get(&item.doc.code).copied();
    DeviceOut {
        frame: FrameOut::of(node, &item),
        subject_name: more.names.get(&item.doc.subject).cloned(),
        division_name: node.divisions.name(&item.doc.division).to_owned(),
        last_seen_at,
        online: device::is_online(last_seen_at, node.now()),
        doc: item.doc.into(),
    }
}

/// 查询追溯设备
#[utoipa::path(get, path = "/devices", tag = "追溯设备", params(RegisterFind, Paging),
    responses((status = 200, body = Listing<DeviceOut>), (status = "default", body = ErrorEnvelope)))]
async fn list_devices(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<RegisterFind>,
) -> ApiResult<Json<Listing<DeviceOut>>> {
    let listed = register::list::<DeviceDoc>(&state.node, &cx, query.query()?).await?;
    let more = More::of(&state.node, &listed.items).await?;
    Ok(Json(Listing::of(listed, |item| out(&state.node, &more, item))))
}

/// 登记追溯设备
#[utoipa::path(post, path = "/devices", tag = "追溯设备", request_body = DeviceIn,
    responses((status = 201, body = DeviceOut), (status = "default", body = ErrorEnvelope)))]
async fn create_device(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<DeviceIn>,
) -> ApiResult<(StatusCode, Json<DeviceOut>)> {
    let item = register::create(&state.node, &cx, body.into()).await?;
    Ok((StatusCode::CREATED, Json(single(&state.node, item).await?)))
}

/// 追溯设备详情
#[utoipa::path(get, path = "/devices/{id}", tag = "追溯设备", params(("id" = String, Path), LookFind),
    responses((status = 200, body = DeviceDetail), (status = "default", body = ErrorEnvelope)))]
async fn get_device(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(look): Find<LookFind>,
) -> ApiResult<Json<DeviceDetail>> {
    let found: Detail<DeviceDoc> = match look.wants_all() {
        true => register::unmask(&state.node, &cx, id).await?,
        false => register::get(&state.node, &cx, id).await?,
    };
    let proposal = found.item.proposal.clone().map(DeviceFacts::from);
    Ok(Json(DeviceDetail {
        device: single(&state.node, found.item).await?,
        proposal,
        history: found.history.into_iter().map(HistoryOut::from).collect(),
        actions: found.actions.into_iter().map(str::to_owned).collect(),
    }))
}

/// 变更追溯设备
#[utoipa::path(put, path = "/devices/{id}", tag = "追溯设备", params(("id" = String, Path)), request_body = DeviceIn,
    responses((status = 200, body = DeviceOut), (status = "default", body = ErrorEnvelope)))]
async fn change_device(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<DeviceIn>,
) -> ApiResult<Json<DeviceOut>> {
    let version = wanted_version(body.version)?;
    let item = register::change(&state.node, &cx, id, version, body.into()).await?;
    Ok(Json(single(&state.node, item).await?))
}

/// 审核追溯设备
#[utoipa::path(post, path = "/devices/{id}/review", tag = "追溯设备", params(("id" = String, Path)),
    request_body = RegisterReviewIn,
    responses((status = 200, body = DeviceOut), (status = "default", body = ErrorEnvelope)))]
async fn review_device(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<RegisterReviewIn>,
) -> ApiResult<Json<DeviceOut>> {
    let item = register::review::<DeviceDoc>(&state.node, &cx, id, body.decision()?).await?;
    Ok(Json(single(&state.node, item).await?))
}

async fn single(node: &Node, item: Item<DeviceDoc>) -> ApiResult<DeviceOut> {
    let more = More::of(node, std::slice::from_ref(&item)).await?;
    Ok(out(node, &more, item))
}
