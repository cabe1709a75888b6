//! Signing in across platforms on running nodes: one node is the provider of the other, so both sides are proved at once;
//! then an application against the provider, and a hostile provider against the node. Rows: H-9.4, G-5.4.2, A-6.1.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_security::openid::challenge;
use suyuan_server::config::OpenIdSection;

use crate::caller::{Caller, Reply};
use crate::form::Forms;
use crate::harness::{Setup, TestApp};
use crate::provider::{Lie, Provider};

const CALLBACK: &str = "https://app.example.cn/callback";
const LEAVES: &str = "https://app.example.cn/bye";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A browser that follows nothing by itself.
struct Browser(reqwest::Client);

/// Where a browser was sent, and the cookies that were set.
#[derive(Debug)]
struct Sent {
    status: u16,
    location: String,
    cookies: Vec<String>,
}

impl Sent {
    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().map(String::as_str).find(|pair| pair.starts_with(&format!("{name}=")))
    }

    fn parameter(&self, name: &str) -> String {
        parameter(&self.location, name)
    }
}

fn parameter(address: &str, name: &str) -> String {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
}

impl Browser {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let none = reqwest::redirect::Policy::none();
        Self(reqwest::Client::builder().no_proxy().redirect(none).build().expect("a client"))
    }

    async fn get(&self, address: &str, cookie: &str) -> Sent {
        let response = self.0.get(address).header("cookie", cookie).send().await.expect("an answer");
        let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let pair = |value: &reqwest::header::HeaderValue| text(value).split(';').next().unwrap_or_default().to_owned();
        Sent {
            status: response.status().as_u16(),
            location: response.headers().get("location").map(text).unwrap_or_default(),
            cookies: response.headers().get_all("set-cookie").iter().map(pair).collect(),
        }
    }
}

async fn registered(app: &TestApp, body: &Value) -> (String, Option<String>) {
    let made = app.sign_in("security").await.post("/api/v1/console/clients", body).await.ok();
    let id = made["client"]["client_id"].as_str().expect("an id").to_owned();
    (id, made["secret"].as_str().map(str::to_owned))
}

fn client(kind: &str) -> Value {
    json!({
        "name": "省级应用", "kind": kind, "redirect_uris": [CALLBACK], "logout_uris": [LEAVES],
        "scopes": ["openid", "profile", "organization", "offline_access"],
    })
}

async fn id_of(app: &TestApp, username: &str) -> String {
    let me = app.sign_in(username).await.get("/api/v1/session").await.ok();
    me["account"]["id"].as_str().expect("an id").to_owned()
}

/// The same node as before, which now lets people sign in with the provider at `issuer`.
async fn joined(app: &mut TestApp, issuer: &str, client_id: &str, secret: &str) {
    app.stop().await;
    let path = app.config().node.data_dir.join("openid.secret");
    std::fs::write(&path, secret).expect("a file");
    app.config().openid = Some(OpenIdSection {
        issuer: issuer.to_owned(),
        name: "省统一身份".to_owned(),
        client_id: client_id.to_owned(),
        secret_file: Some(path),
        secret_variable: None,
        origins: Vec::new(),
        strong_acr: Vec::new(),
    });
    app.start().await;
}

/// The browser goes to the provider, `who` answers there, and comes back; gives the way back and the browser's mark.
async fn through(browser: &Browser, location: &str, cookie: String, who: &Caller) -> (String, String) {
    let asked = browser.get(location, "").await;
    assert_eq!(asked.status, 303, "{asked:?}");
    let id = asked.parameter("request");
    let path = format!("/api/v1/console/authorizations/{id}");
    assert_eq!(who.get(&path).await.ok()["needs_consent"], false);
    let back = who.post(&path, &json!({ "approve": true })).await.ok();
    (back["location"].as_str().expect("a location").to_owned(), cookie)
}

