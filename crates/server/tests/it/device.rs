//! Devices: register, hardware addresses, signs of life, faults, online rate. Rows: G-6.7.4.

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::period::Day;
use suyuan_service::access::watch;

use crate::harness::{Setup, TestApp};
use crate::rights::somebody;
use crate::subject::firm;

const DEVICES: &str = "/api/v1/console/devices";
const DAY: i64 = 86_400_000;

fn scale(serial: &str, mac: &str) -> Value {
    json!({
        "name": format!("溯源秤 {serial}"), "device_type": "scale", "model": "TS-30", "maker": "甲衡器厂", "mac": mac,
        "serial": serial, "division": "370202", "place": "一号厅 12 号摊位", "installed_on": "2026-01-05",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_4_devices_tell_of_themselves_and_are_missed_when_they_do_not() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    let connected = app.live_system("SYS-370200-001", "370202", "market").await;
    let id = regulator.filed("devices", &scale("SN-0001", "02:1a:2b:3c:4d:01")).await;
    regulator.filed("devices", &scale("SN-0002", "02:1a:2b:3c:4d:02")).await;
    let twin = regulator.post(DEVICES, &scale("SN-0003", "021A.2B3C.4D01")).await;
    assert_eq!(twin.refusal(), (400, "DEV-0124"), "one hardware address, one device: {twin:?}");
    let mut odd = scale("SN-0004", "");
    odd["calibrated_until"] = "明年".into();
    odd["system"] = "NOBODY".into();
    assert_eq!(regulator.post(DEVICES, &odd).await.status, 400);

    let beat = json!({ "devices": [
        { "code": "SN-0001", "firmware": "2.1.0", "battery": 80, "faults": ["E01", "E07"] }, "SN-0002", "SN-9999",
    ] });
    assert_eq!(connected.post("/open/v1/heartbeat", &beat).await.ok()["devices"], 2);
    let seen = regulator.get(&format!("{DEVICES}/{id}")).await.ok();
    assert_eq!((seen["online"].as_bool(), seen["open_faults"].as_u64()), (Some(true), Some(2)), "{seen}");
    assert_eq!((seen["firmware"].as_str(), seen["battery"].as_i64()), (Some("2.1.0"), Some(80)));
    let next = json!({ "devices": [{ "code": "SN-0001", "faults": ["E07"] }] });
    connected.post("/open/v1/heartbeat", &next).await.ok();
    let faults = regulator.get(&format!("{DEVICES}/{id}/faults")).await.ok();
    let of = |code: &str| {
        faults["items"].as_array().expect("items").iter().find(|one| one["code"] == code).expect(code).clone()
    };
    assert!(of("E01")["closed_at"].is_string() && of("E07")["closed_at"].is_null(), "{faults}");
    let close = format!("{DEVICES}/{id}/faults/{}/close", of("E07")["number"]);
    assert_eq!(regulator.post(&close, &json!({ "reason": "" })).await.refusal(), (400, "DEV-0202"));
    regulator.post(&close, &json!({ "reason": "更换传感器" })).await.ok();
    assert_eq!(regulator.post(&close, &json!({ "reason": "更换传感器" })).await.refusal(), (409, "DEV-0203"));
    let kept = regulator.get(&format!("{DEVICES}/{id}")).await.ok();
    assert_eq!(
        (kept["firmware"].as_str(), kept["open_faults"].as_u64()),
        (Some("2.1.0"), Some(0)),
        "what is left out stays"
    );

    app.set_clock(app.clock.now().plus_millis(DAY + 3_600_000));
    connected.post("/open/v1/heartbeat", &json!({ "devices": ["SN-0002"] })).await.ok();
    let regulator = app.sign_in("regulator").await;
    let silent = regulator.get(&format!("{DEVICES}/silent?hours=24")).await.ok();
    assert_eq!(silent["count"]["value"], 1, "{silent}");
    assert_eq!(silent["items"][0]["code"], "SN-0001");
    let rate = regulator.get(&format!("{DEVICES}/rate?by=type")).await.ok();
    let row = &rate["items"][0];
    assert_eq!(
        (row["devices"].as_u64(), row["online_days"].as_u64(), row["due_days"].as_u64()),
        (Some(2), Some(3), Some(4)),
        "{rate}"
    );
    assert_eq!((row["name"].as_str(), row["rate"].as_str()), (Some("智能溯源秤"), Some("75.00")));
    assert_eq!(regulator.get(&format!("{DEVICES}/rate?by=colour")).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_4_a_device_of_another_system_is_not_kept_alive() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    let own = app.live_system("SYS-370200-001", "370202", "market").await;
    let other = app.live_system("SYS-370200-002", "370202", "market").await;
    let mut body = scale("SN-0001", "");
    body["system"] = "SYS-370200-001".into();
    let id = regulator.filed("devices", &body).await;
    let beat = json!({ "devices": ["SN-0001"] });
    assert_eq!(other.post("/open/v1/heartbeat", &beat).await.ok()["devices"], 0);
    assert!(regulator.get(&format!("{DEVICES}/{id}")).await.ok()["last_seen_at"].is_null());
    assert_eq!(own.post("/open/v1/heartbeat", &beat).await.ok()["devices"], 1);
    for (device, field) in [
        (json!({ "code": "SN-0001", "battery": 101 }), "devices[0].battery"),
        (json!({ "code": "SN-0001", "faults": [""] }), "devices[0].faults"),
    ] {
        let refused = own.post("/open/v1/heartbeat", &json!({ "devices": [device] })).await;
        assert_eq!((refused.status, refused.body["error"]["field"].as_str()), (400, Some(field)), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_4_a_calibration_that_ends_is_warned_about_until_it_is_renewed() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    app.live_system("SYS-370200-001", "370202", "market").await;
    let today = Day::of(app.clock.now());
    let mut body = scale("SN-0001", "");
    body["system"] = "SYS-370200-001".into();
    body["calibrated_until"] = today.plus(10).to_string().into();
    let id = regulator.filed("devices", &body).await;
    let seen = regulator.get(&format!("{DEVICES}/{id}")).await.ok();
    assert_eq!(seen["calibration"], "soon", "{seen}");
    watch::run(app.node()).await.expect("a look");
    let warnings = regulator.get("/api/v1/console/systems/warnings?open=true").await.ok();
    assert_eq!(
        (warnings["items"][0]["kind"].as_str(), warnings["items"][0]["code"].as_str()),
        (Some("calibration"), Some("SN-0001"))
    );
    body["version"] = seen["version"].clone();
    body["calibrated_until"] = today.plus(400).to_string().into();
    let changed = regulator.request("put", &format!("{DEVICES}/{id}"), &body).await.ok();
    let approve = json!({ "version": changed["version"], "decision": "approve" });
    regulator.post(&format!("{DEVICES}/{id}/review"), &approve).await.ok();
    watch::run(app.node()).await.expect("a look");
    let warnings = regulator.get("/api/v1/console/systems/warnings?open=true").await.ok();
    assert_eq!(warnings["count"]["value"], 0, "{warnings}");
}

/// What an officer of one county changes of a device keeps the owner and the system that lie outside of the county.
#[tokio::test(flavor = "multi_thread")]
async fn g_6_7_4_a_device_keeps_its_system_across_the_border_and_gets_no_other_there() {
    let app = TestApp::with("370200", Setup::at_noon()).await;
    let regulator = app.sign_in("regulator").await;
    let mut owner = firm("370203001", "四方市场");
    owner["division"] = "370203".into();
    regulator.filed("subjects", &owner).await;
    for (code, division) in [("SYS-370200-001", "370200"), ("SYS-370203-001", "370203")] {
        app.live_system(code, division, "market").await;
    }
    let mut device = scale("SN-0001", "");
    device["subject"] = "370203001".into();
    device["system"] = "SYS-370200-001".into();
    let id = regulator.filed("devices", &device).await;
    let path = format!("{DEVICES}/{id}");
    let near = somebody(&app, "supervisor", "370202").await;
    let version = |seen: Value| seen["version"].clone();
    let mut change = device.clone();
    change["place"] = "二号厅 3 号摊位".into();
    change["version"] = version(near.get(&path).await.ok());
    let mut other = change.clone();
    other["system"] = "SYS-370203-001".into();
    near.request("put", &path, &change).await.ok();
    let review = json!({ "version": version(near.get(&path).await.ok()), "decision": "approve", "reason": "" });
    near.post(&format!("{path}/review"), &review).await.ok();
    let kept = regulator.get(&path).await.ok();
    assert_eq!(
        (kept["place"].as_str(), kept["subject"].as_str()),
        (Some("二号厅 3 号摊位"), Some("370203001")),
        "{kept}"
    );
    let listed = regulator.get(&format!("{DEVICES}?category=agri")).await.ok();
    assert_eq!(listed["count"]["value"], 1, "it is of its owner's category still: {listed}");
    other["version"] = kept["version"].clone();
    assert_eq!(near.request("put", &path, &other).await.refusal(), (400, "DEV-0123"));
}
