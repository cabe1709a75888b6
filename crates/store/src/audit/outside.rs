//! Rows that other applications add to the audit trail (外部应用审计): each message once, and the list of an application's own.
//! Names and limits are checked in `suyuan-service`. Rows: G-5.4.3c.

use std::collections::BTreeMap;

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;

use super::{AuditEntry, AuditRow, Row};
use crate::db::{Store, Tx};
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// A row of an application with what the application called it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideRow {
    /// The row.
    pub row: AuditRow,
    /// The application's own identifier.
    pub message: String,
    /// When it happened, as the application says.
    pub occurred_at: Timestamp,
}

#[derive(FromQueryResult)]
struct Joined {
    #[sea_orm(nested)]
    row: Row,
    message: String,
    occurred_at: i64,
}

impl TryFrom<Joined> for OutsideRow {
    type Error = crate::StoreError;

    fn try_from(joined: Joined) -> Result<Self> {
        Ok(Self {
            row: AuditRow::try_from(joined.row)?,
            message: joined.message,
            occurred_at: Timestamp::from_millis(joined.occurred_at),
        })
    }
}

impl Tx {
    /// Which of these messages of a system are known, with the places of their rows.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audit_messages(&self, system: &str, messages: &[&str]) -> Result<BTreeMap<String, u64>> {
        #[derive(FromQueryResult)]
        struct Known {
            message: String,
            seq: i64,
        }
        let mut known = BTreeMap::new();
        for chunk in messages.chunks(256) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!("SELECT message, seq FROM audit_message WHERE system = ? AND message IN ({marks})");
            let mut bound = vec![system.into()];
            bound.extend(chunk.iter().map(|message| (*message).into()));
            let rows: Vec<Known> = sql::all(self.db(), &text, bound).await?;
            known.extend(rows.into_iter().map(|row| (row.message, sql::uint(row.seq))));
        }
        Ok(known)
    }

    /// Adds a row of an application; gives its place.
    ///
    /// # Errors
    /// When the message is known, or the database refuses.
    pub async fn audit_outside(
        &self,
        system: &str,
        message: &str,
        occurred_at: Timestamp,
        entry: &AuditEntry,
    ) -> Result<u64> {
        let seq = self.audit(entry).await?;
        let text = "INSERT INTO audit_message (system, message, seq, occurred_at) VALUES (?, ?, ?, ?)";
        let bound = vec![system.into(), message.into(), sql::int(seq), occurred_at.millis().into()];
        sql::execute(self.db(), text, bound).await?;
        Ok(seq)
    }
}

impl Store {
    /// A page of the rows of an application, oldest first, behind the place `after`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_audit_outside(
        &self,
        system: &str,
        (from, to): (Option<Timestamp>, Option<Timestamp>),
        action: Option<&str>,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Page<OutsideRow>> {
        let mut conditions = Conditions::default();
        conditions.push("m.system = ?", vec![system.into()]);
        if let Some(from) = from {
            conditions.push("a.at >= ?", vec![from.millis().into()]);
        }
        if let Some(to) = to {
            conditions.push("a.at < ?", vec![to.millis().into()]);
        }
        conditions.equal("a.action", action);
        let keyset = after.map(|seq| ("m.seq > ?", vec![seq.into()]));
        let select = "a.seq, a.at, a.actor, a.role, a.division, a.address, a.action, a.object_kind, a.object_id, a.result, \
                      a.reason, a.before_doc, a.after_doc, a.request_id, a.prev, a.hash, m.message, m.occurred_at";
        let table = "audit_message m JOIN audit a ON a.seq = m.seq";
        let rows: Page<Joined> = page(self.reader(), select, table, conditions, keyset, "m.seq", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(OutsideRow::try_from).collect::<Result<_>>()?, more, count })
    }
}
