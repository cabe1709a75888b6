//! What version 1 wrote once must open for ever.
//!
//! The files are recorded by `cargo test -p suyuan-exchange -- --ignored record_version_1` and never again after release.

use std::path::PathBuf;

use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_exchange::wire::{Limits, open_batch, seal_batch, sign_receipt, verify_receipt};

use super::document::receipt;
use super::{as_received, key, sample};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).expect("fixture")
}

#[test]
fn h_8_a_batch_of_version_1_still_opens() {
    let bytes = std::fs::read(file("batch_v1.bin")).expect("fixture");
    let sender = VerifyingKey::from_spki_pem(&text("sender_public_v1.pem")).expect("key");
    let receiver = SigningKey::from_pkcs8_pem(&text("receiver_test_only_v1.pem")).expect("key");
    let (manifest, records) = open_batch(&bytes, &Limits::default(), &sender, &receiver).expect("open");
    assert_eq!(records, as_received(&sample().1));
    assert_eq!((manifest.version, manifest.records, manifest.to_position), (1, 23, 123));
}

#[test]
fn h_8_a_receipt_of_version_1_still_verifies() {
    let bytes = std::fs::read(file("receipt_v1.bin")).expect("fixture");
    let signer = SigningKey::from_pkcs8_pem(&text("receiver_test_only_v1.pem")).expect("key").verifying_key();
    assert_eq!(verify_receipt(&bytes, &signer), Ok(receipt()));
}

#[test]
#[ignore = "writes the fixtures of version 1; they are recorded once"]
fn record_version_1() {
    let (sender, receiver) = (key(101), key(102));
    let (manifest, records) = sample();
    let entropy = SeededEntropy::new(103);
    let batch = seal_batch(&manifest, &records, &sender, &receiver.verifying_key(), &entropy).expect("seal");
    let receipt = sign_receipt(&receipt(), &receiver, &entropy).expect("sign");
    std::fs::write(file("batch_v1.bin"), batch).expect("write");
    std::fs::write(file("receipt_v1.bin"), receipt).expect("write");
    std::fs::write(file("sender_public_v1.pem"), sender.verifying_key().to_spki_pem()).expect("write");
    std::fs::write(file("receiver_test_only_v1.pem"), receiver.to_pkcs8_pem().as_bytes()).expect("write");
}
