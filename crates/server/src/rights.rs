//! The matrix of rights (权限矩阵): which role may call which operation, and how far each role sees, as tables that people
//! read and tests hold running nodes to. Made from the interface document, the shipped roles and the rule of scope; the
//! copies under `docs/rights/` are compared with what this prints. Rows: G-5.4.2, G-5.4.3b, H-6.5, H-9.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;
use suyuan_domain::pack::Packs;
use suyuan_domain::scope::Scope;
use suyuan_security::policy::{PolicySet, PolicySnapshot, RoleRules, compile, parse_permission};

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
