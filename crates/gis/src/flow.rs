//! Flow lines (流向图): curves between places, with a class of thickness by quantity.
//!
//! What flows, in which unit and in which period is the caller's; quantities here are any scaled integers of one unit.
//! An unknown quantity has no class and is drawn apart from the smallest. Rows: G-6.5.3c.

use geojson::{Feature, FeatureCollection, Geometry, JsonObject};
use serde::Serialize;

use crate::{GisError, coordinates};

/// Number of classes of thickness; class 1 is the thinnest.
pub const CLASSES: u8 = 5;
/// Sideways reach of a curve as a share of its length.
const BEND: f64 = 0.15;
/// Fewest and most stretches of a curve.
const STEPS: std::ops::RangeInclusive<usize> = 1..=256;

/// A flow to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// The caller's id, handed through.
    pub id: String,
    /// Longitude and latitude of the origin.
    pub from: [f64; 2],
    /// Longitude and latitude of the destination.
    pub to: [f64; 2],
    /// Scaled quantity; `None` when it is not known.
    pub quantity: Option<i64>,
}

/// A flow as it is drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowLine {
    /// The caller's id.
    pub id: String,
    /// Positions from the origin to the destination.
    pub coordinates: Vec<[f64; 2]>,
    /// Scaled quantity.
    pub quantity: Option<i64>,
    /// 1 (thinnest) to [`CLASSES`]; `None` when the quantity is not known.
    pub class: Option<u8>,
}

/// A curve that leaves to the left of the straight line, so that the two directions between two places lie apart.
/// `steps` is brought into 1 to 256; there are `steps + 1` positions, the ends exact. Positions are rounded to 1e-4.
///
/// # Errors
/// [`GisError::Position`] when an end is no position.
pub fn arc(from: [f64; 2], to: [f64; 2], steps: usize) -> Result<Vec<[f64; 2]>, GisError> {
    coordinates::check(from[0], from[1])?;
    coordinates::check(to[0], to[1])?;
    let steps = steps.clamp(*STEPS.start(), *STEPS.end());
    // Bent in a plane whose degrees of longitude have their true length in the middle.
    let squeeze = ((from[1] + to[1]) / 2.0).to_radians().cos().max(0.01);
    let (east, north) = ((to[0] - from[0]) * squeeze, to[1] - from[1]);
    let control = [(from[0] + to[0]) / 2.0 - 2.0 * BEND * north / squeeze, (from[1] + to[1]) / 2.0 + 2.0 * BEND * east];
    let mut positions: Vec<[f64; 2]> = (0..=steps)
        .map(|step| {
            let t = step as f64 / steps as f64;
            let bezier = |i: usize| (1.0 - t).powi(2) * from[i] + 2.0 * t * (1.0 - t) * control[i] + t.powi(2) * to[i];
            [rounded(bezier(0)).clamp(-180.0, 180.0), rounded(bezier(1)).clamp(-90.0, 90.0)]
        })
        .collect();
    positions[0] = from;
    positions[steps] = to;
    Ok(positions)
}

fn rounded(degrees: f64) -> f64 {
    (degrees * 1e4).round() / 1e4
}

/// Upper bounds of the classes but the last, rising: equal shares of the distinct quantities above zero.
#[must_use]
pub fn class_bounds(quantities: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut values: Vec<i64> = quantities.into_iter().filter(|q| *q > 0).collect();
    values.sort_unstable();
    values.dedup();
    let classes = usize::from(CLASSES).min(values.len());
    (1..classes).map(|class| values[values.len() * class / classes - 1]).collect()
}

/// The class of a quantity among bounds from [`class_bounds`], from 1.
#[must_use]
pub fn class_of(quantity: i64, bounds: &[i64]) -> u8 {
    let below = bounds.iter().filter(|bound| quantity > **bound).count();
    u8::try_from(below).unwrap_or(CLASSES - 1).min(CLASSES - 1) + 1
}

