//! Analysis of registers (登记统计分析): how many, and what share, by stage, variety, region, type, time and other properties,
//! alone or two crossed. Every cell carries the conditions of the list behind it, so that figure and list never differ.
//!
//! What is counted is decided by the conditions of lists; how values come from rows and what they are called lies in
//! [`dimension`], files in [`file`]. Rows: G-6.2.2a, G-6.2.3.

mod dimension;
mod file;

use std::collections::BTreeMap;

use serde::Serialize;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::register::{EntryFilter, Tally};

use crate::listing::Find;
use crate::node::Node;
use crate::statistics::{State, change, percent};
use crate::{Result, ServiceError};

pub use dimension::Dimension;
use dimension::Values;
pub use file::{File, file};

/// Months that an analysis by time shows at most.
const MOST_MONTHS: u32 = 60;
/// Months that it shows unless asked otherwise.
const MONTHS: u32 = 12;

/// What is to be analysed.
#[derive(Clone, Debug)]
pub struct Question {
    /// Kind of the register.
    pub of: &'static str,
    /// First dimension.
    pub by: Dimension,
    /// Second dimension, crossed with the first.
    pub then: Option<Dimension>,
    /// Months of an analysis by time.
    pub months: u32,
    /// Conditions.
    pub find: Find,
}

/// The register of a word in addresses, with what permissions speak of.
///
/// # Errors
/// `ANA-0101` for a word that names none.
pub fn register(word: &str) -> Result<(&'static str, Kind)> {
    Ok(match word {
        "" | kind::SUBJECT => (kind::SUBJECT, Kind::Subject),
        kind::PRODUCT => (kind::PRODUCT, Kind::Product),
        kind::DEVICE => (kind::DEVICE, Kind::Device),
        kind::ACCESS => (kind::ACCESS, Kind::Access),
        _ => return Err(ServiceError::invalid("ANA-0101", "of", "没有这种登记", "请选择主体、产品、设备或接入系统")),
    })
}

impl Question {
    /// Reads a question.
    ///
    /// # Errors
    /// `ANA-0101` for an unknown register, `ANA-0102` for an unknown or repeated dimension.
    pub fn parse(of: &str, by: &str, then: &str, months: Option<u32>, find: Find) -> Result<Self> {
        let by = Dimension::parse(by, "by")?;
        let then = if then.is_empty() { None } else { Some(Dimension::parse(then, "then")?) };
        if then == Some(by) {
            return Err(ServiceError::invalid("ANA-0102", "then", "两个统计维度相同", "请选择不同的维度"));
        }
        let months = months.unwrap_or(MONTHS).clamp(1, MOST_MONTHS);
        Ok(Self { of: register(of)?.0, by, then, months, find })
    }
}

/// A value with the number of its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Code of the value; empty for entries that have none.
    pub code: String,
    /// Name of the value.
    pub name: String,
    /// Number of entries.
    pub count: u64,
    /// Share of all in percent, one decimal; `None` where there is nothing.
    pub share: Option<String>,
    /// How the number stands.
    pub state: State,
    /// Conditions of the list behind it.
    pub query: String,
    /// The month before, for months.
    pub before: Option<u64>,
    /// Difference from the month before in percent (环比).
    pub change: Option<String>,
    /// The same month of the year before.
    pub year_before: Option<u64>,
    /// Difference from the same month of the year before in percent (同比).
    pub year_change: Option<String>,
    /// Crossed with the values of the second dimension, in their order.
    pub cells: Vec<Crossed>,
}

/// A value of the first dimension crossed with one of the second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crossed {
    /// Code of the second value.
    pub code: String,
    /// Number of entries.
    pub count: u64,
    /// Share of the row in percent.
    pub share: Option<String>,
    /// Conditions of the list behind it.
    pub query: String,
}

/// A value with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
}

/// An analysis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Analysis {
    /// Register.
    pub of: &'static str,
    /// First dimension.
    pub by: &'static str,
    /// Its name.
    pub by_name: &'static str,
    /// Second dimension.
    pub then: Option<&'static str>,
    /// Its name.
    pub then_name: Option<&'static str>,
    /// Entries in all; each counted once.
    pub total: u64,
    /// Whether an entry may count under several values, so that shares need not add up.
    pub several: bool,
    /// The values of the first dimension.
    pub rows: Vec<Cell>,
    /// The values of the second.
    pub columns: Vec<Named>,
}

