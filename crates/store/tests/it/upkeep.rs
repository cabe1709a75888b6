//! Housekeeping: what is kept for a time is forgotten by the piece, and what erasures leave behind is removed.

use std::collections::BTreeSet;

use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::seal::SecretKey;
use suyuan_store::Store;
use suyuan_store::intake::{EventKey, StoredAnswer};
use suyuan_store::session::Session;
use suyuan_store::side_car::{ERASED, SideCar};

use crate::support::{Outcome, at, object, on_both};

const DAY: i64 = 86_400_000;

/// One answer and one identifier a day, and one session that begins each day and lasts eight hours.
async fn keep_days(store: &Store, days: u8) -> Outcome {
    for day in 0..days {
        let now = at(i64::from(day) * DAY);
        let tx = store.begin().await?;
        let answer = StoredAnswer { body_hash: [day; 32], answer: format!("{{\"day\":{day}}}") };
        tx.keep_answer("SYS-1", &format!("message-{day}"), &answer, now).await?;
        let key = EventKey {
            subject: "S-1".into(),
            event_id: format!("event-{day}"),
            object: object(u64::from(day)),
            version: 1,
        };
        tx.keep_event_keys(&[key], now).await?;
        let session = Session {
            hash: [day; 32],
            account: object(1),
            created_at: now,
            last_seen_at: now.plus_millis(DAY / 24),
            expires_at: now.plus_millis(DAY / 3),
            address: "127.0.0.1".into(),
            agent: String::new(),
            confirmed_at: now,
            second_factor: false,
        };
        tx.add_session(&session).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The days of which `of` still holds something.
async fn left(days: u8, of: impl AsyncFn(u8) -> Outcome<bool>) -> Outcome<BTreeSet<u8>> {
    let mut left = BTreeSet::new();
    for day in 0..days {
        if of(day).await? {
            left.insert(day);
        }
    }
    Ok(left)
}

#[tokio::test]
async fn g_8_answers_and_identifiers_are_forgotten_by_the_piece_when_their_time_is_over() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        keep_days(&store, 50).await?;
        let now = at(50 * DAY);
        // Twenty answers are older than thirty days; seven at a time.
        let mut pieces = Vec::new();
        while pieces.last() != Some(&0) {
            pieces.push(store.expire_answers(now.plus_millis(-30 * DAY), 7).await?);
        }
        assert_eq!(pieces, [7, 7, 6, 0]);
        let answers =
            left(50, async |day| Ok(store.answered("SYS-1", &format!("message-{day}")).await?.is_some())).await?;
        assert_eq!(answers, (20..50).collect(), "an answer of exactly thirty days is kept");
        assert_eq!(store.expire_event_keys(now.plus_millis(-45 * DAY), 3).await?, 3);
        assert_eq!(store.expire_event_keys(now.plus_millis(-45 * DAY), 3).await?, 2);
        let keys = left(50, async |day| {
            let tx = store.begin().await?;
            let found = tx.event_keys("S-1", &[&format!("event-{day}")]).await?;
            tx.rollback().await?;
            Ok(!found.is_empty())
        });
        assert_eq!(keys.await?, (5..50).collect());
        store.reclaim(&["intake_message", "event_key", "session"]).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_8_an_identifier_that_is_used_again_is_kept_from_then_on() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        keep_days(&store, 1).await?;
        let tx = store.begin().await?;
        let again = EventKey { subject: "S-1".into(), event_id: "event-0".into(), object: object(0), version: 2 };
        tx.keep_event_keys(&[again], at(40 * DAY)).await?;
        tx.commit().await?;
        assert_eq!(store.expire_event_keys(at(5 * DAY), 100).await?, 0);
        assert_eq!(store.expire_event_keys(at(41 * DAY), 100).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn h_9_sessions_go_when_they_are_over_or_nobody_uses_them() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        keep_days(&store, 3).await?;
        let there = async |day| Ok(store.system_session(&[day; 32]).await?.is_some());
        // Two hours after the last sign-in: the sessions of the days before are over.
        let now = at(2 * DAY + DAY / 12);
        assert_eq!(store.delete_ended_sessions(now, at(0), 1).await?, 1);
        assert_eq!(store.delete_ended_sessions(now, at(0), 100).await?, 1);
        assert_eq!(left(3, there).await?, BTreeSet::from([2]));
        // The last one was used an hour ago.
        assert_eq!(store.delete_ended_sessions(now, now.plus_millis(-DAY / 24 - 1), 100).await?, 0);
        assert_eq!(store.delete_ended_sessions(now, now.plus_millis(-DAY / 24), 100).await?, 1);
        assert_eq!(left(3, there).await?, BTreeSet::new());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_10_after_an_erasure_nothing_is_left_beside_the_rows() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let entropy = SeededEntropy::new(1);
        let node_key = SecretKey::generate(&entropy)?;
        let car = SideCar { path: "phone".into(), salt: [7; 16], plain: b"13800138000".to_vec() };
        let tx = store.begin().await?;
        tx.keep_side_cars(&node_key, object(1), object(2), &[car], &entropy).await?;
        tx.commit().await?;
        assert_eq!(store.state(ERASED).await?, None);
        let mut seen = BTreeSet::new();
        for time in 1..=2 {
            let tx = store.begin().await?;
            tx.erase_person(object(2), at(time)).await?;
            tx.commit().await?;
            seen.insert(store.state(ERASED).await?);
            store.scrub_erased().await?;
        }
        assert_eq!(seen.len(), 2, "every erasure is seen as one of its own: {seen:?}");
        if world.is_postgres() {
            assert_eq!(world.number("SELECT n_dead_tup FROM pg_stat_all_tables WHERE relname = 'side_car'").await?, 0);
        } else {
            let log = std::fs::metadata(world.folder().join("node.db-wal"))?;
            assert_eq!(log.len(), 0, "the write-ahead log still holds old pages");
        }
        Ok(())
    })
    .await
}
