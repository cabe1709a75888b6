//! Taking in a batch: prove who sent it, append each record once, apply what it means, sign what was done.
//!
//! Everything happens in one transaction; the receipt is stored in it. The same batch again gets the same receipt.

use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_domain::fault::Fault;
use suyuan_domain::record::{Class, Record, kind};
use suyuan_exchange::wire::document::Poisoned;
use suyuan_exchange::wire::evidence::runs;
use suyuan_exchange::wire::{
    BatchManifest, Direction, Envelope, Head as WireHead, Limits, Receipt, VERSION, WireRecord, open_batch,
    peek_sender, sign_receipt,
};
use suyuan_store::error::ChainFault;
use suyuan_store::link::Side;
use suyuan_store::peer::{FrozenRange, NewPoison, Peer};
use suyuan_store::relay::Relayed;
use suyuan_store::side_car::SideCar;
use suyuan_store::{StoreError, Tx};

use super::evidence::{self, Parts};
use super::{apply, fault};
use crate::{Node, Result, ServiceError, pack};

/// Takes in a batch and gives the signed receipt.
///
/// # Errors
/// When the sender is not an admitted peer, the batch does not prove itself, or it does not continue its chains; nothing
/// of it is kept then.
pub async fn receive(node: &Node, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let peek = peek_sender(&bytes)?;
    let peer = node.store.peer(&peek.from_node).await?.filter(|peer| peer.state == "approved").ok_or_else(stranger)?;
    if peer.role == "child" && peer.instance != peek.instance {
        let advice = "请由上级管理员核实后重新批准";
        let fault = Fault::new("XCH-0301", "instance", "该节点代码已由另一台安装使用", advice);
        let error = ServiceError::Conflict(fault);
        fault::note(node, (&peer.code, Side::Receiving, ""), &error).await;
        return Err(error);
    }
    let sender = VerifyingKey::from_spki_pem(&peer.public_key)?;
    let key = node.signing_key.clone();
    let opened = tokio::task::spawn_blocking(move || open(&bytes, &sender, &key))
        .await
        .map_err(|error| ServiceError::Internal(error.to_string()))?;
    let taken = match opened {
        Ok(opened) => take(node, &peer, opened).await,
        Err(error) => Err(error.into()),
    };
    if let Err(error) = &taken {
        fault::note(node, (&peer.code, Side::Receiving, ""), error).await;
    }
    taken
}

/// A batch that proved itself.
struct Batch {
    manifest: BatchManifest,
    records: Vec<WireRecord>,
    parts: Parts,
}

fn open(bytes: &[u8], sender: &VerifyingKey, key: &SigningKey) -> suyuan_exchange::wire::Result<Batch> {
    let limits = Limits::default();
    let (manifest, records) = open_batch(bytes, &limits, sender, key)?;
    let envelope = Envelope::parse(bytes, &limits)?;
    let parts = Parts {
        manifest: envelope.manifest.to_vec(),
        signature: envelope.signature.to_vec(),
        runs: runs(&manifest, &records),
    };
    Ok(Batch { manifest, records, parts })
}

async fn take(node: &Node, peer: &Peer, batch: Batch) -> Result<Vec<u8>> {
    check_address(node, peer, &batch.manifest)?;
    take_in(node, peer, batch).await
}

fn stranger() -> ServiceError {
    let advice = "请先在上级平台完成接入审批";
    ServiceError::Unauthenticated(Fault::new("XCH-0303", "from_node", "未登记或未批准的节点", advice))
}

fn check_address(node: &Node, peer: &Peer, manifest: &BatchManifest) -> Result<()> {
    let expected = if peer.role == "child" { Direction::Up } else { Direction::Down };
    let inside = |origin: &str| peer.role == "parent" || node.divisions.is_within(origin, &peer.code);
    if manifest.to_node != node.code() || manifest.direction != expected {
        let fault = Fault::new("XCH-0304", "to_node", "批次不是发给本节点的", "请核对上下级节点配置");
        return Err(ServiceError::Conflict(fault));
    }
    match manifest.chains.iter().find(|chain| !inside(&chain.node)) {
        None => Ok(()),
        Some(chain) => {
            let reason = format!("节点 {} 无权转报 {} 的数据", peer.code, chain.node);
            Err(ServiceError::Conflict(Fault::new("XCH-0305", "chains", reason, "请核对节点的管辖区划")))
        }
    }
}

