//! Operating evaluation (运行监测评价): from counted inputs to indicator scores, a composite score, a grade and a rank.
//!
//! Counting belongs to `suyuan-warehouse`, the formula is data of a pack, publishing belongs to `suyuan-service`. A result
//! keeps its inputs and the version of its formula, and is the same when computed again. Rows: G-6.8.1, G-6.8.2a, G-6.7.1.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::period::Day;

/// What was counted for one connected system, or summed for a division, in one period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inputs {
    /// Days with at least one accepted record.
    pub days_with_upload: u64,
    /// Days on which a report was due.
    pub days_due: u64,
    /// Records accepted.
    pub records: u64,
    /// Of them, received after the time limit.
    pub late: u64,
    /// Rows received.
    pub received: u64,
    /// Of them, sent back.
    pub rejected: u64,
    /// Mandatory fields of the accepted records.
    pub mandatory_total: u64,
    /// Of them, filled.
    pub mandatory_filled: u64,
    /// Accepted records that need an upstream.
    pub needs_upstream: u64,
    /// Of them, with a known one.
    pub known_upstream: u64,
    /// Merchants enabled.
    pub merchants_enabled: u64,
    /// Of them, with at least one trade.
    pub merchants_active: u64,
    /// Findings whose time limit ended.
    pub findings_due: u64,
    /// Of them, closed in time.
    pub findings_in_time: u64,
    /// Points given for upkeep.
    pub upkeep_points: u64,
    /// Points that could be given; zero where nobody has judged.
    pub upkeep_full: u64,
    /// Whether false data were proved (一票否决).
    pub false_data: bool,
    /// Further counts for indicators that a pack adds, named `extra.<key>` there.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, u64>,
}

impl Inputs {
    /// The count with this name; `None` for names that do not exist.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u64> {
        Some(match name {
            "days_with_upload" => self.days_with_upload,
            "days_due" => self.days_due,
            "records" => self.records,
            "late" => self.late,
            "received" => self.received,
            "rejected" => self.rejected,
            "mandatory_total" => self.mandatory_total,
            "mandatory_filled" => self.mandatory_filled,
            "needs_upstream" => self.needs_upstream,
            "known_upstream" => self.known_upstream,
            "merchants_enabled" => self.merchants_enabled,
            "merchants_active" => self.merchants_active,
            "findings_due" => self.findings_due,
            "findings_in_time" => self.findings_in_time,
            "upkeep_points" => self.upkeep_points,
            "upkeep_full" => self.upkeep_full,
            _ => {
                return name.strip_prefix("extra.").and_then(|key| self.extra.get(key)).copied();
            }
        })
    }

    /// The inputs of a division: the sums of its systems'. A system counts by what it had to report, so a large one
    /// weighs more than a small one; false data of one system do not fail the division.
    #[must_use]
    pub fn rolled_up<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for part in parts {
            for (total, value) in sum.numbers().into_iter().zip(part.clone().numbers()) {
                *total = total.saturating_add(*value);
            }
            for (key, value) in &part.extra {
                let total = sum.extra.entry(key.clone()).or_default();
                *total = total.saturating_add(*value);
            }
        }
        sum
    }

    fn numbers(&mut self) -> [&mut u64; 16] {
        [
            &mut self.days_with_upload,
            &mut self.days_due,
            &mut self.records,
            &mut self.late,
            &mut self.received,
            &mut self.rejected,
            &mut self.mandatory_total,
            &mut self.mandatory_filled,
            &mut self.needs_upstream,
            &mut self.known_upstream,
            &mut self.merchants_enabled,
            &mut self.merchants_active,
            &mut self.findings_due,
            &mut self.findings_in_time,
            &mut self.upkeep_points,
            &mut self.upkeep_full,
        ]
    }
}

/// An indicator of the formula (评价指标): a share of two inputs and its weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Weight; only the ratio to the other weights matters.
    pub weight: u32,
    /// Name of the input above the line.
    pub numerator: String,
    /// Name of the input below the line.
    pub denominator: String,
    /// Whether the score is one minus the share.
    #[serde(default)]
    pub invert: bool,
    /// Score in hundredths below which a warning is due; `None` for never.
    #[serde(default)]
    pub warn_below: Option<u32>,
    /// The formula in words.
    #[serde(default)]
    pub description: String,
}

