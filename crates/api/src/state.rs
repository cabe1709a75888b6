//! What handlers share: the node, the settings, the counters, and the news that the server stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use suyuan_service::Node;
use tokio::sync::watch;

use crate::config::ApiConfig;
use crate::gate::Gate;

/// Shared by all requests; cheap to clone.
#[derive(Clone, Debug)]
pub struct AppState {
    /// The node.
    pub node: Arc<Node>,
    /// The settings.
    pub(crate) config: Arc<ApiConfig>,
    /// Counters for operators.
    pub(crate) counters: Arc<Counters>,
    /// What each operation asks of a person.
    pub(crate) gate: Arc<Gate>,
    stop: watch::Receiver<bool>,
}

/// How many requests were answered, by class of status.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    classes: [AtomicU64; 5],
}

impl Counters {
    /// Counts an answer.
    pub(crate) fn count(&self, status: u16) {
        if let Some(counter) = self.classes.get(usize::from(status / 100).wrapping_sub(1)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answers so far: 1xx to 5xx.
    pub(crate) fn read(&self) -> [u64; 5] {
        std::array::from_fn(|class| self.classes[class].load(Ordering::Relaxed))
    }
}

impl AppState {
    /// The state of a server for `node`; `stop` turns true when the server stops.
    #[must_use]
    pub(crate) fn new(node: Arc<Node>, config: ApiConfig, gate: Gate, stop: watch::Receiver<bool>) -> Self {
        Self { node, config: Arc::new(config), counters: Arc::default(), gate: Arc::new(gate), stop }
    }

    /// Ends when the server stops. Answers without an end must select on it, or stopping would wait for them.
    pub async fn stopping(&self) {
        let mut stop = self.stop.clone();
        // A dropped sender means the same: nobody serves any more.
        drop(stop.wait_for(|stopped| *stopped).await);
    }
}
