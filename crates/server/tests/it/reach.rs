//! Who sees how far: nothing outside an account's scope comes back, by list, by id, by count, by file or by the text of an
//! error, through whichever operation of the interface document.
//!
//! Everything outside carries a mark in its names and codes; the marks are looked for in every answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::period::{Day, Period};

use crate::harness::{Caller, PASSWORD, Setup, TestApp, event, system, wait_for};
use crate::rights::{concrete, document, somebody};

/// Stands in the names of what lies outside.
const MARK: &str = "界外";
/// Stands in the codes of what lies outside.
const CODE_MARK: &str = "OUTSIDE";
/// An id that nothing has.
const ANY_ID: &str = "01900000-0000-7000-8000-00000000ffff";

/// What was put outside: ids, and codes that stand in addresses.
#[derive(Default)]
struct Outside {
    ids: BTreeSet<String>,
    systems: Vec<String>,
}

fn subject(code: &str, name: &str, division: &str, category: &str) -> Value {
    json!({
        "code": code, "name": name, "org_form": "company", "node_type": if category == "agri" { "breeder" } else { "other" },
        "category": category, "stages": [if category == "agri" { "farming" } else { "processing" }],
        "division": division, "address": format!("{name}地址一号"), "phone": "13800000000", "lon": 120.38, "lat": 36.07,
    })
}

/// Files one of everything under a subject; marked where it lies outside.
async fn furnish(app: &TestApp, regulator: &Caller, mark: (&str, &str), division: &str, category: &str) -> Vec<String> {
    let (word, code) = mark;
    let own = format!("{code}-S");
    let stage = if category == "agri" { "farming" } else { "processing" };
    let mut ids = vec![regulator.filed("subjects", &subject(&own, &format!("{word}养殖场"), division, category)).await];
    let product =
        json!({ "code": format!("{code}-P"), "name": format!("{word}生猪"), "category": category, "subject": own });
    ids.push(regulator.filed("products", &product).await);
    let device = json!({ "code": format!("{code}-D"), "name": format!("{word}秤"), "device_type": "scale", "subject": own,
        "division": division });
    ids.push(regulator.filed("devices", &device).await);
    let mut form = system(&format!("{code}-SYS"), division, stage);
    (form["name"], form["category"]) = (json!(format!("{word}系统")), json!(category));
    let connected = regulator.connected(&form).await;
    let now = app.clock.now();
    let mut good = event(1, &own, division, now);
    let mut flagged = event(2, &own, division, now);
    flagged["inspection"] = json!({ "item": "瘦肉精", "passed": false });
    let mut refused = event(3, &own, division, now);
    refused["quantity"] = json!("-1");
    for one in [&mut good, &mut flagged, &mut refused] {
        (one["category"], one["stage"]) = (json!(category), json!(stage));
        (one["product"], one["product_name"]) = (json!(format!("{code}-P")), json!(format!("{word}生猪")));
        one["batch"] = json!(format!("{code}-B"));
    }
    let message = json!({ "message_id": format!("{code}-M"), "events": [good, flagged, refused] });
    connected.post("/open/v1/events", &message).await.ok();
    ids
}

/// Ids of the rows of a list that carry the mark.
async fn marked_ids(regulator: &Caller, path: &str) -> Vec<String> {
    let list = regulator.get(path).await.ok();
    let rows = list["items"].as_array().cloned().unwrap_or_default();
    let marked = rows.iter().filter(|row| row.to_string().contains(MARK) || row.to_string().contains(CODE_MARK));
    marked.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
}

async fn world(app: &TestApp, division: &str, category: &str) -> Outside {
    let regulator = app.sign_in("regulator").await;
    furnish(app, &regulator, ("界内", "INSIDE"), "370202", "agri").await;
    let ids = furnish(app, &regulator, (MARK, CODE_MARK), division, category).await;
    let found = "/api/v1/console/findings";
    wait_for("both findings", || async { regulator.get(found).await.ok()["count"]["value"].as_u64() >= Some(2) }).await;
    let events = "/api/v1/console/events";
    wait_for("all events", || async { regulator.get(events).await.ok()["count"]["value"].as_u64() >= Some(4) }).await;
    let month = Period::month_of(Day::of(app.clock.now()));
    let period = json!({ "period": month.to_string() });
    regulator.post("/api/v1/console/evaluations/compute", &period).await.ok();
    let evaluated = format!("/api/v1/console/evaluations?period={month}");
    wait_for("the evaluation", || async {
        regulator.get(&evaluated).await.ok()["rows"].as_array().is_some_and(|rows| rows.len() >= 2)
    })
    .await;
    regulator.post("/api/v1/console/reports", &period).await.ok();
    let reports = "/api/v1/console/reports";
    wait_for("the report", || async { regulator.get(reports).await.ok()["items"][0]["id"].is_string() }).await;
    let mut outside = Outside { ids: ids.into_iter().collect(), systems: vec![format!("{CODE_MARK}-SYS")] };
    for path in [found, events, "/api/v1/console/systems", "/api/v1/console/capture/batches"] {
        outside.ids.extend(marked_ids(&regulator, path).await);
    }
    let list = regulator.get(reports).await.ok();
    outside
        .ids
        .extend(list["items"].as_array().into_iter().flatten().filter_map(|row| row["id"].as_str().map(str::to_owned)));
    outside
}

