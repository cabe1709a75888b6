//! Evidence of the exchange on its way into files (交换证据): what a confirmed batch leaves is stored with its receipt, and the
//! files that hold it are recorded.
//!
//! The bytes of entries and files belong to `suyuan-exchange`, when they are written to `suyuan-service`. The records
//! themselves lie in the journal and its segments. Rows: D-shape, H-8.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::record::Class;

use crate::db::{Store, Tx};
use crate::{Result, sql};

/// One chain of evidence: a peer, `up` or `down`, a class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, FromQueryResult)]
pub struct EvidenceChain {
    /// Code of the peer.
    pub peer: String,
    /// Way of the data: `up` or `down`.
    pub direction: String,
    /// Class of the data.
    pub class: String,
}

/// What one confirmed batch leaves.
#[derive(Clone, Debug)]
pub struct NewEvidence {
    /// Code of the peer.
    pub peer: String,
    /// Way of the data: `up` or `down`.
    pub direction: String,
    /// Class of the data.
    pub class: Class,
    /// Position on this node up to which the batch's records lie.
    pub own_position: u64,
    /// The manifest as signed.
    pub manifest: Vec<u8>,
    /// Its signature.
    pub signature: Vec<u8>,
    /// In which order the records of its chains stood.
    pub runs: Vec<u8>,
    /// The signed receipt.
    pub receipt: Vec<u8>,
    /// When it was confirmed.
    pub at: Timestamp,
}

/// An entry that waits for its file.
#[derive(Clone, Debug, FromQueryResult)]
pub struct EvidenceRow {
    /// Number on this node; entries of one chain ascend.
    pub id: i64,
    /// Position on this node up to which the batch's records lie.
    pub own_position: i64,
    /// The manifest as signed.
    pub manifest: Vec<u8>,
    /// Its signature.
    pub signature: Vec<u8>,
    /// In which order the records of its chains stood.
    pub runs: Vec<u8>,
    /// The signed receipt.
    pub receipt: Vec<u8>,
    /// When it was confirmed, milliseconds UTC.
    pub at: i64,
}

/// A file of evidence.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct EvidenceFile {
    /// Code of the peer.
    pub peer: String,
    /// Way of the data.
    pub direction: String,
    /// Class of the data.
    pub class: String,
    /// Number of its first entry, from 1.
    pub first_entry: i64,
    /// Number of its last entry.
    pub last_entry: i64,
    /// SM3 of the last entry.
    pub head: Vec<u8>,
    /// Path from the data folder.
    pub path: String,
    /// Size in bytes.
    pub bytes: i64,
    /// Records in its batches.
    pub records: i64,
    /// When its last batch was confirmed, milliseconds UTC.
    pub last_at: i64,
    /// When it was removed after the evidence period.
    pub removed_at: Option<i64>,
}

/// What waits in one chain.
#[derive(Clone, Debug, FromQueryResult)]
pub struct EvidenceWaiting {
    /// Code of the peer.
    pub peer: String,
    /// Way of the data.
    pub direction: String,
    /// Class of the data.
    pub class: String,
    /// How many entries wait.
    pub entries: i64,
    /// When the oldest was confirmed, milliseconds UTC.
    pub oldest_at: i64,
    /// Position on this node up to which their records lie.
    pub position: i64,
}

const FILE: &str = "SELECT peer, direction, class, first_entry, last_entry, head, path, bytes, records, last_at, removed_at FROM evidence_file";

fn key(chain: &EvidenceChain) -> Vec<sea_orm::Value> {
    vec![chain.peer.as_str().into(), chain.direction.as_str().into(), chain.class.as_str().into()]
}

