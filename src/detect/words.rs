//! What words, repetitions and sequences say about a value.
//!
//! Judging a value by them is [`super::score`]'s.

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
];

/// Placeholders this short may turn up in random characters by chance.
const SHORTEST_IN_RANDOM: usize = 6;

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
    let lower = value.to_ascii_lowercase();
    let shortest = if random { SHORTEST_IN_RANDOM } else { 0 };
    PLACEHOLDERS.iter().any(|word| word.len() >= shortest && contains(&lower, word.as_bytes()))
        || is_filler(value)
        || !random && EVERYBODYS.iter().any(|word| word.as_bytes() == lower)
}

/// Whether most of the value is one character repeated, a few repeated, or characters in order.
pub(super) fn is_filler(value: &[u8]) -> bool {
    if value.len() < 4 {
        return true;
    }
    let mut seen = [false; 256];
    value.iter().for_each(|&byte| seen[usize::from(byte)] = true);
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

/// How likely it is that the letters are written by a person, from 0 (no pair of neighbouring letters is common in words) to 1 (all
/// are). Letters of both cases count alike; a value without two neighbouring letters gets 0.
pub(super) fn wordiness(value: &[u8]) -> f32 {
    let (mut common, mut pairs) = (0u32, 0u32);
    for pair in value.windows(2) {
        // A capital behind a small letter begins a new word: the pair belongs to none.
        if !(pair[0].is_ascii_alphabetic() && pair[1].is_ascii_alphabetic())
            || pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()
        {
            continue;
        }
        pairs += 1;
        common += u32::from(is_common(pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase()));
    }
    if pairs == 0 {
        0.0
    } else {
        f32::from(u16::try_from(common).unwrap_or(u16::MAX)) / f32::from(u16::try_from(pairs).unwrap_or(u16::MAX))
    }
}

fn is_common(first: u8, second: u8) -> bool {
    COMMON_PAIRS[usize::from(first - b'a')] >> (second - b'a') & 1 == 1
}

include!("pairs.rs");

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
        assert!(wordiness(b"getAuthenticationProvider") > 0.9);
        assert!(wordiness(b"qzXkvBjwpQ") < 0.4);
    }

    #[test]
    fn short_words_in_random_characters_are_chance() {
        assert!(is_placeholder(b"a-fake-one", false));
        assert!(!is_placeholder(b"Zk3fakeQ81vLp0", true));
        assert!(is_placeholder(b"Zk3EXAMPLEQ81vLp0", true));
    }
}
