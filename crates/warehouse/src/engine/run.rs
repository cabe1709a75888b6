//! Carries statements out: a bounded number at once, each on a connection of its own, on blocking threads.
//!
//! A connection goes back to the pool only after a statement that succeeded and left nothing behind; the database is
//! chosen anew for every statement and settings of a request are put back to their defaults. It leaves to others:
//! HTTP, and what a statement may contain (`guard`).

use super::{
    EngineConfig, EngineError,
    config::Layout,
    ffi::{Class, Connection, Library, Output},
    guard::{self, Kind, Refusal, Statement},
    spool::Spool,
};
use bytes::Bytes;
use std::{
    ffi::CString,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
    time::timeout,
};

/// Pieces of output that may wait for a slow reader.
const PIECES_AHEAD: usize = 2;
/// A reader that takes nothing for this long loses its connection to the engine.
const STALL_TIME: Duration = Duration::from_secs(120);
/// Settings no request may change: they would change how the text is read, or read files.
const REFUSED_SETTINGS: &[&str] = &[
    "allow_experimental_eval_table_function",
    "dialect",
    "format_schema",
    "format_schema_source",
    "google_protos_path",
    "schema_inference_use_cache_for_file",
];
/// ClickHouse `UNKNOWN_EXCEPTION`, for engine texts without a code.
const UNKNOWN_EXCEPTION: u32 = 1002;
/// ClickHouse `UNKNOWN_SETTING`.
const UNKNOWN_SETTING: u32 = 115;

/// A failure in ClickHouse's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// ClickHouse error code.
    pub(super) code: u32,
    /// The engine's text, or ours in the same form.
    pub(super) text: String,
}

impl Fault {
    /// A failure of our own, worded like the engine's.
    pub(super) fn new(code: u32, text: &str) -> Self {
        Self { code, text: format!("Code: {code}. DB::Exception: {text}") }
    }

    fn engine(text: String) -> Self {
        let code = text
            .find("Code: ")
            .and_then(|at| text.get(at + 6..))
            .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next())
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(UNKNOWN_EXCEPTION);
        Self { code, text }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, &refusal.text)
    }
}

/// One statement with everything that belongs to it.
#[derive(Debug)]
pub(super) struct Job {
    /// The statement as the guard read it.
    pub(super) statement: Statement,
    /// Where unqualified names are looked up.
    pub(super) database: String,
    /// Settings for this statement only.
    pub(super) settings: Vec<(String, String)>,
    /// Values for `{name:Type}`, in ClickHouse's escaped form.
    pub(super) params: Vec<(String, String)>,
    /// Output format where the statement names none.
    pub(super) format: String,
    /// Rows of an insert.
    pub(super) body: Option<Spool>,
    /// Whether only reading is allowed.
    pub(super) read_only: bool,
}

/// The output of a job, piece by piece; the first error is the last item.
pub(super) type Pieces = mpsc::Receiver<Result<Bytes, Fault>>;

