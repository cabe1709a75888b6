//! Between nodes: batches, receipts, enrolment; signed by the node that sends. Rows: D-shape, N-TIER.

mod node;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/exchange/v1`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(node::routes())
}
