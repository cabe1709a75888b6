//! Finding events by the sender's own identifier, for intake: is it known, and as which object?
//!
//! Asked by the platform itself, without a scope; the relational store answers for the last 45 days. Rows: G-8, H-7.

use clickhouse::Row;
use serde::Deserialize;
use suyuan_domain::id::ObjectId;

use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::row::object_of;
use crate::sql::{Bound, chunks};

/// A sender's identifier that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// The sender's identifier.
    pub event_id: String,
    /// The system that brought it.
    pub system: String,
    /// The object.
    pub object: ObjectId,
    /// Its newest version that bears the identifier, as `order_number` writes term and version.
    pub order: u64,
}

#[derive(Row, Deserialize)]
struct KeyRow {
    event_id: String,
    code: String,
    event: [u8; 16],
    newest: u64,
}

impl Warehouse {
    /// The objects that carry these identifiers, in the order of identifier and object.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn system_known_keys(&self, event_ids: &[String]) -> WarehouseResult<Vec<KnownKey>> {
        let sql = "SELECT event_id, toString(system) AS code, event, max(version) AS newest FROM event_key \
                   WHERE event_id IN {event_ids:Array(String)} GROUP BY event_id, code, event ORDER BY event_id, event";
        let mut known = Vec::new();
        for chunk in chunks(event_ids, 5_000, String::len) {
            let rows = self.fetch::<KeyRow>(Bound::new(sql).texts("event_ids", chunk.to_vec())).await?;
            known.extend(rows.into_iter().map(|row| KnownKey {
                event_id: row.event_id,
                system: row.code,
                object: object_of(row.event),
                order: row.newest,
            }));
        }
        Ok(known)
    }
}
