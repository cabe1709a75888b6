//! The report of an import as a table: the rows as they were sent, each with what became of it. Mended, it is uploaded
//! again as it is: the added columns stand for no field.

use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_reports::{Form, FormColumn, FormRow, render_form_xlsx};
use suyuan_security::context::OpContext;
use suyuan_store::import::{ImportRow, ImportRun};

use super::column::RESULTS;
use super::{Document, Kept, RowFault, Sheet, own};
use crate::node::Node;
use crate::report::minute;
use crate::{Result, ServiceError};

/// Rows of a workbook at most: it is made in memory.
const MOST_ROWS: u64 = 50_000;

/// Rows read at a time.
const CHUNK: u64 = 1_000;

/// Form of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Workbook.
    Xlsx,
    /// Text.
    Csv,
}

impl Format {
    /// Reads the word.
    ///
    /// # Errors
    /// `IMP-0115` for any other than `xlsx` and `csv`.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "" | "xlsx" => Ok(Self::Xlsx),
            "csv" => Ok(Self::Csv),
            other => Err(ServiceError::invalid("IMP-0115", "format", format!("没有格式 {other}"), "可选 xlsx 或 csv")),
        }
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// Which rows of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// All.
    All,
    /// Those that were not entered because of their faults.
    Bad,
}

/// What became of a row, in words.
fn status_label(status: &str) -> &'static str {
    match status {
        "good" => "通过检查",
        "bad" => "有错误",
        "created" => "已登记",
        "changed" => "已提交变更",
        "skipped" => "已存在，跳过",
        "failed" => "导入失败",
        "withdrawn" => "已撤回",
        "left" => "未选用",
        _ => "未处理",
    }
}

/// A text of rows in the form that spreadsheet programs open: byte order mark, commas, quotes where needed. A cell that
/// such a program would take for a formula gets a quote in front.
pub(super) fn csv_text(rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut text = String::from('\u{FEFF}');
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
            let quoted = formula || cell.contains([',', '"', '\n', '\r', ';', '\t']);
            if quoted {
                text.push('"');
                text.push_str(if formula { "'" } else { "" });
                text.push_str(&cell.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(cell);
            }
        }
        text.push_str("\r\n");
    }
    text.into_bytes()
}

/// The report of an import.
///
/// # Errors
/// Not found for those of others; `IMP-0116` for a workbook of too many rows.
pub async fn report(node: &Node, cx: &OpContext, id: ObjectId, format: Format, only: Only) -> Result<Document> {
    let run = own(node, cx, id).await?;
    let sheets: Vec<Sheet> = serde_json::from_str(&run.sheets)?;
    let heads = heads(&sheets);
    let mut rows = Vec::new();
    let mut after = 0;
    loop {
        let statuses: &[&str] = if only == Only::Bad { &["bad", "failed"] } else { &[] };
        let page = node.store.import_rows_after(id, statuses, after, CHUNK).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for row in &page {
            rows.push(form_row(node, &run, &sheets, &heads, row)?);
        }
        if format == Format::Xlsx && rows.len() as u64 > MOST_ROWS {
            let fault = Fault::new("IMP-0116", "format", format!("超过 {MOST_ROWS} 行，不能生成 Excel"), "请下载 CSV");
            return Err(ServiceError::TooLarge(fault));
        }
    }
    document(node, cx, &run, format, heads, rows)
}

fn document(
    node: &Node,
    cx: &OpContext,
    run: &ImportRun,
    format: Format,
    heads: Vec<String>,
    rows: Vec<FormRow>,
) -> Result<Document> {
    let stem = run.file.rsplit_once('.').map_or(run.file.as_str(), |(stem, _)| stem);
    let name = format!("{stem}-导入结果");
    let all: Vec<String> = heads.into_iter().chain(RESULTS.map(str::to_owned)).collect();
    let (suffix, bytes) = match format {
        Format::Csv => ("csv", csv_text(std::iter::once(all).chain(rows.into_iter().map(|row| row.cells)))),
        Format::Xlsx => {
            let column = |head: String| FormColumn { head, width: 18, ..FormColumn::default() };
            let form = Form {
                title: name.clone(),
                author: node.config.platform_name.clone(),
                made_at: minute(cx.now),
                sheet: "导入结果".to_owned(),
                columns: all.into_iter().map(column).collect(),
                rows,
                ..Form::default()
            };
            ("xlsx", render_form_xlsx(&form).map_err(|error| ServiceError::Internal(error.to_string()))?)
        }
    };
    Ok(Document { name: format!("{name}.{suffix}"), media_type: format.media_type(), bytes })
}

/// The heads of all sheets that are used, each once; what an earlier report added is left out.
fn heads(sheets: &[Sheet]) -> Vec<String> {
    let mut heads: Vec<String> = Vec::new();
    for head in sheets.iter().filter(|sheet| sheet.used).flat_map(|sheet| &sheet.heads) {
        if !head.is_empty() && !RESULTS.contains(&head.as_str()) && !heads.contains(head) {
            heads.push(head.clone());
        }
    }
    heads
}

fn form_row(node: &Node, run: &ImportRun, sheets: &[Sheet], heads: &[String], row: &ImportRow) -> Result<FormRow> {
    let kept = Kept::opened(node, run.id, row)?;
    let faults: Vec<RowFault> = serde_json::from_str(&row.faults)?;
    let sheet = usize::try_from(row.sheet).ok().and_then(|at| sheets.get(at));
    let mut cells = vec![String::new(); heads.len()];
    for (head, text) in sheet.into_iter().flat_map(|sheet| &sheet.heads).zip(kept.cells) {
        let at = heads.iter().position(|own| own == head);
        if let Some(cell) = at.and_then(|at| cells.get_mut(at)) {
            *cell = text;
        }
    }
    let bad = faults.iter().filter(|fault| !fault.warning);
    let wrong = bad.filter_map(|fault| heads.iter().position(|head| *head == fault.column)).collect();
    let joined = |of: fn(&RowFault) -> String| faults.iter().map(of).collect::<Vec<_>>().join("；");
    let place = sheet.filter(|sheet| !sheet.name.is_empty()).map(|sheet| format!("{} ", sheet.name));
    cells.push(format!("{}第 {} 行：{}", place.unwrap_or_default(), row.row_no, status_label(&row.status)));
    cells.push(joined(|fault| fault.code.clone()));
    cells.push(joined(|fault| fault.reason.clone()));
    cells.push(joined(|fault| match &fault.suggestion {
        Some(suggestion) => format!("{}（建议：{suggestion}）", fault.advice),
        None => fault.advice.clone(),
    }));
    Ok(FormRow { cells, wrong })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_1a_a_report_as_text_starts_no_formula() {
        let row = ["=HYPERLINK(\"x\")", "-12.5", "a,b", "+86 1", "普通"].map(str::to_owned).to_vec();
        let text = String::from_utf8(csv_text([row])).unwrap_or_default();
        assert_eq!(text, "\u{FEFF}\"'=HYPERLINK(\"\"x\"\")\",-12.5,\"a,b\",\"'+86 1\",普通\r\n");
    }
}
