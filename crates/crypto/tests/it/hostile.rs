//! Input that an attacker would send: every negative form known for SM2, and seeded random damage. Nothing may panic.

use crate::{D, N, Outcome, P, PUBLIC, key_of, pem, pkcs8, tlv};
use base64::Engine as _;
use suyuan_crypto::CryptoError;
use suyuan_crypto::random::{Entropy, SeededEntropy, array};
use suyuan_crypto::seal::{SecretKey, open, seal};
use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_crypto::wrap::{unwrap_key, wrap_key};

fn integer(magnitude: &[u8]) -> Vec<u8> {
    let skip = magnitude.iter().take_while(|byte| **byte == 0).count();
    let digits = &magnitude[skip..];
    let pad = usize::from(digits.first().is_none_or(|byte| *byte > 0x7f));
    tlv(2, &[vec![0; pad], digits.to_vec()].concat())
}

fn signature(r: &[u8], s: &[u8]) -> Vec<u8> {
    tlv(0x30, &[integer(r), integer(s)].concat())
}

/// Big-endian sum of two numbers, one byte longer than the longer one.
fn sum(left: &[u8], right: &[u8]) -> Vec<u8> {
    let width = left.len().max(right.len()) + 1;
    let digit = |number: &[u8], place: usize| number.iter().rev().nth(place).copied().map_or(0, u16::from);
    let mut carry = 0;
    let mut out: Vec<u8> = (0..width)
        .map(|place| {
            let total = digit(left, place) + digit(right, place) + carry;
            carry = total >> 8;
            total.to_le_bytes()[0]
        })
        .collect();
    out.reverse();
    out
}

fn wrong_numbers(r: &[u8], s: &[u8], n: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let power = |bits: usize| [vec![1], vec![0; bits / 8]].concat();
    let minus_r: Vec<u8> = {
        // n - r by two's complement: n + (2^256 - r) cut to 32 bytes.
        let inverted: Vec<u8> = r.iter().map(|byte| !byte).collect();
        let total = sum(&sum(&inverted, &[1]), n);
        total[total.len() - 32..].to_vec()
    };
    vec![
        ("r = 0", signature(&[], s)),
        ("s = 0", signature(r, &[])),
        ("both 0", signature(&[], &[])),
        ("r = n", signature(n, s)),
        ("s = n", signature(r, n)),
        ("r + n", signature(&sum(r, n), s)),
        ("s + n", signature(r, &sum(s, n))),
        ("s + n 2^256", signature(r, &sum(s, &[n, &[0; 32]].concat()))),
        ("s + 2^256", signature(r, &sum(s, &power(256)))),
        ("r + s = n", signature(r, &minus_r)),
        ("r and s exchanged", signature(s, r)),
        ("r = s = 2^256 - 1", signature(&[0xff; 32], &[0xff; 32])),
        ("r = s = 1", signature(&[1], &[1])),
    ]
}

fn wrong_encodings(r: &[u8], s: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let good = signature(r, s);
    let body = &good[2..];
    let length = good[1];
    vec![
        ("empty", vec![]),
        ("empty sequence", vec![0x30, 0]),
        ("raw", [r, s].concat()),
        ("byte behind", [good.as_slice(), &[0]].concat()),
        ("byte inside", tlv(0x30, &[body, &[0]].concat())),
        ("third number", tlv(0x30, &[body, &[2, 1, 1]].concat())),
        ("one number", tlv(0x30, &integer(r))),
        ("cut", good[..good.len() - 1].to_vec()),
        ("long length", [&[0x30, 0x81, length], body].concat()),
        ("longer length", [&[0x30, 0x82, 0, length], body].concat()),
        ("huge length", [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], body].concat()),
        ("indefinite length", [&[0x30, 0x80], body, &[0, 0]].concat()),
        ("set", [&[0x31, length], body].concat()),
        ("padded number", tlv(0x30, &[tlv(2, &[&[0, 0], r].concat()), integer(s)].concat())),
        ("negative number", tlv(0x30, &[tlv(2, &[&[0x80], r].concat()), integer(s)].concat())),
        ("empty number", tlv(0x30, &[vec![2, 0], integer(s)].concat())),
        ("octets", tlv(0x30, &[tlv(4, r), tlv(4, s)].concat())),
    ]
}

