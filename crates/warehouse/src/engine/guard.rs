//! What a request may ask the embedded engine: a reading of the statement's tokens before the engine sees it.
//!
//! The first line of defence is the engine itself: the session's grants (`config`) hold no source and no access
//! management, and its own parser classifies each statement (`run`). This guard closes what neither covers: text
//! the client half of the library would handle (`INTO OUTFILE`, `FROM INFILE`), the scalar function `file`, inline
//! disks, and table engines outside the grant system. It reads tokens, not grammar, and refuses what it cannot
//! read with certainty: everything outside quotes must be plain ASCII, without heredocs and without `#` comments.
//!
//! It leaves to others: names, types, and syntax errors, which the engine reports itself.

/// How a statement is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A query whose output may be fetched block by block.
    Select,
    /// An `INSERT … FORMAT <format>` whose rows are the body of the request; `head` is the text before `FORMAT`.
    Insert {
        /// The statement without its `FORMAT` clause.
        head: String,
        /// The input format.
        format: String,
    },
    /// Anything else: carried out whole.
    Other,
}

/// A statement that passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// The text without a trailing semicolon.
    pub(super) sql: String,
    /// How to carry it out.
    pub(super) kind: Kind,
    /// Whether the text brings settings of its own.
    pub(super) own_settings: bool,
}

/// Why a statement was refused, in words for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// ClickHouse error code.
    pub(super) code: u32,
    /// Chinese text.
    pub(super) text: String,
}

/// ClickHouse `SYNTAX_ERROR`.
pub(super) const SYNTAX_ERROR: u32 = 62;
/// ClickHouse `ACCESS_DENIED`.
pub(super) const ACCESS_DENIED: u32 = 497;

/// Functions, table functions and type-like words that reach outside the data directory when called.
const REFUSED_CALLS: &[&str] = &[
    "arrowstream",
    "azureblobstorage",
    "azureblobstoragecluster",
    "catboostevaluate",
    "cluster",
    "clusterallreplicas",
    "cosn",
    "deltalake",
    "deltalakeazure",
    "deltalakeazurecluster",
    "deltalakecluster",
    "deltalakelocal",
    "deltalakes3",
    "deltalakes3cluster",
    "disk",
    "eval",
    "executable",
    "executablepool",
    "file",
    "filecluster",
    "filelog",
    "filesystem",
    "gcs",
    "hdfs",
    "hdfscluster",
    "hudi",
    "hudicluster",
    "iceberg",
    "icebergazure",
    "icebergazurecluster",
    "icebergcluster",
    "iceberghdfs",
    "iceberghdfscluster",
    "iceberglocal",
    "iceberglocalcluster",
    "icebergs3",
    "icebergs3cluster",
    "jdbc",
    "mongodb",
    "mysql",
    "odbc",
    "oss",
    "paimon",
    "paimonazure",
    "paimonazurecluster",
    "paimoncluster",
    "paimonhdfs",
    "paimonhdfscluster",
    "paimonlocal",
    "paimons3",
    "paimons3cluster",
    "postgresql",
    "python",
    "redis",
    "remote",
    "remotesecure",
    "s3",
    "s3cluster",
    "sqlite",
    "url",
    "urlcluster",
    "ytsaurus",
];

/// Table and database engines a statement may name, besides the `…MergeTree` family.
const ALLOWED_ENGINES: &[&str] =
    &["atomic", "buffer", "join", "log", "memory", "merge", "null", "set", "stripelog", "tinylog"];

