//! For connected systems (接入系统): reporting subjects, products, devices, events and signs of life. Rows: G-8, H-8.

pub(crate) mod admission;
mod audit;
mod closure;
mod event;
mod heartbeat;
mod register;
pub(crate) mod selftest;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/open/v1`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(audit::routes())
        .merge(closure::routes())
        .merge(event::routes())
        .merge(heartbeat::routes())
        .merge(register::routes())
        .merge(selftest::routes())
}
