//! Times as logs write them: RFC 3339 and what is close to it, that of the Common Log Format, and numbers since 1970.
//!
//! A time without zone is in the one that the user names, else in UTC; that it had none is said.

use jiff::{
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

/// A time that a log names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// In microseconds since 1970 UTC.
    pub at: i64,
    /// Whether the log says in which zone.
    pub zoned: bool,
}

/// The zone of times that name none.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// `UTC`, an offset such as `+02:00`, or a name of the system's zones such as `Europe/Berlin`.
    pub fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("utc") || name == "Z" {
            return Some(Self::default());
        }
        if let Some(seconds) = offset(name) {
            let offset = jiff::tz::Offset::from_seconds(i32::try_from(seconds).ok()?).ok()?;
            return Some(Self(TimeZone::fixed(offset)));
        }
        TimeZone::get(name).ok().map(Self)
    }

    fn resolve(&self, civil: DateTime) -> Option<i64> {
        self.0.to_timestamp(civil).ok().map(jiff::Timestamp::as_microsecond)
    }
}

/// A time in any of these forms.
pub fn parse(text: &str, zone: &Zone) -> Option<Instant> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    common(text, zone).or_else(|| iso(text, zone)).or_else(|| number(text.parse().ok()?))
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, as their size says: of any one the years from 1973 to 5138 are told apart.
pub fn number(value: f64) -> Option<Instant> {
    if !(1e8..1e20).contains(&value) {
        return None;
    }
    let scale = [(1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (1e20, 1e-3)].into_iter().find(|(below, _)| value < *below)?.1;
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e17, of which microseconds are what is exact")]
    Some(Instant { at: (value * scale).round() as i64, zoned: true })
}

/// `02/Jan/2026:03:04:05 +0000`.
fn common(text: &str, zone: &Zone) -> Option<Instant> {
    let (date, rest) = text.split_once(':')?;
    let mut parts = date.split('/');
    let (day, month, year) = (parts.next()?.parse().ok()?, month(parts.next()?)?, parts.next()?.parse().ok()?);
    let (clock, offset_text) = rest.split_once(' ').unwrap_or((rest, ""));
    finish(Date::new(year, month, day).ok()?, clock, offset_text, zone)
}

fn month(name: &str) -> Option<i8> {
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let ix = names.iter().position(|known| name.eq_ignore_ascii_case(known))?;
    i8::try_from(ix + 1).ok()
}

/// `2026-01-02T03:04:05.123456Z`, with a space or a tab for the `T`, with an offset for the `Z`, or with neither.
fn iso(text: &str, zone: &Zone) -> Option<Instant> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let mut parts = date.split(['-', '/']);
    let (year, month, day) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let rest = rest.strip_prefix(['T', 't', ' ', '\t'])?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(rest.len());
    finish(Date::new(year, month, day).ok()?, &rest[..end], &rest[end..], zone)
}

fn finish(date: Date, clock: &str, zone_text: &str, zone: &Zone) -> Option<Instant> {
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let mut parts = clock.split(':');
    let (hour, minute, second) =
        (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    // A leap second is the one after it.
    let (second, leap) = if second == 60 { (59, SECOND) } else { (second, 0) };
    let civil = DateTime::from_parts(date, Time::new(hour, minute, second, 0).ok()?);
    let micros = if fraction.is_empty() { 0 } else { format!("{fraction:0<6}").get(..6)?.parse::<i64>().ok()? } + leap;
    let zone_text = zone_text.trim();
    if zone_text.is_empty() {
        return Some(Instant { at: zone.resolve(civil)? + micros, zoned: false });
    }
    let seconds = if matches!(zone_text, "Z" | "z" | "UTC" | "GMT") { 0 } else { offset(zone_text)? };
    let at = Zone::default().resolve(civil)? - seconds * SECOND;
    Some(Instant { at: at + micros, zoned: true })
}

/// `+0200`, `+02:00` or `-07`, in seconds.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i64, i64) =
        (digits[..2].parse().ok()?, digits.get(2..4).unwrap_or("0").parse().unwrap_or(0));
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-02T03:04:05Z.
    const AT: i64 = 1_767_323_045 * SECOND;

    #[test]
    fn all_forms_come_to_the_same() {
        let zoned = [
            ("02/Jan/2026:03:04:05 +0000", 0),
            ("[02/Jan/2026:05:04:05 +0200]", 0),
            ("2026-01-02T03:04:05Z", 0),
            ("2026-01-01 20:04:05-07:00", 0),
            ("2026-01-02T03:04:05.1234567Z", 123_456),
            ("2026-01-02 03:04:05.5 UTC", 500_000),
            ("1767323045", 0),
            ("1767323045.25", 250_000),
            ("1767323045001", 1_000),
            ("1767323045000002", 2),
            ("1767323045000000000", 0),
        ];
        for (text, micros) in zoned {
            let expected = Some(Instant { at: AT + micros, zoned: true });
            assert_eq!(parse(text, &Zone::default()), expected, "{text}");
        }
    }

    #[test]
    fn a_time_without_zone_says_so() {
        let parsed = parse("2026-01-02 03:04:05", &Zone::default());
        assert_eq!(parsed, Some(Instant { at: AT, zoned: false }));
        let zone = Zone::named("+02:00").unwrap();
        assert_eq!(parse("2026-01-02 05:04:05", &zone), Some(Instant { at: AT, zoned: false }));
        assert!(Zone::named("Nowhere/Land").is_none());
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2026",
            "2026-13-01T00:00:00Z",
            "2026-01-02T25:00:00Z",
            "99/Jan/2026:03:04:05 +0000",
            "2026-01-02T03:04:05+99",
            "é026-01-02T03:04:05Z",
            "nan",
            "-5",
        ] {
            assert_eq!(parse(text, &Zone::default()), None, "{text}");
        }
    }
}
