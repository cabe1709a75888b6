//! Shapes that people draw on a map to choose what lies in them (框选、圈选): boxes, polygons with holes, circles around a
//! place. Checked on the way in, so that a crossed line or a hole outside is an error with its reason and never a wrong
//! answer. Rows: G-6.2.2a.

use geo::algorithm::Validation;
use geo::{ChamberlainDuquetteArea, Coord, Intersects, LineString, Polygon};
use serde::{Deserialize, Serialize};

use crate::{Extent, GisError, coordinates};

/// Points of one polygon, holes included.
pub const MOST_POINTS: usize = 1_000;
/// Least and greatest radius of a circle, in kilometres.
pub const RADIUS_KM: (f64, f64) = (0.05, 500.0);
/// Metres of one degree of latitude.
const METRES_PER_DEGREE: f64 = 111_195.0;

/// A shape as it is handed in, degrees of WGS 84.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ShapeText {
    /// `west, south, east, north`.
    Box {
        /// The four sides.
        r#box: [f64; 4],
    },
    /// An outer ring and holes in it, each closed or not.
    Polygon {
        /// The rings, the outer one first.
        rings: Vec<Vec<[f64; 2]>>,
    },
    /// What lies within a distance of a place.
    Circle {
        /// The place.
        center: [f64; 2],
        /// The distance in kilometres.
        km: f64,
    },
}

/// A checked shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A box.
    Box(Extent),
    /// A polygon with the box around it.
    Polygon(Polygon<f64>, Extent),
    /// A circle on the ground.
    Circle {
        /// Longitude and latitude of its middle.
        center: (f64, f64),
        /// Its radius in metres.
        metres: f64,
    },
}

impl Shape {
    /// Checks a shape.
    ///
    /// # Errors
    /// [`GisError::Shape`] with what is wrong, [`GisError::Extent`] and [`GisError::Position`] for wrong numbers.
    pub fn check(text: &ShapeText) -> Result<Self, GisError> {
        match text {
            ShapeText::Box { r#box: [west, south, east, north] } => {
                Ok(Self::Box(Extent::new(*west, *south, *east, *north)?))
            }
            ShapeText::Polygon { rings } => polygon(rings),
            ShapeText::Circle { center: [lon, lat], km } => {
                if !(RADIUS_KM.0..=RADIUS_KM.1).contains(km) {
                    let text = format!("半径应在 {} 至 {} 公里之间", RADIUS_KM.0, RADIUS_KM.1);
                    return Err(GisError::Shape(text));
                }
                Ok(Self::Circle { center: coordinates::check(*lon, *lat)?, metres: km * 1_000.0 })
            }
        }
    }

    /// The box around it.
    #[must_use]
    pub fn extent(&self) -> Extent {
        match self {
            Self::Box(extent) | Self::Polygon(_, extent) => *extent,
            Self::Circle { center: (lon, lat), metres } => {
                let high = metres / METRES_PER_DEGREE;
                // At the poles every longitude is near.
                let wide = high / (lat.abs() + high).min(89.9).to_radians().cos().max(0.001);
                Extent {
                    west: (lon - wide).max(-180.0),
                    south: (lat - high).max(-90.0),
                    east: (lon + wide).min(180.0),
                    north: (lat + high).min(90.0),
                }
            }
        }
    }

    /// Whether a position lies in it or on its edge.
    #[must_use]
    pub fn covers(&self, lon: f64, lat: f64) -> bool {
        match self {
            Self::Box(extent) => extent.contains(lon, lat),
            Self::Polygon(polygon, extent) => {
                extent.contains(lon, lat) && polygon.intersects(&Coord { x: lon, y: lat })
            }
            Self::Circle { center, metres } => coordinates::distance_m(*center, (lon, lat)) <= *metres,
        }
    }

    /// Its area in square kilometres, on the sphere.
    #[must_use]
    pub fn area_km2(&self) -> f64 {
        match self {
            Self::Box(e) => {
                let corners = [(e.west, e.south), (e.east, e.south), (e.east, e.north), (e.west, e.north)];
                Polygon::new(LineString::from(corners.to_vec()), vec![]).chamberlain_duquette_unsigned_area() / 1e6
            }
            Self::Polygon(polygon, _) => polygon.chamberlain_duquette_unsigned_area() / 1e6,
            Self::Circle { metres, .. } => std::f64::consts::PI * metres * metres / 1e6,
        }
    }
}

fn ring(points: &[[f64; 2]]) -> Result<LineString<f64>, GisError> {
    let mut coords = Vec::with_capacity(points.len() + 1);
    for [lon, lat] in points {
        let (x, y) = coordinates::check(*lon, *lat)?;
        coords.push(Coord { x, y });
    }
    if coords.first() != coords.last() {
        coords.extend(coords.first().copied());
    }
    if coords.len() < 4 {
        return Err(GisError::Shape("多边形的每一圈至少需要三个点".to_owned()));
    }
    Ok(LineString::new(coords))
}

