//! What people see of the exchange: who is behind, by how much, since when and why. Rows: G-6.4.1a, G-6.4.1b.

use serde::Serialize;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::record::{Class, Stream};
use suyuan_exchange::wire::Direction;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::head::Head;
use suyuan_store::peer::Peer;

use super::{direction_to, streams_to};
use crate::{Node, Result, ServiceError};

pub use suyuan_store::peer::{PoisonRow, ReceiptRow};

/// How a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Everything written is confirmed by receipts.
    InStep,
    /// Records wait.
    Behind,
    /// The last attempt failed or the peer has been silent.
    Broken,
    /// Not admitted.
    None,
}

/// A link to a peer.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// Code of the peer.
    pub code: String,
    /// Name of the peer.
    pub name: String,
    /// Where it listens.
    pub url: String,
    /// `requested`, `approved` or `revoked`.
    pub enrolment: String,
    /// How the link stands.
    pub state: LinkState,
    /// First characters of the key's fingerprint.
    pub fingerprint: String,
    /// Whether sending is paused.
    pub paused: bool,
    /// Records that wait.
    pub records_behind: u64,
    /// Age of the oldest record that waits, in seconds.
    pub seconds_behind: u64,
    /// When it was last heard of.
    pub last_seen_at: Option<Timestamp>,
    /// Last receipt.
    pub last_receipt_at: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// A chain that goes up, and how far the parent has confirmed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// Stream, such as `up/normal`.
    pub stream: String,
    /// Node that writes the chain.
    pub origin: String,
    /// Last record here.
    pub seq: u64,
    /// Last record that a receipt covers.
    pub receipted_seq: u64,
}

/// The whole of the exchange of this node.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The link up, with the chains that go over it.
    pub parent: Option<(Link, Vec<StreamState>)>,
    /// The links down, each with how many records came over it and are in this journal.
    pub children: Vec<(Link, u64)>,
    /// Newest receipts.
    pub receipts: Vec<ReceiptRow>,
    /// Records set aside.
    pub poison: Vec<PoisonRow>,
}

/// A child silent for longer than this is broken, in milliseconds.
const SILENCE: i64 = 15 * 60_000;

/// The state of all links.
///
/// # Errors
/// When the actor may not see it, or the database is out of reach.
pub async fn exchange(node: &Node, cx: &OpContext) -> Result<Exchange> {
    cx.authorize(Action::Read, Kind::Exchange)?;
    let (parent, children) = links(node, cx.now).await?;
    let heads = node.store.heads().await?;
    let parent = match parent {
        Some(link) => {
            let streams = streams(node, &link.code, &heads).await?;
            Some((link, streams))
        }
        None => None,
    };
    let with_received = |child: Link| {
        let up = heads.iter().filter(|head| matches!(head.stream, Stream::Up(_)));
        let below = up.filter(|head| node.divisions.is_within(&head.node, &child.code));
        let received = below.map(|head| head.seq).sum();
        (child, received)
    };
    Ok(Exchange {
        parent,
        children: children.into_iter().map(with_received).collect(),
        receipts: node.store.receipts(None, 50).await?,
        poison: node.store.poison(100).await?,
    })
}

/// The chains that go to the parent. What waits is counted, so that sealed records need not be read.
async fn streams(node: &Node, parent: &str, heads: &[Head]) -> Result<Vec<StreamState>> {
    let mut streams = Vec::new();
    for class in Class::ALL {
        let stream = Stream::Up(class);
        let cursor = node.store.peer_cursor(parent, Direction::Up.as_str(), class).await?;
        let waiting = node.store.backlog_by_origin(&stream.to_string(), cursor).await?;
        let of_class = heads.iter().filter(|head| head.stream == stream);
        streams.extend(of_class.map(|head| StreamState {
            stream: stream.to_string(),
            origin: head.node.clone(),
            seq: head.seq,
            receipted_seq: head.seq.saturating_sub(waiting.get(&head.node).copied().unwrap_or(0)),
        }));
    }
    Ok(streams)
}

