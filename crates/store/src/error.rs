//! What can go wrong while keeping things. Texts for users are made in `suyuan-api`.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is out of reach.
    #[error("database: {0}")]
    Database(#[from] sea_orm::DbErr),
    /// Another writer changed the row first.
    #[error("version conflict on {what}")]
    Conflict {
        /// What was changed by somebody else.
        what: &'static str,
    },
    /// The stored bytes do not have the form that this version writes.
    #[error("damaged {what}: {why}")]
    Damaged {
        /// What was read.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A record does not continue its chain.
    #[error("chain {node} {stream}: {fault}")]
    Chain {
        /// Origin of the chain.
        node: String,
        /// Name of the chain.
        stream: String,
        /// What is wrong.
        fault: ChainFault,
    },
    /// A file beside the database could not be read or written.
    #[error("file: {0}")]
    File(#[from] std::io::Error),
    /// The configuration does not fit.
    #[error("configuration: {0}")]
    Configuration(String),
    /// A cryptographic operation failed.
    #[error("crypto: {0}")]
    Crypto(#[from] suyuan_crypto::CryptoError),
    /// Stored JSON cannot be read.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
}

impl StoreError {
    /// Damaged stored bytes.
    pub fn damaged(what: &'static str, why: impl Into<String>) -> Self {
        Self::Damaged { what, why: why.into() }
    }

    /// Whether a unique key was already taken.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(error)
            if matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_))))
    }
}

/// How a record fails to continue its chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// Records between the head and this one are missing.
    #[error("gap: expected seq {expected}, got {got}")]
    Gap {
        /// Next seq of the chain here.
        expected: u64,
        /// Seq of the record.
        got: u64,
    },
    /// The record names another record before it.
    #[error("fork at seq {seq}")]
    Fork {
        /// Seq of the record.
        seq: u64,
    },
    /// The bytes do not have the stated hash.
    #[error("wrong hash at seq {seq}")]
    Hash {
        /// Seq of the record.
        seq: u64,
    },
    /// The record is of an epoch that has ended, or of a later one at a place that an earlier one has taken.
    #[error("epoch {got} after epoch {expected}")]
    Epoch {
        /// Epoch of the chain here.
        expected: u32,
        /// Epoch of the record.
        got: u32,
    },
}
