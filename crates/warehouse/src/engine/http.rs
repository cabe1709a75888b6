//! ClickHouse's HTTP interface over the runner: `/ping`, statements at `/`, `/backup` and `/restore`.
//!
//! Errors have status 500 (403 for a wrong key), the header `X-ClickHouse-Exception-Code` and the engine's text. An
//! error after the first piece of output is appended in ClickHouse's tagged form and the connection is broken, so
//! that no client takes half an answer for a whole one. It leaves to others: carrying statements out (`run`).

use super::{
    guard::{self, Kind},
    request::Parameters,
    run::{Fault, Job, Pieces, Runner},
    spool::{BodyError, Spool},
};
use bytes::Bytes;
use futures::{Stream, stream};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    future::Future,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

/// Running requests are given this long at shutdown.
const GRACE: Duration = Duration::from_secs(10);
/// A client must finish its request head in this time.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// Between an error inside a body and the break of its connection.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Bound of a statement or form in a body.
const MAX_TEXT_BYTES: usize = 64 << 20;
/// Where unqualified names are looked up when a request names no database.
const DEFAULT_DATABASE: &str = "default";
/// ClickHouse's own default on this interface.
const DEFAULT_FORMAT: &str = "TabSeparated";

/// ClickHouse `AUTHENTICATION_FAILED`.
const AUTHENTICATION_FAILED: u32 = 516;
/// ClickHouse `CANNOT_READ_ALL_DATA`.
const CANNOT_READ_ALL_DATA: u32 = 33;
/// ClickHouse `TOO_LARGE_STRING_SIZE`.
const TOO_LARGE: u32 = 131;
/// ClickHouse `BAD_ARGUMENTS`.
const BAD_ARGUMENTS: u32 = 36;
/// ClickHouse `UNKNOWN_EXCEPTION`.
const UNKNOWN_EXCEPTION: u32 = 1002;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What every connection shares.
pub(super) struct Server {
    key: String,
    /// Marks errors inside a body; unguessable to whoever wrote the data, because it is derived from the key.
    tag: String,
    runner: Arc<Runner>,
}

impl Server {
    /// A server over `runner` that answers to `key`.
    pub(super) fn new(key: String, runner: Arc<Runner>) -> Self {
        let mut hasher = DefaultHasher::new();
        ("exception tag", &key).hash(&mut hasher);
        let tag = format!("{:016x}", hasher.finish());
        Self { key, tag, runner }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path();
        let bare = path == "/" && request.method() == Method::GET && request.uri().query().is_none();
        if path == "/ping" || bare {
            return whole(StatusCode::OK, Bytes::from_static(b"Ok.\n"));
        }
        let result = match path {
            "/" => self.statement(request).await,
            "/backup" => self.archive(&request, false).await,
            "/restore" => self.archive(&request, true).await,
            _ => return whole(StatusCode::NOT_FOUND, Bytes::from("没有这个地址\n")),
        };
        match result {
            Ok(pieces) => self.reply(pieces).await,
            Err(fault) => refuse(&fault),
        }
    }

    fn parameters(&self, request: &Request<Incoming>) -> Result<Parameters, Fault> {
        let parameters = Parameters::from_url(request.uri().query())?;
        if parameters.carries(&self.key, request.headers()) {
            return Ok(parameters);
        }
        Err(Fault::new(AUTHENTICATION_FAILED, "密钥不正确"))
    }

    async fn archive(&self, request: &Request<Incoming>, restore: bool) -> Result<Pieces, Fault> {
        let parameters = self.parameters(request)?;
        let (Some(database), Some(name)) = (parameters.database, parameters.name) else {
            return Err(Fault::new(BAD_ARGUMENTS, "缺少参数 database 或 name"));
        };
        if request.method() != Method::POST {
            return Err(Fault::new(BAD_ARGUMENTS, "备份与恢复只能用 POST"));
        }
        Ok(self.runner.archive(database, name, restore).await)
    }

    async fn statement(&self, request: Request<Incoming>) -> Result<Pieces, Fault> {
        let mut parameters = self.parameters(&request)?;
        let read_only = request.method() != Method::POST;
        let boundary = form_boundary(&request)?;
        let mut rows = None;
        if let Some(boundary) = boundary {
            let body = text(request.into_body()).await?;
            parameters.add_form(body, boundary).await?;
        } else if parameters.query.is_some() {
            rows = Some(request.into_body());
        } else {
            let body = text(request.into_body()).await?;
            let query =
                String::from_utf8(body.to_vec()).map_err(|_| Fault::new(BAD_ARGUMENTS, "语句不是 UTF-8 文本"))?;
            parameters.query = Some(query);
        }
        let statement = guard::inspect(&parameters.query.unwrap_or_default())?;
        let body = match rows {
            None => None,
            Some(rows) => self.rows(rows, &statement.kind).await?,
        };
        let job = Job {
            statement,
            database: parameters.database.unwrap_or_else(|| DEFAULT_DATABASE.to_owned()),
            settings: parameters.settings,
            params: parameters.params,
            format: parameters.default_format.unwrap_or_else(|| DEFAULT_FORMAT.to_owned()),
            body,
            read_only,
        };
        Ok(self.runner.start(job).await)
    }

