//! Exports of lists (清单导出): exactly what a search shows, with its conditions, order, scope and masks, as a file. Short ones
//! are made at once, long ones by a job that can be watched and cancelled.
//!
//! Which columns there are and how a cell is worded lies in [`column`]. Every export is noted in the audit trail with its
//! conditions and number of rows. Rows: G-6.2.2a, G-6.2.2b, H-6.2.

mod column;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_gis::shape::ShapeText;
use suyuan_reports::{Alignment, Column, Table, render_list_csv, render_list_xlsx};
use suyuan_security::context::{Actor, ActorKind, OpContext};
use suyuan_security::policy::Action;
use suyuan_store::job::NewJob;
use suyuan_store::register::{Behind, Entry};

use crate::analysis::register;
use crate::listing::{Asked, Find, Listed};
use crate::node::Node;
use crate::{Result, ServiceError, audit, selection};

use column::Words;
pub use column::{ExportColumn, columns};
pub use suyuan_store::export::Export;

/// The job that makes a long export.
pub const EXPORT_JOB: &str = "export";
/// Rows of one export.
pub const MOST_ROWS: u64 = 100_000;
/// Rows that are exported at once, without a job.
const AT_ONCE: u64 = 2_000;
/// Rows read at a time.
const PIECE: usize = 1_000;
/// For how long a file is kept, in milliseconds: 7 days.
pub const KEPT: i64 = 7 * 86_400_000;
/// Exports of a person that are listed.
const LISTED: u64 = 50;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A workbook.
    Xlsx,
    /// Comma-separated text in UTF-8.
    Csv,
}

impl Format {
    /// Reads the word of an address or request.
    ///
    /// # Errors
    /// `EXP-0101` for any other word.
    pub fn parse(word: &str) -> Result<Self> {
        match word {
            "xlsx" => Ok(Self::Xlsx),
            "csv" => Ok(Self::Csv),
            _ => Err(ServiceError::invalid("EXP-0101", "format", "文件格式不支持", "请选择 xlsx 或 csv")),
        }
    }

    /// How its files end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// A moment for people, in China standard time to the minute.
#[must_use]
pub(crate) fn stamp(at: Timestamp) -> String {
    let ahead = at.plus_millis(8 * 3_600_000).to_string();
    ahead.get(..16).unwrap_or_default().replace('T', " ")
}

/// An export that is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// Register.
    pub register: String,
    /// Form of the file.
    pub format: Format,
    /// Conditions and order as a query string.
    pub query: String,
    /// Columns in their order; none for the usual ones.
    pub columns: Vec<String>,
    /// A shape on the map that narrows it.
    pub shape: Option<ShapeText>,
}

/// Who asked, as the job needs it.
#[derive(Serialize, Deserialize)]
struct Person {
    username: String,
    display_name: String,
    role: String,
    division: String,
    address: String,
    scope: Scope,
}

fn folder(node: &Node) -> PathBuf {
    node.config.data_dir.join("exports")
}

fn path(node: &Node, export: &Export) -> PathBuf {
    folder(node).join(format!("{}.{}", export.id, export.format))
}

