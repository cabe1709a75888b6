//! The one engine behind the registers of subjects, products, devices and connected systems (备案登记): who may take which
//! step, what each step leaves behind, and taking in what lower nodes relay.
//!
//! What a document holds and when it is right belongs to the modules of the nouns ([`crate::subject`], …). A change of a
//! filed entry is a proposal under review; the filed document stays until it is approved. Only the node that owns an
//! entry changes it. Telephone numbers travel upward masked. Rows: G-6.2.1, G-6.2.2, G-6.3.2, G-6.7.1, G-6.7.4.

pub(crate) mod field;
mod relay;
mod report;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::CodeRange;
use suyuan_domain::search;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::register::{Entry, EntryFilter, Step};

use crate::listing::Listed;
use crate::node::Node;
use crate::{Result, ServiceError, audit};

pub use relay::{RegisterRecord, take};
pub use report::{MOST_ROWS, Reported, RowStatus, report};
pub use step::{Decision, State, Verb};

/// Columns that lists need of a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Category; may be empty.
    pub category: String,
    /// Stage; may be empty.
    pub stage: String,
    /// Division.
    pub division: String,
    /// Subject that it belongs to; empty for subjects.
    pub subject: String,
    /// Type within the kind.
    pub r#type: String,
    /// Longitude and latitude.
    pub place: Option<(f64, f64)>,
}

/// A document of a register.
pub trait Document: Clone + std::fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync {
    /// Kind of the register and of its journal records.
    const KIND: &'static str;
    /// What permissions speak of.
    const POLICY: Kind;
    /// Letters of its fault codes.
    const LETTERS: &'static str;
    /// Name of its list of states in the packs.
    const STATES: &'static str;

    /// Brings codes and texts into their usual form; `fresh` serves where a code has to be made.
    fn tidy(&mut self, node: &Node, fresh: ObjectId);

    /// What is wrong with it.
    fn faults(&self, node: &Node) -> Vec<Fault>;

    /// The columns.
    fn columns(&self) -> Columns;

    /// The document without full telephone numbers.
    #[must_use]
    fn masked(&self) -> Self;
}

