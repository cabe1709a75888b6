//! Proof over the audit trail (审计完整性): every day its end is signed, kept in the database and in a file, and told to the
//! tier above; every night the trail is walked over the stored rows and compared with all of them.
//!
//! A trail of which the tail was cut together with everything signed here is still found out by the copy of the tier above.
//! Rows: G-5.4.3c, H-6.5, N-TIER.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::{Digest, hex, sm3};
use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::period::Day;
use suyuan_domain::record::{Record, kind};
use suyuan_exchange::wire::VERSION;
use suyuan_exchange::wire::audit::AuditHead;
use suyuan_exchange::wire::document::{peek, sign, verify};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::audit::head::HeadRow;
use suyuan_store::audit::walk::{Anchor, AuditFault, Flaw, Walked};
use suyuan_store::job::NewJob;
use suyuan_store::{Store, Tx};

use super::{note_outcome, words};
use crate::record::{self, Route};
use crate::{Node, Result, ServiceError};

/// The job that signs the end of the day before.
pub const SEAL_JOB: &str = "audit.seal";

/// The job that walks the trail.
pub const VERIFY_JOB: &str = "audit.verify";

/// The fact about the node that tells how the last walk ended.
const OUTCOME: &str = "audit_proof";

/// Folder of the files below the data folder.
const FOLDER: &str = "audit";

/// Heads read at once: more than a hundred years of days.
const ALL: u64 = 40_000;

/// Before and after every day.
const EVER: (&str, &str) = ("0000", "9999");

/// A head as people and files have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadFile {
    /// Code of the node.
    pub node: String,
    /// The day that was over.
    pub day: Day,
    /// Place of the first row since the head before.
    pub first_seq: u64,
    /// Place of the last row.
    pub last_seq: u64,
    /// Rows between them.
    pub count: u64,
    /// Hash of the last row, in hexadecimal characters.
    pub hash: String,
    /// SM3 of the signed document before, in hexadecimal characters.
    pub previous: String,
    /// When it was signed.
    pub at: Timestamp,
    /// The signed document, base64.
    pub signed: String,
}

impl From<&HeadRow> for HeadFile {
    fn from(row: &HeadRow) -> Self {
        Self {
            node: row.node.clone(),
            day: row.day.parse().unwrap_or_else(|_| Day::of(row.at)),
            first_seq: row.first_seq,
            last_seq: row.last_seq,
            count: (row.last_seq + 1).saturating_sub(row.first_seq),
            hash: hex(&row.hash),
            previous: hex(&row.previous),
            at: row.at,
            signed: STANDARD.encode(&row.signed),
        }
    }
}

/// How the last walk ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// Rows that were looked at.
    pub rows: u64,
    /// Place up to which everything was as it was written.
    pub seq: u64,
    /// What is wrong, in Chinese; `None` where nothing is.
    pub fault: Option<String>,
}

fn job(kind: &str, key: &str, now: Timestamp) -> NewJob {
    NewJob {
        kind: kind.to_owned(),
        unique_key: Some(format!("{kind}/{key}")),
        payload: "{}".to_owned(),
        run_at: now,
        max_attempts: 8,
        actor: None,
    }
}

/// Asks for the day's work: the end of the day before, and with `walk` the proof of the whole. Asking again changes nothing.
///
/// # Errors
/// When the database is out of reach.
pub async fn enqueue(node: &Node, today: Day, walk: bool) -> Result<()> {
    let now = node.now();
    let tx = node.store.begin().await?;
    tx.enqueue(job(SEAL_JOB, &today.to_string(), now), now).await?;
    if walk {
        tx.enqueue(job(VERIFY_JOB, &today.to_string(), now), now).await?;
    }
    Ok(tx.commit().await?)
}

