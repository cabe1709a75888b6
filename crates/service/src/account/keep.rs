//! Keeping accounts (用户管理): what administrators of a tier do with the people of their divisions.
//!
//! System administrators make accounts and keep names and addresses; security administrators give them a role and bounds,
//! enable them, and set them back. Delegation only narrows: nobody gives a role that can do more than he may grant, a
//! division outside his own, or categories that are not his; nobody changes himself or somebody who can do more; and one
//! security administrator is always left. Rows: G-5.4.2, G-5.4.3a, H-6.5.

use std::collections::BTreeSet;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_security::password::one_time_password;
use suyuan_security::policy::{Action, Kind, Permissions};
use suyuan_store::Tx;
use suyuan_store::account::{Account, AccountFilter};
use suyuan_store::filter::Count;
use suyuan_store::session::Session;

use super::role::Book;
use super::{
    ACTIVE, AccountView, DELETED, DISABLED, NewAccount, Personal, at_fault, factor, hashed, is_usable, made,
    name_faults, password_rules, personal, place_faults, set_password, sign_on, view, write,
};
use crate::listing::Listed;
use crate::register::within;
use crate::{Node, Result, ServiceError, audit};

/// For how long a password that somebody else has set may be used, in milliseconds.
const ONE_TIME_HOLDS: i64 = 24 * 3_600_000;
/// Most accounts that a search by words looks through.
const MOST_SEARCHED: usize = 20_000;
/// Accounts that are read at once in a search by words.
const CHUNK: usize = 500;

/// What may be changed of an account; `None` leaves it.
#[derive(Clone, Default)]
pub struct AccountChange {
    /// Name for people.
    pub display_name: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Address for mail.
    pub email: Option<String>,
    /// Code of the role.
    pub role: Option<String>,
    /// Division.
    pub division: Option<String>,
    /// Categories; the inner `None` is all.
    pub categories: Option<Option<BTreeSet<String>>>,
    /// The subject that it acts for; empty for none.
    pub subject: Option<String>,
    /// Until when it may be used; the inner `None` is for ever.
    pub valid_until: Option<Option<Timestamp>>,
}

impl std::fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountChange").field("role", &self.role).finish_non_exhaustive()
    }
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct AccountQuery {
    /// Words in the username, the name, the telephone or the address.
    pub words: Option<String>,
    /// Code of the role.
    pub role: Option<String>,
    /// Division, with what lies below.
    pub division: Option<String>,
    /// Category that the account sees.
    pub category: Option<String>,
    /// `active`, `disabled`, `deleted` or `locked`.
    pub state: Option<String>,
    /// `requested` or `confirmed`.
    pub deletion: Option<String>,
    /// The subject that it acts for.
    pub subject: Option<String>,
    /// Behind which username the page begins.
    pub after: Option<String>,
    /// Rows of the page.
    pub limit: usize,
}

fn shown(node: &Node, book: &Book, account: Account) -> Result<AccountView> {
    let mut view = view(node, book, account)?;
    view.personal = view.personal.masked();
    Ok(view)
}

/// A page of accounts, by name; telephones and addresses are masked.
///
/// # Errors
/// When the actor may not see them.
pub async fn list(node: &Node, cx: &OpContext, query: AccountQuery) -> Result<Listed<AccountView>> {
    cx.authorize(Action::Read, Kind::Account)?;
    let book = Book::load(node).await?;
    let filter = AccountFilter {
        role: query.role,
        divisions: within(node, cx, query.division.as_deref())?,
        state: query.state,
        deletion: query.deletion,
        subject: cx.scope.subject.clone().or(query.subject),
        now: cx.now,
    };
    let words = query.words.filter(|words| !words.trim().is_empty());
    let category = query.category.filter(|category| !category.is_empty());
    if words.is_none() && category.is_none() {
        let page = node.store.accounts(&cx.scope, &filter, query.after.as_deref(), query.limit).await?;
        let listed = Listed::of_page(page, |account| account.username.clone());
        let Listed { items, next, count, exact } = listed;
        let items = items.into_iter().map(|account| shown(node, &book, account)).collect::<Result<_>>()?;
        return Ok(Listed { items, next, count, exact });
    }
    // Names and addresses are sealed: they are opened and looked through here.
    let fits = |view: &AccountView| {
        let named = words
            .as_ref()
            .is_none_or(|words| view.username.contains(&words.trim().to_lowercase()) || view.personal.holds(words));
        let sees = |category: &String| view.categories.as_ref().is_none_or(|own| own.contains(category));
        named && category.as_ref().is_none_or(sees)
    };
    let mut found = Vec::new();
    let (mut after, mut looked) = (None::<String>, 0);
    loop {
        let page = node.store.accounts(&cx.scope, &filter, after.as_deref(), CHUNK).await?;
        looked += page.items.len();
        after = page.items.last().map(|account| account.username.clone());
        for account in page.items {
            let view = view(node, &book, account)?;
            if fits(&view) {
                found.push(AccountView { personal: view.personal.masked(), ..view });
            }
        }
        if !page.more || looked >= MOST_SEARCHED {
            break;
        }
    }
    let count = Count { value: found.len() as u64, exact: looked < MOST_SEARCHED };
    let mut rest = found.into_iter().filter(|view| query.after.as_ref().is_none_or(|name| view.username > *name));
    let items: Vec<AccountView> = rest.by_ref().take(query.limit).collect();
    let next = rest.next().and(items.last()).map(|view| view.username.clone());
    Ok(Listed { items, next, count: count.value, exact: count.exact })
}

