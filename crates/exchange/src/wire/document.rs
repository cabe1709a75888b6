//! Signed documents between nodes: receipt, heads, pull, enrolment, questions about chains. The kept bytes can be verified for ever, off-line.
//!
//! Layout 1: `SYXD`, the JSON (4-byte length), the SM2 signature (2-byte length). The signature is over the name of the sort
//! and the JSON as sent, so no document passes for one of another sort.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use suyuan_crypto::random::Entropy;
use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::Tier;
use suyuan_domain::record::{Class, Digest, Stream};

use super::audit::AuditHead;
use super::bytes::{Reader, put_long, put_short};
use super::chain::{ChainAnswer, ChainQuery};
use super::{Direction, OLDEST_VERSION, Result, VERSION, WireError};

const MAGIC: &[u8; 4] = b"SYXD";

/// Most bytes of a document.
pub const MAX_BYTES: usize = 8 << 20;

/// A sort of signed document.
pub trait Document: Serialize + DeserializeOwned {
    /// Name of the sort, part of what is signed.
    const NAME: &'static str;

    /// Version of the wire in which it is written.
    fn version(&self) -> u16;
}

macro_rules! documents {
    ($($type:ty = $name:literal),* $(,)?) => {
        $(impl Document for $type {
            const NAME: &'static str = $name;

            fn version(&self) -> u16 {
                self.version
            }
        })*
    };
}

documents! {
    Receipt = "receipt",
    Heads = "heads",
    HeadsRequest = "heads-request",
    Pull = "pull",
    Enrol = "enrol",
    EnrolAnswer = "enrol-answer",
    ChainQuery = "chain-query",
    ChainAnswer = "chain-answer",
    AuditHead = "audit-head",
}

/// The end of a chain as a node has it; its hash digests everything before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Code of the node that writes the chain.
    pub node: String,
    /// The chain.
    pub stream: Stream,
    /// Incarnation of the origin in which the last record was written.
    pub epoch: u32,
    /// Place of the last record; 0 when there is none.
    pub seq: u64,
    /// Hash of the last record; zeros when there is none.
    #[serde(with = "super::digest")]
    pub hash: Digest,
}

/// What became of a batch (回执), signed by its receiver. The heads digest everything that was ever applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Version of the wire.
    pub version: u16,
    /// Code of the node that received the data and signs.
    pub from_node: String,
    /// Code of the node that sent the data.
    pub to_node: String,
    /// Way of the data.
    pub direction: Direction,
    /// Class of the data.
    pub class: Class,
    /// [`super::batch_hash`] of the batch.
    #[serde(with = "super::digest")]
    pub batch_sm3: Digest,
    /// As in the manifest.
    pub from_position: u64,
    /// As in the manifest.
    pub to_position: u64,
    /// Records applied by this batch.
    pub applied: u32,
    /// Records that were known already.
    pub duplicates: u32,
    /// Records stored but set aside.
    pub poisoned: Vec<Poisoned>,
    /// The receiver's heads of the batch's chains, after it.
    pub heads: Vec<Head>,
    /// When.
    pub at: Timestamp,
}

/// A record that was stored but set aside, and why (问题记录).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poisoned {
    /// Code of the origin.
    pub node: String,
    /// The chain.
    pub stream: Stream,
    /// Place in the chain.
    pub seq: u64,
    /// Stable code of the fault.
    pub code: String,
    /// Path of the field in the payload.
    pub field: String,
    /// What is wrong, in Chinese.
    pub reason: String,
    /// What to do, in Chinese.
    pub advice: String,
}

/// The question for all heads a peer holds of what passes between the two, asked at every start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadsRequest {
    /// Version of the wire.
    pub version: u16,
    /// Code of the node that asks.
    pub from_node: String,
    /// Code of the node that is asked.
    pub to_node: String,
    /// Instance of the node that asks.
    pub instance: String,
    /// Incarnation of the node that asks.
    pub epoch: u32,
    /// When.
    pub at: Timestamp,
}

