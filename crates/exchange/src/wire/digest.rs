//! Hashes in JSON: 64 lower-case hexadecimal characters. For `#[serde(with = "…")]`.

use serde::{Deserialize, Deserializer, Serializer};
use suyuan_domain::record::Digest;

/// Writes a hash.
///
/// # Errors
/// Only the serializer's own.
pub fn serialize<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(digest))
}

/// Reads a hash.
///
/// # Errors
/// For text that is not 64 lower-case hexadecimal characters: each hash has one spelling.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    let mut digest = [0; 32];
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    match hex::decode_to_slice(text.as_bytes(), &mut digest) {
        Ok(()) if lower => Ok(digest),
        _ => Err(serde::de::Error::custom("not a hash of 64 hexadecimal characters")),
    }
}
