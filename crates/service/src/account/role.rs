//! Roles (角色): those of the packs and those that the security administrator makes below or beside them, as one tree.
//!
//! A change is judged as a whole policy before it is stored, compiled by `suyuan-security` and swapped at once: sessions
//! that run ask the new policy with their next request. Nobody makes a role that could do more than he himself may grant,
//! and no role joins two of the three powers. Rows: G-5.4.2, G-5.4.3b, H-6.5.

use std::collections::BTreeMap;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{
    Action, Effect, Kind, Permissions, PolicyError, PolicySet, PolicySnapshot, RoleRules, compile,
};
use suyuan_store::role::RoleRow;

use super::AccountQuery;
use crate::{Node, Result, ServiceError, audit};

/// Longest name of a role and longest note, in characters.
const NAME_LIMIT: usize = 40;
const NOTE_LIMIT: usize = 500;
/// Most permissions in one list, groups counted once.
const LIST_LIMIT: usize = 1_000;
/// Most roles of a node.
const MOST_ROLES: usize = 500;

/// A role of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleEntry {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Role whose permissions it inherits.
    pub parent: Option<String>,
    /// Granted permissions, as written.
    pub allow: Vec<String>,
    /// Forbidden permissions, as written.
    pub deny: Vec<String>,
    /// What whoever authorises with it may give; `None` for what stands nearest above, or its own permissions.
    pub grants: Option<Vec<String>>,
    /// What it is for.
    pub note: String,
    /// Whether it comes with the software and cannot be changed here.
    pub shipped: bool,
    /// Whether a second factor is asked for, where this role decides it; `None` for what stands nearest above.
    pub second_factor: Option<bool>,
    /// Whether its people act for one subject only.
    pub own_subject: bool,
    /// Version; 0 for shipped ones.
    pub version: u64,
    /// When and by whom it was last changed; never for shipped ones.
    pub updated: Option<(Timestamp, String)>,
}

/// All roles that are known now.
#[derive(Clone, Debug, Default)]
pub struct Book {
    roles: BTreeMap<String, RoleEntry>,
}

