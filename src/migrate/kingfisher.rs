//! Kingfisher's rules in YAML, and its baselines of both versions.

use super::{known::Mark, reader::Reader, regex::Secret, rule::Draft, tree::Node};

const RULE: [&str; 16] = [
    "name",
    "id",
    "pattern",
    "min_entropy",
    "confidence",
    "visible",
    "examples",
    "negative_examples",
    "references",
    "depends_on_rule",
    "pattern_requirements",
    "validation",
    "revocation",
    "tls_mode",
    "prevalidated",
    "description",
];

/// Reads a file of rules.
pub(super) fn read_rules(reader: &mut Reader<'_>, tree: &Node) {
    reader.unknown(tree, &["rules"]);
    for rule in tree.get("rules").map(Node::items).unwrap_or_default() {
        read_rule(reader, rule);
    }
}

fn read_rule(reader: &mut Reader<'_>, rule: &Node) {
    reader.unknown(rule, &RULE);
    let id = rule.text_of("id").or_else(|| rule.text_of("name")).unwrap_or("rule");
    let Some(pattern) = rule.text_of("pattern") else {
        return reader.lost(rule.place, format!("rule `{id}` has no pattern"));
    };
    let confidence = match rule.text_of("confidence") {
        Some("low") => "low",
        Some("medium") => "medium",
        _ => "high",
    };
    let requirements = rule.get("pattern_requirements");
    let reject = requirements.map(|node| node.texts("ignore_if_contains")).unwrap_or_default();
    let entropy = rule.text_of("min_entropy").and_then(|text| text.parse().ok());
    let draft = Draft {
        id: id.to_owned(),
        name: rule.text_of("name").unwrap_or(id).to_owned(),
        regex: pattern.to_owned(),
        secret: Secret::Named("TOKEN"),
        keywords: Vec::new(),
        entropy: entropy.map_or(0.0, |bits: f32| bits.clamp(0.0, 8.0)),
        reject: reject.into_iter().map(|(_, word)| word.to_owned()).collect(),
        confidence,
        hidden: rule.text_of("visible").is_some_and(|visible| visible.eq_ignore_ascii_case("false")),
        parts: Vec::new(),
        source: reader.from(rule.place),
    };
    if reader.rule(rule.place, draft).is_none() {
        return;
    }
    if let Some(requirements) = requirements {
        reader.unknown(requirements, &["ignore_if_contains"]);
    }
    let asked = "whom a secret is sent to is not migrated: see docs/patterns.md";
    reader.inexpressible(
        rule,
        &[("validation", asked), ("revocation", asked), ("depends_on_rule", "it finds without what it depends on")],
    );
}

/// Reads a baseline: places of what is known. Its fingerprints depend on byte offsets, so the places are what counts.
pub(super) fn read_baseline(reader: &mut Reader<'_>, tree: &Node) {
    reader.unknown(tree, &["version", "fingerprint_algorithm", "repositories", "ExactFindings"]);
    for repository in tree.get("repositories").map(Node::items).unwrap_or_default() {
        for finding in repository.get("findings").map(Node::items).unwrap_or_default() {
            place(reader, finding, "path", "line");
        }
    }
    let old = tree.get("ExactFindings").and_then(|exact| exact.get("matches"));
    for finding in old.map(Node::items).unwrap_or_default() {
        place(reader, finding, "filepath", "linenum");
    }
}

fn place(reader: &mut Reader<'_>, finding: &Node, path: &str, line: &str) {
    let line = finding.text_of(line).and_then(|line| line.parse().ok());
    match (finding.text_of(path), line) {
        (Some(path), Some(line)) => {
            let known = reader.known(finding.place, Mark::There);
            known.path = Some(path.to_owned());
            known.line = Some(line);
        }
        _ => reader.lost(finding.place, "a finding without path and line"),
    }
}
