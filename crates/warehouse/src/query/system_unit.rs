//! Which traceability units have come into being here, for judging whether an inbound record's upstream is known.
//!
//! Asked by the platform itself, without a scope. Rows: G-6.8.1 (贯通率).

use std::collections::{HashMap, HashSet};

use clickhouse::Row;
use serde::Deserialize;
use suyuan_domain::id::ObjectId;

use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::row::object_of;
use crate::sql::{Bound, chunks};

#[derive(Row, Deserialize)]
struct UnitRow {
    unit: String,
    events: Vec<[u8; 16]>,
}

impl Warehouse {
    /// For each of `units` that some current event brought forth or passed on, one or two such events: enough to see
    /// whether there is another one than the event that asks.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn system_unit_events(&self, units: &[String]) -> WarehouseResult<HashMap<String, Vec<ObjectId>>> {
        let sql = "SELECT down_unit AS unit, groupUniqArray(2)(event) AS events FROM link_down LEFT JOIN (\
                   SELECT event AS corrected, max(version) AS current FROM superseded WHERE event IN (\
                   SELECT event FROM link_down WHERE down_unit IN {units:Array(String)}) GROUP BY event) AS s \
                   ON link_down.event = s.corrected WHERE down_unit IN {units:Array(String)} AND version >= current \
                   AND kind IN ('origin', 'move', 'transform', 'pack') GROUP BY unit";
        let mut known = HashMap::new();
        for chunk in chunks(units, 5_000, String::len) {
            let bound = Bound::new(sql).texts("units", chunk.to_vec());
            known.extend(self.fetch::<UnitRow>(bound).await?.into_iter().map(|row| {
                let events = row.events.into_iter().map(object_of).collect();
                (row.unit, events)
            }));
        }
        Ok(known)
    }

    /// Those of `units` that some current event stored here brought forth or passed on.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn system_known_units(&self, units: &[String]) -> WarehouseResult<HashSet<String>> {
        Ok(self.system_unit_events(units).await?.into_keys().collect())
    }
}
