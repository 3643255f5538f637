//! `TruffleHog`'s configuration: detectors of one's own; and its lists of paths, a regex a line.

use super::{
    reader::Reader,
    regex::Secret,
    rule::Draft,
    tree::{Node, Place},
};

const DETECTOR: [&str; 10] = [
    "name",
    "keywords",
    "regex",
    "primary_regex_name",
    "entropy",
    "exclude_words",
    "exclude_regexes_match",
    "exclude_regexes_capture",
    "validations",
    "verify",
];

/// Reads the configuration `tree`.
pub(super) fn read(reader: &mut Reader<'_>, tree: &Node) {
    reader.unknown(tree, &["detectors", "sources"]);
    reader.inexpressible(tree, &[("sources", "what is scanned is named on the command line")]);
    for detector in tree.get("detectors").map(Node::items).unwrap_or_default() {
        read_detector(reader, detector);
    }
}

fn read_detector(reader: &mut Reader<'_>, detector: &Node) {
    reader.unknown(detector, &DETECTOR);
    let name = detector.text_of("name").unwrap_or("custom");
    let regexes: Vec<(&str, &str)> = detector
        .get("regex")
        .map(Node::entries)
        .unwrap_or_default()
        .iter()
        .filter_map(|(key, node)| Some((key.text.as_str(), node.text()?)))
        .collect();
    let primary = detector.text_of("primary_regex_name");
    let Some(main) = regexes.iter().position(|(key, _)| Some(*key) == primary).or((!regexes.is_empty()).then_some(0))
    else {
        return reader.lost(detector.place, format!("detector `{name}` has no regex"));
    };
    let others = regexes.iter().enumerate().filter(|(at, _)| *at != main);
    let draft = Draft {
        id: name.to_owned(),
        name: name.to_owned(),
        regex: regexes[main].1.to_owned(),
        secret: Secret::First,
        keywords: detector.texts("keywords").into_iter().map(|(_, keyword)| keyword.to_owned()).collect(),
        entropy: detector
            .text_of("entropy")
            .and_then(|text| text.parse().ok())
            .map_or(0.0, |bits: f32| bits.clamp(0.0, 8.0)),
        reject: detector.texts("exclude_words").into_iter().map(|(_, word)| word.to_owned()).collect(),
        confidence: "high",
        hidden: false,
        parts: others.map(|(_, (key, regex))| (super::rule::plain_id(key), (*regex).to_owned())).collect(),
        source: reader.from(detector.place),
    };
    let Some(ours) = reader.rule(detector.place, draft) else { return };
    if let Some(node) = detector.get("regex").filter(|_| regexes.len() > 1) {
        reader.changed(node.place, "its other regexes have to match within 1024 bytes of the first");
    }
    for (place, regex) in detector.texts("exclude_regexes_capture") {
        reader.known_regex(place, regex, Some(&ours));
    }
    reader.inexpressible(
        detector,
        &[
            ("exclude_regexes_match", "a regex that allows by the whole match"),
            ("validations", "what a value has to be made of is not asked"),
            ("verify", "whom a secret is sent to is not migrated: see docs/patterns.md"),
        ],
    );
}

/// Reads a list of paths to leave out.
pub(super) fn read_paths(reader: &mut Reader<'_>, text: &str) {
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            reader.exclude_regex(Place { line: at + 1, column: 1 }, line);
        }
    }
}
