//! Housekeeping (日常清理): forgets what is kept for a time only, and removes what erasures have left behind.
//!
//! Each job does a bounded piece and asks for the next, so that other work comes in between. Journal, segments, receipts
//! and the audit trail are never touched here; files of evidence go when their period in the limits is over. Rows: G-8, G-10, H-6.2, H-9.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;
use suyuan_store::job::NewJob;
use suyuan_store::side_car::ERASED;

use crate::{Node, Result, import};

/// The job that forgets, daily.
pub const HOUSEKEEPING_JOB: &str = "housekeeping";

/// The job after an erasure.
pub const SCRUB_JOB: &str = "housekeeping.scrub";

const DAY: i64 = 86_400_000;

/// For how long the answer to a message is kept, in milliseconds: 30 days.
pub const ANSWERS_KEPT: i64 = 30 * DAY;

/// For how long the identifier of an event is kept beside the warehouse, in milliseconds: 45 days.
pub const EVENT_KEYS_KEPT: i64 = 45 * DAY;

/// Rows deleted in one transaction.
const CHUNK: u64 = 2_000;

/// Transactions of one sort in one job.
const CHUNKS: usize = 200;

/// Tables of which rows expire.
const TABLES: [&str; 5] = ["intake_message", "event_key", "session", "spent_ticket", "openid_token"];

/// The fact about the node that tells after which erasure it was scrubbed.
const SCRUBBED: &str = "scrubbed";

/// Asks for the work of the day and, where somebody was erased since the last time, for scrubbing. Asking again changes
/// nothing.
///
/// # Errors
/// When the database is out of reach.
pub async fn enqueue(node: &Node, today: Day) -> Result<()> {
    let now = node.now();
    let erased = node.store.state(ERASED).await?;
    let tx = node.store.begin().await?;
    tx.enqueue(job(HOUSEKEEPING_JOB, &today.to_string(), now), now).await?;
    if let Some(last) = erased
        && tx.state(SCRUBBED).await?.as_ref() != Some(&last)
    {
        tx.enqueue(job(SCRUB_JOB, &last, now), now).await?;
    }
    Ok(tx.commit().await?)
}

/// Asks for scrubbing right after an erasure in the given transaction.
pub(crate) async fn ask_scrub(tx: &suyuan_store::Tx, now: Timestamp) -> Result<()> {
    if let Some(last) = tx.state(ERASED).await? {
        tx.enqueue(job(SCRUB_JOB, &last, now), now).await?;
    }
    Ok(())
}

fn job(kind: &str, key: &str, run_at: Timestamp) -> NewJob {
    NewJob {
        kind: kind.to_owned(),
        unique_key: Some(format!("{kind}/{key}")),
        payload: "{}".to_owned(),
        run_at,
        max_attempts: 8,
        actor: None,
    }
}

/// Forgets stored answers, identifiers of events, sessions and rows of imports whose time is over; asks for another job where there is
/// more than one may do.
///
/// # Errors
/// When the database is out of reach.
pub async fn run(node: &Node) -> Result<()> {
    let (store, now) = (&node.store, node.now());
    crate::export::expire(node).await?;
    crate::sync::evidence::expire(node).await?;
    store.look_at_spread().await?;
    let (mut deleted, mut more) = (0, false);
    for sort in [Sort::Answers, Sort::EventKeys, Sort::Sessions, Sort::Tickets, Sort::SignOn] {
        let (count, is_more) = by_chunks(node, sort, now).await?;
        deleted += count;
        more |= is_more;
    }
    let forgotten = import::forget(node).await?;
    deleted += forgotten;
    more |= forgotten > 0;
    if deleted == 0 {
        return Ok(());
    }
    tracing::info!(deleted, "housekeeping");
    store.reclaim(&TABLES).await?;
    if more {
        let tx = store.begin().await?;
        tx.enqueue(NewJob { unique_key: None, ..job(HOUSEKEEPING_JOB, "", now) }, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// What expires.
#[derive(Clone, Copy)]
enum Sort {
    Answers,
    EventKeys,
    Sessions,
    Tickets,
    SignOn,
}

async fn delete_chunk(node: &Node, sort: Sort, now: Timestamp) -> Result<u64> {
    let store = &node.store;
    Ok(match sort {
        Sort::Answers => store.expire_answers(now.plus_millis(-ANSWERS_KEPT), CHUNK).await?,
        Sort::EventKeys => store.expire_event_keys(now.plus_millis(-EVENT_KEYS_KEPT), CHUNK).await?,
        Sort::Tickets => store.delete_spent_tickets(now, CHUNK).await?,
        // A day longer, so that a code that comes again is known for one.
        Sort::SignOn => store.expire_openid(now.plus_millis(-DAY), CHUNK).await?,
        Sort::Sessions => {
            let idle = now.plus_millis(-node.config.sessions.idle_millis);
            store.delete_ended_sessions(now, idle, CHUNK).await?
        }
    })
}

/// Deletes until nothing is left or it was often enough; gives how many, and whether there may be more.
async fn by_chunks(node: &Node, sort: Sort, now: Timestamp) -> Result<(u64, bool)> {
    let mut total = 0;
    for _ in 0..CHUNKS {
        let deleted = delete_chunk(node, sort, now).await?;
        total += deleted;
        if deleted < CHUNK {
            return Ok((total, false));
        }
    }
    Ok((total, true))
}

/// Removes what erased persons have left outside the rows. An erasure in the meantime asks for the next time.
///
/// # Errors
/// While readers are in the way, or the database is out of reach; the job is tried again.
pub async fn scrub(node: &Node) -> Result<()> {
    let Some(last) = node.store.state(ERASED).await? else { return Ok(()) };
    node.store.scrub_erased().await?;
    let tx = node.store.begin().await?;
    tx.set_state(SCRUBBED, &last).await?;
    Ok(tx.commit().await?)
}
