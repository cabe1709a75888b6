//! What the interface adds to the audit trail by itself: requests that were refused, failed ones, and those that changed
//! something without their use case saying so. With this no write of a person passes without a row.
//!
//! Whoever is refused may ask again and again; of the same actor, operation and answer one row a minute is written, and the
//! next one says how many were counted in between. Rows: G-5.4.3c, H-6.5.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use suyuan_domain::clock::Timestamp;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};

use super::note_outcome;
use super::words::{is_look, operation};
use crate::{Node, Result};

const MINUTE: i64 = 60_000;
/// Most actors, operations and answers that are counted at once; beyond it the oldest are forgotten.
const MOST_COUNTED: usize = 10_000;

/// Rows of the running minute, by actor, operation and answer.
#[derive(Debug, Default)]
pub struct Counted(Mutex<HashMap<(String, String), Minute>>);

#[derive(Clone, Copy, Debug)]
struct Minute {
    begun: Timestamp,
    left_out: u64,
}

impl Counted {
    /// Whether a row is to be written now, and how many were left out since the last one.
    fn admit(&self, actor: &str, what: &str, now: Timestamp) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MOST_COUNTED {
            counted.retain(|_, minute| is_running(*minute, now));
            if counted.len() >= MOST_COUNTED {
                counted.clear();
            }
        }
        let minute = counted.entry((actor.to_owned(), what.to_owned()));
        match minute {
            std::collections::hash_map::Entry::Occupied(mut known) => {
                if is_running(*known.get(), now) {
                    known.get_mut().left_out += 1;
                    return None;
                }
                let before = known.insert(Minute { begun: now, left_out: 0 });
                Some(before.left_out)
            }
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(Minute { begun: now, left_out: 0 });
                Some(0)
            }
        }
    }
}

fn is_running(minute: Minute, now: Timestamp) -> bool {
    (0..MINUTE).contains(&(now.millis() - minute.begun.millis()))
}

/// Notes that somebody asked for what the role does not allow.
///
/// # Errors
/// When the database refuses.
pub async fn denied(node: &Node, cx: &OpContext, kind: Kind, action: Action) -> Result<()> {
    let what = format!("{kind}.{action}");
    let reason = format!("没有权限：对“{}”执行“{}”", kind.label(), action.label());
    bounded(node, cx, (&what, kind.as_str(), ""), "denied", &reason).await
}

/// How a request of a person ended, as the interface saw it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// Method in small letters.
    pub method: &'a str,
    /// Address with its parameters' names.
    pub path: &'a str,
    /// Status of the answer.
    pub status: u16,
    /// Stable code of what was wrong; empty where nothing was.
    pub code: &'a str,
}

/// Notes a request that changes something and left no row of its own: what it was, and how it ended. One that only looks
/// leaves none.
///
/// # Errors
/// When the database refuses.
pub async fn outcome(node: &Node, cx: &OpContext, ended: Outcome<'_>) -> Result<()> {
    if is_look(ended.path) {
        return Ok(());
    }
    let (action, object_kind) = operation(ended.method, ended.path);
    let place = (action.as_str(), object_kind, ended.path);
    if (200..400).contains(&ended.status) {
        if node.store.audited_request(&cx.request_id).await? {
            return Ok(());
        }
        let tx = node.store.begin().await?;
        note_outcome(&tx, cx, place, "ok", "").await?;
        return Ok(tx.commit().await?);
    }
    if node.store.audited_request(&cx.request_id).await? {
        return Ok(());
    }
    let result = if ended.status == 403 { "denied" } else { "failed" };
    bounded(node, cx, place, result, &format!("{} {}", ended.status, ended.code)).await
}

/// Notes how something ended, at most once a minute for the same actor, place and reason.
pub(crate) async fn bounded(
    node: &Node,
    cx: &OpContext,
    place: (&str, &str, &str),
    result: &str,
    reason: &str,
) -> Result<()> {
    let what = format!("{} {} {} {reason}", place.0, place.1, place.2);
    let Some(left_out) = node.audit_counted.admit(&cx.actor.username, &what, cx.now) else { return Ok(()) };
    let reason = if left_out == 0 {
        reason.to_owned()
    } else {
        format!("{reason}（此前另有 {left_out} 次相同请求未逐条记录）")
    };
    let tx = node.store.begin().await?;
    note_outcome(&tx, cx, place, result, &reason).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_5_4_3c_refusals_are_counted_and_one_row_a_minute_is_written() {
        let counted = Counted::default();
        let at = Timestamp::from_millis;
        assert_eq!(counted.admit("甲", "subject.read", at(0)), Some(0));
        assert_eq!(counted.admit("甲", "subject.read", at(1_000)), None);
        assert_eq!(counted.admit("甲", "subject.read", at(59_999)), None);
        assert_eq!(counted.admit("甲", "subject.update", at(59_999)), Some(0));
        assert_eq!(counted.admit("乙", "subject.read", at(59_999)), Some(0));
        assert_eq!(counted.admit("甲", "subject.read", at(60_000)), Some(2));
        assert_eq!(counted.admit("甲", "subject.read", at(60_001)), None);
        // A clock that was set back starts a new minute.
        assert_eq!(counted.admit("甲", "subject.read", at(0)), Some(1));
    }

    #[test]
    fn g_5_4_3c_no_flood_of_names_fills_the_memory() {
        let counted = Counted::default();
        for number in 0..MOST_COUNTED * 2 {
            counted.admit(&number.to_string(), "x", Timestamp::from_millis(0));
        }
        assert!(counted.0.lock().expect("a lock").len() <= MOST_COUNTED);
    }
}
