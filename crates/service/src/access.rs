//! Connected systems (接入系统): registration and review, tokens, whose report it is, signs of life.
//!
//! A token is known by its hash only; the one before stops working when a new one is issued. Rows: G-6.7.1, G-6.7.2, H-8.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_crypto::token;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_domain::scope::Scope;
use suyuan_domain::search::mask_phone;
use suyuan_security::context::{Actor, ActorKind, OpContext};
use suyuan_security::policy::{Action, Kind};

use crate::node::Node;
use crate::register::field::{Faults, tidy_code, tidy_text};
use crate::register::{Columns, Document, State};
use crate::{Result, ServiceError, audit};

/// A system counts as on line this long after it was last heard of, in milliseconds: it has to report daily.
const ONLINE: i64 = 24 * 3_600_000;
/// Most devices of one sign of life.
const MOST_DEVICES: usize = 1000;
/// Longest token text that is looked up.
const TOKEN_LIMIT: usize = 128;

/// What is registered of a connected system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessDoc {
    /// Code; made from the division where none was given.
    pub code: String,
    /// Name.
    pub name: String,
    /// Who runs it.
    pub operator: String,
    /// Category that it reports.
    pub category: String,
    /// Stage that it reports.
    pub stage: String,
    /// Division.
    pub division: String,
    /// Code of the subject that answers for it; may be empty.
    pub subject: String,
    /// Codes of the subjects it reports for, where known beforehand.
    pub subjects: Vec<String>,
    /// Address of the system; may be empty.
    pub url: String,
    /// Whom to ask.
    pub contact: String,
    /// Telephone.
    pub phone: String,
}

impl Document for AccessDoc {
    const KIND: &'static str = kind::ACCESS;
    const POLICY: Kind = Kind::Access;
    const LETTERS: &'static str = "ACC";
    const STATES: &'static str = "system_state";

    fn tidy(&mut self, _node: &Node, fresh: ObjectId) {
        tidy_code(&mut self.code);
        tidy_code(&mut self.subject);
        self.subjects.iter_mut().for_each(tidy_code);
        for text in
            [&mut self.name, &mut self.operator, &mut self.division, &mut self.url, &mut self.contact, &mut self.phone]
        {
            tidy_text(text);
        }
        if self.code.is_empty() {
            let text = fresh.to_string().to_uppercase();
            let tail = text.rsplit('-').next().unwrap_or_default();
            self.code = format!("SYS{}{tail}", self.division);
        }
    }

    fn faults(&self, node: &Node) -> Vec<Fault> {
        let mut faults = Faults::new(Self::LETTERS, node);
        faults.code(&self.code);
        faults.required("name", "系统名称", &self.name);
        faults.required("operator", "运营单位", &self.operator);
        faults.category(&self.category);
        faults.stage("stage", &self.category, &self.stage);
        faults.division(&self.division);
        faults.text("contact", "联系人", &self.contact);
        faults.phone(&self.phone);
        let web = self.url.is_empty() || self.url.starts_with("https://") || self.url.starts_with("http://");
        if !web || self.url.len() > 500 {
            faults.add("0102", "url", "系统网址不正确", "请填写以 https:// 开头的网址，或不填");
        }
        if self.subjects.len() > 10_000 {
            faults.add("0121", "subjects", "代报主体过多", "请控制在 10000 个以内");
        }
        faults.done()
    }

    fn columns(&self) -> Columns {
        Columns {
            code: self.code.clone(),
            name: self.name.clone(),
            category: self.category.clone(),
            stage: self.stage.clone(),
            division: self.division.clone(),
            subject: self.subject.clone(),
            r#type: String::new(),
            place: None,
        }
    }

    fn masked(&self) -> Self {
        Self { phone: mask_phone(&self.phone), ..self.clone() }
    }
}

/// Which connected system calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemIdentity {
    /// The object.
    pub id: ObjectId,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Code of the subject that answers for it; may be empty.
    pub subject: String,
    /// Category that it reports.
    pub category: String,
    /// Stage that it reports.
    pub stage: String,
    /// Division.
    pub division: String,
}

impl SystemIdentity {
    /// The context of a request of this system. It has no role: what it may do is fixed by its interface.
    #[must_use]
    pub fn context(&self, node: &Node, address: &str, request_id: &str) -> OpContext {
        OpContext {
            actor: Actor {
                id: self.id,
                username: self.code.clone(),
                display_name: self.name.clone(),
                role: String::new(),
                node: node.code().to_owned(),
                kind: ActorKind::System,
            },
            scope: Scope::of_divisions(node.divisions.subtree(&self.division)),
            division: self.division.clone(),
            address: address.to_owned(),
            request_id: request_id.to_owned(),
            now: node.now(),
            policy: node.policy.current(),
        }
    }
}

fn refused(code: &str, reason: &str, advice: &str) -> ServiceError {
    ServiceError::Unauthenticated(Fault::new(code, "", reason, advice))
}

