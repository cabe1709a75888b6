//! Chains that leave a node (链条跨级查询): where the own records end, the parent is asked, which walks on in its own and
//! asks its parent in turn, so that the lowest node above both ends answers.
//!
//! The question names its purpose, and the answer is narrowed to it; whom it is shown to is narrowed further by the node
//! that asked. A parent that does not answer in time leaves a gap with its name. Rows: G-6.5.3a, G-6.2.2c, H-6.3.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use suyuan_crypto::hash::sm3;
use suyuan_crypto::sign::VerifyingKey;
use suyuan_domain::chain::{Direction, Frontier, WalkLimits};
use suyuan_domain::fault::Fault;
use suyuan_domain::scope::Scope;
use suyuan_exchange::wire::chain::{AnsweredLink, AnsweredSubject, AnsweredTest, ChainAnswer, ChainQuery, Purpose};
use suyuan_exchange::wire::{VERSION, document};
use suyuan_store::peer::Peer;
use suyuan_warehouse::query::LinkRow;
use tokio::sync::Semaphore;

use super::{Subject, Test, Walked, follow, public};
use crate::{Node, Result, ServiceError};

/// Path of questions about chains on a parent.
const CHAIN_PATH: &str = "/exchange/v1/chains";

/// Units of one question, each way.
const MOST_UNITS: usize = 2_000;
/// Links of one answer.
const MOST_LINKS: usize = 8_000;
/// Questions under way at a time; the public must not be able to keep a parent busy through one node.
static UNDER_WAY: Semaphore = Semaphore::const_new(16);
/// What a node keeps of the time it is given, to answer before the one that asked stops waiting.
const OWN_TIME: Duration = Duration::from_millis(400);

/// What may be asked of others, and how long they may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    pub(super) purpose: Purpose,
    until: Instant,
}

impl Asking {
    /// For somebody of the public, who waits for a page.
    pub(super) fn for_public() -> Self {
        Self { purpose: Purpose::Public, until: Instant::now() + Duration::from_millis(2_500) }
    }

