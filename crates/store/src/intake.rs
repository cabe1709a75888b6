//! Intake: which messages were answered how, which event identifiers are taken, which rows were set aside, who reported.
//!
//! (system, message id) → stored answer for 30 days; event identifiers for 45 days, then in the warehouse. Rows: G-8,
//! G-6.4.1a, H-6.2.

use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};

use crate::db::{Store, Tx};
use crate::filter::{Conditions, Page, like_end, page};
use crate::{Result, sql};

/// Begins the name of what is entered by hand in the console, in place of a connected system's code; the division and
/// [`Scope::desk`] follow.
pub const BY_HAND: &str = "MANUAL-";

/// The stored answer to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Hash of the message's body.
    pub body_hash: [u8; 32],
    /// The answer, JSON.
    pub answer: String,
}

/// An event identifier with the object and version it names now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventKey {
    /// Subject that reported it.
    pub subject: String,
    /// The sender's identifier.
    pub event_id: String,
    /// The event.
    pub object: ObjectId,
    /// Its version.
    pub version: u64,
}

/// One answered batch.
#[derive(Clone, Debug, FromQueryResult, Serialize)]
pub struct BatchRow {
    /// Number on this node.
    pub id: i64,
    /// Connected system.
    pub system: String,
    /// The system's message id.
    pub message: String,
    /// Outside form.
    pub format: String,
    /// Division of the system.
    pub division: String,
    /// Rows received.
    pub received: i64,
    /// Rows accepted.
    pub accepted: i64,
    /// Rows rejected.
    pub rejected: i64,
    /// Rows that were already there.
    pub duplicate: i64,
    /// When, in milliseconds UTC.
    pub at: i64,
}

/// A row that was set aside.
#[derive(Clone, Debug, FromQueryResult, Serialize)]
pub struct RejectRow {
    /// Number on this node.
    pub id: i64,
    /// Connected system.
    pub system: String,
    /// The system's message id.
    pub message: String,
    /// Row within the message, from 0.
    pub row_no: i64,
    /// Division of the system.
    pub division: String,
    /// Its faults, JSON.
    pub faults: String,
    /// The row as it came.
    pub raw: String,
    /// When, in milliseconds UTC.
    pub at: i64,
}

/// A row of one of the two lists of intake.
pub trait IntakeRow: FromQueryResult {
    /// The table.
    const TABLE: &'static str;
    /// Its columns, as the row names them.
    const COLUMNS: &'static str;
}

impl IntakeRow for BatchRow {
    const TABLE: &'static str = "intake_batch";
    const COLUMNS: &'static str = "id, system, message, format, division, received, accepted, rejected, duplicate, at";
}

impl IntakeRow for RejectRow {
    const TABLE: &'static str = "reject";
    const COLUMNS: &'static str = "id, system, message, row_no, division, faults, raw, at";
}

/// What a list of intake is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct IntakeFilter {
    /// Divisions, as ranges.
    pub divisions: Option<Vec<CodeRange>>,
    /// Connected system.
    pub system: Option<String>,
    /// Number before which the page begins.
    pub before: Option<i64>,
    /// Rows of the page.
    pub limit: usize,
}

/// A new row to be set aside.
#[derive(Clone, Debug)]
pub struct NewReject {
    /// Row within the message, from 0.
    pub row: u64,
    /// Its faults, JSON.
    pub faults: String,
    /// The row as it came, cut to a bounded length.
    pub raw: String,
}

/// What a batch held.
#[derive(Clone, Debug)]
pub struct NewBatch<'a> {
    /// The batch as an object of the journal.
    pub object: ObjectId,
    /// Connected system.
    pub system: &'a str,
    /// The system's message id.
    pub message: &'a str,
    /// Outside form.
    pub format: &'a str,
    /// Division of the system.
    pub division: &'a str,
    /// Rows received, accepted, rejected, duplicate.
    pub counts: [u64; 4],
}

