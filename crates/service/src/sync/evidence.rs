//! Evidence of the exchange (交换证据): what confirmed batches leave is written into signed files by the piece, after the fact.
//!
//! The transaction of a batch only keeps its manifest and receipt. A file is written when many entries wait or a day is
//! over (`evidence_seal` of the limits), and only over records that lie in sealed segments, so that evidence and segments
//! together prove everything they name, see [`crate::proof::evidence`]. Rows: D-shape, H-8.

use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::clock::Timestamp;
use suyuan_exchange::wire::BatchManifest;
use suyuan_exchange::wire::evidence::{Entry, Place, Run, encode_runs, pack};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::evidence::{EvidenceChain, EvidenceFile, EvidenceRow, EvidenceWaiting, NewEvidence};
use suyuan_store::peer::FrozenRange;
use suyuan_store::segment::{SEGMENT_RECORDS, Sealer, write_durably};

use crate::{Node, Result, ServiceError, audit, projector};

/// Folder of the evidence inside the data folder.
pub const FOLDER: &str = "evidence";

/// Entries in one file at most, and how many make a file without waiting for the time.
const IN_FILE: u64 = 256;

/// Until when entries may wait, in the pack of limits.
const SEAL_LIMIT: &str = "evidence_seal";

/// For how long files are kept, in the pack of limits.
const KEEP_LIMIT: &str = "evidence_keep";

/// Files removed in one piece of housekeeping.
const REMOVED_AT_ONCE: u64 = 100;

/// The signed parts of a batch that evidence keeps.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// The manifest as signed.
    pub(super) manifest: Vec<u8>,
    /// Its signature.
    pub(super) signature: Vec<u8>,
    /// The order of its records.
    pub(super) runs: Vec<Run>,
}

/// Keeps what a confirmed batch leaves, in the transaction that stores its receipt.
pub(super) async fn keep(
    tx: &Tx,
    range: &FrozenRange,
    parts: Parts,
    (receipt, own_position, at): (&[u8], u64, Timestamp),
) -> Result<()> {
    let evidence = NewEvidence {
        peer: range.peer.clone(),
        direction: range.direction.clone(),
        class: range.class,
        own_position,
        manifest: parts.manifest,
        signature: parts.signature,
        runs: encode_runs(&parts.runs),
        receipt: receipt.to_vec(),
        at,
    };
    Ok(tx.keep_evidence(evidence).await?)
}

/// Which entries are written into files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haste {
    /// Those that fill a file, and those whose time is over.
    Usual,
    /// All whose records the local readers have passed.
    Now,
}

/// Writes waiting entries into files; says how many files.
///
/// # Errors
/// When a file or the database refuses; the entries then still wait.
pub async fn seal(node: &Node, haste: Haste) -> Result<usize> {
    let _alone = node.sealing.lock().await;
    let now = node.now();
    let packs = node.packs();
    let is_over = |row: &EvidenceWaiting| {
        let oldest = Timestamp::from_millis(row.oldest_at);
        haste == Haste::Now || packs.due(SEAL_LIMIT, oldest).is_some_and(|due| due <= now)
    };
    let waiting = node.store.evidence_waiting().await?;
    let over = waiting.iter().filter(|row| is_over(row)).map(|row| row.position).max();
    if let Some(position) = over {
        seal_journal(node, u64::try_from(position).unwrap_or(0)).await?;
    }
    let sealed = node.store.sealed_to().await?;
    let mut files = 0;
    for row in &waiting {
        let chain =
            EvidenceChain { peer: row.peer.clone(), direction: row.direction.clone(), class: row.class.clone() };
        let enough = if is_over(row) { 1 } else { IN_FILE };
        while write(node, &chain, (sealed, enough)).await? {
            files += 1;
        }
    }
    Ok(files)
}

