//! The audit trail (审计日志): noting what was done, and reading it. Rows: G-5.4.3, H-6.5, H-9.

use suyuan_domain::clock::Timestamp;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::audit::{AuditEntry, AuditFilter, AuditRow};

use crate::Result;
use crate::listing::Listed;
use crate::node::Node;
use crate::register::within;

/// Longest text that is kept of a name or reason, in characters.
const TEXT_LIMIT: usize = 500;

fn cut(text: &str) -> String {
    text.chars().take(TEXT_LIMIT).collect()
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

/// Notes what was done, in the transaction that does it. `before` and `after` must hold no secrets and no full telephone
/// numbers: the trail is never shortened.
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
    entry.before = before.map(str::to_owned);
    entry.after = after.map(str::to_owned);
    tx.audit(&entry).await?;
    Ok(())
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
    entry.reason = cut(reason);
    tx.audit(&entry).await?;
    Ok(())
}

/// What a list of the trail is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// First moment.
    pub from: Option<Timestamp>,
    /// Moment after the last.
    pub to: Option<Timestamp>,
    /// Who.
    pub actor: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// Division of the actors, with what lies below.
    pub division: Option<String>,
    /// Before which place.
    pub after: Option<i64>,
    /// Rows of the page.
    pub limit: usize,
}

/// A page of the trail, newest first.
///
/// # Errors
/// When the actor may not read it, or the database is out of reach.
pub async fn list(node: &Node, cx: &OpContext, query: AuditQuery) -> Result<Listed<AuditRow>> {
    cx.authorize(Action::Read, Kind::Audit)?;
    let filter = AuditFilter {
        from: query.from,
        to: query.to,
        actor: query.actor,
        action: query.action,
        divisions: within(node, cx, query.division.as_deref())?,
    };
    let page = node.store.audit_rows(&cx.scope, &filter, query.after, query.limit).await?;
    Ok(Listed::of_page(page, |row| row.seq.to_string()))
}
