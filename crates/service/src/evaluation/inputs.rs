//! Counting what an evaluation is computed from: the warehouse's figures, the register, and how findings were handled.

use std::collections::{BTreeMap, BTreeSet};

use suyuan_domain::clock::Timestamp;
use suyuan_domain::evaluation::Inputs;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::scope::Scope;
use suyuan_store::register::Entry;
use suyuan_warehouse::query::{DayRange, EvaluationInputs, FigureFilter};

use crate::access::AccessDoc;
use crate::{Node, Result, closure};

/// A connected system with what was counted for it.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) entry: Entry,
    pub(super) inputs: Inputs,
}

/// The last day that counts: the last of the period, or today.
pub(super) fn last_day(period: Period, now: Timestamp) -> Day {
    period.last().min(Day::of(now))
}

/// Counts every connected system that belongs to this node's division and was filed before the end of the period.
pub(super) async fn count(node: &Node, period: Period, now: Timestamp) -> Result<Vec<Counted>> {
    let (first, last) = (period.first(), last_day(period, now));
    if last < first {
        return Ok(Vec::new());
    }
    let days = DayRange { from: first, to: last };
    let counted = node.warehouse.evaluation_inputs(&Scope::everything(), days, &FigureFilter::default()).await?;
    let counted: BTreeMap<String, EvaluationInputs> =
        counted.into_iter().map(|inputs| (inputs.system.clone(), inputs)).collect();
    let handling = node.store.system_handling(period.start(), period.end().min(now)).await?;
    let closed = closure::closed_days(node, "access", first, last).await?;
    let packs = node.packs();
    let mut systems = Vec::new();
    for entry in node.store.system_entries("access").await? {
        let connected = matches!(entry.state.as_str(), "filed" | "changing" | "suspended" | "live");
        let doc: AccessDoc = serde_json::from_str(&entry.doc)?;
        // What is on trial, or of a category that the region does not take in, is not measured; what went live is measured
        // from then on.
        if !doc.phase().counts() || !packs.takes_in(&entry.category) {
            continue;
        }
        let entry = Entry { filed_at: doc.live_since.or(entry.filed_at), ..entry };
        if !connected || !node.divisions.is_within(&entry.division, node.code()) {
            continue;
        }
        let mut inputs = counted.get(&entry.code).map(from_warehouse).unwrap_or_default();
        inputs.days_due = days_due(&entry, first, last, closed.get(&entry.code));
        if inputs.days_due == 0 && inputs.received == 0 {
            continue;
        }
        // A system may report on a day on which nothing was due; it cannot reach more than everything.
        inputs.days_with_upload = inputs.days_with_upload.min(inputs.days_due);
        from_register(&entry, merchants(node, &entry).await?, &mut inputs);
        if let Some(handling) = handling.get(&entry.code) {
            inputs.findings_due = handling.due;
            inputs.findings_in_time = handling.in_time;
            inputs.false_data = handling.false_data;
        }
        systems.push(Counted { entry, inputs });
    }
    Ok(systems)
}

fn from_warehouse(counted: &EvaluationInputs) -> Inputs {
    Inputs {
        days_with_upload: counted.days_with_upload,
        records: counted.records,
        late: counted.late,
        received: counted.received,
        rejected: counted.rejected,
        mandatory_total: counted.mandatory_total,
        mandatory_filled: counted.mandatory_filled,
        needs_upstream: counted.needs_upstream,
        known_upstream: counted.upstream_known,
        merchants_active: counted.active_merchants,
        ..Inputs::default()
    }
}

/// Days from the filing, or the begin of the period, to the last day, without those that were declared closed. A suspended
/// system owes nothing.
fn days_due(entry: &Entry, first: Day, last: Day, closed: Option<&BTreeSet<Day>>) -> u64 {
    let begin = entry.filed_at.map_or(last.plus(1), Day::of).max(first);
    if entry.state == "suspended" {
        return 0;
    }
    let closed = closed.map_or(0, |days| days.iter().filter(|day| **day >= begin && **day <= last).count() as u64);
    u64::try_from(begin.days_until(last) + 1).unwrap_or(0).saturating_sub(closed)
}

