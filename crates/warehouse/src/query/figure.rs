//! Figures of cockpit and statistics, from the rebuilt statistics; a firm's own figures from its events.
//!
//! Weeks, months and comparisons (同比、环比) are made by the caller from days. Rows: G-6.6.1a, G-6.6.1b, G-6.7.3.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;
use suyuan_domain::quantity::Quantity;
use suyuan_domain::scope::{CodeRange, Scope};

use super::{DayRange, IN_DAYS, with_days};
use crate::connection::Warehouse;
use crate::error::{WarehouseError, WarehouseResult};
use crate::sql::{Bound, Value, counts_here, range_ends};

/// Sums over events that count, where and when they happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Events.
    pub events: u64,
    /// Their amounts, whatever their units of measure.
    pub quantity: Quantity,
    /// Amount times price, in yuan (thousandths).
    pub amount: Quantity,
    /// Events that came after the time limit.
    pub late: u64,
    /// Inbound events that need an upstream voucher or unit.
    pub needs_upstream: u64,
    /// How many of them name one that is known.
    pub upstream_known: u64,
    /// Mandatory fields.
    pub mandatory_total: u64,
    /// How many of them are filled.
    pub mandatory_filled: u64,
    /// Events with a tested result.
    pub inspections: u64,
    /// How many of them failed.
    pub failed: u64,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.quantity = self.quantity.plus(other.quantity);
        self.amount = self.amount.plus(other.amount);
        self.late += other.late;
        self.needs_upstream += other.needs_upstream;
        self.upstream_known += other.upstream_known;
        self.mandatory_total += other.mandatory_total;
        self.mandatory_filled += other.mandatory_filled;
        self.inspections += other.inspections;
        self.failed += other.failed;
    }
}

/// Conditions on figures; an empty list is no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FigureFilter {
    /// Categories.
    pub categories: Vec<String>,
    /// Stages.
    pub stages: Vec<String>,
    /// Connected systems.
    pub systems: Vec<String>,
    /// Where it happened.
    pub divisions: Vec<CodeRange>,
}

/// What one side reported about a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FlowSum {
    /// Events.
    pub events: u64,
    /// Their amounts.
    pub quantity: Quantity,
    /// Amount times price, in yuan (thousandths).
    pub amount: Quantity,
}

/// Goods that went from one division to another. Both sides may report the same goods: never add the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// Where the goods came from.
    pub from: String,
    /// Where they went to.
    pub to: String,
    /// As the sending side reported it.
    pub sent: FlowSum,
    /// As the receiving side reported it.
    pub received: FlowSum,
}

#[derive(Row, Deserialize)]
struct KeyedRow {
    key: String,
    events: u64,
    quantity: i64,
    amount: i64,
    late: u64,
    needs: u64,
    known: u64,
    total: u64,
    filled: u64,
    tested: u64,
    bad: u64,
}

#[derive(Row, Deserialize)]
struct FlowRow {
    source: String,
    target: String,
    is_inbound: u8,
    events: u64,
    quantity: i64,
    amount: i64,
}

#[derive(Row, Deserialize)]
struct LastRow {
    system: String,
    last: i64,
}

const SUMS: &str = "sum(events) AS events, \
     toInt64(least(greatest(sum(toInt128(quantity_milli)), toInt128(-9000000000000000)), toInt128(9000000000000000))) AS quantity, \
     toInt64(least(greatest(sum(toInt128(amount_milli)), toInt128(-9000000000000000)), toInt128(9000000000000000))) AS amount";

const MORE_SUMS: &str = "sum(s.late) AS late, sum(s.needs_upstream) AS needs, sum(s.upstream_known) AS known, \
     sum(s.mandatory_total) AS total, sum(s.mandatory_filled) AS filled, sum(s.inspections) AS tested, \
     sum(s.failed) AS bad";

