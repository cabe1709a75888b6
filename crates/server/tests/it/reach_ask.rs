//! Asking for everything, for the tests of reach: every operation by list, by id, by words, by body, and what comes back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::harness::Caller;
use crate::reach_world::{CODE_MARK, MARK, Outside, Side};
use crate::rights::{concrete, document};

/// An id that nothing has.
const ANY_ID: &str = "01900000-0000-7000-8000-00000000ffff";

/// Fields that tell when or by which request something was answered, or how far the node as a whole has come.
const OF_THE_MOMENT: [&str; 12] = [
    "request_id",
    "as_of",
    "at",
    "now",
    "computed_at",
    "generated_at",
    "position",
    "expires_at",
    "seconds_behind",
    "records_behind",
    "last_seen_at",
    "last_receipt_at",
];

/// Whether something from outside stands in an answer.
pub fn leaks(body: &Value) -> bool {
    let text = body.to_string();
    text.contains(MARK) || text.contains(CODE_MARK)
}

/// Addresses of an operation: with each id from outside, or as it is.
fn addresses(path: &str, outside: &Outside) -> Vec<String> {
    if path.contains("/evaluations/{code}") {
        return outside.systems.iter().map(|code| path.replace("{code}", code)).collect();
    }
    if path.contains("{id}") {
        return outside.ids.iter().map(|id| concrete(path, id)).collect();
    }
    vec![concrete(path, ANY_ID)]
}

/// The same words for what is outside and for what is nowhere.
fn told(body: &Value) -> Value {
    let mut error = body["error"].clone();
    if let Some(error) = error.as_object_mut() {
        error.remove("request_id");
    }
    error
}

/// The permissions of a caller. What needs another one is refused before any data is looked at, which the tests of the
/// matrix hold every operation to.
async fn permissions(caller: &Caller) -> BTreeSet<String> {
    let me = caller.get("/api/v1/session").await.ok();
    let all = me["account"]["permissions"].as_array().cloned().unwrap_or_default();
    all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

/// Whether an operation that asks for `words` looks at data for somebody with these permissions.
fn answers(words: &str, permissions: &BTreeSet<String>) -> bool {
    words == "session" || words.split('|').any(|one| permissions.contains(one))
}

/// Reads everything there is to read as `caller`; gives what leaked.
pub async fn read_everything(caller: &Caller, outside: &Outside) -> Vec<String> {
    let permissions = permissions(caller).await;
    let mut leaked = Vec::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        let words = item["get"]["x-permission"].as_str().unwrap_or_default();
        if !answers(words, &permissions) || path.ends_with("/stream") {
            continue;
        }
        let nowhere = caller.get(&concrete(path, ANY_ID)).await;
        for address in addresses(path, outside) {
            let reply = caller.get(&address).await;
            if leaks(&reply.body) {
                leaked.push(format!("get {address} {}", reply.status));
            } else if path.contains("{id}")
                && reply.status >= 400
                && (reply.status, told(&reply.body)) != (nowhere.status, told(&nowhere.body))
            {
                leaked.push(format!("get {address} tells {} from {}", reply.body, nowhere.body));
            }
        }
    }
    leaked
}

/// Bodies with which writes to a thing are tried.
fn bodies(path: &str) -> Vec<Value> {
    let mut all = vec![json!({}), json!({ "version": 1, "reason": "试探" })];
    if path.ends_with("/review") {
        all.push(json!({ "version": 2, "decision": "suspend", "reason": "试探" }));
        all.push(json!({ "version": 1, "verdict": "dismissed", "reason": "试探" }));
    }
    all
}

/// Writes to everything outside as `caller`; gives what was let through or told.
pub async fn write_everything(caller: &Caller, outside: &Outside) -> Vec<String> {
    let permissions = permissions(caller).await;
    let mut leaked = Vec::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        if !path.starts_with("/api/v1/console/") || !path.contains("{id}") {
            continue;
        }
        for (method, operation) in item.as_object().expect("operations") {
            let words = operation["x-permission"].as_str().unwrap_or_default();
            if method == "get" || !answers(words, &permissions) {
                continue;
            }
            for address in addresses(path, outside) {
                for body in bodies(path) {
                    let reply = caller.request(method, &address, &body).await;
                    if reply.status < 400 || reply.status >= 500 || leaks(&reply.body) {
                        leaked.push(format!("{method} {address} {} {}", reply.status, reply.body));
                    }
                }
            }
        }
    }
    leaked
}

