//! Roles and permissions (角色管理) on the wire. Rows: G-5.4.2, G-5.4.3b.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_service::account::role::{self, Book, Explained, RoleDraft, RoleEntry};
use suyuan_service::{Action, Kind, OpContext};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::wanted_version;
use crate::error::{ApiError, ApiResult, FaultOut};
use crate::extract::{At, Console, In};
use crate::listing::Listing;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_permissions))
        .routes(routes!(list_roles, create_role))
        .routes(routes!(preview_role))
        .routes(routes!(get_role, change_role, delete_role))
        .routes(routes!(role_uses))
}

/// Code and name of a role.
#[derive(Serialize, ToSchema)]
pub(super) struct RoleName {
    /// Code.
    pub(super) code: String,
    /// Name.
    pub(super) name: String,
}

/// One permission with where it comes from.
#[derive(Serialize, ToSchema)]
pub(super) struct ExplainedOut {
    /// Such as `subject.read`.
    permission: String,
    kind_label: &'static str,
    action_label: &'static str,
    /// The role that says so.
    role: String,
    role_name: String,
    /// `allow` or `deny`.
    effect: &'static str,
}

impl From<Explained> for ExplainedOut {
    fn from(one: Explained) -> Self {
        Self {
            permission: one.permission,
            kind_label: one.kind_label,
            action_label: one.action_label,
            role: one.role,
            role_name: one.role_name,
            effect: if one.allowed { "allow" } else { "deny" },
        }
    }
}

/// A kind of thing.
#[derive(Serialize, ToSchema)]
struct KindOut {
    kind: &'static str,
    label: &'static str,
}

/// Something that is done.
#[derive(Serialize, ToSchema)]
struct ActionOut {
    action: &'static str,
    label: &'static str,
}

/// All permissions as a grid (权限清单).
#[derive(Serialize, ToSchema)]
struct PermissionsOut {
    kinds: Vec<KindOut>,
    actions: Vec<ActionOut>,
    /// What the caller may give to others.
    grantable: Vec<String>,
}

/// 权限清单
#[utoipa::path(get, path = "/permissions", extensions(("x-permission" = json!("role.read|account.read"))),
    tag = "角色管理", responses((status = 200, body = PermissionsOut)))]
async fn list_permissions(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<PermissionsOut>> {
    let grantable = role::grantable(&state.node, &cx).await?;
    let kinds = Kind::ALL.iter().map(|kind| KindOut { kind: kind.as_str(), label: kind.label() });
    let actions = Action::ALL.iter().map(|action| ActionOut { action: action.as_str(), label: action.label() });
    Ok(Json(PermissionsOut { kinds: kinds.collect(), actions: actions.collect(), grantable }))
}

/// A role (角色).
#[derive(Serialize, ToSchema)]
struct RoleOut {
    code: String,
    name: String,
    parent: Option<String>,
    parent_name: Option<String>,
    /// Granted, as written.
    allow: Vec<String>,
    /// Forbidden, as written.
    deny: Vec<String>,
    /// What whoever authorises with it may give; `null` where it is inherited or its own permissions.
    grants: Option<Vec<String>>,
    note: String,
    /// Whether it comes with the software.
    shipped: bool,
    /// `required` or `optional`.
    second_factor: &'static str,
    second_factor_inherited: bool,
    /// Whether its people act for one subject only.
    own_subject: bool,
    /// How many users in the caller's scope have it.
    users: u64,
    /// How many roles lie directly below.
    children: u64,
    /// 0 for roles without a parent.
    depth: usize,
    /// Everything that it may do.
    permissions: Vec<String>,
    version: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
    updated_by: Option<String>,
}

fn role_out(cx: &OpContext, book: &Book, counts: &BTreeMap<String, u64>, role: &RoleEntry, depth: usize) -> RoleOut {
    let (updated_at, updated_by) = role.updated.clone().unzip();
    let below = book.tree().into_iter().filter(|(child, _)| child.parent.as_deref() == Some(role.code.as_str()));
    RoleOut {
        code: role.code.clone(),
        name: role.name.clone(),
        parent: role.parent.clone(),
        parent_name: role.parent.as_deref().map(|parent| book.name(parent).to_owned()),
        allow: role.allow.clone(),
        deny: role.deny.clone(),
        grants: role.grants.clone(),
        note: role.note.clone(),
        shipped: role.shipped,
        second_factor: if book.needs_second_factor(&role.code) { "required" } else { "optional" },
        second_factor_inherited: role.second_factor.is_none(),
        own_subject: book.own_subject(&role.code),
        users: counts.get(&role.code).copied().unwrap_or(0),
        children: below.count() as u64,
        depth,
        permissions: cx.policy.permissions(&role.code),
        version: role.version,
        updated_at,
        updated_by,
    }
}

async fn one(state: &AppState, cx: &OpContext, code: &str) -> ApiResult<RoleOut> {
    // The policy may have been swapped by this very request.
    let cx = OpContext { policy: state.node.policy.current(), ..cx.clone() };
    let (book, counts) = role::list(&state.node, &cx).await?;
    let tree = book.tree();
    let found = tree.iter().find(|(role, _)| role.code == code);
    let (role, depth) = found.ok_or_else(|| ApiError::not_found("该角色"))?;
    Ok(role_out(&cx, &book, &counts, role, *depth))
}

/// 角色树
#[utoipa::path(get, path = "/roles", extensions(("x-permission" = json!("account.read|role.read"))), tag = "角色管理",
    responses((status = 200, body = Listing<RoleOut>)))]
