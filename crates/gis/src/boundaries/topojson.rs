//! Reads TopoJSON as `gis/prepare.py` writes it. Every index and number is checked: a damaged file is an error.

use std::collections::HashMap;

use serde::Deserialize;

use crate::{GisError, Level};

/// Vertices on the grid of the file.
pub(super) type GridArc = Vec<[i64; 2]>;
/// Rings of one polygon, the outer one first, as numbers of arcs (`!n`: arc `n` backwards).
pub(super) type ArcPolygon = Vec<Vec<i64>>;

#[derive(Deserialize)]
struct Document {
    transform: Transform,
    objects: HashMap<String, Collection>,
    arcs: Vec<GridArc>,
}

#[derive(Clone, Copy, Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

#[derive(Deserialize)]
struct Collection {
    geometries: Vec<Object>,
}

#[derive(Deserialize)]
struct Object {
    #[serde(flatten)]
    shape: Shape,
    properties: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "arcs")]
enum Shape {
    Polygon(ArcPolygon),
    MultiPolygon(Vec<ArcPolygon>),
    MultiLineString(Vec<Vec<i64>>),
}

/// Properties of a division in the file.
#[derive(Deserialize)]
pub(super) struct UnitProperties {
    pub adcode: String,
    pub name: String,
    #[serde(default)]
    pub short: Option<String>,
    pub parent: String,
    pub point: [f64; 2],
    #[serde(default)]
    pub special: bool,
}

/// Properties of a group of lines in the file.
#[derive(Deserialize)]
pub(super) struct LineProperties {
    pub kind: super::LineKind,
    pub name: String,
}

/// The file with its arcs decoded, degrees.
pub(super) struct Topology {
    pub arcs: Vec<Vec<[f64; 2]>>,
    pub units: Vec<(Level, UnitProperties, Vec<ArcPolygon>)>,
    pub lines: Vec<(LineProperties, Vec<Vec<i64>>)>,
}

fn malformed(what: impl Into<String>) -> GisError {
    GisError::Malformed(what.into())
}

/// Parses and checks the whole file.
pub(super) fn parse(bytes: &[u8]) -> Result<Topology, GisError> {
    let Document { transform, mut objects, arcs } = serde_json::from_slice(bytes)?;
    let arcs = arcs
        .iter()
        .enumerate()
        .map(|(index, arc)| decode(arc, transform).ok_or_else(|| malformed(format!("弧段 {index} 的坐标不正确"))))
        .collect::<Result<Vec<_>, _>>()?;
    let mut topology = Topology { arcs, units: Vec::new(), lines: Vec::new() };
    for level in Level::ALL {
        let collection =
            objects.remove(level.as_str()).ok_or_else(|| malformed(format!("缺少图层 {}", level.as_str())))?;
        for object in collection.geometries {
            let properties: UnitProperties = serde_json::from_value(object.properties)?;
            let polygons = match object.shape {
                Shape::Polygon(polygon) => vec![polygon],
                Shape::MultiPolygon(polygons) => polygons,
                Shape::MultiLineString(_) => {
                    return Err(malformed(format!("{} 不是面", properties.adcode)));
                }
            };
            topology.check_polygons(&properties.adcode, &polygons)?;
            crate::coordinates::check(properties.point[0], properties.point[1])?;
            topology.units.push((level, properties, polygons));
        }
    }
    let lines = objects.remove("lines").ok_or_else(|| malformed("缺少图层 lines"))?;
    for object in lines.geometries {
        let properties: LineProperties = serde_json::from_value(object.properties)?;
        let Shape::MultiLineString(lines) = object.shape else {
            return Err(malformed(format!("{} 不是线", properties.name)));
        };
        for line in &lines {
            topology.chain(line).ok_or_else(|| malformed(format!("{} 的弧段不相接", properties.name)))?;
        }
        topology.lines.push((properties, lines));
    }
    Ok(topology)
}

/// Sums the differences of an arc; `None` when a number overflows, a position is none, or the arc is too short.
fn decode(arc: &GridArc, transform: Transform) -> Option<Vec<[f64; 2]>> {
    let mut at = [0_i64; 2];
    let mut positions = Vec::with_capacity(arc.len());
    for step in arc {
        let mut position = [0.0; 2];
        for axis in 0..2 {
            at[axis] = at[axis].checked_add(step[axis])?;
            position[axis] = at[axis] as f64 * transform.scale[axis] + transform.translate[axis];
        }
        crate::coordinates::check(position[0], position[1]).ok()?;
        positions.push(position);
    }
    (positions.len() >= 2).then_some(positions)
}

/// Index of the arc that a signed number names.
pub(super) fn arc_index(signed: i64) -> Option<usize> {
    usize::try_from(if signed < 0 { !signed } else { signed }).ok()
}

/// Joins arcs end to start, leaving out the repeated joints; `None` when an arc is missing or the ends do not meet.
pub(super) fn chain(arcs: &[Vec<[f64; 2]>], ids: &[i64]) -> Option<Vec<[f64; 2]>> {
    let mut out: Vec<[f64; 2]> = Vec::new();
    for &id in ids {
        let arc = arcs.get(arc_index(id)?)?;
        let start = if id < 0 { arc.last()? } else { arc.first()? };
        let skip = match out.last() {
            None => 0,
            Some(end) if end == start => 1,
            Some(_) => return None,
        };
        if id < 0 {
            out.extend(arc.iter().rev().skip(skip));
        } else {
            out.extend(arc.iter().skip(skip));
        }
    }
    (!out.is_empty()).then_some(out)
}

impl Topology {
    fn chain(&self, ids: &[i64]) -> Option<Vec<[f64; 2]>> {
        chain(&self.arcs, ids)
    }

    fn check_polygons(&self, adcode: &str, polygons: &[ArcPolygon]) -> Result<(), GisError> {
        if polygons.is_empty() || polygons.iter().any(Vec::is_empty) {
            return Err(malformed(format!("{adcode} 没有边界")));
        }
        for ring in polygons.iter().flatten() {
            let closed = self.chain(ring).is_some_and(|ring| ring.len() >= 4 && ring.first() == ring.last());
            if !closed {
                return Err(malformed(format!("{adcode} 的边界不闭合")));
            }
        }
        Ok(())
    }
}