/// An entry of a register with its document.
#[derive(Clone, Debug)]
pub struct Item<D> {
    /// The object.
    pub id: ObjectId,
    /// The filed document, or the submitted one before filing.
    pub doc: D,
    /// A change under review.
    pub proposal: Option<D>,
    /// Division as listed.
    pub division: String,
    /// State.
    pub state: String,
    /// Name of the state.
    pub state_name: String,
    /// When it was first filed.
    pub filed_at: Option<Timestamp>,
    /// Node that owns it.
    pub origin_node: String,
    /// Version for the next change.
    pub version: u64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A step of an entry's history.
#[derive(Clone, Debug)]
pub struct Past {
    /// Version after the step.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// Why; may be empty.
    pub reason: String,
    /// The document before, for changes.
    pub before: Option<serde_json::Value>,
    /// The document after.
    pub after: Option<serde_json::Value>,
}

/// An entry with its history and what the actor may do with it now.
#[derive(Clone, Debug)]
pub struct Detail<D> {
    /// The entry.
    pub item: Item<D>,
    /// Its history, oldest first.
    pub history: Vec<Past>,
    /// Steps allowed now.
    pub actions: Vec<&'static str>,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct RegisterQuery {
    /// Words in name or code.
    pub q: Option<String>,
    /// Division, with what lies below.
    pub division: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Type within the kind.
    pub r#type: Option<String>,
    /// Subject that it belongs to.
    pub subject: Option<String>,
    /// Behind which object.
    pub after: Option<ObjectId>,
    /// Rows of the page.
    pub limit: usize,
}

/// The codes below and with a division that was asked for; `None` where none was, which means the actor's whole scope.
///
/// # Errors
/// `REQ-0111` for a division that does not exist; not found for one outside of the scope.
pub fn within(node: &Node, cx: &OpContext, division: Option<&str>) -> Result<Option<Vec<CodeRange>>> {
    use suyuan_domain::division::NATION;
    let Some(code) = division.filter(|code| !code.is_empty()) else { return Ok(None) };
    if code != NATION && node.divisions.get(code).is_none() {
        return Err(ServiceError::invalid(
            "REQ-0111",
            "division",
            format!("没有行政区划 {code}"),
            "请从行政区划列表中选择",
        ));
    }
    if code != cx.division && !cx.scope.covers_division(code) {
        return Err(ServiceError::NotFound("division"));
    }
    Ok(Some(node.divisions.subtree(code)))
}

fn item<D: Document>(node: &Node, entry: &Entry) -> Result<Item<D>> {
    Ok(Item {
        id: entry.object,
        doc: serde_json::from_str(&entry.doc)?,
        proposal: entry.proposal.as_deref().map(serde_json::from_str).transpose()?,
        division: entry.division.clone(),
        state_name: node.packs().name_in(D::STATES, &entry.state).to_owned(),
        state: entry.state.clone(),
        filed_at: entry.filed_at,
        origin_node: entry.origin_node.clone(),
        version: entry.version,
        updated_at: entry.updated_at,
    })
}

impl<D: Document> Item<D> {
    fn masked(mut self) -> Self {
        self.doc = self.doc.masked();
        self.proposal = self.proposal.map(|doc| doc.masked());
        self
    }
}

fn grams(columns: &Columns) -> Vec<String> {
    let mut all: BTreeSet<String> = search::grams(&columns.name);
    all.extend(search::grams(&columns.code));
    all.into_iter().collect()
}

/// Puts the columns of a document into its entry.
fn set_columns(entry: &mut Entry, columns: &Columns) {
    entry.code.clone_from(&columns.code);
    entry.name.clone_from(&columns.name);
    entry.category.clone_from(&columns.category);
    entry.stage.clone_from(&columns.stage);
    entry.division.clone_from(&columns.division);
    entry.subject.clone_from(&columns.subject);
    entry.r#type.clone_from(&columns.r#type);
    entry.place = columns.place;
}

fn new_entry<D: Document>(node: &Node, id: ObjectId, doc: &D, state: State, now: Timestamp) -> Result<Entry> {
    let mut entry = Entry {
        object: id,
        kind: D::KIND.to_owned(),
        code: String::new(),
        name: String::new(),
        category: String::new(),
        stage: String::new(),
        division: String::new(),
        subject: String::new(),
        r#type: String::new(),
        state: state.as_str().to_owned(),
        origin_node: node.code().to_owned(),
        term: 1,
        version: 1,
        place: None,
        doc: serde_json::to_string(doc)?,
        proposal: None,
        filed_at: (state == State::Filed).then_some(now),
        updated_at: now,
    };
    set_columns(&mut entry, &doc.columns());
    Ok(entry)
}

/// What a step does to an entry, beside the entry itself.
struct Change<'a> {
    actor: &'a str,
    action: &'a str,
    reason: &'a str,
}

/// Writes an entry with its history and its journal record. `before` is what is stored now.
async fn write<D: Document>(
    node: &Node,
    tx: &mut Tx,
    before: Option<&Entry>,
    after: &Entry,
    change: &Change<'_>,
) -> Result<()> {
    let columns = Columns { code: after.code.clone(), name: after.name.clone(), ..Columns::default() };
    let old = before.map(|entry| entry.proposal.as_deref().unwrap_or(&entry.doc));
    let step = Step { actor: change.actor, action: change.action, reason: change.reason, before: old };
    match before {
        None => tx.add_entry(after, &grams(&columns), &step).await?,
        Some(stored) => tx.change_entry(after, (stored.term, stored.version), &grams(&columns), &step).await?,
    }
    tx.append(vec![relay::draft::<D>(after, change.action, change.reason)?]).await?;
    tracing::debug!(node = node.code(), kind = D::KIND, code = after.code, action = change.action, "register step");
    Ok(())
}

