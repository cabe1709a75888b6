//! The rows of an import against a register: reading them as documents, checking, entering, withdrawing. Which rows, and
//! that none is done twice, is the matter of [`super::work`].

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use serde_json::{Map, Value};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_security::context::OpContext;
use suyuan_store::Tx;
use suyuan_store::import::{ImportOutcome, ImportRow, ImportRun};

use super::cell::Reader;
use super::{Kept, RowFault, Sheet};
use crate::device::DeviceDoc;
use crate::node::Node;
use crate::product::{self, ProductDoc};
use crate::register::Document;
use crate::register::intake::{self, Order, Placed};
use crate::subject::SubjectDoc;
use crate::{Result, ServiceError};

/// A document of a register that tables are imported into.
pub(super) trait Entered: Document {
    /// The document with what follows from other registers.
    fn completed(self, _node: &Node, _scope: &Scope) -> impl Future<Output = Result<Self>> + Send {
        async move { Ok(self) }
    }
}

impl Entered for SubjectDoc {}

impl Entered for DeviceDoc {}

impl Entered for ProductDoc {
    fn completed(self, node: &Node, scope: &Scope) -> impl Future<Output = Result<Self>> + Send {
        product::placed(node, scope, self)
    }
}

/// What the rows of one import are worked on with.
pub(super) struct Ground<'a> {
    pub(super) node: &'a Node,
    pub(super) cx: &'a OpContext,
    pub(super) run: &'a ImportRun,
    pub(super) sheets: &'a [Sheet],
    pub(super) reader: &'a Reader<'a>,
}

/// An empty document as JSON.
pub(super) fn model<D: Entered>() -> Result<Map<String, Value>> {
    match serde_json::to_value(D::default())? {
        Value::Object(members) => Ok(members),
        _ => Err(ServiceError::Internal("a document is no object".to_owned())),
    }
}

/// A row as it was read.
pub(super) struct Read<D> {
    doc: Option<D>,
    given: Value,
    faults: Vec<RowFault>,
}

impl<D> Read<D> {
    fn is_good(&self) -> bool {
        self.doc.is_some() && self.faults.iter().all(|fault| fault.warning)
    }
}

/// Adds a register's faults under the heads of the table; a field about which a cell has already spoken says no more.
fn add(sheet: &Sheet, faults: &mut Vec<RowFault>, more: Vec<Fault>) {
    for fault in more {
        let field = fault.field.split(['[', '.']).next().unwrap_or_default();
        if faults.iter().any(|known| !known.warning && known.field == field) {
            continue;
        }
        let at = sheet.fields.iter().position(|own| own.as_deref() == Some(field));
        let head = at.and_then(|at| sheet.heads.get(at)).cloned();
        faults.push(RowFault {
            column: head.unwrap_or_default(),
            field: field.to_owned(),
            code: fault.code,
            reason: fault.reason,
            advice: fault.advice,
            suggestion: None,
            warning: false,
        });
    }
}

fn of_row(code: &str, reason: String, advice: &str, warning: bool) -> RowFault {
    RowFault {
        column: String::new(),
        field: String::new(),
        code: code.to_owned(),
        reason,
        advice: advice.to_owned(),
        suggestion: None,
        warning,
    }
}

/// Makes texts of figures, or figures of texts, where the rows of a document's tables take only the other.
fn fit<D: Entered>(given: &mut Value) {
    let Some(members) = given.as_object_mut() else { return };
    for (member, value) in members {
        let fits = |part: &str, value: &Value| {
            serde_json::from_value::<D>(serde_json::json!({ member: [{ part: value }] })).is_ok()
        };
        let rows = value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
        for (part, value) in rows.flatten() {
            if fits(part, value) {
                continue;
            }
            let other = match value.as_str() {
                Some(text) => text.parse::<serde_json::Number>().map(Value::Number).ok(),
                None => Some(value.to_string().into()),
            };
            *value = other.filter(|other| fits(part, other)).unwrap_or_else(|| value.take());
        }
    }
}

