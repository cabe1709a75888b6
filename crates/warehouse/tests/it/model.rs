//! The warehouse against a plain map: random histories with repetition, disorder, stops and merges end with the same
//! figures, lists, links and series.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use suyuan_domain::clock::{Chance, SeededChance, Timestamp};
use suyuan_domain::event::{ErrorDeclaration, Inspection};
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::quantity::Quantity;
use suyuan_domain::scope::Scope;
use suyuan_warehouse::query::{
    DayRange, Direction, EventFilter, EventOrder, FigureFilter, Figures, Kind, Metric, Page, SeriesKey,
};
use suyuan_warehouse::{EventFact, ProjectStep, RebuildStep, Warehouse};

use crate::support::{Outcome, Place, at, object, sale, settle, units};

const HOUR: i64 = 3_600_000;

/// Random choices that a seed repeats.
struct Dice(SeededChance);

impl Dice {
    fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes) % bound
    }

    fn one_in(&self, many: u64) -> bool {
        self.below(many) == 0
    }

    fn place(&self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    fn any<T: Copy>(&self, from: &[T]) -> T {
        from[self.place(from.len())]
    }
}

/// What the warehouse should hold.
#[derive(Default)]
struct Model {
    versions: BTreeMap<ObjectId, BTreeMap<u64, EventFact>>,
}

impl Model {
    fn take(&mut self, batch: &[EventFact]) {
        for fact in batch {
            self.versions.entry(fact.key.object).or_default().insert(fact.key.order(), fact.clone());
        }
    }

    fn current(&self) -> impl Iterator<Item = &EventFact> {
        self.versions.values().filter_map(|versions| versions.values().next_back()).filter(|fact| !fact.key.withdrawn)
    }

    fn counted(&self) -> impl Iterator<Item = &EventFact> {
        self.current().filter(|fact| fact.counts())
    }

    fn sums<K: Ord>(&self, key: impl Fn(&EventFact) -> K) -> BTreeMap<K, Figures> {
        let mut sums: BTreeMap<K, Figures> = BTreeMap::new();
        for fact in self.counted() {
            let sum = sums.entry(key(fact)).or_default();
            let quantity = fact.event.quantity.unwrap_or_default();
            let price = fact.event.price.unwrap_or_default();
            sum.events += 1;
            sum.quantity = sum.quantity.plus(quantity);
            sum.amount = sum.amount.plus(Quantity::from_milli(quantity.milli() * price.milli() / 1000));
            sum.late += u64::from(fact.quality.late);
            sum.needs_upstream += u64::from(fact.quality.needs_upstream);
            sum.upstream_known += u64::from(fact.quality.needs_upstream && fact.quality.upstream_known);
            sum.mandatory_total += u64::from(fact.quality.mandatory_total);
            sum.mandatory_filled += u64::from(fact.quality.mandatory_filled);
            let passed = fact.event.inspection.as_ref().and_then(|test| test.passed);
            sum.inspections += u64::from(passed.is_some());
            sum.failed += u64::from(passed == Some(false));
        }
        sums
    }
}

