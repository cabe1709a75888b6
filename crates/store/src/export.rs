//! Exports of lists (导出): what was asked for by whom, how far it is, and what came of it. The file lies in the data folder.
//! Rows: G-6.2.2a, H-6.2.

use sea_orm::{FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::{Result, sql};

/// An export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The export.
    pub id: ObjectId,
    /// Account that asked for it.
    pub account: ObjectId,
    /// Register.
    pub register: String,
    /// `xlsx` or `csv`.
    pub format: String,
    /// Conditions as a query string.
    pub query: String,
    /// Columns, joined by commas.
    pub columns: String,
    /// A shape on the map that narrows it, JSON.
    pub shape: Option<String>,
    /// Who asked, with role and scope at that time, JSON.
    pub person: String,
    /// `waiting`, `running`, `done`, `failed`, `cancelled` or `expired`.
    pub state: String,
    /// Rows done.
    pub done: u64,
    /// Rows in all.
    pub total: u64,
    /// Bytes of the file.
    pub bytes: Option<u64>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Vec<u8>,
    account: Vec<u8>,
    register: String,
    format: String,
    query: String,
    columns: String,
    shape: Option<String>,
    person: String,
    state: String,
    done: i64,
    total: i64,
    bytes: Option<i64>,
    error: Option<String>,
    created_at: i64,
    finished_at: Option<i64>,
}

impl TryFrom<Row> for Export {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: sql::object(&row.id)?,
            account: sql::object(&row.account)?,
            register: row.register,
            format: row.format,
            query: row.query,
            columns: row.columns,
            shape: row.shape,
            person: row.person,
            state: row.state,
            done: sql::uint(row.done),
            total: sql::uint(row.total),
            bytes: row.bytes.map(sql::uint),
            error: row.error,
            created_at: Timestamp::from_millis(row.created_at),
            finished_at: row.finished_at.map(Timestamp::from_millis),
        })
    }
}

const COLUMNS: &str = "id, account, register, format, query, columns, shape, person, state, done, total, bytes, error, \
                       created_at, finished_at";

impl Tx {
    /// Writes a new export.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_export(&self, export: &Export) -> Result<()> {
        let text = format!("INSERT INTO export ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        let values: Vec<Value> = vec![
            sql::id(export.id),
            sql::id(export.account),
            export.register.as_str().into(),
            export.format.as_str().into(),
            export.query.as_str().into(),
            export.columns.as_str().into(),
            export.shape.clone().into(),
            export.person.as_str().into(),
            export.state.as_str().into(),
            sql::int(export.done),
            sql::int(export.total),
            export.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)).into(),
            export.error.clone().into(),
            export.created_at.millis().into(),
            export.finished_at.map(Timestamp::millis).into(),
        ];
        sql::execute(self.db(), &text, values).await?;
        Ok(())
    }

    /// Moves an export from one of the states `from`, separated by commas, to `to`. Says whether it was in one of them.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn move_export(&self, id: ObjectId, from: &[&str], to: &str) -> Result<bool> {
        let marks = vec!["?"; from.len()].join(",");
        let text = format!("UPDATE export SET state = ? WHERE id = ? AND state IN ({marks})");
        let mut values: Vec<Value> = vec![to.into(), sql::id(id)];
        values.extend(from.iter().map(|state| Value::from(*state)));
        Ok(sql::execute(self.db(), &text, values).await? == 1)
    }

    /// Notes how far a running export is. Says whether it still runs.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_export(&self, id: ObjectId, done: u64, total: u64) -> Result<bool> {
        let text = "UPDATE export SET done = ?, total = ? WHERE id = ? AND state = 'running'";
        Ok(sql::execute(self.db(), text, vec![sql::int(done), sql::int(total), sql::id(id)]).await? == 1)
    }

    /// Ends an export that runs or waits: with the size of its file, or with why there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_export(
        &self,
        id: ObjectId,
        outcome: std::result::Result<u64, &str>,
        now: Timestamp,
    ) -> Result<bool> {
        let (state, bytes, error) = match outcome {
            Ok(bytes) => ("done", Some(i64::try_from(bytes).unwrap_or(i64::MAX)), None),
            Err(error) => ("failed", None, Some(error.to_owned())),
        };
        let text = "UPDATE export SET state = ?, bytes = ?, error = ?, finished_at = ? \
                    WHERE id = ? AND state IN ('waiting', 'running')";
        let values: Vec<Value> = vec![state.into(), bytes.into(), error.into(), now.millis().into(), sql::id(id)];
        Ok(sql::execute(self.db(), text, values).await? == 1)
    }
}

impl Store {
    /// An export, whoever asked for it: for the job.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_export(&self, id: ObjectId) -> Result<Option<Export>> {
        let text = format!("SELECT {COLUMNS} FROM export WHERE id = ?");
        let row: Option<Row> = sql::one(self.reader(), &text, vec![sql::id(id)]).await?;
        row.map(Export::try_from).transpose()
    }

    /// The newest exports of a person.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn exports_of(&self, account: ObjectId, limit: u64) -> Result<Vec<Export>> {
        let text = format!("SELECT {COLUMNS} FROM export WHERE account = ? ORDER BY created_at DESC, id DESC LIMIT ?");
        let rows: Vec<Row> = sql::all(self.reader(), &text, vec![sql::id(account), sql::int(limit)]).await?;
        rows.into_iter().map(Export::try_from).collect()
    }

    /// Exports that ended before `before` and whose files may go.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn exports_over(&self, before: Timestamp) -> Result<Vec<Export>> {
        let text = format!(
            "SELECT {COLUMNS} FROM export WHERE finished_at < ? AND state IN ('done', 'failed', 'cancelled') \
             ORDER BY finished_at LIMIT 200"
        );
        let rows: Vec<Row> = sql::all(self.reader(), &text, vec![before.millis().into()]).await?;
        rows.into_iter().map(Export::try_from).collect()
    }
}
