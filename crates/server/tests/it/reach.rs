//! Who sees how far: nothing outside an account's scope comes back, by list, by id, by count, by file, by map or by the text
//! of an error, through whichever operation of the interface document, at a city, a province and the nation.
//!
//! Everything outside carries a mark in its names and codes, and the marks are looked for in every answer. Besides, every
//! question is put before anything outside exists and again after: an answer that differs has told of it.

use serde_json::json;
use suyuan_domain::clock::Clock;
use suyuan_domain::period::Day;
use suyuan_server::config::MailSection;
use suyuan_testkit::smtp::{Received, SmtpServer};

use crate::harness::{Caller, PASSWORD, Setup, TestApp, wait_for};
use crate::reach_ask::{asked, changed, counts_agree, name_everything, read_everything, write_everything};
use crate::reach_world::{Border, CITY, COUNTY, Outside, PROVINCE, World};
use crate::rights::{account, shown, somebody};

/// Roles whose accounts may be given to a part of a node.
const ROLES: [&str; 8] = [
    "system_admin",
    "security_admin",
    "auditor",
    "director",
    "supervisor",
    "emergency_officer",
    "service_officer",
    "firm",
];

/// Roles that between them read everything that is counted, ranked, drawn or exported.
const READERS: [&str; 4] = ["system_admin", "director", "supervisor", "service_officer"];

/// Everything that one caller can try; gives what leaked.
async fn tried(caller: &Caller, outside: &Outside) -> Vec<String> {
    let mut leaked = read_everything(caller, outside).await;
    leaked.extend(write_everything(caller, outside).await);
    leaked.extend(counts_agree(caller).await);
    leaked
}

/// Everything outside that one caller can name.
async fn named(world: &World, caller: &Caller) -> Vec<String> {
    name_everything(caller, &world.border.inside, &Day::of(world.app.clock.now()).to_string()).await
}

fn nothing(leaked: &[String]) {
    assert!(leaked.is_empty(), "{} leaks:\n{}", leaked.len(), leaked.join("\n"));
}

/// Lists, figures and maps that show what lies inside, so that the silence about the outside means something.
async fn sees_the_inside(world: &World, caller: &Caller) {
    let evaluations = format!("evaluations?period={}", world.month());
    let mut paths =
        vec!["subjects", "products", "devices", "systems", "findings", "events", "closures", "applications"];
    paths.extend(["systems/monitor", "map/points?zoom=12&bbox=70,3,136,54", "trace?code=INSIDE-U0", &evaluations]);
    if world.border.inside.complains {
        paths.push("complaints");
    }
    for path in paths {
        let reply = caller.get(&format!("/api/v1/console/{path}")).await.ok();
        let inside = if path.starts_with("evaluations") { "score" } else { "INSIDE" };
        let told = reply.to_string();
        assert!(told.contains(inside) || told.contains("界内"), "{path} shows nothing of the inside: {reply}");
    }
}

/// Holders of the emergency permission walk chains across every border, which is what it is for; subjects that are not
/// theirs stay without code and name.
fn is_of_emergencies(role: &str, what: &str) -> bool {
    let named = what.contains("界外养殖场") || what.contains("\"OUTSIDE-S\"");
    ["director", "supervisor"].contains(&role) && what.starts_with("get /api/v1/console/trace?") && !named
}

