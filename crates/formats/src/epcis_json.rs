//! EPCIS 2.0 in JSON-LD: capture documents, query documents and bare events, to the one form of the domain.
//!
//! The original bytes of every event are kept beside what is understood of it, so that a query answers with exactly what
//! came in. EPCIS has no place for category and stage: they come from the connected system, or from extension members
//! whose local name is `category`, `stage`, `division` or `subject`. Other extensions become further fields. Form is
//! checked against EPCIS 2.0 and CBV 2.0 without a schema engine. Rows: G-8, H-7.2.

mod map;
mod validate;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use suyuan_domain::event::Source;
use suyuan_domain::fault::Fault;

use crate::{EventDraft, Intake, Message, Original, Row, clipped, too_many};

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context", default)]
    context: Option<Box<RawValue>>,
    #[serde(rename = "epcisBody", default)]
    body: Option<Body>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    event_list: Option<Vec<Box<RawValue>>>,
    #[serde(default)]
    query_results: Option<QueryResults>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryResults {
    results_body: ResultsBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResultsBody {
    event_list: Vec<Box<RawValue>>,
}

/// Reads a document or a bare event.
///
/// # Errors
/// When the body is not JSON, or the document around the events breaks EPCIS 2.0. Faults of single events stand in
/// their rows.
pub fn parse(body: &[u8], intake: &Intake<'_>) -> Result<Message, Vec<Fault>> {
    let text = std::str::from_utf8(body).map_err(|_| vec![no_json("编码不是 UTF-8")])?;
    let value: Value = serde_json::from_str(text)
        .map_err(|error| vec![no_json(&format!("第 {} 行第 {} 列", error.line(), error.column()))])?;
    let Value::Object(root) = &value else {
        return Err(vec![no_json("最外层不是对象")]);
    };
    let faults = validate::document(root);
    if !faults.is_empty() {
        return Err(faults);
    }
    let is_document = matches!(root.get("type").and_then(Value::as_str), Some("EPCISDocument" | "EPCISQueryDocument"));
    let (events, context) = if is_document { events_of(text)? } else { (vec![text.trim().to_owned()], None) };
    if events.len() > intake.max_rows {
        return Err(vec![too_many(events.len(), intake.max_rows)]);
    }
    let draft = root.get("@context").is_some_and(validate::is_draft);
    let message_id = root.get("instanceIdentifier").and_then(Value::as_str).filter(|id| !id.is_empty());
    let message_id = message_id.unwrap_or(intake.message).to_owned();
    let mut message = Message { message_id, rows: Vec::new(), raw: Vec::new() };
    for (i, event) in events.into_iter().enumerate() {
        message.raw.push(clipped(&event));
        let place = if is_document { format!("epcisBody.eventList[{i}].") } else { String::new() };
        let source = Source {
            system: intake.system.to_owned(),
            message: intake.message.to_owned(),
            row: u32::try_from(i).unwrap_or(u32::MAX),
            format: "epcis".to_owned(),
        };
        message.rows.push(row(Raw { event, context: context.clone(), draft }, &place, source, intake));
    }
    Ok(message)
}

fn no_json(place: &str) -> Fault {
    Fault::new("EPC-0101", "", format!("不是合法的 JSON（{place}）"), "请检查报文，编码应为 UTF-8")
}

fn events_of(text: &str) -> Result<(Vec<String>, Option<String>), Vec<Fault>> {
    let document: Document = serde_json::from_str(text).map_err(|_| vec![no_list()])?;
    let body = document.body.ok_or_else(|| vec![no_list()])?;
    let events = body.event_list.or(body.query_results.map(|results| results.results_body.event_list));
    let events = events.ok_or_else(|| vec![no_list()])?;
    let events = events.iter().map(|event| event.get().to_owned()).collect();
    Ok((events, document.context.map(|context| context.get().to_owned())))
}

fn no_list() -> Fault {
    Fault::new(
        "EPC-0102",
        "epcisBody.eventList",
        "缺少事件列表",
        "应为 EPCIS 2.0 文档，事件放在 epcisBody.eventList 数组中",
    )
}

/// An event as it stands in its document.
struct Raw {
    event: String,
    context: Option<String>,
    draft: bool,
}

fn row(raw: Raw, place: &str, source: Source, intake: &Intake<'_>) -> Row {
    let Raw { event, context, draft } = raw;
    let members = match serde_json::from_str(&event) {
        Ok(Value::Object(members)) => members,
        _ => {
            return Err(vec![Fault::new(
                "EPC-0103",
                place.trim_end_matches('.'),
                "事件应为 JSON 对象",
                "请按 EPCIS 2.0 填写",
            )]);
        }
    };
    let mut faults = validate::event(&members, place, draft);
    if faults.is_empty() {
        match map::event(&members, source, intake) {
            Ok(mapped) => {
                return Ok(EventDraft { event: mapped, original: Some(Original { event, context }) });
            }
            Err(fault) => faults.push(Fault { field: format!("{place}{}", fault.field), ..fault }),
        }
    }
    Err(faults)
}

#[cfg(test)]
mod tests;
