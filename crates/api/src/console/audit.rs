//! The audit trail (审计日志) on the wire. Rows: G-5.4.3, H-6.5.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_service::audit::{self, AuditQuery};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::register::some;
use crate::error::ApiResult;
use crate::extract::{Console, Find};
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

/// What the list is narrowed to.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditFind {
    /// First moment.
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Moment after the last.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// Who.
    actor: Option<String>,
    /// What was done.
    action: Option<String>,
    /// Division of the actors.
    division: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// A row of the trail.
#[derive(Serialize, ToSchema)]
struct AuditOut {
    seq: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: String,
    role: String,
    division: String,
    address: String,
    action: String,
    object_kind: String,
    object_id: String,
    /// `ok`, `denied` or `failed`.
    result: String,
    reason: Option<String>,
    before: Option<String>,
    after: Option<String>,
    request_id: String,
}

/// 查询审计日志
#[utoipa::path(get, path = "/audit", tag = "审计日志", params(AuditFind, Paging),
    responses((status = 200, body = Listing<AuditOut>)))]
async fn list_audit(
    State(state): State<AppState>,
    Console(cx): Console,
    Find(find): Find<AuditFind>,
) -> ApiResult<Json<Listing<AuditOut>>> {
    let query = AuditQuery {
        after: find.paging.after_number()?,
        limit: find.paging.limit(),
        from: find.from,
        to: find.to,
        actor: find.actor.and_then(some),
        action: find.action.and_then(some),
        division: find.division,
    };
    let listed = audit::list(&state.node, &cx, query).await?;
    Ok(Json(Listing::of(listed, |row| AuditOut {
        seq: row.seq,
        at: row.entry.at,
        actor: row.entry.actor,
        role: row.entry.role,
        division: row.entry.division,
        address: row.entry.address,
        action: row.entry.action,
        object_kind: row.entry.object_kind,
        object_id: row.entry.object_id,
        result: row.entry.result,
        reason: some(row.entry.reason),
        before: row.entry.before,
        after: row.entry.after,
        request_id: row.entry.request_id,
    })))
}
