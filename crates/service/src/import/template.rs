//! Templates of imports: the columns of a register for a class and category, with hints, lists and explanations. Nothing
//! of it is written here; all of it comes from the metadata.

use suyuan_domain::pack::metadata::{Obligation, Shape};
use suyuan_reports::{Form, FormColumn, render_form_xlsx};
use suyuan_security::context::OpContext;
use suyuan_security::policy::Action;

use super::cell::records_form;
use super::column::{HINT, columns};
use super::report::{Format, csv_text};
use super::{Column, Document, Register, Target};
use crate::node::Node;
use crate::report::minute;
use crate::{Result, ServiceError};

/// The word for how much a field is wanted.
const fn need_label(need: Obligation) -> &'static str {
    match need {
        Obligation::Must => "必填",
        Obligation::Should => "应填",
        Obligation::May => "选填",
        Obligation::Hidden => "不填",
    }
}

/// What a cell of the column holds, in words.
const fn shape_label(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "文字",
        Shape::Code => "编码",
        Shape::List | Shape::Tree => "从列表选择",
        Shape::Multi => "可多选，以“、”分隔",
        Shape::Date => "日期，如 2026-01-31",
        Shape::Number | Shape::Place => "数字",
        Shape::Integer => "整数",
        Shape::Phone => "电话号码",
        Shape::Email => "电子邮箱",
        Shape::Idno => "18 位身份证号",
        Shape::Uscc => "18 位统一社会信用代码",
        Shape::Division => "六位行政区划代码或名称",
        Shape::Bool => "是或否",
        Shape::Records => "多项内容",
    }
}

fn advice(column: &Column) -> String {
    let form = if column.shape == Shape::Records { records_form(column) } else { shape_label(column.shape).to_owned() };
    let example = Some(&column.example).filter(|text| !text.is_empty()).map(|text| format!("例：{text}"));
    let hint = Some(column.hint.clone()).filter(|text| !text.is_empty());
    [Some(form), hint, example].into_iter().flatten().collect::<Vec<_>>().join("；")
}

pub(super) fn form_column(column: &Column) -> FormColumn {
    let must = column.need == Obligation::Must;
    let single = matches!(column.shape, Shape::List | Shape::Tree);
    let options = if column.shape == Shape::Bool {
        vec!["是".to_owned(), "否".to_owned()]
    } else if single {
        column.options.iter().map(|named| named.name.clone()).collect()
    } else {
        Vec::new()
    };
    let wide = matches!(column.shape, Shape::Uscc | Shape::Idno | Shape::Records) || column.code.contains("address");
    FormColumn {
        head: if must { format!("{}*", column.name) } else { column.name.clone() },
        required: must,
        options,
        width: if wide { 26 } else { 16 },
    }
}

fn guide(columns: &[Column]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for column in columns {
        let names: Vec<String> =
            column.options.iter().take(60).map(|named| format!("{}（{}）", named.name, named.code)).collect();
        rows.push(vec![
            column.name.clone(),
            need_label(column.need).to_owned(),
            advice(column),
            names.join("、"),
            column.synonyms.join("、"),
            column.std_ref.clone(),
        ]);
    }
    rows
}

/// The heads of [`guide`].
const GUIDE: [&str; 6] = ["字段", "要求", "填写方法", "可选值（代码）", "也可用的表头", "依据"];

/// The template of a register for a class and category.
///
/// # Errors
/// When the actor may not import into the register.
pub fn template(node: &Node, cx: &OpContext, target: &Target, format: Format) -> Result<Document> {
    cx.authorize(Action::Import, target.register.policy())?;
    let columns = columns(node, cx, target);
    let mut hints: Vec<String> = columns.iter().map(advice).collect();
    if let Some(first) = hints.first_mut() {
        *first = format!("{HINT}{first}");
    }
    let name = file_name(node, target);
    match format {
        Format::Csv => {
            let heads: Vec<String> = columns.iter().map(|column| form_column(column).head).collect();
            let bytes = csv_text([heads, hints]);
            Ok(Document { name: format!("{name}.csv"), media_type: Format::Csv.media_type(), bytes })
        }
        Format::Xlsx => {
            let form = Form {
                title: name.clone(),
                author: node.config.platform_name.clone(),
                made_at: minute(cx.now),
                sheet: target.register.label().to_owned(),
                columns: columns.iter().map(form_column).collect(),
                hints,
                rows: Vec::new(),
                guide_heads: GUIDE.map(str::to_owned).to_vec(),
                guide: guide(&columns),
            };
            let bytes = render_form_xlsx(&form).map_err(|error| ServiceError::Internal(error.to_string()))?;
            Ok(Document { name: format!("{name}.xlsx"), media_type: Format::Xlsx.media_type(), bytes })
        }
    }
}

fn file_name(node: &Node, target: &Target) -> String {
    let packs = node.packs();
    let class = match (target.register, target.class.as_str()) {
        (Register::Subjects, "merchant") => "商户",
        _ => target.register.label(),
    };
    let category = packs.category(&target.category).map(|category| format!("（{}）", category.name));
    format!("{class}{}导入模板", category.unwrap_or_default())
}
