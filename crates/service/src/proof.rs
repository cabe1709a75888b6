//! The daily proof (每日核验): every record that is kept is walked over and compared with what was signed: the node's own
//! checkpoint of the last proof, and the newest receipts given and taken.
//!
//! The walk itself belongs to `suyuan-store`. It is done by the piece, one job after the other, so that other work comes in
//! between. A fault is noted in the audit trail and as a fact about the node; it changes nothing that is kept.
//! Rows: D-shape, H-8, G-6.4.1.

pub mod evidence;

use serde::{Deserialize, Serialize};
use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;
use suyuan_exchange::wire::document::{peek, sign, verify};
use suyuan_exchange::wire::{Head as WireHead, Heads, OLDEST_VERSION, Receipt, VERSION};
use suyuan_store::error::ChainFault;
use suyuan_store::head::{Head, Mark};
use suyuan_store::job::NewJob;
use suyuan_store::peer::ReceiptRow;
use suyuan_store::walk::{Anchor, Walk};
use suyuan_store::{Store, StoreError};

use crate::{Node, Result, audit};

/// The job that walks one piece.
pub const PROVE_JOB: &str = "journal.prove";

/// Records in one piece.
const PIECE: u64 = 200_000;

/// The fact about the node that holds the walk under way.
const UNDER_WAY: &str = "proof_walk";

/// The fact about the node that holds the signed heads of the last proof.
const CHECKPOINT: &str = "proof_checkpoint";

/// The fact about the node that tells how the last proof ended.
const OUTCOME: &str = "proof";

/// How the last proof ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When it ended.
    pub at: Timestamp,
    /// Position up to which everything was found as it was written.
    pub position: u64,
    /// What is wrong, in Chinese; `None` where nothing is.
    pub fault: Option<String>,
}

/// A walk between two jobs.
#[derive(Debug, Serialize, Deserialize)]
struct UnderWay {
    begun: Timestamp,
    position: u64,
    heads: Vec<WireHead>,
    until: u64,
    target: Vec<WireHead>,
    anchors: Vec<(WireHead, String)>,
}

/// Asks for the day's proof. Asking again changes nothing.
///
/// # Errors
/// When the database is out of reach.
pub async fn enqueue(node: &Node, today: Day) -> Result<()> {
    let tx = node.store.begin().await?;
    tx.enqueue(job(&today.to_string(), node.now()), node.now()).await?;
    Ok(tx.commit().await?)
}

fn job(key: &str, run_at: Timestamp) -> NewJob {
    NewJob {
        kind: PROVE_JOB.to_owned(),
        unique_key: Some(format!("{PROVE_JOB}/{key}")),
        payload: "{}".to_owned(),
        run_at,
        max_attempts: 5,
        actor: None,
    }
}

