//! Tokens of the same shape that nobody issued: what a provider says of one tells whether its answers mean anything.

use std::hash::{BuildHasher, Hasher, RandomState};

use regex_automata::{meta::Regex, util::syntax};

use crate::{
    rule::{Algorithm, Class, Rule},
    rules::checksum,
    secret::{Secret, Shown},
};

/// How many characters are changed at most.
const CHANGES: usize = 8;
/// How many at the end may have to stay as they are: the last ones of an encoding may hold no bit that counts, and some formats end alike.
const KEPT: [usize; 4] = [2, 4, 8, 16];

/// How often each is tried: an alphabet may lack some letters.
const TRIES: usize = 8;

/// Whether a wrong token may be sent in place of one of `rule`. A wrong password may lock an account.
pub(super) fn is_harmless(rule: &Rule) -> bool {
    !rule.class.is_password() && rule.class != Class::PrivateKey
}

/// A token like `secret`, with other characters at random near its end and the right checksum; nothing where there are none to change.
pub(super) fn mutant(rule: &Rule, secret: &Secret) -> Option<Secret> {
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    let regex = Regex::builder().syntax(syntax).build(&rule.detect.regex).ok()?;
    // Known by its context alone, it may be anything.
    let is_known = regex.is_match(secret.expose());
    let tries = KEPT.into_iter().flat_map(|kept| [kept; TRIES]);
    let mut mutants = tries.filter_map(|kept| changed(rule, &regex, secret.expose(), kept));
    let fitting = mutants.find(|mutant| !is_known || regex.is_match(mutant))?;
    Some(Secret::new(&fitting, Shown::Nothing))
}

/// `secret` with other characters before the last `kept`.
fn changed(rule: &Rule, regex: &Regex, secret: &[u8], kept: usize) -> Option<Vec<u8>> {
    let mut bytes = secret.to_vec();
    let checked = rule.detect.checksum.filter(|algorithm| *algorithm != Algorithm::Jwt).and_then(|algorithm| {
        let mut captures = regex.create_captures();
        regex.captures(secret, &mut captures);
        let group = |name| captures.get_group_by_name(name).map(|group| group.range());
        Some((algorithm, group("payload")?, group("check")?))
    });
    let (start, end) = checked.as_ref().map_or((0, bytes.len()), |(_, payload, _)| (payload.start, payload.end));
    let (start, end) = (start + (end - start) / 2, end.saturating_sub(kept));
    let mut places: Vec<usize> = (start..end.max(start)).filter(|&at| bytes[at].is_ascii_alphanumeric()).collect();
    places.drain(..places.len().saturating_sub(CHANGES));
    if places.is_empty() {
        return None;
    }
    let hex = secret[start..].iter().all(|byte| byte.is_ascii_hexdigit() || !byte.is_ascii_alphanumeric());
    let mut random = RandomState::new().build_hasher().finish();
    for at in places {
        bytes[at] = another(bytes[at], hex, random & 15);
        random >>= 4;
    }
    if let Some((algorithm, payload, check)) = checked {
        let computed = checksum::compute(algorithm, &bytes[payload], check.len())?;
        bytes[check].copy_from_slice(&computed);
    }
    Some(bytes)
}

/// Another character of the same kind. Letters that are digits of base 16 stay such, as do digits and letters of both alphabets of base 32.
fn another(byte: u8, hex: bool, random: u64) -> u8 {
    let alphabet: &[u8] = match byte {
        b'2'..=b'7' => b"234567",
        b'0'..=b'9' => b"0189",
        b'a'..=b'f' => b"abcdef",
        b'A'..=b'F' => b"ABCDEF",
        b'w'..=b'z' if !hex => b"wxyz",
        b'W'..=b'Z' if !hex => b"WXYZ",
        b'a'..=b'v' if !hex => b"ghijklmnopqrstuv",
        b'A'..=b'V' if !hex => b"GHIJKLMNOPQRSTUV",
        other => return other,
    };
    let at = alphabet.iter().position(|&other| other == byte).unwrap_or(0);
    // Never itself: a step of one at least, and less than once around.
    let step = 1 + usize::try_from(random).unwrap_or(0) % (alphabet.len() - 1);
    alphabet[(at + step) % alphabet.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Ruleset, examples};

    fn secrets(rule: &Rule) -> Vec<Secret> {
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let regex = Regex::builder().syntax(syntax).build(&rule.detect.regex).unwrap();
        let found = examples::matching(rule).into_iter().filter_map(|text| {
            let mut captures = regex.create_captures();
            regex.captures(text.as_bytes(), &mut captures);
            let range = captures.get_group_by_name("secret")?.range();
            Some(Secret::new(&text.as_bytes()[range], Shown::Nothing))
        });
        found.collect()
    }

    #[test]
    fn a_mutant_is_another_token_of_the_same_shape() {
        let rules = Ruleset::builtin();
        let mut seen = 0;
        for rule in rules.rules().iter().filter(|rule| rule.verify.is_some() && is_harmless(rule)) {
            // What a body takes is not in the regex's match.
            if !rule.detect.body.is_empty() {
                continue;
            }
            for secret in secrets(rule) {
                let (old, new) = (secret.expose(), mutant(rule, &secret).unwrap_or_else(|| panic!("{}", rule.id)));
                let kind = |byte: &u8| (byte.is_ascii_digit(), byte.is_ascii_lowercase(), byte.is_ascii_uppercase());
                assert_ne!(old, new.expose(), "{}", rule.id);
                assert!(old.iter().map(kind).eq(new.expose().iter().map(kind)) || rule.detect.checksum.is_some());
                assert_eq!(old.len(), new.expose().len(), "{}", rule.id);
                seen += 1;
            }
        }
        assert!(seen > 300, "{seen}");
    }

    #[test]
    fn the_checksum_of_a_mutant_is_right() {
        let rules = Ruleset::builtin();
        let rule = rules.find("github-pat").unwrap();
        for secret in secrets(rule) {
            let mutant = mutant(rule, &secret).unwrap();
            let (payload, check) = mutant.expose()[4..].split_at(30);
            assert!(checksum::holds(Algorithm::Crc32Base62, payload, check));
            assert_ne!(&secret.expose()[4..34], payload);
        }
    }
}
