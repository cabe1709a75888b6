//! Look-ups by the public, from the hourly sums. Rows: G-6.6.2.

use clickhouse::Row;
use serde::Deserialize;
use suyuan_domain::scope::Scope;

use super::{DayRange, IN_DAYS, with_days};
use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::sql::{Bound, counts_here};

/// By what look-ups are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LookupKey {
    /// Day, as `2026-11-21`.
    Day,
    /// Hour of the day in Asia/Shanghai, `00` to `23`.
    HourOfDay,
    /// Division from which was asked.
    Division,
    /// Category of the product.
    Category,
    /// Type of the subject asked about.
    SubjectType,
    /// Product.
    Product,
    /// What came of it.
    Outcome,
}

impl LookupKey {
    const fn sql(self) -> &'static str {
        match self {
            Self::Day => "toString(day)",
            Self::HourOfDay => "leftPad(toString(toHour(hour, 'Asia/Shanghai')), 2, '0')",
            Self::Division => "toString(division)",
            Self::Category => "toString(category)",
            Self::SubjectType => "toString(subject_type)",
            Self::Product => "product",
            Self::Outcome => "toString(outcome)",
        }
    }
}

#[derive(Row, Deserialize)]
struct LookupSum {
    key: String,
    number: u64,
}

impl Warehouse {
    /// Look-ups summed up by `key`, in its order.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn lookups(&self, scope: &Scope, days: DayRange, key: LookupKey) -> WarehouseResult<Vec<(String, u64)>> {
        let sql = format!(
            "SELECT {key} AS key, sum(lookups) AS number FROM lookup_hour FINAL WHERE withdrawn = 0 AND {IN_DAYS} AND {} \
             GROUP BY key ORDER BY key",
            counts_here(None),
            key = key.sql(),
        );
        let rows = self.fetch::<LookupSum>(with_days(Bound::new(sql).scope(scope), days)).await?;
        Ok(rows.into_iter().map(|row| (row.key, row.number)).collect())
    }
}
