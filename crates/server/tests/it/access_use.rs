//! Tokens, quotas and monitoring of connected systems. Rows: G-6.7.1, G-6.7.2.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_service::access::watch;

use crate::access_join::message;
use crate::caller::Caller;
use crate::harness::{Setup, TestApp, system, wait_for};

const SYSTEMS: &str = "/api/v1/console/systems";
const DAY: i64 = 86_400_000;

async fn issue(regulator: &Caller, id: &str, wish: &Value) -> (Caller, Value) {
    let issued = regulator.post(&format!("{SYSTEMS}/{id}/tokens"), wish).await.ok();
    (regulator.with_token(issued["token"].as_str().expect("a token")), issued["row"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_2_tokens_are_rotated_with_overlap_and_revoked_at_once() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    let id = regulator.filed("systems", &system("SYS-370200-001", "370202", "farming")).await;
    let path = format!("{SYSTEMS}/{id}/tokens");
    for (wish, code) in [
        (json!({ "name": "", "scopes": ["report"] }), "ACC-0211"),
        (json!({ "name": "甲", "scopes": [] }), "ACC-0212"),
        (json!({ "name": "甲", "scopes": ["fly"] }), "ACC-0212"),
        (json!({ "name": "甲", "scopes": ["report"], "valid_days": 0 }), "ACC-0213"),
    ] {
        assert_eq!(regulator.post(&path, &wish).await.refusal(), (400, code), "{wish}");
    }
    let (reporting, row) = issue(&regulator, &id, &json!({ "name": "报送", "scopes": ["report"] })).await;
    let (beating, _) = issue(&regulator, &id, &json!({ "name": "心跳", "scopes": ["heartbeat"] })).await;
    reporting.post("/open/v1/events", &message(&app, "M-1", 0..1)).await.ok();
    assert_eq!(reporting.post("/open/v1/heartbeat", &json!({})).await.refusal(), (403, "ACC-0204"));
    assert_eq!(beating.post("/open/v1/events", &message(&app, "M-2", 1..2)).await.refusal(), (403, "ACC-0204"));
    beating.post("/open/v1/heartbeat", &json!({})).await.ok();
    let listed = regulator.get(&path).await.ok();
    assert_eq!(listed["count"]["value"], 2);
    assert!(!listed.to_string().contains("\"token\""), "a token is shown once: {listed}");
    let used = listed["items"].as_array().expect("items").iter().find(|one| one["number"] == row["number"]);
    assert_eq!(used.expect("the token")["last_address"], "127.0.0.1", "{listed}");

    let rotate = format!("{path}/{}/rotate", row["number"]);
    let rotated = regulator.post(&rotate, &json!({ "overlap_hours": 2 })).await.ok();
    let fresh = regulator.with_token(rotated["token"].as_str().expect("a token"));
    reporting.post("/open/v1/events", &message(&app, "M-3", 2..3)).await.ok();
    fresh.post("/open/v1/events", &message(&app, "M-4", 3..4)).await.ok();
    app.set_clock(app.clock.now().plus_millis(2 * 3_600_000 + 1000));
    let over = reporting.post("/open/v1/events", &message(&app, "M-5", 4..5)).await;
    assert_eq!(over.refusal(), (401, "ACC-0201"), "the overlap has ended");
    fresh.post("/open/v1/events", &message(&app, "M-6", 5..6)).await.ok();
    let number = &rotated["row"]["number"];
    let revoked = regulator.post(&format!("{path}/{number}/revoke"), &json!({ "reason": "泄露" })).await.ok();
    assert_eq!(revoked["state"], "revoked");
    assert_eq!(fresh.post("/open/v1/events", &message(&app, "M-7", 6..7)).await.refusal(), (401, "ACC-0201"));
    let dead = regulator.post(&format!("{path}/{number}/rotate"), &json!({})).await;
    assert!(matches!(dead.status, 403 | 409), "confirmation first, then a conflict: {dead:?}");
    assert_eq!(app.sign_in("audit").await.post(&path, &json!({ "name": "x", "scopes": ["report"] })).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_2_quotas_refuse_with_the_time_to_wait_and_say_what_was_used() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    let id = regulator.filed("systems", &system("SYS-370200-001", "370202", "farming")).await;
    let (connected, _) = issue(&regulator, &id, &json!({ "name": "报送", "scopes": ["report"] })).await;
    let path = format!("{SYSTEMS}/{id}/quota");
    let quota = regulator.get(&path).await.ok();
    assert!(quota["defaults"]["requests_per_minute"].is_u64() && quota["rows_per_day"].is_null(), "{quota}");
    let wrong = json!({ "version": 0, "rows_per_day": 0, "allow": ["10.0.0.0/40"] });
    assert_eq!(regulator.request("put", &path, &wrong).await.status, 400);
    let set = |version: u64, rest: Value| {
        let mut body = rest;
        body["version"] = version.into();
        let (regulator, path) = (regulator.clone(), path.clone());
        async move { regulator.request("put", &path, &body).await }
    };
    set(0, json!({ "rows_per_day": 5, "body_bytes": 4000 })).await.ok();
    connected.post("/open/v1/events", &message(&app, "M-1", 0..3)).await.ok();
    let over = connected.post("/open/v1/events", &message(&app, "M-2", 3..6)).await;
    assert_eq!(over.refusal(), (429, "ACC-0208"), "{over:?}");
    let large = connected.post("/open/v1/events", &message(&app, "M-3", 10..60)).await;
    assert_eq!(large.refusal(), (413, "ACC-0206"));
    connected.post("/open/v1/events", &message(&app, "M-4", 3..5)).await.ok();
    let used = regulator.get(&path).await.ok();
    assert_eq!((used["today"]["rows"].as_u64(), used["today"]["refused"].as_u64()), (Some(5), Some(1)), "{used}");
    app.set_clock(app.clock.now().plus_millis(DAY));
    connected.post("/open/v1/events", &message(&app, "M-5", 6..8)).await.ok();

    set(1, json!({ "requests_per_minute": 2 })).await.ok();
    assert_eq!(set(1, json!({})).await.refusal(), (409, "SYS-0409"));
    app.set_clock(app.clock.now().plus_millis(10 * 60_000));
    let mut statuses = Vec::new();
    for number in 20..24 {
        let reply = connected.post("/open/v1/events", &message(&app, &format!("N-{number}"), number..number + 1)).await;
        statuses.push(reply.refusal().1.to_owned());
    }
    assert_eq!(statuses, ["", "", "ACC-0207", "ACC-0207"]);
    set(2, json!({ "allow": ["10.1.0.0/16"] })).await.ok();
    let outside = connected.post("/open/v1/events", &message(&app, "M-6", 30..31)).await;
    assert_eq!(outside.refusal(), (403, "ACC-0205"));
    set(3, json!({ "allow": ["10.1.0.0/16", "127.0.0.1"] })).await.ok();
    connected.post("/open/v1/events", &message(&app, "M-7", 31..32)).await.ok();
}

fn letters(app: &TestApp, word: &str) -> usize {
    let Ok(files) = std::fs::read_dir(app.node().config.data_dir.join("mail")) else { return 0 };
    files.flatten().filter(|file| file.file_name().to_string_lossy().contains(word)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_1_a_silent_system_is_warned_about_once_and_its_recovery_is_told() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    let mut market = system("SYS-370200-001", "370202", "market");
    market["email"] = "ops@example.cn".into();
    market["funding"] = "state".into();
    let connected = regulator.connected(&market).await;
    let quiet = system("SYS-370200-002", "370202", "farming");
    regulator.connected(&quiet).await;
    connected.post("/open/v1/events", &message(&app, "M-1", 0..2)).await.ok();
    connected.post("/open/v1/events", &json!({ "nothing": true })).await;
    let monitor = regulator.get(&format!("{SYSTEMS}/monitor")).await.ok();
    assert_eq!(monitor["summary"]["total"], 2, "{monitor}");
    assert_eq!(
        (monitor["summary"]["silent"].as_u64(), monitor["summary"]["state_funded"].as_u64()),
        (Some(0), Some(1))
    );
    let row = |monitor: &Value, code: &str| {
        monitor["items"].as_array().expect("items").iter().find(|row| row["code"] == code).expect(code).clone()
    };
    let busy = row(&monitor, "SYS-370200-001");
    assert_eq!(
        (busy["today"]["requests"].as_u64(), busy["today"]["errors"]["data"].as_u64()),
        (Some(2), Some(1)),
        "{busy}"
    );
    assert!(busy["today"]["mean_ms"].is_u64() && busy["online"] == true, "{busy}");

    app.set_clock(app.clock.now().plus_millis(30 * 3_600_000));
    connected.post("/open/v1/heartbeat", &json!({})).await.ok();
    watch::run(app.node()).await.expect("a look");
    watch::run(app.node()).await.expect("a second look");
    let regulator = app.sign_in("regulator").await;
    let monitor = regulator.get(&format!("{SYSTEMS}/monitor?only=silent")).await.ok();
    assert_eq!(monitor["items"].as_array().map(Vec::len), Some(1), "farms may be silent for longer: {monitor}");
    let silent = row(&monitor, "SYS-370200-001");
    assert_eq!(silent["why"], "系统在线，但没有报送数据", "{silent}");
    assert!(silent["silent_hours"].as_i64().is_some_and(|hours| hours >= 30), "{silent}");
    let warnings = regulator.get(&format!("{SYSTEMS}/warnings?open=true")).await.ok();
    assert_eq!(warnings["count"]["value"], 1, "told once, whatever the number of looks: {warnings}");
    assert_eq!(warnings["items"][0]["kind"], "silent");
    wait_for("letters to the contact and the reviewer", || async { letters(&app, ".open.") >= 2 }).await;
    assert_eq!(letters(&app, ".open."), 2);

    connected.post("/open/v1/events", &message(&app, "M-2", 5..6)).await.ok();
    watch::run(app.node()).await.expect("a look");
    let warnings = regulator.get(&format!("{SYSTEMS}/warnings?open=true")).await.ok();
    assert_eq!(warnings["count"]["value"], 0, "{warnings}");
    wait_for("letters of the recovery", || async { letters(&app, ".over.") == 2 }).await;
    let id = silent["id"].as_str().expect("an id");
    let detail = regulator.get(&format!("{SYSTEMS}/{id}/monitor")).await.ok();
    assert_eq!(detail["days"].as_array().map(Vec::len), Some(30));
    assert!(detail["history"][0]["closed_at"].is_string(), "{detail}");
    let accepted: u64 =
        detail["days"].as_array().expect("days").iter().filter_map(|day| day["accepted"].as_u64()).sum();
    assert_eq!(accepted, 3, "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_1_a_token_that_ends_soon_is_told_in_time() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    let mut body = system("SYS-370200-001", "370202", "farming");
    body["email"] = "ops@example.cn".into();
    let id = regulator.filed("systems", &body).await;
    let (_, row) = issue(&regulator, &id, &json!({ "name": "报送", "scopes": ["report"], "valid_days": 20 })).await;
    watch::run(app.node()).await.expect("a look");
    let open = |app: &TestApp| {
        let app_url = app.anybody();
        async move {
            let regulator = app_url.sign_in("regulator").await;
            regulator.get(&format!("{SYSTEMS}/warnings?open=true")).await.ok()
        }
    };
    assert_eq!(open(&app).await["count"]["value"], 0);
    app.set_clock(app.clock.now().plus_millis(7 * DAY));
    watch::run(app.node()).await.expect("a look");
    let warnings = open(&app).await;
    let token = warnings["items"].as_array().expect("items").iter().find(|one| one["kind"] == "token");
    assert_eq!(token.expect("a warning")["code"], row["number"].to_string(), "{warnings}");
    let regulator = app.sign_in("regulator").await;
    regulator.post(&format!("{SYSTEMS}/{id}/tokens/{}/rotate", row["number"]), &json!({})).await.ok();
    watch::run(app.node()).await.expect("a look");
    let warnings = open(&app).await;
    let token = warnings["items"].as_array().expect("items").iter().any(|one| one["kind"] == "token");
    assert!(!token, "a newer one has taken its place: {warnings}");
}