/// Names of what is registered under `codes` in the register `kind`; codes that are not registered are left out.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn names(node: &Node, kind: &str, mut codes: Vec<String>) -> Result<BTreeMap<String, String>> {
    codes.sort_unstable();
    codes.dedup();
    let entries = node.store.system_entries_by_codes(kind, &codes).await?;
    Ok(entries.into_iter().map(|entry| (entry.code, entry.name)).collect())
}

/// A page of entries, newest first, telephone numbers masked.
///
/// # Errors
/// When the actor may not read the register.
pub async fn list<D: Document>(node: &Node, cx: &OpContext, query: RegisterQuery) -> Result<Listed<Item<D>>> {
    cx.authorize(Action::Read, D::POLICY)?;
    let filter = EntryFilter {
        kind: D::KIND.to_owned(),
        grams: query.q.as_deref().map(|q| search::query_grams(q).into_iter().collect()).unwrap_or_default(),
        divisions: within(node, cx, query.division.as_deref())?,
        category: query.category,
        stage: query.stage,
        state: query.state,
        r#type: query.r#type,
        subject: query.subject,
    };
    let page = node.store.entries(&cx.scope, &filter, query.after, query.limit).await?;
    let listed = Listed::of_page(page, |entry| entry.object.to_string());
    let items =
        listed.items.iter().map(|entry| item::<D>(node, entry).map(Item::masked)).collect::<Result<Vec<_>>>()?;
    Ok(Listed { items, next: listed.next, count: listed.count, exact: listed.exact })
}

