//! Receipts, heads, enrolment: signed, kept, verified years later.

use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::sign::SigningKey;
use suyuan_domain::division::Tier;
use suyuan_domain::record::{Class, Stream};
use suyuan_exchange::wire::chain::{ChainAnswer, ChainQuery, Purpose};
use suyuan_exchange::wire::document::{self, MAX_BYTES, sign, verify};
use suyuan_exchange::wire::{
    Direction, Enrol, EnrolAnswer, EnrolState, Head, Heads, HeadsRequest, ParentCard, Poisoned, Pull, Receipt, VERSION,
    WireError, sign_enrol, sign_enrol_answer, sign_receipt, verify_enrol, verify_enrol_answer, verify_receipt,
};

use super::{NOW, key};

pub(crate) fn receipt() -> Receipt {
    let stream = Stream::Up(Class::Bulk);
    Receipt {
        version: VERSION,
        from_node: "370000".into(),
        to_node: "370200".into(),
        direction: Direction::Up,
        class: Class::Bulk,
        batch_sm3: [0xab; 32],
        from_position: 100,
        to_position: 123,
        applied: 21,
        duplicates: 1,
        poisoned: vec![Poisoned {
            node: "370202".into(),
            stream: stream.clone(),
            seq: 6,
            code: "EVT-0104".into(),
            field: "outputs[0].quantity".into(),
            reason: "数量不是数字".into(),
            advice: "请更正后重新报送".into(),
        }],
        heads: vec![Head { node: "370202".into(), stream, epoch: 3, seq: 12, hash: [0xcd; 32] }],
        at: NOW,
    }
}

fn enrol() -> Enrol {
    Enrol {
        version: VERSION,
        code: "370200".into(),
        name: "青岛市".into(),
        tier: Tier::City,
        division: "370200".into(),
        url: "https://city.example:8443".into(),
        public_key_pem: String::new(),
        instance: "instance-a".into(),
        contact: "0532-00000000".into(),
        at: NOW,
    }
}

fn answer() -> EnrolAnswer {
    EnrolAnswer {
        version: VERSION,
        code: "370200".into(),
        instance: "instance-a".into(),
        state: EnrolState::Requested,
        parent: ParentCard { code: "370000".into(), name: "山东省".into(), public_key_pem: String::new() },
        at: NOW,
    }
}

#[test]
fn h_8_a_receipt_is_verified_from_its_kept_bytes() {
    let kept = sign_receipt(&receipt(), &key(2), &SeededEntropy::new(3)).expect("sign");
    assert_eq!(verify_receipt(&kept, &key(2).verifying_key()), Ok(receipt()));
    assert_eq!(verify_receipt(&kept, &key(1).verifying_key()), Err(WireError::Signature));
    for place in 0..kept.len() {
        let mut changed = kept.clone();
        changed[place] ^= 1;
        assert!(verify_receipt(&changed, &key(2).verifying_key()).is_err(), "byte {place}");
    }
    for length in 0..kept.len() {
        assert_eq!(verify_receipt(&kept[..length], &key(2).verifying_key()), Err(WireError::Truncated));
    }
    let longer = [kept.as_slice(), b"x"].concat();
    assert_eq!(verify_receipt(&longer, &key(2).verifying_key()), Err(WireError::Trailing));
    let huge = vec![0; MAX_BYTES + 1];
    assert!(matches!(verify_receipt(&huge, &key(2).verifying_key()), Err(WireError::TooLarge { .. })));
    assert_eq!(verify_receipt(&[0; 20], &key(2).verifying_key()), Err(WireError::Document));
}

#[test]
fn h_8_a_document_does_not_pass_for_another_sort() {
    let request = HeadsRequest {
        version: VERSION,
        from_node: "370200".into(),
        to_node: "370000".into(),
        instance: "i".into(),
        epoch: 3,
        at: NOW,
    };
    let bytes = sign(&request, &key(1), &SeededEntropy::new(3)).expect("sign");
    assert_eq!(verify::<HeadsRequest>(&bytes, &key(1).verifying_key()), Ok(request));
    assert_eq!(verify::<Pull>(&bytes, &key(1).verifying_key()), Err(WireError::Signature));
    assert_eq!(document::peek::<Receipt>(&bytes), Err(WireError::Document));
}

