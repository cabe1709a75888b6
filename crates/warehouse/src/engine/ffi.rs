//! The one place that touches the engine library's C interface: loading it, opening connections, running a
//! statement, streaming rows in and out. Everything unsafe in this crate is in this file.
//!
//! It leaves to others: which statements may run (`guard`), where the bytes come from and go to (`run`), and HTTP.
//! Source of the interface: `chdb.h` of libchdb 26.7.3.
#![expect(unsafe_code, reason = "the engine is a C library; every call is wrapped here behind owned handles")]

use super::EngineError;
use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    path::Path,
    ptr,
};

type Handle = *mut c_void;

macro_rules! api {
    ($($field:ident = $symbol:literal : fn($($arg:ty),*) $(-> $ret:ty)?;)*) => {
        /// The functions of the library that are used.
        struct Api { $($field: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)* }

        impl Api {
            fn load(library: &libloading::Library) -> Result<Self, libloading::Error> {
                // SAFETY: the types repeat the declarations of chdb.h 26.7.3; the library is never unloaded.
                unsafe { Ok(Self { $($field: *library.get($symbol)?,)* }) }
            }
        }
    };
}

api! {
    connect = b"chdb_connect\0": fn(c_int, *mut *mut c_char) -> *mut Handle;
    close = b"chdb_close_conn\0": fn(*mut Handle);
    query = b"chdb_query_with_params_n\0": fn(
        Handle, *const u8, usize, *const u8, usize,
        *const *const u8, *const usize, *const *const u8, *const usize, usize
    ) -> Handle;
    stream = b"chdb_stream_query_with_params_n\0": fn(
        Handle, *const u8, usize, *const u8, usize,
        *const *const u8, *const usize, *const *const u8, *const usize, usize
    ) -> Handle;
    fetch = b"chdb_stream_fetch_result\0": fn(Handle, Handle) -> Handle;
    cancel = b"chdb_stream_cancel_query\0": fn(Handle, Handle);
    result_buffer = b"chdb_result_buffer\0": fn(Handle) -> *const u8;
    result_length = b"chdb_result_length\0": fn(Handle) -> usize;
    result_error = b"chdb_result_error\0": fn(Handle) -> *const c_char;
    result_destroy = b"chdb_destroy_query_result\0": fn(Handle);
    insert = b"chdb_stream_insert_with_params_n\0": fn(
        Handle, *const u8, usize, *const u8, usize,
        *const *const u8, *const usize, *const *const u8, *const usize, usize
    ) -> Handle;
    insert_append = b"chdb_stream_append\0": fn(Handle, *const u8, usize) -> c_int;
    insert_done = b"chdb_stream_done\0": fn(Handle) -> Handle;
    insert_error = b"chdb_stream_insert_error\0": fn(Handle) -> *const c_char;
    insert_destroy = b"chdb_destroy_insert_stream\0": fn(Handle);
    classify = b"chdb_classify_query_n\0": fn(
        Handle, *const u8, usize, *const u8, usize, *mut Analysis
    ) -> c_int;
    backup = b"chdb_backup_database_n\0": fn(
        Handle, *const u8, usize, *const u8, usize, *const u8, usize
    ) -> Handle;
    restore = b"chdb_restore_database_n\0": fn(Handle, *const u8, usize, *const u8, usize) -> Handle;
    signals = b"chdb_set_signal_handlers_enabled\0": fn(c_int);
    shutdown = b"chdb_shutdown\0": fn() -> c_int;
}

/// `chdb_query_analysis_v1`.
#[repr(C)]
struct Analysis {
    struct_size: u32,
    statement_count: u32,
    flags: u32,
    query_class: u32,
}

/// What the engine's own parser says a text does (`chdb_query_class`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Leaves no trace.
    ReadOnly,
    /// Changes something inside a database.
    Mutating,
    /// Does not parse at all.
    Unparsed,
    /// Several statements in one text.
    Several,
    /// Session control, access management, files, or unknown to this version of the engine.
    Control,
}

