//! Heads of chains: epoch, last seq and last hash of every (origin node, stream) that this node has seen.

use sea_orm::FromQueryResult;
use suyuan_domain::record::{Digest, Stream};

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::{Result, sql};

/// The end of a chain as this node has it. Seq 0 and a hash of zeros before the first record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Origin of the chain.
    pub node: String,
    /// The chain.
    pub stream: Stream,
    /// Epoch of the last record.
    pub epoch: u32,
    /// Seq of the last record.
    pub seq: u64,
    /// Hash of the last record.
    pub hash: Digest,
}

impl Head {
    /// The head of a chain of which nothing is held.
    #[must_use]
    pub fn start(node: impl Into<String>, stream: Stream) -> Self {
        Self { node: node.into(), stream, epoch: 1, seq: 0, hash: [0; 32] }
    }

    /// What names the chain.
    pub(crate) fn chain(&self) -> (String, String) {
        (self.node.clone(), self.stream.to_string())
    }
}

/// How far the journal reaches, and the heads of all its chains at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The last position given.
    pub position: u64,
    /// Every head, by node and stream.
    pub heads: Vec<Head>,
}

#[derive(FromQueryResult)]
pub(crate) struct HeadRow {
    node: String,
    stream: String,
    epoch: i64,
    seq: i64,
    hash: Vec<u8>,
}

impl TryFrom<HeadRow> for Head {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self> {
        let HeadRow { node, stream, epoch, seq, hash } = row;
        Ok(Self {
            stream: stream.parse().map_err(|_| StoreError::damaged("stream head", stream))?,
            node,
            epoch: u32::try_from(epoch).unwrap_or(1),
            seq: sql::uint(seq),
            hash: sql::digest(&hash)?,
        })
    }
}

const COLUMNS: &str = "SELECT node, stream, epoch, seq, hash FROM stream_head";

impl Store {
    /// Every head, by node and stream.
    ///
    /// # Errors
    /// When the database is out of reach or a row is damaged.
    pub async fn heads(&self) -> Result<Vec<Head>> {
        let rows: Vec<HeadRow> = sql::all(self.reader(), COLUMNS, vec![]).await?;
        in_order(rows)
    }

    /// Position and heads of one moment, while others go on writing.
    ///
    /// # Errors
    /// When the database is out of reach or a row is damaged.
    pub async fn mark(&self) -> Result<Mark> {
        // One statement sees one moment on both databases.
        let text = "SELECT c.value AS position, h.node, h.stream, h.epoch, h.seq, h.hash \
                    FROM counter c LEFT JOIN stream_head h ON 1 = 1 WHERE c.name = 'position'";
        let rows = sql::rows(self.reader(), text, vec![]).await?;
        let position = rows.first().map(|row| row.try_get::<i64>("", "position")).transpose()?.map_or(0, sql::uint);
        let heads = rows.iter().filter(|row| row.try_get::<String>("", "node").is_ok());
        let heads = heads.map(|row| HeadRow::from_query_result(row, "")).collect::<std::result::Result<_, _>>()?;
        Ok(Mark { position, heads: in_order(heads)? })
    }
}

fn in_order(rows: Vec<HeadRow>) -> Result<Vec<Head>> {
    let mut heads = rows.into_iter().map(Head::try_from).collect::<Result<Vec<_>>>()?;
    // Sorted here: how texts sort is the database's business, and differs.
    heads.sort_by_cached_key(Head::chain);
    Ok(heads)
}

impl Tx {
    /// The head of one chain, locked against other sequencers until the transaction ends.
    pub(crate) async fn locked_head(&self, node: &str, stream: &Stream) -> Result<Head> {
        let lock = if self.is_sqlite() { "" } else { " FOR UPDATE" };
        let text = format!("{COLUMNS} WHERE node = ? AND stream = ?{lock}");
        let row: Option<HeadRow> = sql::one(self.db(), &text, vec![node.into(), stream.to_string().into()]).await?;
        row.map_or_else(|| Ok(Head::start(node, stream.clone())), Head::try_from)
    }

    /// Moves a head from `before` to `after`; fails when somebody else moved it since it was read.
    pub(crate) async fn move_head(&self, before: &Head, after: &Head) -> Result<()> {
        let stream = after.stream.to_string();
        let moved = if before.seq == 0 {
            let text = "INSERT INTO stream_head (node, stream, epoch, seq, hash) VALUES (?, ?, ?, ?, ?) \
                        ON CONFLICT (node, stream) DO NOTHING";
            let values = vec![
                after.node.as_str().into(),
                stream.into(),
                i64::from(after.epoch).into(),
                sql::int(after.seq),
                after.hash.to_vec().into(),
            ];
            sql::execute(self.db(), text, values).await?
        } else {
            let text = "UPDATE stream_head SET epoch = ?, seq = ?, hash = ? WHERE node = ? AND stream = ? AND seq = ?";
            let values = vec![
                i64::from(after.epoch).into(),
                sql::int(after.seq),
                after.hash.to_vec().into(),
                after.node.as_str().into(),
                stream.into(),
                sql::int(before.seq),
            ];
            sql::execute(self.db(), text, values).await?
        };
        if moved == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "stream head" }) }
    }
}
