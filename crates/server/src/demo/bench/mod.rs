//! `suyuan bench`: figures of speed on this machine: capture, exchange, dashboards and chains, the ground under them, lists
//! of registers.
//!
//! Nodes run in this process over temporary folders, with the embedded engine beside it. Every figure is what a caller
//! sees: events answered as durable, records whose receipts are stored, answers received. What each part does lies in the
//! modules; here is what they share: arguments, nodes, the printed lines.

mod capture;
mod cockpit;
mod exchange;
mod ground;
mod import;
mod registers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::{Args, ValueEnum};
use suyuan_domain::clock::SystemClock;
use suyuan_service::account::NewAccount;

use super::client::Client;
use super::layout::PASSWORD;
use crate::command::serve::start_engine;
use crate::config::{Config, DemoSection, ParentSection, WarehouseSection};
use crate::reference::{self, Reference};
use crate::start::{Options, Started, WarehouseAddress, start};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Everything but the ground, the registers and the import.
    All,
    /// Events captured and projected.
    Capture,
    /// Captured events sent to the parent.
    Exchange,
    /// Captured events looked at: cockpit and chains.
    Cockpit,
    /// Millions of records received and sealed by the relational store alone.
    Ground,
    /// First pages of lists over a large register, by the relational store alone.
    Registers,
    /// A table of subjects uploaded, checked and entered.
    Import,
}

/// Arguments of the benchmark.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// What is measured. Exchange and cockpit capture first what they need.
    #[arg(long, value_enum, default_value_t = Part::All)]
    part: Part,
    /// Events captured, exchanged and looked at, in full messages of 1,000.
    #[arg(long, default_value_t = 1_000_000)]
    events: usize,
    /// Senders at a time.
    #[arg(long, default_value_t = 4)]
    senders: usize,
    /// People looking at the cockpit.
    #[arg(long, default_value_t = 50)]
    users: usize,
    /// Seconds of looking.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Records of the parts `ground` (5,000,000 unless said otherwise) and `registers` (1,000,000), rows of the
    /// part `import` (100,000).
    #[arg(long)]
    records: Option<u64>,
    /// PostgreSQL database for the parts `ground` and `registers`; without it, a SQLite file. Empty, or for `registers` as
    /// a run before has left it.
    #[arg(long)]
    database: Option<String>,
}

/// Where the nodes of a run live.
struct Site {
    folder: PathBuf,
    reference: Reference,
    engine: WarehouseAddress,
    client: Client,
}

/// A city below a province, with one connected system.
struct Pair {
    province: Started,
    city: Started,
    province_url: String,
    city_url: String,
    token: String,
}

/// Runs the chosen parts and prints their figures.
///
/// # Errors
/// When a node cannot be started or refuses what it must accept.
pub async fn run(args: BenchArgs) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("suyuan-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = match args.part {
        Part::Ground => ground::run(&folder, args.database.as_deref(), args.records.unwrap_or(5_000_000)).await,
        Part::Registers => registers::run(&folder, args.database.as_deref(), args.records.unwrap_or(1_000_000)).await,
        _ => on_nodes(&folder, &args).await,
    };
    std::fs::remove_dir_all(&folder)?;
    outcome
}

async fn on_nodes(folder: &std::path::Path, args: &BenchArgs) -> Result<()> {
    let (engine, process) = start_engine(&folder.join("engine"), None).await?;
    let reference = reference::load()?;
    let site = Site { folder: folder.to_owned(), reference, engine, client: Client::open()? };
    let outcome = match args.part {
        Part::Import => {
            let rows = usize::try_from(args.records.unwrap_or(100_000)).unwrap_or(usize::MAX);
            import::run(&site, rows).await
        }
        _ => measure(&site, args).await,
    };
    process.stop().await?;
    outcome
}

async fn measure(site: &Site, args: &BenchArgs) -> Result<()> {
    let wanted = |part: Part| args.part == Part::All || args.part == part;
    let pair = Pair::start(site).await?;
    capture::run(site, &pair, args).await?;
    if wanted(Part::Exchange) {
        exchange::run(site, &pair, args).await?;
    }
    if wanted(Part::Cockpit) {
        cockpit::run(site, &pair, args).await?;
    }
    pair.city.stop().await?;
    pair.province.stop().await
}

impl Pair {
    async fn start(site: &Site) -> Result<Self> {
        let province = node(site, "370000", None).await?;
        let parent = ParentSection { code: "370000".to_owned(), url: format!("http://{}", province.address) };
        let city = node(site, "370200", Some(parent)).await?;
        let (city_url, province_url) = (format!("http://{}", city.address), format!("http://{}", province.address));
        site.client.allow(&city_url)?;
        site.client.allow(&province_url)?;
        let token = capture::system(site, &city_url).await?;
        Ok(Self { province, city, province_url, city_url, token })
    }
}

async fn node(site: &Site, code: &str, parent: Option<ParentSection>) -> Result<Started> {
    let data_dir = site.folder.join(code);
    std::fs::create_dir_all(&data_dir)?;
    let warehouse = WarehouseSection::of(None, format!("bench_{code}"));
    let config = Config {
        parent,
        demo: Some(DemoSection::default()),
        ..Config::embedded(code, "127.0.0.1:0".parse()?, &data_dir, warehouse)
    };
    let account = |username: &str, role: &str| NewAccount {
        username: username.to_owned(),
        display_name: username.to_owned(),
        password: PASSWORD.to_owned(),
        role: role.to_owned(),
        division: code.to_owned(),
        ..NewAccount::default()
    };
    let options = Options {
        clock: Arc::new(SystemClock::default()),
        schedules: false,
        accounts: vec![account("regulator", "supervisor"), account("security", "security_admin")],
        ..Options::default()
    };
    start(&config, &site.reference, &site.engine, options).await
}

fn report(what: &str, count: usize, time: Duration, unit: &str) {
    let rate = count as f64 / time.as_secs_f64();
    println!("{what}：{count} 条，{:.2} 秒，{rate:.0} {unit}", time.as_secs_f64());
}

fn percentiles(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: usize| {
        times.get((times.len() * part / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{what}：{} 次，p50 {:.1} ms，p95 {:.1} ms，p99 {:.1} ms，最大 {:.1} ms",
        times.len(),
        millis(at(50)),
        millis(at(95)),
        millis(at(99)),
        millis(times.last().copied().unwrap_or_default())
    );
}
