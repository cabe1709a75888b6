//! What tests need and no node runs: databases of their own, a way past the store, a mail server that can be told to fail.
//!
//! Development only; nothing here is a stand-in for our own code.

pub mod postgres;
pub mod raw;
pub mod smtp;
