//! Another scanner's file of rules used as it is: its rules, and what a reader of a report should know of them.
//!
//! Rules alone are taken. What else such a file says (paths, allowlists, rules that it turns off) hides things, and is for a configuration to say, which
//! migrating writes.

use std::path::Path;

use super::{
    Fate, Migration, Note, Source,
    dialect::{self, Dialect},
    rule::{Compiled, Use, head_name},
    tree::{self, Node, Syntax},
};
use crate::{
    rule::Rule,
    rules::table::{Document, Problem},
};

/// Keys of pattern files in our own format, one of which every such file has at its top.
const OURS: [&str; 3] = ["provider", "rule", "min_stanch"];

/// Keys one of which every configuration of gitleaks has at its top.
const GITLEAKS: [&str; 4] = ["rules", "extend", "allowlist", "allowlists"];

/// How many rules, and how many notes, are named.
const MOST_NAMED: usize = 8;

/// What becomes of such a file.
#[derive(Debug)]
pub struct Patterns {
    /// Its rules.
    pub rules: Vec<Rule>,
    /// What in it means something else here, or nothing; a sentence each.
    pub notes: Vec<String>,
}

/// Reads the file `path`, which holds `text`; nothing where it is no other scanner's file of rules.
///
/// # Errors
/// Where it cannot be read, or where none of its rules can be expressed: all that is wrong.
pub fn read(path: &Path, text: &str) -> Option<Result<Patterns, Vec<Problem>>> {
    let name = path.display().to_string();
    let dialect = dialect(&name, path, text)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // What it extends may lie beside it and below, and is called by its path.
    let source = Source { path: path.to_owned(), name, root: folder.to_owned() };
    let mut migration = Migration { usage: Use::Unwritten, ..Migration::default() };
    if let Err(problem) = dialect::read_as(dialect, &source, text, &mut migration) {
        return Some(Err(vec![problem]));
    }
    Some(migration.into_patterns(&source.name))
}

/// As what `text` is to be read; nothing where it is ours, or nobody's that is known.
fn dialect(name: &str, path: &Path, text: &str) -> Option<Dialect> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "yaml" | "yml" => {
            let tree = tree::read(name, text, Syntax::Yaml).ok()?;
            let of_rules = [Dialect::KingfisherRules, Dialect::TrufflehogConfig];
            dialect::by_content(&tree, Syntax::Yaml).filter(|dialect| of_rules.contains(dialect))
        }
        _ => {
            let document = Document::new(name, text);
            document.parse()?;
            let tree = tree::read(name, text, Syntax::Toml).ok()?;
            let has = |keys: &[&str]| keys.iter().any(|key| Node::get(&tree, key).is_some());
            (has(&GITLEAKS) && !has(&OURS)).then_some(Dialect::GitleaksConfig)
        }
    }
}

impl Migration {
    fn into_patterns(self, file: &str) -> Result<Patterns, Vec<Problem>> {
        let lost: Vec<Note> = self.notes().into_iter().filter(|note| note.fate == Fate::Lost).collect();
        let passed_over = self.passed_over || !self.known.is_empty();
        let mut rules = Vec::new();
        for (stem, compiled) in self.rules {
            let provider_name = head_name(stem);
            let all = |compiled: Compiled| std::iter::once(compiled.rule).chain(compiled.beginnings);
            let named = |rule: Rule| Rule { provider_name: provider_name.clone().into(), ..rule };
            rules.extend(compiled.into_iter().flat_map(all).map(named));
        }
        if rules.is_empty() && !lost.is_empty() {
            return Err(lost.into_iter().map(problem).collect());
        }
        let changed = self.changes.into_iter().map(|(change, ids)| format!("{file}: {change}: {}", some(&ids)));
        let mut notes: Vec<String> = changed.collect();
        let more = lost.len().saturating_sub(MOST_NAMED);
        notes.extend(lost.into_iter().take(MOST_NAMED).map(|note| problem(note).to_string()));
        if more > 0 {
            notes.push(format!(
                "{file}: {more} more that cannot be expressed: `stanch migrate --dry-run --from FILE` lists all"
            ));
        }
        if passed_over {
            notes.push(format!(
                "{file}: of what it leaves out and allows nothing is heeded: `stanch migrate` takes that over"
            ));
        }
        Ok(Patterns { rules, notes })
    }
}

fn problem(note: Note) -> Problem {
    Problem { file: note.file, line: note.place.line, column: note.place.column, message: note.text }
}

/// The first of these names, and how many more there are.
fn some(names: &[String]) -> String {
    let text = names.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(name: &str, text: &str) -> Option<Result<Patterns, Vec<Problem>>> {
        read(Path::new(name), text)
    }

    #[test]
    fn what_is_ours_is_not_taken_for_another_s() {
        for (name, text) in [
            ("gitleaks.toml", "provider = 'acme'\n[[rule]]\nid = 'acme-x'\n"),
            ("x.toml", "title = 'x'\n"),
            ("x.toml", "no toml"),
            ("x.yaml", "rules: [{id: a}]\n"),
        ] {
            assert!(read_as(name, text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_file_none_of_whose_rules_can_be_expressed_is_a_mistake() {
        let problems = read_as("a.toml", "[[rules]]\nid = 'x'\nregex = '(?=x)'\n").unwrap().unwrap_err();
        assert!(problems[0].to_string().starts_with("a.toml:1:"), "{problems:?}");
    }

    #[test]
    fn one_that_only_extends_has_no_rules_and_says_what_is_not_heeded() {
        let patterns = read_as("a.toml", "[extend]\nuseDefault = true\n[allowlist]\npaths = ['x']\n").unwrap().unwrap();
        assert!(patterns.rules.is_empty() && patterns.notes.len() == 1, "{:?}", patterns.notes);
    }

    #[test]
    fn many_rules_that_changed_alike_are_one_note() {
        let rule = |number: usize| format!("[[rules]]\nid = 'acme-{number}'\nregex = 'acme{number}_[a-z]+'\n");
        let text: String = (100..120).map(rule).collect();
        let patterns = read_as("a.toml", &text).unwrap().unwrap();
        assert_eq!((patterns.rules.len(), patterns.notes.len()), (40, 1), "{:?}", patterns.notes);
        assert!(
            patterns.notes[0].contains("512") && patterns.notes[0].ends_with("and 12 more"),
            "{:?}",
            patterns.notes
        );
    }
}
