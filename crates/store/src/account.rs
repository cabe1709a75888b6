//! Accounts of the people of a node (用户). Passwords come and go as PHC text, personal data and second factors sealed; what
//! a role may do is not known here.
//!
//! Passwords of former times, recovery codes, used tickets and erasing stand in [`keep`]. Rows: G-5.4.2, G-5.4.3, A-6.1,
//! H-6.5.

pub mod keep;

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::{CodeRange, Scope};

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
    /// Name, telephone and address for mail, sealed under the person's key; `None` once they are erased.
    pub personal: Option<Vec<u8>>,
    /// The person's key as it is stored; read only.
    pub person_key: Option<Vec<u8>>,
    /// Code of the role.
    pub role: String,
    /// Division whose subtree the account sees.
    pub division: String,
    /// Categories that the account sees; `None` for all.
    pub categories: Option<BTreeSet<String>>,
    /// Code of the one subject that the account acts for; empty for regulators.
    pub subject: String,
    /// Until when the account may be used; `None` for ever.
    pub valid_until: Option<Timestamp>,
    /// Hash of the password, PHC text.
    pub password: String,
    /// When the password was set.
    pub password_at: Timestamp,
    /// Until when a password that somebody else has set may be used.
    pub password_until: Option<Timestamp>,
    /// Whether the next sign-in must set another password.
    pub must_change: bool,
    /// `active`, `disabled` or `deleted`.
    pub state: String,
    /// Failed logins in a row.
    pub failures: u32,
    /// When the last login failed.
    pub failed_at: Option<Timestamp>,
    /// Until when logins are refused.
    pub locked_until: Option<Timestamp>,
    /// Secret of the second factor, sealed; `None` without one.
    pub totp: Option<Vec<u8>>,
    /// A secret that waits to be confirmed, sealed.
    pub totp_new: Option<Vec<u8>>,
    /// Step of the last code that was used.
    pub totp_step: u64,
    /// `none`, `requested` or `confirmed`.
    pub deletion: String,
    /// When the deletion was asked for.
    pub deletion_at: Option<Timestamp>,
    /// When the personal data are erased.
    pub erase_at: Option<Timestamp>,
    /// What the person has set for the screens, a JSON object.
    pub preferences: String,
    /// When the person last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// From where.
    pub last_sign_in_address: String,
    /// Version, from 1; failed logins do not count.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
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
    personal: Option<Vec<u8>>,
    wrapped: Option<Vec<u8>>,
    role: String,
    division: String,
    categories: Option<String>,
    subject: String,
    valid_until: Option<i64>,
    password: String,
    password_at: i64,
    password_until: Option<i64>,
    must_change: i64,
    state: String,
    failures: i64,
    failed_at: Option<i64>,
    locked_until: Option<i64>,
    totp: Option<Vec<u8>>,
    totp_new: Option<Vec<u8>>,
    totp_step: i64,
    deletion: String,
    deletion_at: Option<i64>,
    erase_at: Option<i64>,
    preferences: String,
    last_sign_in_at: Option<i64>,
    last_sign_in_address: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self> {
        let at = |millis: Option<i64>| millis.map(Timestamp::from_millis);
        Ok(Self {
            id: sql::object(&row.id)?,
            username: row.username,
            personal: row.personal,
            person_key: row.wrapped,
            role: row.role,
            division: row.division,
            categories: row.categories.map(|text| serde_json::from_str(&text)).transpose()?,
            subject: row.subject,
            valid_until: at(row.valid_until),
            password: row.password,
            password_at: Timestamp::from_millis(row.password_at),
            password_until: at(row.password_until),
            must_change: row.must_change != 0,
            state: row.state,
            failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
            failed_at: at(row.failed_at),
            locked_until: at(row.locked_until),
            totp: row.totp,
            totp_new: row.totp_new,
            totp_step: sql::uint(row.totp_step),
            deletion: row.deletion,
            deletion_at: at(row.deletion_at),
            erase_at: at(row.erase_at),
            preferences: row.preferences,
            last_sign_in_at: at(row.last_sign_in_at),
            last_sign_in_address: row.last_sign_in_address,
            version: sql::uint(row.version),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

/// The columns that are written, in the order of [`values`].
const WRITTEN: [&str; 28] = [
    "id",
    "username",
    "personal",
    "role",
    "division",
    "categories",
    "subject",
    "valid_until",
    "password",
    "password_at",
    "password_until",
    "must_change",
    "state",
    "failures",
    "failed_at",
    "locked_until",
    "totp",
    "totp_new",
    "totp_step",
    "deletion",
    "deletion_at",
    "erase_at",
    "preferences",
    "last_sign_in_at",
    "last_sign_in_address",
    "version",
    "created_at",
    "updated_at",
];

/// Accounts with the key of their person.
const TABLE: &str = "account a LEFT JOIN person_key k ON k.person = a.id";

fn columns() -> String {
    format!("a.{}, k.wrapped AS wrapped", WRITTEN.join(", a."))
}

/// A username as it is kept and compared.
#[must_use]
pub fn folded(username: &str) -> String {
    username.trim().to_lowercase()
}

async fn find<C: ConnectionTrait>(db: &C, condition: &str, value: Value) -> Result<Option<Account>> {
    let text = format!("SELECT {} FROM {TABLE} WHERE {condition}", columns());
    let row: Option<AccountRow> = sql::one(db, &text, vec![value]).await?;
    row.map(Account::try_from).transpose()
}

fn values(account: &Account) -> Result<Vec<Value>> {
    let at = |moment: Option<Timestamp>| moment.map(Timestamp::millis);
    let categories = account.categories.as_ref().map(serde_json::to_string).transpose()?;
    Ok(vec![
        sql::id(account.id),
        folded(&account.username).into(),
        account.personal.clone().into(),
        account.role.as_str().into(),
        account.division.as_str().into(),
        categories.into(),
        account.subject.as_str().into(),
        at(account.valid_until).into(),
        account.password.as_str().into(),
        account.password_at.millis().into(),
        at(account.password_until).into(),
        i64::from(account.must_change).into(),
        account.state.as_str().into(),
        i64::from(account.failures).into(),
        at(account.failed_at).into(),
        at(account.locked_until).into(),
        account.totp.clone().into(),
        account.totp_new.clone().into(),
        sql::int(account.totp_step),
        account.deletion.as_str().into(),
        at(account.deletion_at).into(),
        at(account.erase_at).into(),
        account.preferences.as_str().into(),
        at(account.last_sign_in_at).into(),
        account.last_sign_in_address.as_str().into(),
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
        let marks = ["?"; WRITTEN.len()].join(",");
        // The name and the address stood in columns of their own once; nothing is written there any more.
        let text =
            format!("INSERT INTO account ({}, display_name, email) VALUES ({marks}, '', '')", WRITTEN.join(", "));
        sql::execute(self.db(), &text, values(account)?).await?;
        Ok(())
    }

    /// Replaces an account whose stored version is `expected`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn change_account(&self, account: &Account, expected: u64) -> Result<()> {
        let text = format!("UPDATE account SET {} = ? WHERE id = ? AND version = ?", WRITTEN[1..].join(" = ?, "));
        let mut bound = values(account)?.split_off(1);
        bound.extend([sql::id(account.id), sql::int(expected)]);
        if sql::execute(self.db(), &text, bound).await? == 1 {
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
        let text = "UPDATE account SET failures = ?, locked_until = ?, failed_at = ? WHERE id = ?";
        let bound = vec![
            i64::from(failures).into(),
            locked_until.map(Timestamp::millis).into(),
            now.millis().into(),
            sql::id(id),
        ];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }

    /// Notes that the person signed in, and forgets the failures before; the version stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_sign_in(&self, id: ObjectId, address: &str, now: Timestamp) -> Result<()> {
        let text = "UPDATE account SET failures = 0, locked_until = NULL, failed_at = NULL, last_sign_in_at = ?, \
                    last_sign_in_address = ? WHERE id = ?";
        sql::execute(self.db(), text, vec![now.millis().into(), address.into(), sql::id(id)]).await?;
        Ok(())
    }

    /// The account of this name, whatever its scope: for signing in.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_account_by_name(&self, username: &str) -> Result<Option<Account>> {
        find(self.db(), "a.username = ?", folded(username).into()).await
    }

    /// This account, whatever its scope: for checks within a use case.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_account(&self, id: ObjectId) -> Result<Option<Account>> {
        find(self.db(), "a.id = ?", sql::id(id)).await
    }
}

/// What a list of accounts is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// Code of the role.
    pub role: Option<String>,
    /// Divisions of the accounts, as ranges.
    pub divisions: Option<Vec<CodeRange>>,
    /// `active`, `disabled`, `deleted` or `locked`.
    pub state: Option<String>,
    /// `none`, `requested` or `confirmed`.
    pub deletion: Option<String>,
    /// Code of the subject that they act for.
    pub subject: Option<String>,
    /// The present moment, for `locked`.
    pub now: Timestamp,
}