/// Seals the journal up to a position, as far as the local readers have come.
async fn seal_journal(node: &Node, to: u64) -> Result<()> {
    let sealer = Sealer { key: &node.signing_key, entropy: &*node.entropy };
    let passed = node.store.passed_by_all(&[projector::READER]).await?;
    loop {
        let left = to.min(passed).saturating_sub(node.store.sealed_to().await?);
        let count = usize::try_from(left).unwrap_or(SEGMENT_RECORDS).min(SEGMENT_RECORDS);
        if count == 0 || node.store.seal_records(&sealer, count, passed, node.now()).await? == 0 {
            return Ok(());
        }
    }
}

/// Writes the next file of a chain where at least `enough` entries can go into it; says whether it did.
async fn write(node: &Node, chain: &EvidenceChain, (sealed, enough): (u64, u64)) -> Result<bool> {
    let mut rows = node.store.evidence_entries(chain, IN_FILE).await?;
    let is_sealed = |row: &EvidenceRow| u64::try_from(row.own_position).is_ok_and(|position| position <= sealed);
    rows.truncate(rows.iter().take_while(|row| is_sealed(row)).count());
    let (Some(newest), true) = (rows.last(), rows.len() as u64 >= enough) else { return Ok(false) };
    let (through, last_at) = (newest.id, newest.at);
    let before = node.store.last_evidence(chain).await?;
    let first = before.as_ref().map_or(1, |file| file.last_entry + 1);
    let previous = before.map_or(Ok([0; 32]), |file| file.head.try_into());
    let previous = previous.map_err(|_| ServiceError::Internal("the head of the evidence is no hash".into()))?;
    let records = rows.iter().map(|row| records_of(&row.manifest)).sum::<Result<u64>>()?;
    let entries = chained(rows, u64::try_from(first).unwrap_or(1), previous)?;
    let place = Place {
        node: node.code().to_owned(),
        peer: chain.peer.clone(),
        direction: chain.direction.clone(),
        class: chain.class.clone(),
    };
    keep_keys(node, &chain.peer).await?;
    let (key, entropy, now) = (node.signing_key.clone(), node.entropy.clone(), node.now());
    let path = format!("{FOLDER}/{}/{}-{}/{first:012}.evd", chain.peer, chain.direction, chain.class);
    let target = node.config.data_dir.join(&path);
    let last = first + i64::try_from(entries.len()).unwrap_or(0) - 1;
    let written = tokio::task::spawn_blocking(move || {
        let (bytes, head) = pack(&place, &entries, now, &key, &*entropy)?;
        write_durably(&target, &bytes).map_err(suyuan_store::StoreError::from)?;
        Ok::<_, ServiceError>((bytes.len(), head))
    });
    let (bytes, head) = written.await.map_err(|error| ServiceError::Internal(error.to_string()))??;
    let file = EvidenceFile {
        peer: chain.peer.clone(),
        direction: chain.direction.clone(),
        class: chain.class.clone(),
        first_entry: first,
        last_entry: last,
        head: head.to_vec(),
        path,
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        records: i64::try_from(records).unwrap_or(i64::MAX),
        last_at,
        removed_at: None,
    };
    let tx = node.store.begin().await?;
    tx.record_evidence(&file, through).await?;
    tx.commit().await?;
    Ok(true)
}

fn records_of(manifest: &[u8]) -> Result<u64> {
    Ok(u64::from(serde_json::from_slice::<BatchManifest>(manifest)?.records))
}

fn chained(rows: Vec<EvidenceRow>, first: u64, mut previous: [u8; 32]) -> Result<Vec<Entry>> {
    let mut entries = Vec::with_capacity(rows.len());
    for (number, row) in (first..).zip(rows) {
        let EvidenceRow { manifest, signature, runs, receipt, at, .. } = row;
        let at = Timestamp::from_millis(at);
        let entry = Entry { number, previous, at, manifest, signature, runs, receipt };
        previous = entry.hash()?;
        entries.push(entry);
    }
    Ok(entries)
}

