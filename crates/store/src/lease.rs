//! Leases: at most one holder at a time does a thing, and a holder that died is replaced when its time is over.
//!
//! A lease keeps two from working at once; it does not protect data. What a late holder writes is refused by the
//! compare-and-set of the rows it writes.

use suyuan_domain::clock::Timestamp;

use crate::db::Store;
use crate::{Result, sql};

impl Store {
    /// Takes or renews the lease `name` until `until`. Says whether `holder` has it.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn take_lease(&self, name: &str, holder: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
        let tx = self.begin().await?;
        let text = "INSERT INTO lease (name, holder, expires_at) VALUES (?, ?, ?) \
                    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at \
                    WHERE lease.holder = excluded.holder OR lease.expires_at <= ?";
        let values = vec![name.into(), holder.into(), until.millis().into(), now.millis().into()];
        let taken = sql::execute(tx.db(), text, values).await?;
        tx.commit().await?;
        Ok(taken == 1)
    }

    /// Gives the lease back if `holder` has it.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn release_lease(&self, name: &str, holder: &str) -> Result<()> {
        let tx = self.begin().await?;
        sql::execute(tx.db(), "DELETE FROM lease WHERE name = ? AND holder = ?", vec![name.into(), holder.into()])
            .await?;
        tx.commit().await
    }
}
