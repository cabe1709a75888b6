//! EPCIS 2.0 capture and query for connected systems of the GS1 world. Rows: G-8, H-6.2.

mod capture;
mod query;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/epcis/v2`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(capture::routes()).merge(query::routes())
}
