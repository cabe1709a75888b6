//! The life of a record after it was passed by all: sealed, read as before, never lost or doubled, and the table stays
//! small.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::sign::SigningKey;
use suyuan_domain::record::{Draft, Record};
use suyuan_store::segment::{SEGMENT_RECORDS, Sealer};
use suyuan_store::{Store, StoreError};

use crate::support::{Outcome, World, at, draft, on_both, sequence_all, whole_journal, write};

const STREAMS: [&str; 4] = ["up/bulk", "up/normal", "down/common/normal", ""];

struct Keys {
    key: SigningKey,
    entropy: SeededEntropy,
}

impl Keys {
    fn new() -> Outcome<Self> {
        let entropy = SeededEntropy::new(11);
        Ok(Self { key: SigningKey::generate(&entropy)?, entropy })
    }

    fn sealer<'a>(&'a self, folder: &'a std::path::Path) -> Sealer<'a> {
        Sealer { folder, key: &self.key, entropy: &self.entropy }
    }
}

/// `count` drafts over all streams.
fn mixed(rng: &mut ChaCha8Rng, from: u64, count: u64) -> Vec<Draft> {
    let one = |n| {
        let to = STREAMS[rng.random_range(0..STREAMS.len())];
        draft("event", n, 1, to, format!("{{\"serial\":{n}}}"))
    };
    (from..from + count).map(one).collect()
}

/// What readers see is what was there before anything was sealed.
async fn check_same(store: &Store, before: &[Record]) -> Outcome {
    for step in [1000, 37] {
        assert!(whole_journal(store, step).await? == before, "the journal in steps of {step}");
    }
    for name in STREAMS.into_iter().filter(|name| !name.is_empty()) {
        let expected: Vec<&Record> =
            before.iter().filter(|r| r.origin.as_ref().is_some_and(|o| o.stream.to_string() == name)).collect();
        let mut seen: Vec<Record> = Vec::new();
        loop {
            let after = seen.last().map_or(0, |last| last.position);
            let batch = store.read_streams(&[name.to_owned()], after, 41).await?;
            if batch.is_empty() {
                break;
            }
            seen.extend(batch);
        }
        assert!(seen.iter().collect::<Vec<_>>() == expected, "stream {name}");
    }
    store.verify_chains().await?;
    Ok(())
}

#[tokio::test]
async fn d_shape_readers_cross_from_segments_into_the_table_in_one_order() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let (keys, folder) = (Keys::new()?, world.subfolder("segments")?);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        write(&store, mixed(&mut rng, 0, 650)).await?;
        let before = whole_journal(&store, 100).await?;
        check_same(&store, &before).await?;
        assert_eq!(store.seal_records(&keys.sealer(&folder), 100, 99, at(1)).await?, 0, "sealed what was not passed");
        for sealed in 1..=6 {
            assert_eq!(store.seal_records(&keys.sealer(&folder), 100, 649, at(1)).await?, 100);
            assert_eq!(world.number("SELECT COUNT(*) FROM journal").await?, 650 - sealed * 100);
            check_same(&store, &before).await?;
        }
        assert_eq!(
            store.seal_records(&keys.sealer(&folder), 100, 650, at(1)).await?,
            0,
            "sealed a range that is not full"
        );
        write(&store, mixed(&mut rng, 650, 50)).await?;
        let after = whole_journal(&store, 100).await?;
        assert!(after.starts_with(&before));
        assert_eq!(after.len(), 700);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_a_rare_stream_is_read_from_every_one_of_many_segments() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let (keys, folder) = (Keys::new()?, world.subfolder("segments")?);
        let rows = (0..600).map(|n| draft("event", n, 1, if n % 4 == 0 { "up/urgent" } else { "up/bulk" }, "{}"));
        write(&store, rows.collect()).await?;
        let before = whole_journal(&store, 100).await?;
        while store.seal_records(&keys.sealer(&folder), 4, 596, at(1)).await? > 0 {}
        assert_eq!(world.number("SELECT COUNT(*) FROM segment").await?, 149);
        let urgent = store.read_streams(&["up/urgent".to_owned()], 0, 1000).await?;
        assert_eq!(
            urgent.iter().map(|r| r.position).collect::<Vec<_>>(),
            (0..150).map(|n| 4 * n + 1).collect::<Vec<_>>()
        );
        check_same(&store, &before).await
    })
    .await
}

