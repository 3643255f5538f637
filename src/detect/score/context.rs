//! What stands around a value: the name it is given, the bridge between the two, and what follows.

use std::ops::Range;

use crate::{detect::words, rule::SCORE_REACH};

/// The longest part of a name that stands before a match.
const NAME_REACH: usize = 24;

/// The bytes around a value, within the score's reach.
#[derive(Debug)]
pub(super) struct Context {
    /// The name that the value is given, in lower case.
    pub(super) name: Vec<u8>,
    /// Whether the name has capitals and no small letters.
    pub(super) in_capitals: bool,
    /// Whether a capital follows a small letter in the name.
    pub(super) in_camel: bool,
    /// What stands between the name and the value, in lower case.
    pub(super) bridge: Vec<u8>,
    /// What stands before the match, in lower case.
    pub(super) before: Vec<u8>,
    /// What stands behind the match, in lower case.
    pub(super) after: Vec<u8>,
    /// How many bytes of the name are in `before`.
    ahead: usize,
    /// Whether quotes hold the value.
    pub(super) quoted: bool,
    /// The byte behind the value and its quote.
    pub(super) next: Option<u8>,
}

impl Context {
    pub(super) fn of(bytes: &[u8], matched: &Range<usize>, secret: &Range<usize>) -> Self {
        let before = &bytes[matched.start.saturating_sub(SCORE_REACH)..matched.start];
        let end = matched.end.max(secret.end);
        let after = &bytes[end..bytes.len().min(end + SCORE_REACH)];
        let matched_name = &bytes[matched.start..secret.start.max(matched.start)];
        let part_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
        let behind = matched_name.iter().take_while(|byte| part_of_name(byte)).count();
        let ahead = before.iter().rev().take(NAME_REACH).take_while(|byte| part_of_name(byte)).count();
        let name = [&before[before.len() - ahead..], &matched_name[..behind]].concat();
        let quoted = is_quoted(bytes, secret);
        let next = if quoted { secret.end + 1 } else { secret.end };
        Self {
            in_capitals: name.iter().any(u8::is_ascii_uppercase) && !name.iter().any(u8::is_ascii_lowercase),
            in_camel: name.windows(2).any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase()),
            name: name.to_ascii_lowercase(),
            bridge: matched_name[behind..].to_ascii_lowercase(),
            before: before.to_ascii_lowercase(),
            after: after.to_ascii_lowercase(),
            ahead,
            quoted,
            next: bytes.get(next).copied().filter(|_| next <= matched.end + SCORE_REACH),
        }
    }

    /// Whether this is the result line of a test run: `--- PASS: TestName`.
    pub(super) fn is_test_result(&self) -> bool {
        self.before.ends_with(b"--- ")
    }

    /// Whether the name has the value `lower` in it.
    pub(super) fn names(&self, lower: &[u8]) -> bool {
        words::contains(&self.name, lower)
    }

    /// The byte before the name.
    pub(super) fn byte_before_name(&self) -> Option<u8> {
        self.before[..self.before.len() - self.ahead].last().copied()
    }

    /// What stands before the name on its line, as far as the reach goes.
    fn line(&self) -> &[u8] {
        let before = &self.before[..self.before.len() - self.ahead];
        memchr::memrchr(b'\n', before).map_or(before, |at| &before[at + 1..])
    }

    /// Whether the line begins as a comment, as far as the reach tells.
    pub(super) fn is_comment(&self) -> bool {
        let line = self.line().trim_ascii_start();
        [b"#".as_slice(), b"//", b"*", b"<!--", b"--", b";", b"/*"].iter().any(|mark| line.starts_with(mark))
    }

    /// How far the line is indented, as far as the reach tells.
    pub(super) fn indent(&self) -> usize {
        self.line().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
    }

    /// How many words stand before the name on its line, as far as the reach goes.
    pub(super) fn words_before(&self) -> usize {
        self.line().split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).count()
    }

    /// How much else is assigned nearby.
    pub(super) fn assignments(&self) -> usize {
        let both = self.before.iter().chain(&self.after);
        both.filter(|byte| b"=:".contains(byte)).count()
    }

    /// Whether the bridge has `mark`.
    pub(super) fn has(&self, mark: &[u8]) -> bool {
        words::contains(&self.bridge, mark)
    }

    /// Whether the value is what a function or constructor is given.
    pub(super) fn is_called(&self) -> bool {
        self.name_before(b'(').is_some() || self.bridge.first() == Some(&b'(')
    }

    /// Whether the value is what to look something up by, or a text to be translated or encoded.
    pub(super) fn is_looked_up(&self) -> bool {
        let last = self.name.rsplit(|byte| b"_.-".contains(byte)).next().unwrap_or(&self.name);
        let named = if self.bridge.first() == Some(&b'(') { Some(last) } else { None };
        let asks = |name: &[u8]| {
            ["get", "env", "fetch", "find", "encode", "decode", "trans", "lookup", "read", "has", "param", "rule"]
                .iter()
                .any(|word| words::contains(name, word.as_bytes()))
        };
        [named, self.name_before(b'('), self.name_before(b'[')].into_iter().flatten().any(asks)
    }

    /// Whether the value is what a list names next: `authpass, "domain" => …`.
    pub(super) fn is_next_name(&self) -> bool {
        let behind =
            self.after.iter().position(|byte| !b"\"'`\t ".contains(byte)).map_or(&[][..], |at| &self.after[at..]);
        self.quoted && self.has(b",") && [b"=>".as_slice(), b":"].iter().any(|mark| behind.starts_with(mark))
    }

    /// Whether the value is a user's name.
    pub(super) fn is_user(&self) -> bool {
        [b"username".as_slice(), b"user_name"].iter().any(|name| self.name.ends_with(name))
    }

    /// Whether a template looks the value up: `{{ with secret "path" }}`.
    pub(super) fn is_template_path(&self) -> bool {
        self.is_adjoining() && self.line().trim_ascii_end().ends_with(b"with") && words::contains(self.line(), b"{{")
    }

    /// Whether the value is in the address of a picture, as badges of private projects are.
    pub(super) fn is_in_badge(&self) -> bool {
        [b".svg?".as_slice(), b".png?", b"badge?"].iter().any(|picture| self.line().ends_with(picture))
    }

    /// Whether the value is the name of an environment variable.
    pub(super) fn is_from_environment(&self) -> bool {
        [b'(', b'[']
            .into_iter()
            .filter_map(|bracket| self.name_before(bracket))
            .any(|name| words::contains(name, b"env"))
    }

    /// The name in the bridge that stands right before `bracket`.
    fn name_before(&self, bracket: u8) -> Option<&[u8]> {
        let at = memchr::memrchr(bracket, &self.bridge)?;
        let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
        let length = self.bridge[..at].iter().rev().take_while(part).count();
        (length > 0).then(|| &self.bridge[at - length..at])
    }

    /// Whether nothing but space and quotes stands between name and value.
    pub(super) fn is_adjoining(&self) -> bool {
        !self.bridge.is_empty() && self.bridge.iter().all(|byte| byte.is_ascii_whitespace() || b"\"'`\\".contains(byte))
    }
}

