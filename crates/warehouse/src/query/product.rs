//! Price, volume and amount (价、量、额) and goods in and out (进销存) by product and stage, straight from the events.
//!
//! Rows: G-6.6.1a, G-6.6.1b.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use suyuan_domain::quantity::Quantity;
use suyuan_domain::scope::Scope;

use super::{DayRange, FigureFilter, IN_DAYS, with_days};
use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::sql::{Bound, counts_here};

/// Figures of one product in one stage, in one unit of measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductFigures {
    /// Product code.
    pub product: String,
    /// Its name as last reported.
    pub product_name: String,
    /// Category.
    pub category: String,
    /// Stage.
    pub stage: String,
    /// Unit of measure.
    pub unit: String,
    /// Events.
    pub events: u64,
    /// Amount of all of them.
    pub quantity: Quantity,
    /// Amount that came in from another subject.
    pub bought: Quantity,
    /// Amount that went out to another subject.
    pub sold: Quantity,
    /// Amount times price, in yuan (thousandths), of events that state both.
    pub amount: Quantity,
    /// Lowest price, in yuan (thousandths).
    pub lowest: Option<Quantity>,
    /// Highest price, in yuan (thousandths).
    pub highest: Option<Quantity>,
    /// Price weighted by amount, in yuan (thousandths).
    pub average: Option<Quantity>,
}

#[derive(Row, Deserialize)]
struct ProductRow {
    product: String,
    name: String,
    category: String,
    stage: String,
    unit: String,
    events: u64,
    quantity: i64,
    bought: i64,
    sold: i64,
    amount: i64,
    lowest: Option<i64>,
    highest: Option<i64>,
    average: Option<i64>,
}

macro_rules! bounded {
    ($sum:literal) => {
        concat!("toInt64(least(greatest(", $sum, ", toInt128(-9000000000000000)), toInt128(9000000000000000)))")
    };
}

impl Warehouse {
    /// Products by their number of events, most first, at most `limit` rows.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn by_product(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
        limit: u32,
    ) -> WarehouseResult<Vec<ProductFigures>> {
        let mut bound = Bound::new(format!(
            "SELECT product, argMax(product_name, (event_time, object)) AS name, toString(category) AS category, \
             toString(stage) AS stage, toString(unit) AS unit, count() AS events, {quantity} AS quantity, \
             {bought} AS bought, {sold} AS sold, {amount} AS amount, min(price_milli) AS lowest, \
             max(price_milli) AS highest, {average} AS average \
             FROM event FINAL WHERE withdrawn = 0 AND counted = 1 AND product != '' AND {IN_DAYS} AND {here}",
            quantity = bounded!("sum(toInt128(ifNull(quantity_milli, 0)))"),
            bought = bounded!("sumIf(toInt128(ifNull(quantity_milli, 0)), inbound = 1 AND peer_subject != '')"),
            sold = bounded!("sumIf(toInt128(ifNull(quantity_milli, 0)), inbound = 0 AND peer_subject != '')"),
            amount = bounded!("sum(intDiv(toInt128(ifNull(quantity_milli, 0)) * ifNull(price_milli, 0), 1000))"),
            average = "if(sumIf(toInt128(ifNull(quantity_milli, 0)), price_milli IS NOT NULL) > 0, \
                 toNullable(toInt64(intDivOrZero(sum(toInt128(ifNull(quantity_milli, 0)) * ifNull(price_milli, 0)), \
                 sumIf(toInt128(ifNull(quantity_milli, 0)), price_milli IS NOT NULL)))), NULL)",
            here = counts_here(Some("subject")),
        ))
        .scope(scope)
        .uint("limit", u64::from(limit));
        filter.push(&mut bound);
        bound.push(
            " GROUP BY product, category, stage, unit ORDER BY events DESC, product, stage, unit LIMIT {limit:UInt64}",
        );
        let rows = self.fetch::<ProductRow>(with_days(bound, days)).await?;
        Ok(rows.into_iter().map(ProductRow::figures).collect())
    }
}

impl ProductRow {
    fn figures(self) -> ProductFigures {
        ProductFigures {
            product: self.product,
            product_name: self.name,
            category: self.category,
            stage: self.stage,
            unit: self.unit,
            events: self.events,
            quantity: Quantity::from_milli(self.quantity),
            bought: Quantity::from_milli(self.bought),
            sold: Quantity::from_milli(self.sold),
            amount: Quantity::from_milli(self.amount),
            lowest: self.lowest.map(Quantity::from_milli),
            highest: self.highest.map(Quantity::from_milli),
            average: self.average.map(Quantity::from_milli),
        }
    }
}
