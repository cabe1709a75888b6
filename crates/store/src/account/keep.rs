//! What is kept beside accounts: former passwords, recovery codes, used tickets, what their trail says, and erasing all.
//!
//! Rows, H-6.5, H-9.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;

use super::Account;
use crate::db::{Store, Tx};
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// One thing that was done to an account, as the audit trail has it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct AccountEvent {
    /// Place in the trail.
    pub seq: i64,
    /// When, in milliseconds.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// What.
    pub action: String,
    /// `ok`, `denied` or `failed`.
    pub result: String,
    /// What was before.
    pub before_doc: Option<String>,
    /// What is after.
    pub after_doc: Option<String>,
}

/// An account whose name and address still stand in plain columns, from before they were sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainAccount {
    /// The account.
    pub id: ObjectId,
    /// Name for people.
    pub display_name: String,
    /// Address for mail.
    pub email: String,
}

impl Tx {
    /// Remembers a password that is replaced now and forgets all but the last `keep`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remember_password(&self, account: ObjectId, phc: &str, keep: usize, now: Timestamp) -> Result<()> {
        let text = "INSERT INTO password_history (account, password, replaced_at) VALUES (?, ?, ?)";
        sql::execute(self.db(), text, vec![sql::id(account), phc.into(), now.millis().into()]).await?;
        let text = "DELETE FROM password_history WHERE account = ? AND id NOT IN \
                    (SELECT id FROM password_history WHERE account = ? ORDER BY id DESC LIMIT ?)";
        sql::execute(self.db(), text, vec![sql::id(account), sql::id(account), sql::int(keep as u64)]).await?;
        Ok(())
    }

    /// Replaces all recovery codes of an account by these hashes.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_recovery_codes(&self, account: ObjectId, hashes: &[[u8; 32]]) -> Result<()> {
        sql::execute(self.db(), "DELETE FROM recovery_code WHERE account = ?", vec![sql::id(account)]).await?;
        for hash in hashes {
            let text = "INSERT INTO recovery_code (account, hash) VALUES (?, ?)";
            sql::execute(self.db(), text, vec![sql::id(account), hash.to_vec().into()]).await?;
        }
        Ok(())
    }

    /// Uses up a recovery code; says whether there was one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_recovery_code(&self, account: ObjectId, hash: &[u8; 32]) -> Result<bool> {
        let text = "DELETE FROM recovery_code WHERE account = ? AND hash = ?";
        Ok(sql::execute(self.db(), text, vec![sql::id(account), hash.to_vec().into()]).await? > 0)
    }

    /// Notes that a ticket was used, which is good only once; says whether this was the first time.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn spend_ticket(&self, hash: &[u8; 32], expires_at: Timestamp) -> Result<bool> {
        let text = "INSERT INTO spent_ticket (hash, expires_at) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING";
        Ok(sql::execute(self.db(), text, vec![hash.to_vec().into(), expires_at.millis().into()]).await? > 0)
    }

    /// Moves the last used step of the second factor on; says whether `step` was later than it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_step(&self, account: ObjectId, step: u64) -> Result<bool> {
        let text = "UPDATE account SET totp_step = ? WHERE id = ? AND totp_step < ?";
        Ok(sql::execute(self.db(), text, vec![sql::int(step), sql::id(account), sql::int(step)]).await? > 0)
    }

    /// How many other accounts of these roles can be used at `now`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn others_of_roles(&self, except: ObjectId, roles: &[String], now: Timestamp) -> Result<u64> {
        if roles.is_empty() {
            return Ok(0);
        }
        let marks = vec!["?"; roles.len()].join(",");
        let text = format!(
            "SELECT COUNT(*) FROM account WHERE id <> ? AND state = 'active' AND \
             (valid_until IS NULL OR valid_until > ?) AND role IN ({marks})"
        );
        let mut bound = vec![sql::id(except), now.millis().into()];
        bound.extend(roles.iter().map(|role| role.as_str().into()));
        Ok(sql::scalar::<_, i64>(self.db(), &text, bound).await?.map_or(0, sql::uint))
    }

    /// Writes an account that has been made nameless, with everything beside it deleted, and destroys the person's key.
    ///
    /// # Errors
    /// When somebody else changed it first, or the database refuses.
    pub async fn erase_account(&self, account: &Account, expected: u64, now: Timestamp) -> Result<()> {
        self.overwrite_deleted("ON").await?;
        self.change_account(account, expected).await?;
        for table in ["password_history", "recovery_code", "session"] {
            let text = format!("DELETE FROM {table} WHERE account = ?");
            sql::execute(self.db(), &text, vec![sql::id(account.id)]).await?;
        }
        self.erase_person(account.id, now).await
    }

    /// Puts sealed personal data in the place of plain ones.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn seal_plain_account(&self, account: ObjectId, sealed: &[u8]) -> Result<()> {
        self.overwrite_deleted("ON").await?;
        let text = "UPDATE account SET personal = ?, display_name = '', email = '' WHERE id = ?";
        sql::execute(self.db(), text, vec![sealed.to_vec().into(), sql::id(account)]).await?;
        self.overwrite_deleted("FAST").await
    }
}

impl Store {
    /// The last passwords of an account before the present one, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn former_passwords(&self, account: ObjectId) -> Result<Vec<String>> {
        let text = "SELECT password FROM password_history WHERE account = ? ORDER BY id DESC";
        let rows = sql::rows(self.reader(), text, vec![sql::id(account)]).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// How many recovery codes an account has left.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn recovery_codes_left(&self, account: ObjectId) -> Result<u64> {
        let text = "SELECT COUNT(*) FROM recovery_code WHERE account = ?";
        Ok(sql::scalar::<_, i64>(self.reader(), text, vec![sql::id(account)]).await?.map_or(0, sql::uint))
    }

    /// Deletes up to `limit` used tickets that could not be used any more at `now`; gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_spent_tickets(&self, now: Timestamp, limit: u64) -> Result<u64> {
        let text =
            "DELETE FROM spent_ticket WHERE hash IN (SELECT hash FROM spent_ticket WHERE expires_at <= ? LIMIT ?)";
        self.delete_some(text, vec![now.millis().into(), sql::int(limit)]).await
    }

    /// What was done to the account of this name, newest first, before the place `before`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn account_events(
        &self,
        username: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Page<AccountEvent>> {
        let mut conditions = Conditions::default();
        conditions.push("object_kind = 'account' AND object_id = ?", vec![username.into()]);
        let keyset = before.map(|seq| ("seq < ?", vec![seq.into()]));
        let columns = "seq, at, actor, action, result, before_doc, after_doc";
        page(self.reader(), columns, "audit", conditions, keyset, "seq DESC", limit).await
    }

    /// Accounts whose personal data still stand in plain columns.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn plain_accounts(&self) -> Result<Vec<PlainAccount>> {
        let text = "SELECT id, display_name, email FROM account WHERE personal IS NULL AND state <> 'deleted'";
        let rows = sql::rows(self.reader(), text, vec![]).await?;
        let plain = |row: &sea_orm::QueryResult| {
            Ok(PlainAccount {
                id: sql::object(&row.try_get_by_index::<Vec<u8>>(0)?)?,
                display_name: row.try_get_by_index(1)?,
                email: row.try_get_by_index(2)?,
            })
        };
        rows.iter().map(plain).collect()
    }
}
