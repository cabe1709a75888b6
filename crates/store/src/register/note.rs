//! Corrections that a tier above proposes for an entry, and what its owner says to them (更正建议). Rows: G-6.2.1c.

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::{Result, sql};

/// A correction that is proposed, or a remark without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The proposal.
    pub object: ObjectId,
    /// The entry.
    pub entry: ObjectId,
    /// Register of the entry.
    pub kind: String,
    /// Who proposes.
    pub author: String,
    /// On which node.
    pub node: String,
    /// When it was proposed or answered.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// New values by field, a JSON object; empty for a remark.
    pub changes: String,
    /// `open`, `accepted` or `declined`.
    pub state: String,
    /// What the owner answers; may be empty.
    pub answer: String,
    /// Version.
    pub version: u64,
}

#[derive(FromQueryResult)]
struct NoteRow {
    object: Vec<u8>,
    entry: Vec<u8>,
    kind: String,
    author: String,
    node: String,
    at: i64,
    reason: String,
    changes: String,
    state: String,
    answer: String,
    version: i64,
}

impl TryFrom<NoteRow> for Note {
    type Error = StoreError;

    fn try_from(row: NoteRow) -> Result<Self> {
        Ok(Self {
            object: sql::object(&row.object)?,
            entry: sql::object(&row.entry)?,
            kind: row.kind,
            author: row.author,
            node: row.node,
            at: Timestamp::from_millis(row.at),
            reason: row.reason,
            changes: row.changes,
            state: row.state,
            answer: row.answer,
            version: sql::uint(row.version),
        })
    }
}

const NOTE: &str = "object, entry, kind, author, node, at, reason, changes, state, answer, version";

async fn of_entry<C: ConnectionTrait>(db: &C, entry: ObjectId) -> Result<Vec<Note>> {
    let text = format!("SELECT {NOTE} FROM register_note WHERE entry = ? ORDER BY object");
    let rows: Vec<NoteRow> = sql::all(db, &text, vec![sql::id(entry)]).await?;
    rows.into_iter().map(Note::try_from).collect()
}

impl Tx {
    /// Keeps a proposal that is new or later than the one here. Says whether it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_note(&self, note: &Note) -> Result<bool> {
        let text = format!(
            "INSERT INTO register_note ({NOTE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object) DO UPDATE \
             SET state = excluded.state, answer = excluded.answer, at = excluded.at, version = excluded.version \
             WHERE excluded.version > register_note.version"
        );
        let values: Vec<Value> = vec![
            sql::id(note.object),
            sql::id(note.entry),
            note.kind.as_str().into(),
            note.author.as_str().into(),
            note.node.as_str().into(),
            note.at.millis().into(),
            note.reason.as_str().into(),
            note.changes.as_str().into(),
            note.state.as_str().into(),
            note.answer.as_str().into(),
            sql::int(note.version),
        ];
        Ok(sql::execute(self.db(), &text, values).await? == 1)
    }

    /// The proposals for an entry, oldest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn notes(&self, entry: ObjectId) -> Result<Vec<Note>> {
        of_entry(self.db(), entry).await
    }
}

impl Store {
    /// The proposals for an entry, oldest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn notes(&self, entry: ObjectId) -> Result<Vec<Note>> {
        of_entry(self.reader(), entry).await
    }
}
