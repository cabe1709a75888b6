//! The life of a record after it was passed by all: sealed, read as before, never lost or doubled, and the table stays
//! small.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::sign::SigningKey;
use suyuan_domain::record::{Draft, Record};
use suyuan_store::db::UNSEALED;
use suyuan_store::segment::{Archive, SEGMENT_RECORDS, Sealer};
use suyuan_store::walk::Anchor;
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

    fn sealer(&self) -> Sealer<'_> {
        Sealer { key: &self.key, entropy: &self.entropy }
    }

    /// A store whose segments lie beside the database.
    async fn store(&self, world: &World) -> Outcome<Store> {
        Ok(world.store("370200").await?.with_archive(Archive::new(world.folder(), self.key.verifying_key())))
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
    store.verify_chains(&[]).await?;
    Ok(())
}

#[tokio::test]
async fn d_shape_readers_cross_from_segments_into_the_table_in_one_order() -> Outcome {
    on_both(async |world| {
        let keys = Keys::new()?;
        let store = keys.store(world).await?;
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        write(&store, mixed(&mut rng, 0, 650)).await?;
        let before = whole_journal(&store, 100).await?;
        check_same(&store, &before).await?;
        assert_eq!(store.seal_records(&keys.sealer(), 100, 99, at(1)).await?, 0, "sealed what was not passed");
        for sealed in 1..=6 {
            assert_eq!(store.seal_records(&keys.sealer(), 100, 649, at(1)).await?, 100);
            assert_eq!(world.number("SELECT COUNT(*) FROM journal").await?, 650 - sealed * 100);
            check_same(&store, &before).await?;
        }
        assert_eq!(store.seal_records(&keys.sealer(), 100, 650, at(1)).await?, 0, "sealed a range that is not full");
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
        let keys = Keys::new()?;
        let store = keys.store(world).await?;
        let rows = (0..600).map(|n| draft("event", n, 1, if n % 4 == 0 { "up/urgent" } else { "up/bulk" }, "{}"));
        write(&store, rows.collect()).await?;
        let before = whole_journal(&store, 100).await?;
        while store.seal_records(&keys.sealer(), 4, 596, at(1)).await? > 0 {}
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
        let keys = Keys::new()?;
        let (store, folder) = (keys.store(world).await?, world.folder().join("segments"));
        write(&store, mixed(&mut ChaCha8Rng::seed_from_u64(6), 0, 300)).await?;
        let before = whole_journal(&store, 100).await?;
        let seal = async || store.seal_records(&keys.sealer(), 100, 300, at(1)).await;

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

        // The rows cannot be deleted: then nothing is recorded either.
        world.break_table("DELETE", "journal").await?;
        for _ in 0..2 {
            assert!(seal().await.is_err());
            assert_eq!(world.number("SELECT COUNT(*) FROM segment").await?, 0);
            assert_eq!(world.number("SELECT COUNT(*) FROM journal").await?, 300);
            check_same(&store, &before).await?;
        }
        world.mend_table("journal").await?;

        // What a crash left half-written beside the files disturbs nobody.
        std::fs::write(folder.join(format!("{:016}.part", 101)), b"torn")?;
        assert_eq!((seal().await?, seal().await?), (100, 100));
        assert_eq!(world.number("SELECT COUNT(*) FROM journal").await?, 100);
        assert_eq!(world.number("SELECT COUNT(*) FROM segment").await?, 2);
        check_same(&store, &before).await
    })
    .await
}

