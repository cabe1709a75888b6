//! The record of the journal: what changed, on which object, in which order, where it comes from.
//!
//! The bytes that are hashed are settled here for ever ([`Record::hashed_parts`]); the hash function lives in
//! `suyuan-crypto`, tables in `suyuan-store`, batches in `suyuan-exchange`. Rows: D-shape, N-TIER, G-6.4.1, H-8.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::ObjectId;

/// Names of the kinds that this version writes. Other kinds are stored and relayed all the same.
pub mod kind {
    /// A subject's registered facts (追溯责任主体).
    pub const SUBJECT: &str = "subject";
    /// A product's registered facts (产品).
    pub const PRODUCT: &str = "product";
    /// A device's registered facts (设备).
    pub const DEVICE: &str = "device";
    /// A connected system's registered facts (接入系统).
    pub const ACCESS: &str = "access";
    /// A trace event (追溯事件).
    pub const EVENT: &str = "event";
    /// What one reported batch held: received, accepted, rejected by code (报送批次).
    pub const INTAKE: &str = "intake";
    /// An outlier found by a rule (异常数据).
    pub const FINDING: &str = "finding";
    /// A complaint or enquiry of the public: head and steps (咨询投诉).
    pub const COMPLAINT: &str = "complaint";
    /// The result of one evaluation, upward (评价结果).
    pub const EVALUATION: &str = "evaluation";
    /// The grade given by the tier above, downward (上级评定).
    pub const GRADE: &str = "grade";
    /// A version of a catalogue, rule or indicator pack, downward (目录与规则).
    pub const PACK: &str = "pack";
    /// A notice to all tiers below (公告).
    pub const NOTICE: &str = "notice";
    /// The erasure of a person's key (个人信息删除).
    pub const ERASURE: &str = "erasure";
    /// Which entry holds a code, downward to the owner of another that bears it (编码归属).
    pub const CLAIM: &str = "claim";
    /// A correction that a tier above proposes, downward, and the owner's answer, upward (更正建议).
    pub const NOTE: &str = "note";
    /// Closed days that a subject or system declares (停业申报).
    pub const CLOSURE: &str = "closure";
    /// Hourly sums of public look-ups (公众查询小时汇总).
    pub const LOOKUP_HOUR: &str = "lookup_hour";
    /// The signed end of a day's audit trail, upward (审计链头).
    pub const AUDIT_HEAD: &str = "audit_head";
}

/// How urgently a record travels; fixed by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Emergencies and erasures overtake everything.
    Urgent,
    /// Registers, findings, complaints, grades.
    Normal,
    /// Trace events and batch summaries.
    Bulk,
}

impl Class {
    /// All classes, most urgent first.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::Normal, Self::Bulk];

    /// The class of a kind; unknown kinds are normal.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        match kind {
            kind::ERASURE => Self::Urgent,
            kind::EVENT | kind::INTAKE | kind::LOOKUP_HOUR => Self::Bulk,
            _ => Self::Normal,
        }
    }

    /// The name used in streams.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Bulk => "bulk",
        }
    }
}

impl FromStr for Class {
    type Err = StreamError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|class| class.as_str() == text).ok_or(StreamError)
    }
}

/// A dense chain of records of one origin: `up/<class>`, `down/common/<class>` or `down/<destination>/<class>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// To the parent, its parent and so on.
    Up(Class),
    /// To every node below.
    Common(Class),
    /// To one node below; everybody on the way relays.
    To(String, Class),
}

/// The text is not the name of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a stream")]
pub struct StreamError;

impl Stream {
    /// The class of the stream.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Up(class) | Self::Common(class) | Self::To(_, class) => *class,
        }
    }

    /// Whether records of this stream travel towards the nation.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self, Self::Up(_))
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up(class) => write!(f, "up/{}", class.as_str()),
            Self::Common(class) => write!(f, "down/common/{}", class.as_str()),
            Self::To(node, class) => write!(f, "down/{node}/{}", class.as_str()),
        }
    }
}

impl FromStr for Stream {
    type Err = StreamError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            ["up", class] => Ok(Self::Up(class.parse()?)),
            ["down", "common", class] => Ok(Self::Common(class.parse()?)),
            ["down", node, class] if !node.is_empty() => Ok(Self::To((*node).to_owned(), class.parse()?)),
            _ => Err(StreamError),
        }
    }
}

impl Serialize for Stream {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stream {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A hash of SM3.
pub type Digest = [u8; 32];

/// The immutable place of a record in a chain of its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Code of the node that wrote the record.
    pub node: String,
    /// The chain.
    pub stream: Stream,
    /// Incarnation of the origin; grows when a backup was restored.
    pub epoch: u32,
    /// Place in the chain, from 1, without holes.
    pub seq: u64,
    /// Hash of the record before it in the chain; zeros for the first.
    pub prev: Digest,
    /// Hash of this record.
    pub hash: Digest,
}

/// What a use case writes: everything of a record but its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Kind of the object or fact, see [`kind`].
    pub kind: String,
    /// The object.
    pub object: ObjectId,
    /// Part of the object with an authority of its own; empty for the whole object.
    pub part: String,
    /// Term of authority, from 1.
    pub term: u32,
    /// Version within the term, from 1.
    pub version: u64,
    /// When the origin wrote it.
    pub at: Timestamp,
    /// The chain it goes into; `None` for what stays on this node.
    pub stream: Option<Stream>,
    /// The origin's bytes; JSON for the kinds of this version.
    pub payload: Vec<u8>,
}

