//! Outside forms of a message: open JSON, EPCIS 2.0 JSON, CSV tables. Reading belongs to `suyuan-formats`; here is who
//! sent it and what fills in.

use suyuan_domain::fault::Fault;
use suyuan_formats::{Defaults, Intake, csv_events, epcis_json, open_json};
use suyuan_security::context::OpContext;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::intake::BY_HAND;

use super::{Answer, MAX_ROWS, Message, Reporter, dry_run, submit, trial};
use crate::access::selftest::SampleFormat;
use crate::access::{SystemIdentity, quota};
use crate::{Node, Result, ServiceError};

impl From<&SystemIdentity> for Reporter {
    fn from(system: &SystemIdentity) -> Self {
        Self {
            system: system.code.clone(),
            division: system.division.clone(),
            category: system.category.clone(),
            stage: system.stage.clone(),
        }
    }
}

fn defaults(reporter: &Reporter, subject: &str) -> Defaults {
    Defaults {
        category: reporter.category.clone(),
        stage: reporter.stage.clone(),
        division: reporter.division.clone(),
        subject: subject.to_owned(),
    }
}

/// Reads with `parse` what `reporter` sent.
fn read<E: Into<Vec<Fault>>>(
    node: &Node,
    reporter: &Reporter,
    message: &str,
    subject: &str,
    parse: impl FnOnce(&Intake<'_>) -> std::result::Result<suyuan_formats::Message, E>,
) -> Result<suyuan_formats::Message> {
    let defaults = defaults(reporter, subject);
    let intake = Intake { now: node.now(), system: &reporter.system, message, defaults: &defaults, max_rows: MAX_ROWS };
    parse(&intake).map_err(|faults| ServiceError::Invalid(faults.into()))
}

/// A message of a connected system over the open interface.
///
/// # Errors
/// As [`submit`]; [`ServiceError::Invalid`] for a body that is not of the form.
pub async fn open(node: &Node, system: &SystemIdentity, body: &[u8]) -> Result<Answer> {
    let reporter = Reporter::from(system);
    let message =
        read(node, &reporter, "", &system.subject, |intake| open_json::parse(body, intake).map_err(|f| vec![f]))?;
    sent(node, system, reporter, Message::read(message, "json", body)).await
}

/// Takes in a message within the system's quota; one of a system on trial is kept apart.
async fn sent(node: &Node, system: &SystemIdentity, reporter: Reporter, message: Message) -> Result<Answer> {
    quota::take_rows(node, system, message.rows.len()).await?;
    if system.phase.counts() {
        submit(node, reporter, message).await
    } else {
        trial::submit(node, reporter, message).await
    }
}

/// An EPCIS 2.0 capture document of a connected system. It is named by its content, so that sending it again doubles
/// nothing: the identifier in a document's header is not unique in practice.
///
/// # Errors
/// As [`open`].
pub async fn epcis(node: &Node, system: &SystemIdentity, body: &[u8]) -> Result<Answer> {
    let reporter = Reporter::from(system);
    // A system that reports for several subjects stands itself where its document names none.
    let subject = if system.subject.is_empty() { &system.code } else { &system.subject };
    let named = format!("epcis-{}", suyuan_crypto::hash::hex(&suyuan_crypto::hash::sm3(body)));
    let mut message = read(node, &reporter, &named, subject, |intake| epcis_json::parse(body, intake))?;
    message.message_id = named;
    sent(node, system, reporter, Message::read(message, super::EPCIS, body)).await
}

/// A sample of what a system will send, read as in earnest.
///
/// # Errors
/// [`ServiceError::Invalid`] for a body that is not of the form.
pub(crate) fn sample(
    node: &Node,
    reporter: &Reporter,
    subject: &str,
    format: SampleFormat,
    body: &[u8],
) -> Result<Message> {
    let named = format!("sample-{}", suyuan_crypto::hash::hex(&suyuan_crypto::hash::sm3(body)));
    let packs = node.packs();
    let (message, form) = match format {
        SampleFormat::Json => {
            (read(node, reporter, "", subject, |intake| open_json::parse(body, intake).map_err(|f| vec![f]))?, "json")
        }
        SampleFormat::Epcis => {
            (read(node, reporter, &named, subject, |intake| epcis_json::parse(body, intake))?, super::EPCIS)
        }
        SampleFormat::Csv => {
            let parse = |intake: &Intake<'_>| csv_events::parse(body, &packs, intake).map_err(|f| vec![f]);
            (read(node, reporter, &named, subject, parse)?, "csv")
        }
    };
    Ok(Message::read(message, form, body))
}

/// Whether a table is only checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing is stored.
    DryRun,
    /// Good rows are stored.
    Store,
}

/// A table uploaded in the console.
///
/// # Errors
/// As [`open`]; when the actor may not capture.
pub async fn table(node: &Node, cx: &OpContext, body: &[u8], purpose: Purpose) -> Result<Answer> {
    cx.authorize(Action::Create, Kind::Capture)?;
    let reporter = Reporter {
        system: format!("{BY_HAND}{}{}", cx.division, cx.scope.desk()),
        division: cx.division.clone(),
        category: String::new(),
        stage: String::new(),
    };
    let packs = node.packs();
    let named = format!("csv-{}", suyuan_crypto::hash::hex(&suyuan_crypto::hash::sm3(body)));
    let message =
        read(node, &reporter, &named, "", |intake| csv_events::parse(body, &packs, intake).map_err(|f| vec![f]))?;
    let message = Message::read(message, "csv", body);
    if purpose == Purpose::DryRun {
        Ok(dry_run(node, &reporter, message))
    } else {
        submit(node, reporter, message).await
    }
}

/// The table to fill in.
#[must_use]
pub fn template() -> String {
    csv_events::template()
}

/// The stored answer to a message of a connected system.
///
/// # Errors
/// [`ServiceError::NotFound`] when the system sent no such message.
pub async fn answer(node: &Node, system: &SystemIdentity, message: &str) -> Result<Answer> {
    if !system.phase.counts()
        && let Some(stored) = trial::answered(node, system, message).await?
    {
        return Ok(stored);
    }
    let stored = node.store.answered(&system.code, message).await?.ok_or(ServiceError::NotFound("该报送批次"))?;
    Ok(serde_json::from_str(&stored.answer)?)
}
