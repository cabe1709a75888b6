//! What every file keeps to: a stated purpose, a size that can be read, no traces of the machine it was written on,
//! no postponed work, a newline at the end, and the same headings in both languages of a document.

use crate::files::{TextFile, text_files};

const LONGEST: usize = 800;

/// Fails with all findings at once.
fn none_of(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}

fn is_rust(file: &TextFile) -> bool {
    file.path.ends_with(".rs")
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    let found: Vec<String> = text_files()
        .iter()
        .filter(|file| is_rust(file) && !file.text.starts_with("//! "))
        .map(|file| file.path.clone())
        .collect();
    none_of("must begin with `//! ` and say what the module is for", &found);
}

#[test]
fn no_source_file_is_too_long() {
    let source = [".rs", ".ts", ".tsx", ".css", ".typ"];
    let found: Vec<String> = text_files()
        .iter()
        .filter(|file| source.iter().any(|end| file.path.ends_with(end)) && !is_generated(file))
        .map(|file| (&file.path, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    none_of("must be split, the limit is 800 lines", &found);
}

/// Generated files say so in their first lines as their generators do: `auto-generated` or `@generated`.
fn is_generated(file: &TextFile) -> bool {
    file.text.lines().take(5).any(|line| {
        let line = line.to_lowercase();
        line.contains("auto-generated") || line.contains("@generated")
    })
}

#[test]
fn no_file_names_a_folder_of_a_machine() {
    // Written in parts so that this file does not find itself.
    let folders =
        [["/ro", "ot/"], ["/ho", "me/"], ["/work", "/main"], ["/work", "/shared"]].map(|parts| parts.concat());
    let mut found = Vec::new();
    for file in text_files() {
        for (number, line) in file.text.lines().enumerate() {
            if folders.iter().any(|folder| names_folder(line, folder)) {
                found.push(format!("{}:{}: {}", file.path, number + 1, short(line)));
            }
        }
    }
    none_of("must not name a folder of a machine", &found);
}

/// At the beginning of a path only: `https://example.org/x/` and `src/x/` are something else.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || "._-~/)}$*".contains(c)))
    })
}

#[test]
fn a_folder_is_told_from_the_middle_of_a_path() {
    let folder = ["/ho", "me/"].concat();
    assert!(names_folder(&format!("cd {folder}x"), &folder));
    assert!(names_folder(&format!("\"{folder}x\""), &folder));
    assert!(!names_folder(&format!("https://example.org{folder}x"), &folder));
    assert!(!names_folder(&format!("src{folder}x"), &folder));
}

#[test]
fn no_work_is_postponed_in_a_comment() {
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"]].map(|parts| parts.concat());
    let source = [".rs", ".ts", ".tsx", ".css", ".typ", ".sql", ".toml", ".md"];
    let mut found = Vec::new();
    for file in text_files() {
        if !source.iter().any(|end| file.path.ends_with(end)) {
            continue;
        }
        for (number, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{}: {}", file.path, number + 1, short(line)));
            }
        }
    }
    none_of("must be done or written down as an issue", &found);
}

#[test]
fn every_text_file_ends_with_a_newline_and_has_no_carriage_return() {
    let source = [
        ".rs", ".ts", ".tsx", ".css", ".typ", ".sql", ".toml", ".md", ".json", ".yaml", ".yml", ".sh", ".html", ".txt",
    ];
    let mut found = Vec::new();
    for file in text_files() {
        if file.path.contains("/fixtures/") || !source.iter().any(|end| file.path.ends_with(end)) {
            continue;
        }
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            found.push(format!("{}: no newline at the end", file.path));
        }
        if file.text.contains("\r\n") {
            found.push(format!("{}: Windows line ends", file.path));
        }
    }
    none_of("must end with a newline and use Unix line ends", &found);
}

#[test]
fn no_lock_file_names_a_package_registry() {
    let found: Vec<String> = text_files()
        .iter()
        .filter(|file| file.path.ends_with("package-lock.json") && file.text.contains("\"resolved\": \"http"))
        .map(|file| format!("{}: write it with `npm install --omit-lockfile-registry-resolved`", file.path))
        .collect();
    none_of("must not name a package registry", &found);
}

#[test]
fn both_languages_of_a_document_have_the_same_headings() {
    let files = text_files();
    let find = |path: &str| files.iter().find(|file| file.path == path);
    let mut found = Vec::new();
    for file in &files {
        if let Some(stem) = file.path.strip_suffix(".zh-CN.md") {
            match find(&format!("{stem}.md")) {
                None => found.push(format!("{}: has no English twin", file.path)),
                Some(english) if heading_levels(english) != heading_levels(file) => {
                    found.push(format!("{}: headings differ from {}", file.path, english.path));
                }
                Some(_) => {}
            }
        }
    }
    if find("README.md").is_some() && find("README.zh-CN.md").is_none() {
        found.push("README.md: has no Chinese twin README.zh-CN.md".to_owned());
    }
    none_of("both languages must have the same headings", &found);
}

/// The level of each heading in order, outside of code blocks.
fn heading_levels(file: &TextFile) -> Vec<usize> {
    let mut in_code = false;
    let mut levels = Vec::new();
    for line in file.text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        let level = line.chars().take_while(|c| *c == '#').count();
        if !in_code && (1..=6).contains(&level) && line[level..].starts_with(' ') {
            levels.push(level);
        }
    }
    levels
}

fn short(line: &str) -> String {
    line.trim().chars().take(100).collect()
}