/// Asks for a walk now.
///
/// # Errors
/// When the actor may not read the trail.
pub async fn request(node: &Node, cx: &OpContext) -> Result<()> {
    cx.authorize(Action::Read, Kind::Audit)?;
    let tx = node.store.begin().await?;
    tx.enqueue(job(VERIFY_JOB, &cx.request_id, cx.now), cx.now).await?;
    super::note(&tx, cx, "audit.verify", "audit", node.code(), None, Some("已请求校验")).await?;
    Ok(tx.commit().await?)
}

/// Signs the end of the day before today, keeps it, and tells the tier above. Doing it again changes nothing.
///
/// # Errors
/// When the database or the folder is out of reach.
pub async fn seal(node: &Node) -> Result<()> {
    seal_day(node, Day::of(node.now()).plus(-1)).await
}

/// As [`seal`], for a day that is over.
///
/// # Errors
/// As [`seal`].
pub async fn seal_day(node: &Node, day: Day) -> Result<()> {
    let mut tx = node.store.begin().await?;
    if let Some(kept) = tx.audit_head(node.code(), &day.to_string()).await? {
        tx.rollback().await?;
        return write(&folder(&node.config.data_dir), &HeadFile::from(&kept));
    }
    let before = tx.newest_audit_head(node.code()).await?;
    if before.as_ref().is_some_and(|before| before.day > day.to_string()) {
        return Ok(tx.rollback().await?);
    }
    let (mut last_seq, mut hash) = tx.audit_end(day.end()).await?;
    if let Some(before) = before.as_ref().filter(|before| before.last_seq >= last_seq) {
        (last_seq, hash) = (before.last_seq, before.hash);
    }
    let head = AuditHead {
        version: VERSION,
        node: node.code().to_owned(),
        day,
        first_seq: before.as_ref().map_or(0, |before| before.last_seq) + 1,
        last_seq,
        hash,
        previous: before.map_or([0; 32], |before| sm3(&before.signed)),
        at: node.now(),
    };
    let signed = sign(&head, &node.signing_key, &*node.entropy)?;
    let row = kept(&head, signed);
    tx.keep_audit_head(&row).await?;
    let file = HeadFile::from(&row);
    let draft = record::draft(kind::AUDIT_HEAD, node.mint(), (1, 1), head.at, Route::Up, &file)?;
    tx.append(vec![draft]).await?;
    let cx = node.own_context(SEAL_JOB);
    note_outcome(&tx, &cx, (SEAL_JOB, "audit", &row.day), "ok", &format!("至第 {} 条", row.last_seq)).await?;
    // A file without its row does no harm; a row without its file would look like a loss.
    write(&folder(&node.config.data_dir), &file)?;
    Ok(tx.commit().await?)
}

fn kept(head: &AuditHead, signed: Vec<u8>) -> HeadRow {
    HeadRow {
        node: head.node.clone(),
        day: head.day.to_string(),
        first_seq: head.first_seq,
        last_seq: head.last_seq,
        hash: head.hash,
        previous: head.previous,
        signed,
        at: head.at,
    }
}

fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join(FOLDER)
}

