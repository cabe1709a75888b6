//! Links as people set and see them: holds, hours, rates, and a state that never claims more than the receipts prove.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::period::Day;
use suyuan_domain::record::{Class, Draft, Stream, kind};
use suyuan_store::peer::Peer;
use suyuan_store::segment::Sealer;

use crate::caller::{Caller, wait_for};
use crate::form::Forms;
use crate::harness::{Setup, TestApp, event};

const SYSTEM: &str = "SYS-370200-001";
const SUBJECT: &str = "3702000010001";
const HOUR: i64 = 3_600_000;

/// The link of a city to its province as the console tells it.
pub async fn link(caller: &Caller) -> Value {
    caller.get("/api/v1/console/exchange/links/370000").await.ok()
}

/// One class of a link.
pub fn flow<'a>(link: &'a Value, class: &str) -> &'a Value {
    let flows = link["sending"].as_array().expect("flows");
    flows.iter().find(|flow| flow["class"] == class).expect("the class")
}

/// Reports events with these numbers, and waits until they stand in the journal: only then is anything to be sent.
pub async fn report(app: &TestApp, system: &Caller, numbers: std::ops::Range<u32>) {
    let now = app.clock.now();
    let bulk = Stream::Up(Class::Bulk);
    let before = reached(app, &bulk).await;
    let message = format!("M-{}", numbers.start);
    let events: Vec<_> = numbers.map(|number| event(number, SUBJECT, "370202", now)).collect();
    let answer = system.post("/open/v1/events", &json!({ "message_id": message, "events": events })).await.ok();
    assert_eq!(answer["accepted"], json!(events.len()), "{answer}");
    wait_for("the journal", || async { reached(app, &bulk).await >= before + events.len() as u64 }).await;
}

/// Waits until a class of the link to the province is in step.
pub async fn in_step(caller: &Caller, class: &str) {
    wait_for("the class to be in step", || async {
        let link = link(caller).await;
        let flow = flow(&link, class);
        flow["state"] == "in_step" && flow["pending"] == 0
    })
    .await;
}

/// Last seq of a chain of the city at a node.
pub async fn reached(app: &TestApp, stream: &Stream) -> u64 {
    let heads = app.node().store.heads().await.expect("heads");
    heads.iter().find(|head| head.node == "370200" && head.stream == *stream).map_or(0, |head| head.seq)
}

/// Asks for every answer about links, of a parent that cannot be reached.
pub async fn answered(forms: &mut Forms, app: &TestApp) {
    let node = app.node();
    let peer = Peer {
        code: "370000".to_owned(),
        role: "parent".to_owned(),
        name: "山东".to_owned(),
        url: "http://127.0.0.1:9".to_owned(),
        public_key: node.signing_key.verifying_key().to_spki_pem(),
        instance: "i".to_owned(),
        state: "approved".to_owned(),
        contact: String::new(),
        requested_at: 0,
        decided_at: None,
        last_seen_at: None,
        reported_behind: None,
        reported_oldest_at: None,
    };
    let tx = node.store.begin().await.expect("a transaction");
    tx.keep_peer(&peer).await.expect("a peer");
    tx.commit().await.expect("a commit");
    let operator = app.sign_in("system").await;
    wait_for("the fault", || async { flow(&link(&operator).await, "bulk")["state"] == "broken" }).await;
    let one = "/api/v1/console/exchange/links/370000";
    let version = forms.get(&operator, one).await["settings"]["version"].clone();
    let windows = json!([{ "class": "normal", "from": "20:00", "to": "08:00" }]);
    let wanted = json!({ "version": version, "rate": 100, "batch": 50, "windows": windows });
    forms.send(&operator, "put", &format!("{one}/settings"), &wanted).await;
    let hold = json!({ "classes": ["normal", "bulk"], "reason": "检修" });
    forms.post(&operator, &format!("{one}/pause"), &hold).await;
    assert_eq!(forms.get(&operator, "/api/v1/console/exchange/links").await["items"][0]["paused"], true);
    forms.post(&operator, &format!("{one}/resume"), &json!({})).await;
    forms.get(&operator, "/api/v1/console/exchange/evidence").await;
    forms.post(&operator, "/api/v1/console/exchange/evidence/seal", &json!({})).await;
}