/// Asks for an export.
///
/// # Errors
/// When the actor may not export the register, a condition, column or shape is wrong, or there are more than
/// [`MOST_ROWS`] rows (`EXP-0103`).
pub async fn start(node: &Node, cx: &OpContext, request: Request) -> Result<Export> {
    let (kind, policy) = register(&request.register)?;
    cx.authorize(Action::Export, policy)?;
    let find = Find::parse(&request.query)?;
    let words = Words::of(node, kind, &request.columns)?;
    let shape = request.shape.as_ref().map(selection::shape).transpose()?;
    let asked = Asked::of(node, cx, kind, &find, "")?;
    let total = match &shape {
        None => node.store.count_up_to(&cx.scope, &asked.filter, MOST_ROWS + 1).await?,
        Some(shape) => {
            let shown = selection::shown(&find).filter(node, cx, kind)?;
            selection::members(node, cx, shown, shape).await?.len() as u64
        }
    };
    if total > MOST_ROWS {
        let reason = format!("符合条件的登记超过 {MOST_ROWS} 条");
        return Err(ServiceError::invalid("EXP-0103", "query", reason, "请增加查询条件，分批导出"));
    }
    let export = new_export(node, cx, kind, &request, &words, total)?;
    let tx = node.store.begin().await?;
    tx.add_export(&export).await?;
    let what = format!("{} {total} 条，条件：{}，列：{}", request.format.extension(), find.query(), export.columns);
    audit::note(&tx, cx, &format!("{kind}.export"), kind, &export.id.to_string(), None, Some(&what)).await?;
    if total > AT_ONCE {
        tx.enqueue(job(&export, cx), cx.now).await?;
    }
    tx.commit().await?;
    if total <= AT_ONCE {
        make(node, &export).await?;
    }
    own(node, cx, export.id).await
}

fn job(export: &Export, cx: &OpContext) -> NewJob {
    NewJob {
        kind: EXPORT_JOB.to_owned(),
        unique_key: Some(format!("{EXPORT_JOB}/{}", export.id)),
        payload: serde_json::json!({ "export": export.id.to_string() }).to_string(),
        run_at: cx.now,
        max_attempts: 3,
        actor: Some(cx.actor.username.clone()),
    }
}

fn new_export(node: &Node, cx: &OpContext, kind: &str, request: &Request, words: &Words, total: u64) -> Result<Export> {
    let person = Person {
        username: cx.actor.username.clone(),
        display_name: cx.actor.username.clone(),
        role: cx.actor.role.clone(),
        division: cx.division.clone(),
        address: cx.address.clone(),
        scope: cx.scope.clone(),
    };
    Ok(Export {
        id: node.mint(),
        account: cx.actor.id,
        register: kind.to_owned(),
        format: request.format.extension().to_owned(),
        query: Find::parse(&request.query)?.query(),
        columns: words.codes().join(","),
        shape: request.shape.as_ref().map(serde_json::to_string).transpose()?,
        person: serde_json::to_string(&person)?,
        state: "waiting".to_owned(),
        done: 0,
        total,
        bytes: None,
        error: None,
        created_at: cx.now,
        finished_at: None,
    })
}

/// Makes the export that a job names.
///
/// # Errors
/// When store or disk fail; the job tries again.
pub async fn run(node: &Node, payload: &str) -> Result<()> {
    let payload: serde_json::Value = serde_json::from_str(payload)?;
    let id = payload.get("export").and_then(serde_json::Value::as_str).and_then(|id| id.parse().ok());
    let id: ObjectId = id.ok_or_else(|| ServiceError::Internal("no export in the job".to_owned()))?;
    match node.store.system_export(id).await? {
        Some(export) => make(node, &export).await,
        None => Ok(()),
    }
}

/// Writes the file of an export, unless it was cancelled. What is wrong with the request ends it as failed.
async fn make(node: &Node, export: &Export) -> Result<()> {
    let tx = node.store.begin().await?;
    let goes_on = tx.move_export(export.id, &["waiting", "running"], "running").await?;
    tx.commit().await?;
    if !goes_on {
        return Ok(());
    }
    let outcome = match written(node, export).await {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => return Ok(()),
        Err(ServiceError::Invalid(faults)) => {
            Err(faults.first().map_or_else(String::new, |fault| fault.reason.clone()))
        }
        Err(ServiceError::Denied(denied)) => Err(denied.to_string()),
        Err(ServiceError::NotFound(_)) => Err("查询条件中的对象已不存在".to_owned()),
        Err(other) => return Err(other),
    };
    let tx = node.store.begin().await?;
    tx.end_export(export.id, outcome.as_ref().copied().map_err(String::as_str), node.now()).await?;
    Ok(tx.commit().await?)
}

