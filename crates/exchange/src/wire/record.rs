//! One record on the wire: length-prefixed binary with its side-cars.
//!
//! Layout 1: a 4-byte length, then node, stream, epoch, seq, prev, hash, kind, object, part, term, version, at, payload,
//! verdict (flag and text), number of side-cars, and each as path, salt, plain. Kinds and payloads are carried as they are.

use std::fmt;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Origin, Record};

use super::bytes::{Reader, put_long, put_short};
use super::{Result, WireError};

/// A sealed field on its way: what the commitment in the payload hides. Outside hash and signature of the record.
#[derive(Clone, PartialEq, Eq)]
pub struct SideCar {
    /// Where the commitment stands in the payload.
    pub path: String,
    /// Salt of the commitment.
    pub salt: [u8; 16],
    /// The plain value.
    pub plain: Vec<u8>,
}

impl fmt::Debug for SideCar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SideCar({})", self.path)
    }
}

/// A record and its side-cars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRecord {
    /// The record; its position does not travel and is 0 after opening.
    pub record: Record,
    /// Its sealed fields.
    pub side_cars: Vec<SideCar>,
}

impl WireRecord {
    /// About as many bytes as [`encode`] will write.
    pub(super) fn size_hint(&self) -> usize {
        let cars: usize = self.side_cars.iter().map(|car| car.plain.len() + car.path.len() + 24).sum();
        260 + self.record.payload.len() + self.record.part.len() + cars
    }
}

/// Appends record number `index` (from 1).
pub(super) fn encode(out: &mut Vec<u8>, wire: &WireRecord, index: usize) -> Result<()> {
    let record = &wire.record;
    let origin = record.origin.as_ref().ok_or(WireError::Local { index })?;
    let bad = |field: &'static str| WireError::Record { index, field };
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    put_short(out, origin.node.as_bytes()).ok_or(bad("节点"))?;
    put_short(out, origin.stream.to_string().as_bytes()).ok_or(bad("记录链"))?;
    out.extend_from_slice(&origin.epoch.to_be_bytes());
    out.extend_from_slice(&origin.seq.to_be_bytes());
    out.extend_from_slice(&origin.prev);
    out.extend_from_slice(&origin.hash);
    put_short(out, record.kind.as_bytes()).ok_or(bad("类型"))?;
    out.extend_from_slice(record.object.as_bytes());
    put_short(out, record.part.as_bytes()).ok_or(bad("组成部分"))?;
    out.extend_from_slice(&record.term.to_be_bytes());
    out.extend_from_slice(&record.version.to_be_bytes());
    out.extend_from_slice(&record.at.millis().to_be_bytes());
    put_long(out, &record.payload).ok_or(bad("内容"))?;
    out.push(u8::from(record.verdict.is_some()));
    if let Some(verdict) = &record.verdict {
        put_short(out, verdict.as_bytes()).ok_or(bad("处理结论"))?;
    }
    let cars = u16::try_from(wire.side_cars.len()).map_err(|_| bad("加密字段"))?;
    out.extend_from_slice(&cars.to_be_bytes());
    for car in &wire.side_cars {
        put_short(out, car.path.as_bytes()).ok_or(bad("加密字段"))?;
        out.extend_from_slice(&car.salt);
        put_long(out, &car.plain).ok_or(bad("加密字段"))?;
    }
    let length = u32::try_from(out.len() - start - 4).map_err(|_| bad("内容"))?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// All records of a decompressed body; at most `limit`.
pub(super) fn decode_all(body: &[u8], expected: u32, limit: usize) -> Result<Vec<WireRecord>> {
    let capacity = usize::try_from(expected).unwrap_or(usize::MAX).min(limit);
    let mut records: Vec<WireRecord> = Vec::with_capacity(capacity);
    let mut reader = Reader::new(body);
    while !reader.is_empty() {
        let index = records.len() + 1;
        if index > limit {
            return Err(WireError::TooManyRecords { records: index, limit });
        }
        let frame = reader.long().map_err(|_| WireError::Record { index, field: "长度" })?;
        records.push(decode(frame, index)?);
    }
    Ok(records)
}

fn decode(frame: &[u8], index: usize) -> Result<WireRecord> {
    let bad = |field: &'static str| move |_: WireError| WireError::Record { index, field };
    let mut reader = Reader::new(frame);
    let node = text(&mut reader).map_err(bad("节点"))?;
    let stream = text(&mut reader).map_err(bad("记录链"))?;
    let origin = Origin {
        node,
        stream: stream.parse().map_err(|_| WireError::Record { index, field: "记录链" })?,
        epoch: reader.u32().map_err(bad("纪元"))?,
        seq: reader.u64().map_err(bad("序号"))?,
        prev: reader.array().map_err(bad("前一杂凑值"))?,
        hash: reader.array().map_err(bad("杂凑值"))?,
    };
    let record = Record {
        position: 0,
        origin: Some(origin),
        kind: text(&mut reader).map_err(bad("类型"))?,
        object: ObjectId::from_bytes(reader.array().map_err(bad("对象标识"))?),
        part: text(&mut reader).map_err(bad("组成部分"))?,
        term: reader.u32().map_err(bad("任期"))?,
        version: reader.u64().map_err(bad("版本"))?,
        at: Timestamp::from_millis(i64::from_be_bytes(reader.array().map_err(bad("时间"))?)),
        payload: reader.long().map_err(bad("内容"))?.to_vec(),
        verdict: match reader.u8().map_err(bad("处理结论"))? {
            0 => None,
            1 => Some(text(&mut reader).map_err(bad("处理结论"))?),
            _ => {
                return Err(WireError::Record { index, field: "处理结论" });
            }
        },
    };
    let side_cars = side_cars(&mut reader).map_err(bad("加密字段"))?;
    reader.end().map_err(bad("长度"))?;
    Ok(WireRecord { record, side_cars })
}

fn side_cars(reader: &mut Reader<'_>) -> Result<Vec<SideCar>> {
    let count = reader.u16()?;
    // Not reserved in advance: the count is input, the bytes behind it are what counts.
    let mut cars = Vec::new();
    for _ in 0..count {
        let path = text(reader)?;
        let salt = reader.array()?;
        cars.push(SideCar { path, salt, plain: reader.long()?.to_vec() });
    }
    Ok(cars)
}

fn text(reader: &mut Reader<'_>) -> Result<String> {
    let bytes = reader.short()?;
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| WireError::Truncated)
}
