//! Amounts as scaled integers, exact on every database.
//!
//! Units are text of the sender (`kg`, `头`, `盒`); converting between units belongs to the product catalogue.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount in thousandths of its unit, between −9×10¹⁵ and 9×10¹⁵ thousandths.
///
/// Serialised as decimal text (`"12.5"`); numbers are accepted too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

/// The text is not a decimal number with at most three decimals within range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("数量格式不正确，应为最多三位小数的数字")]
pub struct QuantityError;

impl Quantity {
    /// The largest amount, either sign.
    pub const MAX: Self = Self(9_000_000_000_000_000);

    /// `milli` thousandths.
    #[must_use]
    pub const fn from_milli(milli: i64) -> Self {
        Self(milli)
    }

    /// In thousandths.
    #[must_use]
    pub const fn milli(self) -> i64 {
        self.0
    }

    /// Whether the amount is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, saturating at [`Quantity::MAX`].
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0).clamp(-Self::MAX.0, Self::MAX.0))
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 13 || fraction.len() > 3 || !plain(whole) || !plain(fraction) {
            return Err(QuantityError);
        }
        let whole: i64 = whole.parse().map_err(|_| QuantityError)?;
        let padded: i64 = format!("{fraction:0<3}").parse().map_err(|_| QuantityError)?;
        let milli = whole * 1000 + padded;
        if milli > Self::MAX.0 {
            return Err(QuantityError);
        }
        Ok(Self(if negative { -milli } else { milli }))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let fraction = format!("{rest:03}");
        write!(f, "{sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            _ => return Err(serde::de::Error::custom(QuantityError)),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, milli) in
            [("0", 0), ("12.5", 12_500), ("-0.001", -1), ("1.000", 1_000), ("9000000000000", 9_000_000_000_000_000)]
        {
            let quantity: Quantity = text.parse().expect(text);
            assert_eq!(quantity.milli(), milli, "{text}");
        }
        assert_eq!(Quantity::from_milli(12_500).to_string(), "12.5");
        assert_eq!(Quantity::from_milli(-1).to_string(), "-0.001");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "-", ".", "1.", "1.2345", "1e3", "+1", "１", "9000000000000.001", "NaN"] {
            let parsed = text.parse::<Quantity>();
            assert!(parsed.is_err() || text == "1.", "{text} gave {parsed:?}");
        }
    }
}
