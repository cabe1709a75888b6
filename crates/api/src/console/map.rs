//! One map (一张图): outlines, values, clustered subjects, flows. Rows: G-6.2.2a, G-6.5.3c.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use suyuan_service::listing::Find as Conditions;
use suyuan_service::map::{self, Atlas, Drawing, Points};
use suyuan_service::selection;
use suyuan_service::statistics::{AreaValue, Metric, View};
use suyuan_service::trace::FlowView;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cockpit::answer::MapValues;
use super::register::RegisterFind;
use super::select::{MeasureIn, MeasureOut, SelectIn, SelectOut};
use crate::error::ApiResult;
use crate::extract::{At, Console, Find, In};
use crate::state::AppState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_map_lines))
        .routes(routes!(get_map_values))
        .routes(routes!(get_map_points))
        .routes(routes!(get_map_flows))
        .routes(routes!(select_on_map))
        .routes(routes!(measure_on_map))
        .routes(routes!(get_map))
        .layer(Extension(Arc::new(Atlas::default())))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MapQuery {
    /// Division; the account's own where it is left out.
    division: Option<String>,
    /// Category.
    category: Option<String>,
    /// Days of the period, 1 to 366; 30 where it is left out.
    days: Option<u32>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MapValuesQuery {
    /// `reporting_rate`, `score`, `findings`, `events` or `subjects`. Conditions of the list of subjects count for
    /// `subjects`; the other figures know division and category.
    metric: Option<String>,
    /// Days of the period, 1 to 366; 30 where it is left out.
    #[serde(default, deserialize_with = "crate::listing::number")]
    days: Option<u32>,
    #[serde(flatten)]
    #[param(ignore)]
    find: RegisterFind,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MapPointsQuery {
    /// Zoom of a web map.
    #[serde(default, deserialize_with = "crate::listing::number")]
    zoom: Option<f64>,
    /// `west,south,east,north` in degrees.
    bbox: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    find: RegisterFind,
}

/// The outline, or "not modified" for a browser that has it.
fn drawn(drawing: &Drawing, headers: &HeaderMap) -> Response {
    let tag = HeaderValue::from_str(&drawing.etag).unwrap_or(HeaderValue::from_static("\"\""));
    let keep = (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=86400"));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same =
        known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == &*drawing.etag));
    if same {
        return (StatusCode::NOT_MODIFIED, [keep, (header::ETAG, tag)]).into_response();
    }
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/geo+json"));
    ([keep, (header::ETAG, tag), kind], drawing.geojson.to_string()).into_response()
}

/// 下级行政区边界（GeoJSON）
#[utoipa::path(get, path = "/map/{parent}", extensions(("x-permission" = json!("map.read|cockpit.read"))), tag = "一张图", params(("parent" = String, Path, description = "区划代码，000000 为全国")),
    responses((status = 200, content_type = "application/geo+json", body = answer::MapOutlines)))]
async fn get_map(
    State(state): State<AppState>,
    Extension(atlas): Extension<Arc<Atlas>>,
    Console(cx): Console,
    At(parent): At<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    Ok(drawn(&atlas.below(&state.node, &cx, &parent)?, &headers))
}

/// 南海断续线等线要素（GeoJSON）
#[utoipa::path(get, path = "/map/lines", extensions(("x-permission" = json!("map.read|cockpit.read"))), tag = "一张图",
    responses((status = 200, content_type = "application/geo+json", body = answer::MapLines)))]
async fn get_map_lines(
    State(state): State<AppState>,
    Extension(atlas): Extension<Arc<Atlas>>,
    Console(cx): Console,
    headers: HeaderMap,
) -> ApiResult<Response> {
    Ok(drawn(&atlas.lines(&state.node, &cx)?, &headers))
}

/// Values as they are answered.
#[derive(Serialize)]
struct ValuesAnswer {
    parent: String,
    metric: &'static str,
    values: Arc<Vec<AreaValue>>,
}

/// 下级行政区指标值
#[utoipa::path(get, path = "/map/values", extensions(("x-permission" = json!("map.read"))), tag = "一张图", params(MapValuesQuery, RegisterFind),
    responses((status = 200, body = MapValues)))]
async fn get_map_values(
    State(state): State<AppState>,
    Extension(atlas): Extension<Arc<Atlas>>,
    Console(cx): Console,
    Find(query): Find<MapValuesQuery>,
) -> ApiResult<Json<ValuesAnswer>> {
    let find = query.find.find();
    let view = View::of(&state.node, &cx, find.get("division"), find.get("category"))?;
    let metric = Metric::parse(query.metric.as_deref().unwrap_or_default())?;
    let values = match metric {
        Metric::Subjects => atlas.counted(&state.node, &cx, &view, &find).await?,
        other => atlas.values(&state.node, &cx, &view, other, query.days.unwrap_or(30)).await?,
    };
    Ok(Json(ValuesAnswer { parent: view.division, metric: metric.as_str(), values }))
}

/// 主体点位（聚合）
#[utoipa::path(get, path = "/map/points", extensions(("x-permission" = json!("map.read"))), tag = "一张图", params(MapPointsQuery, RegisterFind),
    responses((status = 200, body = answer::MapPoints)))]
async fn get_map_points(
    State(state): State<AppState>,
    Extension(atlas): Extension<Arc<Atlas>>,
    Console(cx): Console,
    Find(query): Find<MapPointsQuery>,
) -> ApiResult<Json<Arc<Points>>> {
    let extent = map::parse_box(query.bbox.as_deref().unwrap_or_default())?;
    // `as` saturates and turns what is no number into 0.
    let zoom = query.zoom.unwrap_or(5.0).floor() as u8;
    Ok(Json(atlas.points(&state.node, &cx, &query.find.find(), zoom, extent).await?))
}