/// Merchants in force under the nodes that a system reports for.
async fn merchants(node: &Node, entry: &Entry) -> Result<u64> {
    let Ok(doc) = serde_json::from_str::<AccessDoc>(&entry.doc) else { return Ok(0) };
    let nodes: BTreeSet<String> =
        doc.subjects.into_iter().chain([doc.subject]).filter(|code| !code.is_empty()).collect();
    Ok(node.store.system_merchants_under(&nodes.into_iter().collect::<Vec<_>>()).await?)
}

/// What the register knows: enabled merchants, counted or as the entry says, and the points for upkeep.
fn from_register(entry: &Entry, merchants: u64, inputs: &mut Inputs) {
    let Ok(doc) = serde_json::from_str::<serde_json::Value>(&entry.doc) else { return };
    let number = |key: &str| doc.get(key).and_then(serde_json::Value::as_u64).unwrap_or(0);
    inputs.merchants_enabled = if merchants > 0 { merchants } else { number("merchants_enabled") };
    inputs.merchants_active = inputs.merchants_active.min(inputs.merchants_enabled);
    inputs.upkeep_points = number("upkeep_points");
    inputs.upkeep_full = number("upkeep_full");
}

#[cfg(test)]
mod tests {
    use super::*;
    use suyuan_domain::id::ObjectId;

    fn entry(state: &str, filed_at: Option<&str>, doc: &str) -> Entry {
        Entry {
            object: ObjectId::default(),
            kind: "access".into(),
            code: "370200-S1".into(),
            name: "系统".into(),
            category: String::new(),
            stage: "market".into(),
            division: "370202".into(),
            subject: String::new(),
            r#type: String::new(),
            state: state.into(),
            origin_node: "370200".into(),
            term: 1,
            version: 1,
            place: None,
            doc: doc.into(),
            proposal: None,
            filed_at: filed_at.map(|text| text.parse().expect("an instant")),
            updated_at: Timestamp::from_millis(0),
            ..Entry::default()
        }
    }

    #[test]
    fn g_6_8_1_days_are_due_from_the_filing_on() {
        let day = |text: &str| text.parse::<Day>().expect("a day");
        let (first, last) = (day("2026-10-01"), day("2026-10-31"));
        let due = |state, filed| days_due(&entry(state, filed, "{}"), first, last, None);
        assert_eq!(due("filed", Some("2026-01-05T00:00:00Z")), 31);
        assert_eq!(due("filed", Some("2026-10-30T16:00:00Z")), 1, "filed on the last day in Shanghai");
        assert_eq!(due("filed", Some("2026-11-02T00:00:00Z")), 0);
        assert_eq!(due("filed", None), 0);
        assert_eq!(due("suspended", Some("2026-01-05T00:00:00Z")), 0);
        let closed: BTreeSet<Day> = ["2026-10-01", "2026-10-02", "2026-10-30"].map(day).into();
        let open = |filed| days_due(&entry("filed", Some(filed), "{}"), first, last, Some(&closed));
        assert_eq!(open("2026-01-05T00:00:00Z"), 28);
        assert_eq!(open("2026-10-28T00:00:00Z"), 3, "what was closed before the filing is not counted twice");
    }

    #[test]
    fn g_6_8_1_the_running_period_ends_today() {
        let period: Period = "2026-11".parse().expect("a period");
        let now: Timestamp = "2026-11-21T02:00:00Z".parse().expect("an instant");
        assert_eq!(last_day(period, now).to_string(), "2026-11-21");
        assert_eq!(last_day(period.previous(), now).to_string(), "2026-10-31");
    }

    #[test]
    fn g_6_8_1_active_merchants_never_pass_the_enabled_ones() {
        let mut inputs = Inputs { merchants_active: 9, ..Inputs::default() };
        from_register(
            &entry("filed", None, r#"{"merchants_enabled":7,"upkeep_points":8,"upkeep_full":10}"#),
            0,
            &mut inputs,
        );
        assert_eq!((inputs.merchants_active, inputs.merchants_enabled, inputs.upkeep_points), (7, 7, 8));
        from_register(&entry("filed", None, "[]"), 0, &mut inputs);
        assert_eq!((inputs.merchants_active, inputs.merchants_enabled), (0, 0));
        let mut inputs = Inputs { merchants_active: 2, ..Inputs::default() };
        from_register(&entry("filed", None, r#"{"merchants_enabled":7}"#), 3, &mut inputs);
        assert_eq!((inputs.merchants_active, inputs.merchants_enabled), (2, 3), "counted ones win");
    }
}
