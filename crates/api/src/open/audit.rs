//! The audit trail for other applications (外部应用审计): they add what their users did and read it again. Rows: G-5.4.3c.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_service::audit::outside::{self, OutsideEntry, Taken};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::extract::{Find, In, System};
use crate::layers::request_id;
use crate::listing::{Listing, Paging};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(report_audit, list_own_audit))
}

/// What a user of the application did.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnAuditIn {
    /// The application's own identifier, at most 64 characters; the same again changes nothing.
    message_id: String,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Name of the user within the application.
    user: String,
    /// What was done: small letters, digits, `_` and `.`, such as `order.approve`.
    action: String,
    /// Kind of the object.
    object_kind: String,
    /// The object.
    object_id: String,
    /// `ok`, `denied` or `failed`.
    result: String,
    /// Network address of the user.
    #[serde(default)]
    address: Option<String>,
    /// Why.
    #[serde(default)]
    reason: Option<String>,
    /// What was before, at most 4000 characters.
    #[serde(default)]
    before: Option<String>,
    /// What is after, at most 4000 characters.
    #[serde(default)]
    after: Option<String>,
}

impl From<OwnAuditIn> for OutsideEntry {
    fn from(entry: OwnAuditIn) -> Self {
        let OwnAuditIn { message_id, at, user, action, object_kind, object_id, result, address, reason, before, after } =
            entry;
        Self {
            message_id,
            at,
            user,
            action,
            object_kind,
            object_id,
            result,
            address: address.unwrap_or_default(),
            reason: reason.unwrap_or_default(),
            before,
            after,
        }
    }
}

/// Rows for the trail, 1 to 1000.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnAuditBatch {
    entries: Vec<OwnAuditIn>,
}

/// What became of a row.
#[derive(Serialize, ToSchema)]
struct OwnAuditResult {
    message_id: String,
    /// `accepted`, `repeated` or `rejected`.
    state: String,
    /// Place in the trail.
    seq: Option<u64>,
    /// Stable code of the fault.
    code: Option<String>,
    /// The field at fault.
    field: Option<String>,
    /// What is wrong.
    reason: Option<String>,
}

/// What became of the rows.
#[derive(Serialize, ToSchema)]
struct OwnAuditAnswer {
    accepted: usize,
    repeated: usize,
    rejected: usize,
    results: Vec<OwnAuditResult>,
}

fn result(message_id: String, taken: Taken) -> OwnAuditResult {
    let (state, seq, fault) = match taken {
        Taken::Accepted(seq) => ("accepted", Some(seq), None),
        Taken::Repeated(seq) => ("repeated", Some(seq), None),
        Taken::Rejected(fault) => ("rejected", None, Some(fault)),
    };
    let (code, field, reason) =
        fault.map_or((None, None, None), |fault| (Some(fault.code), Some(fault.field), Some(fault.reason)));
    OwnAuditResult { message_id, state: state.to_owned(), seq, code, field, reason }
}

/// 报送应用审计记录
#[utoipa::path(post, path = "/audit", tag = "审计日志", request_body = OwnAuditBatch,
    responses((status = 200, body = OwnAuditAnswer)))]
async fn report_audit(
    State(state): State<AppState>,
    System(system): System,
    In(body): In<OwnAuditBatch>,
) -> ApiResult<Json<OwnAuditAnswer>> {
    let ids: Vec<String> = body.entries.iter().map(|entry| entry.message_id.clone()).collect();
    let entries: Vec<OutsideEntry> = body.entries.into_iter().map(OutsideEntry::from).collect();
    let taken = outside::report(&state.node, &system, &entries, &request_id()).await?;
    let count = |is: fn(&Taken) -> bool| taken.iter().filter(|one| is(one)).count();
    let (accepted, repeated, rejected) = (
        count(|one| matches!(one, Taken::Accepted(_))),
        count(|one| matches!(one, Taken::Repeated(_))),
        count(|one| matches!(one, Taken::Rejected(_))),
    );
    let results = ids.into_iter().zip(taken).map(|(id, taken)| result(id, taken)).collect();
    Ok(Json(OwnAuditAnswer { accepted, repeated, rejected, results }))
}

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OwnAuditFind {
    /// First moment of the platform's clock.
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Moment after the last.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// What was done.
    action: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    paging: Paging,
}

/// A row of the application.
#[derive(Serialize, ToSchema)]
struct OwnAuditOut {
    seq: u64,
    /// When the platform took it in.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// When it happened, as the application says.
    #[schema(value_type = String, format = DateTime)]
    occurred_at: Timestamp,
    message_id: String,
    user: String,
    action: String,
    object_kind: String,
    object_id: String,
    result: String,
    reason: Option<String>,
}

/// 查询应用审计记录
#[utoipa::path(get, path = "/audit", tag = "审计日志", params(OwnAuditFind, Paging),
    responses((status = 200, body = Listing<OwnAuditOut>)))]
async fn list_own_audit(
    State(state): State<AppState>,
    System(system): System,
    Find(find): Find<OwnAuditFind>,
) -> ApiResult<Json<Listing<OwnAuditOut>>> {
    let OwnAuditFind { from, to, action, paging } = find;
    let after = paging.after_number()?;
    let listed = outside::own(&state.node, &system, (from, to), action.as_deref(), after, paging.limit()).await?;
    Ok(Json(Listing::of(listed, |own| {
        let entry = own.row.entry;
        OwnAuditOut {
            seq: own.row.seq,
            at: entry.at,
            occurred_at: own.occurred_at,
            message_id: own.message,
            user: entry.actor.split_once('/').map(|(_, user)| user.to_owned()).unwrap_or_default(),
            action: entry.action,
            object_kind: entry.object_kind,
            object_id: entry.object_id,
            result: entry.result,
            reason: Some(entry.reason).filter(|text| !text.is_empty()),
        }
    })))
}
