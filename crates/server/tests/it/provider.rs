//! An outside OpenID provider that lies as a test tells it to. It speaks just enough of HTTP for the four requests of a
//! sign-in. Rows: H-9.4.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use suyuan_crypto::es256::TokenKey;
use suyuan_crypto::random::SeededEntropy;
use suyuan_domain::clock::Timestamp;
use suyuan_security::openid::{Claims, NamedKey, discovery, id_token, key_set};
use suyuan_server::config::OpenIdSection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is wrong with the ID token of the next sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    None,
    /// The nonce of another sign-in.
    Nonce,
    /// No nonce.
    NoNonce,
    /// Another issuer.
    Issuer,
    /// For another application.
    Audience,
    /// Over.
    Expired,
    /// Made in the future.
    Future,
    /// Signed with a key that is not published.
    OtherKey,
    /// Not signed at all, and says so.
    Unsigned,
    /// No ID token.
    NoToken,
    /// The provider does not take the code.
    Refuses,
    /// Somebody else, whom nobody has linked.
    OtherSubject,
}

/// A provider of one test.
pub struct Provider {
    /// Its address.
    pub url: String,
    client: String,
    subject: String,
    key: NamedKey,
    token: Arc<Mutex<Option<String>>>,
}

fn key(seed: u64) -> NamedKey {
    let key = TokenKey::generate(&SeededEntropy::new(seed)).expect("a key");
    NamedKey { kid: "outside".to_owned(), key }
}

impl Provider {
    /// A provider at which the node is called `client` and the one person `subject`.
    pub async fn start(client: &str, subject: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let token = Arc::new(Mutex::new(None));
        let (key, answers) = (key(1), token.clone());
        let metadata = discovery(&url, &["openid"]).expect("a document");
        let keys = key_set(std::slice::from_ref(&key)).expect("a set");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let told = answers.lock().expect("a lock").clone();
                serve(stream, &metadata, &keys, told).await;
            }
        });
        Self { url, client: client.to_owned(), subject: subject.to_owned(), key, token }
    }

    /// How a node is told of it.
    pub fn section(&self) -> OpenIdSection {
        OpenIdSection {
            issuer: self.url.clone(),
            name: "统一身份".to_owned(),
            client_id: self.client.clone(),
            secret_file: None,
            secret_variable: None,
            origins: Vec::new(),
            strong_acr: Vec::new(),
        }
    }

    /// Prepares the answer to the next code.
    pub fn tell(&self, lie: Lie, nonce: &str, now: Timestamp) {
        let mut claims = Claims {
            issuer: self.url.clone(),
            audience: self.client.clone(),
            subject: self.subject.clone(),
            nonce: Some(nonce.to_owned()),
            issued: now,
            expires: now.plus_millis(600_000),
            ..Claims::default()
        };
        match lie {
            Lie::Nonce => claims.nonce = Some("another".to_owned()),
            Lie::NoNonce => claims.nonce = None,
            Lie::Issuer => claims.issuer = "https://evil.example.cn".to_owned(),
            Lie::Audience => claims.audience = "another".to_owned(),
            Lie::Expired => claims.expires = now.plus_millis(-1_000),
            Lie::Future => claims.issued = now.plus_millis(3_600_000),
            Lie::OtherSubject => claims.subject = "subject-2".to_owned(),
            _ => {}
        }
        let signed_by = if lie == Lie::OtherKey { key(2) } else { self.key.clone() };
        let token = id_token(&claims, &signed_by, None).expect("a token");
        let token = if lie == Lie::Unsigned { unsigned(&token) } else { token };
        let mut answer = json!({ "access_token": "A-1", "token_type": "Bearer", "expires_in": 600, "id_token": token });
        if lie == Lie::NoToken {
            answer.as_object_mut().expect("an object").remove("id_token");
        }
        *self.token.lock().expect("a lock") = (lie != Lie::Refuses).then(|| answer.to_string());
    }
}

/// The same claims under the header of an unsigned token.
fn unsigned(token: &str) -> String {
    let claims = token.split('.').nth(1).unwrap_or_default();
    format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"outside"}"#))
}

/// Answers one request and closes.
async fn serve(mut stream: TcpStream, metadata: &str, keys: &str, token: Option<String>) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&part[..read]),
        }
    }
    let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
    let (status, body) = if line.contains("/.well-known/openid-configuration") {
        ("200 OK", metadata.to_owned())
    } else if line.contains("/oidc/jwks") {
        ("200 OK", keys.to_owned())
    } else {
        token.map_or(("400 Bad Request", r#"{"error":"invalid_grant"}"#.to_owned()), |token| ("200 OK", token))
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A caller that has gone needs no answer.
    let _gone = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// Whether head and announced body are there.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let announced =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(str::to_owned));
    let announced: usize = announced.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    body.len() >= announced
}
