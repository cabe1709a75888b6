//! Editions of packs (数据包版本): which of them are in force together, and what a tier may say beneath the tiers above.
//!
//! The nation's newest edition replaces the shipped pack of the same name; a tier below only adds rows, in tables that the
//! pack above opens (`local`), and never changes, removes or repeats a row from above. What cannot stand beside the tiers
//! above is left out with its reason; the rest stays in force. Storing and sending belong to the other crates.
//! Rows: N-TIER, N-CAT, G-6.4.2a.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::{Row, by_key, difference, rows, table_label};
use super::{PackFile, Packs, SHIPPED, Subject};
use crate::division::Tier;
use crate::fault::Fault;
use crate::period::Day;

/// Largest text of an edition, in bytes.
pub const MAX_TEXT: usize = 512 * 1024;

/// Longest name of a version, in characters.
const MAX_VERSION: usize = 40;

/// A shipped pack that was read.
#[derive(Clone, Debug)]
pub struct Shipped {
    /// Name.
    pub name: &'static str,
    /// Text.
    pub text: &'static str,
    /// What it says.
    pub file: PackFile,
}

/// The shipped packs, in the order in which they build on each other.
///
/// Empty for a damaged build, which a test and the start of a node notice.
#[must_use]
pub fn shipped() -> Vec<Shipped> {
    let read = |(name, text): (&'static str, &'static str)| {
        Some(Shipped { name, text, file: PackFile::read(name, text).ok()? })
    };
    SHIPPED.into_iter().filter_map(read).collect()
}

/// The shipped pack of this name.
#[must_use]
pub fn shipped_pack(name: &str) -> Option<Shipped> {
    let (name, text) = SHIPPED.into_iter().find(|(pack, _)| *pack == name)?;
    Some(Shipped { name, text, file: PackFile::read(name, text).ok()? })
}

/// An edition of a pack that was read (数据包版本).
#[derive(Clone, Debug, PartialEq)]
pub struct Edition {
    /// Name of the pack.
    pub name: String,
    /// Tier of the node that published it.
    pub tier: Tier,
    /// What it says.
    pub file: PackFile,
}

impl Edition {
    /// Reads an edition; says nothing yet about how it stands beside others.
    ///
    /// # Errors
    /// A fault `PCK-01xx` when no such pack travels or the text is not one of it.
    pub fn read(name: &str, tier: Tier, text: &str) -> Result<Self, Fault> {
        let Some(shipped) = shipped_pack(name) else {
            return Err(fault("0101", "name", format!("没有名为 {name} 的数据包"), "请从数据包列表中选择"));
        };
        if !shipped.file.travels {
            let reason = format!("数据包“{}”由各节点自行管理，不能下发", shipped.file.title);
            return Err(fault("0102", "name", reason, "请在本节点的相应功能中设置"));
        }
        if text.len() > MAX_TEXT {
            let reason = format!("数据包有 {} 字节，超过上限 {MAX_TEXT} 字节", text.len());
            return Err(fault("0103", "text", reason, "请精简数据包内容"));
        }
        let file = PackFile::read(name, text).map_err(|error| fault("0104", "text", error.to_string(), CHECK_TEXT))?;
        let version = file.version.chars().count();
        if version == 0 || version > MAX_VERSION || file.version.chars().any(char::is_control) {
            let reason = format!("版本号应为 1 至 {MAX_VERSION} 个字符");
            return Err(fault("0105", "version", reason, "请填写版本号，如 2027.1"));
        }
        if tier == Tier::Nation && tables(&file).next().is_none() {
            return Err(fault("0109", "text", "数据包没有任何数据行", "请提供完整的数据包"));
        }
        let home: BTreeSet<&str> = tables(&shipped.file).collect();
        let open = |table: &str| shipped.file.local.iter().any(|opened| opened == table);
        if let Some(table) = tables(&file).find(|table| !home.contains(table) && !open(table)) {
            let reason = format!("数据包“{}”不含{}（{table}）", shipped.file.title, table_label(table));
            return Err(fault("0106", "text", reason, "请把这些行放入相应的数据包"));
        }
        Ok(Self { name: name.to_owned(), tier, file })
    }

    /// What the pack is about, as the program knows it.
    #[must_use]
    pub fn about(&self) -> Subject {
        shipped_pack(&self.name).map_or_else(Subject::default, |pack| pack.file.about)
    }
}

const CHECK_TEXT: &str = "请按提示的位置修改后重试";

fn fault(number: &str, field: &str, reason: impl Into<String>, advice: &str) -> Fault {
    Fault::new(format!("PCK-{number}"), field, reason, advice)
}

/// Tables that hold rows; the parts of a category are its own.
fn tables(file: &PackFile) -> impl Iterator<Item = &'static str> {
    let tables: BTreeSet<&'static str> = rows(file).into_iter().map(|row| row.table).collect();
    tables.into_iter()
}

