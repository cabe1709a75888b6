//! Deleting an account: asked for, confirmed, undone in time, then erased without a trace of the person, the trail whole.

use serde_json::{Value, json};

use crate::caller::CHANGED_PASSWORD;
use crate::harness::{Caller, TestApp, wait_for};
use crate::people::{ACCOUNTS, made};

const NAME: &str = "欧阳慕容甲";
const PHONE: &str = "13955550137";
const MAIL: &str = "ouyang.jia@erase.example";
const DAY: i64 = 86_400_000;

/// Every file under the node's folder that holds one of the person's data.
fn found(app: &TestApp) -> Vec<String> {
    let mut folders = vec![app.folder().to_owned()];
    let mut hits = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap_or_default();
            for part in [NAME, PHONE, MAIL] {
                if bytes.windows(part.len()).any(|window| window == part.as_bytes()) {
                    hits.push(format!("{} holds {part}", path.display()));
                }
            }
        }
    }
    hits
}

async fn wished(app: &TestApp, me: &Caller) {
    let state = me.post("/api/v1/own/deletion", &json!({})).await.ok();
    assert_eq!(state["deletion"]["state"], "requested");
    let security = app.sign_in("security").await;
    let waiting = security.get(&format!("{ACCOUNTS}?deletion=requested")).await.ok();
    assert_eq!(waiting["items"][0]["username"], "ouyang");
}

#[tokio::test(flavor = "multi_thread")]
async fn h_6_5_a_deleted_account_is_erased_after_seven_days_and_the_trail_stays_whole() {
    let app = TestApp::alone("370200").await;
    let person =
        json!({ "username": "ouyang", "role": "supervisor", "display_name": NAME, "phone": PHONE, "email": MAIL });
    let id = made(&app, &person).await;
    let one = format!("{ACCOUNTS}/{id}");
    let me = app.sign_in("ouyang").await;
    assert_eq!(me.get("/api/v1/session").await.ok()["account"]["display_name"], NAME);
    // It does something that stays.
    let notice = json!({ "title": "通知", "kind": "notice", "body": "内容" });
    me.post("/api/v1/console/notices", &notice).await.ok();
    wished(&app, &me).await;
    let security = app.sign_in("security").await;
    let wrapped = app.node().store.system_account(id.parse().expect("an id")).await.expect("a store");
    let wrapped = wrapped.and_then(|account| account.person_key).expect("the person's key");

    let confirmed = security.post(&format!("{one}/deletion"), &json!({})).await.ok();
    assert_eq!((&confirmed["deletion"], &confirmed["state"]), (&json!("confirmed"), &json!("disabled")));
    assert_eq!(me.get("/api/v1/session").await.status, 401);
    assert_eq!(security.post(&format!("{one}/enable"), &json!({})).await.refusal(), (409, "AUTH-0129"));
    // Undone in time, nothing is erased when the day comes.
    let undone = security.request("delete", &format!("{one}/deletion"), &json!({})).await.ok();
    assert_eq!((&undone["deletion"], &undone["display_name"]), (&json!("none"), &json!(NAME)));
    app.set_clock(app.node().now().plus_millis(8 * DAY));
    let again = security.post(&format!("{one}/deletion"), &json!({})).await.ok();
    assert_eq!(again["display_name"], NAME, "the first deletion was undone");

    app.set_clock(app.node().now().plus_millis(8 * DAY));
    let deleted = async || security.get(&format!("{ACCOUNTS}?state=deleted")).await.ok()["items"].clone();
    wait_for("the person to be erased", || async { deleted().await.as_array().is_some_and(|items| items.len() == 1) })
        .await;
    let row = deleted().await[0].clone();
    let username = row["username"].as_str().expect("a name");
    assert!(username.starts_with("deleted-") && row["display_name"] == "" && row["phone"] == "" && row["email"] == "");
    assert_eq!(app.anybody().begin("ouyang", CHANGED_PASSWORD).await.refusal(), (401, "AUTH-0101"));
    assert_eq!(app.anybody().begin(username, CHANGED_PASSWORD).await.refusal(), (401, "AUTH-0101"));
    assert_eq!(security.post(&format!("{one}/enable"), &json!({})).await.refusal(), (409, "AUTH-0129"));
    for words in ["ouyang", PHONE] {
        assert_eq!(security.get(&format!("{ACCOUNTS}?q={words}")).await.ok()["count"]["value"], 0, "{words}");
    }
    // The trail is whole and still says what the office did.
    let trail = app.sign_in("audit").await.get("/api/v1/console/audit?actor=ouyang").await.ok();
    assert!(trail["count"]["value"].as_u64() >= Some(2), "{trail}");
    app.node().store.walk_audit(None, None, &[]).await.expect("a walk").expect("a whole trail");
    let text = |value: &Value| value.to_string();
    assert!(![NAME, PHONE, MAIL].iter().any(|part| text(&trail).contains(part)));
    // Nothing is left on the disk, the key neither. PostgreSQL keeps its files elsewhere.
    let mut app = app;
    let on_disk = app.folder().join("node.db");
    app.stop().await;
    assert_eq!(found(&app), Vec::<String>::new());
    if let Ok(bytes) = std::fs::read(on_disk) {
        assert!(!bytes.windows(wrapped.len()).any(|window| window == wrapped.as_slice()), "the key is destroyed");
    }
}
