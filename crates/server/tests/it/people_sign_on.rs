//! Signing in: locks, captchas, second factors, sessions — as people meet them and as somebody attacks them.

use serde_json::{Value, json};
use suyuan_domain::clock::Timestamp;
use suyuan_security::second_factor::SharedSecret;
use suyuan_server::config::SecuritySection;

use crate::caller::CHANGED_PASSWORD;
use crate::harness::{Caller, PASSWORD, Setup, TestApp};
use crate::people::{ACCOUNTS, made, named};

const SESSION: &str = "/api/v1/session";
const MINUTE: i64 = 60_000;

fn moved(app: &TestApp, millis: i64) -> Timestamp {
    let at = app.node().now().plus_millis(millis);
    app.set_clock(at);
    at
}

async fn guarded(security: SecuritySection) -> TestApp {
    TestApp::with("370200", Setup { security, ..Setup::at_noon() }).await
}

/// The number that a question in words asks for.
pub fn solved(question: &str) -> String {
    let words = [
        "零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五",
        "十六", "十七", "十八", "十九", "二十",
    ];
    let number = |text: &str| words.iter().position(|word| *word == text).expect("a number");
    for sign in ["加", "减", "乘以"] {
        let Some((left, right)) = question.split_once(sign) else { continue };
        let left = left.trim_start_matches("请计算：").trim_start_matches("算一算，");
        let right = ["等于几？", "是多少？请用数字回答", "得几？"].iter().find_map(|end| right.strip_suffix(end));
        let (left, right) = (number(left), number(right.expect("an end")));
        return match sign {
            "加" => left + right,
            "减" => left - right,
            _ => left * right,
        }
        .to_string();
    }
    panic!("not a question: {question}");
}

