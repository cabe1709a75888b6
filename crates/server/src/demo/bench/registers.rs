//! Lists of registers: a register of a million subjects in the relational store alone, and the first page of every kind of
//! list, in the scopes of a nation, a province, a city, a county and of one category; clusters of the map besides. Shows
//! whether any first page comes within its limit, and which query was the slowest.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use suyuan_domain::cell;
use suyuan_domain::clock::{Chance, Clock, SystemClock, Timestamp};
use suyuan_domain::division::{Division, Divisions, Tier};
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::Packs;
use suyuan_domain::record::kind;
use suyuan_domain::scope::Scope;
use suyuan_domain::search::term::{Field, words};
use suyuan_store::Store;
use suyuan_store::register::{Column, Entry, EntryFilter, Order};

use super::percentiles;
use crate::reference;

/// Entries written in one transaction.
const PIECE: u64 = 20_000;
/// Within what 95 of 100 first pages must come, in milliseconds.
const LIMIT: f64 = 200.0;
/// Within what a view of the map must come, in milliseconds.
const MAP_LIMIT: f64 = 300.0;
/// Rows of a page.
const PAGE: usize = 50;

const WORDS: [&str; 24] = [
    "绿源", "鑫丰", "永盛", "福瑞", "金穗", "华泰", "民生", "康达", "恒信", "宏运", "嘉禾", "瑞祥", "天润", "众诚",
    "海川", "东升", "锦绣", "三河", "长乐", "重光", "百味", "和顺", "同德", "远航",
];
const TRADES: [&str; 16] = [
    "蔬菜",
    "水果",
    "肉类",
    "水产",
    "粮油",
    "茶叶",
    "药材",
    "食品",
    "冷链",
    "种植",
    "养殖",
    "屠宰",
    "农资",
    "酒业",
    "乳业",
    "调味品",
];
const FORMS: [&str; 8] = ["有限公司", "专业合作社", "家庭农场", "商行", "批发部", "股份有限公司", "经营部", "加工厂"];

/// Numbers by chance that are the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    fn word<'a>(&mut self, all: &[&'a str]) -> &'a str {
        self.pick(all).copied().unwrap_or_default()
    }
}

/// The bytes of one identifier.
#[derive(Debug)]
struct Bytes(u64);

impl Chance for Bytes {
    fn fill(&self, bytes: &mut [u8]) {
        let mut dice = Dice(self.0);
        for byte in bytes {
            *byte = dice.next().to_le_bytes()[0];
        }
    }
}

struct World<'a> {
    packs: &'a Packs,
    divisions: &'a Divisions,
    counties: Vec<&'a Division>,
    types: Vec<(String, String)>,
    forms: Vec<String>,
    merchants: Vec<String>,
    began: Timestamp,
}

/// Fills a store with `records` subjects, asks for first pages, prints the times and whether they are within their limits.
pub(super) async fn run(folder: &Path, database: Option<&str>, records: u64) -> Result<()> {
    let reference = reference::load()?;
    let list =
        |name| reference.packs.list(name).map(|entry| (entry.code.clone(), entry.stage.clone())).collect::<Vec<_>>();
    let codes = |name| list(name).into_iter().map(|(code, _)| code).collect::<Vec<_>>();
    let world = World {
        packs: &reference.packs,
        divisions: &reference.divisions,
        counties: reference.divisions.iter().filter(|d| d.tier == Tier::County && d.point.is_some()).collect(),
        types: list("node_type"),
        forms: codes("org_form"),
        merchants: codes("merchant_type"),
        began: SystemClock::default().now(),
    };
    let file = format!("sqlite://{}", folder.join("registers.db").display());
    let store = Store::connect(database.unwrap_or(&file), "000000").await?;
    store.migrate().await?;
    let everything = EntryFilter { kind: kind::SUBJECT.to_owned(), ..EntryFilter::default() };
    let there = store.count_up_to(&Scope::everything(), &everything, records).await?;
    if there == 0 {
        fill(&store, &world, records).await?;
    } else {
        ensure!(there == records, "the database holds another number of subjects: {there}");
    }
    let asked = Instant::now();
    store.look_at_spread().await?;
    store.reclaim(&["register", "register_key", "register_term"]).await?;
    println!("整理统计信息：{:.1} 秒", asked.elapsed().as_secs_f64());
    pages(&store, &world).await?;
    maps(&store, &world).await?;
    Ok(store.close().await?)
}

