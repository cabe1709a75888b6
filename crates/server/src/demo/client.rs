//! Requests of the demonstration to its own nodes, over their public interfaces.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::Value;
use suyuan_exchange::client::{ClientError, ClientOptions, HttpClient, Outgoing};

use super::layout::{PASSWORD, Plan};

/// How a caller shows who it is.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Nobody.
    Nobody,
    /// A session cookie.
    Session(String),
    /// A connected system's token.
    Token(String),
}

/// Requests to the nodes.
#[derive(Clone, Debug)]
pub struct Client {
    http: HttpClient,
}

impl Client {
    /// A client that reaches nothing yet.
    pub fn open() -> Result<Self> {
        let options = ClientOptions { total_timeout: Duration::from_secs(120), ..ClientOptions::default() };
        Ok(Self { http: HttpClient::new(&options, &rustls::crypto::ring::default_provider())? })
    }

    /// A client that reaches the nodes of the plan and nothing else.
    pub fn new(plan: &Plan) -> Result<Self> {
        let client = Self::open()?;
        for node in &plan.nodes {
            client.allow(&node.url())?;
        }
        Ok(client)
    }

    /// Lets the client reach one more node.
    pub fn allow(&self, url: &str) -> Result<()> {
        self.http.allow(url)?;
        Ok(())
    }

    /// Signs in as `username`.
    pub async fn sign_in(&self, url: &str, username: &str) -> Result<Identity> {
        let body = serde_json::json!({ "username": username, "password": PASSWORD });
        let answer =
            self.http.send(&format!("{url}/api/v1/session"), self.request(&Identity::Nobody, Some(&body))?).await?;
        let cookie = answer.cookies.into_iter().find(|cookie| cookie.starts_with("suyuan_session="));
        Ok(Identity::Session(cookie.context("登录应答中没有会话")?))
    }

    /// Reads.
    pub async fn get(&self, url: &str, path: &str, who: &Identity) -> Result<Value, ClientError> {
        let request = Outgoing { headers: headers(who), ..Outgoing::default() };
        Ok(json(&self.http.send(&format!("{url}{path}"), request).await?.body))
    }

    /// Writes.
    pub async fn post(&self, url: &str, path: &str, who: &Identity, body: &Value) -> Result<Value, ClientError> {
        let bytes = Bytes::from(body.to_string());
        let request =
            Outgoing { body: Some(("application/json", bytes)), headers: headers(who), ..Outgoing::default() };
        Ok(json(&self.http.send(&format!("{url}{path}"), request).await?.body))
    }

    /// Uploads a text as a form does.
    pub async fn upload(
        &self,
        url: &str,
        path: &str,
        who: &Identity,
        name: &str,
        text: &str,
    ) -> Result<Value, ClientError> {
        const FORM: &str = "multipart/form-data; boundary=--------suyuan";
        let head = format!("content-disposition: form-data; name=\"file\"; filename=\"{name}\"");
        let body = format!("----------suyuan\r\n{head}\r\n\r\n{text}\r\n----------suyuan--\r\n");
        let body = Some((FORM, Bytes::from(body)));
        let request = Outgoing { body, headers: headers(who), ..Outgoing::default() };
        Ok(json(&self.http.send(&format!("{url}{path}"), request).await?.body))
    }

    /// Replaces.
    pub async fn put(&self, url: &str, path: &str, who: &Identity, body: &Value) -> Result<Value, ClientError> {
        let body = Some(("application/json", Bytes::from(body.to_string())));
        let request = Outgoing { body, replaces: true, headers: headers(who), max_response: None };
        Ok(json(&self.http.send(&format!("{url}{path}"), request).await?.body))
    }

    /// Writes, and again for a while when the node is just being started again.
    pub async fn post_patiently(
        &self,
        url: &str,
        path: &str,
        who: &Identity,
        body: &Value,
    ) -> Result<Value, ClientError> {
        let mut tries = 0;
        loop {
            match self.post(url, path, who, body).await {
                Err(error) if error.is_transient() && tries < 60 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Waits until a node answers that it is ready.
    pub async fn wait_ready(&self, url: &str) -> Result<()> {
        let mut last = None;
        for _ in 0..300 {
            match self.http.send(&format!("{url}/readyz"), Outgoing::default()).await {
                Ok(_) => return Ok(()),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        match last {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    fn request(&self, who: &Identity, body: Option<&Value>) -> Result<Outgoing> {
        let body = body.map(|body| ("application/json", Bytes::from(body.to_string())));
        Ok(Outgoing { body, headers: headers(who), ..Outgoing::default() })
    }
}

fn headers(who: &Identity) -> Vec<(&'static str, String)> {
    let mut headers = vec![("x-suyuan", "1".to_owned())];
    match who {
        Identity::Nobody => {}
        Identity::Session(cookie) => headers.push(("cookie", cookie.clone())),
        Identity::Token(token) => headers.push(("authorization", format!("Bearer {token}"))),
    }
    headers
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}
