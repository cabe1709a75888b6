//! Trace events as lists and one by one, down to the sender's own document (原始报文).
//!
//! An event is shown when either side lies in the actor's scope; names of the other side are masked by the warehouse.
//! Rows: G-6.2.2c, G-6.4.1a, G-5.4.3b.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_warehouse::query::{Cursor, EventFilter, EventOrder, EventView, Page};

use super::{category_name, filled, stage_name};
use crate::listing::Listed;
use crate::payload::EventBody;
use crate::statistics::View;
use crate::{Node, Result, ServiceError};

/// What a list of events is narrowed to; empty texts are no condition.
#[derive(Clone, Debug, Default)]
pub struct EventQuery {
    /// Division where it happened, with all below.
    pub division: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// Subject on either side.
    pub subject: Option<String>,
    /// Connected system.
    pub system: Option<String>,
    /// Unit named by the event.
    pub unit: Option<String>,
    /// Batch number.
    pub batch: Option<String>,
    /// Happened from this day or instant on.
    pub from: Option<String>,
    /// Happened until this day (included) or instant (not included).
    pub to: Option<String>,
}

/// An event to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventRow {
    /// The object.
    pub id: ObjectId,
    /// The sender's own identifier.
    pub event_id: Option<String>,
    /// Type.
    pub r#type: String,
    /// Business step.
    pub biz_step: String,
    /// Its name.
    pub biz_step_name: String,
    /// Category.
    pub category: String,
    /// Its name.
    pub category_name: String,
    /// Stage.
    pub stage: String,
    /// Its name.
    pub stage_name: String,
    /// When it happened.
    pub event_time: Timestamp,
    /// When the first node accepted it.
    pub recorded_at: Timestamp,
    /// Division where it happened.
    pub division: String,
    /// Its name.
    pub division_name: String,
    /// Code of the subject.
    pub subject: String,
    /// Its name, or the mask.
    pub subject_name: Option<String>,
    /// Code of the other side.
    pub peer: Option<String>,
    /// Its name, or the mask.
    pub peer_name: Option<String>,
    /// `in` or `out`, where there is another side.
    pub direction: Option<&'static str>,
    /// Product code.
    pub product: Option<String>,
    /// Product name.
    pub product_name: Option<String>,
    /// Batch number.
    pub batch: Option<String>,
    /// Units that it names.
    pub units: Vec<String>,
    /// Amount.
    pub quantity: Option<String>,
    /// Unit of measure.
    pub unit: Option<String>,
    /// Price per unit of measure in yuan.
    pub price: Option<String>,
    /// Voucher.
    pub voucher: Option<String>,
    /// Merchant.
    pub merchant: Option<String>,
    /// Result of the test, where there was one.
    pub inspection_passed: Option<bool>,
    /// Connected system that brought it.
    pub system: String,
    /// Its name.
    pub system_name: Option<String>,
    /// The system's message id.
    pub message_id: String,
    /// Whether it came after the time limit.
    pub late: bool,
    /// Whether it counts: neither declared wrong nor a declaration.
    pub counted: bool,
    /// The event that declared it wrong.
    pub voided_by: Option<String>,
    /// Node that accepted it first.
    pub origin_node: String,
}

/// An event with what the sender wrote.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventDetail {
    /// The event.
    #[serde(flatten)]
    pub row: EventRow,
    /// The event as it was understood.
    pub event: Option<Value>,
    /// The sender's own document, or else the record's; absent where a side is out of scope.
    pub raw: Option<Value>,
}

/// Events, the latest first.
///
/// # Errors
/// [`ServiceError::Denied`] without the permission, [`ServiceError::Invalid`] for dates and cursors that cannot be read,
/// and faults of store and warehouse.
pub async fn list(
    node: &Node,
    cx: &OpContext,
    query: &EventQuery,
    limit: usize,
    after: Option<&str>,
) -> Result<Listed<EventRow>> {
    cx.authorize(Action::Read, Kind::Event)?;
    let filter = filter(node, cx, query)?;
    let page = Page { limit: u32::try_from(limit).unwrap_or(50), after: after.map(cursor).transpose()? };
    let (page, count) = tokio::try_join!(
        node.warehouse.events(&cx.scope, &filter, EventOrder::NewestFirst, page),
        node.warehouse.count_visible(&cx.scope, &filter),
    )?;
    let systems = system_names(node, cx, &page.rows).await?;
    Ok(Listed {
        items: page.rows.iter().map(|view| row(node, view, &systems)).collect(),
        next: page.next.map(|next| format!("{}.{}", next.at.millis(), next.object)),
        count: count.value,
        exact: !count.more,
    })
}

/// One event with its source.
///
/// # Errors
/// [`ServiceError::Denied`] without the permission, [`ServiceError::NotFound`] where it does not exist or is out of scope.
pub async fn get(node: &Node, cx: &OpContext, id: ObjectId) -> Result<EventDetail> {
    cx.authorize(Action::Read, Kind::Event)?;
    let view = node.warehouse.event(&cx.scope, id).await?.ok_or(ServiceError::NotFound("event"))?;
    let views = [view];
    let systems = system_names(node, cx, &views).await?;
    let [view] = &views;
    let body = serde_json::from_slice::<EventBody>(&view.payload).ok();
    let event = body.as_ref().map(|body| serde_json::to_value(&body.event)).transpose()?;
    // The sender's own document names the other side in its own words, which no mask knows.
    let whole = cx.scope.covers_division(&view.division)
        && (view.peer_division.is_empty() || cx.scope.covers_division(&view.peer_division));
    let raw = match body.and_then(|body| body.original) {
        Some(original) if whole => serde_json::from_str(&original.event).ok(),
        Some(_) => None,
        None => serde_json::from_slice(&view.payload).ok(),
    };
    Ok(EventDetail { row: row(node, view, &systems), event, raw })
}