async fn fill(store: &Store, world: &World<'_>, records: u64) -> Result<()> {
    let began = Instant::now();
    let mut dice = Dice(20_261_121);
    let mut nodes: Vec<String> = Vec::new();
    let mut terms = Vec::new();
    let mut done = 0;
    while done < records {
        let count = PIECE.min(records - done);
        let entries: Vec<Entry> =
            (done..done + count).map(|number| subject(world, &mut dice, &mut nodes, number)).collect();
        let tx = store.begin().await?;
        terms.extend(tx.fill_entries(&entries, i64::try_from(done)? + 1).await?);
        tx.commit().await?;
        done += count;
        if done % (records / 10).max(PIECE) < PIECE {
            println!("写入 {done} 条，{:.0} 秒", began.elapsed().as_secs_f64());
        }
    }
    // In the order of the table, so that neighbours go to the same page.
    terms.sort_unstable();
    for piece in terms.chunks(500_000) {
        let tx = store.begin().await?;
        tx.fill_terms(piece).await?;
        tx.commit().await?;
    }
    println!("词元 {} 条，{:.0} 秒", terms.len(), began.elapsed().as_secs_f64());
    println!("关系库 {:.0} MiB", store.bytes().await? as f64 / f64::from(1 << 20));
    Ok(())
}

fn subject(world: &World<'_>, dice: &mut Dice, nodes: &mut Vec<String>, number: u64) -> Entry {
    // Many in few places, as in life: the product of two numbers by chance leans towards zero.
    let at = dice.below(world.counties.len()) * dice.below(1_000) / 1_000;
    let Some(county) = world.counties.get(at) else { return Entry::default() };
    let category = dice.pick(&world.packs.categories);
    let (node_type, stage) = dice.pick(&world.types).cloned().unwrap_or_default();
    let merchant = dice.below(10) < 3 && !nodes.is_empty();
    let state = match dice.below(100) {
        0..=1 => "draft",
        2..=4 => "submitted",
        5 => "returned",
        6 => "changing",
        7 => "suspended",
        8..=9 => "revoked",
        _ => "filed",
    };
    let code = format!("{}{:012}", county.code, number);
    if !merchant && nodes.len() < 50_000 {
        nodes.push(code.clone());
    }
    let at = world.began.plus_millis((i64::try_from(number).unwrap_or(0) - 1_000_000) * 90_000);
    let children = category.map(|category| category.children.as_slice()).unwrap_or_default();
    let variety = dice.pick(children).map(|child| child.code.clone()).unwrap_or_default();
    let shift = |dice: &mut Dice| dice.below(2_000) as f64 / 10_000.0 - 0.1;
    let place = county.point.filter(|_| dice.below(10) < 9).map(|(lon, lat)| (lon + shift(dice), lat + shift(dice)));
    Entry {
        object: ObjectId::mint(at, &Bytes(number)),
        kind: kind::SUBJECT.to_owned(),
        name: format!("{}{}{}{}", county.short, dice.word(&WORDS), dice.word(&TRADES), dice.word(&FORMS)),
        code,
        category: category.map(|category| category.code.clone()).unwrap_or_default(),
        stage: stage.clone(),
        division: county.code.clone(),
        r#type: node_type,
        class: if merchant { "merchant" } else { "subject" }.to_owned(),
        org_form: dice.pick(&world.forms).cloned().unwrap_or_default(),
        merchant_type: if merchant { dice.pick(&world.merchants).cloned().unwrap_or_default() } else { String::new() },
        parent: if merchant { dice.pick(nodes).cloned().unwrap_or_default() } else { String::new() },
        state: state.to_owned(),
        origin_node: format!("{}00", county.code.get(..4).unwrap_or_default()),
        term: 1,
        version: 1,
        place,
        doc: format!("{{\"note\":\"{}\"}}", ".".repeat(900)),
        filed_at: (state != "draft" && state != "submitted").then(|| at.plus_millis(86_400_000)),
        updated_at: at,
        created_at: at,
        facets: vec![("stage".to_owned(), stage), ("variety".to_owned(), variety)],
        ..Entry::default()
    }
}

