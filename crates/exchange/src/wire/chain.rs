//! Questions about chains that leave a node (链条跨级查询): a signed question to the parent, and its signed answer.
//!
//! The parent walks on in its own data and asks its own parent in turn, so whoever lies above both ends answers for both.
//! What may be told for which purpose is decided in `suyuan-service`. Rows: G-6.5.3a, G-6.2.2c, H-6.3.

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::quantity::Quantity;
use suyuan_domain::record::Digest;

/// What an answer is wanted for (查询目的).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Somebody of the public looks up a code: no vouchers.
    Public,
    /// Somebody who may handle emergencies draws a chain.
    Emergency,
}

/// The question, signed by the node that asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainQuery {
    /// Version of the wire.
    pub version: u16,
    /// Code of the node that asks.
    pub from_node: String,
    /// Code of the node that is asked.
    pub to_node: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Units whose way from their source is wanted.
    pub up: Vec<String>,
    /// Units of which it is wanted what became of them.
    pub down: Vec<String>,
    /// Nodes of the graph at most.
    pub nodes: u32,
    /// Hops at most.
    pub hops: u32,
    /// The moment as of which the chain is drawn.
    pub as_of: Timestamp,
    /// How long the asking node waits, in milliseconds.
    pub wait_millis: u32,
    /// When.
    pub at: Timestamp,
}

/// A link of the answer, as the answering node has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredLink {
    /// Name of the kind.
    pub kind: String,
    /// Upstream unit; empty where the chain begins.
    pub up_unit: String,
    /// Subject that held it.
    pub up_subject: String,
    /// Downstream unit; empty where the chain ends.
    pub down_unit: String,
    /// Subject that holds it.
    pub down_subject: String,
    /// The event that says so.
    pub event: ObjectId,
    /// Version of the event.
    pub event_version: u64,
    /// Subject that reported it.
    pub reporter: String,
    /// Division where it happened.
    pub division: String,
    /// Category of the event.
    pub category: String,
    /// Stage of the event.
    pub stage: String,
    /// Business step of the event.
    pub biz_step: String,
    /// When it happened.
    pub event_time: Timestamp,
    /// Amount that passed, where it is stated.
    pub quantity: Option<Quantity>,
    /// Unit of measure.
    pub unit: String,
    /// Product code.
    pub product: String,
    /// Product name.
    pub product_name: String,
    /// Batch number.
    pub batch: String,
    /// Number of the voucher; empty in answers for the public.
    pub voucher: String,
}

/// A subject that the links name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredSubject {
    /// Code.
    pub code: String,
    /// Name as filed, or else as reported.
    pub name: String,
    /// Division.
    pub division: String,
    /// Stage as filed; empty where it is not on file.
    pub stage: String,
}

/// A test that an event of the answer reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredTest {
    /// The event.
    pub event: ObjectId,
    /// What was tested for.
    pub item: String,
    /// Whether it passed; absent where it was not tested.
    pub passed: Option<bool>,
}

/// The answer, signed by the node that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainAnswer {
    /// Version of the wire.
    pub version: u16,
    /// Code of the node that answers.
    pub from_node: String,
    /// Code of the node that asked.
    pub to_node: String,
    /// Hash of the question's bytes, so that no answer passes for one to another question.
    #[serde(with = "super::digest")]
    pub query_sm3: Digest,
    /// The links, each once.
    pub links: Vec<AnsweredLink>,
    /// Subjects that they name.
    pub subjects: Vec<AnsweredSubject>,
    /// Tests on the way, in answers for the public.
    pub tests: Vec<AnsweredTest>,
    /// Names of platforms further up that did not answer.
    pub silent: Vec<String>,
    /// Whether more exists than is told.
    pub truncated: bool,
    /// When.
    pub at: Timestamp,
}
