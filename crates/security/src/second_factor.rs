//! Second factor (双因素认证): codes by time (TOTP, RFC 6238) and recovery codes.
//!
//! Six digits every 30 seconds, HMAC-SHA-1 as all authenticator programs have it, one step of drift on either side. Which
//! step was used last, and the sealing of the secret, belong to `service` and `store`. Rows, H-9.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcode::render::svg;
use suyuan_crypto::hash::hmac_sm3;
use suyuan_crypto::random::{Entropy, array};
use suyuan_domain::clock::Timestamp;
use totp_rs::{Builder, Secret, Totp};

use crate::{Result, SecurityError};

/// Bytes of a secret, as RFC 4226 asks for.
pub const SECRET_BYTES: usize = 20;

/// Recovery codes that are given at once.
pub const RECOVERY_CODES: usize = 10;

/// Characters of a recovery code without the hyphen; each carries five bits.
const RECOVERY_CHARS: usize = 10;

/// Digits and capital letters without those that look alike.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A secret that the person's device and this node share.
pub struct SharedSecret {
    totp: Totp,
    bytes: zeroize::Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

impl SharedSecret {
    /// A new secret.
    ///
    /// # Errors
    /// When the source of randomness fails.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self> {
        Self::from_bytes(&array::<SECRET_BYTES>(entropy)?)
    }

    /// The secret that was stored.
    ///
    /// # Errors
    /// When it does not have [`SECRET_BYTES`] bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.len() != SECRET_BYTES {
            return Err(SecurityError::SecondFactor("密钥长度不正确"));
        }
        let builder =
            Builder::new().with_secret(Secret::from(bytes)).with_digits(6).with_skew(1).with_step_duration(30);
        let totp = builder.build().map_err(|_| SecurityError::SecondFactor("密钥不可用"))?;
        Ok(Self { totp, bytes: zeroize::Zeroizing::new(bytes.to_vec()) })
    }

    /// The bytes to be sealed and stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The secret as people type it: base32 in groups of four.
    #[must_use]
    pub fn text(&self) -> String {
        let text = self.totp.secret().to_base32();
        let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }

    /// The address that authenticator programs read from the picture.
    #[must_use]
    pub fn uri(&self, issuer: &str, username: &str) -> String {
        let (issuer, username) = (percent(issuer), percent(username));
        let secret = self.totp.secret().to_base32();
        format!("otpauth://totp/{issuer}:{username}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30")
    }

    /// The number of the step whose code this is, if it is one of the current three and later than `last`.
    #[must_use]
    pub fn check(&self, code: &str, last: u64, now: Timestamp) -> Option<u64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let seconds = u64::try_from(now.millis() / 1000).ok()?;
        self.totp.check(&digits, seconds).filter(|step| *step > last)
    }

    /// The code of this moment, for tests and for showing that a clock is right.
    #[must_use]
    pub fn code(&self, now: Timestamp) -> String {
        let seconds = u64::try_from(now.millis() / 1000).unwrap_or(0);
        self.totp.generate(seconds).to_string()
    }
}

/// Everything but letters and digits as `%XX`.
fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A QR picture of `text` as a `data:` address with SVG.
///
/// # Errors
/// When the text is too long for a QR symbol.
pub fn qr_data_url(text: &str) -> Result<String> {
    let code = qrcode::QrCode::new(text).map_err(|_| SecurityError::SecondFactor("二维码内容过长"))?;
    let picture = code.render::<svg::Color>().min_dimensions(220, 220).quiet_zone(true).build();
    Ok(format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture)))
}

/// New recovery codes, such as `ABCDE-FGHJK`: 50 random bits each.
///
/// # Errors
/// When the source of randomness fails.
pub fn recovery_codes(entropy: &dyn Entropy) -> Result<Vec<String>> {
    (0..RECOVERY_CODES).map(|_| characters(entropy, RECOVERY_CHARS, 5)).collect()
}

/// Random characters that nobody mistakes for others, with a hyphen after every `group`.
pub(crate) fn characters(entropy: &dyn Entropy, count: usize, group: usize) -> Result<String> {
    let mut bytes = vec![0; count];
    entropy.fill(&mut bytes)?;
    let mut text = String::new();
    for (place, byte) in bytes.into_iter().enumerate() {
        if place > 0 && place % group == 0 {
            text.push('-');
        }
        // 256 is a multiple of 32: every character is equally likely.
        text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    }
    Ok(text)
}

/// What is stored of a recovery code: a keyed hash of its letters, whatever hyphens and cases were typed. `None` for text
/// that is no recovery code.
#[must_use]
pub fn recovery_hash(key: &[u8], code: &str) -> Option<[u8; 32]> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let known = plain.len() == RECOVERY_CHARS && plain.bytes().all(|byte| ALPHABET.contains(&byte));
    known.then(|| hmac_sm3(key, plain.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use suyuan_crypto::random::SeededEntropy;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn h_9_codes_are_those_of_rfc_6238() {
        let secret = SharedSecret::from_bytes(b"12345678901234567890").expect("20 bytes");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(secret.code(at(seconds)), code);
            assert!(secret.check(code, 0, at(seconds)).is_some());
        }
    }

    #[test]
    fn h_9_a_code_counts_once_and_for_three_steps() {
        let secret = SharedSecret::generate(&SeededEntropy::new(5)).expect("seeded");
        let now = at(1_800_000_000);
        let code = secret.code(now);
        let step = secret.check(&code, 0, now).expect("the code of now");
        assert_eq!(secret.check(&code, step, now), None, "used already");
        assert!(secret.check(&code, 0, at(1_800_000_030)).is_some());
        assert!(secret.check(&code, 0, at(1_799_999_970)).is_some());
        assert_eq!(secret.check(&code, 0, at(1_800_000_061)), None);
        for wrong in ["", "12345", "1234567", "１２３４５６", "abcdef", "-12345"] {
            assert_eq!(secret.check(wrong, 0, now), None, "{wrong}");
        }
        assert!(SharedSecret::from_bytes(&[1; 19]).is_err());
    }

    #[test]
    fn h_9_the_picture_holds_the_address_and_nothing_shows_the_secret() {
        let secret = SharedSecret::from_bytes(b"12345678901234567890").expect("20 bytes");
        let uri = secret.uri("溯源 370000", "zhang@x");
        assert!(
            uri.starts_with("otpauth://totp/%E6%BA%AF%E6%BA%90%20370000:zhang%40x?secret=GEZDGNBVGY3TQOJQ"),
            "{uri}"
        );
        assert!(qr_data_url(&uri).expect("a picture").starts_with("data:image/svg+xml;base64,"));
        assert!(qr_data_url(&"x".repeat(9000)).is_err());
        assert_eq!(format!("{secret:?}"), "SharedSecret(..)");
    }

    #[test]
    fn h_9_recovery_codes_are_many_and_read_as_typed() {
        let codes = recovery_codes(&SeededEntropy::new(9)).expect("seeded");
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), RECOVERY_CODES);
        let code = &codes[0];
        let typed = code.to_lowercase().replace('-', " ");
        assert_eq!(recovery_hash(b"k", code), recovery_hash(b"k", &typed));
        assert_ne!(recovery_hash(b"k", code), recovery_hash(b"other", code));
        for wrong in ["", "123456", "ABCDE-FGHJ", "ABCDE-FGHJKL", "OOOOO-IIIII"] {
            assert_eq!(recovery_hash(b"k", wrong), None, "{wrong}");
        }
    }
}
