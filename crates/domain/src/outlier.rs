//! Outlier rules (异常数据规则) as data, and the engine that judges one event by one rule.
//!
//! What a rule has to know beyond the event (other events with the same key, a history of numbers, what is known
//! upstream) is named by [`Rule::needs`] and handed in as [`Facts`]; fetching it belongs to `suyuan-service`, the review
//! of findings too. Rows: G-6.4.2a, G-3.3.

mod robust;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::event::TraceEvent;
use crate::quantity::Quantity;

pub use robust::{Judgement, judge};

/// The four kinds of rules of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// Not conforming to the standard (不符合标准).
    BreaksStandard,
    /// Illegal repetition (非法重复).
    IllegalRepetition,
    /// Out of threshold (超出阈值).
    OutsideThreshold,
    /// Other rules (其他).
    Other,
}

impl RuleKind {
    /// The name stored in databases and used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BreaksStandard => "breaks_standard",
            Self::IllegalRepetition => "illegal_repetition",
            Self::OutsideThreshold => "outside_threshold",
            Self::Other => "other",
        }
    }
}

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Test {
    /// A test of the goods failed, or its value is above the limit it states or the rule's own for that item.
    Inspection {
        /// Greatest values by item, beside those that the sender states.
        #[serde(default)]
        limits: BTreeMap<String, Quantity>,
    },
    /// One of the words stands in one of the further fields.
    Banned {
        /// Keys of further fields.
        fields: Vec<String>,
        /// Words that may not occur.
        words: Vec<String>,
    },
    /// Another event has the same key: `voucher`, `output` for every unit that comes out, or a further field.
    Repeated {
        /// The key.
        key: String,
    },
    /// A number lies outside fixed bounds.
    Range {
        /// The number, see [`metric`].
        metric: String,
        /// Least value allowed.
        #[serde(default)]
        min: Option<Quantity>,
        /// Greatest value allowed.
        #[serde(default)]
        max: Option<Quantity>,
    },
    /// A number lies far from the same subject's earlier ones for the same product.
    Robust {
        /// The number, see [`metric`].
        metric: String,
        /// How many scales off is too far, at least 2.
        factor: u32,
        /// How many earlier values are looked at.
        window: u32,
    },
    /// Goods came in whose unit nobody has reported.
    Upstream,
    /// The event lies before the event that brought its unit.
    TimeOrder,
    /// More went out of a unit than came in.
    Balance {
        /// Tolerance in thousandths of what came in, for losses of weighing.
        permille: u32,
    },
}

/// An outlier rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: RuleKind,
    /// `high` or `normal`.
    pub severity: String,
    /// What it looks at.
    pub test: Test,
    /// Version of the rule; a finding keeps it.
    #[serde(default = "one")]
    pub version: u32,
    /// Whether it is in use.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Categories it is for; empty for all.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Stages it is for; empty for all.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Event types it is for; empty for all.
    #[serde(default)]
    pub event_types: Vec<String>,
    /// Business steps it is for; empty for all.
    #[serde(default)]
    pub biz_steps: Vec<String>,
    /// Whether it is for goods going out only.
    #[serde(default)]
    pub outbound: bool,
}

const fn one() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

/// What a rule has to know beyond the event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lookup {
    /// Identifiers of other accepted events that have this key and value, of any subject for units and certificates, of
    /// the same subject for vouchers; see [`Test::Repeated`].
    SameKey {
        /// The key.
        key: String,
        /// Its value.
        value: String,
    },
    /// Earlier values of a number for this subject and product, newest first.
    History {
        /// Code of the subject.
        subject: String,
        /// Product code, or name where there is none.
        product: String,
        /// The number, see [`metric`].
        metric: String,
        /// How many at most.
        window: u32,
    },
    /// What is known of a unit from other events.
    Unit {
        /// Code of the unit.
        unit: String,
    },
}

/// What is known of a unit from other events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFacts {
    /// Whether any event brings it into being or moves it.
    pub known: bool,
    /// Earliest event that brought it here.
    pub first_at: Option<Timestamp>,
    /// Amount that came in, where it is known.
    pub came_in: Option<Quantity>,
    /// Amount that went out, this event included, where it is known.
    pub went_out: Option<Quantity>,
}

