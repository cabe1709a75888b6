//! Connected systems (接入系统): what is registered of them, on which phase of their access they are, signs of life.
//!
//! Applications stand in [`application`], who may call in [`admit`] and [`token`], the way from filing to live in [`phase`],
//! the self-test in [`selftest`], the monitoring in [`monitor`] and [`watch`]. Rows: G-6.7, G-6.7.1, G-6.7.2, H-8.

pub mod admit;
pub mod application;
pub mod meter;
pub mod monitor;
pub mod phase;
pub mod quota;
pub mod selftest;
pub mod token;
pub mod watch;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::kind;
use suyuan_domain::scope::Scope;
use suyuan_domain::search::{mask_name, mask_phone};
use suyuan_security::context::{Actor, ActorKind, OpContext};
use suyuan_security::policy::Kind;

use crate::Result;
use crate::node::Node;
use crate::register::field::{Faults, tidy_code, tidy_text};
use crate::register::{self, Columns, Document, Item};

pub use phase::Phase;

/// A system counts as on line this long after it was last heard of, in milliseconds: it has to report daily.
const ONLINE: i64 = 24 * 3_600_000;

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
    /// Unified social credit code of who runs it; may be empty.
    pub uscc: String,
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
    /// Mail address to which warnings go; may be empty.
    pub email: String,
    /// What it is for; may be empty.
    pub purpose: String,
    /// Rows that it expects to send in a day.
    pub daily_volume: Option<u64>,
    /// Outside form, list `access_protocol`; may be empty.
    pub protocol: String,
    /// With whose money it was built, list `access_funding`; may be empty.
    pub funding: String,
    /// Phase of the access, see [`Phase`]; empty for live, as in older documents.
    pub phase: String,
    /// Since when it is on this phase.
    pub phase_since: Option<Timestamp>,
    /// Since when it has been live without a break; `None` in older documents.
    pub live_since: Option<Timestamp>,
    /// Filing number (备案号) where it came by an application.
    pub filing_no: String,
    /// Number of the application where it came by one.
    pub application: String,
}

impl AccessDoc {
    /// On which phase of the access it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        Phase::parse(&self.phase)
    }

    /// The same with the course of another document: what no form sets.
    #[must_use]
    pub fn with_course_of(self, other: &Self) -> Self {
        Self {
            phase: other.phase.clone(),
            phase_since: other.phase_since,
            live_since: other.live_since,
            filing_no: other.filing_no.clone(),
            application: other.application.clone(),
            ..self
        }
    }
}

impl Document for AccessDoc {
    const KIND: &'static str = kind::ACCESS;
    const POLICY: Kind = Kind::Access;
    const LETTERS: &'static str = "ACC";
    const STATES: &'static str = "system_state";
    const SEALED: bool = true;

    fn tidy(&mut self, _node: &Node, fresh: ObjectId) {
        for code in [&mut self.code, &mut self.subject, &mut self.uscc] {
            tidy_code(code);
        }
        self.subjects.iter_mut().for_each(tidy_code);
        self.subjects.retain(|code| !code.is_empty());
        for text in [
            &mut self.name,
            &mut self.operator,
            &mut self.division,
            &mut self.url,
            &mut self.contact,
            &mut self.phone,
            &mut self.email,
            &mut self.purpose,
        ] {
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
        faults.uscc(&self.uscc);
        faults.category(&self.category);
        faults.stage("stage", &self.category, &self.stage);
        faults.division(&self.division);
        faults.text("contact", "联系人", &self.contact);
        faults.phone(&self.phone);
        faults.listed("access_protocol", "protocol", "报送方式", &self.protocol);
        faults.listed("access_funding", "funding", "建设资金", &self.funding);
        if self.purpose.chars().count() > 1_000 {
            faults.add("0111", "purpose", "接入用途超过 1000 字", "请缩短");
        }
        if !is_mail_address(&self.email) {
            faults.add("0122", "email", "电子邮箱不正确", "请填写如 name@example.cn 的邮箱，或不填");
        }
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
            r#type: self.phase().as_str().to_owned(),
            ..Columns::default()
        }
    }

    fn masked(&self) -> Self {
        Self { phone: mask_phone(&self.phone), email: mask_mail(&self.email), ..self.clone() }
    }
}

/// Whether a text may be a mail address; an empty one is none and is right.
pub(crate) fn is_mail_address(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '*'))
    };
    let split = text.split_once('@');
    text.is_empty()
        || text.len() <= 200 && split.is_some_and(|(name, host)| plain(name) && plain(host) && host.contains('.'))
}

/// A mail address of which only the first letter and the host can be read.
pub(crate) fn mask_mail(text: &str) -> String {
    text.split_once('@').map_or_else(String::new, |(name, host)| format!("{}@{host}", mask_name(name)))
}

/// Changes what is registered of a system; its course of access stays.
///
/// # Errors
/// As [`register::change`].
pub async fn change(
    node: &Node,
    cx: &OpContext,
    id: ObjectId,
    version: u64,
    doc: AccessDoc,
) -> Result<Item<AccessDoc>> {
    let stored = register::get::<AccessDoc>(node, cx, id).await?;
    register::change(node, cx, id, version, doc.with_course_of(&stored.item.doc)).await
}

/// Registers a system that begins on trial or live. A regulator who registers it without an application answers for it.
///
/// # Errors
/// As [`register::create`].
pub async fn create(node: &Node, cx: &OpContext, mut doc: AccessDoc, begin: Phase) -> Result<Item<AccessDoc>> {
    begin.as_str().clone_into(&mut doc.phase);
    doc.phase_since = Some(cx.now);
    doc.live_since = (begin == Phase::Live).then_some(cx.now);
    register::create(node, cx, doc).await
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
    /// Phase of its access.
    pub phase: Phase,
    /// Last characters of the token that was shown.
    pub hint: String,
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
            session: None,
        }
    }
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

/// Names of connected systems by their codes; codes that are not registered or outside of `scope` are left out.
///
/// # Errors
/// When the database is out of reach.
pub async fn names(node: &Node, scope: &Scope, codes: Vec<String>) -> Result<BTreeMap<String, String>> {
    crate::register::names(node, scope, kind::ACCESS, codes).await
}
