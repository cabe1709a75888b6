//! The cockpit (总览): one snapshot of figures, trend, ranking, warnings, stages, exchange and map values per scope, period
//! and category, and the signal by which screens learn that there is a newer one.
//!
//! A snapshot is made by one flight at a time and at most every two seconds, whoever asks; others get it or the one
//! before. What a figure counts is in [`snapshot`]. Rows: G-6.6.1a, G-6.7, G-6.8.2a, G-6.4.1a, D-shape.

pub mod snapshot;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use suyuan_domain::clock::Timestamp;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use tokio::sync::watch;

use crate::statistics::View;
use crate::{Node, Result};

pub use snapshot::Snapshot;

/// A snapshot younger than this is always good enough, in milliseconds.
const FRESH: i64 = 2_000;
/// A snapshot that holds everything projected is good this long; the clock itself changes rates and delays.
const STEADY: i64 = 15_000;
/// While a newer one is made, one not older than this is given.
const BEARABLE: i64 = 10_000;
/// Snapshots kept; the longest unused goes first.
const MOST_KEPT: usize = 128;
/// Days that a cockpit may span.
const MOST_DAYS: u32 = 366;

/// Snapshots by scope, period and category.
#[derive(Debug, Default)]
pub struct Snapshots {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    slots: HashMap<String, (Arc<Slot>, u64)>,
    uses: u64,
}

#[derive(Debug, Default)]
struct Slot {
    flight: tokio::sync::Mutex<()>,
    made: Mutex<Option<(Timestamp, Arc<Snapshot>)>>,
}

impl Slot {
    /// The snapshot, if its age is one that `good` accepts. A clock that was moved makes every snapshot old.
    fn get(&self, now: Timestamp, good: impl Fn(i64, &Snapshot) -> bool) -> Option<Arc<Snapshot>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, snapshot) = made.as_ref()?;
        good(now.millis().abs_diff(at.millis()).try_into().unwrap_or(i64::MAX), snapshot).then(|| snapshot.clone())
    }

    fn set(&self, at: Timestamp, snapshot: Arc<Snapshot>) {
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, snapshot));
    }
}

impl Snapshots {
    /// The cockpit of `division` (the actor's own where it is empty) over the last `days` days.
    ///
    /// # Errors
    /// [`crate::ServiceError::Denied`] without the permission, [`crate::ServiceError::NotFound`] out of scope, and faults
    /// of store and warehouse.
    pub async fn get(
        &self,
        node: &Node,
        cx: &OpContext,
        division: Option<&str>,
        category: Option<&str>,
        days: u32,
    ) -> Result<Arc<Snapshot>> {
        cx.authorize(Action::Read, Kind::Cockpit)?;
        let view = View::of(node, cx, division, category)?;
        let days = days.clamp(1, MOST_DAYS);
        let slot = self.slot(key(&view, days)?);
        let written = *node.store.follow().borrow();
        let good = |age: i64, snapshot: &Snapshot| age < FRESH || (age < STEADY && snapshot.position >= written);
        if let Some(snapshot) = slot.get(cx.now, good) {
            return Ok(snapshot);
        }
        let flight = match slot.flight.try_lock() {
            Ok(flight) => flight,
            Err(_) => {
                if let Some(older) = slot.get(cx.now, |age, _| age < BEARABLE) {
                    return Ok(older);
                }
                slot.flight.lock().await
            }
        };
        if let Some(snapshot) = slot.get(cx.now, good) {
            return Ok(snapshot);
        }
        let snapshot = Arc::new(snapshot::take(node, &view, days, cx.now).await?);
        slot.set(cx.now, snapshot.clone());
        drop(flight);
        Ok(snapshot)
    }

    fn slot(&self, key: String) -> Arc<Slot> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        if kept.slots.len() >= MOST_KEPT && !kept.slots.contains_key(&key) {
            let oldest = kept.slots.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                kept.slots.remove(&oldest);
            }
        }
        let (slot, used) = kept.slots.entry(key).or_default();
        *used = now;
        slot.clone()
    }
}

fn key(view: &View, days: u32) -> Result<String> {
    let category = view.category.as_deref().unwrap_or_default();
    Ok(format!("{}|{category}|{days}|{}", view.division, serde_json::to_string(&view.scope)?))
}

/// Tells a screen that the figures moved, at most every two seconds.
#[derive(Debug)]
pub struct Changes {
    node: Arc<Node>,
    written: watch::Receiver<u64>,
    told: u64,
    first: bool,
}

/// Time between two signals to a screen.
const PACE: Duration = Duration::from_secs(2);
/// Time that the projector is given before its position is asked again.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is asked before what it has done so far is told.
const PATIENT_TURNS: u32 = 10;

impl Changes {
    /// Follows the node on behalf of the actor.
    ///
    /// # Errors
    /// [`crate::ServiceError::Denied`] without the permission.
    pub fn follow(node: Arc<Node>, cx: &OpContext) -> Result<Self> {
        cx.authorize(Action::Read, Kind::Cockpit)?;
        let written = node.store.follow();
        Ok(Self { node, written, told: 0, first: true })
    }

    /// The next position up to which figures know the journal; the first comes at once. `None` when the node stops.
    pub async fn next(&mut self) -> Option<u64> {
        if self.first {
            self.first = false;
            self.written.mark_unchanged();
            self.told = self.node.store.cursor(crate::projector::READER).await.unwrap_or(0);
            return Some(self.told);
        }
        tokio::time::sleep(PACE).await;
        loop {
            let written = *self.written.borrow_and_update();
            if written > self.told {
                let done = self.projected(written).await;
                if done > self.told {
                    self.told = done;
                    return Some(done);
                }
            }
            self.written.changed().await.ok()?;
        }
    }

    /// Waits a little for the projector to reach `written`, and gives how far it is.
    async fn projected(&self, written: u64) -> u64 {
        let mut done = 0;
        for _ in 0..PATIENT_TURNS {
            done = self.node.store.cursor(crate::projector::READER).await.unwrap_or(0);
            if done >= written {
                break;
            }
            tokio::time::sleep(PATIENCE).await;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn g_6_7_kept_snapshots_are_bounded_and_the_longest_unused_goes() {
        let snapshots = Snapshots::default();
        let first = snapshots.slot("first".into());
        for number in 0..MOST_KEPT {
            let _ = snapshots.slot("first".into());
            let _ = snapshots.slot(number.to_string());
        }
        assert!(Arc::ptr_eq(&first, &snapshots.slot("first".into())));
        let kept = snapshots.kept.lock().expect("no panic while held");
        assert_eq!(kept.slots.len(), MOST_KEPT);
        assert!(!kept.slots.contains_key("0"));
    }

    #[test]
    fn g_6_7_an_empty_slot_gives_nothing() {
        let slot = Slot::default();
        assert!(slot.get(at(0), |_, _| true).is_none());
    }
}