fn polygon(rings: &[Vec<[f64; 2]>]) -> Result<Shape, GisError> {
    if rings.iter().map(Vec::len).sum::<usize>() > MOST_POINTS {
        return Err(GisError::Shape(format!("多边形的点数超过 {MOST_POINTS} 个，请简化后再试")));
    }
    let Some((outer, holes)) = rings.split_first() else {
        return Err(GisError::Shape("多边形没有外圈".to_owned()));
    };
    let outer = ring(outer)?;
    let holes = holes.iter().map(|points| ring(points)).collect::<Result<Vec<_>, _>>()?;
    let (mut west, mut south, mut east, mut north) = (180.0_f64, 90.0_f64, -180.0_f64, -90.0_f64);
    for Coord { x, y } in outer.coords() {
        (west, east) = (west.min(*x), east.max(*x));
        (south, north) = (south.min(*y), north.max(*y));
    }
    let polygon = Polygon::new(outer, holes);
    if !polygon.is_valid() {
        return Err(GisError::Shape("多边形的边线自相交，或内圈不在外圈之内".to_owned()));
    }
    Ok(Shape::Polygon(polygon, Extent::new(west, south, east, north)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(rings: &[&[[f64; 2]]]) -> Result<Shape, GisError> {
        Shape::check(&ShapeText::Polygon { rings: rings.iter().map(|ring| ring.to_vec()).collect() })
    }

    const OUTER: [[f64; 2]; 4] = [[120.0, 36.0], [121.0, 36.0], [121.0, 37.0], [120.0, 37.0]];
    const HOLE: [[f64; 2]; 4] = [[120.4, 36.4], [120.6, 36.4], [120.6, 36.6], [120.4, 36.6]];

    #[test]
    fn g_6_2_2a_a_polygon_covers_its_inside_and_edge_but_not_its_hole() -> Result<(), GisError> {
        let shape = polygon(&[&OUTER, &HOLE])?;
        for (lon, lat, inside) in [
            (120.2, 36.2, true),
            (120.0, 36.5, true),
            (120.5, 36.5, false),
            (120.4, 36.5, true),
            (119.9, 36.5, false),
            (f64::NAN, 36.5, false),
        ] {
            assert_eq!(shape.covers(lon, lat), inside, "{lon} {lat}");
        }
        let area = shape.area_km2();
        assert!((9_500.0..9_900.0).contains(&area), "{area}");
        Ok(())
    }

    #[test]
    fn g_6_2_2a_a_shape_that_is_none_is_refused_with_the_reason() {
        let crossed = [[120.0, 36.0], [121.0, 37.0], [121.0, 36.0], [120.0, 37.0]];
        let outside = [[130.0, 36.4], [130.6, 36.4], [130.6, 36.6]];
        for rings in [vec![], vec![&crossed[..]], vec![&OUTER[..], &outside[..]], vec![&OUTER[..2]]] {
            assert!(matches!(polygon(&rings), Err(GisError::Shape(_))), "{rings:?}");
        }
        assert!(matches!(polygon(&[&[[500.0, 0.0], [1.0, 1.0], [2.0, 2.0]]]), Err(GisError::Position { .. })));
        let many: Vec<[f64; 2]> = (0..=1_000).map(|i| [120.0 + f64::from(i) / 1e4, 36.0]).collect();
        assert!(matches!(polygon(&[&many]), Err(GisError::Shape(_))));
        for km in [0.0, 501.0, f64::NAN, -1.0] {
            assert!(Shape::check(&ShapeText::Circle { center: [120.0, 36.0], km }).is_err(), "{km}");
        }
        assert!(Shape::check(&ShapeText::Box { r#box: [121.0, 36.0, 120.0, 37.0] }).is_err());
    }

    #[test]
    fn g_6_2_2a_a_circle_is_measured_on_the_ground() -> Result<(), GisError> {
        let shape = Shape::check(&ShapeText::Circle { center: [120.38, 36.07], km: 5.0 })?;
        assert!(shape.covers(120.38, 36.11) && !shape.covers(120.38, 36.12));
        let extent = shape.extent();
        for turn in 0..36 {
            let (sin, cos) = (f64::from(turn) * 10.0).to_radians().sin_cos();
            let (lon, lat) = (120.38 + cos * 0.2, 36.07 + sin * 0.2);
            assert!(!shape.covers(lon, lat) || extent.contains(lon, lat));
        }
        assert!((shape.area_km2() - 78.54).abs() < 0.01);
        Ok(())
    }
}
