//! Evidence of confirmed batches (交换证据): entries, and the signed files that hold them.
//!
//! An entry is a batch's manifest, its signature, the order of its records, and the receipt; it holds the SM3 of the entry
//! before it, so that the entries of one link, direction and class are a chain. The records are not repeated: the manifest
//! binds their hashes, and the journal's segments hold them (see `suyuan-store`). A file is
//! `SYE1`, a short index (4-byte length) with the node's signature (2-byte length), and the entries, each compressed. The
//! index holds the hash of each compressed entry and, for naming a false byte, a short mark of every 256 bytes of them.
//! Rows: D-shape, H-8.

use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::sm3;
use suyuan_crypto::random::Entropy;
use suyuan_crypto::sign::{SigningKey, VerifyingKey};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::record::{Class, Digest};

use super::bytes::{Reader, put_long, put_short};
use super::document::{peek, verify};
use super::{BatchManifest, Direction, Receipt, Result, WireError, WireRecord, verify_manifest};

const MAGIC: &[u8; 4] = b"SYE1";

/// Keeps an index's signature from serving as the signature of anything else.
const SIGNED_AS: &[u8] = b"suyuan/evidence/1\n";

/// Version of the layout.
const LAYOUT: u16 = 1;

/// Bytes that one mark stands for.
const MARKED: usize = 256;

/// Bytes of a mark. It finds a place; the hash of the entry is what proves.
const MARK: usize = 4;

/// Most bytes of an entry, unpacked.
const ENTRY_BYTES: usize = 32 << 20;

/// Most bytes of a file.
pub const FILE_BYTES: usize = 256 << 20;

/// Records of one chain that stood together in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Which chain of the manifest, from 0.
    pub chain: u16,
    /// How many records.
    pub count: u32,
}

/// In which order the records of a batch stood, by the chains of its manifest.
#[must_use]
pub fn runs(manifest: &BatchManifest, records: &[WireRecord]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for origin in records.iter().filter_map(|record| record.record.origin.as_ref()) {
        let is_of = |index: usize| {
            manifest.chains.get(index).is_some_and(|chain| {
                chain.epoch == origin.epoch && chain.node == origin.node && chain.stream == origin.stream
            })
        };
        if let Some(run) = runs.last_mut().filter(|run| is_of(usize::from(run.chain))) {
            run.count += 1;
            continue;
        }
        let place = (0..manifest.chains.len()).find(|index| is_of(*index));
        let chain = place.and_then(|index| u16::try_from(index).ok()).unwrap_or(u16::MAX);
        runs.push(Run { chain, count: 1 });
    }
    runs
}

/// The bytes of runs, for keeping.
#[must_use]
pub fn encode_runs(runs: &[Run]) -> Vec<u8> {
    runs.iter().flat_map(|run| [run.chain.to_be_bytes().as_slice(), &run.count.to_be_bytes()].concat()).collect()
}

fn decode_runs(bytes: &[u8]) -> Result<Vec<Run>> {
    let mut reader = Reader::new(bytes);
    let mut runs = Vec::new();
    while !reader.is_empty() {
        runs.push(Run { chain: reader.u16()?, count: reader.u32()? });
    }
    Ok(runs)
}

/// What one confirmed batch leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Place in its chain, from 1.
    pub number: u64,
    /// SM3 of the entry before it; zeros for the first.
    pub previous: Digest,
    /// When the batch was confirmed, by the clock of the node that keeps the evidence.
    pub at: Timestamp,
    /// The manifest as signed by the sender.
    pub manifest: Vec<u8>,
    /// Its signature.
    pub signature: Vec<u8>,
    /// [`encode_runs`].
    pub runs: Vec<u8>,
    /// The receipt as signed by the receiver.
    pub receipt: Vec<u8>,
}

impl Entry {
    /// What the next entry names it by.
    ///
    /// # Errors
    /// When a part is too long.
    pub fn hash(&self) -> Result<Digest> {
        Ok(sm3(&self.encode()?))
    }

    /// The runs in it.
    ///
    /// # Errors
    /// When the bytes are no runs.
    pub fn read_runs(&self) -> Result<Vec<Run>> {
        decode_runs(&self.runs)
    }

