//! Three live tiers: what a city accepts arrives at the province and the nation, once, with signed receipts.

use serde_json::json;
use suyuan_domain::clock::Clock;

use crate::harness::{Setup, TestApp, event, wait_for};

const SYSTEM: &str = "SYS-370200-001";
const SUBJECT: &str = "3702000010001";

async fn events_today(app: &TestApp) -> u64 {
    let regulator = app.sign_in("regulator").await;
    let list = regulator.get("/api/v1/console/events?limit=1").await.ok();
    list["count"]["value"].as_u64().expect("a count")
}

async fn report(app: &TestApp, message: &str, numbers: std::ops::Range<u32>, system: &crate::harness::Caller) {
    let now = app.clock.now();
    let events: Vec<_> = numbers.map(|number| event(number, SUBJECT, "370202", now)).collect();
    let answer = system.post("/open/v1/events", &json!({ "message_id": message, "events": events })).await.ok();
    assert_eq!(answer["accepted"], json!(events.len()), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d_shape_an_event_travels_from_city_to_nation_with_receipts() {
    let nation = TestApp::with("000000", Setup::at_noon()).await;
    let province = nation.child("370000").await;
    let city = province.child("370200").await;
    let system = city.live_system(SYSTEM, "370202", "farming").await;
    report(&city, "M-1", 0..25, &system).await;
    let code = event(7, SUBJECT, "370202", city.clock.now())["outputs"][0]["code"].as_str().expect("a code").to_owned();
    let anybody = city.anybody();
    wait_for("the portal", || async {
        let found = anybody.get(&format!("/api/v1/portal/trace/{code}")).await.body;
        found["path"].as_array().is_some_and(|path| !path.is_empty())
    })
    .await;
    for app in [&city, &province, &nation] {
        let regulator = app.sign_in("regulator").await;
        wait_for(&format!("25 in the cockpit of {}", app.code), || async {
            let cockpit = regulator.get("/api/v1/console/cockpit").await.ok();
            assert_eq!(cockpit["scope"]["division"], app.code.as_str());
            let figures = cockpit["figures"].as_array().expect("figures");
            let today = figures.iter().find(|figure| figure["key"] == "events_today").expect("the figure");
            today["value"] == "25" && today["state"] == "value"
        })
        .await;
        assert_eq!(events_today(app).await, 25, "{}", app.code);
    }
    let watcher = city.sign_in("security").await;
    wait_for("the city to be in step", || async {
        let state = watcher.get("/api/v1/console/exchange").await.ok();
        state["parent"]["state"] == "in_step" && state["parent"]["records_behind"] == 0
    })
    .await;
    let state = watcher.get("/api/v1/console/exchange").await.ok();
    assert!(state["receipts"].as_array().is_some_and(|receipts| !receipts.is_empty()), "{state}");
}

#[tokio::test(flavor = "multi_thread")]
async fn n_tier_a_province_that_was_down_catches_up_and_nothing_doubles() {
    let mut province = TestApp::alone("370000").await;
    let city = province.child("370200").await;
    let system = city.live_system(SYSTEM, "370202", "farming").await;
    report(&city, "M-1", 0..10, &system).await;
    wait_for("the first events", || async { events_today(&province).await == 10 }).await;
    province.stop().await;
    report(&city, "M-2", 10..30, &system).await;
    province.start().await;
    wait_for("the rest", || async { events_today(&province).await == 30 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g_4c_a_node_that_nobody_admitted_and_bytes_that_prove_nothing_are_refused() {
    let province = TestApp::alone("370000").await;
    let stranger = province.anybody();
    let garbage = stranger.post_bytes("/exchange/v1/batches", "application/vnd.suyuan.batch", vec![7; 500]).await;
    assert!((400..500).contains(&garbage.status), "{garbage:?}");
    assert!(garbage.body["error"]["code"].as_str().is_some_and(|code| code.starts_with("XCH-")), "{garbage:?}");
    let enrol = stranger.post_bytes("/exchange/v1/enrol", "application/vnd.suyuan.document", b"{}".to_vec()).await;
    assert!((400..500).contains(&enrol.status), "{enrol:?}");
}