/// Answers to [`Rule::needs`]. What is missing was not asked or could not be had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Answers to [`Lookup::SameKey`].
    pub same: BTreeMap<Lookup, Vec<String>>,
    /// Answers to [`Lookup::History`].
    pub history: BTreeMap<Lookup, Vec<Quantity>>,
    /// Answers to [`Lookup::Unit`].
    pub units: BTreeMap<Lookup, UnitFacts>,
}

/// What a rule says of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The rule is not for this event.
    NotApplicable,
    /// Nothing is wrong.
    Normal,
    /// It could not be judged, and why, in Chinese.
    NotEvaluated(String),
    /// Something is wrong.
    Flagged(Flag),
}

/// What is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// One sentence in Chinese.
    pub text: String,
    /// The value that stands there.
    pub value: String,
    /// The bound that it breaks; empty where there is none.
    pub limit: String,
    /// What the finding is about beside the event: a voucher, a unit, a certificate. Part of the finding's identity.
    pub objects: Vec<String>,
}

/// The number named by a rule: `quantity`, `price`, `inspection`, or `field:<key>`.
#[must_use]
pub fn metric(event: &TraceEvent, name: &str) -> Option<Quantity> {
    match name {
        "quantity" => event.quantity,
        "price" => event.price,
        "inspection" => event.inspection.as_ref().and_then(|inspection| inspection.value),
        _ => match event.fields.get(name.strip_prefix("field:")?)? {
            serde_json::Value::String(text) => text.parse().ok(),
            serde_json::Value::Number(number) => number.to_string().parse().ok(),
            _ => None,
        },
    }
}

/// Name of a number for people.
fn metric_label(name: &str) -> &str {
    match name {
        "quantity" => "数量",
        "price" => "单价",
        "inspection" => "检出值",
        "field:temperature" => "温度",
        _ => name.strip_prefix("field:").unwrap_or(name),
    }
}

impl Rule {
    /// Whether the rule can work.
    ///
    /// # Errors
    /// In Chinese, what is missing.
    pub fn validate(&self) -> Result<(), String> {
        match &self.test {
            Test::Range { min: None, max: None, .. } => Err("范围规则至少需要上限或下限".into()),
            Test::Range { min: Some(min), max: Some(max), .. } if min > max => Err("下限大于上限".into()),
            Test::Robust { factor, .. } if !(2..=1_000).contains(factor) => Err("倍数应在 2 至 1000 之间".into()),
            Test::Balance { permille } if *permille > 10_000 => Err("允差不能超过 10000‰".into()),
            Test::Robust { window, .. } if !(1..=1_000).contains(window) => Err("窗口应在 1 至 1000 之间".into()),
            Test::Banned { fields, words } if fields.is_empty() || words.is_empty() => Err("缺少字段或禁用词".into()),
            Test::Repeated { key } if key.is_empty() => Err("缺少查重字段".into()),
            _ if !matches!(self.severity.as_str(), "high" | "normal") => Err("级别应为 high 或 normal".into()),
            _ => Ok(()),
        }
    }

    /// Whether the rule is for this event.
    #[must_use]
    pub fn covers(&self, event: &TraceEvent) -> bool {
        let among = |list: &[String], value: &str| list.is_empty() || list.iter().any(|entry| entry == value);
        self.enabled
            && event.error_declaration.is_none()
            && among(&self.categories, &event.category)
            && among(&self.stages, &event.stage)
            && among(&self.event_types, event.event_type.as_str())
            && among(&self.biz_steps, &event.biz_step)
            && !(self.outbound && event.inbound)
    }

    /// What has to be looked up before [`evaluate`] can judge `event`.
    #[must_use]
    pub fn needs(&self, event: &TraceEvent) -> Vec<Lookup> {
        if !self.covers(event) {
            return Vec::new();
        }
        match &self.test {
            Test::Inspection { .. } | Test::Banned { .. } | Test::Range { .. } => Vec::new(),
            Test::Repeated { key } => {
                let same = |value| Lookup::SameKey { key: key.clone(), value };
                keys(event, key).into_iter().map(same).collect()
            }
            Test::Robust { metric: name, window, .. } => {
                metric(event, name).map(|_| history_of(event, name, *window)).into_iter().collect()
            }
            Test::Upstream if !event.inbound => Vec::new(),
            Test::Upstream | Test::TimeOrder | Test::Balance { .. } => {
                event.inputs.iter().map(|unit| of_unit(&unit.code)).collect()
            }
        }
    }
}

