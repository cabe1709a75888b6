//! A small simulated world, reported over the open interface to a city below a province below the nation: chains, findings
//! and grades at every tier are what the world's own truth says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::{LinkKind, TraceEvent};
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::scope::Scope;
use suyuan_formats::{Defaults, Intake, open_json};
use suyuan_server::reference;
use suyuan_service::evaluation::recomputes;
use suyuan_simulator::{Anomaly, AnomalyKind, ChainTruth, Plan, World, WorldSize};
use suyuan_store::evaluation::EvaluationFilter;
use tokio::task::JoinSet;

use crate::harness::{Caller, Setup, TestApp, wait_for};

/// The last moment of the world is late on the last day of this month.
const MONTH: &str = "2026-10";
const SIZE: WorldSize = WorldSize { subjects: 90, events: 1_500, days: 6 };
const HOUR: i64 = 3_600_000;

/// A unit at a subject.
type Place = (String, String);

struct Tiers {
    nation: TestApp,
    province: TestApp,
    city: TestApp,
    world: World,
    /// The node's own identifier of every accepted event, by the sender's.
    accepted: BTreeMap<String, String>,
    /// Accepted events as they were sent.
    events: Vec<TraceEvent>,
}

impl Tiers {
    fn all(&self) -> [&TestApp; 3] {
        [&self.city, &self.province, &self.nation]
    }

    fn set_clocks(&self, at: Timestamp) {
        for app in self.all() {
            app.set_clock(at);
        }
    }

    /// The world is told to the city, hour by hour as it happened, and has reached the nation.
    async fn with_a_world() -> Self {
        let reference = reference::load().expect("reference data");
        let until = month().end().plus_millis(-2 * HOUR);
        let plan = Plan { seed: 20_261_121, size: SIZE, until, nodes: vec!["370200".to_owned()] };
        let world = World::generate(plan, &reference.packs, &reference.divisions).expect("a world");
        let begin = Day::of(until).plus(-i64::from(SIZE.days)).start();
        let nation = TestApp::with("000000", Setup::at(begin)).await;
        let province = nation.child("370000").await;
        let city = province.child("370200").await;
        let mut tiers = Self { nation, province, city, world, accepted: BTreeMap::new(), events: Vec::new() };
        tiers.set_clocks(begin);
        let systems = tiers.register().await;
        tiers.report(&systems).await;
        tiers
    }

    /// Subjects, then what belongs to them, then the systems, which get their tokens.
    async fn register(&self) -> BTreeMap<String, Caller> {
        let regulator = self.city.sign_in("regulator").await;
        for noun in ["subjects", "products", "devices"] {
            let mut filing = JoinSet::new();
            // A subject that plays in several chains states a product once for each of them.
            let mut known = BTreeSet::new();
            let mut fresh = |body: &Value| known.insert(text(&body["code"]));
            for registration in self.world.registrations().filter(|one| one.noun == noun && fresh(&one.body)) {
                let regulator = regulator.clone();
                filing.spawn(async move { regulator.filed(noun, &registration.body).await });
            }
            filing.join_all().await;
        }
        let mut systems = BTreeMap::new();
        for registration in self.world.registrations().filter(|registration| registration.noun == "systems") {
            systems.insert(text(&registration.body["code"]), regulator.connected(&registration.body).await);
        }
        systems
    }

    async fn report(&mut self, systems: &BTreeMap<String, Caller>) {
        for call in self.world.calls() {
            self.set_clocks(call.at);
            let answer = systems[&call.system].post(&call.path, &call.body).await.ok();
            let defaults = Defaults::default();
            let intake = Intake { now: call.at, system: &call.system, message: "", defaults: &defaults, max_rows: 500 };
            let sent = open_json::parse(call.body.to_string().as_bytes(), &intake).expect("a readable body");
            for (event, row) in sent.rows.into_iter().zip(answer["rows"].as_array().expect("rows")) {
                if row["status"] == "accepted" {
                    let event = event.expect("a readable row").event;
                    let id = row["id"].as_str().expect("an id").to_owned();
                    self.accepted.insert(event.event_id.clone().expect("an identifier"), id);
                    self.events.push(event);
                }
            }
        }
        self.set_clocks(self.world.plan().until);
    }

