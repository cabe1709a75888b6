//! Coordinate systems (坐标系): WGS 84, GCJ-02 of Chinese map services, BD-09 of Baidu.
//!
//! Stored positions are WGS 84; CGCS2000 differs from it by centimetres and is taken as equal. What comes in declares
//! its system and is converted once, here. The shift formulas are the published ones. GCJ-02 is applied within one
//! rectangle around China and is the identity outside, as in all implementations of it.

use std::f64::consts::PI;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::GisError;

/// The system a position is given in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// WGS 84, and CGCS2000 (2000 国家大地坐标系).
    #[default]
    Wgs84,
    /// GCJ-02 (国测局坐标): Amap, Tencent.
    Gcj02,
    /// BD-09 (百度坐标).
    Bd09,
}

impl FromStr for System {
    type Err = GisError;

    fn from_str(text: &str) -> Result<Self, GisError> {
        let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        match plain.to_ascii_uppercase().as_str() {
            "WGS84" | "CGCS2000" | "EPSG4326" | "EPSG4490" => Ok(Self::Wgs84),
            "GCJ02" => Ok(Self::Gcj02),
            "BD09" | "BD09LL" => Ok(Self::Bd09),
            _ => Err(GisError::System(text.chars().take(40).collect())),
        }
    }
}

/// The position itself when it is one.
///
/// # Errors
/// [`GisError::Position`] when a number is not finite or out of range.
pub fn check(lon: f64, lat: f64) -> Result<(f64, f64), GisError> {
    if (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat) {
        Ok((lon, lat))
    } else {
        Err(GisError::Position { lon, lat })
    }
}

/// WGS 84 position of one given in `system`, degrees.
///
/// # Errors
/// [`GisError::Position`] when the numbers are no position.
pub fn to_wgs84(system: System, lon: f64, lat: f64) -> Result<(f64, f64), GisError> {
    check(lon, lat)?;
    let (lon, lat) = match system {
        System::Wgs84 => (lon, lat),
        System::Gcj02 => gcj02_to_wgs84(lon, lat),
        System::Bd09 => {
            let (lon, lat) = bd09_to_gcj02(lon, lat);
            gcj02_to_wgs84(lon, lat)
        }
    };
    check(lon, lat)
}

/// Position in `system` of one given in WGS 84, degrees.
///
/// # Errors
/// [`GisError::Position`] when the numbers are no position.
pub fn from_wgs84(system: System, lon: f64, lat: f64) -> Result<(f64, f64), GisError> {
    check(lon, lat)?;
    let (lon, lat) = match system {
        System::Wgs84 => (lon, lat),
        System::Gcj02 => wgs84_to_gcj02(lon, lat),
        System::Bd09 => {
            let (lon, lat) = wgs84_to_gcj02(lon, lat);
            gcj02_to_bd09(lon, lat)
        }
    };
    check(lon, lat)
}

/// Great-circle distance in metres on the mean sphere; within 0.6 % of the ellipsoid's.
#[must_use]
pub fn distance_m(from: (f64, f64), to: (f64, f64)) -> f64 {
    const MEAN_RADIUS_M: f64 = 6_371_008.8;
    let (phi_from, phi_to) = (from.1.to_radians(), to.1.to_radians());
    let half_lat = ((phi_to - phi_from) / 2.0).sin();
    let half_lon = ((to.0 - from.0).to_radians() / 2.0).sin();
    let chord = half_lat * half_lat + phi_from.cos() * phi_to.cos() * half_lon * half_lon;
    2.0 * MEAN_RADIUS_M * chord.clamp(0.0, 1.0).sqrt().asin()
}

/// Semi-major axis (m) and squared eccentricity of the Krasovsky ellipsoid, which the formula uses.
const SEMI_MAJOR_M: f64 = 6_378_245.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;

fn is_shifted(lon: f64, lat: f64) -> bool {
    (72.004..=137.8347).contains(&lon) && (0.8293..=55.8271).contains(&lat)
}

/// Sum of sine waves given as (amplitude in metres, half period in degrees).
fn waves(value: f64, terms: &[(f64, f64)]) -> f64 {
    terms.iter().map(|(amplitude, half)| amplitude * (value * PI / half).sin()).sum::<f64>() * 2.0 / 3.0
}

/// Degrees that GCJ-02 adds at a WGS 84 position.
fn shift(lon: f64, lat: f64) -> (f64, f64) {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let root = x.abs().sqrt();
    let common = waves(x, &[(20.0, 1.0 / 6.0), (20.0, 0.5)]);
    let north_m = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + common
        + waves(y, &[(20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0)]);
    let east_m = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + common
        + waves(x, &[(20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0)]);
    let phi = lat.to_radians();
    let w = 1.0 - ECCENTRICITY_SQUARED * phi.sin().powi(2);
    let meridian_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED) / w.powf(1.5);
    let parallel_m = SEMI_MAJOR_M / w.sqrt() * phi.cos();
    ((east_m / parallel_m).to_degrees(), (north_m / meridian_m).to_degrees())
}

