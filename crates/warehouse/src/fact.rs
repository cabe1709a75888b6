//! What is projected: facts as the projector hands them over, with the key that makes a second projection harmless.

use std::collections::BTreeMap;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::TraceEvent;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Record, order_number};

/// Which object a fact belongs to and in which order its versions count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactKey {
    /// The object.
    pub object: ObjectId,
    /// Term of authority, from 1.
    pub term: u32,
    /// Version within the term, from 1.
    pub version: u64,
    /// Node that wrote the record.
    pub origin_node: String,
    /// Whether this version withdraws the fact: it is then neither shown nor counted.
    pub withdrawn: bool,
}

impl FactKey {
    /// The key of a record of the journal that withdraws nothing. `own_node` is the origin of records that stay here.
    #[must_use]
    pub fn of(record: &Record, own_node: &str) -> Self {
        Self {
            object: record.object,
            term: record.term,
            version: record.version,
            origin_node: record.origin.as_ref().map_or_else(|| own_node.to_owned(), |origin| origin.node.clone()),
            withdrawn: false,
        }
    }

    /// The number by which the versions of the object are ordered.
    #[must_use]
    pub const fn order(&self) -> u64 {
        order_number(self.term, self.version)
    }

    /// Whether this is the first version of the first term, before which nothing can be stored.
    pub(crate) const fn is_first(&self) -> bool {
        self.term <= 1 && self.version <= 1
    }
}

/// How good the report of an event was, as checked on arrival at the origin (数据质量).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// Whether it came after the time limit.
    pub late: bool,
    /// Whether it is an inbound record that must name its upstream voucher or unit.
    pub needs_upstream: bool,
    /// Whether what it names upstream was found.
    pub upstream_known: bool,
    /// Number of mandatory fields of its category and stage.
    pub mandatory_total: u16,
    /// How many of them were filled.
    pub mandatory_filled: u16,
}

/// A version of a trace event.
#[derive(Clone, Debug, PartialEq)]
pub struct EventFact {
    /// Object and version.
    pub key: FactKey,
    /// The event.
    pub event: TraceEvent,
    /// The origin's bytes.
    pub payload: Vec<u8>,
    /// The object that declared this event wrong; it stays visible and is not counted.
    pub voided_by: Option<ObjectId>,
    /// Quality of the report.
    pub quality: Quality,
}

impl EventFact {
    /// Whether the event counts in figures and its links in chains: not withdrawn, not voided, no declaration itself.
    #[must_use]
    pub fn counts(&self) -> bool {
        !self.key.withdrawn && self.voided_by.is_none() && self.event.error_declaration.is_none()
    }
}

/// What one reported batch held (报送批次).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntakeFact {
    /// Object and version.
    pub key: FactKey,
    /// Code of the connected system.
    pub system: String,
    /// The system's message id.
    pub message: String,
    /// When the batch came.
    pub received_at: Timestamp,
    /// Division of the system.
    pub division: String,
    /// Category of the batch.
    pub category: String,
    /// Stage of the system.
    pub stage: String,
    /// Rows that came.
    pub received: u32,
    /// Rows that were taken.
    pub accepted: u32,
    /// Rows that were refused.
    pub rejected: u32,
    /// Rows that were known already.
    pub duplicate: u32,
    /// Refused rows by the code of the first fault.
    pub rejects: BTreeMap<String, u64>,
}

/// Look-ups by the public within one hour (公众查询小时汇总).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupFact {
    /// Object and version.
    pub key: FactKey,
    /// Begin of the hour.
    pub hour: Timestamp,
    /// Division from which was asked; empty where it is unknown.
    pub division: String,
    /// Category of the product; empty where nothing was found.
    pub category: String,
    /// Type of the subject asked about.
    pub subject_type: String,
    /// Code of the product.
    pub product: String,
    /// What came of it, such as `found` or `unknown`.
    pub outcome: String,
    /// Number of look-ups.
    pub lookups: u64,
}
