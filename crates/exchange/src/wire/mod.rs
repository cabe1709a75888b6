//! The bytes between nodes, settled by version: a sealed batch of records ([`seal_batch`], [`open_batch`]) and signed
//! documents ([`document`]): receipts, heads, pulls, enrolment, questions about
//! chains ([`chain`]), ends of audit trails ([`audit`]); and what confirmed batches leave ([`evidence`]).
//!
//! Nothing here keeps or sends anything. Every input is hostile until its signature holds, and bounded after that.
//! Rows: D-shape, N-TIER, H-8.

pub mod audit;
pub mod chain;
pub mod digest;
pub mod document;
pub mod evidence;

mod batch;
mod bytes;
mod error;
mod manifest;
mod record;

pub use batch::{Envelope, Peek, batch_hash, batch_hash_of, open_batch, peek_sender, seal_batch, verify_manifest};
pub use document::{
    Enrol, EnrolAnswer, EnrolState, Head, Heads, HeadsRequest, ParentCard, Poisoned, Pull, Receipt, sign_enrol,
    sign_enrol_answer, sign_receipt, verify_enrol, verify_enrol_answer, verify_receipt,
};
pub use error::WireError;
pub use manifest::{BatchManifest, ChainRange, Direction};
pub use record::{SideCar, WireRecord};

/// Newest version of the wire that this program speaks.
pub const VERSION: u16 = 1;
/// Oldest version of the wire that this program still reads.
pub const OLDEST_VERSION: u16 = 1;

/// The version two nodes speak: the newest that both know; `None` when they have none in common.
#[must_use]
pub fn negotiate(peer_oldest: u16, peer_newest: u16) -> Option<u16> {
    let newest = VERSION.min(peer_newest);
    (newest >= OLDEST_VERSION.max(peer_oldest)).then_some(newest)
}

/// Result of this module.
pub type Result<T> = std::result::Result<T, WireError>;

/// What is accepted at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a whole batch as received.
    pub batch_bytes: usize,
    /// Bytes of a manifest.
    pub manifest_bytes: usize,
    /// Bytes of all records after decompression.
    pub plain_bytes: usize,
    /// Records of a batch.
    pub records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { batch_bytes: 32 << 20, manifest_bytes: 4 << 20, plain_bytes: 64 << 20, records: 10_000 }
    }
}
