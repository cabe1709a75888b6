//! Trace-chain synthesis (链条合成): the rules of the walk from a unit along the links, and the graph that comes out.
//!
//! Pure: the walk names the units that it has to know more of ([`Walk::next_frontier`]), somebody fetches their links from
//! the warehouse or from other nodes and hands them in ([`Walk::absorb`]). Names of subjects and places belong to the
//! registers. A node of the graph is a unit at a subject. Rows: G-6.5.3a, G-6.5.3b, G-6.2.2c, H-6.3.

mod graph;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::event::{Link, LinkKind};
use crate::id::ObjectId;
use crate::quantity::Quantity;

pub use graph::{Chain, Edge, Flow, Gap, GapKind, Node, TableRow};

/// Which way to walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Upstream and downstream.
    #[default]
    Both,
    /// Towards the source (溯源).
    Up,
    /// Towards the consumer (追踪).
    Down,
}

/// Bounds of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkLimits {
    /// Nodes of the graph at most.
    pub nodes: usize,
    /// Hops from the start at most, each way.
    pub hops: u32,
    /// Units of one frontier at most.
    pub frontier: usize,
    /// The moment as of which the chain is drawn.
    pub as_of: Timestamp,
    /// How long, in milliseconds, goods may lie with a receiver before nothing further counts as a gap.
    pub patience_millis: i64,
    /// Thousandths by which amounts may differ, for losses of weighing.
    pub permille: u32,
}

impl WalkLimits {
    /// 20,000 nodes, 20 hops, 1,000 units at a time, seven days of patience, 2 percent.
    #[must_use]
    pub const fn new(as_of: Timestamp) -> Self {
        Self { nodes: 20_000, hops: 20, frontier: 1_000, as_of, patience_millis: 7 * 86_400_000, permille: 20 }
    }
}

/// A link with what the graph shows of its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    /// The link.
    pub link: Link,
    /// When the event happened.
    pub at: Timestamp,
    /// Code of the subject that reported it.
    pub reporter: String,
    /// Stage of the event.
    pub stage: String,
    /// Business step of the event.
    pub biz_step: String,
    /// Division of the event.
    pub division: String,
    /// Voucher of the event.
    pub voucher: String,
}

/// The units whose links are wanted next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    /// Units that stand downstream in the links wanted: what is before them?
    pub up: Vec<String>,
    /// Units that stand upstream in the links wanted: what is after them?
    pub down: Vec<String>,
}

impl Frontier {
    /// Whether nothing is wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.up.is_empty() && self.down.is_empty()
    }
}

/// A unit at a subject.
pub(crate) type Place = (String, String);

/// What one direction of the walk knows.
#[derive(Clone, Debug, Default)]
struct Side {
    /// Places reached, with their hops from the start.
    reached: BTreeMap<Place, u32>,
    /// Places reached but not yet followed, by unit.
    waiting: BTreeMap<String, Vec<Place>>,
    /// Units in the order in which they are asked for.
    queue: VecDeque<String>,
    /// Units asked for and answered.
    answered: BTreeSet<String>,
    /// Links of answered units.
    links: BTreeMap<String, Vec<usize>>,
}

/// A walk along the links, hop by hop. Ends on every input: each unit is asked for at most once each way.
#[derive(Clone, Debug)]
pub struct Walk {
    starts: Vec<String>,
    direction: Direction,
    limits: WalkLimits,
    links: Vec<ChainLink>,
    seen: BTreeSet<(ObjectId, String, String)>,
    up: Side,
    down: Side,
    started: bool,
    silent: BTreeMap<String, String>,
    truncated: bool,
}

impl Walk {
    /// A walk from these units.
    #[must_use]
    pub fn new(starts: Vec<String>, direction: Direction, limits: WalkLimits) -> Self {
        Self {
            starts,
            direction,
            limits,
            links: Vec::new(),
            seen: BTreeSet::new(),
            up: Side::default(),
            down: Side::default(),
            started: false,
            silent: BTreeMap::new(),
            truncated: false,
        }
    }

    /// The units to ask for next; `None` when the walk is done. Call [`Walk::absorb`] before asking again.
    ///
    /// The first frontier asks for the starting units both ways, whatever the direction, to learn who held them.
    pub fn next_frontier(&mut self) -> Option<Frontier> {
        if !self.started {
            let starts: Vec<String> = self.starts.iter().take(self.limits.frontier).cloned().collect();
            return (!starts.is_empty()).then(|| Frontier { up: starts.clone(), down: starts });
        }
        let take = |side: &Side| side.queue.iter().take(self.limits.frontier).cloned().collect();
        let frontier = Frontier { up: take(&self.up), down: take(&self.down) };
        (!frontier.is_empty()).then_some(frontier)
    }