impl Book {
    /// Reads the roles of the packs and of the node.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn load(node: &Node) -> Result<Self> {
        Ok(Self::of(node, node.store.roles().await?, &node.store.second_factors().await?))
    }

    fn of(node: &Node, rows: Vec<RoleRow>, factors: &BTreeMap<String, bool>) -> Self {
        let mut roles = BTreeMap::new();
        for row in rows {
            roles.insert(row.code.clone(), entry(row));
        }
        // What comes with the software keeps its codes: a role of the node never stands in its place.
        for role in &node.packs().roles {
            let shipped = RoleEntry {
                code: role.code.clone(),
                name: role.name.clone(),
                parent: role.parent.clone(),
                allow: role.permissions.clone(),
                deny: role.denied.clone(),
                grants: role.grants.clone(),
                note: String::new(),
                shipped: true,
                second_factor: role.second_factor.then_some(true),
                own_subject: role.own_subject,
                version: 0,
                updated: None,
            };
            roles.insert(role.code.clone(), shipped);
        }
        for (code, required) in factors {
            if let Some(role) = roles.get_mut(code) {
                role.second_factor = Some(*required);
            }
        }
        Self { roles }
    }

    /// The role with this code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&RoleEntry> {
        self.roles.get(code)
    }

    /// Its name; the code itself where there is none.
    #[must_use]
    pub fn name<'a>(&'a self, code: &'a str) -> &'a str {
        self.get(code).map_or(code, |role| &role.name)
    }

    /// The role and its ancestors, nearest first.
    pub fn line<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a RoleEntry> {
        let mut next = self.get(code);
        // A cycle in the stored rows must not hang anybody.
        let mut left = self.roles.len();
        std::iter::from_fn(move || {
            let role = next.filter(|_| left > 0)?;
            left -= 1;
            next = role.parent.as_deref().and_then(|parent| self.get(parent));
            Some(role)
        })
    }

    /// Whether people of a role must show a second factor.
    #[must_use]
    pub fn needs_second_factor(&self, code: &str) -> bool {
        self.line(code).find_map(|role| role.second_factor).unwrap_or(false)
    }

    /// Whether people of a role act for one subject only.
    #[must_use]
    pub fn own_subject(&self, code: &str) -> bool {
        self.line(code).any(|role| role.own_subject)
    }

    /// The policy that all roles make together.
    ///
    /// # Errors
    /// [`PolicyError::Permission`] for a permission that is no known word.
    pub fn policy_set(&self) -> std::result::Result<PolicySet, PolicyError> {
        let rules: Vec<RoleRules> = self.roles.values().map(rules).collect();
        PolicySet::from_roles(&rules)
    }

    /// What whoever authorises with a role may give to others.
    #[must_use]
    pub fn grantable(&self, policy: &PolicySnapshot, code: &str) -> Permissions {
        match self.line(code).find_map(|role| role.grants.as_ref()) {
            // Words that are known were asked for at saving; a pack's are tested.
            Some(texts) => Permissions::parse(code, texts).unwrap_or_default(),
            None => Permissions::of(policy, code),
        }
    }

    /// All roles, parents before children, siblings by code, with their depth.
    #[must_use]
    pub fn tree(&self) -> Vec<(&RoleEntry, usize)> {
        let mut out = Vec::new();
        let is_top = |role: &&RoleEntry| role.parent.as_deref().is_none_or(|parent| self.get(parent).is_none());
        let mut stack: Vec<(&RoleEntry, usize)> = self.roles.values().filter(is_top).map(|role| (role, 0)).collect();
        // Shipped ones first.
        stack.sort_by_key(|(role, _)| (!role.shipped, role.code.clone()));
        stack.reverse();
        while let Some((role, depth)) = stack.pop() {
            out.push((role, depth));
            if depth < self.roles.len() {
                let children = self.roles.values().filter(|child| child.parent.as_ref() == Some(&role.code));
                stack.extend(children.rev().map(|child| (child, depth + 1)));
            }
        }
        out
    }
}

fn entry(row: RoleRow) -> RoleEntry {
    RoleEntry {
        code: row.code,
        name: row.name,
        parent: row.parent,
        allow: row.allow,
        deny: row.deny,
        grants: row.grants,
        note: row.note,
        shipped: false,
        second_factor: None,
        own_subject: false,
        version: row.version,
        updated: Some((row.updated_at, row.updated_by)),
    }
}

fn rules(role: &RoleEntry) -> RoleRules {
    RoleRules {
        code: role.code.clone(),
        parent: role.parent.clone(),
        allow: role.allow.clone(),
        deny: role.deny.clone(),
    }
}

/// One change of roles at a time: what is judged is what is stored, and the newest policy is the one in force.
static CHANGING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Puts the roles of the packs and of the node in force. Where they do not go together any more, as after an update of the
/// software, those of the node wait and the others hold.
///
/// # Errors
/// When the roles of the packs alone are not a policy; the one before stays in force.
pub async fn load_policy(node: &Node) -> Result<()> {
    let _one_at_a_time = CHANGING.lock().await;
    reload(node).await
}

async fn reload(node: &Node) -> Result<()> {
    let mut book = Book::load(node).await?;
    let whole = match book.policy_set() {
        Ok(set) => compile(&set).await,
        Err(error) => Err(error),
    };
    match whole {
        Ok(policy) => node.policy.replace(policy),
        Err(error) => {
            tracing::error!(error = %error, "the roles of the node are not in force");
            book.roles.retain(|_, role| role.shipped);
            let refused = |error: PolicyError| ServiceError::Internal(error.to_string());
            node.policy.load(&book.policy_set().map_err(refused)?).await.map_err(refused)?;
        }
    }
    Ok(())
}

/// A role as somebody wants it.
#[derive(Clone, Debug, Default)]
pub struct RoleDraft {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Role whose permissions it inherits.
    pub parent: Option<String>,
    /// Granted permissions.
    pub allow: Vec<String>,
    /// Forbidden permissions.
    pub deny: Vec<String>,
    /// What whoever authorises with it may give.
    pub grants: Option<Vec<String>>,
    /// What it is for.
    pub note: String,
    /// Whether a second factor is asked for; `None` leaves it as it is.
    pub second_factor: Option<bool>,
}

