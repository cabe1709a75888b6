//! Sealed segments: contiguous ranges of the journal as signed, compressed files, so that the table stays small.
//!
//! A segment is written, synced, renamed and recorded before its rows are deleted, in chunks. Readers see table and
//! segments as one, see [`crate::journal`]. Segments are kept for the evidence period; nothing here deletes one.

use std::path::Path;

use suyuan_crypto::hash::sm3;
use suyuan_crypto::random::Entropy;
use suyuan_crypto::sign::SigningKey;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Origin, Record};

use crate::db::Store;
use crate::error::StoreError;
use crate::{Result, sql};

/// Records in one segment. Small enough that a reader may unpack it for every batch it sends.
pub const SEGMENT_RECORDS: usize = 8192;

const MAGIC: &[u8; 4] = b"SYS1";

/// Where segments lie and who signs them.
pub struct Sealer<'a> {
    /// Folder of the segments.
    pub folder: &'a Path,
    /// The node's key.
    pub key: &'a SigningKey,
    /// Random source of signatures.
    pub entropy: &'a dyn Entropy,
}

impl std::fmt::Debug for Sealer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("folder", &self.folder).finish_non_exhaustive()
    }
}

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

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
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
fn pack(records: &[Record], sealer: &Sealer<'_>) -> Result<Vec<u8>> {
    let body = zstd::bulk::compress(&encode(records), 3)?;
    let signature = sealer.key.sign(&body, sealer.entropy)?;
    let mut bytes = Vec::with_capacity(body.len() + signature.len() + 8);
    bytes.extend_from_slice(MAGIC);
    put(&mut bytes, &signature);
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

fn unpack(bytes: &[u8]) -> Result<Vec<Record>> {
    let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or_else(|| StoreError::damaged("segment", "magic"))?;
    let mut decoder = Decoder(rest);
    decoder.bytes()?;
    let body = zstd::stream::decode_all(decoder.0)?;
    decode(&body)
}

impl Store {
    /// Seals the oldest [`SEGMENT_RECORDS`] records if all of them lie at or before `passed`. Says how many left the table.
    ///
    /// # Errors
    /// When a file or the database refuses; the rows are then still in the table, or in a recorded segment.
    pub async fn seal_segment(&self, sealer: &Sealer<'_>, passed: u64, now: Timestamp) -> Result<usize> {
        self.seal_records(sealer, SEGMENT_RECORDS, passed, now).await
    }

    /// [`Store::seal_segment`] with a number of records of its own, as for a node with little traffic.
    ///
    /// # Errors
    /// As [`Store::seal_segment`].
    pub async fn seal_records(&self, sealer: &Sealer<'_>, count: usize, passed: u64, now: Timestamp) -> Result<usize> {
        let after = self.sealed_to().await?;
        self.delete_sealed(after).await?;
        if count == 0 || passed < after + count as u64 {
            return Ok(0);
        }
        let records = self.read_journal(after, count).await?;
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Ok(0);
        };
        if records.len() < count || last.position > passed {
            return Ok(0);
        }
        let bytes = pack(&records, sealer)?;
        let path = sealer.folder.join(format!("{:016}.seg", first.position));
        let hash = sm3(&bytes);
        let size = bytes.len() as u64;
        let target = path.clone();
        tokio::task::spawn_blocking(move || write_durably(&target, &bytes))
            .await
            .map_err(|error| StoreError::damaged("segment writer", error.to_string()))??;
        self.record_segment(&records, first.position, last.position, &path, &hash, size, now).await?;
        self.delete_sealed(last.position).await?;
        Ok(records.len())
    }

    /// The last position that a recorded segment holds, 0 before the first.
    pub(crate) async fn sealed_to(&self) -> Result<u64> {
        let sealed: Option<Option<i64>> =
            sql::scalar(self.reader(), "SELECT MAX(to_position) FROM segment", vec![]).await?;
        Ok(sealed.flatten().map_or(0, sql::uint))
    }

    #[expect(clippy::too_many_arguments, reason = "one row of one table, written in one place")]
    async fn record_segment(
        &self,
        records: &[Record],
        first: u64,
        last: u64,
        path: &Path,
        hash: &[u8; 32],
        size: u64,
        now: Timestamp,
    ) -> Result<()> {
        let streams: std::collections::BTreeSet<String> =
            records.iter().filter_map(|r| r.origin.as_ref().map(|o| o.stream.to_string())).collect();
        let tx = self.begin().await?;
        let text =
            "INSERT INTO segment (from_position, to_position, path, sm3, bytes, sealed_at) VALUES (?, ?, ?, ?, ?, ?)";
        let values = vec![
            sql::int(first),
            sql::int(last),
            path.to_string_lossy().into_owned().into(),
            hash.to_vec().into(),
            sql::int(size),
            now.millis().into(),
        ];
        sql::execute(tx.db(), text, values).await?;
        for stream in streams {
            let text = "INSERT INTO segment_stream (stream, from_position) VALUES (?, ?)";
            sql::execute(tx.db(), text, vec![stream.into(), sql::int(first)]).await?;
        }
        tx.commit().await
    }

    /// Deletes rows that a recorded segment holds, in chunks, so that writers in between are not held up.
    async fn delete_sealed(&self, to: u64) -> Result<()> {
        if to == 0 {
            return Ok(());
        }
        loop {
            let text = "SELECT MIN(position) FROM journal WHERE position <= ?";
            let least: Option<Option<i64>> = sql::scalar(self.reader(), text, vec![sql::int(to)]).await?;
            let Some(least) = least.flatten() else {
                return Ok(());
            };
            let tx = self.begin().await?;
            let until = (sql::uint(least) + 2047).min(to);
            sql::execute(tx.db(), "DELETE FROM journal WHERE position <= ?", vec![sql::int(until)]).await?;
            tx.commit().await?;
        }
    }

    /// The records of the segment that holds the position behind `after`, if one does.
    pub(crate) async fn sealed_records(&self, after: u64) -> Result<Option<Vec<Record>>> {
        let text = "SELECT path, sm3 FROM segment WHERE from_position <= ? AND to_position >= ?";
        let next = sql::int(after + 1);
        match sql::row(self.reader(), text, vec![next.clone(), next]).await? {
            None => Ok(None),
            Some(row) => Ok(Some(load(row.try_get_by_index(0)?, row.try_get_by_index(1)?).await?)),
        }
    }

    /// Up to `limit` records of these streams behind `after` that lie in segments.
    pub(crate) async fn sealed_of_streams(&self, streams: &[String], after: u64, limit: usize) -> Result<Vec<Record>> {
        let marks = vec!["?"; streams.len()].join(",");
        let text = format!(
            "SELECT path, sm3, to_position FROM segment WHERE to_position > ? AND from_position IN \
             (SELECT from_position FROM segment_stream WHERE stream IN ({marks})) ORDER BY from_position LIMIT 64"
        );
        let mut found = Vec::new();
        let mut behind = after;
        // A rare stream has few records in each of many segments: all of them are asked, some at a time.
        loop {
            let mut values = vec![sql::int(behind)];
            values.extend(streams.iter().map(|stream| stream.as_str().into()));
            let segments = sql::rows(self.reader(), &text, values).await?;
            for row in &segments {
                let records = load(row.try_get_by_index(0)?, row.try_get_by_index(1)?).await?;
                found.extend(records.into_iter().filter(|record| {
                    let stream = record.origin.as_ref().map(|origin| origin.stream.to_string());
                    record.position > after && stream.is_some_and(|stream| streams.contains(&stream))
                }));
                if found.len() >= limit {
                    found.truncate(limit);
                    return Ok(found);
                }
                behind = sql::uint(row.try_get_by_index(2)?);
            }
            if segments.is_empty() {
                return Ok(found);
            }
        }
    }
}

/// Reads a segment file and proves that it is the recorded one. Every error names the file.
async fn load(path: String, hash: Vec<u8>) -> Result<Vec<Record>> {
    let work = move || {
        let damaged = |why: String| StoreError::damaged("segment", format!("{path}: {why}"));
        let bytes = std::fs::read(&path).map_err(|error| damaged(error.to_string()))?;
        if sm3(&bytes).as_slice() != hash {
            return Err(damaged("hash differs from the recorded one".into()));
        }
        unpack(&bytes).map_err(|error| damaged(error.to_string()))
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::damaged("segment reader", error.to_string()))?
}
