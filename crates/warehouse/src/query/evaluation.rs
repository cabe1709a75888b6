//! Inputs of the operating evaluation (运行监测评价) per connected system and period. Scores belong to `suyuan_domain`.
//!
//! Everything goes by the day of receipt, so that records, refusals and uploads speak of the same deliveries.
//! Rows: G-6.8.1, G-6.8.2a.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use suyuan_domain::scope::Scope;

use super::{DayRange, FigureFilter, IN_DAYS, with_days};
use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::sql::{Bound, counts_here};

/// Counts of one connected system in one period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationInputs {
    /// Code of the system.
    pub system: String,
    /// Days on which at least one row was taken.
    pub days_with_upload: u64,
    /// Events that count.
    pub records: u64,
    /// How many of them came after the time limit.
    pub late: u64,
    /// Rows that came.
    pub received: u64,
    /// Rows that were taken.
    pub accepted: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// Rows that were known already.
    pub duplicate: u64,
    /// Mandatory fields.
    pub mandatory_total: u64,
    /// How many of them were filled.
    pub mandatory_filled: u64,
    /// Inbound events that need an upstream voucher or unit.
    pub needs_upstream: u64,
    /// How many of them name nothing but units that another event brought forth or passed on.
    pub upstream_known: u64,
    /// Merchants with at least one event.
    pub active_merchants: u64,
}

#[derive(Row, Deserialize)]
struct EventInputs {
    code: String,
    records: u64,
    lates: u64,
    total: u64,
    filled: u64,
    needs: u64,
    merchants: u64,
}

#[derive(Row, Deserialize)]
struct IntakeInputs {
    code: String,
    all_received: u64,
    all_accepted: u64,
    all_rejected: u64,
    all_duplicate: u64,
}

#[derive(Row, Deserialize)]
struct DayInputs {
    code: String,
    days: u64,
}

#[derive(Row, Deserialize)]
struct LinkedInputs {
    code: String,
    known: u64,
}

/// Events received on these days, as rows with a column `day`.
const RECEIVED: &str =
    "received_day >= CAST({from_day:UInt16} AS Date) AND received_day <= CAST({to_day:UInt16} AS Date)";

/// The table `linked` of events received on these days, each of whose inputs another current event brought forth or passed
/// on. It is asked when it is counted, not when an event comes in: an upstream may be reported after its goods were received,
/// and a node above hears of it in another order.
fn linked_events() -> String {
    let months = "month >= toYYYYMM(CAST({from_day:UInt16} AS Date) - 1) AND month <= toYYYYMM(CAST({to_day:UInt16} AS Date) + 1)";
    format!(
        "WITH needy AS (SELECT object FROM event FINAL WHERE withdrawn = 0 AND counted = 1 AND needs_upstream = 1 \
         AND {RECEIVED}), \
         wants AS (SELECT DISTINCT event AS needing, up_unit AS wanted FROM link_up WHERE kind != 'mention' AND {months} \
         AND event IN (SELECT object FROM needy)), \
         made AS (SELECT down_unit AS brought, groupUniqArray(2)(event) AS makers FROM link_down LEFT JOIN (\
         SELECT event AS corrected, max(version) AS current FROM superseded GROUP BY event) AS s \
         ON link_down.event = s.corrected WHERE down_unit IN (SELECT wanted FROM wants) AND version >= current \
         AND kind IN ('origin', 'move', 'transform', 'pack') GROUP BY brought), \
         judged AS (SELECT needing, arrayExists(maker -> maker != needing, makers) AS is_known \
         FROM wants LEFT JOIN made ON wants.wanted = made.brought), \
         linked AS (SELECT needing FROM judged GROUP BY needing HAVING min(is_known) = 1)"
    )
}

impl Warehouse {
    /// Inputs of every system that sent something in the period, in the order of their codes. A system that sent nothing
    /// is not in the list: whether it should have is known to the register.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn evaluation_inputs(
        &self,
        scope: &Scope,
        days: DayRange,
        filter: &FigureFilter,
    ) -> WarehouseResult<Vec<EvaluationInputs>> {
        let here = counts_here(None);
        let ask = |sql: String, end: &str| {
            let mut bound = Bound::new(sql).scope(scope);
            filter.push(&mut bound);
            bound.push(end);
            with_days(bound, days)
        };
        let mut systems: BTreeMap<String, EvaluationInputs> = BTreeMap::new();
        let events = format!(
            "SELECT toString(system) AS code, count() AS records, sum(late) AS lates, sum(mandatory_total) AS total, \
             sum(mandatory_filled) AS filled, sum(needs_upstream) AS needs, \
             uniqExactIf(merchant, merchant != '') AS merchants \
             FROM event FINAL WHERE withdrawn = 0 AND counted = 1 AND {RECEIVED} AND {here}"
        );
        for row in self.fetch::<EventInputs>(ask(events, " GROUP BY code")).await? {
            let entry = systems.entry(row.code).or_default();
            entry.records = row.records;
            entry.late = row.lates;
            entry.mandatory_total = row.total;
            entry.mandatory_filled = row.filled;
            entry.needs_upstream = row.needs;
            entry.active_merchants = row.merchants;
        }
        let linked = format!(
            "{} SELECT toString(system) AS code, count() AS known FROM event FINAL WHERE withdrawn = 0 AND counted = 1 \
             AND {RECEIVED} AND {here} AND object IN (SELECT needing FROM linked)",
            linked_events()
        );
        for row in self.fetch::<LinkedInputs>(ask(linked, " GROUP BY code")).await? {
            systems.entry(row.code).or_default().upstream_known = row.known;
        }
        let intake = format!(
            "SELECT toString(system) AS code, sum(received) AS all_received, sum(accepted) AS all_accepted, \
             sum(rejected) AS all_rejected, sum(duplicate) AS all_duplicate \
             FROM intake FINAL WHERE withdrawn = 0 AND {IN_DAYS} AND {here}"
        );
        for row in self.fetch::<IntakeInputs>(ask(intake, " GROUP BY code")).await? {
            let entry = systems.entry(row.code).or_default();
            entry.received = row.all_received;
            entry.accepted = row.all_accepted;
            entry.rejected = row.all_rejected;
            entry.duplicate = row.all_duplicate;
        }
        let uploads = format!(
            "SELECT toString(system) AS code, uniqExact(day) AS days FROM (\
             SELECT system, division, category, stage, received_day AS day FROM event FINAL \
             WHERE withdrawn = 0 AND counted = 1 AND {RECEIVED} UNION ALL \
             SELECT system, division, category, stage, day FROM intake FINAL \
             WHERE withdrawn = 0 AND accepted > 0 AND {IN_DAYS}) WHERE {here}"
        );
        for row in self.fetch::<DayInputs>(ask(uploads, " GROUP BY code")).await? {
            systems.entry(row.code).or_default().days_with_upload = row.days;
        }
        Ok(systems.into_iter().map(|(system, inputs)| EvaluationInputs { system, ..inputs }).collect())
    }
}
