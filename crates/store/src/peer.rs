//! Parents and children: who may exchange with this node, what was frozen for them, what they have confirmed.
//!
//! A cursor towards a peer moves only in the transaction that stores the peer's signed receipt. Building and checking
//! batches belongs to `suyuan-exchange` and `suyuan-service`. Rows: N-TIER, D-shape, G-6.4.1a, G-8.

use sea_orm::FromQueryResult;
use serde::Serialize;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::Class;

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::{Result, sql};

/// Another node.
#[derive(Clone, Debug, FromQueryResult, Serialize)]
pub struct Peer {
    /// Code of the node.
    pub code: String,
    /// `parent` or `child`.
    pub role: String,
    /// Name of the node.
    pub name: String,
    /// Where it listens.
    pub url: String,
    /// Its public key, PEM; empty until it is known.
    pub public_key: String,
    /// Its instance id; another one is refused until a person admits it.
    pub instance: String,
    /// `requested`, `approved` or `revoked`.
    pub state: String,
    /// Whom to ask.
    pub contact: String,
    /// When it asked, milliseconds UTC.
    pub requested_at: i64,
    /// When a person decided.
    pub decided_at: Option<i64>,
    /// When it was last heard of.
    pub last_seen_at: Option<i64>,
    /// How many records it said that it is behind.
    pub reported_behind: Option<i64>,
    /// When the oldest of those was written.
    pub reported_oldest_at: Option<i64>,
}

const COLUMNS: &str = "code, role, name, url, public_key, instance, state, contact, requested_at, decided_at, \
                       last_seen_at, reported_behind, reported_oldest_at";

/// A range of positions frozen before its first attempt; repeated exactly until a receipt confirms it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenRange {
    /// The peer it is for.
    pub peer: String,
    /// `up` or `down`.
    pub direction: String,
    /// Class of its streams.
    pub class: Class,
    /// The cursor before it.
    pub from: u64,
    /// Its last position.
    pub to: u64,
    /// How many records it holds.
    pub records: u64,
    /// SM3 over the hashes of its records in order.
    pub hash: [u8; 32],
    /// Attempts so far.
    pub attempts: u32,
    /// Not before this moment.
    pub next_at: Timestamp,
}

#[derive(FromQueryResult)]
struct RangeRow {
    from_position: i64,
    to_position: i64,
    records: i64,
    hash: Vec<u8>,
    attempts: i64,
    next_at: i64,
}

/// A stored receipt.
#[derive(Clone, Debug, FromQueryResult)]
pub struct ReceiptRow {
    /// Number on this node.
    pub id: i64,
    /// The peer.
    pub peer: String,
    /// Direction of the data: `up` or `down`.
    pub direction: String,
    /// Class of its streams.
    pub class: String,
    /// The sender's cursor before the range.
    pub from_position: i64,
    /// The range's last position at the sender.
    pub to_position: i64,
    /// Records in the range.
    pub records: i64,
    /// Hash of the batch.
    pub hash: Vec<u8>,
    /// The signed receipt.
    pub body: Vec<u8>,
    /// When, in milliseconds UTC.
    pub at: i64,
}

/// A record that was set aside.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PoisonRow {
    /// Number on this node.
    pub id: i64,
    /// Origin node.
    pub node: String,
    /// Stream.
    pub stream: String,
    /// Seq.
    pub seq: i64,
    /// Kind of the record.
    pub kind: String,
    /// Stable code of the fault.
    pub code: String,
    /// Field.
    pub field: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub advice: String,
    /// When, in milliseconds UTC.
    pub at: i64,
    /// When a repair arrived.
    pub repaired_at: Option<i64>,
}

/// A record to be set aside.
#[derive(Clone, Debug)]
pub struct NewPoison<'a> {
    /// Position on this node.
    pub position: u64,
    /// Origin node.
    pub node: &'a str,
    /// Stream.
    pub stream: &'a str,
    /// Seq.
    pub seq: u64,
    /// Kind of the record.
    pub kind: &'a str,
    /// The object.
    pub object: ObjectId,
    /// The fault.
    pub fault: &'a suyuan_domain::fault::Fault,
}

/// The name of the cursor towards a peer.
fn reader_name(peer: &str, direction: &str, class: Class) -> String {
    format!("peer/{peer}/{direction}/{}", class.as_str())
}

async fn peers<C: sea_orm::ConnectionTrait>(db: &C, role: &str) -> Result<Vec<Peer>> {
    let text = format!("SELECT {COLUMNS} FROM peer WHERE role = ? ORDER BY code");
    sql::all(db, &text, vec![role.into()]).await
}

