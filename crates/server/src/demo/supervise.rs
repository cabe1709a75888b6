//! The processes of a demonstration: one engine, five nodes. One that ends without being asked is started again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use suyuan_warehouse::engine::{EngineProcess, find_library};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::layout::Plan;
use crate::command::serve;

/// Pause before a process that ended is started again.
const PAUSE: Duration = Duration::from_millis(500);

/// The running processes.
pub(super) struct Supervisor {
    nodes: JoinSet<()>,
    engine: JoinSet<()>,
    stop_nodes: CancellationToken,
    stop_engine: CancellationToken,
}

impl Supervisor {
    /// Starts the engine, then the nodes, and waits until all of them answer.
    pub(super) async fn start(plan: &Plan) -> Result<Self> {
        let named = std::env::var_os("SUYUAN_CHDB_LIB").map(PathBuf::from);
        let library = find_library(named.as_deref(), &[PathBuf::from(".cache/chdb")])
            .context("未找到 ClickHouse 引擎库，请用 cargo xtask demo 启动")?;
        let plan = Arc::new(plan.clone());
        let mut supervisor = Self {
            nodes: JoinSet::new(),
            engine: JoinSet::new(),
            stop_nodes: CancellationToken::new(),
            stop_engine: CancellationToken::new(),
        };
        let engine = start_engine(&plan, &library).await?;
        supervisor.engine.spawn(keep_engine(plan.clone(), library, engine, supervisor.stop_engine.clone()));
        for index in 0..plan.nodes.len() {
            let child = start_node(&plan, index)?;
            supervisor.nodes.spawn(keep_node(plan.clone(), index, child, supervisor.stop_nodes.clone()));
        }
        let client = Client::new(&plan)?;
        for node in &plan.nodes {
            client.wait_ready(&node.url()).await.with_context(|| format!("节点 {} 未能就绪", node.code))?;
        }
        Ok(supervisor)
    }

    /// Stops the nodes, then the engine.
    pub(super) async fn stop(mut self) {
        self.stop_nodes.cancel();
        while self.nodes.join_next().await.is_some() {}
        self.stop_engine.cancel();
        while self.engine.join_next().await.is_some() {}
    }
}

async fn start_engine(plan: &Plan, library: &std::path::Path) -> Result<EngineProcess> {
    let data = plan.dir.join("engine");
    std::fs::create_dir_all(&data)?;
    let listen = format!("127.0.0.1:{}", plan.engine_port).parse()?;
    EngineProcess::start(&std::env::current_exe()?, library, &data, &plan.engine_key, listen)
        .await
        .context("数据仓库引擎")
}

async fn keep_engine(plan: Arc<Plan>, library: PathBuf, mut engine: EngineProcess, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = engine.wait() => {}
        }
        eprintln!("数据仓库引擎意外退出，正在重新启动");
        tokio::time::sleep(PAUSE).await;
        match start_engine(&plan, &library).await {
            Ok(started) => engine = started,
            Err(error) => eprintln!("数据仓库引擎未能启动：{error:#}"),
        }
    }
    if let Err(error) = engine.stop().await {
        eprintln!("数据仓库引擎：{error}");
    }
}

fn start_node(plan: &Plan, index: usize) -> Result<Child> {
    let node = &plan.nodes[index];
    let log = std::fs::OpenOptions::new().create(true).append(true).open(node.config.with_file_name("node.log"))?;
    serve::process(&std::env::current_exe()?, &node.config, &plan.engine_key, log)
        .with_context(|| format!("节点 {}", node.code))
}

async fn keep_node(plan: Arc<Plan>, index: usize, mut child: Child, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = child.wait() => {}
        }
        eprintln!(
            "节点 {} 意外退出，正在重新启动（日志 {}）",
            plan.nodes[index].code,
            plan.nodes[index].config.with_file_name("node.log").display()
        );
        tokio::time::sleep(PAUSE).await;
        match start_node(&plan, index) {
            Ok(started) => child = started,
            Err(error) => eprintln!("节点 {} 未能启动：{error:#}", plan.nodes[index].code),
        }
    }
    if let Some(pid) = child.id() {
        // The standard library has no signal but kill; the node wants to end its rounds.
        let asked = Command::new("kill").arg("-TERM").arg(pid.to_string()).status().await;
        let gave_time = tokio::time::timeout(Duration::from_secs(20), child.wait()).await;
        if asked.is_err() || gave_time.is_err() {
            let _ = child.kill().await;
        }
    }
}