/// A random event of an object; everything about it may change with every version.
fn random_event(dice: &Dice, object: ObjectId, seed: u64) -> EventFact {
    let mut fact = sale(seed);
    fact.key.object = object;
    fact.key.term = 1;
    fact.key.version = 1;
    let event = &mut fact.event;
    // Around the turn of the day in UTC and in Shanghai, and of the month.
    let base = at("2026-10-31T00:00:00Z");
    event.event_time = base.plus_millis(i64::try_from(dice.below(72)).unwrap_or(0) * HOUR);
    event.received_at = event.event_time.plus_millis(HOUR);
    event.division = (dice.any(&["370202", "370203", "370102"])).into();
    event.peer_division = (dice.any(&["", "370202", "370102", "110101"])).into();
    event.category = (dice.any(&["agri", "food"])).into();
    event.stage = (dice.any(&["slaughter", "market"])).into();
    event.source.system = (dice.any(&["sys1", "sys2", "系统?"])).into();
    event.subject = (dice.any(&["A", "B"])).into();
    event.peer_subject = (dice.any(&["", "A", "C"])).into();
    event.inbound = dice.one_in(2);
    event.product = (dice.any(&["pork", "beef"])).into();
    event.inputs = units(dice.any(&[&["u1"][..], &["u2", "u3"], &[]]));
    event.outputs = units(dice.any(&[&["u4"][..], &["u1", "u4"], &[]]));
    event.biz_step = (dice.any(&["shipping", "retail_selling"])).into();
    event.quantity = (!dice.one_in(4)).then(|| Quantity::from_milli(i64::try_from(dice.below(100_000)).unwrap_or(0)));
    event.price = (!dice.one_in(4)).then(|| Quantity::from_milli(i64::try_from(dice.below(30_000)).unwrap_or(0)));
    event.inspection = dice.one_in(3).then(|| Inspection {
        item: "瘦肉精".into(),
        value: None,
        limit: None,
        standard: String::new(),
        passed: dice.any(&[None, Some(true), Some(false)]),
        report_no: String::new(),
    });
    event.error_declaration = dice.one_in(9).then(|| ErrorDeclaration {
        declared_at: event.received_at,
        reason: String::new(),
        corrective_ids: vec![],
    });
    fact.voided_by = dice.one_in(8).then_some(object);
    fact.key.withdrawn = dice.one_in(8);
    fact.quality.late = dice.one_in(3);
    fact.quality.needs_upstream = dice.one_in(2);
    fact.quality.mandatory_filled = u16::try_from(dice.below(10)).unwrap_or(0);
    fact
}

/// A batch of new objects, later versions and new terms of old ones.
fn random_batch(dice: &Dice, known: &mut Vec<(ObjectId, u32, u64)>, seed: &mut u64) -> Vec<EventFact> {
    let months = ["2026-08-15T00:00:00Z", "2026-10-31T16:30:00Z", "2026-11-01T00:30:00Z"];
    let mut batch = Vec::new();
    for _ in 0..=dice.below(8) {
        *seed += 1;
        if known.is_empty() || dice.one_in(2) {
            let new = object(at(dice.any(&months)), *seed);
            known.push((new, 1, 1));
            batch.push(random_event(dice, new, *seed));
        } else {
            let index = dice.place(known.len());
            let entry = &mut known[index];
            if dice.one_in(4) {
                *entry = (entry.0, entry.1 + 1, 1);
            } else {
                entry.2 += 1;
            }
            let mut fact = random_event(dice, entry.0, *seed);
            (fact.key.term, fact.key.version) = (entry.1, entry.2);
            batch.push(fact);
        }
    }
    batch
}

async fn check(warehouse: &Warehouse, model: &Model) -> Outcome {
    check_figures(warehouse, model).await?;
    check_lists(warehouse, model).await?;
    check_links(warehouse, model).await?;
    check_series(warehouse, model).await
}

