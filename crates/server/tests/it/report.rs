//! The monthly report: evaluated, frozen, mailed through a mail server, and what arrives is a document that opens.

use serde_json::{Value, json};
use suyuan_domain::clock::{Clock, Timestamp};
use suyuan_domain::period::{Day, Period};
use suyuan_server::config::MailSection;
use suyuan_testkit::smtp::{Behaviour, SmtpServer};

use crate::harness::{Caller, Setup, TestApp, event, wait_for};

const SYSTEM: &str = "SYS-370200-001";
const SUBJECT: &str = "3702000010001";

/// A city whose mail goes to this server, with data of the month that it names.
async fn reporting_city(mail: &SmtpServer, schedules: bool) -> (TestApp, Period) {
    let mail = MailSection { smtp: Some(mail.url()), from: "追溯平台 <report@example.cn>".to_owned(), dir: None };
    let app = TestApp::with("370200", Setup { mail, schedules, ..Setup::at_noon() }).await;
    let system = app.live_system(SYSTEM, "370202", "farming").await;
    let now = app.clock.now();
    let events: Vec<Value> = (0..20).map(|number| event(number, SUBJECT, "370202", now)).collect();
    system.post("/open/v1/events", &json!({ "message_id": "M-1", "events": events })).await.ok();
    (app, Period::month_of(Day::of(now)))
}

/// Noon of the day after the month.
fn after(month: Period) -> Timestamp {
    month.end().plus_millis(12 * 3_600_000)
}

async fn frozen(regulator: &Caller, month: Period) -> Value {
    let period = json!({ "period": month.to_string() });
    regulator.post("/api/v1/console/evaluations/compute", &period).await.ok();
    let path = format!("/api/v1/console/evaluations?period={month}");
    wait_for("the evaluation", || async { regulator.get(&path).await.ok()["state"] == "final" }).await;
    regulator.post("/api/v1/console/reports", &period).await.ok();
    wait_for("the report", || async {
        regulator.get("/api/v1/console/reports").await.ok()["items"][0]["id"].is_string()
    })
    .await;
    regulator.get("/api/v1/console/reports").await.ok()["items"][0].clone()
}

async fn deliveries(regulator: &Caller, report: &str) -> Vec<Value> {
    let list = regulator.get(&format!("/api/v1/console/reports/{report}/deliveries")).await.ok();
    list["items"].as_array().expect("deliveries").clone()
}

