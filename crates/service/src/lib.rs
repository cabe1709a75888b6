//! The use cases of a node, one module per noun: ask permission, open the transaction, apply `domain`, write, enqueue.
//!
//! Called by the browser API, the node API, the third-party API and jobs alike. Knows no HTTP and no schedule; SQL stays
//! in `suyuan-store`, ClickHouse in `suyuan-warehouse`.

pub mod access;
pub mod account;
pub mod analysis;
pub mod audit;
pub mod capture;
pub mod catalogue;
pub mod closure;
pub mod cockpit;
pub mod complaint;
pub mod device;
pub mod disclosure;
pub mod epcis;
pub mod error;
pub mod evaluation;
pub mod export;
pub mod housekeeping;
pub mod import;
pub mod letter;
pub mod listing;
pub mod lookup;
pub mod map;
pub mod metadata;
pub mod node;
pub mod openid;
pub mod pack;
pub mod payload;
pub mod product;
pub mod projector;
pub mod proof;
pub mod quality;
pub mod record;
pub mod reference;
pub mod register;
pub mod report;
pub mod selection;
pub mod statistics;
pub mod subject;
pub mod sync;
pub mod trace;
pub mod view;

pub use error::ServiceError;
pub use node::Node;
pub use suyuan_security::context::{Actor, ActorKind, Denied, OpContext};
pub use suyuan_security::policy::{Action, Kind, parse_permission as permission};

/// Result of this crate.
pub type Result<T> = std::result::Result<T, ServiceError>;
