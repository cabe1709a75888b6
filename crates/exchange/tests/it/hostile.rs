//! Batches through hostile hands: changed, cut, misaddressed, oversized, and lies under a true signature.

use suyuan_crypto::hash::{sm3, sm3_parts};
use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::seal::{SecretKey, place, seal};
use suyuan_crypto::wrap::wrap_key;
use suyuan_domain::clock::{Chance, SeededChance};
use suyuan_exchange::wire::{
    BatchManifest, Envelope, Limits, Result, WireError, WireRecord, open_batch, peek_sender, seal_batch,
};

use super::{key, sample};

fn sealed() -> Vec<u8> {
    let (manifest, records) = sample();
    seal_batch(&manifest, &records, &key(1), &key(2).verifying_key(), &SeededEntropy::new(3)).expect("seal")
}

fn open(bytes: &[u8]) -> Result<(BatchManifest, Vec<WireRecord>)> {
    open_batch(bytes, &Limits::default(), &key(1).verifying_key(), &key(2))
}

/// A second writer of layout 1: signs whatever it is told to.
fn craft(manifest: &BatchManifest, body: &[u8]) -> Vec<u8> {
    let entropy = SeededEntropy::new(4);
    let secret = SecretKey::generate(&entropy).expect("seeded");
    let wrapped = wrap_key(&key(2).verifying_key(), &secret, &entropy).expect("wrap");
    let aad = place(&["batch/1", &manifest.from_node, &manifest.to_node, &manifest.instance]);
    let sealed = seal(&secret, &aad, body, &entropy).expect("seal");
    let sealed_sm3 = sm3_parts(&[&(wrapped.len() as u64).to_be_bytes(), &wrapped, &sealed]);
    let manifest = BatchManifest { sealed_sm3, body_sm3: sm3(body), ..manifest.clone() };
    assemble(&serde_json::to_vec(&manifest).expect("json"), &wrapped, &sealed)
}

fn assemble(manifest: &[u8], wrapped: &[u8], sealed: &[u8]) -> Vec<u8> {
    let message = [b"suyuan/batch/1\n", manifest].concat();
    let signature = key(1).sign(&message, &SeededEntropy::new(5)).expect("sign");
    let long = |bytes: &[u8]| u32::try_from(bytes.len()).expect("short").to_be_bytes();
    let short = |bytes: &[u8]| u16::try_from(bytes.len()).expect("short").to_be_bytes();
    [
        b"SYXB".as_slice(),
        &[0, 1],
        &long(manifest),
        manifest,
        &short(&signature),
        &signature,
        &short(wrapped),
        wrapped,
        &long(sealed),
        sealed,
    ]
    .concat()
}

/// The honest manifest and the honest plain records of the sample.
fn honest() -> (BatchManifest, Vec<u8>) {
    let bytes = sealed();
    let (manifest, _) = open(&bytes).expect("open");
    let parts = Envelope::parse(&bytes, &Limits::default()).expect("parse");
    let secret = suyuan_crypto::wrap::unwrap_key(&key(2), parts.wrapped).expect("unwrap");
    let aad = place(&["batch/1", &manifest.from_node, &manifest.to_node, &manifest.instance]);
    let body = suyuan_crypto::seal::open(&secret, &aad, parts.sealed).expect("open");
    let size = usize::try_from(manifest.plain_bytes).expect("small");
    let plain = zstd::bulk::decompress(&body, size).expect("zstd");
    (manifest, plain)
}

fn pack(plain: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(plain, 3).expect("zstd")
}

#[test]
fn h_8_a_second_writer_of_the_layout_is_understood() {
    let (manifest, plain) = honest();
    let (_, records) = open(&craft(&manifest, &pack(&plain))).expect("open");
    assert_eq!(records.len(), 23);
}

