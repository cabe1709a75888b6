//! The OpenAPI document in the repository is the one that the program serves, and a running node answers in the forms that
//! it names: every operation that answers with JSON is asked.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::period::{Day, Period};
use suyuan_server::config::MailSection;

use crate::form::Forms;
use crate::harness::{Caller, PASSWORD, Setup, TestApp, event, system, wait_for};
use crate::provider::Provider;

const SUBJECT: &str = "3702000010001";

#[test]
fn h_8_the_committed_interface_document_is_the_one_that_is_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api/openapi.json");
    let committed = std::fs::read_to_string(path).expect("docs/api/openapi.json");
    let served = suyuan_api::openapi_json().expect("a document");
    let same = committed.trim() == served.trim();
    assert!(
        same,
        "docs/api/openapi.json is out of date: run `cargo run -p suyuan-server -- openapi > docs/api/openapi.json`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn h_8_a_running_node_answers_in_the_forms_of_the_document() {
    let folder = tempfile::tempdir().expect("a folder");
    let mail =
        MailSection {
            smtp: None, from: "追溯平台 <report@example.cn>".to_owned(), dir: Some(folder.path().into())
        };
    let provider = Provider::start("node", "subject-1").await;
    let openid = Some(provider.section());
    let app = TestApp::with("370200", Setup { mail, openid, ..Setup::at_noon() }).await;
    let regulator = app.sign_in("regulator").await;
    let mut forms = Forms::served();
    let connected = registers(&mut forms, &regulator).await;
    crate::find::searched(&mut forms, &app, &regulator).await;
    reported(&mut forms, &app, &connected, &regulator).await;
    crate::subject::answered(&mut forms, &app, &regulator, &connected).await;
    epcis(&mut forms, &app, &connected).await;
    findings(&mut forms, &regulator).await;
    complaints(&mut forms, &app, &regulator).await;
    notices(&mut forms, &app, &regulator).await;
    evaluated(&mut forms, &app, &regulator).await;
    accounts(&mut forms, &app).await;
    overview(&mut forms, &app, &regulator).await;
    packs(&mut forms).await;
    crate::access_forms::answered(&mut forms, &app).await;
    crate::people_forms::answered(&mut forms, &app).await;
    crate::import::answered(&mut forms, &regulator).await;
    crate::audit::answered(&mut forms, &app, &connected).await;
    crate::oidc::answered(&mut forms, &app).await;
    crate::exchange_link::answered(&mut forms, &app).await;
    assert_eq!(forms.silent(), Vec::<String>::new(), "never asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_4_1a_the_exchange_shows_each_chain_with_what_is_confirmed() {
    let mut forms = Forms::served();
    let province = TestApp::alone("370000").await;
    let city = province.child("370200").await;
    let connected = city.live_system("SYS-370200-001", "370202", "farming").await;
    let events: Vec<Value> = (0..5).map(|number| event(number, SUBJECT, "370202", city.clock.now())).collect();
    connected.post("/open/v1/events", &json!({ "message_id": "M-1", "events": events })).await.ok();
    let watcher = city.sign_in("security").await;
    wait_for("the city to be in step", || async {
        let parent = watcher.get("/api/v1/console/exchange").await.ok()["parent"].clone();
        let streams = parent["streams"].as_array().cloned().unwrap_or_default();
        let level = streams.iter().all(|row| row["seq"] == row["receipted_seq"]);
        parent["state"] == "in_step" && !streams.is_empty() && level
    })
    .await;
    let state = forms.get(&watcher, "/api/v1/console/exchange").await;
    let streams = state["parent"]["streams"].as_array().expect("streams");
    let written: u64 = streams.iter().filter_map(|row| row["seq"].as_u64()).sum();
    assert!(written >= 5 && streams.iter().all(|row| row["origin"] == "370200"), "{streams:?}");
    let above = province.sign_in("security").await;
    let state = forms.get(&above, "/api/v1/console/exchange").await;
    assert_eq!(state["children"][0]["applied_records"], written, "what the city wrote is at the province");
    assert!(state["parent"].is_null());
}

fn id(entry: &Value) -> &str {
    entry["id"].as_str().unwrap_or_else(|| panic!("no id: {entry}"))
}

/// Files, changes and reviews an entry of each register, and gives the connected system.
async fn registers(forms: &mut Forms, regulator: &Caller) -> Caller {
    let subject = json!({
        "code": SUBJECT, "name": "青岛示例养殖场", "org_form": "company", "node_type": "breeder", "category": "agri",
        "stages": ["farming"], "division": "370202", "phone": "13800000000", "lon": 120.38, "lat": 36.07,
    });
    let product = json!({ "code": "P-1", "name": "生猪", "category": "agri", "subject": SUBJECT });
    let device =
        json!({ "code": "D-1", "name": "一号秤", "device_type": "scale", "subject": SUBJECT, "division": "370202" });
    let system = system("SYS-370200-001", "370202", "farming");
    let mut token = Value::Null;
    for (noun, body) in [("subjects", subject), ("products", product), ("devices", device), ("systems", system)] {
        let path = format!("/api/v1/console/{noun}");
        let made = forms.post(regulator, &path, &body).await;
        let one = format!("{path}/{}", id(&made));
        let review = json!({ "version": made["version"], "decision": "approve", "reason": "" });
        let filed = forms.post(regulator, &format!("{one}/review"), &review).await;
        if noun == "systems" {
            token = forms.post(regulator, &format!("{one}/token"), &json!({})).await;
        }
        let mut change = body.clone();
        (change["version"], change["name"]) = (filed["version"].clone(), json!("改名后"));
        forms.send(regulator, "put", &one, &change).await;
        let found = forms.get(regulator, &one).await;
        assert!(found["history"].as_array().is_some_and(|history| history.len() > 1), "{found}");
        assert_eq!(forms.get(regulator, &path).await["items"][0]["id"], found["id"]);
    }
    regulator.with_token(token["token"].as_str().expect("a token"))
}

/// Reports over the open interface and by table; one row is good, one is flagged, one is refused.
async fn reported(forms: &mut Forms, app: &TestApp, connected: &Caller, regulator: &Caller) {
    let now = app.clock.now();
    let mut flagged = event(2, SUBJECT, "370202", now);
    flagged["inspection"] = json!({ "item": "瘦肉精", "passed": false });
    let mut refused = event(3, SUBJECT, "370202", now);
    refused["division"] = json!("999999");
    let events = json!({ "message_id": "M-1", "events": [event(1, SUBJECT, "370202", now), flagged, refused] });
    let answer = forms.post(connected, "/open/v1/events", &events).await;
    assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(1)), "{answer}");
    let another = json!({ "code": "3702000010002", "name": "乙厂", "org_form": "company", "node_type": "breeder",
        "category": "agri", "division": "370202" });
    forms.post(connected, "/open/v1/subjects", &json!({ "items": [another, { "name": 1 }] })).await;
    let another = json!({ "code": "P-2", "name": "鸡蛋", "category": "agri", "subject": SUBJECT });
    forms.post(connected, "/open/v1/products", &json!({ "items": [another] })).await;
    let another = json!({ "code": "D-2", "name": "二号秤", "device_type": "scale", "division": "370202" });
    forms.post(connected, "/open/v1/devices", &json!({ "items": [another] })).await;
    forms.post(connected, "/open/v1/heartbeat", &json!({ "devices": ["D-2"] })).await;
    let template = regulator.get("/api/v1/console/capture/template.csv").await.ok();
    let table = template.as_str().expect("a table").as_bytes().to_vec();
    let reply = regulator.upload("/api/v1/console/capture/csv", "a.csv", table, &[("dry_run", "true")]).await;
    forms.check("post", "/api/v1/console/capture/csv", reply);
    let batches = forms.get(regulator, "/api/v1/console/capture/batches").await;
    assert_eq!(batches["items"][0]["system_name"], "测试系统SYS-370200-001", "a change waits for its review");
    let rejects = forms.get(regulator, "/api/v1/console/capture/rejects").await;
    assert_eq!(
        (&rejects["items"][0]["row"], &rejects["items"][0]["system_name"]),
        (&json!(2), &batches["items"][0]["system_name"])
    );
    let events = "/api/v1/console/events";
    wait_for("the events", || async { regulator.get(events).await.ok()["count"]["value"] == 2 }).await;
    let list = forms.get(regulator, events).await;
    forms.get(regulator, &format!("{events}/{}", id(&list["items"][0]))).await;
    let code = list["items"][0]["units"][0].as_str().expect("a unit").to_owned();
    forms.get(regulator, &format!("/api/v1/console/trace?code={code}")).await;
    forms.get(&app.anybody(), &format!("/api/v1/portal/trace/{code}")).await;
}

