//! From the cells of a row to the document of a register: names become codes, days one form, and whatever is doubtful is
//! said with a suggestion instead of being guessed.
//!
//! A value that stays wrong is handed on as it was written, so that the register's own check names it too.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};
use suyuan_domain::division::Divisions;
use suyuan_domain::pack::metadata::{MetaColumn, Shape};
use suyuan_domain::pack::{Named, Packs};
use suyuan_domain::period::Day;
use suyuan_domain::search::normalise;
use suyuan_formats::sheet::Mark;

use super::{Column, Kept, RowFault, Sheet, Target};
use crate::node::Node;

/// What separates several values in one cell.
const SEVERAL: [char; 9] = ['、', ',', '，', ';', '；', '/', '|', '\n', '\t'];

/// What separates the rows of a table in one cell, and its columns.
const ROWS: [char; 3] = [';', '；', '\n'];
const PARTS: [char; 2] = ['|', '｜'];

/// Days of a spreadsheet's calendar that are believed: 1954 to 2119.
const SERIALS: std::ops::RangeInclusive<i64> = 20_000..=80_000;

/// The first day of the year 2000 in that calendar.
const TURN: i64 = 36_526;

/// What the rows of one target are read with.
pub(super) struct Reader<'a> {
    packs: Arc<Packs>,
    columns: &'a [Column],
    target: &'a Target,
    /// An empty document: tells members from further fields, and texts from numbers.
    model: Map<String, Value>,
    divisions: Places,
}

/// A value that was read, and what is to be said about it.
struct Found {
    value: Value,
    said: Option<Said>,
}

struct Said {
    code: &'static str,
    reason: String,
    advice: String,
    suggestion: Option<String>,
    warning: bool,
}

impl Said {
    fn wrong(code: &'static str, reason: String, advice: &str) -> Self {
        Self { code, reason, advice: advice.to_owned(), suggestion: None, warning: false }
    }

    fn known(code: &'static str, reason: String, advice: &str) -> Self {
        Self { warning: true, ..Self::wrong(code, reason, advice) }
    }

    fn suggesting(self, suggestion: Option<String>) -> Self {
        Self { suggestion, ..self }
    }
}

impl Found {
    fn text(text: &str) -> Self {
        Self { value: text.into(), said: None }
    }

    fn saying(self, said: Said) -> Self {
        Self { said: Some(said), ..self }
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(node: &Node, target: &'a Target, columns: &'a [Column], model: Map<String, Value>) -> Self {
        Self { packs: node.packs(), columns, target, model, divisions: Places::of(&node.divisions, node.code()) }
    }

    /// The document of a row as JSON, and what is to be said about its cells.
    pub(super) fn row(&self, sheet: &Sheet, kept: &Kept) -> (Value, Vec<RowFault>) {
        let marks: Vec<Mark> = kept.marks.chars().map(Mark::of_letter).collect();
        let category = self.category(sheet, kept);
        let mut members = Map::new();
        let mut further = Map::new();
        let mut faults = Vec::new();
        for (at, field) in sheet.fields.iter().enumerate() {
            let column = field.as_ref().and_then(|field| self.columns.iter().find(|column| column.code == *field));
            let (Some(column), Some(text)) = (column, kept.cells.get(at)) else { continue };
            let mark = marks.get(at).copied().unwrap_or_default();
            if text.is_empty() && mark == Mark::Plain {
                continue;
            }
            let head = sheet.heads.get(at).map_or(column.name.as_str(), String::as_str);
            let marked = of_mark(column, text, mark);
            let found = if mark == Mark::NoResult || mark == Mark::Error {
                Found { value: Value::Null, said: None }
            } else {
                self.value(column, text, mark, &category)
            };
            faults.extend([marked, found.said].into_iter().flatten().map(|said| fault(column, head, said)));
            self.put(column, found.value, &mut members, &mut further);
        }
        self.fill_in(&category, &mut members);
        if !further.is_empty() {
            members.insert("extra".to_owned(), Value::Object(further));
        }
        (Value::Object(members), faults)
    }

    fn put(&self, column: &Column, value: Value, members: &mut Map<String, Value>, further: &mut Map<String, Value>) {
        match self.model.get(&column.code) {
            _ if value.is_null() => {}
            Some(Value::String(_)) if !value.is_string() => {
                members.insert(column.code.clone(), value.to_string().into());
            }
            Some(_) => {
                members.insert(column.code.clone(), value);
            }
            None => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                further.insert(column.code.clone(), text.into());
            }
        }
    }

