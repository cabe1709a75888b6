//! Sealed segments: contiguous ranges of the journal as signed, compressed files, so that the table stays small.
//!
//! A segment is written, synced and renamed; then one transaction records it and deletes its rows, so that sealing keeps
//! pace with receiving on a database that has one writer at a time. Readers see table and segments as one, see
//! [`crate::journal`]. A reader is given nothing of a file whose hash, signature or range is not the
//! recorded one. Segments are kept for the evidence period; nothing here deletes one. Rows: D-shape, H-8.

pub mod offline;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sea_orm::FromQueryResult;
use suyuan_crypto::hash::sm3;
use suyuan_crypto::random::Entropy;
use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Origin, Record};

use crate::db::Store;
use crate::error::StoreError;
use crate::{Result, sql};

/// Records in one segment. Small enough that a reader may unpack it for every batch it sends.
pub const SEGMENT_RECORDS: usize = 8192;

/// Segments sealed in one transaction at most, when many wait: a burst of received records must not outrun the sealer,
/// which has to queue for the one writer each time.
const AT_ONCE: usize = 4;

const MAGIC: &[u8; 4] = b"SYS1";

/// Folder of the segments inside the node's data folder. Rows name a file by its path from the data folder, so that the
/// data may be moved.
const FOLDER: &str = "segments";

/// Where segments lie and whose signature they bear.
#[derive(Clone, Debug)]
pub struct Archive {
    data_dir: PathBuf,
    signer: VerifyingKey,
}

impl Archive {
    /// The segments inside `data_dir`, signed by the node whose key is `signer`.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>, signer: VerifyingKey) -> Self {
        Self { data_dir: data_dir.into(), signer }
    }

    /// Where the file that a row names lies. Rows of early versions hold whole paths, of which the name still counts.
    fn place(&self, path: &str) -> PathBuf {
        match Path::new(path) {
            whole if whole.is_absolute() => self.data_dir.join(FOLDER).join(whole.file_name().unwrap_or_default()),
            inside => self.data_dir.join(inside),
        }
    }

    /// Reads the file that a row names and proves that it is the recorded one. Every error names the file.
    fn read(&self, row: &SegmentRow) -> Result<Vec<Record>> {
        let path = self.place(&row.path);
        let damaged = |why: String| StoreError::damaged("segment", format!("{}: {why}", path.display()));
        let bytes = std::fs::read(&path).map_err(|error| damaged(error.to_string()))?;
        if sm3(&bytes).as_slice() != row.sm3 {
            return Err(damaged("hash differs from the recorded one".into()));
        }
        let records = unpack(&bytes, &self.signer).map_err(|error| damaged(error.to_string()))?;
        let range = sql::uint(row.from_position)..=sql::uint(row.to_position);
        if range.clone().count() != records.len() || range.zip(&records).any(|(at, record)| record.position != at) {
            return Err(damaged("holds other positions than recorded".into()));
        }
        Ok(records)
    }
}

/// Who signs segments.
pub struct Sealer<'a> {
    /// The node's key.
    pub key: &'a SigningKey,
    /// Random source of signatures.
    pub entropy: &'a dyn Entropy,
}

impl std::fmt::Debug for Sealer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

/// A recorded segment.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
struct SegmentRow {
    from_position: i64,
    to_position: i64,
    path: String,
    sm3: Vec<u8>,
}

/// A segment whose file is on the disk and that is not recorded yet.
struct Written {
    row: SegmentRow,
    size: u64,
    streams: BTreeSet<String>,
}

const COLUMNS: &str = "SELECT from_position, to_position, path, sm3 FROM segment";

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn encode(records: &[Record]) -> Vec<u8> {
    let mut out = Vec::with_capacity(records.len() * 512);
    for record in records {
        out.extend_from_slice(&record.position.to_be_bytes());
        match &record.origin {
            None => out.push(0),
            Some(origin) => {
                out.push(1);
                put(&mut out, origin.node.as_bytes());
                put(&mut out, origin.stream.to_string().as_bytes());
                out.extend_from_slice(&origin.epoch.to_be_bytes());
                out.extend_from_slice(&origin.seq.to_be_bytes());
                out.extend_from_slice(&origin.prev);
                out.extend_from_slice(&origin.hash);
            }
        }
        put(&mut out, record.kind.as_bytes());
        out.extend_from_slice(record.object.as_bytes());
        put(&mut out, record.part.as_bytes());
        out.extend_from_slice(&record.term.to_be_bytes());
        out.extend_from_slice(&record.version.to_be_bytes());
        out.extend_from_slice(&record.at.millis().to_be_bytes());
        put(&mut out, &record.payload);
        put(&mut out, record.verdict.as_deref().unwrap_or_default().as_bytes());
    }
    out
}

struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or_else(short)?;
        self.0 = rest;
        Ok(*head)
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        if length > self.0.len() {
            return Err(short());
        }
        let (head, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(head)
    }

    fn text(&mut self) -> Result<String> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| StoreError::damaged("segment", "text"))
    }

    fn record(&mut self) -> Result<Record> {
        let position = u64::from_be_bytes(self.array()?);
        let origin = match self.array::<1>()? {
            [0] => None,
            _ => Some(Origin {
                node: self.text()?,
                stream: self.text()?.parse().map_err(|_| StoreError::damaged("segment", "stream"))?,
                epoch: u32::from_be_bytes(self.array()?),
                seq: u64::from_be_bytes(self.array()?),
                prev: self.array()?,
                hash: self.array()?,
            }),
        };
        Ok(Record {
            position,
            origin,
            kind: self.text()?,
            object: ObjectId::from_bytes(self.array()?),
            part: self.text()?,
            term: u32::from_be_bytes(self.array()?),
            version: u64::from_be_bytes(self.array()?),
            at: Timestamp::from_millis(i64::from_be_bytes(self.array()?)),
            payload: self.bytes()?.to_vec(),
            verdict: Some(self.text()?).filter(|verdict| !verdict.is_empty()),
        })
    }
}

fn short() -> StoreError {
    StoreError::damaged("segment", "ends too early")
}

fn decode(mut bytes: &[u8]) -> Result<Vec<Record>> {
    let mut records = Vec::with_capacity(SEGMENT_RECORDS);
    while !bytes.is_empty() {
        let mut decoder = Decoder(bytes);
        records.push(decoder.record()?);
        bytes = decoder.0;
    }
    Ok(records)
}

/// Writes a file so that it is there whole or not at all: synced, then renamed, then the folder synced.
///
/// # Errors
/// What the disk says; the file is then as it was before.
pub fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let part = path.with_extension("part");
    let mut file = std::fs::File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// The bytes of a segment file: magic, signature, compressed records.
fn pack(body: &[u8], sealer: &Sealer<'_>) -> Result<Vec<u8>> {
    let signature = sealer.key.sign(body, sealer.entropy)?;
    let mut bytes = Vec::with_capacity(body.len() + signature.len() + 8);
    bytes.extend_from_slice(MAGIC);
    put(&mut bytes, &signature);
    bytes.extend_from_slice(body);
    Ok(bytes)
}

fn unpack(bytes: &[u8], signer: &VerifyingKey) -> Result<Vec<Record>> {
    let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or_else(|| StoreError::damaged("segment", "magic"))?;
    let mut decoder = Decoder(rest);
    let signature = decoder.bytes()?;
    signer.verify(decoder.0, signature)?;
    let body = zstd::stream::decode_all(decoder.0)?;
    decode(&body)
}

/// Does what takes long or waits for the disk away from the threads that serve requests.
async fn unhurried<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::damaged("segment worker", error.to_string()))?
}

impl Store {
    /// Seals the oldest [`SEGMENT_RECORDS`] records if all of them lie at or before `passed`, and some more segments where
    /// they wait. Says how many records left the table.
    ///
    /// # Errors
    /// When a file or the database refuses; the rows are then still in the table.
    pub async fn seal_segment(&self, sealer: &Sealer<'_>, passed: u64, now: Timestamp) -> Result<usize> {
        self.seal(sealer, (SEGMENT_RECORDS, AT_ONCE), passed, now).await
    }

    /// Seals one segment of `count` records, as for a node with little traffic.
    ///
    /// # Errors
    /// As [`Store::seal_segment`].
    pub async fn seal_records(&self, sealer: &Sealer<'_>, count: usize, passed: u64, now: Timestamp) -> Result<usize> {
        self.seal(sealer, (count, 1), passed, now).await
    }

    async fn seal(
        &self,
        sealer: &Sealer<'_>,
        (count, most): (usize, usize),
        passed: u64,
        now: Timestamp,
    ) -> Result<usize> {
        let mut after = self.sealed_to().await?;
        self.note_unsealed(passed.saturating_sub(after));
        let mut written = Vec::new();
        while written.len() < most && count > 0 && passed >= after + count as u64 {
            let Some(segment) = self.write_segment(sealer, after, count).await? else { break };
            after += count as u64;
            written.push(segment);
        }
        let sealed = written.len() * count;
        if sealed > 0 {
            self.record_segments(written, after, now).await?;
            self.note_unsealed(passed.saturating_sub(after));
            // Left to the server's own rhythm, a flood of received rows grows the table tenfold before they are reused.
            self.reclaim(&["journal"]).await?;
        }
        Ok(sealed)
    }

