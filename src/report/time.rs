//! Times as reports write them. Whoever writes a commit chooses its time, so any number of seconds is possible.

use jiff::{Timestamp, tz::Offset};
use serde::{Serialize, Serializer};

const DAY: i64 = 24 * 60 * 60;

/// A time as text, without memory of its own: a report may hold millions of them.
pub(super) struct Time([u8; 20]);

impl Time {
    /// Nothing for a time that RFC 3339 cannot write: years before the first have a sign, which it does not know.
    pub(super) fn new(at: i64) -> Option<Self> {
        let at = Offset::UTC.to_datetime(Timestamp::from_second(at).ok()?);
        let year = u16::try_from(at.year()).ok()?;
        let mut text = *b"0000-00-00T00:00:00Z";
        let [century, year] = [year / 100, year % 100].map(|part| i8::try_from(part).unwrap_or_default());
        let parts = [century, year, at.month(), at.day(), at.hour(), at.minute(), at.second()];
        for (part, place) in parts.into_iter().zip([0, 2, 5, 8, 11, 14, 17]) {
            text[place] += part.unsigned_abs() / 10;
            text[place + 1] += part.unsigned_abs() % 10;
        }
        Some(Self(text))
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// RFC 3339 in UTC; nothing for a time that it cannot write.
pub(crate) fn rfc3339(at: i64) -> Option<String> {
    Time::new(at).map(|time| time.as_str().to_owned())
}

/// The day in UTC.
pub(super) fn date(at: i64) -> Option<String> {
    rfc3339(at)?.get(..10).map(str::to_owned)
}

/// How long ago it was; nothing for what lies ahead.
pub(super) fn ago(at: i64, now: i64) -> Option<String> {
    let seconds = now.checked_sub(at).filter(|&seconds| seconds >= 0)?;
    let days = seconds / DAY;
    let (count, unit) = match days {
        0 if seconds < 60 * 60 => (seconds / 60, "minute"),
        0 => (seconds / (60 * 60), "hour"),
        1..=60 => (days, "day"),
        61..=730 => (days * 100 / 3044, "month"),
        _ => (days * 100 / 36525, "year"),
    };
    Some(format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(rfc3339(1_767_323_045).as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(date(0).as_deref(), Some("1970-01-01"));
    }

    /// The same as another program writes it, over all years that have four digits.
    #[test]
    fn times_are_as_a_library_writes_them() {
        let (first, last) = (-62_167_219_200, 253_402_207_200);
        for at in (first..=last).step_by(86_399 * 1_009) {
            assert_eq!(rfc3339(at), Some(Timestamp::from_second(at).unwrap().to_string()));
        }
        assert_eq!(rfc3339(first).as_deref(), Some("0000-01-01T00:00:00Z"));
        assert_eq!(rfc3339(first - 1), None);
    }

    #[test]
    fn impossible_times_are_left_out() {
        for at in [i64::MIN, -100_000_000_000, i64::MAX] {
            assert_eq!(rfc3339(at), None);
            assert_eq!(date(at), None);
        }
        assert_eq!(ago(i64::MIN, i64::MAX), None);
    }

    #[test]
    fn ages_are_rounded_down() {
        let age = |seconds| ago(0, seconds).unwrap();
        assert_eq!(age(59), "0 minutes ago");
        assert_eq!(age(3_600), "1 hour ago");
        assert_eq!(age(60 * DAY), "60 days ago");
        assert_eq!(age(322 * DAY), "10 months ago");
        assert_eq!(age(1_000 * DAY), "2 years ago");
        assert_eq!(ago(5, 0), None);
    }
}