/// The context of the person who asked, under the policy in force now.
fn context(node: &Node, export: &Export) -> Result<OpContext> {
    let person: Person = serde_json::from_str(&export.person)?;
    Ok(OpContext {
        actor: Actor {
            id: export.account,
            username: person.username,
            display_name: person.display_name,
            role: person.role,
            node: node.code().to_owned(),
            kind: ActorKind::Person,
        },
        scope: person.scope,
        division: person.division,
        address: person.address,
        request_id: format!("export/{}", export.id),
        now: node.now(),
        policy: node.policy.current(),
        session: None,
    })
}

/// Writes the file and says how long it is; `None` when the export was cancelled on the way.
async fn written(node: &Node, export: &Export) -> Result<Option<u64>> {
    let cx = context(node, export)?;
    let (kind, policy) = register(&export.register)?;
    cx.authorize(Action::Export, policy)?;
    let codes: Vec<String> = export.columns.split(',').map(str::to_owned).collect();
    let words = Words::of(node, kind, &codes)?;
    let find = Find::parse(&export.query)?;
    let mut rows = Vec::new();
    let mut source = Source::open(node, &cx, kind, &find, export.shape.as_deref()).await?;
    while let Some(entries) = source.next(node, &cx).await? {
        for entry in &entries {
            rows.push(words.row(node, entry)?);
        }
        let tx = node.store.begin().await?;
        let goes_on = tx.note_export(export.id, rows.len() as u64, export.total.max(rows.len() as u64)).await?;
        tx.commit().await?;
        if !goes_on {
            return Ok(None);
        }
        if rows.len() as u64 >= MOST_ROWS {
            break;
        }
    }
    let column = |name: &String| Column { name: name.clone(), share: 1, alignment: Alignment::Text };
    let table = Table { columns: words.names().iter().map(column).collect(), rows };
    let bytes = rendered(node, export, kind, table, cx.now).await?;
    let path = path(node, export);
    let failed = |error: std::io::Error| ServiceError::Internal(format!("{}: {error}", path.display()));
    tokio::fs::create_dir_all(folder(node)).await.map_err(failed)?;
    let length = bytes.len() as u64;
    tokio::fs::write(&path, bytes).await.map_err(failed)?;
    Ok(Some(length))
}

async fn rendered(node: &Node, export: &Export, kind: &str, table: Table, now: Timestamp) -> Result<Vec<u8>> {
    let format = Format::parse(&export.format)?;
    let (name, issuer) = (register_name(kind).to_owned(), node.divisions.name(node.code()).to_owned());
    let work = tokio::task::spawn_blocking(move || match format {
        Format::Csv => Ok(render_list_csv(&table)),
        Format::Xlsx => render_list_xlsx(&name, &table, (&issuer, &stamp(now))),
    });
    let done = work.await.map_err(|error| ServiceError::Internal(error.to_string()))?;
    done.map_err(|error| ServiceError::Internal(error.to_string()))
}

/// What people call a register.
#[must_use]
pub fn register_name(kind: &str) -> &'static str {
    register(kind).map_or("登记", |(_, policy)| policy.label())
}

/// Where the rows of an export come from, by the piece.
enum Source {
    List { asked: Box<Asked>, behind: Option<Behind>, over: bool },
    Chosen { kind: &'static str, objects: std::vec::IntoIter<ObjectId> },
}

impl Source {
    async fn open(node: &Node, cx: &OpContext, kind: &'static str, find: &Find, shape: Option<&str>) -> Result<Self> {
        let Some(shape) = shape else {
            let asked = Box::new(Asked::of(node, cx, kind, find, "")?);
            return Ok(Self::List { asked, behind: None, over: false });
        };
        let shape = selection::shape(&serde_json::from_str(shape)?)?;
        let filter = selection::shown(find).filter(node, cx, kind)?;
        let members = selection::members(node, cx, filter, &shape).await?;
        let objects: Vec<ObjectId> = members.into_iter().map(|member| member.object).collect();
        Ok(Self::Chosen { kind, objects: objects.into_iter() })
    }

