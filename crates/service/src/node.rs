//! The node: everything a use case reaches for, put together once by `suyuan-server`.

use std::path::PathBuf;
use std::sync::Arc;

use suyuan_crypto::random::Entropy;
use suyuan_crypto::seal::SecretKey;
use suyuan_crypto::sign::SigningKey;
use suyuan_domain::clock::{Chance, Clock, Timestamp};
use suyuan_domain::division::{Divisions, Tier};
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::Packs;
use suyuan_exchange::client::PeerClient;
use suyuan_gis::Boundaries;
use suyuan_security::context::OpContext;
use suyuan_security::policy::SharedPolicy;
use suyuan_security::session::SessionRules;
use suyuan_security::throttle::{SignOnRules, Window};
use suyuan_store::Store;
use suyuan_warehouse::Warehouse;

use crate::access::meter::Meter;
use crate::account::Guard;
use crate::capture::CaptureQueue;
use crate::pack::SharedPacks;

/// What a node is told by configuration.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Code of the node; the code of its division.
    pub code: String,
    /// Tier of the node.
    pub tier: Tier,
    /// Name of the platform as people read it, such as 山东省重要产品追溯管理平台.
    pub platform_name: String,
    /// Code and address of the parent; `None` for the nation.
    pub parent: Option<(String, String)>,
    /// Address at which peers and people reach this node.
    pub public_url: String,
    /// Folder of segments, attachments and evidence.
    pub data_dir: PathBuf,
    /// Who answers for the node, told to the parent at enrolment.
    pub contact: String,
    /// Where reports are delivered as files when there is no mail server.
    pub mail_dir: Option<PathBuf>,
    /// Folder with the Chinese fonts for reports; `None` leaves reports in HTML and XLSX only.
    pub fonts_dir: Option<PathBuf>,
    /// How long a session lasts.
    pub sessions: SessionRules,
    /// How signing in is guarded.
    pub sign_on: SignOnRules,
    /// An outside provider with which people may sign in.
    pub openid: Option<crate::openid::PartnerSettings>,
}

/// A running node.
pub struct Node {
    /// What it is told by configuration.
    pub config: NodeConfig,
    /// The relational store.
    pub store: Store,
    /// The warehouse.
    pub warehouse: Warehouse,
    /// Categories, stages, rules, indicators, roles: the packs in force, see [`Node::packs`].
    pub shared_packs: SharedPacks,
    /// Divisions.
    pub divisions: Arc<Divisions>,
    /// Boundaries of divisions.
    pub boundaries: Arc<Boundaries>,
    /// Where the present moment comes from.
    pub clock: Arc<dyn Clock>,
    /// Where identifiers come from.
    pub chance: Arc<dyn Chance>,
    /// Where secrets come from.
    pub entropy: Arc<dyn Entropy>,
    /// The node's key for signatures.
    pub signing_key: SigningKey,
    /// The node's key for what is sealed at rest.
    pub sealing_key: SecretKey,
    /// This installation; another one with the same code is refused by the parent.
    pub instance: String,
    /// Who may do what.
    pub policy: SharedPolicy,
    /// What is remembered about tries to sign in.
    pub sign_ons: Guard,
    /// Applications for access by network address, within an hour.
    pub applied: Window,
    /// Position of the journal up to which all statistics know it; facts are known earlier.
    pub figures: tokio::sync::watch::Sender<u64>,
    /// The way to the capture writer.
    pub capture: CaptureQueue,
    /// What connected systems use.
    pub meter: Meter,
    /// Requests to other nodes.
    pub peers: PeerClient,
    /// Held by whoever writes sealed files of journal and evidence, so that no two write the same.
    pub sealing: tokio::sync::Mutex<()>,
    /// Refused and failed requests of the running minute, so that they do not flood the audit trail.
    pub audit_counted: crate::audit::guard::Counted,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("code", &self.config.code).finish_non_exhaustive()
    }
}

impl Node {
    /// Code of the node.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.config.code
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The packs in force now; a piece of work takes them once and keeps them to its end.
    #[must_use]
    pub fn packs(&self) -> Arc<Packs> {
        self.shared_packs.at(self.clock.now())
    }

    /// Mints an identifier.
    #[must_use]
    pub fn mint(&self) -> ObjectId {
        ObjectId::mint(self.clock.now(), &*self.chance)
    }

    /// The context of the node's own work called `job`.
    #[must_use]
    pub fn own_context(&self, job: &str) -> OpContext {
        OpContext::system(self.code(), job, self.now())
    }
}