/// One permission of a role with where it comes from, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Such as `subject.read`.
    pub permission: String,
    /// On what, in Chinese.
    pub kind_label: &'static str,
    /// What, in Chinese.
    pub action_label: &'static str,
    /// The role that says so.
    pub role: String,
    /// Its name.
    pub role_name: String,
    /// Whether it grants or forbids.
    pub allowed: bool,
}

/// Everything a role's line says, with the names of the roles.
pub(super) fn explained(book: &Book, set: &PolicySet, role: &str) -> Vec<Explained> {
    let explain = |origin: suyuan_security::policy::Origin| Explained {
        permission: suyuan_security::policy::permission(origin.kind, origin.action),
        kind_label: origin.kind.label(),
        action_label: origin.action.label(),
        role_name: book.name(&origin.role).to_owned(),
        allowed: origin.effect == Effect::Allow,
        role: origin.role,
    };
    set.origins(role).into_iter().map(explain).collect()
}

fn policy_fault(error: &PolicyError) -> Fault {
    let (code, field, advice) = match error {
        PolicyError::RoleCode(_) => ("ROLE-0101", "code", "请使用小写字母、数字和下划线"),
        PolicyError::Permission { .. } => ("ROLE-0103", "allow", "请从权限列表中选择"),
        PolicyError::UnknownRole(_) | PolicyError::Cycle(_) | PolicyError::Depth(_) => {
            ("ROLE-0104", "parent", "请另选上级角色")
        }
        PolicyError::Powers(_) => ("ROLE-0107", "allow", "请拆分为不同的角色"),
        _ => ("ROLE-0103", "allow", "请检查角色的权限"),
    };
    Fault::new(code, field, error.to_string(), advice)
}

/// Everything that is wrong with a draft, and the policy that would be in force with it.
async fn judged(
    node: &Node,
    cx: &OpContext,
    book: &Book,
    draft: &RoleDraft,
) -> (Vec<Fault>, Book, Option<(PolicySet, PolicySnapshot)>) {
    let mut faults = form_faults(draft);
    let mut with = book.clone();
    let before = book.get(&draft.code);
    let new = RoleEntry {
        code: draft.code.clone(),
        name: draft.name.trim().to_owned(),
        parent: draft.parent.clone(),
        allow: draft.allow.clone(),
        deny: draft.deny.clone(),
        grants: draft.grants.clone(),
        note: draft.note.trim().to_owned(),
        shipped: false,
        second_factor: draft.second_factor.or_else(|| before.and_then(|role| role.second_factor)),
        own_subject: false,
        version: before.map_or(1, |role| role.version + 1),
        updated: Some((cx.now, cx.actor.username.clone())),
    };
    with.roles.insert(new.code.clone(), new);
    let set = match with.policy_set() {
        Ok(set) => set,
        Err(error) => {
            faults.push(policy_fault(&error));
            return (faults, with, None);
        }
    };
    let policy = match compile(&set).await {
        Ok(policy) => policy,
        Err(error) => {
            faults.push(policy_fault(&error));
            return (faults, with, None);
        }
    };
    faults.extend(power_faults(node, cx, book, draft, &policy));
    // What lies below inherits: it may neither join powers nor outgrow who saves.
    for below in with.roles.values().filter(|role| !role.shipped && role.code != draft.code) {
        if Permissions::of(&policy, &below.code).join_powers() {
            faults.push(policy_fault(&PolicyError::Powers(below.code.clone())));
        }
    }
    (faults, with, Some((set, policy)))
}

