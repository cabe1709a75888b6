//! Limits on failed logins (登录失败处理, GB/T 22239 8.1.4.1 b): five failures lock an account for half an hour.
//!
//! Pure: the caller keeps [`Failures`] per account and per address, and asks [`LoginRules::admit`] before the password is
//! looked at. Rows, H-9.

use suyuan_domain::clock::Timestamp;

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginRules {
    /// Failures after which the account is locked.
    pub max_failures: u32,
    /// Failures further apart than this, in milliseconds, do not add up.
    pub window_millis: i64,
    /// How long the lock holds, in milliseconds.
    pub lock_millis: i64,
}

impl Default for LoginRules {
    fn default() -> Self {
        Self { max_failures: 5, window_millis: 30 * 60_000, lock_millis: 30 * 60_000 }
    }
}

/// What is remembered about failed logins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// Failures in a row.
    pub count: u32,
    /// When the last one was.
    pub last: Option<Timestamp>,
    /// Until when logins are refused.
    pub locked_until: Option<Timestamp>,
}

/// Whether a login may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may, and this many failures are left before the lock.
    Allowed {
        /// Failures left.
        left: u32,
    },
    /// It may not before this moment, whatever the password.
    Locked {
        /// End of the lock.
        until: Timestamp,
    },
}

impl Admission {
    /// What the user is told; `None` when the login may be tried.
    #[must_use]
    pub fn text(self, now: Timestamp) -> Option<String> {
        match self {
            Self::Allowed { .. } => None,
            Self::Locked { until } => {
                let minutes = until.millis().saturating_sub(now.millis()).max(0).saturating_add(59_999) / 60_000;
                Some(format!("登录失败次数过多，账号已锁定，请 {minutes} 分钟后再试，或联系安全管理员解锁"))
            }
        }
    }
}

impl LoginRules {
    /// Whether a login may be tried at `now`.
    #[must_use]
    pub fn admit(&self, failures: &Failures, now: Timestamp) -> Admission {
        match failures.locked_until {
            Some(until) if now < until => Admission::Locked { until },
            _ => Admission::Allowed { left: self.max_failures.saturating_sub(self.current(failures, now)) },
        }
    }

    /// What to remember after a failure at `now`. A failure during a lock does not prolong it.
    #[must_use]
    pub fn after_failure(&self, failures: &Failures, now: Timestamp) -> Failures {
        if let Admission::Locked { .. } = self.admit(failures, now) {
            return *failures;
        }
        let count = self.current(failures, now).saturating_add(1);
        let locked_until = (count >= self.max_failures).then(|| now.plus_millis(self.lock_millis));
        Failures { count, last: Some(now), locked_until }
    }

    /// What to remember after a login: nothing.
    #[must_use]
    pub fn after_success(&self) -> Failures {
        Failures::default()
    }

    /// Failures that still count: none after a lock has ended or when the last one is long ago.
    fn current(&self, failures: &Failures, now: Timestamp) -> u32 {
        let lock_over = failures.locked_until.is_some_and(|until| now >= until);
        let recent = failures.last.is_some_and(|last| now.millis().saturating_sub(last.millis()) < self.window_millis);
        if recent && !lock_over { failures.count } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * MINUTE)
    }

    #[test]
    fn h_9_five_failures_lock_for_thirty_minutes() {
        let rules = LoginRules::default();
        let mut failures = Failures::default();
        for failed in 0..5 {
            assert_eq!(rules.admit(&failures, at(failed)), Admission::Allowed { left: 5 - failed as u32 });
            failures = rules.after_failure(&failures, at(failed));
        }
        let locked = Admission::Locked { until: at(34) };
        assert_eq!(rules.admit(&failures, at(5)), locked);
        assert_eq!(rules.admit(&failures, at(33)), locked);
        assert!(locked.text(at(5)).is_some_and(|text| text.contains("29 分钟")));
        assert_eq!(rules.after_failure(&failures, at(20)), failures, "a lock is not prolonged");
        assert_eq!(rules.admit(&failures, at(34)), Admission::Allowed { left: 5 });
        assert_eq!(rules.after_failure(&failures, at(34)).count, 1, "counting starts anew after a lock");
    }

    #[test]
    fn h_9_failures_long_ago_do_not_add_up() {
        let rules = LoginRules::default();
        let once = rules.after_failure(&Failures::default(), at(0));
        assert_eq!(rules.after_failure(&once, at(29)).count, 2);
        assert_eq!(rules.after_failure(&once, at(30)).count, 1);
        assert_eq!(rules.after_success(), Failures::default());
    }
}
