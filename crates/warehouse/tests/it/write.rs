//! Writing: repetition, versions, current links, and text that looks like something else.

use suyuan_domain::event::ErrorDeclaration;
use suyuan_domain::period::Day;
use suyuan_domain::scope::Scope;
use suyuan_warehouse::query::{
    DayRange, Direction, EventFilter, EventOrder, FigureFilter, Kind, Metric, Page, SeriesKey,
};
use suyuan_warehouse::{EventFact, ProjectStep, RebuildStep, Warehouse};

use crate::support::{Outcome, Place, at, next, sale, settle, units};

fn november() -> DayRange {
    DayRange { from: Day::of(at("2026-11-01T00:00:00+08:00")), to: Day::of(at("2026-11-30T00:00:00+08:00")) }
}

async fn events_counted(warehouse: &Warehouse) -> Result<u64, Box<dyn std::error::Error>> {
    settle(warehouse).await?;
    Ok(warehouse.totals(&Scope::everything(), november(), &FigureFilter::default()).await?.events)
}

async fn targets(warehouse: &Warehouse, unit: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let links = warehouse.hop(&Scope::everything(), &[unit.to_owned()], Direction::Downstream).await?;
    Ok(links.into_iter().map(|link| link.down_unit).collect())
}

#[tokio::test]
async fn g_6_4_1_a_repeated_batch_counts_once() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("write_repeat").await?;
    let batch: Vec<EventFact> = (0..300).map(sale).collect();
    for _ in 0..3 {
        warehouse.project(&batch).await?;
        assert_eq!(events_counted(&warehouse).await?, 300);
    }
    assert_eq!(targets(&warehouse, "u7").await?, ["t7"]);
    let page = warehouse
        .events(&Scope::everything(), &EventFilter::default(), EventOrder::NewestFirst, Page::first(1_000))
        .await?;
    assert_eq!(page.rows.len(), 300);
    assert_eq!(warehouse.marks_waiting().await?, 0);
    Ok(())
}

#[tokio::test]
async fn g_6_5_3a_only_links_of_the_current_version_are_followed() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("write_links").await?;
    let first = sale(1);
    warehouse.project(std::slice::from_ref(&first)).await?;
    let mut second = next(&first);
    second.event.outputs = units(&["other"]);
    warehouse.project(std::slice::from_ref(&second)).await?;
    assert_eq!(targets(&warehouse, "u1").await?, ["other"]);
    // The first version comes again, late.
    warehouse.project(std::slice::from_ref(&first)).await?;
    assert_eq!(targets(&warehouse, "u1").await?, ["other"]);
    let upstream = warehouse.hop(&Scope::everything(), &["t1".to_owned()], Direction::Upstream).await?;
    assert_eq!(upstream, []);

    let mut declaration = sale(2);
    declaration.event.inputs = first.event.inputs.clone();
    declaration.event.error_declaration = Some(ErrorDeclaration {
        declared_at: at("2026-11-12T00:00:00Z"),
        reason: "录错".into(),
        corrective_ids: vec![],
    });
    let mut voided = next(&second);
    voided.voided_by = Some(declaration.key.object);
    warehouse.project(&[declaration.clone(), voided]).await?;
    assert_eq!(targets(&warehouse, "u1").await?, [] as [&str; 0]);
    // Visible, not counted.
    let seen = warehouse.events_by_unit(&Scope::everything(), "u1").await?;
    let mut objects: Vec<_> = seen.iter().map(|event| (event.object, event.counted)).collect();
    objects.sort();
    let mut expected = vec![(first.key.object, false), (declaration.key.object, false)];
    expected.sort();
    assert_eq!(objects, expected);
    assert_eq!(seen.iter().filter(|e| e.voided_by == declaration.key.object.to_string()).count(), 1);
    assert_eq!(events_counted(&warehouse).await?, 0);
    Ok(())
}