/// The loaded library. It is never unloaded: its threads and destructors outlive any handle of ours.
pub(super) struct Library {
    api: Api,
}

impl Library {
    /// Loads the library once for the life of the process and switches its signal handlers off.
    pub(super) fn load(path: &Path) -> Result<&'static Self, EngineError> {
        let fail = |source| EngineError::Library { path: path.to_owned(), source };
        // SAFETY: the library's initialisers are those of libchdb, made to be loaded into a foreign process.
        let library = unsafe { libloading::Library::new(path) }.map_err(fail)?;
        let api = Api::load(&library).map_err(fail)?;
        std::mem::forget(library);
        // SAFETY: called before the first connection, as the header asks.
        unsafe { (api.signals)(0) };
        Ok(Box::leak(Box::new(Self { api })))
    }

    /// Opens a connection. The first one boots the engine from `arguments`; later ones join it.
    pub(super) fn connect(&'static self, arguments: &[CString]) -> Result<Connection, EngineError> {
        let mut argv: Vec<*mut c_char> = arguments.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
        let argc = c_int::try_from(argv.len()).map_err(|_| EngineError::Connect)?;
        argv.push(ptr::null_mut());
        // SAFETY: argv holds argc NUL-terminated strings that live through the call, which only reads them.
        let slot = unsafe { (self.api.connect)(argc, argv.as_mut_ptr()) };
        // SAFETY: a non-null slot points at a connection handle owned by the library.
        if slot.is_null() || unsafe { (*slot).is_null() } {
            return Err(EngineError::Connect);
        }
        Ok(Connection { library: self, slot })
    }

    /// Stops every thread of the engine. Returns false while a connection is still open.
    pub(super) fn shutdown(&self) -> bool {
        // SAFETY: no arguments; harmless when repeated.
        unsafe { (self.api.shutdown)() == 0 }
    }

    fn text(pointer: *const c_char) -> Option<String> {
        if pointer.is_null() {
            return None;
        }
        // SAFETY: the library returns NUL-terminated text that lives as long as its result handle.
        let text = unsafe { CStr::from_ptr(pointer) };
        Some(text.to_string_lossy().into_owned())
    }
}

/// Named parameters in the shape the C interface takes.
struct Params<'a> {
    names: Vec<*const u8>,
    name_lengths: Vec<usize>,
    values: Vec<*const u8>,
    value_lengths: Vec<usize>,
    _owner: &'a [(String, String)],
}

impl<'a> Params<'a> {
    fn new(params: &'a [(String, String)]) -> Self {
        Self {
            names: params.iter().map(|(name, _)| name.as_ptr()).collect(),
            name_lengths: params.iter().map(|(name, _)| name.len()).collect(),
            values: params.iter().map(|(_, value)| value.as_ptr()).collect(),
            value_lengths: params.iter().map(|(_, value)| value.len()).collect(),
            _owner: params,
        }
    }
}

/// One session of the engine. It runs one statement at a time, which `&mut self` enforces.
pub(super) struct Connection {
    library: &'static Library,
    slot: *mut Handle,
}

// SAFETY: the engine locks each connection and attaches its thread state per call, so a connection may move
// between threads; `&mut self` keeps two threads from using it at once.
unsafe impl Send for Connection {}

impl Connection {
    fn handle(&self) -> Handle {
        // SAFETY: checked non-null when opened; the slot stays valid until `drop`.
        unsafe { *self.slot }
    }

    /// Asks the engine's parser what `sql` would do, without running it.
    pub(super) fn classify(&mut self, sql: &str) -> Class {
        let mut analysis = Analysis {
            struct_size: u32::try_from(size_of::<Analysis>()).unwrap_or(0),
            statement_count: 0,
            flags: 0,
            query_class: u32::MAX,
        };
        // SAFETY: pointer and length describe `sql`; `analysis` announces its own size.
        let state = unsafe {
            (self.library.api.classify)(self.handle(), sql.as_ptr(), sql.len(), ptr::null(), 0, &raw mut analysis)
        };
        match (state, analysis.statement_count, analysis.query_class) {
            (0, 0, _) => Class::Unparsed,
            (0, 1, 0) => Class::ReadOnly,
            (0, 1, 1) => Class::Mutating,
            (0, 1, _) => Class::Control,
            (0, _, _) => Class::Several,
            _ => Class::Control,
        }
    }

