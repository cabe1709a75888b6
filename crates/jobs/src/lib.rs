//! When things happen: the sequencer, the readers of the journal, senders to peers, the queue of jobs, schedules, mail.
//!
//! Every loop is bounded per round, idempotent, and ends when the node stops. What is done belongs to `suyuan-service`;
//! here is only when, how often and after which pause.

pub mod loops;
pub mod mail;
pub mod queue;
pub mod runner;
pub mod schedule;

pub use runner::{Runner, RunnerConfig};
