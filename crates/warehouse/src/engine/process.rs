//! The engine as a child process: starting it, waiting until it answers, stopping it; and the child's own half.
//!
//! The child exits when its standard input ends, so it dies with whoever started it, however that ended. It leaves
//! to others: restarting (the supervisor of the node or demo) and the command line of the child (the binary).

use std::{
    ffi::OsString,
    io::{self, Read as _, Write as _},
    net::SocketAddr,
    path::Path,
    process::{ExitStatus, Stdio},
    thread,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::oneshot,
    time::timeout,
};

/// The environment variable the child reads its key from.
pub const KEY_VARIABLE: &str = "SUYUAN_ENGINE_KEY";

/// A child that has not announced its address after this time has failed.
const START_TIME: Duration = Duration::from_secs(60);
/// A child asked to stop is killed after this time.
const STOP_TIME: Duration = Duration::from_secs(20);

/// Why the engine process did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program could not be started.
    #[error("无法启动分析引擎进程：{0}")]
    Spawn(#[source] io::Error),
    /// The program ended before it announced an address; its reason is on standard error.
    #[error("分析引擎进程启动后退出：{0}")]
    Exited(String),
    /// No address within a minute.
    #[error("分析引擎进程在规定时间内没有就绪")]
    TimedOut,
}

/// The line with which a child announces its address.
#[derive(serde::Serialize, serde::Deserialize)]
struct Announcement {
    listen: SocketAddr,
}

/// A running engine process. Dropping it kills the process.
#[derive(Debug)]
pub struct EngineProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    address: SocketAddr,
}

impl EngineProcess {
    /// Starts `program engine --data-dir … --library … --listen …` with the key in `SUYUAN_ENGINE_KEY`, and waits
    /// until it answers queries.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        program: &Path,
        library: &Path,
        data_dir: &Path,
        key: &str,
        listen: SocketAddr,
    ) -> Result<Self, StartError> {
        let arguments = [
            OsString::from("engine"),
            OsString::from("--data-dir"),
            data_dir.into(),
            OsString::from("--library"),
            library.into(),
            OsString::from("--listen"),
            OsString::from(listen.to_string()),
        ];
        let environment = [(OsString::from(KEY_VARIABLE), OsString::from(key))];
        Self::spawn(program, &arguments, &environment).await
    }

    /// Starts any program that serves the engine, announces its address ([`announce`]) and ends with its standard
    /// input ([`until_parent_gone`]).
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn spawn(
        program: &Path,
        arguments: &[OsString],
        environment: &[(OsString, OsString)],
    ) -> Result<Self, StartError> {
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(StartError::Spawn)?;
        let stdin = child.stdin.take();
        let Some(stdout) = child.stdout.take() else {
            return Err(StartError::Exited(String::from("没有标准输出")));
        };
        let mut lines = BufReader::new(stdout).lines();
        let announced = timeout(START_TIME, announced(&mut lines)).await.map_err(|_| StartError::TimedOut)?;
        let Some(address) = announced else {
            let status = child.wait().await.map_err(StartError::Spawn)?;
            return Err(StartError::Exited(status.to_string()));
        };
        // A full pipe would block the child, so the rest of its output is read and thrown away.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, stdin, address })
    }

    /// Where the engine answers, for the client's `with_url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address behind [`EngineProcess::url`].
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id, as long as the process has not been waited for.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether the process has ended, by itself or otherwise. A state that cannot be read counts as ended.
    pub fn has_exited(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the process ends by itself.
    ///
    /// # Errors
    /// The state of the process cannot be read.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Kills the process at once, as a power cut would.
    ///
    /// # Errors
    /// The process could not be killed.
    pub async fn kill(mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Asks the process to end by closing its standard input, and kills it after 20 s.
    ///
    /// # Errors
    /// The process could neither be waited for nor killed.
    pub async fn stop(mut self) -> io::Result<()> {
        drop(self.stdin.take());
        match timeout(STOP_TIME, self.child.wait()).await {
            Ok(result) => result.map(drop),
            Err(_) => self.child.kill().await,
        }
    }
}

async fn announced(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<SocketAddr> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Ok(Announcement { listen }) = serde_json::from_str(&line) {
            return Some(listen);
        }
    }
    None
}

/// The child's half: tells the parent on standard output where the engine answers.
///
/// # Errors
/// Standard output is closed.
pub fn announce(listen: SocketAddr) -> io::Result<()> {
    let line = serde_json::to_string(&Announcement { listen })?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// The child's half: resolves when standard input ends, which is when the parent has ended or asks the child to.
pub async fn until_parent_gone() {
    let (sender, receiver) = oneshot::channel::<()>();
    // A thread of its own, because reading standard input cannot be cancelled and would hold up the runtime's end.
    let watcher = thread::Builder::new().name(String::from("parent-watch")).spawn(move || {
        let mut buffer = [0; 256];
        let mut stdin = io::stdin().lock();
        while matches!(stdin.read(&mut buffer), Ok(read) if read > 0) {}
        drop(sender);
    });
    if watcher.is_err() {
        tracing::warn!("无法监视上级进程");
    }
    // The sender is only ever dropped, which is the signal.
    let _ = receiver.await;
}
