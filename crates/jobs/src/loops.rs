//! The loops of a node that are not jobs: sequencer, projector, senders, enrolment, sealing.

use std::collections::HashMap;
use std::time::Duration;

use suyuan_domain::record::Class;
use suyuan_exchange::wire::EnrolState;
use suyuan_service::sync::send::Sent;
use suyuan_service::{ServiceError, projector, sync};
use suyuan_store::segment::Sealer;

use crate::runner::Loop;

/// Outbox rows in one round of the sequencer.
const SEQUENCED: u64 = 5000;

/// For how long a lease is taken, in milliseconds.
const LEASE: i64 = 10_000;

/// Pause of the projector after a round that was not full: many small inserts cost the engine more than one large.
const GATHER: Duration = Duration::from_millis(250);

/// Pause between two rebuilds of statistics.
const BETWEEN_REBUILDS: Duration = Duration::from_millis(1500);

/// Pause after a fault, so that a fault does not fill the log.
const AFTER_FAULT: Duration = Duration::from_secs(1);

/// Moves committed outbox rows into the journal while this process holds the lease. On SQLite there is nothing to do.
pub(crate) async fn sequence(around: Loop) {
    loop {
        let moved = sequence_round(&around).await;
        let go_on = match moved {
            Ok(0) => around.pause(around.node.store.outbox_written()).await,
            Ok(_) => !around.stop.is_cancelled(),
            Err(error) => {
                tracing::warn!(error = %error, "sequencer");
                around.rest(AFTER_FAULT).await
            }
        };
        if !go_on {
            return;
        }
    }
}

async fn sequence_round(around: &Loop) -> Result<usize, ServiceError> {
    let store = &around.node.store;
    let now = around.node.now();
    if !store.take_lease("sequencer", &around.config.holder, now, now.plus_millis(LEASE)).await? {
        return Ok(0);
    }
    Ok(store.sequence_outbox(SEQUENCED).await?)
}

/// Follows the journal into the warehouse: woken by it, at most half a second behind.
pub(crate) async fn project(around: Loop) {
    let mut journal = around.node.store.follow();
    loop {
        journal.mark_unchanged();
        let go_on = match projector::round(&around.node).await {
            Ok(round) if round.read == projector::ROUND => !around.stop.is_cancelled(),
            Ok(round) if round.read == 0 => around.pause(journal.changed()).await,
            Ok(_) => around.rest(GATHER).await,
            Err(error) => {
                tracing::warn!(error = %error, "projector");
                around.rest(AFTER_FAULT).await
            }
        };
        if !go_on {
            return;
        }
    }
}

/// Rebuilds changed statistics, with a pause in which changes gather.
pub(crate) async fn rebuild(around: Loop) {
    loop {
        if let Err(error) = projector::rebuild(&around.node).await {
            tracing::warn!(error = %error, "statistics");
        }
        if !around.rest(BETWEEN_REBUILDS).await {
            return;
        }
    }
}

/// Sends one class to the peers of a role, each peer in turn.
pub(crate) async fn send(around: Loop, role: &'static str, class: Class) {
    let mut journal = around.node.store.follow();
    let mut told: HashMap<String, String> = HashMap::new();
    loop {
        journal.mark_unchanged();
        let sent = send_round(&around, role, class, &mut told).await;
        let go_on = if sent { !around.stop.is_cancelled() } else { around.pause(journal.changed()).await };
        if !go_on {
            return;
        }
    }
}

/// Says whether something was confirmed, so that there may be more.
async fn send_round(around: &Loop, role: &'static str, class: Class, told: &mut HashMap<String, String>) -> bool {
    let peers = match around.node.store.peers(role).await {
        Ok(peers) => peers,
        Err(error) => {
            tracing::warn!(error = %error, "peers");
            return false;
        }
    };
    let mut any = false;
    for peer in peers.into_iter().filter(|peer| peer.state == "approved" && peer.paused == 0) {
        match sync::send::round(&around.node, &peer, class).await {
            Ok(Sent::Confirmed { .. }) => {
                told.remove(&peer.code);
                any = true;
            }
            Ok(_) => {}
            Err(error) => note_failure(around, &peer.code, &error.to_string(), told).await,
        }
    }
    any
}

/// Notes a failure at the peer, and in the log when it is another one than before.
async fn note_failure(around: &Loop, peer: &str, error: &str, told: &mut HashMap<String, String>) {
    if told.get(peer).is_some_and(|before| before == error) {
        return;
    }
    tracing::warn!(peer, error, "sending failed");
    told.insert(peer.to_owned(), error.to_owned());
    let noted = async {
        let tx = around.node.store.begin().await?;
        tx.note_peer(peer, None, Some(error)).await?;
        tx.commit().await
    };
    if let Err(error) = noted.await {
        tracing::warn!(peer, error = %error, "a failure could not be noted");
    }
}

/// Asks the parent for admission until it is given, then now and then, so that a withdrawal is noticed.
pub(crate) async fn enrol(around: Loop) {
    if around.node.config.parent.is_none() {
        return;
    }
    let mut told = String::new();
    loop {
        let wait = match sync::enrol::ask(&around.node).await {
            Ok(Some(EnrolState::Approved)) => Duration::from_secs(60),
            Ok(_) => Duration::from_secs(1),
            Err(error) => {
                let text = error.to_string();
                if text != told {
                    tracing::info!(error = text, "enrolment");
                    told = text;
                }
                Duration::from_secs(1)
            }
        };
        if !around.rest(wait).await {
            return;
        }
    }
}

/// Seals the passed part of the journal and forgets what is kept for a time only.
pub(crate) async fn seal(around: Loop) {
    loop {
        let go_on = match seal_round(&around).await {
            Ok(0) => around.rest(Duration::from_secs(20)).await,
            Ok(_) => !around.stop.is_cancelled(),
            Err(error) => {
                tracing::warn!(error = %error, "sealing");
                around.rest(Duration::from_secs(20)).await
            }
        };
        if !go_on {
            return;
        }
    }
}

async fn seal_round(around: &Loop) -> Result<usize, ServiceError> {
    let node = &around.node;
    let sealer = Sealer { folder: &around.config.segments, key: &node.signing_key, entropy: &*node.entropy };
    let passed = node.store.passed_by_all(&[projector::READER]).await?;
    Ok(node.store.seal_segment(&sealer, passed, node.now()).await?)
}
