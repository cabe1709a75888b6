//! The matrix of rights (权限矩阵): which role may call which operation, and how far each role sees, as tables that people
//! read and tests hold running nodes to. Made from the interface document, the shipped roles and the rule of scope; the
//! copies under `docs/rights/` are compared with what this prints. Rows: G-5.4.2, G-5.4.3b, H-6.5, H-9.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;
use suyuan_domain::pack::Packs;
use suyuan_domain::scope::Scope;
use suyuan_security::policy::{Action, Kind, PolicySet, PolicySnapshot, RoleRules, compile, parse_permission};

use crate::reference;

/// Accounts of the reach table: tier and division of the account.
const ACCOUNTS: [(&str, &str); 4] = [("国家", "000000"), ("省", "370000"), ("市", "370200"), ("县", "370202")];
/// Data of the reach table: where it lies, seen from Qingdao's Shinan district.
const PLACES: [(&str, &str); 6] = [
    ("国家", "000000"),
    ("本省", "370000"),
    ("邻省", "440000"),
    ("本市", "370200"),
    ("邻市", "370100"),
    ("本县", "370202"),
];

async fn policy(packs: &Packs) -> Result<PolicySnapshot> {
    let rules: Vec<RoleRules> = packs.roles.iter().map(RoleRules::from).collect();
    Ok(compile(&PolicySet::from_roles(&rules)?).await?)
}

/// Accounts of the matrix: tier of the node with its code, and division of the account there.
const SEATS: [(&str, &str, &str); 6] = [
    ("国家", "000000", "000000"),
    ("国家", "000000", "370000"),
    ("省", "370000", "370000"),
    ("省", "370000", "370200"),
    ("市", "370200", "370200"),
    ("市", "370200", "370202"),
];
/// Data of the matrix: where it lies.
const DATA: [(&str, &str); 7] = [
    ("国家", "000000"),
    ("本省", "370000"),
    ("邻省", "440000"),
    ("本市", "370200"),
    ("邻市", "370100"),
    ("本县", "370202"),
    ("邻县", "370203"),
];
/// What mails are about that the node sends by itself: they go to accounts with this permission for the place in question.
const LETTERS: [(Kind, Action); 1] = [(Kind::Access, Action::Review)];

/// Whether data of this kind lie in a division; others are the node's own, or the same for all, such as catalogue and roles.
const fn has_division(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Category
            | Kind::Client
            | Kind::Disclosure
            | Kind::Exchange
            | Kind::Identifier
            | Kind::Job
            | Kind::Notice
            | Kind::Pack
            | Kind::Reference
            | Kind::Role
            | Kind::Rule
            | Kind::Setting
    )
}

/// Through which channel an operation gives data away.
fn channel(path: &str, operation: &Value) -> &'static str {
    let success =
        operation["responses"].as_object().into_iter().flatten().filter(|(status, _)| status.starts_with('2'));
    let media: Vec<&String> =
        success.filter_map(|(_, one)| one["content"].as_object()).flat_map(|all| all.keys()).collect();
    let is_file = |media: &&&String| !["json", "html", "event-stream"].iter().any(|text| media.contains(text));
    match operation["x-permission"].as_str().unwrap_or_default() {
        words if words.ends_with(".send") => "mail",
        words if words.contains(".export") => "export",
        _ if path.contains("/map/") => "map",
        _ if media.iter().any(|one| is_file(&one)) => "export",
        _ => "api",
    }
}

/// The word of a cell: `yes`, `own` for things of one's own, `no`.
fn cell(policy: &PolicySnapshot, role: &str, words: &str) -> &'static str {
    if words == "session" {
        return "own";
    }
    let may = |one: &str| parse_permission(one).is_ok_and(|(kind, action)| policy.allows(role, kind, action));
    if words.split('|').any(may) { "yes" } else { "no" }
}

/// Every operation of people, with a column for each shipped role. The same at every tier: what differs is how far a role
/// sees, which [`reach`] shows.
///
/// # Errors
/// When the reference data or the document is damaged.
pub async fn operations() -> Result<String> {
    let packs = reference::load()?.packs;
    let policy = policy(&packs).await?;
    let document: Value = serde_json::from_str(&suyuan_api::openapi_json()?)?;
    let roles: Vec<&str> = packs.roles.iter().map(|role| role.code.as_str()).collect();
    let mut text = format!("channel,permission,method,path,{}\n", roles.join(","));
    for (path, item) in document["paths"].as_object().context("paths")? {
        for (method, operation) in item.as_object().context("operations")? {
            let words = operation["x-permission"].as_str().unwrap_or_default();
            if ["public", "system", "node"].contains(&words) {
                continue;
            }
            let cells: Vec<&str> = roles.iter().map(|role| cell(&policy, role, words)).collect();
            writeln!(text, "{},{words},{method},{path},{}", channel(path, operation), cells.join(","))?;
        }
    }
    Ok(text)
}