#[tokio::test]
async fn g_6_4_1_a_stop_between_any_two_steps_is_made_good_by_repetition() -> Outcome {
    let place = Place::open().await?;
    for (index, step) in ProjectStep::ALL.into_iter().enumerate() {
        for (place_in_rebuild, rebuild) in
            [None, Some(RebuildStep::Days), Some(RebuildStep::Flows), Some(RebuildStep::Cleared)]
                .into_iter()
                .enumerate()
        {
            let name = format!("write_stop_{index}_{place_in_rebuild}");
            let warehouse = place.warehouse(&name).await?;
            let first = sale(1);
            warehouse.project(std::slice::from_ref(&first)).await?;
            assert_eq!(events_counted(&warehouse).await?, 1);
            let mut second = next(&first);
            second.event.division = "370203".into();
            second.event.event_time = at("2026-10-31T23:30:00+08:00");
            warehouse.project_until(std::slice::from_ref(&second), Some(step)).await?;
            drop(warehouse);
            let warehouse = place.connect(&name, "Asia/Shanghai").await?;
            warehouse.rebuild_until(10, rebuild).await?;
            drop(warehouse);
            let warehouse = place.connect(&name, "UTC").await?;
            warehouse.project(std::slice::from_ref(&second)).await?;
            assert_eq!(events_counted(&warehouse).await?, 0, "{step:?} {rebuild:?}");
            let october = DayRange { from: november().from.plus(-1), to: november().from.plus(-1) };
            let totals = warehouse.totals(&Scope::everything(), october, &FigureFilter::default()).await?;
            assert_eq!(totals.events, 1, "{step:?} {rebuild:?}");
            assert_eq!(targets(&warehouse, "u1").await?, ["t1"]);
            place.run("default", &format!("DROP DATABASE {name}")).await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn text_is_never_part_of_a_statement() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("write_text").await?;
    for (seed, text) in
        (1..).zip(["?", "??", "猪肉？", "' OR 1=1 --", "\\", "a\tb\nc", "{x:String}", "\u{0}", "%", "*", "🐖", "]['"])
    {
        let mut fact = sale(seed);
        fact.event.inputs = units(&[text]);
        fact.event.subject = text.to_owned();
        fact.event.subject_name = text.to_owned();
        fact.event.product = text.to_owned();
        fact.event.batch = text.to_owned();
        fact.event.voucher = text.to_owned();
        fact.event.event_id = Some(text.to_owned());
        fact.payload = vec![0, 159, 146, 150];
        warehouse.project(std::slice::from_ref(&fact)).await?;
        let scope = Scope { subject: Some(text.to_owned()), ..Scope::everything() };
        let found = warehouse.events_by_unit(&scope, text).await?;
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].subject_name, text);
        assert_eq!(found[0].payload, fact.payload);
        let filter = EventFilter {
            batch: Some(text.to_owned()),
            voucher: Some(text.to_owned()),
            subject: Some(text.to_owned()),
            event_ids: vec![text.to_owned()],
            unit_prefix: Some(text.to_owned()),
            ..EventFilter::default()
        };
        assert_eq!(warehouse.count_events(&Scope::everything(), &filter).await?.value, 1, "{text}");
        let links = warehouse.hop(&scope, &[text.to_owned()], Direction::Downstream).await?;
        assert_eq!(links.len(), 1, "{text}");
        let known = warehouse.system_known_keys(&[text.to_owned()]).await?;
        assert_eq!(known.iter().map(|key| key.object).collect::<Vec<_>>(), [fact.key.object]);
        let key = SeriesKey { subject: text.to_owned(), product: text.to_owned(), biz_step: None, unit: None };
        let before = at("2027-01-01T00:00:00Z");
        assert_eq!(warehouse.system_history(&key, Metric::Quantity, before, 10).await?, [80_500]);
    }
    Ok(())
}

