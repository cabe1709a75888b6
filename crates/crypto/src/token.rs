//! Random tokens (令牌) for sessions, links and interface access; the database keeps only their hash.
//!
//! Life time, owner and revocation belong to `service`. Serves and H-8.

use crate::Result;
use crate::hash::{Digest, sm3};
use crate::random::{Entropy, array};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A new token: 32 random bytes as 43 characters of base64url without padding.
///
/// # Errors
/// [`crate::CryptoError::Random`] when the source fails.
pub fn new_token(entropy: &dyn Entropy) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(array::<32>(entropy)?))
}

/// What is stored and looked up instead of the token: SM3 of its text. Only for tokens of [`new_token`], not for passwords.
#[must_use]
pub fn token_hash(token: &str) -> Digest {
    sm3(token.as_bytes())
}
