//! Outside forms to the words of the domain and back: the open JSON interface, tables as CSV, EPCIS 2.0 in JSON.
//!
//! Readers say what a document means and what is wrong with its form, row by row; whether an event is acceptable belongs
//! to `suyuan_domain::check`. Nothing is read from disk or net here. XML and spreadsheets are not part of this version.
//! Rows: G-8, H-6.2, H-7.2.

pub mod csv_events;
pub mod epcis_json;
pub mod epcis_query;
pub mod open_json;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::TraceEvent;
use suyuan_domain::fault::Fault;

/// What fills in where a form has no place for it: the facts of the connected system that sends it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Code of the product category.
    pub category: String,
    /// Code of the trace stage.
    pub stage: String,
    /// Division.
    pub division: String,
    /// Code of the subject.
    pub subject: String,
}

/// Who sends a message, when it came, and what fills in.
#[derive(Clone, Debug)]
pub struct Intake<'a> {
    /// When the node received it.
    pub now: Timestamp,
    /// Code of the connected system, or of the node for manual entry.
    pub system: &'a str,
    /// Message id where the form itself has none.
    pub message: &'a str,
    /// What fills in.
    pub defaults: &'a Defaults,
    /// Rows of one message at most.
    pub max_rows: usize,
}

/// An event as sent, for answering with the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// The event's own JSON text, byte for byte.
    pub event: String,
    /// JSON text of the document's `@context`, where the event stood in a document with one.
    pub context: Option<String>,
}

/// An event that was read, not yet checked.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDraft {
    /// The event.
    pub event: TraceEvent,
    /// Its original, for EPCIS.
    pub original: Option<Original>,
}

/// One row: an event, or what is wrong with its form.
pub type Row = Result<EventDraft, Vec<Fault>>;

/// A message that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The sender's message id, or the one of the intake.
    pub message_id: String,
    /// The rows in order.
    pub rows: Vec<Row>,
    /// The raw text of each row, at most 4,000 characters, for showing a refused row to its sender.
    pub raw: Vec<String>,
}

/// The beginning of a raw row.
fn clipped(text: &str) -> String {
    text.chars().take(4_000).collect()
}

fn too_many(rows: usize, max: usize) -> Fault {
    Fault::new(
        "FMT-0103",
        "events",
        format!("一次报送 {rows} 条，超过上限 {max} 条"),
        "请分批报送",
    )
}
