//! Signing in across platforms (统一登录): as provider the keys, applications, requests, grants and tokens; as the other side
//! sign-ins under way and the links of outside identities to accounts.
//!
//! Tokens and codes are known by their hash only, keys are sealed. What may follow what belongs to `suyuan-service`.
//! Rows: H-9.4.

use sea_orm::{FromQueryResult, Value};
use suyuan_crypto::hash::Digest;
use suyuan_domain::clock::Timestamp;
use suyuan_domain::id::ObjectId;

use crate::db::{Store, Tx};
use crate::filter::{Conditions, Page, page};
use crate::{Result, sql};

/// A sealed key for ID tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Name under which it is published.
    pub kid: String,
    /// The key, sealed under the node's own.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is published.
    pub retires_at: Timestamp,
}

/// An application whose users sign in here (应用客户端).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientRow {
    /// Its name in the protocol.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Hash of its secret; `None` for a public one.
    pub secret: Option<Digest>,
    /// Last characters of its secret.
    pub hint: String,
    /// Where browsers may be sent after signing in, JSON.
    pub redirect_uris: String,
    /// Where browsers may be sent after signing out, JSON.
    pub logout_uris: String,
    /// What it may ask for, JSON.
    pub scopes: String,
    /// Whether the person is asked.
    pub consent: bool,
    /// `active` or `disabled`.
    pub state: String,
    /// Version.
    pub version: u64,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What an application was given for one person (授权).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// The grant.
    pub id: ObjectId,
    /// The application.
    pub client: String,
    /// The person.
    pub account: ObjectId,
    /// The session in which it was given; with it the grant ends.
    pub session: Digest,
    /// What was asked for, JSON.
    pub body: String,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// When it was ended before.
    pub ended_at: Option<Timestamp>,
}

/// A code or token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// `code`, `access` or `refresh`.
    pub kind: String,
    /// The grant.
    pub issue: ObjectId,
    /// Until when it holds.
    pub expires_at: Timestamp,
    /// When it was used up.
    pub used_at: Option<Timestamp>,
}

