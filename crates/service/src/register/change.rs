//! The steps that people take with an entry: registering, changing, deciding, giving it another code, linking it to the
//! entry that it is the same as. Which step leads where is the table of [`super::step`]. Rows: G-6.2.1a, G-6.2.1c, H-6.2.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_security::policy::Action;
use suyuan_store::Tx;
use suyuan_store::register::Entry;
use suyuan_store::side_car::SideCar;

use super::keep::{Change, Draft, check, foreign_fields, new_entry, note, outside, refuse, set_document, taken, write};
use super::personal::{self, keep_hidden};
use super::{Decision, Document, Item, State, Verb, in_scope, item};
use crate::node::Node;
use crate::{Result, ServiceError};

/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// Registers a new entry, to be reviewed.
///
/// # Errors
/// When the actor may not, the document has faults, or the code is taken.
pub async fn create<D: Document>(node: &Node, cx: &OpContext, doc: D) -> Result<Item<D>> {
    enter(node, cx, doc, State::Submitted).await
}

/// Keeps an entry that is not handed in yet (草稿): only its form is looked at, and it stays on this node.
///
/// # Errors
/// When the actor may not, or the division or category lies outside of the scope.
pub async fn create_draft<D: Document>(node: &Node, cx: &OpContext, doc: D) -> Result<Item<D>> {
    enter(node, cx, doc, State::Draft).await
}

/// Refuses new entries of a category that the region does not take in; what is registered already goes on.
fn taken_in<D: Document>(node: &Node, doc: &D) -> Result<()> {
    let category = doc.columns().category;
    let packs = node.packs();
    let Some(found) = packs.category(&category).filter(|_| !packs.takes_in(&category)) else { return Ok(()) };
    let code = format!("{}-0128", D::LETTERS);
    let reason = format!("本地区未纳入“{}”", found.name);
    Err(ServiceError::invalid(&code, "category", reason, "请选择本地区纳入管理的产品类别"))
}

async fn enter<D: Document>(node: &Node, cx: &OpContext, mut doc: D, state: State) -> Result<Item<D>> {
    cx.authorize(Action::Create, D::POLICY)?;
    let id = node.mint();
    doc.tidy(node, id);
    let mut tx = node.store.begin().await?;
    refuse(foreign_fields(node, cx, &D::default(), &doc)?)?;
    if state == State::Draft {
        refuse(outside(cx, &doc))?;
    } else {
        taken_in(node, &doc)?;
        ready(node, &tx, cx, &mut doc, id).await?;
    }
    let draft = new_entry(node, id, &doc, state, cx.now)?;
    let action = if state == State::Draft { "draft" } else { "submit" };
    let change = Change { actor: &cx.actor.username, action, reason: "" };
    write::<D>(node, &mut tx, None, &draft, &change).await?;
    note::<D>(&tx, cx, action, None, &draft.entry).await?;
    tx.commit().await?;
    Ok(item::<D>(node, &draft.entry)?.masked())
}

/// Completes a document that is handed in, and refuses one that has faults or whose code another entry holds.
pub(crate) async fn ready<D: Document>(node: &Node, tx: &Tx, cx: &OpContext, doc: &mut D, id: ObjectId) -> Result<()> {
    let mut faults = doc.complete(node, tx, &cx.scope, None).await?;
    for fault in check(node, cx, doc)? {
        if faults.iter().all(|known| known.field != fault.field) {
            faults.push(fault);
        }
    }
    refuse(faults)?;
    free::<D>(tx, cx, &doc.columns().code, id).await
}

/// Refuses a code that another entry claims, here or, as far as this node was told, elsewhere.
pub(crate) async fn free<D: Document>(tx: &Tx, cx: &OpContext, code: &str, id: ObjectId) -> Result<()> {
    tx.lock_code(D::KIND, code).await?;
    let claims = |entry: &&Entry| entry.object != id && State::parse(&entry.state).is_some_and(State::claims);
    if let Some(other) = tx.system_entries_of_code(D::KIND, code).await?.iter().find(claims) {
        return Err(taken::<D>(code, other.is_in(&cx.scope).then_some(other.name.as_str())));
    }
    match tx.claims_on(D::KIND, code).await?.iter().any(|claim| claim.live && claim.object != id) {
        true => Err(taken::<D>(code, None)),
        false => Ok(()),
    }
}

