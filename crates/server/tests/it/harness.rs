//! One test application: real router, real databases, real engine, real loops; a clock that the test moves.
//!
//! The engine is one child process for the whole test binary; every node has databases of its own in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, SystemClock, Timestamp};
use suyuan_domain::period::Day;
use suyuan_server::config::{
    Config, DemoSection, MailSection, OpenIdSection, ParentSection, SecuritySection, WarehouseSection,
};
use suyuan_server::reference;
use suyuan_server::start::{Options, Started, WarehouseAddress, start};
use suyuan_service::Node;
use suyuan_service::account::NewAccount;
use suyuan_warehouse::engine::{EngineProcess, find_library};
use tokio::sync::OnceCell;

pub use crate::caller::{Caller, PASSWORD, wait_for};
use crate::database::NodeDatabase;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_suyuan");

/// Username and role of the accounts of every node.
pub const ACCOUNTS: [(&str, &str); 4] =
    [("system", "system_admin"), ("security", "security_admin"), ("audit", "auditor"), ("regulator", "supervisor")];

struct Engine {
    address: WarehouseAddress,
    _process: EngineProcess,
    _folder: tempfile::TempDir,
}

static ENGINE: OnceCell<Engine> = OnceCell::const_new();

async fn engine() -> WarehouseAddress {
    let engine = ENGINE
        .get_or_init(|| async {
            let folder = tempfile::tempdir().expect("a folder");
            let key = "test-engine-key".to_owned();
            let listen = "127.0.0.1:0".parse().expect("an address");
            let process = EngineProcess::start(Path::new(PROGRAM), &library(), folder.path(), &key, listen).await;
            let process = process.expect("the engine");
            Engine { address: WarehouseAddress { url: process.url(), key }, _process: process, _folder: folder }
        })
        .await;
    engine.address.clone()
}

/// Where set-up has put what a test needs: where the environment says, or in the cache of the checkout.
fn cached(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache").join(name)
}

/// The engine's library.
pub fn library() -> PathBuf {
    let named = std::env::var_os("SUYUAN_CHDB_LIB").map(PathBuf::from);
    find_library(named.as_deref(), &[cached("chdb")]).expect("the engine's library; run `cargo xtask setup`")
}

fn database_name(code: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("n{code}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst))
}

/// What a node under test is given beyond its code.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The tier above.
    pub parent: Option<ParentSection>,
    /// Outgoing mail.
    pub mail: MailSection,
    /// How far its clock stands from the machine's, in milliseconds.
    pub offset_millis: i64,
    /// An outside provider with which people may sign in.
    pub openid: Option<OpenIdSection>,
    /// Whether schedules tick; without them a test enqueues by hand.
    pub schedules: bool,
    /// How signing in is guarded.
    pub security: SecuritySection,
}

impl Setup {
    /// A clock that shows `at` now.
    pub fn at(at: Timestamp) -> Self {
        Self { offset_millis: at.millis() - SystemClock::default().now().millis(), ..Self::default() }
    }

    /// A clock at noon of this day in China, so that no test depends on the hour at which it runs.
    pub fn at_noon() -> Self {
        Self::at(Day::of(SystemClock::default().now()).start().plus_millis(12 * 3_600_000))
    }
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
    schedules: bool,
    started: Option<Started>,
    _database: NodeDatabase,
    _folder: tempfile::TempDir,
}

impl TestApp {
    /// A node without a parent.
    pub async fn alone(code: &str) -> Self {
        Self::with(code, Setup::default()).await
    }

    /// A node below this one, admitted by an administrator of this one, with the same clock.
    pub async fn child(&self, code: &str) -> Self {
        let parent = Some(ParentSection { code: self.code.clone(), url: self.url.clone() });
        let child = Self::with(code, Setup { parent, offset_millis: self.clock.offset_millis(), ..Setup::default() });
        let child = child.await;
        self.sign_in("security").await.admit(code, &child.sign_in("security").await).await;
        child
    }

