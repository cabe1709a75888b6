//! The trace event (追溯事件, EPCIS 2.0 event) in the one form that all outside forms are turned into, and the links of
//! the chain that follow from it.
//!
//! Reading outside forms belongs to `suyuan-formats`, checking against packs to [`crate::check`], walking to
//! [`crate::chain`]. Fields: `domain.md` 2.3 and 3.2. Rows: G-8, G-6.2.2c, G-6.5.3a.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::ObjectId;
use crate::quantity::Quantity;

/// The five event types of EPCIS 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// Something was made, seen, checked, shipped, received or used up.
    Object,
    /// Units were packed into, or taken out of, a larger one.
    Aggregation,
    /// Units changed owner under a voucher.
    Transaction,
    /// Units were used up and others came out.
    Transformation,
    /// A device or place was joined with units.
    Association,
}

impl EventType {
    /// The name stored in databases and used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Aggregation => "aggregation",
            Self::Transaction => "transaction",
            Self::Transformation => "transformation",
            Self::Association => "association",
        }
    }
}

/// A traceability unit (追溯单元) with its amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitAmount {
    /// Trace code, EPC, Digital Link or batch code of the unit.
    pub code: String,
    /// Amount, where it is stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Unit of measure of the amount.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

/// A test of a unit (检测).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// What was tested for.
    pub item: String,
    /// Measured value, in thousandths, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
    /// Limit of the standard that the sender states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Quantity>,
    /// Standard that sets the limit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub standard: String,
    /// Whether it passed; `None` where it was not tested (未检).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// Number of the report.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub report_no: String,
}

/// Which message of which connected system brought the event; part of the fact so that re-sending doubles nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Code of the connected system, or of the node itself for manual entry.
    pub system: String,
    /// The system's own message id.
    pub message: String,
    /// Row within the message, from 0.
    pub row: u32,
    /// Outside form: `json`, `epcis`, `csv`, `manual`.
    pub format: String,
}

/// A later statement that an earlier event was wrong (EPCIS errorDeclaration).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDeclaration {
    /// When it was declared.
    pub declared_at: Timestamp,
    /// Reason given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Identifiers of the events that take its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrective_ids: Vec<String>,
}

/// One trace event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceEvent {
    /// The sender's own identifier (EPCIS eventID), where it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Type of the event.
    pub event_type: EventType,
    /// Business step, a CBV term such as `shipping`, or a stage pack's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub biz_step: String,
    /// Code of the product category.
    pub category: String,
    /// Code of the trace stage.
    pub stage: String,
    /// When it happened.
    pub event_time: Timestamp,
    /// When this node accepted it.
    pub received_at: Timestamp,
    /// Division where it happened, as of then.
    pub division: String,
    /// Code of the subject that did it (追溯责任主体).
    pub subject: String,
    /// Name of the subject as reported.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject_name: String,
    /// Code of the other side: buyer when goods leave, seller when they come in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub peer_subject: String,
    /// Name of the other side as reported.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub peer_name: String,
    /// Division of the other side.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub peer_division: String,
    /// Whether goods came in from the other side; otherwise they went out to it.
    #[serde(default)]
    pub inbound: bool,
    /// Product code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// Product name as reported.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product_name: String,
    /// Batch number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub batch: String,
    /// Units that went in or were looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<UnitAmount>,
    /// Units that came out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<UnitAmount>,
    /// Total amount of the event, where it is stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// Unit of measure of the total.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Price per unit of measure, in thousandths of a yuan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Quantity>,
    /// Number of the voucher (交易凭证号).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub voucher: String,
    /// Merchant under the subject that traded, where the subject is a market.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub merchant: String,
    /// Test, where the event is one or carries one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<Inspection>,
    /// Statement that an earlier event was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_declaration: Option<ErrorDeclaration>,
    /// Further metadata of the category, by short name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, serde_json::Value>,
    /// Which message brought it.
    pub source: Source,
}

/// What a link of the chain says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// The unit came into being; the upstream unit is empty.
    Origin,
    /// The unit went from one subject to another, perhaps under a new code.
    Move,
    /// Units were turned into others.
    Transform,
    /// Units were packed into or taken out of another.
    Pack,
    /// The unit was looked at or tested; up and down are the same.
    Observe,
    /// The unit was sold to a consumer, used or destroyed; the downstream unit is empty.
    Sink,
}

impl LinkKind {
    /// The name stored in databases.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::Move => "move",
            Self::Transform => "transform",
            Self::Pack => "pack",
            Self::Observe => "observe",
            Self::Sink => "sink",
        }
    }
}

/// One link of the chain: from an upstream unit at a subject to a downstream unit at a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub kind: LinkKind,
    /// Upstream unit; empty for [`LinkKind::Origin`].
    pub up_unit: String,
    /// Subject that held the upstream unit.
    pub up_subject: String,
    /// Downstream unit; empty for [`LinkKind::Sink`].
    pub down_unit: String,
    /// Subject that holds the downstream unit.
    pub down_subject: String,
    /// The event that says so.
    pub event: ObjectId,
    /// Amount that passed, where it is stated.
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    pub unit: String,
}

/// Business steps after which a unit no longer exists for the chain.
const SINKS: [&str; 4] = ["retail_selling", "consuming", "destroying", "decommissioning"];

impl TraceEvent {
    /// Whether the event ends the life of its units.
    #[must_use]
    pub fn is_sink(&self) -> bool {
        SINKS.contains(&self.biz_step.as_str())
    }

