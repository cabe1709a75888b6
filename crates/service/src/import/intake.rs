//! Taking a file: it streams into a folder, is read once into sealed rows, and is gone.

use std::fs::File;
use std::path::PathBuf;

use suyuan_domain::fault::Fault;
use suyuan_formats::sheet::{self, Limits, Part, Row};
use suyuan_security::context::OpContext;
use suyuan_security::policy::Action;
use suyuan_store::import::{ImportRow, ImportRun};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::column::{ABOVE, HINT, Heads, columns};
use super::{ImportView, Kept, Sheet, State, Target, get};
use crate::node::Node;
use crate::{Result, ServiceError};

/// Largest file, in bytes.
pub const MOST_BYTES: u64 = 50 << 20;

/// Rows written in one transaction.
const CHUNK: usize = 1_000;

/// Longest file name that is kept, in characters.
const MOST_NAME: usize = 200;

/// Sheets that templates explain themselves with; they hold no rows.
const OWN: [&str; 2] = ["填写说明", "选项"];

/// A file on the disk that goes when nobody needs it any more.
#[derive(Debug)]
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(error = %error, "an uploaded file stays behind");
        }
    }
}

/// A file on its way in.
#[derive(Debug)]
pub struct Upload {
    target: Target,
    name: String,
    bytes: u64,
    file: tokio::fs::File,
    passing: Passing,
}

fn disk(error: &std::io::Error) -> ServiceError {
    ServiceError::Unavailable(format!("the folder of uploads: {error}"))
}

impl Upload {
    /// Begins to take a file called `name`.
    ///
    /// # Errors
    /// When the actor may not import into the register, or the disk refuses.
    pub async fn begin(node: &Node, cx: &OpContext, target: Target, name: &str) -> Result<Self> {
        cx.authorize(Action::Import, target.register.policy())?;
        let folder = node.config.data_dir.join("uploads");
        tokio::fs::create_dir_all(&folder).await.map_err(|error| disk(&error))?;
        let path = folder.join(node.mint().to_string());
        let file = tokio::fs::File::create(&path).await.map_err(|error| disk(&error))?;
        // Only the last part: browsers of old send the whole path.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(MOST_NAME).collect();
        Ok(Self { target, name, bytes: 0, file, passing: Passing(path) })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// `IMP-0100` for a file that is too large.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MOST_BYTES {
            let fault = Fault::new("IMP-0100", "file", "文件超过 50 MB", "请拆分为多个文件导入");
            return Err(ServiceError::TooLarge(fault));
        }
        self.file.write_all(bytes).await.map_err(|error| disk(&error))
    }

    /// Reads the file into rows; nothing is checked yet.
    ///
    /// # Errors
    /// `IMP-01xx` for a file that cannot be read.
    pub async fn finish(mut self, node: &Node, cx: &OpContext) -> Result<ImportView> {
        self.file.flush().await.map_err(|error| disk(&error))?;
        let source = File::open(&self.passing.0).map_err(|error| disk(&error))?;
        let run = self.order(node, cx);
        let tx = node.store.begin().await?;
        tx.add_import(&run).await?;
        tx.commit().await?;
        let heads = Heads::new(&columns(node, cx, &self.target));
        match stage(node, &run, source, heads).await {
            Ok(()) => get(node, cx, run.id).await,
            Err(error) => {
                let tx = node.store.begin().await?;
                tx.delete_import(run.id).await?;
                tx.commit().await?;
                Err(error)
            }
        }
    }

    fn order(&self, node: &Node, cx: &OpContext) -> ImportRun {
        ImportRun {
            id: node.mint(),
            register: self.target.register.as_str().to_owned(),
            class: self.target.class.clone(),
            category: self.target.category.clone(),
            file: self.name.clone(),
            bytes: self.bytes,
            account: cx.actor.id,
            actor: cx.actor.username.clone(),
            address: cx.address.clone(),
            state: State::Reading.as_str().to_owned(),
            phase: String::new(),
            changes: false,
            filed: false,
            sheets: "[]".to_owned(),
            total: 0,
            place: 0,
            reason: String::new(),
            version: 1,
            created_at: cx.now,
            resumed_at: None,
            resumed_place: 0,
            started_at: None,
            finished_at: None,
        }
    }
}

