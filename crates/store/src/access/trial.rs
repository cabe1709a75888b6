//! What is kept of systems that do not count yet: answers and rows of a trial (试运行), and runs of the self-test
//! (接入自测). Nothing here is part of the journal.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;

use crate::db::{Store, Tx};
use crate::intake::StoredAnswer;
use crate::{Result, sql};

/// A message of a system on trial, as it was answered.
#[derive(Clone, Debug)]
pub struct TrialMessage<'a> {
    /// Code of the system.
    pub system: &'a str,
    /// The system's message id.
    pub message: &'a str,
    /// Outside form.
    pub format: &'a str,
    /// Rows received, accepted, rejected, duplicate.
    pub counts: [u64; 4],
    /// Hash of the body and the answer.
    pub answer: &'a StoredAnswer,
}

/// An accepted row of a system on trial.
#[derive(Clone, Debug)]
pub struct TrialRow {
    /// Subject that reported it.
    pub subject: String,
    /// The sender's identifier.
    pub event_id: String,
    /// Row within the message, from 0.
    pub row: u64,
    /// The row as it came, cut to a bounded length.
    pub raw: String,
}

/// A run of the self-test.
#[derive(Clone, Debug, FromQueryResult)]
pub struct SelftestRow {
    /// Number on this node.
    pub id: i64,
    /// Code of the system, or number of the application.
    pub owner: String,
    /// When, in milliseconds UTC.
    pub at: i64,
    /// Who ran it.
    pub actor: String,
    /// Version of the catalogue of clauses.
    pub catalogue: String,
    /// 1 where every necessary clause was passed.
    pub ready: i64,
    /// The result, JSON.
    pub result: String,
}

const RUN: &str = "id, owner, at, actor, catalogue, ready, result";

impl Tx {
    /// The answer that a message of a trial got before.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn trial_answer(&self, system: &str, message: &str) -> Result<Option<StoredAnswer>> {
        let text = "SELECT body_hash, answer FROM access_trial WHERE system = ? AND message = ?";
        let Some(row) = sql::row(self.db(), text, vec![system.into(), message.into()]).await? else { return Ok(None) };
        let hash: Vec<u8> = row.try_get_by_index(0)?;
        Ok(Some(StoredAnswer { body_hash: sql::digest(&hash)?, answer: row.try_get_by_index(1)? }))
    }

    /// Which of these identifiers the subject has used during the trial.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn trial_known(&self, system: &str, subject: &str, event_id: &str) -> Result<bool> {
        let text = "SELECT 1 FROM access_trial_row WHERE system = ? AND subject = ? AND event_id = ?";
        Ok(sql::row(self.db(), text, vec![system.into(), subject.into(), event_id.into()]).await?.is_some())
    }

    /// Keeps a message of a trial with its accepted rows.
    ///
    /// # Errors
    /// When it was answered in the meantime, or the database refuses.
    pub async fn keep_trial(&self, message: &TrialMessage<'_>, rows: Vec<TrialRow>, now: Timestamp) -> Result<()> {
        let text = "INSERT INTO access_trial (system, message, body_hash, format, received, accepted, rejected, duplicate, \
                    answer, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let [received, accepted, rejected, duplicate] = message.counts.map(sql::int);
        let bound = vec![
            message.system.into(),
            message.message.into(),
            message.answer.body_hash.to_vec().into(),
            message.format.into(),
            received,
            accepted,
            rejected,
            duplicate,
            message.answer.answer.as_str().into(),
            now.millis().into(),
        ];
        sql::execute(self.db(), text, bound).await?;
        let values = rows
            .into_iter()
            .flat_map(|row| {
                [
                    message.system.into(),
                    row.subject.into(),
                    row.event_id.into(),
                    message.message.into(),
                    sql::int(row.row),
                    row.raw.into(),
                    now.millis().into(),
                ]
            })
            .collect();
        let head = "INSERT INTO access_trial_row (system, subject, event_id, message, row_no, raw, at) VALUES";
        sql::insert_many(self.db(), head, 7, values, "ON CONFLICT (system, subject, event_id) DO NOTHING").await?;
        Ok(())
    }

    /// Keeps a run of the self-test and gives its number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_selftest(&self, run: &SelftestRow) -> Result<i64> {
        let text = "INSERT INTO access_selftest (owner, at, actor, catalogue, ready, result) VALUES (?, ?, ?, ?, ?, ?) \
                    RETURNING id";
        let bound = vec![
            run.owner.as_str().into(),
            run.at.into(),
            run.actor.as_str().into(),
            run.catalogue.as_str().into(),
            run.ready.into(),
            run.result.as_str().into(),
        ];
        Ok(sql::scalar(self.db(), text, bound).await?.unwrap_or(0))
    }
}

impl Store {
    /// The newest runs of the self-test of any of these owners, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn selftests(&self, owners: &[&str], limit: usize) -> Result<Vec<SelftestRow>> {
        let marks = vec!["?"; owners.len().max(1)].join(",");
        let text = format!("SELECT {RUN} FROM access_selftest WHERE owner IN ({marks}) ORDER BY id DESC LIMIT ?");
        let mut bound: Vec<sea_orm::Value> = owners.iter().map(|owner| (*owner).into()).collect();
        if bound.is_empty() {
            bound.push("".into());
        }
        bound.push(sql::int(limit as u64));
        sql::all(self.reader(), &text, bound).await
    }

    /// Forgets up to `limit` messages and rows of trials from before a moment. Gives how many rows.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn expire_trials(&self, before: Timestamp, limit: u64) -> Result<u64> {
        let rows = "DELETE FROM access_trial_row WHERE (system, subject, event_id) IN \
                    (SELECT system, subject, event_id FROM access_trial_row WHERE at < ? ORDER BY at LIMIT ?)";
        let messages = "DELETE FROM access_trial WHERE (system, message) IN \
                        (SELECT system, message FROM access_trial WHERE at < ? ORDER BY at LIMIT ?)";
        let bound = vec![before.millis().into(), sql::int(limit)];
        let gone = self.delete_some(rows, bound.clone()).await?;
        Ok(gone + self.delete_some(messages, bound).await?)
    }

    /// Messages and rows that a system sent during its trial: messages, rows received, accepted, rejected.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn trial_totals(&self, system: &str) -> Result<[u64; 4]> {
        let text = "SELECT COUNT(*), CAST(COALESCE(SUM(received), 0) AS BIGINT), \
                    CAST(COALESCE(SUM(accepted), 0) AS BIGINT), CAST(COALESCE(SUM(rejected), 0) AS BIGINT) \
                    FROM access_trial WHERE system = ?";
        let Some(row) = sql::row(self.reader(), text, vec![system.into()]).await? else { return Ok([0; 4]) };
        let mut totals = [0; 4];
        for (place, total) in totals.iter_mut().enumerate() {
            *total = sql::uint(row.try_get_by_index(place)?);
        }
        Ok(totals)
    }
}
