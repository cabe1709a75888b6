//! Metadata of registered documents (元数据): which fields a subject, product or device has, how much each is wanted for a class
//! and category, who may change it, and whether a document holds what it must.
//!
//! Data of the pack `metadata.toml`, interpreted here alone: forms, import templates and checks read the same rows. What
//! fields mean together (a merchant's node must be filed) belongs to the documents in `suyuan-service`.
//! Rows: G-6.2.1a, G-6.2.1c, H-6.2, N-CAT.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Named, Packs};
use crate::code::Check;
use crate::division::Tier;
use crate::period::Day;

/// What a field holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A line of text.
    #[default]
    Text,
    /// A code of letters, digits and `- _ .`.
    Code,
    /// One entry of a list.
    List,
    /// Several entries of a list.
    Multi,
    /// One entry of a list with levels.
    Tree,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A decimal number, not negative.
    Number,
    /// A whole number, not negative.
    Integer,
    /// A telephone number.
    Phone,
    /// An address for e-mail.
    Email,
    /// A citizen's identity number (公民身份号码, GB 11643).
    Idno,
    /// A unified social credit code (GB 32100).
    Uscc,
    /// A division.
    Division,
    /// Longitude and latitude, the members `lon` and `lat`.
    Place,
    /// Yes or no.
    Bool,
    /// A table with columns of its own.
    Records,
}

/// How much a field is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obligation {
    /// A document without it is refused (必填).
    Must,
    /// A document without it is incomplete (应填).
    Should,
    /// Optional (选填).
    #[default]
    May,
    /// Not asked for (不填).
    Hidden,
}

/// Which class of entry a field is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Firms and nodes.
    Subject,
    /// Merchants under a node (商户).
    Merchant,
    /// Every class.
    #[default]
    Both,
}

/// Who may fill a field in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Editor {
    /// Whoever may change the entry.
    #[default]
    Anyone,
    /// Only who reviews entries, such as bad records.
    Reviewer,
}

/// A column of a field that is a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaColumn {
    /// Member of a row.
    pub code: String,
    /// Name.
    pub name: String,
    /// What it holds.
    #[serde(default, rename = "type")]
    pub shape: Shape,
    /// List of its values; empty where there is none.
    #[serde(default)]
    pub list: String,
    /// How much it is wanted in each row.
    #[serde(default)]
    pub need: Obligation,
}

/// A metadata field of a register (元数据项).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaField {
    /// Register: `subject`, `product`, `device`.
    pub entity: String,
    /// Member of the document; one that the document does not know stands under `extra`.
    pub code: String,
    /// Name.
    pub name: String,
    /// Group in forms: `basic`, `licence`, `legal`, `contact`, `place`, `business`.
    pub group: String,
    /// What it holds.
    #[serde(default, rename = "type")]
    pub shape: Shape,
    /// List of its values; empty where there is none.
    #[serde(default)]
    pub list: String,
    /// How much it is wanted, by category, by class (`subject`, `merchant`) or `default`.
    #[serde(default)]
    pub need: BTreeMap<String, Obligation>,
    /// Which class it is for.
    #[serde(default, rename = "for")]
    pub audience: Audience,
    /// Tiers that may change it; empty for all.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// Who may fill it in.
    #[serde(default)]
    pub by: Editor,
    /// Most characters, or rows of a table; the shape's own limit where none is given.
    #[serde(default)]
    pub max: Option<u32>,
    /// What to write, for people.
    #[serde(default)]
    pub hint: String,
    /// A value that would be right.
    #[serde(default)]
    pub example: String,
    /// Whether it is masked without the right to see it.
    #[serde(default)]
    pub personal: bool,
    /// Standard or regulation behind it.
    #[serde(default)]
    pub std_ref: String,
    /// Other names in tables that people import.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Columns of a table.
    #[serde(default)]
    pub columns: Vec<MetaColumn>,
}

impl MetaField {
    /// How much the field is wanted of this class and category: the category decides, then the class, then the default.
    #[must_use]
    pub fn need(&self, class: &str, category: &str) -> Obligation {
        let of = |key: &str| self.need.get(key).copied();
        let fits = match self.audience {
            Audience::Both => true,
            Audience::Subject => class != "merchant",
            Audience::Merchant => class == "merchant",
        };
        if fits {
            of(category).or_else(|| of(class)).or_else(|| of("default")).unwrap_or_default()
        } else {
            Obligation::Hidden
        }
    }

    /// Most characters or rows.
    #[must_use]
    pub fn limit(&self) -> usize {
        let own = match self.shape {
            Shape::Records | Shape::Multi => 50,
            _ => 200,
        };
        self.max.map_or(own, |max| usize::try_from(max).unwrap_or(usize::MAX))
    }

