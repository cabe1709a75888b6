//! Reference data that is part of the program: packs, divisions, boundaries. Read once and shared.

use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, anyhow};
use suyuan_domain::division::Divisions;
use suyuan_domain::pack::Packs;
use suyuan_gis::Boundaries;

const DIVISIONS: &str = include_str!("../../../sql/reference/divisions.csv");
const RETIRED: &str = include_str!("../../../sql/reference/division_changes.csv");
const BOUNDARIES: &[u8] = include_bytes!("../../../gis/china.topo.json");

/// Packs, divisions and boundaries.
#[derive(Clone)]
pub struct Reference {
    /// Categories, stages, rules, indicators, roles.
    pub packs: Arc<Packs>,
    /// Divisions, retired ones included.
    pub divisions: Arc<Divisions>,
    /// Boundaries.
    pub boundaries: Arc<Boundaries>,
}

impl std::fmt::Debug for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reference").finish_non_exhaustive()
    }
}

/// The divisions alone, which checking a configuration needs.
///
/// # Errors
/// When the pack is damaged.
pub fn divisions() -> Result<Arc<Divisions>> {
    static TABLE: OnceLock<Arc<Divisions>> = OnceLock::new();
    if let Some(table) = TABLE.get() {
        return Ok(table.clone());
    }
    let retired = RETIRED.split_once('\n').map_or("", |(_, rows)| rows);
    let table = Divisions::parse(&format!("{}\n{retired}", DIVISIONS.trim_end()))?;
    Ok(TABLE.get_or_init(|| Arc::new(table)).clone())
}

/// Everything.
///
/// # Errors
/// When a pack is damaged.
pub fn load() -> Result<Reference> {
    static LOADED: OnceLock<Reference> = OnceLock::new();
    if let Some(reference) = LOADED.get() {
        return Ok(reference.clone());
    }
    let packs = Packs::shipped().map_err(|error| anyhow!("{error}")).context("参考数据包")?;
    let boundaries = Boundaries::parse_topojson(BOUNDARIES).map_err(|error| anyhow!("{error}")).context("边界数据")?;
    let reference = Reference { packs: Arc::new(packs), divisions: divisions()?, boundaries: Arc::new(boundaries) };
    Ok(LOADED.get_or_init(|| reference).clone())
}
