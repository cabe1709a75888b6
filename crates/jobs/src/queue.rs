//! The runner of the job queue: claims, runs, retries with growing pauses, and records how each try ended.

use std::sync::Arc;
use std::time::Duration;

use suyuan_domain::period::Period;
use suyuan_service::access::watch;
use suyuan_service::{
    Node, ServiceError, account, audit, evaluation, export, housekeeping, import, letter, proof, report,
};
use suyuan_store::job::Job;

use crate::mail::Mailer;
use crate::runner::Loop;

/// For how long a job is claimed, in milliseconds; a job whose process died is taken up again after it.
const CLAIM: i64 = 10 * 60_000;

/// Pause before the second try, in milliseconds; doubled for each further one.
const FIRST_PAUSE: i64 = 2_000;

/// Runs jobs one after the other until the node stops.
pub(crate) async fn run(around: Loop, mailer: Arc<Mailer>) {
    loop {
        let go_on = match round(&around, &mailer).await {
            Ok(true) => !around.stop.is_cancelled(),
            Ok(false) => around.rest(around.config.idle).await,
            Err(error) => {
                tracing::warn!(error = %error, "job queue");
                around.rest(Duration::from_secs(1)).await
            }
        };
        if !go_on {
            return;
        }
    }
}

async fn round(around: &Loop, mailer: &Mailer) -> Result<bool, ServiceError> {
    let node = &around.node;
    let now = node.now();
    let Some(job) = node.store.claim_job(&around.config.holder, now, now.plus_millis(CLAIM)).await? else {
        return Ok(false);
    };
    let outcome = perform(node, mailer, &job).await.map_err(|error| error.to_string());
    if let Err(error) = &outcome {
        tracing::warn!(job = job.id, kind = job.kind, error, "job failed");
    }
    let shift = u32::try_from(job.attempts.clamp(1, 10)).unwrap_or(1) - 1;
    let retry_at = node.now().plus_millis(FIRST_PAUSE << shift);
    node.store.finish_job(&job, outcome, node.now(), retry_at).await?;
    Ok(true)
}

async fn perform(node: &Node, mailer: &Mailer, job: &Job) -> Result<(), ServiceError> {
    match job.kind.as_str() {
        evaluation::COMPUTE_JOB => evaluation::compute(node, period_of(job)?).await,
        report::MONTHLY_JOB => report::run(node, &job.payload).await.map(drop),
        report::DELIVER_JOB => mailer.deliver(node, &job.payload).await,
        letter::LETTER_JOB => mailer.letter(node, &job.payload).await,
        watch::WATCH_JOB => watch::run(node).await,
        account::erase::ERASE_JOB => account::erase::run(node, &job.payload).await,
        export::EXPORT_JOB => export::run(node, &job.payload).await,
        housekeeping::HOUSEKEEPING_JOB => housekeeping::run(node).await,
        housekeeping::SCRUB_JOB => housekeeping::scrub(node).await,
        audit::head::SEAL_JOB => audit::head::seal(node).await,
        audit::head::VERIFY_JOB => audit::head::verify_all(node).await.map(drop),
        proof::PROVE_JOB => proof::piece(node).await,
        import::IMPORT_JOB => import::piece(node, &job.payload).await,
        other => Err(ServiceError::Internal(format!("no handler for jobs of kind {other}"))),
    }
}

fn period_of(job: &Job) -> Result<Period, ServiceError> {
    let payload: serde_json::Value = serde_json::from_str(&job.payload)?;
    let text = payload.get("period").and_then(serde_json::Value::as_str).unwrap_or_default();
    text.parse().map_err(|_| ServiceError::Internal(format!("no period in job {}", job.id)))
}
