//! Accounts (用户管理) on the wire. Rows: G-5.4.2, G-5.4.3a, H-6.5.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::account::rights::{self, Rights};
use suyuan_service::account::{self, AccountChange, AccountQuery, AccountView, NewAccount, erase, keep};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::{some, wanted_version};
use super::role::{ExplainedOut, RoleName};
use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::own::{EndedOut, SessionOut};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_accounts, create_account))
        .routes(routes!(get_account, change_account))
        .routes(routes!(disable_account))
        .routes(routes!(enable_account))
        .routes(routes!(unlock_account))
        .routes(routes!(reset_account_password))
        .routes(routes!(reset_account_second_factor))
        .routes(routes!(list_account_sessions, end_account_sessions))
        .routes(routes!(explain_account))
        .routes(routes!(account_history))
        .routes(routes!(delete_account, keep_account))
}

/// A user (用户).
#[derive(Serialize, ToSchema)]
struct AccountOut {
    id: String,
    username: String,
    display_name: String,
    /// Masked in lists, and for who may not see it.
    phone: String,
    /// Masked in lists, and for who may not see it.
    email: String,
    role: String,
    role_name: String,
    division: String,
    division_name: String,
    /// `null` for all.
    #[schema(value_type = Option<Vec<String>>)]
    categories: Option<BTreeSet<String>>,
    /// The subject that the account acts for.
    subject: Option<String>,
    /// `active`, `disabled` or `deleted`.
    state: String,
    disabled: bool,
    /// Until when logins are refused after failures.
    #[schema(value_type = Option<String>, format = DateTime)]
    locked_until: Option<Timestamp>,
    /// Until when it may be used.
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Timestamp>,
    /// Whether the next sign-in must set another password.
    must_change: bool,
    /// Whether there is a second factor.
    second_factor: bool,
    /// `none`, `requested` or `confirmed`.
    deletion: String,
    /// When the person's data are erased.
    #[schema(value_type = Option<String>, format = DateTime)]
    erase_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sign_in_at: Option<Timestamp>,
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
            display_name: view.personal.display_name,
            phone: view.personal.phone,
            email: view.personal.email,
            role: view.role,
            role_name: view.role_name,
            division: view.division,
            division_name: view.division_name,
            categories: view.categories,
            subject: some(view.subject),
            disabled: view.state != "active",
            state: view.state,
            locked_until: view.locked_until,
            valid_until: view.valid_until,
            must_change: view.must_change,
            second_factor: view.second_factor,
            deletion: view.deletion,
            erase_at: view.erase_at,
            last_sign_in_at: view.last_sign_in.map(|(at, _)| at),
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
    /// Without it one is made, shown once and good for a day.
    #[serde(default)]
    password: Option<String>,
    role: String,
    division: String,
    /// `null` for all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    categories: Option<BTreeSet<String>>,
    /// The subject that a firm's user acts for.
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Timestamp>,
}

/// A user that was made.
#[derive(Serialize, ToSchema)]
struct CreatedOut {
    #[serde(flatten)]
    account: AccountOut,
    /// The password where it was made here; shown once.
    one_time_password: Option<String>,
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
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    division: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    categories: Option<BTreeSet<String>>,
    /// Takes the narrowing to categories away.
    #[serde(default)]
    all_categories: bool,
    /// Empty for none.
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Timestamp>,
    /// Takes the end of validity away.
    #[serde(default)]
    no_end: bool,
}

/// Which users.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AccountFind {
    /// Words in either name, in the telephone or in the address.
    q: Option<String>,
    role: Option<String>,
    /// Division, with what lies below.
    division: Option<String>,
    /// Category that the user sees.
    category: Option<String>,
    /// `active`, `disabled`, `deleted` or `locked`.
    state: Option<String>,
    /// `requested` or `confirmed`.
    deletion: Option<String>,
    /// The subject that the user acts for.
    subject: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// 查询用户
#[utoipa::path(get, path = "/accounts", extensions(("x-permission" = json!("account.read"))), tag = "用户管理",
    params(AccountFind, Paging), responses((status = 200, body = Listing<AccountOut>)))]
async fn list_accounts(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<AccountFind>,
) -> ApiResult<Json<Listing<AccountOut>>> {
    let query = AccountQuery {
        limit: find.paging.limit(),
        after: find.paging.after.and_then(some),
        words: find.q,
        role: find.role.and_then(some),
        division: find.division,
        category: find.category.and_then(some),
        state: find.state.and_then(some),
        deletion: find.deletion.and_then(some),
        subject: find.subject.and_then(some),
    };
    Ok(Json(Listing::of(account::list(&state.node, &cx, query).await?, AccountOut::from)))
}

