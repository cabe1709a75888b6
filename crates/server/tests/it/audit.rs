//! The audit trail of a running node: every write leaves a row, what it holds, searching and files, rows of other
//! applications, and the proof that finds what was done behind the platform's back. Rows: G-5.4.3c, H-6.5, H-9.4.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::period::Day;
use suyuan_service::audit::{head, words};
use suyuan_store::audit::head::HeadRow;
use suyuan_testkit::raw;

use crate::caller::{Caller, wait_for};
use crate::form::Forms;
use crate::harness::{ACCOUNTS, PROGRAM, Setup, TestApp};

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

async fn rows(who: &Caller, query: &str) -> Vec<Value> {
    let list = who.get(&format!("/api/v1/console/audit?limit=200&{query}")).await.ok();
    list["items"].as_array().expect("rows").clone()
}

fn subject(code: &str) -> Value {
    json!({
        "code": code, "name": "青岛测试屠宰厂", "org_form": "company", "node_type": "breeder", "category": "agri",
        "stages": ["farming"], "division": "370202", "address": "测试路 1 号", "phone": "13800001234",
        "lon": 120.38, "lat": 36.07,
    })
}

/// Operations of people that write, from the document: method, address, permission.
async fn writes(app: &TestApp) -> Vec<(String, String, String)> {
    let document = app.anybody().get("/api/openapi.json").await.ok();
    let mut writes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let shown = operation["security"].to_string();
            let permission = operation["x-permission"].as_str().unwrap_or_default();
            if method != "get" && shown.contains("own_page") && shown.contains("session") {
                writes.push((method.clone(), path.clone(), permission.to_owned()));
            }
        }
    }
    writes
}

