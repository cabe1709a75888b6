//! What lies inside and outside of a part of a node, for the tests of reach: of every kind of thing one with a mark on either
//! side, reported where such things are reported and seen where the account looks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use suyuan_domain::clock::Clock;
use suyuan_domain::period::{Day, Period};

use crate::harness::{Caller, PASSWORD, Setup, TestApp, event, system, wait_for};

/// Stands in the names of what lies outside.
pub const MARK: &str = "界外";
/// Stands in the codes of what lies outside.
pub const CODE_MARK: &str = "OUTSIDE";
/// Stands in the names of what lies inside.
pub const INNER: &str = "界内";

/// One side of the border.
#[derive(Clone, Copy, Debug)]
pub struct Side {
    /// Division of accounts of this side.
    pub account: &'static str,
    /// Node to which its systems report.
    pub origin: &'static str,
    /// Where its things lie.
    pub division: &'static str,
    /// What they are of.
    pub category: &'static str,
    /// Whether complaints at its origin are on this side of the border.
    pub complains: bool,
}

/// A node, and a border across what it knows.
#[derive(Clone, Copy, Debug)]
pub struct Border {
    /// The node at which the account is.
    pub node: &'static str,
    /// Its tier, and where both sides lie, as the matrix of rights calls them.
    pub called: (&'static str, &'static str, &'static str),
    /// What the account may see.
    pub inside: Side,
    /// What it may not see.
    pub outside: Side,
}

/// A county of a city beside another county.
pub const COUNTY: Border = Border {
    node: "370200",
    called: ("市", "本县", "邻县"),
    inside: Side { account: "370202", origin: "370200", division: "370202", category: "agri", complains: false },
    outside: Side { account: "370203", origin: "370200", division: "370203", category: "agri", complains: true },
};

/// A city of a province beside another city; both have nodes of their own.
pub const CITY: Border = Border {
    node: "370000",
    called: ("省", "本县", "邻市"),
    inside: Side { account: "370200", origin: "370200", division: "370202", category: "agri", complains: true },
    outside: Side { account: "370100", origin: "370100", division: "370102", category: "agri", complains: true },
};

/// A province of the nation beside another province; both have nodes of their own.
pub const PROVINCE: Border = Border {
    node: "000000",
    called: ("国家", "本县", "邻省"),
    inside: Side { account: "370000", origin: "370000", division: "370202", category: "agri", complains: true },
    outside: Side { account: "440000", origin: "440000", division: "440103", category: "agri", complains: true },
};

/// What was put outside: ids, and codes that stand in addresses.
#[derive(Default)]
pub struct Outside {
    /// Ids of everything.
    pub ids: BTreeSet<String>,
    /// Codes of systems.
    pub systems: Vec<String>,
}

/// A node with things on both sides of a border.
pub struct World {
    /// The node at which the account is.
    pub app: TestApp,
    /// The border.
    pub border: Border,
    /// Nodes below it.
    below: BTreeMap<&'static str, TestApp>,
}

fn subject(code: &str, name: &str, side: &Side) -> Value {
    let agri = side.category == "agri";
    json!({
        "code": code, "name": name, "org_form": "company", "node_type": if agri { "breeder" } else { "other" },
        "category": side.category, "stages": [if agri { "farming" } else { "processing" }], "division": side.division,
        "address": format!("{name}地址一号"), "phone": "13800000000", "lon": 120.38, "lat": 36.07,
    })
}

/// Reports three events of a subject: a good one, one that a rule finds, one that is refused.
async fn report(app: &TestApp, connected: &Caller, (word, code): (&str, &str), side: &Side, stage: &str) {
    let (own, now) = (format!("{code}-S"), app.clock.now());
    let mut events = [1, 2, 3].map(|number| event(number, &own, side.division, now));
    events[1]["inspection"] = json!({ "item": "瘦肉精", "passed": false });
    events[2]["quantity"] = json!("-1");
    for (number, one) in events.iter_mut().enumerate() {
        (one["category"], one["stage"]) = (json!(side.category), json!(stage));
        (one["product"], one["product_name"]) = (json!(format!("{code}-P")), json!(format!("{word}生猪")));
        one["batch"] = json!(format!("{code}-B"));
        one["outputs"][0]["code"] = json!(format!("{code}-U{number}"));
    }
    connected.post("/open/v1/events", &json!({ "message_id": format!("{code}-M"), "events": events })).await.ok();
}

/// Files one of everything that travels, at the node to which this side reports.
async fn furnish(app: &TestApp, word: &str, code: &str, side: &Side) -> Vec<String> {
    let regulator = app.sign_in("regulator").await;
    let own = format!("{code}-S");
    let stage = if side.category == "agri" { "farming" } else { "processing" };
    let mut ids = vec![regulator.filed("subjects", &subject(&own, &format!("{word}养殖场"), side)).await];
    let product = json!({ "code": format!("{code}-P"), "name": format!("{word}生猪"), "category": side.category, "subject": own });
    ids.push(regulator.filed("products", &product).await);
    let device = json!({ "code": format!("{code}-D"), "name": format!("{word}秤"), "device_type": "scale", "subject": own,
        "division": side.division });
    ids.push(regulator.filed("devices", &device).await);
    let mut form = system(&format!("{code}-SYS"), side.division, stage);
    (form["name"], form["category"]) = (json!(format!("{word}系统")), json!(side.category));
    let connected = regulator.connected(&form).await;
    report(app, &connected, (word, code), side, stage).await;
    let today = Day::of(app.clock.now());
    let closed = json!({ "kind": "subject", "code": own, "from": today.plus(1).to_string(),
        "to": today.plus(2).to_string(), "reason": format!("{word}检修") });
    let closed = regulator.post("/api/v1/console/closures", &closed).await.ok();
    ids.push(closed["id"].as_str().expect("an id").to_owned());
    if side.complains {
        let text = format!("在{word}市场买的猪肉没有追溯码。");
        let complaint =
            json!({ "kind": "complaint", "text": text, "code": format!("{code}-B"), "phone": "13812345678" });
        app.anybody().post("/api/v1/portal/complaints", &complaint).await.ok();
    }
    ids
}

/// What stays at the node where it was done: an application, an account, an import, an export, a saved view.
async fn furnish_here(app: &TestApp, word: &str, code: &str, side: &Side) -> Vec<String> {
    let regulator = app.sign_in("regulator").await;
    let application = json!({
        "name": format!("{word}申请"), "operator": format!("{word}企业"), "uscc": "91350100M000100Y43",
        "category": side.category, "stage": if side.category == "agri" { "farming" } else { "processing" },
        "division": side.division, "contact": "张三", "phone": "13800001234", "purpose": "报送自有基地的追溯数据",
        "daily_volume": 2000, "protocol": "json", "subjects": [format!("{code}-S")],
    });
    app.anybody().post("/api/v1/portal/applications", &application).await.ok();
    let person = json!({ "username": format!("{}-person", code.to_lowercase()), "display_name": format!("{word}人员"),
        "password": PASSWORD, "role": "supervisor", "division": side.account, "categories": [side.category], "email": "" });
    let person = app.sign_in("system").await.post("/api/v1/console/accounts", &person).await.ok();
    let file = format!("\u{feff}名称\r\n{word}表格\r\n").into_bytes();
    let to = "/api/v1/console/imports?register=subjects&class=subject&category=agri";
    let import = regulator.upload(to, &format!("{word}.csv"), file, &[]).await.ok();
    let list =
        json!({ "register": "subject", "format": "csv", "query": format!("q={word}"), "columns": ["name", "code"] });
    let export = regulator.post("/api/v1/console/exports", &list).await.ok();
    let view = json!({ "name": format!("{word}方案"), "list": "subjects", "query": "" });
    let view = regulator.post("/api/v1/console/views", &view).await.ok();
    let ids = [person, import, export, view].map(|made| made["id"].as_str().expect("an id").to_owned());
    ids.into()
}

/// Ids of the rows of a list that carry the mark.
async fn marked_ids(regulator: &Caller, path: &str) -> Vec<String> {
    let list = regulator.get(path).await.ok();
    let rows = list["items"].as_array().cloned().unwrap_or_default();
    let marked = rows.iter().filter(|row| row.to_string().contains(MARK) || row.to_string().contains(CODE_MARK));
    marked.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect()
}

impl World {
    /// The node and those below it, with things inside only.
    pub async fn begin(border: Border) -> Self {
        let app = TestApp::with(border.node, Setup::at_noon()).await;
        let mut below = BTreeMap::new();
        for side in [&border.inside, &border.outside] {
            if side.origin != border.node {
                below.insert(side.origin, app.child(side.origin).await);
            }
        }
        let world = Self { app, border, below };
        furnish(world.origin(&border.inside), INNER, "INSIDE", &border.inside).await;
        furnish_here(&world.app, INNER, "INSIDE", &border.inside).await;
        world.settled("INSIDE").await;
        world.evaluated(1).await;
        world
    }

