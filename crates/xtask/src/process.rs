//! Looking at and ending processes by number, after checking that the number still means what was written down.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::command::{capture, command};

/// The command line of a running process, words parted by blanks; none when there is no such process.
pub fn command_line(pid: u32) -> Option<String> {
    let text = if Path::new("/proc/self/cmdline").exists() {
        let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    } else {
        capture(command("ps").args(["-o", "command=", "-p", &pid.to_string()])).ok()?
    };
    // A process that has ended but was not waited for has an empty command line.
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Sends a signal, as `TERM` or `INT`.
///
/// # Errors
/// The process is gone or belongs to somebody else.
pub fn signal(pid: u32, name: &str) -> Result<()> {
    capture(command("sh").args(["-c", &format!("kill -s {name} {pid}")])).map(drop)
}

/// Asks a process to end and waits until it has.
///
/// # Errors
/// It could not be asked, or it did not end in time.
pub fn stop(pid: u32, patience: Duration) -> Result<()> {
    signal(pid, "TERM")?;
    let start = Instant::now();
    while command_line(pid).is_some() {
        if start.elapsed() > patience {
            bail!("process {pid} did not end within {} s", patience.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_command_line_is_found_and_an_ended_process_is_not() -> Result<()> {
        assert!(command_line(std::process::id()).is_some_and(|line| line.contains("xtask")));
        let mut child = command("true").spawn()?;
        child.wait()?;
        assert_eq!(command_line(child.id()), None);
        Ok(())
    }
}
