//! Import of registers from tables (导入): a file is taken, its columns are matched, every row is checked without writing
//! anything, and then the good rows are entered by the path of the form, piece by piece.
//!
//! Reading files belongs to `suyuan-formats`, fields to the metadata pack, entering to [`crate::register`]. Rows are kept
//! sealed for [`KEPT`] and seen only by whoever sent them. Rows: G-6.2.1a, H-6.2.

mod cell;
mod column;
mod enter;
mod intake;
mod report;
mod step;
mod template;
mod work;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_crypto::seal;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::import::{ImportRow, ImportRun};

use crate::listing::Listed;
use crate::node::Node;
use crate::{Result, ServiceError};

pub use column::{Chosen, Column, choose, missing};
pub use intake::{MOST_BYTES, Upload};
pub use report::{Format, Only, report};
pub use step::{Begin, State, Step, step};
pub use template::template;
pub use work::{IMPORT_JOB, forget, piece, recover};

/// For how long the rows of an import are kept, in milliseconds: 30 days.
pub const KEPT: i64 = 30 * 86_400_000;

/// Codes of faults that a page shows.
const MOST_CODES: u64 = 50;

/// A file as people hand it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Name of the file.
    pub name: String,
    /// Media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A register that tables are imported into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// Subjects and merchants (责任主体).
    Subjects,
    /// Products (产品).
    Products,
    /// Devices (设备).
    Devices,
}

impl Register {
    const ALL: [Self; 3] = [Self::Subjects, Self::Products, Self::Devices];

    /// The word in interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subjects => "subjects",
            Self::Products => "products",
            Self::Devices => "devices",
        }
    }

    /// The Chinese word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Subjects => "追溯责任主体",
            Self::Products => "产品",
            Self::Devices => "追溯设备",
        }
    }

    /// What permissions speak of.
    #[must_use]
    pub const fn policy(self) -> Kind {
        match self {
            Self::Subjects => Kind::Subject,
            Self::Products => Kind::Product,
            Self::Devices => Kind::Device,
        }
    }

    /// Name of the register in the metadata and of its records.
    #[must_use]
    pub const fn entity(self) -> &'static str {
        match self {
            Self::Subjects => kind::SUBJECT,
            Self::Products => kind::PRODUCT,
            Self::Devices => kind::DEVICE,
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// `IMP-0110` for any other.
    pub fn parse(text: &str) -> Result<Self> {
        let unknown =
            || ServiceError::invalid("IMP-0110", "register", format!("没有登记簿 {text}"), "可导入主体、产品和设备");
        Self::ALL.into_iter().find(|register| register.as_str() == text).ok_or_else(unknown)
    }
}

/// What a table is imported into, and what its columns are chosen for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The register.
    pub register: Register,
    /// `subject` or `merchant` for subjects; empty for other registers.
    pub class: String,
    /// Category; may be empty.
    pub category: String,
}

impl Target {
    /// A target that exists.
    ///
    /// # Errors
    /// `IMP-0110` for a register, class or category that does not.
    pub fn new(node: &Node, register: &str, class: &str, category: &str) -> Result<Self> {
        let register = Register::parse(register)?;
        let class = match (register, class) {
            (Register::Subjects, "" | "subject") => "subject",
            (Register::Subjects, "merchant") => "merchant",
            (_, "") => "",
            _ => return Err(ServiceError::invalid("IMP-0110", "class", "没有这种登记类型", "请选择主体或商户")),
        };
        if !category.is_empty() && node.packs().category(category).is_none() {
            let reason = format!("没有产品类别 {category}");
            return Err(ServiceError::invalid("IMP-0110", "category", reason, "请从产品目录中选择"));
        }
        Ok(Self { register, class: class.to_owned(), category: category.to_owned() })
    }

    fn of(run: &ImportRun) -> Result<Self> {
        let register = Register::parse(&run.register)?;
        Ok(Self { register, class: run.class.clone(), category: run.category.clone() })
    }
}

