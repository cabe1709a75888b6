//! Imports of registers (导入): the order, its rows as they were read, and what became of each.
//!
//! A piece of work takes its place first ([`Tx::take_import_place`]) and writes what became of its rows in the same
//! transaction, so that no row is done twice, whoever died meanwhile. Cells are opaque here. What a row means is decided
//! in `suyuan-service`. Rows: G-6.2.1a, H-6.2.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// An import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRun {
    /// The import.
    pub id: ObjectId,
    /// Register: `subjects`, `products` or `devices`.
    pub register: String,
    /// Class of subjects; empty for other registers.
    pub class: String,
    /// Category that the columns are chosen for; may be empty.
    pub category: String,
    /// Name of the file as its sender has it.
    pub file: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Account that sent it.
    pub account: ObjectId,
    /// Name of that account.
    pub actor: String,
    /// Network address that it was started from.
    pub address: String,
    /// State.
    pub state: String,
    /// Work of this state or, while paused, the one that goes on: `check`, `run`, `withdraw`; empty for none.
    pub phase: String,
    /// Whether entries that exist are changed; else they are skipped.
    pub changes: bool,
    /// Whether new entries are filed at once.
    pub filed: bool,
    /// Sheets with their columns, JSON.
    pub sheets: String,
    /// Rows.
    pub total: u64,
    /// Row up to which the work of the phase is done.
    pub place: u64,
    /// Why it stands; may be empty.
    pub reason: String,
    /// Version; every step of a person makes a new one.
    pub version: u64,
    /// When the file was taken.
    pub created_at: Timestamp,
    /// When the work of the phase began or went on.
    pub resumed_at: Option<Timestamp>,
    /// Where it stood then.
    pub resumed_place: u64,
    /// When the rows began to be entered.
    pub started_at: Option<Timestamp>,
    /// When that ended.
    pub finished_at: Option<Timestamp>,
}

/// A row of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// Number within the import, from 1.
    pub seq: u64,
    /// Sheet, from 0.
    pub sheet: u64,
    /// Row of the sheet as its sender sees it.
    pub row_no: u64,
    /// The cells, sealed.
    pub cells: Vec<u8>,
    /// What became of it.
    pub status: String,
    /// Code of the entry, once known.
    pub code: String,
    /// The entry that it became.
    pub object: Option<ObjectId>,
    /// What is wrong with it, JSON.
    pub faults: String,
}

/// What became of a row.
#[derive(Clone, Debug)]
pub struct ImportOutcome {
    /// The row as it is now.
    pub row: ImportRow,
    /// Codes of its faults; `None` where they are those that are kept.
    pub codes: Option<BTreeSet<String>>,
}

#[derive(FromQueryResult)]
struct RunRow {
    id: Vec<u8>,
    register: String,
    class: String,
    category: String,
    file: String,
    bytes: i64,
    account: Vec<u8>,
    actor: String,
    address: String,
    state: String,
    phase: String,
    changes: i64,
    filed: i64,
    sheets: String,
    total: i64,
    place: i64,
    reason: String,
    version: i64,
    created_at: i64,
    resumed_at: Option<i64>,
    resumed_place: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

const RUN: &str = "id, register, class, category, file, bytes, account, actor, address, state, phase, changes, filed, \
                   sheets, total, place, reason, version, created_at, resumed_at, resumed_place, started_at, finished_at";

impl TryFrom<RunRow> for ImportRun {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self> {
        Ok(Self {
            id: sql::object(&row.id)?,
            register: row.register,
            class: row.class,
            category: row.category,
            file: row.file,
            bytes: sql::uint(row.bytes),
            account: sql::object(&row.account)?,
            actor: row.actor,
            address: row.address,
            state: row.state,
            phase: row.phase,
            changes: row.changes != 0,
            filed: row.filed != 0,
            sheets: row.sheets,
            total: sql::uint(row.total),
            place: sql::uint(row.place),
            reason: row.reason,
            version: sql::uint(row.version),
            created_at: Timestamp::from_millis(row.created_at),
            resumed_at: row.resumed_at.map(Timestamp::from_millis),
            resumed_place: sql::uint(row.resumed_place),
            started_at: row.started_at.map(Timestamp::from_millis),
            finished_at: row.finished_at.map(Timestamp::from_millis),
        })
    }
}

#[derive(FromQueryResult)]
struct RowRow {
    seq: i64,
    sheet: i64,
    row_no: i64,
    cells: Vec<u8>,
    status: String,
    code: String,
    object: Option<Vec<u8>>,
    faults: String,
}

const ROW: &str = "seq, sheet, row_no, cells, status, code, object, faults";

impl TryFrom<RowRow> for ImportRow {
    type Error = StoreError;

