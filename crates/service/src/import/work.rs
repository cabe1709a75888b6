//! The work on an import, piece by piece as jobs: each chunk of rows takes its place, is done and is marked in one
//! transaction. A node that was killed goes on with the next row after its start; nothing is done twice.

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_store::Tx;
use suyuan_store::import::ImportRun;
use suyuan_store::job::NewJob;

use super::cell::Reader;
use super::column::columns;
use super::enter::{Entered, Ground, model};
use super::step::allowed;
use super::{Begin, KEPT, Register, Sheet, State, Target};
use crate::device::DeviceDoc;
use crate::node::Node;
use crate::product::ProductDoc;
use crate::subject::SubjectDoc;
use crate::{Result, ServiceError, account, audit};

/// The job that does a piece of an import.
pub const IMPORT_JOB: &str = "register.import";

/// Rows in one transaction.
const CHUNK: u64 = 500;

/// Transactions in one job; after them other work has its turn, and the actor's rights are asked anew.
const CHUNKS: usize = 10;

/// A file that is still being read after this long was left by a process that died, in milliseconds.
const ABANDONED: i64 = 3_600_000;

/// Imports whose rows are forgotten in one round.
const FORGOTTEN: u64 = 20;

#[derive(Serialize, Deserialize)]
struct Order {
    import: ObjectId,
}

/// The state in which the work of a phase is done.
pub(super) fn working(phase: &str) -> State {
    match phase {
        "check" => State::Checking,
        "withdraw" => State::Withdrawing,
        _ => State::Running,
    }
}

/// The job for the next piece. One at a time for each place of each version.
pub(super) fn job(run: &ImportRun, now: Timestamp) -> NewJob {
    of_key(run.id, &format!("{}/{}", run.version, run.place), now)
}

fn of_key(import: ObjectId, key: &str, now: Timestamp) -> NewJob {
    NewJob {
        kind: IMPORT_JOB.to_owned(),
        unique_key: Some(format!("{IMPORT_JOB}/{import}/{key}")),
        payload: serde_json::json!({ "import": import }).to_string(),
        run_at: now,
        max_attempts: 8,
        actor: None,
    }
}