async fn take_in(node: &Node, peer: &Peer, batch: Batch) -> Result<Vec<u8>> {
    let Batch { manifest, records: wire, parts } = batch;
    let (manifest, now) = (&manifest, node.now());
    if manifest.class == Class::Bulk {
        node.store.keep_pace().await;
    }
    let mut tx = node.store.begin().await?;
    let direction = manifest.direction.as_str();
    if let Some(given) = tx.given_receipt(&peer.code, direction, manifest.class, &manifest.batch_sm3).await? {
        tx.rollback().await?;
        return Ok(given);
    }
    let (records, cars): (Vec<Record>, Vec<Vec<SideCar>>) = wire.into_iter().map(split).unzip();
    let cars = keyed_cars(&records, cars);
    let relayed = match tx.relay(records).await {
        Ok(relayed) => relayed,
        Err(StoreError::Chain { node: origin, stream, fault }) => {
            tx.rollback().await?;
            return Err(chain_refusal(&origin, &stream, &fault));
        }
        Err(error) => return Err(error.into()),
    };
    let poisoned = apply_all(node, &mut tx, &relayed, &cars).await?;
    let receipt = receipt(node, peer, manifest, &relayed, poisoned);
    let signed = sign_receipt(&receipt, &node.signing_key, &*node.entropy)?;
    let range = FrozenRange {
        peer: peer.code.clone(),
        direction: direction.to_owned(),
        class: manifest.class,
        from: manifest.from_position,
        to: manifest.to_position,
        records: u64::from(manifest.records),
        hash: manifest.batch_sm3,
        attempts: 0,
        next_at: now,
    };
    tx.keep_receipt(&range, &manifest.batch_sm3, &signed, now).await?;
    let position = relayed.applied.last().map_or(0, |record| record.position);
    evidence::keep(&tx, &range, parts, (&signed, position, now)).await?;
    tx.note_seen(&peer.code, now).await?;
    tx.clear_link_fault(&peer.code, Side::Receiving, None).await?;
    tx.note_behind(&peer.code, manifest.behind_records, manifest.oldest_at).await?;
    tx.commit().await?;
    if relayed.applied.iter().any(|record| record.kind == kind::PACK)
        && let Err(error) = pack::refresh(node).await
    {
        // The editions are stored; the loop of the node puts them in force with its next round.
        tracing::warn!(error = %error, "editions that arrived are not yet in force");
    }
    Ok(signed)
}

fn split(wire: WireRecord) -> (Record, Vec<SideCar>) {
    let cars = wire.side_cars.into_iter().map(|car| SideCar { path: car.path, salt: car.salt, plain: car.plain });
    (wire.record, cars.collect())
}

type CarsByRecord = std::collections::HashMap<[u8; 32], Vec<SideCar>>;

fn keyed_cars(records: &[Record], cars: Vec<Vec<SideCar>>) -> CarsByRecord {
    let with_cars = records.iter().zip(cars).filter(|(_, cars)| !cars.is_empty());
    with_cars.filter_map(|(record, cars)| Some((record.origin.as_ref()?.hash, cars))).collect()
}

async fn apply_all(node: &Node, tx: &mut Tx, relayed: &Relayed, cars: &CarsByRecord) -> Result<Vec<Poisoned>> {
    let mut poisoned = Vec::new();
    for record in &relayed.applied {
        let Some(origin) = &record.origin else { continue };
        let fault = match &record.verdict {
            Some(code) => Some(Fault::new(code.clone(), "", "下级节点已标记为待修记录", "等待来源节点修正后重报")),
            None => apply::record(node, tx, record).await?,
        };
        if let Some(fault) = fault {
            let stream = origin.stream.to_string();
            let poison = NewPoison {
                position: record.position,
                node: &origin.node,
                stream: &stream,
                seq: origin.seq,
                kind: &record.kind,
                object: record.object,
                fault: &fault,
            };
            tx.set_aside(&poison, node.now()).await?;
            let Fault { code, field, reason, advice } = fault;
            poisoned.push(Poisoned {
                node: origin.node.clone(),
                stream: origin.stream.clone(),
                seq: origin.seq,
                code,
                field,
                reason,
                advice,
            });
        } else if let Some(cars) = cars.get(&origin.hash) {
            tx.keep_side_cars(&node.sealing_key, record.object, record.object, cars, &*node.entropy).await?;
        }
    }
    Ok(poisoned)
}

fn receipt(node: &Node, peer: &Peer, manifest: &BatchManifest, relayed: &Relayed, poisoned: Vec<Poisoned>) -> Receipt {
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let heads = relayed.heads.iter().map(|head| WireHead {
        node: head.node.clone(),
        stream: head.stream.clone(),
        epoch: head.epoch,
        seq: head.seq,
        hash: head.hash,
    });
    Receipt {
        version: VERSION,
        from_node: node.code().to_owned(),
        to_node: peer.code.clone(),
        direction: manifest.direction,
        class: manifest.class,
        batch_sm3: manifest.batch_sm3,
        from_position: manifest.from_position,
        to_position: manifest.to_position,
        applied: small(relayed.applied.len() as u64),
        duplicates: small(relayed.duplicates),
        poisoned,
        heads: heads.collect(),
        at: node.now(),
    }
}

fn chain_refusal(origin: &str, stream: &str, fault: &ChainFault) -> ServiceError {
    let (code, reason) = match fault {
        ChainFault::Gap { expected, got } => {
            ("XCH-0311", format!("{origin} 的 {stream} 缺号：应从 {expected} 开始，收到 {got}"))
        }
        ChainFault::Fork { seq } => ("XCH-0312", format!("{origin} 的 {stream} 在 {seq} 处与已收内容分叉")),
        ChainFault::Hash { seq } => ("XCH-0313", format!("{origin} 的 {stream} 第 {seq} 条摘要不符")),
        ChainFault::Epoch { expected, got } if got < expected => {
            ("XCH-0314", format!("{origin} 的 {stream} 世代 {got} 已结束，当前为 {expected}"))
        }
        ChainFault::Epoch { expected, got } => (
            "XCH-0314",
            format!("{origin} 的 {stream} 世代 {got} 未接续世代 {expected} 已收内容，来源节点可能由备份恢复"),
        ),
    };
    ServiceError::Conflict(Fault::new(code, "chains", reason, "请在下级节点核对数据后从缺口处重报"))
}
