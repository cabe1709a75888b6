//! Links: what a database of an earlier version brings along, and what is noted about them.

use sea_orm::ConnectionTrait;
use sea_orm_migration::MigratorTrait;
use suyuan_domain::fault::Fault;
use suyuan_domain::record::{Class, Stream};
use suyuan_store::head::Head;
use suyuan_store::link::Side;
use suyuan_store::migration::Migrations;
use suyuan_testkit::postgres::PostgresDatabase;

use crate::support::{Outcome, World, at, connect, on_both};

/// Two peers as version 12 of the schema has them, one of them paused with an error.
async fn migrates(raw: &sea_orm::DatabaseConnection, store: suyuan_store::Store) -> Outcome {
    Migrations::up(raw, Some(12)).await?;
    let text = "INSERT INTO peer (code, role, name, url, public_key, instance, state, contact, paused, requested_at, last_error) \
                VALUES ('370000', 'parent', 'p', 'u', 'k', 'i', 'approved', '', 1, 5, 'x'), \
                ('370202', 'child', 'c', 'u', 'k', 'i', 'approved', '', 0, 6, NULL)";
    raw.execute_unprepared(text).await?;
    store.migrate().await?;
    let (paused, free) = (store.link("370000").await?, store.link("370202").await?);
    assert_eq!((paused.held.as_str(), paused.held_at, paused.version), ("normal,bulk", Some(5), 1));
    assert_eq!((free.held.as_str(), free.windows.as_str(), free.version), ("", "[]", 0));
    assert_eq!(store.peers("parent").await?.len() + store.peers("child").await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_8_a_link_that_was_paused_before_the_upgrade_is_paused_after_it() -> Outcome {
    let world = World::sqlite().await?;
    migrates(world.raw(), world.store("370200").await?).await?;
    if let Some(database) = PostgresDatabase::create().await? {
        let raw = connect(&database.url()).await?;
        let store = suyuan_store::Store::connect(&database.url(), "370200").await?;
        migrates(&raw, store.clone()).await?;
        store.close().await?;
        raw.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn g_6_4_1b_the_same_fault_again_keeps_since_when_and_a_success_forgets_it() -> Outcome {
    on_both(async |world: &World| {
        let store = world.store("370200").await?;
        let note = async |code: &str, class: &str, millis: i64| -> Outcome<bool> {
            let tx = store.begin().await?;
            let fault = Fault::new(code, "", "坏了", "修理");
            let news = tx.note_link_fault(("370000", Side::Sending, class), &fault, at(millis)).await?;
            tx.commit().await?;
            Ok(news)
        };
        assert!(note("XCH-0204", "bulk", 1).await?);
        assert!(!note("XCH-0204", "bulk", 2).await?);
        assert!(note("XCH-0205", "normal", 3).await?);
        let faults = store.link_faults().await?;
        let seen: Vec<_> = faults.iter().map(|row| (row.code.as_str(), row.since, row.last_at, row.times)).collect();
        let of = |millis: i64| at(millis).millis();
        assert_eq!(seen, [("XCH-0205", of(3), of(3), 1), ("XCH-0204", of(1), of(2), 2)]);
        assert!(note("XCH-0311", "bulk", 4).await?, "another code begins anew");
        assert_eq!((store.link_faults().await?[0].since, store.link_faults().await?[0].times), (of(4), 1));
        let tx = store.begin().await?;
        tx.clear_link_fault("370000", Side::Sending, Some("bulk")).await?;
        tx.clear_link_fault("370000", Side::Receiving, None).await?;
        tx.commit().await?;
        assert_eq!(store.link_faults().await?.len(), 1);
        Ok(store.close().await?)
    })
    .await
}

#[tokio::test]
async fn g_6_4_1a_a_confirmed_head_never_goes_back_and_a_rate_adds_up() -> Outcome {
    on_both(async |world: &World| {
        let store = world.store("370200").await?;
        let head = |seq: u64| Head { seq, hash: [9; 32], ..Head::start("370200", Stream::Up(Class::Bulk)) };
        let tx = store.begin().await?;
        for seq in [5, 9, 7] {
            tx.note_confirmed("370000", &head(seq), at(1)).await?;
        }
        let mut row = tx.link("370000").await?;
        row.rate = Some(10);
        row.version += 1;
        assert!(tx.keep_link(&row).await?);
        assert!(!tx.keep_link(&row).await?, "the version it follows is not there any more");
        tx.count_sent("370000", 500, at(10)).await?;
        tx.count_sent("370000", 500, at(11)).await?;
        tx.commit().await?;
        let confirmed = store.confirmed("370000").await?;
        assert_eq!(confirmed.iter().map(|row| row.head.seq).collect::<Vec<_>>(), [9]);
        assert_eq!(store.link("370000").await?.next_at, at(10).millis() + 1000);
        Ok(store.close().await?)
    })
    .await
}
