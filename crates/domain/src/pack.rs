//! Packs (数据包): categories, stages, code schemes, metadata fields, rules, indicators, roles and clocks as data with a
//! version and a first day of validity.
//!
//! Every rule of the platform that a province may set stands in a pack under `sql/reference/`; the engines that interpret
//! them are [`crate::check`], [`crate::outlier`] and [`crate::evaluation`]. A later file adds to an earlier one and
//! replaces rows with the same code. Rows: N-CAT, G-6.3.1, G-6.4.2a, G-6.8.1, G-5.4.2.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::code::{CodeScheme, CodeSchemes, CodeSchemesError};
use crate::evaluation::{Formula, Grade, Indicator, Inputs};
use crate::outlier::Rule;
use crate::period::{Calendar, Day};

/// A trace stage (追溯环节), finer than and mapped to one of the eight standard ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Code of the standard stage it belongs to; its own for the standard ones.
    pub standard: String,
    /// Place in the chain, small first.
    pub order: u32,
    /// Whether goods begin here, so that no upstream is asked for.
    #[serde(default)]
    pub source: bool,
}

/// Second level of a category, or a name with a code in general.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
}

/// How much a metadata field is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Required (必选): a row without it is refused.
    Must,
    /// Required where it exists (条件必选): a row without it is accepted and counts as incomplete.
    Should,
    /// Optional (可选).
    #[default]
    May,
}

/// What a metadata field holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Text.
    #[default]
    Text,
    /// A decimal number.
    Number,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// Yes or no.
    Flag,
}

/// A metadata field of a category (元数据).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Short name: a member of the event (`batch`, `quantity`, `voucher`, …) or a key of its further fields.
    pub code: String,
    /// Name.
    pub name: String,
    /// What it holds.
    #[serde(default, rename = "type")]
    pub kind: FieldType,
    /// How much it is wanted.
    #[serde(default)]
    pub need: Need,
    /// Stages where it applies; empty for all.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Standard or regulation behind it.
    #[serde(default)]
    pub std_ref: String,
}

/// A product category (产品类别), a sub-platform with settings of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Place in menus.
    pub order: u32,
    /// Codes of its stages, in the order of the chain.
    pub stages: Vec<String>,
    /// Codes of the optional functions that are on.
    #[serde(default)]
    pub functions: Vec<String>,
    /// Second level.
    #[serde(default)]
    pub children: Vec<Named>,
    /// Metadata fields.
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// A kind of node, form of organisation, or state, with the stage it implies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which list it is in: `node_type`, `org_form`, `subject_state`, `finding_state`, `device_type`, `biz_step`, …
    pub list: String,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Stage that goes with it; empty where none does.
    #[serde(default)]
    pub stage: String,
}

/// A role with what it may do (角色).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Permissions such as `subject.read`; `subject.*` is every action on subjects, `*` everything.
    pub permissions: Vec<String>,
    /// Permissions taken away again (三权分立).
    #[serde(default)]
    pub denied: Vec<String>,
}

impl Role {
    /// Whether the role has `permission`.
    #[must_use]
    pub fn allows(&self, permission: &str) -> bool {
        let covers = |pattern: &String| {
            pattern == "*"
                || pattern == permission
                || pattern
                    .strip_suffix('*')
                    .is_some_and(|prefix| prefix.ends_with('.') && permission.starts_with(prefix))
        };
        self.permissions.iter().any(covers) && !self.denied.iter().any(covers)
    }
}

/// How a statutory time limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockUnit {
    /// Hours on the clock.
    Hour,
    /// Calendar days, to the end of the last.
    Day,
    /// Working days, to the end of the last.
    WorkingDay,
}

/// A statutory or agreed time limit (时限).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeLimit {
    /// Code, such as `complaint_accept`.
    pub code: String,
    /// Name.
    pub name: String,
    /// How many units.
    pub amount: u32,
    /// Unit.
    pub unit: ClockUnit,
    /// First day on which it applies; the latest one before the matter wins.
    pub valid_from: Day,
    /// Regulation behind it.
    #[serde(default)]
    pub source: String,
}

/// Version and first day of a pack that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackVersion {
    /// Name of the file.
    pub name: String,
    /// Version.
    pub version: String,
    /// First day of validity.
    pub valid_from: Day,
}

