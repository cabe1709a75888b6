//! The fonts a PDF is set in, read once and shared by all renderings.
//!
//! The fonts are not in the repository; the caller names a directory (G-6.8.3, offline operation). Only the regular and
//! the bold weight are kept, because each weight of a Chinese font is about 10 MB.

use std::fs;
use std::path::{Path, PathBuf};

use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontWeight};
use typst::utils::LazyHash;

use crate::ReportError;

/// How deep the search goes below the given directory.
const DEEPEST: usize = 8;

/// The fonts of the reports (报告字体). Cheap to share by reference; holds about 20 MB.
pub struct Fonts {
    fonts: Vec<Font>,
    book: LazyHash<FontBook>,
}

impl Fonts {
    /// Finds the `*.ttf` and `*.otf` files under `dir` and keeps the regular and bold weights.
    ///
    /// # Errors
    /// [`ReportError::Fonts`] if the directory cannot be read or holds no font with Chinese characters.
    pub fn load(dir: &Path) -> Result<Self, ReportError> {
        let fail = |reason: String| ReportError::Fonts { path: dir.display().to_string(), reason };
        let mut files = Vec::new();
        collect(dir, 0, &mut files).map_err(|error| fail(describe(&error)))?;
        files.sort();
        let mut kept = Vec::new();
        for file in files {
            let bytes = fs::read(&file).map_err(|error| fail(describe(&error)))?;
            kept.extend(fonts_in(bytes));
        }
        Self::from_fonts(kept).ok_or_else(|| fail("未找到可用的中文 TTF 字体".to_owned()))
    }

    /// Takes font files already in memory.
    ///
    /// # Errors
    /// [`ReportError::Fonts`] if none of them has Chinese characters in the regular or bold weight.
    pub fn from_bytes(files: Vec<Vec<u8>>) -> Result<Self, ReportError> {
        Self::from_fonts(files.into_iter().flat_map(fonts_in).collect()).ok_or_else(|| ReportError::Fonts {
            path: "内存".to_owned(),
            reason: "未找到可用的中文 TTF 字体".to_owned(),
        })
    }

    fn from_fonts(fonts: Vec<Font>) -> Option<Self> {
        let chinese = fonts.iter().any(|font| font.info().coverage.contains(u32::from('溯')));
        let book = LazyHash::new(FontBook::from_fonts(&fonts));
        chinese.then_some(Self { fonts, book })
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    pub(crate) fn get(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    /// The family the document is set in: the first that has Chinese characters.
    pub(crate) fn family(&self) -> &str {
        self.fonts
            .iter()
            .map(Font::info)
            .find(|info| info.coverage.contains(u32::from('溯')))
            .map_or("", |info| info.family.as_str())
    }
}

fn fonts_in(bytes: Vec<u8>) -> Vec<Font> {
    Font::iter(Bytes::new(bytes))
        .filter(|font| {
            let weight = font.info().variant.weight;
            weight == FontWeight::REGULAR || weight == FontWeight::BOLD
        })
        .collect()
}

fn collect(dir: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        // Links are not followed below the given directory: package trees contain cycles.
        if entry.file_type()?.is_dir() {
            if depth < DEEPEST {
                collect(&path, depth + 1, files)?;
            }
        } else if is_font(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_font(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("ttf") || e.eq_ignore_ascii_case("otf"))
}

fn describe(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "目录不存在".to_owned(),
        std::io::ErrorKind::PermissionDenied => "没有读取权限".to_owned(),
        _ => error.to_string(),
    }
}
