//! Tables that people upload, whatever made them: workbooks (XLSX) and texts (CSV) become the same rows of cells.
//!
//! A cell keeps what its file did to it as a [`Mark`]: a code that was kept as a number, a formula without a result, a part
//! of a merged cell. What a column means and what to say about a mark is left to the caller. Bounds are those of
//! [`Limits`]; a workbook is measured unpacked before it is opened. Rows: G-6.2.1a, H-6.2.

mod workbook;

use std::io::{Read, Seek, SeekFrom};

use suyuan_domain::fault::Fault;

use crate::csv_table;

/// How much is taken of a table.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a workbook when unpacked.
    pub unpacked: u64,
    /// Rows of all sheets, heads included.
    pub rows: usize,
    /// Columns of a sheet.
    pub columns: usize,
    /// Characters of a cell; what is longer is cut and marked.
    pub cell: usize,
    /// Sheets of a workbook.
    pub sheets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked: 512 << 20, rows: 200_000, columns: 200, cell: 2_000, sheets: 50 }
    }
}

/// What its file did to a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    #[default]
    Plain,
    /// Kept as a number: leading zeros are gone if there were any.
    Number,
    /// Kept as a number of more digits than a number holds (15): the last ones are not what was typed.
    Lossy,
    /// The result of a formula when the file was saved.
    Formula,
    /// A formula without a result.
    NoResult,
    /// An error value such as `#N/A`.
    Error,
    /// Covered by a merged cell; the text is that cell's.
    Merged,
    /// Longer than is taken; the text is the beginning.
    TooLong,
}

impl Mark {
    const ALL: [(Self, char); 8] = [
        (Self::Plain, '.'),
        (Self::Number, 'n'),
        (Self::Lossy, 'l'),
        (Self::Formula, 'f'),
        (Self::NoResult, 'r'),
        (Self::Error, 'e'),
        (Self::Merged, 'm'),
        (Self::TooLong, 't'),
    ];

    /// One letter, for keeping.
    #[must_use]
    pub fn letter(self) -> char {
        Self::ALL.iter().find(|(mark, _)| *mark == self).map_or('.', |(_, letter)| *letter)
    }

    /// Reads the letter; others are [`Mark::Plain`].
    #[must_use]
    pub fn of_letter(letter: char) -> Self {
        Self::ALL.iter().find(|(_, own)| *own == letter).map_or(Self::Plain, |(mark, _)| *mark)
    }
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its text without blanks around; days as `2026-11-21`, truths as 是 and 否.
    pub text: String,
    /// What its file did to it.
    pub mark: Mark,
}

impl Cell {
    /// A cell of this text, cut where it is longer than `most` characters.
    pub(crate) fn new(text: &str, mark: Mark, most: usize) -> Self {
        let text = text.trim();
        match text.char_indices().nth(most) {
            Some((end, _)) => Self { text: text[..end].to_owned(), mark: Mark::TooLong },
            None => Self { text: text.to_owned(), mark },
        }
    }
}

/// A row that has at least one filled cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Number as the sender sees it, from 1.
    pub number: u32,
    /// Its cells from the first column.
    pub cells: Vec<Cell>,
}

/// A piece of a table, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A sheet begins.
    Sheet {
        /// Its name; empty for texts.
        name: String,
        /// Whether its author hid it.
        hidden: bool,
    },
    /// A row of the sheet that began last.
    Row(Row),
}

/// Counts rows over all sheets.
pub(crate) struct Counter<'a> {
    pub(crate) limits: &'a Limits,
    rows: usize,
    take: &'a mut dyn FnMut(Part) -> bool,
}

impl Counter<'_> {
    /// Hands a row on; says whether to go on.
    pub(crate) fn row(&mut self, row: Row) -> Result<bool, Fault> {
        self.rows += 1;
        if self.rows > self.limits.rows {
            let reason = format!("表格超过 {} 行", self.limits.rows);
            return Err(Fault::new("IMP-0107", "file", reason, "请拆分为多个文件导入"));
        }
        Ok((self.take)(Part::Row(row)))
    }

    /// Begins a sheet; says whether to go on.
    pub(crate) fn sheet(&mut self, name: &str, hidden: bool) -> bool {
        (self.take)(Part::Sheet { name: name.to_owned(), hidden })
    }
}

pub(crate) fn too_wide(limits: &Limits) -> Fault {
    Fault::new("IMP-0108", "file", format!("表格超过 {} 列", limits.columns), "请使用模板，删除多余的列")
}

pub(crate) fn unreadable() -> Fault {
    Fault::new("IMP-0102", "file", "文件无法读取", "请重新选择文件，或另存后再上传")
}

/// Reads a table piece by piece, until `take` says `false`. What it is shows in its first bytes, not in its name.
///
/// # Errors
/// `IMP-0101` for an empty file, `0102` for a damaged one, `0103` for other forms, `0104` for a workbook that is too large
/// when unpacked, `0105` for an unknown encoding, `0107` and `0108` for too many rows or columns.
pub fn read<R: Read + Seek>(mut source: R, limits: &Limits, take: &mut dyn FnMut(Part) -> bool) -> Result<(), Fault> {
    let mut first = Vec::new();
    source.by_ref().take(8).read_to_end(&mut first).map_err(|_| unreadable())?;
    source.seek(SeekFrom::Start(0)).map_err(|_| unreadable())?;
    let mut counter = Counter { limits, rows: 0, take };
    if first.is_empty() {
        return Err(Fault::new("IMP-0101", "file", "文件是空的", "请选择填写好的表格"));
    }
    if first.starts_with(b"PK") {
        return workbook::read(source, &mut counter);
    }
    if first.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        let advice = "请去掉打开密码，并另存为“Excel 工作簿（.xlsx）”后上传";
        return Err(Fault::new("IMP-0103", "file", "文件是旧版 Excel（.xls）或设有打开密码", advice));
    }
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|_| unreadable())?;
    csv_table::read(&bytes, &mut counter)
}

#[cfg(test)]
mod tests;