/// Reads the file beside the other work, and keeps its rows as they come.
async fn stage(node: &Node, run: &ImportRun, source: File, heads: Heads) -> Result<()> {
    let (send, mut parts) = mpsc::channel::<Vec<Part>>(4);
    let reading = tokio::task::spawn_blocking(move || {
        let mut batch = Vec::with_capacity(CHUNK);
        let read = sheet::read(std::io::BufReader::new(source), &Limits::default(), &mut |part| {
            batch.push(part);
            batch.len() < CHUNK || send.blocking_send(std::mem::take(&mut batch)).is_ok()
        });
        // Nobody listens only when the writing side has failed, which is told there.
        drop(send.blocking_send(batch));
        read
    });
    let mut stage =
        Stage { heads, sheets: Vec::new(), above: Vec::new(), headed: true, aside: false, rows: Vec::new(), total: 0 };
    while let Some(batch) = parts.recv().await {
        for part in batch {
            stage.take(part);
        }
        stage.write(node, run, CHUNK).await?;
    }
    let broken = |_| ServiceError::invalid("IMP-0102", "file", "文件无法读取", "请重新选择文件，或另存后再上传");
    reading.await.map_err(broken)?.map_err(|fault| ServiceError::Invalid(vec![fault]))?;
    stage.close();
    stage.write(node, run, 0).await?;
    if stage.total == 0 {
        let fault = Fault::new("IMP-0106", "file", "表格里没有数据行", "请在表头下方填写后上传");
        return Err(ServiceError::Invalid(vec![fault]));
    }
    let total = stage.total;
    let sheets = serde_json::to_string(&stage.chosen())?;
    let after = ImportRun { state: State::Ready.as_str().to_owned(), sheets, total, ..run.clone() };
    let tx = node.store.begin().await?;
    tx.change_import(&after, None).await?;
    Ok(tx.commit().await?)
}

/// Finds the heads of sheets and numbers their rows.
struct Stage {
    heads: Heads,
    sheets: Vec<Sheet>,
    /// Rows of the present sheet until its head is known.
    above: Vec<Row>,
    headed: bool,
    /// Whether the present sheet is one that a template explains itself with.
    aside: bool,
    rows: Vec<(u64, u64, Row)>,
    total: u64,
}

impl Stage {
    fn take(&mut self, part: Part) {
        match part {
            Part::Sheet { name, hidden } => {
                self.close();
                self.aside = OWN.contains(&name.as_str());
                if !self.aside {
                    self.headed = false;
                    self.sheets.push(Sheet { name, hidden, ..Sheet::default() });
                }
            }
            Part::Row(_) if self.aside => {}
            Part::Row(row) if self.headed => self.data(row),
            Part::Row(row) => {
                let clear = self.score(&row) > 1;
                self.above.push(row);
                if clear || self.above.len() >= ABOVE {
                    self.close();
                }
            }
        }
    }

    fn score(&self, row: &Row) -> usize {
        self.heads.matched(row.cells.iter().map(|cell| cell.text.as_str())).iter().flatten().count()
    }

    /// Decides which of the first rows is the head; those below it are data.
    fn close(&mut self) {
        let rows = std::mem::take(&mut self.above);
        if self.headed || rows.is_empty() {
            return;
        }
        self.headed = true;
        let best = rows.iter().map(|row| self.score(row)).max().unwrap_or(0);
        let at = rows.iter().position(|row| self.score(row) == best).unwrap_or(0);
        let mut rest = rows.into_iter().skip(at);
        if let (Some(head), Some(sheet)) = (rest.next(), self.sheets.last_mut()) {
            sheet.heads = head.cells.into_iter().map(|cell| cell.text).collect();
            sheet.fields = self.heads.matched(sheet.heads.iter().map(String::as_str));
        }
        rest.for_each(|row| self.data(row));
    }

    fn data(&mut self, row: Row) {
        let hint = row.cells.iter().find(|cell| !cell.text.is_empty()).is_some_and(|cell| cell.text.starts_with(HINT));
        let number = self.sheets.len().saturating_sub(1) as u64;
        let Some(sheet) = self.sheets.last_mut().filter(|_| !hint) else { return };
        // What stands beyond the head is not lost, only without a name.
        while sheet.heads.len() < row.cells.len() {
            sheet.heads.push(String::new());
            sheet.fields.push(None);
        }
        sheet.rows += 1;
        self.total += 1;
        self.rows.push((self.total, number, row));
    }

    /// Keeps the rows, if there are at least `enough`.
    async fn write(&mut self, node: &Node, run: &ImportRun, enough: usize) -> Result<()> {
        if self.rows.len() < enough.max(1) {
            return Ok(());
        }
        let mut staged = Vec::with_capacity(self.rows.len());
        for (seq, sheet, row) in self.rows.drain(..) {
            let marks = row.cells.iter().map(|cell| cell.mark.letter()).collect();
            let kept = Kept { cells: row.cells.into_iter().map(|cell| cell.text).collect(), marks };
            staged.push(ImportRow {
                seq,
                sheet,
                row_no: row.number.into(),
                cells: kept.sealed(node, run.id, seq)?,
                status: "waiting".to_owned(),
                code: String::new(),
                object: None,
                faults: "[]".to_owned(),
            });
        }
        let tx = node.store.begin().await?;
        tx.add_import_rows(run.id, &staged).await?;
        Ok(tx.commit().await?)
    }

    /// The sheets, with those that are imported unless somebody says otherwise: visible, with rows and known columns.
    fn chosen(mut self) -> Vec<Sheet> {
        let only = self.sheets.iter().filter(|sheet| !sheet.hidden && sheet.rows > 0).count() == 1;
        for sheet in &mut self.sheets {
            let known = sheet.fields.iter().flatten().count();
            sheet.used = !sheet.hidden && sheet.rows > 0 && (known > 1 || (only && known > 0));
        }
        self.sheets
    }
}