#[test]
fn h_8_no_changed_byte_passes() {
    let bytes = sealed();
    let chance = SeededChance::new(99);
    let parts = Envelope::parse(&bytes, &Limits::default()).expect("parse");
    // Every byte of the small parts, a sample of the large one.
    let small = bytes.len() - parts.sealed.len();
    let places: Vec<usize> = (0..small).step_by(3).chain((small..bytes.len()).step_by(211)).collect();
    for place in places {
        let mut mask = [0];
        chance.fill(&mut mask);
        let mut changed = bytes.clone();
        changed[place] ^= mask[0] | 1;
        let error = open(&changed).expect_err("a changed batch must not open");
        assert!(error.code().starts_with("XCH-01"), "byte {place}: {error}");
    }
}

#[test]
fn h_8_each_part_answers_for_itself() {
    let bytes = sealed();
    let parts = Envelope::parse(&bytes, &Limits::default()).expect("parse");
    let offset = |part: &[u8]| part.as_ptr() as usize - bytes.as_ptr() as usize;
    for (part, expected) in [
        (parts.manifest, WireError::Signature),
        (parts.signature, WireError::Signature),
        (parts.wrapped, WireError::SealedHash),
        (parts.sealed, WireError::SealedHash),
    ] {
        let mut changed = bytes.clone();
        changed[offset(part) + part.len() / 2] ^= 1;
        assert_eq!(open(&changed), Err(expected));
    }
}

#[test]
fn h_8_a_cut_batch_is_called_cut() {
    let bytes = sealed();
    for length in (0..bytes.len()).step_by(97) {
        assert_eq!(open(&bytes[..length]), Err(WireError::Truncated), "{length} bytes");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert_eq!(open(&longer), Err(WireError::Trailing));
}

#[test]
fn h_8_wrong_keys_are_told_apart() {
    let bytes = sealed();
    let limits = Limits::default();
    let other = key(7);
    assert_eq!(open_batch(&bytes, &limits, &other.verifying_key(), &key(2)), Err(WireError::Signature));
    assert_eq!(open_batch(&bytes, &limits, &key(1).verifying_key(), &other), Err(WireError::Unwrap));
}

#[test]
fn n_tier_another_version_is_named() {
    let mut bytes = sealed();
    bytes[4..6].copy_from_slice(&[0, 2]);
    assert_eq!(peek_sender(&bytes), Err(WireError::Version { got: 2 }));
    let error = open(&bytes).expect_err("version 2");
    assert_eq!(error, WireError::Version { got: 2 });
    assert_eq!(error.to_string(), "交换协议版本不一致：对方为 2，本节点支持 1 至 1，请升级版本较低的一方");
    let (manifest, plain) = honest();
    let two = BatchManifest { version: 2, ..manifest };
    assert_eq!(open(&craft(&two, &pack(&plain))), Err(WireError::Manifest), "front and manifest differ");
}

#[test]
fn h_8_bytes_of_other_sorts_are_refused() {
    for bytes in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0; 64], &[0xff; 64], b"SYXD\0\0\0\0\0\0"] {
        assert_eq!(open(bytes), Err(WireError::Foreign));
        assert_eq!(peek_sender(bytes), Err(WireError::Foreign));
    }
    assert_eq!(open(&assemble(b"{\"version\":1}", b"", b"")), Err(WireError::Manifest));
    assert_eq!(open(&assemble(b"\xff", b"", b"")), Err(WireError::Manifest));
}

#[test]
fn h_8_a_bomb_does_not_go_off() {
    let (manifest, _) = honest();
    let bomb = pack(&vec![0; 70 << 20]);
    assert!(bomb.len() < 10_000, "it is small on the wire");
    let declared = BatchManifest { plain_bytes: 70 << 20, ..manifest.clone() };
    let limit = 64 << 20;
    assert_eq!(open(&craft(&declared, &bomb)), Err(WireError::PlainTooLarge { bytes: 70 << 20, limit }));
    for size in [0, 1000, 64 << 20] {
        let lying = BatchManifest { plain_bytes: size, ..manifest.clone() };
        assert_eq!(open(&craft(&lying, &bomb)), Err(WireError::Decompress), "{size}");
    }
    let endless = BatchManifest { plain_bytes: u64::MAX, ..manifest };
    assert!(matches!(open(&craft(&endless, &bomb)), Err(WireError::PlainTooLarge { .. })));
    let limits = Limits { batch_bytes: 1000, ..Limits::default() };
    let large = open_batch(&sealed(), &limits, &key(1).verifying_key(), &key(2));
    assert!(matches!(large, Err(WireError::TooLarge { limit: 1000, .. })));
}

