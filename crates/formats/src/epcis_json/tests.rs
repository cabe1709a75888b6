//! Tests of reading EPCIS 2.0 documents: own fixtures, and the published ones where they lie beside the checkout.

use std::path::{Path, PathBuf};

use super::*;
use crate::Defaults;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::EventType;
use suyuan_domain::quantity::Quantity;

fn read(body: &[u8]) -> Result<Message, Vec<Fault>> {
    let defaults =
        Defaults { category: "food".into(), stage: "retail".into(), division: "370202".into(), subject: String::new() };
    let intake =
        Intake { now: Timestamp::from_millis(9), system: "sys", message: "m0", defaults: &defaults, max_rows: 1_000 };
    parse(body, &intake)
}

fn document(event: &str) -> String {
    format!(
        r#"{{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{{"sy":"https://example.org/sy/"}}],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-10-01T00:00:00Z","epcisBody":{{"eventList":[{event}]}}}}"#
    )
}

const SHIPPING: &str = r#"{"type":"ObjectEvent","eventID":"urn:uuid:1","action":"OBSERVE","bizStep":"shipping",
    "eventTime":"2026-10-01T08:00:00.123+08:00","eventTimeZoneOffset":"+08:00",
    "quantityList":[{"epcClass":"https://id.gs1.org/01/06901234567892/10/B7","quantity":12.5,"uom":"KGM"}],
    "sourceList":[{"type":"possessing_party","source":"urn:epc:id:pgln:690123456.001"}],
    "destinationList":[{"type":"possessing_party","destination":"urn:epc:id:pgln:690123456.002"}],
    "bizTransactionList":[{"type":"po","bizTransaction":"urn:x:po:1"}],"sy:category":"agri","sy:note":{"a":1}}"#;

#[test]
fn g_8_an_epcis_event_becomes_a_trace_event() {
    let message = read(document(SHIPPING).as_bytes()).expect("a document");
    let draft = message.rows[0].as_ref().expect("a good row");
    let event = &draft.event;
    assert_eq!((event.category.as_str(), event.stage.as_str()), ("agri", "retail"), "extensions go before defaults");
    assert_eq!((event.product.as_str(), event.batch.as_str()), ("06901234567892", "B7"));
    assert_eq!((event.quantity, event.unit.as_str()), (Some(Quantity::from_milli(12_500)), "kg"));
    assert_eq!(event.peer_subject, "urn:epc:id:pgln:690123456.002");
    assert_eq!((event.inbound, event.voucher.as_str()), (false, "urn:x:po:1"));
    assert!(event.fields.contains_key("sy:note"));
    let original = draft.original.as_ref().expect("an original");
    assert_eq!(original.event, SHIPPING, "byte for byte");
    assert!(original.context.as_ref().is_some_and(|context| context.contains("example.org/sy")));
}

#[test]
fn g_8_actions_say_what_comes_and_goes() {
    let shape = |kind: &str, rest: &str| {
        let event =
            format!(r#"{{"type":"{kind}","eventTime":"2026-10-01T08:00:00Z","eventTimeZoneOffset":"+08:00",{rest}}}"#);
        let message = read(document(&event).as_bytes()).expect("a document");
        let event = message.rows[0].as_ref().expect(rest).event.clone();
        (event.event_type, event.inputs.len(), event.outputs.len(), event.biz_step)
    };
    let epcs = r#""epcList":["urn:a:1","urn:a:2"]"#;
    let box_ = r#""parentID":"urn:a:box","childEPCs":["urn:a:1","urn:a:2"]"#;
    for (kind, rest, expected) in [
        ("ObjectEvent", format!(r#""action":"ADD",{epcs}"#), (EventType::Object, 0, 2, "")),
        ("ObjectEvent", format!(r#""action":"DELETE",{epcs}"#), (EventType::Object, 2, 0, "decommissioning")),
        ("AggregationEvent", format!(r#""action":"ADD",{box_}"#), (EventType::Aggregation, 2, 1, "")),
        ("AggregationEvent", format!(r#""action":"DELETE",{box_}"#), (EventType::Aggregation, 1, 2, "")),
        ("AssociationEvent", format!(r#""action":"OBSERVE",{box_}"#), (EventType::Association, 3, 0, "")),
    ] {
        let (kind, inputs, outputs, step) = shape(kind, &rest);
        assert_eq!((kind, inputs, outputs, step.as_str()), expected, "{rest}");
    }
}

#[test]
fn g_8_a_bad_event_leaves_the_others_alone() {
    let bad =
        r#"{"type":"ObjectEvent","action":"CREATE","eventTime":"22-07-2026","eventTimeZoneOffset":"Z","colour":"red"}"#;
    let message = read(document(&format!("{SHIPPING},{bad}")).as_bytes()).expect("a document");
    assert!(message.rows[0].is_ok());
    let faults = message.rows[1].as_ref().expect_err("a bad row");
    let fields: Vec<&str> = faults.iter().filter_map(|fault| fault.field.rsplit('.').next()).collect();
    assert_eq!(fields, ["eventTime", "eventTimeZoneOffset", "action", "colour"]);
    for body in ["", "[]", "{}", "{\"type\":\"EPCISDocument\"}"] {
        assert!(read(body.as_bytes()).is_err(), "{body}");
    }
}

/// The folder of samples of others beside the checkout; the suite says so where it is absent.
fn samples(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/gs1/given").join(folder);
    if !path.is_dir() {
        eprintln!("skipped: no samples at {}", path.display());
        return None;
    }
    Some(path)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let nested = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    nested.filter(|path| path.extension().is_some_and(|e| e == "json" || e == "jsonld")).collect()
}

fn problems(path: &Path) -> Vec<String> {
    let name = path.display();
    match read(&std::fs::read(path).expect("a file")) {
        Err(faults) => faults.iter().map(|fault| format!("{name}: {fault} {}", fault.field)).collect(),
        Ok(message) => {
            let faults = message.rows.iter().filter_map(|row| row.as_ref().err()).flatten();
            faults.map(|fault| format!("{name}: {fault} {}", fault.field)).collect()
        }
    }
}

#[test]
fn g_8_every_valid_sample_is_accepted() {
    for folder in
        ["epcis-json", "openepcis/2.0/EPCIS/JSON/Capture/Documents", "openepcis/2.0/EPCIS/JSON/Capture/Events"]
    {
        let Some(folder) = samples(folder) else {
            return;
        };
        let problems: Vec<String> = files(&folder).iter().flat_map(|path| problems(path)).collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}

#[test]
fn g_8_every_invalid_sample_is_refused() {
    let Some(folder) = samples("openepcis/2.0/EPCIS/JSON/Capture/Invalid") else {
        return;
    };
    for path in files(&folder) {
        assert!(!problems(&path).is_empty(), "{}", path.display());
    }
    let Some(folder) = samples("invalid-derived") else {
        return;
    };
    let list = std::fs::read(folder.join("schema-invalid.json")).expect("a file");
    let list: Vec<Value> = serde_json::from_slice(&list).expect("a list");
    let accepted: Vec<&str> = list
        .iter()
        .filter(|case| match read(case["document"].to_string().as_bytes()) {
            Err(_) => false,
            Ok(message) => message.rows.iter().all(Result::is_ok),
        })
        .filter_map(|case| case["violates"].as_str())
        .collect();
    assert!(accepted.is_empty(), "{accepted:?}");
}
