//! Time and chance as parameters: [`Timestamp`], [`Clock`] and [`Chance`].
//!
//! Calendar periods (day, month, quarter in Asia/Shanghai) belong to [`crate::period`], not here.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in UTC with millisecond precision, counted from 1970-01-01T00:00:00Z.
///
/// Serialised as RFC 3339 text with milliseconds and `Z`; kept in databases as the integer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 instant between the years 1970 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("时间格式不正确，应为 RFC 3339，如 2026-11-21T10:32:00+08:00")]
pub struct TimestampError;

impl Timestamp {
    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant `millis` later; saturates at the ends of the range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The instant as a `chrono` value; instants outside chrono's range become the epoch.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// Year and month in UTC as `YYYYMM`, the partition of the warehouse.
    #[must_use]
    pub fn utc_month(self) -> u32 {
        use chrono::Datelike;
        let date = self.to_utc();
        u32::try_from(date.year()).unwrap_or(1970) * 100 + date.month()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(value: DateTime<Utc>) -> Self {
        Self(value.timestamp_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| TimestampError)?;
        let millis = parsed.timestamp_millis();
        const YEAR_10000: i64 = 253_402_300_800_000;
        if (0..YEAR_10000).contains(&millis) { Ok(Self(millis)) } else { Err(TimestampError) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where the present moment comes from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine plus a movable offset, which only demonstrations and tests move.
#[derive(Clone, Debug, Default)]
pub struct SystemClock {
    offset: Arc<AtomicI64>,
}

impl SystemClock {
    /// Moves this clock and all its clones to `millis` away from the machine's clock.
    pub fn set_offset_millis(&self, millis: i64) {
        self.offset.store(millis, Ordering::SeqCst);
    }

    /// How far this clock stands from the machine's.
    #[must_use]
    pub fn offset_millis(&self) -> i64 {
        self.offset.load(Ordering::SeqCst)
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp::from(Utc::now()).plus_millis(self.offset_millis())
    }
}

/// A clock that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct ManualClock {
    now: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { now: Arc::new(AtomicI64::new(start.millis())) }
    }

    /// Moves this clock and all its clones forward.
    pub fn advance_millis(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets this clock and all its clones.
    pub fn set(&self, at: Timestamp) {
        self.now.store(at.millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }
}

/// Where random bytes for identifiers come from. Secrets use `suyuan-crypto`, never this.
pub trait Chance: Send + Sync + fmt::Debug {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// A reproducible sequence (SplitMix64) for tests and the simulated world.
#[derive(Debug)]
pub struct SeededChance {
    state: Mutex<u64>,
}

impl SeededChance {
    /// The sequence that belongs to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: Mutex::new(seed) }
    }
}

impl Chance for SeededChance {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            let word = (z ^ (z >> 31)).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_keep_their_instant_through_text() {
        let at: Timestamp = "2026-11-21T10:32:00+08:00".parse().expect("valid text");
        assert_eq!(at.to_string(), "2026-11-21T02:32:00.000Z");
        assert_eq!(at.utc_month(), 202_611);
        assert_eq!(at.to_string().parse(), Ok(at));
    }

    #[test]
    fn text_that_is_no_instant_is_refused() {
        for text in ["", "2026-11-21", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "昨天"] {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
        }
    }
}
