//! Clusters of points (点聚合) on a grid of the web Mercator plane.
//!
//! Cells are fixed to the world, so that a cluster does not change while the map is moved, and cells cut by the edge of
//! the view are counted whole. Deterministic: the order of the points does not matter. Rows: G-6.2.2a.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use serde::Serialize;

use crate::{Extent, GisError, coordinates};

/// Cells along one side of the world at zoom 0: 64 pixels of a tile of 512.
const CELLS_AT_ZOOM_0: f64 = 8.0;
/// Greatest zoom that still refines the grid.
const FINEST_ZOOM: u8 = 22;
/// Latitude where the Mercator square ends.
const MERCATOR_LIMIT: f64 = 85.051_128_78;
/// Members of clusters up to this size are named.
pub const NAMED_MEMBERS: usize = 10;

/// A point to be clustered; its position is checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    id: String,
    lon: f64,
    lat: f64,
}

impl Point {
    /// A point with its id.
    ///
    /// # Errors
    /// [`GisError::Position`] when the numbers are no position; the other points of the batch are not concerned.
    pub fn new(id: impl Into<String>, lon: f64, lat: f64) -> Result<Self, GisError> {
        let (lon, lat) = coordinates::check(lon, lat)?;
        Ok(Self { id: id.into(), lon, lat })
    }

    /// The id given.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Longitude and latitude, degrees.
    #[must_use]
    pub fn position(&self) -> (f64, f64) {
        (self.lon, self.lat)
    }
}

/// Points of one cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cluster {
    /// Mean longitude of the members.
    pub lon: f64,
    /// Mean latitude of the members.
    pub lat: f64,
    /// Number of members, at least 1.
    pub count: usize,
    /// Ids of the members, sorted; empty above [`NAMED_MEMBERS`].
    pub ids: Vec<String>,
}

/// The clusters of all points in cells that the view touches, from north to south, then from west to east.
#[must_use]
pub fn cluster(points: &[Point], zoom: u8, view: Extent) -> Vec<Cluster> {
    let side = CELLS_AT_ZOOM_0 * f64::from(1_u32 << zoom.min(FINEST_ZOOM));
    let (left, top) = cell(view.west, view.north, side);
    let (right, bottom) = cell(view.east, view.south, side);
    let mut cells: BTreeMap<(u32, u32), Vec<&Point>> = BTreeMap::new();
    for point in points {
        let (column, row) = cell(point.lon, point.lat, side);
        if (left..=right).contains(&column) && (top..=bottom).contains(&row) {
            cells.entry((row, column)).or_default().push(point);
        }
    }
    cells.into_values().map(gather).collect()
}

/// Column and row of the cell, counted from the north-west corner.
fn cell(lon: f64, lat: f64, side: f64) -> (u32, u32) {
    let phi = lat.clamp(-MERCATOR_LIMIT, MERCATOR_LIMIT).to_radians();
    let x = (lon + 180.0) / 360.0;
    let y = 0.5 - phi.tan().asinh() / (2.0 * PI);
    // `as` saturates, so that the far edges fall into the last cell.
    let index = |share: f64| (share * side).floor().clamp(0.0, side - 1.0) as u32;
    (index(x), index(y))
}

fn gather(mut members: Vec<&Point>) -> Cluster {
    // Sums of floating numbers depend on their order; sorting makes the mean independent of it.
    members.sort_by(|a, b| a.id.cmp(&b.id).then(a.lon.total_cmp(&b.lon)).then(a.lat.total_cmp(&b.lat)));
    let count = members.len();
    let mean = |value: fn(&Point) -> f64| members.iter().map(|p| value(p)).sum::<f64>() / count as f64;
    let (lon, lat) = (mean(|p| p.lon), mean(|p| p.lat));
    let ids = if count <= NAMED_MEMBERS { members.iter().map(|p| p.id.clone()).collect() } else { Vec::new() };
    Cluster { lon, lat, count, ids }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NATIONAL_EXTENT;

    fn points() -> Result<Vec<Point>, GisError> {
        (0..200_u32)
            .map(|i| Point::new(format!("s{i:03}"), 110.0 + f64::from(i % 20) * 0.37, 30.0 + f64::from(i / 20) * 0.53))
            .collect()
    }

    #[test]
    fn g_6_2_2a_no_point_is_lost_or_doubled_at_any_zoom() -> Result<(), GisError> {
        let points = points()?;
        for zoom in 0..=30 {
            let clusters = cluster(&points, zoom, NATIONAL_EXTENT);
            assert_eq!(clusters.iter().map(|c| c.count).sum::<usize>(), points.len(), "zoom {zoom}");
        }
        assert!(cluster(&points, 3, NATIONAL_EXTENT).len() < 10);
        let fine = cluster(&points, 14, NATIONAL_EXTENT);
        assert_eq!(fine.len(), points.len());
        assert!(fine.iter().all(|c| c.ids.len() == 1));
        Ok(())
    }

    #[test]
    fn g_6_2_2a_order_of_points_does_not_matter() -> Result<(), GisError> {
        let points = points()?;
        let mut turned = points.clone();
        turned.reverse();
        for zoom in [2, 5, 8] {
            assert_eq!(cluster(&points, zoom, NATIONAL_EXTENT), cluster(&turned, zoom, NATIONAL_EXTENT));
        }
        Ok(())
    }

    #[test]
    fn g_6_2_2a_cells_at_the_edge_are_counted_whole() -> Result<(), GisError> {
        let points = points()?;
        let all = cluster(&points, 5, NATIONAL_EXTENT);
        let some = cluster(&points, 5, Extent::new(111.0, 31.0, 113.0, 33.0)?);
        assert!(!some.is_empty() && some.len() < all.len());
        assert!(some.iter().all(|c| all.contains(c)));
        Ok(())
    }

    #[test]
    fn a_bad_point_is_an_error_of_its_own() -> Result<(), GisError> {
        assert!(matches!(Point::new("x", f64::NAN, 30.0), Err(GisError::Position { .. })));
        assert!(matches!(Point::new("x", 30.0, 120.0), Err(GisError::Position { .. })));
        let edge = [Point::new("a", 180.0, 90.0)?, Point::new("b", -180.0, -90.0)?];
        assert_eq!(cluster(&edge, 4, Extent::new(-180.0, -90.0, 180.0, 90.0)?).len(), 2);
        Ok(())
    }

    #[test]
    fn large_clusters_do_not_list_members() -> Result<(), GisError> {
        let many: Vec<Point> = (0..11).map(|i| Point::new(i.to_string(), 120.0, 30.0)).collect::<Result<_, _>>()?;
        let clusters = cluster(&many, 22, NATIONAL_EXTENT);
        assert_eq!(clusters.len(), 1);
        assert_eq!(clusters[0].count, 11);
        assert!(clusters[0].ids.is_empty());
        Ok(())
    }
}