async fn list_roles(State(state): State<AppState>, Console(cx): Console) -> ApiResult<Json<Listing<RoleOut>>> {
    let (book, counts) = role::list(&state.node, &cx).await?;
    let rows = book.tree().into_iter().map(|(role, depth)| role_out(&cx, &book, &counts, role, depth));
    Ok(Json(Listing::whole(rows.collect())))
}

/// 查看角色
#[utoipa::path(get, path = "/roles/{code}", extensions(("x-permission" = json!("account.read|role.read"))),
    tag = "角色管理", params(("code" = String, Path)), responses((status = 200, body = RoleOut)))]
async fn get_role(
    State(state): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
) -> ApiResult<Json<RoleOut>> {
    Ok(Json(one(&state, &cx, &code).await?))
}

/// A role to be made, or looked at before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleIn {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    parent: Option<String>,
    /// Such as `subject.read`, `subject.write`, `subject.*`.
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    deny: Vec<String>,
    /// What whoever authorises with it may give.
    #[serde(default)]
    grants: Option<Vec<String>>,
    #[serde(default)]
    note: String,
    /// `required` or `optional`.
    #[serde(default)]
    second_factor: Option<String>,
}

fn factor(word: Option<&str>) -> ApiResult<Option<bool>> {
    match word {
        None | Some("") => Ok(None),
        Some("required") => Ok(Some(true)),
        Some("optional") => Ok(Some(false)),
        Some(_) => Err(ApiError::bad_request(
            "ROLE-0111",
            "second_factor",
            "双因素要求不正确",
            "请填写 required（必须）或 optional（可选）",
        )),
    }
}

fn draft(body: RoleIn) -> ApiResult<RoleDraft> {
    Ok(RoleDraft {
        second_factor: factor(body.second_factor.as_deref())?,
        code: body.code,
        name: body.name,
        parent: body.parent.filter(|parent| !parent.is_empty()),
        allow: body.allow,
        deny: body.deny,
        grants: body.grants,
        note: body.note,
    })
}

/// 新增角色
#[utoipa::path(post, path = "/roles", extensions(("x-permission" = json!("role.create"))), tag = "角色管理",
    request_body = RoleIn, responses((status = 201, body = RoleOut)))]
async fn create_role(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<RoleIn>,
) -> ApiResult<(StatusCode, Json<RoleOut>)> {
    let made = role::create(&state.node, &cx, draft(body)?).await?;
    Ok((StatusCode::CREATED, Json(one(&state, &cx, &made.code).await?)))
}

