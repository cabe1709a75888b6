//! What people see of the exchange: who is behind, by how much, since when and why. Rows: G-6.4.1a, G-6.4.1b.

use serde::Serialize;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::record::{Class, Stream};
use suyuan_exchange::wire::document::peek;
use suyuan_exchange::wire::{Head as WireHead, Receipt};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::head::Head;
use suyuan_store::link::{Confirmed, Side};
use suyuan_store::peer::Peer;

use super::link::{self, Settings, Wait};
use super::{direction_to, streams_to};
use crate::{Node, Result, ServiceError};

pub use suyuan_store::link::LinkFault;
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
    /// What goes wrong, in Chinese with its code.
    pub last_error: Option<String>,
}

/// How one class goes over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowState {
    /// Nothing waits, and every head of this node is the one that the peer's receipts name.
    InStep,
    /// Records wait and are on their way.
    Behind,
    /// Records wait because a person, the hours or the rate hold them back.
    Waiting,
    /// The last attempt failed, or the peer has confirmed other records than are here.
    Broken,
}

/// A chain that goes over a link, and how far the peer has confirmed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Stream, such as `up/normal`.
    pub stream: String,
    /// Node that writes the chain.
    pub origin: String,
    /// Last record here.
    pub seq: u64,
    /// Last record that a receipt confirms.
    pub confirmed_seq: u64,
    /// When that receipt came.
    pub confirmed_at: Option<Timestamp>,
    /// Whether the peer has confirmed a record that is not the one here.
    pub differs: bool,
}

/// One class of one link, as this node sends it.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Class.
    pub class: Class,
    /// How it stands.
    pub state: FlowState,
    /// Records without a receipt, exact.
    pub pending: u64,
    /// Age of the oldest of them in seconds, by the time its origin wrote it.
    pub oldest_seconds: u64,
    /// Why it waits, and until when where that is known.
    pub wait: Option<Wait>,
    /// The newest receipt.
    pub last_receipt: Option<ReceiptRow>,
    /// What goes wrong since when.
    pub fault: Option<LinkFault>,
    /// The chains in it.
    pub chains: Vec<Chain>,
}