    fn fill_in(&self, category: &str, members: &mut Map<String, Value>) {
        for (member, text) in [("category", category), ("class", self.target.class.as_str())] {
            if !text.is_empty() && self.model.contains_key(member) && !members.contains_key(member) {
                members.insert(member.to_owned(), text.into());
            }
        }
    }

    /// The category of the row, which decides what other cells may hold.
    fn category(&self, sheet: &Sheet, kept: &Kept) -> String {
        let at = sheet.fields.iter().position(|field| field.as_deref() == Some("category"));
        let text = at.and_then(|at| kept.cells.get(at)).filter(|text| !text.is_empty());
        let options = self.packs.options("category", "");
        let chosen = text.and_then(|text| choice(&options, text)).map(|named| named.code.clone());
        chosen.unwrap_or_else(|| self.target.category.clone())
    }

    fn value(&self, column: &Column, text: &str, mark: Mark, category: &str) -> Found {
        match column.shape {
            Shape::Text | Shape::Phone | Shape::Email => Found::text(text),
            Shape::Code | Shape::Uscc | Shape::Idno if column.list.is_empty() => code(&half_width(text)),
            Shape::Division => self.division(text),
            Shape::Multi => self.several(column, text, category),
            Shape::Records => self.records(column, text, category),
            Shape::Date => date(text, mark == Mark::Number),
            Shape::Number | Shape::Integer | Shape::Place => number(text),
            Shape::Bool => truth(text),
            Shape::List | Shape::Tree | Shape::Code | Shape::Uscc | Shape::Idno => {
                self.listed(&column.name, &column.list, text, category)
            }
        }
    }

    fn options(&self, list: &str, category: &str) -> Vec<Named> {
        self.packs.options(list, category)
    }

    fn listed(&self, name: &str, list: &str, text: &str, category: &str) -> Found {
        let options = self.options(list, category);
        if options.is_empty() {
            return Found::text(text);
        }
        if let Some(named) = choice(&options, text) {
            return Found::text(&named.code);
        }
        let names: Vec<&str> = options.iter().take(20).map(|named| named.name.as_str()).collect();
        let advice = format!("可填：{}", names.join("、"));
        let said = Said::wrong("IMP-0205", format!("{name}没有“{}”", short(text)), &advice);
        Found::text(text).saying(said.suggesting(close(&options, text)))
    }

    fn several(&self, column: &Column, text: &str, category: &str) -> Found {
        let mut codes: Vec<Value> = Vec::new();
        let mut said = None;
        for part in text.split(SEVERAL).map(str::trim).filter(|part| !part.is_empty()) {
            let found = self.listed(&column.name, &column.list, part, category);
            said = said.or(found.said);
            if !codes.contains(&found.value) {
                codes.push(found.value);
            }
        }
        Found { value: Value::Array(codes), said }
    }

    /// A table in a cell: rows by `；`, columns by `|`, in the order of the field's columns.
    fn records(&self, column: &Column, text: &str, category: &str) -> Found {
        let mut rows = Vec::new();
        let mut said = None;
        for row in text.split(ROWS).map(str::trim).filter(|row| !row.is_empty()) {
            let mut members = Map::new();
            for (part, text) in column.parts.iter().zip(row.split(PARTS).map(str::trim)) {
                if text.is_empty() {
                    continue;
                }
                let found = self.part(column, part, text, category);
                said = said.or(found.said);
                members.insert(part.code.clone(), found.value);
            }
            if row.split(PARTS).count() > column.parts.len() {
                let reason = format!("{}每项最多 {} 格", column.name, column.parts.len());
                said = said.or_else(|| Some(Said::wrong("IMP-0209", reason, &records_form(column))));
            }
            rows.push(Value::Object(members));
        }
        Found { value: Value::Array(rows), said }
    }

