//! The columns of an export (导出列): those that every entry has, then the fields of the metadata pack, worded as people read
//! them. Personal data stays masked as in the list.

use serde_json::Value;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::pack::Packs;
use suyuan_domain::pack::metadata::Shape;
use suyuan_domain::record::kind;
use suyuan_store::register::Entry;

use super::stamp;
use crate::access::AccessDoc;
use crate::device::DeviceDoc;
use crate::node::Node;
use crate::product::ProductDoc;
use crate::register::Document;
use crate::subject::SubjectDoc;
use crate::{Result, ServiceError};

/// Columns of one export.
const MOST: usize = 80;

/// A column that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportColumn {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether it is there unless others are chosen.
    pub usual: bool,
    from: From,
}

/// Where a cell comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    State,
    Division,
    Filed,
    Registered,
    Updated,
    Node,
    Conflict,
    Lon,
    Lat,
    /// A member of the document as it is worded for people, with the list of its values.
    Member(String),
}

fn fixed(code: &str, name: &str, from: From) -> ExportColumn {
    ExportColumn { code: code.to_owned(), name: name.to_owned(), usual: true, from }
}

/// Fields of connected systems, which the metadata pack does not hold.
const ACCESS: [(&str, &str, &str); 12] = [
    ("code", "系统编码", ""),
    ("name", "系统名称", ""),
    ("operator", "建设运营单位", ""),
    ("uscc", "统一社会信用代码", ""),
    ("category", "产品类别", "category"),
    ("stage", "环节", "stage"),
    ("phase", "接入阶段", "access_status"),
    ("url", "系统地址", ""),
    ("contact", "联系人", ""),
    ("phone", "联系电话", ""),
    ("protocol", "接入方式", "access_protocol"),
    ("filing_no", "备案号", ""),
];

/// The columns of a register, in their usual order.
#[must_use]
pub fn columns(packs: &Packs, register: &str) -> Vec<ExportColumn> {
    let mut all: Vec<ExportColumn> = Vec::new();
    let mut add = |code: &str, name: &str, list: &str, usual: bool| {
        if !all.iter().any(|known| known.code == code) {
            let from = From::Member(list.to_owned());
            all.push(ExportColumn { code: code.to_owned(), name: name.to_owned(), usual, from });
        }
    };
    if register == kind::ACCESS {
        for (code, name, list) in ACCESS {
            add(code, name, list, true);
        }
    }
    for field in packs.metadata.iter().filter(|field| field.entity == register) {
        match field.shape {
            Shape::Place | Shape::Division => {}
            Shape::Records => add(&field.code, &field.name, &field.list, false),
            _ => add(&field.code, &field.name, &field.list, !field.personal || field.code == "phone"),
        }
    }
    all.extend([
        fixed("division", "行政区划", From::Division),
        fixed("lon", "经度", From::Lon),
        fixed("lat", "纬度", From::Lat),
        fixed("state", "状态", From::State),
        fixed("conflict", "编码冲突", From::Conflict),
        fixed("registered_at", "登记时间", From::Registered),
        fixed("filed_at", "备案时间", From::Filed),
        fixed("updated_at", "更新时间", From::Updated),
        fixed("origin_node", "登记节点", From::Node),
    ]);
    all
}

/// The chosen columns with what their cells need.
pub(super) struct Words {
    register: &'static str,
    columns: Vec<ExportColumn>,
}

impl Words {
    /// The columns with these codes, the usual ones where there are none.
    ///
    /// # Errors
    /// `EXP-0102` for an unknown column, or too many.
    pub(super) fn of(node: &Node, register: &'static str, codes: &[String]) -> Result<Self> {
        let all = columns(&node.packs(), register);
        let codes: Vec<&String> = codes.iter().filter(|code| !code.is_empty()).collect();
        if codes.is_empty() {
            return Ok(Self { register, columns: all.into_iter().filter(|column| column.usual).collect() });
        }
        if codes.len() > MOST {
            let reason = format!("导出列超过 {MOST} 个");
            return Err(ServiceError::invalid("EXP-0102", "columns", reason, "请减少列"));
        }
        let find = |code: &&String| {
            all.iter().find(|column| column.code == **code).cloned().ok_or_else(|| {
                let shown: String = code.chars().take(40).collect();
                ServiceError::invalid("EXP-0102", "columns", format!("没有列 {shown}"), "请从可导出的列中选择")
            })
        };
        Ok(Self { register, columns: codes.iter().map(find).collect::<Result<_>>()? })
    }