/// A link of an outside identity to an account (统一身份绑定).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRow {
    /// The link.
    pub id: ObjectId,
    /// The provider.
    pub issuer: String,
    /// The provider's identifier of the person.
    pub subject: String,
    /// The account.
    pub account: ObjectId,
    /// When it was made.
    pub linked_at: Timestamp,
    /// By whom.
    pub linked_by: String,
    /// When somebody last signed in by it.
    pub last_used_at: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct Client {
    id: String,
    name: String,
    secret: Option<Vec<u8>>,
    hint: String,
    redirect_uris: String,
    logout_uris: String,
    scopes: String,
    consent: i64,
    state: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<Client> for ClientRow {
    type Error = crate::StoreError;

    fn try_from(row: Client) -> Result<Self> {
        Ok(Self {
            id: row.id,
            name: row.name,
            secret: row.secret.map(|hash| sql::digest(&hash)).transpose()?,
            hint: row.hint,
            redirect_uris: row.redirect_uris,
            logout_uris: row.logout_uris,
            scopes: row.scopes,
            consent: row.consent != 0,
            state: row.state,
            version: sql::uint(row.version),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

const CLIENT: &str = "id, name, secret, hint, redirect_uris, logout_uris, scopes, consent, state, version, created_at, \
                      updated_at";

#[derive(FromQueryResult)]
struct Grant {
    id: Vec<u8>,
    client: String,
    account: Vec<u8>,
    session: Vec<u8>,
    body: String,
    created_at: i64,
    ends_at: i64,
    ended_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct Identity {
    id: Vec<u8>,
    issuer: String,
    subject: String,
    account: Vec<u8>,
    linked_at: i64,
    linked_by: String,
    last_used_at: Option<i64>,
}

impl TryFrom<Identity> for IdentityRow {
    type Error = crate::StoreError;

    fn try_from(row: Identity) -> Result<Self> {
        Ok(Self {
            id: sql::object(&row.id)?,
            issuer: row.issuer,
            subject: row.subject,
            account: sql::object(&row.account)?,
            linked_at: Timestamp::from_millis(row.linked_at),
            linked_by: row.linked_by,
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
        })
    }
}

const IDENTITY: &str = "id, issuer, subject, account, linked_at, linked_by, last_used_at";

fn hash(digest: &Digest) -> Value {
    digest.to_vec().into()
}

impl Tx {
    /// Keeps a key.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_openid_key(&self, key: &KeyRow) -> Result<()> {
        let text = "INSERT INTO openid_key (kid, sealed, created_at, retires_at) VALUES (?, ?, ?, ?)";
        let bound = vec![
            key.kid.as_str().into(),
            key.sealed.clone().into(),
            key.created_at.millis().into(),
            key.retires_at.millis().into(),
        ];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }

    /// Registers an application.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_openid_client(&self, client: &ClientRow) -> Result<()> {
        let marks = ["?"; 12].join(",");
        let mut bound = vec![client.id.as_str().into()];
        bound.extend(changeable(client));
        bound.push(client.created_at.millis().into());
        let text = format!(
            "INSERT INTO openid_client (id, name, secret, hint, redirect_uris, logout_uris, scopes, consent, state, \
             version, updated_at, created_at) VALUES ({marks})"
        );
        sql::execute(self.db(), &text, bound).await?;
        Ok(())
    }

    /// Changes an application that is still of the version `expected`.
    ///
    /// # Errors
    /// [`crate::StoreError::Conflict`] when somebody else was first.
    pub async fn change_openid_client(&self, client: &ClientRow, expected: u64) -> Result<()> {
        let text = "UPDATE openid_client SET name = ?, secret = ?, hint = ?, redirect_uris = ?, logout_uris = ?, \
                    scopes = ?, consent = ?, state = ?, version = ?, updated_at = ? WHERE id = ? AND version = ?";
        let mut bound = changeable(client);
        bound.push(client.id.as_str().into());
        bound.push(sql::int(expected));
        match sql::execute(self.db(), text, bound).await? {
            0 => Err(crate::StoreError::Conflict { what: "client" }),
            _ => Ok(()),
        }
    }

    /// Keeps what an application asked for until the person has answered.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_openid_request(&self, id: ObjectId, client: &str, body: &str, until: Timestamp) -> Result<()> {
        let text = "INSERT INTO openid_request (id, client, body, expires_at) VALUES (?, ?, ?, ?)";
        let bound = vec![sql::id(id), client.into(), body.into(), until.millis().into()];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }

    /// Takes a request away; says whether it was there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_openid_request(&self, id: ObjectId) -> Result<bool> {
        Ok(sql::execute(self.db(), "DELETE FROM openid_request WHERE id = ?", vec![sql::id(id)]).await? > 0)
    }

    /// Keeps a grant.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_openid_grant(&self, grant: &GrantRow) -> Result<()> {
        let text = "INSERT INTO openid_grant (id, client, account, session, body, created_at, ends_at) \
                    VALUES (?, ?, ?, ?, ?, ?, ?)";
        let bound = vec![
            sql::id(grant.id),
            grant.client.as_str().into(),
            sql::id(grant.account),
            hash(&grant.session),
            grant.body.as_str().into(),
            grant.created_at.millis().into(),
            grant.ends_at.millis().into(),
        ];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }

    /// Ends a grant and with it all its tokens; says whether it had not ended before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_openid_grant(&self, id: ObjectId, now: Timestamp) -> Result<bool> {
        let text = "UPDATE openid_grant SET ended_at = ? WHERE id = ? AND ended_at IS NULL";
        Ok(sql::execute(self.db(), text, vec![now.millis().into(), sql::id(id)]).await? > 0)
    }

    /// Ends all grants of an application; gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_openid_grants_of(&self, client: &str, now: Timestamp) -> Result<u64> {
        let text = "UPDATE openid_grant SET ended_at = ? WHERE client = ? AND ended_at IS NULL";
        sql::execute(self.db(), text, vec![now.millis().into(), client.into()]).await
    }

    /// Ends the grants that an application has for a person; gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_openid_grants_for(&self, client: &str, account: ObjectId, now: Timestamp) -> Result<u64> {
        let text = "UPDATE openid_grant SET ended_at = ? WHERE client = ? AND account = ? AND ended_at IS NULL";
        sql::execute(self.db(), text, vec![now.millis().into(), client.into(), sql::id(account)]).await
    }

    /// Ends the sessions in which a person let an application in; gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn end_sessions_of_grants(&self, client: &str, account: ObjectId) -> Result<u64> {
        let text = "DELETE FROM session WHERE account = ? AND hash IN \
                    (SELECT session FROM openid_grant WHERE client = ? AND account = ? AND ended_at IS NULL)";
        sql::execute(self.db(), text, vec![sql::id(account), client.into(), sql::id(account)]).await
    }

    /// Keeps a code or token under its hash.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_openid_token(&self, digest: &Digest, token: &TokenRow) -> Result<()> {
        let text = "INSERT INTO openid_token (hash, kind, issue, expires_at) VALUES (?, ?, ?, ?)";
        let bound =
            vec![hash(digest), token.kind.as_str().into(), sql::id(token.issue), token.expires_at.millis().into()];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }

    /// Uses a code or token up; `false` when somebody has used it before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_openid_token(&self, digest: &Digest, now: Timestamp) -> Result<bool> {
        let text = "UPDATE openid_token SET used_at = ? WHERE hash = ? AND used_at IS NULL";
        Ok(sql::execute(self.db(), text, vec![now.millis().into(), hash(digest)]).await? > 0)
    }

    /// Remembers what a person lets an application know.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_openid_consent(
        &self,
        account: ObjectId,
        client: &str,
        scopes: &str,
        at: Timestamp,
    ) -> Result<()> {
        let text = "INSERT INTO openid_consent (account, client, scopes, at) VALUES (?, ?, ?, ?) \
                    ON CONFLICT (account, client) DO UPDATE SET scopes = excluded.scopes, at = excluded.at";
        sql::execute(self.db(), text, vec![sql::id(account), client.into(), scopes.into(), at.millis().into()]).await?;
        Ok(())
    }

    /// Keeps a sign-in with an outside provider until the browser comes back.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keep_openid_pending(
        &self,
        state: &Digest,
        browser: &Digest,
        sealed: Vec<u8>,
        until: Timestamp,
    ) -> Result<()> {
        let text = "INSERT INTO openid_pending (state, browser, sealed, expires_at) VALUES (?, ?, ?, ?)";
        let bound = vec![hash(state), hash(browser), sealed.into(), until.millis().into()];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }

    /// Takes a sign-in under way, once: hash of the browser's mark, sealed content, end.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn take_openid_pending(&self, state: &Digest) -> Result<Option<(Digest, Vec<u8>, Timestamp)>> {
        #[derive(FromQueryResult)]
        struct Pending {
            browser: Vec<u8>,
            sealed: Vec<u8>,
            expires_at: i64,
        }
        let text = "DELETE FROM openid_pending WHERE state = ? RETURNING browser, sealed, expires_at";
        let row: Option<Pending> = sql::one(self.db(), text, vec![hash(state)]).await?;
        row.map(|row| Ok((sql::digest(&row.browser)?, row.sealed, Timestamp::from_millis(row.expires_at)))).transpose()
    }

    /// Links an outside identity to an account.
    ///
    /// # Errors
    /// When the identity is linked already ([`crate::StoreError::is_unique_violation`]).
    pub async fn link_identity(&self, link: &IdentityRow) -> Result<()> {
        let text = "INSERT INTO openid_identity (id, issuer, subject, account, linked_at, linked_by) \
                    VALUES (?, ?, ?, ?, ?, ?)";
        let bound = vec![
            sql::id(link.id),
            link.issuer.as_str().into(),
            link.subject.as_str().into(),
            sql::id(link.account),
            link.linked_at.millis().into(),
            link.linked_by.as_str().into(),
        ];
        sql::execute(self.db(), text, bound).await?;
        Ok(())
    }

    /// Unlinks an identity of an account; says whether it was there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn unlink_identity(&self, account: ObjectId, id: ObjectId) -> Result<bool> {
        let text = "DELETE FROM openid_identity WHERE id = ? AND account = ?";
        Ok(sql::execute(self.db(), text, vec![sql::id(id), sql::id(account)]).await? > 0)
    }

    /// Notes that somebody signed in by a link.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn use_identity(&self, id: ObjectId, now: Timestamp) -> Result<()> {
        let text = "UPDATE openid_identity SET last_used_at = ? WHERE id = ?";
        sql::execute(self.db(), text, vec![now.millis().into(), sql::id(id)]).await?;
        Ok(())
    }
}