/// A grade with the lowest score that earns it (评价等级).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Mark that is legible without colour.
    pub symbol: String,
    /// Colour, `#rrggbb`.
    pub colour: String,
    /// Lowest score in hundredths of a point, inclusive.
    pub from: u32,
}

/// A version of the evaluation formula (评价办法).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formula {
    /// Version.
    pub version: String,
    /// First day on which it is in force.
    pub valid_from: Day,
    /// Indicators in the order of tables.
    pub indicators: Vec<Indicator>,
    /// Grades, best first.
    pub grades: Vec<Grade>,
}

/// Most indicators of a formula.
const MOST_INDICATORS: usize = 100;

/// Largest weight of an indicator.
const MOST_WEIGHT: u32 = 10_000;

/// Full marks, in hundredths of a point.
pub const FULL: u32 = 10_000;

impl Formula {
    /// A formula of these parts; grades are put in order.
    ///
    /// # Errors
    /// In Chinese, when there is no indicator, no weight, or no grade that begins at zero.
    pub fn new(
        version: String,
        valid_from: Day,
        indicators: Vec<Indicator>,
        mut grades: Vec<Grade>,
    ) -> Result<Self, String> {
        if indicators.iter().map(|indicator| u64::from(indicator.weight)).sum::<u64>() == 0 {
            return Err("指标权重之和不能为零".into());
        }
        if indicators.len() > MOST_INDICATORS || indicators.iter().any(|indicator| indicator.weight > MOST_WEIGHT) {
            return Err(format!("指标不能超过 {MOST_INDICATORS} 个，权重不能超过 {MOST_WEIGHT}"));
        }
        let plain = |grade: &Grade| {
            let digits = grade.colour.strip_prefix('#');
            digits.is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        if let Some(grade) = grades.iter().find(|grade| !plain(grade)) {
            return Err(format!("等级 {} 的颜色应写作 #rrggbb", grade.code));
        }
        grades.sort_by_key(|grade| std::cmp::Reverse(grade.from));
        if grades.last().is_none_or(|grade| grade.from != 0) || grades.first().is_some_and(|grade| grade.from > FULL) {
            return Err("等级区间须从 0 分起，且不超过 100 分".into());
        }
        if grades.windows(2).any(|pair| pair[0].from == pair[1].from) {
            return Err("等级区间重叠".into());
        }
        Ok(Self { version, valid_from, indicators, grades })
    }

    /// The grade that `score` (hundredths) earns.
    #[must_use]
    pub fn grade(&self, score: u32) -> Option<&Grade> {
        self.grades.iter().find(|grade| score >= grade.from)
    }

    /// Evaluates `inputs`. The same inputs always give the same result.
    ///
    /// Each indicator's score is rounded half up to hundredths of a point; the composite is the weighted mean of those
    /// rounded scores, rounded the same way, so that a reader can check it from the printed table. An indicator with a
    /// denominator of zero is not applicable and its weight is spread over the others in proportion.
    #[must_use]
    pub fn evaluate(&self, inputs: &Inputs) -> Evaluation {
        let parts: Vec<IndicatorScore> = self.indicators.iter().map(|indicator| part(indicator, inputs)).collect();
        let applicable = || parts.iter().filter_map(|part| part.score.map(|score| (score, part.weight)));
        let weight: u64 = applicable().map(|(_, weight)| u64::from(weight)).sum();
        let sum: u64 = applicable().map(|(score, weight)| u64::from(score) * u64::from(weight)).sum();
        let veto = veto(inputs);
        let reported = inputs.days_due > 0 || inputs.received > 0;
        let score = (reported && weight > 0).then(|| share(sum, weight * u64::from(FULL)));
        let worst = self.grades.last();
        let grade = score.and_then(|score| if veto.is_some() { worst } else { self.grade(score) });
        Evaluation {
            formula_version: self.version.clone(),
            score,
            grade: grade.map(|grade| grade.code.clone()),
            veto: veto.filter(|_| score.is_some()).map(str::to_owned),
            indicators: parts,
            inputs: inputs.clone(),
        }
    }
}

/// Why the lowest grade is given whatever the score.
fn veto(inputs: &Inputs) -> Option<&'static str> {
    if inputs.false_data {
        Some("报送虚假数据经查实")
    } else if inputs.days_due > 0 && inputs.received == 0 {
        Some("整个周期未报送数据")
    } else {
        None
    }
}

