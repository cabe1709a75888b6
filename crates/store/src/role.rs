//! Roles that a node has made itself (角色), and what it decided about second factors. Whether they are a policy is not
//! known here.
//!
//! Rows: G-5.4.3b, H-6.5.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::scope::Scope;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::Conditions;
use crate::{Result, sql};

/// A role of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRow {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Role whose permissions it inherits.
    pub parent: Option<String>,
    /// Granted permissions.
    pub allow: Vec<String>,
    /// Forbidden permissions.
    pub deny: Vec<String>,
    /// What whoever authorises with this role may give; `None` for what the role itself may do.
    pub grants: Option<Vec<String>>,
    /// What it is for.
    pub note: String,
    /// Version, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Who changed it last.
    pub updated_by: String,
}

#[derive(FromQueryResult)]
struct Stored {
    code: String,
    name: String,
    parent: Option<String>,
    allow_list: String,
    deny_list: String,
    grant_list: Option<String>,
    note: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
    updated_by: String,
}

impl TryFrom<Stored> for RoleRow {
    type Error = StoreError;

    fn try_from(row: Stored) -> Result<Self> {
        Ok(Self {
            code: row.code,
            name: row.name,
            parent: row.parent,
            allow: serde_json::from_str(&row.allow_list)?,
            deny: serde_json::from_str(&row.deny_list)?,
            grants: row.grant_list.map(|text| serde_json::from_str(&text)).transpose()?,
            note: row.note,
            version: sql::uint(row.version),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            updated_by: row.updated_by,
        })
    }
}

const COLUMNS: &str =
    "code, name, parent, allow_list, deny_list, grant_list, note, version, created_at, updated_at, updated_by";

fn values(role: &RoleRow) -> Result<Vec<Value>> {
    Ok(vec![
        role.code.as_str().into(),
        role.name.as_str().into(),
        role.parent.clone().into(),
        serde_json::to_string(&role.allow)?.into(),
        serde_json::to_string(&role.deny)?.into(),
        role.grants.as_ref().map(serde_json::to_string).transpose()?.into(),
        role.note.as_str().into(),
        sql::int(role.version),
        role.created_at.millis().into(),
        role.updated_at.millis().into(),
        role.updated_by.as_str().into(),
    ])
}

async fn all<C: ConnectionTrait>(db: &C) -> Result<Vec<RoleRow>> {
    let rows: Vec<Stored> = sql::all(db, &format!("SELECT {COLUMNS} FROM role ORDER BY code"), vec![]).await?;
    rows.into_iter().map(RoleRow::try_from).collect()
}

async fn factors<C: ConnectionTrait>(db: &C) -> Result<BTreeMap<String, bool>> {
    let mut all = BTreeMap::new();
    for row in sql::rows(db, "SELECT role, required FROM role_factor", vec![]).await? {
        all.insert(row.try_get_by_index::<String>(0)?, row.try_get_by_index::<i64>(1)? != 0);
    }
    Ok(all)
}

impl Tx {
    /// All roles of the node, by code, as this transaction sees them.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn roles(&self) -> Result<Vec<RoleRow>> {
        all(self.db()).await
    }

    /// Adds a role.
    ///
    /// # Errors
    /// A unique violation when the code is taken.
    pub async fn add_role(&self, role: &RoleRow) -> Result<()> {
        let marks = ["?"; 11].join(",");
        sql::execute(self.db(), &format!("INSERT INTO role ({COLUMNS}) VALUES ({marks})"), values(role)?).await?;
        Ok(())
    }

    /// Replaces a role whose stored version is `expected`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn change_role(&self, role: &RoleRow, expected: u64) -> Result<()> {
        let text = "UPDATE role SET name = ?, parent = ?, allow_list = ?, deny_list = ?, grant_list = ?, note = ?, \
                    version = ?, created_at = ?, updated_at = ?, updated_by = ? WHERE code = ? AND version = ?";
        let mut bound = values(role)?.split_off(1);
        bound.extend([role.code.as_str().into(), sql::int(expected)]);
        if sql::execute(self.db(), text, bound).await? == 1 {
            return Ok(());
        }
        Err(StoreError::Conflict { what: "role" })
    }

    /// Removes a role with what was decided about it; says whether it was there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_role(&self, code: &str) -> Result<bool> {
        sql::execute(self.db(), "DELETE FROM role_factor WHERE role = ?", vec![code.into()]).await?;
        Ok(sql::execute(self.db(), "DELETE FROM role WHERE code = ?", vec![code.into()]).await? > 0)
    }

    /// Decides whether people of a role must show a second factor.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn decide_second_factor(&self, role: &str, required: bool) -> Result<()> {
        let text = "INSERT INTO role_factor (role, required) VALUES (?, ?) \
                    ON CONFLICT (role) DO UPDATE SET required = excluded.required";
        sql::execute(self.db(), text, vec![role.into(), i64::from(required).into()]).await?;
        Ok(())
    }

    /// How many accounts have this role; erased ones do not count.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn accounts_of_role(&self, role: &str) -> Result<u64> {
        let text = "SELECT COUNT(*) FROM account WHERE role = ? AND state <> 'deleted'";
        Ok(sql::scalar::<_, i64>(self.db(), text, vec![role.into()]).await?.map_or(0, sql::uint))
    }
}

impl Store {
    /// All roles of the node, by code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn roles(&self) -> Result<Vec<RoleRow>> {
        all(self.reader()).await
    }

    /// What the node decided about second factors, by role.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn second_factors(&self) -> Result<BTreeMap<String, bool>> {
        factors(self.reader()).await
    }

    /// How many accounts of the divisions and of the subject of `scope` each role has; erased ones do not count.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn role_counts(&self, scope: &Scope) -> Result<BTreeMap<String, u64>> {
        let mut conditions = Conditions::in_scope(scope, "division", None);
        conditions.push("state <> 'deleted'", vec![]);
        conditions.equal("subject", scope.subject.as_deref());
        let (filter, values) = conditions.done();
        let text = format!("SELECT role, COUNT(*) FROM account{filter} GROUP BY role");
        let mut counts = BTreeMap::new();
        for row in sql::rows(self.reader(), &text, values).await? {
            counts.insert(row.try_get_by_index::<String>(0)?, sql::uint(row.try_get_by_index::<i64>(1)?));
        }
        Ok(counts)
    }
}