/// Goes on with what was under way when the process died, and forgets files that were being read then.
///
/// # Errors
/// When the database is out of reach.
pub async fn recover(node: &Node) -> Result<()> {
    let now = node.now();
    for run in node.store.system_imports_in(&["checking", "running", "withdrawing"]).await? {
        let tx = node.store.begin().await?;
        tx.enqueue(of_key(run.id, &format!("start/{}/{}", now.millis(), run.place), now), now).await?;
        tx.commit().await?;
    }
    for run in node.store.system_imports_in(&["reading"]).await? {
        if now.millis() - run.created_at.millis() > ABANDONED {
            let tx = node.store.begin().await?;
            tx.delete_import(run.id).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Forgets the rows of imports that are older than [`KEPT`]; says of how many.
///
/// # Errors
/// When the database is out of reach.
pub async fn forget(node: &Node) -> Result<u64> {
    let old = node.store.system_imports_to_forget(node.now().plus_millis(-KEPT), FORGOTTEN).await?;
    for run in &old {
        let tx = node.store.begin().await?;
        tx.delete_import_rows(run.id).await?;
        tx.commit().await?;
    }
    Ok(old.len() as u64)
}

/// Does a piece, and asks for the next where there is more.
///
/// # Errors
/// When the database is out of reach; then the rest of the piece is done by the next try.
pub async fn piece(node: &Node, payload: &str) -> Result<()> {
    let order: Order = serde_json::from_str(payload)?;
    let Some(run) = node.store.system_import(order.import).await? else { return Ok(()) };
    if !State::parse(&run.state)?.works() {
        return Ok(());
    }
    let target = Target::of(&run)?;
    match target.register {
        Register::Subjects => piece_of::<SubjectDoc>(node, run, &target).await,
        Register::Products => piece_of::<ProductDoc>(node, run, &target).await,
        Register::Devices => piece_of::<DeviceDoc>(node, run, &target).await,
    }
}

async fn piece_of<D: Entered>(node: &Node, mut run: ImportRun, target: &Target) -> Result<()> {
    let cx = match actor(node, &run, target).await {
        Ok(cx) => cx,
        Err(ServiceError::Denied(_) | ServiceError::Unauthenticated(_) | ServiceError::NotFound(_)) => {
            return halt(node, run).await;
        }
        Err(error) => return Err(error),
    };
    let sheets: Vec<Sheet> = serde_json::from_str(&run.sheets)?;
    let known = columns(node, &cx, target);
    let reader = Reader::new(node, target, &known, model::<D>()?);
    for _ in 0..CHUNKS {
        let ground = Ground { node, cx: &cx, run: &run, sheets: &sheets, reader: &reader };
        if !chunk::<D>(&ground).await? {
            return Ok(());
        }
        match node.store.system_import(run.id).await? {
            Some(now) if now.version == run.version && now.state == run.state => run = now,
            _ => return Ok(()),
        }
    }
    let tx = node.store.begin().await?;
    tx.enqueue(job(&run, node.now()), node.now()).await?;
    Ok(tx.commit().await?)
}

/// Who asked for it, with the rights of now.
async fn actor(node: &Node, run: &ImportRun, target: &Target) -> Result<OpContext> {
    let cx = account::acting(node, run.account, &run.address, &format!("import-{}", run.id)).await?;
    let entering = run.phase == "run";
    allowed(&cx, target.register, Begin { changes: entering && run.changes, filed: entering && run.filed })?;
    Ok(cx)
}

/// Stands still because the actor may not go on any more.
async fn halt(node: &Node, mut run: ImportRun) -> Result<()> {
    State::Paused.as_str().clone_into(&mut run.state);
    "提交人的账号已停用或权限已变更，导入暂停".clone_into(&mut run.reason);
    let tx = node.store.begin().await?;
    tx.change_import(&run, None).await?;
    Ok(tx.commit().await?)
}

/// Does the next rows; says whether more may follow.
async fn chunk<D: Entered>(ground: &Ground<'_>) -> Result<bool> {
    let (node, run) = (ground.node, ground.run);
    let statuses: &[&str] = match run.phase.as_str() {
        "check" => &[],
        "withdraw" => &["created"],
        _ => &["good"],
    };
    let rows = node.store.import_rows_after(run.id, statuses, run.place, CHUNK).await?;
    let last = (rows.len() as u64) < CHUNK;
    let end = rows.last().filter(|_| !last).map_or(run.total, |row| row.seq);
    let withdraws = run.phase == "withdraw";
    let read = if withdraws { Vec::new() } else { ground.prepare::<D>(&rows).await? };
    let mut tx = node.store.begin().await?;
    if !tx.take_import_place(run, run.place, end).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    let outcomes = match run.phase.as_str() {
        "check" => ground.check::<D>(&tx, &rows, read).await?,
        "withdraw" => ground.withdraw::<D>(&mut tx, &rows).await?,
        _ => ground.enter::<D>(&mut tx, &rows, read).await?,
    };
    tx.mark_import_rows(run.id, &outcomes).await?;
    if last {
        finish(&tx, ground.cx, run).await?;
    }
    tx.commit().await?;
    Ok(!last)
}

/// The work of the phase is done.
async fn finish(tx: &Tx, cx: &OpContext, run: &ImportRun) -> Result<()> {
    let (state, action) = match run.phase.as_str() {
        "check" => (State::Checked, "import.checked"),
        "withdraw" => (State::Withdrawn, "import.withdrawn"),
        _ => (State::Done, "import.done"),
    };
    let mut after = ImportRun { state: state.as_str().to_owned(), phase: String::new(), ..run.clone() };
    if state == State::Done {
        after.finished_at = Some(cx.now);
    }
    tx.change_import(&after, None).await?;
    let counts: serde_json::Map<String, serde_json::Value> =
        tx.import_counts(run.id).await?.into_iter().map(|(status, count)| (status, count.into())).collect();
    let told = serde_json::json!({ "register": run.register, "file": run.file, "rows": run.total, "counts": counts });
    audit::note(tx, cx, action, "import", &run.id.to_string(), None, Some(&told.to_string())).await
}
