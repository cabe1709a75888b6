//! `cargo xtask`: everything a newcomer needs to try, test and measure the platform with one command.
//!
//! Each command first sets up what is missing (the ClickHouse engine, Chinese fonts, the frontend, for tests also a
//! PostgreSQL of its own and a browser), says what it does, and skips what is done. It knows processes and files only:
//! what the platform does is left to the crates, and configuration of a real installation to `deploy/`.

mod bench;
mod command;
mod demo;
mod process;
mod root;
mod setup;
mod suite;
mod tally;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Set up, try, test and measure the traceability platform.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install everything the other commands need, and do nothing else.
    Setup,
    /// Run the platform of several tiers with invented data and open it in the browser.
    Demo(demo::Options),
    /// Check formatting, lints and types, and run every test; the last line is `N passed, N failed`.
    Test {
        /// Only one part of the tests.
        #[arg(long, value_enum)]
        only: Option<suite::Part>,
    },
    /// Measure the platform on this machine; the arguments go to `suyuan bench`.
    Bench {
        /// Arguments of `suyuan bench`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Task::Setup => setup::everything().map(|()| ExitCode::SUCCESS),
        Task::Demo(options) => demo::run(&options),
        Task::Test { only } => Ok(suite::run(only)),
        Task::Bench { args } => bench::run(&args),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
