//! Entries of a register within a shape on the map (框选、圈选), under the same conditions as a list: the list of them, their
//! number, and sums over them. Geometry belongs to `suyuan-gis`. Rows: G-6.2.2a.

use std::collections::BTreeMap;

use suyuan_domain::cell;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_gis::coordinates::distance_m;
use suyuan_gis::shape::Shape;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::register::{Entry, EntryFilter, Position};

use crate::analysis::Named;
use crate::listing::{Find, Listed};
use crate::node::Node;
use crate::statistics::{Area, areas_below};
use crate::{Result, ServiceError};

pub use suyuan_gis::shape::ShapeText;

/// Entries in the box around a shape that are looked at.
const MOST_CANDIDATES: u64 = 200_000;
/// States of entries that a map shows unless others are asked for.
const SHOWN_STATES: &str = "filed,changing,suspended";

/// Checks a shape that was handed in.
///
/// # Errors
/// `MAP-0103` with what is wrong.
pub fn shape(text: &ShapeText) -> Result<Shape> {
    Shape::check(text)
        .map_err(|error| ServiceError::invalid("MAP-0103", "shape", error.to_string(), "请重新在地图上绘制"))
}

/// The conditions with the states that a map shows where none are asked for.
#[must_use]
pub fn shown(find: &Find) -> Find {
    if find.get("state").is_some() { find.clone() } else { find.with("state", SHOWN_STATES) }
}

/// A filter narrowed to the cells of a shape.
pub(crate) fn within(filter: EntryFilter, shape: &Shape) -> EntryFilter {
    let extent = shape.extent();
    EntryFilter { cells: Some(cell::ranges(extent.west, extent.south, extent.east, extent.north)), ..filter }
}

/// The entries within a shape: last arrived first, or nearest first for a circle.
///
/// # Errors
/// `MAP-0104` where too many lie around it.
pub(crate) async fn members(node: &Node, cx: &OpContext, filter: EntryFilter, shape: &Shape) -> Result<Vec<Position>> {
    let around = within(filter, shape);
    let candidates = node.store.positions(&cx.scope, &around, MOST_CANDIDATES + 1).await?;
    if candidates.len() as u64 > MOST_CANDIDATES {
        let reason = format!("选择范围内超过 {MOST_CANDIDATES} 条登记");
        return Err(ServiceError::invalid("MAP-0104", "shape", reason, "请缩小范围或增加查询条件"));
    }
    let mut inside: Vec<Position> =
        candidates.into_iter().filter(|position| shape.covers(position.lon, position.lat)).collect();
    if let Shape::Circle { center, .. } = shape {
        let far = |position: &Position| distance_m(*center, (position.lon, position.lat));
        inside.sort_by(|a, b| far(a).total_cmp(&far(b)).then(a.object.cmp(&b.object)));
    }
    Ok(inside)
}

/// An entry of a selection.
#[derive(Clone, Debug)]
pub struct Brief {
    /// The object.
    pub id: ObjectId,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Category.
    pub category: String,
    /// Main stage.
    pub stage: String,
    /// Division.
    pub division: String,
    /// State.
    pub state: String,
    /// Longitude and latitude, WGS 84.
    pub place: (f64, f64),
    /// Metres from the middle of a circle.
    pub metres: Option<f64>,
    /// When it was first filed.
    pub filed_at: Option<Timestamp>,
}

/// A number of entries with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The value.
    pub value: Named,
    /// The number.
    pub count: u64,
}

/// What lies within a shape.
#[derive(Clone, Debug)]
pub struct Selection {
    /// A page of the entries.
    pub page: Listed<Brief>,
    /// Numbers by state.
    pub by_state: Vec<Part>,
    /// Numbers by category.
    pub by_category: Vec<Part>,
    /// Numbers by division below that of the person.
    pub by_division: Vec<Part>,
    /// Area of the shape in square kilometres.
    pub area_km2: f64,
}

