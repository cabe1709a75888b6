//! The catalogue of products (产品目录): its tree with who added what, local levels, retiring with a look at what uses a
//! level, and which categories the region takes in.
//!
//! What is decided here becomes this node's own edition of the pack `catalogue.toml`, published like any edition and so in
//! force on every node below. Rows: G-6.3.1, H-6.1, N-CAT.

use std::collections::BTreeMap;

use suyuan_domain::division::{NATION, Tier};
use suyuan_domain::fault::Fault;
use suyuan_domain::pack::catalogue::{DEEPEST, Level, Outside, Own, Retired, Variety};
use suyuan_domain::pack::difference::rows;
use suyuan_domain::pack::{Category, PackFile, Packs};
use suyuan_domain::period::Day;
use suyuan_domain::record::kind;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_warehouse::query::EventFilter;

use crate::pack::publish::{PublishIn, publish};
use crate::{Node, Result, ServiceError, projector};

pub use suyuan_store::catalogue::{Example, Uses};

/// The pack that is written here.
const PACK: &str = "catalogue.toml";
/// The packs that hold levels.
const PACKS: [&str; 2] = ["categories.toml", PACK];

/// A level of the catalogue with everything beneath it.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// 2 for second levels.
    pub level: u32,
    /// Node that added it; the nation's code for what is shipped.
    pub origin: String,
    /// First day on which it may be chosen.
    pub valid_from: Option<Day>,
    /// Last day on which it may be chosen.
    pub valid_to: Option<Day>,
    /// Level that takes its place.
    pub successor: Option<String>,
    /// Whether it may not be chosen today.
    pub retired: bool,
    /// Levels beneath it.
    pub children: Vec<Branch>,
}

/// A category with its levels.
#[derive(Clone, Debug)]
pub struct CategoryTree {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Whether the region takes it in.
    pub taken_in: bool,
    /// Whether this node has decided so and may decide otherwise.
    pub may_switch: bool,
    /// Its levels.
    pub children: Vec<Branch>,
}

/// The whole catalogue.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Versions of the packs that it is made of.
    pub versions: Vec<(String, String, Day)>,
    /// The categories.
    pub categories: Vec<CategoryTree>,
}

/// What uses a level or a category (使用情况).
#[derive(Clone, Debug, Default)]
pub struct InUse {
    /// Products.
    pub products: u64,
    /// Subjects and merchants.
    pub subjects: u64,
    /// Connected systems; of categories only.
    pub systems: u64,
    /// Trace events that count: of a level those of its products, or that name the level itself.
    pub events: u64,
    /// Whether that is all of them, and not the most that are counted.
    pub events_exact: bool,
    /// Position of the journal up to which events were counted.
    pub position: u64,
    /// Some of all these.
    pub examples: Vec<Example>,
}

/// Most products of a level whose events are counted.
const MOST_PRODUCTS: usize = 2_000;

/// Who added which level: (category, code) to the node; what is not here is the nation's.
async fn origins(node: &Node) -> Result<BTreeMap<String, String>> {
    let mut newest: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in node.store.pack_editions().await? {
        if PACKS.contains(&row.head.name.as_str()) {
            newest.insert((row.head.node, row.head.name), row.id);
        }
    }
    let mut origins = BTreeMap::new();
    for ((from, name), id) in newest {
        let tier = node.divisions.get(&from).map_or(Tier::County, |division| division.tier);
        let text = node.store.pack_text(id).await?.unwrap_or_default();
        if tier == Tier::Nation {
            continue;
        }
        let Ok(file) = PackFile::read(&name, &text) else { continue };
        let own = rows(&file).into_iter().filter(|row| matches!(row.table, "child" | "variety"));
        origins.extend(own.map(|row| (row.key, from.clone())));
    }
    Ok(origins)
}

fn branches(
    packs: &Packs,
    category: &Category,
    above: &str,
    origins: &BTreeMap<String, String>,
    today: Day,
) -> Vec<Branch> {
    let branch = |level: Level<'_>| {
        let retired = packs.retired(&category.code, level.code);
        let key = format!("{}/{}", category.code, level.code);
        Branch {
            code: level.code.to_owned(),
            name: level.name.to_owned(),
            level: packs.depth(&category.code, level.code).unwrap_or(2),
            origin: origins.get(&key).cloned().unwrap_or_else(|| NATION.to_owned()),
            valid_from: level.valid_from,
            valid_to: retired.map(|row| row.valid_to),
            successor: retired.map(|row| row.successor.clone()).filter(|code| !code.is_empty()),
            retired: !packs.is_current(&category.code, level.code, today),
            children: branches(packs, category, level.code, origins, today),
        }
    };
    packs.levels(category).filter(|level| level.parent == above).map(branch).collect()
}

