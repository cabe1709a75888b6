//! Who may do what: the committed matrix of rights is what the program enforces, and every operation of the interface
//! document is called by nobody, and by every role at every tier.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use suyuan_server::rights;

use crate::harness::{Caller, PASSWORD, TestApp};

/// An id that nothing has.
const ANY_ID: &str = "01900000-0000-7000-8000-000000000000";

fn committed(name: &str) -> String {
    let path = format!("{}/../../docs/rights/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("docs/rights/{name}.csv: {error}"))
}

#[tokio::test]
async fn g_5_4_3b_the_committed_matrix_is_the_one_in_force() {
    let advice = "is out of date: run `cargo run -p suyuan-server -- rights";
    let operations = rights::operations().await.expect("a table");
    assert!(committed("operations") == operations, "docs/rights/operations.csv {advice} operations`");
    let menu = concat!(env!("CARGO_MANIFEST_DIR"), "/../../frontend/src/app/console/menu.ts");
    let menu = std::fs::read_to_string(menu).expect("the menu");
    let matrix = rights::matrix(&menu).await.expect("a table");
    assert!(committed("matrix") == matrix, "docs/rights/matrix.csv {advice} matrix`");
    let screens = rights::screens(&menu).await.expect("a table");
    assert!(committed("screens") == screens, "docs/rights/screens.csv {advice} screens`");
    assert!(committed("reach") == rights::reach().expect("a table"), "docs/rights/reach.csv {advice} reach`");
}

/// The interface document.
pub fn document() -> Value {
    serde_json::from_str(&suyuan_api::openapi_json().expect("a document")).expect("JSON")
}

/// The address with something for each of its parts, so that it reaches the operation.
pub fn concrete(path: &str, id: &str) -> String {
    let mut text = path.to_owned();
    while let Some((before, rest)) = text.split_once('{') {
        let (name, after) = rest.split_once('}').expect("a closed part");
        let part = match name {
            "parent" => "370000",
            "format" => "html",
            "name" => "rules.toml",
            "code" => "370202",
            "category" => "agri",
            _ => id,
        };
        text = format!("{before}{part}{after}");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_2_every_operation_refuses_who_is_nobody() {
    let app = TestApp::alone("370200").await;
    let nobody = app.anybody();
    let mut asked = 0;
    for (path, item) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let words = operation["x-permission"].as_str().expect("what it asks for");
            if words == "public" {
                continue;
            }
            let reply = nobody.request(method, &concrete(path, ANY_ID), &json!({})).await;
            let refused = if words == "node" { (400..500).contains(&reply.status) } else { reply.status == 401 };
            assert!(refused, "{method} {path}: {} {}", reply.status, reply.body);
            asked += 1;
        }
    }
    assert!(asked > 80, "only {asked} operations were asked");
}

/// Whether the committed matrix shows an account of `account` at the node `tier` what lies in `place` (a head of the matrix):
/// the cells of all rows of that account, without those of things that have no division.
pub fn shown(tier: &str, account: &str, place: &str) -> BTreeSet<String> {
    let text = committed("matrix");
    let column = text.lines().next().and_then(|head| head.split(',').position(|name| name == place)).expect("a place");
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let of_account = rows.filter(|cells| cells[4] == tier && cells[5] == account);
    of_account.map(|cells| cells[column].to_owned()).filter(|cell| cell != "node").collect()
}

/// A row of the committed matrix.
struct Row {
    method: String,
    path: String,
    permission: String,
    /// Role → cell.
    cells: BTreeMap<String, String>,
}

fn roles() -> Vec<String> {
    let text = committed("operations");
    text.lines().next().expect("a head").split(',').skip(4).map(str::to_owned).collect()
}

fn matrix() -> Vec<Row> {
    let roles = roles();
    let row = |line: &str| {
        let parts: Vec<String> = line.split(',').map(str::to_owned).collect();
        let cells = roles.iter().cloned().zip(parts[4..].iter().cloned()).collect();
        Row { permission: parts[1].clone(), method: parts[2].clone(), path: parts[3].clone(), cells }
    };
    committed("operations").lines().skip(1).map(row).collect()
}

/// Somebody of this role for `division`, signed in.
pub async fn somebody(app: &TestApp, role: &str, division: &str) -> Caller {
    let name = format!("{}-{division}", role.replace('_', "-"));
    // A firm's user acts for one subject.
    let subject = if role == "firm" { name.to_uppercase() } else { String::new() };
    let new = json!({ "username": name, "display_name": "测试用户", "password": PASSWORD, "role": role,
        "division": division, "email": "", "subject": subject });
    account(app, &new).await
}

/// Makes an account by both administrators and signs in with it.
pub async fn account(app: &TestApp, new: &Value) -> Caller {
    let (maker, security) = (app.sign_in("system").await, app.sign_in("security").await);
    let made = maker.post("/api/v1/console/accounts", new).await.ok();
    let id = made["id"].as_str().expect("an id");
    security.post(&format!("/api/v1/console/accounts/{id}/enable"), &json!({})).await.ok();
    app.sign_in(new["username"].as_str().expect("a name")).await
}

/// What is wrong with an answer to a role, if anything. Where one of several permissions is enough to reach an operation,
/// the body may ask for another one of them.
fn fault(cell: &str, permission: &str, status: u16, refusal: (u16, &str)) -> Option<&'static str> {
    let denied = refusal == (403, "SEC-0301");
    match cell {
        _ if status == 401 => Some("was asked to sign in"),
        _ if status >= 500 => Some("broke"),
        "no" if !denied => Some("was let through"),
        "yes" | "own" if denied && !permission.contains('|') => Some("was refused"),
        _ => None,
    }
}

/// Asks every operation as every role: refused where the matrix says so, and let through where it says so, whatever the
/// body is worth.
async fn asked_by_every_role(code: &str) {
    let app = TestApp::alone(code).await;
    let mut wrong = Vec::new();
    for role in roles() {
        let caller = somebody(&app, &role, code).await;
        for row in matrix() {
            let Row { method, path, permission, cells } = &row;
            // Ending the session, or the streams without an end, would end the test.
            let ends = ["delete", "post"].contains(&method.as_str()) && path.starts_with("/api/v1/own");
            if ends || path.ends_with("/stream") || (path == "/api/v1/session" && method == "delete") {
                continue;
            }
            let reply = caller.request(method, &concrete(path, ANY_ID), &json!({})).await;
            if let Some(fault) = fault(&cells[&role], permission, reply.status, reply.refusal()) {
                wrong.push(format!("{role} {fault}: {method} {path} {} {}", reply.status, reply.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_every_role_at_the_nation_gets_what_the_matrix_says() {
    asked_by_every_role("000000").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_every_role_at_a_province_gets_what_the_matrix_says() {
    asked_by_every_role("370000").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_every_role_at_a_city_gets_what_the_matrix_says() {
    asked_by_every_role("370200").await;
}
