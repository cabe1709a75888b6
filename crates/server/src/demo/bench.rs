//! `suyuan bench`: figures of speed on this machine: capture, exchange, dashboards, chains.
//!
//! Nodes run in this process over temporary folders, with the embedded engine beside it. Every figure is what a caller
//! sees: events answered as durable, records whose receipts are stored, answers received.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, SystemClock, Timestamp};
use suyuan_service::account::NewAccount;
use tokio::task::JoinSet;

use super::client::{Client, Identity};
use super::layout::PASSWORD;
use super::register::{admit, live_system};
use crate::command::serve::start_engine;
use crate::config::{Config, DatabaseSection, DemoSection, MailSection, NodeSection, ParentSection, WarehouseSection};
use crate::reference::{self, Reference};
use crate::start::{Options, Started, WarehouseAddress, start};

/// Events in one message.
const BATCH: usize = 1000;

/// Arguments of the benchmark.
#[derive(Clone, Debug, Args)]
pub struct BenchArgs {
    /// Events captured, exchanged and looked at.
    #[arg(long, default_value_t = 200_000)]
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
}

struct Ground {
    folder: PathBuf,
    reference: Reference,
    engine: WarehouseAddress,
    client: Client,
}

/// Runs all parts and prints their figures.
///
/// # Errors
/// When a node cannot be started or refuses what it must accept.
pub async fn run(args: BenchArgs) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("suyuan-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (engine, process) = start_engine(&folder.join("engine"), None).await?;
    let ground = Ground { folder: folder.clone(), reference: reference::load()?, engine, client: Client::open()? };
    let outcome = measure(&ground, &args).await;
    process.stop().await?;
    std::fs::remove_dir_all(&folder)?;
    outcome
}

async fn measure(ground: &Ground, args: &BenchArgs) -> Result<()> {
    let province = node(ground, "370000", None).await?;
    let parent = ParentSection { code: "370000".to_owned(), url: format!("http://{}", province.address) };
    let city = node(ground, "370200", Some(parent)).await?;
    let (city_url, province_url) = (format!("http://{}", city.address), format!("http://{}", province.address));
    ground.client.allow(&city_url)?;
    ground.client.allow(&province_url)?;
    let token = system(ground, &city_url).await?;

    let taken = capture(ground, &city_url, &token, args).await?;
    report("采集（每批 1000 条，应答即持久化）", args.events, taken, "条/秒");
    let drained = until(|| async {
        city.node.store.cursor("projector").await.ok() == city.node.store.last_position().await.ok()
    })
    .await;
    report("投影追平（采集完成后）", args.events, taken + drained, "条/秒");

    let security = ground.client.sign_in(&province_url, "security").await?;
    let began = Instant::now();
    admit(&ground.client, &province_url, &security, "370200").await?;
    exchanged(&city).await?;
    report("上下级交换（SM2 签名、SM4 加密，回执入库）", args.events, began.elapsed(), "条/秒");

    cockpit(ground, &city_url, &token, args).await?;
    chains(ground, &city_url, args).await?;
    city.stop().await?;
    province.stop().await
}

async fn node(ground: &Ground, code: &str, parent: Option<ParentSection>) -> Result<Started> {
    let data_dir = ground.folder.join(code);
    std::fs::create_dir_all(&data_dir)?;
    let config = Config {
        node: NodeSection {
            code: code.to_owned(),
            name: String::new(),
            listen: "127.0.0.1:0".parse()?,
            public_url: String::new(),
            data_dir: data_dir.clone(),
            contact: String::new(),
            frontend_dir: None,
            fonts_dir: None,
        },
        parent,
        database: DatabaseSection { url: sqlite(&data_dir) },
        warehouse: WarehouseSection {
            url: None,
            database: format!("bench_{code}"),
            key_variable: String::new(),
            library: None,
        },
        mail: MailSection::default(),
        demo: Some(DemoSection::default()),
    };
    let account = |username: &str, role: &str| NewAccount {
        username: username.to_owned(),
        display_name: username.to_owned(),
        password: PASSWORD.to_owned(),
        role: role.to_owned(),
        division: code.to_owned(),
        email: String::new(),
    };
    let options = Options {
        clock: Arc::new(SystemClock::default()),
        schedules: false,
        accounts: vec![account("regulator", "supervisor"), account("security", "security_admin")],
        ..Options::default()
    };
    start(&config, &ground.reference, &ground.engine, options).await
}

fn sqlite(data_dir: &Path) -> String {
    format!("sqlite://{}", data_dir.join("node.db").display())
}

async fn system(ground: &Ground, url: &str) -> Result<String> {
    let regulator = ground.client.sign_in(url, "regulator").await?;
    let application = json!({
        "code": "SYS-370200-001", "name": "压测系统", "operator": "测试单位", "category": "agri", "stage": "farming",
        "division": "370202", "url": "", "contact": "张三", "phone": "13800000000",
    });
    live_system(&ground.client, url, &regulator, &application).await
}