impl Store {
    /// The peer with this code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn peer(&self, code: &str) -> Result<Option<Peer>> {
        sql::one(self.reader(), &format!("SELECT {COLUMNS} FROM peer WHERE code = ?"), vec![code.into()]).await
    }

    /// All peers of a role (`parent` or `child`).
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn peers(&self, role: &str) -> Result<Vec<Peer>> {
        peers(self.reader(), role).await
    }

    /// The cursor towards a peer: the last position that it has confirmed.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn peer_cursor(&self, peer: &str, direction: &str, class: Class) -> Result<u64> {
        self.cursor(&reader_name(peer, direction, class)).await
    }

    /// The range that waits for a receipt, if one does.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn frozen_range(&self, peer: &str, direction: &str, class: Class) -> Result<Option<FrozenRange>> {
        let text = "SELECT from_position, to_position, records, hash, attempts, next_at FROM exchange_range \
                    WHERE peer = ? AND direction = ? AND class = ?";
        let values = vec![peer.into(), direction.into(), class.as_str().into()];
        let Some(row): Option<RangeRow> = sql::one(self.reader(), text, values).await? else { return Ok(None) };
        Ok(Some(FrozenRange {
            peer: peer.to_owned(),
            direction: direction.to_owned(),
            class,
            from: sql::uint(row.from_position),
            to: sql::uint(row.to_position),
            records: sql::uint(row.records),
            hash: sql::digest(&row.hash)?,
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            next_at: Timestamp::from_millis(row.next_at),
        }))
    }

    /// Receipts given and taken, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn receipts(&self, peer: Option<&str>, limit: u64) -> Result<Vec<ReceiptRow>> {
        let columns = "id, peer, direction, class, from_position, to_position, records, hash, body, at";
        let (filter, mut values) = match peer {
            Some(code) => (" WHERE peer = ?", vec![code.into()]),
            None => ("", vec![]),
        };
        values.push(sql::int(limit));
        sql::all(self.reader(), &format!("SELECT {columns} FROM receipt{filter} ORDER BY id DESC LIMIT ?"), values)
            .await
    }

    /// The newest receipt of every peer, direction and class.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn newest_receipts(&self) -> Result<Vec<ReceiptRow>> {
        let text = "SELECT id, peer, direction, class, from_position, to_position, records, hash, body, at FROM receipt \
                    WHERE id IN (SELECT MAX(id) FROM receipt GROUP BY peer, direction, class) ORDER BY id";
        sql::all(self.reader(), text, vec![]).await
    }

    /// Records that were set aside and are not repaired, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn poison(&self, limit: u64) -> Result<Vec<PoisonRow>> {
        let text = "SELECT id, node, stream, seq, kind, code, field, reason, advice, at, repaired_at FROM poison \
                    WHERE repaired_at IS NULL ORDER BY id DESC LIMIT ?";
        sql::all(self.reader(), text, vec![sql::int(limit)]).await
    }
}