/// The columns that a change may touch, in the order of the statements.
fn changeable(client: &ClientRow) -> Vec<Value> {
    vec![
        client.name.as_str().into(),
        client.secret.map(|secret| secret.to_vec()).into(),
        client.hint.as_str().into(),
        client.redirect_uris.as_str().into(),
        client.logout_uris.as_str().into(),
        client.scopes.as_str().into(),
        i64::from(client.consent).into(),
        client.state.as_str().into(),
        sql::int(client.version),
        client.updated_at.millis().into(),
    ]
}

impl Store {
    /// The keys that are still published, newest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn openid_keys(&self, now: Timestamp) -> Result<Vec<KeyRow>> {
        #[derive(FromQueryResult)]
        struct Key {
            kid: String,
            sealed: Vec<u8>,
            created_at: i64,
            retires_at: i64,
        }
        let text = "SELECT kid, sealed, created_at, retires_at FROM openid_key WHERE retires_at > ? \
                    ORDER BY created_at DESC, kid";
        let rows: Vec<Key> = sql::all(self.reader(), text, vec![now.millis().into()]).await?;
        let key = |row: Key| KeyRow {
            kid: row.kid,
            sealed: row.sealed,
            created_at: Timestamp::from_millis(row.created_at),
            retires_at: Timestamp::from_millis(row.retires_at),
        };
        Ok(rows.into_iter().map(key).collect())
    }

    /// A page of applications, by their names in the protocol.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_openid_clients(
        &self,
        words: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<ClientRow>> {
        let mut conditions = Conditions::default();
        conditions.contain(&["id", "name"], words);
        let keyset = after.map(|id| ("id > ?", vec![id.into()]));
        let rows: Page<Client> = page(self.reader(), CLIENT, "openid_client", conditions, keyset, "id", limit).await?;
        let Page { items, more, count } = rows;
        Ok(Page { items: items.into_iter().map(ClientRow::try_from).collect::<Result<_>>()?, more, count })
    }

    /// An application.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_openid_client(&self, id: &str) -> Result<Option<ClientRow>> {
        let text = format!("SELECT {CLIENT} FROM openid_client WHERE id = ?");
        let row: Option<Client> = sql::one(self.reader(), &text, vec![id.into()]).await?;
        row.map(ClientRow::try_from).transpose()
    }

    /// What an application asked for: its name, content, end.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_openid_request(&self, id: ObjectId) -> Result<Option<(String, String, Timestamp)>> {
        #[derive(FromQueryResult)]
        struct Request {
            client: String,
            body: String,
            expires_at: i64,
        }
        let text = "SELECT client, body, expires_at FROM openid_request WHERE id = ?";
        let row: Option<Request> = sql::one(self.reader(), text, vec![sql::id(id)]).await?;
        Ok(row.map(|row| (row.client, row.body, Timestamp::from_millis(row.expires_at))))
    }

    /// A grant.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_openid_grant(&self, id: ObjectId) -> Result<Option<GrantRow>> {
        let text =
            "SELECT id, client, account, session, body, created_at, ends_at, ended_at FROM openid_grant WHERE id = ?";
        let row: Option<Grant> = sql::one(self.reader(), text, vec![sql::id(id)]).await?;
        row.map(|row| {
            Ok(GrantRow {
                id: sql::object(&row.id)?,
                client: row.client,
                account: sql::object(&row.account)?,
                session: sql::digest(&row.session)?,
                body: row.body,
                created_at: Timestamp::from_millis(row.created_at),
                ends_at: Timestamp::from_millis(row.ends_at),
                ended_at: row.ended_at.map(Timestamp::from_millis),
            })
        })
        .transpose()
    }

    /// The code or token with this hash.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_openid_token(&self, digest: &Digest) -> Result<Option<TokenRow>> {
        #[derive(FromQueryResult)]
        struct Token {
            kind: String,
            issue: Vec<u8>,
            expires_at: i64,
            used_at: Option<i64>,
        }
        let text = "SELECT kind, issue, expires_at, used_at FROM openid_token WHERE hash = ?";
        let row: Option<Token> = sql::one(self.reader(), text, vec![hash(digest)]).await?;
        row.map(|row| {
            Ok(TokenRow {
                kind: row.kind,
                issue: sql::object(&row.issue)?,
                expires_at: Timestamp::from_millis(row.expires_at),
                used_at: row.used_at.map(Timestamp::from_millis),
            })
        })
        .transpose()
    }

    /// What a person lets an application know, JSON.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_openid_consent(&self, account: ObjectId, client: &str) -> Result<Option<String>> {
        let text = "SELECT scopes FROM openid_consent WHERE account = ? AND client = ?";
        sql::scalar(self.reader(), text, vec![sql::id(account), client.into()]).await
    }

    /// The link of an outside identity.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_identity(&self, issuer: &str, subject: &str) -> Result<Option<IdentityRow>> {
        let text = format!("SELECT {IDENTITY} FROM openid_identity WHERE issuer = ? AND subject = ?");
        let row: Option<Identity> = sql::one(self.reader(), &text, vec![issuer.into(), subject.into()]).await?;
        row.map(IdentityRow::try_from).transpose()
    }

    /// The links of an account, oldest first.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn system_identities_of(&self, account: ObjectId) -> Result<Vec<IdentityRow>> {
        let text = format!("SELECT {IDENTITY} FROM openid_identity WHERE account = ? ORDER BY linked_at, id LIMIT 100");
        let rows: Vec<Identity> = sql::all(self.reader(), &text, vec![sql::id(account)]).await?;
        rows.into_iter().map(IdentityRow::try_from).collect()
    }

    /// Deletes up to `limit` requests, sign-ins under way, tokens and grants of which the time was over before `until`;
    /// gives how many.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn expire_openid(&self, until: Timestamp, limit: u64) -> Result<u64> {
        let mut deleted = 0;
        for (table, key, time) in [
            ("openid_request", "id", "expires_at"),
            ("openid_pending", "state", "expires_at"),
            ("openid_token", "hash", "expires_at"),
            ("openid_grant", "id", "ends_at"),
            ("openid_key", "kid", "retires_at"),
        ] {
            let text =
                format!("DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {time} <= ? LIMIT ?)");
            deleted += self.delete_some(&text, vec![until.millis().into(), sql::int(limit)]).await?;
        }
        Ok(deleted)
    }
}
