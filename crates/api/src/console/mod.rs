//! For regulators (监管端): every handler takes [`crate::extract::Console`].

mod account;
mod analysis;
pub(crate) mod application;
mod audit;
pub(crate) mod capture;
mod catalogue;
pub(crate) mod closure;
mod cockpit;
pub(crate) mod complaint;
mod device;
mod evaluation;
mod event;
mod exchange;
mod export;
mod finding;
mod import;
mod map;
mod metadata;
pub(crate) mod notice;
mod openid;
mod pack;
mod product;
mod reference;
mod register;
mod report;
mod role;
mod select;
mod subject;
mod system;
mod trace;
mod view;

pub(crate) use device::DeviceIn;
pub(crate) use product::ProductIn;
pub(crate) use subject::SubjectIn;
use utoipa_axum::router::OpenApiRouter;

use crate::state::AppState;

/// Routes under `/api/v1/console`.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(account::routes())
        .merge(analysis::routes())
        .merge(application::routes())
        .merge(audit::routes())
        .merge(capture::routes())
        .merge(catalogue::routes())
        .merge(closure::routes())
        .merge(cockpit::routes())
        .merge(complaint::routes())
        .merge(device::routes())
        .merge(evaluation::routes())
        .merge(event::routes())
        .merge(exchange::routes())
        .merge(export::routes())
        .merge(finding::routes())
        .merge(import::routes())
        .merge(map::routes())
        .merge(metadata::routes())
        .merge(notice::routes())
        .merge(openid::routes())
        .merge(pack::routes())
        .merge(product::routes())
        .merge(reference::routes())
        .merge(report::routes())
        .merge(role::routes())
        .merge(subject::routes())
        .merge(system::routes())
        .merge(trace::routes())
        .merge(view::routes())
}
