//! Rows as they stand in the tables, and how facts become rows.

use clickhouse::Row;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::{Link, LinkKind};
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;

use crate::fact::{EventFact, FactKey, IntakeFact, LookupFact};

/// Bytes of a `String` column that need not be text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Blob;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(bytes.to_vec()))
            }

            fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Blob, E> {
                Ok(Blob(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// A day as its column holds it: days since 1970-01-01, those beyond its range as its ends.
pub(crate) fn day_number(day: Day) -> u16 {
    let days = Day::of(Timestamp::from_millis(0)).days_until(day);
    u16::try_from(days.max(0)).unwrap_or(u16::MAX)
}

/// A row of `event`.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub(crate) struct EventRow {
    pub object: [u8; 16],
    pub version: u64,
    pub withdrawn: u8,
    pub month: u32,
    pub counted: u8,
    pub voided_by: String,
    pub origin_node: String,
    pub system: String,
    pub message: String,
    pub row: u32,
    pub event_id: String,
    pub event_type: String,
    pub biz_step: String,
    pub category: String,
    pub stage: String,
    pub event_time: i64,
    pub received_at: i64,
    pub day: u16,
    pub received_day: u16,
    pub division: String,
    pub peer_division: String,
    pub subject: String,
    pub subject_name: String,
    pub peer_subject: String,
    pub peer_name: String,
    pub inbound: u8,
    pub product: String,
    pub product_name: String,
    pub batch: String,
    pub units: Vec<String>,
    pub quantity_milli: Option<i64>,
    pub unit: String,
    pub price_milli: Option<i64>,
    pub voucher: String,
    pub merchant: String,
    pub inspection_passed: Option<u8>,
    pub needs_upstream: u8,
    pub upstream_known: u8,
    pub mandatory_total: u16,
    pub mandatory_filled: u16,
    pub late: u8,
    pub payload: Blob,
}

/// The columns of [`EventRow`] in their order.
pub(crate) const EVENT_COLUMNS: &str = "object, version, withdrawn, month, counted, voided_by, origin_node, system, \
     message, row, event_id, event_type, biz_step, category, stage, event_time, received_at, day, received_day, division, \
     peer_division, subject, subject_name, peer_subject, peer_name, inbound, product, product_name, batch, units, \
     quantity_milli, unit, price_milli, voucher, merchant, inspection_passed, needs_upstream, upstream_known, \
     mandatory_total, mandatory_filled, late, payload";

impl EventRow {
    pub(crate) fn of(fact: &EventFact) -> Self {
        let event = &fact.event;
        Self {
            object: *fact.key.object.as_bytes(),
            version: fact.key.order(),
            withdrawn: u8::from(fact.key.withdrawn),
            month: fact.key.object.month(),
            counted: u8::from(fact.counts()),
            voided_by: fact.voided_by.map(|id| id.to_string()).unwrap_or_default(),
            origin_node: fact.key.origin_node.clone(),
            system: event.source.system.clone(),
            message: event.source.message.clone(),
            row: event.source.row,
            event_id: event.event_id.clone().unwrap_or_default(),
            event_type: event.event_type.as_str().to_owned(),
            biz_step: event.biz_step.clone(),
            category: event.category.clone(),
            stage: event.stage.clone(),
            event_time: event.event_time.millis(),
            received_at: event.received_at.millis(),
            day: day_number(Day::of(event.event_time)),
            received_day: day_number(Day::of(event.received_at)),
            division: event.division.clone(),
            peer_division: event.peer_division.clone(),
            subject: event.subject.clone(),
            subject_name: event.subject_name.clone(),
            peer_subject: event.peer_subject.clone(),
            peer_name: event.peer_name.clone(),
            inbound: u8::from(event.inbound),
            product: event.product.clone(),
            product_name: event.product_name.clone(),
            batch: event.batch.clone(),
            units: event.units().into_iter().map(str::to_owned).collect(),
            quantity_milli: event.quantity.map(suyuan_domain::quantity::Quantity::milli),
            unit: event.unit.clone(),
            price_milli: event.price.map(suyuan_domain::quantity::Quantity::milli),
            voucher: event.voucher.clone(),
            merchant: event.merchant.clone(),
            inspection_passed: event.inspection.as_ref().and_then(|test| test.passed).map(u8::from),
            needs_upstream: u8::from(fact.quality.needs_upstream),
            upstream_known: u8::from(fact.quality.upstream_known),
            mandatory_total: fact.quality.mandatory_total,
            mandatory_filled: fact.quality.mandatory_filled,
            late: u8::from(fact.quality.late),
            payload: Blob(fact.payload.clone()),
        }
    }
}

/// A row of `link_up` and `link_down`.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub(crate) struct LinkLine {
    pub up_unit: String,
    pub down_unit: String,
    pub event: [u8; 16],
    pub version: u64,
    pub number: u32,
    pub month: u32,
    pub kind: String,
    pub up_subject: String,
    pub down_subject: String,
    pub subject: String,
    pub subject_name: String,
    pub peer_name: String,
    pub inbound: u8,
    pub division: String,
    pub peer_division: String,
    pub category: String,
    pub stage: String,
    pub biz_step: String,
    pub event_time: i64,
    pub quantity_milli: Option<i64>,
    pub unit: String,
    pub product: String,
    pub product_name: String,
    pub batch: String,
    pub voucher: String,
}

/// The columns of [`LinkLine`] in their order.
pub(crate) const LINK_COLUMNS: &str = "up_unit, down_unit, event, version, number, month, kind, up_subject, down_subject, \
     subject, subject_name, peer_name, inbound, division, peer_division, category, stage, biz_step, event_time, \
     quantity_milli, unit, product, product_name, batch, voucher";

/// Kind of a row that leads from a unit to an event without being a link.
pub(crate) const MENTION: &str = "mention";

/// The rows of a version: its links where it counts, and a mention of every unit that no link names.
pub(crate) fn link_lines(fact: &EventFact) -> Vec<LinkLine> {
    if fact.key.withdrawn {
        return Vec::new();
    }
    let links = if fact.counts() { fact.event.links(fact.key.object) } else { Vec::new() };
    let mut lines: Vec<LinkLine> =
        links.iter().enumerate().map(|(number, link)| link_line(fact, link, link.kind.as_str(), number)).collect();
    for unit in fact.event.units() {
        if links.iter().any(|link| link.up_unit == unit || link.down_unit == unit) {
            continue;
        }
        let mention = Link {
            kind: LinkKind::Observe,
            up_unit: unit.to_owned(),
            up_subject: fact.event.subject.clone(),
            down_unit: String::new(),
            down_subject: String::new(),
            event: fact.key.object,
            quantity: None,
            unit: String::new(),
        };
        let number = lines.len();
        lines.push(link_line(fact, &mention, MENTION, number));
    }
    lines
}

fn link_line(fact: &EventFact, link: &Link, kind: &str, number: usize) -> LinkLine {
    let event = &fact.event;
    LinkLine {
        up_unit: link.up_unit.clone(),
        down_unit: link.down_unit.clone(),
        event: *fact.key.object.as_bytes(),
        version: fact.key.order(),
        number: u32::try_from(number).unwrap_or(u32::MAX),
        month: fact.key.object.month(),
        kind: kind.to_owned(),
        up_subject: link.up_subject.clone(),
        down_subject: link.down_subject.clone(),
        subject: event.subject.clone(),
        subject_name: event.subject_name.clone(),
        peer_name: event.peer_name.clone(),
        inbound: u8::from(event.inbound),
        division: event.division.clone(),
        peer_division: event.peer_division.clone(),
        category: event.category.clone(),
        stage: event.stage.clone(),
        biz_step: event.biz_step.clone(),
        event_time: event.event_time.millis(),
        quantity_milli: link.quantity.map(suyuan_domain::quantity::Quantity::milli),
        unit: link.unit.clone(),
        product: event.product.clone(),
        product_name: event.product_name.clone(),
        batch: event.batch.clone(),
        voucher: event.voucher.clone(),
    }
}

/// A row of `superseded`.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub(crate) struct SupersededRow {
    pub event: [u8; 16],
    pub version: u64,
    pub month: u32,
}

