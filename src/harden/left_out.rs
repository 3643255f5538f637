//! Which files are left out unless all are asked for: what does not run in production, and what others or programs wrote.
//!
//! Names tell most; what a file brings in, and how dense it is, tells the rest.

use crate::coverage::Skipped;

/// A line this long was written by a program, in bytes.
const MINIFIED_LINE: usize = 2_000;
/// Of how many bytes of a long text one is a space at least, where a person wrote it.
const SPARSE: usize = 20;
/// A shorter text can be as dense, in bytes.
const DENSE: usize = 16 << 10;
/// Folders of what does not run in production.
const TESTS: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "testing",
    "testdata",
    "test-data",
    "spec",
    "specs",
    "fixtures",
    "__fixtures__",
    "fixture",
    "e2e",
    "cypress",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "doc",
    "docs",
    "__mocks__",
    "mocks",
    "benchmarks",
    "bench",
    "src-test",
    "test-utils",
    "test_utils",
    "test_project",
    "sandbox",
    "development",
    "devel",
    "devproject",
    "testhelpers",
    "testutil",
    "testutils",
    "mock",
    "playwright",
    ".storybook",
    "benchmark",
    "hack",
];
/// Endings of names of such folders, lower case.
const TEST_FOLDERS: &[&str] = &[
    ".test",
    ".tests",
    "-test",
    "-tests",
    "-test-utils",
    "-e2e",
    "_test",
    "_tests",
    "-tester",
    "testkit",
    "testsuite",
    ".samples",
    "-samples",
    "-examples",
    "-demo",
    ".benchmarks",
    ".benchmark",
];
/// Folders of what others wrote.
const VENDORED: &[&str] = &[
    "node_modules",
    "vendor",
    "vendored",
    "third_party",
    "third-party",
    "bower_components",
    "dist",
    "site-packages",
    ".venv",
    "venv",
];
/// What names of packages begin with.
const DOMAINS: &[&str] = &["com", "org", "net", "io"];
/// Endings of names of tests, without the extension.
const TEST_ENDINGS: &[&str] = &["_test", ".test", ".spec", "_spec", "-test", ".cy", ".stories", "Test", "Tests", "IT"];
/// Names of files of settings that are not production's, without the extension.
const ENVIRONMENTS: &[&str] = &["test", "testing", "development", "dev", "local", "ci"];
/// What a test, or a helper of tests, brings in or says, wherever it lies.
const TEST_IMPORTS: &[&str] = &[
    "\n\t\"testing\"\n",
    "//go:build dev\n",
    "//go:build debug\n",
    "//go:build test\n",
    "//go:build e2e\n",
    "//go:build integration\n",
    "\"github.com/onsi/gomega",
    "\"github.com/onsi/ginkgo",
    "\"github.com/stretchr/testify",
    "import org.junit",
    "import static org.junit",
    "import org.testng",
    "import spock.lang",
    "\nimport pytest",
    "\nimport unittest",
    "using Xunit;",
    "using NUnit.Framework",
    "use PHPUnit\\Framework",
    "from 'vitest'",
    "from \"vitest\"",
    "from '@playwright/test'",
    "from \"@playwright/test\"",
    "from '@jest/globals'",
];
/// What stands in files that others wrote, wherever they were copied to.
const VENDORED_TEXT: &[&str] = &[
    "\nnamespace PhpParser",
    "\nnamespace Symfony\\Component\\",
    "\nnamespace GuzzleHttp",
    "\nnamespace phpseclib",
    "\nnamespace PHPMailer",
    "\nnamespace Laminas\\",
    "\nnamespace Doctrine\\",
    "\nnamespace Illuminate\\",
    "\nnamespace League\\",
];
/// Endings of names of what programs wrote, without the extension.
const BUNDLED: &[&str] = &[".min", ".bundle", ".bundled", ".standalone", ".umd", ".iife"];

/// Why a file of this name is left out, unless all are asked for.
pub(super) fn by_name(name: &str) -> Option<Skipped> {
    let mut folders: Vec<&str> = name.split('/').collect();
    let file = folders.pop().unwrap_or_default();
    // A package is called by a domain, `com.example.shop`: that makes no example of it.
    let packages = folders.windows(2).position(|pair| DOMAINS.contains(&pair[0]) && pair[1] == "example");
    if let Some(at) = packages {
        folders.drain(at..at + 2);
    }
    let is_in = |all: &[&str]| folders.iter().any(|folder| all.contains(&folder.to_ascii_lowercase().as_str()));
    let is_test_project = folders.iter().any(|folder| {
        let folder = folder.to_ascii_lowercase();
        TEST_FOLDERS.iter().any(|end| folder.ends_with(end))
    });
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if is_in(VENDORED) || BUNDLED.iter().any(|end| stem.ends_with(end)) {
        return Some(Skipped::Vendored);
    }
    let is_test = stem.starts_with("test_")
        || stem.starts_with("test-")
        || stem == "conftest"
        || TEST_ENDINGS.iter().any(|end| stem.ends_with(end));
    let is_test = is_test || stem.split(&['_', '-', '.'][..]).any(|word| word.eq_ignore_ascii_case("debug"));
    // Some have a file for each environment.
    let of_environments =
        folders.last().is_some_and(|folder| matches!(*folder, "environments" | "settings" | "config" | "configs"));
    let is_test = is_test || of_environments && ENVIRONMENTS.contains(&stem);
    (is_test || is_test_project || is_in(TESTS)).then_some(Skipped::TestOrExample)
}

/// Why a file with this text is left out, unless all are asked for.
pub(super) fn by_text(text: &[u8]) -> Option<Skipped> {
    let holds = |all: &[&str]| all.iter().any(|part| memchr::memmem::find(text, part.as_bytes()).is_some());
    let is_copy = holds(VENDORED_TEXT) || is_minified(text);
    holds(TEST_IMPORTS).then_some(Skipped::TestOrExample).or_else(|| is_copy.then_some(Skipped::Vendored))
}

/// Whether lines are, on average, longer than people write them, or spaces fewer.
fn is_minified(text: &[u8]) -> bool {
    let is_dense = || text.len() / (text.iter().filter(|byte| byte.is_ascii_whitespace()).count() + 1) >= SPARSE;
    text.len() / (memchr::memchr_iter(b'\n', text).count() + 1) > MINIFIED_LINE || text.len() > DENSE && is_dense()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_does_not_run_in_production() {
        for name in [
            "src/test/a.js",
            "local_debug_router.ts",
            "a/routes.debug.js",
            "app_test.go",
            "conftest.py",
            "x-e2e/a.ts",
            "a/settings/local.py",
            "test-token.js",
            "config/environments/test.rb",
        ] {
            assert_eq!(by_name(name), Some(Skipped::TestOrExample), "{name}");
        }
        for name in ["a/node_modules/b/c.js", "site.min.js", "vendor/a/b.php"] {
            assert_eq!(by_name(name), Some(Skipped::Vendored), "{name}");
        }
        for name in ["src/app.js", "debugger.js", "com/example/shop/Login.java", "testimonials.php", "debug/app.js"] {
            assert_eq!(by_name(name), None, "{name}");
        }
    }
}
