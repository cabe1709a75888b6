//! Accounts of the people of a node (用户). Passwords come and go as PHC text; what a role may do is not known here.
//!
//! Rows: G-5.4.2, G-5.4.3, A-6.1.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// An account.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub id: ObjectId,
    /// Name for signing in, in small letters.
    pub username: String,
    /// Name for people.
    pub display_name: String,
    /// Code of the role.
    pub role: String,
    /// Division whose subtree the account sees.
    pub division: String,
    /// Categories that the account sees; `None` for all.
    pub categories: Option<BTreeSet<String>>,
    /// Hash of the password, PHC text.
    pub password: String,
    /// Address for mail; may be empty.
    pub email: String,
    /// `active` or `disabled`.
    pub state: String,
    /// Failed logins in a row.
    pub failures: u32,
    /// Until when logins are refused.
    pub locked_until: Option<Timestamp>,
    /// Version, from 1; failed logins do not count.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed, or the last login failed.
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("username", &self.username).field("role", &self.role).finish_non_exhaustive()
    }
}

#[derive(FromQueryResult)]
struct AccountRow {
    id: Vec<u8>,
    username: String,
    display_name: String,
    role: String,
    division: String,
    categories: Option<String>,
    password: String,
    email: String,
    state: String,
    failures: i64,
    locked_until: Option<i64>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self> {
        Ok(Self {
            id: sql::object(&row.id)?,
            username: row.username,
            display_name: row.display_name,
            role: row.role,
            division: row.division,
            categories: row.categories.map(|text| serde_json::from_str(&text)).transpose()?,
            password: row.password,
            email: row.email,
            state: row.state,
            failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
            locked_until: row.locked_until.map(Timestamp::from_millis),
            version: sql::uint(row.version),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

const COLUMNS: &str = "id, username, display_name, role, division, categories, password, email, state, failures, \
                       locked_until, version, created_at, updated_at";

/// A username as it is kept and compared.
#[must_use]
pub fn folded(username: &str) -> String {
    username.trim().to_lowercase()
}

async fn find<C: ConnectionTrait>(db: &C, condition: &str, value: Value) -> Result<Option<Account>> {
    let text = format!("SELECT {COLUMNS} FROM account WHERE {condition}");
    let row: Option<AccountRow> = sql::one(db, &text, vec![value]).await?;
    row.map(Account::try_from).transpose()
}

fn values(account: &Account) -> Result<Vec<Value>> {
    let categories = account.categories.as_ref().map(serde_json::to_string).transpose()?;
    Ok(vec![
        sql::id(account.id),
        folded(&account.username).into(),
        account.display_name.as_str().into(),
        account.role.as_str().into(),
        account.division.as_str().into(),
        categories.into(),
        account.password.as_str().into(),
        account.email.as_str().into(),
        account.state.as_str().into(),
        i64::from(account.failures).into(),
        account.locked_until.map(Timestamp::millis).into(),
        sql::int(account.version),
        account.created_at.millis().into(),
        account.updated_at.millis().into(),
    ])
}

impl Tx {
    /// Adds an account.
    ///
    /// # Errors
    /// A unique violation when the username is taken.
    pub async fn add_account(&self, account: &Account) -> Result<()> {
        let marks = vec!["?"; 14].join(",");
        sql::execute(self.db(), &format!("INSERT INTO account ({COLUMNS}) VALUES ({marks})"), values(account)?).await?;
        Ok(())
    }

    /// Replaces an account whose stored version is `expected`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn change_account(&self, account: &Account, expected: u64) -> Result<()> {
        let text = "UPDATE account SET username = ?, display_name = ?, role = ?, division = ?, categories = ?, \
                    password = ?, email = ?, state = ?, failures = ?, locked_until = ?, version = ?, created_at = ?, \
                    updated_at = ? WHERE id = ? AND version = ?";
        let mut bound = values(account)?.split_off(1);
        bound.extend([sql::id(account.id), sql::int(expected)]);
        if sql::execute(self.db(), text, bound).await? == 1 {
            return Ok(());
        }
        Err(StoreError::Conflict { what: "account" })
    }

    /// Notes the failed logins of an account; its version stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_failures(
        &self,
        id: ObjectId,
        failures: u32,
        locked_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        let text = "UPDATE account SET failures = ?, locked_until = ?, updated_at = ? WHERE id = ?";
        let bound = vec![
            i64::from(failures).into(),
            locked_until.map(Timestamp::millis).into(),
            now.millis().into(),
            sql::id(id),
        ];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }

    /// The account of this name, whatever its scope: for signing in.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_account_by_name(&self, username: &str) -> Result<Option<Account>> {
        find(self.db(), "username = ?", folded(username).into()).await
    }

    /// This account, whatever its scope: for checks within a use case.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_account(&self, id: ObjectId) -> Result<Option<Account>> {
        find(self.db(), "id = ?", sql::id(id)).await
    }
}

impl Store {
    /// The account of this name, whatever its scope: for signing in.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_account_by_name(&self, username: &str) -> Result<Option<Account>> {
        find(self.reader(), "username = ?", folded(username).into()).await
    }

    /// This account, whatever its scope: for sessions.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_account(&self, id: ObjectId) -> Result<Option<Account>> {
        find(self.reader(), "id = ?", sql::id(id)).await
    }

    /// Accounts of the divisions in `scope`, by name, behind the name `after`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn accounts(
        &self,
        scope: &Scope,
        words: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Account>> {
        let mut conditions = Conditions::in_scope(scope, "division", None);
        conditions.contain(&["username", "display_name", "email"], words);
        let keyset = after.map(|name| ("username > ?", vec![Value::from(name)]));
        let rows: Page<AccountRow> =
            page(self.reader(), COLUMNS, "account", conditions, keyset, "username", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(Account::try_from).collect::<Result<_>>()?, more, count })
    }
}
