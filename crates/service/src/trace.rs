//! Trace queries (追溯查询): the chain behind a code, for regulators ([`chain`]) and for the public ([`public`]).
//!
//! The rules of the walk are `suyuan_domain::chain`, its links come from the warehouse hop by hop, names and places from
//! the registers. Regulators walk what lies in their scope; with the permission for emergencies they walk everything, and
//! in both cases subjects outside their scope stay masked. Where everything may be walked and the own records end, the
//! parent is asked ([`afar`]). Rows: G-6.2.2c, G-6.5.3, H-6.3, A-3.3.

pub mod afar;
pub mod events;
pub mod public;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use suyuan_domain::chain::{Chain, ChainLink, Direction, Frontier, Walk, WalkLimits};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::code::{CheckOutcome, CodeKind, normalise};
use suyuan_domain::event::{Link, LinkKind};
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::register::Entry;
use suyuan_warehouse::query::{Direction as Hop, EventFilter, EventOrder, LinkRow, Page};

use crate::{Node, Result, ServiceError};
use afar::Asking;

pub use view::{ChainView, EdgeView, FlowView, GapView, NodeView, PlaceView, ProductView, TableView};

/// Longest code that is looked up, in characters.
const LONGEST: usize = 400;
/// Units that a batch number may stand for.
const BATCH_UNITS: usize = 200;
/// Nodes of a chain that a screen can still show.
const MOST_NODES: usize = 5_000;

/// What was learned on a walk.
struct Walked {
    chain: Chain,
    /// Units that the walk began from.
    starts: Vec<String>,
    /// Every link seen, without doubles of (event, upstream unit, downstream unit).
    links: Vec<LinkRow>,
    subjects: BTreeMap<String, Subject>,
    /// Tests that other nodes told of.
    tests: BTreeMap<ObjectId, Test>,
    /// Platforms that did not answer.
    silent: Vec<String>,
}

/// A subject of a chain, as far as it is known.
#[derive(Clone, Debug, Default)]
struct Subject {
    /// Name as filed, or else as reported.
    name: String,
    division: String,
    /// Stage as filed elsewhere.
    stage: String,
    entry: Option<Entry>,
}

impl Subject {
    /// Stage as filed here, or else elsewhere; empty where it is not on file.
    fn stage_on_file(&self) -> &str {
        self.entry.as_ref().map_or(&self.stage, |entry| &entry.stage)
    }
}

/// A test as reported (检验).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Test {
    item: String,
    passed: Option<bool>,
}

/// Synthesises the chain behind a trace code, batch number or voucher unit.
///
/// # Errors
/// [`ServiceError::Denied`] without the permission, [`ServiceError::Invalid`] for a code that can be none, and faults of
/// store and warehouse. A code that nobody knows gives a chain without nodes and a hint.
pub async fn chain(node: &Node, cx: &OpContext, code: &str, direction: Direction, max_hops: u32) -> Result<ChainView> {
    cx.authorize(Action::Read, Kind::Trace)?;
    let code = checked(code)?;
    let (scope, asking) = if cx.may(Action::Read, Kind::Emergency) {
        let everything = Scope { subject: cx.scope.subject.clone(), ..Scope::everything() };
        let asking = everything.subject.is_none().then(Asking::for_emergency);
        (everything, asking)
    } else {
        (cx.scope.clone(), None)
    };
    let limits = WalkLimits { nodes: MOST_NODES, hops: max_hops.clamp(1, 100), ..WalkLimits::new(cx.now) };
    let walked = walk(node, &scope, &code, direction, limits, asking.as_ref()).await?;
    Ok(view::of(node, cx, &code, &walked))
}

/// The code as it is looked up.
fn checked(code: &str) -> Result<String> {
    let code = code.trim();
    if code.is_empty() || code.chars().count() > LONGEST || code.chars().any(char::is_control) {
        let reason = if code.is_empty() {
            "没有填写追溯码".to_owned()
        } else {
            format!("追溯码过长或含有控制字符，最多 {LONGEST} 个字符")
        };
        return Err(ServiceError::invalid("TRC-0101", "code", reason, "请扫描或输入追溯码、批次号或交易凭证号"));
    }
    Ok(code.to_owned())
}

async fn walk(
    node: &Node,
    scope: &Scope,
    code: &str,
    direction: Direction,
    limits: WalkLimits,
    asking: Option<&Asking>,
) -> Result<Walked> {
    let mut starts = vec![code.to_owned()];
    let plain = normalise(code);
    if plain != code && !plain.is_empty() {
        starts.push(plain);
    }
    // Only what can be a code at all is asked of others when nobody here knows it.
    let asked_afar = asking.filter(|_| misprint(node, code).is_none());
    let walked = follow(node, scope, starts, direction, limits.clone(), asked_afar).await?;
    if !walked.links.is_empty() {
        return Ok(walked);
    }
    let units = units_of_batch(node, scope, code).await?;
    if units.is_empty() { Ok(walked) } else { follow(node, scope, units, direction, limits, asking).await }
}

