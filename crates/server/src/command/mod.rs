//! The commands of `suyuan`.

mod admin;
mod engine;
mod migrate;
mod openapi;
mod rights;
pub mod serve;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The platform for tracing important products: nodes of every tier, their engine and their tools.
#[derive(Debug, Parser)]
#[command(name = "suyuan", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a node.
    Serve {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Runs the embedded ClickHouse engine; ends when its standard input closes.
    Engine(engine::EngineArgs),
    /// Runs five nodes with a sample world.
    Demo(crate::demo::DemoArgs),
    /// Writes a simulated world as the files and calls that real systems use.
    Simulate(crate::demo::simulate::SimulateArgs),
    /// Prints figures of speed, with the machine named.
    Bench(crate::demo::bench::BenchArgs),
    /// Brings the schemas of a node's databases up to this version.
    Migrate {
        /// Configuration file.
        #[arg(long)]
        config: PathBuf,
    },
    /// Accounts of a node.
    Admin(admin::AdminArgs),
    /// Proves what is kept: the journal's chains or the audit trail.
    Verify(verify::VerifyArgs),
    /// Prints the OpenAPI document.
    Openapi,
    /// Prints the matrix of rights.
    Rights(rights::RightsArgs),
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    logging();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("无法启动：{error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(cli.command));
    // A statement that still runs in the engine is not waited for.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("错误：{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve { config } => serve::run(&config).await,
        Command::Engine(args) => engine::run(args).await,
        Command::Demo(args) => crate::demo::run(args).await,
        Command::Simulate(args) => crate::demo::simulate::run(&args),
        Command::Bench(args) => crate::demo::bench::run(args).await,
        Command::Migrate { config } => migrate::run(&config).await,
        Command::Admin(args) => admin::run(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Openapi => openapi::run(),
        Command::Rights(args) => rights::run(args).await,
    }
}

fn logging() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("SUYUAN_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,typst=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// Resolves when the process is asked to end: Ctrl-C, or the signal of a supervisor.
pub(crate) async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupted = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupted.await;
        }
    }
}