#[test]
fn h_8_refuses_signatures_that_only_look_right() -> Outcome {
    let key = VerifyingKey::from_sec1_bytes(&hex::decode(PUBLIC)?)?;
    let r = hex::decode("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3")?;
    let s = hex::decode("b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa")?;
    key.verify(b"message digest", &signature(&r, &s))?;
    let cases = [wrong_numbers(&r, &s, &hex::decode(N)?), wrong_encodings(&r, &s)].concat();
    assert_eq!(cases.len(), 30);
    for (name, der) in cases {
        assert_eq!(key.verify(b"message digest", &der), Err(CryptoError::Verify), "{name}");
    }
    Ok(())
}

#[test]
fn h_8_refuses_public_keys_that_are_not_points() -> Outcome {
    let good = hex::decode(PUBLIC)?;
    let p = hex::decode(P)?;
    let mut off_curve = good.clone();
    off_curve[64] ^= 1;
    let compressed = [&[3], &good[1..33]].concat();
    let cases = [
        ("empty", vec![]),
        ("infinity", vec![0]),
        ("all zeros", vec![0; 65]),
        ("zero point", [vec![4], vec![0; 64]].concat()),
        ("without 04", good[1..].to_vec()),
        ("cut", good[..64].to_vec()),
        ("byte behind", [good.as_slice(), &[0]].concat()),
        ("off the curve", off_curve),
        ("compressed", compressed),
        ("hybrid", [&[7], &good[1..]].concat()),
        ("x = p", [&[4], p.as_slice(), &good[33..]].concat()),
        ("y = p", [&[4], &good[1..33], p.as_slice()].concat()),
        ("all ones", [vec![4], vec![0xff; 64]].concat()),
    ];
    for (name, bytes) in cases {
        let error = VerifyingKey::from_sec1_bytes(&bytes).err();
        assert!(matches!(error, Some(CryptoError::Key(_))), "{name}");
        let base64 = base64::engine::general_purpose::STANDARD.encode(spki(&bytes)?);
        if name != "compressed" {
            assert!(VerifyingKey::from_spki_pem(&pem("PUBLIC KEY", &base64)).is_err(), "{name}");
        }
    }
    Ok(())
}

fn spki(point: &[u8]) -> Result<Vec<u8>, hex::FromHexError> {
    let algorithm = hex::decode("301306072a8648ce3d020106082a811ccf5501822d")?;
    Ok(tlv(0x30, &[algorithm, tlv(3, &[&[0], point].concat())].concat()))
}

#[test]
fn h_8_refuses_private_keys_outside_one_to_n_minus_two() -> Outcome {
    let n = hex::decode(N)?;
    let mut n_minus_1 = n.clone();
    n_minus_1[31] -= 1;
    let mut n_minus_2 = n.clone();
    n_minus_2[31] -= 2;
    for (name, scalar) in [
        ("zero", vec![0; 32]),
        ("n - 1", n_minus_1),
        ("n", n.clone()),
        ("ones", vec![0xff; 32]),
        ("empty", vec![]),
        ("16 bytes", vec![1; 16]),
        ("33 bytes", vec![1; 33]),
    ] {
        let error = SigningKey::from_pkcs8_pem(&pkcs8(&scalar)).err();
        assert!(matches!(error, Some(CryptoError::Key(_))), "{name}");
    }
    let mut one = vec![0; 32];
    one[31] = 1;
    for scalar in [one, n_minus_2] {
        let key = SigningKey::from_pkcs8_pem(&pkcs8(&scalar))?;
        let signature = key.sign(b"m", &SeededEntropy::new(1))?;
        key.verifying_key().verify(b"m", &signature)?;
    }
    Ok(())
}

