//! Deleting accounts (注销): confirmed by a security administrator, undone within seven days, then erased by a job.
//!
//! What names the person is destroyed with the person's key; the account stays as a nameless one, so that what it did can
//! still be counted. The trail keeps the name for signing in, which names an office and not a person; display name,
//! telephone and address never stand in it. Rows: H-6.5, G-10.4.

use suyuan_crypto::hash::{hex, sm3};
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_store::account::Account;
use suyuan_store::job::NewJob;

use super::{ACTIVE, AccountView, DELETED, DISABLED, Told, keep, sign_on, view, write};
use crate::{Node, Result, ServiceError, audit, housekeeping};

/// The job that erases.
pub const ERASE_JOB: &str = "account.erase";

/// How the names of erased accounts begin.
pub(super) const NAMELESS: &str = "deleted-";

/// For how long a deletion can be undone, in milliseconds: seven days.
pub const GRACE: i64 = 7 * 86_400_000;

/// What stands in the place of a password; matches nothing.
const NO_PASSWORD: &str = "!";

/// Confirms a deletion, or deletes without a wish: the account is disabled at once and erased after the days of grace.
///
/// # Errors
/// When the actor may not, has not shown the own password lately (`AUTH-0140`), or nobody would be left who can authorise.
pub async fn confirm(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccountView> {
    let (book, before) = keep::authorised(node, cx, id).await?;
    sign_on::confirmed(node, cx)?;
    if before.deletion == "confirmed" {
        return view(node, &book, before).map(masked);
    }
    let erase_at = cx.now.plus_millis(GRACE);
    let mut after = Account {
        state: DISABLED.to_owned(),
        deletion: "confirmed".to_owned(),
        deletion_at: before.deletion_at.or(Some(cx.now)),
        erase_at: Some(erase_at),
        ..before.clone()
    };
    let tx = node.store.begin().await?;
    keep::one_left(&tx, cx, &before, &after).await?;
    write(&tx, cx, "account.deletion.confirm", &before, &mut after).await?;
    sign_on::end_all(&tx, cx, &before).await?;
    let job = NewJob {
        kind: ERASE_JOB.to_owned(),
        unique_key: Some(format!("{ERASE_JOB}/{id}/{}", erase_at.millis())),
        payload: serde_json::json!({ "account": id.to_string() }).to_string(),
        run_at: erase_at,
        max_attempts: 20,
        actor: Some(cx.actor.username.clone()),
    };
    tx.enqueue(job, cx.now).await?;
    tx.commit().await?;
    view(node, &book, after).map(masked)
}

fn masked(view: AccountView) -> AccountView {
    AccountView { personal: view.personal.masked(), ..view }
}

/// Undoes a confirmed deletion within the days of grace; the account stays disabled.
///
/// # Errors
/// When the actor may not, or there is nothing to undo.
pub async fn undo(node: &Node, cx: &OpContext, id: ObjectId) -> Result<AccountView> {
    let (book, before) = keep::authorised(node, cx, id).await?;
    if before.deletion == "none" {
        let fault = Fault::new("AUTH-0132", "", "该用户没有申请注销", "请刷新后查看");
        return Err(ServiceError::Conflict(fault));
    }
    let mut after = Account { deletion: "none".to_owned(), deletion_at: None, erase_at: None, ..before.clone() };
    let tx = node.store.begin().await?;
    write(&tx, cx, "account.deletion.undo", &before, &mut after).await?;
    tx.commit().await?;
    view(node, &book, after).map(masked)
}

/// Erases the account of a job, if its deletion still stands and the days of grace are over. Doing it again changes nothing.
///
/// # Errors
/// When the payload names no account, or the database refuses.
pub async fn run(node: &Node, payload: &str) -> Result<()> {
    let payload: serde_json::Value = serde_json::from_str(payload)?;
    let id = payload["account"].as_str().and_then(|text| text.parse::<ObjectId>().ok());
    let id = id.ok_or_else(|| ServiceError::Internal("the job names no account".to_owned()))?;
    let (now, cx) = (node.now(), node.own_context(ERASE_JOB));
    let Some(before) = node.store.system_account(id).await? else { return Ok(()) };
    let due = before.deletion == "confirmed" && before.erase_at.is_some_and(|at| at <= now);
    if !due || matches!(before.state.as_str(), DELETED | ACTIVE) {
        return Ok(());
    }
    let after = nameless(&before, now);
    let tx = node.store.begin().await?;
    tx.erase_account(&after, before.version, now).await?;
    let object = ("account.erase", "account", after.username.as_str());
    audit::note_change(&tx, &cx, object, None::<&Told<'_>>, Some(&Told::from(&after))).await?;
    housekeeping::ask_scrub(&tx, now).await?;
    tx.commit().await?;
    node.sign_ons.note_success(&before.username);
    Ok(())
}

fn nameless(before: &Account, now: suyuan_domain::clock::Timestamp) -> Account {
    let digits: String = hex(&sm3(before.id.as_bytes())).chars().take(12).collect();
    Account {
        username: format!("{NAMELESS}{digits}"),
        personal: None,
        person_key: None,
        password: NO_PASSWORD.to_owned(),
        password_until: None,
        must_change: false,
        state: DELETED.to_owned(),
        failures: 0,
        failed_at: None,
        locked_until: None,
        totp: None,
        totp_new: None,
        totp_step: 0,
        preferences: "{}".to_owned(),
        last_sign_in_at: None,
        last_sign_in_address: String::new(),
        subject: String::new(),
        version: before.version + 1,
        updated_at: now,
        ..before.clone()
    }
}