/// The links up and down, for the cockpit and the page of the exchange.
///
/// # Errors
/// When the database is out of reach.
pub async fn links(node: &Node, now: Timestamp) -> Result<(Option<Link>, Vec<Link>)> {
    let mut parent = None;
    for peer in node.store.peers("parent").await? {
        parent = Some(up(node, &peer, now).await?);
    }
    let mut children = Vec::new();
    for peer in node.store.peers("child").await? {
        children.push(down(node, &peer, now).await?);
    }
    Ok((parent, children))
}

async fn up(node: &Node, peer: &Peer, now: Timestamp) -> Result<Link> {
    let (mut behind, mut oldest): (u64, Option<Timestamp>) = (0, None);
    for class in Class::ALL {
        let streams = streams_to(node, peer, class).await?;
        let cursor = node.store.peer_cursor(&peer.code, direction_to(peer).as_str(), class).await?;
        let (records, at) = node.store.backlog(&streams, cursor).await?;
        behind += records;
        oldest = match (oldest, at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    link(node, peer, (behind, oldest), now).await
}

async fn down(node: &Node, peer: &Peer, now: Timestamp) -> Result<Link> {
    let behind = peer.reported_behind.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let mut link = link(node, peer, (behind, peer.reported_oldest_at.map(Timestamp::from_millis)), now).await?;
    let silent = peer.last_seen_at.is_none_or(|at| now.millis() - at > SILENCE);
    if peer.state == "approved" && silent {
        link.state = LinkState::Broken;
    }
    Ok(link)
}

async fn link(node: &Node, peer: &Peer, (behind, oldest): (u64, Option<Timestamp>), now: Timestamp) -> Result<Link> {
    let last = node.store.receipts(Some(&peer.code), 1).await?;
    let error = peer.last_error.clone().filter(|text| !text.is_empty());
    let state = match (peer.state.as_str(), &error, behind) {
        ("approved", Some(_), _) => LinkState::Broken,
        ("approved", None, 0) => LinkState::InStep,
        ("approved", None, _) => LinkState::Behind,
        _ => LinkState::None,
    };
    let fingerprint = suyuan_crypto::sign::VerifyingKey::from_spki_pem(&peer.public_key).map(|key| key.fingerprint());
    let age = oldest.filter(|_| behind > 0).map_or(0, |at| (now.millis() - at.millis()).max(0) / 1000);
    Ok(Link {
        code: peer.code.clone(),
        name: peer.name.clone(),
        url: peer.url.clone(),
        enrolment: peer.state.clone(),
        state,
        fingerprint: fingerprint.unwrap_or_default(),
        paused: peer.paused != 0,
        records_behind: behind,
        seconds_behind: u64::try_from(age).unwrap_or(0),
        last_seen_at: peer.last_seen_at.map(Timestamp::from_millis),
        last_receipt_at: last.first().map(|row| Timestamp::from_millis(row.at)),
        last_error: error,
    })
}

/// Pauses or resumes sending to the parent.
///
/// # Errors
/// When the actor may not, or there is no parent.
pub async fn pause_parent(node: &Node, cx: &OpContext, paused: Paused) -> Result<()> {
    cx.authorize(Action::Update, Kind::Exchange)?;
    let code = node.config.parent.as_ref().map(|(code, _)| code.clone()).ok_or(ServiceError::NotFound("上级节点"))?;
    let tx = node.store.begin().await?;
    let mut peer = tx.peer(&code).await?.ok_or(ServiceError::NotFound("上级节点"))?;
    peer.paused = i64::from(paused == Paused::Yes);
    tx.keep_peer(&peer).await?;
    let action = if paused == Paused::Yes { "pause" } else { "resume" };
    crate::audit::note(&tx, cx, action, "exchange", &code, None, None).await?;
    Ok(tx.commit().await?)
}

/// Whether sending is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// Nothing is sent.
    Yes,
    /// Sending goes on.
    No,
}
