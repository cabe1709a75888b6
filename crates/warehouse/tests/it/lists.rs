//! Lists of events: scope, masking, filters, pages and counts.

use std::collections::BTreeSet;

use suyuan_domain::event::{EventType, Inspection};
use suyuan_domain::scope::{CodeRange, Scope};
use suyuan_warehouse::EventFact;
use suyuan_warehouse::query::{Direction, EventFilter, EventOrder, MASK, Page};

use crate::support::{Outcome, Place, at, object, sale, units};

fn city(from: &str, to: &str) -> Scope {
    Scope::of_divisions(vec![CodeRange { from: from.into(), to: to.into() }])
}

#[tokio::test]
async fn g_5_4_3b_either_side_in_scope_is_shown_and_the_other_is_masked() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("lists_scope").await?;
    let fact = sale(1);
    warehouse.project(std::slice::from_ref(&fact)).await?;
    let object = fact.key.object;

    let both = city("370000", "379999");
    let seen = warehouse.event(&both, object).await?.ok_or("the province sees both sides")?;
    assert_eq!((seen.subject_name.as_str(), seen.peer_name.as_str()), ("青岛甲屠宰场", "济南乙市场"));
    assert_eq!(seen.payload, fact.payload);

    let seller = city("370200", "370299");
    let seen = warehouse.event(&seller, object).await?.ok_or("the seller's city sees it")?;
    assert_eq!((seen.subject_name.as_str(), seen.peer_name.as_str()), ("青岛甲屠宰场", MASK));
    let payload = String::from_utf8(seen.payload)?;
    assert!(payload.contains("青岛甲屠宰场") && !payload.contains("济南乙市场"), "{payload}");

    let buyer = city("370100", "370199");
    let seen = warehouse.event(&buyer, object).await?.ok_or("the buyer's city sees it")?;
    assert_eq!((seen.subject_name.as_str(), seen.peer_name.as_str()), (MASK, "济南乙市场"));
    assert_eq!(seen.merchant, MASK);
    assert!(!String::from_utf8(seen.payload)?.contains("青岛甲屠宰场"));
    let links = warehouse.hop(&buyer, &["u1".to_owned()], Direction::Downstream).await?;
    assert_eq!(links.len(), 1);
    assert_eq!((links[0].up_name.as_str(), links[0].down_name.as_str()), (MASK, "济南乙市场"));
    assert_eq!((links[0].up_division.as_str(), links[0].down_division.as_str()), ("370202", "370102"));

    for stranger in [
        city("440000", "449999"),
        Scope::of_divisions(vec![]),
        Scope { categories: Some(BTreeSet::from(["food".to_owned()])), ..Scope::everything() },
        Scope { categories: Some(BTreeSet::new()), ..Scope::everything() },
        Scope { subject: Some("C".into()), ..Scope::everything() },
        Scope { subject: Some(String::new()), ..Scope::everything() },
    ] {
        assert_eq!(warehouse.event(&stranger, object).await?, None, "{stranger:?}");
        assert!(warehouse.events_by_unit(&stranger, "u1").await?.is_empty(), "{stranger:?}");
        assert!(warehouse.hop(&stranger, &["u1".to_owned()], Direction::Downstream).await?.is_empty());
        assert_eq!(warehouse.count_visible(&stranger, &EventFilter::default()).await?.value, 0);
    }
    for firm in ["A", "B"] {
        let scope = Scope { subject: Some(firm.into()), ..Scope::everything() };
        assert!(warehouse.event(&scope, object).await?.is_some(), "{firm}");
    }
    Ok(())
}

#[tokio::test]
async fn g_5_4_3b_counts_use_only_where_it_happened() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("lists_counts").await?;
    warehouse.project(&(0..10).map(sale).collect::<Vec<_>>()).await?;
    let filter = EventFilter::default();
    for (scope, counted, visible) in [
        (city("370200", "370299"), 10, 10),
        (city("370100", "370199"), 0, 10),
        (city("370000", "379999"), 10, 10),
        (city("110000", "119999"), 0, 0),
    ] {
        assert_eq!(warehouse.count_events(&scope, &filter).await?.value, counted, "{scope:?}");
        let count = warehouse.count_visible(&scope, &filter).await?;
        assert_eq!((count.value, count.more), (visible, false), "{scope:?}");
    }
    Ok(())
}

#[tokio::test]
async fn g_6_2_2c_pages_neither_lose_nor_repeat_events() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("lists_pages").await?;
    let batch: Vec<EventFact> = (0..53)
        .map(|seed| {
            let mut fact = sale(seed);
            // Many events at one moment: the object decides.
            fact.event.event_time = at("2026-11-10T01:00:00Z").plus_millis(i64::try_from(seed % 3).unwrap_or(0));
            fact
        })
        .collect();
    warehouse.project(&batch).await?;
    let every: BTreeSet<_> = batch.iter().map(|fact| fact.key.object).collect();
    for order in [
        EventOrder::NewestFirst,
        EventOrder::OldestFirst,
        EventOrder::ReceivedNewestFirst,
        EventOrder::ReceivedOldestFirst,
    ] {
        let mut page = Page::first(10);
        let (mut seen, mut pages) = (Vec::new(), 0);
        loop {
            let list = warehouse.events(&Scope::everything(), &EventFilter::default(), order, page).await?;
            seen.extend(list.rows.iter().map(|row| (row.event_time, row.received_at, row.object)));
            pages += 1;
            match list.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        assert_eq!((seen.len(), pages), (53, 6), "{order:?}");
        assert_eq!(seen.iter().map(|(_, _, object)| *object).collect::<BTreeSet<_>>(), every);
        let ascending = match order {
            EventOrder::NewestFirst => seen.windows(2).all(|w| (w[0].0, w[0].2) > (w[1].0, w[1].2)),
            EventOrder::OldestFirst => seen.windows(2).all(|w| (w[0].0, w[0].2) < (w[1].0, w[1].2)),
            EventOrder::ReceivedNewestFirst => seen.windows(2).all(|w| (w[0].1, w[0].2) > (w[1].1, w[1].2)),
            EventOrder::ReceivedOldestFirst => seen.windows(2).all(|w| (w[0].1, w[0].2) < (w[1].1, w[1].2)),
        };
        assert!(ascending, "{order:?}");
    }
    Ok(())
}

