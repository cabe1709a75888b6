//! ECDSA on P-256 with SHA-256 (ES256) for ID tokens (身份令牌): the one place where the software of other offices has to check
//! what we sign and knows no SM2. Signatures are deterministic (RFC 6979), so they need no randomness.
//!
//! Rotation and sealing of keys belong to `service`. Serves H-9.4.

use crate::random::{Entropy, array};
use crate::{CryptoError, Result};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use std::fmt;
use zeroize::Zeroizing;

/// How often random bytes are drawn before it is held that the source is broken: one in 2^32 draws is no key.
const DRAWS: usize = 8;

/// A key for ID tokens; wiped when dropped, never shown.
#[derive(Clone)]
pub struct TokenKey(SigningKey);

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenKey(..)")
    }
}

impl TokenKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Random`] when the source fails.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self> {
        for _ in 0..DRAWS {
            let bytes = Zeroizing::new(array::<32>(entropy)?);
            if let Ok(key) = Self::from_bytes(&*bytes) {
                return Ok(key);
            }
        }
        Err(CryptoError::Random)
    }

    /// Takes over the bytes of a key.
    ///
    /// # Errors
    /// [`CryptoError::Key`] for bytes that are no key of this curve.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let wrong = CryptoError::Key("不是 P-256 私钥");
        // Shorter ones would be taken as well.
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| wrong)?;
        SigningKey::from_slice(bytes).map(Self).map_err(|_| wrong)
    }

    /// The bytes of the key, for sealing. Do not log.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// Both coordinates of the public key.
    #[must_use]
    pub fn public(&self) -> ([u8; 32], [u8; 32]) {
        let point = self.0.verifying_key().to_sec1_point(false);
        let (mut x, mut y) = ([0; 32], [0; 32]);
        // One byte for the form, then both coordinates.
        if let Some((first, second)) = point.as_bytes().get(1..65).and_then(|both| both.split_at_checked(32)) {
            x.copy_from_slice(first);
            y.copy_from_slice(second);
        }
        (x, y)
    }

    /// The signature over a message, as both numbers one after the other (RFC 7518 3.4).
    ///
    /// # Errors
    /// [`CryptoError::Sign`] never in practice.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64]> {
        let signature: Signature = self.0.try_sign(message).map_err(|_| CryptoError::Sign)?;
        Ok(signature.to_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededEntropy;

    /// RFC 6979 A.2.5, message "sample" with SHA-256.
    #[test]
    fn h_9_4_signatures_are_those_of_the_published_example() {
        let bytes = hex::decode("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721").expect("hex");
        let key = TokenKey::from_bytes(&bytes).expect("a key");
        let (x, y) = key.public();
        assert_eq!(hex::encode_upper(x), "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6");
        assert_eq!(hex::encode_upper(y), "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
        assert_eq!(
            hex::encode_upper(key.sign(b"sample").expect("a signature")),
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
             F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
        );
    }

    #[test]
    fn h_9_4_what_is_no_key_is_refused_and_none_is_shown() {
        for bytes in [vec![], vec![0; 32], vec![0xFF; 32], vec![1; 31]] {
            assert!(TokenKey::from_bytes(&bytes).is_err());
        }
        let key = TokenKey::generate(&SeededEntropy::new(7)).expect("a key");
        assert_eq!(*TokenKey::from_bytes(&*key.to_bytes()).expect("a key").to_bytes(), *key.to_bytes());
        assert_eq!(format!("{key:?}"), "TokenKey(..)");
    }
}