/// 新增用户
#[utoipa::path(post, path = "/accounts", extensions(("x-permission" = json!("account.create"))), tag = "用户管理",
    request_body = AccountIn, responses((status = 201, body = CreatedOut)))]
async fn create_account(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<AccountIn>,
) -> ApiResult<(StatusCode, Json<CreatedOut>)> {
    let new = NewAccount {
        username: body.username,
        display_name: body.display_name,
        password: body.password.unwrap_or_default(),
        role: body.role,
        division: body.division,
        categories: body.categories,
        subject: body.subject.unwrap_or_default(),
        phone: body.phone.unwrap_or_default(),
        email: body.email.unwrap_or_default(),
        valid_until: body.valid_until,
    };
    let made = account::create(&state.node, &cx, new).await?;
    let out = CreatedOut { account: made.account.into(), one_time_password: made.one_time_password };
    Ok((StatusCode::CREATED, Json(out)))
}

/// 查看用户
#[utoipa::path(get, path = "/accounts/{id}", extensions(("x-permission" = json!("account.read"))), tag = "用户管理",
    params(("id" = String, Path)), responses((status = 200, body = AccountOut)))]
async fn get_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AccountOut>> {
    Ok(Json(keep::one(&state.node, &cx, id).await?.into()))
}

/// 修改用户
#[utoipa::path(put, path = "/accounts/{id}",
    extensions(("x-permission" = json!("account.update|account.authorise"))), tag = "用户管理",
    params(("id" = String, Path)), request_body = AccountPatch, responses((status = 200, body = AccountOut)))]
async fn change_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<AccountPatch>,
) -> ApiResult<Json<AccountOut>> {
    let version = wanted_version(body.version)?;
    let change = AccountChange {
        display_name: body.display_name,
        phone: body.phone,
        email: body.email,
        role: body.role,
        division: body.division,
        categories: if body.all_categories { Some(None) } else { body.categories.map(Some) },
        subject: body.subject,
        valid_until: if body.no_end { Some(None) } else { body.valid_until.map(Some) },
    };
    Ok(Json(account::change(&state.node, &cx, id, version, change).await?.into()))
}

/// 停用用户
#[utoipa::path(post, path = "/accounts/{id}/disable", extensions(("x-permission" = json!("account.disable"))),
    tag = "用户管理", params(("id" = String, Path)), responses((status = 200, body = AccountOut)))]
async fn disable_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AccountOut>> {
    Ok(Json(account::disable(&state.node, &cx, id).await?.into()))
}

/// 启用用户并解除锁定
#[utoipa::path(post, path = "/accounts/{id}/enable", extensions(("x-permission" = json!("account.authorise"))),
    tag = "用户管理", params(("id" = String, Path)), responses((status = 200, body = AccountOut)))]
async fn enable_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AccountOut>> {
    Ok(Json(account::enable(&state.node, &cx, id).await?.into()))
}

/// 解除用户锁定
#[utoipa::path(post, path = "/accounts/{id}/unlock", extensions(("x-permission" = json!("account.authorise"))),
    tag = "用户管理", params(("id" = String, Path)), responses((status = 200, body = AccountOut)))]
async fn unlock_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AccountOut>> {
    Ok(Json(keep::unlock(&state.node, &cx, id).await?.into()))
}

/// A password that is shown once.
#[derive(Serialize, ToSchema)]
struct OneTimeOut {
    one_time_password: String,
    /// Until when it may be used.
    #[schema(value_type = String, format = DateTime)]
    valid_until: Timestamp,
}

/// 重置用户口令
#[utoipa::path(post, path = "/accounts/{id}/reset-password",
    extensions(("x-permission" = json!("account.authorise"))), tag = "用户管理", params(("id" = String, Path)),
    responses((status = 200, body = OneTimeOut)))]
async fn reset_account_password(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<OneTimeOut>> {
    let (one_time_password, valid_until) = keep::reset_password(&state.node, &cx, id).await?;
    Ok(Json(OneTimeOut { one_time_password, valid_until }))
}

/// 重置用户的双因素
#[utoipa::path(post, path = "/accounts/{id}/reset-second-factor",
    extensions(("x-permission" = json!("account.authorise"))), tag = "用户管理", params(("id" = String, Path)),
    responses((status = 200, body = AccountOut)))]
async fn reset_account_second_factor(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AccountOut>> {
    Ok(Json(keep::reset_second_factor(&state.node, &cx, id).await?.into()))
}

/// 用户的登录会话
#[utoipa::path(get, path = "/accounts/{id}/sessions", extensions(("x-permission" = json!("account.read"))),
    tag = "用户管理", params(("id" = String, Path)), responses((status = 200, body = Listing<SessionOut>)))]
