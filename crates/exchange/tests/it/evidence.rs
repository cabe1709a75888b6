//! Files of evidence through honest and hostile hands.

use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_exchange::wire::evidence::{Damage, Entry, Place, check_parts, encode_runs, open, pack, runs};
use suyuan_exchange::wire::{
    BatchManifest, Envelope, Head, Limits, Receipt, VERSION, WireRecord, open_batch, seal_batch, sign_receipt,
};

use super::{NOW, key, sample};

/// Codes and keys of sender (1) and receiver (2); the receiver keeps the evidence.
fn keys(node: &str) -> Vec<VerifyingKey> {
    match node {
        "370200" => vec![key(1).verifying_key()],
        "370000" => vec![key(9).verifying_key(), key(2).verifying_key()],
        _ => Vec::new(),
    }
}

fn receipt_for(manifest: &BatchManifest, signer: &SigningKey) -> Vec<u8> {
    let head = |chain: &suyuan_exchange::wire::ChainRange| Head {
        node: chain.node.clone(),
        stream: chain.stream.clone(),
        epoch: chain.epoch,
        seq: chain.last_seq,
        hash: chain.last_hash,
    };
    let receipt = Receipt {
        version: VERSION,
        from_node: manifest.to_node.clone(),
        to_node: manifest.from_node.clone(),
        direction: manifest.direction,
        class: manifest.class,
        batch_sm3: manifest.batch_sm3,
        from_position: manifest.from_position,
        to_position: manifest.to_position,
        applied: manifest.records,
        duplicates: 0,
        poisoned: Vec::new(),
        heads: manifest.chains.iter().map(head).collect(),
        at: NOW,
    };
    sign_receipt(&receipt, signer, &SeededEntropy::new(6)).expect("sign")
}

fn batch(seed: u64) -> (Vec<u8>, Vec<u8>, BatchManifest, Vec<WireRecord>) {
    let (manifest, records) = sample();
    let bytes =
        seal_batch(&manifest, &records, &key(1), &key(2).verifying_key(), &SeededEntropy::new(seed)).expect("seal");
    let (manifest, opened) = open_batch(&bytes, &Limits::default(), &key(1).verifying_key(), &key(2)).expect("open");
    let parts = Envelope::parse(&bytes, &Limits::default()).expect("parse");
    (parts.manifest.to_vec(), parts.signature.to_vec(), manifest, opened)
}

/// Three entries, chained; `alter` may change one before the next names it.
fn entries(alter: impl Fn(&mut Entry, &BatchManifest)) -> Vec<Entry> {
    let mut previous = [0; 32];
    let mut entries = Vec::new();
    for number in 1..=3 {
        let (manifest, signature, read, records) = batch(number);
        let runs = encode_runs(&runs(&read, &records));
        let receipt = receipt_for(&read, &key(2));
        let mut entry = Entry { number, previous, at: NOW, manifest, signature, runs, receipt };
        alter(&mut entry, &read);
        previous = entry.hash().expect("hash");
        entries.push(entry);
    }
    entries
}

fn file(entries: &[Entry]) -> Vec<u8> {
    let place = Place { node: "370000".into(), peer: "370200".into(), direction: "up".into(), class: "bulk".into() };
    pack(&place, entries, NOW, &key(2), &SeededEntropy::new(7)).expect("pack").0
}

fn refused(bytes: &[u8]) -> Damage {
    open(bytes, &keys).expect_err("a false file was believed")
}

#[test]
fn h_8_a_whole_file_of_evidence_proves_its_batches() {
    let entries = entries(|_, _| {});
    let opened = open(&file(&entries), &keys).expect("open");
    let kept: Vec<_> = opened.entries.iter().map(|(entry, ..)| entry.clone()).collect();
    assert_eq!(kept, entries);
    for entry in &kept {
        let checked = check_parts(entry, &keys).expect("a true entry");
        assert_eq!(checked.manifest.records, 23);
        assert_eq!(checked.runs.iter().map(|run| run.count).sum::<u32>(), 23, "two chains, interleaved");
        assert!(checked.runs.len() > 20);
    }
}