    fn origin(&self, side: &Side) -> &TestApp {
        self.below.get(side.origin).unwrap_or(&self.app)
    }

    /// The month that is evaluated.
    pub fn month(&self) -> Period {
        Period::month_of(Day::of(self.app.clock.now()))
    }

    /// Waits until everything of a side is known at the node.
    async fn settled(&self, code: &str) {
        let regulator = self.app.sign_in("regulator").await;
        let side = if code == CODE_MARK { &self.border.outside } else { &self.border.inside };
        let mut lists = vec![("findings", 1), ("events", 2), ("subjects", 1), ("products", 1), ("devices", 1)];
        lists.extend([("systems", 1), ("closures", 1)]);
        if side.complains {
            lists.push(("complaints", 1));
        }
        for (noun, least) in lists {
            wait_for(&format!("{noun} of {code} at {}", self.border.node), || async {
                let list = regulator.get(&format!("/api/v1/console/{noun}?limit=100")).await.ok();
                let rows = list["items"].as_array().cloned().unwrap_or_default();
                rows.iter().filter(|row| row.to_string().contains(code)).count() >= least
            })
            .await;
        }
    }

    /// Computes the month until so many systems are in it.
    async fn evaluated(&self, systems: usize) {
        let month = self.month();
        for app in self.below.values().chain([&self.app]) {
            let regulator = app.sign_in("regulator").await;
            let period = json!({ "period": month.to_string() });
            regulator.post("/api/v1/console/evaluations/compute", &period).await.ok();
        }
        let regulator = self.app.sign_in("regulator").await;
        let evaluated = format!("/api/v1/console/evaluations?period={month}");
        wait_for("the evaluation", || async {
            regulator.get(&evaluated).await.ok()["rows"].as_array().is_some_and(|rows| rows.len() >= systems)
        })
        .await;
    }

    /// Adds what lies outside.
    pub async fn completed(&self) -> Outside {
        let outside = &self.border.outside;
        let mut ids = furnish(self.origin(outside), MARK, CODE_MARK, outside).await;
        ids.extend(furnish_here(&self.app, MARK, CODE_MARK, outside).await);
        self.settled(CODE_MARK).await;
        self.evaluated(2).await;
        let regulator = self.app.sign_in("regulator").await;
        let period = json!({ "period": self.month().to_string() });
        regulator.post("/api/v1/console/reports", &period).await.ok();
        let reports = "/api/v1/console/reports";
        wait_for("the report", || async { regulator.get(reports).await.ok()["items"][0]["id"].is_string() }).await;
        let mut found = Outside { ids: ids.into_iter().collect(), systems: vec![format!("{CODE_MARK}-SYS")] };
        for noun in ["findings", "events", "systems", "capture/batches", "complaints", "applications"] {
            found.ids.extend(marked_ids(&regulator, &format!("/api/v1/console/{noun}")).await);
        }
        let list = regulator.get(reports).await.ok();
        let editions = list["items"].as_array().into_iter().flatten();
        found.ids.extend(editions.filter_map(|row| row["id"].as_str().map(str::to_owned)));
        found
    }
}
