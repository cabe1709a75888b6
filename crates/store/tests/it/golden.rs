//! The bytes that are hashed, for ever; and what is left of a person after erasure: nothing.
//!
//! Hashes here were computed by another program from the layout's description, not by this code.

use std::path::Path;

use sea_orm::{ConnectionTrait, Statement};
use suyuan_crypto::random::SeededEntropy;
use suyuan_crypto::seal::SecretKey;
use suyuan_crypto::sign::SigningKey;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::Draft;
use suyuan_store::StoreError;
use suyuan_store::segment::{Archive, Sealer};
use suyuan_store::side_car::SideCar;

use crate::support::{
    Outcome, World, at, draft, object, on_both, on_sqlite, sequence_all, stream, whole_journal, write,
};

const PLAIN: &str = "李翠花 13800138000";
const SALT: [u8; 16] = [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF];
const COMMITMENT: &str = "2021a7917977cc03bda1f4b02372ad23df3f64a1ae4b35c0ec0ba611a53cbfce";
const OBJECT: ObjectId = ObjectId::from_bytes([0x01, 0x9A, 0xA0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1]);

struct Golden {
    payload: &'static str,
    header: &'static str,
    hash: &'static str,
}

/// One record with a commitment and a field of the future, and one that is not even JSON.
const GOLDEN: [Golden; 2] = [
    Golden {
        payload: "7b22636f6e74616374223a22736d333a32303231613739313739373763633033626461316634623032333732616432336466\
                  3366363461316165346233356330656330626136313161353363626663\
                  65222c22e69caae69da5e5ad97e6aeb5223a5b312e35302c6e756c6c5d7d",
        header: "53595231000000063337303230300000000975702f6e6f726d616c000000106675747572655f6b696e645f32303331\
                 00000007636f6e74616374000000010000000000000001019aa00000007000800000000000000100000001\
                 00000000000000010000019b76daa800\
                 0000000000000000000000000000000000000000000000000000000000000000000000000000006d",
        hash: "5c1d06718e624a456cb8a2e91df5419bc640fa60b797b891bcd6242709bd29c8",
    },
    Golden {
        payload: "00ff206e6f74206a736f6e",
        header: "53595231000000063337303230300000000975702f6e6f726d616c000000106675747572655f6b696e645f32303331\
                 00000007636f6e74616374000000010000000000000002019aa00000007000800000000000000100000001\
                 00000000000000020000019b76daa800\
                 5c1d06718e624a456cb8a2e91df5419bc640fa60b797b891bcd6242709bd29c8000000000000000b",
        hash: "9390873f5ebfa166766849c2aeeb5fa989c54dbe70e3d62614128a78a99f7aa6",
    },
];

fn golden_drafts() -> Outcome<Vec<Draft>> {
    let drafts = GOLDEN.iter().zip(1..).map(|(golden, version)| {
        Ok(Draft {
            kind: "future_kind_2031".into(),
            object: OBJECT,
            part: "contact".into(),
            term: 1,
            version,
            at: at(0),
            stream: Some(stream("up/normal")),
            payload: hex::decode(golden.payload)?,
        })
    });
    drafts.collect()
}

/// The records that the store has are the golden ones, byte for byte.
async fn check_golden(store: &suyuan_store::Store, verdicts: [Option<&str>; 2]) -> Outcome {
    let records = store.read_streams(&["up/normal".to_owned()], 0, 2).await?;
    assert_eq!(records.len(), 2);
    let mut prev = "00".repeat(32);
    for ((record, golden), verdict) in records.iter().zip(GOLDEN).zip(verdicts) {
        let (header, payload) = record.hashed_parts().ok_or("no origin")?;
        let origin = record.origin.as_ref().ok_or("no origin")?;
        assert_eq!(hex::encode(header), golden.header);
        assert_eq!(hex::encode(payload), golden.payload);
        assert_eq!(hex::encode(origin.hash), golden.hash);
        assert_eq!(hex::encode(origin.prev), prev);
        assert_eq!((origin.node.as_str(), record.kind.as_str()), ("370200", "future_kind_2031"));
        assert_eq!(record.verdict.as_deref(), verdict);
        prev = golden.hash.to_owned();
    }
    store.verify_chains(&[]).await?;
    Ok(())
}

