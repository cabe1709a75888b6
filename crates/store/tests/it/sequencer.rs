//! Order under pressure: many writers, aborts, late commits, races, two sequencers, a commit that the disk refuses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sea_orm::{ConnectionTrait, TransactionTrait};
use suyuan_domain::record::Record;
use suyuan_store::{Store, StoreError};
use tokio::sync::{Barrier, oneshot, watch};
use tokio::task::JoinSet;

use crate::support::{Outcome, World, at, draft, on_both, sequence_all, whole_journal, write};

const SEED: u64 = 0x5EED_0001;
const WRITERS: u64 = 64;
const ROUNDS: usize = 12;
const OBJECTS: u64 = 24;

/// (object, version, payload) of every record whose commit was acknowledged.
type Acknowledged = Arc<Mutex<Vec<(u64, u64, String)>>>;

fn note(acknowledged: &Acknowledged, written: Vec<(u64, u64, String)>) {
    acknowledged.lock().unwrap_or_else(PoisonError::into_inner).extend(written);
}

async fn make_objects(world: &World) -> Outcome {
    for object in 0..OBJECTS {
        world.run(&format!("INSERT INTO counter (name, value) VALUES ('object-{object}', 0)")).await?;
    }
    Ok(())
}

/// One use case: read a version, compare and set it, append; or lose the race, or give up. `true` when committed.
async fn change(store: &Store, rng: &mut ChaCha8Rng, who: &str, acknowledged: &Acknowledged) -> Outcome<bool> {
    let object = rng.random_range(0..OBJECTS);
    let counter = format!("object-{object}");
    let abort = rng.random_ratio(1, 6);
    let conditional = rng.random_ratio(1, 2);
    // Two increments of nothing: what another writer does in between is what the compare sees.
    let seen = {
        let tx = store.begin().await?;
        let value = tx.advance(&counter, 0).await?;
        tx.rollback().await?;
        value
    };
    let mut tx = store.begin().await?;
    let version = tx.advance(&counter, 1).await?;
    if conditional && version != seen + 1 {
        tx.rollback().await?;
        return Ok(false);
    }
    let mut drafts = Vec::new();
    let mut written = Vec::new();
    for to in [["up/bulk", "up/normal", ""], ["up/normal", "down/common/normal", "down/370202/urgent"]]
        [rng.random_range(0..2)]
    .iter()
    .take(rng.random_range(1..=3))
    {
        let payload = format!("{who} {:x} {to}", rng.next_u64());
        written.push((object, version, payload.clone()));
        drafts.push(draft("subject", object, version, to, payload));
    }
    tx.append(drafts).await?;
    if abort {
        // Half of the aborts are a dropped transaction, as after a lost request.
        if rng.random_bool(0.5) {
            tx.rollback().await?;
        }
        return Ok(false);
    }
    tx.commit().await?;
    note(acknowledged, written);
    Ok(true)
}

/// Checks the journal against what was acknowledged: the same set, dense positions, ascending versions, whole chains.
async fn check(store: &Store, acknowledged: &Acknowledged) -> Outcome {
    sequence_all(store).await?;
    store.verify_chains(&[]).await?;
    let journal = whole_journal(store, 1000).await?;
    let positions: Vec<u64> = journal.iter().map(|record| record.position).collect();
    assert_eq!(positions, (1..=journal.len() as u64).collect::<Vec<_>>(), "positions, seed {SEED:x}");
    let mut last: BTreeMap<_, u64> = BTreeMap::new();
    for Record { object, version, position, .. } in &journal {
        let before = last.insert(*object, *version).unwrap_or(0);
        assert!(before <= *version, "version {version} after {before} at {position}, seed {SEED:x}");
    }
    let number = |record: &Record| {
        let (_, tail) = record.object.as_bytes().split_at(8);
        u64::from_be_bytes(tail.try_into().unwrap_or_default())
    };
    let text = |record: &Record| String::from_utf8_lossy(&record.payload).into_owned();
    let mut kept: Vec<_> = journal.iter().map(|record| (number(record), record.version, text(record))).collect();
    let mut promised = acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone();
    kept.sort();
    promised.sort();
    assert!(kept == promised, "{} kept, {} acknowledged, seed {SEED:x}", kept.len(), promised.len());
    Ok(())
}

/// A transaction that appended first and commits last.
async fn late(
    store: Store,
    begun: oneshot::Sender<()>,
    go: oneshot::Receiver<()>,
    acknowledged: Acknowledged,
) -> Outcome {
    let mut tx = store.begin().await?;
    tx.append(vec![draft("subject", 900, 1, "up/bulk", "late")]).await?;
    let _ = begun.send(());
    go.await?;
    tx.commit().await?;
    note(&acknowledged, vec![(900, 1, "late".into())]);
    Ok(())
}

