//! Where things of a demonstration lie: nodes, ports, accounts, files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use suyuan_crypto::random::OsEntropy;

use super::DemoArgs;
use crate::config::{Config, DemoAccount, DemoSection, ParentSection, WarehouseSection};

/// Password of all accounts of the demonstration. No secret: the nodes listen on loopback only.
pub const PASSWORD: &str = "Suyuan-Demo-2026";

/// Code, parent and tier of the five nodes, in the order of their ports.
const NODES: [(&str, Option<&str>, &str); 5] = [
    ("000000", None, "nation"),
    ("370000", Some("000000"), "province"),
    ("370200", Some("370000"), "city"),
    ("370100", Some("370000"), "city"),
    ("440000", Some("000000"), "province"),
];

/// Username, role and name of the accounts that every node has.
const ACCOUNTS: [(&str, &str, &str); 7] = [
    ("admin", "system_admin", "系统管理员"),
    ("security", "security_admin", "安全管理员"),
    ("audit", "auditor", "审计员"),
    ("regulator", "supervisor", "监管人员"),
    ("leader", "director", "主管领导"),
    ("emergency", "emergency_officer", "应急人员"),
    ("service", "service_officer", "咨询投诉受理员"),
];

/// How far the loading of the sample world has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Last moment of the world, in milliseconds UTC; set at the first start.
    pub until_millis: Option<i64>,
    /// Calls that were answered.
    pub calls_done: usize,
    /// Whether the registers and systems are in.
    pub registered: bool,
    /// Whether everything is in.
    pub finished: bool,
    /// How far the clocks stand from the machine's, in milliseconds.
    pub clock_offset_millis: i64,
    /// Tokens of the connected systems: node, system, token.
    pub tokens: Vec<(String, String, String)>,
}

/// One node of the demonstration.
#[derive(Clone, Debug)]
pub struct PlannedNode {
    /// Code.
    pub code: &'static str,
    /// Code of the parent.
    pub parent: Option<&'static str>,
    /// Tier, for the summary.
    pub tier: &'static str,
    /// Port.
    pub port: u16,
    /// Configuration file.
    pub config: PathBuf,
}

impl PlannedNode {
    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The whole demonstration.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its folder.
    pub dir: PathBuf,
    /// Its nodes.
    pub nodes: Vec<PlannedNode>,
    /// Port of the engine.
    pub engine_port: u16,
    /// Password of the engine.
    pub engine_key: String,
}

/// Removes the data of an earlier demonstration; logs and the process file of a running one stay.
pub fn forget(dir: &Path) -> Result<()> {
    for name in ["nodes", "engine", "mail"] {
        let path = dir.join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
        }
    }
    for name in ["progress.json", "demo.json", "engine.key"] {
        let path = dir.join(name);
        if path.exists() {
            std::fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

impl Plan {
    /// Plans nodes and ports and writes the configuration files.
    pub fn new(args: &DemoArgs) -> Result<Self> {
        std::fs::create_dir_all(&args.dir)?;
        let dir = args.dir.canonicalize()?;
        let key_file = dir.join("engine.key");
        let engine_key = match std::fs::read_to_string(&key_file) {
            Ok(key) => key,
            Err(_) => {
                let key = suyuan_crypto::token::new_token(&OsEntropy)?;
                std::fs::write(&key_file, &key)?;
                key
            }
        };
        let node =
            |(index, (code, parent, tier)): (u16, (&'static str, Option<&'static str>, &'static str))| PlannedNode {
                code,
                parent,
                tier,
                port: args.base_port + index,
                config: dir.join("nodes").join(code).join("node.toml"),
            };
        let nodes = (0..).zip(NODES).map(node).collect();
        let plan = Self { dir, nodes, engine_port: args.base_port + 20, engine_key };
        plan.write_configs()?;
        Ok(plan)
    }

    fn write_configs(&self) -> Result<()> {
        let offset = self.progress().clock_offset_millis;
        for node in &self.nodes {
            let config = self.config_of(node, offset)?;
            if let Some(folder) = node.config.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(&node.config, toml::to_string_pretty(&config)?)?;
        }
        Ok(())
    }

    fn config_of(&self, node: &PlannedNode, offset: i64) -> Result<Config> {
        let data_dir = self.dir.join("nodes").join(node.code);
        let parent = node.parent.and_then(|code| self.node(code));
        let from_environment = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.exists());
        let account = |(username, role, name): (&str, &str, &str)| DemoAccount {
            username: username.to_owned(),
            password: PASSWORD.to_owned(),
            role: role.to_owned(),
            name: name.to_owned(),
        };
        let engine = Some(format!("http://127.0.0.1:{}", self.engine_port));
        let warehouse = WarehouseSection::of(engine, format!("node_{}", node.code));
        let listen = format!("127.0.0.1:{}", node.port).parse()?;
        let mut config = Config::embedded(node.code, listen, &data_dir, warehouse);
        config.node.contact = "平台值班室".to_owned();
        config.node.frontend_dir = from_environment("SUYUAN_FRONTEND_DIR");
        config.node.fonts_dir = from_environment("SUYUAN_FONTS_DIR");
        config.parent = parent.map(|parent| ParentSection { code: parent.code.to_owned(), url: parent.url() });
        config.mail.from = "report@demo.invalid".to_owned();
        config.mail.dir = Some(self.dir.join("mail").join(node.code));
        config.demo = Some(DemoSection { clock_offset_millis: offset, accounts: ACCOUNTS.map(account).to_vec() });
        Ok(config)
    }

    /// The node with this code.
    pub fn node(&self, code: &str) -> Option<&PlannedNode> {
        self.nodes.iter().find(|node| node.code == code)
    }

    /// How far the loading has come.
    pub fn progress(&self) -> Progress {
        let text = std::fs::read_to_string(self.dir.join("progress.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Keeps how far the loading has come.
    pub fn keep_progress(&self, progress: &Progress) -> Result<()> {
        let part = self.dir.join("progress.part");
        std::fs::write(&part, serde_json::to_vec(progress)?)?;
        Ok(std::fs::rename(part, self.dir.join("progress.json"))?)
    }

    /// Writes `demo.json`: addresses, accounts and, once they are known, tokens of systems.
    pub fn write_summary(&self, tokens: &[(String, String, String)]) -> Result<()> {
        let accounts: Vec<_> = ACCOUNTS
            .iter()
            .map(|(username, role, _)| json!({ "username": username, "password": PASSWORD, "role": role }))
            .collect();
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|node| {
                let of_node = tokens.iter().filter(|(code, _, _)| code == node.code);
                let systems: Vec<_> =
                    of_node.map(|(_, system, token)| json!({ "code": system, "token": token })).collect();
                json!({
                    "code": node.code, "tier": node.tier, "division": node.code, "url": node.url(),
                    "accounts": accounts, "systems": systems,
                })
            })
            .collect();
        let text = serde_json::to_string_pretty(&json!({ "nodes": nodes }))?;
        let part = self.dir.join("demo.part");
        std::fs::write(&part, text)?;
        Ok(std::fs::rename(part, self.dir.join("demo.json"))?)
    }

    /// Prints addresses and accounts.
    pub fn print(&self) {
        println!("\n五个节点已启动：");
        for node in &self.nodes {
            println!("  {}  {}  门户 {}/  控制台 {}/console", node.code, node.tier, node.url(), node.url());
        }
        println!("账号（各节点相同，密码 {PASSWORD}）：");
        for (username, role, name) in ACCOUNTS {
            println!("  {username:<10} {name}（{role}）");
        }
        println!("详见 {}\n", self.dir.join("demo.json").display());
    }
}
