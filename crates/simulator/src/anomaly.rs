//! The anomalies that are put into a world on purpose, each with the finding or fault that has to come of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use suyuan_domain::event::EventType;

use crate::Plan;
use crate::cast::Cast;
use crate::dice::Dice;
use crate::runs::{Flaw, Happening, Story};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyKind {
    /// A test failed (检测不合格).
    FailedInspection,
    /// Two sales with one voucher (凭证重复); the second of them.
    RepeatedVoucher,
    /// Two hundred times the usual amount (数量异常).
    WeightOutlier,
    /// Goods received whose unit nobody reported (上游不明).
    BrokenLink,
    /// A credit code with a wrong check character; refused.
    WrongCheckDigit,
    /// An event of the day after tomorrow; refused.
    FutureTime,
    /// A negative amount; refused.
    NegativeQuantity,
    /// A category that does not exist; refused.
    UnknownCategory,
    /// No unit; refused.
    NoUnits,
    /// No time; refused.
    NoTime,
}

impl AnomalyKind {
    /// Code of the shipped rule that flags it; `None` for refused rows.
    #[must_use]
    pub const fn rule(self) -> Option<&'static str> {
        match self {
            Self::FailedInspection => Some("inspection_failed"),
            Self::RepeatedVoucher => Some("voucher_repeated"),
            Self::WeightOutlier => Some("quantity_outlier"),
            Self::BrokenLink => Some("upstream_unknown"),
            _ => None,
        }
    }

    /// Code of the fault for which it is refused; `None` for accepted rows.
    #[must_use]
    pub const fn fault(self) -> Option<&'static str> {
        match self {
            Self::WrongCheckDigit => Some("EVT-0109"),
            Self::FutureTime => Some("EVT-0105"),
            Self::NegativeQuantity => Some("EVT-0107"),
            Self::UnknownCategory => Some("EVT-0101"),
            Self::NoUnits => Some("EVT-0108"),
            Self::NoTime => Some("FMT-0105"),
            _ => None,
        }
    }

    pub(crate) const fn of(flaw: Flaw) -> Self {
        match flaw {
            Flaw::WrongCheckDigit => Self::WrongCheckDigit,
            Flaw::Future => Self::FutureTime,
            Flaw::Negative => Self::NegativeQuantity,
            Flaw::UnknownCategory => Self::UnknownCategory,
            Flaw::NoUnits => Self::NoUnits,
            Flaw::NoTime => Self::NoTime,
        }
    }
}

/// An anomaly that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anomaly {
    /// What is wrong.
    pub kind: AnomalyKind,
    /// The sender's identifier of the event.
    pub event_id: String,
    /// Code of the node that gets it.
    pub node: String,
    /// Code of the system that sends it.
    pub system: String,
    /// Code of the subject.
    pub subject: String,
    /// Code of the rule that has to flag it, for accepted rows.
    pub rule: Option<String>,
    /// Code of the fault that it is refused for, for refused rows.
    pub fault: Option<String>,
}

/// Puts a handful of every kind into the story.
pub(crate) fn put_in(plan: &Plan, cast: &Cast, story: &mut Story, dice: &mut Dice) {
    let count = (plan.size.events / 1_500).clamp(2, 200);
    fail_tests(story, dice, count);
    let sales = indices(story, |event| event.step == "shipping");
    let regular = regular_sales(story, &sales);
    let receipts = indices(story, |event| event.inbound);
    for _ in 0..count {
        if let Some(index) = dice.of(&sales) {
            repeat_voucher(cast, story, dice, index);
        }
        if let Some(index) = dice.of(&regular) {
            let code = story.code(cast, story.events[index].subject);
            let voucher = story.code(cast, story.events[index].subject);
            let mut event = copy(&story.events[index], AnomalyKind::WeightOutlier);
            let amount = event.inputs.first().map_or(1_000, |input| input.1) * 200;
            event.inputs = vec![(code, amount)];
            event.outputs = vec![(voucher.clone(), amount)];
            event.voucher = voucher;
            story.events.push(event);
        }
        if let Some(index) = dice.of(&receipts) {
            let event = unlinked(&story.events[index], index);
            story.events.push(event);
        }
        for flaw in [Flaw::WrongCheckDigit, Flaw::Future, Flaw::Negative] {
            if let Some(index) = dice.of(&sales) {
                let event = flawed(&story.events[index], flaw);
                story.events.push(event);
            }
        }
    }
}