fn part(indicator: &Indicator, inputs: &Inputs) -> IndicatorScore {
    let denominator = inputs.get(&indicator.denominator).unwrap_or(0);
    let numerator = inputs.get(&indicator.numerator).unwrap_or(0);
    let reached = if indicator.invert { denominator.saturating_sub(numerator) } else { numerator.min(denominator) };
    let score = (denominator > 0).then(|| share(reached, denominator));
    IndicatorScore {
        code: indicator.code.clone(),
        name: indicator.name.clone(),
        weight: indicator.weight,
        numerator,
        denominator,
        score,
        warning: score.zip(indicator.warn_below).is_some_and(|(score, limit)| score < limit),
    }
}

/// `part` of `whole` in hundredths of a point, rounded half up.
fn share(part: u64, whole: u64) -> u32 {
    let (part, whole) = (u128::from(part), u128::from(whole).max(1));
    u32::try_from((part * u128::from(FULL) * 2 + whole) / (whole * 2)).unwrap_or(FULL)
}

/// One indicator's part in a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndicatorScore {
    /// Code of the indicator.
    pub code: String,
    /// Name of the indicator.
    pub name: String,
    /// Its weight in the formula.
    pub weight: u32,
    /// Input above the line.
    pub numerator: u64,
    /// Input below the line.
    pub denominator: u64,
    /// Hundredths of a point; `None` where it is not applicable (不适用).
    pub score: Option<u32>,
    /// Whether the score is below the indicator's own threshold.
    #[serde(default)]
    pub warning: bool,
}

/// The result of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Version of the formula.
    pub formula_version: String,
    /// Composite score in hundredths of a point; `None` where nothing was due and nothing came.
    pub score: Option<u32>,
    /// Code of the grade; `None` together with the score.
    pub grade: Option<String>,
    /// Why the lowest grade was given whatever the score.
    pub veto: Option<String>,
    /// Scores by indicator.
    pub indicators: Vec<IndicatorScore>,
    /// What it was computed from.
    pub inputs: Inputs,
}

/// A score in hundredths as text, such as `94.20`.
#[must_use]
pub fn score_text(score: u32) -> String {
    format!("{}.{:02}", score / 100, score % 100)
}

/// One row of a ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked<'a> {
    /// Place from 1; equal scores share it and the next place is left out; `None` without a score.
    pub rank: Option<usize>,
    /// Code of who was evaluated.
    pub code: &'a str,
    /// The result.
    pub evaluation: &'a Evaluation,
}