/// At one tier, accounts of every role on one side of a border learn nothing of the other side.
async fn nothing_crosses(border: Border) {
    let (tier, inside, outside) = border.called;
    let cells = |place: &str| shown(tier, border.inside.account, place).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!((cells(inside).as_str(), cells(outside).as_str()), ("own yes", "masked no"), "the committed matrix");
    let world = World::begin(border).await;
    let (side, month) = (&border.outside, world.month().to_string());
    let mut callers = Vec::new();
    for role in ROLES {
        let caller = match role {
            "firm" => firm(&world.app, border.inside.division).await,
            _ => somebody(&world.app, role, border.inside.account).await,
        };
        callers.push((role, caller));
    }
    let mut before = Vec::new();
    for (role, caller) in callers.iter().filter(|(role, _)| READERS.contains(role)) {
        before.push((role, caller, asked(caller, side, &month).await));
    }
    sees_the_inside(&world, &callers[4].1).await;
    let outside = world.completed().await;
    let mut leaked = Vec::new();
    for (role, caller, before) in &before {
        let after = asked(caller, side, &month).await;
        let told = changed(before, &after).into_iter().filter(|what| !is_of_emergencies(role, what));
        leaked.extend(told.map(|what| format!("{role} learns from {what}")));
    }
    for (role, caller) in &callers {
        leaked.extend(tried(caller, &outside).await.into_iter().map(|what| format!("{role}: {what}")));
    }
    for (role, caller) in &callers {
        leaked.extend(named(&world, caller).await.into_iter().map(|what| format!("{role}: {what}")));
    }
    nothing(&leaked);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_an_account_of_a_county_learns_nothing_of_another() {
    nothing_crosses(COUNTY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_an_account_of_a_city_learns_nothing_of_another_at_the_province() {
    nothing_crosses(CITY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_an_account_of_a_province_learns_nothing_of_another_at_the_nation() {
    nothing_crosses(PROVINCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_an_account_of_one_category_sees_nothing_of_another() {
    let mut border = COUNTY;
    (border.outside.division, border.outside.category) = ("370202", "food");
    // Complaints are of no category, and so is whoever may read them.
    border.outside.complains = false;
    (border.inside.account, border.outside.account) = ("370200", "370200");
    let world = World::begin(border).await;
    let new = json!({ "username": "of-agri", "display_name": "只管农产品", "password": PASSWORD, "role": "supervisor",
        "division": "370200", "categories": ["agri"], "email": "" });
    let caller = account(&world.app, &new).await;
    let outside = world.completed().await;
    let mut leaked = tried(&caller, &outside).await;
    leaked.extend(named(&world, &caller).await);
    nothing(&leaked);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_a_firm_sees_nothing_of_its_neighbour() {
    let mut border = COUNTY;
    border.outside.division = "370202";
    let world = World::begin(border).await;
    let outside = world.completed().await;
    let caller = firm(&world.app, border.inside.division).await;
    let mut leaked = tried(&caller, &outside).await;
    leaked.extend(named(&world, &caller).await);
    nothing(&leaked);
}

#[tokio::test(flavor = "multi_thread")]
async fn g_5_4_3b_a_mail_reaches_nobody_whom_it_does_not_concern() {
    let server = SmtpServer::start().await.expect("a mail server");
    let mail = MailSection { smtp: Some(server.url()), from: "追溯平台 <report@example.cn>".to_owned(), dir: None };
    let app = TestApp::with("370200", Setup { mail, ..Setup::at_noon() }).await;
    for (name, division, categories) in
        [("near", "370202", json!(null)), ("far", "370203", json!(null)), ("agri", "370200", json!(["agri"]))]
    {
        let new = json!({ "username": name, "display_name": name, "password": PASSWORD, "role": "supervisor",
            "division": division, "categories": categories, "email": format!("{name}@example.cn") });
        account(&app, &new).await;
    }
    let apply = async |name: &str, division: &str, category: &str, stage: &str| {
        let mut form = crate::access_join::form();
        (form["name"], form["division"]) = (json!(name), json!(division));
        (form["category"], form["stage"]) = (json!(category), json!(stage));
        app.anybody().post("/api/v1/portal/applications", &form).await.ok();
    };
    apply("界外系统", "370203", "food", "processing").await;
    // What concerns everybody comes later, so whoever has it has everything that was meant for him.
    apply("界内系统", "370202", "agri", "farming").await;
    let sent = |to: &str, word: &str| {
        let is_it = |mail: &Received| {
            let text = mail.part("text/plain").and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
            mail.to.iter().any(|one| one.starts_with(to)) && text.contains(word)
        };
        server.received().iter().any(is_it)
    };
    let expected = [("near", "界内"), ("agri", "界内"), ("regulator", "界内"), ("regulator", "界外"), ("far", "界外")];
    wait_for("all mails", || async { expected.iter().all(|(to, word)| sent(to, word)) }).await;
    for (to, word) in [("near", "界外"), ("agri", "界外"), ("far", "界内")] {
        assert!(!sent(to, word), "{to} has been told of {word}");
    }
}

/// The user of the firm inside.
async fn firm(app: &TestApp, division: &str) -> Caller {
    let new = json!({ "username": "inside-firm", "display_name": "界内企业用户", "password": PASSWORD, "role": "firm",
        "division": division, "subject": "INSIDE-S", "email": "" });
    account(app, &new).await
}