/// A version names one content: what a new edition gives the name of something else.
///
/// `before` are the editions that the same node has published, with the shipped pack.
#[must_use]
pub fn renamed(new: &PackFile, before: &[&PackFile]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let other = |old: &&&PackFile| old.valid_from != new.valid_from || !difference(Some(old), new).is_empty();
    if before.iter().filter(|old| old.version == new.version).any(|old| other(&old)) {
        let reason = format!("版本号 {} 已用于另一内容", new.version);
        faults.push(fault("0107", "version", reason, "请为新内容填写新的版本号"));
    }
    for rule in &new.rule {
        let mut known = before.iter().flat_map(|old| &old.rule);
        if known.any(|old| old.code == rule.code && old.version == rule.version && old != rule) {
            let reason = format!("规则 {} 的内容已变，版本 {} 已用于另一内容", rule.code, rule.version);
            faults.push(fault("0108", "text", reason, "请在该规则中填写更大的 version"));
        }
    }
    faults
}

/// The packs that are in force together on a day.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// Everything that they say.
    pub packs: Packs,
    /// Places in the list of editions of those that are part of it.
    pub used: BTreeSet<usize>,
    /// Places of those that cannot stand beside the tiers above, with the reason.
    pub left_out: BTreeMap<usize, Fault>,
}

/// Publisher's tier, pack and first day of an edition: what decides which editions count.
pub type Head<'a> = (Tier, &'a str, Day);

/// For each tier and pack, the places of its editions that count, by first day: a newer edition takes the place of every
/// older one that begins on its own first day or later.
fn lines<'a>(heads: impl IntoIterator<Item = Head<'a>>) -> BTreeMap<(Tier, &'a str), Vec<usize>> {
    let mut lines: BTreeMap<(Tier, &str), Vec<(Day, usize)>> = BTreeMap::new();
    for (place, (tier, name, day)) in heads.into_iter().enumerate() {
        let line = lines.entry((tier, name)).or_default();
        line.retain(|(earlier, _)| *earlier < day);
        line.push((day, place));
    }
    lines.into_iter().map(|(key, line)| (key, line.into_iter().map(|(_, place)| place).collect())).collect()
}

/// Places of the editions that count today or later, of all that were published, oldest first.
pub fn counting<'a>(heads: impl IntoIterator<Item = Head<'a>>) -> BTreeSet<usize> {
    lines(heads).into_values().flatten().collect()
}

fn heads(editions: &[Edition]) -> impl Iterator<Item = Head<'_>> {
    editions.iter().map(|edition| (edition.tier, edition.name.as_str(), edition.file.valid_from))
}

/// Days after `today` on which other editions come into force.
#[must_use]
pub fn turns(editions: &[Edition], today: Day) -> BTreeSet<Day> {
    let days = lines(heads(editions)).into_values().flatten().map(|place| editions[place].file.valid_from);
    days.filter(|day| *day > today).collect()
}

/// What is in force on `day` of editions given in the order in which they were published.
///
/// # Errors
/// Never for an unchanged build; a test reads the shipped packs.
pub fn in_force(editions: &[Edition], day: Day) -> Result<InForce, super::PackError> {
    let shipped = shipped();
    let mut stack = Stack {
        files: shipped.iter().map(|pack| Layer { name: pack.name, tier: None, file: &pack.file }).collect(),
        ..Stack::default()
    };
    stack.packs = stack.assembled()?;
    let mut waiting: BTreeMap<Tier, Vec<usize>> = BTreeMap::new();
    for ((tier, _), line) in lines(heads(editions)) {
        let begun = line.iter().rposition(|place| editions[*place].file.valid_from <= day);
        // A formula counts for the periods of its own days, so the whole line of it is in force.
        let formula = |place: &&usize| editions[**place].file.has_formula();
        let now = begun.and_then(|at| line.get(at)).filter(|place| !formula(place));
        waiting.entry(tier).or_default().extend(line.iter().filter(formula).chain(now));
    }
    for places in waiting.into_values() {
        stack.add_tier(editions, places);
    }
    let Stack { packs, used, left_out, .. } = stack;
    Ok(InForce { packs, used, left_out })
}

#[derive(Clone)]
struct Layer<'a> {
    name: &'a str,
    tier: Option<Tier>,
    file: &'a PackFile,
}

#[derive(Default)]
struct Stack<'a> {
    files: Vec<Layer<'a>>,
    packs: Packs,
    used: BTreeSet<usize>,
    left_out: BTreeMap<usize, Fault>,
}

impl<'a> Stack<'a> {
    fn assembled(&self) -> Result<Packs, super::PackError> {
        Packs::assemble(&self.files.iter().map(|layer| (layer.name, layer.file)).collect::<Vec<_>>())
    }

    /// Adds what stands; what one edition needs from another of the same tier may come after it.
    fn add_tier(&mut self, editions: &'a [Edition], mut waiting: Vec<usize>) {
        loop {
            let count = waiting.len();
            waiting.retain(|place| match self.add(&editions[*place]) {
                Ok(()) => {
                    self.used.insert(*place);
                    self.left_out.remove(place);
                    false
                }
                Err(fault) => {
                    self.left_out.insert(*place, fault);
                    true
                }
            });
            if waiting.is_empty() || waiting.len() == count {
                return;
            }
        }
    }

