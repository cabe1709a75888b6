//! Analyses as files (统计导出): the table as it is shown, as a workbook or as comma-separated text. Rows: G-6.2.3.

use suyuan_reports::{Alignment, Column, Table, render_list_csv, render_list_xlsx};
use suyuan_security::context::OpContext;
use suyuan_security::policy::Action;

use super::{Analysis, Cell, Question, analyse, register};
use crate::export::{Format, stamp};
use crate::node::Node;
use crate::statistics::State;
use crate::{Result, ServiceError, audit};

/// A file to be handed out.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name, for people.
    pub name: String,
    /// Its form.
    pub format: Format,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// An analysis as a file; leaves a row in the audit trail.
///
/// # Errors
/// As [`analyse`], and when the actor may not export the register.
pub async fn file(node: &Node, cx: &OpContext, question: &Question, format: Format) -> Result<File> {
    let (of, policy) = register(question.of)?;
    cx.authorize(Action::Export, policy)?;
    let analysis = analyse(node, cx, question).await?;
    let table = table(&analysis);
    let title = match analysis.then_name {
        None => format!("按{}统计", analysis.by_name),
        Some(then) => format!("按{}、{then}统计", analysis.by_name),
    };
    let bytes = match format {
        Format::Csv => render_list_csv(&table),
        Format::Xlsx => {
            let rendered = render_list_xlsx(&title, &table, (node.divisions.name(node.code()), &stamp(cx.now)));
            rendered.map_err(|error| ServiceError::Internal(error.to_string()))?
        }
    };
    let tx = node.store.begin().await?;
    let what = format!("{title}，条件：{}，共 {} 条", question.find.query(), analysis.total);
    audit::note(&tx, cx, &format!("{of}.export"), of, "analysis", None, Some(&what)).await?;
    tx.commit().await?;
    Ok(File { name: format!("{title}.{}", format.extension()), format, bytes })
}

fn column(name: &str, alignment: Alignment) -> Column {
    Column { name: name.to_owned(), share: 1, alignment }
}

fn table(analysis: &Analysis) -> Table {
    let months = analysis.rows.iter().any(|row| row.before.is_some());
    let mut columns = vec![
        column("编码", Alignment::Text),
        column(analysis.by_name, Alignment::Text),
        column("数量", Alignment::Figure),
        column("占比（%）", Alignment::Figure),
    ];
    if months {
        columns.extend(["上月", "环比（%）", "上年同月", "同比（%）"].map(|name| column(name, Alignment::Figure)));
    }
    columns.extend(analysis.columns.iter().map(|value| column(&value.name, Alignment::Figure)));
    let rows = analysis.rows.iter().map(|row| cells(row, months)).collect();
    Table { columns, rows }
}

fn cells(row: &Cell, months: bool) -> Vec<String> {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let count = match row.state {
        State::NotConnected => "未接入".to_owned(),
        _ => row.count.to_string(),
    };
    let mut cells = vec![row.code.clone(), row.name.clone(), count, row.share.clone().unwrap_or_default()];
    if months {
        cells.extend([
            number(row.before),
            row.change.clone().unwrap_or_default(),
            number(row.year_before),
            row.year_change.clone().unwrap_or_default(),
        ]);
    }
    cells.extend(row.cells.iter().map(|cell| cell.count.to_string()));
    cells
}
