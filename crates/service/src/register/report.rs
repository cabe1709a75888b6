//! Entries that connected systems report (报送备案): filed at once, because the system itself was reviewed before it went
//! live. A row with faults does not keep the others back. Rows: G-6.2.1, G-6.7.4, G-8.

use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_store::Tx;
use suyuan_store::register::Entry;

use super::keep::{Change, Draft, faults_of, new_entry, set_document, with_reviewed, write};
use super::{Document, State, personal};
use crate::access::{SystemIdentity, quota};
use crate::node::Node;
use crate::{Result, ServiceError, audit};

/// Most rows of one report.
pub const MOST_ROWS: usize = 1000;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowStatus {
    /// Filed, or changed.
    Accepted,
    /// Set aside.
    Rejected,
    /// Already there like this.
    Duplicate,
}

impl RowStatus {
    /// The word in interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
        }
    }
}

/// The answer to a row.
#[derive(Clone, Debug)]
pub struct Reported {
    /// What became of it.
    pub status: RowStatus,
    /// The object, unless set aside.
    pub id: Option<ObjectId>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl Reported {
    fn rejected(faults: Vec<Fault>) -> Self {
        Self { status: RowStatus::Rejected, id: None, faults }
    }
}

/// Files what a connected system reports. `rows` holds a document or what kept it from being read.
///
/// # Errors
/// When there are too many rows, or the database refuses; then nothing of it happened.
pub async fn report<D: Document>(
    node: &Node,
    system: &SystemIdentity,
    (address, request_id): (&str, &str),
    rows: Vec<std::result::Result<D, Vec<Fault>>>,
) -> Result<Vec<Reported>> {
    if rows.len() > MOST_ROWS {
        let fault = Fault::new("REQ-0110", "items", format!("一次最多报送 {MOST_ROWS} 条"), "请分批报送");
        return Err(ServiceError::TooLarge(fault));
    }
    quota::take_rows(node, system, rows.len()).await?;
    let cx = system.context(node, address, request_id);
    let mut tx = node.store.begin().await?;
    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        answers.push(match row {
            Ok(doc) => one(node, &mut tx, system, doc).await?,
            Err(faults) => Reported::rejected(faults),
        });
    }
    let accepted = answers.iter().filter(|row| row.status == RowStatus::Accepted).count();
    tx.heard_of(suyuan_domain::record::kind::ACCESS, &system.code, None, cx.now, 0).await?;
    let summary = format!("共 {} 条，接收 {accepted} 条", answers.len());
    audit::note(&tx, &cx, &format!("{}.report", D::KIND), "access", &system.code, None, Some(&summary)).await?;
    tx.commit().await?;
    Ok(answers)
}

async fn one<D: Document>(node: &Node, tx: &mut Tx, system: &SystemIdentity, mut doc: D) -> Result<Reported> {
    let id = node.mint();
    doc.tidy(node, id);
    with_reviewed(node, &mut doc, &D::default())?;
    let mut faults = doc.complete(node, tx, &Scope::everything(), None).await?;
    faults.extend(faults_of(node, &doc)?);
    let columns = doc.columns();
    if !node.divisions.is_within(&columns.division, node.code()) {
        let code = format!("{}-0106", D::LETTERS);
        faults.push(Fault::new(code, "division", "行政区划不在本节点辖区内", "请向该行政区划所属的节点报送"));
    }
    if !faults.is_empty() {
        return Ok(Reported::rejected(faults));
    }
    let now = node.now();
    let change = Change { actor: &system.code, action: "report", reason: "" };
    tx.lock_code(D::KIND, &columns.code).await?;
    let stored = tx.system_entry_by_code(D::KIND, &columns.code).await?;
    // A draft is nobody's business yet, and what was cancelled never was.
    let over = |entry: &Entry| entry.state == State::Draft.as_str() || entry.state == State::Cancelled.as_str();
    let Some(before) = stored.filter(|entry| !over(entry)) else {
        if tx.claims_on(D::KIND, &columns.code).await?.iter().any(|claim| claim.live) {
            let code = format!("{}-0105", D::LETTERS);
            let reason = format!("编码 {} 已由其他节点登记", columns.code);
            return Ok(Reported::rejected(vec![Fault::new(code, "code", reason, "请核对编码")]));
        }
        let draft = new_entry(node, id, &doc, State::Filed, now)?;
        write::<D>(node, tx, None, &draft, &change).await?;
        return Ok(Reported { status: RowStatus::Accepted, id: Some(id), faults });
    };
    if let Some(fault) = closed::<D>(node, &before) {
        return Ok(Reported::rejected(vec![fault]));
    }
    let known = if D::SEALED { tx.side_cars(&node.sealing_key, before.object).await? } else { Vec::new() };
    let stored: D = personal::opened_with(&before.doc, &known)?;
    with_reviewed(node, &mut doc, &stored)?;
    if doc == stored {
        return Ok(Reported { status: RowStatus::Duplicate, id: Some(before.object), faults });
    }
    let entry = Entry { version: before.version + 1, updated_at: now, ..before.clone() };
    let mut after = Draft::from(entry);
    set_document(node, &mut after, &doc, &known)?;
    write::<D>(node, tx, Some(&before), &after, &change).await?;
    Ok(Reported { status: RowStatus::Accepted, id: Some(before.object), faults })
}

/// Why a reported change is not taken: another node's entry, or one that people are deciding on.
fn closed<D: Document>(node: &Node, before: &Entry) -> Option<Fault> {
    let code = format!("{}-0109", D::LETTERS);
    if before.origin_node != node.code() {
        return Some(Fault::new(code, "code", format!("编码 {} 由其他节点管理", before.code), "请向该节点报送"));
    }
    let filed = before.state == State::Filed.as_str();
    let state = State::parse(&before.state).map_or("未知", State::label);
    let reason = format!("编码 {} 的登记{state}，不能由系统变更", before.code);
    (!filed).then(|| Fault::new(code, "code", reason, "请联系监管部门办理"))
}
