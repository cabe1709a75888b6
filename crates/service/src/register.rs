//! The one engine behind the registers of subjects, products, devices and connected systems (备案登记): who may take which
//! step, what each step leaves behind, and taking in what lower nodes relay.
//!
//! What a document holds and when it is right belongs to the modules of the nouns ([`crate::subject`], …). A change of a
//! filed entry is a proposal under review; the filed document stays until it is approved. Only the node that owns an
//! entry changes it. Personal values are masked at rest and on the way up, see [`personal`]. Rows: G-6.2.1, G-6.2.2, G-6.3.2, G-6.7.1, G-6.7.4.

mod advance;
mod change;
pub(crate) mod field;
mod holder;
pub(crate) mod intake;
pub(crate) mod keep;
mod note;
mod past;
pub(crate) mod personal;
mod relay;
mod report;
mod step;

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::register::Entry;
pub use suyuan_store::register::Note;

use crate::listing::{Asked, Find, Listed};
use crate::node::Node;
use crate::{Result, ServiceError, audit};

pub(crate) use advance::{advance, file};
pub(crate) use change::reason;
pub use change::{change, change_draft, create, create_draft, link, recode, review};
pub use holder::{ClaimBody, Rival, rival, take as take_claim};
pub use note::{answer, propose, take as take_note};
pub use past::{FieldChange, Past};
pub use personal::opened;
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
    /// Class within the kind, `subject` or `merchant`; empty for other kinds.
    pub class: String,
    /// Form of organisation; may be empty.
    pub org_form: String,
    /// Code of the node that a merchant belongs to; empty for others.
    pub parent: String,
    /// Type of a merchant; empty for others.
    pub merchant_type: String,
    /// Many-valued search keys as (facet, value).
    pub facets: Vec<(String, String)>,
}

/// A document of a register. Its default is an empty one.
pub trait Document: Clone + Default + std::fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync {
    /// Kind of the register and of its journal records.
    const KIND: &'static str;
    /// What permissions speak of.
    const POLICY: Kind;
    /// Letters of its fault codes.
    const LETTERS: &'static str;
    /// Name of its list of states in the packs.
    const STATES: &'static str;
    /// Whether what [`Document::masked`] hides is kept sealed beside the document and not in it.
    const SEALED: bool = false;

    /// Brings codes and texts into their usual form; `fresh` serves where a code has to be made.
    fn tidy(&mut self, node: &Node, fresh: ObjectId);

    /// What is wrong with it.
    fn faults(&self, node: &Node) -> Vec<Fault>;

    /// Fills in what follows from other entries when it is handed in, and says what does not go with them. What lies outside
    /// of `scope` is as if it were not registered, unless `stored`, which was handed in before, refers to the same.
    ///
    /// # Errors
    /// When the database is out of reach.
    fn complete(
        &mut self,
        _node: &Node,
        _tx: &Tx,
        _scope: &Scope,
        _stored: Option<&Self>,
    ) -> impl Future<Output = Result<Vec<Fault>>> + Send {
        std::future::ready(Ok(Vec::new()))
    }

    /// The columns.
    fn columns(&self) -> Columns;

    /// The document as it is shown to whoever may not see personal values; masking it twice changes nothing more.
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
    /// When it was first written down.
    pub created_at: Timestamp,
    /// How much of what is wanted is filled in, percent.
    pub completeness: u32,
    /// The entry that holds its code, where another one does.
    pub rival: Option<ObjectId>,
    /// The entry that it is the same as, where somebody said so.
    pub same_as: Option<ObjectId>,
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
    /// Codes of the fields that are wanted and missing.
    pub missing: Vec<String>,
    /// The entry that holds its code, where another one does.
    pub rival: Option<Rival>,
    /// Corrections that tiers above propose, oldest first.
    pub proposals: Vec<Note>,
}

/// A page of a list that is asked for.
#[derive(Clone, Debug, Default)]
pub struct RegisterQuery {
    /// Conditions and order.
    pub find: Find,
    /// The `next` of the page before.
    pub after: Option<String>,
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
        created_at: entry.created_at,
        completeness: entry.completeness,
        rival: entry.rival,
        same_as: entry.same_as,
    })
}

impl<D: Document> Item<D> {
    fn masked(mut self) -> Self {
        self.doc = self.doc.masked();
        self.proposal = self.proposal.map(|doc| doc.masked());
        self
    }
}

/// Names of what is registered under `codes` in the register `kind`; codes that are not registered, or lie outside of the
/// divisions and categories of `scope`, are left out. A firm is told the name of what its own things belong to.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn names(
    node: &Node,
    scope: &Scope,
    kind: &str,
    mut codes: Vec<String>,
) -> Result<BTreeMap<String, String>> {
    codes.sort_unstable();
    codes.dedup();
    let scope = Scope { subject: None, ..scope.clone() };
    let entries = node.store.system_entries_by_codes(kind, &codes).await?;
    let seen = entries.into_iter().filter(|entry| entry.is_in(&scope));
    Ok(seen.map(|entry| (entry.code, entry.name)).collect())
}