    /// Runs a statement and returns its whole output in `format`.
    ///
    /// # Errors
    /// The engine's own text, which begins with `Code: <n>.`.
    pub(super) fn query(&mut self, sql: &str, format: &str, params: &[(String, String)]) -> Result<Output, String> {
        let p = Params::new(params);
        // SAFETY: all pointers and lengths describe strings borrowed through the call.
        let handle = unsafe {
            (self.library.api.query)(
                self.handle(),
                sql.as_ptr(),
                sql.len(),
                format.as_ptr(),
                format.len(),
                p.names.as_ptr(),
                p.name_lengths.as_ptr(),
                p.values.as_ptr(),
                p.value_lengths.as_ptr(),
                params.len(),
            )
        };
        Output::new(self.library, handle)
    }

    /// Starts a `SELECT` whose output is fetched block by block.
    ///
    /// # Errors
    /// The engine's own text.
    pub(super) fn stream(
        &mut self,
        sql: &str,
        format: &str,
        params: &[(String, String)],
    ) -> Result<OutputStream<'_>, String> {
        let p = Params::new(params);
        // SAFETY: as in `query`.
        let handle = unsafe {
            (self.library.api.stream)(
                self.handle(),
                sql.as_ptr(),
                sql.len(),
                format.as_ptr(),
                format.len(),
                p.names.as_ptr(),
                p.name_lengths.as_ptr(),
                p.values.as_ptr(),
                p.value_lengths.as_ptr(),
                params.len(),
            )
        };
        let head = Output::new(self.library, handle)?;
        Ok(OutputStream { connection: self, head, ended: false })
    }

    /// Starts an `INSERT` (text without its `FORMAT` clause) whose rows are appended in `format`.
    ///
    /// # Errors
    /// The engine's own text.
    pub(super) fn insert(
        &mut self,
        sql: &str,
        format: &str,
        params: &[(String, String)],
    ) -> Result<InsertStream<'_>, String> {
        let p = Params::new(params);
        // SAFETY: as in `query`; the returned handle is never null and is destroyed by `InsertStream::drop`.
        let handle = unsafe {
            (self.library.api.insert)(
                self.handle(),
                sql.as_ptr(),
                sql.len(),
                format.as_ptr(),
                format.len(),
                p.names.as_ptr(),
                p.name_lengths.as_ptr(),
                p.values.as_ptr(),
                p.value_lengths.as_ptr(),
                params.len(),
            )
        };
        let stream = InsertStream { connection: self, handle };
        match stream.error() {
            Some(text) => Err(text),
            None => Ok(stream),
        }
    }

    /// Writes `database` into one new archive file at the absolute path `file`.
    ///
    /// # Errors
    /// The engine's own text.
    pub(super) fn backup(&mut self, database: &str, file: &str) -> Result<(), String> {
        // SAFETY: pointers and lengths describe the borrowed strings; no base archive.
        let handle = unsafe {
            (self.library.api.backup)(
                self.handle(),
                database.as_ptr(),
                database.len(),
                file.as_ptr(),
                file.len(),
                ptr::null(),
                0,
            )
        };
        Output::new(self.library, handle).map(drop)
    }

    /// Restores `database` from the archive at the absolute path `file`.
    ///
    /// # Errors
    /// The engine's own text.
    pub(super) fn restore(&mut self, database: &str, file: &str) -> Result<(), String> {
        // SAFETY: as in `backup`.
        let handle = unsafe {
            (self.library.api.restore)(self.handle(), database.as_ptr(), database.len(), file.as_ptr(), file.len())
        };
        Output::new(self.library, handle).map(drop)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the slot is valid and closed exactly once; no stream can borrow the connection any more.
        unsafe { (self.library.api.close)(self.slot) };
    }
}

