//! From rows to a map: checks that casbin does not make, casbin itself, then the map.
//!
//! Casbin accepts cycles, denies silently beyond ten links and allows empty requests on an empty policy; all three are
//! refused here before it sees the rows.

use std::collections::{BTreeMap, BTreeSet};

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};

use super::{Action, Effect, Grants, Kind, MAX_DEPTH, POWERS, PolicyError, PolicyRow, PolicySet, PolicySnapshot};

/// The casbin model: the cheap comparisons first, a deny overrides every allow.
pub const MODEL: &str = "\
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act, eft

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = r.obj == p.obj && r.act == p.act && g(r.sub, p.sub)
";

const MAX_CODE: usize = 64;

/// Validates a policy and turns it into the map that answers requests.
///
/// # Errors
/// A [`PolicyError`] that says what is wrong; nothing is in force by this call.
pub async fn compile(set: &PolicySet) -> Result<PolicySnapshot, PolicyError> {
    let lines = validate(set)?;
    let snapshot = flatten(set, &lines);
    let enforcer = enforcer(set).await?;
    // A ban must never be lost on the way to the map. Asking casbin costs a scan, so one ban of each role stands for all.
    let mut asked = BTreeSet::new();
    for row in set.rows.iter().filter(|row| row.effect == Effect::Deny) {
        let request = (row.role.as_str(), row.kind.as_str(), row.action.as_str());
        let first = asked.insert(row.role.as_str());
        let granted = first && enforcer.enforce(request).unwrap_or(true);
        if granted || snapshot.allows(&row.role, row.kind, row.action) {
            return Err(PolicyError::Refused(format!("{} 的禁止项 {}.{} 不起作用", row.role, row.kind, row.action)));
        }
    }
    Ok(snapshot)
}

/// The casbin enforcer of a policy, for comparison with the map; far too slow for requests.
///
/// # Errors
/// [`PolicyError::Refused`] when casbin does not take the model or the rows.
pub async fn enforcer(set: &PolicySet) -> Result<Enforcer, PolicyError> {
    let refused = |error: casbin::Error| PolicyError::Refused(error.to_string());
    let model = DefaultModel::from_str(MODEL).await.map_err(refused)?;
    let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await.map_err(refused)?;
    let rows: BTreeSet<&PolicyRow> = set.rows.iter().collect();
    let words = |row: &&PolicyRow| {
        [&row.role, row.kind.as_str(), row.action.as_str(), row.effect.as_str()].map(str::to_owned).to_vec()
    };
    enforcer.add_policies(rows.iter().map(words).collect()).await.map_err(refused)?;
    let links: Vec<Vec<String>> = set.parents.iter().map(|(role, parent)| vec![role.clone(), parent.clone()]).collect();
    if !links.is_empty() {
        enforcer.add_grouping_policies(links).await.map_err(refused)?;
    }
    Ok(enforcer)
}

/// Each role with itself and its ancestors.
type Lines<'a> = BTreeMap<&'a str, Vec<&'a str>>;

fn validate(set: &PolicySet) -> Result<Lines<'_>, PolicyError> {
    if !set.rows.iter().any(|row| row.effect == Effect::Allow) {
        return Err(PolicyError::Empty);
    }
    let mut roles = BTreeSet::new();
    for role in &set.roles {
        check_code(role)?;
        if !roles.insert(role.as_str()) {
            return Err(PolicyError::Duplicate(role.clone()));
        }
    }
    let known = |role: &str| {
        if roles.contains(role) { Ok(()) } else { Err(PolicyError::UnknownRole(role.to_owned())) }
    };
    set.rows.iter().try_for_each(|row| known(&row.role))?;
    let mut parents = BTreeMap::new();
    for (role, parent) in &set.parents {
        known(role)?;
        known(parent)?;
        if parents.insert(role.as_str(), parent.as_str()).is_some() {
            return Err(PolicyError::Duplicate(role.clone()));
        }
    }
    roles.into_iter().map(|role| Ok((role, line(role, &parents)?))).collect()
}

fn check_code(role: &str) -> Result<(), PolicyError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if role.is_empty() || role.len() > MAX_CODE || !role.bytes().all(allowed) {
        return Err(PolicyError::RoleCode(role.to_owned()));
    }
    Ok(())
}

fn line<'a>(role: &'a str, parents: &BTreeMap<&'a str, &'a str>) -> Result<Vec<&'a str>, PolicyError> {
    let mut line = vec![role];
    let mut last = role;
    while let Some(parent) = parents.get(last) {
        if line.contains(parent) {
            return Err(PolicyError::Cycle(role.to_owned()));
        }
        if line.len() > MAX_DEPTH {
            return Err(PolicyError::Depth(role.to_owned()));
        }
        line.push(parent);
        last = parent;
    }
    if line.iter().filter(|role| POWERS.contains(role)).count() > 1 {
        return Err(PolicyError::Powers(role.to_owned()));
    }
    Ok(line)
}

fn flatten(set: &PolicySet, lines: &Lines<'_>) -> PolicySnapshot {
    let mut own: BTreeMap<&str, (Grants, Grants)> = BTreeMap::new();
    for row in &set.rows {
        let (allowed, denied) = own.entry(&row.role).or_insert(([0; Kind::ALL.len()], [0; Kind::ALL.len()]));
        let grants = if row.effect == Effect::Allow { allowed } else { denied };
        grants[row.kind as usize] |= bit(row.action);
    }
    let roles = lines.iter().map(|(role, line)| ((*role).to_owned(), joined(line, &own))).collect();
    PolicySnapshot { roles }
}

fn joined(line: &[&str], own: &BTreeMap<&str, (Grants, Grants)>) -> Grants {
    let mut grants = [0; Kind::ALL.len()];
    for (kind, grant) in grants.iter_mut().enumerate() {
        let (mut allowed, mut denied) = (0, 0);
        for rows in line.iter().filter_map(|role| own.get(role)) {
            allowed |= rows.0[kind];
            denied |= rows.1[kind];
        }
        *grant = allowed & !denied;
    }
    grants
}

const fn bit(action: Action) -> u32 {
    1 << action as u32
}
