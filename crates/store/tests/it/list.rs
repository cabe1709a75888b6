//! Lists of registers against a plain reading of the same rows: every condition alone and combined, every order, pages with
//! changes between them, scopes, sums and cells. Rows: G-6.2.2a, G-6.2.2b, G-6.2.3, G-5.4.3b.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use suyuan_domain::cell;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};
use suyuan_domain::search::term::{Field, words};
use suyuan_domain::search::{normalise, spelling};
use suyuan_store::Store;
use suyuan_store::register::{Behind, Column, Entry, EntryFilter, Group, Order, Step, facet_values};

use crate::support::{Outcome, on_both};

const SEED: u64 = 20_261_121;
const KIND: &str = "subject";
const STEP: Step<'static> = Step { actor: "t", action: "create", reason: "", before: None };

fn entry(number: u8, rng: &mut ChaCha8Rng) -> Entry {
    let mut pick = |all: &[&str]| all[rng.random_range(0..all.len())].to_owned();
    let (stage, other) = (pick(&["market", "retail", ""]), pick(&["market", "storage"]));
    let mut bytes = [number; 16];
    bytes[0] = 1;
    let state = pick(&["filed", "filed", "submitted", "changing"]);
    Entry {
        object: ObjectId::from_bytes(bytes),
        kind: KIND.to_owned(),
        code: format!("9137{}{number:03}", pick(&["02", "01", "99"])),
        name: format!(
            "{}{}{}",
            pick(&["青岛", "重庆", "济南", "ＡＢ"]),
            pick(&["绿源", "长乐", "金穗"]),
            pick(&["蔬菜厂", "肉联厂", "公司"])
        ),
        category: pick(&["agri", "wine", ""]),
        stage: stage.clone(),
        division: pick(&["370202", "370102", "370000", "440106"]),
        subject: pick(&["", "S1"]),
        r#type: pick(&["farm", "wholesale_market", ""]),
        class: pick(&["subject", "merchant"]),
        org_form: pick(&["company", "person"]),
        merchant_type: pick(&["", "meat_wholesaler"]),
        parent: pick(&["", "370202001"]),
        origin_node: pick(&["370200", "370100"]),
        filed_at: (state == "filed").then(|| Timestamp::from_millis(1_000_000 + i64::from(number % 7) * 1_000)),
        state,
        term: 1,
        version: 1,
        created_at: Timestamp::from_millis(500_000 + i64::from(number) * 3_600_000),
        updated_at: Timestamp::from_millis(500_000),
        place: (!number.is_multiple_of(3)).then(|| (120.0 + f64::from(number) / 100.0, 36.0)),
        rival: number.is_multiple_of(11).then(ObjectId::default),
        doc: "{}".to_owned(),
        facets: vec![
            ("stage".to_owned(), stage),
            ("stage".to_owned(), other),
            ("phone".to_owned(), "secret".to_owned()),
        ],
        ..Entry::default()
    }
}

async fn filled(store: &Store, rng: &mut ChaCha8Rng) -> Outcome<Vec<Entry>> {
    let entries: Vec<Entry> = (1..=120).map(|number| entry(number, rng)).collect();
    let tx = store.begin().await?;
    for entry in &entries {
        tx.add_entry(entry, &STEP).await?;
    }
    tx.commit().await?;
    Ok(entries)
}

fn stages(entry: &Entry) -> BTreeSet<&str> {
    let listed = entry.facets.iter().filter(|(facet, value)| facet == "stage" && !value.is_empty());
    listed
        .map(|(_, value)| value.as_str())
        .chain(Some(entry.stage.as_str()).filter(|stage| !stage.is_empty()))
        .collect()
}

