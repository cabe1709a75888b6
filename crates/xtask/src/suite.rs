//! `cargo xtask test`: all checks and tests one after another, going on after a failure, with one sum at the end.
//! What is tested is left to the tests; how their results are counted to `tally`.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Result;

use crate::command::{self, Outcome, cargo, npm, run_and_collect, step};
use crate::root::{frontend as frontend_folder, target};
use crate::setup::{self, postgres::Postgres};
use crate::tally::{self, Counts, Tally};

/// The variable that names a PostgreSQL server on which tests make databases.
const POSTGRES_URL: &str = "SUYUAN_TEST_POSTGRES_URL";

/// A part of the tests.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Formatting, lints and tests of the Rust crates.
    Rust,
    /// Types, lints and unit tests of the web interface.
    Frontend,
    /// Browser tests of the web interface on a running node.
    E2e,
}

fn run_parts(only: Option<Part>, tally: &mut Tally) {
    let wanted = |part| only.is_none_or(|only| only == part);
    if wanted(Part::Rust) {
        rust(tally);
    }
    if wanted(Part::Frontend) {
        frontend(tally);
    }
    if wanted(Part::E2e) {
        e2e(tally);
    }
}

/// Runs the parts, lists what failed, and prints `N passed, N failed` as the last line.
pub fn run(only: Option<Part>) -> ExitCode {
    let start = Instant::now();
    let mut tally = Tally::default();
    run_parts(only, &mut tally);
    println!("\nall of it: {:.1} s", start.elapsed().as_secs_f64());
    if !tally.failures.is_empty() {
        println!("failed:");
        for failure in &tally.failures {
            println!("  {failure}");
        }
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    ExitCode::from(u8::from(!tally.is_good()))
}

fn rust(tally: &mut Tally) {
    check(tally, "cargo fmt", cargo().args(["fmt", "--all", "--check"]));
    let lint = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    check(tally, "cargo clippy", cargo().args(lint));
    let mut test = cargo();
    if let Some(env) = set_up(tally, setup::libraries) {
        test.envs(env);
    }
    // Tests start the real program, so it is built before them.
    check(tally, "build of suyuan", &mut build_suyuan());
    let postgres = own_postgres(tally);
    if let Some(postgres) = &postgres {
        test.env(POSTGRES_URL, postgres.url());
    }
    if let Some(chromium) = set_up(tally, setup::system::chromium) {
        test.env("SUYUAN_CHROMIUM", chromium);
    }
    test.args(["test", "--workspace", "--no-fail-fast"]);
    runner(tally, "cargo test", &mut test, tally::cargo_counts, tally::cargo_failures);
    if postgres.is_some() || std::env::var_os(POSTGRES_URL).is_some() {
        nodes_on_postgres(tally, &test);
    }
}

/// The tests on running nodes once more, with their databases on PostgreSQL.
fn nodes_on_postgres(tally: &mut Tally, first: &Command) {
    let mut test = cargo();
    test.envs(first.get_envs().filter_map(|(name, value)| Some((name, value?))));
    test.env("SUYUAN_TEST_DATABASE", "postgres");
    test.args(["test", "--package", "suyuan-server", "--test", "it", "--no-fail-fast"]);
    let title = "cargo test of running nodes on PostgreSQL";
    runner(tally, title, &mut test, tally::cargo_counts, |output| {
        tally::cargo_failures(output).into_iter().map(|name| format!("{name} (PostgreSQL)")).collect()
    });
}

/// A PostgreSQL for this run, unless the environment names one.
fn own_postgres(tally: &mut Tally) -> Option<Postgres> {
    if std::env::var_os(POSTGRES_URL).is_some() {
        println!("==> PostgreSQL for tests: {POSTGRES_URL} names one");
        return None;
    }
    set_up(tally, || step("PostgreSQL for tests", Postgres::start))
}

fn frontend(tally: &mut Tally) {
    if set_up(tally, || step("packages of the web interface", setup::frontend::install)).is_none() {
        return;
    }
    for (title, script) in [("typecheck of the frontend", "typecheck"), ("lint of the frontend", "lint")] {
        match npm_script(script) {
            Ok(mut command) => check(tally, title, &mut command),
            Err(error) => tally.fail(format!("{title}: {error:#}")),
        }
    }
    match npm_script("test") {
        Ok(mut command) => runner(tally, "vitest", &mut command, tally::vitest_counts, |_| Vec::new()),
        Err(error) => tally.fail(format!("vitest: {error:#}")),
    }
}

fn e2e(tally: &mut Tally) {
    if !setup::frontend::has_script("e2e") {
        println!("==> browser tests: none, frontend/package.json has no script `e2e`");
        return;
    }
    let Some((env, chromium)) = set_up(tally, prepare_e2e) else {
        return;
    };
    match npm_script("e2e") {
        Ok(mut command) => {
            command.envs(env).env("SUYUAN_CHROMIUM", chromium);
            command.env("SUYUAN_BIN", target().join("debug/suyuan"));
            runner(tally, "browser tests", &mut command, tally::playwright_counts, |_| Vec::new());
        }
        Err(error) => tally.fail(format!("browser tests: {error:#}")),
    }
}

/// Everything a node in a browser test needs; the tests' own set-up starts and ends it.
fn prepare_e2e() -> Result<(setup::Env, PathBuf)> {
    let env = setup::for_running()?;
    step("build of suyuan", || command::run(&mut build_suyuan()))?;
    Ok((env, setup::system::chromium()?))
}

fn build_suyuan() -> Command {
    let mut build = cargo();
    build.args(["build", "--package", "suyuan-server", "--bin", "suyuan"]);
    build
}

fn npm_script(name: &str) -> Result<Command> {
    if !setup::frontend::has_script(name) {
        anyhow::bail!("frontend/package.json has no script `{name}`");
    }
    let mut command = npm(&frontend_folder())?;
    command.args(["run", "--silent", name]).env("CI", "1").env("NO_COLOR", "1");
    Ok(command)
}

/// A piece of set-up whose failure counts as one failure and does not end the run.
fn set_up<T>(tally: &mut Tally, work: impl FnOnce() -> Result<T>) -> Option<T> {
    work()
        .map_err(|error| {
            eprintln!("error: {error:#}");
            tally.fail(format!("set-up: {error:#}"));
        })
        .ok()
}

/// A command that passes or fails as a whole.
fn check(tally: &mut Tally, title: &str, program: &mut Command) {
    let result = step(title, || command::run(program));
    if let Err(error) = &result {
        eprintln!("error: {error:#}");
    }
    tally.check(title, result.is_ok());
}

/// A test runner with a summary of its own.
fn runner(
    tally: &mut Tally,
    title: &str,
    command: &mut Command,
    counts: fn(&str) -> Counts,
    names: fn(&str) -> Vec<String>,
) {
    match step(title, || run_and_collect(command)) {
        Ok(Outcome { stdout, success }) => {
            tally.runner(title, counts(&stdout), names(&stdout), success);
        }
        Err(error) => tally.fail(format!("{title}: {error:#}")),
    }
}
