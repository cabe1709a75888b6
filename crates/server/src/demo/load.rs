//! Loading the sample world through the public interfaces, day by day, with the clocks of all nodes moved along.
//!
//! Goes on where an earlier run stopped: every call carries its own message id, so that sending one twice doubles nothing.

use std::collections::HashMap;
use std::io::Write;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, SystemClock, Timestamp};
use suyuan_domain::period::{Day, Period};
use suyuan_simulator::{Call, Plan as WorldPlan, World, WorldSize};

use super::client::{Client, Identity};
use super::layout::{Plan, PlannedNode, Progress};
use super::register::{admit, live_system};
use crate::reference::Reference;

/// Seed of the sample world.
const SEED: u64 = 20_261_121;

/// Days of the sample world.
const DAYS: u32 = 35;

/// Days of the small one.
const SMALL_DAYS: u32 = 6;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// The clocks are moved when a call lies this far ahead of them, in milliseconds.
const STEP: i64 = 30 * 60_000;

/// Calls after which the progress is kept.
const KEEP_EVERY: usize = 25;

/// City of the world and the node that it reports to.
const CITIES: [(&str, &str); 3] = [("370200", "370200"), ("370100", "370100"), ("440100", "440000")];

/// Loads what is missing of the world.
pub(super) async fn load(plan: &Plan, reference: &Reference, small: bool) -> Result<()> {
    let mut progress = plan.progress();
    let client = Client::new(plan)?;
    let machine = SystemClock::default();
    if progress.finished {
        set_clocks(&client, plan, 0).await?;
        plan.write_summary(&progress.tokens)?;
        println!("示例数据已在上次运行中加载完成。");
        return Ok(());
    }
    let until = match progress.until_millis {
        Some(millis) => Timestamp::from_millis(millis),
        None => machine.now(),
    };
    progress.until_millis = Some(until.millis());
    plan.keep_progress(&progress)?;
    let world = world(reference, until, small)?;
    let mut loader = Loader { client, plan, world: &world, machine, progress, clock: Timestamp::default() };
    loader.admissions().await?;
    loader.registers().await?;
    loader.calls().await?;
    loader.finish().await
}

/// The sample world that ends at `until`.
pub(super) fn world(reference: &Reference, until: Timestamp, small: bool) -> Result<World> {
    let size = if small {
        WorldSize { subjects: 210, events: 3_000, days: SMALL_DAYS }
    } else {
        WorldSize { subjects: 600, events: 300_000, days: DAYS }
    };
    let nodes = CITIES.iter().map(|(city, _)| (*city).to_owned()).collect();
    let plan = WorldPlan { seed: SEED, size, until, nodes };
    World::generate(plan, &reference.packs, &reference.divisions).context("示例世界")
}

async fn set_clocks(client: &Client, plan: &Plan, offset: i64) -> Result<()> {
    for node in &plan.nodes {
        client
            .post_patiently(&node.url(), "/demo/clock", &Identity::Nobody, &json!({ "offset_millis": offset }))
            .await?;
    }
    Ok(())
}

struct Loader<'a> {
    client: Client,
    plan: &'a Plan,
    world: &'a World,
    machine: SystemClock,
    progress: Progress,
    clock: Timestamp,
}