    fn try_from(row: RowRow) -> Result<Self> {
        Ok(Self {
            seq: sql::uint(row.seq),
            sheet: sql::uint(row.sheet),
            row_no: sql::uint(row.row_no),
            cells: row.cells,
            status: row.status,
            code: row.code,
            object: row.object.as_deref().map(sql::object).transpose()?,
            faults: row.faults,
        })
    }
}

/// The values of a row in the order of [`ROW`], behind its import.
fn row_values(run: ObjectId, row: &ImportRow) -> [Value; 9] {
    [
        sql::id(run),
        sql::int(row.seq),
        sql::int(row.sheet),
        sql::int(row.row_no),
        row.cells.clone().into(),
        row.status.as_str().into(),
        row.code.as_str().into(),
        row.object.map(|object| object.as_bytes().to_vec()).into(),
        row.faults.as_str().into(),
    ]
}

fn rows_of(rows: Vec<RowRow>) -> Result<Vec<ImportRow>> {
    rows.into_iter().map(ImportRow::try_from).collect()
}

async fn counts<C: ConnectionTrait>(db: &C, run: ObjectId) -> Result<Vec<(String, u64)>> {
    let text = "SELECT status, COUNT(*) FROM import_row WHERE run = ? GROUP BY status";
    let rows = sql::rows(db, text, vec![sql::id(run)]).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, sql::uint(row.try_get_by_index(1)?)))).collect()
}

