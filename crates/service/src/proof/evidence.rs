//! The proof of the exchange from files alone (交换证据离线核验): no database, no network.
//!
//! Evidence files prove who sent which hashes to whom and who confirmed them; the journal's segments beside them hold the
//! records with these hashes. Both are walked once, in order, by the piece; what is false first is named with its file,
//! entry, record and bytes. Bytes and signatures of entries belong to `suyuan-exchange`. Rows: D-shape, H-8.

mod records;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::record::Digest;
use suyuan_exchange::wire::ChainRange;
use suyuan_exchange::wire::evidence::{Checked, Damage, FILE_BYTES, Opened, check_parts, open};

use records::Walk;

/// What is to be proved, and by whose keys.
#[derive(Clone, Debug)]
pub struct Folder<'a> {
    /// The folder of evidence: `keys/…pem` and `<peer>/<direction>-<class>/…evd`.
    pub evidence: &'a Path,
    /// The folder of the journal's segments; without it the records themselves are not looked at.
    pub segments: Option<&'a Path>,
    /// Keys of nodes by code. They count in place of those in the folder.
    pub keys: &'a [(String, VerifyingKey)],
}

/// The first thing that is false.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{}{}：{why}", file.display(), told(entry, "证据第", "条"), record.as_ref().map(|text| format!("，{text}")).unwrap_or_default(), bytes_told(bytes))]
pub struct Falsehood {
    /// The file, or the folder where one is missing.
    pub file: PathBuf,
    /// Number of the entry.
    pub entry: Option<u64>,
    /// The record, in Chinese.
    pub record: Option<String>,
    /// First byte of the smallest range that holds the false one, and the byte behind the range.
    pub bytes: Option<(u64, u64)>,
    /// What is wrong, in Chinese.
    pub why: String,
}

fn told(number: &Option<u64>, before: &str, after: &str) -> String {
    number.map(|number| format!("，{before} {number} {after}")).unwrap_or_default()
}

fn bytes_told(bytes: &Option<(u64, u64)>) -> String {
    bytes.map(|(from, to)| format!("，第 {from} 至 {to} 字节")).unwrap_or_default()
}

impl Falsehood {
    fn at(file: &Path, why: impl Into<String>) -> Self {
        Self { file: file.to_owned(), entry: None, record: None, bytes: None, why: why.into() }
    }

    fn of(file: &Path, damage: Damage) -> Self {
        let Damage { entry, part, from, to, why } = damage;
        let why = format!("{part}：{why}");
        Self { entry, bytes: Some((from, to)), ..Self::at(file, why) }
    }
}

/// Records of one chain that were proved, without a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvedRange {
    /// Code of the node that wrote them.
    pub node: String,
    /// The chain.
    pub stream: String,
    /// Epoch.
    pub epoch: u32,
    /// First seq.
    pub first: u64,
    /// Last seq.
    pub last: u64,
}

/// A chain of evidence that holds.
#[derive(Clone, Debug)]
pub struct ProvedChain {
    /// Code of the peer.
    pub peer: String,
    /// `up-bulk` and so on.
    pub name: String,
    /// Files.
    pub files: usize,
    /// First entry and last entry.
    pub entries: (u64, u64),
    /// When the first batch was confirmed, and the last.
    pub between: (Timestamp, Timestamp),
    /// Records in the batches, those sent twice counted twice.
    pub records: u64,
    /// What was sent, by chain of origin.
    pub ranges: Vec<ProvedRange>,
}

/// What was proved.
#[derive(Clone, Debug)]
pub struct Proved {
    /// Code of the node that kept the evidence.
    pub node: String,
    /// The chains of evidence.
    pub chains: Vec<ProvedChain>,
    /// Segments that were walked and records in them; `None` where no segments were given.
    pub walked: Option<(usize, u64)>,
    /// Keys that were used: code, fingerprint, and whether they were given by the caller.
    pub keys: Vec<(String, String, bool)>,
}

type Outcome<T> = std::result::Result<T, Box<Falsehood>>;

/// Proves a folder of evidence.
///
/// # Errors
/// The first thing that is false or cannot be read.
pub fn check(folder: &Folder<'_>) -> Outcome<Proved> {
    let keys = Keys::read(folder)?;
    let mut walk = Walk::default();
    let (mut chains, mut owner) = (Vec::new(), None);
    for peer in folders(folder.evidence)?.into_iter().filter(|path| name(path) != "keys") {
        for chain in folders(&peer)? {
            chains.extend(check_chain(&name(&peer), &chain, &keys, &mut owner, &mut walk)?);
        }
    }
    let Some(node) = owner else { return Err(Box::new(Falsehood::at(folder.evidence, "没有证据文件"))) };
    let walked = match folder.segments {
        Some(segments) => Some(walk.over(segments, &keys.of(&node))?),
        None => None,
    };
    Ok(Proved { node, chains, walked, keys: keys.told() })
}

/// Keys by node.
struct Keys {
    given: bool,
    keys: Vec<(String, VerifyingKey, bool)>,
}

