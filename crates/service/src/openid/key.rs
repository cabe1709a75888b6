//! The keys for ID tokens (身份令牌签名密钥): sealed at rest, renewed by themselves, published a while longer than used.
//! Rows: H-9.4.

use suyuan_crypto::es256::TokenKey;
use suyuan_crypto::hash::hex;
use suyuan_crypto::random::array;
use suyuan_crypto::seal::{open, place, seal};
use suyuan_domain::clock::Timestamp;
use suyuan_security::openid::{NamedKey, discovery as document, key_set};
use suyuan_store::openid::KeyRow;

use super::grant::ID_TOKEN_HOLDS;
use super::{SCOPES, issuer};
use crate::{Node, Result, ServiceError, audit};

const DAY: i64 = 86_400_000;
/// For how long a key signs, in milliseconds.
const SIGNS: i64 = 90 * DAY;

fn at_place(kid: &str) -> Vec<u8> {
    place(&["openid_key", "sealed", kid])
}

fn opened(node: &Node, row: &KeyRow) -> Result<NamedKey> {
    let bytes = open(&node.sealing_key, &at_place(&row.kid), &row.sealed)?;
    Ok(NamedKey { kid: row.kid.clone(), key: TokenKey::from_bytes(&bytes)? })
}

/// All keys that are published, the one that signs first; makes one where none may sign any more.
///
/// # Errors
/// When the database refuses or a key cannot be opened.
pub async fn keys(node: &Node) -> Result<Vec<NamedKey>> {
    let now = node.now();
    let rows = node.store.openid_keys(now).await?;
    let mut keys: Vec<NamedKey> = rows.iter().map(|row| opened(node, row)).collect::<Result<_>>()?;
    let signs = rows.first().is_some_and(|row| now.millis() - row.created_at.millis() < SIGNS);
    if !signs {
        keys.insert(0, make(node, now).await?);
    }
    Ok(keys)
}

/// The key that signs.
///
/// # Errors
/// As [`keys`].
pub async fn signing(node: &Node) -> Result<NamedKey> {
    keys(node).await?.into_iter().next().ok_or_else(|| ServiceError::Internal("no key for ID tokens".to_owned()))
}

async fn make(node: &Node, now: Timestamp) -> Result<NamedKey> {
    let named = NamedKey { kid: hex(&array::<8>(&*node.entropy)?), key: TokenKey::generate(&*node.entropy)? };
    let row = KeyRow {
        kid: named.kid.clone(),
        sealed: seal(&node.sealing_key, &at_place(&named.kid), &*named.key.to_bytes(), &*node.entropy)?,
        created_at: now,
        // As long as somebody may still check a token that it has signed, and a day for those who keep the set.
        retires_at: now.plus_millis(SIGNS + ID_TOKEN_HOLDS + DAY),
    };
    let cx = node.own_context("openid.key");
    let tx = node.store.begin().await?;
    tx.keep_openid_key(&row).await?;
    audit::note(&tx, &cx, "key.rotate", "key", &row.kid, None, None).await?;
    tx.commit().await?;
    Ok(named)
}

/// The public keys as other software reads them.
///
/// # Errors
/// As [`keys`].
pub async fn published(node: &Node) -> Result<String> {
    key_set(&keys(node).await?).map_err(|error| ServiceError::Internal(error.to_string()))
}

/// The document of discovery.
///
/// # Errors
/// When the node's public address is no address.
pub fn discovery(node: &Node) -> Result<String> {
    let scopes = SCOPES.map(|(scope, _)| scope);
    document(issuer(node), &scopes).map_err(|error| ServiceError::Internal(error.to_string()))
}
