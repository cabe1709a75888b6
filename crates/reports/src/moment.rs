//! Reads the frozen time of an edition for the metadata of the files.
//!
//! Files must carry the time of the edition and not of the rendering, or two renderings would differ (G-6.8.3). No
//! calendar arithmetic happens here; periods are computed in `domain`.

/// A civil date and time as written in the edition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Moment {
    pub year: u16,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    /// Whether the text said UTC (`Z`); otherwise it is China standard time.
    pub utc: bool,
}

/// Reads `2026-11-01`, `2026-11-01 08:00`, `2026-11-01T08:00:30Z` and `2026年11月1日 08:00`; `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<Moment> {
    let numbers: Vec<u16> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map_while(|part| part.parse().ok())
        .collect();
    let (&[year, month, day], rest) = numbers.split_first_chunk::<3>()?;
    let at = |index: usize| rest.get(index).copied().unwrap_or(0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => return None,
    };
    let plausible =
        (1900..=9999).contains(&year) && (1..=days).contains(&day) && at(0) < 24 && at(1) < 60 && at(2) < 60;
    plausible.then_some(Moment {
        year,
        month: u8::try_from(month).ok()?,
        day: u8::try_from(day).ok()?,
        hour: u8::try_from(at(0)).ok()?,
        minute: u8::try_from(at(1)).ok()?,
        second: u8::try_from(at(2)).ok()?,
        utc: text.trim_end().ends_with('Z'),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_forms_are_read_and_others_refused() {
        let minute = |text| parse(text).map(|m| (m.year, m.month, m.day, m.hour, m.minute, m.utc));
        assert_eq!(minute("2026-11-01 08:05"), Some((2026, 11, 1, 8, 5, false)));
        assert_eq!(minute("2026-11-01T08:05:30Z"), Some((2026, 11, 1, 8, 5, true)));
        assert_eq!(minute("2026年2月28日"), Some((2026, 2, 28, 0, 0, false)));
        for wrong in ["", "昨天", "2026-02-29 08:00", "2026-13-01", "2026-11-01 25:00", "99999999999-1-1"] {
            assert_eq!(minute(wrong), None, "{wrong}");
        }
    }
}
