//! Configuration of a node: one TOML file, every key with its meaning, checked before anything starts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use suyuan_domain::division::{Divisions, NATION, Tier};
use suyuan_security::session::SessionRules;
use suyuan_security::throttle::SignOnRules;
use suyuan_service::account::NewAccount;
use suyuan_service::openid::PartnerSettings;

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who the node is.
    pub node: NodeSection,
    /// The tier above; absent for the nation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ParentSection>,
    /// The relational database.
    pub database: DatabaseSection,
    /// The warehouse.
    pub warehouse: WarehouseSection,
    /// Outgoing mail.
    #[serde(default)]
    pub mail: MailSection,
    /// How signing in is guarded.
    #[serde(default)]
    pub security: SecuritySection,
    /// An outside provider with which people may sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openid: Option<OpenIdSection>,
    /// Things of a demonstration; absent in life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<DemoSection>,
}

/// How signing in is guarded; every key has a default that fits most nodes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecuritySection {
    /// Minutes without a request after which a session ends; 15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<u32>,
    /// Hours after which a session ends in any case; 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_hours: Option<u32>,
    /// Minutes for which a password that was shown need not be shown again for what is delicate; 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_minutes: Option<u32>,
    /// Days after which a password must be changed; without it never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_days: Option<u32>,
    /// Failures after which a captcha is asked for; 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captcha_after: Option<u32>,
    /// Tries of one address to sign in within ten minutes; 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_tries: Option<u32>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

impl SecuritySection {
    /// The rules of sessions; what is not told is as in `usual`.
    #[must_use]
    pub fn sessions(&self, usual: SessionRules) -> SessionRules {
        let minutes = |told: Option<u32>, usual: i64| told.map_or(usual, |minutes| i64::from(minutes.max(1)) * 60_000);
        SessionRules {
            idle_millis: minutes(self.idle_minutes, usual.idle_millis),
            absolute_millis: minutes(self.session_hours.map(|hours| hours.saturating_mul(60)), usual.absolute_millis),
            confirm_millis: minutes(self.confirm_minutes, usual.confirm_millis),
            ..usual
        }
    }

    /// The rules of signing in.
    #[must_use]
    pub fn sign_on(&self) -> SignOnRules {
        let usual = SignOnRules::default();
        SignOnRules {
            captcha_after: self.captcha_after.unwrap_or(usual.captcha_after),
            address_tries: self.address_tries.unwrap_or(usual.address_tries),
            password_days: self.password_days.filter(|days| *days > 0),
            proxies: self.trusted_proxies.iter().map(std::net::IpAddr::to_canonical).collect(),
        }
    }
}

/// Who the node is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSection {
    /// Code of its division; `000000` for the nation.
    pub code: String,
    /// Name of the platform; by default the division's name and 重要产品追溯管理平台.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Address to listen at.
    pub listen: SocketAddr,
    /// Address at which people and peers reach the node; by default where it listens.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub public_url: String,
    /// Folder for everything beside the databases.
    pub data_dir: PathBuf,
    /// Who answers for the node.
    #[serde(default)]
    pub contact: String,
    /// Folder of the built web pages; without it only interfaces are served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontend_dir: Option<PathBuf>,
    /// Folder of the Chinese fonts for PDF reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fonts_dir: Option<PathBuf>,
}

/// The tier above.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParentSection {
    /// Code of the parent node.
    pub code: String,
    /// Where it listens.
    pub url: String,
}

/// The relational database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSection {
    /// `sqlite://path` or `postgres://…`.
    pub url: String,
}

/// The warehouse.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarehouseSection {
    /// ClickHouse HTTP interface; without it the node starts the embedded engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Name of the database.
    pub database: String,
    /// Environment variable that holds the password.
    #[serde(default = "default_key_variable")]
    pub key_variable: String,
    /// The engine's library; by default the variable `SUYUAN_CHDB_LIB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<PathBuf>,
}

/// Outgoing mail.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSection {
    /// `smtp://` or `smtps://` address with user; the password comes from `SUYUAN_SMTP_PASSWORD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<String>,
    /// Sender.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// Folder into which mails are written as `.eml` where there is no server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
}

/// An outside OpenID provider with which people may sign in (统一身份登录).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenIdSection {
    /// Its address; its document of discovery lies below it.
    pub issuer: String,
    /// Its name on the button.
    pub name: String,
    /// Our name there.
    pub client_id: String,
    /// File that holds our secret there; neither file nor variable for a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Environment variable that holds our secret there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_variable: Option<String>,
    /// Further addresses at which it answers, such as the one for tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// Values of `acr` by which it says that it asked for a second factor; the local one is left out then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strong_acr: Vec<String>,
}

