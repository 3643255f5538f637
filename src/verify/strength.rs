//! How hard a session id is to guess, by how many of its length and alphabet there are.

use crate::rule::Text;

/// What a session id should have at least, in bits: half of it is what OWASP's session management cheat sheet asks of the entropy behind it, all of it what
/// it asks of the length.
const ENOUGH: f64 = 128.0;

/// A sentence on an id that could be guessed.
pub(super) fn weakness(id: &[u8]) -> Option<Text> {
    let bits = bits(id);
    (bits < ENOUGH).then(|| {
        format!("guessable: an id of this length and alphabet has at most {bits:.0} bits, fewer than the 128 a session id needs")
            .into()
    })
}

/// The logarithm of how many ids of this length and alphabet there are: at most so much entropy it can have.
fn bits(id: &[u8]) -> f64 {
    let has = |test: fn(&u8) -> bool| id.iter().any(test);
    let letters = |from: u8, hex: u32| match id.iter().filter(|byte| (from..from + 26).contains(byte)).max() {
        None => 0,
        Some(&last) if last < from + 6 && !has(|byte| !byte.is_ascii_hexdigit()) => hex,
        Some(_) => 26,
    };
    let signs = u32::from(has(|byte| b"-+,".contains(byte))) + u32::from(has(|byte| b"_/".contains(byte)));
    let alphabet = letters(b'a', 6) + letters(b'A', 6) + if has(u8::is_ascii_digit) { 10 } else { 0 } + signs;
    let length = u32::try_from(id.len()).unwrap_or(u32::MAX);
    f64::from(length) * f64::from(alphabet.max(1)).log2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_follow_length_and_alphabet() {
        assert!((bits("0a".repeat(16).as_bytes()) - 128.0).abs() < 1e-9);
        assert!(weakness("0a".repeat(16).as_bytes()).is_none());
        assert!(weakness("0A".repeat(15).as_bytes()).is_some());
        assert!((bits(b"zz0") - 3.0 * 36_f64.log2()).abs() < 1e-9);
        assert!(weakness(b"1234567890123456").is_some_and(|text| text.contains("at most 53 bits")));
    }
}
