//! A small mail server that really speaks SMTP over TCP, keeps what it was sent, and can be told to fail.
//!
//! Plain text only, no authentication. Rows: G-6.8.3.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A mail that the server took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Sender of the envelope.
    pub from: String,
    /// Receivers of the envelope.
    pub to: Vec<String>,
    /// Header and body as they came, dots unstuffed.
    pub data: String,
}

impl Received {
    /// The first part of this media type whose bytes are sent as Base64, decoded; `None` where there is none.
    #[must_use]
    pub fn part(&self, media_type: &str) -> Option<Vec<u8>> {
        let mut parts = self.data.split("\r\n--");
        let body = parts.find_map(|part| {
            let (head, body) = part.split_once("\r\n\r\n")?;
            let head = head.to_ascii_lowercase();
            let wanted = head.contains(&format!("content-type: {media_type}"));
            (wanted && head.contains("content-transfer-encoding: base64")).then_some(body)
        })?;
        let text: String = body.split_whitespace().collect();
        base64::engine::general_purpose::STANDARD.decode(text).ok()
    }
}

/// What the server does with the next mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes it.
    Accept,
    /// Answers RCPT with this code.
    RefuseReceiver(u16),
    /// Answers the end of DATA with this code and keeps nothing.
    RefuseData(u16),
    /// Keeps the mail and closes without an answer.
    CloseAfterData,
    /// Takes the connection and never says anything.
    Silent,
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    received: Vec<Received>,
    connections: usize,
}

/// The running server; it ends when dropped.
#[derive(Debug)]
pub struct SmtpServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SmtpServer {
    /// Starts on a free port of the loopback interface.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State { behaviour: Behaviour::Accept, received: Vec::new(), connections: 0 }));
        let shared = state.clone();
        let task = tokio::spawn(async move {
            let mut sessions = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                locked(&shared).connections += 1;
                let shared = shared.clone();
                sessions.spawn(async move { session(stream, &shared).await });
            }
        });
        Ok(Self { address, state, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as configuration has it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Tells it what to do from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        locked(&self.state).behaviour = behaviour;
    }

    /// What it has taken so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        locked(&self.state).received.clone()
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        locked(&self.state).connections
    }
}

fn locked(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn session(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    if locked(state).behaviour == Behaviour::Silent {
        // Reads until the other side gives up.
        while lines.next_line().await?.is_some() {}
        return Ok(());
    }
    writer.write_all(b"220 testkit ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    while let Some(line) = lines.next_line().await? {
        let behaviour = locked(state).behaviour;
        let upper = line.to_ascii_uppercase();
        let answer = if upper.starts_with("EHLO") || upper.starts_with("HELO") {
            "250-testkit\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned()
        } else if upper.starts_with("MAIL FROM:") {
            from = address_in(&line);
            to.clear();
            "250 ok".to_owned()
        } else if upper.starts_with("RCPT TO:") {
            match behaviour {
                Behaviour::RefuseReceiver(code) => format!("{code} no such receiver"),
                _ => {
                    to.push(address_in(&line));
                    "250 ok".to_owned()
                }
            }
        } else if upper == "DATA" {
            writer.write_all(b"354 go on\r\n").await?;
            let data = data(&mut lines).await?;
            if let Behaviour::RefuseData(code) = behaviour {
                format!("{code} not taken")
            } else {
                locked(state).received.push(Received { from: from.clone(), to: to.clone(), data });
                if behaviour == Behaviour::CloseAfterData {
                    return Ok(());
                }
                "250 taken".to_owned()
            }
        } else if upper == "QUIT" {
            writer.write_all(b"221 bye\r\n").await?;
            return Ok(());
        } else {
            "250 ok".to_owned()
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

fn address_in(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(address, _)| address.to_owned())
}

async fn data<R: tokio::io::AsyncRead + Unpin>(lines: &mut tokio::io::Lines<BufReader<R>>) -> std::io::Result<String> {
    let mut data = String::new();
    while let Some(line) = lines.next_line().await? {
        if line == "." {
            break;
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push_str("\r\n");
    }
    Ok(data)
}
