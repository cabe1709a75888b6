//! The walk along a chain: whether a record is the next one, known already, or does not fit (链式校验).
//!
//! Pure; the head is kept by `store` and moved by `service` in the transaction that stores the record. Rows: D-shape, H-8.

use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::{constant_time_eq, sm3_parts};
use suyuan_domain::record::{Digest, Record, Stream};

/// The last record of a chain that somebody holds; its hash digests everything before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Code of the node that writes the chain.
    pub node: String,
    /// The chain.
    pub stream: Stream,
    /// Incarnation of the origin in which the last record was written.
    pub epoch: u32,
    /// Place of the last record; 0 when there is none.
    pub seq: u64,
    /// Hash of the last record; zeros when there is none.
    #[serde(with = "crate::wire::digest")]
    pub hash: Digest,
}

impl Head {
    /// The head of a chain of which nothing is held.
    #[must_use]
    pub fn start(node: impl Into<String>, stream: Stream, epoch: u32) -> Self {
        Self { node: node.into(), stream, epoch, seq: 0, hash: [0; 32] }
    }
}

/// Why a record is not the next one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// The place is taken by this record or, below the head, by one that only the journal knows; see [`is_same`].
    #[error("该记录已收到过，无需重复处理")]
    Duplicate,
    /// Records in between are missing.
    #[error("记录不连续：应为第 {expected} 号，收到第 {got} 号，请从缺失处重发")]
    Gap {
        /// The place that should come next.
        expected: u64,
        /// The place of the record.
        got: u64,
    },
    /// Another record holds the place, or the record follows another one than the head.
    #[error("记录链出现分叉：同一位置存在不同内容，请核查发送方是否从备份恢复")]
    Fork,
    /// The hash in the record is not the hash of its content.
    #[error("记录的杂凑值与内容不符，内容可能被改动")]
    BadHash,
    /// The record was written in an incarnation that cannot continue this chain.
    #[error("记录的纪元不正确：当前为 {held}，收到 {got}")]
    WrongEpoch {
        /// Incarnation of the head.
        held: u32,
        /// Incarnation of the record.
        got: u32,
    },
    /// The record belongs to another chain, or to none.
    #[error("记录不属于这条记录链")]
    WrongChain,
}

impl ChainFault {
    /// Stable code for receipts and the list of poison.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Duplicate => "XCH-0301",
            Self::Gap { .. } => "XCH-0302",
            Self::Fork => "XCH-0303",
            Self::BadHash => "XCH-0304",
            Self::WrongEpoch { .. } => "XCH-0305",
            Self::WrongChain => "XCH-0306",
        }
    }
}

/// The hash of a record's content; `None` for records that stay on their node.
#[must_use]
pub fn content_hash(record: &Record) -> Option<Digest> {
    record.hashed_parts().map(|(header, payload)| sm3_parts(&[&header, payload]))
}

/// Whether a record is the one whose hash is stored, for proving a [`ChainFault::Duplicate`] below the head.
#[must_use]
pub fn is_same(stored: &Digest, record: &Record) -> bool {
    record.origin.as_ref().is_some_and(|origin| constant_time_eq(&origin.hash, stored))
}

/// Whether `record` continues the chain at `head`, and the head after it.
///
/// The hash is computed anew before anything else is judged. A higher epoch continues the chain when it follows the head
/// exactly; a lower one never does.
///
/// # Errors
/// The [`ChainFault`] that keeps the record from being next.
pub fn check_chain(head: &Head, record: &Record) -> Result<Head, ChainFault> {
    let origin = record.origin.as_ref().ok_or(ChainFault::WrongChain)?;
    if origin.node != head.node || origin.stream != head.stream || origin.seq == 0 {
        return Err(ChainFault::WrongChain);
    }
    let hash = content_hash(record).ok_or(ChainFault::WrongChain)?;
    if !constant_time_eq(&hash, &origin.hash) {
        return Err(ChainFault::BadHash);
    }
    let wrong_epoch = ChainFault::WrongEpoch { held: head.epoch, got: origin.epoch };
    if origin.seq <= head.seq {
        return Err(match (origin.seq == head.seq, origin.hash == head.hash) {
            (true, true) => ChainFault::Duplicate,
            _ if origin.epoch > head.epoch => wrong_epoch,
            (true, false) => ChainFault::Fork,
            (false, _) => ChainFault::Duplicate,
        });
    }
    if origin.epoch < head.epoch {
        return Err(wrong_epoch);
    }
    let expected = head.seq + 1;
    if origin.seq != expected {
        return Err(ChainFault::Gap { expected, got: origin.seq });
    }
    if origin.prev != head.hash {
        return Err(ChainFault::Fork);
    }
    Ok(Head { node: head.node.clone(), stream: head.stream.clone(), epoch: origin.epoch, seq: origin.seq, hash })
}
