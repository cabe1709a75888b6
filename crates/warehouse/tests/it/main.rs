//! The warehouse against the real engine: the embedded one, and a ClickHouse server where its address is given.

mod engine;
mod figures;
mod lists;
mod model;
mod schema;
mod support;
mod write;
