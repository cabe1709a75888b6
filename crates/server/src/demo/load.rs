//! Loading the sample world through the public interfaces, day by day, with the clocks of all nodes moved along.
//!
//! Goes on where an earlier run stopped: every call carries its own message id, so that sending one twice doubles nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use serde_json::json;
use suyuan_domain::clock::{Clock, SystemClock, Timestamp};
use suyuan_domain::period::{Day, Period};
use suyuan_exchange::client::ClientError;
use suyuan_simulator::{Call, Plan as WorldPlan, Registration, World, WorldSize};
use tokio::task::JoinSet;

use super::client::{Client, Identity};
use super::layout::{Plan, PlannedNode, Progress};
use super::people::People;
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

/// Calls of this length of time go out together, in milliseconds.
const STEP: i64 = 2 * 60 * 60_000;

/// Looks, half a second apart, for a report that is being made.
const REPORT_LOOKS: usize = 240;

/// Calls under way at a time.
const SIDE_BY_SIDE: usize = 16;

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

/// Code of the node that a city of the world reports to.
pub(super) fn node_code(city: &str) -> &str {
    CITIES.iter().find(|(known, _)| *known == city).map_or(city, |(_, node)| node)
}

async fn set_clocks(client: &Client, plan: &Plan, offset: i64) -> Result<()> {
    let body = json!({ "offset_millis": offset });
    let moves = plan.nodes.iter().map(super::layout::PlannedNode::url).map(|url| {
        let body = &body;
        async move { client.post_patiently(&url, "/demo/clock", &Identity::Nobody, body).await }
    });
    futures::future::try_join_all(moves).await?;
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
        let code = node_code(city);
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

    /// Each node's entries are filed in their order; the nodes work side by side.
    async fn registers(&mut self) -> Result<()> {
        if self.progress.registered {
            return Ok(());
        }
        let began = self.world.plan().until.plus_millis(-DAY * i64::from(self.world.plan().size.days) - DAY);
        self.move_clocks(began).await?;
        let mut by_node: BTreeMap<&'static str, Vec<Registration>> = BTreeMap::new();
        let mut all = 0;
        for registration in self.world.registrations() {
            by_node.entry(self.node_of(&registration.node)?.code).or_default().push(registration);
            all += 1;
        }
        let done = Arc::new(AtomicUsize::new(0));
        let mut nodes = JoinSet::new();
        for (code, registrations) in by_node {
            let node = self.node_of(code)?;
            let registrar = Registrar {
                client: self.client.clone(),
                url: node.url(),
                known: self.progress.tokens.iter().map(|(_, system, _)| system.clone()).collect(),
                done: done.clone(),
                all,
            };
            nodes.spawn(async move { Ok::<_, anyhow::Error>((code, registrar.run(registrations).await?)) });
        }
        while let Some(filed) = nodes.join_next().await {
            let (code, tokens) = filed??;
            let of_node = tokens.into_iter().map(|(system, token)| (code.to_owned(), system, token));
            self.progress.tokens.extend(of_node);
            self.plan.keep_progress(&self.progress)?;
        }
        self.progress.registered = true;
        self.plan.keep_progress(&self.progress)?;
        self.plan.write_summary(&self.progress.tokens)
    }

    /// Calls go out window by window; within a window side by side, as independent systems do.
    async fn calls(&mut self) -> Result<()> {
        let world = self.world;
        let all = world.calls().len();
        let mut calls = world.calls().skip(self.progress.calls_done).peekable();
        let tokens: HashMap<String, String> =
            self.progress.tokens.iter().map(|(_, system, token)| (system.clone(), token.clone())).collect();
        while let Some(first) = calls.next() {
            let (from, began, mut last) = (self.progress.calls_done, first.at.millis(), first.at);
            let mut window = vec![first];
            while let Some(call) = calls.next_if(|call| call.at.millis() - began <= STEP) {
                last = call.at;
                window.push(call);
            }
            if last > self.clock {
                self.move_clocks(last).await?;
            }
            let done = from + window.len();
            self.window(window, &tokens).await?;
            self.progress.calls_done = done;
            self.plan.keep_progress(&self.progress)?;
            bar(&format!("报送追溯事件，{}", Day::of(last)), from, done, all);
        }
        Ok(())
    }

    async fn window(&self, calls: Vec<Call>, tokens: &HashMap<String, String>) -> Result<()> {
        let mut under_way = JoinSet::new();
        for call in calls {
            let url = self.node_of(&call.node)?.url();
            let token = tokens.get(&call.system).with_context(|| format!("接入系统 {} 没有令牌", call.system))?;
            let (client, who) = (self.client.clone(), Identity::Token(token.clone()));
            if under_way.len() >= SIDE_BY_SIDE
                && let Some(sent) = under_way.join_next().await
            {
                sent??;
            }
            under_way.spawn(async move {
                let answer = client.post_patiently(&url, &call.path, &who, &call.body).await;
                answer.map(drop).with_context(|| format!("{} {}", call.system, call.path))
            });
        }
        while let Some(sent) = under_way.join_next().await {
            sent??;
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<()> {
        set_clocks(&self.client, self.plan, 0).await?;
        self.progress.clock_offset_millis = 0;
        let people = People {
            client: &self.client,
            plan: self.plan,
            world: self.world,
            tokens: &self.progress.tokens,
            today: Day::of(self.machine.now()),
        };
        people.act().await?;
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
            self.mail(node, &who, &receivers).await.with_context(|| format!("{} 月报发送", node.code))?;
        }
        Ok(())
    }

    /// Mails the newest report once it is frozen.
    async fn mail(&self, node: &PlannedNode, who: &Identity, receivers: &serde_json::Value) -> Result<()> {
        for _ in 0..REPORT_LOOKS {
            let list = self.client.get(&node.url(), "/api/v1/console/reports", who).await?;
            if let Some(id) = list["items"][0]["id"].as_str() {
                let path = format!("/api/v1/console/reports/{id}/send");
                self.client.post(&node.url(), &path, who, &json!({ "receivers": receivers })).await?;
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        anyhow::bail!("报告未能在两分钟内编制完成")
    }
}

/// Files what one node has on file before the calls come.
struct Registrar {
    client: Client,
    url: String,
    known: HashSet<String>,
    done: Arc<AtomicUsize>,
    all: usize,
}

impl Registrar {
    /// Files everything and gives the tokens of the systems.
    async fn run(self, registrations: Vec<Registration>) -> Result<Vec<(String, String)>> {
        let who = self.client.sign_in(&self.url, "regulator").await?;
        let mut tokens = Vec::new();
        for registration in registrations {
            let code = registration.body["code"].as_str().unwrap_or_default().to_owned();
            if registration.noun != "systems" {
                self.entry(&who, &registration).await?;
            } else if !self.known.contains(&code) {
                let token = live_system(&self.client, &self.url, &who, &registration.body).await?;
                tokens.push((code, token));
            }
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            bar("登记主体、产品、设备和接入系统", done - 1, done, self.all);
        }
        Ok(tokens)
    }

    /// Files an entry and approves it; one that is already there stays as it is.
    async fn entry(&self, who: &Identity, registration: &Registration) -> Result<()> {
        let Registration { noun, body, .. } = registration;
        let path = format!("/api/v1/console/{noun}");
        let record = match self.client.post(&self.url, &path, who, body).await {
            Ok(record) => record,
            Err(ClientError::Refused { status: 409, .. }) => return Ok(()),
            Err(error) => return Err(error).with_context(|| format!("{noun} {}", body["code"])),
        };
        let review = json!({ "version": record["version"], "decision": "approve", "reason": "" });
        let path = format!("{path}/{}/review", record["id"].as_str().unwrap_or_default());
        self.client.post(&self.url, &path, who, &review).await.with_context(|| path)?;
        Ok(())
    }
}

/// A bar with what is done, all, and the share; a line every two per cent where nobody watches a terminal.
fn bar(what: &str, before: usize, done: usize, all: usize) {
    use std::io::IsTerminal;
    let out = std::io::stdout();
    let percent = done * 100 / all.max(1);
    if out.is_terminal() {
        let filled = percent * 30 / 100;
        print!("\r{what} [{}{}] {done}/{all} {percent}%   ", "█".repeat(filled), "·".repeat(30 - filled));
        if done == all {
            println!();
        }
    } else if done == all || (done * 50 / all.max(1)) != (before * 50 / all.max(1)) {
        println!("{what}：{done}/{all}（{percent}%）");
    }
    // A full terminal buffer is no reason to stop loading.
    let _ = out.lock().flush();
}
