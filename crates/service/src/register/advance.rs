//! Steps that a noun takes beside the life cycle of its register: filing what was reviewed elsewhere, and changing the
//! document of an entry in force without a review, such as the phase of a connected system. Both leave history, audit row
//! and journal record like every step.

use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_store::Tx;
use suyuan_store::register::Entry;

use super::change::{changeable, ready};
use super::keep::{Change, Draft, new_entry, note, set_document, write};
use super::{Document, Item, State, item, personal};
use crate::node::Node;
use crate::{Result, ServiceError};

/// Files an entry that was reviewed before it came here, within the caller's transaction. The caller has asked permission.
///
/// # Errors
/// When the document has faults, lies outside of the scope, or its code is taken.
pub(crate) async fn file<D: Document>(
    node: &Node,
    tx: &mut Tx,
    cx: &OpContext,
    mut doc: D,
    reason: &str,
) -> Result<Entry> {
    let id = node.mint();
    doc.tidy(node, id);
    ready(node, tx, cx, &mut doc, id).await?;
    let draft = new_entry(node, id, &doc, State::Filed, cx.now)?;
    let change = Change { actor: &cx.actor.username, action: "approve", reason };
    write::<D>(node, tx, None, &draft, &change).await?;
    note::<D>(tx, cx, "approve", None, &draft.entry).await?;
    Ok(draft.entry)
}

/// Changes the document of an entry in force, and a change under review alike. `alter` says why it may not be.
///
/// # Errors
/// What `alter` says; when the entry is not in force or not this node's, or somebody else was first.
pub(crate) async fn advance<D: Document>(
    node: &Node,
    cx: &OpContext,
    (id, version): (ObjectId, u64),
    (action, reason): (&str, &str),
    alter: impl Fn(&mut D) -> Result<()>,
) -> Result<Item<D>> {
    let (before, state) = changeable::<D>(node, cx, id, version).await?;
    if !state.is_live() {
        return Err(ServiceError::Conflict(suyuan_domain::fault::Fault::new(
            "REG-0901",
            "",
            format!("当前状态“{}”不能办理", state.label()),
            "请刷新后查看可办理的操作",
        )));
    }
    let known = personal::cars::<D>(node, id).await?;
    let mut after = Draft::from(Entry { version: version + 1, updated_at: cx.now, ..before.clone() });
    let mut doc: D = personal::opened_with(&before.doc, &known)?;
    alter(&mut doc)?;
    set_document(node, &mut after, &doc, &known)?;
    if let Some(text) = &before.proposal {
        let mut proposal: D = personal::opened_with(text, &known)?;
        alter(&mut proposal)?;
        let kept = personal::kept(node, &proposal, &known)?;
        after.entry.proposal = Some(kept.text);
        after.cars.extend(kept.cars);
    }
    let mut tx = node.store.begin().await?;
    let change = Change { actor: &cx.actor.username, action, reason };
    write::<D>(node, &mut tx, Some(&before), &after, &change).await?;
    note::<D>(&tx, cx, action, Some(&before), &after.entry).await?;
    tx.commit().await?;
    Ok(item::<D>(node, &after.entry)?.masked())
}