    /// Takes the links that answer `frontier`. Links of other units are kept for when they are reached.
    pub fn absorb(&mut self, frontier: &Frontier, links: Vec<ChainLink>) {
        for link in links {
            self.keep(link);
        }
        for (side, units) in [(&mut self.up, &frontier.up), (&mut self.down, &frontier.down)] {
            side.answered.extend(units.iter().cloned());
            let answered = &side.answered;
            side.queue.retain(|unit| !answered.contains(unit));
        }
        if !self.started {
            self.started = true;
            self.start();
        }
        for unit in &frontier.up {
            self.follow(true, unit);
        }
        for unit in &frontier.down {
            self.follow(false, unit);
        }
    }

    /// Notes that the links of these units could not be had, and from whom; their places become gaps.
    pub fn no_answer(&mut self, units: &[String], from: &str) {
        for unit in units {
            self.silent.insert(unit.clone(), from.to_owned());
        }
    }

    /// Number of places reached so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.up.reached.len() + self.down.reached.len()
    }

    /// Whether nothing was reached yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn keep(&mut self, link: ChainLink) {
        let key = (link.link.event, link.link.up_unit.clone(), link.link.down_unit.clone());
        if !self.seen.insert(key) {
            return;
        }
        let at = self.links.len();
        if !link.link.down_unit.is_empty() {
            self.up.links.entry(link.link.down_unit.clone()).or_default().push(at);
        }
        if !link.link.up_unit.is_empty() {
            self.down.links.entry(link.link.up_unit.clone()).or_default().push(at);
        }
        self.links.push(link);
    }

    /// Everybody who held a starting unit is a starting place.
    fn start(&mut self) {
        let mut places = BTreeSet::new();
        for ChainLink { link, .. } in &self.links {
            for (unit, subject) in [(&link.up_unit, &link.up_subject), (&link.down_unit, &link.down_subject)] {
                if self.starts.contains(unit) {
                    places.insert((unit.clone(), subject.clone()));
                }
            }
        }
        for place in places {
            if self.direction != Direction::Down {
                self.reach(true, place.clone(), 0);
            }
            if self.direction != Direction::Up {
                self.reach(false, place, 0);
            }
        }
    }

    fn side(&mut self, upward: bool) -> &mut Side {
        if upward { &mut self.up } else { &mut self.down }
    }

    fn reach(&mut self, upward: bool, place: Place, hops: u32) {
        if self.side(upward).reached.contains_key(&place) {
            return;
        }
        if self.len() >= self.limits.nodes || hops > self.limits.hops {
            self.truncated = true;
            return;
        }
        let side = self.side(upward);
        let unit = place.0.clone();
        side.reached.insert(place.clone(), hops);
        let is_new = !side.waiting.contains_key(&unit);
        side.waiting.entry(unit.clone()).or_default().push(place);
        if is_new && !side.answered.contains(&unit) {
            side.queue.push_back(unit);
        }
    }

    /// Follows the links of an answered unit from every place that waits at it.
    fn follow(&mut self, upward: bool, unit: &str) {
        let mut units = VecDeque::from([unit.to_owned()]);
        while let Some(unit) = units.pop_front() {
            while let Some(place) = self.side(upward).waiting.get_mut(&unit).and_then(Vec::pop) {
                let hops = self.side(upward).reached.get(&place).copied().unwrap_or(0);
                let links = self.side(upward).links.get(&unit).cloned().unwrap_or_default();
                for index in links {
                    let Some(next) = self.beyond(upward, index, &place) else {
                        continue;
                    };
                    let known = self.side(upward).answered.contains(&next.0);
                    if known && next.0 != unit {
                        units.push_back(next.0.clone());
                    }
                    self.reach(upward, next, hops + 1);
                }
            }
        }
    }

    /// The place that link `index` leads to from `place`; none for observations and ends.
    fn beyond(&self, upward: bool, index: usize, place: &Place) -> Option<Place> {
        let Link { kind, up_unit, up_subject, down_unit, down_subject, .. } = &self.links.get(index)?.link;
        if *kind == LinkKind::Observe {
            return None;
        }
        let (here, there) = if upward {
            ((down_unit, down_subject), (up_unit, up_subject))
        } else {
            ((up_unit, up_subject), (down_unit, down_subject))
        };
        (*here.0 == place.0 && *here.1 == place.1 && !there.0.is_empty()).then(|| (there.0.clone(), there.1.clone()))
    }

    /// The graph of what was reached.
    #[must_use]
    pub fn finish(&self) -> Chain {
        graph::build(self)
    }
}

/// The amount of two reports of one thing: the larger where both are stated.
fn larger(a: Option<Quantity>, b: Option<Quantity>) -> Option<Quantity> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests;
