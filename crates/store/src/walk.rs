//! The walk over everything kept (全量核验): every chain from its first record, over the stored bytes of table and
//! segments, against the heads and against what others have signed.
//!
//! Whose signatures count and when it runs is decided in `suyuan-service` and `suyuan-jobs`. Local records are in no chain:
//! in the table their bytes are proved by nothing, in a segment by its hash and signature. Rows: D-shape, H-8.

use std::collections::BTreeMap;

use suyuan_domain::record::{Origin, Record};

use crate::Result;
use crate::db::Store;
use crate::error::{ChainFault, StoreError};
use crate::head::{Head, Mark};
use crate::journal::continue_chain;

/// Records read at a time.
const STEP: usize = 4096;

/// A head that somebody signed: the chain must pass through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The head.
    pub head: Head,
    /// Who signed it where, for the fault's text.
    pub by: String,
}

/// How far a walk has come. May be kept and taken up again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Last position that was proved.
    pub position: u64,
    heads: BTreeMap<(String, String), Head>,
}

impl Walk {
    /// A walk that has come to `position`, with the heads there.
    #[must_use]
    pub fn resumed(position: u64, heads: Vec<Head>) -> Self {
        Self { position, heads: heads.into_iter().map(|head| (head.chain(), head)).collect() }
    }

    /// The heads at the walk's position, by node and stream.
    #[must_use]
    pub fn heads(&self) -> Vec<Head> {
        self.heads.values().cloned().collect()
    }

    fn step(&mut self, record: &Record, anchors: &[Anchor]) -> Result<()> {
        self.position = record.position;
        let Some(origin) = &record.origin else { return Ok(()) };
        let chain = (origin.node.clone(), origin.stream.to_string());
        let fault = |fault| StoreError::Chain { node: chain.0.clone(), stream: chain.1.clone(), fault };
        let start = || Head::start(origin.node.clone(), origin.stream.clone());
        let head = self.heads.entry(chain.clone()).or_insert_with(start);
        let taken = ChainFault::Fork { seq: origin.seq };
        *head = continue_chain(head, record).map_err(fault)?.ok_or_else(|| fault(taken))?;
        match anchors.iter().find(|anchor| is_at(&anchor.head, origin) && anchor.head.hash != origin.hash) {
            None => Ok(()),
            Some(anchor) => Err(differs(&anchor.head, &anchor.by)),
        }
    }

    /// Compares the heads at the end of the walk with the recorded ones, and sees that no record of the node `own` is
    /// missing that somebody has signed.
    ///
    /// Chains of others may be known further elsewhere: that is no fault.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] that names the first chain that ends elsewhere.
    pub fn finish(&self, mark: &Mark, anchors: &[Anchor], own: &str) -> Result<()> {
        let behind = |head: &Head| self.heads.get(&head.chain()).is_none_or(|walked| walked.seq < head.seq);
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.head.node == own && behind(&anchor.head)) {
            return Err(differs(&anchor.head, &anchor.by));
        }
        let recorded: BTreeMap<_, _> = mark.heads.iter().map(|head| (head.chain(), head)).collect();
        let walked = self.heads.iter().find(|(chain, head)| recorded.get(chain) != Some(head));
        let missing = recorded.keys().find(|chain| !self.heads.contains_key(chain));
        match walked.map(|(chain, _)| chain).or(missing) {
            None => Ok(()),
            Some((node, stream)) => {
                Err(StoreError::damaged("stream head", format!("{node} {stream} differs from the journal")))
            }
        }
    }
}

fn is_at(head: &Head, origin: &Origin) -> bool {
    head.seq == origin.seq && head.stream == origin.stream && head.node == origin.node
}

fn differs(head: &Head, by: &str) -> StoreError {
    StoreError::damaged("chain", format!("{} {} is at seq {} not what {by} signed", head.node, head.stream, head.seq))
}

impl Store {
    /// Walks on from where `walk` is, at most `limit` records and not beyond `until`. Says whether it is there.
    ///
    /// # Errors
    /// The first record that does not continue its chain or is not the one that was signed, named; a segment that is
    /// damaged or missing, named; a position that is nowhere.
    pub async fn walk(&self, walk: &mut Walk, anchors: &[Anchor], until: u64, limit: u64) -> Result<bool> {
        let end = until.min(walk.position.saturating_add(limit));
        while walk.position < end {
            let left = usize::try_from(end - walk.position).unwrap_or(STEP).min(STEP);
            let records = self.read_journal(walk.position, left).await?;
            if records.is_empty() {
                return Err(StoreError::damaged("journal", format!("ends at position {}", walk.position)));
            }
            for record in &records {
                walk.step(record, anchors)?;
            }
        }
        Ok(walk.position >= until)
    }

    /// Walks everything that is there now, in one go, while others go on writing.
    ///
    /// # Errors
    /// As [`Store::walk`] and [`Walk::finish`].
    pub async fn verify_chains(&self, anchors: &[Anchor]) -> Result<Vec<Head>> {
        let mark = self.mark().await?;
        let mut walk = Walk::default();
        self.walk(&mut walk, anchors, mark.position, u64::MAX).await?;
        walk.finish(&mark, anchors, self.node())?;
        Ok(walk.heads())
    }
}
