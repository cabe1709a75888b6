//! The ClickHouse engine library and the Chinese fonts. Both come as npm packages with the exact version and checksum
//! in a lock file under `deploy/packages`, and are installed below `.cache` without running any script of theirs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{npm, run};
use crate::root::{cache, root};

const ENGINE_LOCKED: &str = "@chdb/lib-linux-x64-gnu";
const FONTS: &str = "@expo-google-fonts/noto-sans-sc";

/// The path of the engine library; `SUYUAN_CHDB_LIB` names one that is installed elsewhere.
///
/// # Errors
/// There is none for this platform, or it could not be downloaded.
pub fn engine() -> Result<PathBuf> {
    if let Some(path) = given("SUYUAN_CHDB_LIB") {
        return Ok(path);
    }
    let package = engine_package(std::env::consts::OS, std::env::consts::ARCH)?;
    let folder = install("chdb", package)?;
    let library = folder.join("node_modules").join(package).join("libchdb.so");
    exists(library)
}

/// The folder of the font package; `SUYUAN_FONTS_DIR` names one that is installed elsewhere.
///
/// # Errors
/// It could not be downloaded.
pub fn fonts() -> Result<PathBuf> {
    if let Some(path) = given("SUYUAN_FONTS_DIR") {
        return Ok(path);
    }
    let folder = install("fonts", FONTS)?;
    exists(folder.join("node_modules").join(FONTS))
}

fn given(variable: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os(variable)?);
    path.exists().then(|| {
        println!("    {variable} names {}", path.display());
        path
    })
}

fn exists(path: PathBuf) -> Result<PathBuf> {
    if !path.exists() {
        bail!("{} is missing after the installation", path.display());
    }
    Ok(path)
}

/// The npm package with the engine library of a platform.
fn engine_package(os: &str, arch: &str) -> Result<&'static str> {
    Ok(match (os, arch) {
        ("linux", "x86_64") => ENGINE_LOCKED,
        ("linux", "aarch64") => "@chdb/lib-linux-arm64-gnu",
        ("macos", "aarch64") => "@chdb/lib-darwin-arm64",
        ("macos", "x86_64") => "@chdb/lib-darwin-x64",
        _ => bail!("there is no ClickHouse engine library for {os} on {arch}"),
    })
}

/// Installs the lock file `deploy/packages/<name>` below `.cache/<name>`, unless exactly that is installed; gives the
/// folder. A folder appears under its name only when it is complete.
fn install(name: &str, package: &str) -> Result<PathBuf> {
    let source = root().join("deploy/packages").join(name);
    let done = cache().join(name);
    if is_installed(&source, &done, package)? {
        println!("    already there");
        return Ok(done);
    }
    let partial = cache().join(format!("{name}.partial"));
    remove(&partial)?;
    fs::create_dir_all(&partial)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(source.join(file), partial.join(file)).with_context(|| format!("cannot copy {file} of {name}"))?;
    }
    println!("    downloading {package} …");
    run(npm(&partial)?.args(["ci", "--ignore-scripts"]))?;
    if package.starts_with("@chdb/") && package != ENGINE_LOCKED {
        // The lock file has the checksum of one platform only; the others are fixed to the same version.
        let version = locked_version(&source, ENGINE_LOCKED)?;
        let wanted = format!("{package}@{version}");
        run(npm(&partial)?.args(["install", "--no-save", "--ignore-scripts", &wanted]))?;
    }
    let old = cache().join(format!("{name}.old"));
    remove(&old)?;
    if done.symlink_metadata().is_ok() {
        fs::rename(&done, &old)?;
    }
    fs::rename(&partial, &done)?;
    remove(&old)?;
    Ok(done)
}

fn is_installed(source: &Path, done: &Path, package: &str) -> Result<bool> {
    let wanted = fs::read(source.join("package-lock.json"))
        .with_context(|| format!("cannot read the lock file in {}", source.display()))?;
    let same = fs::read(done.join("package-lock.json")).is_ok_and(|found| found == wanted);
    Ok(same && done.join("node_modules").join(package).join("package.json").is_file())
}

fn locked_version(source: &Path, package: &str) -> Result<String> {
    let lock: Value = serde_json::from_slice(&fs::read(source.join("package-lock.json"))?)?;
    let entry = &lock["packages"][format!("node_modules/{package}")]["version"];
    let version = entry.as_str();
    Ok(version.context("no version in the lock file")?.to_owned())
}

fn remove(folder: &Path) -> Result<()> {
    if folder.symlink_metadata().is_ok() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supported_platform_has_a_package_and_others_a_clear_error() {
        assert!(engine_package("linux", "x86_64").is_ok());
        assert!(engine_package("macos", "aarch64").is_ok());
        let error = engine_package("windows", "x86_64").expect_err("not supported");
        assert!(error.to_string().contains("windows"));
    }

    #[test]
    fn the_lock_files_name_the_packages_with_a_checksum() -> Result<()> {
        for (name, package) in [("chdb", ENGINE_LOCKED), ("fonts", FONTS)] {
            let source = root().join("deploy/packages").join(name);
            assert!(!locked_version(&source, package)?.is_empty());
            let lock: Value = serde_json::from_slice(&fs::read(source.join("package-lock.json"))?)?;
            let entry = &lock["packages"][format!("node_modules/{package}")];
            assert!(entry["integrity"].as_str().is_some_and(|sum| sum.starts_with("sha512-")));
        }
        Ok(())
    }
}
