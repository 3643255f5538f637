//! `.secrets.baseline` of detect-secrets: hashes of secrets by file, and what its filters leave out.

use super::{
    known::Mark,
    reader::Reader,
    tree::{Node, Place},
};

/// Reads the baseline `tree`.
pub(super) fn read(reader: &mut Reader<'_>, tree: &Node) {
    reader.unknown(tree, &["version", "generated_at", "plugins_used", "filters_used", "results", "exclude"]);
    if let Some(plugins) = tree.get("plugins_used") {
        let names: Vec<&str> = plugins.items().iter().filter_map(|plugin| plugin.text_of("name")).collect();
        let text = format!("plugins {}: our own rules and scores take their place", names.join(", "));
        reader.changed(plugins.place, text);
    }
    for filter in tree.get("filters_used").map(Node::items).unwrap_or_default() {
        read_filter(reader, filter);
    }
    // What versions before 1.0 wrote.
    if let Some(exclude) = tree.get("exclude") {
        for (place, regex) in exclude.texts("files") {
            reader.exclude_regex(place, regex);
        }
        reader.inexpressible(exclude, &[("lines", "lines are not left out by regex")]);
    }
    for (path, results) in tree.get("results").map(Node::entries).unwrap_or_default() {
        for result in results.items() {
            read_result(reader, &path.text, result);
        }
    }
}

fn read_filter(reader: &mut Reader<'_>, filter: &Node) {
    let name = filter.text_of("path").unwrap_or_default().rsplit('.').next().unwrap_or_default().to_owned();
    let each = |reader: &mut Reader<'_>, take: &dyn Fn(&mut Reader<'_>, Place, &str)| {
        for (place, pattern) in filter.texts("pattern") {
            take(reader, place, pattern);
        }
    };
    match name.as_str() {
        "should_exclude_file" => each(reader, &|reader, place, regex| reader.exclude_regex(place, regex)),
        "should_exclude_secret" => each(reader, &|reader, place, regex| reader.known_regex(place, regex, None)),
        "should_exclude_line" => {
            reader.lost(filter.place, "filter `should_exclude_line`: lines are not left out by regex");
        }
        "is_invalid_file" | "is_ignored_due_to_verification_policies" | "is_line_allowlisted" | "is_baseline_file" => {}
        "is_sequential_string"
        | "is_potential_uuid"
        | "is_likely_id_string"
        | "is_templated_secret"
        | "is_prefixed_with_dollar_sign"
        | "is_indirect_reference"
        | "is_lock_file"
        | "is_not_alphanumeric_string"
        | "is_swagger_file" => reader.changed(filter.place, format!("filter `{name}`: our own scores take its place")),
        _ => reader.lost(filter.place, format!("filter `{name}` has nothing that answers to it")),
    }
}

fn read_result(reader: &mut Reader<'_>, path: &str, result: &Node) {
    let hash = result.text_of("hashed_secret").unwrap_or_default();
    if hash.len() != 40 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return reader.lost(result.place, "a result without the SHA-1 of its secret");
    }
    reader.known(result.place, Mark::Sha1(hash.to_owned())).path = Some(path.replace('\\', "/"));
}
