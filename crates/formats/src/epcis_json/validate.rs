//! The form of EPCIS 2.0 JSON: required members, their types, and the closed lists of words of CBV 2.0.

use serde_json::{Map, Value};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;

type Members = Map<String, Value>;

/// What a member holds.
#[derive(Clone, Copy)]
enum Form {
    Any,
    Text,
    Uri,
    Uris,
    UriOrUris,
    Time,
    Offset,
    Number,
    Action,
    Step,
    Disposition,
    Place,
    Uom,
    SourceType,
    Reason,
    Extensions,
    One(&'static Shape),
    Many(&'static Shape),
    Dispositions,
}

/// Members of an object: name, form, whether it is required.
struct Shape {
    members: &'static [(&'static str, Form, bool)],
    /// Whether members with a namespace prefix may stand beside them.
    open: bool,
    /// Members of which one must stand there; empty for none.
    one_of: &'static [&'static str],
}

const QUANTITY: Shape = Shape {
    members: &[("epcClass", Form::Uri, true), ("quantity", Form::Number, false), ("uom", Form::Uom, false)],
    open: false,
    one_of: &[],
};
const TRANSACTION: Shape =
    Shape { members: &[("bizTransaction", Form::Uri, true), ("type", Form::Text, false)], open: false, one_of: &[] };
const SOURCE: Shape =
    Shape { members: &[("type", Form::SourceType, true), ("source", Form::Uri, true)], open: false, one_of: &[] };
const DESTINATION: Shape =
    Shape { members: &[("type", Form::SourceType, true), ("destination", Form::Uri, true)], open: false, one_of: &[] };
const PERSISTENT: Shape = Shape {
    members: &[("set", Form::Dispositions, false), ("unset", Form::Dispositions, false)],
    open: false,
    one_of: &["set", "unset"],
};
const DECLARATION: Shape = Shape {
    members: &[
        ("declarationTime", Form::Time, true),
        ("reason", Form::Reason, false),
        ("correctiveEventIDs", Form::Uris, false),
    ],
    open: true,
    one_of: &[],
};
const SENSOR: Shape = Shape {
    members: &[
        ("sensorMetadata", Form::One(&SENSOR_METADATA), false),
        ("sensorReport", Form::Many(&SENSOR_REPORT), true),
    ],
    open: true,
    one_of: &[],
};
const SENSOR_METADATA: Shape = Shape {
    members: &[
        ("time", Form::Time, false),
        ("deviceID", Form::Uri, false),
        ("deviceMetadata", Form::Uri, false),
        ("rawData", Form::Uri, false),
        ("startTime", Form::Time, false),
        ("endTime", Form::Time, false),
        ("dataProcessingMethod", Form::Uri, false),
        ("bizRules", Form::Uri, false),
    ],
    open: true,
    one_of: &[],
};
const SENSOR_REPORT: Shape = Shape {
    members: &[
        ("type", Form::Text, false),
        ("exception", Form::Text, false),
        ("deviceID", Form::Uri, false),
        ("deviceMetadata", Form::Uri, false),
        ("rawData", Form::Uri, false),
        ("dataProcessingMethod", Form::Uri, false),
        ("bizRules", Form::Uri, false),
        ("time", Form::Time, false),
        ("microorganism", Form::Uri, false),
        ("chemicalSubstance", Form::Uri, false),
        ("coordinateReferenceSystem", Form::Uri, false),
        ("value", Form::Number, false),
        ("component", Form::Text, false),
        ("stringValue", Form::Any, false),
        ("booleanValue", Form::Any, false),
        ("hexBinaryValue", Form::Text, false),
        ("uriValue", Form::Uri, false),
        ("minValue", Form::Number, false),
        ("maxValue", Form::Number, false),
        ("meanValue", Form::Number, false),
        ("sDev", Form::Number, false),
        ("percRank", Form::Number, false),
        ("percValue", Form::Number, false),
        ("uom", Form::Text, false),
    ],
    open: true,
    one_of: &["type", "exception"],
};

