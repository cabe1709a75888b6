//! The interfaces of access, devices and catalogue answer in the forms of the document.

use serde_json::json;
use suyuan_domain::clock::Clock;
use suyuan_domain::period::Day;

use crate::access_join::{form, message};
use crate::form::Forms;
use crate::harness::{TestApp, system};

const CONSOLE: &str = "/api/v1/console";
const APPLY: &str = "/api/v1/portal/applications";

/// Asks every operation of access, devices and catalogue that answers with JSON.
pub async fn answered(forms: &mut Forms, app: &TestApp) {
    applications(forms, app).await;
    systems(forms, app).await;
    devices(forms, app).await;
    catalogue(forms, app).await;
}

async fn applications(forms: &mut Forms, app: &TestApp) {
    let (anybody, regulator) = (app.anybody(), app.sign_in("regulator").await);
    forms.get(&anybody, "/api/v1/portal/reference").await;
    let receipt = forms.post(&anybody, APPLY, &form()).await;
    let (number, code) = (receipt["number"].as_str().expect("a number"), &receipt["query_code"]);
    let path = format!("{APPLY}/{number}");
    let seen = forms.get(&anybody, &format!("{path}?query_code={}", code.as_str().expect("a code"))).await;
    let mut mended = form();
    mended["query_code"] = code.clone();
    mended["version"] = seen["version"].clone();
    let mended = forms.send(&anybody, "put", &path, &mended).await;
    let samples = json!({ "query_code": code, "samples": [{ "format": "json", "body": message(app, "S-1", 0..1) }] });
    forms.post(&anybody, &format!("{path}/selftest"), &samples).await;
    let queue = forms.get(&regulator, &format!("{CONSOLE}/applications?q={number}")).await;
    let id = queue["items"][0]["id"].as_str().expect("an id").to_owned();
    forms.get(&regulator, &format!("{CONSOLE}/applications/{id}")).await;
    let accept = json!({ "version": mended["version"], "decision": "accept" });
    let accepted = forms.post(&regulator, &format!("{CONSOLE}/applications/{id}/review"), &accept).await;
    let gone = json!({ "query_code": code, "version": accepted["version"], "reason": "暂不接入" });
    forms.post(&anybody, &format!("{path}/withdraw"), &gone).await;
}

async fn systems(forms: &mut Forms, app: &TestApp) {
    let regulator = app.sign_in("regulator").await;
    let mut body = system("SYS-370200-FORMS", "370202", "farming");
    body["begin"] = "trial".into();
    let id = regulator.filed("systems", &body).await;
    let path = format!("{CONSOLE}/systems/{id}");
    let wish = json!({ "name": "报送", "scopes": ["report", "heartbeat", "query"] });
    let issued = forms.post(&regulator, &format!("{path}/tokens"), &wish).await;
    let number = &issued["row"]["number"];
    let rotated = forms.post(&regulator, &format!("{path}/tokens/{number}/rotate"), &json!({})).await;
    forms.post(&regulator, &format!("{path}/tokens/{number}/revoke"), &json!({ "reason": "已切换" })).await;
    forms.get(&regulator, &format!("{path}/tokens")).await;
    let connected = app.anybody().with_token(rotated["token"].as_str().expect("a token"));
    let samples = json!({ "samples": [{ "format": "json", "body": message(app, "S-1", 0..2) }] });
    forms.post(&connected, "/open/v1/selftest", &samples).await;
    forms.post(&regulator, &format!("{path}/selftest"), &samples).await;
    forms.get(&regulator, &format!("{path}/selftest")).await;
    let quota = forms.get(&regulator, &format!("{path}/quota")).await;
    let wish = json!({ "version": quota["version"], "rows_per_day": 1000 });
    forms.send(&regulator, "put", &format!("{path}/quota"), &wish).await;
    let version = regulator.get(&path).await.ok()["version"].clone();
    forms.post(&regulator, &format!("{path}/phase"), &json!({ "version": version, "phase": "live" })).await;
    forms.get(&regulator, &format!("{CONSOLE}/systems/monitor")).await;
    forms.get(&regulator, &format!("{path}/monitor")).await;
    forms.get(&regulator, &format!("{CONSOLE}/systems/warnings?open=true")).await;
}

async fn devices(forms: &mut Forms, app: &TestApp) {
    let regulator = app.sign_in("regulator").await;
    let connected = app.live_system("SYS-370200-SCALES", "370202", "market").await;
    let body = json!({ "name": "溯源秤", "device_type": "scale", "serial": "SN-FORMS", "division": "370202" });
    let id = regulator.filed("devices", &body).await;
    let beat = json!({ "devices": [{ "code": "SN-FORMS", "battery": 70, "faults": ["E01"] }] });
    forms.post(&connected, "/open/v1/heartbeat", &beat).await;
    let faults = forms.get(&regulator, &format!("{CONSOLE}/devices/{id}/faults")).await;
    let close = format!("{CONSOLE}/devices/{id}/faults/{}/close", faults["items"][0]["number"]);
    forms.post(&regulator, &close, &json!({ "reason": "已修复" })).await;
    forms.get(&regulator, &format!("{CONSOLE}/devices/rate?by=subject")).await;
    forms.get(&regulator, &format!("{CONSOLE}/devices/silent")).await;
}

async fn catalogue(forms: &mut Forms, app: &TestApp) {
    let office = app.sign_in("system").await;
    forms.get(&office, &format!("{CONSOLE}/catalogue/agri/use?code=pome")).await;
    let new = json!({ "category": "agri", "parent": "pome", "code": "370200_pear", "name": "莱阳梨" });
    forms.post(&office, &format!("{CONSOLE}/catalogue/local"), &new).await;
    forms.get(&office, &format!("{CONSOLE}/catalogue")).await;
    let today = Day::of(app.clock.now()).to_string();
    let retire = json!({ "category": "agri", "code": "370200_pear", "valid_to": today, "reason": "并入仁果类" });
    forms.post(&office, &format!("{CONSOLE}/catalogue/local/retire"), &retire).await;
    let path = format!("{CONSOLE}/catalogue/categories/rare_earth/switch");
    forms.get(&office, &format!("{path}?taken_in=false")).await;
    forms.post(&office, &path, &json!({ "taken_in": false, "reason": "无此类企业" })).await;
    forms.post(&office, &path, &json!({ "taken_in": true, "reason": "新设企业" })).await;
}
