//! Plain cursors of local readers: the last position that a reader has done.
//!
//! A reader repeats after a fault; its writes are idempotent. Cursors towards peers move only by receipts, see
//! [`crate::peer`].

use suyuan_domain::clock::Timestamp;

use crate::db::{Store, Tx};
use crate::{Result, sql};

impl Store {
    /// The last position that `reader` has done, 0 before its first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn cursor(&self, reader: &str) -> Result<u64> {
        let text = "SELECT position FROM cursor WHERE reader = ?";
        let position: Option<i64> = sql::scalar(self.reader(), text, vec![reader.into()]).await?;
        Ok(position.map_or(0, sql::uint))
    }

    /// The smallest cursor of `readers`: what all of them have done.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn passed_by_all(&self, readers: &[&str]) -> Result<u64> {
        let mut least = u64::MAX;
        for reader in readers {
            least = least.min(self.cursor(reader).await?);
        }
        Ok(if readers.is_empty() { 0 } else { least })
    }
}

impl Tx {
    /// Moves the cursor of `reader` forward to `position`; never back.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn move_cursor(&self, reader: &str, position: u64, now: Timestamp) -> Result<()> {
        let text = "INSERT INTO cursor (reader, position, updated_at) VALUES (?, ?, ?) \
                    ON CONFLICT (reader) DO UPDATE SET position = excluded.position, updated_at = excluded.updated_at \
                    WHERE excluded.position > cursor.position";
        sql::execute(self.db(), text, vec![reader.into(), sql::int(position), now.millis().into()]).await?;
        Ok(())
    }
}