#[test]
fn h_8_refuses_foreign_and_broken_key_texts() -> Outcome {
    let good = key_of(D)?.to_pkcs8_pem();
    let public = key_of(D)?.verifying_key().to_spki_pem();
    // The same structures with the curve P-256 named in them.
    let engine = base64::engine::general_purpose::STANDARD;
    let algorithm = hex::decode("301306072a8648ce3d020106082a8648ce3d030107")?;
    let ec = tlv(0x30, &[vec![2, 1, 1], tlv(4, &hex::decode(D)?)].concat());
    let foreign = tlv(0x30, &[vec![2, 1, 0], algorithm.clone(), tlv(4, &ec)].concat());
    let point = [vec![0], hex::decode(PUBLIC)?].concat();
    let foreign_public = tlv(0x30, &[algorithm, tlv(3, &point)].concat());
    // A private key that carries somebody else's public key.
    let other = SigningKey::generate(&SeededEntropy::new(8))?.verifying_key();
    let body: String = good.lines().filter(|line| !line.starts_with('-')).collect();
    let mut mixed = engine.decode(body)?;
    let start = mixed.len() - 65;
    mixed[start..].copy_from_slice(&other.to_sec1_bytes());

    for (name, text) in [
        ("empty", String::new()),
        ("garbage", "不是密钥".to_owned()),
        ("frame only", pem("PRIVATE KEY", "")),
        ("bad base64", good.replace('M', "!")),
        ("cut", good[..good.len() / 2].to_owned()),
        ("wrong label", good.replace("PRIVATE", "PUBLIC")),
        ("encrypted label", good.replace("PRIVATE", "ENCRYPTED PRIVATE")),
        ("certificate", good.replace("PRIVATE KEY", "CERTIFICATE")),
        ("P-256", pem("PRIVATE KEY", &engine.encode(foreign))),
        ("P-256 public", pem("PUBLIC KEY", &engine.encode(foreign_public))),
        ("foreign public part", pem("PRIVATE KEY", &engine.encode(mixed))),
        ("long", format!("{}{}", good.as_str(), " ".repeat(1 << 20))),
        ("public with private label", public.replace("PUBLIC", "PRIVATE")),
    ] {
        assert!(SigningKey::from_pkcs8_pem(&text).is_err(), "{name}");
        assert!(VerifyingKey::from_spki_pem(&text).is_err(), "{name}");
    }
    assert!(VerifyingKey::from_spki_pem(&good).is_err());
    assert!(SigningKey::from_pkcs8_pem(&public).is_err());
    Ok(())
}

fn wrapped(x: &[u8], y: &[u8], hash: &[u8], text: &[u8]) -> Vec<u8> {
    tlv(0x30, &[integer(x), integer(y), tlv(4, hash), tlv(4, text)].concat())
}

#[test]
fn h_8_refuses_wrapped_keys_that_probe_the_private_key() -> Outcome {
    let entropy = SeededEntropy::new(11);
    let key = key_of(D)?;
    let der = wrap_key(&key.verifying_key(), &SecretKey::from_bytes([9; 16]), &entropy)?;
    let (x, y, hash, text) = parts(&der)?;
    assert_eq!(wrapped(&x, &y, &hash, &text), der);
    let p = hex::decode(P)?;
    let mut other_y = y.clone();
    other_y[31] ^= 1;
    let mut bit = text.clone();
    bit[0] ^= 1;
    let good = VerifyingKey::from_sec1_bytes(&hex::decode(PUBLIC)?)?.to_sec1_bytes();
    let cases = [
        ("empty", vec![]),
        ("point off the curve", wrapped(&x, &other_y, &hash, &text)),
        ("zero point", wrapped(&[], &[], &hash, &text)),
        ("y = 0", wrapped(&x, &[], &hash, &text)),
        ("x = p", wrapped(&p, &y, &hash, &text)),
        ("x + p", wrapped(&sum(&x, &p), &y, &hash, &text)),
        ("other point", wrapped(&good[1..33], &good[33..], &hash, &text)),
        ("hash of zeros", wrapped(&x, &y, &[0; 32], &text)),
        ("hash too short", wrapped(&x, &y, &hash[..31], &text)),
        ("hash too long", wrapped(&x, &y, &[hash.as_slice(), &[0]].concat(), &text)),
        ("no hash", wrapped(&x, &y, &[], &text)),
        ("text bit", wrapped(&x, &y, &hash, &bit)),
        ("text cut", wrapped(&x, &y, &hash, &text[..15])),
        ("text longer", wrapped(&x, &y, &hash, &[text.as_slice(), &[0]].concat())),
        ("no text", wrapped(&x, &y, &hash, &[])),
        ("order C1C2C3", wrapped(&x, &y, &text, &hash)),
        ("byte behind", [der.as_slice(), &[0]].concat()),
        ("cut", der[..der.len() - 1].to_vec()),
        ("raw", [x, y, hash, text].concat()),
        ("huge", vec![0x30; 100_000]),
    ];
    for (name, der) in cases {
        assert_eq!(unwrap_key(&key, &der).err(), Some(CryptoError::Open), "{name}");
    }
    Ok(())
}

