//! What systems on trial report (试运行): checked and answered row by row like everything else, kept in tables of its own,
//! and nowhere in the journal, so that no statistic, evaluation or chain ever hears of it. Rows: G-6.7.2.

use std::collections::HashSet;

use suyuan_domain::fault::Fault;
use suyuan_store::Tx;
use suyuan_store::access::trial::{TrialMessage, TrialRow};
use suyuan_store::intake::StoredAnswer;

use super::{
    Answer, Message, PreparedRow, Reporter, RowAnswer, RowStatus, check_message, check_rows, shortened, summed,
};
use crate::access::SystemIdentity;
use crate::{Node, Result, ServiceError};

/// Takes in a message of a system on trial.
///
/// # Errors
/// As [`super::submit`].
pub(super) async fn submit(node: &Node, reporter: Reporter, message: Message) -> Result<Answer> {
    check_message(&message)?;
    let now = node.now();
    let Message { id, format, body_hash, .. } = &message;
    let (id, format, body_hash) = (id.clone(), *format, *body_hash);
    let texts: Vec<String> = message.rows.iter().map(|row| shortened(row.raw.clone())).collect();
    let rows = check_rows(node, &reporter, message, now);
    let tx = node.store.begin().await?;
    if let Some(stored) = tx.trial_answer(&reporter.system, &id).await? {
        return again(&stored, body_hash, &id);
    }
    let (answers, kept) = judged(&tx, &reporter.system, &id, rows, texts).await?;
    let answer = summed(id, answers);
    let stored = StoredAnswer { body_hash, answer: serde_json::to_string(&answer)? };
    let kept_message = TrialMessage {
        system: &reporter.system,
        message: &answer.message_id,
        format,
        counts: [answer.received, answer.accepted, answer.rejected, answer.duplicate],
        answer: &stored,
    };
    tx.keep_trial(&kept_message, kept, now).await?;
    tx.heard_of("access", &reporter.system, Some(now), now, 0).await?;
    tx.commit().await?;
    Ok(answer)
}

fn again(stored: &StoredAnswer, body_hash: [u8; 32], message: &str) -> Result<Answer> {
    if stored.body_hash == body_hash {
        return Ok(serde_json::from_str(&stored.answer)?);
    }
    let reason = format!("消息编号 {message} 已用于另一份内容");
    Err(ServiceError::Conflict(Fault::new("CAP-0103", "message_id", reason, "请为新的批次使用新的消息编号")))
}

/// The answers, and the rows to be kept.
async fn judged(
    tx: &Tx,
    system: &str,
    message: &str,
    rows: Vec<PreparedRow>,
    texts: Vec<String>,
) -> Result<(Vec<RowAnswer>, Vec<TrialRow>)> {
    let (mut answers, mut kept) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut seen: HashSet<(String, String)> = HashSet::new();
    for ((row, raw), number) in rows.into_iter().zip(texts).zip(0u64..) {
        let (status, faults) = match row {
            PreparedRow::Bad { faults, .. } => (RowStatus::Rejected, faults),
            PreparedRow::Good { body, .. } => {
                let subject = body.event.subject.clone();
                let event_id = body.event.event_id.clone().unwrap_or_else(|| format!("{message}#{number}"));
                let fresh = seen.insert((subject.clone(), event_id.clone()));
                if !fresh || tx.trial_known(system, &subject, &event_id).await? {
                    (RowStatus::Duplicate, Vec::new())
                } else {
                    kept.push(TrialRow { subject, event_id, row: number, raw });
                    (RowStatus::Accepted, Vec::new())
                }
            }
        };
        answers.push(RowAnswer { row: number, status, id: None, faults });
    }
    Ok((answers, kept))
}

/// The stored answer to a message of a system on trial.
pub(super) async fn answered(node: &Node, system: &SystemIdentity, message: &str) -> Result<Option<Answer>> {
    let tx = node.store.begin().await?;
    let stored = tx.trial_answer(&system.code, message).await?;
    tx.rollback().await?;
    Ok(stored.map(|stored| serde_json::from_str(&stored.answer)).transpose()?)
}

/// One row as the self-test looks at it.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The event, where the row could be read and stands.
    pub event: Option<Box<suyuan_domain::event::TraceEvent>>,
    /// Whether goods of its stage come from somewhere.
    pub needs_upstream: bool,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// Checks rows for the self-test; nothing is kept.
///
/// # Errors
/// For a message that cannot be answered row by row.
pub fn look(node: &Node, reporter: &Reporter, message: Message) -> Result<Vec<Looked>> {
    check_message(&message)?;
    let rows = check_rows(node, reporter, message, node.now());
    let looked = |row| match row {
        PreparedRow::Good { body, .. } => {
            let (needs_upstream, event) = (body.quality.needs_upstream, Box::new(body.event));
            Looked { event: Some(event), needs_upstream, faults: Vec::new() }
        }
        PreparedRow::Bad { faults, .. } => Looked { event: None, needs_upstream: false, faults },
    };
    Ok(rows.into_iter().map(looked).collect())
}
