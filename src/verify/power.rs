//! What a token's scopes come to, and what that makes it cost.

use crate::{
    request::{Power, Verification},
    rule::{Severity, Text},
};

/// The powers that `scopes` give, the least first, each once. What a scope that is not known gives is not known.
pub(super) fn of(verification: &Verification, scopes: &[String]) -> Vec<Power> {
    let given = |(pattern, power): &(Text, Power)| scopes.iter().any(|scope| fits(pattern, scope)).then_some(*power);
    let mut powers: Vec<Power> = verification.powers.iter().filter_map(given).collect();
    powers.sort_unstable();
    powers.dedup();
    powers
}

/// What a token with these powers costs, which would cost `otherwise` if they were not known.
pub(super) fn severity(powers: &[Power], otherwise: Severity) -> Severity {
    match powers.last() {
        Some(Power::Admin | Power::Credentials | Power::Billing) => Severity::Critical,
        Some(Power::Read) => otherwise.min(Severity::High),
        Some(Power::Write) | None => otherwise,
    }
}

fn fits(pattern: &str, scope: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == scope,
        Some((before, after)) => {
            scope.len() >= before.len() + after.len() && scope.starts_with(before) && scope.ends_with(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Ruleset;

    #[test]
    fn scopes_come_to_powers_and_a_severity() {
        let rules = Ruleset::builtin();
        let verification = rules.find("github-pat").unwrap().verify.clone().unwrap();
        let powers = |scopes: &[&str]| of(&verification, &scopes.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(powers(&["read:org", "user:email"]), [Power::Read]);
        assert_eq!(powers(&["repo", "gist"]), [Power::Write]);
        assert_eq!(powers(&["admin:public_key", "repo", "x"]), [Power::Write, Power::Credentials]);
        assert_eq!(powers(&["something:new"]), []);
        assert_eq!(severity(&[Power::Read], Severity::Critical), Severity::High);
        assert_eq!(severity(&[Power::Read], Severity::Low), Severity::Low);
        assert_eq!(severity(&[Power::Write, Power::Admin], Severity::Medium), Severity::Critical);
        assert_eq!(severity(&[], Severity::Medium), Severity::Medium);
    }

    #[test]
    fn one_star_stands_for_anything() {
        assert!(fits("read:*", "read:org") && fits("*:read", "files:read") && fits("*", "x") && fits("a", "a"));
        assert!(!fits("a*a", "a") && !fits("read:*", "write:org") && !fits("a", "ab"));
    }
}
