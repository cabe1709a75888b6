//! Entries between nodes: the journal record of a step, and taking one in from a lower node. Personal values travel as masks
//! and commitments. Rows: G-6.2.1b, G-6.2.1c, G-10.4.

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Draft, Record, kind};
use suyuan_store::Tx;
use suyuan_store::register::{Entry, Step};

use super::keep::set_columns;
use super::{Columns, Document, State, holder, personal};
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
    /// How complete it is, percent.
    #[serde(default)]
    pub completeness: u32,
    /// The entry that it is the same as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<ObjectId>,
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
    let stored: serde_json::Value = serde_json::from_str(&entry.doc)?;
    let mut doc = serde_json::to_value(D::deserialize(&stored)?.masked())?;
    if let (Some(commitments), Some(members)) = (stored.get(personal::SEALED), doc.as_object_mut()) {
        members.insert(personal::SEALED.to_owned(), commitments.clone());
    }
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
        completeness: entry.completeness,
        same_as: entry.same_as,
        action: action.to_owned(),
        reason: reason.to_owned(),
        doc,
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
pub async fn take(node: &Node, tx: &mut Tx, record: &Record) -> Result<Option<Fault>> {
    let Ok(body) = serde_json::from_slice::<RegisterRecord>(&record.payload) else {
        return Ok(Some(poison("REG-0910", "登记记录的格式不正确")));
    };
    let origin = record.origin.as_ref().map_or(node.code(), |origin| origin.node.as_str());
    let Some(columns) = columns(&record.kind, &body.doc) else {
        return Ok(Some(poison("REG-0911", format!("{}的内容不正确", body.name))));
    };
    if State::parse(&body.state).is_none() {
        return Ok(Some(poison("REG-0912", format!("登记状态 {} 不正确", body.state))));
    }
    let before = tx.system_entry(record.object).await?;
    if let Some(owner) = before.as_ref().filter(|stored| stored.origin_node != origin && stored.term >= record.term) {
        return Ok(Some(poison("REG-0913", format!("该登记由 {} 节点管理", owner.origin_node))));
    }
    let step = Step {
        actor: origin,
        action: &body.action,
        reason: &body.reason,
        before: before.as_ref().map(|stored| stored.doc.as_str()),
    };
    let mut entry = Entry { object: record.object, kind: record.kind.clone(), ..Entry::default() };
    set_columns(&mut entry, columns);
    // What the owner says of these counts, also where this version would read the document otherwise.
    let entry = Entry {
        code: body.code,
        name: body.name,
        category: body.category,
        stage: body.stage,
        division: body.division,
        subject: body.subject,
        r#type: body.r#type,
        completeness: body.completeness.min(100),
        state: body.state,
        origin_node: origin.to_owned(),
        term: record.term,
        version: record.version,
        place: body.place,
        doc: body.doc.to_string(),
        filed_at: body.filed_at,
        updated_at: record.at,
        created_at: record.object.minted_at(),
        rival: before.as_ref().and_then(|stored| stored.rival),
        same_as: body.same_as,
        ..entry
    };
    if tx.take_entry(&entry, &step).await? {
        let mut codes = vec![entry.code.as_str()];
        codes.extend(before.as_ref().map(|stored| stored.code.as_str()).filter(|code| *code != entry.code));
        holder::settle(node, tx, &record.kind, &codes).await?;
    }
    Ok(None)
}

/// The columns of a document of one of the registers; `None` where it is none.
fn columns(record_kind: &str, doc: &serde_json::Value) -> Option<Columns> {
    fn of<D: Document>(doc: &serde_json::Value) -> Option<Columns> {
        D::deserialize(doc).ok().map(|doc| doc.masked().columns())
    }
    match record_kind {
        kind::SUBJECT => of::<SubjectDoc>(doc),
        kind::PRODUCT => of::<ProductDoc>(doc),
        kind::DEVICE => of::<DeviceDoc>(doc),
        kind::ACCESS => of::<AccessDoc>(doc),
        _ => None,
    }
}