impl Store {
    /// The account of this name, whatever its scope: for signing in.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_account_by_name(&self, username: &str) -> Result<Option<Account>> {
        find(self.reader(), "a.username = ?", folded(username).into()).await
    }

    /// This account, whatever its scope: for sessions.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_account(&self, id: ObjectId) -> Result<Option<Account>> {
        find(self.reader(), "a.id = ?", sql::id(id)).await
    }

    /// Accounts of the divisions in `scope`, by name, behind the name `after`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn accounts(
        &self,
        scope: &Scope,
        filter: &AccountFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Account>> {
        let mut conditions = Conditions::in_scope(scope, "a.division", None);
        if let Some(ranges) = &filter.divisions {
            conditions.in_ranges("a.division", ranges);
        }
        match filter.state.as_deref() {
            Some("locked") => conditions.push("a.locked_until > ?", vec![filter.now.millis().into()]),
            state => conditions.equal("a.state", state),
        }
        conditions.equal("a.role", filter.role.as_deref());
        conditions.equal("a.deletion", filter.deletion.as_deref());
        conditions.equal("a.subject", filter.subject.as_deref());
        let keyset = after.map(|name| ("a.username > ?", vec![Value::from(name)]));
        let rows: Page<AccountRow> =
            page(self.reader(), &columns(), TABLE, conditions, keyset, "a.username", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(Account::try_from).collect::<Result<_>>()?, more, count })
    }
}