    fn encode(&self) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(self.manifest.len() + self.receipt.len() + self.runs.len() + 256);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.previous);
        out.extend_from_slice(&self.at.millis().to_be_bytes());
        put_long(&mut out, &self.manifest).ok_or(WireError::Document)?;
        put_short(&mut out, &self.signature).ok_or(WireError::Document)?;
        put_long(&mut out, &self.runs).ok_or(WireError::Document)?;
        put_long(&mut out, &self.receipt).ok_or(WireError::Document)?;
        Ok(out)
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let entry = Self {
            number: reader.u64()?,
            previous: reader.array()?,
            at: Timestamp::from_millis(i64::from_be_bytes(reader.array()?)),
            manifest: reader.long()?.to_vec(),
            signature: reader.short()?.to_vec(),
            runs: reader.long()?.to_vec(),
            receipt: reader.long()?.to_vec(),
        };
        reader.end()?;
        Ok(entry)
    }
}

/// Which chain of evidence a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Code of the node that keeps it.
    pub node: String,
    /// Code of the other node.
    pub peer: String,
    /// Way of the data: `up` or `down`.
    pub direction: String,
    /// Class of the data.
    pub class: String,
}

/// The head of a file, signed by the node that keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Version of the layout.
    pub layout: u16,
    /// Code of the node that keeps it.
    pub node: String,
    /// Code of the other node.
    pub peer: String,
    /// Way of the data.
    pub direction: Direction,
    /// Class of the data.
    pub class: Class,
    /// Number of the first entry.
    pub first: u64,
    /// SM3 of the entry before the first; zeros where there is none.
    #[serde(with = "super::digest")]
    pub previous: Digest,
    /// SM3 of the last entry.
    #[serde(with = "super::digest")]
    pub head: Digest,
    /// The compressed entries, in order.
    pub entries: Vec<Packed>,
    /// A mark for every 256 bytes of them, hexadecimal.
    pub marks: String,
    /// When the file was written.
    pub at: Timestamp,
}

/// A compressed entry in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// How many bytes.
    pub bytes: u32,
    /// Their SM3.
    #[serde(with = "super::digest")]
    pub sm3: Digest,
}

/// What is false in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part}（文件第 {from} 至 {to} 字节）：{why}")]
pub struct Damage {
    /// Number of the entry; `None` for the file's own front.
    pub entry: Option<u64>,
    /// The part, in Chinese.
    pub part: &'static str,
    /// First byte of the smallest range that is known to hold the false one, from 0.
    pub from: u64,
    /// Byte behind that range.
    pub to: u64,
    /// What is wrong, in Chinese.
    pub why: String,
}

/// The bytes of a file, and the hash by which the next one names its last entry.
///
/// # Errors
/// When there is no entry, a part is too long, or signing fails.
pub fn pack(
    place: &Place,
    entries: &[Entry],
    at: Timestamp,
    key: &SigningKey,
    entropy: &dyn Entropy,
) -> Result<(Vec<u8>, Digest)> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Err(WireError::Document) };
    let (mut body, mut packed) = (Vec::new(), Vec::with_capacity(entries.len()));
    for entry in entries {
        let frame = zstd::bulk::compress(&entry.encode()?, 3).map_err(|_| WireError::Decompress)?;
        let bytes = u32::try_from(frame.len()).map_err(|_| WireError::Document)?;
        packed.push(Packed { bytes, sm3: sm3(&frame) });
        body.extend_from_slice(&frame);
    }
    let head = last.hash()?;
    let index = Index {
        layout: LAYOUT,
        node: place.node.clone(),
        peer: place.peer.clone(),
        direction: if place.direction == "up" { Direction::Up } else { Direction::Down },
        class: place.class.parse().map_err(|_| WireError::Document)?,
        first: first.number,
        previous: first.previous,
        head,
        entries: packed,
        marks: body.chunks(MARKED).map(|chunk| hex::encode(&sm3(chunk)[..MARK])).collect(),
        at,
    };
    let json = serde_json::to_vec(&index).map_err(|_| WireError::Document)?;
    let signature = key.sign(&[SIGNED_AS, &json].concat(), entropy).map_err(WireError::Crypto)?;
    let mut out = MAGIC.to_vec();
    put_long(&mut out, &json).ok_or(WireError::Document)?;
    put_short(&mut out, &signature).ok_or(WireError::Document)?;
    out.extend_from_slice(&body);
    Ok((out, head))
}