/// How the last proof ended; `None` before the first.
///
/// # Errors
/// When the database is out of reach.
pub async fn last(node: &Node) -> Result<Option<Proof>> {
    Ok(node.store.state(OUTCOME).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Walks the next piece of the proof under way, or begins one; at the end notes how it went.
///
/// # Errors
/// When the database or a file is out of reach; the piece is tried again. A fault in what is kept is no error here.
pub async fn piece(node: &Node) -> Result<()> {
    match walk_piece(node).await {
        Ok(()) => Ok(()),
        Err(crate::ServiceError::Store(error)) if is_fault(&error) => {
            let position = under_way(node).await?.map_or(0, |walk| walk.position);
            let text = words(&error);
            tracing::error!(fault = text, position, "the journal is not what was written");
            conclude(node, Proof { at: node.now(), position, fault: Some(text) }, None).await
        }
        Err(error) => Err(error),
    }
}

async fn walk_piece(node: &Node) -> Result<()> {
    let store = &node.store;
    let state = match under_way(node).await? {
        Some(state) => state,
        None => begin(store, &node.signing_key.verifying_key(), node.now()).await?,
    };
    let anchors: Vec<Anchor> =
        state.anchors.iter().map(|(head, by)| Anchor { head: stored(head), by: by.clone() }).collect();
    let mut walk = Walk::resumed(state.position, state.heads.iter().map(stored).collect());
    if store.walk(&mut walk, &anchors, state.until, PIECE).await? {
        let mark = Mark { position: state.until, heads: state.target.iter().map(stored).collect() };
        walk.finish(&mark, &anchors, node.code())?;
        let checkpoint = checkpoint(node, &walk)?;
        return conclude(node, Proof { at: node.now(), position: walk.position, fault: None }, Some(checkpoint)).await;
    }
    let state = UnderWay { position: walk.position, heads: walk.heads().iter().map(wired).collect(), ..state };
    let tx = store.begin().await?;
    tx.set_state(UNDER_WAY, &serde_json::to_string(&state)?).await?;
    tx.enqueue(job(&format!("{}/{}", state.begun, state.position), node.now()), node.now()).await?;
    Ok(tx.commit().await?)
}

async fn under_way(node: &Node) -> Result<Option<UnderWay>> {
    Ok(node.store.state(UNDER_WAY).await?.and_then(|text| serde_json::from_str(&text).ok()))
}

async fn begin(store: &Store, own: &VerifyingKey, now: Timestamp) -> Result<UnderWay> {
    // What was signed is asked for before the end: it cannot lie behind the end then.
    let anchors = anchors(store, own).await?;
    let mark = store.mark().await?;
    Ok(UnderWay {
        begun: now,
        position: 0,
        heads: Vec::new(),
        until: mark.position,
        target: mark.heads.iter().map(wired).collect(),
        anchors: anchors.iter().map(|anchor| (wired(&anchor.head), anchor.by.clone())).collect(),
    })
}

/// Proves everything in one go; gives the heads. For the command line.
///
/// # Errors
/// The first thing that is not as it was written, named.
pub async fn everything(store: &Store, own: &VerifyingKey) -> Result<Vec<Head>> {
    let anchors = anchors(store, own).await?;
    Ok(store.verify_chains(&anchors).await?)
}

/// What was signed: the checkpoint of the last proof and the newest receipts.
async fn anchors(store: &Store, own: &VerifyingKey) -> Result<Vec<Anchor>> {
    let mut anchors = Vec::new();
    if let Some(text) = store.state(CHECKPOINT).await? {
        let forged = || StoreError::damaged("checkpoint", "its signature does not hold");
        let bytes = hex::decode(text).map_err(|_| forged())?;
        let heads = verify::<Heads>(&bytes, own).map_err(|_| forged())?.heads;
        anchors.extend(heads.iter().map(|head| Anchor { head: stored(head), by: "own checkpoint".to_owned() }));
    }
    for row in store.newest_receipts().await? {
        anchors.extend(receipt_anchors(store, own, &row).await?);
    }
    Ok(anchors)
}

async fn receipt_anchors(store: &Store, own: &VerifyingKey, row: &ReceiptRow) -> Result<Vec<Anchor>> {
    let forged = || StoreError::damaged("receipt", format!("{} of {}: its signature does not hold", row.id, row.peer));
    let named = peek::<Receipt>(&row.body).map_err(|_| forged())?;
    let key = if named.from_node == store.node() {
        own.clone()
    } else {
        let Some(peer) = store.peer(&named.from_node).await? else { return Ok(Vec::new()) };
        // Admitted anew since, it may have another key.
        if peer.decided_at.is_some_and(|decided| decided > row.at) {
            return Ok(Vec::new());
        }
        VerifyingKey::from_spki_pem(&peer.public_key)?
    };
    let heads = verify::<Receipt>(&row.body, &key).map_err(|_| forged())?.heads;
    let by = format!("receipt {} of {}", row.id, named.from_node);
    Ok(heads.iter().map(|head| Anchor { head: stored(head), by: by.clone() }).collect())
}

/// The walk's heads as a document that the node signs to itself.
fn checkpoint(node: &Node, walk: &Walk) -> Result<String> {
    let heads = Heads {
        version: VERSION,
        oldest_version: OLDEST_VERSION,
        newest_version: VERSION,
        from_node: node.code().to_owned(),
        to_node: node.code().to_owned(),
        instance: node.instance.clone(),
        epoch: walk.heads().iter().filter(|head| head.node == node.code()).map(|head| head.epoch).max().unwrap_or(1),
        heads: walk.heads().iter().map(wired).collect(),
        at: node.now(),
    };
    Ok(hex::encode(sign(&heads, &node.signing_key, &*node.entropy)?))
}

async fn conclude(node: &Node, proof: Proof, checkpoint: Option<String>) -> Result<()> {
    let cx = node.own_context(PROVE_JOB);
    let tx = node.store.begin().await?;
    let result = if proof.fault.is_some() { "failed" } else { "ok" };
    let reason = proof.fault.clone().unwrap_or_else(|| format!("至第 {} 条均与写入时一致", proof.position));
    audit::note_outcome(&tx, &cx, (PROVE_JOB, "journal", node.code()), result, &reason).await?;
    tx.set_state(OUTCOME, &serde_json::to_string(&proof)?).await?;
    tx.set_state(UNDER_WAY, "").await?;
    if let Some(signed) = checkpoint {
        tx.set_state(CHECKPOINT, &signed).await?;
    }
    Ok(tx.commit().await?)
}

/// Whether what is kept is at fault, not the way to it.
fn is_fault(error: &StoreError) -> bool {
    matches!(error, StoreError::Chain { .. } | StoreError::Damaged { .. })
}

/// The fault in Chinese; the place as the store names it.
fn words(error: &StoreError) -> String {
    match error {
        StoreError::Chain { node, stream, fault } => {
            let what = match fault {
                ChainFault::Gap { expected, got } => format!("第 {expected} 条缺失，其后为第 {got} 条"),
                ChainFault::Fork { seq } => format!("第 {seq} 条不接续前一条"),
                ChainFault::Hash { seq } => format!("第 {seq} 条内容与其杂凑值不符"),
                ChainFault::Epoch { expected, got } => format!("世代 {got} 出现在世代 {expected} 之后"),
            };
            format!("节点 {node} 的记录链 {stream} {what}")
        }
        StoreError::Damaged { what, why } => {
            let thing = match *what {
                "segment" => "封存文件损坏或缺失",
                "receipt" => "回执签名无效",
                "checkpoint" => "核验检查点签名无效",
                "chain" => "记录与已签名的链头不符",
                "stream head" => "链头与记录不符",
                _ => "日志损坏或缺失",
            };
            format!("{thing}：{why}")
        }
        other => other.to_string(),
    }
}

fn stored(head: &WireHead) -> Head {
    Head { node: head.node.clone(), stream: head.stream.clone(), epoch: head.epoch, seq: head.seq, hash: head.hash }
}

fn wired(head: &Head) -> WireHead {
    WireHead { node: head.node.clone(), stream: head.stream.clone(), epoch: head.epoch, seq: head.seq, hash: head.hash }
}
