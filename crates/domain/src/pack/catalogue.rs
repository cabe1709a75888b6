//! The catalogue of products below the second level (产品目录), as data: varieties, what was retired in favour of what, and
//! which categories a region does not take in. Upper levels are the nation's; tiers below only add beneath them.
//! Rows: G-6.3.1, H-6.1, N-CAT.

use serde::{Deserialize, Serialize};

use super::{Category, Packs};
use crate::period::Day;

/// Deepest level; the category is the first one.
pub const DEEPEST: u32 = 6;

/// A variety: a level beneath the second one (目录条目).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variety {
    /// Code of the category.
    pub category: String,
    /// Code of the level above: a second level or another variety, which stands before it.
    pub parent: String,
    /// Code, unique within the category.
    pub code: String,
    /// Name.
    pub name: String,
    /// First day on which it may be chosen; `None` for always.
    #[serde(default)]
    pub valid_from: Option<Day>,
}

/// A level of the catalogue that is not chosen any more (停用). What was registered under it stays readable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retired {
    /// Code of the category.
    pub category: String,
    /// Code of the level.
    pub code: String,
    /// Last day on which it may be chosen.
    pub valid_to: Day,
    /// Code of the level that takes its place; empty for none.
    #[serde(default)]
    pub successor: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// A category that a region does not take in (未纳入).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outside {
    /// Code of the category.
    pub category: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// A level of the catalogue as it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level<'a> {
    /// Code.
    pub code: &'a str,
    /// Name.
    pub name: &'a str,
    /// Code of the level above; empty for second levels.
    pub parent: &'a str,
    /// First day on which it may be chosen.
    pub valid_from: Option<Day>,
}

impl Packs {
    /// The levels of a category, second ones first, each behind the one above it.
    pub fn levels<'a>(&'a self, category: &'a Category) -> impl Iterator<Item = Level<'a>> {
        let second = category.children.iter().map(|row| Level {
            code: &row.code,
            name: &row.name,
            parent: "",
            valid_from: None,
        });
        let deeper = self.varieties.iter().filter(move |row| row.category == category.code).map(|row| Level {
            code: &row.code,
            name: &row.name,
            parent: &row.parent,
            valid_from: row.valid_from,
        });
        second.chain(deeper)
    }

    /// The level of a category with this code.
    #[must_use]
    pub fn level<'a>(&'a self, category: &str, code: &str) -> Option<Level<'a>> {
        self.levels(self.category(category)?).find(|level| level.code == code)
    }

    /// Names from the second level down to this code.
    #[must_use]
    pub fn level_path<'a>(&'a self, category: &str, code: &str) -> Vec<&'a str> {
        let mut path = Vec::new();
        let mut next = self.level(category, code);
        while let Some(level) = next.filter(|_| path.len() < 10) {
            path.push(level.name);
            next = if level.parent.is_empty() { None } else { self.level(category, level.parent) };
        }
        path.reverse();
        path
    }

    /// How deep a level lies: 2 for second levels; `None` for an unknown code.
    #[must_use]
    pub fn depth(&self, category: &str, code: &str) -> Option<u32> {
        let path = self.level_path(category, code).len();
        (path > 0).then(|| u32::try_from(path).unwrap_or(DEEPEST) + 1)
    }

    /// What is said of a level that is not chosen any more.
    #[must_use]
    pub fn retired(&self, category: &str, code: &str) -> Option<&Retired> {
        self.retirements.iter().find(|row| row.category == category && row.code == code)
    }

    /// Whether a level may be chosen on a day: it is there, begun, and neither it nor one above it is retired.
    #[must_use]
    pub fn is_current(&self, category: &str, code: &str, day: Day) -> bool {
        let mut next = code;
        for _ in 0..DEEPEST {
            let Some(level) = self.level(category, next) else { return false };
            let begun = level.valid_from.is_none_or(|from| from <= day);
            let over = self.retired(category, next).is_some_and(|row| row.valid_to < day);
            if !begun || over {
                return false;
            }
            if level.parent.is_empty() {
                return true;
            }
            next = level.parent;
        }
        false
    }

    /// Whether a region takes a category in.
    #[must_use]
    pub fn takes_in(&self, category: &str) -> bool {
        !self.outside.iter().any(|row| row.category == category)
    }

    /// What is wrong with the catalogue: in which row, and what.
    pub(super) fn catalogue_fault(&self) -> Option<(String, String)> {
        for (place, row) in self.varieties.iter().enumerate() {
            let at = format!("目录条目 {}", row.code);
            let Some(category) = self.category(&row.category) else {
                return Some((at, format!("没有编码为 {} 的类别", row.category)));
            };
            let before = &self.varieties[..place];
            let second = |code: &str| category.children.iter().any(|child| child.code == code);
            let earlier = |code: &str| before.iter().any(|other| other.category == row.category && other.code == code);
            if second(&row.code) || earlier(&row.code) {
                return Some((at, "编码在该类别中重复".to_owned()));
            }
            if !second(&row.parent) && !earlier(&row.parent) {
                return Some((at, format!("上级条目 {} 不存在或排在其后", row.parent)));
            }
            if self.depth(&row.category, &row.code).is_none_or(|depth| depth > DEEPEST) {
                return Some((at, format!("层级超过 {DEEPEST} 级")));
            }
        }
        for row in &self.retirements {
            let at = format!("停用 {}", row.code);
            if self.level(&row.category, &row.code).is_none() {
                return Some((at, "没有该目录条目".to_owned()));
            }
            let stands = row.successor.is_empty() || self.level(&row.category, &row.successor).is_some();
            if !stands || row.successor == row.code {
                return Some((at, format!("接替条目 {} 不正确", row.successor)));
            }
        }
        let unknown = self.outside.iter().find(|row| self.category(&row.category).is_none());
        unknown.map(|row| ("未纳入".to_owned(), format!("没有编码为 {} 的类别", row.category)))
    }
}

