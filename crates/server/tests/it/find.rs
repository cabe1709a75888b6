//! Finding what is registered, as a regulator does: by every condition, page by page, on the map, in sums, as a saved view and
//! as a file; and nothing from outside the scope by any of these ways. Rows: G-6.2.2a, G-6.2.2b, G-6.2.3, G-5.4.3b, H-6.2.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::id::ObjectId;
use suyuan_domain::period::{Day, Period};
use suyuan_store::export::Export;

use crate::form::Forms;
use crate::harness::{Caller, Setup, TestApp, wait_for};
use crate::rights::somebody;

const SUBJECTS: &str = "/api/v1/console/subjects";
/// The market under which the merchant is registered.
const MARKET: &str = "370202001";

fn firm(code: &str, name: &str, node_type: &str, stage: &str, division: &str) -> Value {
    json!({
        "code": code, "name": name, "org_form": "company", "node_type": node_type, "category": "agri",
        "stages": [stage], "division": division, "address": "山东路 1 号", "contact": "王建国", "phone": "17700001234",
    })
}

/// A market, a merchant in it, a farm elsewhere, and a shop that waits for its review.
async fn furnish(regulator: &Caller) {
    let mut market = firm(MARKET, "青岛绿源批发市场", "wholesale_market", "wholesale", "370202");
    (market["lon"], market["lat"]) = (json!(120.38), json!(36.07));
    market["varieties"] = json!(["meat"]);
    regulator.filed("subjects", &market).await;
    let merchant = json!({
        "class": "merchant", "name": "李记肉菜批发", "org_form": "sole_trader", "merchant_type": "produce_retailer",
        "parent": MARKET, "category": "agri", "stages": ["wholesale"], "division": "370202", "phone": "17700001235",
        "contact": "李记", "address": "一号摊位",
    });
    regulator.filed("subjects", &merchant).await;
    let mut farm = firm("3702810000001", "重庆路养殖场", "breeder", "breeding", "370281");
    (farm["lon"], farm["lat"]) = (json!(120.45), json!(36.39));
    regulator.filed("subjects", &farm).await;
    let shop = firm("3702030000001", "ＡＢ便民超市", "supermarket", "supermarket", "370203");
    regulator.post(SUBJECTS, &shop).await.ok();
}

