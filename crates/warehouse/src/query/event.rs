//! Lists of events, the one event, and counts. The filter covers the simple event query of EPCIS 2.0.
//!
//! Rows: G-6.2.2c, G-6.4.1, G-6.4.2, G-8, H-6.3.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::quantity::Quantity;
use suyuan_domain::scope::{CodeRange, Scope};

use super::mask::{Hidden, name, payload};
use crate::connection::Warehouse;
use crate::error::WarehouseResult;
use crate::row::{EVENT_COLUMNS, EventRow, object_of};
use crate::sql::{Bound, IDS, Value, chunks, counts_here, range_ends, visible};

/// An event as it may be shown to who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventView {
    /// The object.
    pub object: ObjectId,
    /// Order number of its newest version.
    pub version: u64,
    /// Whether it counts in figures and chains.
    pub counted: bool,
    /// The object that declared it wrong; empty where none did.
    pub voided_by: String,
    /// Node that wrote the record.
    pub origin_node: String,
    /// Connected system that brought it.
    pub system: String,
    /// The system's message id.
    pub message: String,
    /// Row within the message.
    pub row: u32,
    /// The sender's own identifier; empty where it gave none.
    pub event_id: String,
    /// Name of the event type.
    pub event_type: String,
    /// Business step.
    pub biz_step: String,
    /// Code of the category.
    pub category: String,
    /// Code of the stage.
    pub stage: String,
    /// When it happened.
    pub event_time: Timestamp,
    /// When the first node accepted it.
    pub received_at: Timestamp,
    /// Division where it happened.
    pub division: String,
    /// Division of the other side.
    pub peer_division: String,
    /// Code of the subject.
    pub subject: String,
    /// Name of the subject, masked where it is out of scope.
    pub subject_name: String,
    /// Code of the other side.
    pub peer_subject: String,
    /// Name of the other side, masked where it is out of scope.
    pub peer_name: String,
    /// Whether goods came in from the other side.
    pub inbound: bool,
    /// Product code.
    pub product: String,
    /// Product name.
    pub product_name: String,
    /// Batch number.
    pub batch: String,
    /// Every unit the event names.
    pub units: Vec<String>,
    /// Total amount.
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    pub unit: String,
    /// Price per unit of measure, in thousandths of a yuan.
    pub price: Option<Quantity>,
    /// Number of the voucher.
    pub voucher: String,
    /// Merchant, masked where the subject is out of scope.
    pub merchant: String,
    /// Result of the test, where there was one.
    pub inspection_passed: Option<bool>,
    /// Whether it came after the time limit.
    pub late: bool,
    /// Whether it needs an upstream voucher or unit.
    pub needs_upstream: bool,
    /// Whether that was found.
    pub upstream_known: bool,
    /// Number of mandatory fields.
    pub mandatory_total: u16,
    /// How many were filled.
    pub mandatory_filled: u16,
    /// The origin's bytes; names of a hidden side are masked, and bytes that are no JSON are then withheld.
    pub payload: Vec<u8>,
}

/// Conditions of a list; an empty list or `None` is no condition. All must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Happened at or after (GE_eventTime).
    pub from: Option<Timestamp>,
    /// Happened before (LT_eventTime).
    pub before: Option<Timestamp>,
    /// Accepted at or after (GE_recordTime).
    pub received_from: Option<Timestamp>,
    /// Accepted before (LT_recordTime).
    pub received_before: Option<Timestamp>,
    /// Names of event types (EQ_type).
    pub event_types: Vec<String>,
    /// Business steps (EQ_bizStep).
    pub biz_steps: Vec<String>,
    /// Categories.
    pub categories: Vec<String>,
    /// Stages.
    pub stages: Vec<String>,
    /// Connected systems.
    pub systems: Vec<String>,
    /// Identifiers of the senders (EQ_eventID).
    pub event_ids: Vec<String>,
    /// Units named by the event (MATCH_anyEPC); at most about 2,000.
    pub units: Vec<String>,
    /// Begin of a unit's code, for patterns that end in `*`.
    pub unit_prefix: Option<String>,
    /// Where it happened.
    pub divisions: Vec<CodeRange>,
    /// Code of the subject that did it.
    pub subject: Option<String>,
    /// Code of a subject on either side.
    pub party: Option<String>,
    /// Product code.
    pub product: Option<String>,
    /// Product codes of which it has one; at most about 2,000.
    pub products: Vec<String>,
    /// Batch number.
    pub batch: Option<String>,
    /// Number of the voucher.
    pub voucher: Option<String>,
    /// Merchant.
    pub merchant: Option<String>,
    /// Message id of the connected system.
    pub message: Option<String>,
    /// Result of the test.
    pub inspection_passed: Option<bool>,
    /// Whether it came late.
    pub late: Option<bool>,
    /// Whether it counts: `Some(false)` lists voided events and declarations.
    pub counted: Option<bool>,
}

