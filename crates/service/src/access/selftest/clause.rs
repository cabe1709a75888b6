//! How a clause is judged by what the samples show.

use std::collections::{BTreeMap, BTreeSet};

use suyuan_crypto::hash::Digest;
use suyuan_domain::fault::Fault;
use suyuan_domain::pack::access::Clause;

use super::{ClauseResult, ClauseState, Evidence};
use crate::capture::trial::Looked;

/// Most evidence of a clause.
const MOST_EVIDENCE: usize = 20;

/// A sample as it was read.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) message: String,
    pub(super) hash: Digest,
    pub(super) bytes: usize,
    /// Identifier of each row, where it can be read.
    pub(super) named: Vec<Option<String>>,
    pub(super) rows: Vec<Looked>,
    /// What kept the whole sample from being read.
    pub(super) faults: Vec<Fault>,
}

type Judged = (ClauseState, String, Vec<Evidence>);

fn seen(sample: usize, row: Option<usize>, text: String) -> Evidence {
    Evidence { sample, row, code: None, field: None, text }
}

fn of_fault(sample: usize, row: Option<usize>, fault: &Fault) -> Evidence {
    let field = Some(fault.field.clone()).filter(|field| !field.is_empty());
    Evidence { sample, row, code: Some(fault.code.clone()), field, text: fault.reason.clone() }
}

/// Judges one clause. `token` are the last characters of the token that was shown.
pub(super) fn judge(clause: &Clause, shown: &[Shown], token: Option<&str>) -> ClauseResult {
    let (state, reason, evidence) = match clause.code.as_str() {
        "authentication" => authentication(token),
        "upstream" => upstream(shown),
        "idempotency" => idempotency(shown),
        "errors" => errors(shown),
        "volume" => volume(clause.rows, shown),
        _ => by_faults(clause, shown),
    };
    let advice = if state == ClauseState::Passed { String::new() } else { clause.advice.clone() };
    ClauseResult {
        code: clause.code.clone(),
        name: clause.name.clone(),
        must: clause.must,
        state,
        state_name: state.label().to_owned(),
        reason,
        advice,
        evidence,
    }
}

/// Rows with faults that a later row of the same identifier puts right.
fn corrected(shown: &[Shown]) -> BTreeSet<(usize, usize)> {
    let mut wrong: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    let mut mended = BTreeSet::new();
    for (s, sample) in shown.iter().enumerate() {
        for (r, row) in sample.rows.iter().enumerate() {
            let Some(Some(id)) = sample.named.get(r) else { continue };
            if row.faults.is_empty() {
                mended.extend(wrong.remove(id.as_str()).unwrap_or_default());
            } else {
                wrong.entry(id).or_default().push((s, r));
            }
        }
    }
    mended
}

fn by_faults(clause: &Clause, shown: &[Shown]) -> Judged {
    let mended = corrected(shown);
    let breaks = |fault: &&Fault| clause.faults.iter().any(|start| fault.code.starts_with(start.as_str()));
    let mut evidence = Vec::new();
    let mut broken = 0;
    for (s, sample) in shown.iter().enumerate() {
        let whole = sample.faults.iter().filter(breaks).map(|fault| of_fault(s + 1, None, fault));
        let rows = sample.rows.iter().enumerate().filter(|(r, _)| !mended.contains(&(s, *r)));
        let rows = rows.flat_map(|(r, row)| {
            row.faults.iter().filter(breaks).map(move |fault| of_fault(s + 1, Some(r + 1), fault))
        });
        for one in whole.chain(rows) {
            broken += 1;
            if evidence.len() < MOST_EVIDENCE {
                evidence.push(one);
            }
        }
    }
    if broken > 0 {
        return (ClauseState::Failed, format!("发现 {broken} 处不符合"), evidence);
    }
    let good: usize = shown.iter().map(|sample| sample.rows.iter().filter(|row| row.faults.is_empty()).count()).sum();
    if good == 0 {
        return (ClauseState::NotShown, "样例中没有可供判断的合格记录".to_owned(), evidence);
    }
    let bytes: usize = shown.iter().map(|sample| sample.bytes).sum();
    let text = format!("{} 个样例共 {bytes} 字节，{good} 条记录符合", shown.len());
    (ClauseState::Passed, text.clone(), vec![seen(1, None, text)])
}

