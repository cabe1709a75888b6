//! Renders a frozen edition (报告版本) of an evaluation report to PDF, HTML and XLSX.
//!
//! An edition is plain data: every figure was computed and frozen by `service` before it came here, so that the mail, the
//! screen and the file show the same numbers (rows G-6.6.1c, G-6.8.3, D-shape). This crate computes no score, asks no
//! clock, reads no database and sends nothing; it draws. The same edition gives the same bytes.
//!
//! * [`render_pdf`]: A4, through the templates in `reports/`; data reaches them as JSON and pictures, never as markup.
//! * [`render_html`]: the body of a mail, inline styles only.
//! * [`render_xlsx`]: the same tables as a workbook; text is never a formula.
//!
//! Grades carry a colour, a word and a shape, and the three states 0, 缺失 and 未接入 never look alike, so that a
//! black-and-white print is as readable as the screen.

mod chart;
mod edition;
mod fonts;
mod form;
mod grade;
mod html;
mod list;
mod map;
mod moment;
mod page;
mod pdf;
mod projection;
mod sheet;
mod svg;
mod tabular;
mod text;
mod world;
mod xlsx;

pub use edition::{AnomalyRow, EvaluationEdition, EvaluationRow, Figure, GradeCount, MapFigure, MapValue, TrendPoint};
pub use fonts::Fonts;
pub use form::{Form, FormColumn, FormRow, render_form_xlsx};
pub use html::render_html;
pub use list::{render_list_csv, render_list_xlsx};
pub use pdf::{render_pdf, render_pdf_counted};
pub use tabular::{
    Alignment, Column, Section, Table, TabularEdition, render_tabular_html, render_tabular_pdf, render_tabular_xlsx,
};
pub use world::RenderedPdf;
pub use xlsx::render_xlsx;

/// Why an edition could not be rendered (报告生成失败). The texts are shown to operators.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The font directory cannot be read, or holds no usable TrueType font.
    #[error("报告字体不可用：{path}：{reason}。请先安装报告字体（Noto Sans SC），再重新生成。")]
    Fonts {
        /// The directory or file that was asked for.
        path: String,
        /// What was wrong with it.
        reason: String,
    },
    /// The boundaries or lines of the map are not usable GeoJSON.
    #[error("报告地图的边界数据不可用：{0}。请检查区划边界文件。")]
    Map(String),
    /// The typesetter refused the document; the text names the place in the template.
    #[error("报告排版失败：{0}。请把报告编号告知系统管理员。")]
    Typesetting(String),
    /// The workbook could not be written.
    #[error("报告表格生成失败：{0}。请把报告编号告知系统管理员。")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The data handed to the template could not be encoded.
    #[error("报告数据无法编码：{0}。请把报告编号告知系统管理员。")]
    Data(#[from] serde_json::Error),
}