/// Everything about one link.
#[derive(Clone, Debug)]
pub struct LinkDetail {
    /// The link in short.
    pub link: Link,
    /// `parent` or `child`.
    pub role: String,
    /// How it is set.
    pub settings: Settings,
    /// What this node sends, most urgent first.
    pub sending: Vec<Flow>,
    /// What goes wrong with what the peer sends here.
    pub receiving: Vec<LinkFault>,
    /// Records that the peer said it still holds for this node.
    pub reported_pending: Option<u64>,
    /// When the oldest of those was written.
    pub reported_oldest_at: Option<Timestamp>,
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
    let confirmed = node.store.confirmed(parent).await?;
    let mut streams = Vec::new();
    for class in Class::ALL {
        let names = [Stream::Up(class).to_string()];
        let state = |Chain { stream, origin, seq, confirmed_seq, .. }| StreamState {
            stream,
            origin,
            seq,
            receipted_seq: confirmed_seq.min(seq),
        };
        streams.extend(chains(&names, heads, &confirmed).into_iter().map(state));
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
    let flows = flows(node, peer, now).await?;
    up_of(node, peer, &flows).await
}

async fn up_of(node: &Node, peer: &Peer, flows: &[Flow]) -> Result<Link> {
    let behind = flows.iter().map(|flow| flow.pending).sum();
    let seconds = flows.iter().map(|flow| flow.oldest_seconds).max().unwrap_or(0);
    let differs = flows.iter().any(|flow| flow.chains.iter().any(|chain| chain.differs));
    let mut link = link_to(node, peer, (behind, seconds)).await?;
    if differs && link.enrolment == "approved" {
        link.state = LinkState::Broken;
        link.last_error.get_or_insert_with(|| DIFFERS.to_owned());
    }
    Ok(link)
}

/// What is said where a peer has confirmed records that this node does not have.
const DIFFERS: &str = "对方确认的记录与本节点不一致，本节点可能由备份恢复（XCH-0323）";

/// The chains of these streams, with what was confirmed of each.
fn chains(streams: &[String], heads: &[Head], confirmed: &[Confirmed]) -> Vec<Chain> {
    let of_streams = heads.iter().map(|head| (head.stream.to_string(), head));
    let of_streams = of_streams.filter(|(stream, _)| streams.contains(stream));
    let chain = |(stream, head): (String, &Head)| {
        let known = confirmed.iter().find(|row| row.head.node == head.node && row.head.stream == head.stream);
        let same_place = known.filter(|row| row.head.seq == head.seq);
        Chain {
            stream,
            origin: head.node.clone(),
            seq: head.seq,
            confirmed_seq: known.map_or(0, |row| row.head.seq),
            confirmed_at: known.map(|row| row.at),
            differs: known.is_some_and(|row| row.head.seq > head.seq)
                || same_place.is_some_and(|row| row.head.hash != head.hash),
        }
    };
    of_streams.map(chain).collect()
}

/// Records of these streams that a peer has not confirmed, in table and segments alike.
pub(super) async fn pending(node: &Node, peer: &Peer, streams: &[String]) -> Result<u64> {
    // Confirmed first: what is confirmed later lies beyond these heads and would look like a fork.
    let confirmed = node.store.confirmed(&peer.code).await?;
    let heads = node.store.heads().await?;
    Ok(pending_of(&chains(streams, &heads, &confirmed)))
}

fn pending_of(chains: &[Chain]) -> u64 {
    chains.iter().map(|chain| chain.seq.saturating_sub(chain.confirmed_seq)).sum()
}

/// What this node sends to a peer, by class.
async fn flows(node: &Node, peer: &Peer, now: Timestamp) -> Result<Vec<Flow>> {
    // Confirmed first, as above.
    let confirmed = node.store.confirmed(&peer.code).await?;
    let heads = node.store.heads().await?;
    let settings = Settings::read(node, &peer.code).await?;
    let faults = node.store.link_faults().await?;
    let receipts = node.store.newest_receipts().await?;
    let direction = direction_to(peer).as_str();
    let mut flows = Vec::new();
    for class in Class::ALL {
        let streams = streams_to(node, peer, class).await?;
        let chains = chains(&streams, &heads, &confirmed);
        let pending = pending_of(&chains);
        let differs = chains.iter().any(|chain| chain.differs);
        let is_of = |fault: &&LinkFault| {
            fault.peer == peer.code && fault.side == Side::Sending.as_str() && fault.class == class.as_str()
        };
        let fault = faults.iter().find(is_of).cloned();
        let wait = settings.wait(class, now).filter(|_| pending > 0);
        let state = match (&fault, pending) {
            _ if differs => FlowState::Broken,
            (Some(_), _) => FlowState::Broken,
            (None, 0) => FlowState::InStep,
            _ if wait.is_some() => FlowState::Waiting,
            _ => FlowState::Behind,
        };
        let of_class =
            |row: &&ReceiptRow| row.peer == peer.code && row.direction == direction && row.class == class.as_str();
        flows.push(Flow {
            class,
            state,
            pending,
            oldest_seconds: if pending > 0 { oldest(node, peer, (&streams, class), now).await? } else { 0 },
            wait,
            last_receipt: receipts.iter().find(of_class).cloned(),
            fault,
            chains,
        });
    }
    Ok(flows)
}

/// Age in seconds of the first record behind the cursor.
async fn oldest(node: &Node, peer: &Peer, (streams, class): (&[String], Class), now: Timestamp) -> Result<u64> {
    let cursor = node.store.peer_cursor(&peer.code, direction_to(peer).as_str(), class).await?;
    let first = node.store.read_streams(streams, cursor, 1).await?;
    let age = first.first().map_or(0, |record| (now.millis() - record.at.millis()).max(0) / 1000);
    Ok(u64::try_from(age).unwrap_or(0))
}

/// Everything about every link, the parent first.
///
/// # Errors
/// When the actor may not see it, or the database is out of reach.
pub async fn details(node: &Node, cx: &OpContext) -> Result<Vec<LinkDetail>> {
    cx.authorize(Action::Read, Kind::Exchange)?;
    let mut peers = node.store.peers("parent").await?;
    peers.extend(node.store.peers("child").await?);
    let mut details = Vec::with_capacity(peers.len());
    for peer in peers {
        details.push(detail_of(node, &peer, cx.now).await?);
    }
    Ok(details)
}

/// Everything about the link to one peer.
///
/// # Errors
/// When the actor may not see it, there is no such peer, or the database is out of reach.
pub async fn detail(node: &Node, cx: &OpContext, code: &str) -> Result<LinkDetail> {
    cx.authorize(Action::Read, Kind::Exchange)?;
    let peer = node.store.peer(code).await?.ok_or(ServiceError::NotFound("交换链路"))?;
    detail_of(node, &peer, cx.now).await
}

async fn detail_of(node: &Node, peer: &Peer, now: Timestamp) -> Result<LinkDetail> {
    let sending = if peer.state == "approved" { flows(node, peer, now).await? } else { Vec::new() };
    let link = if peer.role == "parent" { up_of(node, peer, &sending).await? } else { down(node, peer, now).await? };
    let faults = node.store.link_faults().await?;
    let here = |fault: &LinkFault| fault.peer == peer.code && fault.side == Side::Receiving.as_str();
    Ok(LinkDetail {
        link,
        role: peer.role.clone(),
        settings: Settings::read(node, &peer.code).await?,
        sending,
        receiving: faults.into_iter().filter(here).collect(),
        reported_pending: peer.reported_behind.and_then(|count| u64::try_from(count).ok()),
        reported_oldest_at: peer.reported_oldest_at.map(Timestamp::from_millis),
    })
}

async fn down(node: &Node, peer: &Peer, now: Timestamp) -> Result<Link> {
    let behind = peer.reported_behind.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let age = peer.reported_oldest_at.map_or(0, |at| (now.millis() - at).max(0) / 1000);
    let mut link = link_to(node, peer, (behind, u64::try_from(age).unwrap_or(0))).await?;
    let silent = peer.last_seen_at.is_none_or(|at| now.millis() - at > SILENCE);
    if peer.state == "approved" && silent {
        link.state = LinkState::Broken;
    }
    Ok(link)
}

async fn link_to(node: &Node, peer: &Peer, (behind, seconds): (u64, u64)) -> Result<Link> {
    let last = node.store.receipts(Some(&peer.code), 1).await?;
    let faults = node.store.link_faults().await?;
    let newest = faults.into_iter().find(|fault| fault.peer == peer.code);
    let error = newest.map(|LinkFault { code, reason, .. }| format!("{reason}（{code}）"));
    let settings = Settings::read(node, &peer.code).await?;
    let state = match (peer.state.as_str(), &error, behind) {
        ("approved", Some(_), _) => LinkState::Broken,
        ("approved", None, 0) => LinkState::InStep,
        ("approved", None, _) => LinkState::Behind,
        _ => LinkState::None,
    };
    let fingerprint = suyuan_crypto::sign::VerifyingKey::from_spki_pem(&peer.public_key).map(|key| key.fingerprint());
    Ok(Link {
        code: peer.code.clone(),
        name: peer.name.clone(),
        url: peer.url.clone(),
        enrolment: peer.state.clone(),
        state,
        fingerprint: fingerprint.unwrap_or_default(),
        paused: !settings.held.is_empty(),
        records_behind: behind,
        seconds_behind: if behind > 0 { seconds } else { 0 },
        last_seen_at: peer.last_seen_at.map(Timestamp::from_millis),
        last_receipt_at: last.first().map(|row| Timestamp::from_millis(row.at)),
        last_error: error,
    })
}

/// Pauses or resumes what is not urgent on the way to the parent, without a reason of its own.
///
/// # Errors
/// When the actor may not, or there is no parent.
pub async fn pause_parent(node: &Node, cx: &OpContext, paused: Paused) -> Result<()> {
    cx.authorize(Action::Update, Kind::Exchange)?;
    let code = node.config.parent.as_ref().map(|(code, _)| code.clone()).ok_or(ServiceError::NotFound("上级节点"))?;
    match paused {
        Paused::Yes => link::hold(node, cx, &code, &[Class::Normal, Class::Bulk], "暂停上报（未填写原因）").await?,
        Paused::No => link::release(node, cx, &code).await?,
    };
    Ok(())
}

/// Whether sending is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// Only what is urgent is sent.
    Yes,
    /// Sending goes on.
    No,
}

/// Learns from the stored receipts what peers have confirmed, on a node whose receipts are older than that knowledge. Asking
/// again changes nothing.
///
/// # Errors
/// When the database is out of reach.
pub async fn recover(node: &Node) -> Result<()> {
    let mut peers = node.store.peers("parent").await?;
    peers.extend(node.store.peers("child").await?);
    for peer in peers {
        if !node.store.confirmed(&peer.code).await?.is_empty() {
            continue;
        }
        let direction = direction_to(&peer).as_str();
        let mut receipts = node.store.receipts(Some(&peer.code), u64::MAX >> 1).await?;
        receipts.retain(|row| row.direction == direction);
        let tx = node.store.begin().await?;
        // Newest first: of each chain the first that is met counts, and older ones never replace it.
        for row in receipts {
            let Ok(receipt) = peek::<Receipt>(&row.body) else { continue };
            for WireHead { node, stream, epoch, seq, hash } in receipt.heads {
                let head = Head { node, stream, epoch, seq, hash };
                tx.note_confirmed(&peer.code, &head, Timestamp::from_millis(row.at)).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(())
}