    /// For somebody who may handle emergencies.
    pub(super) fn for_emergency() -> Self {
        Self { purpose: Purpose::Emergency, until: Instant::now() + Duration::from_secs(10) }
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// What is told about the loose ends of a chain: by others to this node, or by this node to others.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Links, in the form of the own ones.
    pub(super) links: Vec<LinkRow>,
    /// Subjects that they name.
    pub(super) subjects: BTreeMap<String, Subject>,
    /// Tests on the way.
    pub(super) tests: BTreeMap<suyuan_domain::id::ObjectId, Test>,
    /// Names of platforms that did not answer.
    pub(super) silent: Vec<String>,
    /// Whether there is more than was told.
    pub(super) truncated: bool,
}

/// Asks the parent where the chain goes on; `None` where there is no parent to ask.
pub(super) async fn ask(node: &Node, ends: &Frontier, limits: &WalkLimits, asking: &Asking) -> Option<Told> {
    let parent = parent(node).await?;
    let silent = || Told { silent: vec![format!("{}平台", node.divisions.name(&parent.code))], ..Told::default() };
    let Ok(_turn) = UNDER_WAY.try_acquire() else { return Some(silent()) };
    let left = asking.left();
    match tokio::time::timeout(left, question(node, &parent, ends, limits, asking)).await {
        Ok(Ok(answer)) => Some(told(answer)),
        Ok(Err(error)) => {
            tracing::warn!(parent = parent.code, error = %error, "a question about a chain failed");
            Some(silent())
        }
        Err(_) => Some(silent()),
    }
}

async fn parent(node: &Node) -> Option<Peer> {
    let (code, _) = node.config.parent.as_ref()?;
    let peer = node.store.peer(code).await.ok().flatten();
    peer.filter(|peer| peer.role == "parent" && peer.state == "approved")
}

async fn question(
    node: &Node,
    parent: &Peer,
    ends: &Frontier,
    limits: &WalkLimits,
    asking: &Asking,
) -> Result<ChainAnswer> {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let first = |units: &[String]| units.iter().take(MOST_UNITS).cloned().collect();
    let query = ChainQuery {
        version: VERSION,
        from_node: node.code().to_owned(),
        to_node: parent.code.clone(),
        purpose: asking.purpose,
        up: first(&ends.up),
        down: first(&ends.down),
        nodes: small(limits.nodes),
        hops: limits.hops,
        as_of: limits.as_of,
        wait_millis: u32::try_from(asking.left().as_millis()).unwrap_or(u32::MAX),
        at: node.now(),
    };
    let bytes = document::sign(&query, &node.signing_key, &*node.entropy)?;
    let key = VerifyingKey::from_spki_pem(&parent.public_key)?;
    let hash = sm3(&bytes);
    node.peers.http().allow(&parent.url)?;
    let address = crate::sync::address(&parent.url, CHAIN_PATH);
    let answer = node.peers.post_chain_query(&address, Bytes::from(bytes)).await?;
    let answer: ChainAnswer = document::verify(&answer, &key)?;
    if answer.from_node != parent.code || answer.to_node != node.code() || answer.query_sm3 != hash {
        return Err(ServiceError::Internal("the parent answered another question".into()));
    }
    Ok(answer)
}

fn told(answer: ChainAnswer) -> Told {
    let subjects: BTreeMap<String, Subject> = answer.subjects.into_iter().map(subject).collect();
    let of = |code: &str| {
        let known = subjects.get(code);
        known.map(|known| (known.name.clone(), known.division.clone())).unwrap_or_default()
    };
    Told {
        links: answer.links.into_iter().map(|link| link_row(link, of)).collect(),
        tests: answer
            .tests
            .into_iter()
            .map(|test| (test.event, Test { item: test.item, passed: test.passed }))
            .collect(),
        silent: answer.silent,
        truncated: answer.truncated,
        subjects,
    }
}

fn subject(answered: AnsweredSubject) -> (String, Subject) {
    let AnsweredSubject { code, name, division, stage } = answered;
    (code, Subject { name, division, stage, entry: None })
}

fn link_row(link: AnsweredLink, of: impl Fn(&str) -> (String, String)) -> LinkRow {
    let ((up_name, up_division), (down_name, down_division)) = (of(&link.up_subject), of(&link.down_subject));
    LinkRow {
        kind: link.kind,
        up_unit: link.up_unit,
        up_subject: link.up_subject,
        up_name,
        up_division,
        down_unit: link.down_unit,
        down_subject: link.down_subject,
        down_name,
        down_division,
        event: link.event,
        version: link.event_version,
        reporter: link.reporter,
        division: link.division,
        category: link.category,
        stage: link.stage,
        biz_step: link.biz_step,
        event_time: link.event_time,
        quantity: link.quantity,
        unit: link.unit,
        product: link.product,
        product_name: link.product_name,
        batch: link.batch,
        voucher: link.voucher,
    }
}

/// Answers the question of a node below this one, with a signed document.
///
/// # Errors
/// When the question is not signed by an admitted child, is not for this node, or asks for too much; and faults of store
/// and warehouse.
pub async fn answer(node: &Node, bytes: &[u8]) -> Result<Vec<u8>> {
    let query = admitted(node, bytes).await?;
    let limits = WalkLimits {
        nodes: super::MOST_NODES.min(query.nodes as usize),
        hops: query.hops.min(100),
        ..WalkLimits::new(query.as_of)
    };
    let wait = Duration::from_millis(u64::from(query.wait_millis.min(10_000))).saturating_sub(OWN_TIME);
    let asking = Asking { purpose: query.purpose, until: Instant::now() + wait };
    let mut found = Told::default();
    let everything = Scope::everything();
    for (units, direction) in [(&query.up, Direction::Up), (&query.down, Direction::Down)] {
        if !units.is_empty() {
            found.add(follow(node, &everything, units.clone(), direction, limits.clone(), Some(&asking)).await?);
        }
    }
    if query.purpose == Purpose::Emergency {
        let cx = node.own_context("chain-query");
        let tx = node.store.begin().await?;
        let units = format!("{}", query.up.len() + query.down.len());
        crate::audit::note(&tx, &cx, "query", "trace", &query.from_node, None, Some(&units)).await?;
        tx.commit().await?;
    }
    if query.purpose == Purpose::Public {
        found.tests.extend(public::tests(node, &found.links).await?);
    }
    let answer = found.into_answer(node, &query, sm3(bytes));
    Ok(document::sign(&answer, &node.signing_key, &*node.entropy)?)
}

async fn admitted(node: &Node, bytes: &[u8]) -> Result<ChainQuery> {
    let peek: ChainQuery = document::peek(bytes)?;
    let stranger = || {
        let advice = "请先在上级平台完成接入审批";
        ServiceError::Unauthenticated(Fault::new("XCH-0303", "from_node", "未登记或未批准的节点", advice))
    };
    let peer = node.store.peer(&peek.from_node).await?;
    let peer = peer.filter(|peer| peer.role == "child" && peer.state == "approved").ok_or_else(stranger)?;
    let query: ChainQuery = document::verify(bytes, &VerifyingKey::from_spki_pem(&peer.public_key)?)?;
    if query.to_node != node.code() {
        return Err(ServiceError::invalid("XCH-0304", "to_node", "问询不是发给本节点的", "请核对上下级节点配置"));
    }
    if query.up.len() > MOST_UNITS || query.down.len() > MOST_UNITS {
        let reason = format!("一次问询最多 {MOST_UNITS} 个单元");
        return Err(ServiceError::invalid("XCH-0306", "up", reason, "请缩小查询范围"));
    }
    Ok(query)
}

impl Told {
    fn add(&mut self, walked: Walked) {
        self.links.extend(walked.links);
        self.subjects.extend(walked.subjects);
        self.tests.extend(walked.tests);
        self.silent.extend(walked.silent);
        self.truncated |= walked.chain.truncated;
    }

