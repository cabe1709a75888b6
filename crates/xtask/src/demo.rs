//! `cargo xtask demo`: builds the platform and shows several tiers of it with invented data. What is shown, and the
//! addresses it prints, is left to `suyuan demo`; starting it in the background and ending it is done here.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{command, step};
use crate::process;
use crate::root::root;
use crate::setup;

const STOP_PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(200);

/// Options of the demo.
#[derive(clap::Args)]
pub struct Options {
    /// Throw away the data of the last demo and begin again.
    #[arg(long)]
    fresh: bool,
    /// The first of the consecutive ports of the nodes.
    #[arg(long, value_name = "PORT")]
    base_port: Option<u16>,
    /// Do not open the browser.
    #[arg(long)]
    no_open: bool,
    /// Less data: quicker to start.
    #[arg(long)]
    small: bool,
    /// Start in the background and return when it is ready; end it with `--stop`.
    #[arg(long)]
    detach: bool,
    /// End a running demo.
    #[arg(long, conflicts_with_all = ["fresh", "base_port", "no_open", "small", "detach"])]
    stop: bool,
}

impl Options {
    fn for_program(&self) -> Vec<OsString> {
        let mut args = vec![OsString::from("demo")];
        if self.fresh {
            args.push("--fresh".into());
        }
        if let Some(port) = self.base_port {
            args.push("--base-port".into());
            args.push(port.to_string().into());
        }
        // In the background nobody waits for a window.
        if self.no_open || self.detach {
            args.push("--no-open".into());
        }
        if self.small {
            args.push("--small".into());
        }
        args
    }
}

/// Starts or ends the demo.
///
/// # Errors
/// Something could not be set up, built or started, or a demo is running already.
pub fn run(options: &Options) -> Result<ExitCode> {
    if options.stop {
        return stop();
    }
    if let Some(pid) = running() {
        bail!("a demo is running already (process {pid}); end it with: cargo xtask demo --stop");
    }
    let env = setup::for_running()?;
    let program = step("build the platform (optimised; takes some minutes the first time)", setup::build_optimised)?;
    fs::create_dir_all(folder())?;
    let ready = folder().join("demo.json");
    if ready.exists() {
        fs::remove_file(&ready)?;
    }
    let mut demo = command(program);
    demo.args(options.for_program()).envs(env);
    if options.detach {
        detach(demo, &ready)
    } else {
        // The program takes the place of this one, so Ctrl-C reaches it and the shell waits for its clean end.
        fs::write(pid_file(), std::process::id().to_string())?;
        Err(demo.exec()).context("cannot start the platform")
    }
}

fn folder() -> PathBuf {
    root().join(".demo")
}

fn pid_file() -> PathBuf {
    folder().join("demo.pid")
}

fn detach(mut demo: Command, ready: &Path) -> Result<ExitCode> {
    let log_path = folder().join("demo.log");
    let log = File::create(&log_path)?;
    let mut child = demo
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start the platform")?;
    fs::write(pid_file(), child.id().to_string())?;
    println!("==> demo starts in the background, log: {}", log_path.display());
    // The file may be seen before its last byte is written.
    let summary = loop {
        if let Some(text) = complete_json(ready) {
            break text;
        }
        if let Some(status) = child.try_wait()? {
            let log = fs::read_to_string(&log_path).unwrap_or_default();
            let _ = fs::remove_file(pid_file());
            bail!("the demo ended while starting ({status}); the end of its log:\n{}", last_lines(&log, 20));
        }
        std::thread::sleep(POLL);
    };
    println!("{}", summary.trim_end());
    println!("end it with: cargo xtask demo --stop");
    Ok(ExitCode::SUCCESS)
}

fn complete_json(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    serde_json::from_str::<serde_json::Value>(&text).ok()?;
    Some(text)
}

fn stop() -> Result<ExitCode> {
    let Some(pid) = running() else {
        println!("no demo is running");
        return Ok(ExitCode::SUCCESS);
    };
    step("ending the demo", || process::stop(pid, STOP_PATIENCE))?;
    for file in [pid_file(), folder().join("demo.json")] {
        let _ = fs::remove_file(file);
    }
    Ok(ExitCode::SUCCESS)
}

/// The process that was written down, when it is still a demo: the number may have gone to another program.
fn running() -> Option<u32> {
    let pid = fs::read_to_string(pid_file()).ok()?.trim().parse().ok()?;
    is_demo(&process::command_line(pid)?).then_some(pid)
}

fn is_demo(command_line: &str) -> bool {
    let Some((before, after)) = command_line.split_once("suyuan demo") else {
        return false;
    };
    (before.is_empty() || before.ends_with('/')) && (after.is_empty() || after.starts_with(' '))
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_demo_itself_is_taken_for_the_demo() {
        assert!(is_demo("/a folder/target/demo/suyuan demo --fresh"));
        assert!(is_demo("suyuan demo"));
        assert!(!is_demo("target/demo/suyuan serve demo"));
        assert!(!is_demo("vim suyuan demo"));
        assert!(!is_demo("target/demo/suyuan demolish"));
        assert!(!is_demo(""));
    }

    #[test]
    fn the_end_of_a_log_is_its_last_lines() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
    }

    #[test]
    fn in_the_background_no_browser_opens() {
        let options =
            Options { fresh: true, base_port: Some(7000), no_open: false, small: false, detach: true, stop: false };
        assert_eq!(options.for_program(), ["demo", "--fresh", "--base-port", "7000", "--no-open"]);
    }
}
