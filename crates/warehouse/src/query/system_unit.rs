//! Which traceability units have come into being here, for judging whether an inbound record's upstream is known.
//!
//! Asked by the platform itself, without a scope. Rows: G-6.8.1 (贯通率).

use std::collections::HashSet;

use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::sql::{Bound, chunks};

impl Warehouse {
    /// Those of `units` that some event stored here brought forth or passed on.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn system_known_units(&self, units: &[String]) -> WarehouseResult<HashSet<String>> {
        let sql = "SELECT DISTINCT down_unit FROM link_down WHERE down_unit IN {units:Array(String)} \
                   AND kind IN ('origin', 'move', 'transform', 'pack')";
        let mut known = HashSet::new();
        for chunk in chunks(units, 5_000, String::len) {
            known.extend(
                self.fetch::<String>(Bound::new(sql).texts("units", chunk.to_vec()))
                    .await?,
            );
        }
        Ok(known)
    }
}
