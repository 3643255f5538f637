//! A report of gitleaks or betterleaks in JSON, as it is used for a baseline: every finding in it is known.

use super::{known::Mark, reader::Reader, tree::Node};

/// Reads the findings of a report.
pub(super) fn read(reader: &mut Reader<'_>, tree: &Node) {
    if tree.is_map() {
        reader.lost(tree.place, "a report is a list of findings");
        return;
    }
    for finding in tree.items() {
        one(reader, finding);
    }
}

fn one(reader: &mut Reader<'_>, finding: &Node) {
    let text = |name: &str| {
        let newer = || finding.get("Attributes").and_then(|attributes| attributes.text_of(name));
        finding.text_of(name).or_else(newer).filter(|text| !text.is_empty())
    };
    let Some(path) = text("File").or_else(|| text("path")) else {
        return reader.lost(finding.place, "a finding without `File`");
    };
    // A report that hides its secrets has the place alone.
    let secret = text("Secret").filter(|secret| !secret.contains("REDACTED") && !secret.contains("..."));
    let known = reader.known(finding.place, secret.map_or(Mark::There, Mark::is));
    known.path = Some(path.replace('\\', "/"));
    if secret.is_none() {
        known.line = text("StartLine").and_then(|line| line.parse().ok());
        known.commit = text("Commit").or_else(|| text("commit")).map(str::to_owned);
    }
}