#[tokio::test]
async fn n_tier_the_journal_can_compare_what_is_stored() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("write_equal").await?;
    let mut batch: Vec<EventFact> = (0..50).map(sale).collect();
    warehouse.project(&batch).await?;
    let mut gone = next(&batch[3]);
    gone.key.withdrawn = true;
    warehouse.project(std::slice::from_ref(&gone)).await?;
    batch[3] = gone;
    assert_eq!(warehouse.system_months(Kind::Event).await?, [202_611]);
    let mut expected: Vec<_> = batch.iter().map(|fact| (fact.key.object, fact.key.order())).collect();
    expected.sort();
    let mut stored = Vec::new();
    loop {
        let after = stored.last().map(|(object, _)| *object);
        let page = warehouse.system_versions(Kind::Event, 202_611, after, 7).await?;
        if page.is_empty() {
            break;
        }
        stored.extend(page);
    }
    assert_eq!(stored, expected);
    assert!(warehouse.event(&Scope::everything(), batch[3].key.object).await?.is_none());
    assert_eq!(events_counted(&warehouse).await?, 49);
    Ok(())
}

#[tokio::test]
async fn old_marks_go_away() -> Outcome {
    let place = Place::open().await?;
    let name = "write_marks";
    let warehouse = place.warehouse(name).await?;
    let batch: Vec<EventFact> = (0..20).map(sale).collect();
    warehouse.project(&batch).await?;
    let older = "INSERT INTO mark SELECT number + 2, 202611, '2026-11-10', '370202', 'agri', 'slaughter', 'sys1' \
                 FROM numbers(9000)";
    place.run(name, older).await?;
    drop(warehouse);
    let warehouse = place.connect(name, "UTC").await?;
    assert_eq!(warehouse.marks_waiting().await?, 9_001);
    assert_eq!(warehouse.rebuild_marked(5_000).await?, 5_000);
    assert_eq!(events_counted(&warehouse).await?, 20);
    let left = place.number(name, "SELECT count() FROM mark").await?;
    assert_eq!(left, 9_001 - 8_191);
    warehouse.project(&[next(&batch[0])]).await?;
    assert_eq!(warehouse.marks_waiting().await?, 1);
    assert_eq!(events_counted(&warehouse).await?, 20);
    Ok(())
}

#[tokio::test]
async fn g_6_4_1_rebuilds_beside_projections_lose_nothing() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("write_beside").await?;
    let batches: Vec<Vec<EventFact>> = (0..12).map(|part| (part * 20..part * 20 + 20).map(sale).collect()).collect();
    let writers = batches.iter().map(|batch| warehouse.project(batch));
    let rebuilds = async {
        for _ in 0..6 {
            warehouse.rebuild_marked(50).await?;
        }
        Ok(())
    };
    futures::try_join!(futures::future::try_join_all(writers), rebuilds)?;
    assert_eq!(events_counted(&warehouse).await?, 240);
    assert_eq!(warehouse.marks_waiting().await?, 0);
    Ok(())
}

#[tokio::test]
async fn g_6_8_1_units_are_known_by_current_events_only() -> Outcome {
    let place = Place::open().await?;
    let warehouse = place.warehouse("write_units").await?;
    let (first, mut second) = (sale(1), sale(2));
    second.event.outputs = units(&["t1"]);
    warehouse.project(&[first.clone(), second.clone()]).await?;
    let asked = ["t1", "t2", "u1", "没有?"].map(str::to_owned);
    let events = warehouse.system_unit_events(&asked).await?;
    assert_eq!(events.keys().collect::<Vec<_>>(), ["t1"]);
    assert_eq!(events["t1"].len(), 2);
    let (mut voided, mut gone) = (next(&first), next(&second));
    voided.voided_by = Some(second.key.object);
    warehouse.project(std::slice::from_ref(&voided)).await?;
    let events = warehouse.system_unit_events(&asked).await?;
    assert_eq!(events["t1"], [second.key.object]);
    gone.key.withdrawn = true;
    warehouse.project(std::slice::from_ref(&gone)).await?;
    assert!(warehouse.system_known_units(&asked).await?.is_empty());
    Ok(())
}
