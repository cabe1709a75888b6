//! Damaged boundary files are errors, never panics.

use suyuan_gis::{Boundaries, GisError};

const SOUND: &str = r#"{"type":"Topology","transform":{"scale":[0.1,0.1],"translate":[100,30]},"objects":{
"province":{"type":"GeometryCollection","geometries":[{"type":"Polygon","arcs":[[0]],"properties":{"adcode":"370000","name":"甲省","parent":"100000","point":[100.4,30.4]}}]},
"city":{"type":"GeometryCollection","geometries":[]},
"county":{"type":"GeometryCollection","geometries":[{"type":"MultiPolygon","arcs":[[[-1]]],"properties":{"adcode":"370101","name":"乙县","parent":"370000","point":[100.4,30.4]}}]},
"lines":{"type":"GeometryCollection","geometries":[{"type":"MultiLineString","arcs":[[1]],"properties":{"kind":"dash","name":"丙"}}]}},
"arcs":[[[0,0],[10,0],[0,10],[-10,0],[0,-10]],[[0,0],[1,1]]]}"#;

#[test]
fn a_small_sound_file_is_read() -> Result<(), GisError> {
    let boundaries = Boundaries::parse_topojson(SOUND.as_bytes())?;
    for (lon, lat, inside) in [(100.5, 30.5, true), (100.0, 30.0, true), (101.0, 30.3, true), (101.01, 30.3, false)] {
        assert_eq!(boundaries.locate(lon, lat).len(), usize::from(inside), "{lon} {lat}");
    }
    Ok(())
}

#[test]
fn damaged_files_are_errors() {
    for (what, from, to) in [
        ("no JSON", "{\"type\"", "{\"type"),
        ("arc that is not there", "[[0]],", "[[7]],"),
        ("arc number beyond all", "[[0]],", "[[9223372036854775807]],"),
        ("arc number below all", "[[-1]]", "[[-9223372036854775808]]"),
        ("no ring", "[[0]],", "[],"),
        ("empty ring", "[[0]],", "[[]],"),
        ("ring that does not close", "[[0]],", "[[1]],"),
        ("arcs that do not meet", "[[0]],", "[[0,1]],"),
        ("difference that overflows", "[10,0]", "[9223372036854775807,0],[9223372036854775807,0]"),
        ("position out of range", "[10,0]", "[100000,0]"),
        ("empty arc", "[[0,0],[1,1]]", "[]"),
        ("arc of one position", "[[0,0],[1,1]]", "[[0,0]]"),
        ("layer missing", "\"city\"", "\"town\""),
        ("unknown kind of line", "\"dash\"", "\"wave\""),
        ("unknown kind of shape", "\"MultiPolygon\"", "\"Sphere\""),
        ("line among the counties", "\"MultiPolygon\",\"arcs\":[[[-1]]]", "\"MultiLineString\",\"arcs\":[[0]]"),
        ("label out of range", "[100.4,30.4]", "[30.4,100.4]"),
        ("scale that is no number", "[0.1,0.1]", "[1e999,0.1]"),
    ] {
        let damaged = SOUND.replacen(from, to, 1);
        assert_ne!(damaged, SOUND, "{what}");
        assert!(Boundaries::parse_topojson(damaged.as_bytes()).is_err(), "{what}");
    }
    assert!(Boundaries::parse_topojson(&[]).is_err());
    assert!(Boundaries::parse_topojson(&[0xff, 0xfe]).is_err());
}

#[test]
fn cut_off_files_are_errors_at_every_length() {
    for length in 0..SOUND.len() {
        assert!(Boundaries::parse_topojson(&SOUND.as_bytes()[..length]).is_err(), "{length}");
    }
}