    async fn regulators(&self) -> Vec<(&TestApp, Caller)> {
        let mut regulators = Vec::new();
        for app in self.all() {
            regulators.push((app, app.sign_in("regulator").await));
        }
        regulators
    }
}

fn month() -> Period {
    MONTH.parse().expect("a month")
}

#[tokio::test(flavor = "multi_thread")]
async fn d_shape_a_world_comes_out_at_every_tier_as_its_truth_says() {
    let tiers = Tiers::with_a_world().await;
    totals(&tiers).await;
    registers(&tiers).await;
    chains_upstream(&tiers).await;
    chains_downstream(&tiers).await;
    anomalies(&tiers).await;
    grades(&tiers).await;
}

async fn totals(tiers: &Tiers) {
    let truth = tiers.world.truth();
    assert_eq!(tiers.accepted.len() as u64, truth.accepted, "accepted by the city");
    for (app, regulator) in tiers.regulators().await {
        wait_for(&format!("all events at {}", app.code), || async {
            regulator.get("/api/v1/console/events?limit=1").await.ok()["count"]["value"] == truth.accepted
        })
        .await;
    }
    let regulator = tiers.city.sign_in("regulator").await;
    let rejects = regulator.get("/api/v1/console/capture/rejects?limit=1").await.ok();
    assert_eq!(rejects["count"]["value"], truth.received - truth.accepted);
}

/// Subjects, products, devices and systems are on file at every tier.
async fn registers(tiers: &Tiers) {
    let mut filed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for registration in tiers.world.registrations() {
        filed.entry(registration.noun).or_default().insert(text(&registration.body["code"]));
    }
    assert_eq!(filed.keys().collect::<Vec<_>>(), ["devices", "products", "subjects", "systems"]);
    for (app, regulator) in tiers.regulators().await {
        for (noun, codes) in &filed {
            wait_for(&format!("the {noun} at {}", app.code), || async {
                let list = regulator.get(&format!("/api/v1/console/{noun}?limit=1")).await.ok();
                list["count"]["value"] == codes.len()
            })
            .await;
        }
    }
}

/// Some chains of every category.
fn sample(tiers: &Tiers) -> Vec<&ChainTruth> {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut chains = Vec::new();
    for chain in &tiers.world.truth().chains {
        let count = taken.entry(&chain.category).or_default();
        *count += 1;
        if *count <= 2 {
            chains.push(chain);
        }
    }
    assert!(chains.len() >= 10, "only {} chains", chains.len());
    chains
}

async fn walk(who: &Caller, code: &str, direction: &str) -> Value {
    who.get(&format!("/api/v1/console/trace?code={code}&direction={direction}")).await.ok()
}

async fn chains_upstream(tiers: &Tiers) {
    for (app, regulator) in tiers.regulators().await {
        for expected in sample(tiers) {
            let chain = walk(&regulator, &expected.code, "up").await;
            let got: Vec<(Option<&str>, Option<&str>, Option<&str>)> = chain["table"]
                .as_array()
                .expect("a table")
                .iter()
                .map(|row| (row["subject"].as_str(), row["in"].as_str(), row["out"].as_str()))
                .collect();
            let texts: Vec<(String, String)> =
                expected.rows.iter().map(|row| (row.came_in.to_string(), row.went_out.to_string())).collect();
            let want: Vec<_> = expected
                .rows
                .iter()
                .zip(&texts)
                .map(|(row, (came_in, went_out))| {
                    (Some(row.subject.as_str()), Some(came_in.as_str()), Some(went_out.as_str()))
                })
                .collect();
            assert_eq!(got, want, "{} {} at {}", expected.product, expected.code, app.code);
            assert_eq!(chain["complete"], true, "{} {}: {}", expected.product, expected.code, chain["gaps"]);
            let rows = chain["table"].as_array().expect("a table");
            assert!(rows.iter().all(|row| row["at"].is_string() && row["contact"].is_string()), "{rows:?}");
        }
    }
}

