//! The graph of a walk: nodes, edges, amounts, layers, gaps, the flow table.
//!
//! Amounts: what came into a node is counted once an event, whichever inputs it had; what went out is known only where
//! the event had one input of the same unit of measure, else it is left open rather than guessed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ChainLink, Direction, Frontier, Place, Walk, larger};
use crate::clock::Timestamp;
use crate::event::LinkKind;
use crate::id::ObjectId;
use crate::quantity::Quantity;

/// A unit at a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Place in the list of nodes, from 0; edges and gaps name it.
    pub id: usize,
    /// Code of the unit.
    pub unit: String,
    /// Code of the subject.
    pub subject: String,
    /// Hops from the start: below zero upstream, above zero downstream.
    pub layer: i32,
    /// Stage of the subject's latest own event on the unit; empty where it reported none.
    pub stage: String,
    /// Division of that event.
    pub division: String,
    /// Earliest event on it.
    pub first_at: Option<Timestamp>,
    /// Latest event on it.
    pub last_at: Option<Timestamp>,
    /// Amount that came in or was made, where it is known.
    #[serde(rename = "in")]
    pub came_in: Option<Quantity>,
    /// Amount that went out, was used or sold, where it is known.
    #[serde(rename = "out")]
    pub went_out: Option<Quantity>,
    /// Amount that should still be there, where both are known.
    pub rest: Option<Quantity>,
    /// Unit of measure of the three.
    pub unit_of_measure: String,
    /// Number of events on it.
    pub events: usize,
    /// Whether the unit began here.
    pub origin: bool,
    /// Whether the unit, or part of it, ended here.
    pub sink: bool,
}

/// Goods going from one node to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Upstream node.
    pub from: usize,
    /// Downstream node.
    pub to: usize,
    /// What happened.
    pub kind: LinkKind,
    /// Amount: the larger of what was sent and what was received.
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    pub unit: String,
    /// Earliest event of it.
    pub at: Timestamp,
    /// Amount that the sender reported.
    pub sent: Option<Quantity>,
    /// Amount that the receiver reported.
    pub received: Option<Quantity>,
    /// Voucher of the latest event that has one.
    pub voucher: String,
    /// The events that say so, in the order of their identifiers.
    pub events: Vec<ObjectId>,
}

/// Why a chain is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// Nobody reported where it comes from.
    UpstreamUnknown,
    /// The receiver reported nothing further.
    DownstreamUnknown,
    /// Another node did not answer.
    NoAnswer,
    /// Something went out before it came in.
    TimeOrder,
    /// More went out than came in, or sender and receiver disagree.
    Quantity,
}

/// A place where the chain is not whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The node.
    pub node: usize,
    /// Why.
    pub kind: GapKind,
    /// What is wrong, in Chinese.
    pub text: String,
    /// What to do, in Chinese.
    pub advice: String,
}

/// One line of the flow table (流量流向表): a subject in the order of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRow {
    /// Code of the subject.
    pub subject: String,
    /// Division of its latest event; empty where it reported none.
    pub division: String,
    /// Stage of its latest event.
    pub stage: String,
    /// Smallest layer of its nodes.
    pub layer: i32,
    /// Amount that came in from others or was made here, over all its units.
    #[serde(rename = "in")]
    pub came_in: Option<Quantity>,
    /// Amount that went to others, or was used or sold.
    #[serde(rename = "out")]
    pub went_out: Option<Quantity>,
    /// The difference, where both are known.
    pub rest: Option<Quantity>,
    /// Unit of measure.
    pub unit_of_measure: String,
    /// Earliest event.
    pub at: Option<Timestamp>,
    /// Vouchers that it is based on, at most five.
    pub basis: Vec<String>,
    /// Whether one of its nodes has a gap.
    pub has_gap: bool,
}

/// Goods going from one subject to another, all units together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Sending subject.
    pub from: String,
    /// Receiving subject.
    pub to: String,
    /// Amount, where it is known.
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    pub unit: String,
    /// Number of events.
    pub events: usize,
}