impl Loader<'_> {
    fn node_of(&self, city: &str) -> Result<&PlannedNode> {
        let code = CITIES.iter().find(|(known, _)| *known == city).map_or(city, |(_, node)| node);
        self.plan.node(code).with_context(|| format!("没有节点 {code}"))
    }

    async fn move_clocks(&mut self, to: Timestamp) -> Result<()> {
        let offset = to.millis() - self.machine.now().millis();
        set_clocks(&self.client, self.plan, offset).await?;
        self.clock = to;
        self.progress.clock_offset_millis = offset;
        self.plan.keep_progress(&self.progress)
    }

    /// Children are admitted by the administrators of their parents.
    async fn admissions(&self) -> Result<()> {
        for node in &self.plan.nodes {
            let Some(parent) = node.parent.and_then(|code| self.plan.node(code)) else { continue };
            let who = self.client.sign_in(&parent.url(), "security").await?;
            admit(&self.client, &parent.url(), &who, node.code).await?;
        }
        println!("下级节点已全部批准接入。");
        Ok(())
    }

    async fn registers(&mut self) -> Result<()> {
        if self.progress.registered {
            return Ok(());
        }
        let began = self.world.plan().until.plus_millis(-DAY * i64::from(self.world.plan().size.days) - DAY);
        self.move_clocks(began).await?;
        let all: Vec<_> = self.world.registrations().collect();
        let mut sessions: HashMap<String, Identity> = HashMap::new();
        for (index, registration) in all.iter().enumerate() {
            let node = self.node_of(&registration.node)?.clone();
            if !sessions.contains_key(node.code) {
                let who = self.client.sign_in(&node.url(), "regulator").await?;
                sessions.insert(node.code.to_owned(), who);
            }
            let who = &sessions[node.code];
            if registration.noun == "systems" {
                self.system(&node, who, &registration.body).await?;
            } else {
                self.entry(&node.url(), who, &registration.noun, &registration.body).await?;
            }
            bar("登记主体、产品、设备和接入系统", index + 1, all.len());
        }
        self.progress.registered = true;
        self.plan.keep_progress(&self.progress)?;
        self.plan.write_summary(&self.progress.tokens)
    }

    async fn system(&mut self, node: &PlannedNode, who: &Identity, body: &Value) -> Result<()> {
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        if self.progress.tokens.iter().any(|(_, system, _)| *system == code) {
            return Ok(());
        }
        let token = live_system(&self.client, &node.url(), who, body).await?;
        self.progress.tokens.push((node.code.to_owned(), code, token));
        self.plan.keep_progress(&self.progress)
    }

    /// Files an entry and approves it; one that is already there stays as it is.
    async fn entry(&self, url: &str, who: &Identity, noun: &str, body: &Value) -> Result<()> {
        let path = format!("/api/v1/console/{noun}");
        let record = match self.client.post(url, &path, who, body).await {
            Ok(record) => record,
            Err(suyuan_exchange::client::ClientError::Refused { status: 409, .. }) => return Ok(()),
            Err(error) => return Err(error).with_context(|| format!("{noun} {}", body["code"])),
        };
        let id = record["id"].as_str().unwrap_or_default();
        let review = json!({ "version": record["version"], "decision": "approve", "reason": "" });
        self.client
            .post(url, &format!("{path}/{id}/review"), who, &review)
            .await
            .with_context(|| format!("{noun} {id}"))?;
        Ok(())
    }

    async fn calls(&mut self) -> Result<()> {
        let calls: Vec<Call> = self.world.calls().collect();
        let tokens: HashMap<String, String> =
            self.progress.tokens.iter().map(|(_, system, token)| (system.clone(), token.clone())).collect();
        for (index, call) in calls.iter().enumerate().skip(self.progress.calls_done) {
            if call.at.millis() - self.clock.millis() > STEP {
                self.move_clocks(call.at).await?;
            }
            let url = self.node_of(&call.node)?.url();
            let token = tokens.get(&call.system).with_context(|| format!("接入系统 {} 没有令牌", call.system))?;
            let answer =
                self.client.post_patiently(&url, &call.path, &Identity::Token(token.clone()), &call.body).await;
            answer.with_context(|| format!("{} {}", call.system, call.path))?;
            self.progress.calls_done = index + 1;
            if index % KEEP_EVERY == 0 {
                self.plan.keep_progress(&self.progress)?;
            }
            bar(&format!("报送追溯事件，{}", Day::of(call.at)), index + 1, calls.len());
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<()> {
        set_clocks(&self.client, self.plan, 0).await?;
        self.progress.clock_offset_millis = 0;
        self.reports().await?;
        self.progress.finished = true;
        self.plan.keep_progress(&self.progress)?;
        self.plan.write_summary(&self.progress.tokens)?;
        println!("示例数据已全部报送，各级平台正在汇总。");
        Ok(())
    }
}

impl Loader<'_> {
    /// Every node mails its monthly report to its regulators from now on, and the last month's at once.
    async fn reports(&self) -> Result<()> {
        let month = Period::month_of(Day::of(self.machine.now())).previous();
        for node in &self.plan.nodes {
            let who = self.client.sign_in(&node.url(), "regulator").await?;
            let receivers = json!([{ "name": "监管人员", "email": format!("regulator@{}.demo.invalid", node.code) }]);
            let schedule = json!({ "enabled": true, "cron": "0 8 1 * *", "receivers": receivers });
            self.client.put(&node.url(), "/api/v1/console/report-schedule", &who, &schedule).await?;
            self.client
                .post(&node.url(), "/api/v1/console/reports", &who, &json!({ "period": month.to_string() }))
                .await
                .with_context(|| format!("{} 月报", node.code))?;
        }
        Ok(())
    }
}

/// A bar with what is done, all, and the share; a line every two per cent where nobody watches a terminal.
fn bar(what: &str, done: usize, all: usize) {
    use std::io::IsTerminal;
    let out = std::io::stdout();
    let percent = done * 100 / all.max(1);
    if out.is_terminal() {
        let filled = percent * 30 / 100;
        print!("\r{what} [{}{}] {done}/{all} {percent}%   ", "█".repeat(filled), "·".repeat(30 - filled));
        if done == all {
            println!();
        }
    } else if done == all || (done * 50 / all.max(1)) != ((done - 1) * 50 / all.max(1)) {
        println!("{what}：{done}/{all}（{percent}%）");
    }
    // A full terminal buffer is no reason to stop loading.
    let _ = out.lock().flush();
}
