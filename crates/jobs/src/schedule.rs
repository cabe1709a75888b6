//! Schedules: a tick that only enqueues. Due times are computed from the node's clock and the last stored due time, so
//! that ticks missed while the node was down are made up once, and no work runs twice.

use std::sync::Arc;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::{Day, Period};
use suyuan_service::access::watch;
use suyuan_service::evaluation::COMPUTE_JOB;
use suyuan_service::{Node, ServiceError, audit, housekeeping, lookup, proof, report};
use suyuan_store::job::NewJob;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};

use crate::runner::Loop;

/// Every fifteen seconds; the work itself is due daily or monthly.
const TICK: &str = "*/15 * * * * *";

/// Milliseconds after midnight in Asia/Shanghai at which the day's work is due.
const DUE_MILLIS: i64 = 3_600_000;

/// Ticks until the node stops.
pub(crate) async fn tick(around: Loop) {
    let bell = Arc::new(Notify::new());
    let scheduler = match ring(bell.clone()).await {
        Ok(scheduler) => scheduler,
        Err(error) => {
            tracing::error!(error = %error, "the scheduler did not start");
            return;
        }
    };
    bell.notify_one();
    loop {
        tokio::select! {
            () = around.stop.cancelled() => break,
            () = bell.notified() => {}
        }
        if let Err(error) = enqueue_due(&around.node, around.config.proofs).await {
            tracing::warn!(error = %error, "schedule");
        }
    }
    drop(scheduler);
}

async fn ring(bell: Arc<Notify>) -> Result<JobScheduler, tokio_cron_scheduler::JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    let job = Job::new(TICK, move |_, _| bell.notify_one())?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}

/// Enqueues what is due: the day's evaluation of the running month, after its end the month's last one, the report of
/// the schedule, housekeeping, the signed end of the audit trail, and with `proofs` the day's proof of everything kept. Keys make a second call harmless.
/// Closes the hours of public look-ups on the way.
///
/// # Errors
/// When the database is out of reach.
pub async fn enqueue_due(node: &Node, proofs: bool) -> Result<(), ServiceError> {
    lookup::close_hours(node).await?;
    report::tick(node).await?;
    watch::enqueue(node).await?;
    let now = node.now();
    let today = Day::of(now);
    if now < today.start().plus_millis(DUE_MILLIS) {
        return Ok(());
    }
    housekeeping::enqueue(node, today).await?;
    audit::head::enqueue(node, today, proofs).await?;
    if proofs {
        proof::enqueue(node, today).await?;
    }
    let month = Period::month_of(today);
    let before = month.previous();
    let tx = node.store.begin().await?;
    tx.enqueue(evaluation(&format!("{month}/{today}"), month, now), now).await?;
    tx.enqueue(evaluation(&format!("{before}/final"), before, now), now).await?;
    Ok(tx.commit().await?)
}

fn evaluation(key: &str, period: Period, run_at: Timestamp) -> NewJob {
    NewJob {
        kind: COMPUTE_JOB.to_owned(),
        unique_key: Some(format!("{COMPUTE_JOB}/{key}")),
        payload: serde_json::json!({ "period": period.to_string() }).to_string(),
        run_at,
        max_attempts: 5,
        actor: None,
    }
}
