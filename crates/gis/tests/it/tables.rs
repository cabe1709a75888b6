//! The tables of codes and the plain files agree with the boundaries.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use geojson::{FeatureCollection, GeoJson, GeometryValue};
use suyuan_gis::{Level, Plausibility};

use crate::CHINA;

type Row = HashMap<String, String>;

fn rows(name: &str) -> Vec<Row> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../sql/reference").join(name);
    let text = std::fs::read_to_string(path).expect("the table is part of the repository");
    assert!(!text.contains('"') && !text.contains('\r'), "readers split at commas and line feeds");
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("header").split(',').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), header.len(), "{line}");
            header.iter().map(ToString::to_string).zip(cells.into_iter().map(str::to_owned)).collect()
        })
        .collect()
}

fn level(row: &Row) -> Option<Level> {
    Level::ALL.into_iter().find(|level| level.as_str() == row["level"])
}

fn collection(name: &str) -> FeatureCollection {
    let text = String::from_utf8(crate::file(name)).expect("UTF-8");
    match text.parse::<GeoJson>().expect("GeoJSON") {
        GeoJson::FeatureCollection(collection) => collection,
        other => panic!("{other}"),
    }
}

#[test]
fn every_code_with_a_boundary_has_one() {
    let rows = rows("divisions.csv");
    assert_eq!(rows.len(), 3_430);
    let mut bounded = 0;
    for row in rows.iter().filter(|row| row["has_boundary"] == "1") {
        let unit = level(row).and_then(|level| CHINA.unit(level, &row["adcode"])).expect("boundary");
        assert_eq!((&unit.name, &unit.short, &unit.parent), (&row["name"], &row["short"], &row["parent"]));
        bounded += 1;
    }
    assert_eq!(bounded, Level::ALL.map(|level| CHINA.units(level).count()).iter().sum::<usize>());
    let keys: HashSet<(&str, &str)> = rows.iter().map(|row| (row["level"].as_str(), row["adcode"].as_str())).collect();
    assert_eq!(keys.len(), rows.len());
    assert!(rows.iter().all(|row| row["parent"].is_empty() || rows.iter().any(|r| r["adcode"] == row["parent"])));
}

#[test]
fn seats_of_counties_lie_in_or_next_to_them() {
    for row in rows("divisions.csv").iter().filter(|row| row["level"] == "county" && !row["seat_lon"].is_empty()) {
        let number = |column: &str| row[column].parse::<f64>().expect("number");
        let fit = CHINA.plausible(&row["adcode"], number("seat_lon"), number("seat_lat"), 3_000.0);
        assert!(matches!(fit, Plausibility::Inside | Plausibility::Near(_)), "{} {fit:?}", row["full_name"]);
    }
}

#[test]
fn retired_codes_lead_to_codes_in_force() {
    let (current, retired) = (rows("divisions.csv"), rows("division_changes.csv"));
    let in_force: HashMap<&str, &Row> = current.iter().map(|row| (row["adcode"].as_str(), row)).collect();
    let old: HashSet<&str> = retired.iter().map(|row| row["adcode"].as_str()).collect();
    assert_eq!(old.len(), retired.len());
    for row in &retired {
        let adcode = row["adcode"].as_str();
        assert!(!in_force.contains_key(adcode), "{adcode}");
        assert!(in_force.contains_key(row["successor"].as_str()), "{adcode}");
        assert!(in_force.contains_key(row["parent"].as_str()) || old.contains(row["parent"].as_str()), "{adcode}");
        assert!(row["valid_from"].is_empty() || row["valid_from"] < row["valid_to"], "{adcode}");
    }
    for (adcode, successor) in [("371200", "370100"), ("371202", "370116"), ("371203", "370117")] {
        let row = retired.iter().find(|row| row["adcode"] == adcode).expect("retired");
        assert_eq!((row["successor"].as_str(), row["valid_to"].as_str()), (successor, "2019-01-09"));
    }
    assert_eq!(in_force["370116"]["valid_from"], "2019-01-09");
    assert_eq!(in_force["370100"]["valid_from"], "");
}

#[test]
fn plain_files_show_the_whole_nation() {
    let provinces = collection("province.geojson");
    assert_eq!(provinces.features.len(), 34);
    let has = |adcode: &str| provinces.features.iter().any(|f| f.property("adcode").is_some_and(|v| v == adcode));
    assert!(has("710000") && has("810000") && has("820000") && has("460000"));
    let lines = collection("lines.geojson");
    let dash = lines.features.iter().find(|f| f.property("kind").is_some_and(|v| v == "dash")).expect("dashes");
    match dash.geometry.as_ref().map(|geometry| &geometry.value) {
        Some(GeometryValue::MultiLineString { coordinates }) => assert_eq!(coordinates.len(), 10),
        other => panic!("{other:?}"),
    }
}