    async fn rows(&self, rows: Incoming, kind: &Kind) -> Result<Option<Spool>, Fault> {
        if matches!(kind, Kind::Insert { .. }) {
            let spool = Spool::receive(rows, &self.runner.spool()).await;
            return spool.map(Some).map_err(|error| body_fault(&error));
        }
        if text(rows).await?.is_empty() {
            return Ok(None);
        }
        Err(Fault::new(BAD_ARGUMENTS, "只有 INSERT … FORMAT 语句可以带请求体"))
    }

    /// Waits for the first piece, because only before it can the status still say that something failed.
    async fn reply(&self, mut pieces: Pieces) -> Response<Body> {
        let first = match pieces.recv().await {
            None => return whole(StatusCode::OK, Bytes::new()),
            Some(Err(fault)) => return refuse(&fault),
            Some(Ok(first)) => first,
        };
        let frames = frames(first, pieces, self.tag.clone());
        let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert("X-ClickHouse-Exception-Tag", tag);
        }
        response
    }
}

/// Where the output of a reply is.
enum Progress {
    First(Bytes, Pieces),
    Rest(Pieces),
    Broken,
    End,
}

fn frames(first: Bytes, pieces: Pieces, tag: String) -> impl Stream<Item = Result<Frame<Bytes>, io::Error>> + Send {
    stream::unfold((Progress::First(first, pieces), tag), |(progress, tag)| async move {
        let (item, next) = match progress {
            Progress::First(first, pieces) => (Ok(first), Progress::Rest(pieces)),
            Progress::Rest(mut pieces) => match pieces.recv().await? {
                Ok(piece) => (Ok(piece), Progress::Rest(pieces)),
                Err(fault) => (Ok(tagged(&fault, &tag)), Progress::Broken),
            },
            Progress::Broken => {
                // The client has this long to read the error before the connection is broken.
                tokio::time::sleep(LAST_WORDS).await;
                (Err(io::Error::other("statement failed")), Progress::End)
            }
            Progress::End => return None,
        };
        Some((item.map(Frame::data), (next, tag)))
    })
}

/// An error inside a body, as ClickHouse has written it since 25.11.
fn tagged(fault: &Fault, tag: &str) -> Bytes {
    let text = &fault.text;
    Bytes::from(format!(
        "\r\n__exception__\r\n{tag}\r\n{text}\n{length} {tag}\r\n__exception__\r\n",
        length = text.len() + 1,
    ))
}

fn form_boundary(request: &Request<Incoming>) -> Result<Option<String>, Fault> {
    let Some(kind) = request.headers().get(CONTENT_TYPE) else {
        return Ok(None);
    };
    let kind = kind.to_str().unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        return Ok(None);
    }
    multer::parse_boundary(kind).map(Some).map_err(|error| Fault::new(BAD_ARGUMENTS, &error.to_string()))
}

async fn text(body: Incoming) -> Result<Bytes, Fault> {
    match Limited::new(body, MAX_TEXT_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(body_fault(&BodyError::TooLarge)),
        Err(_) => Err(body_fault(&BodyError::Cut)),
    }
}

fn body_fault(error: &BodyError) -> Fault {
    match error {
        BodyError::Cut => Fault::new(CANNOT_READ_ALL_DATA, "请求体不完整，未写入任何数据"),
        BodyError::TooLarge => Fault::new(TOO_LARGE, "请求体过大"),
        BodyError::Io(error) => Fault::new(UNKNOWN_EXCEPTION, &error.to_string()),
    }
}

fn whole(status: StatusCode, body: Bytes) -> Response<Body> {
    let body = Full::new(body).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    response
}

fn refuse(fault: &Fault) -> Response<Body> {
    let status =
        if fault.code == AUTHENTICATION_FAILED { StatusCode::FORBIDDEN } else { StatusCode::INTERNAL_SERVER_ERROR };
    let mut response = whole(status, Bytes::from(format!("{}\n", fault.text)));
    response.headers_mut().insert("X-ClickHouse-Exception-Code", HeaderValue::from(fault.code));
    response
}

/// Accepts connections until `shutdown` resolves, then waits for the running requests.
pub(super) async fn serve(listener: TcpListener, server: Arc<Server>, shutdown: impl Future<Output = ()> + Send) {
    let mut shutdown = pin!(shutdown);
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&server), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "未能接受连接");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let _ = stop.send(true);
    let finish = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finish).await.is_err() {
        tracing::warn!("分析引擎关闭时仍有未完成的请求");
    }
}

async fn connection(stream: TcpStream, server: Arc<Server>, mut stopped: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "未能设置套接字");
    }
    let service = service_fn(move |request| {
        let server = Arc::clone(&server);
        async move { Ok::<_, Infallible>(server.answer(request).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(1 << 20);
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let stop = async move {
        // An error means that the server is gone, which is the same.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let result = tokio::select! {
        result = serving.as_mut() => result,
        () = stop => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "连接中断");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_inside_a_body_says_how_long_it_is() {
        let fault = Fault::new(395, "x");
        let bytes = tagged(&fault, "0123456789abcdef");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(
            text,
            "\r\n__exception__\r\n0123456789abcdef\r\nCode: 395. DB::Exception: x\n28 0123456789abcdef\r\n\
             __exception__\r\n"
        );
    }
}