fn wgs84_to_gcj02(lon: f64, lat: f64) -> (f64, f64) {
    if !is_shifted(lon, lat) {
        return (lon, lat);
    }
    let (east, north) = shift(lon, lat);
    (lon + east, lat + north)
}

fn gcj02_to_wgs84(lon: f64, lat: f64) -> (f64, f64) {
    if !is_shifted(lon, lat) {
        return (lon, lat);
    }
    inverse(lon, lat, |lon, lat| {
        let (east, north) = shift(lon, lat);
        (lon + east, lat + north)
    })
}

const BAIDU_STEP: f64 = PI * 3000.0 / 180.0;

fn gcj02_to_bd09(lon: f64, lat: f64) -> (f64, f64) {
    let radius = lon.hypot(lat) + 0.00002 * (lat * BAIDU_STEP).sin();
    let angle = lat.atan2(lon) + 0.000_003 * (lon * BAIDU_STEP).cos();
    (radius * angle.cos() + 0.0065, radius * angle.sin() + 0.006)
}

fn bd09_to_gcj02(lon: f64, lat: f64) -> (f64, f64) {
    inverse(lon, lat, gcj02_to_bd09)
}

/// Solves `forward(x) = (lon, lat)` by fixed-point iteration. The shifts change by less than a hundredth per degree, so
/// each round gains two digits and ten reach the precision of the numbers.
fn inverse(lon: f64, lat: f64, forward: impl Fn(f64, f64) -> (f64, f64)) -> (f64, f64) {
    let (mut x, mut y) = (lon, lat);
    for _ in 0..10 {
        let (there_lon, there_lat) = forward(x, y);
        x += lon - there_lon;
        y += lat - there_lat;
    }
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [(f64, f64); 6] = [
        (121.4737, 31.2304),
        (116.3913, 39.9075),
        (87.6168, 43.8256),
        (114.1694, 22.3193),
        (112.34, 16.834),
        (126.6424, 45.7567),
    ];

    #[test]
    fn shift_near_shanghai_is_about_half_a_kilometre() -> Result<(), GisError> {
        let place = PLACES[0];
        let moved = from_wgs84(System::Gcj02, place.0, place.1)?;
        let metres = distance_m(place, moved);
        assert!((450.0..550.0).contains(&metres), "{metres}");
        assert!(moved.0 > place.0 && moved.1 < place.1, "{moved:?}");
        Ok(())
    }

    #[test]
    fn round_trips_stay_within_a_millionth_of_a_degree() -> Result<(), GisError> {
        for system in [System::Wgs84, System::Gcj02, System::Bd09] {
            for (lon, lat) in PLACES {
                let there = from_wgs84(system, lon, lat)?;
                let back = to_wgs84(system, there.0, there.1)?;
                assert!((back.0 - lon).abs() < 1e-6 && (back.1 - lat).abs() < 1e-6, "{system:?} {lon} {lat} {back:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn gcj02_leaves_other_continents_alone() -> Result<(), GisError> {
        assert_eq!(from_wgs84(System::Gcj02, 2.35, 48.86)?, (2.35, 48.86));
        assert_eq!(to_wgs84(System::Gcj02, -74.0, 40.7)?, (-74.0, 40.7));
        Ok(())
    }

    #[test]
    fn bad_numbers_are_errors() {
        for (lon, lat) in [(f64::NAN, 30.0), (120.0, f64::NAN), (f64::INFINITY, 0.0), (180.1, 0.0), (31.2, 121.5)] {
            for system in [System::Wgs84, System::Gcj02, System::Bd09] {
                assert!(matches!(to_wgs84(system, lon, lat), Err(GisError::Position { .. })), "{lon} {lat}");
                assert!(from_wgs84(system, lon, lat).is_err(), "{lon} {lat}");
            }
        }
    }

    #[test]
    fn poles_and_corners_do_not_leave_the_range_silently() {
        for lon in [-180.0, 0.0, 180.0] {
            for lat in [-90.0, 0.0, 90.0] {
                for system in [System::Gcj02, System::Bd09] {
                    if let Ok((x, y)) = from_wgs84(system, lon, lat) {
                        assert!(check(x, y).is_ok());
                    }
                }
            }
        }
    }

    #[test]
    fn names_of_systems_are_read_loosely() -> Result<(), GisError> {
        for (text, expected) in
            [("WGS84", System::Wgs84), ("cgcs2000", System::Wgs84), ("gcj-02", System::Gcj02), ("BD-09", System::Bd09)]
        {
            assert_eq!(text.parse::<System>()?, expected);
        }
        assert!(matches!("北京54".parse::<System>(), Err(GisError::System(_))));
        Ok(())
    }
}
