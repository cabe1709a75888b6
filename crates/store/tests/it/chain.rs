//! The rule of a chain: which record is the next one. Pure; taking in and the walk over everything kept both use it.

use suyuan_crypto::hash::sm3_parts;
use suyuan_domain::record::{Class, Draft, Origin, Record, Stream, hashed_header};
use suyuan_store::error::ChainFault;
use suyuan_store::head::Head;
use suyuan_store::journal::{continue_chain, hash_of};

use crate::support::{at, draft};

/// Records 1 to 8 of one chain in epoch 3, as an origin writes them.
fn chain() -> Vec<Record> {
    let mut prev = [0; 32];
    (1..=8)
        .map(|seq| {
            let origin = Origin { node: "370202".into(), stream: bulk(), epoch: 3, seq, prev, hash: [0; 32] };
            let Draft { kind, object, part, term, version, at, payload, .. } =
                draft("event", seq, seq, "", vec![u8::try_from(seq).unwrap_or(0); 20]);
            let position = seq + 40;
            let record = Record {
                position,
                origin: Some(origin),
                kind,
                object,
                part,
                term,
                version,
                at,
                payload,
                verdict: None,
            };
            let record = rehashed(record, |_| {});
            prev = record.origin.as_ref().map_or(prev, |origin| origin.hash);
            record
        })
        .collect()
}

fn bulk() -> Stream {
    Stream::Up(Class::Bulk)
}

/// The record with a hash that fits its changed content.
fn rehashed(mut record: Record, change: impl FnOnce(&mut Record)) -> Record {
    change(&mut record);
    let hash = hash_of(&record).expect("it has an origin");
    record.origin.iter_mut().for_each(|origin| origin.hash = hash);
    record
}

fn with_origin(place: usize, change: impl FnOnce(&mut Origin)) -> Record {
    rehashed(chain().remove(place), |record| {
        if let Some(origin) = &mut record.origin {
            change(origin);
        }
    })
}

/// The head after the first `count` records.
fn head_at(count: usize) -> Head {
    chain().iter().take(count).fold(Head::start("370202", bulk()), |head, record| {
        continue_chain(&head, record).expect("it continues").expect("it is new")
    })
}

#[test]
fn d_shape_a_chain_is_walked_to_its_end() {
    let head = head_at(8);
    let last = chain().pop().and_then(|record| record.origin).expect("it has an origin");
    assert_eq!((head.seq, head.epoch, head.hash), (8, 3, last.hash));
    for record in chain() {
        let origin = record.origin.clone().expect("it has an origin");
        let again = Draft {
            kind: record.kind.clone(),
            object: record.object,
            part: record.part.clone(),
            term: record.term,
            version: record.version,
            at: at(0),
            stream: None,
            payload: record.payload.clone(),
        };
        let header = hashed_header(&again, "370202", &bulk(), 3, origin.seq, &origin.prev);
        assert_eq!(
            origin.hash,
            sm3_parts(&[&header, &record.payload]),
            "the same bytes by the domain's other function"
        );
    }
}

#[test]
fn d_shape_every_record_is_taken_once() {
    let (chain, head) = (chain(), head_at(4));
    for record in &chain[..4] {
        assert_eq!(continue_chain(&head, record), Ok(None));
    }
    assert_eq!(continue_chain(&head, &chain[4]).map(|next| next.map(|head| head.seq)), Ok(Some(5)));
    for (record, got) in chain[5..].iter().zip(6..) {
        assert_eq!(continue_chain(&head, record), Err(ChainFault::Gap { expected: 5, got }));
    }
}

#[test]
fn h_8_changed_content_is_found_whatever_was_changed() {
    let changes: [fn(&mut Record); 7] = [
        |record| record.payload[0] ^= 1,
        |record| record.payload.push(0),
        |record| record.kind.push('x'),
        |record| record.part.push('x'),
        |record| record.term += 1,
        |record| record.version += 1,
        |record| record.at = record.at.plus_millis(1),
    ];
    let record = chain().remove(4);
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = record.clone();
        change(&mut changed);
        assert_eq!(continue_chain(&head_at(4), &changed), Err(ChainFault::Hash { seq: 5 }), "change {number}");
    }
    let judged = Record { verdict: Some("EVT-0001".into()), position: 77, ..record };
    assert!(continue_chain(&head_at(4), &judged).is_ok(), "verdict and position are not the origin's");
}

#[test]
fn d_shape_a_fork_is_not_a_duplicate() {
    let other = rehashed(chain().remove(3), |record| record.payload[0] ^= 1);
    assert_eq!(continue_chain(&head_at(4), &other), Err(ChainFault::Fork { seq: 4 }), "another record at the head");
    let strange = with_origin(4, |origin| origin.prev[0] ^= 1);
    assert_eq!(continue_chain(&head_at(4), &strange), Err(ChainFault::Fork { seq: 5 }), "it follows another record");
}

#[test]
fn d_shape_a_new_epoch_continues_exactly_at_the_head() {
    let with_epoch = |place: usize, epoch: u32| with_origin(place, |origin| origin.epoch = epoch);
    let next = continue_chain(&head_at(4), &with_epoch(4, 4)).map(|next| next.map(|head| (head.seq, head.epoch)));
    assert_eq!(next, Ok(Some((5, 4))));
    let wrong = |got| Err(ChainFault::Epoch { expected: 3, got });
    assert_eq!(continue_chain(&head_at(4), &with_epoch(4, 2)), wrong(2), "a row of an old incarnation");
    assert_eq!(continue_chain(&head_at(4), &with_epoch(3, 4)), wrong(4), "restored behind what is held here");
    assert_eq!(continue_chain(&head_at(4), &with_epoch(2, 4)), wrong(4));
    assert_eq!(continue_chain(&head_at(4), &with_epoch(6, 4)), Err(ChainFault::Gap { expected: 5, got: 7 }));
}

#[test]
fn d_shape_local_records_are_in_no_chain_and_no_seq_lies_before_the_first() {
    let local = Record { origin: None, ..chain().remove(0) };
    assert_eq!(continue_chain(&Head::start("370202", bulk()), &local), Ok(None));
    let zero = with_origin(0, |origin| (origin.seq, origin.epoch) = (0, 1));
    assert_eq!(continue_chain(&Head::start("370202", bulk()), &zero), Err(ChainFault::Fork { seq: 0 }));
    let full = Head { seq: u64::MAX, epoch: 3, ..Head::start("370202", bulk()) };
    assert_eq!(continue_chain(&full, &chain()[0]), Ok(None));
}