async fn units_of_batch(node: &Node, scope: &Scope, batch: &str) -> Result<Vec<String>> {
    let filter = EventFilter { batch: Some(batch.to_owned()), counted: Some(true), ..EventFilter::default() };
    let page = node.warehouse.events(scope, &filter, EventOrder::OldestFirst, Page::first(200)).await?;
    let units: BTreeSet<String> = page.rows.into_iter().flat_map(|event| event.units).collect();
    Ok(units.into_iter().take(BATCH_UNITS).collect())
}

/// Walks along the own links and, where they end and others may be asked, along theirs.
async fn follow(
    node: &Node,
    scope: &Scope,
    starts: Vec<String>,
    direction: Direction,
    limits: WalkLimits,
    asking: Option<&Asking>,
) -> Result<Walked> {
    let mut walk = Walk::new(starts.clone(), direction, limits.clone());
    let mut links = Links::default();
    while let Some(frontier) = walk.next_frontier() {
        let fetched = hop(node, scope, &frontier).await?;
        walk.absorb(&frontier, fetched.iter().map(chain_link).collect());
        links.add(fetched);
    }
    let chain = walk.finish();
    let ends = if chain.nodes.is_empty() {
        Frontier { up: starts.clone(), down: starts.clone() }
    } else {
        chain.loose_ends(direction)
    };
    let told = match asking.filter(|_| !ends.is_empty()) {
        Some(asking) => afar::ask(node, &ends, &limits, asking).await,
        None => None,
    };
    let Some(told) = told else {
        let subjects = subjects(node, &links.rows).await?;
        return Ok(Walked { chain, starts, links: links.rows, subjects, tests: BTreeMap::new(), silent: Vec::new() });
    };
    links.add(told.links);
    let chain = links.walk(starts.clone(), direction, limits, &ends, &told.silent, told.truncated);
    let mut subjects = subjects(node, &links.rows).await?;
    for (code, subject) in &mut subjects {
        if let (None, Some(told)) = (&subject.entry, told.subjects.get(code)) {
            subject.clone_from(told);
        }
    }
    Ok(Walked { chain, starts, links: links.rows, subjects, tests: told.tests, silent: told.silent })
}

/// Every link seen on a walk, without doubles of (event, upstream unit, downstream unit), by its units.
#[derive(Default)]
struct Links {
    rows: Vec<LinkRow>,
    seen: BTreeSet<(ObjectId, String, String)>,
    by_up: HashMap<String, Vec<usize>>,
    by_down: HashMap<String, Vec<usize>>,
}

impl Links {
    fn add(&mut self, rows: Vec<LinkRow>) {
        for row in rows {
            if self.seen.insert((row.event, row.up_unit.clone(), row.down_unit.clone())) {
                let place = self.rows.len();
                self.by_up.entry(row.up_unit.clone()).or_default().push(place);
                self.by_down.entry(row.down_unit.clone()).or_default().push(place);
                self.rows.push(row);
            }
        }
    }

    /// The chain that all links make together; the ends that somebody gave no answer about become gaps.
    fn walk(
        &self,
        starts: Vec<String>,
        direction: Direction,
        limits: WalkLimits,
        ends: &Frontier,
        silent: &[String],
        truncated: bool,
    ) -> Chain {
        let mut walk = Walk::new(starts, direction, limits);
        while let Some(frontier) = walk.next_frontier() {
            let up = frontier.up.iter().filter_map(|unit| self.by_down.get(unit));
            let down = frontier.down.iter().filter_map(|unit| self.by_up.get(unit));
            let found = up.chain(down).flatten().map(|place| chain_link(&self.rows[*place])).collect();
            walk.absorb(&frontier, found);
        }
        if !silent.is_empty() {
            let from = silent.join("、");
            walk.no_answer(&ends.up, &from);
            walk.no_answer(&ends.down, &from);
        }
        let mut chain = walk.finish();
        chain.truncated |= truncated;
        chain
    }
}

async fn hop(node: &Node, scope: &Scope, frontier: &Frontier) -> Result<Vec<LinkRow>> {
    let (mut up, down) = tokio::try_join!(
        node.warehouse.hop(scope, &frontier.up, Hop::Upstream),
        node.warehouse.hop(scope, &frontier.down, Hop::Downstream),
    )?;
    up.extend(down);
    Ok(up)
}

