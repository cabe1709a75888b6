//! Administrative divisions (行政区划, GB/T 2260) and the tier of a node.
//!
//! Data, not code: the table is parsed from the pack `sql/reference/divisions.csv`. A subtree is a set of codes, not a
//! prefix, because codes retire (371202 became 370116 in 2019). Polygons belong to `suyuan-gis`. Rows: N-TIER, G-5.4.3b.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::scope::CodeRange;

/// The tier of a node or division.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The ministry (国家).
    Nation,
    /// A province, autonomous region or municipality (省级).
    Province,
    /// A city or prefecture (地市级).
    City,
    /// A county or district (县级).
    County,
}

impl Tier {
    /// The Chinese word for the tier.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Nation => "国家",
            Self::Province => "省级",
            Self::City => "市级",
            Self::County => "县级",
        }
    }

    fn of_level(level: &str) -> Option<Self> {
        match level {
            "country" => Some(Self::Nation),
            "province" => Some(Self::Province),
            "city" => Some(Self::City),
            "county" => Some(Self::County),
            _ => None,
        }
    }
}

/// Code of the nation as a node and as the root of all divisions.
pub const NATION: &str = "000000";

/// One row of the table of divisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Division {
    /// Six-digit code.
    pub code: String,
    /// Tier of the division.
    pub tier: Tier,
    /// Full name.
    pub name: String,
    /// Short name for maps and rankings.
    pub short: String,
    /// Code of the division above; empty for the nation.
    pub parent: String,
    /// Longitude and latitude of the seat or label point, WGS 84.
    pub point: Option<(f64, f64)>,
    /// Other codes in use for the same unit.
    pub aliases: Vec<String>,
    /// Code that took this one's place, for retired codes.
    pub successor: Option<String>,
}

/// The table of divisions.
#[derive(Clone, Debug, Default)]
pub struct Divisions {
    rows: BTreeMap<String, Division>,
    children: BTreeMap<String, Vec<String>>,
    retired: BTreeMap<String, Vec<String>>,
}

/// The pack of divisions cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("行政区划数据包第 {line} 行不正确：{what}")]
pub struct DivisionsError {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl Divisions {
    /// Reads the pack. Where one code stands on several levels (municipalities, Dongguan), the highest level is kept.
    ///
    /// # Errors
    /// When a column is missing or a row has no code, level or name.
    pub fn parse(csv: &str) -> Result<Self, DivisionsError> {
        let mut lines = csv.lines().enumerate();
        let header: Vec<&str> = lines.next().map(|(_, line)| line.split(',').collect()).unwrap_or_default();
        let column = |name: &str| {
            header
                .iter()
                .position(|h| *h == name)
                .ok_or_else(|| DivisionsError { line: 1, what: format!("缺少列 {name}") })
        };
        let columns = Columns {
            adcode: column("adcode")?,
            level: column("level")?,
            name: column("name")?,
            short: column("short")?,
            parent: column("parent")?,
            lon: column("lon")?,
            lat: column("lat")?,
            alias: column("alias")?,
            seat_lon: column("seat_lon")?,
            seat_lat: column("seat_lat")?,
            successor: header.iter().position(|h| *h == "successor"),
        };
        let mut table = Self::default();
        for (index, line) in lines {
            if line.is_empty() {
                continue;
            }
            let division = columns.row(line).map_err(|what| DivisionsError { line: index + 1, what })?;
            table.insert(division);
        }
        Ok(table)
    }

    fn insert(&mut self, division: Division) {
        if self.rows.get(&division.code).is_some_and(|present| present.tier <= division.tier) {
            return;
        }
        if let Some(successor) = &division.successor {
            self.retired.entry(successor.clone()).or_default().push(division.code.clone());
        } else if !division.parent.is_empty() && division.parent != division.code {
            self.children.entry(division.parent.clone()).or_default().push(division.code.clone());
        }
        self.rows.insert(division.code.clone(), division);
    }

    /// The division with this code, retired ones included.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Division> {
        self.rows.get(code)
    }

    /// Divisions directly below, in the order of their codes; the nation's are the provinces.
    #[must_use]
    pub fn children(&self, code: &str) -> Vec<&Division> {
        let mut codes = self.children.get(code).cloned().unwrap_or_default();
        codes.sort();
        codes.iter().filter_map(|code| self.rows.get(code)).collect()
    }

    /// The name of a division, or its code where it is unknown.
    #[must_use]
    pub fn name<'a>(&'a self, code: &'a str) -> &'a str {
        self.rows.get(code).map_or(code, |division| division.name.as_str())
    }

    /// The codes from the province down to `code`.
    #[must_use]
    pub fn path(&self, code: &str) -> Vec<&Division> {
        let mut path = Vec::new();
        let mut next = self.rows.get(code);
        while let Some(division) = next {
            if division.tier == Tier::Nation || path.len() > 4 {
                break;
            }
            path.push(division);
            next = self.rows.get(&division.parent);
        }
        path.reverse();
        path
    }

