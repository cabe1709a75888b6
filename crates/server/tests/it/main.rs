//! The running node, tested as people and systems use it: over HTTP, on real databases, tier under tier.

mod access;
mod capture;
mod complaint;
mod document;
mod epcis;
mod exchange;
mod harness;
