//! `suyuan serve`: one node until it is asked to end.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result};
use suyuan_domain::clock::SystemClock;
use suyuan_warehouse::engine::{EngineProcess, KEY_VARIABLE, find_library};
use tokio::process::{Child, Command};

use super::asked_to_end;
use crate::config::Config;
use crate::reference;
use crate::start::{Options, WarehouseAddress, start};

/// Runs the node of a configuration file.
pub(super) async fn run(path: &Path) -> Result<()> {
    let reference = reference::load()?;
    let config = Config::read(path, &reference.divisions)?;
    let (warehouse, engine) = warehouse(&config).await?;
    let clock = SystemClock::default();
    let mut accounts = Vec::new();
    if let Some(demo) = &config.demo {
        clock.set_offset_millis(demo.clock_offset_millis);
        accounts.extend(demo.accounts.iter().map(|account| account.as_new(&config.node.code)));
    }
    let options = Options { clock: Arc::new(clock), accounts, ..Options::default() };
    let started = start(&config, &reference, &warehouse, options).await?;
    asked_to_end().await;
    started.stop().await?;
    if let Some(engine) = engine {
        engine.stop().await?;
    }
    Ok(())
}

/// Starts the node of a configuration file as a process of its own, in a group of its own, so that Ctrl-C in a terminal
/// reaches it only through whoever started it. It ends when the handle is dropped.
///
/// # Errors
/// When the program cannot be started.
pub fn process(program: &Path, config: &Path, engine_key: &str, log: std::fs::File) -> std::io::Result<Child> {
    let mut command = Command::new(program);
    command.arg("serve").arg("--config").arg(config).env(KEY_VARIABLE, engine_key);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true).process_group(0);
    command.spawn()
}

/// The configured warehouse, or an engine started for this node alone.
pub(crate) async fn warehouse(config: &Config) -> Result<(WarehouseAddress, Option<EngineProcess>)> {
    let key = std::env::var(&config.warehouse.key_variable).unwrap_or_default();
    if let Some(url) = &config.warehouse.url {
        return Ok((WarehouseAddress { url: url.clone(), key }, None));
    }
    let engine = start_engine(&config.node.data_dir.join("engine"), config.warehouse.library.as_deref()).await?;
    Ok((engine.0, Some(engine.1)))
}

/// Starts the embedded engine over `data_dir` with a fresh key.
pub(crate) async fn start_engine(data_dir: &Path, library: Option<&Path>) -> Result<(WarehouseAddress, EngineProcess)> {
    let named = std::env::var_os("SUYUAN_CHDB_LIB").map(std::path::PathBuf::from);
    let library = find_library(library.or(named.as_deref()), &[])
        .context("未找到 ClickHouse 引擎库，请设置 warehouse.library 或 SUYUAN_CHDB_LIB，或配置 warehouse.url")?;
    let key = suyuan_crypto::token::new_token(&suyuan_crypto::random::OsEntropy)?;
    let program = std::env::current_exe()?;
    std::fs::create_dir_all(data_dir)?;
    let engine = EngineProcess::start(&program, &library, data_dir, &key, "127.0.0.1:0".parse()?)
        .await
        .context("数据仓库引擎")?;
    Ok((WarehouseAddress { url: engine.url(), key }, engine))
}