/// A synthesised chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Nodes by layer, then unit and subject.
    pub nodes: Vec<Node>,
    /// Edges by their nodes.
    pub edges: Vec<Edge>,
    /// Gaps by node.
    pub gaps: Vec<Gap>,
    /// Whether the walk met one of its bounds, so that more exists.
    pub truncated: bool,
}

/// Sums of amounts that are known only while every part is known and in one unit of measure.
#[derive(Clone, Debug, Default)]
struct Sum {
    amount: Option<Quantity>,
    unit: String,
    open: bool,
}

impl Sum {
    fn add(&mut self, amount: Option<Quantity>, unit: &str) {
        match amount {
            Some(amount) if self.amount.is_none() || self.unit == unit => {
                unit.clone_into(&mut self.unit);
                self.amount = Some(self.amount.map_or(amount, |sum| sum.plus(amount)));
            }
            _ => self.open = true,
        }
    }

    fn known(&self) -> Option<Quantity> {
        if self.open { None } else { self.amount }
    }
}

pub(super) fn build(walk: &Walk) -> Chain {
    let links = reached_links(walk);
    let layers = layers(walk);
    let shadows = shadows(&links);
    let mut chain = Chain { truncated: walk.truncated, ..Chain::default() };
    let mut places: Vec<(&Place, i32)> =
        layers.iter().filter(|(place, _)| !shadows.contains(*place)).map(|(place, layer)| (*place, *layer)).collect();
    places.sort_by_key(|(place, layer)| (*layer, *place));
    let index: BTreeMap<&Place, usize> = places.iter().enumerate().map(|(id, (place, _))| (*place, id)).collect();
    for (id, (place, layer)) in places.iter().enumerate() {
        chain.nodes.push(empty_node(id, place, *layer));
    }
    chain.edges = edges(&links, &index, &shadows);
    observe(&mut chain, &links, &index);
    amounts(&mut chain, &links, &index);
    gaps(walk, &mut chain);
    chain
}

/// The links between places that were reached.
fn reached_links(walk: &Walk) -> Vec<&ChainLink> {
    let reached = |unit: &str, subject: &str| {
        let place = (unit.to_owned(), subject.to_owned());
        walk.up.reached.contains_key(&place) || walk.down.reached.contains_key(&place)
    };
    let inside = |link: &&ChainLink| {
        let link = &link.link;
        (link.up_unit.is_empty() || reached(&link.up_unit, &link.up_subject))
            && (link.down_unit.is_empty() || reached(&link.down_unit, &link.down_subject))
    };
    walk.links.iter().filter(inside).collect()
}

fn layers(walk: &Walk) -> BTreeMap<&Place, i32> {
    let mut layers = BTreeMap::new();
    let signed = |hops: &u32| i32::try_from(*hops).unwrap_or(i32::MAX);
    for (place, hops) in &walk.down.reached {
        layers.insert(place, signed(hops));
    }
    for (place, hops) in &walk.up.reached {
        let layer = -signed(hops);
        let present = layers.entry(place).or_insert(layer);
        if layer.abs() < present.abs() {
            *present = layer;
        }
    }
    layers
}

/// Places that exist only in a receiver's report: the sender gave the goods a new code when they left, and the receiver
/// quotes that code as what came from the sender.
fn shadows(links: &[&ChainLink]) -> BTreeSet<Place> {
    let mut has_upstream = BTreeSet::new();
    let mut delivered = BTreeSet::new();
    for ChainLink { link, .. } in links {
        if link.up_unit != link.down_unit || link.up_subject != link.down_subject {
            has_upstream.insert((link.down_unit.clone(), link.down_subject.clone()));
        }
        if link.kind == LinkKind::Move && link.up_unit != link.down_unit && link.up_subject != link.down_subject {
            delivered.insert((&link.up_subject, &link.down_unit, &link.down_subject));
        }
    }
    let quoted = links.iter().filter(|ChainLink { link, .. }| {
        link.kind == LinkKind::Move
            && link.up_unit == link.down_unit
            && delivered.contains(&(&link.up_subject, &link.down_unit, &link.down_subject))
    });
    quoted
        .map(|ChainLink { link, .. }| (link.up_unit.clone(), link.up_subject.clone()))
        .filter(|place| !has_upstream.contains(place))
        .collect()
}

