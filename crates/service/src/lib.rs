//! The use cases of a node, one module per noun: ask permission, open the transaction, apply `domain`, write, enqueue.
//!
//! Called by the browser API, the node API, the third-party API and jobs alike. Knows no HTTP and no schedule; SQL stays
//! in `suyuan-store`, ClickHouse in `suyuan-warehouse`.

pub mod cockpit;
pub mod error;
pub mod lookup;
pub mod map;
pub mod node;
pub mod record;
pub mod statistics;
pub mod trace;

pub use error::ServiceError;
pub use node::Node;

/// Result of this crate.
pub type Result<T> = std::result::Result<T, ServiceError>;
