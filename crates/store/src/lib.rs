//! Everything a node keeps in its relational database and beside it: the transaction, the outbox, the journal with its
//! chains, cursors, leases, jobs, segments, registers, people, and the work on them.
//!
//! The only crate that knows the ORM. It decides nothing about meaning: use cases live in `suyuan-service`, the order
//! of work in `suyuan-jobs`. Every finder takes a [`suyuan_domain::scope::Scope`] except those in modules or functions
//! named `system_…`, which serve the node itself.

pub mod access;
pub mod account;
pub mod audit;
pub mod catalogue;
pub mod closure;
pub mod complaint;
pub mod cursor;
pub mod db;
pub mod device;
pub mod error;
pub mod evaluation;
pub mod evidence;
pub mod export;
pub mod figure;
pub mod filter;
pub mod finding;
pub mod head;
pub mod import;
pub mod intake;
pub mod job;
pub mod journal;
pub mod lease;
pub mod link;
pub mod lookup;
pub mod migration;
pub mod notice;
pub mod openid;
pub mod outbox;
pub mod pack;
pub mod peer;
pub mod register;
pub mod relay;
pub mod report;
pub mod role;
pub mod segment;
pub mod session;
pub mod side_car;
mod sql;
pub mod state;
pub mod upkeep;
pub mod view;
pub mod walk;

pub use db::{Store, Tx};
pub use error::StoreError;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, StoreError>;
