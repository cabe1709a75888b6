//! Reports that are texts and tables: transmission faults, data quality, chain report, industry statistics
//! (G-5.4.4a, G-6.4.1b, G-6.4.2b, G-6.5.4, G-6.6.1c, G-6.7.3).
//!
//! The caller names the sections, the columns and the cells; this module knows no particular report. As with
//! [`crate::EvaluationEdition`], all figures were computed, rounded and worded before they came here.

use rust_xlsxwriter::Workbook;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::page::{Cell as PageCell, MOST_ROWS as MOST_ROWS_OF_MAIL, Page};
use crate::sheet::{Cell as SheetCell, MOST_ROWS, Sheet, Style, properties};
use crate::text::clean;
use crate::world::{RenderedPdf, ReportWorld, typeset};
use crate::{Fonts, ReportError};

const TEMPLATE: &str = include_str!("../../../reports/tabular.typ");
/// Longest name of a sheet, in characters.
const LONGEST_SHEET_NAME: usize = 31;

/// One numbered edition of a report made of texts and tables (表格报告).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct TabularEdition {
    /// Number of the edition, unique in the node.
    pub number: String,
    /// Title as printed on the cover.
    pub title: String,
    /// Name of the issuing node.
    pub node_name: String,
    /// Code of the issuing node.
    pub node_code: String,
    /// The period reported on.
    pub period: String,
    /// When the edition was frozen, e.g. `2026-11-01 08:00` in China standard time; also the creation time of the files.
    pub generated_at: String,
    /// Data received until this time were counted.
    pub data_until: String,
    /// The sections in the order of printing.
    pub sections: Vec<Section>,
    /// Remarks on scope and method.
    pub notes: Vec<String>,
}

/// A section of a report (章节): paragraphs, then a table.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Section {
    /// Its heading, without a number.
    pub heading: String,
    /// Paragraphs before the table.
    pub paragraphs: Vec<String>,
    /// The table, if any. A table without rows is printed as 本节没有数据.
    pub table: Option<Table>,
}

/// A table (表).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; a short row is filled with `—`, cells beyond the columns are not printed.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table (列).
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its share of the width of the page, relative to the others; 0 counts as 1.
    pub share: u16,
    /// Whether it holds words or figures.
    pub alignment: Alignment,
}

/// What a column holds, and so how it is aligned (对齐).
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alignment {
    /// Words and codes, aligned left; always text in a workbook.
    Text,
    /// Figures, aligned right; numbers in a workbook where they are plain decimals.
    Figure,
}

impl TabularEdition {
    fn facts(&self) -> [(&str, &str); 6] {
        [
            ("报告编号", &self.number),
            ("报告期", &self.period),
            ("编制节点", &self.node_name),
            ("节点编码", &self.node_code),
            ("生成时间", &self.generated_at),
            ("数据截至", &self.data_until),
        ]
    }
}

impl Table {
    /// The cells of a row, as many as there are columns.
    fn cells<'a>(&'a self, row: &'a [String]) -> impl Iterator<Item = (&'a Column, &'a str)> {
        let texts = row.iter().map(String::as_str).chain(std::iter::repeat(""));
        self.columns.iter().zip(texts.map(|text| if text.is_empty() { "—" } else { text }))
    }
}

/// Renders a report of texts and tables to a PDF file. The same edition and fonts give the same bytes.
///
/// # Errors
/// [`ReportError::Typesetting`] if the template fails.
pub fn render_tabular_pdf(edition: &TabularEdition, fonts: &Fonts) -> Result<RenderedPdf, ReportError> {
    let sections: Vec<_> = edition
        .sections
        .iter()
        .map(|section| {
            let table = section.table.as_ref().map(|table| {
                let cells: Vec<&str> =
                    table.rows.iter().flat_map(|row| table.cells(row)).map(|(_, text)| text).collect();
                json!({ "columns": table.columns, "cells": cells })
            });
            json!({ "heading": section.heading, "paragraphs": section.paragraphs, "table": table })
        })
        .collect();
    let data = json!({
        "family": fonts.family(),
        "title": edition.title,
        "number": edition.number,
        "node_name": edition.node_name,
        "period": edition.period,
        "facts": edition.facts(),
        "sections": sections,
        "notes": edition.notes,
    });
    let world = ReportWorld::new(fonts, TEMPLATE, data)?;
    typeset(&world, &edition.number, &edition.generated_at)
}