async fn in_scope<D: Document>(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Entry> {
    node.store.entry(&cx.scope, D::KIND, id).await?.ok_or(ServiceError::NotFound(D::KIND))
}

/// One entry with its history, telephone numbers masked.
///
/// # Errors
/// When the actor may not read the register, or there is no such entry in the scope.
pub async fn get<D: Document>(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Detail<D>> {
    cx.authorize(Action::Read, D::POLICY)?;
    let entry = in_scope::<D>(node, cx, id).await?;
    Ok(Detail {
        item: item::<D>(node, &entry)?.masked(),
        history: history::<D>(node, id).await?,
        actions: actions::<D>(node, cx, &entry),
    })
}

/// One entry in full; leaves a row in the audit trail.
///
/// # Errors
/// When the actor may not see full telephone numbers, or there is no such entry in the scope.
pub async fn unmask<D: Document>(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Detail<D>> {
    cx.authorize(Action::Unmask, D::POLICY)?;
    let entry = in_scope::<D>(node, cx, id).await?;
    let tx = node.store.begin().await?;
    audit::note(&tx, cx, &format!("{}.unmask", D::KIND), D::KIND, &entry.code, None, None).await?;
    tx.commit().await?;
    Ok(Detail {
        item: item::<D>(node, &entry)?,
        history: history::<D>(node, id).await?,
        actions: actions::<D>(node, cx, &entry),
    })
}

async fn history<D: Document>(node: &Node, id: ObjectId) -> Result<Vec<Past>> {
    const VERSIONS: i64 = (1 << 40) - 1;
    let rows = node.store.entry_history(id).await?;
    let document = |text: Option<String>| -> Result<Option<serde_json::Value>> {
        let doc: Option<D> = text.as_deref().map(serde_json::from_str).transpose()?;
        Ok(doc.map(|doc| serde_json::to_value(doc.masked())).transpose()?)
    };
    rows.into_iter()
        .map(|row| {
            Ok(Past {
                // History is ordered across terms; people count within one.
                version: u64::try_from(row.version & VERSIONS).unwrap_or(0),
                at: Timestamp::from_millis(row.at),
                actor: row.actor,
                action: row.action,
                reason: row.reason,
                before: document(row.before_doc)?,
                after: document(row.after_doc)?,
            })
        })
        .collect()
}

/// The steps that the actor may take now; none on what another node owns.
fn actions<D: Document>(node: &Node, cx: &OpContext, entry: &Entry) -> Vec<&'static str> {
    if entry.origin_node != node.code() {
        return Vec::new();
    }
    let Some(state) = State::parse(&entry.state) else { return Vec::new() };
    state.verbs().filter(|verb| cx.may(verb.permission(), D::POLICY)).map(Verb::as_str).collect()
}

/// Registers a new entry, to be reviewed.
///
/// # Errors
/// When the actor may not, the document has faults, or the code is taken.
pub async fn create<D: Document>(node: &Node, cx: &OpContext, mut doc: D) -> Result<Item<D>> {
    cx.authorize(Action::Create, D::POLICY)?;
    let id = node.mint();
    doc.tidy(node, id);
    check(node, cx, &doc)?;
    let mut tx = node.store.begin().await?;
    if tx.system_entry_by_code(D::KIND, &doc.columns().code).await?.is_some() {
        return Err(taken::<D>(&doc.columns().code));
    }
    let entry = new_entry(node, id, &doc, State::Submitted, cx.now)?;
    let change = Change { actor: &cx.actor.username, action: "submit", reason: "" };
    write::<D>(node, &mut tx, None, &entry, &change).await?;
    note::<D>(&tx, cx, "submit", None, &entry).await?;
    tx.commit().await?;
    Ok(item::<D>(node, &entry)?.masked())
}

fn taken<D: Document>(code: &str) -> ServiceError {
    let fault = Fault::new(
        format!("{}-0105", D::LETTERS),
        "code",
        format!("编码 {code} 已登记"),
        "请核对编码，或变更已有的登记",
    );
    ServiceError::Conflict(fault)
}

fn check<D: Document>(node: &Node, cx: &OpContext, doc: &D) -> Result<()> {
    let mut faults = doc.faults(node);
    let columns = doc.columns();
    if !cx.scope.covers_division(&columns.division) {
        let code = format!("{}-0106", D::LETTERS);
        faults.push(Fault::new(code, "division", "行政区划不在您的管辖范围内", "请选择本辖区内的行政区划"));
    }
    if !columns.category.is_empty() && !cx.scope.covers_category(&columns.category) {
        let code = format!("{}-0107", D::LETTERS);
        faults.push(Fault::new(code, "category", "产品类别不在您的管理范围内", "请选择您管理的产品类别"));
    }
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

async fn note<D: Document>(tx: &Tx, cx: &OpContext, verb: &str, before: Option<&Entry>, after: &Entry) -> Result<()> {
    let masked = |entry: &Entry| -> Result<String> {
        let doc: D = serde_json::from_str(entry.proposal.as_deref().unwrap_or(&entry.doc))?;
        Ok(serde_json::json!({ "state": entry.state, "doc": doc.masked() }).to_string())
    };
    let before = before.map(masked).transpose()?;
    let after_text = masked(after)?;
    let action = format!("{}.{verb}", D::KIND);
    audit::note(tx, cx, &action, D::KIND, &after.code, before.as_deref(), Some(&after_text)).await
}

/// The entry to be changed now: owned here, of this version.
async fn changeable<D: Document>(node: &Node, cx: &OpContext, id: ObjectId, version: u64) -> Result<(Entry, State)> {
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
pub async fn change<D: Document>(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    version: u64,
    mut doc: D,
) -> Result<Item<D>> {
    cx.authorize(Action::Update, D::POLICY)?;
    let (before, state) = changeable::<D>(node, cx, id, version).await?;
    let next = state.after(Verb::Change).ok_or_else(|| refused(state, Verb::Change))?;
    doc.tidy(node, id);
    keep_hidden(&mut doc, &before)?;
    check(node, cx, &doc)?;
    if doc.columns().code != before.code {
        let code = format!("{}-0108", D::LETTERS);
        return Err(ServiceError::invalid(&code, "code", "编码登记后不能修改", "如编码确有错误，请撤销后重新登记"));
    }
    let mut after =
        Entry { state: next.as_str().to_owned(), version: version + 1, updated_at: cx.now, ..before.clone() };
    if next == State::Changing {
        after.proposal = Some(serde_json::to_string(&doc)?);
    } else {
        after.doc = serde_json::to_string(&doc)?;
        set_columns(&mut after, &doc.columns());
    }
    let mut tx = node.store.begin().await?;
    let change = Change { actor: &cx.actor.username, action: "change", reason: "" };
    write::<D>(node, &mut tx, Some(&before), &after, &change).await?;
    note::<D>(&tx, cx, "change", Some(&before), &after).await?;
    tx.commit().await?;
    Ok(item::<D>(node, &after)?.masked())
}

/// A form shows telephone numbers masked; sent back unchanged, the stored ones stay.
fn keep_hidden<D: Document>(doc: &mut D, before: &Entry) -> Result<()> {
    let stored: D = serde_json::from_str(&before.doc)?;
    let (shown, full) = (serde_json::to_value(stored.masked())?, serde_json::to_value(&stored)?);
    let mut value = serde_json::to_value(&*doc)?;
    if let (Some(value), Some(shown), Some(full)) = (value.as_object_mut(), shown.as_object(), full.as_object()) {
        for (key, masked) in shown {
            if full.get(key) != Some(masked) && value.get(key) == Some(masked) {
                value.insert(key.clone(), full.get(key).cloned().unwrap_or_default());
            }
        }
    }
    *doc = serde_json::from_value(value)?;
    Ok(())
}

fn refused(state: State, verb: Verb) -> ServiceError {
    let reason = format!("当前状态“{}”不能{}", state.label(), verb.label());
    ServiceError::Conflict(Fault::new("REG-0901", "decision", reason, "请刷新后查看可办理的操作"))
}

/// Decides on an entry.
///
/// # Errors
/// When the actor may not, the state does not allow it, a reason is missing, or somebody else was first.
pub async fn review<D: Document>(node: &Node, cx: &OpContext, id: ObjectId, decision: Decision) -> Result<Item<D>> {
    let verb = decision.verb;
    cx.authorize(verb.permission(), D::POLICY)?;
    let reason = decision.reason.trim();
    if verb.needs_reason() && reason.is_empty() {
        return Err(ServiceError::invalid("REG-0903", "reason", format!("{}需要说明原因", verb.label()), "请填写原因"));
    }
    if reason.chars().count() > 500 {
        return Err(ServiceError::invalid("REG-0904", "reason", "原因过长", "请控制在 500 字以内"));
    }
    let (before, state) = changeable::<D>(node, cx, id, decision.version).await?;
    let next = state.after(verb).ok_or_else(|| refused(state, verb))?;
    let after = decided::<D>(&before, verb, next, cx.now)?;
    let mut tx = node.store.begin().await?;
    let change = Change { actor: &cx.actor.username, action: verb.as_str(), reason };
    write::<D>(node, &mut tx, Some(&before), &after, &change).await?;
    note::<D>(&tx, cx, verb.as_str(), Some(&before), &after).await?;
    tx.commit().await?;
    Ok(item::<D>(node, &after)?.masked())
}

/// The entry after a decision.
fn decided<D: Document>(before: &Entry, verb: Verb, next: State, now: Timestamp) -> Result<Entry> {
    let mut after =
        Entry { state: next.as_str().to_owned(), version: before.version + 1, updated_at: now, ..before.clone() };
    let proposal = after.proposal.take();
    if let Some(text) = proposal.filter(|_| verb == Verb::Approve) {
        let doc: D = serde_json::from_str(&text)?;
        set_columns(&mut after, &doc.columns());
        after.doc = text;
    }
    if next == State::Filed {
        after.filed_at = after.filed_at.or(Some(now));
    }
    Ok(after)
}

#[cfg(test)]
mod tests;
