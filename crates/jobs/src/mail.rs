//! Mail: one copy of a report to one receiver, through a mail server or into a folder.
//!
//! A delivery counts as sent only after the server's answer. The Message-ID stays the same at every try, so that a copy
//! that arrived twice is recognised. What is sent is drawn by `suyuan-service`. Rows: G-6.8.3.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use suyuan_domain::clock::Timestamp;
use suyuan_service::letter::{self, Letter};
use suyuan_service::report::{self, DeliverJob, Parcel};
use suyuan_service::{Node, ServiceError};

/// For how long one try may take. The library's own time limit covers connecting only.
const PATIENCE: Duration = Duration::from_secs(60);

/// Characters kept of a server's answer.
const ANSWER_LIMIT: usize = 300;

/// How mail goes out.
#[derive(Clone)]
pub struct MailerConfig {
    /// Address of the mail server, such as `smtps://user@mail.example.gov.cn:465`; `None` writes files.
    pub smtp: Option<String>,
    /// Password for the user in the address.
    pub password: Option<String>,
    /// Sender, such as `追溯平台 <report@example.gov.cn>`; empty for the default sender of files.
    pub from: String,
    /// Folder into which mails are written as `.eml` where there is no server.
    pub folder: PathBuf,
}

impl std::fmt::Debug for MailerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailerConfig").field("from", &self.from).field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The address of the mail server.
    #[error("邮件服务器地址不正确：{0}")]
    Server(String),
    /// The sender.
    #[error("发件人地址不正确：{0}")]
    Sender(String),
}

/// A mail did not go out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct PostError {
    /// What happened, in Chinese.
    pub text: String,
    /// Whether another try is useless.
    pub permanent: bool,
}

impl PostError {
    fn permanent(text: impl Into<String>) -> Self {
        Self { text: text.into(), permanent: true }
    }

    fn passing(text: impl Into<String>) -> Self {
        Self { text: text.into(), permanent: false }
    }
}