fn history_of(event: &TraceEvent, metric: &str, window: u32) -> Lookup {
    let product = if event.product.is_empty() { &event.product_name } else { &event.product };
    Lookup::History { subject: event.subject.clone(), product: product.clone(), metric: metric.to_owned(), window }
}

fn of_unit(unit: &str) -> Lookup {
    Lookup::Unit { unit: unit.to_owned() }
}

fn keys(event: &TraceEvent, key: &str) -> Vec<String> {
    let mut values = match key {
        "voucher" => vec![event.voucher.clone()],
        "output" => event.outputs.iter().map(|unit| unit.code.clone()).collect(),
        _ => event.fields.get(key).and_then(|value| value.as_str()).map(str::to_owned).into_iter().collect(),
    };
    values.retain(|value| !value.is_empty());
    values
}

/// Judges `event` by `rule`; `facts` answer [`Rule::needs`].
#[must_use]
pub fn evaluate(rule: &Rule, event: &TraceEvent, facts: &Facts) -> Verdict {
    if !rule.covers(event) {
        return Verdict::NotApplicable;
    }
    match &rule.test {
        Test::Inspection { limits } => inspection(event, limits),
        Test::Banned { fields, words } => banned(event, fields, words),
        Test::Repeated { key } => repeated(event, key, facts),
        Test::Range { metric: name, min, max } => range(event, name, *min, *max),
        Test::Robust { metric: name, factor, window } => robust_test(event, name, *factor, *window, facts),
        Test::Upstream => upstream(event, facts),
        Test::TimeOrder => time_order(event, facts),
        Test::Balance { permille } => balance(event, *permille, facts),
    }
}

fn flag(text: String, value: impl Into<String>, limit: impl Into<String>, objects: Vec<String>) -> Verdict {
    Verdict::Flagged(Flag { text, value: value.into(), limit: limit.into(), objects })
}

fn inspection(event: &TraceEvent, limits: &BTreeMap<String, Quantity>) -> Verdict {
    let Some(test) = &event.inspection else {
        return Verdict::NotApplicable;
    };
    let objects = event.units().into_iter().map(str::to_owned).collect();
    let limit = match (test.limit, limits.get(&test.item)) {
        (Some(a), Some(b)) => Some(a.min(*b)),
        (a, b) => a.or(b.copied()),
    };
    if let (Some(value), Some(limit)) = (test.value, limit)
        && value > limit
    {
        let text = format!("{}检出值 {value} 超过限值 {limit}", test.item);
        return flag(text, value.to_string(), limit.to_string(), objects);
    }
    match test.passed {
        Some(false) => flag(format!("{}检测结论为不合格", test.item), "不合格", "合格", objects),
        None if test.value.is_none() => Verdict::NotEvaluated("未检测".into()),
        _ => Verdict::Normal,
    }
}

fn banned(event: &TraceEvent, fields: &[String], words: &[String]) -> Verdict {
    let texts: Vec<String> = fields.iter().filter_map(|key| event.fields.get(key)).map(ToString::to_string).collect();
    if texts.is_empty() {
        return Verdict::NotApplicable;
    }
    match words.iter().find(|word| texts.iter().any(|text| text.contains(word.as_str()))) {
        Some(word) => flag(format!("使用了禁用物质“{word}”"), word.clone(), "禁用", vec![word.clone()]),
        None => Verdict::Normal,
    }
}

fn repeated(event: &TraceEvent, key: &str, facts: &Facts) -> Verdict {
    let values = keys(event, key);
    if values.is_empty() {
        return Verdict::NotApplicable;
    }
    let mut unknown = false;
    for value in values {
        match facts.same.get(&Lookup::SameKey { key: key.to_owned(), value: value.clone() }) {
            None => unknown = true,
            Some(others) if others.is_empty() => {}
            Some(others) => {
                let text = format!("{value} 已在另外 {} 条记录中使用", others.len());
                return flag(text, value.clone(), "1", vec![value]);
            }
        }
    }
    if unknown { Verdict::NotEvaluated("未能查询重复情况".into()) } else { Verdict::Normal }
}

