//! Capture over the open interface: every row answered, good rows kept, bad rows set aside, nothing twice.

use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, Timestamp};

use crate::harness::{TestApp, event, wait_for};

const SYSTEM: &str = "SYS-370200-001";
const SUBJECT: &str = "3702000010001";

async fn events_of(app: &TestApp) -> u64 {
    let regulator = app.sign_in("regulator").await;
    let list = regulator.get("/api/v1/console/events?limit=1").await.ok();
    list["count"]["value"].as_u64().expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn g_8_good_rows_are_kept_and_bad_rows_are_listed_with_reason() {
    let app = TestApp::alone("370200").await;
    let system = app.live_system(SYSTEM, "370202", "farming").await;
    let now = app.clock.now();
    let good = event(1, SUBJECT, "370202", now);
    let mut negative = event(2, SUBJECT, "370202", now);
    negative["outputs"][0]["quantity"] = json!("-5");
    let mut future = event(3, SUBJECT, "370202", now);
    future["event_time"] = json!(now.plus_millis(86_400_000).to_string());
    let mut nowhere = event(4, SUBJECT, "370202", now);
    nowhere["division"] = json!("999999");
    let message = json!({ "message_id": "M-1", "events": [good, negative, future, nowhere] });

    let answer = system.post("/open/v1/events", &message).await.ok();
    assert_eq!((&answer["received"], &answer["accepted"], &answer["rejected"]), (&json!(4), &json!(1), &json!(3)));
    for row in 1..4 {
        let fault = &answer["rows"][row]["faults"][0];
        for part in ["code", "field", "reason", "advice"] {
            assert!(fault[part].as_str().is_some_and(|text| !text.is_empty()), "row {row} {part}: {fault}");
        }
    }
    wait_for("the event in the warehouse", || async { events_of(&app).await == 1 }).await;
    let regulator = app.sign_in("regulator").await;
    let rejects = regulator.get("/api/v1/console/capture/rejects").await.ok();
    assert_eq!(rejects["count"]["value"], json!(3));
}

/// A row that must be refused: what is changed in a good one, the code of the fault, the field it names.
fn refused_rows(now: Timestamp) -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let uscc = "91370200MA3C0000X0";
    vec![
        ("/subject", json!(uscc), "EVT-0109", "subject"),
        ("/peer", json!(uscc), "EVT-0109", "peer"),
        ("/product", json!("6901234567890"), "EVT-0109", "product"),
        ("/division", json!("999999"), "EVT-0104", "division"),
        ("/division", json!("110101"), "EVT-0190", "division"),
        ("/event_time", json!(now.plus_millis(86_400_000).to_string()), "EVT-0105", "event_time"),
        ("/event_time", json!("2019-01-01T00:00:00Z"), "EVT-0106", "event_time"),
        ("/outputs/0/quantity", json!("-5"), "EVT-0107", "outputs[0].quantity"),
        ("/quantity", json!("0"), "EVT-0107", "quantity"),
        ("/outputs", json!([]), "EVT-0108", "inputs"),
        ("/category", json!("unknown"), "EVT-0101", "category"),
        ("/stage", json!("nowhere"), "EVT-0102", "stage"),
        ("/subject", json!(" "), "EVT-0114", "subject"),
        ("/batch", json!("B\u{0}1"), "EVT-0113", "batch"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn g_8_each_kind_of_false_value_is_refused_by_its_own_fault_and_stored_nowhere() {
    let app = TestApp::alone("370200").await;
    let system = app.live_system(SYSTEM, "370202", "farming").await;
    let rows = refused_rows(app.clock.now());
    let mut events = Vec::new();
    for ((pointer, value, ..), number) in rows.iter().zip(0..) {
        let mut event = event(number, SUBJECT, "370202", app.clock.now());
        // A member that the good row does not have is added.
        if event.pointer(pointer).is_none() {
            event[&pointer[1..]] = Value::Null;
        }
        *event.pointer_mut(pointer).expect("a member") = value.clone();
        events.push(event);
    }
    let sent = events.len();
    let answer = system.post("/open/v1/events", &json!({ "message_id": "M-9", "events": events })).await.ok();
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(0), &json!(sent)), "{answer}");
    for ((pointer, value, code, field), row) in rows.iter().zip(answer["rows"].as_array().expect("rows")) {
        let faults = row["faults"].as_array().expect("faults");
        let fault = faults.iter().find(|fault| fault["code"] == *code && fault["field"] == *field);
        let fault = fault.unwrap_or_else(|| panic!("{pointer} = {value}: no {code} for {field} in {row}"));
        assert!(["reason", "advice"].iter().all(|part| is_chinese(&fault[part])), "{fault}");
    }
    let regulator = app.sign_in("regulator").await;
    let rejects = regulator.get("/api/v1/console/capture/rejects?limit=100").await.ok();
    let kept: Vec<&str> =
        rejects["items"].as_array().expect("rows").iter().filter_map(|row| row["raw"].as_str()).collect();
    assert_eq!(kept.len(), sent, "{rejects}");
    assert!(kept.iter().all(|raw| raw.contains("event_time")), "rows are kept as they came: {kept:?}");
    // A good row after them is the only one that is ever found.
    let good = json!({ "message_id": "M-10", "events": [event(100, SUBJECT, "370202", app.clock.now())] });
    assert_eq!(system.post("/open/v1/events", &good).await.ok()["accepted"], 1);
    wait_for("the good event", || async { events_of(&app).await == 1 }).await;
}

fn is_chinese(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)))
}

