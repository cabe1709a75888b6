//! The choropleth map of a report: the children of the node's division, coloured by value, as SVG.
//!
//! Darker is more, so it reads without colour. 0, 缺失 and 未接入 have three different looks, in the map and in the
//! legend (screens, principle 3). The legend stands below the map and covers nothing. Serves G-6.8.3; interactive maps
//! belong to the frontend.

use std::collections::HashMap;

use crate::ReportError;
use crate::edition::{MapFigure, MapValue};
use crate::projection::{Feature, Projection, read};
use crate::svg::{Anchor, INK, Label, MUTED, Svg, text_width};
use crate::text::number;

const WIDTH: f64 = 680.0;
const TALLEST: f64 = 540.0;
const MARGIN: f64 = 6.0;
/// Light to dark; neighbours differ enough to be told apart in grey.
const SHADES: [&str; 5] = ["#CFE2F8", "#9DC3EE", "#639CDD", "#2F70BF", "#123F7A"];

/// A drawn map.
pub(crate) struct DrawnMap {
    /// The picture.
    pub svg: Vec<u8>,
    /// Every division with its value as shown, in the order of the boundaries: nothing is lost where a label had no room.
    pub divisions: Vec<(String, String)>,
}

/// Draws the map.
pub(crate) fn draw(figure: &MapFigure, family: &str) -> Result<DrawnMap, ReportError> {
    let features = read(&figure.boundaries_geojson)?;
    let lines = match &figure.lines_geojson {
        Some(geojson) => read(geojson)?,
        None => Vec::new(),
    };
    let projection = Projection::fit(&features, WIDTH - 2.0 * MARGIN, TALLEST)?;
    let given: HashMap<&str, MapValue> =
        figure.values.iter().map(|(code, value)| (code.as_str(), normal(*value))).collect();
    let values: Vec<MapValue> = features
        .iter()
        .map(|f| f.property("adcode").and_then(|c| given.get(c.as_str()).copied()))
        .map(|value| value.unwrap_or(MapValue::NotConnected))
        .collect();
    let classes = Classes::of(&values);

    let mut svg = Svg::new(WIDTH, family);
    define_patterns(&mut svg, projection.height + 2.0 * MARGIN);
    svg.draw(format_args!(r##"<g clip-path="url(#frame)"><g transform="translate({MARGIN} {MARGIN})">"##));
    let labels = draw_divisions(&mut svg, &features, &values, &classes, &projection);
    draw_lines(&mut svg, &lines, &projection);
    draw_labels(&mut svg, labels);
    svg.raw("</g></g>");
    let top = projection.height + 2.0 * MARGIN + 16.0;
    let height = draw_legend(&mut svg, top, &figure.legend, &classes);
    let divisions = features.iter().zip(&values).map(|(feature, value)| (name(feature), worded(*value))).collect();
    Ok(DrawnMap { svg: svg.finish(height), divisions })
}

/// A value that is zero or no number says so by its kind.
fn normal(value: MapValue) -> MapValue {
    match value {
        MapValue::Value(v) if !v.is_finite() => MapValue::Missing,
        MapValue::Value(0.0) => MapValue::Zero,
        other => other,
    }
}

/// A value in words.
fn worded(value: MapValue) -> String {
    match value {
        MapValue::Value(v) => number(v),
        MapValue::Zero => "0".to_owned(),
        MapValue::Missing => "—".to_owned(),
        MapValue::NotConnected => "未接入".to_owned(),
    }
}

fn name(feature: &Feature) -> String {
    feature.property("name").or_else(|| feature.property("adcode")).unwrap_or_default()
}

/// Up to five classes with about equally many different values each; equal values are never parted.
struct Classes {
    thresholds: Vec<f64>,
    /// Smallest and largest member and the number of members of each class.
    ranges: Vec<Option<(f64, f64, usize)>>,
    zero: usize,
    missing: usize,
    not_connected: usize,
}

impl Classes {
    fn of(values: &[MapValue]) -> Self {
        let mut sorted: Vec<f64> =
            values.iter().filter_map(|v| if let MapValue::Value(v) = v { Some(*v) } else { None }).collect();
        sorted.sort_by(f64::total_cmp);
        let mut distinct = sorted.clone();
        distinct.dedup();
        let count = SHADES.len().min(distinct.len());
        let thresholds: Vec<f64> = (1..count).map(|k| distinct[distinct.len() * k / count]).collect();
        let number_of = |wanted: MapValue| values.iter().filter(|v| **v == wanted).count();
        let mut classes = Self {
            ranges: vec![None; thresholds.len() + 1],
            thresholds,
            zero: number_of(MapValue::Zero),
            missing: number_of(MapValue::Missing),
            not_connected: number_of(MapValue::NotConnected),
        };
        for value in sorted {
            let class = classes.class(value);
            if let Some(range) = classes.ranges.get_mut(class) {
                let (low, _, members) = range.unwrap_or((value, value, 0));
                *range = Some((low, value, members + 1));
            }
        }
        classes
    }

    fn class(&self, value: f64) -> usize {
        self.thresholds.iter().filter(|t| **t <= value).count()
    }

    /// Fewer classes use the outer shades, so that they stay far apart.
    fn shade(&self, class: usize) -> &'static str {
        let last = self.ranges.len().saturating_sub(1);
        let index = (class * (SHADES.len() - 1)).checked_div(last).unwrap_or(SHADES.len() / 2);
        SHADES.get(index).copied().unwrap_or(SHADES[0])
    }

    fn fill(&self, value: MapValue) -> &'static str {
        match value {
            MapValue::Value(v) => self.shade(self.class(v)),
            MapValue::Zero => "#FFFBE6",
            MapValue::Missing => "url(#missing)",
            MapValue::NotConnected => "url(#hatch)",
        }
    }

    /// Colours of a label and its rim, by the darkness of the fill.
    fn ink(&self, value: MapValue) -> [&'static str; 2] {
        match value {
            MapValue::Value(v) if SHADES[3..].contains(&self.shade(self.class(v))) => ["#FFFFFF", SHADES[4]],
            _ => [INK, "#FFFFFF"],
        }
    }
}