/// 框选、圈选范围内的主体
#[utoipa::path(post, path = "/map/select", extensions(("x-permission" = json!("map.read"))), tag = "一张图", request_body = SelectIn,
    responses((status = 200, body = SelectOut)))]
async fn select_on_map(
    State(state): State<AppState>,
    Console(cx): Console,
    In(body): In<SelectIn>,
) -> ApiResult<Json<SelectOut>> {
    let find = Conditions::parse(&body.query)?;
    let page = (body.after.as_deref(), body.limit.unwrap_or(50).clamp(1, 200));
    let found = selection::select(&state.node, &cx, &find, &body.shape.text()?, page).await?;
    Ok(Json(SelectOut::of(&state.node, found)))
}

/// 测距
#[utoipa::path(post, path = "/map/measure", extensions(("x-permission" = json!("map.read"))), tag = "一张图", request_body = MeasureIn,
    responses((status = 200, body = MeasureOut)))]
async fn measure_on_map(Console(cx): Console, In(body): In<MeasureIn>) -> ApiResult<Json<MeasureOut>> {
    let legs = selection::measure(&cx, &body.points)?;
    Ok(Json(MeasureOut { metres: legs.iter().sum(), legs }))
}

/// Flows as they are answered.
#[derive(Serialize)]
struct FlowsAnswer {
    flows: Arc<Vec<FlowView>>,
}

/// 区划间流向
#[utoipa::path(get, path = "/map/flows", extensions(("x-permission" = json!("map.read"))), tag = "一张图", params(MapQuery),
    responses((status = 200, body = answer::MapFlows)))]
async fn get_map_flows(
    State(state): State<AppState>,
    Extension(atlas): Extension<Arc<Atlas>>,
    Console(cx): Console,
    Find(query): Find<MapQuery>,
) -> ApiResult<Json<FlowsAnswer>> {
    let view = View::of(&state.node, &cx, query.division.as_deref(), query.category.as_deref())?;
    Ok(Json(FlowsAnswer { flows: atlas.flows(&state.node, &cx, &view, query.days.unwrap_or(1)).await? }))
}

/// The form of the answers, for the OpenAPI document.
pub(super) mod answer {
    #![expect(dead_code, reason = "these types describe what the use cases answer; nobody makes one")]

    use utoipa::ToSchema;

    /// Outlines as a GeoJSON feature collection, WGS 84.
    #[derive(ToSchema)]
    pub(super) struct MapOutlines {
        #[schema(inline)]
        r#type: GeoCollection,
        features: Vec<MapOutline>,
    }

    /// Lines as a GeoJSON feature collection, WGS 84.
    #[derive(ToSchema)]
    pub(super) struct MapLines {
        #[schema(inline)]
        r#type: GeoCollection,
        features: Vec<MapLine>,
    }

    /// The word of GeoJSON.
    #[derive(ToSchema)]
    enum GeoCollection {
        FeatureCollection,
    }

    /// The word of GeoJSON.
    #[derive(ToSchema)]
    enum GeoFeature {
        Feature,
    }

    /// The outline of a division (行政区边界).
    #[derive(ToSchema)]
    struct MapOutline {
        #[schema(inline)]
        r#type: GeoFeature,
        properties: MapOutlineFacts,
        geometry: GeoShape,
    }

    /// What is known of an outlined division.
    #[derive(ToSchema)]
    struct MapOutlineFacts {
        code: String,
        name: String,
        short: String,
        /// `province`, `city` or `county`.
        level: String,
        parent: String,
        /// Where its name stands: longitude, latitude.
        point: Vec<f64>,
        /// Whether nothing lies below.
        leaf: bool,
    }

    /// A line that belongs to every national map (线要素).
    #[derive(ToSchema)]
    struct MapLine {
        #[schema(inline)]
        r#type: GeoFeature,
        properties: MapLineFacts,
        geometry: GeoShape,
    }

    /// What is known of a line.
    #[derive(ToSchema)]
    struct MapLineFacts {
        kind: String,
        name: String,
    }

    /// A geometry of GeoJSON.
    #[derive(ToSchema)]
    struct GeoShape {
        /// `Polygon`, `MultiPolygon` or `MultiLineString`.
        r#type: String,
        /// Nested lists of positions.
        coordinates: Vec<serde_json::Value>,
    }

    /// Subjects on the map.
    #[derive(ToSchema)]
    pub(crate) struct MapPoints {
        clusters: Vec<MapCluster>,
        /// Subjects in all of them.
        total: u64,
    }

    /// Some subjects close to each other.
    #[derive(ToSchema)]
    struct MapCluster {
        lon: f64,
        lat: f64,
        count: u64,
        subject: Option<MapSubject>,
    }

    /// A subject alone in its place.
    #[derive(ToSchema)]
    struct MapSubject {
        #[schema(format = "uuid")]
        id: String,
        code: String,
        name: String,
        stage: String,
    }

    /// Goods between places.
    #[derive(ToSchema)]
    pub(crate) struct MapFlows {
        flows: Vec<MapFlow>,
    }

    /// Goods between two places (流向).
    #[derive(ToSchema)]
    pub(crate) struct MapFlow {
        from: MapPlace,
        to: MapPlace,
        quantity: Option<String>,
        unit: Option<String>,
        events: u64,
    }

    /// Where a flow begins or ends.
    #[derive(ToSchema)]
    struct MapPlace {
        code: String,
        name: String,
        lon: f64,
        lat: f64,
    }
}
