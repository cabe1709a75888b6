//! The walk along a chain.

use suyuan_crypto::hash::sm3_parts;
use suyuan_domain::record::{Class, Record, Stream};
use suyuan_exchange::chain::{ChainFault, Head, check_chain, content_hash, is_same};

use super::{chain_of, header_by_hand};

fn chain() -> Vec<Record> {
    chain_of("370202", &Stream::Up(Class::Bulk), 8, |seq| vec![u8::try_from(seq).unwrap_or(0); 20])
}

fn start() -> Head {
    Head::start("370202", Stream::Up(Class::Bulk), 3)
}

/// The head after the first `count` records.
fn head_at(count: usize) -> Head {
    chain().iter().take(count).fold(start(), |head, record| check_chain(&head, record).expect("next"))
}

/// The record with a hash that fits its changed content.
fn rehashed(mut record: Record, change: impl FnOnce(&mut Record)) -> Record {
    change(&mut record);
    let hash = content_hash(&record).expect("it has an origin");
    if let Some(origin) = &mut record.origin {
        origin.hash = hash;
    }
    record
}

#[test]
fn d_shape_a_chain_is_walked_to_its_end() {
    let head = head_at(8);
    let last = chain().pop().and_then(|record| record.origin).expect("it has an origin");
    assert_eq!((head.seq, head.epoch, head.hash), (8, 3, last.hash));
    for record in chain() {
        let by_hand = sm3_parts(&[&header_by_hand(&record), &record.payload]);
        assert_eq!(content_hash(&record), Some(by_hand));
    }
}

#[test]
fn d_shape_every_record_is_applied_once() {
    let (chain, head) = (chain(), head_at(4));
    for record in &chain[..4] {
        assert_eq!(check_chain(&head, record), Err(ChainFault::Duplicate));
    }
    assert_eq!(check_chain(&head, &chain[4]).map(|head| head.seq), Ok(5));
    for (place, record) in chain[5..].iter().enumerate() {
        let got = 6 + place as u64;
        assert_eq!(check_chain(&head, record), Err(ChainFault::Gap { expected: 5, got }));
    }
    assert!(is_same(&head.hash, &chain[3]));
    assert!(!is_same(&head.hash, &chain[2]));
}

#[test]
fn h_8_changed_content_is_found_whatever_was_changed() {
    let record = chain().remove(4);
    let changes: [fn(&mut Record); 8] = [
        |record| record.payload[0] ^= 1,
        |record| record.payload.push(0),
        |record| record.kind.push('x'),
        |record| record.part.push('x'),
        |record| record.term += 1,
        |record| record.version += 1,
        |record| record.at = record.at.plus_millis(1),
        |record| {
            record.origin.iter_mut().for_each(|origin| origin.prev[0] ^= 1);
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = record.clone();
        change(&mut changed);
        assert_eq!(check_chain(&head_at(4), &changed), Err(ChainFault::BadHash), "change {number}");
    }
    let mut judged = record;
    judged.verdict = Some("EVT-0001".into());
    judged.position = 77;
    assert!(check_chain(&head_at(4), &judged).is_ok(), "verdict and position are not the origin's");
}

#[test]
fn d_shape_a_fork_is_not_a_duplicate() {
    let other = |place: usize| rehashed(chain().remove(place), |record| record.payload[0] ^= 1);
    assert_eq!(check_chain(&head_at(4), &other(3)), Err(ChainFault::Fork), "another record at the head");
    let strange = rehashed(chain().remove(4), |record| {
        record.origin.iter_mut().for_each(|origin| origin.prev[0] ^= 1);
    });
    assert_eq!(check_chain(&head_at(4), &strange), Err(ChainFault::Fork), "it follows another record");
}

#[test]
fn d_shape_a_new_epoch_continues_exactly_at_the_head() {
    let with_epoch = |place: usize, epoch: u32| {
        rehashed(chain().remove(place), |record| {
            record.origin.iter_mut().for_each(|origin| origin.epoch = epoch);
        })
    };
    assert_eq!(check_chain(&head_at(4), &with_epoch(4, 4)).map(|head| (head.seq, head.epoch)), Ok((5, 4)));
    let wrong = |got| Err(ChainFault::WrongEpoch { held: 3, got });
    assert_eq!(check_chain(&head_at(4), &with_epoch(4, 2)), wrong(2), "a row of an old incarnation");
    assert_eq!(check_chain(&head_at(4), &with_epoch(3, 4)), wrong(4), "restored behind what is held here");
    assert_eq!(check_chain(&head_at(4), &with_epoch(2, 4)), wrong(4));
    assert_eq!(check_chain(&head_at(4), &with_epoch(6, 4)), Err(ChainFault::Gap { expected: 5, got: 7 }));
}

#[test]
fn n_tier_records_of_other_chains_are_told_apart() {
    let record = chain().remove(0);
    for head in [
        Head::start("370203", Stream::Up(Class::Bulk), 3),
        Head::start("370202", Stream::Up(Class::Urgent), 3),
        Head::start("370202", Stream::Common(Class::Bulk), 3),
    ] {
        assert_eq!(check_chain(&head, &record), Err(ChainFault::WrongChain));
    }
    let local = Record { origin: None, ..record.clone() };
    assert_eq!(check_chain(&start(), &local), Err(ChainFault::WrongChain));
    let zero = rehashed(record, |record| {
        record.origin.iter_mut().for_each(|origin| origin.seq = 0);
    });
    assert_eq!(check_chain(&start(), &zero), Err(ChainFault::WrongChain));
    let full = Head { seq: u64::MAX, ..start() };
    assert_eq!(check_chain(&full, &chain()[0]), Err(ChainFault::Duplicate));
}