/// The system that a token belongs to.
///
/// # Errors
/// `ACC-0201` without a valid token, `ACC-0202` when the system is not live.
pub async fn authenticate(node: &Node, text: &str) -> Result<SystemIdentity> {
    let unknown =
        || refused("ACC-0201", "接入令牌缺失或无效", "请在请求头 Authorization 中填写 Bearer 和令牌，或重新签发");
    if text.is_empty() || text.len() > TOKEN_LIMIT {
        return Err(unknown());
    }
    let code = node.store.system_by_token(&token::token_hash(text)).await?.ok_or_else(unknown)?;
    let entry = node.store.system_entry_by_code(kind::ACCESS, &code).await?.ok_or_else(unknown)?;
    if !State::parse(&entry.state).is_some_and(State::is_live) {
        let packs = node.packs();
        let name = packs.name_in(AccessDoc::STATES, &entry.state);
        return Err(refused("ACC-0202", &format!("接入系统当前状态为“{name}”，不能报送"), "请联系监管部门"));
    }
    Ok(SystemIdentity {
        id: entry.object,
        code: entry.code,
        name: entry.name,
        subject: entry.subject,
        category: entry.category,
        stage: entry.stage,
        division: entry.division,
    })
}

/// Issues a token; the one before stops working. The text is shown once and kept nowhere.
///
/// # Errors
/// When the actor may not, there is no such system, or it is not live.
pub async fn issue_token(node: &Node, cx: &OpContext, id: ObjectId) -> Result<String> {
    cx.authorize(Action::Issue, Kind::Access)?;
    let entry = node.store.entry(&cx.scope, kind::ACCESS, id).await?.ok_or(ServiceError::NotFound(kind::ACCESS))?;
    let live = State::parse(&entry.state).is_some_and(State::is_live);
    if entry.origin_node != node.code() || !live {
        let fault = Fault::new("ACC-0203", "", "该系统尚未接入本节点，不能签发令牌", "请先完成审核");
        return Err(ServiceError::Conflict(fault));
    }
    let text = token::new_token(&*node.entropy)?;
    let hint = text.get(text.len().saturating_sub(4)..).unwrap_or_default();
    let tx = node.store.begin().await?;
    tx.issue_token(&entry.code, &token::token_hash(&text), hint, cx.now).await?;
    audit::note(&tx, cx, "access.issue_token", kind::ACCESS, &entry.code, None, Some(hint)).await?;
    tx.commit().await?;
    Ok(text)
}

/// Last characters of a system's token.
///
/// # Errors
/// When the database is out of reach.
pub async fn token_hint(node: &Node, code: &str) -> Result<Option<String>> {
    Ok(node.store.token_hint(code).await?)
}

/// What was heard of a system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard {
    /// Last accepted report.
    pub last_report_at: Option<Timestamp>,
    /// Last sign of life.
    pub last_seen_at: Option<Timestamp>,
    /// Events accepted in all.
    pub events_total: u64,
}

impl Heard {
    /// Whether the system is on line.
    #[must_use]
    pub fn is_online(self, now: Timestamp) -> bool {
        self.last_seen_at.is_some_and(|at| now.millis() - at.millis() <= ONLINE)
    }
}

/// What was heard of the systems of this node, by code.
///
/// # Errors
/// When the database is out of reach.
pub async fn heard(node: &Node) -> Result<BTreeMap<String, Heard>> {
    let rows = node.store.activities(kind::ACCESS).await?;
    let heard = rows.into_iter().map(|row| {
        let heard = Heard {
            last_report_at: row.last_report_at.map(Timestamp::from_millis),
            last_seen_at: row.last_seen_at.map(Timestamp::from_millis),
            events_total: u64::try_from(row.accepted).unwrap_or(0),
        };
        (row.code, heard)
    });
    Ok(heard.collect())
}

/// Names of connected systems by their codes; codes that are not registered are left out.
///
/// # Errors
/// When the database is out of reach.
pub async fn names(node: &Node, codes: Vec<String>) -> Result<BTreeMap<String, String>> {
    crate::register::names(node, kind::ACCESS, codes).await
}

/// Notes that a system and its devices are alive; gives how many devices were noted. Stays on this node.
///
/// # Errors
/// When there are too many devices, or the database refuses.
pub async fn heartbeat(node: &Node, system: &SystemIdentity, devices: &[String]) -> Result<usize> {
    if devices.len() > MOST_DEVICES {
        let fault = Fault::new("REQ-0110", "devices", format!("一次最多上报 {MOST_DEVICES} 台设备"), "请分批上报");
        return Err(ServiceError::TooLarge(fault));
    }
    let now = node.now();
    let codes: Vec<String> = devices
        .iter()
        .map(|code| {
            let mut code = code.clone();
            tidy_code(&mut code);
            code
        })
        .collect();
    let known = node.store.system_entries_by_codes(kind::DEVICE, &codes).await?;
    let tx = node.store.begin().await?;
    tx.heard_of(kind::ACCESS, &system.code, None, now, 0).await?;
    for device in known.iter().filter(|device| device.origin_node == node.code()) {
        tx.heard_of(kind::DEVICE, &device.code, None, now, 0).await?;
    }
    tx.commit().await?;
    Ok(known.len())
}
