//! Tables that people import: template, upload, check, run, report, withdrawal; and a run whose node is killed.

use serde_json::{Value, json};

use crate::caller::Reply;
use crate::form::Forms;
use crate::harness::{Caller, TestApp, wait_for};
use crate::process::{EngineUnderTest, NodeUnderTest};

const HEAD: &str = "名称*,主体编码,组织形式,节点类型,产品类别,行政区划,地址,备注";

fn line(code: &str, name: &str) -> String {
    format!("{name},{code},企业,种植基地,食用农产品,370202,香港中路 1 号,")
}

fn table(lines: &[String]) -> Vec<u8> {
    format!("\u{FEFF}{HEAD}\r\n{}\r\n", lines.join("\r\n")).into_bytes()
}

const SUBJECTS: &str = "/api/v1/console/imports?register=subjects&class=subject&category=agri";

/// An import in the hands of who sent it.
struct Import<'a> {
    caller: &'a Caller,
    path: String,
}

impl<'a> Import<'a> {
    /// Uploads a file and gives what was read.
    async fn begin(caller: &'a Caller, to: &str, name: &str, file: Vec<u8>) -> (Self, Value) {
        let read = caller.upload(to, name, file, &[]).await.ok();
        let id = read["id"].as_str().expect("an id");
        (Self { caller, path: format!("/api/v1/console/imports/{id}") }, read)
    }

    async fn now(&self) -> Value {
        self.caller.get(&self.path).await.ok()
    }

    async fn step(&self, body: Value) -> Reply {
        self.caller.post(&format!("{}/steps", self.path), &body).await
    }

    /// Takes a step and waits until the import is in this state.
    async fn until(&self, step: Value, state: &str) -> Value {
        self.step(step).await.ok();
        wait_for(state, || async { self.now().await["state"] == state }).await;
        self.now().await
    }

    async fn rows(&self, query: &str) -> Vec<Value> {
        let page = self.caller.get(&format!("{}/rows?{query}", self.path)).await.ok();
        page["items"].as_array().expect("rows").clone()
    }
}

