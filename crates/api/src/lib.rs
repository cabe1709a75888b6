//! HTTP of a node: routers by audience, extractors, the Chinese error envelope, OpenAPI.
//!
//! Knows status codes, cookies and JSON; decides nothing: every handler calls one use case of `suyuan-service`. To add a
//! noun: a module `<audience>/<noun>.rs` with `pub fn routes()`, and one line in the audience's list. Rows: G-5.4.3,
//! G-8, H-8, H-9.

mod app;
mod assets;
mod config;
mod console;
mod document;
mod epcis;
mod error;
mod exchange;
mod extract;
mod gate;
mod layers;
mod linger;
mod listing;
mod oidc;
mod open;
mod operation;
mod own;
mod portal;
mod session;
mod state;

pub use app::{openapi_json, router, serve};
pub use config::ApiConfig;
pub use state::AppState;
