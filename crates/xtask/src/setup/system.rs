//! Programs that come from the operating system: found where they are, else installed with its package manager
//! (Debian and Ubuntu), else asked for with a clear text.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::command::{capture, command, find_program, run};

/// A linker and C compiler, which Rust and some of its libraries need.
///
/// # Errors
/// There is none and it could not be installed.
pub fn c_compiler() -> Result<()> {
    require("a C compiler", &["build-essential"], || find_program(&["cc"])).map(drop)
}

/// A Chromium for browser tests, with Chinese fonts; `SUYUAN_CHROMIUM` names one that is installed elsewhere.
///
/// # Errors
/// There is none and it could not be installed.
pub fn chromium() -> Result<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    require("Chromium", &["chromium", "fonts-noto-cjk"], || {
        let given = std::env::var_os("SUYUAN_CHROMIUM").map(PathBuf::from);
        given.filter(|path| path.is_file()).or_else(|| find_program(&names))
    })
}

/// Whether this program runs with the rights of the system's administrator.
pub fn is_root() -> bool {
    capture(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// Finds a program, or installs its packages and finds it then.
pub fn require(what: &str, packages: &[&str], find: impl Fn() -> Option<PathBuf>) -> Result<PathBuf> {
    if let Some(path) = find() {
        return Ok(path);
    }
    let wanted = packages.join(" ");
    let advice = format!("{what} is needed: please install it (Debian, Ubuntu: apt-get install {wanted})");
    if find_program(&["apt-get"]).is_none() {
        bail!(advice);
    }
    println!("    {what} is missing; installing {wanted} with apt-get …");
    run(apt()?.arg("update"))?;
    run(apt()?.args(["install", "--yes", "--no-install-recommends"]).args(packages))?;
    match find() {
        Some(path) => Ok(path),
        None => bail!(advice),
    }
}

fn apt() -> Result<std::process::Command> {
    let mut apt = if is_root() {
        command("apt-get")
    } else if find_program(&["sudo"]).is_some() {
        let mut sudo = command("sudo");
        sudo.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    } else {
        bail!("installing needs the administrator's rights and there is no sudo");
    };
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(apt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_there_is_not_installed() -> Result<()> {
        let found = require("a shell", &["no-such-package"], || find_program(&["sh"]))?;
        assert!(found.ends_with("sh"));
        Ok(())
    }
}
