//! The loops of a node that are not jobs: sequencer, projector, senders, enrolment, sealing.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use suyuan_domain::record::Class;
use suyuan_exchange::wire::EnrolState;
use suyuan_service::sync::evidence::Haste;
use suyuan_service::sync::send::Sent;
use suyuan_service::{ServiceError, access, pack, projector, sync};
use suyuan_store::link::Side;
use suyuan_store::segment::Sealer;

use crate::runner::Loop;

/// Outbox rows in one round of the sequencer.
const SEQUENCED: u64 = 5000;

/// For how long a lease is taken, in milliseconds.
const LEASE: i64 = 10_000;

/// Changes gather between two rounds: a few large inserts and batches cost less than many small ones. The pause grows with
/// what the last round took, so that a busy machine gathers more, and ends where people would notice.
#[derive(Clone, Copy)]
struct Gathering {
    least: Duration,
    most: Duration,
}

impl Gathering {
    const fn millis(least: u64, most: u64) -> Self {
        Self { least: Duration::from_millis(least), most: Duration::from_millis(most) }
    }

    fn after(self, round: Instant) -> Duration {
        (round.elapsed() * 3).clamp(self.least, self.most)
    }
}

/// The public sees an event within two seconds, the round itself included.
const PROJECTING: Gathering = Gathering::millis(250, 1000);

/// Cockpits see an event within five seconds, the projection included.
const REBUILDING: Gathering = Gathering::millis(1500, 3000);

/// What waits at a sender: emergencies are not kept waiting.
const fn sending(class: Class) -> Gathering {
    match class {
        Class::Urgent => Gathering::millis(20, 20),
        Class::Normal => Gathering::millis(100, 300),
        Class::Bulk => Gathering::millis(250, 1000),
    }
}

/// Pause between two looks at the stored editions of packs.
const BETWEEN_PACKS: Duration = Duration::from_secs(15);

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
        let began = Instant::now();
        let go_on = match projector::round(&around.node).await {
            Ok(round) if round.read == projector::ROUND => !around.stop.is_cancelled(),
            Ok(round) if round.read == 0 => around.pause(journal.changed()).await,
            Ok(_) => around.rest(PROJECTING.after(began)).await,
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
        let began = Instant::now();
        let outcome = match projector::rebuild(&around.node).await {
            Ok(0) => Ok(0),
            // Once more, to learn whether anything came meanwhile.
            Ok(_) => projector::rebuild(&around.node).await,
            failed => failed,
        };
        if let Err(error) = outcome {
            tracing::warn!(error = %error, "statistics");
        }
        if !around.rest(REBUILDING.after(began)).await {
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
        let began = Instant::now();
        let full = send_round(&around, role, class, &mut told).await;
        let go_on = if full {
            !around.stop.is_cancelled()
        } else {
            around.rest(sending(class).after(began)).await && around.pause(journal.changed()).await
        };
        if !go_on {
            return;
        }
    }
}

/// Says whether a full batch was confirmed, so that there is likely more.
async fn send_round(around: &Loop, role: &'static str, class: Class, told: &mut HashMap<String, String>) -> bool {
    let peers = match around.node.store.peers(role).await {
        Ok(peers) => peers,
        Err(error) => {
            tracing::warn!(error = %error, "peers");
            return false;
        }
    };
    let mut full = false;
    for peer in peers.into_iter().filter(|peer| peer.state == "approved") {
        match sync::send::round(&around.node, &peer, class).await {
            Ok(Sent::Confirmed { full: more, .. }) => {
                told.remove(&peer.code);
                full |= more;
            }
            Ok(_) => {}
            Err(error) => note_failure(around, (&peer.code, class), &error, told).await,
        }
    }
    full
}

/// Notes a failure at the link, and in the log when it is another one than before.
async fn note_failure(
    around: &Loop,
    (peer, class): (&str, Class),
    error: &ServiceError,
    told: &mut HashMap<String, String>,
) {
    sync::fault::note(&around.node, (peer, Side::Sending, class.as_str()), error).await;
    let text = error.to_string();
    if told.get(peer) != Some(&text) {
        tracing::warn!(peer, error = text, "sending failed");
        told.insert(peer.to_owned(), text);
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

/// Puts editions of packs in force that another process of this node has stored, or that could not be read before.
pub(crate) async fn follow_packs(around: Loop) {
    while around.rest(BETWEEN_PACKS).await {
        if let Err(error) = pack::refresh(&around.node).await {
            tracing::warn!(error = %error, "packs");
        }
    }
}

/// Pause between two additions of what connected systems used.
const BETWEEN_METERS: Duration = Duration::from_secs(5);

/// Adds what connected systems used to the database, once more when the node stops.
pub(crate) async fn meter(around: Loop) {
    loop {
        let go_on = around.rest(BETWEEN_METERS).await;
        if let Err(error) = access::meter::flush(&around.node).await {
            tracing::warn!(error = %error, "use of interfaces");
        }
        if !go_on {
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
    let sealer = Sealer { key: &node.signing_key, entropy: &*node.entropy };
    let sealed = {
        let _alone = node.sealing.lock().await;
        let passed = node.store.passed_by_all(&[projector::READER]).await?;
        node.store.seal_segment(&sealer, passed, node.now()).await?
    };
    sync::evidence::seal(node, Haste::Usual).await?;
    Ok(sealed)
}
