//! The envelope of a batch: who may read it, who made it, and that nothing was changed on the way.
//!
//! Layout 1: `SYXB`, version, manifest (4-byte length), signature (2), wrapped key (2), sealed body (4). The first three
//! keep their place in every version. The body is the records, compressed, sealed under a key of its own that is wrapped
//! for the receiver; the signature is over the manifest, which holds the hashes of everything else.

use suyuan_crypto::CryptoError;
use suyuan_crypto::hash::{Sm3, constant_time_eq, sm3, sm3_parts};
use suyuan_crypto::random::Entropy;
use suyuan_crypto::seal::{self, SecretKey, place};
use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_crypto::wrap::{unwrap_key, wrap_key};
use suyuan_domain::record::Digest;

use super::bytes::{Reader, put_long, put_short};
use super::manifest::{BatchManifest, chains};
use super::record::{WireRecord, decode_all, encode};
use super::{Limits, OLDEST_VERSION, Result, VERSION, WireError};

const MAGIC: &[u8; 4] = b"SYXB";

/// Keeps a batch's signature from serving as the signature of anything else.
const SIGNED_AS: &[u8] = b"suyuan/batch/1\n";

/// Level of zstd: the next ones cost twice the time for a tenth of the bytes.
const LEVEL: i32 = 1;

/// The parts of a batch, unauthenticated; `manifest` and `signature` are what evidence keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Version of the wire.
    pub version: u16,
    /// The manifest as signed.
    pub manifest: &'a [u8],
    /// SM2 signature, DER.
    pub signature: &'a [u8],
    /// Key of the body, wrapped for the receiver.
    pub wrapped: &'a [u8],
    /// The sealed body.
    pub sealed: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Takes a batch apart; checks sizes, version and form, nothing else.
    ///
    /// # Errors
    /// When the bytes are too many, foreign, of another version, cut, or too long.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let (version, manifest) = front(&mut reader, bytes, limits)?;
        let envelope =
            Self { version, manifest, signature: reader.short()?, wrapped: reader.short()?, sealed: reader.long()? };
        reader.end()?;
        Ok(envelope)
    }

    fn sealed_hash(&self) -> Digest {
        sealed_hash(self.wrapped, self.sealed)
    }
}

/// Who claims to have sent a batch; not proven by anything yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peek {
    /// Version of the wire.
    pub version: u16,
    /// Code of the sender, for finding the key to verify with.
    pub from_node: String,
    /// Code of the receiver.
    pub to_node: String,
    /// Instance of the sender.
    pub instance: String,
    /// Incarnation of the sender.
    pub epoch: u32,
}

/// Reads who claims to have sent a batch, with the default limits.
///
/// # Errors
/// When the front of the batch cannot be read; a batch of another version says so.
pub fn peek_sender(bytes: &[u8]) -> Result<Peek> {
    let (version, manifest) = front(&mut Reader::new(bytes), bytes, &Limits::default())?;
    let manifest = BatchManifest::parse(manifest)?;
    let BatchManifest { from_node, to_node, instance, epoch, .. } = manifest;
    Ok(Peek { version, from_node, to_node, instance, epoch })
}

fn front<'a>(reader: &mut Reader<'a>, bytes: &[u8], limits: &Limits) -> Result<(u16, &'a [u8])> {
    if bytes.len() > limits.batch_bytes {
        return Err(WireError::TooLarge { bytes: bytes.len(), limit: limits.batch_bytes });
    }
    if &reader.array::<4>()? != MAGIC {
        return Err(WireError::Foreign);
    }
    let version = reader.u16()?;
    if !(OLDEST_VERSION..=VERSION).contains(&version) {
        return Err(WireError::Version { got: version });
    }
    let manifest = reader.long()?;
    if manifest.len() > limits.manifest_bytes {
        return Err(WireError::TooLarge { bytes: manifest.len(), limit: limits.manifest_bytes });
    }
    Ok((version, manifest))
}

/// Names the content of a batch: SM3 over the hashes of its records, in order.
///
/// Equal for every attempt to send the same records, and computable from journal and evidence without side-cars.
#[must_use]
pub fn batch_hash(records: &[WireRecord]) -> Digest {
    batch_hash_of(records.iter().map(|record| record.record.origin.as_ref().map_or(&[0; 32], |origin| &origin.hash)))
}

/// [`batch_hash`] from the hashes of the records alone.
#[must_use]
pub fn batch_hash_of<'a>(hashes: impl IntoIterator<Item = &'a Digest>) -> Digest {
    let mut hasher = Sm3::new();
    hasher.update(b"SYXH");
    for hash in hashes {
        hasher.update(hash);
    }
    hasher.finish()
}

