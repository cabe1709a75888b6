//! The answers about people, roles and sign-on, compared with the interface document.

use serde_json::json;

use crate::caller::CHANGED_PASSWORD;
use crate::form::Forms;
use crate::harness::{PASSWORD, TestApp};
use crate::people::{ACCOUNTS, made};
use crate::people_sign_on::of_text;

const ROLES: &str = "/api/v1/console/roles";
const OWN: &str = "/api/v1/own";
const SESSION: &str = "/api/v1/session";

/// Asks every operation about people once.
pub async fn answered(forms: &mut Forms, app: &TestApp) {
    let security = app.sign_in("security").await;
    roles(forms, app).await;
    let id = made(app, &json!({ "username": "form.person", "role": "formed" })).await;
    signed_in(forms, app).await;
    let one = format!("{ACCOUNTS}/{id}");
    for part in ["", "/rights?permission=subject.read", "/history", "/sessions"] {
        forms.get(&security, &format!("{one}{part}")).await;
    }
    for step in ["unlock", "reset-second-factor", "reset-password", "deletion"] {
        forms.post(&security, &format!("{one}/{step}"), &json!({})).await;
    }
    for part in ["deletion", "sessions"] {
        forms.send(&security, "delete", &format!("{one}/{part}"), &json!({})).await;
    }
}

async fn roles(forms: &mut Forms, app: &TestApp) {
    let security = app.sign_in("security").await;
    forms.get(&security, "/api/v1/console/permissions").await;
    let role = json!({ "code": "formed", "name": "表单角色", "allow": ["subject.read"], "second_factor": "required" });
    let role = forms.post(&security, ROLES, &role).await;
    let change = json!({ "version": role["version"], "note": "用于核对接口" });
    forms.send(&security, "put", &format!("{ROLES}/formed"), &change).await;
    forms.get(&security, ROLES).await;
    forms.get(&security, &format!("{ROLES}/formed")).await;
    forms.get(&security, &format!("{ROLES}/formed/uses")).await;
    forms.post(&security, &format!("{ROLES}/preview"), &json!({ "parent": "formed" })).await;
}

/// All steps of a first sign-in, then the person's own things.
async fn signed_in(forms: &mut Forms, app: &TestApp) {
    let anybody = app.anybody();
    forms.get(&anybody, &format!("{SESSION}/options")).await;
    forms.get(&anybody, &format!("{SESSION}/captcha")).await;
    let begun = json!({ "username": "form.person", "password": PASSWORD });
    let begun = forms.post(&anybody, SESSION, &begun).await;
    let change = json!({ "ticket": begun["ticket"], "password": CHANGED_PASSWORD });
    let due = forms.post(&anybody, &format!("{SESSION}/password"), &change).await;
    let setup = forms.post(&anybody, &format!("{SESSION}/enrolment"), &json!({ "ticket": due["ticket"] })).await;
    let code = of_text(setup["secret"].as_str().expect("a secret")).code(app.node().now());
    let code = json!({ "ticket": setup["ticket"], "code": code });
    forms.post(&anybody, &format!("{SESSION}/second-factor"), &code).await;

    let me = app.sign_in("regulator").await;
    let profile = forms.get(&me, OWN).await;
    forms.send(&me, "put", OWN, &json!({ "version": profile["version"], "phone": "0532-88880000" })).await;
    forms.send(&me, "put", &format!("{OWN}/preferences"), &json!({})).await;
    let setup = forms.post(&me, &format!("{OWN}/second-factor"), &json!({})).await;
    let code = of_text(setup["secret"].as_str().expect("a secret")).code(app.node().now());
    forms.post(&me, &format!("{OWN}/second-factor/confirm"), &json!({ "code": code })).await;
    forms.post(&me, &format!("{OWN}/second-factor/recovery-codes"), &json!({})).await;
    // Others sign in as this person later, with the password alone.
    forms.send(&me, "delete", &format!("{OWN}/second-factor"), &json!({})).await;
    forms.get(&me, &format!("{OWN}/sessions")).await;
    forms.post(&me, &format!("{OWN}/deletion"), &json!({})).await;
    forms.send(&me, "delete", &format!("{OWN}/deletion"), &json!({})).await;
    let elsewhere = app.sign_in("audit").await;
    forms.send(&elsewhere, "delete", &format!("{OWN}/sessions"), &json!({})).await;
}
