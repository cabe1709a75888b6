//! A seeded world of supply chains with known truth: who sent what, which anomaly was put in, what has to come out.
//!
//! For the demonstration, tests and measurements. The same plan gives the same world, byte for byte; nothing here reads a
//! clock or sends anything. Subjects, firms and persons are invented. Rows: N-CAT, G-8, G-6.4.2a, G-6.5.3a, G-6.8.1.

mod anomaly;
mod cast;
mod dice;
mod output;
mod report;
mod roles;
mod runs;
mod truth;

use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::division::Divisions;
use suyuan_domain::pack::Packs;

pub use anomaly::{Anomaly, AnomalyKind};
pub use cast::{Subject, System};
pub use truth::{ChainRow, ChainTruth, DayTotal, SystemTruth, Truth};

/// How large a world is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldSize {
    /// Subjects over all nodes; every role is cast at least twice in every city, so there are at least some 70 a city.
    pub subjects: usize,
    /// Good events, roughly.
    pub events: usize,
    /// Days over which they are spread, the last one being the day of `until`.
    pub days: u32,
}

/// What makes a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Seed.
    pub seed: u64,
    /// Size.
    pub size: WorldSize,
    /// Nothing happens, and nothing is reported, after this moment.
    pub until: Timestamp,
    /// Codes of the nodes, which are cities.
    pub nodes: Vec<String>,
}

/// A world cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// No node was given, or one is not a city with counties.
    #[error("节点 {0} 不是有下辖区县的城市")]
    Node(String),
    /// The packs lack a category or stage that the world plays.
    #[error("数据包缺少 {0}")]
    Packs(String),
    /// A file cannot be written.
    #[error("无法写入文件：{0}")]
    Write(#[from] std::io::Error),
    /// A table cannot be written.
    #[error("无法写入表格：{0}")]
    Table(#[from] csv::Error),
    /// A row cannot be put into JSON.
    #[error("无法生成 JSON：{0}")]
    Json(#[from] serde_json::Error),
}

/// One call of a connected system to its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// When it is made.
    pub at: Timestamp,
    /// Code of the node that is called.
    pub node: String,
    /// Code of the connected system that calls.
    pub system: String,
    /// Path of the interface.
    pub path: String,
    /// Body: message id and at most 500 events.
    pub body: serde_json::Value,
}

/// Something that a node has on file before the calls come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Code of the node.
    pub node: String,
    /// `subjects`, `products`, `devices` or `systems`, as in the console's paths.
    pub noun: String,
    /// Body, as the console's interface takes it.
    pub body: serde_json::Value,
}

/// A world.
#[derive(Debug)]
pub struct World {
    plan: Plan,
    cast: cast::Cast,
    batches: Vec<report::Batch>,
    events: Vec<runs::Happening>,
    truth: Truth,
    must: report::Catalogue,
}

impl World {
    /// Makes the world of a plan.
    ///
    /// # Errors
    /// When a node is no city with counties, or the packs lack what the world plays.
    pub fn generate(plan: Plan, packs: &Packs, divisions: &Divisions) -> Result<Self, WorldError> {
        if plan.nodes.is_empty() {
            return Err(WorldError::Node("（空）".into()));
        }
        roles::check(packs)?;
        let mut dice = dice::Dice::new(plan.seed);
        let cast = cast::Cast::assemble(&plan, divisions, &mut dice)?;
        let mut story = runs::tell(&plan, &cast, &mut dice);
        anomaly::put_in(&plan, &cast, &mut story, &mut dice);
        report::add_noise(&cast, &mut story, &mut dice);
        let must = report::Catalogue::of(packs);
        let batches = report::batches(&plan, &cast, &story.events, &mut dice);
        let truth = truth::work_out(&cast, &story, &batches);
        Ok(Self { plan, cast, batches, events: story.events, truth, must })
    }

    /// The plan that it was made from.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Subjects, in the order of their codes' serial numbers.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        &self.cast.subjects
    }

    /// Connected systems.
    #[must_use]
    pub fn systems(&self) -> &[System] {
        &self.cast.systems
    }

    /// What has to come out.
    #[must_use]
    pub const fn truth(&self) -> &Truth {
        &self.truth
    }

    /// What is on file before the calls: subjects, then products, devices and systems.
    pub fn registrations(&self) -> impl Iterator<Item = Registration> + '_ {
        self.cast.registrations()
    }

    /// The calls in the order in which they are made. Bodies are made one by one, so a large world stays small.
    pub fn calls(&self) -> impl ExactSizeIterator<Item = Call> + '_ {
        self.batches.iter().map(|batch| batch.call(&self.cast, &self.events, &self.must))
    }

    /// Writes registrations, calls, truth and anomalies into `folder` as JSON lines and CSV.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_dir(&self, folder: &std::path::Path) -> Result<(), WorldError> {
        output::write(self, folder)
    }
}

#[cfg(test)]
mod tests;