/// A page of entries, telephone numbers masked.
///
/// # Errors
/// When the actor may not read the register.
pub async fn list<D: Document>(node: &Node, cx: &OpContext, query: RegisterQuery) -> Result<Listed<Item<D>>> {
    cx.authorize(Action::Read, D::POLICY)?;
    let asked = Asked::of(node, cx, D::KIND, &query.find, "")?;
    let behind = asked.behind(query.after.as_deref())?;
    let page = node.store.entries(&cx.scope, &asked.filter, asked.order, behind.as_ref(), query.limit).await?;
    let listed = Listed::of_page(page, |found| asked.cursor(&found.behind)).map(|found| found.entry);
    let items =
        listed.items.iter().map(|entry| item::<D>(node, entry).map(Item::masked)).collect::<Result<Vec<_>>>()?;
    Ok(Listed { items, next: listed.next, count: listed.count, exact: listed.exact })
}

async fn in_scope<D: Document>(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Entry> {
    node.store.entry(&cx.scope, D::KIND, id).await?.ok_or(ServiceError::NotFound(D::KIND))
}

/// One entry with its history, personal values masked.
///
/// # Errors
/// When the actor may not read the register, or there is no such entry in the scope.
pub async fn get<D: Document>(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Detail<D>> {
    cx.authorize(Action::Read, D::POLICY)?;
    let entry = in_scope::<D>(node, cx, id).await?;
    let item = item::<D>(node, &entry)?.masked();
    detail(node, cx, &entry, item).await
}

/// One entry in full; leaves a row with the reason in the audit trail.
///
/// # Errors
/// When the actor may not see personal values, there is no such entry in the scope, or the reason is missing (`REG-0903`).
pub async fn unmask<D: Document>(node: &Node, cx: &OpContext, id: ObjectId, why: &str) -> Result<Detail<D>> {
    cx.authorize(Action::Unmask, D::POLICY)?;
    let entry = in_scope::<D>(node, cx, id).await?;
    let why = reason(why, Some("查看完整信息"))?;
    let tx = node.store.begin().await?;
    let what = format!("{}.unmask", D::KIND);
    audit::note_outcome(&tx, cx, (&what, D::KIND, &entry.code), "ok", why).await?;
    tx.commit().await?;
    let known = personal::cars::<D>(node, id).await?;
    let full = |text: &str| personal::opened_with::<D>(text, &known);
    let masked = item::<D>(node, &entry)?;
    let item = Item { doc: full(&entry.doc)?, proposal: entry.proposal.as_deref().map(full).transpose()?, ..masked };
    detail(node, cx, &entry, item).await
}

async fn detail<D: Document>(node: &Node, cx: &OpContext, entry: &Entry, item: Item<D>) -> Result<Detail<D>> {
    let checked = keep::measured::<D>(&node.packs(), &item.doc)?;
    let rival = holder::rival(node, entry).await?;
    let seen = |id: ObjectId| async move { node.store.entry(&cx.scope, D::KIND, id).await };
    let rival = match rival {
        // Of an entry outside of the scope only what its owner is told anyway is named.
        Some(rival) => match rival.id {
            Some(id) => Some(Rival { id: seen(id).await?.map(|_| id), ..rival }),
            None => Some(rival),
        },
        None => None,
    };
    Ok(Detail {
        history: past::history::<D>(node, item.id).await?,
        actions: actions::<D>(node, cx, entry),
        missing: checked.completeness.missing,
        rival,
        proposals: note::of(node, item.id).await?,
        item,
    })
}

/// The steps that the actor may take now; none on what another node owns.
fn actions<D: Document>(node: &Node, cx: &OpContext, entry: &Entry) -> Vec<&'static str> {
    if entry.origin_node != node.code() {
        return Vec::new();
    }
    let Some(state) = State::parse(&entry.state) else { return Vec::new() };
    let mut words: Vec<&'static str> =
        state.verbs().filter(|verb| cx.may(verb.permission(), D::POLICY)).map(Verb::as_str).collect();
    let disputed = entry.rival.is_some();
    let unfiled = matches!(state, State::Submitted | State::Returned);
    if (disputed || unfiled) && cx.may(Action::Update, D::POLICY) {
        words.push("recode");
    }
    if disputed && entry.same_as != entry.rival && cx.may(Action::Review, D::POLICY) {
        words.push("same_as");
    }
    words
}

#[cfg(test)]
mod tests;
