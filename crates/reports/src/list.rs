//! Files of lists (清单导出): the rows of one table as comma-separated text or as a workbook, nothing else on the page
//! (G-6.2.2a, G-6.2.3, H-6.2).
//!
//! The caller words every cell. Here is only what makes a file safe to open: text never becomes a formula.

use rust_xlsxwriter::Workbook;

use crate::sheet::{Cell, MOST_ROWS, Sheet, Style, properties};
use crate::text::clean;
use crate::{Alignment, ReportError, Table};

/// Byte order mark, by which spreadsheet programs know UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();
/// Characters that make a spreadsheet program take a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The table as comma-separated text in UTF-8 with a byte order mark. A cell that a spreadsheet program would take for a
/// formula begins with an apostrophe; plain numbers stay as they are.
#[must_use]
pub fn render_list_csv(table: &Table) -> Vec<u8> {
    let mut out = MARK.to_vec();
    line(&mut out, table.columns.iter().map(|column| column.name.as_str()));
    for row in &table.rows {
        line(&mut out, row.iter().map(String::as_str).chain(std::iter::repeat("")).take(table.columns.len()));
    }
    out
}

fn line<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = &'a str>) {
    for (at, text) in cells.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        cell(out, text);
    }
    out.extend_from_slice(b"\r\n");
}

fn cell(out: &mut Vec<u8>, text: &str) {
    let text = clean(text);
    let guard = text.starts_with(FORMULA) && !is_number(&text);
    let quoted = guard || text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ');
    if !quoted {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    if guard {
        out.push(b'\'');
    }
    out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    out.push(b'"');
}

/// Whether a text is a sign and digits with at most one point.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// The table as a workbook with one sheet. `name` is that of the sheet, `made` who made it and when, such as
/// `2026-11-21 08:00`.
///
/// # Errors
/// [`ReportError::Workbook`] if the workbook cannot be written.
pub fn render_list_xlsx(name: &str, table: &Table, made: (&str, &str)) -> Result<Vec<u8>, ReportError> {
    let mut book = Workbook::new();
    book.set_properties(&properties(name, name, made.0, made.1)?);
    let style = Style::new();
    let width = |column: &crate::Column| if column.alignment == Alignment::Text { 22.0 } else { 12.0 };
    let columns: Vec<(&str, f64)> = table.columns.iter().map(|column| (column.name.as_str(), width(column))).collect();
    let usable: String =
        clean(name).replace(['[', ']', ':', '*', '?', '/', '\\', '\''], " ").chars().take(30).collect();
    let mut sheet = Sheet::new(&mut book, &style, &usable, &columns)?;
    for row in table.rows.iter().take(MOST_ROWS) {
        let texts = row.iter().map(String::as_str).chain(std::iter::repeat(""));
        let cells: Vec<Cell<'_>> = table
            .columns
            .iter()
            .zip(texts)
            .map(
                |(column, text)| {
                    if column.alignment == Alignment::Text { Cell::Text(text) } else { Cell::Figure(text) }
                },
            )
            .collect();
        sheet.row(&cells)?;
    }
    sheet.filter(table.columns.len())?;
    Ok(book.save_to_buffer()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;

    fn table(rows: &[&[&str]]) -> Table {
        let column = |name: &str| Column { name: name.to_owned(), share: 1, alignment: Alignment::Text };
        let rows = rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        Table { columns: vec![column("名称"), column("编码")], rows }
    }

    #[test]
    fn h_6_2_no_cell_becomes_a_formula() {
        let rows: [&[&str]; 4] =
            [&["=1+1", "+86"], &["-5", "@SUM(A1)"], &["青岛,“厂”", "a\"b"], &["\tx", "short row too long", "left out"]];
        let text = String::from_utf8(render_list_csv(&table(&rows))).expect("UTF-8");
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').split("\r\n").collect();
        assert!(text.starts_with('\u{feff}'));
        assert_eq!(lines[0], "名称,编码");
        assert_eq!(lines[1], "\"'=1+1\",+86");
        assert_eq!(lines[2], "-5,\"'@SUM(A1)\"");
        assert_eq!(lines[3], "\"青岛,“厂”\",\"a\"\"b\"");
        assert!(!lines[4].contains("left out"));
    }

    #[test]
    fn h_6_2_a_workbook_has_every_row() -> Result<(), ReportError> {
        let bytes =
            render_list_xlsx("追溯主体[1]", &table(&[&["=1+1", "1"], &["b", "2"]]), ("青岛市", "2026-11-21 08:00"))?;
        assert!(bytes.starts_with(b"PK"));
        Ok(())
    }
}
