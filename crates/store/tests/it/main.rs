//! Proof that the ground carries: sequencer, exchange of chains, erasure, segments, and the node's own work.
//!
//! Every body runs on SQLite, and on PostgreSQL when `SUYUAN_TEST_POSTGRES_URL` names a server; a skip is printed. What
//! chance decides comes from a seed that every failure names. Rows: D-shape, N-TIER, G-6.4.1, H-8, G-10.

mod audit;
mod casework;
mod chain;
mod exchange;
mod full_disk;
mod golden;
mod link;
mod list;
mod order;
mod pack;
mod people;
mod segments;
mod sequencer;
mod support;
mod upkeep;
mod work;
