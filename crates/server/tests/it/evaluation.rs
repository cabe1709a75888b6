//! Grades from tier to tier: what the tier above said of this node stands beside its own table, never in it.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::period::{Day, Period};

use crate::harness::{Caller, Setup, TestApp, event, wait_for};

const SUBJECT: &str = "3702000010001";

async fn divisions(regulator: &Caller, month: Period) -> Value {
    regulator.get(&format!("/api/v1/console/evaluations?kind=division&period={month}")).await.ok()
}

async fn computed(regulator: &Caller, month: Period) {
    let period = json!({ "period": month.to_string() });
    regulator.post("/api/v1/console/evaluations/compute", &period).await.ok();
}

fn codes(ranking: &Value) -> Vec<&str> {
    ranking["rows"].as_array().into_iter().flatten().filter_map(|row| row["code"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_8_2a_a_province_ranks_its_cities_and_reads_its_own_grade_from_the_nation_beside_them() {
    let nation = TestApp::with("000000", Setup::at_noon()).await;
    let province = nation.child("370000").await;
    let city = province.child("370200").await;
    let system = city.live_system("SYS-370200-001", "370202", "farming").await;
    let now = city.clock.now();
    let events: Vec<Value> = (0..5).map(|number| event(number, SUBJECT, "370202", now)).collect();
    system.post("/open/v1/events", &json!({ "message_id": "M-1", "events": events })).await.ok();
    let month = Period::month_of(Day::of(now));
    let (above, own) = (nation.sign_in("regulator").await, province.sign_in("regulator").await);
    for regulator in [&above, &own] {
        wait_for("the system's filing and its events", || async {
            let systems = regulator.get("/api/v1/console/systems").await.ok();
            let events = regulator.get("/api/v1/console/events?limit=1").await.ok();
            systems["count"]["value"] == 1 && events["count"]["value"] == 5
        })
        .await;
        computed(regulator, month).await;
    }
    wait_for("the nation's grade", || async { divisions(&own, month).await["from_above"].is_object() }).await;
    wait_for("the province's table", || async { !codes(&divisions(&own, month).await).is_empty() }).await;
    let ranking = divisions(&own, month).await;
    assert_eq!(codes(&ranking), ["370200"], "{ranking}");
    assert_eq!((&ranking["from_above"]["code"], &ranking["from_above"]["node"]), (&json!("370000"), &json!("000000")));
    assert_eq!(codes(&divisions(&above, month).await), ["370000"], "the nation's table is its own");
}
