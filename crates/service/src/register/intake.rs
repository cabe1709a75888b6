//! Entries of a table that a person imports: the path of the form for many rows in one transaction. A row with faults does
//! not keep the others back. Rows: G-6.2.1a, H-6.2.

use serde_json::Value;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_store::Tx;
use suyuan_store::register::Entry;
use suyuan_store::side_car::SideCar;

use super::change::{altered, free, refused};
use super::keep::{self, Change, Draft, new_entry, refuse, set_document, taken, write};
use super::{Document, State, Verb, personal};
use crate::node::Node;
use crate::{Result, ServiceError};

/// How rows are entered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order<'a> {
    /// Whether an entry that exists is changed; else it is skipped.
    pub(crate) changes: bool,
    /// Whether a new entry is filed at once. The caller has asked for the permission.
    pub(crate) filed: bool,
    /// What the history says about where the entry comes from.
    pub(crate) reason: &'a str,
}

/// What became of a row.
#[derive(Clone, Debug)]
pub(crate) enum Placed {
    /// A new entry.
    Created(ObjectId),
    /// An entry was changed, or its change proposed.
    Changed(ObjectId),
    /// The entry exists, and is the same or not to be changed.
    Skipped(ObjectId),
    /// Nothing, because of these.
    Refused(Vec<Fault>),
}

/// What is wrong with a document that is handed in; nothing is written.
pub(crate) async fn faults<D: Document>(
    node: &Node,
    cx: &OpContext,
    tx: &Tx,
    (doc, stored): (&mut D, Option<&D>),
) -> Result<Vec<Fault>> {
    let mut faults = doc.complete(node, tx, &cx.scope, stored).await?;
    for fault in keep::check(node, cx, doc)? {
        if faults.iter().all(|known| known.field != fault.field) {
            faults.push(fault);
        }
    }
    Ok(faults)
}

/// The entry that stands for a code, unless it is over.
async fn standing<D: Document>(tx: &Tx, code: &str) -> Result<Option<Entry>> {
    let claims = |entry: &Entry| State::parse(&entry.state).is_some_and(State::claims);
    Ok(tx.system_entry_by_code(D::KIND, code).await?.filter(claims))
}

/// What is wrong with a row, and the entry that it would change: of that one the members that the row has not stay.
/// Nothing is written.
pub(crate) async fn examine<D: Document>(
    node: &Node,
    cx: &OpContext,
    tx: &Tx,
    (doc, given): (&mut D, &Value),
) -> Result<(Vec<Fault>, Option<Entry>)> {
    let code = doc.columns().code;
    let before = if code.is_empty() { None } else { standing::<D>(tx, &code).await? };
    let Some(before) = before.filter(|before| before.origin_node == node.code() && before.is_in(&cx.scope)) else {
        return Ok((faults(node, cx, tx, (doc, None)).await?, None));
    };
    let (stored, mut merged, _) = merged::<D>(node, tx, &before, given).await?;
    Ok((faults(node, cx, tx, (&mut merged, Some(&stored))).await?, Some(before)))
}

/// The document of an entry as it is, and with the members of a row; with its plain values.
async fn merged<D: Document>(node: &Node, tx: &Tx, before: &Entry, given: &Value) -> Result<(D, D, Vec<SideCar>)> {
    let known = if D::SEALED { tx.side_cars(&node.sealing_key, before.object).await? } else { Vec::new() };
    let stored: D = personal::opened_with(before.proposal.as_deref().unwrap_or(&before.doc), &known)?;
    let mut doc: D = overlaid(&stored, given)?;
    // An exported table holds masks; sent back, they stand for what is kept.
    personal::keep_hidden(&mut doc, &stored)?;
    doc.tidy(node, before.object);
    Ok((stored, doc, known))
}

/// An error about the row as its faults; one about the node stays an error.
fn as_faults<T>(outcome: Result<T>) -> Result<std::result::Result<T, Vec<Fault>>> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(ServiceError::Invalid(faults)) => Ok(Err(faults)),
        Err(ServiceError::Conflict(fault)) => Ok(Err(vec![fault])),
        Err(error) => Err(error),
    }
}

