//! Enrolment: a node asks to join with its key, a person at the parent decides, both pin each other's key.
//!
//! A second installation with the same code is refused until a person admits it. Rows: N-TIER, G-4c, H-8.

use bytes::Bytes;
use suyuan_domain::fault::Fault;
use suyuan_exchange::wire::{
    Enrol, EnrolAnswer, EnrolState, ParentCard, VERSION, sign_enrol, sign_enrol_answer, verify_enrol,
    verify_enrol_answer,
};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::link::Side;
use suyuan_store::peer::Peer;

use super::evidence::{self, Haste};
use super::{ENROL_PATH, address};
use crate::{Node, Result, ServiceError, audit};

fn state_of(peer: &Peer) -> EnrolState {
    match peer.state.as_str() {
        "approved" => EnrolState::Approved,
        "revoked" => EnrolState::Revoked,
        _ => EnrolState::Requested,
    }
}

fn state_name(state: EnrolState) -> &'static str {
    match state {
        EnrolState::Requested => "requested",
        EnrolState::Approved => "approved",
        EnrolState::Revoked => "revoked",
    }
}

/// Asks the configured parent for admission, or how the request stands. Says the state; `None` without a parent.
///
/// # Errors
/// When the parent is out of reach, refuses, or answers with another key than the one pinned.
pub async fn ask(node: &Node) -> Result<Option<EnrolState>> {
    let Some((parent_code, parent_url)) = node.config.parent.clone() else { return Ok(None) };
    let request = Enrol {
        version: VERSION,
        code: node.code().to_owned(),
        name: node.config.platform_name.clone(),
        tier: node.config.tier,
        division: node.code().to_owned(),
        url: node.config.public_url.clone(),
        public_key_pem: String::new(),
        instance: node.instance.clone(),
        contact: node.config.contact.clone(),
        at: node.now(),
    };
    let bytes = sign_enrol(&request, &node.signing_key, &*node.entropy)?;
    let known = node.store.peer(&parent_code).await?;
    let pinned = known
        .as_ref()
        .filter(|peer| !peer.public_key.is_empty())
        .map(|peer| suyuan_crypto::sign::VerifyingKey::from_spki_pem(&peer.public_key))
        .transpose()?;
    node.peers.http().allow(&parent_url)?;
    let answer = node.peers.post_enrol(&address(&parent_url, ENROL_PATH), Bytes::from(bytes)).await?;
    let (answer, key) = verify_enrol_answer(&answer, pinned.as_ref())?;
    if answer.parent.code != parent_code || answer.code != node.code() || answer.instance != node.instance {
        return Err(ServiceError::Internal("the parent answered for another node".into()));
    }
    keep_parent(node, known, &answer, &key.to_spki_pem(), &parent_url).await?;
    Ok(Some(answer.state))
}

async fn keep_parent(node: &Node, known: Option<Peer>, answer: &EnrolAnswer, key: &str, url: &str) -> Result<()> {
    let now = node.now().millis();
    let mut peer = known.unwrap_or_else(|| blank(&answer.parent.code, "parent", now));
    if peer.state == state_name(answer.state) && peer.url == url && peer.public_key == key {
        return Ok(());
    }
    peer.name.clone_from(&answer.parent.name);
    url.clone_into(&mut peer.url);
    key.clone_into(&mut peer.public_key);
    state_name(answer.state).clone_into(&mut peer.state);
    peer.decided_at = Some(now);
    let tx = node.store.begin().await?;
    tx.keep_peer(&peer).await?;
    Ok(tx.commit().await?)
}

fn blank(code: &str, role: &str, now: i64) -> Peer {
    Peer {
        code: code.to_owned(),
        role: role.to_owned(),
        name: String::new(),
        url: String::new(),
        public_key: String::new(),
        instance: String::new(),
        state: "requested".to_owned(),
        contact: String::new(),
        requested_at: now,
        decided_at: None,
        last_seen_at: None,
        reported_behind: None,
        reported_oldest_at: None,
    }
}