/// Seals records for one receiver. What follows from the records is filled into the manifest, whatever stood there.
///
/// # Errors
/// When a record stays local, is of another class or out of order, when a limit is broken, or when randomness fails.
pub fn seal_batch(
    manifest: &BatchManifest,
    records: &[WireRecord],
    sender: &SigningKey,
    receiver: &VerifyingKey,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>> {
    let limits = Limits::default();
    if records.len() > limits.records {
        return Err(WireError::TooManyRecords { records: records.len(), limit: limits.records });
    }
    let plain = encode_all(records, &limits)?;
    let body = zstd::bulk::compress(&plain, LEVEL).map_err(|_| WireError::Decompress)?;
    let key = SecretKey::generate(entropy).map_err(WireError::Crypto)?;
    let wrapped = wrap_key(receiver, &key, entropy).map_err(WireError::Crypto)?;
    let sealed = seal::seal(&key, &aad(manifest), &body, entropy).map_err(WireError::Crypto)?;

    let manifest = BatchManifest {
        version: VERSION,
        records: u32::try_from(records.len()).unwrap_or(u32::MAX),
        plain_bytes: plain.len() as u64,
        batch_sm3: batch_hash(records),
        body_sm3: sm3(&body),
        sealed_sm3: sealed_hash(&wrapped, &sealed),
        chains: chains(records, manifest.class)?,
        ..manifest.clone()
    };
    let manifest = manifest.to_bytes()?;
    let signature = sender.sign(&signed_message(&manifest), entropy).map_err(WireError::Crypto)?;

    let mut out = Vec::with_capacity(manifest.len() + wrapped.len() + sealed.len() + 256);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_be_bytes());
    let too_large = || WireError::TooLarge { bytes: sealed.len(), limit: limits.batch_bytes };
    put_long(&mut out, &manifest).ok_or_else(too_large)?;
    put_short(&mut out, &signature).ok_or_else(too_large)?;
    put_short(&mut out, &wrapped).ok_or_else(too_large)?;
    put_long(&mut out, &sealed).ok_or_else(too_large)?;
    if out.len() > limits.batch_bytes {
        return Err(WireError::TooLarge { bytes: out.len(), limit: limits.batch_bytes });
    }
    Ok(out)
}

/// Opens a batch: every check in order, nothing is looked at before what vouches for it.
///
/// The caller finds `sender` by [`peek_sender`] and compares `to_node`, `instance` and `epoch` of the manifest with what it
/// knows. Hashes of the records are left to `store`, which walks their chains and names the first that does not fit.
///
/// # Errors
/// The first check that fails.
pub fn open_batch(
    bytes: &[u8],
    limits: &Limits,
    sender: &VerifyingKey,
    receiver: &SigningKey,
) -> Result<(BatchManifest, Vec<WireRecord>)> {
    let envelope = Envelope::parse(bytes, limits)?;
    let manifest = verify_manifest(envelope.manifest, envelope.signature, sender)?;
    if manifest.version != envelope.version {
        return Err(WireError::Manifest);
    }
    let declared = usize::try_from(manifest.records).unwrap_or(usize::MAX);
    if declared > limits.records {
        return Err(WireError::TooManyRecords { records: declared, limit: limits.records });
    }
    let capacity = match usize::try_from(manifest.plain_bytes) {
        Ok(bytes) if bytes <= limits.plain_bytes => bytes,
        _ => {
            return Err(WireError::PlainTooLarge { bytes: manifest.plain_bytes, limit: limits.plain_bytes });
        }
    };
    if !constant_time_eq(&envelope.sealed_hash(), &manifest.sealed_sm3) {
        return Err(WireError::SealedHash);
    }
    let key = unwrap_key(receiver, envelope.wrapped).map_err(|_| WireError::Unwrap)?;
    let body = seal::open(&key, &aad(&manifest), envelope.sealed).map_err(|_| WireError::Open)?;
    if !constant_time_eq(&sm3(&body), &manifest.body_sm3) {
        return Err(WireError::BodyHash);
    }
    let plain = decompress(&body, capacity)?;
    let records = decode_all(&plain, manifest.records, limits.records)?;
    check_contents(&manifest, &records)?;
    Ok((manifest, records))
}

/// Checks the signature of a manifest, in a batch or in evidence, and reads it.
///
/// # Errors
/// [`WireError::Signature`] when it is not the sender's, [`WireError::Manifest`] when it cannot be read.
pub fn verify_manifest(manifest: &[u8], signature: &[u8], sender: &VerifyingKey) -> Result<BatchManifest> {
    sender.verify(&signed_message(manifest), signature).map_err(|_: CryptoError| WireError::Signature)?;
    BatchManifest::parse(manifest)
}

fn check_contents(manifest: &BatchManifest, records: &[WireRecord]) -> Result<()> {
    if usize::try_from(manifest.records) != Ok(records.len()) {
        return Err(WireError::Count { expected: manifest.records, got: records.len() });
    }
    let chains = chains(records, manifest.class)?;
    if chains != manifest.chains || !constant_time_eq(&batch_hash(records), &manifest.batch_sm3) {
        return Err(WireError::Contents);
    }
    Ok(())
}

fn encode_all(records: &[WireRecord], limits: &Limits) -> Result<Vec<u8>> {
    let mut plain = Vec::with_capacity(records.iter().map(WireRecord::size_hint).sum());
    for (index, record) in (1..).zip(records) {
        encode(&mut plain, record, index)?;
    }
    if plain.len() > limits.plain_bytes {
        return Err(WireError::PlainTooLarge { bytes: plain.len() as u64, limit: limits.plain_bytes });
    }
    Ok(plain)
}

/// Decompresses into exactly `size` bytes, never more: what is declared is what is allocated.
fn decompress(body: &[u8], size: usize) -> Result<Vec<u8>> {
    let plain = zstd::bulk::decompress(body, size).map_err(|_| WireError::Decompress)?;
    if plain.len() == size { Ok(plain) } else { Err(WireError::Decompress) }
}

/// The sealed body is bound to its way.
fn aad(manifest: &BatchManifest) -> Vec<u8> {
    place(&["batch/1", &manifest.from_node, &manifest.to_node, &manifest.instance])
}

fn sealed_hash(wrapped: &[u8], sealed: &[u8]) -> Digest {
    sm3_parts(&[&(wrapped.len() as u64).to_be_bytes(), wrapped, sealed])
}

fn signed_message(manifest: &[u8]) -> Vec<u8> {
    [SIGNED_AS, manifest].concat()
}
