//! The files of the repository: everything below its top folder except results of builds and downloads. Reads the
//! folders themselves, as a released archive has no git.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders, relative to the top, that are never committed; a bare name is left out wherever it stands.
const LEFT_OUT: &[&str] =
    &[".git", "node_modules", "target", ".cache", ".demo", "dist", "coverage", "test-results", "playwright-report"];

/// A text file.
pub struct TextFile {
    /// Relative to the top folder, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// The top folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// All text files, sorted by path. Files that are not UTF-8 or contain a zero byte are not text.
pub fn text_files() -> Vec<TextFile> {
    let mut files = Vec::new();
    walk(&root(), "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "the top folder was not found");
    files
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<TextFile>) {
    let entries = fs::read_dir(folder).expect("a folder of the repository can be read");
    for entry in entries {
        let entry = entry.expect("an entry of the repository can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) || name.ends_with(".log") {
            continue;
        }
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().expect("the kind of an entry is known");
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), files);
        } else if kind.is_file()
            && let Some(text) = read_text(&entry.path())
        {
            files.push(TextFile { path, text });
        }
    }
}

fn read_text(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    if bytes.contains(&0) {
        return None;
    }
    String::from_utf8(bytes).ok()
}
