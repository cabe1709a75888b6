//! 产品 on the wire: list, detail, registration, change, review. Rows: G-6.3.2.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::id::ObjectId;
use suyuan_service::Node;
use suyuan_service::product::{self, ProductDoc};
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
        .routes(routes!(list_products, create_product))
        .routes(routes!(get_product, change_product))
        .routes(routes!(review_product))
}

/// 产品 as it is handed in. `version` belongs to changes.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductIn {
    /// Version that was read; for changes only.
    #[serde(default)]
    version: Option<u64>,
    /// Code; the bar code where none is given.
    #[serde(default)]
    code: Option<String>,
    /// Name.
    name: String,
    /// Bar code.
    #[serde(default)]
    gtin: Option<String>,
    /// Category.
    category: String,
    /// Second level of the category.
    #[serde(default)]
    subcategory: Option<String>,
    /// Specification.
    #[serde(default)]
    spec: Option<String>,
    /// Unit of measure.
    #[serde(default)]
    unit: Option<String>,
    /// Shelf life in days.
    #[serde(default)]
    shelf_life_days: Option<u32>,
    /// Code of the subject.
    subject: String,
}

impl From<ProductIn> for ProductDoc {
    fn from(body: ProductIn) -> Self {
        Self {
            code: body.code.unwrap_or_default(),
            name: body.name,
            gtin: body.gtin.unwrap_or_default(),
            category: body.category,
            subcategory: body.subcategory.unwrap_or_default(),
            spec: body.spec.unwrap_or_default(),
            unit: body.unit.unwrap_or_default(),
            shelf_life_days: body.shelf_life_days,
            subject: body.subject,
            division: String::new(),
        }
    }
}

/// What is registered of a product (产品).
#[derive(Serialize, ToSchema)]
struct ProductFacts {
    /// Code; the bar code where none is given.
    code: Option<String>,
    /// Name.
    name: String,
    /// Bar code.
    gtin: Option<String>,
    /// Category.
    category: String,
    /// Second level of the category.
    subcategory: Option<String>,
    /// Specification.
    spec: Option<String>,
    /// Unit of measure.
    unit: Option<String>,
    /// Shelf life in days.
    shelf_life_days: Option<u32>,
    /// Code of the subject.
    subject: String,
    /// Division of the subject.
    division: String,
}

/// 产品.
#[derive(Serialize, ToSchema)]
struct ProductOut {
    #[serde(flatten)]
    frame: FrameOut,
    #[serde(flatten)]
    doc: ProductFacts,
    /// Name of the subject.
    subject_name: String,
    /// Name of the category.
    category_name: String,
    /// Name of the division.
    division_name: String,
}

/// 产品 with its history.
#[derive(Serialize, ToSchema)]
struct ProductDetail {
    #[serde(flatten)]
    product: ProductOut,
    /// A change under review.
    proposal: Option<ProductFacts>,
    history: Vec<HistoryOut>,
    /// Steps allowed now.
    actions: Vec<String>,
}

impl From<ProductDoc> for ProductFacts {
    fn from(doc: ProductDoc) -> Self {
        Self {
            code: some(doc.code),
            name: doc.name,
            gtin: some(doc.gtin),
            category: doc.category,
            subcategory: some(doc.subcategory),
            spec: some(doc.spec),
            unit: some(doc.unit),
            shelf_life_days: doc.shelf_life_days,
            subject: doc.subject,
            division: doc.division,
        }
    }
}

/// Names of the subjects of a page.
struct More {
    names: BTreeMap<String, String>,
}

impl More {
    async fn of(node: &Node, items: &[Item<ProductDoc>]) -> ApiResult<Self> {
        let codes = items.iter().map(|item| item.doc.subject.clone()).filter(|code| !code.is_empty()).collect();
        Ok(Self { names: suyuan_service::subject::names(node, codes).await? })
    }
}

fn out(node: &Node, more: &More, item: Item<ProductDoc>) -> ProductOut {
    let category = node.packs.category(&item.doc.category);
    ProductOut {
        frame: FrameOut::of(node, &item),
        subject_name: more.names.get(&item.doc.subject).cloned().unwrap_or_else(|| item.doc.subject.clone()),
        category_name: category.map_or_else(|| item.doc.category.clone(), |category| category.name.clone()),
        division_name: node.divisions.name(&item.doc.division).to_owned(),
        doc: item.doc.into(),
    }
}

/// 查询产品
#[utoipa::path(get, path = "/products", tag = "产品", params(RegisterFind, Paging),
    responses((status = 200, body = Listing<ProductOut>), (status = "default", body = ErrorEnvelope)))]
async fn list_products(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<RegisterFind>,
) -> ApiResult<Json<Listing<ProductOut>>> {
    let listed = register::list::<ProductDoc>(&state.node, &cx, query.query()?).await?;
    let more = More::of(&state.node, &listed.items).await?;
    Ok(Json(Listing::of(listed, |item| out(&state.node, &more, item))))
}

/// 登记产品
#[utoipa::path(post, path = "/products", tag = "产品", request_body = ProductIn,
    responses((status = 201, body = ProductOut), (status = "default", body = ErrorEnvelope)))]
async fn create_product(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<ProductIn>,
) -> ApiResult<(StatusCode, Json<ProductOut>)> {
    let item = product::create(&state.node, &cx, body.into()).await?;
    Ok((StatusCode::CREATED, Json(single(&state.node, item).await?)))
}

/// 产品详情
#[utoipa::path(get, path = "/products/{id}", tag = "产品", params(("id" = String, Path), LookFind),
    responses((status = 200, body = ProductDetail), (status = "default", body = ErrorEnvelope)))]
async fn get_product(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(look): Find<LookFind>,
) -> ApiResult<Json<ProductDetail>> {
    let found: Detail<ProductDoc> = match look.wants_all() {
        true => register::unmask(&state.node, &cx, id).await?,
        false => register::get(&state.node, &cx, id).await?,
    };
    let proposal = found.item.proposal.clone().map(ProductFacts::from);
    Ok(Json(ProductDetail {
        product: single(&state.node, found.item).await?,
        proposal,
        history: found.history.into_iter().map(HistoryOut::from).collect(),
        actions: found.actions.into_iter().map(str::to_owned).collect(),
    }))
}

/// 变更产品
#[utoipa::path(put, path = "/products/{id}", tag = "产品", params(("id" = String, Path)), request_body = ProductIn,
    responses((status = 200, body = ProductOut), (status = "default", body = ErrorEnvelope)))]
async fn change_product(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<ProductIn>,
) -> ApiResult<Json<ProductOut>> {
    let version = wanted_version(body.version)?;
    let item = product::change(&state.node, &cx, id, version, body.into()).await?;
    Ok(Json(single(&state.node, item).await?))
}

/// 审核产品
#[utoipa::path(post, path = "/products/{id}/review", tag = "产品", params(("id" = String, Path)),
    request_body = RegisterReviewIn,
    responses((status = 200, body = ProductOut), (status = "default", body = ErrorEnvelope)))]
async fn review_product(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<RegisterReviewIn>,
) -> ApiResult<Json<ProductOut>> {
    let item = register::review::<ProductDoc>(&state.node, &cx, id, body.decision()?).await?;
    Ok(Json(single(&state.node, item).await?))
}

async fn single(node: &Node, item: Item<ProductDoc>) -> ApiResult<ProductOut> {
    let more = More::of(node, std::slice::from_ref(&item)).await?;
    Ok(out(node, &more, item))
}
