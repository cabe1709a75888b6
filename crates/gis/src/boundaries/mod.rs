//! Boundaries of divisions (行政区划界线): which county holds a point, how far a point is from where it should be, and
//! outlines for drawing.
//!
//! The boundaries are generalised (about 1:1 million): half of all places lie within 120 m of the true border, nine in
//! ten within 520 m. So a point never overwrites a registered code; it makes the code more or less plausible. Codes
//! without a boundary (development zones) are unknown here. Rows: G-6.2.2a, G-6.5.3c.

mod drawing;
mod nearest;
mod topojson;

use std::collections::HashMap;

use geo::{Coord, Intersects, LineString, MultiPolygon, Polygon};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use serde::{Deserialize, Serialize};

use crate::{Extent, GisError, Level, coordinates};

/// Code of the nation as parent of the provinces.
pub const NATION: &str = "100000";

/// Kind of a line that is no division's outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Ten dashes of the South China Sea (南海断续线).
    Dash,
    /// Undefined national border (未定国界).
    Undefined,
    /// Borders of provinces on the sea (省级海上界线).
    ProvinceSea,
    /// Borders of special administrative regions (特别行政区界).
    Sar,
}

/// Lines of one kind; every national map shows all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundaryLine {
    /// Kind.
    pub kind: LineKind,
    /// Chinese name for legends.
    pub name: String,
    /// The lines, longitude first.
    pub lines: Vec<Vec<[f64; 2]>>,
}

/// A division with its boundary.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Level of this boundary; 46 codes have one on two or three levels.
    pub level: Level,
    /// Six-digit code (GB/T 2260).
    pub adcode: String,
    /// Full name.
    pub name: String,
    /// Short name for labels.
    pub short: String,
    /// Code of the division above; [`NATION`] for provinces.
    pub parent: String,
    /// Where the label stands; always inside.
    pub point: [f64; 2],
    /// Not a division in law: a forest or ranch bureau that would otherwise be a hole in the map.
    pub special: bool,
    /// The box around it.
    pub extent: Extent,
    shape: MultiPolygon<f64>,
    arcs: Vec<topojson::ArcPolygon>,
}

impl Unit {
    /// Whether the point is inside or on the border.
    #[must_use]
    pub fn covers(&self, lon: f64, lat: f64) -> bool {
        self.extent.contains(lon, lat) && self.shape.0.iter().any(|polygon| covers(polygon, lon, lat))
    }

    /// Metres from the point to the border, whichever side it is on; `None` for what is no position.
    #[must_use]
    pub fn distance_to_border_m(&self, lon: f64, lat: f64) -> Option<f64> {
        coordinates::check(lon, lat).ok()?;
        nearest::distance_m(&self.shape, lon, lat)
    }
}

fn covers(polygon: &Polygon<f64>, lon: f64, lat: f64) -> bool {
    // `Contains` would be false on the border.
    polygon.intersects(&Coord { x: lon, y: lat })
}

/// How well a point fits a code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plausibility {
    /// Inside or on the border.
    Inside,
    /// Outside by this many metres, within the tolerance.
    Near(f64),
    /// Outside by this many metres, more than the tolerance.
    Outside(f64),
    /// The code has no boundary.
    UnknownUnit,
    /// The numbers are no position.
    BadPosition,
}

type Indexed = GeomWithData<Rectangle<[f64; 2]>, (usize, usize)>;

/// All boundaries, ready for questions. Costs about 30 MB and a tenth of a second; made once, then shared.
pub struct Boundaries {
    arcs: Vec<Vec<[f64; 2]>>,
    /// Bends an arc must keep so that small rings stay rings, by arc.
    bends: Vec<usize>,
    units: Vec<Unit>,
    by_code: HashMap<(Level, String), usize>,
    children: HashMap<(Level, String), Vec<usize>>,
    counties: RTree<Indexed>,
    lines: Vec<BoundaryLine>,
}

impl Boundaries {
    /// Reads a TopoJSON file with the objects `province`, `city`, `county` and `lines`.
    ///
    /// # Errors
    /// [`GisError::Json`] and [`GisError::Malformed`] for files that are damaged or of another form,
    /// [`GisError::Position`] for a label that is no position.
    pub fn parse_topojson(bytes: &[u8]) -> Result<Self, GisError> {
        let topojson::Topology { arcs, units: read, lines } = topojson::parse(bytes)?;
        let mut bends = vec![0; arcs.len()];
        let mut units = Vec::with_capacity(read.len());
        let mut by_code = HashMap::new();
        let mut children: HashMap<(Level, String), Vec<usize>> = HashMap::new();
        for (level, properties, polygons) in read {
            drawing::note_bends(&mut bends, &polygons);
            let unit = make_unit(&arcs, level, properties, polygons)?;
            let index = units.len();
            children.entry((level, unit.parent.clone())).or_default().push(index);
            if by_code.insert((level, unit.adcode.clone()), index).is_some() {
                return Err(GisError::Malformed(format!("{} 重复", unit.adcode)));
            }
            units.push(unit);
        }
        let lines = lines
            .into_iter()
            .map(|(properties, members)| BoundaryLine {
                kind: properties.kind,
                name: properties.name,
                lines: members.iter().filter_map(|ids| topojson::chain(&arcs, ids)).collect(),
            })
            .collect();
        let counties = RTree::bulk_load(index_counties(&units));
        Ok(Self { arcs, bends, units, by_code, children, counties, lines })
    }