impl Tx {
    /// Rows by what became of them, this transaction's work included.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn import_counts(&self, run: ObjectId) -> Result<Vec<(String, u64)>> {
        counts(self.db(), run).await
    }

    /// Deletes an import with its rows.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_import(&self, run: ObjectId) -> Result<()> {
        self.delete_import_rows(run).await?;
        sql::execute(self.db(), "DELETE FROM import_run WHERE id = ?", vec![sql::id(run)]).await?;
        Ok(())
    }

    /// Adds an import.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_import(&self, run: &ImportRun) -> Result<()> {
        let marks = vec!["?"; 23].join(",");
        let values: Vec<Value> = vec![
            sql::id(run.id),
            run.register.as_str().into(),
            run.class.as_str().into(),
            run.category.as_str().into(),
            run.file.as_str().into(),
            sql::int(run.bytes),
            sql::id(run.account),
            run.actor.as_str().into(),
            run.address.as_str().into(),
            run.state.as_str().into(),
            run.phase.as_str().into(),
            i64::from(run.changes).into(),
            i64::from(run.filed).into(),
            run.sheets.as_str().into(),
            sql::int(run.total),
            sql::int(run.place),
            run.reason.as_str().into(),
            sql::int(run.version),
            run.created_at.millis().into(),
            run.resumed_at.map(Timestamp::millis).into(),
            sql::int(run.resumed_place),
            run.started_at.map(Timestamp::millis).into(),
            run.finished_at.map(Timestamp::millis).into(),
        ];
        sql::execute(self.db(), &format!("INSERT INTO import_run ({RUN}) VALUES ({marks})"), values).await?;
        Ok(())
    }

    /// Adds rows as they were read; they wait.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_import_rows(&self, run: ObjectId, rows: &[ImportRow]) -> Result<()> {
        let values: Vec<Value> = rows.iter().flat_map(|row| row_values(run, row)).collect();
        let head = format!("INSERT INTO import_row (run, {ROW}) VALUES");
        sql::insert_many(self.db(), &head, 9, values, "").await?;
        Ok(())
    }

    /// Replaces what a person or the work itself may change of an import whose stored version is `run.version`, which
    /// becomes the next one. The place stays unless it is `Some`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn change_import(&self, run: &ImportRun, place: Option<u64>) -> Result<()> {
        let text = "UPDATE import_run SET file = ?, bytes = ?, address = ?, state = ?, phase = ?, changes = ?, filed = ?, \
                    sheets = ?, total = ?, reason = ?, resumed_at = ?, resumed_place = ?, started_at = ?, \
                    finished_at = ?, place = COALESCE(?, place), version = version + 1 WHERE id = ? AND version = ?";
        let values: Vec<Value> = vec![
            run.file.as_str().into(),
            sql::int(run.bytes),
            run.address.as_str().into(),
            run.state.as_str().into(),
            run.phase.as_str().into(),
            i64::from(run.changes).into(),
            i64::from(run.filed).into(),
            run.sheets.as_str().into(),
            sql::int(run.total),
            run.reason.as_str().into(),
            run.resumed_at.map(Timestamp::millis).into(),
            sql::int(run.resumed_place),
            run.started_at.map(Timestamp::millis).into(),
            run.finished_at.map(Timestamp::millis).into(),
            place.and_then(|place| i64::try_from(place).ok()).into(),
            sql::id(run.id),
            sql::int(run.version),
        ];
        match sql::execute(self.db(), text, values).await? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict { what: "import" }),
        }
    }

    /// Takes the rows behind `from` up to `to` for this transaction alone. Says no when another one did, or the import is
    /// not of this state and version any more: then nothing of them may be done.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_import_place(&self, run: &ImportRun, from: u64, to: u64) -> Result<bool> {
        let text = "UPDATE import_run SET place = ? WHERE id = ? AND place = ? AND state = ? AND version = ?";
        let values =
            vec![sql::int(to), sql::id(run.id), sql::int(from), run.state.as_str().into(), sql::int(run.version)];
        Ok(sql::execute(self.db(), text, values).await? == 1)
    }

    /// Writes what became of rows.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn mark_import_rows(&self, run: ObjectId, outcomes: &[ImportOutcome]) -> Result<()> {
        let rows = outcomes.iter().flat_map(|outcome| row_values(run, &outcome.row)).collect();
        let head = format!("INSERT INTO import_row (run, {ROW}) VALUES");
        let tail = "ON CONFLICT (run, seq) DO UPDATE SET status = excluded.status, code = excluded.code, \
                    object = excluded.object, faults = excluded.faults";
        sql::insert_many(self.db(), &head, 9, rows, tail).await?;
        let told: Vec<&ImportOutcome> = outcomes.iter().filter(|outcome| outcome.codes.is_some()).collect();
        for chunk in told.chunks(250) {
            let marks = vec!["?"; chunk.len()].join(",");
            let mut bound = vec![sql::id(run)];
            bound.extend(chunk.iter().map(|outcome| sql::int(outcome.row.seq)));
            let text = format!("DELETE FROM import_fault WHERE run = ? AND seq IN ({marks})");
            sql::execute(self.db(), &text, bound).await?;
        }
        let counted = told
            .iter()
            .flat_map(|outcome| outcome.codes.iter().flatten().map(|code| (code, outcome.row.seq)))
            .flat_map(|(code, seq)| [sql::id(run), code.as_str().into(), sql::int(seq)])
            .collect();
        sql::insert_many(self.db(), "INSERT INTO import_fault (run, code, seq) VALUES", 3, counted, "").await?;
        Ok(())
    }

    /// Which of `codes` an earlier row of the same file has, with the number of that row.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn import_codes_before(&self, run: ObjectId, codes: &[String], seq: u64) -> Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        for chunk in codes.chunks(250) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!(
                "SELECT code, MIN(row_no) FROM import_row WHERE run = ? AND seq <= ? AND code IN ({marks}) GROUP BY code"
            );
            let mut bound = vec![sql::id(run), sql::int(seq)];
            bound.extend(chunk.iter().map(|code| Value::from(code.as_str())));
            for row in sql::rows(self.db(), &text, bound).await? {
                found.push((row.try_get_by_index(0)?, sql::uint(row.try_get_by_index(1)?)));
            }
        }
        Ok(found)
    }

    /// Forgets what became of the rows of an import, before it is checked anew.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn reset_import_rows(&self, run: ObjectId) -> Result<()> {
        sql::execute(self.db(), "DELETE FROM import_fault WHERE run = ?", vec![sql::id(run)]).await?;
        let text = "UPDATE import_row SET status = 'waiting', code = '', faults = '[]' WHERE run = ?";
        sql::execute(self.db(), text, vec![sql::id(run)]).await?;
        Ok(())
    }

    /// Deletes the rows of an import; the order stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_import_rows(&self, run: ObjectId) -> Result<()> {
        sql::execute(self.db(), "DELETE FROM import_fault WHERE run = ?", vec![sql::id(run)]).await?;
        sql::execute(self.db(), "DELETE FROM import_row WHERE run = ?", vec![sql::id(run)]).await?;
        Ok(())
    }
}

