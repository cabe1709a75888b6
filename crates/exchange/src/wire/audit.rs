//! The signed end of a day's audit trail (审计链头). It digests every row before it, so a copy that lies at the tier above
//! shows whether a tail was cut together with everything that a node keeps of itself. Rows: G-5.4.3c, H-6.5.

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;
use suyuan_domain::record::Digest;

/// The end of the trail when a day was over, signed by the node whose trail it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Version of the wire.
    pub version: u16,
    /// Code of the node.
    pub node: String,
    /// The day that was over.
    pub day: Day,
    /// Place of the first row since the head before; one more than `last_seq` when nothing was done.
    pub first_seq: u64,
    /// Place of the last row.
    pub last_seq: u64,
    /// Hash of the last row; zeros when there is none at all.
    #[serde(with = "super::digest")]
    pub hash: Digest,
    /// SM3 of the signed document before this one; zeros for the first.
    #[serde(with = "super::digest")]
    pub previous: Digest,
    /// When it was signed.
    pub at: Timestamp,
}
