//! Setting up what a command needs. Every part says what it does, does nothing when it is done already, and can be
//! repeated after an interruption. Which version of what is installed stands in `deploy/packages` and in the lock files.

pub mod frontend;
pub mod packages;
pub mod postgres;
pub mod system;

use std::path::PathBuf;

use anyhow::Result;

use crate::command::{cargo, run, step};
use crate::root::{frontend as frontend_folder, root, target};

/// Variables for a program that is started.
pub type Env = Vec<(&'static str, PathBuf)>;

/// All parts, for `cargo xtask setup`.
///
/// # Errors
/// The first part that could not be set up.
pub fn everything() -> Result<()> {
    for_running()?;
    step("PostgreSQL for tests", postgres::programs)?;
    step("browser for tests", system::chromium)?;
    println!("everything is set up; now: cargo xtask demo");
    Ok(())
}

/// What the platform needs to run: compiler, engine, fonts and the built web interface.
///
/// # Errors
/// The first part that could not be set up.
pub fn for_running() -> Result<Env> {
    step("C compiler", system::c_compiler)?;
    let mut env = libraries()?;
    step("web interface", || {
        frontend::install()?;
        frontend::build()
    })?;
    env.extend(data_folders());
    Ok(env)
}

/// The downloaded parts that both a running node and the Rust tests need.
///
/// # Errors
/// A part could not be downloaded.
pub fn libraries() -> Result<Env> {
    Ok(vec![
        ("SUYUAN_CHDB_LIB", step("ClickHouse engine", packages::engine)?),
        ("SUYUAN_FONTS_DIR", step("Chinese fonts", packages::fonts)?),
    ])
}

/// Folders of the checkout that a node reads.
pub fn data_folders() -> Env {
    vec![
        ("SUYUAN_FRONTEND_DIR", frontend_folder().join("dist")),
        ("SUYUAN_REFERENCE_DIR", root().join("sql/reference")),
        ("SUYUAN_GIS_DIR", root().join("gis")),
    ]
}

/// Builds the platform for demo and measurement; gives the program.
///
/// # Errors
/// It does not compile.
pub fn build_optimised() -> Result<PathBuf> {
    run(cargo().args(["build", "--profile", "demo", "--package", "suyuan-server"]))?;
    Ok(target().join("demo/suyuan"))
}
