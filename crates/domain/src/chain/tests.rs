//! Tests of the chain walk: nodes, quantities, gaps, bounds.

use super::*;
use crate::event::{EventType, TraceEvent, UnitAmount};
use crate::testing::{self, NOON};

/// A small warehouse: the links of some events.
struct World {
    links: Vec<ChainLink>,
    events: u8,
}

impl World {
    const fn new() -> Self {
        Self { links: Vec::new(), events: 0 }
    }

    fn report(&mut self, event: &TraceEvent) {
        self.events += 1;
        for link in event.links(ObjectId::from_bytes([self.events; 16])) {
            self.links.push(ChainLink {
                link,
                at: event.event_time,
                reporter: event.subject.clone(),
                stage: event.stage.clone(),
                biz_step: event.biz_step.clone(),
                division: event.division.clone(),
                voucher: event.voucher.clone(),
            });
        }
    }

    fn walk(&self, start: &str, direction: Direction, limits: WalkLimits) -> (Chain, usize) {
        let mut walk = Walk::new(vec![start.to_owned()], direction, limits);
        let mut hops = 0;
        while let Some(frontier) = walk.next_frontier() {
            let wanted = |item: &&ChainLink| {
                frontier.up.contains(&item.link.down_unit) || frontier.down.contains(&item.link.up_unit)
            };
            walk.absorb(&frontier, self.links.iter().filter(wanted).cloned().collect());
            hops += 1;
            assert!(hops < 1_000, "the walk ends");
        }
        (walk.finish(), hops)
    }

    fn chain(&self, start: &str, direction: Direction) -> Chain {
        self.walk(start, direction, WalkLimits::new(NOON.plus_millis(30 * 86_400_000))).0
    }
}

fn kg(code: &str, amount: i64) -> UnitAmount {
    UnitAmount { code: code.into(), quantity: Some(Quantity::from_milli(amount * 1_000)), unit: "kg".into() }
}

struct Report<'a>(EventType, &'a str, &'a str, &'a str, i64);

fn event(
    Report(kind, step, subject, peer, hour): Report<'_>,
    inputs: &[UnitAmount],
    outputs: &[UnitAmount],
) -> TraceEvent {
    let mut event = testing::event(kind, step);
    event.subject = subject.into();
    event.peer_subject = peer.into();
    event.inbound = step == "receiving";
    event.event_time = NOON.plus_millis(hour * 3_600_000);
    event.inputs = inputs.to_vec();
    event.outputs = outputs.to_vec();
    event
}

/// Farm → slaughterhouse (with a second farm) → market → two shops, each move reported by both sides.
fn meat() -> World {
    use EventType::{Object, Transaction, Transformation};
    let mut world = World::new();
    world.report(&event(Report(Object, "commissioning", "farm", "", 0), &[], &[kg("pig", 120)]));
    world.report(&event(Report(Object, "commissioning", "farm2", "", 0), &[], &[kg("pig2", 80)]));
    world.report(&event(Report(Transaction, "shipping", "farm", "house", 1), &[kg("pig", 120)], &[]));
    world.report(&event(Report(Transaction, "shipping", "farm2", "house", 1), &[kg("pig2", 80)], &[]));
    world.report(&event(Report(Object, "receiving", "house", "farm", 2), &[kg("pig", 120)], &[]));
    world.report(&event(
        Report(Transformation, "commissioning", "house", "", 3),
        &[kg("pig", 120), kg("pig2", 80)],
        &[kg("meat", 150)],
    ));
    world.report(&event(
        Report(Transaction, "shipping", "house", "market", 4),
        &[kg("meat", 150)],
        &[kg("ticket", 150)],
    ));
    world.report(&event(Report(Object, "receiving", "market", "house", 5), &[kg("ticket", 150)], &[]));
    world.report(&event(Report(Transaction, "shipping", "market", "shop1", 6), &[kg("ticket", 100)], &[kg("s1", 100)]));
    world.report(&event(Report(Transaction, "shipping", "market", "shop2", 6), &[kg("ticket", 50)], &[kg("s2", 50)]));
    world.report(&event(Report(Object, "retail_selling", "shop1", "", 7), &[kg("s1", 100)], &[]));
    world
}

