//! Saved views of lists (常用查询): conditions and columns that a person keeps, and may share with people of the same role.
//!
//! What a query string means belongs to `suyuan-service`. Rows: G-6.2.2a.

use sea_orm::{FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::{Result, sql};

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// The view.
    pub id: ObjectId,
    /// Account that it belongs to.
    pub account: ObjectId,
    /// Name of that person.
    pub owner: String,
    /// Role of that person, whose holders see it where it is shared.
    pub role: String,
    /// List that it is of.
    pub list: String,
    /// Name.
    pub name: String,
    /// Conditions as a query string.
    pub query: String,
    /// Columns, joined by commas; empty for the usual ones.
    pub columns: String,
    /// Whether the list opens with it.
    pub is_default: bool,
    /// Whether people of the same role see it.
    pub shared: bool,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

#[derive(FromQueryResult)]
struct Row {
    id: Vec<u8>,
    account: Vec<u8>,
    owner: String,
    role: String,
    list: String,
    name: String,
    query: String,
    columns: String,
    is_default: i64,
    shared: i64,
    updated_at: i64,
}

impl TryFrom<Row> for SavedView {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: sql::object(&row.id)?,
            account: sql::object(&row.account)?,
            owner: row.owner,
            role: row.role,
            list: row.list,
            name: row.name,
            query: row.query,
            columns: row.columns,
            is_default: row.is_default != 0,
            shared: row.shared != 0,
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

const COLUMNS: &str = "id, account, owner, role, list, name, query, columns, is_default, shared, updated_at";

impl Store {
    /// The views of a list that a person sees: own ones first, then those shared within the role, by name.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn views(&self, account: ObjectId, role: &str, list: &str) -> Result<Vec<SavedView>> {
        let text = format!(
            "SELECT {COLUMNS} FROM saved_view WHERE list = ? AND (account = ? OR (shared = 1 AND role = ?)) \
             ORDER BY CASE WHEN account = ? THEN 0 ELSE 1 END, name, id LIMIT 200"
        );
        let values = vec![list.into(), sql::id(account), role.into(), sql::id(account)];
        let rows: Vec<Row> = sql::all(self.reader(), &text, values).await?;
        rows.into_iter().map(SavedView::try_from).collect()
    }
}

impl Tx {
    /// A view of this person.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn view(&self, account: ObjectId, id: ObjectId) -> Result<Option<SavedView>> {
        let text = format!("SELECT {COLUMNS} FROM saved_view WHERE id = ? AND account = ?");
        let row: Option<Row> = sql::one(self.db(), &text, vec![sql::id(id), sql::id(account)]).await?;
        row.map(SavedView::try_from).transpose()
    }

    /// How many views of a list the person has, and the one with this name.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn views_named(&self, account: ObjectId, list: &str, name: &str) -> Result<(u64, Option<ObjectId>)> {
        let text = "SELECT COUNT(*) FROM saved_view WHERE account = ? AND list = ?";
        let count: Option<i64> = sql::scalar(self.db(), text, vec![sql::id(account), list.into()]).await?;
        let text = "SELECT id FROM saved_view WHERE account = ? AND list = ? AND name = ?";
        let values = vec![sql::id(account), list.into(), name.into()];
        let same: Option<Vec<u8>> = sql::scalar(self.db(), text, values).await?;
        Ok((sql::uint(count.unwrap_or(0)), same.as_deref().map(sql::object).transpose()?))
    }

    /// Writes a view, new or changed. A default one takes the place of the default before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_view(&self, view: &SavedView) -> Result<()> {
        if view.is_default {
            let text = "UPDATE saved_view SET is_default = 0 WHERE account = ? AND list = ? AND id <> ?";
            sql::execute(self.db(), text, vec![sql::id(view.account), view.list.as_str().into(), sql::id(view.id)])
                .await?;
        }
        let text = format!(
            "INSERT INTO saved_view ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET \
             owner = excluded.owner, role = excluded.role, name = excluded.name, query = excluded.query, \
             columns = excluded.columns, is_default = excluded.is_default, shared = excluded.shared, \
             updated_at = excluded.updated_at"
        );
        let values: Vec<Value> = vec![
            sql::id(view.id),
            sql::id(view.account),
            view.owner.as_str().into(),
            view.role.as_str().into(),
            view.list.as_str().into(),
            view.name.as_str().into(),
            view.query.as_str().into(),
            view.columns.as_str().into(),
            i64::from(view.is_default).into(),
            i64::from(view.shared).into(),
            view.updated_at.millis().into(),
        ];
        sql::execute(self.db(), &text, values).await?;
        Ok(())
    }

    /// Removes a view of this person. Says whether there was one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn drop_view(&self, account: ObjectId, id: ObjectId) -> Result<bool> {
        let text = "DELETE FROM saved_view WHERE id = ? AND account = ?";
        Ok(sql::execute(self.db(), text, vec![sql::id(id), sql::id(account)]).await? == 1)
    }
}
