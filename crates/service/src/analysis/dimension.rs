//! The dimensions of an analysis (统计维度): how the values of a row are read, what they are called, in which order they stand,
//! and by which condition of a list each is found again.

use std::collections::BTreeMap;

use suyuan_domain::division::Divisions;
use suyuan_domain::pack::Packs;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_store::register::{Column, Group, facet_values};

use super::{Named, Question};
use crate::listing::{BLANK, Find};
use crate::node::Node;
use crate::statistics::{Area, areas_below};
use crate::{Result, ServiceError};

/// By what entries are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Stages; an entry may have several.
    Stage,
    /// Varieties dealt in; an entry may have several.
    Variety,
    /// Divisions directly below the one that is looked at.
    Division,
    /// Category.
    Category,
    /// Type within the register.
    Type,
    /// Subject or merchant.
    Class,
    /// Type of a merchant.
    MerchantType,
    /// Form of organisation.
    OrgForm,
    /// State of the life cycle.
    State,
    /// Month of registration.
    Month,
    /// Node that owns the entry.
    Origin,
}

impl Dimension {
    const ALL: [Self; 11] = [
        Self::Stage,
        Self::Variety,
        Self::Division,
        Self::Category,
        Self::Type,
        Self::Class,
        Self::MerchantType,
        Self::OrgForm,
        Self::State,
        Self::Month,
        Self::Origin,
    ];

    /// The word in addresses, which is also the condition of a list.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Variety => "variety",
            Self::Division => "division",
            Self::Category => "category",
            Self::Type => "type",
            Self::Class => "class",
            Self::MerchantType => "merchant_type",
            Self::OrgForm => "org_form",
            Self::State => "state",
            Self::Month => "month",
            Self::Origin => "origin_node",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Stage => "环节",
            Self::Variety => "品种",
            Self::Division => "地区",
            Self::Category => "产品类别",
            Self::Type => "类型",
            Self::Class => "主体或商户",
            Self::MerchantType => "经营者类型",
            Self::OrgForm => "组织形式",
            Self::State => "状态",
            Self::Month => "登记月份",
            Self::Origin => "登记节点",
        }
    }

    /// Reads the word in the parameter `field`.
    ///
    /// # Errors
    /// `ANA-0102` for any other word.
    pub fn parse(word: &str, field: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.word() == word).ok_or_else(|| {
            let labels = Self::ALL.map(Self::label).join("、");
            ServiceError::invalid("ANA-0102", field, "统计维度不认识", format!("请选择{labels}之一"))
        })
    }

    /// Whether an entry may count under several values.
    #[must_use]
    pub const fn is_several(self) -> bool {
        matches!(self, Self::Stage | Self::Variety)
    }

    pub(super) const fn group(self) -> Group {
        match self {
            Self::Stage | Self::Variety => Group::Facets,
            Self::Division => Group::Of(Column::Division),
            Self::Category => Group::Of(Column::Category),
            Self::Type => Group::Of(Column::Type),
            Self::Class => Group::Of(Column::Class),
            Self::MerchantType => Group::Of(Column::MerchantType),
            Self::OrgForm => Group::Of(Column::OrgForm),
            Self::State => Group::Of(Column::State),
            Self::Month => Group::Day,
            Self::Origin => Group::Of(Column::Origin),
        }
    }
}

/// The division whose parts are shown: the one that is asked for, else the person's own.
pub(super) fn root(cx: &OpContext, find: &Find) -> String {
    let asked = find.get("division").filter(|code| !code.contains(','));
    asked.unwrap_or(&cx.division).to_owned()
}

/// The month of a number of days since 1970, as text; none for anything else.
pub(super) fn month_codes(days: &str) -> Vec<String> {
    let day = days.parse::<i64>().ok().map(|days| Day::of(suyuan_domain::clock::Timestamp::from_millis(0)).plus(days));
    day.map(|day| Period::month_of(day).to_string()).into_iter().collect()
}

/// The values of a dimension.
pub(super) struct Values {
    dimension: Dimension,
    /// Values that stand there even when nothing has them, in their order.
    known: Vec<Named>,
    areas: Vec<Area>,
    root: String,
    names: BTreeMap<String, String>,
}

