//! The conditions of a list of a register (查询条件): read from a query string, turned into a filter of the store, and
//! written as a query string again for views, exports and the cells of an analysis. One set of words for all of them.
//!
//! Several values of one condition stand with commas between them and are alternatives; conditions are joined by AND.
//! Rows: G-6.2.2a, G-6.2.2b.

use std::collections::BTreeMap;

use suyuan_domain::period::Day;
use suyuan_domain::scope::CodeRange;
use suyuan_domain::search::term::{Field, words};
use suyuan_security::context::OpContext;
use suyuan_store::register::{Column, EntryFilter, Order};

use crate::node::Node;
use crate::register::field::tidy_code;
use crate::register::within;
use crate::{Result, ServiceError};

/// Names of all conditions, and of the order.
const NAMES: [&str; 23] = [
    "q",
    "name",
    "code",
    "division",
    "category",
    "variety",
    "stage",
    "state",
    "class",
    "type",
    "org_form",
    "merchant_type",
    "parent",
    "subject",
    "origin_node",
    "filed_from",
    "filed_to",
    "registered_from",
    "registered_to",
    "conflict",
    "placed",
    "sort",
    "at_division",
];
/// Conditions that are one column each.
const COLUMNS: [(&str, Column); 10] = [
    ("category", Column::Category),
    ("state", Column::State),
    ("type", Column::Type),
    ("class", Column::Class),
    ("org_form", Column::OrgForm),
    ("merchant_type", Column::MerchantType),
    ("parent", Column::Parent),
    ("subject", Column::Subject),
    ("origin_node", Column::Origin),
    ("at_division", Column::Division),
];
/// Conditions on many-valued properties.
const FACETS: [&str; 2] = ["stage", "variety"];
/// Characters of a query string.
const LONGEST: usize = 4_000;
/// Values of one condition.
const MOST_VALUES: usize = 50;
/// What stands for "not given" among the values of a condition.
pub const BLANK: &str = "-";

/// Conditions as words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Find {
    values: BTreeMap<&'static str, String>,
}