async fn to_provider(browser: &Browser, app: &TestApp, who: &Caller) -> (String, String) {
    let left = browser.get(&format!("{}/oidc/sign-in?return=/console/subjects", app.url), "").await;
    let cookie = left.cookie("suyuan_sign_on").expect("a mark").to_owned();
    through(browser, &left.location, cookie, who).await
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_a_person_signs_in_at_one_node_with_the_account_of_another() {
    let above = TestApp::alone("370000").await;
    let mut app = TestApp::alone("370200").await;
    let body = json!({
        "name": "市平台", "kind": "confidential", "redirect_uris": [format!("{}/oidc/callback", app.url)],
        "scopes": ["openid", "profile"],
    });
    let (client, secret) = registered(&above, &body).await;
    assert_eq!(app.anybody().get("/api/v1/portal/sign-on").await.ok()["openid"], Value::Null);
    joined(&mut app, &above.url, &client, &secret.expect("a secret")).await;
    let offered = app.anybody().get("/api/v1/portal/sign-on").await.ok();
    assert_eq!(offered["openid"], json!({ "name": "省统一身份", "start": "/oidc/sign-in" }));

    let browser = Browser::new();
    let there = above.sign_in("regulator").await;
    let (back, mark) = to_provider(&browser, &app, &there).await;
    let unknown = browser.get(&back, &mark).await;
    assert_eq!(unknown.location, "/login?error=OID-0105");
    let told = app.anybody().get("/api/v1/portal/sign-on/errors/OID-0105").await.ok();
    assert!(told["advice"].as_str().is_some_and(|text| text.contains("个人中心")), "{told}");

    // A link is made by an administrator who names the provider's identifier of the person.
    let security = app.sign_in("security").await;
    let (here, subject) = (id_of(&app, "regulator").await, id_of(&above, "regulator").await);
    let path = format!("/api/v1/console/accounts/{here}/identities");
    security.post(&path, &json!({ "subject": subject })).await.ok();
    assert_eq!(security.post(&path, &json!({ "subject": subject })).await.refusal(), (409, "OID-0108"));
    let (back, mark) = to_provider(&browser, &app, &there).await;
    let arrived = browser.get(&back, &mark).await;
    assert_eq!((arrived.status, arrived.location.as_str()), (303, "/console/subjects"), "{arrived:?}");
    let session = arrived.cookie("suyuan_session").expect("a session").to_owned();
    let me = app.anybody().with_cookie(Some(session)).get("/api/v1/session").await.ok();
    assert_eq!(me["account"]["username"], "regulator");

    hostile_returns(&browser, &app, &there).await;
    own_link(&browser, &app, &above).await;
    own_factor(&browser, &app, &there).await;
    let auditor = app.sign_in("audit").await;
    let failed = auditor.get("/api/v1/console/audit?action=session.sign_in&result=failed").await.ok();
    assert!(failed.to_string().contains("OID-0105"), "{failed}");
    let granted = above.sign_in("audit").await.get("/api/v1/console/audit?action=grant.").await.ok();
    assert!(granted["items"].as_array().is_some_and(|rows| rows.len() >= 4), "{granted}");
}

/// What comes back from the provider counts once, in the browser that left, and from nobody else.
async fn hostile_returns(browser: &Browser, app: &TestApp, there: &Caller) {
    let error = async |address: &str, cookie: &str| browser.get(address, cookie).await.location;
    let (back, _) = to_provider(browser, app, there).await;
    assert_eq!(error(&back, "").await, "/login?error=OID-0101", "another browser");
    let (back, mark) = to_provider(browser, app, there).await;
    assert_eq!(error(&back, &mark).await, "/console/subjects");
    assert_eq!(error(&back, &mark).await, "/login?error=OID-0101", "the same again");
    let (back, mark) = to_provider(browser, app, there).await;
    let other = back.replace(&parameter(&back, "state"), "another-state");
    assert_eq!(error(&other, &mark).await, "/login?error=OID-0101", "another state");
    let (back, mark) = to_provider(browser, app, there).await;
    let (code, state) = (parameter(&back, "code"), parameter(&back, "state"));
    let address = format!("{}/oidc/callback", app.url);
    let mixed = format!("{address}?code={code}&state={state}&iss=https://evil.example.cn");
    assert_eq!(error(&mixed, &mark).await, "/login?error=OID-0102", "another issuer");
    let (back, mark) = to_provider(browser, app, there).await;
    let state = parameter(&back, "state");
    let foreign = format!("{address}?code={code}&state={state}");
    assert_eq!(error(&foreign, &mark).await, "/login?error=OID-0102", "the code of another sign-in");
    let (back, mark) = to_provider(browser, app, there).await;
    app.set_clock(app.clock.now().plus_millis(11 * 60_000));
    assert_eq!(error(&back, &mark).await, "/login?error=OID-0101", "too late");
    app.clock.set_offset_millis(0);
}

/// A person links an identity after signing in with the password, and takes the link away again.
async fn own_link(browser: &Browser, app: &TestApp, above: &TestApp) {
    let there = above.sign_in("system").await;
    let here = app.sign_in("system").await;
    let begun = here.post("/api/v1/console/identities", &json!({})).await;
    let (location, mark) = (begun.body["location"].clone(), begun.cookie.clone().expect("a mark"));
    let (back, mark) = through(browser, location.as_str().expect("a location"), mark, &there).await;
    assert_eq!(browser.get(&back, &mark).await.location, "/console/profile?linked=1");
    let links = here.get("/api/v1/console/identities").await.ok();
    assert_eq!(links["items"][0]["issuer_name"], "省统一身份", "{links}");
    assert!(!links.to_string().contains(&id_of(above, "system").await), "{links}");
    let (back, mark) = to_provider(browser, app, &there).await;
    assert!(browser.get(&back, &mark).await.cookie("suyuan_session").is_some());
    let id = links["items"][0]["id"].as_str().expect("an id");
    here.request("delete", &format!("/api/v1/console/identities/{id}"), &json!({})).await.ok();
    let (back, mark) = to_provider(browser, app, &there).await;
    assert_eq!(browser.get(&back, &mark).await.location, "/login?error=OID-0105");
}

/// Who has a second factor here is asked for it after the provider's answer, and then goes on to the page that was wanted.
async fn own_factor(browser: &Browser, app: &TestApp, there: &Caller) {
    crate::people_sign_on::enrolled(app, &app.sign_in("regulator").await).await;
    let (back, mark) = to_provider(browser, app, there).await;
    let arrived = browser.get(&back, &mark).await;
    let asks = "/login?back=%2Fconsole%2Fsubjects#step=second_factor&ticket=";
    assert!(arrived.location.starts_with(asks), "{arrived:?}");
    assert_eq!(arrived.cookie("suyuan_session"), None);
}

/// An application against the provider.
struct Application<'a> {
    app: &'a TestApp,
    browser: Browser,
    id: String,
    secret: Option<String>,
}

