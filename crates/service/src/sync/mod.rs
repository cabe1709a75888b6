//! Exchange between tiers (上下级交换): enrolment, sending ranges of the journal, taking in batches, receipts.
//!
//! Up go the `up/…` streams of this node and of all below it, origins untouched; down go `down/common/…` and the
//! `down/<node>/…` streams of nodes below the peer. A cursor moves only by a stored, signed receipt. Bytes on the wire
//! belong to `suyuan-exchange`, loops and waiting to `suyuan-jobs`. Rows: D-shape, N-TIER, G-4e, G-6.4.1a, G-8, H-8.

pub mod apply;
pub mod enrol;
pub mod evidence;
pub mod fault;
pub mod link;
pub mod receive;
pub mod send;
pub mod state;

use suyuan_domain::record::Class;
use suyuan_exchange::wire::Direction;
use suyuan_store::peer::Peer;

use crate::{Node, Result};

/// Path of batches on a peer.
pub const BATCH_PATH: &str = "/exchange/v1/batches";

/// Path of enrolment on a parent.
pub const ENROL_PATH: &str = "/exchange/v1/enrol";

/// Records in one batch.
pub const BATCH_RECORDS: usize = 5000;

/// In which direction data goes to a peer: up to the parent, down to a child.
#[must_use]
pub fn direction_to(peer: &Peer) -> Direction {
    if peer.role == "parent" { Direction::Up } else { Direction::Down }
}

/// The streams that this node sends to a peer in one class.
///
/// # Errors
/// When the database is out of reach.
pub async fn streams_to(node: &Node, peer: &Peer, class: Class) -> Result<Vec<String>> {
    if direction_to(peer) == Direction::Up {
        return Ok(vec![format!("up/{}", class.as_str())]);
    }
    let known = node.store.streams_with_prefix("down/").await?;
    let wanted = |stream: &String| {
        let mut parts = stream.split('/').skip(1);
        let (destination, of_class) = (parts.next().unwrap_or_default(), parts.next() == Some(class.as_str()));
        of_class && (destination == "common" || node.divisions.is_within(destination, &peer.code))
    };
    Ok(known.into_iter().filter(wanted).collect())
}

/// The address of `path` on a peer.
pub(crate) fn address(peer_url: &str, path: &str) -> String {
    format!("{}{path}", peer_url.trim_end_matches('/'))
}