fn form_faults(draft: &RoleDraft) -> Vec<Fault> {
    let mut faults = Vec::new();
    let name = draft.name.trim().chars().count();
    if name == 0 || name > NAME_LIMIT {
        faults.push(Fault::new("ROLE-0102", "name", "角色名称为空或过长", "请填写 1 至 40 个字的名称"));
    }
    if draft.note.chars().count() > NOTE_LIMIT {
        faults.push(Fault::new("ROLE-0102", "note", "说明过长", "请不超过 500 个字"));
    }
    let lists = [draft.allow.len(), draft.deny.len(), draft.grants.as_ref().map_or(0, Vec::len)];
    if lists.into_iter().any(|length| length > LIST_LIMIT) {
        faults.push(Fault::new("ROLE-0103", "allow", "权限条目过多", "请使用“资源.*”合并条目"));
    }
    faults
}

/// Faults of what the role could do: two powers in one hand, or more than the actor may give.
fn power_faults(node: &Node, cx: &OpContext, book: &Book, draft: &RoleDraft, policy: &PolicySnapshot) -> Vec<Fault> {
    let mut faults = Vec::new();
    let own = book.grantable(&node.policy.current(), &cx.actor.role);
    let wanted = Permissions::of(policy, &draft.code);
    if wanted.join_powers() {
        faults.push(policy_fault(&PolicyError::Powers(draft.code.clone())));
    }
    let beyond = |permission: String| {
        let reason = format!("权限 {permission} 超出您可以授予的范围");
        Fault::new("ROLE-0108", "allow", reason, "请去掉该权限，或由权限更高的安全管理员办理")
    };
    faults.extend(wanted.beyond(&own).map(beyond));
    if let Some(texts) = &draft.grants {
        match Permissions::parse(&draft.code, texts) {
            Ok(grants) => faults.extend(grants.beyond(&own).map(beyond)),
            Err(error) => faults.push(policy_fault(&error)),
        }
    } else if let Some(parent) = &draft.parent {
        // Without an own list the parent's grants are inherited with its permissions.
        faults.extend(
            book.grantable(policy, parent)
                .beyond(&own)
                .map(beyond)
                .filter(|_| policy.allows(&draft.code, Kind::Account, Action::Authorise)),
        );
    }
    faults
}

fn refuse(faults: Vec<Fault>) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

fn told(role: &RoleEntry) -> serde_json::Value {
    serde_json::json!({ "name": role.name, "parent": role.parent, "allow": role.allow, "deny": role.deny,
        "grants": role.grants, "note": role.note, "second_factor": role.second_factor })
}

fn row(role: &RoleEntry, created_at: Timestamp, cx: &OpContext) -> RoleRow {
    RoleRow {
        code: role.code.clone(),
        name: role.name.clone(),
        parent: role.parent.clone(),
        allow: role.allow.clone(),
        deny: role.deny.clone(),
        grants: role.grants.clone(),
        note: role.note.clone(),
        version: role.version,
        created_at,
        updated_at: cx.now,
        updated_by: cx.actor.username.clone(),
    }
}

/// All roles as a tree, with how many accounts in the actor's scope each has.
///
/// # Errors
/// When the actor may see neither accounts nor roles.
pub async fn list(node: &Node, cx: &OpContext) -> Result<(Book, BTreeMap<String, u64>)> {
    may_see(cx)?;
    Ok((Book::load(node).await?, node.store.role_counts(&cx.scope).await?))
}

fn may_see(cx: &OpContext) -> Result<()> {
    if !cx.may(Action::Read, Kind::Account) {
        cx.authorize(Action::Read, Kind::Role)?;
    }
    Ok(())
}

/// What the actor may give to others.
///
/// # Errors
/// When the actor may see neither accounts nor roles.
pub async fn grantable(node: &Node, cx: &OpContext) -> Result<Vec<String>> {
    may_see(cx)?;
    Ok(Book::load(node).await?.grantable(&cx.policy, &cx.actor.role).texts())
}