fn leaks(body: &Value) -> bool {
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

/// Reads everything there is to read as `caller`; gives what leaked.
async fn read_everything(caller: &Caller, outside: &Outside) -> Vec<String> {
    let mut leaked = Vec::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        let words = item["get"]["x-permission"].as_str().unwrap_or_default();
        if words.is_empty() || ["public", "system", "node"].contains(&words) || path.ends_with("/stream") {
            continue;
        }
        for address in addresses(path, outside) {
            let reply = caller.get(&address).await;
            if leaks(&reply.body) {
                leaked.push(format!("get {address} {}", reply.status));
            } else if path.contains("{id}") && reply.status >= 400 {
                let nowhere = caller.get(&concrete(path, ANY_ID)).await;
                if (reply.status, told(&reply.body)) != (nowhere.status, told(&nowhere.body)) {
                    leaked.push(format!("get {address} tells {} from {}", reply.body, nowhere.body));
                }
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
async fn write_everything(caller: &Caller, outside: &Outside) -> Vec<String> {
    let mut leaked = Vec::new();
    for (path, item) in document()["paths"].as_object().expect("paths") {
        if !path.starts_with("/api/v1/console/") || !path.contains("{id}") {
            continue;
        }
        for method in item.as_object().expect("operations").keys().filter(|method| *method != "get") {
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
async fn counts_agree(caller: &Caller) -> Vec<String> {
    let mut wrong = Vec::new();
    for noun in ["subjects", "products", "devices", "systems", "findings", "events"] {
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

/// Roles whose accounts may be given to a part of a node.
const ROLES: [&str; 8] = [
    "system_admin",
    "security_admin",
    "auditor",
    "director",
    "supervisor",
    "emergency_officer",
    "service_officer",
    "firm",
];

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_an_account_of_a_county_sees_nothing_of_another() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let outside = world(&app, "370203", "agri").await;
    let mut leaked = Vec::new();
    for role in ROLES {
        let caller = if role == "firm" { firm(&app).await } else { somebody(&app, role, "370202").await };
        let told = |what: String| format!("{role}: {what}");
        leaked.extend(read_everything(&caller, &outside).await.into_iter().map(told));
        leaked.extend(write_everything(&caller, &outside).await.into_iter().map(told));
        leaked.extend(counts_agree(&caller).await.into_iter().map(told));
    }
    assert!(leaked.is_empty(), "{} leaks:\n{}", leaked.len(), leaked.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_an_account_of_one_category_sees_nothing_of_another() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let outside = world(&app, "370202", "food").await;
    let new = json!({ "username": "of-agri", "display_name": "只管农产品", "password": PASSWORD, "role": "supervisor",
        "division": "370200", "categories": ["agri"], "email": "" });
    let caller = made(&app, &new).await;
    let mut leaked = read_everything(&caller, &outside).await;
    leaked.extend(write_everything(&caller, &outside).await);
    leaked.extend(counts_agree(&caller).await);
    assert!(leaked.is_empty(), "{} leaks:\n{}", leaked.len(), leaked.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_a_firm_sees_nothing_of_its_neighbour() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let outside = world(&app, "370202", "agri").await;
    let caller = firm(&app).await;
    let mut leaked = read_everything(&caller, &outside).await;
    leaked.extend(write_everything(&caller, &outside).await);
    leaked.extend(counts_agree(&caller).await);
    assert!(leaked.is_empty(), "{} leaks:\n{}", leaked.len(), leaked.join("\n"));
}

/// The user of the firm inside.
async fn firm(app: &TestApp) -> Caller {
    let new = json!({ "username": "inside-firm", "display_name": "界内企业用户", "password": PASSWORD, "role": "firm",
        "division": "370202", "subject": "INSIDE-S", "email": "" });
    made(app, &new).await
}

async fn made(app: &TestApp, new: &Value) -> Caller {
    crate::rights::account(app, new).await
}