/// Everywhere that goods of `unit` went, found by asking every event until nothing new comes up.
fn downstream(events: &[TraceEvent], unit: &str) -> BTreeSet<Place> {
    let links: Vec<_> = events.iter().flat_map(|event| event.links(ObjectId::default())).collect();
    let mut reached = BTreeSet::new();
    for link in &links {
        for place in [(&link.up_unit, &link.up_subject), (&link.down_unit, &link.down_subject)] {
            if place.0 == unit {
                reached.insert((place.0.clone(), place.1.clone()));
            }
        }
    }
    loop {
        let before = reached.len();
        for link in links.iter().filter(|link| link.kind != LinkKind::Observe && !link.down_unit.is_empty()) {
            if reached.contains(&(link.up_unit.clone(), link.up_subject.clone())) {
                reached.insert((link.down_unit.clone(), link.down_subject.clone()));
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn chains_downstream(tiers: &Tiers) {
    let city = tiers.city.sign_in("regulator").await;
    let regulators = tiers.regulators().await;
    for expected in sample(tiers) {
        let upstream = walk(&city, &expected.code, "up").await;
        let nodes = upstream["nodes"].as_array().expect("nodes");
        let source = nodes.iter().min_by_key(|node| node["layer"].as_i64()).expect("a source");
        let unit = text(&source["unit"]);
        let want = downstream(&tiers.events, &unit);
        assert!(want.iter().any(|place| place.0 == expected.code), "{unit} never becomes {}", expected.code);
        for (app, regulator) in &regulators {
            let chain = walk(regulator, &unit, "down").await;
            let nodes = chain["nodes"].as_array().expect("nodes");
            let got: BTreeSet<Place> = nodes.iter().map(|node| (text(&node["unit"]), text(&node["subject"]))).collect();
            assert_eq!(got, want, "{} {unit} at {}", expected.product, app.code);
            assert_eq!(chain["truncated"], false);
        }
    }
}

/// Rule and event of every finding, over all pages.
async fn findings(who: &Caller) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut after = String::new();
    loop {
        let page = who.get(&format!("/api/v1/console/findings?limit=200&after={after}")).await.ok();
        for item in page["items"].as_array().expect("items") {
            found.insert((text(&item["rule"]), text(&item["object_id"])));
        }
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => return found,
        }
    }
}

async fn anomalies(tiers: &Tiers) {
    let regulators = tiers.regulators().await;
    let at_city = findings(&regulators[0].1).await;
    let mut kinds = BTreeSet::new();
    let mut missed = Vec::new();
    for anomaly in &tiers.world.truth().anomalies {
        kinds.insert(anomaly.kind);
        match (anomaly.kind, &anomaly.rule) {
            // What nobody reported is judged where chains are drawn: it may lie at another node.
            (AnomalyKind::BrokenLink, _) => unknown_upstream(tiers, &regulators[0].1, &anomaly.event_id).await,
            (_, Some(rule)) => {
                let mut events = same_matter(tiers, anomaly).into_iter();
                if !events.any(|event| at_city.contains(&(rule.clone(), event))) {
                    missed.push(anomaly);
                }
            }
            (_, None) => {}
        }
    }
    assert!(missed.is_empty(), "no findings for {missed:?}");
    assert!(kinds.len() >= 9, "the world states nearly every kind: {kinds:?}");
    for (app, regulator) in &regulators {
        wait_for(&format!("the city's findings at {}", app.code), || async { findings(regulator).await == at_city })
            .await;
    }
    for code in tiers.world.truth().anomalies.iter().filter_map(|anomaly| anomaly.fault.as_deref()) {
        let rejects = regulators[0].1.get("/api/v1/console/capture/rejects?limit=200").await.ok();
        assert!(rejects["items"].as_array().expect("items").iter().any(|row| row["code"] == code), "{code}");
    }
}

fn sent<'a>(tiers: &'a Tiers, event_id: &str) -> &'a TraceEvent {
    tiers.events.iter().find(|event| event.event_id.as_deref() == Some(event_id)).expect("an event")
}

/// The node's identifiers of the events by which an anomaly may be found: of two sales under one voucher it is the one
/// that came second, whichever happened first.
fn same_matter(tiers: &Tiers, anomaly: &Anomaly) -> Vec<String> {
    let event = sent(tiers, &anomaly.event_id);
    let matter = |other: &&TraceEvent| match anomaly.kind {
        AnomalyKind::RepeatedVoucher => (&other.subject, &other.voucher) == (&event.subject, &event.voucher),
        _ => other.event_id == event.event_id,
    };
    let ids = tiers.events.iter().filter(matter).filter_map(|other| tiers.accepted.get(other.event_id.as_ref()?));
    ids.cloned().collect()
}

