//! `.talismanrc`: files that are ignored while they stay as they are, patterns that are allowed, patterns of one's own.

use super::{
    globs,
    known::Mark,
    reader::Reader,
    regex::Secret,
    rule::Draft,
    tree::{Node, Place},
};

const TOP: [&str; 8] = [
    "version",
    "fileignoreconfig",
    "scopeconfig",
    "allowed_patterns",
    "custom_patterns",
    "custom_severities",
    "threshold",
    "experimental",
];

/// Reads the configuration `tree`.
pub(super) fn read(reader: &mut Reader<'_>, tree: &Node) {
    reader.unknown(tree, &TOP);
    for file in tree.get("fileignoreconfig").map(Node::items).unwrap_or_default() {
        read_file(reader, file);
    }
    for (place, pattern) in tree.texts("allowed_patterns") {
        reader.known_regex(place, pattern, None);
    }
    for (at, (place, pattern)) in tree.texts("custom_patterns").into_iter().enumerate() {
        custom(reader, place, at + 1, pattern);
    }
    reader.inexpressible(
        tree,
        &[
            ("scopeconfig", "which files it leaves out only talisman knows; name them in `exclude`"),
            ("custom_severities", "severities are our rules' own"),
            ("threshold", "severities are our rules' own"),
            ("experimental", "it is talisman's own"),
        ],
    );
}

fn read_file(reader: &mut Reader<'_>, file: &Node) {
    reader.unknown(file, &["filename", "checksum", "ignore_detectors", "allowed_patterns"]);
    let Some(name) = file.text_of("filename") else {
        return reader.lost(file.place, "a file without `filename`");
    };
    for (place, pattern) in file.texts("allowed_patterns") {
        match Mark::fits(pattern) {
            Ok(mark) => reader.known(place, mark).path = Some(name.to_owned()),
            Err(why) => reader.lost(place, format!("a regex that allows cannot be read: {why}")),
        }
    }
    let detectors: Vec<&str> = file.texts("ignore_detectors").into_iter().map(|(_, detector)| detector).collect();
    if detectors.contains(&"filecontent") {
        let glob = if name.contains(['*', '?', '[']) { name.to_owned() } else { globs::exact(name) };
        reader.exclude(file.place, &glob);
    } else if !detectors.is_empty() {
        reader.changed(file.place, format!("`{name}`: names and sizes of files are not looked at"));
    } else if file.get("checksum").is_some() {
        // Another content is looked at again: what is in it now is what is known.
        reader.known(file.place, Mark::There).path = Some(name.to_owned());
    } else {
        reader.changed(file.place, format!("`{name}` has no checksum, so talisman did not ignore it"));
    }
}

fn custom(reader: &mut Reader<'_>, place: Place, number: usize, pattern: &str) {
    let draft = Draft {
        id: format!("custom-pattern-{number}"),
        name: format!("Custom pattern {number}"),
        regex: pattern.to_owned(),
        secret: Secret::First,
        keywords: Vec::new(),
        entropy: 0.0,
        reject: Vec::new(),
        confidence: "high",
        hidden: false,
        parts: Vec::new(),
        source: reader.from(place),
    };
    reader.rule(place, draft);
}