    fn part(&self, column: &Column, part: &MetaColumn, text: &str, category: &str) -> Found {
        let name = format!("{}的{}", column.name, part.name);
        match part.shape {
            Shape::List | Shape::Tree | Shape::Multi => self.listed(&name, &part.list, text, category),
            Shape::Date => date(text, false),
            Shape::Number | Shape::Integer => number(text),
            Shape::Bool => truth(text),
            Shape::Division => self.division(text),
            _ => Found::text(text),
        }
    }

    fn division(&self, text: &str) -> Found {
        let code = half_width(text);
        if code.chars().all(|c| c.is_ascii_digit()) {
            return Found::text(&code);
        }
        match self.divisions.named(text) {
            [one] => Found::text(one),
            [] => {
                let reason = format!("没有行政区划“{}”", short(text));
                Found::text(text).saying(Said::wrong(
                    "IMP-0206",
                    reason,
                    "请填写六位行政区划代码，或本辖区内的区划名称",
                ))
            }
            more => {
                let advice = format!("请填写六位代码：{}", more.join("、"));
                let reason = format!("有 {} 个行政区划名为“{}”", more.len(), short(text));
                Found::text(text).saying(Said::wrong("IMP-0206", reason, &advice))
            }
        }
    }
}

fn fault(column: &Column, head: &str, said: Said) -> RowFault {
    RowFault {
        column: head.to_owned(),
        field: column.code.clone(),
        code: said.code.to_owned(),
        reason: said.reason,
        advice: said.advice,
        suggestion: said.suggestion,
        warning: said.warning,
    }
}

/// How a table is written into a cell.
pub(super) fn records_form(column: &Column) -> String {
    let names: Vec<&str> = column.parts.iter().map(|part| part.name.as_str()).collect();
    format!("每项写作 {}，多项以“；”分隔", names.join("|"))
}

/// What the file did to a cell, where that matters for what it holds.
fn of_mark(column: &Column, text: &str, mark: Mark) -> Option<Said> {
    let name = &column.name;
    let codes = matches!(column.shape, Shape::Code | Shape::Uscc | Shape::Idno | Shape::Phone);
    // What is about a person is not repeated in a report.
    let shown = if column.personal { "该数" } else { text };
    match mark {
        Mark::Lossy => {
            let reason = format!("{name}以数字保存，超过 15 位，末尾几位已不准确（{shown}）");
            Some(Said::wrong("IMP-0201", reason, "请将该列设为“文本”格式后重新填写"))
        }
        Mark::Number if codes && column.shape != Shape::Phone => {
            let reason = format!("{name}以数字保存，开头的 0 可能已丢失（{shown}）");
            Some(Said::known("IMP-0202", reason, "如编码以 0 开头，请将该列设为“文本”格式后重新填写"))
        }
        Mark::Formula => {
            let reason = format!("{name}由公式算出，取保存时的结果（{shown}）");
            Some(Said::known("IMP-0203", reason, "请核对结果，或粘贴为数值后上传"))
        }
        Mark::NoResult => {
            Some(Said::wrong("IMP-0204", format!("{name}的公式没有结果"), "请在表格软件中打开并保存，或粘贴为数值"))
        }
        Mark::Error => Some(Said::wrong("IMP-0204", format!("{name}是错误值 {text}"), "请改正公式或直接填写")),
        Mark::Merged => {
            let said =
                Said::wrong("IMP-0207", format!("{name}在合并单元格内，只有左上角有内容"), "请取消合并，逐行填写");
            Some(said.suggesting(Some(text.to_owned()).filter(|_| !column.personal)))
        }
        Mark::TooLong => Some(Said::wrong("IMP-0208", format!("{name}内容过长"), "请缩短；CSV 文件请检查引号是否成对")),
        Mark::Plain | Mark::Number => None,
    }
}

/// A code as it was meant: a spreadsheet's `1.23E+17` is none.
fn code(text: &str) -> Found {
    let scientific = text.split_once(['E', 'e']).is_some_and(|(front, back)| {
        front.contains('.') && back.starts_with('+') && front.parse::<f64>().is_ok() && back.parse::<i32>().is_ok()
    });
    if scientific {
        let reason = format!("编码被表格软件改成了科学计数（{text}），后面的数字已丢失");
        return Found::text(text).saying(Said::wrong("IMP-0201", reason, "请将该列设为“文本”格式后重新填写"));
    }
    Found::text(text)
}

