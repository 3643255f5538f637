//! Whether a server takes a session id that somebody else chose.

use ureq::http::{HeaderMap, header};

use super::{
    set_cookies,
    visit::{Visitor, Walk},
};
use crate::{cookie::SetCookie, net};

/// What a server does with an id that it did not give out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixation {
    /// It goes on with it: whoever plants an id in a browser before login has the session after it, unless the id changes then.
    Adopted,
    /// It gives out another one.
    Refused,
    /// Its answers do not show it.
    CannotTell,
}

impl Fixation {
    /// The word of reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Refused => "refused",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// Offers an id of its own in the place of `given`, which `address` just set.
pub(super) fn offer(visitor: &mut Visitor<'_>, address: &ureq::http::Uri, given: &SetCookie, now: i64) -> Fixation {
    let own = made_like(given.value.expose());
    match said(visitor, address, given, &own, now) {
        Said::NoAnswer => Fixation::CannotTell,
        Said::Sets(id) if id == own => Fixation::Adopted,
        Said::Sets(_) => Fixation::Refused,
        // An id that is none at all tells whether silence means that one is known: who replaces it looks at ids, and found nothing wrong with ours.
        Said::Nothing => match said(visitor, address, given, b"!", now) {
            Said::Sets(id) if id != b"!" => Fixation::Adopted,
            _ => Fixation::CannotTell,
        },
    }
}

/// What a server says to an id that it is offered.
enum Said {
    /// It sets this one.
    Sets(Vec<u8>),
    /// It sets none.
    Nothing,
    /// The walk came to no end.
    NoAnswer,
}

/// What the server says when it is offered `id`.
fn said(visitor: &mut Visitor<'_>, address: &ureq::http::Uri, given: &SetCookie, id: &[u8], now: i64) -> Said {
    let mut headers = HeaderMap::new();
    let pair = [given.name.as_bytes(), b"=", id].concat();
    let Some(cookie) = net::sensitive(&pair) else { return Said::NoAnswer };
    headers.insert(header::COOKIE, cookie);
    let walk: Walk = visitor.walk(address, &headers);
    if walk.end.is_err() || walk.answers.iter().any(|answer| answer.reply.status >= 400) {
        return Said::NoAnswer;
    }
    let set = walk.answers.iter().flat_map(|answer| set_cookies(&answer.reply, now)).flatten();
    let last = set.filter(|cookie| cookie.name == given.name && !cookie.deletes()).last();
    last.map_or(Said::Nothing, |cookie| Said::Sets(cookie.value.expose().to_vec()))
}

/// An id that looks like `id` and is another: each letter and digit moved on by one within its kind, so that what is signed is no longer right.
fn made_like(id: &[u8]) -> Vec<u8> {
    let moved = |byte: &u8| match byte {
        b'9' => b'0',
        b'f' => b'a',
        b'F' => b'A',
        b'z' => b'g',
        b'Z' => b'G',
        byte if byte.is_ascii_alphanumeric() => byte + 1,
        byte => *byte,
    };
    id.iter().map(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_its_own_looks_like_the_servers() {
        assert_eq!(made_like(b"09af-Zz"), b"10ba-Gg");
        assert_eq!(made_like(b""), b"");
    }
}