/// The flows that can be drawn, thin ones first so that thick ones lie on top, and the ids and errors of those that cannot.
#[must_use]
pub fn lines(flows: &[Flow], steps: usize) -> (Vec<FlowLine>, Vec<(String, GisError)>) {
    let bounds = class_bounds(flows.iter().filter_map(|flow| flow.quantity));
    let (mut drawn, mut rejected) = (Vec::new(), Vec::new());
    for flow in flows {
        match arc(flow.from, flow.to, steps) {
            Ok(coordinates) => drawn.push(FlowLine {
                id: flow.id.clone(),
                coordinates,
                quantity: flow.quantity,
                class: flow.quantity.map(|quantity| class_of(quantity, &bounds)),
            }),
            Err(error) => rejected.push((flow.id.clone(), error)),
        }
    }
    drawn.sort_by(|a, b| (a.class, a.quantity, &a.id).cmp(&(b.class, b.quantity, &b.id)));
    (drawn, rejected)
}

/// GeoJSON of flow lines with the properties `id`, `quantity`, `class`.
#[must_use]
pub fn geojson(lines: &[FlowLine]) -> String {
    let features = lines.iter().map(|line| Feature {
        geometry: Some(Geometry::new_line_string(line.coordinates.iter().copied())),
        properties: Some(JsonObject::from_iter([
            ("id".to_owned(), line.id.clone().into()),
            ("quantity".to_owned(), line.quantity.into()),
            ("class".to_owned(), line.class.into()),
        ])),
        ..Feature::default()
    });
    FeatureCollection::new(features).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QINGDAO: [f64; 2] = [120.3826, 36.0671];
    const BEIJING: [f64; 2] = [116.4074, 39.9042];

    #[test]
    fn g_6_5_3c_arcs_start_and_end_exactly_and_directions_lie_apart() -> Result<(), GisError> {
        for steps in [0, 1, 2, 24, 1000] {
            let there = arc(QINGDAO, BEIJING, steps)?;
            assert_eq!(there.len(), steps.clamp(1, 256) + 1);
            assert_eq!((there.first(), there.last()), (Some(&QINGDAO), Some(&BEIJING)));
        }
        let (there, back) = (arc(QINGDAO, BEIJING, 24)?, arc(BEIJING, QINGDAO, 24)?);
        assert!(coordinates::distance_m(there[12].into(), back[12].into()) > 50_000.0);
        Ok(())
    }

    #[test]
    fn g_6_5_3c_one_bad_flow_does_not_break_the_rest() {
        let flow = |id: &str, from: [f64; 2], quantity| Flow { id: id.into(), from, to: BEIJING, quantity };
        let flows = [
            flow("big", QINGDAO, Some(900)),
            flow("bad", [f64::NAN, 30.0], Some(5)),
            flow("unknown", QINGDAO, None),
            flow("small", QINGDAO, Some(1)),
            flow("same place", BEIJING, Some(0)),
        ];
        let (drawn, rejected) = lines(&flows, 8);
        assert_eq!(rejected.iter().map(|r| r.0.as_str()).collect::<Vec<_>>(), ["bad"]);
        assert_eq!(drawn.iter().map(|l| l.id.as_str()).collect::<Vec<_>>(), ["unknown", "same place", "small", "big"]);
        assert_eq!(drawn[0].class, None);
        assert!(drawn[1].class.is_some(), "zero is not unknown");
        assert!(drawn[3].class > drawn[2].class);
        let text = geojson(&drawn);
        assert!(text.contains("\"quantity\":null") && text.contains("\"LineString\""));
    }

    #[test]
    fn classes_rise_with_the_quantity() {
        for (quantities, expected) in [
            (vec![], vec![]),
            (vec![7], vec![]),
            (vec![0, -3, 4, 4, 9], vec![4]),
            ((1..=100).collect(), vec![20, 40, 60, 80]),
        ] {
            assert_eq!(class_bounds(quantities), expected);
        }
        let bounds = [20, 40, 60, 80];
        for (quantity, class) in [(i64::MIN, 1), (0, 1), (20, 1), (21, 2), (80, 4), (81, 5), (i64::MAX, 5)] {
            assert_eq!(class_of(quantity, &bounds), class, "{quantity}");
        }
        assert_eq!(class_of(1, &[0; 400]), CLASSES);
    }
}
