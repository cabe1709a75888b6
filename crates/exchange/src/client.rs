//! The one outgoing HTTP client (对外请求): every address is input, so only allowed origins are reached, nothing is
//! followed, and time and size are bounded.
//!
//! No redirects, no proxy from the environment, no compression, no cookies. Retrying and backing off belong to `jobs`; this
//! module says what happened and whether trying again makes sense. Rows: G-4e, G-8, H-8.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Method, Url};
use rustls::crypto::CryptoProvider;
use serde::Deserialize;

/// Content type of a sealed batch.
pub const BATCH_TYPE: &str = "application/vnd.suyuan.batch";
/// Content type of a signed document.
pub const DOCUMENT_TYPE: &str = "application/vnd.suyuan.document";
/// Header that carries a signed document with a request without body, as base64url without padding.
pub const REQUEST_HEADER: &str = "x-suyuan-request";

/// Most characters kept of another side's error text.
const TEXT_LIMIT: usize = 500;

/// Why a request brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address cannot be used.
    #[error("地址不正确：{0}，应为 http(s)://主机[:端口]/路径，且不含用户名和口令")]
    Address(String),
    /// The origin is not on the list.
    #[error("未登记的地址：{0}，请先在系统设置中登记")]
    NotAllowed(String),
    /// Plain HTTP to another machine.
    #[error("地址 {0} 未加密，请改用 https，或由系统管理员在配置中允许明文传输")]
    Plain(String),
    /// No connection.
    #[error("无法连接 {0}，请检查网络和对方服务")]
    Connect(String),
    /// The time is over.
    #[error("{0} 响应超时")]
    Timeout(String),
    /// The connection broke.
    #[error("与 {0} 的连接中断")]
    Broken(String),
    /// The answer is larger than allowed.
    #[error("{origin} 的响应超过 {limit} 字节，已中止")]
    TooLarge {
        /// Who answered.
        origin: String,
        /// Bytes allowed.
        limit: usize,
    },
    /// The other side said no.
    #[error("对方拒绝（{status} {code}）：{text}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The other side's stable code; empty when it gave none.
        code: String,
        /// The other side's text.
        text: String,
        /// Seconds to wait before trying again, when the other side named them.
        retry_after: Option<u64>,
    },
    /// The client could not be set up.
    #[error("网络组件无法启动：{0}")]
    Setup(String),
}

impl ClientError {
    /// Stable code for the log, the state of a link and the error envelope.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "XCH-0201",
            Self::NotAllowed(_) => "XCH-0202",
            Self::Plain(_) => "XCH-0203",
            Self::Connect(_) => "XCH-0204",
            Self::Timeout(_) => "XCH-0205",
            Self::Broken(_) => "XCH-0206",
            Self::TooLarge { .. } => "XCH-0207",
            Self::Refused { .. } => "XCH-0208",
            Self::Setup(_) => "XCH-0209",
        }
    }

    /// Whether the same request may succeed later without anybody doing something.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Timeout(_) | Self::Broken(_) => true,
            Self::Refused { status, .. } => matches!(*status, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }
}

/// Result of this module.
pub type Result<T> = std::result::Result<T, ClientError>;

/// Scheme, host and port: what the list of allowed places is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an address.
    ///
    /// # Errors
    /// [`ClientError::Address`] for anything but `http` and `https` with a host, or with a user name.
    pub fn parse(address: &str) -> Result<Self> {
        Self::of(&parse(address)?)
    }

    /// Whether the host is this machine by its own name or number; other names are never asked.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let number = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost" || number.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    fn of(url: &Url) -> Result<Self> {
        let wrong = || ClientError::Address(shown(url));
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(wrong()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong());
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let port = url.port_or_known_default().ok_or_else(wrong)?;
        Ok(Self { secure, host: host.trim_end_matches('.').to_owned(), port })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", if self.secure { "https" } else { "http" }, self.host, self.port)
    }
}

fn parse(address: &str) -> Result<Url> {
    // The text itself is not repeated: it may hold a password.
    Url::parse(address).map_err(|_| ClientError::Address("无法识别".to_owned()))
}

/// The address without what may be secret.
fn shown(url: &Url) -> String {
    format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default())
}

/// How the client behaves.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Longest time until connected.
    pub connect_timeout: Duration,
    /// Longest time of a whole request, answer included.
    pub total_timeout: Duration,
    /// Most bytes of an answer.
    pub max_response: usize,
    /// Whether plain HTTP may leave this machine.
    pub allow_plain: bool,
    /// PEM bundle of the only certificate authorities trusted; `None` trusts those of the operating system.
    pub ca_pem: Option<Vec<u8>>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(60),
            max_response: 32 << 20,
            allow_plain: false,
            ca_pem: None,
        }
    }
}

/// One request.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Content type and body; `None` is a GET.
    pub body: Option<(&'static str, Bytes)>,
    /// Whether the body replaces what is there (PUT); otherwise it is a POST.
    pub replaces: bool,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// Most bytes of the answer, when fewer than the client's own limit.
    pub max_response: Option<usize>,
}

