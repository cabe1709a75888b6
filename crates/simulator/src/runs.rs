//! What happens: runs of chains from a source to consumers, event by event, in the order of time within a run.

use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::EventType;

use crate::Plan;
use crate::anomaly::AnomalyKind;
use crate::cast::{Cast, product_code};
use crate::dice::Dice;
use crate::roles::{CHAINS, Chain, Product, index_of};

/// What is wrong with a row on purpose, so that it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    WrongCheckDigit,
    Future,
    Negative,
    UnknownCategory,
    NoUnits,
    NoTime,
}

/// Something that happened and is reported by its subject's system.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) kind: EventType,
    pub(crate) step: &'static str,
    pub(crate) subject: usize,
    pub(crate) peer: Option<usize>,
    pub(crate) inbound: bool,
    pub(crate) at: Timestamp,
    pub(crate) inputs: Vec<(String, i64)>,
    pub(crate) outputs: Vec<(String, i64)>,
    pub(crate) product: Product,
    pub(crate) product_code: String,
    pub(crate) batch: String,
    pub(crate) voucher: String,
    /// What was tested and whether it passed.
    pub(crate) test: Option<(&'static str, bool)>,
    /// The run it belongs to; what stands beside the runs has none.
    pub(crate) run: Option<usize>,
    pub(crate) flaw: Option<Flaw>,
    /// Whether the row was put in, or changed, as an anomaly.
    pub(crate) anomaly: Option<AnomalyKind>,
}

/// A run that came to its end.
#[derive(Debug)]
pub(crate) struct Run {
    /// The last unit of its first branch, as it stands on the consumer's receipt.
    pub(crate) code: String,
    pub(crate) product: &'static str,
    pub(crate) category: String,
}

/// Everything that happens.
pub(crate) struct Story {
    pub(crate) events: Vec<Happening>,
    pub(crate) runs: Vec<Option<Run>>,
    /// Serial numbers of trace codes by subject.
    serials: Vec<u32>,
}

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A lot of goods at a subject.
struct Lot {
    holder: usize,
    unit: String,
    amount: i64,
    ready: Timestamp,
    product: Product,
    product_code: String,
    batch: String,
}

impl Story {
    /// The next twenty-digit trace code of a subject.
    pub(crate) fn code(&mut self, cast: &Cast, subject: usize) -> String {
        self.serials[subject] += 1;
        format!("{}{:07}", cast.subjects[subject].code, self.serials[subject])
    }
}

/// Tells runs until there are about as many events as the plan wants.
pub(crate) fn tell(plan: &Plan, cast: &Cast, dice: &mut Dice) -> Story {
    let mut story = Story { events: Vec::new(), runs: Vec::new(), serials: vec![0; cast.subjects.len()] };
    let span = i64::from(plan.size.days.max(1)) * DAY;
    // Chains last about four days; those that begin before the span fill its first days.
    let first = plan.until.plus_millis(-span);
    while story.events.len() < plan.size.events {
        let city = dice.below(plan.nodes.len());
        let chain = pick(dice);
        let begin = first.plus_millis(dice.between(-3 * DAY, span - HOUR));
        let mut teller = Teller { plan, cast, story: &mut story, dice, chain, city, first };
        teller.run(begin);
    }
    story
}

fn pick(dice: &mut Dice) -> &'static Chain {
    let mut left = dice.below(CHAINS.iter().map(|chain| chain.share).sum());
    for chain in &CHAINS {
        if left < chain.share {
            return chain;
        }
        left -= chain.share;
    }
    &CHAINS[0]
}

struct Teller<'a> {
    plan: &'a Plan,
    cast: &'a Cast,
    story: &'a mut Story,
    dice: &'a mut Dice,
    chain: &'static Chain,
    city: usize,
    first: Timestamp,
}

