//! A system joins: application by the public form, review, filing, tokens, self-test, trial, live. Rows: G-6.7.2.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::record::{Record, kind};

use crate::caller::Caller;
use crate::harness::{Setup, TestApp, event, wait_for};
use crate::people_sign_on::solved;
use crate::subject::bytes_of;

const SUBJECT: &str = "3702000010001";
const APPLY: &str = "/api/v1/portal/applications";
const QUEUE: &str = "/api/v1/console/applications";

/// A form that is right.
pub fn form() -> Value {
    json!({
        "name": "青岛甲企业追溯系统", "operator": "青岛甲企业", "uscc": "91350100M000100Y43", "category": "agri",
        "stage": "farming", "division": "370202", "subjects": [SUBJECT], "contact": "张三", "phone": "13800001234",
        "email": "zhang@example.cn", "purpose": "报送自有基地的追溯数据", "daily_volume": 2000, "protocol": "json",
        "funding": "market",
    })
}

/// Events of a system, a number of them.
pub fn message(app: &TestApp, id: &str, numbers: std::ops::Range<u32>) -> Value {
    let events: Vec<Value> = numbers.map(|number| event(number, SUBJECT, "370202", app.clock.now())).collect();
    json!({ "message_id": id, "events": events })
}

/// What reports of systems left in the journal, once a first message stands there: what was acknowledged before it
/// would stand before it.
async fn reported(app: &TestApp) -> Vec<String> {
    let of_reports = |record: &Record| [kind::EVENT, kind::INTAKE, kind::SUBJECT].contains(&record.kind.as_str());
    let read = || async {
        let records = app.node().store.read_journal(0, 10_000).await.expect("the journal");
        records.into_iter().filter(of_reports).map(|record| record.kind).collect::<Vec<_>>()
    };
    wait_for("the message in the journal", || async { read().await.iter().any(|kind| kind == kind::INTAKE) }).await;
    read().await
}

/// Decides on an application as its newest version stands.
async fn decide(regulator: &Caller, id: &str, decision: &str, reason: &str) -> Value {
    let version = regulator.get(&format!("{QUEUE}/{id}")).await.ok()["version"].clone();
    let body = json!({ "version": version, "decision": decision, "reason": reason });
    regulator.post(&format!("{QUEUE}/{id}/review"), &body).await.ok()
}

