//! `suyuan admin`: the first account of a node, which nobody else can make.

use std::io::BufRead;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use suyuan_service::account;

use crate::config::Config;
use crate::reference;
use crate::start::{Options, start};

/// Accounts of a node.
#[derive(Debug, Args)]
pub struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Makes an account; the password is read from standard input. The node must not be running.
    Create {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
        /// Name for signing in.
        #[arg(long)]
        username: String,
        /// Role, such as `system_admin`.
        #[arg(long)]
        role: String,
        /// Name for people.
        #[arg(long)]
        name: String,
    },
}

/// Runs the command.
pub(super) async fn run(args: AdminArgs) -> Result<()> {
    let AdminCommand::Create { config, username, role, name } = args.command;
    let reference = reference::load()?;
    let config = Config::read(&config, &reference.divisions)?;
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).context("读取密码")?;
    let password = password.trim_end().to_owned();
    if password.is_empty() {
        bail!("密码为空，请从标准输入提供");
    }
    let (warehouse, engine) = super::serve::warehouse(&config).await?;
    let new = account::NewAccount {
        username: username.clone(),
        display_name: name,
        password,
        role,
        division: config.node.code.clone(),
        email: String::new(),
    };
    let options = Options { schedules: false, accounts: vec![new], ..Options::default() };
    start(&config, &reference, &warehouse, options).await?.stop().await?;
    if let Some(engine) = engine {
        engine.stop().await?;
    }
    println!("账号 {username} 已建立");
    Ok(())
}