const COMMON: &[(&str, Form, bool)] = &[
    ("@context", Form::Any, false),
    ("type", Form::Text, true),
    ("eventTime", Form::Time, true),
    ("recordTime", Form::Time, false),
    ("eventTimeZoneOffset", Form::Offset, true),
    ("eventID", Form::Uri, false),
    ("certificationInfo", Form::UriOrUris, false),
    ("errorDeclaration", Form::One(&DECLARATION), false),
];
const PLACES: &[(&str, Form, bool)] = &[
    ("bizStep", Form::Step, false),
    ("disposition", Form::Disposition, false),
    ("persistentDisposition", Form::One(&PERSISTENT), false),
    ("readPoint", Form::Place, false),
    ("bizLocation", Form::Place, false),
    ("sourceList", Form::Many(&SOURCE), false),
    ("destinationList", Form::Many(&DESTINATION), false),
    ("sensorElementList", Form::Many(&SENSOR), false),
];
const LINKED: (&str, Form, bool) = ("bizTransactionList", Form::Many(&TRANSACTION), false);
const OBJECT: &[(&str, Form, bool)] = &[
    LINKED,
    ("action", Form::Action, true),
    ("epcList", Form::Uris, false),
    ("quantityList", Form::Many(&QUANTITY), false),
    ("ilmd", Form::Extensions, false),
];
const AGGREGATION: &[(&str, Form, bool)] = &[
    LINKED,
    ("action", Form::Action, true),
    ("parentID", Form::Uri, false),
    ("childEPCs", Form::Uris, false),
    ("childQuantityList", Form::Many(&QUANTITY), false),
];
const ASSOCIATION: &[(&str, Form, bool)] = &[
    LINKED,
    ("action", Form::Action, true),
    ("parentID", Form::Uri, true),
    ("childEPCs", Form::Uris, false),
    ("childQuantityList", Form::Many(&QUANTITY), false),
];
const TRADE: &[(&str, Form, bool)] = &[
    ("bizTransactionList", Form::Many(&TRANSACTION), true),
    ("action", Form::Action, true),
    ("parentID", Form::Uri, false),
    ("epcList", Form::Uris, false),
    ("quantityList", Form::Many(&QUANTITY), false),
];
const TRANSFORMATION: &[(&str, Form, bool)] = &[
    LINKED,
    ("inputEPCList", Form::Uris, false),
    ("inputQuantityList", Form::Many(&QUANTITY), false),
    ("outputEPCList", Form::Uris, false),
    ("outputQuantityList", Form::Many(&QUANTITY), false),
    ("transformationID", Form::Uri, false),
    ("ilmd", Form::Extensions, false),
];

const STEPS: &str = "accepting arriving assembling collecting commissioning consigning creating_class_instance \
    cycle_counting decommissioning departing destroying disassembling dispensing encoding entering_exiting holding \
    inspecting installing killing loading other packing picking receiving removing repackaging repairing replacing \
    reserving retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing \
    transporting unloading unpacking void_shipping";
const DISPOSITIONS: &str = "active available completeness_inferred completeness_verified conformant container_closed \
    container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class \
    mismatch_instance mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other \
    partially_dispensed recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen \
    unavailable unknown";

/// Faults of the document around the events, or of a bare event's context.
pub(super) fn document(root: &Members) -> Vec<Fault> {
    let mut faults = Faults { place: String::new(), draft: false, faults: Vec::new() };
    let kind = root.get("type").and_then(Value::as_str).unwrap_or_default();
    if !root.contains_key("@context") {
        faults.missing("@context");
    }
    match kind {
        "EPCISDocument" => {
            envelope(root, true, &mut faults);
            let list = root.get("epcisBody").and_then(|body| body.get("eventList"));
            if !list.is_some_and(Value::is_array) {
                faults.missing("epcisBody.eventList");
            }
        }
        "EPCISQueryDocument" => {
            envelope(root, false, &mut faults);
            let results = root.get("epcisBody").and_then(|body| body.get("queryResults"));
            let list = results.and_then(|results| results.get("resultsBody")).and_then(|body| body.get("eventList"));
            if !list.is_some_and(Value::is_array) {
                faults.missing("epcisBody.queryResults.resultsBody.eventList");
            }
        }
        "" => faults.missing("type"),
        _ => {}
    }
    faults.faults
}

