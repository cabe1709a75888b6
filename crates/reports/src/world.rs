//! The closed world in which the typesetter works (G-6.8.3).
//!
//! It sees the templates built into the program, the data as JSON, the drawn pictures and the fonts, and nothing else: it
//! can reach neither disk nor network nor clock. Text from data is a JSON string and is never read as markup.

use std::collections::HashMap;

use serde_json::Value;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_pdf::{PdfOptions, Timestamp};

use crate::text::clean_json;
use crate::{Fonts, ReportError, moment};

const STYLE: &str = include_str!("../../../reports/style.typ");
const MAIN: &str = "/main.typ";
/// Minutes by which China standard time is ahead of UTC.
const CHINA_OFFSET_MINUTES: i32 = 480;

/// A typeset document.
pub struct RenderedPdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// Number of its pages, at least 1.
    pub pages: usize,
}

/// Typesets the main template; `number` identifies the file, `at` is its time.
pub(crate) fn typeset(world: &ReportWorld<'_>, number: &str, at: &str) -> Result<RenderedPdf, ReportError> {
    let options = PdfOptions {
        ident: Smart::Custom(number.to_owned()),
        creator: Smart::Custom(Some("溯源".to_owned())),
        timestamp: timestamp(at),
        ..PdfOptions::default()
    };
    let result = typst::compile(world)
        .output
        .and_then(|document| {
            let bytes = typst_pdf::pdf(&document, &options)?;
            Ok(RenderedPdf { bytes, pages: document.pages().len() })
        })
        .map_err(|errors| ReportError::Typesetting(describe(&errors)));
    // The typesetter remembers intermediate results for ever unless told otherwise; reports hardly share any.
    typst::comemo::evict(0);
    result
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let m = moment::parse(text)?;
    let at = Datetime::from_ymd_hms(i32::from(m.year), m.month, m.day, m.hour, m.minute, m.second)?;
    if m.utc { Some(Timestamp::new_utc(at)) } else { Timestamp::new_local(at, CHINA_OFFSET_MINUTES) }
}

fn describe(errors: &[SourceDiagnostic]) -> String {
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    messages.join("；")
}

/// All that the typesetter can see.
pub(crate) struct ReportWorld<'a> {
    library: LazyHash<Library>,
    fonts: &'a Fonts,
    main: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
}

impl<'a> ReportWorld<'a> {
    /// A world with a main template, the common style and the data.
    pub(crate) fn new(fonts: &'a Fonts, template: &str, data: Value) -> Result<Self, ReportError> {
        let mut world = Self {
            library: LazyHash::new(Library::builder().build()),
            fonts,
            main: file_id(MAIN)?,
            sources: HashMap::new(),
            files: HashMap::new(),
        };
        world.add_source(MAIN, template)?;
        world.add_source("/style.typ", STYLE)?;
        world.add_file("/data.json", serde_json::to_vec(&clean_json(data))?)?;
        Ok(world)
    }

    fn add_source(&mut self, path: &str, text: &str) -> Result<(), ReportError> {
        let id = file_id(path)?;
        self.sources.insert(id, Source::new(id, text.to_owned()));
        Ok(())
    }

    /// Adds a picture.
    pub(crate) fn add_file(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), ReportError> {
        self.files.insert(file_id(path)?, Bytes::new(bytes));
        Ok(())
    }
}

fn file_id(path: &str) -> Result<FileId, ReportError> {
    let path = VirtualPath::new(path).map_err(|error| ReportError::Typesetting(format!("{path}: {error}")))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

fn absent(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_without_slash().into())
}

impl World for ReportWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| absent(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or_else(|| absent(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index)
    }

    /// A report has the time of its edition; the time of rendering is nobody's business.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
