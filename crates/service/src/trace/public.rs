//! What the public is told about a code: a verdict with its reason, the way of the goods stage by stage, what is missing
//! and why, and how often the code was asked for.
//!
//! Only what a consumer needs is disclosed: names of firms, city and county, days; no codes of firms, no vouchers, no
//! prices, no places on the map. Rows, G-6.9c, H-6.3, G-6.6.2, G-5.4.4b.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use suyuan_domain::chain::{Direction, GapKind, WalkLimits};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::code::normalise;
use suyuan_domain::event::TraceEvent;
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::Category;
use suyuan_domain::scope::Scope;
use suyuan_warehouse::query::{EventView, LinkRow};

use super::afar::Asking;
use super::view::full_name;
use super::{Test, Walked, category_name, checked, filled, misprint, product_of, stage_name, walk};
use crate::payload::EventBody;
use crate::{Node, Result, lookup};

/// How a code stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The way is known from its source.
    Complete,
    /// Parts of the way are missing.
    Gaps,
    /// A right code of which this platform has no records.
    OutOfScope,
    /// No scheme has such a code.
    Unknown,
}

/// The answer to a look-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicTrace {
    /// The code asked for.
    pub code: String,
    /// How it stands.
    pub verdict: Verdict,
    /// The same in words.
    pub verdict_text: String,
    /// What to do.
    pub advice: Option<String>,
    /// The scheme of the code.
    pub scheme: Option<Scheme>,
    /// What it stands for.
    pub product: Option<PublicProduct>,
    /// How often it was asked for; absent for codes that nobody knows.
    pub lookups: Option<Lookups>,
    /// A recall of the product; none is known to this version.
    pub recall: Option<Recall>,
    /// The way of the goods, from the source on.
    pub path: Vec<Step>,
    /// What is missing.
    pub missing: Vec<Missing>,
}

/// A scheme of codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scheme {
    /// Code of the scheme.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicProduct {
    /// Name.
    pub name: String,
    /// Batch number.
    pub batch: Option<String>,
    /// Name of the category.
    pub category_name: String,
    /// Who made it, or put the code on it.
    pub producer: Option<String>,
}

/// How often a code was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lookups {
    /// Times, this one included.
    pub count: u64,
    /// The first time.
    pub first_at: Option<Timestamp>,
}

/// A recall (召回).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recall {
    /// Title.
    pub title: String,
    /// What to do with the product.
    pub text: String,
    /// When it was published.
    pub at: Timestamp,
}

/// One station on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Stage.
    pub stage: String,
    /// Its name.
    pub stage_name: String,
    /// Name of the firm.
    pub subject_name: String,
    /// Province, city and county.
    pub division_name: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub biz_step_name: String,
    /// Amount.
    pub quantity: Option<String>,
    /// Unit of measure.
    pub unit: Option<String>,
    /// Test, where there was one.
    pub inspection: Option<PublicInspection>,
}

/// A test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PublicInspection {
    /// What was tested for.
    pub item: String,
    /// Whether all passed; absent where it was not tested.
    pub passed: Option<bool>,
}

/// A stage that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Name of the stage.
    pub stage_name: String,
    /// Why.
    pub why: String,
    /// What to do.
    pub advice: Option<String>,
}

/// Nodes of a way that is shown to the public.
const MOST_NODES: usize = 400;
/// Events of which tests are looked up.
const MOST_EVENTS: usize = 400;

/// Tests by the event that reports them.
type Tests = BTreeMap<ObjectId, Test>;