/// The entry to be changed now: owned here, of this version.
pub(super) async fn changeable<D: Document>(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    version: u64,
) -> Result<(Entry, State)> {
    let entry = in_scope::<D>(node, cx, id).await?;
    if entry.origin_node != node.code() {
        let owner = node.divisions.name(&entry.origin_node);
        let fault = Fault::new("REG-0902", "", format!("该登记由{owner}节点管理"), "请在该节点办理，或联系其管理人员");
        return Err(ServiceError::Conflict(fault));
    }
    if entry.version != version {
        return Err(ServiceError::changed_meanwhile());
    }
    let damaged = || ServiceError::Internal(format!("unknown state {}", entry.state));
    let state = State::parse(&entry.state).ok_or_else(damaged)?;
    Ok((entry, state))
}

/// Changes an entry: at once before it is filed, as a proposal under review afterwards.
///
/// # Errors
/// When the actor may not, the document has faults, the state does not allow it, or somebody else was first.
pub async fn change<D: Document>(node: &Node, cx: &OpContext, id: ObjectId, version: u64, doc: D) -> Result<Item<D>> {
    alter(node, cx, (id, version), doc, true).await
}

/// Changes a draft that stays one.
///
/// # Errors
/// As [`change`]; an entry that was handed in is no draft any more.
pub async fn change_draft<D: Document>(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    version: u64,
    doc: D,
) -> Result<Item<D>> {
    alter(node, cx, (id, version), doc, false).await
}

async fn alter<D: Document>(
    node: &Node,
    cx: &OpContext,
    (id, version): (ObjectId, u64),
    mut doc: D,
    handed_in: bool,
) -> Result<Item<D>> {
    cx.authorize(Action::Update, D::POLICY)?;
    let (before, state) = changeable::<D>(node, cx, id, version).await?;
    let next = match (state, handed_in) {
        (State::Draft, true) => State::Submitted,
        (State::Draft, false) => State::Draft,
        (_, false) => return Err(refused(state, Verb::Change)),
        (_, true) => state.after(Verb::Change).ok_or_else(|| refused(state, Verb::Change))?,
    };
    let known = personal::cars::<D>(node, id).await?;
    let shown = before.proposal.as_deref().filter(|_| state == State::Changing).unwrap_or(&before.doc);
    let filed: D = personal::opened_with(&before.doc, &known)?;
    keep_hidden(&mut doc, &personal::opened_with::<D>(shown, &known)?)?;
    keep_hidden(&mut doc, &filed)?;
    doc.tidy(node, id);
    let mut tx = node.store.begin().await?;
    refuse(foreign_fields(node, cx, &filed, &doc)?)?;
    if next == State::Draft {
        refuse(outside(cx, &doc))?;
    } else {
        if state != State::Draft && doc.columns().code != before.code {
            let code = format!("{}-0108", D::LETTERS);
            return Err(ServiceError::invalid(&code, "code", "编码登记后不能修改", "如编码确有错误，请撤销后重新登记"));
        }
        ready_again(node, &tx, cx, (&mut doc, &filed, id), state).await?;
    }
    let after = altered(node, &before, next, (&doc, &known), cx.now)?;
    let action = if next == State::Draft {
        "draft"
    } else if state == State::Draft {
        "submit"
    } else {
        "change"
    };
    let change = Change { actor: &cx.actor.username, action, reason: "" };
    write::<D>(node, &mut tx, Some(&before), &after, &change).await?;
    note::<D>(&tx, cx, action, Some(&before), &after.entry).await?;
    tx.commit().await?;
    Ok(item::<D>(node, &after.entry)?.masked())
}

/// As [`ready`], for an entry whose code was looked at when it was handed in first: a conflict is no reason to refuse.
async fn ready_again<D: Document>(
    node: &Node,
    tx: &Tx,
    cx: &OpContext,
    (doc, stored, id): (&mut D, &D, ObjectId),
    state: State,
) -> Result<()> {
    if state == State::Draft {
        return ready(node, tx, cx, doc, id).await;
    }
    let mut faults = doc.complete(node, tx, &cx.scope, Some(stored)).await?;
    faults.extend(check(node, cx, doc)?);
    refuse(faults)
}

