//! What tests need and no node runs: a mail server that can be told to fail.
//!
//! Development only; nothing here is a stand-in for our own code.

pub mod smtp;
