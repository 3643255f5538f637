//! How common strings of a few bytes are in source text.
//!
//! The counts come from the source trees of git, Rails, Moby, Terraform and Cargo (`learn/frequency.py`). They only help to choose what is looked for; what is
//! found never depends on them.

/// Counts of three bytes, then of two, in eighths of a binary order.
const FILE: &[u8; SYMBOLS * SYMBOLS * SYMBOLS + SYMBOLS * SYMBOLS] = include_bytes!("frequency.bin");

/// How many kinds of bytes are told apart: letters whatever their case, digits together, some signs, and all others together.
const SYMBOLS: usize = 40;

/// What digits are together; each of them is a tenth of it.
const DIGIT: usize = 27;

/// Ten, in eighths of a binary order.
const TENTH: i32 = 27;

/// The signs told apart, as they are when letters are folded to small ones.
const SIGNS: &[u8; 11] = b"\x7f-./:=\"'( \x2a";

/// How common `window` is with `next` behind it, in eighths of a binary order: only good for comparing.
pub(super) fn of(window: [u8; 3], next: Option<u8>) -> i32 {
    let [a, b, c] = window;
    // As if the fourth byte depended on the two before it alone.
    triple(a, b, c) + next.map_or(0, |d| triple(b, c, d) - pair(b, c))
}

fn triple(a: u8, b: u8, c: u8) -> i32 {
    let at = (symbol(a) * SYMBOLS + symbol(b)) * SYMBOLS + symbol(c);
    i32::from(FILE[at]) - tenths(&[a, b, c])
}

fn pair(a: u8, b: u8) -> i32 {
    i32::from(FILE[SYMBOLS * SYMBOLS * SYMBOLS + symbol(a) * SYMBOLS + symbol(b)]) - tenths(&[a, b])
}

/// What a digit takes from a count of all of them.
fn tenths(bytes: &[u8]) -> i32 {
    bytes.iter().filter(|byte| byte.is_ascii_digit()).map(|_| TENTH).sum()
}

fn symbol(byte: u8) -> usize {
    let folded = byte | 0x20;
    match folded {
        b'a'..=b'z' => usize::from(folded - b'a') + 1,
        b'0'..=b'9' => DIGIT,
        _ => SIGNS.iter().position(|&sign| sign == folded).map_or(0, |at| at + DIGIT + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_strings_are_told_from_rare_ones() {
        assert!(of(*b"ret", None) > of(*b"zqx", None) && of(*b"RET", None) == of(*b"ret", None));
        assert!(of(*b"the", Some(b' ')) > of(*b"the", Some(b'q')) && of(*b"192", None) < of(*b"ing", None));
    }
}