impl SupersededRow {
    pub(crate) fn of(key: &FactKey) -> Self {
        Self { event: *key.object.as_bytes(), version: key.order(), month: key.object.month() }
    }
}

/// A row of `series`.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub(crate) struct SeriesRow {
    pub subject: String,
    pub side: String,
    pub product: String,
    pub event: [u8; 16],
    pub version: u64,
    pub month: u32,
    pub counted: u8,
    pub event_time: i64,
    pub category: String,
    pub stage: String,
    pub biz_step: String,
    pub division: String,
    pub quantity_milli: Option<i64>,
    pub price_milli: Option<i64>,
    pub unit: String,
}

/// Series rows of a version: one for its subject and one for the other side, where that is another subject.
pub(crate) fn series_rows(fact: &EventFact) -> Vec<SeriesRow> {
    let event = &fact.event;
    let row = |subject: &str, side: &str| SeriesRow {
        subject: subject.to_owned(),
        side: side.to_owned(),
        product: event.product.clone(),
        event: *fact.key.object.as_bytes(),
        version: fact.key.order(),
        month: fact.key.object.month(),
        counted: u8::from(fact.counts()),
        event_time: event.event_time.millis(),
        category: event.category.clone(),
        stage: event.stage.clone(),
        biz_step: event.biz_step.clone(),
        division: event.division.clone(),
        quantity_milli: event.quantity.map(suyuan_domain::quantity::Quantity::milli),
        price_milli: event.price.map(suyuan_domain::quantity::Quantity::milli),
        unit: event.unit.clone(),
    };
    let mut rows = Vec::new();
    if !fact.key.withdrawn {
        rows.push(row(&event.subject, "own"));
        if !event.peer_subject.is_empty() && event.peer_subject != event.subject {
            rows.push(row(&event.peer_subject, "peer"));
        }
    }
    rows
}

