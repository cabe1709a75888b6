//! One code, three nodes: who holds it is decided without a lock, comes out the same everywhere, and is mended by its owners.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Caller, TestApp, wait_for};
use crate::subject::firm;

const SUBJECTS: &str = "/api/v1/console/subjects";
const USCC: &str = "91350100M000100Y43";

struct Land {
    nation: TestApp,
    east: TestApp,
    north: TestApp,
    qingdao: TestApp,
    jinan: TestApp,
}

impl Land {
    async fn new() -> Self {
        let nation = TestApp::alone("000000").await;
        let east = nation.child("370000").await;
        let north = nation.child("320000").await;
        let qingdao = east.child("370200").await;
        let jinan = east.child("370100").await;
        Self { nation, east, north, qingdao, jinan }
    }

    /// The upper tiers are away while three nodes register the same firm, first Jinan, then Jiangsu, then Qingdao.
    async fn register_apart(&mut self) -> [String; 3] {
        self.nation.stop().await;
        self.east.stop().await;
        let mut ids = Vec::new();
        for (app, division) in [(&self.jinan, "370102"), (&self.north, "320102"), (&self.qingdao, "370202")] {
            let mut body = firm("", "青岛绿源农产品有限公司");
            (body["uscc"], body["division"]) = (json!(USCC), json!(division));
            let made = app.sign_in("regulator").await.post(SUBJECTS, &body).await.ok();
            ids.push(made["id"].as_str().expect("an id").to_owned());
        }
        self.nation.start().await;
        self.east.start().await;
        ids.try_into().expect("three ids")
    }

    fn all(&self) -> [&TestApp; 5] {
        [&self.nation, &self.east, &self.north, &self.qingdao, &self.jinan]
    }
}

async fn one(who: &Caller, id: &str) -> Value {
    who.get(&format!("{SUBJECTS}/{id}")).await.body
}

/// Waits until `app` shows the entry with or without a conflict, and gives it.
async fn settled(app: &TestApp, id: &str, conflict: bool) -> Value {
    let who = app.sign_in("regulator").await;
    wait_for(&format!("conflict {conflict} of {id} at {}", app.code), || async {
        one(&who, id).await["conflict"] == conflict
    })
    .await;
    one(&who, id).await
}

/// Where an entry is to be seen: at its owner and above.
fn sees(app: &TestApp, owner: &str) -> bool {
    app.node().divisions.is_within(owner, &app.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_1b_three_nodes_register_one_firm_and_all_name_the_same_holder() {
    let mut land = Land::new().await;
    let [first, second, third] = land.register_apart().await;
    let owners = [(&first, "370100"), (&second, "320000"), (&third, "370200")];
    for app in land.all() {
        for (id, owner) in owners.iter().filter(|(_, owner)| sees(app, owner)) {
            let seen = settled(app, id, *id != &first).await;
            match *id == &first {
                true => assert!(seen["rival"].is_null(), "{owner} at {}: {seen}", app.code),
                false => assert_eq!(seen["rival"]["node"], "370100", "{owner} at {}: {seen}", app.code),
            }
        }
    }
    // The code stands for its holder wherever both are known.
    let named = land.nation.node().store.system_entry_by_code("subject", USCC).await.expect("the store");
    assert_eq!(named.map(|entry| entry.object.to_string()), Some(first.clone()));
    approval_waits_for_the_conflict(&land, &third).await;
    // One owner gives another code, the other says that it is the same firm.
    let qingdao = land.qingdao.sign_in("regulator").await;
    let version = one(&qingdao, &third).await["version"].clone();
    let body = json!({ "version": version, "code": "370202001", "reason": "另行编码" });
    let mended = qingdao.post(&format!("{SUBJECTS}/{third}/recode"), &body).await.ok();
    assert_eq!((&mended["code"], &mended["conflict"]), (&json!("370202001"), &json!(false)));
    let north = land.north.sign_in("regulator").await;
    let version = one(&north, &second).await["version"].clone();
    let body = json!({ "version": version, "reason": "与济南登记为同一企业" });
    let linked = north.post(&format!("{SUBJECTS}/{second}/same-as"), &body).await.ok();
    assert_eq!((&linked["conflict"], &linked["linked"]), (&json!(false), &json!(true)));
    for app in land.all() {
        for (id, _) in owners.iter().filter(|(_, owner)| sees(app, owner)) {
            settled(app, id, false).await;
        }
    }
    let above = land.nation.sign_in("regulator").await;
    wait_for("the new code at the nation", || async { one(&above, &third).await["code"] == "370202001" }).await;
    assert_eq!(one(&above, &second).await["linked"], true);
    let free = qingdao
        .post(&format!("{SUBJECTS}/{third}/recode"), &json!({ "version": 2, "code": USCC, "reason": "x" }))
        .await;
    assert_eq!(free.status, 409, "{}", free.body);
}

/// An entry whose code is in dispute is not filed.
async fn approval_waits_for_the_conflict(land: &Land, id: &str) {
    let qingdao = land.qingdao.sign_in("regulator").await;
    let entry = one(&qingdao, id).await;
    let actions: BTreeSet<&str> =
        entry["actions"].as_array().expect("actions").iter().filter_map(Value::as_str).collect();
    assert!(actions.contains("recode") && actions.contains("same_as"), "{actions:?}");
    let review = json!({ "version": entry["version"], "decision": "approve", "reason": "" });
    let refused = qingdao.post(&format!("{SUBJECTS}/{id}/review"), &review).await;
    assert_eq!(refused.body["error"]["code"], "REG-0909");
    // Whoever asks for it anew at this node is told that it is taken, without being told by whom.
    let mut body = firm("", "另一家公司");
    body["uscc"] = json!(USCC);
    let again = qingdao.post(SUBJECTS, &body).await;
    assert_eq!((again.status, &again.body["error"]["code"]), (409, &json!("SUBJ-0105")));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_1b_when_the_holder_lets_go_the_next_one_holds_the_code() {
    let mut land = Land::new().await;
    let [first, second, third] = land.register_apart().await;
    settled(&land.qingdao, &third, true).await;
    settled(&land.north, &second, true).await;
    let jinan = land.jinan.sign_in("regulator").await;
    let version = one(&jinan, &first).await["version"].clone();
    let cancel = json!({ "version": version, "decision": "cancel", "reason": "重复登记" });
    jinan.post(&format!("{SUBJECTS}/{first}/review"), &cancel).await.ok();
    settled(&land.north, &second, false).await;
    settled(&land.nation, &second, false).await;
    let who = land.qingdao.sign_in("regulator").await;
    wait_for("the new holder to be named at Qingdao", || async {
        one(&who, &third).await["rival"]["node"] == "320000"
    })
    .await;
    assert_eq!(settled(&land.nation, &third, true).await["rival"]["node"], "320000");
    assert_eq!(settled(&land.east, &third, true).await["rival"]["node"], "320000");
}