    /// A node of this setup.
    pub async fn with(code: &str, setup: Setup) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let database = NodeDatabase::for_node(folder.path()).await;
        let warehouse = WarehouseSection::of(None, database_name(code));
        let listen = "127.0.0.1:0".parse().expect("an address");
        let mut config = Config::embedded(code, listen, folder.path(), warehouse);
        config.node.contact = "值班室".to_owned();
        let fonts = std::env::var_os("SUYUAN_FONTS_DIR").map_or_else(|| cached("fonts"), PathBuf::from);
        config.node.fonts_dir = Some(fonts);
        config.parent = setup.parent;
        config.database.url = database.url.clone();
        config.mail = setup.mail;
        config.openid = setup.openid;
        // People of a test sign in over and over from one address, some after trying two passwords.
        let captcha_after = setup.security.captcha_after.or(Some(1_000));
        config.security = SecuritySection { captcha_after, ..setup.security };
        config.demo = Some(DemoSection::default());
        let clock = Arc::new(SystemClock::default());
        clock.set_offset_millis(setup.offset_millis);
        let mut app = Self {
            url: String::new(),
            code: code.to_owned(),
            clock,
            config,
            schedules: setup.schedules,
            started: None,
            _database: database,
            _folder: folder,
        };
        app.start().await;
        app
    }

    /// Starts the node again after [`TestApp::stop`], over the same data and at the same address.
    pub async fn start(&mut self) {
        let reference = reference::load().expect("reference data");
        let options = Options {
            clock: self.clock.clone(),
            schedules: self.schedules,
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

    /// Its configuration, for changing it while the node is stopped.
    pub fn config(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Its configuration as a file, for the commands of the program.
    pub fn config_file(&self) -> PathBuf {
        let path = self.config.node.data_dir.join("node.toml");
        std::fs::write(&path, toml::to_string(&self.config).expect("a configuration")).expect("a file");
        path
    }

    /// The node behind the interfaces, for looking at what it keeps.
    pub fn node(&self) -> &Node {
        &self.started.as_ref().expect("a running node").node
    }

    /// Moves its clock so that it shows `at` now.
    pub fn set_clock(&self, at: Timestamp) {
        self.clock.set_offset_millis(Setup::at(at).offset_millis);
    }

    /// Its folder, for looking at what lies there.
    pub fn folder(&self) -> &Path {
        self._folder.path()
    }

    /// Somebody without an account.
    pub fn anybody(&self) -> Caller {
        Caller::nobody(&self.url)
    }

    /// Signs in with the account of a role's short name: `system`, `security`, `audit`, `regulator`.
    pub async fn sign_in(&self, username: &str) -> Caller {
        self.anybody().sign_in(username).await
    }

    /// A connected system that is live, with its token.
    pub async fn live_system(&self, code: &str, division: &str, stage: &str) -> Caller {
        self.sign_in("regulator").await.connected(&system(code, division, stage)).await
    }
}

fn accounts(code: &str) -> Vec<NewAccount> {
    let account = |(username, role): (&str, &str)| NewAccount {
        username: username.to_owned(),
        display_name: username.to_owned(),
        password: PASSWORD.to_owned(),
        role: role.to_owned(),
        division: code.to_owned(),
        email: format!("{username}@example.cn"),
        ..NewAccount::default()
    };
    ACCOUNTS.map(account).to_vec()
}

/// The application of a connected system.
pub fn system(code: &str, division: &str, stage: &str) -> Value {
    json!({
        "code": code, "name": format!("测试系统{code}"), "operator": "测试单位", "category": "agri",
        "stage": stage, "division": division, "url": "", "contact": "张三", "phone": "13800000000",
    })
}

/// An event as a connected system reports it, valid unless the test makes it otherwise.
pub fn event(number: u32, subject: &str, division: &str, now: Timestamp) -> Value {
    json!({
        "event_id": format!("urn:test:{subject}:{number}"),
        "type": "object", "biz_step": "commissioning", "category": "agri", "stage": "farming",
        "event_time": now.plus_millis(-60_000).to_string(), "subject": subject, "division": division,
        "product": "01010101", "product_name": "生猪", "batch": format!("B{number:06}"),
        "outputs": [{ "code": format!("3702000010001{number:07}"), "quantity": "100.5", "unit": "kg" }],
        "quantity": "100.5", "unit": "kg",
    })
}
