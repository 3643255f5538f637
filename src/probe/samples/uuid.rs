//! UUIDs that hold the time they were made at (RFC 9562).

use super::numbers::APART;
use crate::session::{Sign, Unit};

/// The ticks of 100 ns from the beginning of the Gregorian calendar to 1970 (section 5.1).
const TO_1970: u64 = 0x01B2_1DD2_1381_4000;

/// The time in `ids`, which were given out at `times`, where all of them are UUIDs of one version that has one.
pub(super) fn time(ids: &[&[u8]], times: &[i64]) -> Option<Sign> {
    let uuids = ids.iter().map(|id| read(id)).collect::<Option<Vec<u128>>>()?;
    let version = (uuids.first()? >> 76) & 0xf;
    let (seconds, unit, digits): (fn(u128) -> Option<u64>, _, _) = match version {
        1 => (first, Unit::Ticks, 16),
        6 => (sixth, Unit::Ticks, 16),
        7 => (|uuid| u64::try_from(uuid >> 80).ok().map(|milliseconds| milliseconds / 1000), Unit::Milliseconds, 12),
        _ => return None,
    };
    let is_near = |(uuid, at): (&u128, &i64)| {
        (uuid >> 76) & 0xf == version && seconds(*uuid).is_some_and(|time| time.abs_diff(at.unsigned_abs()) <= APART)
    };
    let hyphens = if ids.iter().all(|id| id.contains(&b'-')) { digits / 4 - 2 } else { 0 };
    uuids.iter().zip(times).all(is_near).then_some(Sign::Timestamp(unit, 0, digits + hyphens))
}

/// A UUID as it is written, with hyphens or without.
fn read(id: &[u8]) -> Option<u128> {
    let digits: Vec<u8> = id.iter().copied().filter(|byte| *byte != b'-').collect();
    let is_written = digits.len() == 32 && matches!(id.len(), 32 | 36) && digits.iter().all(u8::is_ascii_hexdigit);
    is_written.then(|| u128::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()).flatten()
}

/// The time of version 1, in seconds since 1970: its low 32 bits come first, its high 12 last.
fn first(uuid: u128) -> Option<u64> {
    since_1970((uuid >> 64 & 0xfff) << 48 | (uuid >> 80 & 0xffff) << 32 | uuid >> 96)
}

/// The same of version 6, which has them in order.
fn sixth(uuid: u128) -> Option<u64> {
    since_1970(uuid >> 80 << 12 | uuid >> 64 & 0xfff)
}

fn since_1970(ticks: u128) -> Option<u64> {
    Some(u64::try_from(ticks).ok()?.checked_sub(TO_1970)? / 10_000_000)
}
