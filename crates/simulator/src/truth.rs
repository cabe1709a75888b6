//! What has to come out of a world: chains, sums, counts of systems, anomalies.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use suyuan_domain::evaluation::Inputs;
use suyuan_domain::event::EventType;
use suyuan_domain::period::Day;
use suyuan_domain::quantity::Quantity;

use crate::anomaly::Anomaly;
use crate::cast::Cast;
use crate::report::{Batch, event_id};
use crate::runs::{Happening, Story};

/// A subject of an expected chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRow {
    /// Code of the subject.
    pub subject: String,
    /// Name of the subject.
    pub name: String,
    /// Amount that came in from others, or was made here.
    #[serde(rename = "in")]
    pub came_in: Quantity,
    /// Amount that went to others on the way to the consumer, or was sold to him.
    #[serde(rename = "out")]
    pub went_out: Quantity,
}

/// What a walk upstream from a unit has to find. All its events were sent and accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainTruth {
    /// The unit, as it stands on a consumer's receipt.
    pub code: String,
    /// Name of the product.
    pub product: String,
    /// Category.
    pub category: String,
    /// Subjects from the source to the last holder: by hops, then by time.
    pub rows: Vec<ChainRow>,
    /// Nodes that hold a part of it, in the order of their codes.
    pub nodes: Vec<String>,
}

/// Accepted events of a node, a day on which they happened, and a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayTotal {
    /// Code of the node.
    pub node: String,
    /// Day in Asia/Shanghai.
    pub day: Day,
    /// Category.
    pub category: String,
    /// Accepted events.
    pub events: u64,
}

/// What a system did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemTruth {
    /// Code of the system.
    pub system: String,
    /// Code of its node.
    pub node: String,
    /// Stage.
    pub stage: String,
    /// Accepted rows.
    pub accepted: u64,
    /// Refused rows.
    pub rejected: u64,
    /// Inputs of its evaluation over all days of the plan. Completeness, handling and upkeep are left out; an upstream is
    /// known where anybody in the world reported it, at whichever node.
    pub inputs: Inputs,
}

/// What has to come out of a world.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Expected chains, at most 500, over all categories.
    pub chains: Vec<ChainTruth>,
    /// Sums by node, day and category.
    pub totals: Vec<DayTotal>,
    /// Systems in the order of their codes.
    pub systems: Vec<SystemTruth>,
    /// Every anomaly that was sent.
    pub anomalies: Vec<Anomaly>,
    /// Rows sent.
    pub received: u64,
    /// Rows that have to be accepted.
    pub accepted: u64,
}

pub(crate) fn work_out(cast: &Cast, story: &Story, batches: &[Batch]) -> Truth {
    let mut truth = Truth::default();
    let mut sent = vec![false; story.events.len()];
    let mut totals: BTreeMap<(&str, Day, &str), u64> = BTreeMap::new();
    let mut books: Vec<Book> = cast.systems.iter().map(|_| Book::default()).collect();
    let known: BTreeSet<&str> = batches
        .iter()
        .flat_map(|batch| &batch.events)
        .map(|index| &story.events[*index])
        .filter(|event| event.flaw.is_none())
        .flat_map(|event| event.outputs.iter().map(|output| output.0.as_str()))
        .collect();
    for batch in batches {
        for index in &batch.events {
            let event = &story.events[*index];
            sent[*index] = true;
            truth.received += 1;
            books[batch.system].enter(event, batch, &known);
            if event.flaw.is_none() {
                truth.accepted += 1;
                let subject = &cast.subjects[event.subject];
                *totals.entry((&subject.node, Day::of(event.at), &subject.category)).or_default() += 1;
            }
            truth.anomalies.extend(anomaly(cast, event, *index));
        }
    }
    truth.totals = totals
        .into_iter()
        .map(|((node, day, category), events)| DayTotal { node: node.into(), day, category: category.into(), events })
        .collect();
    truth.systems = cast.systems.iter().zip(books).map(|(system, book)| book.close(system)).collect();
    truth.chains = chains(cast, story, &sent);
    truth
}

fn anomaly(cast: &Cast, event: &Happening, index: usize) -> Option<Anomaly> {
    let kind = event.anomaly?;
    let subject = &cast.subjects[event.subject];
    Some(Anomaly {
        kind,
        event_id: event_id(cast, event, index),
        node: subject.node.clone(),
        system: cast.systems[subject.system].code.clone(),
        subject: subject.code.clone(),
        rule: kind.rule().map(str::to_owned),
        fault: kind.fault().map(str::to_owned),
    })
}

/// The counts of one system while its calls go by.
#[derive(Default)]
struct Book {
    inputs: Inputs,
    days: BTreeSet<Day>,
    active: BTreeSet<usize>,
    first: Option<Day>,
    last: Option<Day>,
}

