//! Any bytes as a provider's answer: read without a panic, and a token is called live only by what a pattern file declares.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use stanch::{ask::Seen, net::Reply, request::Says, rules::Ruleset};

static RULES: LazyLock<Ruleset> = LazyLock::new(Ruleset::builtin);

fuzz_target!(|input: (u16, Vec<u8>, bool)| {
    let (status, body, cut) = input;
    let reply = Reply { status: 100 + status % 500, headers: Default::default(), body, cut };
    let seen = Seen::of(&reply);
    for verification in RULES.rules().iter().filter_map(|rule| rule.verify.as_deref()) {
        let says = seen.first_of(&verification.answers);
        let says_nothing = seen.status() == 429 || seen.status() >= 500;
        assert!(!says_nothing || !matches!(says, Some(Says::Active | Says::Inactive)));
        for field in [&verification.owner, &verification.account, &verification.scopes, &verification.expires].into_iter().flatten() {
            assert!(seen.field(field).is_none_or(|text| text.chars().count() <= 200));
        }
    }
});