impl Tx {
    /// The peer with this code.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn peer(&self, code: &str) -> Result<Option<Peer>> {
        sql::one(self.db(), &format!("SELECT {COLUMNS} FROM peer WHERE code = ?"), vec![code.into()]).await
    }

    /// All peers of a role (`parent` or `child`).
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn peers(&self, role: &str) -> Result<Vec<Peer>> {
        peers(self.db(), role).await
    }

    /// Writes a peer, new or changed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_peer(&self, peer: &Peer) -> Result<()> {
        let text = format!(
            "INSERT INTO peer ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE \
             SET role = excluded.role, name = excluded.name, url = excluded.url, public_key = excluded.public_key, \
             instance = excluded.instance, state = excluded.state, contact = excluded.contact, \
             decided_at = excluded.decided_at, last_seen_at = excluded.last_seen_at, reported_behind = excluded.reported_behind, \
             reported_oldest_at = excluded.reported_oldest_at"
        );
        let p = peer.clone();
        let values = vec![
            p.code.into(),
            p.role.into(),
            p.name.into(),
            p.url.into(),
            p.public_key.into(),
            p.instance.into(),
            p.state.into(),
            p.contact.into(),
            p.requested_at.into(),
            p.decided_at.into(),
            p.last_seen_at.into(),
            p.reported_behind.into(),
            p.reported_oldest_at.into(),
        ];
        sql::execute(self.db(), &text, values).await?;
        Ok(())
    }

    /// Notes that a peer was heard of.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_seen(&self, code: &str, at: Timestamp) -> Result<()> {
        let text = "UPDATE peer SET last_seen_at = ? WHERE code = ?";
        sql::execute(self.db(), text, vec![at.millis().into(), code.into()]).await?;
        Ok(())
    }

    /// Notes how far behind a child said it is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_behind(&self, code: &str, behind: u64, oldest: Option<Timestamp>) -> Result<()> {
        let text = "UPDATE peer SET reported_behind = ?, reported_oldest_at = ? WHERE code = ?";
        sql::execute(self.db(), text, vec![sql::int(behind), oldest.map(Timestamp::millis).into(), code.into()])
            .await?;
        Ok(())
    }

    /// Freezes a range, or notes another attempt at the one that is frozen.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another range is frozen for this peer, direction and class.
    pub async fn freeze_range(&self, range: &FrozenRange) -> Result<()> {
        let text = "INSERT INTO exchange_range (peer, direction, class, from_position, to_position, records, hash, attempts, \
                    next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (peer, direction, class) DO UPDATE \
                    SET attempts = excluded.attempts, next_at = excluded.next_at \
                    WHERE exchange_range.to_position = excluded.to_position AND exchange_range.hash = excluded.hash";
        let values = vec![
            range.peer.as_str().into(),
            range.direction.as_str().into(),
            range.class.as_str().into(),
            sql::int(range.from),
            sql::int(range.to),
            sql::int(range.records),
            range.hash.to_vec().into(),
            i64::from(range.attempts).into(),
            range.next_at.millis().into(),
        ];
        let done = sql::execute(self.db(), text, values).await?;
        if done == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "frozen range" }) }
    }

    /// Stores the receipt for the frozen range, unfreezes it and moves the cursor: the only way a peer's cursor moves.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when this range is not frozen any more.
    pub async fn confirm_range(
        &self,
        range: &FrozenRange,
        batch_hash: &[u8; 32],
        receipt: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        let text = "DELETE FROM exchange_range WHERE peer = ? AND direction = ? AND class = ? AND to_position = ? AND hash = ?";
        let values = vec![
            range.peer.as_str().into(),
            range.direction.as_str().into(),
            range.class.as_str().into(),
            sql::int(range.to),
            range.hash.to_vec().into(),
        ];
        if sql::execute(self.db(), text, values).await? != 1 {
            return Err(StoreError::Conflict { what: "frozen range" });
        }
        self.keep_receipt(range, batch_hash, receipt, now).await?;
        self.move_cursor(&reader_name(&range.peer, &range.direction, range.class), range.to, now).await
    }

    /// Stores a receipt: one taken from a receiver, or one given to a sender.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_receipt(
        &self,
        range: &FrozenRange,
        batch_hash: &[u8; 32],
        receipt: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        let text = "INSERT INTO receipt (peer, direction, class, from_position, to_position, records, hash, body, at) \
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (peer, direction, class, hash) DO NOTHING";
        let values = vec![
            range.peer.as_str().into(),
            range.direction.as_str().into(),
            range.class.as_str().into(),
            sql::int(range.from),
            sql::int(range.to),
            sql::int(range.records),
            batch_hash.to_vec().into(),
            receipt.to_vec().into(),
            now.millis().into(),
        ];
        sql::execute(self.db(), text, values).await?;
        Ok(())
    }

    /// The receipt that was given for this batch, if it came before.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn given_receipt(
        &self,
        peer: &str,
        direction: &str,
        class: Class,
        batch_hash: &[u8; 32],
    ) -> Result<Option<Vec<u8>>> {
        let text = "SELECT body FROM receipt WHERE peer = ? AND direction = ? AND class = ? AND hash = ?";
        let values = vec![peer.into(), direction.into(), class.as_str().into(), batch_hash.to_vec().into()];
        sql::scalar(self.db(), text, values).await
    }

    /// Sets a record aside and marks its journal row with the fault's code.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_aside(&self, poison: &NewPoison<'_>, now: Timestamp) -> Result<()> {
        let text = "INSERT INTO poison (position, node, stream, seq, kind, object, code, field, reason, advice, at) \
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = vec![
            sql::int(poison.position),
            poison.node.into(),
            poison.stream.into(),
            sql::int(poison.seq),
            poison.kind.into(),
            sql::id(poison.object),
            poison.fault.code.as_str().into(),
            poison.fault.field.as_str().into(),
            poison.fault.reason.as_str().into(),
            poison.fault.advice.as_str().into(),
            now.millis().into(),
        ];
        sql::execute(self.db(), text, values).await?;
        let mark = "UPDATE journal SET verdict = ? WHERE position = ?";
        sql::execute(self.db(), mark, vec![poison.fault.code.as_str().into(), sql::int(poison.position)]).await?;
        Ok(())
    }
}
