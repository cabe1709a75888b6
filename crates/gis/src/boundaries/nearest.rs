//! Distance from a point to a border in metres.

use geo::{LineString, MultiPolygon};

use crate::coordinates;

/// Metres to the nearest place of any ring. The nearest place is found in a plane true to scale at the point, so the
/// result is exact to about 1 % within 300 km, which is further than any use of it.
pub(super) fn distance_m(shape: &MultiPolygon<f64>, lon: f64, lat: f64) -> Option<f64> {
    let squeeze = lat.to_radians().cos();
    let rings = shape.0.iter().flat_map(|polygon| std::iter::once(polygon.exterior()).chain(polygon.interiors()));
    rings
        .filter_map(|ring| nearest_of_ring(ring, lon, lat, squeeze))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, place)| coordinates::distance_m((lon, lat), place))
}

/// Squared distance in degrees of latitude, and the place.
fn nearest_of_ring(ring: &LineString<f64>, lon: f64, lat: f64, squeeze: f64) -> Option<(f64, (f64, f64))> {
    ring.lines()
        .map(|line| {
            let (from_x, from_y) = ((line.start.x - lon) * squeeze, line.start.y - lat);
            let (step_x, step_y) = ((line.end.x - line.start.x) * squeeze, line.end.y - line.start.y);
            let length = step_x * step_x + step_y * step_y;
            let along =
                if length > 0.0 { (-(from_x * step_x + from_y * step_y) / length).clamp(0.0, 1.0) } else { 0.0 };
            let (x, y) = (from_x + along * step_x, from_y + along * step_y);
            let place = (
                line.start.x + along * (line.end.x - line.start.x),
                line.start.y + along * (line.end.y - line.start.y),
            );
            (x * x + y * y, place)
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))
}
