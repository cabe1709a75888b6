//! For regulators (监管端): every handler takes [`crate::extract::Console`].

mod account;
mod audit;
pub(crate) mod capture;
mod cockpit;
pub(crate) mod complaint;
mod device;
mod evaluation;
mod event;
mod exchange;
mod finding;
mod map;
pub(crate) mod notice;
mod pack;
mod product;
mod reference;
mod register;
mod report;
mod subject;
mod system;
mod trace;

pub(crate) use device::DeviceIn;
pub(crate) use product::ProductIn;
pub(crate) use subject::SubjectIn;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/api/v1/console`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(account::routes())
        .merge(audit::routes())
        .merge(capture::routes())
        .merge(cockpit::routes())
        .merge(complaint::routes())
        .merge(device::routes())
        .merge(evaluation::routes())
        .merge(event::routes())
        .merge(exchange::routes())
        .merge(finding::routes())
        .merge(map::routes())
        .merge(notice::routes())
        .merge(pack::routes())
        .merge(product::routes())
        .merge(reference::routes())
        .merge(report::routes())
        .merge(subject::routes())
        .merge(system::routes())
        .merge(trace::routes())
}
