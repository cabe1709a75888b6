//! One map (一张图): outlines, values of divisions, clustered subjects, flows of goods.
//!
//! Geometry belongs to `suyuan-gis`, values to [`crate::statistics`]. Outlines never change while the program runs, so
//! they carry a tag by which browsers keep them. Rows: G-6.2.2a, G-6.5.3c, G-6.2.3.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use suyuan_domain::cell;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::NATION;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::record::kind;
use suyuan_gis::{Extent, GisError, NATIONAL_EXTENT};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::figure::DivisionCount;
use suyuan_store::register::{CellRow, Column, Group};
use suyuan_warehouse::query::DayRange;

use crate::cockpit::Flights;
use crate::listing::Find;
use crate::selection;
use crate::statistics::{AreaValue, Metric, View, areas_below, connected, count_values, values};
use crate::trace::{FlowView, PlaceView};
use crate::{Node, Result, ServiceError};

/// Flows that one map shows at most.
const MOST_FLOWS: usize = 300;
/// Values and flows younger than this are good enough, in milliseconds.
const FRESH: i64 = 3_000;
/// Up to this zoom a cluster is larger than a county, and whole counties are clustered.
const COARSE_ZOOM: u8 = 6;
/// Single subjects that are named on one map.
const MOST_NAMED: usize = 500;
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
    points: Flights<Points>,
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

    /// Filed subjects for each division below that of the view, under the conditions of a list.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] without the permission, wrong conditions, and faults of the store.
    pub async fn counted(&self, node: &Node, cx: &OpContext, view: &View, find: &Find) -> Result<Arc<Vec<AreaValue>>> {
        cx.authorize(Action::Read, Kind::Map)?;
        let filter = selection::shown(find).filter(node, cx, kind::SUBJECT)?;
        let key = format!("counted|{}|{}", find.query(), view.key(0)?);
        let count = async {
            let tallies = node.store.tally(&view.scope, &filter, Group::Of(Column::Division), None).await?;
            let counts: Vec<DivisionCount> =
                tallies.into_iter().map(|tally| DivisionCount { division: tally.first, count: tally.count }).collect();
            let connected = connected(node, &view.scope).await?;
            Ok(count_values(&areas_below(node, &view.division), &connected, &counts))
        };
        self.values.get(key, cx.now, |age, _| age < FRESH, count).await
    }

    /// Subjects under the conditions of a list within the box, clustered for the zoom of a web map. Clusters at the edge
    /// are whole.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] without the permission, wrong conditions, and faults of the store.
    pub async fn points(
        &self,
        node: &Node,
        cx: &OpContext,
        find: &Find,
        zoom: u8,
        extent: Extent,
    ) -> Result<Arc<Points>> {
        cx.authorize(Action::Read, Kind::Map)?;
        let mut filter = selection::shown(find).filter(node, cx, kind::SUBJECT)?;
        let cells = cell::ranges_of_clusters(extent.west, extent.south, extent.east, extent.north, zoom);
        let key = format!("{zoom}|{cells:?}|{}|{}", find.query(), serde_json::to_string(&cx.scope)?);
        let read = async {
            let cells = if zoom <= COARSE_ZOOM {
                merged(&node.store.divisions_placed(&cx.scope, &filter).await?, zoom, &cells)
            } else {
                filter.cells = Some(cells);
                node.store.cells(&cx.scope, &filter, cell::divisor(zoom)).await?
            };
            let single: Vec<i64> =
                cells.iter().filter(|cell| cell.count == 1).map(|cell| cell.no).take(MOST_NAMED).collect();
            let objects: HashMap<i64, ObjectId> = node.store.objects_at(&single).await?.into_iter().collect();
            let named: Vec<ObjectId> = objects.values().copied().collect();
            let entries = node.store.entries_of(&cx.scope, kind::SUBJECT, &named).await?;
            let subjects: HashMap<ObjectId, SubjectView> =
                entries.into_iter().map(|entry| (entry.object, subject_view(entry))).collect();
            Ok(clustered(&cells, &objects, &subjects))
        };
        self.points.get(key, cx.now, |age, _| age < FRESH, read).await
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

/// Subjects on a map.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Points {
    /// Clusters from north to south.
    pub clusters: Vec<ClusterView>,
    /// Subjects in all of them.
    pub total: u64,
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

fn subject_view(entry: suyuan_store::register::Entry) -> SubjectView {
    SubjectView { id: entry.object, code: entry.code, name: entry.name, stage: entry.stage }
}

/// Counties put together by the cell that the mean of each lies in, as far as these ranges hold it.
fn merged(counties: &[CellRow], zoom: u8, ranges: &[(i64, i64)]) -> Vec<CellRow> {
    let mut cells: HashMap<i64, CellRow> = HashMap::new();
    for county in counties {
        let Some(finest) = cell::cell(county.lon, county.lat) else { continue };
        if !ranges.iter().any(|(from, to)| (*from..=*to).contains(&finest)) {
            continue;
        }
        let number = finest / cell::divisor(zoom);
        let merged =
            cells.entry(number).or_insert(CellRow { cell: number, count: 0, lon: 0.0, lat: 0.0, no: county.no });
        let (before, more) = (merged.count as f64, county.count as f64);
        merged.lon = (merged.lon * before + county.lon * more) / (before + more);
        merged.lat = (merged.lat * before + county.lat * more) / (before + more);
        merged.count += county.count;
    }
    cells.into_values().collect()
}

fn clustered(cells: &[CellRow], objects: &HashMap<i64, ObjectId>, subjects: &HashMap<ObjectId, SubjectView>) -> Points {
    let cluster = |cell: &CellRow| ClusterView {
        lon: cell.lon,
        lat: cell.lat,
        count: usize::try_from(cell.count).unwrap_or(0),
        subject: objects.get(&cell.no).filter(|_| cell.count == 1).and_then(|object| subjects.get(object)).cloned(),
    };
    let mut clusters: Vec<ClusterView> = cells.iter().map(cluster).collect();
    clusters.sort_by(|a, b| b.lat.total_cmp(&a.lat).then(a.lon.total_cmp(&b.lon)));
    Points { total: clusters.iter().map(|cluster| cluster.count as u64).sum(), clusters }
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
    fn g_6_2_2a_counties_are_put_together_at_their_mean() {
        let county = |lon: f64, lat: f64, count: i64| CellRow { cell: 0, count, lon, lat, no: count };
        let counties = [county(120.0, 36.0, 3), county(120.1, 36.1, 1), county(104.0, 30.0, 5)];
        let cells = merged(&counties, 4, &cell::ranges_of_clusters(119.0, 35.0, 121.0, 37.0, 4));
        assert_eq!(cells.iter().map(|cell| cell.count).collect::<Vec<_>>(), [4]);
        assert!((cells[0].lon - 120.025).abs() < 1e-9 && (cells[0].lat - 36.025).abs() < 1e-9);
    }

    #[test]
    fn g_6_2_2a_single_subjects_are_named_and_clusters_come_from_the_north() {
        let id = ObjectId::from_bytes([7; 16]);
        let row = |no: i64, count: i64, lat: f64| CellRow { cell: no, count, lon: 120.0, lat, no };
        let subject = SubjectView { id, code: "S1".into(), name: "主体1".into(), stage: "market".into() };
        let points =
            clustered(&[row(1, 2, 36.0), row(2, 1, 37.0)], &[(1, id), (2, id)].into(), &[(id, subject)].into());
        assert_eq!(points.total, 3);
        assert_eq!(points.clusters.iter().map(|found| found.count).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(points.clusters[0].subject.as_ref().map(|subject| subject.code.as_str()), Some("S1"));
        assert!(points.clusters[1].subject.is_none());
    }
}
