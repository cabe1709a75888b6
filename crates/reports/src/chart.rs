//! The charts of a report: the trend over periods and the bars of the grades, as SVG.
//!
//! A missing value interrupts the line and is marked, because it must not look like zero (screens, principle 3). The
//! charts serve G-6.6.1c and G-6.8.3; interactive charts belong to the frontend.

use crate::edition::{GradeCount, TrendPoint};
use crate::grade::mark;
use crate::svg::{Anchor, INK, Label, MUTED, PRIMARY, RULE, Svg, fitted, text_width};
use crate::text::{number, percent, thousands};

const WIDTH: f64 = 680.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 22.0;
const PLOT_HEIGHT: f64 = 170.0;

/// Draws the trend.
pub(crate) fn trend(points: &[TrendPoint], family: &str) -> Vec<u8> {
    let mut svg = Svg::new(WIDTH, family);
    let values: Vec<Option<f64>> = points.iter().map(|p| p.value.filter(|v| v.is_finite())).collect();
    let scale = Scale::over(values.iter().flatten().copied());
    draw_grid(&mut svg, &scale);
    let step = (WIDTH - LEFT - RIGHT) / f64::from(u32::try_from(points.len().max(1)).unwrap_or(1));
    let x = |index: usize| LEFT + step * (index as f64 + 0.5);
    draw_lines(&mut svg, &values, &scale, &x);
    draw_points(&mut svg, &values, &scale, &x);
    draw_period_labels(&mut svg, points, step, &x);
    if values.iter().all(Option::is_none) {
        svg.text(&Label {
            x: WIDTH / 2.0,
            y: TOP + PLOT_HEIGHT / 2.0,
            size: 13.0,
            anchor: Anchor::Middle,
            colour: MUTED,
            text: "本期暂无趋势数据",
        });
    }
    svg.finish(TOP + PLOT_HEIGHT + 30.0)
}

/// The vertical scale: rounded bounds and the distance of the grid lines.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .map(|v| v.clamp(-1e15, 1e15))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            return Self { low: 0.0, high: 100.0, step: 25.0 };
        }
        // The axis leaves zero only when the variation would otherwise be invisible.
        let low = if low >= 0.0 && high - low > 0.5 * high { 0.0 } else { low };
        let span = if high > low { high - low } else { high.abs().max(1.0) * 0.2 };
        let step = rounded_step(span / 4.0);
        let low = ((low - span * 0.05) / step).floor() * step;
        let high = ((high + span * 0.05) / step).ceil() * step;
        Self { low, high: high.max(low + step), step }
    }

    fn y(&self, value: f64) -> f64 {
        TOP + PLOT_HEIGHT * (self.high - value.clamp(self.low, self.high)) / (self.high - self.low)
    }
}

fn rounded_step(raw: f64) -> f64 {
    let magnitude = 10_f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|f| f * magnitude >= raw);
    (factor.unwrap_or(10.0) * magnitude).max(0.01)
}

