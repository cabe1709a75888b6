//! 产品 on the wire: list, detail, registration, change, review. Rows: G-6.3.2.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_service::Node;
use suyuan_service::product::{self, Certificate, ProductDoc};
use suyuan_service::register::Item;
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
    /// Other name.
    #[serde(default)]
    alias: Option<String>,
    /// Brand.
    #[serde(default)]
    brand: Option<String>,
    /// Standard that it is made to.
    #[serde(default)]
    standard: Option<String>,
    /// Name of the producer, where another subject sells it.
    #[serde(default)]
    producer: Option<String>,
    /// Certificates, at most 50.
    #[serde(default)]
    certificates: Vec<ProductCertificate>,
}

/// A certificate of a product (产品认证).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductCertificate {
    /// Kind, list `product_certificate`.
    kind: String,
    /// Number.
    number: String,
    /// Last day, `YYYY-MM-DD`; `null` for one without an end.
    #[serde(default)]
    expires: Option<String>,
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
            alias: body.alias.unwrap_or_default(),
            brand: body.brand.unwrap_or_default(),
            standard: body.standard.unwrap_or_default(),
            producer: body.producer.unwrap_or_default(),
            certificates: body
                .certificates
                .into_iter()
                .map(|one| Certificate { kind: one.kind, number: one.number, expires: one.expires.unwrap_or_default() })
                .collect(),
        }
    }
}

/// What is registered of a product (产品).
#[derive(Serialize, ToSchema)]
pub(super) struct ProductFacts {
    /// Code.
    code: String,
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
    /// Other name.
    alias: Option<String>,
    /// Brand.
    brand: Option<String>,
    /// Standard that it is made to.
    standard: Option<String>,
    /// Name of the producer, where another subject sells it.
    producer: Option<String>,
    /// Certificates.
    certificates: Vec<ProductCertificate>,
}

/// 产品.
#[derive(Serialize, ToSchema)]
pub(super) struct ProductOut {
    #[serde(flatten)]
    frame: FrameOut,
    #[serde(flatten)]
    doc: ProductFacts,
    /// Name of the subject.
    subject_name: String,
    /// Name of the category.
    category_name: String,
    /// Names from the second level down to its level of the catalogue.
    catalogue_path: Vec<String>,
    /// Name of the division.
    division_name: String,
}

impl From<ProductDoc> for ProductFacts {
    fn from(doc: ProductDoc) -> Self {
        Self {
            code: doc.code,
            name: doc.name,
            gtin: some(doc.gtin),
            category: doc.category,
            subcategory: some(doc.subcategory),
            spec: some(doc.spec),
            unit: some(doc.unit),
            shelf_life_days: doc.shelf_life_days,
            subject: doc.subject,
            division: doc.division,
            alias: some(doc.alias),
            brand: some(doc.brand),
            standard: some(doc.standard),
            producer: some(doc.producer),
            certificates: doc
                .certificates
                .into_iter()
                .map(|one| ProductCertificate { kind: one.kind, number: one.number, expires: some(one.expires) })
                .collect(),
        }
    }
}

/// Names of the subjects of a page.
pub(super) struct Known {
    names: BTreeMap<String, String>,
}

impl Shown for ProductDoc {
    type Out = ProductOut;
    type Facts = ProductFacts;
    type Known = Known;

    async fn known(node: &Node, scope: &Scope, items: &[Item<Self>]) -> ApiResult<Known> {
        let codes = items.iter().map(|item| item.doc.subject.clone()).filter(|code| !code.is_empty()).collect();
        Ok(Known { names: suyuan_service::subject::names(node, scope, codes).await? })
    }

    fn out(node: &Node, known: &Known, item: Item<Self>) -> ProductOut {
        let packs = node.packs();
        let category = packs.category(&item.doc.category);
        ProductOut {
            frame: FrameOut::of(node, &item),
            subject_name: known.names.get(&item.doc.subject).cloned().unwrap_or_else(|| item.doc.subject.clone()),
            category_name: category.map_or_else(|| item.doc.category.clone(), |category| category.name.clone()),
            division_name: node.divisions.name(&item.doc.division).to_owned(),
            catalogue_path: packs
                .level_path(&item.doc.category, &item.doc.subcategory)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            doc: item.doc.into(),
        }
    }
}

/// 查询产品
#[utoipa::path(get, path = "/products", extensions(("x-permission" = json!("product.read"))), tag = "产品", params(RegisterFind, Paging),
    responses((status = 200, body = Listing<ProductOut>)))]
async fn list_products(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(query): Find<RegisterPage>,
) -> ApiResult<Json<Listing<ProductOut>>> {
    page::<ProductDoc>(&state.node, &cx, query).await
}

/// 登记产品
#[utoipa::path(post, path = "/products", extensions(("x-permission" = json!("product.create"))), tag = "产品", request_body = ProductIn,
    responses((status = 201, body = ProductOut)))]
async fn create_product(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<ProductIn>,
) -> ApiResult<(StatusCode, Json<ProductOut>)> {
    let item = product::create(&state.node, &cx, ProductDoc::from(body)).await?;
    Ok((StatusCode::CREATED, shown(&state.node, &cx, item).await?))
}

/// 产品详情
#[utoipa::path(get, path = "/products/{id}", extensions(("x-permission" = json!("product.read"))), tag = "产品", params(("id" = String, Path), LookFind),
    responses((status = 200, body = Detailed<ProductOut, Option<ProductFacts>>)))]
async fn get_product(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(look): Find<LookFind>,
) -> ApiResult<Json<Detailed<ProductOut, Option<ProductFacts>>>> {
    detail::<ProductDoc>(&state.node, &cx, id, &look).await
}

/// 变更产品
#[utoipa::path(put, path = "/products/{id}", extensions(("x-permission" = json!("product.update"))), tag = "产品", params(("id" = String, Path)), request_body = ProductIn,
    responses((status = 200, body = ProductOut)))]
async fn change_product(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<ProductIn>,
) -> ApiResult<Json<ProductOut>> {
    let version = wanted_version(body.version)?;
    shown(&state.node, &cx, product::change(&state.node, &cx, id, version, ProductDoc::from(body)).await?).await
}

/// 审核产品
#[utoipa::path(post, path = "/products/{id}/review", extensions(("x-permission" = json!("product.update|product.review|product.revoke"))), tag = "产品", params(("id" = String, Path)),
    request_body = RegisterReviewIn, responses((status = 200, body = ProductOut)))]
async fn review_product(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<RegisterReviewIn>,
) -> ApiResult<Json<ProductOut>> {
    review::<ProductDoc>(&state.node, &cx, id, body).await
}
