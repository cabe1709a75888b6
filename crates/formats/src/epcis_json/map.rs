//! What an EPCIS event means for tracing: units in and out, who and from whom, amounts, batch, voucher.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::code::gs1_key;
use suyuan_domain::event::{ErrorDeclaration, EventType, Inspection, Source, TraceEvent, UnitAmount};
use suyuan_domain::fault::Fault;
use suyuan_domain::quantity::Quantity;

use super::validate::is_uri;
use crate::Intake;

type Members = Map<String, Value>;

/// Business steps by which goods come in.
const INBOUND: [&str; 4] = ["receiving", "accepting", "arriving", "unloading"];

/// Maps a valid event.
pub(super) fn event(members: &Members, source: Source, intake: &Intake<'_>) -> Result<TraceEvent, Fault> {
    let event_type = match text(members, "type") {
        "AggregationEvent" => EventType::Aggregation,
        "TransactionEvent" => EventType::Transaction,
        "TransformationEvent" => EventType::Transformation,
        "AssociationEvent" => EventType::Association,
        _ => EventType::Object,
    };
    let action = text(members, "action");
    let (inputs, outputs) = units(members, event_type, action);
    let biz_step = biz_step(members, event_type, action);
    let inbound = INBOUND.contains(&biz_step.as_str());
    let (subject, peer_subject) = parties(members, inbound, &intake.defaults.subject);
    let extension = |name: &str| extension(members, name);
    let or = |name: &str, default: &String| extension(name).unwrap_or_else(|| default.clone());
    let key = outputs.iter().chain(&inputs).find_map(|unit| gs1_key(&unit.code));
    let product = key.as_ref().filter(|key| key.ai == "01").map(|key| key.key.clone()).unwrap_or_default();
    let ilmd = members.get("ilmd").and_then(Value::as_object);
    let of_ilmd = |names: &[&str]| ilmd.and_then(|ilmd| names.iter().find_map(|name| self::extension(ilmd, name)));
    let batch = key.map(|key| key.batch).filter(|batch| !batch.is_empty()).or_else(|| of_ilmd(&["lotNumber", "batch"]));
    let (quantity, unit) = total(if outputs.is_empty() { &inputs } else { &outputs });
    Ok(TraceEvent {
        event_id: Some(text(members, "eventID").to_owned()).filter(|id| !id.is_empty()),
        event_type,
        biz_step,
        category: or("category", &intake.defaults.category),
        stage: or("stage", &intake.defaults.stage),
        event_time: time(members, "eventTime")?,
        received_at: intake.now,
        division: or("division", &intake.defaults.division),
        subject: or("subject", &subject),
        subject_name: extension("subject_name").unwrap_or_default(),
        peer_subject,
        peer_name: extension("peer_name").unwrap_or_default(),
        peer_division: String::new(),
        inbound,
        product,
        product_name: extension("product_name")
            .or_else(|| of_ilmd(&["product_name", "productName"]))
            .unwrap_or_default(),
        batch: batch.unwrap_or_default(),
        inputs,
        outputs,
        quantity,
        unit,
        price: None,
        voucher: first_of(members, "bizTransactionList", "bizTransaction", |_| true).unwrap_or_default(),
        merchant: extension("merchant").unwrap_or_default(),
        inspection: inspection(members),
        error_declaration: declaration(members)?,
        fields: fields(members),
        source,
    })
}

fn text<'a>(members: &'a Members, name: &str) -> &'a str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn time(members: &Members, name: &str) -> Result<Timestamp, Fault> {
    text(members, name).parse().map_err(|_| Fault::new("EPC-0104", name, "时间格式不正确", "请填写带时区的时间"))
}

/// An extension member by its local name, whatever its prefix.
fn extension(members: &Members, name: &str) -> Option<String> {
    let found = members.iter().find(|(key, _)| key.split_once(':').is_some_and(|(_, local)| local == name))?;
    found.1.as_str().map(str::to_owned).filter(|text| !text.is_empty())
}

fn biz_step(members: &Members, event_type: EventType, action: &str) -> String {
    let step = word(text(members, "bizStep"));
    if step.is_empty() && event_type == EventType::Object && action == "DELETE" {
        return "decommissioning".to_owned();
    }
    step.to_owned()
}

/// A word of the CBV without the URI that stood before it in drafts; other texts as they are.
fn word(text: &str) -> &str {
    if text.starts_with("urn:epcglobal:cbv:") { text.rsplit(':').next().unwrap_or(text) } else { text }
}

fn units(members: &Members, event_type: EventType, action: &str) -> (Vec<UnitAmount>, Vec<UnitAmount>) {
    let list = |epcs: &str, quantities: &str| {
        let mut units = epc_units(members, epcs);
        units.extend(quantity_units(members, quantities));
        units
    };
    let parent = || -> Vec<UnitAmount> {
        let code = text(members, "parentID");
        (!code.is_empty())
            .then(|| UnitAmount { code: code.to_owned(), quantity: None, unit: String::new() })
            .into_iter()
            .collect()
    };
    match event_type {
        EventType::Transformation => {
            (list("inputEPCList", "inputQuantityList"), list("outputEPCList", "outputQuantityList"))
        }
        EventType::Aggregation | EventType::Association => {
            let children = list("childEPCs", "childQuantityList");
            match action {
                "ADD" => (children, parent()),
                "DELETE" => (parent(), children),
                _ => ([parent(), children].concat(), Vec::new()),
            }
        }
        EventType::Transaction => ([list("epcList", "quantityList"), parent()].concat(), Vec::new()),
        EventType::Object => {
            let units = list("epcList", "quantityList");
            if action == "ADD" { (Vec::new(), units) } else { (units, Vec::new()) }
        }
    }
}

