//! Who calls a node under test: nobody, somebody who has signed in, a connected system with its token.

use std::time::Duration;

use serde_json::{Value, json};

/// Password of every account of a test.
pub const PASSWORD: &str = "Chain-of-Custody-9";

/// The password of accounts that had to change the one they were made with.
pub const CHANGED_PASSWORD: &str = "Link-of-Evidence-7";

/// The header that shows a write to come from our own pages.
const OWN_PAGE: (&str, &str) = ("x-suyuan", "1");

/// A caller of one node.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    url: String,
    bearer: Option<String>,
    cookie: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// Body, JSON where it is JSON.
    pub body: Value,
    /// The cookie that was set, ready to be sent.
    pub cookie: Option<String>,
    /// What joins the answer with log and audit trail.
    pub request_id: String,
}

impl Reply {
    /// The body of a success.
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// The stable code of a refusal.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["error"]["code"].as_str().unwrap_or_default())
    }
}

impl Caller {
    /// Somebody without an account at the node that listens at `url`.
    pub fn nobody(url: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, url: url.to_owned(), bearer: None, cookie: None }
    }

    /// The same caller signed in as `username`, who changes the password at the first time where that is asked for.
    pub async fn sign_in(self, username: &str) -> Self {
        let mut reply = self.begin(username, PASSWORD).await;
        if reply.status == 401 {
            reply = self.begin(username, CHANGED_PASSWORD).await;
        }
        if reply.body["step"] == "change_password" {
            let body = json!({ "ticket": reply.body["ticket"], "password": CHANGED_PASSWORD });
            reply = self.post("/api/v1/session/password", &body).await;
        }
        assert_eq!(reply.status, 200, "{username} could not sign in: {}", reply.body);
        Self { cookie: reply.cookie, ..self }
    }

    /// What a sign-in with name and password answers.
    pub async fn begin(&self, username: &str, password: &str) -> Reply {
        self.post("/api/v1/session", &json!({ "username": username, "password": password })).await
    }

    /// The same caller with another cookie, or none.
    pub fn with_cookie(&self, cookie: Option<String>) -> Self {
        Self { cookie, ..self.clone() }
    }

    /// The cookie that is sent.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// The same caller with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..self.clone() }
    }

    /// Files an entry of a register (`subjects`, `products`, `devices`, `systems`), approves it, and gives its id.
    pub async fn filed(&self, noun: &str, body: &Value) -> String {
        let path = format!("/api/v1/console/{noun}");
        let record = self.post(&path, body).await.ok();
        let id = record["id"].as_str().expect("an id").to_owned();
        let review = json!({ "version": record["version"], "decision": "approve", "reason": "" });
        self.post(&format!("{path}/{id}/review"), &review).await.ok();
        id
    }

    /// Files a connected system, approves it, and gives it as a caller with its token.
    pub async fn connected(&self, system: &Value) -> Self {
        let id = self.filed("systems", system).await;
        let token = self.post(&format!("/api/v1/console/systems/{id}/token"), &json!({})).await.ok();
        Self { cookie: None, ..self.with_token(token["token"].as_str().expect("a token")) }
    }

    /// Admits the child with this code, on whose behalf `child` looks on, and waits until it knows.
    pub async fn admit(&self, code: &str, child: &Self) {
        let path = format!("/api/v1/console/exchange/children/{code}/approve");
        wait_for("the child's request", || async { self.post(&path, &json!({})).await.status == 204 }).await;
        wait_for("the child to know its parent", || async {
            let state = child.get("/api/v1/console/exchange").await.body;
            !matches!(state["parent"]["state"].as_str(), None | Some("none"))
        })
        .await;
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Reply {
        self.try_get(path).await.expect("an answer")
    }

    /// Reads; `None` where the node does not answer.
    pub async fn try_get(&self, path: &str) -> Option<Reply> {
        self.send(self.http.get(format!("{}{path}", self.url))).await
    }

    /// Writes JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.try_post(path, body).await.expect("an answer")
    }

    /// Writes JSON; `None` where the node does not answer.
    pub async fn try_post(&self, path: &str, body: &Value) -> Option<Reply> {
        let request = self.http.post(format!("{}{path}", self.url)).header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// Any method with a JSON body; `get` is sent without it.
    pub async fn request(&self, method: &str, path: &str, body: &Value) -> Reply {
        let name = reqwest::Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        let mut request = self.http.request(name.clone(), format!("{}{path}", self.url));
        if name != reqwest::Method::GET {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.send(request).await.expect("an answer")
    }

    /// Writes bytes of a media type.
    pub async fn post_bytes(&self, path: &str, media_type: &str, body: Vec<u8>) -> Reply {
        let request = self.http.post(format!("{}{path}", self.url)).header("content-type", media_type);
        self.send(request.body(body)).await.expect("an answer")
    }

    /// Uploads a file as a form does, with further fields beside it.
    pub async fn upload(
        &self,
        path: &str,
        name: &str,
        file: Vec<u8>,
        fields: &[(&'static str, &'static str)],
    ) -> Reply {
        let part = reqwest::multipart::Part::bytes(file).file_name(name.to_owned());
        let mut form = reqwest::multipart::Form::new();
        for (field, value) in fields {
            form = form.text(*field, *value);
        }
        let request = self.http.post(format!("{}{path}", self.url)).multipart(form.part("file", part));
        self.send(request).await.expect("an answer")
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Option<Reply> {
        let mut request = request.header(OWN_PAGE.0, OWN_PAGE.1);
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let set = response.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let cookie = set.and_then(|text| text.split(';').next()).map(str::to_owned);
        let request_id = response.headers().get("x-request-id").and_then(|value| value.to_str().ok());
        let request_id = request_id.unwrap_or_default().to_owned();
        let text = response.text().await.ok()?;
        Some(Reply { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)), cookie, request_id })
    }
}

/// Waits until `condition` holds; fails with its name after a bound that no healthy run comes near.
pub async fn wait_for<F, C>(what: &str, mut condition: F)
where
    F: FnMut() -> C,
    C: Future<Output = bool>,
{
    let bound = Duration::from_secs(180);
    let waited = tokio::time::timeout(bound, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain for {what}");
}
