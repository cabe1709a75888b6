//! Reading the journal: one interface over the table and the sealed segments behind it.
//!
//! Writing it belongs to [`crate::outbox`] (own records) and [`crate::relay`] (records of other nodes).

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult};
use suyuan_crypto::hash::sm3_parts;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::record::{Digest, Origin, Record};

use crate::db::{Store, Tx};
use crate::error::{ChainFault, StoreError};
use crate::head::Head;
use crate::{Result, sql};

pub(crate) const COLUMNS: &str =
    "position, node, stream, epoch, seq, prev, hash, kind, object, part, term, version, at, payload, verdict";

pub(crate) struct JournalRow {
    position: i64,
    node: Option<String>,
    stream: Option<String>,
    epoch: Option<i64>,
    seq: Option<i64>,
    prev: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
    kind: String,
    object: Vec<u8>,
    part: String,
    term: i64,
    version: i64,
    at: i64,
    payload: Vec<u8>,
    verdict: Option<String>,
}

impl FromQueryResult for JournalRow {
    /// By place, as [`COLUMNS`] has them: to look up fifteen names for every row costs as much as reading it.
    fn from_query_result(row: &QueryResult, _: &str) -> std::result::Result<Self, DbErr> {
        Ok(Self {
            position: row.try_get_by_index(0)?,
            node: row.try_get_by_index(1)?,
            stream: row.try_get_by_index(2)?,
            epoch: row.try_get_by_index(3)?,
            seq: row.try_get_by_index(4)?,
            prev: row.try_get_by_index(5)?,
            hash: row.try_get_by_index(6)?,
            kind: row.try_get_by_index(7)?,
            object: row.try_get_by_index(8)?,
            part: row.try_get_by_index(9)?,
            term: row.try_get_by_index(10)?,
            version: row.try_get_by_index(11)?,
            at: row.try_get_by_index(12)?,
            payload: row.try_get_by_index(13)?,
            verdict: row.try_get_by_index(14)?,
        })
    }
}

impl TryFrom<JournalRow> for Record {
    type Error = StoreError;

    fn try_from(row: JournalRow) -> Result<Self> {
        let origin = match (row.node, row.stream, row.epoch, row.seq, row.prev, row.hash) {
            (Some(node), Some(stream), Some(epoch), Some(seq), Some(prev), Some(hash)) => Some(Origin {
                node,
                stream: stream.parse().map_err(|_| StoreError::damaged("journal stream", stream))?,
                epoch: u32::try_from(epoch).unwrap_or(1),
                seq: sql::uint(seq),
                prev: sql::digest(&prev)?,
                hash: sql::digest(&hash)?,
            }),
            _ => None,
        };
        Ok(Self {
            position: sql::uint(row.position),
            origin,
            kind: row.kind,
            object: sql::object(&row.object)?,
            part: row.part,
            term: u32::try_from(row.term).unwrap_or(1),
            version: sql::uint(row.version),
            at: Timestamp::from_millis(row.at),
            payload: row.payload,
            verdict: row.verdict,
        })
    }
}

/// The hash that the record's own bytes give. `None` for local records.
#[must_use]
pub fn hash_of(record: &Record) -> Option<Digest> {
    record.hashed_parts().map(|(header, payload)| sm3_parts(&[&header, payload]))
}

/// The head after `record`, if it continues `head` and its bytes have its hash. `None` where it is already there.
///
/// # Errors
/// The fault that keeps the record from being the next of its chain.
pub fn continue_chain(head: &Head, record: &Record) -> std::result::Result<Option<Head>, ChainFault> {
    let Some(origin) = &record.origin else {
        return Ok(None);
    };
    if origin.seq <= head.seq {
        // An origin that was restored from a backup and writes places anew that are taken here.
        if origin.epoch > head.epoch {
            return Err(ChainFault::Epoch { expected: head.epoch, got: origin.epoch });
        }
        let same = origin.seq != head.seq || origin.hash == head.hash;
        return if same { Ok(None) } else { Err(ChainFault::Fork { seq: origin.seq }) };
    }
    if origin.seq != head.seq + 1 {
        return Err(ChainFault::Gap { expected: head.seq + 1, got: origin.seq });
    }
    if origin.epoch < head.epoch {
        return Err(ChainFault::Epoch { expected: head.epoch, got: origin.epoch });
    }
    if origin.prev != head.hash {
        return Err(ChainFault::Fork { seq: origin.seq });
    }
    if hash_of(record) != Some(origin.hash) {
        return Err(ChainFault::Hash { seq: origin.seq });
    }
    Ok(Some(Head {
        node: head.node.clone(),
        stream: head.stream.clone(),
        epoch: origin.epoch,
        seq: origin.seq,
        hash: origin.hash,
    }))
}

pub(crate) async fn last_position<C: ConnectionTrait>(db: &C) -> Result<u64> {
    let text = "SELECT value FROM counter WHERE name = 'position'";
    Ok(sql::scalar::<_, i64>(db, text, vec![]).await?.map_or(0, sql::uint))
}