/// Single things count as one piece; logistic units and others have no amount.
fn epc_units(members: &Members, name: &str) -> Vec<UnitAmount> {
    let codes = members.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    codes
        .map(|code| {
            let single = gs1_key(code).is_some_and(|key| key.ai == "01" && !key.serial.is_empty());
            UnitAmount {
                code: code.to_owned(),
                quantity: single.then(|| Quantity::from_milli(1_000)),
                unit: if single { "件".to_owned() } else { String::new() },
            }
        })
        .collect()
}

fn quantity_units(members: &Members, name: &str) -> Vec<UnitAmount> {
    let items = members.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    items
        .map(|item| UnitAmount {
            code: text(item, "epcClass").to_owned(),
            quantity: item.get("quantity").and_then(amount),
            unit: unit_of_measure(text(item, "uom"), item.contains_key("quantity")),
        })
        .collect()
}

/// A JSON number in thousandths; further decimals are cut off.
fn amount(value: &Value) -> Option<Quantity> {
    let text = value.as_number()?.to_string();
    let cut = match text.split_once('.') {
        Some((whole, fraction)) if fraction.len() > 3 && fraction.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{whole}.{}", &fraction[..3])
        }
        _ => text,
    };
    cut.parse().ok()
}

fn unit_of_measure(code: &str, counted: bool) -> String {
    match code {
        "KGM" => "kg",
        "GRM" => "g",
        "TNE" => "t",
        "LTR" => "L",
        "MLT" => "mL",
        "" if counted => "件",
        "EA" | "H87" => "件",
        other => other,
    }
    .to_owned()
}

/// The sum over units where all have amounts in one unit of measure.
fn total(units: &[UnitAmount]) -> (Option<Quantity>, String) {
    let Some(first) = units.first() else {
        return (None, String::new());
    };
    let mut sum = Quantity::default();
    for unit in units {
        match unit.quantity {
            Some(quantity) if unit.unit == first.unit => sum = sum.plus(quantity),
            _ => return (None, String::new()),
        }
    }
    (Some(sum), first.unit.clone())
}

fn first_of(members: &Members, list: &str, name: &str, fits: impl Fn(&Members) -> bool) -> Option<String> {
    let items = members.get(list)?.as_array()?.iter().filter_map(Value::as_object);
    items.filter(|item| fits(item)).find_map(|item| item.get(name)?.as_str().map(str::to_owned))
}

/// Who reports and the other side: the holder at the destination for goods coming in, at the source otherwise; where the
/// event has no parties, the connected system's subject, else the place.
fn parties(members: &Members, inbound: bool, default: &str) -> (String, String) {
    let party = |list: &str, name: &str| {
        let of = |kind: &'static str| first_of(members, list, name, move |item| word(text(item, "type")) == kind);
        of("possessing_party").or_else(|| of("owning_party"))
    };
    let (source, destination) = (party("sourceList", "source"), party("destinationList", "destination"));
    let (own, peer) = if inbound { (destination, source) } else { (source, destination) };
    let place =
        ["bizLocation", "readPoint"].iter().find_map(|name| members.get(*name)?.get("id")?.as_str().map(str::to_owned));
    let default = Some(default.to_owned()).filter(|code| !code.is_empty());
    let own = own.or(default).or(place).unwrap_or_default();
    let peer = peer.filter(|peer| *peer != own).unwrap_or_default();
    (own, peer)
}

fn inspection(members: &Members) -> Option<Inspection> {
    let passed = match word(text(members, "disposition")) {
        "conformant" => true,
        "non_conformant" => false,
        _ => return None,
    };
    Some(Inspection {
        item: extension(members, "inspection_item").unwrap_or_else(|| "符合性".to_owned()),
        value: None,
        limit: None,
        standard: String::new(),
        passed: Some(passed),
        report_no: text(members, "certificationInfo").to_owned(),
    })
}

fn declaration(members: &Members) -> Result<Option<ErrorDeclaration>, Fault> {
    let Some(declared) = members.get("errorDeclaration").and_then(Value::as_object) else {
        return Ok(None);
    };
    let ids = declared.get("correctiveEventIDs").and_then(Value::as_array).into_iter().flatten();
    Ok(Some(ErrorDeclaration {
        declared_at: time(declared, "declarationTime")?,
        reason: text(declared, "reason").to_owned(),
        corrective_ids: ids.filter_map(Value::as_str).map(str::to_owned).collect(),
    }))
}

/// Places, states, sensor temperature and every extension.
fn fields(members: &Members) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    for (name, key) in [
        ("disposition", "disposition"),
        ("certificationInfo", "certification_info"),
        ("transformationID", "transformation_id"),
    ] {
        if let Some(value) = members.get(name) {
            fields.insert(key.to_owned(), value.clone());
        }
    }
    for (name, key) in [("readPoint", "read_point"), ("bizLocation", "biz_location")] {
        if let Some(id) = members.get(name).and_then(|place| place.get("id")) {
            fields.insert(key.to_owned(), id.clone());
        }
    }
    let reports = members.get("sensorElementList").and_then(Value::as_array).into_iter().flatten();
    let reports = reports.filter_map(|element| element.get("sensorReport")?.as_array()).flatten();
    for report in reports {
        if report.get("type").and_then(Value::as_str) == Some("Temperature")
            && let Some(value) = report.get("value").or_else(|| report.get("maxValue"))
        {
            fields.insert("temperature".to_owned(), value.clone());
        }
    }
    let ilmd = members.get("ilmd").and_then(Value::as_object).into_iter().flatten();
    for (name, value) in members.iter().chain(ilmd).filter(|(name, _)| is_uri(name)) {
        fields.insert(name.clone(), value.clone());
    }
    fields
}