fn number(text: &str) -> Found {
    let plain = half_width(text).replace(',', "");
    match serde_json::from_str::<serde_json::Number>(&plain) {
        Ok(number) => Found { value: Value::Number(number), said: None },
        Err(_) => {
            let figures: String = plain.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            let suggestion = Some(figures).filter(|figures| figures.parse::<f64>().is_ok());
            let said = Said::wrong("IMP-0210", format!("“{}”不是数字", short(text)), "请只填写数字，不带单位");
            Found { value: Value::Null, said: Some(said.suggesting(suggestion)) }
        }
    }
}

fn truth(text: &str) -> Found {
    let value = match normalise(text).as_str() {
        "是" | "true" | "yes" | "y" | "1" | "有" | "√" => Some(true),
        "否" | "false" | "no" | "n" | "0" | "无" => Some(false),
        _ => None,
    };
    let ticked = matches!(text.trim(), "√" | "✓");
    match value.or(ticked.then_some(true)) {
        Some(value) => Found { value: value.into(), said: None },
        None => {
            let said = Said::wrong("IMP-0211", format!("“{}”不是“是”或“否”", short(text)), "请填写“是”或“否”");
            Found { value: Value::Null, said: Some(said) }
        }
    }
}

/// A day in any of the usual forms; one that could be two days is only suggested.
fn date(text: &str, serial: bool) -> Found {
    let plain = half_width(text);
    let day_part = plain.split([' ', 'T']).next().unwrap_or_default();
    let turn: Option<Day> = "2000-01-01".parse().ok();
    let number = plain.parse::<i64>().ok().filter(|days| SERIALS.contains(days) && (serial || plain.len() == 5));
    if let (Some(days), Some(turn)) = (number, turn) {
        let day = turn.plus(days - TURN).to_string();
        let reason = format!("日期以数字 {plain} 保存，按 {day} 读取");
        return Found::text(&day).saying(Said::known("IMP-0212", reason, "请核对，或将该列设为日期格式"));
    }
    if let Some(day) = day_of(day_part) {
        return Found::text(&day);
    }
    let said = Said::wrong("IMP-0213", format!("“{}”不是正确的日期", short(text)), "请按 2026-01-31 的格式填写");
    Found::text(text).saying(said.suggesting(turned(day_part)))
}

fn day_of(text: &str) -> Option<String> {
    let digits = text.chars().all(|c| c.is_ascii_digit());
    let parts: Vec<String> = if digits && text.len() == 8 {
        vec![text.get(..4)?.to_owned(), text.get(4..6)?.to_owned(), text.get(6..)?.to_owned()]
    } else {
        let parts = text.trim_end_matches('日').split(['-', '/', '.', '年', '月']);
        parts.map(|part| part.trim().to_owned()).collect()
    };
    let [year, month, day] = parts.as_slice() else { return None };
    real_day(year, month, day)
}

fn real_day(year: &str, month: &str, day: &str) -> Option<String> {
    let fits = year.len() == 4 && (1..=2).contains(&month.len()) && (1..=2).contains(&day.len());
    let text = format!("{year}-{month:0>2}-{day:0>2}");
    text.parse::<Day>().ok().filter(|_| fits)?;
    Some(text)
}

/// The day of a text with the year behind, where only one reading is a day.
fn turned(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['-', '/', '.']).map(str::trim).collect();
    let [first, second, year] = parts.as_slice() else { return None };
    let readings = [real_day(year, first, second), real_day(year, second, first)];
    match readings {
        [Some(day), None] | [None, Some(day)] => Some(day),
        [Some(one), Some(other)] if one == other => Some(one),
        _ => None,
    }
}

/// The option that a cell names by code, by name, or by both.
fn choice<'o>(options: &'o [Named], text: &str) -> Option<&'o Named> {
    let wanted = normalise(text);
    let by_code = options.iter().find(|named| named.code == text || normalise(&named.code) == wanted);
    let by_name = || options.iter().find(|named| normalise(&named.name) == wanted);
    let by_both = || {
        options.iter().find(|named| {
            let (name, code) = (normalise(&named.name), normalise(&named.code));
            wanted == format!("{name}{code}") || wanted == format!("{code}{name}")
        })
    };
    by_code.or_else(by_name).or_else(by_both)
}