impl Ground<'_> {
    fn sheet(&self, row: &ImportRow) -> Option<&Sheet> {
        usize::try_from(row.sheet).ok().and_then(|at| self.sheets.get(at)).filter(|sheet| sheet.used)
    }

    async fn read<D: Entered>(&self, sheet: &Sheet, row: &ImportRow) -> Result<Read<D>> {
        let kept = Kept::opened(self.node, self.run.id, row)?;
        let (mut given, mut faults) = self.reader.row(sheet, &kept);
        if serde_json::from_value::<D>(given.clone()).is_err() {
            fit::<D>(&mut given);
        }
        let Ok(doc) = serde_json::from_value::<D>(given.clone()) else {
            faults.push(of_row("IMP-0214", "该行有内容无法转换".to_owned(), "请对照模板的填写说明核对各列", false));
            return Ok(Read { doc: None, given, faults });
        };
        let doc = match doc.completed(self.node, &self.cx.scope).await {
            Ok(mut doc) => {
                doc.tidy(self.node, self.node.mint());
                Some(doc)
            }
            Err(ServiceError::Invalid(more)) => {
                add(sheet, &mut faults, more);
                None
            }
            Err(error) => return Err(error),
        };
        Ok(Read { doc, given, faults })
    }

    /// Reads rows as documents, before anything is locked; `None` for those of sheets that are left out.
    pub(super) async fn prepare<D: Entered>(&self, rows: &[ImportRow]) -> Result<Vec<Option<Read<D>>>> {
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            read.push(match self.sheet(row) {
                Some(sheet) => Some(self.read::<D>(sheet, row).await?),
                None => None,
            });
        }
        Ok(read)
    }

    /// Checks rows, writing nothing but what was found.
    pub(super) async fn check<D: Entered>(
        &self,
        tx: &Tx,
        rows: &[ImportRow],
        read: Vec<Option<Read<D>>>,
    ) -> Result<Vec<ImportOutcome>> {
        let code = |read: &Read<D>| read.doc.as_ref().map(|doc| doc.columns().code).unwrap_or_default();
        let codes: BTreeSet<String> = read.iter().flatten().map(code).collect();
        let codes: Vec<String> = codes.into_iter().filter(|code| !code.is_empty()).collect();
        let mut seen: BTreeMap<String, u64> =
            tx.import_codes_before(self.run.id, &codes, self.run.place).await?.into_iter().collect();
        let mut outcomes = Vec::with_capacity(rows.len());
        for (row, read) in rows.iter().zip(read) {
            let (Some(sheet), Some(mut read)) = (self.sheet(row), read) else {
                outcomes.push(outcome(row, "left", String::new(), &[])?);
                continue;
            };
            let code = code(&read);
            let mut before = None;
            if let Some(doc) = &mut read.doc {
                let (more, found) = intake::examine(self.node, self.cx, tx, (doc, &read.given)).await?;
                before = found;
                add(sheet, &mut read.faults, more);
            }
            if !code.is_empty() {
                doubled(row, &code, &mut seen, &mut read.faults);
            }
            if let Some(entry) = before {
                let reason = format!("编码 {code} 已登记（{}）", entry.name);
                read.faults.push(of_row("IMP-0302", reason, "按导入方式跳过，或作为变更提交", true));
            }
            let status = if read.is_good() { "good" } else { "bad" };
            outcomes.push(outcome(row, status, code, &read.faults)?);
        }
        Ok(outcomes)
    }

    /// Enters rows by the path of the form.
    pub(super) async fn enter<D: Entered>(
        &self,
        tx: &mut Tx,
        rows: &[ImportRow],
        read: Vec<Option<Read<D>>>,
    ) -> Result<Vec<ImportOutcome>> {
        let reason = format!("导入文件 {}", self.run.file);
        let order = Order { changes: self.run.changes, filed: self.run.filed, reason: &reason };
        let mut outcomes = Vec::with_capacity(rows.len());
        for (row, read) in rows.iter().zip(read) {
            let (Some(sheet), Some(mut read)) = (self.sheet(row), read) else { continue };
            let code = row.code.clone();
            let Some(doc) = read.doc else {
                outcomes.push(outcome(row, "failed", code, &read.faults)?);
                continue;
            };
            let placed = intake::place(self.node, self.cx, tx, (doc, &read.given), order).await?;
            let (status, object) = match placed {
                Placed::Created(id) => ("created", id),
                Placed::Changed(id) => ("changed", id),
                Placed::Skipped(id) => ("skipped", id),
                Placed::Refused(more) => {
                    add(sheet, &mut read.faults, more);
                    outcomes.push(outcome(row, "failed", code, &read.faults)?);
                    continue;
                }
            };
            outcomes.push(entered(row, status, object));
        }
        Ok(outcomes)
    }

    /// Cancels what rows became, as far as nobody has reviewed it.
    pub(super) async fn withdraw<D: Entered>(&self, tx: &mut Tx, rows: &[ImportRow]) -> Result<Vec<ImportOutcome>> {
        let reason = format!("撤回导入 {}", self.run.file);
        let mut outcomes = Vec::new();
        for row in rows {
            let Some(object) = row.object else { continue };
            let cancelled = intake::cancel::<D>(self.node, self.cx, tx, object, &reason).await?;
            if cancelled {
                outcomes.push(entered(row, "withdrawn", object));
            }
        }
        Ok(outcomes)
    }
}

/// Says where the code stands in an earlier row of the file.
fn doubled(row: &ImportRow, code: &str, seen: &mut BTreeMap<String, u64>, faults: &mut Vec<RowFault>) {
    match seen.get(code) {
        Some(earlier) => {
            let reason = format!("编码 {code} 与第 {earlier} 行重复");
            faults.push(of_row("IMP-0301", reason, "请只保留一行", false));
        }
        None => {
            seen.insert(code.to_owned(), row.row_no);
        }
    }
}

/// A row with the entry that it became; what was said about it stays.
fn entered(row: &ImportRow, status: &str, object: ObjectId) -> ImportOutcome {
    ImportOutcome { row: ImportRow { status: status.to_owned(), object: Some(object), ..row.clone() }, codes: None }
}

fn outcome(row: &ImportRow, status: &str, code: String, faults: &[RowFault]) -> Result<ImportOutcome> {
    let codes = faults.iter().map(|fault| fault.code.clone()).collect();
    let faults = serde_json::to_string(faults)?;
    Ok(ImportOutcome { row: ImportRow { status: status.to_owned(), code, faults, ..row.clone() }, codes: Some(codes) })
}