fn envelope(root: &Members, is_capture: bool, faults: &mut Faults) {
    const KNOWN: [&str; 9] = [
        "@context",
        "id",
        "type",
        "schemaVersion",
        "creationDate",
        "instanceIdentifier",
        "sender",
        "receiver",
        "epcisHeader",
    ];
    for (name, form) in [("schemaVersion", Form::Text), ("creationDate", Form::Time)] {
        match root.get(name) {
            Some(value) => form.check(value, name, faults),
            None if is_capture => faults.missing(name),
            None => {}
        }
    }
    for name in root.keys() {
        if !KNOWN.contains(&name.as_str()) && name != "epcisBody" && !is_uri(name) {
            faults.unknown(name);
        }
    }
}

/// Whether a context is the one that was published before EPCIS 2.0 was ratified; words of the CBV were URNs then.
pub(super) fn is_draft(context: &Value) -> bool {
    match context {
        Value::String(address) => address.starts_with("https://gs1.github.io/EPCIS/"),
        Value::Array(items) => items.iter().any(is_draft),
        _ => false,
    }
}

/// Faults of one event; `place` is put before the names of members, `draft` allows the words of the draft.
pub(super) fn event(members: &Members, place: &str, draft: bool) -> Vec<Fault> {
    let mut faults = Faults { place: place.to_owned(), draft, faults: Vec::new() };
    let own = match members.get("type").and_then(Value::as_str).unwrap_or_default() {
        "ObjectEvent" => OBJECT,
        "AggregationEvent" => AGGREGATION,
        "TransactionEvent" => TRADE,
        "TransformationEvent" => TRANSFORMATION,
        "AssociationEvent" => ASSOCIATION,
        other => {
            if is_uri(other) {
                faults.add("type", "自定义事件类型无法归入追溯链", "请使用 EPCIS 的五种事件类型");
            } else {
                faults.add(
                    "type",
                    "事件类型不正确",
                    "应为 ObjectEvent、AggregationEvent、TransactionEvent、TransformationEvent 或 AssociationEvent",
                );
            }
            return faults.faults;
        }
    };
    let known: Vec<&(&str, Form, bool)> = COMMON.iter().chain(PLACES).chain(own).collect();
    shape(members, &known, true, "", &mut faults);
    faults.faults
}

fn shape(members: &Members, known: &[&(&str, Form, bool)], open: bool, path: &str, faults: &mut Faults) {
    for (name, form, required) in known {
        match members.get(*name) {
            Some(value) => form.check(value, &format!("{path}{name}"), faults),
            None if *required => faults.missing(&format!("{path}{name}")),
            None => {}
        }
    }
    for name in members.keys() {
        if !(known.iter().any(|(known, _, _)| known == name) || open && is_uri(name)) {
            faults.unknown(&format!("{path}{name}"));
        }
    }
}

struct Faults {
    place: String,
    draft: bool,
    faults: Vec<Fault>,
}

impl Faults {
    fn add(&mut self, path: &str, reason: &str, advice: &str) {
        if self.faults.len() < 50 {
            self.faults.push(Fault::new("EPC-0104", format!("{}{path}", self.place), reason, advice));
        }
    }

    fn missing(&mut self, path: &str) {
        self.add(path, "缺少必填成员", "请按 EPCIS 2.0 补充");
    }

    fn unknown(&mut self, path: &str) {
        self.add(path, "不是 EPCIS 2.0 的成员", "扩展成员须带命名空间前缀，如 example:myField");
    }
}

