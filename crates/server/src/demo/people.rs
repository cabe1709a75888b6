//! What people and devices do once the sample world is loaded: heartbeats, notices, complaints and their handling, the
//! grades of the running month. Through the public interfaces, like everything of the demonstration.
//!
//! Done again after an interruption, it adds nothing that is already there.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use suyuan_domain::period::{Day, Period};
use suyuan_simulator::World;

use super::client::{Client, Identity};
use super::layout::{Plan, PlannedNode};

/// Devices in one heartbeat.
const AT_A_TIME: usize = 200;
/// Of so many devices and systems, one is silent.
const SILENT: usize = 12;

const NOTICES: [(&str, &str, &str, &str); 4] = [
    (
        "000000",
        "policy",
        "关于做好重要产品追溯数据报送工作的通知",
        "各级平台应当督促已备案的接入系统按时报送追溯数据，数据报送率、及时率纳入月度监测评价。",
    ),
    (
        "000000",
        "standard",
        "《重要产品追溯管理平台建设指南（试行）》执行要求",
        "各地新建、改造的追溯管理平台应当支持上下级数据交换、异常数据处理和公众查询。",
    ),
    (
        "370000",
        "notice",
        "山东省重要产品追溯月度监测评价结果发布",
        "本月评价结果已发布，不达标的接入系统请在十五日内完成整改并补报数据。",
    ),
    (
        "370200",
        "notice",
        "购买食用农产品请索取追溯凭证",
        "消费者购买肉菜等食用农产品时，可扫描小票上的追溯码查询来源；信息不全的，可在本平台投诉举报。",
    ),
];

/// What somebody hands in, and how far it is handled: actions with what the sender reads.
struct Story {
    kind: &'static str,
    text: &'static str,
    steps: &'static [(&'static str, &'static str)],
}

const COMPLAINTS: [Story; 3] = [
    Story {
        kind: "complaint",
        text: "购买的产品扫码后看不到来源信息，请核查经营者是否按规定上报。",
        steps: &[
            ("accept", "已受理，正在联系经营者核实。"),
            ("answer", "经核查，经营者漏报一批进货记录，已责令补报并完成整改。"),
        ],
    },
    Story {
        kind: "report",
        text: "摊位销售的产品与追溯码显示的品名不一致。",
        steps: &[("accept", "已受理，将在规定期限内现场核查。")],
    },
    Story { kind: "consult", text: "请问小作坊加工的食品是否需要赋追溯码？", steps: &[] },
];

/// The people of the demonstration and what they need.
pub(super) struct People<'a> {
    pub(super) client: &'a Client,
    pub(super) plan: &'a Plan,
    pub(super) world: &'a World,
    /// Node, system, token.
    pub(super) tokens: &'a [(String, String, String)],
    pub(super) today: Day,
}

impl People<'_> {
    /// Everything, node by node.
    pub(super) async fn act(&self) -> Result<()> {
        self.heartbeats().await.context("心跳")?;
        for node in &self.plan.nodes {
            let who = self.client.sign_in(&node.url(), "regulator").await?;
            self.notices(node, &who).await.with_context(|| format!("{} 公告", node.code))?;
            if node.parent.is_some_and(|parent| parent != "000000") {
                self.complaints(node, &who).await.with_context(|| format!("{} 咨询投诉", node.code))?;
            }
            let month = json!({ "period": Period::month_of(self.today).to_string() });
            self.client.post(&node.url(), "/api/v1/console/evaluations/compute", &who, &month).await?;
        }
        Ok(())
    }

    async fn heartbeats(&self) -> Result<()> {
        let mut devices: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let registered = self.world.registrations().filter(|registration| registration.noun == "devices");
        for (place, registration) in registered.enumerate() {
            let node = super::load::node_code(&registration.node);
            if place % SILENT != 0
                && let Some(code) = registration.body["code"].as_str()
                && let Some(known) = self.plan.node(node)
            {
                devices.entry(known.code).or_default().push(code.to_owned());
            }
        }
        for (place, (code, _, token)) in self.tokens.iter().enumerate().filter(|(place, _)| place % SILENT != 1) {
            let Some(node) = self.plan.node(code) else { continue };
            // The first system of a node answers for all its devices.
            let first = self.tokens[..place].iter().all(|(other, ..)| other != code);
            let own = devices.get(code.as_str()).filter(|_| first).map_or(&[][..], Vec::as_slice);
            let none: &[String] = &[];
            for part in own.chunks(AT_A_TIME).chain(own.is_empty().then_some(none)) {
                let body = json!({ "devices": part });
                let who = Identity::Token(token.clone());
                self.client.post(&node.url(), "/open/v1/heartbeat", &who, &body).await?;
            }
        }
        Ok(())
    }

    async fn notices(&self, node: &PlannedNode, who: &Identity) -> Result<()> {
        const PATH: &str = "/api/v1/console/notices";
        let there = self.client.get(&node.url(), PATH, who).await?;
        for (_, kind, title, body) in NOTICES.iter().filter(|(code, ..)| *code == node.code) {
            if is_there(&there, "title", title) {
                continue;
            }
            let notice = json!({ "title": title, "kind": kind, "body": body });
            let notice = self.client.post(&node.url(), PATH, who, &notice).await?;
            let id = notice["id"].as_str().context("公告应答中没有 id")?;
            self.client.post(&node.url(), &format!("{PATH}/{id}/publish"), who, &json!({})).await?;
        }
        Ok(())
    }

    async fn complaints(&self, node: &PlannedNode, who: &Identity) -> Result<()> {
        const PATH: &str = "/api/v1/console/complaints";
        let there = self.client.get(&node.url(), PATH, who).await?;
        if there["items"].as_array().is_some_and(|items| !items.is_empty()) {
            return Ok(());
        }
        let codes = self.codes(node.code);
        for (Story { kind, text, steps }, code) in COMPLAINTS.iter().zip(codes) {
            let complaint =
                json!({ "kind": kind, "text": text, "code": code, "phone": "13800001234", "name": "王先生" });
            let taken =
                self.client.post(&node.url(), "/api/v1/portal/complaints", &Identity::Nobody, &complaint).await?;
            let number = taken["number"].as_str().context("受理应答中没有编号")?;
            let list = self.client.get(&node.url(), &format!("{PATH}?q={number}"), who).await?;
            let mut entry = list["items"][0].clone();
            let id = entry["id"].as_str().context("没有查到刚提交的投诉")?.to_owned();
            for (action, text) in *steps {
                let step = json!({ "version": entry["version"], "action": action, "text": text });
                entry = self.client.post(&node.url(), &format!("{PATH}/{id}/steps"), who, &step).await?;
            }
        }
        Ok(())
    }

    /// Codes of goods that were lately reported to a node.
    fn codes(&self, node: &str) -> Vec<String> {
        let calls = self.world.calls().filter(|call| super::load::node_code(&call.node) == node);
        let code = |call: suyuan_simulator::Call| {
            let event = call.body["events"].as_array()?.last()?;
            ["outputs", "inputs"].iter().find_map(|list| event[*list][0]["code"].as_str().map(str::to_owned))
        };
        calls.filter_map(code).take(COMPLAINTS.len()).collect()
    }
}

fn is_there(list: &Value, field: &str, text: &str) -> bool {
    list["items"].as_array().is_some_and(|items| items.iter().any(|item| item[field] == text))
}