/// What a draft would mean: its permissions with where they come from, and what is wrong with it.
///
/// # Errors
/// When the actor may not see roles, or the database is out of reach.
pub async fn preview(node: &Node, cx: &OpContext, mut draft: RoleDraft) -> Result<(Vec<Explained>, Vec<Fault>)> {
    cx.authorize(Action::Read, Kind::Role)?;
    if draft.code.is_empty() {
        "preview".clone_into(&mut draft.code);
    }
    if draft.name.is_empty() {
        draft.name.clone_from(&draft.code);
    }
    let book = Book::load(node).await?;
    let (faults, with, policy) = judged(node, cx, &book, &draft).await;
    let explained = policy.map_or_else(Vec::new, |(set, _)| explained(&with, &set, &draft.code));
    Ok((explained, faults))
}

/// Makes a role; it is in force at once.
///
/// # Errors
/// When the actor may not, the code is taken (`ROLE-0109`), or the draft has faults `ROLE-0101` to `ROLE-0108`.
pub async fn create(node: &Node, cx: &OpContext, draft: RoleDraft) -> Result<RoleEntry> {
    cx.authorize(Action::Create, Kind::Role)?;
    let _one_at_a_time = CHANGING.lock().await;
    let book = Book::load(node).await?;
    if book.get(&draft.code).is_some() {
        return Err(ServiceError::invalid("ROLE-0109", "code", "角色代码已被使用", "请换一个代码"));
    }
    if book.roles.values().filter(|role| !role.shipped).count() >= MOST_ROLES {
        return Err(ServiceError::invalid("ROLE-0109", "code", "角色数量已达上限", "请先删除不用的角色"));
    }
    let (faults, with, _) = judged(node, cx, &book, &draft).await;
    refuse(faults)?;
    let role = with.get(&draft.code).cloned().ok_or(ServiceError::NotFound("role"))?;
    let tx = node.store.begin().await?;
    tx.add_role(&row(&role, cx.now, cx)).await?;
    if let Some(required) = draft.second_factor {
        tx.decide_second_factor(&role.code, required).await?;
    }
    let object = ("role.create", "role", role.code.as_str());
    audit::note_change(&tx, cx, object, None::<&serde_json::Value>, Some(&told(&role))).await?;
    tx.commit().await?;
    reload(node).await?;
    Ok(role)
}

/// Changes a role; running sessions ask the new one with their next request. Of a shipped role only the second factor is
/// decided here.
///
/// # Errors
/// As [`create`]; `ROLE-0106` for anything else of a shipped role, `ROLE-0110` for one's own role.
pub async fn change(node: &Node, cx: &OpContext, draft: RoleDraft, version: u64) -> Result<RoleEntry> {
    cx.authorize(Action::Update, Kind::Role)?;
    let _one_at_a_time = CHANGING.lock().await;
    let book = Book::load(node).await?;
    let before = book.get(&draft.code).cloned().ok_or(ServiceError::NotFound("role"))?;
    if book.line(&cx.actor.role).any(|role| role.code == draft.code) && !before.shipped {
        let fault = Fault::new("ROLE-0110", "", "不能修改自己所用的角色", "请由其他安全管理员办理");
        return Err(ServiceError::Conflict(fault));
    }
    if before.shipped {
        return decide(node, cx, &before, &draft).await;
    }
    if before.version != version {
        return Err(ServiceError::changed_meanwhile());
    }
    let (faults, with, _) = judged(node, cx, &book, &draft).await;
    refuse(faults)?;
    let role = with.get(&draft.code).cloned().ok_or(ServiceError::NotFound("role"))?;
    let tx = node.store.begin().await?;
    let created = tx.roles().await?.into_iter().find(|row| row.code == role.code).map_or(cx.now, |row| row.created_at);
    tx.change_role(&row(&role, created, cx), version).await?;
    if let Some(required) = draft.second_factor {
        tx.decide_second_factor(&role.code, required).await?;
    }
    let object = ("role.update", "role", role.code.as_str());
    audit::note_change(&tx, cx, object, Some(&told(&before)), Some(&told(&role))).await?;
    tx.commit().await?;
    reload(node).await?;
    Ok(role)
}

