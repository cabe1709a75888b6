//! Proof over the audit trail (审计日志校验): from the stored rows alone, page by page, compared with ends that were signed.
//!
//! A fault is a value, not an error: whoever asked wants to know which row it is. Rows: G-5.4.3c, H-6.5.

use suyuan_crypto::hash::Digest;
use suyuan_domain::clock::Timestamp;

use super::{AuditRow, COLUMNS, Row, hash_of};
use crate::db::Store;
use crate::{Result, sql};

/// Rows read at once.
const PAGE: u64 = 2_000;

/// A place of the trail that somebody has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Place of the row.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
    /// Where this is known from, for people.
    pub by: String,
}

/// What is wrong with a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The row is not what was hashed.
    Altered,
    /// The row is sound in itself but does not follow the one before it: it, or that one, was put in later.
    Unlinked,
    /// The row is not there.
    Missing,
    /// The row stands where none was written.
    Added,
    /// Everything was hashed anew: the row is not the one that was signed.
    Rewritten,
}

/// The first thing that is wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFault {
    /// What.
    pub flaw: Flaw,
    /// Place of the row.
    pub seq: u64,
    /// When it was written; of a missing row, when the one before it was.
    pub at: Option<Timestamp>,
    /// What the row tells of; of a missing row, the one before it.
    pub action: String,
    /// What it was compared with, where that was something signed.
    pub by: String,
}

/// How far a trail was walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Rows that were looked at.
    pub rows: u64,
    /// Place of the last one.
    pub seq: u64,
    /// When the last one was written.
    pub at: Option<Timestamp>,
}

/// What comes of a walk.
pub type Verdict = std::result::Result<Walked, AuditFault>;

struct Walk<'a> {
    prev: Digest,
    last: Option<(Timestamp, String)>,
    walked: Walked,
    anchors: &'a [Anchor],
}

impl Walk<'_> {
    fn fault(&self, flaw: Flaw, seq: u64, by: &str) -> AuditFault {
        let (at, action) = self.last.clone().map_or((None, String::new()), |(at, action)| (Some(at), action));
        AuditFault { flaw, seq, at, action, by: by.to_owned() }
    }

    fn step(&mut self, row: Row) -> std::result::Result<(), AuditFault> {
        let (raw, expected) = (row.seq, self.walked.seq + 1);
        let told = (Timestamp::from_millis(row.at), row.action.clone());
        let seq = sql::uint(raw);
        if seq > expected {
            return Err(self.fault(Flaw::Missing, expected, ""));
        }
        self.last = Some(told.clone());
        if seq < expected {
            return Err(self.fault(Flaw::Added, seq, ""));
        }
        let Ok(row) = AuditRow::try_from(row) else { return Err(self.fault(Flaw::Altered, seq, "")) };
        if row.hash != hash_of(seq, &row.entry, &row.prev) {
            return Err(self.fault(Flaw::Altered, seq, ""));
        }
        if row.prev != self.prev {
            return Err(self.fault(Flaw::Unlinked, seq, ""));
        }
        if let Some(anchor) = self.anchors.iter().find(|anchor| anchor.seq == seq && anchor.hash != row.hash) {
            return Err(self.fault(Flaw::Rewritten, seq, &anchor.by));
        }
        self.prev = row.hash;
        self.walked = Walked { rows: self.walked.rows + 1, seq, at: Some(told.0) };
        Ok(())
    }

    /// What has to be there behind the last row.
    fn ending(&self, target: u64, until: Option<u64>) -> std::result::Result<(), AuditFault> {
        let next = self.walked.seq + 1;
        let wanted = |anchor: &&Anchor| anchor.seq >= next && until.is_none_or(|until| anchor.seq <= until);
        if let Some(anchor) = self.anchors.iter().find(wanted) {
            return Err(self.fault(Flaw::Missing, next, &anchor.by));
        }
        if next <= target { Err(self.fault(Flaw::Missing, next, "")) } else { Ok(()) }
    }
}

impl Store {
    /// Walks the trail behind `from` (its beginning without one) up to the place `until` (its end without one), and
    /// compares it with `anchors` on the way.
    ///
    /// # Errors
    /// When the database is out of reach; a fault of the trail is no error.
    pub async fn walk_audit(&self, from: Option<&Anchor>, until: Option<u64>, anchors: &[Anchor]) -> Result<Verdict> {
        let counted = "SELECT value FROM counter WHERE name = 'audit'";
        let counted: Option<i64> = sql::scalar(self.reader(), counted, vec![]).await?;
        let end = counted.map_or(0, sql::uint);
        let target = until.map_or(end, |until| until.min(end));
        let (start, prev) = from.map_or((0, [0; 32]), |anchor| (anchor.seq, anchor.hash));
        let mut walk = Walk { prev, last: None, walked: Walked { rows: 0, seq: start, at: None }, anchors };
        // From the very first, so that rows before the first place are seen as well.
        let mut behind = from.map_or(i64::MIN, |anchor| i64::try_from(anchor.seq).unwrap_or(i64::MAX));
        let text = format!("SELECT {COLUMNS} FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?");
        loop {
            let bound = vec![behind.into(), sql::int(target), sql::int(PAGE)];
            let rows: Vec<Row> = sql::all(self.reader(), &text, bound).await?;
            let Some(last) = rows.last() else { break };
            behind = last.seq;
            for row in rows {
                if let Err(fault) = walk.step(row) {
                    return Ok(Err(fault));
                }
            }
        }
        if let Err(fault) = walk.ending(target, until) {
            return Ok(Err(fault));
        }
        if until.is_none()
            && let Some(fault) = self.beyond().await?
        {
            return Ok(Err(fault));
        }
        Ok(Ok(walk.walked))
    }

    /// A row behind the last place that was ever given.
    async fn beyond(&self) -> Result<Option<AuditFault>> {
        let text = format!(
            "SELECT {COLUMNS} FROM audit WHERE seq > (SELECT value FROM counter WHERE name = 'audit') ORDER BY seq LIMIT 1"
        );
        let row: Option<Row> = sql::one(self.reader(), &text, vec![]).await?;
        Ok(row.map(|row| AuditFault {
            flaw: Flaw::Added,
            seq: sql::uint(row.seq),
            at: Some(Timestamp::from_millis(row.at)),
            action: row.action,
            by: String::new(),
        }))
    }
}