impl Book {
    fn enter(&mut self, event: &Happening, batch: &Batch, known: &BTreeSet<&str>) {
        let day = Day::of(batch.at);
        self.first = Some(self.first.map_or(day, |first| first.min(day)));
        self.last = Some(self.last.map_or(day, |last| last.max(day)));
        self.inputs.received += 1;
        if event.flaw.is_some() {
            self.inputs.rejected += 1;
            return;
        }
        self.inputs.records += 1;
        self.days.insert(day);
        self.active.insert(event.subject);
        self.inputs.late += u64::from(batch.at > event.at.plus_millis(24 * 3_600_000));
        if event.inbound {
            self.inputs.needs_upstream += 1;
            let linked = event.inputs.iter().all(|(code, _)| known.contains(code.as_str()));
            self.inputs.known_upstream += u64::from(linked);
        }
    }

    fn close(mut self, system: &crate::cast::System) -> SystemTruth {
        self.inputs.days_with_upload = self.days.len() as u64;
        let span = self.first.zip(self.last).map_or(0, |(first, last)| first.days_until(last) + 1);
        self.inputs.days_due = u64::try_from(span).unwrap_or(0);
        self.inputs.merchants_enabled = system.subjects.len() as u64;
        self.inputs.merchants_active = self.active.len() as u64;
        SystemTruth {
            system: system.code.clone(),
            node: system.node.clone(),
            stage: system.stage.clone(),
            accepted: self.inputs.records,
            rejected: self.inputs.rejected,
            inputs: self.inputs,
        }
    }
}

fn chains(cast: &Cast, story: &Story, sent: &[bool]) -> Vec<ChainTruth> {
    let mut by_run: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, event) in story.events.iter().enumerate() {
        if let Some(run) = event.run {
            by_run.entry(run).or_default().push(index);
        }
    }
    let whole = by_run.into_iter().filter(|(_, events)| events.iter().all(|index| sent[*index]));
    let told = whole.filter_map(|(run, events)| {
        let run = story.runs[run].as_ref()?;
        let events: Vec<&Happening> = events.iter().map(|index| &story.events[*index]).collect();
        let (rows, nodes) = rows(cast, &events, &run.code)?;
        Some(ChainTruth {
            code: run.code.clone(),
            product: run.product.to_owned(),
            category: run.category.clone(),
            rows,
            nodes,
        })
    });
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let few = told.filter(|chain| {
        let count = counts.entry(chain.category.clone()).or_default();
        *count += 1;
        *count <= 75
    });
    few.take(500).collect()
}

#[derive(Clone, Copy)]
struct Part {
    layer: i32,
    at: i64,
    came_in: i64,
    went_out: i64,
}

/// Follows the run back from `code`, adding up what came in and went out on the way.
fn rows(cast: &Cast, events: &[&Happening], code: &str) -> Option<(Vec<ChainRow>, Vec<String>)> {
    let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
    let mut note = |subject: usize, layer: i32, at: i64, came_in: i64, went_out: i64| {
        let part = parts.entry(subject).or_insert(Part { layer, at, came_in: 0, went_out: 0 });
        part.layer = part.layer.min(layer);
        part.at = part.at.min(at);
        part.came_in += came_in;
        part.went_out += went_out;
    };
    let end = events
        .iter()
        .find(|event| event.outputs.is_empty() && !event.inbound && event.test.is_none() && has(&event.inputs, code))?;
    note(end.subject, 0, end.at.millis(), 0, end.inputs.first()?.1);
    let mut open = vec![(code.to_owned(), 0)];
    while let Some((unit, layer)) = open.pop() {
        let made = events.iter().find(|event| has(&event.outputs, &unit))?;
        let at = made.at.millis();
        match (made.kind, made.peer) {
            (EventType::Transaction, Some(buyer)) => {
                let (input, amount) = made.inputs.first()?;
                note(buyer, layer, at, *amount, 0);
                note(made.subject, layer - 1, at, 0, *amount);
                open.push((input.clone(), layer - 1));
            }
            (EventType::Transformation, _) => {
                note(made.subject, layer - 1, at, 0, 0);
                open.extend(made.inputs.iter().map(|(input, _)| (input.clone(), layer - 1)));
            }
            _ => note(made.subject, layer, at, made.outputs.first()?.1, 0),
        }
    }
    let mut order: Vec<(usize, Part)> = parts.into_iter().collect();
    order.sort_by_key(|(subject, part)| (part.layer, part.at, cast.subjects[*subject].code.clone()));
    let nodes: BTreeSet<String> = order.iter().map(|(subject, _)| cast.subjects[*subject].node.clone()).collect();
    let rows = order.into_iter().map(|(subject, part)| ChainRow {
        subject: cast.subjects[subject].code.clone(),
        name: cast.subjects[subject].name.clone(),
        came_in: Quantity::from_milli(part.came_in),
        went_out: Quantity::from_milli(part.went_out),
    });
    Some((rows.collect(), nodes.into_iter().collect()))
}

fn has(list: &[(String, i64)], code: &str) -> bool {
    list.iter().any(|(unit, _)| unit == code)
}