/// Renders a report of texts and tables as an HTML document for a mail body.
#[must_use]
pub fn render_tabular_html(edition: &TabularEdition) -> String {
    let mut page = Page::open(&edition.title, &edition.facts());
    for section in &edition.sections {
        page.heading(&section.heading);
        for paragraph in &section.paragraphs {
            page.paragraph(paragraph);
        }
        if let Some(table) = &section.table {
            html_table(&mut page, table);
        }
    }
    page.list("说明", &edition.notes);
    page.close()
}

fn html_table(page: &mut Page, table: &Table) {
    if table.rows.is_empty() {
        page.paragraph("本节没有数据。");
        return;
    }
    let heads: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    page.open_table(&heads);
    for row in table.rows.iter().take(MOST_ROWS_OF_MAIL) {
        let cells: Vec<PageCell<'_>> = table
            .cells(row)
            .map(|(column, text)| match column.alignment {
                Alignment::Text => PageCell::Text(text),
                Alignment::Figure => PageCell::Figure(text),
            })
            .collect();
        page.row(&cells);
    }
    page.close_table();
    page.rows_left_out(table.rows.len());
}

/// Renders a report of texts and tables to a workbook: one sheet with the texts, one for each table.
///
/// # Errors
/// [`ReportError::Workbook`] if the workbook cannot be written.
pub fn render_tabular_xlsx(edition: &TabularEdition) -> Result<Vec<u8>, ReportError> {
    let mut book = Workbook::new();
    book.set_properties(&properties(&edition.title, &edition.number, &edition.node_name, &edition.generated_at)?);
    let style = Style::new();
    let mut texts = Sheet::new(&mut book, &style, "概况", &[("项目", 22.0), ("内容", 100.0)])?;
    texts.row(&[SheetCell::Text("标题"), SheetCell::Text(&edition.title)])?;
    for (label, value) in edition.facts() {
        texts.row(&[SheetCell::Text(label), SheetCell::Text(value)])?;
    }
    for section in &edition.sections {
        for paragraph in &section.paragraphs {
            texts.row(&[SheetCell::Text(&section.heading), SheetCell::Text(paragraph)])?;
        }
    }
    for note in &edition.notes {
        texts.row(&[SheetCell::Text("说明"), SheetCell::Text(note)])?;
    }
    for (index, section) in edition.sections.iter().enumerate() {
        if let Some(table) = &section.table {
            sheet_of(&mut book, &style, &sheet_name(index, &section.heading), table)?;
        }
    }
    Ok(book.save_to_buffer()?)
}

fn sheet_of(book: &mut Workbook, style: &Style, name: &str, table: &Table) -> Result<(), ReportError> {
    let columns: Vec<(&str, f64)> = table
        .columns
        .iter()
        .map(|column| (column.name.as_str(), if column.alignment == Alignment::Text { 26.0 } else { 14.0 }))
        .collect();
    let mut sheet = Sheet::new(book, style, name, &columns)?;
    for row in table.rows.iter().take(MOST_ROWS) {
        let cells: Vec<SheetCell<'_>> = table
            .cells(row)
            .map(|(column, text)| match column.alignment {
                Alignment::Text => SheetCell::Text(text),
                Alignment::Figure => SheetCell::Figure(text),
            })
            .collect();
        sheet.row(&cells)?;
    }
    sheet.filter(table.columns.len())
}

/// A name that a workbook accepts; the number in front makes it unique.
fn sheet_name(index: usize, heading: &str) -> String {
    let usable = clean(heading).replace(['[', ']', ':', '*', '?', '/', '\\', '\'', '\n'], " ");
    let name = format!("{} {}", index + 1, usable.trim());
    // The limit counts UTF-16 units.
    let mut used = 0;
    name.chars()
        .take_while(|c| {
            used += c.len_utf16();
            used <= LONGEST_SHEET_NAME
        })
        .collect()
}
