//! `suyuan demo`: five nodes with a sample world on one machine, each node a process of its own as in life.
//!
//! The world comes in through the public interfaces. The clocks of all nodes start 35 days back and are moved day by day
//! while it loads, so that reporting rates and a full month of evaluation come out as in life.

pub mod bench;
mod client;
mod layout;
mod load;
mod people;
mod register;
pub mod simulate;
mod supervise;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::command::asked_to_end;
use crate::reference;

/// Arguments of the demonstration.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// Begins anew: forgets all data of an earlier demonstration.
    #[arg(long)]
    pub fresh: bool,
    /// First port; the nodes take this one and the following.
    #[arg(long, default_value_t = 8600)]
    pub base_port: u16,
    /// Opens no browser.
    #[arg(long)]
    pub no_open: bool,
    /// A tenth of the world, for tests.
    #[arg(long)]
    pub small: bool,
    /// Folder of the demonstration.
    #[arg(long, default_value = ".demo")]
    pub dir: PathBuf,
}

/// Runs until Ctrl-C.
///
/// # Errors
/// When a part cannot be started; the message says which.
pub async fn run(args: DemoArgs) -> Result<()> {
    let reference = reference::load()?;
    if args.fresh {
        layout::forget(&args.dir).context("清除旧数据")?;
    }
    let plan = layout::Plan::new(&args)?;
    let supervisor = supervise::Supervisor::start(&plan).await?;
    plan.write_summary(&[])?;
    plan.print();
    if !args.no_open {
        open_browser(&plan.nodes[0].url());
    }
    let loading = load::load(&plan, &reference, args.small);
    tokio::pin!(loading);
    tokio::select! {
        () = asked_to_end() => {}
        outcome = &mut loading => {
            if let Err(error) = outcome {
                eprintln!("示例数据加载失败：{error:#}");
            }
            asked_to_end().await;
        }
    }
    println!("正在停止……");
    supervisor.stop().await;
    println!("已停止。再次运行将沿用现有数据。");
    Ok(())
}

fn open_browser(url: &str) {
    // No browser on a server is no fault.
    let _ = std::process::Command::new("xdg-open")
        .arg(url)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
}
