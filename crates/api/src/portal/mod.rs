//! For the public: no account, nothing that names a person.

mod application;
mod complaint;
mod lookup;
pub(crate) mod node;
mod notice;
mod sign_on;
mod trace;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/api/v1/portal`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(application::routes())
        .merge(complaint::routes())
        .merge(node::routes())
        .merge(notice::routes())
        .merge(sign_on::routes())
        .merge(trace::routes())
}

/// Pages and resolvers at addresses of their own.
pub(crate) fn pages() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(trace::pages())
}