/// An event of about 600 bytes.
fn event(number: usize, now: Timestamp) -> Value {
    json!({
        "event_id": format!("urn:uuid:00000000-0000-4000-8000-{number:012}"),
        "type": "object", "biz_step": "commissioning", "category": "agri", "stage": "farming",
        "event_time": now.plus_millis(-60_000).to_string(), "subject": "3702000010001", "subject_name": "青岛市南示范养殖场",
        "division": "370202", "product": "01010101", "product_name": "生猪", "batch": format!("B{:06}", number / 100),
        "outputs": [{ "code": format!("3702000010001{number:07}"), "quantity": "100.5", "unit": "kg" }],
        "quantity": "100.5", "unit": "kg",
    })
}

async fn capture(ground: &Ground, url: &str, token: &str, args: &BenchArgs) -> Result<Duration> {
    let now = SystemClock::default().now();
    let messages: Vec<Value> = (0..args.events / BATCH)
        .map(|batch| {
            let events: Vec<Value> = (0..BATCH).map(|row| event(batch * BATCH + row, now)).collect();
            json!({ "message_id": format!("bench-{batch}"), "events": events })
        })
        .collect();
    let shared = Arc::new(messages);
    let began = Instant::now();
    let mut senders = JoinSet::new();
    for sender in 0..args.senders {
        let (client, url, token, shared, step) =
            (ground.client.clone(), url.to_owned(), token.to_owned(), shared.clone(), args.senders);
        senders.spawn(async move {
            for message in shared.iter().skip(sender).step_by(step) {
                let answer = client.post(&url, "/open/v1/events", &Identity::Token(token.clone()), message).await?;
                anyhow::ensure!(answer["accepted"] == BATCH, "not all accepted: {}", answer["rows"][0]);
            }
            Ok(())
        });
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    Ok(began.elapsed())
}

async fn until<F, C>(mut condition: F) -> Duration
where
    F: FnMut() -> C,
    C: Future<Output = bool>,
{
    let began = Instant::now();
    while !condition().await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

/// Waits until every record of the city's journal that travels upward is confirmed by a receipt.
async fn exchanged(city: &Started) -> Result<()> {
    loop {
        let (parent, _) = suyuan_service::sync::state::links(&city.node, city.node.now()).await?;
        if parent.is_some_and(|link| link.enrolment == "approved" && link.records_behind == 0) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The calls that the cockpit's page makes when it is opened.
const COCKPIT: [&str; 4] = [
    "/api/v1/console/cockpit?days=30",
    "/api/v1/console/map/values?metric=reporting_rate",
    "/api/v1/console/map/flows?days=7",
    "/api/v1/console/findings?state=open&limit=10",
];

async fn cockpit(ground: &Ground, url: &str, token: &str, args: &BenchArgs) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let mut people = JoinSet::new();
    let regulator = ground.client.sign_in(url, "regulator").await?;
    for person in 0..args.users {
        let (client, url, who) = (ground.client.clone(), url.to_owned(), regulator.clone());
        people.spawn(async move { look(&client, &url, &who, person, until).await });
    }
    let (client, to, bearer, first) = (ground.client.clone(), url.to_owned(), token.to_owned(), args.events);
    let trickle = tokio::spawn(async move { trickle(&client, &to, &bearer, first, until).await });
    let mut times = Vec::new();
    while let Some(seen) = people.join_next().await {
        times.extend(seen??);
    }
    trickle.await??;
    percentiles(&format!("驾驶舱一组请求（{} 人，思考 5 秒，同时每秒 100 条流入）", args.users), times);
    Ok(())
}

async fn look(client: &Client, url: &str, who: &Identity, person: usize, until: Instant) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    tokio::time::sleep(Duration::from_millis(100 * (person as u64 % 50))).await;
    while Instant::now() < until {
        let began = Instant::now();
        for path in COCKPIT {
            client.get(url, path, who).await.with_context(|| path.to_owned())?;
        }
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    Ok(times)
}

async fn trickle(client: &Client, url: &str, token: &str, first: usize, until: Instant) -> Result<()> {
    let mut number = first;
    while Instant::now() < until {
        let now = SystemClock::default().now();
        let events: Vec<Value> = (0..100).map(|row| event(number + row, now)).collect();
        let message = json!({ "message_id": format!("trickle-{number}"), "events": events });
        client.post(url, "/open/v1/events", &Identity::Token(token.to_owned()), &message).await?;
        number += 100;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn chains(ground: &Ground, url: &str, args: &BenchArgs) -> Result<()> {
    let mut times = Vec::new();
    for number in (0..args.events).step_by((args.events / 200).max(1)) {
        let began = Instant::now();
        ground.client.get(url, &format!("/api/v1/portal/trace/3702000010001{number:07}"), &Identity::Nobody).await?;
        times.push(began.elapsed());
    }
    percentiles("公众查询一个追溯码", times);
    Ok(())
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
