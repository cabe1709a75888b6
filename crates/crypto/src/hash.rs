//! SM3 hashes (杂凑) and HMAC-SM3, comparison in constant time, hexadecimal text.
//!
//! Does not hash passwords: that needs a slow function and is the work of `security`. Serves the record chain and H-8.

use hmac::{Hmac, KeyInit, Mac};
use sm3::Digest as _;
use subtle::ConstantTimeEq as _;

/// An SM3 hash value, 32 bytes (GB/T 32905).
pub type Digest = [u8; 32];

/// SM3 of one piece of data.
#[must_use]
pub fn sm3(data: &[u8]) -> Digest {
    sm3::Sm3::digest(data).into()
}

/// SM3 of several pieces, as if they stood in one buffer.
///
/// Piece borders are not part of the hash: pieces of variable length need a length or a separator of their own.
#[must_use]
pub fn sm3_parts(parts: &[&[u8]]) -> Digest {
    let mut hasher = Sm3::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finish()
}

/// SM3 over data that arrives bit by bit.
#[derive(Clone, Debug, Default)]
pub struct Sm3(sm3::Sm3);

impl Sm3 {
    /// An empty hash.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The hash of everything added.
    #[must_use]
    pub fn finish(self) -> Digest {
        self.0.finalize().into()
    }
}

/// HMAC-SM3 of `data` under `key`; keys of every length are allowed, 32 bytes are sensible.
#[must_use]
pub fn hmac_sm3(key: &[u8], data: &[u8]) -> Digest {
    let mut mac = Hmac::<sm3::Sm3>::new_from_slice(key).expect("HMAC is defined for keys of every length");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// Whether two byte strings are equal, in a time that depends only on their lengths.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Lower-case hexadecimal text, two characters per byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}