/// One kind of question with what it is narrowed to.
struct Question {
    name: &'static str,
    filter: EntryFilter,
    order: Order,
}

fn question(name: &'static str, change: impl FnOnce(&mut EntryFilter)) -> Question {
    let mut filter = EntryFilter { kind: kind::SUBJECT.to_owned(), ..EntryFilter::default() };
    change(&mut filter);
    Question { name, filter, order: Order::Newest }
}

fn searched(name: &'static str, text: &str) -> Question {
    question(name, |filter| filter.words = words(kind::SUBJECT, text, Field::NameOrCode))
}

fn one(column: Column, value: &str) -> (Column, Vec<String>) {
    (column, vec![value.to_owned()])
}

fn questions(world: &World<'_>, county: &Division) -> Vec<Question> {
    let category = world.packs.categories.first().map(|category| category.code.clone()).unwrap_or_default();
    let child = world.packs.categories.first().and_then(|category| category.children.first());
    let variety = child.map(|child| child.code.clone()).unwrap_or_default();
    let facet = |name: &str, value: &str| (name.to_owned(), vec![value.to_owned()]);
    let day = |days: i64| Some(world.began.plus_millis(-days * 86_400_000).millis());
    let mut all = vec![
        question("全部", |_| ()),
        question("状态", |f| f.equal = vec![one(Column::State, "submitted")]),
        question("多个状态", |f| f.equal = vec![(Column::State, vec!["filed".into(), "changing".into()])]),
        question("类别", |f| f.equal = vec![one(Column::Category, &category)]),
        question("节点类型", |f| f.equal = vec![one(Column::Type, "wholesale_market")]),
        question("组织形式", |f| f.equal = vec![one(Column::OrgForm, "cooperative")]),
        question("商户", |f| f.equal = vec![one(Column::Class, "merchant")]),
        question("商户类型", |f| {
            f.equal = world.merchants.first().map(|code| one(Column::MerchantType, code)).into_iter().collect();
        }),
        question("环节", |f| f.facets = vec![facet("stage", "market")]),
        question("品种", |f| f.facets = vec![facet("variety", &variety)]),
        question("登记节点", |f| {
            f.equal = vec![one(Column::Origin, &format!("{}00", county.code.get(..4).unwrap_or_default()))];
        }),
        question("登记时间", |f| f.registered = (day(30), day(20))),
        question("备案时间", |f| f.filed = (day(400), day(390))),
        question("编码开头", |f| f.code = Some(county.code.clone())),
        question("编码冲突", |f| f.conflict = Some(true)),
        searched("名称：常见词", "公司"),
        searched("名称：地名", &county.short),
        searched("名称：短语", "绿源蔬菜有限公司"),
        searched("名称：两个词", "合作社 水产"),
        searched("名称：一个字", "厂"),
        searched("名称：没有", "不存在的名称"),
        searched("拼音首字母", "lysc"),
        searched("拼音全拼", "lvyuanshucai"),
        searched("编码片段", "000123456"),
        question("组合：类别+类型+状态", |f| {
            f.equal = vec![one(Column::Category, &category), one(Column::Type, "farm"), one(Column::State, "filed")];
        }),
        question("组合：少见的四项", |f| {
            f.equal =
                vec![one(Column::Type, "mine"), one(Column::OrgForm, "institution"), one(Column::State, "returned")];
            f.facets = vec![facet("stage", "market")];
        }),
        question("组合：名称+环节+状态", |f| {
            f.words = words(kind::SUBJECT, "水产", Field::NameOrCode);
            f.facets = vec![facet("stage", "retail")];
            f.equal = vec![one(Column::State, "filed")];
        }),
        question("组合：品种+登记时间", |f| {
            f.facets = vec![facet("variety", &variety)];
            f.registered = (day(365), None);
        }),
        question("框内", |f| {
            let (lon, lat) = county.point.unwrap_or((116.4, 39.9));
            f.cells = Some(cell::ranges(lon - 0.2, lat - 0.2, lon + 0.2, lat + 0.2));
        }),
    ];
    for (name, order) in [("按名称", Order::Name), ("按编码", Order::Code), ("按备案时间", Order::Filed)] {
        all.push(Question { order, ..question(name, |_| ()) });
        let states = one(Column::State, "filed");
        all.push(Question {
            order,
            ..question("排序+类别+状态", |f| f.equal = vec![one(Column::Category, &category), states])
        });
        all.push(Question { order, ..searched("排序+名称", "蔬菜") });
    }
    all
}