fn subjects(chain: &Chain) -> Vec<&str> {
    let mut subjects: Vec<&str> = Vec::new();
    for node in &chain.nodes {
        if !subjects.contains(&node.subject.as_str()) {
            subjects.push(&node.subject);
        }
    }
    subjects
}

#[test]
fn g_6_5_3a_the_chain_names_every_subject_once_with_amounts() {
    let chain = meat().chain("ticket", Direction::Both);
    let table = chain.table();
    let rows: Vec<_> = table
        .iter()
        .map(|row| (row.subject.as_str(), row.came_in.map(Quantity::milli), row.went_out.map(Quantity::milli)))
        .collect();
    assert_eq!(
        rows,
        [
            ("farm", Some(120_000), Some(120_000)),
            ("farm2", Some(80_000), Some(80_000)),
            ("house", Some(200_000), Some(150_000)),
            ("market", Some(150_000), Some(150_000)),
            ("shop1", Some(100_000), Some(100_000)),
            ("shop2", Some(50_000), Some(0)),
        ]
    );
    let gaps: Vec<_> = chain.gaps.iter().map(|gap| (chain.nodes[gap.node].subject.as_str(), gap.kind)).collect();
    assert_eq!(gaps, [("shop2", GapKind::DownstreamUnknown)]);
    assert_eq!(chain.nodes.iter().map(|node| node.layer).min(), Some(-3));
    assert!(!chain.is_complete() && !chain.truncated);
}

#[test]
fn g_6_5_3a_both_reports_of_a_move_are_one_edge() {
    let chain = meat().chain("ticket", Direction::Both);
    assert_eq!(chain.nodes.iter().filter(|node| node.unit == "ticket").count(), 1, "no shadow of the sender's ticket");
    let edge = chain.edges.iter().find(|edge| chain.nodes[edge.to].unit == "ticket").expect("an edge into the market");
    assert_eq!(chain.nodes[edge.from].unit, "meat");
    assert_eq!((edge.sent, edge.received), (Some(Quantity::from_milli(150_000)), Some(Quantity::from_milli(150_000))));
    assert_eq!(edge.events.len(), 2);
}

#[test]
fn g_6_2_2c_directions_show_only_their_side() {
    let world = meat();
    assert_eq!(subjects(&world.chain("s1", Direction::Up)), ["farm", "farm2", "house", "market", "shop1"]);
    assert_eq!(subjects(&world.chain("pig2", Direction::Down)), ["farm2", "house", "market", "shop1", "shop2"]);
    assert_eq!(subjects(&world.chain("s2", Direction::Both)), ["farm", "farm2", "house", "market", "shop2"]);
    assert!(world.chain("nothing", Direction::Both).nodes.is_empty());
}

#[test]
fn g_6_5_3a_gaps_say_why() {
    use EventType::{Object, Transaction};
    let gap = |events: &[TraceEvent], start: &str| {
        let mut world = World::new();
        events.iter().for_each(|event| world.report(event));
        let chain = world.chain(start, Direction::Both);
        chain.gaps.iter().map(|gap| (chain.nodes[gap.node].subject.clone(), gap.kind)).collect::<Vec<_>>()
    };
    let sold = event(Report(Object, "retail_selling", "shop", "", 9), &[kg("u", 10)], &[]);
    let made = event(Report(Object, "commissioning", "farm", "", 0), &[], &[kg("u", 10)]);
    let came = event(Report(Object, "receiving", "shop", "farm", 5), &[kg("u", 10)], &[]);
    let sent = |amount, hour| event(Report(Transaction, "shipping", "farm", "shop", hour), &[kg("u", amount)], &[]);
    assert_eq!(gap(std::slice::from_ref(&sold), "u"), [("shop".into(), GapKind::UpstreamUnknown)]);
    assert_eq!(gap(&[came.clone(), sold.clone()], "u"), [("farm".into(), GapKind::UpstreamUnknown)]);
    assert_eq!(gap(&[made.clone(), came.clone(), sold.clone()], "u"), []);
    assert_eq!(gap(&[made.clone(), sent(10, 1), sold.clone()], "u"), [], "the receiver may stay silent if it sells");
    assert_eq!(
        gap(&[made.clone(), sent(12, 1), came.clone(), sold.clone()], "u"),
        [("farm".into(), GapKind::Quantity), ("shop".into(), GapKind::Quantity)]
    );
    let onward = event(Report(Transaction, "shipping", "shop", "home", 2), &[kg("u", 10)], &[kg("v", 10)]);
    let eaten = event(Report(Object, "consuming", "home", "", 9), &[kg("v", 10)], &[]);
    assert_eq!(gap(&[made, came, onward, eaten], "v"), [("shop".into(), GapKind::TimeOrder)]);
}