/// Since when a thing has been heard of.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub struct Activity {
    /// Code of the system or device.
    pub code: String,
    /// Last accepted report, milliseconds UTC.
    pub last_report_at: Option<i64>,
    /// Last sign of life, milliseconds UTC.
    pub last_seen_at: Option<i64>,
    /// Events accepted in all.
    pub accepted: i64,
}

async fn answered<C: ConnectionTrait>(db: &C, system: &str, message: &str) -> Result<Option<StoredAnswer>> {
    let text = "SELECT body_hash, answer FROM intake_message WHERE system = ? AND message = ?";
    let Some(row) = sql::row(db, text, vec![system.into(), message.into()]).await? else { return Ok(None) };
    let hash: Vec<u8> = row.try_get_by_index(0)?;
    Ok(Some(StoredAnswer { body_hash: sql::digest(&hash)?, answer: row.try_get_by_index(1)? }))
}

impl Tx {
    /// The stored answer to this message, if it was answered before.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn answered(&self, system: &str, message: &str) -> Result<Option<StoredAnswer>> {
        answered(self.db(), system, message).await
    }

    /// Keeps the answer to a message.
    ///
    /// # Errors
    /// When the message was answered in the meantime, or the database refuses.
    pub async fn keep_answer(&self, system: &str, message: &str, answer: &StoredAnswer, now: Timestamp) -> Result<()> {
        let text = "INSERT INTO intake_message (system, message, body_hash, answer, at) VALUES (?, ?, ?, ?, ?)";
        let values = vec![
            system.into(),
            message.into(),
            answer.body_hash.to_vec().into(),
            answer.answer.as_str().into(),
            now.millis().into(),
        ];
        sql::execute(self.db(), text, values).await?;
        Ok(())
    }

    /// Which of these identifiers a subject has used before.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn event_keys(&self, subject: &str, event_ids: &[&str]) -> Result<Vec<EventKey>> {
        let mut found = Vec::new();
        for chunk in event_ids.chunks(400) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text =
                format!("SELECT event_id, object, version FROM event_key WHERE subject = ? AND event_id IN ({marks})");
            let mut values: Vec<sea_orm::Value> = vec![subject.into()];
            values.extend(chunk.iter().map(|id| sea_orm::Value::from(*id)));
            for row in sql::rows(self.db(), &text, values).await? {
                found.push(EventKey {
                    subject: subject.to_owned(),
                    event_id: row.try_get_by_index(0)?,
                    object: sql::object(&row.try_get_by_index::<Vec<u8>>(1)?)?,
                    version: sql::uint(row.try_get_by_index(2)?),
                });
            }
        }
        Ok(found)
    }

    /// Keeps identifiers; one that is there gets the new version.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_event_keys(&self, keys: &[EventKey], now: Timestamp) -> Result<()> {
        let values = keys
            .iter()
            .flat_map(|key| {
                [
                    key.subject.as_str().into(),
                    key.event_id.as_str().into(),
                    sql::id(key.object),
                    sql::int(key.version),
                    now.millis().into(),
                ]
            })
            .collect();
        let head = "INSERT INTO event_key (subject, event_id, object, version, at) VALUES";
        let tail = "ON CONFLICT (subject, event_id) DO UPDATE SET version = excluded.version, at = excluded.at";
        sql::insert_many(self.db(), head, 5, values, tail).await?;
        Ok(())
    }

    /// Notes a batch with the rows that were set aside, and that the system was heard of.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_batch(&self, batch: &NewBatch<'_>, rejects: Vec<NewReject>, now: Timestamp) -> Result<()> {
        let [received, accepted, rejected, duplicate] = batch.counts.map(sql::int);
        let text = "INSERT INTO intake_batch (object, system, message, format, division, received, accepted, rejected, \
                    duplicate, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object) DO NOTHING";
        let values = vec![
            sql::id(batch.object),
            batch.system.into(),
            batch.message.into(),
            batch.format.into(),
            batch.division.into(),
            received,
            accepted.clone(),
            rejected,
            duplicate,
            now.millis().into(),
        ];
        sql::execute(self.db(), text, values).await?;
        let rows = rejects
            .into_iter()
            .flat_map(|reject| {
                [
                    batch.system.into(),
                    batch.message.into(),
                    sql::int(reject.row),
                    batch.division.into(),
                    reject.faults.into(),
                    reject.raw.into(),
                    now.millis().into(),
                ]
            })
            .collect();
        let head = "INSERT INTO reject (system, message, row_no, division, faults, raw, at) VALUES";
        sql::insert_many(self.db(), head, 7, rows, "").await?;
        self.heard_of("access", batch.system, Some(now), now, batch.counts[1]).await
    }

    /// Notes that a system or device was heard of.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn heard_of(
        &self,
        kind: &str,
        code: &str,
        reported: Option<Timestamp>,
        now: Timestamp,
        accepted: u64,
    ) -> Result<()> {
        let text = "INSERT INTO activity (kind, code, last_report_at, last_seen_at, accepted) VALUES (?, ?, ?, ?, ?) \
                    ON CONFLICT (kind, code) DO UPDATE SET \
                    last_report_at = COALESCE(excluded.last_report_at, activity.last_report_at), \
                    last_seen_at = excluded.last_seen_at, accepted = activity.accepted + excluded.accepted";
        let values = vec![
            kind.into(),
            code.into(),
            reported.map(Timestamp::millis).into(),
            now.millis().into(),
            sql::int(accepted),
        ];
        sql::execute(self.db(), text, values).await?;
        Ok(())
    }
}