/// Answers a question about a register.
///
/// # Errors
/// When the actor may not read the register, a condition is wrong, or the database is out of reach.
pub async fn analyse(node: &Node, cx: &OpContext, question: &Question) -> Result<Analysis> {
    let (of, policy) = register(question.of)?;
    cx.authorize(Action::Read, policy)?;
    let mut filter = question.find.filter(node, cx, of)?;
    let months = months(question, cx, &filter)?;
    if question.by == Dimension::Month || question.then == Some(Dimension::Month) {
        filter.registered = bounded(filter.registered, &months);
    }
    let first = Values::of(node, cx, question, question.by, &months)?;
    let second = question.then.map(|then| Values::of(node, cx, question, then, &months)).transpose()?;
    let then = question.then.map(Dimension::group);
    let tallies = node.store.tally(&cx.scope, &filter, question.by.group(), then).await?;
    let mut sums = Sums::default();
    for tally in &tallies {
        sums.add(tally, &first, second.as_ref());
    }
    let mut analysis = laid_out(question, &first, second.as_ref(), &sums);
    if question.by == Dimension::Division {
        stand(node, cx, question, &mut analysis.rows).await?;
    }
    if question.by == Dimension::Month {
        compare(node, cx, question, &months, &mut analysis.rows).await?;
    }
    Ok(analysis)
}

/// Counted entries by value.
#[derive(Default)]
struct Sums {
    total: u64,
    first: BTreeMap<String, u64>,
    second: BTreeMap<String, u64>,
    crossed: BTreeMap<(String, String), u64>,
}

impl Sums {
    fn add(&mut self, tally: &Tally, first: &Values, second: Option<&Values>) {
        let count = u64::try_from(tally.count).unwrap_or(0);
        self.total += count;
        let ones = first.codes(&tally.first);
        let twos = second.map(|second| second.codes(&tally.second)).unwrap_or_default();
        for one in &ones {
            *self.first.entry(one.clone()).or_default() += count;
            for two in &twos {
                *self.crossed.entry((one.clone(), two.clone())).or_default() += count;
            }
        }
        for two in twos {
            *self.second.entry(two).or_default() += count;
        }
    }
}

fn laid_out(question: &Question, first: &Values, second: Option<&Values>, sums: &Sums) -> Analysis {
    let columns = second.map(|second| second.shown(&sums.second)).unwrap_or_default();
    let shown = first.shown(&sums.first);
    let counts: Vec<u64> = shown.iter().map(|value| sums.first.get(&value.code).copied().unwrap_or(0)).collect();
    let shares = if question.by.is_several() {
        counts.iter().map(|count| percent(*count, sums.total)).collect()
    } else {
        shares(&counts)
    };
    let row = |((value, count), share): ((Named, u64), Option<String>)| {
        let query = first.narrowed(&question.find, &value.code);
        let crossed = |column: &Named| {
            let both = (value.code.clone(), column.code.clone());
            let part = sums.crossed.get(&both).copied().unwrap_or(0);
            let query = second.map_or_else(|| query.clone(), |second| second.narrowed(&query, &column.code));
            Crossed { code: column.code.clone(), count: part, share: percent(part, count), query: query.query() }
        };
        Cell {
            cells: columns.iter().map(crossed).collect(),
            state: state(&value.code, count),
            query: query.query(),
            code: value.code,
            name: value.name,
            count,
            share,
            before: None,
            change: None,
            year_before: None,
            year_change: None,
        }
    };
    Analysis {
        of: question.of,
        by: question.by.word(),
        by_name: question.by.label(),
        then: question.then.map(Dimension::word),
        then_name: question.then.map(Dimension::label),
        total: sums.total,
        several: question.by.is_several(),
        rows: shown.into_iter().zip(counts.iter().copied()).zip(shares).map(row).collect(),
        columns,
    }
}

const fn state(code: &str, count: u64) -> State {
    match (code.is_empty(), count) {
        (true, _) => State::Missing,
        (false, 0) => State::Zero,
        (false, _) => State::Value,
    }
}

