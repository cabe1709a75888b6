//! Editions of packs (数据包版本), own and of the tiers above, kept as they were written and in the order of arrival.
//!
//! Which of them are in force is decided in `suyuan-domain`, who may publish in `suyuan-service`. Editions belong to
//! everybody below their node and hold no personal data, so finders take no scope. Rows: N-TIER, G-6.4.2a.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::{Result, sql};

/// An edition without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionHead {
    /// The object: one for each node and pack.
    pub object: ObjectId,
    /// Version of the record, from 1; orders the editions of one node and pack.
    pub number: u64,
    /// Name of the pack.
    pub name: String,
    /// Node that published it.
    pub node: String,
    /// Version as it is written in the text.
    pub version: String,
    /// First day of validity as it is written in the text.
    pub valid_from: Day,
    /// SM3 of the text, in hexadecimal digits.
    pub sm3: String,
    /// Why it was published.
    pub note: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// Who published it, by name for signing in.
    pub published_by: String,
}

/// An edition with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionRow {
    /// Everything but the text.
    #[serde(flatten)]
    pub head: EditionHead,
    /// The text, byte for byte as it was written.
    pub text: String,
}

/// An edition as it lies here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEdition {
    /// Order of arrival.
    pub id: i64,
    /// When it arrived.
    pub arrived_at: Timestamp,
    /// What it is.
    pub head: EditionHead,
}

#[derive(FromQueryResult)]
struct HeadRow {
    id: i64,
    object: Vec<u8>,
    number: i64,
    name: String,
    node: String,
    version: String,
    valid_from: String,
    sm3: String,
    note: String,
    published_at: i64,
    published_by: String,
    arrived_at: i64,
}

const COLUMNS: &str =
    "id, object, number, name, node, version, valid_from, sm3, note, published_at, published_by, arrived_at";

impl TryFrom<HeadRow> for KeptEdition {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self> {
        let valid_from = row.valid_from.parse();
        let valid_from = valid_from.map_err(|_| StoreError::damaged("first day of a pack", row.valid_from.clone()))?;
        let head = EditionHead {
            object: sql::object(&row.object)?,
            number: sql::uint(row.number),
            name: row.name,
            node: row.node,
            version: row.version,
            valid_from,
            sm3: row.sm3,
            note: row.note,
            published_at: Timestamp::from_millis(row.published_at),
            published_by: row.published_by,
        };
        Ok(Self { id: row.id, arrived_at: Timestamp::from_millis(row.arrived_at), head })
    }
}

async fn heads<C: ConnectionTrait>(db: &C) -> Result<Vec<KeptEdition>> {
    let text = format!("SELECT {COLUMNS} FROM pack_edition ORDER BY id");
    let rows: Vec<HeadRow> = sql::all(db, &text, vec![]).await?;
    rows.into_iter().map(KeptEdition::try_from).collect()
}

async fn text<C: ConnectionTrait>(db: &C, id: i64) -> Result<Option<String>> {
    sql::scalar(db, "SELECT text FROM pack_edition WHERE id = ?", vec![id.into()]).await
}

impl Tx {
    /// Keeps an edition. Says whether it is new; the same one again changes nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_pack_edition(&self, edition: &EditionRow, arrived_at: Timestamp) -> Result<bool> {
        let EditionRow { head, text } = edition;
        let bound: Vec<Value> = vec![
            sql::id(head.object),
            sql::int(head.number),
            head.name.as_str().into(),
            head.node.as_str().into(),
            head.version.as_str().into(),
            head.valid_from.to_string().into(),
            text.as_str().into(),
            head.sm3.as_str().into(),
            head.note.as_str().into(),
            head.published_at.millis().into(),
            head.published_by.as_str().into(),
            arrived_at.millis().into(),
        ];
        let statement = "INSERT INTO pack_edition (object, number, name, node, version, valid_from, text, sm3, note, \
                         published_at, published_by, arrived_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
                         ON CONFLICT (node, name, number) DO NOTHING";
        Ok(sql::execute(self.db(), statement, bound).await? == 1)
    }

    /// All editions, in the order of arrival.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn pack_editions(&self) -> Result<Vec<KeptEdition>> {
        heads(self.db()).await
    }

    /// The text of an edition.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn pack_text(&self, id: i64) -> Result<Option<String>> {
        text(self.db(), id).await
    }
}

impl Store {
    /// The newest edition by arrival; 0 where there is none.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn last_pack_edition(&self) -> Result<i64> {
        let last = sql::scalar(self.reader(), "SELECT MAX(id) FROM pack_edition", vec![]).await?;
        Ok(last.flatten().unwrap_or(0))
    }

    /// All editions, in the order of arrival.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn pack_editions(&self) -> Result<Vec<KeptEdition>> {
        heads(self.reader()).await
    }

    /// The text of an edition.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn pack_text(&self, id: i64) -> Result<Option<String>> {
        text(self.reader(), id).await
    }
}