/// Every pair of channel and permission that there is: of operations, of pages, of the mails that the node sends.
fn uses(document: &Value, menu: &str) -> Result<BTreeSet<(&'static str, Kind, Action)>> {
    let mut uses: BTreeSet<_> = LETTERS.iter().map(|(kind, action)| ("mail", *kind, *action)).collect();
    let mut add = |channel: &'static str, words: &str| {
        let known = words.split('|').filter_map(|one| parse_permission(one).ok());
        uses.extend(known.map(|(kind, action)| (channel, kind, action)));
    };
    for (path, item) in document["paths"].as_object().context("paths")? {
        for operation in item.as_object().context("operations")?.values() {
            add(channel(path, operation), operation["x-permission"].as_str().unwrap_or_default());
        }
    }
    for line in menu.lines().filter(|line| line.contains("href: \"")) {
        add("screen", quoted(line, "permission").unwrap_or_default());
    }
    Ok(uses)
}

/// The whole matrix: through which channel which role at which tier, for which division, may do what with which resource,
/// and with what that lies where. A row that is not there means no. Cells: `yes`, `no`, `own` for what is of the account's
/// own firm, `masked` for chains beyond the border in an emergency, `node` for what has no division, `-` for what the node
/// does not hold. How categories narrow it further is in [`reach`].
///
/// # Errors
/// When the reference data or the document is damaged.
pub async fn matrix(menu: &str) -> Result<String> {
    let (packs, divisions) = (reference::load()?.packs, reference::divisions()?);
    let policy = policy(&packs).await?;
    let document: Value = serde_json::from_str(&suyuan_api::openapi_json()?)?;
    let heads: Vec<&str> = DATA.iter().map(|(name, _)| *name).collect();
    let mut text = format!("channel,resource,action,role,tier,account_division,{}\n", heads.join(","));
    for (channel, kind, action) in uses(&document, menu)? {
        for role in packs.roles.iter().filter(|role| policy.allows(&role.code, kind, action)) {
            let beyond = kind == Kind::Trace && policy.allows(&role.code, Kind::Emergency, Action::Read);
            for (tier, node, account) in SEATS {
                let held = Scope::of_divisions(divisions.subtree(node));
                let scope = Scope::of_divisions(divisions.subtree(account));
                let cell = |(_, place): &(&str, &str)| {
                    if !has_division(kind) {
                        "node"
                    } else if !held.covers_division(place) {
                        "-"
                    } else if scope.covers_division(place) {
                        if role.own_subject { "own" } else { "yes" }
                    } else if beyond {
                        "masked"
                    } else {
                        "no"
                    }
                };
                let cells: Vec<&str> = DATA.iter().map(cell).collect();
                writeln!(text, "{channel},{kind},{action},{},{tier},{account},{}", role.code, cells.join(","))?;
            }
        }
    }
    Ok(text)
}

/// The text behind `name: "` up to the next quotation mark.
fn quoted<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split_once(&format!("{name}: \""))?.1.split('"').next()
}

/// Every page of the console's menu, with a column for each shipped role. `menu` is the text that the menu is built from,
/// one entry with its address and permission a line.
///
/// # Errors
/// When the reference data is damaged.
pub async fn screens(menu: &str) -> Result<String> {
    let packs = reference::load()?.packs;
    let policy = policy(&packs).await?;
    let roles: Vec<&str> = packs.roles.iter().map(|role| role.code.as_str()).collect();
    let mut text = format!("channel,permission,page,{}\n", roles.join(","));
    for line in menu.lines() {
        let (Some(page), Some(words)) = (quoted(line, "href"), quoted(line, "permission")) else { continue };
        let cells: Vec<&str> = roles.iter().map(|role| cell(&policy, role, words)).collect();
        writeln!(text, "screen,{words},{page},{}", cells.join(","))?;
    }
    Ok(text)
}

/// How far an account sees: by its division and categories, whatever its role; firms only their own subject.
///
/// # Errors
/// When the reference data is damaged.
pub fn reach() -> Result<String> {
    let divisions = reference::divisions()?;
    let mut text = String::from("account,account_division,account_category,data,data_division,data_category,seen\n");
    for (tier, own) in ACCOUNTS {
        for category in ["", "agri"] {
            let mut scope = Scope::of_divisions(divisions.subtree(own));
            if !category.is_empty() {
                scope.categories = Some([category.to_owned()].into());
            }
            for (name, place) in PLACES {
                for data in ["agri", "food"] {
                    let seen = scope.covers_division(place) && scope.covers_category(data);
                    let word = if seen { "yes" } else { "no" };
                    let of = if category.is_empty() { "全部" } else { category };
                    writeln!(text, "{tier},{own},{of},{name},{place},{data},{word}")?;
                }
            }
        }
    }
    Ok(text)
}
