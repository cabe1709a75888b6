//! The tracked tasks of a running node: started together, stopped together, none left behind.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use suyuan_service::Node;
use suyuan_service::capture::Prepared;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::mail::Mailer;
use crate::{loops, queue, schedule};

/// How a node's loops are set.
#[derive(Clone, Debug)]
pub struct RunnerConfig {
    /// Name of this process among those that share the database.
    pub holder: String,
    /// Pause of loops that found nothing to do.
    pub idle: Duration,
    /// Whether schedules tick. Tests enqueue by hand.
    pub schedules: bool,
    /// Whether a schedule asks for the daily proof. Where the clock jumps by days, nothing else would be done.
    pub proofs: bool,
}

/// The running loops.
#[derive(Debug)]
pub struct Runner {
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What every loop is given.
#[derive(Clone)]
pub(crate) struct Loop {
    pub(crate) node: Arc<Node>,
    pub(crate) config: RunnerConfig,
    pub(crate) stop: CancellationToken,
}

impl Loop {
    /// Waits for `event` or the idle pause; says whether to go on.
    pub(crate) async fn pause<F: Future>(&self, event: F) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            _ = event => true,
            () = tokio::time::sleep(self.config.idle) => true,
        }
    }

    /// Waits `time`; says whether to go on.
    pub(crate) async fn rest(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }
}

impl Runner {
    /// Starts all loops of `node`.
    #[must_use]
    pub fn start(
        node: Arc<Node>,
        captured: mpsc::Receiver<Prepared>,
        mailer: Arc<Mailer>,
        config: RunnerConfig,
    ) -> Self {
        let runner = Self { tasks: TaskTracker::new(), stop: CancellationToken::new() };
        let schedules = config.schedules;
        let around = Loop { node: node.clone(), config, stop: runner.stop.clone() };
        let stopped = runner.stop.clone().cancelled_owned();
        runner.tasks.spawn(async move { suyuan_service::capture::write_all(&node, captured, stopped).await });
        runner.tasks.spawn(loops::sequence(around.clone()));
        runner.tasks.spawn(loops::project(around.clone()));
        runner.tasks.spawn(loops::rebuild(around.clone()));
        runner.tasks.spawn(loops::enrol(around.clone()));
        for class in suyuan_domain::record::Class::ALL {
            runner.tasks.spawn(loops::send(around.clone(), "parent", class));
            runner.tasks.spawn(loops::send(around.clone(), "child", class));
        }
        runner.tasks.spawn(loops::follow_packs(around.clone()));
        runner.tasks.spawn(loops::seal(around.clone()));
        runner.tasks.spawn(loops::meter(around.clone()));
        runner.tasks.spawn(queue::run(around.clone(), mailer));
        if schedules {
            runner.tasks.spawn(schedule::tick(around));
        }
        runner.tasks.close();
        runner
    }

    /// Asks all loops to end after their present round and waits for them.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}
