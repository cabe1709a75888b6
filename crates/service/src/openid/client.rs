//! Applications whose users sign in here (应用客户端): registered by security administrators, with exact addresses to which
//! browsers may be sent. A secret is shown once and known by its hash. Rows: H-9.4, G-5.4.2.

use std::net::IpAddr;

use serde::Serialize;
use suyuan_crypto::token::{new_token, token_hash};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_exchange::client::Origin;
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::openid::ClientRow;

use super::SCOPES;
use crate::account::confirmed;
use crate::listing::Listed;
use crate::{Node, Result, ServiceError, audit};

/// State of an application that may be used.
pub(super) const ACTIVE: &str = "active";
const DISABLED: &str = "disabled";
/// Most addresses of an application.
const MOST_URIS: usize = 20;
/// Longest address, in bytes.
const LONGEST_URI: usize = 500;

/// An application as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientView {
    /// Its name in the protocol.
    pub client_id: String,
    /// Its name for people.
    pub name: String,
    /// `confidential` with a secret, or `public`.
    pub kind: &'static str,
    /// Where browsers may be sent after signing in.
    pub redirect_uris: Vec<String>,
    /// Where browsers may be sent after signing out.
    pub logout_uris: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// Whether the person is asked.
    pub consent: bool,
    /// `active` or `disabled`.
    pub state: String,
    /// Last characters of its secret.
    #[serde(skip)]
    pub secret_hint: Option<String>,
    /// Version.
    #[serde(skip)]
    pub version: u64,
    /// When it was registered.
    #[serde(skip)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[serde(skip)]
    pub updated_at: Timestamp,
}

