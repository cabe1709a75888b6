//! For the public: no account, nothing that names a person.

pub(crate) mod node;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/api/v1/portal`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(node::routes())
}

/// Pages and resolvers at addresses of their own.
pub(crate) fn pages() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
}
