//! The cockpit (总览): one snapshot of figures, trend, ranking, warnings, stages, exchange and map values per scope, period
//! and category, and the signal by which screens learn that there is a newer one.
//!
//! A snapshot is made by one flight at a time and at most every two seconds, whoever asks; others get it or the one
//! before. What a figure counts is in [`snapshot`]. Rows: G-6.6.1a, G-6.7, G-6.8.2a, G-6.4.1a, D-shape.

pub mod flight;
pub mod snapshot;

use std::sync::Arc;
use std::time::Duration;

use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use tokio::sync::watch;

use crate::statistics::View;
use crate::{Node, Result};

pub use flight::Flights;
pub use snapshot::Snapshot;

/// A snapshot younger than this is always good enough, in milliseconds.
const FRESH: i64 = 2_000;
/// A snapshot that holds everything projected is good this long; the clock itself changes rates and delays.
const STEADY: i64 = 15_000;
/// Days that a cockpit may span.
const MOST_DAYS: u32 = 366;

/// Snapshots by scope, period and category.
#[derive(Debug, Default)]
pub struct Snapshots {
    kept: Flights<Snapshot>,
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
        let written = *node.store.follow().borrow();
        let good = |age: i64, snapshot: &Snapshot| age < FRESH || (age < STEADY && snapshot.position >= written);
        self.kept.get(view.key(days)?, cx.now, good, snapshot::take(node, &view, days, cx.now)).await
    }
}

/// Tells a screen that the figures moved, at most every two seconds.
#[derive(Debug)]
pub struct Changes {
    node: Arc<Node>,
    written: watch::Receiver<u64>,
    figures: watch::Receiver<u64>,
    told: u64,
    first: bool,
}

/// Time between two signals to a screen.
const PACE: Duration = Duration::from_secs(2);
/// How long the figures are given to settle before those that are still moving are told.
const PATIENCE: Duration = Duration::from_secs(4);

impl Changes {
    /// Follows the node on behalf of the actor.
    ///
    /// # Errors
    /// [`crate::ServiceError::Denied`] without the permission.
    pub fn follow(node: Arc<Node>, cx: &OpContext) -> Result<Self> {
        cx.authorize(Action::Read, Kind::Cockpit)?;
        let (written, figures) = (node.store.follow(), node.figures.subscribe());
        Ok(Self { node, written, figures, told: 0, first: true })
    }

    /// The next position up to which figures know the journal; the first comes at once. `None` when the node stops.
    pub async fn next(&mut self) -> Option<u64> {
        if self.first {
            self.first = false;
            self.told = *self.figures.borrow_and_update();
            return Some(self.told);
        }
        tokio::time::sleep(PACE).await;
        loop {
            let known = *self.figures.borrow_and_update();
            if known > self.told {
                self.told = known;
                return Some(known);
            }
            if let Ok(changed) = tokio::time::timeout(PATIENCE, self.figures.changed()).await {
                changed.ok()?;
            } else if let Some(moving) = self.moving().await {
                self.told = moving;
                return Some(moving);
            }
        }
    }

    /// How far facts are known while so many come that the figures never settle.
    async fn moving(&self) -> Option<u64> {
        if *self.written.borrow() <= self.told {
            return None;
        }
        let projected = self.node.store.cursor(crate::projector::READER).await.unwrap_or(0);
        (projected > self.told).then_some(projected)
    }
}
