//! Care of the database itself: its size, deleting by the piece, and giving back what deleted rows have left behind.
//!
//! What is deleted when is decided by the modules of the things and by `suyuan-service`; when this runs, by
//! `suyuan-jobs`. Rows: D-shape, G-10.

use sea_orm::{ConnectionTrait, Value};

use crate::db::Store;
use crate::error::StoreError;
use crate::{Result, sql};

impl Store {
    /// Bytes that the database takes on the disk, its write-ahead log included on SQLite. Segments are not counted.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn bytes(&self) -> Result<u64> {
        if !self.is_sqlite() {
            let text = "SELECT pg_database_size(current_database())";
            return Ok(sql::scalar::<_, i64>(self.reader(), text, vec![]).await?.map_or(0, sql::uint));
        }
        let text = "SELECT file FROM pragma_database_list WHERE name = 'main'";
        let file: String = sql::scalar(self.reader(), text, vec![]).await?.unwrap_or_default();
        let size = |path: &str| std::fs::metadata(path).map_or(0, |meta| meta.len());
        Ok(size(&file) + size(&format!("{file}-wal")))
    }

    /// Runs a statement that deletes a bounded number of rows, in a transaction of its own; gives how many.
    pub(crate) async fn delete_some(&self, text: &str, values: Vec<Value>) -> Result<u64> {
        let tx = self.begin().await?;
        let deleted = sql::execute(tx.db(), text, values).await?;
        tx.commit().await?;
        Ok(deleted)
    }

    /// Makes the space of deleted rows usable again on PostgreSQL, without keeping anybody waiting. SQLite needs nothing:
    /// it uses free pages by itself.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn reclaim(&self, tables: &[&'static str]) -> Result<()> {
        if !self.is_sqlite() && !tables.is_empty() {
            self.writer().execute_unprepared(&format!("VACUUM {}", tables.join(", "))).await?;
        }
        Ok(())
    }

    /// Removes what erased persons have left outside the rows: the write-ahead log of SQLite, the dead rows of PostgreSQL.
    ///
    /// SQLite has overwritten the rows themselves when they were deleted. On PostgreSQL the table of keys is written anew,
    /// because a dead row keeps its bytes; sealed values whose key is gone are worth nothing and only reclaimed. Backups
    /// and the server's own log of changes are outside this program's reach.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while readers still need the log; later it works. When the database is out of reach.
    pub async fn scrub_erased(&self) -> Result<()> {
        if !self.is_sqlite() {
            self.writer().execute_unprepared("VACUUM (FULL) person_key").await?;
            return self.reclaim(&["side_car"]).await;
        }
        let busy: Option<i64> = sql::scalar(self.writer(), "PRAGMA wal_checkpoint(TRUNCATE)", vec![]).await?;
        if busy == Some(0) { Ok(()) } else { Err(StoreError::Conflict { what: "write-ahead log" }) }
    }
}
