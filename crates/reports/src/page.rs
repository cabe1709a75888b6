//! The parts of which an HTML mail body is put together: head, headings, tables, lists; inline styles only (G-6.8.3).
//!
//! Every text from data is escaped here, so that the documents built from these parts cannot forget it.

use std::fmt::Write;

use crate::text::escape;

/// Rows of one table shown in the body of a mail.
pub(crate) const MOST_ROWS: usize = 100;
const CELL: &str = "padding:5px 8px;border-bottom:1px solid #D5DBE3;text-align:left;vertical-align:top";
const CELL_RIGHT: &str = "padding:5px 8px;border-bottom:1px solid #D5DBE3;text-align:right;vertical-align:top;font-variant-numeric:tabular-nums";

/// A document under construction.
pub(crate) struct Page(String);

/// One cell: its text (escaped here) and whether it is a figure.
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Figure(&'a str),
    /// Markup written by this crate.
    Ready(String),
}

impl Page {
    /// Appends markup; texts from data must have been escaped.
    pub(crate) fn put(&mut self, markup: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.0.write_fmt(markup);
    }

    /// An opened document with its head and a list of facts.
    pub(crate) fn open(title: &str, facts: &[(&str, &str)]) -> Self {
        let mut page = Self(String::new());
        let title = escape(title);
        page.put(format_args!(
            concat!(
                "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n",
                "<body style=\"margin:0;padding:16px;background:#F5F7FA;color:#1F2933;font-size:14px;line-height:1.6;",
                "font-family:'PingFang SC','Microsoft YaHei','Noto Sans SC',sans-serif\">",
                "<div style=\"max-width:820px;margin:0 auto;background:#FFFFFF;padding:24px\">\n",
                "<h1 style=\"font-size:22px;margin:0 0 8px;color:#1F5FBF\">{title}</h1>\n"
            ),
            title = title
        ));
        page.put(format_args!("<p style=\"margin:0;color:#5B6472\">"));
        for (label, value) in facts {
            page.put(format_args!("{label}：{}<br>", escape(value)));
        }
        page.put(format_args!("</p>\n"));
        page
    }

    /// Closes the document.
    pub(crate) fn close(mut self) -> String {
        self.put(format_args!("</div></body></html>\n"));
        self.0
    }

    /// A paragraph of text from data.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.put(format_args!("<p style=\"margin:8px 0\">{}</p>\n", escape(text)));
    }

    /// Tells how many rows are only in the attachment, if any.
    pub(crate) fn rows_left_out(&mut self, all: usize) {
        if let Some(more) = all.checked_sub(MOST_ROWS).filter(|more| *more > 0) {
            self.put(format_args!("<p style=\"color:#5B6472\">其余 {more} 行见附件。</p>\n"));
        }
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.put(format_args!("<h2 style=\"font-size:16px;margin:24px 0 8px;color:#1F5FBF\">{}</h2>\n", escape(text)));
    }

    pub(crate) fn open_table(&mut self, heads: &[&str]) {
        self.put(format_args!(
            "<table style=\"border-collapse:collapse;width:100%;font-size:13px\"><thead><tr style=\"background:#E8EEF7\">"
        ));
        for head in heads {
            self.put(format_args!("<th style=\"{CELL}\">{}</th>", escape(head)));
        }
        self.put(format_args!("</tr></thead><tbody>\n"));
    }

    pub(crate) fn row(&mut self, cells: &[Cell<'_>]) {
        self.put(format_args!("<tr>"));
        for cell in cells {
            match cell {
                Cell::Text(text) => {
                    self.put(format_args!("<td style=\"{CELL}\">{}</td>", dash(text)));
                }
                Cell::Figure(text) => {
                    self.put(format_args!("<td style=\"{CELL_RIGHT}\">{}</td>", dash(text)));
                }
                Cell::Ready(markup) => self.put(format_args!("<td style=\"{CELL}\">{markup}</td>")),
            }
        }
        self.put(format_args!("</tr>\n"));
    }

    pub(crate) fn close_table(&mut self) {
        self.put(format_args!("</tbody></table>\n"));
    }

    pub(crate) fn list(&mut self, heading: &str, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.heading(heading);
        self.put(format_args!("<ol style=\"margin:0;padding-left:24px\">"));
        for item in items {
            self.put(format_args!("<li>{}</li>", escape(item)));
        }
        self.put(format_args!("</ol>\n"));
    }
}

/// The escaped text, or a dash where there is none.
pub(crate) fn dash(text: &str) -> String {
    if text.is_empty() { "—".to_owned() } else { escape(text) }
}
