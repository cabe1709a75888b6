//! Metadata for forms (元数据): which fields a register has for a class and category, how much each is wanted, what may be chosen.
//! Rows: G-6.2.1a, H-6.2, N-CAT.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use suyuan_domain::division::Tier;
use suyuan_domain::pack::Named;
use suyuan_domain::pack::metadata::{Editor, MetaColumn, Obligation, Shape};
use suyuan_service::metadata::{self, FieldView};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::some;
use crate::error::ApiResult;
use crate::extract::{Console, Find};
use crate::portal::node::NodeTier;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_metadata))
}

/// Of what the fields are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MetadataFind {
    /// `subject`, `product` or `device`.
    entity: String,
    /// `subject` or `merchant`, for subjects.
    class: Option<String>,
    /// Category.
    category: Option<String>,
}

/// Something to choose, or a group.
#[derive(Serialize, ToSchema)]
struct MetaOption {
    code: String,
    name: String,
}

impl From<Named> for MetaOption {
    fn from(named: Named) -> Self {
        Self { code: named.code, name: named.name }
    }
}

/// How much a field is wanted (填报要求).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of the domain; nobody makes one")]
enum MetaNeed {
    Must,
    Should,
    May,
    Hidden,
}

/// What a field holds (字段类型).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of the domain; nobody makes one")]
enum MetaShape {
    Text,
    Code,
    List,
    Multi,
    Tree,
    Date,
    Number,
    Integer,
    Phone,
    Email,
    Idno,
    Uscc,
    Division,
    Place,
    Bool,
    Records,
}

/// Who may fill a field in (填报人).
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the words of the domain; nobody makes one")]
enum MetaEditor {
    Anyone,
    Reviewer,
}

/// A column of a field that is a table (表格列).
#[derive(Serialize, ToSchema)]
struct MetaColumnOut {
    code: String,
    name: String,
    #[schema(value_type = MetaShape)]
    r#type: Shape,
    list: Option<String>,
    #[schema(value_type = MetaNeed)]
    need: Obligation,
    options: Vec<MetaOption>,
}

/// A field (元数据项).
#[derive(Serialize, ToSchema)]
struct MetaFieldOut {
    /// Member of the document; one that the document does not know belongs under `extra`.
    code: String,
    name: String,
    group: String,
    #[schema(value_type = MetaShape)]
    r#type: Shape,
    list: Option<String>,
    #[schema(value_type = MetaNeed)]
    need: Obligation,
    /// Most characters, or rows.
    max: usize,
    hint: Option<String>,
    example: Option<String>,
    /// Whether it is masked without the right to see it.
    personal: bool,
    /// Whether this person on this node may fill it in.
    editable: bool,
    #[schema(value_type = MetaEditor)]
    by: Editor,
    /// Tiers that may change it; empty for all.
    #[schema(value_type = Vec<NodeTier>)]
    tiers: Vec<Tier>,
    std_ref: Option<String>,
    synonyms: Vec<String>,
    columns: Vec<MetaColumnOut>,
    options: Vec<MetaOption>,
}

impl From<FieldView> for MetaFieldOut {
    fn from(view: FieldView) -> Self {
        let FieldView { field, need, editable, options, column_options } = view;
        let column = |(column, options): (MetaColumn, Vec<Named>)| MetaColumnOut {
            code: column.code,
            name: column.name,
            r#type: column.shape,
            list: some(column.list),
            need: column.need,
            options: options.into_iter().map(MetaOption::from).collect(),
        };
        Self {
            max: field.limit(),
            code: field.code,
            name: field.name,
            group: field.group,
            r#type: field.shape,
            list: some(field.list),
            need,
            hint: some(field.hint),
            example: some(field.example),
            personal: field.personal,
            editable,
            by: field.by,
            tiers: field.tiers,
            std_ref: some(field.std_ref),
            synonyms: field.synonyms,
            columns: field.columns.into_iter().zip(column_options).map(column).collect(),
            options: options.into_iter().map(MetaOption::from).collect(),
        }
    }
}

/// The fields of a register (元数据).
#[derive(Serialize, ToSchema)]
struct MetadataOut {
    entity: String,
    class: Option<String>,
    category: Option<String>,
    version: String,
    groups: Vec<MetaOption>,
    fields: Vec<MetaFieldOut>,
}

/// 登记字段
#[utoipa::path(get, path = "/metadata", extensions(("x-permission" = json!("reference.read"))), tag = "基础字典",
    params(MetadataFind), responses((status = 200, body = MetadataOut)))]
async fn get_metadata(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<MetadataFind>,
) -> ApiResult<Json<MetadataOut>> {
    let class = find.class.unwrap_or_default();
    let category = find.category.unwrap_or_default();
    let view = metadata::fields(&state.node, &cx, &find.entity, &class, &category)?;
    Ok(Json(MetadataOut {
        entity: find.entity,
        class: some(class),
        category: some(category),
        version: view.version,
        groups: view.groups.into_iter().map(MetaOption::from).collect(),
        fields: view.fields.into_iter().map(MetaFieldOut::from).collect(),
    }))
}