    fn add(&mut self, edition: &'a Edition) -> Result<(), Fault> {
        let layer = Layer { name: &edition.name, tier: Some(edition.tier), file: &edition.file };
        let mut files = self.files.clone();
        if edition.tier == Tier::Nation {
            place_national(&mut files, layer);
        } else {
            beneath(edition, &self.files)?;
            files.push(layer);
        }
        let before = std::mem::replace(&mut self.files, files);
        match self.assembled() {
            Ok(packs) => {
                self.packs = packs;
                Ok(())
            }
            Err(error) => {
                self.files = before;
                Err(fault("0104", "text", error.to_string(), CHECK_TEXT))
            }
        }
    }
}

/// The nation's edition takes the place of the shipped pack; a formula joins those that begin before it.
fn place_national<'a>(files: &mut Vec<Layer<'a>>, new: Layer<'a>) {
    let at = files.iter().position(|layer| layer.name == new.name).unwrap_or(files.len());
    let formula = new.file.has_formula();
    let stays = |layer: &Layer<'_>| formula && layer.file.valid_from < new.file.valid_from;
    let gone = |layer: &Layer<'_>| layer.name == new.name && !(stays(layer) || formula && layer.tier.is_some());
    files.retain(|layer| !gone(layer));
    let after = files.iter().rposition(|layer| layer.name == new.name).map_or(at, |last| last + 1);
    files.insert(after, new);
}

/// Whether an edition below the nation only adds, and only where the pack above is open.
fn beneath(edition: &Edition, files: &[Layer<'_>]) -> Result<(), Fault> {
    let upper = files.iter().filter(|layer| layer.tier.is_none_or(|tier| tier < edition.tier));
    let above = by_key(upper.clone().flat_map(|layer| rows(layer.file)).collect());
    let mut highest = upper.filter(|layer| layer.name == edition.name);
    let open: &[String] = highest.next().map_or(&[], |layer| &layer.file.local);
    let own = rows(&edition.file);
    let held = |row: &&Row| above.contains_key(&(row.table, row.key.clone()));
    let named = |row: &Row| format!("{}“{}”（{}）", table_label(row.table), row.name, row.key);
    let repeated: Vec<&Row> = own.iter().filter(held).collect();
    if let Some(row) = repeated.iter().find(|row| above[&(row.table, row.key.clone())].content != row.content) {
        let reason = format!("修改了上级的{}", named(row));
        return Err(fault("0201", "text", reason, ONLY_ADD));
    }
    let kept: BTreeSet<(&str, &str)> = own.iter().map(|row| (row.table, row.key.as_str())).collect();
    let shown: BTreeSet<&str> = repeated.iter().map(|row| row.table).collect();
    let missing =
        above.values().find(|row| shown.contains(row.table) && !kept.contains(&(row.table, row.key.as_str())));
    if let Some(row) = missing {
        let reason = format!("删去了上级的{}", named(row));
        return Err(fault("0202", "text", reason, ONLY_ADD));
    }
    if let Some(row) = repeated.first() {
        return Err(fault("0203", "text", format!("重复了上级的{}", named(row)), ONLY_ADD));
    }
    let upper = |row: &&Row| ["child", "variety"].iter().any(|table| above.contains_key(&(*table, row.key.clone())));
    if let Some(row) = own.iter().find(|row| row.table == "retired" && upper(row)) {
        let reason = format!("停用了上级的目录条目 {}", row.key);
        return Err(fault("0206", "text", reason, "上级的目录条目由上级停用，本级只能停用自行增补的条目"));
    }
    if let Some(row) = own.iter().find(|row| !open.iter().any(|table| table == row.table)) {
        let reason = format!("上级未开放{}的增补，不能加入{}", table_label(row.table), named(row));
        return Err(fault("0204", "text", reason, "请向上级平台提出建议，由上级发布"));
    }
    Ok(())
}

const ONLY_ADD: &str = "上级的数据行不能修改、删除或重复，下级版本只写本地新增的行";

/// What is wrong with adding the last of `editions` to the others, on `today` and on every later turn.
///
/// An edition is refused when it cannot stand itself, or when another one of its own tier or above could not stand any
/// more. Editions of tiers below give way.
///
/// # Errors
/// Never for an unchanged build.
pub fn last_stands(editions: &[Edition], today: Day) -> Result<Option<Fault>, super::PackError> {
    let Some((new, before)) = editions.split_last() else { return Ok(None) };
    let last = before.len();
    let days: BTreeSet<Day> = turns(editions, today).into_iter().chain([today]).collect();
    for day in days {
        let with = in_force(editions, day)?;
        if let Some(fault) = with.left_out.get(&last) {
            return Ok(Some(fault.clone()));
        }
        let without = in_force(before, day)?;
        let mut lost = with.left_out.iter().filter(|(place, _)| !without.left_out.contains_key(place));
        if let Some((place, why)) = lost.find(|(place, _)| editions[**place].tier <= new.tier) {
            let other = &editions[*place];
            let reason = format!("{} 的版本 {} 将不能使用：{}", other.name, other.file.version, why.reason);
            return Ok(Some(fault("0205", "text", reason, "请先发布与之相配的版本")));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
