//! Letters (邮件通知): plain texts to people outside or inside, queued in the transaction of what they tell of and posted by
//! `suyuan-jobs`. What carries files is a delivery of [`crate::report`].
//!
//! A letter to an account names the account; name and address are opened when it is posted, so that nothing of an erased
//! account is left in the queue. An address from outside waits sealed under the node's key.

use serde::{Deserialize, Serialize};
use suyuan_crypto::hash::hmac_sm3;
use suyuan_crypto::{CryptoError, seal};
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;
use suyuan_domain::scope::Scope;
use suyuan_security::policy::{Action, Kind};
use suyuan_store::Tx;
use suyuan_store::account::AccountFilter;
use suyuan_store::job::NewJob;

use crate::Result;
use crate::account::{self, personal};
use crate::node::Node;

/// Kind of the job that posts a letter.
pub const LETTER_JOB: &str = "letter.post";

/// Tries before a letter is given up.
const TRIES: u32 = 6;

/// Most accounts that are written to about one thing.
const MOST_READERS: usize = 50;

/// Who is written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// An account of this node.
    Account(ObjectId),
    /// Somebody outside who gave an address; nobody where the address is empty.
    Outside {
        /// Name.
        name: String,
        /// Mail address.
        email: String,
    },
    /// Somebody outside as he waits in the queue: sealed, in hexadecimal.
    Sealed(String),
}

impl Reader {
    /// Somebody outside.
    pub(crate) fn outside(name: &str, email: &str) -> Self {
        Self::Outside { name: name.to_owned(), email: email.to_owned() }
    }

    /// What tells readers of one thing apart, and tells nobody the address.
    fn key(&self, node: &Node) -> String {
        let short = |text: &str| {
            let whole = hex::encode(hmac_sm3(node.sealing_key.as_bytes(), text.as_bytes()));
            whole.chars().take(12).collect()
        };
        match self {
            Self::Account(id) => id.to_string(),
            Self::Outside { email, .. } => short(email),
            Self::Sealed(text) => short(text),
        }
    }

    fn sealed(self, node: &Node) -> Result<Self> {
        if !matches!(self, Self::Outside { .. }) {
            return Ok(self);
        }
        let plain = serde_json::to_vec(&self)?;
        let sealed = seal::seal(&node.sealing_key, &seal::place(&[LETTER_JOB]), &plain, &*node.entropy)?;
        Ok(Self::Sealed(hex::encode(sealed)))
    }

    fn opened(self, node: &Node) -> Result<Self> {
        let Self::Sealed(text) = self else { return Ok(self) };
        let sealed = hex::decode(text).map_err(|_| CryptoError::Open)?;
        Ok(serde_json::from_slice(&seal::open(&node.sealing_key, &seal::place(&[LETTER_JOB]), &sealed)?)?)
    }
}

/// A letter as it waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    reader: Reader,
    subject: String,
    text: String,
    message_id: String,
}

/// A letter ready for posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Name of the receiver; may be empty.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Subject.
    pub subject: String,
    /// Text.
    pub text: String,
    /// Message-ID, the same at every try.
    pub message_id: String,
}

/// Queues a letter; nothing where there is no address. `key` names the thing once and for all: the same thing is not told
/// to the same reader again.
///
/// # Errors
/// When the database refuses.
pub async fn post(
    node: &Node,
    tx: &Tx,
    reader: Reader,
    (subject, text): (&str, &str),
    key: &str,
    now: Timestamp,
) -> Result<()> {
    // A masked address reaches nobody.
    if matches!(&reader, Reader::Outside { email, .. } if email.is_empty() || email.contains('*')) {
        return Ok(());
    }
    let plain: String = key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '.' }).collect();
    let whom = reader.key(node);
    let letter = Waiting {
        reader: reader.sealed(node)?,
        subject: format!("【{}】{subject}", node.config.platform_name),
        text: format!("{text}\n\n{}\n此邮件由平台自动发送，请勿直接回复。\n", node.config.platform_name),
        message_id: format!("<{plain}.{whom}@{}.suyuan>", node.code()),
    };
    let job = NewJob {
        kind: LETTER_JOB.to_owned(),
        unique_key: Some(format!("{LETTER_JOB}/{key}/{whom}")),
        payload: serde_json::to_string(&letter)?,
        run_at: now,
        max_attempts: TRIES,
        actor: None,
    };
    tx.enqueue(job, now).await?;
    Ok(())
}

/// The letter of a job; `None` where its account has no address any more.
///
/// # Errors
/// When the database is out of reach.
pub async fn ready(node: &Node, payload: &str) -> Result<Option<Letter>> {
    let Waiting { reader, subject, text, message_id } = serde_json::from_str(payload)?;
    let (name, email) = match reader.opened(node)? {
        Reader::Outside { name, email } => (name, email),
        Reader::Sealed(_) => return Ok(None),
        Reader::Account(id) => {
            let Some(account) = node.store.system_account(id).await? else { return Ok(None) };
            let person = personal::open(node, &account)?;
            (person.display_name, person.email)
        }
    };
    Ok((!email.is_empty()).then_some(Letter { name, email, subject, text, message_id }))
}

/// The people of this node who may do `action` on `kind` in a division, for what is of `category`.
///
/// # Errors
/// When the database is out of reach.
pub async fn readers(
    node: &Node,
    (action, kind): (Action, Kind),
    (division, category): (&str, &str),
) -> Result<Vec<Reader>> {
    let policy = node.policy.current();
    let now = node.now();
    let filter = AccountFilter { now, ..AccountFilter::default() };
    let page = node.store.accounts(&Scope::everything(), &filter, None, 1_000).await?;
    let may = page.items.into_iter().filter(|account| {
        account::is_usable(account, now)
            && account.subject.is_empty()
            && account.categories.as_ref().is_none_or(|own| own.contains(category))
            && policy.allows(&account.role, kind, action)
            && node.divisions.is_within(division, &account.division)
    });
    Ok(may.take(MOST_READERS).map(|account| Reader::Account(account.id)).collect())
}
