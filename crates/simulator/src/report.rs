//! How systems report what happens: noise by their quality, late and silent days, batches, bodies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::event::EventType;
use suyuan_domain::pack::{FieldType, Need, Packs};
use suyuan_domain::period::Day;
use suyuan_domain::quantity::Quantity;

use crate::anomaly::{flawed, unlinked};
use crate::cast::{Cast, Profile, uscc};
use crate::dice::Dice;
use crate::runs::{Flaw, Happening, Story};
use crate::{Call, Plan};

const HOUR: i64 = 3_600_000;
/// Rows of one call at most.
const ROWS: usize = 500;

/// The further fields that a category wants at a stage, from the packs.
#[derive(Debug, Default)]
pub(crate) struct Catalogue(BTreeMap<(String, String), Vec<(String, FieldType)>>);

impl Catalogue {
    pub(crate) fn of(packs: &Packs) -> Self {
        const MEMBERS: [&str; 8] =
            ["product", "product_name", "batch", "quantity", "voucher", "price", "peer", "inspection"];
        let mut wanted = BTreeMap::new();
        for category in &packs.categories {
            for stage in &category.stages {
                let here = category.fields.iter().filter(|field| {
                    field.need != Need::May
                        && (field.stages.is_empty() || field.stages.contains(stage))
                        && !MEMBERS.contains(&field.code.as_str())
                });
                let fields = here.map(|field| (field.code.clone(), field.kind)).collect();
                wanted.insert((category.code.clone(), stage.clone()), fields);
            }
        }
        Self(wanted)
    }

    fn at(&self, category: &str, stage: &str) -> &[(String, FieldType)] {
        self.0.get(&(category.to_owned(), stage.to_owned())).map_or(&[], Vec::as_slice)
    }
}

/// One call, as places in the list of events.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) at: Timestamp,
    pub(crate) system: usize,
    pub(crate) number: usize,
    pub(crate) events: Vec<usize>,
}

/// Adds refused rows and receipts without upstream by the quality of the systems.
pub(crate) fn add_noise(cast: &Cast, story: &mut Story, dice: &mut Dice) {
    const FLAWS: [Flaw; 5] = [Flaw::Negative, Flaw::UnknownCategory, Flaw::NoUnits, Flaw::NoTime, Flaw::Negative];
    let mut noise = Vec::new();
    for (index, event) in story.events.iter().enumerate() {
        let profile = profile(cast, event);
        if dice.happens(profile.bad)
            && let Some(flaw) = dice.of(&FLAWS)
        {
            noise.push(flawed(event, flaw));
        }
        if event.inbound && event.anomaly.is_none() && dice.happens(profile.unlinked) {
            noise.push(unlinked(event, index));
        }
    }
    story.events.append(&mut noise);
}

fn profile(cast: &Cast, event: &Happening) -> Profile {
    cast.systems[cast.subjects[event.subject].system].profile
}

/// Which days a system is silent; the last two days it always reports, so that little stays unsent.
fn silent_days(plan: &Plan, cast: &Cast, dice: &mut Dice) -> Vec<BTreeSet<Day>> {
    let today = Day::of(plan.until);
    let days = i64::from(plan.size.days);
    let of = |profile: Profile, dice: &mut Dice| {
        (2..=days).map(|back| today.plus(-back)).filter(|_| dice.happens(profile.silent)).collect()
    };
    cast.systems.iter().map(|system| of(system.profile, dice)).collect()
}

/// Groups what happens into calls: a system calls some six times a day with what has come up since.
pub(crate) fn batches(plan: &Plan, cast: &Cast, events: &[Happening], dice: &mut Dice) -> Vec<Batch> {
    let silent = silent_days(plan, cast, dice);
    let mut slots: BTreeMap<(usize, i64), Vec<(Timestamp, usize)>> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        let system = cast.subjects[event.subject].system;
        let mut sent = event.at.plus_millis(dice.between(60_000, HOUR / 2));
        if dice.happens(cast.systems[system].profile.late) {
            sent = event.at.plus_millis(dice.between(30 * HOUR, 70 * HOUR));
        }
        while silent[system].contains(&Day::of(sent)) {
            sent = Day::of(sent).end().plus_millis(dice.between(8 * HOUR, 9 * HOUR));
        }
        if sent <= plan.until {
            slots.entry((system, sent.millis() / (4 * HOUR))).or_default().push((sent, index));
        }
    }
    let mut batches = Vec::new();
    let mut numbers = vec![0; cast.systems.len()];
    for ((system, _), mut rows) in slots {
        rows.sort_unstable();
        for chunk in rows.chunks(ROWS) {
            numbers[system] += 1;
            batches.push(Batch {
                at: chunk.last().map_or(plan.until, |row| row.0),
                system,
                number: numbers[system],
                events: chunk.iter().map(|row| row.1).collect(),
            });
        }
    }
    batches.sort_by_key(|batch| (batch.at, batch.system, batch.number));
    batches
}

impl Batch {
    pub(crate) fn call(&self, cast: &Cast, events: &[Happening], wanted: &Catalogue) -> Call {
        let system = &cast.systems[self.system];
        let rows: Vec<Value> =
            self.events.iter().map(|index| self.row(cast, &events[*index], *index, wanted)).collect();
        Call {
            at: self.at,
            node: system.node.clone(),
            system: system.code.clone(),
            path: "/open/v1/events".to_owned(),
            body: json!({ "message_id": format!("{}-M{:06}", system.code, self.number), "events": rows }),
        }
    }