fn define_patterns(svg: &mut Svg, height: f64) {
    svg.raw(concat!(
        r##"<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" "##,
        r##"patternTransform="rotate(45)"><rect width="5" height="5" fill="#ECEEF1"/>"##,
        r##"<rect width="1.4" height="5" fill="#A3ABB7"/></pattern>"##,
        r##"<pattern id="missing" width="6" height="6" patternUnits="userSpaceOnUse">"##,
        r##"<rect width="6" height="6" fill="#FFFFFF"/><circle cx="3" cy="3" r="0.7" fill="#9AA3B0"/></pattern>"##,
    ));
    svg.draw(format_args!(r#"<clipPath id="frame"><rect width="{WIDTH:.1}" height="{height:.1}"/></clipPath></defs>"#));
}

struct MapLabel {
    at: (f64, f64),
    room: f64,
    name: String,
    value: String,
    ink: [&'static str; 2],
}

fn draw_divisions(
    svg: &mut Svg,
    features: &[Feature],
    values: &[MapValue],
    classes: &Classes,
    projection: &Projection,
) -> Vec<MapLabel> {
    let mut labels = Vec::new();
    for (feature, value) in features.iter().zip(values) {
        let (path, room) = projection.rings(&feature.parts);
        if path.is_empty() {
            continue;
        }
        svg.draw(format_args!(
            r##"<path d="{path}" fill="{}" fill-rule="evenodd" stroke="#6B7686" stroke-width="0.6" stroke-linejoin="round"/>"##,
            classes.fill(*value)
        ));
        if let Some(point) = feature.label_point() {
            labels.push(MapLabel {
                at: projection.place(point),
                room,
                name: feature.property("short").unwrap_or_else(|| name(feature)),
                value: worded(*value),
                ink: classes.ink(*value),
            });
        }
    }
    labels
}

fn draw_lines(svg: &mut Svg, lines: &[Feature], projection: &Projection) {
    for line in lines {
        let path = projection.lines(&line.parts);
        let style = match line.property("kind").as_deref() {
            Some("dash") => r##"stroke="#3A4453" stroke-width="1.6""##,
            Some("undefined") => r##"stroke="#3A4453" stroke-width="1" stroke-dasharray="4 2""##,
            _ => r##"stroke="#6B7686" stroke-width="0.6" stroke-dasharray="3 2""##,
        };
        if !path.is_empty() {
            svg.draw(format_args!(r#"<path d="{path}" fill="none" {style}/>"#));
        }
    }
}

/// Labels of large divisions come first; one that would touch another is left to the table below the map.
fn draw_labels(svg: &mut Svg, mut labels: Vec<MapLabel>) {
    let size = if labels.len() > 20 { 8.5 } else { 10.5 };
    labels.sort_by(|a, b| b.room.total_cmp(&a.room).then_with(|| a.name.cmp(&b.name)));
    let mut taken: Vec<[f64; 4]> = Vec::new();
    for label in &labels {
        let (x, y) = label.at;
        let half = text_width(&label.name, size).max(text_width(&label.value, size)) / 2.0;
        let area = [x - half, y - size, x + half, y + size * 1.3];
        let free = !taken.iter().any(|t| area[0] < t[2] && t[0] < area[2] && area[1] < t[3] && t[1] < area[3]);
        let inside = area[0] >= 0.0 && area[2] <= WIDTH - MARGIN && x.is_finite() && y.is_finite();
        if free && inside && half * size * 1.2 < label.room {
            let [colour, rim] = label.ink;
            let mut put = |y, text| {
                let label = Label { x, y, size, anchor: Anchor::Middle, colour, text };
                svg.text_with_rim(&label, rim);
            };
            put(y, &label.name);
            put(y + size * 1.15, &label.value);
            taken.push(area);
        }
    }
}

/// Draws the legend and returns the height of the picture.
fn draw_legend(svg: &mut Svg, top: f64, title: &str, classes: &Classes) -> f64 {
    const SIZE: f64 = 11.0;
    let mut text = |x, y, colour, text: &str| {
        svg.text(&Label { x, y, size: SIZE, anchor: Anchor::Start, colour, text });
    };
    text(MARGIN, top, INK, title);
    let (mut x, mut y) = (MARGIN, top + 22.0);
    for (fill, words) in legend_items(classes) {
        let width = 26.0 + text_width(&words, SIZE) + 16.0;
        if x + width > WIDTH && x > MARGIN {
            (x, y) = (MARGIN, y + 20.0);
        }
        svg.rect((x, y - 10.0), (20.0, 12.0), &format!(r##"fill="{fill}" stroke="#6B7686" stroke-width="0.6""##));
        svg.text(&Label { x: x + 26.0, y, size: SIZE, anchor: Anchor::Start, colour: MUTED, text: &words });
        x += width;
    }
    y + 10.0
}

/// All three states without a value are always explained, also when no division is in them.
fn legend_items(classes: &Classes) -> Vec<(&'static str, String)> {
    let mut items: Vec<(&'static str, String)> = classes
        .ranges
        .iter()
        .enumerate()
        .filter_map(|(class, range)| {
            let (low, high, members) = (*range)?;
            let (low, high) = (number(low), number(high));
            let span = if low == high { low } else { format!("{low} ~ {high}") };
            Some((classes.shade(class), format!("{span}（{members} 个）")))
        })
        .collect();
    items.push((classes.fill(MapValue::Zero), format!("0（{} 个）", classes.zero)));
    items.push((classes.fill(MapValue::Missing), format!("— 缺失（{} 个）", classes.missing)));
    items.push((classes.fill(MapValue::NotConnected), format!("未接入（{} 个）", classes.not_connected)));
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(code: &str, west: f64) -> String {
        let east = west + 1.0;
        format!(
            r#"{{"type":"Feature","properties":{{"adcode":"{code}","name":"<{code}>"}},"geometry":{{"type":"Polygon",
            "coordinates":[[[{west},36],[{east},36],[{east},37],[{west},37],[{west},36]]]}}}}"#
        )
    }

    fn figure(values: Vec<(&str, MapValue)>) -> MapFigure {
        let features: Vec<_> = (0..5).map(|i| square(&format!("37{i}200"), 118.0 + f64::from(i))).collect();
        MapFigure {
            boundaries_geojson: format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",")),
            values: values.into_iter().map(|(c, v)| (c.to_owned(), v)).collect(),
            legend: "平均得分（分）".to_owned(),
            lines_geojson: None,
        }
    }

    #[test]
    fn g_6_8_3_zero_missing_and_not_connected_never_look_alike() -> Result<(), ReportError> {
        let drawn = draw(
            &figure(vec![
                ("370200", MapValue::Value(88.0)),
                ("371200", MapValue::Zero),
                ("372200", MapValue::Missing),
                ("373200", MapValue::NotConnected),
            ]),
            "F",
        )?;
        let shown: Vec<_> = drawn.divisions.iter().map(|(_, v)| v.as_str()).collect();
        assert_eq!(shown, ["88", "0", "—", "未接入", "未接入"]);
        let svg = String::from_utf8(drawn.svg).expect("the writer makes UTF-8");
        for part in ["0（1 个）", "— 缺失（1 个）", "未接入（2 个）", "url(#hatch)", "url(#missing)"] {
            assert!(svg.contains(part), "{part}");
        }
        assert!(svg.contains("&lt;370200&gt;") && !svg.contains("<370200>"));
        Ok(())
    }

    #[test]
    fn equal_values_share_a_class_and_odd_numbers_are_missing() {
        let classes = Classes::of(&[7.0, 7.0, 7.0, 7.0, 9.0].map(MapValue::Value));
        assert_eq!(classes.class(7.0), classes.class(7.0));
        assert_ne!(classes.class(7.0), classes.class(9.0));
        assert_eq!(normal(MapValue::Value(f64::NAN)), MapValue::Missing);
        assert_eq!(normal(MapValue::Value(-0.0)), MapValue::Zero);
        assert_eq!(Classes::of(&[]).ranges, [None]);
    }

    #[test]
    fn unusable_boundaries_are_refused_with_a_reason() {
        let broken = [
            "",
            "{}",
            r#"{"features":[]}"#,
            r#"{"features":[{"geometry":{"type":"Polygon","coordinates":[[[500,1],[2,3]]]}}]}"#,
            r#"{"features":[{"geometry":{"type":"Kreis","coordinates":[]}}]}"#,
        ];
        for geojson in broken {
            let figure = MapFigure { boundaries_geojson: geojson.to_owned(), ..figure(vec![]) };
            let error = draw(&figure, "F").map(|_| ()).expect_err("not a map");
            assert!(error.to_string().starts_with("报告地图的边界数据不可用"), "{error}");
        }
    }
}
