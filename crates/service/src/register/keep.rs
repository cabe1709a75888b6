//! Writing an entry: its columns, what is wrong with it, and everything that one step leaves behind in one transaction —
//! the entry, its history, its plain values, who holds its code, its journal record, its line in the audit trail.
//! Rows: G-6.2.1a, G-6.2.1c, H-6.2.

use serde_json::Value;
use suyuan_crypto::hash::{hex, hmac_sm3};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::Packs;
use suyuan_domain::pack::metadata::{Checked, Editor};
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::Action;
use suyuan_store::Tx;
use suyuan_store::register::{Entry, Step};
use suyuan_store::side_car::SideCar;

use super::personal::{self, Kept};
use super::{Columns, Document, State, holder, relay};
use crate::node::Node;
use crate::{Result, ServiceError, audit};

/// Most further fields that packs may add to a document.
const MOST_EXTRA: usize = 50;

/// What a step does to an entry, beside the entry itself.
pub(crate) struct Change<'a> {
    pub(crate) actor: &'a str,
    pub(crate) action: &'a str,
    pub(crate) reason: &'a str,
}

/// An entry that is about to be written, with plain values that are new.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) entry: Entry,
    pub(crate) cars: Vec<SideCar>,
}

impl From<Entry> for Draft {
    fn from(entry: Entry) -> Self {
        Self { entry, cars: Vec::new() }
    }
}

/// Puts the columns of a document into its entry.
pub(crate) fn set_columns(entry: &mut Entry, columns: Columns) {
    entry.code = columns.code;
    entry.name = columns.name;
    entry.category = columns.category;
    entry.stage = columns.stage;
    entry.division = columns.division;
    entry.subject = columns.subject;
    entry.r#type = columns.r#type;
    entry.class = columns.class;
    entry.org_form = columns.org_form;
    entry.parent = columns.parent;
    entry.merchant_type = columns.merchant_type;
    entry.place = columns.place;
    entry.facets = columns.facets;
}

/// Puts a full document into its entry as the filed one.
pub(crate) fn set_document<D: Document>(node: &Node, draft: &mut Draft, doc: &D, known: &[SideCar]) -> Result<()> {
    let Kept { text, cars } = personal::kept(node, doc, known)?;
    draft.entry.doc = text;
    draft.cars = cars;
    set_columns(&mut draft.entry, doc.masked().columns());
    let value = serde_json::to_value(doc)?;
    draft.entry.facets.extend(phone_facet(node, &value));
    draft.entry.completeness = measured::<D>(&node.packs(), doc)?.completeness.percent();
    Ok(())
}

/// Numbers are compared by a hash that only this node can make: the facet is no place for plain ones.
fn phone_facet(node: &Node, document: &Value) -> Option<(String, String)> {
    let phone = document.get("phone").and_then(Value::as_str).filter(|phone| !phone.contains('*'))?;
    phone_key(node, phone).map(|key| ("phone".to_owned(), key))
}

/// The hash under which a telephone number is found on this node.
pub(crate) fn phone_key(node: &Node, phone: &str) -> Option<String> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(&digits);
    let mut key = b"register phone".to_vec();
    key.extend_from_slice(node.sealing_key.as_bytes());
    (digits.len() >= 7).then(|| hex(&hmac_sm3(&key, digits.as_bytes())))
}

/// A new entry in `state`.
pub(crate) fn new_entry<D: Document>(
    node: &Node,
    id: ObjectId,
    doc: &D,
    state: State,
    now: Timestamp,
) -> Result<Draft> {
    let entry = Entry {
        object: id,
        kind: D::KIND.to_owned(),
        state: state.as_str().to_owned(),
        origin_node: node.code().to_owned(),
        term: 1,
        version: 1,
        filed_at: (state == State::Filed).then_some(now),
        updated_at: now,
        created_at: now,
        ..Entry::default()
    };
    let mut draft = Draft::from(entry);
    set_document(node, &mut draft, doc, &[])?;
    Ok(draft)
}

