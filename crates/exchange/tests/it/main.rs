//! Tests of the public interface: batches and documents through honest and hostile hands, the outgoing client.

mod batch;
mod client;
mod document;
mod evidence;
mod fixture;
mod hostile;

use suyuan_crypto::hash::sm3_parts;
use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::sign::SigningKey;
use suyuan_domain::clock::{SeededChance, Timestamp};
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Class, Origin, Record, Stream};
use suyuan_exchange::wire::{BatchManifest, Direction, SideCar, WireRecord};

/// 2026-11-21T02:32:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_228_320_000);

/// The key that belongs to a seed.
fn key(seed: u64) -> SigningKey {
    SigningKey::generate(&SeededEntropy::new(seed)).expect("a seeded source does not fail")
}

/// Records 1 to `count` of one chain, as an origin writes them.
fn chain_of(node: &str, stream: &Stream, count: u64, payload: impl Fn(u64) -> Vec<u8>) -> Vec<Record> {
    let chance = SeededChance::new(11);
    let mut prev = [0; 32];
    let mut records = Vec::new();
    for seq in 1..=count {
        let kind = match seq % 5 {
            0 => "kind-of-the-future",
            1 => "subject",
            _ => "event",
        };
        let mut record = Record {
            position: seq + 40,
            origin: Some(Origin { node: node.into(), stream: stream.clone(), epoch: 3, seq, prev, hash: [0; 32] }),
            kind: kind.into(),
            object: ObjectId::mint(NOW.plus_millis(i64::try_from(seq).unwrap_or(0)), &chance),
            part: if seq % 7 == 0 { "许可证".into() } else { String::new() },
            term: 1,
            version: seq,
            at: NOW.plus_millis(i64::try_from(seq).unwrap_or(0)),
            payload: payload(seq),
            verdict: (seq % 6 == 0).then(|| "EVT-0104".into()),
        };
        let (header, payload) = record.hashed_parts().expect("it has an origin");
        let hash = sm3_parts(&[&header, payload]);
        if let Some(origin) = &mut record.origin {
            origin.hash = hash;
        }
        prev = hash;
        records.push(record);
    }
    records
}

/// A batch of 23 records of two chains with every feature of a record.
fn sample() -> (BatchManifest, Vec<WireRecord>) {
    let stream = Stream::Up(Class::Bulk);
    let one = chain_of("370202", &stream, 12, |seq| format!("{{\"数\":{seq}, \"x\" : 1.50}}").into_bytes());
    let two =
        chain_of("370203", &stream, 11, |seq| (0..=255).cycle().take(usize::try_from(seq).unwrap_or(0) * 37).collect());
    let (mut one, mut two) = (one.into_iter(), two.into_iter());
    let mut records = Vec::new();
    // Interleaved, as two children deliver at the same time.
    loop {
        let pair: Vec<Record> = one.next().into_iter().chain(two.next()).collect();
        if pair.is_empty() {
            break;
        }
        records.extend(pair.into_iter().map(|record| WireRecord { record, side_cars: Vec::new() }));
    }
    records[3].side_cars = vec![
        SideCar { path: "/contact/phone".into(), salt: [9; 16], plain: "13800000000".into() },
        SideCar { path: "/contact/name".into(), salt: [8; 16], plain: Vec::new() },
    ];
    let mut manifest = BatchManifest::new("370200", "370000", "instance-a", 3, Direction::Up, Class::Bulk, NOW);
    manifest.from_position = 100;
    manifest.to_position = 123;
    manifest.behind_records = 7;
    manifest.oldest_at = Some(NOW.plus_millis(-5000));
    (manifest, records)
}

/// What the receiver sees: positions do not travel.
fn as_received(records: &[WireRecord]) -> Vec<WireRecord> {
    let mut records = records.to_vec();
    for record in &mut records {
        record.record.position = 0;
    }
    records
}
