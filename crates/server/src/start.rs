//! Wiring: from a configuration to a running node, in the order in which things need each other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use suyuan_api::ApiConfig;
use suyuan_crypto::random::{Entropy, OsEntropy};
use suyuan_domain::clock::{Chance, SystemClock};
use suyuan_exchange::client::{ClientOptions, HttpClient, PeerClient};
use suyuan_jobs::mail::{Mailer, MailerConfig};
use suyuan_jobs::{Runner, RunnerConfig};
use suyuan_security::policy::{PolicySnapshot, SharedPolicy};
use suyuan_security::session::SessionRules;
use suyuan_service::node::NodeConfig;
use suyuan_service::pack::SharedPacks;
use suyuan_service::{Node, account, capture, import, pack, sync};
use suyuan_store::Store;
use suyuan_store::segment::Archive;
use suyuan_warehouse::Warehouse;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, OpenIdSection};
use crate::keys;
use crate::reference::Reference;

/// Where the engine of the warehouse answers.
#[derive(Clone, Debug)]
pub struct WarehouseAddress {
    /// HTTP interface.
    pub url: String,
    /// Password of the user `default`.
    pub key: String,
}

/// What differs between life, demonstrations and tests.
#[derive(Clone, Debug)]
pub struct Options {
    /// The clock, which demonstrations and tests move.
    pub clock: Arc<SystemClock>,
    /// Whether schedules tick.
    pub schedules: bool,
    /// Pause of loops that found nothing to do.
    pub idle: Duration,
    /// Accounts to be made at the first start.
    pub accounts: Vec<account::NewAccount>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            schedules: true,
            idle: Duration::from_millis(500),
            accounts: Vec::new(),
        }
    }
}

/// Identifiers from the operating system's random source.
#[derive(Debug)]
struct OsChance(OsEntropy);

impl Chance for OsChance {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = self.0.fill(bytes) {
            // Without randomness two objects could get one name; stopping is the only safe answer.
            tracing::error!(error = %error, "no randomness; the node stops");
            std::process::abort();
        }
    }
}

