//! Catalogue and rules travel down: what the nation publishes is in force two tiers below, what a tier may not say is refused,
//! what is broken is set aside, and nothing of it is lost or doubled.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::id::ObjectId;
use suyuan_domain::pack::edition::shipped_pack;
use suyuan_domain::period::{Day, Period};
use suyuan_domain::record::{Class, Draft, Stream, kind};
use suyuan_service::pack::take;

use crate::harness::{Caller, Setup, TestApp, event, wait_for};

const SUBJECT: &str = "3702000010001";
const PACKS: &str = "/api/v1/console/packs";

fn shipped(name: &str) -> &'static str {
    shipped_pack(name).expect(name).text
}

/// The shipped rules as version `version`, with another upper limit of the cold chain.
fn rules(version: u32, limit: u32) -> String {
    shipped("rules.toml").replace("version = \"2026.1\"", &format!("version = \"2026.{version}\"")).replace(
        "test = { by = \"range\", metric = \"field:temperature\", min = \"-40\", max = \"25\" }",
        &format!("version = {version}\ntest = {{ by = \"range\", metric = \"field:temperature\", min = \"-40\", max = \"{limit}\" }}"),
    )
}

async fn publish(who: &Caller, name: &str, text: &str) -> Value {
    let base = who.get(&format!("{PACKS}/{name}")).await.ok()["base"].clone();
    let body = json!({ "text": text, "note": "测试", "base": base });
    who.post(&format!("{PACKS}/{name}/publish"), &body).await.ok()
}