/// An address with identifiers that nothing has.
fn filled(path: &str) -> String {
    let part = |part: &str| {
        if part.starts_with('{') { "01890000-0000-7000-8000-000000000001".to_owned() } else { part.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3c_every_operation_of_a_person_that_writes_leaves_a_row() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let mut callers = Vec::new();
    for (username, _) in ACCOUNTS {
        let caller = app.sign_in(username).await;
        let me = caller.get("/api/v1/session").await.ok();
        callers.push((username, caller, me["account"]["permissions"].to_string()));
    }
    let writes = writes(&app).await;
    assert!(writes.len() > 40, "{}", writes.len());
    let mut silent = Vec::new();
    for (method, path, permission) in &writes {
        // Signing out has a test of its own; it would end the session of this one.
        if path == "/api/v1/session" {
            continue;
        }
        // Refusals of one minute are counted in one row.
        app.set_clock(app.clock.now().plus_millis(2 * MINUTE));
        let may = |permissions: &str| permission.split('|').any(|one| permissions.contains(&format!("\"{one}\"")));
        let found = callers.iter().find(|(_, _, permissions)| may(permissions)).unwrap_or(&callers[3]);
        let reply = found.1.request(method, &filled(path), &json!({})).await;
        assert!(reply.status != 401 && reply.status < 500, "{method} {path}: {} {}", reply.status, reply.body);
        let noted = app.node().store.audited_request(&reply.request_id).await.expect("a look");
        if noted == (words::is_look(path) && reply.status != 403) {
            silent.push(format!("{method} {path} {} noted: {noted}", reply.status));
        }
        let (action, _) = words::operation(method, path);
        let name = words::action(&action);
        if !words::is_look(path) && (name.contains("平台操作") || name.chars().any(|c| c.is_ascii_alphabetic())) {
            silent.push(format!("{method} {path} is called {name}"));
        }
    }
    assert_eq!(silent, Vec::<String>::new(), "left no row, or looked and left one, or has no name");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3c_looking_leaves_no_row_and_everything_else_is_called_by_its_name() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let (regulator, security) = (app.sign_in("regulator").await, app.sign_in("security").await);
    let shape = json!({ "shape": { "kind": "circle", "center": [120.38, 36.07], "km": 1 } });
    let line = json!({ "points": [[120.0, 36.0], [121.0, 36.0]] });
    for (who, path, body) in [
        (&regulator, "map/select", shape),
        (&regulator, "map/measure", line),
        (&regulator, "subjects/similar", json!({ "name": "青岛测试屠宰厂" })),
        (&regulator, "subjects/code", json!({ "class": "subject", "division": "370202" })),
        (&security, "roles/preview", json!({ "code": "county_desk", "name": "区县岗", "allow": ["subject.read"] })),
    ] {
        let reply = who.post(&format!("/api/v1/console/{path}"), &body).await;
        assert_eq!(reply.status, 200, "{path} {}", reply.body);
        let noted = app.node().store.audited_request(&reply.request_id).await.expect("a look");
        assert!(!noted, "{path} only looks and left a row");
    }
    let view = json!({ "name": "本月新备案", "list": "subjects", "query": "" });
    regulator.post("/api/v1/console/views", &view).await.ok();
    let auditor = app.sign_in("audit").await;
    let named = rows(&auditor, "action=view.").await;
    assert_eq!((named.len(), &named[0]["action_name"]), (1, &json!("查询方案：新增")), "{named:?}");
    assert_eq!(rows(&auditor, "action=operation.").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3c_a_row_says_who_what_where_before_and_after_and_hides_telephones() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    let id = regulator.filed("subjects", &subject("3702000010001")).await;
    regulator.get(&format!("/api/v1/console/subjects/{id}")).await.ok();
    let wrong = app.anybody().begin("regulator", "wrong-password-1").await;
    assert_eq!(wrong.status, 401);
    // Twice within a minute: one row, and nobody learns more by asking again.
    for _ in 0..3 {
        assert_eq!(regulator.get("/api/v1/console/audit").await.status, 403);
    }
    let auditor = app.sign_in("audit").await;
    let filed = rows(&auditor, "object_kind=subject").await;
    assert!(filed.len() >= 2, "{filed:?}");
    for row in &filed {
        assert_eq!((&row["actor"], &row["role"]), (&json!("regulator"), &json!("supervisor")), "{row}");
        assert_eq!((&row["division"], &row["division_name"]), (&json!("370200"), &json!("青岛市")), "{row}");
        assert_eq!((&row["address"], &row["result"]), (&json!("127.0.0.1"), &json!("ok")), "{row}");
        assert!(row["action_name"].as_str().is_some_and(|name| name.starts_with("追溯责任主体：")), "{row}");
        assert!(!row.to_string().contains("13800001234"), "{row}");
        assert!(!row["request_id"].as_str().expect("an id").is_empty());
    }
    let changed = |row: &Value| row["changes"].as_array().expect("changes").iter().any(|one| one["name"] == "状态");
    assert!(filed.iter().any(changed), "{filed:?}");
    let failed = rows(&auditor, "action=session.sign_in&result=failed").await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    let denied = rows(&auditor, "result=denied&actor=regulator").await;
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert_eq!(denied[0]["action"], "audit.read");

    let options = auditor.get("/api/v1/console/audit/options").await.ok();
    let actions = options["actions"].as_array().expect("actions");
    assert!(actions.iter().any(|one| one["code"] == "session.sign_in" && one["name"] == "登录会话：登录"), "{options}");
    let figures = auditor.get("/api/v1/console/audit/statistics").await.ok();
    assert!(figures["total"].as_u64().is_some_and(|total| total >= 5), "{figures}");
    assert_eq!(figures["days"].as_array().expect("days").len(), 1, "{figures}");
    let busiest = figures["actors"].as_array().expect("actors");
    assert!(busiest.iter().any(|one| one["actor"] == "regulator" && one["denied"] == 1), "{figures}");
    let refused = auditor.get("/api/v1/console/audit/statistics?from=2020-01-01T00:00:00Z").await;
    assert_eq!(refused.refusal(), (400, "AUD-0101"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3c_an_auditor_takes_a_file_of_what_is_shown_and_that_is_a_row_too() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let auditor = app.sign_in("audit").await;
    app.sign_in("regulator").await;
    let file = auditor.get("/api/v1/console/audit/export?format=csv&action=session.sign_in&actor=regulator").await;
    assert_eq!(file.status, 200);
    let text = file.body.as_str().expect("text");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.starts_with("\u{feff}\"序号\",\"时间\"") && text.contains("\"regulator\",\"监管人员\""), "{text}");
    assert_eq!(auditor.get("/api/v1/console/audit/export?format=xlsx").await.status, 200);
    assert_eq!(auditor.get("/api/v1/console/audit/export?format=pdf").await.refusal(), (400, "AUD-0102"));
    let exported = rows(&auditor, "action=audit.export").await;
    assert_eq!(exported.len(), 2, "{exported:?}");
    for username in ["system", "security", "regulator"] {
        let other = app.sign_in(username).await;
        assert_eq!(
            other.get("/api/v1/console/audit/export?format=csv").await.refusal(),
            (403, "SEC-0301"),
            "{username}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3c_other_applications_add_rows_once_and_read_only_their_own() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let first = app.live_system("SYS-370200-001", "370202", "farming").await;
    let second = app.live_system("SYS-370200-002", "370202", "farming").await;
    let entry = |id: &str, action: &str| {
        json!({
            "message_id": id, "at": app.clock.now().to_string(), "user": "李四", "action": action,
            "object_kind": "订单", "object_id": "D-1", "result": "ok", "reason": "电话 13812345678 核实",
        })
    };
    let body = json!({ "entries": [entry("M-1", "order.approve"), entry("M-2", "Order.Approve"), entry("M-1", "order.approve")] });
    let answer = first.post("/open/v1/audit", &body).await.ok();
    assert_eq!(
        (&answer["accepted"], &answer["repeated"], &answer["rejected"]),
        (&json!(1), &json!(1), &json!(1)),
        "{answer}"
    );
    assert_eq!(answer["results"][1]["code"], "AUD-0202");
    let again = first.post("/open/v1/audit", &json!({ "entries": [entry("M-1", "order.approve")] })).await.ok();
    assert_eq!(again["results"][0]["seq"], answer["results"][0]["seq"], "{again}");
    let others = second.post("/open/v1/audit", &json!({ "entries": [entry("M-1", "order.cancel")] })).await.ok();
    assert_eq!(others["accepted"], 1);
    assert_eq!(first.post("/open/v1/audit", &json!({ "entries": [] })).await.refusal(), (400, "AUD-0201"));
    let many: Vec<Value> = (0..1001).map(|number| entry(&format!("N-{number}"), "order.read")).collect();
    assert_eq!(first.post("/open/v1/audit", &json!({ "entries": many })).await.refusal(), (400, "AUD-0201"));

    let own = first.get("/open/v1/audit").await.ok();
    let items = own["items"].as_array().expect("rows");
    assert_eq!(items.len(), 1, "{own}");
    assert_eq!((&items[0]["user"], &items[0]["message_id"]), (&json!("李四"), &json!("M-1")));
    assert!(!own.to_string().contains("13812345678"), "{own}");
    assert_eq!(app.anybody().get("/open/v1/audit").await.status, 401);
    let auditor = app.sign_in("audit").await;
    let seen = rows(&auditor, "role=app").await;
    let actors: Vec<&str> = seen.iter().filter_map(|row| row["actor"].as_str()).collect();
    assert_eq!(actors, ["app:SYS-370200-002/李四", "app:SYS-370200-001/李四"]);
}

/// Asks every operation of the audit trail, for the forms of their answers.
pub async fn answered(forms: &mut Forms, app: &TestApp, connected: &Caller) {
    let entry = json!({
        "message_id": "F-1", "at": app.clock.now().to_string(), "user": "李四", "action": "order.read",
        "object_kind": "订单", "object_id": "D-1", "result": "ok",
    });
    forms.post(connected, "/open/v1/audit", &json!({ "entries": [entry] })).await;
    forms.get(connected, "/open/v1/audit").await;
    let auditor = app.sign_in("audit").await;
    next_day(app).await;
    for path in ["audit", "audit/options", "audit/statistics", "audit/integrity", "audit/heads"] {
        forms.get(&auditor, &format!("/api/v1/console/{path}")).await;
    }
    forms.post(&auditor, "/api/v1/console/audit/integrity", &json!({})).await;
}

fn verified(config: &Path, more: &[&str]) -> Output {
    let mut command = std::process::Command::new(PROGRAM);
    command.args(["verify", "audit", "--config"]).arg(config).args(more);
    command.output().expect("the program")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Seals the day on which the clock stands and moves on to the next.
async fn next_day(app: &TestApp) {
    let day = Day::of(app.clock.now());
    app.set_clock(app.clock.now().plus_millis(DAY));
    head::seal_day(app.node(), day).await.expect("a signed end");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3c_the_program_names_the_altered_row_and_the_tier_above_knows_of_a_cut_tail() {
    let above = TestApp::with("370000", Setup::at_noon()).await;
    let mut app = above.child("370200").await;
    for _ in 0..2 {
        app.sign_in("regulator").await;
        above.set_clock(app.clock.now().plus_millis(DAY));
        next_day(&app).await;
    }
    let newest = app.node().store.newest_audit_head("370200").await.expect("a look").expect("a head");
    let auditor = above.sign_in("audit").await;
    wait_for("the heads at the tier above", || async {
        let heads = auditor.get("/api/v1/console/audit/heads?node=370200").await.ok();
        heads["items"].as_array().is_some_and(|heads| heads.len() == 2)
    })
    .await;
    let copies = auditor.get("/api/v1/console/audit/heads?node=370200").await.ok();
    let integrity = auditor.get("/api/v1/console/audit/integrity").await.ok();
    assert_eq!(integrity["children"][0]["last_seq"], newest.last_seq, "{integrity}");

    // The nightly walk, and what the auditor sees of it.
    let own = app.sign_in("audit").await;
    own.post("/api/v1/console/audit/integrity", &json!({})).await.ok();
    wait_for("the walk", || async { own.get("/api/v1/console/audit/integrity").await.ok()["checked_at"].is_string() })
        .await;
    let state = own.get("/api/v1/console/audit/integrity").await.ok();
    assert!(
        state["fault"].is_null() && state["checked_to"].as_u64().is_some_and(|to| to >= newest.last_seq),
        "{state}"
    );

    let url = app.config().database.url.clone();
    let (data, config) = (app.config().node.data_dir.clone(), app.config_file());
    app.stop().await;
    let heads = data.join("heads-from-above.json");
    std::fs::write(&heads, copies.to_string()).expect("a file");
    let sound = verified(&config, &[]);
    assert!(sound.status.success() && said(&sound).contains("链条完整"), "{}", said(&sound));
    let day = newest.day.as_str();
    let part = verified(&config, &["--from", day, "--to", day]);
    assert!(part.status.success(), "{}", said(&part));

    raw::run(&url, &["CREATE TABLE kept_audit AS SELECT * FROM audit"]).await.expect("a copy");
    raw::run(&url, &["UPDATE audit SET address = '127.0.0.2' WHERE seq = 3"]).await.expect("an attack");
    let altered = verified(&config, &[]);
    assert!(!altered.status.success() && said(&altered).contains("第 3 条（"), "{}", said(&altered));
    assert!(said(&altered).contains("内容与写入时不一致"), "{}", said(&altered));
    raw::run(&url, &["DELETE FROM audit", "INSERT INTO audit SELECT * FROM kept_audit"]).await.expect("as it was");
    assert!(verified(&config, &[]).status.success());

    cut_tail(&config, &url, &newest).await;
}

/// The tail goes, with the counter, the newest head and its file: only the tier above knows.
async fn cut_tail(config: &Path, url: &str, newest: &HeadRow) {
    let data = config.parent().expect("a folder");
    let heads = data.join("heads-from-above.json");
    let day = newest.day.as_str();
    let last = newest.first_seq;
    let cut = format!("DELETE FROM audit WHERE seq > {last}");
    let counter = format!("UPDATE counter SET value = {last} WHERE name = 'audit'");
    let row = format!("DELETE FROM audit_head WHERE day = '{day}'");
    raw::run(url, &[&cut, &counter, &row]).await.expect("an attack");
    let file = data.join("audit").join(format!("{day}.json"));
    let kept = std::fs::read(&file).expect("the file of the newest head");
    std::fs::remove_file(&file).expect("no file");
    let alone = verified(config, &[]);
    assert!(alone.status.success(), "{}", said(&alone));
    let path = heads.to_str().expect("a path");
    let found = verified(config, &["--heads", path]);
    let expected = format!("第 {} 条起缺失", last + 1);
    assert!(!found.status.success() && said(&found).contains(&expected), "{}", said(&found));
    assert!(said(&found).contains("上级留存"), "{}", said(&found));
    // With its file still there the node itself would have known.
    std::fs::write(&file, kept).expect("the file");
    assert!(said(&verified(config, &[])).contains(&expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3c_every_night_the_end_of_the_day_is_signed_and_the_trail_walked() {
    let mut app = TestApp::with("370200", Setup::at_noon()).await;
    let url = app.config().database.url.clone();
    let auditor = app.sign_in("audit").await;
    let state = async || auditor.get("/api/v1/console/audit/integrity").await.ok();
    let day = Day::of(app.clock.now()).to_string();
    app.set_clock(app.clock.now().plus_millis(DAY));
    head::enqueue(app.node(), Day::of(app.clock.now()), true).await.expect("the night's jobs");
    wait_for("the night's work", || async { state().await["checked_at"].is_string() }).await;
    let sound = state().await;
    assert!(sound["fault"].is_null(), "{sound}");
    assert_eq!(sound["heads"][0]["day"], day.as_str(), "{sound}");

    raw::run(&url, &["UPDATE audit SET address = '10.9.9.9' WHERE seq = 2"]).await.expect("an attack");
    app.set_clock(app.clock.now().plus_millis(DAY));
    head::enqueue(app.node(), Day::of(app.clock.now()), true).await.expect("the night's jobs");
    wait_for("the next night's work", || async { state().await["checked_at"] != sound["checked_at"] }).await;
    let broken = state().await;
    assert!(broken["fault"].as_str().is_some_and(|text| text.starts_with("第 2 条（")), "{broken}");
    assert!(broken["checked_to"].is_null(), "{broken}");
    let told = rows(&auditor, "action=audit.verify&result=failed").await;
    assert_eq!(told.len(), 1, "{told:?}");
}