/// The whole catalogue as it stands on this node.
///
/// # Errors
/// Without permission, or when the store is out of reach.
pub async fn tree(node: &Node, cx: &OpContext) -> Result<Catalogue> {
    may_read(cx)?;
    let origins = origins(node).await?;
    let packs = node.packs();
    let today = Day::of(cx.now);
    let own = own(node).await?.0;
    let may = cx.may(Action::Publish, Kind::Category);
    let category = |category: &Category| {
        let taken_in = packs.takes_in(&category.code);
        let here = own.outside.iter().any(|row| row.category == category.code);
        CategoryTree {
            code: category.code.clone(),
            name: category.name.clone(),
            taken_in,
            may_switch: may && node.config.tier != Tier::Nation && (taken_in || here),
            children: branches(&packs, category, "", &origins, today),
        }
    };
    let versions = packs.versions.iter().filter(|pack| PACKS.contains(&pack.name.as_str()));
    Ok(Catalogue {
        versions: versions.map(|pack| (pack.name.clone(), pack.version.clone(), pack.valid_from)).collect(),
        categories: packs.categories.iter().map(category).collect(),
    })
}

fn may_read(cx: &OpContext) -> Result<()> {
    // The catalogue stands in every form; whoever reads the dictionaries reads it.
    if !cx.may(Action::Read, Kind::Category) {
        cx.authorize(Action::Read, Kind::Reference)?;
    }
    Ok(())
}

fn known<'a>(packs: &'a Packs, category: &str) -> Result<&'a Category> {
    packs.category(category).ok_or(ServiceError::NotFound("该产品类别"))
}

/// The codes of a level and everything beneath it.
fn beneath(packs: &Packs, category: &Category, code: &str) -> Vec<String> {
    let mut codes = vec![code.to_owned()];
    // A level stands behind the one above it, so that one look suffices.
    for level in packs.levels(category) {
        if codes.iter().any(|above| above == level.parent) {
            codes.push(level.code.to_owned());
        }
    }
    codes
}

/// What uses a level with everything beneath it, or a whole category where no level is named, within the actor's scope.
///
/// # Errors
/// Without permission, or for an unknown category or level.
pub async fn in_use(node: &Node, cx: &OpContext, category: &str, code: Option<&str>) -> Result<InUse> {
    may_read(cx)?;
    let packs = node.packs();
    let found = known(&packs, category)?;
    let levels = match code.filter(|code| !code.is_empty()) {
        Some(code) => {
            packs.level(category, code).ok_or(ServiceError::NotFound("该目录条目"))?;
            Some(beneath(&packs, found, code))
        }
        None => None,
    };
    let mut used = InUse::default();
    for register in [kind::PRODUCT, kind::SUBJECT, kind::ACCESS] {
        if register == kind::ACCESS && levels.is_some() {
            continue;
        }
        let Uses { count, examples } =
            node.store.catalogue_uses(&cx.scope, register, category, levels.as_deref()).await?;
        match register {
            kind::PRODUCT => used.products = count,
            kind::SUBJECT => used.subjects = count,
            _ => used.systems = count,
        }
        used.examples.extend(examples);
    }
    let mut filter = EventFilter { categories: vec![category.to_owned()], ..EventFilter::default() };
    let mut all = true;
    if let Some(levels) = &levels {
        let limit = MOST_PRODUCTS as u64 + 1;
        filter.products = node.store.catalogue_products(&cx.scope, category, levels, limit).await?;
        all = filter.products.len() <= MOST_PRODUCTS;
        filter.products.truncate(MOST_PRODUCTS);
        filter.products.extend(levels.iter().cloned());
    }
    used.position = node.store.cursor(projector::READER).await?;
    let events = node.warehouse.count_events(&cx.scope, &filter).await?;
    (used.events, used.events_exact) = (events.value, all && !events.more);
    Ok(used)
}

/// This node's own edition: its rows, and its number for the next one.
async fn own(node: &Node) -> Result<(Own, u64)> {
    let kept = node.store.pack_editions().await?;
    let newest = kept.iter().rfind(|row| row.head.node == node.code() && row.head.name == PACK);
    let Some(row) = newest else { return Ok((Own::default(), 0)) };
    let text = node.store.pack_text(row.id).await?.unwrap_or_default();
    let file = PackFile::read(PACK, &text).map_err(|error| ServiceError::Internal(error.to_string()))?;
    Ok((Own::of(&file), row.head.number))
}