fn write(folder: &Path, head: &HeadFile) -> Result<()> {
    let failed = |error: std::io::Error| ServiceError::Unavailable(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let path = folder.join(format!("{}.json", head.day));
    if path.exists() {
        return Ok(());
    }
    let half = folder.join(format!("{}.part", head.day));
    std::fs::write(&half, serde_json::to_vec_pretty(head)?).map_err(failed)?;
    std::fs::rename(&half, &path).map_err(failed)
}

/// Takes in a head that a lower node sent; gives what is wrong with a record that has to be set aside: a head that
/// contradicts one that is here is the sign of a trail that was rewritten or of an old backup.
///
/// # Errors
/// When the database refuses.
pub async fn take(tx: &Tx, record: &Record, key: Option<&VerifyingKey>) -> Result<Option<Fault>> {
    let poison = |code: &str, reason: String| {
        Ok(Some(Fault::new(code, "", reason, "请在来源节点核对审计日志，必要时用上级留存的链头校验")))
    };
    let origin = record.origin.as_ref().map(|origin| origin.node.as_str());
    let read = serde_json::from_slice::<HeadFile>(&record.payload).ok();
    let signed = read.and_then(|file| STANDARD.decode(file.signed).ok());
    let head = signed.as_ref().and_then(|signed| peek::<AuditHead>(signed).ok());
    let (Some(signed), Some(head)) = (signed, head) else {
        return poison("AUD-0911", "审计链头的格式不正确".to_owned());
    };
    let forged = key.is_some_and(|key| verify::<AuditHead>(&signed, key).is_err());
    if origin != Some(head.node.as_str()) || forged {
        return poison("AUD-0912", format!("{} 的审计链头不是该节点签名的", head.node));
    }
    if let Some(known) = tx.audit_head(&head.node, &head.day.to_string()).await? {
        let same = known.last_seq == head.last_seq && known.hash == head.hash;
        let reason = format!("{} {} 的审计链头与已留存的不一致", head.node, head.day);
        return if same { Ok(None) } else { poison("AUD-0913", reason) };
    }
    if let Some(newest) = tx.newest_audit_head(&head.node).await?
        && newest.last_seq > head.last_seq
        && newest.day < head.day.to_string()
    {
        let reason = format!("{} 的审计日志由第 {} 条退回到第 {} 条", head.node, newest.last_seq, head.last_seq);
        return poison("AUD-0914", reason);
    }
    tx.keep_audit_head(&kept(&head, signed)).await?;
    Ok(None)
}

/// What is to be walked, and what it is compared with.
#[derive(Debug)]
pub struct Check<'a> {
    /// Code of the node.
    pub node: &'a str,
    /// The key with which its heads are signed.
    pub key: &'a VerifyingKey,
    /// Folder beside the database.
    pub data_dir: &'a Path,
    /// From which day; the beginning without one.
    pub from: Option<Day>,
    /// To which day; the present end without one.
    pub to: Option<Day>,
    /// Heads that are kept elsewhere.
    pub copies: &'a [HeadFile],
}

#[derive(Default)]
struct Signed {
    anchors: Vec<(Day, Anchor)>,
    faults: Vec<String>,
}

impl Signed {
    /// Takes a head whose signature holds; notes one whose does not.
    fn take(&mut self, check: &Check<'_>, day: Day, signed: &[u8], by: String) -> Option<AuditHead> {
        match verify::<AuditHead>(signed, check.key) {
            Ok(head) if head.day == day && head.node == check.node => {
                if head.last_seq > 0 {
                    self.anchors.push((day, Anchor { seq: head.last_seq, hash: head.hash, by }));
                }
                Some(head)
            }
            _ => {
                self.faults.push(format!("{by}的签名无效"));
                None
            }
        }
    }
}

/// Walks the trail and compares it with everything signed; the inner error names the first thing that is wrong, in Chinese.
///
/// # Errors
/// When the database or the folder is out of reach.
pub async fn check(store: &Store, check: &Check<'_>) -> Result<std::result::Result<Walked, String>> {
    let signed = signed(store, check).await?;
    let anchor_at = |day: Day| signed.anchors.iter().filter(|(of, _)| *of <= day).max_by_key(|(of, _)| *of);
    let from = check.from.and_then(|day| anchor_at(day.plus(-1))).map(|(_, anchor)| anchor);
    let known = |day: Day| signed.anchors.iter().any(|(of, _)| *of >= day);
    let until = check.to.filter(|day| known(*day)).and_then(anchor_at).map(|(_, anchor)| anchor.seq);
    let begin = from.map_or(0, |anchor| anchor.seq);
    let anchors: Vec<Anchor> =
        signed.anchors.iter().map(|(_, anchor)| anchor.clone()).filter(|anchor| anchor.seq > begin).collect();
    let verdict = store.walk_audit(from, until, &anchors).await?;
    Ok(match (verdict, signed.faults.into_iter().next()) {
        (Err(fault), _) => Err(told(&fault)),
        (Ok(_), Some(fault)) => Err(fault),
        (Ok(walked), None) => Ok(walked),
    })
}

