//! The outgoing client against servers that answer what a test tells them.

use std::time::Duration;

use bytes::Bytes;
use suyuan_exchange::client::{
    ClientError, ClientOptions, HttpClient, Origin, Outgoing, PeerClient, REQUEST_HEADER, request_from_header,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Takes one connection, reads one request, answers `answer` as it is; gives the address and the request.
async fn server(answer: Vec<u8>) -> (String, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = format!("http://{}/exchange", listener.local_addr().expect("address"));
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("accept");
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !complete(&request) {
            let read = socket.read(&mut buffer).await.expect("read");
            request.extend_from_slice(&buffer[..read]);
            if read == 0 {
                break;
            }
        }
        // The client may have hung up on purpose.
        drop(socket.write_all(&answer).await);
        drop(socket.shutdown().await);
        request
    });
    (address, task)
}

fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn client(options: &ClientOptions) -> HttpClient {
    HttpClient::new(options, &rustls::crypto::ring::default_provider()).expect("client")
}

fn peer(address: &str) -> PeerClient {
    let http = client(&ClientOptions::default());
    http.allow(address).expect("loopback");
    PeerClient::new(http)
}

#[tokio::test]
async fn d_shape_a_batch_is_posted_and_the_receipt_comes_back() {
    let (address, request) = server(answer("200 OK", "", b"\x00receipt\xff")).await;
    let receipt = peer(&address).post_batch(&address, Bytes::from_static(b"batch")).await;
    assert_eq!(receipt, Ok(b"\x00receipt\xff".to_vec()));
    let request = String::from_utf8(request.await.expect("server")).expect("text");
    assert!(request.starts_with("POST /exchange HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/vnd.suyuan.batch\r\n") && request.ends_with("\r\n\r\nbatch"));
    assert!(!request.to_lowercase().contains("accept-encoding"), "no compressed answers: {request}");
}

#[tokio::test]
async fn d_shape_heads_are_asked_with_a_signed_request() {
    let (address, request) = server(answer("200 OK", "", b"heads")).await;
    assert_eq!(peer(&address).get_heads(&address, b"signed\xff").await, Ok(b"heads".to_vec()));
    let request = String::from_utf8(request.await.expect("server")).expect("text");
    assert!(request.starts_with("GET /exchange HTTP/1.1\r\n"), "{request}");
    let prefix = format!("{REQUEST_HEADER}: ");
    let header = request.lines().find_map(|line| line.strip_prefix(&prefix)).expect("header");
    assert_eq!(request_from_header(header).as_deref(), Some(b"signed\xff".as_slice()));
    assert_eq!(request_from_header("not base64!"), None);
}

#[tokio::test]
async fn d_shape_a_refusal_is_told_in_the_other_sides_words() {
    let body = "{\"error\":{\"code\":\"XCH-0107\",\"message\":\"签名验证未通过\",\"request_id\":\"r\"}}";
    let cases = [
        ("429 Too Many Requests", "retry-after: 7\r\n", body, "XCH-0107", "签名验证未通过", Some(7), true),
        ("400 Bad Request", "", body, "XCH-0107", "签名验证未通过", None, false),
        (
            "503 Unavailable",
            "retry-after: Fri, 31 Dec 2027 23:59:59 GMT\r\n",
            "<html>",
            "",
            "对方未说明原因",
            None,
            true,
        ),
        ("404 Not Found", "", "", "", "对方未说明原因", None, false),
        ("302 Found", "location: http://127.0.0.1:1/\r\n", "", "", "对方要求跳转到其他地址，未跟随", None, false),
    ];
    for (line, headers, body, code, text, retry_after, transient) in cases {
        let (address, _request) = server(answer(line, headers, body.as_bytes())).await;
        let error = peer(&address).post_enrol(&address, Bytes::new()).await.expect_err(line);
        let status = line[..3].parse().expect("status");
        let expected = ClientError::Refused { status, code: code.into(), text: text.into(), retry_after };
        assert_eq!(error, expected);
        assert_eq!(error.is_transient(), transient, "{line}");
    }
}

