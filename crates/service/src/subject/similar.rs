//! Subjects that are likely the same as one about to be registered (疑似重复): same codes, same telephone, much the same name,
//! the same place. What lies outside of the actor's scope is not shown, only that its code is taken. Rows: G-6.2.1b.

use std::collections::BTreeSet;

use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_domain::search::grams;
use suyuan_domain::search::term::{Field, words};
use suyuan_gis::coordinates::distance_m;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::register::{Entry, Near};

use super::SubjectDoc;
use crate::Result;
use crate::node::Node;
use crate::register::field::tidy_code;
use crate::register::keep::phone_key;

/// Most that are shown.
const MOST: usize = 10;
/// Places this near are the same, in metres.
const NEAR: f64 = 200.0;
/// From this share of common pieces on, names are alike.
const ALIKE: f64 = 0.6;
/// What most names of firms have and what tells nothing about them.
const COMMON: [&str; 22] = [
    "农民专业合作社",
    "有限责任公司",
    "股份有限公司",
    "有限公司",
    "专业合作社",
    "合作社",
    "家庭农场",
    "分公司",
    "集团",
    "公司",
    "批发市场",
    "农贸市场",
    "菜市场",
    "市场",
    "超市",
    "商店",
    "经营部",
    "农产品",
    "食品",
    "个体工商户",
    "省",
    "市",
];

/// What is about to be registered.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// Class.
    pub class: String,
    /// Name.
    pub name: String,
    /// Code.
    pub code: String,
    /// Unified social credit code.
    pub uscc: String,
    /// Telephone.
    pub phone: String,
    /// Division.
    pub division: String,
    /// Longitude and latitude, WGS 84.
    pub place: Option<(f64, f64)>,
    /// The entry itself, where it is registered already.
    pub id: Option<ObjectId>,
}

/// Why an entry is likely the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Likeness {
    /// `code`, `uscc`, `phone`, `name` or `place`.
    pub kind: &'static str,
    /// In Chinese.
    pub text: String,
    score: f64,
}

/// An entry that is likely the same.
#[derive(Clone, Debug)]
pub struct Alike {
    /// The entry.
    pub entry: Entry,
    /// Its document, masked.
    pub doc: SubjectDoc,
    /// How likely, 0 to 100.
    pub score: u32,
    /// Why.
    pub reasons: Vec<Likeness>,
}

/// Entries that are likely the same.
#[derive(Clone, Debug, Default)]
pub struct Similar {
    /// Those in the actor's scope, most likely first.
    pub items: Vec<Alike>,
    /// Whether one outside of it has the same code.
    pub outside: bool,
}

/// Looks for entries that are likely the same as `sought`.
///
/// # Errors
/// When the actor may not read subjects, or the database is out of reach.
pub async fn similar(node: &Node, cx: &OpContext, mut sought: Sought) -> Result<Similar> {
    cx.authorize(Action::Read, Kind::Subject)?;
    tidy_code(&mut sought.code);
    tidy_code(&mut sought.uscc);
    let phone = phone_key(node, &sought.phone);
    let entries = candidates(node, &sought, phone.as_deref()).await?;
    let same_phone: BTreeSet<ObjectId> = match &phone {
        Some(key) => node.store.system_objects_of_facet(kind::SUBJECT, "phone", key).await?.into_iter().collect(),
        None => BTreeSet::new(),
    };
    let mut found = Similar::default();
    for entry in entries.into_iter().filter(|entry| Some(entry.object) != sought.id) {
        let doc: SubjectDoc = serde_json::from_str(&entry.doc)?;
        let reasons = reasons(&sought, &entry, &doc, same_phone.contains(&entry.object));
        if reasons.is_empty() {
            continue;
        }
        if entry.is_in(&cx.scope) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
            let score = reasons.iter().map(|reason| reason.score).sum::<f64>().clamp(0.0, 100.0) as u32;
            found.items.push(Alike { doc: crate::register::Document::masked(&doc), entry, score, reasons });
        } else if reasons.iter().any(|reason| matches!(reason.kind, "code" | "uscc")) {
            found.outside = true;
        }
    }
    found.items.sort_by(|a, b| b.score.cmp(&a.score).then(a.entry.object.cmp(&b.entry.object)));
    found.items.truncate(MOST);
    found.outside |= taken_elsewhere(node, &sought).await?;
    Ok(found)
}