    fn into_answer(mut self, node: &Node, query: &ChainQuery, query_sm3: [u8; 32]) -> ChainAnswer {
        let key = |row: &LinkRow| (row.event, row.up_unit.clone(), row.down_unit.clone());
        self.links.sort_by_key(key);
        self.links.dedup_by_key(|row| key(row));
        self.truncated |= self.links.len() > MOST_LINKS;
        self.links.truncate(MOST_LINKS);
        self.silent.sort_unstable();
        self.silent.dedup();
        let public = query.purpose == Purpose::Public;
        let test = |(event, test): (_, Test)| AnsweredTest { event, item: test.item, passed: test.passed };
        ChainAnswer {
            version: VERSION,
            from_node: node.code().to_owned(),
            to_node: query.from_node.clone(),
            query_sm3,
            links: self.links.into_iter().map(|row| answered(row, public)).collect(),
            subjects: self.subjects.into_iter().map(answered_subject).collect(),
            tests: self.tests.into_iter().map(test).collect(),
            silent: self.silent,
            truncated: self.truncated,
            at: node.now(),
        }
    }
}

fn answered_subject((code, subject): (String, Subject)) -> AnsweredSubject {
    let stage = subject.stage_on_file().to_owned();
    AnsweredSubject { code, name: subject.name, division: subject.division, stage }
}

fn answered(row: LinkRow, public: bool) -> AnsweredLink {
    AnsweredLink {
        kind: row.kind,
        up_unit: row.up_unit,
        up_subject: row.up_subject,
        down_unit: row.down_unit,
        down_subject: row.down_subject,
        event: row.event,
        event_version: row.version,
        reporter: row.reporter,
        division: row.division,
        category: row.category,
        stage: row.stage,
        biz_step: row.biz_step,
        event_time: row.event_time,
        quantity: row.quantity,
        unit: row.unit,
        product: row.product,
        product_name: row.product_name,
        batch: row.batch,
        voucher: if public { String::new() } else { row.voucher },
    }
}
