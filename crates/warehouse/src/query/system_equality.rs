//! Comparing the warehouse with the journal: which objects and versions are stored, read without `FINAL`.
//!
//! Asked by the platform itself, without a scope. Rows: N-TIER, G-6.4.1.

use clickhouse::Row;
use serde::Deserialize;
use suyuan_domain::id::ObjectId;

use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::row::object_of;
use crate::sql::Bound;

/// Kinds of facts in the warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Trace events.
    Event,
    /// Reported batches.
    Intake,
    /// Hourly sums of look-ups.
    Lookup,
}

impl Kind {
    const fn table(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Intake => "intake",
            Self::Lookup => "lookup_hour",
        }
    }
}

#[derive(Row, Deserialize)]
struct StoredRow {
    object: [u8; 16],
    newest: u64,
}

impl Warehouse {
    /// Objects of a record month after `after` with the order number of their newest stored version, withdrawn ones
    /// included, in the order of the objects.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn system_versions(
        &self,
        kind: Kind,
        month: u32,
        after: Option<ObjectId>,
        limit: u32,
    ) -> WarehouseResult<Vec<(ObjectId, u64)>> {
        let sql = format!(
            "SELECT object, max(version) AS newest FROM {table} WHERE month = {{month:UInt32}} \
             AND object > toFixedString(unhex({{after:String}}), 16) GROUP BY object ORDER BY object \
             LIMIT {{limit:UInt64}} SETTINGS optimize_aggregation_in_order = 1",
            table = kind.table()
        );
        let bound = Bound::new(sql)
            .uint("month", u64::from(month))
            .text("after", &hex::encode(after.unwrap_or_default().as_bytes()))
            .uint("limit", u64::from(limit));
        let rows = self.fetch::<StoredRow>(bound).await?;
        Ok(rows.into_iter().map(|row| (object_of(row.object), row.newest)).collect())
    }

    /// The record months that hold facts of a kind.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn system_months(&self, kind: Kind) -> WarehouseResult<Vec<u32>> {
        let sql = format!("SELECT DISTINCT month FROM {} ORDER BY month", kind.table());
        self.fetch::<u32>(Bound::new(sql)).await
    }
}
