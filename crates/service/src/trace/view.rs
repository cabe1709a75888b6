//! The chain as regulators see it: names, contacts and places from the registers, masked outside their scope; gaps; the
//! flow table; flows for the map.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use suyuan_domain::chain::{Edge, Gap, GapKind, Node as ChainNode};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::LinkKind;
use suyuan_domain::search::mask_phone;
use suyuan_security::context::OpContext;
use suyuan_warehouse::query::MASK;

use super::{Subject, Walked, as_of, category_name, filled, misprint, product_of, stage_name};
use crate::Node;

/// A chain to be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChainView {
    /// The code asked for.
    pub code: String,
    /// The moment as of which it is drawn.
    pub as_of: Timestamp,
    /// Whether nothing is missing.
    pub complete: bool,
    /// Whether more exists than is shown.
    pub truncated: bool,
    /// What to do where nothing was found.
    pub hint: Option<String>,
    /// What the code stands for.
    pub product: Option<ProductView>,
    /// Units at subjects, by layer.
    pub nodes: Vec<NodeView>,
    /// What went from one to another.
    pub edges: Vec<EdgeView>,
    /// Where the chain is not whole.
    pub gaps: Vec<GapView>,
    /// The flow table (流量流向表).
    pub table: Vec<TableView>,
    /// Flows for the map.
    pub flows: Vec<FlowView>,
}

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProductView {
    /// Name.
    pub name: String,
    /// Batch number.
    pub batch: Option<String>,
    /// Category.
    pub category: String,
    /// Its name.
    pub category_name: String,
}

/// A unit at a subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeView {
    /// Names the node in edges and gaps.
    pub id: String,
    /// Code of the unit.
    pub unit: String,
    /// Code of the subject; absent where it is out of scope.
    pub subject: Option<String>,
    /// Name of the subject, or the mask.
    pub subject_name: Option<String>,
    /// Division.
    pub division: Option<String>,
    /// Its name.
    pub division_name: Option<String>,
    /// Stage.
    pub stage: String,
    /// Its name.
    pub stage_name: String,
    /// Longitude, WGS 84.
    pub lon: Option<f64>,
    /// Latitude.
    pub lat: Option<f64>,
    /// Whom to ask, with a masked telephone number.
    pub contact: Option<String>,
    /// Earliest event.
    pub first_at: Option<Timestamp>,
    /// Latest event.
    pub last_at: Option<Timestamp>,
    /// Amount that came in.
    #[serde(rename = "in")]
    pub came_in: Option<String>,
    /// Amount that went out.
    #[serde(rename = "out")]
    pub went_out: Option<String>,
    /// Amount that should be left.
    pub rest: Option<String>,
    /// Unit of measure.
    pub unit_of_measure: Option<String>,
    /// Number of events.
    pub events: usize,
    /// Hops from the code, below zero upstream.
    pub layer: i32,
}

/// Goods that went from one node to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EdgeView {
    /// Upstream node.
    pub from: String,
    /// Downstream node.
    pub to: String,
    /// What happened.
    pub kind: LinkKind,
    /// Amount.
    pub quantity: Option<String>,
    /// Unit of measure.
    pub unit: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The first event that says so.
    pub event_id: Option<String>,
    /// Voucher, or else the number of events.
    pub basis: String,
}

/// Where the chain is not whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapView {
    /// The node.
    pub node: String,
    /// Why.
    pub kind: GapKind,
    /// What is wrong.
    pub text: String,
    /// What to do.
    pub advice: String,
}

/// A line of the flow table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableView {
    /// Code of the subject; empty where it is out of scope.
    pub subject: String,
    /// Its name, or the mask.
    pub subject_name: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// Amount that came in.
    #[serde(rename = "in")]
    pub came_in: Option<String>,
    /// Amount that went out.
    #[serde(rename = "out")]
    pub went_out: Option<String>,
    /// Amount that should be left.
    pub rest: Option<String>,
    /// Unit of measure.
    pub unit: Option<String>,
    /// When it had the goods first.
    pub at: Option<Timestamp>,
    /// Vouchers.
    pub basis: String,
    /// 完整 or 有缺口.
    pub state: String,
}

