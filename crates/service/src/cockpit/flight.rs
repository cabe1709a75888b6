//! Things that many ask for at once and that are made by one flight at a time: whoever comes while one is under way gets
//! the one before, if it is not too old, or waits for the new one.
//!
//! Bounded: the longest unused goes first. What is good enough is said by the asker.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use suyuan_domain::clock::Timestamp;

use crate::Result;

/// While a newer thing is made, one not older than this is given, in milliseconds.
const BEARABLE: i64 = 10_000;
/// Things kept.
const MOST_KEPT: usize = 128;

/// Things of one sort by key.
#[derive(Debug)]
pub struct Flights<T> {
    kept: Mutex<Kept<T>>,
}

#[derive(Debug)]
struct Kept<T> {
    slots: HashMap<String, (Arc<Slot<T>>, u64)>,
    uses: u64,
}

#[derive(Debug)]
struct Slot<T> {
    flight: tokio::sync::Mutex<()>,
    made: Mutex<Option<(Timestamp, Arc<T>)>>,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self { kept: Mutex::new(Kept { slots: HashMap::new(), uses: 0 }) }
    }
}

impl<T> Slot<T> {
    /// What was made, if its age in milliseconds is one that `good` accepts. A clock that was moved makes all old.
    fn get(&self, now: Timestamp, good: impl Fn(i64, &T) -> bool) -> Option<Arc<T>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, thing) = made.as_ref()?;
        let age = now.millis().abs_diff(at.millis()).try_into().unwrap_or(i64::MAX);
        good(age, thing).then(|| thing.clone())
    }
}

impl<T> Flights<T> {
    /// The thing called `key`: one whose age in milliseconds `good` accepts, or a new one.
    ///
    /// # Errors
    /// Those of `make`; then nothing is kept and the next asker tries again.
    pub async fn get(
        &self,
        key: String,
        now: Timestamp,
        good: impl Fn(i64, &T) -> bool,
        make: impl Future<Output = Result<T>>,
    ) -> Result<Arc<T>> {
        let slot = self.slot(key);
        if let Some(thing) = slot.get(now, &good) {
            return Ok(thing);
        }
        let flight = match slot.flight.try_lock() {
            Ok(flight) => flight,
            Err(_) => {
                if let Some(older) = slot.get(now, |age, _| age < BEARABLE) {
                    return Ok(older);
                }
                slot.flight.lock().await
            }
        };
        if let Some(thing) = slot.get(now, &good) {
            return Ok(thing);
        }
        let thing = Arc::new(make.await?);
        *slot.made.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, thing.clone()));
        drop(flight);
        Ok(thing)
    }

    fn slot(&self, key: String) -> Arc<Slot<T>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        if kept.slots.len() >= MOST_KEPT && !kept.slots.contains_key(&key) {
            let oldest = kept.slots.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                kept.slots.remove(&oldest);
            }
        }
        let empty = || (Arc::new(Slot { flight: tokio::sync::Mutex::default(), made: Mutex::new(None) }), now);
        let (slot, used) = kept.slots.entry(key).or_insert_with(empty);
        *used = now;
        slot.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServiceError;
    use std::sync::atomic::{AtomicU64, Ordering};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    #[tokio::test]
    async fn g_6_7_many_askers_make_one_and_a_fault_is_not_kept() {
        let flights = Flights::<u64>::default();
        let made = AtomicU64::new(0);
        let fresh = |age: i64, _: &u64| age < 2_000;
        let make = || async { Ok(made.fetch_add(1, Ordering::SeqCst)) };
        let failed = flights.get("a".into(), at(0), fresh, async { Err(ServiceError::NotFound("division")) }).await;
        assert!(failed.is_err());
        let asked = futures::future::join_all((0..50).map(|_| flights.get("a".into(), at(0), fresh, make()))).await;
        assert!(asked.into_iter().all(|thing| thing.is_ok_and(|thing| *thing == 0)));
        for (when, expected) in [(1_999, 0), (2_000, 1), (3_000, 1), (0, 2)] {
            let thing = flights.get("a".into(), at(when), fresh, make()).await.expect("made");
            assert_eq!(*thing, expected, "at {when}");
        }
    }

    #[tokio::test]
    async fn g_6_7_while_one_is_made_the_one_before_is_given() {
        let flights = Flights::<u64>::default();
        let fresh = |age: i64, _: &u64| age < 2_000;
        assert_eq!(*flights.get("a".into(), at(0), fresh, async { Ok(1) }).await.expect("made"), 1);
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        let slow = flights.get("a".into(), at(3_000), fresh, async {
            drop(wait.await);
            Ok(2)
        });
        let other = async {
            let given = flights.get("a".into(), at(3_000), fresh, async { Ok(3) }).await;
            assert_eq!(go.send(()), Ok(()));
            given
        };
        let (slow, other) = tokio::join!(slow, other);
        assert_eq!((*slow.expect("made"), *other.expect("given")), (2, 1));
    }

    #[test]
    fn g_6_7_what_is_kept_is_bounded_and_the_longest_unused_goes() {
        let flights = Flights::<u64>::default();
        let first = flights.slot("first".into());
        for number in 0..MOST_KEPT {
            drop(flights.slot("first".into()));
            drop(flights.slot(number.to_string()));
        }
        assert!(Arc::ptr_eq(&first, &flights.slot("first".into())));
        let kept = flights.kept.lock().expect("no panic while held");
        assert_eq!(kept.slots.len(), MOST_KEPT);
        assert!(!kept.slots.contains_key("0"));
    }
}
