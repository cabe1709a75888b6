//! Second factors of accounts (双因素认证): setting one up, showing a code, recovery codes, taking one away.
//!
//! The secret is sealed under the node's key and bound to the account. A step counts once, also for two requests at the
//! same moment: the later one finds it used. Rows, H-9.

use suyuan_crypto::seal;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_security::context::OpContext;
use suyuan_security::second_factor::{SharedSecret, qr_data_url, recovery_codes, recovery_hash};
use suyuan_store::Tx;
use suyuan_store::account::Account;

use super::role::Book;
use super::{at_fault, sign_on, write};
use crate::{Node, Result, ServiceError, audit};

/// What a person needs for setting up an authenticator program.
#[derive(Clone)]
pub struct SetUp {
    /// The secret, for typing.
    pub secret: String,
    /// The address in the picture.
    pub uri: String,
    /// The picture as a `data:` address.
    pub qr: String,
}

impl std::fmt::Debug for SetUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetUp(..)")
    }
}

fn place(account: ObjectId) -> Vec<u8> {
    seal::place(&["account", "totp", &account.to_string()])
}

fn opened(node: &Node, account: &Account, sealed: &[u8]) -> Result<SharedSecret> {
    let bytes = seal::open(&node.sealing_key, &place(account.id), sealed)?;
    SharedSecret::from_bytes(&bytes).map_err(at_fault)
}

/// The key of the hashes of an account's recovery codes.
fn recovery_key(node: &Node, account: ObjectId) -> Vec<u8> {
    let mut key = node.sealing_key.as_bytes().to_vec();
    key.extend_from_slice(&seal::place(&["recovery", &account.to_string()]));
    key
}

/// Makes a secret that waits to be confirmed; one that is in use stays until then.
///
/// # Errors
/// When the database refuses.
pub(super) async fn prepare(node: &Node, account: &Account) -> Result<SetUp> {
    let secret = SharedSecret::generate(&*node.entropy).map_err(at_fault)?;
    let sealed = seal::seal(&node.sealing_key, &place(account.id), secret.as_bytes(), &*node.entropy)?;
    let after = Account { totp_new: Some(sealed), version: account.version + 1, ..account.clone() };
    let tx = node.store.begin().await?;
    tx.change_account(&after, account.version).await?;
    tx.commit().await?;
    let uri = secret.uri(&format!("溯源 {}", node.code()), &account.username);
    Ok(SetUp { secret: secret.text(), qr: qr_data_url(&uri).map_err(at_fault)?, uri })
}

/// Puts the waiting secret in force when `code` is one of its own; gives the account and the recovery codes.
pub(super) async fn settle(
    node: &Node,
    tx: &Tx,
    cx: &OpContext,
    before: &Account,
    code: &str,
) -> Result<Option<(Account, Vec<String>)>> {
    let Some(sealed) = &before.totp_new else { return Ok(None) };
    let Some(step) = opened(node, before, sealed)?.check(code, 0, node.now()) else { return Ok(None) };
    let mut after = before.clone();
    after.totp = after.totp_new.take();
    after.totp_step = step;
    write(tx, cx, "account.second_factor", before, &mut after).await?;
    let codes = renew(node, tx, before.id).await?;
    Ok(Some((after, codes)))
}

/// Takes a code of the second factor or a recovery code; says whether it was right and not used before.
pub(super) async fn show(node: &Node, tx: &Tx, account: &Account, code: &str) -> Result<bool> {
    if let Some(hash) = recovery_hash(&recovery_key(node, account.id), code) {
        return Ok(tx.use_recovery_code(account.id, &hash).await?);
    }
    let Some(sealed) = &account.totp else { return Ok(false) };
    match opened(node, account, sealed)?.check(code, account.totp_step, node.now()) {
        Some(step) => Ok(tx.use_step(account.id, step).await?),
        None => Ok(false),
    }
}

async fn renew(node: &Node, tx: &Tx, account: ObjectId) -> Result<Vec<String>> {
    let codes = recovery_codes(&*node.entropy).map_err(at_fault)?;
    let key = recovery_key(node, account);
    let hashes: Vec<[u8; 32]> = codes.iter().filter_map(|code| recovery_hash(&key, code)).collect();
    tx.set_recovery_codes(account, &hashes).await?;
    Ok(codes)
}

async fn own(node: &Node, cx: &OpContext) -> Result<Account> {
    node.store.system_account(cx.actor.id).await?.ok_or(ServiceError::NotFound("account"))
}

fn none_set() -> ServiceError {
    ServiceError::Conflict(Fault::new("AUTH-0128", "", "尚未设置双因素认证", "请先设置双因素认证"))
}

/// Begins to set up one's own second factor; asks for the password where one is in use already.
///
/// # Errors
/// `AUTH-0140` when one is in use and the password was not shown lately.
pub async fn begin(node: &Node, cx: &OpContext) -> Result<SetUp> {
    let account = own(node, cx).await?;
    if account.totp.is_some() {
        sign_on::confirmed(node, cx)?;
    }
    prepare(node, &account).await
}

/// Confirms one's own second factor with a code; gives the recovery codes, which are shown once.
///
/// # Errors
/// A fault `AUTH-0121` for a wrong code.
pub async fn confirm(node: &Node, cx: &OpContext, code: &str) -> Result<Vec<String>> {
    node.sign_ons.admit(&node.config.sign_on, &cx.address, cx.now)?;
    let account = own(node, cx).await?;
    let tx = node.store.begin().await?;
    let Some((_, codes)) = settle(node, &tx, cx, &account, code).await? else {
        tx.rollback().await?;
        let advice = "请核对手机时间后输入当前显示的 6 位数字";
        return Err(ServiceError::invalid("AUTH-0121", "code", "验证码不正确或已经用过", advice));
    };
    tx.commit().await?;
    Ok(codes)
}

/// New recovery codes for oneself; the ones before do not hold any more.
///
/// # Errors
/// `AUTH-0140` when the password was not shown lately, `AUTH-0128` without a second factor.
pub async fn new_codes(node: &Node, cx: &OpContext) -> Result<Vec<String>> {
    sign_on::confirmed(node, cx)?;
    let account = own(node, cx).await?;
    if account.totp.is_none() {
        return Err(none_set());
    }
    let tx = node.store.begin().await?;
    let codes = renew(node, &tx, account.id).await?;
    audit::note(&tx, cx, "account.recovery_codes", "account", &account.username, None, None).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Takes one's own second factor away.
///
/// # Errors
/// `AUTH-0140` when the password was not shown lately, `AUTH-0122` where the role asks for one.
pub async fn remove(node: &Node, cx: &OpContext) -> Result<()> {
    sign_on::confirmed(node, cx)?;
    let before = own(node, cx).await?;
    if Book::load(node).await?.needs_second_factor(&before.role) {
        let fault = Fault::new("AUTH-0122", "", "您的角色必须使用双因素认证", "如需更换手机，请重新设置");
        return Err(ServiceError::Conflict(fault));
    }
    let tx = node.store.begin().await?;
    take_away(&tx, cx, &before).await?;
    Ok(tx.commit().await?)
}

/// Takes a second factor away in the given transaction; gives the account.
pub(super) async fn take_away(tx: &Tx, cx: &OpContext, before: &Account) -> Result<Account> {
    let mut after = Account { totp: None, totp_new: None, totp_step: 0, ..before.clone() };
    write(tx, cx, "account.second_factor", before, &mut after).await?;
    tx.set_recovery_codes(before.id, &[]).await?;
    Ok(after)
}