#[test]
fn n_tier_heads_and_pulls_come_through() {
    let heads = Heads {
        version: VERSION,
        oldest_version: 1,
        newest_version: 1,
        from_node: "370000".into(),
        to_node: "370200".into(),
        instance: "p".into(),
        epoch: 1,
        heads: receipt().heads,
        at: NOW,
    };
    let bytes = sign(&heads, &key(2), &SeededEntropy::new(3)).expect("sign");
    assert_eq!(verify(&bytes, &key(2).verifying_key()), Ok(heads));
    let pull = Pull {
        version: VERSION,
        from_node: "370200".into(),
        to_node: "370000".into(),
        instance: "i".into(),
        node: "370200".into(),
        stream: Stream::To("370202".into(), Class::Normal),
        first_seq: 5,
        last_seq: u64::MAX,
        at: NOW,
    };
    let bytes = sign(&pull, &key(1), &SeededEntropy::new(3)).expect("sign");
    assert_eq!(verify(&bytes, &key(1).verifying_key()), Ok(pull));
}

#[test]
fn n_tier_a_document_of_another_version_is_named() {
    let newer = Receipt { version: 2, ..receipt() };
    let bytes = sign_receipt(&newer, &key(2), &SeededEntropy::new(3)).expect("sign");
    assert_eq!(verify_receipt(&bytes, &key(2).verifying_key()), Err(WireError::Version { got: 2 }));
}

#[test]
fn n_tier_a_node_proves_its_own_key_when_it_enrols() {
    let (child, parent) = (key(1), key(2));
    let bytes = sign_enrol(&enrol(), &child, &SeededEntropy::new(3)).expect("sign");
    let (request, named) = verify_enrol(&bytes).expect("verify");
    assert_eq!(named, child.verifying_key());
    assert_eq!(request.name, "青岛市");
    // Somebody else's key in one's own request.
    let stolen = Enrol { public_key_pem: parent.verifying_key().to_spki_pem(), ..enrol() };
    let forged = sign(&stolen, &child, &SeededEntropy::new(3)).expect("sign");
    assert_eq!(verify_enrol(&forged), Err(WireError::Signature));
    let nonsense = sign(&enrol(), &child, &SeededEntropy::new(3)).expect("sign");
    assert_eq!(verify_enrol(&nonsense), Err(WireError::Key));
}

#[test]
fn n_tier_a_pinned_parent_cannot_be_replaced() {
    let (parent, stranger) = (key(2), key(7));
    let by = |key: &SigningKey| sign_enrol_answer(&answer(), key, &SeededEntropy::new(3)).expect("sign");
    let (got, named) = verify_enrol_answer(&by(&parent), None).expect("first contact");
    assert_eq!((got.state, &named), (EnrolState::Requested, &parent.verifying_key()));
    assert!(verify_enrol_answer(&by(&parent), Some(&named)).is_ok());
    assert_eq!(verify_enrol_answer(&by(&stranger), Some(&named)), Err(WireError::Signature));
    // Signed by the pinned parent, but naming another key.
    let mut swapped = answer();
    swapped.parent.public_key_pem = stranger.verifying_key().to_spki_pem();
    let swapped = sign(&swapped, &parent, &SeededEntropy::new(3)).expect("sign");
    assert_eq!(verify_enrol_answer(&swapped, Some(&named)), Err(WireError::Signature));
}

#[test]
fn g_6_5_3a_a_question_about_a_chain_and_its_answer_bind_each_other() {
    let query = ChainQuery {
        version: VERSION,
        from_node: "370200".into(),
        to_node: "370000".into(),
        purpose: Purpose::Public,
        up: vec!["3702000010001".into()],
        down: Vec::new(),
        nodes: 400,
        hops: 20,
        as_of: NOW,
        wait_millis: 2_500,
        at: NOW,
    };
    let asked = sign(&query, &key(1), &SeededEntropy::new(3)).expect("sign");
    assert_eq!(verify::<ChainQuery>(&asked, &key(1).verifying_key()), Ok(query));
    assert_eq!(verify::<ChainQuery>(&asked, &key(2).verifying_key()), Err(WireError::Signature));
    assert!(verify::<ChainAnswer>(&asked, &key(1).verifying_key()).is_err(), "no question passes for an answer");
}
