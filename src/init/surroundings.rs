//! What the names of a repository's files say of it: languages, CI, hook managers, and folders of code that comes from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::{ci::Ci, manager::Manager};

/// What lies around.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Languages and how many files have them, most first.
    pub languages: Vec<(&'static str, usize)>,
    /// The CI systems in use, each with the first file that tells.
    pub ci: BTreeMap<Ci, String>,
    /// All files that CI systems in use go by.
    pub jobs: Vec<(Ci, String)>,
    /// The hook managers in use, each with the first file that tells.
    pub managers: BTreeMap<Manager, String>,
    /// Folders of code from elsewhere, each with a slash at its end.
    pub vendored: Vec<String>,
}

/// Languages, by the endings of file names.
const LANGUAGES: [(&str, &[&str]); 24] = [
    ("C", &["c"]),
    ("C#", &["cs"]),
    ("C++", &["cc", "cpp", "cxx", "hpp"]),
    ("Clojure", &["clj", "cljs"]),
    ("Dart", &["dart"]),
    ("Elixir", &["ex", "exs"]),
    ("Erlang", &["erl"]),
    ("Go", &["go"]),
    ("Groovy", &["groovy"]),
    ("Haskell", &["hs"]),
    ("Java", &["java"]),
    ("JavaScript", &["cjs", "js", "jsx", "mjs"]),
    ("Kotlin", &["kt", "kts"]),
    ("Lua", &["lua"]),
    ("Perl", &["pl", "pm"]),
    ("PHP", &["php"]),
    ("Python", &["py"]),
    ("Ruby", &["rb"]),
    ("Rust", &["rs"]),
    ("Scala", &["scala"]),
    ("Shell", &["bash", "sh"]),
    ("Swift", &["swift"]),
    ("Terraform", &["tf"]),
    ("TypeScript", &["mts", "ts", "tsx"]),
];

/// What folders of code from elsewhere are called, whichever tool put it there.
const VENDORED: [&str; 7] =
    ["Godeps", "Pods", "bower_components", "node_modules", "third-party", "third_party", "vendor"];

/// More folders than these are not named.
const MOST_VENDORED: usize = 8;

/// What `paths`, named from the top of the repository with slashes between, say of it.
pub fn survey<'p>(paths: impl IntoIterator<Item = &'p str>) -> Surroundings {
    let mut found = Surroundings::default();
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut vendored = BTreeSet::new();
    for path in paths {
        if let Some(ci) = Ci::of(path) {
            found.ci.entry(ci).or_insert_with(|| path.to_owned());
            found.jobs.push((ci, path.to_owned()));
        }
        if let Some(manager) = Manager::of(path) {
            found.managers.entry(manager).or_insert_with(|| path.to_owned());
        }
        if let Some(folder) = vendored_folder(path) {
            vendored.insert(folder);
        } else if let Some(language) = language(path) {
            *counts.entry(language).or_default() += 1;
        }
    }
    found.languages = counts.into_iter().collect();
    // Stable, so that equal counts stay in the order of their names.
    found.languages.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    found.vendored = vendored.into_iter().take(MOST_VENDORED).map(str::to_owned).collect();
    found
}

fn language(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (_, ending) = name.rsplit_once('.')?;
    LANGUAGES.iter().find(|(_, endings)| endings.contains(&ending)).map(|(name, _)| *name)
}

/// The outermost folder of code from elsewhere in which `path` lies.
fn vendored_folder(path: &str) -> Option<&str> {
    let slashes = path.match_indices('/').map(|(at, _)| at);
    let mut start = 0;
    for at in slashes {
        if VENDORED.contains(&&path[start..at]) {
            return Some(&path[..=at]);
        }
        start = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_a_repository_is() {
        let found = survey([
            "main.go",
            "cmd/a.go",
            "web/app.ts",
            ".github/workflows/b.yml",
            ".github/workflows/a.yml",
            ".pre-commit-config.yaml",
            ".husky/pre-commit",
            "vendor/x/y.go",
            "vendor/x/vendor/z.go",
            "web/node_modules/a/b.js",
            "README.md",
            "vendored.rb",
            "go",
        ]);
        assert_eq!(found.languages, [("Go", 2), ("Ruby", 1), ("TypeScript", 1)]);
        assert_eq!(found.ci, BTreeMap::from([(Ci::GitHub, ".github/workflows/b.yml".to_owned())]));
        assert_eq!(found.jobs.len(), 2);
        assert_eq!(found.managers.keys().copied().collect::<Vec<_>>(), [Manager::PreCommit, Manager::Husky]);
        assert_eq!(found.vendored, ["vendor/", "web/node_modules/"]);
        assert_eq!(survey([]), Surroundings::default());
    }

    #[test]
    fn languages_are_in_order() {
        assert!(LANGUAGES.is_sorted_by_key(|(name, _)| name.to_lowercase()));
    }
}