    /// The value in a document; `null` where it has none.
    fn value<'v>(&self, document: &'v Value) -> &'v Value {
        match document.get(&self.code) {
            Some(value) => value,
            None => document.get("extra").and_then(|extra| extra.get(&self.code)).unwrap_or(&Value::Null),
        }
    }

    fn filled(&self, document: &Value) -> bool {
        match self.shape {
            Shape::Place => !["lon", "lat"].iter().any(|part| document.get(*part).is_none_or(Value::is_null)),
            _ => present(self.value(document)),
        }
    }
}

/// A field with how much it is wanted of one class and category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta<'p> {
    /// The field.
    pub field: &'p MetaField,
    /// How much it is wanted; never hidden.
    pub need: Obligation,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaFault {
    /// Four digits of the fault's code, such as `0101` for a missing field.
    pub number: &'static str,
    /// Path of the field.
    pub field: String,
    /// What is wrong, in Chinese.
    pub reason: String,
    /// What to do, in Chinese.
    pub advice: String,
}

/// How much of what is wanted a document holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completeness {
    /// Fields that must or should be there.
    pub wanted: u32,
    /// How many of them are.
    pub filled: u32,
    /// Codes of the others.
    pub missing: Vec<String>,
}

impl Completeness {
    /// Percent, rounded down; everything where nothing is wanted.
    #[must_use]
    pub const fn percent(&self) -> u32 {
        match (self.filled * 100).checked_div(self.wanted) {
            Some(percent) => percent,
            None => 100,
        }
    }
}

/// A document measured by its metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong.
    pub faults: Vec<MetaFault>,
    /// How complete it is.
    pub completeness: Completeness,
}

fn present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