/// The chain of the received unit says that nobody reported where it comes from.
async fn unknown_upstream(tiers: &Tiers, regulator: &Caller, event_id: &str) {
    let chain = walk(regulator, &sent(tiers, event_id).inputs[0].code, "up").await;
    let gaps = chain["gaps"].as_array().expect("gaps");
    assert!(gaps.iter().any(|gap| gap["kind"] == "upstream_unknown"), "{event_id}: {gaps:?}");
    assert_eq!(chain["complete"], false);
}

/// The results of the month at one node, once they are final.
async fn evaluated(app: &TestApp, regulator: &Caller) -> Vec<Value> {
    let period = json!({ "period": MONTH });
    regulator.post("/api/v1/console/evaluations/compute", &period).await.ok();
    let path = format!("/api/v1/console/evaluations?period={MONTH}");
    wait_for(&format!("grades at {}", app.code), || async { regulator.get(&path).await.ok()["state"] == "final" })
        .await;
    let list = regulator.get(&path).await.ok();
    let rows = list["rows"].as_array().expect("rows").clone();
    for row in &rows {
        for part in ["score", "grade", "grade_name"] {
            assert!(row[part].as_str().is_some_and(|text| !text.is_empty()), "{part}: {row}");
        }
        assert!(row["rank"].as_u64().is_some_and(|rank| rank > 0), "{row}");
    }
    recomputed(app, rows.len()).await;
    rows
}

/// Every stored result of the node follows from its stored inputs.
async fn recomputed(app: &TestApp, count: usize) {
    let formulas = &reference::load().expect("reference data").packs.formulas.clone();
    let own = EvaluationFilter {
        period: Some(MONTH.to_owned()),
        node: Some(app.code.clone()),
        ..EvaluationFilter::default()
    };
    let rows = app.node().store.evaluations(&Scope::everything(), &own).await.expect("rows");
    assert_eq!(rows.len(), count, "{}", app.code);
    for row in &rows {
        assert_eq!(recomputes(formulas, row), Some(true), "{row:?}");
    }
}

async fn grades(tiers: &Tiers) {
    tiers.set_clocks(month().end().plus_millis(3 * HOUR));
    let regulators = tiers.regulators().await;
    let systems = evaluated(regulators[0].0, &regulators[0].1).await;
    assert_eq!(systems.len(), tiers.world.systems().len());
    for expected in &tiers.world.truth().systems {
        let row = systems.iter().find(|row| row["code"] == expected.system.as_str());
        compare(row.unwrap_or_else(|| panic!("no grade for {}", expected.system)), expected);
    }
    let grades: BTreeSet<String> = systems.iter().map(|row| text(&row["grade"])).collect();
    assert!(grades.len() > 1, "systems differ: {grades:?}");
    for ((above, regulator), below) in regulators[1..].iter().zip([&tiers.city, &tiers.province]) {
        let rows = evaluated(above, regulator).await;
        let graded: Vec<&str> = rows.iter().filter_map(|row| row["code"].as_str()).collect();
        assert_eq!(graded, [below.code.as_str()], "graded by {}", above.code);
        let own = below.sign_in("regulator").await;
        let path = format!("/api/v1/console/evaluations?period={MONTH}");
        wait_for(&format!("its grade at {}", below.code), || async {
            let from_above = &own.get(&path).await.ok()["from_above"];
            from_above["grade"] == rows[0]["grade"] && from_above["node"] == above.code.as_str()
        })
        .await;
    }
}

/// A system's indicators were counted from what it really did.
fn compare(row: &Value, expected: &suyuan_simulator::SystemTruth) {
    let inputs = &expected.inputs;
    let all = row["indicators"].as_array().expect("indicators");
    let of = |code: &str, part: &str| {
        let indicator = all.iter().find(|indicator| indicator["code"] == code).expect("an indicator");
        indicator[part].as_u64().expect("a count")
    };
    for (code, part, wanted) in [
        ("reporting_rate", "numerator", inputs.days_with_upload),
        ("timeliness", "numerator", inputs.late),
        ("timeliness", "denominator", inputs.records),
        ("acceptance", "numerator", inputs.rejected),
        ("acceptance", "denominator", inputs.received),
        ("linkage", "numerator", inputs.known_upstream),
        ("linkage", "denominator", inputs.needs_upstream),
    ] {
        assert_eq!(of(code, part), wanted, "{} {code} {part}", expected.system);
    }
}
