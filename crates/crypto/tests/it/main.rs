//! Tests of the public interface: published vectors, hostile input, a second implementation, hygiene of secrets.

mod hostile;
mod hygiene;
mod second_opinion;
mod vectors;

use std::error::Error;
use suyuan_crypto::sign::SigningKey;

type Outcome = Result<(), Box<dyn Error>>;

/// The private key of the examples in GB/T 32918.5.
const D: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
/// Its public key.
const PUBLIC: &str = concat!(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
);
/// Order of the curve.
const N: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
/// Prime of the field.
const P: &str = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";

/// A file of shared vectors, or `None` said aloud when they are not beside the checkout.
fn shared(name: &str) -> Result<Option<serde_json::Value>, Box<dyn Error>> {
    let path = format!("{}/../../../shared/sm/{name}", env!("CARGO_MANIFEST_DIR"));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
        Err(_) => {
            eprintln!("skipped: no vectors {name} beside the checkout");
            Ok(None)
        }
    }
}

fn bytes(value: &serde_json::Value) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(hex::decode(value.as_str().ok_or("not a text")?)?)
}

fn list(value: &serde_json::Value) -> Result<&Vec<serde_json::Value>, Box<dyn Error>> {
    value.as_array().ok_or_else(|| "not a list".into())
}

fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    if body.len() > 0x7f {
        out.push(0x81);
    }
    out.push(u8::try_from(body.len()).expect("test values are short"));
    out.extend(body);
    out
}

/// PKCS#8 PEM of an arbitrary 32-byte scalar, good or bad.
fn pkcs8(scalar: &[u8]) -> String {
    use base64::Engine as _;
    let ec = tlv(0x30, &[vec![2, 1, 1], tlv(4, scalar)].concat());
    let algorithm = hex::decode("301306072a8648ce3d020106082a811ccf5501822d").expect("constant");
    let der = tlv(0x30, &[vec![2, 1, 0], algorithm, tlv(4, &ec)].concat());
    pem("PRIVATE KEY", &base64::engine::general_purpose::STANDARD.encode(der))
}

fn pem(label: &str, base64: &str) -> String {
    let lines: Vec<&str> =
        (0..base64.len()).step_by(64).map(|start| &base64[start..base64.len().min(start + 64)]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn key_of(scalar_hex: &str) -> Result<SigningKey, Box<dyn Error>> {
    Ok(SigningKey::from_pkcs8_pem(&pkcs8(&hex::decode(scalar_hex)?))?)
}