fn scopes(world: &World<'_>, county: &Division) -> Vec<(&'static str, Scope)> {
    let of = |code: &str| Scope::of_divisions(world.divisions.subtree(code));
    let category = world.packs.categories.first().map(|category| category.code.clone());
    vec![
        ("全国", Scope::everything()),
        ("省", of(&format!("{}0000", county.code.get(..2).unwrap_or_default()))),
        ("市", of(&format!("{}00", county.code.get(..4).unwrap_or_default()))),
        ("县", of(&county.code)),
        ("一个类别", Scope { categories: Some(category.into_iter().collect()), ..Scope::everything() }),
    ]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn at_95(times: &[Duration]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get((sorted.len() * 95 / 100).min(sorted.len().saturating_sub(1))).copied().map_or(0.0, millis)
}

fn word(held: bool) -> &'static str {
    if held { "达到" } else { "未达到" }
}

async fn pages(store: &Store, world: &World<'_>) -> Result<()> {
    let mut dice = Dice(7);
    let mut all = Vec::new();
    let mut worst: Vec<(Duration, String)> = Vec::new();
    let mut by_question: std::collections::BTreeMap<&'static str, Vec<Duration>> = std::collections::BTreeMap::new();
    for _ in 0..3 {
        let Some(county) = world.counties.get(dice.below(world.counties.len() / 2)) else { continue };
        for (place, scope) in scopes(world, county) {
            for asked in questions(world, county) {
                let began = Instant::now();
                let page = store.entries(&scope, &asked.filter, asked.order, None, PAGE).await?;
                let time = began.elapsed();
                let (found, exact) = (page.count.value, if page.count.exact { "" } else { "+" });
                worst.push((time, format!("{place} {} {:?}：{found}{exact} 条", asked.name, asked.order)));
                by_question.entry(asked.name).or_default().push(time);
                all.push(time);
            }
        }
    }
    for (name, times) in by_question {
        percentiles(name, times);
    }
    worst.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    for (time, text) in worst.iter().take(15) {
        println!("最慢：{:.1} ms {text}", millis(*time));
    }
    let p95 = at_95(&all);
    percentiles("首页", all);
    println!("首页 p95 {p95:.1} ms，要求低于 {LIMIT} ms：{}", word(p95 < LIMIT));
    Ok(())
}

async fn maps(store: &Store, world: &World<'_>) -> Result<()> {
    let mut dice = Dice(11);
    let mut all = Vec::new();
    for (name, zoom, half) in [("全国", 4, 25.0), ("省", 7, 3.0), ("市", 10, 0.5), ("街区", 14, 0.03)] {
        let mut times = Vec::new();
        for _ in 0..10 {
            let county = world.counties.get(dice.below(world.counties.len() / 2));
            let (lon, lat) = county.and_then(|county| county.point).unwrap_or((116.4, 39.9));
            let cells = cell::ranges_of_clusters(lon - half, lat - half, lon + half, lat + half, zoom);
            let filter = EntryFilter {
                kind: kind::SUBJECT.to_owned(),
                equal: vec![(Column::State, ["filed", "changing", "suspended"].map(str::to_owned).to_vec())],
                cells: (zoom > 6).then_some(cells),
                ..EntryFilter::default()
            };
            let began = Instant::now();
            if zoom > 6 {
                store.cells(&Scope::everything(), &filter, cell::divisor(zoom)).await?;
            } else {
                // A view of the country is made of counties, see `service::map`.
                store.divisions_placed(&Scope::everything(), &filter).await?;
            }
            times.push(began.elapsed());
        }
        all.extend(times.iter().copied());
        percentiles(&format!("地图聚合：{name}"), times);
    }
    let p95 = at_95(&all);
    println!("地图 p95 {p95:.1} ms，要求低于 {MAP_LIMIT} ms：{}", word(p95 < MAP_LIMIT));
    Ok(())
}