impl Store {
    /// The import of this id, whoever sent it: for the node's own work.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_import(&self, id: ObjectId) -> Result<Option<ImportRun>> {
        let text = format!("SELECT {RUN} FROM import_run WHERE id = ?");
        let row: Option<RunRow> = sql::one(self.reader(), &text, vec![sql::id(id)]).await?;
        row.map(ImportRun::try_from).transpose()
    }

    /// Imports in one of these states, for going on after a start.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_imports_in(&self, states: &[&str]) -> Result<Vec<ImportRun>> {
        let marks = vec!["?"; states.len()].join(",");
        let text = format!("SELECT {RUN} FROM import_run WHERE state IN ({marks}) ORDER BY id");
        let bound = states.iter().map(|state| Value::from(*state)).collect();
        let rows: Vec<RunRow> = sql::all(self.reader(), &text, bound).await?;
        rows.into_iter().map(ImportRun::try_from).collect()
    }

    /// Imports whose rows are older than `before` and still kept, at most `limit`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_imports_to_forget(&self, before: Timestamp, limit: u64) -> Result<Vec<ImportRun>> {
        let text = format!(
            "SELECT {RUN} FROM import_run WHERE created_at < ? AND state NOT IN ('checking', 'running', 'withdrawing') \
             AND EXISTS (SELECT 1 FROM import_row WHERE run = import_run.id) ORDER BY id LIMIT ?"
        );
        let rows: Vec<RunRow> = sql::all(self.reader(), &text, vec![before.millis().into(), sql::int(limit)]).await?;
        rows.into_iter().map(ImportRun::try_from).collect()
    }

    /// A page of the imports of `account`, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn imports(
        &self,
        account: ObjectId,
        register: Option<&str>,
        after: Option<ObjectId>,
        limit: usize,
    ) -> Result<Page<ImportRun>> {
        let mut conditions = Conditions::default();
        conditions.push("account = ?", vec![sql::id(account)]);
        conditions.push("state <> 'reading'", vec![]);
        conditions.equal("register", register);
        let keyset = after.map(|id| ("id < ?", vec![sql::id(id)]));
        let rows: Page<RunRow> = page(self.reader(), RUN, "import_run", conditions, keyset, "id DESC", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(ImportRun::try_from).collect::<Result<_>>()?, more, count })
    }

    /// Rows by what became of them.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn import_counts(&self, run: ObjectId) -> Result<Vec<(String, u64)>> {
        counts(self.reader(), run).await
    }

    /// Codes of faults with the number of rows and the first row that has them, most first, at most `limit`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn import_fault_counts(&self, run: ObjectId, limit: u64) -> Result<Vec<(String, u64, u64)>> {
        let text = "SELECT code, COUNT(*) AS n, MIN(seq) FROM import_fault WHERE run = ? GROUP BY code \
                    ORDER BY n DESC, code LIMIT ?";
        let rows = sql::rows(self.reader(), text, vec![sql::id(run), sql::int(limit)]).await?;
        let of = |row: &QueryResult| {
            let (count, first) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            Ok((row.try_get_by_index(0)?, sql::uint(count), sql::uint(first)))
        };
        rows.iter().map(of).collect()
    }

    /// Rows behind `after` in the order of the file, narrowed to statuses where there are any.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn import_rows_after(
        &self,
        run: ObjectId,
        statuses: &[&str],
        after: u64,
        limit: u64,
    ) -> Result<Vec<ImportRow>> {
        let mut bound = vec![sql::id(run), sql::int(after)];
        let mut narrowed = String::new();
        if !statuses.is_empty() {
            narrowed = format!(" AND status IN ({})", vec!["?"; statuses.len()].join(","));
            bound.extend(statuses.iter().map(|status| Value::from(*status)));
        }
        bound.push(sql::int(limit));
        let text = format!("SELECT {ROW} FROM import_row WHERE run = ? AND seq > ?{narrowed} ORDER BY seq LIMIT ?");
        rows_of(sql::all(self.reader(), &text, bound).await?)
    }

    /// A page of rows in the order of the file, narrowed to a status and to the code of a fault.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn import_rows(
        &self,
        run: ObjectId,
        status: Option<&str>,
        fault: Option<&str>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Page<ImportRow>> {
        let mut conditions = Conditions::default();
        conditions.push("run = ?", vec![sql::id(run)]);
        conditions.equal("status", status);
        if let Some(code) = fault.filter(|code| !code.is_empty()) {
            let text = "EXISTS (SELECT 1 FROM import_fault f WHERE f.run = import_row.run AND f.code = ? AND f.seq = \
                        import_row.seq)";
            conditions.push(text, vec![code.into()]);
        }
        let keyset = after.map(|seq| ("seq > ?", vec![sql::int(seq)]));
        let rows: Page<RowRow> = page(self.reader(), ROW, "import_row", conditions, keyset, "seq", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: rows_of(items)?, more, count })
    }
}
