//! Corrections from above (更正建议): a tier above does not overwrite an entry, it proposes; the proposal travels down to the owner,
//! who takes it over as a change under review or declines it, and the answer travels up. Rows: G-6.2.1c, N-TIER.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Draft, Record, kind};
use suyuan_security::context::OpContext;
use suyuan_security::policy::Action;
use suyuan_store::Tx;
use suyuan_store::register::Note;

use super::change::{change, reason};
use super::{Document, in_scope, personal};
use crate::node::Node;
use crate::record::{self, Route};
use crate::{Result, ServiceError, audit, sync};

/// Most fields of one proposal.
const MOST_FIELDS: usize = 30;
/// Most proposals for one entry that wait for an answer.
const MOST_OPEN: usize = 20;

/// A proposal as it travels. The object of the record is the proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct NoteBody {
    entry: ObjectId,
    register: String,
    author: String,
    node: String,
    reason: String,
    changes: Map<String, Value>,
    state: String,
    #[serde(default)]
    answer: String,
}

fn draft(note: &Note, route: Route) -> Result<Draft> {
    let body = NoteBody {
        entry: note.entry,
        register: note.kind.clone(),
        author: note.author.clone(),
        node: note.node.clone(),
        reason: note.reason.clone(),
        changes: serde_json::from_str(&note.changes)?,
        state: note.state.clone(),
        answer: note.answer.clone(),
    };
    record::draft(kind::NOTE, note.object, (1, note.version), note.at, route, &body)
}

fn wrong(code: &str, field: &str, reason: impl Into<String>, advice: &str) -> ServiceError {
    ServiceError::invalid(code, field, reason, advice)
}

/// Proposes other values for fields of an entry that a node below owns; without any it is a remark.
///
/// # Errors
/// When the actor may not review, there is no such entry in the scope, this node owns it itself (`NTE-0101`), a field does
/// not exist or is masked here (`NTE-0102`), or too much waits already (`NTE-0103`).
pub async fn propose<D: Document>(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    changes: Map<String, Value>,
    why: &str,
) -> Result<Note> {
    cx.authorize(Action::Review, D::POLICY)?;
    let entry = in_scope::<D>(node, cx, id).await?;
    let why = reason(why, Some("更正建议"))?;
    if entry.origin_node == node.code() {
        return Err(wrong("NTE-0101", "", "本节点管理的登记请直接变更", "请使用变更办理"));
    }
    let packs = node.packs();
    for field in changes.keys() {
        let known = packs.metadata.iter().find(|row| row.entity == D::KIND && row.code == *field);
        let fits =
            matches!(field.as_str(), "lon" | "lat") || known.is_some_and(|row| !row.personal && row.code != "code");
        if !fits {
            return Err(wrong("NTE-0102", field, format!("不能建议更正字段 {field}"), "请选择未脱敏的登记字段"));
        }
    }
    let mut tx = node.store.begin().await?;
    let open = tx.notes(id).await?.iter().filter(|note| note.state == "open").count();
    if changes.len() > MOST_FIELDS || open >= MOST_OPEN {
        return Err(wrong("NTE-0103", "changes", "更正建议过多", "请等待下级节点处理已有的建议"));
    }
    let note = Note {
        object: node.mint(),
        entry: id,
        kind: D::KIND.to_owned(),
        author: cx.actor.username.clone(),
        node: node.code().to_owned(),
        at: cx.now,
        reason: why.to_owned(),
        changes: Value::Object(changes).to_string(),
        state: "open".to_owned(),
        answer: String::new(),
        version: 1,
    };
    tx.keep_note(&note).await?;
    tx.append(vec![draft(&note, Route::To(entry.origin_node.clone()))?]).await?;
    let action = format!("{}.propose", D::KIND);
    audit::note(&tx, cx, &action, D::KIND, &entry.code, None, Some(&note.changes)).await?;
    tx.commit().await?;
    Ok(note)
}

/// Answers a proposal: taken over, it becomes a change as if the actor had made it.
///
/// # Errors
/// When the actor may not review, there is no such proposal that waits here, or the change cannot be made; then it waits on.
pub async fn answer<D: Document>(
    node: &Node,
    cx: &OpContext,
    (id, proposal): (ObjectId, ObjectId),
    accept: bool,
    why: &str,
) -> Result<Note> {
    cx.authorize(Action::Review, D::POLICY)?;
    let entry = in_scope::<D>(node, cx, id).await?;
    let why = reason(why, (!accept).then_some("不采纳更正建议"))?;
    let waiting = |note: &Note| note.object == proposal && note.state == "open" && entry.origin_node == node.code();
    let note = node.store.notes(id).await?.into_iter().find(waiting).ok_or(ServiceError::NotFound("proposal"))?;
    let values: Map<String, Value> = serde_json::from_str(&note.changes)?;
    if accept && !values.is_empty() {
        let stored: D = personal::opened(node, id, entry.proposal.as_deref().unwrap_or(&entry.doc)).await?;
        let doc = with_values(&stored, values)?;
        change::<D>(node, cx, id, entry.version, doc).await?;
    }
    let state = if accept { "accepted" } else { "declined" }.to_owned();
    let note = Note { state, answer: why.to_owned(), version: note.version + 1, at: cx.now, ..note };
    let mut tx = node.store.begin().await?;
    if !tx.keep_note(&note).await? {
        return Err(ServiceError::changed_meanwhile());
    }
    tx.append(vec![draft(&note, Route::Up)?]).await?;
    let action = format!("{}.answer", D::KIND);
    audit::note(&tx, cx, &action, D::KIND, &entry.code, None, Some(&note.state)).await?;
    tx.commit().await?;
    Ok(note)
}

/// A document with other values; a field that it does not know goes to its further fields.
fn with_values<D: Document>(stored: &D, values: Map<String, Value>) -> Result<D> {
    let mut document = serde_json::to_value(stored)?;
    if let Some(members) = document.as_object_mut() {
        for (field, value) in values {
            if members.contains_key(&field) {
                members.insert(field, value);
            } else {
                let extra = members.entry("extra").or_insert_with(|| Value::Object(Map::new()));
                if let Some(extra) = extra.as_object_mut() {
                    extra.insert(field, value);
                }
            }
        }
    }
    let fault = |_| wrong("NTE-0104", "changes", "建议的内容不符合字段格式", "请不采纳并说明原因");
    serde_json::from_value(document).map_err(fault)
}

/// The proposals for an entry, oldest first.
///
/// # Errors
/// When the database is out of reach.
pub(super) async fn of(node: &Node, id: ObjectId) -> Result<Vec<Note>> {
    Ok(node.store.notes(id).await?)
}

/// Takes in a proposal from above or its answer from below; gives what is wrong with a record that has to be set aside.
///
/// # Errors
/// When the database refuses.
pub async fn take(tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let body = match serde_json::from_slice::<NoteBody>(&record.payload) {
        Ok(body) => body,
        Err(error) => return Ok(Some(sync::apply::unreadable(&error))),
    };
    let answered = record.origin.as_ref().is_some_and(|origin| origin.stream.is_up());
    if answered != (body.state != "open") {
        return Ok(Some(Fault::new("REG-0915", "", "更正建议的方向不正确", "请核对记录的来源")));
    }
    let note = Note {
        object: record.object,
        entry: body.entry,
        kind: body.register,
        author: body.author,
        node: body.node,
        at: record.at,
        reason: body.reason,
        changes: Value::Object(body.changes).to_string(),
        state: body.state,
        answer: body.answer,
        version: record.version,
    };
    tx.keep_note(&note).await?;
    Ok(None)
}