/// Shares of `counts` in percent with one decimal that add up to exactly 100: what rounding leaves over goes to those it
/// took most from.
#[must_use]
pub fn shares(counts: &[u64]) -> Vec<Option<String>> {
    let total: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    if total == 0 {
        return vec![None; counts.len()];
    }
    let mut tenths: Vec<u128> = counts.iter().map(|count| u128::from(*count) * 1000 / total).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    let rest = |at: &usize| counts.get(*at).map_or(0, |count| u128::from(*count) * 1000 % total);
    order.sort_by_key(|at| (std::cmp::Reverse(rest(at)), *at));
    let missing = 1000_u128.saturating_sub(tenths.iter().sum());
    for at in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        if let Some(share) = tenths.get_mut(at) {
            *share += 1;
        }
    }
    tenths.into_iter().map(|share| Some(format!("{}.{}", share / 10, share % 10))).collect()
}

/// The months that are shown: the last ones up to now, or up to the last day that was asked for.
fn months(question: &Question, cx: &OpContext, filter: &EntryFilter) -> Result<Vec<Period>> {
    let last_day = match question.find.get("registered_to") {
        Some(text) => text.parse::<Day>().map_err(|_| ServiceError::Internal("a checked day".to_owned()))?,
        None => Day::of(cx.now),
    };
    let mut month = Period::month_of(last_day);
    let mut months = vec![month];
    while months.len() < question.months as usize
        && filter.registered.0.is_none_or(|from| month.start().millis() > from)
    {
        month = month.previous();
        months.push(month);
    }
    months.reverse();
    Ok(months)
}

/// The bounds narrowed to these months.
fn bounded(bounds: (Option<i64>, Option<i64>), months: &[Period]) -> (Option<i64>, Option<i64>) {
    let (Some(first), Some(last)) = (months.first(), months.last()) else { return bounds };
    let from = first.start().millis();
    let to = last.end().millis();
    (Some(bounds.0.map_or(from, |own| own.max(from))), Some(bounds.1.map_or(to, |own| own.min(to))))
}

/// Puts the month before and the year before beside each month.
async fn compare(node: &Node, cx: &OpContext, question: &Question, months: &[Period], rows: &mut [Cell]) -> Result<()> {
    let (Some(first), Some(last)) = (months.first(), months.last()) else { return Ok(()) };
    let mut filter = question.find.filter(node, cx, question.of)?;
    filter.registered = (Some(first.year_before().start().millis()), Some(last.end().millis()));
    let mut known: BTreeMap<String, u64> = BTreeMap::new();
    for tally in node.store.tally(&cx.scope, &filter, Dimension::Month.group(), None).await? {
        for code in dimension::month_codes(&tally.first) {
            *known.entry(code).or_default() += u64::try_from(tally.count).unwrap_or(0);
        }
    }
    let count = |period: Period| known.get(&period.to_string()).copied().unwrap_or(0);
    for row in rows {
        let Ok(month) = row.code.parse::<Period>() else { continue };
        let (before, year) = (count(month.previous()), count(month.year_before()));
        row.change = change(row.count, before);
        row.year_change = change(row.count, year);
        (row.before, row.year_before) = (Some(before), Some(year));
    }
    Ok(())
}

/// Tells zero from not connected for regions.
async fn stand(node: &Node, cx: &OpContext, question: &Question, rows: &mut [Cell]) -> Result<()> {
    let root = dimension::root(cx, &question.find);
    let connected = crate::statistics::connected(node, &cx.scope.narrowed_to(&node.divisions.subtree(&root))).await?;
    let areas = crate::statistics::areas_below(node, &root);
    for row in rows.iter_mut().filter(|row| row.count == 0) {
        if let Some(area) = areas.iter().find(|area| area.code == row.code)
            && !connected.in_area(area)
        {
            row.state = State::NotConnected;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_3_shares_add_up_to_exactly_one_hundred() {
        for counts in [vec![1, 1, 1], vec![1; 7], vec![999, 1, 1], vec![5], vec![0, 3, 0, 7], vec![u64::MAX, 1]] {
            let tenths: u64 = shares(&counts)
                .into_iter()
                .flatten()
                .map(|share| share.replace('.', "").parse::<u64>().expect("digits"))
                .sum();
            assert_eq!(tenths, 1000, "{counts:?}");
        }
        assert_eq!(shares(&[1, 1, 1]), [Some("33.4".into()), Some("33.3".into()), Some("33.3".into())]);
        assert_eq!(shares(&[0, 0]), [None, None]);
        assert!(shares(&[]).is_empty());
    }

    #[test]
    fn g_6_2_3_zero_and_missing_are_told_apart() {
        assert_eq!((state("market", 0), state("market", 1), state("", 4)), (State::Zero, State::Value, State::Missing));
    }
}
