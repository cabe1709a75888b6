//! Look-ups by the public (公众查询行为): counting them, the sums by hour that travel upward, and how often one address
//! may ask.
//!
//! What is answered belongs to [`crate::trace`]; analyses of the sums to the warehouse. Rows: G-6.6.2, H-6.3.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use suyuan_domain::clock::Timestamp;
use suyuan_domain::fault::Fault;
use suyuan_domain::record::{Record, kind};
use suyuan_store::Tx;
use suyuan_store::lookup::{LookupCount, LookupHour};

use crate::payload::LookupHourBody;
use crate::record::{Route, draft};
use crate::{Node, Result, ServiceError};

const HOUR_MILLIS: i64 = 3_600_000;
/// An hour is closed so long after its end, when every look-up of it has been written.
const GRACE_MILLIS: i64 = 300_000;
const CLOSED: &str = "lookup_hour_closed";
const FOUND: &str = "found";

/// Counts a look-up. `found` is the category of what was found; codes that nobody knows are only counted in the sums.
///
/// # Errors
/// When the database refuses.
pub async fn count(node: &Node, code: &str, found: Option<&str>, now: Timestamp) -> Result<Option<LookupCount>> {
    let tx = node.store.begin().await?;
    let counted = match found {
        Some(_) => Some(tx.count_lookup(code, now).await?),
        None => None,
    };
    let sum = LookupHour {
        node: node.code().to_owned(),
        hour: begin_of_hour(now).millis(),
        division: node.code().to_owned(),
        category: found.unwrap_or_default().to_owned(),
        total: 1,
        found: i64::from(found.is_some()),
    };
    tx.add_lookups(&sum).await?;
    tx.commit().await?;
    Ok(counted)
}

/// Journals the sums of hours that have ended since the last time, and gives their number.
///
/// # Errors
/// When the database refuses.
pub async fn close_hours(node: &Node) -> Result<usize> {
    let now = node.now();
    let before = begin_of_hour(now.plus_millis(-GRACE_MILLIS));
    let mut tx = node.store.begin().await?;
    let closed = tx.state(CLOSED).await?.and_then(|text| text.parse().ok());
    let from = closed.unwrap_or_else(|| Timestamp::from_millis(0));
    if from >= before {
        return Ok(0);
    }
    let mut drafts = Vec::new();
    for sum in tx.lookup_hours(node.code(), from, before).await? {
        let body = LookupHourBody {
            hour: Timestamp::from_millis(sum.hour),
            division: sum.division,
            category: sum.category,
            outcome: if sum.found > 0 { FOUND } else { "unknown" }.to_owned(),
            lookups: u64::try_from(sum.total).unwrap_or(0),
        };
        drafts.push(draft(kind::LOOKUP_HOUR, node.mint(), (1, 1), now, Route::Up, &body)?);
    }
    let count = drafts.len();
    if count > 0 {
        tx.append(drafts).await?;
    }
    tx.set_state(CLOSED, &before.to_string()).await?;
    tx.commit().await?;
    Ok(count)
}

/// Takes in the sums of an hour from a lower node. Gives what is wrong with the record, if something is.
///
/// # Errors
/// When the database refuses.
pub async fn take(_node: &Node, tx: &Tx, record: &Record) -> Result<Option<Fault>> {
    let Some(origin) = &record.origin else { return Ok(None) };
    let body: LookupHourBody = match serde_json::from_slice(&record.payload) {
        Ok(body) => body,
        Err(error) => {
            let reason = format!("查询汇总记录无法读取：{error}");
            return Ok(Some(Fault::new("LKP-0101", "payload", reason, "请在来源节点修正该记录后重报")));
        }
    };
    let total = i64::try_from(body.lookups).unwrap_or(i64::MAX);
    let sum = LookupHour {
        node: origin.node.clone(),
        hour: body.hour.millis(),
        division: body.division,
        category: body.category,
        total,
        found: if body.outcome == FOUND { total } else { 0 },
    };
    tx.take_lookups(&sum).await?;
    Ok(None)
}

