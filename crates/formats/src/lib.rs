//! Outside forms to the words of the domain and back: the open JSON interface, tables as CSV, EPCIS 2.0 in JSON; tables
//! of any kind as rows of cells.
//!
//! Readers say what a document means and what is wrong with its form, row by row; whether an event is acceptable belongs
//! to `suyuan_domain::check`. Nothing is read from disk or net here. XML is not part of this version.
//! Rows: G-8, H-6.2, H-7.2.

pub mod csv_events;
mod csv_table;
pub mod epcis_json;
pub mod epcis_query;
pub mod open_json;
pub mod sheet;

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
    Fault::new("FMT-0103", "events", format!("一次报送 {rows} 条，超过上限 {max} 条"), "请分批报送")
}

#[cfg(test)]
mod tests {
    use super::*;
    use suyuan_domain::clock::{Chance, SeededChance};
    use suyuan_domain::pack::Packs;

    const JSON: &str = r#"{"message_id":"m","events":[{"type":"object","event_time":"2026-10-01T08:00:00+08:00",
        "inputs":[{"code":"u","quantity":"1.5"}],"inspection":{"item":"x","passed":false},"fields":{"a":[1,2]}}]}"#;
    const EPCIS: &str = r#"{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-10-01T00:00:00Z","epcisBody":{"eventList":[
        {"type":"AggregationEvent","action":"ADD","eventTime":"2026-10-01T08:00:00Z","eventTimeZoneOffset":"+08:00",
        "parentID":"urn:epc:id:sscc:0614141.1234567890","childEPCs":["urn:epc:id:sgtin:0614141.107346.2017"],
        "sensorElementList":[{"sensorReport":[{"type":"Temperature","value":4.125}]}]}]}}"#;

    #[test]
    fn g_8_no_bytes_can_break_a_reader() {
        let chance = SeededChance::new(8);
        let packs = Packs::shipped().expect("the shipped packs");
        let defaults = Defaults::default();
        let intake =
            Intake { now: Timestamp::default(), system: "s", message: "m", defaults: &defaults, max_rows: 100 };
        let table = csv_events::template();
        for sample in [JSON, EPCIS, &table] {
            for _ in 0..1_500 {
                let mut bytes = sample.as_bytes().to_vec();
                let mut dice = [0; 12];
                chance.fill(&mut dice);
                for pair in dice[..8].chunks(4) {
                    let place = usize::from(u16::from_le_bytes([pair[0], pair[1]])) % bytes.len();
                    match pair[2] % 3 {
                        0 => bytes[place] = pair[3],
                        1 => drop(bytes.remove(place)),
                        _ => bytes.insert(place, b"\"{}[],:;\n0\xFF"[usize::from(pair[3]) % 11]),
                    }
                }
                let _ = open_json::parse(&bytes, &intake);
                let _ = epcis_json::parse(&bytes, &intake);
                let _ = csv_events::parse(&bytes, &packs, &intake);
            }
        }
    }
}
