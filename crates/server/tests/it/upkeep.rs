//! What a node does by itself for what it keeps: the daily proof, and forgetting what is kept for a time only.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::period::Day;
use suyuan_service::{housekeeping, proof};
use suyuan_store::segment::Sealer;

use crate::caller::{Caller, wait_for};
use crate::harness::{Setup, TestApp, event};

const SYSTEM: &str = "SYS-370200-001";
const SUBJECT: &str = "3702000010001";
const DAY: i64 = 86_400_000;

async fn reporting(code: &str) -> (TestApp, Caller) {
    let app = TestApp::with(code, Setup::at_noon()).await;
    let system = app.live_system(SYSTEM, "370202", "farming").await;
    (app, system)
}

async fn report(system: &Caller, message: &str, events: &[Value]) -> Value {
    system.post("/open/v1/events", &json!({ "message_id": message, "events": events })).await.ok()
}

/// Asks for the proof of the day on which the clock stands, and waits until it is done.
async fn proved(app: &TestApp) -> proof::Proof {
    let (node, now) = (app.node(), app.clock.now());
    proof::enqueue(node, Day::of(now)).await.expect("a job");
    let done = async || proof::last(node).await.expect("a state").filter(|proof| proof.at >= now);
    wait_for("the proof", || async { done().await.is_some() }).await;
    done().await.expect("a proof")
}

#[tokio::test(flavor = "multi_thread")]
async fn h_8_the_daily_proof_finds_an_altered_byte_and_says_so_in_the_audit_trail() {
    let (app, system) = reporting("370200").await;
    let events: Vec<Value> = (0..60).map(|number| event(number, SUBJECT, "370202", app.clock.now())).collect();
    report(&system, "M-1", &events).await;
    let node = app.node();
    wait_for("the journal", || async { node.store.last_position().await.is_ok_and(|last| last >= 60) }).await;
    let sealer = Sealer { key: &node.signing_key, entropy: &*node.entropy };
    let sealed = node.store.seal_records(&sealer, 50, 50, app.clock.now()).await.expect("a segment");
    assert_eq!(sealed, 50);

    let whole = proved(&app).await;
    assert_eq!(whole.fault, None);
    assert!(whole.position >= 60, "{whole:?}");

    let path = node.config.data_dir.join("segments").join(format!("{:016}.seg", 1));
    let kept = std::fs::read(&path).expect("the segment");
    let mut altered = kept.clone();
    altered[kept.len() / 2] ^= 1;
    std::fs::write(&path, &altered).expect("the altered segment");
    app.set_clock(app.clock.now().plus_millis(DAY));
    let fault = proved(&app).await.fault.expect("the altered byte was passed over");
    assert!(fault.contains("封存文件") && fault.contains("0000000000000001.seg"), "{fault}");

    std::fs::write(&path, &kept).expect("the segment as it was");
    app.set_clock(app.clock.now().plus_millis(DAY));
    assert_eq!(proved(&app).await.fault, None);

    let auditor = app.sign_in("audit").await;
    let trail = auditor.get(&format!("/api/v1/console/audit?action={}", proof::PROVE_JOB)).await.ok();
    let results: Vec<&str> =
        trail["items"].as_array().expect("rows").iter().filter_map(|row| row["result"].as_str()).collect();
    assert_eq!(results, ["ok", "failed", "ok"], "{trail}");
    assert!(trail.to_string().contains("0000000000000001.seg"), "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_8_an_event_reported_again_after_its_identifier_was_forgotten_is_still_known() {
    let (app, system) = reporting("370200").await;
    let node = app.node();
    let events: Vec<Value> = (0..3).map(|number| event(number, SUBJECT, "370202", app.clock.now())).collect();
    assert_eq!(report(&system, "M-1", &events).await["accepted"], 3);
    let regulator = app.sign_in("regulator").await;
    wait_for("the events in the warehouse", || async {
        regulator.get("/api/v1/console/events?limit=1").await.ok()["count"]["value"] == 3
    })
    .await;
    assert!(node.store.answered(SYSTEM, "M-1").await.expect("a look").is_some());

    app.set_clock(app.clock.now().plus_millis(50 * DAY));
    housekeeping::enqueue(node, Day::of(app.clock.now())).await.expect("a job");
    wait_for("forgetting", || async {
        let tx = node.store.begin().await.expect("a transaction");
        let ids: Vec<&str> = events.iter().filter_map(|event| event["event_id"].as_str()).collect();
        let keys = tx.event_keys(SUBJECT, &ids).await.expect("a look");
        tx.rollback().await.expect("nothing was written");
        keys.is_empty() && node.store.answered(SYSTEM, "M-1").await.expect("a look").is_none()
    })
    .await;

    let answer = report(&system, "M-2", &events).await;
    assert_eq!((&answer["duplicate"], &answer["accepted"]), (&json!(3), &json!(0)), "{answer}");
}
