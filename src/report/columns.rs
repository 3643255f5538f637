//! Columns as SARIF and GitHub count them: in UTF-16 code units, converted with the part of the line that the report knows.

use crate::{
    incident::{Incident, Occurrence},
    location::utf16_len,
};

/// The first column of `found`, and one past the last. What stands before the secret is known as far as the excerpt reaches; bytes before that count
/// one each, which is right for ASCII.
pub(super) fn utf16(incident: &Incident, found: &Occurrence) -> (u64, u64) {
    let start = found.location.column.saturating_sub(found.excerpt.wide).max(1);
    (start, end(incident.secret.expose(), found, start).max(1))
}

/// One past the last column. A secret that was decoded has other bytes than the place it is at: then those of the place count.
fn end(secret: &[u8], found: &Occurrence, start: u64) -> u64 {
    let at = found.location;
    let verbatim = secret.len() as u64 == at.span.len();
    if at.line == at.end_line {
        return start.saturating_add(if verbatim { utf16_len(secret) } else { at.span.len() });
    }
    if !verbatim {
        return at.end_column;
    }
    // A line break at the very end belongs to the line that it ends.
    let inner = &secret[..secret.len().saturating_sub(1)];
    let last_line = memchr::memrchr(b'\n', inner).map_or(0, |at| at + 1);
    utf16_len(&secret[last_line..]) + 1
}
