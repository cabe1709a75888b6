//! One hop of a chain: the current links of a whole frontier, by upstream or downstream unit.
//!
//! The rules of the walk belong to `suyuan_domain`. Rows: G-6.5.3a, G-6.2.2c, H-6.3.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::quantity::Quantity;
use suyuan_domain::scope::Scope;

use super::mask::{Hidden, name};
use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::row::{LINK_COLUMNS, LinkLine, MENTION, object_of};
use crate::sql::{Bound, chunks, visible};

/// Which way a chain is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To where the units came from (溯源).
    Upstream,
    /// To what became of the units (追踪).
    Downstream,
}

/// A current link of the chain, with what is needed to judge and show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Name of the kind, see `LinkKind::as_str`.
    pub kind: String,
    /// Upstream unit; empty where the chain begins.
    pub up_unit: String,
    /// Subject that held the upstream unit.
    pub up_subject: String,
    /// Its name; masked where it is out of scope.
    pub up_name: String,
    /// Its division, where it is known.
    pub up_division: String,
    /// Downstream unit; empty where the chain ends.
    pub down_unit: String,
    /// Subject that holds the downstream unit.
    pub down_subject: String,
    /// Its name; masked where it is out of scope.
    pub down_name: String,
    /// Its division, where it is known.
    pub down_division: String,
    /// The event that says so.
    pub event: ObjectId,
    /// Version of the event.
    pub version: u64,
    /// Subject that reported it.
    pub reporter: String,
    /// Division where it happened.
    pub division: String,
    /// Category of the event.
    pub category: String,
    /// Stage of the event.
    pub stage: String,
    /// Business step of the event.
    pub biz_step: String,
    /// When it happened.
    pub event_time: Timestamp,
    /// Amount that passed, where it is stated.
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    pub unit: String,
    /// Product code.
    pub product: String,
    /// Product name.
    pub product_name: String,
    /// Batch number.
    pub batch: String,
    /// Number of the voucher.
    pub voucher: String,
}

/// Units asked for in one query.
const FRONTIER: usize = 5_000;

/// Links taken from one query; a frontier of units with more is cut, see [`Warehouse::hop`].
const MOST_LINKS: u64 = 200_000;

impl Warehouse {
    /// The current links that lead on from `units`. Links of superseded, voided and withdrawn versions are left out, and
    /// so are links of which neither side lies in the scope. In the order of unit, time and event; at most 200,000 for
    /// every 5,000 units, the earliest of the first units first.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn hop(&self, scope: &Scope, units: &[String], direction: Direction) -> WarehouseResult<Vec<LinkRow>> {
        let (table, column) = match direction {
            Direction::Upstream => ("link_down", "down_unit"),
            Direction::Downstream => ("link_up", "up_unit"),
        };
        let sql = format!(
            "SELECT {LINK_COLUMNS} FROM {table} AS l LEFT JOIN (SELECT event AS corrected, max(version) AS current \
             FROM superseded WHERE event IN (SELECT event FROM {table} WHERE {column} IN {{units:Array(String)}}) \
             GROUP BY event) AS s ON l.event = s.corrected \
             WHERE {column} IN {{units:Array(String)}} AND version >= current AND kind != {{mention:String}} AND {visible} \
             ORDER BY {column}, event_time, event, number LIMIT 1 BY {column}, event, version, number \
             LIMIT {{most:UInt64}}",
            visible = visible("up_subject", "down_subject"),
        );
        let mut distinct = units.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.retain(|unit| !unit.is_empty());
        let mut links = Vec::new();
        for chunk in chunks(&distinct, FRONTIER, String::len) {
            let bound = Bound::new(sql.as_str())
                .scope(scope)
                .texts("units", chunk.to_vec())
                .text("mention", MENTION)
                .uint("most", MOST_LINKS);
            links.extend(self.fetch::<LinkLine>(bound).await?.into_iter().map(|line| link_row(scope, line)));
        }
        Ok(links)
    }
}

fn link_row(scope: &Scope, line: LinkLine) -> LinkRow {
    let hidden = Hidden::from(scope, &line.division, &line.peer_division);
    let own = (name(line.subject_name, hidden.own), line.division.clone());
    let peer = (name(line.peer_name, hidden.peer), line.peer_division);
    // Where both ends are the reporter itself there is no other side.
    let (up, down) = match (line.up_subject == line.down_subject, line.inbound != 0) {
        (true, _) => (own.clone(), own),
        (false, true) => (peer, own),
        (false, false) => (own, peer),
    };
    LinkRow {
        kind: line.kind,
        up_unit: line.up_unit,
        up_subject: line.up_subject,
        up_name: up.0,
        up_division: up.1,
        down_unit: line.down_unit,
        down_subject: line.down_subject,
        down_name: down.0,
        down_division: down.1,
        event: object_of(line.event),
        version: line.version,
        reporter: line.subject,
        division: line.division,
        category: line.category,
        stage: line.stage,
        biz_step: line.biz_step,
        event_time: Timestamp::from_millis(line.event_time),
        quantity: line.quantity_milli.map(Quantity::from_milli),
        unit: line.unit,
        product: line.product,
        product_name: line.product_name,
        batch: line.batch,
        voucher: line.voucher,
    }
}
