//! `.secretlintrc.json`: which rules run, and what they allow.

use super::{
    known::Mark,
    reader::Reader,
    tree::{Node, Place},
};

/// Reads the configuration `tree`.
pub(super) fn read(reader: &mut Reader<'_>, tree: &Node) {
    reader.unknown(tree, &["$schema", "rules", "sharedOptions"]);
    reader.inexpressible(tree, &[("sharedOptions", "what it says is known to secretlint's rules alone")]);
    for rule in tree.get("rules").map(Node::items).unwrap_or_default() {
        read_rule(reader, rule);
    }
}

fn read_rule(reader: &mut Reader<'_>, rule: &Node) {
    reader.unknown(rule, &["id", "rules", "options", "disabled", "allowMessageIds", "severity"]);
    let id = rule.text_of("id").unwrap_or_default();
    if rule.is_true("disabled") {
        reader.lost(
            rule.place,
            format!("`{id}` is disabled: which rules of ours answer to it is for you to say, with skip-rules"),
        );
    } else {
        reader.changed(rule.place, format!("`{id}`: our own rules take its place"));
    }
    for (place, message) in rule.texts("allowMessageIds") {
        reader.lost(
            place,
            format!("message `{message}`: which rules of ours answer to it is for you to say, with skip-rules"),
        );
    }
    if let Some(options) = rule.get("options") {
        reader.unknown(options, &["allows"]);
        for (place, allowed) in options.texts("allows") {
            allow(reader, place, allowed);
        }
    }
    for inner in rule.get("rules").map(Node::items).unwrap_or_default() {
        read_rule(reader, inner);
    }
}

/// A secret that is allowed: the text itself, or `/regex/flags`.
fn allow(reader: &mut Reader<'_>, place: Place, text: &str) {
    let regex = text.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    match regex {
        Some((regex, flags)) => {
            let known: String = flags.chars().filter(|flag| "ims".contains(*flag)).collect();
            let regex = if known.is_empty() { regex.to_owned() } else { format!("(?{known}){regex}") };
            reader.known_regex(place, &regex, None);
        }
        None => {
            reader.known(place, Mark::is(text));
        }
    }
}