/// Enters one document. `given` are the members that the row has: of an entry that exists the others stay.
pub(crate) async fn place<D: Document>(
    node: &Node,
    cx: &OpContext,
    tx: &mut Tx,
    (mut doc, given): (D, &Value),
    order: Order<'_>,
) -> Result<Placed> {
    let id = node.mint();
    doc.tidy(node, id);
    let unfinished = doc.complete(node, tx, &cx.scope, None).await?;
    let code = doc.columns().code;
    tx.lock_code(D::KIND, &code).await?;
    if let Some(before) = standing::<D>(tx, &code).await? {
        if !before.is_in(&cx.scope) {
            return as_placed(Err(taken::<D>(&code, None)));
        }
        return match order.changes {
            true => as_placed(propose::<D>(node, cx, tx, &before, given, order).await),
            false => Ok(Placed::Skipped(before.object)),
        };
    }
    let mut faults = unfinished;
    faults.extend(keep::check(node, cx, &doc)?);
    if !faults.is_empty() {
        return Ok(Placed::Refused(faults));
    }
    if let Err(faults) = as_faults(free::<D>(tx, cx, &code, id).await)? {
        return Ok(Placed::Refused(faults));
    }
    let state = if order.filed { State::Filed } else { State::Submitted };
    let draft = new_entry(node, id, &doc, state, cx.now)?;
    let change = Change { actor: &cx.actor.username, action: "import", reason: order.reason };
    write::<D>(node, tx, None, &draft, &change).await?;
    Ok(Placed::Created(id))
}

fn as_placed(outcome: Result<Placed>) -> Result<Placed> {
    Ok(as_faults(outcome)?.unwrap_or_else(Placed::Refused))
}

/// Changes an entry as the form does: at once before it is filed, as a proposal under review afterwards.
async fn propose<D: Document>(
    node: &Node,
    cx: &OpContext,
    tx: &mut Tx,
    before: &Entry,
    given: &Value,
    order: Order<'_>,
) -> Result<Placed> {
    if before.origin_node != node.code() {
        let owner = node.divisions.name(&before.origin_node);
        let fault = Fault::new("REG-0902", "", format!("该登记由{owner}节点管理"), "请在该节点办理，或联系其管理人员");
        return Err(ServiceError::Conflict(fault));
    }
    let damaged = || ServiceError::Internal(format!("unknown state {}", before.state));
    let state = State::parse(&before.state).ok_or_else(damaged)?;
    let next = state.after(Verb::Change).ok_or_else(|| refused(state, Verb::Change))?;
    let (stored, mut doc, known) = merged::<D>(node, tx, before, given).await?;
    if doc == stored {
        return Ok(Placed::Skipped(before.object));
    }
    refuse(keep::foreign_fields(node, cx, &stored, &doc)?)?;
    refuse(faults(node, cx, tx, (&mut doc, Some(&stored))).await?)?;
    let after = altered(node, before, next, (&doc, &known), cx.now)?;
    let change = Change { actor: &cx.actor.username, action: "change", reason: order.reason };
    write::<D>(node, tx, Some(before), &after, &change).await?;
    Ok(Placed::Changed(before.object))
}

/// A document with the given members in place of its own; further fields one by one.
fn overlaid<D: Document>(stored: &D, given: &Value) -> Result<D> {
    let mut value = serde_json::to_value(stored)?;
    if let (Some(members), Some(given)) = (value.as_object_mut(), given.as_object()) {
        for (member, new) in given {
            match (members.get_mut(member).and_then(Value::as_object_mut), new.as_object()) {
                (Some(further), Some(new)) => further.extend(new.clone()),
                _ => {
                    members.insert(member.clone(), new.clone());
                }
            }
        }
    }
    Ok(serde_json::from_value(value)?)
}

/// Cancels an entry that waits for its first review. Says no to any other, which stays as it is.
pub(crate) async fn cancel<D: Document>(
    node: &Node,
    cx: &OpContext,
    tx: &mut Tx,
    object: ObjectId,
    reason: &str,
) -> Result<bool> {
    let Some(before) = tx.system_entry(object).await? else { return Ok(false) };
    let waits = before.state == State::Submitted.as_str() && before.origin_node == node.code();
    if !waits || !before.is_in(&cx.scope) {
        return Ok(false);
    }
    let known = if D::SEALED { tx.side_cars(&node.sealing_key, before.object).await? } else { Vec::new() };
    let mut after = Draft::from(Entry {
        state: State::Cancelled.as_str().to_owned(),
        version: before.version + 1,
        updated_at: cx.now,
        ..before.clone()
    });
    let doc: D = personal::opened_with(&before.doc, &known)?;
    set_document(node, &mut after, &doc, &known)?;
    let change = Change { actor: &cx.actor.username, action: "cancel", reason };
    write::<D>(node, tx, Some(&before), &after, &change).await?;
    Ok(true)
}
