//! Tests of the simulated world against its own truth.

use std::collections::{BTreeMap, BTreeSet};

use suyuan_domain::chain::{ChainLink, Direction, Walk, WalkLimits};
use suyuan_domain::check::{CheckLimits, check};
use suyuan_domain::evaluation::Inputs;
use suyuan_domain::event::TraceEvent;
use suyuan_domain::id::ObjectId;
use suyuan_domain::outlier::{Facts, Lookup, UnitFacts, Verdict, evaluate, metric};
use suyuan_domain::period::Day;
use suyuan_formats::{Defaults, Intake, open_json};

use super::*;

fn packs() -> Packs {
    Packs::shipped().expect("the shipped packs")
}

fn divisions() -> Divisions {
    Divisions::parse(include_str!("../../../sql/reference/divisions.csv")).expect("the shipped table")
}

fn world(seed: u64, events: usize) -> World {
    let plan = Plan {
        seed,
        size: WorldSize { subjects: 400, events, days: 35 },
        until: "2026-11-21T12:00:00+08:00".parse().expect("an instant"),
        nodes: vec!["370200".into(), "370100".into()],
    };
    World::generate(plan, &packs(), &divisions()).expect("a world")
}

/// Every row of every call as a node would take it: what was accepted, and the codes of faults of what was not.
fn take_in(world: &World) -> (Vec<(Call, TraceEvent)>, BTreeMap<String, String>) {
    let (packs, divisions, defaults) = (packs(), divisions(), Defaults::default());
    let mut accepted = Vec::new();
    let mut refused = BTreeMap::new();
    for call in world.calls() {
        let intake = Intake { now: call.at, system: &call.system, message: "", defaults: &defaults, max_rows: 500 };
        let message = open_json::parse(call.body.to_string().as_bytes(), &intake).expect("a readable body");
        for (i, row) in message.rows.into_iter().enumerate() {
            let id = call.body["events"][i]["event_id"].as_str().expect("an id").to_owned();
            let faults = match row {
                Ok(draft) => {
                    let faults = check(&draft.event, &packs, &divisions, &CheckLimits::default(), call.at).faults;
                    if faults.is_empty() {
                        accepted.push((call.clone(), draft.event));
                        continue;
                    }
                    faults
                }
                Err(faults) => faults,
            };
            refused.insert(id, faults[0].code.clone());
        }
    }
    (accepted, refused)
}

#[test]
fn g_8_a_node_accepts_and_refuses_what_the_truth_says() {
    let world = world(7, 6_000);
    let (accepted, refused) = take_in(&world);
    let truth = world.truth();
    assert_eq!(accepted.len() as u64, truth.accepted);
    assert_eq!((accepted.len() + refused.len()) as u64, truth.received);
    let expected: BTreeMap<String, String> =
        truth.anomalies.iter().filter_map(|anomaly| Some((anomaly.event_id.clone(), anomaly.fault.clone()?))).collect();
    assert_eq!(refused, expected);
    let mut totals: BTreeMap<(String, Day, String), u64> = BTreeMap::new();
    for (call, event) in &accepted {
        *totals.entry((call.node.clone(), Day::of(event.event_time), event.category.clone())).or_default() += 1;
    }
    let expected = truth.totals.iter().map(|row| ((row.node.clone(), row.day, row.category.clone()), row.events));
    assert_eq!(totals, expected.collect());
    let ids: BTreeSet<_> = accepted.iter().map(|(_, event)| event.event_id.clone()).collect();
    assert_eq!(ids.len(), accepted.len(), "identifiers are unique");
}

