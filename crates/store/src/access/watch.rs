//! Warnings about connected systems (接入预警): opened once, told once, closed when things are well again.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;

use crate::db::{Store, Tx};
use crate::{Result, sql};

/// A warning. Times are milliseconds UTC.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct WarningRow {
    /// Number on this node.
    pub id: i64,
    /// Code of the system.
    pub system: String,
    /// `silent`, `indicator`, `errors`, `token` or `calibration`.
    pub kind: String,
    /// What exactly: the indicator, the class of errors, the token's number, the device; empty for silence.
    pub code: String,
    /// What is wrong, in Chinese.
    pub text: String,
    /// What was measured.
    pub value: Option<String>,
    /// What it should be.
    pub limit_value: Option<String>,
    /// When it began.
    pub opened_at: i64,
    /// When it was over.
    pub closed_at: Option<i64>,
}

const COLUMNS: &str = "id, system, kind, code, text, value, limit_value, opened_at, closed_at";

impl Tx {
    /// Opens a warning, unless one of the same kind and code is open for the system. Says whether it is new.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open_warning(&self, warning: &WarningRow) -> Result<bool> {
        let text = "INSERT INTO access_warning (system, kind, code, text, value, limit_value, opened_at) \
                    SELECT CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), \
                    CAST(? AS TEXT), CAST(? AS BIGINT) WHERE NOT EXISTS \
                    (SELECT 1 FROM access_warning WHERE system = ? AND kind = ? AND code = ? AND closed_at IS NULL)";
        let bound = vec![
            warning.system.as_str().into(),
            warning.kind.as_str().into(),
            warning.code.as_str().into(),
            warning.text.as_str().into(),
            warning.value.clone().into(),
            warning.limit_value.clone().into(),
            warning.opened_at.into(),
            warning.system.as_str().into(),
            warning.kind.as_str().into(),
            warning.code.as_str().into(),
        ];
        Ok(sql::execute(self.db(), text, bound).await? == 1)
    }

    /// Closes a warning. Says whether it was open.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn close_warning(&self, id: i64, now: Timestamp) -> Result<bool> {
        let text = "UPDATE access_warning SET closed_at = ? WHERE id = ? AND closed_at IS NULL";
        Ok(sql::execute(self.db(), text, vec![now.millis().into(), id.into()]).await? == 1)
    }
}

impl Store {
    /// The open warnings of all systems, by system.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_open_warnings(&self) -> Result<Vec<WarningRow>> {
        let text =
            format!("SELECT {COLUMNS} FROM access_warning WHERE closed_at IS NULL ORDER BY system, id LIMIT 10000");
        sql::all(self.reader(), &text, vec![]).await
    }

    /// The newest warnings of all systems, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_warnings(&self, limit: usize) -> Result<Vec<WarningRow>> {
        let text = format!("SELECT {COLUMNS} FROM access_warning ORDER BY id DESC LIMIT ?");
        sql::all(self.reader(), &text, vec![sql::int(limit as u64)]).await
    }

    /// The newest warnings of one system, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn warnings_of(&self, system: &str, limit: usize) -> Result<Vec<WarningRow>> {
        let text = format!("SELECT {COLUMNS} FROM access_warning WHERE system = ? ORDER BY id DESC LIMIT ?");
        sql::all(self.reader(), &text, vec![system.into(), sql::int(limit as u64)]).await
    }
}