fn empty_node(id: usize, place: &Place, layer: i32) -> Node {
    Node {
        id,
        unit: place.0.clone(),
        subject: place.1.clone(),
        layer,
        stage: String::new(),
        division: String::new(),
        first_at: None,
        last_at: None,
        came_in: None,
        went_out: None,
        rest: None,
        unit_of_measure: String::new(),
        events: 0,
        origin: false,
        sink: false,
    }
}

type EdgeKey = (usize, usize, LinkKind);

fn edges(links: &[&ChainLink], index: &BTreeMap<&Place, usize>, shadows: &BTreeSet<Place>) -> Vec<Edge> {
    let mut delivered: BTreeMap<(String, usize), usize> = BTreeMap::new();
    let mut edges: BTreeMap<EdgeKey, (Edge, Sum, Sum)> = BTreeMap::new();
    let ends = |item: &ChainLink| {
        let link = &item.link;
        let from = (link.up_unit.clone(), link.up_subject.clone());
        let to = index.get(&(link.down_unit.clone(), link.down_subject.clone())).copied();
        (from, to)
    };
    for item in links {
        if let (from, Some(to)) = ends(item)
            && let Some(id) = index.get(&from)
            && item.link.kind == LinkKind::Move
        {
            delivered.insert((from.1, to), *id);
        }
    }
    for item in links.iter().filter(|item| item.link.kind != LinkKind::Observe) {
        let (from, Some(to)) = ends(item) else {
            continue;
        };
        let shadow = shadows.contains(&from);
        let source = if shadow { delivered.get(&(from.1.clone(), to)) } else { index.get(&from) };
        let Some(source) = source.copied() else {
            continue;
        };
        add_to_edge(&mut edges, (source, to, item.link.kind), item);
    }
    edges.into_values().map(|(edge, sent, received)| finished(edge, &sent, &received)).collect()
}

fn add_to_edge(edges: &mut BTreeMap<EdgeKey, (Edge, Sum, Sum)>, key: EdgeKey, item: &ChainLink) {
    let (edge, sent, received) = edges.entry(key).or_insert_with(|| {
        let edge = Edge {
            from: key.0,
            to: key.1,
            kind: key.2,
            quantity: None,
            unit: item.link.unit.clone(),
            at: item.at,
            sent: None,
            received: None,
            voucher: String::new(),
            events: Vec::new(),
        };
        (edge, Sum::default(), Sum::default())
    });
    edge.at = edge.at.min(item.at);
    if !item.voucher.is_empty() {
        edge.voucher.clone_from(&item.voucher);
    }
    if let Err(place) = edge.events.binary_search(&item.link.event) {
        edge.events.insert(place, item.link.event);
    }
    let side = if item.reporter == item.link.up_subject { sent } else { received };
    side.add(item.link.quantity, &item.link.unit);
}

fn finished(mut edge: Edge, sent: &Sum, received: &Sum) -> Edge {
    edge.sent = sent.known();
    edge.received = received.known();
    edge.quantity = larger(edge.sent, edge.received);
    edge
}

/// Notes on the nodes what their events say.
fn observe(chain: &mut Chain, links: &[&ChainLink], index: &BTreeMap<&Place, usize>) {
    let mut events: BTreeMap<usize, BTreeSet<ObjectId>> = BTreeMap::new();
    let mut latest: BTreeMap<usize, Timestamp> = BTreeMap::new();
    for item in links {
        let link = &item.link;
        for (unit, subject, below) in
            [(&link.up_unit, &link.up_subject, false), (&link.down_unit, &link.down_subject, true)]
        {
            let Some(id) = index.get(&(unit.clone(), subject.clone())).copied() else {
                continue;
            };
            let node = &mut chain.nodes[id];
            node.origin |= below && link.kind == LinkKind::Origin;
            node.sink |= !below && link.kind == LinkKind::Sink;
            node.first_at = Some(node.first_at.map_or(item.at, |at| at.min(item.at)));
            node.last_at = Some(node.last_at.map_or(item.at, |at| at.max(item.at)));
            events.entry(id).or_default().insert(link.event);
            if item.reporter == *subject && latest.get(&id).is_none_or(|at| *at <= item.at) {
                latest.insert(id, item.at);
                node.stage.clone_from(&item.stage);
                node.division.clone_from(&item.division);
            }
        }
    }
    for (id, set) in events {
        chain.nodes[id].events = set.len();
    }
}

