//! When signed addresses and the like end, by what was found with them.
//!
//! A rule calls the end `expires` (seconds since 1970, or a date), or tells it by `issued` and `lifetime` (seconds).

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::finding::{FoundPart, PartValue};

/// The end that `parts` tell, in seconds since 1970.
pub(super) fn of(parts: &[FoundPart]) -> Option<i64> {
    let part = |name: &str| {
        parts.iter().filter(|part| part.name == name).find_map(|part| match &part.value {
            PartValue::Public(value) => Some(value.as_str()),
            PartValue::Secret(_) => None,
        })
    };
    if let Some(end) = part("expires") {
        return time(end);
    }
    time(part("issued")?)?.checked_add(part("lifetime")?.parse().ok()?)
}

/// A time: seconds since 1970, or a date and time in UTC as RFC 3339, ISO 8601 or a URL writes it.
fn time(text: &str) -> Option<i64> {
    if text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let plain = text.replace("%3A", ":").replace("%3a", ":");
    let stamp = plain.parse::<Timestamp>().ok();
    let civil = || plain.trim_end_matches('Z').parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    stamp.or_else(|| civil().map(|zoned| zoned.timestamp())).map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_addresses_write_them() {
        let at = 1_767_323_045;
        for text in [
            "1767323045",
            "2026-01-02T03:04:05Z",
            "2026-01-02T03%3A04%3A05Z",
            "20260102T030405Z",
            "2026-01-02T03:04:05",
        ] {
            assert_eq!(time(text), Some(at), "{text}");
        }
        assert_eq!(time("2026-01-02"), Some(1_767_312_000));
        assert_eq!(time("soon"), None);
        assert_eq!(time("99999999999999999999"), None);
    }
}
