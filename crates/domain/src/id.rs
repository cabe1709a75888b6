//! Identifiers of objects. Codes that people and firms use (trace codes, subject codes) are not identifiers: see
//! [`crate::code`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::clock::{Chance, Timestamp};

/// Identifies an object on every node for ever: a UUID of version 7, minted once where the object is first accepted.
///
/// Ordered by the moment of minting. The UTC month inside it is the object's warehouse partition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ObjectId([u8; 16]);

/// The text or bytes are not a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("对象标识不正确，应为 36 位 UUID")]
pub struct ObjectIdError;

impl ObjectId {
    /// Mints a new identifier.
    #[must_use]
    pub fn mint(now: Timestamp, chance: &dyn Chance) -> Self {
        let mut bytes = [0u8; 16];
        chance.fill(&mut bytes[6..]);
        let millis = u64::try_from(now.millis()).unwrap_or(0).to_be_bytes();
        bytes[..6].copy_from_slice(&millis[2..]);
        bytes[6] = 0x70 | (bytes[6] & 0x0F);
        bytes[8] = 0x80 | (bytes[8] & 0x3F);
        Self(bytes)
    }

    /// The identifier with these bytes, whatever their version.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The identifier in these bytes.
    ///
    /// # Errors
    /// When there are not exactly 16 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ObjectIdError> {
        bytes.try_into().map(Self).map_err(|_| ObjectIdError)
    }

    /// The 16 bytes, most significant first.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The moment of minting.
    #[must_use]
    pub fn minted_at(&self) -> Timestamp {
        let mut millis = [0u8; 8];
        millis[2..].copy_from_slice(&self.0[..6]);
        Timestamp::from_millis(i64::try_from(u64::from_be_bytes(millis)).unwrap_or(0))
    }

    /// The UTC month of minting as `YYYYMM`.
    #[must_use]
    pub fn month(&self) -> u32 {
        self.minted_at().utc_month()
    }

    /// The identifier as the `uuid` crate has it.
    #[must_use]
    pub fn to_uuid(self) -> Uuid {
        Uuid::from_bytes(self.0)
    }
}

impl From<Uuid> for ObjectId {
    fn from(value: Uuid) -> Self {
        Self(value.into_bytes())
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Uuid::from_bytes(self.0).as_hyphenated())
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 36 {
            return Err(ObjectIdError);
        }
        Uuid::try_parse(text).map(Self::from).map_err(|_| ObjectIdError)
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SeededChance;

    #[test]
    fn identifiers_are_ordered_by_their_moment_and_know_their_month() {
        let chance = SeededChance::new(7);
        let earlier = ObjectId::mint(Timestamp::from_millis(1_763_000_000_000), &chance);
        let later = ObjectId::mint(Timestamp::from_millis(1_763_000_000_001), &chance);
        assert!(earlier < later);
        assert_eq!(earlier.minted_at(), Timestamp::from_millis(1_763_000_000_000));
        assert_eq!(earlier.month(), 202_511);
        assert_eq!(earlier.to_uuid().get_version_num(), 7);
        assert_eq!(earlier.to_string().parse(), Ok(earlier));
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "x", "0190163d8694739bb0b5e1d6b6b0b0b0", "{0190163d-8694-739b-b0b5-e1d6b6b0b0b0}"] {
            assert_eq!(text.parse::<ObjectId>(), Err(ObjectIdError), "{text}");
        }
    }
}
