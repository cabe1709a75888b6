//! Closed days that a connected system declares for itself (停业申报). Rows: G-6.7.1, G-6.8.1, G-8.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use suyuan_service::closure::{self, Declared};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::console::closure::ClosureOut;
use crate::error::ApiResult;
use crate::extract::{Address, In, System};
use crate::layers::request_id;
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(report_closure))
}

/// Closed days as a system declares them (停业申报).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnClosureIn {
    /// First day, `YYYY-MM-DD`; today or later.
    from: String,
    /// Last day, `YYYY-MM-DD`.
    to: String,
    reason: String,
}

/// 系统申报停业
#[utoipa::path(post, path = "/closures", extensions(("x-permission" = json!("system"))), tag = "数据报送",
    request_body = OwnClosureIn, responses((status = 201, body = ClosureOut)))]
async fn report_closure(
    State(state): State<AppState>,
    System(system): System,
    Address(address): Address,
    In(body): In<OwnClosureIn>,
) -> ApiResult<(StatusCode, Json<ClosureOut>)> {
    let OwnClosureIn { from, to, reason } = body;
    let declared = Declared { kind: "access".to_owned(), code: system.code.clone(), from, to, reason };
    let closure = closure::report(&state.node, &system, (&address, &request_id()), &declared).await?;
    Ok((StatusCode::CREATED, Json(ClosureOut::of(&state.node, closure))))
}
