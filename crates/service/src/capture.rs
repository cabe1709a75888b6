//! Capture (追溯数据采集): checks what connected systems and people report, keeps the good rows, sets the bad aside.
//!
//! Parsing outside forms belongs to `suyuan-formats`. A message is answered once: the same message again gets the stored
//! answer, and the answer is given only after everything is durable. Rows: G-8, G-6.2.2c, G-6.4.2a, H-6.2, A-4.2.

pub mod forms;
mod known;
pub mod ledger;
pub mod trial;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::sm3;
use suyuan_domain::check::{self, CheckLimits};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::TraceEvent;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::Packs;
use suyuan_domain::record::{Draft, kind};
use suyuan_formats::EventDraft;
use suyuan_store::Tx;
use suyuan_store::intake::{EventKey, NewBatch, NewReject, StoredAnswer};
use tokio::sync::{mpsc, oneshot};

use self::known::Known;
use crate::payload::{EventBody, IntakeBody, OriginalBody, QualityBody};
use crate::record::{Route, draft};
use crate::{Node, Result, ServiceError, quality};

/// Rows in one message.
pub const MAX_ROWS: usize = 10_000;

/// Name of the EPCIS form.
const EPCIS: &str = "epcis";

/// Faults that lower the completeness of an EPCIS event and do not refuse it, because the standard allows it: old events,
/// events without units, keys of examples, and what only our own metadata ask for.
const TOLERATED_IN_EPCIS: [&str; 5] = ["EVT-0106", "EVT-0108", "EVT-0109", "EVT-0110", "EVT-0115"];

/// Characters of a rejected row that are kept.
const RAW_LIMIT: usize = 4_000;

/// Events that the writer puts into one transaction.
const MERGED_EVENTS: usize = 10_000;

/// Who reports, as authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporter {
    /// Code of the connected system, or of the node for manual entry.
    pub system: String,
    /// Division of the system.
    pub division: String,
    /// Category of the system; empty for several.
    pub category: String,
    /// Stage of the system; empty for several.
    pub stage: String,
}

/// A message with its rows, parsed.
#[derive(Debug)]
pub struct Message {
    /// The sender's own id of the message.
    pub id: String,
    /// Outside form: `json`, `epcis`, `csv`, `manual`.
    pub format: &'static str,
    /// Hash of the body, so that another body under the same id is noticed.
    pub body_hash: [u8; 32],
    /// Rows in their order, with their own text for the list of rejected rows.
    pub rows: Vec<MessageRow>,
}

impl Message {
    /// A message as `suyuan-formats` has read it from `body`.
    #[must_use]
    pub fn read(message: suyuan_formats::Message, format: &'static str, body: &[u8]) -> Self {
        let suyuan_formats::Message { message_id, rows, raw } = message;
        let mut texts = raw.into_iter();
        let rows = rows.into_iter().map(|parsed| MessageRow { parsed, raw: texts.next().unwrap_or_default() });
        Self { id: message_id, format, body_hash: sm3(body), rows: rows.collect() }
    }
}

/// One row of a message.
#[derive(Debug)]
pub struct MessageRow {
    /// The event, or what is wrong with the row's form.
    pub parsed: std::result::Result<EventDraft, Vec<Fault>>,
    /// The row as it came.
    pub raw: String,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// Stored.
    Accepted,
    /// Set aside with its faults.
    Rejected,
    /// Already there, unchanged.
    Duplicate,
}

/// The answer for one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowAnswer {
    /// Row within the message, from 0.
    pub row: u64,
    /// What became of it.
    pub status: RowStatus,
    /// The event, where there is one.
    pub id: Option<ObjectId>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

/// The answer to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The sender's own id of the message.
    pub message_id: String,
    /// Rows that came.
    pub received: u64,
    /// Rows that were stored.
    pub accepted: u64,
    /// Rows that were set aside.
    pub rejected: u64,
    /// Rows that were there already.
    pub duplicate: u64,
    /// Every row.
    pub rows: Vec<RowAnswer>,
}

/// A message that was checked and waits for the writer.
#[derive(Debug)]
pub struct Prepared {
    reporter: Reporter,
    message: String,
    format: &'static str,
    body_hash: [u8; 32],
    now: Timestamp,
    rows: Vec<PreparedRow>,
    long_known: Known,
    answer_to: oneshot::Sender<Result<Answer>>,
}

#[derive(Debug)]
enum PreparedRow {
    Good { object: ObjectId, body: Box<EventBody>, voids: Option<String> },
    Bad { faults: Vec<Fault>, raw: String },
}

/// The way to the writer.
#[derive(Clone, Debug)]
pub struct CaptureQueue(mpsc::Sender<Prepared>);