async fn check_figures(warehouse: &Warehouse, model: &Model) -> Outcome {
    let all = Scope::everything();
    let filter = FigureFilter::default();
    let days = DayRange { from: Day::of(at("2026-01-01T00:00:00Z")), to: Day::of(at("2027-01-01T00:00:00Z")) };
    let total = warehouse.totals(&all, days, &filter).await?;
    assert_eq!(total, model.sums(|_| ()).remove(&()).unwrap_or_default());
    let by_day: BTreeMap<_, _> = warehouse.by_day(&all, days, &filter).await?.into_iter().collect();
    assert_eq!(by_day, model.sums(|fact| Day::of(fact.event.event_time)));
    let by_stage: BTreeMap<_, _> = warehouse.by_stage(&all, days, &filter).await?.into_iter().collect();
    assert_eq!(by_stage, model.sums(|fact| fact.event.stage.clone()));
    let by_system: BTreeMap<_, _> = warehouse.by_system(&all, days, &filter).await?.into_iter().collect();
    assert_eq!(by_system, model.sums(|fact| fact.event.source.system.clone()));
    let firm = Scope { subject: Some("A".into()), ..Scope::everything() };
    let own = warehouse.totals(&firm, days, &filter).await?;
    assert_eq!(own, model.sums(|fact| fact.event.subject.clone()).remove("A").unwrap_or_default());

    let mut expected: BTreeMap<(String, String, bool), (u64, i64)> = BTreeMap::new();
    for fact in model.counted().filter(|fact| !fact.event.peer_division.is_empty()) {
        let ends = (fact.event.division.clone(), fact.event.peer_division.clone());
        let (from, to) = if fact.event.inbound { (ends.1, ends.0) } else { ends };
        let sum = expected.entry((from, to, fact.event.inbound)).or_default();
        sum.0 += 1;
        sum.1 += fact.event.quantity.unwrap_or_default().milli();
    }
    let mut flows = BTreeMap::new();
    for flow in warehouse.flows(&all, days, &filter, 1_000).await? {
        for (inbound, sum) in [(false, flow.sent), (true, flow.received)] {
            if sum.events > 0 {
                let key = (flow.from.clone(), flow.to.clone(), inbound);
                flows.insert(key, (sum.events, sum.quantity.milli()));
            }
        }
    }
    assert_eq!(flows, expected);
    Ok(())
}

