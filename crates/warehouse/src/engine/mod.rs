//! The embedded ClickHouse engine: `libchdb` behind ClickHouse's own HTTP interface on a loopback port.
//!
//! With this, the official client is the only client in the code base, whichever engine answers. The library is
//! loaded from a path at run time, so a node with an outside ClickHouse never needs it. [`serve`] is the body of the
//! role `suyuan engine`; [`EngineProcess`] is how another role starts it.
//!
//! What is different from a ClickHouse server:
//! * the key is required on every request but `/ping` (`X-ClickHouse-Key`, `password`, or basic authentication);
//! * request bodies are not decompressed: the client must be built with `Compression::None`;
//! * one statement per request; no sessions, roles, `SET`, `USE`, `SYSTEM`, `ATTACH`, `KILL`, temporary tables;
//! * nothing reads or writes files or the network (see `guard` and `config`);
//! * the body of an insert is received whole, in memory or in a spool file, before its first byte reaches the
//!   engine: a body that is cut off stores nothing, whatever its size;
//! * a statement without `database` runs in `default`;
//! * `POST /backup?database=…&name=…` writes `<data_dir>/backups/<name>.tar.zst`, `POST /restore` reads it back.
//!
//! One process holds one data directory; a second process on the same directory is refused by the engine.
//! Serves the warehouse decision "Embedded ClickHouse"; the schema, rows and queries are elsewhere in this crate.

mod config;
mod ffi;
mod guard;
mod http;
mod process;
mod request;
mod run;
mod spool;

pub use process::{EngineProcess, KEY_VARIABLE, StartError, announce, until_parent_gone};

use std::{
    future::Future,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{net::TcpListener, sync::oneshot};

/// Memory bound of the engine when nothing else is said: 2 GiB.
pub const DEFAULT_MAX_MEMORY_BYTES: u64 = 2 << 30;

/// Statements run at once when nothing else is said; further ones wait.
pub const DEFAULT_MAX_CONNECTIONS: usize = 16;

/// Name of the library file below the npm package `@chdb/lib-<system>`.
const LIBRARY_FILE: &str = "libchdb.so";

/// What [`serve`] needs to know.
#[derive(Clone)]
pub struct EngineConfig {
    /// The library file, see [`find_library`].
    pub library: PathBuf,
    /// The engine's directory; created when missing. One process at a time.
    pub data_dir: PathBuf,
    /// Loopback address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The secret every request must carry. Must not be empty.
    pub key: String,
    /// Upper bound of the engine's memory in bytes (`max_server_memory_usage`); one query may use three quarters.
    pub max_memory_bytes: u64,
    /// Statements carried out at once, at least 1.
    pub max_connections: usize,
}

impl EngineConfig {
    /// A configuration with the default bounds, listening on a free port of 127.0.0.1.
    #[must_use]
    pub fn new(library: PathBuf, data_dir: PathBuf, key: String) -> Self {
        Self {
            library,
            data_dir,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            key,
            max_memory_bytes: DEFAULT_MAX_MEMORY_BYTES,
            max_connections: DEFAULT_MAX_CONNECTIONS,
        }
    }
}

/// Why the engine does not run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The address is reachable from outside.
    #[error("内嵌分析引擎只能监听本机回环地址，不能是 {0}")]
    NotLoopback(SocketAddr),
    /// No key was given.
    #[error("内嵌分析引擎缺少访问密钥")]
    NoKey,
    /// The library is missing, of another system, or of another version.
    #[error("无法加载分析引擎库 {path}：{source}")]
    Library {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        source: libloading::Error,
    },
    /// The engine did not open its data; its own words are on standard error.
    #[error("分析引擎无法打开数据目录（可能已被另一进程占用）")]
    Connect,
    /// The path cannot be given to the engine.
    #[error("路径不是合法的 UTF-8：{0}")]
    Path(PathBuf),
    /// Files or sockets.
    #[error("分析引擎的文件或端口出错：{0}")]
    Io(#[from] io::Error),
    /// The task that ran the engine broke off.
    #[error("分析引擎的任务异常中止")]
    Aborted,
}

/// Finds the library: `explicit` when it is a file, else below each root as the npm package puts it.
///
/// A root is a folder that holds `node_modules` (for example `.cache/chdb` of the workspace) or the library itself.
#[must_use]
pub fn find_library(explicit: Option<&Path>, roots: &[PathBuf]) -> Option<PathBuf> {
    if let Some(file) = explicit {
        return file.is_file().then(|| file.to_owned());
    }
    let package = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("macos", "aarch64") => "lib-darwin-arm64",
        ("macos", _) => "lib-darwin-x64",
        (_, "aarch64") => "lib-linux-arm64-gnu",
        _ => "lib-linux-x64-gnu",
    };
    roots.iter().find_map(|root| {
        let in_package = root.join("node_modules/@chdb").join(package);
        [in_package, root.clone()].into_iter().map(|folder| folder.join(LIBRARY_FILE)).find(|file| file.is_file())
    })
}

/// Opens the engine and serves it until `shutdown` resolves. `ready` gets the bound address once queries are answered.
///
/// Running requests are given ten seconds at shutdown. The library stays loaded: a process calls this once.
///
/// # Errors
/// [`EngineError`] when the address is not loopback, the key is empty, or the library, directory or port cannot be
/// opened.
pub async fn serve(
    config: EngineConfig,
    ready: oneshot::Sender<SocketAddr>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), EngineError> {
    if !config.listen.ip().is_loopback() {
        return Err(EngineError::NotLoopback(config.listen));
    }
    if config.key.is_empty() {
        return Err(EngineError::NoKey);
    }
    let listener = TcpListener::bind(config.listen).await?;
    let address = listener.local_addr()?;
    let key = config.key.clone();
    let runner =
        tokio::task::spawn_blocking(move || run::Runner::open(&config)).await.map_err(|_| EngineError::Aborted)??;
    let runner = Arc::new(runner);
    tracing::info!(%address, "内嵌分析引擎已就绪");
    // A caller that no longer waits for the address still gets a running engine.
    let _ = ready.send(address);
    http::serve(listener, Arc::new(http::Server::new(key, Arc::clone(&runner))), shutdown).await;
    tokio::task::spawn_blocking(move || runner.close()).await.map_err(|_| EngineError::Aborted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(listen: &str, key: &str) -> Result<EngineConfig, std::net::AddrParseError> {
        let mut config = EngineConfig::new(PathBuf::new(), PathBuf::new(), key.to_owned());
        config.listen = listen.parse()?;
        Ok(config)
    }

    #[tokio::test]
    async fn only_loopback_with_a_key_is_served() -> Result<(), Box<dyn std::error::Error>> {
        let (ready, _) = oneshot::channel();
        let outside = serve(config("0.0.0.0:0", "k")?, ready, std::future::pending()).await;
        assert!(matches!(outside, Err(EngineError::NotLoopback(_))));
        let (ready, _) = oneshot::channel();
        let open = serve(config("127.0.0.1:0", "")?, ready, std::future::pending()).await;
        assert!(matches!(open, Err(EngineError::NoKey)));
        Ok(())
    }

    #[test]
    fn the_library_is_found_below_a_root() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let roots = [root.path().to_owned()];
        assert_eq!(find_library(None, &roots), None);
        let file = root.path().join(LIBRARY_FILE);
        std::fs::write(&file, b"")?;
        assert_eq!(find_library(None, &roots), Some(file.clone()));
        assert_eq!(find_library(Some(&file), &[]), Some(file));
        assert_eq!(find_library(Some(Path::new("/nonexistent")), &roots), None);
        Ok(())
    }
}
