//! The context of one operation (操作上下文): who, from where, when, on which data, under which policy.
//!
//! Every use case takes one first. It is built by `api` after authentication and by `jobs` for work of the node itself;
//! this module trusts what it is given and decides only whether the actor may act. Rows: G-5.4.2, G-5.4.3, H-9.

use std::sync::Arc;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;

use crate::policy::{Action, Kind, PolicySnapshot};

/// What sort of actor acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A person who signed in.
    Person,
    /// A connected system with a token (接入系统).
    System,
    /// Another node of the platform.
    Node,
    /// Work of this node itself, started by no request.
    Job,
}

impl ActorKind {
    /// The word in the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::System => "system",
            Self::Node => "node",
            Self::Job => "job",
        }
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account, connected system or node; all zeros for work of this node itself.
    pub id: ObjectId,
    /// Name for signing in; code of the system or node.
    pub username: String,
    /// Name for people.
    pub display_name: String,
    /// Code of the role; empty for work of this node itself.
    pub role: String,
    /// Code of the node the actor belongs to.
    pub node: String,
    /// What sort of actor.
    pub kind: ActorKind,
}

/// The session of a person who signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionMark {
    /// Hash of its token, under which it is stored.
    pub hash: [u8; 32],
    /// When the person last showed the password.
    pub confirmed_at: Timestamp,
    /// Whether a second factor was shown at signing in.
    pub second_factor: bool,
}

/// The actor may not do this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("没有权限：当前角色不能对“{}”执行“{}”，如确需办理，请联系安全管理员授权", kind.label(), action.label())]
pub struct Denied {
    /// On what.
    pub kind: Kind,
    /// What.
    pub action: Action,
}

impl Denied {
    /// Stable code for the error envelope.
    pub const CODE: &'static str = "SEC-0301";
}

/// Who does something, from where, when, and on which data.
#[derive(Clone, Debug)]
pub struct OpContext {
    /// Who.
    pub actor: Actor,
    /// Which data the actor sees.
    pub scope: Scope,
    /// Code of the division the actor works for.
    pub division: String,
    /// Network address of the request; empty for work of the node itself.
    pub address: String,
    /// Joins the answer, the audit row and the log lines of one request.
    pub request_id: String,
    /// The moment that counts for the whole operation.
    pub now: Timestamp,
    /// The policy in force when the operation began.
    pub policy: Arc<PolicySnapshot>,
    /// The session; `None` for whoever has none.
    pub session: Option<SessionMark>,
}

impl OpContext {
    /// The context of work of the node itself: every action, all data. `job` names the work in the audit log.
    #[must_use]
    pub fn system(node: &str, job: &str, now: Timestamp) -> Self {
        Self {
            actor: Actor {
                id: ObjectId::default(),
                username: job.to_owned(),
                display_name: "系统".to_owned(),
                role: String::new(),
                node: node.to_owned(),
                kind: ActorKind::Job,
            },
            scope: Scope::everything(),
            division: node.to_owned(),
            address: String::new(),
            request_id: job.to_owned(),
            now,
            policy: Arc::new(PolicySnapshot::nothing()),
            session: None,
        }
    }

    /// Asks permission. Only work of the node itself needs none.
    ///
    /// # Errors
    /// [`Denied`], for the answer and the audit log.
    pub fn authorize(&self, action: Action, kind: Kind) -> Result<(), Denied> {
        if self.may(action, kind) { Ok(()) } else { Err(Denied { kind, action }) }
    }

    /// Whether [`Self::authorize`] would agree, for hiding what cannot be done.
    #[must_use]
    pub fn may(&self, action: Action, kind: Kind) -> bool {
        self.actor.kind == ActorKind::Job || self.policy.allows(&self.actor.role, kind, action)
    }
}
