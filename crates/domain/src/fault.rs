//! What is wrong with a row of input, in words for the person who sent it.
//!
//! Status codes and envelopes belong to `api`; errors of storage belong to the crates that store.

use serde::{Deserialize, Serialize};

/// One fault of one row: a stable code, the field, what is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Stable code such as `EVT-0104`: letters for the noun, four digits.
    pub code: String,
    /// Path of the field in the sender's own document, such as `outputs[0].quantity`; empty for the whole row.
    pub field: String,
    /// What is wrong, in Chinese.
    pub reason: String,
    /// What to do about it, in Chinese.
    pub advice: String,
}

impl Fault {
    /// A fault of `field`.
    pub fn new(
        code: impl Into<String>,
        field: impl Into<String>,
        reason: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { code: code.into(), field: field.into(), reason: reason.into(), advice: advice.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}。{}。（{}）", self.reason, self.advice, self.code)
    }
}