async fn epcis(forms: &mut Forms, app: &TestApp, connected: &Caller) {
    let at = app.clock.now().plus_millis(-60_000).to_string();
    let event = json!({
        "type": "ObjectEvent", "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8", "eventTime": at,
        "eventTimeZoneOffset": "+08:00", "action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:0614141.107346.2018"],
    });
    let document = json!({
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "EPCISDocument",
        "schemaVersion": "2.0", "creationDate": at, "epcisBody": { "eventList": [event] },
    });
    let job = forms.post(connected, "/epcis/v2/capture", &document).await;
    assert_eq!(job["success"], true, "{job}");
    let id = job["captureID"].as_str().expect("an id").to_owned();
    forms.get(connected, &format!("/epcis/v2/capture/{id}")).await;
    let one = "/epcis/v2/events/urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8";
    wait_for("the EPCIS event", || async { connected.get(one).await.status == 200 }).await;
    forms.get(connected, one).await;
    forms.get(connected, "/epcis/v2/events").await;
}

async fn findings(forms: &mut Forms, regulator: &Caller) {
    let list = forms.get(regulator, &format!("/api/v1/console/findings?subject={SUBJECT}")).await;
    assert_eq!(list["count"]["value"], 1, "{list}");
    let nobody = forms.get(regulator, "/api/v1/console/findings?subject=3702000019999").await;
    assert_eq!(nobody["count"]["value"], 0, "{nobody}");
    let sums = forms.get(regulator, "/api/v1/console/findings/summary").await;
    assert_eq!(sums["by_rule"][0]["open"], 1, "{sums}");
    let one = format!("/api/v1/console/findings/{}", id(&list["items"][0]));
    wait_for("the event behind it", || async { regulator.get(&one).await.ok()["event"].is_object() }).await;
    let finding = forms.get(regulator, &one).await;
    let review = json!({ "version": finding["version"], "decision": "dismiss", "reason": "复检合格" });
    forms.post(regulator, &format!("{one}/review"), &review).await;
}