/// Looks a code up for the public and counts the look-up.
///
/// # Errors
/// For a code that can be none, and faults of store and warehouse.
pub async fn look_up(node: &Node, code: &str, now: Timestamp) -> Result<PublicTrace> {
    let code = checked(code)?;
    let limits = WalkLimits { nodes: MOST_NODES, ..WalkLimits::new(now) };
    let asking = Asking::for_public();
    let walked = walk(node, &Scope::everything(), &code, Direction::Up, limits, Some(&asking)).await?;
    let mut answer = if walked.chain.nodes.is_empty() {
        without_records(node, &code).await?
    } else {
        let mut reported = tests(node, &walked.links).await?;
        reported.extend(walked.tests.clone());
        with_records(node, &code, &walked, &reported)
    };
    let category = product_of(&walked, |_| true).map(|row| row.category.clone());
    let counted = lookup::count(node, &normalise(&code), category.as_deref(), now).await?;
    answer.lookups = counted.map(|count| Lookups { count: count.total, first_at: Some(count.first_at) });
    Ok(answer)
}

/// Tests that the events of links report.
pub(super) async fn tests(node: &Node, links: &[LinkRow]) -> Result<Tests> {
    let mut ids: Vec<ObjectId> = links.iter().map(|row| row.event).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(MOST_EVENTS);
    let views = node.warehouse.events_by_objects(&Scope::everything(), &ids).await?;
    Ok(views.iter().filter_map(|view| Some((view.object, test(view)?))).collect())
}

async fn without_records(node: &Node, code: &str) -> Result<PublicTrace> {
    let packs = node.packs();
    let schemes = &packs.schemes;
    let plain = normalise(code);
    let guess = misprint(node, &plain);
    let found = schemes.resolve(&plain).into_iter().next().filter(|_| guess.is_none());
    let product = node.store.system_entry_by_code("product", &plain).await?.filter(|entry| entry.filed_at.is_some());
    let known = found.is_some() || product.is_some();
    let (verdict, text, advice) = match (&guess, known) {
        (_, true) => (
            Verdict::OutOfScope,
            "不在追溯范围：编码正确，但本平台没有它的追溯记录",
            "该产品可能尚未纳入追溯，或经营者尚未上报；请向销售者索取凭证，如有疑问可投诉举报".to_owned(),
        ),
        (Some(guess), false) => (Verdict::Unknown, "编码不认识", format!("{guess}，请核对后重新输入")),
        (None, false) => {
            (Verdict::Unknown, "编码不认识", "请核对是否输入完整，或扫描包装、标签、小票上的追溯码".to_owned())
        }
    };
    Ok(PublicTrace {
        code: code.to_owned(),
        verdict,
        verdict_text: text.to_owned(),
        advice: Some(advice),
        scheme: found.map(|found| Scheme { code: found.scheme, name: found.name }),
        product: product.map(|entry| PublicProduct {
            name: entry.name,
            batch: None,
            category_name: category_name(node, &entry.category),
            producer: None,
        }),
        lookups: None,
        recall: None,
        path: Vec::new(),
        missing: Vec::new(),
    })
}

fn with_records(node: &Node, code: &str, walked: &Walked, tests: &Tests) -> PublicTrace {
    let path = path(node, walked, tests);
    let product = product_of(walked, |row| !row.product_name.is_empty());
    let packs = node.packs();
    let category = product.and_then(|row| packs.category(&row.category));
    let missing = missing(node, walked, category, &path);
    let (verdict, verdict_text) = match missing.len() {
        0 => (Verdict::Complete, "信息完整：从源头到本环节均有记录".to_owned()),
        count => (Verdict::Gaps, format!("缺 {count} 个环节的信息")),
    };
    let scheme = packs.schemes.resolve(code).into_iter().next();
    PublicTrace {
        code: code.to_owned(),
        verdict,
        verdict_text,
        advice: (verdict == Verdict::Gaps)
            .then(|| "缺少的环节及原因见下，可向销售者索取凭证，也可带码投诉举报".to_owned()),
        scheme: scheme.map(|found| Scheme { code: found.scheme, name: found.name }),
        product: product.map(|row| PublicProduct {
            name: row.product_name.clone(),
            batch: filled(&row.batch),
            category_name: category_name(node, &row.category),
            producer: producer(walked),
        }),
        lookups: None,
        recall: None,
        path,
        missing,
    }
}

