//! Whether a number lies far from earlier ones, with arithmetic that is never blind.
//!
//! The number judged is never part of its own baseline, so few values can flag too; the scale is the largest of three
//! (median deviation, quartile range, a tenth of the median), so equal halves do not make it zero. All in integers.

/// How a number stands to earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Fewer than three earlier values, and not a thousandfold error against those there are.
    TooFew,
    /// Within the bounds.
    Within,
    /// Outside.
    Outside {
        /// Least value within the bounds.
        low: i64,
        /// Greatest value within the bounds.
        high: i64,
        /// Median of the earlier values.
        median: i64,
    },
}

/// Judges `value` against `earlier` values in any order; `factor` is how many scales off is too far.
///
/// Below ten values the bounds are wider by 5/n. With one or two values only a difference of a hundred times is flagged.
#[must_use]
pub fn judge(value: i64, earlier: &[i64], factor: u32) -> Judgement {
    let mut sorted = earlier.to_vec();
    sorted.sort_unstable();
    let Some(median) = at_half(&sorted) else {
        return Judgement::TooFew;
    };
    if sorted.len() < 3 {
        let (low, high) = (median / 100, median.saturating_mul(100));
        let apart = median > 0 && (value > high || value < low);
        return if apart { Judgement::Outside { low, high, median } } else { Judgement::TooFew };
    }
    let reach = i128::from(scale(&sorted, median)) * i128::from(factor) * (100 + small_sample(sorted.len())) / 100;
    let clamp =
        |bound: i128| i64::try_from(bound.clamp(i128::from(i64::MIN), i128::from(i64::MAX))).unwrap_or(i64::MAX);
    let high = clamp(i128::from(median) + reach);
    let mut low = clamp(i128::from(median) - reach);
    if sorted[0] >= 0 {
        low = low.max(median / 50);
    }
    if value < low || value > high { Judgement::Outside { low, high, median } } else { Judgement::Within }
}

/// Hundredths by which few values widen the bounds.
fn small_sample(count: usize) -> i128 {
    if count >= 10 { 0 } else { 500 / i128::try_from(count.max(1)).unwrap_or(1) }
}

/// The typical distance from the median, at least one.
fn scale(sorted: &[i64], median: i64) -> i64 {
    let mut deviations: Vec<i64> = sorted.iter().map(|value| value.saturating_sub(median).saturating_abs()).collect();
    deviations.sort_unstable();
    let by_median = i128::from(at_half(&deviations).unwrap_or(0)) * 1_483 / 1_000;
    let quartile = sorted.len() / 4;
    let between = sorted[sorted.len() - 1 - quartile].saturating_sub(sorted[quartile]);
    let by_quartiles = i128::from(between) * 741 / 1_000;
    let floor = i128::from(median.saturating_abs()) / 10;
    i64::try_from(by_median.max(by_quartiles).max(floor).max(1)).unwrap_or(i64::MAX)
}

fn at_half(sorted: &[i64]) -> Option<i64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = sorted[sorted.len() / 2 - 1];
    i64::try_from(i128::midpoint(i128::from(lower), i128::from(upper))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside(value: i64, earlier: &[i64]) -> bool {
        matches!(judge(value, earlier, 8), Judgement::Outside { .. })
    }

    #[test]
    fn g_6_4_2a_equal_and_few_values_do_not_blind_it() {
        assert!(outside(10_000, &[10; 7]), "a thousandfold error in the eighth value");
        assert!(outside(10_000, &[10, 11, 9]));
        assert!(outside(100_000, &[10_000, 10_000, 10_000, 9_000, 11_000, 10_000]));
        assert!(outside(1, &[1_000; 12]), "a thousandth is flagged too");
        assert!(outside(200_000, &[1_000]), "one earlier value is enough for a gross error");
    }

    #[test]
    fn g_6_4_2a_ordinary_values_are_left_alone() {
        assert!(!outside(12, &[10; 7]));
        assert!(!outside(1_300, &[1_000, 900, 1_100, 1_200, 800, 950]));
        assert!(!outside(0, &[0; 20]));
        assert_eq!(judge(5, &[], 8), Judgement::TooFew);
        assert_eq!(judge(50, &[10, 20], 8), Judgement::TooFew);
    }

    #[test]
    fn g_6_4_2a_no_numbers_overflow() {
        for value in [i64::MIN, -1, 0, i64::MAX] {
            let _ = judge(value, &[i64::MIN, i64::MAX, i64::MIN, 0], u32::MAX);
            let _ = judge(value, &[i64::MAX], 2);
            let _ = judge(value, &[i64::MIN; 4], 2);
        }
    }
}
