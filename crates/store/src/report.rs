//! Reports (报告): frozen editions, the schedule, and one delivery row for every receiver.
//!
//! Freezing and rendering belong to `suyuan-service`, mail to `suyuan-jobs`. A delivery is `sent` only after the mail server
//! said so. Rows: G-5.4.4a, G-6.8.3.

use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::Digest;
use suyuan_domain::scope::Scope;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// A frozen edition of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    /// Identity.
    pub id: ObjectId,
    /// Number such as `370200-202610-01`.
    pub number: String,
    /// Kind of report.
    pub kind: String,
    /// Title.
    pub title: String,
    /// Period.
    pub period: String,
    /// Division that it is about.
    pub division: String,
    /// The figures, JSON; never changed.
    pub frozen: String,
    /// SM3 of the figures without number and moment.
    pub frozen_hash: Digest,
    /// When it was frozen.
    pub created_at: Timestamp,
}

/// A receiver of reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiver {
    /// Name.
    pub name: String,
    /// Mail address.
    pub email: String,
}

/// When a kind of report is made and who gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSchedule {
    /// Kind of report.
    pub kind: String,
    /// Whether it runs.
    pub enabled: bool,
    /// Minute, hour, day, month, weekday.
    pub cron: String,
    /// Who gets it.
    pub receivers: Vec<Receiver>,
    /// The last due time that was acted upon.
    pub last_due: Option<Timestamp>,
    /// Version; 0 before it was ever kept.
    pub version: u64,
}

/// One receiver's copy of an edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Number on this node.
    pub id: i64,
    /// The edition.
    pub edition: ObjectId,
    /// Name of the receiver.
    pub receiver: String,
    /// Mail address.
    pub email: String,
    /// `queued`, `sent` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempts: u64,
    /// What the mail server or the network said last, in Chinese.
    pub last_error: Option<String>,
    /// Message-ID of the mail, the same at every try.
    pub message_id: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the mail server took it.
    pub sent_at: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct EditionRow {
    id: Vec<u8>,
    number: String,
    kind: String,
    title: String,
    period: String,
    division: String,
    frozen: String,
    frozen_hash: Vec<u8>,
    created_at: i64,
}

impl TryFrom<EditionRow> for Edition {
    type Error = StoreError;

    fn try_from(row: EditionRow) -> Result<Self> {
        Ok(Self {
            id: sql::object(&row.id)?,
            number: row.number,
            kind: row.kind,
            title: row.title,
            period: row.period,
            division: row.division,
            frozen: row.frozen,
            frozen_hash: sql::digest(&row.frozen_hash)?,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

#[derive(FromQueryResult)]
struct DeliveryRow {
    id: i64,
    edition: Vec<u8>,
    receiver: String,
    email: String,
    state: String,
    attempts: i64,
    last_error: Option<String>,
    message_id: String,
    created_at: i64,
    sent_at: Option<i64>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = StoreError;

    fn try_from(row: DeliveryRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            edition: sql::object(&row.edition)?,
            receiver: row.receiver,
            email: row.email,
            state: row.state,
            attempts: sql::uint(row.attempts),
            last_error: row.last_error,
            message_id: row.message_id,
            created_at: Timestamp::from_millis(row.created_at),
            sent_at: row.sent_at.map(Timestamp::from_millis),
        })
    }
}

const EDITION: &str = "id, number, kind, title, period, division, frozen, frozen_hash, created_at";
const DELIVERY: &str = "id, edition, receiver, email, state, attempts, last_error, message_id, created_at, sent_at";

async fn schedule<C: ConnectionTrait>(db: &C, kind: &str) -> Result<Option<ReportSchedule>> {
    let text = "SELECT enabled, cron, receivers, last_due, version FROM report_schedule WHERE kind = ?";
    let Some(row) = sql::row(db, text, vec![kind.into()]).await? else { return Ok(None) };
    Ok(Some(ReportSchedule {
        kind: kind.to_owned(),
        enabled: row.try_get_by_index::<i64>(0)? != 0,
        cron: row.try_get_by_index(1)?,
        receivers: serde_json::from_str(&row.try_get_by_index::<String>(2)?)?,
        last_due: row.try_get_by_index::<Option<i64>>(3)?.map(Timestamp::from_millis),
        version: sql::uint(row.try_get_by_index(4)?),
    }))
}

impl Tx {
    /// The latest edition of a kind and period, for numbering and for not freezing the same twice.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn last_edition(&self, kind: &str, period: &str) -> Result<Option<Edition>> {
        let text = format!("SELECT {EDITION} FROM edition WHERE kind = ? AND period = ? ORDER BY number DESC LIMIT 1");
        let row: Option<EditionRow> = sql::one(self.db(), &text, vec![kind.into(), period.into()]).await?;
        row.map(Edition::try_from).transpose()
    }

    /// Keeps a new edition.
    ///
    /// # Errors
    /// When its number is taken, or the database refuses.
    pub async fn add_edition(&self, edition: &Edition) -> Result<()> {
        let text = format!("INSERT INTO edition ({EDITION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
        let bound = vec![
            sql::id(edition.id),
            edition.number.as_str().into(),
            edition.kind.as_str().into(),
            edition.title.as_str().into(),
            edition.period.as_str().into(),
            edition.division.as_str().into(),
            edition.frozen.as_str().into(),
            edition.frozen_hash.to_vec().into(),
            edition.created_at.millis().into(),
        ];
        sql::execute(self.db(), &text, bound).await?;
        Ok(())
    }

    /// The schedule of a kind of report.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn report_schedule(&self, kind: &str) -> Result<Option<ReportSchedule>> {
        schedule(self.db(), kind).await
    }

    /// Keeps a schedule whose stored version is one less; 1 for the first.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn keep_report_schedule(&self, schedule: &ReportSchedule) -> Result<()> {
        let text = "INSERT INTO report_schedule (kind, enabled, cron, receivers, last_due, version) \
                    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind) DO UPDATE SET enabled = excluded.enabled, \
                    cron = excluded.cron, receivers = excluded.receivers, last_due = excluded.last_due, \
                    version = excluded.version WHERE report_schedule.version = excluded.version - 1";
        let bound = vec![
            schedule.kind.as_str().into(),
            i64::from(schedule.enabled).into(),
            schedule.cron.as_str().into(),
            serde_json::to_string(&schedule.receivers)?.into(),
            schedule.last_due.map(Timestamp::millis).into(),
            sql::int(schedule.version),
        ];
        if sql::execute(self.db(), text, bound).await? == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict { what: "report_schedule" })
        }
    }

    /// Adds a delivery in state `queued` and gives its number. `message_id` makes the Message-ID from that number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_delivery(
        &self,
        edition: ObjectId,
        receiver: &Receiver,
        message_id: impl Fn(i64) -> String + Send,
        now: Timestamp,
    ) -> Result<i64> {
        let text = "INSERT INTO delivery (edition, receiver, email, state, attempts, message_id, created_at) \
                    VALUES (?, ?, ?, 'queued', 0, '', ?) RETURNING id";
        let bound =
            vec![sql::id(edition), receiver.name.as_str().into(), receiver.email.as_str().into(), now.millis().into()];
        let id: i64 =
            sql::scalar(self.db(), text, bound).await?.ok_or_else(|| StoreError::damaged("delivery", "no id"))?;
        let text = "UPDATE delivery SET message_id = ? WHERE id = ?";
        sql::execute(self.db(), text, vec![message_id(id).into(), id.into()]).await?;
        Ok(id)
    }

    /// Queues a delivery once more that was sent or failed, and counts its tries anew. Says whether it had ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn requeue_delivery(&self, id: i64) -> Result<bool> {
        let text = "UPDATE delivery SET state = 'queued', attempts = 0 WHERE id = ? AND state <> 'queued'";
        Ok(sql::execute(self.db(), text, vec![id.into()]).await? == 1)
    }

    /// Notes the end of one try.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_delivery(
        &self,
        id: i64,
        state: &str,
        error: Option<&str>,
        sent_at: Option<Timestamp>,
    ) -> Result<()> {
        let text = "UPDATE delivery SET state = ?, attempts = attempts + 1, last_error = ?, sent_at = COALESCE(?, sent_at) \
                    WHERE id = ?";
        let bound = vec![state.into(), error.into(), sent_at.map(Timestamp::millis).into(), id.into()];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }
}

