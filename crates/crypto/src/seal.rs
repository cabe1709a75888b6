//! Sealing (加密封存) of fields and bodies with SM4-GCM (RFC 8998, GB/T 32907), bound to the place they stand in.
//!
//! A sealed value is `01 ‖ nonce(12) ‖ ciphertext ‖ tag(16)`. Which key belongs to which data, and its rotation, is decided by
//! `service`. Serves H-7.3. Random nonces: at most 2^32 values under one key.

use crate::random::{Entropy, array};
use crate::{CryptoError, Result};
use aes_gcm::aead::{Aead, KeyInit, Payload, consts::U12};
use std::fmt;
use zeroize::Zeroizing;

type Sm4Gcm = aes_gcm::AesGcm<sm4::Sm4, U12>;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Bytes that a sealed value is longer than its plaintext.
pub const OVERHEAD: usize = 1 + NONCE + TAG;

/// A 128-bit SM4 key (对称密钥); wiped when dropped, never shown.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 16]>);

impl SecretKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Random`] when the source fails.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self> {
        let mut bytes = Zeroizing::new([0; 16]);
        entropy.fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Takes over key bytes; the caller wipes its own copy.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key bytes, for wrapping and for the key file. Do not log.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn cipher(&self) -> Sm4Gcm {
        Sm4Gcm::new(self.as_bytes().into())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretKey(..)")
    }
}

/// Additional data that names a place (table, column, row, key id), with unambiguous borders between the parts.
#[must_use]
pub fn place(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// Seals a plaintext under `key`, readable only together with the same `aad` (see [`place`]).
///
/// # Errors
/// [`CryptoError::Random`] when the source fails, [`CryptoError::Seal`] for a plaintext beyond the limit of the mode (64 GiB).
pub fn seal(key: &SecretKey, aad: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>> {
    let nonce = array::<NONCE>(entropy)?;
    let body = key.cipher().encrypt((&nonce).into(), Payload { msg: plain, aad }).map_err(|_| CryptoError::Seal)?;
    let mut sealed = Vec::with_capacity(1 + NONCE + body.len());
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&body);
    Ok(sealed)
}

/// Opens a sealed value.
///
/// # Errors
/// [`CryptoError::Open`] whatever the reason: another key, another place, a changed or cut value.
pub fn open(key: &SecretKey, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let (&version, rest) = sealed.split_first().ok_or(CryptoError::Open)?;
    let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or(CryptoError::Open)?;
    if version != VERSION || body.len() < TAG {
        return Err(CryptoError::Open);
    }
    key.cipher().decrypt(nonce.into(), Payload { msg: body, aad }).map(Zeroizing::new).map_err(|_| CryptoError::Open)
}
