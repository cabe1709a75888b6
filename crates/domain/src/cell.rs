//! Cells of the web Mercator plane (网格单元): one number for a position, laid out so that every coarser cell, and so every
//! box of a map, is a few ranges of numbers. Distances and shapes belong to `suyuan-gis`. Rows: G-6.2.2a.

use std::f64::consts::PI;

/// Bits of the finest column and row: below half a metre in China.
const BITS: u32 = 26;
/// Bits of column and row at zoom 0: clusters of 64 pixels on tiles of 512.
const BITS_AT_ZOOM_0: u32 = 3;
/// Greatest zoom that still refines the cells.
const FINEST_ZOOM: u8 = 22;
/// Latitude where the Mercator square ends.
const MERCATOR_LIMIT: f64 = 85.051_128_78;
/// Ranges that a box is described by at most.
const MOST_RANGES: usize = 24;

/// The finest cell of a position; `None` where the numbers are no position.
#[must_use]
pub fn cell(lon: f64, lat: f64) -> Option<i64> {
    if !(-180.0..=180.0).contains(&lon) || !(-90.0..=90.0).contains(&lat) {
        return None;
    }
    let (column, row) = finest(lon, lat);
    Some(woven(column, row))
}

/// By what a finest cell is divided to give that of a cluster at this zoom.
#[must_use]
pub fn divisor(zoom: u8) -> i64 {
    let bits = BITS_AT_ZOOM_0 + u32::from(zoom.min(FINEST_ZOOM));
    1 << (2 * (BITS - bits))
}

/// Ranges of finest cells, both ends included, that cover a box of degrees; at the edges a little more than it.
#[must_use]
pub fn ranges(west: f64, south: f64, east: f64, north: f64) -> Vec<(i64, i64)> {
    covering(west, south, east, north, BITS)
}

/// As [`ranges`], made of whole cells of clusters at this zoom, so that no cluster is cut by the edge of a view.
#[must_use]
pub fn ranges_of_clusters(west: f64, south: f64, east: f64, north: f64, zoom: u8) -> Vec<(i64, i64)> {
    covering(west, south, east, north, BITS_AT_ZOOM_0 + u32::from(zoom.min(FINEST_ZOOM)))
}

fn covering(west: f64, south: f64, east: f64, north: f64, finest_depth: u32) -> Vec<(i64, i64)> {
    let (left, top) = finest(west, north);
    let (right, bottom) = finest(east, south);
    let wanted = Window { left, right: right.max(left), top, bottom: bottom.max(top) };
    // From coarse to fine, as long as few ranges suffice.
    let mut best = vec![(0, (1 << (2 * BITS)) - 1)];
    for depth in 1..=finest_depth {
        let Some(found) = at_depth(wanted, depth) else { break };
        best = found;
    }
    best
}

#[derive(Clone, Copy)]
struct Window {
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
}

/// The ranges of cells of `depth` bits that the box touches; `None` where they would be too many.
fn at_depth(wanted: Window, depth: u32) -> Option<Vec<(i64, i64)>> {
    let shift = BITS - depth;
    let (left, right) = (wanted.left >> shift, wanted.right >> shift);
    let (top, bottom) = (wanted.top >> shift, wanted.bottom >> shift);
    if u64::from(right - left + 1) * u64::from(bottom - top + 1) > (MOST_RANGES * 4) as u64 {
        return None;
    }
    let mut found = Vec::new();
    for column in left..=right {
        for row in top..=bottom {
            let from = woven(column << shift, row << shift);
            found.push((from, from + (1_i64 << (2 * shift)) - 1));
        }
    }
    found.sort_unstable();
    let few = joined(&found);
    (few.len() <= MOST_RANGES).then_some(few)
}

fn joined(sorted: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut all: Vec<(i64, i64)> = Vec::new();
    for (from, to) in sorted {
        match all.last_mut() {
            Some(last) if last.1 + 1 >= *from => last.1 = last.1.max(*to),
            _ => all.push((*from, *to)),
        }
    }
    all
}

/// Column and row of the finest cell, counted from the north-west corner.
fn finest(lon: f64, lat: f64) -> (u32, u32) {
    let phi = lat.clamp(-MERCATOR_LIMIT, MERCATOR_LIMIT).to_radians();
    let x = (lon + 180.0) / 360.0;
    let y = 0.5 - phi.tan().asinh() / (2.0 * PI);
    let side = f64::from(1_u32 << BITS);
    // `as` saturates, so that the far edges fall into the last cell.
    let index = |share: f64| (share * side).floor().clamp(0.0, side - 1.0) as u32;
    (index(x), index(y))
}

/// The bits of column and row, one from each in turn.
fn woven(column: u32, row: u32) -> i64 {
    (spread(column) << 1) | spread(row)
}

/// The bits of a number with a zero before each.
fn spread(value: u32) -> i64 {
    (0..BITS).fold(0, |all, bit| all | ((i64::from(value >> bit) & 1) << (2 * bit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_2a_a_box_has_every_position_in_it_and_few_ranges() {
        for (west, south, east, north) in [
            (73.0, 3.0, 136.0, 54.0),
            (120.0, 36.0, 120.5, 36.4),
            (120.38, 36.06, 120.39, 36.07),
            (120.0, 36.0, 120.0, 36.0),
        ] {
            let ranges = ranges(west, south, east, north);
            assert!(!ranges.is_empty() && ranges.len() <= MOST_RANGES, "{ranges:?}");
            for step in 0..=20 {
                let share = f64::from(step) / 20.0;
                let at = cell(west + (east - west) * share, south + (north - south) * share).expect("a position");
                assert!(ranges.iter().any(|(from, to)| (*from..=*to).contains(&at)), "{share}");
            }
            let far = cell(-70.0, -30.0).expect("a position");
            assert!(!ranges.iter().any(|(from, to)| (*from..=*to).contains(&far)));
        }
    }

    #[test]
    fn g_6_2_2a_a_view_is_made_of_whole_clusters() {
        for zoom in [0, 5, 9, 14, 22] {
            let ranges = ranges_of_clusters(120.0, 36.0, 120.7, 36.4, zoom);
            let cell = divisor(zoom);
            assert!(ranges.iter().all(|(from, to)| from % cell == 0 && (to + 1) % cell == 0), "{zoom}");
        }
    }

    #[test]
    fn g_6_2_2a_coarser_cells_hold_the_finer_ones() {
        let (a, b) = (cell(120.38, 36.06).expect("a"), cell(120.380_001, 36.060_001).expect("b"));
        for zoom in 0..=16 {
            assert_eq!(a / divisor(zoom), b / divisor(zoom), "{zoom}");
        }
        assert_ne!(a / divisor(22), cell(120.39, 36.06).expect("c") / divisor(22));
        assert_eq!(divisor(200), divisor(22));
        for (lon, lat) in [(f64::NAN, 1.0), (181.0, 0.0), (0.0, -91.0)] {
            assert_eq!(cell(lon, lat), None);
        }
        assert!(cell(180.0, 90.0).is_some() && cell(-180.0, -90.0) == Some(woven(0, (1 << BITS) - 1)));
    }
}