#[test]
fn h_8_ten_thousand_and_one_records_are_refused_however_declared() {
    let (manifest, _) = honest();
    let (_, records) = sample();
    let one =
        seal_batch(&manifest, &records[..1], &key(1), &key(2).verifying_key(), &SeededEntropy::new(3)).expect("seal");
    let size = open(&one).expect("open").0.plain_bytes;
    let (_, plain) = honest();
    let frame = &plain[..usize::try_from(size).expect("small")];
    let many = frame.repeat(10_001);
    let body = pack(&many);
    let honest = BatchManifest { records: 10_001, plain_bytes: many.len() as u64, ..manifest.clone() };
    let refused = WireError::TooManyRecords { records: 10_001, limit: 10_000 };
    assert_eq!(open(&craft(&honest, &body)), Err(refused.clone()));
    let lying = BatchManifest { records: 23, ..honest };
    assert_eq!(open(&craft(&lying, &body)), Err(refused));
}

#[test]
fn h_8_lies_under_a_true_signature_are_found() {
    let (manifest, plain) = honest();
    let body = pack(&plain);
    let count = BatchManifest { records: 22, ..manifest.clone() };
    assert_eq!(open(&craft(&count, &body)), Err(WireError::Count { expected: 22, got: 23 }));
    let hash = BatchManifest { batch_sm3: [1; 32], ..manifest.clone() };
    assert_eq!(open(&craft(&hash, &body)), Err(WireError::Contents));
    let mut ranges = manifest.clone();
    ranges.chains[0].last_seq += 1;
    assert_eq!(open(&craft(&ranges, &body)), Err(WireError::Contents));
    let size = BatchManifest { plain_bytes: manifest.plain_bytes + 1, ..manifest.clone() };
    assert_eq!(open(&craft(&size, &body)), Err(WireError::Decompress));
    assert_eq!(open(&craft(&manifest, b"no zstd at all")), Err(WireError::Decompress));
    // Sealed and hashed as declared, but the compressed bytes are not the declared ones.
    let bytes = craft(&manifest, &body);
    let parts = Envelope::parse(&bytes, &Limits::default()).expect("parse");
    let mut json: BatchManifest = serde_json::from_slice(parts.manifest).expect("json");
    json.body_sm3 = [2; 32];
    let json = serde_json::to_vec(&json).expect("json");
    assert_eq!(open(&assemble(&json, parts.wrapped, parts.sealed)), Err(WireError::BodyHash));
    // Bound to its way: the same ciphertext under another receiver's name.
    let mut json: BatchManifest = serde_json::from_slice(parts.manifest).expect("json");
    json.to_node = "440000".into();
    let json = serde_json::to_vec(&json).expect("json");
    assert_eq!(open(&assemble(&json, parts.wrapped, parts.sealed)), Err(WireError::Open));
}

#[test]
fn h_8_broken_records_are_refused_wherever_they_break() {
    let (manifest, plain) = honest();
    for length in (1..plain.len()).step_by(97) {
        let cut = BatchManifest { plain_bytes: length as u64, ..manifest.clone() };
        let error = open(&craft(&cut, &pack(&plain[..length]))).expect_err("cut records");
        let expected = matches!(error, WireError::Record { .. } | WireError::Count { .. });
        assert!(expected, "{length} bytes: {error}");
    }
    let chance = SeededChance::new(5);
    for place in (0..plain.len()).step_by(61) {
        let mut mask = [0];
        chance.fill(&mut mask);
        let mut changed = plain.clone();
        changed[place] ^= mask[0] | 1;
        // A change inside payload, kind or times is for the record's own hash to find; anything else is found here.
        if let Ok((_, records)) = open(&craft(&manifest, &pack(&changed))) {
            assert_eq!(records.len(), 23, "byte {place}");
        }
    }
}