/// The events of one subject in the form of the statistics.
const OWN_EVENTS: &str = "(SELECT e.day AS day, e.division AS division, e.category AS category, e.stage AS stage, \
     e.system AS system, toUInt64(1) AS events, ifNull(e.quantity_milli, 0) AS quantity_milli, \
     intDiv(toInt128(ifNull(e.quantity_milli, 0)) * ifNull(e.price_milli, 0), 1000) AS amount_milli, \
     toUInt64(e.late) AS late, toUInt64(e.needs_upstream) AS needs_upstream, \
     toUInt64(e.needs_upstream AND e.upstream_known) AS upstream_known, toUInt64(e.mandatory_total) AS mandatory_total, \
     toUInt64(e.mandatory_filled) AS mandatory_filled, toUInt64(e.inspection_passed IS NOT NULL) AS inspections, \
     toUInt64(ifNull(e.inspection_passed, 1) = 0) AS failed FROM event AS e FINAL \
     WHERE e.withdrawn = 0 AND e.counted = 1 AND e.subject = {scope_subject:String} \
     AND e.object IN (SELECT event FROM series WHERE subject = {scope_subject:String} AND side = 'own')) AS s";

impl Warehouse {
    /// Sums over a range of days.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn totals(&self, scope: &Scope, days: DayRange, filter: &FigureFilter) -> WarehouseResult<Figures> {
        let rows = self.figures(scope, days, filter, "''").await?;
        Ok(rows.into_iter().next().map(|(_, figures)| figures).unwrap_or_default())
    }

    /// Sums by day, in order; days without events are left out.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn by_day(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
    ) -> WarehouseResult<Vec<(Day, Figures)>> {
        let rows = self.figures(scope, days, filter, "toString(day)").await?;
        rows.into_iter()
            .map(|(day, figures)| Ok((day.parse().map_err(|_| WarehouseError::Value("day"))?, figures)))
            .collect()
    }

    /// Sums by stage.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn by_stage(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
    ) -> WarehouseResult<Vec<(String, Figures)>> {
        self.figures(scope, days, filter, "toString(stage)").await
    }

    /// Sums by category.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn by_category(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
    ) -> WarehouseResult<Vec<(String, Figures)>> {
        self.figures(scope, days, filter, "toString(category)").await
    }

    /// Sums by connected system.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn by_system(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
    ) -> WarehouseResult<Vec<(String, Figures)>> {
        self.figures(scope, days, filter, "toString(system)").await
    }

    /// Sums for each of `children` (code and the ranges of its subtree), in their order; zeros where nothing happened.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn by_division(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
        children: &[(String, Vec<CodeRange>)],
    ) -> WarehouseResult<Vec<(String, Figures)>> {
        let rows = self.figures(scope, days, filter, "toString(division)").await?;
        let sum = |ranges: &[CodeRange]| {
            let mut figures = Figures::default();
            for (_, row) in rows.iter().filter(|(code, _)| ranges.iter().any(|range| range.covers(code))) {
                figures.add(row);
            }
            figures
        };
        Ok(children.iter().map(|(code, ranges)| (code.clone(), sum(ranges))).collect())
    }

    /// When each connected system last brought something since the begin of `since`.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn last_event_per_system(
        &self,
        scope: &Scope,
        since: Day,
    ) -> WarehouseResult<BTreeMap<String, Timestamp>> {
        let sql = format!(
            "SELECT toString(system) AS system, toInt64(max(at)) AS last FROM (\
             SELECT system, division, category, toUnixTimestamp64Milli(received_at) AS at FROM intake FINAL \
             WHERE withdrawn = 0 AND accepted > 0 \
             AND received_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC') UNION ALL \
             SELECT system, division, category, toUnixTimestamp64Milli(received_at) AS at FROM event \
             WHERE withdrawn = 0 AND received_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')) \
             WHERE {} GROUP BY system",
            counts_here(None)
        );
        let rows = self.fetch::<LastRow>(Bound::new(sql).scope(scope).instant("since", since.start())).await?;
        Ok(rows.into_iter().map(|row| (row.system, Timestamp::from_millis(row.last))).collect())
    }

    /// Goods between divisions, largest first, at most `limit` pairs.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn flows(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
        limit: usize,
    ) -> WarehouseResult<Vec<Flow>> {
        let mut bound = Bound::new(format!(
            "SELECT toString(if(inbound = 1, peer_division, division)) AS source, \
             toString(if(inbound = 1, division, peer_division)) AS target, inbound AS is_inbound, {SUMS} \
             FROM stat_flow AS s FINAL WHERE {IN_DAYS} AND {}",
            counts_here(None)
        ))
        .scope(scope);
        filter.push(&mut bound);
        bound.push(" GROUP BY source, target, is_inbound HAVING sum(s.events) > 0");
        let mut flows: BTreeMap<(String, String), Flow> = BTreeMap::new();
        for row in self.fetch::<FlowRow>(with_days(bound, days)).await? {
            let sum = FlowSum {
                events: row.events,
                quantity: Quantity::from_milli(row.quantity),
                amount: Quantity::from_milli(row.amount),
            };
            let flow = flows.entry((row.source.clone(), row.target.clone())).or_insert_with(|| Flow {
                from: row.source,
                to: row.target,
                sent: FlowSum::default(),
                received: FlowSum::default(),
            });
            *(if row.is_inbound == 1 { &mut flow.received } else { &mut flow.sent }) = sum;
        }
        let mut flows: Vec<Flow> = flows.into_values().collect();
        flows.sort_by_key(|flow| std::cmp::Reverse(flow.sent.events.max(flow.received.events)));
        flows.truncate(limit);
        Ok(flows)
    }

    async fn figures(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
        key: &str,
    ) -> WarehouseResult<Vec<(String, Figures)>> {
        // The statistics know no subjects: a firm's figures come from its own events.
        let (source, condition) = if scope.subject.is_some() {
            (OWN_EVENTS, counts_here(Some("{scope_subject:String}")))
        } else {
            ("stat_day AS s FINAL", counts_here(None))
        };
        let mut bound = Bound::new(format!(
            "SELECT {key} AS key, {SUMS}, {MORE_SUMS} FROM {source} WHERE {IN_DAYS} AND {condition}"
        ))
        .scope(scope);
        filter.push(&mut bound);
        bound.push(" GROUP BY key HAVING sum(s.events) > 0 ORDER BY key");
        let rows = self.fetch::<KeyedRow>(with_days(bound, days)).await?;
        Ok(rows.into_iter().map(KeyedRow::split).collect())
    }
}

