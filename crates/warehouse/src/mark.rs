//! Rebuilding statistics from the facts: only marked buckets, always whole, cleared by generation.
//!
//! A bucket is (day, division, category, stage, system, record month). Marks are stored before the facts that they are
//! about; they are cleared only when no projection that could belong to them is under way, so whatever stops where, a
//! repetition of the projection or of the rebuild ends with the same figures.

use clickhouse::Row;
use serde::Deserialize;

use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::row::DoneRow;
use crate::sql::Bound;

/// The steps of a rebuild, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RebuildStep {
    /// Figures of the days are stored.
    Days,
    /// Figures of the flows are stored.
    Flows,
    /// The marks are cleared.
    Cleared,
}

/// Sums in thousandths that stay within 64 bits whatever was reported.
macro_rules! bounded {
    ($sum:literal) => {
        concat!("toInt64(least(greatest(sum(", $sum, "), toInt128(-9000000000000000)), toInt128(9000000000000000)))")
    };
}

/// The events that marked buckets are made of. Conditions on changeable columns stand in `WHERE`, after `FINAL`.
const MARKED_EVENTS: &str = "FROM event FINAL \
     WHERE month IN (SELECT month FROM mark WHERE generation > {after:UInt64} AND generation <= {upto:UInt64}) \
     AND day IN (SELECT day FROM mark WHERE generation > {after:UInt64} AND generation <= {upto:UInt64}) \
     AND withdrawn = 0 AND counted = 1 \
     AND (month, day, division, category, stage, system) IN (SELECT month, day, division, category, stage, system \
     FROM mark WHERE generation > {after:UInt64} AND generation <= {upto:UInt64})";

const AMOUNT: &str = "intDiv(toInt128(ifNull(quantity_milli, 0)) * ifNull(price_milli, 0), 1000)";

#[derive(Row, Deserialize)]
struct GenerationRow {
    generation: u64,
    buckets: u64,
}

impl Warehouse {
    /// Rebuilds marked buckets, oldest marks first, about `limit` marks at a time (whole generations; at least one).
    /// Returns how many marks were worked off; 0 when none is left.
    ///
    /// # Errors
    /// When the engine fails; the marks then stay.
    pub async fn rebuild_marked(&self, limit: u64) -> WarehouseResult<usize> {
        self.rebuild_until(limit, None).await
    }

    /// [`Warehouse::rebuild_marked`] that stops after a step, as a process that is killed there would. For tests.
    ///
    /// # Errors
    /// As [`Warehouse::rebuild_marked`].
    #[doc(hidden)]
    pub async fn rebuild_until(&self, limit: u64, stop_after: Option<RebuildStep>) -> WarehouseResult<usize> {
        let _turn = self.rebuild_turn().await;
        let (own, first_under_way) = self.rebuild_generation().await?;
        let after = self.done_generation().await?;
        let Some((upto, count)) = self.next_marks(after, first_under_way, limit).await? else {
            return Ok(0);
        };
        for (step, sql) in [(RebuildStep::Days, days_sql()), (RebuildStep::Flows, flows_sql())] {
            let bound = Bound::new(sql).uint("after", after).uint("upto", upto).uint("own", own);
            self.execute(bound).await?;
            if stop_after == Some(step) {
                return Ok(count);
            }
        }
        self.insert("mark_done", vec![DoneRow { one: 1, generation: upto }]).await?;
        if stop_after != Some(RebuildStep::Cleared) {
            self.drop_old_marks(upto).await?;
        }
        Ok(count)
    }