async fn list_account_sessions(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<Listing<SessionOut>>> {
    let sessions = keep::sessions(&state.node, &cx, id).await?;
    Ok(Json(Listing::whole(sessions.iter().map(|session| SessionOut::of(session, &cx)).collect())))
}

/// 退出用户的全部登录会话
#[utoipa::path(delete, path = "/accounts/{id}/sessions", extensions(("x-permission" = json!("account.disable"))),
    tag = "用户管理", params(("id" = String, Path)), responses((status = 200, body = EndedOut)))]
async fn end_account_sessions(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<EndedOut>> {
    Ok(Json(EndedOut { ended: keep::end_sessions(&state.node, &cx, id).await? }))
}

/// A question about one permission.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RightsFind {
    /// Such as `subject.review`.
    permission: Option<String>,
}

/// What a user may do, on what data, and why (权限说明).
#[derive(Serialize, ToSchema)]
struct RightsOut {
    /// The role and its ancestors, nearest first.
    line: Vec<RoleName>,
    permissions: Vec<ExplainedOut>,
    scope: ScopeOut,
    /// The answer to the question.
    asked: Option<AskedOut>,
}

/// Which data a user sees.
#[derive(Serialize, ToSchema)]
struct ScopeOut {
    /// Division with what lies below.
    division: String,
    division_name: String,
    /// `null` for all.
    #[schema(value_type = Option<Vec<String>>)]
    categories: Option<BTreeSet<String>>,
    /// The subject that the user acts for.
    subject: Option<String>,
}

/// Whether one permission is had.
#[derive(Serialize, ToSchema)]
struct AskedOut {
    permission: String,
    allowed: bool,
    /// Why, in Chinese.
    because: String,
}

impl From<Rights> for RightsOut {
    fn from(rights: Rights) -> Self {
        Self {
            line: rights.line.into_iter().map(|(code, name)| RoleName { code, name }).collect(),
            permissions: rights.permissions.into_iter().map(ExplainedOut::from).collect(),
            scope: ScopeOut {
                division: rights.division,
                division_name: rights.division_name,
                categories: rights.categories,
                subject: some(rights.subject),
            },
            asked: rights.asked.map(|asked| AskedOut {
                permission: asked.permission,
                allowed: asked.allowed,
                because: asked.because,
            }),
        }
    }
}

/// 用户的权限及来源
#[utoipa::path(get, path = "/accounts/{id}/rights", extensions(("x-permission" = json!("account.read"))),
    tag = "用户管理", params(("id" = String, Path), RightsFind), responses((status = 200, body = RightsOut)))]
async fn explain_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(find): Find<RightsFind>,
) -> ApiResult<Json<RightsOut>> {
    let question = find.permission.and_then(some);
    Ok(Json(rights::of(&state.node, &cx, id, question.as_deref()).await?.into()))
}

/// One thing that was done to a user.
#[derive(Serialize, ToSchema)]
struct AccountEventOut {
    seq: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: String,
    action: String,
    /// What was done, in Chinese.
    action_name: String,
    /// `ok`, `denied` or `failed`.
    result: String,
    before: Option<String>,
    after: Option<String>,
}

/// 用户的办理记录
#[utoipa::path(get, path = "/accounts/{id}/history", extensions(("x-permission" = json!("account.read"))),
    tag = "用户管理", params(("id" = String, Path), Paging), responses((status = 200, body = Listing<AccountEventOut>)))]
async fn account_history(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    Find(paging): Find<Paging>,
) -> ApiResult<Json<Listing<AccountEventOut>>> {
    let listed = keep::history(&state.node, &cx, id, paging.after_number()?, paging.limit()).await?;
    Ok(Json(Listing::of(listed, |event| AccountEventOut {
        seq: event.seq,
        at: Timestamp::from_millis(event.at),
        actor: event.actor,
        action_name: suyuan_service::audit::words::action(&event.action),
        action: event.action,
        result: event.result,
        before: event.before_doc,
        after: event.after_doc,
    })))
}

/// 确认注销用户
#[utoipa::path(post, path = "/accounts/{id}/deletion", extensions(("x-permission" = json!("account.authorise"))),
    tag = "用户管理", params(("id" = String, Path)), responses((status = 200, body = AccountOut)))]
async fn delete_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AccountOut>> {
    Ok(Json(erase::confirm(&state.node, &cx, id).await?.into()))
}

/// 撤销注销
#[utoipa::path(delete, path = "/accounts/{id}/deletion", extensions(("x-permission" = json!("account.authorise"))),
    tag = "用户管理", params(("id" = String, Path)), responses((status = 200, body = AccountOut)))]
async fn keep_account(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
) -> ApiResult<Json<AccountOut>> {
    Ok(Json(erase::undo(&state.node, &cx, id).await?.into()))
}