/// A pack cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("数据包 {pack} 不正确：{place}{what}")]
pub struct PackError {
    /// Name of the file.
    pub pack: String,
    /// Where in it: a row, or line and column; may be empty.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// Everything that the packs say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Packs {
    /// Files read, in order.
    pub versions: Vec<PackVersion>,
    /// Categories in the order of menus.
    pub categories: Vec<Category>,
    /// Stages in the order of the chain.
    pub stages: Vec<Stage>,
    /// Code schemes.
    pub schemes: CodeSchemes,
    /// Outlier rules.
    pub rules: Vec<Rule>,
    /// Versions of the evaluation formula, oldest first.
    pub formulas: Vec<Formula>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Time limits.
    pub limits: Vec<TimeLimit>,
    /// Lists of names.
    pub entries: Vec<Entry>,
    /// Optional functions that a category may switch on.
    pub functions: Vec<Named>,
    /// Holidays.
    pub calendar: Calendar,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    valid_from: Day,
    #[serde(default)]
    provinces: Vec<String>,
    #[serde(default)]
    category: Vec<Category>,
    #[serde(default)]
    stage: Vec<Stage>,
    #[serde(default)]
    scheme: Vec<CodeScheme>,
    #[serde(default)]
    rule: Vec<Rule>,
    #[serde(default)]
    indicator: Vec<Indicator>,
    #[serde(default)]
    grade: Vec<Grade>,
    #[serde(default)]
    role: Vec<Role>,
    #[serde(default)]
    limit: Vec<TimeLimit>,
    #[serde(default)]
    entry: Vec<Entry>,
    #[serde(default)]
    function: Vec<Named>,
    #[serde(default)]
    calendar: Calendar,
}

/// The packs that are shipped, as (name, text).
pub const SHIPPED: [(&str, &str); 9] = [
    ("stages.toml", include_str!("../../../sql/reference/stages.toml")),
    ("categories.toml", include_str!("../../../sql/reference/categories.toml")),
    ("code_schemes.toml", include_str!("../../../sql/reference/code_schemes.toml")),
    ("rules.toml", include_str!("../../../sql/reference/rules.toml")),
    ("indicators.toml", include_str!("../../../sql/reference/indicators.toml")),
    ("roles.toml", include_str!("../../../sql/reference/roles.toml")),
    ("limits.toml", include_str!("../../../sql/reference/limits.toml")),
    ("lists.toml", include_str!("../../../sql/reference/lists.toml")),
    ("calendar.toml", include_str!("../../../sql/reference/calendar.toml")),
];

impl Packs {
    /// The packs that are shipped.
    ///
    /// # Errors
    /// Never for an unchanged build; a test reads them.
    pub fn shipped() -> Result<Self, PackError> {
        Self::parse(&SHIPPED)
    }