/// Who made the goods as they are: the subject of the latest making or turning into others on the way.
fn producer(walked: &Walked) -> Option<String> {
    let made = walked.links.iter().filter(|row| row.kind == "transform" || row.kind == "origin");
    let last = made.max_by_key(|row| (row.event_time, row.event))?;
    walked.subjects.get(&last.down_subject).and_then(|subject| filled(&subject.name))
}

/// One station for each subject and stage of the chain, in the order of time.
fn path(node: &Node, walked: &Walked, tests: &Tests) -> Vec<Step> {
    let places: BTreeSet<(&str, &str)> =
        walked.chain.nodes.iter().map(|item| (item.unit.as_str(), item.subject.as_str())).collect();
    let inside = |row: &&LinkRow| {
        places.contains(&(row.up_unit.as_str(), row.up_subject.as_str()))
            || places.contains(&(row.down_unit.as_str(), row.down_subject.as_str()))
    };
    let mut stations: BTreeMap<(&str, &str), Vec<&LinkRow>> = BTreeMap::new();
    for row in walked.links.iter().filter(inside) {
        stations.entry((row.reporter.as_str(), row.stage.as_str())).or_default().push(row);
    }
    let mut steps: Vec<Step> = stations
        .into_iter()
        .filter_map(|((subject, stage), rows)| step(node, walked, tests, subject, stage, &rows))
        .collect();
    let told: BTreeSet<&str> = walked.links.iter().map(|row| row.reporter.as_str()).collect();
    let silent: BTreeSet<&str> =
        places.iter().map(|(_, subject)| *subject).filter(|subject| !told.contains(subject)).collect();
    steps.extend(silent.into_iter().filter_map(|subject| received(node, walked, subject)));
    let packs = node.packs();
    let order = |step: &Step| packs.stage(&step.stage).map_or(u32::MAX, |stage| stage.order);
    steps.sort_by(|a, b| (a.at, order(a), &a.subject_name).cmp(&(b.at, order(b), &b.subject_name)));
    steps
}

/// The station of a subject that reported nothing itself: what the other side says that it received.
fn received(node: &Node, walked: &Walked, subject: &str) -> Option<Step> {
    let arrivals = walked.links.iter().filter(|row| row.down_subject == subject && !row.down_unit.is_empty());
    let first = arrivals.min_by_key(|row| (row.event_time, row.event))?;
    let known = walked.subjects.get(subject)?;
    let stage = known.stage_on_file().to_owned();
    Some(Step {
        stage_name: if stage.is_empty() { "收货".to_owned() } else { stage_name(node, &stage) },
        stage,
        subject_name: filled(&known.name).unwrap_or_else(|| "未登记的经营者".to_owned()),
        division_name: filled(&known.division).map(|code| full_name(node, &code)),
        at: first.event_time,
        biz_step_name: node.packs().name_in("biz_step", "receiving").to_owned(),
        quantity: first.quantity.map(|amount| amount.to_string()),
        unit: filled(&first.unit),
        inspection: None,
    })
}

fn step(node: &Node, walked: &Walked, tests: &Tests, subject: &str, stage: &str, rows: &[&LinkRow]) -> Option<Step> {
    let first = rows.iter().min_by_key(|row| (row.kind == "observe", row.event_time, row.event))?;
    let known = walked.subjects.get(subject);
    let division = known.and_then(|known| filled(&known.division)).or_else(|| filled(&first.division));
    let tests: Vec<&Test> = rows.iter().filter_map(|row| tests.get(&row.event)).collect();
    Some(Step {
        stage: stage.to_owned(),
        stage_name: stage_name(node, stage),
        subject_name: known.and_then(|known| filled(&known.name)).unwrap_or_else(|| "未登记的经营者".to_owned()),
        division_name: division.as_deref().map(|code| full_name(node, code)),
        at: first.event_time,
        biz_step_name: node.packs().name_in("biz_step", &first.biz_step).to_owned(),
        quantity: first.quantity.map(|amount| amount.to_string()),
        unit: filled(&first.unit),
        inspection: together(&tests),
    })
}

