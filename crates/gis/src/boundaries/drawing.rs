//! Outlines for the browser: GeoJSON of the divisions below one, simple enough for the scale they are drawn at.
//!
//! Simplification works on arcs, which neighbours share, so no gaps open between them. Never used for analysis.

use std::collections::HashMap;

use geo::{LineString, SimplifyVw};
use geojson::{Feature, FeatureCollection, Geometry, GeometryValue, JsonObject, Position};

use super::topojson::{ArcPolygon, arc_index, chain};
use super::{Boundaries, NATION, Unit};
use crate::{GisError, Level};

/// Squared degrees of a triangle that may be cut off, by what is drawn as a whole.
const NATION_AREA: f64 = 0.04 * 0.04;
const PROVINCE_AREA: f64 = 0.008 * 0.008;
const CITY_AREA: f64 = 0.002 * 0.002;

/// Notes how many bends each arc must keep: a ring of one arc needs two, one of two arcs needs one in each.
pub(super) fn note_bends(bends: &mut [usize], polygons: &[ArcPolygon]) {
    for ring in polygons.iter().flatten().filter(|ring| ring.len() < 3) {
        for index in ring.iter().filter_map(|id| arc_index(*id)) {
            if let Some(bend) = bends.get_mut(index) {
                *bend = (*bend).max(3 - ring.len());
            }
        }
    }
}

impl Boundaries {
    /// Outlines of the divisions below `parent`, as a GeoJSON feature collection: provinces for the nation (`None` or
    /// [`NATION`]), cities for a province, counties for a city. A level that only repeats the one above (municipalities,
    /// special administrative regions) is left out; a county is answered with its own outline.
    ///
    /// Properties: `adcode`, `name`, `short`, `level`, `parent`, `point`, and `leaf`: nothing lies below. Coordinates are
    /// rounded to 1e-4 degree.
    ///
    /// # Errors
    /// [`GisError::UnknownUnit`] when the code has no boundary.
    pub fn children_geojson(&self, parent: Option<&str>) -> Result<String, GisError> {
        let (units, area) = self.below(parent.unwrap_or(NATION))?;
        let mut outlines = Outlines { boundaries: self, area, simple: HashMap::new() };
        let features: Vec<Feature> = units
            .into_iter()
            .map(|unit| Feature {
                geometry: Some(outlines.geometry(unit)),
                properties: Some(self.properties(unit)),
                ..Feature::default()
            })
            .collect();
        Ok(FeatureCollection::new(features).to_string())
    }

    /// The lines that belong to every national map, as a GeoJSON feature collection with `kind` and `name`.
    #[must_use]
    pub fn lines_geojson(&self) -> String {
        let features = self.lines.iter().map(|group| {
            let lines = group.lines.iter().map(|line| line.iter().copied().map(rounded));
            Feature {
                geometry: Some(Geometry::new_multi_line_string(lines)),
                properties: Some(JsonObject::from_iter([
                    ("kind".to_owned(), serde_json::to_value(group.kind).unwrap_or_default()),
                    ("name".to_owned(), group.name.clone().into()),
                ])),
                ..Feature::default()
            }
        });
        FeatureCollection::new(features).to_string()
    }

    /// Divisions below a code, and how much may be cut off when they are drawn together.
    fn below(&self, parent: &str) -> Result<(Vec<&Unit>, f64), GisError> {
        if parent == NATION {
            return Ok((self.children_of(Level::Province, NATION), NATION_AREA));
        }
        let unit = self.highest(parent).ok_or_else(|| GisError::UnknownUnit(parent.chars().take(12).collect()))?;
        Ok(match unit.level {
            Level::Province => match self.children_of(Level::City, parent) {
                cities if cities.iter().any(|city| city.adcode != parent) => (cities, PROVINCE_AREA),
                _ => (self.children_of(Level::County, parent), PROVINCE_AREA),
            },
            Level::City => (self.children_of(Level::County, parent), CITY_AREA),
            Level::County => (vec![unit], CITY_AREA),
        })
    }

    fn is_leaf(&self, unit: &Unit) -> bool {
        unit.level == Level::County
            || self.below(&unit.adcode).is_ok_and(|(units, _)| units.iter().all(|below| below.adcode == unit.adcode))
    }

    fn properties(&self, unit: &Unit) -> JsonObject {
        let mut properties = JsonObject::from_iter([
            ("adcode".to_owned(), unit.adcode.clone().into()),
            ("name".to_owned(), unit.name.clone().into()),
            ("short".to_owned(), unit.short.clone().into()),
            ("level".to_owned(), unit.level.as_str().into()),
            ("parent".to_owned(), unit.parent.clone().into()),
            ("point".to_owned(), unit.point.to_vec().into()),
            ("leaf".to_owned(), self.is_leaf(unit).into()),
        ]);
        if unit.special {
            properties.insert("special".to_owned(), true.into());
        }
        properties
    }
}

/// Arcs simplified once for one answer.
struct Outlines<'a> {
    boundaries: &'a Boundaries,
    area: f64,
    simple: HashMap<usize, Vec<[f64; 2]>>,
}

impl Outlines<'_> {
    fn geometry(&mut self, unit: &Unit) -> Geometry {
        let mut polygons: Vec<Vec<Vec<Position>>> =
            unit.arcs.iter().map(|rings| rings.iter().map(|ring| self.ring(ring)).collect()).collect();
        Geometry::new(if polygons.len() == 1 {
            GeometryValue::Polygon { coordinates: polygons.remove(0) }
        } else {
            GeometryValue::MultiPolygon { coordinates: polygons }
        })
    }

    fn ring(&mut self, ids: &[i64]) -> Vec<Position> {
        let mut positions: Vec<[f64; 2]> = Vec::new();
        for &id in ids {
            let Some(index) = arc_index(id) else { continue };
            let arc = self.arc(index);
            let skip = usize::from(!positions.is_empty());
            if id < 0 {
                positions.extend(arc.iter().rev().skip(skip));
            } else {
                positions.extend(arc.iter().skip(skip));
            }
        }
        let mut drawn: Vec<[f64; 2]> = positions.into_iter().map(rounded).collect();
        drawn.dedup();
        if drawn.len() < 4 {
            // An islet smaller than the rounding: drawn as it is rather than not at all.
            drawn = chain(&self.boundaries.arcs, ids).unwrap_or(drawn);
        }
        drawn.into_iter().map(Position::from).collect()
    }

    fn arc(&mut self, index: usize) -> &[[f64; 2]] {
        let boundaries = self.boundaries;
        let area = self.area;
        self.simple.entry(index).or_insert_with(|| simplified(&boundaries.arcs[index], area, boundaries.bends[index]))
    }
}

/// The arc with its ends and at least `bends` positions between them, as far as it has them.
fn simplified(arc: &[[f64; 2]], area: f64, bends: usize) -> Vec<[f64; 2]> {
    let line = LineString::from(arc.to_vec());
    let mut allowed = area;
    loop {
        let simple = line.simplify_vw(allowed);
        if simple.0.len() >= (bends + 2).min(arc.len()) {
            return simple.0.into_iter().map(|c| [c.x, c.y]).collect();
        }
        if allowed < 1e-12 {
            return arc.to_vec();
        }
        allowed /= 4.0;
    }
}

fn rounded(position: [f64; 2]) -> [f64; 2] {
    position.map(|degrees| (degrees * 1e4).round() / 1e4)
}
