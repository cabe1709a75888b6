//! Taking in records of other nodes: each once, in the order of its chain, origin untouched.
//!
//! In a dense chain "seq = head + 1 and previous hash = head" is apply-once. What the records mean is applied by
//! `suyuan-service` in the same transaction.

use std::collections::BTreeMap;

use suyuan_domain::record::{Digest, Record};

use crate::Result;
use crate::db::Tx;
use crate::error::{ChainFault, StoreError};
use crate::head::Head;
use crate::journal::{continue_chain, hash_of};

/// A chain that a batch touches.
struct Touched {
    /// The head before the batch.
    before: Head,
    /// The head now.
    head: Head,
    /// Hash of the batch's last record of this chain.
    last: Option<Digest>,
}

impl Touched {
    /// Takes the next record of the batch in this chain; says whether it is new. One that is already there must still have
    /// its own hash and follow the one before it in the batch: a receipt would vouch for it otherwise.
    fn take(&mut self, record: &Record) -> std::result::Result<bool, ChainFault> {
        let Some(origin) = &record.origin else { return Ok(false) };
        if self.last.is_some_and(|last| last != origin.prev) {
            return Err(ChainFault::Fork { seq: origin.seq });
        }
        self.last = Some(origin.hash);
        match continue_chain(&self.head, record)? {
            Some(next) => {
                self.head = next;
                Ok(true)
            }
            None if hash_of(record) == Some(origin.hash) => Ok(false),
            None => Err(ChainFault::Hash { seq: origin.seq }),
        }
    }
}

/// What taking in a batch did.
#[derive(Clone, Debug, Default)]
pub struct Relayed {
    /// Records that were new, with their positions on this node.
    pub applied: Vec<Record>,
    /// How many were already there.
    pub duplicates: u64,
    /// Heads of all chains that the batch touched, after it.
    pub heads: Vec<Head>,
}

impl Tx {
    /// Appends records of other nodes behind the heads of their chains. Records already there are skipped.
    ///
    /// # Errors
    /// [`StoreError::Chain`] for the first record that does not continue its chain: a gap, a fork, a wrong hash or an
    /// ended epoch; nothing of the batch may be committed then.
    pub async fn relay(&mut self, records: Vec<Record>) -> Result<Relayed> {
        self.lock_positions().await?;
        let mut heads: BTreeMap<(String, String), Touched> = BTreeMap::new();
        let mut done = Relayed::default();
        for record in records {
            let Some(origin) = record.origin.clone() else {
                return Err(StoreError::damaged("batch", "a record without origin"));
            };
            let key = (origin.node.clone(), origin.stream.to_string());
            if !heads.contains_key(&key) {
                let head = self.locked_head(&origin.node, &origin.stream).await?;
                heads.insert(key.clone(), Touched { before: head.clone(), head, last: None });
            }
            let Some(touched) = heads.get_mut(&key) else {
                continue;
            };
            let is_new = touched.take(&record).map_err(|fault| StoreError::Chain {
                node: key.0.clone(),
                stream: key.1.clone(),
                fault,
            })?;
            if is_new {
                done.applied.push(record);
            } else {
                done.duplicates += 1;
            }
        }
        if !done.applied.is_empty() {
            let first = self.take_positions(done.applied.len() as u64).await?;
            for (position, record) in (first..).zip(done.applied.iter_mut()) {
                record.position = position;
            }
            self.insert_journal(&done.applied).await?;
            let last = first + done.applied.len() as u64 - 1;
            self.appended = Some(last);
        }
        for Touched { before, head, .. } in heads.values() {
            if before.seq != head.seq {
                self.move_head(before, head).await?;
            }
        }
        done.heads = heads.into_values().map(|touched| touched.head).collect();
        Ok(done)
    }
}