/// The answer: heads, and what the node speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// Version of the wire of this document.
    pub version: u16,
    /// Oldest version that the node reads, for [`super::negotiate`].
    pub oldest_version: u16,
    /// Newest version that the node speaks.
    pub newest_version: u16,
    /// Code of the node that answers.
    pub from_node: String,
    /// Code of the node that asked.
    pub to_node: String,
    /// Instance of the node that answers.
    pub instance: String,
    /// Incarnation of the node that answers.
    pub epoch: u32,
    /// The heads it holds.
    pub heads: Vec<Head>,
    /// When.
    pub at: Timestamp,
}

/// The request to send records of one chain back, after a backup was restored; answered by a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// Version of the wire.
    pub version: u16,
    /// Code of the node that asks.
    pub from_node: String,
    /// Code of the node that is asked.
    pub to_node: String,
    /// Instance of the node that asks.
    pub instance: String,
    /// Code of the origin of the chain.
    pub node: String,
    /// The chain.
    pub stream: Stream,
    /// First place wanted.
    pub first_seq: u64,
    /// Last place wanted; the answer may stop earlier.
    pub last_seq: u64,
    /// When.
    pub at: Timestamp,
}

/// A node's request to be admitted below another (节点注册申请), signed with its own key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    /// Version of the wire.
    pub version: u16,
    /// Code of the node.
    pub code: String,
    /// Name of the node.
    pub name: String,
    /// Its tier.
    pub tier: Tier,
    /// Code of its division.
    pub division: String,
    /// Where it listens.
    pub url: String,
    /// Its public key, SPKI PEM.
    pub public_key_pem: String,
    /// Its instance.
    pub instance: String,
    /// Whom to ask.
    pub contact: String,
    /// When.
    pub at: Timestamp,
}

/// Where an enrolment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolState {
    /// A person has to decide (待审核).
    Requested,
    /// Admitted (已通过).
    Approved,
    /// Refused or withdrawn (已撤销).
    Revoked,
}

/// The parent's answer to a request, signed by the parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// Version of the wire.
    pub version: u16,
    /// Code of the node that asked.
    pub code: String,
    /// Instance of the node that asked.
    pub instance: String,
    /// Where the enrolment stands.
    pub state: EnrolState,
    /// Who answers.
    pub parent: ParentCard,
    /// When.
    pub at: Timestamp,
}

/// What a child has to know of its parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentCard {
    /// Code of the parent.
    pub code: String,
    /// Name of the parent.
    pub name: String,
    /// Its public key, SPKI PEM; a person compares the fingerprint.
    pub public_key_pem: String,
}

/// Signs a document.
///
/// # Errors
/// When it is too large or signing fails.
pub fn sign<T: Document>(document: &T, key: &SigningKey, entropy: &dyn Entropy) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(document).map_err(|_| WireError::Document)?;
    let signature = key.sign(&message::<T>(&json), entropy).map_err(WireError::Crypto)?;
    let mut out = MAGIC.to_vec();
    put_long(&mut out, &json).ok_or(WireError::Document)?;
    put_short(&mut out, &signature).ok_or(WireError::Document)?;
    if out.len() > MAX_BYTES {
        return Err(WireError::TooLarge { bytes: out.len(), limit: MAX_BYTES });
    }
    Ok(out)
}

/// Checks the signature of a document and reads it.
///
/// # Errors
/// When the bytes are no document, of another sort or version, or not signed by this key.
pub fn verify<T: Document>(bytes: &[u8], key: &VerifyingKey) -> Result<T> {
    let (json, signature) = split(bytes)?;
    // Before the signature: what is signed differs between versions, and the operator should hear the true reason.
    check_version(json)?;
    key.verify(&message::<T>(json), signature).map_err(|_| WireError::Signature)?;
    read(json)
}

/// Reads a document without checking its signature, only to learn whose key to verify with.
///
/// # Errors
/// When the bytes are no document, of another sort or version.
pub fn peek<T: Document>(bytes: &[u8]) -> Result<T> {
    read(split(bytes)?.0)
}

