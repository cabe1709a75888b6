//! Running other programs: with a clear text when one is missing, and with its output shown while it is collected.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::root::root;

/// What a program printed, and whether it ended well.
pub struct Outcome {
    /// Standard output as shown.
    pub stdout: String,
    /// Exit code 0.
    pub success: bool,
}

/// A command that starts in the top folder.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The same cargo that runs this program, without the variables it set for this package: build scripts that watch
/// them would run again and again.
pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = command(program);
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if of_package.iter().any(|prefix| name.starts_with(prefix)) {
            cargo.env_remove(&key);
        }
    }
    cargo
}

/// npm in a folder, quiet about everything that is not an error.
///
/// # Errors
/// Node.js is not installed.
pub fn npm(folder: &Path) -> Result<Command> {
    let Some(program) = find_program(&["npm"]) else {
        bail!("Node.js with npm is needed: install version 20 or newer (https://nodejs.org) and run this again");
    };
    let mut npm = Command::new(program);
    npm.current_dir(folder)
        .env("npm_config_audit", "false")
        .env("npm_config_fund", "false")
        .env("npm_config_update_notifier", "false")
        .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    Ok(npm)
}

/// The first of these programs that is on the PATH.
pub fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
}

/// Runs to the end with the output shown.
///
/// # Errors
/// The program could not be started or ended with a failure.
pub fn run(command: &mut Command) -> Result<()> {
    let name = describe(command);
    let status = command.status().with_context(|| format!("cannot start `{name}`"))?;
    if !status.success() {
        bail!("`{name}` failed ({status})");
    }
    Ok(())
}

/// Runs to the end without showing the output; gives standard output.
///
/// # Errors
/// The program could not be started or ended with a failure; the text then has its error output.
pub fn capture(command: &mut Command) -> Result<String> {
    let name = describe(command);
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{name}`"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        bail!("`{name}` failed ({}): {}", output.status, text.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs to the end, shows the output and collects standard output.
///
/// # Errors
/// The program could not be started. A failure of the program is not an error here.
pub fn run_and_collect(command: &mut Command) -> Result<Outcome> {
    let name = describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let mut collected = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut shown = std::io::stdout();
        loop {
            let start = collected.len();
            if reader.read_until(b'\n', &mut collected)? == 0 {
                break;
            }
            shown.write_all(&collected[start..])?;
            shown.flush()?;
        }
    }
    let status = child.wait()?;
    Ok(Outcome { stdout: String::from_utf8_lossy(&collected).into_owned(), success: status.success() })
}

/// Announces a step, does it and says how long it took.
pub fn step<T>(title: &str, work: impl FnOnce() -> T) -> T {
    println!("==> {title}");
    let start = Instant::now();
    let result = work();
    println!("    {title}: {}", seconds(start.elapsed()));
    result
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_collected_and_failure_reported() -> Result<()> {
        let outcome = run_and_collect(command("sh").args(["-c", "echo one; echo two; exit 3"]))?;
        assert_eq!(outcome.stdout, "one\ntwo\n");
        assert!(!outcome.success);
        Ok(())
    }

    #[test]
    fn a_missing_program_is_an_error_with_its_name() {
        let error = run(&mut command("no-such-program-here")).expect_err("must fail");
        assert!(format!("{error:#}").contains("no-such-program-here"));
    }

    #[test]
    fn a_failure_carries_the_error_output() {
        let error = capture(command("sh").args(["-c", "echo why >&2; exit 1"])).expect_err("must fail");
        assert!(format!("{error:#}").contains("why"));
    }
}
