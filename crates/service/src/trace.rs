//! Trace queries (追溯查询): the chain behind a code, for regulators ([`chain`]) and for the public ([`public`]).
//!
//! The rules of the walk are `suyuan_domain::chain`, its links come from the warehouse hop by hop, names and places from
//! the registers. Regulators walk what lies in their scope; with the permission for emergencies they walk everything, and
//! in both cases subjects outside their scope stay masked. Rows: G-6.2.2c, G-6.5.3, H-6.3, A-3.3.

pub mod events;
pub mod public;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use suyuan_domain::chain::{Chain, ChainLink, Direction, Frontier, Walk, WalkLimits};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::code::{CheckOutcome, CodeKind, normalise};
use suyuan_domain::event::{Link, LinkKind};
use suyuan_domain::scope::Scope;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::register::Entry;
use suyuan_warehouse::query::{Direction as Hop, EventFilter, EventOrder, LinkRow, Page};

use crate::{Node, Result, ServiceError};

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
}

/// A subject of a chain, as far as it is known.
#[derive(Clone, Debug, Default)]
struct Subject {
    /// Name as filed, or else as reported.
    name: String,
    division: String,
    entry: Option<Entry>,
}

/// Synthesises the chain behind a trace code, batch number or voucher unit.
///
/// # Errors
/// [`ServiceError::Denied`] without the permission, [`ServiceError::Invalid`] for a code that can be none, and faults of
/// store and warehouse. A code that nobody knows gives a chain without nodes and a hint.
pub async fn chain(node: &Node, cx: &OpContext, code: &str, direction: Direction, max_hops: u32) -> Result<ChainView> {
    cx.authorize(Action::Read, Kind::Trace)?;
    let code = checked(code)?;
    let scope = if cx.may(Action::Read, Kind::Emergency) {
        Scope { subject: cx.scope.subject.clone(), ..Scope::everything() }
    } else {
        cx.scope.clone()
    };
    let limits = WalkLimits { nodes: MOST_NODES, hops: max_hops.clamp(1, 100), ..WalkLimits::new(cx.now) };
    let walked = walk(node, &scope, &code, direction, limits).await?;
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

async fn walk(node: &Node, scope: &Scope, code: &str, direction: Direction, limits: WalkLimits) -> Result<Walked> {
    let mut starts = vec![code.to_owned()];
    let plain = normalise(code);
    if plain != code && !plain.is_empty() {
        starts.push(plain);
    }
    let walked = follow(node, scope, starts, direction, limits.clone()).await?;
    if !walked.links.is_empty() {
        return Ok(walked);
    }
    let units = units_of_batch(node, scope, code).await?;
    if units.is_empty() { Ok(walked) } else { follow(node, scope, units, direction, limits).await }
}

async fn units_of_batch(node: &Node, scope: &Scope, batch: &str) -> Result<Vec<String>> {
    let filter = EventFilter { batch: Some(batch.to_owned()), counted: Some(true), ..EventFilter::default() };
    let page = node.warehouse.events(scope, &filter, EventOrder::OldestFirst, Page::first(200)).await?;
    let units: BTreeSet<String> = page.rows.into_iter().flat_map(|event| event.units).collect();
    Ok(units.into_iter().take(BATCH_UNITS).collect())
}

async fn follow(
    node: &Node,
    scope: &Scope,
    starts: Vec<String>,
    direction: Direction,
    limits: WalkLimits,
) -> Result<Walked> {
    let mut walk = Walk::new(starts.clone(), direction, limits);
    let mut links = Vec::new();
    let mut seen = BTreeSet::new();
    while let Some(frontier) = walk.next_frontier() {
        let fetched = hop(node, scope, &frontier).await?;
        walk.absorb(&frontier, fetched.iter().map(chain_link).collect());
        for row in fetched {
            if seen.insert((row.event, row.up_unit.clone(), row.down_unit.clone())) {
                links.push(row);
            }
        }
    }
    let chain = walk.finish();
    let subjects = subjects(node, &links).await?;
    Ok(Walked { chain, starts, links, subjects })
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
    node.packs.stage(stage).map_or(stage, |stage| stage.name.as_str()).to_owned()
}

/// Name of a category.
fn category_name(node: &Node, category: &str) -> String {
    node.packs.category(category).map_or(category, |category| category.name.as_str()).to_owned()
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
    let schemes = &node.packs.schemes;
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
