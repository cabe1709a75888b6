//! The running node, tested as people and systems use it: over HTTP, on real databases, tier under tier.

mod capture;
mod document;
mod exchange;
mod harness;