pub(super) fn texts(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

impl From<ClientRow> for ClientView {
    fn from(row: ClientRow) -> Self {
        Self {
            kind: if row.secret.is_some() { "confidential" } else { "public" },
            redirect_uris: texts(&row.redirect_uris),
            logout_uris: texts(&row.logout_uris),
            scopes: texts(&row.scopes),
            secret_hint: Some(row.hint).filter(|hint| !hint.is_empty()),
            client_id: row.id,
            name: row.name,
            consent: row.consent,
            state: row.state,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// An application to be registered.
#[derive(Clone, Debug, Default)]
pub struct NewClient {
    /// Its name for people.
    pub name: String,
    /// `confidential` or `public`.
    pub kind: String,
    /// Where browsers may be sent after signing in.
    pub redirect_uris: Vec<String>,
    /// Where browsers may be sent after signing out.
    pub logout_uris: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
    /// Whether the person is asked.
    pub consent: bool,
}

/// What may be changed of an application.
#[derive(Clone, Debug, Default)]
pub struct ClientChange {
    /// Its name for people.
    pub name: Option<String>,
    /// Where browsers may be sent after signing in.
    pub redirect_uris: Option<Vec<String>>,
    /// Where browsers may be sent after signing out.
    pub logout_uris: Option<Vec<String>>,
    /// What it may ask for.
    pub scopes: Option<Vec<String>>,
    /// Whether the person is asked.
    pub consent: Option<bool>,
}

/// A page of applications.
///
/// # Errors
/// When the actor may not see them.
pub async fn list(
    node: &Node,
    cx: &OpContext,
    words: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Listed<ClientView>> {
    cx.authorize(Action::Read, Kind::Client)?;
    let page = node.store.system_openid_clients(words, after, limit).await?;
    Ok(Listed::of_page(page, |row| row.id.clone()).map(ClientView::from))
}

/// Registers an application; gives the secret of a confidential one, which is kept nowhere.
///
/// # Errors
/// When the actor may not or has not shown the password lately, or the input has faults (`CLI-0101` to `CLI-0105`).
pub async fn create(node: &Node, cx: &OpContext, new: NewClient) -> Result<(ClientView, Option<String>)> {
    cx.authorize(Action::Create, Kind::Client)?;
    confirmed(node, cx)?;
    let mut faults = faults(&new);
    if !matches!(new.kind.as_str(), "confidential" | "public") {
        faults.push(Fault::new(
            "CLI-0104",
            "kind",
            "客户端类型不正确",
            "请选择 confidential（有密钥）或 public（无密钥）",
        ));
    }
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let secret = if new.kind == "public" { None } else { Some(new_token(&*node.entropy)?) };
    let mark = node.mint().to_string();
    let row = ClientRow {
        id: format!("app-{}", mark.rsplit('-').next().unwrap_or(&mark)),
        name: new.name.trim().to_owned(),
        secret: secret.as_deref().map(token_hash),
        hint: hint(secret.as_deref()),
        redirect_uris: serde_json::to_string(&new.redirect_uris)?,
        logout_uris: serde_json::to_string(&new.logout_uris)?,
        scopes: serde_json::to_string(&ordered(&new.scopes))?,
        consent: new.consent,
        state: ACTIVE.to_owned(),
        version: 1,
        created_at: cx.now,
        updated_at: cx.now,
    };
    let tx = node.store.begin().await?;
    tx.add_openid_client(&row).await?;
    let view = ClientView::from(row);
    let object = ("client.create", "client", view.client_id.as_str());
    audit::note_change(&tx, cx, object, None::<&ClientView>, Some(&view)).await?;
    tx.commit().await?;
    Ok((view, secret))
}

fn hint(secret: Option<&str>) -> String {
    secret.and_then(|secret| secret.get(secret.len().saturating_sub(4)..)).unwrap_or_default().to_owned()
}

/// The scopes in the order of [`SCOPES`], `openid` always among them.
fn ordered(scopes: &[String]) -> Vec<&'static str> {
    let wanted = |scope: &str| scope == "openid" || scopes.iter().any(|one| one == scope);
    SCOPES.iter().map(|(scope, _)| *scope).filter(|scope| wanted(scope)).collect()
}

fn faults(new: &NewClient) -> Vec<Fault> {
    let mut faults = Vec::new();
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        faults.push(Fault::new("CLI-0101", "name", "应用名称为空或过长", "请填写 1 至 100 个字的名称"));
    }
    let advice = "请逐个填写完整的 https 地址，不含 #；本机调试可用 http://127.0.0.1 或 http://localhost";
    if new.redirect_uris.is_empty() || !all_usable(&new.redirect_uris) {
        faults.push(Fault::new("CLI-0102", "redirect_uris", "登录回跳地址不正确", advice));
    }
    if !all_usable(&new.logout_uris) {
        faults.push(Fault::new("CLI-0105", "logout_uris", "退出回跳地址不正确", advice));
    }
    if !new.scopes.iter().all(|scope| SCOPES.iter().any(|(known, _)| known == scope)) {
        faults.push(Fault::new("CLI-0103", "scopes", "信息范围不正确", "请从列表中选择"));
    }
    faults
}

fn all_usable(uris: &[String]) -> bool {
    uris.len() <= MOST_URIS && uris.iter().all(|uri| is_usable(uri))
}

/// An address to which browsers may be sent: encrypted, or on the user's own machine; nothing that could be read twice.
fn is_usable(uri: &str) -> bool {
    let plain = uri.len() <= LONGEST_URI && uri.is_ascii() && !uri.contains(['#', '*', '\\', ' ', '"', '<', '>']);
    let plain = plain && !uri.bytes().any(|byte| byte.is_ascii_control());
    plain && Origin::parse(uri).is_ok_and(|origin| uri.starts_with("https://") || is_own_machine(&origin, uri))
}

fn is_own_machine(origin: &Origin, uri: &str) -> bool {
    let host = uri.trim_start_matches("http://").split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host).trim_matches(['[', ']']);
    origin.is_loopback() && (host == "localhost" || host.parse::<IpAddr>().is_ok())
}

async fn found(node: &Node, id: &str) -> Result<ClientRow> {
    node.store.system_openid_client(id).await?.ok_or(ServiceError::NotFound("该应用客户端"))
}

/// Changes an application.
///
/// # Errors
/// When the actor may not, the input has faults, or somebody else was first.
pub async fn change(node: &Node, cx: &OpContext, id: &str, version: u64, change: ClientChange) -> Result<ClientView> {
    cx.authorize(Action::Update, Kind::Client)?;
    confirmed(node, cx)?;
    let before = found(node, id).await?;
    let wanted = NewClient {
        name: change.name.unwrap_or_else(|| before.name.clone()),
        kind: String::new(),
        redirect_uris: change.redirect_uris.unwrap_or_else(|| texts(&before.redirect_uris)),
        logout_uris: change.logout_uris.unwrap_or_else(|| texts(&before.logout_uris)),
        scopes: change.scopes.unwrap_or_else(|| texts(&before.scopes)),
        consent: change.consent.unwrap_or(before.consent),
    };
    let faults = faults(&wanted);
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    let after = ClientRow {
        name: wanted.name.trim().to_owned(),
        redirect_uris: serde_json::to_string(&wanted.redirect_uris)?,
        logout_uris: serde_json::to_string(&wanted.logout_uris)?,
        scopes: serde_json::to_string(&ordered(&wanted.scopes))?,
        consent: wanted.consent,
        ..before.clone()
    };
    settle(node, cx, "client.update", before, after, version).await
}

/// Disables an application; everything that it was given ends.
///
/// # Errors
/// When the actor may not, or somebody else was first.
pub async fn disable(node: &Node, cx: &OpContext, id: &str) -> Result<ClientView> {
    cx.authorize(Action::Disable, Kind::Client)?;
    let before = found(node, id).await?;
    let (after, version) = (ClientRow { state: DISABLED.to_owned(), ..before.clone() }, before.version);
    settle(node, cx, "client.disable", before, after, version).await
}

/// Enables an application again.
///
/// # Errors
/// When the actor may not, or somebody else was first.
pub async fn enable(node: &Node, cx: &OpContext, id: &str) -> Result<ClientView> {
    cx.authorize(Action::Update, Kind::Client)?;
    confirmed(node, cx)?;
    let before = found(node, id).await?;
    let (after, version) = (ClientRow { state: ACTIVE.to_owned(), ..before.clone() }, before.version);
    settle(node, cx, "client.enable", before, after, version).await
}

/// Gives an application another secret; the one before stops at once.
///
/// # Errors
/// `CLI-0106` for a public application; when the actor may not or has not shown the password lately.
pub async fn issue(node: &Node, cx: &OpContext, id: &str) -> Result<String> {
    cx.authorize(Action::Issue, Kind::Client)?;
    confirmed(node, cx)?;
    let before = found(node, id).await?;
    if before.secret.is_none() {
        let fault = Fault::new("CLI-0106", "kind", "公开客户端没有密钥", "如需密钥请登记为有密钥的客户端");
        return Err(ServiceError::Conflict(fault));
    }
    let secret = new_token(&*node.entropy)?;
    let after = ClientRow { secret: Some(token_hash(&secret)), hint: hint(Some(&secret)), ..before.clone() };
    let version = before.version;
    settle(node, cx, "client.issue", before, after, version).await?;
    Ok(secret)
}

async fn settle(
    node: &Node,
    cx: &OpContext,
    action: &str,
    before: ClientRow,
    mut after: ClientRow,
    expected: u64,
) -> Result<ClientView> {
    after.version = expected + 1;
    after.updated_at = cx.now;
    let tx = node.store.begin().await?;
    tx.change_openid_client(&after, expected).await?;
    if after.state != ACTIVE {
        tx.end_openid_grants_of(&after.id, cx.now).await?;
    }
    let (old, new) = (ClientView::from(before), ClientView::from(after));
    audit::note_change(&tx, cx, (action, "client", &new.client_id), Some(&old), Some(&new)).await?;
    tx.commit().await?;
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h_9_4_only_exact_addresses_that_nobody_can_listen_to_are_registered() {
        for (uri, usable) in [
            ("https://app.example.cn/callback", true),
            ("https://app.example.cn:8443/cb?tenant=1", true),
            ("http://127.0.0.1:8080/cb", true),
            ("http://localhost/cb", true),
            ("http://[::1]:8080/cb", true),
            ("http://app.example.cn/cb", false),
            ("http://localhost.example.cn/cb", false),
            ("http://127.0.0.1.example.cn/cb", false),
            ("https://app.example.cn/cb#part", false),
            ("https://*.example.cn/cb", false),
            ("https://user@app.example.cn/cb", false),
            ("javascript:alert(1)", false),
            ("https:app", false),
            ("", false),
        ] {
            assert_eq!(is_usable(uri), usable, "{uri}");
        }
    }

    #[test]
    fn h_9_4_every_application_may_ask_who_it_is() {
        assert_eq!(ordered(&["email".to_owned()]), ["openid", "email"]);
    }
}