fn authentication(token: Option<&str>) -> Judged {
    match token {
        Some(hint) => {
            let text = format!("以尾号 {hint} 的令牌通过认证");
            (ClauseState::Passed, text.clone(), vec![seen(1, None, text)])
        }
        None => (ClauseState::NotShown, "样例由人工上传，没有出示令牌".to_owned(), Vec::new()),
    }
}

fn upstream(shown: &[Shown]) -> Judged {
    let events = || {
        shown.iter().enumerate().flat_map(|(s, sample)| {
            sample.rows.iter().enumerate().filter_map(move |(r, row)| Some((s + 1, r + 1, row, row.event.as_ref()?)))
        })
    };
    let made: BTreeSet<&str> =
        events().flat_map(|(.., event)| event.outputs.iter().map(|unit| unit.code.as_str())).collect();
    let (mut linked, mut loose) = (Vec::new(), Vec::new());
    for (s, r, _, event) in events().filter(|(_, _, row, _)| row.needs_upstream) {
        let known = !event.inputs.is_empty() && event.inputs.iter().all(|unit| made.contains(unit.code.as_str()));
        let list = if known { &mut linked } else { &mut loose };
        if list.len() < MOST_EVIDENCE {
            let codes: Vec<&str> = event.inputs.iter().map(|unit| unit.code.as_str()).take(3).collect();
            let text = if codes.is_empty() { "没有填写来源追溯码".to_owned() } else { codes.join("、") };
            list.push(seen(s, Some(r), text));
        }
    }
    match (linked.is_empty(), loose.is_empty()) {
        (_, false) => (ClauseState::Failed, "有记录的来源在样例中找不到".to_owned(), loose),
        (false, true) => (ClauseState::Passed, "来源均可在样例中关联".to_owned(), linked),
        (true, true) if events().next().is_some() => {
            (ClauseState::Passed, "样例均为起始环节或无需关联上游的记录".to_owned(), Vec::new())
        }
        (true, true) => (ClauseState::NotShown, "样例中没有合格记录".to_owned(), Vec::new()),
    }
}

fn idempotency(shown: &[Shown]) -> Judged {
    let mut first: BTreeMap<&str, (usize, Digest)> = BTreeMap::new();
    let mut again = Vec::new();
    for (s, sample) in shown.iter().enumerate().filter(|(_, sample)| !sample.message.is_empty()) {
        match first.get(sample.message.as_str()) {
            None => {
                first.insert(&sample.message, (s, sample.hash));
            }
            Some((_, hash)) if *hash == sample.hash => {
                again.push(seen(s + 1, None, format!("原样重发了报文 {}", sample.message)));
            }
            Some((before, _)) => {
                let text = format!("报文编号 {} 在样例 {} 中用于另一内容", sample.message, before + 1);
                let reason = "同一报文编号用于了不同内容".to_owned();
                return (ClauseState::Failed, reason, vec![seen(s + 1, None, text)]);
            }
        }
    }
    if again.is_empty() {
        return (ClauseState::NotShown, "样例中没有重发的报文".to_owned(), again);
    }
    (ClauseState::Passed, "重发时报文编号与内容保持不变".to_owned(), again)
}

fn errors(shown: &[Shown]) -> Judged {
    let mended: Vec<Evidence> = corrected(shown)
        .into_iter()
        .take(MOST_EVIDENCE)
        .map(|(s, r)| seen(s + 1, Some(r + 1), "有错误的记录随后已更正".to_owned()))
        .collect();
    if mended.is_empty() {
        return (ClauseState::NotShown, "样例中没有先错后改的记录".to_owned(), mended);
    }
    (ClauseState::Passed, "差错记录按原标识更正".to_owned(), mended)
}

fn volume(wanted: u64, shown: &[Shown]) -> Judged {
    let largest = shown.iter().enumerate().max_by_key(|(_, sample)| sample.rows.len());
    match largest {
        Some((s, sample)) if sample.rows.len() as u64 >= wanted => {
            let text = format!("最大的报文有 {} 条记录", sample.rows.len());
            (ClauseState::Passed, text.clone(), vec![seen(s + 1, None, text)])
        }
        _ => (ClauseState::NotShown, format!("没有不少于 {wanted} 条记录的报文"), Vec::new()),
    }
}