/// Amounts in, out and left of every node.
fn amounts(chain: &mut Chain, links: &[&ChainLink], index: &BTreeMap<&Place, usize>) {
    let mut inputs: BTreeMap<ObjectId, BTreeSet<&str>> = BTreeMap::new();
    for ChainLink { link, .. } in links.iter().filter(|item| item.link.kind != LinkKind::Observe) {
        inputs.entry(link.event).or_default().insert(&link.up_unit);
    }
    let mut came: BTreeMap<usize, Sum> = BTreeMap::new();
    let mut went: BTreeMap<usize, Sum> = BTreeMap::new();
    for edge in chain.edges.iter().filter(|edge| edge.kind == LinkKind::Move) {
        let several = edge.events.iter().any(|event| inputs.get(event).is_some_and(|set| set.len() > 1));
        came.entry(edge.to).or_default().add(edge.quantity, &edge.unit);
        went.entry(edge.from).or_default().add(edge.quantity.filter(|_| !several), &edge.unit);
    }
    let mut counted = BTreeSet::new();
    for ChainLink { link, .. } in
        links.iter().filter(|item| !matches!(item.link.kind, LinkKind::Move | LinkKind::Observe))
    {
        let place = |unit: &String, subject: &String| index.get(&(unit.clone(), subject.clone())).copied();
        let many = inputs.get(&link.event).is_some_and(|set| set.len() > 1);
        if let Some(to) = place(&link.down_unit, &link.down_subject)
            && counted.insert((link.event, to))
        {
            came.entry(to).or_default().add(link.quantity, &link.unit);
        }
        if let Some(from) = place(&link.up_unit, &link.up_subject) {
            let amount = link.quantity.filter(|_| !many || link.kind == LinkKind::Sink);
            went.entry(from).or_default().add(amount, &link.unit);
        }
    }
    for node in &mut chain.nodes {
        let (came, went) = (came.remove(&node.id).unwrap_or_default(), went.remove(&node.id).unwrap_or_default());
        node.came_in = came.known();
        node.unit_of_measure = if came.unit.is_empty() { went.unit.clone() } else { came.unit.clone() };
        let comparable = came.unit.is_empty() || went.unit.is_empty() || came.unit == went.unit;
        node.went_out = went.known().filter(|_| comparable);
        if node.went_out.is_none() && !went.open && comparable && node.came_in.is_some() {
            node.went_out = Some(Quantity::default());
        }
        node.rest =
            node.came_in.zip(node.went_out).map(|(a, b)| a.plus(Quantity::from_milli(b.milli().saturating_neg())));
    }
}