/// Writes an entry with everything that belongs to the step. `before` is what is stored now. Drafts stay on this node.
pub(crate) async fn write<D: Document>(
    node: &Node,
    tx: &mut Tx,
    before: Option<&Entry>,
    after: &Draft,
    change: &Change<'_>,
) -> Result<()> {
    let entry = &after.entry;
    let old = before.map(|entry| entry.proposal.as_deref().unwrap_or(&entry.doc));
    let step = Step { actor: change.actor, action: change.action, reason: change.reason, before: old };
    match before {
        None => tx.add_entry(entry, &step).await?,
        Some(stored) => {
            tx.change_entry(entry, (stored.term, stored.version), &step).await?;
        }
    }
    tx.keep_side_cars(&node.sealing_key, entry.object, entry.object, &after.cars, &*node.entropy).await?;
    let mut codes = vec![entry.code.as_str()];
    codes.extend(before.map(|stored| stored.code.as_str()).filter(|code| *code != entry.code));
    holder::settle(node, tx, D::KIND, &codes).await?;
    let draft = State::Draft.as_str();
    let given_up = before.is_some_and(|stored| stored.state == draft) && entry.state == State::Cancelled.as_str();
    if entry.state != draft && !given_up {
        tx.append(vec![relay::draft::<D>(entry, change.action, change.reason)?]).await?;
    }
    tracing::debug!(node = node.code(), kind = D::KIND, code = entry.code, action = change.action, "register step");
    Ok(())
}

/// Notes a step in the audit trail, without personal values.
pub(crate) async fn note<D: Document>(
    tx: &Tx,
    cx: &OpContext,
    verb: &str,
    before: Option<&Entry>,
    after: &Entry,
) -> Result<()> {
    let masked = |entry: &Entry| -> Result<String> {
        let doc: D = serde_json::from_str(entry.proposal.as_deref().unwrap_or(&entry.doc))?;
        Ok(serde_json::json!({ "state": entry.state, "doc": doc.masked() }).to_string())
    };
    let before = before.map(masked).transpose()?;
    let after_text = masked(after)?;
    let action = format!("{}.{verb}", D::KIND);
    audit::note(tx, cx, &action, D::KIND, &after.code, before.as_deref(), Some(&after_text)).await
}

/// How a document stands to its metadata.
pub(crate) fn measured<D: Document>(packs: &Packs, doc: &D) -> Result<Checked> {
    let columns = doc.columns();
    let class = if columns.class.is_empty() { D::KIND } else { &columns.class };
    Ok(packs.check_document(D::KIND, class, &columns.category, &serde_json::to_value(doc)?))
}

/// Everything that is wrong with a document by itself: what the register says, then what its metadata say of other fields.
pub(crate) fn faults_of<D: Document>(node: &Node, doc: &D) -> Result<Vec<Fault>> {
    let mut faults = doc.faults(node);
    for found in measured(&node.packs(), doc)?.faults {
        if faults.iter().all(|known| known.field != found.field) {
            let code = format!("{}-{}", D::LETTERS, found.number);
            faults.push(Fault::new(code, found.field, found.reason, found.advice));
        }
    }
    faults.extend(extra_fault::<D>(node, doc)?);
    Ok(faults)
}

/// Further fields must be known to the packs.
fn extra_fault<D: Document>(node: &Node, doc: &D) -> Result<Option<Fault>> {
    let value = serde_json::to_value(doc)?;
    let Some(extra) = value.get("extra").and_then(Value::as_object) else { return Ok(None) };
    let packs = node.packs();
    let known = |code: &String| packs.metadata.iter().any(|field| field.entity == D::KIND && field.code == *code);
    let stranger = extra.keys().find(|code| !known(code));
    let code = format!("{}-0130", D::LETTERS);
    Ok(match stranger {
        Some(name) => Some(Fault::new(code, format!("extra.{name}"), "没有该登记字段", "请对照元数据核对字段名")),
        None if extra.len() > MOST_EXTRA => Some(Fault::new(code, "extra", "扩展字段过多", "请减少")),
        None => None,
    })
}

/// What is wrong with a document in this actor's hands: as [`faults_of`], and what lies outside of the scope.
pub(crate) fn check<D: Document>(node: &Node, cx: &OpContext, doc: &D) -> Result<Vec<Fault>> {
    let mut faults = faults_of(node, doc)?;
    faults.extend(outside(cx, doc));
    Ok(faults)
}