/// Versions in force of a pack, highest tier first.
async fn in_force(who: &Caller, name: &str) -> Vec<String> {
    let detail = who.get(&format!("{PACKS}/{name}")).await.ok();
    let rows = detail["pack"]["in_force"].as_array().expect("editions");
    rows.iter().map(|row| row["version"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn transported(system: &Caller, app: &TestApp, number: u32, temperature: &str) {
    let mut event = event(number, SUBJECT, "370202", app.clock.now());
    for (member, value) in [("stage", "transport"), ("biz_step", "transporting"), ("temperature", temperature)] {
        event[member] = json!(value);
    }
    let message = json!({ "message_id": format!("M-{number}"), "events": [event] });
    let answer = system.post("/open/v1/events", &message).await.ok();
    assert_eq!(answer["accepted"], 1, "{answer}");
}

async fn too_warm(app: &TestApp) -> Vec<Value> {
    let list = app.sign_in("regulator").await.get("/api/v1/console/findings?limit=100").await.ok();
    let rows = list["items"].as_array().cloned().unwrap_or_default();
    rows.into_iter().filter(|row| row["rule"] == "temperature_range").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn n_tier_a_rule_that_the_nation_changes_judges_the_next_event_two_tiers_below() {
    let nation = TestApp::alone("000000").await;
    let province = nation.child("370000").await;
    let mut city = province.child("370200").await;
    let system = city.live_system("SYS-370200-001", "370202", "transport").await;
    transported(&system, &city, 1, "12").await;
    let ministry = nation.sign_in("system").await;
    let text = rules(2, 8);
    let preview = ministry.post(&format!("{PACKS}/rules.toml/preview"), &json!({ "text": text })).await.ok();
    assert_eq!((&preview["changed"], &preview["added"], &preview["removed"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(preview["changes"][0]["members"][0]["after"], "8", "{preview}");
    assert_eq!(in_force(&ministry, "rules.toml").await, ["2026.1"], "a dry run changes nothing");
    let edition = publish(&ministry, "rules.toml", &text).await;
    assert_eq!((edition["number"].as_u64(), &edition["state"]), (Some(1), &json!("in_force")), "{edition}");
    let watcher = city.sign_in("regulator").await;
    wait_for("the rules of the nation", || async { in_force(&watcher, "rules.toml").await == ["2026.2"] }).await;
    assert_eq!(too_warm(&city).await, Vec::<Value>::new());
    transported(&system, &city, 2, "12").await;
    let found = too_warm(&city).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["rule_version"], &found[0]["limit"]), (&json!(2), &json!("8")), "{found:?}");
    city.stop().await;
    city.start().await;
    assert_eq!(city.node().packs().rule("temperature_range").map(|rule| rule.version), Some(2));
    publish(&ministry, "rules.toml", shipped("rules.toml")).await;
    let watcher = city.sign_in("regulator").await;
    wait_for("the older rules again", || async { in_force(&watcher, "rules.toml").await == ["2026.1"] }).await;
    transported(&system, &city, 3, "12").await;
    assert_eq!(too_warm(&city).await.len(), 1);
    for app in [&nation, &province, &city] {
        let detail = app.sign_in("system").await.get(&format!("{PACKS}/rules.toml")).await.ok();
        assert_eq!(detail["editions"].as_array().map(Vec::len), Some(3), "{}: {detail}", app.code);
    }
    replayed(&city).await;
}

/// The same records again change nothing.
async fn replayed(app: &TestApp) {
    let node = app.node();
    let kept = node.store.pack_editions().await.expect("editions");
    let records = node.store.read_journal(0, 10_000).await.expect("the journal");
    let tx = node.store.begin().await.expect("a transaction");
    let mut again = 0;
    for record in records.iter().filter(|record| record.kind == kind::PACK) {
        assert_eq!(take(node, &tx, record).await.expect("taken"), None);
        again += 1;
    }
    tx.commit().await.expect("a commit");
    assert_eq!(again, kept.len());
    assert_eq!(node.store.pack_editions().await.expect("editions"), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn n_cat_a_province_adds_beneath_the_national_catalogue_and_takes_nothing_away() {
    let nation = TestApp::alone("000000").await;
    let province = nation.child("370000").await;
    let city = province.child("370200").await;
    let office = province.sign_in("system").await;
    let categories = shipped("categories.toml");
    let cut = &categories[..categories.rfind("[[category]]").expect("a last category")];
    let renamed = categories.replace("食用农产品", "农副产品");
    let stages = shipped("stages.toml").replace("\"farming\", name", "\"planting\", name");
    for (name, text, code) in [
        ("categories.toml", cut, "PCK-0202"),
        ("categories.toml", &renamed, "PCK-0201"),
        ("stages.toml", &stages, "PCK-0202"),
        ("roles.toml", shipped("roles.toml"), "PCK-0102"),
        ("rules.toml", "version = ", "PCK-0104"),
    ] {
        for step in ["preview", "publish"] {
            let body = if step == "preview" { json!({ "text": text }) } else { json!({ "text": text, "base": 0 }) };
            let reply = office.post(&format!("{PACKS}/{name}/{step}"), &body).await;
            assert_eq!(reply.refusal().1, code, "{step} {name}: {reply:?}");
            assert!((400..500).contains(&reply.status), "{reply:?}");
        }
    }
    let regulator = province.sign_in("regulator").await;
    let forbidden =
        regulator.post(&format!("{PACKS}/categories.toml/publish"), &json!({ "text": "", "base": 0 })).await;
    assert_eq!(forbidden.status, 403, "{forbidden:?}");
    assert_eq!(regulator.get(&format!("{PACKS}/nothing.toml")).await.status, 404);
    let local = "version = \"鲁1\"\nvalid_from = \"2026-01-01\"\n\
                 [[child]]\ncategory = \"agri\"\ncode = \"370000_apple\"\nname = \"烟台苹果\"\n";
    publish(&office, "categories.toml", local).await;
    let stale = office.post(&format!("{PACKS}/categories.toml/publish"), &json!({ "text": local, "base": 0 })).await;
    assert_eq!(stale.refusal(), (409, "SYS-0409"));
    let watcher = city.sign_in("regulator").await;
    wait_for("the addition at the city", || async {
        in_force(&watcher, "categories.toml").await == ["2026.1", "鲁1"]
    })
    .await;
    let newcomer = province.child("370100").await;
    let watcher_there = newcomer.sign_in("regulator").await;
    wait_for("the addition at a city that joined later", || async {
        in_force(&watcher_there, "categories.toml").await == ["2026.1", "鲁1"]
    })
    .await;
    let named = |reference: &Value| reference["categories"].to_string().contains("烟台苹果");
    assert!(named(&watcher.get("/api/v1/console/reference").await.ok()));
    assert!(!named(&nation.sign_in("regulator").await.get("/api/v1/console/reference").await.ok()));
    let trail = province.sign_in("audit").await.get("/api/v1/console/audit?limit=50").await.ok();
    let noted = trail["items"].as_array().is_some_and(|rows| rows.iter().any(|row| row["action"] == "pack.publish"));
    assert!(noted, "{trail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn n_tier_a_broken_edition_is_set_aside_and_the_rest_go_on() {
    let nation = TestApp::alone("000000").await;
    let province = nation.child("370000").await;
    let city = province.child("370200").await;
    let ministry = nation.sign_in("system").await;
    publish(&ministry, "rules.toml", &rules(2, 8)).await;
    slip_in(&nation, 2, &rules(3, 5).replace("by = \"range\"", "by = \"moon\"")).await;
    let limits = shipped("limits.toml").replace("2026.1", "2026.2").replace("amount = 24", "amount = 12");
    publish(&ministry, "limits.toml", &limits).await;
    for app in [&province, &city] {
        let watcher = app.sign_in("regulator").await;
        wait_for("the edition after the broken one", || async {
            in_force(&watcher, "limits.toml").await == ["2026.2"]
        })
        .await;
        assert_eq!(in_force(&watcher, "rules.toml").await, ["2026.2"]);
        assert_eq!(app.node().packs().rule("temperature_range").map(|rule| rule.version), Some(2));
    }
    let exchange = province.sign_in("security").await.get("/api/v1/console/exchange").await.ok();
    let poison = exchange["poison"].as_array().expect("what was set aside");
    assert_eq!(poison.len(), 1, "{exchange}");
    assert_eq!((&poison[0]["kind"], &poison[0]["code"]), (&json!(kind::PACK), &json!("PCK-0104")), "{exchange}");
}

#[tokio::test(flavor = "multi_thread")]
async fn n_tier_an_edition_of_a_later_day_is_in_force_when_the_day_comes_also_after_a_restart() {
    let nation = TestApp::with("000000", Setup::at_noon()).await;
    let mut province = nation.child("370000").await;
    let today = Day::of(nation.clock.now());
    let later = rules(2, 8).replace("valid_from = \"2026-01-01\"", &format!("valid_from = \"{}\"", today.plus(3)));
    let formula = shipped("indicators.toml").replace("\"2026.1\"", "\"2026.2\"").replace("weight = 25", "weight = 40");
    let formula = formula.replace("\"2026-01-01\"", &format!("\"{}\"", Period::month_of(today).next().first()));
    let ministry = nation.sign_in("system").await;
    publish(&ministry, "rules.toml", &later).await;
    publish(&ministry, "indicators.toml", &formula).await;
    let watcher = province.sign_in("regulator").await;
    wait_for("both editions", || async {
        let list = watcher.get(PACKS).await.ok();
        let rows = list["items"].as_array().cloned().unwrap_or_default();
        rows.iter().filter(|row| row["pending"] == 1).count() == 2
    })
    .await;
    let version = |app: &TestApp| app.node().packs().rule("temperature_range").map(|rule| rule.version);
    for _ in 0..2 {
        assert_eq!(version(&province), Some(1));
        let packs = province.node().packs();
        let formula = |day| packs.formula(day).map(|formula| formula.version.clone());
        assert_eq!(formula(Period::month_of(today).last()).as_deref(), Some("2026.1"));
        assert_eq!(formula(Period::month_of(today).next().last()).as_deref(), Some("2026.2"));
        province.stop().await;
        province.start().await;
    }
    province.set_clock(today.plus(3).start());
    assert_eq!(version(&province), Some(2));
    assert_eq!(version(&nation), Some(1), "the nation's own clock stands still");
}

/// A record that a nation of another version might write: its text is no pack for this program.
async fn slip_in(nation: &TestApp, number: u64, text: &str) {
    let node = nation.node();
    let head = &node.store.pack_editions().await.expect("editions")[0].head;
    let object: ObjectId = head.object;
    let body = json!({
        "object": object, "number": number, "name": head.name, "node": "000000", "version": "2026.3",
        "valid_from": "2026-01-01", "sm3": head.sm3, "note": "", "published_at": node.now(), "published_by": "system",
        "text": text,
    });
    let mut tx = node.store.begin().await.expect("a transaction");
    let draft = Draft {
        kind: kind::PACK.to_owned(),
        object,
        part: String::new(),
        term: 1,
        version: number,
        at: node.now(),
        stream: Some(Stream::Common(Class::Normal)),
        payload: body.to_string().into_bytes(),
    };
    tx.append(vec![draft]).await.expect("appended");
    tx.commit().await.expect("a commit");
}
