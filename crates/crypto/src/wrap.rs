//! Handing an SM4 key to the holder of an SM2 key (密钥封装): SM2 encryption, DER in the order C1 C3 C2 (GB/T 35276).
//!
//! Wraps keys only; data goes through [`crate::seal`]. The sender is not proven by wrapping: sign the envelope. Serves H-8.

use crate::random::{Draw, Entropy};
use crate::seal::SecretKey;
use crate::sign::{SigningKey, VerifyingKey};
use crate::{CryptoError, Result};
use sm2::pke::{DecryptingKey, EncryptingKey};
use zeroize::Zeroizing;

/// Longest wrapped key accepted, in bytes; a real one has at most 126.
const WRAPPED_LIMIT: usize = 256;

/// Wraps `key` so that only the holder of the private key of `to` can read it.
///
/// # Errors
/// [`CryptoError::Random`] when the source fails.
pub fn wrap_key(to: &VerifyingKey, key: &SecretKey, entropy: &dyn Entropy) -> Result<Vec<u8>> {
    let mut draw = Draw::new(entropy);
    EncryptingKey::new(to.point()).encrypt_der(&mut draw, key.as_bytes()).map_err(|_| draw.blame(CryptoError::Seal))
}

/// Unwraps a key that was wrapped for this private key.
///
/// # Errors
/// [`CryptoError::Open`] whatever the reason: malformed, for another key, changed, or not a key of 16 bytes.
pub fn unwrap_key(with: &SigningKey, der: &[u8]) -> Result<SecretKey> {
    let plain = decrypt(with, der)?;
    let bytes = <[u8; 16]>::try_from(plain.as_slice()).map(Zeroizing::new);
    bytes.map(|bytes| SecretKey::from_bytes(*bytes)).map_err(|_| CryptoError::Open)
}

fn decrypt(with: &SigningKey, der: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    if der.len() > WRAPPED_LIMIT {
        return Err(CryptoError::Open);
    }
    DecryptingKey::new(with.secret().clone()).decrypt_der(der).map(Zeroizing::new).map_err(|_| CryptoError::Open)
}

#[cfg(test)]
mod tests {
    //! The decryption inside, on messages of any length: the published example and what seven producers made.

    use super::{decrypt, unwrap_key};
    use crate::CryptoError;
    use crate::sign::SigningKey;
    use sm2::elliptic_curve::pkcs8::EncodePrivateKey;
    use sm2::pkcs8::LineEnding;
    use std::error::Error;

    type Outcome = Result<(), Box<dyn Error>>;

    const D: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";

    fn published_key() -> Result<SigningKey, Box<dyn Error>> {
        let secret = sm2::SecretKey::from_slice(&hex::decode(D)?)?;
        Ok(SigningKey::from_pkcs8_pem(&secret.to_pkcs8_pem(LineEnding::LF)?)?)
    }

    /// Raw `X‖Y‖C3‖C2` as DER.
    fn der(raw: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
        let (x, rest) = raw.split_at_checked(32).ok_or("short x")?;
        let (y, rest) = rest.split_at_checked(32).ok_or("short y")?;
        let (c3, c2) = rest.split_at_checked(32).ok_or("short c3")?;
        let mut body = Vec::new();
        for number in [x, y] {
            let skip = number.iter().take_while(|byte| **byte == 0).count();
            let number = &number[skip..];
            let pad = usize::from(number.first().is_none_or(|byte| *byte > 0x7f));
            body.extend([2, u8::try_from(number.len() + pad)?]);
            body.extend(std::iter::repeat_n(0, pad));
            body.extend(number);
        }
        for octets in [c3, c2] {
            body.extend([4, u8::try_from(octets.len())?]);
            body.extend(octets);
        }
        let mut out = vec![0x30];
        if body.len() > 0x7f {
            out.push(0x81);
        }
        out.push(u8::try_from(body.len())?);
        out.extend(body);
        Ok(out)
    }

    #[test]
    fn h_8_decrypts_the_example_of_gb_32918_5() -> Outcome {
        let raw = hex::decode(concat!(
            "04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73",
            "e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0",
            "59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766",
            "21886ca989ca9c7d58087307ca93092d651efa",
        ))?;
        let key = published_key()?;
        let der = der(&raw)?;
        assert_eq!(decrypt(&key, &der)?.as_slice(), b"encryption standard");
        assert_eq!(unwrap_key(&key, &der).err(), Some(CryptoError::Open), "19 bytes are no key");
        Ok(())
    }

    #[test]
    fn h_8_decrypts_what_other_producers_encrypted() -> Outcome {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/sm/sm2_interop.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            eprintln!("skipped: no vectors sm2_interop.json beside the checkout");
            return Ok(());
        };
        let vectors: serde_json::Value = serde_json::from_str(&text)?;
        let message = vectors["msg_utf8"].as_str().ok_or("no message")?;
        let key = SigningKey::from_pkcs8_pem(vectors["key"]["pkcs8_pem"].as_str().ok_or("no key")?)?;
        let mut seen = 0;
        for (producer, values) in vectors["producers"].as_object().ok_or("no producers")? {
            let mut ciphertexts = Vec::new();
            for field in ["asn1", "c1c3c2_asn1"] {
                if let Some(text) = values[field].as_str() {
                    ciphertexts.push(hex::decode(text)?);
                }
            }
            if let Some(text) = values["c1c3c2"].as_str() {
                let raw = hex::decode(text)?;
                // 96 bytes and the message, with or without the leading 04.
                let start = raw.len() - 96 - message.len();
                ciphertexts.push(der(&raw[start..])?);
            }
            if let Some(text) = values["c1c2c3"].as_str() {
                let raw = hex::decode(text)?;
                let start = raw.len() - 96 - message.len();
                let wrong_order = der(&raw[start..])?;
                assert_eq!(decrypt(&key, &wrong_order).err(), Some(CryptoError::Open), "{producer}");
            }
            for der in ciphertexts {
                let plain = decrypt(&key, &der).map_err(|error| format!("{producer}: {error}"))?;
                assert_eq!(plain.as_slice(), message.as_bytes(), "{producer}");
                refuses_every_changed_bit(&key, &der, producer);
                seen += 1;
            }
        }
        assert_eq!(seen, 10);
        Ok(())
    }

    fn refuses_every_changed_bit(key: &SigningKey, der: &[u8], producer: &str) {
        for index in 0..der.len() {
            let mut changed = der.to_vec();
            changed[index] ^= 1 << (index % 8);
            assert_eq!(decrypt(key, &changed).err(), Some(CryptoError::Open), "{producer}: byte {index}");
        }
    }
}