fn begin_of_hour(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis().div_euclid(HOUR_MILLIS) * HOUR_MILLIS)
}

/// How often one address may ask: a bucket of tokens per address, in memory and bounded.
#[derive(Debug)]
pub struct Throttle {
    burst: u32,
    per_second: u32,
    most: usize,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of a token.
    left: i64,
    at: Timestamp,
}

impl Throttle {
    /// Buckets of `burst` tokens that gain `per_second`, for at most `most` addresses at a time.
    #[must_use]
    pub fn new(burst: u32, per_second: u32, most: usize) -> Self {
        Self { burst, per_second: per_second.max(1), most: most.max(1), buckets: Mutex::default() }
    }

    /// Takes a token of `address`.
    ///
    /// # Errors
    /// [`ServiceError::TooMany`] when there is none, with the seconds until the next.
    pub fn take(&self, address: &str, now: Timestamp) -> Result<()> {
        let full = i64::from(self.burst) * 1000;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= self.most && !buckets.contains_key(address) {
            self.forget(&mut buckets, now);
        }
        let bucket = buckets.entry(address.to_owned()).or_insert(Bucket { left: full, at: now });
        bucket.left = self.filled(bucket, now).min(full);
        bucket.at = now;
        if bucket.left >= 1000 {
            bucket.left -= 1000;
            return Ok(());
        }
        let wait = (1000 - bucket.left).div_euclid(i64::from(self.per_second) * 1000) + 1;
        Err(ServiceError::TooMany {
            retry_after: u64::try_from(wait).unwrap_or(1),
            fault: Fault::new("LKP-0429", "", "查询过于频繁", format!("请 {wait} 秒后再试")),
        })
    }

    fn filled(&self, bucket: &Bucket, now: Timestamp) -> i64 {
        // A clock that is set back gives nothing and takes nothing.
        let passed = now.millis().saturating_sub(bucket.at.millis()).max(0);
        bucket.left.saturating_add(passed.saturating_mul(i64::from(self.per_second)))
    }

    /// Makes room: addresses that are back at a full bucket go first, then half of the rest, the longest silent first.
    fn forget(&self, buckets: &mut HashMap<String, Bucket>, now: Timestamp) {
        let full = i64::from(self.burst) * 1000;
        buckets.retain(|_, bucket| self.filled(bucket, now) < full);
        if buckets.len() >= self.most {
            let mut times: Vec<Timestamp> = buckets.values().map(|bucket| bucket.at).collect();
            times.sort_unstable();
            let middle = times.get(times.len() / 2).copied().unwrap_or(now);
            buckets.retain(|_, bucket| bucket.at > middle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    #[test]
    fn h_6_3_one_address_cannot_ask_without_end_and_others_still_can() {
        let throttle = Throttle::new(3, 2, 100);
        for _ in 0..3 {
            assert!(throttle.take("a", at(0)).is_ok());
        }
        assert!(matches!(throttle.take("a", at(0)), Err(ServiceError::TooMany { retry_after: 1, .. })));
        assert!(throttle.take("b", at(0)).is_ok());
        assert!(throttle.take("a", at(499)).is_err());
        assert!(throttle.take("a", at(500)).is_ok());
        assert!(throttle.take("a", at(-5_000)).is_err(), "a clock set back gives nothing");
    }

    #[test]
    fn h_6_3_the_buckets_are_bounded() {
        let throttle = Throttle::new(2, 1, 10);
        for number in 0..1_000 {
            assert!(throttle.take(&format!("2001:db8::{number}"), at(0)).is_ok());
            assert!(throttle.buckets.lock().expect("no panic while held").len() <= 10);
        }
    }

    #[test]
    fn g_6_6_2_hours_begin_on_the_hour() {
        assert_eq!(begin_of_hour(Timestamp::from_millis(3_599_999)).millis(), 0);
        assert_eq!(begin_of_hour(Timestamp::from_millis(3_600_000)).millis(), 3_600_000);
    }
}
