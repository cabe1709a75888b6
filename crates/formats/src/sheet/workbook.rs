//! Workbooks (XLSX) as rows. The archive is unpacked once into nothing, to know its size, before anything of it is kept.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use calamine::{DataRef, Dimensions, Reader, SheetType, SheetVisible, Xlsx};
use suyuan_domain::fault::Fault;
use zip::ZipArchive;

use super::{Cell, Counter, Limits, Mark, Row, too_wide, unreadable};

/// Parts of an archive at most.
const MOST_PARTS: usize = 2_000;

/// Elements of the table of texts at most: each costs memory, however little it says.
const MOST_TEXTS: u64 = 24_000_000;

/// Elements of every other part but the sheets themselves.
const MOST_ELEMENTS: u64 = 4_000_000;

/// Merged cells of a sheet that are looked at.
const MOST_MERGED: usize = 20_000;

pub(super) fn read<R: Read + Seek>(source: R, counter: &mut Counter<'_>) -> Result<(), Fault> {
    let source = measured(source, counter.limits)?;
    let mut book = Xlsx::new(source).map_err(|_| unreadable())?;
    let all = book.sheets_metadata().to_vec();
    let sheets: Vec<_> = all.into_iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    if sheets.len() > counter.limits.sheets {
        let reason = format!("工作簿超过 {} 个工作表", counter.limits.sheets);
        return Err(Fault::new("IMP-0109", "file", reason, "请删除不需要的工作表"));
    }
    for sheet in sheets {
        let merged = book.merge_cells_by_sheet_name(&sheet.name).unwrap_or_default();
        if !counter.sheet(&sheet.name, sheet.visible != SheetVisible::Visible) {
            return Ok(());
        }
        let merged = Merged::new(merged, counter.limits);
        if !one(&mut book, &sheet.name, merged, counter)? {
            return Ok(());
        }
    }
    Ok(())
}

/// The same source, rewound, of a size that may be opened.
fn measured<R: Read + Seek>(mut source: R, limits: &Limits) -> Result<R, Fault> {
    let too_large = || {
        let reason = format!("工作簿展开后超过 {} MB", limits.unpacked >> 20);
        Fault::new("IMP-0104", "file", reason, "请只保留要导入的数据，删除图片、格式和多余的工作表")
    };
    let mut archive = ZipArchive::new(&mut source).map_err(|_| unreadable())?;
    if archive.len() > MOST_PARTS {
        return Err(too_large());
    }
    let mut left = limits.unpacked;
    let mut buffer = vec![0; 64 << 10];
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|_| unreadable())?;
        let name = part.name().map_err(|_| unreadable())?.to_ascii_lowercase();
        let most = match name.as_str() {
            name if name.contains("worksheets/") => u64::MAX,
            name if name.ends_with("sharedstrings.xml") => MOST_TEXTS,
            _ => MOST_ELEMENTS,
        };
        let mut elements: u64 = 0;
        loop {
            let read = part.read(&mut buffer).map_err(|_| unreadable())?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            left = left.checked_sub(read as u64).ok_or_else(too_large)?;
            elements += bytes.iter().filter(|byte| **byte == b'<').count() as u64;
            if elements > most {
                return Err(too_large());
            }
        }
    }
    drop(archive);
    source.rewind().map_err(|_| unreadable())?;
    Ok(source)
}

/// Reads a sheet; says whether to go on.
fn one<R: Read + Seek>(
    book: &mut Xlsx<R>,
    name: &str,
    mut merged: Merged,
    counter: &mut Counter<'_>,
) -> Result<bool, Fault> {
    let limits = *counter.limits;
    let mut reader = book.worksheet_cells_reader(name).map_err(|_| unreadable())?;
    let mut row: Option<u32> = None;
    let mut cells: BTreeMap<u32, Cell> = BTreeMap::new();
    while let Some(record) = reader.next_cell_with_formula_metadata().map_err(|_| unreadable())? {
        let (at, column) = record.pos;
        if row.is_some_and(|row| row != at) {
            let full = std::mem::take(&mut cells);
            if !flush(row.unwrap_or_default(), full, &mut merged, counter)? {
                return Ok(false);
            }
        }
        row = Some(at);
        let cell = cell(&record.value, record.formula.is_some(), &limits);
        if cell.text.is_empty() && cell.mark == Mark::Plain {
            continue;
        }
        if column as usize >= limits.columns {
            return Err(too_wide(&limits));
        }
        cells.insert(column, cell);
    }
    flush(row.unwrap_or_default(), cells, &mut merged, counter)
}

