//! The catalogue of products: national levels, local ones beneath them, categories taken in, and products under it.
//! Rows: G-6.3.1, G-6.3.2, H-6.1, N-CAT.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::period::Day;

use crate::harness::{Setup, TestApp, event, wait_for};

const CATALOGUE: &str = "/api/v1/console/catalogue";

/// The level of this code, anywhere in the tree.
fn level(tree: &Value, code: &str) -> Option<Value> {
    let mut waiting: Vec<&Value> = tree["categories"]
        .as_array()?
        .iter()
        .flat_map(|one| one["children"].as_array().into_iter().flatten())
        .collect();
    while let Some(one) = waiting.pop() {
        if one["code"] == code {
            return Some(one.clone());
        }
        waiting.extend(one["children"].as_array().into_iter().flatten());
    }
    None
}

fn subject() -> Value {
    json!({
        "code": "91350100M000100Y43", "name": "青岛甲果品公司", "uscc": "91350100M000100Y43", "org_form": "company",
        "node_type": "farm", "category": "agri", "stages": ["farming"], "division": "370202", "address": "市南区一号",
        "contact": "张三", "phone": "13800000000", "lon": 120.4, "lat": 36.1, "legal_person": "李四",
    })
}

fn apple(code: &str, level: &str) -> Value {
    json!({
        "code": code, "name": "烟台苹果", "category": "agri", "subcategory": level, "subject": "91350100M000100Y43",
        "brand": "甲牌", "standard": "GB/T 10651",
        "certificates": [{ "kind": "green", "number": "LB-18-0001", "expires": "2028-01-31" }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_3_1_local_levels_stand_beneath_national_ones_and_go_down() {
    let nation = TestApp::with("000000", Setup::at_noon()).await;
    let province = nation.child("370000").await;
    let city = province.child("370200").await;
    let (office, below) = (province.sign_in("system").await, city.sign_in("regulator").await);
    let tree = office.get(CATALOGUE).await.ok();
    assert_eq!(level(&tree, "pome").expect("a national level")["national"], true);
    let new = json!({ "category": "agri", "parent": "pome", "code": "370000_apple", "name": "烟台苹果" });
    for (member, value, code) in [
        ("parent", "none", "CAT-0102"),
        ("category", "none", "CAT-0101"),
        ("code", "apple", "CAT-0104"),
        ("name", "", "CAT-0106"),
    ] {
        let mut wrong = new.clone();
        wrong[member] = value.into();
        assert_eq!(office.post(&format!("{CATALOGUE}/local"), &wrong).await.refusal(), (400, code), "{member}");
    }
    let refused = nation.sign_in("system").await.post(&format!("{CATALOGUE}/local"), &new).await;
    assert_eq!(refused.refusal(), (409, "CAT-0201"), "the nation publishes whole versions");
    assert_eq!(below.post(&format!("{CATALOGUE}/local"), &new).await.status, 403);
    office.post(&format!("{CATALOGUE}/local"), &new).await.ok();
    let own = level(&office.get(CATALOGUE).await.ok(), "370000_apple").expect("the new level");
    assert_eq!((own["origin"].as_str(), own["level"].as_u64()), (Some("370000"), Some(4)), "{own}");
    wait_for("the level at the city", || async { level(&below.get(CATALOGUE).await.ok(), "370000_apple").is_some() })
        .await;
    assert!(level(&nation.sign_in("system").await.get(CATALOGUE).await.ok(), "370000_apple").is_none());

    below.filed("subjects", &subject()).await;
    let product = below.filed("products", &apple("P-1", "370000_apple")).await;
    let shown = below.get(&format!("/api/v1/console/products/{product}")).await.ok();
    assert_eq!(shown["catalogue_path"], json!(["水果", "仁果类", "烟台苹果"]), "{shown}");
    assert_eq!(shown["certificates"][0]["number"], "LB-18-0001");
    sold(&city).await;
    wait_for("the product and its events at the province", || async {
        let used = office.get(&format!("{CATALOGUE}/agri/use?code=pome")).await.ok();
        used["products"] == 1 && used["subjects"].is_u64() && used["events"] == 2 && used["events_exact"] == true
    })
    .await;
    let whole = office.get(&format!("{CATALOGUE}/agri/use")).await.ok();
    assert_eq!(whole["events"], 3, "of the whole category: {whole}");
    assert!(whole["position"].as_u64().is_some_and(|position| position > 0), "{whole}");
    let elsewhere = office.get(&format!("{CATALOGUE}/rare_earth/use")).await.ok();
    assert_eq!(elsewhere["events"], 0, "{elsewhere}");
    let today = Day::of(city.clock.now());
    let mut retire =
        json!({ "category": "agri", "code": "370000_apple", "valid_to": today.to_string(), "reason": "并入仁果类" });
    let used = office.post(&format!("{CATALOGUE}/local/retire"), &retire).await;
    assert_eq!(used.refusal(), (400, "CAT-0111"), "something uses it: {used:?}");
    let mut national = retire.clone();
    national["code"] = "pome".into();
    assert_eq!(office.post(&format!("{CATALOGUE}/local/retire"), &national).await.refusal(), (409, "CAT-0202"));
    retire["successor"] = "pome".into();
    office.post(&format!("{CATALOGUE}/local/retire"), &retire).await.ok();
    wait_for("the retirement at the city", || async {
        level(&below.get(CATALOGUE).await.ok(), "370000_apple").is_some_and(|one| one["successor"] == "pome")
    })
    .await;
    for app in [&nation, &province, &city] {
        app.set_clock(city.clock.now().plus_millis(86_400_000));
    }
    let below = city.sign_in("regulator").await;
    let late = below.post("/api/v1/console/products", &apple("P-2", "370000_apple")).await;
    assert_eq!(late.refusal(), (400, "PROD-0126"), "{late:?}");
    assert!(late.body["error"]["advice"].as_str().is_some_and(|text| text.contains("仁果类")), "{late:?}");
    let kept = below.get(&format!("/api/v1/console/products/{product}")).await.ok();
    assert_eq!(kept["subcategory"], "370000_apple", "what is registered stays readable");
}

/// Three events of the category, two of them of the product.
async fn sold(city: &TestApp) {
    let connected = city.live_system("SYS-370200-001", "370202", "farming").await;
    let mut events = [1, 2, 3].map(|number| event(number, "91350100M000100Y43", "370202", city.clock.now()));
    for one in &mut events[..2] {
        one["product"] = "P-1".into();
    }
    connected.post("/open/v1/events", &json!({ "message_id": "M-1", "events": events })).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_3_1_a_region_decides_which_categories_it_takes_in_and_sees_the_effects_first() {
    let province = TestApp::with("370000", Setup::at_noon()).await;
    let city = province.child("370200").await;
    let (office, below) = (province.sign_in("system").await, city.sign_in("regulator").await);
    let path = format!("{CATALOGUE}/categories/rare_earth/switch");
    let effects = office.get(&format!("{path}?taken_in=false")).await.ok();
    assert!(effects["text"].as_array().is_some_and(|text| text.len() >= 3), "{effects}");
    assert_eq!(office.post(&path, &json!({ "taken_in": false, "reason": "" })).await.refusal(), (400, "CAT-0112"));
    office.post(&path, &json!({ "taken_in": false, "reason": "本省无此类企业" })).await.ok();
    let again = office.post(&path, &json!({ "taken_in": false, "reason": "再来一次" })).await;
    assert_eq!(again.refusal(), (409, "CAT-0203"));
    let taken_in = |tree: &Value| {
        let found = tree["categories"].as_array().expect("categories").iter().find(|one| one["code"] == "rare_earth");
        found.expect("the category")["taken_in"].as_bool()
    };
    wait_for("the decision at the city", || async { taken_in(&below.get(CATALOGUE).await.ok()) == Some(false) }).await;
    let mut body = subject();
    body["category"] = "rare_earth".into();
    body["stages"] = json!([]);
    let refused = below.post("/api/v1/console/subjects", &body).await;
    assert_eq!(refused.refusal(), (400, "SUBJ-0128"), "{refused:?}");
    let city_office = city.sign_in("system").await;
    let upward = city_office.post(&path, &json!({ "taken_in": true, "reason": "本市要纳入" })).await;
    assert_eq!(upward.refusal(), (409, "CAT-0204"), "what is decided above stands");
    office.post(&path, &json!({ "taken_in": true, "reason": "新设企业" })).await.ok();
    wait_for("the decision at the city", || async { taken_in(&below.get(CATALOGUE).await.ok()) == Some(true) }).await;
}
