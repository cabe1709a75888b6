//! The cockpit: many people who look, think and look again while events come in; then the public that asks for codes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, SystemClock};
use tokio::task::JoinSet;

use super::capture::{event, unit};
use super::{BenchArgs, Pair, Site, percentiles};
use crate::demo::client::{Client, Identity};

/// The calls that the cockpit's page makes when it is opened.
const COCKPIT: [&str; 4] = [
    "/api/v1/console/cockpit?days=30",
    "/api/v1/console/map/values?metric=reporting_rate",
    "/api/v1/console/map/flows?days=7",
    "/api/v1/console/findings?state=open&limit=10",
];

/// Looks and prints how long the answers took.
pub(super) async fn run(site: &Site, pair: &Pair, args: &BenchArgs) -> Result<()> {
    look_together(site, pair, args).await?;
    chains(site, &pair.city_url, args).await
}

async fn look_together(site: &Site, pair: &Pair, args: &BenchArgs) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let mut people = JoinSet::new();
    let regulator = site.client.sign_in(&pair.city_url, "regulator").await?;
    for person in 0..args.users {
        let (client, url, who) = (site.client.clone(), pair.city_url.clone(), regulator.clone());
        people.spawn(async move { look(&client, &url, &who, person, until).await });
    }
    let (client, to, who) = (site.client.clone(), pair.city_url.clone(), Identity::Token(pair.token.clone()));
    let first = args.events;
    let trickle = tokio::spawn(async move { trickle(&client, &to, &who, first, until).await });
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

async fn trickle(client: &Client, url: &str, who: &Identity, first: usize, until: Instant) -> Result<()> {
    let mut number = first;
    while Instant::now() < until {
        let now = SystemClock::default().now();
        let events: Vec<Value> = (0..100).map(|row| event(number + row, now)).collect();
        let message = json!({ "message_id": format!("trickle-{number}"), "events": events });
        client.post(url, "/open/v1/events", who, &message).await?;
        number += 100;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn chains(site: &Site, url: &str, args: &BenchArgs) -> Result<()> {
    let mut times = Vec::new();
    for number in (0..args.events).step_by((args.events / 200).max(1)) {
        let began = Instant::now();
        site.client.get(url, &format!("/api/v1/portal/trace/{}", unit(number)), &Identity::Nobody).await?;
        times.push(began.elapsed());
    }
    percentiles("公众查询一个追溯码", times);
    Ok(())
}
