//! Putting a node together: configuration, keys, wiring, commands. Meaning, storage and HTTP live in the other crates.

pub mod command;
pub mod config;
pub mod demo;
pub mod keys;
pub mod reference;
pub mod rights;
pub mod start;
