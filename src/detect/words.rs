//! What words, repetitions and sequences say about a value.
//!
//! Judging a value by them is [`super::score`]'s.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::triples::TRIPLES;

/// Words that stand where a secret would: whoever reads them knows that none is there.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "placeholder",
    "changeme",
    "change-me",
    "change_me",
    "changeit",
    "change-this",
    "change_this",
    "redacted",
    "dummy",
    "sample",
    "replace",
    "insert",
    "your-",
    "your_",
    "yourtoken",
    "yourkey",
    "yoursecret",
    "yourpass",
    "youraccess",
    "yourapi",
    "my-secret",
    "mysecret",
    "my_secret",
    "xxxxx",
    "foobar",
    "foo-bar",
    "notasecret",
    "not-a-secret",
    "not_a_secret",
    "notreal",
    "not-real",
    "supersecret",
    "super-secret",
    "super_secret",
    "todo",
    "fixme",
    "tbd",
    "undefined",
    "secretkey",
    "secret_key",
    "secret-key",
    "put-",
    "enter-",
    "fill-",
    "some-",
    "some_",
    "insecure",
    "unknown",
    "hidden",
    "masked",
    "removed",
    "omitted",
    "sanitized",
    "abcdef",
    "123456",
    "asdf",
    "qwerty",
    "deadbeef",
    "lorem",
    "ipsum",
    "fake",
    "abc123",
    "invalid",
    "helloworld",
    "hello-world",
    "notakey",
    "not-a-key",
    "fakekey",
    "configure_me",
    "configure-me",
];

/// Placeholders this short may turn up in random characters by chance.
const SHORTEST_IN_RANDOM: usize = 6;

static ALL_PLACEHOLDERS: LazyLock<AhoCorasick> = LazyLock::new(|| placeholders(0));
static LONG_PLACEHOLDERS: LazyLock<AhoCorasick> = LazyLock::new(|| placeholders(SHORTEST_IN_RANDOM));

fn placeholders(shortest: usize) -> AhoCorasick {
    let words = PLACEHOLDERS.iter().filter(|word| word.len() >= shortest);
    let built =
        AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).ascii_case_insensitive(true).build(words);
    built.expect("a few dozen words fit an automaton")
}

/// The whole values that stand for no value, or for one that everybody knows.
const EVERYBODYS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "token",
    "admin",
    "root",
    "user",
    "username",
    "test",
    "testing",
    "test123",
    "guest",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "string",
    "default",
    "empty",
    "blank",
    "key",
    "apikey",
    "api_key",
    "api-key",
    "value",
    "letmein",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "password1",
    "password123",
    "welcome",
    "postgres",
    "mysql",
    "mongo",
    "redis",
    "rabbitmq",
    "guest",
    "docker",
    "vagrant",
    "demo",
    "login",
    "hunter2",
    "localhost",
    "credentials",
    "required",
    "optional",
    "auto",
    "prompt",
    "bearer",
    "basic",
    "foo",
    "bar",
    "baz",
    "abc",
    "abc123",
    "changeme!",
    "mypassword",
    "mypass",
    "mysecret",
    "private",
    "public",
    "enabled",
    "disabled",
    "function",
    "object",
    "number",
    "boolean",
    "integer",
    "self",
    "this",
];

/// Whether the value says of itself that it is none. `random` is true for documented formats, whose random characters may
/// spell a short word by chance.
pub(super) fn is_placeholder(value: &[u8], random: bool) -> bool {
    let words = if random { &*LONG_PLACEHOLDERS } else { &*ALL_PLACEHOLDERS };
    words.is_match(value) || is_filler(value) || !random && is_everybodys(&value.to_ascii_lowercase())
}

/// Whether the value, in lower case, is one that everybody knows, be it with digits and signs in its letters' place or behind them.
fn is_everybodys(lower: &[u8]) -> bool {
    let plain = |byte: &u8| match byte {
        b'0' => b'o',
        b'1' => b'i',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' => b't',
        other => *other,
    };
    let folded: Vec<u8> = lower.iter().map(plain).collect();
    EVERYBODYS.iter().any(|word| word.as_bytes() == lower || word.as_bytes() == folded)
}