    /// Counties that hold the point or have it on their border, in the order of their codes. Usually one; two on a
    /// border and on the islets both Jiangsu and Shandong administer; none abroad, at sea, and for what is no position.
    #[must_use]
    pub fn locate(&self, lon: f64, lat: f64) -> Vec<&Unit> {
        if coordinates::check(lon, lat).is_err() {
            return Vec::new();
        }
        let mut found: Vec<usize> = self
            .counties
            .locate_all_at_point([lon, lat])
            .map(|entry| entry.data)
            .filter(|&(unit, polygon)| covers(&self.units[unit].shape.0[polygon], lon, lat))
            .map(|(unit, _)| unit)
            .collect();
        // Units are kept in the order of the file, which is that of the codes.
        found.sort_by(|a, b| self.units[*a].adcode.cmp(&self.units[*b].adcode));
        found.dedup();
        found.into_iter().map(|unit| &self.units[unit]).collect()
    }

    /// The division with this code on this level.
    #[must_use]
    pub fn unit(&self, level: Level, adcode: &str) -> Option<&Unit> {
        self.by_code.get(&(level, adcode.to_owned())).map(|index| &self.units[*index])
    }

    /// The division with this code on its lowest level, the exact meaning of a registered address.
    #[must_use]
    pub fn lowest(&self, adcode: &str) -> Option<&Unit> {
        Level::ALL.into_iter().rev().find_map(|level| self.unit(level, adcode))
    }

    /// The division with this code on its highest level, the widest meaning of a choice on the map.
    #[must_use]
    pub fn highest(&self, adcode: &str) -> Option<&Unit> {
        Level::ALL.into_iter().find_map(|level| self.unit(level, adcode))
    }

    /// All divisions of a level, in the order of the file.
    pub fn units(&self, level: Level) -> impl Iterator<Item = &Unit> {
        self.units.iter().filter(move |unit| unit.level == level)
    }

    /// Where to put a record of which only the code is known: the label point.
    #[must_use]
    pub fn place(&self, adcode: &str) -> Option<[f64; 2]> {
        self.lowest(adcode).map(|unit| unit.point)
    }

    /// Whether a point can belong to a code. The data asks for a tolerance of at least 1,000 m; a code of a higher level
    /// means its whole area.
    #[must_use]
    pub fn plausible(&self, adcode: &str, lon: f64, lat: f64, tolerance_m: f64) -> Plausibility {
        if coordinates::check(lon, lat).is_err() {
            return Plausibility::BadPosition;
        }
        let Some(unit) = self.highest(adcode) else {
            return Plausibility::UnknownUnit;
        };
        if unit.covers(lon, lat) {
            return Plausibility::Inside;
        }
        match unit.distance_to_border_m(lon, lat) {
            None => Plausibility::UnknownUnit,
            Some(metres) if metres <= tolerance_m => Plausibility::Near(metres),
            Some(metres) => Plausibility::Outside(metres),
        }
    }

    /// The lines that every national map shows beside the divisions.
    #[must_use]
    pub fn lines(&self) -> &[BoundaryLine] {
        &self.lines
    }

    fn children_of(&self, level: Level, parent: &str) -> Vec<&Unit> {
        let indices = self.children.get(&(level, parent.to_owned()));
        indices.into_iter().flatten().map(|index| &self.units[*index]).collect()
    }
}

fn index_counties(units: &[Unit]) -> Vec<Indexed> {
    let mut entries = Vec::new();
    for (number, unit) in units.iter().enumerate().filter(|(_, unit)| unit.level == Level::County) {
        for (part, polygon) in unit.shape.0.iter().enumerate() {
            if let Some(extent) = extent_of(polygon.exterior().0.iter()) {
                let corners = [[extent.west, extent.south], [extent.east, extent.north]];
                let envelope = AABB::from_corners(corners[0], corners[1]);
                entries.push(GeomWithData::new(Rectangle::from_aabb(envelope), (number, part)));
            }
        }
    }
    entries
}

fn extent_of<'a>(positions: impl Iterator<Item = &'a Coord<f64>>) -> Option<Extent> {
    positions.fold(None, |extent: Option<Extent>, &Coord { x, y }| {
        let old = extent.unwrap_or(Extent { west: x, south: y, east: x, north: y });
        Some(Extent { west: old.west.min(x), south: old.south.min(y), east: old.east.max(x), north: old.north.max(y) })
    })
}

fn make_unit(
    arcs: &[Vec<[f64; 2]>],
    level: Level,
    properties: topojson::UnitProperties,
    polygons: Vec<topojson::ArcPolygon>,
) -> Result<Unit, GisError> {
    let topojson::UnitProperties { adcode, name, short, parent, point, special } = properties;
    let broken = || GisError::Malformed(format!("{adcode} 的边界不闭合"));
    let ring = |ids: &Vec<i64>| topojson::chain(arcs, ids).map(LineString::from).ok_or_else(broken);
    let mut shape = Vec::with_capacity(polygons.len());
    for rings in &polygons {
        let mut rings = rings.iter().map(ring).collect::<Result<Vec<_>, _>>()?;
        let exterior = rings.remove(0);
        shape.push(Polygon::new(exterior, rings));
    }
    let extent = extent_of(shape.iter().flat_map(|polygon| polygon.exterior().0.iter())).ok_or_else(broken)?;
    let short = short.unwrap_or_else(|| name.clone());
    Ok(Unit { level, adcode, name, short, parent, point, special, extent, shape: MultiPolygon(shape), arcs: polygons })
}