#[tokio::test]
async fn g_8_only_listed_origins_are_reached() {
    let (address, _request) = server(answer("200 OK", "", b"")).await;
    let http = client(&ClientOptions::default());
    let refused = http.send(&address, Outgoing::default()).await;
    assert!(matches!(refused, Err(ClientError::NotAllowed(_))), "{refused:?}");
    let origin = http.allow(&address).expect("loopback");
    for other in [
        address.replace("http://", "https://"),
        address.replace("127.0.0.1", "127.0.0.2"),
        address.replace("127.0.0.1", "localhost"),
        "http://127.0.0.1:1/exchange".into(),
    ] {
        let refused = http.send(&other, Outgoing::default()).await;
        assert!(matches!(refused, Err(ClientError::NotAllowed(_))), "{other}: {refused:?}");
    }
    http.disallow(&origin);
    assert_eq!(http.send(&address, Outgoing::default()).await, Err(ClientError::NotAllowed(origin.to_string())));
}

#[tokio::test]
async fn g_8_plain_http_stays_on_this_machine_unless_configured() {
    let strict = client(&ClientOptions::default());
    for address in
        ["http://10.0.0.7:8080/", "http://city.example/", "http://127.0.0.1.example/", "http://localhost.example/"]
    {
        assert!(matches!(strict.allow(address), Err(ClientError::Plain(_))), "{address}");
        assert!(matches!(strict.send(address, Outgoing::default()).await, Err(ClientError::Plain(_))), "{address}");
    }
    for address in ["http://127.0.0.1:8080/", "http://[::1]:8080/", "http://localhost/", "https://city.example/"] {
        assert!(strict.allow(address).is_ok(), "{address}");
    }
    let lenient = client(&ClientOptions { allow_plain: true, ..ClientOptions::default() });
    assert!(lenient.allow("http://10.0.0.7:8080/").is_ok());
}

#[test]
fn g_8_addresses_are_read_strictly() {
    for address in [
        "",
        "city.example",
        "ftp://city.example/",
        "file:///etc/passwd",
        "http://",
        "https://u:secret@city.example/",
        "https://u@city.example/",
    ] {
        let error = Origin::parse(address).expect_err(address);
        assert!(matches!(error, ClientError::Address(_)));
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let origin = Origin::parse("HTTPS://City.Example./a?b").expect("origin");
    assert_eq!(origin.to_string(), "https://city.example:443");
    assert_eq!(Origin::parse("https://city.example:443"), Ok(origin));
}

#[tokio::test]
async fn g_8_answers_are_bounded() {
    let small = ClientOptions { max_response: 1000, ..ClientOptions::default() };
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n".to_vec();
    let chunked = [chunked, vec![b'x'; 1000], b"\r\n1\r\nx\r\n0\r\n\r\n".to_vec()].concat();
    for bytes in [answer("200 OK", "", &[b'x'; 1001]), chunked] {
        let (address, _request) = server(bytes).await;
        let http = client(&small);
        http.allow(&address).expect("loopback");
        let error = http.send(&address, Outgoing::default()).await.expect_err("too large");
        assert!(matches!(error, ClientError::TooLarge { limit: 1000, .. }), "{error}");
    }
    let (address, _request) = server(answer("200 OK", "", &[b'x'; 1000])).await;
    let http = client(&small);
    http.allow(&address).expect("loopback");
    assert_eq!(http.send(&address, Outgoing::default()).await.map(|answer| answer.body.len()), Ok(1000));
}

#[tokio::test]
async fn d_shape_faults_of_the_line_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = format!("http://{}/", listener.local_addr().expect("address"));
    // It listens and never answers.
    let impatient = client(&ClientOptions { total_timeout: Duration::from_millis(50), ..ClientOptions::default() });
    impatient.allow(&address).expect("loopback");
    let error = impatient.send(&address, Outgoing::default()).await.expect_err("timeout");
    assert!(matches!(error, ClientError::Timeout(_)) && error.is_transient(), "{error}");
    drop(listener);
    let error = peer(&address).post_batch(&address, Bytes::new()).await.expect_err("nobody listens");
    assert!(matches!(error, ClientError::Connect(_)) && error.is_transient(), "{error}");
    let (address, _request) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec()).await;
    let error = peer(&address).post_batch(&address, Bytes::new()).await.expect_err("broken");
    assert!(matches!(error, ClientError::Broken(_)) && error.is_transient(), "{error}");
}

#[test]
fn g_8_a_file_without_certificates_is_refused() {
    let options = ClientOptions { ca_pem: Some(b"nothing".to_vec()), ..ClientOptions::default() };
    let refused = HttpClient::new(&options, &rustls::crypto::ring::default_provider());
    assert!(matches!(refused, Err(ClientError::Setup(_))));
}