/// Engines refused even where `ENGINE` stands without `=`.
const REFUSED_ENGINES: &[&str] = &[
    "alias",
    "azurequeue",
    "dictionary",
    "distributed",
    "embeddedrocksdb",
    "kafka",
    "keepermap",
    "lazy",
    "materializedpostgresql",
    "nats",
    "queryrunner",
    "rabbitmq",
    "replicated",
    "s3queue",
    "timeseries",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// A bare word or number.
    Word(&'a str),
    /// A word in backticks or double quotes, without them.
    Quoted(&'a str),
    /// A text in single quotes.
    Text,
    /// Any other character.
    Sign(u8),
}

impl<'a> Token<'a> {
    fn name(self) -> Option<&'a str> {
        match self {
            Self::Word(name) | Self::Quoted(name) => Some(name),
            Self::Text | Self::Sign(_) => None,
        }
    }

    fn is_word(self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }
}

/// Reads a statement and says how to carry it out.
///
/// # Errors
/// A [`Refusal`] with `SYNTAX_ERROR` for an empty or unreadable text and for several statements, `ACCESS_DENIED`
/// for anything that reaches outside the data directory.
pub(super) fn inspect(sql: &str) -> Result<Statement, Refusal> {
    let tokens = tokens(sql)?;
    let (tokens, sql) = without_trailing_semicolons(&tokens, sql);
    let Some((first, _)) = tokens.first() else {
        return Err(syntax("语句为空"));
    };
    if tokens.iter().any(|(token, _)| *token == Token::Sign(b';')) {
        return Err(syntax("一次请求只能有一条语句"));
    }
    check_calls(tokens)?;
    check_words(tokens)?;
    check_engines(tokens)?;
    Ok(Statement {
        sql: sql.to_owned(),
        kind: kind(*first, tokens, sql)?,
        own_settings: tokens.iter().any(|(token, _)| token.is_word("SETTINGS")),
    })
}

fn kind(first: Token<'_>, tokens: &[(Token<'_>, usize)], sql: &str) -> Result<Kind, Refusal> {
    let format =
        tokens.windows(2).rposition(|pair| matches!(pair, [(word, _), (Token::Word(_), _)] if word.is_word("FORMAT")));
    if first.is_word("INSERT") {
        let selects = tokens.iter().any(|(token, _)| token.is_word("SELECT"));
        return match format {
            Some(at) if at + 2 == tokens.len() && !selects => {
                let (_, cut) = tokens[at];
                let (format, _) = tokens[at + 1];
                Ok(Kind::Insert {
                    head: sql.get(..cut).unwrap_or_default().to_owned(),
                    format: format.name().unwrap_or_default().to_owned(),
                })
            }
            Some(at) if at + 2 < tokens.len() && !selects => {
                Err(syntax("插入的数据应放在请求体中，不能写在 FORMAT 之后"))
            }
            _ => Ok(Kind::Other),
        };
    }
    let reads = first.is_word("SELECT") || first.is_word("WITH") || first == Token::Sign(b'(');
    if reads && format.is_none() {
        return Ok(Kind::Select);
    }
    Ok(Kind::Other)
}

fn without_trailing_semicolons<'t, 's>(
    tokens: &'t [(Token<'s>, usize)],
    sql: &'s str,
) -> (&'t [(Token<'s>, usize)], &'s str) {
    let mut rest = tokens;
    let mut end = sql.len();
    while let Some(((Token::Sign(b';'), at), before)) = rest.split_last() {
        rest = before;
        end = *at;
    }
    (rest, sql.get(..end).unwrap_or(sql))
}