/// A file that was read, with the place of each entry in it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its index.
    pub index: Index,
    /// Its entries, each with its first byte in the file and the byte behind it.
    pub entries: Vec<(Entry, u64, u64)>,
}

/// Reads a file and proves index, sizes and hashes. `keys` gives the keys of a node by its code.
///
/// # Errors
/// The first part that is false.
pub fn open(bytes: &[u8], keys: &dyn Fn(&str) -> Vec<VerifyingKey>) -> std::result::Result<Opened, Damage> {
    let (index, start) = front(bytes, keys)?;
    let mut entries = Vec::with_capacity(index.entries.len());
    let mut at = start;
    for (number, packed) in (index.first..).zip(&index.entries) {
        let end = at + packed.bytes as usize;
        let found = bytes.get(at..end.min(bytes.len())).unwrap_or_default();
        if found.len() == packed.bytes as usize && sm3(found) == packed.sm3 {
            let damaged = |_| damage(Some(number), "证据条目", (at, end), "无法解开");
            let plain = zstd::bulk::decompress(found, ENTRY_BYTES).map_err(damaged)?;
            let entry = Entry::decode(&plain).map_err(|_| damage(Some(number), "证据条目", (at, end), "格式不正确"))?;
            entries.push((entry, at as u64, end as u64));
            at = end;
            continue;
        }
        return Err(false_entry(bytes, &index, start, number, (at, end), keys));
    }
    if at == bytes.len() {
        Ok(Opened { index, entries })
    } else {
        Err(damage(None, "文件末尾", (at, bytes.len()), "有多余内容"))
    }
}

fn damage(entry: Option<u64>, part: &'static str, (from, to): (usize, usize), why: &str) -> Damage {
    Damage { entry, part, from: from as u64, to: to as u64, why: why.to_owned() }
}

/// The index, proved, and where the entries begin.
fn front(bytes: &[u8], keys: &dyn Fn(&str) -> Vec<VerifyingKey>) -> std::result::Result<(Index, usize), Damage> {
    if bytes.len() < MAGIC.len() || &bytes[..MAGIC.len()] != MAGIC {
        return Err(damage(None, "文件标识", (0, MAGIC.len()), "不是交换证据文件"));
    }
    let cut = |_| damage(None, "文件索引", (bytes.len(), bytes.len()), "文件不完整");
    let mut reader = Reader::new(&bytes[MAGIC.len()..]);
    let json = reader.long().map_err(cut)?;
    let signature = reader.short().map_err(cut)?;
    let start = MAGIC.len() + 4 + json.len() + 2 + signature.len();
    let whole = (MAGIC.len(), start);
    let index: Index = serde_json::from_slice(json).map_err(|_| damage(None, "文件索引", whole, "无法识别"))?;
    if index.layout != LAYOUT {
        return Err(damage(None, "文件索引", whole, "版本不受支持，请使用较新的程序核验"));
    }
    let candidates = keys(&index.node);
    if candidates.is_empty() {
        return Err(damage(None, "文件索引", whole, &format!("没有节点 {} 的公钥，请用 --peer 给出", index.node)));
    }
    let message = [SIGNED_AS, json].concat();
    if candidates.iter().any(|key| key.verify(&message, signature).is_ok()) {
        Ok((index, start))
    } else {
        Err(damage(None, "文件索引", whole, "索引或其签名不正确"))
    }
}

/// Where the first false byte of an entry lies whose hash is not the signed one, as near as the marks tell.
fn false_entry(
    bytes: &[u8],
    index: &Index,
    start: usize,
    number: u64,
    (at, end): (usize, usize),
    keys: &dyn Fn(&str) -> Vec<VerifyingKey>,
) -> Damage {
    let body = bytes.get(start..).unwrap_or_default();
    let is_false = |block: &usize| {
        let found = body.get(block * MARKED..((block + 1) * MARKED).min(body.len())).unwrap_or_default();
        let mark = index.marks.get(block * MARK * 2..(block + 1) * MARK * 2);
        mark != Some(hex::encode(&sm3(found)[..MARK]).as_str())
    };
    let blocks = (at - start) / MARKED..=(end - start - 1) / MARKED;
    let block = blocks.clone().find(is_false).unwrap_or(*blocks.start());
    let (from, to) = ((start + block * MARKED).max(at), (start + (block + 1) * MARKED).min(end));
    if bytes.len() < to {
        return damage(Some(number), "证据条目", (bytes.len(), bytes.len()), "文件在此中断，其后内容缺失");
    }
    // Which part it is can be told where the entry can still be unpacked.
    let found = bytes.get(at..end).unwrap_or_default();
    let entry = zstd::bulk::decompress(found, ENTRY_BYTES).ok().and_then(|plain| Entry::decode(&plain).ok());
    let part = entry.and_then(|entry| check_parts(&entry, keys).err()).map_or("证据条目", |(part, _)| part);
    damage(Some(number), part, (from, to), "内容与已签名的索引不符")
}

