//! The manifest of a batch (批次清单): the signed part that binds everything else and is kept as evidence.
//!
//! JSON, because people read evidence. The signature is over the bytes as sent, so fields that a newer node added in the
//! same version survive unread.

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::record::{Class, Digest, Stream};

use super::{Result, VERSION, WireError, WireRecord};

/// Which way a batch travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the parent (上行).
    Up,
    /// To a child (下行).
    Down,
}

impl Direction {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// The records of one chain and epoch in a batch: dense from first to last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRange {
    /// Code of the node that wrote them.
    pub node: String,
    /// The chain.
    pub stream: Stream,
    /// Incarnation of the origin.
    pub epoch: u32,
    /// Place of the first.
    pub first_seq: u64,
    /// Place of the last.
    pub last_seq: u64,
    /// Hash of the last.
    #[serde(with = "super::digest")]
    pub last_hash: Digest,
}

/// What a batch holds, from whom, for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchManifest {
    /// Version of the wire.
    pub version: u16,
    /// Code of the sender.
    pub from_node: String,
    /// Code of the receiver.
    pub to_node: String,
    /// Instance of the sender; a restored copy of the node has another.
    pub instance: String,
    /// Incarnation of the sender.
    pub epoch: u32,
    /// Which way.
    pub direction: Direction,
    /// Class of every record.
    pub class: Class,
    /// Sender's position before the first record; informative, the receiver never counts on it.
    pub from_position: u64,
    /// Sender's position of the last record; informative.
    pub to_position: u64,
    /// Number of records. Filled when sealing, as are the five fields below.
    pub records: u32,
    /// Bytes of the records before compression.
    pub plain_bytes: u64,
    /// [`super::batch_hash`]: names the content, equal for every attempt to send it.
    #[serde(with = "super::digest")]
    pub batch_sm3: Digest,
    /// SM3 of the compressed records.
    #[serde(with = "super::digest")]
    pub body_sm3: Digest,
    /// SM3 of wrapped key and sealed body as they travel.
    #[serde(with = "super::digest")]
    pub sealed_sm3: Digest,
    /// The chains in the batch, in order of appearance.
    pub chains: Vec<ChainRange>,
    /// Records that wait behind this batch at the sender.
    pub behind_records: u64,
    /// When the oldest of those was written.
    pub oldest_at: Option<Timestamp>,
    /// When the batch was sealed.
    pub sent_at: Timestamp,
}

impl BatchManifest {
    /// A manifest for [`super::seal_batch`], which fills in what follows from the records. Positions and backlog are zero.
    #[must_use]
    pub fn new(
        from_node: &str,
        to_node: &str,
        instance: &str,
        epoch: u32,
        direction: Direction,
        class: Class,
        sent_at: Timestamp,
    ) -> Self {
        Self {
            version: VERSION,
            from_node: from_node.to_owned(),
            to_node: to_node.to_owned(),
            instance: instance.to_owned(),
            epoch,
            direction,
            class,
            from_position: 0,
            to_position: 0,
            records: 0,
            plain_bytes: 0,
            batch_sm3: [0; 32],
            body_sm3: [0; 32],
            sealed_sm3: [0; 32],
            chains: Vec::new(),
            behind_records: 0,
            oldest_at: None,
            sent_at,
        }
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|_| WireError::Manifest)
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|_| WireError::Manifest)
    }
}

/// The chains of these records, checked to be dense and of one class.
pub(super) fn chains(records: &[WireRecord], class: Class) -> Result<Vec<ChainRange>> {
    let mut chains: Vec<ChainRange> = Vec::new();
    // Records of a chain mostly stand together: the last range is tried first.
    let mut last = 0;
    for (index, record) in (1..).zip(records) {
        let origin = record.record.origin.as_ref().ok_or(WireError::Local { index })?;
        if origin.stream.class() != class {
            return Err(WireError::Class { index });
        }
        let same = |range: &ChainRange| {
            range.epoch == origin.epoch && range.node == origin.node && range.stream == origin.stream
        };
        let place = match chains.get(last) {
            Some(range) if same(range) => Some(last),
            _ => chains.iter().position(same),
        };
        match place {
            Some(place) => {
                let range = &mut chains[place];
                if range.last_seq.checked_add(1) != Some(origin.seq) {
                    return Err(WireError::Order { index });
                }
                range.last_seq = origin.seq;
                range.last_hash = origin.hash;
                last = place;
            }
            None => {
                last = chains.len();
                chains.push(ChainRange {
                    node: origin.node.clone(),
                    stream: origin.stream.clone(),
                    epoch: origin.epoch,
                    first_seq: origin.seq,
                    last_seq: origin.seq,
                    last_hash: origin.hash,
                });
            }
        }
    }
    Ok(chains)
}
