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
    let password = acceptable(password.trim_end(), &username)?;
    let (warehouse, engine) = super::serve::warehouse(&config).await?;
    let new = account::NewAccount {
        username: username.clone(),
        display_name: name,
        password,
        role,
        division: config.node.code.clone(),
        ..account::NewAccount::default()
    };
    let options = Options { schedules: false, accounts: vec![new], ..Options::default() };
    start(&config, &reference, &warehouse, options).await?.stop().await?;
    if let Some(engine) = engine {
        engine.stop().await?;
    }
    println!("账号 {username} 已建立");
    Ok(())
}

/// The password, if it keeps the rules that hold for everybody's.
fn acceptable(password: &str, username: &str) -> Result<String> {
    if password.is_empty() {
        bail!("密码为空，请从标准输入提供");
    }
    let faults = account::password_rules(password, username);
    if !faults.is_empty() {
        let told: Vec<String> = faults.iter().map(|fault| format!("{}，{}", fault.reason, fault.advice)).collect();
        bail!("密码不符合要求：{}", told.join("；"));
    }
    Ok(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_5_4_3a_the_first_account_keeps_the_rules_of_passwords_too() {
        for (password, part) in [("", "密码为空"), ("admin", "不少于 12 位"), ("Admin-2026-xyz", "用户名")] {
            let error = acceptable(password, "admin").expect_err(password).to_string();
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(acceptable("Lvcha-7-Shanlin", "admin").expect("a good one"), "Lvcha-7-Shanlin");
    }
}