async fn complaints(forms: &mut Forms, app: &TestApp, regulator: &Caller) {
    let citizen = app.anybody();
    let text = "购买的猪肉没有追溯码，折扣 100% 也不对。";
    let complaint = json!({ "kind": "complaint", "text": text, "phone": "13812345678", "name": "李四" });
    let taken = forms.post(&citizen, "/api/v1/portal/complaints", &complaint).await;
    let number = taken["number"].as_str().expect("a number");
    forms.get(&citizen, &format!("/api/v1/portal/complaints/{number}?phone_tail=5678")).await;
    let list = forms.get(regulator, "/api/v1/console/complaints").await;
    let one = format!("/api/v1/console/complaints/{}", id(&list["items"][0]));
    let found = forms.get(regulator, &one).await;
    let step = json!({ "version": found["version"], "action": "accept", "text": "" });
    let accepted = forms.post(regulator, &format!("{one}/steps"), &step).await;
    assert_eq!(accepted["steps"].as_array().map(Vec::len), Some(2));
    found_by(
        forms,
        regulator,
        "complaints",
        &[(number, 1), ("追溯码", 1), ("100%25", 1), ("10_%25", 0), ("没有的", 0)],
    )
    .await;
}

async fn notices(forms: &mut Forms, app: &TestApp, regulator: &Caller) {
    let path = "/api/v1/console/notices";
    let draft = json!({ "title": "关于抽检的通知", "kind": "notice", "body": "正文 Recall" });
    let made = forms.post(regulator, path, &draft).await;
    let one = format!("{path}/{}", id(&made));
    let mut change = draft.clone();
    change["version"] = made["version"].clone();
    forms.send(regulator, "put", &one, &change).await;
    forms.post(regulator, &format!("{one}/publish"), &json!({})).await;
    forms.get(regulator, &one).await;
    assert_eq!(forms.get(&app.anybody(), "/api/v1/portal/notices").await["count"]["value"], 1);
    found_by(forms, regulator, "notices", &[("抽检", 1), ("recall", 1), ("召回", 0)]).await;
    forms.post(regulator, &format!("{one}/withdraw"), &json!({})).await;
}

/// How many rows of a list are found by each words.
async fn found_by(forms: &mut Forms, caller: &Caller, noun: &str, cases: &[(&str, u64)]) {
    for (words, count) in cases {
        let list = forms.get(caller, &format!("/api/v1/console/{noun}?q={words}")).await;
        assert_eq!(list["count"]["value"], *count, "{noun} with {words}");
    }
}