/// A text between quotes of a pack.
fn quoted(text: &str) -> String {
    // The escapes of JSON are a part of those of TOML.
    serde_json::to_string(text).unwrap_or_default()
}

/// The rows of a tier's own edition of the catalogue, for writing it anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Varieties.
    pub varieties: Vec<Variety>,
    /// What is retired.
    pub retirements: Vec<Retired>,
    /// Categories that are not taken in.
    pub outside: Vec<Outside>,
}

impl Own {
    /// The rows that a text holds.
    #[must_use]
    pub fn of(file: &super::PackFile) -> Self {
        Self { varieties: file.variety.clone(), retirements: file.retired.clone(), outside: file.outside.clone() }
    }

    /// The text of an edition with these rows.
    #[must_use]
    pub fn text(&self, version: &str, valid_from: Day) -> String {
        let mut text = format!(
            "version = {}\nvalid_from = \"{valid_from}\"\ntitle = \"产品目录\"\nabout = \"category\"\n",
            quoted(version)
        );
        text.push_str("local = [\"variety\", \"retired\", \"outside\"]\n");
        for row in &self.varieties {
            text.push_str(&format!(
                "\n[[variety]]\ncategory = {}\nparent = {}\ncode = {}\nname = {}\n",
                quoted(&row.category),
                quoted(&row.parent),
                quoted(&row.code),
                quoted(&row.name)
            ));
            if let Some(day) = row.valid_from {
                text.push_str(&format!("valid_from = \"{day}\"\n"));
            }
        }
        for row in &self.retirements {
            text.push_str(&format!(
                "\n[[retired]]\ncategory = {}\ncode = {}\nvalid_to = \"{}\"\nsuccessor = {}\nreason = {}\n",
                quoted(&row.category),
                quoted(&row.code),
                row.valid_to,
                quoted(&row.successor),
                quoted(&row.reason)
            ));
        }
        for row in &self.outside {
            text.push_str(&format!(
                "\n[[outside]]\ncategory = {}\nreason = {}\n",
                quoted(&row.category),
                quoted(&row.reason)
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::PackFile;
    use super::*;

    #[test]
    fn g_6_3_1_the_shipped_catalogue_has_three_levels_and_valid_days() {
        let packs = Packs::shipped().expect("the shipped packs");
        assert_eq!(packs.level_path("agri", "pork"), ["肉类", "猪肉"]);
        assert_eq!(packs.depth("agri", "pork"), Some(3));
        let day: Day = "2026-11-21".parse().expect("a day");
        assert!(packs.is_current("agri", "pork", day) && packs.is_current("agri", "meat", day));
        assert!(!packs.is_current("agri", "none", day) && !packs.is_current("none", "pork", day));
        assert!(packs.categories.iter().all(|category| packs.takes_in(&category.code)));
    }

    #[test]
    fn g_6_3_1_a_written_edition_says_what_it_was_written_from() {
        let day: Day = "2026-11-21".parse().expect("a day");
        let own = Own {
            varieties: vec![Variety {
                category: "agri".into(),
                parent: "fruit".into(),
                code: "370000_apple".into(),
                name: "烟台\"苹果\"\\\n".into(),
                valid_from: Some(day),
            }],
            retirements: vec![Retired {
                category: "agri".into(),
                code: "370000_apple".into(),
                valid_to: day,
                successor: "pome".into(),
                reason: "合并".into(),
            }],
            outside: vec![Outside { category: "equipment".into(), reason: "无此类企业".into() }],
        };
        let file = PackFile::read("catalogue.toml", &own.text("v1", day)).expect("a pack");
        assert_eq!(Own::of(&file), own);
    }
}