/// Output bytes owned by the engine, readable without a copy.
pub(super) struct Output {
    library: &'static Library,
    handle: Handle,
}

// SAFETY: a result is an immutable buffer; freeing it touches nothing but its own memory.
unsafe impl Send for Output {}
// SAFETY: only shared reads of an immutable buffer.
unsafe impl Sync for Output {}

impl Output {
    fn new(library: &'static Library, handle: Handle) -> Result<Self, String> {
        if handle.is_null() {
            return Err(String::from("Code: 49. 引擎没有返回结果"));
        }
        let output = Self { library, handle };
        // SAFETY: the handle is valid until `drop`.
        match Library::text(unsafe { (library.api.result_error)(handle) }) {
            Some(text) => Err(text),
            None => Ok(output),
        }
    }
}

impl AsRef<[u8]> for Output {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: buffer and length belong to the live handle; the buffer is not changed any more.
        unsafe {
            let length = (self.library.api.result_length)(self.handle);
            let buffer = (self.library.api.result_buffer)(self.handle);
            if length == 0 || buffer.is_null() {
                return &[];
            }
            std::slice::from_raw_parts(buffer, length)
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: destroyed exactly once.
        unsafe { (self.library.api.result_destroy)(self.handle) };
    }
}

/// A running `SELECT`. Dropping it before its end cancels the query.
pub(super) struct OutputStream<'a> {
    connection: &'a mut Connection,
    head: Output,
    ended: bool,
}

impl OutputStream<'_> {
    /// The next block of output, or `None` at the end.
    ///
    /// # Errors
    /// The engine's own text; the stream is over then.
    pub(super) fn next(&mut self) -> Result<Option<Output>, String> {
        if self.ended {
            return Ok(None);
        }
        let library = self.connection.library;
        // SAFETY: both handles are live and used by this thread only.
        let handle = unsafe { (library.api.fetch)(self.connection.handle(), self.head.handle) };
        match Output::new(library, handle) {
            Ok(output) if !output.as_ref().is_empty() => Ok(Some(output)),
            Ok(_) => {
                self.ended = true;
                Ok(None)
            }
            Err(text) => {
                self.ended = true;
                Err(text)
            }
        }
    }
}

impl Drop for OutputStream<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let library = self.connection.library;
            // SAFETY: both handles are live; the result itself is destroyed by `Output::drop`.
            unsafe { (library.api.cancel)(self.connection.handle(), self.head.handle) };
        }
    }
}

/// A running `INSERT`. Dropping it without [`InsertStream::finish`] cancels it.
pub(super) struct InsertStream<'a> {
    connection: &'a mut Connection,
    handle: Handle,
}

impl InsertStream<'_> {
    fn error(&self) -> Option<String> {
        // SAFETY: the handle is live.
        Library::text(unsafe { (self.connection.library.api.insert_error)(self.handle) })
    }

    /// Hands over a piece of the rows; the pieces may be cut anywhere. Waits while the engine is behind.
    /// False means that the insert has already failed; [`InsertStream::finish`] tells why.
    pub(super) fn append(&mut self, data: &[u8]) -> bool {
        // SAFETY: the engine copies `data` before it returns.
        let state = unsafe { (self.connection.library.api.insert_append)(self.handle, data.as_ptr(), data.len()) };
        state == 0
    }

    /// Commits what was appended.
    ///
    /// # Errors
    /// The engine's own text; the rows after the last full block are not stored.
    pub(super) fn finish(self) -> Result<(), String> {
        let library = self.connection.library;
        // SAFETY: the handle is live; the result is owned by `Output`.
        let handle = unsafe { (library.api.insert_done)(self.handle) };
        Output::new(library, handle).map(drop)
    }
}

impl Drop for InsertStream<'_> {
    fn drop(&mut self) {
        // SAFETY: destroyed exactly once; it cancels an unfinished stream first, while the connection is borrowed.
        unsafe { (self.connection.library.api.insert_destroy)(self.handle) };
    }
}