/// Runs sequencers of two stores at once until the writers are done.
fn sequencers(stores: &[Store], done: &watch::Receiver<bool>) -> JoinSet<Outcome> {
    let mut set = JoinSet::new();
    for (number, store) in stores.iter().cloned().enumerate() {
        let done = done.clone();
        let mut rng = ChaCha8Rng::seed_from_u64(SEED ^ (0xAA + number as u64));
        set.spawn(async move {
            while !*done.borrow() {
                store.sequence_outbox(rng.random_range(1..300)).await?;
                tokio::task::yield_now().await;
            }
            Ok(())
        });
    }
    set
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_shape_64_writers_leave_dense_chains_and_lose_nothing() -> Outcome {
    on_both(async |world| {
        make_objects(world).await?;
        let stores = [world.store("370200").await?, world.store("370200").await?];
        let acknowledged = Acknowledged::default();
        let (done, watching) = watch::channel(false);
        let mut sequencing = sequencers(&stores, &watching);
        let (begun, has_begun) = oneshot::channel();
        let (go, may_go) = oneshot::channel();
        let held = tokio::spawn(late(stores[0].clone(), begun, may_go, acknowledged.clone()));
        has_begun.await?;
        // SQLite has one writer: there the held transaction lets go once all others stand in line behind it.
        let line = Arc::new(Barrier::new(WRITERS as usize + 1));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (line, acknowledged) = (line.clone(), acknowledged.clone());
            // On SQLite a second store is another process; four of the writers play it.
            let store = stores[usize::from(writer % 16 == 0)].clone();
            writers.spawn(async move {
                let mut rng = ChaCha8Rng::seed_from_u64(SEED + writer);
                line.wait().await;
                let mut committed = 0;
                for _ in 0..ROUNDS {
                    committed += u32::from(change(&store, &mut rng, &format!("writer {writer}"), &acknowledged).await?);
                }
                Outcome::Ok(committed)
            });
        }
        line.wait().await;
        let mut go = Some(go);
        if !world.is_postgres() {
            go.take().into_iter().for_each(|go| _ = go.send(()));
        }
        let mut committed = 0;
        while let Some(writer) = writers.join_next().await {
            committed += writer??;
        }
        assert!(committed > 100, "only {committed} of the changes went through");
        sequence_all(&stores[1]).await?;
        go.take().into_iter().for_each(|go| _ = go.send(()));
        held.await??;
        done.send(true)?;
        while let Some(sequencer) = sequencing.join_next().await {
            sequencer??;
        }
        check(&stores[0], &acknowledged).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_shape_a_late_sequencer_beside_its_successor_does_no_harm() -> Outcome {
    on_both(async |world| {
        let (old, new) = (world.store("370200").await?, world.store("370200").await?);
        assert!(old.take_lease("sequencer", "old", at(0), at(1000)).await?);
        assert!(!new.take_lease("sequencer", "new", at(999), at(2000)).await?, "taken before it ended");
        let acknowledged = Acknowledged::default();
        for n in 1..=300 {
            let payload = format!("row {n}");
            let mut tx = old.begin().await?;
            tx.append(vec![draft("subject", 1, n, "up/normal", payload.clone())]).await?;
            tx.commit().await?;
            note(&acknowledged, vec![(1, n, payload)]);
        }
        assert!(new.take_lease("sequencer", "new", at(1000), at(2000)).await?, "not taken after it ended");
        assert!(!old.take_lease("sequencer", "old", at(1000), at(2000)).await?, "the old holder came back");
        if world.is_postgres() {
            // Both are made to wait at the counter, so that each has begun before the other has ended.
            let gate = world.raw().begin().await?;
            gate.execute_unprepared("SELECT value FROM counter WHERE name = 'position' FOR UPDATE").await?;
            let both =
                [old.clone(), new.clone()].map(|store| tokio::spawn(async move { store.sequence_outbox(200).await }));
            while world.number("SELECT COUNT(*) FROM pg_locks WHERE NOT granted").await? < 2 {
                tokio::task::yield_now().await;
            }
            gate.commit().await?;
            let mut moved = Vec::new();
            for one in both {
                moved.push(one.await??);
            }
            moved.sort_unstable();
            assert_eq!(moved, [100, 200]);
        }
        check(&new, &acknowledged).await
    })
    .await
}

/// Makes COMMIT of a transaction fail that put a record of kind `refused` into `table`.
async fn refuse_at_commit(world: &World, table: &str) -> Outcome {
    world
        .run_either(
            &format!(
                "CREATE TABLE absent (id INTEGER PRIMARY KEY); \
                 CREATE TABLE refusal (id INTEGER REFERENCES absent (id) DEFERRABLE INITIALLY DEFERRED); \
                 CREATE TRIGGER refuse AFTER INSERT ON {table} WHEN NEW.kind = 'refused' BEGIN \
                 INSERT INTO refusal (id) VALUES (1); END"
            ),
            &format!(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$; \
                 CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW \
                 WHEN (NEW.kind = 'refused') EXECUTE FUNCTION refuse()"
            ),
        )
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_shape_what_the_disk_refuses_at_commit_never_happened() -> Outcome {
    on_both(async |world| {
        refuse_at_commit(world, if world.is_postgres() { "outbox" } else { "journal" }).await?;
        let store = world.store("370200").await?;
        let acknowledged = Acknowledged::default();
        let mut refused = 0;
        for n in 1..=40 {
            let kind = if n % 4 == 0 { "refused" } else { "subject" };
            let payload = format!("row {n}");
            let mut tx = store.begin().await?;
            tx.append(vec![
                draft("subject", 1, n, "up/bulk", payload.clone()),
                draft(kind, 2, n, "up/normal", payload.clone()),
            ])
            .await?;
            match tx.commit().await {
                Ok(()) => note(&acknowledged, vec![(1, n, payload.clone()), (2, n, payload)]),
                Err(StoreError::Database(_)) => refused += 1,
                Err(other) => return Err(other.into()),
            }
            if n % 3 == 0 {
                sequence_all(&store).await?;
            }
        }
        assert_eq!(refused, 10);
        check(&store, &acknowledged).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_shape_a_sequencer_whose_commit_fails_moves_nothing_and_may_repeat() -> Outcome {
    on_both(async |world| {
        if !world.is_postgres() {
            return Ok(());
        }
        refuse_at_commit(world, "journal").await?;
        let store = world.store("370200").await?;
        let acknowledged = Acknowledged::default();
        for n in 1..=20 {
            let kind = if n == 11 { "refused" } else { "subject" };
            let mut tx = store.begin().await?;
            tx.append(vec![draft(kind, 1, n, "up/bulk", format!("row {n}"))]).await?;
            tx.commit().await?;
            note(&acknowledged, vec![(1, n, format!("row {n}"))]);
        }
        assert_eq!(store.sequence_outbox(10).await?, 10);
        for _ in 0..3 {
            assert!(store.sequence_outbox(10).await.is_err());
            assert_eq!(store.last_position().await?, 10);
            assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await?, 10);
        }
        world.run("DROP TRIGGER refuse ON journal").await?;
        check(&store, &acknowledged).await
    })
    .await
}

/// Three records that belong together, one transaction, with a place to be cut off at before every step.
async fn together(store: Store, n: u64, acknowledged: Acknowledged) -> Outcome {
    let mut tx = store.begin().await?;
    tokio::task::yield_now().await;
    for to in ["up/bulk", "up/normal", ""] {
        tx.append(vec![draft("subject", n, 1, to, "one of three")]).await?;
        tokio::task::yield_now().await;
    }
    tx.commit().await?;
    note(&acknowledged, vec![(n, 1, String::new())]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_shape_requests_cut_off_anywhere_leave_all_or_nothing() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let acknowledged = Acknowledged::default();
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let mut cut = 0;
        for wave in 0..30 {
            let tasks: Vec<_> =
                (0..8).map(|n| tokio::spawn(together(store.clone(), wave * 8 + n, acknowledged.clone()))).collect();
            for _ in 0..rng.random_range(0..400) {
                tokio::task::yield_now().await;
            }
            for task in &tasks {
                if rng.random_bool(0.7) {
                    task.abort();
                }
            }
            for task in tasks {
                match task.await {
                    Ok(done) => done?,
                    Err(error) if error.is_cancelled() => cut += 1,
                    Err(error) => return Err(error.into()),
                }
            }
            sequence_all(&store).await?;
        }
        assert!(cut > 0, "nothing was cut off");
        store.verify_chains(&[]).await?;
        let mut kept: BTreeMap<_, u32> = BTreeMap::new();
        for record in whole_journal(&store, 100).await? {
            *kept.entry(record.object).or_default() += 1;
        }
        assert!(kept.values().all(|&count| count == 3), "a part of a transaction was kept, seed {SEED:x}");
        for (n, _, _) in acknowledged.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            assert!(kept.contains_key(&crate::support::object(*n)), "{n} was acknowledged and lost, seed {SEED:x}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_followers_are_woken_whatever_a_transaction_held() -> Outcome {
    on_both(async |world| {
        let child = World::sqlite().await?;
        let (store, other) = (world.store("370000").await?, child.store("370200").await?);
        other.migrate().await?;
        let mut following = store.follow();
        for (round, append_first) in [false, true].into_iter().enumerate() {
            let n = round as u64 + 1;
            write(&other, vec![draft("subject", 1, n, "up/normal", "from below")]).await?;
            let records = other.read_streams(&["up/normal".to_owned()], round as u64, 10).await?;
            let mut tx = store.begin().await?;
            let follow_up = vec![draft("notice", 2, n, "down/common/normal", "follow-up")];
            if append_first {
                tx.append(follow_up.clone()).await?;
            }
            let relayed = tx.relay(records).await?;
            if !append_first {
                tx.append(follow_up).await?;
            }
            tx.commit().await?;
            if world.is_postgres() {
                tokio::time::timeout(std::time::Duration::from_secs(20), store.outbox_written())
                    .await
                    .map_err(|_| format!("the sequencer was not woken, append first: {append_first}"))?;
                assert_eq!(store.sequence_outbox(10).await?, 1);
            }
            assert_eq!(relayed.applied.len(), 1);
            assert!(following.has_changed()?);
            assert_eq!(*following.borrow_and_update(), 2 * n);
            assert_eq!(store.last_position().await?, 2 * n);
        }
        store.verify_chains(&[]).await?;
        Ok(())
    })
    .await
}
