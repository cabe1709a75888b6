//! The audit trail (审计日志): noting what was done, by whom, on what, with what before and after, and how it ended.
//!
//! What is noted is masked here, so no caller can put a full telephone number, a paper's number or a password into rows that
//! are never shortened. Reading, figures and files: [`view`]; proofs and signed ends of days: [`head`]; rows of other
//! applications: [`outside`]; what the interface adds where a use case noted nothing: [`guard`].
//! Rows: G-5.4.3, H-6.5, H-9.

pub mod guard;
pub mod head;
pub mod outside;
mod redact;
pub mod view;
pub mod words;

use serde::Serialize;
use suyuan_security::context::OpContext;
use suyuan_store::Tx;
use suyuan_store::audit::AuditEntry;

use crate::Result;

pub use guard::{denied, outcome};
pub use redact::{difference, redacted};
pub use view::{AuditQuery, AuditView, list};

/// Longest text that is kept of a name or reason, in characters.
const TEXT_LIMIT: usize = 500;

/// Longest text that is kept of what was before or after, in characters.
const DOC_LIMIT: usize = 20_000;

fn cut(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
}

fn kept(text: &str) -> String {
    redacted(text).chars().take(DOC_LIMIT).collect()
}

fn entry(cx: &OpContext, action: &str, object_kind: &str, object_id: &str) -> AuditEntry {
    AuditEntry {
        at: cx.now,
        actor: cut(&cx.actor.username),
        role: cx.actor.role.clone(),
        division: cx.division.clone(),
        address: cx.address.clone(),
        action: action.to_owned(),
        object_kind: object_kind.to_owned(),
        object_id: cut(object_id),
        result: "ok".to_owned(),
        reason: String::new(),
        before: None,
        after: None,
        request_id: cx.request_id.clone(),
    }
}

/// Notes what was done, in the transaction that does it. `before` and `after` are JSON or words; telephone numbers, numbers
/// of papers, passwords and tokens in them are masked.
///
/// # Errors
/// When the database refuses.
pub async fn note(
    tx: &Tx,
    cx: &OpContext,
    action: &str,
    object_kind: &str,
    object_id: &str,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<()> {
    let mut entry = entry(cx, action, object_kind, object_id);
    entry.before = before.map(kept);
    entry.after = after.map(kept);
    tx.audit(&entry).await?;
    Ok(())
}

/// Notes a change: of both documents only what differs is kept.
///
/// # Errors
/// When a document cannot be written as JSON, or the database refuses.
pub async fn note_change<B: Serialize, A: Serialize>(
    tx: &Tx,
    cx: &OpContext,
    (action, object_kind, object_id): (&str, &str, &str),
    before: Option<&B>,
    after: Option<&A>,
) -> Result<()> {
    let before = before.map(serde_json::to_value).transpose()?;
    let after = after.map(serde_json::to_value).transpose()?;
    let (before, after) = difference(before, after);
    let text = |value: Option<serde_json::Value>| value.map(|value| value.to_string());
    let (before, after) = (text(before), text(after));
    note(tx, cx, action, object_kind, object_id, before.as_deref(), after.as_deref()).await
}

/// Notes how something ended (`ok`, `denied`, `failed`) and why.
///
/// # Errors
/// When the database refuses.
pub async fn note_outcome(
    tx: &Tx,
    cx: &OpContext,
    (action, object_kind, object_id): (&str, &str, &str),
    result: &str,
    reason: &str,
) -> Result<()> {
    let mut entry = entry(cx, action, object_kind, object_id);
    entry.result = result.to_owned();
    entry.reason = cut(&redacted(reason));
    tx.audit(&entry).await?;
    Ok(())
}