async fn write(node: &Node, cx: &OpContext, own: &Own, base: u64, note: &str) -> Result<String> {
    let today = Day::of(cx.now);
    let version = format!("{today}.{}", base + 1);
    let text = own.text(&version, today);
    let input = PublishIn { text, note: note.chars().take(500).collect(), base };
    publish(node, cx, PACK, &input).await?;
    Ok(version)
}

fn local_only(node: &Node) -> Result<()> {
    if node.config.tier != Tier::Nation {
        return Ok(());
    }
    let advice = "国家节点请在“数据包”中发布产品目录的完整版本";
    Err(ServiceError::Conflict(Fault::new("CAT-0201", "", "国家总体分类不在此处增补", advice)))
}

/// A level that a region adds.
#[derive(Clone, Debug)]
pub struct NewLevel {
    /// Category.
    pub category: String,
    /// Level above.
    pub parent: String,
    /// Code; begins with the code of the node, so that it meets no other node's.
    pub code: String,
    /// Name.
    pub name: String,
    /// First day; today where it is left out.
    pub valid_from: Option<Day>,
}

/// Adds a local level beneath a level of the catalogue, and gives the new version.
///
/// # Errors
/// Without permission, at the nation, or for a level with faults.
pub async fn add(node: &Node, cx: &OpContext, mut new: NewLevel) -> Result<String> {
    cx.authorize(Action::Publish, Kind::Category)?;
    local_only(node)?;
    for text in [&mut new.code, &mut new.name, &mut new.parent] {
        *text = text.trim().to_owned();
    }
    let packs = node.packs();
    let faults = level_faults(node, &packs, &new, Day::of(cx.now));
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let (mut own, base) = own(node).await?;
    let note = format!("增补目录条目 {}（{}）", new.name, new.code);
    own.varieties.push(Variety {
        category: new.category,
        parent: new.parent,
        code: new.code,
        name: new.name,
        valid_from: new.valid_from,
    });
    write(node, cx, &own, base, &note).await
}

fn level_faults(node: &Node, packs: &Packs, new: &NewLevel, today: Day) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |code: &str, field: &str, reason: String, advice: String| {
        faults.push(Fault::new(code, field, reason, advice));
    };
    if packs.category(&new.category).is_none() {
        fault("CAT-0101", "category", format!("没有产品类别 {}", new.category), "请从产品目录中选择".into());
    } else if !packs.is_current(&new.category, &new.parent, today) {
        let reason = format!("上级条目 {} 不存在或已停用", new.parent);
        fault("CAT-0102", "parent", reason, "请选择在用的目录条目".into());
    } else if packs.depth(&new.category, &new.parent).is_some_and(|depth| depth >= DEEPEST) {
        fault("CAT-0103", "parent", format!("目录最多 {DEEPEST} 级"), "请选择更高一级的条目".into());
    }
    let start = format!("{}_", node.code());
    let tail = new.code.strip_prefix(&start).unwrap_or_default();
    let plain = !tail.is_empty() && tail.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain || new.code.len() > 60 {
        let reason = format!("本地条目编码应以 {start} 开头");
        fault("CAT-0104", "code", reason, format!("请填写如 {start}apple 的编码，仅用字母、数字和下划线"));
    } else if packs.level(&new.category, &new.code).is_some() {
        fault("CAT-0105", "code", format!("编码 {} 已在目录中", new.code), "请更换编码".into());
    }
    let length = new.name.chars().count();
    if !(1..=50).contains(&length) || new.name.chars().any(char::is_control) {
        fault("CAT-0106", "name", "名称应为 1 至 50 字".into(), "请填写条目名称".into());
    }
    if new.valid_from.is_some_and(|day| day < today) {
        fault("CAT-0107", "valid_from", "启用日期不能早于今天".into(), "请填写今天或以后的日期".into());
    }
    faults
}

/// How a local level is retired.
#[derive(Clone, Debug)]
pub struct Retirement {
    /// Category.
    pub category: String,
    /// Level.
    pub code: String,
    /// Last day on which it may be chosen.
    pub valid_to: Day,
    /// Level that takes its place; needed while something uses it.
    pub successor: String,
    /// Why.
    pub reason: String,
}

