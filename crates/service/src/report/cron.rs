//! Due times of schedules: minute, hour, day, month and weekday in Asia/Shanghai, in the usual notation.
//!
//! Pure. A tick asks for every due time since the last one, so that a node that was down misses none.

use std::str::FromStr;

use suyuan_domain::clock::Timestamp;
use suyuan_domain::period::Day;

/// A schedule such as `0 8 1 * *`: eight o'clock on the first of every month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Vec<u32>,
    any_day: bool,
    any_weekday: bool,
}

/// The text is no schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("定时表达式不正确，应为“分 时 日 月 周”，如 0 8 1 * *")]
pub struct CronError;

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let parts: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = parts.as_slice() else { return Err(CronError) };
        let mut weekday_values = values(weekdays, 0, 7)?;
        for value in &mut weekday_values {
            *value %= 7;
        }
        Ok(Self {
            minutes: values(minutes, 0, 59)?,
            hours: values(hours, 0, 23)?,
            days: values(days, 1, 31)?,
            months: values(months, 1, 12)?,
            weekdays: weekday_values,
            any_day: days.starts_with('*'),
            any_weekday: weekdays.starts_with('*'),
        })
    }
}

fn values(text: &str, least: u32, most: u32) -> Result<Vec<u32>, CronError> {
    let mut found = Vec::new();
    for item in text.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, number(step)?),
            None => (item, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (number(from)?, number(to)?),
            None if item.contains('/') => (number(range)?, most),
            None => (number(range)?, number(range)?),
        };
        if step == 0 || from < least || to > most || from > to {
            return Err(CronError);
        }
        found.extend((from..=to).step_by(step as usize));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn number(text: &str) -> Result<u32, CronError> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(CronError);
    }
    text.parse().map_err(|_| CronError)
}

fn moment(day: Day, hour: u32, minute: u32) -> Timestamp {
    day.start().plus_millis((i64::from(hour) * 60 + i64::from(minute)) * 60_000)
}

/// Days looked ahead: four years hold every date that there is, and a year more where a leap year is left out.
const HORIZON: i64 = 9 * 366;

impl Cron {
    /// The first due time after `at`; `None` for a date that never comes, such as 30 February.
    #[must_use]
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let first = Day::of(at);
        let days = (0..HORIZON).map(|offset| first.plus(offset)).filter(|day| self.is_day(*day));
        for day in days {
            for hour in &self.hours {
                for minute in &self.minutes {
                    let due = moment(day, *hour, *minute);
                    if due > at {
                        return Some(due);
                    }
                }
            }
        }
        None
    }

    /// The last due time after `since` that is not after `now`.
    #[must_use]
    pub fn last_due(&self, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let today = Day::of(now);
        let most = Day::of(since).days_until(today).clamp(0, HORIZON);
        for day in (0..=most).map(|offset| today.plus(-offset)).filter(|day| self.is_day(*day)) {
            for hour in self.hours.iter().rev() {
                for minute in self.minutes.iter().rev() {
                    let due = moment(day, *hour, *minute);
                    if due <= now {
                        return (due > since).then_some(due);
                    }
                }
            }
        }
        None
    }

    fn is_day(&self, day: Day) -> bool {
        let text = day.to_string();
        let part =
            |range: std::ops::Range<usize>| text.get(range).and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
        if !self.months.contains(&part(5..7)) {
            return false;
        }
        // 1 January 1970 was a Thursday.
        let weekday = (Day::of(Timestamp::from_millis(0)).days_until(day) + 4).rem_euclid(7);
        let of_month = self.days.contains(&part(8..10));
        let of_week = self.weekdays.iter().any(|wanted| i64::from(*wanted) == weekday);
        match (self.any_day, self.any_weekday) {
            (false, false) => of_month || of_week,
            _ => of_month && of_week,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn g_6_8_3_due_times_are_those_of_shanghai() {
        for (cron, after, due) in [
            ("0 8 1 * *", "2026-11-21T12:00:00+08:00", "2026-12-01T08:00:00+08:00"),
            ("0 8 1 * *", "2026-12-01T07:59:59+08:00", "2026-12-01T08:00:00+08:00"),
            ("0 8 1 * *", "2026-12-01T08:00:00+08:00", "2027-01-01T08:00:00+08:00"),
            ("30 9 * * 1", "2026-11-21T12:00:00+08:00", "2026-11-23T09:30:00+08:00"),
            ("0 9 * * 7", "2026-11-21T12:00:00+08:00", "2026-11-22T09:00:00+08:00"),
            ("*/20 * * * *", "2026-11-21T23:41:00+08:00", "2026-11-22T00:00:00+08:00"),
            ("0 0 29 2 *", "2026-11-21T00:00:00+08:00", "2028-02-29T00:00:00+08:00"),
            ("0 8 1 1,4,7,10 *", "2026-11-21T00:00:00+08:00", "2027-01-01T08:00:00+08:00"),
            ("0 8 1 * 1", "2026-11-21T00:00:00+08:00", "2026-11-23T08:00:00+08:00"),
        ] {
            let parsed: Cron = cron.parse().expect(cron);
            assert_eq!(parsed.next_after(at(after)), Some(at(due)), "{cron} after {after}");
        }
        assert_eq!("0 0 30 2 *".parse::<Cron>().map(|cron| cron.next_after(at("2026-01-01T00:00:00Z"))), Ok(None));
    }

    #[test]
    fn g_6_8_3_a_node_that_was_down_runs_once_for_the_last_due_time() {
        let cron: Cron = "0 8 * * *".parse().expect("a schedule");
        let (since, now) = (at("2026-11-18T09:00:00+08:00"), at("2026-11-21T12:00:00+08:00"));
        assert_eq!(cron.last_due(since, now), Some(at("2026-11-21T08:00:00+08:00")));
        assert_eq!(cron.last_due(at("2026-11-21T08:00:00+08:00"), now), None);
        let every_minute: Cron = "* * * * *".parse().expect("a schedule");
        assert_eq!(every_minute.last_due(at("2020-01-01T00:00:00Z"), now), Some(now));
    }

    #[test]
    fn g_6_8_3_other_texts_are_no_schedule() {
        for text in [
            "",
            "0 8 1 *",
            "0 8 1 * * *",
            "60 8 1 * *",
            "0 24 1 * *",
            "0 8 0 * *",
            "5-1 8 1 * *",
            "*/0 * * * *",
            "a b c d e",
            "0 8 1 13 *",
        ] {
            assert_eq!(text.parse::<Cron>(), Err(CronError), "{text}");
        }
    }
}