#[test]
fn n_cat_all_seven_categories_and_both_cities_play() {
    let world = world(7, 6_000);
    let of = |part: fn(&DayTotal) -> &str| world.truth().totals.iter().map(part).collect::<BTreeSet<_>>();
    assert_eq!(of(|row| &row.category).len(), 7);
    assert_eq!(of(|row| &row.node), BTreeSet::from(["370100", "370200"]));
    let schemes = packs().schemes;
    for subject in world.subjects() {
        assert!(schemes.is_valid("uscc", &subject.uscc) && schemes.is_valid("subject13", &subject.code), "{subject:?}");
    }
    let codes: BTreeSet<_> = world.subjects().iter().map(|subject| &subject.code).collect();
    assert_eq!(codes.len(), world.subjects().len());
    let nouns: BTreeSet<_> = world.registrations().map(|registration| registration.noun).collect();
    assert_eq!(nouns.into_iter().collect::<Vec<_>>(), ["devices", "products", "subjects", "systems"]);
}

#[test]
fn g_8_the_same_plan_gives_the_same_world() {
    let all = |seed| world(seed, 800).calls().collect::<Vec<_>>();
    assert_eq!(all(3), all(3));
    assert_ne!(all(3), all(4));
    let calls = all(3);
    assert!(calls.is_sorted_by_key(|call| call.at));
    assert!(
        calls.iter().all(|call| { call.body["events"].as_array().is_some_and(|rows| (1..=500).contains(&rows.len())) })
    );
}

fn links(accepted: &[(Call, TraceEvent)]) -> Vec<ChainLink> {
    let mut links = Vec::new();
    for (i, (_, event)) in accepted.iter().enumerate() {
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&(i as u64).to_be_bytes());
        links.extend(event.links(ObjectId::from_bytes(bytes)).into_iter().map(|link| ChainLink {
            link,
            at: event.event_time,
            reporter: event.subject.clone(),
            stage: event.stage.clone(),
            biz_step: event.biz_step.clone(),
            division: event.division.clone(),
            voucher: event.voucher.clone(),
        }));
    }
    links
}

#[test]
fn g_6_5_3a_walks_find_the_chains_of_the_truth() {
    let world = world(11, 6_000);
    let (accepted, _) = take_in(&world);
    let links = links(&accepted);
    let (mut by_up, mut by_down) = (BTreeMap::<&str, Vec<usize>>::new(), BTreeMap::<&str, Vec<usize>>::new());
    for (i, item) in links.iter().enumerate() {
        by_up.entry(&item.link.up_unit).or_default().push(i);
        by_down.entry(&item.link.down_unit).or_default().push(i);
    }
    assert!(world.truth().chains.len() > 100);
    for expected in &world.truth().chains {
        let mut walk = Walk::new(vec![expected.code.clone()], Direction::Up, WalkLimits::new(world.plan().until));
        while let Some(frontier) = walk.next_frontier() {
            let up = frontier.up.iter().filter_map(|unit| by_down.get(unit.as_str()));
            let down = frontier.down.iter().filter_map(|unit| by_up.get(unit.as_str()));
            let found = up.chain(down).flatten().map(|i| links[*i].clone()).collect();
            walk.absorb(&frontier, found);
        }
        let chain = walk.finish();
        let table = chain.table();
        let got: Vec<_> = table.iter().map(|row| (row.subject.as_str(), row.came_in, row.went_out)).collect();
        let want: Vec<_> =
            expected.rows.iter().map(|row| (row.subject.as_str(), Some(row.came_in), Some(row.went_out))).collect();
        assert_eq!(got, want, "{} {}", expected.product, expected.code);
        assert!(chain.gaps.is_empty(), "{:?}", chain.gaps);
    }
}

