//! One test application: real router, real databases, real engine, real loops; a clock that the test moves.
//!
//! The engine is one child process for the whole test binary; every node has databases of its own in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use suyuan_domain::clock::SystemClock;
use suyuan_server::config::{
    Config, DatabaseSection, DemoSection, MailSection, NodeSection, ParentSection, WarehouseSection,
};
use suyuan_server::reference;
use suyuan_server::start::{Options, Started, WarehouseAddress, start};
use suyuan_service::account::NewAccount;
use suyuan_warehouse::engine::{EngineProcess, find_library};
use tokio::sync::OnceCell;

/// Password of every account of a test.
pub const PASSWORD: &str = "Chain-of-Custody-9";

/// The header that shows a write to come from our own pages.
const OWN_PAGE: (&str, &str) = ("x-suyuan", "1");

struct Engine {
    address: WarehouseAddress,
    _process: EngineProcess,
    _folder: tempfile::TempDir,
}

static ENGINE: OnceCell<Engine> = OnceCell::const_new();

async fn engine() -> WarehouseAddress {
    let engine = ENGINE
        .get_or_init(|| async {
            let named = std::env::var_os("SUYUAN_CHDB_LIB").map(PathBuf::from);
            let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.cache/chdb");
            let library =
                find_library(named.as_deref(), &[root]).expect("the engine's library; run `cargo xtask setup`");
            let folder = tempfile::tempdir().expect("a folder");
            let program = PathBuf::from(env!("CARGO_BIN_EXE_suyuan"));
            let key = "test-engine-key".to_owned();
            let listen = "127.0.0.1:0".parse().expect("an address");
            let process =
                EngineProcess::start(&program, &library, folder.path(), &key, listen).await.expect("the engine");
            Engine { address: WarehouseAddress { url: process.url(), key }, _process: process, _folder: folder }
        })
        .await;
    engine.address.clone()
}

fn database_name(code: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("n{code}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst))
}

/// A running node under test.
pub struct TestApp {
    /// Where it listens.
    pub url: String,
    /// Its code.
    pub code: String,
    /// Its clock.
    pub clock: Arc<SystemClock>,
    config: Config,
    started: Option<Started>,
    _folder: tempfile::TempDir,
}

/// Somebody who has signed in, or a connected system with a token.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    url: String,
    bearer: Option<String>,
    cookie: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Body, JSON where it is JSON.
    pub body: Value,
}

impl Reply {
    /// The body of a success.
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// The stable code of a refusal.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["error"]["code"].as_str().unwrap_or_default())
    }
}

impl TestApp {
    /// A node without a parent.
    pub async fn alone(code: &str) -> Self {
        Self::new(code, None).await
    }

    /// A node below this one, admitted by an administrator of this one.
    pub async fn child(&self, code: &str) -> Self {
        let child = Self::new(code, Some(ParentSection { code: self.code.clone(), url: self.url.clone() })).await;
        let administrator = self.sign_in("security").await;
        let path = format!("/api/v1/console/exchange/children/{code}/approve");
        wait_for("the child's request", || async { administrator.post(&path, &json!({})).await.status == 204 }).await;
        let watcher = child.sign_in("security").await;
        wait_for("the child to know its parent", || async {
            let state = watcher.get("/api/v1/console/exchange").await.body;
            !matches!(state["parent"]["state"].as_str(), None | Some("none"))
        })
        .await;
        child
    }

    async fn new(code: &str, parent: Option<ParentSection>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let data_dir = folder.path().to_path_buf();
        let config = Config {
            node: NodeSection {
                code: code.to_owned(),
                name: String::new(),
                listen: "127.0.0.1:0".parse().expect("an address"),
                public_url: String::new(),
                data_dir: data_dir.clone(),
                contact: "值班室".to_owned(),
                frontend_dir: None,
                fonts_dir: std::env::var_os("SUYUAN_FONTS_DIR").map(PathBuf::from),
            },
            parent,
            database: DatabaseSection { url: format!("sqlite://{}", data_dir.join("node.db").display()) },
            warehouse: WarehouseSection {
                url: None,
                database: database_name(code),
                key_variable: String::new(),
                library: None,
            },
            mail: MailSection::default(),
            demo: Some(DemoSection::default()),
        };
        let clock = Arc::new(SystemClock::default());
        let mut app = Self { url: String::new(), code: code.to_owned(), clock, config, started: None, _folder: folder };
        app.start().await;
        app
    }

    /// Starts the node again after [`TestApp::stop`], over the same data and at the same address.
    pub async fn start(&mut self) {
        let reference = reference::load().expect("reference data");
        let options = Options {
            clock: self.clock.clone(),
            schedules: false,
            idle: Duration::from_millis(100),
            accounts: accounts(&self.code),
        };
        let started = start(&self.config, &reference, &engine().await, options).await.expect("the node");
        self.config.node.listen = started.address;
        self.url = format!("http://{}", started.address);
        self.started = Some(started);
    }