/// The subjects within a shape; `after` is the number of entries before the page, as text.
///
/// # Errors
/// When the actor may not read map or subjects, the shape or a condition is wrong, or too many lie around it.
pub async fn select(
    node: &Node,
    cx: &OpContext,
    find: &Find,
    text: &ShapeText,
    (after, limit): (Option<&str>, usize),
) -> Result<Selection> {
    cx.authorize(Action::Read, Kind::Map)?;
    cx.authorize(Action::Read, Kind::Subject)?;
    let shape = shape(text)?;
    let filter = shown(find).filter(node, cx, kind::SUBJECT)?;
    let members = members(node, cx, filter, &shape).await?;
    let wrong = || ServiceError::invalid("REQ-0107", "after", "翻页位置不正确", "请从第一页重新查询");
    let from: usize = after.filter(|text| !text.is_empty()).map_or(Ok(0), str::parse).map_err(|_| wrong())?;
    let asked: Vec<ObjectId> = members.iter().skip(from).take(limit).map(|position| position.object).collect();
    let entries = node.store.entries_of(&cx.scope, kind::SUBJECT, &asked).await?;
    let mut known: BTreeMap<ObjectId, Entry> = entries.into_iter().map(|entry| (entry.object, entry)).collect();
    let items: Vec<Brief> =
        asked.iter().filter_map(|object| known.remove(object)).filter_map(|entry| brief(entry, &shape)).collect();
    let next = (from + limit < members.len()).then(|| (from + limit).to_string());
    let packs = node.packs();
    let category = |code: &str| packs.category(code).map_or_else(|| code.to_owned(), |found| found.name.clone());
    let areas = areas_below(node, &cx.division);
    Ok(Selection {
        by_state: parts(&members, |p| &p.state, |code| packs.name_in("subject_state", code).to_owned()),
        by_category: parts(&members, |p| &p.category, category),
        by_division: parts(&members, |p| area_of(&areas, &p.division), |code| node.divisions.name(code).to_owned()),
        area_km2: shape.area_km2(),
        page: Listed { items, next, count: members.len() as u64, exact: true },
    })
}

/// The area that holds a division, or the division itself.
fn area_of<'a>(areas: &'a [Area], division: &'a str) -> &'a str {
    areas.iter().find(|area| area.covers(division)).map_or(division, |area| area.code.as_str())
}

fn brief(entry: Entry, shape: &Shape) -> Option<Brief> {
    let place = entry.place?;
    let metres = match shape {
        Shape::Circle { center, .. } => Some(distance_m(*center, place).round()),
        Shape::Box(_) | Shape::Polygon(..) => None,
    };
    Some(Brief {
        id: entry.object,
        code: entry.code,
        name: entry.name,
        category: entry.category,
        stage: entry.stage,
        division: entry.division,
        state: entry.state,
        place,
        metres,
        filed_at: entry.filed_at,
    })
}

/// How many positions have each value, most first.
fn parts<'a>(
    members: &'a [Position],
    value: impl Fn(&'a Position) -> &'a str,
    name: impl Fn(&str) -> String,
) -> Vec<Part> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for member in members {
        *counts.entry(value(member)).or_default() += 1;
    }
    let part = |(code, count): (&str, u64)| Part { value: Named { code: code.to_owned(), name: name(code) }, count };
    let mut parts: Vec<Part> = counts.into_iter().map(part).collect();
    parts.sort_by(|a, b| b.count.cmp(&a.count).then(a.value.code.cmp(&b.value.code)));
    parts
}

/// Metres between each point and the next, along the ground.
///
/// # Errors
/// `MAP-0103` for fewer than two points, more than a hundred, or numbers that are no positions.
pub fn measure(cx: &OpContext, points: &[[f64; 2]]) -> Result<Vec<f64>> {
    cx.authorize(Action::Read, Kind::Map)?;
    let wrong = |reason: String| ServiceError::invalid("MAP-0103", "points", reason, "请在地图上选择 2 至 100 个点");
    if !(2..=100).contains(&points.len()) {
        return Err(wrong(format!("收到 {} 个点", points.len())));
    }
    for [lon, lat] in points {
        suyuan_gis::coordinates::check(*lon, *lat).map_err(|error| wrong(error.to_string()))?;
    }
    let leg = |two: &[[f64; 2]]| match two {
        [[a, b], [c, d]] => distance_m((*a, *b), (*c, *d)),
        _ => 0.0,
    };
    Ok(points.windows(2).map(leg).collect())
}
