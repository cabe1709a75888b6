//! Talking to others (交换): the sealed batch and the signed documents between nodes, and the one outgoing HTTP client.
//!
//! [`wire`] settles bytes, [`client`] sends, [`openid`] signs in with outside providers. Reading the journal, deciding whether a record continues its chain, applying
//! records, keeping receipts and deciding when to send belong to `store`, `service` and `jobs`; the routes to `api`.
//! Rows: D-shape, N-TIER, G-4e, G-6.4.1, G-8, H-8.

pub mod client;
pub mod openid;
pub mod wire;