/// The engine with its pool of connections.
pub(super) struct Runner {
    library: &'static Library,
    arguments: Vec<CString>,
    layout: Layout,
    /// Keeps the engine alive while the pool is empty.
    holder: Mutex<Option<Connection>>,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Runner {
    /// Loads the library and opens the data. Blocks.
    ///
    /// # Errors
    /// As [`super::serve`].
    pub(super) fn open(config: &EngineConfig) -> Result<Self, EngineError> {
        let layout = Layout::prepare(&config.data_dir, config.max_memory_bytes)?;
        let arguments = layout.arguments()?;
        let library = Library::load(&config.library)?;
        let holder = library.connect(&arguments)?;
        layout.clear_spool()?;
        Ok(Self {
            library,
            arguments,
            layout,
            holder: Mutex::new(Some(holder)),
            idle: Mutex::new(Vec::new()),
            permits: Arc::new(Semaphore::new(config.max_connections.max(1))),
        })
    }

    /// Where bodies wait until they are complete.
    pub(super) fn spool(&self) -> std::path::PathBuf {
        self.layout.spool()
    }

    /// Closes the connections and stops the engine's threads. Blocks.
    pub(super) fn close(&self) {
        self.permits.close();
        lock(&self.idle).clear();
        lock(&self.holder).take();
        if !self.library.shutdown() {
            tracing::warn!("分析引擎关闭时仍有语句在执行");
        }
    }

    /// Starts a job as soon as a connection is free.
    pub(super) async fn start(self: &Arc<Self>, job: Job) -> Pieces {
        self.spawn(move |runner, pieces| {
            if let Err(fault) = runner.run(job, pieces) {
                send(pieces, Err(fault));
            }
        })
        .await
    }

    /// Starts a backup (or, with `restore`, a restoration) of one database under a plain name.
    pub(super) async fn archive(self: &Arc<Self>, database: String, name: String, restore: bool) -> Pieces {
        self.spawn(move |runner, pieces| {
            let result = runner.archive_now(&database, &name, restore);
            send(pieces, result.map(|()| Bytes::from_static(b"Ok.\n")));
        })
        .await
    }

    async fn spawn(
        self: &Arc<Self>,
        work: impl FnOnce(&Self, &mpsc::Sender<Result<Bytes, Fault>>) + Send + 'static,
    ) -> Pieces {
        let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else {
            let closing = Fault::new(UNKNOWN_EXCEPTION, "分析引擎正在关闭");
            // The channel is new and empty, so this cannot be full.
            let _ = sender.try_send(Err(closing));
            return receiver;
        };
        let runner = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            work(&runner, &sender);
            drop(permit);
        });
        receiver
    }

    fn archive_now(&self, database: &str, name: &str, restore: bool) -> Result<(), Fault> {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if name.is_empty() || name.len() > 100 || !plain {
            return Err(guard::denied("备份名只能由字母、数字、- 和 _ 组成").into());
        }
        let path = self.layout.backups().join(format!("{name}.tar.zst"));
        let file = Path::to_str(&path).unwrap_or_default();
        let mut connection = self.connection()?;
        let result = if restore { connection.restore(database, file) } else { connection.backup(database, file) };
        result.map_err(Fault::engine)
    }

    fn connection(&self) -> Result<Connection, Fault> {
        let idle = lock(&self.idle).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => {
                self.library.connect(&self.arguments).map_err(|error| Fault::new(UNKNOWN_EXCEPTION, &error.to_string()))
            }
        }
    }

    fn run(&self, job: Job, pieces: &mpsc::Sender<Result<Bytes, Fault>>) -> Result<(), Fault> {
        let mut connection = self.connection()?;
        let reset = reset_text(&job.settings);
        let own_settings = job.statement.own_settings;
        prepare(&mut connection, &job)?;
        execute(&mut connection, job, pieces)?;
        let clean = match reset {
            Some(reset) => connection.query(&reset, "Null", &[]).is_ok(),
            None => true,
        };
        if clean && !own_settings {
            lock(&self.idle).push(connection);
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The guarded values are valid after any panic: a push or pop either happened or did not.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands a piece to the reader from a blocking thread. False when the reader has gone or stalled.
fn send(pieces: &mpsc::Sender<Result<Bytes, Fault>>, piece: Result<Bytes, Fault>) -> bool {
    let sent = Handle::current().block_on(timeout(STALL_TIME, pieces.send(piece)));
    matches!(sent, Ok(Ok(())))
}

/// Chooses the database, checks what the engine's parser says, and sets the settings.
fn prepare(connection: &mut Connection, job: &Job) -> Result<(), Fault> {
    let choose = format!("USE {}", quote(&job.database, '`'));
    connection.query(&choose, "Null", &[]).map_err(Fault::engine)?;
    match connection.classify(&job.statement.sql) {
        // A text that does not parse is run so that the engine words its own syntax error.
        Class::ReadOnly | Class::Unparsed => {}
        Class::Mutating if !job.read_only => {}
        Class::Mutating => return Err(guard::denied("GET 请求只能读取").into()),
        Class::Several => {
            return Err(Fault::new(guard::SYNTAX_ERROR, "一次请求只能有一条语句"));
        }
        Class::Control => return Err(guard::denied("本机引擎不允许这类语句").into()),
    }
    let Some(set) = set_text(&job.settings)? else {
        return Ok(());
    };
    connection.query(&set, "Null", &[]).map(drop).map_err(Fault::engine)
}

fn execute(connection: &mut Connection, job: Job, pieces: &mpsc::Sender<Result<Bytes, Fault>>) -> Result<(), Fault> {
    match &job.statement.kind {
        Kind::Insert { head, format } => {
            let insert = connection.insert(head, format, &job.params).map_err(Fault::engine)?;
            feed(insert, job.body)
        }
        Kind::Select if Streaming::of(&job.format).is_some() => stream(connection, &job, pieces),
        Kind::Select | Kind::Other => {
            let output = connection.query(&job.statement.sql, &job.format, &job.params).map_err(Fault::engine)?;
            if !output.as_ref().is_empty() {
                send(pieces, Ok(Bytes::from_owner(output)));
            }
            Ok(())
        }
    }
}

fn feed(mut insert: super::ffi::InsertStream<'_>, body: Option<Spool>) -> Result<(), Fault> {
    if let Some(body) = body {
        body.drain(|piece| insert.append(piece)).map_err(|error| Fault::new(UNKNOWN_EXCEPTION, &error.to_string()))?;
    }
    insert.finish().map_err(Fault::engine)
}

/// Formats whose blocks may be sent one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Streaming {
    /// The blocks follow each other as they are.
    Plain,
    /// Every block repeats the names and types, which belong only at the beginning.
    NamesAndTypes,
}

impl Streaming {
    fn of(format: &str) -> Option<Self> {
        match format {
            "RowBinaryWithNamesAndTypes" => Some(Self::NamesAndTypes),
            "RowBinary" | "Native" | "TabSeparated" | "TSV" | "CSV" => Some(Self::Plain),
            _ => None,
        }
    }
}

fn stream(connection: &mut Connection, job: &Job, pieces: &mpsc::Sender<Result<Bytes, Fault>>) -> Result<(), Fault> {
    let mut blocks = connection.stream(&job.statement.sql, &job.format, &job.params).map_err(Fault::engine)?;
    let mut head: Option<Bytes> = None;
    while let Some(block) = blocks.next().map_err(Fault::engine)? {
        let piece = match (Streaming::of(&job.format), &head) {
            (Some(Streaming::NamesAndTypes), None) => {
                let first = Bytes::from_owner(block);
                let length = head_length(&first).unwrap_or(first.len());
                head = Some(Bytes::copy_from_slice(first.get(..length).unwrap_or_default()));
                first
            }
            (Some(Streaming::NamesAndTypes), Some(head)) => without_head(block, head)?,
            _ => Bytes::from_owner(block),
        };
        if !piece.is_empty() && !send(pieces, Ok(piece)) {
            break;
        }
    }
    Ok(())
}

fn without_head(block: Output, head: &Bytes) -> Result<Bytes, Fault> {
    if !block.as_ref().starts_with(head) {
        return Err(Fault::new(UNKNOWN_EXCEPTION, "分析引擎的数据块缺少表头"));
    }
    Ok(Bytes::from_owner(block).slice(head.len()..))
}

/// The length of names and types at the beginning of `RowBinaryWithNamesAndTypes`.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let (columns, mut at) = varint(bytes, 0)?;
    for _ in 0..columns.checked_mul(2)? {
        let (length, text) = varint(bytes, at)?;
        at = text.checked_add(length)?;
        if at > bytes.len() {
            return None;
        }
    }
    Some(at)
}