impl Store {
    /// The stored answer to this message, if it was answered.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn answered(&self, system: &str, message: &str) -> Result<Option<StoredAnswer>> {
        answered(self.reader(), system, message).await
    }

    /// When the systems or devices of a kind were last heard of.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn activities(&self, kind: &str) -> Result<Vec<Activity>> {
        let text = "SELECT code, last_report_at, last_seen_at, accepted FROM activity WHERE kind = ? ORDER BY code";
        sql::all(self.reader(), text, vec![kind.into()]).await
    }

    /// Deletes up to `limit` stored answers given before `before`; gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn expire_answers(&self, before: Timestamp, limit: u64) -> Result<u64> {
        let text = "DELETE FROM intake_message WHERE (system, message) IN \
                    (SELECT system, message FROM intake_message WHERE at < ? ORDER BY at LIMIT ?)";
        self.delete_some(text, vec![before.millis().into(), sql::int(limit)]).await
    }

    /// Deletes up to `limit` identifiers that were used last before `before`; gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn expire_event_keys(&self, before: Timestamp, limit: u64) -> Result<u64> {
        let text = "DELETE FROM event_key WHERE (subject, event_id) IN \
                    (SELECT subject, event_id FROM event_key WHERE at < ? ORDER BY at LIMIT ?)";
        self.delete_some(text, vec![before.millis().into(), sql::int(limit)]).await
    }

    /// Answered batches ([`BatchRow`]) or rows that were set aside ([`RejectRow`]), newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn intake<T: IntakeRow>(&self, scope: &Scope, filter: &IntakeFilter) -> Result<Page<T>> {
        let mut conditions = Conditions::in_scope(scope, "division", None);
        let own = like_end(BY_HAND, &scope.desk());
        conditions.of_systems(scope, "system", ("system LIKE ? ESCAPE '\\'", vec![own.into()]));
        if let Some(ranges) = &filter.divisions {
            conditions.in_ranges("division", ranges);
        }
        conditions.equal("system", filter.system.as_deref());
        let keyset = filter.before.map(|id| ("id < ?", vec![id.into()]));
        page(self.reader(), T::COLUMNS, T::TABLE, conditions, keyset, "id DESC", filter.limit).await
    }
}