/// What a reader of PDF looks at first: the marks of the format, the table of objects, pages, title.
fn check_pdf(pdf: &[u8], title: &str) {
    assert!(pdf.starts_with(b"%PDF-1."), "{:?}", &pdf[..pdf.len().min(8)]);
    let text = String::from_utf8_lossy(pdf);
    let (_, end) = text.rsplit_once("startxref").expect("an end");
    let mut end = end.split_whitespace();
    let table: usize = end.next().and_then(|text| text.parse().ok()).expect("where the table of objects stands");
    assert_eq!(end.next(), Some("%%EOF"));
    assert!(pdf.get(table..).is_some_and(|at| at.starts_with(b"xref")), "no table of objects at {table}");
    let between = |from: &str, to: &str| Some(text.split_once(from)?.1.split_once(to)?.0);
    let pages: usize = between("<xmpTPg:NPages>", "</xmpTPg:NPages>").and_then(|n| n.parse().ok()).expect("pages");
    let drawn = text.matches("/Type/Page/").count();
    assert!(pages > 0 && drawn == pages, "{drawn} of {pages} pages");
    let stated = between("<dc:title>", "</dc:title>").expect("a title");
    assert!(stated.contains(title), "{stated} is not {title}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_8_3_the_monthly_report_is_frozen_mailed_to_each_receiver_and_opens() {
    let server = SmtpServer::start().await.expect("a mail server");
    let (app, month) = reporting_city(&server, false).await;
    app.set_clock(after(month));
    let regulator = app.sign_in("regulator").await;
    let report = frozen(&regulator, month).await;
    let (id, title) = (report["id"].as_str().expect("an id"), report["title"].as_str().expect("a title"));
    let number = report["number"].as_str().expect("a number");

    let receivers = json!({ "receivers": [
        { "name": "王处长", "email": "wang@example.cn" }, { "name": "李科长", "email": "li@example.cn" },
    ]});
    regulator.post(&format!("/api/v1/console/reports/{id}/send"), &receivers).await.ok();
    wait_for("both mails", || async { server.received().len() == 2 }).await;
    wait_for("both deliveries", || async {
        deliveries(&regulator, id).await.iter().filter(|delivery| delivery["state"] == "sent").count() == 2
    })
    .await;

    let mut addressed: Vec<String> = server.received().into_iter().flat_map(|mail| mail.to).collect();
    addressed.sort();
    assert_eq!(addressed, ["li@example.cn", "wang@example.cn"]);
    let rows = deliveries(&regulator, id).await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    for mail in server.received() {
        assert_eq!(mail.from, "report@example.cn");
        let row = rows.iter().find(|row| row["email"] == mail.to[0].as_str()).expect("a delivery");
        assert!(mail.data.contains(row["message_id"].as_str().expect("a Message-ID")), "{row}");
        check_pdf(&mail.part("application/pdf").expect("a PDF"), title);
        let sheet = mail.part("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").expect("a table");
        assert!(sheet.starts_with(b"PK"), "a table is a zip archive");
        let words = mail.part("text/plain").expect("words");
        assert!(String::from_utf8(words).expect("UTF-8").contains(number));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_8_3_a_receiver_that_is_refused_for_good_is_shown_as_failed_and_can_be_sent_again() {
    let server = SmtpServer::start().await.expect("a mail server");
    let (app, month) = reporting_city(&server, false).await;
    app.set_clock(after(month));
    let regulator = app.sign_in("regulator").await;
    let report = frozen(&regulator, month).await;
    let id = report["id"].as_str().expect("an id");
    server.behave(Behaviour::RefuseReceiver(550));
    let receivers = json!({ "receivers": [{ "name": "王处长", "email": "wang@example.cn" }] });
    regulator.post(&format!("/api/v1/console/reports/{id}/send"), &receivers).await.ok();
    let state = async |wanted: &str| {
        wait_for(wanted, || async { deliveries(&regulator, id).await[0]["state"] == wanted }).await;
        deliveries(&regulator, id).await[0].clone()
    };
    let failed = state("failed").await;
    assert!(failed["last_error"].as_str().is_some_and(|text| text.contains("550")), "{failed}");
    assert_eq!(server.received().len(), 0);

    server.behave(Behaviour::Accept);
    let again = format!("/api/v1/console/deliveries/{}/resend", failed["id"]);
    regulator.post(&again, &json!({})).await.ok();
    let sent = state("sent").await;
    assert_eq!((&sent["id"], &sent["message_id"]), (&failed["id"], &failed["message_id"]), "one row per receiver");
    assert_eq!(server.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_6_8_3_a_scheduled_report_is_made_and_mailed_without_anybody_asking() {
    let server = SmtpServer::start().await.expect("a mail server");
    let (mut app, month) = reporting_city(&server, true).await;
    let regulator = app.sign_in("regulator").await;
    let receivers = json!([{ "name": "王处长", "email": "wang@example.cn" }]);
    let schedule = json!({ "enabled": true, "cron": "0 8 1 * *", "receivers": receivers });
    regulator.request("put", "/api/v1/console/report-schedule", &schedule).await.ok();
    // Down on the first of the month at eight: what was due is made up for at the start.
    app.stop().await;
    app.set_clock(after(month));
    app.start().await;
    wait_for("the mail", || async { !server.received().is_empty() }).await;
    let mail = server.received().remove(0);
    assert_eq!(mail.to, ["wang@example.cn"]);
    let reports = regulator.get("/api/v1/console/reports").await.ok();
    let reports = reports["items"].as_array().expect("reports");
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert_eq!(reports[0]["period"], month.to_string());
    check_pdf(&mail.part("application/pdf").expect("a PDF"), reports[0]["title"].as_str().expect("a title"));
    let rows = deliveries(&regulator, reports[0]["id"].as_str().expect("an id")).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
}