#[test]
fn h_8_every_flipped_byte_is_found_and_named_within_256_bytes() {
    let bytes = file(&entries(|_, _| {}));
    let opened = open(&bytes, &keys).expect("open");
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        let damage = refused(&altered);
        let place = opened.entries.iter().find(|(_, from, to)| (*from..*to).contains(&(at as u64)));
        if let Some((entry, ..)) = place {
            assert_eq!(damage.entry, Some(entry.number), "byte {at}: {damage}");
            assert!((damage.from..damage.to).contains(&(at as u64)), "byte {at}: {damage}");
            assert!(damage.to - damage.from <= 256, "byte {at}: {damage}");
        } else {
            // In a length of the front the end of the index is not known any more.
            assert_eq!(damage.entry, None, "byte {at}: {damage}");
        }
    }
}

#[test]
fn h_8_a_file_that_was_cut_or_lengthened_says_where() {
    let bytes = file(&entries(|_, _| {}));
    let opened = open(&bytes, &keys).expect("open");
    let (_, from, to) = opened.entries[2];
    for length in 0..bytes.len() {
        let damage = refused(&bytes[..length]);
        if (from..to).contains(&(length as u64)) {
            assert_eq!((damage.entry, damage.from), (Some(3), length as u64), "{damage}");
        }
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert_eq!(refused(&longer).part, "文件末尾");
}

#[test]
fn h_8_entries_that_were_taken_out_or_swapped_are_named() {
    let bytes = file(&entries(|_, _| {}));
    let opened = open(&bytes, &keys).expect("open");
    let range = |index: usize| {
        let (_, from, to) = opened.entries[index];
        usize::try_from(from).expect("small")..usize::try_from(to).expect("small")
    };
    let removed = [&bytes[..range(1).start], &bytes[range(1).end..]].concat();
    assert_eq!(refused(&removed).entry, Some(2));
    let swapped = [&bytes[..range(0).start], &bytes[range(1)], &bytes[range(0)], &bytes[range(1).end..]].concat();
    assert_eq!(refused(&swapped).entry, Some(1));
}

#[test]
fn h_8_an_entry_whose_parts_lie_is_refused_though_the_file_is_signed() {
    type Lie = fn(&mut Entry, &BatchManifest);
    let lies: [(&str, Lie, &str); 6] = [
        ("a receipt signed by another key", |entry, manifest| entry.receipt = receipt_for(manifest, &key(5)), "回执"),
        (
            "a receipt of another batch",
            |entry, manifest| {
                let other = BatchManifest { batch_sm3: [7; 32], ..manifest.clone() };
                entry.receipt = receipt_for(&other, &key(2));
            },
            "回执",
        ),
        (
            "a receipt for fewer records",
            |entry, manifest| {
                let other = BatchManifest { records: 22, ..manifest.clone() };
                entry.receipt = receipt_for(&other, &key(2));
            },
            "回执",
        ),
        (
            "a receipt that does not reach the end of a chain",
            |entry, manifest| {
                let mut other = manifest.clone();
                other.chains[1].last_seq -= 1;
                entry.receipt = receipt_for(&other, &key(2));
            },
            "回执",
        ),
        ("an altered manifest", |entry, _| entry.manifest[40] ^= 1, "批次清单"),
        ("an order with a record less", |entry, _| entry.runs.truncate(entry.runs.len() - 6), "记录次序"),
    ];
    for (name, lie, part) in lies {
        let entries = entries(|entry, manifest| {
            if entry.number == 2 {
                lie(entry, manifest);
            }
        });
        let opened = open(&file(&entries), &keys).expect("the file itself is true");
        let found: Vec<_> = opened.entries.iter().map(|(entry, ..)| check_parts(entry, &keys).err()).collect();
        assert!(found[0].is_none() && found[2].is_none(), "{name}");
        assert_eq!(found[1].as_ref().map(|(part, _)| *part), Some(part), "{name}: {:?}", found[1]);
    }
}

#[test]
fn h_8_a_file_of_a_node_whose_key_is_unknown_proves_nothing() {
    let bytes = file(&entries(|_, _| {}));
    let damage = open(&bytes, &|_| Vec::new()).expect_err("believed without a key");
    assert!(damage.why.contains("没有节点 370000 的公钥"), "{damage}");
}