fn check_calls(tokens: &[(Token<'_>, usize)]) -> Result<(), Refusal> {
    for pair in tokens.windows(2) {
        let [(token, _), (Token::Sign(b'('), _)] = pair else {
            continue;
        };
        if let Some(name) = token.name()
            && REFUSED_CALLS.binary_search(&name.to_ascii_lowercase().as_str()).is_ok()
        {
            return Err(denied(&format!("不允许使用 {name}：本机引擎不读取文件、网络和外部程序")));
        }
    }
    Ok(())
}

fn check_words(tokens: &[(Token<'_>, usize)]) -> Result<(), Refusal> {
    for (token, _) in tokens {
        if token.is_word("OUTFILE") || token.is_word("INFILE") {
            return Err(denied("不允许读写服务器上的文件"));
        }
    }
    let mut words = tokens.iter().map(|(token, _)| *token);
    let Some(first) = words.next() else {
        return Ok(());
    };
    let creates = first.is_word("CREATE") || first.is_word("REPLACE");
    if creates && words.take(4).any(|token| token.is_word("DICTIONARY")) {
        return Err(denied("不允许建立字典"));
    }
    Ok(())
}

fn check_engines(tokens: &[(Token<'_>, usize)]) -> Result<(), Refusal> {
    let Some((first, _)) = tokens.first() else {
        return Ok(());
    };
    let defines = ["CREATE", "REPLACE", "ALTER", "ATTACH"].iter().any(|word| first.is_word(word));
    if !defines {
        return Ok(());
    }
    for (index, (token, _)) in tokens.iter().enumerate() {
        if !token.is_word("ENGINE") {
            continue;
        }
        let next = tokens.get(index + 1).map(|(token, _)| *token);
        let with_sign = next == Some(Token::Sign(b'='));
        let name = if with_sign { tokens.get(index + 2).map(|(token, _)| *token) } else { next };
        let Some(name) = name.and_then(Token::name) else {
            continue;
        };
        if !engine_allowed(&name.to_ascii_lowercase(), with_sign) {
            return Err(denied(&format!("不允许使用表引擎 {name}")));
        }
    }
    Ok(())
}

fn engine_allowed(name: &str, with_sign: bool) -> bool {
    let merge_tree = name.ends_with("mergetree") && !name.starts_with("replicated");
    if merge_tree || ALLOWED_ENGINES.contains(&name) {
        return true;
    }
    let refused =
        REFUSED_ENGINES.contains(&name) || REFUSED_CALLS.binary_search(&name).is_ok() || name.ends_with("mergetree");
    !with_sign && !refused
}

/// Cuts a text into tokens with the byte offset of each.
fn tokens(sql: &str) -> Result<Vec<(Token<'_>, usize)>, Refusal> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c => at += 1,
            b'-' if bytes.get(at + 1) == Some(&b'-') => at = line_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'*') => at = comment_end(sql, at)?,
            b'\'' => {
                at = quote_end(bytes, at)?;
                found.push((Token::Text, start));
            }
            b'`' | b'"' => {
                at = quote_end(bytes, at)?;
                let inner = sql.get(start + 1..at - 1).unwrap_or_default();
                found.push((Token::Quoted(inner), start));
            }
            b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                at = word_end(bytes, at);
                let word = sql.get(start..at).unwrap_or_default();
                found.push((Token::Word(word), start));
            }
            b'$' | b'#' | 0..=0x1f | 0x7f.. => {
                return Err(syntax("引号之外只能使用 ASCII 字符，且不能使用 $ 与 #"));
            }
            sign => {
                at += 1;
                found.push((Token::Sign(sign), start));
            }
        }
    }
    Ok(found)
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes.iter().skip(from).position(|byte| *byte == b'\n').map_or(bytes.len(), |offset| from + offset)
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    bytes
        .iter()
        .skip(from)
        .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
        .map_or(bytes.len(), |offset| from + offset)
}

fn comment_end(sql: &str, from: usize) -> Result<usize, Refusal> {
    let inner = sql.get(from + 2..).unwrap_or_default();
    let Some(length) = inner.find("*/") else {
        return Err(syntax("注释没有结束"));
    };
    // Whether comments nest differs between versions of the engine; both readings must agree.
    if inner.get(..length).is_some_and(|text| text.contains("/*")) {
        return Err(syntax("注释不能嵌套"));
    }
    Ok(from + 2 + length + 2)
}

/// The offset after the closing quote. A backslash takes the next byte with it; a doubled quote is part of the text.
fn quote_end(bytes: &[u8], from: usize) -> Result<usize, Refusal> {
    let quote = bytes.get(from).copied().unwrap_or(b'\'');
    let mut at = from + 1;
    while let Some(&byte) = bytes.get(at) {
        let doubled = byte == quote && bytes.get(at + 1) == Some(&quote);
        if byte == b'\\' || doubled {
            at += 2;
        } else if byte == quote {
            return Ok(at + 1);
        } else {
            at += 1;
        }
    }
    Err(syntax("引号没有结束"))
}

fn syntax(text: &str) -> Refusal {
    Refusal { code: SYNTAX_ERROR, text: text.to_owned() }
}

/// A refusal with code `ACCESS_DENIED`.
pub(super) fn denied(text: &str) -> Refusal {
    Refusal { code: ACCESS_DENIED, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(sql: &str) -> Option<u32> {
        inspect(sql).err().map(|refusal| refusal.code)
    }

    #[test]
    fn the_list_of_refused_calls_is_sorted_and_lower_case() {
        assert!(REFUSED_CALLS.is_sorted());
        assert!(REFUSED_CALLS.iter().all(|name| *name == name.to_ascii_lowercase()));
    }

    #[test]
    fn ordinary_statements_pass() {
        for sql in [
            "SELECT 'file(x); -- 文字', `列` FROM t WHERE engine = 'File' -- note",
            "SELECT count() FROM system.tables WHERE engine = name;",
            "CREATE TABLE t (engine LowCardinality(String)) ENGINE = ReplacingMergeTree(v) ORDER BY x",
            "CREATE DATABASE x ENGINE = Atomic",
            "INSERT INTO t VALUES ('a'), ('b;c')",
            "ALTER TABLE t ADD COLUMN file String",
            "SELECT 1 /* c */ ;;",
            "INSERT INTO t (a, format) VALUES (format('{}', 'x'), 1)",
            "SELECT 'it''s \\' (' FROM numbers(3)",
        ] {
            assert_eq!(inspect(sql).map(drop), Ok(()), "{sql}");
        }
    }

    #[test]
    fn whatever_reaches_outside_is_refused() {
        for sql in [
            "SELECT * FROM file('/etc/passwd')",
            "SELECT FILE ('/etc/passwd')",
            "SELECT `file`('/etc/passwd')",
            "SELECT \"url\"/* c */('http://x')",
            "SELECT 1 INTO OUTFILE '/tmp/x'",
            "INSERT INTO t FROM INFILE '/tmp/x' FORMAT CSV",
            "CREATE TABLE t (x Int8) ENGINE=File(CSV)",
            "CREATE TABLE t (x Int8) ENGINE FileLog('/tmp','CSV')",
            "CREATE TABLE t (x Int8) ENGINE = `Kafka`",
            "CREATE TABLE t AS u ENGINE = SQLite",
            "CREATE DATABASE t ENGINE = Filesystem",
            "CREATE DICTIONARY d (x UInt64) PRIMARY KEY x",
            "CREATE TABLE t (x Int8) ENGINE=MergeTree ORDER BY x SETTINGS disk=disk(type=local)",
            "CREATE TABLE t (x Int8) ENGINE=ReplicatedMergeTree ORDER BY x",
        ] {
            assert_eq!(code(sql), Some(ACCESS_DENIED), "{sql}");
        }
    }

    #[test]
    fn what_cannot_be_read_with_certainty_is_refused() {
        for sql in [
            "",
            " ; ",
            "SELECT 1; SELECT 2",
            "SELECT $a$ ' $a$",
            "SELECT 1 # comment",
            "SELECT “x”",
            "SELECT 'open",
            "SELECT 1 /* open",
            "SELECT 1 /* a /* b */ , 2 */",
            "INSERT INTO t FORMAT CSV 1,2",
            "SELECT \u{a0}1",
        ] {
            assert_eq!(code(sql), Some(SYNTAX_ERROR), "{sql}");
        }
    }

    #[test]
    fn an_insert_is_cut_before_its_format() {
        let statement = inspect("INSERT INTO t(a, `format`) FORMAT RowBinary\n;");
        assert_eq!(
            statement.map(|s| s.kind),
            Ok(Kind::Insert { head: String::from("INSERT INTO t(a, `format`) "), format: String::from("RowBinary") })
        );
        assert_eq!(inspect("INSERT INTO t SELECT 1").map(|s| s.kind), Ok(Kind::Other));
        assert_eq!(inspect("(SELECT 1)").map(|s| s.kind), Ok(Kind::Select));
        assert_eq!(inspect("SELECT 1 FORMAT JSON").map(|s| s.kind), Ok(Kind::Other));
    }
}
