//! Entries between nodes: the journal record of a step, and taking one in from a lower node.

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::record::{Draft, Record, kind};
use suyuan_store::Tx;
use suyuan_store::register::{Entry, Step};

use super::{Columns, Document, State, grams};
use crate::Result;
use crate::access::AccessDoc;
use crate::device::DeviceDoc;
use crate::node::Node;
use crate::product::ProductDoc;
use crate::record::{self, Route};
use crate::subject::SubjectDoc;

/// An entry after a step, as it travels to the tiers above: the filed document, never a proposal, telephone masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisterRecord {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Category.
    #[serde(default)]
    pub category: String,
    /// Stage.
    #[serde(default)]
    pub stage: String,
    /// Division.
    pub division: String,
    /// Subject that it belongs to.
    #[serde(default)]
    pub subject: String,
    /// Type within the kind.
    #[serde(default)]
    pub r#type: String,
    /// State.
    pub state: String,
    /// Longitude and latitude.
    #[serde(default)]
    pub place: Option<(f64, f64)>,
    /// When it was first filed.
    #[serde(default)]
    pub filed_at: Option<Timestamp>,
    /// The step that led here.
    #[serde(default)]
    pub action: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The document.
    pub doc: serde_json::Value,
}

/// The journal record of a step.
pub(super) fn draft<D: Document>(entry: &Entry, action: &str, reason: &str) -> Result<Draft> {
    let doc: D = serde_json::from_str(&entry.doc)?;
    let body = RegisterRecord {
        code: entry.code.clone(),
        name: entry.name.clone(),
        category: entry.category.clone(),
        stage: entry.stage.clone(),
        division: entry.division.clone(),
        subject: entry.subject.clone(),
        r#type: entry.r#type.clone(),
        state: entry.state.clone(),
        place: entry.place,
        filed_at: entry.filed_at,
        action: action.to_owned(),
        reason: reason.to_owned(),
        doc: serde_json::to_value(doc.masked())?,
    };
    record::draft(D::KIND, entry.object, (entry.term, entry.version), entry.updated_at, Route::Up, &body)
}

fn poison(code: &str, reason: impl Into<String>) -> Fault {
    Fault::new(code, "", reason, "请联系报送节点核对后重新报送")
}

/// Takes in an entry that a lower node relayed; gives what is wrong with a record that has to be set aside.
///
/// # Errors
/// When the database refuses.
pub async fn take(node: &Node, tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let Ok(body) = serde_json::from_slice::<RegisterRecord>(&record.payload) else {
        return Ok(Some(poison("REG-0910", "登记记录的格式不正确")));
    };
    let origin = record.origin.as_ref().map_or(node.code(), |origin| origin.node.as_str());
    if !readable(&record.kind, &body.doc) {
        return Ok(Some(poison("REG-0911", format!("{}的内容不正确", body.name))));
    }
    if State::parse(&body.state).is_none() {
        return Ok(Some(poison("REG-0912", format!("登记状态 {} 不正确", body.state))));
    }
    let before = tx.system_entry(record.object).await?;
    if let Some(owner) = before.as_ref().filter(|stored| stored.origin_node != origin && stored.term >= record.term) {
        return Ok(Some(poison("REG-0913", format!("该登记由 {} 节点管理", owner.origin_node))));
    }
    let columns = Columns { code: body.code.clone(), name: body.name.clone(), ..Columns::default() };
    let step = Step {
        actor: origin,
        action: &body.action,
        reason: &body.reason,
        before: before.as_ref().map(|stored| stored.doc.as_str()),
    };
    let entry = Entry {
        object: record.object,
        kind: record.kind.clone(),
        code: body.code.clone(),
        name: body.name.clone(),
        category: body.category.clone(),
        stage: body.stage.clone(),
        division: body.division.clone(),
        subject: body.subject.clone(),
        r#type: body.r#type.clone(),
        state: body.state.clone(),
        origin_node: origin.to_owned(),
        term: record.term,
        version: record.version,
        place: body.place,
        doc: body.doc.to_string(),
        proposal: None,
        filed_at: body.filed_at,
        updated_at: record.at,
    };
    tx.take_entry(&entry, &grams(&columns), &step).await?;
    Ok(None)
}

fn readable(record_kind: &str, doc: &serde_json::Value) -> bool {
    fn as_doc<D: Document>(doc: &serde_json::Value) -> bool {
        D::deserialize(doc).is_ok()
    }
    match record_kind {
        kind::SUBJECT => as_doc::<SubjectDoc>(doc),
        kind::PRODUCT => as_doc::<ProductDoc>(doc),
        kind::DEVICE => as_doc::<DeviceDoc>(doc),
        kind::ACCESS => as_doc::<AccessDoc>(doc),
        _ => false,
    }
}
