//! One map (一张图): outlines, values of divisions, clustered subjects, flows of goods.
//!
//! Geometry belongs to `suyuan-gis`, values to [`crate::statistics`]. Outlines never change while the program runs, so
//! they carry a tag by which browsers keep them. Rows: G-6.2.2a, G-6.5.3c, G-6.2.3.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::NATION;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_gis::cluster::{Point, cluster};
use suyuan_gis::{Extent, GisError, NATIONAL_EXTENT};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::figure::Placed;
use suyuan_warehouse::query::DayRange;

use crate::cockpit::Flights;
use crate::statistics::{AreaValue, Metric, View, values};
use crate::trace::{FlowView, PlaceView};
use crate::{Node, Result, ServiceError};

/// Subjects that one map reads at most.
const MOST_PLACES: u64 = 50_000;
/// Flows that one map shows at most.
const MOST_FLOWS: usize = 300;
/// Values and flows younger than this are good enough, in milliseconds.
const FRESH: i64 = 3_000;
/// Places change slowly.
const STEADY: i64 = 30_000;
/// Days that figures of a map may span.
const MOST_DAYS: u32 = 366;

/// A drawing with the tag that names its bytes.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// GeoJSON.
    pub geojson: Arc<str>,
    /// Entity tag, with its quotation marks.
    pub etag: Arc<str>,
}

/// What the map shows, kept for those who ask for the same: outlines for good, one for each division asked for; the rest
/// for seconds.
#[derive(Debug, Default)]
pub struct Atlas {
    made: Mutex<HashMap<String, Drawing>>,
    values: Flights<Vec<AreaValue>>,
    places: Flights<Vec<Placed>>,
    flows: Flights<Vec<FlowView>>,
}

impl Atlas {
    /// The outlines of the divisions directly below `parent`.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] without the permission, [`ServiceError::NotFound`] for a division without an outline.
    pub fn below(&self, node: &Node, cx: &OpContext, parent: &str) -> Result<Drawing> {
        cx.authorize(Action::Read, Kind::Map)?;
        self.get(parent, || {
            let parent = Some(parent).filter(|code| *code != NATION);
            let outlines = node.boundaries.children_geojson(parent).map_err(|error| match error {
                GisError::UnknownUnit(_) => ServiceError::NotFound("division"),
                other => ServiceError::Internal(other.to_string()),
            })?;
            with_codes(&outlines)
        })
    }

    /// The lines that belong to every national map.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] without the permission.
    pub fn lines(&self, node: &Node, cx: &OpContext) -> Result<Drawing> {
        cx.authorize(Action::Read, Kind::Map)?;
        self.get("lines", || Ok(node.boundaries.lines_geojson()))
    }

    /// The values that colour a map.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] without the permission, and faults of store and warehouse.
    pub async fn values(
        &self,
        node: &Node,
        cx: &OpContext,
        view: &View,
        metric: Metric,
        days: u32,
    ) -> Result<Arc<Vec<AreaValue>>> {
        cx.authorize(Action::Read, Kind::Map)?;
        let days = days.clamp(1, MOST_DAYS);
        let key = format!("{}|{}", metric.as_str(), view.key(days)?);
        self.values.get(key, cx.now, |age, _| age < FRESH, values(node, view, metric, days, cx.now)).await
    }

    /// Subjects of the view within the box, clustered for the zoom of a web map.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] without the permission, and faults of the store.
    pub async fn points(
        &self,
        node: &Node,
        cx: &OpContext,
        view: &View,
        zoom: u8,
        extent: Extent,
    ) -> Result<Vec<ClusterView>> {
        cx.authorize(Action::Read, Kind::Map)?;
        let read = async { Ok(node.store.places(&view.scope, view.category.as_deref(), MOST_PLACES).await?) };
        let places = self.places.get(view.key(0)?, cx.now, |age, _| age < STEADY, read).await?;
        Ok(clustered(&places, zoom, extent))
    }

    /// Goods between divisions over the last `days` days, most events first. Amounts are added whatever their units of
    /// measure, as the statistics keep them, and so have no unit.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] without the permission, and faults of the warehouse.
    pub async fn flows(&self, node: &Node, cx: &OpContext, view: &View, days: u32) -> Result<Arc<Vec<FlowView>>> {
        cx.authorize(Action::Read, Kind::Map)?;
        let days = days.clamp(1, MOST_DAYS);
        self.flows.get(view.key(days)?, cx.now, |age, _| age < FRESH, flows(node, view, days, cx.now)).await
    }

    fn get(&self, key: &str, make: impl FnOnce() -> Result<String>) -> Result<Drawing> {
        if let Some(drawing) = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(drawing.clone());
        }
        let geojson = make()?;
        let hash = suyuan_crypto::hash::sm3(geojson.as_bytes());
        let drawing = Drawing { etag: format!("\"{}\"", hex::encode(&hash[..12])).into(), geojson: geojson.into() };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(made.entry(key.to_owned()).or_insert(drawing).clone())
    }
}

