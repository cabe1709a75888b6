//! Values published by the standards or agreed by several implementations.

use crate::{D, Outcome, PUBLIC, bytes, key_of, list, shared};
use serde_json::Value;
use sm4::cipher::{BlockCipherEncrypt, KeyInit};
use std::error::Error;
use std::sync::Mutex;
use suyuan_crypto::hash::{Sm3, hex, hmac_sm3, sm3, sm3_parts};
use suyuan_crypto::random::Entropy;
use suyuan_crypto::seal::{SecretKey, open, seal};
use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_crypto::{CryptoError, commit, token};

/// Hands out prescribed bytes, then fails.
struct Prescribed(Mutex<Vec<u8>>);

impl Entropy for Prescribed {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), CryptoError> {
        let mut rest = self.0.lock().map_err(|_| CryptoError::Random)?;
        if rest.len() < buffer.len() {
            return Err(CryptoError::Random);
        }
        let tail = rest.split_off(buffer.len());
        buffer.copy_from_slice(&rest);
        *rest = tail;
        Ok(())
    }
}

#[test]
fn h_8_sm3_gives_the_examples_of_gb_32905() {
    assert_eq!(hex(&sm3(b"abc")), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    assert_eq!(hex(&sm3(&b"abcd".repeat(16))), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

#[test]
fn h_8_sm3_agrees_with_the_shared_vectors_however_the_data_is_cut() -> Outcome {
    let Some(file) = shared("sm3.json")? else {
        return Ok(());
    };
    for vector in list(&file["sm3"])? {
        let name = &vector["name"];
        let message = match vector.get("msg_hex") {
            Some(text) => bytes(text)?,
            None => b"a".repeat(1_000_000),
        };
        let wanted = vector["digest"].as_str().ok_or("no digest")?;
        assert_eq!(hex(&sm3(&message)), wanted, "{name}");
        for size in [1, 7, 63, 64, 65, 4096] {
            let pieces: Vec<&[u8]> = message.chunks(size).collect();
            assert_eq!(hex(&sm3_parts(&pieces)), wanted, "{name} in pieces of {size}");
            let mut hasher = Sm3::new();
            for piece in pieces {
                hasher.update(piece);
            }
            assert_eq!(hex(&hasher.finish()), wanted, "{name} streamed in pieces of {size}");
        }
    }
    Ok(())
}

#[test]
fn h_8_hmac_sm3_agrees_with_the_shared_vectors() -> Outcome {
    let Some(file) = shared("sm3.json")? else {
        return Ok(());
    };
    for vector in list(&file["hmac_sm3"])? {
        let mac = hmac_sm3(&bytes(&vector["key_hex"])?, &bytes(&vector["msg_hex"])?);
        assert_eq!(hex(&mac), vector["mac"].as_str().ok_or("no mac")?);
    }
    Ok(())
}

/// One block of PBKDF2 is a long chain of HMACs: each vector checks thousands of them.
#[test]
fn h_8_hmac_sm3_carries_pbkdf2() -> Outcome {
    let Some(file) = shared("sm3.json")? else {
        return Ok(());
    };
    for vector in list(&file["pbkdf2_hmac_sm3"])? {
        assert_eq!(vector["dklen"], 32);
        let password = bytes(&vector["password_hex"])?;
        let mut round = hmac_sm3(&password, &[bytes(&vector["salt_hex"])?, vec![0, 0, 0, 1]].concat());
        let mut derived = round;
        for _ in 1..vector["iterations"].as_u64().ok_or("no iterations")? {
            round = hmac_sm3(&password, &round);
            derived.iter_mut().zip(round).for_each(|(left, right)| *left ^= right);
        }
        assert_eq!(hex(&derived), vector["dk"].as_str().ok_or("no dk")?);
    }
    Ok(())
}

fn sm4_rounds(key: &[u8], plain: &[u8], rounds: u64) -> Result<String, Box<dyn Error>> {
    let cipher = sm4::Sm4::new_from_slice(key)?;
    let mut block = <[u8; 16]>::try_from(plain)?.into();
    for _ in 0..rounds {
        cipher.encrypt_block(&mut block);
    }
    Ok(hex(&block))
}

#[test]
fn h_8_sm4_block_gives_the_example_of_gb_32907() -> Outcome {
    let key = hex::decode("0123456789abcdeffedcba9876543210")?;
    assert_eq!(sm4_rounds(&key, &key, 1)?, "681edf34d206965e86b3e94f536e4246");
    Ok(())
}

#[test]
fn h_8_sm4_block_agrees_with_the_shared_vectors() -> Outcome {
    let Some(file) = shared("sm4.json")? else {
        return Ok(());
    };
    for vector in list(&file["block"])? {
        let rounds = vector["rounds"].as_u64().ok_or("no rounds")?;
        let result = sm4_rounds(&bytes(&vector["key"])?, &bytes(&vector["pt"])?, rounds)?;
        assert_eq!(result, vector["ct"].as_str().ok_or("no ct")?, "{}", vector["name"]);
    }
    Ok(())
}

#[test]
fn h_8_sm4_gcm_agrees_with_the_shared_vectors_and_refuses_the_bad_ones() -> Outcome {
    let Some(file) = shared("sm4.json")? else {
        return Ok(());
    };
    let (mut good, mut bad) = (0, 0);
    for vector in list(&file["aead"])?.iter().filter(|vector| vector["mode"] == "GCM") {
        let key = SecretKey::from_bytes(bytes(&vector["key"])?.as_slice().try_into()?);
        let (nonce, aad) = (bytes(&vector["nonce"])?, bytes(&vector["aad"])?);
        let sealed = [vec![1], nonce.clone(), bytes(&vector["ct"])?, bytes(&vector["tag"])?].concat();
        let opened = open(&key, &aad, &sealed);
        if vector["result"] == "valid" {
            let plain = bytes(&vector["pt"])?;
            assert_eq!(opened?.as_slice(), plain);
            assert_eq!(seal(&key, &aad, &plain, &Prescribed(Mutex::new(nonce)))?, sealed);
            good += 1;
        } else {
            assert_eq!(opened.err(), Some(CryptoError::Open), "{}", vector["source"]);
            bad += 1;
        }
    }
    assert_eq!((good, bad), (9, 7));
    for vector in list(&file["bad_input"])? {
        let iv = bytes(&vector["iv"])?;
        for sealed in [bytes(&vector["ct"])?, [vec![1], iv, bytes(&vector["ct"])?].concat()] {
            let key = SecretKey::from_bytes([7; 16]);
            assert_eq!(open(&key, b"", &sealed).err(), Some(CryptoError::Open), "{}", vector["name"]);
        }
    }
    Ok(())
}

#[test]
fn h_8_sm2_verifies_the_example_of_gb_32918_5() -> Outcome {
    let key = VerifyingKey::from_sec1_bytes(&hex::decode(PUBLIC)?)?;
    let signature = hex::decode(concat!(
        "3046022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3",
        "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
    ))?;
    key.verify(b"message digest", &signature)?;
    assert_eq!(key.verify(b"message digesT", &signature), Err(CryptoError::Verify));
    assert_eq!(key_of(D)?.verifying_key(), key);
    Ok(())
}

#[test]
fn h_8_sm2_reads_the_keys_and_signatures_of_other_producers() -> Outcome {
    let Some(file) = shared("sm2_interop.json")? else {
        return Ok(());
    };
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or("not a text");
    let message = text(&file["msg_utf8"])?;
    let signing = SigningKey::from_pkcs8_pem(&text(&file["key"]["pkcs8_pem"])?)?;
    let verifying = VerifyingKey::from_spki_pem(&text(&file["key"]["spki_pem"])?)?;
    assert_eq!(signing.verifying_key(), verifying);
    assert_eq!(verifying.to_sec1_bytes().as_slice(), bytes(&file["key"]["public"])?);
    assert_eq!(verifying.to_spki_pem().trim(), text(&file["key"]["spki_pem"])?.trim());
    assert_eq!(signing.to_pkcs8_pem().trim(), text(&file["key"]["pkcs8_pem"])?.trim());
    let mut seen = 0;
    for (producer, values) in file["producers"].as_object().ok_or("no producers")? {
        let mut signatures = vec![bytes(&values["sig_der"])?];
        if let Some(raw) = values.get("sig_rs") {
            let raw = bytes(raw)?;
            assert!(verifying.verify(message.as_bytes(), &raw).is_err(), "{producer}: raw form");
            signatures.push(sm2::dsa::Signature::from_slice(&raw)?.to_der().to_vec());
        }
        for signature in signatures {
            verifying.verify(message.as_bytes(), &signature).map_err(|error| format!("{producer}: {error}"))?;
            assert!(verifying.verify(b"interop", &signature).is_err(), "{producer}: other message");
            seen += 1;
        }
        if let Some(digest) = values.get("sm3") {
            assert_eq!(sm3(message.as_bytes()).as_slice(), bytes(digest)?, "{producer}");
        }
    }
    assert_eq!(seen, 13);
    Ok(())
}

#[test]
fn commitment_is_the_hash_of_salt_and_plaintext() {
    let salt = *b"0123456789abcdef";
    let commitment = commit::commit(&salt, "张三".as_bytes());
    assert_eq!(commitment, sm3("0123456789abcdef张三".as_bytes()));
    assert!(commit::check(&commitment, &salt, "张三".as_bytes()));
    assert!(!commit::check(&commitment, &salt, "张四".as_bytes()));
    assert!(!commit::check(&commitment, b"0123456789abcdeF", "张三".as_bytes()));
}

#[test]
fn token_is_base64url_of_the_random_bytes() -> Outcome {
    let token = token::new_token(&Prescribed(Mutex::new(vec![0xff; 32])))?;
    assert_eq!(token, "__________________________________________8");
    assert_eq!(token::token_hash(&token), sm3(token.as_bytes()));
    Ok(())
}
