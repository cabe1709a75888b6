//! Which crate may use which: the edges of the workspace are the ones of `arrows.toml`, every edge goes down a level,
//! crates of one level do not know each other, and a heavy library is used only by the crate that wraps it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;

use crate::files::root;

type Edges = BTreeMap<String, BTreeSet<String>>;

/// `arrows.toml`; crates of the workspace without their prefix.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    /// Crates from the lowest level to the highest.
    levels: Vec<BTreeSet<String>>,
    /// Uses inside the workspace.
    uses: Edges,
    /// Uses inside the workspace by tests only.
    dev: Edges,
    /// Library → the crates that may use it.
    heavy: Edges,
    /// Library → the crates whose tests may use it.
    heavy_dev: Edges,
    /// Crates that compute and never wait, and the libraries they can do without.
    pure: Pure,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pure {
    crates: BTreeSet<String>,
    without: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<String>,
}

impl Dependency {
    fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

fn short(name: &str) -> String {
    name.strip_prefix("suyuan-").unwrap_or(name).to_owned()
}

fn rules() -> Rules {
    toml::from_str(include_str!("arrows.toml")).expect("arrows.toml is well formed")
}

fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root())
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .expect("cargo metadata starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    metadata.packages
}

/// Edges inside the workspace, of tests or of the rest; crates without any are left out.
fn edges(packages: &[Package], of_tests: bool) -> Edges {
    let mut edges = Edges::new();
    for package in packages {
        for dependency in &package.dependencies {
            if dependency.path.is_some() && dependency.is_dev() == of_tests {
                let from = edges.entry(short(&package.name)).or_default();
                from.insert(short(&dependency.name));
            }
        }
    }
    edges
}

fn differences(listed: &Edges, real: &Edges) -> Vec<String> {
    let flat = |edges: &Edges| -> BTreeSet<(String, String)> {
        let pairs = edges.iter().flat_map(|(from, to)| to.iter().map(move |to| (from.clone(), to.clone())));
        pairs.collect()
    };
    let (listed, real) = (flat(listed), flat(real));
    let added = real.difference(&listed).map(|(from, to)| format!("{from} → {to} is not listed"));
    let gone = listed.difference(&real).map(|(from, to)| format!("{from} → {to} is listed but gone"));
    added.chain(gone).collect()
}

#[test]
fn edges_are_the_ones_of_the_list() {
    let (rules, packages) = (rules(), packages());
    let mut found = differences(&rules.uses, &edges(&packages, false));
    found.extend(differences(&rules.dev, &edges(&packages, true)).into_iter().map(|text| format!("{text} (tests)")));
    assert!(found.is_empty(), "arrows.toml differs from the manifests:\n  {}", found.join("\n  "));
}

#[test]
fn every_crate_has_a_level_and_every_edge_goes_down() {
    let (rules, packages) = (rules(), packages());
    let level = |name: &str| rules.levels.iter().position(|level| level.contains(name));
    for package in &packages {
        let name = short(&package.name);
        assert!(level(&name).is_some(), "{name} has no level in arrows.toml");
    }
    for (from, to) in edges(&packages, false) {
        for to in to {
            assert!(level(&to) < level(&from), "{from} → {to} does not go down a level");
        }
    }
}

#[test]
fn a_heavy_library_is_used_only_by_the_crate_that_wraps_it() {
    let rules = rules();
    let mut found = Vec::new();
    for package in packages() {
        let name = short(&package.name);
        for dependency in &package.dependencies {
            let Some(allowed) = rules.heavy.get(&dependency.name) else {
                continue;
            };
            let in_tests = rules.heavy_dev.get(&dependency.name);
            let good = allowed.contains(&name)
                || dependency.is_dev() && in_tests.is_some_and(|allowed| allowed.contains(&name));
            if !good {
                found.push(format!("{name} uses {}", dependency.name));
            }
        }
    }
    assert!(found.is_empty(), "belongs to another crate:\n  {}", found.join("\n  "));
}

#[test]
fn crates_that_compute_never_wait() {
    let rules = rules();
    let mut found = Vec::new();
    for package in packages() {
        let name = short(&package.name);
        if !rules.pure.crates.contains(&name) {
            continue;
        }
        let wrong = |dependency: &&Dependency| !dependency.is_dev() && rules.pure.without.contains(&dependency.name);
        let uses = package.dependencies.iter().filter(wrong);
        found.extend(uses.map(|dependency| format!("{name} uses {}", dependency.name)));
    }
    assert!(found.is_empty(), "must stay free of input and output:\n  {}", found.join("\n  "));
}