/// Where a flow begins or ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlaceView {
    /// Code of the division or subject.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Longitude, WGS 84.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
}

/// Goods between two places.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowView {
    /// From where.
    pub from: PlaceView,
    /// To where.
    pub to: PlaceView,
    /// Amount, where it is known.
    pub quantity: Option<String>,
    /// Unit of measure.
    pub unit: Option<String>,
    /// Number of events.
    pub events: u64,
}

/// A subject as the actor may see it.
#[derive(Clone, Debug, Default)]
struct Shown {
    visible: bool,
    name: Option<String>,
    division: Option<String>,
    division_name: Option<String>,
    contact: Option<String>,
    place: Option<(f64, f64)>,
    stage: String,
}

pub(super) fn of(node: &Node, cx: &OpContext, code: &str, walked: &Walked) -> ChainView {
    let shown: BTreeMap<&str, Shown> =
        walked.subjects.iter().map(|(code, subject)| (code.as_str(), shown(node, cx, subject))).collect();
    let chain = &walked.chain;
    ChainView {
        code: code.to_owned(),
        as_of: as_of(cx),
        complete: !chain.nodes.is_empty() && chain.is_complete(),
        truncated: chain.truncated,
        hint: chain.nodes.is_empty().then(|| hint(node, code)),
        product: product_of(walked, |row| !row.product_name.is_empty()).map(|row| ProductView {
            name: row.product_name.clone(),
            batch: filled(&row.batch),
            category: row.category.clone(),
            category_name: category_name(node, &row.category),
        }),
        nodes: chain.nodes.iter().map(|item| node_view(node, item, shown.get(item.subject.as_str()))).collect(),
        edges: chain.edges.iter().map(edge_view).collect(),
        gaps: chain.gaps.iter().map(gap_view).collect(),
        table: table(walked, &shown),
        flows: flows(walked, &shown),
    }
}

fn hint(node: &Node, code: &str) -> String {
    match misprint(node, code) {
        Some(text) => format!("没有查询到该编码的追溯记录。{text}，请核对后再试"),
        None => "没有查询到该编码的追溯记录：可能尚未上报，或不在本账号的数据范围内。请核对编码，或改用批次号、交易凭证号查询".to_owned(),
    }
}

fn shown(node: &Node, cx: &OpContext, subject: &Subject) -> Shown {
    let division = filled(&subject.division);
    let visible = division.as_deref().is_none_or(|code| cx.scope.covers_division(code));
    let centre = division.as_deref().and_then(|code| node.divisions.get(code)).and_then(|row| row.point);
    let name = if visible { filled(&subject.name) } else { Some(MASK.to_owned()) };
    let entry = subject.entry.as_ref().filter(|_| visible);
    Shown {
        visible,
        name,
        division_name: division.as_deref().map(|code| full_name(node, code)),
        division,
        contact: entry.and_then(|entry| contact(&entry.doc)),
        place: entry.and_then(|entry| entry.place).or(centre),
        stage: subject.stage_on_file().to_owned(),
    }
}

/// The names of the divisions down to `code`, such as 山东省青岛市.
pub(super) fn full_name(node: &Node, code: &str) -> String {
    let path: String = node.divisions.path(code).iter().map(|division| division.name.as_str()).collect();
    if path.is_empty() { node.divisions.name(code).to_owned() } else { path }
}

