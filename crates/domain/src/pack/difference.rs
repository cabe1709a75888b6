//! What one text of a pack says against another, row by row: for the dry run before publishing and for the rule that
//! rows of a tier above stay as they are.
//!
//! Rows are compared as they are understood, so that comments, order and defaults written out make no difference.
//! Rows: N-TIER, G-6.4.2a.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::PackFile;

/// Tables of a pack with the Chinese word for a row of it.
pub const TABLES: [(&str, &str); 23] = [
    ("stage", "环节"),
    ("category", "类别"),
    ("child", "二级类别"),
    ("field", "元数据"),
    ("function", "功能"),
    ("meta", "登记字段"),
    ("scheme", "编码规则"),
    ("province", "省级代码"),
    ("rule", "规则"),
    ("indicator", "指标"),
    ("grade", "等级"),
    ("role", "角色"),
    ("limit", "时限"),
    ("entry", "名称"),
    ("calendar", "节假日"),
    ("threshold", "预警阈值"),
    ("silence", "静默时限"),
    ("quota", "配额"),
    ("clause", "自测条款"),
    ("variety", "目录条目"),
    ("retired", "停用"),
    ("outside", "未纳入类别"),
    ("", "数据"),
];

/// The Chinese word for a row of `table`.
#[must_use]
pub fn table_label(table: &str) -> &'static str {
    TABLES.iter().find(|(code, _)| *code == table).map_or("数据", |(_, label)| label)
}

/// One row of a pack in a form in which rows can be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Table.
    pub table: &'static str,
    /// What names the row within the table.
    pub key: String,
    /// Name for people; may be the key.
    pub name: String,
    /// What it says; `null` where the key says it all.
    pub content: Value,
}

/// How a row changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It was not there before.
    Added,
    /// It says something else.
    Changed,
    /// It is not there any more.
    Removed,
}

/// One member of a row that changes; `None` where it is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// Name of the member, with a dot for each level.
    pub member: String,
    /// What it said.
    pub before: Option<String>,
    /// What it says.
    pub after: Option<String>,
}

/// One row that changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Table.
    pub table: &'static str,
    /// The Chinese word for a row of it.
    pub table_name: &'static str,
    /// What names the row.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// How it changes.
    pub how: How,
    /// What changes in it.
    pub members: Vec<Member>,
}

/// The rows of a pack, in the order in which they stand.
#[must_use]
pub fn rows(file: &PackFile) -> Vec<Row> {
    let mut rows = Vec::new();
    let plain = |code: &String, name: &String| (code.clone(), name.clone());
    add(&mut rows, "stage", &file.stage, |row| plain(&row.code, &row.name));
    add(&mut rows, "category", &file.category, |row| plain(&row.code, &row.name));
    for row in &mut rows {
        // Second levels and fields are rows of their own, so that a change of one is not a change of the category.
        if let Some(content) = row.content.as_object_mut() {
            content.remove("children");
            content.remove("fields");
        }
    }
    for category in &file.category {
        let under = |code: &str| format!("{}/{code}", category.code);
        add(&mut rows, "child", &category.children, |row| (under(&row.code), row.name.clone()));
        add(&mut rows, "field", &category.fields, |row| (under(&row.code), row.name.clone()));
    }
    for child in &file.child {
        let key = format!("{}/{}", child.category, child.code);
        let content = serde_json::json!({ "code": child.code, "name": child.name });
        rows.push(Row { table: "child", key, name: child.name.clone(), content });
    }
    add(&mut rows, "function", &file.function, |row| plain(&row.code, &row.name));
    add(&mut rows, "scheme", &file.scheme, |row| plain(&row.code, &row.name));
    add(&mut rows, "rule", &file.rule, |row| plain(&row.code, &row.name));
    add(&mut rows, "indicator", &file.indicator, |row| plain(&row.code, &row.name));
    add(&mut rows, "grade", &file.grade, |row| plain(&row.code, &row.name));
    add(&mut rows, "role", &file.role, |row| plain(&row.code, &row.name));
    add(&mut rows, "limit", &file.limit, |row| (format!("{}@{}", row.code, row.valid_from), row.name.clone()));
    add(&mut rows, "entry", &file.entry, |row| (format!("{}/{}", row.list, row.code), row.name.clone()));
    add(&mut rows, "meta", &file.meta, |row| (format!("{}/{}", row.entity, row.code), row.name.clone()));
    add(&mut rows, "threshold", &file.threshold, |row| {
        (format!("{}@{}", row.indicator, row.stage), row.indicator.clone())
    });
    add(&mut rows, "silence", &file.silence, |row| plain(&row.stage, &row.stage));
    add(&mut rows, "quota", &file.quota, |row| plain(&row.code, &row.name));
    add(&mut rows, "clause", &file.clause, |row| plain(&row.code, &row.name));
    let level = |category: &str, code: &str| format!("{category}/{code}");
    add(&mut rows, "variety", &file.variety, |row| (level(&row.category, &row.code), row.name.clone()));
    add(&mut rows, "retired", &file.retired, |row| (level(&row.category, &row.code), row.code.clone()));
    add(&mut rows, "outside", &file.outside, |row| plain(&row.category, &row.category));
    let day =
        |key: String, word: &str| Row { table: "calendar", name: format!("{key} {word}"), key, content: word.into() };
    rows.extend(file.calendar.holidays.iter().map(|row| day(row.to_string(), "放假")));
    rows.extend(file.calendar.workdays.iter().map(|row| day(row.to_string(), "上班")));
    let bare = |code: &String| Row { table: "province", key: code.clone(), name: code.clone(), content: Value::Null };
    rows.extend(file.provinces.iter().map(bare));
    numbered(&mut rows);
    rows
}

