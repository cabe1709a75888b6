//! 常用查询 on the wire: views of lists that a person keeps. Rows: G-6.2.2a.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::view::{self, View, ViewText};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::Listing;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_views, create_view)).routes(routes!(change_view, delete_view))
}

/// Which views are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ViewFind {
    /// Name of the list, such as `subjects`.
    #[serde(default)]
    list: String,
}

/// A view as it is handed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewIn {
    /// Name of the list; kept when a view is changed.
    list: String,
    /// Name, 1 to 40 characters.
    name: String,
    /// Conditions and order as the query string of the list, without the page.
    #[serde(default)]
    query: String,
    /// Columns; empty for the usual ones.
    #[serde(default)]
    columns: Vec<String>,
    /// Whether the list opens with it.
    #[serde(default)]
    default: bool,
    /// Whether people of the same role see it.
    #[serde(default)]
    shared: bool,
}

impl From<ViewIn> for ViewText {
    fn from(body: ViewIn) -> Self {
        let ViewIn { list, name, query, columns, default, shared } = body;
        Self { list, name, query, columns, is_default: default, shared }
    }
}

/// A saved view (常用查询).
#[derive(Serialize, ToSchema)]
pub(crate) struct ViewOut {
    /// The view.
    #[schema(value_type = String, format = "uuid")]
    id: ObjectId,
    list: String,
    name: String,
    query: String,
    columns: Vec<String>,
    default: bool,
    shared: bool,
    /// Whether it is the reader's own, and may be changed.
    own: bool,
    /// Whose it is.
    owner: String,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<View> for ViewOut {
    fn from(view: View) -> Self {
        let ViewText { list, name, query, columns, is_default, shared } = view.text;
        Self {
            id: view.id,
            list,
            name,
            query,
            columns,
            default: is_default,
            shared,
            own: view.own,
            owner: view.owner,
            updated_at: view.updated_at,
        }
    }
}

/// 常用查询列表
#[utoipa::path(get, path = "/views", extensions(("x-permission" = json!("session"))), tag = "常用查询", params(ViewFind),
    responses((status = 200, body = Listing<ViewOut>)))]
async fn list_views(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<ViewFind>,
) -> ApiResult<Json<Listing<ViewOut>>> {
    Ok(Json(Listing::of(view::list(&state.node, &cx, &find.list).await?, ViewOut::from)))
}

/// 保存常用查询
#[utoipa::path(post, path = "/views", extensions(("x-permission" = json!("session"))), tag = "常用查询",
    request_body = ViewIn, responses((status = 201, body = ViewOut)))]
async fn create_view(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<ViewIn>,
) -> ApiResult<(StatusCode, Json<ViewOut>)> {
    let view = view::create(&state.node, &cx, body.into()).await?;
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// 修改常用查询
#[utoipa::path(put, path = "/views/{id}", extensions(("x-permission" = json!("session"))), tag = "常用查询",
    params(("id" = String, Path)), request_body = ViewIn, responses((status = 200, body = ViewOut)))]
async fn change_view(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<ViewIn>,
) -> ApiResult<Json<ViewOut>> {
    Ok(Json(view::change(&state.node, &cx, id, body.into()).await?.into()))
}

/// 删除常用查询
#[utoipa::path(delete, path = "/views/{id}", extensions(("x-permission" = json!("session"))), tag = "常用查询",
    params(("id" = String, Path)), responses((status = 204)))]
async fn delete_view(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<StatusCode> {
    view::remove(&state.node, &cx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
