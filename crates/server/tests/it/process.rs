//! Engine and nodes as processes of the real program, as in life: started, killed without warning, and started again
//! over the same data at the same address.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use suyuan_server::command::serve;
use suyuan_server::config::{Config, DemoAccount, DemoSection, ParentSection, WarehouseSection};
use suyuan_warehouse::engine::EngineProcess;
use tokio::net::TcpSocket;
use tokio::process::{Child, Command};

use crate::database::NodeDatabase;
use crate::harness::{ACCOUNTS, Caller, PASSWORD, PROGRAM, library, wait_for};

/// A loopback port that nobody else gets while its process is down: a bound socket that does not listen stays here.
struct Port {
    address: SocketAddr,
    _held: TcpSocket,
}

impl Port {
    fn take() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        // Who binds it next must be let in beside this one, as every listener of the standard library is.
        socket.set_reuseaddr(true).expect("a shared address");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        Self { address: socket.local_addr().expect("an address"), _held: socket }
    }
}

/// The engine as a process.
pub struct EngineUnderTest {
    port: Port,
    process: Option<EngineProcess>,
    folder: tempfile::TempDir,
}

/// Password of the engine of a test.
const ENGINE_KEY: &str = "engine-of-processes";

impl EngineUnderTest {
    /// Starts an engine without data.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut engine = Self { port: Port::take(), process: None, folder };
        engine.start().await;
        engine
    }

    /// Starts it again after [`EngineUnderTest::kill`].
    pub async fn start(&mut self) {
        let (program, data) = (Path::new(PROGRAM), self.folder.path());
        let started = EngineProcess::start(program, &library(), data, ENGINE_KEY, self.port.address).await;
        self.process = Some(started.expect("the engine"));
    }

    /// Kills the process as a power cut would (SIGKILL).
    pub async fn kill(&mut self) {
        let process = self.process.take().expect("a running engine");
        process.kill().await.expect("a killed engine");
    }
}

/// A node as a process.
pub struct NodeUnderTest {
    /// Its code.
    pub code: String,
    config: PathBuf,
    port: Port,
    process: Option<Child>,
    _database: NodeDatabase,
    folder: tempfile::TempDir,
}

impl NodeUnderTest {
    /// Starts a node without data below `parent`, which has to admit it.
    pub async fn new(code: &str, parent: Option<&Self>, engine: &EngineUnderTest) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = NodeDatabase::for_node(folder.path()).await;
        let port = Port::take();
        let engine = Some(format!("http://{}", engine.port.address));
        let warehouse = WarehouseSection::of(engine, format!("node_{code}"));
        let mut config = Config::embedded(code, port.address, folder.path(), warehouse);
        config.parent = parent.map(|parent| ParentSection { code: parent.code.clone(), url: parent.url() });
        config.database.url = database.url.clone();
        config.demo = Some(DemoSection { accounts: ACCOUNTS.map(account).to_vec(), ..DemoSection::default() });
        let file = folder.path().join("node.toml");
        std::fs::write(&file, toml::to_string(&config).expect("a configuration")).expect("a file");
        let code = code.to_owned();
        let mut node = Self { code, config: file, port, process: None, _database: database, folder };
        node.start().await;
        if let Some(parent) = parent {
            let child = node.caller().sign_in("security").await;
            parent.caller().sign_in("security").await.admit(&node.code, &child).await;
        }
        node
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address)
    }

    /// Somebody without an account there.
    pub fn caller(&self) -> Caller {
        Caller::nobody(&self.url())
    }

    /// Starts it, or starts it again after [`NodeUnderTest::kill`], and waits until it can work.
    pub async fn start(&mut self) {
        let log = self.folder.path().join("node.log");
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let mut process = serve::process(Path::new(PROGRAM), &self.config, ENGINE_KEY, file).expect("a process");
        let caller = self.caller();
        let ready = async {
            wait_for(&format!("{} to be ready", self.code), || async {
                caller.try_get("/readyz").await.is_some_and(|reply| reply.status == 200)
            })
            .await;
        };
        tokio::select! {
            () = ready => {}
            ended = process.wait() => {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("{} ended with {ended:?}:\n{log}", self.code);
            }
        }
        self.process = Some(process);
    }

    /// Kills the process as a power cut would (SIGKILL).
    pub async fn kill(&mut self) {
        let mut process = self.process.take().expect("a running node");
        process.kill().await.expect("a killed node");
    }

    /// Proves every chain of its journal from the stored bytes, as an operator does.
    pub async fn verify_journal(&self) {
        let mut command = Command::new(PROGRAM);
        command.args(["verify", "journal", "--config"]).arg(&self.config);
        let output = command.output().await.expect("an outcome");
        assert!(output.status.success(), "{}: {}", self.code, String::from_utf8_lossy(&output.stderr));
    }
}

fn account((username, role): (&str, &str)) -> DemoAccount {
    let (username, name) = (username.to_owned(), username.to_owned());
    DemoAccount { username, password: PASSWORD.to_owned(), role: role.to_owned(), name }
}
