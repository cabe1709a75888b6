//! 追溯责任主体 on the wire: list, detail, registration, change, review. Rows: G-6.2.1, G-6.2.2.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::id::ObjectId;
use suyuan_service::Node;
use suyuan_service::register::{self, Item};
use suyuan_service::subject::SubjectDoc;
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
        .routes(routes!(list_subjects, create_subject))
        .routes(routes!(get_subject, change_subject))
        .routes(routes!(review_subject))
}

/// 追溯责任主体 as it is handed in. `version` belongs to changes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubjectIn {
    /// Version that was read; for changes only.
    #[serde(default)]
    version: Option<u64>,
    /// Code in trace events; the credit code where none is given.
    #[serde(default)]
    code: Option<String>,
    /// Name.
    name: String,
    /// Unified social credit code.
    #[serde(default)]
    uscc: Option<String>,
    /// Form of organisation.
    org_form: String,
    /// Type of node.
    node_type: String,
    /// Category.
    category: String,
    /// Stages; the first is the main one.
    #[serde(default)]
    stages: Vec<String>,
    /// Division.
    division: String,
    /// Address.
    #[serde(default)]
    address: Option<String>,
    /// Longitude, WGS 84.
    #[serde(default)]
    lon: Option<f64>,
    /// Latitude, WGS 84.
    #[serde(default)]
    lat: Option<f64>,
    /// Whom to ask.
    #[serde(default)]
    contact: Option<String>,
    /// Telephone, masked unless asked for in full.
    #[serde(default)]
    phone: Option<String>,
}

impl From<SubjectIn> for SubjectDoc {
    fn from(body: SubjectIn) -> Self {
        Self {
            code: body.code.unwrap_or_default(),
            name: body.name,
            uscc: body.uscc.unwrap_or_default(),
            org_form: body.org_form,
            node_type: body.node_type,
            category: body.category,
            stages: body.stages,
            division: body.division,
            address: body.address.unwrap_or_default(),
            lon: body.lon,
            lat: body.lat,
            contact: body.contact.unwrap_or_default(),
            phone: body.phone.unwrap_or_default(),
        }
    }
}

/// What is registered of a subject (追溯责任主体).
#[derive(Serialize, ToSchema)]
pub(super) struct SubjectFacts {
    /// Code in trace events.
    code: String,
    /// Name.
    name: String,
    /// Unified social credit code.
    uscc: Option<String>,
    /// Form of organisation.
    org_form: String,
    /// Type of node.
    node_type: String,
    /// Category.
    category: String,
    /// Stages; the first is the main one.
    stages: Vec<String>,
    /// Division.
    division: String,
    /// Address.
    address: Option<String>,
    /// Longitude, WGS 84.
    lon: Option<f64>,
    /// Latitude, WGS 84.
    lat: Option<f64>,
    /// Whom to ask.
    contact: Option<String>,
    /// Telephone, masked unless asked for in full.
    phone: Option<String>,
}

/// 追溯责任主体.
#[derive(Serialize, ToSchema)]
pub(super) struct SubjectOut {
    #[serde(flatten)]
    frame: FrameOut,
    #[serde(flatten)]
    doc: SubjectFacts,
    /// Name of the division.
    division_name: String,
    /// Name of the category.
    category_name: String,
    /// Parent of the node that owns the entry.
    parent_node: Option<String>,
}

impl From<SubjectDoc> for SubjectFacts {
    fn from(doc: SubjectDoc) -> Self {
        Self {
            code: doc.code,
            name: doc.name,
            uscc: some(doc.uscc),
            org_form: doc.org_form,
            node_type: doc.node_type,
            category: doc.category,
            stages: doc.stages,
            division: doc.division,
            address: some(doc.address),
            lon: doc.lon,
            lat: doc.lat,
            contact: some(doc.contact),
            phone: some(doc.phone),
        }
    }
}

impl Shown for SubjectDoc {
    type Out = SubjectOut;
    type Facts = SubjectFacts;
    type Known = ();

    async fn known(_node: &Node, _items: &[Item<Self>]) -> ApiResult<()> {
        Ok(())
    }

    fn out(node: &Node, _known: &(), item: Item<Self>) -> SubjectOut {
        let packs = node.packs();
        let category = packs.category(&item.doc.category);
        SubjectOut {
            frame: FrameOut::of(node, &item),
            division_name: node.divisions.name(&item.doc.division).to_owned(),
            category_name: category.map_or_else(|| item.doc.category.clone(), |category| category.name.clone()),
            parent_node: node.divisions.get(&item.origin_node).map(|division| division.parent.clone()).and_then(some),
            doc: item.doc.into(),
        }
    }
}

/// 查询追溯责任主体
#[utoipa::path(get, path = "/subjects", tag = "追溯责任主体", params(RegisterFind, Paging),
    responses((status = 200, body = Listing<SubjectOut>)))]
async fn list_subjects(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<RegisterFind>,
) -> ApiResult<Json<Listing<SubjectOut>>> {
    page::<SubjectDoc>(&state.node, &cx, query).await
}

/// 登记追溯责任主体
#[utoipa::path(post, path = "/subjects", tag = "追溯责任主体", request_body = SubjectIn,
    responses((status = 201, body = SubjectOut)))]
async fn create_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<SubjectIn>,
) -> ApiResult<(StatusCode, Json<SubjectOut>)> {
    let item = register::create(&state.node, &cx, SubjectDoc::from(body)).await?;
    Ok((StatusCode::CREATED, shown(&state.node, item).await?))
}

/// 追溯责任主体详情
#[utoipa::path(get, path = "/subjects/{id}", tag = "追溯责任主体", params(("id" = String, Path), LookFind),
    responses((status = 200, body = Detailed<SubjectOut, Option<SubjectFacts>>)))]
async fn get_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(look): Find<LookFind>,
) -> ApiResult<Json<Detailed<SubjectOut, Option<SubjectFacts>>>> {
    detail::<SubjectDoc>(&state.node, &cx, id, &look).await
}

/// 变更追溯责任主体
#[utoipa::path(put, path = "/subjects/{id}", tag = "追溯责任主体", params(("id" = String, Path)), request_body = SubjectIn,
    responses((status = 200, body = SubjectOut)))]
async fn change_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<SubjectIn>,
) -> ApiResult<Json<SubjectOut>> {
    let version = wanted_version(body.version)?;
    shown(&state.node, register::change(&state.node, &cx, id, version, SubjectDoc::from(body)).await?).await
}

/// 审核追溯责任主体
#[utoipa::path(post, path = "/subjects/{id}/review", tag = "追溯责任主体", params(("id" = String, Path)),
    request_body = RegisterReviewIn, responses((status = 200, body = SubjectOut)))]
async fn review_subject(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<RegisterReviewIn>,
) -> ApiResult<Json<SubjectOut>> {
    review::<SubjectDoc>(&state.node, &cx, id, body).await
}
