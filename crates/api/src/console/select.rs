//! Shapes on the map and what lies in them, on the wire. Rows: G-6.2.2a.

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_service::Node;
use suyuan_service::selection::{Brief, Part, Selection, ShapeText};
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult};
use crate::listing::CountOut;

/// A shape on the map (框选、圈选), degrees of WGS 84.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ShapeIn {
    /// A box: west, south, east, north.
    Box {
        /// The four sides.
        r#box: Vec<f64>,
    },
    /// A polygon: the outer ring, then holes; at most 1,000 points.
    Polygon {
        /// The rings, each a list of longitude and latitude.
        rings: Vec<Vec<Vec<f64>>>,
    },
    /// What lies within a distance of a place.
    Circle {
        /// Longitude and latitude of the place.
        center: Vec<f64>,
        /// The distance in kilometres, 0.05 to 500.
        km: f64,
    },
}

impl ShapeIn {
    /// The shape for the use case.
    pub(super) fn text(&self) -> ApiResult<ShapeText> {
        let wrong = |_| ApiError::bad_request("MAP-0103", "shape", "图形的坐标不成对", "请重新在地图上绘制");
        serde_json::to_value(self).and_then(serde_json::from_value).map_err(wrong)
    }
}

/// What is chosen on the map.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SelectIn {
    /// Conditions as the query string of the list of subjects.
    #[serde(default)]
    pub(super) query: String,
    pub(super) shape: ShapeIn,
    /// The `next` of the page before.
    #[serde(default)]
    pub(super) after: Option<String>,
    /// Rows of the page, 1 to 200.
    #[serde(default)]
    pub(super) limit: Option<usize>,
}

/// A number of entries with one value.
#[derive(Serialize, ToSchema)]
pub(super) struct PartOut {
    code: String,
    name: String,
    count: u64,
}

impl From<Part> for PartOut {
    fn from(part: Part) -> Self {
        Self { code: part.value.code, name: part.value.name, count: part.count }
    }
}

/// A subject of a selection.
#[derive(Serialize, ToSchema)]
pub(super) struct SubjectBrief {
    #[schema(value_type = String, format = "uuid")]
    id: ObjectId,
    code: String,
    name: String,
    category: String,
    category_name: String,
    stage: String,
    division: String,
    division_name: String,
    state: String,
    state_name: String,
    lon: f64,
    lat: f64,
    /// Metres from the middle of a circle.
    metres: Option<f64>,
    #[schema(value_type = Option<String>, format = DateTime)]
    filed_at: Option<Timestamp>,
}

impl SubjectBrief {
    fn of(node: &Node, brief: Brief) -> Self {
        let packs = node.packs();
        Self {
            id: brief.id,
            category_name: packs.category(&brief.category).map_or_else(String::new, |found| found.name.clone()),
            division_name: node.divisions.name(&brief.division).to_owned(),
            state_name: packs.name_in("subject_state", &brief.state).to_owned(),
            code: brief.code,
            name: brief.name,
            category: brief.category,
            stage: brief.stage,
            division: brief.division,
            state: brief.state,
            lon: brief.place.0,
            lat: brief.place.1,
            metres: brief.metres,
            filed_at: brief.filed_at,
        }
    }
}

/// What lies within a shape.
#[derive(Serialize, ToSchema)]
pub(super) struct SelectOut {
    items: Vec<SubjectBrief>,
    next: Option<String>,
    count: CountOut,
    by_state: Vec<PartOut>,
    by_category: Vec<PartOut>,
    by_division: Vec<PartOut>,
    /// Area of the shape in square kilometres.
    area_km2: f64,
}

impl SelectOut {
    pub(super) fn of(node: &Node, found: Selection) -> Self {
        let parts = |parts: Vec<Part>| parts.into_iter().map(PartOut::from).collect();
        Self {
            next: found.page.next,
            count: CountOut { value: found.page.count, exact: found.page.exact },
            items: found.page.items.into_iter().map(|brief| SubjectBrief::of(node, brief)).collect(),
            by_state: parts(found.by_state),
            by_category: parts(found.by_category),
            by_division: parts(found.by_division),
            area_km2: found.area_km2,
        }
    }
}

/// Points between which distances are asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MeasureIn {
    /// 2 to 100 points, each longitude and latitude.
    #[schema(value_type = Vec<Vec<f64>>)]
    pub(super) points: Vec<[f64; 2]>,
}

/// Distances along the ground.
#[derive(Serialize, ToSchema)]
pub(super) struct MeasureOut {
    /// In all, in metres.
    pub(super) metres: f64,
    /// From each point to the next, in metres.
    pub(super) legs: Vec<f64>,
}
