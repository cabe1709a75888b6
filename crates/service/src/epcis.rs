//! EPCIS 2.0 queries: events as their senders wrote them, found by the standard's parameters. Rows: G-8, G-5.4.4b.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_formats::{Original, epcis_query};
use suyuan_warehouse::query::{Cursor, EventFilter, EventOrder, EventView, Page};

use crate::access::SystemIdentity;
use crate::payload::EventBody;
use crate::{Node, Result, ServiceError};

/// The standard's parameters that this version understands.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// `eventType`, such as `ObjectEvent`.
    pub event_type: Option<String>,
    /// `MATCH_anyEPC`.
    pub any_epc: Option<String>,
    /// `GE_eventTime`.
    pub from: Option<Timestamp>,
    /// `LT_eventTime`.
    pub before: Option<Timestamp>,
    /// `EQ_bizStep`.
    pub biz_step: Option<String>,
    /// `EQ_eventID` or `eventID`.
    pub event_id: Option<String>,
    /// `perPage`, 1 to 1,000.
    pub per_page: u32,
    /// `nextPageToken` of the page before.
    pub next: Option<String>,
}

/// A page: the query document and where the next begins.
#[derive(Clone, Debug)]
pub struct Answer {
    /// `EPCISQueryDocument` as JSON text.
    pub document: String,
    /// Token of the next page.
    pub next: Option<String>,
    /// Events in the page.
    pub events: usize,
}

/// Events that this connected system may see: those in its own division's reach that came as EPCIS.
///
/// # Errors
/// When a parameter cannot be read, or the warehouse is out of reach.
pub async fn events(node: &Node, system: &SystemIdentity, query: Query) -> Result<Answer> {
    let filter = EventFilter {
        systems: vec![system.code.clone()],
        event_types: query.event_type.iter().map(|name| short_type(name)).collect(),
        units: query.any_epc.clone().into_iter().collect(),
        from: query.from,
        before: query.before,
        biz_steps: query.biz_step.iter().map(|step| short_step(step).to_owned()).collect(),
        event_ids: query.event_id.clone().into_iter().collect(),
        ..EventFilter::default()
    };
    let page = Page { limit: query.per_page.clamp(1, 1000), after: query.next.as_deref().map(cursor).transpose()? };
    let found = node.warehouse.events(&Scope::everything(), &filter, EventOrder::OldestFirst, page).await?;
    let originals: Vec<Original> = found.rows.iter().filter_map(original).collect();
    let next = found.next.map(|cursor| format!("{}.{}", cursor.at.millis(), cursor.object));
    Ok(Answer { document: epcis_query::document(&originals, node.now()), next, events: originals.len() })
}

/// `ObjectEvent` is kept as `object`.
fn short_type(name: &str) -> String {
    name.strip_suffix("Event").unwrap_or(name).to_ascii_lowercase()
}

/// `urn:epcglobal:cbv:bizstep:shipping` and the like are kept as `shipping`.
fn short_step(step: &str) -> &str {
    step.rsplit([':', '/', '-']).next().unwrap_or(step)
}

fn original(view: &EventView) -> Option<Original> {
    let body: EventBody = serde_json::from_slice(&view.payload).ok()?;
    let original = body.original?;
    Some(Original { event: original.event, context: original.context })
}

fn cursor(text: &str) -> Result<Cursor> {
    let parsed = text.split_once('.').and_then(|(at, object)| {
        let object: ObjectId = object.parse().ok()?;
        Some(Cursor { at: Timestamp::from_millis(at.parse().ok()?), object })
    });
    parsed.ok_or_else(|| ServiceError::invalid("EPC-0201", "nextPageToken", "翻页标记不正确", "请从第一页重新查询"))
}
