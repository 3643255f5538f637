//! What a path says of the secrets on it. Detection never sees a path (law 2): it acts here, on whole occurrences, and only
//! changes confidence.

use crate::{
    blob::PathName,
    detect::confidence_of,
    finding::Finding,
    rule::{Confidence, Rule},
};

/// Parts of a path under which tokens are made up, for tests and for readers.
const MADE_UP: &[&str] = &[
    "t",
    "test",
    "tests",
    "testing",
    "testdata",
    "test-data",
    "test_data",
    "__tests__",
    "spec",
    "specs",
    "fixture",
    "fixtures",
    "mock",
    "mocks",
    "__mocks__",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "docs",
    "doc",
    "documentation",
    "guide",
    "guides",
    "e2e",
    "cypress",
    "stub",
    "stubs",
    "fake",
    "fakes",
];

/// Files whose long random strings are checksums and the like.
const LOCKS: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "cargo.lock",
    "go.sum",
    "poetry.lock",
    "pipfile.lock",
    "composer.lock",
    "gemfile.lock",
    "flake.lock",
    "mix.lock",
    "packages.lock.json",
    "deno.lock",
    "uv.lock",
    "bun.lock",
    "podfile.lock",
    "pubspec.lock",
];

/// What a weighed value loses where things are made up.
const MADE_UP_LOSS: f32 = 0.3;

/// How sure an occurrence of `rule` at `path` is, by what was found in its bytes.
///
/// A documented format is what it is wherever it lies, so only what was weighed without one loses here.
pub(super) fn confidence(rule: &Rule, path: Option<&PathName>, found: &Finding) -> Confidence {
    let Some(path) = path else { return found.confidence };
    let lower = path.to_text().to_ascii_lowercase();
    let by_shape = rule.detect.generic.is_some() || rule.class.is_password();
    if by_shape && (is_lock(&lower) || is_minified(&lower)) {
        return Confidence::Low;
    }
    match found.weight {
        _ if !by_shape || !is_made_up(&lower) => found.confidence,
        Some(weight) => confidence_of(weight - MADE_UP_LOSS),
        None => lowered(found.confidence),
    }
}

fn lowered(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::High => Confidence::Medium,
        Confidence::Medium | Confidence::Low => Confidence::Low,
    }
}

fn is_lock(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    LOCKS.contains(&name) || ends_in(path, &[".sum"])
}

fn is_minified(path: &str) -> bool {
    ends_in(path, &[".min.js", ".min.css", ".map", ".svg"])
}

/// Whether a path in lower case ends in one of these.
fn ends_in(path: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| path.ends_with(ending))
}

fn is_made_up(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let in_name = name.split(['.', '_', '-']).any(|word| MADE_UP.contains(&word))
        || stem.ends_with("test")
        || stem.ends_with("tests");
    in_name || parts.any(|part| MADE_UP.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_tests_and_examples_are_made_up() {
        for path in ["a/tests/x.py", "a_test.go", "src/FooTest.java", "conf.example.yml", ".env.example", "docs/a.md"] {
            assert!(is_made_up(&path.to_ascii_lowercase()), "{path}");
        }
        for path in ["src/main.rs", "deploy/.env", "latest/a.py", "contest/x"] {
            assert!(!is_made_up(path), "{path}");
        }
    }
}
