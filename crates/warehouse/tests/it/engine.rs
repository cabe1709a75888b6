//! The embedded engine through the official client, in a process of its own: a process holds one data directory.
//!
//! The test binary starts itself again with one environment variable set; `engine_child` is then the engine.

use clickhouse::{Client, Compression, Row};
use serde::{Deserialize, Serialize};
use std::{
    error::Error,
    ffi::OsString,
    path::{Path, PathBuf},
};
use suyuan_warehouse::engine::{EngineConfig, EngineProcess, announce, find_library, serve, until_parent_gone};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};

type Outcome = Result<(), Box<dyn Error>>;

const CHILD: &str = "SUYUAN_TEST_ENGINE_DATA";
const KEY: &str = "0123456789abcdef";

fn library() -> Result<PathBuf, Box<dyn Error>> {
    let named = std::env::var_os("SUYUAN_CHDB_LIB").map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/chdb");
    find_library(named.as_deref(), &[root])
        .ok_or_else(|| "没有找到分析引擎库：请先运行 cargo xtask 安装，或用 SUYUAN_CHDB_LIB 指明 libchdb.so".into())
}

#[test]
fn engine_child() -> Outcome {
    let Some(data) = std::env::var_os(CHILD) else {
        return Ok(());
    };
    let config = EngineConfig::new(library()?, PathBuf::from(data), KEY.to_owned());
    tokio::runtime::Runtime::new()?.block_on(async {
        let (ready, address) = oneshot::channel();
        let announced = async move {
            if let Ok(address) = address.await {
                // The test harness has begun a line of its own.
                println!();
                announce(address)?;
            }
            Ok::<_, Box<dyn Error>>(())
        };
        let (served, announced) = tokio::join!(serve(config, ready, until_parent_gone()), announced);
        served?;
        announced
    })
}

struct Engine {
    process: EngineProcess,
    data: TempDir,
}

impl Engine {
    async fn start() -> Result<Self, Box<dyn Error>> {
        library()?;
        let data = tempfile::tempdir()?;
        let process = child(data.path()).await?;
        Ok(Self { process, data })
    }

    fn client(&self) -> Client {
        Client::default().with_url(self.process.url()).with_password(KEY).with_compression(Compression::None)
    }

    async fn database(&self, name: &str) -> Result<Client, Box<dyn Error>> {
        self.client().query(&format!("CREATE DATABASE {name}")).execute().await?;
        Ok(self.client().with_database(name))
    }
}

async fn child(data: &Path) -> Result<EngineProcess, Box<dyn Error>> {
    let arguments = ["engine::engine_child", "--exact", "--nocapture"].map(OsString::from);
    let environment = [(OsString::from(CHILD), data.into())];
    Ok(EngineProcess::spawn(&std::env::current_exe()?, &arguments, &environment).await?)
}

#[derive(Debug, Clone, PartialEq, Row, Serialize, Deserialize)]
struct Event {
    id: u64,
    at: i64,
    name: String,
    amount: Option<i64>,
    tags: Vec<String>,
}

const EVENT: &str = "CREATE TABLE event (id UInt64, at Int64, name String, amount Nullable(Int64), \
                     tags Array(LowCardinality(String))) ENGINE = MergeTree ORDER BY id";

fn event(id: u64) -> Event {
    Event {
        id,
        at: 1_700_000_000_000,
        name: format!("批次 {id} 'a' ? \\"),
        amount: id.is_multiple_of(2).then_some(-5),
        tags: vec![String::from("猪肉"), String::from("冷链")],
    }
}

async fn store(client: &Client, ids: std::ops::Range<u64>) -> clickhouse::error::Result<()> {
    let mut insert = client.insert::<Event>("event").await?;
    for id in ids {
        insert.write(&event(id)).await?;
    }
    insert.end().await
}

async fn count(client: &Client) -> clickhouse::error::Result<u64> {
    client.query("SELECT count() FROM event").fetch_one().await
}

