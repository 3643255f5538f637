//! What a value looks like by its own bytes.

use crate::detect::words;

/// What the bytes of a value amount to.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) length: usize,
    pub(super) digits: usize,
    pub(super) upper: usize,
    pub(super) lower: usize,
    /// Neither letters nor digits.
    pub(super) symbols: usize,
    /// Bits a byte.
    pub(super) entropy: f32,
    /// The share of its letter triples that words are made of; half where there are none to tell by.
    pub(super) wordy: f32,
    /// How many letter triples that was told by.
    pub(super) triples: usize,
}

impl Shape {
    pub(super) fn of(value: &[u8]) -> Self {
        let count = |test: fn(&u8) -> bool| value.iter().filter(|byte| test(byte)).count();
        let (common, triples) = words::triples(value);
        Self {
            length: value.len(),
            digits: count(u8::is_ascii_digit),
            upper: count(u8::is_ascii_uppercase),
            lower: count(u8::is_ascii_lowercase),
            symbols: count(|byte| !byte.is_ascii_alphanumeric()),
            entropy: entropy::shannon_entropy(value),
            wordy: if triples == 0 { 0.5 } else { words::share(common, triples) },
            triples,
        }
    }
}

/// What a value's bytes are drawn from, narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    Digits,
    Hex,
    HexCapitals,
    SmallLetters,
    Capitals,
    Base36,
    Base36Capitals,
    Letters,
    Base62,
    Base64Url,
    Base64,
    Printable,
}

/// Whether an alphabet has a byte.
type Test = fn(&u8) -> bool;

/// The narrowest alphabet that has all bytes of a value.
pub(super) fn alphabet(value: &[u8]) -> Alphabet {
    let body = value.strip_suffix(b"==").or_else(|| value.strip_suffix(b"=")).unwrap_or(value);
    let all = |test: Test| body.iter().all(test);
    let alphabets: [(Alphabet, Test); 11] = [
        (Alphabet::Digits, u8::is_ascii_digit),
        (Alphabet::Hex, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
        (Alphabet::HexCapitals, |byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')),
        (Alphabet::SmallLetters, u8::is_ascii_lowercase),
        (Alphabet::Capitals, u8::is_ascii_uppercase),
        (Alphabet::Base36, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z')),
        (Alphabet::Base36Capitals, |byte| matches!(byte, b'0'..=b'9' | b'A'..=b'Z')),
        (Alphabet::Letters, u8::is_ascii_alphabetic),
        (Alphabet::Base62, u8::is_ascii_alphanumeric),
        (Alphabet::Base64Url, |byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)),
        (Alphabet::Base64, |byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)),
    ];
    alphabets.into_iter().find(|(_, test)| all(*test)).map_or(Alphabet::Printable, |(alphabet, _)| alphabet)
}

/// How many different bytes a value has.
pub(super) fn distinct(value: &[u8]) -> usize {
    let mut seen = [0_u64; 4];
    for &byte in value {
        seen[usize::from(byte / 64)] |= 1 << (byte % 64);
    }
    seen.iter().map(|bits| bits.count_ones() as usize).sum()
}

/// The length of the longest stretch of bytes for which `test` holds.
pub(super) fn longest(value: &[u8], test: fn(&u8) -> bool) -> usize {
    value.split(|byte| !test(byte)).map(<[u8]>::len).max().unwrap_or(0)
}

/// How often a byte for which `test` holds and one for which it doesn't stand side by side.
pub(super) fn changes(value: &[u8], test: fn(&u8) -> bool) -> usize {
    value.windows(2).filter(|pair| test(&pair[0]) != test(&pair[1])).count()
}

/// Whether all of a value are hexadecimal digits, some of them decimal.
pub(super) fn is_hex(value: &[u8]) -> bool {
    value.len() >= 16 && value.iter().all(u8::is_ascii_hexdigit) && value.iter().any(u8::is_ascii_digit)
}

/// Whether the value is a UUID.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| if dash(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// Whether 16 or more letters and digits stand together that change between the two as only random ones do.
pub(super) fn has_random_stretch(value: &[u8]) -> bool {
    value.split(|byte| !byte.is_ascii_alphanumeric()).any(|run| {
        let digits = run.iter().filter(|byte| byte.is_ascii_digit()).count();
        let changes = run.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
        run.len() >= 16 && digits >= 3 && changes >= 4
    })
}

/// Whether the value is base64 that says so by its padding.
pub(super) fn is_padded(value: &[u8]) -> bool {
    let body = value.trim_ascii_end().strip_suffix(b"=").map(|rest| rest.strip_suffix(b"=").unwrap_or(rest));
    value.len() >= 16
        && body.is_some_and(|body| body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte)))
}