/// Whether most of the value is one character repeated, a few repeated, or characters in order.
pub(super) fn is_filler(value: &[u8]) -> bool {
    if value.len() < 4 {
        return true;
    }
    let mut seen = [false; 256];
    for &byte in value {
        seen[usize::from(byte)] = true;
    }
    let distinct = seen.iter().filter(|&&seen| seen).count();
    let longest_run = longest(value, |a, b| a == b);
    let longest_order =
        longest(value, |a, b| b == a.wrapping_add(1)).max(longest(value, |a, b| a == b.wrapping_add(1)));
    distinct <= 3 && value.len() >= 8
        || longest_run * 3 >= value.len().max(12)
        || longest_order >= 6 && longest_order * 3 >= value.len()
        || has_period(value)
}

/// Whether a block of at most a third of the value is repeated to make all of it.
fn has_period(value: &[u8]) -> bool {
    (1..=value.len() / 3).any(|period| value.len() >= 12 && value[period..] == value[..value.len() - period])
}

/// The length of the longest stretch whose neighbours all are in `relation`.
fn longest(value: &[u8], relation: impl Fn(u8, u8) -> bool) -> usize {
    let (mut longest, mut run) = (1, 1);
    for pair in value.windows(2) {
        run = if relation(pair[0], pair[1]) { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// Whether `needle` occurs in `haystack`.
pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// How many of the value's letter triples are those that words are made of, and how many it has. Letters of both cases count alike,
/// and a capital begins a new word: a triple across its edge belongs to none.
pub(super) fn triples(value: &[u8]) -> (usize, usize) {
    let (mut common, mut all) = (0, 0);
    for triple in value.windows(3) {
        let &[a, b, c] = triple else { continue };
        let begins = |first: u8, second: u8| first.is_ascii_lowercase() && second.is_ascii_uppercase();
        let acronym_ends = a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_lowercase();
        if !triple.iter().all(u8::is_ascii_alphabetic) || begins(a, b) || begins(b, c) || acronym_ends {
            continue;
        }
        all += 1;
        let letter = |byte: u8| byte.to_ascii_lowercase() - b'a';
        common += usize::from(TRIPLES[usize::from(letter(a))][usize::from(letter(b))] >> letter(c) & 1 == 1);
    }
    (common, all)
}

/// What part of `whole` is `part`; nothing of nothing.
pub(super) fn share(part: usize, whole: usize) -> f32 {
    let number = |count: usize| f32::from(u16::try_from(count).unwrap_or(u16::MAX));
    if whole == 0 { 0.0 } else { number(part) / number(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fillers_are_seen() {
        for filler in [
            "xxxxxxxxxxxx",
            "abababababababab",
            "0123456789",
            "abcdefghij",
            "aaaaaaaaaaaaaaaaaaZ9",
            "********",
            "fedcba987654",
        ] {
            assert!(is_filler(filler.as_bytes()), "{filler}");
        }
        for random in ["q8Zr2kLw0pVt", "7f3a9c1e5b2d"] {
            assert!(!is_filler(random.as_bytes()), "{random}");
        }
    }

    #[test]
    fn words_are_told_from_noise() {
        let wordy = |value: &str| {
            let (common, all) = triples(value.as_bytes());
            share(common, all)
        };
        assert!(wordy("getAuthenticationProvider") > 0.9);
        assert!(wordy("HTTPServer") > 0.6);
        assert!(wordy("qzxkvbjwpq") < 0.4);
    }

    #[test]
    fn short_words_in_random_characters_are_chance() {
        assert!(is_placeholder(b"a-fake-one", false));
        assert!(!is_placeholder(b"Zk3fakeQ81vLp0", true));
        assert!(is_placeholder(b"Zk3EXAMPLEQ81vLp0", true));
    }
}
