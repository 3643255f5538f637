//! Times as reports write them. Whoever writes a commit chooses its time, so any number of seconds is possible.

use jiff::Timestamp;

const DAY: i64 = 24 * 60 * 60;

/// RFC 3339 in UTC; nothing for a time that it cannot write.
pub(crate) fn rfc3339(at: i64) -> Option<String> {
    let text = Timestamp::from_second(at).ok()?.to_string();
    // Years before the first have a sign, which RFC 3339 does not know.
    (!text.starts_with('-')).then_some(text)
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
