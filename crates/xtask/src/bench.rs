//! `cargo xtask bench`: names the machine, then lets the platform measure itself. What is measured and which limits
//! hold is left to `suyuan bench`.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::command::{capture, command, run_and_collect, step};
use crate::setup;

/// Builds the optimised platform and runs its benchmark.
///
/// # Errors
/// Something could not be set up, built or started.
pub fn run(args: &[OsString]) -> Result<ExitCode> {
    let env = setup::for_running()?;
    let program = step("build the platform (optimised)", setup::build_optimised)?;
    println!("machine: {}", machine());
    let outcome = run_and_collect(command(program).arg("bench").args(args).envs(env))?;
    Ok(ExitCode::from(u8::from(!outcome.success)))
}

/// Processor, cores, memory and kernel in one line.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let unknown = || "unknown".to_owned();
    let cpu = field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown);
    let memory = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_else(unknown);
    let cores = std::thread::available_parallelism().map_or_else(|_| unknown(), |n| n.to_string());
    let kernel = capture(command("uname").arg("-sr")).unwrap_or_else(|_| unknown());
    format!("{cpu}, {cores} cores, {memory} memory, {}", kernel.trim())
}

/// The first `key : value` line of a file under `/proc`.
fn field(text: &str, key: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "model\t\t: 85\nmodel name\t: Fast 3000\nmodel name\t: Other\n";
        assert_eq!(field(text, "model name").as_deref(), Some("Fast 3000"));
        assert_eq!(field(text, "flags"), None);
    }
}
