//! Subjects and merchants on running nodes: what is wanted of whom, the life cycle, personal values, codes that the platform
//! issues, likely doubles, closed days.

use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, Timestamp};
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::Day;
use suyuan_domain::record::{Origin, Record, Stream, kind};
use suyuan_service::register;

use crate::form::Forms;
use crate::harness::{Caller, TestApp, event, wait_for};

const SUBJECTS: &str = "/api/v1/console/subjects";
const USCC: &str = "91350100M000100Y43";

/// A firm of agriculture with a code of its own.
pub fn firm(code: &str, name: &str) -> Value {
    json!({
        "code": code, "name": name, "org_form": "company", "node_type": "wholesale_market", "category": "agri",
        "stages": ["wholesale"], "division": "370202", "address": "山东路 1 号", "contact": "王建国", "phone": "17700001234",
    })
}

async fn one(who: &Caller, id: &str) -> Value {
    who.get(&format!("{SUBJECTS}/{id}")).await.ok()
}

async fn decide(who: &Caller, id: &str, decision: &str, reason: &str) -> Value {
    let version = one(who, id).await["version"].clone();
    let body = json!({ "version": version, "decision": decision, "reason": reason });
    who.post(&format!("{SUBJECTS}/{id}/review"), &body).await.ok()
}

async fn changed(who: &Caller, id: &str, member: &str, value: Value, body: &Value) -> Value {
    let mut body = body.clone();
    body["version"] = one(who, id).await["version"].clone();
    body[member] = value;
    who.request("put", &format!("{SUBJECTS}/{id}"), &body).await.ok()
}

