//! Access of connected systems (系统接入): applications, tokens, quotas and use, what is kept of a trial, self-tests, and
//! warnings. What a step means and who may take it is decided in `suyuan-service`. Rows: G-6.7.1, G-6.7.2.

pub mod application;
pub mod token;
pub mod trial;
pub mod usage;
pub mod watch;
