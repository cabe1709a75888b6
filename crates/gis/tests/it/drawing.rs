//! Outlines for the browser.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use suyuan_gis::{GisError, Level};

use crate::CHINA;

fn children(parent: Option<&str>) -> Result<(usize, Vec<Value>), GisError> {
    let text = CHINA.children_geojson(parent)?;
    let document: Value = serde_json::from_str(&text)?;
    assert_eq!(document["type"], "FeatureCollection");
    Ok((text.len(), document["features"].as_array().cloned().unwrap_or_default()))
}

fn codes(features: &[Value]) -> BTreeSet<String> {
    features.iter().filter_map(|f| f["properties"]["adcode"].as_str()).map(str::to_owned).collect()
}

#[test]
fn g_6_2_2a_drill_down_goes_from_the_nation_to_counties() -> Result<(), GisError> {
    for (parent, count, one, leaf) in [
        (None, 34, "710000", false),
        (Some("100000"), 34, "370000", false),
        (Some("370000"), 16, "370100", false),
        (Some("370200"), 10, "370202", true),
        (Some("110000"), 16, "110101", true),
        (Some("500000"), 38, "500103", true),
        (Some("710000"), 20, "710001", true),
        (Some("820000"), 1, "820000", true),
        (Some("420000"), 17, "429004", true),
        (Some("441900"), 1, "441900", true),
        (Some("429004"), 1, "429004", true),
        (Some("370202"), 1, "370202", true),
        (Some("460000"), 19, "460300", false),
    ] {
        let (_, features) = children(parent)?;
        assert_eq!(features.len(), count, "{parent:?}");
        let feature = features.iter().find(|f| f["properties"]["adcode"] == one).expect("child");
        let properties = &feature["properties"];
        assert_eq!(properties["leaf"], leaf, "{parent:?} {one}");
        assert!(properties["name"].as_str().is_some_and(|name| !name.is_empty()));
        assert_eq!(properties["point"].as_array().map(Vec::len), Some(2));
    }
    Ok(())
}

#[test]
fn g_6_2_2a_drill_down_reaches_every_county_once() -> Result<(), GisError> {
    let mut reached = Vec::new();
    let mut open = vec![None];
    while let Some(parent) = open.pop() {
        let (_, features) = children(parent.as_deref())?;
        for properties in features.iter().map(|f| &f["properties"]) {
            let adcode = properties["adcode"].as_str().unwrap_or_default().to_owned();
            if properties["leaf"] == true {
                reached.push(adcode);
            } else {
                open.push(Some(adcode));
            }
        }
    }
    let all: BTreeSet<String> = CHINA.units(Level::County).map(|unit| unit.adcode.clone()).collect();
    assert_eq!(reached.len(), all.len());
    assert_eq!(reached.into_iter().collect::<BTreeSet<_>>(), all);
    Ok(())
}

#[test]
fn g_6_2_2a_answers_stay_small_and_keep_every_ring() -> Result<(), GisError> {
    let (size, provinces) = children(None)?;
    assert!(size < 600_000, "{size}");
    let mut largest = 0;
    for parent in codes(&provinces) {
        let (size, features) = children(Some(&parent))?;
        largest = largest.max(size);
        for feature in &features {
            let polygons = feature["geometry"]["coordinates"].as_array().expect("coordinates");
            let single = feature["geometry"]["type"] == "Polygon";
            let rings: Vec<&Value> = if single {
                polygons.iter().collect()
            } else {
                polygons.iter().flat_map(|p| p.as_array().expect("rings")).collect()
            };
            for ring in rings {
                let ring = ring.as_array().expect("ring");
                assert!(ring.len() >= 4 && ring.first() == ring.last(), "{parent} {}", feature["properties"]);
            }
        }
    }
    assert!(largest < 600_000, "{largest}");
    Ok(())
}

#[test]
fn g_6_2_2a_neighbours_are_drawn_with_the_same_border() -> Result<(), GisError> {
    let (_, features) = children(None)?;
    let mut uses: HashMap<String, u32> = HashMap::new();
    for feature in &features {
        collect_edges(&feature["geometry"]["coordinates"], &mut uses);
    }
    let shared = uses.values().filter(|count| **count == 2).count();
    assert!(uses.values().all(|count| *count <= 2));
    assert!(shared > 2_000, "{shared}");
    Ok(())
}

/// Counts undirected edges of all rings below.
fn collect_edges(value: &Value, uses: &mut HashMap<String, u32>) {
    let Some(items) = value.as_array() else {
        return;
    };
    if items.first().is_some_and(|item| item[0].is_number()) {
        for pair in items.windows(2) {
            let (a, b) = (pair[0].to_string(), pair[1].to_string());
            let key = if a < b { format!("{a}{b}") } else { format!("{b}{a}") };
            *uses.entry(key).or_default() += 1;
        }
    } else {
        items.iter().for_each(|item| collect_edges(item, uses));
    }
}

#[test]
fn unknown_parents_are_errors() {
    for parent in ["", "999999", "371202", "山东"] {
        assert!(matches!(CHINA.children_geojson(Some(parent)), Err(GisError::UnknownUnit(_))), "{parent}");
    }
}

#[test]
fn g_6_2_2a_lines_are_drawn_with_ten_dashes() -> Result<(), GisError> {
    let document: Value = serde_json::from_str(&CHINA.lines_geojson())?;
    let features = document["features"].as_array().expect("features");
    let dash = features.iter().find(|f| f["properties"]["kind"] == "dash").expect("dashes");
    assert_eq!(dash["geometry"]["coordinates"].as_array().map(Vec::len), Some(10));
    assert_eq!(features.len(), 4);
    Ok(())
}
