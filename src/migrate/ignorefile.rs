//! `.gitleaksignore`: a fingerprint a line, of a commit, a path, a rule and a line.

use super::{known::Mark, reader::Reader, tree::Place};

/// Reads the lines of `text`.
pub(super) fn read(reader: &mut Reader<'_>, text: &str) {
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        fingerprint(reader, Place { line: at + 1, column: 1 }, line);
    }
}

/// Has a secret looked up by `path:rule:line` or `commit:path:rule:line`; says where that is none.
pub(super) fn fingerprint(reader: &mut Reader<'_>, place: Place, text: &str) {
    let parts: Vec<&str> = text.split(':').collect();
    let (commit, path, line) = match parts.as_slice() {
        [path, _, line] => (None, *path, *line),
        [commit, path, _, line] => (Some(*commit), *path, *line),
        _ => return reader.lost(place, "is not `path:rule:line` or `commit:path:rule:line`"),
    };
    let Ok(line) = line.parse() else {
        return reader.lost(place, "its last part is no line number");
    };
    let known = reader.known(place, Mark::There);
    known.path = Some(path.replace('\\', "/"));
    known.line = Some(line);
    known.commit = commit.map(str::to_owned);
}