/// The text that the value is the base64 of, if it is of any.
pub(super) fn decoded_text(value: &[u8]) -> Option<Vec<u8>> {
    let body = value.strip_suffix(b"==").or_else(|| value.strip_suffix(b"=")).unwrap_or(value);
    let text = data_encoding::BASE64_NOPAD.decode(body).ok()?;
    let printable = |byte: &u8| (0x20..0x7f).contains(byte) || *byte == b'\n';
    (text.len() >= 6 && text.iter().all(printable)).then_some(text)
}

/// Whether `first` joins on to `second` somewhere in the value, as `snake_case` or `dotted.names` do.
pub(super) fn joins(value: &[u8], by: &[u8], behind: fn(&u8) -> bool) -> bool {
    value.windows(3).any(|three| three[0].is_ascii_alphanumeric() && by.contains(&three[1]) && behind(&three[2]))
}

/// Whether the value is a letter word with one to four digits behind.
pub(super) fn is_word_and_number(value: &[u8]) -> bool {
    let letters = value.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let digits = value[letters..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    letters > 0 && (1..=4).contains(&digits) && letters + digits == value.len()
}

/// Whether the value is a constant's name, such as `API_TOKEN`.
pub(super) fn is_constant(value: &[u8]) -> bool {
    let begins = value.first().is_some_and(u8::is_ascii_uppercase);
    let ends = value.last().is_some_and(|byte| *byte != b'_');
    begins
        && ends
        && value.contains(&b'_')
        && value.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

/// Whether the value names what it should hold.
pub(super) fn names_a_secret(lower: &[u8]) -> bool {
    ["pass", "pwd", "token", "secret", "key", "credential", "auth", "login", "user", "admin"]
        .iter()
        .any(|word| words::contains(lower, word.as_bytes()))
}

/// Whether the value is the name of what should stand in its place, such as `db_password` or `MY_SECRET`, or has been masked.
pub(super) fn names_itself(lower: &[u8]) -> bool {
    const NAMES: [&[u8]; 8] = [b"password", b"passwd", b"pass", b"pwd", b"secret", b"token", b"key", b"credentials"];
    let words = || lower.split(|byte| b"_-".contains(byte));
    let plain = words().all(|word| !word.is_empty() && word.iter().all(u8::is_ascii_lowercase));
    words::contains(lower, b"**")
        || plain && words().count() >= 2 && words().next_back().is_some_and(|last| NAMES.contains(&last))
        || NAMES.contains(&without_number(lower))
        // `proxypass`, `dbpassword`.
        || lower.iter().all(u8::is_ascii_lowercase) && NAMES[..3].iter().any(|name| lower.ends_with(name))
}

/// The value without the few digits at its end.
fn without_number(value: &[u8]) -> &[u8] {
    let digits = value.iter().rev().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    &value[..value.len() - digits]
}

/// Whether the value is code or a template that yields a value rather than the value itself.
pub(super) fn is_expression(value: &[u8], quoted: bool) -> bool {
    let opens = [b"${".as_slice(), b"$(", b"{{", b"<%", b"%(", b"#{", b"{%", b"[[", b"%{", b"&{"];
    let template = matches!(value, [b'$' | b'<' | b'%' | b'=', ..] | [b'@', b'@', ..] | [.., b'>'] | [b'{', .., b'}'])
        || is_marked_name(value);
    if template || opens.iter().any(|open| words::contains(value, open)) {
        return true;
    }
    let code = [b"::".as_slice(), b"->", b"=\"", b"=!"];
    let closes = |byte: &u8| b")]}".contains(byte);
    // What closes brackets that it does not open is code only at its end.
    let opened = value.iter().any(|byte| b"([{<>;,|".contains(byte)) || value.iter().rev().take(3).any(closes);
    !quoted && (opened || code.iter().any(|mark| words::contains(value, mark)))
}

/// Whether the value is a name behind an at sign, as some templates and languages mark variables: `@DB_PASSWORD@`, `@password`.
fn is_marked_name(value: &[u8]) -> bool {
    let Some(name) = value.strip_prefix(b"@") else { return false };
    let name = name.strip_suffix(b"@").unwrap_or(name);
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    name.iter().all(in_name) && name.contains(&b'_')
}

/// Whether the value is a secret's ciphertext, as tools mark those that they keep in configuration files.
pub(super) fn is_encrypted(value: &[u8]) -> bool {
    let marks = [
        b"ENC(".as_slice(),
        b"ENC[",
        b"{cipher}",
        b"vault:v",
        b"$ANSIBLE_VAULT",
        b"AQICAH",
        b"enc:",
        b"DEC::",
        b"{AES}",
    ];
    marks.iter().any(|mark| value.starts_with(mark))
}

/// Whether the value is a number of at most 64 bits in hexadecimal, such as `0x0004`.
fn is_small_hex_number(value: &[u8]) -> bool {
    value.len() <= 18 && value.strip_prefix(b"0x").is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Whether the value is a UUID made of the time and the machine's address: whoever has seen another can guess it
/// (RFC 9562, section 5.1).
fn is_time_based_uuid(value: &[u8]) -> bool {
    is_uuid(value) && value[14] == b'1'
}

/// Whether the value is a path, an address without credentials, a version or numbered name, a sentence, or no text at all.
pub(super) fn is_ordinary(value: &[u8]) -> bool {
    let has = |part: &[u8]| words::contains(value, part);
    let spaces = memchr::memchr_iter(b' ', value).count();
    let path = matches!(value, [b'/' | b'.' | b'~', ..]) && memchr::memchr_iter(b'/', value).count() >= 2;
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(byte);
    // `/mnt:z`, `-Zflag`, `--option`.
    let named = matches!(value, [b'/' | b'-', rest @ ..] if rest.iter().all(in_name)) && !has_random_stretch(value);
    let numbers = value.contains(&b'.') && value.iter().all(|byte| byte.is_ascii_digit() || b".:/".contains(byte));
    has(b"://")
        || numbers
        || has(b"\\u00")
        || memchr::memmem::find_iter(value, b"\\x").count() >= 3
        || is_small_hex_number(value)
        || is_time_based_uuid(value)
        || spaces >= 2
        || path
        || named && value.len() < 16
        || is_constant(value) && value.len() < 24
        || !value.iter().all(|byte| (0x20..0x7f).contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        assert!(is_constant(b"MY_API_TOKEN") && !is_constant(b"MyToken") && !is_constant(b"ABCD"));
        assert!(is_word_and_number(b"summer19") && !is_word_and_number(b"2019summer") && !is_word_and_number(b"1234"));
        assert!(is_uuid(b"00000000-0000-4000-8000-00000000000a") && !is_uuid(b"00000000-0000"));
        assert_eq!(decoded_text(data_encoding::BASE64.encode(b"user:word").as_bytes()).unwrap(), b"user:word");
        assert_eq!(decoded_text(b"\xff\xff"), None);
    }

    #[test]
    fn templates_and_numbers_are_no_values() {
        assert!(
            is_expression(b"{SMTP_PWD}", true)
                && is_expression(b"@DB_PASS@", true)
                && is_expression(b"@my_pass", false)
        );
        assert!(!is_expression(b"p@ssw{ord", true) && !is_expression(b"@Summer2019", true));
        assert!(
            is_ordinary(b"00000000-0000-1000-8000-00000000000a")
                && !is_ordinary(b"00000000-0000-4000-8000-00000000000a")
        );
        assert!(is_ordinary(b"0x0004") && is_ordinary(b"\\x04l\\xbd\\x01") && !is_ordinary(b"0xZZ4!"));
    }

    #[test]
    fn random_stretches_change_between_letters_and_digits() {
        assert!(has_random_stretch(b"prefix-a1b2c3d4e5f60718"));
        assert!(!has_random_stretch(b"applicationVersion20190101"));
    }

    #[test]
    fn code_is_no_value() {
        for code in ["${PASSWORD}", "{{ secret }}", "<password>", "#{token}"] {
            assert!(is_expression(code.as_bytes(), true), "{code}");
        }
        for code in ["getToken()", "self::TOKEN", "Option<String>", "args[0]"] {
            assert!(is_expression(code.as_bytes(), false), "{code}");
        }
        assert!(!is_expression(b"a(b)c", true));
    }
}
