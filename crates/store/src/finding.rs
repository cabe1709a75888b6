//! Findings (异常数据): what a rule flagged, its review, and the small memory that rules of repetition and threshold need.
//!
//! Which rule flags what, and which review is allowed, is decided in `suyuan-service`. A finding is written by its origin
//! only; other tiers keep what was relayed. Rows: G-6.4.2a, G-6.4.2b.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, FromQueryResult, Value};
use serde::{Deserialize, Serialize};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::record::{Digest, order_number};
use suyuan_domain::scope::{CodeRange, Scope};

use crate::db::{Store, Tx};
use crate::error::StoreError;
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Identity: follows from rule, objects and period.
    pub object: ObjectId,
    /// Code of the rule.
    pub rule: String,
    /// Version of the rule that flagged it.
    pub rule_version: u32,
    /// Kind of the rule.
    pub kind: String,
    /// `high` or `normal`.
    pub severity: String,
    /// Month of the event.
    pub period: String,
    /// Code of the subject.
    pub subject: String,
    /// Code of the connected system that reported it.
    pub system: String,
    /// Division where it happened.
    pub division: String,
    /// Category.
    pub category: String,
    /// The event that was judged.
    pub event: Option<ObjectId>,
    /// One sentence in Chinese.
    pub text: String,
    /// The value that stands there.
    pub value: Option<String>,
    /// The bound that it breaks.
    pub limit: Option<String>,
    /// `open`, `confirmed`, `dismissed` or `returned`.
    pub state: String,
    /// Node that found it.
    pub origin_node: String,
    /// Term of authority.
    pub term: u32,
    /// Version within the term.
    pub version: u64,
    /// When it was found.
    pub found_at: Timestamp,
    /// When the review is due.
    pub due_at: Option<Timestamp>,
    /// When the review ended.
    pub closed_at: Option<Timestamp>,
    /// Steps of the review, JSON.
    pub history: String,
}

/// What a list of findings is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct FindingFilter {
    /// State.
    pub state: Option<String>,
    /// Code of the rule.
    pub rule: Option<String>,
    /// Connected system.
    pub system: Option<String>,
    /// Subject that the finding is about.
    pub subject: Option<String>,
    /// Divisions, as ranges.
    pub divisions: Option<Vec<CodeRange>>,
}

/// How many findings there are of one rule and state.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct FindingCount {
    /// Code of the rule.
    pub rule: String,
    /// State.
    pub state: String,
    /// Number of findings.
    pub total: i64,
}

/// What became of the findings of one connected system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handling {
    /// Findings whose time limit ended in the period.
    pub due: u64,
    /// Of them, closed within the limit.
    pub in_time: u64,
    /// Whether false data were proved: a confirmed finding of severity `veto`.
    pub false_data: bool,
}

/// A key that must not occur twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatKey<'a> {
    /// Code of the rule.
    pub rule: &'a str,
    /// Hash of the key.
    pub hash: Digest,
    /// The event that uses it.
    pub event: ObjectId,
}

#[derive(FromQueryResult)]
struct FindingRow {
    object: Vec<u8>,
    rule: String,
    rule_version: i64,
    kind: String,
    severity: String,
    period: String,
    subject: String,
    system: String,
    division: String,
    category: String,
    event: Option<Vec<u8>>,
    text: String,
    value: Option<String>,
    limit_value: Option<String>,
    state: String,
    origin_node: String,
    term: i64,
    version: i64,
    found_at: i64,
    due_at: Option<i64>,
    closed_at: Option<i64>,
    history: String,
}

impl TryFrom<FindingRow> for Finding {
    type Error = StoreError;