#[tokio::test]
async fn d_shape_a_damaged_or_missing_segment_is_named() -> Outcome {
    on_both(async |world| {
        let keys = Keys::new()?;
        let (store, folder) = (keys.store(world).await?, world.folder().join("segments"));
        write(&store, mixed(&mut ChaCha8Rng::seed_from_u64(7), 0, 300)).await?;
        for _ in 0..3 {
            store.seal_records(&keys.sealer(), 100, 300, at(1)).await?;
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
        store.verify_chains(&[]).await?;
        Ok(())
    })
    .await
}

/// A walk of its own finds the fault and names what it is about.
async fn check_found(store: &Store, anchors: &[Anchor], names: &str) -> Outcome {
    let fault = store.verify_chains(anchors).await.err().ok_or_else(|| format!("{names} was passed over"))?;
    assert!(fault.to_string().contains(names), "{fault} does not name {names}");
    Ok(())
}

#[tokio::test]
async fn h_8_one_altered_byte_in_table_or_segment_is_found_and_named() -> Outcome {
    on_both(async |world| {
        let keys = Keys::new()?;
        let (store, folder) = (keys.store(world).await?, world.folder().join("segments"));
        let rows = (1..=300).map(|n| draft("event", n, 1, "up/bulk", format!("{{\"serial\":{n:03}}}")));
        write(&store, rows.collect()).await?;
        store.seal_records(&keys.sealer(), 100, 300, at(1)).await?;
        store.verify_chains(&[]).await?;
        let blob = |text: &str| format!("'{text}'");
        let set = async |text: &str, at: u32| {
            let (lite, pg) = (format!("CAST({} AS BLOB)", blob(text)), format!("{}::bytea", blob(text)));
            let update = |value: &str| format!("UPDATE journal SET payload = {value} WHERE position = {at}");
            world.run_either(&update(&lite), &update(&pg)).await
        };
        set("{\"serial\":250}", 251).await?;
        check_found(&store, &[], "370200 up/bulk: wrong hash at seq 251").await?;
        set("{\"serial\":251}", 251).await?;
        store.verify_chains(&[]).await?;
        world.run("UPDATE stream_head SET seq = 299").await?;
        check_found(&store, &[], "370200 up/bulk differs").await?;
        world.run("UPDATE stream_head SET seq = 300").await?;

        let path = folder.join(format!("{:016}.seg", 1));
        let whole = std::fs::read(&path)?;
        for place in [0, 10, whole.len() / 2, whole.len() - 1] {
            let mut altered = whole.clone();
            altered[place] ^= 1;
            std::fs::write(&path, &altered)?;
            check_found(&store, &[], "0000000000000001.seg").await?;
        }
        std::fs::write(&path, &whole)?;
        store.verify_chains(&[]).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn h_8_history_that_was_written_anew_is_found_by_what_was_signed() -> Outcome {
    on_both(async |world| {
        let keys = Keys::new()?;
        let store = keys.store(world).await?;
        let rows = |text: &str| (1..=20).map(|n| draft("event", n, 1, "up/bulk", text)).collect::<Vec<_>>();
        write(&store, rows("true")).await?;
        let signed = Anchor { head: store.heads().await?.remove(0), by: "receipt 1 of 370000".to_owned() };
        write(&store, rows("later")).await?;
        store.verify_chains(std::slice::from_ref(&signed)).await?;
        // Everything is taken away and written again, with hashes that fit.
        world.run("DELETE FROM journal; DELETE FROM stream_head; UPDATE counter SET value = 0").await?;
        write(&store, rows("false")).await?;
        store.verify_chains(&[]).await?;
        check_found(&store, std::slice::from_ref(&signed), "seq 20 not what receipt 1 of 370000 signed").await?;
        // Cut off behind what was signed.
        world.run("DELETE FROM journal; DELETE FROM stream_head; UPDATE counter SET value = 0").await?;
        write(&store, rows("true").split_off(10)).await?;
        check_found(&store, &[signed], "receipt 1 of 370000").await
    })
    .await
}

#[tokio::test]
async fn h_8_a_segment_that_another_key_signed_is_no_segment() -> Outcome {
    on_both(async |world| {
        let keys = Keys::new()?;
        let store = keys.store(world).await?;
        write(&store, mixed(&mut ChaCha8Rng::seed_from_u64(12), 0, 100)).await?;
        let other = SigningKey::generate(&SeededEntropy::new(99))?;
        let sealer = Sealer { key: &other, entropy: &keys.entropy };
        store.seal_records(&sealer, 100, 100, at(1)).await?;
        check_found(&store, &[], "0000000000000001.seg").await
    })
    .await
}

#[tokio::test]
async fn d_shape_who_receives_in_bulk_waits_while_the_sealer_is_far_behind() -> Outcome {
    on_both(async |world| {
        let keys = Keys::new()?;
        let store = keys.store(world).await?;
        write(&store, mixed(&mut ChaCha8Rng::seed_from_u64(14), 0, 10)).await?;
        store.keep_pace().await;
        assert_eq!(store.seal_segment(&keys.sealer(), UNSEALED + 1, at(1)).await?, 0);
        let waiting = store.clone();
        let waiting = tokio::spawn(async move { waiting.keep_pace().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "the sealer is behind");
        store.seal_segment(&keys.sealer(), UNSEALED, at(1)).await?;
        waiting.await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn d_shape_segments_move_with_the_data_folder() -> Outcome {
    on_both(async |world| {
        let keys = Keys::new()?;
        let store = keys.store(world).await?;
        write(&store, mixed(&mut ChaCha8Rng::seed_from_u64(13), 0, 300)).await?;
        let before = whole_journal(&store, 100).await?;
        while store.seal_records(&keys.sealer(), 100, 300, at(1)).await? > 0 {}
        let moved = world.folder().join("moved");
        std::fs::create_dir(&moved)?;
        std::fs::rename(world.folder().join("segments"), moved.join("segments"))?;
        assert!(store.read_journal(0, 10).await.is_err(), "the files are not where they were");
        let store = world.store("370200").await?.with_archive(Archive::new(&moved, keys.key.verifying_key()));
        assert!(whole_journal(&store, 100).await? == before);
        // Rows of early versions hold the whole path at that time.
        world.run("UPDATE segment SET path = '/somewhere/else/' || path").await?;
        assert!(whole_journal(&store, 100).await? == before);
        let without = world.store("370200").await?;
        assert!(matches!(without.read_journal(0, 10).await, Err(StoreError::Configuration(_))));
        Ok(())
    })
    .await
}

async fn check_named(store: &Store) -> Outcome {
    let streams: Vec<String> = STREAMS[..3].iter().map(|&name| name.to_owned()).collect();
    let answers = [
        store.read_journal(100, 10).await.err(),
        store.read_streams(&streams, 100, 10).await.err(),
        store.verify_chains(&[]).await.err(),
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
        let keys = Keys::new()?;
        let store = keys.store(world).await?;
        let (done, watching) = tokio::sync::watch::channel(false);
        let readers = [0, 1].map(|_| tokio::spawn(read_all_the_time(store.clone(), watching.clone())));
        let mut rng = ChaCha8Rng::seed_from_u64(10);
        for round in 0..60 {
            write(&store, mixed(&mut rng, round * 50, 50)).await?;
            store.seal_records(&keys.sealer(), 50, store.last_position().await?, at(1)).await?;
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
        store.seal_segment(&keys.sealer(), passed, at(1)).await?;
    }
    Ok(most)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_shape_received_and_sealed_records_leave_the_relational_store_flat() -> Outcome {
    on_both(async |world| {
        let count: u64 = if world.is_postgres() { 20_000 } else { 100_000 };
        let keys = Keys::new()?;
        let store = keys.store(world).await?;
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
        store.verify_chains(&[]).await?;
        Ok(())
    })
    .await
}