/// Retires a level that this node has added, and gives the new version.
///
/// # Errors
/// Without permission or reason; for a level of another node; without a successor while something uses it.
pub async fn retire(node: &Node, cx: &OpContext, retirement: Retirement) -> Result<String> {
    cx.authorize(Action::Publish, Kind::Category)?;
    local_only(node)?;
    let Retirement { category, code, valid_to, successor, reason } = retirement;
    let reason = reason.trim().to_owned();
    let (mut own, base) = own(node).await?;
    let invalid =
        |code: &str, field: &str, reason: &str, advice: &str| Err(ServiceError::invalid(code, field, reason, advice));
    if !own.varieties.iter().any(|row| row.category == category && row.code == code) {
        let fault = Fault::new("CAT-0202", "code", "该条目不是本级增补的", "上级的条目由上级停用，下级的由下级停用");
        return Err(ServiceError::Conflict(fault));
    }
    if reason.is_empty() || reason.chars().count() > 200 {
        return invalid("CAT-0108", "reason", "停用需要说明原因", "请填写 200 字以内的原因");
    }
    if valid_to < Day::of(cx.now) {
        return invalid("CAT-0109", "valid_to", "停用日期不能早于今天", "请填写今天或以后的日期");
    }
    let packs = node.packs();
    if !successor.is_empty() && !packs.is_current(&category, &successor, Day::of(cx.now)) {
        return invalid("CAT-0110", "successor", "接替条目不存在或已停用", "请选择在用的目录条目");
    }
    let used = in_use(node, cx, &category, Some(&code)).await?;
    if successor.is_empty() && used.products + used.subjects > 0 {
        let reason = format!("仍有 {} 个产品、{} 个主体使用该条目", used.products, used.subjects);
        return invalid("CAT-0111", "successor", &reason, "请指定接替条目，已登记的保持可查");
    }
    let note = format!("停用目录条目 {code}：{reason}");
    own.retirements.retain(|row| (&row.category, &row.code) != (&category, &code));
    own.retirements.push(Retired { category, code, valid_to, successor, reason });
    write(node, cx, &own, base, &note).await
}

/// Takes a category in or out for this region, and gives the new version.
///
/// # Errors
/// Without permission or reason, at the nation, or where the tier above has decided.
pub async fn switch(node: &Node, cx: &OpContext, category: &str, taken_in: bool, reason: &str) -> Result<String> {
    cx.authorize(Action::Publish, Kind::Category)?;
    local_only(node)?;
    let packs = node.packs();
    let name = known(&packs, category)?.name.clone();
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 {
        return Err(ServiceError::invalid("CAT-0112", "reason", "需要说明原因", "请填写 200 字以内的原因"));
    }
    let (mut own, base) = own(node).await?;
    let here = own.outside.iter().any(|row| row.category == category);
    if packs.takes_in(category) == taken_in {
        let word = if taken_in { "已纳入" } else { "未纳入" };
        let fault = Fault::new("CAT-0203", "taken_in", format!("“{name}”在本地区{word}"), "请刷新后查看");
        return Err(ServiceError::Conflict(fault));
    }
    if taken_in && !here {
        let fault = Fault::new("CAT-0204", "taken_in", format!("上级未纳入“{name}”"), "请向上级平台提出建议");
        return Err(ServiceError::Conflict(fault));
    }
    if taken_in {
        own.outside.retain(|row| row.category != category);
    } else {
        own.outside.push(Outside { category: category.to_owned(), reason: reason.to_owned() });
    }
    let word = if taken_in { "纳入" } else { "不纳入" };
    write(node, cx, &own, base, &format!("{word}“{name}”：{reason}")).await
}

/// What taking a category in or out would change (影响).
#[derive(Clone, Debug)]
pub struct Effects {
    /// What is registered of it now.
    pub used: InUse,
    /// Rules that are about this category alone.
    pub rules: Vec<String>,
    /// What it means, in Chinese.
    pub text: Vec<String>,
}

/// What switching a category would change, before it is done.
///
/// # Errors
/// Without permission, or for an unknown category.
pub async fn effects(node: &Node, cx: &OpContext, category: &str, taken_in: bool) -> Result<Effects> {
    let used = in_use(node, cx, category, None).await?;
    let packs = node.packs();
    let name = &known(&packs, category)?.name;
    let alone = packs.rules.iter().filter(|rule| rule.categories.len() == 1 && rule.categories[0] == category);
    let rules = alone.map(|rule| rule.name.clone()).collect();
    let text = if taken_in {
        vec![
            format!("登记主体、产品和接入系统时可以选择“{name}”。"),
            format!("“{name}”的 {} 个接入系统从切换后计入运行监测评价。", used.systems),
        ]
    } else {
        vec![
            format!("新登记的主体、产品、接入系统和接入申请不能再选择“{name}”。"),
            format!("已登记的 {} 个主体、{} 个产品保持可查、可变更，照常接收数据。", used.subjects, used.products),
            format!("“{name}”的 {} 个接入系统不再计入运行监测评价。", used.systems),
            "下级平台同样生效。".to_owned(),
        ]
    };
    Ok(Effects { used, rules, text })
}
