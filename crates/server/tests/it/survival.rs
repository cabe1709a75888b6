//! Killed without warning under load: a province, a city, then the engine. Whatever was accepted is at all three tiers in
//! the end, once. Everything runs as processes of the real program.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, SystemClock};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::harness::{Caller, event, system, wait_for};
use crate::process::{EngineUnderTest, NodeUnderTest};

/// Systems that report side by side.
const SYSTEMS: u32 = 4;
/// Messages of each system in each round.
const MESSAGES: u32 = 10;
/// Events of one message.
const EVENTS: u32 = 20;
/// The victim of a round is killed after this many answers of it.
const KILL_AFTER: u64 = 12;

/// Who is killed in a round.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Province,
    City,
    Engine,
}

struct Tiers {
    engine: EngineUnderTest,
    nation: NodeUnderTest,
    province: NodeUnderTest,
    city: NodeUnderTest,
}

impl Tiers {
    async fn start() -> Self {
        let engine = EngineUnderTest::new().await;
        let nation = NodeUnderTest::new("000000", None, &engine).await;
        let province = NodeUnderTest::new("370000", Some(&nation), &engine).await;
        let city = NodeUnderTest::new("370200", Some(&province), &engine).await;
        Self { engine, nation, province, city }
    }

    async fn kill_and_start(&mut self, victim: Victim) {
        match victim {
            Victim::Province => {
                self.province.kill().await;
                self.province.start().await;
            }
            Victim::City => {
                self.city.kill().await;
                self.city.start().await;
            }
            Victim::Engine => {
                self.engine.kill().await;
                self.engine.start().await;
            }
        }
    }
}

/// One system's messages of one round, each repeated under its own id until it is answered.
async fn report(sender: Caller, number: u32, round: u32, answered: watch::Sender<u64>) -> (u64, u64) {
    let (accepted, repeats) = (AtomicU64::new(0), AtomicU64::new(0));
    let subject = format!("370200001{number:04}");
    for message in 0..MESSAGES {
        let first = (round * MESSAGES + message) * EVENTS;
        let now = SystemClock::default().now();
        let events: Vec<Value> = (first..first + EVENTS).map(|at| own_event(number, at, &subject, now)).collect();
        let body = json!({ "message_id": format!("R{round}-{message}"), "events": events });
        wait_for("an answer", || async {
            match sender.try_post("/open/v1/events", &body).await {
                Some(reply) if reply.status < 500 => {
                    let answer = reply.ok();
                    accepted.fetch_add(answer["accepted"].as_u64().expect("a count"), Ordering::SeqCst);
                    true
                }
                _ => {
                    repeats.fetch_add(1, Ordering::SeqCst);
                    false
                }
            }
        })
        .await;
        answered.send_modify(|count| *count += 1);
    }
    (accepted.into_inner(), repeats.into_inner())
}

fn own_event(system: u32, number: u32, subject: &str, now: suyuan_domain::clock::Timestamp) -> Value {
    let mut event = event(number, subject, "370202", now);
    event["outputs"][0]["code"] = json!(format!("{subject}{:07}", system * 100_000 + number));
    event
}

/// All systems report while the victim is killed and started again; gives accepted events and repeated messages.
async fn round(tiers: &mut Tiers, systems: &[Caller], round: u32, victim: Victim) -> (u64, u64) {
    let (answered, mut answers) = watch::channel(0);
    let mut load = JoinSet::new();
    for (sender, number) in systems.iter().zip(0..) {
        load.spawn(report(sender.clone(), number, round, answered.clone()));
    }
    answers.wait_for(|count| *count >= KILL_AFTER).await.expect("a count");
    tiers.kill_and_start(victim).await;
    let reports = load.join_all().await;
    reports.iter().fold((0, 0), |sum, report| (sum.0 + report.0, sum.1 + report.1))
}

async fn total(who: &Caller) -> Option<u64> {
    let reply = who.try_get("/api/v1/console/events?limit=1").await?;
    reply.body["count"]["value"].as_u64()
}

async fn in_step(who: &Caller) -> bool {
    let Some(reply) = who.try_get("/api/v1/console/exchange").await else { return false };
    reply.body["parent"]["state"] == "in_step" && reply.body["parent"]["records_behind"] == 0
}

#[tokio::test(flavor = "multi_thread")]
async fn d_shape_nodes_and_engine_killed_under_load_lose_nothing_and_double_nothing() {
    let mut tiers = Tiers::start().await;
    let regulator = tiers.city.caller().sign_in("regulator").await;
    let mut systems = Vec::new();
    for number in 0..SYSTEMS {
        systems.push(regulator.connected(&system(&format!("SYS-370200-{number:03}"), "370202", "farming")).await);
    }
    let mut accepted = 0;
    for (number, victim) in (0..).zip([Victim::Province, Victim::City, Victim::Engine]) {
        let (taken, repeats) = round(&mut tiers, &systems, number, victim).await;
        assert_eq!(taken, u64::from(SYSTEMS * MESSAGES * EVENTS), "{victim:?}");
        assert!(repeats > 0 || !matches!(victim, Victim::City), "the city was not killed under load");
        accepted += taken;
    }
    for node in [&tiers.city, &tiers.province, &tiers.nation] {
        let who = node.caller().sign_in("regulator").await;
        wait_for(&format!("{accepted} events at {}", node.code), || async { total(&who).await == Some(accepted) })
            .await;
    }
    for node in [&tiers.city, &tiers.province] {
        let who = node.caller().sign_in("security").await;
        wait_for(&format!("{} to be in step", node.code), || in_step(&who)).await;
    }
    for node in [&tiers.city, &tiers.province, &tiers.nation] {
        let who = node.caller().sign_in("regulator").await;
        assert_eq!(total(&who).await, Some(accepted), "{}", node.code);
        node.verify_journal().await;
    }
}
