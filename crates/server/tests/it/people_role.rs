//! Roles: a tree whose changes are felt at once, explained, and never more than whoever makes them may give.

use serde_json::{Value, json};

use crate::harness::{Caller, TestApp};
use crate::people::{ACCOUNTS, made, named};

const ROLES: &str = "/api/v1/console/roles";

async fn role(security: &Caller, body: Value) -> Value {
    security.post(ROLES, &body).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_a_role_is_felt_by_the_next_request_of_a_running_session() {
    let app = TestApp::alone("370200").await;
    let security = app.sign_in("security").await;
    let made_role = role(&security, json!({ "code": "looker", "name": "查看员", "allow": ["cockpit.read"] })).await;
    let id = made(&app, &json!({ "username": "wu.fan", "role": "looker" })).await;
    let wu = app.sign_in("wu.fan").await;
    assert_eq!(wu.get("/api/v1/console/subjects").await.refusal(), (403, "SEC-0301"));

    let more = json!({ "version": made_role["version"], "allow": ["cockpit.read", "subject.read"] });
    let changed = security.request("put", &format!("{ROLES}/looker"), &more).await.ok();
    assert_eq!(changed["permissions"], json!(["subject.read", "cockpit.read"]));
    assert_eq!(wu.get("/api/v1/console/subjects").await.status, 200);
    assert_eq!(wu.get("/api/v1/session").await.ok()["account"]["permissions"], json!(["subject.read", "cockpit.read"]));

    let less = json!({ "version": changed["version"], "deny": ["subject.*"] });
    security.request("put", &format!("{ROLES}/looker"), &less).await.ok();
    assert_eq!(wu.get("/api/v1/console/subjects").await.refusal(), (403, "SEC-0301"));

    // The same when the person is given another role and another division.
    let version = named(&security, "wu.fan").await["version"].clone();
    let other = json!({ "version": version, "role": "supervisor", "division": "370202" });
    let account = security.request("put", &format!("{ACCOUNTS}/{id}"), &other).await.ok();
    assert_eq!(wu.get("/api/v1/console/subjects").await.status, 200);
    assert_eq!(wu.get("/api/v1/session").await.ok()["divisions_in_scope_root"], "370202");
    let back = json!({ "version": account["version"], "role": "looker" });
    security.request("put", &format!("{ACCOUNTS}/{id}"), &back).await.ok();
    assert_eq!(wu.get("/api/v1/console/subjects").await.refusal(), (403, "SEC-0301"));
    // It outlives the process.
    let mut app = app;
    app.stop().await;
    app.start().await;
    let listed = app.sign_in("security").await.get(ROLES).await.ok();
    assert!(listed["items"].as_array().expect("rows").iter().any(|role| role["code"] == "looker"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_the_tree_inherits_and_says_where_each_permission_comes_from() {
    let app = TestApp::alone("370200").await;
    let security = app.sign_in("security").await;
    role(&security, json!({ "code": "base", "name": "基础", "allow": ["subject.read", "product.read"] })).await;
    role(
        &security,
        json!({ "code": "leaf", "name": "末级", "parent": "base", "allow": ["device.read"],
        "deny": ["product.*"] }),
    )
    .await;
    let id = made(&app, &json!({ "username": "zheng", "role": "leaf" })).await;
    for (permission, allowed, word) in [
        ("subject.read", true, "继承自上级角色“基础”"),
        ("device.read", true, "直接授予"),
        ("product.read", false, "明确禁止"),
        ("event.read", false, "都没有授予"),
    ] {
        let rights = security.get(&format!("{ACCOUNTS}/{id}/rights?permission={permission}")).await.ok();
        assert_eq!(rights["asked"]["allowed"], allowed, "{permission}");
        let because = rights["asked"]["because"].as_str().expect("a reason");
        assert!(because.contains(word), "{permission}: {because}");
        assert_eq!(rights["line"], json!([{ "code": "leaf", "name": "末级" }, { "code": "base", "name": "基础" }]));
    }
    let wrong = security.get(&format!("{ACCOUNTS}/{id}/rights?permission=subject.fly")).await;
    assert_eq!(wrong.refusal(), (400, "ROLE-0103"));
    let rows = security.get(ROLES).await.ok();
    let rows = rows["items"].as_array().expect("rows");
    let place = |code: &str| rows.iter().position(|row| row["code"] == code).expect(code);
    assert!(place("base") < place("leaf"), "parents before children");
    assert_eq!((&rows[place("leaf")]["depth"], &rows[place("leaf")]["users"]), (&json!(1), &json!(1)));
    // The list of words serves the editor.
    let words = security.get("/api/v1/console/permissions").await.ok();
    let kinds = words["kinds"].as_array().expect("kinds");
    assert!(kinds.iter().any(|kind| kind["kind"] == "subject" && kind["label"] == "追溯责任主体"));
    // Used ones cannot go; unused ones can.
    let uses = security.get(&format!("{ROLES}/base/uses")).await.ok();
    assert_eq!((&uses["account_count"], uses["children"][0]["code"].as_str()), (&json!(0), Some("leaf")));
    for code in ["base", "leaf"] {
        let reply = security.request("delete", &format!("{ROLES}/{code}"), &json!({})).await;
        assert_eq!(reply.refusal(), (409, "ROLE-0105"), "{code}");
    }
    role(&security, json!({ "code": "unused", "name": "闲置", "allow": ["map.read"] })).await;
    assert_eq!(security.request("delete", &format!("{ROLES}/unused"), &json!({})).await.status, 204);
    assert_eq!(security.get(&format!("{ROLES}/unused")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_a_role_that_is_no_role_is_refused_and_the_old_policy_stays() {
    let app = TestApp::alone("370200").await;
    let security = app.sign_in("security").await;
    role(&security, json!({ "code": "a", "name": "甲", "allow": ["subject.read"] })).await;
    role(&security, json!({ "code": "b", "name": "乙", "parent": "a", "allow": ["product.read"] })).await;
    let draft = |field: &str, value: Value| {
        let mut draft = json!({ "code": "c", "name": "丙", "allow": ["subject.read"] });
        draft[field] = value;
        draft
    };
    for (body, code) in [
        (draft("code", json!("Ädmin")), "ROLE-0101"),
        (draft("code", json!("")), "ROLE-0101"),
        (draft("code", json!("a")), "ROLE-0109"),
        (draft("code", json!("supervisor")), "ROLE-0109"),
        (draft("name", json!(" ")), "ROLE-0102"),
        (draft("allow", json!(["subject.fly"])), "ROLE-0103"),
        (draft("allow", json!(["*.read"])), "ROLE-0103"),
        (draft("parent", json!("nobody")), "ROLE-0104"),
        (draft("allow", json!(["account.create", "account.authorise"])), "ROLE-0107"),
        (draft("allow", json!(["audit.read", "account.update"])), "ROLE-0107"),
        (draft("allow", json!(["*"])), "ROLE-0107"),
        (draft("second_factor", json!("maybe")), "ROLE-0111"),
    ] {
        let reply = security.post(ROLES, &body).await;
        assert_eq!(reply.refusal(), (400, code), "{body}: {}", reply.body);
    }
    // A child of a power cannot gain what belongs to another one.
    let child = json!({ "code": "c", "name": "丙", "parent": "security_admin", "allow": ["account.create"] });
    let made = security.post(ROLES, &child).await.ok();
    let permissions = made["permissions"].as_array().expect("a list");
    assert!(!permissions.contains(&json!("account.create")) && permissions.contains(&json!("account.authorise")));
    let version = security.get(&format!("{ROLES}/a")).await.ok()["version"].clone();
    let cycle = json!({ "version": version, "parent": "b" });
    assert_eq!(security.request("put", &format!("{ROLES}/a"), &cycle).await.refusal(), (400, "ROLE-0104"));
    let shipped = json!({ "version": 0, "allow": ["*"] });
    assert_eq!(security.request("put", &format!("{ROLES}/supervisor"), &shipped).await.refusal(), (409, "ROLE-0106"));
    assert_eq!(
        security.request("delete", &format!("{ROLES}/supervisor"), &json!({})).await.refusal(),
        (409, "ROLE-0106")
    );
    let stale = json!({ "version": 77, "name": "甲二" });
    assert_eq!(security.request("put", &format!("{ROLES}/a"), &stale).await.refusal(), (409, "SYS-0409"));
    // Looking at it before saving tells the same.
    let preview = json!({ "code": "d", "name": "丁", "parent": "b", "allow": ["*"] });
    let preview = security.post(&format!("{ROLES}/preview"), &preview).await.ok();
    assert_eq!(preview["problems"][0]["code"], "ROLE-0107");
    let preview =
        security.post(&format!("{ROLES}/preview"), &json!({ "parent": "b", "deny": ["subject.read"] })).await.ok();
    assert_eq!(preview["problems"], json!([]));
    let of = |permission: &str| {
        let rows = preview["permissions"].as_array().expect("rows");
        rows.iter().find(|row| row["permission"] == permission).cloned().expect("a row")
    };
    assert_eq!(of("product.read")["role_name"], "乙");
    assert_eq!(of("subject.read")["effect"], "deny");
    // Whoever has no say in roles sees and makes none.
    let regulator = app.sign_in("regulator").await;
    assert_eq!(regulator.get(ROLES).await.refusal(), (403, "SEC-0301"));
    assert_eq!(regulator.post(ROLES, &child).await.refusal(), (403, "SEC-0301"));
    assert_eq!(regulator.get("/api/v1/console/cockpit").await.status, 200, "the policy before is in force");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_a_delegate_makes_no_role_beyond_his_own() {
    let app = TestApp::alone("370200").await;
    let security = app.sign_in("security").await;
    role(
        &security,
        json!({ "code": "local_security", "name": "区县安全管理员", "parent": "security_admin",
        "grants": ["subject.*", "account.read"] }),
    )
    .await;
    made(&app, &json!({ "username": "local", "role": "local_security", "division": "370202" })).await;
    let local = app.sign_in("local").await;
    let clerk = json!({ "code": "clerk", "name": "登记员", "allow": ["subject.write"] });
    assert_eq!(local.post(ROLES, &clerk).await.status, 201);
    for body in [
        json!({ "code": "x", "name": "越权", "allow": ["product.read"] }),
        json!({ "code": "x", "name": "越权", "parent": "supervisor" }),
        json!({ "code": "x", "name": "越权", "parent": "security_admin" }),
        json!({ "code": "x", "name": "越权", "allow": ["subject.read"], "grants": ["*"] }),
    ] {
        assert_eq!(local.post(ROLES, &body).await.refusal(), (400, "ROLE-0108"), "{body}");
    }
    // His own role is not his to change.
    let version = local.get(&format!("{ROLES}/local_security")).await.ok()["version"].clone();
    let raise = json!({ "version": version, "grants": ["*"] });
    assert_eq!(local.request("put", &format!("{ROLES}/local_security"), &raise).await.refusal(), (409, "ROLE-0110"));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_who_has_a_role_is_counted_and_named_within_the_callers_divisions() {
    let app = TestApp::alone("370200").await;
    let security = app.sign_in("security").await;
    role(&security, json!({ "code": "clerk", "name": "登记员", "allow": ["subject.read"] })).await;
    made(&app, &json!({ "username": "here", "role": "clerk", "division": "370202" })).await;
    made(&app, &json!({ "username": "there", "role": "clerk", "division": "370203" })).await;
    made(&app, &json!({ "username": "local", "role": "security_admin", "division": "370202" })).await;
    let local = app.sign_in("local").await;
    let names = |uses: &Value| -> Vec<String> {
        let rows = uses["accounts"].as_array().expect("accounts");
        assert!(rows.iter().all(|row| row["display_name"].as_str().is_some_and(|name| !name.is_empty())), "{uses}");
        rows.iter().filter_map(|row| row["username"].as_str().map(str::to_owned)).collect()
    };
    for (who, expected) in [(&security, vec!["here", "there"]), (&local, vec!["here"])] {
        let uses = who.get(&format!("{ROLES}/clerk/uses")).await.ok();
        assert_eq!((uses["account_count"].as_u64(), names(&uses)), (Some(expected.len() as u64), to_owned(&expected)));
        let one = who.get(&format!("{ROLES}/clerk")).await.ok();
        assert_eq!(one["users"], expected.len(), "{one}");
    }
    let refused = local.request("delete", &format!("{ROLES}/clerk"), &json!({})).await;
    let reason = refused.body["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(refused.refusal(), (409, "ROLE-0105"));
    assert!(reason.contains("1 个用户") && reason.contains("管辖范围以外"), "{reason}");
}

fn to_owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