async fn with_captcha(caller: &Caller, password: &str, captcha: &Value) -> (u16, String) {
    let body = json!({ "username": "regulator", "password": password, "captcha": captcha });
    let reply = caller.post(SESSION, &body).await;
    let (status, code) = reply.refusal();
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_after_three_failures_a_captcha_is_asked_for_and_cannot_be_forged_or_replayed() {
    let app = guarded(SecuritySection { captcha_after: Some(3), ..SecuritySection::default() }).await;
    let anybody = app.anybody();
    for _ in 0..3 {
        assert_eq!(anybody.begin("regulator", "wrong").await.refusal(), (401, "AUTH-0101"));
    }
    assert_eq!(anybody.begin("regulator", PASSWORD).await.refusal(), (401, "AUTH-0105"), "the right one neither");
    assert_eq!(anybody.begin("nobody-at-all", "x").await.refusal(), (401, "AUTH-0105"), "the address has failed too");
    assert_eq!(anybody.get("/api/v1/session/options").await.ok()["captcha"], true);
    let refused = (401, "AUTH-0106".to_owned());
    let task = async || anybody.get("/api/v1/session/captcha?kind=question").await.ok();
    let answer = |task: &Value| solved(task["question"].as_str().expect("a question"));

    let first = task().await;
    let wrong = json!({ "id": first["id"], "answer": "9999" });
    assert_eq!(with_captcha(&anybody, PASSWORD, &wrong).await, refused);
    let spent = json!({ "id": first["id"], "answer": answer(&first) });
    assert_eq!(with_captcha(&anybody, PASSWORD, &spent).await, refused, "a wrong answer has used it up");
    for forged in ["", "00", "zz", &"ab".repeat(900), &"a".repeat(20_000)] {
        assert_eq!(with_captcha(&anybody, PASSWORD, &json!({ "id": forged, "answer": "1" })).await, refused);
    }
    let second = task().await;
    let mut changed = second["id"].as_str().expect("an id").to_owned();
    let last = if changed.ends_with('0') { "1" } else { "0" };
    changed.replace_range(changed.len() - 1.., last);
    assert_eq!(with_captcha(&anybody, PASSWORD, &json!({ "id": changed, "answer": answer(&second) })).await, refused);
    let right = json!({ "id": second["id"], "answer": answer(&second) });
    assert_eq!(with_captcha(&anybody, "wrong", &right).await, (401, "AUTH-0101".to_owned()), "the fourth failure");
    assert_eq!(with_captcha(&anybody, PASSWORD, &right).await, refused, "used once");
    let late = task().await;
    moved(&app, 3 * MINUTE);
    let late = json!({ "id": late["id"], "answer": answer(&late) });
    assert_eq!(with_captcha(&anybody, PASSWORD, &late).await, refused, "three minutes are over");
    let good = task().await;
    let good = json!({ "id": good["id"], "answer": answer(&good) });
    assert_eq!(with_captcha(&anybody, PASSWORD, &good).await.0, 200);
    let picture = anybody.get("/api/v1/session/captcha").await.ok();
    assert!(picture["picture"].as_str().is_some_and(|text| text.starts_with("data:image/png;base64,iVBOR")));
    assert_eq!(picture["question"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_five_failures_lock_known_and_unknown_names_alike() {
    let app = TestApp::alone("370200").await;
    let anybody = app.anybody();
    for name in ["regulator", "nobody-at-all"] {
        for failed in 1..=5 {
            assert_eq!(anybody.begin(name, "wrong").await.refusal(), (401, "AUTH-0101"), "{name} {failed}");
        }
        assert_eq!(anybody.begin(name, PASSWORD).await.refusal(), (429, "AUTH-0102"), "{name}");
    }
    let security = app.sign_in("security").await;
    let regulator = named(&security, "regulator").await;
    assert!(regulator["locked_until"].is_string());
    let unlock = format!("{ACCOUNTS}/{}/unlock", regulator["id"].as_str().expect("an id"));
    security.post(&unlock, &json!({})).await.ok();
    assert_eq!(anybody.begin("regulator", PASSWORD).await.status, 200);
    for _ in 0..5 {
        anybody.begin("regulator", "wrong").await;
    }
    assert_eq!(anybody.begin("regulator", PASSWORD).await.status, 429);
    moved(&app, 30 * MINUTE);
    assert_eq!(anybody.begin("regulator", PASSWORD).await.status, 200, "the lock ends by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_one_address_cannot_try_without_end_and_cannot_pretend_to_be_another() {
    let app = guarded(SecuritySection { address_tries: Some(20), ..SecuritySection::default() }).await;
    let anybody = app.anybody();
    let mut refused = 0;
    for number in 0..30 {
        let reply = anybody.begin(&format!("name-{number}"), "wrong").await;
        refused += u32::from(reply.refusal() == (429, "AUTH-0107"));
    }
    assert_eq!(refused, 10);
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = http.get(format!("{}/api/v1/session/captcha", app.url)).header("x-forwarded-for", "203.0.113.9");
    assert_eq!(request.send().await.expect("an answer").status(), 429, "nobody trusts this header here");
    assert_eq!(app.node().store.system_account_by_name("name-3").await.expect("a store"), None);
    moved(&app, 21 * MINUTE);
    assert_eq!(anybody.begin("regulator", PASSWORD).await.status, 200);
}

/// Sets up a second factor for who has signed in; gives the secret and the recovery codes.
pub async fn enrolled(app: &TestApp, caller: &Caller) -> (SharedSecret, Vec<String>) {
    let begun = caller.post("/api/v1/own/second-factor", &json!({})).await.ok();
    assert!(begun["qr"].as_str().is_some_and(|qr| qr.starts_with("data:image/svg+xml;base64,")));
    let secret = of_text(begun["secret"].as_str().expect("a secret"));
    let wrong = caller.post("/api/v1/own/second-factor/confirm", &json!({ "code": "000000" })).await;
    let code = secret.code(app.node().now());
    if code != "000000" {
        assert_eq!(wrong.refusal(), (400, "AUTH-0121"));
    }
    let codes = caller.post("/api/v1/own/second-factor/confirm", &json!({ "code": code })).await.ok();
    let codes = codes["recovery_codes"].as_array().expect("codes").iter();
    (secret, codes.map(|code| code.as_str().expect("text").to_owned()).collect())
}

/// The secret that a person types into a program.
pub fn of_text(text: &str) -> SharedSecret {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut have, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        bits = bits << 5 | u32::try_from(LETTERS.find(c).expect("base32")).expect("small");
        have += 5;
        if have >= 8 {
            have -= 8;
            bytes.push(u8::try_from(bits >> have & 0xFF).expect("a byte"));
        }
    }
    SharedSecret::from_bytes(&bytes).expect("a secret")
}

async fn shown(caller: &Caller, ticket: &Value, code: &str) -> (u16, String) {
    let reply = caller.post("/api/v1/session/second-factor", &json!({ "ticket": ticket, "code": code })).await;
    let (status, code) = reply.refusal();
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_a_second_factor_counts_once_and_recovery_codes_too() {
    let app = TestApp::alone("370200").await;
    let anybody = app.anybody();
    let me = app.sign_in("regulator").await;
    let (secret, codes) = enrolled(&app, &me).await;
    assert_eq!(codes.len(), 10);
    let begin = async || {
        let reply = anybody.begin("regulator", PASSWORD).await;
        assert_eq!((reply.status, &reply.body["step"], reply.cookie), (202, &json!("second_factor"), None));
        reply.body["ticket"].clone()
    };
    let refused = (401, "AUTH-0121".to_owned());
    let over = (401, "AUTH-0120".to_owned());
    // The code that confirmed the set-up is used already.
    let used = secret.code(app.node().now());
    assert_eq!(shown(&anybody, &begin().await, &used).await, refused);
    let now = moved(&app, 60_000);
    let code = secret.code(now);
    let ticket = begin().await;
    assert_eq!(shown(&anybody, &ticket, &code).await.0, 200);
    assert_eq!(shown(&anybody, &ticket, &code).await, refused, "not again with the same ticket");
    assert_eq!(shown(&anybody, &begin().await, &code).await, refused, "a step counts once");
    // A recovery code in place of it, once.
    let typed = codes[0].to_lowercase().replace('-', "");
    assert_eq!(shown(&anybody, &begin().await, &typed).await.0, 200);
    assert_eq!(shown(&anybody, &begin().await, &codes[0]).await, refused);
    let profile = me.get("/api/v1/own").await.ok();
    assert_eq!(profile["second_factor"], json!({ "enabled": true, "required": false, "recovery_left": 9 }));
    // Tickets: forged, of another purpose, too late, of a password that was changed since.
    let captcha = anybody.get("/api/v1/session/captcha").await.ok();
    for ticket in [json!("00"), json!(""), captcha["id"].clone()] {
        assert_eq!(shown(&anybody, &ticket, "123456").await, over);
    }
    let late = begin().await;
    let now = moved(&app, 5 * MINUTE);
    assert_eq!(shown(&anybody, &late, &secret.code(now)).await, over);
    let stale = begin().await;
    let change = json!({ "old": PASSWORD, "password": CHANGED_PASSWORD });
    assert_eq!(me.post("/api/v1/own/password", &change).await.status, 204);
    assert_eq!(shown(&anybody, &stale, &secret.code(now)).await, over);
    // Wrong codes lock like wrong passwords.
    let ticket = anybody.begin("regulator", CHANGED_PASSWORD).await.body["ticket"].clone();
    for _ in 0..8 {
        shown(&anybody, &ticket, "13572468").await;
    }
    assert_eq!(shown(&anybody, &ticket, &secret.code(now)).await, (429, "AUTH-0102".to_owned()));
    let bytes = std::fs::read(app.folder().join("node.db")).unwrap_or_default();
    assert!(!holds(&bytes, secret.as_bytes()) && !holds(&bytes, codes[3].as_bytes()), "sealed and hashed at rest");
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_a_role_can_ask_for_a_second_factor_and_security_can_set_it_back() {
    let app = TestApp::alone("370200").await;
    let security = app.sign_in("security").await;
    let required = json!({ "version": 0, "second_factor": "required" });
    let role = security.request("put", "/api/v1/console/roles/supervisor", &required).await.ok();
    assert_eq!((&role["second_factor"], &role["second_factor_inherited"]), (&json!("required"), &json!(false)));
    let anybody = app.anybody();
    let begun = anybody.begin("regulator", PASSWORD).await;
    assert_eq!((begun.status, &begun.body["step"]), (202, &json!("enrol_second_factor")), "{}", begun.body);
    let ticket = begun.body["ticket"].clone();
    assert_eq!(shown(&anybody, &ticket, "123456").await.1, "AUTH-0121", "nothing is set up yet");
    let setup = anybody.post("/api/v1/session/enrolment", &json!({ "ticket": ticket })).await.ok();
    let secret = of_text(setup["secret"].as_str().expect("a secret"));
    let code = json!({ "ticket": setup["ticket"], "code": secret.code(app.node().now()) });
    let done = anybody.post("/api/v1/session/second-factor", &code).await;
    assert_eq!(done.body["recovery_codes"].as_array().map(Vec::len), Some(10), "{}", done.body);
    let again = anybody.post("/api/v1/session/enrolment", &json!({ "ticket": ticket })).await;
    assert_eq!(again.refusal(), (401, "AUTH-0120"), "a factor is not set up over another one");
    let me = anybody.with_cookie(done.cookie);
    assert_eq!(me.get(SESSION).await.ok()["second_factor"], true);
    assert_eq!(me.request("delete", "/api/v1/own/second-factor", &json!({})).await.refusal(), (409, "AUTH-0122"));
    let id = named(&security, "regulator").await["id"].as_str().expect("an id").to_owned();
    security.post(&format!("{ACCOUNTS}/{id}/reset-second-factor"), &json!({})).await.ok();
    assert_eq!(me.get(SESSION).await.status, 401, "its sessions ended");
    assert_eq!(anybody.begin("regulator", PASSWORD).await.body["step"], "enrol_second_factor");
    let optional = json!({ "version": 0, "second_factor": "optional" });
    security.request("put", "/api/v1/console/roles/supervisor", &optional).await.ok();
    let me = app.sign_in("regulator").await;
    assert_eq!(me.get(SESSION).await.ok()["second_factor"], false);
    enrolled(&app, &me).await;
    assert_eq!(me.request("delete", "/api/v1/own/second-factor", &json!({})).await.status, 204);
    assert_eq!(anybody.begin("regulator", PASSWORD).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_6_1_a_session_ends_by_idleness_and_at_last_and_polls_do_not_prolong_it() {
    let security = SecuritySection {
        idle_minutes: Some(15),
        session_hours: Some(8),
        confirm_minutes: Some(10),
        ..SecuritySection::default()
    };
    let app = guarded(security).await;
    let me = app.sign_in("regulator").await;
    let begun = app.node().now();
    let session = me.get(SESSION).await.ok();
    let at = |value: &Value| value.as_str().expect("a time").parse::<Timestamp>().expect("a time").millis();
    assert_eq!(at(&session["ends_at"]) - at(&session["idle_ends_at"]), (8 * 60 - 15) * MINUTE);
    moved(&app, 10 * MINUTE);
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let cookie = me.cookie().expect("a cookie").to_owned();
    let poll = http.get(format!("{}{SESSION}", app.url)).header("cookie", &cookie).header("x-suyuan-poll", "1");
    let polled = poll.send().await.expect("an answer").text().await.expect("a body");
    let polled: Value = serde_json::from_str(&polled).expect("JSON");
    assert_eq!(polled["idle_ends_at"], session["idle_ends_at"], "a poll does not prolong");
    let asked = me.get(SESSION).await.ok();
    assert!(at(&asked["idle_ends_at"]) >= begun.millis() + 25 * MINUTE, "a request does");
    // What is delicate asks for the password again after ten minutes.
    assert_eq!(me.post("/api/v1/own/deletion", &json!({})).await.refusal(), (403, "AUTH-0140"));
    let confirm = |password: &str| json!({ "password": password });
    assert_eq!(me.post("/api/v1/session/confirm", &confirm("wrong")).await.refusal(), (401, "AUTH-0101"));
    assert_eq!(me.post("/api/v1/session/confirm", &confirm(PASSWORD)).await.status, 204);
    assert_eq!(me.post("/api/v1/own/deletion", &json!({})).await.ok()["deletion"]["state"], "requested");
    assert_eq!(me.request("delete", "/api/v1/own/deletion", &json!({})).await.ok()["deletion"]["state"], "none");
    moved(&app, 15 * MINUTE);
    assert_eq!(me.get(SESSION).await.refusal(), (401, "AUTH-0104"), "idle for too long");
    let me = app.sign_in("regulator").await;
    for _ in 0..48 {
        assert_eq!(me.get(SESSION).await.status, 200);
        moved(&app, 10 * MINUTE);
    }
    assert_eq!(me.get(SESSION).await.refusal(), (401, "AUTH-0104"), "eight hours are over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_6_1_sessions_are_listed_ended_and_never_fixed_by_somebody_else() {
    let app = TestApp::alone("370200").await;
    let (first, second, third) =
        (app.sign_in("regulator").await, app.sign_in("regulator").await, app.sign_in("regulator").await);
    let rows = first.get("/api/v1/own/sessions").await.ok();
    let rows = rows["items"].as_array().expect("rows").clone();
    assert_eq!(rows.len(), 3);
    let current: Vec<&Value> = rows.iter().filter(|row| row["current"] == true).collect();
    assert_eq!(current.len(), 1);
    let token = first.cookie().expect("a cookie").split_once('=').expect("a value").1.to_owned();
    assert!(rows.iter().all(|row| row["id"].as_str().is_some_and(|id| !token.contains(id))));
    let own = current[0]["id"].as_str().expect("an id");
    // Somebody else's session is none.
    let other = app.sign_in("security").await;
    let path = format!("/api/v1/own/sessions/{own}");
    assert_eq!(other.request("delete", &path, &json!({})).await.refusal(), (404, "SYS-0404"));
    assert_eq!(second.request("delete", &path, &json!({})).await.status, 204);
    assert_eq!(first.get(SESSION).await.refusal(), (401, "AUTH-0104"), "the cookie of an ended session");
    assert_eq!(second.request("delete", "/api/v1/own/sessions", &json!({})).await.ok()["ended"], 1);
    assert_eq!((third.get(SESSION).await.status, second.get(SESSION).await.status), (401, 200));
    // A cookie that was planted before is not the one after signing in.
    let planted = app.anybody().with_cookie(Some(format!("suyuan_session={}", "a".repeat(43))));
    assert_eq!(planted.get(SESSION).await.status, 401);
    let signed = planted.begin("regulator", PASSWORD).await;
    assert!(signed.cookie.as_ref().is_some_and(|cookie| Some(cookie.as_str()) != planted.cookie()));
    assert_eq!(planted.get(SESSION).await.status, 401);
    // Administrators end somebody's sessions; signing out ends one's own.
    let id = named(&other, "regulator").await["id"].as_str().expect("an id").to_owned();
    let listed = other.get(&format!("{ACCOUNTS}/{id}/sessions")).await.ok();
    assert_eq!(listed["count"]["value"], 2);
    let ended = other.request("delete", &format!("{ACCOUNTS}/{id}/sessions"), &json!({})).await.ok();
    assert_eq!(ended["ended"], 2);
    assert_eq!(second.get(SESSION).await.status, 401);
    assert_eq!(other.request("delete", SESSION, &json!({})).await.status, 204);
    assert_eq!(other.get(SESSION).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_6_1_a_password_is_changed_expires_and_does_not_come_back() {
    let app = guarded(SecuritySection { password_days: Some(90), ..SecuritySection::default() }).await;
    let (me, elsewhere) = (app.sign_in("regulator").await, app.sign_in("regulator").await);
    let change = |old: &str, new: &str| json!({ "old": old, "password": new });
    let path = "/api/v1/own/password";
    assert_eq!(me.post(path, &change("wrong", CHANGED_PASSWORD)).await.refusal(), (401, "AUTH-0101"));
    for (weak, code) in [("short", "SEC-0111"), ("Regulator-2026-x", "SEC-0114"), (PASSWORD, "SEC-0116")] {
        assert_eq!(me.post(path, &change(PASSWORD, weak)).await.refusal(), (400, code), "{weak}");
    }
    assert_eq!(me.post(path, &change(PASSWORD, CHANGED_PASSWORD)).await.status, 204);
    assert_eq!((me.get(SESSION).await.status, elsewhere.get(SESSION).await.status), (200, 401));
    assert_eq!(me.post(path, &change(CHANGED_PASSWORD, PASSWORD)).await.refusal(), (400, "SEC-0116"));
    let mut old = CHANGED_PASSWORD.to_owned();
    for number in 1..=4 {
        let new = format!("Evidence-{number}-of-Origin");
        assert_eq!(me.post(path, &change(&old, &new)).await.status, 204);
        old = new;
    }
    assert_eq!(me.post(path, &change(&old, PASSWORD)).await.status, 204, "after five others it may come again");
    moved(&app, 91 * 24 * 60 * MINUTE);
    let due = app.anybody().begin("regulator", PASSWORD).await;
    assert_eq!((due.status, &due.body["step"]), (202, &json!("change_password")));
    assert_eq!(app.anybody().get("/api/v1/session/options").await.ok()["password"]["days"], 90);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_6_1_people_keep_their_own_profile_and_nothing_else_of_it() {
    let app = TestApp::alone("370200").await;
    made(&app, &json!({ "username": "zhou", "role": "supervisor" })).await;
    let me = app.sign_in("zhou").await;
    let profile = me.get("/api/v1/own").await.ok();
    let change = json!({ "version": profile["version"], "display_name": "周到", "phone": "0532-88880000", "email": "zhou@example.cn" });
    let changed = me.request("put", "/api/v1/own", &change).await.ok();
    assert_eq!((&changed["display_name"], &changed["phone"]), (&json!("周到"), &json!("0532-88880000")));
    assert_eq!(me.request("put", "/api/v1/own", &change).await.refusal(), (409, "SYS-0409"));
    for (field, value, code) in
        [("phone", "abc", "AUTH-0117"), ("email", "no mail", "AUTH-0118"), ("display_name", "", "AUTH-0119")]
    {
        let mut wrong = json!({ "version": changed["version"] });
        wrong[field] = json!(value);
        assert_eq!(me.request("put", "/api/v1/own", &wrong).await.refusal(), (400, code));
    }
    let raise = json!({ "version": changed["version"], "role": "security_admin" });
    assert_eq!(me.request("put", "/api/v1/own", &raise).await.status, 400, "the role is no field of it");
    let preferences = json!({ "theme": "dark", "rows": 50 });
    me.request("put", "/api/v1/own/preferences", &preferences).await.ok();
    assert_eq!(me.get(SESSION).await.ok()["account"]["preferences"], preferences);
    let large = json!({ "x": "y".repeat(9_000) });
    assert_eq!(me.request("put", "/api/v1/own/preferences", &large).await.refusal(), (400, "AUTH-0130"));
    let trail = app.sign_in("audit").await.get("/api/v1/console/audit?actor=zhou").await.ok();
    assert!(!trail.to_string().contains("周到") && !trail.to_string().contains("88880000"), "{trail}");
}
