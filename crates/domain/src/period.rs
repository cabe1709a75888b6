//! Days, weeks, months, quarters and years as people in China count them (Asia/Shanghai), and statutory working days.
//!
//! The only module that knows a time zone: China has kept UTC+8 without summer time since 1992, so the offset is fixed.
//! Rows: G-6.8.1, G-6.6.1 (同比、环比), G-6.9b (working-day clocks).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Timestamp;

const DAY_MILLIS: i64 = 86_400_000;
const OFFSET_MILLIS: i64 = 8 * 3_600_000;

/// A calendar day in Asia/Shanghai.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

/// The text is not a day or period between the years 1970 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("日期或周期格式不正确，应为 2026-11-21、2026-W47、2026-11、2026Q4 或 2026")]
pub struct PeriodError;

impl Day {
    /// The day on which `at` falls.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let days = at.millis().saturating_add(OFFSET_MILLIS).div_euclid(DAY_MILLIS);
        let epoch = NaiveDate::default();
        let date = u64::try_from(days).ok().and_then(|days| epoch.checked_add_days(Days::new(days)));
        Self(date.unwrap_or(epoch))
    }

    /// The day with this date.
    #[must_use]
    pub const fn from_date(date: NaiveDate) -> Self {
        Self(date)
    }

    /// The date.
    #[must_use]
    pub const fn date(self) -> NaiveDate {
        self.0
    }

    /// The first moment of the day.
    #[must_use]
    pub fn start(self) -> Timestamp {
        let days = self.0.signed_duration_since(NaiveDate::default()).num_days();
        Timestamp::from_millis(days * DAY_MILLIS - OFFSET_MILLIS)
    }

    /// The first moment after the day.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.start().plus_millis(DAY_MILLIS)
    }

    /// The day `days` later, earlier where negative; stays at the ends of the calendar.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        let step = Days::new(days.unsigned_abs());
        let moved = if days < 0 { self.0.checked_sub_days(step) } else { self.0.checked_add_days(step) };
        Self(moved.unwrap_or(self.0))
    }

    /// How many days `other` lies after this one.
    #[must_use]
    pub fn days_until(self, other: Self) -> i64 {
        other.0.signed_duration_since(self.0).num_days()
    }

    fn of_date(year: i32, month: u32, day: u32) -> Option<Self> {
        (1970..=9998).contains(&year).then(|| NaiveDate::from_ymd_opt(year, month, day).map(Self))?
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(PeriodError);
        };
        let number = |text: &str, width| number(text, width).ok_or(PeriodError);
        let year = i32::try_from(number(year, 4)?).map_err(|_| PeriodError)?;
        Self::of_date(year, number(month, 2)?, number(day, 2)?).ok_or(PeriodError)
    }
}