    fn try_from(row: FindingRow) -> Result<Self> {
        Ok(Self {
            object: sql::object(&row.object)?,
            rule: row.rule,
            rule_version: u32::try_from(row.rule_version).unwrap_or(1),
            kind: row.kind,
            severity: row.severity,
            period: row.period,
            subject: row.subject,
            system: row.system,
            division: row.division,
            category: row.category,
            event: row.event.as_deref().map(sql::object).transpose()?,
            text: row.text,
            value: row.value,
            limit: row.limit_value,
            state: row.state,
            origin_node: row.origin_node,
            term: u32::try_from(row.term).unwrap_or(1),
            version: sql::uint(row.version),
            found_at: Timestamp::from_millis(row.found_at),
            due_at: row.due_at.map(Timestamp::from_millis),
            closed_at: row.closed_at.map(Timestamp::from_millis),
            history: row.history,
        })
    }
}

const COLUMNS: &str = "object, rule, rule_version, kind, severity, period, subject, system, division, category, event, text, \
                       value, limit_value, state, origin_node, term, version, found_at, due_at, closed_at, history";

const WIDTH: usize = 22;

fn values(finding: &Finding) -> [Value; WIDTH] {
    [
        sql::id(finding.object),
        finding.rule.as_str().into(),
        i64::from(finding.rule_version).into(),
        finding.kind.as_str().into(),
        finding.severity.as_str().into(),
        finding.period.as_str().into(),
        finding.subject.as_str().into(),
        finding.system.as_str().into(),
        finding.division.as_str().into(),
        finding.category.as_str().into(),
        finding.event.map(|event| event.as_bytes().to_vec()).into(),
        finding.text.as_str().into(),
        finding.value.clone().into(),
        finding.limit.clone().into(),
        finding.state.as_str().into(),
        finding.origin_node.as_str().into(),
        i64::from(finding.term).into(),
        sql::int(finding.version),
        finding.found_at.millis().into(),
        finding.due_at.map(Timestamp::millis).into(),
        finding.closed_at.map(Timestamp::millis).into(),
        finding.history.as_str().into(),
    ]
}

async fn by_object<C: ConnectionTrait>(db: &C, object: ObjectId) -> Result<Option<Finding>> {
    let text = format!("SELECT {COLUMNS} FROM finding WHERE object = ?");
    let row: Option<FindingRow> = sql::one(db, &text, vec![sql::id(object)]).await?;
    row.map(Finding::try_from).transpose()
}

fn in_scope(scope: &Scope, finding: &Finding) -> bool {
    scope.covers_division(&finding.division)
        && (finding.category.is_empty() || scope.covers_category(&finding.category))
        && scope.subject.as_ref().is_none_or(|own| *own == finding.subject)
}

fn conditions(scope: &Scope, filter: &FindingFilter) -> Conditions {
    let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
    if let Some(own) = &scope.subject {
        conditions.equal("subject", Some(own));
    }
    if let Some(ranges) = &filter.divisions {
        conditions.in_ranges("division", ranges);
    }
    conditions.equal("state", filter.state.as_deref());
    conditions.equal("rule", filter.rule.as_deref());
    conditions.equal("system", filter.system.as_deref());
    conditions.equal("subject", filter.subject.as_deref());
    conditions
}

