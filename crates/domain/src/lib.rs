//! What the words of the platform mean: identifiers, clocks, divisions, tiers, records of the journal, trace events
//! and their links, data scope, and the rules computed on them.
//!
//! Pure: no input or output, no clock or random call of its own ([`clock`] takes both as parameters), no storage and no
//! wire format but the bytes of a journal record, which are part of its meaning.

pub mod cell;
pub mod chain;
pub mod check;
pub mod claim;
pub mod clock;
pub mod code;
pub mod division;
pub mod evaluation;
pub mod event;
pub mod fault;
pub mod id;
pub mod outlier;
pub mod pack;
pub mod period;
pub mod quantity;
pub mod record;
pub mod scope;
pub mod search;

#[cfg(test)]
mod testing;
