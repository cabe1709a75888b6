//! A complaint from the portal to its answer, followed by number and telephone tail.

use serde_json::json;

use crate::harness::{TestApp, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn g_6_9b_a_complaint_is_handed_in_answered_and_followed_by_its_number() {
    let province = TestApp::alone("370000").await;
    let city = province.child("370200").await;
    let citizen = city.anybody();
    let text = "购买的猪肉没有追溯码，请核查。";
    let complaint = json!({ "kind": "complaint", "text": text, "phone": "13812345678", "name": "李四" });
    let taken = citizen.post("/api/v1/portal/complaints", &complaint).await.ok();
    let number = taken["number"].as_str().expect("a number").to_owned();
    let stranger = citizen.get(&format!("/api/v1/portal/complaints/{number}?phone_tail=0000")).await;
    assert_eq!(stranger.status, 404, "{stranger:?}");

    let officer = city.sign_in("regulator").await;
    let list = officer.get("/api/v1/console/complaints").await.ok();
    let entry = &list["items"][0];
    assert!(!list.to_string().contains("13812345678"), "a list shows no whole telephone number");
    let id = entry["id"].as_str().expect("an id").to_owned();
    let accept = json!({ "version": entry["version"], "action": "accept", "text": "已受理，正在核查。" });
    let accepted = officer.post(&format!("/api/v1/console/complaints/{id}/steps"), &accept).await.ok();
    let answer = json!({ "version": accepted["version"], "action": "answer", "text": "经核查已责令整改。" });
    officer.post(&format!("/api/v1/console/complaints/{id}/steps"), &answer).await.ok();

    let followed = citizen.get(&format!("/api/v1/portal/complaints/{number}?phone_tail=5678")).await.ok();
    assert!(followed["steps"].to_string().contains("经核查已责令整改"), "{followed}");
    let above = province.sign_in("regulator").await;
    wait_for("the complaint at the province", || async {
        let list = above.get("/api/v1/console/complaints").await.ok();
        list["items"][0]["number"] == number.as_str()
    })
    .await;
}
