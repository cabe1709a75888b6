//! The JSON bodies of journal records of this version's kinds.
//!
//! Fields are only ever added: an older node keeps and relays what it does not know, because the bytes are kept and not
//! this form. Bodies of registers live in [`crate::register`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::TraceEvent;
use suyuan_domain::id::ObjectId;
use suyuan_warehouse::Quality;

/// Quality of a report, as checked on arrival at the origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityBody {
    /// Whether it came after the time limit.
    #[serde(default)]
    pub late: bool,
    /// Whether it must name where the goods came from.
    #[serde(default)]
    pub needs_upstream: bool,
    /// Mandatory fields of its category and stage.
    #[serde(default)]
    pub mandatory_total: u16,
    /// How many of them were filled.
    #[serde(default)]
    pub mandatory_filled: u16,
}

impl QualityBody {
    /// The quality with what is known here about the upstream.
    #[must_use]
    pub fn with_upstream(self, upstream_known: bool) -> Quality {
        let Self { late, needs_upstream, mandatory_total, mandatory_filled } = self;
        Quality { late, needs_upstream, upstream_known, mandatory_total, mandatory_filled }
    }
}

/// A trace event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventBody {
    /// The event.
    pub event: TraceEvent,
    /// Quality of the report.
    #[serde(default)]
    pub quality: QualityBody,
    /// The event that declared this one wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voided_by: Option<ObjectId>,
    /// The sender's own document, where it came as EPCIS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<OriginalBody>,
}

/// An event as sent, for answering with the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginalBody {
    /// The event's own JSON text.
    pub event: String,
    /// JSON text of the document's `@context`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// What one reported batch held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeBody {
    /// Code of the connected system.
    pub system: String,
    /// The system's message id.
    pub message: String,
    /// Outside form.
    pub format: String,
    /// When it came.
    pub received_at: Timestamp,
    /// Division of the system.
    pub division: String,
    /// Category of the system.
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
    #[serde(default)]
    pub rejects: BTreeMap<String, u64>,
}

/// Look-ups of the public within one hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupHourBody {
    /// Begin of the hour.
    pub hour: Timestamp,
    /// Division of the portal.
    pub division: String,
    /// Category of the product; empty where nothing was found.
    pub category: String,
    /// What came of it: `found` or `unknown`.
    pub outcome: String,
    /// Number of look-ups.
    pub lookups: u64,
}