impl Tx {
    /// Adds findings that are not there yet and gives those that were new, each once, in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_findings(&self, findings: Vec<Finding>) -> Result<Vec<Finding>> {
        let mut known: BTreeSet<ObjectId> = BTreeSet::new();
        for chunk in findings.chunks(400) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!("SELECT object FROM finding WHERE object IN ({marks})");
            let bound = chunk.iter().map(|finding| sql::id(finding.object)).collect();
            for row in sql::rows(self.db(), &text, bound).await? {
                known.insert(sql::object(&row.try_get_by_index::<Vec<u8>>(0)?)?);
            }
        }
        let fresh: Vec<Finding> = findings.into_iter().filter(|finding| known.insert(finding.object)).collect();
        let bound: Vec<Value> = fresh.iter().flat_map(values).collect();
        let head = format!("INSERT INTO finding ({COLUMNS}) VALUES");
        sql::insert_many(self.db(), &head, WIDTH, bound, "ON CONFLICT (object) DO NOTHING").await?;
        Ok(fresh)
    }

    /// Replaces a finding whose stored order is `expected` (term, version).
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when somebody else changed it first.
    pub async fn change_finding(&self, finding: &Finding, expected: (u32, u64)) -> Result<()> {
        let text = "UPDATE finding SET state = ?, term = ?, version = ?, due_at = ?, closed_at = ?, history = ?, text = ? \
                    WHERE object = ? AND term = ? AND version = ?";
        let bound = vec![
            finding.state.as_str().into(),
            i64::from(finding.term).into(),
            sql::int(finding.version),
            finding.due_at.map(Timestamp::millis).into(),
            finding.closed_at.map(Timestamp::millis).into(),
            finding.history.as_str().into(),
            finding.text.as_str().into(),
            sql::id(finding.object),
            i64::from(expected.0).into(),
            sql::int(expected.1),
        ];
        if sql::execute(self.db(), text, bound).await? == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict { what: "finding" })
        }
    }

    /// Takes in a finding of another node: new, or later than the one here. Says whether it was.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_finding(&self, finding: Finding) -> Result<bool> {
        match by_object(self.db(), finding.object).await? {
            None => Ok(!self.add_findings(vec![finding]).await?.is_empty()),
            Some(old) if order_number(old.term, old.version) < order_number(finding.term, finding.version) => {
                self.change_finding(&finding, (old.term, old.version)).await?;
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }

    /// Keeps keys and gives for each, in order, the other event that had the key first; `None` where it is the first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_repeats(&self, keys: &[RepeatKey<'_>], now: Timestamp) -> Result<Vec<Option<ObjectId>>> {
        let bound = keys
            .iter()
            .flat_map(|key| [key.rule.into(), key.hash.to_vec().into(), sql::id(key.event), now.millis().into()])
            .collect();
        let head = "INSERT INTO repeat_key (rule, key_hash, event, at) VALUES";
        sql::insert_many(self.db(), head, 4, bound, "ON CONFLICT (rule, key_hash) DO NOTHING").await?;
        let mut by_rule: BTreeMap<&str, BTreeSet<&Digest>> = BTreeMap::new();
        for key in keys {
            by_rule.entry(key.rule).or_default().insert(&key.hash);
        }
        let mut owners: BTreeMap<(&str, Digest), ObjectId> = BTreeMap::new();
        for (rule, hashes) in by_rule {
            let hashes: Vec<&Digest> = hashes.into_iter().collect();
            for chunk in hashes.chunks(400) {
                let marks = vec!["?"; chunk.len()].join(",");
                let text = format!("SELECT key_hash, event FROM repeat_key WHERE rule = ? AND key_hash IN ({marks})");
                let mut bound: Vec<Value> = vec![rule.into()];
                bound.extend(chunk.iter().map(|hash| Value::from(hash.to_vec())));
                for row in sql::rows(self.db(), &text, bound).await? {
                    let hash = sql::digest(&row.try_get_by_index::<Vec<u8>>(0)?)?;
                    owners.insert((rule, hash), sql::object(&row.try_get_by_index::<Vec<u8>>(1)?)?);
                }
            }
        }
        let owner = |key: &RepeatKey<'_>| owners.get(&(key.rule, key.hash)).copied();
        Ok(keys.iter().map(|key| owner(key).filter(|owner| *owner != key.event)).collect())
    }

    /// Earlier numbers by key, newest first, for the keys that have any.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn number_series(&self, keys: &[Digest]) -> Result<BTreeMap<Digest, Vec<i64>>> {
        let mut found = BTreeMap::new();
        for chunk in keys.chunks(400) {
            let marks = vec!["?"; chunk.len()].join(",");
            let text = format!("SELECT key, numbers FROM number_series WHERE key IN ({marks})");
            let bound = chunk.iter().map(|key| key.to_vec().into()).collect();
            for row in sql::rows(self.db(), &text, bound).await? {
                let numbers: String = row.try_get_by_index(1)?;
                let numbers = numbers.split(',').filter_map(|number| number.parse().ok()).collect();
                found.insert(sql::digest(&row.try_get_by_index::<Vec<u8>>(0)?)?, numbers);
            }
        }
        Ok(found)
    }

    /// Keeps series, newest number first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_number_series(&self, series: &BTreeMap<Digest, Vec<i64>>, now: Timestamp) -> Result<()> {
        let text = |numbers: &[i64]| numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let bound = series
            .iter()
            .flat_map(|(key, numbers)| [key.to_vec().into(), text(numbers).into(), now.millis().into()])
            .collect();
        let head = "INSERT INTO number_series (key, numbers, at) VALUES";
        let tail = "ON CONFLICT (key) DO UPDATE SET numbers = excluded.numbers, at = excluded.at";
        sql::insert_many(self.db(), head, 3, bound, tail).await?;
        Ok(())
    }

    /// The finding of this object, whatever its scope: for checks within a use case.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_finding(&self, object: ObjectId) -> Result<Option<Finding>> {
        by_object(self.db(), object).await
    }
}