fn draw_grid(svg: &mut Svg, scale: &Scale) {
    let count = ((scale.high - scale.low) / scale.step).round().clamp(1.0, 12.0) as u32;
    for index in 0..=count {
        let value = scale.low + (scale.high - scale.low) * f64::from(index) / f64::from(count);
        let y = scale.y(value);
        svg.line((LEFT, y), (WIDTH - RIGHT, y), &format!(r#"stroke="{RULE}" stroke-width="0.7""#));
        svg.text(&Label {
            x: LEFT - 8.0,
            y: y + 3.6,
            size: 10.0,
            anchor: Anchor::End,
            colour: MUTED,
            text: &number(value),
        });
    }
}

fn draw_lines(svg: &mut Svg, values: &[Option<f64>], scale: &Scale, x: &dyn Fn(usize) -> f64) {
    for (index, pair) in values.windows(2).enumerate() {
        if let &[Some(a), Some(b)] = pair {
            svg.line(
                (x(index), scale.y(a)),
                (x(index + 1), scale.y(b)),
                &format!(r#"stroke="{PRIMARY}" stroke-width="2" stroke-linecap="round""#),
            );
        }
    }
}

fn draw_points(svg: &mut Svg, values: &[Option<f64>], scale: &Scale, x: &dyn Fn(usize) -> f64) {
    let with_figures = values.len() <= 16;
    for (index, value) in values.iter().enumerate() {
        let (y, colour, text) = match value {
            Some(value) => {
                let y = scale.y(*value);
                svg.draw(format_args!(
                    r##"<circle cx="{:.1}" cy="{y:.1}" r="3.2" fill="#FFFFFF" stroke="{PRIMARY}" stroke-width="2"/>"##,
                    x(index)
                ));
                (y - 8.0, INK, number(*value))
            }
            None => (TOP + PLOT_HEIGHT - 6.0, MUTED, "—".to_owned()),
        };
        if with_figures || value.is_none() {
            svg.text(&Label { x: x(index), y, size: 10.0, anchor: Anchor::Middle, colour, text: &text });
        }
    }
}

fn draw_period_labels(svg: &mut Svg, points: &[TrendPoint], step: f64, x: &dyn Fn(usize) -> f64) {
    let widest = points.iter().map(|p| text_width(&p.label, 10.0)).fold(1.0, f64::max).min(120.0);
    let every = ((widest + 8.0) / step).ceil().max(1.0) as usize;
    // Counted from the end, so that the newest period always has its label.
    for (index, point) in points.iter().enumerate().rev().step_by(every) {
        svg.text(&Label {
            x: x(index),
            y: TOP + PLOT_HEIGHT + 18.0,
            size: 10.0,
            anchor: Anchor::Middle,
            colour: MUTED,
            text: &fitted(&point.label, 10.0, 120.0),
        });
    }
}

/// Draws one bar for each grade with shape, word, count and share.
pub(crate) fn grades(counts: &[GradeCount], family: &str) -> Vec<u8> {
    const ROW: f64 = 30.0;
    const BAR_LEFT: f64 = 120.0;
    const BAR_WIDTH: f64 = 420.0;
    let mut svg = Svg::new(WIDTH, family);
    let total: u64 = counts.iter().fold(0, |sum, c| sum.saturating_add(c.count));
    let most = counts.iter().map(|c| c.count).max().unwrap_or(0).max(1);
    for (index, grade) in counts.iter().enumerate() {
        let top = 6.0 + ROW * index as f64;
        let mark = mark(&grade.grade);
        let length = BAR_WIDTH * (grade.count as f64 / most as f64);
        let word = fitted(&grade.grade, 13.0, 84.0);
        let figures = format!("{}（{}）", thousands(grade.count), percent(grade.count, total));
        svg.rect((BAR_LEFT, top), (BAR_WIDTH, 20.0), r##"fill="#F3F5F8""##);
        svg.rect((BAR_LEFT, top), (length, 20.0), &format!(r#"fill="{}""#, mark.colour));
        for (x, colour, text) in [
            (8.0, mark.colour, mark.shape),
            (28.0, INK, word.as_str()),
            (BAR_LEFT + BAR_WIDTH + 10.0, INK, figures.as_str()),
        ] {
            svg.text(&Label { x, y: top + 15.5, size: 13.0, anchor: Anchor::Start, colour, text });
        }
    }
    svg.finish(ROW * counts.len().max(1) as f64 + 8.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(value: Option<f64>) -> TrendPoint {
        TrendPoint { label: "2026-10".to_owned(), value }
    }

    fn drawn(values: &[Option<f64>]) -> String {
        let points: Vec<_> = values.iter().copied().map(point).collect();
        String::from_utf8(trend(&points, "F")).expect("the writer makes UTF-8")
    }

    #[test]
    fn g_6_8_3_a_missing_value_interrupts_the_line_and_is_not_zero() {
        let chart = drawn(&[Some(90.0), None, Some(91.0), Some(0.0)]);
        assert_eq!(chart.matches(r#"stroke-linecap="round""#).count(), 1);
        assert_eq!(chart.matches(">—<").count(), 1);
        assert_eq!(chart.matches("<circle").count(), 3);
    }

    #[test]
    fn any_values_give_finite_coordinates() {
        let cases: [&[Option<f64>]; 6] = [
            &[],
            &[None],
            &[Some(f64::NAN), Some(f64::INFINITY)],
            &[Some(f64::MAX), Some(f64::MIN)],
            &[Some(0.0), Some(0.0)],
            &[Some(-5.0), Some(1e-300)],
        ];
        for values in cases {
            let chart = drawn(values);
            assert!(!chart.contains("NaN") && !chart.contains("inf"), "{values:?}: {chart}");
        }
    }

    #[test]
    fn g_6_8_1_every_bar_has_shape_word_count_and_share() {
        let counts = [("优秀", 3), ("不达标", 1), ("<未评>", 0)]
            .map(|(grade, count)| GradeCount { grade: grade.to_owned(), count });
        let chart = String::from_utf8(grades(&counts, "F")).expect("the writer makes UTF-8");
        for part in ["●", "优秀", "3（75.0%）", "▼", "1（25.0%）", "&lt;未评&gt;", "0（0.0%）"] {
            assert!(chart.contains(part), "{part}");
        }
    }
}
