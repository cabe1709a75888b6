//! Tables as text (CSV): UTF-8, UTF-16 or GB 18030; comma, semicolon or tab; quotes.
//!
//! Rows become those of [`crate::sheet`], which also knows the bounds. Rows: G-6.2.1a, H-6.2.

use encoding_rs::{Encoding, GB18030, UTF_8};
use suyuan_domain::fault::Fault;

use crate::sheet::{Cell, Counter, Mark, Row, too_wide, unreadable};

/// Reads a text as one sheet without a name.
pub(crate) fn read(bytes: &[u8], counter: &mut Counter<'_>) -> Result<(), Fault> {
    let text = decoded(bytes)?;
    if !counter.sheet("", false) {
        return Ok(());
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(&text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|_| unreadable())? {
        let number = record.position().map_or(0, csv::Position::line);
        let filled = (0..record.len()).rev().find(|at| record.get(*at).is_some_and(|text| !text.trim().is_empty()));
        let Some(last) = filled else { continue };
        if last >= counter.limits.columns {
            return Err(too_wide(counter.limits));
        }
        let most = counter.limits.cell;
        let cells = record.iter().take(last + 1).map(|text| Cell::new(plain(text), Mark::Plain, most)).collect();
        if !counter.row(Row { number: u32::try_from(number).unwrap_or(u32::MAX), cells })? {
            return Ok(());
        }
    }
    Ok(())
}

/// Spreadsheet programs are kept from turning a code into a number by `="0123"` or a tab before it.
fn plain(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("=\"").and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// The text of a file: what its byte order mark says, else UTF-8 if it is, else GB 18030, which holds GBK and GB 2312.
fn decoded(bytes: &[u8]) -> Result<String, Fault> {
    let unknown = || {
        let advice = "请另存为“CSV UTF-8（逗号分隔）”或 Excel 工作簿后上传";
        Fault::new("IMP-0105", "file", "文件的文字编码无法识别，或不是表格", advice)
    };
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let tried = marked.map_or_else(|| vec![UTF_8, GB18030], |encoding| vec![encoding]);
    for encoding in tried {
        let (text, _, wrong) = encoding.decode(bytes);
        // A file of another kind may happen to be readable; a table holds no zero bytes.
        if !wrong && !text.contains('\0') {
            // One end of lines, so that they are counted as an editor does.
            return Ok(text.replace("\r\n", "\n"));
        }
    }
    Err(unknown())
}

/// The sign that stands most often in the first line, outside of quotes.
fn separator(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in line.bytes() {
        quoted ^= byte == b'"';
        for (sign, count) in &mut counts {
            *count += usize::from(!quoted && *sign == byte);
        }
    }
    counts.into_iter().max_by_key(|(sign, count)| (*count, *sign == b',')).map_or(b',', |(sign, _)| sign)
}