/// A queue and its other end, which [`write_all`] serves.
#[must_use]
pub fn queue() -> (CaptureQueue, mpsc::Receiver<Prepared>) {
    let (sender, receiver) = mpsc::channel(256);
    (CaptureQueue(sender), receiver)
}

/// Checks rows without storing anything, as a dry run.
#[must_use]
pub fn dry_run(node: &Node, reporter: &Reporter, message: Message) -> Answer {
    let id = message.id.clone();
    let rows = check_rows(node, reporter, message, node.now());
    let answers = rows
        .into_iter()
        .zip(0..)
        .map(|(row, number)| match row {
            PreparedRow::Good { .. } => {
                RowAnswer { row: number, status: RowStatus::Accepted, id: None, faults: vec![] }
            }
            PreparedRow::Bad { faults, .. } => RowAnswer { row: number, status: RowStatus::Rejected, id: None, faults },
        })
        .collect();
    summed(id, answers)
}

/// Takes in a message: checks its rows, stores the good ones, sets the bad ones aside, and answers when it is durable.
///
/// # Errors
/// [`ServiceError::Invalid`] for a message that cannot be answered row by row, [`ServiceError::Conflict`] for a message id
/// that was used for another body, [`ServiceError::Unavailable`] while the node stops.
pub async fn submit(node: &Node, reporter: Reporter, message: Message) -> Result<Answer> {
    check_message(&message)?;
    let now = node.now();
    let Message { id, format, body_hash, .. } = &message;
    let (message_id, format, body_hash) = (id.clone(), *format, *body_hash);
    let rows = check_rows(node, &reporter, message, now);
    let long_known = Known::long_ago(node, &reporter.system, &rows, now).await?;
    let (answer_to, answer) = oneshot::channel();
    let prepared = Prepared { reporter, message: message_id, format, body_hash, now, rows, long_known, answer_to };
    let stopping = || ServiceError::Unavailable("the capture writer has stopped".into());
    node.capture.0.send(prepared).await.map_err(|_| stopping())?;
    answer.await.map_err(|_| stopping())?
}

fn check_message(message: &Message) -> Result<()> {
    let id = message.id.as_str();
    if id.is_empty() || id.len() > 128 || id.chars().any(char::is_control) {
        let advice = "请为每个批次填写唯一的 message_id（1–128 个字符），重发同一批次时保持不变";
        return Err(ServiceError::invalid("CAP-0101", "message_id", "消息编号缺失或格式不正确", advice));
    }
    if message.rows.is_empty() {
        return Err(ServiceError::invalid("CAP-0102", "events", "批次中没有记录", "请至少提交一条记录"));
    }
    if message.rows.len() > MAX_ROWS {
        let reason = format!("批次中有 {} 条记录，超过上限 {MAX_ROWS} 条", message.rows.len());
        return Err(ServiceError::invalid("CAP-0104", "events", reason, "请拆分为多个批次提交"));
    }
    Ok(())
}

fn check_rows(node: &Node, reporter: &Reporter, message: Message, now: Timestamp) -> Vec<PreparedRow> {
    let Message { id, format, rows, .. } = message;
    let packs = node.packs();
    let mut prepared = Vec::with_capacity(rows.len());
    for (row, number) in rows.into_iter().zip(0..) {
        prepared.push(match row.parsed {
            Err(faults) => PreparedRow::Bad { faults, raw: shortened(row.raw) },
            Ok(parsed) => check_row((node, &packs), reporter, parsed, now, (&id, number, format), row.raw),
        });
    }
    prepared
}

fn check_row(
    (node, packs): (&Node, &Packs),
    reporter: &Reporter,
    parsed: EventDraft,
    now: Timestamp,
    (message, row, format): (&str, u32, &str),
    raw: String,
) -> PreparedRow {
    let EventDraft { mut event, original } = parsed;
    event.received_at = now;
    event.source.system = reporter.system.clone();
    event.source.message = message.to_owned();
    event.source.row = row;
    event.source.format = format.to_owned();
    if event.division.is_empty() {
        event.division = reporter.division.clone();
    }
    let checked = check::check(&event, packs, &node.divisions, &CheckLimits::default(), now);
    let mut faults = checked.faults;
    if format == EPCIS {
        faults.retain(|fault| !TOLERATED_IN_EPCIS.contains(&fault.code.as_str()));
    }
    if !node.divisions.is_within(&event.division, node.code()) {
        let reason = format!("区划 {} 不在本平台 {} 的管辖范围内", event.division, node.divisions.name(node.code()));
        faults.push(Fault::new("EVT-0190", "division", reason, "请向事件发生地的平台报送"));
    }
    if !faults.is_empty() {
        return PreparedRow::Bad { faults, raw: shortened(raw) };
    }
    let quality = QualityBody {
        late: checked.quality.late,
        needs_upstream: checked.quality.needs_upstream,
        mandatory_total: small(checked.quality.mandatory_total),
        mandatory_filled: small(checked.quality.mandatory_filled),
    };
    let voids = event.error_declaration.as_ref().and(event.event_id.clone());
    let object = ObjectId::mint(now, &*node.chance);
    let original = original.map(|original| OriginalBody { event: original.event, context: original.context });
    PreparedRow::Good { object, body: Box::new(EventBody { event, quality, voided_by: None, original }), voids }
}