type Test = Box<dyn Fn(&Entry) -> bool>;
type Condition = (&'static str, fn(&mut EntryFilter), Test);

/// The part of a filter that a condition sets; two conditions on one part do not go together.
fn part(condition: &Condition) -> String {
    let mut filter = EntryFilter::default();
    (condition.1)(&mut filter);
    match (filter.words.is_empty(), filter.facets.is_empty(), filter.filed == (None, None)) {
        (false, _, _) => "words".to_owned(),
        (_, false, _) => "facets".to_owned(),
        (_, _, false) => "filed".to_owned(),
        _ => condition.0.to_owned(),
    }
}

/// Conditions as the store and as a plain reader understand them.
fn conditions() -> Vec<Condition> {
    fn column(filter: &mut EntryFilter, column: Column, values: &[&str]) {
        filter.equal.push((column, values.iter().map(|value| (*value).to_owned()).collect()));
    }
    fn has(text: &'static str) -> Test {
        Box::new(move |entry| normalise(&entry.name).contains(&normalise(text)))
    }
    vec![
        ("state", |f| column(f, Column::State, &["filed", "changing"]), Box::new(|e| e.state != "submitted")),
        ("category", |f| column(f, Column::Category, &["agri"]), Box::new(|e| e.category == "agri")),
        ("no type", |f| column(f, Column::Type, &[""]), Box::new(|e| e.r#type.is_empty())),
        ("class", |f| column(f, Column::Class, &["merchant"]), Box::new(|e| e.class == "merchant")),
        ("form", |f| column(f, Column::OrgForm, &["person"]), Box::new(|e| e.org_form == "person")),
        (
            "merchant",
            |f| column(f, Column::MerchantType, &["meat_wholesaler"]),
            Box::new(|e| !e.merchant_type.is_empty()),
        ),
        ("parent", |f| column(f, Column::Parent, &["370202001"]), Box::new(|e| !e.parent.is_empty())),
        ("subject", |f| column(f, Column::Subject, &["S1"]), Box::new(|e| e.subject == "S1")),
        ("origin", |f| column(f, Column::Origin, &["370100"]), Box::new(|e| e.origin_node == "370100")),
        ("seat", |f| column(f, Column::Division, &["370000"]), Box::new(|e| e.division == "370000")),
        (
            "division",
            |f| f.divisions = Some(vec![CodeRange { from: "370200".into(), to: "370299".into() }]),
            Box::new(|e| e.division.starts_with("3702")),
        ),
        (
            "stage",
            |f| f.facets = vec![("stage".into(), vec!["retail".into(), "storage".into()])],
            Box::new(|e| !stages(e).is_disjoint(&["retail", "storage"].into())),
        ),
        ("no stage of this name", |f| f.facets = vec![("stage".into(), vec!["port".into()])], Box::new(|_| false)),
        ("no variety", |f| f.facets = vec![("variety".into(), vec![String::new()])], Box::new(|_| true)),
        ("code", |f| f.code = Some("913702".into()), Box::new(|e| e.code.starts_with("913702"))),
        (
            "filed",
            |f| f.filed = (Some(1_002_000), Some(1_005_000)),
            Box::new(|e| e.filed_at.is_some_and(|at| (1_002_000..1_005_000).contains(&at.millis()))),
        ),
        (
            "filed before",
            |f| f.filed = (None, Some(1_003_000)),
            Box::new(|e| e.filed_at.is_some_and(|at| at.millis() < 1_003_000)),
        ),
        (
            "registered",
            |f| f.registered = (Some(100_000_000), None),
            Box::new(|e| e.created_at.millis() >= 100_000_000),
        ),
        ("conflict", |f| f.conflict = Some(true), Box::new(|e| e.rival.is_some())),
        ("placed", |f| f.placed = Some(false), Box::new(|e| e.place.is_none())),
        ("name", |f| f.words = words(KIND, "绿源", Field::Name), has("绿源")),
        (
            "two words",
            |f| f.words = words(KIND, "厂 青岛", Field::Name),
            Box::new(|e| e.name.contains('厂') && e.name.contains("青岛")),
        ),
        ("wide letters", |f| f.words = words(KIND, "ab长", Field::Name), has("AB长")),
        ("initials", |f| f.words = words(KIND, "cqly", Field::Name), has("重庆绿源")),
        ("other initials", |f| f.words = words(KIND, "zqcl", Field::Name), has("重庆长乐")),
        ("spelled", |f| f.words = words(KIND, "lvyuan", Field::Name), has("绿源")),
        ("one syllable", |f| f.words = words(KIND, "rou", Field::Name), has("肉")),
        ("one letter", |f| f.words = words(KIND, "q", Field::Name), Box::new(|e| e.name.contains(['青', '庆']))),
        (
            "part of the code",
            |f| f.words = words(KIND, "3701", Field::NameOrCode),
            Box::new(|e| e.code.contains("3701")),
        ),
        ("nothing", |f| f.words = words(KIND, "不在", Field::NameOrCode), Box::new(|_| false)),
        (
            "cells",
            |f| f.cells = Some(cell::ranges(120.2, 35.9, 120.6, 36.1)),
            Box::new(|e| {
                let own = e.place.and_then(|(lon, lat)| cell::cell(lon, lat));
                let ranges = cell::ranges(120.2, 35.9, 120.6, 36.1);
                own.is_some_and(|own| ranges.iter().any(|(from, to)| (*from..=*to).contains(&own)))
            }),
        ),
    ]
}

async fn walked(store: &Store, scope: &Scope, filter: &EntryFilter, order: Order) -> Outcome<(Vec<Entry>, u64)> {
    let (mut all, mut behind, mut count): (Vec<Entry>, Option<Behind>, u64) = (Vec::new(), None, 0);
    loop {
        let page = store.entries(scope, filter, order, behind.as_ref(), 7).await?;
        count = count.max(page.count.value);
        behind = page.items.last().map(|found| found.behind.clone());
        all.extend(page.items.into_iter().map(|found| found.entry));
        if !page.more {
            return Ok((all, count));
        }
    }
}

fn objects(entries: &[Entry]) -> BTreeSet<ObjectId> {
    entries.iter().map(|entry| entry.object).collect()
}

#[tokio::test]
async fn g_6_2_2a_every_condition_finds_what_a_plain_reader_finds() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let entries = filled(&store, &mut rng).await?;
        let conditions = conditions();
        let mut found = 0;
        for (name, change, test) in &conditions {
            let mut filter = EntryFilter { kind: KIND.into(), ..EntryFilter::default() };
            change(&mut filter);
            let wanted: BTreeSet<ObjectId> = entries.iter().filter(|e| test(e)).map(|e| e.object).collect();
            let (got, count) = walked(&store, &Scope::everything(), &filter, Order::Newest).await?;
            assert_eq!(objects(&got), wanted, "{name}");
            assert_eq!((got.len(), count), (wanted.len(), wanted.len() as u64), "{name}");
            found += usize::from(!wanted.is_empty());
            let mut other = EntryFilter { kind: "product".into(), ..EntryFilter::default() };
            change(&mut other);
            assert_eq!(store.count_up_to(&Scope::everything(), &other, 5).await?, 0, "{name} of another register");
        }
        assert!(found >= conditions.len() - 2, "the sample is too poor");
        for round in 0..150 {
            let (a, b) = (rng.random_range(0..conditions.len()), rng.random_range(0..conditions.len()));
            let (a, b) = (&conditions[a], &conditions[b]);
            if part(a) == part(b) {
                continue;
            }
            let order = [Order::Newest, Order::Name, Order::Code, Order::Filed][round % 4];
            let mut filter = EntryFilter { kind: KIND.into(), ..EntryFilter::default() };
            (a.1)(&mut filter);
            (b.1)(&mut filter);
            let wanted: BTreeSet<ObjectId> =
                entries.iter().filter(|e| (a.2)(e) && (b.2)(e)).map(|e| e.object).collect();
            let (got, _) = walked(&store, &Scope::everything(), &filter, order).await?;
            assert_eq!(got.len(), objects(&got).len(), "twice in {} and {}", a.0, b.0);
            assert_eq!(objects(&got), wanted, "{} and {} {order:?}", a.0, b.0);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_6_2_2a_orders_are_what_they_say() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let entries = filled(&store, &mut ChaCha8Rng::seed_from_u64(SEED + 1)).await?;
        let filter = EntryFilter { kind: KIND.into(), ..EntryFilter::default() };
        let everything = Scope::everything();
        let (got, _) = walked(&store, &everything, &filter, Order::Newest).await?;
        assert!(got.iter().map(|e| e.object).eq(entries.iter().rev().map(|e| e.object)));
        let (got, _) = walked(&store, &everything, &filter, Order::Code).await?;
        assert!(got.is_sorted_by(|a, b| a.code <= b.code) && got.len() == 120);
        let (got, _) = walked(&store, &everything, &filter, Order::Name).await?;
        assert!(got.is_sorted_by_key(|e| spelling::sort_key(&e.name)) && got.len() == 120);
        let (got, _) = walked(&store, &everything, &filter, Order::Filed).await?;
        assert!(
            got.is_sorted_by_key(|e| std::cmp::Reverse(e.filed_at.map_or(0, Timestamp::millis))) && got.len() == 120
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_6_2_2a_pages_lose_and_repeat_nothing_when_rows_come_between() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let mut rng = ChaCha8Rng::seed_from_u64(SEED + 2);
        let before = filled(&store, &mut rng).await?;
        for order in [Order::Newest, Order::Name] {
            let filter = EntryFilter { kind: KIND.into(), ..EntryFilter::default() };
            let (mut seen, mut behind, mut number) = (Vec::new(), None, 130 + u8::from(order == Order::Name) * 60);
            loop {
                let page = store.entries(&Scope::everything(), &filter, order, behind.as_ref(), 11).await?;
                behind = page.items.last().map(|found| found.behind.clone());
                seen.extend(page.items.into_iter().map(|found| found.entry.object));
                if !page.more {
                    break;
                }
                let tx = store.begin().await?;
                tx.add_entry(&entry(number, &mut rng), &STEP).await?;
                tx.commit().await?;
                number += 1;
            }
            let unique: BTreeSet<ObjectId> = seen.iter().copied().collect();
            assert_eq!(unique.len(), seen.len(), "{order:?}");
            assert!(objects(&before).is_subset(&unique), "{order:?}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_6_2_1c_a_changed_entry_is_found_by_what_it_is_now() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let old = Entry { name: "青岛绿源".into(), ..entry(1, &mut ChaCha8Rng::seed_from_u64(1)) };
        let new =
            Entry { name: "青岛金穗".into(), code: "X99".into(), version: 2, state: "filed".into(), ..old.clone() };
        let tx = store.begin().await?;
        tx.add_entry(&old, &STEP).await?;
        tx.change_entry(&new, (1, 1), &STEP).await?;
        tx.commit().await?;
        for (text, count) in
            [("绿源", 0), ("金穗", 1), ("青岛", 1), ("lvyuan", 0), ("jinsui", 1), ("x99", 1), ("9137", 0)]
        {
            let filter = EntryFilter {
                kind: KIND.into(),
                words: words(KIND, text, Field::NameOrCode),
                ..EntryFilter::default()
            };
            assert_eq!(store.count_up_to(&Scope::everything(), &filter, 5).await?, count, "{text}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_5_4_3b_nothing_outside_the_scope_is_listed_counted_summed_or_placed() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let entries = filled(&store, &mut ChaCha8Rng::seed_from_u64(SEED + 3)).await?;
        let city = Scope {
            categories: Some(["agri".to_owned()].into()),
            ..Scope::of_divisions(vec![CodeRange { from: "370200".into(), to: "370299".into() }])
        };
        let own = Scope { subject: Some("S1".into()), ..Scope::everything() };
        for scope in [city, own] {
            let inside = |e: &&Entry| {
                scope.covers_division(&e.division)
                    && (e.category.is_empty() || scope.covers_category(&e.category))
                    && scope.subject.as_ref().is_none_or(|own| *own == e.subject || *own == e.code)
            };
            let wanted: BTreeSet<ObjectId> = entries.iter().filter(inside).map(|e| e.object).collect();
            assert!(!wanted.is_empty() && wanted.len() < entries.len());
            let filter = EntryFilter { kind: KIND.into(), ..EntryFilter::default() };
            let (got, count) = walked(&store, &scope, &filter, Order::Name).await?;
            assert_eq!((objects(&got), count), (wanted.clone(), wanted.len() as u64));
            let sum: i64 =
                store.tally(&scope, &filter, Group::Of(Column::State), None).await?.iter().map(|t| t.count).sum();
            assert_eq!(sum, wanted.len() as i64);
            let placed = entries.iter().filter(inside).filter(|e| e.place.is_some()).count();
            let cells = store.cells(&scope, &filter, cell::divisor(5)).await?;
            assert_eq!(cells.iter().map(|cell| cell.count).sum::<i64>(), placed as i64);
            assert_eq!(store.positions(&scope, &filter, 500).await?.len(), placed);
            let all: Vec<ObjectId> = entries.iter().map(|e| e.object).collect();
            assert_eq!(objects(&store.entries_of(&scope, KIND, &all).await?), wanted);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_6_2_3_sums_by_one_and_two_properties_are_those_of_the_rows() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let entries = filled(&store, &mut ChaCha8Rng::seed_from_u64(SEED + 4)).await?;
        let filter = EntryFilter { kind: KIND.into(), ..EntryFilter::default() };
        let everything = Scope::everything();
        let mut wanted: BTreeMap<(String, String), i64> = BTreeMap::new();
        for entry in &entries {
            *wanted.entry((entry.category.clone(), entry.state.clone())).or_default() += 1;
        }
        let by = (Group::Of(Column::Category), Group::Of(Column::State));
        let got = store.tally(&everything, &filter, by.0, Some(by.1)).await?;
        assert_eq!(got.into_iter().map(|t| ((t.first, t.second), t.count)).collect::<BTreeMap<_, _>>(), wanted);
        let facets = store.tally(&everything, &filter, Group::Facets, None).await?;
        let market: i64 =
            facets.iter().filter(|t| facet_values(&t.first, "stage").contains(&"market")).map(|t| t.count).sum();
        assert_eq!(market, entries.iter().filter(|e| stages(e).contains("market")).count() as i64);
        assert!(facets.iter().all(|t| !t.first.contains("secret")), "other properties stay out of the rows");
        let days = store.tally(&everything, &filter, Group::Day, None).await?;
        let day = |e: &Entry| ((e.created_at.millis() + 8 * 3_600_000) / 86_400_000).to_string();
        for tally in &days {
            assert_eq!(tally.count, entries.iter().filter(|e| day(e) == tally.first).count() as i64);
        }
        assert_eq!(days.iter().map(|t| t.count).sum::<i64>(), 120);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_6_2_2a_rows_of_an_older_database_are_made_at_the_next_start() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let entries = filled(&store, &mut ChaCha8Rng::seed_from_u64(SEED + 5)).await?;
        world.run("DELETE FROM register_key").await?;
        world.run("DELETE FROM register_term").await?;
        assert_eq!(store.index_registers().await?, entries.len() as u64);
        assert_eq!(store.index_registers().await?, 0);
        let filter = EntryFilter {
            kind: KIND.into(),
            facets: vec![("stage".into(), vec!["storage".into()])],
            words: words(KIND, "qd", Field::Name),
            ..EntryFilter::default()
        };
        let wanted: BTreeSet<ObjectId> = entries
            .iter()
            .filter(|e| e.name.contains("青岛") && stages(e).contains("storage"))
            .map(|e| e.object)
            .collect();
        let (got, _) = walked(&store, &Scope::everything(), &filter, Order::Newest).await?;
        assert_eq!(objects(&got), wanted);
        Ok(())
    })
    .await
}