/// The one option that is meant in all likelihood: its name holds the text, or the text its name.
fn close(options: &[Named], text: &str) -> Option<String> {
    let wanted = normalise(text);
    let near = |named: &&Named| {
        let name = normalise(&named.name);
        !wanted.is_empty() && (name.contains(&wanted) || wanted.contains(&name))
    };
    let mut found = options.iter().filter(near);
    let first = found.next()?;
    found.next().is_none().then(|| first.name.clone())
}

fn half_width(text: &str) -> String {
    let half = |c: char| match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        0x3000 => ' ',
        _ => c,
    };
    text.chars().map(half).collect::<String>().trim().to_owned()
}

/// A text for a message.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Divisions below a node by name: alone, and behind the names above it.
struct Places(BTreeMap<String, Vec<String>>);

impl Places {
    fn of(divisions: &Divisions, node: &str) -> Self {
        let ranges = divisions.subtree(node);
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for division in divisions.iter().filter(|division| division.successor.is_none()) {
            if !ranges.iter().any(|range| range.covers(&division.code)) {
                continue;
            }
            let path: Vec<&str> = divisions.path(&division.code).iter().map(|above| above.name.as_str()).collect();
            for from in 0..path.len() {
                let name = normalise(&path.get(from..).unwrap_or_default().concat());
                let codes = names.entry(name).or_default();
                if !codes.contains(&division.code) {
                    codes.push(division.code.clone());
                }
            }
        }
        Self(names)
    }

    fn named(&self, text: &str) -> &[String] {
        self.0.get(&normalise(text)).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_1a_days_have_one_form_and_doubtful_ones_are_only_suggested() {
        for (text, day, suggestion) in [
            ("2026-01-31", Some("2026-01-31"), None),
            ("2026/1/31", Some("2026-01-31"), None),
            ("2026.01.31", Some("2026-01-31"), None),
            ("20260131", Some("2026-01-31"), None),
            ("2026年1月31日", Some("2026-01-31"), None),
            ("2026-01-31 00:00:00", Some("2026-01-31"), None),
            ("２０２６－０１－３１", Some("2026-01-31"), None),
            ("1/31/2026", None, Some("2026-01-31")),
            ("31/1/2026", None, Some("2026-01-31")),
            ("1/2/2026", None, None),
            ("2026-02-30", None, None),
            ("长期", None, None),
        ] {
            let found = date(text, false);
            assert_eq!(found.said.is_none().then(|| found.value.as_str().unwrap_or_default()), day, "{text}");
            assert_eq!(found.said.and_then(|said| said.suggestion).as_deref(), suggestion, "{text}");
        }
        let found = date("45943", true);
        assert_eq!((found.value.as_str(), found.said.map(|said| said.warning)), (Some("2025-10-13"), Some(true)));
    }

    #[test]
    fn g_6_2_1a_a_name_of_a_list_becomes_its_code_or_is_suggested() {
        let named = |code: &str, name: &str| Named { code: code.to_owned(), name: name.to_owned() };
        let options = [named("agri", "食用农产品"), named("food", "食品"), named("drug", "药品")];
        for (text, code) in [("agri", "agri"), ("食用农产品", "agri"), ("食品（food）", "food"), ("药品 drug", "drug")]
        {
            assert_eq!(choice(&options, text).map(|named| named.code.as_str()), Some(code), "{text}");
        }
        assert!(choice(&options, "农产品").is_none());
        assert_eq!(close(&options, "农产品").as_deref(), Some("食用农产品"));
        assert_eq!(close(&options, "品"), None, "three fit");
        assert_eq!(close(&options, ""), None);
    }

    #[test]
    fn g_6_2_1a_a_code_that_became_a_figure_is_never_rounded_in_silence() {
        assert!(code("91350100M000100Y43").said.is_none());
        assert!(code("12E45").said.is_none());
        assert_eq!(code("3.70202E+17").said.map(|said| said.code), Some("IMP-0201"));
        assert_eq!(number("12.5亩").said.and_then(|said| said.suggestion).as_deref(), Some("12.5"));
        assert_eq!(number("1,200").value, serde_json::json!(1200));
        assert_eq!(truth("√").value, Value::Bool(true));
        assert!(truth("大概").said.is_some());
    }
}