async fn signed(store: &Store, check: &Check<'_>) -> Result<Signed> {
    let mut found = Signed::default();
    let mut rows = store.audit_heads(check.node, EVER.0, EVER.1, ALL).await?;
    rows.reverse();
    let files = files(check.data_dir)?;
    let (mut previous, mut last): (Digest, u64) = ([0; 32], 0);
    for row in &rows {
        let Ok(day) = row.day.parse::<Day>() else { continue };
        let Some(head) = found.take(check, day, &row.signed, format!("{day} 的封存链头")) else { continue };
        if head.previous != previous || head.first_seq != last + 1 {
            found.faults.push(format!("{day} 的封存链头不接续前一个，其间的链头缺失"));
        }
        (previous, last) = (sm3(&row.signed), head.last_seq);
        if !files.iter().any(|file| file.day == day) {
            found.faults.push(format!("{day} 的封存文件缺失"));
        }
    }
    for file in &files {
        let text = STANDARD.decode(&file.signed).unwrap_or_default();
        let head = found.take(check, file.day, &text, format!("{} 的封存文件", file.day));
        let row = rows.iter().find(|row| row.day == file.day.to_string());
        if head.is_some() && row.is_none_or(|row| row.signed != text) {
            found.faults.push(format!("{} 的封存链头已从数据库中删除或替换", file.day));
        }
    }
    for copy in check.copies.iter().filter(|copy| copy.node == check.node) {
        let text = STANDARD.decode(&copy.signed).unwrap_or_default();
        found.take(check, copy.day, &text, format!("上级留存的 {} 链头", copy.day));
    }
    Ok(found)
}

fn files(data_dir: &Path) -> Result<Vec<HeadFile>> {
    let folder = folder(data_dir);
    let failed = |error: std::io::Error| ServiceError::Unavailable(format!("{}: {error}", folder.display()));
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(day) = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<Day>().ok())
        else {
            continue;
        };
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(failed)?;
        // What cannot be read counts as a head whose signature does not hold.
        let read = serde_json::from_slice::<HeadFile>(&bytes).ok().filter(|file| file.day == day);
        found.push(read.unwrap_or_else(|| unreadable(day)));
    }
    found.sort_by_key(|file| file.day);
    Ok(found)
}

fn unreadable(day: Day) -> HeadFile {
    HeadFile {
        node: String::new(),
        day,
        first_seq: 0,
        last_seq: 0,
        count: 0,
        hash: String::new(),
        previous: String::new(),
        at: Timestamp::default(),
        signed: String::new(),
    }
}

/// The fault in one sentence that names the row.
fn told(fault: &AuditFault) -> String {
    let at = fault.at.map_or_else(String::new, |at| format!("{at}，"));
    let row = format!("{at}{} {}", words::action(&fault.action), fault.action);
    let seq = fault.seq;
    let text = match fault.flaw {
        Flaw::Altered => format!("第 {seq} 条（{row}）内容与写入时不一致"),
        Flaw::Unlinked => format!("第 {seq} 条（{row}）不接续前一条，其中一条是后来插入的"),
        Flaw::Missing if fault.action.is_empty() => format!("第 {seq} 条起缺失"),
        Flaw::Missing => format!("第 {seq} 条起缺失，其前一条为（{row}）"),
        Flaw::Added => format!("第 {seq} 条（{row}）是后来添加的"),
        Flaw::Rewritten => format!("第 {seq} 条（{row}）与已签名的链头不符，此前的记录被整体改写"),
    };
    if fault.by.is_empty() { text } else { format!("{text}（依据：{}）", fault.by) }
}

