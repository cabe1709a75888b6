//! What connected systems sent: rows received, taken, refused by code. Computed from the batches, which are few.
//!
//! Rows: G-6.4.1, G-6.8.1 (数据合格率), H-6.4.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use suyuan_domain::scope::Scope;

use super::{DayRange, FigureFilter, IN_DAYS, with_days};
use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::sql::{Bound, counts_here};

/// Sums over batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IntakeFigures {
    /// Batches.
    pub batches: u64,
    /// Rows that came.
    pub received: u64,
    /// Rows that were taken.
    pub accepted: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// Rows that were known already.
    pub duplicate: u64,
}

/// By what batches are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntakeKey {
    /// Everything; the key is empty.
    All,
    /// Day of receipt, as `2026-11-21`.
    Day,
    /// Connected system.
    System,
    /// Division of the system.
    Division,
    /// Category.
    Category,
    /// Stage.
    Stage,
}

impl IntakeKey {
    const fn sql(self) -> &'static str {
        match self {
            Self::All => "''",
            Self::Day => "toString(day)",
            Self::System => "toString(system)",
            Self::Division => "toString(division)",
            Self::Category => "toString(category)",
            Self::Stage => "toString(stage)",
        }
    }
}

#[derive(Row, Deserialize)]
struct IntakeSum {
    key: String,
    batches: u64,
    all_received: u64,
    all_accepted: u64,
    all_rejected: u64,
    all_duplicate: u64,
}

#[derive(Row, Deserialize)]
struct RejectSum {
    code: String,
    rows: u64,
}

impl Warehouse {
    /// Batches by day of receipt, summed up by `key`, in its order.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn intake(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
        key: IntakeKey,
    ) -> WarehouseResult<Vec<(String, IntakeFigures)>> {
        let mut bound = Bound::new(format!(
            "SELECT {key} AS key, count() AS batches, sum(received) AS all_received, sum(accepted) AS all_accepted, \
             sum(rejected) AS all_rejected, sum(duplicate) AS all_duplicate FROM intake FINAL \
             WHERE withdrawn = 0 AND {IN_DAYS} AND {}",
            counts_here(None),
            key = key.sql(),
        ))
        .scope(scope);
        filter.push(&mut bound);
        bound.push(" GROUP BY key ORDER BY key");
        let rows = self.fetch::<IntakeSum>(with_days(bound, days)).await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let figures = IntakeFigures {
                    batches: row.batches,
                    received: row.all_received,
                    accepted: row.all_accepted,
                    rejected: row.all_rejected,
                    duplicate: row.all_duplicate,
                };
                (row.key, figures)
            })
            .collect())
    }

    /// Refused rows by code, most frequent first.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn rejects_by_code(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
    ) -> WarehouseResult<Vec<(String, u64)>> {
        let mut bound = Bound::new(format!(
            "SELECT code, sum(number) AS rows FROM intake FINAL \
             ARRAY JOIN reject_codes AS code, reject_counts AS number WHERE withdrawn = 0 AND {IN_DAYS} AND {}",
            counts_here(None)
        ))
        .scope(scope);
        filter.push(&mut bound);
        bound.push(" GROUP BY code ORDER BY rows DESC, code");
        let rows = self.fetch::<RejectSum>(with_days(bound, days)).await?;
        Ok(rows.into_iter().map(|row| (row.code, row.rows)).collect())
    }
}
