//! Packs (数据包): categories, stages, code schemes, metadata fields, rules, indicators, roles and clocks as data with a
//! version and a first day of validity.
//!
//! Every rule of the platform that a province may set stands in a pack under `sql/reference/`; the engines that interpret
//! them are [`crate::check`], [`crate::outlier`] and [`crate::evaluation`]. A later file adds to an earlier one and
//! replaces rows with the same code. Which editions of the tiers are in force together is decided in [`edition`], what one
//! text changes against another in [`difference`]. Rows: N-CAT, G-6.3.1, G-6.4.2a, G-6.8.1, G-5.4.2.

pub mod access;
pub mod catalogue;
pub mod difference;
pub mod edition;
pub mod metadata;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::access::{Clause, Quota, Silence, Threshold};
use self::catalogue::{Outside, Retired, Variety};
use self::metadata::MetaField;
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

/// A second level that a tier below adds beneath a category (二级类别增补).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Child {
    /// Code of the category.
    pub category: String,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
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
    /// Role whose permissions it inherits.
    #[serde(default)]
    pub parent: Option<String>,
    /// Which permissions whoever authorises with this role may give; its own where nothing is said.
    #[serde(default)]
    pub grants: Option<Vec<String>>,
    /// Whether its people must show a second factor at signing in; a node may decide otherwise.
    #[serde(default)]
    pub second_factor: bool,
    /// Whether its people act for one subject only and see nothing else (企业用户).
    #[serde(default)]
    pub own_subject: bool,
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
    /// Thresholds of the monitoring of connected systems.
    pub thresholds: Vec<Threshold>,
    /// How long systems may stay silent.
    pub silences: Vec<Silence>,
    /// Default quotas of connected systems.
    pub quotas: Vec<Quota>,
    /// Clauses of the self-test.
    pub clauses: Vec<Clause>,
    /// Levels of the catalogue below the second one.
    pub varieties: Vec<Variety>,
    /// Levels of the catalogue that are not chosen any more.
    pub retirements: Vec<Retired>,
    /// Categories that the region does not take in.
    pub outside: Vec<Outside>,
    /// Fields of registered documents, in the order of forms.
    pub metadata: Vec<MetaField>,
}

/// What a pack is about, which decides who may publish it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The catalogue of products (产品目录).
    Category,
    /// Rules and indicators (规则与指标).
    Rule,
    /// Everything else.
    #[default]
    Pack,
}

/// One pack as it is written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackFile {
    /// Version; names one content for ever.
    pub version: String,
    /// First day of validity.
    pub valid_from: Day,
    /// Name for people.
    #[serde(default)]
    pub title: String,
    /// What it is about.
    #[serde(default)]
    pub about: Subject,
    /// Whether editions travel to the nodes below; where not, each node has the shipped one.
    #[serde(default = "yes")]
    pub travels: bool,
    /// Tables to which the tiers below may add rows of their own.
    #[serde(default)]
    pub local: Vec<String>,
    #[serde(default)]
    provinces: Vec<String>,
    #[serde(default)]
    category: Vec<Category>,
    #[serde(default)]
    child: Vec<Child>,
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
    #[serde(default)]
    threshold: Vec<Threshold>,
    #[serde(default)]
    silence: Vec<Silence>,
    #[serde(default)]
    quota: Vec<Quota>,
    #[serde(default)]
    clause: Vec<Clause>,
    #[serde(default)]
    variety: Vec<Variety>,
    #[serde(default)]
    retired: Vec<Retired>,
    #[serde(default)]
    outside: Vec<Outside>,
    #[serde(default)]
    meta: Vec<MetaField>,
}

const fn yes() -> bool {
    true
}

impl PackFile {
    /// Reads a pack given as name and text; rows are not compared with other packs yet.
    ///
    /// # Errors
    /// When the text is not such a pack. The error names the line.
    pub fn read(name: &str, text: &str) -> Result<Self, PackError> {
        toml::from_str(text).map_err(|error| syntax(name, text, &error))
    }

    /// Whether it states an evaluation formula, of which the versions before stay in use for their periods.
    #[must_use]
    pub fn has_formula(&self) -> bool {
        !self.indicator.is_empty() || !self.grade.is_empty()
    }
}

/// Most units of a time limit; ten thousand working days are forty years.
const LONGEST_LIMIT: u32 = 10_000;

