//! Figures of the cockpit that are counted in the registers and on the desk: one indexed query each, never whole documents.
//!
//! What a figure means, its comparison and its colour belong to `suyuan-service`; figures over events to the warehouse.
//! Rows: G-6.2.3, G-6.2.2a, G-6.7, G-6.8.2a.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::scope::Scope;
use suyuan_domain::search::term::register_number;

use crate::db::Store;
use crate::filter::Conditions;
use crate::{Result, sql};

/// A number by division.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct DivisionCount {
    /// Division.
    pub division: String,
    /// The number.
    pub count: i64,
}

/// A connected system in the columns that figures need.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct LiveSystem {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Division.
    pub division: String,
    /// When it was first filed, milliseconds UTC.
    pub filed_at: Option<i64>,
}

/// An open finding in the columns that a warning shows.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct WarningRow {
    /// The object.
    pub object: Vec<u8>,
    /// Rule that found it.
    pub rule: String,
    /// Kind of the rule.
    pub kind: String,
    /// Severity.
    pub severity: String,
    /// What is wrong.
    pub text: String,
    /// Code of the subject it concerns; empty where it concerns none.
    pub subject: String,
    /// When it was found, milliseconds UTC.
    pub found_at: i64,
}

/// The result of an evaluation in the columns that a ranking shows.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct ScoreRow {
    /// Code of who was evaluated.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its division.
    pub division: String,
    /// Score in hundredths; absent where nothing applied.
    pub score: Option<i64>,
    /// Code of the grade.
    pub grade: Option<String>,
    /// Place from 1.
    pub rank: Option<i64>,
}

/// States in which a registered thing counts: filed, and filed with a change under review.
const LIVE: &str = "state IN ('filed', 'changing')";

