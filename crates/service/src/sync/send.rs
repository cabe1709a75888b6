//! Sending: freeze a range of positions, seal it, send exactly that until a signed receipt confirms it.

use bytes::Bytes;
use suyuan_crypto::hash::Sm3;
use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::record::{Class, Record, kind};
use suyuan_exchange::wire::{BatchManifest, Receipt, SideCar, WireRecord, batch_hash, seal_batch, verify_receipt};
use suyuan_store::peer::{FrozenRange, Peer};

use super::{BATCH_PATH, BATCH_RECORDS, address, direction_to, streams_to};
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
    },
    /// A range waits for its next attempt.
    Waiting,
}

/// The longest pause between two attempts, in milliseconds.
const LONGEST_PAUSE: i64 = 30_000;

/// Sends the next range of one class to a peer.
///
/// # Errors
/// When the peer is out of reach or refuses, or its receipt does not bind the batch. The range stays frozen.
pub async fn round(node: &Node, peer: &Peer, class: Class) -> Result<Sent> {
    let direction = direction_to(peer);
    let streams = streams_to(node, peer, class).await?;
    let frozen = node.store.frozen_range(&peer.code, direction.as_str(), class).await?;
    let (mut range, records) = match frozen {
        Some(range) if node.now() < range.next_at => return Ok(Sent::Waiting),
        Some(range) => {
            let records = read_range(node, &streams, &range).await?;
            (range, records)
        }
        None => match next_range(node, peer, &streams, class).await? {
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
    deliver(node, peer, &streams, &range, records).await?;
    Ok(Sent::Confirmed { records: range.records })
}

async fn next_range(
    node: &Node,
    peer: &Peer,
    streams: &[String],
    class: Class,
) -> Result<Option<(FrozenRange, Vec<Record>)>> {
    let direction = direction_to(peer);
    let from = node.store.peer_cursor(&peer.code, direction.as_str(), class).await?;
    let records = node.store.read_streams(streams, from, BATCH_RECORDS).await?;
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
    Err(ServiceError::Internal(format!("journal range {}..{} is not what was frozen", range.from, range.to)))
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
) -> Result<()> {
    let receiver = VerifyingKey::from_spki_pem(&peer.public_key)?;
    let epoch = node.store.state("epoch").await?.and_then(|text| text.parse().ok()).unwrap_or(1);
    let (behind, oldest) = node.store.backlog(streams, range.to).await?;
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
    let sealed = tokio::task::spawn_blocking(move || seal_batch(&manifest, &wire, &key, &sealing_for, &*entropy))
        .await
        .map_err(|error| ServiceError::Internal(error.to_string()))??;
    node.peers.http().allow(&peer.url)?;
    let answer = node.peers.post_batch(&address(&peer.url, BATCH_PATH), Bytes::from(sealed)).await?;
    let receipt = verify_receipt(&answer, &receiver)?;
    check_receipt(node, peer, range, &hash, &receipt)?;
    let now = node.now();
    let tx = node.store.begin().await?;
    tx.confirm_range(range, &hash, &answer, now).await?;
    tx.note_peer(&peer.code, Some(now), None).await?;
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
    if binds { Ok(()) } else { Err(ServiceError::Internal("the receipt is for another batch".into())) }
}