    /// Whether `code` is `ancestor` or lies below it, retired codes by their successor.
    #[must_use]
    pub fn is_within(&self, code: &str, ancestor: &str) -> bool {
        self.subtree(ancestor).iter().any(|range| range.covers(code))
    }

    /// The dated set of codes below and with `code`, as ranges: its prefix and the retired codes that went into it.
    #[must_use]
    pub fn subtree(&self, code: &str) -> Vec<CodeRange> {
        let range = |from: String, to: String| CodeRange { from, to };
        if code == NATION {
            return vec![range("000000".into(), "999999".into())];
        }
        let prefix = significant(code);
        let last = format!("{prefix:9<6}");
        let mut ranges = vec![range(code.to_owned(), last.clone())];
        for (successor, retired) in self.retired.range(code.to_owned()..=last) {
            debug_assert!(successor.starts_with(prefix));
            for old in retired.iter().filter(|old| !old.starts_with(prefix)) {
                ranges.push(range(old.clone(), old.clone()));
            }
        }
        ranges
    }

    /// All divisions in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &Division> {
        self.rows.values()
    }
}

/// The leading digits of a code that name its level: `37` of `370000`, `3702` of `370200`.
fn significant(code: &str) -> &str {
    if code.ends_with("0000") {
        &code[..2.min(code.len())]
    } else if code.ends_with("00") {
        &code[..4.min(code.len())]
    } else {
        code
    }
}

struct Columns {
    adcode: usize,
    level: usize,
    name: usize,
    short: usize,
    parent: usize,
    lon: usize,
    lat: usize,
    alias: usize,
    seat_lon: usize,
    seat_lat: usize,
    successor: Option<usize>,
}

impl Columns {
    fn row(&self, line: &str) -> Result<Division, String> {
        let fields: Vec<&str> = line.split(',').collect();
        let field = |index: usize| fields.get(index).copied().unwrap_or_default();
        let raw = field(self.adcode);
        if raw.len() != 6 || !raw.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("代码 {raw} 不是六位数字"));
        }
        let tier = Tier::of_level(field(self.level)).ok_or_else(|| format!("级别 {} 不认识", field(self.level)))?;
        let name = field(self.name);
        if name.is_empty() {
            return Err("名称为空".into());
        }
        let number = |index: usize| field(index).parse::<f64>().ok().filter(|value| value.is_finite());
        let seat = number(self.seat_lon).zip(number(self.seat_lat));
        let point = seat.or_else(|| number(self.lon).zip(number(self.lat)));
        let root = |code: &str| if code == "100000" { NATION.to_owned() } else { code.to_owned() };
        let short = if field(self.short).is_empty() { name } else { field(self.short) };
        Ok(Division {
            code: root(raw),
            tier,
            name: name.to_owned(),
            short: short.to_owned(),
            parent: root(field(self.parent)),
            point,
            aliases: field(self.alias).split([' ', ';', '|']).filter(|a| !a.is_empty()).map(str::to_owned).collect(),
            successor: self.successor.map(&field).filter(|s| !s.is_empty()).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "adcode,level,name,short,parent,lon,lat,seat_lon,seat_lat,alias,successor\n\
        100000,country,中华人民共和国,中国,,,,,,,\n\
        370000,province,山东省,山东,100000,118,36,117.0,36.6,,\n\
        370100,city,济南市,济南,370000,117,36.6,,,,\n\
        370116,county,莱芜区,,370100,117.6,36.2,,,371202,\n\
        371202,county,莱城区,,371200,117.6,36.2,,,,370116\n\
        370200,city,青岛市,青岛,370000,120.3,36.1,,,,\n\
        110000,province,北京市,北京,100000,116.5,40.2,,,,\n\
        110000,city,北京市,北京,110000,116.5,40.2,,,,\n";

    #[test]
    fn n_tier_a_subtree_follows_retired_codes() {
        let divisions = Divisions::parse(TABLE).expect("table");
        assert!(divisions.is_within("371202", "370100"));
        assert!(divisions.is_within("370116", "370100"));
        assert!(!divisions.is_within("371202", "370200"));
        assert!(divisions.is_within("371202", "370000"));
        assert!(divisions.is_within("110101", NATION));
    }

    #[test]
    fn n_tier_paths_and_children() {
        let divisions = Divisions::parse(TABLE).expect("table");
        let names: Vec<&str> = divisions.path("370116").iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["山东省", "济南市", "莱芜区"]);
        let children: Vec<&str> = divisions.children(NATION).iter().map(|d| d.code.as_str()).collect();
        assert_eq!(children, ["110000", "370000"]);
        assert_eq!(divisions.get("110000").map(|d| d.tier), Some(Tier::Province));
    }

    #[test]
    fn a_damaged_pack_names_its_line() {
        let error = Divisions::parse(&TABLE.replace("370200,city", "37020,city")).expect_err("damaged");
        assert_eq!(error.line, 7);
    }
}
