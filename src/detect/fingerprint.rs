//! What a rule is to those who remember what it has seen: a hash that changes when what it finds can change.

use sha2::{Digest, Sha256};

use crate::rule::Rule;

/// A hash of a rule's id and of all that decides what it finds; not of its name, nor of what is said about a finding.
pub(super) fn of(rule: &Rule) -> String {
    let decides = (&rule.id, &rule.family, rule.class, rule.confidence, rule.rank, rule.hidden, &rule.detect);
    let digest = Sha256::digest(format!("{decides:?}"));
    data_encoding::HEXLOWER.encode(&digest[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_what_is_found_is_in_it() {
        let rules = crate::rules::Ruleset::builtin();
        let rule = rules.rules()[0].clone();
        let mut other = rule.clone();
        other.name = "Another name".into();
        assert_eq!(of(&rule), of(&other));
        other.detect.entropy += 0.5;
        assert_ne!(of(&rule), of(&other));
    }
}
