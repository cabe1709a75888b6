//! A table to be filled in, or a filled one to be mended, as a workbook: a head, hints, drop-down lists, rows with marked
//! cells, and a sheet that explains (G-6.2.1a, H-6.2).
//!
//! All cells are text, so that a spreadsheet program turns no code into a number. Which columns there are is the caller's
//! matter.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet,
};

use crate::ReportError;
use crate::sheet::{Cell, Sheet, Style, properties};
use crate::text::clean;

/// The rows that a drop-down list is offered in.
const FILLED: u32 = 10_000;

/// Options of a drop-down list at most.
const OPTIONS: usize = 500;

/// Longest text of a cell that is written, in characters.
const LONGEST: usize = 4_000;

/// A table to be filled in or mended (填报表格).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Title of the workbook.
    pub title: String,
    /// Who hands it out.
    pub author: String,
    /// When, e.g. `2026-11-01 08:00` in China standard time.
    pub made_at: String,
    /// Name of the sheet.
    pub sheet: String,
    /// Its columns.
    pub columns: Vec<FormColumn>,
    /// A row of hints below the head; empty for none.
    pub hints: Vec<String>,
    /// The rows.
    pub rows: Vec<FormRow>,
    /// Heads of the sheet that explains.
    pub guide_heads: Vec<String>,
    /// Its rows; empty for no such sheet.
    pub guide: Vec<Vec<String>>,
}

/// A column (列).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormColumn {
    /// Its head.
    pub head: String,
    /// Whether it stands out as one that must be filled in.
    pub required: bool,
    /// What may be chosen; empty for free texts.
    pub options: Vec<String>,
    /// Width in characters.
    pub width: u16,
}

/// A row (行).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormRow {
    /// Its texts.
    pub cells: Vec<String>,
    /// Columns that are marked as wrong.
    pub wrong: Vec<usize>,
}

struct Formats {
    head: Format,
    must: Format,
    hint: Format,
    text: Format,
    wrong: Format,
}

impl Formats {
    fn new() -> Self {
        let text = Format::new().set_num_format("@").set_align(FormatAlign::Top);
        let head = Format::new()
            .set_num_format("@")
            .set_bold()
            .set_background_color(Color::RGB(0x00E8_EEF7))
            .set_border_bottom(FormatBorder::Thin)
            .set_text_wrap()
            .set_align(FormatAlign::VerticalCenter);
        Self {
            must: head.clone().set_font_color(Color::RGB(0x00B4_2318)),
            head,
            hint: text.clone().set_italic().set_font_color(Color::RGB(0x0066_6F7F)).set_text_wrap(),
            wrong: text.clone().set_background_color(Color::RGB(0x00FD_E3E1)),
            text,
        }
    }
}

/// Renders a form to a workbook. The same form gives the same bytes.
///
/// # Errors
/// [`ReportError::Workbook`] if the workbook cannot be written.
pub fn render_form_xlsx(form: &Form) -> Result<Vec<u8>, ReportError> {
    let mut book = Workbook::new();
    book.set_properties(&properties(&form.title, "", &form.author, &form.made_at)?);
    let formats = Formats::new();
    let sheet = book.add_worksheet();
    sheet.set_name(&form.sheet)?;
    sheet.set_freeze_panes(1, 0)?;
    head(sheet, form, &formats)?;
    rows(sheet, form, &formats)?;
    choices(sheet, form)?;
    if !form.guide.is_empty() {
        guide(&mut book, form)?;
    }
    lists(&mut book, form)?;
    Ok(book.save_to_buffer()?)
}

fn head(sheet: &mut Worksheet, form: &Form, formats: &Formats) -> Result<(), ReportError> {
    sheet.set_row_height(0, 30)?;
    for (at, column) in (0_u16..).zip(&form.columns) {
        sheet.set_column_width(at, f64::from(column.width.clamp(8, 60)))?;
        sheet.set_column_format(at, &formats.text)?;
        let format = if column.required { &formats.must } else { &formats.head };
        sheet.write_string_with_format(0, at, text(&column.head), format)?;
    }
    if !form.hints.is_empty() {
        sheet.set_row_height(1, 48)?;
        for (at, hint) in (0_u16..).zip(&form.hints) {
            sheet.write_string_with_format(1, at, text(hint), &formats.hint)?;
        }
    }
    Ok(())
}

