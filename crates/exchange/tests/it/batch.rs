//! Batches through honest hands.

use suyuan_crypto::CryptoError;
use suyuan_crypto::random::{Entropy, SeededEntropy};
use suyuan_domain::record::{Class, Stream};
use suyuan_exchange::wire::{
    BatchManifest, Direction, Envelope, Limits, Peek, VERSION, WireError, WireRecord, batch_hash, negotiate,
    open_batch, peek_sender, seal_batch, sign_receipt, verify_manifest,
};

use super::{NOW, as_received, chain_of, key, sample};

#[test]
fn d_shape_a_batch_arrives_bit_by_bit_as_it_was_sent() {
    let (manifest, records) = sample();
    let (sender, receiver) = (key(1), key(2));
    let bytes =
        seal_batch(&manifest, &records, &sender, &receiver.verifying_key(), &SeededEntropy::new(3)).expect("seal");
    let expected = Peek {
        version: VERSION,
        from_node: "370200".into(),
        to_node: "370000".into(),
        instance: "instance-a".into(),
        epoch: 3,
    };
    assert_eq!(peek_sender(&bytes), Ok(expected));
    let (got, opened) = open_batch(&bytes, &Limits::default(), &sender.verifying_key(), &receiver).expect("open");
    assert_eq!(opened, as_received(&records), "kinds of the future and side-cars too");
    assert_eq!(opened[3].side_cars.len(), 2);
    assert_eq!((got.records, got.from_position, got.to_position, got.behind_records), (23, 100, 123, 7));
    assert_eq!((got.oldest_at, got.sent_at), (manifest.oldest_at, NOW));
    assert_eq!(got.batch_sm3, batch_hash(&records));
    let ranges: Vec<_> =
        got.chains.iter().map(|range| (range.node.as_str(), range.first_seq, range.last_seq)).collect();
    assert_eq!(ranges, [("370202", 1, 12), ("370203", 1, 11)]);
}

#[test]
fn d_shape_sending_again_keeps_the_name_of_the_batch_and_nothing_else() {
    let (manifest, records) = sample();
    let entropy = SeededEntropy::new(3);
    let (sender, receiver) = (key(1), key(2));
    let seal = || seal_batch(&manifest, &records, &sender, &receiver.verifying_key(), &entropy).expect("seal");
    let (first, second) = (seal(), seal());
    assert_ne!(first, second, "each attempt has a key of its own");
    let open = |bytes: &[u8]| open_batch(bytes, &Limits::default(), &sender.verifying_key(), &receiver).expect("open");
    assert_eq!(open(&first).0.batch_sm3, open(&second).0.batch_sm3);
}

#[test]
fn h_8_the_manifest_alone_is_evidence_for_ever() {
    let (manifest, records) = sample();
    let bytes =
        seal_batch(&manifest, &records, &key(1), &key(2).verifying_key(), &SeededEntropy::new(3)).expect("seal");
    let parts = Envelope::parse(&bytes, &Limits::default()).expect("parse");
    let kept = verify_manifest(parts.manifest, parts.signature, &key(1).verifying_key()).expect("verify");
    assert_eq!(kept.batch_sm3, batch_hash(&records));
    let other = verify_manifest(parts.manifest, parts.signature, &key(2).verifying_key());
    assert_eq!(other, Err(WireError::Signature));
}

#[test]
fn n_tier_side_cars_and_payloads_are_not_readable_on_the_way() {
    let (manifest, records) = sample();
    let bytes =
        seal_batch(&manifest, &records, &key(1), &key(2).verifying_key(), &SeededEntropy::new(3)).expect("seal");
    for secret in [b"13800000000".as_slice(), b"/contact/phone", "\"数\":1".as_bytes()] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    assert!(!format!("{records:?}").contains("13800000000"), "nor in a log");
}

#[test]
fn d_shape_an_empty_batch_says_that_nothing_waits() {
    let manifest = BatchManifest::new("370200", "370000", "i", 1, Direction::Up, Class::Urgent, NOW);
    let bytes = seal_batch(&manifest, &[], &key(1), &key(2).verifying_key(), &SeededEntropy::new(3)).expect("seal");
    let (got, records) = open_batch(&bytes, &Limits::default(), &key(1).verifying_key(), &key(2)).expect("open");
    assert_eq!((got.records, got.plain_bytes, records.len(), got.chains.len()), (0, 0, 0, 0));
}