impl Application<'_> {
    fn address(&self, more: &str) -> String {
        let challenge = challenge(VERIFIER).expect("a challenge");
        format!(
            "{}/oidc/authorize?client_id={}&redirect_uri={CALLBACK}&response_type=code&scope=openid+profile+offline_access+organization\
             &code_challenge={challenge}&code_challenge_method=S256&state=S-1&nonce=N-1{more}",
            self.app.url, self.id
        )
    }

    /// A code for the person.
    async fn code(&self, who: &Caller) -> String {
        let asked = self.browser.get(&self.address(""), "").await;
        let path = format!("/api/v1/console/authorizations/{}", asked.parameter("request"));
        let back = who.post(&path, &json!({ "approve": true })).await.ok();
        let back = back["location"].as_str().expect("a location").to_owned();
        assert!(back.starts_with(CALLBACK), "{back}");
        assert_eq!((parameter(&back, "state"), parameter(&back, "iss")), ("S-1".to_owned(), self.app.url.clone()));
        parameter(&back, "code")
    }

    async fn form(&self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &self.id);
        if let Some(secret) = &self.secret {
            form.append_pair("client_secret", secret);
        }
        form.extend_pairs(pairs);
        let body = form.finish().into_bytes();
        self.app.anybody().post_bytes(path, "application/x-www-form-urlencoded", body).await
    }

    async fn redeem(&self, code: &str, verifier: &str) -> Reply {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier),
        ];
        self.form("/oidc/token", &pairs).await
    }

    async fn refresh(&self, token: &Value) -> Reply {
        let token = token.as_str().expect("a token");
        self.form("/oidc/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn tokens(&self, who: &Caller) -> Value {
        self.redeem(&self.code(who).await, VERIFIER).await.ok()
    }

    async fn user_info(&self, tokens: &Value) -> Reply {
        let token = tokens["access_token"].as_str().expect("a token");
        self.app.anybody().with_token(token).get("/oidc/userinfo").await
    }
}

/// The error of the protocol.
fn refused(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.body["error"].as_str().unwrap_or_default())
}

async fn application<'a>(app: &'a TestApp, body: &Value) -> Application<'a> {
    let (id, secret) = registered(app, body).await;
    Application { app, browser: Browser::new(), id, secret }
}