    /// The next entries; `None` at the end.
    async fn next(&mut self, node: &Node, cx: &OpContext) -> Result<Option<Vec<Entry>>> {
        match self {
            Self::List { over: true, .. } => Ok(None),
            Self::List { asked, behind, over } => {
                let found =
                    node.store.entries_behind(&cx.scope, &asked.filter, asked.order, behind.as_ref(), PIECE).await?;
                *over = found.len() < PIECE;
                *behind = found.last().map(|found| found.behind.clone());
                Ok(Some(found.into_iter().map(|found| found.entry).collect()))
            }
            Self::Chosen { kind, objects } => {
                let wanted: Vec<ObjectId> = objects.by_ref().take(PIECE).collect();
                if wanted.is_empty() {
                    return Ok(None);
                }
                let mut entries = node.store.entries_of(&cx.scope, kind, &wanted).await?;
                entries.sort_by_key(|entry| wanted.iter().position(|object| *object == entry.object));
                Ok(Some(entries))
            }
        }
    }
}

/// One's own export.
///
/// # Errors
/// Not found for somebody else's.
pub async fn own(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Export> {
    let export = node.store.system_export(id).await?;
    export.filter(|export| export.account == cx.actor.id).ok_or(ServiceError::NotFound("export"))
}

/// One's own exports, newest first.
///
/// # Errors
/// When the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext) -> Result<Listed<Export>> {
    let items = node.store.exports_of(cx.actor.id, LISTED).await?;
    Ok(Listed { count: items.len() as u64, items, next: None, exact: true })
}

/// Stops an export that waits or runs.
///
/// # Errors
/// Not found for somebody else's, `EXP-0901` for one that is over.
pub async fn cancel(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Export> {
    own(node, cx, id).await?;
    let tx = node.store.begin().await?;
    if !tx.move_export(id, &["waiting", "running"], "cancelled").await? {
        return Err(over("该导出已结束，无需取消"));
    }
    tx.commit().await?;
    own(node, cx, id).await
}

fn over(reason: &str) -> ServiceError {
    ServiceError::Conflict(Fault::new("EXP-0901", "state", reason, "请刷新后查看导出状态"))
}

/// The file of a finished export: its name, form and bytes. Asks for the permission anew.
///
/// # Errors
/// Not found for somebody else's, `EXP-0901` for one without a file.
pub async fn file(node: &Node, cx: &OpContext, id: ObjectId) -> Result<crate::analysis::File> {
    let export = own(node, cx, id).await?;
    let (kind, policy) = register(&export.register)?;
    cx.authorize(Action::Export, policy)?;
    if export.state != "done" {
        return Err(over("导出文件尚未生成或已过期"));
    }
    let bytes = tokio::fs::read(path(node, &export)).await.map_err(|_| over("导出文件已过期"))?;
    Ok(crate::analysis::File { name: file_name(kind, &export), format: Format::parse(&export.format)?, bytes })
}

/// The name of an export's file, for people.
#[must_use]
pub fn file_name(kind: &str, export: &Export) -> String {
    let digits: String = stamp(export.created_at).chars().filter(char::is_ascii_digit).collect();
    format!("{}{digits}.{}", register_name(kind), export.format)
}

/// Removes the files of exports whose time is over. Says how many.
///
/// # Errors
/// When the database is out of reach.
pub async fn expire(node: &Node) -> Result<u64> {
    let mut removed = 0;
    for export in node.store.exports_over(node.now().plus_millis(-KEPT)).await? {
        if let Err(error) = tokio::fs::remove_file(path(node, &export)).await
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(export = %export.id, error = %error, "an export could not be removed");
            continue;
        }
        let tx = node.store.begin().await?;
        tx.move_export(export.id, &["done", "failed", "cancelled"], "expired").await?;
        tx.commit().await?;
        removed += 1;
    }
    Ok(removed)
}