/// Order of a list. Ties are broken by the object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EventOrder {
    /// Latest happened first.
    #[default]
    NewestFirst,
    /// Earliest happened first.
    OldestFirst,
    /// Latest accepted first.
    ReceivedNewestFirst,
    /// Earliest accepted first.
    ReceivedOldestFirst,
}

impl EventOrder {
    const fn column(self) -> &'static str {
        match self {
            Self::NewestFirst | Self::OldestFirst => "event_time",
            Self::ReceivedNewestFirst | Self::ReceivedOldestFirst => "received_at",
        }
    }

    const fn descends(self) -> bool {
        matches!(self, Self::NewestFirst | Self::ReceivedNewestFirst)
    }

    fn sql(self) -> String {
        let way = if self.descends() { "DESC" } else { "ASC" };
        format!("ORDER BY {column} {way}, object {way}", column = self.column())
    }
}

/// The place after which the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Time of the last row, by the order of the list.
    pub at: Timestamp,
    /// Object of the last row.
    pub object: ObjectId,
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows of the page, 1 to 1,000.
    pub limit: u32,
    /// Where the last page ended; `None` for the first.
    pub after: Option<Cursor>,
}

impl Page {
    /// The first page.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// The rows.
    pub rows: Vec<EventView>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// A count that is exact up to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The number, at most 10,000.
    pub value: u64,
    /// Whether there are more.
    pub more: bool,
}

const EXACT: u64 = 10_000;

