//! Accounts (用户管理) on the wire. Rows: G-5.4.2, G-5.4.3.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::account::{self, AccountChange, AccountView, NewAccount};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::wanted_version;
use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_accounts, create_account))
        .routes(routes!(change_account))
        .routes(routes!(disable_account))
        .routes(routes!(enable_account))
}

/// A user (用户).
#[derive(Serialize, ToSchema)]
struct AccountOut {
    id: String,
    username: String,
    display_name: String,
    role: String,
    role_name: String,
    division: String,
    division_name: String,
    email: String,
    /// `active` or `disabled`.
    state: String,
    disabled: bool,
    /// Until when logins are refused after failures.
    #[schema(value_type = Option<String>, format = DateTime)]
    locked_until: Option<Timestamp>,
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<AccountView> for AccountOut {
    fn from(view: AccountView) -> Self {
        Self {
            id: view.id.to_string(),
            username: view.username,
            display_name: view.display_name,
            role: view.role,
            role_name: view.role_name,
            division: view.division,
            division_name: view.division_name,
            email: view.email,
            disabled: view.state != "active",
            state: view.state,
            locked_until: view.locked_until,
            version: view.version,
            created_at: view.created_at,
            updated_at: view.updated_at,
        }
    }
}

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountIn {
    username: String,
    display_name: String,
    password: String,
    role: String,
    division: String,
    #[serde(default)]
    email: Option<String>,
}

/// What is to be changed of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountPatch {
    #[serde(default)]
    version: Option<u64>,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    division: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    password: Option<String>,
}

/// Which users.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AccountFind {
    /// Words in either name or in the address.
    q: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// 查询用户
#[utoipa::path(get, path = "/accounts", tag = "用户管理", params(AccountFind, Paging),
    responses((status = 200, body = Listing<AccountOut>)))]
async fn list_accounts(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<AccountFind>,
) -> ApiResult<Json<Listing<AccountOut>>> {
    let AccountFind { q, paging } = find;
    let listed = account::list(&state.node, &cx, q.as_deref(), paging.after.as_deref(), paging.limit()).await?;
    Ok(Json(Listing::of(listed, AccountOut::from)))
}

/// 新增用户
#[utoipa::path(post, path = "/accounts", tag = "用户管理", request_body = AccountIn,
    responses((status = 201, body = AccountOut)))]
async fn create_account(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<AccountIn>,
) -> ApiResult<(StatusCode, Json<AccountOut>)> {
    let new = NewAccount {
        username: body.username,
        display_name: body.display_name,
        password: body.password,
        role: body.role,
        division: body.division,
        email: body.email.unwrap_or_default(),
    };
    let made = account::create(&state.node, &cx, new).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// 修改用户
#[utoipa::path(put, path = "/accounts/{id}", tag = "用户管理", params(("id" = String, Path)), request_body = AccountPatch,
    responses((status = 200, body = AccountOut)))]
async fn change_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<AccountPatch>,
) -> ApiResult<Json<AccountOut>> {
    let version = wanted_version(body.version)?;
    let change = AccountChange {
        display_name: body.display_name,
        role: body.role,
        division: body.division,
        email: body.email,
        password: body.password,
    };
    Ok(Json(account::change(&state.node, &cx, id, version, change).await?.into()))
}

/// 停用用户
#[utoipa::path(post, path = "/accounts/{id}/disable", tag = "用户管理", params(("id" = String, Path)),
    responses((status = 200, body = AccountOut)))]
async fn disable_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AccountOut>> {
    Ok(Json(account::disable(&state.node, &cx, id).await?.into()))
}

/// 启用用户并解除锁定
#[utoipa::path(post, path = "/accounts/{id}/enable", tag = "用户管理", params(("id" = String, Path)),
    responses((status = 200, body = AccountOut)))]
async fn enable_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AccountOut>> {
    Ok(Json(account::enable(&state.node, &cx, id).await?.into()))
}
