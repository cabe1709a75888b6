//! Sessions (会话): opaque tokens of which only the hash is kept, and when a session is over.
//!
//! Pure rules; the table, the cookie and deleting what is over belong to `store`, `api` and `jobs`. Rows, H-9.

use suyuan_crypto::hash::Digest;
use suyuan_crypto::random::Entropy;
use suyuan_crypto::token;
use suyuan_domain::clock::Timestamp;

use crate::Result;

const MINUTE: i64 = 60_000;

/// Longest token text that is looked up; a real one has 43 characters.
const TOKEN_LIMIT: usize = 64;

/// A new session: the token for the cookie and the hash for the database.
pub struct NewSession {
    /// Goes to the browser once and is kept nowhere.
    pub token: String,
    /// What is stored and looked up.
    pub hash: Digest,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSession(..)")
    }
}

/// Makes a new session token.
///
/// # Errors
/// When the source of randomness fails.
pub fn new_session(entropy: &dyn Entropy) -> Result<NewSession> {
    let token = token::new_token(entropy)?;
    let hash = token::token_hash(&token);
    Ok(NewSession { token, hash })
}

/// The hash under which a token of a request is looked up; `None` for text that cannot be a token.
#[must_use]
pub fn lookup_hash(token: &str) -> Option<Digest> {
    (!token.is_empty() && token.len() <= TOKEN_LIMIT).then(|| token::token_hash(token))
}

/// How long sessions live, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionRules {
    /// Longest time without a request (GB/T 22239 8.1.4.1 b); 15 minutes unless configured.
    pub idle_millis: i64,
    /// Longest time since login, used or not; 8 hours unless configured.
    pub absolute_millis: i64,
    /// How often the time of the last request is written; 1 minute, so that reading does not write each time.
    pub touch_millis: i64,
    /// How long after the password was shown it need not be shown again for what is delicate; 10 minutes.
    pub confirm_millis: i64,
}

impl Default for SessionRules {
    fn default() -> Self {
        Self {
            idle_millis: 15 * MINUTE,
            absolute_millis: 8 * 60 * MINUTE,
            touch_millis: MINUTE,
            confirm_millis: 10 * MINUTE,
        }
    }
}

/// Whether a session still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// It holds.
    Live,
    /// No request for too long.
    Idle,
    /// Too long since login.
    Expired,
}

impl SessionState {
    /// What the user is told; `None` while the session holds.
    #[must_use]
    pub const fn text(self) -> Option<&'static str> {
        match self {
            Self::Live => None,
            Self::Idle => Some("长时间未操作，已自动退出，请重新登录"),
            Self::Expired => Some("本次登录已到期，请重新登录"),
        }
    }
}

impl SessionRules {
    /// The state of a session at `now`. A clock that was set back does not end sessions.
    #[must_use]
    pub const fn state(&self, signed_in: Timestamp, last_seen: Timestamp, now: Timestamp) -> SessionState {
        if now.millis().saturating_sub(signed_in.millis()) >= self.absolute_millis {
            SessionState::Expired
        } else if now.millis().saturating_sub(last_seen.millis()) >= self.idle_millis {
            SessionState::Idle
        } else {
            SessionState::Live
        }
    }

    /// Whether the time of the last request should be written now.
    #[must_use]
    pub const fn should_touch(&self, last_seen: Timestamp, now: Timestamp) -> bool {
        now.millis().saturating_sub(last_seen.millis()) >= self.touch_millis
    }

    /// When the session ends unless something is done.
    #[must_use]
    pub const fn idle_ends_at(&self, last_seen: Timestamp) -> Timestamp {
        last_seen.plus_millis(self.idle_millis)
    }

    /// Whether the password was shown lately enough for what is delicate. A clock that was set back changes nothing.
    #[must_use]
    pub const fn is_confirmed(&self, confirmed: Timestamp, now: Timestamp) -> bool {
        now.millis().saturating_sub(confirmed.millis()) < self.confirm_millis
    }

    /// When the session ends at the latest, for the cookie.
    #[must_use]
    pub const fn ends_at(&self, signed_in: Timestamp) -> Timestamp {
        signed_in.plus_millis(self.absolute_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suyuan_crypto::random::SeededEntropy;

    #[test]
    fn a_6_1_a_session_ends_after_15_idle_minutes_or_8_hours() {
        let rules = SessionRules::default();
        let start = Timestamp::from_millis(1_000_000);
        let check = |seen: i64, now: i64, expected: SessionState| {
            let state = rules.state(start, start.plus_millis(seen * MINUTE), start.plus_millis(now * MINUTE));
            assert_eq!(state, expected, "seen {seen} now {now}");
        };
        check(0, 14, SessionState::Live);
        check(0, 15, SessionState::Idle);
        check(470, 479, SessionState::Live);
        check(479, 480, SessionState::Expired);
        check(0, -100, SessionState::Live);
        assert_eq!(SessionState::Live.text(), None);
        assert!(SessionState::Idle.text().is_some() && SessionState::Expired.text().is_some());
    }

    #[test]
    fn a_6_1_reading_does_not_write_each_time() {
        let rules = SessionRules::default();
        let seen = Timestamp::from_millis(0);
        assert!(!rules.should_touch(seen, Timestamp::from_millis(59_999)));
        assert!(rules.should_touch(seen, Timestamp::from_millis(60_000)));
        assert_eq!(rules.ends_at(seen), Timestamp::from_millis(8 * 60 * MINUTE));
        assert_eq!(rules.idle_ends_at(seen), Timestamp::from_millis(15 * MINUTE));
        assert!(rules.is_confirmed(seen, Timestamp::from_millis(10 * MINUTE - 1)));
        assert!(!rules.is_confirmed(seen, Timestamp::from_millis(10 * MINUTE)));
    }

    #[test]
    fn h_9_only_the_hash_of_a_token_is_kept() {
        let session = new_session(&SeededEntropy::new(1)).expect("seeded");
        assert_eq!(lookup_hash(&session.token), Some(session.hash));
        assert_eq!(lookup_hash(""), None);
        assert_eq!(lookup_hash(&"a".repeat(65)), None);
        assert!(!format!("{session:?}").contains(&session.token));
    }
}