    /// Every unit named by the event, once, inputs first.
    #[must_use]
    pub fn units(&self) -> Vec<&str> {
        let mut units: Vec<&str> = Vec::with_capacity(self.inputs.len() + self.outputs.len());
        for unit in self.inputs.iter().chain(&self.outputs) {
            if !unit.code.is_empty() && !units.contains(&unit.code.as_str()) {
                units.push(&unit.code);
            }
        }
        units
    }

    /// The links that follow from the event. An event that declares an error has none.
    #[must_use]
    pub fn links(&self, event: ObjectId) -> Vec<Link> {
        if self.error_declaration.is_some() {
            return Vec::new();
        }
        let (up_subject, down_subject) = self.sides();
        let link = |kind, up: &str, down: &str, amount: &UnitAmount| Link {
            kind,
            up_unit: up.to_owned(),
            up_subject: up_subject.clone(),
            down_unit: down.to_owned(),
            down_subject: down_subject.clone(),
            event,
            quantity: amount.quantity.or(self.quantity),
            unit: if amount.unit.is_empty() { self.unit.clone() } else { amount.unit.clone() },
        };
        match (self.inputs.is_empty(), self.outputs.is_empty()) {
            (true, true) => Vec::new(),
            (true, false) => self.outputs.iter().map(|out| link(LinkKind::Origin, "", &out.code, out)).collect(),
            (false, true) if self.is_sink() => {
                self.inputs.iter().map(|unit| link(LinkKind::Sink, &unit.code, "", unit)).collect()
            }
            (false, true) => {
                let kind = if up_subject == down_subject { LinkKind::Observe } else { LinkKind::Move };
                self.inputs.iter().map(|unit| link(kind, &unit.code, &unit.code, unit)).collect()
            }
            (false, false) => {
                let kind = self.joining_kind();
                self.inputs
                    .iter()
                    .flat_map(|input| self.outputs.iter().map(move |output| (input, output)))
                    .map(|(input, output)| link(kind, &input.code, &output.code, output))
                    .collect()
            }
        }
    }

    fn joining_kind(&self) -> LinkKind {
        match self.event_type {
            EventType::Transformation => LinkKind::Transform,
            EventType::Aggregation | EventType::Association => LinkKind::Pack,
            EventType::Object | EventType::Transaction => LinkKind::Move,
        }
    }

    /// The subjects upstream and downstream of what the event moves.
    fn sides(&self) -> (String, String) {
        if self.peer_subject.is_empty() {
            (self.subject.clone(), self.subject.clone())
        } else if self.inbound {
            (self.peer_subject.clone(), self.subject.clone())
        } else {
            (self.subject.clone(), self.peer_subject.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: EventType, biz_step: &str) -> TraceEvent {
        TraceEvent {
            event_id: None,
            event_type,
            biz_step: biz_step.into(),
            category: "agri".into(),
            stage: "slaughter".into(),
            event_time: Timestamp::from_millis(1),
            received_at: Timestamp::from_millis(2),
            division: "370202".into(),
            subject: "A".into(),
            subject_name: String::new(),
            peer_subject: String::new(),
            peer_name: String::new(),
            peer_division: String::new(),
            inbound: false,
            product: String::new(),
            product_name: String::new(),
            batch: String::new(),
            inputs: vec![],
            outputs: vec![],
            quantity: None,
            unit: "kg".into(),
            price: None,
            voucher: String::new(),
            merchant: String::new(),
            inspection: None,
            error_declaration: None,
            fields: BTreeMap::new(),
            source: Source::default(),
        }
    }

    fn unit(code: &str) -> UnitAmount {
        UnitAmount { code: code.into(), quantity: None, unit: String::new() }
    }

    fn check(event: &TraceEvent, expected: &[(LinkKind, &str, &str, &str, &str)]) {
        let links = event.links(ObjectId::default());
        let got: Vec<_> = links
            .iter()
            .map(|l| (l.kind, l.up_unit.as_str(), l.up_subject.as_str(), l.down_unit.as_str(), l.down_subject.as_str()))
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn g_6_5_3a_links_follow_from_the_event() {
        let mut made = event(EventType::Object, "commissioning");
        made.outputs = vec![unit("u1")];
        check(&made, &[(LinkKind::Origin, "", "A", "u1", "A")]);

        let mut sold = event(EventType::Transaction, "shipping");
        sold.peer_subject = "B".into();
        sold.inputs = vec![unit("u1")];
        sold.outputs = vec![unit("t1")];
        check(&sold, &[(LinkKind::Move, "u1", "A", "t1", "B")]);

        let mut received = event(EventType::Object, "receiving");
        received.peer_subject = "B".into();
        received.inbound = true;
        received.inputs = vec![unit("u1")];
        check(&received, &[(LinkKind::Move, "u1", "B", "u1", "A")]);

        let mut cut = event(EventType::Transformation, "commissioning");
        cut.inputs = vec![unit("a"), unit("b")];
        cut.outputs = vec![unit("c")];
        check(&cut, &[(LinkKind::Transform, "a", "A", "c", "A"), (LinkKind::Transform, "b", "A", "c", "A")]);

        let mut eaten = event(EventType::Object, "retail_selling");
        eaten.inputs = vec![unit("u1")];
        check(&eaten, &[(LinkKind::Sink, "u1", "A", "", "A")]);
    }

    #[test]
    fn g_6_5_3a_an_error_declaration_links_nothing() {
        let mut wrong = event(EventType::Object, "commissioning");
        wrong.outputs = vec![unit("u1")];
        wrong.error_declaration = Some(ErrorDeclaration {
            declared_at: Timestamp::from_millis(5),
            reason: String::new(),
            corrective_ids: vec![],
        });
        check(&wrong, &[]);
    }
}