async fn tiers() -> (TestApp, TestApp, Caller) {
    let province = TestApp::with("370000", Setup::at_noon()).await;
    let city = province.child("370200").await;
    let system = city.live_system(SYSTEM, "370202", "farming").await;
    report(&city, &system, 0..3).await;
    in_step(&city.sign_in("system").await, "bulk").await;
    (province, city, system)
}

async fn set(caller: &Caller, wanted: Value) -> Value {
    let mut wanted = wanted;
    wanted["version"] = link(caller).await["settings"]["version"].clone();
    caller.request("put", "/api/v1/console/exchange/links/370000/settings", &wanted).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_8_bulk_that_a_person_holds_back_waits_while_an_urgent_record_passes() {
    let (province, city, system) = tiers().await;
    let operator = city.sign_in("system").await;
    let before = reached(&province, &Stream::Up(Class::Bulk)).await;
    let hold = json!({ "classes": ["bulk"], "reason": "专线检修" });
    let held = operator.post("/api/v1/console/exchange/links/370000/pause", &hold).await.ok();
    assert_eq!((&held["held"], &held["reason"]), (&json!(["bulk"]), &json!("专线检修")), "{held}");
    report(&city, &system, 10..14).await;

    let node = city.node();
    let draft = Draft {
        kind: kind::ERASURE.to_owned(),
        object: node.mint(),
        part: String::new(),
        term: 1,
        version: 1,
        at: city.clock.now(),
        stream: Some(Stream::Up(Class::Urgent)),
        payload: b"{}".to_vec(),
    };
    let mut tx = node.store.begin().await.expect("a transaction");
    tx.append(vec![draft]).await.expect("an urgent record");
    tx.commit().await.expect("a commit");
    wait_for("the urgent record", || async { reached(&province, &Stream::Up(Class::Urgent)).await == 1 }).await;
    in_step(&operator, "urgent").await;

    let seen = link(&operator).await;
    let bulk = flow(&seen, "bulk");
    assert_eq!((&bulk["state"], &bulk["wait"]), (&json!("waiting"), &json!("held")), "{seen}");
    assert!(bulk["pending"].as_u64().is_some_and(|pending| pending >= 4), "{seen}");
    assert_eq!((&seen["paused"], &seen["settings"]["held_by"]), (&json!(true), &json!("system")), "{seen}");
    assert_eq!(reached(&province, &Stream::Up(Class::Bulk)).await, before, "held back, and yet sent");

    operator.post("/api/v1/console/exchange/links/370000/resume", &json!({})).await.ok();
    in_step(&operator, "bulk").await;
    assert_eq!(reached(&province, &Stream::Up(Class::Bulk)).await, reached(&city, &Stream::Up(Class::Bulk)).await);
    let trail = city.sign_in("audit").await.get("/api/v1/console/audit?action=pause").await.ok();
    assert!(trail.to_string().contains("专线检修"), "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_8_a_class_is_sent_in_its_hours_and_the_page_says_when_they_begin() {
    let (province, city, system) = tiers().await;
    let operator = city.sign_in("system").await;
    let night =
        json!({ "rate": null, "batch": null, "windows": [{ "class": "bulk", "from": "22:00", "to": "06:00" }] });
    set(&operator, night).await;
    report(&city, &system, 10..14).await;
    wait_for("the class to wait for its hours", || async {
        let seen = link(&operator).await;
        let bulk = flow(&seen, "bulk");
        bulk["state"] == "waiting" && bulk["wait"] == "hours" && bulk["pending"].as_u64() >= Some(4)
    })
    .await;
    let seen = link(&operator).await;
    let opens = Day::of(city.clock.now()).start().plus_millis(22 * HOUR);
    assert_eq!(flow(&seen, "bulk")["wait_until"], json!(opens), "{seen}");
    assert_eq!(flow(&seen, "normal")["wait"], Value::Null, "{seen}");

    for app in [&province, &city] {
        app.set_clock(opens.plus_millis(HOUR / 2));
    }
    in_step(&operator, "bulk").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_8_a_rate_is_kept_on_the_clock_and_a_change_counts_from_the_next_batch() {
    let (province, city, system) = tiers().await;
    let operator = city.sign_in("system").await;
    set(&operator, json!({ "rate": 2, "batch": null, "windows": [] })).await;
    let newest = |rows: Vec<suyuan_store::peer::ReceiptRow>| rows.first().map_or(0, |row| row.id);
    let since = newest(city.node().store.receipts(Some("370000"), 1).await.expect("receipts"));
    report(&city, &system, 10..20).await;
    wait_for("the last record", || async {
        // The clock of the nodes runs on between two looks; the machine's does not decide.
        for app in [&province, &city] {
            app.set_clock(app.clock.now().plus_millis(300));
        }
        flow(&link(&operator).await, "bulk")["state"] == "in_step"
    })
    .await;
    let mut rows = city.node().store.receipts(Some("370000"), 1_000).await.expect("receipts");
    rows.retain(|row| row.id > since && row.class == "bulk");
    rows.reverse();
    assert!(rows.len() >= 5, "ten records in twos: {}", rows.len());
    assert!(rows.iter().all(|row| row.records <= 2));
    for pair in rows.windows(2) {
        let apart = pair[1].at - pair[0].at;
        assert!(apart >= pair[0].records * 500, "{} records and {apart} ms", pair[0].records);
    }

    set(&operator, json!({ "rate": null, "batch": 5, "windows": [] })).await;
    let since = newest(city.node().store.receipts(Some("370000"), 1).await.expect("receipts"));
    report(&city, &system, 30..42).await;
    in_step(&operator, "bulk").await;
    let mut rows = city.node().store.receipts(Some("370000"), 1_000).await.expect("receipts");
    rows.retain(|row| row.id > since && row.class == "bulk");
    assert!(rows.iter().all(|row| row.records <= 5) && rows.iter().any(|row| row.records == 5), "batches of five");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_8_settings_out_of_range_are_refused_by_field_and_not_everybody_may_change_them() {
    let (_province, city, _) = tiers().await;
    let operator = city.sign_in("system").await;
    let path = "/api/v1/console/exchange/links/370000/settings";
    let window = |class: &str, from: &str, to: &str| json!([{ "class": class, "from": from, "to": to }]);
    let cases = [
        (json!({ "rate": 0 }), "XCH-0501", "rate"),
        (json!({ "batch": 5001 }), "XCH-0502", "batch"),
        (json!({ "windows": vec![window("bulk", "01:00", "02:00")[0].clone(); 13] }), "XCH-0503", "windows"),
        (json!({ "windows": window("urgent", "01:00", "02:00") }), "XCH-0504", "windows[0]"),
        (json!({ "windows": window("bulk", "02:00", "02:00") }), "XCH-0505", "windows[0]"),
        (json!({ "windows": window("bulk", "25:00", "02:00") }), "XCH-0505", "windows[0]"),
        (json!({ "windows": window("fast", "01:00", "02:00") }), "XCH-0508", "windows[0].class"),
    ];
    for (part, code, field) in cases {
        let mut body = json!({ "version": 0, "rate": null, "batch": null, "windows": [] });
        for (name, value) in part.as_object().expect("a part") {
            body[name] = value.clone();
        }
        let reply = operator.request("put", path, &body).await;
        assert_eq!((reply.refusal(), &reply.body["error"]["field"]), ((400, code), &json!(field)), "{reply:?}");
    }
    let pause = "/api/v1/console/exchange/links/370000/pause";
    let silent = operator.post(pause, &json!({ "classes": ["bulk"], "reason": " " })).await;
    assert_eq!(silent.refusal(), (400, "XCH-0506"));
    let urgent = operator.post(pause, &json!({ "classes": ["urgent"], "reason": "x" })).await;
    assert_eq!(urgent.refusal(), (400, "XCH-0507"));
    set(&operator, json!({ "rate": 9, "batch": null, "windows": [] })).await;
    let stale = json!({ "version": 0, "rate": 8, "batch": null, "windows": [] });
    assert_eq!(operator.request("put", path, &stale).await.refusal(), (409, "SYS-0409"));
    assert_eq!(link(&operator).await["settings"]["rate"], 9);
    let regulator = city.sign_in("regulator").await;
    assert_eq!(regulator.request("put", path, &stale).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_4_1b_a_broken_link_says_what_is_wrong_since_when_and_what_to_do() {
    let (mut province, city, system) = tiers().await;
    let operator = city.sign_in("system").await;
    let began = city.clock.now();
    province.stop().await;
    report(&city, &system, 10..20).await;
    wait_for("the fault", || async { flow(&link(&operator).await, "bulk")["state"] == "broken" }).await;
    let seen = link(&operator).await;
    let bulk = flow(&seen, "bulk");
    let fault = &bulk["fault"];
    assert_eq!(fault["code"], "XCH-0204", "{seen}");
    assert!(fault["reason"].as_str().is_some_and(|text| text.contains("无法连接")), "{seen}");
    assert!(fault["advice"].as_str().is_some_and(|text| text.contains("自动续传")), "{seen}");
    assert!(fault["since"].as_str().is_some_and(|at| at >= began.to_string().as_str()), "{seen}");
    let pending = bulk["pending"].as_u64().expect("a number");
    assert!(pending >= 10, "{seen}");
    assert_eq!((&seen["state"], &seen["records_behind"]), (&json!("broken"), &bulk["pending"]), "{seen}");

    // What waits is counted when it lies in sealed files, too.
    let node = city.node();
    let last = node.store.last_position().await.expect("a position");
    let sealer = Sealer { key: &node.signing_key, entropy: &*node.entropy };
    let count = usize::try_from(last).expect("few");
    assert_eq!(node.store.seal_records(&sealer, count, last, city.clock.now()).await.expect("sealed"), count);
    city.set_clock(began.plus_millis(2 * HOUR));
    let seen = link(&operator).await;
    assert_eq!(flow(&seen, "bulk")["pending"], pending, "{seen}");
    assert!(flow(&seen, "bulk")["oldest_seconds"].as_u64() >= Some(7_000), "{seen}");

    province.start().await;
    in_step(&operator, "bulk").await;
    let seen = link(&operator).await;
    assert_eq!(flow(&seen, "bulk")["fault"], Value::Null, "{seen}");
    assert_eq!((&seen["records_behind"], &seen["last_error"]), (&json!(0), &Value::Null), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_4_1a_a_link_is_not_in_step_when_the_peer_has_confirmed_another_record() {
    let (_province, city, _) = tiers().await;
    let operator = city.sign_in("system").await;
    let node = city.node();
    let heads = node.store.heads().await.expect("heads");
    let head = heads.into_iter().find(|head| head.stream == Stream::Up(Class::Bulk)).expect("the chain");
    let mut other = head.clone();
    other.hash[0] ^= 1;
    let tx = node.store.begin().await.expect("a transaction");
    tx.note_confirmed("370000", &other, city.clock.now()).await.expect("noted");
    tx.commit().await.expect("a commit");
    let seen = link(&operator).await;
    let bulk = flow(&seen, "bulk");
    assert_eq!((&bulk["pending"], &bulk["state"]), (&json!(0), &json!("broken")), "{seen}");
    assert_eq!(bulk["chains"][0]["differs"], true, "{seen}");
    assert!(seen["last_error"].as_str().is_some_and(|text| text.contains("XCH-0323")), "{seen}");
}
