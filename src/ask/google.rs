//! The assertion by which a Google service account's key asks for an access token: a JSON Web Token signed with it (RFC 7523).
//!
//! <https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::json;
use zeroize::Zeroizing;

use super::fill::{Known, Unfit};

/// What the access token may do: tell its own address, and look at what the account may look at. What it may do there, the account's roles say.
const SCOPE: &str =
    "https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/cloud-platform.read-only";
/// Whom the assertion is for.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// How long it is good, in seconds.
const LIFETIME: u64 = 300;

/// The assertion of the account that is the part `account`, signed with the key that is the secret; the part `id` is the key's.
pub(super) fn assertion(known: &Known<'_>) -> Result<Zeroizing<String>, Unfit> {
    let text = |name| String::from_utf8(known.part(name)?.to_vec()).map_err(|_| Unfit::Text);
    let now = known.now().as_secs();
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": text("id")? });
    let claims = json!({ "iss": text("account")?, "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + LIFETIME });
    let encoded = |value: &serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", encoded(&header), encoded(&claims));
    let key = RsaKeyPair::from_pkcs8(&der(known.secret())?).map_err(|_| Unfit::Encoded)?;
    let mut signature = vec![0; key.public().modulus_len()];
    let what = if known.is_spoilt() { b"another text" } else { signed.as_bytes() };
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), what, &mut signature).map_err(|_| Unfit::Encoded)?;
    Ok(Zeroizing::new(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))))
}

/// What stands between the lines of a PEM file, line ends and their escapes left out.
fn der(pem: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unfit> {
    let text = str::from_utf8(pem).map_err(|_| Unfit::Text)?;
    let inner = text.split("-----").nth(2).ok_or(Unfit::Encoded)?;
    let inner = Zeroizing::new(inner.replace("\\r", "").replace("\\n", ""));
    let plain: Zeroizing<Vec<u8>> =
        Zeroizing::new(inner.bytes().filter(|byte| *byte != b'\\' && !byte.is_ascii_whitespace()).collect());
    BASE64.decode(&plain).map(Zeroizing::new).map_err(|_| Unfit::Encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{Secret, Shown};

    #[test]
    fn keys_are_read_however_their_lines_end() {
        let pem =
            |end: &str| format!("-----BEGIN {0} KEY-----{end}AQID{end}BAUG{end}-----END {0} KEY-----{end}", "PRIVATE");
        for end in ["\n", "\r\n", "\\n", "\\\\n", "\n  "] {
            assert_eq!(*der(pem(end).as_bytes()).unwrap(), [1, 2, 3, 4, 5, 6], "{end:?}");
        }
        assert!(der(b"nothing").is_err());
    }

    #[test]
    fn what_is_no_key_signs_nothing() {
        let secret = Secret::new(b"-----BEGIN X-----AQID-----END X-----", Shown::Nothing);
        assert!(assertion(&Known::new(&secret, &[], None)).is_err());
    }
}