/// Puts the public keys of this node and the peer beside the evidence. A key that was replaced stays there.
async fn keep_keys(node: &Node, peer: &str) -> Result<()> {
    let mut keys = vec![(node.code().to_owned(), node.signing_key.verifying_key())];
    if let Some(peer) = node.store.peer(peer).await?.filter(|peer| !peer.public_key.is_empty()) {
        keys.push((peer.code, VerifyingKey::from_spki_pem(&peer.public_key)?));
    }
    for (code, key) in keys {
        let path = node.config.data_dir.join(FOLDER).join("keys").join(format!("{code}-{}.pem", key.fingerprint()));
        if !path.exists() {
            write_durably(&path, key.to_spki_pem().as_bytes()).map_err(suyuan_store::StoreError::from)?;
        }
    }
    Ok(())
}

/// Removes files whose time is over; says how many.
///
/// # Errors
/// When a file or the database refuses.
pub(crate) async fn expire(node: &Node) -> Result<u64> {
    let (now, packs) = (node.now(), node.packs());
    let mut removed = 0;
    for file in node.store.expired_evidence(now, REMOVED_AT_ONCE).await? {
        let ended = Timestamp::from_millis(file.last_at);
        if packs.due(KEEP_LIMIT, ended).is_none_or(|due| due > now) {
            break;
        }
        match std::fs::remove_file(node.config.data_dir.join(&file.path)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(suyuan_store::StoreError::from(error).into());
            }
            _ => {}
        }
        let tx = node.store.begin().await?;
        tx.evidence_removed(&file, now).await?;
        let cx = node.own_context("evidence");
        audit::note(&tx, &cx, "remove", "evidence", &file.path, None, None).await?;
        tx.commit().await?;
        removed += 1;
    }
    Ok(removed)
}

/// One chain of evidence as people see it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Which chain.
    pub chain: EvidenceChain,
    /// Files.
    pub files: u64,
    /// Batches in files.
    pub batches: u64,
    /// Records in those.
    pub records: u64,
    /// Size of the files in bytes.
    pub bytes: u64,
    /// Confirmation of the newest batch in a file.
    pub last_at: Option<Timestamp>,
    /// Batches that wait for a file.
    pub waiting: u64,
}

/// The evidence that is kept, by chain.
///
/// # Errors
/// When the actor may not see it, or the database is out of reach.
pub async fn kept(node: &Node, cx: &OpContext) -> Result<Vec<Kept>> {
    cx.authorize(Action::Read, Kind::Exchange)?;
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let mut chains: std::collections::BTreeMap<EvidenceChain, Kept> = std::collections::BTreeMap::new();
    let blank =
        |chain: EvidenceChain| Kept { chain, files: 0, batches: 0, records: 0, bytes: 0, last_at: None, waiting: 0 };
    for file in node.store.evidence_files().await? {
        let EvidenceFile { peer, direction, class, first_entry, last_entry, bytes, records, last_at, .. } = file;
        let chain = EvidenceChain { peer, direction, class };
        let row = chains.entry(chain.clone()).or_insert_with(|| blank(chain));
        row.files += 1;
        row.batches += count(last_entry - first_entry + 1);
        row.records += count(records);
        row.bytes += count(bytes);
        row.last_at = row.last_at.max(Some(Timestamp::from_millis(last_at)));
    }
    for waiting in node.store.evidence_waiting().await? {
        let EvidenceWaiting { peer, direction, class, entries, .. } = waiting;
        let chain = EvidenceChain { peer, direction, class };
        chains.entry(chain.clone()).or_insert_with(|| blank(chain)).waiting = count(entries);
    }
    Ok(chains.into_values().collect())
}

/// Writes everything that waits into files at once, on a person's word, such as before they are handed over.
///
/// # Errors
/// When the actor may not, or a file or the database refuses.
pub async fn seal_now(node: &Node, cx: &OpContext) -> Result<usize> {
    cx.authorize(Action::Update, Kind::Exchange)?;
    let files = seal(node, Haste::Now).await?;
    let tx = node.store.begin().await?;
    audit::note(
        &tx,
        cx,
        "seal",
        "evidence",
        node.code(),
        None,
        Some(&serde_json::json!({ "files": files }).to_string()),
    )
    .await?;
    tx.commit().await?;
    Ok(files)
}
