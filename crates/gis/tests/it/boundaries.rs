//! Placing points in counties.

use std::collections::BTreeSet;

use suyuan_gis::{GisError, Level, LineKind, NATIONAL_EXTENT, Plausibility, coordinates};

use crate::{CHINA, WEB};

fn codes(lon: f64, lat: f64) -> Vec<&'static str> {
    CHINA.locate(lon, lat).into_iter().map(|unit| unit.adcode.as_str()).collect()
}

#[test]
fn g_6_2_2a_points_are_placed_in_their_county() {
    for (lon, lat, expected) in [
        (120.395, 36.066, "370202"),
        (116.3975, 39.9087, "110101"),
        (121.4737, 31.2304, "310101"),
        (121.5645, 25.0339, "710009"),
        (114.1577, 22.2855, "810101"),
        (112.34, 16.834, "460321"),
        (94.2126, 29.2168, "540481"),
        (117.6541, 36.2032, "370116"),
    ] {
        assert_eq!(codes(lon, lat), [expected], "{lon} {lat}");
    }
}

#[test]
fn g_6_2_2a_abroad_at_sea_and_bad_numbers_have_no_county() {
    for (lon, lat) in [
        (139.69, 35.69),
        (106.9, 47.9),
        (124.5, 33.0),
        (f64::NAN, 36.0),
        (120.0, f64::INFINITY),
        (36.066, 120.395),
        (-500.0, 36.0),
    ] {
        assert!(codes(lon, lat).is_empty(), "{lon} {lat}");
    }
}

#[test]
fn g_6_2_2a_every_label_lies_in_its_own_unit() {
    for level in Level::ALL {
        for unit in CHINA.units(level) {
            let [lon, lat] = unit.point;
            assert!(unit.covers(lon, lat), "{} {}", unit.adcode, unit.name);
            // The simplified outline may lose a label near the shore.
            let near = WEB.plausible(&unit.adcode, lon, lat, 3_000.0);
            assert!(matches!(near, Plausibility::Inside | Plausibility::Near(_)), "{} {near:?}", unit.adcode);
        }
    }
}

#[test]
fn g_6_2_2a_exact_border_vertices_have_two_candidates() {
    // First bend of arcs between two counties, taken from the outline itself.
    let document: serde_json::Value = serde_json::from_slice(&crate::file("china.topo.json")).expect("JSON");
    let number = |value: &serde_json::Value| value.as_i64().expect("whole number");
    let translate = document["transform"]["translate"].as_array().expect("pair");
    let origin: Vec<f64> = translate.iter().map(|v| v.as_f64().expect("number")).collect();
    let scale = document["transform"]["scale"][0].as_f64().expect("number");
    let mut doubled = 0;
    for arc in document["arcs"].as_array().expect("arcs").iter().take(2_000) {
        let arc = arc.as_array().expect("arc");
        if arc.len() < 3 {
            continue;
        }
        let grid = |axis: usize| number(&arc[0][axis]) + number(&arc[1][axis]);
        let found = codes(grid(0) as f64 * scale + origin[0], grid(1) as f64 * scale + origin[1]);
        assert!(!found.is_empty(), "a vertex of a border lies in no county");
        doubled += usize::from(found.len() == 2);
    }
    assert!(doubled > 500, "{doubled}");
}

#[test]
fn g_6_2_2a_islets_of_two_provinces_have_two_counties() {
    let lanshan = CHINA.unit(Level::County, "371103").expect("a county");
    let lianyun = CHINA.unit(Level::County, "320703").expect("a county");
    assert!(lanshan.extent.east > 119.7, "the islets lie east of the mainland part");
    let mut found = BTreeSet::new();
    // Steps of about 50 m over the sea around the three islets.
    for row in 0..400 {
        for column in 0..500 {
            let (lon, lat) = (119.70 + f64::from(column) * 0.0006, 34.95 + f64::from(row) * 0.0006);
            let codes = codes(lon, lat);
            if codes.len() == 2 {
                assert!(lanshan.covers(lon, lat) && lianyun.covers(lon, lat));
                found.insert(codes);
            }
        }
    }
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [vec!["320703", "371103"]]);
}

#[test]
fn g_6_2_2a_a_point_makes_its_code_plausible_or_not() {
    let (lon, lat) = (120.395, 36.066);
    for adcode in ["370202", "370200", "370000"] {
        assert_eq!(CHINA.plausible(adcode, lon, lat, 1_000.0), Plausibility::Inside, "{adcode}");
    }
    match CHINA.plausible("370203", lon, lat, 20_000.0) {
        Plausibility::Near(metres) => assert!(metres > 0.0 && metres < 20_000.0, "{metres}"),
        other => panic!("{other:?}"),
    }
    match CHINA.plausible("110101", lon, lat, 1_000.0) {
        Plausibility::Outside(metres) => {
            assert!((500_000.0..600_000.0).contains(&metres), "{metres}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(CHINA.plausible("371202", lon, lat, 1_000.0), Plausibility::UnknownUnit);
    assert_eq!(CHINA.plausible("370202", f64::NAN, lat, 1_000.0), Plausibility::BadPosition);
}

#[test]
fn g_6_2_2a_a_shifted_point_is_noticed_when_read_in_its_system() -> Result<(), GisError> {
    let (lon, lat) = (120.395, 36.066);
    for system in [coordinates::System::Gcj02, coordinates::System::Bd09] {
        let shifted = coordinates::from_wgs84(system, lon, lat)?;
        let (lon, lat) = coordinates::to_wgs84(system, shifted.0, shifted.1)?;
        assert_eq!(codes(lon, lat), ["370202"]);
    }
    Ok(())
}

#[test]
fn g_6_2_2a_the_nation_is_complete() {
    for boundaries in [&CHINA, &WEB] {
        for (level, count) in [(Level::Province, 34), (Level::City, 375), (Level::County, 2_891)] {
            assert_eq!(boundaries.units(level).count(), count);
        }
        let taiwan = boundaries.unit(Level::Province, "710000").expect("Taiwan is a province");
        assert_eq!((taiwan.name.as_str(), taiwan.parent.as_str()), ("台湾省", "100000"));
        let lines =
            |kind| boundaries.lines().iter().find(|group| group.kind == kind).map_or(0, |group| group.lines.len());
        assert_eq!(lines(LineKind::Dash), 10);
        assert!(lines(LineKind::Undefined) > 0 && lines(LineKind::ProvinceSea) > 0 && lines(LineKind::Sar) > 0);
        let dashes = boundaries.lines().iter().filter(|group| group.kind == LineKind::Dash);
        for &[lon, lat] in dashes.flat_map(|group| group.lines.iter().flatten()) {
            assert!(NATIONAL_EXTENT.contains(lon, lat), "{lon} {lat}");
        }
    }
    // The dash that only the second package has.
    let east_of_taiwan = CHINA.lines()[0].lines.iter().filter(|line| line.iter().all(|p| p[0] > 122.0 && p[1] > 23.0));
    assert_eq!(east_of_taiwan.count(), 1);
}

#[test]
fn g_6_2_2a_a_code_alone_can_be_placed() {
    for (adcode, expected) in [("370202", true), ("429004", true), ("310000", true), ("371202", false), ("", false)] {
        assert_eq!(CHINA.place(adcode).is_some(), expected, "{adcode}");
    }
    let xiantao = CHINA.lowest("429004").expect("a county");
    assert_eq!(xiantao.level, Level::County);
    assert_eq!(CHINA.highest("429004").map(|unit| unit.level), Some(Level::City));
}