/// What is to be changed of a role; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RolePatch {
    #[serde(default)]
    version: Option<u64>,
    #[serde(default)]
    name: Option<String>,
    /// Empty for none.
    #[serde(default)]
    parent: Option<String>,
    #[serde(default)]
    allow: Option<Vec<String>>,
    #[serde(default)]
    deny: Option<Vec<String>>,
    #[serde(default)]
    grants: Option<Vec<String>>,
    /// Takes the own list of what may be given away.
    #[serde(default)]
    no_grants: bool,
    #[serde(default)]
    note: Option<String>,
    /// `required` or `optional`.
    #[serde(default)]
    second_factor: Option<String>,
}

/// 修改角色
#[utoipa::path(put, path = "/roles/{code}", extensions(("x-permission" = json!("role.update"))), tag = "角色管理",
    params(("code" = String, Path)), request_body = RolePatch, responses((status = 200, body = RoleOut)))]
async fn change_role(
    State(state): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
    In(body): In<RolePatch>,
) -> ApiResult<Json<RoleOut>> {
    let version = wanted_version(body.version)?;
    let (book, _) = role::list(&state.node, &cx).await?;
    let before = book.get(&code).cloned().ok_or_else(|| ApiError::not_found("该角色"))?;
    let draft = RoleDraft {
        second_factor: factor(body.second_factor.as_deref())?,
        code: before.code,
        name: body.name.unwrap_or(before.name),
        parent: body.parent.map_or(before.parent, |parent| Some(parent).filter(|parent| !parent.is_empty())),
        allow: body.allow.unwrap_or(before.allow),
        deny: body.deny.unwrap_or(before.deny),
        grants: if body.no_grants { None } else { body.grants.or(before.grants) },
        note: body.note.unwrap_or(before.note),
    };
    role::change(&state.node, &cx, draft, version).await?;
    Ok(Json(one(&state, &cx, &code).await?))
}

/// 删除角色
#[utoipa::path(delete, path = "/roles/{code}", extensions(("x-permission" = json!("role.delete"))), tag = "角色管理",
    params(("code" = String, Path)), responses((status = 204)))]
async fn delete_role(
    State(state): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
) -> ApiResult<StatusCode> {
    role::delete(&state.node, &cx, &code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who uses a role (使用情况).
#[derive(Serialize, ToSchema)]
struct RoleUsesOut {
    /// Users in the caller's scope that have it.
    account_count: u64,
    /// The first fifty of them by username; none for whoever may not read users.
    accounts: Vec<RoleUser>,
    children: Vec<RoleName>,
}

/// A user that has a role.
#[derive(Serialize, ToSchema)]
struct RoleUser {
    username: String,
    display_name: String,
}

/// 角色的使用情况
#[utoipa::path(get, path = "/roles/{code}/uses", extensions(("x-permission" = json!("role.read"))), tag = "角色管理",
    params(("code" = String, Path)), responses((status = 200, body = RoleUsesOut)))]
async fn role_uses(
    State(state): State<AppState>,
    Console(cx): Console,
    At(code): At<String>,
) -> ApiResult<Json<RoleUsesOut>> {
    let uses = role::uses(&state.node, &cx, &code).await?;
    let children = uses.children.into_iter().map(|(code, name)| RoleName { code, name }).collect();
    let user = |(username, display_name): (String, String)| RoleUser { username, display_name };
    let accounts = uses.named.into_iter().map(user).collect();
    Ok(Json(RoleUsesOut { account_count: uses.accounts, accounts, children }))
}

/// What a role would mean (生效预览).
#[derive(Serialize, ToSchema)]
struct PreviewOut {
    /// Everything that its line grants or forbids.
    permissions: Vec<ExplainedOut>,
    /// What keeps it from being saved.
    problems: Vec<FaultOut>,
}

/// 角色的生效预览
#[utoipa::path(post, path = "/roles/preview", extensions(("x-permission" = json!("role.read"))), tag = "角色管理",
    request_body = RoleIn, responses((status = 200, body = PreviewOut)))]
async fn preview_role(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<RoleIn>,
) -> ApiResult<Json<PreviewOut>> {
    let (explained, faults) = role::preview(&state.node, &cx, draft(body)?).await?;
    Ok(Json(PreviewOut {
        permissions: explained.into_iter().map(ExplainedOut::from).collect(),
        problems: faults.into_iter().map(FaultOut::from).collect(),
    }))
}