/// Signs a receipt.
///
/// # Errors
/// As [`sign`].
pub fn sign_receipt(receipt: &Receipt, key: &SigningKey, entropy: &dyn Entropy) -> Result<Vec<u8>> {
    sign(receipt, key, entropy)
}

/// Checks a receipt, just received or kept for years.
///
/// # Errors
/// As [`verify`].
pub fn verify_receipt(bytes: &[u8], receiver: &VerifyingKey) -> Result<Receipt> {
    verify(bytes, receiver)
}

/// Signs a request for admission; the key in it is set to the one it is signed with.
///
/// # Errors
/// As [`sign`].
pub fn sign_enrol(enrol: &Enrol, key: &SigningKey, entropy: &dyn Entropy) -> Result<Vec<u8>> {
    let public_key_pem = key.verifying_key().to_spki_pem();
    sign(&Enrol { public_key_pem, ..enrol.clone() }, key, entropy)
}

/// Checks that a request was signed with the key it names, and gives both. Whether to admit it is a person's decision.
///
/// # Errors
/// As [`verify`]; [`WireError::Key`] when the key in it cannot be used.
pub fn verify_enrol(bytes: &[u8]) -> Result<(Enrol, VerifyingKey)> {
    let key = key_of(&peek::<Enrol>(bytes)?.public_key_pem)?;
    Ok((verify(bytes, &key)?, key))
}

/// Signs the answer to a request; the key in it is set to the one it is signed with.
///
/// # Errors
/// As [`sign`].
pub fn sign_enrol_answer(answer: &EnrolAnswer, key: &SigningKey, entropy: &dyn Entropy) -> Result<Vec<u8>> {
    let mut answer = answer.clone();
    answer.parent.public_key_pem = key.verifying_key().to_spki_pem();
    sign(&answer, key, entropy)
}

/// Checks the answer of a parent: against `pinned` when its key is known, else against the key it names.
///
/// # Errors
/// As [`verify_enrol`]; [`WireError::Signature`] when another key than `pinned` signed.
pub fn verify_enrol_answer(bytes: &[u8], pinned: Option<&VerifyingKey>) -> Result<(EnrolAnswer, VerifyingKey)> {
    let named = key_of(&peek::<EnrolAnswer>(bytes)?.parent.public_key_pem)?;
    let key = pinned.cloned().unwrap_or_else(|| named.clone());
    let answer = verify(bytes, &key)?;
    // A parent that names another key than it signs with would be pinned wrongly.
    if named == key { Ok((answer, key)) } else { Err(WireError::Signature) }
}

fn key_of(pem: &str) -> Result<VerifyingKey> {
    VerifyingKey::from_spki_pem(pem).map_err(|_| WireError::Key)
}

fn split(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    if bytes.len() > MAX_BYTES {
        return Err(WireError::TooLarge { bytes: bytes.len(), limit: MAX_BYTES });
    }
    let mut reader = Reader::new(bytes);
    if &reader.array::<4>()? != MAGIC {
        return Err(WireError::Document);
    }
    let parts = (reader.long()?, reader.short()?);
    reader.end()?;
    Ok(parts)
}

fn read<T: Document>(json: &[u8]) -> Result<T> {
    check_version(json)?;
    serde_json::from_slice(json).map_err(|_| WireError::Document)
}

fn check_version(json: &[u8]) -> Result<()> {
    /// Enough of any document to say that its version is the trouble.
    #[derive(Deserialize)]
    struct Versioned {
        version: u16,
    }
    let Versioned { version } = serde_json::from_slice(json).map_err(|_| WireError::Document)?;
    if !(OLDEST_VERSION..=VERSION).contains(&version) {
        return Err(WireError::Version { got: version });
    }
    Ok(())
}

fn message<T: Document>(json: &[u8]) -> Vec<u8> {
    [b"suyuan/".as_slice(), T::NAME.as_bytes(), b"/1\n", json].concat()
}