fn small(count: u32) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

fn shortened(mut raw: String) -> String {
    if raw.len() > RAW_LIMIT {
        let end = (0..=RAW_LIMIT).rev().find(|at| raw.is_char_boundary(*at)).unwrap_or(0);
        raw.truncate(end);
    }
    raw
}

fn summed(message_id: String, rows: Vec<RowAnswer>) -> Answer {
    let count = |status| rows.iter().filter(|row| row.status == status).count() as u64;
    Answer {
        message_id,
        received: rows.len() as u64,
        accepted: count(RowStatus::Accepted),
        rejected: count(RowStatus::Rejected),
        duplicate: count(RowStatus::Duplicate),
        rows,
    }
}

/// Serves the queue until `stop` ends: the one writer, which merges waiting messages into one transaction. A round that
/// has begun is finished; what still waits then is answered as unavailable and comes again.
pub async fn write_all(node: &Node, mut queue: mpsc::Receiver<Prepared>, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    loop {
        let first = tokio::select! {
            () = &mut stop => return,
            next = queue.recv() => next,
        };
        let Some(first) = first else { return };
        let mut merged = vec![first];
        let mut events = merged[0].rows.len();
        while events < MERGED_EVENTS {
            let Ok(next) = queue.try_recv() else { break };
            events += next.rows.len();
            merged.push(next);
        }
        write_merged(node, merged).await;
    }
}

/// Writes several messages in one transaction; where that fails, each in its own, so that one cannot spoil another.
async fn write_merged(node: &Node, messages: Vec<Prepared>) {
    let together: Vec<&Prepared> = messages.iter().collect();
    match write_together(node, &together).await {
        Ok(answers) => {
            for (message, answer) in messages.into_iter().zip(answers) {
                let _gone = message.answer_to.send(answer);
            }
        }
        Err(error) if messages.len() == 1 => {
            for message in messages {
                let text = error.to_string();
                tracing::error!(
                    system = message.reporter.system,
                    message = message.message,
                    error = text,
                    "capture failed"
                );
                let _gone = message.answer_to.send(Err(ServiceError::Unavailable(text)));
            }
        }
        Err(_) => {
            for message in messages {
                let alone = write_together(node, &[&message]).await;
                let answer = alone
                    .and_then(|mut answers| answers.pop().unwrap_or_else(|| Err(ServiceError::changed_meanwhile())));
                let _gone = message.answer_to.send(answer);
            }
        }
    }
}

async fn write_together(node: &Node, messages: &[&Prepared]) -> Result<Vec<Result<Answer>>> {
    let mut tx = node.store.begin().await?;
    let mut drafts = Vec::new();
    let mut answers: Vec<Result<Answer>> = Vec::with_capacity(messages.len());
    for message in messages {
        let answer = match stored_answer(&tx, message).await? {
            Some(stored) => stored,
            None => Ok(write_message(node, &tx, message, &mut drafts).await?),
        };
        answers.push(answer);
    }
    tx.append(drafts).await?;
    tx.commit().await?;
    Ok(answers)
}

/// The answer given before, or the refusal of another body under the same id.
async fn stored_answer(tx: &Tx, message: &Prepared) -> Result<Option<Result<Answer>>> {
    let Some(stored) = tx.answered(&message.reporter.system, &message.message).await? else { return Ok(None) };
    if stored.body_hash == message.body_hash {
        return Ok(Some(Ok(serde_json::from_str(&stored.answer)?)));
    }
    let reason = format!("消息编号 {} 已用于另一份内容", message.message);
    let fault = Fault::new("CAP-0103", "message_id", reason, "请为新的批次使用新的消息编号");
    Ok(Some(Err(ServiceError::Conflict(fault))))
}

async fn write_message(node: &Node, tx: &Tx, message: &Prepared, drafts: &mut Vec<Draft>) -> Result<Answer> {
    let mut known = Known::of(tx, message).await?;
    let mut written = Written::default();
    for (row, number) in message.rows.iter().zip(0..) {
        match row {
            PreparedRow::Bad { faults, raw } => written.reject(number, faults, raw)?,
            PreparedRow::Good { object, body, voids } => match (known.find(&body.event), voids) {
                (Some((target, version)), Some(_)) => {
                    written.declare((target, version + 1), *object, body, message.now, number)?;
                    known.note(&body.event, target, version + 1);
                }
                (Some((target, _)), None) => written.duplicate(number, target),
                (None, _) => {
                    written.accept(*object, body, message.now, number)?;
                    known.note(&body.event, *object, 1);
                }
            },
        }
    }
    finish_message(node, tx, message, written, drafts).await
}