fn chain_link(row: &LinkRow) -> ChainLink {
    ChainLink {
        link: Link {
            kind: kind_of(&row.kind),
            up_unit: row.up_unit.clone(),
            up_subject: row.up_subject.clone(),
            down_unit: row.down_unit.clone(),
            down_subject: row.down_subject.clone(),
            event: row.event,
            quantity: row.quantity,
            unit: row.unit.clone(),
        },
        at: row.event_time,
        reporter: row.reporter.clone(),
        stage: row.stage.clone(),
        biz_step: row.biz_step.clone(),
        division: row.division.clone(),
        voucher: row.voucher.clone(),
    }
}

fn kind_of(name: &str) -> LinkKind {
    let kinds = [LinkKind::Origin, LinkKind::Move, LinkKind::Transform, LinkKind::Pack, LinkKind::Sink];
    kinds.into_iter().find(|kind| kind.as_str() == name).unwrap_or(LinkKind::Observe)
}

/// What is known of every subject that the links name: filed facts first, then what was reported.
async fn subjects(node: &Node, links: &[LinkRow]) -> Result<BTreeMap<String, Subject>> {
    let mut subjects: BTreeMap<String, Subject> = BTreeMap::new();
    for row in links {
        for (code, name, division) in
            [(&row.up_subject, &row.up_name, &row.up_division), (&row.down_subject, &row.down_name, &row.down_division)]
        {
            if code.is_empty() {
                continue;
            }
            let subject = subjects.entry(code.clone()).or_default();
            if subject.name.is_empty() {
                subject.name.clone_from(name);
            }
            if subject.division.is_empty() {
                subject.division.clone_from(division);
            }
        }
    }
    let codes: Vec<String> = subjects.keys().cloned().collect();
    for entry in node.store.system_entries_by_codes("subject", &codes).await? {
        if let Some(subject) = subjects.get_mut(&entry.code) {
            subject.name.clone_from(&entry.name);
            subject.division.clone_from(&entry.division);
            subject.entry = Some(entry);
        }
    }
    Ok(subjects)
}

/// Name of a stage.
fn stage_name(node: &Node, stage: &str) -> String {
    node.packs().stage(stage).map_or(stage, |stage| stage.name.as_str()).to_owned()
}

/// Name of a category.
fn category_name(node: &Node, category: &str) -> String {
    node.packs().category(category).map_or(category, |category| category.name.as_str()).to_owned()
}

/// What the links say about the product of the starting units: from the latest event that names one.
fn product_of<'a>(walked: &'a Walked, named: impl Fn(&LinkRow) -> bool) -> Option<&'a LinkRow> {
    let about = |row: &&LinkRow| walked.starts.contains(&row.up_unit) || walked.starts.contains(&row.down_unit);
    let latest =
        |rows: &mut dyn Iterator<Item = &'a LinkRow>| rows.max_by_key(|row: &&LinkRow| (row.event_time, row.event));
    latest(&mut walked.links.iter().filter(about).filter(|row| named(row)))
        .or_else(|| latest(&mut walked.links.iter().filter(about)))
}

/// What is wrong with a code that fits no scheme for units and products, or only with a wrong check character.
fn misprint(node: &Node, code: &str) -> Option<String> {
    let packs = node.packs();
    let schemes = &packs.schemes;
    let matches = schemes.resolve(code);
    if matches.iter().any(|found| found.check == CheckOutcome::Right) {
        return None;
    }
    let wrong = matches.iter().find_map(|found| match found.check {
        CheckOutcome::Wrong { expected, found: typed } => {
            Some(format!("最接近「{}」：校验位应为 {expected}，填写为 {typed}", found.name))
        }
        _ => None,
    });
    let near = || {
        let guess = schemes.explain(code)?;
        let goods = |kind| matches!(kind, CodeKind::Unit | CodeKind::Product);
        schemes.get(&guess.scheme).is_some_and(|scheme| goods(scheme.kind)).then_some(guess.text)
    };
    wrong.or_else(near)
}

/// Text, or nothing where it is empty.
fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The moment that a chain is drawn as of.
fn as_of(cx: &OpContext) -> Timestamp {
    cx.now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_2c_codes_are_looked_up_as_typed_and_impossible_ones_refused() {
        assert_eq!(checked(" 3702 11 ").ok().as_deref(), Some("3702 11"));
        for code in ["", "   ", "a\u{0}b", &"9".repeat(401)] {
            assert!(matches!(checked(code), Err(ServiceError::Invalid(_))), "{code:?}");
        }
    }

    #[test]
    fn g_6_5_3a_every_kind_of_link_is_read_back() {
        for kind in
            [LinkKind::Origin, LinkKind::Move, LinkKind::Transform, LinkKind::Pack, LinkKind::Observe, LinkKind::Sink]
        {
            assert_eq!(kind_of(kind.as_str()), kind);
        }
    }
}
