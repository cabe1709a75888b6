//! The web interface: its packages from the lock file, and its built form in `frontend/dist`. Both are done again only
//! when a hash over their inputs has changed.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{npm, run};
use crate::root::{cache, frontend};

/// Folders below `frontend/` that are results, not sources.
const RESULTS: &[&str] = &["node_modules", "dist", "coverage", "test-results", "playwright-report"];

/// Installs the packages of the lock file.
///
/// # Errors
/// There is no frontend in this checkout, or npm failed.
pub fn install() -> Result<()> {
    let lock = frontend().join("package-lock.json");
    if !lock.is_file() {
        bail!("frontend/package-lock.json is missing: this checkout has no web interface");
    }
    let inputs = hash_files(&frontend(), &[lock, frontend().join("package.json")])?;
    let installed = frontend().join("node_modules/.package-lock.json");
    if installed.is_file() && stamp_is("frontend-packages", &inputs) {
        return Ok(());
    }
    println!("    installing the packages of the web interface …");
    run(npm(&frontend())?.args(["ci", "--ignore-scripts"]))?;
    set_stamp("frontend-packages", &inputs)
}

/// Builds the web interface into `frontend/dist`.
///
/// # Errors
/// It does not build.
pub fn build() -> Result<()> {
    let mut sources = Vec::new();
    collect(&frontend(), &mut sources)?;
    let inputs = hash_files(&frontend(), &sources)?;
    if frontend().join("dist/index.html").is_file() && stamp_is("frontend-build", &inputs) {
        println!("    already there");
        return Ok(());
    }
    println!("    building the web interface …");
    run(npm(&frontend())?.args(["run", "--silent", "build"]))?;
    set_stamp("frontend-build", &inputs)
}

/// Whether `frontend/package.json` names a script.
pub fn has_script(name: &str) -> bool {
    fs::read(frontend().join("package.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
        .is_some_and(|package| package["scripts"][name].is_string())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if RESULTS.iter().any(|result| name == *result) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(())
}

/// A hash over names and contents; good for noticing changes, not for security.
fn hash_files(base: &Path, files: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let name = file.strip_prefix(base).unwrap_or(file);
        let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        for part in [name.as_os_str().as_encoded_bytes(), &content] {
            hasher.write_usize(part.len());
            hasher.write(part);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn stamp_path(name: &str) -> PathBuf {
    cache().join("stamps").join(name)
}

fn stamp_is(name: &str, value: &str) -> bool {
    fs::read_to_string(stamp_path(name)).is_ok_and(|found| found == value)
}

fn set_stamp(name: &str, value: &str) -> Result<()> {
    fs::create_dir_all(cache().join("stamps"))?;
    fs::write(stamp_path(name), value)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_sees_content_and_name() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("xtask-hash-{}", std::process::id()));
        fs::create_dir_all(folder.join("dist"))?;
        fs::write(folder.join("a"), "one")?;
        fs::write(folder.join("dist/ignored"), "x")?;
        let hash = |folder: &Path| -> Result<String> {
            let mut files = Vec::new();
            collect(folder, &mut files)?;
            assert_eq!(files.len(), 1);
            hash_files(folder, &files)
        };
        let first = hash(&folder)?;
        assert_eq!(first, hash(&folder)?);
        fs::write(folder.join("a"), "two")?;
        assert_ne!(first, hash(&folder)?);
        fs::write(folder.join("a"), "one")?;
        fs::rename(folder.join("a"), folder.join("b"))?;
        assert_ne!(first, hash(&folder)?);
        fs::remove_dir_all(folder)?;
        Ok(())
    }
}