/// What an entry proves: the manifest, the receipt and the order of the records.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The manifest.
    pub manifest: BatchManifest,
    /// The receipt.
    pub receipt: Receipt,
    /// The order of the records.
    pub runs: Vec<Run>,
}

/// Proves an entry by the keys of sender and receiver: both signatures, and that they speak of the same batch.
///
/// # Errors
/// The first part that is false, with what is wrong, both in Chinese.
pub fn check_parts(
    entry: &Entry,
    keys: &dyn Fn(&str) -> Vec<VerifyingKey>,
) -> std::result::Result<Checked, (&'static str, String)> {
    let unread = BatchManifest::parse(&entry.manifest).map_err(|error| ("批次清单", error.to_string()))?;
    let manifest = with_any(&keys(&unread.from_node), |key| verify_manifest(&entry.manifest, &entry.signature, key))
        .ok_or_else(|| ("批次清单", format!("不是节点 {} 登记的密钥签名的", unread.from_node)))?;
    let unread = peek::<Receipt>(&entry.receipt).map_err(|error| ("回执", error.to_string()))?;
    let receipt = with_any(&keys(&unread.from_node), |key| verify::<Receipt>(&entry.receipt, key))
        .ok_or_else(|| ("回执", format!("不是节点 {} 登记的密钥签名的", unread.from_node)))?;
    let runs = entry.read_runs().map_err(|error| ("记录次序", error.to_string()))?;
    binds(&manifest, &receipt)?;
    let mut counts = vec![0_u64; manifest.chains.len()];
    for run in &runs {
        let count = counts.get_mut(usize::from(run.chain)).ok_or(("记录次序", "指向清单中没有的记录链".to_owned()))?;
        *count += u64::from(run.count);
    }
    let wanted = manifest.chains.iter().map(|chain| (chain.last_seq + 1).saturating_sub(chain.first_seq));
    if wanted.eq(counts) {
        Ok(Checked { manifest, receipt, runs })
    } else {
        Err(("记录次序", "与清单条数不符".to_owned()))
    }
}

fn with_any<T>(keys: &[VerifyingKey], check: impl Fn(&VerifyingKey) -> Result<T>) -> Option<T> {
    keys.iter().find_map(|key| check(key).ok())
}

/// Whether a receipt is for the batch of a manifest, and covers its chains.
fn binds(manifest: &BatchManifest, receipt: &Receipt) -> std::result::Result<(), (&'static str, String)> {
    let fault = |why: &str| Err(("回执", why.to_owned()));
    if receipt.batch_sm3 != manifest.batch_sm3 {
        return fault("所确认的不是清单中的批次");
    }
    if (&receipt.from_node, &receipt.to_node) != (&manifest.to_node, &manifest.from_node)
        || (receipt.direction, receipt.class) != (manifest.direction, manifest.class)
    {
        return fault("收发节点、方向或优先级与清单不符");
    }
    if u64::from(receipt.applied) + u64::from(receipt.duplicates) != u64::from(manifest.records) {
        return fault("确认的条数与清单不符");
    }
    for chain in &manifest.chains {
        let head = receipt.heads.iter().find(|head| head.node == chain.node && head.stream == chain.stream);
        let covers = head.is_some_and(|head| {
            head.seq > chain.last_seq || (head.seq == chain.last_seq && head.hash == chain.last_hash)
        });
        // A chain that goes on in a new epoch within one batch has its head in the later one.
        if !covers {
            return fault(&format!("没有确认 {} 的 {} 至第 {} 条", chain.node, chain.stream, chain.last_seq));
        }
    }
    Ok(())
}