#[tokio::test]
async fn h_8_golden_records_keep_bytes_and_hashes_through_tiers_that_do_not_know_them() -> Outcome {
    on_both(async |world| {
        let city = world.store("370200").await?;
        write(&city, golden_drafts()?).await?;
        check_golden(&city, [None, None]).await?;
        // The province knows neither kind nor form, sets the second aside, and passes both on.
        let (middle, top) = (World::sqlite().await?, World::sqlite().await?);
        let (province, nation) = (middle.store("370000").await?, top.store("000000").await?);
        let up = ["up/normal".to_owned()];
        let mut records = city.read_streams(&up, 0, 10).await?;
        records[1].verdict = Some("payload_unreadable".into());
        for (from, to) in [(None, &province), (Some(&province), &nation)] {
            to.migrate().await?;
            write(to, vec![draft("subject", 1, 1, "", "so that positions differ")]).await?;
            let batch = match from {
                None => records.clone(),
                Some(from) => from.read_streams(&up, 0, 10).await?,
            };
            let mut tx = to.begin().await?;
            tx.relay(batch).await?;
            tx.commit().await?;
            check_golden(to, [None, Some("payload_unreadable")]).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn h_8_a_changed_byte_is_found_wherever_it_is() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        write(&store, golden_drafts()?).await?;
        for (change, back) in [
            ("kind = 'future_kind_2032'", "kind = 'future_kind_2031'"),
            ("version = 3", "version = 1"),
            ("at = at + 1", "at = at - 1"),
            ("term = 2", "term = 1"),
            ("part = ''", "part = 'contact'"),
            ("seq = 7", "seq = 1"),
        ] {
            world.run(&format!("UPDATE journal SET {change} WHERE position = 1")).await?;
            assert!(matches!(store.verify_chains(&[]).await, Err(StoreError::Chain { .. })), "{change}");
            world.run(&format!("UPDATE journal SET {back} WHERE position = 1")).await?;
        }
        check_golden(&store, [None, None]).await?;
        world.run("DELETE FROM journal WHERE position = 2").await?;
        assert!(store.verify_chains(&[]).await.is_err(), "a missing last record");
        Ok(())
    })
    .await
}

/// Every file below `folder`, segments unpacked too.
fn everything_kept(folder: &Path) -> Outcome<Vec<(String, Vec<u8>)>> {
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            kept.extend(everything_kept(&path)?);
            continue;
        }
        let bytes = std::fs::read(&path)?;
        let name = path.display().to_string();
        // A segment's compressed body begins at the magic number of its compression.
        let body = bytes.windows(4).position(|four| four == [0x28, 0xB5, 0x2F, 0xFD]);
        if let (true, Some(body)) = (name.ends_with(".seg"), body) {
            kept.push((format!("{name} unpacked"), zstd::stream::decode_all(&bytes[body..])?));
        }
        kept.push((name, bytes));
    }
    Ok(kept)
}

fn places_of(needle: &[u8], kept: &[(String, Vec<u8>)]) -> Vec<String> {
    let holds = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    kept.iter().filter(|(_, bytes)| holds(bytes)).map(|(name, _)| name.clone()).collect()
}

async fn bytes(world: &World, sql: &str) -> Outcome<Vec<u8>> {
    let row = world.raw().query_one_raw(Statement::from_string(world.raw().get_database_backend(), sql)).await?;
    Ok(row.ok_or("no row")?.try_get_by_index(0)?)
}

fn car(path: &str, salt: [u8; 16], plain: &str) -> SideCar {
    SideCar { path: path.to_owned(), salt, plain: plain.as_bytes().to_vec() }
}