impl Warehouse {
    /// A page of the events that match.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn events(
        &self,
        scope: &Scope,
        filter: &EventFilter,
        order: EventOrder,
        page: Page,
    ) -> WarehouseResult<EventPage> {
        let limit = page.limit.clamp(1, 1_000);
        let mut bound = Bound::new(format!(
            "SELECT {EVENT_COLUMNS} FROM event FINAL WHERE withdrawn = 0 AND object IN (\
             SELECT object FROM event FINAL WHERE withdrawn = 0 AND {}",
            visible("subject", "peer_subject")
        ))
        .scope(scope);
        filter.push(&mut bound, scope);
        if let Some(cursor) = page.after {
            let sign = if order.descends() { "<" } else { ">" };
            let column = order.column();
            bound.push(&format!(
                " AND {column} {sign}= fromUnixTimestamp64Milli({{after_at:Int64}}, 'UTC') AND ({column}, object) {sign} \
                 (fromUnixTimestamp64Milli({{after_at:Int64}}, 'UTC'), toFixedString(unhex({{after_object:String}}), 16))"
            ));
            bound.set("after_at", Value::Int(cursor.at.millis()));
            bound.set("after_object", Value::Text(hex::encode(cursor.object.as_bytes())));
        }
        bound.push(&format!(" {by} LIMIT {{limit:UInt64}}) {by}", by = order.sql()));
        bound.set("limit", Value::Uint(u64::from(limit) + 1));
        let mut rows: Vec<EventView> =
            self.fetch::<EventRow>(bound).await?.into_iter().map(|row| view(scope, row)).collect();
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|last| Cursor {
            at: if order.column() == "event_time" { last.event_time } else { last.received_at },
            object: last.object,
        });
        Ok(EventPage { rows, next })
    }

    /// One event, `None` where it does not exist or is out of scope.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn event(&self, scope: &Scope, object: ObjectId) -> WarehouseResult<Option<EventView>> {
        Ok(self.events_by_objects(scope, &[object]).await?.pop())
    }

    /// These events, in the order of the objects; those that do not exist or are out of scope are left out.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn events_by_objects(&self, scope: &Scope, objects: &[ObjectId]) -> WarehouseResult<Vec<EventView>> {
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM event FINAL WHERE object IN {IDS} AND withdrawn = 0 AND {} ORDER BY object",
            visible("subject", "peer_subject")
        );
        let mut sorted = objects.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut views = Vec::new();
        for ids in chunks(&sorted, 2_500, |_| 16) {
            let bound = Bound::new(sql.as_str()).scope(scope).ids("ids", ids);
            views.extend(self.fetch::<EventRow>(bound).await?.into_iter().map(|row| view(scope, row)));
        }
        Ok(views)
    }

    /// The events that name a unit, earliest first, at most 1,000; voided events and declarations included.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn events_by_unit(&self, scope: &Scope, unit: &str) -> WarehouseResult<Vec<EventView>> {
        let filter = EventFilter { units: vec![unit.to_owned()], ..EventFilter::default() };
        Ok(self.events(scope, &filter, EventOrder::OldestFirst, Page::first(1_000)).await?.rows)
    }

    /// The events with the sender's identifier, earliest first, at most 1,000.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn events_by_event_id(&self, scope: &Scope, event_id: &str) -> WarehouseResult<Vec<EventView>> {
        let filter = EventFilter { event_ids: vec![event_id.to_owned()], ..EventFilter::default() };
        Ok(self.events(scope, &filter, EventOrder::OldestFirst, Page::first(1_000)).await?.rows)
    }

    /// How many events that match happened in the scope. Voided events and declarations count only where the filter
    /// asks for them.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn count_events(&self, scope: &Scope, filter: &EventFilter) -> WarehouseResult<Count> {
        let filter = EventFilter { counted: filter.counted.or(Some(true)), ..filter.clone() };
        self.count(scope, &filter, &counts_here(Some("subject"))).await
    }

    /// How many rows [`Warehouse::events`] has over all pages.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn count_visible(&self, scope: &Scope, filter: &EventFilter) -> WarehouseResult<Count> {
        self.count(scope, filter, &visible("subject", "peer_subject")).await
    }

    async fn count(&self, scope: &Scope, filter: &EventFilter, condition: &str) -> WarehouseResult<Count> {
        let mut bound = Bound::new(format!(
            "SELECT count() FROM (SELECT object FROM event FINAL WHERE withdrawn = 0 AND {condition}"
        ))
        .scope(scope);
        filter.push(&mut bound, scope);
        bound.push(" LIMIT {limit:UInt64})");
        bound.set("limit", Value::Uint(EXACT + 1));
        let value = self.fetch::<u64>(bound).await?.first().copied().unwrap_or_default();
        Ok(Count { value: value.min(EXACT), more: value > EXACT })
    }
}