#[test]
fn g_6_4_2a_rules_flag_the_anomalies_of_the_truth() {
    let world = world(5, 6_000);
    let (accepted, _) = take_in(&world);
    let packs = packs();
    let mut by_voucher: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut made: BTreeSet<&str> = BTreeSet::new();
    for (_, event) in &accepted {
        if event.event_type.as_str() == "transaction" {
            by_voucher.entry(&event.voucher).or_default().push(event.event_id.as_deref().unwrap_or_default());
        }
        made.extend(event.outputs.iter().map(|unit| unit.code.as_str()));
    }
    let by_id: BTreeMap<&str, &TraceEvent> =
        accepted.iter().filter_map(|(_, event)| Some((event.event_id.as_deref()?, event))).collect();
    let mut kinds = BTreeSet::new();
    for anomaly in world.truth().anomalies.iter().filter(|anomaly| anomaly.rule.is_some()) {
        let rule = anomaly.rule.as_deref().and_then(|code| packs.rule(code)).expect("a shipped rule");
        let event = by_id[anomaly.event_id.as_str()];
        let mut facts = Facts::default();
        for lookup in rule.needs(event) {
            match &lookup {
                Lookup::SameKey { value, .. } => {
                    let others = by_voucher[value.as_str()].iter().filter(|id| **id != anomaly.event_id);
                    facts.same.insert(lookup.clone(), others.map(|id| (*id).to_owned()).collect());
                }
                Lookup::History { subject, metric: name, window, .. } => {
                    let earlier = accepted.iter().map(|(_, earlier)| earlier).filter(|earlier| {
                        earlier.subject == *subject && earlier.product == event.product && rule.covers(earlier)
                    });
                    let earlier = earlier.filter(|earlier| earlier.event_id != event.event_id);
                    let values = earlier.filter_map(|earlier| metric(earlier, name)).take(*window as usize).collect();
                    facts.history.insert(lookup.clone(), values);
                }
                Lookup::Unit { unit } => {
                    let known = made.contains(unit.as_str());
                    facts.units.insert(lookup.clone(), UnitFacts { known, ..UnitFacts::default() });
                }
            }
        }
        let verdict = evaluate(rule, event, &facts);
        assert!(matches!(verdict, Verdict::Flagged(_)), "{anomaly:?}: {verdict:?}");
        kinds.insert(anomaly.kind);
    }
    assert_eq!(kinds.len(), 4, "{kinds:?}");
}

#[test]
fn g_6_8_2a_systems_earn_every_grade() {
    let world = world(7, 20_000);
    let formula = packs().formulas.remove(0);
    let mut grades: BTreeMap<String, usize> = BTreeMap::new();
    for system in &world.truth().systems {
        let inputs = Inputs { days_due: 35, ..system.inputs.clone() };
        let result = formula.evaluate(&inputs);
        *grades.entry(result.grade.unwrap_or_default()).or_default() += 1;
    }
    let names: Vec<&str> = grades.keys().map(String::as_str).collect();
    assert_eq!(names, ["excellent", "fail", "good", "pass"], "{grades:?}");
}

#[test]
fn g_8_a_world_is_written_as_files() {
    let folder = std::env::temp_dir().join(format!("suyuan-world-{}", std::process::id()));
    let world = world(3, 300);
    world.write_dir(&folder).expect("files");
    let calls = std::fs::read_to_string(folder.join("calls.jsonl")).expect("calls");
    assert_eq!(calls.lines().count(), world.calls().count());
    let totals = std::fs::read_to_string(folder.join("totals.csv")).expect("totals");
    assert!(totals.starts_with("node,day,category,events\n"));
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn n_cat_a_world_needs_cities_and_categories() {
    let plan = |nodes: Vec<String>| Plan {
        seed: 1,
        size: WorldSize { subjects: 1, events: 1, days: 1 },
        until: Timestamp::from_millis(1_792_036_800_000),
        nodes,
    };
    let make = |nodes, packs: &Packs| World::generate(plan(nodes), packs, &divisions());
    assert!(matches!(make(vec![], &packs()), Err(WorldError::Node(_))));
    assert!(matches!(make(vec!["999999".into()], &packs()), Err(WorldError::Node(_))));
    assert!(matches!(make(vec!["370200".into()], &Packs::default()), Err(WorldError::Packs(_))));
    assert!(make(vec!["370200".into()], &packs()).is_ok());
}
