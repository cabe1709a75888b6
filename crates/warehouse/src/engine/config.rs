//! How the embedded engine is confined: its directories, its server settings and the grants of its only user.
//!
//! The engine reads two XML files at its first connection. The session user holds no source (file, URL, S3, remote,
//! other databases), no dictionary, no access management and no `SYSTEM`; inserts are synced to disk before they are
//! acknowledged. It leaves to others: statements (`guard`) and connections (`ffi`).

use super::EngineError;
use std::{
    ffi::CString,
    fs,
    path::{Path, PathBuf},
};

/// What the engine's user may do. Sources and engines outside the MergeTree family are absent on purpose.
const GRANTS: &str = "GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP, TRUNCATE, \
                      OPTIMIZE, SHOW, CHECK, BACKUP ON *.*";

/// Reading stops after this many seconds, so that an abandoned query cannot hold a connection for ever.
const MAX_EXECUTION_SECONDS: u32 = 300;

/// The folders and files below the engine's data directory.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Creates the folders and writes the two configuration files. Changes nothing a running engine depends on.
    ///
    /// # Errors
    /// [`EngineError::Io`] when the directory cannot be written, [`EngineError::Path`] when its path is not UTF-8.
    pub(super) fn prepare(data_dir: &Path, max_memory_bytes: u64) -> Result<Self, EngineError> {
        fs::create_dir_all(data_dir)?;
        let root = data_dir.canonicalize()?;
        let layout = Self { root };
        for folder in [layout.store(), layout.spool(), layout.backups()] {
            fs::create_dir_all(folder)?;
        }
        fs::write(layout.users_file(), users(max_memory_bytes))?;
        fs::write(layout.config_file(), layout.config(max_memory_bytes)?)?;
        Ok(layout)
    }

    /// Where the tables are.
    fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// Where bodies of inserts wait until they are complete.
    pub(super) fn spool(&self) -> PathBuf {
        self.root.join("spool")
    }

    /// Removes what an earlier process left in the spool. Only after the engine has locked the directory.
    ///
    /// # Errors
    /// [`EngineError::Io`].
    pub(super) fn clear_spool(&self) -> Result<(), EngineError> {
        for entry in fs::read_dir(self.spool())? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }

    /// Where backups are written to and restored from.
    pub(super) fn backups(&self) -> PathBuf {
        self.root.join("backups")
    }

    fn config_file(&self) -> PathBuf {
        self.root.join("engine.xml")
    }

    fn users_file(&self) -> PathBuf {
        self.root.join("engine-users.xml")
    }

    /// The arguments of the connection that boots the engine; later connections repeat them.
    pub(super) fn arguments(&self) -> Result<Vec<CString>, EngineError> {
        let texts = [
            String::from("clickhouse"),
            format!("--config-file={}", utf8(&self.config_file())?),
            format!("--path={}", utf8(&self.store())?),
        ];
        texts.into_iter().map(|text| CString::new(text).map_err(|_| EngineError::Path(self.root.clone()))).collect()
    }

    fn config(&self, max_memory_bytes: u64) -> Result<String, EngineError> {
        Ok(format!(
            "<clickhouse>\n  <path>{store}</path>\n  <users_config>{users}</users_config>\n  \
             <max_server_memory_usage>{max_memory_bytes}</max_server_memory_usage>\n  \
             <mark_cache_size>{cache}</mark_cache_size>\n  \
             <merge_tree>\n    <fsync_after_insert>1</fsync_after_insert>\n    \
             <fsync_part_directory>1</fsync_part_directory>\n  </merge_tree>\n  \
             <backups>\n    <allowed_path>{backups}</allowed_path>\n  </backups>\n</clickhouse>\n",
            store = escape(utf8(&self.store())?),
            users = escape(utf8(&self.users_file())?),
            backups = escape(utf8(&self.backups())?),
            cache = max_memory_bytes / 8,
        ))
    }
}

fn users(max_memory_bytes: u64) -> String {
    format!(
        "<clickhouse>\n  <profiles>\n    <default>\n      \
         <max_execution_time>{MAX_EXECUTION_SECONDS}</max_execution_time>\n      \
         <max_memory_usage>{query}</max_memory_usage>\n    </default>\n  </profiles>\n  \
         <quotas>\n    <default/>\n  </quotas>\n  <users>\n    <default>\n      <password></password>\n      \
         <networks>\n        <ip>::/0</ip>\n      </networks>\n      <profile>default</profile>\n      \
         <quota>default</quota>\n      <grants>\n        <query>{GRANTS}</query>\n        \
         <query>GRANT TABLE ENGINE ON MergeTree</query>\n      </grants>\n    </default>\n  </users>\n\
         </clickhouse>\n",
        query = max_memory_bytes / 4 * 3,
    )
}

fn utf8(path: &Path) -> Result<&str, EngineError> {
    path.to_str().ok_or_else(|| EngineError::Path(path.to_owned()))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_gets_its_folders_and_files() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("a & b");
        let layout = Layout::prepare(&data, 1 << 30)?;
        fs::write(layout.spool().join("left-over"), b"x")?;
        let layout = Layout::prepare(&data, 1 << 30)?;
        assert_eq!(fs::read_dir(layout.spool())?.count(), 1);
        layout.clear_spool()?;
        assert_eq!(fs::read_dir(layout.spool())?.count(), 0);
        let config = fs::read_to_string(layout.config_file())?;
        assert!(config.contains("a &amp; b/store"));
        assert!(config.contains("<max_server_memory_usage>1073741824</max_server_memory_usage>"));
        assert_eq!(layout.arguments()?.len(), 3);
        Ok(())
    }
}
