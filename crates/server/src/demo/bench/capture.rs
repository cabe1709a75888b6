//! Capture: messages of 1,000 events, from several senders at once, until each is answered as durable; then how long the
//! projector takes to be level.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, SystemClock, Timestamp};
use tokio::task::JoinSet;

use super::{BenchArgs, Pair, Site, report};
use crate::demo::client::{Client, Identity};
use crate::demo::register::live_system;

/// Events in one message.
const BATCH: usize = 1000;

/// Captures the events and prints the two rates.
pub(super) async fn run(site: &Site, pair: &Pair, args: &BenchArgs) -> Result<()> {
    let taken = send_all(site, pair, args).await?;
    report("采集（每批 1000 条，应答即持久化）", args.events, taken, "条/秒");
    let store = &pair.city.node.store;
    let began = Instant::now();
    while store.cursor("projector").await? < store.last_position().await? {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    report("投影追平（自采集开始）", args.events, taken + began.elapsed(), "条/秒");
    Ok(())
}

/// Registers the one connected system and gives its token.
pub(super) async fn system(site: &Site, url: &str) -> Result<String> {
    let regulator = site.client.sign_in(url, "regulator").await?;
    let application = json!({
        "code": "SYS-370200-001", "name": "压测系统", "operator": "测试单位", "category": "agri", "stage": "farming",
        "division": "370202", "url": "", "contact": "张三", "phone": "13800000000",
    });
    live_system(&site.client, url, &regulator, &application).await
}

/// The code of the unit that event `number` brings forth.
pub(super) fn unit(number: usize) -> String {
    format!("3702000010001{number:07}")
}

/// An event of about 600 bytes.
pub(super) fn event(number: usize, now: Timestamp) -> Value {
    json!({
        "event_id": format!("urn:uuid:00000000-0000-4000-8000-{number:012}"),
        "type": "object", "biz_step": "commissioning", "category": "agri", "stage": "farming",
        "event_time": now.plus_millis(-60_000).to_string(), "subject": "3702000010001", "subject_name": "青岛市南示范养殖场",
        "division": "370202", "product": "01010101", "product_name": "生猪", "batch": format!("B{:06}", number / 100),
        "outputs": [{ "code": unit(number), "quantity": "100.5", "unit": "kg" }],
        "quantity": "100.5", "unit": "kg",
    })
}

async fn send_all(site: &Site, pair: &Pair, args: &BenchArgs) -> Result<Duration> {
    let began = Instant::now();
    let mut senders = JoinSet::new();
    for sender in 0..args.senders {
        let (client, url, token) = (site.client.clone(), pair.city_url.clone(), pair.token.clone());
        let batches = (sender..args.events / BATCH).step_by(args.senders.max(1));
        senders.spawn(async move { send(&client, &url, &Identity::Token(token), batches).await });
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    Ok(began.elapsed())
}

/// Messages are made while they are sent: a million of them would fill the memory that is measured.
async fn send(client: &Client, url: &str, who: &Identity, batches: impl Iterator<Item = usize>) -> Result<()> {
    let now = SystemClock::default().now();
    for batch in batches {
        let events: Vec<Value> = (0..BATCH).map(|row| event(batch * BATCH + row, now)).collect();
        let message = json!({ "message_id": format!("bench-{batch}"), "events": events });
        let answer = client.post(url, "/open/v1/events", who, &message).await?;
        anyhow::ensure!(answer["accepted"] == BATCH, "not all accepted: {}", answer["rows"][0]);
    }
    Ok(())
}
