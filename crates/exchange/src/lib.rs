//! Talking to others (交换): the sealed batch and the signed documents between nodes, the walk along a chain of records, and
//! the one outgoing HTTP client.
//!
//! [`wire`] settles bytes, [`chain`] decides whether a record continues what is known, [`client`] sends. Reading the journal,
//! applying records, keeping receipts and deciding when to send belong to `service` and `jobs`; the routes to `api`.
//! Rows: D-shape, N-TIER, G-4e, G-6.4.1, G-8, H-8.

pub mod chain;
pub mod client;
pub mod wire;
