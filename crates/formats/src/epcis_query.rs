//! EPCIS query documents from stored originals, byte for byte.
//!
//! Which events answer a query belongs to the warehouse. Rows: G-8, G-5.4.4b.

use std::collections::BTreeMap;

use serde_json::Value;
use suyuan_domain::clock::Timestamp;

use crate::Original;

/// The context that every document begins with.
const STANDARD: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

/// An `EPCISQueryDocument` with these events in this order.
///
/// The events' own bytes are put in unchanged; the contexts of their documents are joined, each entry once. Where two
/// documents give one prefix different meanings, the later events carry their context themselves if they had one; the
/// first meaning stands for the document.
#[must_use]
pub fn document(events: &[Original], created: Timestamp) -> String {
    let mut context = vec![Value::String(STANDARD.to_owned())];
    let mut prefixes: BTreeMap<String, Value> = BTreeMap::new();
    for original in events {
        let parsed = original.context.as_deref().and_then(|text| serde_json::from_str(text).ok());
        join(parsed.unwrap_or(Value::Null), &mut context, &mut prefixes);
    }
    if !prefixes.is_empty() {
        context.push(prefixes.into_iter().collect::<serde_json::Map<_, _>>().into());
    }
    let list: Vec<&str> = events.iter().map(|original| original.event.as_str()).collect();
    format!(
        concat!(
            r#"{{"@context":{context},"type":"EPCISQueryDocument","schemaVersion":"2.0","creationDate":"{created}","#,
            r#""epcisBody":{{"queryResults":{{"queryName":"SimpleEventQuery","resultsBody":{{"eventList":[{list}]}}}}}}}}"#
        ),
        context = Value::Array(context),
        created = created,
        list = list.join(",")
    )
}

fn join(context: Value, list: &mut Vec<Value>, prefixes: &mut BTreeMap<String, Value>) {
    match context {
        Value::Array(items) => items.into_iter().for_each(|item| join(item, list, prefixes)),
        Value::Object(members) => {
            for (prefix, meaning) in members {
                prefixes.entry(prefix).or_insert(meaning);
            }
        }
        Value::String(address) if !address.ends_with("/epcis-context.jsonld") => {
            let address = Value::String(address);
            if !list.contains(&address) {
                list.push(address);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Defaults, Intake, epcis_json};

    #[test]
    fn g_8_a_query_answers_with_the_original_bytes() {
        let event = |id: &str| Original {
            event: format!(
                r#"{{"type" : "ObjectEvent","eventID":"{id}","action":"ADD","eventTime":"2026-10-01T08:00:00.10Z","eventTimeZoneOffset":"+08:00","epcList":["urn:a:1"],"ex:n":1.50}}"#
            ),
            context: Some(format!(r#"["{STANDARD}",{{"ex":"https://example.org/"}}]"#)),
        };
        let events = [event("urn:uuid:1"), event("urn:uuid:2")];
        let text = document(&events, Timestamp::from_millis(0));
        assert!(events.iter().all(|original| text.contains(&original.event)));
        assert_eq!(text.matches("https://example.org/").count(), 1);
        let defaults = Defaults::default();
        let intake =
            Intake { now: Timestamp::from_millis(9), system: "s", message: "m", defaults: &defaults, max_rows: 9 };
        let read = epcis_json::parse(text.as_bytes(), &intake).expect("a query document");
        let originals: Vec<_> =
            read.rows.iter().map(|row| row.as_ref().ok().and_then(|d| d.original.clone())).collect();
        assert_eq!(originals[0].as_ref().map(|original| &original.event), Some(&events[0].event));
        assert!(epcis_json::parse(document(&[], Timestamp::default()).as_bytes(), &intake).is_ok());
    }
}