    /// Writes the file of the `count` records behind `after`, if they are there.
    async fn write_segment(&self, sealer: &Sealer<'_>, after: u64, count: usize) -> Result<Option<Written>> {
        let records = self.read_journal(after, count).await?;
        if records.len() < count {
            return Ok(None);
        }
        let streams = records.iter().filter_map(|r| r.origin.as_ref().map(|o| o.stream.to_string())).collect();
        let body = unhurried(move || Ok(zstd::bulk::compress(&encode(&records), 3)?)).await?;
        let bytes = pack(&body, sealer)?;
        let size = bytes.len() as u64;
        let number = |position: u64| i64::try_from(position).unwrap_or(i64::MAX);
        let row = SegmentRow {
            from_position: number(after + 1),
            to_position: number(after + count as u64),
            path: format!("{FOLDER}/{:016}.seg", after + 1),
            sm3: sm3(&bytes).to_vec(),
        };
        let target = self.archive()?.place(&row.path);
        unhurried(move || Ok(write_durably(&target, &bytes)?)).await?;
        Ok(Some(Written { row, size, streams }))
    }

    /// The last position that a recorded segment holds, 0 before the first.
    pub async fn sealed_to(&self) -> Result<u64> {
        let sealed: Option<Option<i64>> =
            sql::scalar(self.reader(), "SELECT MAX(to_position) FROM segment", vec![]).await?;
        Ok(sealed.flatten().map_or(0, sql::uint))
    }

    /// Records segments and deletes the rows that they hold.
    async fn record_segments(&self, written: Vec<Written>, to: u64, now: Timestamp) -> Result<()> {
        let tx = self.begin().await?;
        for Written { row, size, streams } in written {
            let SegmentRow { from_position, to_position, path, sm3 } = row;
            let text = "INSERT INTO segment (from_position, to_position, path, sm3, bytes, sealed_at) VALUES (?, ?, ?, ?, ?, ?)";
            let values = vec![
                from_position.into(),
                to_position.into(),
                path.into(),
                sm3.into(),
                sql::int(size),
                now.millis().into(),
            ];
            sql::execute(tx.db(), text, values).await?;
            for stream in streams {
                let text = "INSERT INTO segment_stream (stream, from_position) VALUES (?, ?)";
                sql::execute(tx.db(), text, vec![stream.into(), from_position.into()]).await?;
            }
        }
        // Everything up to the end: versions before this one might leave rows behind when they were interrupted.
        sql::execute(tx.db(), "DELETE FROM journal WHERE position <= ?", vec![sql::int(to)]).await?;
        tx.commit().await
    }

    /// The records of the segment that holds the position behind `after`, if one does.
    pub(crate) async fn sealed_records(&self, after: u64) -> Result<Option<Vec<Record>>> {
        // Ranges touch, so the first that ends behind it is the one. Asked by its end alone: with two bounds a database
        // may choose to walk all segments before it.
        let text = format!("{COLUMNS} WHERE to_position > ? ORDER BY to_position LIMIT 1");
        match sql::one::<_, SegmentRow>(self.reader(), &text, vec![sql::int(after)]).await? {
            Some(row) if sql::uint(row.from_position) <= after + 1 => Ok(Some(self.load(row).await?)),
            _ => Ok(None),
        }
    }

    async fn load(&self, row: SegmentRow) -> Result<Vec<Record>> {
        let archive = self.archive()?.clone();
        unhurried(move || archive.read(&row)).await
    }

    /// Up to `limit` records of these streams behind `after` that lie in segments.
    pub(crate) async fn sealed_of_streams(&self, streams: &[String], after: u64, limit: usize) -> Result<Vec<Record>> {
        let marks = vec!["?"; streams.len()].join(",");
        let text = format!(
            "{COLUMNS} WHERE to_position > ? AND from_position IN \
             (SELECT from_position FROM segment_stream WHERE stream IN ({marks})) ORDER BY from_position LIMIT 64"
        );
        let mut found = Vec::new();
        let mut behind = after;
        // A rare stream has few records in each of many segments: all of them are asked, some at a time.
        loop {
            let mut values = vec![sql::int(behind)];
            values.extend(streams.iter().map(|stream| stream.as_str().into()));
            let segments: Vec<SegmentRow> = sql::all(self.reader(), &text, values).await?;
            let done = segments.is_empty();
            for row in segments {
                behind = sql::uint(row.to_position);
                let records = self.load(row).await?;
                found.extend(records.into_iter().filter(|record| {
                    let stream = record.origin.as_ref().map(|origin| origin.stream.to_string());
                    record.position > after && stream.is_some_and(|stream| streams.contains(&stream))
                }));
                if found.len() >= limit {
                    found.truncate(limit);
                    return Ok(found);
                }
            }
            if done {
                return Ok(found);
            }
        }
    }
}
