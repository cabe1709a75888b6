//! Counting what connected systems use (接口使用量): in memory, added to the database every few seconds, so that counting
//! costs no transaction per request. A crash loses what was not added yet; quotas then count a little too little.
//!
//! Where several processes serve one node, requests per minute are counted by each process for itself, rows per day by all.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;
use suyuan_store::access::usage::DayUse;

use crate::Result;
use crate::node::Node;

const MINUTE: i64 = 60_000;

/// How a request ended, as far as the monitoring tells it apart (错误分类).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    Answered,
    /// The platform was at fault (系统错误).
    System,
    /// Token, address or permission (认证错误).
    Auth,
    /// What was sent is not of the form (数据错误).
    Data,
    /// Too much at once (数据量过大).
    Large,
    /// Refused by a quota.
    Refused,
}

impl Outcome {
    /// What a status of HTTP means here.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Auth,
            413 => Self::Large,
            429 => Self::Refused,
            400..=499 => Self::Data,
            500.. => Self::System,
            _ => Self::Answered,
        }
    }
}

/// Requests of one system in this minute and the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    minute: i64,
    now: u64,
    before: u64,
}

impl Window {
    /// The window at a moment: what was counted moves back as minutes pass.
    fn at(self, now: Timestamp) -> Self {
        let minute = now.millis().div_euclid(MINUTE);
        match minute - self.minute {
            0 => self,
            1 => Self { minute, now: 0, before: self.now },
            _ => Self { minute, now: 0, before: 0 },
        }
    }

    /// Requests of the last sixty seconds, those of the minute before by its share.
    fn last_minute(&self, now: Timestamp) -> u64 {
        let left = u64::try_from(MINUTE - now.millis().rem_euclid(MINUTE)).unwrap_or(0);
        self.now + self.before * left / MINUTE.unsigned_abs()
    }
}

#[derive(Debug, Default)]
struct Counted {
    waiting: BTreeMap<(String, String), DayUse>,
    windows: HashMap<String, Window>,
    /// Rows of the day as the database and this process know them together.
    rows: HashMap<String, (String, u64)>,
}

/// Counts by system.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Counted>);

impl Meter {
    fn counted(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request against a limit by the minute; where there were too many, gives the seconds to wait.
    pub(super) fn take_request(&self, system: &str, limit: u64, now: Timestamp) -> Option<u64> {
        let mut counted = self.counted();
        let window = counted.windows.entry(system.to_owned()).or_default();
        *window = window.at(now);
        if window.last_minute(now) >= limit {
            let left = u64::try_from(MINUTE - now.millis().rem_euclid(MINUTE)).unwrap_or(0);
            return Some(left.div_ceil(1000).max(1));
        }
        window.now += 1;
        None
    }

    /// Notes how a request of a system ended, how many bytes it brought and how long the answer took.
    pub fn note(&self, system: &str, outcome: Outcome, bytes: u64, took: Duration, now: Timestamp) {
        let mut counted = self.counted();
        let one = counted.waiting.entry((system.to_owned(), Day::of(now).to_string())).or_default();
        one.requests += 1;
        one.bytes += bytes;
        one.millis += u64::try_from(took.as_millis()).unwrap_or(0);
        match outcome {
            Outcome::Answered => {}
            Outcome::System => one.error_system += 1,
            Outcome::Auth => one.error_auth += 1,
            Outcome::Data => one.error_data += 1,
            Outcome::Large => one.error_large += 1,
            Outcome::Refused => one.refused += 1,
        }
    }

    /// Counts rows of a system.
    pub(super) fn note_rows(&self, system: &str, rows: u64, now: Timestamp) {
        let day = Day::of(now).to_string();
        let mut counted = self.counted();
        if let Some((of, total)) = counted.rows.get_mut(system)
            && *of == day
        {
            *total += rows;
        }
        counted.waiting.entry((system.to_owned(), day)).or_default().rows += rows;
    }

    fn take_waiting(&self) -> BTreeMap<(String, String), DayUse> {
        let mut counted = self.counted();
        // What other processes counted is read anew.
        counted.rows.clear();
        let least = counted.windows.values().map(|window| window.minute).max().unwrap_or(0) - 2;
        counted.windows.retain(|_, window| window.minute >= least);
        std::mem::take(&mut counted.waiting)
    }

    fn put_back(&self, waiting: BTreeMap<(String, String), DayUse>) {
        let mut counted = self.counted();
        for (key, one) in waiting {
            counted.waiting.entry(key).or_default().add(&one);
        }
    }
}

/// Adds what was counted to the database.
///
/// # Errors
/// When the database refuses; what was counted is kept for the next time.
pub async fn flush(node: &Node) -> Result<()> {
    let waiting = node.meter.take_waiting();
    if let Err(error) = node.store.add_use(&waiting).await {
        node.meter.put_back(waiting);
        return Err(error.into());
    }
    Ok(())
}

/// Rows that a system has sent today.
///
/// # Errors
/// When the database is out of reach.
pub(super) async fn rows_today(node: &Node, system: &str, now: Timestamp) -> Result<u64> {
    let today = Day::of(now);
    let day = today.to_string();
    if let Some((of, total)) = node.meter.counted().rows.get(system)
        && *of == day
    {
        return Ok(*total);
    }
    let kept = node.store.uses_since(Some(system), today).await?;
    let kept = kept.get(&(system.to_owned(), day.clone())).map_or(0, |one| one.rows);
    let mut counted = node.meter.counted();
    let waiting = counted.waiting.get(&(system.to_owned(), day.clone())).map_or(0, |one| one.rows);
    counted.rows.insert(system.to_owned(), (day, kept + waiting));
    Ok(kept + waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 - 1_800_000_000_000 % MINUTE + seconds * 1000)
    }

    #[test]
    fn g_6_7_2_requests_are_limited_by_the_last_minute_not_by_the_clocks() {
        let meter = Meter::default();
        for _ in 0..10 {
            assert_eq!(meter.take_request("S", 10, at(59)), None);
        }
        assert_eq!(meter.take_request("S", 10, at(59)), Some(1), "one second is left of this minute");
        assert!(meter.take_request("S", 10, at(60)).is_some(), "a new minute forgets nothing at once");
        assert_eq!(meter.take_request("S", 10, at(90)), None, "half of the minute before counts");
        assert_eq!(meter.take_request("T", 10, at(59)), None, "each system has its own");
        assert_eq!(meter.take_request("S", 10, at(300)), None);
    }

    #[test]
    fn g_6_7_1_errors_are_told_apart_by_what_went_wrong() {
        for (status, outcome) in [
            (200, Outcome::Answered),
            (400, Outcome::Data),
            (409, Outcome::Data),
            (401, Outcome::Auth),
            (403, Outcome::Auth),
            (413, Outcome::Large),
            (429, Outcome::Refused),
            (503, Outcome::System),
        ] {
            assert_eq!(Outcome::of_status(status), outcome, "{status}");
        }
    }
}
