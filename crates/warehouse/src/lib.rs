//! The warehouse (数据仓库, ClickHouse): schema, rows, writer, the finite list of queries, and the embedded engine.
//!
//! Facts are projected from the journal and may be projected again at any time: every write is idempotent, the newest
//! version of an object counts, statistics are rebuilt from the facts. What is read from here is what the journal says,
//! somewhat later; nothing is decided here. Registers, workflow and permissions belong to `suyuan-store` and
//! `suyuan-service`. Rows: G-6.4, G-6.5.3a, G-6.6.1, G-6.6.2, G-6.7.3, G-6.8.1, N-TIER.

mod connection;
pub mod engine;
mod error;
mod fact;
mod mark;
pub mod query;
mod row;
mod schema;
mod sql;
mod write;

pub use connection::Warehouse;
pub use error::{WarehouseError, WarehouseResult};
pub use fact::{EventFact, FactKey, IntakeFact, LookupFact, Quality};
pub use mark::RebuildStep;
pub use write::ProjectStep;
