//! `.gitguardian.yaml` of ggshield, version 2, and version 1 with its flat keys.

use super::{
    known::Mark,
    reader::Reader,
    tree::{Node, Place},
};

const TOP: [&str; 22] = [
    "version",
    "secret",
    "exit_zero",
    "exit-zero",
    "verbose",
    "instance",
    "api-url",
    "api_url",
    "insecure",
    "allow_self_signed",
    "allow-self-signed",
    "max_commits_for_hook",
    "max-commits-for-hook",
    "debug",
    "show_secrets",
    "show-secrets",
    "paths-ignore",
    "paths_ignore",
    "exclude",
    "matches-ignore",
    "matches_ignore",
    "banlisted-detectors",
];

/// Reads the configuration `tree`.
pub(super) fn read(reader: &mut Reader<'_>, tree: &Node) {
    reader.unknown(tree, &[TOP.as_slice(), &["banlisted_detectors", "iac", "sca"]].concat());
    for name in ["exit_zero", "exit-zero"] {
        if let (true, Some(node)) = (tree.is_true(name), tree.get(name)) {
            reader.kept(node.place, "no run fails for what it finds: fail-on is \"never\"");
            reader.to.never_fail = true;
        }
    }
    shown(reader, tree);
    server(reader, tree);
    reader.inexpressible(tree, &[("iac", "it is not about secrets"), ("sca", "it is not about secrets")]);
    for name in ["paths-ignore", "paths_ignore", "exclude"] {
        paths(reader, tree, name);
    }
    for name in ["matches-ignore", "matches_ignore"] {
        matches(reader, tree, name);
    }
    for name in ["banlisted-detectors", "banlisted_detectors"] {
        detectors(reader, tree, name);
    }
    let Some(secret) = tree.get("secret") else { return };
    secret_table(reader, secret);
}

fn secret_table(reader: &mut Reader<'_>, secret: &Node) {
    let known = [
        "show_secrets",
        "ignored_paths",
        "ignored-paths",
        "ignored_detectors",
        "ignored-detectors",
        "ignored_matches",
        "ignored-matches",
        "ignore_known_secrets",
        "with_incident_details",
        "all_secrets",
        "source_uuid",
        "fail_on_server_error",
        "filename_only",
        "prereceive_remediation_message",
    ];
    reader.unknown(secret, &known);
    shown(reader, secret);
    for name in ["ignored_paths", "ignored-paths"] {
        paths(reader, secret, name);
    }
    for name in ["ignored_detectors", "ignored-detectors"] {
        detectors(reader, secret, name);
    }
    for name in ["ignored_matches", "ignored-matches"] {
        matches(reader, secret, name);
    }
    let server = "it is about a server that stanch has not";
    reader.inexpressible(
        secret,
        &[
            ("ignore_known_secrets", server),
            ("with_incident_details", server),
            ("all_secrets", server),
            ("source_uuid", server),
            ("fail_on_server_error", server),
            ("filename_only", server),
            ("prereceive_remediation_message", "messages are our own"),
        ],
    );
}

/// What would print secrets is no file's to say.
fn shown(reader: &mut Reader<'_>, table: &Node) {
    for name in ["show_secrets", "show-secrets"] {
        if let (true, Some(node)) = (table.is_true(name), table.get(name)) {
            reader.lost(node.place, format!("`{name}`: secrets are shown by the flag --show-secrets alone"));
        }
    }
}

fn server(reader: &mut Reader<'_>, tree: &Node) {
    for name in ["instance", "api-url", "api_url", "insecure", "allow_self_signed", "allow-self-signed"] {
        if let Some(node) = tree.get(name).filter(|node| node.text() != Some("false")) {
            reader.changed(node.place, format!("`{name}` is not needed: nothing is sent to a server"));
        }
    }
}

fn paths(reader: &mut Reader<'_>, table: &Node, name: &str) {
    for (place, glob) in table.texts(name) {
        reader.exclude(place, glob);
    }
}

fn detectors(reader: &mut Reader<'_>, table: &Node, name: &str) {
    for (place, detector) in table.texts(name) {
        detector_of(reader, place, detector);
    }
}

/// Skips the rule that has a detector's name, for machines or for people.
fn detector_of(reader: &mut Reader<'_>, place: Place, detector: &str) {
    let named = |name: &str| name.eq_ignore_ascii_case(detector);
    let found = reader.to.builtin.rules().iter().find(|rule| named(&rule.name) || named(&rule.id));
    let id = found.map_or_else(|| super::rule::plain_id(detector), |rule| rule.id.to_string());
    reader.skip_rule(place, &id);
}

fn matches(reader: &mut Reader<'_>, table: &Node, name: &str) {
    for item in table.get(name).map(Node::items).unwrap_or_default() {
        let Some(text) = item.text().or_else(|| item.text_of("match")).filter(|text| !text.is_empty()) else {
            reader.lost(item.place, "an ignored match without `match`");
            continue;
        };
        let hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        reader.known(item.place, if hash { Mark::Sha256(text.to_owned()) } else { Mark::is(text) });
    }
}
