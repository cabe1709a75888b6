//! Figures: divisions, flows, products, batches, evaluation inputs and look-ups.

use std::collections::BTreeMap;

use suyuan_domain::period::Day;
use suyuan_domain::quantity::Quantity;
use suyuan_domain::scope::{CodeRange, Scope};
use suyuan_warehouse::query::{DayRange, FigureFilter, IntakeKey, LookupKey};
use suyuan_warehouse::{EventFact, FactKey, IntakeFact, LookupFact};

use crate::support::{Outcome, Place, at, object, sale, settle, units};

fn range(from: &str, to: &str) -> CodeRange {
    CodeRange { from: from.into(), to: to.into() }
}

fn november() -> DayRange {
    DayRange { from: Day::of(at("2026-11-01T00:00:00+08:00")), to: Day::of(at("2026-11-30T00:00:00+08:00")) }
}

fn key(seed: u64, accepted: &str) -> FactKey {
    FactKey { object: object(at(accepted), seed), term: 1, version: 1, origin_node: "370200".into(), withdrawn: false }
}

fn batch_of(seed: u64, received_at: &str, accepted: u32, rejected: u32) -> IntakeFact {
    IntakeFact {
        key: key(seed, received_at),
        system: "sys1".into(),
        message: format!("m{seed}"),
        received_at: at(received_at),
        division: "370202".into(),
        category: "agri".into(),
        stage: "slaughter".into(),
        received: accepted + rejected,
        accepted,
        rejected,
        duplicate: 0,
        rejects: BTreeMap::from([("EVT-0101".to_owned(), u64::from(rejected))]),
    }
}

#[tokio::test]
async fn g_6_6_1_children_sum_up_by_their_codes_and_retired_codes() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("figures_children").await?;
    let mut batch: Vec<EventFact> = (0..6).map(sale).collect();
    for (fact, division) in batch.iter_mut().zip(["370202", "370203", "370102", "371202", "110101", "370202"]) {
        fact.event.division = division.into();
    }
    warehouse.project(&batch).await?;
    settle(&warehouse).await?;
    let children = [
        ("370100".to_owned(), vec![range("370100", "370199"), range("371202", "371202")]),
        ("370200".to_owned(), vec![range("370200", "370299")]),
        ("370300".to_owned(), vec![range("370300", "370399")]),
    ];
    let scope = Scope::of_divisions(vec![range("370000", "379999")]);
    let filter = FigureFilter::default();
    let sums = warehouse.by_division(&scope, november(), &filter, &children).await?;
    let events: Vec<_> = sums.iter().map(|(code, sum)| (code.as_str(), sum.events)).collect();
    assert_eq!(events, [("370100", 2), ("370200", 3), ("370300", 0)]);
    assert_eq!(warehouse.totals(&scope, november(), &filter).await?.events, 5);
    let narrowed = FigureFilter { divisions: vec![range("370200", "370299")], ..filter.clone() };
    assert_eq!(warehouse.totals(&scope, november(), &narrowed).await?.events, 3);
    let nothing = FigureFilter { categories: vec!["food?".into()], ..filter };
    assert_eq!(warehouse.totals(&scope, november(), &nothing).await?.events, 0);
    Ok(())
}

#[tokio::test]
async fn g_6_6_1_amounts_beyond_all_bounds_stay_within_them() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("figures_bounds").await?;
    let batch: Vec<EventFact> = (0..3)
        .map(|seed| {
            let mut fact = sale(seed);
            fact.event.quantity = Some(Quantity::MAX);
            fact.event.price = Some(Quantity::MAX);
            fact
        })
        .collect();
    warehouse.project(&batch).await?;
    settle(&warehouse).await?;
    let scopes = [Scope::everything(), Scope { subject: Some("A".into()), ..Scope::everything() }];
    for scope in scopes {
        for _ in 0..5 {
            let sum = warehouse.totals(&scope, november(), &FigureFilter::default()).await?;
            assert_eq!((sum.events, sum.quantity, sum.amount), (3, Quantity::MAX, Quantity::MAX));
        }
    }
    let products = warehouse.by_product(&Scope::everything(), november(), &FigureFilter::default(), 10).await?;
    assert_eq!((products[0].amount, products[0].average), (Quantity::MAX, Some(Quantity::MAX)));
    Ok(())
}

#[tokio::test]
async fn g_6_6_1a_products_have_price_volume_and_amount() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("figures_products").await?;
    let (mut first, mut second, mut third) = (sale(1), sale(2), sale(3));
    first.event.quantity = Some(Quantity::from_milli(10_000));
    first.event.price = Some(Quantity::from_milli(20_000));
    second.event.quantity = Some(Quantity::from_milli(30_000));
    second.event.price = Some(Quantity::from_milli(24_000));
    third.event.quantity = Some(Quantity::from_milli(5_000));
    third.event.price = None;
    third.event.inbound = true;
    warehouse.project(&[first, second, third]).await?;
    let products = warehouse.by_product(&Scope::everything(), november(), &FigureFilter::default(), 10).await?;
    assert_eq!(products.len(), 1);
    let pork = &products[0];
    assert_eq!((pork.product.as_str(), pork.product_name.as_str(), pork.unit.as_str()), ("pork", "白条猪", "kg"));
    assert_eq!((pork.events, pork.quantity.milli()), (3, 45_000));
    assert_eq!((pork.bought.milli(), pork.sold.milli()), (5_000, 40_000));
    assert_eq!(pork.amount.milli(), 200_000 + 720_000);
    let prices = (pork.lowest, pork.highest, pork.average);
    let price = |milli| Some(Quantity::from_milli(milli));
    assert_eq!(prices, (price(20_000), price(24_000), price(23_000)));
    Ok(())
}