/// The entry with its changed document.
pub(super) fn altered<D: Document>(
    node: &Node,
    before: &Entry,
    next: State,
    (doc, known): (&D, &[SideCar]),
    now: Timestamp,
) -> Result<Draft> {
    let version = before.version + 1;
    let entry = Entry { state: next.as_str().to_owned(), version, updated_at: now, ..before.clone() };
    let mut after = Draft::from(entry);
    if next == State::Changing {
        let kept = personal::kept(node, doc, known)?;
        after.entry.proposal = Some(kept.text);
        after.cars = kept.cars;
        keep_facets::<D>(node, &mut after, known)?;
    } else {
        set_document(node, &mut after, doc, known)?;
    }
    Ok(after)
}

/// Facets are written anew with every step, so they are made of the filed document again.
fn keep_facets<D: Document>(node: &Node, draft: &mut Draft, known: &[SideCar]) -> Result<()> {
    let doc: D = personal::opened_with(&draft.entry.doc, known)?;
    let mut fresh = Draft::from(draft.entry.clone());
    set_document(node, &mut fresh, &doc, known)?;
    draft.entry.facets = fresh.entry.facets;
    Ok(())
}

pub(super) fn refused(state: State, verb: Verb) -> ServiceError {
    let reason = format!("当前状态“{}”不能{}", state.label(), verb.label());
    ServiceError::Conflict(Fault::new("REG-0901", "decision", reason, "请刷新后查看可办理的操作"))
}

/// A reason as it is kept.
///
/// # Errors
/// `REG-0903` where one is needed and missing, `REG-0904` for one that is too long.
pub(crate) fn reason<'a>(text: &'a str, needed_for: Option<&str>) -> Result<&'a str> {
    let text = text.trim();
    if let Some(what) = needed_for.filter(|_| text.is_empty()) {
        return Err(ServiceError::invalid("REG-0903", "reason", format!("{what}需要说明原因"), "请填写原因"));
    }
    if text.chars().count() > LONGEST_REASON {
        return Err(ServiceError::invalid("REG-0904", "reason", "原因过长", "请控制在 500 字以内"));
    }
    Ok(text)
}

/// Decides on an entry.
///
/// # Errors
/// When the actor may not, the state does not allow it, a reason is missing, or somebody else was first.
pub async fn review<D: Document>(node: &Node, cx: &OpContext, id: ObjectId, decision: Decision) -> Result<Item<D>> {
    let verb = decision.verb;
    cx.authorize(verb.permission(), D::POLICY)?;
    let reason = reason(&decision.reason, verb.needs_reason().then_some(verb.label()))?;
    let (before, state) = changeable::<D>(node, cx, id, decision.version).await?;
    let next = state.after(verb).ok_or_else(|| refused(state, verb))?;
    if verb == Verb::Approve && before.rival.is_some() && before.rival != before.same_as {
        let fault =
            Fault::new("REG-0909", "decision", "编码与其他登记冲突，不能通过", "请先修改编码，或认定为同一主体");
        return Err(ServiceError::Conflict(fault));
    }
    let known = personal::cars::<D>(node, id).await?;
    let mut tx = node.store.begin().await?;
    let mut after = Draft::from(decided(&before, verb, next, cx.now));
    let mut doc: D = personal::opened_with(&after.entry.doc, &known)?;
    if verb == Verb::Submit {
        let stored = doc.clone();
        ready_again(node, &tx, cx, (&mut doc, &stored, id), state).await?;
    }
    set_document(node, &mut after, &doc, &known)?;
    let change = Change { actor: &cx.actor.username, action: verb.as_str(), reason };
    write::<D>(node, &mut tx, Some(&before), &after, &change).await?;
    note::<D>(&tx, cx, verb.as_str(), Some(&before), &after.entry).await?;
    tx.commit().await?;
    Ok(item::<D>(node, &after.entry)?.masked())
}