/// Ranks from high to low: those without veto first, by score; then by code, so that the order is always the same.
#[must_use]
pub fn rank<'a>(rows: impl IntoIterator<Item = (&'a str, &'a Evaluation)>) -> Vec<Ranked<'a>> {
    let mut rows: Vec<Ranked<'a>> =
        rows.into_iter().map(|(code, evaluation)| Ranked { rank: None, code, evaluation }).collect();
    let key = |row: &Ranked<'_>| (row.evaluation.veto.is_none(), row.evaluation.score);
    let scored = |row: &Ranked<'_>| row.evaluation.score.is_some();
    rows.sort_by(|a, b| scored(b).cmp(&scored(a)).then_with(|| key(b).cmp(&key(a))).then_with(|| a.code.cmp(b.code)));
    for i in 0..rows.len() {
        let same = i > 0 && key(&rows[i]) == key(&rows[i - 1]);
        rows[i].rank = if !scored(&rows[i]) {
            None
        } else if same {
            rows[i - 1].rank
        } else {
            Some(i + 1)
        };
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::Packs;

    fn formula() -> Formula {
        Packs::shipped().expect("the shipped packs").formulas.remove(0)
    }

    fn full() -> Inputs {
        Inputs {
            days_with_upload: 30,
            days_due: 30,
            records: 1_000,
            received: 1_000,
            mandatory_total: 5_000,
            mandatory_filled: 5_000,
            needs_upstream: 400,
            known_upstream: 400,
            merchants_enabled: 20,
            merchants_active: 20,
            findings_due: 3,
            findings_in_time: 3,
            upkeep_points: 100,
            upkeep_full: 100,
            ..Inputs::default()
        }
    }

    fn check(inputs: &Inputs, score: Option<u32>, grade: Option<&str>) {
        let result = formula().evaluate(inputs);
        assert_eq!((result.score, result.grade.as_deref()), (score, grade), "{result:?}");
        assert_eq!(formula().evaluate(&result.inputs), result, "computed again from what it keeps");
    }

    #[test]
    fn g_6_8_1_the_composite_is_the_weighted_mean() {
        check(&full(), Some(10_000), Some("excellent"));
        check(&Inputs { days_with_upload: 15, ..full() }, Some(8_750), Some("good"));
        check(&Inputs { days_with_upload: 0, late: 1_000, ..full() }, Some(6_000), Some("pass"));
        check(&Inputs { days_with_upload: 0, late: 1_000, rejected: 1, ..full() }, Some(5_999), Some("fail"));
    }

    #[test]
    fn g_6_8_1_a_zero_denominator_is_not_applicable_and_never_full_marks() {
        let inputs = Inputs { upkeep_full: 0, upkeep_points: 0, merchants_enabled: 0, merchants_active: 0, ..full() };
        check(&Inputs { days_with_upload: 15, ..inputs.clone() }, Some(8_529), Some("good"));
        let result = formula().evaluate(&inputs);
        let activity = result.indicators.iter().find(|part| part.code == "activity").expect("an indicator");
        assert_eq!(activity.score, None);
        check(&Inputs::default(), None, None);
    }

    #[test]
    fn g_6_8_1_a_veto_gives_the_lowest_grade() {
        check(&Inputs { false_data: true, ..full() }, Some(10_000), Some("fail"));
        check(&Inputs { days_due: 30, ..Inputs::default() }, Some(0), Some("fail"));
    }

    #[test]
    fn g_6_8_2a_grades_begin_at_their_threshold() {
        let formula = formula();
        for (score, grade) in [
            (10_000, "excellent"),
            (9_000, "excellent"),
            (8_999, "good"),
            (7_999, "pass"),
            (5_999, "fail"),
            (0, "fail"),
        ] {
            assert_eq!(formula.grade(score).map(|grade| grade.code.as_str()), Some(grade));
        }
    }

    #[test]
    fn g_6_8_2a_equal_scores_share_a_rank() {
        let formula = formula();
        let best = formula.evaluate(&full());
        let worse = formula.evaluate(&Inputs { days_with_upload: 15, ..full() });
        let none = formula.evaluate(&Inputs::default());
        let vetoed = formula.evaluate(&Inputs { false_data: true, ..full() });
        let rows = [("e", &none), ("d", &worse), ("c", &best), ("b", &worse), ("a", &best), ("f", &vetoed)];
        let ranks: Vec<_> = rank(rows).iter().map(|row| (row.code, row.rank)).collect();
        assert_eq!(
            ranks,
            [("a", Some(1)), ("c", Some(1)), ("b", Some(3)), ("d", Some(3)), ("f", Some(5)), ("e", None)]
        );
    }

    #[test]
    fn g_6_8_a_division_is_weighted_by_what_was_due() {
        let large = Inputs { received: 900, rejected: 0, ..Inputs::default() };
        let small = Inputs { received: 100, rejected: 100, false_data: true, ..Inputs::default() };
        let sum = Inputs::rolled_up([&large, &small]);
        assert_eq!((sum.received, sum.rejected, sum.false_data), (1_000, 100, false));
        check(&sum, Some(9_000), Some("excellent"));
    }

    #[test]
    fn g_6_8_1_a_formula_that_cannot_grade_is_refused() {
        let shipped = formula();
        let new = |indicators: Vec<Indicator>, grades: Vec<Grade>| {
            Formula::new("1".into(), shipped.valid_from, indicators, grades)
        };
        assert!(new(vec![], shipped.grades.clone()).is_err());
        assert!(new(shipped.indicators.clone(), vec![]).is_err());
        assert!(new(shipped.indicators.clone(), shipped.grades[..2].to_vec()).is_err());
    }
}
