//! `suyuan engine`: the embedded ClickHouse engine in a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use suyuan_warehouse::engine::{EngineConfig, KEY_VARIABLE, announce, serve, until_parent_gone};

/// Arguments of the engine.
#[derive(Debug, Args)]
pub struct EngineArgs {
    /// Folder of the data.
    #[arg(long)]
    data_dir: PathBuf,
    /// The engine's library.
    #[arg(long)]
    library: PathBuf,
    /// Loopback address to listen at.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// Runs until standard input closes.
pub(super) async fn run(args: EngineArgs) -> Result<()> {
    let EngineArgs { data_dir, library, listen } = args;
    let key = std::env::var(KEY_VARIABLE).unwrap_or_default();
    if key.is_empty() {
        bail!("缺少环境变量 {KEY_VARIABLE}");
    }
    let config = EngineConfig { listen, ..EngineConfig::new(library, data_dir, key) };
    // Ctrl-C reaches the whole group of the terminal; the engine ends after the nodes, when its parent lets it go.
    let interrupts = tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    let (ready, became_ready) = tokio::sync::oneshot::channel();
    let announcing = async {
        if let Ok(address) = became_ready.await {
            announce(address).context("announce")?;
        }
        Ok::<(), anyhow::Error>(())
    };
    let (served, announced) = tokio::join!(serve(config, ready, until_parent_gone()), announcing);
    interrupts.abort();
    served.context("数据仓库引擎")?;
    announced
}