    /// Reads packs given as (name, text), later ones on top of earlier ones.
    ///
    /// # Errors
    /// When a text is not such a pack, or a row names something that no pack has. The error names file and place.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, PackError> {
        let mut packs = Self::default();
        let mut schemes = Vec::new();
        let mut provinces = Vec::new();
        for (name, text) in files {
            let file: File = toml::from_str(text).map_err(|error| syntax(name, text, &error))?;
            packs.versions.push(PackVersion {
                name: (*name).to_owned(),
                version: file.version.clone(),
                valid_from: file.valid_from,
            });
            merge(name, "类别", &mut packs.categories, file.category, |row| row.code.clone())?;
            merge(name, "环节", &mut packs.stages, file.stage, |row| row.code.clone())?;
            merge(name, "编码规则", &mut schemes, file.scheme, |row| row.code.clone())?;
            merge(name, "规则", &mut packs.rules, file.rule, |row| row.code.clone())?;
            merge(name, "角色", &mut packs.roles, file.role, |row| row.code.clone())?;
            merge(name, "时限", &mut packs.limits, file.limit, |row| (row.code.clone(), row.valid_from))?;
            merge(name, "名称", &mut packs.entries, file.entry, |row| (row.list.clone(), row.code.clone()))?;
            merge(name, "功能", &mut packs.functions, file.function, |row| row.code.clone())?;
            provinces.extend(file.provinces);
            packs.calendar.holidays.extend(file.calendar.holidays);
            packs.calendar.workdays.extend(file.calendar.workdays);
            if !file.indicator.is_empty() || !file.grade.is_empty() {
                let formula = Formula::new(file.version, file.valid_from, file.indicator, file.grade);
                packs.formulas.push(formula.map_err(|what| error(name, "指标", what))?);
            }
            packs.check_references(name)?;
        }
        packs.schemes = CodeSchemes::new(schemes, provinces).map_err(|fault| scheme_error(files, &fault))?;
        packs.categories.sort_by_key(|category| category.order);
        packs.stages.sort_by_key(|stage| stage.order);
        packs.formulas.sort_by_key(|formula| formula.valid_from);
        Ok(packs)
    }

    /// The category with this code.
    #[must_use]
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories.iter().find(|category| category.code == code)
    }

    /// The stage with this code.
    #[must_use]
    pub fn stage(&self, code: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.code == code)
    }

    /// The outlier rule with this code.
    #[must_use]
    pub fn rule(&self, code: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.code == code)
    }

    /// The role with this code.
    #[must_use]
    pub fn role(&self, code: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.code == code)
    }

    /// The formula in force on `day`: the latest that began on or before it, else the oldest.
    #[must_use]
    pub fn formula(&self, day: Day) -> Option<&Formula> {
        self.formulas.iter().rfind(|formula| formula.valid_from <= day).or_else(|| self.formulas.first())
    }

    /// The entries of a list, in the order of the pack.
    pub fn list<'a>(&'a self, list: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.list == list)
    }

    /// The name of an entry of a list, or its code where it is unknown.
    #[must_use]
    pub fn name_in<'a>(&'a self, list: &str, code: &'a str) -> &'a str {
        let found = self.entries.iter().find(|entry| entry.list == list && entry.code == code);
        found.map_or(code, |entry| entry.name.as_str())
    }

    /// When a matter that began `at` is due under the limit in force then; `None` for an unknown limit.
    #[must_use]
    pub fn due(&self, limit: &str, at: Timestamp) -> Option<Timestamp> {
        let day = Day::of(at);
        let in_force = self.limits.iter().filter(|row| row.code == limit && row.valid_from <= day);
        let limit = in_force.max_by_key(|row| row.valid_from)?;
        Some(match limit.unit {
            ClockUnit::Hour => at.plus_millis(i64::from(limit.amount) * 3_600_000),
            ClockUnit::Day => day.plus(i64::from(limit.amount)).end(),
            ClockUnit::WorkingDay => self.calendar.working_days_after(at, limit.amount),
        })
    }

    fn check_references(&self, pack: &str) -> Result<(), PackError> {
        let stages: BTreeSet<&str> = self.stages.iter().map(|stage| stage.code.as_str()).collect();
        let known = |place: String, code: &str| {
            if stages.contains(code) {
                Ok(())
            } else {
                Err(error(pack, &place, format!("没有编码为 {code} 的环节")))
            }
        };
        for stage in &self.stages {
            known(format!("环节 {}", stage.code), &stage.standard)?;
        }
        for category in &self.categories {
            let place = || format!("类别 {}", category.code);
            for stage in category.stages.iter().chain(category.fields.iter().flat_map(|field| &field.stages)) {
                known(place(), stage)?;
            }
            let switch = category.functions.iter().find(|code| !self.functions.iter().any(|f| f.code == **code));
            if let Some(code) = switch {
                return Err(error(pack, &place(), format!("没有编码为 {code} 的功能")));
            }
        }
        for entry in self.entries.iter().filter(|entry| !entry.stage.is_empty()) {
            known(format!("名称 {}", entry.code), &entry.stage)?;
        }
        for rule in &self.rules {
            rule.validate().map_err(|what| error(pack, &format!("规则 {}", rule.code), what))?;
            for stage in &rule.stages {
                known(format!("规则 {}", rule.code), stage)?;
            }
            if let Some(category) = rule.categories.iter().find(|code| self.category(code).is_none()) {
                return Err(error(pack, &format!("规则 {}", rule.code), format!("没有编码为 {category} 的类别")));
            }
        }
        let names = Inputs::default();
        for indicator in self.formulas.iter().flat_map(|formula| &formula.indicators) {
            for input in [&indicator.numerator, &indicator.denominator] {
                if names.get(input).is_none() && !input.starts_with("extra.") {
                    return Err(error(pack, &format!("指标 {}", indicator.code), format!("没有名为 {input} 的输入")));
                }
            }
        }
        Ok(())
    }
}

fn error(pack: &str, place: &str, what: impl Into<String>) -> PackError {
    let place = if place.is_empty() { String::new() } else { format!("{place}：") };
    PackError { pack: pack.to_owned(), place, what: what.into() }
}