impl EventFilter {
    /// Appends the conditions. Small tables ordered by what is asked for lead to the objects; the condition on the event
    /// itself stays, because those tables hold superseded versions too.
    fn push(&self, bound: &mut Bound, scope: &Scope) {
        self.push_times(bound);
        self.push_keys(bound, scope);
        for (values, name, sql) in [
            (&self.event_types, "event_types", " AND event_type IN {event_types:Array(String)}"),
            (&self.biz_steps, "biz_steps", " AND biz_step IN {biz_steps:Array(String)}"),
            (&self.categories, "categories", " AND category IN {categories:Array(String)}"),
            (&self.stages, "stages", " AND stage IN {stages:Array(String)}"),
            (&self.systems, "systems", " AND system IN {systems:Array(String)}"),
            (&self.products, "products", " AND product IN {products:Array(String)}"),
        ] {
            if !values.is_empty() {
                bound.push(sql).set(name, Value::Texts(values.clone()));
            }
        }
        for (value, name, sql) in [
            (&self.product, "product", " AND product = {product:String}"),
            (&self.batch, "batch", " AND batch = {batch:String}"),
            (&self.voucher, "voucher", " AND voucher = {voucher:String}"),
            (&self.merchant, "merchant", " AND merchant = {merchant:String}"),
            (&self.message, "message", " AND message = {message:String}"),
        ] {
            if let Some(value) = value {
                bound.push(sql).set(name, Value::Text(value.clone()));
            }
        }
        for (value, name, sql) in [
            (self.inspection_passed, "passed", " AND inspection_passed = {passed:UInt8}"),
            (self.late, "late_only", " AND late = {late_only:UInt8}"),
            (self.counted, "counted_only", " AND counted = {counted_only:UInt8}"),
        ] {
            if let Some(value) = value {
                bound.push(sql).set(name, Value::Uint(u64::from(value)));
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

    fn push_times(&self, bound: &mut Bound) {
        for (value, name, sql) in [
            (self.from, "time_from", " AND event_time >= fromUnixTimestamp64Milli({time_from:Int64}, 'UTC')"),
            (self.before, "time_before", " AND event_time < fromUnixTimestamp64Milli({time_before:Int64}, 'UTC')"),
            (self.received_from, "rec_from", " AND received_at >= fromUnixTimestamp64Milli({rec_from:Int64}, 'UTC')"),
            (
                self.received_before,
                "rec_before",
                " AND received_at < fromUnixTimestamp64Milli({rec_before:Int64}, 'UTC')",
            ),
        ] {
            if let Some(value) = value {
                bound.push(sql).set(name, Value::Int(value.millis()));
            }
        }
    }

    fn push_keys(&self, bound: &mut Bound, scope: &Scope) {
        if scope.subject.is_some() {
            bound.push(" AND object IN (SELECT event FROM series WHERE subject = {scope_subject:String})");
        }
        if let Some(subject) = &self.subject {
            bound
                .push(
                    " AND object IN (SELECT event FROM series WHERE subject = {subject:String} AND side = 'own') \
                     AND subject = {subject:String}",
                )
                .set("subject", Value::Text(subject.clone()));
        }
        if let Some(party) = &self.party {
            bound
                .push(
                    " AND object IN (SELECT event FROM series WHERE subject = {party:String}) \
                     AND (subject = {party:String} OR peer_subject = {party:String})",
                )
                .set("party", Value::Text(party.clone()));
        }
        if !self.event_ids.is_empty() {
            bound
                .push(
                    " AND object IN (SELECT event FROM event_key WHERE event_id IN {event_ids:Array(String)}) \
                     AND event_id IN {event_ids:Array(String)}",
                )
                .set("event_ids", Value::Texts(self.event_ids.clone()));
        }
        if !self.units.is_empty() {
            bound
                .push(
                    " AND object IN (SELECT event FROM link_up WHERE up_unit IN {units:Array(String)} UNION ALL \
                     SELECT event FROM link_down WHERE down_unit IN {units:Array(String)}) \
                     AND hasAny(units, {units:Array(String)})",
                )
                .set("units", Value::Texts(self.units.clone()));
        }
        if let Some(prefix) = &self.unit_prefix {
            bound
                .push(
                    " AND object IN (SELECT event FROM link_up WHERE startsWith(up_unit, {prefix:String}) UNION ALL \
                     SELECT event FROM link_down WHERE startsWith(down_unit, {prefix:String})) \
                     AND arrayExists(u -> startsWith(u, {prefix:String}), units)",
                )
                .set("prefix", Value::Text(prefix.clone()));
        }
    }
}

fn view(scope: &Scope, row: EventRow) -> EventView {
    let hidden = Hidden::from(scope, &row.division, &row.peer_division);
    EventView {
        object: object_of(row.object),
        version: row.version,
        counted: row.counted != 0,
        voided_by: row.voided_by,
        origin_node: row.origin_node,
        system: row.system,
        message: row.message,
        row: row.row,
        event_id: row.event_id,
        event_type: row.event_type,
        biz_step: row.biz_step,
        category: row.category,
        stage: row.stage,
        event_time: Timestamp::from_millis(row.event_time),
        received_at: Timestamp::from_millis(row.received_at),
        division: row.division,
        peer_division: row.peer_division,
        subject: row.subject,
        subject_name: name(row.subject_name, hidden.own),
        peer_subject: row.peer_subject,
        peer_name: name(row.peer_name, hidden.peer),
        inbound: row.inbound != 0,
        product: row.product,
        product_name: row.product_name,
        batch: row.batch,
        units: row.units,
        quantity: row.quantity_milli.map(Quantity::from_milli),
        unit: row.unit,
        price: row.price_milli.map(Quantity::from_milli),
        voucher: row.voucher,
        merchant: name(row.merchant, hidden.own),
        inspection_passed: row.inspection_passed.map(|passed| passed != 0),
        late: row.late != 0,
        needs_upstream: row.needs_upstream != 0,
        upstream_known: row.upstream_known != 0,
        mandatory_total: row.mandatory_total,
        mandatory_filled: row.mandatory_filled,
        payload: payload(row.payload.0, hidden),
    }
}
