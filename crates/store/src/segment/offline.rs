//! Reading a sealed segment without a database: every record with its place, and the first thing that is false.
//!
//! Whether the records continue their chains is left to the caller, who walks over several segments.

use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::record::Record;

use super::{Decoder, MAGIC};
use crate::Result;
use crate::error::StoreError;

/// A segment file that was read.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// Its records, each with its first byte in the unpacked body; where the file is damaged, those before the fault.
    pub records: Vec<(u64, Record)>,
    /// What is wrong with the file, in Chinese; `None` where its signature holds.
    pub fault: Option<String>,
}

/// Reads a segment. One of `signers` must have signed it; a file that nobody signed is read as far as it goes, so that the
/// first false record can be named.
#[must_use]
pub fn open(bytes: &[u8], signers: &[VerifyingKey]) -> Opened {
    let Ok((signature, body)) = split(bytes) else {
        return Opened { fault: Some("不是日志封存文件，或文件不完整".to_owned()), ..Opened::default() };
    };
    let is_signed = signers.iter().any(|key| key.verify(body, signature).is_ok());
    let (plain, is_whole) = unpack(body);
    let (records, rest) = records(&plain);
    let fault = match (is_signed, is_whole && rest) {
        (true, true) => None,
        (true, false) => Some("签名正确但内容无法识别".to_owned()),
        (false, _) => Some(format!("内容或签名被改动；解开后前 {} 字节、{} 条记录可读", plain.len(), records.len())),
    };
    Opened { records, fault }
}

fn split(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let rest = bytes.strip_prefix(MAGIC.as_slice()).ok_or_else(|| StoreError::damaged("segment", "magic"))?;
    let mut decoder = Decoder(rest);
    let signature = decoder.bytes()?;
    Ok((signature, decoder.0))
}

/// The body as far as it can be unpacked, and whether that is all of it.
fn unpack(body: &[u8]) -> (Vec<u8>, bool) {
    use std::io::Read;
    let mut plain = Vec::new();
    let Ok(mut reader) = zstd::stream::Decoder::new(body) else { return (plain, false) };
    let mut piece = [0_u8; 8192];
    loop {
        match reader.read(&mut piece) {
            Ok(0) => return (plain, true),
            Ok(read) => plain.extend_from_slice(&piece[..read]),
            Err(_) => return (plain, false),
        }
    }
}

/// The records that can be read, and whether nothing is left behind them.
fn records(plain: &[u8]) -> (Vec<(u64, Record)>, bool) {
    let mut records = Vec::new();
    let mut rest = plain;
    while !rest.is_empty() {
        let mut decoder = Decoder(rest);
        let Ok(record) = decoder.record() else { return (records, false) };
        records.push(((plain.len() - rest.len()) as u64, record));
        rest = decoder.0;
    }
    (records, true)
}