impl Store {
    /// What waits for its file, by chain.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn evidence_waiting(&self) -> Result<Vec<EvidenceWaiting>> {
        let text = "SELECT peer, direction, class, COUNT(*) AS entries, MIN(at) AS oldest_at, \
                    MAX(own_position) AS position FROM evidence_entry GROUP BY peer, direction, class \
                    ORDER BY peer, direction, class";
        sql::all(self.reader(), text, vec![]).await
    }

    /// The oldest entries of a chain that wait, at most `limit`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn evidence_entries(&self, chain: &EvidenceChain, limit: u64) -> Result<Vec<EvidenceRow>> {
        let text = "SELECT id, own_position, manifest, signature, runs, receipt, at FROM evidence_entry \
                    WHERE peer = ? AND direction = ? AND class = ? ORDER BY id LIMIT ?";
        let mut values = key(chain);
        values.push(sql::int(limit));
        sql::all(self.reader(), text, values).await
    }

    /// The newest file of a chain.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn last_evidence(&self, chain: &EvidenceChain) -> Result<Option<EvidenceFile>> {
        let text = format!("{FILE} WHERE peer = ? AND direction = ? AND class = ? ORDER BY first_entry DESC LIMIT 1");
        sql::one(self.reader(), &text, key(chain)).await
    }

    /// Every file that is still there, by chain and number.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn evidence_files(&self) -> Result<Vec<EvidenceFile>> {
        let text = format!("{FILE} WHERE removed_at IS NULL ORDER BY peer, direction, class, first_entry");
        sql::all(self.reader(), &text, vec![]).await
    }

    /// Files whose last batch was confirmed before `before`, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn expired_evidence(&self, before: Timestamp, limit: u64) -> Result<Vec<EvidenceFile>> {
        let text = format!("{FILE} WHERE removed_at IS NULL AND last_at < ? ORDER BY last_at LIMIT ?");
        sql::all(self.reader(), &text, vec![before.millis().into(), sql::int(limit)]).await
    }
}

impl Tx {
    /// Keeps what a confirmed batch leaves, in the transaction that stores its receipt.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_evidence(&self, evidence: NewEvidence) -> Result<()> {
        let text = "INSERT INTO evidence_entry (peer, direction, class, own_position, manifest, signature, runs, receipt, at) \
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let NewEvidence { peer, direction, class, own_position, manifest, signature, runs, receipt, at } = evidence;
        let values = vec![
            peer.into(),
            direction.into(),
            class.as_str().into(),
            sql::int(own_position),
            manifest.into(),
            signature.into(),
            runs.into(),
            receipt.into(),
            at.millis().into(),
        ];
        sql::execute(self.db(), text, values).await?;
        Ok(())
    }

    /// Records a file and forgets the entries that it holds: those of its chain up to `through`.
    ///
    /// # Errors
    /// When the database refuses, as for a file that is recorded already.
    pub async fn record_evidence(&self, file: &EvidenceFile, through: i64) -> Result<()> {
        let text = "INSERT INTO evidence_file (peer, direction, class, first_entry, last_entry, head, path, bytes, records, \
                    last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let f = file.clone();
        let values = vec![
            f.peer.into(),
            f.direction.into(),
            f.class.into(),
            f.first_entry.into(),
            f.last_entry.into(),
            f.head.into(),
            f.path.into(),
            f.bytes.into(),
            f.records.into(),
            f.last_at.into(),
        ];
        sql::execute(self.db(), text, values).await?;
        let text = "DELETE FROM evidence_entry WHERE peer = ? AND direction = ? AND class = ? AND id <= ?";
        let chain =
            EvidenceChain { peer: file.peer.clone(), direction: file.direction.clone(), class: file.class.clone() };
        let mut values = key(&chain);
        values.push(through.into());
        sql::execute(self.db(), text, values).await?;
        Ok(())
    }

    /// Notes that a file was removed after the evidence period.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn evidence_removed(&self, file: &EvidenceFile, now: Timestamp) -> Result<()> {
        let text = "UPDATE evidence_file SET removed_at = ? WHERE peer = ? AND direction = ? AND class = ? AND first_entry = ?";
        let values = vec![
            now.millis().into(),
            file.peer.as_str().into(),
            file.direction.as_str().into(),
            file.class.as_str().into(),
            file.first_entry.into(),
        ];
        sql::execute(self.db(), text, values).await?;
        Ok(())
    }
}