impl Store {
    /// The last position given.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn last_position(&self) -> Result<u64> {
        last_position(self.reader()).await
    }

    /// Up to `limit` records behind `after`, in order of position, from segments or table.
    ///
    /// Positions have no holes, so a reader that passes none over has missed nothing.
    ///
    /// # Errors
    /// When the database is out of reach, a segment is missing or damaged, or the next position is nowhere.
    pub async fn read_journal(&self, after: u64, limit: usize) -> Result<Vec<Record>> {
        // A range that is sealed between the two looks is found at the second try.
        for _ in 0..2 {
            if self.last_position().await? <= after {
                return Ok(Vec::new());
            }
            if let Some(sealed) = self.sealed_records(after).await? {
                return Ok(sealed.into_iter().filter(|r| r.position > after).take(limit).collect());
            }
            let text = format!("SELECT {COLUMNS} FROM journal WHERE position > ? ORDER BY position LIMIT ?");
            let values = vec![sql::int(after), sql::int(limit as u64)];
            let rows: Vec<JournalRow> = sql::all(self.reader(), &text, values).await?;
            if limit == 0 || rows.first().is_some_and(|row| sql::uint(row.position) == after + 1) {
                return rows.into_iter().map(Record::try_from).collect();
            }
        }
        Err(StoreError::damaged("journal", format!("position {} is neither in the table nor in a segment", after + 1)))
    }

    /// Up to `limit` records of the named streams behind `after`, in order of position.
    ///
    /// # Errors
    /// When the database is out of reach, or a segment is missing or damaged.
    pub async fn read_streams(&self, streams: &[String], after: u64, limit: usize) -> Result<Vec<Record>> {
        if streams.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        loop {
            let sealed = self.sealed_to().await?;
            let mut found = self.sealed_of_streams(streams, after, limit).await?;
            if found.len() < limit {
                let from = found.last().map_or(after, |record| record.position);
                found.extend(self.unsealed_of_streams(streams, from, limit - found.len()).await?);
                // What was sealed between the two looks would be missing.
                if self.sealed_to().await? != sealed {
                    continue;
                }
            }
            return Ok(found);
        }
    }

    async fn unsealed_of_streams(&self, streams: &[String], after: u64, limit: usize) -> Result<Vec<Record>> {
        let marks = vec!["?"; streams.len()].join(",");
        let text = format!(
            "SELECT {COLUMNS} FROM journal WHERE stream IN ({marks}) AND position > ? ORDER BY position LIMIT ?"
        );
        let mut values: Vec<sea_orm::Value> = streams.iter().map(|s| s.as_str().into()).collect();
        values.extend([sql::int(after), sql::int(limit as u64)]);
        let rows: Vec<JournalRow> = sql::all(self.reader(), &text, values).await?;
        rows.into_iter().map(Record::try_from).collect()
    }

    /// How many records of these streams wait behind `after` in the table, and when the oldest was written.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn backlog(&self, streams: &[String], after: u64) -> Result<(u64, Option<Timestamp>)> {
        if streams.is_empty() {
            return Ok((0, None));
        }
        let marks = vec!["?"; streams.len()].join(",");
        let text = format!("SELECT COUNT(*), MIN(at) FROM journal WHERE stream IN ({marks}) AND position > ?");
        let mut values: Vec<sea_orm::Value> = streams.iter().map(|s| s.as_str().into()).collect();
        values.push(sql::int(after));
        let Some(row) = sql::row(self.reader(), &text, values).await? else {
            return Ok((0, None));
        };
        let count: i64 = row.try_get_by_index(0)?;
        let oldest: Option<i64> = row.try_get_by_index(1)?;
        Ok((sql::uint(count), oldest.map(Timestamp::from_millis)))
    }

    /// Every stream that this node knows and that begins with `prefix`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn streams_with_prefix(&self, prefix: &str) -> Result<Vec<String>> {
        // Not compared there: how texts sort is the database's business, and differs.
        let rows = sql::rows(self.reader(), "SELECT DISTINCT stream FROM stream_head", vec![]).await?;
        let mut streams = rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect::<Result<Vec<String>>>()?;
        streams.retain(|stream| stream.starts_with(prefix));
        streams.sort_unstable();
        Ok(streams)
    }
}

impl Tx {
    /// Waits for whoever gives positions now, and keeps others waiting until this transaction ends. Taken before heads,
    /// by everybody, so that no two wait for each other. SQLite has one writer anyway.
    pub(crate) async fn lock_positions(&self) -> Result<()> {
        if !self.is_sqlite() {
            sql::execute(self.db(), "SELECT value FROM counter WHERE name = 'position' FOR UPDATE", vec![]).await?;
        }
        Ok(())
    }

    /// Takes `count` positions and gives the first.
    pub(crate) async fn take_positions(&self, count: u64) -> Result<u64> {
        Ok(self.advance("position", count).await? + 1 - count)
    }

    /// Writes records whose places are settled.
    pub(crate) async fn insert_journal(&self, records: &[Record]) -> Result<()> {
        let mut values = Vec::with_capacity(records.len() * 15);
        for record in records {
            let origin = record.origin.as_ref();
            values.extend([
                sql::int(record.position),
                origin.map(|o| o.node.clone()).into(),
                origin.map(|o| o.stream.to_string()).into(),
                origin.map(|o| i64::from(o.epoch)).into(),
                origin.map(|o| i64::try_from(o.seq).unwrap_or(i64::MAX)).into(),
                origin.map(|o| o.prev.to_vec()).into(),
                origin.map(|o| o.hash.to_vec()).into(),
                record.kind.as_str().into(),
                sql::id(record.object),
                record.part.as_str().into(),
                i64::from(record.term).into(),
                sql::int(record.version),
                record.at.millis().into(),
                record.payload.clone().into(),
                record.verdict.clone().into(),
            ]);
        }
        sql::insert_many(self.db(), &format!("INSERT INTO journal ({COLUMNS}) VALUES"), 15, values, "").await?;
        Ok(())
    }
}
