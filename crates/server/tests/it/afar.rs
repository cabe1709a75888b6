//! Chains that leave a city: the parent walks on, and who does not answer is named.

use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, Timestamp};

use crate::harness::{Caller, TestApp, event, wait_for};

const FARM: &str = "3701000010001";
const MARKET: &str = "3702000020001";
const STRANGER: &str = "application/vnd.suyuan.document";

async fn report(system: &Caller, message: &str, event: &Value) {
    let answer = system.post("/open/v1/events", &json!({ "message_id": message, "events": [event] })).await.ok();
    assert_eq!(answer["accepted"], json!(1), "{answer}");
}

/// Pigs of a farm in 济南, with a test.
fn bred(now: Timestamp) -> Value {
    let mut bred = event(1, FARM, "370102", now.plus_millis(-7_200_000));
    bred["subject_name"] = json!("济南示范养殖场");
    bred["inspection"] = json!({ "item": "非洲猪瘟", "passed": true });
    bred
}

/// The market in 青岛 receives them.
fn received(code: &str, now: Timestamp) -> Value {
    json!({
        "event_id": "urn:test:received:1", "type": "object", "biz_step": "receiving", "category": "agri",
        "stage": "farming", "event_time": now.plus_millis(-3_600_000).to_string(), "subject": MARKET,
        "subject_name": "青岛批发市场", "division": "370202", "peer": FARM, "peer_division": "370102", "direction": "in",
        "product": "01010101", "product_name": "生猪", "batch": "B000001", "voucher": "V-1",
        "inputs": [{ "code": code, "quantity": "100.5", "unit": "kg" }], "quantity": "100.5", "unit": "kg",
    })
}

struct Cities {
    province: TestApp,
    receiving: TestApp,
    code: String,
}

/// A farm in one city, a market in another, below one province that knows both.
async fn two_cities() -> Cities {
    let province = TestApp::alone("370000").await;
    let (farming, receiving) = (province.child("370100").await, province.child("370200").await);
    let farm = farming.live_system("SYS-370100-001", "370102", "farming").await;
    let market = receiving.live_system("SYS-370200-001", "370202", "farming").await;
    let bred = bred(farming.clock.now());
    let code = bred["outputs"][0]["code"].as_str().expect("a code").to_owned();
    report(&farm, "M-1", &bred).await;
    report(&market, "M-1", &received(&code, receiving.clock.now())).await;
    let above = province.anybody();
    wait_for("both reports at the province", || async {
        above.get(&path(&code)).await.body["path"].as_array().is_some_and(|path| path.len() == 2)
    })
    .await;
    Cities { province, receiving, code }
}

fn path(code: &str) -> String {
    format!("/api/v1/portal/trace/{code}")
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_5_3a_goods_from_another_city_are_followed_to_their_source_through_the_province() {
    let Cities { mut province, receiving, code } = two_cities().await;
    let here = receiving.anybody();
    wait_for("the report in the city", || async { here.get(&path(&code)).await.body["path"][0].is_object() }).await;
    let told = here.get(&path(&code)).await.ok();
    assert_eq!(told["verdict"], "complete", "{told}");
    assert_eq!(told["path"][0]["subject_name"], "济南示范养殖场");
    assert_eq!(told["path"][0]["inspection"]["item"], "非洲猪瘟");
    assert_eq!(told["path"][1]["subject_name"], "青岛批发市场");
    assert!(!told.to_string().contains("V-1"), "the public is told no vouchers: {told}");

    let regulator = receiving.sign_in("regulator").await;
    let console = format!("/api/v1/console/trace?code={code}&direction=up");
    let chain = regulator.get(&console).await.ok();
    assert_eq!(chain["gaps"], json!([]), "{chain}");
    assert_eq!(chain["nodes"].as_array().map(Vec::len), Some(2), "{chain}");

    province.stop().await;
    let alone = here.get(&path(&code)).await.ok();
    assert_eq!(alone["verdict"], "gaps");
    let why = alone["missing"][0]["why"].as_str().unwrap_or_default();
    assert!(why.contains("山东省") && why.contains("未答复"), "{alone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_4c_a_question_about_chains_from_nobody_is_refused() {
    let province = TestApp::alone("370000").await;
    let refused = province.anybody().post_bytes("/exchange/v1/chains", STRANGER, vec![9; 200]).await;
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert!(refused.body["error"]["code"].as_str().is_some_and(|code| code.starts_with("XCH-")), "{refused:?}");
}