/// Walks the node's own trail and notes how it went.
///
/// # Errors
/// When the database or the folder is out of reach; a fault of the trail is no error.
pub async fn verify_all(node: &Node) -> Result<Outcome> {
    let key = node.signing_key.verifying_key();
    let wanted =
        Check { node: node.code(), key: &key, data_dir: &node.config.data_dir, from: None, to: None, copies: &[] };
    let at = node.now();
    let outcome = match check(&node.store, &wanted).await? {
        Ok(walked) => Outcome { at, rows: walked.rows, seq: walked.seq, fault: None },
        Err(fault) => Outcome { at, rows: 0, seq: 0, fault: Some(fault) },
    };
    let tx = node.store.begin().await?;
    tx.set_state(OUTCOME, &serde_json::to_string(&outcome)?).await?;
    tx.commit().await?;
    if let Err(error) = note_walk(node, &outcome).await {
        // A trail whose last row is gone takes no further one; the state above tells of it all the same.
        tracing::error!(error = %error, "the walk could not be noted in the audit trail");
    }
    Ok(outcome)
}

async fn note_walk(node: &Node, outcome: &Outcome) -> Result<()> {
    let cx = node.own_context(VERIFY_JOB);
    let (result, reason) = match &outcome.fault {
        Some(fault) => {
            tracing::error!(fault, "the audit trail is not what was written");
            ("failed", fault.clone())
        }
        None => ("ok", format!("已校验到第 {} 条", outcome.seq)),
    };
    let tx = node.store.begin().await?;
    note_outcome(&tx, &cx, (VERIFY_JOB, "audit", node.code()), result, &reason).await?;
    Ok(tx.commit().await?)
}

/// What is known about the wholeness of the trail.
#[derive(Clone, Debug)]
pub struct Integrity {
    /// How the last walk ended; `None` before the first.
    pub last: Option<Outcome>,
    /// Rows now.
    pub total: u64,
    /// The newest heads of this node, newest first.
    pub heads: Vec<HeadFile>,
    /// The newest head of each lower node, with its name.
    pub children: Vec<(HeadFile, String)>,
}

/// What is known about the wholeness of the trail.
///
/// # Errors
/// When the actor may not read the trail.
pub async fn integrity(node: &Node, cx: &OpContext) -> Result<Integrity> {
    const SHOWN: u64 = 31;
    cx.authorize(Action::Read, Kind::Audit)?;
    let last = node.store.state(OUTCOME).await?.and_then(|text| serde_json::from_str(&text).ok());
    let heads = node.store.audit_heads(node.code(), EVER.0, EVER.1, SHOWN).await?;
    let others = node.store.audit_heads_of_others().await?;
    let visible = others.iter().filter(|row| cx.scope.covers_division(&row.node));
    Ok(Integrity {
        last,
        total: node.store.audit_count().await?,
        heads: heads.iter().map(HeadFile::from).collect(),
        children: visible.map(|row| (HeadFile::from(row), node.divisions.name(&row.node).to_owned())).collect(),
    })
}

/// Heads of a node from one day to another, newest first; of this node without a name.
///
/// # Errors
/// When the actor may not read the trail, or the node is out of scope.
pub async fn heads(
    node: &Node,
    cx: &OpContext,
    of: Option<&str>,
    from: Option<Day>,
    to: Option<Day>,
) -> Result<Vec<HeadFile>> {
    const MOST: u64 = 4_000;
    cx.authorize(Action::Read, Kind::Audit)?;
    let of = of.filter(|of| !of.is_empty()).unwrap_or_else(|| node.code());
    if of != node.code() && !cx.scope.covers_division(of) {
        return Err(ServiceError::NotFound("node"));
    }
    let text = |day: Option<Day>, other: &str| day.map_or_else(|| other.to_owned(), |day| day.to_string());
    let rows = node.store.audit_heads(of, &text(from, EVER.0), &text(to, EVER.1), MOST).await?;
    Ok(rows.iter().map(HeadFile::from).collect())
}
