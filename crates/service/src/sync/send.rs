//! Sending: freeze a range of positions, seal it, send exactly that until a signed receipt confirms it.

use bytes::Bytes;
use suyuan_crypto::hash::Sm3;
use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::fault::Fault;
use suyuan_domain::record::{Class, Record, kind};
use suyuan_exchange::wire::evidence::runs;
use suyuan_exchange::wire::{
    BatchManifest, Envelope, Head as WireHead, Limits, Receipt, SideCar, WireError, WireRecord, batch_hash, seal_batch,
    verify_receipt,
};
use suyuan_store::head::Head;
use suyuan_store::link::Side;
use suyuan_store::peer::{FrozenRange, Peer};

use super::evidence::{self, Parts};
use super::link::Settings;
use super::{BATCH_PATH, BATCH_RECORDS, address, direction_to, state, streams_to};
use crate::{Node, Result, ServiceError};

/// What a round of sending did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Nothing waits in this class.
    Nothing,
    /// A range was confirmed.
    Confirmed {
        /// Records in it.
        records: u64,
        /// Whether it was as large as a batch may be, so that there is likely more.
        full: bool,
    },
    /// A range waits for its next attempt.
    Waiting,
    /// The class is held back, outside its hours, or its rate is used up.
    Held,
}

/// The longest pause between two attempts, in milliseconds.
const LONGEST_PAUSE: i64 = 30_000;

/// Sends the next range of one class to a peer.
///
/// # Errors
/// When the peer is out of reach or refuses, or its receipt does not bind the batch. The range stays frozen.
pub async fn round(node: &Node, peer: &Peer, class: Class) -> Result<Sent> {
    let settings = Settings::read(node, &peer.code).await?;
    if settings.wait(class, node.now()).is_some() {
        return Ok(Sent::Held);
    }
    let direction = direction_to(peer);
    let streams = streams_to(node, peer, class).await?;
    let most = settings.records(class);
    let frozen = node.store.frozen_range(&peer.code, direction.as_str(), class).await?;
    let (mut range, records) = match frozen {
        Some(range) if node.now() < range.next_at => return Ok(Sent::Waiting),
        Some(range) => {
            let records = read_range(node, &streams, &range).await?;
            (range, records)
        }
        None => match next_range(node, peer, &streams, (class, most)).await? {
            Some(next) => next,
            None => return Ok(Sent::Nothing),
        },
    };
    range.attempts += 1;
    let pause = (500_i64 << range.attempts.min(6)).min(LONGEST_PAUSE);
    range.next_at = node.now().plus_millis(pause);
    let tx = node.store.begin().await?;
    tx.freeze_range(&range).await?;
    tx.commit().await?;
    let confirmed = deliver(node, peer, &streams, &range, records).await?;
    confirm(node, peer, (&range, &settings), confirmed).await?;
    Ok(Sent::Confirmed { records: range.records, full: range.records >= most as u64 })
}

async fn next_range(
    node: &Node,
    peer: &Peer,
    streams: &[String],
    (class, most): (Class, usize),
) -> Result<Option<(FrozenRange, Vec<Record>)>> {
    let direction = direction_to(peer);
    let from = node.store.peer_cursor(&peer.code, direction.as_str(), class).await?;
    let records = node.store.read_streams(streams, from, most).await?;
    let Some(last) = records.last() else { return Ok(None) };
    let range = FrozenRange {
        peer: peer.code.clone(),
        direction: direction.as_str().to_owned(),
        class,
        from,
        to: last.position,
        records: records.len() as u64,
        hash: hash_of(&records),
        attempts: 0,
        next_at: node.now(),
    };
    Ok(Some((range, records)))
}

/// Reads a frozen range again and proves that it is the same.
async fn read_range(node: &Node, streams: &[String], range: &FrozenRange) -> Result<Vec<Record>> {
    let limit = usize::try_from(range.records).unwrap_or(BATCH_RECORDS);
    let records = node.store.read_streams(streams, range.from, limit).await?;
    if records.last().map(|record| record.position) == Some(range.to) && hash_of(&records) == range.hash {
        return Ok(records);
    }
    let reason = format!("本节点日志第 {} 至 {} 条与已冻结的批次不一致", range.from, range.to);
    Err(ServiceError::Conflict(Fault::new("XCH-0321", "", reason, "请运行 suyuan verify journal 核验本节点日志")))
}

fn hash_of(records: &[Record]) -> [u8; 32] {
    let mut hasher = Sm3::new();
    for origin in records.iter().filter_map(|record| record.origin.as_ref()) {
        hasher.update(&origin.hash);
    }
    hasher.finish()
}