impl Teller<'_> {
    fn run(&mut self, begin: Timestamp) {
        let number = self.story.runs.len();
        let mark = self.story.events.len();
        self.story.runs.push(None);
        let sources = 1 + self.dice.below(self.chain.sources);
        let mut lots: Vec<Lot> = (0..sources).filter_map(|_| self.source(begin)).collect();
        for step in 1..self.chain.steps.len() {
            let next: Vec<Lot> = if step == 1 && lots.len() > 1 {
                let Some(buyer) = self.player(step) else {
                    return;
                };
                let arrived: Vec<Lot> = lots.into_iter().flat_map(|lot| self.hand_over(&lot, &[buyer])).collect();
                self.change(arrived, step)
            } else {
                lots.into_iter().flat_map(|lot| self.on(&lot, step)).collect()
            };
            lots = next;
        }
        let mut last = None;
        for lot in lots {
            let at = lot.ready.plus_millis(self.dice.between(2 * HOUR, 20 * HOUR));
            let event = self.event(EventType::Object, self.chain.end, &lot, at);
            last.get_or_insert_with(|| (lot.unit.clone(), lot.product.name, lot.holder));
            self.happen(Happening { inputs: vec![(lot.unit.clone(), lot.amount)], ..event });
        }
        // A run that begins before the span or goes on after its end is seen in part only: it proves nothing.
        let events = &mut self.story.events;
        let before = events.len();
        let (first, until) = (self.first, self.plan.until);
        let mut kept = events.split_off(mark);
        kept.retain(|event| first <= event.at && event.at <= until);
        events.append(&mut kept);
        let whole = events.len() == before;
        for event in &mut events[mark..] {
            event.run = Some(number);
        }
        if let (true, Some((code, product, holder))) = (whole, last) {
            let category = self.cast.subjects[holder].category.clone();
            self.story.runs[number] = Some(Run { code, product, category });
        }
    }

    /// Somebody for a step; now and then from another city.
    fn player(&mut self, step: usize) -> Option<usize> {
        let role = index_of(self.chain.steps[step].role);
        let cities = self.cast.by_role.len();
        let city = if step > 0 && self.dice.happens(120) { self.dice.below(cities) } else { self.city };
        let list = self.cast.by_role[city][role].clone();
        self.dice.of(&list)
    }

    fn amount(&mut self, holder: usize) -> i64 {
        // Every source has a usual amount of its own and strays little from it.
        let usual = self.chain.amount / 100 * (80 + i64::try_from(holder % 5).unwrap_or(0) * 10);
        let amount = usual / 1_000 * self.dice.between(900, 1_100);
        if self.chain.whole { (amount / 1_000).max(1) * 1_000 } else { amount.max(1_000) }
    }

    fn source(&mut self, begin: Timestamp) -> Option<Lot> {
        let holder = self.player(0)?;
        let unit = self.story.code(self.cast, holder);
        let amount = self.amount(holder);
        let lot = Lot {
            holder,
            batch: format!("{}-{}", &unit[..13], &unit[13..]),
            unit,
            amount,
            ready: begin,
            product: self.chain.product,
            product_code: product_code(self.cast.subjects[holder].role, false),
        };
        let event = self.event(EventType::Object, "commissioning", &lot, begin);
        self.happen(Happening { outputs: vec![(lot.unit.clone(), lot.amount)], ..event });
        Some(lot)
    }

    /// Takes a lot to the next step.
    fn on(&mut self, lot: &Lot, step: usize) -> Vec<Lot> {
        let wanted = 1 + self.dice.below(self.chain.steps[step].fan);
        let mut buyers: Vec<usize> = (0..wanted).filter_map(|_| self.player(step)).collect();
        buyers.sort_unstable();
        buyers.dedup();
        if self.chain.whole {
            buyers.truncate(usize::try_from(lot.amount / 1_000).unwrap_or(1).max(1));
        }
        let arrived = self.hand_over(lot, &buyers);
        if self.chain.steps[step].becomes.is_some() {
            return arrived.into_iter().flat_map(|lot| self.change(vec![lot], step)).collect();
        }
        let tested = self.chain.steps[step].tested;
        for lot in &arrived {
            self.test(lot, tested);
        }
        arrived
    }

    /// Sells a lot to buyers in equal parts; both sides report.
    fn hand_over(&mut self, lot: &Lot, buyers: &[usize]) -> Vec<Lot> {
        let mut left = lot.amount;
        let mut arrived = Vec::new();
        for (i, buyer) in buyers.iter().enumerate() {
            let others = i64::try_from(buyers.len() - i).unwrap_or(1);
            let part = if self.chain.whole { left / 1_000 / others * 1_000 } else { left / others };
            let part = if others == 1 { left } else { part };
            left -= part;
            let voucher = self.story.code(self.cast, lot.holder);
            let sent = lot.ready.plus_millis(self.dice.between(HOUR, 9 * HOUR));
            let received = sent.plus_millis(self.dice.between(HOUR, 5 * HOUR));
            let shipping = Happening {
                peer: Some(*buyer),
                inputs: vec![(lot.unit.clone(), part)],
                outputs: vec![(voucher.clone(), part)],
                voucher: voucher.clone(),
                ..self.event(EventType::Transaction, "shipping", lot, sent)
            };
            self.happen(shipping);
            let there = Lot {
                holder: *buyer,
                unit: voucher.clone(),
                amount: part,
                ready: received,
                batch: lot.batch.clone(),
                product_code: lot.product_code.clone(),
                product: lot.product,
            };
            let receiving = Happening {
                peer: Some(lot.holder),
                inbound: true,
                inputs: vec![(voucher.clone(), part)],
                voucher,
                ..self.event(EventType::Object, "receiving", &there, received)
            };
            self.happen(receiving);
            arrived.push(there);
        }
        arrived
    }

    /// Turns lots of one holder into one lot of another product.
    fn change(&mut self, lots: Vec<Lot>, step: usize) -> Vec<Lot> {
        let Some((product, percent)) = self.chain.steps[step].becomes else {
            return lots;
        };
        let Some(first) = lots.first() else {
            return lots;
        };
        let holder = first.holder;
        let ready = lots
            .iter()
            .map(|lot| lot.ready)
            .max()
            .unwrap_or(first.ready)
            .plus_millis(self.dice.between(HOUR, 8 * HOUR));
        let unit = self.story.code(self.cast, holder);
        let lot = Lot {
            holder,
            batch: format!("{}-{}", &unit[..13], &unit[13..]),
            amount: lots.iter().map(|lot| lot.amount).sum::<i64>() / 100 * percent,
            unit,
            ready,
            product,
            product_code: product_code(self.cast.subjects[holder].role, true),
        };
        let event = self.event(EventType::Transformation, "commissioning", &lot, ready);
        let inputs = lots.into_iter().map(|lot| (lot.unit, lot.amount)).collect();
        self.happen(Happening { inputs, outputs: vec![(lot.unit.clone(), lot.amount)], ..event });
        self.test(&lot, self.chain.steps[step].tested);
        vec![lot]
    }

    fn test(&mut self, lot: &Lot, item: &'static str) {
        if item.is_empty() {
            return;
        }
        let at = lot.ready.plus_millis(self.dice.between(10 * 60_000, 50 * 60_000));
        let event = self.event(EventType::Object, "inspecting", lot, at);
        self.happen(Happening { inputs: vec![(lot.unit.clone(), lot.amount)], test: Some((item, true)), ..event });
    }

    fn event(&self, kind: EventType, step: &'static str, lot: &Lot, at: Timestamp) -> Happening {
        Happening {
            kind,
            step,
            subject: lot.holder,
            peer: None,
            inbound: false,
            at,
            inputs: Vec::new(),
            outputs: Vec::new(),
            product: lot.product,
            product_code: lot.product_code.clone(),
            batch: lot.batch.clone(),
            voucher: String::new(),
            test: None,
            run: None,
            flaw: None,
            anomaly: None,
        }
    }

    fn happen(&mut self, event: Happening) {
        self.story.events.push(event);
    }
}
