//! The ground: millions of records of a child received by the relational store as the exchange does it, in batches of
//! 5,000, while a reader passes them and the sealer puts them into segments. Shows whether time and space per record stay
//! the same however much has been received.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use suyuan_crypto::hash::{hex, sm3};
use suyuan_crypto::random::{Entropy, OsEntropy};
use suyuan_crypto::sign::SigningKey;
use suyuan_domain::clock::{Clock, SystemClock};
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Class, Digest, Origin, Record, Stream, kind};
use suyuan_store::Store;
use suyuan_store::journal::hash_of;
use suyuan_store::peer::FrozenRange;
use suyuan_store::segment::{Archive, Sealer};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Records in one batch.
const BATCH: u64 = 5000;

/// Bytes of one record's payload.
const PAYLOAD: usize = 600;

/// Rounds of the reader between two moves of its cursor at most.
const ROUNDS: usize = 8;

/// The local reader whose cursor the sealer heeds.
const READER: &str = "projector";

/// What one tenth of the records took.
struct Tenth {
    records: u64,
    time: Duration,
    bytes: u64,
    unread: u64,
    unsealed: u64,
}

/// Receives `records` records and prints a line per tenth, then whether the ground carries.
pub(super) async fn run(folder: &Path, database: Option<&str>, records: u64) -> Result<()> {
    let key = SigningKey::generate(&OsEntropy)?;
    let file = format!("sqlite://{}", folder.join("node.db").display());
    let store = Store::connect(database.unwrap_or(&file), "370000").await?;
    let store = store.with_archive(Archive::new(folder, key.verifying_key()));
    store.migrate().await?;
    ensure!(store.last_position().await? == 0, "the database is not empty");
    let stop = CancellationToken::new();
    let reader = tokio::spawn(read_along(store.clone(), stop.clone()));
    let sealer = tokio::spawn(seal_along(store.clone(), key, stop.clone()));
    let (made, batches) = mpsc::channel(2);
    let maker = tokio::task::spawn_blocking(move || make_all(records / BATCH, &made));
    let tenths = receive_all(&store, batches, records / BATCH).await?;
    stop.cancel();
    maker.await??;
    reader.await??;
    sealer.await??;
    verdict(&tenths);
    Ok(store.close().await?)
}

async fn receive_all(store: &Store, mut batches: mpsc::Receiver<Vec<Record>>, count: u64) -> Result<Vec<Tenth>> {
    ensure!(count >= 10, "at least {} records are needed", 10 * BATCH);
    let mut tenths = Vec::new();
    let (mut began, mut received, mut done) = (Instant::now(), 0, 0);
    while let Some(batch) = batches.recv().await {
        received += batch.len() as u64;
        done += 1;
        receive(store, batch).await?;
        if done * 10 / count > tenths.len() as u64 {
            let time = began.elapsed();
            let last = store.last_position().await?;
            let (unread, unsealed) = (last - store.cursor(READER).await?, last - store.sealed_to().await?);
            let tenth = Tenth { records: received, time, bytes: store.bytes().await?, unread, unsealed };
            print(tenths.len() + 1, &tenth);
            tenths.push(tenth);
            (began, received) = (Instant::now(), 0);
        }
    }
    Ok(tenths)
}

/// One batch as `service::sync::receive` takes it in: kept at the sealer's pace, asked for its
/// receipt, relayed, its receipt kept.
async fn receive(store: &Store, batch: Vec<Record>) -> Result<()> {
    let now = SystemClock::default().now();
    let first = batch.first().and_then(|record| record.origin.as_ref()).map_or(0, |origin| origin.seq);
    let range = FrozenRange {
        peer: "370200".to_owned(),
        direction: "up".to_owned(),
        class: Class::Bulk,
        from: first,
        to: first + batch.len() as u64 - 1,
        records: batch.len() as u64,
        hash: sm3(&first.to_be_bytes()),
        attempts: 0,
        next_at: now,
    };
    store.keep_pace().await;
    let mut tx = store.begin().await?;
    ensure!(tx.given_receipt(&range.peer, "up", range.class, &range.hash).await?.is_none(), "received before");
    let count = batch.len();
    let relayed = tx.relay(batch).await?;
    ensure!(relayed.applied.len() == count, "not all applied");
    tx.keep_receipt(&range, &range.hash, &[0x5a; 700], now).await?;
    tx.note_seen(&range.peer, now).await?;
    Ok(tx.commit().await?)
}

