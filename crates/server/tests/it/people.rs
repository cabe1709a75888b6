//! Keeping accounts: made by one power, authorised by another, never beyond what the granter has.

use serde_json::{Value, json};

use crate::caller::CHANGED_PASSWORD;
use crate::harness::{Caller, PASSWORD, TestApp};

pub const ACCOUNTS: &str = "/api/v1/console/accounts";

/// The account that the system administrator makes and the security administrator enables.
pub async fn made(app: &TestApp, body: &Value) -> String {
    let (system, security) = (app.sign_in("system").await, app.sign_in("security").await);
    let mut new = json!({ "display_name": "测试用户", "password": PASSWORD, "division": app.code });
    for (name, value) in body.as_object().expect("fields") {
        new[name] = value.clone();
    }
    let id = system.post(ACCOUNTS, &new).await.ok()["id"].as_str().expect("an id").to_owned();
    security.post(&format!("{ACCOUNTS}/{id}/enable"), &json!({})).await.ok();
    id
}

/// The account with this name.
pub async fn named(caller: &Caller, name: &str) -> Value {
    let listed = caller.get(&format!("{ACCOUNTS}?q={name}")).await.ok();
    let items = listed["items"].as_array().expect("items");
    items.iter().find(|item| item["username"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3a_accounts_are_made_by_one_power_and_authorised_by_another() {
    let app = TestApp::alone("370000").await;
    let (system, security) = (app.sign_in("system").await, app.sign_in("security").await);
    let new = json!({ "username": "qian.ye", "display_name": "钱业", "role": "supervisor", "division": "370200",
        "categories": ["agri"], "phone": "13800001234", "email": "qian@example.cn" });
    let created = system.post(ACCOUNTS, &new).await.ok();
    let one_time = created["one_time_password"].as_str().expect("a password").to_owned();
    assert_eq!((&created["state"], &created["must_change"]), (&json!("disabled"), &json!(true)));
    assert_eq!(created["phone"], "138****1234", "masked where it is not asked for");
    let one = format!("{ACCOUNTS}/{}", created["id"].as_str().expect("an id"));
    assert_eq!(app.anybody().begin("qian.ye", &one_time).await.refusal(), (401, "AUTH-0103"), "not enabled yet");
    assert_eq!(system.post(&format!("{one}/enable"), &json!({})).await.refusal(), (403, "SEC-0301"));
    let enabled = security.post(&format!("{one}/enable"), &json!({})).await.ok();

    let first = app.anybody().begin("qian.ye", &one_time).await;
    assert_eq!((first.status, &first.body["step"]), (202, &json!("change_password")), "{}", first.body);
    assert_eq!(first.cookie, None, "no session before the password is another one");
    let ticket = first.body["ticket"].clone();
    let weak = app.anybody().post("/api/v1/session/password", &json!({ "ticket": ticket, "password": "kurz" })).await;
    assert_eq!(weak.refusal(), (400, "SEC-0111"));
    let same = json!({ "ticket": ticket, "password": one_time });
    assert_eq!(app.anybody().post("/api/v1/session/password", &same).await.refusal(), (400, "SEC-0116"));
    let change = json!({ "ticket": ticket, "password": PASSWORD });
    let signed = app.anybody().post("/api/v1/session/password", &change).await;
    assert_eq!((signed.status, &signed.body["account"]["categories"]), (200, &json!(["agri"])), "{}", signed.body);
    let again = app.anybody().post("/api/v1/session/password", &change).await;
    assert_eq!(again.refusal(), (401, "AUTH-0120"), "a ticket is good once");

    // In full only for whoever may see it, and that is written down.
    assert_eq!(security.get(&one).await.ok()["phone"], "138****1234");
    assert_eq!(system.get(&one).await.ok()["phone"], "13800001234");
    let trail = app.sign_in("audit").await.get("/api/v1/console/audit?action=account.unmask").await.ok();
    assert_eq!(trail["items"][0]["object_id"], "qian.ye");

    // Each power changes its own part.
    let version = system.get(&one).await.ok()["version"].clone();
    let role = json!({ "version": version, "role": "director" });
    assert_eq!(system.request("put", &one, &role).await.refusal(), (403, "SEC-0301"));
    assert_eq!(security.request("put", &one, &role).await.ok()["role"], "director");
    let name = json!({ "version": enabled["version"], "display_name": "钱叶" });
    assert_eq!(system.request("put", &one, &name).await.refusal().0, 409, "somebody else was first");
    for (query, found) in [
        ("q=%E9%92%B1%E4%B8%9A", 1),
        ("role=director", 1),
        ("state=active&q=qian", 1),
        ("state=locked", 0),
        ("division=370100", 0),
        ("category=agri&q=qian", 1),
        ("category=food&q=qian", 0),
    ] {
        let listed = security.get(&format!("{ACCOUNTS}?{query}")).await.ok();
        assert_eq!(listed["count"]["value"], found, "{query}");
    }
    let history = security.get(&format!("{one}/history")).await.ok();
    let actions: Vec<&str> =
        history["items"].as_array().expect("rows").iter().filter_map(|row| row["action"].as_str()).collect();
    assert!(actions.contains(&"account.create") && actions.contains(&"account.enable"), "{actions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3a_pages_follow_each_other_without_a_gap() {
    let app = TestApp::alone("370000").await;
    let system = app.sign_in("system").await;
    for number in 0..7 {
        let new = json!({ "username": format!("page.{number}"), "display_name": format!("人{number}"),
            "password": PASSWORD, "role": "supervisor", "division": "370200" });
        system.post(ACCOUNTS, &new).await.ok();
    }
    for filter in ["division=370200", "q=page."] {
        let (mut names, mut after) = (Vec::new(), String::new());
        loop {
            let page = system.get(&format!("{ACCOUNTS}?limit=3&{filter}&after={after}")).await.ok();
            assert_eq!(page["count"]["value"], 7, "{filter}");
            let items = page["items"].as_array().expect("rows");
            names.extend(items.iter().map(|item| item["username"].as_str().expect("a name").to_owned()));
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => break,
            }
        }
        assert_eq!(names, (0..7).map(|n| format!("page.{n}")).collect::<Vec<_>>(), "{filter}");
    }
}

/// A security administrator of one city who may only give what supervisors can do, for one category.
async fn delegate(app: &TestApp) -> Caller {
    let security = app.sign_in("security").await;
    let role = json!({ "code": "city_security", "name": "市级安全管理员", "parent": "security_admin",
        "deny": ["role.*"], "grants": ["subject.*", "product.read", "cockpit.read"] });
    security.post("/api/v1/console/roles", &role).await.ok();
    let clerk = json!({ "code": "clerk", "name": "登记员", "allow": ["subject.read", "subject.write"] });
    security.post("/api/v1/console/roles", &clerk).await.ok();
    made(
        app,
        &json!({ "username": "delegate", "role": "city_security", "division": "370200", "categories": ["agri"] }),
    )
    .await;
    app.sign_in("delegate").await
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_whoever_delegates_never_gives_more_than_he_has() {
    let app = TestApp::alone("370000").await;
    let delegate = delegate(&app).await;
    let system = app.sign_in("system").await;
    let id = made(&app, &json!({ "username": "small", "role": "clerk", "division": "370200", "categories": ["agri"] }))
        .await;
    let one = format!("{ACCOUNTS}/{id}");
    let put = async |change: Value| {
        let mut change = change;
        change["version"] = system.get(&one).await.ok()["version"].clone();
        delegate.request("put", &one, &change).await
    };
    assert_eq!(put(json!({ "valid_until": "2099-01-01T00:00:00Z" })).await.status, 200, "within what he has");
    for (change, code) in [
        (json!({ "role": "supervisor" }), "AUTH-0123"),
        (json!({ "role": "security_admin" }), "AUTH-0123"),
        (json!({ "role": "nobody" }), "AUTH-0111"),
        (json!({ "division": "370100" }), "AUTH-0113"),
        (json!({ "division": "370000" }), "AUTH-0113"),
        (json!({ "all_categories": true }), "AUTH-0124"),
        (json!({ "categories": ["agri", "food"] }), "AUTH-0124"),
        (json!({ "valid_until": "2001-01-01T00:00:00Z" }), "AUTH-0126"),
    ] {
        assert_eq!(put(change.clone()).await.refusal(), (400, code), "{change}");
    }
    // Nobody changes himself, or somebody who can do more, or somebody outside; what lies outside does not exist for him.
    let own = named(&delegate, "delegate").await;
    let me = format!("{ACCOUNTS}/{}", own["id"].as_str().expect("an id"));
    let raise = json!({ "version": own["version"], "role": "clerk" });
    assert_eq!(delegate.request("put", &me, &raise).await.refusal(), (409, "AUTH-0115"));
    for step in ["disable", "enable", "unlock", "reset-password", "reset-second-factor", "deletion"] {
        assert_eq!(delegate.post(&format!("{me}/{step}"), &json!({})).await.refusal(), (409, "AUTH-0115"), "{step}");
    }
    let above = made(&app, &json!({ "username": "above", "role": "supervisor", "division": "370200" })).await;
    let above = format!("{ACCOUNTS}/{above}");
    for step in ["enable", "unlock", "reset-password", "reset-second-factor", "deletion"] {
        let reply = delegate.post(&format!("{above}/{step}"), &json!({})).await;
        assert_eq!(reply.refusal(), (409, "AUTH-0127"), "{step}");
    }
    let elsewhere = named(&system, "regulator").await["id"].as_str().expect("an id").to_owned();
    for (method, rest) in
        [("get", ""), ("post", "/unlock"), ("post", "/disable"), ("get", "/rights"), ("get", "/history")]
    {
        let reply = delegate.request(method, &format!("{ACCOUNTS}/{elsewhere}{rest}"), &json!({})).await;
        assert_eq!(reply.refusal(), (404, "SYS-0404"), "{method} {rest}");
    }
    let listed = delegate.get(ACCOUNTS).await.ok();
    let inside = |item: &Value| item["division"].as_str().is_some_and(|division| division.starts_with("3702"));
    assert!(listed["items"].as_array().expect("rows").iter().all(inside), "{listed}");
    // A role of his own making is out of reach as well.
    let role = json!({ "code": "trick", "name": "越权", "allow": ["subject.read"] });
    assert_eq!(delegate.post("/api/v1/console/roles", &role).await.refusal(), (403, "SEC-0301"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3a_one_security_administrator_is_always_left() {
    let app = TestApp::alone("370000").await;
    let (system, security) = (app.sign_in("system").await, app.sign_in("security").await);
    let last = named(&system, "security").await["id"].as_str().expect("an id").to_owned();
    assert_eq!(system.post(&format!("{ACCOUNTS}/{last}/disable"), &json!({})).await.refusal(), (409, "AUTH-0116"));
    let second = made(&app, &json!({ "username": "security2", "role": "security_admin" })).await;
    assert_eq!(system.post(&format!("{ACCOUNTS}/{last}/disable"), &json!({})).await.status, 200);
    assert_eq!(security.get("/api/v1/session").await.refusal(), (401, "AUTH-0104"), "the session ended with it");
    assert_eq!(system.post(&format!("{ACCOUNTS}/{second}/disable"), &json!({})).await.refusal(), (409, "AUTH-0116"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3a_a_reset_password_holds_once_and_ends_the_sessions() {
    let app = TestApp::alone("370000").await;
    let id = made(&app, &json!({ "username": "sun.li", "role": "supervisor" })).await;
    let (sun, security) = (app.sign_in("sun.li").await, app.sign_in("security").await);
    let reset = security.post(&format!("{ACCOUNTS}/{id}/reset-password"), &json!({})).await.ok();
    let password = reset["one_time_password"].as_str().expect("a password");
    assert_eq!(sun.get("/api/v1/session").await.status, 401);
    assert_eq!(app.anybody().begin("sun.li", CHANGED_PASSWORD).await.refusal(), (401, "AUTH-0101"));
    let begun = app.anybody().begin("sun.li", password).await;
    assert_eq!(begun.body["step"], "change_password");
    let former = json!({ "ticket": begun.body["ticket"], "password": CHANGED_PASSWORD });
    assert_eq!(
        app.anybody().post("/api/v1/session/password", &former).await.refusal(),
        (400, "SEC-0116"),
        "used before"
    );
    app.set_clock(app.node().now().plus_millis(25 * 3_600_000));
    assert_eq!(app.anybody().begin("sun.li", password).await.refusal(), (401, "AUTH-0103"), "a day is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3a_an_account_ends_with_its_validity_and_firms_see_their_own() {
    let app = TestApp::alone("370200").await;
    let until = app.node().now().plus_millis(3_600_000).to_string();
    made(&app, &json!({ "username": "guest", "role": "supervisor", "valid_until": until })).await;
    let guest = app.sign_in("guest").await;
    assert_eq!(guest.get("/api/v1/session").await.status, 200);
    app.set_clock(app.node().now().plus_millis(3_700_000));
    assert_eq!(guest.get("/api/v1/session").await.refusal(), (401, "AUTH-0104"));
    assert_eq!(app.anybody().begin("guest", CHANGED_PASSWORD).await.refusal(), (401, "AUTH-0103"));
    // A firm's user acts for the subject that is named, whatever the account is called.
    let system = app.sign_in("system").await;
    let firm = json!({ "username": "lao.wang", "display_name": "王", "role": "firm", "division": "370200" });
    assert_eq!(system.post(ACCOUNTS, &firm).await.refusal(), (400, "AUTH-0125"));
    made(&app, &json!({ "username": "lao.wang", "role": "firm", "subject": "S-370200-1" })).await;
    let me = app.sign_in("lao.wang").await.get("/api/v1/session").await.ok();
    assert_eq!(me["account"]["subject"], "S-370200-1");
}