async fn candidates(node: &Node, sought: &Sought, phone: Option<&str>) -> Result<Vec<Entry>> {
    let codes: Vec<&str> = [sought.code.as_str(), &sought.uscc].into_iter().filter(|code| !code.is_empty()).collect();
    let mut facets: Vec<(&str, &str)> = codes.iter().map(|code| ("uscc", *code)).collect();
    facets.extend(phone.map(|key| ("phone", key)));
    let pieces = pieces(&sought.name);
    let pairs = pieces.iter().filter(|piece| piece.chars().count() == 2).take(8);
    let terms = pairs.flat_map(|pair| words(kind::SUBJECT, pair, Field::Name)).filter_map(|word| {
        let need = word.readings.into_iter().next()?.into_iter().next()?;
        need.first().map(|span| span.from)
    });
    let near = Near {
        kind: kind::SUBJECT,
        codes,
        facets,
        terms: terms.collect(),
        place: sought.place,
        reach: (NEAR / 80_000.0, NEAR / 110_000.0),
    };
    Ok(node.store.system_entries_near(&near).await?)
}

async fn taken_elsewhere(node: &Node, sought: &Sought) -> Result<bool> {
    for code in [&sought.code, &sought.uscc] {
        if !code.is_empty() && node.store.is_claimed_elsewhere(kind::SUBJECT, code).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn reasons(sought: &Sought, entry: &Entry, doc: &SubjectDoc, same_phone: bool) -> Vec<Likeness> {
    let mut reasons = Vec::new();
    let mut add = |kind, text: String, score| reasons.push(Likeness { kind, text, score });
    if !sought.code.is_empty() && sought.code == entry.code {
        add("code", format!("主体编码相同：{}", entry.code), 100.0);
    }
    if !sought.uscc.is_empty() && (sought.uscc == doc.uscc || sought.uscc == entry.code) {
        add("uscc", format!("统一社会信用代码相同：{}", sought.uscc), 100.0);
    }
    if same_phone {
        add("phone", "联系电话相同".to_owned(), 60.0);
    }
    let share = likeness(&sought.name, &entry.name);
    let near_by = sought.division.len() < 4 || entry.division.get(..4) == sought.division.get(..4);
    if share >= ALIKE && (near_by || share >= 0.85) {
        add("name", format!("名称相近：{}（相似度 {:.0}%）", entry.name, share * 100.0), share * 60.0);
    }
    let metres = sought.place.zip(entry.place).map(|(a, b)| distance_m(a, b)).filter(|metres| *metres <= NEAR);
    if let Some(metres) = metres {
        // Merchants of one market all stand in one place.
        let telling = !reasons.is_empty() || (sought.class != "merchant" && entry.class != "merchant");
        if telling {
            reasons.push(Likeness { kind: "place", text: format!("位置相距约 {metres:.0} 米"), score: 25.0 });
        }
    }
    reasons
}

/// The pieces of a name without what most names have.
fn pieces(name: &str) -> BTreeSet<String> {
    let mut plain = name.to_owned();
    for common in COMMON {
        let without = plain.replace(common, "");
        if without.chars().count() >= 2 {
            plain = without;
        }
    }
    grams(&plain)
}

/// Share of common pieces of two names (Dice), 0 to 1.
fn likeness(a: &str, b: &str) -> f64 {
    let two = |name: &str| -> BTreeSet<String> {
        pieces(name).into_iter().filter(|piece| piece.chars().count() == 2).collect()
    };
    let (a, b) = (two(a), two(b));
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "names have few pieces")]
    let share = 2.0 * a.intersection(&b).count() as f64 / (a.len() + b.len()) as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_6_2_1b_names_are_compared_by_what_tells_them_apart() {
        for (a, b, alike) in [
            ("青岛绿源农产品有限公司", "青岛绿源农产品有限责任公司", true),
            ("青岛绿源农产品有限公司", "青岛市绿源食品公司", true),
            ("青岛绿源农产品有限公司", "青岛海润农产品有限公司", false),
            ("城阳蔬菜批发市场", "城阳水产批发市场", false),
            ("王小明", "王小明", true),
            ("", "青岛绿源", false),
        ] {
            assert_eq!(likeness(a, b) >= ALIKE, alike, "{a} {b}: {}", likeness(a, b));
        }
    }

    #[test]
    fn g_6_2_1b_merchants_of_one_market_are_not_alike_for_their_place() {
        let place = Some((120.38, 36.07));
        let entry = Entry { name: "李四鲜肉".into(), class: "merchant".into(), place, ..Entry::default() };
        let sought = Sought { name: "张三蔬菜".into(), class: "merchant".into(), place, ..Sought::default() };
        assert_eq!(reasons(&sought, &entry, &SubjectDoc::default(), false), []);
        let firm = Entry { class: "subject".into(), ..entry };
        let sought = Sought { class: "subject".into(), ..sought };
        assert_eq!(reasons(&sought, &firm, &SubjectDoc::default(), false).len(), 1);
    }
}