async fn deliver(
    node: &Node,
    peer: &Peer,
    streams: &[String],
    range: &FrozenRange,
    records: Vec<Record>,
) -> Result<Confirmed> {
    let receiver = VerifyingKey::from_spki_pem(&peer.public_key)?;
    let epoch = node.store.state("epoch").await?.and_then(|text| text.parse().ok()).unwrap_or(1);
    let behind = state::pending(node, peer, streams).await?.saturating_sub(range.records);
    // What waits in segments is not in the table; it is no older than this batch's last record then.
    let (_, unsealed) = node.store.backlog(streams, range.to).await?;
    let oldest = unsealed.or(records.last().map(|record| record.at)).filter(|_| behind > 0);
    let manifest = BatchManifest {
        from_position: range.from,
        to_position: range.to,
        behind_records: behind,
        oldest_at: oldest,
        ..BatchManifest::new(
            node.code(),
            &peer.code,
            &node.instance,
            epoch,
            direction_to(peer),
            range.class,
            node.now(),
        )
    };
    let wire = with_side_cars(node, records).await?;
    let hash = batch_hash(&wire);
    let (key, entropy) = (node.signing_key.clone(), node.entropy.clone());
    let sealing_for = receiver.clone();
    let sealing = move || {
        let sealed = seal_batch(&manifest, &wire, &key, &sealing_for, &*entropy)?;
        let envelope = Envelope::parse(&sealed, &Limits::default())?;
        let (signed, signature) = (envelope.manifest.to_vec(), envelope.signature.to_vec());
        let manifest: BatchManifest = serde_json::from_slice(&signed).map_err(|_| WireError::Manifest)?;
        let parts = Parts { runs: runs(&manifest, &wire), manifest: signed, signature };
        Ok::<_, WireError>((sealed, parts))
    };
    let (sealed, parts) =
        tokio::task::spawn_blocking(sealing).await.map_err(|error| ServiceError::Internal(error.to_string()))??;
    node.peers.http().allow(&peer.url)?;
    let answer = node.peers.post_batch(&address(&peer.url, BATCH_PATH), Bytes::from(sealed)).await?;
    let receipt = verify_receipt(&answer, &receiver)?;
    check_receipt(node, peer, range, &hash, &receipt)?;
    Ok(Confirmed { hash, receipt, answer, parts })
}

/// A batch that the peer has confirmed.
struct Confirmed {
    hash: [u8; 32],
    receipt: Receipt,
    answer: Vec<u8>,
    parts: Parts,
}

/// Moves the cursor by the receipt, and keeps what follows from it, in one transaction.
async fn confirm(
    node: &Node,
    peer: &Peer,
    (range, settings): (&FrozenRange, &Settings),
    confirmed: Confirmed,
) -> Result<()> {
    let Confirmed { hash, receipt, answer, parts } = confirmed;
    let now = node.now();
    let tx = node.store.begin().await?;
    tx.confirm_range(range, &hash, &answer, now).await?;
    evidence::keep(&tx, range, parts, (&answer, range.to, now)).await?;
    for head in &receipt.heads {
        let WireHead { node, stream, epoch, seq, hash } = head.clone();
        tx.note_confirmed(&peer.code, &Head { node, stream, epoch, seq, hash }, now).await?;
    }
    if let Some(millis) = settings.uses_up(range.class, range.records) {
        tx.count_sent(&peer.code, millis, now).await?;
    }
    tx.note_seen(&peer.code, now).await?;
    tx.clear_link_fault(&peer.code, Side::Sending, Some(range.class.as_str())).await?;
    Ok(tx.commit().await?)
}

async fn with_side_cars(node: &Node, records: Vec<Record>) -> Result<Vec<WireRecord>> {
    let mut wire = Vec::with_capacity(records.len());
    for record in records {
        let mut side_cars = Vec::new();
        if record.kind == kind::COMPLAINT {
            for car in node.store.side_cars(&node.sealing_key, record.object).await? {
                side_cars.push(SideCar { path: car.path, salt: car.salt, plain: car.plain });
            }
        }
        wire.push(WireRecord { record, side_cars });
    }
    Ok(wire)
}

fn check_receipt(node: &Node, peer: &Peer, range: &FrozenRange, hash: &[u8; 32], receipt: &Receipt) -> Result<()> {
    let binds = receipt.batch_sm3 == *hash
        && receipt.from_node == peer.code
        && receipt.to_node == node.code()
        && receipt.direction == direction_to(peer)
        && receipt.class == range.class
        && (receipt.from_position, receipt.to_position) == (range.from, range.to);
    if binds {
        return Ok(());
    }
    let advice = "请联系对方管理员；程序会自动重发并等待正确的回执";
    Err(ServiceError::Conflict(Fault::new("XCH-0322", "", "对方回执所确认的不是本批数据", advice)))
}