/// Contact and masked telephone number of a filed document.
fn contact(doc: &str) -> Option<String> {
    let doc: Value = serde_json::from_str(doc).ok()?;
    let text = |key: &str| doc.get(key).and_then(Value::as_str).unwrap_or_default();
    let phone = mask_phone(text("phone"));
    let words: Vec<&str> = [text("contact"), phone.as_str()].into_iter().filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn node_view(node: &Node, item: &ChainNode, shown: Option<&Shown>) -> NodeView {
    let unknown = Shown { visible: true, ..Shown::default() };
    let shown = shown.unwrap_or(&unknown);
    let stage = if item.stage.is_empty() { &shown.stage } else { &item.stage };
    let division = shown.division.clone().or_else(|| filled(&item.division));
    NodeView {
        id: item.id.to_string(),
        unit: item.unit.clone(),
        subject: filled(&item.subject).filter(|_| shown.visible),
        subject_name: shown.name.clone(),
        division_name: shown.division_name.clone().or_else(|| division.as_deref().map(|code| full_name(node, code))),
        division,
        stage: stage.clone(),
        stage_name: stage_name(node, stage),
        lon: shown.place.map(|(lon, _)| lon),
        lat: shown.place.map(|(_, lat)| lat),
        contact: shown.contact.clone(),
        first_at: item.first_at,
        last_at: item.last_at,
        came_in: item.came_in.map(|amount| amount.to_string()),
        went_out: item.went_out.map(|amount| amount.to_string()),
        rest: item.rest.map(|amount| amount.to_string()),
        unit_of_measure: filled(&item.unit_of_measure),
        events: item.events,
        layer: item.layer,
    }
}

fn edge_view(edge: &Edge) -> EdgeView {
    EdgeView {
        from: edge.from.to_string(),
        to: edge.to.to_string(),
        kind: edge.kind,
        quantity: edge.quantity.map(|amount| amount.to_string()),
        unit: filled(&edge.unit),
        at: edge.at,
        event_id: edge.events.first().map(ToString::to_string),
        basis: filled(&edge.voucher).unwrap_or_else(|| format!("追溯记录 {} 条", edge.events.len())),
    }
}

fn gap_view(gap: &Gap) -> GapView {
    GapView { node: gap.node.to_string(), kind: gap.kind, text: gap.text.clone(), advice: gap.advice.clone() }
}

fn table(walked: &Walked, shown: &BTreeMap<&str, Shown>) -> Vec<TableView> {
    let line = |row: suyuan_domain::chain::TableRow| {
        let subject = shown.get(row.subject.as_str());
        let visible = subject.is_none_or(|subject| subject.visible);
        TableView {
            subject: if visible { row.subject.clone() } else { String::new() },
            subject_name: subject.and_then(|subject| subject.name.clone()),
            contact: subject.and_then(|subject| subject.contact.clone()),
            came_in: row.came_in.map(|amount| amount.to_string()),
            went_out: row.went_out.map(|amount| amount.to_string()),
            rest: row.rest.map(|amount| amount.to_string()),
            unit: filled(&row.unit_of_measure),
            at: row.at,
            basis: if row.basis.is_empty() { "追溯记录".to_owned() } else { row.basis.join("、") },
            state: if row.has_gap { "有缺口" } else { "完整" }.to_owned(),
        }
    };
    walked.chain.table().into_iter().map(line).collect()
}

fn flows(walked: &Walked, shown: &BTreeMap<&str, Shown>) -> Vec<FlowView> {
    let place = |code: &str| {
        let subject = shown.get(code)?;
        let (lon, lat) = subject.place?;
        let name = subject.name.clone().unwrap_or_else(|| code.to_owned());
        Some(PlaceView { code: if subject.visible { code.to_owned() } else { String::new() }, name, lon, lat })
    };
    let flow = |flow: suyuan_domain::chain::Flow| {
        Some(FlowView {
            from: place(&flow.from)?,
            to: place(&flow.to)?,
            quantity: flow.quantity.map(|amount| amount.to_string()),
            unit: filled(&flow.unit),
            events: flow.events as u64,
        })
    };
    walked.chain.flows().into_iter().filter_map(flow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_10_4_contacts_hide_the_telephone_number() {
        assert_eq!(contact(r#"{"contact":"王主任","phone":"13812345678"}"#).as_deref(), Some("王主任 138****5678"));
        assert_eq!(contact(r#"{"contact":""}"#), None);
        assert_eq!(contact("no json"), None);
    }
}