impl KeyedRow {
    fn split(self) -> (String, Figures) {
        let figures = Figures {
            events: self.events,
            quantity: Quantity::from_milli(self.quantity),
            amount: Quantity::from_milli(self.amount),
            late: self.late,
            needs_upstream: self.needs,
            upstream_known: self.known,
            mandatory_total: self.total,
            mandatory_filled: self.filled,
            inspections: self.tested,
            failed: self.bad,
        };
        (self.key, figures)
    }
}

impl FigureFilter {
    /// Appends the conditions.
    pub(super) fn push(&self, bound: &mut Bound) {
        for (values, name, sql) in [
            (&self.categories, "categories", " AND category IN {categories:Array(String)}"),
            (&self.stages, "stages", " AND stage IN {stages:Array(String)}"),
            (&self.systems, "systems", " AND system IN {systems:Array(String)}"),
        ] {
            if !values.is_empty() {
                bound.push(sql).set(name, Value::Texts(values.clone()));
            }
        }
        if !self.divisions.is_empty() {
            let (from, to) = range_ends(&self.divisions);
            bound
                .push(
                    " AND arrayExists((f, t) -> f <= division AND division <= t, {in_from:Array(String)}, \
                     {in_to:Array(String)})",
                )
                .set("in_from", Value::Texts(from))
                .set("in_to", Value::Texts(to));
        }
    }
}