#[tokio::test]
async fn g_8_every_condition_of_the_event_query_narrows() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("lists_filter").await?;
    let ordinary = sale(1);
    let mut special = sale(2);
    special.key.object = object(at("2026-11-20T00:00:00Z"), 2);
    let event = &mut special.event;
    event.event_id = Some("special".into());
    event.event_type = EventType::Object;
    event.biz_step = "inspecting".into();
    event.category = "food".into();
    event.stage = "market".into();
    event.event_time = at("2026-11-19T00:00:00Z");
    event.received_at = at("2026-11-20T00:00:00Z");
    event.division = "110101".into();
    event.subject = "S".into();
    event.peer_subject = String::new();
    event.product = "milk".into();
    event.batch = "批次特".into();
    event.voucher = "VS".into();
    event.merchant = "M".into();
    event.inputs = units(&["urn:epc:id:sgtin:4012345.011111.1"]);
    event.outputs = vec![];
    event.source.system = "sys9".into();
    event.source.message = "m9".into();
    event.inspection = Some(Inspection {
        item: "瘦肉精".into(),
        value: None,
        limit: None,
        standard: String::new(),
        passed: Some(false),
        report_no: String::new(),
    });
    special.quality.late = true;
    special.voided_by = Some(special.key.object);
    warehouse.project(&[ordinary.clone(), special.clone()]).await?;

    let text = |value: &str| Some(value.to_owned());
    let list = |value: &str| vec![value.to_owned()];
    let plain = EventFilter::default;
    let filters = [
        EventFilter { from: Some(at("2026-11-19T00:00:00Z")), ..plain() },
        EventFilter { received_from: Some(at("2026-11-20T00:00:00Z")), ..plain() },
        EventFilter { event_types: list("object"), ..plain() },
        EventFilter { biz_steps: list("inspecting"), ..plain() },
        EventFilter { categories: list("food"), ..plain() },
        EventFilter { stages: list("market"), ..plain() },
        EventFilter { systems: list("sys9"), ..plain() },
        EventFilter { event_ids: list("special"), ..plain() },
        EventFilter { units: list("urn:epc:id:sgtin:4012345.011111.1"), ..plain() },
        EventFilter { unit_prefix: text("urn:epc:id:sgtin:4012345."), ..plain() },
        EventFilter { divisions: vec![CodeRange { from: "110000".into(), to: "119999".into() }], ..plain() },
        EventFilter { subject: text("S"), ..plain() },
        EventFilter { party: text("S"), ..plain() },
        EventFilter { product: text("milk"), ..plain() },
        EventFilter { batch: text("批次特"), ..plain() },
        EventFilter { voucher: text("VS"), ..plain() },
        EventFilter { merchant: text("M"), ..plain() },
        EventFilter { message: text("m9"), ..plain() },
        EventFilter { inspection_passed: Some(false), ..plain() },
        EventFilter { late: Some(true), ..plain() },
        EventFilter { counted: Some(false), ..plain() },
    ];
    for filter in filters {
        let found = warehouse.events(&Scope::everything(), &filter, EventOrder::NewestFirst, Page::first(10)).await?;
        let objects: Vec<_> = found.rows.iter().map(|row| row.object).collect();
        assert_eq!(objects, [special.key.object], "{filter:?}");
        assert_eq!(warehouse.count_visible(&Scope::everything(), &filter).await?.value, 1, "{filter:?}");
    }
    for filter in [
        EventFilter { before: Some(at("2026-11-19T00:00:00Z")), ..plain() },
        EventFilter { received_before: Some(at("2026-11-20T00:00:00Z")), ..plain() },
        EventFilter { party: text("B"), ..plain() },
        EventFilter { counted: Some(true), ..plain() },
    ] {
        let found = warehouse.events(&Scope::everything(), &filter, EventOrder::NewestFirst, Page::first(10)).await?;
        assert_eq!(found.rows.iter().map(|row| row.object).collect::<Vec<_>>(), [ordinary.key.object], "{filter:?}");
    }
    let by_id = warehouse.events_by_event_id(&Scope::everything(), "special").await?;
    assert_eq!(by_id.len(), 1);
    Ok(())
}

#[tokio::test]
async fn g_6_5_3a_a_large_frontier_is_asked_in_parts() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("lists_frontier").await?;
    let batch: Vec<EventFact> = (0..12_000).map(sale).collect();
    warehouse.project(&batch).await?;
    let frontier: Vec<String> = (0..12_000).map(|seed| format!("u{seed}")).chain(["u1".to_owned()]).collect();
    let links = warehouse.hop(&Scope::everything(), &frontier, Direction::Downstream).await?;
    assert_eq!(links.len(), 12_000);
    let count = warehouse.count_events(&Scope::everything(), &EventFilter::default()).await?;
    assert_eq!((count.value, count.more), (10_000, true));
    assert!(warehouse.hop(&Scope::everything(), &[String::new()], Direction::Upstream).await?.is_empty());
    Ok(())
}