/// The packs that are shipped, as (name, text).
pub const SHIPPED: [(&str, &str); 12] = [
    ("stages.toml", include_str!("../../../sql/reference/stages.toml")),
    ("categories.toml", include_str!("../../../sql/reference/categories.toml")),
    ("code_schemes.toml", include_str!("../../../sql/reference/code_schemes.toml")),
    ("rules.toml", include_str!("../../../sql/reference/rules.toml")),
    ("indicators.toml", include_str!("../../../sql/reference/indicators.toml")),
    ("roles.toml", include_str!("../../../sql/reference/roles.toml")),
    ("limits.toml", include_str!("../../../sql/reference/limits.toml")),
    ("lists.toml", include_str!("../../../sql/reference/lists.toml")),
    ("calendar.toml", include_str!("../../../sql/reference/calendar.toml")),
    ("access.toml", include_str!("../../../sql/reference/access.toml")),
    ("catalogue.toml", include_str!("../../../sql/reference/catalogue.toml")),
    ("metadata.toml", include_str!("../../../sql/reference/metadata.toml")),
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
        let read: Result<Vec<PackFile>, PackError> =
            files.iter().map(|(name, text)| PackFile::read(name, text)).collect();
        let read = read?;
        Self::assemble(&files.iter().map(|(name, _)| *name).zip(&read).collect::<Vec<_>>())
    }

    /// Puts packs that were read together, later ones on top of earlier ones.
    ///
    /// # Errors
    /// When a row names something that no pack has. The error names file and place.
    pub fn assemble(files: &[(&str, &PackFile)]) -> Result<Self, PackError> {
        let mut packs = Self::default();
        let mut schemes = Vec::new();
        let mut provinces = Vec::new();
        for &(name, file) in files {
            merge(name, "编码规则", &mut schemes, &file.scheme, |row| row.code.clone())?;
            provinces.extend(file.provinces.iter().cloned());
            packs.add(name, file)?;
            packs.check_references(name)?;
        }
        packs.schemes = CodeSchemes::new(schemes, provinces).map_err(|fault| scheme_error(files, &fault))?;
        packs.categories.sort_by_key(|category| category.order);
        packs.stages.sort_by_key(|stage| stage.order);
        packs.formulas.sort_by_key(|formula| formula.valid_from);
        Ok(packs)
    }

    fn add(&mut self, name: &str, file: &PackFile) -> Result<(), PackError> {
        self.versions.push(PackVersion {
            name: name.to_owned(),
            version: file.version.clone(),
            valid_from: file.valid_from,
        });
        merge(name, "类别", &mut self.categories, &file.category, |row| row.code.clone())?;
        merge(name, "环节", &mut self.stages, &file.stage, |row| row.code.clone())?;
        merge(name, "规则", &mut self.rules, &file.rule, |row| row.code.clone())?;
        merge(name, "角色", &mut self.roles, &file.role, |row| row.code.clone())?;
        merge(name, "时限", &mut self.limits, &file.limit, |row| (row.code.clone(), row.valid_from))?;
        merge(name, "名称", &mut self.entries, &file.entry, |row| (row.list.clone(), row.code.clone()))?;
        merge(name, "功能", &mut self.functions, &file.function, |row| row.code.clone())?;
        let of_stage = |row: &Threshold| (row.indicator.clone(), row.stage.clone());
        merge(name, "预警阈值", &mut self.thresholds, &file.threshold, of_stage)?;
        merge(name, "静默时限", &mut self.silences, &file.silence, |row| row.stage.clone())?;
        merge(name, "配额", &mut self.quotas, &file.quota, |row| row.code.clone())?;
        merge(name, "自测条款", &mut self.clauses, &file.clause, |row| row.code.clone())?;
        let level = |category: &String, code: &String| (category.clone(), code.clone());
        merge(name, "目录条目", &mut self.varieties, &file.variety, |row| level(&row.category, &row.code))?;
        merge(name, "停用", &mut self.retirements, &file.retired, |row| level(&row.category, &row.code))?;
        merge(name, "未纳入", &mut self.outside, &file.outside, |row| row.category.clone())?;
        let key = |row: &MetaField| (row.entity.clone(), row.code.clone());
        merge(name, "元数据", &mut self.metadata, &file.meta, key)?;
        for child in &file.child {
            let place = format!("二级类别 {}", child.code);
            let category = self.categories.iter_mut().find(|row| row.code == child.category);
            let category =
                category.ok_or_else(|| error(name, &place, format!("没有编码为 {} 的类别", child.category)))?;
            let row = Named { code: child.code.clone(), name: child.name.clone() };
            merge(name, "二级类别", &mut category.children, &[row], |row| row.code.clone())?;
        }
        self.calendar.holidays.extend(file.calendar.holidays.iter().copied());
        self.calendar.workdays.extend(file.calendar.workdays.iter().copied());
        if file.has_formula() {
            let (indicators, grades) = (file.indicator.clone(), file.grade.clone());
            let formula = Formula::new(file.version.clone(), file.valid_from, indicators, grades);
            self.formulas.push(formula.map_err(|what| error(name, "指标", what))?);
        }
        Ok(())
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
        let thresholds = self.thresholds.iter().map(|row| ("预警阈值", &row.stage));
        let silences = self.silences.iter().map(|row| ("静默时限", &row.stage));
        for (noun, stage) in thresholds.chain(silences).filter(|(_, stage)| !stage.is_empty()) {
            known(format!("{noun} {stage}"), stage)?;
        }
        let is_quota = |code: &str| access::QUOTAS.contains(&code) || code == access::APPLICATIONS_PER_HOUR;
        if let Some(quota) = self.quotas.iter().find(|row| !is_quota(&row.code)) {
            return Err(error(pack, "配额", format!("没有名为 {} 的配额", quota.code)));
        }
        if let Some((place, what)) = self.catalogue_fault() {
            return Err(error(pack, &place, what));
        }
        if let Some(limit) = self.limits.iter().find(|limit| limit.amount > LONGEST_LIMIT) {
            return Err(error(pack, &format!("时限 {}", limit.code), format!("数量不能超过 {LONGEST_LIMIT}")));
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

fn scheme_error(files: &[(&str, &PackFile)], fault: &CodeSchemesError) -> PackError {
    let pack = files.iter().rfind(|(_, file)| !file.scheme.is_empty()).map_or("", |(name, _)| name);
    error(pack, "", fault.to_string())
}

/// Puts the rows of a file on top of those before; a code twice in one file is an error.
fn merge<T: Clone, K: PartialEq + std::fmt::Debug>(
    pack: &str,
    noun: &str,
    rows: &mut Vec<T>,
    new: &[T],
    key: impl Fn(&T) -> K,
) -> Result<(), PackError> {
    for (i, row) in new.iter().enumerate() {
        if new[..i].iter().any(|other| key(other) == key(row)) {
            return Err(error(pack, &format!("{noun} {:?}", key(row)), "编码重复"));
        }
    }
    for row in new {
        match rows.iter_mut().find(|present| key(present) == key(row)) {
            Some(present) => present.clone_from(row),
            None => rows.push(row.clone()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