impl Find {
    /// Reads `name=value&…`; names that are no conditions, such as the page, are left out.
    ///
    /// # Errors
    /// `REQ-0113` for a query string beyond all bounds.
    pub fn parse(query: &str) -> Result<Self> {
        if query.len() > LONGEST {
            return Err(ServiceError::invalid("REQ-0113", "query", "查询条件过长", "请减少查询条件"));
        }
        let mut find = Self::default();
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            find.set(&name, &value);
        }
        Ok(find)
    }

    /// Sets a condition; an empty value takes it away, an unknown name is left out.
    pub fn set(&mut self, name: &str, value: &str) {
        let Some(name) = NAMES.iter().find(|known| **known == name) else { return };
        let value: String = value.trim().chars().take(LONGEST).collect();
        if value.is_empty() {
            self.values.remove(name);
        } else {
            self.values.insert(name, value);
        }
    }

    /// The same conditions with one more.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut more = self.clone();
        more.set(name, value);
        more
    }

    /// The value of a condition.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The conditions as a query string, always in the same order.
    #[must_use]
    pub fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.values).finish()
    }

    /// The order that is asked for.
    ///
    /// # Errors
    /// `REQ-0112` for a word that names none.
    pub fn order(&self) -> Result<Order> {
        match self.get("sort") {
            None | Some("newest") => Ok(Order::Newest),
            Some("name") => Ok(Order::Name),
            Some("code") => Ok(Order::Code),
            Some("filed") => Ok(Order::Filed),
            Some(_) => Err(wrong("sort", "排序方式不认识", "请选择最新登记、名称、编码或备案时间")),
        }
    }

    /// The filter for the register `kind`, within what the actor may ask for.
    ///
    /// # Errors
    /// `REQ-0111` for a division that does not exist, not found for one outside of the scope, `REQ-0112` for a wrong date
    /// or word, `REQ-0113` for too many values.
    pub fn filter(&self, node: &Node, cx: &OpContext, kind: &str) -> Result<EntryFilter> {
        let mut filter =
            EntryFilter { kind: kind.to_owned(), divisions: self.divisions(node, cx)?, ..EntryFilter::default() };
        for (name, column) in COLUMNS {
            if let Some(values) = self.values_of(name)? {
                let text = |value: &str| if value == BLANK { String::new() } else { value.to_owned() };
                filter.equal.push((column, values.into_iter().map(text).collect()));
            }
        }
        for name in FACETS {
            if let Some(values) = self.values_of(name)? {
                let text = |value: &str| if value == BLANK { String::new() } else { value.to_owned() };
                filter.facets.push((name.to_owned(), values.into_iter().map(text).collect()));
            }
        }
        if let Some(q) = self.get("q") {
            filter.words = words(kind, q, Field::NameOrCode);
        }
        if let Some(name) = self.get("name") {
            filter.words.extend(words(kind, name, Field::Name));
        }
        filter.code = self.get("code").map(|code| {
            let mut code: String = code.chars().take(64).collect();
            tidy_code(&mut code);
            code
        });
        filter.filed = self.days("filed_from", "filed_to")?;
        filter.registered = self.days("registered_from", "registered_to")?;
        filter.conflict = self.flag("conflict")?;
        filter.placed = self.flag("placed")?;
        Ok(filter)
    }

    fn divisions(&self, node: &Node, cx: &OpContext) -> Result<Option<Vec<CodeRange>>> {
        let Some(codes) = self.values_of("division")? else { return Ok(None) };
        let mut all = Vec::new();
        for code in codes {
            all.extend(within(node, cx, Some(code))?.unwrap_or_default());
        }
        Ok(Some(all))
    }

    fn values_of(&self, name: &str) -> Result<Option<Vec<&str>>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let values: Vec<&str> = text.split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
        if values.len() > MOST_VALUES {
            let reason = format!("条件 {name} 的取值超过 {MOST_VALUES} 个");
            return Err(ServiceError::invalid("REQ-0113", name, reason, "请减少取值"));
        }
        Ok(Some(values).filter(|values| !values.is_empty()))
    }

    fn days(&self, from: &str, to: &str) -> Result<(Option<i64>, Option<i64>)> {
        let day = |name: &str| -> Result<Option<Day>> {
            let parsed = self.get(name).map(str::parse::<Day>).transpose();
            parsed.map_err(|_| wrong(name, "日期不正确", "请写成 2026-11-21 的形式"))
        };
        let (first, last) = (day(from)?, day(to)?);
        if first.zip(last).is_some_and(|(first, last)| first > last) {
            return Err(wrong(to, "结束日期早于开始日期", "请核对起止日期"));
        }
        Ok((first.map(|day| day.start().millis()), last.map(|day| day.end().millis())))
    }

    fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(wrong(name, "应为 true 或 false", "请核对查询条件")),
        }
    }
}

fn wrong(field: &str, reason: &str, advice: &str) -> ServiceError {
    ServiceError::invalid("REQ-0112", field, reason, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_2a_conditions_are_read_and_written_alike() {
        let find =
            Find::parse("?stage=market,retail&q=%E9%9D%92%E5%B2%9B&limit=50&after=x&state=").expect("conditions");
        assert_eq!((find.get("q"), find.get("limit"), find.get("state")), (Some("青岛"), None, None));
        assert_eq!(find.values_of("stage").ok().flatten(), Some(vec!["market", "retail"]));
        assert_eq!(Find::parse(&find.query()).ok().as_ref(), Some(&find));
        assert_eq!(find.with("state", "filed").with("q", "").query(), "stage=market%2Cretail&state=filed");
        assert!(Find::parse(&"x".repeat(5_000)).is_err());
    }

    #[test]
    fn g_6_2_2a_wrong_words_are_named() {
        for query in ["filed_from=2026-13-01", "filed_from=2026-02-02&filed_to=2026-02-01"] {
            assert!(Find::parse(query).expect("read").days("filed_from", "filed_to").is_err(), "{query}");
        }
        let many = format!("state={}", "a,".repeat(60));
        assert!(Find::parse(&many).expect("read").values_of("state").is_err());
        assert!(Find::parse("sort=up").expect("read").order().is_err());
        assert!(Find::parse("conflict=1").expect("read").flag("conflict").is_err());
        let day = Find::parse("filed_to=2026-11-21").expect("read").days("filed_from", "filed_to").expect("a day");
        assert_eq!(day, (None, Some("2026-11-22".parse::<Day>().expect("a day").start().millis())));
    }
}