fn gaps(walk: &Walk, chain: &mut Chain) {
    let mut gaps = Vec::new();
    let mut around: Vec<(Vec<&Edge>, Vec<&Edge>)> = vec![Default::default(); chain.nodes.len()];
    for edge in &chain.edges {
        around[edge.to].0.push(edge);
        around[edge.from].1.push(edge);
    }
    for (node, (incoming, outgoing)) in chain.nodes.iter().zip(&around) {
        let place = (node.unit.clone(), node.subject.clone());
        let mut gap = |kind, text: String, advice: &str| {
            gaps.push(Gap { node: node.id, kind, text, advice: advice.to_owned() });
        };
        if let Some(from) = walk.silent.get(&node.unit) {
            gap(GapKind::NoAnswer, format!("{from}未答复，链条可能不完整"), "请稍后重试，或联系该平台");
        }
        let asked = |side: &super::Side| side.reached.contains_key(&place) && side.answered.contains(&node.unit);
        let silent = walk.silent.contains_key(&node.unit);
        if incoming.is_empty() && !node.origin && asked(&walk.up) && !silent {
            gap(GapKind::UpstreamUnknown, "没有上游记录，来源不明".into(), "请向该主体核实进货来源并补报");
        }
        let overdue = node.last_at.is_some_and(|at| at.plus_millis(walk.limits.patience_millis) < walk.limits.as_of);
        let lies = node.rest.is_none_or(|rest| rest.milli() > 0);
        if outgoing.is_empty() && !node.sink && asked(&walk.down) && overdue && lies && !silent {
            gap(
                GapKind::DownstreamUnknown,
                "收到后没有后续记录，去向不明".into(),
                "请向该主体核实库存或销售去向并补报",
            );
        }
        let first = |edges: &[&Edge]| edges.iter().map(|edge| edge.at).min();
        if let (Some(came), Some(went)) = (first(incoming), first(outgoing))
            && went < came
        {
            gap(GapKind::TimeOrder, format!("最早出货 {went} 早于最早进货 {came}"), "请核实双方记录的时间");
        }
        quantity_gap(walk, node, incoming, &mut gap);
    }
    if walk.direction == Direction::Both {
        gaps.sort_by_key(|gap| (gap.node, gap.kind));
    }
    chain.gaps = gaps;
}

fn quantity_gap(walk: &Walk, node: &Node, incoming: &[&Edge], gap: &mut impl FnMut(GapKind, String, &str)) {
    let exceeds = |large: Quantity, small: Quantity| {
        i128::from(large.milli()) * 1_000 > i128::from(small.milli()) * i128::from(1_000 + walk.limits.permille)
    };
    let unit = &node.unit_of_measure;
    if let (Some(came), Some(went)) = (node.came_in, node.went_out)
        && exceeds(went, came)
    {
        gap(GapKind::Quantity, format!("出 {went} {unit}，大于进 {came} {unit}"), "请核实是否混入其他来源或录入有误");
    }
    for edge in incoming {
        if let (Some(sent), Some(received)) = (edge.sent, edge.received)
            && (exceeds(sent, received) || exceeds(received, sent))
        {
            let text = format!("上游发出 {sent} {unit}，本方收到 {received} {unit}");
            gap(GapKind::Quantity, text, "请双方核对数量");
        }
    }
}

impl Chain {
    /// Units at which the chain ends without a reason that is known here: somebody with more records may know on.
    #[must_use]
    pub fn loose_ends(&self, direction: Direction) -> Frontier {
        let units = |nodes: &mut dyn Iterator<Item = &Node>| -> Vec<String> {
            let units: BTreeSet<&String> = nodes.map(|node| &node.unit).collect();
            units.into_iter().cloned().collect()
        };
        let unknown = self.gaps.iter().filter(|gap| gap.kind == GapKind::UpstreamUnknown);
        let up = units(&mut unknown.map(|gap| &self.nodes[gap.node]));
        let leads_on: BTreeSet<usize> = self.edges.iter().map(|edge| edge.from).collect();
        let last = |node: &&Node| !node.sink && node.layer >= 0 && !leads_on.contains(&node.id);
        let down = units(&mut self.nodes.iter().filter(last));
        match direction {
            Direction::Both => Frontier { up, down },
            Direction::Up => Frontier { up, down: Vec::new() },
            Direction::Down => Frontier { up: Vec::new(), down },
        }
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.gaps.is_empty() && !self.truncated
    }