/// How many rows each list counts, which must be as many as it shows.
pub async fn counts_agree(caller: &Caller) -> Vec<String> {
    let mut wrong = Vec::new();
    for noun in ["subjects", "products", "devices", "systems", "findings", "events", "complaints", "applications"] {
        let reply = caller.get(&format!("/api/v1/console/{noun}?limit=100")).await;
        if reply.status == 200 {
            let shown = reply.body["items"].as_array().map_or(0, Vec::len) as u64;
            if reply.body["count"]["value"].as_u64() != Some(shown) {
                wrong.push(format!("{noun} counts {} and shows {shown}", reply.body["count"]));
            }
        }
    }
    wrong
}

/// What a question about the outside would have in this place of an address.
fn words(name: &str, side: &Side) -> Vec<String> {
    let coded = |ends: &[&str]| ends.iter().map(|end| format!("{CODE_MARK}-{end}")).collect();
    match name {
        "q" => vec![format!("{MARK}养殖场"), format!("{CODE_MARK}-S")],
        "name" => vec![format!("{MARK}养殖场")],
        "code" => coded(&["S", "P", "D", "SYS", "B", "U0"]),
        "subject" | "parent" | "object" => coded(&["S"]),
        "system" => coded(&["SYS"]),
        "batch" => coded(&["B"]),
        "unit" => coded(&["U0"]),
        "actor" => vec!["outside-person".to_owned()],
        "division" | "at_division" => vec![side.account.to_owned(), side.division.to_owned()],
        "origin_node" | "node" => vec![side.origin.to_owned()],
        "by" => ["division", "stage", "variety", "state", "month", "system"].map(str::to_owned).into(),
        "of" => ["subject", "product", "device", "access"].map(str::to_owned).into(),
        "metric" => ["subjects", "events", "findings", "score", "reporting_rate"].map(str::to_owned).into(),
        _ => Vec::new(),
    }
}

/// What an operation needs besides to answer at all.
fn needed(path: &str) -> &'static str {
    match path {
        "/api/v1/console/map/points" => "zoom=12&bbox=70,3,136,54&",
        "/api/v1/console/trace" => "max_hops=9&",
        "/api/v1/console/metadata" => "entity=subject&",
        "/api/v1/console/imports/template" => "register=subjects&",
        _ => "",
    }
}

/// Questions that are asked by a body and change nothing.
fn questions(side: &Side) -> Vec<(&'static str, Value)> {
    let shape = json!({ "kind": "circle", "center": [120.38, 36.07], "km": 400 });
    vec![
        ("/api/v1/console/map/select", json!({ "shape": shape })),
        ("/api/v1/console/map/select", json!({ "shape": shape, "query": format!("division={}", side.account) })),
        ("/api/v1/console/subjects/similar", json!({ "name": format!("{MARK}养殖场"), "division": side.division })),
        ("/api/v1/console/subjects/similar", json!({ "phone": "13800000000", "lon": 120.38, "lat": 36.07 })),
        ("/api/v1/console/subjects/code", json!({ "class": "merchant", "parent": format!("{CODE_MARK}-S") })),
        ("/api/v1/console/subjects/code", json!({ "class": "subject", "division": side.division })),
        ("/api/v1/console/exports", json!({ "register": "subject", "format": "csv", "columns": ["name"] })),
        ("/api/v1/console/exports", json!({ "register": "access", "format": "csv", "query": "q=界外系统" })),
    ]
}

/// Of a file that was made only how much is in it.
fn counted(body: &Value) -> Value {
    let part = |name: &str| body[name].clone();
    if body["rows"].is_null() { body.clone() } else { json!([part("rows"), part("total"), part("done")]) }
}

/// Answers as they are once what belongs to the moment is taken away.
fn settled(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(name, _)| !OF_THE_MOMENT.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name, settled(value))).collect::<Map<_, _>>())
        }
        Value::Array(all) => Value::Array(all.into_iter().map(settled).collect()),
        other => other,
    }
}