fn filter(node: &Node, cx: &OpContext, query: &EventQuery) -> Result<EventFilter> {
    let text = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
    let list = |value: &Option<String>| text(value).into_iter().collect::<Vec<_>>();
    let view = View::of(node, cx, query.division.as_deref(), query.category.as_deref())?;
    let divisions = text(&query.division).map(|code| node.divisions.subtree(&code)).unwrap_or_default();
    Ok(EventFilter {
        from: text(&query.from).map(|text| moment(&text, "from", Day::start)).transpose()?,
        before: text(&query.to).map(|text| moment(&text, "to", Day::end)).transpose()?,
        categories: view.category.into_iter().collect(),
        stages: list(&query.stage),
        systems: list(&query.system),
        units: list(&query.unit),
        batch: text(&query.batch),
        party: text(&query.subject),
        divisions,
        ..EventFilter::default()
    })
}

/// An instant, or the end of a day that `of_day` gives.
fn moment(text: &str, field: &str, of_day: fn(Day) -> Timestamp) -> Result<Timestamp> {
    let day = text.parse::<Day>().map(of_day);
    day.or_else(|_| text.parse::<Timestamp>()).map_err(|_| {
        ServiceError::invalid("REQ-0110", field, "日期不正确", "应为 2026-11-21 或 2026-11-21T10:32:00+08:00 的形式")
    })
}

fn cursor(text: &str) -> Result<Cursor> {
    let parsed = text.split_once('.').and_then(|(at, object)| {
        Some(Cursor { at: Timestamp::from_millis(at.parse().ok()?), object: object.parse().ok()? })
    });
    parsed.ok_or_else(|| ServiceError::invalid("REQ-0107", "after", "翻页位置不正确", "请从第一页重新查询"))
}

async fn system_names(node: &Node, cx: &OpContext, views: &[EventView]) -> Result<BTreeMap<String, String>> {
    crate::access::names(node, &cx.scope, views.iter().map(|view| view.system.clone()).collect()).await
}

fn row(node: &Node, view: &EventView, systems: &BTreeMap<String, String>) -> EventRow {
    EventRow {
        id: view.object,
        event_id: filled(&view.event_id),
        r#type: view.event_type.clone(),
        biz_step: view.biz_step.clone(),
        biz_step_name: node.packs().name_in("biz_step", &view.biz_step).to_owned(),
        category: view.category.clone(),
        category_name: category_name(node, &view.category),
        stage: view.stage.clone(),
        stage_name: stage_name(node, &view.stage),
        event_time: view.event_time,
        recorded_at: view.received_at,
        division: view.division.clone(),
        division_name: node.divisions.name(&view.division).to_owned(),
        subject: view.subject.clone(),
        subject_name: filled(&view.subject_name),
        peer: filled(&view.peer_subject),
        peer_name: filled(&view.peer_name),
        direction: filled(&view.peer_subject).map(|_| if view.inbound { "in" } else { "out" }),
        product: filled(&view.product),
        product_name: filled(&view.product_name),
        batch: filled(&view.batch),
        units: view.units.clone(),
        quantity: view.quantity.map(|amount| amount.to_string()),
        unit: filled(&view.unit),
        price: view.price.map(|price| price.to_string()),
        voucher: filled(&view.voucher),
        merchant: filled(&view.merchant),
        inspection_passed: view.inspection_passed,
        system: view.system.clone(),
        system_name: systems.get(&view.system).cloned(),
        message_id: view.message.clone(),
        late: view.late,
        counted: view.counted,
        voided_by: filled(&view.voided_by),
        origin_node: view.origin_node.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_2c_days_are_whole_and_in_shanghai() {
        let from = moment("2026-11-21", "from", Day::start).expect("a day");
        assert_eq!(from.to_string(), "2026-11-20T16:00:00.000Z");
        let to = moment("2026-11-21", "to", Day::end).expect("a day");
        assert_eq!(to.millis() - from.millis(), 86_400_000);
        assert_eq!(moment("2026-11-21T10:00:00+08:00", "to", Day::end).ok(), "2026-11-21T02:00:00Z".parse().ok());
        assert!(matches!(moment("昨天", "to", Day::end), Err(ServiceError::Invalid(_))));
    }

    #[test]
    fn g_6_2_2c_only_our_own_cursors_are_taken() {
        assert!(cursor("1700000000000.0190163d-8694-739b-b0b5-e1d6b6b0b0b0").is_ok());
        for text in ["", "x", "1.2", "1700000000000", ".0190163d-8694-739b-b0b5-e1d6b6b0b0b0"] {
            assert!(cursor(text).is_err(), "{text}");
        }
    }
}
