//! How often strangers may submit and how often they may guess, in memory and bounded.
//!
//! The rules are those of failed logins; here a submission or a wrong guess counts as a failure. Rows: G-6.9b, G-10.4.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_security::throttle::{Admission, Failures, LoginRules};

use crate::{Result, ServiceError};

const MINUTE: i64 = 60_000;

/// Submissions from one address.
pub(crate) const SUBMISSIONS: LoginRules =
    LoginRules { max_failures: 20, window_millis: 10 * MINUTE, lock_millis: 10 * MINUTE };

/// Wrong guesses from one address, and of one number.
pub(crate) const GUESSES: LoginRules =
    LoginRules { max_failures: 10, window_millis: 30 * MINUTE, lock_millis: 30 * MINUTE };

/// Keys that are remembered; the oldest go first.
const MOST: usize = 20_000;

static COUNTED: LazyLock<Mutex<HashMap<String, Failures>>> = LazyLock::new(Mutex::default);

/// Refuses when one of `keys` has been used too often.
pub(crate) fn admit(rules: &LoginRules, keys: &[String], now: Timestamp) -> Result<()> {
    let counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    for key in keys {
        let Some(failures) = counted.get(key) else { continue };
        if let Admission::Locked { until } = rules.admit(failures, now) {
            let seconds = u64::try_from(until.millis().saturating_sub(now.millis())).unwrap_or(0).div_ceil(1000);
            let fault = Fault::new("CMP-0301", "", "操作过于频繁", format!("请 {} 分钟后再试", seconds.div_ceil(60)));
            return Err(ServiceError::TooMany { retry_after: seconds.max(1), fault });
        }
    }
    Ok(())
}

/// Counts one use of each of `keys`.
pub(crate) fn count(rules: &LoginRules, keys: &[String], now: Timestamp) {
    let mut counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    if counted.len() + keys.len() > MOST {
        let old = now.plus_millis(-rules.window_millis);
        counted.retain(|_, failures| failures.last.is_some_and(|last| last > old));
        if counted.len() + keys.len() > MOST {
            counted.clear();
        }
    }
    for key in keys {
        let failures = counted.get(key).copied().unwrap_or_default();
        counted.insert(key.clone(), rules.after_failure(&failures, now));
    }
}