impl Store {
    /// Filed entries of a kind by division; only those filed before `filed_before`, where it is given.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn live_counts(
        &self,
        scope: &Scope,
        kind: &str,
        category: Option<&str>,
        filed_before: Option<Timestamp>,
    ) -> Result<Vec<DivisionCount>> {
        let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
        conditions.push("register = ?", vec![register_number(kind).into()]);
        conditions.equal("category", category);
        conditions.push(LIVE, vec![]);
        if let Some(at) = filed_before {
            conditions.push("filed_at > 0 AND filed_at < ?", vec![at.millis().into()]);
        }
        self.count_by_division("register_key", conditions).await
    }

    /// Filed connected systems.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn live_systems(&self, scope: &Scope, category: Option<&str>) -> Result<Vec<LiveSystem>> {
        let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
        conditions.equal("kind", Some("access"));
        conditions.equal("category", category);
        conditions.push(LIVE, vec![]);
        let (filter, values) = conditions.done();
        let text = format!("SELECT code, name, division, filed_at FROM register{filter} ORDER BY code");
        sql::all(self.reader(), &text, values).await
    }

    /// Findings that nobody has decided on, by division.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn open_findings(&self, scope: &Scope, category: Option<&str>) -> Result<Vec<DivisionCount>> {
        let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
        conditions.equal("category", category);
        conditions.push("state = 'open'", vec![]);
        self.count_by_division("finding", conditions).await
    }

    /// The newest findings that nobody has decided on.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn newest_findings(&self, scope: &Scope, category: Option<&str>, limit: u64) -> Result<Vec<WarningRow>> {
        let mut conditions = Conditions::in_scope(scope, "division", Some("category"));
        conditions.equal("category", category);
        conditions.push("state = 'open'", vec![]);
        let (filter, mut values) = conditions.done();
        values.push(sql::int(limit));
        let text = format!(
            "SELECT object, rule, kind, severity, text, subject, found_at FROM finding{filter} \
             ORDER BY found_at DESC LIMIT ?"
        );
        sql::all(self.reader(), &text, values).await
    }

    /// Complaints that are not closed.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn open_complaints(&self, scope: &Scope) -> Result<u64> {
        let mut conditions = Conditions::in_scope(scope, "division", None);
        conditions.push("closed_at IS NULL AND state NOT IN ('closed', 'rejected')", vec![]);
        let (filter, values) = conditions.done();
        let count: Option<i64> =
            sql::scalar(self.reader(), &format!("SELECT COUNT(*) FROM complaint{filter}"), values).await?;
        Ok(count.map_or(0, sql::uint))
    }

    /// The last month for which `node` evaluated things of `kind` (`system` or `division`) in the scope, with the
    /// results in the order of their places; and the results of the month before that.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn last_scores(
        &self,
        scope: &Scope,
        node: &str,
        kind: &str,
    ) -> Result<Option<(String, Vec<ScoreRow>, Vec<ScoreRow>)>> {
        let text = "SELECT DISTINCT period FROM evaluation WHERE node = ? AND kind = ? AND period LIKE '____-__' \
                    ORDER BY period DESC LIMIT 2";
        let rows = sql::rows(self.reader(), text, vec![node.into(), kind.into()]).await?;
        let periods: Vec<String> =
            rows.iter().map(|row| row.try_get_by_index(0)).collect::<std::result::Result<_, _>>()?;
        let Some(last) = periods.first() else { return Ok(None) };
        let now = self.scores(scope, node, kind, last).await?;
        let before = match periods.get(1) {
            Some(period) => self.scores(scope, node, kind, period).await?,
            None => Vec::new(),
        };
        Ok(Some((last.clone(), now, before)))
    }

    async fn scores(&self, scope: &Scope, node: &str, kind: &str, period: &str) -> Result<Vec<ScoreRow>> {
        let mut conditions = Conditions::in_scope(scope, "division", None);
        conditions.of_systems(scope, "code", ("kind <> 'system'", vec![]));
        conditions.push("node = ? AND period = ? AND kind = ?", vec![node.into(), period.into(), kind.into()]);
        let (filter, values) = conditions.done();
        let text = format!(
            "SELECT code, name, division, score, grade, rank FROM evaluation{filter} \
             ORDER BY CASE WHEN score IS NULL THEN 1 ELSE 0 END, score DESC, code"
        );
        sql::all(self.reader(), &text, values).await
    }

    async fn count_by_division(&self, table: &str, conditions: Conditions) -> Result<Vec<DivisionCount>> {
        let (filter, values) = conditions.done();
        let text =
            format!("SELECT division, COUNT(*) AS count FROM {table}{filter} GROUP BY division ORDER BY division");
        sql::all(self.reader(), &text, values).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suyuan_domain::scope::CodeRange;

    #[tokio::test]
    async fn g_6_8_2a_the_last_month_is_ranked_within_the_scope_and_quarters_are_left_out() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::connect(&format!("sqlite://{}", folder.path().join("node.db").display()), "370000").await?;
        store.migrate().await?;
        let tx = store.begin().await?;
        for (number, (period, code, score)) in [
            ("2026-09", "370100", Some(8_000_i64)),
            ("2026-10", "370100", Some(9_000)),
            ("2026-10", "370200", Some(9_500)),
            ("2026-10", "370300", None),
            ("2026Q3", "370200", Some(1)),
        ]
        .into_iter()
        .enumerate()
        {
            let text = "INSERT INTO evaluation (node, period, kind, code, object, name, stage, division, score, grade, \
                        rank, formula, inputs, result, version, computed_at) \
                        VALUES ('370000', ?, 'division', ?, ?, 'n', '', ?, ?, NULL, NULL, '1', '{}', '{}', 1, 0)";
            let object = vec![u8::try_from(number).unwrap_or(0); 16];
            sql::execute(tx.db(), text, vec![period.into(), code.into(), object.into(), code.into(), score.into()])
                .await?;
        }
        tx.commit().await?;
        let found = store.last_scores(&Scope::everything(), "370000", "division").await?;
        let (period, now, before) = found.ok_or_else(|| crate::StoreError::damaged("evaluation", "absent"))?;
        assert_eq!(period, "2026-10");
        assert_eq!(now.iter().map(|row| row.code.as_str()).collect::<Vec<_>>(), ["370200", "370100", "370300"]);
        assert_eq!(before.len(), 1);
        let city = Scope::of_divisions(vec![CodeRange { from: "370100".into(), to: "370199".into() }]);
        let narrow = store.last_scores(&city, "370000", "division").await?;
        assert_eq!(narrow.map(|(_, now, _)| now.len()), Some(1));
        assert_eq!(store.last_scores(&city, "370000", "system").await?, None);
        assert_eq!(store.open_complaints(&city).await?, 0);
        assert!(store.open_findings(&city, Some("agri")).await?.is_empty());
        assert!(store.newest_findings(&city, None, 5).await?.is_empty());
        assert!(store.live_systems(&city, None).await?.is_empty());
        assert!(store.live_counts(&city, "subject", None, Some(Timestamp::from_millis(1))).await?.is_empty());
        Ok(())
    }
}
