//! Earlier values of a subject and product, for the thresholds of outlier rules.
//!
//! Asked by the platform itself, without a scope: what is found is judged, not shown. Rows: G-6.4.2a.

use clickhouse::Row;
use serde::Deserialize;
use suyuan_domain::clock::Timestamp;

use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::sql::Bound;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Amount of the event, in thousandths.
    Quantity,
    /// Price, in thousandths of a yuan.
    Price,
}

impl Metric {
    const fn column(self) -> &'static str {
        match self {
            Self::Quantity => "quantity_milli",
            Self::Price => "price_milli",
        }
    }
}

/// Which events are comparable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesKey {
    /// Code of the subject that did them.
    pub subject: String,
    /// Product code.
    pub product: String,
    /// Business step; `None` for all.
    pub biz_step: Option<String>,
    /// Unit of measure; `None` for all.
    pub unit: Option<String>,
}

#[derive(Row, Deserialize)]
struct ValueRow {
    value: i64,
}

impl Warehouse {
    /// The last `most` values before `before`, newest first, in thousandths. Only current events that count.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn system_history(
        &self,
        key: &SeriesKey,
        metric: Metric,
        before: Timestamp,
        most: u32,
    ) -> WarehouseResult<Vec<i64>> {
        let sql = format!(
            "SELECT assumeNotNull({column}) AS value FROM series LEFT JOIN (SELECT event AS corrected, \
             max(version) AS current FROM superseded WHERE event IN (SELECT event FROM series \
             WHERE subject = {{subject:String}} AND side = 'own' AND product = {{product:String}}) GROUP BY event) AS s \
             ON series.event = s.corrected \
             WHERE subject = {{subject:String}} AND side = 'own' AND product = {{product:String}} AND version >= current \
             AND counted = 1 AND {column} IS NOT NULL \
             AND event_time < fromUnixTimestamp64Milli({{before:Int64}}, 'UTC') \
             AND ({{all_steps:UInt8}} = 1 OR biz_step = {{biz_step:String}}) \
             AND ({{all_units:UInt8}} = 1 OR unit = {{unit:String}}) \
             ORDER BY event_time DESC, event DESC LIMIT 1 BY event LIMIT {{most:UInt64}}",
            column = metric.column()
        );
        let bound = Bound::new(sql)
            .text("subject", &key.subject)
            .text("product", &key.product)
            .instant("before", before)
            .uint("all_steps", u64::from(key.biz_step.is_none()))
            .text("biz_step", key.biz_step.as_deref().unwrap_or_default())
            .uint("all_units", u64::from(key.unit.is_none()))
            .text("unit", key.unit.as_deref().unwrap_or_default())
            .uint("most", u64::from(most));
        let rows = self.fetch::<ValueRow>(bound).await?;
        Ok(rows.into_iter().map(|row| row.value).collect())
    }
}
