//! Whether a server takes a session id that somebody else chose.

use ureq::http::{HeaderMap, Uri};

use super::{
    jar::Jar,
    set_cookies,
    visit::{Ended, Visitor},
};
use crate::{cookie::SetCookie, session::Fixation};

/// What no server gives out as an id. PHP replaces the second one alone, and fails over the first.
const NO_IDS: [&[u8]; 2] = [b"!", b"<"];

/// Offers an id of its own in the place of `given`, which `address` just set.
///
/// # Errors
/// Where an answer is missing that would have told.
pub(super) fn offer(visitor: &mut Visitor<'_>, address: &Uri, given: &SetCookie) -> Result<Fixation, Ended> {
    let own = made_like(given.value.expose());
    Ok(match said(visitor, address, given, &own)? {
        Said::Trouble => Fixation::CannotTell,
        Said::Sets(id) if id == own => Fixation::Adopted,
        Said::Sets(_) => Fixation::Refused,
        // What is no id at all tells whether silence means that one is known: who replaces it looks at ids, and found nothing wrong with ours.
        Said::Nothing => {
            for none in NO_IDS {
                match said(visitor, address, given, none)? {
                    Said::Sets(id) if id != none => return Ok(Fixation::Adopted),
                    _ => {}
                }
            }
            Fixation::CannotTell
        }
    })
}

/// What a server says to an id that it is offered.
enum Said {
    /// It sets this one.
    Sets(Vec<u8>),
    /// It sets none.
    Nothing,
    /// That something is wrong, or the id cannot be sent.
    Trouble,
}

/// What the server says when it is offered `id`.
fn said(visitor: &mut Visitor<'_>, address: &Uri, given: &SetCookie, id: &[u8]) -> Result<Said, Ended> {
    let jar = Jar::with(&given.name, id);
    if jar.header(address).is_none() {
        return Ok(Said::Trouble);
    }
    let walk = visitor.walk_with(address, &HeaderMap::new(), jar);
    if let Err(ended) = walk.end
        && ended.is_lasting()
    {
        return Err(ended);
    }
    if walk.answers.iter().any(|answer| answer.reply.status >= 400) {
        return Ok(Said::Trouble);
    }
    let set = walk.answers.iter().flat_map(|answer| set_cookies(&answer.reply, visitor.now)).flatten();
    let last = set.filter(|cookie| cookie.name == given.name && !cookie.deletes()).last();
    Ok(last.map_or(Said::Nothing, |cookie| Said::Sets(cookie.value.expose().to_vec())))
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