fn is_quoted(bytes: &[u8], secret: &Range<usize>) -> bool {
    let quote = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(|byte| b"\"'`;".contains(byte));
    let closes = |at: usize| bytes.get(at).is_some_and(|byte| b"\"'`&\\".contains(byte));
    quote(secret.start.checked_sub(1)) && closes(secret.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(text: &str, key: &str, value: &str) -> Context {
        let start = text.find(key).unwrap();
        let secret = text.rfind(value).unwrap();
        let secret = secret..secret + value.len();
        Context::of(text.as_bytes(), &(start..secret.end), &secret)
    }

    #[test]
    fn names_are_read_on_both_sides_of_the_keyword() {
        assert!(context("myPublicKeyToken = 'v'", "Token", "v").names(b"public"));
        assert!(context("password_hash: v", "password", "v").names(b"hash"));
        assert!(!context("hash; password: v", "password", "v").names(b"hash"));
    }

    #[test]
    fn bridges_tell_what_becomes_of_a_value() {
        assert!(context("password = getenv('NAME')", "password", "NAME").is_looked_up());
        assert!(context("password.encode('utf')", "password", "utf").is_looked_up());
        assert!(!context("setPassword('utf')", "Password", "utf").is_looked_up());
        assert!(context("token 'v'", "token", "v").is_adjoining());
        assert!(context("pass => $word, 'host' => $its", "pass", "host").is_next_name());
        assert!(!context("password('user', 'word')", "password", "word").is_next_name());
        assert!(context("credentials.username: v", "credential", "v").is_user());
        assert!(context("{{- with secret \"path\" }}", "secret", "path").is_template_path());
        assert!(context("https://example.com/badge.svg?token=v)", "token", "v").is_in_badge());
        assert!(!context("https://example.com/repo?token=v", "token", "v").is_in_badge());
        assert!(context("SECRET = os.getenv('NAME')", "SECRET", "NAME").is_from_environment());
        assert!(!context("ENV['SECRET'] = 'v'", "SECRET", "v").is_from_environment());
    }
}
