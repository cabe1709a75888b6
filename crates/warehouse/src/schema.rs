//! The schema runner: numbered files of one idempotent statement each, applied in order and recorded.
//!
//! Steps are only ever added; an applied one never changes. On a cluster only the leader migrates.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::connection::Warehouse;
use crate::error::{WarehouseError, WarehouseResult};

macro_rules! steps {
    ($($number:literal $name:literal,)*) => {
        &[$(Step {
            number: $number,
            name: $name,
            statement: include_str!(concat!("../../../sql/clickhouse/", $name, ".sql")),
        }),*]
    };
}

struct Step {
    number: u32,
    name: &'static str,
    statement: &'static str,
}

const STEPS: &[Step] = steps![
    1 "001_schema_step",
    2 "002_event",
    3 "003_link_up",
    4 "004_link_down",
    5 "005_superseded",
    6 "006_series",
    7 "007_event_key",
    8 "008_intake",
    9 "009_lookup_hour",
    10 "010_mark",
    11 "011_mark_done",
    12 "012_stat_day",
    13 "013_stat_flow",
];

#[derive(Row, Serialize, Deserialize)]
struct StepRow {
    number: u32,
    name: String,
    statement: String,
}

impl Warehouse {
    /// Creates the database where it is missing and applies the steps that it lacks. Returns how many were applied.
    ///
    /// # Errors
    /// When a statement fails (what was applied before stays applied and recorded), when the database was prepared by a
    /// newer program, or when an applied step reads differently now.
    pub async fn migrate(&self) -> WarehouseResult<usize> {
        let create = format!("CREATE DATABASE IF NOT EXISTS `{}`", self.database());
        self.outside().query_raw(&create).execute().await?;
        let client = self.client();
        client.query_raw(STEPS[0].statement).execute().await?;
        let applied = self.applied_steps().await?;
        if let Some(newer) = applied.keys().find(|number| STEPS.iter().all(|step| step.number != **number)) {
            return Err(WarehouseError::SchemaNewer(*newer));
        }
        let mut count = 0;
        for step in STEPS {
            match applied.get(&step.number) {
                Some(statement) if statement == step.statement => continue,
                Some(_) => {
                    return Err(WarehouseError::SchemaChanged { number: step.number, name: step.name.to_owned() });
                }
                None => {}
            }
            client.query_raw(step.statement).execute().await?;
            let mut insert = client.insert::<StepRow>("schema_step").await?;
            let row = StepRow { number: step.number, name: step.name.to_owned(), statement: step.statement.to_owned() };
            insert.write(&row).await?;
            insert.end().await?;
            count += 1;
        }
        Ok(count)
    }

    async fn applied_steps(&self) -> WarehouseResult<BTreeMap<u32, String>> {
        let sql = "SELECT number, name, statement FROM schema_step FINAL ORDER BY number";
        let rows = self.client().query_raw(sql).fetch_all::<StepRow>().await?;
        Ok(rows.into_iter().map(|row| (row.number, row.statement)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_by_their_file_and_hold_one_statement() {
        for (index, step) in STEPS.iter().enumerate() {
            assert_eq!(step.number as usize, index + 1, "{}", step.name);
            assert!(step.name.starts_with(&format!("{:03}_", step.number)), "{}", step.name);
            assert!(!step.statement.contains(';'), "{}", step.name);
            assert!(step.statement.contains("IF NOT EXISTS"), "{}", step.name);
            assert!(step.statement.contains("fsync_after_insert = 1"), "{}", step.name);
            assert!(!step.statement.contains("CLEANUP"), "{}", step.name);
        }
    }
}
