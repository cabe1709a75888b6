//! Tokens of connected systems (接入令牌), known by their hash only; and the quota of a system with its allow-list.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::{Result, sql};

/// A token. Times are milliseconds UTC.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct TokenRow {
    /// Number on this node.
    pub id: i64,
    /// Code of the system.
    pub system: String,
    /// Name for people.
    pub name: String,
    /// Last characters.
    pub hint: String,
    /// What it opens, words with blanks between.
    pub scopes: String,
    /// When it was issued.
    pub issued_at: i64,
    /// Who issued it; empty where that is not known any more.
    pub issued_by: String,
    /// When it ends; `None` for never.
    pub ends_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<i64>,
    /// From where it was last used; empty for never.
    pub last_address: String,
}

/// A token to be kept.
#[derive(Clone, Debug)]
pub struct NewToken<'a> {
    /// Code of the system.
    pub system: &'a str,
    /// Name for people.
    pub name: &'a str,
    /// Hash of its text.
    pub hash: &'a [u8; 32],
    /// Last characters.
    pub hint: &'a str,
    /// What it opens, words with blanks between.
    pub scopes: &'a str,
    /// Who issues it.
    pub issued_by: &'a str,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
}

/// The quota of a system; `None` for the default of the packs.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct QuotaRow {
    /// Requests in a minute.
    pub requests_per_minute: Option<i64>,
    /// Rows in a day.
    pub rows_per_day: Option<i64>,
    /// Bytes of a body.
    pub body_bytes: Option<i64>,
    /// Networks from which it may call, JSON; an empty list for any.
    pub allow_list: String,
    /// Version; 0 where nothing was set.
    pub version: i64,
}

const COLUMNS: &str = "id, system, name, hint, scopes, issued_at, issued_by, ends_at, revoked_at, last_used_at, \
                       last_address";

impl Tx {
    /// Keeps a token and gives its number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_token(&self, token: &NewToken<'_>, now: Timestamp) -> Result<i64> {
        let text = "INSERT INTO access_token (system, name, hash, hint, scopes, issued_at, issued_by, ends_at, last_address) \
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, '') RETURNING id";
        let bound = vec![
            token.system.into(),
            token.name.into(),
            token.hash.to_vec().into(),
            token.hint.into(),
            token.scopes.into(),
            now.millis().into(),
            token.issued_by.into(),
            token.ends_at.map(Timestamp::millis).into(),
        ];
        let id: Option<i64> = sql::scalar(self.db(), text, bound).await?;
        id.ok_or_else(|| StoreError::damaged("access_token", "no number"))
    }

    /// Revokes one token of a system at once, or all of them. Gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn revoke_tokens(&self, system: &str, id: Option<i64>, now: Timestamp) -> Result<u64> {
        let mut text = "UPDATE access_token SET revoked_at = ? WHERE system = ? AND revoked_at IS NULL".to_owned();
        let mut bound = vec![now.millis().into(), system.into()];
        if let Some(id) = id {
            text.push_str(" AND id = ?");
            bound.push(id.into());
        }
        sql::execute(self.db(), &text, bound).await
    }

    /// Lets a token end at a moment, unless it ends before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_token(&self, id: i64, ends_at: Timestamp) -> Result<()> {
        let text = "UPDATE access_token SET ends_at = ? WHERE id = ? AND (ends_at IS NULL OR ends_at > ?)";
        sql::execute(self.db(), text, vec![ends_at.millis().into(), id.into(), ends_at.millis().into()]).await?;
        Ok(())
    }

    /// Sets the quota of a system whose stored version is `expected`, 0 where nothing was set.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn keep_quota(&self, system: &str, quota: &QuotaRow, expected: i64) -> Result<()> {
        let values = [
            quota.requests_per_minute.into(),
            quota.rows_per_day.into(),
            quota.body_bytes.into(),
            quota.allow_list.as_str().into(),
            (expected + 1).into(),
        ];
        let written = if expected == 0 {
            let text = "INSERT INTO access_quota (requests_per_minute, rows_per_day, body_bytes, allow_list, version, system) \
                        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (system) DO NOTHING";
            let mut bound = values.to_vec();
            bound.push(system.into());
            sql::execute(self.db(), text, bound).await?
        } else {
            let text = "UPDATE access_quota SET requests_per_minute = ?, rows_per_day = ?, body_bytes = ?, allow_list = ?, \
                        version = ? WHERE system = ? AND version = ?";
            let mut bound = values.to_vec();
            bound.extend([system.into(), expected.into()]);
            sql::execute(self.db(), text, bound).await?
        };
        if written == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "access_quota" }) }
    }
}

impl Store {
    /// The token with this hash, whatever became of it.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_token(&self, hash: &[u8; 32]) -> Result<Option<TokenRow>> {
        let text = format!("SELECT {COLUMNS} FROM access_token WHERE hash = ?");
        sql::one(self.reader(), &text, vec![hash.to_vec().into()]).await
    }

    /// The tokens of a system, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn tokens_of(&self, system: &str) -> Result<Vec<TokenRow>> {
        let text = format!("SELECT {COLUMNS} FROM access_token WHERE system = ? ORDER BY id DESC LIMIT 200");
        sql::all(self.reader(), &text, vec![system.into()]).await
    }

    /// Last characters of the newest token of each of these systems that still works.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn token_hints(&self, systems: &[String], now: Timestamp) -> Result<Vec<(String, String)>> {
        let mut hints = Vec::new();
        for chunk in systems.chunks(400) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!(
                "SELECT system, hint FROM access_token WHERE system IN ({marks}) AND revoked_at IS NULL \
                 AND (ends_at IS NULL OR ends_at > ?) ORDER BY id"
            );
            let mut bound: Vec<sea_orm::Value> = chunk.iter().map(|code| code.as_str().into()).collect();
            bound.push(now.millis().into());
            for row in sql::rows(self.reader(), &text, bound).await? {
                hints.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
            }
        }
        Ok(hints)
    }

    /// Notes that a token was used. Not part of any other transaction: a use counts whatever becomes of the request.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_token_used(&self, id: i64, address: &str, now: Timestamp) -> Result<()> {
        let tx = self.begin().await?;
        let text = "UPDATE access_token SET last_used_at = ?, last_address = ? WHERE id = ?";
        sql::execute(tx.db(), text, vec![now.millis().into(), address.into(), id.into()]).await?;
        tx.commit().await
    }

    /// The quota of a system; `None` where nothing was set.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn quota_of(&self, system: &str) -> Result<Option<QuotaRow>> {
        let text = "SELECT requests_per_minute, rows_per_day, body_bytes, allow_list, version FROM access_quota WHERE system = ?";
        sql::one(self.reader(), text, vec![system.into()]).await
    }
}