async fn check_lists(warehouse: &Warehouse, model: &Model) -> Outcome {
    let all = Scope::everything();
    let mut expected: Vec<(Timestamp, ObjectId, u64, bool)> =
        model.current().map(|fact| (fact.event.event_time, fact.key.object, fact.key.order(), fact.counts())).collect();
    expected.sort();
    let mut found = Vec::new();
    let mut page = Page::first(40);
    loop {
        let list = warehouse.events(&all, &EventFilter::default(), EventOrder::OldestFirst, page).await?;
        found.extend(list.rows.iter().map(|row| (row.event_time, row.object, row.version, row.counted)));
        match list.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(found, expected);
    for unit in ["u1", "u2", "u4"] {
        let found: BTreeSet<_> =
            warehouse.events_by_unit(&all, unit).await?.iter().map(|row| (row.object, row.version)).collect();
        let naming = model.current().filter(|fact| fact.event.units().contains(&unit));
        let expected: BTreeSet<_> = naming.map(|fact| (fact.key.object, fact.key.order())).collect();
        assert_eq!(found, expected, "{unit}");
    }
    let mut stored = BTreeMap::new();
    for month in warehouse.system_months(Kind::Event).await? {
        stored.extend(warehouse.system_versions(Kind::Event, month, None, 100_000).await?);
    }
    let newest: BTreeMap<_, _> =
        model.versions.iter().filter_map(|(id, all)| Some((*id, *all.keys().next_back()?))).collect();
    assert_eq!(stored, newest);
    Ok(())
}

async fn check_links(warehouse: &Warehouse, model: &Model) -> Outcome {
    let frontier: Vec<String> = ["u1", "u2", "u3", "u4"].map(str::to_owned).to_vec();
    for direction in [Direction::Upstream, Direction::Downstream] {
        let links = warehouse.hop(&Scope::everything(), &frontier, direction).await?;
        let mut found: Vec<_> =
            links.into_iter().map(|l| (l.event, l.version, l.kind, l.up_unit, l.down_unit, l.up_subject)).collect();
        let mut expected: Vec<_> = model
            .counted()
            .flat_map(|fact| fact.event.links(fact.key.object).into_iter().map(|link| (fact.key.order(), link)))
            .filter(|(_, link)| match direction {
                Direction::Upstream => !link.down_unit.is_empty(),
                Direction::Downstream => !link.up_unit.is_empty(),
            })
            .map(|(order, l)| (l.event, order, l.kind.as_str().to_owned(), l.up_unit, l.down_unit, l.up_subject))
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{direction:?}");
    }
    Ok(())
}

async fn check_series(warehouse: &Warehouse, model: &Model) -> Outcome {
    let key = SeriesKey { subject: "A".into(), product: "pork".into(), biz_step: None, unit: None };
    let before = at("2030-01-01T00:00:00Z");
    let found = warehouse.system_history(&key, Metric::Price, before, 5).await?;
    let mut expected: Vec<_> = model
        .counted()
        .filter(|fact| fact.event.subject == "A" && fact.event.product == "pork")
        .filter_map(|fact| Some((fact.event.event_time, fact.key.object, fact.event.price?.milli())))
        .collect();
    expected.sort();
    let newest: Vec<i64> = expected.iter().rev().take(5).map(|(_, _, price)| *price).collect();
    assert_eq!(found, newest);
    Ok(())
}

/// One random history. Returns how many stops it went through.
async fn history(place: &Place, seed: u64, steps: usize) -> Result<usize, Box<dyn Error>> {
    let dice = Dice(SeededChance::new(seed));
    let name = format!("model_{seed}");
    let mut warehouse = place.warehouse(&name).await?;
    let mut model = Model::default();
    let (mut known, mut counter, mut stops) = (Vec::new(), seed << 32, 0);
    let mut sent: Vec<Vec<EventFact>> = Vec::new();
    let mut owed: Vec<Vec<EventFact>> = Vec::new();
    let zones = ["UTC", "Asia/Shanghai", "America/New_York"];
    for _ in 0..steps {
        match dice.below(12) {
            0..=3 => {
                let batch = random_batch(&dice, &mut known, &mut counter);
                model.take(&batch);
                warehouse.project(&batch).await?;
                sent.push(batch);
            }
            // Later versions arrive before earlier ones: the batch is delivered at the end.
            4 => owed.push(random_batch(&dice, &mut known, &mut counter)),
            5 | 6 if !sent.is_empty() => warehouse.project(&sent[dice.place(sent.len())]).await?,
            7 => {
                let batch = random_batch(&dice, &mut known, &mut counter);
                warehouse.project_until(&batch, Some(dice.any(&ProjectStep::ALL))).await?;
                owed.push(batch);
                warehouse = place.connect(&name, dice.any(&zones)).await?;
                stops += 1;
            }
            8 => {
                let step = dice.any(&[RebuildStep::Days, RebuildStep::Flows, RebuildStep::Cleared]);
                warehouse.rebuild_until(1 + dice.below(20), Some(step)).await?;
                warehouse = place.connect(&name, dice.any(&zones)).await?;
                stops += 1;
            }
            9 => {
                warehouse.rebuild_marked(1 + dice.below(30)).await?;
            }
            10 => {
                let tables = ["event", "link_up", "link_down", "superseded", "series", "stat_day", "stat_flow", "mark"];
                let last = if dice.one_in(2) { " FINAL" } else { "" };
                place.run(&name, &format!("OPTIMIZE TABLE {}{last}", dice.any(&tables))).await?;
            }
            _ => {
                for batch in owed.drain(..) {
                    model.take(&batch);
                    warehouse.project(&batch).await?;
                    sent.push(batch);
                }
                settle(&warehouse).await?;
                check(&warehouse, &model).await?;
            }
        }
    }
    for batch in &owed {
        model.take(batch);
        warehouse.project(batch).await?;
    }
    settle(&warehouse).await?;
    check(&warehouse, &model).await?;
    place.run("default", &format!("DROP DATABASE {name}")).await?;
    Ok(stops)
}

#[tokio::test]
async fn g_6_4_1_random_histories_end_like_a_plain_map() -> Outcome {
    let place = Place::open().await?;
    let mut stops = 0;
    for seed in 1..=3 {
        stops += history(&place, seed, 40).await.map_err(|error| format!("seed {seed}: {error}"))?;
    }
    assert!(stops > 10, "the histories must stop somewhere");
    Ok(())
}
