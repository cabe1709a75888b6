//! Round trips, binding of ciphertexts to their place, failing randomness, and secrets that must not show.

use crate::{D, Outcome, key_of};
use std::collections::HashSet;
use suyuan_crypto::hash::hex;
use suyuan_crypto::random::{Entropy, OsEntropy, SeededEntropy, array};
use suyuan_crypto::seal::{OVERHEAD, SecretKey, open, place, seal};
use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_crypto::token::new_token;
use suyuan_crypto::wrap::{unwrap_key, wrap_key};
use suyuan_crypto::{CryptoError, hash};

/// A source that always answers with the same byte.
struct Stuck(u8);

impl Entropy for Stuck {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), CryptoError> {
        buffer.fill(self.0);
        Ok(())
    }
}

/// A source that is broken.
struct Broken;

impl Entropy for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), CryptoError> {
        Err(CryptoError::Random)
    }
}

#[test]
fn h_8_swapped_ciphertexts_of_two_rows_do_not_open() -> Outcome {
    let entropy = SeededEntropy::new(3);
    let key = SecretKey::generate(&entropy)?;
    let first_place = place(&["subject", "phone", "1", "k1"]);
    let second_place = place(&["subject", "phone", "2", "k1"]);
    let first = seal(&key, &first_place, b"13800000001", &entropy)?;
    let second = seal(&key, &second_place, b"13800000002", &entropy)?;
    assert_eq!(open(&key, &first_place, &first)?.as_slice(), b"13800000001");
    assert_eq!(open(&key, &second_place, &second)?.as_slice(), b"13800000002");
    assert_eq!(open(&key, &first_place, &second).err(), Some(CryptoError::Open));
    assert_eq!(open(&key, &second_place, &first).err(), Some(CryptoError::Open));
    assert_ne!(place(&["ab", "c"]), place(&["a", "bc"]));
    Ok(())
}

#[test]
fn h_8_seals_plaintexts_of_every_length() -> Outcome {
    let entropy = SeededEntropy::new(4);
    let key = SecretKey::generate(&entropy)?;
    let other = SecretKey::generate(&entropy)?;
    for length in (0..100).chain([4095, 4096, 70_000]) {
        let mut plain = vec![0; length];
        entropy.fill(&mut plain)?;
        let sealed = seal(&key, b"place", &plain, &entropy)?;
        assert_eq!(sealed.len(), length + OVERHEAD);
        assert_eq!(*open(&key, b"place", &sealed)?, plain);
        assert_eq!(open(&other, b"place", &sealed).err(), Some(CryptoError::Open));
        assert_ne!(seal(&key, b"place", &plain, &entropy)?, sealed, "nonces differ");
    }
    Ok(())
}

#[test]
fn h_8_wraps_keys_with_unusual_bytes() -> Outcome {
    let entropy = SeededEntropy::new(5);
    let receiver = SigningKey::generate(&entropy)?;
    let stranger = SigningKey::generate(&entropy)?;
    let mut keys = vec![[0; 16], [0xff; 16], *b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"];
    for _ in 0..50 {
        keys.push(array(&entropy)?);
    }
    for bytes in keys {
        let wrapped = wrap_key(&receiver.verifying_key(), &SecretKey::from_bytes(bytes), &entropy)?;
        assert_eq!(unwrap_key(&receiver, &wrapped)?.as_bytes(), &bytes);
        assert_eq!(unwrap_key(&stranger, &wrapped).err(), Some(CryptoError::Open));
    }
    Ok(())
}

#[test]
fn h_8_keys_survive_their_text_form() -> Outcome {
    let entropy = SeededEntropy::new(6);
    for _ in 0..10 {
        let key = SigningKey::generate(&entropy)?;
        let again = SigningKey::from_pkcs8_pem(&key.to_pkcs8_pem())?;
        let public = VerifyingKey::from_spki_pem(&key.verifying_key().to_spki_pem())?;
        assert_eq!(public, again.verifying_key());
        assert_eq!(VerifyingKey::from_sec1_bytes(&public.to_sec1_bytes())?, public);
        public.verify(b"", &again.sign(b"", &entropy)?)?;
        assert_eq!(public.fingerprint(), hex(&hash::sm3(&public.to_sec1_bytes())[..8]));
        let windows = key.to_pkcs8_pem().replace('\n', "\r\n");
        assert_eq!(SigningKey::from_pkcs8_pem(&windows)?.verifying_key(), public);
    }
    Ok(())
}

#[test]
fn h_8_broken_randomness_stops_the_operation() -> Outcome {
    let key = key_of(D)?;
    let secret = SecretKey::from_bytes([1; 16]);
    let public = key.verifying_key();
    assert_eq!(SigningKey::generate(&Broken).err(), Some(CryptoError::Random));
    assert_eq!(SecretKey::generate(&Broken).err(), Some(CryptoError::Random));
    assert_eq!(key.sign(b"m", &Broken).err(), Some(CryptoError::Random));
    assert_eq!(seal(&secret, b"", b"m", &Broken).err(), Some(CryptoError::Random));
    assert_eq!(wrap_key(&public, &secret, &Broken).err(), Some(CryptoError::Random));
    assert_eq!(new_token(&Broken).err(), Some(CryptoError::Random));
    Ok(())
}

#[test]
fn h_8_stuck_randomness_neither_hangs_nor_repeats_a_signature_nonce() -> Outcome {
    let key = key_of(D)?;
    let secret = SecretKey::from_bytes([1; 16]);
    for byte in [0, 0xff] {
        assert_eq!(SigningKey::generate(&Stuck(byte)).err(), Some(CryptoError::Random), "{byte}");
        let wrapped = wrap_key(&key.verifying_key(), &secret, &Stuck(byte));
        assert_eq!(wrapped.err(), Some(CryptoError::Random), "{byte}");
    }
    let (first, second) = (key.sign(b"first", &Stuck(0))?, key.sign(b"second", &Stuck(0))?);
    key.verifying_key().verify(b"first", &first)?;
    key.verifying_key().verify(b"second", &second)?;
    assert_ne!(first.get(..36), second.get(..36));
    Ok(())
}

#[test]
fn sources_give_different_bytes_and_seeds_repeat() -> Outcome {
    let mut seen = HashSet::new();
    for _ in 0..100 {
        assert!(seen.insert(new_token(&OsEntropy)?));
    }
    let (left, right) = (SeededEntropy::new(9), SeededEntropy::new(9));
    assert_eq!(array::<100>(&left)?, array::<100>(&right)?);
    assert_ne!(array::<100>(&left)?, array::<100>(&SeededEntropy::new(10))?);
    Ok(())
}

#[test]
fn h_8_key_material_shows_in_no_debug_text() -> Outcome {
    let signing = key_of(D)?;
    let secret = SecretKey::from_bytes(*b"\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89");
    assert_eq!(format!("{signing:?} {signing:#?}"), "SigningKey(..) SigningKey(..)");
    assert_eq!(format!("{secret:?} {secret:#?}"), "SecretKey(..) SecretKey(..)");
    assert_eq!(format!("{:?}", SeededEntropy::new(42)), "SeededEntropy(..)");
    let public = signing.verifying_key();
    assert_eq!(format!("{public:?}"), format!("VerifyingKey({})", public.fingerprint()));
    Ok(())
}