fn number(text: &str, width: usize) -> Option<u32> {
    (text.len() == width && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A calendar period in Asia/Shanghai.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// One day, `2026-11-21`.
    Day(Day),
    /// The week of seven days that begins on this Monday, `2026-W47`.
    Week(Day),
    /// Year and month from 1, `2026-11`.
    Month(i32, u32),
    /// Year and quarter from 1, `2026Q4`.
    Quarter(i32, u32),
    /// Year, `2026`.
    Year(i32),
}

impl Period {
    /// The month in which `day` lies.
    #[must_use]
    pub fn month_of(day: Day) -> Self {
        Self::Month(day.0.year(), day.0.month())
    }

    /// The quarter in which `day` lies.
    #[must_use]
    pub fn quarter_of(day: Day) -> Self {
        Self::Quarter(day.0.year(), day.0.month0() / 3 + 1)
    }

    /// The year in which `day` lies.
    #[must_use]
    pub fn year_of(day: Day) -> Self {
        Self::Year(day.0.year())
    }

    /// The week in which `day` lies.
    #[must_use]
    pub fn week_of(day: Day) -> Self {
        Self::Week(day.plus(-i64::from(day.0.weekday().num_days_from_monday())))
    }

    /// First day.
    #[must_use]
    pub fn first(self) -> Day {
        let of = |year, month| Day::of_date(year, month, 1).unwrap_or(Day(NaiveDate::default()));
        match self {
            Self::Day(day) | Self::Week(day) => day,
            Self::Month(year, month) => of(year, month),
            Self::Quarter(year, quarter) => of(year, quarter.saturating_sub(1).saturating_mul(3).saturating_add(1)),
            Self::Year(year) => of(year, 1),
        }
    }

    /// Last day.
    #[must_use]
    pub fn last(self) -> Day {
        let months =
            |first: Day, months| Day(first.0.checked_add_months(Months::new(months)).unwrap_or(first.0)).plus(-1);
        match self {
            Self::Day(day) => day,
            Self::Week(day) => day.plus(6),
            Self::Month(..) => months(self.first(), 1),
            Self::Quarter(..) => months(self.first(), 3),
            Self::Year(_) => months(self.first(), 12),
        }
    }

    /// First moment.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.first().start()
    }

    /// First moment after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.last().end()
    }

    /// Whether `at` lies in it.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        self.start() <= at && at < self.end()
    }

    /// Its days in order.
    pub fn days(self) -> impl Iterator<Item = Day> {
        let (first, last) = (self.first(), self.last());
        (0..=first.days_until(last)).map(move |i| first.plus(i))
    }

    /// The period before it, for 环比.
    #[must_use]
    pub fn previous(self) -> Self {
        let before = self.first().plus(-1);
        match self {
            Self::Day(_) => Self::Day(before),
            Self::Week(_) => Self::week_of(before),
            Self::Month(..) => Self::month_of(before),
            Self::Quarter(..) => Self::quarter_of(before),
            Self::Year(_) => Self::year_of(before),
        }
    }

    /// The period after it.
    #[must_use]
    pub fn next(self) -> Self {
        let after = self.last().plus(1);
        match self {
            Self::Day(_) => Self::Day(after),
            Self::Week(_) => Self::week_of(after),
            Self::Month(..) => Self::month_of(after),
            Self::Quarter(..) => Self::quarter_of(after),
            Self::Year(_) => Self::year_of(after),
        }
    }

    /// The same period a year before, for 同比: the same date (28 February for the 29th), the week of the same number
    /// (52 for 53), the same month or quarter.
    #[must_use]
    pub fn year_before(self) -> Self {
        match self {
            Self::Day(day) => Self::Day(Day(day.0.checked_sub_months(Months::new(12)).unwrap_or(day.0))),
            Self::Week(day) => {
                let week = day.0.iso_week();
                week_start(week.year() - 1, week.week())
                    .or_else(|| week_start(week.year() - 1, 52))
                    .map_or(self, Self::Week)
            }
            Self::Month(year, month) => Self::Month(year.saturating_sub(1), month),
            Self::Quarter(year, quarter) => Self::Quarter(year.saturating_sub(1), quarter),
            Self::Year(year) => Self::Year(year.saturating_sub(1)),
        }
    }

    /// The period in Chinese: `2026年10月`, `2026年第三季度`.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Day(day) => format!("{}年{}月{}日", day.0.year(), day.0.month(), day.0.day()),
            Self::Week(day) => format!("{}年第{}周", day.0.iso_week().year(), day.0.iso_week().week()),
            Self::Month(year, month) => format!("{year}年{month}月"),
            Self::Quarter(year, quarter) => {
                let word =
                    ["一", "二", "三", "四"].get((quarter as usize).wrapping_sub(1)).copied().unwrap_or_default();
                format!("{year}年第{word}季度")
            }
            Self::Year(year) => format!("{year}年"),
        }
    }
}

fn week_start(year: i32, week: u32) -> Option<Day> {
    NaiveDate::from_isoywd_opt(year, week, Weekday::Mon).map(Day)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Week(day) => write!(f, "{:04}-W{:02}", day.0.iso_week().year(), day.0.iso_week().week()),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Quarter(year, quarter) => write!(f, "{year:04}Q{quarter}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.is_ascii() {
            return Err(PeriodError);
        }
        if text.len() == 10 {
            return text.parse().map(Self::Day);
        }
        let year = text.get(..4).and_then(|year| number(year, 4)).and_then(|year| i32::try_from(year).ok());
        let year = year.filter(|year| (1971..=9998).contains(year)).ok_or(PeriodError)?;
        let rest = &text[4..];
        let within = |value: Option<u32>, max| value.filter(|v| (1..=max).contains(v)).ok_or(PeriodError);
        if rest.is_empty() {
            Ok(Self::Year(year))
        } else if let Some(week) = rest.strip_prefix("-W") {
            week_start(year, within(number(week, 2), 53)?).map(Self::Week).ok_or(PeriodError)
        } else if let Some(month) = rest.strip_prefix('-') {
            Ok(Self::Month(year, within(number(month, 2), 12)?))
        } else if let Some(quarter) = rest.strip_prefix('Q') {
            Ok(Self::Quarter(year, within(number(quarter, 1), 4)?))
        } else {
            Err(PeriodError)
        }
    }
}