async fn names(who: &Caller, query: &str) -> Vec<String> {
    let list = who.get(&format!("{SUBJECTS}?{query}")).await.ok();
    let items = list["items"].as_array().expect("items");
    assert_eq!(list["count"]["value"], items.len(), "{query}: {list}");
    let mut names: Vec<String> =
        items.iter().map(|item| item["name"].as_str().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_2a_subjects_and_merchants_are_found_by_each_condition_and_by_all_together() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    furnish(&regulator).await;
    let today = Day::of(app.clock.now());
    let (yesterday, tomorrow) = (today.plus(-1), today.plus(1));
    let (market, merchant, farm, shop) = ("青岛绿源批发市场", "李记肉菜批发", "重庆路养殖场", "ＡＢ便民超市");
    for (query, found) in [
        (String::new(), vec![market, merchant, farm, shop]),
        ("division=370202".into(), vec![market, merchant]),
        ("division=370281,370203".into(), vec![farm, shop]),
        ("class=merchant".into(), vec![merchant]),
        ("class=subject".into(), vec![market, farm, shop]),
        ("org_form=sole_trader".into(), vec![merchant]),
        ("type=breeder".into(), vec![farm]),
        ("type=mine".into(), vec![]),
        ("merchant_type=produce_retailer".into(), vec![merchant]),
        (format!("parent={MARKET}"), vec![merchant]),
        ("parent=999999999".into(), vec![]),
        ("category=agri".into(), vec![market, merchant, farm, shop]),
        ("category=wine".into(), vec![]),
        ("stage=wholesale".into(), vec![market, merchant]),
        ("variety=meat".into(), vec![market]),
        ("variety=fruit".into(), vec![]),
        ("stage=breeding,supermarket".into(), vec![farm, shop]),
        ("state=submitted".into(), vec![shop]),
        ("state=filed".into(), vec![market, merchant, farm]),
        ("origin_node=370200".into(), vec![market, merchant, farm, shop]),
        ("origin_node=370100".into(), vec![]),
        (format!("code={MARKET}"), vec![market, merchant]),
        ("code=3702".into(), vec![market, merchant, farm, shop]),
        ("code=44".into(), vec![]),
        (format!("filed_from={today}&filed_to={today}"), vec![market, merchant, farm]),
        (format!("filed_from={tomorrow}"), vec![]),
        (format!("filed_to={yesterday}"), vec![]),
        (format!("registered_from={yesterday}&registered_to={today}"), vec![market, merchant, farm, shop]),
        (format!("registered_to={yesterday}"), vec![]),
        ("conflict=true".into(), vec![]),
        ("placed=true".into(), vec![market, farm]),
        ("name=绿源".into(), vec![market]),
        ("q=lvyuan".into(), vec![market]),
        ("q=qdly".into(), vec![market]),
        ("q=chongqing".into(), vec![farm]),
        ("q=ab".into(), vec![shop]),
        ("q=超".into(), vec![shop]),
        ("q=批发 青岛".into(), vec![market]),
        ("q=0281000".into(), vec![farm]),
        ("q=没有这家".into(), vec![]),
        (format!("class=merchant&parent={MARKET}&stage=wholesale&state=filed&q=lj&filed_from={today}"), vec![merchant]),
        ("division=370202&class=subject&type=wholesale_market&org_form=company&placed=true".into(), vec![market]),
        ("division=370202&type=breeder".into(), vec![]),
    ] {
        let mut found = found;
        found.sort_unstable();
        assert_eq!(names(&regulator, &query).await, found, "{query}");
    }
    for (query, code, field) in [
        ("sort=up", "REQ-0112", "sort"),
        ("filed_from=yesterday", "REQ-0112", "filed_from"),
        ("conflict=perhaps", "REQ-0112", "conflict"),
        ("division=999999", "REQ-0111", "division"),
    ] {
        let reply = regulator.get(&format!("{SUBJECTS}?{query}")).await;
        assert_eq!((reply.status / 100, &reply.body["error"]["code"]), (4, &json!(code)), "{query}");
        assert_eq!(reply.body["error"]["field"], field, "{query}");
    }
    orders_and_pages(&regulator).await;
}

async fn orders_and_pages(regulator: &Caller) {
    let list = |query: &str| format!("{SUBJECTS}?limit=1&{query}");
    for (sort, first) in [("name", "ＡＢ便民超市"), ("code", "青岛绿源批发市场"), ("newest", "ＡＢ便民超市")]
    {
        let page = regulator.get(&list(&format!("sort={sort}"))).await.ok();
        assert_eq!(page["items"][0]["name"], first, "{sort}");
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    let mut number = 0;
    loop {
        let page = regulator.get(&list(&format!("sort=name&after={after}"))).await.ok();
        seen.push(page["items"][0]["name"].as_str().unwrap_or_default().to_owned());
        let Some(next) = page["next"].as_str() else { break };
        // Somebody registers between the pages, before and behind.
        for name in if number < 6 { vec!["阿里店", "最后一家"] } else { vec![] } {
            number += 1;
            let code = format!("370202{number:07}");
            regulator
                .post(SUBJECTS, &firm(&code, &format!("{name}{number}"), "supermarket", "supermarket", "370202"))
                .await
                .ok();
        }
        after = next.to_owned();
        if number == 2 {
            let foreign = regulator.get(&list(&format!("sort=code&after={after}"))).await;
            assert_eq!(foreign.refusal(), (400, "REQ-0107"));
            let foreign = regulator.get(&list(&format!("sort=name&state=filed&after={after}"))).await;
            assert_eq!(foreign.refusal(), (400, "REQ-0107"));
        }
        assert!(seen.len() < 60, "no end: {seen:?}");
    }
    for name in ["青岛绿源批发市场", "李记肉菜批发", "重庆路养殖场", "ＡＢ便民超市"] {
        assert_eq!(seen.iter().filter(|seen| *seen == name).count(), 1, "{name} in {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_2a_subjects_are_chosen_on_the_map_and_measured() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    furnish(&regulator).await;
    let points = |query: &str| format!("/api/v1/console/map/points?{query}");
    let wide = regulator.get(&points("zoom=3&bbox=119,35,122,38")).await.ok();
    assert_eq!((&wide["total"], wide["clusters"].as_array().map(Vec::len)), (&json!(2), Some(1)), "{wide}");
    let near = regulator.get(&points("zoom=12&bbox=119,35,122,38")).await.ok();
    assert_eq!(near["clusters"][0]["subject"]["name"], "重庆路养殖场", "{near}");
    let narrowed = regulator.get(&points("zoom=12&bbox=119,35,122,38&stage=wholesale")).await.ok();
    assert_eq!((&narrowed["total"], &narrowed["clusters"][0]["subject"]["code"]), (&json!(1), &json!(MARKET)));
    let select = "/api/v1/console/map/select";
    let ring = json!([[120.3, 36.0], [120.5, 36.0], [120.5, 36.5], [120.3, 36.5]]);
    let hole = json!([[120.37, 36.06], [120.39, 36.06], [120.39, 36.08], [120.37, 36.08]]);
    for (shape, found) in [
        (json!({ "kind": "box", "box": [120.0, 36.0, 121.0, 36.2] }), vec!["青岛绿源批发市场"]),
        (json!({ "kind": "polygon", "rings": [ring] }), vec!["重庆路养殖场", "青岛绿源批发市场"]),
        (json!({ "kind": "polygon", "rings": [ring, hole] }), vec!["重庆路养殖场"]),
        (json!({ "kind": "circle", "center": [120.38, 36.08], "km": 2 }), vec!["青岛绿源批发市场"]),
        (json!({ "kind": "circle", "center": [120.38, 36.08], "km": 60 }), vec!["青岛绿源批发市场", "重庆路养殖场"]),
        (json!({ "kind": "circle", "center": [110.0, 30.0], "km": 60 }), vec![]),
    ] {
        let chosen = regulator.post(select, &json!({ "shape": shape })).await.ok();
        let names: Vec<&str> =
            chosen["items"].as_array().expect("items").iter().filter_map(|i| i["name"].as_str()).collect();
        assert_eq!(names, found, "{shape}");
        let by_state: u64 =
            chosen["by_state"].as_array().expect("parts").iter().filter_map(|p| p["count"].as_u64()).sum();
        assert_eq!((chosen["count"]["value"].as_u64(), by_state), (Some(found.len() as u64), found.len() as u64));
    }
    let crossed = json!([[120.0, 36.0], [121.0, 37.0], [121.0, 36.0], [120.0, 37.0]]);
    for shape in [
        json!({ "kind": "polygon", "rings": [crossed] }),
        json!({ "kind": "polygon", "rings": [] }),
        json!({ "kind": "box", "box": [1.0, 2.0] }),
        json!({ "kind": "circle", "center": [120.0, 36.0], "km": 0 }),
    ] {
        assert_eq!(regulator.post(select, &json!({ "shape": shape })).await.refusal(), (400, "MAP-0103"), "{shape}");
    }
    let line = json!({ "points": [[120.38, 36.07], [120.45, 36.39], [120.38, 36.07]] });
    let measured = regulator.post("/api/v1/console/map/measure", &line).await.ok();
    let metres = measured["metres"].as_f64().expect("metres");
    assert!((72_000.0..73_000.0).contains(&metres), "{metres}");
    let values = regulator.get("/api/v1/console/map/values?metric=subjects&stage=wholesale").await.ok();
    let value = |code: &str| {
        let rows = values["values"].as_array().expect("values");
        rows.iter().find(|row| row["code"] == code).map(|row| row["state"].clone())
    };
    assert_eq!(value("370202"), Some(json!("value")));
    assert_eq!(value("370281"), Some(json!("zero")), "connected, and none of them");
    assert_eq!(value("370211"), Some(json!("not_connected")));
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_3_registrations_are_analysed_and_every_cell_is_its_list() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    furnish(&regulator).await;
    let month = Period::month_of(Day::of(app.clock.now()));
    for (by, then) in [
        ("stage", ""),
        ("division", "class"),
        ("type", "state"),
        ("org_form", "month"),
        ("state", ""),
        ("month", "category"),
        ("class", "stage"),
        ("variety", ""),
        ("merchant_type", ""),
        ("category", ""),
        ("origin_node", ""),
    ] {
        let path = format!("/api/v1/console/analysis?of=subject&by={by}&then={then}&category=agri");
        let analysis = regulator.get(&path).await.ok();
        assert_eq!(analysis["total"], 4, "{by}: {analysis}");
        let rows = analysis["rows"].as_array().expect("rows");
        if analysis["several"] == false {
            let tenths =
                |row: &Value| row["share"].as_str().and_then(|share| share.replace('.', "").parse::<u64>().ok());
            assert_eq!(rows.iter().filter_map(tenths).sum::<u64>(), 1_000, "{by}: {rows:?}");
            assert_eq!(rows.iter().filter_map(|row| row["count"].as_u64()).sum::<u64>(), 4, "{by}");
        }
        for row in rows {
            let list = regulator.get(&format!("{SUBJECTS}?{}", row["query"].as_str().expect("a query"))).await.ok();
            assert_eq!(list["count"]["value"], row["count"], "{by} {row}");
            for cell in row["cells"].as_array().expect("cells").iter().filter(|cell| cell["count"] != 0) {
                let list =
                    regulator.get(&format!("{SUBJECTS}?{}", cell["query"].as_str().expect("a query"))).await.ok();
                assert_eq!(list["count"]["value"], cell["count"], "{by} {then} {cell}");
            }
        }
    }
    let by_division = regulator.get("/api/v1/console/analysis?by=division&stage=wholesale").await.ok();
    let state = |code: &str| {
        let rows = by_division["rows"].as_array().expect("rows");
        rows.iter().find(|row| row["code"] == code).map(|row| row["state"].clone())
    };
    assert_eq!(state("370202"), Some(json!("value")));
    assert_eq!(state("370281"), Some(json!("zero")));
    assert_eq!(state("370211"), Some(json!("not_connected")));
    let months = regulator.get("/api/v1/console/analysis?by=month&months=3").await.ok();
    let last = months["rows"].as_array().and_then(|rows| rows.last()).expect("a month");
    assert_eq!((&last["code"], &last["count"], &last["before"]), (&json!(month.to_string()), &json!(4), &json!(0)));
    assert_eq!(months["rows"].as_array().map(Vec::len), Some(3));
    let file = regulator.get("/api/v1/console/analysis/file?by=stage&then=class&format=csv").await.ok();
    assert!(file.as_str().is_some_and(|text| text.starts_with('\u{feff}') && text.contains("环节")), "{file}");
    for (query, code) in
        [("by=colour", "ANA-0102"), ("by=stage&then=stage", "ANA-0102"), ("of=cat&by=stage", "ANA-0101")]
    {
        let reply = regulator.get(&format!("/api/v1/console/analysis?{query}")).await;
        assert_eq!(reply.refusal(), (400, code), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_2_2a_views_are_kept_for_a_person_and_shared_within_the_role() {
    let app = TestApp::alone("370200").await;
    let (regulator, other) = (app.sign_in("regulator").await, somebody(&app, "supervisor", "370202").await);
    let path = "/api/v1/console/views";
    let view = |name: &str, default: bool, shared: bool| {
        json!({ "list": "subjects", "name": name, "query": "state=submitted&sort=name", "columns": ["code", "name"],
            "default": default, "shared": shared })
    };
    let first = regulator.post(path, &view("待审核", true, false)).await.ok();
    regulator.post(path, &view("本市", true, true)).await.ok();
    let list = regulator.get(&format!("{path}?list=subjects")).await.ok();
    let defaults: Vec<&Value> =
        list["items"].as_array().expect("items").iter().filter(|v| v["default"] == true).collect();
    assert_eq!((list["count"]["value"].as_u64(), defaults.len(), &defaults[0]["name"]), (Some(2), 1, &json!("本市")));
    assert_eq!(regulator.post(path, &view("待审核", false, false)).await.refusal(), (409, "VIEW-0102"));
    assert_eq!(regulator.post(path, &view(" ", false, false)).await.refusal(), (400, "VIEW-0101"));
    let seen = other.get(&format!("{path}?list=subjects")).await.ok();
    assert_eq!((seen["count"]["value"].as_u64(), &seen["items"][0]["own"]), (Some(1), &json!(false)), "{seen}");
    let one = format!("{path}/{}", first["id"].as_str().expect("an id"));
    assert_eq!(other.request("put", &one, &view("x", false, false)).await.status, 404);
    assert_eq!(other.request("delete", &one, &json!({})).await.status, 404);
    let changed = regulator.request("put", &one, &view("待审核的", true, false)).await.ok();
    assert_eq!((&changed["name"], &changed["default"]), (&json!("待审核的"), &json!(true)));
    regulator.request("delete", &one, &json!({})).await.ok();
    assert_eq!(regulator.get(&format!("{path}?list=subjects")).await.ok()["count"]["value"], 1);
    let security = app.sign_in("security").await;
    assert_eq!(security.get(&format!("{path}?list=subjects")).await.ok()["count"]["value"], 0, "another role");
}

#[tokio::test(flavor = "multi_thread")]
async fn h_6_2_a_list_is_exported_as_it_is_shown_and_noted() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    furnish(&regulator).await;
    let path = "/api/v1/console/exports";
    let request = json!({ "register": "subject", "format": "csv", "query": "stage=wholesale&sort=name",
        "columns": ["name", "code", "phone", "state"] });
    let export = regulator.post(path, &request).await.ok();
    assert_eq!((&export["state"], &export["rows"]), (&json!("done"), &json!(2)), "{export}");
    let file = format!("{path}/{}/file", export["id"].as_str().expect("an id"));
    let text = regulator.get(&file).await.ok();
    let lines: Vec<&str> = text.as_str().expect("a text").trim_start_matches('\u{feff}').lines().collect();
    assert!(lines[0].starts_with("名称,主体编码,") && lines[0].ends_with(",状态"), "{lines:?}");
    assert!(lines[1].starts_with("李记肉菜批发,") && lines[2].starts_with("青岛绿源批发市场,370202001,"), "{lines:?}");
    assert!(
        !text.to_string().contains("17700001234") && lines[2].contains("177****1234"),
        "masked as in the list: {lines:?}"
    );
    assert_eq!(lines.len(), 3);
    let mut workbook = request.clone();
    (workbook["format"], workbook["columns"]) = (json!("xlsx"), json!([]));
    workbook["shape"] = json!({ "kind": "circle", "center": [120.38, 36.07], "km": 1 });
    let book = regulator.post(path, &workbook).await.ok();
    assert_eq!((&book["state"], &book["rows"]), (&json!("done"), &json!(1)));
    assert_eq!(regulator.get(path).await.ok()["count"]["value"], 2);
    let other = somebody(&app, "supervisor", "370202").await;
    assert_eq!(other.get(&file).await.status, 404, "somebody else's");
    let service = somebody(&app, "service_officer", "370200").await;
    assert_eq!(service.post(path, &request).await.status, 403, "no right to export");
    let cancel = format!("{path}/{}/cancel", export["id"].as_str().expect("an id"));
    assert_eq!(regulator.post(&cancel, &json!({})).await.refusal(), (409, "EXP-0901"));
    for (field, value, code) in [
        ("format", json!("pdf"), "EXP-0101"),
        ("columns", json!(["secret"]), "EXP-0102"),
        ("register", json!("x"), "ANA-0101"),
    ] {
        let mut wrong = request.clone();
        wrong[field] = value;
        assert_eq!(regulator.post(path, &wrong).await.refusal(), (400, code), "{field}");
    }
    let auditor = app.sign_in("audit").await;
    let noted = auditor.get("/api/v1/console/audit?action=subject.export").await.ok();
    assert!(noted["count"]["value"].as_u64() >= Some(2), "{noted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_a_county_finds_nothing_of_its_neighbours_by_any_way() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    furnish(&regulator).await;
    let county = somebody(&app, "supervisor", "370202").await;
    assert_eq!(names(&county, "").await, ["李记肉菜批发", "青岛绿源批发市场"]);
    for query in ["q=重庆", "code=370281", "division=370202&stage=breeding", "q=yangzhichang"] {
        assert_eq!(names(&county, query).await, Vec::<String>::new(), "{query}");
    }
    assert_eq!(county.get(&format!("{SUBJECTS}?division=370281")).await.status, 404);
    let points = county.get("/api/v1/console/map/points?zoom=5").await.ok();
    assert_eq!(points["total"], 1);
    let shape = json!({ "kind": "box", "box": [73.0, 3.0, 135.0, 54.0] });
    let chosen = county.post("/api/v1/console/map/select", &json!({ "shape": shape })).await.ok();
    assert_eq!(chosen["count"]["value"], 1);
    for by in ["stage", "division", "type", "month", "state"] {
        let analysis = county.get(&format!("/api/v1/console/analysis?by={by}")).await.ok();
        assert_eq!(analysis["total"], 2, "{by}");
        assert!(!analysis.to_string().contains("breeder\",\"count\":1"), "{by}");
    }
    let request = json!({ "register": "subject", "format": "csv", "query": "", "columns": ["name"] });
    let export = county.post("/api/v1/console/exports", &request).await.ok();
    assert_eq!(export["rows"], 2);
    let mut outside = request.clone();
    outside["query"] = json!("division=370281");
    assert_eq!(county.post("/api/v1/console/exports", &outside).await.status, 404);
}

/// Asks every operation of this file once, in its form.
pub async fn searched(forms: &mut Forms, app: &TestApp, regulator: &Caller) {
    let view =
        json!({ "list": "subjects", "name": "全部", "query": "", "columns": [], "default": false, "shared": false });
    let made = forms.post(regulator, "/api/v1/console/views", &view).await;
    forms
        .send(regulator, "put", &format!("/api/v1/console/views/{}", made["id"].as_str().expect("an id")), &view)
        .await;
    forms.get(regulator, "/api/v1/console/views?list=subjects").await;
    forms.get(regulator, "/api/v1/console/analysis?of=subject&by=month&then=stage").await;
    let shape = json!({ "kind": "circle", "center": [120.38, 36.07], "km": 50 });
    forms.post(regulator, "/api/v1/console/map/select", &json!({ "shape": shape })).await;
    forms.post(regulator, "/api/v1/console/map/measure", &json!({ "points": [[120.0, 36.0], [121.0, 36.0]] })).await;
    forms.get(regulator, "/api/v1/console/exports/columns?register=device").await;
    let request = json!({ "register": "device", "format": "xlsx" });
    let export = forms.post(regulator, "/api/v1/console/exports", &request).await;
    let one = format!("/api/v1/console/exports/{}", export["id"].as_str().expect("an id"));
    wait_for("the export", || async { regulator.get(&one).await.ok()["state"] == "done" }).await;
    forms.get(regulator, &one).await;
    forms.get(regulator, "/api/v1/console/exports").await;
    let waiting = waiting_like(app, &one).await;
    let cancelled = forms.post(regulator, &format!("/api/v1/console/exports/{waiting}/cancel"), &json!({})).await;
    assert_eq!((&cancelled["state"], &cancelled["bytes"]), (&json!("cancelled"), &Value::Null));
}

/// Another export like the one at this address that still waits for its job, as a long one does.
async fn waiting_like(app: &TestApp, path: &str) -> ObjectId {
    let store = &app.node().store;
    let id = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id");
    let made = store.system_export(id).await.expect("a store").expect("an export");
    let waiting = Export { id: app.node().mint(), state: "waiting".into(), bytes: None, finished_at: None, ..made };
    let tx = store.begin().await.expect("a transaction");
    tx.add_export(&waiting).await.expect("written");
    tx.commit().await.expect("committed");
    waiting.id
}

#[tokio::test(flavor = "multi_thread")]
async fn h_6_2_a_long_export_is_made_by_a_job_unless_it_is_cancelled() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    furnish(&regulator).await;
    let path = "/api/v1/console/exports";
    let request = json!({ "register": "subject", "format": "csv", "query": "", "columns": ["name"] });
    let export = regulator.post(path, &request).await.ok();
    let one = format!("{path}/{}", export["id"].as_str().expect("an id"));
    let (kept, dropped) = (waiting_like(&app, &one).await, waiting_like(&app, &one).await);
    regulator.post(&format!("{path}/{dropped}/cancel"), &json!({})).await.ok();
    for id in [kept, dropped] {
        suyuan_service::export::run(app.node(), &json!({ "export": id.to_string() }).to_string()).await.expect("a job");
    }
    let state = async |id: ObjectId| regulator.get(&format!("{path}/{id}")).await.ok();
    assert_eq!((&state(kept).await["state"], &state(kept).await["rows"]), (&json!("done"), &json!(4)));
    assert_eq!(state(dropped).await["state"], "cancelled");
    assert_eq!(regulator.get(&format!("{path}/{dropped}/file")).await.refusal(), (409, "EXP-0901"));
    let text = regulator.get(&format!("{path}/{kept}/file")).await.ok();
    assert_eq!(text.as_str().map(|text| text.lines().count()), Some(5));
    app.set_clock(app.clock.now().plus_millis(8 * 86_400_000));
    assert!(suyuan_service::export::expire(app.node()).await.expect("expired") >= 2);
    assert_eq!(app.sign_in("regulator").await.get(&format!("{path}/{kept}")).await.ok()["state"], "expired");
}