    /// How many marks wait for a rebuild.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn marks_waiting(&self) -> WarehouseResult<u64> {
        let after = self.done_generation().await?;
        let bound = Bound::new("SELECT count() FROM mark WHERE generation > {after:UInt64}").uint("after", after);
        Ok(self.fetch::<u64>(bound).await?.first().copied().unwrap_or_default())
    }

    async fn done_generation(&self) -> WarehouseResult<u64> {
        let done = self.fetch::<u64>(Bound::new("SELECT max(generation) FROM mark_done")).await?;
        Ok(done.first().copied().unwrap_or_default())
    }

    /// The last generation to take and how many marks that makes.
    async fn next_marks(&self, after: u64, before: u64, limit: u64) -> WarehouseResult<Option<(u64, usize)>> {
        let bound = Bound::new(
            "SELECT generation, count() AS buckets FROM mark WHERE generation > {after:UInt64} \
             AND generation < {before:UInt64} GROUP BY generation ORDER BY generation LIMIT {limit:UInt64}",
        )
        .uint("after", after)
        .uint("before", before)
        .uint("limit", limit.max(1));
        let mut taken: Option<(u64, u64)> = None;
        for row in self.fetch::<GenerationRow>(bound).await? {
            let sum = taken.map_or(0, |(_, sum)| sum) + row.buckets;
            if taken.is_some() && sum > limit {
                break;
            }
            taken = Some((row.generation, sum));
        }
        Ok(taken.map(|(generation, sum)| (generation, usize::try_from(sum).unwrap_or(usize::MAX))))
    }

    /// Drops partitions of marks that lie wholly below `upto`.
    async fn drop_old_marks(&self, upto: u64) -> WarehouseResult<()> {
        let bound = Bound::new(
            "SELECT DISTINCT intDiv(generation, 4096) AS part FROM mark \
             WHERE generation < intDiv({upto:UInt64}, 4096) * 4096 ORDER BY part",
        )
        .uint("upto", upto);
        for part in self.fetch::<u64>(bound).await? {
            self.execute(Bound::new(format!("ALTER TABLE mark DROP PARTITION {part}"))).await?;
        }
        Ok(())
    }
}

/// Events of the marked buckets summed up, together with a zero for every bucket.
fn days_sql() -> String {
    format!(
        "INSERT INTO stat_day (month, day, division, category, stage, system, generation, events, quantity_milli, \
         amount_milli, late, needs_upstream, upstream_known, mandatory_total, mandatory_filled, inspections, failed) \
         SELECT month, day, division, category, stage, system, {{own:UInt64}}, sum(one), {quantity}, {amount}, \
         sum(is_late), sum(needs), sum(known), sum(total), sum(filled), sum(tested), sum(bad) FROM (\
         SELECT month, day, division, category, stage, system, toUInt64(1) AS one, \
         toInt128(ifNull(quantity_milli, 0)) AS quantity, {AMOUNT} AS amount, toUInt64(late) AS is_late, \
         toUInt64(needs_upstream) AS needs, toUInt64(needs_upstream AND upstream_known) AS known, \
         toUInt64(mandatory_total) AS total, toUInt64(mandatory_filled) AS filled, \
         toUInt64(inspection_passed IS NOT NULL) AS tested, toUInt64(ifNull(inspection_passed, 1) = 0) AS bad \
         {MARKED_EVENTS} UNION ALL \
         SELECT DISTINCT month, day, division, category, stage, system, toUInt64(0), toInt128(0), toInt128(0), \
         toUInt64(0), toUInt64(0), toUInt64(0), toUInt64(0), toUInt64(0), toUInt64(0), toUInt64(0) \
         FROM mark WHERE generation > {{after:UInt64}} AND generation <= {{upto:UInt64}}) \
         GROUP BY month, day, division, category, stage, system",
        quantity = bounded!("quantity"),
        amount = bounded!("amount"),
    )
}

/// The same by the other side's division; a flow that was stored once and has no event any more becomes zero.
fn flows_sql() -> String {
    format!(
        "INSERT INTO stat_flow (month, day, division, category, stage, system, peer_division, inbound, generation, \
         events, quantity_milli, amount_milli) \
         SELECT month, day, division, category, stage, system, peer_division, inbound, {{own:UInt64}}, sum(one), \
         {quantity}, {amount} FROM (\
         SELECT month, day, division, category, stage, system, peer_division, inbound, toUInt64(1) AS one, \
         toInt128(ifNull(quantity_milli, 0)) AS quantity, {AMOUNT} AS amount \
         {MARKED_EVENTS} AND peer_division != '' UNION ALL \
         SELECT DISTINCT month, day, division, category, stage, system, peer_division, inbound, toUInt64(0), \
         toInt128(0), toInt128(0) FROM stat_flow \
         WHERE (month, day, division, category, stage, system) IN (SELECT month, day, division, category, stage, system \
         FROM mark WHERE generation > {{after:UInt64}} AND generation <= {{upto:UInt64}})) \
         GROUP BY month, day, division, category, stage, system, peer_division, inbound",
        quantity = bounded!("quantity"),
        amount = bounded!("amount"),
    )
}
