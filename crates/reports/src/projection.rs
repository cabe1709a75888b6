//! Reads the GeoJSON of a map figure and brings it onto paper: equirectangular with the cosine of the middle latitude.
//!
//! Enough for the picture of one division; analysis belongs to the crate `gis`. Points closer together than a print can
//! show are left out; islands too small to show are kept as a dot, because no island may vanish from a map (G-6.8.3).

use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ReportError;

/// Points nearer than this to the last one kept are left out, user units.
const FINEST: f64 = 0.35;
/// Side of the square that stands for an island smaller than itself, user units.
const SMALLEST_ISLAND: f64 = 1.1;
/// A map of the whole country shows at least this extent: west, south, east, north in degrees.
const COUNTRY: [f64; 4] = [73.0, 3.0, 135.5, 54.0];

#[derive(Deserialize)]
struct Collection {
    features: Vec<RawFeature>,
}

#[derive(Deserialize)]
struct RawFeature {
    #[serde(default)]
    properties: Option<Map<String, Value>>,
    #[serde(default)]
    geometry: Option<Geometry>,
}

type Position = Vec<f64>;

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Geometry {
    Point {},
    MultiPoint {},
    LineString {
        coordinates: Vec<Position>,
    },
    MultiLineString {
        coordinates: Vec<Vec<Position>>,
    },
    Polygon {
        coordinates: Vec<Vec<Position>>,
    },
    MultiPolygon {
        coordinates: Vec<Vec<Vec<Position>>>,
    },
    #[serde(rename = "GeometryCollection")]
    Collection {
        geometries: Vec<Geometry>,
    },
}

/// One feature: its properties and its rings or lines in degrees.
pub(crate) struct Feature {
    properties: Map<String, Value>,
    /// Rings or lines, longitude and latitude.
    pub parts: Vec<Vec<(f64, f64)>>,
}

impl Feature {
    /// A property as text; numbers are accepted too.
    pub(crate) fn property(&self, name: &str) -> Option<String> {
        match self.properties.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Where the label belongs: the property `point`, else the middle of the largest part.
    pub(crate) fn label_point(&self) -> Option<(f64, f64)> {
        let given = self
            .properties
            .get("point")
            .and_then(Value::as_array)
            .and_then(|p| Some((p.first()?.as_f64()?, p.get(1)?.as_f64()?)));
        given.or_else(|| {
            let bounds = self.parts.iter().filter_map(|part| Bounds::of(part.iter().copied()));
            bounds.max_by(|a, b| a.area().total_cmp(&b.area())).map(Bounds::middle)
        })
    }
}

/// Reads a feature collection.
pub(crate) fn read(geojson: &str) -> Result<Vec<Feature>, ReportError> {
    let collection: Collection = serde_json::from_str(geojson).map_err(|error| ReportError::Map(error.to_string()))?;
    let mut features = Vec::with_capacity(collection.features.len());
    for raw in collection.features {
        let mut parts = Vec::new();
        if let Some(geometry) = raw.geometry {
            gather(geometry, &mut parts)?;
        }
        features.push(Feature { properties: raw.properties.unwrap_or_default(), parts });
    }
    Ok(features)
}

fn gather(geometry: Geometry, parts: &mut Vec<Vec<(f64, f64)>>) -> Result<(), ReportError> {
    match geometry {
        Geometry::Point {} | Geometry::MultiPoint {} => {}
        Geometry::LineString { coordinates } => parts.push(positions(&coordinates)?),
        Geometry::MultiLineString { coordinates } | Geometry::Polygon { coordinates } => {
            for part in coordinates {
                parts.push(positions(&part)?);
            }
        }
        Geometry::MultiPolygon { coordinates } => {
            for part in coordinates.iter().flatten() {
                parts.push(positions(part)?);
            }
        }
        Geometry::Collection { geometries } => {
            for geometry in geometries {
                gather(geometry, parts)?;
            }
        }
    }
    Ok(())
}

fn positions(part: &[Position]) -> Result<Vec<(f64, f64)>, ReportError> {
    part.iter()
        .map(|position| match position.as_slice() {
            [lon, lat, ..] if (-180.0..=180.0).contains(lon) && (-90.0..=90.0).contains(lat) => Ok((*lon, *lat)),
            _ => Err(ReportError::Map("坐标不是经纬度（度）".to_owned())),
        })
        .collect()
}

/// A box around points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    min: (f64, f64),
    max: (f64, f64),
}

