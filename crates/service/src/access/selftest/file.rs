//! A run of the self-test as a file to take along (自测报告).

use suyuan_reports::{Alignment, Column, Section, Table, TabularEdition, render_tabular_html, render_tabular_xlsx};

use super::{ClauseResult, Evidence, SelftestRun};
use crate::node::Node;
use crate::{Result, ServiceError};

/// Form of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// A workbook.
    Xlsx,
    /// A page.
    Html,
    /// A table as text.
    Csv,
}

impl FileFormat {
    /// Reads the word of an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "xlsx" => Some(Self::Xlsx),
            "html" => Some(Self::Html),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// Ending of the file's name and its media type.
    #[must_use]
    pub const fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Xlsx => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            Self::Html => ("html", "text/html; charset=utf-8"),
            Self::Csv => ("csv", "text/csv; charset=utf-8"),
        }
    }
}

const COLUMNS: [&str; 6] = ["条款", "是否必须", "结论", "说明", "依据", "建议"];

fn place(evidence: &Evidence) -> String {
    let row = evidence.row.map(|row| format!("第 {row} 条")).unwrap_or_default();
    let code = evidence.code.as_ref().map(|code| format!("（{code}）")).unwrap_or_default();
    format!("样例 {}{row}：{}{code}", evidence.sample, evidence.text)
}

fn cells(clause: &ClauseResult) -> Vec<String> {
    let evidence: Vec<String> = clause.evidence.iter().take(5).map(place).collect();
    let must = if clause.must { "是" } else { "否" };
    vec![
        clause.name.clone(),
        must.to_owned(),
        clause.state_name.clone(),
        clause.reason.clone(),
        evidence.join("；"),
        clause.advice.clone(),
    ]
}

fn edition(node: &Node, system: &str, run: &SelftestRun) -> TabularEdition {
    let at = run.at.to_string();
    let ready = if run.ready {
        "已满足转正式运行的自测要求"
    } else {
        "尚未满足转正式运行的自测要求"
    };
    let summary = format!("通过 {} 条，未通过 {} 条，未体现 {} 条；{ready}。", run.passed, run.failed, run.not_shown);
    let column = |name: &&str| Column { name: (*name).to_owned(), share: 1, alignment: Alignment::Text };
    TabularEdition {
        number: format!("{}-ZC-{:06}", node.code(), run.number),
        title: format!("{system}接入自测报告"),
        node_name: node.divisions.name(node.code()).to_owned(),
        node_code: node.code().to_owned(),
        period: at.clone(),
        generated_at: at.clone(),
        data_until: at,
        sections: vec![Section {
            heading: "条款结论".to_owned(),
            paragraphs: vec![summary, format!("自测条款版本 {}，由{}运行。", run.catalogue_version, run.by)],
            table: Some(Table {
                columns: COLUMNS.iter().map(column).collect(),
                rows: run.clauses.iter().map(cells).collect(),
            }),
        }],
        notes: vec!["自测只检查提交的样例，不写入任何追溯数据。".to_owned()],
    }
}

/// A cell of a table as text; a cell that a spreadsheet would compute is shown as it is.
fn csv_cell(text: &str) -> String {
    let guarded = if text.starts_with(['=', '+', '-', '@', '\t']) { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", guarded.replace('"', "\"\""))
}

/// Draws a run as a file.
///
/// # Errors
/// When the workbook cannot be written.
pub fn draw(node: &Node, system: &str, run: &SelftestRun, format: FileFormat) -> Result<Vec<u8>> {
    let edition = edition(node, system, run);
    match format {
        FileFormat::Html => Ok(render_tabular_html(&edition).into_bytes()),
        FileFormat::Xlsx => render_tabular_xlsx(&edition).map_err(|error| ServiceError::Internal(error.to_string())),
        FileFormat::Csv => {
            let line = |cells: &[String]| cells.iter().map(|text| csv_cell(text)).collect::<Vec<_>>().join(",");
            let head: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
            let lines = std::iter::once(line(&head)).chain(run.clauses.iter().map(|clause| line(&cells(clause))));
            Ok(format!("\u{feff}{}\r\n", lines.collect::<Vec<_>>().join("\r\n")).into_bytes())
        }
    }
}