/// A sheet of the file with the columns that were matched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Its name; empty for a text.
    pub name: String,
    /// Whether its author hid it.
    pub hidden: bool,
    /// Whether it is imported.
    pub used: bool,
    /// Its rows, without head and what stands above.
    pub rows: u64,
    /// Heads of its columns.
    pub heads: Vec<String>,
    /// The field of each column; `None` for a column that is left out.
    pub fields: Vec<Option<String>>,
}

/// Something about a row: a fault keeps it out, a warning does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// Head of the column; the field's name where the table has none.
    pub column: String,
    /// The field.
    pub field: String,
    /// Stable code.
    pub code: String,
    /// What is wrong, in Chinese.
    pub reason: String,
    /// What to do, in Chinese.
    pub advice: String,
    /// What would be right, where there is no doubt.
    pub suggestion: Option<String>,
    /// Whether it is only worth knowing.
    pub warning: bool,
}

/// The cells of a row as they are kept: the texts, and one letter for what the file did to each.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    cells: Vec<String>,
    marks: String,
}

fn place_of(run: ObjectId, seq: u64) -> Vec<u8> {
    seal::place(&["import_row", "cells", &run.to_string(), &seq.to_string()])
}

impl Kept {
    fn sealed(&self, node: &Node, run: ObjectId, seq: u64) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(self)?;
        Ok(seal::seal(&node.sealing_key, &place_of(run, seq), &plain, &*node.entropy)?)
    }

    fn opened(node: &Node, run: ObjectId, row: &ImportRow) -> Result<Self> {
        let plain = seal::open(&node.sealing_key, &place_of(run, row.seq), &row.cells)?;
        Ok(serde_json::from_slice(&plain)?)
    }
}

/// An import with everything that its page shows.
#[derive(Clone, Debug)]
pub struct ImportView {
    /// The order.
    pub run: ImportRun,
    /// State.
    pub state: State,
    /// Sheets with their columns.
    pub sheets: Vec<Sheet>,
    /// Fields that columns may be matched with.
    pub columns: Vec<Column>,
    /// Rows by what became of them.
    pub counts: BTreeMap<String, u64>,
    /// Codes of faults with a text and the number of rows, most first.
    pub codes: Vec<(String, String, u64)>,
    /// Seconds until the work is done, as far as can be told.
    pub remaining_seconds: Option<u64>,
    /// Steps that may be taken now.
    pub steps: Vec<Step>,
}

/// The import of this id, if the actor sent it and may still import.
async fn own(node: &Node, cx: &OpContext, id: ObjectId) -> Result<ImportRun> {
    let run = node.store.system_import(id).await?.filter(|run| run.account == cx.actor.id);
    let run = run.filter(|run| run.state != State::Reading.as_str()).ok_or(ServiceError::NotFound("该导入"))?;
    cx.authorize(Action::Import, Register::parse(&run.register)?.policy())?;
    Ok(run)
}

/// One import.
///
/// # Errors
/// Not found for those of others.
pub async fn get(node: &Node, cx: &OpContext, id: ObjectId) -> Result<ImportView> {
    let run = own(node, cx, id).await?;
    view(node, cx, run).await
}

async fn view(node: &Node, cx: &OpContext, run: ImportRun) -> Result<ImportView> {
    let target = Target::of(&run)?;
    let state = State::parse(&run.state)?;
    let counts: BTreeMap<String, u64> = node.store.import_counts(run.id).await?.into_iter().collect();
    let mut told = Vec::new();
    for (code, count, first) in node.store.import_fault_counts(run.id, MOST_CODES).await? {
        told.push((code.clone(), example(node, run.id, &code, first).await?, count));
    }
    let created = counts.get("created").copied().unwrap_or(0);
    Ok(ImportView {
        state,
        sheets: serde_json::from_str(&run.sheets)?,
        columns: column::columns(node, cx, &target),
        codes: told,
        remaining_seconds: remaining(&run, node.now()),
        steps: state.steps(created > 0),
        counts,
        run,
    })
}

