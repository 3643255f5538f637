//! What ids are made like: their alphabet, and whether they are signed or content of their own.

use data_encoding::BASE64URL_NOPAD;

/// What ids are made like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Digits.
    Decimal,
    /// Hexadecimal digits, with hyphens or without.
    Hex,
    /// The letters, digits and marks of base64.
    Base64,
    /// Anything else.
    Text,
    /// An id and a signature; what is judged is the id.
    Signed,
    /// A JWT: it is what its signature is worth.
    Jwt,
    /// Signed content, of the kind that Flask and Django keep sessions in.
    Content,
}

impl Form {
    /// Whether it holds the session itself rather than an id of it: then guessing it is forging a signature.
    pub fn is_content(self) -> bool {
        matches!(self, Self::Jwt | Self::Content)
    }
}

/// The form that all of `ids` have, and of each the part that is to be judged.
pub(super) fn of<'i>(ids: &[&'i [u8]]) -> (Form, Vec<&'i [u8]>) {
    let all = |is: fn(&[u8]) -> bool| !ids.is_empty() && ids.iter().all(|id| is(id));
    let signed: Option<Vec<&[u8]>> = ids.iter().map(|id| signed(id)).collect();
    if let Some(ids) = signed.filter(|ids| !ids.is_empty()) {
        return (Form::Signed, ids);
    }
    let form = match () {
        () if all(is_jwt) => Form::Jwt,
        () if all(is_content) => Form::Content,
        () if all(|id| id.iter().all(u8::is_ascii_digit)) => Form::Decimal,
        () if all(|id| id.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')) => Form::Hex,
        () if all(|id| id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte))) => Form::Base64,
        () => Form::Text,
    };
    (form, ids.to_vec())
}

/// The id of what Express signs: `s:ID.SIGNATURE`, percent-encoded or not.
fn signed(id: &[u8]) -> Option<&[u8]> {
    let rest = id.strip_prefix(b"s:").or_else(|| id.strip_prefix(b"s%3A"))?;
    let dot = rest.iter().rposition(|&byte| byte == b'.')?;
    Some(&rest[..dot])
}

fn is_jwt(id: &[u8]) -> bool {
    let mut parts = id.split(|&byte| byte == b'.');
    let head = parts.next().and_then(|head| BASE64URL_NOPAD.decode(head).ok());
    let head = head.and_then(|head| serde_json::from_slice::<serde_json::Value>(&head).ok());
    head.is_some_and(|head| head["alg"].is_string() || head["enc"].is_string()) && parts.count() >= 2
}

/// Content, a time and a signature, with dots or colons between them.
fn is_content(id: &[u8]) -> bool {
    let id = id.strip_prefix(b".").unwrap_or(id);
    let parts: Vec<&[u8]> = id.split(|byte| matches!(byte, b'.' | b':')).collect();
    let fine = |part: &&[u8]| part.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(byte));
    parts.len() == 3 && parts[2].len() >= 20 && parts.iter().all(fine)
}