impl Values {
    pub(super) fn of(
        node: &Node,
        cx: &OpContext,
        question: &Question,
        dimension: Dimension,
        months: &[Period],
    ) -> Result<Self> {
        let packs = node.packs();
        let root = root(cx, &question.find);
        let areas = if dimension == Dimension::Division { areas_below(node, &root) } else { Vec::new() };
        let known = match dimension {
            Dimension::Division => areas.iter().map(|area| named(&area.code, &area.name)).collect(),
            Dimension::Month => months.iter().map(|month| named(&month.to_string(), &month.label())).collect(),
            other => known(&packs, cx, question, other),
        };
        Ok(Self { names: names(&packs, &node.divisions, question, dimension), dimension, known, areas, root })
    }

    /// The codes under which a grouped row counts; one empty code where it has no value.
    pub(super) fn codes(&self, raw: &str) -> Vec<String> {
        let codes: Vec<String> = match self.dimension {
            Dimension::Stage | Dimension::Variety => {
                facet_values(raw, self.dimension.word()).into_iter().map(str::to_owned).collect()
            }
            Dimension::Month => month_codes(raw),
            Dimension::Division => {
                let area = self.areas.iter().find(|area| area.covers(raw));
                vec![area.map_or_else(|| self.root.clone(), |area| area.code.clone())]
            }
            _ => vec![raw.to_owned()],
        };
        if codes.is_empty() { vec![String::new()] } else { codes }
    }

    /// The values that are shown: the known ones, then others that were counted, then what has none.
    pub(super) fn shown(&self, counted: &BTreeMap<String, u64>) -> Vec<Named> {
        let mut shown = self.known.clone();
        let unknown = |code: &&String| !code.is_empty() && !self.known.iter().any(|value| value.code == **code);
        let mut others: Vec<(&String, &u64)> = counted.iter().filter(|(code, _)| unknown(code)).collect();
        others.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        shown.extend(others.into_iter().map(|(code, _)| named(code, self.name(code))));
        if counted.contains_key("") {
            shown.push(named("", "未填"));
        }
        shown
    }

    fn name<'a>(&'a self, code: &'a str) -> &'a str {
        if self.dimension == Dimension::Division && code == self.root {
            return "本级";
        }
        self.names.get(code).map_or(code, String::as_str)
    }

    /// The conditions narrowed to one value.
    pub(super) fn narrowed(&self, find: &Find, code: &str) -> Find {
        match self.dimension {
            Dimension::Month => match code.parse::<Period>() {
                Ok(month) => {
                    let later = |own: Option<&str>, day: String| {
                        own.filter(|own| *own > day.as_str()).map_or(day.clone(), str::to_owned)
                    };
                    let earlier = |own: Option<&str>, day: String| {
                        own.filter(|own| *own < day.as_str()).map_or(day.clone(), str::to_owned)
                    };
                    let from = later(find.get("registered_from"), month.first().to_string());
                    let to = earlier(find.get("registered_to"), month.last().to_string());
                    find.with("registered_from", &from).with("registered_to", &to)
                }
                Err(_) => find.clone(),
            },
            Dimension::Division if code == self.root && !self.areas.iter().any(|area| area.code == code) => {
                find.with("at_division", code)
            }
            dimension => find.with(dimension.word(), if code.is_empty() { BLANK } else { code }),
        }
    }
}

fn named(code: &str, name: &str) -> Named {
    Named { code: code.to_owned(), name: name.to_owned() }
}

/// The list of a dimension's words in the packs.
fn list_of(of: &str, dimension: Dimension) -> &'static str {
    match (of, dimension) {
        (kind::DEVICE, Dimension::Type) => "device_type",
        (kind::ACCESS, Dimension::Type) => "access_status",
        (kind::SUBJECT, Dimension::Type) => "node_type",
        (_, Dimension::MerchantType) => "merchant_type",
        (_, Dimension::OrgForm) => "org_form",
        (_, Dimension::Class) => "subject_class",
        (kind::ACCESS, Dimension::State) => "system_state",
        (_, Dimension::State) => "subject_state",
        _ => "",
    }
}

