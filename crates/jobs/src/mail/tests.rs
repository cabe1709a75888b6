//! Tests of mailing against a real SMTP server and into a folder.

use super::*;
use suyuan_service::report::Drawn;
use suyuan_testkit::smtp::{Behaviour, SmtpServer};

fn parcel(email: &str) -> Parcel {
    Parcel {
        message_id: "<370200-202610-01.7@370200.suyuan>".into(),
        receiver: "张三".into(),
        email: email.into(),
        subject: "【370200-202610-01】青岛市追溯体系运行监测评价报告（2026年10月）".into(),
        text: "请查看附件。".into(),
        html: "<p>青岛</p>".into(),
        files: vec![Drawn {
            name: "370200-202610-01.pdf".into(),
            media_type: "application/pdf",
            bytes: b"%PDF-1.7".to_vec(),
        }],
    }
}

fn mailer(server: Option<&SmtpServer>, folder: PathBuf) -> Mailer {
    let config = MailerConfig {
        smtp: server.map(SmtpServer::url),
        password: None,
        from: "追溯平台 <report@example.gov.cn>".into(),
        folder,
    };
    Mailer::new(config).expect("settings")
}

fn message(mailer: &Mailer) -> Message {
    mailer.message(&parcel("zhang@example.cn"), Timestamp::from_millis(1_790_000_000_000)).expect("a mail")
}

async fn post(mailer: &Mailer) -> Result<(), PostError> {
    mailer.post(message(mailer), "x.eml").await
}

#[tokio::test]
async fn g_6_8_3_a_copy_counts_as_sent_only_after_the_servers_answer() -> std::io::Result<()> {
    let server = SmtpServer::start().await?;
    let mailer = mailer(Some(&server), PathBuf::new());
    for (behaviour, permanent) in [
        (Behaviour::RefuseReceiver(550), true),
        (Behaviour::RefuseReceiver(450), false),
        (Behaviour::RefuseData(552), true),
        (Behaviour::RefuseData(451), false),
    ] {
        server.behave(behaviour);
        let error = post(&mailer).await.expect_err("refused");
        assert_eq!(error.permanent, permanent, "{behaviour:?}: {error}");
        assert!(error.text.starts_with("邮件服务器"), "{error}");
    }
    assert!(server.received().is_empty());
    server.behave(Behaviour::Accept);
    assert_eq!(post(&mailer).await, Ok(()));
    let received = server.received();
    assert_eq!((received.len(), received[0].to.as_slice()), (1, &["zhang@example.cn".to_owned()][..]));
    let data = &received[0].data;
    assert!(data.contains("Message-ID: <370200-202610-01.7@370200.suyuan>"), "{data}");
    assert!(data.contains("application/pdf") && data.contains("370200-202610-01.pdf"), "{data}");
    Ok(())
}

#[tokio::test]
async fn g_6_8_3_a_server_that_dies_after_the_data_has_not_sent_and_the_copy_is_recognised() -> std::io::Result<()> {
    let server = SmtpServer::start().await?;
    let mailer = mailer(Some(&server), PathBuf::new());
    server.behave(Behaviour::CloseAfterData);
    let error = post(&mailer).await.expect_err("no answer");
    assert!(!error.permanent, "{error}");
    server.behave(Behaviour::Accept);
    assert_eq!(post(&mailer).await, Ok(()));
    let ids: std::collections::BTreeSet<String> = server
        .received()
        .iter()
        .filter_map(|mail| mail.data.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned))
        .collect();
    assert_eq!(ids.len(), 1, "every copy has the same Message-ID");
    Ok(())
}

#[tokio::test]
async fn g_6_8_3_a_connection_that_the_server_closed_is_made_anew() -> std::io::Result<()> {
    let server = SmtpServer::start().await?;
    let mailer = mailer(Some(&server), PathBuf::new());
    assert_eq!(post(&mailer).await, Ok(()));
    assert_eq!(post(&mailer).await, Ok(()));
    assert_eq!(server.received().len(), 2);
    Ok(())
}

#[tokio::test]
async fn g_6_8_3_a_silent_server_holds_nobody_up() -> std::io::Result<()> {
    let server = SmtpServer::start().await?;
    server.behave(Behaviour::Silent);
    let mailer = mailer(Some(&server), PathBuf::new()).with_patience(Duration::from_millis(200));
    let error = post(&mailer).await.expect_err("no answer");
    assert!(!error.permanent && error.text.contains("没有应答"), "{error}");
    Ok(())
}

#[tokio::test]
async fn g_6_8_3_nobody_there_is_a_passing_fault() -> std::io::Result<()> {
    let server = SmtpServer::start().await?;
    let mailer = mailer(Some(&server), PathBuf::new());
    drop(server);
    tokio::task::yield_now().await;
    let error = post(&mailer).await.expect_err("nobody there");
    assert!(!error.permanent, "{error}");
    Ok(())
}

#[tokio::test]
async fn g_6_8_3_without_a_server_mails_are_files() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let mailer = mailer(None, folder.path().join("mail"));
    let name = file_name(&parcel("a@b.cn").message_id);
    assert_eq!(name, "370200-202610-01.7.eml");
    assert_eq!(mailer.post(message(&mailer), &name).await, Ok(()));
    let text = std::fs::read_to_string(folder.path().join("mail").join(&name))?;
    assert!(text.contains("Message-ID: <370200-202610-01.7@370200.suyuan>"));
    assert_eq!(file_name("<../../etc/passwd@x>"), "etcpasswd.eml");
    Ok(())
}

#[tokio::test]
async fn g_6_8_3_settings_that_cannot_work_are_refused_without_telling_the_password() {
    let config = |smtp: &str, from: &str| MailerConfig {
        smtp: Some(smtp.into()),
        password: None,
        from: from.into(),
        folder: PathBuf::new(),
    };
    let error = Mailer::new(config("ftp://user:secret@mail.example.cn", "")).expect_err("no such scheme");
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(Mailer::new(config("smtp://127.0.0.1:25", "not an address")).is_err());
    let mailer = Mailer::new(config("smtp://127.0.0.1:25", "")).expect("settings");
    let error = mailer.message(&parcel("no address"), Timestamp::from_millis(0)).expect_err("no address");
    assert!(error.permanent);
}
