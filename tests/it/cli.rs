//! The command line: what every flag does, what is written where, and how runs end.

mod baseline;
mod config;
mod cursor;
mod flags;
mod formats;
mod history;
mod identity;
mod ignoring;
mod output;
mod planted;
mod playbook;
mod precommit;
mod rules;
mod sessions;
mod stdin;

/// A pattern file with one rule, as sure of its finds as `confidence` says.
fn patterns(confidence: &str) -> String {
    format!(
        r#"provider = "acme"
name = "Acme"
min_stanch = "0.1"

[[rule]]
id = "acme-key"
name = "Acme key"
class = "api-key"
severity = "medium"
confidence = "{confidence}"
keywords = ["acmek_"]
regex = '\b(?<secret>acmek_[0-9a-z]{{24}})\b'
source = "https://example.com/keys"
match = ["KEY={{acmek_ + base36(24)}}"]
no_match = ["KEY=acmek_short"]
"#
    )
}

/// A token, not assigned to anything, that the rule of [`patterns`] finds.
fn acme(number: u64) -> String {
    let rule = crate::stanch::rule("github-pat");
    stanch::rules::examples::expanded(&rule, "see {acmek_ + base36(24)}\n", number)
}