    /// Stops the node; its data stays.
    pub async fn stop(&mut self) {
        if let Some(started) = self.started.take() {
            started.stop().await.expect("a clean stop");
        }
    }

    /// Somebody without an account.
    pub fn anybody(&self) -> Caller {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Caller { http, url: self.url.clone(), bearer: None, cookie: None }
    }

    /// Signs in with the account of a role's short name: `system`, `security`, `audit`, `regulator`.
    pub async fn sign_in(&self, username: &str) -> Caller {
        let caller = self.anybody();
        let body = json!({ "username": username, "password": PASSWORD }).to_string();
        let request =
            caller.http.post(format!("{}/api/v1/session", self.url)).header("content-type", "application/json");
        let response = request.header(OWN_PAGE.0, OWN_PAGE.1).body(body).send().await.expect("an answer");
        let status = response.status();
        let cookie = response.headers().get("set-cookie").and_then(|value| value.to_str().ok()).map(str::to_owned);
        assert!(status.is_success(), "{username} could not sign in: {}", response.text().await.unwrap_or_default());
        let cookie = cookie.and_then(|text| text.split(';').next().map(str::to_owned));
        Caller { cookie, ..caller }
    }

    /// A connected system that is live, with its token.
    pub async fn live_system(&self, code: &str, division: &str, stage: &str) -> Caller {
        let regulator = self.sign_in("regulator").await;
        let system = json!({
            "code": code, "name": format!("测试系统{code}"), "operator": "测试单位", "category": "agri",
            "stage": stage, "division": division, "url": "", "contact": "张三", "phone": "13800000000",
        });
        let record = regulator.post("/api/v1/console/systems", &system).await.ok();
        let id = record["id"].as_str().expect("an id").to_owned();
        let review = json!({ "version": record["version"], "decision": "approve", "reason": "" });
        regulator.post(&format!("/api/v1/console/systems/{id}/review"), &review).await.ok();
        let token = regulator.post(&format!("/api/v1/console/systems/{id}/token"), &json!({})).await.ok();
        let token = token["token"].as_str().expect("a token").to_owned();
        Caller { bearer: Some(token), ..self.anybody() }
    }
}

fn accounts(code: &str) -> Vec<NewAccount> {
    let account = |username: &str, role: &str| NewAccount {
        username: username.to_owned(),
        display_name: username.to_owned(),
        password: PASSWORD.to_owned(),
        role: role.to_owned(),
        division: code.to_owned(),
        email: format!("{username}@example.cn"),
    };
    vec![
        account("system", "system_admin"),
        account("security", "security_admin"),
        account("audit", "auditor"),
        account("regulator", "supervisor"),
    ]
}

impl Caller {
    /// The same caller with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..self.clone() }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.http.get(format!("{}{path}", self.url))).await
    }

    /// Writes JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        let request = self.http.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// Any method with a JSON body; `get` is sent without it.
    pub async fn request(&self, method: &str, path: &str, body: &Value) -> Reply {
        let name = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        let request = self.http.request(name.clone(), format!("{}{path}", self.url));
        if name == reqwest::Method::GET {
            return self.send(request).await;
        }
        self.send(request.header("content-type", "application/json").body(body.to_string())).await
    }

    /// Writes bytes of a media type.
    pub async fn post_bytes(&self, path: &str, media_type: &str, body: Vec<u8>) -> Reply {
        let request = self.http.post(format!("{}{path}", self.url)).header("content-type", media_type);
        self.send(request.body(body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let mut request = request.header(OWN_PAGE.0, OWN_PAGE.1);
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        Reply { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }
}

/// Waits until `condition` holds; fails with its name after a bound that no healthy run comes near.
pub async fn wait_for<F, C>(what: &str, mut condition: F)
where
    F: FnMut() -> C,
    C: Future<Output = bool>,
{
    let bound = Duration::from_secs(60);
    let waited = tokio::time::timeout(bound, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain for {what}");
}

/// An event as a connected system reports it, valid unless `change` makes it otherwise.
pub fn event(number: u32, subject: &str, division: &str, now: suyuan_domain::clock::Timestamp) -> Value {
    json!({
        "event_id": format!("urn:test:{subject}:{number}"),
        "type": "object", "biz_step": "commissioning", "category": "agri", "stage": "farming",
        "event_time": now.plus_millis(-60_000).to_string(), "subject": subject, "division": division,
        "product": "01010101", "product_name": "生猪", "batch": format!("B{number:06}"),
        "outputs": [{ "code": format!("3702000010001{number:07}"), "quantity": "100.5", "unit": "kg" }],
        "quantity": "100.5", "unit": "kg",
    })
}
