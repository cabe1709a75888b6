//! The queue of work that follows from a change: written in the change's own transaction, run later, kept until done.
//!
//! Running, retrying and scheduling belong to `suyuan-jobs`.

use sea_orm::FromQueryResult;
use serde::Serialize;
use suyuan_domain::clock::Timestamp;

use crate::db::{Store, Tx};
use crate::{Result, sql};

/// A job to be written.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Name of the handler.
    pub kind: String,
    /// At most one unfinished or finished job has this key; `None` for no such rule.
    pub unique_key: Option<String>,
    /// JSON for the handler.
    pub payload: String,
    /// Not before this moment.
    pub run_at: Timestamp,
    /// Tries before it is given up.
    pub max_attempts: u32,
    /// Who asked for it, for 我的任务.
    pub actor: Option<String>,
}

/// A job of the queue.
#[derive(Clone, Debug, FromQueryResult, Serialize)]
pub struct Job {
    /// Number of the job.
    pub id: i64,
    /// Name of the handler.
    pub kind: String,
    /// JSON for the handler.
    pub payload: String,
    /// `ready`, `running`, `done` or `failed`.
    pub state: String,
    /// Tries so far, this one included.
    pub attempts: i64,
    /// Tries before it is given up.
    pub max_attempts: i64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Steps done.
    pub done: i64,
    /// Steps in all; 0 where unknown.
    pub total: i64,
    /// Milliseconds UTC.
    pub created_at: i64,
    /// Milliseconds UTC.
    pub finished_at: Option<i64>,
}

const COLUMNS: &str =
    "id, kind, payload, state, attempts, max_attempts, last_error, done, total, created_at, finished_at";

impl Tx {
    /// Writes a job. Says whether it is new; with a unique key that is taken, nothing happens.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn enqueue(&self, job: NewJob, now: Timestamp) -> Result<bool> {
        let text = "INSERT INTO job (kind, unique_key, payload, state, run_at, attempts, max_attempts, done, total, actor, \
                    created_at) VALUES (?, ?, ?, 'ready', ?, 0, ?, 0, 0, ?, ?) ON CONFLICT (unique_key) DO NOTHING";
        let values = vec![
            job.kind.into(),
            job.unique_key.into(),
            job.payload.into(),
            job.run_at.millis().into(),
            i64::from(job.max_attempts).into(),
            job.actor.into(),
            now.millis().into(),
        ];
        Ok(sql::execute(self.db(), text, values).await? == 1)
    }
}

impl Store {
    /// Claims the next ready job for `holder` until `until`; a job whose holder died is ready again after its time, and
    /// is given up when that was its last try.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn claim_job(&self, holder: &str, now: Timestamp, until: Timestamp) -> Result<Option<Job>> {
        let at = now.millis();
        let ready = "SELECT id FROM job WHERE (state = 'ready' AND run_at <= ?) OR (state = 'running' AND locked_until < ?) \
                     ORDER BY run_at, id LIMIT 1";
        // Somebody else may be faster; then the next one is asked for.
        while let Some(id) = sql::scalar::<_, i64>(self.reader(), ready, vec![at.into(), at.into()]).await? {
            let tx = self.begin().await?;
            let given_up = "UPDATE job SET state = 'failed', holder = NULL, finished_at = ?, \
                            last_error = COALESCE(last_error, 'interrupted') \
                            WHERE id = ? AND state = 'running' AND locked_until < ? AND attempts >= max_attempts";
            sql::execute(tx.db(), given_up, vec![at.into(), id.into(), at.into()]).await?;
            let claim = format!(
                "UPDATE job SET state = 'running', holder = ?, locked_until = ?, attempts = attempts + 1 WHERE id = ? AND \
                 ((state = 'ready' AND run_at <= ?) OR (state = 'running' AND locked_until < ?)) RETURNING {COLUMNS}"
            );
            let values = vec![holder.into(), until.millis().into(), id.into(), at.into(), at.into()];
            let job: Option<Job> = sql::one(tx.db(), &claim, values).await?;
            tx.commit().await?;
            if job.is_some() {
                return Ok(job);
            }
        }
        Ok(None)
    }

    /// Notes how far a running job has come.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn job_progress(&self, id: i64, done: u64, total: u64) -> Result<()> {
        let tx = self.begin().await?;
        let text = "UPDATE job SET done = ?, total = ? WHERE id = ?";
        sql::execute(tx.db(), text, vec![sql::int(done), sql::int(total), id.into()]).await?;
        tx.commit().await
    }

    /// Ends a try: done, or failed with the words of the error; ready again at `retry_at` while tries are left.
    ///
    /// Changes nothing when the job was meanwhile taken over by another holder: that one's outcome counts.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn finish_job(
        &self,
        job: &Job,
        outcome: std::result::Result<(), String>,
        now: Timestamp,
        retry_at: Timestamp,
    ) -> Result<()> {
        let tx = self.begin().await?;
        let (state, error, finished) = match outcome {
            Ok(()) => ("done", None, Some(now.millis())),
            Err(error) if job.attempts >= job.max_attempts => ("failed", Some(error), Some(now.millis())),
            Err(error) => ("ready", Some(error), None),
        };
        let text = "UPDATE job SET state = ?, last_error = ?, finished_at = ?, run_at = ?, holder = NULL \
                    WHERE id = ? AND state = 'running' AND attempts = ?";
        let values = vec![
            state.into(),
            error.into(),
            finished.into(),
            retry_at.millis().into(),
            job.id.into(),
            job.attempts.into(),
        ];
        sql::execute(tx.db(), text, values).await?;
        tx.commit().await
    }

    /// How many jobs are not finished.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn unfinished_jobs(&self) -> Result<u64> {
        let text = "SELECT COUNT(*) FROM job WHERE state IN ('ready', 'running')";
        Ok(sql::scalar::<_, i64>(self.reader(), text, vec![]).await?.map_or(0, sql::uint))
    }

    /// The newest jobs that `actor` asked for.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn jobs_of(&self, actor: &str, limit: u64) -> Result<Vec<Job>> {
        let text = format!("SELECT {COLUMNS} FROM job WHERE actor = ? ORDER BY id DESC LIMIT ?");
        sql::all(self.reader(), &text, vec![actor.into(), sql::int(limit)]).await
    }
}