fn add<T: Serialize>(rows: &mut Vec<Row>, table: &'static str, new: &[T], named: impl Fn(&T) -> (String, String)) {
    rows.extend(new.iter().map(|row| {
        let (key, name) = named(row);
        // Rows are plain data; one that could not be written would read as empty on both sides.
        Row { table, key, name, content: serde_json::to_value(row).unwrap_or_default() }
    }));
}

/// A field may stand twice in a category, for different stages.
fn numbered(rows: &mut [Row]) {
    let mut seen: BTreeMap<(&'static str, String), u32> = BTreeMap::new();
    for row in rows {
        let times = seen.entry((row.table, row.key.clone())).or_default();
        *times += 1;
        if *times > 1 {
            row.key = format!("{}#{times}", row.key);
        }
    }
}

/// Rows by table and key.
#[must_use]
pub fn by_key(rows: Vec<Row>) -> BTreeMap<(&'static str, String), Row> {
    rows.into_iter().map(|row| ((row.table, row.key.clone()), row)).collect()
}

/// What `after` adds to, changes in and removes from `before`, in the order of `after`, removed rows last. Without
/// `before`, everything is added.
#[must_use]
pub fn difference(before: Option<&PackFile>, after: &PackFile) -> Vec<Change> {
    let before = before.map(rows).unwrap_or_default();
    let old = by_key(before.clone());
    let new = rows(after);
    let mut changes: Vec<Change> = new
        .iter()
        .filter_map(|row| match old.get(&(row.table, row.key.clone())) {
            None => Some(change(row, How::Added, &Value::Null, &row.content)),
            Some(old) if old.content == row.content => None,
            Some(old) => Some(change(row, How::Changed, &old.content, &row.content)),
        })
        .collect();
    let kept = by_key(new);
    let gone = before.into_iter().filter(|row| !kept.contains_key(&(row.table, row.key.clone())));
    changes.extend(gone.map(|row| change(&row, How::Removed, &row.content, &Value::Null)));
    changes
}

fn change(row: &Row, how: How, before: &Value, after: &Value) -> Change {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    flatten("", before, &mut old);
    flatten("", after, &mut new);
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let members = names.into_iter().filter(|name| old.get(*name) != new.get(*name)).map(|name| Member {
        member: name.clone(),
        before: old.get(name).cloned(),
        after: new.get(name).cloned(),
    });
    Change {
        table: row.table,
        table_name: table_label(row.table),
        key: row.key.clone(),
        name: row.name.clone(),
        how,
        members: members.collect(),
    }
}

fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    let text = match value {
        Value::Null => return,
        Value::Object(members) => return flatten_members(path, members, out),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("、")
        }
        other => other.to_string(),
    };
    if !text.is_empty() {
        out.insert(path.to_owned(), text);
    }
}

fn flatten_members(path: &str, members: &Map<String, Value>, out: &mut BTreeMap<String, String>) {
    for (name, value) in members {
        let deeper = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        flatten(&deeper, value, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::SHIPPED;
    use super::*;

    fn shipped(name: &str) -> &'static str {
        SHIPPED.iter().find(|(pack, _)| *pack == name).map(|(_, text)| *text).expect(name)
    }

    fn read(text: &str) -> PackFile {
        PackFile::read("x", text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn n_tier_a_difference_names_rows_and_members() {
        let before = shipped("rules.toml");
        let after =
            before.replace("max = \"25\"", "max = \"8\"").replace("code = \"price_outlier\"", "code = \"price_jump\"");
        let changes = difference(Some(&read(before)), &read(&after));
        let told: Vec<_> = changes.iter().map(|row| (row.how, row.key.as_str())).collect();
        assert_eq!(
            told,
            [(How::Added, "price_jump"), (How::Changed, "temperature_range"), (How::Removed, "price_outlier")]
        );
        assert_eq!(changes[1].table_name, "规则");
        let member = |text: &str| Some(text.to_owned());
        let expected = Member { member: "test.max".into(), before: member("25"), after: member("8") };
        assert_eq!(changes[1].members, [expected]);
        assert!(difference(Some(&read(before)), &read(&format!("# 注释\n{before}"))).is_empty());
    }

    #[test]
    fn n_tier_every_row_of_the_shipped_packs_can_be_named() {
        for (name, text) in SHIPPED {
            let rows = rows(&read(text));
            let count = rows.len();
            assert!(count > 0, "{name}");
            assert!(rows.iter().all(|row| TABLES.iter().any(|(table, _)| *table == row.table)), "{name}");
            assert_eq!(by_key(rows).len(), count, "{name}");
        }
    }
}
