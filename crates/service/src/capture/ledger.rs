//! What was reported: batches with their counts, and the rows that were set aside. Rows: G-6.4.1a, H-6.2.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::intake::{BatchRow, IntakeFilter, RejectRow};

use crate::listing::Listed;
use crate::{Node, Result};

/// A row that was set aside, with its first fault.
#[derive(Clone, Debug)]
pub struct RejectView {
    /// Number on this node.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Connected system.
    pub system: String,
    /// The system's message id.
    pub message: String,
    /// Row within the message, from 0.
    pub row: i64,
    /// Its faults.
    pub faults: Vec<Fault>,
    /// The row as it came.
    pub raw: String,
}

/// Which batches or rows are asked for.
#[derive(Clone, Debug, Default)]
pub struct LedgerFilter {
    /// Division with all below it.
    pub division: Option<String>,
    /// Connected system.
    pub system: Option<String>,
    /// Number behind which the page begins.
    pub before: Option<i64>,
    /// Rows of the page.
    pub limit: usize,
}

fn narrowed(node: &Node, cx: &OpContext, filter: &LedgerFilter) -> Result<IntakeFilter> {
    let LedgerFilter { division, system, before, limit } = filter.clone();
    let divisions = crate::subject::within(node, cx, division.as_deref())?;
    Ok(IntakeFilter { divisions, system, before, limit })
}

/// Answered batches, newest first.
///
/// # Errors
/// When the actor may not see them.
pub async fn batches(node: &Node, cx: &OpContext, filter: &LedgerFilter) -> Result<Listed<BatchRow>> {
    cx.authorize(Action::Read, Kind::Capture)?;
    let page = node.store.intake::<BatchRow>(&cx.scope, &narrowed(node, cx, filter)?).await?;
    Ok(Listed::of_page(page, |row| row.id.to_string()))
}

/// Rows that were set aside, newest first.
///
/// # Errors
/// When the actor may not see them.
pub async fn rejects(node: &Node, cx: &OpContext, filter: &LedgerFilter) -> Result<Listed<RejectView>> {
    cx.authorize(Action::Read, Kind::Capture)?;
    let page = node.store.intake::<RejectRow>(&cx.scope, &narrowed(node, cx, filter)?).await?;
    let listed = Listed::of_page(page, |row| row.id.to_string());
    Ok(listed.map(|row| RejectView {
        id: row.id,
        at: Timestamp::from_millis(row.at),
        system: row.system,
        message: row.message,
        row: row.row_no,
        faults: serde_json::from_str(&row.faults).unwrap_or_default(),
        raw: row.raw,
    }))
}