/// A row of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Order of commit on this node, from 1; local readers' cursors count it.
    pub position: u64,
    /// Place in a chain; `None` for what stays on this node.
    pub origin: Option<Origin>,
    /// Kind of the object or fact.
    pub kind: String,
    /// The object.
    pub object: ObjectId,
    /// Part of the object.
    pub part: String,
    /// Term of authority.
    pub term: u32,
    /// Version within the term.
    pub version: u64,
    /// When the origin wrote it.
    pub at: Timestamp,
    /// The origin's bytes.
    pub payload: Vec<u8>,
    /// Stable code of what is wrong with it where it was set aside as poison; relayed with the record.
    pub verdict: Option<String>,
}

/// One number that orders the versions of a part across terms: term·2⁴⁰ + version.
///
/// Saturates; a version never reaches 2⁴⁰ in practice.
#[must_use]
pub const fn order_number(term: u32, version: u64) -> u64 {
    const LIMIT: u64 = (1 << 40) - 1;
    let version = if version > LIMIT { LIMIT } else { version };
    let term = if term > 0x00FF_FFFF { 0x00FF_FFFF } else { term };
    ((term as u64) << 40) | version
}

/// The fixed part of a record's hashed bytes, in the order in which they are hashed.
///
/// Layout 1, settled: `SYR1`, then each text with a 4-byte big-endian length before it, numbers big-endian, the hash
/// before it, and the payload with an 8-byte length. A verdict is not part of it: it is added on the way.
#[must_use]
pub fn hashed_header(draft: &Draft, node: &str, stream: &Stream, epoch: u32, seq: u64, prev: &Digest) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(160 + draft.part.len());
    bytes.extend_from_slice(b"SYR1");
    for text in [node, &stream.to_string(), &draft.kind, &draft.part] {
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.extend_from_slice(&epoch.to_be_bytes());
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(draft.object.as_bytes());
    bytes.extend_from_slice(&draft.term.to_be_bytes());
    bytes.extend_from_slice(&draft.version.to_be_bytes());
    bytes.extend_from_slice(&draft.at.millis().to_be_bytes());
    bytes.extend_from_slice(prev);
    bytes.extend_from_slice(&(draft.payload.len() as u64).to_be_bytes());
    bytes
}

impl Record {
    /// The two byte strings whose SM3 is the record's hash: header and payload. `None` for local records.
    #[must_use]
    pub fn hashed_parts(&self) -> Option<(Vec<u8>, &[u8])> {
        let origin = self.origin.as_ref()?;
        let draft = Draft {
            kind: self.kind.clone(),
            object: self.object,
            part: self.part.clone(),
            term: self.term,
            version: self.version,
            at: self.at,
            stream: None,
            payload: Vec::new(),
        };
        let mut header = hashed_header(&draft, &origin.node, &origin.stream, origin.epoch, origin.seq, &origin.prev);
        let length_at = header.len() - 8;
        header[length_at..].copy_from_slice(&(self.payload.len() as u64).to_be_bytes());
        Some((header, &self.payload))
    }

    /// [`order_number`] of this record.
    #[must_use]
    pub const fn order(&self) -> u64 {
        order_number(self.term, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_named_and_read_back() {
        for name in ["up/bulk", "down/common/normal", "down/370200/urgent"] {
            let stream: Stream = name.parse().expect(name);
            assert_eq!(stream.to_string(), name);
        }
        for name in ["", "up", "up/fast", "down//bulk", "down/a/b/c"] {
            assert_eq!(name.parse::<Stream>(), Err(StreamError), "{name}");
        }
    }

    #[test]
    fn a_later_term_wins_over_any_version() {
        assert!(order_number(2, 1) > order_number(1, 1 << 39));
        assert!(order_number(1, 3) > order_number(1, 2));
        assert_eq!(order_number(1, 7), (1 << 40) + 7);
    }

    #[test]
    fn hashed_bytes_are_settled() {
        let draft = Draft {
            kind: "event".into(),
            object: ObjectId::from_bytes([1; 16]),
            part: String::new(),
            term: 1,
            version: 2,
            at: Timestamp::from_millis(3),
            stream: None,
            payload: b"{}".to_vec(),
        };
        let header = hashed_header(&draft, "370200", &Stream::Up(Class::Bulk), 1, 9, &[0; 32]);
        let expected = format!(
            "53595231{}{}{}{}{}{}{}{}{}{}{}{}",
            "00000006333730323030",
            "0000000775702f62756c6b",
            "000000056576656e74",
            "00000000",
            "00000001",
            "0000000000000009",
            "01".repeat(16),
            "00000001",
            "0000000000000002",
            "0000000000000003",
            "00".repeat(32),
            "0000000000000002"
        );
        assert_eq!(hex::encode(header), expected);
    }
}
