//! Who may not: every console operation of the interface document refuses a caller who has not signed in.

use serde_json::{Value, json};

use crate::harness::TestApp;

const ANY_ID: &str = "01900000-0000-7000-8000-000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_2_every_console_operation_refuses_who_has_not_signed_in() {
    let app = TestApp::alone("370200").await;
    let document: Value = serde_json::from_str(&suyuan_api::openapi_json().expect("a document")).expect("JSON");
    let nobody = app.anybody();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        if !path.starts_with("/api/v1/console/") {
            continue;
        }
        let concrete = path.replace("{id}", ANY_ID).replace("{code}", "370200").replace("{parent}", "370000");
        for method in item.as_object().expect("operations").keys() {
            let reply = nobody.request(method, &concrete, &json!({})).await;
            assert_eq!(reply.status, 401, "{method} {path}: {}", reply.body);
            assert!(!reply.body["error"]["message"].as_str().unwrap_or_default().is_empty(), "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked > 50, "only {asked} operations were asked");
}
