//! What ids are made like: their alphabet, and whether they are signed or content of their own.

use data_encoding::BASE64URL_NOPAD;

use crate::session::Form;

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

/// Content, a time and a signature, with dots or colons between them; or what Rack and Rails write: content, and behind `--` its HMAC or what it was encrypted with.
fn is_content(id: &[u8]) -> bool {
    let id = id.strip_prefix(b".").unwrap_or(id);
    let parts: Vec<&[u8]> = id.split(|byte| matches!(byte, b'.' | b':')).collect();
    let fine = |part: &&[u8]| part.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_=%+/".contains(byte));
    parts.len() == 3 && parts[2].len() >= 20 && parts.iter().all(fine) || is_signed_by_ruby(id)
}

fn is_signed_by_ruby(id: &[u8]) -> bool {
    let Some(at) = id.windows(2).rposition(|pair| pair == b"--") else { return false };
    let (content, signature) = (&id[..at], &id[at + 2..]);
    let is_hmac = matches!(signature.len(), 40 | 64 | 128) && signature.iter().all(u8::is_ascii_hexdigit);
    // The tag of AES-GCM behind its nonce, each in base64.
    let is_tag = signature.len() >= 22 && content.windows(2).any(|pair| pair == b"--");
    content.len() >= 8 && (is_hmac || is_tag)
}