/// Every question that can be put to the lists, figures, maps and chains, with words that mean what lies outside, and its
/// answer. Put before and after the outside came to be, all answers have to be the same.
pub async fn asked(caller: &Caller, side: &Side, period: &str) -> BTreeMap<String, Value> {
    let permissions = permissions(caller).await;
    let mut told = BTreeMap::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        let permission = item["get"]["x-permission"].as_str().unwrap_or_default();
        let of_lists = path.starts_with("/api/v1/console/") && !path.ends_with("/stream") && !path.contains("{id}");
        if !answers(permission, &permissions) || !of_lists || is_of_oneself(path) {
            continue;
        }
        let mut addresses = if path.contains("/evaluations/{code}") {
            vec![path.replace("{code}", &format!("{CODE_MARK}-SYS"))]
        } else {
            vec![concrete(path, ANY_ID)]
        };
        let base = addresses[0].clone();
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        for name in parameters.iter().filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str()) {
            addresses.extend(words(name, side).into_iter().map(|word| format!("{base}?{}{name}={word}", needed(path))));
        }
        if path == "/api/v1/console/evaluations" {
            addresses.push(format!("{base}?period={period}"));
        }
        for address in addresses {
            let reply = caller.get(&address).await;
            told.insert(format!("get {address}"), settled(json!({ "status": reply.status, "body": reply.body })));
        }
    }
    for (path, body) in questions(side) {
        let reply = caller.post(path, &body).await;
        let answer = if path.ends_with("/exports") { counted(&reply.body) } else { reply.body };
        told.insert(format!("post {path} {body}"), settled(json!({ "status": reply.status, "body": answer })));
    }
    told
}

/// What grows by asking: the trail of one's own refusals, the files one has made, one's sessions.
fn is_of_oneself(path: &str) -> bool {
    ["/audit", "/exports", "/exchange"].iter().any(|part| path.contains(part))
}

/// What is answered otherwise than before.
pub fn changed(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<String> {
    let other = after.iter().filter(|(question, answer)| before.get(*question) != Some(answer));
    other.map(|(question, answer)| format!("{question}\n  was {}\n  is  {answer}", before[question])).collect()
}

/// Bodies that name a thing by code from within the scope: a product of it, a merchant under it, its closed days.
fn naming((code, mine): (&str, &str), inside: &Side, today: &str) -> Vec<(&'static str, Value)> {
    let (own, system) = (format!("{code}-S"), format!("{code}-SYS"));
    let device = json!({ "name": "试探", "device_type": "scale", "division": inside.division });
    let mut of_subject = device.clone();
    (of_subject["code"], of_subject["subject"]) = (json!(format!("{mine}-1")), json!(own));
    let mut of_system = device;
    (of_system["code"], of_system["system"]) = (json!(format!("{mine}-2")), json!(system));
    vec![
        (
            "products",
            json!({ "code": format!("{mine}-3"), "name": "试探", "category": inside.category, "subject": own }),
        ),
        ("devices", of_subject),
        ("devices", of_system),
        ("subjects", json!({ "code": format!("{mine}-4"), "class": "merchant", "name": "试探", "parent": own })),
        ("closures", json!({ "kind": "subject", "code": own, "from": today, "to": today, "reason": "试探" })),
        ("closures", json!({ "kind": "access", "code": system, "from": today, "to": today, "reason": "试探" })),
    ]
}

/// Names something outside in a body: what comes back is what comes back of a code that nobody has. What is taken in names the
/// outside ever after, so this comes last.
pub async fn name_everything(caller: &Caller, inside: &Side, today: &str) -> Vec<String> {
    const NOBODY: &str = "NOWHERE";
    let mut leaked = Vec::new();
    let outside = naming((CODE_MARK, "TRY-1"), inside, today).into_iter();
    let known = outside.zip(naming((NOBODY, "TRY-2"), inside, today));
    for ((path, body), (_, other)) in known {
        let path = format!("/api/v1/console/{path}");
        let (reply, nowhere) = (caller.post(&path, &body).await, caller.post(&path, &other).await);
        let alike = |text: Value| text.to_string().replace(CODE_MARK, NOBODY).replace("TRY-1", "TRY-2");
        let same = (reply.status, alike(told(&reply.body))) == (nowhere.status, alike(told(&nowhere.body)));
        if reply.body.to_string().contains(MARK) || reply.status >= 500 || !same {
            leaked.push(format!("post {path} {body} tells {} from {}", reply.body, nowhere.body));
        }
    }
    leaked
}