fn faults(body: &Value) -> Vec<(String, String)> {
    let text = |fault: &Value, key: &str| fault[key].as_str().unwrap_or_default().to_owned();
    let mut all = vec![(text(&body["error"], "code"), text(&body["error"], "field"))];
    all.extend(body["error"]["faults"].as_array().into_iter().flatten().map(|f| (text(f, "code"), text(f, "field"))));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn h_6_2_forms_are_told_what_is_wanted_of_a_merchant_and_of_a_firm() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    let of = |class: &str, category: &str| {
        format!("/api/v1/console/metadata?entity=subject&class={class}&category={category}")
    };
    let need = |view: &Value, code: &str| {
        let fields = view["fields"].as_array().expect("fields");
        fields.iter().find(|field| field["code"] == code).map(|field| field["need"].clone())
    };
    let merchant = regulator.get(&of("merchant", "agri")).await.ok();
    assert_eq!(need(&merchant, "parent"), Some(json!("must")));
    assert_eq!(need(&merchant, "node_type"), None, "a merchant is no node");
    let firm = regulator.get(&of("subject", "food")).await.ok();
    assert_eq!((need(&firm, "licences"), need(&firm, "parent")), (Some(json!("should")), None));
    let fields = firm["fields"].as_array().expect("fields");
    let bad = fields.iter().find(|field| field["code"] == "bad_records").expect("bad records");
    assert_eq!((&bad["by"], &bad["editable"]), (&json!("reviewer"), &json!(true)));
    assert!(
        fields
            .iter()
            .any(|field| field["code"] == "org_form" && !field["options"].as_array().is_none_or(Vec::is_empty))
    );
    assert_eq!(regulator.get("/api/v1/console/metadata?entity=cloud").await.status, 400);
    assert_eq!(app.anybody().get(&of("subject", "agri")).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_1a_a_subject_goes_from_draft_to_filed_and_a_change_waits_for_its_review() {
    let province = TestApp::alone("370000").await;
    let city = province.child("370200").await;
    let regulator = city.sign_in("regulator").await;
    let mut body = firm("370202001", "城阳批发市场");
    (body["draft"], body["name"]) = (json!(true), json!(""));
    let draft = regulator.post(SUBJECTS, &body).await.ok();
    let id = draft["id"].as_str().expect("an id").to_owned();
    assert_eq!((&draft["state"], &draft["completeness"].is_u64()), (&json!("draft"), &true));
    let submit = json!({ "version": draft["version"], "decision": "submit" });
    let refused = regulator.post(&format!("{SUBJECTS}/{id}/review"), &submit).await;
    assert!(faults(&refused.body).contains(&("SUBJ-0101".into(), "name".into())), "{}", refused.body);
    let body = firm("370202001", "城阳批发市场");
    let handed_in = changed(&regulator, &id, "draft", json!(false), &body).await;
    assert_eq!(handed_in["state"], "submitted");
    let returned = decide(&regulator, &id, "return", "请补充统一社会信用代码").await;
    assert_eq!(returned["state"], "returned");
    assert_eq!(changed(&regulator, &id, "uscc", json!(USCC), &body).await["state"], "submitted");
    assert_eq!(decide(&regulator, &id, "approve", "").await["state"], "filed");
    // A change waits, and what is filed stays.
    let mut filed = body.clone();
    filed["uscc"] = json!(USCC);
    changed(&regulator, &id, "name", json!("城阳农产品批发市场"), &filed).await;
    let waiting = one(&regulator, &id).await;
    assert_eq!((&waiting["state"], &waiting["name"]), (&json!("changing"), &json!("城阳批发市场")));
    assert_eq!(waiting["proposal"]["name"], "城阳农产品批发市场");
    assert_eq!(decide(&regulator, &id, "withdraw", "").await["state"], "filed");
    changed(&regulator, &id, "name", json!("城阳农产品批发市场"), &filed).await;
    assert_eq!(decide(&regulator, &id, "approve", "").await["name"], "城阳农产品批发市场");
    assert_eq!(decide(&regulator, &id, "suspend", "整改").await["state"], "suspended");
    assert_eq!(decide(&regulator, &id, "resume", "").await["state"], "filed");
    let last = one(&regulator, &id).await;
    let history = last["history"].as_array().expect("a history");
    let words: Vec<&str> = history.iter().filter_map(|step| step["action"].as_str()).collect();
    let expected = [
        "draft", "submit", "return", "change", "approve", "change", "withdraw", "change", "approve", "suspend",
        "resume",
    ];
    assert_eq!(words, expected);
    assert_eq!(history[7]["changes"][0]["field"], "name", "{}", history[7]);
    assert_eq!(history[7]["changes"][0]["after"], "城阳农产品批发市场");
    assert_eq!(history[9]["reason"], "整改");
    upstairs(&province, &id, &last).await;
}

/// The newest state is at the tier above with its origin, and cannot be changed there.
async fn upstairs(province: &TestApp, id: &str, last: &Value) {
    let above = province.sign_in("regulator").await;
    wait_for("the newest state at the province", || async {
        above.get(&format!("{SUBJECTS}/{id}")).await.body["version"] == last["version"]
    })
    .await;
    let seen = one(&above, id).await;
    assert_eq!(
        (&seen["origin_node"], &seen["name"], &seen["state"]),
        (&json!("370200"), &last["name"], &json!("filed"))
    );
    assert_eq!((&seen["actions"], &seen["completeness"]), (&json!([]), &last["completeness"]));
    let suspend = json!({ "version": seen["version"], "decision": "suspend", "reason": "x" });
    let refused = above.post(&format!("{SUBJECTS}/{id}/review"), &suspend).await;
    assert_eq!(refused.body["error"]["code"], "REG-0902");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_1c_who_may_not_review_changes_no_bad_record() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    let mut body = firm("370202001", "城阳批发市场");
    let id = regulator.filed("subjects", &body).await;
    body["bad_records"] = json!([{ "day": "2026-01-05", "text": "未按规定报送" }]);
    let proposed = changed(&regulator, &id, "address", json!("山东路 2 号"), &body).await;
    assert_eq!(proposed["state"], "changing", "a reviewer may write them");
    decide(&regulator, &id, "approve", "").await;
    assert_eq!(one(&regulator, &id).await["bad_records"][0]["text"], "未按规定报送");
    // A connected system reports the same subject: what reviewers wrote stays.
    let system = app.live_system("SYS-370200-001", "370202", "wholesale").await;
    let reported = json!({ "items": [firm("370202001", "城阳大市场")] });
    let answer = system.post("/open/v1/subjects", &reported).await.ok();
    assert_eq!(answer["rows"][0]["status"], "accepted", "{answer}");
    let seen = one(&regulator, &id).await;
    assert_eq!((&seen["name"], &seen["bad_records"][0]["text"]), (&json!("城阳大市场"), &json!("未按规定报送")));
    assert_eq!(system.post("/open/v1/subjects", &reported).await.ok()["rows"][0]["status"], "duplicate");
}

/// Everything that lies in the files of a node.
/// Everything that lies in a folder.
pub fn bytes_of(folder: &std::path::Path) -> Vec<u8> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => all.extend(std::fs::read(path).unwrap_or_default()),
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn g_10_4_identity_numbers_lie_sealed_and_are_shown_with_a_reason_only() {
    let province = TestApp::alone("370000").await;
    let city = province.child("370200").await;
    let regulator = city.sign_in("regulator").await;
    let (id_no, phone) = ("11010519491231002X", "17700009876");
    let mut body = firm("", "王小明");
    for (member, value) in [("org_form", "person"), ("code", "370202008"), ("id_no", id_no), ("phone", phone)] {
        body[member] = json!(value);
    }
    let id = regulator.filed("subjects", &body).await;
    let masked = one(&regulator, &id).await;
    assert_eq!((&masked["id_no"], &masked["name"]), (&json!("110***********002X"), &json!("王**")));
    assert_eq!(masked["phone"], "177****9876");
    let path = format!("{SUBJECTS}/{id}/unmask");
    assert_eq!(regulator.post(&path, &json!({ "reason": " " })).await.body["error"]["code"], "REG-0903");
    let full = regulator.post(&path, &json!({ "reason": "核对身份" })).await.ok();
    assert_eq!((&full["id_no"], &full["name"], &full["phone"]), (&json!(id_no), &json!("王小明"), &json!(phone)));
    // Sent back masked, with another address, the plain values stay.
    let mut change = body.clone();
    for (member, shown) in [("id_no", &masked["id_no"]), ("phone", &masked["phone"]), ("name", &masked["name"])] {
        change[member] = shown.clone();
    }
    changed(&regulator, &id, "address", json!("新址"), &change).await;
    decide(&regulator, &id, "approve", "").await;
    let full = regulator.post(&path, &json!({ "reason": "再次核对" })).await.ok();
    assert_eq!((&full["id_no"], &full["address"]), (&json!(id_no), &json!("新址")));
    let above = province.sign_in("regulator").await;
    wait_for("the change at the province", || async {
        above.get(&format!("{SUBJECTS}/{id}")).await.body["address"] == "新址"
    })
    .await;
    let upstairs = above.post(&path, &json!({ "reason": "督查" })).await.ok();
    assert_eq!(upstairs["id_no"], "110***********002X", "plain values do not travel");
    for app in [&city, &province] {
        let bytes = bytes_of(&app.node().config.data_dir);
        for secret in [id_no, phone] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} lies plain in the files of {}", app.code);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_1b_the_platform_issues_codes_of_nodes_and_of_merchants_under_them() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    let mut market = firm("", "李村批发市场");
    market["issue_code"] = json!(true);
    let preview = regulator.post(&format!("{SUBJECTS}/code"), &json!({ "division": "370202" })).await.ok();
    assert_eq!(preview["code"], "370202001");
    let id = regulator.filed("subjects", &market).await;
    assert_eq!(one(&regulator, &id).await["code"], "370202001");
    let stall = |name: &str, parent: &str| {
        json!({
            "class": "merchant", "name": name, "org_form": "sole_trader", "merchant_type": "produce_retailer",
            "parent": parent, "category": "agri", "division": "370202", "varieties": ["vegetable"],
        })
    };
    let first = regulator.post(SUBJECTS, &stall("甲菜摊", "370202001")).await.ok();
    assert_eq!((&first["code"], &first["parent_name"]), (&json!("3702020010001"), &json!("李村批发市场")));
    assert_eq!(first["stages"], json!(["wholesale"]), "the stage of its node");
    let second = regulator.post(SUBJECTS, &stall("乙菜摊", "370202001")).await.ok();
    assert_eq!(second["code"], "3702020010002");
    let mut foreign = stall("丙菜摊", "370202001");
    foreign["code"] = json!("3702030010001");
    let refused = regulator.post(SUBJECTS, &foreign).await;
    assert!(faults(&refused.body).contains(&("SUBJ-0131".into(), "code".into())), "{}", refused.body);
    let refused = regulator.post(SUBJECTS, &stall("丁菜摊", "370202999")).await;
    assert!(faults(&refused.body).contains(&("SUBJ-0136".into(), "parent".into())), "{}", refused.body);
    let refused = regulator.post(SUBJECTS, &stall("戊菜摊", "3702020010001")).await;
    assert!(faults(&refused.body).contains(&("SUBJ-0136".into(), "parent".into())), "a merchant is no node");
    decide(&regulator, &id, "suspend", "整改").await;
    let refused = regulator.post(SUBJECTS, &stall("己菜摊", "370202001")).await;
    assert!(faults(&refused.body).contains(&("SUBJ-0137".into(), "parent".into())), "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_1b_likely_doubles_are_told_before_saving() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    let mut body = firm("370202001", "青岛绿源农产品有限公司");
    (body["uscc"], body["lon"], body["lat"]) = (json!(USCC), json!(120.38), json!(36.07));
    regulator.filed("subjects", &body).await;
    let ask = |body: Value| {
        let regulator = regulator.clone();
        async move { regulator.post(&format!("{SUBJECTS}/similar"), &body).await.ok() }
    };
    let kinds = |answer: &Value| -> Vec<String> {
        let reasons = answer["items"][0]["reasons"].as_array().cloned().unwrap_or_default();
        reasons.iter().filter_map(|reason| reason["kind"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(kinds(&ask(json!({ "uscc": USCC })).await), ["uscc"]);
    assert_eq!(kinds(&ask(json!({ "phone": "177-0000-1234" })).await), ["phone"]);
    assert_eq!(kinds(&ask(json!({ "name": "青岛绿源食品有限公司", "division": "370203" })).await), ["name"]);
    assert_eq!(kinds(&ask(json!({ "lon": 120.381, "lat": 36.0705 })).await), ["place"]);
    let none =
        ask(json!({ "name": "济南海润商贸有限公司", "lon": 120.39, "lat": 36.09, "phone": "17799999999" })).await;
    assert_eq!((&none["items"], &none["outside"]), (&json!([]), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_8_1_closed_days_are_shown_travel_up_and_are_not_due() {
    let province = TestApp::alone("370000").await;
    let city = province.child("370200").await;
    let regulator = city.sign_in("regulator").await;
    let connected = city.live_system("SYS-370200-001", "370202", "farming").await;
    let today = Day::of(city.clock.now());
    let body = json!({ "from": today.to_string(), "to": today.plus(2).to_string(), "reason": "设备检修" });
    let own = connected.post("/open/v1/closures", &body).await.ok();
    assert_eq!(
        (&own["kind"], &own["state"], &own["code"]),
        (&json!("access"), &json!("declared"), &json!("SYS-370200-001"))
    );
    let systems = regulator.get("/api/v1/console/systems").await.ok();
    let id = systems["items"][0]["id"].as_str().expect("an id").to_owned();
    let shown = regulator.get(&format!("/api/v1/console/systems/{id}")).await.ok();
    assert_eq!(shown["closed"]["reason"], "设备检修");
    let past = json!({ "from": today.plus(-1).to_string(), "to": today.to_string(), "reason": "x" });
    assert_eq!(connected.post("/open/v1/closures", &past).await.body["error"]["code"], "CLS-0104");
    // A subject's closed days, declared by the regulator and taken back.
    regulator.filed("subjects", &firm("370202001", "城阳批发市场")).await;
    let mut body = body;
    (body["kind"], body["code"]) = (json!("subject"), json!("370202001"));
    let declared = regulator.post("/api/v1/console/closures", &body).await.ok();
    let above = province.sign_in("regulator").await;
    wait_for("both declarations at the province", || async {
        above.get("/api/v1/console/closures").await.body["count"]["value"] == 2
    })
    .await;
    let withdraw = format!("/api/v1/console/closures/{}/withdraw", declared["id"].as_str().expect("an id"));
    assert_eq!(above.post(&withdraw, &json!({ "reason": "x" })).await.body["error"]["code"], "CLS-0105");
    assert_eq!(regulator.post(&withdraw, &json!({ "reason": "提前开业" })).await.ok()["state"], "withdrawn");
    assert_eq!(regulator.post(&withdraw, &json!({ "reason": "x" })).await.body["error"]["code"], "CLS-0105");
    // Nothing is due on a closed day, so that nothing can be missing.
    connected
        .post(
            "/open/v1/events",
            &json!({ "message_id": "M-1", "events": [event(1, "3702000010001", "370202", city.clock.now())] }),
        )
        .await
        .ok();
    let closed = suyuan_service::closure::closed_days(city.node(), "access", today, today).await.expect("the days");
    assert_eq!(closed.get("SYS-370200-001").map(std::collections::BTreeSet::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_1c_a_tier_above_proposes_and_the_owner_decides() {
    let province = TestApp::alone("370000").await;
    let city = province.child("370200").await;
    let (above, owner) = (province.sign_in("regulator").await, city.sign_in("regulator").await);
    let id = owner.filed("subjects", &firm("370202001", "城阳批发市场")).await;
    wait_for("the entry at the province", || async { above.get(&format!("{SUBJECTS}/{id}")).await.status == 200 })
        .await;
    let path = format!("{SUBJECTS}/{id}/proposals");
    let masked = json!({ "changes": { "phone": "17700000000" }, "reason": "x" });
    assert_eq!(above.post(&path, &masked).await.body["error"]["code"], "NTE-0102");
    let own = json!({ "changes": { "address": "山东路 8 号" }, "reason": "地址有误" });
    assert_eq!(owner.post(&path, &own).await.body["error"]["code"], "NTE-0101");
    let proposed = above.post(&path, &own).await.ok();
    wait_for("the proposal at the city", || async { one(&owner, &id).await["proposals"][0]["id"] == proposed["id"] })
        .await;
    let seen = one(&owner, &id).await;
    assert_eq!((&seen["address"], &seen["proposals"][0]["node"]), (&json!("山东路 1 号"), &json!("370000")));
    let decision = format!("{path}/{}/decision", proposed["id"].as_str().expect("an id"));
    assert_eq!(owner.post(&decision, &json!({ "accept": true })).await.ok()["state"], "accepted");
    assert_eq!(owner.post(&decision, &json!({ "accept": true })).await.status, 404, "it is answered");
    let waiting = one(&owner, &id).await;
    assert_eq!((&waiting["state"], &waiting["proposal"]["address"]), (&json!("changing"), &json!("山东路 8 号")));
    decide(&owner, &id, "approve", "").await;
    wait_for("answer and correction at the province", || async {
        let seen = one(&above, &id).await;
        seen["address"] == "山东路 8 号" && seen["proposals"][0]["state"] == "accepted"
    })
    .await;
}

/// A record as it comes from the tier above.
fn from_above(kind: &str, object: ObjectId, body: &Value) -> Record {
    let stream: Stream = "down/370200/normal".parse().expect("a stream");
    let (prev, hash) = ([0; 32], [0; 32]);
    Record {
        position: 0,
        origin: Some(Origin { node: "370000".into(), stream, epoch: 1, seq: 1, prev, hash }),
        kind: kind.into(),
        object,
        part: String::new(),
        term: 1,
        version: 1,
        at: Timestamp::from_millis(0),
        payload: body.to_string().into_bytes(),
        verdict: None,
    }
}

/// Asks every operation on subjects that the document names; what comes from other nodes is put in by hand.
pub async fn answered(forms: &mut Forms, app: &TestApp, regulator: &Caller, connected: &Caller) {
    forms.get(regulator, "/api/v1/console/metadata?entity=subject&class=merchant&category=agri").await;
    let made = forms.post(regulator, SUBJECTS, &firm("370202101", "崂山批发市场")).await;
    let path = format!("{SUBJECTS}/{}", made["id"].as_str().expect("an id"));
    forms.post(regulator, &format!("{path}/unmask"), &json!({ "reason": "核对" })).await;
    forms
        .post(regulator, &format!("{SUBJECTS}/similar"), &json!({ "name": "崂山批发市场", "phone": "17700001234" }))
        .await;
    forms.post(regulator, &format!("{SUBJECTS}/code"), &json!({ "division": "370202" })).await;
    let recode = json!({ "version": made["version"], "code": "370202102", "reason": "编码有误" });
    let made = forms.post(regulator, &format!("{path}/recode"), &recode).await;
    // Another node holds the code, and the tier above proposes a correction.
    let claim =
        json!({ "register": "subject", "code": "370202102", "name": "济南某市场", "node": "370100", "live": true });
    let id: ObjectId = made["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let note = json!({
        "entry": id, "register": "subject", "author": "province", "node": "370000", "reason": "地址有误",
        "changes": { "address": "山东路 9 号" }, "state": "open",
    });
    let proposal = ObjectId::from_bytes([7; 16]);
    let mut tx = app.node().store.begin().await.expect("a transaction");
    let claimed = from_above(kind::CLAIM, ObjectId::from_bytes([1; 16]), &claim);
    assert_eq!(register::take_claim(app.node(), &mut tx, &claimed).await.expect("taken in"), None);
    assert_eq!(register::take_note(&tx, &from_above(kind::NOTE, proposal, &note)).await.expect("taken in"), None);
    tx.commit().await.expect("committed");
    let seen = forms.get(regulator, &path).await;
    assert_eq!((&seen["conflict"], &seen["rival"]["node"]), (&json!(true), &json!("370100")));
    let link = json!({ "version": seen["version"], "reason": "同一企业" });
    forms.post(regulator, &format!("{path}/same-as"), &link).await;
    forms.post(regulator, &format!("{path}/proposals/{proposal}/decision"), &json!({ "accept": true })).await;
    let foreign = json!({
        "code": "370102001", "name": "济南某市场", "category": "agri", "stage": "wholesale", "division": "370202",
        "state": "filed", "doc": firm("370102001", "济南某市场"),
    });
    let mut tx = app.node().store.begin().await.expect("a transaction");
    let other = ObjectId::from_bytes([2; 16]);
    let record = from_above(kind::SUBJECT, other, &foreign);
    assert_eq!(register::take(app.node(), &mut tx, &record).await.expect("taken in"), None);
    tx.commit().await.expect("committed");
    let body = json!({ "changes": { "address": "经十路 1 号" }, "reason": "地址有误" });
    forms.post(regulator, &format!("{SUBJECTS}/{other}/proposals"), &body).await;
    closures(forms, app, regulator, connected).await;
}

async fn closures(forms: &mut Forms, app: &TestApp, regulator: &Caller, connected: &Caller) {
    let today = Day::of(app.clock.now());
    let days = json!({ "from": today.to_string(), "to": today.to_string(), "reason": "盘点" });
    forms.post(connected, "/open/v1/closures", &days).await;
    let mut body = days;
    (body["kind"], body["code"]) = (json!("subject"), json!("370202102"));
    let path = "/api/v1/console/closures";
    let declared = forms.post(regulator, path, &body).await;
    let withdraw = format!("{path}/{}/withdraw", declared["id"].as_str().expect("an id"));
    forms.post(regulator, &withdraw, &json!({ "reason": "照常营业" })).await;
    forms.get(regulator, path).await;
}