/// One account; in full for whoever may, which is noted.
///
/// # Errors
/// When the actor may not see it.
pub async fn one(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccountView> {
    cx.authorize(Action::Read, Kind::Account)?;
    let book = Book::load(node).await?;
    let account = in_scope(node, cx, id).await?;
    if !cx.may(Action::Unmask, Kind::Account) {
        return shown(node, &book, account);
    }
    let tx = node.store.begin().await?;
    audit::note(&tx, cx, "account.unmask", "account", &account.username, None, None).await?;
    tx.commit().await?;
    view(node, &book, account)
}

/// One account as it is stored, without the person's data, for whoever may see accounts.
pub(super) async fn one_plain(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Account> {
    cx.authorize(Action::Read, Kind::Account)?;
    in_scope(node, cx, id).await
}

/// An account that was made.
#[derive(Debug)]
pub struct Created {
    /// The account.
    pub account: AccountView,
    /// The password, where it was made here: shown once.
    pub one_time_password: Option<String>,
}

/// Makes an account. Whoever may not authorise hands it over disabled, to be enabled by a security administrator: nobody
/// gives himself another of the three powers. The first sign-in must set another password.
///
/// # Errors
/// When the actor may not, the input has faults, or the name is taken (`AUTH-0114`).
pub async fn create(node: &Node, cx: &OpContext, mut new: NewAccount) -> Result<Created> {
    cx.authorize(Action::Create, Kind::Account)?;
    let book = Book::load(node).await?;
    new.subject = new.subject.trim().to_owned();
    let contact =
        Personal { display_name: new.display_name.clone(), phone: new.phone.clone(), email: new.email.clone() };
    let mut faults = name_faults(&new.username);
    faults.extend(contact.trimmed().faults());
    let authorises = cx.may(Action::Authorise, Kind::Account);
    faults.extend(bound_faults(node, cx, &book, &Bounds::of_new(&new), authorises));
    let one_time = if new.password.is_empty() {
        Some(one_time_password(&*node.entropy).map_err(at_fault)?)
    } else {
        faults.extend(password_rules(&new.password, &new.username));
        None
    };
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let phc = hashed(node, one_time.as_deref().unwrap_or(&new.password)).await?;
    let tx = node.store.begin().await?;
    if tx.system_account_by_name(&new.username).await?.is_some() {
        tx.rollback().await?;
        return Err(ServiceError::invalid("AUTH-0114", "username", "用户名已被使用", "请换一个用户名"));
    }
    let mut account = made(node, &tx, new, phc).await?;
    account.must_change = true;
    account.password_until = one_time.as_ref().map(|_| cx.now.plus_millis(ONE_TIME_HOLDS));
    if !authorises {
        DISABLED.clone_into(&mut account.state);
    }
    tx.add_account(&account).await?;
    let object = ("account.create", "account", account.username.as_str());
    audit::note_change(&tx, cx, object, None::<&super::Told<'_>>, Some(&super::Told::from(&account))).await?;
    tx.commit().await?;
    Ok(Created { account: read_again(node, &book, account.id).await?, one_time_password: one_time })
}

async fn read_again(node: &Node, book: &Book, id: ObjectId) -> Result<AccountView> {
    let account = node.store.system_account(id).await?.ok_or(ServiceError::NotFound("account"))?;
    shown(node, book, account)
}

/// What an account may do, and on what.
struct Bounds<'a> {
    role: &'a str,
    division: &'a str,
    categories: Option<&'a BTreeSet<String>>,
    subject: &'a str,
    valid_until: Option<Timestamp>,
}

impl<'a> Bounds<'a> {
    fn of_new(new: &'a NewAccount) -> Self {
        Self {
            role: &new.role,
            division: &new.division,
            categories: new.categories.as_ref(),
            subject: &new.subject,
            valid_until: new.valid_until,
        }
    }

    fn of(account: &'a Account) -> Self {
        Self {
            role: &account.role,
            division: &account.division,
            categories: account.categories.as_ref(),
            subject: &account.subject,
            valid_until: account.valid_until,
        }
    }
}

/// Faults of what an account shall be able to do; with `grants` also those of giving more than the actor may.
fn bound_faults(node: &Node, cx: &OpContext, book: &Book, bounds: &Bounds<'_>, grants: bool) -> Vec<Fault> {
    let mut faults = place_faults(node, book, bounds.role, bounds.division);
    if !cx.scope.covers_division(bounds.division) {
        faults.push(Fault::new("AUTH-0113", "division", "行政区划不在您的管辖范围内", "请选择本辖区内的行政区划"));
    }
    let packs = node.packs();
    let known = |code: &String| packs.category(code).is_some() && cx.scope.covers_category(code);
    let covered = match bounds.categories {
        None => cx.scope.categories.is_none(),
        Some(all) => !all.is_empty() && all.iter().all(known),
    };
    if !covered {
        let advice = "请在您负责的产品类别中选择";
        faults.push(Fault::new("AUTH-0124", "categories", "产品类别不存在或超出您的范围", advice));
    }
    let plain = bounds.subject.len() <= 64 && !bounds.subject.chars().any(char::is_control);
    let needed = book.own_subject(bounds.role) && bounds.subject.is_empty();
    let foreign = cx.scope.subject.as_ref().is_some_and(|own| own != bounds.subject);
    if needed || !plain || foreign {
        let advice = "企业用户请填写其代表的责任主体编码";
        faults.push(Fault::new("AUTH-0125", "subject", "没有填写责任主体编码或编码不正确", advice));
    }
    if bounds.valid_until.is_some_and(|until| until <= cx.now) {
        faults.push(Fault::new("AUTH-0126", "valid_until", "有效期已过", "请填写今后的日期"));
    }
    if grants
        && let Some(permission) =
            Permissions::of(&cx.policy, bounds.role).beyond(&book.grantable(&cx.policy, &cx.actor.role))
    {
        let reason = format!("该角色的权限 {permission} 超出您可以授予的范围");
        faults.push(Fault::new("AUTH-0123", "role", reason, "请选择权限较小的角色，或由权限更高的安全管理员办理"));
    }
    faults
}

/// Refuses to change oneself.
fn not_oneself(cx: &OpContext, id: ObjectId) -> Result<()> {
    if id != cx.actor.id {
        return Ok(());
    }
    let fault = Fault::new("AUTH-0115", "", "不能在此办理自己的账号", "本人资料请在个人中心修改，其他由别的管理员办理");
    Err(ServiceError::Conflict(fault))
}

/// Refuses to touch the rights of somebody who can do more than the actor may grant.
fn not_above(cx: &OpContext, book: &Book, account: &Account) -> Result<()> {
    let own = book.grantable(&cx.policy, &cx.actor.role);
    let categories = match (&cx.scope.categories, &account.categories) {
        (None, _) => true,
        (Some(own), Some(other)) => other.is_subset(own),
        (Some(_), None) => false,
    };
    if categories && Permissions::of(&cx.policy, &account.role).beyond(&own).is_none() {
        return Ok(());
    }
    let fault = Fault::new("AUTH-0127", "", "该用户的权限超出您可以管理的范围", "请由权限更高的安全管理员办理");
    Err(ServiceError::Conflict(fault))
}

/// Refuses what would leave nobody who can authorise.
pub(super) async fn one_left(tx: &Tx, cx: &OpContext, before: &Account, after: &Account) -> Result<()> {
    let authorises = |role: &str| cx.policy.allows(role, Kind::Account, Action::Authorise);
    let could = is_usable(before, cx.now) && authorises(&before.role);
    let can = is_usable(after, cx.now) && authorises(&after.role) && after.valid_until == before.valid_until;
    if !could || can {
        return Ok(());
    }
    let roles: Vec<String> = cx.policy.roles().filter(|role| authorises(role)).map(str::to_owned).collect();
    if tx.others_of_roles(before.id, &roles, cx.now).await? > 0 {
        return Ok(());
    }
    let fault = Fault::new("AUTH-0116", "", "这是最后一个可用的安全管理员", "请先启用另一个安全管理员");
    Err(ServiceError::Conflict(fault))
}

async fn in_scope(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Account> {
    let account = node.store.system_account(id).await?;
    let visible = |account: &Account| {
        let own = cx.scope.subject.as_ref().is_none_or(|own| *own == account.subject);
        own && cx.scope.covers_division(&account.division)
    };
    account.filter(visible).ok_or(ServiceError::NotFound("account"))
}

/// An account that the actor may authorise.
pub(super) async fn authorised(node: &Node, cx: &OpContext, id: ObjectId) -> Result<(Book, Account)> {
    cx.authorize(Action::Authorise, Kind::Account)?;
    let account = in_scope(node, cx, id).await?;
    not_oneself(cx, id)?;
    let book = Book::load(node).await?;
    not_above(cx, &book, &account)?;
    if account.state == DELETED {
        let fault = Fault::new("AUTH-0129", "", "该用户已注销", "已注销的用户不能再办理");
        return Err(ServiceError::Conflict(fault));
    }
    Ok((book, account))
}

/// Changes an account. Running sessions feel new bounds with their next request.
///
/// # Errors
/// When the actor may not (a new role, division or other bound needs the permission to authorise), the input has faults, or
/// somebody else was first.
pub async fn change(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    version: u64,
    change: AccountChange,
) -> Result<AccountView> {
    let AccountChange { display_name, phone, email, role, division, categories, subject, valid_until } = change;
    let bounds =
        role.is_some() || division.is_some() || categories.is_some() || subject.is_some() || valid_until.is_some();
    let contacts = display_name.is_some() || phone.is_some() || email.is_some();
    if bounds {
        cx.authorize(Action::Authorise, Kind::Account)?;
    }
    if contacts || !bounds {
        cx.authorize(Action::Update, Kind::Account)?;
    }
    let (book, before) = if bounds {
        authorised(node, cx, id).await?
    } else {
        let account = in_scope(node, cx, id).await?;
        not_oneself(cx, id)?;
        (Book::load(node).await?, account)
    };
    if before.version != version {
        return Err(ServiceError::changed_meanwhile());
    }
    let mut after = before.clone();
    after.role = role.unwrap_or(after.role);
    after.division = division.unwrap_or(after.division);
    after.categories = categories.unwrap_or(after.categories);
    after.subject = subject.map_or(after.subject, |subject| subject.trim().to_owned());
    after.valid_until = valid_until.unwrap_or(after.valid_until);
    let mut faults = if bounds { bound_faults(node, cx, &book, &Bounds::of(&after), true) } else { Vec::new() };
    let mut person = personal::open(node, &before)?;
    person.display_name = display_name.unwrap_or(person.display_name);
    person.phone = phone.unwrap_or(person.phone);
    person.email = email.unwrap_or(person.email);
    let person = person.trimmed();
    if contacts {
        faults.extend(person.faults());
    }
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let tx = node.store.begin().await?;
    one_left(&tx, cx, &before, &after).await?;
    if contacts && after.state != DELETED {
        after.personal = Some(personal::seal(node, &tx, id, &person).await?);
    }
    write(&tx, cx, "account.update", &before, &mut after).await?;
    tx.commit().await?;
    shown(node, &book, after)
}

/// Disables an account and ends its sessions.
///
/// # Errors
/// When the actor may not, it is the actor's own (`AUTH-0115`), or nobody would be left who can authorise (`AUTH-0116`).
pub async fn disable(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccountView> {
    cx.authorize(Action::Disable, Kind::Account)?;
    let before = in_scope(node, cx, id).await?;
    not_oneself(cx, id)?;
    if before.state == DELETED {
        return Err(ServiceError::NotFound("account"));
    }
    let mut after = Account { state: DISABLED.to_owned(), ..before.clone() };
    let tx = node.store.begin().await?;
    one_left(&tx, cx, &before, &after).await?;
    write(&tx, cx, "account.disable", &before, &mut after).await?;
    sign_on::end_all(&tx, cx, &before).await?;
    tx.commit().await?;
    shown(node, &Book::load(node).await?, after)
}

/// Enables an account and lifts its lock: with that its role and bounds are given, which must be the actor's to give.
///
/// # Errors
/// When the actor may not, or the account could do more than the actor may grant.
pub async fn enable(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccountView> {
    let (book, before) = authorised(node, cx, id).await?;
    if before.deletion == "confirmed" {
        let fault = Fault::new("AUTH-0129", "", "该用户正在注销", "请先撤销注销");
        return Err(ServiceError::Conflict(fault));
    }
    let faults = bound_faults(node, cx, &book, &Bounds::of(&before), true);
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let mut after =
        Account { state: ACTIVE.to_owned(), failures: 0, failed_at: None, locked_until: None, ..before.clone() };
    let tx = node.store.begin().await?;
    write(&tx, cx, "account.enable", &before, &mut after).await?;
    tx.commit().await?;
    node.sign_ons.note_success(&before.username);
    shown(node, &book, after)
}

/// Lifts the lock after failed sign-ins.
///
/// # Errors
/// When the actor may not.
pub async fn unlock(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccountView> {
    let (book, before) = authorised(node, cx, id).await?;
    let mut after = Account { failures: 0, failed_at: None, locked_until: None, ..before.clone() };
    let tx = node.store.begin().await?;
    write(&tx, cx, "account.unlock", &before, &mut after).await?;
    tx.commit().await?;
    node.sign_ons.note_success(&before.username);
    shown(node, &book, after)
}

/// Sets a password that holds for a day and must be changed at the first sign-in; ends the sessions. Gives the password,
/// shown once, and until when it holds.
///
/// # Errors
/// When the actor may not, or has not shown the own password lately (`AUTH-0140`).
pub async fn reset_password(node: &Node, cx: &OpContext, id: ObjectId) -> Result<(String, Timestamp)> {
    let (_, before) = authorised(node, cx, id).await?;
    sign_on::confirmed(node, cx)?;
    let password = one_time_password(&*node.entropy).map_err(at_fault)?;
    let phc = hashed(node, &password).await?;
    let until = cx.now.plus_millis(ONE_TIME_HOLDS);
    let mut after = Account { failures: 0, failed_at: None, locked_until: None, ..before.clone() };
    let tx = node.store.begin().await?;
    set_password(node, &tx, &mut after, phc).await?;
    after.must_change = true;
    after.password_until = Some(until);
    write(&tx, cx, "account.reset_password", &before, &mut after).await?;
    sign_on::end_all(&tx, cx, &before).await?;
    tx.commit().await?;
    node.sign_ons.note_success(&before.username);
    Ok((password, until))
}

/// Takes the second factor of somebody away who has lost it; ends the sessions.
///
/// # Errors
/// As [`reset_password`].
pub async fn reset_second_factor(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccountView> {
    let (book, before) = authorised(node, cx, id).await?;
    sign_on::confirmed(node, cx)?;
    let tx = node.store.begin().await?;
    let after = factor::take_away(&tx, cx, &before).await?;
    sign_on::end_all(&tx, cx, &before).await?;
    tx.commit().await?;
    shown(node, &book, after)
}

/// The sessions of an account, newest first.
///
/// # Errors
/// When the actor may not see the account.
pub async fn sessions(node: &Node, cx: &OpContext, id: ObjectId) -> Result<Vec<Session>> {
    cx.authorize(Action::Read, Kind::Account)?;
    let account = in_scope(node, cx, id).await?;
    super::profile::live_sessions(node, account.id).await
}

/// Ends all sessions of an account; gives how many.
///
/// # Errors
/// When the actor may not.
pub async fn end_sessions(node: &Node, cx: &OpContext, id: ObjectId) -> Result<u64> {
    cx.authorize(Action::Disable, Kind::Account)?;
    let account = in_scope(node, cx, id).await?;
    not_oneself(cx, id)?;
    let tx = node.store.begin().await?;
    let ended = sign_on::end_all(&tx, cx, &account).await?;
    tx.commit().await?;
    Ok(ended)
}

/// What was done to an account, newest first, as the trail has it.
///
/// # Errors
/// When the actor may not see the account.
pub async fn history(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    before: Option<i64>,
    limit: usize,
) -> Result<Listed<suyuan_store::account::keep::AccountEvent>> {
    cx.authorize(Action::Read, Kind::Account)?;
    let account = in_scope(node, cx, id).await?;
    let page = node.store.account_events(&account.username, before, limit).await?;
    Ok(Listed::of_page(page, |event| event.seq.to_string()))
}