/// The entry after a decision; its columns are those of the document before.
pub(super) fn decided(before: &Entry, verb: Verb, next: State, now: Timestamp) -> Entry {
    let mut after =
        Entry { state: next.as_str().to_owned(), version: before.version + 1, updated_at: now, ..before.clone() };
    let proposal = after.proposal.take();
    if let Some(text) = proposal.filter(|_| verb == Verb::Approve) {
        after.doc = text;
    }
    if next == State::Filed {
        after.filed_at = after.filed_at.or(Some(now));
    }
    after
}

/// Gives an entry another code: while another entry holds the one it bears, or before it was handed in for good.
///
/// # Errors
/// `REG-0907` where the code is not in dispute, and as [`change`].
pub async fn recode<D: Document>(
    node: &Node,
    cx: &OpContext,
    (id, version): (ObjectId, u64),
    code: &str,
    why: &str,
) -> Result<Item<D>> {
    cx.authorize(Action::Update, D::POLICY)?;
    let why = reason(why, Some("修改编码"))?;
    let (before, state) = changeable::<D>(node, cx, id, version).await?;
    let unfiled = matches!(state, State::Submitted | State::Returned);
    if before.rival.is_none() && !unfiled {
        let fault = Fault::new("REG-0907", "code", "编码没有冲突，备案后不能修改", "如编码确有错误，请撤销后重新登记");
        return Err(ServiceError::Conflict(fault));
    }
    let known = personal::cars::<D>(node, id).await?;
    let mut doc: D = personal::opened_with(&before.doc, &known)?;
    set_code(&mut doc, code)?;
    doc.tidy(node, id);
    let mut tx = node.store.begin().await?;
    refuse(check(node, cx, &doc)?)?;
    free::<D>(&tx, cx, &doc.columns().code, id).await?;
    let entry = Entry { version: version + 1, updated_at: cx.now, same_as: None, rival: None, ..before.clone() };
    let mut after = Draft::from(entry);
    set_document(node, &mut after, &doc, &known)?;
    if let Some(text) = &before.proposal {
        let mut proposal: D = personal::opened_with(text, &known)?;
        set_code(&mut proposal, code)?;
        let kept = personal::kept(node, &proposal, &known)?;
        after.entry.proposal = Some(kept.text);
        after.cars.extend(kept.cars);
    }
    let change = Change { actor: &cx.actor.username, action: "recode", reason: why };
    write::<D>(node, &mut tx, Some(&before), &after, &change).await?;
    note::<D>(&tx, cx, "recode", Some(&before), &after.entry).await?;
    tx.commit().await?;
    Ok(item::<D>(node, &after.entry)?.masked())
}

fn set_code<D: Document>(doc: &mut D, code: &str) -> Result<()> {
    let mut value = serde_json::to_value(&*doc)?;
    if let Some(members) = value.as_object_mut() {
        members.insert("code".to_owned(), code.into());
    }
    *doc = serde_json::from_value(value)?;
    Ok(())
}

/// Says that an entry is the same as the one that holds its code (同一主体): both stay, and the code stands for the holder.
///
/// # Errors
/// `REG-0908` where no other entry holds the code, and as [`review`].
pub async fn link<D: Document>(
    node: &Node,
    cx: &OpContext,
    (id, version): (ObjectId, u64),
    why: &str,
) -> Result<Item<D>> {
    cx.authorize(Action::Review, D::POLICY)?;
    let why = reason(why, Some("认定为同一主体"))?;
    let (before, _) = changeable::<D>(node, cx, id, version).await?;
    let Some(holder) = before.rival else {
        let fault = Fault::new("REG-0908", "", "编码没有冲突，不需要关联", "请刷新后查看");
        return Err(ServiceError::Conflict(fault));
    };
    let known = personal::cars::<D>(node, id).await?;
    let mut tx = node.store.begin().await?;
    let entry = Entry { version: version + 1, updated_at: cx.now, same_as: Some(holder), ..before.clone() };
    let mut after = Draft::from(entry);
    let doc: D = personal::opened_with(&before.doc, &known)?;
    set_document(node, &mut after, &doc, &known)?;
    let change = Change { actor: &cx.actor.username, action: "same_as", reason: why };
    write::<D>(node, &mut tx, Some(&before), &after, &change).await?;
    note::<D>(&tx, cx, "same_as", Some(&before), &after.entry).await?;
    tx.commit().await?;
    Ok(item::<D>(node, &after.entry)?.masked())
}