impl OpenIdSection {
    /// The settings with the secret read from where it lies.
    ///
    /// # Errors
    /// When the secret is named but cannot be read, or is empty.
    pub fn settings(&self) -> Result<PartnerSettings> {
        let secret = match (&self.secret_file, &self.secret_variable) {
            (Some(path), _) => Some(
                std::fs::read_to_string(path)
                    .with_context(|| format!("无法读取统一身份登录密钥文件 {}", path.display()))?,
            ),
            (None, Some(name)) => {
                Some(std::env::var(name).with_context(|| format!("没有设置统一身份登录密钥的环境变量 {name}"))?)
            }
            (None, None) => None,
        };
        let secret = secret.map(|secret| secret.trim().to_owned());
        if secret.as_deref() == Some("") {
            bail!("openid 的密钥为空");
        }
        Ok(PartnerSettings {
            issuer: self.issuer.clone(),
            name: self.name.clone(),
            client_id: self.client_id.clone(),
            secret,
            strong_acr: self.strong_acr.clone(),
        })
    }
}

/// Things of a demonstration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoSection {
    /// How far the clock stands from the machine's at the start, in milliseconds.
    #[serde(default)]
    pub clock_offset_millis: i64,
    /// Accounts of the demonstration.
    #[serde(default)]
    pub accounts: Vec<DemoAccount>,
}

/// An account of the demonstration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoAccount {
    /// Name for signing in.
    pub username: String,
    /// Password, no secret.
    pub password: String,
    /// Role.
    pub role: String,
    /// Name for people.
    pub name: String,
}

impl DemoAccount {
    /// The account for the node with this code.
    #[must_use]
    pub fn as_new(&self, node: &str) -> NewAccount {
        NewAccount {
            username: self.username.clone(),
            display_name: self.name.clone(),
            password: self.password.clone(),
            role: self.role.clone(),
            division: node.to_owned(),
            ..NewAccount::default()
        }
    }
}

fn default_key_variable() -> String {
    suyuan_warehouse::engine::KEY_VARIABLE.to_owned()
}

impl WarehouseSection {
    /// The database `database` of the engine at `url`; without one, of an engine of the node's own.
    #[must_use]
    pub fn of(url: Option<String>, database: String) -> Self {
        Self { url, database, key_variable: default_key_variable(), library: None }
    }
}

impl Config {
    /// A node with everything under `data_dir`, on SQLite, without a parent; the rest is left to the defaults.
    #[must_use]
    pub fn embedded(code: &str, listen: SocketAddr, data_dir: &Path, warehouse: WarehouseSection) -> Self {
        Self {
            node: NodeSection {
                code: code.to_owned(),
                name: String::new(),
                listen,
                public_url: String::new(),
                data_dir: data_dir.to_owned(),
                contact: String::new(),
                frontend_dir: None,
                fonts_dir: None,
            },
            parent: None,
            database: DatabaseSection { url: format!("sqlite://{}", data_dir.join("node.db").display()) },
            warehouse,
            mail: MailSection::default(),
            security: SecuritySection::default(),
            openid: None,
            demo: None,
        }
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// When the file cannot be read or a key is wrong; the message names it.
    pub fn read(path: &Path, divisions: &Divisions) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("无法读取配置文件 {}", path.display()))?;
        let config: Self = toml::from_str(&text).with_context(|| format!("配置文件 {} 有误", path.display()))?;
        config.check(divisions)?;
        Ok(config)
    }

    /// Checks what one key alone cannot show.
    ///
    /// # Errors
    /// When the code is no division, or the parent is not above it.
    pub fn check(&self, divisions: &Divisions) -> Result<()> {
        let code = &self.node.code;
        if divisions.get(code).is_none() {
            bail!("node.code = \"{code}\" 不是已知的行政区划代码");
        }
        match &self.parent {
            Some(parent) if parent.code == *code || !divisions.is_within(code, &parent.code) => {
                bail!("parent.code = \"{}\" 不是 {code} 的上级", parent.code)
            }
            None if code != NATION => tracing::warn!(code, "no parent is configured; the node stands alone"),
            _ => {}
        }
        Ok(())
    }

    /// Tier of the node.
    #[must_use]
    pub fn tier(&self, divisions: &Divisions) -> Tier {
        divisions.get(&self.node.code).map_or(Tier::City, |division| division.tier)
    }

    /// Name of the platform.
    #[must_use]
    pub fn platform_name(&self, divisions: &Divisions) -> String {
        if !self.node.name.is_empty() {
            return self.node.name.clone();
        }
        let name = if self.node.code == NATION { "国家" } else { divisions.name(&self.node.code) };
        format!("{name}重要产品追溯管理平台")
    }
}
