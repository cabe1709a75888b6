//! Small named facts about the node itself: instance, epoch, sealed keys, versions of loaded packs.

use sea_orm::ConnectionTrait;

use crate::Result;
use crate::db::{Store, Tx};
use crate::sql;

async fn read<C: ConnectionTrait>(db: &C, name: &str) -> Result<Option<String>> {
    sql::scalar(db, "SELECT value FROM node_state WHERE name = ?", vec![name.into()]).await
}

impl Store {
    /// The fact called `name`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn state(&self, name: &str) -> Result<Option<String>> {
        read(self.reader(), name).await
    }
}

impl Tx {
    /// The fact called `name`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn state(&self, name: &str) -> Result<Option<String>> {
        read(self.db(), name).await
    }

    /// Sets the fact called `name`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn set_state(&self, name: &str, value: &str) -> Result<()> {
        let text = "INSERT INTO node_state (name, value) VALUES (?, ?) \
                    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        sql::execute(self.db(), text, vec![name.into(), value.into()]).await?;
        Ok(())
    }

    /// Adds `by` to a counter and gives its new value.
    ///
    /// # Errors
    /// When the counter does not exist.
    pub async fn advance(&self, counter: &str, by: u64) -> Result<u64> {
        let text = "UPDATE counter SET value = value + ? WHERE name = ? RETURNING value";
        let value: Option<i64> = sql::scalar(self.db(), text, vec![sql::int(by), counter.into()]).await?;
        value.map(sql::uint).ok_or_else(|| crate::StoreError::damaged("counter", counter))
    }
}
