//! For regulators (监管端): every handler takes [`crate::extract::Console`].

mod account;
mod audit;
mod device;
mod product;
mod reference;
mod register;
mod subject;
mod system;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/api/v1/console`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(account::routes())
        .merge(audit::routes())
        .merge(device::routes())
        .merge(product::routes())
        .merge(reference::routes())
        .merge(subject::routes())
        .merge(system::routes())
}
