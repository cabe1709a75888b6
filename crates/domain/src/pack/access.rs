//! What connected systems are held to (接入要求), as data: thresholds of the monitoring by stage, how long a system may stay
//! silent, default quotas, and the clauses of the self-test. Rows: G-6.7.1, G-6.7.2.

use serde::{Deserialize, Serialize};

use super::Packs;

/// The score of an indicator below which a system is warned about, for a stage (预警阈值).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Code of the indicator of the evaluation.
    pub indicator: String,
    /// Code of the stage; empty for all stages without a row of their own.
    #[serde(default)]
    pub stage: String,
    /// Hundredths of a per cent.
    pub below: i64,
}

/// For how many hours systems of a stage may stay silent (静默时限).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Code of the stage; empty for all stages without a row of their own.
    #[serde(default)]
    pub stage: String,
    /// Hours without an accepted report or a sign of life.
    pub hours: u32,
}

/// The default quota of a connected system, or of the public (默认配额).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// One of [`QUOTAS`], or [`APPLICATIONS_PER_HOUR`].
    pub code: String,
    /// Name.
    pub name: String,
    /// How many.
    pub value: u64,
}

/// A clause of the self-test (自测条款).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Code, which names the way it is looked at where faults alone do not say it.
    pub code: String,
    /// Name.
    pub name: String,
    /// Whether a system may only go live when it has passed it.
    #[serde(default)]
    pub must: bool,
    /// Beginnings of the fault codes that break it.
    #[serde(default)]
    pub faults: Vec<String>,
    /// What to do where it is failed or was not shown.
    pub advice: String,
    /// Rows of one message that show it, for the clause on volume.
    #[serde(default)]
    pub rows: u64,
}

/// Names of the quotas of connected systems.
pub const QUOTAS: [&str; 3] = ["requests_per_minute", "rows_per_day", "body_bytes"];

/// Applications for access that one network address may send within an hour before it has to solve a captcha.
pub const APPLICATIONS_PER_HOUR: &str = "applications_per_hour";

/// The row for a stage, else the row for all stages.
fn of_stage<'a, T>(rows: &'a [T], of: impl Fn(&T) -> bool, stage: impl Fn(&T) -> &str, wanted: &str) -> Option<&'a T> {
    let with = |name: &str| rows.iter().find(|row| of(row) && stage(row) == name);
    with(wanted).or_else(|| with(""))
}

impl Packs {
    /// The score of `indicator` below which systems of `stage` are warned about, where this pack says something of it.
    #[must_use]
    pub fn threshold(&self, indicator: &str, stage: &str) -> Option<i64> {
        let of = |row: &Threshold| row.indicator == indicator;
        of_stage(&self.thresholds, of, |row| row.stage.as_str(), stage).map(|row| row.below)
    }

    /// For how many hours a system of `stage` may stay silent; a day where no row says it.
    #[must_use]
    pub fn silence_hours(&self, stage: &str) -> u32 {
        of_stage(&self.silences, |_| true, |row| row.stage.as_str(), stage).map_or(24, |row| row.hours)
    }

    /// The default of a quota; `None` where it is not limited.
    #[must_use]
    pub fn quota(&self, code: &str) -> Option<u64> {
        self.quotas.iter().find(|row| row.code == code).map(|row| row.value)
    }
}
