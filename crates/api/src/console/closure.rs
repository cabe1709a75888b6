//! Closed days on the wire (停业申报): declared, listed, taken back. Rows: G-6.7.1, G-6.8.1.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_service::Node;
use suyuan_service::closure::{self, Closure, ClosureQuery, Declared};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_closures, declare_closure)).routes(routes!(withdraw_closure))
}

/// Which declarations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ClosureFind {
    /// `subject` or `access`.
    kind: Option<String>,
    /// Code of what is closed.
    code: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// Closed days as they are declared (停业申报).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClosureIn {
    /// `subject` or `access`.
    kind: String,
    /// Code of what is closed.
    code: String,
    /// First day, `YYYY-MM-DD`.
    from: String,
    /// Last day, `YYYY-MM-DD`.
    to: String,
    reason: String,
}

/// Closed days (停业申报).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClosureOut {
    id: String,
    /// `subject` or `access`.
    kind: String,
    code: String,
    name: String,
    division: String,
    division_name: String,
    #[schema(value_type = String, format = Date)]
    from: Day,
    #[schema(value_type = String, format = Date)]
    to: Day,
    reason: String,
    /// `declared` or `withdrawn`.
    state: String,
    declared_by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Node where it was declared.
    origin_node: String,
}

impl ClosureOut {
    pub(crate) fn of(node: &Node, closure: Closure) -> Self {
        Self {
            id: closure.object.to_string(),
            division_name: node.divisions.name(&closure.division).to_owned(),
            kind: closure.kind,
            code: closure.code,
            name: closure.name,
            division: closure.division,
            from: closure.from,
            to: closure.to,
            reason: closure.reason,
            state: closure.state,
            declared_by: closure.actor,
            at: closure.at,
            origin_node: closure.origin_node,
        }
    }
}

/// 查询停业申报
#[utoipa::path(get, path = "/closures", extensions(("x-permission" = json!("subject.read|access.read"))), tag = "停业申报",
    params(ClosureFind, Paging), responses((status = 200, body = Listing<ClosureOut>)))]
async fn list_closures(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<ClosureFind>,
) -> ApiResult<Json<Listing<ClosureOut>>> {
    let (after, limit) = (find.paging.after_object()?, find.paging.limit());
    let query = ClosureQuery { kind: find.kind, code: find.code, after, limit };
    let listed = closure::list(&state.node, &cx, &query).await?;
    Ok(Json(Listing::of(listed, |closure| ClosureOut::of(&state.node, closure))))
}

/// 申报停业
#[utoipa::path(post, path = "/closures", extensions(("x-permission" = json!("subject.update|access.update"))), tag = "停业申报",
    request_body = ClosureIn, responses((status = 201, body = ClosureOut)))]
async fn declare_closure(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<ClosureIn>,
) -> ApiResult<(StatusCode, Json<ClosureOut>)> {
    let ClosureIn { kind, code, from, to, reason } = body;
    let closure = closure::declare(&state.node, &cx, Declared { kind, code, from, to, reason }).await?;
    Ok((StatusCode::CREATED, Json(ClosureOut::of(&state.node, closure))))
}

/// Why a declaration is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClosureReasonIn {
    reason: String,
}

/// 撤回停业申报
#[utoipa::path(post, path = "/closures/{id}/withdraw", extensions(("x-permission" = json!("subject.update|access.update"))), tag = "停业申报",
    params(("id" = String, Path)), request_body = ClosureReasonIn, responses((status = 200, body = ClosureOut)))]
async fn withdraw_closure(
    State(state): State<AppState>,
    Console(cx): Console,
    At(id): At<ObjectId>,
    In(body): In<ClosureReasonIn>,
) -> ApiResult<Json<ClosureOut>> {
    let closure = closure::withdraw(&state.node, &cx, id, &body.reason).await?;
    Ok(Json(ClosureOut::of(&state.node, closure)))
}