/// A running node.
#[derive(Debug)]
pub struct Started {
    /// The node.
    pub node: Arc<Node>,
    /// Where it listens.
    pub address: SocketAddr,
    runner: Runner,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

impl Started {
    /// Stops serving, then the loops, then closes the database.
    ///
    /// # Errors
    /// When one of them ended with an error.
    pub async fn stop(self) -> Result<()> {
        self.stop.cancel();
        let served = self.server.await.context("server task")?;
        self.runner.stop().await;
        self.node.store.clone().close().await?;
        served.context("server")
    }
}

/// Starts a node.
///
/// # Errors
/// When a part of it cannot be had; the message says which and what to do.
pub async fn start(
    config: &Config,
    reference: &Reference,
    warehouse: &WarehouseAddress,
    options: Options,
) -> Result<Started> {
    let data_dir = &config.node.data_dir;
    std::fs::create_dir_all(data_dir).with_context(|| format!("无法创建目录 {}", data_dir.display()))?;
    let listener = TcpListener::bind(config.node.listen)
        .await
        .with_context(|| format!("无法监听 {}，请检查端口是否被占用", config.node.listen))?;
    let address = listener.local_addr()?;
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let keys = keys::load_or_make(data_dir, &*entropy)?;
    let archive = Archive::new(data_dir, keys.signing.verifying_key());
    let store =
        Store::connect(&config.database.url, &config.node.code).await.context("关系数据库")?.with_archive(archive);
    store.migrate().await.context("数据库结构升级")?;
    store.index_registers().await.context("登记检索数据")?;
    store.refresh_position().await?;
    let warehouse =
        Warehouse::connect(&warehouse.url, &config.warehouse.database, &warehouse.key).await.context("数据仓库")?;
    warehouse.migrate().await.context("数据仓库结构升级")?;
    let (queue, captured) = capture::queue();
    let node = Node {
        config: node_config(config, reference, address)?,
        store,
        warehouse,
        shared_packs: SharedPacks::new(reference.packs.clone()),
        divisions: reference.divisions.clone(),
        boundaries: reference.boundaries.clone(),
        clock: options.clock.clone(),
        chance: Arc::new(OsChance(OsEntropy)),
        entropy,
        signing_key: keys.signing,
        sealing_key: keys.sealing,
        instance: keys.instance,
        policy: SharedPolicy::new(PolicySnapshot::nothing()),
        sign_ons: account::Guard::default(),
        applied: suyuan_security::throttle::Window::new(3_600_000),
        peers: peers(config)?,
        figures: tokio::sync::watch::Sender::new(0),
        capture: queue,
        meter: suyuan_service::access::meter::Meter::default(),
        sealing: tokio::sync::Mutex::new(()),
        audit_counted: suyuan_service::audit::guard::Counted::default(),
    };
    pack::refresh(&node).await?;
    account::load_policy(&node).await?;
    account::prepare(&node).await?;
    let node = Arc::new(node);
    for new in options.accounts.clone() {
        account::ensure(&node, new).await?;
    }
    import::recover(&node).await?;
    sync::state::recover(&node).await?;
    let runner = Runner::start(node.clone(), captured, Arc::new(mailer(config)?), runner_config(config, &options));
    let stop = CancellationToken::new();
    let api = ApiConfig {
        frontend_dir: config.node.frontend_dir.clone(),
        demo_clock: config.demo.is_some().then(|| options.clock.clone()),
    };
    let serving = suyuan_api::serve(listener, node.clone(), api, stop.clone().cancelled_owned());
    let server = tokio::spawn(serving);
    tracing::info!(code = node.code(), %address, "node started");
    Ok(Started { node, address, runner, stop, server })
}

fn node_config(config: &Config, reference: &Reference, address: SocketAddr) -> Result<NodeConfig> {
    let listens = format!("http://{address}");
    Ok(NodeConfig {
        code: config.node.code.clone(),
        tier: config.tier(&reference.divisions),
        platform_name: config.platform_name(&reference.divisions),
        parent: config.parent.as_ref().map(|parent| (parent.code.clone(), parent.url.clone())),
        public_url: if config.node.public_url.is_empty() { listens } else { config.node.public_url.clone() },
        data_dir: config.node.data_dir.clone(),
        contact: config.node.contact.clone(),
        mail_dir: config.mail.dir.clone(),
        fonts_dir: config.node.fonts_dir.clone(),
        sessions: sessions(config),
        sign_on: config.security.sign_on(),
        openid: config.openid.as_ref().map(OpenIdSection::settings).transpose()?,
    })
}

/// The clock of a demonstration jumps by days while its world loads; a session must outlast that unless told otherwise.
fn sessions(config: &Config) -> SessionRules {
    const YEAR: i64 = 366 * 86_400_000;
    let usual = if config.demo.is_some() {
        SessionRules { idle_millis: YEAR, absolute_millis: YEAR, confirm_millis: YEAR, ..SessionRules::default() }
    } else {
        SessionRules::default()
    };
    config.security.sessions(usual)
}

fn runner_config(config: &Config, options: &Options) -> RunnerConfig {
    RunnerConfig {
        holder: format!("{}/{}", config.node.code, std::process::id()),
        idle: options.idle,
        schedules: options.schedules,
        proofs: config.demo.is_none(),
    }
}

fn mailer(config: &Config) -> Result<Mailer> {
    let folder = config.mail.dir.clone().unwrap_or_else(|| config.node.data_dir.join("mail"));
    let password = std::env::var("SUYUAN_SMTP_PASSWORD").ok();
    let settings = MailerConfig { smtp: config.mail.smtp.clone(), password, from: config.mail.from.clone(), folder };
    Mailer::new(settings).context("邮件设置")
}

fn peers(config: &Config) -> Result<PeerClient> {
    let provider = rustls::crypto::ring::default_provider();
    let client = HttpClient::new(&ClientOptions::default(), &provider).context("网络组件")?;
    if let Some(section) = &config.openid {
        for address in std::iter::once(&section.issuer).chain(&section.origins) {
            client.allow(address).context("统一身份登录的地址")?;
        }
    }
    Ok(PeerClient::new(client))
}