#[tokio::test]
async fn g_6_6_2_flows_keep_what_each_side_said_apart() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("figures_flows").await?;
    let mut received = sale(9);
    received.event.division = "370102".into();
    received.event.peer_division = "370202".into();
    received.event.inbound = true;
    received.event.quantity = Some(Quantity::from_milli(1));
    warehouse.project(&[sale(1), sale(2), received]).await?;
    settle(&warehouse).await?;
    let flows = warehouse.flows(&Scope::everything(), november(), &FigureFilter::default(), 10).await?;
    assert_eq!(flows.len(), 1);
    assert_eq!((flows[0].from.as_str(), flows[0].to.as_str()), ("370202", "370102"));
    assert_eq!((flows[0].sent.events, flows[0].sent.quantity.milli()), (2, 161_000));
    assert_eq!((flows[0].received.events, flows[0].received.quantity.milli()), (1, 1));
    Ok(())
}

#[tokio::test]
async fn g_6_8_1_inputs_of_the_evaluation_can_be_counted_by_hand() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("figures_evaluation").await?;
    let mut batch: Vec<EventFact> = (0..4).map(sale).collect();
    batch[0].quality.late = true;
    batch[1].event.merchant = "丁".into();
    batch[2].event.merchant = String::new();
    batch[3].voided_by = Some(batch[3].key.object);
    // Each brings forth what the one before it has used; the last one does not count.
    for (fact, before) in batch[1..].iter_mut().zip(0..) {
        fact.event.outputs = units(&[&format!("u{before}")]);
    }
    warehouse.project(&batch[..1]).await?;
    warehouse.project(&batch[1..]).await?;
    let intake = [
        batch_of(1, "2026-11-10T02:00:00Z", 4, 1),
        batch_of(2, "2026-11-11T15:59:59Z", 2, 0),
        // The twelfth in Shanghai; nothing was taken.
        batch_of(3, "2026-11-11T16:00:00Z", 0, 3),
        batch_of(4, "2026-12-01T00:00:00Z", 9, 9),
    ];
    for _ in 0..2 {
        warehouse.project_intake(&intake).await?;
    }
    let inputs = warehouse.evaluation_inputs(&Scope::everything(), november(), &FigureFilter::default()).await?;
    assert_eq!(inputs.len(), 1);
    let inputs = &inputs[0];
    assert_eq!((inputs.system.as_str(), inputs.days_with_upload), ("sys1", 2));
    assert_eq!((inputs.records, inputs.late, inputs.active_merchants), (3, 1, 2));
    assert_eq!((inputs.received, inputs.accepted, inputs.rejected, inputs.duplicate), (10, 6, 4, 0));
    assert_eq!((inputs.mandatory_total, inputs.mandatory_filled), (30, 27));
    assert_eq!((inputs.needs_upstream, inputs.upstream_known), (3, 2));

    let filter = FigureFilter::default();
    let by_day = warehouse.intake(&Scope::everything(), november(), &filter, IntakeKey::Day).await?;
    let days: Vec<_> = by_day.iter().map(|(day, sum)| (day.as_str(), sum.received)).collect();
    assert_eq!(days, [("2026-11-10", 5), ("2026-11-11", 2), ("2026-11-12", 3)]);
    let all = warehouse.intake(&Scope::everything(), november(), &filter, IntakeKey::All).await?;
    assert_eq!(all.iter().map(|(_, sum)| (sum.batches, sum.rejected)).collect::<Vec<_>>(), [(3, 4)]);
    let codes = warehouse.rejects_by_code(&Scope::everything(), november(), &filter).await?;
    assert_eq!(codes, [("EVT-0101".to_owned(), 4)]);
    let last = warehouse.last_event_per_system(&Scope::everything(), november().from).await?;
    assert_eq!(last, BTreeMap::from([("sys1".to_owned(), at("2026-12-01T00:00:00Z"))]));
    let elsewhere = Scope::of_divisions(vec![range("440000", "449999")]);
    assert!(warehouse.evaluation_inputs(&elsewhere, november(), &filter).await?.is_empty());
    assert!(warehouse.last_event_per_system(&elsewhere, november().from).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn g_6_6_2_lookups_are_summed_by_hour_category_and_region() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("figures_lookups").await?;
    let lookup = |seed, hour: &str, division: &str, lookups| LookupFact {
        key: key(seed, hour),
        hour: at(hour),
        division: division.into(),
        category: "agri".into(),
        subject_type: "market".into(),
        product: "pork".into(),
        outcome: "found".into(),
        lookups,
    };
    let batch = [lookup(1, "2026-11-10T15:00:00Z", "370202", 5), lookup(2, "2026-11-10T16:00:00Z", "370203", 7)];
    for _ in 0..2 {
        warehouse.project_lookups(&batch).await?;
    }
    let all = Scope::everything();
    for (key, expected) in [
        (LookupKey::Day, vec![("2026-11-10", 5), ("2026-11-11", 7)]),
        (LookupKey::HourOfDay, vec![("00", 7), ("23", 5)]),
        (LookupKey::Division, vec![("370202", 5), ("370203", 7)]),
        (LookupKey::Category, vec![("agri", 12)]),
        (LookupKey::SubjectType, vec![("market", 12)]),
        (LookupKey::Product, vec![("pork", 12)]),
        (LookupKey::Outcome, vec![("found", 12)]),
    ] {
        let sums = warehouse.lookups(&all, november(), key).await?;
        let sums: Vec<_> = sums.iter().map(|(key, sum)| (key.as_str(), *sum)).collect();
        assert_eq!(sums, expected, "{key:?}");
    }
    Ok(())
}