impl Bounds {
    fn of(points: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        points.fold(None, |bounds, p| {
            let b = bounds.unwrap_or(Self { min: p, max: p });
            Some(Self { min: (b.min.0.min(p.0), b.min.1.min(p.1)), max: (b.max.0.max(p.0), b.max.1.max(p.1)) })
        })
    }

    fn area(self) -> f64 {
        (self.max.0 - self.min.0) * (self.max.1 - self.min.1)
    }

    fn middle(self) -> (f64, f64) {
        ((self.min.0 + self.max.0) / 2.0, (self.min.1 + self.max.1) / 2.0)
    }
}

/// From degrees to user units.
pub(crate) struct Projection {
    west: f64,
    north: f64,
    cosine: f64,
    scale: f64,
    left: f64,
    /// Height of the map in user units.
    pub height: f64,
}

impl Projection {
    /// Fits the features into a box. A map of provinces always shows the whole country, with all islands.
    pub(crate) fn fit(features: &[Feature], width: f64, tallest: f64) -> Result<Self, ReportError> {
        let points = features.iter().flat_map(|f| f.parts.iter().flatten().copied());
        let country =
            if is_country(features) { vec![(COUNTRY[0], COUNTRY[1]), (COUNTRY[2], COUNTRY[3])] } else { Vec::new() };
        let bounds =
            Bounds::of(points.chain(country)).ok_or_else(|| ReportError::Map("没有任何区划边界".to_owned()))?;
        let cosine = bounds.middle().1.to_radians().cos().max(0.05);
        let across = ((bounds.max.0 - bounds.min.0) * cosine).max(1e-6);
        let down = (bounds.max.1 - bounds.min.1).max(1e-6);
        let scale = (width / across).min(tallest / down);
        Ok(Self {
            west: bounds.min.0,
            north: bounds.max.1,
            cosine,
            scale,
            left: (width - across * scale) / 2.0,
            height: down * scale,
        })
    }

    /// Where a point in degrees lies on paper.
    pub(crate) fn place(&self, (lon, lat): (f64, f64)) -> (f64, f64) {
        (self.left + (lon - self.west) * self.cosine * self.scale, (self.north - lat) * self.scale)
    }

    /// The path of closed rings, and the area of the largest one's box in square user units.
    pub(crate) fn rings(&self, parts: &[Vec<(f64, f64)>]) -> (String, f64) {
        let mut path = String::new();
        let mut largest = 0.0_f64;
        for part in parts {
            let placed: Vec<_> = part.iter().map(|p| self.place(*p)).collect();
            let Some(bounds) = Bounds::of(placed.iter().copied()) else {
                continue;
            };
            largest = largest.max(bounds.area());
            let (w, h) = (bounds.max.0 - bounds.min.0, bounds.max.1 - bounds.min.1);
            if w < SMALLEST_ISLAND && h < SMALLEST_ISLAND {
                let (x, y) = bounds.middle();
                let half = SMALLEST_ISLAND / 2.0;
                // Writing to a string cannot fail.
                let _ = write!(
                    path,
                    "M{:.2} {:.2}h{SMALLEST_ISLAND}v{SMALLEST_ISLAND}h-{SMALLEST_ISLAND}Z",
                    x - half,
                    y - half
                );
            } else {
                trace(&mut path, &placed);
                path.push('Z');
            }
        }
        (path, largest)
    }

    /// The path of open lines.
    pub(crate) fn lines(&self, parts: &[Vec<(f64, f64)>]) -> String {
        let mut path = String::new();
        for part in parts {
            let placed: Vec<_> = part.iter().map(|p| self.place(*p)).collect();
            trace(&mut path, &placed);
        }
        path
    }
}

fn is_country(features: &[Feature]) -> bool {
    features.len() > 1 && features.iter().all(|f| f.property("adcode").is_some_and(|code| code.ends_with("0000")))
}

fn trace(path: &mut String, points: &[(f64, f64)]) {
    let mut last: Option<(f64, f64)> = None;
    for (index, &(x, y)) in points.iter().enumerate() {
        let near = last.is_some_and(|(lx, ly)| (lx - x).hypot(ly - y) < FINEST);
        if near && index + 1 != points.len() {
            continue;
        }
        let command = if last.is_none() { 'M' } else { 'L' };
        // Writing to a string cannot fail.
        let _ = write!(path, "{command}{x:.2} {y:.2}");
        last = Some((x, y));
    }
}
