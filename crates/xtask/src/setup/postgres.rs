//! A PostgreSQL of the tests' own: a fresh cluster on a free loopback port, without durability, ended and removed with
//! the run. Clusters left behind by a killed run are removed by the next one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::system::{is_root, require};
use crate::command::{command, find_program, run};
use crate::process;
use crate::root::cache;

const PREFIX: &str = "suyuan-pg-";
const PATIENCE: Duration = Duration::from_secs(60);

/// A running cluster; it ends when this is dropped.
pub struct Postgres {
    child: Child,
    folder: PathBuf,
    port: u16,
}

/// A user without the administrator's rights, as PostgreSQL refuses to run with them.
struct Account {
    uid: u32,
    gid: u32,
}

/// The folder with `initdb` and `postgres`.
///
/// # Errors
/// There is none and it could not be installed.
pub fn programs() -> Result<PathBuf> {
    let initdb =
        require("PostgreSQL", &["postgresql"], || newest_debian_folder().or_else(|| find_program(&["initdb"])))?;
    let folder = initdb.parent().context("initdb without a folder")?;
    Ok(folder.to_path_buf())
}

/// Debian keeps the server's programs of each version off the PATH.
fn newest_debian_folder() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let initdb = entry.path().join("bin/initdb");
            initdb.is_file().then_some((version, initdb))
        })
        .max_by_key(|(version, _)| *version)
        .map(|(_, initdb)| initdb)
}

impl Postgres {
    /// Makes and starts a cluster.
    ///
    /// # Errors
    /// PostgreSQL is missing, or it does not start.
    pub fn start() -> Result<Self> {
        let programs = programs()?;
        let account = is_root().then(unprivileged_account).transpose()?;
        // Another account may not be allowed to enter the folders above the checkout.
        let base = if account.is_some() { std::env::temp_dir() } else { cache() };
        fs::create_dir_all(&base)?;
        remove_left_behind(&base);
        let folder = base.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&folder)?;
        if let Some(account) = &account {
            std::os::unix::fs::chown(&folder, Some(account.uid), Some(account.gid))?;
        }
        let result = init_and_start(&programs, &folder, account.as_ref());
        if result.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        result
    }

    /// The address of its `postgres` database, as user `postgres`, without a password.
    pub fn url(&self) -> OsString {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port).into()
    }

    fn wait_until_ready(&mut self, programs: &Path) -> Result<()> {
        let start = Instant::now();
        let port = self.port.to_string();
        loop {
            let mut probe = command(programs.join("pg_isready"));
            probe.args(["-q", "-h", "127.0.0.1", "-p", &port]);
            if probe.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() || start.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("PostgreSQL did not start:\n{log}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // INT is its fast shutdown: open sessions are ended.
        if process::signal(self.child.id(), "INT").is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn init_and_start(programs: &Path, folder: &Path, account: Option<&Account>) -> Result<Postgres> {
    let data = folder.join("data");
    let program = |name: &str| as_account(programs.join(name), folder, account);
    run(program("initdb")
        .arg("-D")
        .arg(&data)
        .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
        .stdout(Stdio::null()))?;
    let port = free_port()?;
    let log = File::create(folder.join("log"))?;
    let mut server = program("postgres");
    server.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-k", ""]);
    server.args(["-p", &port.to_string()]);
    for setting in ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=600"] {
        server.args(["-c", setting]);
    }
    let child =
        server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn().context("cannot start PostgreSQL")?;
    let mut postgres = Postgres { child, folder: folder.to_path_buf(), port };
    postgres.wait_until_ready(programs)?;
    Ok(postgres)
}

fn as_account(program: PathBuf, folder: &Path, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn unprivileged_account() -> Result<Account> {
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let found = ["postgres", "nobody"].iter().find_map(|name| find_account(&users, name));
    found.context("no user `postgres` or `nobody` to run PostgreSQL as")
}

/// Reads `name:password:uid:gid:…`.
fn find_account(users: &str, name: &str) -> Option<Account> {
    let fields =
        users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields.first() == Some(&name))?;
    Some(Account { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
}

/// Ends and removes clusters whose run is gone.
fn remove_left_behind(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let Some(owner) = owner.and_then(|pid| pid.parse::<u32>().ok()) else {
            continue;
        };
        if owner != std::process::id() && process::command_line(owner).is_some_and(|line| line.contains("xtask")) {
            continue;
        }
        end_server_of(&entry.path());
        let _ = fs::remove_dir_all(entry.path());
    }
}

fn end_server_of(folder: &Path) {
    let noted = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
    let Some(pid) = noted.lines().next().and_then(|line| line.trim().parse().ok()) else {
        return;
    };
    let is_its = process::command_line(pid).is_some_and(|line| line.contains(&*folder.to_string_lossy()));
    if is_its && process::signal(pid, "INT").is_ok() {
        let start = Instant::now();
        while process::command_line(pid).is_some() && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let users = "root:x:0:0:root:/:/bin/sh\nnobodys:x:1:2::/:\nnobody:x:65534:65533:::\n";
        let account = find_account(users, "nobody").expect("is there");
        assert_eq!((account.uid, account.gid), (65534, 65533));
        assert!(find_account(users, "postgres").is_none());
        assert!(find_account("broken:x", "broken").is_none());
    }
}
