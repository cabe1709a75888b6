//! Tests of checking an event: one change of a good event per fault.

use super::*;
use crate::testing::{self, NOON};

type Change = fn(&mut TraceEvent);

fn divisions() -> Divisions {
    Divisions::parse(include_str!("../../../../sql/reference/divisions.csv")).expect("the shipped table")
}

fn good() -> TraceEvent {
    let mut event = testing::event(EventType::Transaction, "shipping");
    event.peer_subject = "91350100M000100Y43".into();
    event.quantity = Some(Quantity::from_milli(1_000));
    event.inputs = vec![testing::unit("37020200100010000001")];
    event.voucher = "37020200100010000009".into();
    event
}

fn run(change: Change) -> Checked {
    let mut event = good();
    change(&mut event);
    check(&event, &Packs::shipped().expect("packs"), &divisions(), &CheckLimits::default(), NOON)
}

fn faults(change: Change) -> Vec<(String, String)> {
    run(change).faults.into_iter().map(|fault| (fault.code, fault.field)).collect()
}

#[test]
fn g_8_a_good_event_has_no_fault() {
    let checked = run(|_| {});
    assert_eq!(checked.faults, vec![]);
    assert_eq!((checked.quality.mandatory_total, checked.quality.mandatory_filled), (5, 3));
    assert!(!checked.quality.late && !checked.quality.needs_upstream);
}

#[test]
fn g_8_every_fault_has_its_code_and_place() {
    let table: [(&str, &str, Change); 21] = [
        ("EVT-0101", "category", |e| e.category = "magic".into()),
        ("EVT-0102", "stage", |e| e.stage = "magic".into()),
        ("EVT-0103", "stage", |e| e.stage = "pharmacy".into()),
        ("EVT-0104", "division", |e| e.division = "999999".into()),
        ("EVT-0105", "event_time", |e| {
            e.event_time = NOON.plus_millis(600_001);
        }),
        ("EVT-0106", "event_time", |e| {
            e.event_time = NOON.plus_millis(-4 * 366 * 86_400_000);
        }),
        ("EVT-0107", "quantity", |e| {
            e.quantity = Some(Quantity::from_milli(0));
        }),
        ("EVT-0107", "inputs[0].quantity", |e| {
            e.inputs[0].quantity = Some(Quantity::from_milli(-1));
        }),
        ("EVT-0108", "inputs", |e| e.inputs.clear()),
        ("EVT-0108", "inputs[0].code", |e| {
            e.inputs[0].code = " ".into();
        }),
        ("EVT-0109", "peer", |e| {
            e.peer_subject = "91350100M000100Y44".into();
        }),
        ("EVT-0109", "product", |e| {
            e.product = "6924561884075".into();
        }),
        ("EVT-0109", "inputs[0].code", |e| {
            e.inputs[0].code = "https://id.gs1.org/01/06901234567893".into();
        }),
        ("EVT-0110", "product_name", |e| e.product_name.clear()),
        ("EVT-0111", "inputs", |e| {
            e.inputs = vec![testing::unit("u"); 10_001];
        }),
        ("EVT-0112", "subject_name", |e| {
            e.subject_name = "长".repeat(501);
        }),
        ("EVT-0113", "batch", |e| e.batch = "a\u{1}".into()),
        ("EVT-0113", "inputs", |e| e.inputs[0].code = "a\nb".into()),
        ("EVT-0114", "subject", |e| e.subject.clear()),
        ("EVT-0116", "peer", |e| e.peer_subject = e.subject.clone()),
        ("EVT-0117", "price", |e| {
            e.price = Some(Quantity::from_milli(-1));
        }),
    ];
    for (code, field, change) in table {
        assert_eq!(faults(change), [(code.to_owned(), field.to_owned())]);
    }
}

#[test]
fn n_cat_metadata_are_checked_by_the_pack() {
    let transport: Change = |event| {
        event.category = "food".into();
        event.stage = "transport".into();
        event.fields.insert("temperature".into(), "warm".into());
    };
    assert_eq!(faults(transport), [("EVT-0115".to_owned(), "fields.temperature".to_owned())]);
}

#[test]
fn g_8_codes_of_the_senders_own_making_are_accepted() {
    let own: Change = |event| {
        event.subject = "urn:epc:id:sgln:0614141.07346.1234".into();
        event.product = "PORK-1".into();
        event.inputs[0].code = "批次 2026-10".into();
    };
    assert_eq!(faults(own), []);
}

#[test]
fn g_6_8_1_quality_counts_follow_the_event() {
    let late: Change = |event| {
        event.event_time = NOON.plus_millis(-86_400_001);
        event.inbound = true;
        event.batch = "B1".into();
    };
    let quality = run(late).quality;
    assert!(quality.late && quality.needs_upstream);
    assert_eq!((quality.mandatory_total, quality.mandatory_filled), (5, 4));
    let looked_at: Change = |event| {
        event.event_type = EventType::Object;
        event.biz_step = "inspecting".into();
        event.peer_subject.clear();
    };
    assert_eq!(run(looked_at).quality, Quality::default());
}

#[test]
fn g_8_an_error_declaration_is_checked_for_form_only() {
    let declared: Change = |event| {
        event.error_declaration = Some(crate::event::ErrorDeclaration {
            declared_at: NOON,
            reason: "重复录入".into(),
            corrective_ids: vec![],
        });
        event.quantity = Some(Quantity::from_milli(-1));
    };
    assert_eq!(faults(declared), []);
}