impl Keys {
    fn read(folder: &Folder<'_>) -> Outcome<Self> {
        let mut keys: Vec<_> = folder.keys.iter().map(|(code, key)| (code.clone(), key.clone(), true)).collect();
        let place = folder.evidence.join("keys");
        let found = if place.is_dir() { entries(&place)? } else { Vec::new() };
        for path in found.into_iter().filter(|path| path.extension().is_some_and(|end| end == "pem")) {
            let code = name(&path).split(['-', '.']).next().unwrap_or_default().to_owned();
            if folder.keys.iter().any(|(given, _)| *given == code) {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(|error| Falsehood::at(&path, error.to_string()))?;
            let key = VerifyingKey::from_spki_pem(&text).map_err(|_| Falsehood::at(&path, "不是有效的 SM2 公钥"))?;
            keys.push((code, key, false));
        }
        Ok(Self { given: !folder.keys.is_empty(), keys })
    }

    fn of(&self, node: &str) -> Vec<VerifyingKey> {
        self.keys.iter().filter(|(code, ..)| code == node).map(|(_, key, _)| key.clone()).collect()
    }

    fn told(&self) -> Vec<(String, String, bool)> {
        self.keys.iter().map(|(code, key, given)| (code.clone(), key.fingerprint(), *given && self.given)).collect()
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn entries(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| Falsehood::at(folder, error.to_string());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        paths.push(entry.map_err(unreadable)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn folders(folder: &Path) -> Outcome<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// Reads a file that is no larger than evidence and segments are.
fn read(path: &Path) -> Outcome<Vec<u8>> {
    let size = std::fs::metadata(path).map_err(|error| Falsehood::at(path, error.to_string()))?.len();
    if size > FILE_BYTES as u64 {
        return Err(Box::new(Falsehood::at(path, format!("文件过大：{size} 字节"))));
    }
    Ok(std::fs::read(path).map_err(|error| Falsehood::at(path, error.to_string()))?)
}

/// How far a chain of evidence was proved.
struct Progress {
    next: u64,
    previous: Digest,
    chain: ProvedChain,
    /// The last seq and epoch of each chain of origin.
    reached: BTreeMap<(String, String), (u32, u64)>,
}

fn check_chain(
    peer: &str,
    folder: &Path,
    keys: &Keys,
    owner: &mut Option<String>,
    walk: &mut Walk,
) -> Outcome<Option<ProvedChain>> {
    let mut progress: Option<Progress> = None;
    for path in entries(folder)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "evd")) {
        let of = |node: &str| keys.of(node);
        let file = open(&read(&path)?, &of).map_err(|damage| Falsehood::of(&path, damage))?;
        let place = format!("{}-{}", file.index.direction.as_str(), file.index.class.as_str());
        if file.index.peer != peer || place != name(folder) {
            return Err(Box::new(Falsehood::at(&path, format!("属于 {} 的 {place}，不应在此处", file.index.peer))));
        }
        if owner.get_or_insert_with(|| file.index.node.clone()) != &file.index.node {
            return Err(Box::new(Falsehood::at(&path, format!("由另一节点 {} 保存", file.index.node))));
        }
        let begun = progress.get_or_insert_with(|| Progress::at(peer, folder, &file));
        begun.chain.files += 1;
        begun.take(&path, file, keys, walk)?;
    }
    Ok(progress.map(|progress| progress.chain))
}

impl Progress {
    fn at(peer: &str, folder: &Path, file: &Opened) -> Self {
        let first = file.index.first;
        let began = file.entries.first().map_or(file.index.at, |(entry, ..)| entry.at);
        let chain = ProvedChain {
            peer: peer.to_owned(),
            name: name(folder),
            files: 0,
            entries: (first, first),
            between: (began, began),
            records: 0,
            ranges: Vec::new(),
        };
        Self { next: first, previous: file.index.previous, chain, reached: BTreeMap::new() }
    }

    fn take(&mut self, path: &Path, file: Opened, keys: &Keys, walk: &mut Walk) -> Outcome<()> {
        let head = file.index.head;
        for (entry, from, to) in file.entries {
            let fault = |why: String| {
                Box::new(Falsehood { entry: Some(entry.number), bytes: Some((from, to)), ..Falsehood::at(path, why) })
            };
            if entry.number != self.next {
                return Err(fault(format!("证据缺失或错位：应为第 {} 条", self.next)));
            }
            if entry.previous != self.previous {
                return Err(fault("与前一条证据的杂凑值不衔接".to_owned()));
            }
            let checked =
                check_parts(&entry, &|node| keys.of(node)).map_err(|(part, why)| fault(format!("{part}：{why}")))?;
            self.follow(&checked).map_err(fault)?;
            self.previous = entry.hash().map_err(|error| fault(error.to_string()))?;
            self.next += 1;
            self.chain.entries.1 = entry.number;
            self.chain.between.1 = entry.at;
            self.chain.records += u64::from(checked.manifest.records);
            walk.want(path, entry.number, (from, to), checked);
        }
        if head == self.previous { Ok(()) } else { Err(Box::new(Falsehood::at(path, "末条证据与索引不符"))) }
    }

    /// Checks that the batch goes on where the ones before it ended.
    fn follow(&mut self, checked: &Checked) -> std::result::Result<(), String> {
        for range in &checked.manifest.chains {
            let ChainRange { node, stream, epoch, first_seq, last_seq, .. } = range;
            let key = (node.clone(), stream.to_string());
            if let Some((before, last)) = self.reached.get(&key)
                && (*first_seq > last + 1 || epoch < before)
            {
                return Err(format!("{node} 的 {stream} 不连续：前一批至第 {last} 条，本批自第 {first_seq} 条"));
            }
            let reached = self.reached.entry(key.clone()).or_insert((*epoch, *last_seq));
            *reached = (*epoch, reached.1.max(*last_seq));
            let same = |known: &&mut ProvedRange| known.node == key.0 && known.stream == key.1 && known.epoch == *epoch;
            match self.chain.ranges.iter_mut().find(same) {
                Some(known) => known.last = known.last.max(*last_seq),
                None => self.chain.ranges.push(ProvedRange {
                    node: key.0,
                    stream: key.1,
                    epoch: *epoch,
                    first: *first_seq,
                    last: *last_seq,
                }),
            }
        }
        Ok(())
    }
}
