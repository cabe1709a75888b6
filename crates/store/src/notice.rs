//! Notices (公告): drafts and what is published, own and of the tiers above.
//!
//! Who may publish and where a notice travels is decided in `suyuan-service`. Rows: G-6.9a.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The object.
    pub object: ObjectId,
    /// Title.
    pub title: String,
    /// Kind, such as `notice`, `policy` or `recall`.
    pub kind: String,
    /// Text.
    pub body: String,
    /// `draft`, `published` or `withdrawn`.
    pub state: String,
    /// Node that wrote it.
    pub origin_node: String,
    /// Version, from 1.
    pub version: u64,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

#[derive(FromQueryResult)]
struct NoticeRow {
    object: Vec<u8>,
    title: String,
    kind: String,
    body: String,
    state: String,
    origin_node: String,
    version: i64,
    published_at: Option<i64>,
    updated_at: i64,
}

impl TryFrom<NoticeRow> for Notice {
    type Error = StoreError;

    fn try_from(row: NoticeRow) -> Result<Self> {
        Ok(Self {
            object: sql::object(&row.object)?,
            title: row.title,
            kind: row.kind,
            body: row.body,
            state: row.state,
            origin_node: row.origin_node,
            version: sql::uint(row.version),
            published_at: row.published_at.map(Timestamp::from_millis),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

const COLUMNS: &str = "object, title, kind, body, state, origin_node, version, published_at, updated_at";

async fn by_object<C: ConnectionTrait>(db: &C, object: ObjectId) -> Result<Option<Notice>> {
    let text = format!("SELECT {COLUMNS} FROM notice WHERE object = ?");
    let row: Option<NoticeRow> = sql::one(db, &text, vec![sql::id(object)]).await?;
    row.map(Notice::try_from).transpose()
}

impl Tx {
    /// Writes a notice whose stored version is `expected`; 0 for a new one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn write_notice(&self, notice: &Notice, expected: u64) -> Result<()> {
        let object = sql::id(notice.object);
        let mut bound: Vec<Value> = vec![
            notice.title.as_str().into(),
            notice.kind.as_str().into(),
            notice.body.as_str().into(),
            notice.state.as_str().into(),
            notice.origin_node.as_str().into(),
            sql::int(notice.version),
            notice.published_at.map(Timestamp::millis).into(),
            notice.updated_at.millis().into(),
            object,
        ];
        let text = if expected == 0 {
            "INSERT INTO notice (title, kind, body, state, origin_node, version, published_at, updated_at, object) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object) DO NOTHING"
        } else {
            bound.push(sql::int(expected));
            "UPDATE notice SET title = ?, kind = ?, body = ?, state = ?, origin_node = ?, version = ?, published_at = ?, \
             updated_at = ? WHERE object = ? AND version = ?"
        };
        if sql::execute(self.db(), text, bound).await? == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict { what: "notice" })
        }
    }

    /// Takes in a notice of another node if it is newer than the one here. Says whether it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_notice(&self, notice: &Notice) -> Result<bool> {
        let present = by_object(self.db(), notice.object).await?.map_or(0, |old| old.version);
        if present >= notice.version {
            return Ok(false);
        }
        self.write_notice(notice, present).await?;
        Ok(true)
    }

    /// The notice of this object.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn notice(&self, object: ObjectId) -> Result<Option<Notice>> {
        by_object(self.db(), object).await
    }
}

impl Store {
    /// The notice of this object.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn notice(&self, object: ObjectId) -> Result<Option<Notice>> {
        by_object(self.reader(), object).await
    }

    /// A page of notices, last changed first; `state` narrows it. Notices belong to everybody below their node.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn notices(
        &self,
        state: Option<&str>,
        words: Option<&str>,
        after: Option<(Timestamp, ObjectId)>,
        limit: usize,
    ) -> Result<Page<Notice>> {
        let mut conditions = Conditions::default();
        conditions.equal("state", state);
        conditions.contain(&["title", "body"], words);
        let keyset = after.map(|(at, object)| {
            let at = at.millis();
            ("(updated_at < ? OR (updated_at = ? AND object < ?))", vec![at.into(), at.into(), sql::id(object)])
        });
        let order = "updated_at DESC, object DESC";
        let rows: Page<NoticeRow> = page(self.reader(), COLUMNS, "notice", conditions, keyset, order, limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(Notice::try_from).collect::<Result<_>>()?, more, count })
    }
}