#[tokio::test]
async fn d_shape_sealing_may_be_interrupted_anywhere_and_repeated() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let (keys, folder) = (Keys::new()?, world.subfolder("segments")?);
        write(&store, mixed(&mut ChaCha8Rng::seed_from_u64(6), 0, 300)).await?;
        let before = whole_journal(&store, 100).await?;
        let seal = async || store.seal_records(&keys.sealer(&folder), 100, 300, at(1)).await;

        // The file is there, the record is not.
        world.break_table("INSERT", "segment").await?;
        assert!(seal().await.is_err());
        assert_eq!(std::fs::read_dir(&folder)?.count(), 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM segment").await?, 0);
        check_same(&store, &before).await?;
        world.mend_table("segment").await?;
        // The same, but the record is refused with its streams half written.
        world.break_table("INSERT", "segment_stream").await?;
        assert!(seal().await.is_err());
        assert_eq!(world.number("SELECT COUNT(*) FROM segment").await?, 0);
        world.mend_table("segment_stream").await?;

        // The record is there, the rows are too.
        world.break_table("DELETE", "journal").await?;
        for _ in 0..2 {
            assert!(seal().await.is_err());
            assert_eq!(world.number("SELECT COUNT(*) FROM segment").await?, 1);
            assert_eq!(world.number("SELECT COUNT(*) FROM journal").await?, 300);
            check_same(&store, &before).await?;
        }
        world.mend_table("journal").await?;

        // What a crash left half-written beside the files disturbs nobody.
        std::fs::write(folder.join(format!("{:016}.part", 101)), b"torn")?;
        assert_eq!(seal().await?, 100);
        assert_eq!(world.number("SELECT COUNT(*) FROM journal").await?, 100);
        assert_eq!(world.number("SELECT COUNT(*) FROM segment").await?, 2);
        check_same(&store, &before).await
    })
    .await
}

#[tokio::test]
async fn d_shape_a_damaged_or_missing_segment_is_named() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let (keys, folder) = (Keys::new()?, world.subfolder("segments")?);
        write(&store, mixed(&mut ChaCha8Rng::seed_from_u64(7), 0, 300)).await?;
        for _ in 0..3 {
            store.seal_records(&keys.sealer(&folder), 100, 300, at(1)).await?;
        }
        let path = folder.join(format!("{:016}.seg", 101));
        let whole = std::fs::read(&path)?;
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        for try_number in 0..20 {
            let mut damaged = whole.clone();
            match try_number {
                0 => damaged.truncate(0),
                1 => damaged.truncate(whole.len() - 1),
                _ => damaged[rng.random_range(0..whole.len())] ^= 1 << rng.random_range(0..8),
            }
            std::fs::write(&path, &damaged)?;
            check_named(&store).await?;
        }
        std::fs::remove_file(&path)?;
        check_named(&store).await?;
        // The segments beside it are read all the same.
        assert_eq!(store.read_journal(0, 1000).await?.len(), 100);
        assert_eq!(store.read_journal(200, 1000).await?.len(), 100);
        std::fs::write(&path, &whole)?;
        store.verify_chains().await?;
        Ok(())
    })
    .await
}

async fn check_named(store: &Store) -> Outcome {
    let streams: Vec<String> = STREAMS[..3].iter().map(|&name| name.to_owned()).collect();
    let answers = [
        store.read_journal(100, 10).await.err(),
        store.read_streams(&streams, 100, 10).await.err(),
        store.verify_chains().await.err(),
    ];
    for answer in answers {
        match answer {
            Some(error @ StoreError::Damaged { .. }) => {
                assert!(error.to_string().contains("0000000000000101.seg"), "{error}");
            }
            other => return Err(format!("expected the damaged file's name, got {other:?}").into()),
        }
    }
    Ok(())
}

#[tokio::test]
async fn d_shape_a_lost_row_stops_readers_instead_of_being_passed_over() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        write(&store, mixed(&mut ChaCha8Rng::seed_from_u64(9), 0, 20)).await?;
        world.run("DELETE FROM journal WHERE position = 8").await?;
        assert_eq!(store.read_journal(6, 1).await?.len(), 1);
        let error = store.read_journal(7, 10).await.err().ok_or("position 8 was passed over")?;
        assert!(error.to_string().contains("position 8"), "{error}");
        Ok(())
    })
    .await
}