/// Whether a scope has every category and subject.
fn is_whole(scope: &Scope) -> bool {
    scope.categories.is_none() && scope.subject.is_none()
}

impl Store {
    /// The edition, if its division lies in `scope`, which has to have every category and subject as editions do.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn edition(&self, scope: &Scope, id: ObjectId) -> Result<Option<Edition>> {
        let text = format!("SELECT {EDITION} FROM edition WHERE id = ?");
        let row: Option<EditionRow> = sql::one(self.reader(), &text, vec![sql::id(id)]).await?;
        let edition = row.map(Edition::try_from).transpose()?;
        Ok(edition.filter(|edition| is_whole(scope) && scope.covers_division(&edition.division)))
    }

    /// A page of editions, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn editions(&self, scope: &Scope, after: Option<ObjectId>, limit: usize) -> Result<Page<Edition>> {
        let mut conditions = Conditions::in_scope(scope, "division", None);
        if !is_whole(scope) {
            conditions.push("1 = 0", vec![]);
        }
        let keyset = after.map(|id| ("id < ?", vec![sql::id(id)]));
        let rows: Page<EditionRow> =
            page(self.reader(), EDITION, "edition", conditions, keyset, "id DESC", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(Edition::try_from).collect::<Result<_>>()?, more, count })
    }

    /// The schedule of a kind of report.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn report_schedule(&self, kind: &str) -> Result<Option<ReportSchedule>> {
        schedule(self.reader(), kind).await
    }

    /// The delivery with this number.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_delivery(&self, id: i64) -> Result<Option<Delivery>> {
        let text = format!("SELECT {DELIVERY} FROM delivery WHERE id = ?");
        let row: Option<DeliveryRow> = sql::one(self.reader(), &text, vec![id.into()]).await?;
        row.map(Delivery::try_from).transpose()
    }

    /// Deliveries of an edition, oldest first. Ask for the edition in scope before.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn deliveries(&self, edition: ObjectId) -> Result<Vec<Delivery>> {
        let text = format!("SELECT {DELIVERY} FROM delivery WHERE edition = ? ORDER BY id LIMIT 10000");
        let rows: Vec<DeliveryRow> = sql::all(self.reader(), &text, vec![sql::id(edition)]).await?;
        rows.into_iter().map(Delivery::try_from).collect()
    }
}