fn syntax(pack: &str, text: &str, fault: &toml::de::Error) -> PackError {
    let line = fault
        .span()
        .map(|span| text.as_bytes()[..span.start.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1);
    error(pack, &line.map(|line| format!("第 {line} 行")).unwrap_or_default(), fault.message())
}

fn scheme_error(files: &[(&str, &str)], fault: &CodeSchemesError) -> PackError {
    let pack = files.iter().rfind(|(_, text)| text.contains("[[scheme]]")).map_or("", |(name, _)| name);
    error(pack, "", fault.to_string())
}

/// Puts the rows of a file on top of those before; a code twice in one file is an error.
fn merge<T, K: PartialEq + std::fmt::Debug>(
    pack: &str,
    noun: &str,
    rows: &mut Vec<T>,
    new: Vec<T>,
    key: impl Fn(&T) -> K,
) -> Result<(), PackError> {
    for (i, row) in new.iter().enumerate() {
        if new[..i].iter().any(|other| key(other) == key(row)) {
            return Err(error(pack, &format!("{noun} {:?}", key(row)), "编码重复"));
        }
    }
    for row in new {
        match rows.iter_mut().find(|present| key(present) == key(&row)) {
            Some(present) => *present = row,
            None => rows.push(row),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_cat_the_shipped_packs_hold_seven_categories() {
        let packs = Packs::shipped().unwrap_or_else(|error| panic!("{error}"));
        let names: Vec<&str> = packs.categories.iter().map(|category| category.name.as_str()).collect();
        assert_eq!(names, ["食用农产品", "食品", "药品", "农业生产资料", "特种设备", "危险品", "稀土产品"]);
        let standard: BTreeSet<&str> = packs.stages.iter().map(|stage| stage.standard.as_str()).collect();
        assert_eq!(standard.len(), 8);
        for category in &packs.categories {
            assert!(!category.children.is_empty() && !category.fields.is_empty(), "{}", category.code);
            assert!(category.stages.len() > 3, "{}", category.code);
        }
        let weights: u32 = packs.formulas[0].indicators.iter().map(|indicator| indicator.weight).sum();
        assert_eq!(weights, 100);
        assert_eq!(packs.name_in("subject_state", "filed"), "已备案");
    }

    #[test]
    fn n_cat_an_eighth_category_is_data() {
        let eighth = r#"
            version = "9"
            valid_from = "2026-01-01"
            [[stage]]
            code = "printing"
            name = "印制"
            standard = "processing"
            order = 25
            [[category]]
            code = "textbook"
            name = "中小学教材"
            order = 8
            stages = ["printing", "distribution", "use"]
            children = [{ code = "primary", name = "小学" }]
            fields = [{ code = "isbn", name = "书号", need = "must", stages = ["printing"] }]
        "#;
        let mut files = SHIPPED.to_vec();
        files.push(("textbook.toml", eighth));
        let packs = Packs::parse(&files).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(packs.categories.len(), 8);
        assert_eq!(packs.category("textbook").map(|category| category.stages.len()), Some(3));
    }

    #[test]
    fn n_cat_errors_name_file_and_place() {
        let head = "version='1'\nvalid_from='2026-01-01'\n";
        for (text, place, what) in [
            ("version='1'\nvalid_from='2026-01-01'\n[[category]]\nnom='x'", "第 ", "nom"),
            ("version='1'\nvalid_from='gestern'", "第 2 行", "日期"),
            ("[[stage]]\ncode='a'\nname='a'\nstandard='b'\norder=1", "环节 a", "没有编码为 b"),
            (
                "[[role]]\ncode='a'\nname='a'\npermissions=[]\n[[role]]\ncode='a'\nname='b'\npermissions=[]",
                "角色",
                "重复",
            ),
            ("[[category]]\ncode='a'\nname='a'\norder=1\nstages=['nowhere']", "类别 a", "nowhere"),
            ("[[indicator]]\ncode='a'\nname='a'\nweight=1\nnumerator='x'\ndenominator='records'", "指标", ""),
        ] {
            let text = if text.starts_with("version") { text.to_owned() } else { format!("{head}{text}") };
            let error = Packs::parse(&[("mine.toml", &text)]).expect_err(&text);
            assert_eq!(error.pack, "mine.toml");
            assert!(error.place.contains(place) && error.what.contains(what), "{error}");
        }
    }

    #[test]
    fn g_6_9b_limits_follow_the_day_of_the_matter() {
        let packs = Packs::shipped().unwrap_or_else(|error| panic!("{error}"));
        let at: Timestamp = "2026-09-30T10:00:00+08:00".parse().expect("an instant");
        let due = packs.due("complaint_accept", at).expect("a shipped limit");
        assert_eq!(Day::of(due.plus_millis(-1)).to_string(), "2026-10-15");
        assert_eq!(packs.due("event_report", at), Some(at.plus_millis(24 * 3_600_000)));
        assert_eq!(packs.due("nothing", at), None);
    }

    #[test]
    fn g_5_4_2_roles_allow_by_pattern_and_denials_win() {
        let role = Role {
            code: "r".into(),
            name: "r".into(),
            permissions: vec!["subject.*".into(), "event.read".into()],
            denied: vec!["subject.review".into()],
        };
        for (permission, allowed) in [
            ("subject.read", true),
            ("subject.review", false),
            ("event.read", true),
            ("event.write", false),
            ("subjects.read", false),
        ] {
            assert_eq!(role.allows(permission), allowed, "{permission}");
        }
    }
}
