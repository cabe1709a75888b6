//! `suyuan simulate`: a simulated world as the files and calls that real systems use.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use suyuan_domain::clock::{Clock, SystemClock, Timestamp};
use suyuan_simulator::{Plan, World, WorldSize};

use crate::reference;

/// Arguments of the simulation.
#[derive(Clone, Debug, Args)]
pub struct SimulateArgs {
    /// Seed: the same seed gives the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Subjects.
    #[arg(long, default_value_t = 600)]
    subjects: usize,
    /// Events.
    #[arg(long, default_value_t = 300_000)]
    events: usize,
    /// Days.
    #[arg(long, default_value_t = 35)]
    days: u32,
    /// Cities that report, by division code.
    #[arg(long, value_delimiter = ',', default_value = "370200,370100")]
    nodes: Vec<String>,
    /// Last moment of the world, RFC 3339; by default now.
    #[arg(long)]
    until: Option<Timestamp>,
    /// Folder to write into.
    #[arg(long)]
    out: PathBuf,
}

/// Writes the world.
///
/// # Errors
/// When a node is no city, or a file cannot be written.
pub fn run(args: &SimulateArgs) -> Result<()> {
    let reference = reference::load()?;
    let size = WorldSize { subjects: args.subjects, events: args.events, days: args.days };
    let until = args.until.unwrap_or_else(|| SystemClock::default().now());
    let plan = Plan { seed: args.seed, size, until, nodes: args.nodes.clone() };
    let world = World::generate(plan, &reference.packs, &reference.divisions)?;
    world.write_dir(&args.out).with_context(|| format!("写入 {}", args.out.display()))?;
    println!("已写入 {}：{} 个主体，{} 个接入系统", args.out.display(), world.subjects().len(), world.systems().len());
    Ok(())
}
