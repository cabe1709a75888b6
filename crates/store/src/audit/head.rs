//! Signed ends of days of audit trails (审计链头): the node's own and those that lower nodes sent. What is signed and by
//! whom belongs to `suyuan-service`; a head is never changed. Rows: G-5.4.3c, H-6.5.

use sea_orm::{ConnectionTrait, FromQueryResult};
use suyuan_crypto::hash::Digest;
use suyuan_domain::clock::Timestamp;

use crate::db::{Store, Tx};
use crate::{Result, sql};

/// The end of a trail when a day was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadRow {
    /// Code of the node whose trail it is.
    pub node: String,
    /// The day, as `2026-11-21`.
    pub day: String,
    /// Place of the first row since the head before.
    pub first_seq: u64,
    /// Place of the last row.
    pub last_seq: u64,
    /// Hash of the last row.
    pub hash: Digest,
    /// SM3 of the signed document before.
    pub previous: Digest,
    /// The signed document.
    pub signed: Vec<u8>,
    /// When it was signed.
    pub at: Timestamp,
}

#[derive(FromQueryResult)]
struct Row {
    node: String,
    day: String,
    first_seq: i64,
    last_seq: i64,
    hash: Vec<u8>,
    previous: Vec<u8>,
    signed: Vec<u8>,
    at: i64,
}

impl TryFrom<Row> for HeadRow {
    type Error = crate::StoreError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            node: row.node,
            day: row.day,
            first_seq: sql::uint(row.first_seq),
            last_seq: sql::uint(row.last_seq),
            hash: sql::digest(&row.hash)?,
            previous: sql::digest(&row.previous)?,
            signed: row.signed,
            at: Timestamp::from_millis(row.at),
        })
    }
}

const COLUMNS: &str = "node, day, first_seq, last_seq, hash, previous, signed, at";

async fn newest<C: ConnectionTrait>(db: &C, node: &str) -> Result<Option<HeadRow>> {
    let text = format!("SELECT {COLUMNS} FROM audit_head WHERE node = ? ORDER BY day DESC LIMIT 1");
    sql::one::<C, Row>(db, &text, vec![node.into()]).await?.map(HeadRow::try_from).transpose()
}

impl Tx {
    /// The newest head of a node.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn newest_audit_head(&self, node: &str) -> Result<Option<HeadRow>> {
        newest(self.db(), node).await
    }

    /// The head of a node for a day.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audit_head(&self, node: &str, day: &str) -> Result<Option<HeadRow>> {
        let text = format!("SELECT {COLUMNS} FROM audit_head WHERE node = ? AND day = ?");
        sql::one::<_, Row>(self.db(), &text, vec![node.into(), day.into()]).await?.map(HeadRow::try_from).transpose()
    }

    /// Keeps a head.
    ///
    /// # Errors
    /// When there is one of this node and day.
    pub async fn keep_audit_head(&self, head: &HeadRow) -> Result<()> {
        let text = format!("INSERT INTO audit_head ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        let bound = vec![
            head.node.as_str().into(),
            head.day.as_str().into(),
            sql::int(head.first_seq),
            sql::int(head.last_seq),
            head.hash.to_vec().into(),
            head.previous.to_vec().into(),
            head.signed.clone().into(),
            head.at.millis().into(),
        ];
        sql::execute(self.db(), &text, bound).await?;
        Ok(())
    }

    /// Place and hash of the last row of the trail that was written before `until`; zeros where there is none.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audit_end(&self, until: Timestamp) -> Result<(u64, Digest)> {
        #[derive(FromQueryResult)]
        struct End {
            seq: i64,
            hash: Vec<u8>,
        }
        let text = "SELECT seq, hash FROM audit WHERE seq = (SELECT MAX(seq) FROM audit WHERE at < ?)";
        let end: Option<End> = sql::one(self.db(), text, vec![until.millis().into()]).await?;
        end.map_or(Ok((0, [0; 32])), |end| Ok((sql::uint(end.seq), sql::digest(&end.hash)?)))
    }
}

impl Store {
    /// The newest head of a node.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn newest_audit_head(&self, node: &str) -> Result<Option<HeadRow>> {
        newest(self.reader(), node).await
    }

    /// Heads of a node from one day to another, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audit_heads(&self, node: &str, from: &str, to: &str, limit: u64) -> Result<Vec<HeadRow>> {
        let text = format!(
            "SELECT {COLUMNS} FROM audit_head WHERE node = ? AND day >= ? AND day <= ? ORDER BY day DESC LIMIT ?"
        );
        let bound = vec![node.into(), from.into(), to.into(), sql::int(limit)];
        let rows: Vec<Row> = sql::all(self.reader(), &text, bound).await?;
        rows.into_iter().map(HeadRow::try_from).collect()
    }

    /// The newest head of every other node that has sent one.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn audit_heads_of_others(&self) -> Result<Vec<HeadRow>> {
        let text = format!(
            "SELECT {COLUMNS} FROM audit_head h WHERE node <> ? \
             AND day = (SELECT MAX(day) FROM audit_head WHERE node = h.node) ORDER BY node"
        );
        let rows: Vec<Row> = sql::all(self.reader(), &text, vec![self.node().into()]).await?;
        rows.into_iter().map(HeadRow::try_from).collect()
    }
}
