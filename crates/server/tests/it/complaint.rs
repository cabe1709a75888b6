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

#[tokio::test(flavor = "multi_thread")]
async fn g_6_9b_suggestions_questions_complaints_and_reports_are_all_taken_and_answered() {
    let city = TestApp::alone("370200").await;
    let citizen = city.anybody();
    let officer = city.sign_in("regulator").await;
    for (kind, text) in [
        ("suggestion", "建议在菜市场入口增设查询终端。"),
        ("consult", "请问追溯码在哪里查询？"),
        ("complaint", "购买的蔬菜与追溯信息不符。"),
        ("report", "举报某摊位伪造交易凭证。"),
    ] {
        let matter = json!({ "kind": kind, "text": text, "phone": "13812345678", "name": "李四" });
        let taken = citizen.post("/api/v1/portal/complaints", &matter).await.ok();
        let number = taken["number"].as_str().expect("a number").to_owned();
        let list = officer.get(&format!("/api/v1/console/complaints?kind={kind}")).await.ok();
        let entry = list["items"].as_array().expect("items").iter().find(|item| item["number"] == number.as_str());
        let entry = entry.unwrap_or_else(|| panic!("{kind} is not on the list: {list}"));
        let path = format!("/api/v1/console/complaints/{}/steps", entry["id"].as_str().expect("an id"));
        let accept = json!({ "version": entry["version"], "action": "accept", "text": "已受理。" });
        let accepted = officer.post(&path, &accept).await.ok();
        let reply = format!("答复：{text}");
        let answer = json!({ "version": accepted["version"], "action": "answer", "text": reply });
        officer.post(&path, &answer).await.ok();
        let followed = citizen.get(&format!("/api/v1/portal/complaints/{number}?phone_tail=5678")).await.ok();
        assert!(followed["steps"].to_string().contains(&reply), "{followed}");
    }
}