    /// The flow table: one line a subject, upstream first.
    #[must_use]
    pub fn table(&self) -> Vec<TableRow> {
        let mut subjects: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
        for node in &self.nodes {
            subjects.entry(&node.subject).or_default().push(node);
        }
        let mut edges: BTreeMap<&str, Vec<&Edge>> = BTreeMap::new();
        for edge in &self.edges {
            let (from, to) = (self.nodes[edge.from].subject.as_str(), self.nodes[edge.to].subject.as_str());
            edges.entry(from).or_default().push(edge);
            if from != to {
                edges.entry(to).or_default().push(edge);
            }
        }
        let gaps: BTreeSet<usize> = self.gaps.iter().map(|gap| gap.node).collect();
        let row = |(subject, nodes): (&str, Vec<&Node>)| {
            row(&nodes, edges.get(subject).map_or(&[][..], Vec::as_slice), &gaps)
        };
        let mut rows: Vec<TableRow> = subjects.into_iter().map(row).collect();
        rows.sort_by(|a, b| (a.layer, a.at, &a.subject).cmp(&(b.layer, b.at, &b.subject)));
        rows
    }

    /// Goods between subjects, all units together.
    #[must_use]
    pub fn flows(&self) -> Vec<Flow> {
        let mut flows: BTreeMap<(&str, &str), (Sum, BTreeSet<ObjectId>)> = BTreeMap::new();
        for edge in self.edges.iter().filter(|edge| edge.kind == LinkKind::Move) {
            let (from, to) = (&self.nodes[edge.from].subject, &self.nodes[edge.to].subject);
            if from == to {
                continue;
            }
            let (sum, events) = flows.entry((from, to)).or_default();
            sum.add(edge.quantity, &edge.unit);
            events.extend(edge.events.iter().copied());
        }
        flows
            .into_iter()
            .map(|((from, to), (sum, events))| Flow {
                from: from.to_owned(),
                to: to.to_owned(),
                quantity: sum.known(),
                unit: sum.unit.clone(),
                events: events.len(),
            })
            .collect()
    }
}

/// The line of one subject, from its nodes and the edges that touch them.
fn row(nodes: &[&Node], edges: &[&Edge], gaps: &BTreeSet<usize>) -> TableRow {
    let own: BTreeSet<usize> = nodes.iter().map(|node| node.id).collect();
    let (mut came, mut went) = (Sum::default(), Sum::default());
    let (mut fed, mut passed_on) = (BTreeSet::new(), BTreeSet::new());
    for edge in edges {
        fed.insert(edge.to);
        passed_on.insert(edge.from);
        match (own.contains(&edge.from), own.contains(&edge.to)) {
            (false, true) => came.add(edge.quantity, &edge.unit),
            (true, false) => went.add(edge.quantity, &edge.unit),
            _ => {}
        }
    }
    for node in nodes {
        if node.origin && !fed.contains(&node.id) {
            came.add(node.came_in, &node.unit_of_measure);
        }
        if node.sink {
            went.add(node.went_out.filter(|_| !passed_on.contains(&node.id)), &node.unit_of_measure);
        }
    }
    let comparable = came.unit.is_empty() || went.unit.is_empty() || came.unit == went.unit;
    let went_out = went.known().or_else(|| (!went.open && came.known().is_some()).then(Quantity::default));
    let basis: BTreeSet<&String> = edges.iter().map(|edge| &edge.voucher).filter(|v| !v.is_empty()).collect();
    let told = nodes.iter().filter(|node| !node.stage.is_empty()).max_by_key(|node| node.last_at);
    TableRow {
        subject: nodes.first().map(|node| node.subject.clone()).unwrap_or_default(),
        division: told.map(|node| node.division.clone()).unwrap_or_default(),
        stage: told.map(|node| node.stage.clone()).unwrap_or_default(),
        layer: nodes.iter().map(|node| node.layer).min().unwrap_or(0),
        came_in: came.known(),
        went_out,
        rest: came
            .known()
            .zip(went_out)
            .filter(|_| comparable)
            .map(|(a, b)| a.plus(Quantity::from_milli(b.milli().saturating_neg()))),
        unit_of_measure: if came.unit.is_empty() { went.unit } else { came.unit },
        at: nodes.iter().filter_map(|node| node.first_at).min(),
        basis: basis.into_iter().take(5).cloned().collect(),
        has_gap: !gaps.is_disjoint(&own),
    }
}