/// Follows the journal as a local reader that keeps pace: where it is behind, it reads several rounds before it moves its
/// cursor, because what is measured is the store and not how long a small transaction queues for the writer.
async fn read_along(store: Store, stop: CancellationToken) -> Result<()> {
    let mut journal = store.follow();
    let mut after = store.cursor(READER).await?;
    loop {
        journal.mark_unchanged();
        let mut read = 0;
        for _ in 0..ROUNDS {
            let records = store.read_journal(after, BATCH as usize).await?;
            let Some(last) = records.last() else { break };
            (after, read) = (last.position, read + records.len());
        }
        if read == 0 {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                changed = journal.changed() => changed?,
            }
            continue;
        }
        let tx = store.begin().await?;
        tx.move_cursor(READER, after, SystemClock::default().now()).await?;
        tx.commit().await?;
    }
}

/// Seals what the reader has passed, as `jobs` does it.
async fn seal_along(store: Store, key: SigningKey, stop: CancellationToken) -> Result<()> {
    let sealer = Sealer { key: &key, entropy: &OsEntropy };
    while !stop.is_cancelled() {
        let passed = store.passed_by_all(&[READER]).await?;
        if store.seal_segment(&sealer, passed, SystemClock::default().now()).await? == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

/// Makes the batches of one chain, ahead of the receiver.
fn make_all(count: u64, out: &mpsc::Sender<Vec<Record>>) -> Result<()> {
    let mut prev: Digest = [0; 32];
    for batch in 0..count {
        let mut records = Vec::with_capacity(BATCH as usize);
        for seq in batch * BATCH + 1..=(batch + 1) * BATCH {
            let record = record(seq, prev)?;
            prev = record.origin.as_ref().map_or(prev, |origin| origin.hash);
            records.push(record);
        }
        if out.blocking_send(records).is_err() {
            break;
        }
    }
    Ok(())
}

/// A record with a payload that compresses about as an event does: words of a form around values by chance.
fn record(seq: u64, prev: Digest) -> Result<Record> {
    let mut chance = [0; 96];
    OsEntropy.fill(&mut chance)?;
    let mut payload = format!("{{\"seq\":{seq},\"value\":\"").into_bytes();
    payload.extend_from_slice(hex(&chance).as_bytes());
    payload.extend_from_slice(b"\",\"note\":\"");
    payload.resize(PAYLOAD - 2, b'.');
    payload.extend_from_slice(b"\"}");
    let object: [u8; 16] = *chance.first_chunk().context("bytes for an object id")?;
    let stream = Stream::Up(Class::Bulk);
    let mut record = Record {
        position: 0,
        origin: Some(Origin { node: "370200".to_owned(), stream, epoch: 1, seq, prev, hash: prev }),
        kind: kind::EVENT.to_owned(),
        object: ObjectId::from_bytes(object),
        part: String::new(),
        term: 1,
        version: 1,
        at: SystemClock::default().now(),
        payload,
        verdict: None,
    };
    let hash = hash_of(&record).context("a record of a chain has a hash")?;
    if let Some(origin) = &mut record.origin {
        origin.hash = hash;
    }
    Ok(record)
}

fn rate(tenth: &Tenth) -> f64 {
    tenth.records as f64 / tenth.time.as_secs_f64()
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn print(number: usize, tenth: &Tenth) {
    println!(
        "接收并封存 {number:>2}/10：{} 条，{:.2} 秒，{:.0} 条/秒，关系库 {:.1} MiB，未读 {} 条，未封存 {} 条",
        tenth.records,
        tenth.time.as_secs_f64(),
        rate(tenth),
        mebibytes(tenth.bytes),
        tenth.unread,
        tenth.unsealed
    );
}

fn verdict(tenths: &[Tenth]) {
    let [first, .., last] = tenths else { return };
    let word = |held: bool| if held { "达到" } else { "未达到" };
    let kept = rate(last) / rate(first);
    println!("末段速率为首段的 {:.0}%，要求不低于 90%：{}", kept * 100.0, word(kept >= 0.9));
    // A file keeps the size of its fullest moment, which comes early or late: halves are compared, not single moments.
    let (early, late) = tenths.split_at(tenths.len() / 2);
    let most = |half: &[Tenth]| mebibytes(half.iter().map(|tenth| tenth.bytes).max().unwrap_or_default());
    let (early, late) = (most(early), most(late));
    let flat = word(late <= early * 1.1);
    println!("关系库前半程最大 {early:.1} MiB，后半程最大 {late:.1} MiB，要求不增长（110% 以内）：{flat}");
}
