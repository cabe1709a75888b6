//! Commitments (承诺值): records that travel carry SM3(salt‖plain) where a sealed field stands.
//!
//! The salt is stored with the sealed field, not in the record; wiping both makes the field unreadable while every hash of
//! the chain stays valid. Salts are random and never used twice, else short plaintexts could be guessed.
//! Keeping and wiping salts is the work of `service`. Serves H-7.3 and G-10.4.

use crate::hash::{Digest, constant_time_eq, sm3_parts};

/// The commitment to `plain` under `salt`.
#[must_use]
pub fn commit(salt: &[u8; 16], plain: &[u8]) -> Digest {
    sm3_parts(&[salt, plain])
}

/// Whether `commitment` was made from `salt` and `plain`.
#[must_use]
pub fn check(commitment: &Digest, salt: &[u8; 16], plain: &[u8]) -> bool {
    constant_time_eq(commitment, &commit(salt, plain))
}