    pub(super) fn codes(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.code.clone()).collect()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The cells of an entry.
    pub(super) fn row(&self, node: &Node, entry: &Entry) -> Result<Vec<String>> {
        let doc = match self.register {
            kind::SUBJECT => masked::<SubjectDoc>(entry)?,
            kind::PRODUCT => masked::<ProductDoc>(entry)?,
            kind::DEVICE => masked::<DeviceDoc>(entry)?,
            _ => masked::<AccessDoc>(entry)?,
        };
        let packs = node.packs();
        Ok(self.columns.iter().map(|column| self.cell(node, &packs, entry, &doc, column)).collect())
    }

    fn cell(&self, node: &Node, packs: &Packs, entry: &Entry, doc: &Value, column: &ExportColumn) -> String {
        let moment = |at: Option<Timestamp>| at.map(stamp).unwrap_or_default();
        let states = if self.register == kind::ACCESS { AccessDoc::STATES } else { SubjectDoc::STATES };
        match &column.from {
            From::State => packs.name_in(states, &entry.state).to_owned(),
            From::Division => node.divisions.name(&entry.division).to_owned(),
            From::Filed => moment(entry.filed_at),
            From::Registered => stamp(entry.created_at),
            From::Updated => stamp(entry.updated_at),
            From::Node => node.divisions.name(&entry.origin_node).to_owned(),
            From::Conflict => if entry.rival.is_some() { "是" } else { "" }.to_owned(),
            From::Lon => entry.place.map(|(lon, _)| lon.to_string()).unwrap_or_default(),
            From::Lat => entry.place.map(|(_, lat)| lat.to_string()).unwrap_or_default(),
            From::Member(list) => {
                let member =
                    doc.get(&column.code).or_else(|| doc.get("extra").and_then(|extra| extra.get(&column.code)));
                member.map(|value| worded(node, packs, entry, list, value)).unwrap_or_default()
            }
        }
    }
}

/// The document as a list shows it.
fn masked<D: Document>(entry: &Entry) -> Result<Value> {
    let doc: D = serde_json::from_str(&entry.doc)?;
    Ok(serde_json::to_value(doc.masked())?)
}

/// A value of a document for people.
fn worded(node: &Node, packs: &Packs, entry: &Entry, list: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "是" } else { "否" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => named(node, packs, entry, list, text),
        Value::Array(items) => {
            let texts = items.iter().map(|item| worded(node, packs, entry, list, item));
            texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("；")
        }
        Value::Object(members) => {
            let texts = members.values().map(|member| worded(node, packs, entry, "", member));
            texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
        }
    }
}

fn named(node: &Node, packs: &Packs, entry: &Entry, list: &str, code: &str) -> String {
    let category = |code: &str| packs.category(code);
    match list {
        "" => code.to_owned(),
        "category" => category(code).map_or(code, |found| found.name.as_str()).to_owned(),
        "stage" => packs.stage(code).map_or(code, |stage| stage.name.as_str()).to_owned(),
        "variety" => {
            let children = category(&entry.category).map(|found| found.children.as_slice()).unwrap_or_default();
            children.iter().find(|child| child.code == code).map_or(code, |child| child.name.as_str()).to_owned()
        }
        "division" => node.divisions.name(code).to_owned(),
        list => packs.name_in(list, code).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_6_2_every_register_has_columns_each_once() {
        let packs = Packs::shipped().expect("the shipped packs");
        for register in [kind::SUBJECT, kind::PRODUCT, kind::DEVICE, kind::ACCESS] {
            let columns = columns(&packs, register);
            let codes: std::collections::BTreeSet<&str> = columns.iter().map(|column| column.code.as_str()).collect();
            assert_eq!(codes.len(), columns.len(), "{register}");
            for code in ["code", "name", "division", "state"] {
                assert!(codes.contains(code), "{register} {code}");
            }
        }
    }

    #[test]
    fn h_6_2_moments_are_in_china_standard_time() {
        let at: Timestamp = "2026-11-21T16:30:00Z".parse().expect("a moment");
        assert_eq!(stamp(at), "2026-11-22 00:30");
    }
}