fn flush(
    row: u32,
    mut filled: BTreeMap<u32, Cell>,
    merged: &mut Merged,
    counter: &mut Counter<'_>,
) -> Result<bool, Fault> {
    if filled.is_empty() {
        return Ok(true);
    }
    merged.cover(row, &mut filled);
    let last = filled.keys().next_back().copied().unwrap_or_default();
    let cells = (0..=last).map(|column| filled.remove(&column).unwrap_or_default()).collect();
    counter.row(Row { number: row.saturating_add(1), cells })
}

fn cell(value: &DataRef<'_>, formula: bool, limits: &Limits) -> Cell {
    let of = |text: &str, mark: Mark| Cell::new(text, mark, limits.cell);
    let cell = match value {
        DataRef::Empty if formula => return of("", Mark::NoResult),
        DataRef::Empty => Cell::default(),
        DataRef::Int(value) => of(&value.to_string(), Mark::Number),
        DataRef::Float(value) => number(*value),
        DataRef::String(text) => of(text, Mark::Plain),
        DataRef::SharedString(text) => of(text, Mark::Plain),
        DataRef::Bool(value) => of(if *value { "是" } else { "否" }, Mark::Plain),
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute, second) {
                (0, 0, 0) => of(&day, Mark::Plain),
                _ => of(&format!("{day} {hour:02}:{minute:02}:{second:02}"), Mark::Plain),
            }
        }
        DataRef::DateTime(moment) => number(moment.as_f64()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => of(text, Mark::Plain),
        DataRef::Error(error) => of(&error.to_string(), Mark::Error),
    };
    let counts = formula && matches!(cell.mark, Mark::Plain | Mark::Number);
    if counts { Cell { mark: Mark::Formula, ..cell } } else { cell }
}

/// A number as its cell shows it: 15 digits are all that it holds.
fn number(value: f64) -> Cell {
    const HOLDS: f64 = 1e15;
    if !value.is_finite() {
        return Cell { text: value.to_string(), mark: Mark::Error };
    }
    if value.abs() >= HOLDS {
        return Cell { text: format!("{value:.0}"), mark: Mark::Lossy };
    }
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    // A zero has no sign.
    Cell { text: (rounded + 0.0).to_string(), mark: Mark::Number }
}

/// The merged cells of a sheet, met from the top down.
struct Merged {
    waiting: Vec<Dimensions>,
    open: Vec<(Dimensions, Cell)>,
    columns: u32,
}

impl Merged {
    fn new(mut regions: Vec<Dimensions>, limits: &Limits) -> Self {
        regions.truncate(MOST_MERGED);
        // The topmost one last, to be taken first.
        regions.sort_by_key(|region| std::cmp::Reverse(region.start));
        Self { waiting: regions, open: Vec::new(), columns: u32::try_from(limits.columns).unwrap_or(u32::MAX) }
    }

    /// Puts the text of merged cells into the empty cells that they cover.
    fn cover(&mut self, row: u32, filled: &mut BTreeMap<u32, Cell>) {
        self.open.retain(|(region, _)| region.end.0 >= row);
        while let Some(region) = self.waiting.pop_if(|region| region.start.0 <= row) {
            let head = filled.get(&region.start.1).filter(|_| region.start.0 == row);
            if let Some(head) = head.filter(|_| region.end.0 >= row) {
                let text = Cell { text: head.text.clone(), mark: Mark::Merged };
                self.open.push((region, text));
            }
        }
        for (region, cell) in &self.open {
            for column in region.start.1..=region.end.1.min(self.columns.saturating_sub(1)) {
                if (row, column) != region.start {
                    filled.entry(column).or_insert_with(|| cell.clone());
                }
            }
        }
    }
}