fn test(view: &EventView) -> Option<Test> {
    let body: Option<TraceEvent> = serde_json::from_slice::<EventBody>(&view.payload).ok().map(|body| body.event);
    let inspection = body.and_then(|event| event.inspection);
    match (inspection, view.inspection_passed) {
        (Some(test), _) => Some(Test { item: test.item, passed: test.passed }),
        (None, Some(passed)) => Some(Test { item: String::new(), passed: Some(passed) }),
        (None, None) => None,
    }
}

/// All tests of a station as one: failed if one failed, passed if one passed and none failed.
fn together(tests: &[&Test]) -> Option<PublicInspection> {
    if tests.is_empty() {
        return None;
    }
    let failed = tests.iter().any(|test| test.passed == Some(false));
    let passed = if failed { Some(false) } else { tests.iter().find_map(|test| test.passed) };
    let items: BTreeSet<&str> = tests.iter().map(|test| test.item.as_str()).filter(|item| !item.is_empty()).collect();
    let item = if items.is_empty() { "检验".to_owned() } else { items.into_iter().collect::<Vec<_>>().join("、") };
    Some(PublicInspection { item, passed })
}

/// Why the way is not known from its source.
fn missing(node: &Node, walked: &Walked, category: Option<&Category>, path: &[Step]) -> Vec<Missing> {
    let mut missing = Vec::new();
    let sources = category.map(|category| source_stages(node, category)).unwrap_or_default();
    let advice = || Some("请向销售者索取进货凭证，或通过本平台投诉举报".to_owned());
    for gap in &walked.chain.gaps {
        let Some(item) = walked.chain.nodes.get(gap.node) else { continue };
        let subject = walked.subjects.get(&item.subject).and_then(|subject| filled(&subject.name));
        let subject = subject.unwrap_or_else(|| "该经营者".to_owned());
        let why = match gap.kind {
            GapKind::UpstreamUnknown => format!("{subject}没有上报进货来源"),
            GapKind::NoAnswer => gap.text.clone(),
            GapKind::DownstreamUnknown | GapKind::TimeOrder | GapKind::Quantity => continue,
        };
        let stage_name = if sources.is_empty() { "上一环节".to_owned() } else { sources.join("／") };
        missing.push(Missing { stage_name, why, advice: advice() });
    }
    let begun = path.iter().any(|step| node.packs().stage(&step.stage).is_some_and(|stage| stage.source));
    if missing.is_empty() && !sources.is_empty() && !begun {
        missing.push(Missing {
            stage_name: sources.join("／"),
            why: "没有查询到该环节的上报记录".to_owned(),
            advice: advice(),
        });
    }
    missing.sort_by(|a, b| (&a.stage_name, &a.why).cmp(&(&b.stage_name, &b.why)));
    missing.dedup();
    missing
}

/// The standard stages in which goods of a category begin.
fn source_stages(node: &Node, category: &Category) -> Vec<String> {
    let packs = node.packs();
    let sources = category.stages.iter().filter_map(|code| packs.stage(code)).filter(|stage| stage.source);
    let names: BTreeSet<String> = sources.map(|stage| stage_name(node, &stage.standard)).collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests(results: &[(&str, Option<bool>)]) -> Vec<Test> {
        results.iter().map(|(item, passed)| Test { item: (*item).to_owned(), passed: *passed }).collect()
    }

    #[test]
    fn a_3_3_several_tests_of_a_station_are_one_verdict() {
        for (results, expected) in [
            (vec![], None),
            (vec![("瘦肉精", Some(true)), ("农残", None)], Some(("农残、瘦肉精", Some(true)))),
            (vec![("瘦肉精", Some(true)), ("农残", Some(false))], Some(("农残、瘦肉精", Some(false)))),
            (vec![("", None)], Some(("检验", None))),
        ] {
            let tests = tests(&results);
            let got = together(&tests.iter().collect::<Vec<_>>());
            assert_eq!(got.as_ref().map(|test| (test.item.as_str(), test.passed)), expected);
        }
    }
}
