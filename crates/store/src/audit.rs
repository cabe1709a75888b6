//! The audit trail (审计日志): dense, chained by SM3, written in the transaction of what it tells of, never changed.
//!
//! Signed ends of days lie in [`head`], proofs over the stored rows in [`walk`], figures in [`figure`], rows of other
//! applications in [`outside`]. What a row may hold is decided in `suyuan-service`. Rows: G-5.4.3, H-6.5, H-9.

pub mod figure;
pub mod head;
pub mod outside;
pub mod walk;

use sea_orm::FromQueryResult;
use suyuan_crypto::hash::{Digest, sm3_parts};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::scope::{CodeRange, Scope};

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, like_end, page};
use crate::{Result, sql};

/// One row of the trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who: name for signing in, code of a system or node, or name of a job.
    pub actor: String,
    /// Code of the actor's role; empty for the node's own work.
    pub role: String,
    /// Division the actor works for.
    pub division: String,
    /// Network address; may be empty.
    pub address: String,
    /// What was done, such as `subject.approve`.
    pub action: String,
    /// Kind of the object.
    pub object_kind: String,
    /// The object; may be empty.
    pub object_id: String,
    /// `ok`, `denied` or `failed`.
    pub result: String,
    /// Why; may be empty.
    pub reason: String,
    /// What was before, JSON or a word.
    pub before: Option<String>,
    /// What is after, JSON or a word.
    pub after: Option<String>,
    /// Joins the row with the log.
    pub request_id: String,
}

/// A row of the trail with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Place in the trail, from 1.
    pub seq: u64,
    /// The row.
    pub entry: AuditEntry,
    /// Hash of the row before.
    pub prev: Digest,
    /// Hash of this row.
    pub hash: Digest,
}

/// What a list of the trail is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// First moment.
    pub from: Option<Timestamp>,
    /// Moment after the last.
    pub to: Option<Timestamp>,
    /// Who.
    pub actor: Option<String>,
    /// Role of who did it.
    pub role: Option<String>,
    /// What was done; a text that ends in a dot stands for all actions that begin so.
    pub action: Option<String>,
    /// Kind of the object.
    pub object_kind: Option<String>,
    /// The object.
    pub object: Option<String>,
    /// How it ended.
    pub result: Option<String>,
    /// Network address.
    pub address: Option<String>,
    /// Words in the object, the reason, or what was before or after.
    pub words: Option<String>,
    /// Divisions of the actors, as ranges.
    pub divisions: Option<Vec<CodeRange>>,
}

impl AuditFilter {
    fn conditions(&self, scope: &Scope) -> Conditions {
        let mut conditions = Conditions::in_scope(scope, "division", None);
        if let Some(ranges) = &self.divisions {
            conditions.in_ranges("division", ranges);
        }
        if let Some(from) = self.from {
            conditions.push("at >= ?", vec![from.millis().into()]);
        }
        if let Some(to) = self.to {
            conditions.push("at < ?", vec![to.millis().into()]);
        }
        match self.action.as_deref() {
            Some(group) if group.ends_with('.') => {
                // No range: how a dot sorts differs between databases.
                conditions.push("action LIKE ? ESCAPE '\\'", vec![like_end(group, "").into()]);
            }
            action => conditions.equal("action", action),
        }
        conditions.equal("actor", self.actor.as_deref());
        conditions.equal("role", self.role.as_deref());
        conditions.equal("object_kind", self.object_kind.as_deref());
        conditions.equal("object_id", self.object.as_deref());
        conditions.equal("result", self.result.as_deref());
        conditions.equal("address", self.address.as_deref());
        conditions.contain(&["object_id", "reason", "before_doc", "after_doc"], self.words.as_deref());
        conditions
    }
}

#[derive(FromQueryResult)]
struct Row {
    seq: i64,
    at: i64,
    actor: String,
    role: String,
    division: String,
    address: String,
    action: String,
    object_kind: String,
    object_id: String,
    result: String,
    reason: String,
    before_doc: Option<String>,
    after_doc: Option<String>,
    request_id: String,
    prev: Vec<u8>,
    hash: Vec<u8>,
}

