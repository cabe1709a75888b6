//! The cockpit's figures say up to which position of the journal they know it, and do.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;

use crate::harness::{Setup, TestApp, event, wait_for};

fn events_today(cockpit: &Value) -> u64 {
    let figures = cockpit["figures"].as_array().expect("figures");
    let today = figures.iter().find(|figure| figure["key"] == "events_today").expect("the figure");
    today["value"].as_str().and_then(|value| value.parse().ok()).or_else(|| today["value"].as_u64()).unwrap_or_default()
}

async fn position(app: &TestApp) -> u64 {
    app.node().store.last_position().await.expect("a position")
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_8_figures_that_claim_a_position_show_every_event_up_to_it() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let system = app.live_system("SYS-370200-001", "370202", "farming").await;
    let regulator = app.sign_in("regulator").await;
    for number in 1..=6_u32 {
        let sent = event(number, "3702000010001", "370202", app.clock.now());
        let message = json!({ "message_id": format!("M-{number}"), "events": [sent] });
        let before = position(&app).await;
        system.post("/open/v1/events", &message).await.ok();
        // On PostgreSQL the sequencer gives positions after the answer, to a whole transaction at once.
        wait_for("the event in the journal", || async { position(&app).await > before }).await;
        let written = position(&app).await;
        wait_for("the event in the figures", || async {
            let cockpit = regulator.get("/api/v1/console/cockpit").await.ok();
            let claimed = cockpit["position"].as_u64().expect("a position") >= written;
            let seen = events_today(&cockpit) == u64::from(number);
            assert!(seen || !claimed, "event {number} is missing in figures that claim to know it: {cockpit}");
            seen && claimed
        })
        .await;
    }
}