/// One answer with a status of success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// HTTP status, 200 to 299.
    pub status: u16,
    /// Content type; empty when none was given.
    pub content_type: String,
    /// `name=value` of each cookie that was set.
    pub cookies: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// The one outgoing client; clones share connections and list.
#[derive(Clone)]
pub struct HttpClient {
    inner: reqwest::Client,
    allowed: Arc<RwLock<BTreeSet<Origin>>>,
    max_response: usize,
    allow_plain: bool,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client that reaches nothing yet; see [`Self::allow`]. `provider` becomes the process's, unless one is installed.
    ///
    /// # Errors
    /// [`ClientError::Setup`] when the certificate authorities cannot be read.
    pub fn new(options: &ClientOptions, provider: &CryptoProvider) -> Result<Self> {
        if CryptoProvider::get_default().is_none() {
            // Losing the race against another thread is as good: then one is installed.
            drop(provider.clone().install_default());
        }
        Ok(Self {
            inner: build(options)?,
            allowed: Arc::default(),
            max_response: options.max_response,
            allow_plain: options.allow_plain,
        })
    }

    /// Allows the origin of `address`.
    ///
    /// # Errors
    /// [`ClientError::Address`], or [`ClientError::Plain`] for plain HTTP to another machine where that is not allowed.
    pub fn allow(&self, address: &str) -> Result<Origin> {
        let origin = Origin::parse(address)?;
        self.check_plain(&origin)?;
        self.allowed.write().unwrap_or_else(PoisonError::into_inner).insert(origin.clone());
        Ok(origin)
    }

    /// Takes an origin off the list; requests under way are not cut.
    pub fn disallow(&self, origin: &Origin) {
        self.allowed.write().unwrap_or_else(PoisonError::into_inner).remove(origin);
    }

    /// Sends a request and reads the answer within the limits.
    ///
    /// # Errors
    /// Every status but 200 to 299 is [`ClientError::Refused`], redirects too.
    pub async fn send(&self, address: &str, request: Outgoing) -> Result<Incoming> {
        let url = parse(address)?;
        let origin = self.admit(&url)?;
        let limit = request.max_response.map_or(self.max_response, |limit| limit.min(self.max_response));
        let method = if request.replaces { Method::PUT } else { Method::POST };
        let mut builder = match request.body {
            None => self.inner.request(Method::GET, url),
            Some((kind, body)) => self.inner.request(method, url).header(CONTENT_TYPE, kind).body(body),
        };
        builder = builder.header(ACCEPT, "*/*").headers(headers(request.headers)?);
        let mut response = builder.send().await.map_err(|error| transport(&error, &origin))?;
        let status = response.status().as_u16();
        let success = response.status().is_success();
        let retry_after = retry_after(response.headers());
        let content_type = header_text(response.headers(), &CONTENT_TYPE);
        let cookies = cookies(response.headers());
        // An error text is short; a peer that floods its refusals is cut.
        let limit = if success { limit } else { limit.min(64 << 10) };
        let body = read(&mut response, limit, &origin).await;
        if success {
            return Ok(Incoming { status, content_type, cookies, body: body? });
        }
        let (code, text) = refusal(status, &body.unwrap_or_default());
        Err(ClientError::Refused { status, code, text, retry_after })
    }

    fn admit(&self, url: &Url) -> Result<Origin> {
        let origin = Origin::of(url)?;
        self.check_plain(&origin)?;
        let allowed = self.allowed.read().unwrap_or_else(PoisonError::into_inner).contains(&origin);
        if allowed { Ok(origin) } else { Err(ClientError::NotAllowed(origin.to_string())) }
    }

    fn check_plain(&self, origin: &Origin) -> Result<()> {
        if origin.secure || self.allow_plain || origin.is_loopback() {
            Ok(())
        } else {
            Err(ClientError::Plain(origin.to_string()))
        }
    }
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let pair = |value: &HeaderValue| {
        let text = value.to_str().ok()?;
        Some(text.split(';').next().unwrap_or_default().to_owned())
    };
    headers.get_all(SET_COOKIE).iter().filter_map(pair).collect()
}

fn build(options: &ClientOptions) -> Result<reqwest::Client> {
    let setup = |error: reqwest::Error| ClientError::Setup(error.to_string());
    let builder = || {
        reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(options.connect_timeout)
            .timeout(options.total_timeout)
            .pool_idle_timeout(Duration::from_secs(20))
            .user_agent(concat!("suyuan/", env!("CARGO_PKG_VERSION")))
    };
    match &options.ca_pem {
        Some(pem) => {
            let authorities = Certificate::from_pem_bundle(pem).map_err(setup)?;
            if authorities.is_empty() {
                return Err(ClientError::Setup("证书文件中没有证书".to_owned()));
            }
            builder().tls_certs_only(authorities).build().map_err(setup)
        }
        None => builder().build().or_else(|error| {
            // A machine without certificate authorities still serves plain HTTP on itself; HTTPS then fails by name.
            tracing::warn!(%error, "no certificate authorities of the operating system, https will be refused");
            builder().tls_certs_only([]).build().map_err(setup)
        }),
    }
}