/// The outlines with the property `code`, as divisions are named everywhere else, in place of `adcode`.
fn with_codes(geojson: &str) -> Result<String> {
    let mut collection: Value = serde_json::from_str(geojson)?;
    let features = collection.get_mut("features").and_then(Value::as_array_mut);
    for feature in features.into_iter().flatten() {
        if let Some(properties) = feature.get_mut("properties").and_then(Value::as_object_mut)
            && let Some(code) = properties.remove("adcode")
        {
            properties.insert("code".to_owned(), code);
        }
    }
    Ok(collection.to_string())
}

/// Some subjects close to each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterView {
    /// Mean longitude, WGS 84.
    pub lon: f64,
    /// Mean latitude.
    pub lat: f64,
    /// Number of subjects.
    pub count: usize,
    /// The subject, where there is only one.
    pub subject: Option<SubjectView>,
}

/// A subject on the map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubjectView {
    /// The object.
    pub id: ObjectId,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Trace stage.
    pub stage: String,
}

/// The box `west,south,east,north` in degrees; empty is the whole country.
///
/// # Errors
/// [`ServiceError::Invalid`] when it is no such box.
pub fn parse_box(text: &str) -> Result<Extent> {
    if text.is_empty() {
        return Ok(NATIONAL_EXTENT);
    }
    let numbers: Vec<f64> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    let wrong = || ServiceError::invalid("MAP-0102", "bbox", "地图范围不正确", "应为“西,南,东,北”四个经纬度");
    let [west, south, east, north] = numbers.as_slice() else { return Err(wrong()) };
    Extent::new(*west, *south, *east, *north).map_err(|_| wrong())
}

fn clustered(places: &[Placed], zoom: u8, extent: Extent) -> Vec<ClusterView> {
    let points: Vec<Point> = places
        .iter()
        .enumerate()
        .filter_map(|(index, place)| Point::new(index.to_string(), place.lon, place.lat).ok())
        .collect();
    let subject = |id: &str| {
        let place = places.get(id.parse::<usize>().ok()?)?;
        Some(SubjectView {
            id: ObjectId::from_slice(&place.object).ok()?,
            code: place.code.clone(),
            name: place.name.clone(),
            stage: place.stage.clone(),
        })
    };
    let clusters = cluster(&points, zoom, extent).into_iter();
    clusters
        .map(|found| ClusterView {
            lon: found.lon,
            lat: found.lat,
            count: found.count,
            subject: if found.count == 1 { found.ids.first().and_then(|id| subject(id)) } else { None },
        })
        .collect()
}

async fn flows(node: &Node, view: &View, days: u32, now: Timestamp) -> Result<Vec<FlowView>> {
    let today = Day::of(now);
    let range = DayRange { from: today.plus(1 - i64::from(days)), to: today };
    let flows = node.warehouse.flows(&view.scope, range, &view.filter(), MOST_FLOWS).await?;
    let place = |code: &str| {
        let division = node.divisions.get(code)?;
        let (lon, lat) = division.point.or_else(|| node.boundaries.place(code).map(|[lon, lat]| (lon, lat)))?;
        Some(PlaceView { code: code.to_owned(), name: division.short.clone(), lon, lat })
    };
    let view = |flow: suyuan_warehouse::query::Flow| {
        // Both sides may report the same goods: the larger report stands for both.
        let larger = if flow.sent.events >= flow.received.events { flow.sent } else { flow.received };
        let (from, to) = (place(&flow.from)?, place(&flow.to)?);
        Some(FlowView { from, to, quantity: Some(larger.quantity.to_string()), unit: None, events: larger.events })
    };
    Ok(flows.into_iter().filter(|flow| flow.from != flow.to).filter_map(view).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: u8, lon: f64, lat: f64) -> Placed {
        Placed {
            object: vec![number; 16],
            code: format!("S{number}"),
            name: format!("主体{number}"),
            stage: "market".into(),
            lon,
            lat,
        }
    }

    #[test]
    fn g_6_2_2a_a_box_has_four_numbers_in_order() {
        assert!(parse_box("").is_ok());
        assert!(parse_box("119.5, 35.5, 121, 37").is_ok());
        for text in ["1,2,3", "a,b,c,d", "121,35,119,37", "119,37,121,35", "0,0,500,1", "1,2,3,4,5"] {
            assert!(matches!(parse_box(text), Err(ServiceError::Invalid(_))), "{text}");
        }
    }

    #[test]
    fn g_6_2_2a_outlines_name_divisions_by_code() {
        let named =
            with_codes(r#"{"features":[{"properties":{"adcode":"370200","name":"青岛市"}},{"properties":null}]}"#);
        let named = named.expect("JSON");
        assert!(named.contains(r#""code":"370200""#) && !named.contains("adcode"));
    }

    #[test]
    fn g_6_2_2a_single_subjects_are_named_and_bad_places_left_out() {
        let places =
            [place(1, 120.3, 36.1), place(2, 120.300_001, 36.1), place(3, 117.0, 36.6), place(4, f64::NAN, 0.0)];
        let clusters = clustered(&places, 8, NATIONAL_EXTENT);
        assert_eq!(clusters.iter().map(|found| found.count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(clusters[0].subject.as_ref().map(|subject| subject.code.as_str()), Some("S3"));
        assert!(clusters[1].subject.is_none());
    }
}