impl Packs {
    /// The fields of an entity for a class and category, in the order of the pack; what is hidden there is left out.
    #[must_use]
    pub fn meta(&self, entity: &str, class: &str, category: &str) -> Vec<Meta<'_>> {
        let of = self.metadata.iter().filter(|field| field.entity == entity);
        let metas = of.map(|field| Meta { field, need: field.need(class, category) });
        metas.filter(|meta| meta.need != Obligation::Hidden).collect()
    }

    /// What a list of metadata offers; `variety` are the second levels of `category`, `catalogue`
    /// all of them.
    #[must_use]
    pub fn options(&self, list: &str, category: &str) -> Vec<Named> {
        let named = |code: &str, name: &str| Named { code: code.to_owned(), name: name.to_owned() };
        match list {
            "category" => self.categories.iter().map(|row| named(&row.code, &row.name)).collect(),
            "variety" => self.category(category).map(|row| row.children.clone()).unwrap_or_default(),
            "catalogue" => {
                let levels = self.category(category).map(|row| self.levels(row).map(|one| named(one.code, one.name)));
                levels.map(Iterator::collect).unwrap_or_default()
            }
            "stage" => match self.category(category) {
                Some(row) => {
                    row.stages.iter().filter_map(|code| self.stage(code)).map(|s| named(&s.code, &s.name)).collect()
                }
                None => self.stages.iter().map(|row| named(&row.code, &row.name)).collect(),
            },
            other => self.list(other).map(|row| named(&row.code, &row.name)).collect(),
        }
    }

    /// Measures a document, given as JSON, by the metadata of its entity, class and category.
    #[must_use]
    pub fn check_document(&self, entity: &str, class: &str, category: &str, document: &Value) -> Checked {
        let mut checked = Checked::default();
        for meta in self.meta(entity, class, category) {
            let filled = meta.field.filled(document);
            if meta.need != Obligation::May {
                checked.completeness.wanted += 1;
                if filled {
                    checked.completeness.filled += 1;
                } else {
                    checked.completeness.missing.push(meta.field.code.clone());
                }
            }
            if filled {
                self.check_value(meta.field, category, meta.field.value(document), &mut checked.faults);
            } else if meta.need == Obligation::Must {
                checked.faults.push(missing(&meta.field.code, &meta.field.name));
            }
        }
        checked
    }

    fn check_value(&self, field: &MetaField, category: &str, value: &Value, faults: &mut Vec<MetaFault>) {
        match (field.shape, value) {
            (Shape::Place, _) => {}
            (Shape::Records, Value::Array(rows)) => self.check_rows(field, category, rows, faults),
            (Shape::Multi, Value::Array(items)) => {
                if items.len() > field.limit() {
                    faults.push(too_many(field));
                }
                for item in items.iter().filter_map(Value::as_str) {
                    faults.extend(self.wrong(Shape::List, &field.list, category, item).map(
                        |(number, reason, advice)| MetaFault {
                            number,
                            field: field.code.clone(),
                            reason: format!("{}：{reason}", field.name),
                            advice,
                        },
                    ));
                }
            }
            (shape, value) => {
                let text = plain(value);
                if text.chars().count() > field.limit() {
                    let reason = format!("{}超过 {} 字", field.name, field.limit());
                    faults.push(MetaFault {
                        number: "0111",
                        field: field.code.clone(),
                        reason,
                        advice: "请缩短".into(),
                    });
                } else if let Some((number, reason, advice)) = self.wrong(shape, &field.list, category, &text) {
                    let reason = format!("{}：{reason}", field.name);
                    faults.push(MetaFault { number, field: field.code.clone(), reason, advice });
                }
            }
        }
    }

    fn check_rows(&self, field: &MetaField, category: &str, rows: &[Value], faults: &mut Vec<MetaFault>) {
        if rows.len() > field.limit() {
            faults.push(too_many(field));
        }
        for (number, row) in rows.iter().enumerate().take(field.limit()) {
            for column in &field.columns {
                let path = format!("{}[{number}].{}", field.code, column.code);
                let value = row.get(&column.code).unwrap_or(&Value::Null);
                let name = format!("{}第 {} 行{}", field.name, number + 1, column.name);
                if !present(value) {
                    if column.need == Obligation::Must {
                        faults.push(missing(&path, &name));
                    }
                    continue;
                }
                let text = plain(value);
                let wrong = match text.chars().count() {
                    0..=200 => self.wrong(column.shape, &column.list, category, &text),
                    _ => Some(("0111", "超过 200 字".to_owned(), "请缩短".to_owned())),
                };
                if let Some((number, reason, advice)) = wrong {
                    faults.push(MetaFault { number, field: path, reason: format!("{name}：{reason}"), advice });
                }
            }
        }
    }

    /// What is wrong with one value: four digits, reason, advice.
    fn wrong(&self, shape: Shape, list: &str, category: &str, text: &str) -> Option<(&'static str, String, String)> {
        let fault = |number, reason: &str, advice: &str| Some((number, reason.to_owned(), advice.to_owned()));
        match shape {
            _ if text.chars().any(char::is_control) => fault("0112", "含有控制字符", "请删除换行、制表等不可见字符"),
            Shape::List | Shape::Tree if !list.is_empty() => {
                let options = self.options(list, category);
                let known = options.is_empty() || options.iter().any(|option| option.code == text);
                if known { None } else { fault("0118", &format!("没有“{text}”"), "请从列表中选择") }
            }
            Shape::Date if text.parse::<Day>().is_err() => {
                fault("0127", "不是正确的日期", "请按 2026-01-31 的格式填写")
            }
            Shape::Number if !is_decimal(text) => fault("0128", "不是数字", "请填写不小于 0 的数字"),
            Shape::Integer if !text.chars().all(|c| c.is_ascii_digit()) => {
                fault("0128", "不是整数", "请填写不小于 0 的整数")
            }
            Shape::Phone if !is_phone(text) => fault("0113", "号码不正确", "请填写手机号码或带区号的固定电话"),
            Shape::Email if !is_email(text) => fault("0126", "邮箱地址不正确", "请填写如 name@example.cn 的地址"),
            Shape::Idno if !is_idno(text) => fault("0125", "身份证号不正确", "请核对 18 位公民身份号码"),
            _ => None,
        }
    }
}

fn missing(path: &str, name: &str) -> MetaFault {
    MetaFault {
        number: "0101", field: path.to_owned(), reason: format!("缺少{name}"), advice: "请填写".to_owned()
    }
}

fn too_many(field: &MetaField) -> MetaFault {
    let reason = format!("{}超过 {} 项", field.name, field.limit());
    MetaFault { number: "0129", field: field.code.clone(), reason, advice: "请减少".to_owned() }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

fn is_decimal(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit());
    digits(whole, 15) && digits(part, 6)
}

/// Digits, signs and the stars of a masked number.
fn is_phone(text: &str) -> bool {
    let count = text.chars().filter(|c| c.is_ascii_digit() || *c == '*').count();
    text.len() <= 24 && (3..=15).contains(&count) && text.chars().all(|c| c.is_ascii_digit() || "+-() *".contains(c))
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && !"<>()[],;:\"\\".contains(c));
    plain(name) && plain(host) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
}

/// A right identity number; a masked one is not looked into.
fn is_idno(text: &str) -> bool {
    if text.contains('*') {
        return text.chars().count() <= 18;
    }
    let upper = text.to_ascii_uppercase();
    let Some((body, check)) = upper.split_at_checked(17).filter(|_| upper.len() == 18) else { return false };
    body.chars().all(|c| c.is_ascii_digit())
        && Check::IdCard.character(body).is_some_and(|right| check.starts_with(right))
}

#[cfg(test)]
mod tests;