/// X and Y (32 bytes each), hash, ciphertext.
type Parts = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);

fn parts(der: &[u8]) -> Result<Parts, Box<dyn std::error::Error>> {
    let mut rest = der.get(2..).ok_or("short")?;
    let mut values = Vec::new();
    for _ in 0..4 {
        let length = usize::from(*rest.get(1).ok_or("short")?);
        values.push(rest.get(2..2 + length).ok_or("short")?.to_vec());
        rest = &rest[2 + length..];
    }
    let [x, y, hash, text] = <[Vec<u8>; 4]>::try_from(values).map_err(|_| "not four")?;
    let fit = |number: Vec<u8>| {
        let wide = [vec![0; 32], number].concat();
        wide[wide.len() - 32..].to_vec()
    };
    Ok((fit(x), fit(y), hash, text))
}

/// Damages a byte string in one of several ways that the seed decides.
fn damage(good: &[u8], entropy: &SeededEntropy) -> Result<Vec<u8>, CryptoError> {
    let dice: [u8; 4] = array(entropy)?;
    let place = usize::from(u16::from_be_bytes([dice[1], dice[2]])) % good.len().max(1);
    let mut bytes = good.to_vec();
    match dice[0] % 6 {
        0 => bytes[place] ^= 1 << (dice[3] % 8),
        1 => bytes[place] = dice[3],
        2 => bytes.truncate(place),
        3 => bytes.insert(place, dice[3]),
        4 => {
            bytes.remove(place);
        }
        _ => {
            bytes = vec![0; place];
            entropy.fill(&mut bytes)?;
        }
    }
    Ok(bytes)
}

#[test]
fn h_8_damaged_input_is_refused_and_never_panics() -> Outcome {
    let entropy = SeededEntropy::new(12);
    let key = key_of(D)?;
    let public = key.verifying_key();
    let secret = SecretKey::from_bytes([3; 16]);
    let signature = key.sign(b"m", &entropy)?;
    let wrapped = wrap_key(&public, &secret, &entropy)?;
    let sealed = seal(&secret, b"a", b"plain", &entropy)?;
    let sec1 = public.to_sec1_bytes();
    for _ in 0..3000 {
        let bytes = damage(&signature, &entropy)?;
        assert!(bytes == signature || public.verify(b"m", &bytes).is_err());
        let bytes = damage(&wrapped, &entropy)?;
        assert!(bytes == wrapped || unwrap_key(&key, &bytes).is_err());
        let bytes = damage(&sealed, &entropy)?;
        assert!(bytes == sealed || open(&secret, b"a", &bytes).is_err());
        let bytes = damage(&sec1, &entropy)?;
        assert!(bytes == sec1 || VerifyingKey::from_sec1_bytes(&bytes).is_err());
    }
    Ok(())
}

#[test]
fn h_8_damaged_key_texts_never_panic_nor_give_another_key() -> Outcome {
    let entropy = SeededEntropy::new(13);
    let key = key_of(D)?;
    let public = key.verifying_key();
    let (private_text, public_text) = (key.to_pkcs8_pem(), public.to_spki_pem());
    for _ in 0..3000 {
        let text = String::from_utf8_lossy(&damage(private_text.as_bytes(), &entropy)?).into_owned();
        if let Ok(read) = SigningKey::from_pkcs8_pem(&text) {
            assert_eq!(read.verifying_key(), public);
        }
        let text = String::from_utf8_lossy(&damage(public_text.as_bytes(), &entropy)?).into_owned();
        if let Ok(read) = VerifyingKey::from_spki_pem(&text) {
            assert_eq!(read, public);
        }
    }
    Ok(())
}