fn headers(pairs: Vec<(&'static str, String)>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(pairs.len());
    for (name, value) in pairs {
        let wrong = || ClientError::Address(format!("请求头 {name} 不正确"));
        let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name).map_err(|_| wrong())?, value);
    }
    Ok(headers)
}

async fn read(response: &mut reqwest::Response, limit: usize, origin: &Origin) -> Result<Vec<u8>> {
    let too_large = || ClientError::TooLarge { origin: origin.to_string(), limit };
    let declared = response.content_length().unwrap_or(0);
    if usize::try_from(declared).map_or(true, |bytes| bytes > limit) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error, origin))? {
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn transport(error: &reqwest::Error, origin: &Origin) -> ClientError {
    tracing::debug!(%error, %origin, "outgoing request failed");
    let origin = origin.to_string();
    // A timeout while connecting is both; what the operator can check is the connection.
    if error.is_connect() {
        ClientError::Connect(origin)
    } else if error.is_timeout() {
        ClientError::Timeout(origin)
    } else {
        ClientError::Broken(origin)
    }
}

fn header_text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Seconds only: the date form would need a clock.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    header_text(headers, &RETRY_AFTER).trim().parse().ok()
}

/// Code and text of the platform's error envelope; for other bodies only the status.
fn refusal(status: u16, body: &[u8]) -> (String, String) {
    #[derive(Deserialize)]
    struct Envelope {
        error: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(TEXT_LIMIT).collect::<String>();
    match serde_json::from_slice::<Envelope>(body) {
        Ok(Envelope { error }) => (clean(&error.code), clean(&error.message)),
        Err(_) if (300..400).contains(&status) => (String::new(), "对方要求跳转到其他地址，未跟随".to_owned()),
        Err(_) => (String::new(), "对方未说明原因".to_owned()),
    }
}

/// The requests between nodes, on the one client.
#[derive(Clone, Debug)]
pub struct PeerClient {
    http: HttpClient,
}

impl PeerClient {
    /// Requests to peers through `http`.
    #[must_use]
    pub const fn new(http: HttpClient) -> Self {
        Self { http }
    }

    /// The client underneath, for the list of allowed origins.
    #[must_use]
    pub const fn http(&self) -> &HttpClient {
        &self.http
    }

    /// Sends a sealed batch; the bytes of the signed receipt.
    ///
    /// # Errors
    /// As [`HttpClient::send`].
    pub async fn post_batch(&self, address: &str, batch: Bytes) -> Result<Vec<u8>> {
        self.post(address, BATCH_TYPE, batch).await
    }

    /// Asks for heads with a signed [`crate::wire::HeadsRequest`]; the bytes of the signed answer.
    ///
    /// # Errors
    /// As [`HttpClient::send`].
    pub async fn get_heads(&self, address: &str, request: &[u8]) -> Result<Vec<u8>> {
        let headers = vec![(REQUEST_HEADER, URL_SAFE_NO_PAD.encode(request))];
        let request =
            Outgoing { body: None, replaces: false, headers, max_response: Some(crate::wire::document::MAX_BYTES) };
        Ok(self.http.send(address, request).await?.body)
    }

    /// Asks for admission with a signed [`crate::wire::Enrol`]; the bytes of the signed answer.
    ///
    /// # Errors
    /// As [`HttpClient::send`].
    pub async fn post_enrol(&self, address: &str, enrol: Bytes) -> Result<Vec<u8>> {
        self.post(address, DOCUMENT_TYPE, enrol).await
    }

    /// Asks where a chain goes on with a signed [`crate::wire::chain::ChainQuery`]; the bytes of the signed answer.
    ///
    /// # Errors
    /// As [`HttpClient::send`].
    pub async fn post_chain_query(&self, address: &str, query: Bytes) -> Result<Vec<u8>> {
        self.post(address, DOCUMENT_TYPE, query).await
    }

    /// Asks for records with a signed [`crate::wire::Pull`]; the bytes of a sealed batch.
    ///
    /// # Errors
    /// As [`HttpClient::send`].
    pub async fn post_pull(&self, address: &str, pull: Bytes) -> Result<Vec<u8>> {
        self.post(address, DOCUMENT_TYPE, pull).await
    }

    async fn post(&self, address: &str, kind: &'static str, body: Bytes) -> Result<Vec<u8>> {
        let request = Outgoing { body: Some((kind, body)), ..Outgoing::default() };
        Ok(self.http.send(address, request).await?.body)
    }
}

/// Reads the document that came in [`REQUEST_HEADER`]; `None` when the header is no base64url.
#[must_use]
pub fn request_from_header(value: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(value).ok()
}