/// What lies outside of the actor's scope.
pub(crate) fn outside<D: Document>(cx: &OpContext, doc: &D) -> Vec<Fault> {
    let mut faults = Vec::new();
    let columns = doc.columns();
    if !cx.scope.covers_division(&columns.division) {
        let code = format!("{}-0106", D::LETTERS);
        faults.push(Fault::new(code, "division", "行政区划不在您的管辖范围内", "请选择本辖区内的行政区划"));
    }
    if !columns.category.is_empty() && !cx.scope.covers_category(&columns.category) {
        let code = format!("{}-0107", D::LETTERS);
        faults.push(Fault::new(code, "category", "产品类别不在您的管理范围内", "请选择您管理的产品类别"));
    }
    if let Some(own) = &cx.scope.subject
        && *own != columns.subject
        && (D::KIND != kind::SUBJECT || *own != columns.code)
    {
        let code = format!("{}-0110", D::LETTERS);
        let field = if D::KIND == kind::SUBJECT { "code" } else { "subject" };
        faults.push(Fault::new(code, field, "只能为本企业登记", "请填写本企业的主体编码"));
    }
    faults
}

/// Faults as an error, unless there are none.
pub(crate) fn refuse(faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

/// Whether this actor, on a node of this tier, may fill a field in.
pub(crate) fn may_edit<D: Document>(
    node: &Node,
    cx: &OpContext,
    tiers: &[suyuan_domain::division::Tier],
    by: Editor,
) -> bool {
    let here = tiers.is_empty() || tiers.contains(&node.config.tier);
    here && (by == Editor::Anyone || cx.may(Action::Review, D::POLICY))
}

/// Fields that differ between two documents and that this actor may not change.
pub(crate) fn foreign_fields<D: Document>(node: &Node, cx: &OpContext, before: &D, after: &D) -> Result<Vec<Fault>> {
    let (old, new) = (serde_json::to_value(before)?, serde_json::to_value(after)?);
    let packs = node.packs();
    let of = |value: &Value, code: &str| -> Value {
        let member = value.get(code).or_else(|| value.get("extra").and_then(|extra| extra.get(code)));
        member.cloned().unwrap_or_default()
    };
    let mut faults = Vec::new();
    for field in packs.metadata.iter().filter(|field| field.entity == D::KIND) {
        if of(&old, &field.code) == of(&new, &field.code) || may_edit::<D>(node, cx, &field.tiers, field.by) {
            continue;
        }
        let who = if field.by == Editor::Reviewer { "审核人员" } else { "指定层级的监管部门" };
        let (code, reason) = (format!("{}-0124", D::LETTERS), format!("“{}”只能由{who}填写", field.name));
        faults.push(Fault::new(code, field.code.clone(), reason, "请恢复该字段，或请有权人员办理"));
    }
    Ok(faults)
}

/// The same document with what only reviewers write taken from `stored`.
pub(crate) fn with_reviewed<D: Document>(node: &Node, doc: &mut D, stored: &D) -> Result<()> {
    let (mut new, old) = (serde_json::to_value(&*doc)?, serde_json::to_value(stored)?);
    let packs = node.packs();
    for field in packs.metadata.iter().filter(|field| field.entity == D::KIND && field.by == Editor::Reviewer) {
        if let (Some(members), Some(value)) = (new.as_object_mut(), old.get(&field.code)) {
            members.insert(field.code.clone(), value.clone());
        }
    }
    *doc = serde_json::from_value(new)?;
    Ok(())
}

/// That a code is taken. What lies outside of the actor's scope is not named.
pub(crate) fn taken<D: Document>(code: &str, name: Option<&str>) -> ServiceError {
    let reason = match name {
        Some(name) => format!("编码 {code} 已由“{name}”登记"),
        None => format!("编码 {code} 已登记"),
    };
    ServiceError::Conflict(Fault::new(format!("{}-0105", D::LETTERS), "code", reason, "请核对编码，或变更已有的登记"))
}
