//! What is remembered about tries to sign in, in memory and bounded: failures by name and address, tries by address, and the
//! locks of names that nobody has, so that the answers do not tell which names exist. Rows, H-9.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_security::throttle::{Failures, LoginRules, SignOnRules, Window};

use crate::{Result, ServiceError};

const MINUTE: i64 = 60_000;

/// Names without an account that are remembered.
const MOST_STRANGERS: usize = 10_000;

/// The memory of one node.
#[derive(Debug)]
pub struct Guard {
    names: Window,
    addresses: Window,
    tries: Window,
    strangers: Mutex<HashMap<String, Failures>>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            names: Window::new(30 * MINUTE),
            addresses: Window::new(30 * MINUTE),
            tries: Window::new(10 * MINUTE),
            strangers: Mutex::default(),
        }
    }
}

impl Guard {
    /// Counts a try of an address.
    ///
    /// # Errors
    /// `AUTH-0107` when there are too many.
    pub(crate) fn admit(&self, rules: &SignOnRules, address: &str, now: Timestamp) -> Result<()> {
        if self.tries.count(address, now) <= rules.address_tries {
            return Ok(());
        }
        let fault = Fault::new("AUTH-0107", "", "来自该地址的登录请求过于频繁", "请 10 分钟后再试");
        Err(ServiceError::TooMany { retry_after: 600, fault })
    }

    /// Whether a captcha is asked for before the password is looked at.
    pub(super) fn wants_captcha(&self, rules: &SignOnRules, name: &str, address: &str, now: Timestamp) -> bool {
        let failed = self.names.counted(name, now).max(self.addresses.counted(address, now));
        failed >= rules.captcha_after
    }

    pub(super) fn note_failure(&self, name: &str, address: &str, now: Timestamp) {
        self.names.count(name, now);
        self.addresses.count(address, now);
    }

    pub(super) fn note_success(&self, name: &str) {
        self.names.forget(name);
    }

    /// What is remembered of a name that nobody has.
    pub(super) fn stranger(&self, name: &str) -> Failures {
        let strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        strangers.get(name).copied().unwrap_or_default()
    }

    pub(super) fn note_stranger(&self, name: &str, now: Timestamp) {
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if strangers.len() >= MOST_STRANGERS {
            let old = now.plus_millis(-LoginRules::default().window_millis);
            strangers.retain(|_, failures| failures.last.is_some_and(|last| last > old));
            if strangers.len() >= MOST_STRANGERS {
                strangers.clear();
            }
        }
        let failures = strangers.get(name).copied().unwrap_or_default();
        strangers.insert(name.to_owned(), LoginRules::default().after_failure(&failures, now));
    }
}