/// Sends bytes as they are and returns the whole answer; the request must ask to close the connection.
async fn raw(engine: &Engine, request: &[u8]) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(engine.process.address()).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Sends bytes, goes away, and returns when the engine has noticed.
async fn cut(engine: &Engine, request: &[u8]) -> Result<String, Box<dyn Error>> {
    let mut stream = TcpStream::connect(engine.process.address()).await?;
    stream.write_all(request).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

async fn post(engine: &Engine, target: &str, body: &str) -> Result<String, Box<dyn Error>> {
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-clickhouse-key: {KEY}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    raw(engine, head.as_bytes()).await
}

#[tokio::test]
async fn parameters_reach_the_engine_as_they_are() -> Outcome {
    let engine = Engine::start().await?;
    let client = engine.client();
    let sum: u64 = client.query("SELECT sum(number) FROM numbers(?)").bind(10).fetch_one().await?;
    assert_eq!(sum, 45);
    for text in ["溯源？", "what?", "it's \"q\" `b`", "a\\b\nc\td", "'; DROP DATABASE x", ""] {
        let bound: String = client.query("SELECT ?").bind(text).fetch_one().await?;
        assert_eq!(bound, text);
        let named: String = client.query("SELECT {t:String} AS t").param("t", text).fetch_one().await?;
        assert_eq!(named, text);
    }
    let list: Vec<String> =
        client.query("SELECT arrayJoin({t:Array(String)}) AS t").param("t", vec!["甲", "it's"]).fetch_all().await?;
    assert_eq!(list, ["甲", "it's"]);
    engine.process.stop().await?;
    Ok(())
}

#[tokio::test]
async fn rows_come_back_as_they_went_in() -> Outcome {
    let engine = Engine::start().await?;
    let client = engine.database("a").await?;
    client.query(EVENT).execute().await?;
    store(&client, 0..100).await?;
    let rows: Vec<Event> = client.query("SELECT ?fields FROM event ORDER BY id").fetch_all().await?;
    assert_eq!(rows, (0..100).map(event).collect::<Vec<_>>());

    let none: Vec<Event> = client.query("SELECT ?fields FROM event WHERE id > 1000").fetch_all().await?;
    assert_eq!(none, []);

    #[derive(Debug, Row, Serialize, Deserialize)]
    struct Wrong {
        id: String,
    }
    let wrong = client.query("SELECT id FROM event").fetch_all::<Wrong>().await;
    assert!(matches!(wrong, Err(clickhouse::error::Error::SchemaMismatch(_))));
    Ok(())
}

#[tokio::test]
async fn a_million_rows_are_stored_and_streamed_back() -> Outcome {
    let engine = Engine::start().await?;
    let client = engine.database("a").await?;
    client.query(EVENT).execute().await?;
    store(&client, 0..1_000_000).await?;
    assert_eq!(count(&client).await?, 1_000_000);
    let mut cursor = client.query("SELECT id FROM event ORDER BY id").fetch::<u64>()?;
    let mut expected = 0;
    while let Some(id) = cursor.next().await? {
        assert_eq!(id, expected);
        expected += 1;
    }
    assert_eq!(expected, 1_000_000);
    Ok(())
}

#[tokio::test]
async fn errors_carry_the_engines_code_and_text() -> Outcome {
    let engine = Engine::start().await?;
    for (sql, code, word) in [
        ("SELECT * FROM nowhere", 60, "UNKNOWN_TABLE"),
        ("SELEC 1", 62, "SYNTAX_ERROR"),
        ("SELECT throwIf(1)", 395, "FUNCTION_THROW_IF"),
        ("SELECT 1; SELECT 2", 62, "一次请求只能有一条语句"),
    ] {
        let answer = post(&engine, "/", sql).await?;
        assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
        let header = format!("x-clickhouse-exception-code: {code}\r\n");
        assert!(answer.contains(&header), "{answer}");
        assert!(answer.contains(word), "{answer}");
    }
    let setting = post(&engine, "/?no_such_setting=1", "SELECT 1").await?;
    assert!(setting.contains("exception-code: 115\r\n"), "{setting}");
    let database = post(&engine, "/?database=nowhere", "SELECT 1").await?;
    assert!(database.contains("exception-code: 81\r\n"), "{database}");
    let compressed = post(&engine, "/?decompress=1", "SELECT 1").await?;
    assert!(compressed.contains("exception-code: 48\r\n"), "{compressed}");

    // An error after the first block of output must not look like the end.
    let late = "SELECT number + throwIf(number = 900000) AS n FROM numbers(1000000)";
    let answer = post(&engine, "/?default_format=RowBinary", late).await?;
    assert!(answer.starts_with("HTTP/1.1 200"));
    assert!(answer.contains("__exception__") && answer.contains("Code: 395"));
    assert!(!answer.ends_with("\r\n0\r\n\r\n"));
    let typed = engine.client().query(late).fetch_all::<u64>().await;
    assert!(typed.is_err());
    Ok(())
}

#[tokio::test]
async fn without_the_key_nothing_is_answered() -> Outcome {
    let engine = Engine::start().await?;
    let wrong = engine.client().with_password("0123456789abcdee");
    let refused = wrong.query("SELECT 1").fetch_one::<u8>().await;
    assert!(refused.is_err_and(|error| error.to_string().contains("密钥不正确")));
    let none = raw(&engine, b"GET /?query=SELECT%201 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
    assert!(none.starts_with("HTTP/1.1 403"), "{none}");
    assert!(none.contains("x-clickhouse-exception-code: 516\r\n"), "{none}");
    let parameter =
        format!("GET /?query=SELECT%20'ok'&password={KEY} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert!(raw(&engine, parameter.as_bytes()).await?.contains("ok\n"));
    let ping = raw(&engine, b"GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
    assert!(ping.ends_with("Ok.\n"), "{ping}");
    Ok(())
}

#[tokio::test]
async fn an_insert_that_is_cut_off_stores_nothing() -> Outcome {
    let engine = Engine::start().await?;
    let client = engine.database("a").await?;
    client.query("CREATE TABLE n (x UInt32) ENGINE = MergeTree ORDER BY x").execute().await?;
    let head = format!(
        "POST /?database=a&query=INSERT+INTO+n+FORMAT+RowBinary HTTP/1.1\r\nhost: x\r\n\
         connection: close\r\nx-clickhouse-key: {KEY}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    // Cut exactly between two rows, where the engine could not tell.
    for rows in [3_usize, 8_000_000] {
        let mut request = head.clone().into_bytes();
        request.extend_from_slice(format!("{:x}\r\n", rows * 4).as_bytes());
        request.resize(request.len() + rows * 4, 7);
        request.extend_from_slice(b"\r\n");
        // The answer, if one arrives at all before the connection ends, is an error.
        if let Ok(answer) = cut(&engine, &request).await {
            assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        let stored: u64 = client.query("SELECT count() FROM n").fetch_one().await?;
        assert_eq!(stored, 0);
        let mut complete = request;
        complete.extend_from_slice(b"0\r\n\r\n");
        let answer = raw(&engine, &complete).await?;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let stored: u64 = client.query("SELECT count() FROM n").fetch_one().await?;
        assert_eq!(stored, rows as u64);
        client.query("TRUNCATE TABLE n").execute().await?;
    }
    let mut dropped = client.insert::<Event>("n").await;
    if let Ok(insert) = &mut dropped {
        assert!(insert.write(&event(1)).await.is_err());
    }
    Ok(())
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() -> Outcome {
    let engine = Engine::start().await?;
    let client = engine.database("a").await?;
    client.query(EVENT).execute().await?;
    store(&client, 0..1000).await?;
    let mut open = client.insert::<Event>("event").await?;
    open.write(&event(5000)).await?;
    let Engine { process, data } = engine;
    process.kill().await?;
    drop(open);
    let engine = Engine { process: child(data.path()).await?, data };
    assert_eq!(count(&engine.client().with_database("a")).await?, 1000);
    Ok(())
}

#[tokio::test]
async fn many_statements_run_at_once() -> Outcome {
    let engine = Engine::start().await?;
    let client = engine.client();
    let queries = (0..32_u64).map(|n| {
        let query =
            client.query("SELECT sum(number) + ? FROM numbers(2000000)").bind(n).with_setting("max_threads", "1");
        async move { query.fetch_one::<u64>().await.map(|sum| (n, sum)) }
    });
    for answer in futures::future::join_all(queries).await {
        let (n, sum) = answer?;
        assert_eq!(sum, 1_999_999_000_000 + n);
    }
    Ok(())
}

#[tokio::test]
async fn a_reader_that_goes_away_frees_its_connection() -> Outcome {
    let engine = Engine::start().await?;
    let client = engine.client();
    // More readers than there are connections.
    for _ in 0..40 {
        let mut cursor = client.query("SELECT number FROM numbers(100000000)").fetch::<u64>()?;
        assert_eq!(cursor.next().await?, Some(0));
    }
    let one: u8 = client.query("SELECT 1").fetch_one().await?;
    assert_eq!(one, 1);
    Ok(())
}

#[tokio::test]
async fn files_network_and_control_are_refused() -> Outcome {
    let engine = Engine::start().await?;
    let secret = engine.data.path().join("secret.csv");
    std::fs::write(&secret, "1\n")?;
    let secret = secret.to_str().ok_or("path")?;
    engine.client().query("CREATE TABLE t (x Int32) ENGINE = MergeTree ORDER BY x").execute().await?;
    for sql in [
        &format!("SELECT * FROM file('{secret}')"),
        &format!("SELECT file('{secret}')"),
        &format!("SELECT * FROM '{secret}'"),
        &format!("SELECT * FROM `{secret}`"),
        &format!("INSERT INTO t FROM INFILE '{secret}' FORMAT CSV"),
        &format!("SELECT 1 INTO OUTFILE '{secret}.out'"),
        "SELECT * FROM url('http://127.0.0.1:1/')",
        "SELECT * FROM s3('http://127.0.0.1:1/x')",
        "SELECT * FROM remote('127.0.0.1', system.one)",
        "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
        "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
        "SELECT * FROM executable('ls', 'TSV', 'x String')",
        "CREATE TABLE f (x Int32) ENGINE = File(CSV)",
        "CREATE DICTIONARY d (x UInt64) PRIMARY KEY x SOURCE(NULL()) LAYOUT(FLAT()) LIFETIME(0)",
        "CREATE USER u",
        "CREATE FUNCTION f AS x -> x",
        "SYSTEM SHUTDOWN",
        "SET max_threads = 1",
        "USE system",
        "KILL QUERY WHERE 1",
        "BACKUP DATABASE default TO File('x')",
        "CREATE TEMPORARY TABLE x (y Int8)",
    ] {
        let refused = engine.client().query_raw(sql).execute().await;
        let text = refused.map_or_else(|error| error.to_string(), |()| String::from("done"));
        assert!(text.contains("Code: 497"), "{sql}: {text}");
    }
    assert!(!Path::new(&format!("{secret}.out")).exists());
    let dialect = post(&engine, "/?dialect=kusto", "print 1").await?;
    assert!(dialect.contains("exception-code: "), "{dialect}");
    let write = format!("GET /?query=TRUNCATE+TABLE+t&password={KEY} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let write = raw(&engine, write.as_bytes()).await?;
    assert!(write.contains("exception-code: 497\r\n"), "{write}");
    Ok(())
}

#[tokio::test]
async fn databases_and_settings_of_one_request_do_not_reach_another() -> Outcome {
    let engine = Engine::start().await?;
    let (a, b) = (engine.database("a").await?, engine.database("b").await?);
    for client in [&a, &b] {
        client.query(EVENT).execute().await?;
    }
    store(&a, 0..3).await?;
    store(&b, 0..5).await?;
    let threads = "SELECT toUInt64(getSetting('max_threads')) AS n";
    let plain: u64 = engine.client().query(threads).fetch_one().await?;
    for _ in 0..20 {
        assert_eq!(count(&a).await?, 3);
        assert_eq!(count(&b).await?, 5);
        assert!(count(&engine.client()).await.is_err());
        let changed = a.query(threads).with_setting("max_threads", "7");
        assert_eq!(changed.fetch_one::<u64>().await?, 7);
        let inner = format!("{threads} SETTINGS max_threads = 9");
        assert_eq!(b.query(&inner).fetch_one::<u64>().await?, 9);
        assert_eq!(engine.client().query(threads).fetch_one::<u64>().await?, plain);
    }
    Ok(())
}

#[tokio::test]
async fn a_database_comes_back_from_its_backup() -> Outcome {
    let engine = Engine::start().await?;
    let client = engine.database("a").await?;
    client.query(EVENT).execute().await?;
    store(&client, 0..50).await?;
    let target = "database=a&name=first";
    let written = post(&engine, &format!("/backup?{target}"), "").await?;
    assert!(written.starts_with("HTTP/1.1 200"), "{written}");
    let again = post(&engine, &format!("/backup?{target}"), "").await?;
    assert!(again.starts_with("HTTP/1.1 500"), "{again}");
    let escaping = post(&engine, "/backup?database=a&name=../x", "").await?;
    assert!(escaping.contains("exception-code: 497\r\n"), "{escaping}");
    client.query("DROP DATABASE a").execute().await?;
    let read = post(&engine, &format!("/restore?{target}"), "").await?;
    assert!(read.starts_with("HTTP/1.1 200"), "{read}");
    assert_eq!(count(&client).await?, 50);
    Ok(())
}

#[tokio::test]
async fn a_data_directory_belongs_to_one_process() -> Outcome {
    let engine = Engine::start().await?;
    assert!(child(engine.data.path()).await.is_err());
    let Engine { process, data } = engine;
    process.stop().await?;
    let mut next = child(data.path()).await?;
    assert!(!next.has_exited());
    assert!(next.pid().is_some());
    next.stop().await?;
    Ok(())
}