async fn advance(regulator: &Caller, id: &str, phase: &str, reason: &str) -> crate::caller::Reply {
    let path = format!("/api/v1/console/systems/{id}");
    let version = regulator.get(&path).await.ok()["version"].clone();
    regulator.post(&format!("{path}/phase"), &json!({ "version": version, "phase": phase, "reason": reason })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_2_an_application_is_mended_filed_and_followed_by_number_and_code() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let (anybody, regulator) = (app.anybody(), app.sign_in("regulator").await);
    let mut wrong = form();
    wrong["uscc"] = "91350100M000100Y45".into();
    wrong["contact"] = "".into();
    wrong["division"] = "370102".into();
    let refused = anybody.post(APPLY, &wrong).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let codes: Vec<&str> = refused.body["error"]["faults"]
        .as_array()
        .expect("faults")
        .iter()
        .filter_map(|fault| fault["code"].as_str())
        .collect();
    assert_eq!(codes, ["JOIN-0102", "JOIN-0101", "JOIN-0125"], "{}", refused.body);
    let receipt = anybody.post(APPLY, &form()).await.ok();
    let (number, code) =
        (receipt["number"].as_str().expect("a number"), receipt["query_code"].as_str().expect("a code"));
    assert!(receipt["due_at"].is_string() && code.len() == 12, "{receipt}");
    for guess in ["", "AAAAAAAAAAAA"] {
        assert_eq!(anybody.get(&format!("{APPLY}/{number}?query_code={guess}")).await.status, 404);
    }
    let follow = format!("{APPLY}/{number}?query_code={}", code.to_lowercase());
    let seen = anybody.get(&follow).await.ok();
    assert_eq!((seen["state"].as_str(), seen["may_amend"].as_bool()), (Some("submitted"), Some(true)), "{seen}");

    let queue = regulator.get(&format!("{QUEUE}?state=submitted")).await.ok();
    assert_eq!(queue["count"]["value"], 1, "{queue}");
    let id = queue["items"][0]["id"].as_str().expect("an id").to_owned();
    let detail = regulator.get(&format!("{QUEUE}/{id}")).await.ok();
    assert_eq!(detail["form"]["phone"], "138****1234", "masked unless asked for in full");
    let early = regulator.post(&format!("{QUEUE}/{id}/review"), &json!({ "version": 1, "decision": "file" })).await;
    assert_eq!(early.refusal(), (409, "JOIN-0201"), "not past the review");
    let mute = regulator.post(&format!("{QUEUE}/{id}/review"), &json!({ "version": 1, "decision": "return" })).await;
    assert_eq!(mute.refusal(), (400, "JOIN-0202"));
    decide(&regulator, &id, "accept", "").await;
    decide(&regulator, &id, "return", "请补充代报主体").await;
    let returned = anybody.get(&follow).await.ok();
    assert!(returned["steps"].to_string().contains("请补充代报主体"), "{returned}");
    assert!(returned["steps"].as_array().expect("steps").iter().all(|step| step["actor"].is_null()), "{returned}");

    let mut mended = form();
    mended["subject_list"] = "青岛乙合作社".into();
    mended["query_code"] = code.into();
    mended["version"] = 1.into();
    let stale = anybody.request("put", &format!("{APPLY}/{number}"), &mended).await;
    assert_eq!(stale.refusal(), (409, "SYS-0409"));
    mended["version"] = returned["version"].clone();
    let mended = anybody.request("put", &format!("{APPLY}/{number}"), &mended).await.ok();
    assert_eq!(
        (mended["state"].as_str(), mended["form"]["subject_list"].as_str()),
        (Some("submitted"), Some("青岛乙合作社"))
    );
    decide(&regulator, &id, "accept", "").await;
    let filed = decide(&regulator, &id, "file", "").await;
    assert_eq!(filed["state"], "filed", "{filed}");
    assert!(filed["filing_no"].as_str().is_some_and(|text| text.starts_with("JR370200")), "{filed}");
    let system = filed["system_id"].as_str().expect("a system").to_owned();
    let entry = regulator.get(&format!("/api/v1/console/systems/{system}")).await.ok();
    assert_eq!((entry["status"].as_str(), entry["application"].as_str()), (Some("filed"), Some(number)));
    let body = json!({ "query_code": code, "version": filed["version"] });
    let late = anybody.post(&format!("{APPLY}/{number}/withdraw"), &body).await;
    assert_eq!(late.refusal(), (409, "JOIN-0201"), "what is filed is not taken back");
    let mails = app.node().config.data_dir.join("mail");
    wait_for("letters to applicant and reviewer", || async {
        std::fs::read_dir(&mails).is_ok_and(|files| files.flatten().count() >= 4)
    })
    .await;
    assert_eq!(app.sign_in("security").await.get(QUEUE).await.status, 403);
    let mut masked = form();
    masked["phone"] = "138****1234".into();
    assert_eq!(anybody.post(APPLY, &masked).await.refusal(), (400, "JOIN-0129"), "a mask is no telephone");
    let shown = |kept: &Value, field: &str| kept[field].as_str().map(str::to_owned);
    let followed = anybody.get(&format!("{APPLY}/{number}?query_code={code}")).await.ok();
    assert_eq!(shown(&followed["form"], "phone").as_deref(), Some("13800001234"), "the applicant sees his own");
    let whole = regulator.get(&format!("{QUEUE}/{id}")).await.ok();
    assert_eq!(shown(&whole["form"], "phone").as_deref(), Some("138****1234"));
    assert_eq!(shown(&entry, "phone").as_deref(), Some("138****1234"));
    let data = &app.node().config.data_dir;
    for entry in std::fs::read_dir(data).expect("a folder").flatten().filter(|entry| entry.path() != mails) {
        let kept =
            if entry.path().is_dir() { bytes_of(&entry.path()) } else { std::fs::read(entry.path()).expect("a file") };
        for plain in ["13800001234", "zhang@example.cn"] {
            let found = kept.windows(plain.len()).any(|window| window == plain.as_bytes());
            assert!(!found, "{plain} lies plain in {:?}", entry.path());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_2_a_trial_is_answered_in_full_and_counts_nowhere() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let (anybody, regulator) = (app.anybody(), app.sign_in("regulator").await);
    let receipt = anybody.post(APPLY, &form()).await.ok();
    let id = regulator.get(QUEUE).await.ok()["items"][0]["id"].as_str().expect("an id").to_owned();
    decide(&regulator, &id, "accept", "").await;
    let system = decide(&regulator, &id, "file", "").await["system_id"].as_str().expect("a system").to_owned();
    let path = format!("/api/v1/console/systems/{system}");
    let wish = json!({ "name": "生产环境", "scopes": ["report", "heartbeat"] });
    let issued = regulator.post(&format!("{path}/tokens"), &wish).await.ok();
    let connected = anybody.with_token(issued["token"].as_str().expect("a token"));
    let early = connected.post("/open/v1/events", &message(&app, "M-1", 0..2)).await;
    assert_eq!(early.refusal(), (401, "ACC-0202"), "filed, not yet on trial");
    assert_eq!(advance(&regulator, &system, "live", "").await.refusal(), (409, "ACC-0301"), "no way past the trial");
    advance(&regulator, &system, "trial", "").await.ok();

    let mut mixed = message(&app, "M-1", 0..3);
    mixed["events"][1]["quantity"] = "-1".into();
    let answer = connected.post("/open/v1/events", &mixed).await.ok();
    assert_eq!((answer["accepted"].as_u64(), answer["rejected"].as_u64()), (Some(2), Some(1)), "{answer}");
    assert!(answer["rows"][1]["faults"][0]["code"].is_string(), "every row is answered: {answer}");
    let again = connected.post("/open/v1/events", &mixed).await.ok();
    assert_eq!(again, answer, "the same message gets the same answer");
    let other = connected.post("/open/v1/events", &message(&app, "M-1", 5..6)).await;
    assert_eq!(other.refusal(), (409, "CAP-0103"));
    let twice = connected.post("/open/v1/events", &message(&app, "M-2", 0..1)).await.ok();
    assert_eq!(twice["duplicate"], 1, "{twice}");
    let subject =
        json!({ "items": [{ "name": "青岛甲基地", "category": "agri", "node_type": "farm", "division": "370202" }] });
    connected.post("/open/v1/subjects", &subject).await.ok();
    let found = regulator.get("/api/v1/console/subjects?q=青岛甲基地").await.ok();
    assert_eq!(found["count"]["value"], 0, "{found}");
    let batches = regulator.get("/api/v1/console/capture/batches").await.ok();
    assert_eq!(batches["count"]["value"], 0, "{batches}");

    let refused = advance(&regulator, &system, "live", "").await;
    assert_eq!(refused.refusal(), (409, "ACC-0302"), "without a passed self-test");
    let samples = json!({ "samples": [{ "format": "json", "body": message(&app, "S-1", 0..2) }] });
    let run = connected.post("/open/v1/selftest", &samples).await.ok();
    assert_eq!(run["ready"], true, "{run}");
    let live = advance(&regulator, &system, "live", "").await.ok();
    assert_eq!((live["status"].as_str(), live["phase_name"].as_str()), (Some("live"), Some("正式运行")));
    let counted = connected.post("/open/v1/events", &message(&app, "M-1", 0..2)).await.ok();
    assert_eq!(counted["accepted"], 2, "the answer of the trial does not stand in the way: {counted}");
    let kinds = reported(&app).await;
    assert_eq!(kinds, [kind::EVENT, kind::EVENT, kind::INTAKE], "of the trial nothing reached the journal");
    let follow = format!(
        "{APPLY}/{}?query_code={}",
        receipt["number"].as_str().expect("a number"),
        receipt["query_code"].as_str().expect("a code")
    );
    let seen = anybody.get(&follow).await.ok();
    assert_eq!(seen["state"], "live", "{seen}");
    let suspend =
        json!({ "version": regulator.get(&path).await.ok()["version"], "decision": "suspend", "reason": "整改" });
    regulator.post(&format!("{path}/review"), &suspend).await.ok();
    assert_eq!(anybody.get(&follow).await.ok()["state"], "suspended");
    assert_eq!(connected.post("/open/v1/events", &message(&app, "M-9", 0..1)).await.refusal(), (401, "ACC-0202"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_2_the_self_test_tells_clause_by_clause_and_stores_no_event() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    let connected = app.live_system("SYS-370200-001", "370202", "farming").await;
    let run = |samples: Value| {
        let connected = connected.clone();
        async move { connected.post("/open/v1/selftest", &json!({ "samples": samples })).await.ok() }
    };
    let state = |run: &Value, code: &str| {
        let clauses = run["clauses"].as_array().expect("clauses");
        clauses.iter().find(|clause| clause["code"] == code).expect(code)["state"].as_str().expect("a state").to_owned()
    };
    let mut wrong = message(&app, "S-1", 0..3);
    wrong["events"][0]["event_time"] = "2099-01-01T00:00:00Z".into();
    wrong["events"][1]["outputs"][0]["quantity"] = "-3".into();
    let first = run(json!([{ "format": "json", "body": wrong.clone() }])).await;
    for (code, expected) in [
        ("authentication", "passed"),
        ("format", "passed"),
        ("times", "failed"),
        ("units", "failed"),
        ("errors", "not_shown"),
        ("idempotency", "not_shown"),
        ("volume", "not_shown"),
    ] {
        assert_eq!(state(&first, code), expected, "{code}: {first}");
    }
    assert_eq!(first["ready"], false);
    let times = first["clauses"].as_array().expect("clauses").iter().find(|clause| clause["code"] == "times");
    let evidence = &times.expect("times")["evidence"][0];
    assert_eq!((evidence["row"].as_u64(), evidence["code"].as_str()), (Some(1), Some("EVT-0105")), "{first}");
    let mended = message(&app, "S-2", 0..3);
    let many = message(&app, "S-3", 10..110);
    let second = run(json!([
        { "format": "json", "body": wrong }, { "format": "json", "body": mended.clone() },
        { "format": "json", "body": mended }, { "format": "json", "body": many },
    ]))
    .await;
    assert_eq!((second["ready"].as_bool(), second["failed"].as_u64()), (Some(true), Some(0)), "{second}");
    for code in ["errors", "idempotency", "volume", "times"] {
        assert_eq!(state(&second, code), "passed", "{code}: {second}");
    }
    let broken =
        run(json!([{ "format": "json", "body": "{\"message_id\":" }, { "format": "epcis", "body": "<xml/>" }])).await;
    assert_eq!(state(&broken, "format"), "failed", "{broken}");
    connected.post("/open/v1/events", &message(&app, "M-1", 0..1)).await.ok();
    assert_eq!(reported(&app).await, [kind::EVENT, kind::INTAKE], "a test leaves no event");
    let list = regulator.get("/api/v1/console/systems").await.ok();
    let path = format!("/api/v1/console/systems/{}/selftest", list["items"][0]["id"].as_str().expect("an id"));
    let runs = regulator.get(&path).await.ok();
    assert_eq!(runs["count"]["value"], 3, "{runs}");
    for format in ["xlsx", "html", "csv"] {
        let file = regulator.get(&format!("{path}/{}/file?format={format}", second["number"])).await;
        assert_eq!(file.status, 200, "{format} {file:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_2_after_three_applications_of_an_address_within_an_hour_a_captcha_is_asked_for() {
    // A node of its own: submissions of an address are counted by node for all tests of this process.
    let app = TestApp::with("370400", Setup::at_noon()).await;
    let anybody = app.anybody();
    let apply = |captcha: Value| {
        let anybody = anybody.clone();
        let mut form = form();
        form["division"] = "370402".into();
        form["captcha"] = captcha;
        async move { anybody.post(APPLY, &form).await }
    };
    for _ in 0..3 {
        assert_eq!(apply(Value::Null).await.status, 201);
    }
    let asked = apply(Value::Null).await;
    assert_eq!((asked.refusal(), &asked.body["error"]["field"]), ((400, "AUTH-0105"), &json!("captcha")));
    let task = async || anybody.get("/api/v1/session/captcha?kind=question").await.ok();
    let first = task().await;
    let wrong = json!({ "id": first["id"], "answer": "1000" });
    assert_eq!(apply(wrong).await.refusal(), (400, "AUTH-0106"));
    let right = solved(first["question"].as_str().expect("a question"));
    let spent = json!({ "id": first["id"], "answer": right });
    assert_eq!(apply(spent).await.refusal(), (400, "AUTH-0106"), "a wrong answer has used it up");
    let second = task().await;
    let good = json!({ "id": second["id"], "answer": solved(second["question"].as_str().expect("a question")) });
    let mut faulty = form();
    (faulty["uscc"], faulty["captcha"]) = ("1".into(), good.clone());
    assert_eq!(anybody.post(APPLY, &faulty).await.body["error"]["field"], "uscc", "faults of the form come first");
    assert_eq!(apply(good.clone()).await.status, 201);
    assert_eq!(apply(good).await.refusal(), (400, "AUTH-0106"), "good once");
    app.set_clock(app.clock.now().plus_millis(2 * 3_600_000));
    assert_eq!(apply(Value::Null).await.status, 201, "an hour without any");
    assert_eq!(app.sign_in("regulator").await.get(QUEUE).await.ok()["count"]["value"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_2_a_query_code_cannot_be_found_by_guessing() {
    // A node of its own: what is counted by address would keep the other tests of this process out.
    let app = TestApp::with("370300", Setup::at_noon()).await;
    let anybody = app.anybody();
    let mut body = form();
    body["division"] = "370302".into();
    let receipt = anybody.post(APPLY, &body).await.ok();
    let number = receipt["number"].as_str().expect("a number");
    for guess in 0..10 {
        let reply = anybody.get(&format!("{APPLY}/{number}?query_code=GUESS{guess:07}")).await;
        assert_eq!(reply.status, 404, "{reply:?}");
    }
    let code = receipt["query_code"].as_str().expect("a code");
    let late = anybody.get(&format!("{APPLY}/{number}?query_code={code}")).await;
    assert_eq!(late.refusal(), (429, "JOIN-0301"), "even the right one has to wait now: {late:?}");
    app.set_clock(app.clock.now().plus_millis(31 * 60_000));
    anybody.get(&format!("{APPLY}/{number}?query_code={code}")).await.ok();
}