fn varint(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (index, byte) in bytes.get(from..)?.iter().take(9).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, from + index + 1));
        }
    }
    None
}

fn set_text(settings: &[(String, String)]) -> Result<Option<String>, Fault> {
    for (name, _) in settings {
        let mut bytes = name.bytes();
        let word = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !word {
            return Err(Fault::new(UNKNOWN_SETTING, "设置名不合法"));
        }
        if REFUSED_SETTINGS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(guard::denied(&format!("不允许改变设置 {name}")).into());
        }
    }
    Ok(list(settings, |(name, value)| format!("{name} = {}", quote(value, '\''))))
}

fn reset_text(settings: &[(String, String)]) -> Option<String> {
    list(settings, |(name, _)| format!("{name} = DEFAULT"))
}

fn list(settings: &[(String, String)], item: impl Fn(&(String, String)) -> String) -> Option<String> {
    let items: Vec<String> = settings.iter().map(item).collect();
    (!items.is_empty()).then(|| format!("SET {}", items.join(", ")))
}

fn quote(text: &str, sign: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(sign);
    for c in text.chars() {
        if c == sign || c == '\\' {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push(sign);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_read_from_the_engines_text() {
        let fault = Fault::engine(String::from("Code: 60. DB::Exception: Unknown table"));
        assert_eq!(fault.code, 60);
        assert_eq!(Fault::engine(String::from("boom")).code, UNKNOWN_EXCEPTION);
    }

    #[test]
    fn the_head_of_a_block_is_measured() {
        assert_eq!(head_length(b"\x01\x01x\x05UInt8\x01"), Some(9));
        assert_eq!(head_length(b"\x00"), Some(1));
        assert_eq!(head_length(b"\x01\x01x\x05UI"), None);
        assert_eq!(head_length(b""), None);
        assert_eq!(head_length(&[0xff; 12]), None);
    }

    #[test]
    fn settings_are_quoted_checked_and_taken_back() {
        let settings = [(String::from("max_threads"), String::from("1' \\"))];
        assert_eq!(set_text(&settings), Ok(Some(String::from("SET max_threads = '1\\' \\\\'"))));
        assert_eq!(reset_text(&settings).as_deref(), Some("SET max_threads = DEFAULT"));
        for name in ["", "a=b", "1a", "Dialect", "format_schema"] {
            assert!(set_text(&[(name.to_owned(), String::new())]).is_err(), "{name}");
        }
    }
}
