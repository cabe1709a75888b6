//! Tables of events uploaded in the console: checked beforehand where that is asked for, good rows kept, bad ones listed.

use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, Timestamp};

use crate::harness::{Caller, TestApp, wait_for};

const UPLOAD: &str = "/api/v1/console/capture/csv";

/// Headings that the rows of the test fill in, all of them of the template.
const HEADINGS: [&str; 12] = [
    "事件编号",
    "事件类型",
    "业务步骤",
    "产品类别",
    "追溯环节",
    "事件时间",
    "主体码",
    "行政区划",
    "产品名称",
    "产出追溯码",
    "数量",
    "计量单位",
];

fn row(number: u32, at: Timestamp) -> Vec<String> {
    let cells = [
        &format!("T-{number}"),
        "对象",
        "commissioning",
        "食用农产品",
        "farming",
        &at.to_string(),
        "3702020010001",
        "370202",
        "生猪",
        &format!("3702020010001{number:07}"),
        "100.5",
        "kg",
    ];
    cells.map(str::to_owned).to_vec()
}

/// Good rows with three bad ones between them: a false credit code, a negative quantity, a division that does not exist.
fn table(at: Timestamp) -> Vec<u8> {
    let mut rows: Vec<Vec<String>> = (0..5).map(|number| row(number, at)).collect();
    rows[1][6] = "91370200MA3C0000X0".to_owned();
    rows[2][10] = "-3".to_owned();
    rows[4][7] = "999999".to_owned();
    let lines = std::iter::once(HEADINGS.join(",")).chain(rows.iter().map(|cells| cells.join(",")));
    format!("\u{FEFF}{}\r\n", lines.collect::<Vec<_>>().join("\r\n")).into_bytes()
}

async fn listed(regulator: &Caller, path: &str) -> Vec<Value> {
    let list = regulator.get(path).await.ok();
    list["items"].as_array().expect("items").clone()
}

fn numbers(rows: &[Value]) -> Vec<u64> {
    let mut numbers: Vec<u64> = rows.iter().map(|row| row["row"].as_u64().expect("a row number")).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn g_8_good_rows_of_an_uploaded_table_are_kept_and_bad_ones_listed_by_number() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    let template = regulator.get("/api/v1/console/capture/template.csv").await.body;
    let template = template.as_str().expect("a table");
    assert!(HEADINGS.iter().all(|heading| template.contains(heading)), "{template}");
    let table = table(app.clock.now().plus_millis(-3_600_000));

    let tried = regulator.upload(UPLOAD, "events.csv", table.clone(), &[("dry_run", "true")]).await.ok();
    assert_eq!((&tried["accepted"], &tried["rejected"]), (&json!(2), &json!(3)), "{tried}");
    assert_eq!(listed(&regulator, "/api/v1/console/capture/batches").await, Vec::<Value>::new());

    let answer = regulator.upload(UPLOAD, "events.csv", table.clone(), &[]).await.ok();
    let rows = answer["rows"].as_array().expect("rows");
    let said = |rows: &[Value]| -> Vec<Value> {
        rows.iter().map(|row| json!([row["row"], row["status"], row["faults"]])).collect()
    };
    assert_eq!(said(rows), said(tried["rows"].as_array().expect("rows")), "the trial said what would come");
    let first = rows[0]["row"].as_u64().expect("a row number");
    assert_eq!(numbers(rows), (first..first + 5).collect::<Vec<_>>());
    for (at, code, column) in [(1, "EVT-0109", "主体码"), (2, "EVT-0107", "数量"), (4, "EVT-0104", "行政区划")]
    {
        let fault = &rows[at]["faults"][0];
        assert_eq!((rows[at]["status"].as_str(), fault["code"].as_str()), (Some("rejected"), Some(code)), "{fault}");
        assert!(fault["field"].as_str().is_some_and(|field| !field.is_empty()), "{column}: {fault}");
        assert!(["reason", "advice"].iter().all(|part| fault[part].as_str().is_some_and(|text| !text.is_empty())));
    }
    let rejects = listed(&regulator, "/api/v1/console/capture/rejects").await;
    assert_eq!(numbers(&rejects), [first + 1, first + 2, first + 4]);
    wait_for("the good rows", || async {
        let list = regulator.get("/api/v1/console/events?limit=1").await.ok();
        list["count"]["value"] == 2
    })
    .await;

    let again = regulator.upload(UPLOAD, "events.csv", table, &[]).await.ok();
    assert_eq!(again, answer, "the same table again gets the same answer");
    assert_eq!(listed(&regulator, "/api/v1/console/capture/batches").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_8_a_file_that_is_no_table_is_refused_as_a_whole() {
    let app = TestApp::alone("370200").await;
    let regulator = app.sign_in("regulator").await;
    for (file, code) in [
        (b"\xd6\xf7\xcc\xe5\xc2\xeb,\xca\xc2\xbc\xfe\xca\xb1\xbc\xe4\r\n".to_vec(), "FMT-0201"),
        ("主体码,数量\r\n1,2\r\n".as_bytes().to_vec(), "FMT-0202"),
    ] {
        let reply = regulator.upload(UPLOAD, "events.csv", file, &[]).await;
        assert_eq!(reply.refusal(), (400, code), "{}", reply.body);
    }
    let huge = regulator.upload(UPLOAD, "events.csv", vec![b','; 20 << 20], &[]).await;
    assert!((400..500).contains(&huge.status), "{huge:?}");
    assert_eq!(listed(&regulator, "/api/v1/console/capture/batches").await, Vec::<Value>::new());
    let auditor = app.sign_in("audit").await.upload(UPLOAD, "events.csv", Vec::new(), &[]).await;
    assert_eq!(auditor.status, 403, "{auditor:?}");
}