#[test]
fn g_6_5_3a_silence_of_another_node_is_a_gap() {
    let mut walk = Walk::new(vec!["u".into()], Direction::Both, WalkLimits::new(NOON));
    let frontier = walk.next_frontier().expect("a first frontier");
    let mut world = World::new();
    world.report(&event(Report(EventType::Object, "receiving", "shop", "farm", 5), &[kg("u", 10)], &[]));
    walk.absorb(&frontier, world.links.clone());
    walk.no_answer(&["u".to_owned()], "济南市平台");
    let chain = walk.finish();
    assert!(chain.gaps.iter().all(|gap| gap.kind == GapKind::NoAnswer) && !chain.gaps.is_empty(), "{:?}", chain.gaps);
}

#[test]
fn g_6_5_3a_circles_and_crowds_end() {
    let mut world = World::new();
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")] {
        world.report(&event(
            Report(EventType::Transformation, "commissioning", "x", "", 0),
            &[kg(from, 1)],
            &[kg(to, 1)],
        ));
    }
    assert_eq!(world.chain("a", Direction::Both).nodes.len(), 3);

    let mut crowd = World::new();
    let many: Vec<UnitAmount> = (0..500).map(|i| kg(&format!("u{i}"), 1)).collect();
    crowd.report(&event(Report(EventType::Transformation, "commissioning", "x", "", 0), &[kg("root", 500)], &many));
    let limits = WalkLimits { nodes: 100, ..WalkLimits::new(NOON) };
    let (chain, _) = crowd.walk("root", Direction::Down, limits);
    assert!(chain.truncated && chain.nodes.len() == 100);

    let mut line = World::new();
    for i in 0..100 {
        line.report(&event(
            Report(EventType::Transformation, "commissioning", "x", "", 0),
            &[kg(&format!("l{i}"), 1)],
            &[kg(&format!("l{}", i + 1), 1)],
        ));
    }
    let (chain, hops) = line.walk("l0", Direction::Down, WalkLimits::new(NOON));
    assert!(chain.truncated && hops <= 22 && chain.nodes.len() == 21, "{hops} {}", chain.nodes.len());
}

#[test]
fn g_6_5_3b_flows_sum_what_went_between_subjects() {
    let flows = meat().chain("ticket", Direction::Both).flows();
    let to_market = flows.iter().find(|flow| flow.to == "market").expect("a flow");
    assert_eq!(
        (to_market.from.as_str(), to_market.quantity, to_market.events),
        ("house", Some(Quantity::from_milli(150_000)), 2)
    );
}

#[test]
fn g_6_5_3a_the_order_of_answers_does_not_matter() {
    let mut world = meat();
    let forward = world.chain("ticket", Direction::Both);
    world.links.reverse();
    let backward = world.chain("ticket", Direction::Both);
    assert_eq!(forward.table(), backward.table());
    assert_eq!(forward.edges, backward.edges);
}

#[test]
fn g_6_5_3a_a_chain_that_is_known_in_parts_names_the_ends_to_ask_others_about() {
    let mut world = meat();
    // The farms' records lie with another node, and so does what the shops did.
    world.links.retain(|link| !link.reporter.starts_with("farm") && !link.reporter.starts_with("shop"));
    let ends = world.chain("ticket", Direction::Both).loose_ends(Direction::Both);
    assert_eq!(ends.up, ["pig", "pig2"]);
    assert_eq!(ends.down, ["s1", "s2"]);
    let whole = meat().chain("ticket", Direction::Both);
    assert_eq!(whole.loose_ends(Direction::Both), Frontier { up: Vec::new(), down: vec!["s2".into()] });
    assert!(whole.loose_ends(Direction::Up).is_empty());
}
