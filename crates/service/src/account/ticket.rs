//! Tickets (一次性凭据): what this node tells a browser to bring back, sealed so that nobody can read or make one, good for
//! minutes and once. Nothing is stored until one is used. Rows, H-9.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::sm3;
use suyuan_crypto::random::array;
use suyuan_crypto::seal;
use suyuan_domain::clock::Timestamp;
use suyuan_store::Tx;

use crate::{Node, Result};

/// Longest text that is looked at.
const LIMIT: usize = 2_000;

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    until: i64,
    nonce: [u8; 8],
    told: T,
}

/// A ticket that came back.
#[derive(Clone, Debug)]
pub(super) struct Ticket<T> {
    /// What it says.
    pub(super) told: T,
    hash: [u8; 32],
    until: Timestamp,
}

/// Issues a ticket for `purpose` that holds for `millis`; gives its text and when it ends.
pub(super) fn issue<T: Serialize>(node: &Node, purpose: &str, told: T, millis: i64) -> Result<(String, Timestamp)> {
    let until = node.now().plus_millis(millis);
    let plain = serde_json::to_vec(&Sealed { until: until.millis(), nonce: array(&*node.entropy)?, told })?;
    let place = seal::place(&["ticket", purpose]);
    let sealed = seal::seal(&node.sealing_key, &place, &plain, &*node.entropy)?;
    Ok((hex::encode(sealed), until))
}

/// Reads a ticket; `None` for one of another purpose, a forged one, or one whose time is over.
pub(super) fn read<T: DeserializeOwned>(node: &Node, purpose: &str, text: &str) -> Option<Ticket<T>> {
    if text.len() > LIMIT {
        return None;
    }
    let bytes = hex::decode(text).ok()?;
    let plain = seal::open(&node.sealing_key, &seal::place(&["ticket", purpose]), &bytes).ok()?;
    let sealed: Sealed<T> = serde_json::from_slice(&plain).ok()?;
    let until = Timestamp::from_millis(sealed.until);
    (node.now() < until).then(|| Ticket { told: sealed.told, hash: sm3(&bytes), until })
}

impl<T> Ticket<T> {
    /// Uses it up; says whether nobody did before.
    pub(super) async fn spend(&self, tx: &Tx) -> Result<bool> {
        Ok(tx.spend_ticket(&self.hash, self.until).await?)
    }
}
