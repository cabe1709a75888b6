//! The parts of which a workbook is put together: sheets that are filled line by line (G-6.8.3).
//!
//! Text from data is written as text and never as a formula or a link. Figures that are plain decimals become numbers, so
//! that they can be summed; everything else, codes above all, stays text.

use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use crate::text::clean;
use crate::{ReportError, moment};

/// Longest text a cell can hold, in UTF-16 units.
const LONGEST_TEXT: usize = 32_767;
/// Most lines of a sheet, without the head.
pub(crate) const MOST_ROWS: usize = 1_048_575;

/// The properties of a workbook, with the frozen time of its edition.
pub(crate) fn properties(
    title: &str,
    number: &str,
    node_name: &str,
    generated_at: &str,
) -> Result<DocProperties, ReportError> {
    // Without a readable time of the edition a fixed one is better than the time of rendering.
    let date = match moment::parse(generated_at) {
        Some(m) => ExcelDateTime::from_ymd(m.year, m.month, m.day)?.and_hms(
            u16::from(m.hour),
            m.minute,
            f64::from(m.second),
        )?,
        None => ExcelDateTime::from_ymd(2000, 1, 1)?,
    };
    Ok(DocProperties::new()
        .set_title(clean(title))
        .set_subject(clean(number))
        .set_author(clean(node_name))
        .set_creation_datetime(&date))
}

/// The formats of a workbook.
pub(crate) struct Style {
    head: Format,
    text: Format,
}

impl Style {
    pub(crate) fn new() -> Self {
        let head = Format::new()
            .set_bold()
            .set_background_color(Color::RGB(0x00E8_EEF7))
            .set_border_bottom(FormatBorder::Thin)
            .set_text_wrap()
            .set_align(FormatAlign::VerticalCenter);
        let text = Format::new().set_align(FormatAlign::Top);
        Self { head, text }
    }
}

/// A sheet that is filled line by line.
pub(crate) struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    style: &'a Style,
    next: u32,
}

impl<'a> Sheet<'a> {
    /// Adds a sheet with a head that stays in view and is repeated in print; column widths in characters.
    pub(crate) fn new(
        workbook: &'a mut Workbook,
        style: &'a Style,
        name: &str,
        columns: &[(&str, f64)],
    ) -> Result<Self, ReportError> {
        let sheet = workbook.add_worksheet();
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_repeat_rows(0, 0)?;
        sheet.set_paper_size(9);
        for (column, (head, width)) in (0_u16..).zip(columns) {
            sheet.write_string_with_format(0, column, text(head), &style.head)?;
            sheet.set_column_width(column, *width)?;
        }
        Ok(Self { sheet, style, next: 1 })
    }

    /// Appends a line.
    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), ReportError> {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Text(content) => {
                    let format = &self.style.text;
                    self.sheet.write_string_with_format(self.next, column, text(content), format)?;
                }
                Cell::Count(count) => {
                    // Exact up to 2^53, far above any count of records.
                    self.sheet.write_number(self.next, column, *count as f64)?;
                }
                Cell::Figure(content) => self.figure(column, content)?,
            }
        }
        self.next += 1;
        Ok(())
    }

    /// Puts filters over the lines written so far.
    pub(crate) fn filter(&mut self, columns: usize) -> Result<(), ReportError> {
        let last_column = u16::try_from(columns.saturating_sub(1)).unwrap_or(u16::MAX);
        let last_row = self.next.saturating_sub(1);
        self.sheet.autofilter(0, 0, last_row, last_column)?;
        Ok(())
    }

    fn figure(&mut self, column: u16, content: &str) -> Result<(), ReportError> {
        match plain_decimal(content) {
            Some((value, 0)) => self.sheet.write_number(self.next, column, value)?,
            Some((value, places)) => {
                let format = Format::new().set_num_format(format!("0.{}", "0".repeat(places)));
                self.sheet.write_number_with_format(self.next, column, value, &format)?
            }
            None => self.sheet.write_string(self.next, column, text(content))?,
        };
        Ok(())
    }
}

/// One cell.
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Count(u64),
    /// A figure as shown: a number when it is a plain decimal, else text.
    Figure(&'a str),
}

/// The value and number of decimals of texts like `94.2`, `-3` or `1,204`.
fn plain_decimal(content: &str) -> Option<(f64, usize)> {
    let digits = content.trim().strip_prefix(['-', '+']).unwrap_or(content.trim());
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let groups_fit =
        !whole.contains(',') || whole.split(',').enumerate().all(|(i, g)| g.len() == 3 || (i == 0 && g.len() < 3));
    let only_digits =
        whole.chars().all(|c| c.is_ascii_digit() || c == ',') && fraction.chars().all(|c| c.is_ascii_digit());
    let usual = !whole.is_empty() && whole.len() <= 15 && fraction.len() <= 6;
    let complete = digits.contains('.') != fraction.is_empty();
    if !(groups_fit && only_digits && usual && complete) {
        return None;
    }
    let value = content.trim().replace(',', "").parse().ok()?;
    Some((value, fraction.len()))
}

/// The text as a cell can hold it.
fn text(content: &str) -> String {
    const MARK: &str = "…（内容过长，已截断）";
    let content = clean(content);
    if content.encode_utf16().count() <= LONGEST_TEXT {
        return content;
    }
    let room = LONGEST_TEXT - MARK.encode_utf16().count();
    let mut used = 0;
    let mut kept: String = content
        .chars()
        .take_while(|c| {
            used += c.len_utf16();
            used <= room
        })
        .collect();
    kept.push_str(MARK);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_become_numbers() {
        let numbers = [("94.2", 94.2, 1), ("-3", -3.0, 0), ("1,204", 1204.0, 0), ("0.50", 0.5, 2)];
        for (content, value, places) in numbers {
            assert_eq!(plain_decimal(content), Some((value, places)), "{content}");
        }
        for content in ["", "不适用", "—", "98%", "1e9", "12,3", ".5", "5.", "=1+1", "370200370200370200"] {
            assert_eq!(plain_decimal(content), None, "{content}");
        }
    }

    #[test]
    fn a_text_longer_than_a_cell_is_cut_visibly() {
        let cut = text(&"文".repeat(40_000));
        assert_eq!(cut.encode_utf16().count(), LONGEST_TEXT);
        assert!(cut.ends_with("已截断）"));
    }
}