macro_rules! as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
as_text!(Day);
as_text!(Period);

/// Public holidays and the weekends worked in their stead (节假日与调休), from the pack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Days off beside Saturdays and Sundays.
    #[serde(default)]
    pub holidays: BTreeSet<Day>,
    /// Saturdays and Sundays that are worked.
    #[serde(default)]
    pub workdays: BTreeSet<Day>,
}

impl Calendar {
    /// Whether offices work on `day`.
    #[must_use]
    pub fn is_workday(&self, day: Day) -> bool {
        let weekend = matches!(day.0.weekday(), Weekday::Sat | Weekday::Sun);
        !self.holidays.contains(&day) && (!weekend || self.workdays.contains(&day))
    }

    /// The last moment of the `days`-th working day after the day of `at`.
    #[must_use]
    pub fn working_days_after(&self, at: Timestamp, days: u32) -> Timestamp {
        let mut day = Day::of(at);
        let mut left = days.min(10_000);
        while left > 0 {
            let next = day.plus(1);
            if next == day {
                break;
            }
            day = next;
            left -= u32::from(self.is_workday(day));
        }
        day.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn g_6_8_1_a_day_begins_at_midnight_in_shanghai() {
        for (instant, day) in [
            ("2026-10-31T15:59:59.999Z", "2026-10-31"),
            ("2026-10-31T16:00:00Z", "2026-11-01"),
            ("1970-01-01T00:00:00Z", "1970-01-01"),
            ("2024-02-28T16:00:00Z", "2024-02-29"),
        ] {
            assert_eq!(Day::of(at(instant)).to_string(), day);
        }
        assert_eq!(Day::of(at("2026-11-01T03:00:00Z")).start(), at("2026-11-01T00:00:00+08:00"));
        let _ = Day::of(Timestamp::from_millis(i64::MAX));
        let _ = Day::of(Timestamp::from_millis(i64::MIN));
    }

    #[test]
    fn g_6_8_1_periods_have_ends_neighbours_and_names() {
        for (text, first, last, previous, year_before, label) in [
            ("2026-10", "2026-10-01", "2026-10-31", "2026-09", "2025-10", "2026年10月"),
            ("2026-01", "2026-01-01", "2026-01-31", "2025-12", "2025-01", "2026年1月"),
            ("2026Q1", "2026-01-01", "2026-03-31", "2025Q4", "2025Q1", "2026年第一季度"),
            ("2026", "2026-01-01", "2026-12-31", "2025", "2025", "2026年"),
            ("2024-02-29", "2024-02-29", "2024-02-29", "2024-02-28", "2023-02-28", "2024年2月29日"),
            ("2026-W01", "2025-12-29", "2026-01-04", "2025-W52", "2025-W01", "2026年第1周"),
            ("2026-W53", "2026-12-28", "2027-01-03", "2026-W52", "2025-W52", "2026年第53周"),
        ] {
            let period: Period = text.parse().expect(text);
            assert_eq!(period.to_string(), text);
            assert_eq!((period.first().to_string(), period.last().to_string()), (first.into(), last.into()), "{text}");
            assert_eq!(period.previous().to_string(), previous);
            assert_eq!(period.previous().next(), period);
            assert_eq!(period.year_before().to_string(), year_before);
            assert_eq!(period.label(), label);
            assert_eq!(period.days().count() as i64, period.first().days_until(period.last()) + 1);
        }
        let month: Period = "2026-10".parse().expect("a month");
        assert!(month.contains(at("2026-10-31T15:59:59Z")) && !month.contains(at("2026-10-31T16:00:00Z")));
    }

    #[test]
    fn g_6_8_1_other_texts_are_refused() {
        for text in
            ["", "2026-13", "2026Q5", "2026-00", "26", "2026-W54", "2026-02-30", "二〇二六", "2026-1", "0000", "2026QQ"]
        {
            assert_eq!(text.parse::<Period>(), Err(PeriodError), "{text}");
        }
    }

    #[test]
    fn g_6_9b_working_days_skip_holidays_and_count_make_up_days() {
        let day = |text: &str| text.parse::<Day>().expect(text);
        let calendar = Calendar {
            holidays: (1..=7).map(|d| day(&format!("2026-10-0{d}"))).collect(),
            workdays: [day("2026-10-10")].into(),
        };
        let due = calendar.working_days_after(at("2026-09-30T10:00:00+08:00"), 3);
        assert_eq!(due, day("2026-10-10").end());
        assert_eq!(calendar.working_days_after(at("2026-11-20T10:00:00+08:00"), 1), day("2026-11-23").end());
    }
}