impl Form {
    fn check(self, value: &Value, path: &str, faults: &mut Faults) {
        let text = value.as_str();
        let word = |list: &str, text: &str| list.split_whitespace().any(|word| word == text);
        let draft = faults.draft;
        let own_uri = |text: &str| is_uri(text) && (draft || !is_cbv(text));
        let fits = match self {
            Self::Any => return,
            Self::One(of) => return object(of, value, path, faults),
            Self::Many(of) => return many(of, value, path, faults),
            Self::Place => return place(value, path, faults),
            Self::Extensions => value.as_object().is_some_and(|members| members.keys().all(|name| is_uri(name))),
            Self::Text => text.is_some(),
            Self::Uri => text.is_some_and(is_uri),
            Self::Uris => is_uri_list(value),
            Self::UriOrUris => text.is_some_and(is_uri) || is_uri_list(value),
            Self::Time => text.is_some_and(|text| text.contains('T') && text.parse::<Timestamp>().is_ok()),
            Self::Offset => text.is_some_and(is_offset),
            Self::Number => value.is_number(),
            Self::Action => matches!(text, Some("ADD" | "OBSERVE" | "DELETE")),
            Self::Step => text.is_some_and(|text| word(STEPS, text) || own_uri(text)),
            Self::Disposition => text.is_some_and(|text| word(DISPOSITIONS, text) || own_uri(text)),
            Self::Dispositions => value.as_array().is_some_and(|list| {
                let fits = |item: &Value| item.as_str().is_some_and(|text| word(DISPOSITIONS, text) || own_uri(text));
                !list.is_empty() && list.iter().all(fits)
            }),
            Self::Uom => text.is_some_and(|text| {
                (2..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            }),
            Self::SourceType => {
                text.is_some_and(|text| word("owning_party possessing_party location", text) || own_uri(text))
            }
            Self::Reason => text.is_some_and(|text| word("did_not_occur incorrect_data", text) || own_uri(text)),
        };
        if !fits {
            faults.add(path, self.wanted(), "请按 EPCIS 2.0 与 CBV 2.0 填写");
        }
    }

    const fn wanted(self) -> &'static str {
        match self {
            Self::Time => "应为带时区的时间，如 2026-11-21T10:32:00+08:00",
            Self::Offset => "应为时区偏移，如 +08:00",
            Self::Uri => "应为 URI",
            Self::Uris | Self::UriOrUris => "应为 URI 数组",
            Self::Number => "应为数字",
            Self::Action => "应为 ADD、OBSERVE 或 DELETE",
            Self::Step => "不是 CBV 2.0 的业务步骤",
            Self::Disposition | Self::Dispositions => "不是 CBV 2.0 的状态",
            Self::Uom => "计量单位应为两到三位代码，如 KGM",
            Self::SourceType => "应为 owning_party、possessing_party 或 location",
            Self::Reason => "应为 did_not_occur 或 incorrect_data",
            Self::Extensions => "成员须带命名空间前缀",
            _ => "类型不正确",
        }
    }
}

fn object(of: &Shape, value: &Value, path: &str, faults: &mut Faults) {
    match value {
        Value::Object(members) => {
            let known: Vec<&(&str, Form, bool)> = of.members.iter().collect();
            shape(members, &known, of.open, &format!("{path}."), faults);
            if let Some(first) = of.one_of.first()
                && !of.one_of.iter().any(|name| members.contains_key(*name))
            {
                faults.missing(&format!("{path}.{first}"));
            }
        }
        _ => faults.add(path, "应为对象", "请按 EPCIS 2.0 填写"),
    }
}

fn many(of: &Shape, value: &Value, path: &str, faults: &mut Faults) {
    let Value::Array(items) = value else {
        return faults.add(path, "应为数组", "请按 EPCIS 2.0 填写");
    };
    for (i, item) in items.iter().enumerate() {
        object(of, item, &format!("{path}[{i}]"), faults);
    }
}

fn place(value: &Value, path: &str, faults: &mut Faults) {
    match value.get("id").and_then(Value::as_str) {
        Some(id) if is_uri(id) => {}
        Some(_) => faults.add(&format!("{path}.id"), "应为 URI", "请填写 GLN 的 URI 或网址"),
        None => faults.add(path, "应为含 id 的对象", "请填写 {\"id\":\"urn:epc:id:sgln:…\"}"),
    }
}

fn is_uri_list(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(|item| item.as_str().is_some_and(is_uri)))
}

/// `+hh:mm` or `-hh:mm`, at most 14:00.
fn is_offset(text: &str) -> bool {
    let Some(clock) = text.strip_prefix(['+', '-']) else {
        return false;
    };
    let Some((hours, minutes)) = clock.split_once(':') else {
        return false;
    };
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
    match (two(hours), two(minutes)) {
        (Some(14), Some(0)) => true,
        (Some(hours), Some(minutes)) => hours <= 13 && minutes <= 59,
        _ => false,
    }
}

/// A scheme or prefix, a colon and something visible after it.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut letters = scheme.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c))
        && !rest.is_empty()
        && !rest.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}

/// Words of the CBV are bare in JSON; their old URIs are not allowed.
fn is_cbv(text: &str) -> bool {
    ["urn:epcglobal:cbv", "http://ns.gs1.org/cbv/", "https://ns.gs1.org/cbv/"]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}