impl TryFrom<Row> for AuditRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            seq: sql::uint(row.seq),
            prev: sql::digest(&row.prev)?,
            hash: sql::digest(&row.hash)?,
            entry: AuditEntry {
                at: Timestamp::from_millis(row.at),
                actor: row.actor,
                role: row.role,
                division: row.division,
                address: row.address,
                action: row.action,
                object_kind: row.object_kind,
                object_id: row.object_id,
                result: row.result,
                reason: row.reason,
                before: row.before_doc,
                after: row.after_doc,
                request_id: row.request_id,
            },
        })
    }
}

const COLUMNS: &str = "seq, at, actor, role, division, address, action, object_kind, object_id, result, reason, \
                       before_doc, after_doc, request_id, prev, hash";

/// The hash of a row: `SYA1`, place, moment, each text with its length, then the hash before it.
fn hash_of(seq: u64, entry: &AuditEntry, prev: &Digest) -> Digest {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(b"SYA1");
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&entry.at.millis().to_be_bytes());
    let texts = [
        Some(&entry.actor),
        Some(&entry.role),
        Some(&entry.division),
        Some(&entry.address),
        Some(&entry.action),
        Some(&entry.object_kind),
        Some(&entry.object_id),
        Some(&entry.result),
        Some(&entry.reason),
        entry.before.as_ref(),
        entry.after.as_ref(),
        Some(&entry.request_id),
    ];
    for text in texts {
        // A missing text and an empty one are different.
        let length = text.map_or(u32::MAX, |text| u32::try_from(text.len()).unwrap_or(u32::MAX - 1));
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(text.map_or(&[], |text| text.as_bytes()));
    }
    sm3_parts(&[&bytes, prev])
}

impl Tx {
    /// Adds a row to the trail; gives its place.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<u64> {
        // The counter's row stays locked until the end of the transaction: nobody else can be last meanwhile.
        let seq = self.advance("audit", 1).await?;
        let text = "SELECT hash FROM audit WHERE seq = ?";
        let last: Option<Vec<u8>> = sql::scalar(self.db(), text, vec![sql::int(seq - 1)]).await?;
        let prev = match last {
            Some(bytes) => sql::digest(&bytes)?,
            None if seq == 1 => [0; 32],
            None => return Err(StoreError::damaged("audit", format!("row {} is missing", seq - 1))),
        };
        let hash = hash_of(seq, entry, &prev);
        let marks = vec!["?"; 16].join(",");
        let bound = vec![
            sql::int(seq),
            entry.at.millis().into(),
            entry.actor.as_str().into(),
            entry.role.as_str().into(),
            entry.division.as_str().into(),
            entry.address.as_str().into(),
            entry.action.as_str().into(),
            entry.object_kind.as_str().into(),
            entry.object_id.as_str().into(),
            entry.result.as_str().into(),
            entry.reason.as_str().into(),
            entry.before.clone().into(),
            entry.after.clone().into(),
            entry.request_id.as_str().into(),
            prev.to_vec().into(),
            hash.to_vec().into(),
        ];
        sql::execute(self.db(), &format!("INSERT INTO audit ({COLUMNS}) VALUES ({marks})"), bound).await?;
        Ok(seq)
    }
}

impl Store {
    /// A page of the trail, newest first, before the place `before`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audit_rows(
        &self,
        scope: &Scope,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<AuditRow>> {
        let conditions = filter.conditions(scope);
        let keyset = before.map(|seq| ("seq < ?", vec![seq.into()]));
        let rows: Page<Row> = page(self.reader(), COLUMNS, "audit", conditions, keyset, "seq DESC", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(AuditRow::try_from).collect::<Result<_>>()?, more, count })
    }

    /// Whether the trail has a row of this request.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audited_request(&self, request_id: &str) -> Result<bool> {
        let text = "SELECT 1 FROM audit WHERE request_id = ? LIMIT 1";
        Ok(sql::row(self.reader(), text, vec![request_id.into()]).await?.is_some())
    }
}