/// Asks every operation of signing in across platforms, for the forms of their answers.
pub async fn answered(forms: &mut Forms, app: &TestApp) {
    let anybody = app.anybody();
    for path in [
        "/.well-known/openid-configuration",
        "/oidc/jwks",
        "/api/v1/portal/sign-on",
        "/api/v1/portal/sign-on/errors/OID-0105",
    ] {
        forms.get(&anybody, path).await;
    }
    let security = app.sign_in("security").await;
    let made = forms.post(&security, "/api/v1/console/clients", &client("confidential")).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let id = text(&made["client"]["client_id"]);
    let path = format!("/api/v1/console/clients/{id}");
    forms.get(&security, "/api/v1/console/clients").await;
    forms.get(&security, "/api/v1/console/clients/options").await;
    forms.send(&security, "put", &path, &json!({ "version": 1, "name": "改名后" })).await;
    let secret = forms.post(&security, &format!("{path}/secret"), &json!({})).await;
    forms.post(&security, &format!("{path}/disable"), &json!({})).await;
    forms.post(&security, &format!("{path}/enable"), &json!({})).await;

    let who = app.sign_in("regulator").await;
    let client = Application { app, browser: Browser::new(), id, secret: Some(text(&secret["secret"])) };
    let asked = client.browser.get(&client.address(""), "").await;
    let request = format!("/api/v1/console/authorizations/{}", asked.parameter("request"));
    forms.get(&who, &request).await;
    let back = forms.post(&who, &request, &json!({ "approve": true })).await;
    let code = parameter(&text(&back["location"]), "code");
    let tokens = forms.check("post", "/oidc/token", client.redeem(&code, VERIFIER).await);
    let bearer = anybody.with_token(&text(&tokens["access_token"]));
    forms.get(&bearer, "/oidc/userinfo").await;
    forms.post(&bearer, "/oidc/userinfo", &json!({})).await;
    let refresh = text(&tokens["refresh_token"]);
    for path in ["/oidc/introspect", "/oidc/revoke"] {
        forms.check("post", path, client.form(path, &[("token", &refresh)]).await);
    }

    let account = id_of(app, "regulator").await;
    let path = format!("/api/v1/console/accounts/{account}/identities");
    forms.post(&security, &path, &json!({ "subject": "subject-1" })).await;
    forms.get(&security, &path).await;
    forms.get(&who, "/api/v1/console/identities").await;
    forms.post(&who, "/api/v1/console/identities", &json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_an_application_gets_tokens_for_a_code_once_and_only_with_its_verifier() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let who = app.sign_in("regulator").await;
    let client = application(&app, &client("confidential")).await;
    let tokens = client.tokens(&who).await;
    let info = client.user_info(&tokens).await.ok();
    assert_eq!(info["sub"], id_of(&app, "regulator").await.as_str());
    assert_eq!(
        (&info["preferred_username"], &info["division_name"]),
        (&json!("regulator"), &json!("青岛市")),
        "{info}"
    );
    assert_eq!((&info["role"], info.get("email")), (&json!("supervisor"), None), "{info}");
    let keys = app.anybody().get("/oidc/jwks").await.ok();
    assert_eq!(keys["keys"][0]["crv"], "P-256", "{keys}");
    let discovery = app.anybody().get("/.well-known/openid-configuration").await.ok();
    assert_eq!(discovery["issuer"], app.url.as_str());

    // The same code again ends what was given for it.
    let code = client.code(&who).await;
    let first = client.redeem(&code, VERIFIER).await.ok();
    assert_eq!(refused(&client.redeem(&code, VERIFIER).await), (400, "invalid_grant"));
    assert_eq!(refused(&client.user_info(&first).await), (401, "invalid_token"));
    assert_eq!(refused(&client.refresh(&first["refresh_token"]).await), (400, "invalid_grant"));
    // Another verifier, another address, another secret, too late.
    let wrong = "a".repeat(43);
    assert_eq!(refused(&client.redeem(&client.code(&who).await, &wrong).await), (400, "invalid_grant"));
    let code = client.code(&who).await;
    let thief = Application { app: &app, browser: Browser::new(), id: client.id.clone(), secret: Some("x".repeat(43)) };
    assert_eq!(refused(&thief.redeem(&code, VERIFIER).await), (401, "invalid_client"));
    let nobody = Application { app: &app, browser: Browser::new(), id: client.id.clone(), secret: None };
    assert_eq!(refused(&nobody.redeem(&code, VERIFIER).await), (401, "invalid_client"));
    app.set_clock(app.clock.now().plus_millis(61_000));
    assert_eq!(refused(&client.redeem(&code, VERIFIER).await), (400, "invalid_grant"));
    assert_eq!(
        refused(&client.form("/oidc/token", &[("grant_type", "password")]).await),
        (400, "unsupported_grant_type")
    );
    // A code of one application is nothing to another.
    let code = client.code(&who).await;
    let other = application(&app, &self::client("public")).await;
    assert_eq!(refused(&other.redeem(&code, VERIFIER).await), (400, "invalid_grant"));
    assert!(client.redeem(&code, VERIFIER).await.ok()["id_token"].is_string());
    let rows = app.sign_in("audit").await.get("/api/v1/console/audit?action=grant.replay").await.ok();
    assert_eq!(rows["items"].as_array().map(Vec::len), Some(1), "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_a_request_of_a_stranger_is_a_page_that_says_why_and_leads_nowhere() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let known = application(&app, &client("public")).await;
    let address = known.address("");
    let other = address.replace(&format!("redirect_uri={CALLBACK}"), "redirect_uri=https://evil.example.cn/back");
    assert_ne!(other, address);
    let unknown = address.replace(&known.id, "nobody-knows-it");
    for (wrong, code, word) in [
        (&unknown, "OID-0201", "该应用未登记或已停用"),
        (&other, "OID-0202", "回跳地址未登记"),
        (&format!("{address}&state=twice"), "REQ-0106", "查询参数不正确"),
    ] {
        let sent = known.browser.get(wrong, "").await;
        assert_eq!((sent.status, sent.location.as_str(), sent.cookies.len()), (400, "", 0), "{wrong}");
        let path = wrong.strip_prefix(&app.url).expect("an address of the node");
        let reply = app.anybody().get(path).await;
        let page = reply.body.as_str().expect("a page").to_owned();
        for part in ["<!doctype html>", "lang=\"zh-CN\"", "无法登录应用", word, code, &reply.request_id] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("evil.example.cn") && !page.contains("href"), "{page}");
    }
    let (_, query) = other.split_once('?').expect("a query");
    let media = "application/x-www-form-urlencoded";
    let form = app.anybody().post_bytes("/oidc/authorize", media, query.as_bytes().to_vec()).await;
    assert!(form.status == 400 && form.body.as_str().is_some_and(|page| page.contains("OID-0202")), "{form:?}");
    let security = app.sign_in("security").await;
    security.post(&format!("/api/v1/console/clients/{}/disable", known.id), &json!({})).await.ok();
    let ended = app.anybody().get(address.strip_prefix(&app.url).expect("an address of the node")).await;
    assert!(ended.body.as_str().is_some_and(|page| page.contains("OID-0201")), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_refresh_tokens_change_with_every_use_and_a_second_use_ends_the_grant() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let who = app.sign_in("regulator").await;
    let client = application(&app, &client("public")).await;
    let first = client.tokens(&who).await;
    let second = client.refresh(&first["refresh_token"]).await.ok();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(client.user_info(&second).await.status, 200);
    assert_eq!(refused(&client.refresh(&first["refresh_token"]).await), (400, "invalid_grant"));
    assert_eq!(refused(&client.user_info(&second).await), (401, "invalid_token"));
    assert_eq!(refused(&client.refresh(&second["refresh_token"]).await), (400, "invalid_grant"));
    // An access token is over after ten minutes.
    let third = client.tokens(&who).await;
    app.set_clock(app.clock.now().plus_millis(601_000));
    assert_eq!(refused(&client.user_info(&third).await), (401, "invalid_token"));
    assert!(client.refresh(&third["refresh_token"]).await.ok()["access_token"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_tokens_end_with_the_session_the_account_and_the_application() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let security = app.sign_in("security").await;
    let client = application(&app, &client("confidential")).await;

    let who = app.sign_in("regulator").await;
    let tokens = client.tokens(&who).await;
    let token = tokens["access_token"].as_str().expect("a token").to_owned();
    let introspected = client.form("/oidc/introspect", &[("token", &token)]).await.ok();
    assert_eq!((&introspected["active"], &introspected["client_id"]), (&json!(true), &json!(client.id)));
    who.request("delete", "/api/v1/session", &json!({})).await;
    assert_eq!(refused(&client.user_info(&tokens).await), (401, "invalid_token"));
    assert_eq!(client.form("/oidc/introspect", &[("token", &token)]).await.ok(), json!({ "active": false }));

    let who = app.sign_in("regulator").await;
    let tokens = client.tokens(&who).await;
    client.form("/oidc/revoke", &[("token", tokens["refresh_token"].as_str().expect("a token"))]).await.ok();
    assert_eq!(refused(&client.user_info(&tokens).await), (401, "invalid_token"));

    let tokens = client.tokens(&who).await;
    let hint = tokens["id_token"].as_str().expect("a token");
    let leave = format!("{}/oidc/logout?client_id={}&post_logout_redirect_uri={LEAVES}&state=B-1", app.url, client.id);
    assert_eq!(client.browser.get(&leave, "").await.location, "/login?signed_out=1", "without a hint");
    assert_eq!(client.user_info(&tokens).await.status, 200);
    let left = client.browser.get(&format!("{leave}&id_token_hint={hint}"), "").await;
    assert_eq!(left.location, format!("{LEAVES}?state=B-1"));
    assert_eq!(refused(&client.user_info(&tokens).await), (401, "invalid_token"));
    assert_eq!(who.get("/api/v1/session").await.status, 401);

    let who = app.sign_in("regulator").await;
    let tokens = client.tokens(&who).await;
    let path = format!("/api/v1/console/clients/{}", client.id);
    security.post(&format!("{path}/disable"), &json!({})).await.ok();
    assert_eq!(refused(&client.user_info(&tokens).await), (401, "invalid_token"));
    assert_eq!(client.browser.get(&client.address(""), "").await.status, 400);
    security.post(&format!("{path}/enable"), &json!({})).await.ok();
    assert_eq!(refused(&client.user_info(&tokens).await), (401, "invalid_token"));
    let tokens = client.tokens(&who).await;
    let id = id_of(&app, "regulator").await;
    security.post(&format!("/api/v1/console/accounts/{id}/disable"), &json!({})).await.ok();
    assert_eq!(refused(&client.user_info(&tokens).await), (401, "invalid_token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_requests_that_do_not_fit_are_refused_and_browsers_go_to_registered_addresses_only() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let client = application(&app, &client("public")).await;
    let get = async |address: String| client.browser.get(&address, "").await;
    for (what, replaced) in [
        (client.id.as_str(), "app-unknown"),
        (CALLBACK, "https://evil.example.cn/callback"),
        (CALLBACK, "https://app.example.cn/callback/x"),
    ] {
        let sent = get(client.address("").replace(what, replaced)).await;
        assert_eq!((sent.status, sent.location.as_str()), (400, ""), "{replaced}");
    }
    for (part, replaced, error) in [
        ("response_type=code", "response_type=token", "unsupported_response_type"),
        ("code_challenge_method=S256", "code_challenge_method=plain", "invalid_request"),
        ("&code_challenge=", "&other=", "invalid_request"),
        ("scope=openid", "scope=mail", "invalid_scope"),
        ("&nonce=N-1", "&prompt=none", "interaction_required"),
        ("&nonce=N-1", "&request=abc", "request_not_supported"),
    ] {
        let sent = get(client.address("").replace(part, replaced)).await;
        assert!(sent.location.starts_with(CALLBACK), "{sent:?}");
        assert_eq!(
            (sent.parameter("error"), sent.parameter("state")),
            (error.to_owned(), "S-1".to_owned()),
            "{replaced}"
        );
    }
    let who = app.sign_in("regulator").await;
    let asked = get(client.address("")).await;
    let path = format!("/api/v1/console/authorizations/{}", asked.parameter("request"));
    assert_eq!(app.anybody().get(&path).await.status, 401);
    let back = who.post(&path, &json!({ "approve": false })).await.ok();
    assert_eq!(parameter(back["location"].as_str().expect("a location"), "error"), "access_denied");
    assert_eq!(who.post(&path, &json!({ "approve": true })).await.status, 404, "answered already");
    let asked = get(client.address("")).await;
    app.set_clock(app.clock.now().plus_millis(601_000));
    let path = format!("/api/v1/console/authorizations/{}", asked.parameter("request"));
    assert_eq!(who.post(&path, &json!({ "approve": true })).await.status, 404, "too late");
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_security_administrators_keep_applications_and_people_are_asked_once() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let mut body = client("confidential");
    body["consent"] = json!(true);
    for username in ["system", "audit", "regulator"] {
        let other = app.sign_in(username).await;
        assert_eq!(other.post("/api/v1/console/clients", &body).await.refusal(), (403, "SEC-0301"), "{username}");
    }
    let security = app.sign_in("security").await;
    let mut wrong = body.clone();
    wrong["redirect_uris"] = json!(["http://app.example.cn/cb"]);
    assert_eq!(security.post("/api/v1/console/clients", &wrong).await.refusal(), (400, "CLI-0102"));
    let client = application(&app, &body).await;
    let path = format!("/api/v1/console/clients/{}", client.id);
    let listed = security.get("/api/v1/console/clients").await.ok();
    assert!(!listed.to_string().contains(client.secret.as_deref().expect("a secret")), "{listed}");

    let who = app.sign_in("regulator").await;
    let request = async || client.browser.get(&client.address(""), "").await.parameter("request");
    let waiting = format!("/api/v1/console/authorizations/{}", request().await);
    assert_eq!(who.get(&waiting).await.ok()["needs_consent"], true);
    who.post(&waiting, &json!({ "approve": true })).await.ok();
    let waiting = format!("/api/v1/console/authorizations/{}", request().await);
    assert_eq!(who.get(&waiting).await.ok()["needs_consent"], false);

    let version = listed["items"][0]["version"].clone();
    let narrowed = json!({ "version": version, "scopes": ["openid"] });
    assert_eq!(security.request("put", &path, &narrowed).await.ok()["scopes"], json!(["openid"]));
    assert_eq!(security.request("put", &path, &narrowed).await.refusal(), (409, "SYS-0409"));
    let secret = security.post(&format!("{path}/secret"), &json!({})).await.ok();
    let old = client.redeem("none", VERIFIER).await;
    assert_eq!(refused(&old), (401, "invalid_client"));
    let secret = secret["secret"].as_str().map(str::to_owned);
    let renewed = Application { app: &app, browser: Browser::new(), id: client.id.clone(), secret };
    let info = renewed.user_info(&renewed.tokens(&who).await).await.ok();
    assert_eq!(info.as_object().map(serde_json::Map::len), Some(1), "{info}");
    let trail = app.sign_in("audit").await.get("/api/v1/console/audit?action=client.").await.ok();
    let actions: Vec<&str> =
        trail["items"].as_array().expect("rows").iter().filter_map(|row| row["action"].as_str()).collect();
    assert!(actions.contains(&"client.create") && actions.contains(&"client.issue"), "{actions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h_9_4_no_lie_of_a_provider_opens_a_session() {
    let mut app = TestApp::alone("370200").await;
    let provider = Provider::start("node", "subject-1").await;
    joined(&mut app, &provider.url, "node", "a-secret-that-is-long-enough-for-the-test").await;
    let security = app.sign_in("security").await;
    let path = format!("/api/v1/console/accounts/{}/identities", id_of(&app, "regulator").await);
    security.post(&path, &json!({ "subject": "subject-1" })).await.ok();
    let browser = Browser::new();
    let come_back = async |lie: Lie| {
        let left = browser.get(&format!("{}/oidc/sign-in", app.url), "").await;
        let mark = left.cookie("suyuan_sign_on").unwrap_or_else(|| panic!("{left:?}")).to_owned();
        provider.tell(lie, &left.parameter("nonce"), app.clock.now());
        let back = format!("{}/oidc/callback?code=C-1&state={}", app.url, left.parameter("state"));
        browser.get(&back, &mark).await
    };
    let honest = come_back(Lie::None).await;
    assert!(honest.cookie("suyuan_session").is_some(), "{honest:?}");
    for lie in [
        Lie::Nonce,
        Lie::NoNonce,
        Lie::Issuer,
        Lie::Audience,
        Lie::Expired,
        Lie::Future,
        Lie::OtherKey,
        Lie::Unsigned,
        Lie::NoToken,
    ] {
        let sent = come_back(lie).await;
        assert_eq!(sent.location, "/login?error=OID-0104", "{lie:?}");
        assert!(sent.cookie("suyuan_session").is_none(), "{lie:?}");
    }
    assert_eq!(come_back(Lie::Refuses).await.location, "/login?error=OID-0102");
    assert_eq!(come_back(Lie::OtherSubject).await.location, "/login?error=OID-0105");
}