#[test]
fn d_shape_what_must_not_be_sent_is_refused_when_sealing() {
    let (manifest, records) = sample();
    let seal = |manifest: &BatchManifest, records: &[WireRecord]| {
        seal_batch(manifest, records, &key(1), &key(2).verifying_key(), &SeededEntropy::new(3))
    };
    let mut local = records.clone();
    local[2].record.origin = None;
    assert_eq!(seal(&manifest, &local), Err(WireError::Local { index: 3 }));
    let mut hole = records.clone();
    hole.remove(4);
    assert_eq!(seal(&manifest, &hole), Err(WireError::Order { index: 6 }));
    let urgent = BatchManifest { class: Class::Urgent, ..manifest.clone() };
    assert_eq!(seal(&urgent, &records), Err(WireError::Class { index: 1 }));
    let mut long = records.clone();
    long[1].record.kind = "k".repeat(70_000);
    assert_eq!(seal(&manifest, &long), Err(WireError::Record { index: 2, field: "类型" }));
    let many: Vec<WireRecord> = chain_of("370202", &Stream::Up(Class::Bulk), 10_001, |_| Vec::new())
        .into_iter()
        .map(|record| WireRecord { record, side_cars: Vec::new() })
        .collect();
    assert_eq!(seal(&manifest, &many), Err(WireError::TooManyRecords { records: 10_001, limit: 10_000 }));
    assert!(seal(&manifest, &many[..10_000]).is_ok());
}

#[test]
fn h_8_without_randomness_nothing_is_sealed_or_signed() {
    struct Empty;
    impl Entropy for Empty {
        fn fill(&self, _: &mut [u8]) -> suyuan_crypto::Result<()> {
            Err(CryptoError::Random)
        }
    }
    let (manifest, records) = sample();
    let sealed = seal_batch(&manifest, &records, &key(1), &key(2).verifying_key(), &Empty);
    assert_eq!(sealed, Err(WireError::Crypto(CryptoError::Random)));
    let signed = sign_receipt(&super::document::receipt(), &key(1), &Empty);
    assert_eq!(signed, Err(WireError::Crypto(CryptoError::Random)));
}

#[test]
fn n_tier_two_nodes_speak_the_newest_version_both_know() {
    assert_eq!(negotiate(1, 1), Some(1));
    assert_eq!(negotiate(1, 9), Some(VERSION));
    assert_eq!(negotiate(VERSION + 1, VERSION + 2), None);
    assert_eq!(negotiate(0, 0), None);
}

/// Prints what sealing and opening cost; asserts nothing about time. `cargo test --release -- --ignored --nocapture cost`
#[test]
#[ignore = "prints a measurement"]
fn cost_of_five_thousand_records() {
    let stream = Stream::Up(Class::Bulk);
    let text = |seq: u64| {
        let digits =
            |n: u64| (seq + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(u32::try_from(n).unwrap_or(0) * 7);
        let codes: Vec<String> = (0..12).map(|n| format!("\"code{n}\":\"{:020}\"", digits(n))).collect();
        format!("{{\"type\":\"object\",\"biz_step\":\"shipping\",\"subject\":\"91370200MA3C{seq:06}\",{},\"quantity\":\"{seq}.500\",\"unit\":\"kg\"}}", codes.join(",")).into_bytes()
    };
    let records: Vec<WireRecord> = chain_of("370202", &stream, 5_000, text)
        .into_iter()
        .map(|record| WireRecord { record, side_cars: Vec::new() })
        .collect();
    let (sender, receiver) = (key(1), key(2));
    let manifest = BatchManifest::new("370200", "370000", "i", 1, Direction::Up, Class::Bulk, NOW);
    for _ in 0..3 {
        let start = std::time::Instant::now();
        let bytes =
            seal_batch(&manifest, &records, &sender, &receiver.verifying_key(), &SeededEntropy::new(3)).expect("seal");
        let sealed = start.elapsed();
        let (got, opened) = open_batch(&bytes, &Limits::default(), &sender.verifying_key(), &receiver).expect("open");
        let done = start.elapsed();
        println!(
            "payload {} plain {} wire {} seal {sealed:?} both {done:?}",
            records[9].record.payload.len(),
            got.plain_bytes,
            bytes.len()
        );
        assert_eq!(opened.len(), 5_000);
    }
}