/// A row of `event_key`.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub(crate) struct EventKeyRow {
    pub event_id: String,
    pub event: [u8; 16],
    pub version: u64,
    pub month: u32,
    pub system: String,
}

impl EventKeyRow {
    pub(crate) fn of(fact: &EventFact) -> Option<Self> {
        let event_id = fact.event.event_id.clone().filter(|id| !id.is_empty() && !fact.key.withdrawn)?;
        Some(Self {
            event_id,
            event: *fact.key.object.as_bytes(),
            version: fact.key.order(),
            month: fact.key.object.month(),
            system: fact.event.source.system.clone(),
        })
    }
}

/// A row of `mark`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Row, Serialize, Deserialize)]
pub(crate) struct MarkRow {
    pub generation: u64,
    pub month: u32,
    pub day: u16,
    pub division: String,
    pub category: String,
    pub stage: String,
    pub system: String,
}

impl MarkRow {
    pub(crate) fn of(generation: u64, fact: &EventFact) -> Self {
        Self {
            generation,
            month: fact.key.object.month(),
            day: day_number(Day::of(fact.event.event_time)),
            division: fact.event.division.clone(),
            category: fact.event.category.clone(),
            stage: fact.event.stage.clone(),
            system: fact.event.source.system.clone(),
        }
    }
}

/// A row of `mark_done`.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub(crate) struct DoneRow {
    pub one: u8,
    pub generation: u64,
}

/// A row of `intake`.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub(crate) struct IntakeRow {
    pub object: [u8; 16],
    pub version: u64,
    pub withdrawn: u8,
    pub month: u32,
    pub origin_node: String,
    pub system: String,
    pub message: String,
    pub received_at: i64,
    pub day: u16,
    pub division: String,
    pub category: String,
    pub stage: String,
    pub received: u32,
    pub accepted: u32,
    pub rejected: u32,
    pub duplicate: u32,
    pub reject_codes: Vec<String>,
    pub reject_counts: Vec<u64>,
}

impl IntakeRow {
    pub(crate) fn of(fact: &IntakeFact) -> Self {
        Self {
            object: *fact.key.object.as_bytes(),
            version: fact.key.order(),
            withdrawn: u8::from(fact.key.withdrawn),
            month: fact.key.object.month(),
            origin_node: fact.key.origin_node.clone(),
            system: fact.system.clone(),
            message: fact.message.clone(),
            received_at: fact.received_at.millis(),
            day: day_number(Day::of(fact.received_at)),
            division: fact.division.clone(),
            category: fact.category.clone(),
            stage: fact.stage.clone(),
            received: fact.received,
            accepted: fact.accepted,
            rejected: fact.rejected,
            duplicate: fact.duplicate,
            reject_codes: fact.rejects.keys().cloned().collect(),
            reject_counts: fact.rejects.values().copied().collect(),
        }
    }
}

/// A row of `lookup_hour`.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub(crate) struct LookupRow {
    pub object: [u8; 16],
    pub version: u64,
    pub withdrawn: u8,
    pub month: u32,
    pub origin_node: String,
    pub hour: i64,
    pub day: u16,
    pub division: String,
    pub category: String,
    pub subject_type: String,
    pub product: String,
    pub outcome: String,
    pub lookups: u64,
}

impl LookupRow {
    pub(crate) fn of(fact: &LookupFact) -> Self {
        Self {
            object: *fact.key.object.as_bytes(),
            version: fact.key.order(),
            withdrawn: u8::from(fact.key.withdrawn),
            month: fact.key.object.month(),
            origin_node: fact.key.origin_node.clone(),
            hour: fact.hour.millis(),
            day: day_number(Day::of(fact.hour)),
            division: fact.division.clone(),
            category: fact.category.clone(),
            subject_type: fact.subject_type.clone(),
            product: fact.product.clone(),
            outcome: fact.outcome.clone(),
            lookups: fact.lookups,
        }
    }
}

/// The identifier in a `FixedString(16)`.
pub(crate) const fn object_of(bytes: [u8; 16]) -> ObjectId {
    ObjectId::from_bytes(bytes)
}
