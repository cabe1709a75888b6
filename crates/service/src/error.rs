//! What keeps a use case from being done. `suyuan-api` alone turns it into status codes and envelopes.
//!
//! A use case fails with: [`ServiceError::Invalid`] for input with faults, [`ServiceError::NotFound`] for what is absent
//! or out of scope (one and the same), [`ServiceError::Denied`] for a missing permission, [`ServiceError::Conflict`]
//! where somebody else was first or the state does not allow it, and the rest where the node itself is at fault.

use suyuan_domain::fault::Fault;
use suyuan_security::context::Denied;

/// An error of a use case.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Nobody has signed in, or the session or token is not valid any more.
    #[error("not signed in: {0}")]
    Unauthenticated(Fault),
    /// The actor lacks the permission.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Signed in, but not for this, for a reason beside permissions: the purpose of a token, a password to be shown again.
    #[error("forbidden: {0}")]
    Forbidden(Fault),
    /// The thing does not exist or lies outside the actor's scope.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// The input has faults.
    #[error("invalid input: {} faults", .0.len())]
    Invalid(Vec<Fault>),
    /// The state of the thing does not allow it, or somebody else changed it first.
    #[error("conflict: {0}")]
    Conflict(Fault),
    /// Too much in too short a time; seconds until the next try.
    #[error("too many requests")]
    TooMany {
        /// Seconds until the next try may succeed.
        retry_after: u64,
        /// What to tell the sender.
        fault: Fault,
    },
    /// The input is larger than is taken.
    #[error("too large")]
    TooLarge(Fault),
    /// Something that this needs is out of reach now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database.
    #[error(transparent)]
    Store(suyuan_store::StoreError),
    /// The warehouse.
    #[error(transparent)]
    Warehouse(#[from] suyuan_warehouse::WarehouseError),
    /// A cryptographic operation.
    #[error(transparent)]
    Crypto(#[from] suyuan_crypto::CryptoError),
    /// A request to another node.
    #[error(transparent)]
    Peer(#[from] suyuan_exchange::client::ClientError),
    /// A fault of the program or its data.
    #[error("internal: {0}")]
    Internal(String),
}

impl From<suyuan_store::StoreError> for ServiceError {
    fn from(error: suyuan_store::StoreError) -> Self {
        match error {
            suyuan_store::StoreError::Conflict { .. } => Self::changed_meanwhile(),
            other => Self::Store(other),
        }
    }
}

impl From<suyuan_exchange::wire::WireError> for ServiceError {
    fn from(error: suyuan_exchange::wire::WireError) -> Self {
        Self::invalid(error.code(), "", error.to_string(), "请核对上下级节点的版本和密钥后重新发送")
    }
}

impl From<serde_json::Error> for ServiceError {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl ServiceError {
    /// Somebody else changed the thing first.
    #[must_use]
    pub fn changed_meanwhile() -> Self {
        Self::Conflict(Fault::new("SYS-0409", "version", "该记录已被他人修改", "请刷新后重新提交"))
    }

    /// One fault of the input.
    #[must_use]
    pub fn invalid(code: &str, field: &str, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Invalid(vec![Fault::new(code, field, reason, advice)])
    }
}