/// Keeps the side-car of the golden person among those of `others` other people.
async fn keep_people(store: &suyuan_store::Store, node_key: &SecretKey, others: u8) -> Outcome {
    let entropy = SeededEntropy::new(7);
    for n in 0..others {
        let mut tx = store.begin().await?;
        if n == others / 2 {
            let golden = car("contact", SALT, PLAIN);
            assert_eq!(hex::encode(golden.commitment()), COMMITMENT);
            tx.keep_side_cars(node_key, OBJECT, object(1), &[golden], &entropy).await?;
            tx.append(golden_drafts()?).await?;
        }
        let other = car("phone", [n; 16], &format!("1390000{n:04}"));
        tx.keep_side_cars(node_key, object(u64::from(n)), object(100 + u64::from(n)), &[other], &entropy).await?;
        tx.commit().await?;
    }
    sequence_all(store).await
}

#[tokio::test]
async fn g_10_an_erased_person_is_found_nowhere_in_what_is_kept() -> Outcome {
    on_sqlite(async |world| {
        let entropy = SeededEntropy::new(1);
        let (node_key, key) = (SecretKey::generate(&entropy)?, SigningKey::generate(&entropy)?);
        let archive = Archive::new(world.folder(), key.verifying_key());
        let store = world.store("370200").await?.with_archive(archive);
        keep_people(&store, &node_key, 120).await?;
        let sealer = Sealer { key: &key, entropy: &entropy };
        assert_eq!(store.seal_records(&sealer, 2, store.last_position().await?, at(1)).await?, 2);
        let opened = store.side_cars(&node_key, OBJECT).await?;
        assert!(opened == [car("contact", SALT, PLAIN)], "the side-car opens before");

        let person = format!("x'{}'", hex::encode(object(1).as_bytes()));
        let wrapped = bytes(world, &format!("SELECT wrapped FROM person_key WHERE person = {person}")).await?;
        let sealed = bytes(world, &format!("SELECT sealed FROM side_car WHERE person = {person}")).await?;
        world.run("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        let before = everything_kept(world.folder())?;
        assert_eq!(places_of(&wrapped, &before).len(), 1, "the scan would see the key");
        assert_eq!(places_of(&sealed, &before).len(), 1, "the scan would see the sealed value");

        for _ in 0..2 {
            let tx = store.begin().await?;
            tx.erase_person(object(1), at(2)).await?;
            tx.commit().await?;
        }
        world.run("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        let after = everything_kept(world.folder())?;
        assert!(after.iter().any(|(name, _)| name.ends_with("unpacked")));
        assert!(!places_of(COMMITMENT.as_bytes(), &after).is_empty(), "the commitment stays in the record");
        let salt_text = hex::encode(SALT);
        let name = "李翠花".as_bytes();
        for needle in [PLAIN.as_bytes(), name, b"13800138000", &SALT, salt_text.as_bytes(), &wrapped, &sealed] {
            assert_eq!(places_of(needle, &after), Vec::<String>::new(), "{}", hex::encode(needle));
        }
        check_golden(&store, [None, None]).await?;
        assert_eq!(whole_journal(&store, 10).await?.len(), 2);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn g_10_erasure_is_final_and_leaves_others_alone() -> Outcome {
    on_both(async |world| {
        let store = world.store("370200").await?;
        let entropy = SeededEntropy::new(1);
        let node_key = SecretKey::generate(&entropy)?;
        keep_people(&store, &node_key, 4).await?;
        let tx = store.begin().await?;
        tx.erase_person(object(1), at(2)).await?;
        // A person of whom nothing was kept here yet: what comes later must not open a new key.
        tx.erase_person(object(555), at(2)).await?;
        tx.commit().await?;
        assert!(store.side_cars(&node_key, OBJECT).await?.is_empty());
        assert_eq!(store.side_cars(&node_key, object(0)).await?.len(), 1);
        for person in [1, 555] {
            let tx = store.begin().await?;
            let again =
                tx.keep_side_cars(&node_key, OBJECT, object(person), &[car("contact", SALT, PLAIN)], &entropy).await;
            assert!(matches!(again, Err(StoreError::Conflict { .. })), "person {person} came back: {again:?}");
            tx.rollback().await?;
        }
        Ok(())
    })
    .await
}