/// Reads everything again and again until the writer is done; each pass without a hole.
async fn read_all_the_time(store: Store, mut done: tokio::sync::watch::Receiver<bool>) -> Outcome<u32> {
    let mut passes = 0;
    while !*done.borrow_and_update() {
        let mut after = 0;
        loop {
            let batch = store.read_journal(after, 500).await?;
            let Some(last) = batch.last() else { break };
            let positions: Vec<u64> = batch.iter().map(|r| r.position).collect();
            assert_eq!(positions, (after + 1..=last.position).collect::<Vec<_>>());
            after = last.position;
        }
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for record in store.read_streams(&["up/bulk".to_owned(), "up/normal".to_owned()], 0, 100_000).await? {
            let origin = record.origin.ok_or("a record without origin")?;
            let seq = seen.entry(origin.stream.to_string()).or_default();
            assert_eq!(origin.seq, *seq + 1, "{}", origin.stream);
            *seq = origin.seq;
        }
        passes += 1;
    }
    Ok(passes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn d_shape_readers_miss_nothing_while_it_is_sealed_under_them() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let (keys, folder) = (Keys::new()?, world.subfolder("segments")?);
        let (done, watching) = tokio::sync::watch::channel(false);
        let readers = [0, 1].map(|_| tokio::spawn(read_all_the_time(store.clone(), watching.clone())));
        let mut rng = ChaCha8Rng::seed_from_u64(10);
        for round in 0..60 {
            write(&store, mixed(&mut rng, round * 50, 50)).await?;
            store.seal_records(&keys.sealer(&folder), 50, store.last_position().await?, at(1)).await?;
        }
        done.send(true)?;
        for reader in readers {
            assert!(reader.await?? > 0);
        }
        assert_eq!(whole_journal(&store, 999).await?.len(), 3000);
        Ok(())
    })
    .await
}

/// Receives and seals `count` records as a node does it; gives how many rows the table held at most.
async fn receive_and_seal(world: &World, store: &Store, keys: &Keys, from: u64, count: u64) -> Outcome<i64> {
    const BATCH: u64 = 1000;
    let folder = world.subfolder("segments")?;
    let mut rng = ChaCha8Rng::seed_from_u64(from);
    let mut most = 0;
    for start in (from..from + count).step_by(BATCH as usize) {
        let mut tx = store.begin().await?;
        tx.append(mixed(&mut rng, start, BATCH)).await?;
        tx.commit().await?;
        sequence_all(store).await?;
        most = most.max(world.number("SELECT COUNT(*) FROM journal").await?);
        let passed = store.last_position().await?;
        let tx = store.begin().await?;
        tx.move_cursor("projector", passed, at(0)).await?;
        tx.move_cursor("watcher", passed - BATCH / 2, at(0)).await?;
        tx.commit().await?;
        let passed = store.passed_by_all(&["projector", "watcher"]).await?;
        store.seal_segment(&keys.sealer(&folder), passed, at(1)).await?;
    }
    Ok(most)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_shape_received_and_sealed_records_leave_the_relational_store_flat() -> Outcome {
    on_both(async |world| {
        let count: u64 = if world.is_postgres() { 20_000 } else { 100_000 };
        let (store, keys) = (world.store("370200").await?, Keys::new()?);
        let size = async || -> Outcome<i64> {
            if world.is_postgres() {
                world.run("VACUUM journal").await?;
                return world.number("SELECT pg_table_size('journal')").await;
            }
            world.run("PRAGMA wal_checkpoint(TRUNCATE)").await?;
            Ok(i64::try_from(std::fs::metadata(world.folder().join("node.db"))?.len())?)
        };
        let first_most = receive_and_seal(world, &store, &keys, 0, count).await?;
        let first = size().await?;
        let second_most = receive_and_seal(world, &store, &keys, count, count).await?;
        let second = size().await?;
        let tail = i64::try_from(SEGMENT_RECORDS + 2000)?;
        assert!(first_most <= tail && second_most <= tail, "{first_most} and {second_most} rows at most");
        // On PostgreSQL what is vacuumed in between is chance; the bound there is a few tails.
        let bound = if world.is_postgres() { first * 3 } else { first + first / 10 };
        assert!(second <= bound, "{first} bytes after {count}, {second} after twice as many");
        assert_eq!(store.last_position().await?, 2 * count);
        store.verify_chains().await?;
        Ok(())
    })
    .await
}
