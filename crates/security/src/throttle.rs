//! Limits on failed logins (登录失败处理, GB/T 22239 8.1.4.1 b): five failures lock an account for half an hour.
//!
//! Pure: the caller keeps [`Failures`] per account and per address, and asks [`LoginRules::admit`] before the password is
//! looked at. [`Window`] counts what comes from somewhere in a sliding window and forgets by itself; it lives in memory and
//! is bounded, because whoever floods chooses the keys. Rows, H-9.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use suyuan_domain::clock::Timestamp;

/// Keys that a [`Window`] remembers; when there are more, the ones without news go, and if that is not enough, all.
const MOST_KEYS: usize = 20_000;

/// Longest key in bytes; longer ones share what their beginning has.
const KEY_LIMIT: usize = 64;

/// Counts events of many keys in a sliding window.
///
/// The window is two fixed ones of which the older counts by the part that still lies inside: one pair of numbers per key,
/// whatever the rate.
#[derive(Debug)]
pub struct Window {
    millis: i64,
    counted: Mutex<HashMap<String, Slots>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slots {
    number: i64,
    now: u32,
    before: u32,
}

impl Window {
    /// A window of so many milliseconds (at least one).
    #[must_use]
    pub fn new(millis: i64) -> Self {
        Self { millis: millis.max(1), counted: Mutex::default() }
    }

    /// Counts one event of `key` and gives how many there are in the window now.
    pub fn count(&self, key: &str, now: Timestamp) -> u32 {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MOST_KEYS {
            let number = now.millis().div_euclid(self.millis);
            counted.retain(|_, slots| slots.number >= number);
            if counted.len() >= MOST_KEYS {
                counted.clear();
            }
        }
        let slots = counted.entry(short(key)).or_default();
        *slots = self.turned(*slots, now);
        slots.now = slots.now.saturating_add(1);
        self.sum(*slots, now)
    }

    /// How many events of `key` there are in the window.
    #[must_use]
    pub fn counted(&self, key: &str, now: Timestamp) -> u32 {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.get(&short(key)).map_or(0, |slots| self.sum(self.turned(*slots, now), now))
    }

    /// Forgets the events of `key`.
    pub fn forget(&self, key: &str) {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).remove(&short(key));
    }

    fn turned(&self, slots: Slots, now: Timestamp) -> Slots {
        let number = now.millis().div_euclid(self.millis);
        match number - slots.number {
            0 => slots,
            1 => Slots { number, now: 0, before: slots.now },
            _ => Slots { number, ..Slots::default() },
        }
    }

    fn sum(&self, slots: Slots, now: Timestamp) -> u32 {
        let left = self.millis - now.millis().rem_euclid(self.millis);
        let before = i64::from(slots.before) * left / self.millis;
        slots.now.saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
    }
}

fn short(key: &str) -> String {
    let end = (0..=KEY_LIMIT.min(key.len())).rev().find(|end| key.is_char_boundary(*end)).unwrap_or(0);
    key[..end].to_owned()
}

/// How signing in is guarded beyond the lock of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOnRules {
    /// Failures of a name or an address in half an hour after which a captcha is asked for.
    pub captcha_after: u32,
    /// Tries of one address in ten minutes, captchas included; more are refused.
    pub address_tries: u32,
    /// For how many days a password holds; `None` for ever.
    pub password_days: Option<u32>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<std::net::IpAddr>,
}

impl Default for SignOnRules {
    fn default() -> Self {
        Self { captcha_after: 3, address_tries: 600, password_days: None, proxies: Vec::new() }
    }
}

impl SignOnRules {
    /// The address of whoever calls: the peer's, or what trusted proxies tell, read from the right, because only they add
    /// at the right end.
    #[must_use]
    pub fn caller(&self, peer: std::net::IpAddr, forwarded: &[&str]) -> std::net::IpAddr {
        let told = forwarded.iter().rev().flat_map(|line| line.rsplit(','));
        let mut last = peer;
        for text in told {
            if !self.proxies.contains(&last.to_canonical()) {
                break;
            }
            let Ok(address) = text.trim().parse() else { break };
            last = address;
        }
        last
    }
}

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
    fn h_9_a_window_slides_and_stays_small() {
        let window = Window::new(10 * MINUTE);
        for n in 1..=10 {
            assert_eq!(window.count("a", at(0)), n);
        }
        assert_eq!((window.counted("a", at(9)), window.counted("b", at(9))), (10, 0));
        assert_eq!(window.counted("a", at(15)), 5, "half of the older window still counts");
        assert_eq!(window.counted("a", at(20)), 0);
        for n in 0..50_000 {
            window.count(&format!("{n}"), at(30));
        }
        assert!(window.counted.lock().expect("not poisoned").len() <= MOST_KEYS);
        window.forget("a");
        assert_eq!(window.count(&"长".repeat(99), at(40)), 1);
    }

    #[test]
    fn h_9_only_trusted_proxies_may_tell_an_address() {
        let ip = |text: &str| text.parse::<std::net::IpAddr>().expect("an address");
        let rules = SignOnRules { proxies: vec![ip("10.0.0.1"), ip("10.0.0.2")], ..SignOnRules::default() };
        for (peer, forwarded, caller) in [
            ("192.0.2.9", "1.2.3.4", "192.0.2.9"),
            ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
            ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
            ("10.0.0.1", "6.6.6.6, nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ] {
            assert_eq!(rules.caller(ip(peer), &[forwarded]), ip(caller), "{peer} {forwarded}");
        }
        assert_eq!(rules.caller(ip("10.0.0.1"), &["6.6.6.6", "1.2.3.4"]), ip("1.2.3.4"), "the last line counts");
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