fn rows(sheet: &mut Worksheet, form: &Form, formats: &Formats) -> Result<(), ReportError> {
    let first = if form.hints.is_empty() { 1 } else { 2 };
    for (line, row) in (first..).zip(&form.rows) {
        for (at, cell) in (0_u16..).zip(&row.cells) {
            let wrong = row.wrong.contains(&usize::from(at));
            if cell.is_empty() && !wrong {
                continue;
            }
            let format = if wrong { &formats.wrong } else { &formats.text };
            sheet.write_string_with_format(line, at, text(cell), format)?;
        }
    }
    Ok(())
}

/// The name of the sheet that holds what the drop-down lists offer.
const LISTS: &str = "选项";

/// Where the options of a column stand; `None` for a column without a list.
fn range(at: u16, column: &FormColumn) -> Option<String> {
    let count = column.options.len().min(OPTIONS);
    let letters = rust_xlsxwriter::column_number_to_name(at);
    (count > 0).then(|| format!("='{LISTS}'!${letters}$1:${letters}${count}"))
}

fn choices(sheet: &mut Worksheet, form: &Form) -> Result<(), ReportError> {
    let first = if form.hints.is_empty() { 1 } else { 2 };
    for (at, column) in (0_u16..).zip(&form.columns) {
        let Some(range) = range(at, column) else { continue };
        let choice = DataValidation::new()
            .allow_list_formula(Formula::new(range))
            .set_error_style(DataValidationErrorStyle::Warning)
            .set_error_title("请从列表中选择")?
            .set_error_message("所填内容不在列表中，导入检查时会提示。")?;
        sheet.add_data_validation(first, at, first + FILLED, at, &choice)?;
    }
    Ok(())
}

fn lists(book: &mut Workbook, form: &Form) -> Result<(), ReportError> {
    if form.columns.iter().all(|column| column.options.is_empty()) {
        return Ok(());
    }
    let sheet = book.add_worksheet();
    sheet.set_name(LISTS)?;
    sheet.set_hidden(true);
    for (at, column) in (0_u16..).zip(&form.columns) {
        for (line, option) in (0_u32..).zip(column.options.iter().take(OPTIONS)) {
            sheet.write_string(line, at, text(option))?;
        }
    }
    Ok(())
}

fn guide(book: &mut Workbook, form: &Form) -> Result<(), ReportError> {
    let style = Style::new();
    let columns: Vec<(&str, f64)> = form.guide_heads.iter().map(|head| (head.as_str(), 22.0)).collect();
    let mut sheet = Sheet::new(book, &style, "填写说明", &columns)?;
    for row in &form.guide {
        let cells: Vec<Cell<'_>> = row.iter().map(|text| Cell::Text(text)).collect();
        sheet.row(&cells)?;
    }
    Ok(())
}

/// A text as a cell of a form holds it.
fn text(content: &str) -> String {
    clean(content).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Data, Reader, Xlsx};

    #[test]
    fn g_6_2_1a_a_form_offers_lists_explains_itself_and_keeps_codes_as_text() {
        let column = |head: &str, options: &[&str]| FormColumn {
            head: head.to_owned(),
            required: true,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            width: 20,
        };
        let form = Form {
            title: "导入模板".to_owned(),
            sheet: "主体".to_owned(),
            columns: vec![column("编码*", &[]), column("类别*", &["食品", "药品"])],
            hints: vec!["填写说明：编码".to_owned(), "从列表选择".to_owned()],
            rows: vec![FormRow { cells: vec!["00370202".to_owned(), "=1+1".to_owned()], wrong: vec![1] }],
            guide_heads: vec!["字段".to_owned()],
            guide: vec![vec!["编码".to_owned()]],
            ..Form::default()
        };
        let bytes = render_form_xlsx(&form).expect("a workbook");
        assert_eq!(bytes, render_form_xlsx(&form).expect("the same"));
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).expect("a workbook");
        assert_eq!(book.sheet_names(), ["主体", "填写说明", "选项"]);
        let sheet = book.worksheet_range("主体").expect("the sheet");
        assert_eq!(sheet.get_value((2, 0)), Some(&Data::String("00370202".to_owned())));
        assert_eq!(sheet.get_value((2, 1)), Some(&Data::String("=1+1".to_owned())), "text is never a formula");
        assert_eq!(book.worksheet_range("选项").expect("the lists").height(), 2);
    }
}
