//! The records behind the evidence: segments are walked once, and each batch is compared as soon as its records were seen.
//!
//! Only batches of which some records were seen and others not are held in memory.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::record::{Digest, Record};
use suyuan_exchange::wire::batch_hash_of;
use suyuan_exchange::wire::evidence::{Checked, Run};
use suyuan_store::journal::hash_of;
use suyuan_store::segment::offline;

use super::{Falsehood, Outcome, entries, name, read};

/// A batch whose records are looked for.
struct Batch {
    file: PathBuf,
    entry: u64,
    bytes: (u64, u64),
    hash: Digest,
    runs: Vec<Run>,
    /// The hashes that were seen, by chain.
    seen: Vec<Vec<Digest>>,
    missing: u64,
}

/// The places in one chain of origin that batches ask for.
#[derive(Default)]
struct Wanted {
    /// First seq, last seq, number of the batch, chain in its manifest.
    ranges: Vec<(u64, u64, usize, usize)>,
    next: usize,
    active: Vec<usize>,
}

impl Wanted {
    /// The batches that ask for `seq`; asked in ascending order.
    fn at(&mut self, seq: u64) -> Vec<(usize, usize)> {
        while let Some((first, ..)) = self.ranges.get(self.next)
            && *first <= seq
        {
            self.active.push(self.next);
            self.next += 1;
        }
        let ranges = &self.ranges;
        self.active.retain(|index| ranges[*index].1 >= seq);
        self.active.iter().map(|index| (ranges[*index].2, ranges[*index].3)).collect()
    }
}

/// The walk over the records.
#[derive(Default)]
pub(super) struct Walk {
    batches: Vec<Batch>,
    wanted: HashMap<(String, String), Wanted>,
}

impl Walk {
    /// Asks for the records of a batch.
    pub(super) fn want(&mut self, file: &Path, entry: u64, bytes: (u64, u64), checked: Checked) {
        let number = self.batches.len();
        for (chain, range) in checked.manifest.chains.iter().enumerate() {
            let key = (range.node.clone(), range.stream.to_string());
            self.wanted.entry(key).or_default().ranges.push((range.first_seq, range.last_seq, number, chain));
        }
        self.batches.push(Batch {
            file: file.to_owned(),
            entry,
            bytes,
            hash: checked.manifest.batch_sm3,
            seen: vec![Vec::new(); checked.manifest.chains.len()],
            missing: u64::from(checked.manifest.records),
            runs: checked.runs,
        });
    }

    /// Walks over the segments of a folder; gives how many there are and how many records they hold.
    pub(super) fn over(mut self, folder: &Path, keys: &[VerifyingKey]) -> Outcome<(usize, u64)> {
        for wanted in self.wanted.values_mut() {
            wanted.ranges.sort_unstable();
        }
        let mut heads: BTreeMap<(String, String), (u64, Digest)> = BTreeMap::new();
        let (mut files, mut records, mut position) = (0, 0, None);
        for path in entries(folder)?.into_iter().filter(|path| path.extension().is_some_and(|end| end == "seg")) {
            files += 1;
            let opened = offline::open(&read(&path)?, keys);
            for (offset, record) in opened.records {
                let fault = |why: &str| {
                    let record = Some(told(&record));
                    Box::new(Falsehood { record, bytes: Some((offset, offset)), ..Falsehood::at(&path, why) })
                };
                if position.is_some_and(|before| record.position != before + 1) {
                    return Err(fault("位置不连续，之前的封存文件或记录缺失"));
                }
                position = Some(record.position);
                follow(&mut heads, &record).map_err(|why| fault(&why))?;
                self.see(&record)?;
                records += 1;
            }
            if let Some(why) = opened.fault {
                return Err(Box::new(Falsehood::at(&path, why)));
            }
        }
        match self.batches.iter().find(|batch| batch.missing > 0) {
            None => Ok((files, records)),
            Some(batch) => {
                let why = format!("本批有 {} 条记录不在日志封存文件夹 {} 中", batch.missing, name(folder));
                Err(Box::new(batch.falsehood(why)))
            }
        }
    }

    fn see(&mut self, record: &Record) -> Outcome<()> {
        let Some(origin) = &record.origin else { return Ok(()) };
        let Some(wanted) = self.wanted.get_mut(&(origin.node.clone(), origin.stream.to_string())) else {
            return Ok(());
        };
        for (number, chain) in wanted.at(origin.seq) {
            let batch = &mut self.batches[number];
            batch.seen[chain].push(origin.hash);
            batch.missing = batch.missing.saturating_sub(1);
            if batch.missing == 0 && !batch.is_true() {
                return Err(Box::new(batch.falsehood("清单所载批次摘要与日志中的记录不符".to_owned())));
            }
        }
        Ok(())
    }
}

impl Batch {
    /// Compares what was seen with what was signed, and forgets it.
    fn is_true(&mut self) -> bool {
        let seen = std::mem::take(&mut self.seen);
        let mut chains: Vec<_> = seen.iter().map(|hashes| hashes.iter()).collect();
        let mut order = Vec::new();
        for run in &self.runs {
            let Some(chain) = chains.get_mut(usize::from(run.chain)) else { return false };
            order.extend(chain.by_ref().take(run.count as usize));
        }
        batch_hash_of(order) == self.hash
    }

    fn falsehood(&self, why: String) -> Falsehood {
        Falsehood { entry: Some(self.entry), bytes: Some(self.bytes), ..Falsehood::at(&self.file, why) }
    }
}

fn told(record: &Record) -> String {
    let place =
        |origin: &suyuan_domain::record::Origin| format!("，{} 的 {} 第 {} 条", origin.node, origin.stream, origin.seq);
    format!("日志第 {} 条{}", record.position, record.origin.as_ref().map(place).unwrap_or_default())
}

/// Checks that a record continues its chain. The first that is seen of a chain may be any.
fn follow(heads: &mut BTreeMap<(String, String), (u64, Digest)>, record: &Record) -> std::result::Result<(), String> {
    let Some(origin) = &record.origin else { return Ok(()) };
    if hash_of(record) != Some(origin.hash) {
        return Err("内容与其杂凑值不符（字节位置为解开后的封存文件）".to_owned());
    }
    let after = (origin.seq, origin.hash);
    match heads.insert((origin.node.clone(), origin.stream.to_string()), after) {
        Some((seq, hash)) if origin.seq != seq + 1 || origin.prev != hash => Err(format!("不接续第 {seq} 条")),
        _ => Ok(()),
    }
}