/// The values that stand there even when nothing has them.
fn known(packs: &Packs, cx: &OpContext, question: &Question, dimension: Dimension) -> Vec<Named> {
    let asked = |name: &str, code: &str| {
        question.find.get(name).is_none_or(|values| values.split(',').any(|value| value.trim() == code))
    };
    let categories = || {
        packs
            .categories
            .iter()
            .filter(|category| cx.scope.covers_category(&category.code) && asked("category", &category.code))
    };
    let all: Vec<Named> = match dimension {
        Dimension::Category => categories().map(|category| named(&category.code, &category.name)).collect(),
        Dimension::Stage => {
            let used = |code: &String| categories().any(|category| category.stages.contains(code));
            packs.stages.iter().filter(|stage| used(&stage.code)).map(|stage| named(&stage.code, &stage.name)).collect()
        }
        Dimension::Variety if question.find.get("category").is_some() => categories()
            .flat_map(|category| category.children.iter().map(|child| named(&child.code, &child.name)))
            .collect(),
        other => packs.list(list_of(question.of, other)).map(|entry| named(&entry.code, &entry.name)).collect(),
    };
    all.into_iter().filter(|value| asked(dimension.word(), &value.code)).collect()
}

fn names(packs: &Packs, divisions: &Divisions, question: &Question, dimension: Dimension) -> BTreeMap<String, String> {
    let pair = |code: &String, name: &String| (code.clone(), name.clone());
    match dimension {
        Dimension::Stage => packs.stages.iter().map(|stage| pair(&stage.code, &stage.name)).collect(),
        Dimension::Variety => children(packs),
        Dimension::Type if question.of == kind::PRODUCT => children(packs),
        Dimension::Category => packs.categories.iter().map(|category| pair(&category.code, &category.name)).collect(),
        Dimension::Division | Dimension::Origin => {
            divisions.iter().map(|division| pair(&division.code, &division.short)).collect()
        }
        Dimension::Month => BTreeMap::new(),
        other => packs.list(list_of(question.of, other)).map(|entry| pair(&entry.code, &entry.name)).collect(),
    }
}

fn children(packs: &Packs) -> BTreeMap<String, String> {
    let all = packs.categories.iter().flat_map(|category| &category.children);
    all.map(|child| (child.code.clone(), child.name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(dimension: Dimension) -> Values {
        let area = |code: &str, from: &str, to: &str| Area {
            code: code.into(),
            name: code.into(),
            ranges: vec![suyuan_domain::scope::CodeRange { from: from.into(), to: to.into() }],
        };
        Values {
            dimension,
            known: vec![named("a", "甲"), named("b", "乙")],
            areas: vec![area("370100", "370100", "370199"), area("370200", "370200", "370299")],
            root: "370000".into(),
            names: [("c".to_owned(), "丙".to_owned())].into(),
        }
    }

    #[test]
    fn g_6_2_3_values_of_rows_are_read_by_dimension() {
        assert_eq!(values(Dimension::Stage).codes(" stage:market stage:retail variety:01 "), ["market", "retail"]);
        assert_eq!(values(Dimension::Variety).codes(" stage:market "), [""]);
        assert_eq!(values(Dimension::Division).codes("370102"), ["370100"]);
        assert_eq!(values(Dimension::Division).codes("370000"), ["370000"]);
        assert_eq!(values(Dimension::Month).codes("0"), ["1970-01"]);
        assert_eq!(values(Dimension::Month).codes("31"), ["1970-02"]);
    }

    #[test]
    fn g_6_2_3_known_values_come_first_and_what_has_none_last() {
        let counted = [("", 3), ("c", 1), ("d", 9), ("a", 1)].map(|(code, count)| (code.to_owned(), count)).into();
        let shown = values(Dimension::Type).shown(&counted);
        let names: Vec<&str> = shown.iter().map(|value| value.name.as_str()).collect();
        assert_eq!(names, ["甲", "乙", "d", "丙", "未填"]);
    }

    #[test]
    fn g_6_2_3_every_cell_has_the_conditions_of_its_list() {
        let find = Find::parse("state=filed").expect("conditions");
        for (dimension, code, query) in [
            (Dimension::Stage, "market", "stage=market&state=filed"),
            (Dimension::Type, "", "state=filed&type=-"),
            (Dimension::Division, "370100", "division=370100&state=filed"),
            (Dimension::Division, "370000", "at_division=370000&state=filed"),
            (Dimension::Month, "2026-02", "registered_from=2026-02-01&registered_to=2026-02-28&state=filed"),
        ] {
            assert_eq!(values(dimension).narrowed(&find, code).query(), query);
        }
        let find = Find::parse("registered_from=2026-02-10").expect("conditions");
        let month = values(Dimension::Month).narrowed(&find, "2026-02");
        assert_eq!(month.query(), "registered_from=2026-02-10&registered_to=2026-02-28");
    }
}