impl Store {
    /// The finding of this object, if it lies in `scope`.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn finding(&self, scope: &Scope, object: ObjectId) -> Result<Option<Finding>> {
        Ok(by_object(self.reader(), object).await?.filter(|finding| in_scope(scope, finding)))
    }

    /// A page of findings, newest first, behind (found at, object).
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn findings(
        &self,
        scope: &Scope,
        filter: &FindingFilter,
        after: Option<(Timestamp, ObjectId)>,
        limit: usize,
    ) -> Result<Page<Finding>> {
        let keyset = after.map(|(at, object)| {
            let at = at.millis();
            ("(found_at < ? OR (found_at = ? AND object < ?))", vec![at.into(), at.into(), sql::id(object)])
        });
        let order = "found_at DESC, object DESC";
        let rows: Page<FindingRow> =
            page(self.reader(), COLUMNS, "finding", conditions(scope, filter), keyset, order, limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(Finding::try_from).collect::<Result<_>>()?, more, count })
    }

    /// Findings by rule and state.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn finding_counts(&self, scope: &Scope, filter: &FindingFilter) -> Result<Vec<FindingCount>> {
        let (filter, bound) = conditions(scope, filter).done();
        let text = format!(
            "SELECT rule, state, COUNT(*) AS total FROM finding{filter} GROUP BY rule, state ORDER BY rule, state"
        );
        sql::all(self.reader(), &text, bound).await
    }

    /// Findings of one period by rule: all and handled.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_findings_found(&self, from: Timestamp, before: Timestamp) -> Result<Vec<FindingCount>> {
        let text = "SELECT rule, state, COUNT(*) AS total FROM finding WHERE found_at >= ? AND found_at < ? \
                    GROUP BY rule, state ORDER BY rule, state";
        sql::all(self.reader(), text, vec![from.millis().into(), before.millis().into()]).await
    }

    /// What became of findings whose limit ended in `[from, before)`, by connected system: for the evaluation.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_handling(&self, from: Timestamp, before: Timestamp) -> Result<BTreeMap<String, Handling>> {
        let text = "SELECT system, COUNT(*), \
                    SUM(CASE WHEN closed_at IS NOT NULL AND closed_at <= due_at THEN 1 ELSE 0 END), \
                    SUM(CASE WHEN severity = 'veto' AND state = 'confirmed' THEN 1 ELSE 0 END) \
                    FROM finding WHERE due_at >= ? AND due_at < ? GROUP BY system";
        let mut by_system = BTreeMap::new();
        for row in sql::rows(self.reader(), text, vec![from.millis().into(), before.millis().into()]).await? {
            let number = |index| -> Result<u64> { Ok(sql::uint(row.try_get_by_index::<i64>(index)?)) };
            let handling = Handling { due: number(1)?, in_time: number(2)?, false_data: number(3)? > 0 };
            by_system.insert(row.try_get_by_index(0)?, handling);
        }
        Ok(by_system)
    }
}