async fn evaluated(forms: &mut Forms, app: &TestApp, regulator: &Caller) {
    let month = Period::month_of(Day::of(app.clock.now()));
    let period = json!({ "period": month.to_string() });
    forms.post(regulator, "/api/v1/console/evaluations/compute", &period).await;
    let path = format!("/api/v1/console/evaluations?period={month}");
    wait_for("the evaluation", || async { regulator.get(&path).await.ok()["rows"][0].is_object() }).await;
    let ranking = forms.get(regulator, &path).await;
    let code = ranking["rows"][0]["code"].as_str().expect("a code");
    forms.get(regulator, &format!("/api/v1/console/evaluations/{code}/trend")).await;
    forms.post(regulator, "/api/v1/console/reports", &period).await;
    let reports = "/api/v1/console/reports";
    wait_for("the report", || async { regulator.get(reports).await.ok()["items"][0]["id"].is_string() }).await;
    let list = forms.get(regulator, reports).await;
    let one = format!("{reports}/{}", id(&list["items"][0]));
    let receivers = json!({ "receivers": [{ "name": "王处长", "email": "wang@example.cn" }] });
    forms.post(regulator, &format!("{one}/send"), &receivers).await;
    let deliveries = format!("{one}/deliveries");
    wait_for("the delivery", || async { regulator.get(&deliveries).await.ok()["items"][0]["state"] == "sent" }).await;
    let rows = forms.get(regulator, &deliveries).await;
    let again = format!("/api/v1/console/deliveries/{}/resend", rows["items"][0]["id"]);
    forms.post(regulator, &again, &json!({})).await;
    let schedule =
        json!({ "enabled": true, "cron": "0 8 1 * *", "receivers": [{ "name": "", "email": "li@example.cn" }] });
    forms.send(regulator, "put", "/api/v1/console/report-schedule", &schedule).await;
    forms.get(regulator, "/api/v1/console/report-schedule").await;
}

async fn accounts(forms: &mut Forms, app: &TestApp) {
    let (administrator, security) = (app.sign_in("system").await, app.sign_in("security").await);
    let path = "/api/v1/console/accounts";
    let new = json!({ "username": "zhao.min", "display_name": "赵敏", "password": PASSWORD, "role": "supervisor",
        "division": "370200", "email": "Zhao@Example.cn" });
    let made = forms.post(&administrator, path, &new).await;
    let one = format!("{path}/{}", id(&made));
    let change = json!({ "version": made["version"], "display_name": "赵敏敏" });
    forms.send(&administrator, "put", &one, &change).await;
    forms.post(&security, &format!("{one}/enable"), &json!({})).await;
    forms.post(&administrator, &format!("{one}/disable"), &json!({})).await;
    assert!(forms.get(&security, path).await["count"]["value"].as_u64() >= Some(5));
    found_by(forms, &security, "accounts", &[("zhao", 1), ("敏敏", 1), ("zhao@example", 1), ("钱", 0)]).await;
    forms.get(&app.sign_in("audit").await, "/api/v1/console/audit").await;
    let session = json!({ "username": "regulator", "password": PASSWORD });
    forms.post(&app.anybody(), "/api/v1/session", &session).await;
    forms.get(&security, "/api/v1/session").await;
    forms.get(&security, "/api/v1/console/exchange").await;
}

async fn overview(forms: &mut Forms, app: &TestApp, regulator: &Caller) {
    for path in [
        "cockpit",
        "reference",
        "divisions",
        "divisions/370202",
        "map/370200",
        "map/lines",
        "map/points?zoom=9",
        "map/values?metric=events",
        "map/flows?days=30",
    ] {
        forms.get(regulator, &format!("/api/v1/console/{path}")).await;
    }
    forms.get(&app.anybody(), "/api/v1/portal/node").await;
}

/// The nation publishes; below, less may be said.
async fn packs(forms: &mut Forms) {
    let nation = TestApp::alone("000000").await;
    let ministry = nation.sign_in("system").await;
    let path = "/api/v1/console/packs";
    forms.get(&ministry, path).await;
    let one = format!("{path}/rules.toml");
    let found = forms.get(&ministry, &one).await;
    let shipped = forms.get(&ministry, &format!("{one}/text")).await;
    let text = shipped["text"].as_str().expect("a text").replace("version = \"2026.1\"", "version = \"2026.2\"");
    forms.post(&ministry, &format!("{one}/preview"), &json!({ "text": text })).await;
    let edition = json!({ "text": text, "note": "测试", "base": found["base"] });
    forms.post(&ministry, &format!("{one}/publish"), &edition).await;
}
