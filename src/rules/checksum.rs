//! The checksums that token formats carry.
//!
//! Computing one is all that happens here: [`crate::detect`] compares, [`super::examples`] fills templates in.

use crate::rule::Algorithm;

/// What `algorithm` makes of `payload`, as `width` characters; nothing where it makes no characters of its own or more than
/// fit.
pub fn compute(algorithm: Algorithm, payload: &[u8], width: usize) -> Option<Vec<u8>> {
    let crc = crc32fast::hash(payload);
    match algorithm {
        Algorithm::Crc32Base62 => digits(crc, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", width),
        Algorithm::Crc32Base36 => digits(crc, b"0123456789abcdefghijklmnopqrstuvwxyz", width),
        Algorithm::Crc32Hex => digits(crc, b"0123456789abcdef", width),
        Algorithm::Crc32HexLe => digits(crc.swap_bytes(), b"0123456789abcdef", width),
        Algorithm::Jwt => None,
    }
}

/// Whether `check` is what `algorithm` makes of `payload`.
pub fn holds(algorithm: Algorithm, payload: &[u8], check: &[u8]) -> bool {
    match algorithm {
        Algorithm::Jwt => is_jose_header(payload),
        _ => compute(algorithm, payload, check.len()).is_some_and(|computed| computed == check),
    }
}

/// `number` in the base of the alphabet's size, left-padded with its zero.
fn digits(mut number: u32, alphabet: &[u8], width: usize) -> Option<Vec<u8>> {
    let base = u32::try_from(alphabet.len()).ok()?;
    let mut text = vec![alphabet[0]; width];
    for place in text.iter_mut().rev() {
        *place = alphabet[(number % base) as usize];
        number /= base;
    }
    (number == 0).then_some(text)
}

/// Whether a token begins with the base64url form of a JSON object that has the member `alg` (RFC 7515, section 4).
fn is_jose_header(token: &[u8]) -> bool {
    let header = token.split(|&byte| byte == b'.').next().unwrap_or_default();
    let Ok(json) = data_encoding::BASE64URL_NOPAD.decode(header) else { return false };
    let Ok(header) = serde_json::from_slice::<serde_json::Value>(&json) else { return false };
    header.get("alg").is_some_and(serde_json::Value::is_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_is_the_ieee_one() {
        // The check value of CRC-32/ISO-HDLC: https://reveng.sourceforge.io/crc-catalogue/17plus.htm
        assert_eq!(compute(Algorithm::Crc32Hex, b"123456789", 8).unwrap(), b"cbf43926");
        assert_eq!(compute(Algorithm::Crc32HexLe, b"123456789", 8).unwrap(), b"2639f4cb");
        assert!(holds(Algorithm::Crc32Hex, b"123456789", b"cbf43926"));
        assert!(!holds(Algorithm::Crc32Hex, b"123456780", b"cbf43926"));
    }

    #[test]
    fn numbers_are_padded_and_never_cut() {
        assert_eq!(digits(61, b"01", 6), Some(b"111101".to_vec()));
        assert_eq!(digits(5, b"01", 6), Some(b"000101".to_vec()));
        assert_eq!(digits(64, b"01", 6), None);
    }

    #[test]
    fn a_jose_header_names_its_algorithm() {
        let encode = |json: &str| data_encoding::BASE64URL_NOPAD.encode(json.as_bytes());
        assert!(holds(Algorithm::Jwt, encode(r#"{"alg":"HS256"}"#).as_bytes(), b""));
        assert!(!holds(Algorithm::Jwt, encode(r#"{"typ":"JWT"}"#).as_bytes(), b""));
        assert!(!holds(Algorithm::Jwt, b"e30", b""));
    }
}
