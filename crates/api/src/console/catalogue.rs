//! 产品目录 on the wire: the tree, what uses a level, local levels, categories taken in. Rows: G-6.3.1, H-6.1, N-CAT.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::period::Day;
use suyuan_service::Node;
use suyuan_service::catalogue::{self, Branch, Example, InUse, NewLevel, Retirement};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, ApiResult};
use crate::extract::{At, Console, Find, In};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_catalogue))
        .routes(routes!(get_catalogue_use))
        .routes(routes!(add_catalogue_level))
        .routes(routes!(retire_catalogue_level))
        .routes(routes!(preview_category_switch, switch_category))
}

/// A level of the catalogue with everything beneath it (目录条目).
#[derive(Serialize, ToSchema)]
struct CatalogueNode {
    code: String,
    name: String,
    /// 2 for second levels.
    level: u32,
    /// Node that added it; `000000` for the national classification.
    origin: String,
    origin_name: String,
    /// Whether it is of the national classification.
    national: bool,
    /// First day on which it may be chosen; `null` for always.
    valid_from: Option<String>,
    /// Last day on which it may be chosen; `null` for no end.
    valid_to: Option<String>,
    successor: Option<String>,
    /// Whether it may not be chosen today.
    retired: bool,
    #[schema(no_recursion)]
    children: Vec<CatalogueNode>,
}

fn shown(node: &Node, branch: Branch) -> CatalogueNode {
    let national = branch.origin == suyuan_domain::division::NATION;
    CatalogueNode {
        code: branch.code,
        name: branch.name,
        level: branch.level,
        origin_name: if national { "国家".to_owned() } else { node.divisions.name(&branch.origin).to_owned() },
        origin: branch.origin,
        national,
        valid_from: branch.valid_from.map(|day| day.to_string()),
        valid_to: branch.valid_to.map(|day| day.to_string()),
        successor: branch.successor,
        retired: branch.retired,
        children: branch.children.into_iter().map(|child| shown(node, child)).collect(),
    }
}

/// A category of the catalogue (产品类别).
#[derive(Serialize, ToSchema)]
struct CatalogueCategory {
    code: String,
    name: String,
    /// Whether the region takes it in.
    taken_in: bool,
    /// Whether the caller may decide otherwise here.
    may_switch: bool,
    children: Vec<CatalogueNode>,
}

/// A pack that the catalogue is made of.
#[derive(Serialize, ToSchema)]
struct CatalogueVersion {
    pack: String,
    version: String,
    valid_from: String,
}

/// The catalogue of products (产品目录).
#[derive(Serialize, ToSchema)]
struct CatalogueOut {
    versions: Vec<CatalogueVersion>,
    categories: Vec<CatalogueCategory>,
    /// Whether local levels may be added here by the caller.
    may_add: bool,
    /// What codes of local levels begin with.
    code_start: String,
}

/// 产品目录
#[utoipa::path(get, path = "/catalogue", extensions(("x-permission" = json!("category.read|reference.read"))),
    tag = "产品", responses((status = 200, body = CatalogueOut)))]
async fn get_catalogue(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<CatalogueOut>> {
    let node = &state.node;
    let found = catalogue::tree(node, &cx).await?;
    let version =
        |(pack, version, from): (String, String, Day)| CatalogueVersion { pack, version, valid_from: from.to_string() };
    let may_add = found.categories.iter().any(|category| category.may_switch);
    let category = |category: catalogue::CategoryTree| CatalogueCategory {
        code: category.code,
        name: category.name,
        taken_in: category.taken_in,
        may_switch: category.may_switch,
        children: category.children.into_iter().map(|branch| shown(node, branch)).collect(),
    };
    Ok(Json(CatalogueOut {
        versions: found.versions.into_iter().map(version).collect(),
        categories: found.categories.into_iter().map(category).collect(),
        may_add,
        code_start: format!("{}_", node.code()),
    }))
}

/// An entry that uses a level.
#[derive(Serialize, ToSchema)]
struct CatalogueExample {
    /// `product`, `subject` or `access`.
    kind: String,
    code: String,
    name: String,
}

/// What uses a level or a category (使用情况), within the caller's scope.
#[derive(Serialize, ToSchema)]
struct CatalogueUse {
    products: u64,
    subjects: u64,
    /// Connected systems; of whole categories only.
    systems: u64,
    /// Trace events that count.
    events: u64,
    /// Whether that is all of them, and not the most that are counted.
    events_exact: bool,
    /// Position of the journal up to which events were counted.
    position: u64,
    examples: Vec<CatalogueExample>,
}

impl From<InUse> for CatalogueUse {
    fn from(used: InUse) -> Self {
        let example = |Example { kind, code, name }: Example| CatalogueExample { kind, code, name };
        Self {
            products: used.products,
            subjects: used.subjects,
            systems: used.systems,
            events: used.events,
            events_exact: used.events_exact,
            position: used.position,
            examples: used.examples.into_iter().map(example).collect(),
        }
    }
}

/// Which level.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CatalogueUseFind {
    /// Level; the whole category where it is left out.
    code: Option<String>,
}