#[derive(Default)]
struct Written<'a> {
    rows: Vec<RowAnswer>,
    drafts: Vec<Draft>,
    keys: Vec<EventKey>,
    rejects: Vec<NewReject>,
    by_code: BTreeMap<String, u64>,
    accepted: Vec<(ObjectId, &'a TraceEvent)>,
}

impl<'a> Written<'a> {
    fn answer(&mut self, row: u64, status: RowStatus, id: Option<ObjectId>, faults: Vec<Fault>) {
        self.rows.push(RowAnswer { row, status, id, faults });
    }

    fn reject(&mut self, row: u64, faults: &[Fault], raw: &str) -> Result<()> {
        let code = faults.first().map_or("CAP-0199", |fault| fault.code.as_str());
        *self.by_code.entry(code.to_owned()).or_default() += 1;
        self.rejects.push(NewReject { row, faults: serde_json::to_string(faults)?, raw: raw.to_owned() });
        self.answer(row, RowStatus::Rejected, None, faults.to_vec());
        Ok(())
    }

    fn duplicate(&mut self, row: u64, object: ObjectId) {
        self.answer(row, RowStatus::Duplicate, Some(object), vec![]);
    }

    fn accept(&mut self, object: ObjectId, body: &'a EventBody, at: Timestamp, row: u64) -> Result<()> {
        self.drafts.push(draft(kind::EVENT, object, (1, 1), at, Route::Up, body)?);
        self.key(&body.event, object, 1);
        self.accepted.push((object, &body.event));
        self.answer(row, RowStatus::Accepted, Some(object), vec![]);
        Ok(())
    }

    /// An error declaration is a fact of its own plus a version of the event that names it.
    fn declare(
        &mut self,
        (target, version): (ObjectId, u64),
        declaration: ObjectId,
        body: &'a EventBody,
        at: Timestamp,
        row: u64,
    ) -> Result<()> {
        self.drafts.push(draft(kind::EVENT, declaration, (1, 1), at, Route::Up, body)?);
        let mut voided = body.clone();
        voided.voided_by = Some(declaration);
        voided.event.error_declaration = None;
        self.drafts.push(draft(kind::EVENT, target, (1, version), at, Route::Up, &voided)?);
        self.key(&body.event, target, version);
        self.answer(row, RowStatus::Accepted, Some(declaration), vec![]);
        Ok(())
    }

    fn key(&mut self, event: &TraceEvent, object: ObjectId, version: u64) {
        if let Some(event_id) = event.event_id.clone() {
            self.keys.push(EventKey { subject: event.subject.clone(), event_id, object, version });
        }
    }
}

async fn finish_message(
    node: &Node,
    tx: &Tx,
    message: &Prepared,
    written: Written<'_>,
    drafts: &mut Vec<Draft>,
) -> Result<Answer> {
    let Written { rows, drafts: own, mut keys, rejects, by_code, accepted } = written;
    drafts.extend(own);
    drafts.extend(quality::on_arrival(node, tx, &accepted).await?);
    // A repeated identifier within one message leaves one key: the last version.
    keys.reverse();
    let mut seen = std::collections::HashSet::new();
    keys.retain(|key| seen.insert((key.subject.clone(), key.event_id.clone())));
    tx.keep_event_keys(&keys, message.now).await?;
    let answer = summed(message.message.clone(), rows);
    let object = ObjectId::mint(message.now, &*node.chance);
    let body = intake_body(message, &answer, by_code);
    drafts.push(draft(kind::INTAKE, object, (1, 1), message.now, Route::Up, &body)?);
    let batch = NewBatch {
        object,
        system: &message.reporter.system,
        message: &message.message,
        format: message.format,
        division: &message.reporter.division,
        counts: [answer.received, answer.accepted, answer.rejected, answer.duplicate],
    };
    tx.note_batch(&batch, rejects, message.now).await?;
    let stored = StoredAnswer { body_hash: message.body_hash, answer: serde_json::to_string(&answer)? };
    tx.keep_answer(&message.reporter.system, &message.message, &stored, message.now).await?;
    Ok(answer)
}

fn intake_body(message: &Prepared, answer: &Answer, rejects: BTreeMap<String, u64>) -> IntakeBody {
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    IntakeBody {
        system: message.reporter.system.clone(),
        message: message.message.clone(),
        format: message.format.to_owned(),
        received_at: message.now,
        division: message.reporter.division.clone(),
        category: message.reporter.category.clone(),
        stage: message.reporter.stage.clone(),
        received: small(answer.received),
        accepted: small(answer.accepted),
        rejected: small(answer.rejected),
        duplicate: small(answer.duplicate),
        rejects,
    }
}
