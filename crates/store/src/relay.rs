//! Taking in records of other nodes: each once, in the order of its chain, origin untouched.
//!
//! In a dense chain "seq = head + 1 and previous hash = head" is apply-once. What the records mean is applied by
//! `suyuan-service` in the same transaction.

use std::collections::BTreeMap;

use suyuan_domain::record::Record;

use crate::Result;
use crate::db::Tx;
use crate::error::StoreError;
use crate::head::Head;
use crate::journal::continue_chain;

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
        let mut heads: BTreeMap<(String, String), (Head, Head)> = BTreeMap::new();
        let mut done = Relayed::default();
        for record in records {
            let Some(origin) = record.origin.clone() else {
                return Err(StoreError::damaged("batch", "a record without origin"));
            };
            let key = (origin.node.clone(), origin.stream.to_string());
            if !heads.contains_key(&key) {
                let head = self.locked_head(&origin.node, &origin.stream).await?;
                heads.insert(key.clone(), (head.clone(), head));
            }
            let Some((_, head)) = heads.get_mut(&key) else {
                continue;
            };
            let next = continue_chain(head, &record).map_err(|fault| StoreError::Chain {
                node: key.0.clone(),
                stream: key.1.clone(),
                fault,
            })?;
            match next {
                Some(next) => {
                    *head = next;
                    done.applied.push(record);
                }
                None => done.duplicates += 1,
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
        for (before, after) in heads.values() {
            if before.seq != after.seq {
                self.move_head(before, after).await?;
            }
        }
        done.heads = heads.into_values().map(|(_, after)| after).collect();
        Ok(done)
    }
}
