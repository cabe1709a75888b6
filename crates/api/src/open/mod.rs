//! For connected systems (接入系统): reporting subjects, products, devices, events and signs of life. Rows: G-8, H-8.

mod event;
mod heartbeat;
mod register;

use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/open/v1`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(event::routes()).merge(heartbeat::routes()).merge(register::routes())
}