fn range(event: &TraceEvent, name: &str, min: Option<Quantity>, max: Option<Quantity>) -> Verdict {
    let Some(value) = metric(event, name) else {
        return Verdict::NotApplicable;
    };
    let label = metric_label(name);
    match (min, max) {
        (Some(min), _) if value < min => {
            flag(format!("{label} {value} 低于下限 {min}"), value.to_string(), min.to_string(), Vec::new())
        }
        (_, Some(max)) if value > max => {
            flag(format!("{label} {value} 高于上限 {max}"), value.to_string(), max.to_string(), Vec::new())
        }
        _ => Verdict::Normal,
    }
}

fn robust_test(event: &TraceEvent, name: &str, factor: u32, window: u32, facts: &Facts) -> Verdict {
    let Some(value) = metric(event, name) else {
        return Verdict::NotApplicable;
    };
    let Some(history) = facts.history.get(&history_of(event, name, window)) else {
        return Verdict::NotEvaluated("未能查询历史数据".into());
    };
    let numbers: Vec<i64> = history.iter().take(window as usize).map(|value| value.milli()).collect();
    match judge(value.milli(), &numbers, factor) {
        Judgement::TooFew => Verdict::NotEvaluated(format!("历史数据只有 {} 条，不足以判断", numbers.len())),
        Judgement::Within => Verdict::Normal,
        Judgement::Outside { low, high, median } => {
            let (low, high) = (Quantity::from_milli(low), Quantity::from_milli(high));
            let median = Quantity::from_milli(median);
            let text =
                format!("{} {value} 偏离近期水平（中位数 {median}，正常范围 {low} 至 {high}）", metric_label(name));
            let limit = if value > high { high } else { low };
            flag(text, value.to_string(), limit.to_string(), Vec::new())
        }
    }
}

fn upstream(event: &TraceEvent, facts: &Facts) -> Verdict {
    if !event.inbound || event.inputs.is_empty() {
        return Verdict::NotApplicable;
    }
    let mut asked = event.inputs.iter().map(|unit| (&unit.code, facts.units.get(&of_unit(&unit.code))));
    if let Some((unit, _)) = asked.clone().find(|(_, known)| known.is_some_and(|facts| !facts.known)) {
        return flag(format!("{unit} 没有上游记录"), unit.clone(), "", vec![unit.clone()]);
    }
    if asked.any(|(_, known)| known.is_none()) {
        return Verdict::NotEvaluated("未能查询上游".into());
    }
    Verdict::Normal
}

fn time_order(event: &TraceEvent, facts: &Facts) -> Verdict {
    let firsts = event.inputs.iter().filter_map(|unit| {
        let first = facts.units.get(&of_unit(&unit.code))?.first_at?;
        Some((&unit.code, first))
    });
    let mut judged = false;
    for (unit, first) in firsts {
        judged = true;
        if event.event_time < first {
            let text = format!("{unit} 的本次记录早于其最初记录");
            return flag(text, event.event_time.to_string(), first.to_string(), vec![unit.clone()]);
        }
    }
    if judged { Verdict::Normal } else { Verdict::NotApplicable }
}

fn balance(event: &TraceEvent, permille: u32, facts: &Facts) -> Verdict {
    if event.inbound {
        return Verdict::NotApplicable;
    }
    let mut judged = false;
    for unit in &event.inputs {
        let Some(UnitFacts { came_in: Some(came_in), went_out: Some(went_out), .. }) =
            facts.units.get(&of_unit(&unit.code))
        else {
            continue;
        };
        judged = true;
        let allowed = i128::from(came_in.milli()) * i128::from(1_000 + permille);
        if i128::from(went_out.milli()) * 1_000 > allowed {
            let text = format!("{} 累计出 {went_out}，大于进 {came_in}", unit.code);
            return flag(text, went_out.to_string(), came_in.to_string(), vec![unit.code.clone()]);
        }
    }
    if judged { Verdict::Normal } else { Verdict::NotApplicable }
}

/// The bytes whose SM3 identifies a finding: rule, objects in order without doubles, and period. The rule's version is
/// left out, so that a new version does not flag the same thing again.
#[must_use]
pub fn finding_material(rule: &str, objects: &[String], period: &str) -> Vec<u8> {
    let mut sorted: Vec<&str> = objects.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut bytes = b"SYF1".to_vec();
    for text in std::iter::once(rule).chain(std::iter::once(period)).chain(sorted) {
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests;
