//! Sessions of people (会话): known by the hash of their token only. When one is over is decided in `suyuan-security`.
//!
//! Rows, H-9.

use sea_orm::FromQueryResult;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;

use crate::db::{Store, Tx};
use crate::{Result, sql};

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Hash of the token.
    pub hash: [u8; 32],
    /// Whose it is.
    pub account: ObjectId,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// Last request, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Network address at signing in.
    pub address: String,
    /// What the browser called itself; may be empty.
    pub agent: String,
    /// When the person last showed the password.
    pub confirmed_at: Timestamp,
    /// Whether a second factor was shown at signing in.
    pub second_factor: bool,
}

#[derive(FromQueryResult)]
struct SessionRow {
    hash: Vec<u8>,
    account: Vec<u8>,
    created_at: i64,
    last_seen_at: i64,
    expires_at: i64,
    address: String,
    agent: String,
    confirmed_at: i64,
    second_factor: i64,
}

const COLUMNS: &str =
    "hash, account, created_at, last_seen_at, expires_at, address, agent, confirmed_at, second_factor";

impl TryFrom<SessionRow> for Session {
    type Error = crate::StoreError;

    fn try_from(row: SessionRow) -> Result<Self> {
        Ok(Self {
            hash: sql::digest(&row.hash)?,
            account: sql::object(&row.account)?,
            created_at: Timestamp::from_millis(row.created_at),
            last_seen_at: Timestamp::from_millis(row.last_seen_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            address: row.address,
            agent: row.agent,
            confirmed_at: Timestamp::from_millis(row.confirmed_at),
            second_factor: row.second_factor != 0,
        })
    }
}

impl Tx {
    /// Begins a session.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_session(&self, session: &Session) -> Result<()> {
        let text = format!("INSERT INTO session ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
        let bound = vec![
            session.hash.to_vec().into(),
            sql::id(session.account),
            session.created_at.millis().into(),
            session.last_seen_at.millis().into(),
            session.expires_at.millis().into(),
            session.address.as_str().into(),
            session.agent.as_str().into(),
            session.confirmed_at.millis().into(),
            i64::from(session.second_factor).into(),
        ];
        sql::execute(self.db(), &text, bound).await?;
        Ok(())
    }

    /// Notes the moment of the last request; never moves it back.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn touch_session(&self, hash: &[u8; 32], now: Timestamp) -> Result<()> {
        let text = "UPDATE session SET last_seen_at = ? WHERE hash = ? AND last_seen_at < ?";
        sql::execute(self.db(), text, vec![now.millis().into(), hash.to_vec().into(), now.millis().into()]).await?;
        Ok(())
    }

    /// Notes that the person of a session has just shown the password again.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn confirm_session(&self, hash: &[u8; 32], now: Timestamp) -> Result<()> {
        let text = "UPDATE session SET confirmed_at = ? WHERE hash = ?";
        sql::execute(self.db(), text, vec![now.millis().into(), hash.to_vec().into()]).await?;
        Ok(())
    }

    /// Ends all sessions of an account but one; gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_other_sessions(&self, account: ObjectId, kept: &[u8; 32]) -> Result<u64> {
        let text = "DELETE FROM session WHERE account = ? AND hash <> ?";
        sql::execute(self.db(), text, vec![sql::id(account), kept.to_vec().into()]).await
    }

    /// Ends one session; says whether it was there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_session(&self, hash: &[u8; 32]) -> Result<bool> {
        Ok(sql::execute(self.db(), "DELETE FROM session WHERE hash = ?", vec![hash.to_vec().into()]).await? > 0)
    }

    /// Ends all sessions of an account; gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_sessions_of(&self, account: ObjectId) -> Result<u64> {
        sql::execute(self.db(), "DELETE FROM session WHERE account = ?", vec![sql::id(account)]).await
    }
}

impl Store {
    /// Deletes up to `limit` sessions that have reached their end by `now`, or of which nobody has made use since `idle`;
    /// gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_ended_sessions(&self, now: Timestamp, idle: Timestamp, limit: u64) -> Result<u64> {
        let text = "DELETE FROM session WHERE hash IN \
                    (SELECT hash FROM session WHERE expires_at <= ? OR last_seen_at <= ? LIMIT ?)";
        self.delete_some(text, vec![now.millis().into(), idle.millis().into(), sql::int(limit)]).await
    }

    /// The session whose token has this hash.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_session(&self, hash: &[u8; 32]) -> Result<Option<Session>> {
        let text = format!("SELECT {COLUMNS} FROM session WHERE hash = ?");
        let row: Option<SessionRow> = sql::one(self.reader(), &text, vec![hash.to_vec().into()]).await?;
        row.map(Session::try_from).transpose()
    }

    /// The sessions of an account, newest first; at most 200.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn sessions_of(&self, account: ObjectId) -> Result<Vec<Session>> {
        let text = format!("SELECT {COLUMNS} FROM session WHERE account = ? ORDER BY created_at DESC LIMIT 200");
        let rows: Vec<SessionRow> = sql::all(self.reader(), &text, vec![sql::id(account)]).await?;
        rows.into_iter().map(Session::try_from).collect()
    }
}