/// Takes in a request for admission and answers how it stands.
///
/// # Errors
/// When the request is not signed with its own key, is not for a node directly below this one, or comes from another
/// installation than the one admitted; the last is noted for the administrators of both sides.
pub async fn receive(node: &Node, bytes: &[u8]) -> Result<Vec<u8>> {
    let (request, key) = verify_enrol(bytes)?;
    check_place(node, &request)?;
    let now = node.now();
    let key_pem = key.to_spki_pem();
    let tx = node.store.begin().await?;
    let state = match tx.peer(&request.code).await? {
        Some(peer) if peer.state == "approved" && (peer.public_key != key_pem || peer.instance != request.instance) => {
            let text = format!("另一台安装（{}）以相同代码请求接入，已拒绝", request.url);
            let fault = Fault { reason: text.clone(), ..clone_fault() };
            // A copy asks every second: the first time counts.
            if tx.note_link_fault((&peer.code, Side::Receiving, ""), &fault, now).await? {
                let place = ("exchange.enrol", "exchange", peer.code.as_str());
                audit::note_outcome(&tx, &node.own_context("exchange.enrol"), place, "denied", &text).await?;
            }
            tx.commit().await?;
            return Err(ServiceError::Conflict(clone_fault()));
        }
        Some(peer) if peer.state == "approved" || peer.state == "revoked" => {
            let mut seen = peer.clone();
            seen.url.clone_from(&request.url);
            seen.last_seen_at = Some(now.millis());
            tx.keep_peer(&seen).await?;
            state_of(&peer)
        }
        known => {
            let Enrol { code, name, url, instance, contact, .. } = request.clone();
            if known.is_none() {
                let told =
                    serde_json::json!({ "name": name, "url": url, "fingerprint": key.fingerprint() }).to_string();
                let cx = node.own_context("exchange.enrol");
                audit::note(&tx, &cx, "exchange.enrol", "exchange", &code, None, Some(&told)).await?;
            }
            let peer = Peer {
                name,
                url,
                public_key: key_pem,
                instance,
                contact,
                last_seen_at: Some(now.millis()),
                ..blank(&code, "child", now.millis())
            };
            tx.keep_peer(&peer).await?;
            EnrolState::Requested
        }
    };
    tx.commit().await?;
    let answer = EnrolAnswer {
        version: VERSION,
        code: request.code,
        instance: request.instance,
        state,
        parent: ParentCard {
            code: node.code().to_owned(),
            name: node.config.platform_name.clone(),
            public_key_pem: String::new(),
        },
        at: now,
    };
    Ok(sign_enrol_answer(&answer, &node.signing_key, &*node.entropy)?)
}

fn clone_fault() -> Fault {
    Fault::new(
        "XCH-0301",
        "instance",
        "该节点代码已由另一台安装使用",
        "如确为更换服务器，请由上级管理员撤销原节点后重新批准",
    )
}

fn check_place(node: &Node, request: &Enrol) -> Result<()> {
    let below = request.code != node.code() && node.divisions.is_within(&request.code, node.code());
    if below && request.division == request.code && request.tier > node.config.tier {
        return Ok(());
    }
    let reason = format!("{} 不是 {} 的下级区划", request.code, node.code());
    Err(ServiceError::invalid("XCH-0302", "code", reason, "请核对本节点代码和上级节点地址"))
}

/// What a person decides about a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may exchange.
    Approve,
    /// It may not any more.
    Revoke,
}

/// Admits or withdraws a child. Takes effect at once.
///
/// # Errors
/// When the actor may not, or no such child has asked.
pub async fn decide(node: &Node, cx: &OpContext, code: &str, decision: Decision) -> Result<Peer> {
    cx.authorize(Action::Approve, Kind::Exchange)?;
    let tx = node.store.begin().await?;
    let mut peer =
        tx.peer(code).await?.filter(|peer| peer.role == "child").ok_or(ServiceError::NotFound("下级节点"))?;
    let before = peer.state.clone();
    let (state, action) = match decision {
        Decision::Approve => (EnrolState::Approved, "approve"),
        Decision::Revoke => (EnrolState::Revoked, "revoke"),
    };
    state_name(state).clone_into(&mut peer.state);
    peer.decided_at = Some(cx.now.millis());
    tx.keep_peer(&peer).await?;
    tx.clear_link_fault(code, Side::Receiving, None).await?;
    tx.clear_link_fault(code, Side::Sending, None).await?;
    audit::note(&tx, cx, action, "exchange", code, Some(&before), Some(&peer.state)).await?;
    tx.commit().await?;
    if decision == Decision::Revoke
        // Its key may be another one when it comes back: what it signed is written down with this one. The revocation
        // waits for nothing.
        && let Err(error) = evidence::seal(node, Haste::Now).await
    {
        tracing::warn!(%error, peer = code, "evidence of a revoked peer waits for the next sealing");
    }
    node.peers.http().allow(&peer.url)?;
    Ok(peer)
}
