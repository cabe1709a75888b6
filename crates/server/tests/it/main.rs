//! The running node, tested as people and systems use it: over HTTP, on real databases, tier under tier.

mod access;
mod afar;
mod caller;
mod capture;
mod cockpit;
mod complaint;
mod database;
mod document;
mod epcis;
mod evaluation;
mod exchange;
mod form;
mod harness;
mod pack;
mod process;
mod report;
mod survival;
mod table;
mod upkeep;
mod world;