/// Decides about the second factor of a shipped role.
async fn decide(node: &Node, cx: &OpContext, before: &RoleEntry, draft: &RoleDraft) -> Result<RoleEntry> {
    let same = draft.name == before.name
        && draft.parent == before.parent
        && draft.allow == before.allow
        && draft.deny == before.deny;
    let (true, Some(required)) = (same, draft.second_factor) else {
        let advice = "请在其下新建角色；随软件提供的角色只能规定是否必须使用双因素";
        return Err(ServiceError::Conflict(Fault::new("ROLE-0106", "", "随软件提供的角色不能修改", advice)));
    };
    let role = RoleEntry { second_factor: Some(required), ..before.clone() };
    let tx = node.store.begin().await?;
    tx.decide_second_factor(&role.code, required).await?;
    let object = ("role.update", "role", role.code.as_str());
    audit::note_change(&tx, cx, object, Some(&told(before)), Some(&told(&role))).await?;
    tx.commit().await?;
    Ok(role)
}

/// Most accounts that [`uses`] names.
const MOST_NAMED: usize = 50;

/// Who uses a role, as far as the actor sees: roles below it, and accounts.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Codes and names of the roles directly below.
    pub children: Vec<(String, String)>,
    /// How many accounts have it.
    pub accounts: u64,
    /// The first of them by username: username and name. None for whoever may not read accounts.
    pub named: Vec<(String, String)>,
}

/// Who uses a role.
///
/// # Errors
/// When the actor may not see roles, or there is none of this code.
pub async fn uses(node: &Node, cx: &OpContext, code: &str) -> Result<Uses> {
    cx.authorize(Action::Read, Kind::Role)?;
    let book = Book::load(node).await?;
    book.get(code).ok_or(ServiceError::NotFound("role"))?;
    let counts = node.store.role_counts(&cx.scope).await?;
    let accounts = counts.get(code).copied().unwrap_or(0);
    let named = if accounts > 0 && cx.may(Action::Read, Kind::Account) {
        let query = AccountQuery { role: Some(code.to_owned()), limit: MOST_NAMED, ..AccountQuery::default() };
        let listed = super::list(node, cx, query).await?;
        let there = listed.items.into_iter().filter(|view| view.state != "deleted");
        there.map(|view| (view.username, view.personal.display_name)).collect()
    } else {
        Vec::new()
    };
    Ok(Uses { children: children(&book, code), accounts, named })
}

fn children(book: &Book, code: &str) -> Vec<(String, String)> {
    let below = book.roles.values().filter(|role| role.parent.as_deref() == Some(code));
    below.map(|role| (role.code.clone(), role.name.clone())).collect()
}

/// Deletes a role that nobody uses.
///
/// # Errors
/// `ROLE-0105` while accounts or roles use it, `ROLE-0106` for a shipped one.
pub async fn delete(node: &Node, cx: &OpContext, code: &str) -> Result<()> {
    cx.authorize(Action::Delete, Kind::Role)?;
    let _one_at_a_time = CHANGING.lock().await;
    let book = Book::load(node).await?;
    let role = book.get(code).ok_or(ServiceError::NotFound("role"))?;
    if role.shipped {
        let fault = Fault::new("ROLE-0106", "", "随软件提供的角色不能删除", "不用即可");
        return Err(ServiceError::Conflict(fault));
    }
    let tx = node.store.begin().await?;
    let (accounts, below) = (tx.accounts_of_role(code).await?, children(&book, code).len());
    if accounts > 0 || below > 0 {
        tx.rollback().await?;
        let seen = node.store.role_counts(&cx.scope).await?.get(code).copied().unwrap_or(0);
        let others = if accounts > seen { "，另有管辖范围以外的用户" } else { "" };
        let reason = format!("该角色正在使用：{seen} 个用户，{below} 个下级角色{others}");
        let fault = Fault::new("ROLE-0105", "", reason, "请先为这些用户另选角色，并调整下级角色");
        return Err(ServiceError::Conflict(fault));
    }
    tx.remove_role(code).await?;
    let object = ("role.delete", "role", code);
    audit::note_change(&tx, cx, object, Some(&told(role)), None::<&serde_json::Value>).await?;
    tx.commit().await?;
    reload(node).await
}