    fn row(&self, cast: &Cast, event: &Happening, index: usize, wanted: &Catalogue) -> Value {
        let subject = &cast.subjects[event.subject];
        let profile = profile(cast, event);
        let total: i64 =
            if event.outputs.is_empty() { &event.inputs } else { &event.outputs }.iter().map(|unit| unit.1).sum();
        let unit = event.product.unit;
        let mut row = Map::new();
        let mut put = |key: &str, value: Value| {
            row.insert(key.to_owned(), value);
        };
        put("event_id", event_id(cast, event, index).into());
        put("type", event.kind.as_str().into());
        put("biz_step", event.step.into());
        put("category", subject.category.as_str().into());
        put("stage", subject.stage.as_str().into());
        put("event_time", event.at.to_string().into());
        put("subject", subject.code.as_str().into());
        put("subject_name", subject.name.as_str().into());
        put("division", subject.division.as_str().into());
        put("product", event.product_code.as_str().into());
        put("product_name", event.product.name.into());
        put("inputs", units(&event.inputs, unit));
        put("outputs", units(&event.outputs, unit));
        put("quantity", amount(total));
        put("unit", unit.into());
        let must_have_batch = !matches!(subject.category.as_str(), "agri");
        if must_have_batch || !left_out(profile, index, 0) {
            put("batch", event.batch.as_str().into());
        }
        if let Some(peer) = event.peer.map(|peer| &cast.subjects[peer]) {
            put("peer", peer.code.as_str().into());
            put("peer_name", peer.name.as_str().into());
            put("peer_division", peer.division.as_str().into());
            put("direction", if event.inbound { "in" } else { "out" }.into());
        }
        // A sale always has its voucher; a receipt of a poor system may lack it.
        if !event.voucher.is_empty() && (!event.inbound || !left_out(profile, index, 1)) {
            put("voucher", event.voucher.as_str().into());
        }
        if event.kind == EventType::Transaction {
            put(
                "price",
                amount(event.product.price + i64::try_from(index % 21).unwrap_or(0) * event.product.price / 200),
            );
        }
        if let Some((item, passed)) = event.test {
            let report = format!("JC{index:08}");
            put(
                "inspection",
                json!({ "item": item, "passed": passed, "standard": "GB 31650-2019", "report_no": report }),
            );
        }
        let fields = self.fields(cast, event, index, wanted);
        if !fields.is_empty() {
            put("fields", fields.into());
        }
        spoil(&mut row, event.flaw, self.at, index, &subject.division);
        row.into()
    }

    fn fields(&self, cast: &Cast, event: &Happening, index: usize, wanted: &Catalogue) -> Map<String, Value> {
        let subject = &cast.subjects[event.subject];
        let is_about_goods = event.peer.is_some() || !event.outputs.is_empty();
        let wanted = wanted.at(&subject.category, &subject.stage);
        let given =
            wanted.iter().enumerate().filter(|(i, _)| is_about_goods && !left_out(profile(cast, event), index, i + 2));
        given.map(|(_, (code, kind))| (code.clone(), value(code, *kind, event, index))).collect()
    }
}

/// The sender's identifier of an event.
pub(crate) fn event_id(cast: &Cast, event: &Happening, index: usize) -> String {
    format!("{}-{index:08}", cast.systems[cast.subjects[event.subject].system].code)
}

/// Whether a system leaves a field of an event empty; the same for every body that is made of it.
fn left_out(profile: Profile, index: usize, field: usize) -> bool {
    let mut mixed =
        (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (field as u64).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94D0_49BB_1331_11EB);
    (mixed >> 40) % 1_000 < u64::from(profile.missing)
}

fn amount(milli: i64) -> Value {
    Quantity::from_milli(milli).to_string().into()
}

fn units(list: &[(String, i64)], unit: &str) -> Value {
    list.iter().map(|(code, milli)| json!({ "code": code, "quantity": amount(*milli), "unit": unit })).collect()
}

fn value(code: &str, kind: FieldType, event: &Happening, index: usize) -> Value {
    match (code, kind) {
        ("active_ingredient", _) => "吡虫啉 10%".into(),
        ("area_origin", _) => "山东省".into(),
        ("dosage_form", _) => "胶囊剂".into(),
        ("approval", _) => "国药准字H20990001".into(),
        ("shelf_life", _) => "12个月".into(),
        ("hazard_class", _) => "C级".into(),
        ("reo_content", _) => "62.5".into(),
        (_, FieldType::Date) => {
            Day::of(event.at).plus(if code == "production_date" { -2 } else { 365 }).to_string().into()
        }
        (_, FieldType::Number) => "1".into(),
        (_, FieldType::Flag) => true.into(),
        (_, FieldType::Text) => format!("YS{index:09}").into(),
    }
}

/// Makes the row one that is refused.
fn spoil(row: &mut Map<String, Value>, flaw: Option<Flaw>, at: Timestamp, index: usize, division: &str) {
    let mut put = |key: &str, value: Value| {
        row.insert(key.to_owned(), value);
    };
    match flaw {
        None => {}
        Some(Flaw::WrongCheckDigit) => {
            let right = uscc(division, index, "company");
            let (front, last) = right.split_at(right.len() - 1);
            put("peer", format!("{front}{}", if last == "0" { "1" } else { "0" }).into());
        }
        Some(Flaw::Future) => put("event_time", at.plus_millis(48 * HOUR).to_string().into()),
        Some(Flaw::Negative) => put("quantity", "-1".into()),
        Some(Flaw::UnknownCategory) => put("category", "unknown".into()),
        Some(Flaw::NoUnits) => {
            put("inputs", Value::Array(Vec::new()));
            put("outputs", Value::Array(Vec::new()));
        }
        Some(Flaw::NoTime) => put("event_time", Value::Null),
    }
}
