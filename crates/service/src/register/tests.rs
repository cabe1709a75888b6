//! The pure parts of the engine. The flow over a database and HTTP is tested with the whole node.

use super::change::decided;
use super::personal::keep_hidden;
use super::*;
use crate::subject::SubjectDoc;

fn filed() -> Entry {
    let doc = SubjectDoc {
        code: "S1".into(),
        name: "青岛甲公司".into(),
        phone: "17700001234".into(),
        ..SubjectDoc::default()
    };
    let proposal = SubjectDoc { name: "青岛乙公司".into(), division: "370202".into(), ..doc.clone() };
    Entry {
        kind: "subject".into(),
        code: "S1".into(),
        name: doc.name.clone(),
        division: "370203".into(),
        state: State::Changing.as_str().into(),
        origin_node: "370200".into(),
        term: 1,
        version: 4,
        doc: serde_json::to_string(&doc).expect("a document"),
        proposal: Some(serde_json::to_string(&proposal).expect("a document")),
        filed_at: Some(Timestamp::from_millis(1)),
        updated_at: Timestamp::from_millis(2),
        ..Entry::default()
    }
}

#[test]
fn g_6_2_1_a_change_takes_effect_only_when_it_is_approved() {
    let before = filed();
    let now = Timestamp::from_millis(9);
    let approved = decided(&before, Verb::Approve, State::Filed, now);
    let doc: SubjectDoc = serde_json::from_str(&approved.doc).expect("a document");
    assert_eq!((doc.name.as_str(), doc.division.as_str(), approved.version), ("青岛乙公司", "370202", 5));
    assert_eq!(approved.proposal, None);
    assert_eq!(approved.filed_at, before.filed_at, "the first filing counts");
    for verb in [Verb::Return, Verb::Withdraw] {
        let kept = decided(&before, verb, State::Filed, now);
        assert_eq!((kept.name.as_str(), &kept.doc, kept.proposal), ("青岛甲公司", &before.doc, None), "{verb:?}");
    }
}

#[test]
fn g_10_4_what_travels_upward_has_no_full_telephone_number() {
    let draft = relay::draft::<SubjectDoc>(&filed(), "change", "").expect("a draft");
    let text = String::from_utf8(draft.payload).expect("JSON");
    assert!(text.contains("177****1234"), "{text}");
    assert!(!text.contains("17700001234") && !text.contains("青岛乙公司"), "neither number nor proposal: {text}");
    assert_eq!(draft.stream.map(|stream| stream.to_string()).as_deref(), Some("up/normal"));
    let body: RegisterRecord = serde_json::from_str(&text).expect("the record reads back");
    assert_eq!((body.code.as_str(), body.state.as_str()), ("S1", "changing"));
}

#[test]
fn g_10_4_a_masked_number_sent_back_keeps_the_stored_one() {
    let before: SubjectDoc = serde_json::from_str(&filed().doc).expect("a document");
    let mut same = SubjectDoc { name: "新名称".into(), phone: "177****1234".into(), ..SubjectDoc::default() };
    keep_hidden(&mut same, &before).expect("documents");
    assert_eq!((same.phone.as_str(), same.name.as_str()), ("17700001234", "新名称"));
    let mut other = SubjectDoc { phone: "17700005678".into(), ..SubjectDoc::default() };
    keep_hidden(&mut other, &before).expect("documents");
    assert_eq!(other.phone, "17700005678");
}