/// 目录条目的使用情况
#[utoipa::path(get, path = "/catalogue/{category}/use",
    extensions(("x-permission" = json!("category.read|reference.read"))), tag = "产品",
    params(("category" = String, Path), CatalogueUseFind), responses((status = 200, body = CatalogueUse)))]
async fn get_catalogue_use(
    State(state): State<AppState>,
    Console(cx): Console,
    At(category): At<String>,
    Find(find): Find<CatalogueUseFind>,
) -> ApiResult<Json<CatalogueUse>> {
    Ok(Json(catalogue::in_use(&state.node, &cx, &category, find.code.as_deref()).await?.into()))
}

/// A new version of the catalogue, in force here and on its way below.
#[derive(Serialize, ToSchema)]
struct CatalogueChanged {
    version: String,
}

fn day(text: &str, field: &str) -> ApiResult<Day> {
    let wrong = || ApiError::bad_request("CAT-0113", field, "日期不正确", "请填写如 2026-11-21 的日期");
    text.parse().map_err(|_| wrong())
}

/// A level that a region adds (本地条目).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CatalogueLevelIn {
    category: String,
    /// Level above.
    parent: String,
    /// Begins with the code of the node and `_`.
    code: String,
    name: String,
    /// First day; at once where it is left out.
    #[serde(default)]
    valid_from: Option<String>,
}

/// 增补本地目录条目
#[utoipa::path(post, path = "/catalogue/local", extensions(("x-permission" = json!("category.publish"))), tag = "产品",
    request_body = CatalogueLevelIn, responses((status = 201, body = CatalogueChanged)))]
async fn add_catalogue_level(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<CatalogueLevelIn>,
) -> ApiResult<(StatusCode, Json<CatalogueChanged>)> {
    let valid_from = body.valid_from.filter(|text| !text.is_empty());
    let valid_from = valid_from.map(|text| day(&text, "valid_from")).transpose()?;
    let CatalogueLevelIn { category, parent, code, name, .. } = body;
    let new = NewLevel { category, parent, code, name, valid_from };
    let version = catalogue::add(&state.node, &cx, new).await?;
    Ok((StatusCode::CREATED, Json(CatalogueChanged { version })))
}

/// How a local level is retired (停用).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CatalogueRetireIn {
    category: String,
    code: String,
    /// Last day on which it may be chosen.
    valid_to: String,
    /// Level that takes its place; needed while something uses it.
    #[serde(default)]
    successor: Option<String>,
    reason: String,
}

/// 停用本地目录条目
#[utoipa::path(post, path = "/catalogue/local/retire", extensions(("x-permission" = json!("category.publish"))),
    tag = "产品", request_body = CatalogueRetireIn, responses((status = 200, body = CatalogueChanged)))]
async fn retire_catalogue_level(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<CatalogueRetireIn>,
) -> ApiResult<Json<CatalogueChanged>> {
    let valid_to = day(&body.valid_to, "valid_to")?;
    let CatalogueRetireIn { category, code, successor, reason, .. } = body;
    let retirement = Retirement { category, code, valid_to, successor: successor.unwrap_or_default(), reason };
    Ok(Json(CatalogueChanged { version: catalogue::retire(&state.node, &cx, retirement).await? }))
}

/// What is asked about.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CategorySwitchFind {
    /// `true` to take it in.
    taken_in: Option<String>,
}

/// What switching a category would change (影响).
#[derive(Serialize, ToSchema)]
struct CategoryEffects {
    #[serde(flatten)]
    used: CatalogueUse,
    /// Names of rules that are about this category alone.
    rules: Vec<String>,
    text: Vec<String>,
}

/// 纳入或不纳入类别的影响
#[utoipa::path(get, path = "/catalogue/categories/{category}/switch",
    extensions(("x-permission" = json!("category.read|reference.read"))), tag = "产品",
    params(("category" = String, Path), CategorySwitchFind), responses((status = 200, body = CategoryEffects)))]
async fn preview_category_switch(
    State(state): State<AppState>,
    Console(cx): Console,
    At(category): At<String>,
    Find(find): Find<CategorySwitchFind>,
) -> ApiResult<Json<CategoryEffects>> {
    let taken_in = find.taken_in.as_deref() == Some("true");
    let effects = catalogue::effects(&state.node, &cx, &category, taken_in).await?;
    Ok(Json(CategoryEffects { used: effects.used.into(), rules: effects.rules, text: effects.text }))
}

/// A decision about a category.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CategorySwitchIn {
    taken_in: bool,
    reason: String,
}

/// 纳入或不纳入类别
#[utoipa::path(post, path = "/catalogue/categories/{category}/switch",
    extensions(("x-permission" = json!("category.publish"))), tag = "产品", params(("category" = String, Path)),
    request_body = CategorySwitchIn, responses((status = 200, body = CatalogueChanged)))]
async fn switch_category(
    State(state): State<AppState>,
    Console(cx): Console,
    At(category): At<String>,
    In(body): In<CategorySwitchIn>,
) -> ApiResult<Json<CatalogueChanged>> {
    let version = catalogue::switch(&state.node, &cx, &category, body.taken_in, &body.reason).await?;
    Ok(Json(CatalogueChanged { version }))
}