#[derive(Debug)]
enum Way {
    Server(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

/// Sends mail.
#[derive(Debug)]
pub struct Mailer {
    way: Way,
    from: Mailbox,
    patience: Duration,
}

impl Mailer {
    /// A mailer with these settings, made inside the runtime. Nothing is connected yet.
    ///
    /// # Errors
    /// When the address of the server or the sender cannot be read.
    pub fn new(config: MailerConfig) -> Result<Self, MailerError> {
        let sender = if config.from.trim().is_empty() { "suyuan@localhost" } else { config.from.trim() };
        let from = sender.parse().map_err(|_| MailerError::Sender(sender.to_owned()))?;
        let way = match config.smtp.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
            None => Way::Folder(config.folder),
            Some(url) => Way::Server(server(url, config.password)?),
        };
        Ok(Self { way, from, patience: PATIENCE })
    }

    /// The same with another limit for one try.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Does the work of one job: delivers one copy and notes how it ended. A copy that was sent is not sent again.
    ///
    /// # Errors
    /// When it did not go out and another try makes sense; the queue repeats it then.
    pub async fn deliver(&self, node: &Node, payload: &str) -> Result<(), ServiceError> {
        let DeliverJob { delivery } = serde_json::from_str(payload)?;
        let Some(parcel) = report::parcel(node, delivery).await? else { return Ok(()) };
        let posted = match self.message(&parcel, node.now()) {
            Ok(message) => self.post(message, &file_name(&parcel.message_id)).await,
            Err(error) => Err(error),
        };
        match posted {
            Ok(()) => report::delivered(node, delivery).await,
            Err(error) => {
                let given_up = report::undelivered(node, delivery, &error.text, error.permanent).await?;
                if given_up { Ok(()) } else { Err(ServiceError::Unavailable(error.text)) }
            }
        }
    }

    /// Posts one letter.
    ///
    /// # Errors
    /// When it did not go out and another try makes sense; the queue repeats it then.
    pub async fn letter(&self, node: &Node, payload: &str) -> Result<(), ServiceError> {
        let Some(letter) = letter::ready(node, payload).await? else { return Ok(()) };
        let posted = match self.plain(&letter, node.now()) {
            Ok(message) => self.post(message, &file_name(&letter.message_id)).await,
            Err(error) => Err(error),
        };
        match posted {
            Err(error) if error.permanent => {
                tracing::warn!(message_id = letter.message_id, error = error.text, "a letter was given up");
                Ok(())
            }
            Err(error) => Err(ServiceError::Unavailable(error.text)),
            Ok(()) => Ok(()),
        }
    }

    fn plain(&self, letter: &Letter, now: Timestamp) -> Result<Message, PostError> {
        let broken = || PostError::permanent("邮件地址或内容不正确");
        let address: Address = letter.email.parse().map_err(|_| broken())?;
        let name = Some(letter.name.clone()).filter(|name| !name.is_empty());
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(letter.subject.clone())
            .date(UNIX_EPOCH + Duration::from_millis(millis))
            .message_id(Some(letter.message_id.clone()))
            .singlepart(SinglePart::plain(letter.text.clone()))
            .map_err(|_| broken())
    }

    fn message(&self, parcel: &Parcel, now: Timestamp) -> Result<Message, PostError> {
        let broken = |error: &dyn std::fmt::Display| PostError::permanent(format!("邮件无法生成：{error}"));
        let address: Address =
            parcel.email.parse().map_err(|_| PostError::permanent(format!("邮箱地址“{}”不正确", parcel.email)))?;
        let name = (!parcel.receiver.is_empty()).then(|| parcel.receiver.clone());
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        let body = MultiPart::alternative()
            .singlepart(SinglePart::plain(parcel.text.clone()))
            .singlepart(SinglePart::html(parcel.html.clone()));
        let mut parts = MultiPart::mixed().multipart(body);
        for file in &parcel.files {
            let kind = ContentType::parse(file.media_type).map_err(|error| broken(&error))?;
            parts = parts.singlepart(Attachment::new(file.name.clone()).body(file.bytes.clone(), kind));
        }
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(parcel.subject.clone())
            .date(UNIX_EPOCH + Duration::from_millis(millis))
            .message_id(Some(parcel.message_id.clone()))
            .multipart(parts)
            .map_err(|error| broken(&error))
    }

    /// Hands a mail to the server, or writes it as the file `name`.
    ///
    /// # Errors
    /// When the server refused it or did not answer in time.
    pub async fn post(&self, message: Message, name: &str) -> Result<(), PostError> {
        match &self.way {
            Way::Folder(folder) => write(folder, name, &message.formatted()).await,
            Way::Server(transport) => {
                let late = || {
                    let text = format!("邮件服务器在 {} 秒内没有应答", self.patience.as_secs().max(1));
                    PostError::passing(text)
                };
                tokio::time::timeout(self.patience, submit(transport, message)).await.map_err(|_| late())?
            }
        }
    }
}

/// Submits a mail, once more where a kept connection had been closed by the server.
async fn submit(transport: &AsyncSmtpTransport<Tokio1Executor>, message: Message) -> Result<(), PostError> {
    let first = match transport.send(message.clone()).await {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let answered = first.is_permanent() || first.is_transient();
    if answered || first.is_tls() || first.is_timeout() || first.is_client() {
        return Err(refusal(&first));
    }
    transport.send(message).await.map(drop).map_err(|error| refusal(&error))
}

fn refusal(error: &lettre::transport::smtp::Error) -> PostError {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let cause: String = cause.chars().filter(|c| !c.is_control()).take(ANSWER_LIMIT).collect();
    let code = error.status().map(|code| format!("（{code}）")).unwrap_or_default();
    if error.is_permanent() {
        PostError::permanent(format!("邮件服务器拒收{code}：{cause}"))
    } else if error.is_transient() {
        PostError::passing(format!("邮件服务器暂不接收{code}：{cause}"))
    } else if error.is_timeout() {
        PostError::passing("连接邮件服务器超时")
    } else if error.is_tls() {
        PostError::passing(format!("邮件服务器的加密连接失败：{cause}"))
    } else {
        PostError::passing(format!("与邮件服务器的连接失败：{cause}"))
    }
}

fn server(url: &str, password: Option<String>) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailerError> {
    // The address may hold a password: it is not repeated in the error.
    let host = || MailerError::Server(url.rsplit('@').next().unwrap_or_default().to_owned());
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| host())?;
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    if let (Some((user, _)), Some(password)) = (rest.rsplit_once('@'), password) {
        let user = user.split(':').next().unwrap_or_default().replace("%40", "@");
        builder = builder.credentials(Credentials::new(user, password));
    }
    let pool = PoolConfig::new().max_size(2).idle_timeout(Duration::from_secs(20));
    Ok(builder.timeout(Some(Duration::from_secs(20))).pool_config(pool).build())
}

/// The name of a mail's file: what its Message-ID says, without anything that means something to a file system.
fn file_name(message_id: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = message_id.split('@').next().unwrap_or_default().chars().filter(plain).collect();
    format!("{}.eml", name.trim_matches('.'))
}

async fn write(folder: &std::path::Path, name: &str, bytes: &[u8]) -> Result<(), PostError> {
    let failed = |error: std::io::Error| PostError::passing(format!("邮件文件写入失败：{error}"));
    tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    let part = folder.join(format!("{name}.part"));
    tokio::fs::write(&part, bytes).await.map_err(failed)?;
    tokio::fs::rename(&part, folder.join(name)).await.map_err(failed)
}

#[cfg(test)]
mod tests;