#[tokio::test(flavor = "multi_thread")]
async fn g_8_a_message_sent_again_gets_the_same_answer_and_stores_nothing_twice() {
    let app = TestApp::alone("370200").await;
    let system = app.live_system(SYSTEM, "370202", "farming").await;
    let message = json!({ "message_id": "M-2", "events": [event(1, SUBJECT, "370202", app.clock.now())] });
    let first = system.post("/open/v1/events", &message).await.ok();
    let again = system.post("/open/v1/events", &message).await.ok();
    assert_eq!(first, again);
    let mut other = message.clone();
    other["events"][0]["batch"] = json!("another");
    assert_eq!(system.post("/open/v1/events", &other).await.refusal(), (409, "CAP-0103"));
    wait_for("one event", || async { events_of(&app).await == 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g_8_bad_input_of_each_kind_gets_a_clear_error_and_stores_nothing() {
    let app = TestApp::alone("370200").await;
    let system = app.live_system(SYSTEM, "370202", "farming").await;
    let broken = system.post_bytes("/open/v1/events", "application/json", b"{\"message_id\": \"M".to_vec()).await;
    assert_eq!(broken.status, 400, "{broken:?}");
    assert!(broken.body["error"]["message"].as_str().is_some_and(|text| text.contains("JSON")), "{broken:?}");
    let huge = system.post_bytes("/open/v1/events", "application/json", vec![b' '; 40 << 20]).await;
    assert_eq!(huge.status, 413, "{:?}", huge.refusal());
    let stranger = system.with_token("not-a-token").post("/open/v1/events", &json!({})).await;
    assert_eq!(stranger.status, 401, "{stranger:?}");
    let nobody = app.anybody().post("/open/v1/events", &json!({})).await;
    assert_eq!(nobody.status, 401, "{nobody:?}");
    let empty = system.post("/open/v1/events", &json!({ "message_id": "M-3", "events": [] })).await;
    assert_eq!(empty.status, 400, "{empty:?}");
    assert_eq!(events_of(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_2c_an_accepted_event_is_found_by_its_trace_code_on_the_portal() {
    let app = TestApp::alone("370200").await;
    let system = app.live_system(SYSTEM, "370202", "farming").await;
    let sent = event(7, SUBJECT, "370202", app.clock.now());
    let code = sent["outputs"][0]["code"].as_str().expect("a code").to_owned();
    system.post("/open/v1/events", &json!({ "message_id": "M-4", "events": [sent] })).await.ok();
    let anybody = app.anybody();
    wait_for("the portal", || async {
        let found: Value = anybody.get(&format!("/api/v1/portal/trace/{code}")).await.body;
        found["path"].as_array().is_some_and(|path| !path.is_empty())
    })
    .await;
}