/// The words of the fault of this code in the row `first`.
async fn example(node: &Node, run: ObjectId, code: &str, first: u64) -> Result<String> {
    let rows = node.store.import_rows_after(run, &[], first.saturating_sub(1), 1).await?;
    let Some(row) = rows.into_iter().next() else { return Ok(String::new()) };
    let faults: Vec<RowFault> = serde_json::from_str(&row.faults)?;
    Ok(faults.into_iter().find(|fault| fault.code == code).map(|fault| fault.reason).unwrap_or_default())
}

/// From the pace since the work began or went on.
fn remaining(run: &ImportRun, now: Timestamp) -> Option<u64> {
    let began = run.resumed_at.filter(|_| matches!(run.state.as_str(), "checking" | "running" | "withdrawing"))?;
    let spent = u64::try_from(now.millis() - began.millis()).ok()?;
    let done = run.place.checked_sub(run.resumed_place).filter(|done| *done > 0)?;
    Some(run.total.saturating_sub(run.place).saturating_mul(spent) / done / 1000)
}

/// A page of the actor's imports, newest first.
///
/// # Errors
/// When the database is out of reach.
pub async fn list(
    node: &Node,
    cx: &OpContext,
    register: Option<&str>,
    after: Option<ObjectId>,
    limit: usize,
) -> Result<Listed<ImportView>> {
    let page = node.store.imports(cx.actor.id, register, after, limit).await?;
    let listed = Listed::of_page(page, |run| run.id.to_string());
    let mut items = Vec::with_capacity(listed.items.len());
    for run in listed.items {
        let counts: BTreeMap<String, u64> = node.store.import_counts(run.id).await?.into_iter().collect();
        let state = State::parse(&run.state)?;
        let created = counts.get("created").copied().unwrap_or(0);
        items.push(ImportView {
            state,
            sheets: serde_json::from_str(&run.sheets)?,
            columns: Vec::new(),
            counts,
            codes: Vec::new(),
            remaining_seconds: remaining(&run, node.now()),
            steps: state.steps(created > 0),
            run,
        });
    }
    Ok(Listed { items, next: listed.next, count: listed.count, exact: listed.exact })
}

/// A row with its cells by field.
#[derive(Clone, Debug)]
pub struct RowView {
    /// The row.
    pub row: ImportRow,
    /// Name of its sheet.
    pub sheet_name: String,
    /// Texts by field, for the columns that are matched.
    pub cells: BTreeMap<String, String>,
    /// What is to be said about it.
    pub faults: Vec<RowFault>,
}

/// Which rows.
#[derive(Clone, Debug, Default)]
pub struct RowQuery {
    /// What became of them.
    pub status: Option<String>,
    /// Code of a fault.
    pub code: Option<String>,
    /// Behind which row.
    pub after: Option<u64>,
    /// Rows of the page.
    pub limit: usize,
}

/// A page of the rows of an import, in the order of the file.
///
/// # Errors
/// Not found for those of others.
pub async fn rows(node: &Node, cx: &OpContext, id: ObjectId, query: RowQuery) -> Result<Listed<RowView>> {
    let run = own(node, cx, id).await?;
    let sheets: Vec<Sheet> = serde_json::from_str(&run.sheets)?;
    let (status, code) = (query.status.as_deref(), query.code.as_deref());
    let page = node.store.import_rows(id, status, code, query.after, query.limit).await?;
    let listed = Listed::of_page(page, |row| row.seq.to_string());
    let of = |row: ImportRow| row_view(node, id, &sheets, row);
    let items = listed.items.into_iter().map(of).collect::<Result<Vec<_>>>()?;
    Ok(Listed { items, next: listed.next, count: listed.count, exact: listed.exact })
}

fn row_view(node: &Node, run: ObjectId, sheets: &[Sheet], row: ImportRow) -> Result<RowView> {
    let kept = Kept::opened(node, run, &row)?;
    let sheet = usize::try_from(row.sheet).ok().and_then(|at| sheets.get(at)).cloned().unwrap_or_default();
    let named = sheet.fields.into_iter().zip(kept.cells).filter_map(|(field, text)| Some((field?, text)));
    let faults = serde_json::from_str(&row.faults)?;
    Ok(RowView { cells: named.collect(), sheet_name: sheet.name, faults, row })
}