async fn states(caller: &Caller, code: &str) -> Vec<String> {
    let page = caller.get(&format!("/api/v1/console/subjects?q={code}")).await.ok();
    let rows = page["items"].as_array().expect("rows");
    rows.iter().map(|row| row["state"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Calls every operation of imports, for their answers to be compared with the interface document.
pub async fn answered(forms: &mut Forms, regulator: &Caller) {
    let file = table(&[line("IMP-F-1", "甲"), line("", "乙")]);
    let read = forms.check("post", SUBJECTS, regulator.upload(SUBJECTS, "表.csv", file, &[]).await);
    let path = format!("/api/v1/console/imports/{}", read["id"].as_str().expect("an id"));
    let choice = json!({ "sheets": [{ "sheet": 0, "used": true, "fields": read["sheets"][0]["fields"] }] });
    forms.send(regulator, "put", &format!("{path}/columns"), &choice).await;
    for (step, state) in [("check", "checked"), ("start", "done")] {
        forms.post(regulator, &format!("{path}/steps"), &json!({ "step": step })).await;
        wait_for(state, || async { regulator.get(&path).await.ok()["state"] == state }).await;
    }
    forms.get(regulator, &path).await;
    forms.get(regulator, &format!("{path}/rows")).await;
    forms.get(regulator, "/api/v1/console/imports").await;
}

#[tokio::test]
async fn g_6_2_1a_a_table_is_checked_imported_reported_and_withdrawn() {
    let app = TestApp::alone("370200").await;
    let caller = app.sign_in("regulator").await;
    let lines = [
        line("IMP-A-1", "甲农场"),
        line("IMP-A-2", "乙农场").replace("食用农产品", "农产品"),
        line("IMP-A-1", "丙农场"),
        line("IMP-A-4", ""),
        line("IMP-A-5", "戊农场").replace("370202", "市南区"),
        line("IMP-A-6", "己农场").replace("370202", "110101"),
    ];
    let (import, read) = Import::begin(&caller, SUBJECTS, "主体.csv", table(&lines)).await;
    assert_eq!((read["state"].as_str(), read["total"].as_u64()), (Some("ready"), Some(6)), "{read}");
    assert_eq!(read["sheets"][0]["missing"], json!(["追溯环节"]), "which follows from the type of node");
    let fields = read["sheets"][0]["fields"].as_array().expect("fields");
    assert_eq!((fields[0].as_str(), fields[5].as_str(), &fields[7]), (Some("name"), Some("division"), &Value::Null));

    let checked = import.until(json!({ "step": "check" }), "checked").await;
    assert_eq!(
        (checked["counts"]["good"].as_u64(), checked["counts"]["bad"].as_u64()),
        (Some(2), Some(4)),
        "{checked}"
    );
    assert_eq!(states(&caller, "IMP-A-1").await, [] as [String; 0], "a check writes nothing");
    let bad = import.rows("status=bad").await;
    let first = |at: usize| (bad[at]["row"].as_u64(), bad[at]["faults"][0]["code"].as_str().unwrap_or_default());
    assert_eq!(first(0), (Some(3), "IMP-0205"), "{}", bad[0]);
    assert_eq!(bad[0]["faults"][0]["suggestion"], "食用农产品");
    assert_eq!(bad[0]["faults"][0]["column"], "产品类别");
    assert_eq!(first(1), (Some(4), "IMP-0301"));
    assert_eq!(first(2), (Some(5), "SUBJ-0101"));
    assert_eq!(first(3), (Some(7), "SUBJ-0106"), "outside of the scope");
    assert_eq!(import.rows("code=IMP-0301").await.len(), 1);

    let report = caller.get(&format!("{}/report?format=csv&only=bad", import.path)).await.ok();
    let report = report.as_str().expect("a text");
    assert!(
        report.contains("导入结果") && report.lines().count() == 5 && report.contains("建议：食用农产品"),
        "{report}"
    );

    let done = import.until(json!({ "step": "start" }), "done").await;
    assert_eq!((done["counts"]["created"].as_u64(), done["counts"]["bad"].as_u64()), (Some(2), Some(4)));
    assert_eq!(states(&caller, "IMP-A-1").await, ["submitted"]);
    assert_eq!(import.step(json!({ "step": "start" })).await.refusal(), (409, "IMP-0112"));

    // The report, mended, is a table again: its own columns stand for nothing.
    let mended = report.replace("农产品,", "食用农产品,").replace("食用食用", "食用");
    let (again, read) = Import::begin(&caller, SUBJECTS, "改正.csv", mended.into_bytes()).await;
    assert_eq!(read["total"], 4);
    let checked = again.until(json!({ "step": "check" }), "checked").await;
    assert_eq!(checked["counts"]["good"].as_u64(), Some(2), "{}", json!(again.rows("status=bad").await));

    let gone = import.until(json!({ "step": "withdraw" }), "withdrawn").await;
    assert_eq!(gone["counts"]["withdrawn"].as_u64(), Some(2));
    assert_eq!(states(&caller, "IMP-A-1").await, ["cancelled"]);
}

#[tokio::test]
async fn g_6_2_1a_what_exists_is_skipped_or_changed_and_reviewers_may_file_at_once() {
    let app = TestApp::alone("370200").await;
    let caller = app.sign_in("regulator").await;
    let both = table(&[line("IMP-B-1", "甲"), line("IMP-B-2", "乙")]);
    let (import, _) = Import::begin(&caller, SUBJECTS, "一.csv", both).await;
    import.until(json!({ "step": "check" }), "checked").await;
    import.until(json!({ "step": "start", "filed": true }), "done").await;
    assert_eq!(states(&caller, "IMP-B-1").await, ["filed"]);
    assert_eq!(import.now().await["steps"], json!(["withdraw"]));
    let kept = import.until(json!({ "step": "withdraw" }), "withdrawn").await;
    assert_eq!(kept["counts"]["created"].as_u64(), Some(2), "what is filed stays");

    // Only some columns: the others stay as they are.
    let part = "主体编码,地址\nIMP-B-1,东海路 9 号\nIMP-B-2,香港中路 1 号\n".as_bytes().to_vec();
    let (skipping, _) = Import::begin(&caller, SUBJECTS, "二.csv", part.clone()).await;
    let checked = skipping.until(json!({ "step": "check" }), "checked").await;
    assert_eq!(checked["counts"]["good"].as_u64(), Some(2), "{}", json!(skipping.rows("status=bad").await));
    let full = table(&[line("IMP-B-1", "甲").replace("香港中路 1 号", "东海路 9 号"), line("IMP-B-2", "乙")]);
    let (skipping, _) = Import::begin(&caller, SUBJECTS, "三.csv", full.clone()).await;
    let checked = skipping.until(json!({ "step": "check" }), "checked").await;
    assert_eq!(checked["codes"][0]["code"], "IMP-0302", "{checked}");
    let done = skipping.until(json!({ "step": "start" }), "done").await;
    assert_eq!(done["counts"]["skipped"].as_u64(), Some(2));
    let (changing, _) = Import::begin(&caller, SUBJECTS, "四.csv", full).await;
    changing.until(json!({ "step": "check" }), "checked").await;
    let done = changing.until(json!({ "step": "start", "changes": true }), "done").await;
    assert_eq!((done["counts"]["changed"].as_u64(), done["counts"]["skipped"].as_u64()), (Some(1), Some(1)), "{done}");
    assert_eq!(states(&caller, "IMP-B-1").await, ["changing"], "the filed state stays until it is reviewed");
}

#[tokio::test]
async fn g_6_2_1a_columns_may_be_matched_anew_and_an_import_belongs_to_who_sent_it() {
    let app = TestApp::alone("370200").await;
    let caller = app.sign_in("regulator").await;
    let text = format!("说明：请勿修改\n牌子{}\n{}\n", HEAD.trim_start_matches("名称*"), line("IMP-C-1", "甲"));
    let (import, read) = Import::begin(&caller, SUBJECTS, "表.csv", text.into_bytes()).await;
    assert_eq!(read["sheets"][0]["missing"], json!(["名称", "追溯环节"]), "the head is below a title: {read}");
    let mut fields = read["sheets"][0]["fields"].clone();
    fields[0] = json!("name");
    let choice = json!({ "sheets": [{ "sheet": 0, "used": true, "fields": fields }] });
    let columns = format!("{}/columns", import.path);
    let matched = caller.request("put", &columns, &choice).await.ok();
    assert_eq!(matched["sheets"][0]["missing"], json!(["追溯环节"]));
    let mut twice = choice.clone();
    twice["sheets"][0]["fields"][7] = json!("name");
    assert_eq!(caller.request("put", &columns, &twice).await.refusal(), (400, "IMP-0114"));
    let checked = import.until(json!({ "step": "check" }), "checked").await;
    assert_eq!(checked["counts"]["good"].as_u64(), Some(1), "{}", json!(import.rows("").await));

    let other = app.sign_in("system").await;
    for path in [import.path.clone(), format!("{}/rows", import.path), format!("{}/report", import.path)] {
        assert!(matches!(other.get(&path).await.status, 403 | 404), "{path}");
    }
    assert_eq!(other.upload(SUBJECTS, "x.csv", table(&[]), &[]).await.status, 403);
    assert_eq!(caller.get("/api/v1/console/imports?register=subjects").await.ok()["count"]["value"], 1);
    assert!(import.step(json!({ "step": "cancel" })).await.ok()["finished_at"].is_string());
}

#[tokio::test]
async fn g_6_2_1a_a_template_is_a_table_of_its_register_and_other_files_are_told_why_not() {
    let app = TestApp::alone("370200").await;
    let caller = app.sign_in("regulator").await;
    for (query, head) in [
        ("register=subjects&class=subject&category=agri", "组织形式*"),
        ("register=subjects&class=merchant&category=agri", "所在节点编码*"),
        ("register=products", "产品名称*"),
        ("register=devices", "设备名称*"),
    ] {
        let path = format!("/api/v1/console/imports/template?{query}&format=csv");
        let text = caller.get(&path).await.ok();
        assert!(text.as_str().is_some_and(|text| text.contains(head)), "{query}: {text}");
        let upload = format!("/api/v1/console/imports?{query}");
        let filled = text.as_str().unwrap_or_default().as_bytes().to_vec();
        let refused = caller.upload(&upload, "模板.csv", filled, &[]).await;
        assert_eq!(refused.refusal(), (400, "IMP-0106"), "hints are no rows");
    }
    assert_eq!(caller.get("/api/v1/console/imports/template?register=people").await.refusal(), (400, "IMP-0110"));
    let old = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    for (file, code) in [(Vec::new(), "IMP-0101"), (b"PK\x03\x04".to_vec(), "IMP-0102"), (old, "IMP-0103")] {
        assert_eq!(caller.upload(SUBJECTS, "a.xlsx", file, &[]).await.refusal(), (400, code));
    }
    assert_eq!(caller.get("/api/v1/console/imports").await.ok()["count"]["value"], 0, "nothing of them is kept");
}

/// Rows of the run that is interrupted: several transactions.
const MANY: usize = 1_200;

#[tokio::test]
async fn g_6_2_1a_a_killed_node_goes_on_and_doubles_no_row() {
    let engine = EngineUnderTest::new().await;
    let mut node = NodeUnderTest::new("370200", None, &engine).await;
    let caller = node.caller().sign_in("regulator").await;
    let lines: Vec<String> = (0..MANY).map(|at| line(&format!("IMP-K-{at:05}"), &format!("农场{at}"))).collect();
    let (import, _) = Import::begin(&caller, SUBJECTS, "大表.csv", table(&lines)).await;
    let checked = import.until(json!({ "step": "check" }), "checked").await;
    assert_eq!(checked["counts"]["good"].as_u64(), Some(MANY as u64), "{checked}");
    import.step(json!({ "step": "start" })).await.ok();
    wait_for("some rows", || async { import.now().await["place"].as_u64().is_some_and(|place| place > 0) }).await;
    node.kill().await;
    node.start().await;
    let after = import.now().await;
    assert!(["running", "done"].contains(&after["state"].as_str().unwrap_or_default()), "{after}");
    wait_for("the rest", || async { import.now().await["state"] == "done" }).await;
    let done = import.now().await;
    assert_eq!((done["counts"]["created"].as_u64(), done["counts"]["skipped"].as_u64()), (Some(MANY as u64), Some(0)));
    let listed = caller.get("/api/v1/console/subjects?limit=1").await.ok();
    assert_eq!(listed["count"]["value"].as_u64(), Some(MANY as u64), "each row once");
    node.verify_journal().await;
}

#[tokio::test]
async fn g_6_2_1a_a_paused_import_stands_until_it_is_told_to_go_on() {
    let app = TestApp::alone("370200").await;
    let caller = app.sign_in("regulator").await;
    let lines: Vec<String> = (0..1_500).map(|at| line(&format!("IMP-P-{at:05}"), &format!("农场{at}"))).collect();
    let (import, _) = Import::begin(&caller, SUBJECTS, "大表.csv", table(&lines)).await;
    import.until(json!({ "step": "check" }), "checked").await;
    import.step(json!({ "step": "start" })).await.ok();
    wait_for("some rows", || async { import.now().await["place"].as_u64().is_some_and(|place| place > 0) }).await;
    let place = import.step(json!({ "step": "pause" })).await.ok()["place"].clone();
    wait_for("the queue to be empty", || async { app.node().store.unfinished_jobs().await.expect("a count") == 0 })
        .await;
    assert_eq!(import.now().await["place"], place, "nothing moves");
    let done = import.until(json!({ "step": "resume" }), "done").await;
    assert_eq!(done["counts"]["created"].as_u64(), Some(1_500));
}