fn indices(story: &Story, fits: impl Fn(&Happening) -> bool) -> Vec<usize> {
    story.events.iter().enumerate().filter(|(_, event)| fits(event)).map(|(index, _)| index).collect()
}

/// Sales before which the same subject sold the same product at least five times.
fn regular_sales(story: &Story, sales: &[usize]) -> Vec<usize> {
    let mut by_time = sales.to_vec();
    by_time.sort_by_key(|index| story.events[*index].at);
    let mut counts: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    let mut regular = Vec::new();
    for index in by_time {
        let event = &story.events[index];
        let count = counts.entry((event.subject, event.product.name)).or_default();
        *count += 1;
        if *count > 5 {
            regular.push(index);
        }
    }
    regular
}

fn fail_tests(story: &mut Story, dice: &mut Dice, count: usize) {
    let tests = indices(story, |event| event.test.is_some());
    for _ in 0..count {
        let Some(index) = dice.of(&tests) else { return };
        let event = &mut story.events[index];
        if let Some((item, _)) = event.test {
            event.test = Some((item, false));
            event.anomaly = Some(AnomalyKind::FailedInspection);
        }
    }
}

/// A second sale under the voucher of another, to somebody else; the run of the first no longer has one plain chain.
fn repeat_voucher(cast: &Cast, story: &mut Story, dice: &mut Dice, index: usize) {
    let first = &story.events[index];
    let Some(buyer) = first.peer else { return };
    let buyer = &cast.subjects[buyer];
    let city = cast
        .by_role
        .iter()
        .position(|roles| roles[buyer.role].iter().any(|other| cast.subjects[*other].code == buyer.code));
    let others: Vec<usize> = city.map(|city| cast.by_role[city][buyer.role].clone()).unwrap_or_default();
    let others: Vec<usize> = others.into_iter().filter(|other| Some(*other) != first.peer).collect();
    let Some(other) = dice.of(&others) else {
        return;
    };
    let (seller, run) = (first.subject, first.run);
    let mut event = copy(first, AnomalyKind::RepeatedVoucher);
    event.at = event.at.plus_millis(60_000);
    event.peer = Some(other);
    let amount = event.inputs.first().map_or(1_000, |input| input.1);
    event.inputs = vec![(story.code(cast, seller), amount)];
    story.events.push(event);
    if let Some(run) = run {
        story.runs[run] = None;
    }
}

fn copy(event: &Happening, kind: AnomalyKind) -> Happening {
    Happening { run: None, anomaly: Some(kind), ..event.clone() }
}

/// A receipt like `event` of a unit that nobody reported.
pub(crate) fn unlinked(event: &Happening, index: usize) -> Happening {
    let mut copy = copy(event, AnomalyKind::BrokenLink);
    for (code, _) in &mut copy.inputs {
        // Serial numbers from nine million on are given out to nobody.
        code.truncate(13);
        code.push_str(&format!("9{:06}", index % 1_000_000));
        copy.voucher.clone_from(code);
    }
    copy
}

/// A row like `event` that is refused.
pub(crate) fn flawed(event: &Happening, flaw: Flaw) -> Happening {
    let mut copy = copy(event, AnomalyKind::of(flaw));
    copy.flaw = Some(flaw);
    if flaw == Flaw::WrongCheckDigit {
        copy.kind = EventType::Transaction;
    }
    copy
}
