//! Looks at all files below what was named.
//!
//! Only files that a check names are looked at. What does not run in production (tests, examples, documentation) and what others wrote
//! (vendored, minified) is left out unless asked for, and counted.

use std::{collections::BTreeMap, ops::Range, path::Path};

use super::{
    check::Check,
    find::{Found, Places, find, line},
    lexer::{Lexed, Syntax, lex},
    read::Checks,
    recorded::{self, Recorded, Seen},
};
use crate::{
    blob::{Locator, Origin, PathName, Visitor, Window},
    cookie::weak,
    coverage::{Coverage, Skipped},
    detect::{Detector, Scratch},
    location::utf16_len,
    rule::Confidence,
    scan::named,
    secret::Secret,
    source::files::{self, Root},
    weakness::{Place, Weakness, sort},
};

/// A larger file is not looked at, in bytes: nobody wrote it.
pub const LARGEST: u64 = 4 << 20;
/// How much of a line is evidence, in bytes on either side.
const MOST_EVIDENCE: usize = 120;
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
/// What a test, or a helper of tests, brings in, wherever it lies.
const TEST_IMPORTS: &[&str] = &[
    "\n\t\"testing\"\n",
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
/// Endings of names of what programs wrote, without the extension.
const BUNDLED: &[&str] = &[".min", ".bundle", ".bundled", ".standalone", ".umd", ".iife"];
/// A shorter value without quotes is no secret, in bytes.
const SHORTEST_VALUE: usize = 8;
/// Words before which stands what a string should not show.
const SECRETIVE: &[&str] = &["secret", "key", "passw", "token", "salt", "credential"];

/// How to look.
#[derive(Clone, Debug)]
pub struct Options {
    /// What was named, and how files are walked.
    pub roots: Vec<Root>,
    /// Which files are read.
    pub files: files::Options,
    /// Whether tests, documentation and other people's code are looked at, too.
    pub all_files: bool,
    /// Less sure places are not reported.
    pub least: Confidence,
    /// What is taken for the time of a recorded answer that does not tell it, in seconds since 1970.
    pub now: i64,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In order.
    pub weaknesses: Vec<Weakness>,
    /// What was looked at.
    pub coverage: Coverage,
    /// Secrets in paths and other texts besides evidence, which a report has to mask.
    pub named: Vec<Secret>,
}

/// Looks at all files below what was named. `detector` finds the secrets to mask in evidence.
pub fn run(options: &Options, checks: &Checks, detector: &Detector) -> Outcome {
    let mut outcome = Outcome::default();
    for root in &options.roots {
        let looker = || Looker {
            root,
            options,
            checks,
            detector,
            scratch: Scratch::default(),
            recorded: None,
            outcome: Outcome::default(),
        };
        for looked in files::scan(root, &options.files, looker) {
            outcome.weaknesses.extend(looked.outcome.weaknesses);
            outcome.coverage.add(looked.outcome.coverage);
        }
    }
    sort(&mut outcome.weaknesses);
    outcome.weaknesses.dedup();
    outcome.coverage.sort();
    let paths = outcome.weaknesses.iter().filter_map(|weakness| match &weakness.place {
        Place::File { path, .. } => Some(path.as_bytes()),
        Place::Answer { .. } => None,
    });
    // A cookie's name and a host may be tokens, too.
    let cookies = outcome.weaknesses.iter().filter(|weakness| weak::ALL.iter().any(|check| check.id == weakness.check));
    let evidence = cookies.filter_map(|weakness| weakness.evidence.as_ref().map(String::as_bytes));
    outcome.named = named::in_texts(detector, paths.chain(evidence).chain(named::told(&outcome.coverage)));
    outcome
}

struct Looker<'r> {
    root: &'r Root,
    options: &'r Options,
    checks: &'r Checks,
    detector: &'r Detector,
    scratch: Scratch,
    /// The file that goes by, if it holds recorded answers.
    recorded: Option<Recorded>,
    outcome: Outcome,
}

impl Visitor for Looker<'_> {
    fn visit(&mut self, origin: &Origin, window: &Window<'_>) {
        let Origin::File(path) = origin else { return };
        if window.begins() {
            self.recorded = Recorded::new(path, self.options.now);
        }
        self.recorded(path, window);
        if window.begins() && window.ends() {
            self.file(path, window);
        }
    }

    fn largest(&self, name: &PathName) -> Option<u64> {
        recorded::is_one(name).then_some(recorded::LARGEST)
    }

    fn coverage(&mut self) -> &mut Coverage {
        &mut self.outcome.coverage
    }
}

impl Looker<'_> {
    /// Takes a window of a file that may hold recorded answers; with its last one, what is weak about them is told.
    fn recorded(&mut self, path: &PathName, window: &Window<'_>) {
        let Some(recorded) = &mut self.recorded else { return };
        recorded.push(window);
        let Some(recorded) = self.recorded.take_if(|_| window.ends()) else { return };
        let name = path.to_text().into_owned();
        let is_har = recorded.is_har();
        let Seen { weaknesses, any, problem } = recorded.finish();
        if !any && !is_har {
            return;
        }
        if let Some(why) = left_out(self.below(&name)).filter(|_| !self.takes_all(&name)) {
            return self.outcome.coverage.skip(why, name);
        }
        let asked = |weakness: &Weakness| self.checks.cookies().iter().any(|check| check.id == weakness.check);
        let sure = |weakness: &Weakness| weakness.confidence >= self.options.least;
        let told = weaknesses.into_iter().filter(|weakness| asked(weakness) && sure(weakness));
        self.outcome.weaknesses.extend(told);
        if let Some(problem) = problem {
            self.outcome.coverage.fail(name, problem);
        }
    }

    /// Whether a file is looked at wherever it is.
    fn takes_all(&self, name: &str) -> bool {
        self.options.all_files || self.root.prefix.as_os_str() == Path::new(name).as_os_str()
    }

    fn file(&mut self, path: &PathName, window: &Window<'_>) {
        let name = path.to_text().into_owned();
        let below = self.below(&name);
        let applies = |check: &&Check| check.confidence >= self.options.least && check.files.is_match(Path::new(below));
        let checks: Vec<&Check> = self.checks.all().iter().filter(applies).collect();
        if checks.is_empty() {
            return;
        }
        if let Some(why) = left_out(below).or_else(|| says_left_out(window.bytes())).filter(|_| !self.takes_all(&name)) {
            return self.outcome.coverage.skip(why, name);
        }
        if str::from_utf8(window.bytes()).is_err() {
            return self.outcome.coverage.skip(Skipped::NotText, name);
        }
        let mut lexed: BTreeMap<&str, Lexed> = BTreeMap::new();
        for check in checks {
            let text = lexed.entry(check.syntax.name()).or_insert_with(|| lex(window.bytes(), check.syntax));
            let Places { found, cut } = find(check, window.bytes(), text);
            if cut {
                let reason = format!("{} may apply at too many places: the last were not looked at", check.id);
                self.outcome.coverage.fail(name.clone(), reason);
            }
            let mut locator = Locator::new(window);
            for Found { at, allowed } in found {
                if allowed {
                    self.outcome.coverage.allowed += 1;
                    continue;
                }
                let location = locator.locate(at.clone());
                let evidence = self.evidence(window, text, &at, check);
                let columns = Some(columns(window.bytes(), &at));
                let place = Place::File { path: path.clone(), location, columns };
                self.outcome.weaknesses.push(weakness(check, place, evidence));
            }
        }
    }

    /// The line of a place, secrets masked: all strings where a secret is what the check finds, else those that are named so.
    fn evidence(&mut self, window: &Window<'_>, lexed: &Lexed, at: &Range<usize>, check: &Check) -> String {
        let mut line = line(window.bytes(), &(at.start..at.start), MOST_EVIDENCE);
        let hides = |string: &Range<usize>| check.is_secret || is_secretive(window.bytes(), &line, string);
        let plain = !matches!(check.syntax, Syntax::C | Syntax::Php);
        let hidden = plain.then(|| plain_value(&lexed.code, &line, check.is_secret)).flatten();
        let strings = lexed.strings[lexed.strings.partition_point(|string| string.end <= line.start)..].iter();
        let end = hidden.unwrap_or(line.end);
        let strings: Vec<_> = strings.take_while(|string| string.start < end).filter(|string| hides(string)).collect();
        line.end = end;
        let mut out = String::new();
        let mut from = line.start;
        for string in strings.into_iter().filter(|string| !string.is_empty()) {
            let (start, end) = (string.start.max(from), string.end.min(line.end));
            out.push_str(&self.detector.masked(window, from..start, &mut self.scratch));
            out.push('…');
            from = end.max(start);
        }
        out.push_str(&self.detector.masked(window, from..line.end.max(from), &mut self.scratch));
        out.push_str(if hidden.is_some() { "…" } else { "" });
        out.trim().to_owned()
    }

    /// The part of a name behind what was named.
    fn below<'n>(&self, name: &'n str) -> &'n str {
        let prefix = self.root.prefix.to_string_lossy();
        let rest = name.strip_prefix(&*prefix).filter(|rest| !rest.is_empty());
        rest.map_or_else(|| name.rsplit('/').next().unwrap_or(name), |rest| rest.trim_start_matches('/'))
    }
}

/// The first column of a place and one past its last, in UTF-16 code units; a line break at its end belongs to the line that it ends.
fn columns(text: &[u8], at: &Range<usize>) -> [u64; 2] {
    let last = at.end.saturating_sub(1).max(at.start);
    let column = |before: usize, at: usize| {
        let start = memchr::memrchr(b'\n', &text[..before]).map_or(0, |n| n + 1);
        utf16_len(&text[start..at]) + 1
    };
    [column(at.start, at.start), column(last, at.end)]
}

/// Whether a word that names secrets stands before `string` in its line.
fn is_secretive(text: &[u8], line: &Range<usize>, string: &Range<usize>) -> bool {
    let before = text.get(line.start..string.start).unwrap_or_default().to_ascii_lowercase();
    SECRETIVE.iter().any(|word| memchr::memmem::find(&before, word.as_bytes()).is_some())
}

/// Where the value of a line of configuration begins that has no quotes and stands behind a word that names secrets, or is known to be
/// one.
fn plain_value(code: &[u8], line: &Range<usize>, is_secret: bool) -> Option<usize> {
    let whole = code[line.clone()].trim_ascii_end();
    // Base64 may end with `=`.
    let stem = &whole[..whole.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1)];
    let word = stem.iter().rposition(|byte| b" \t:=".contains(byte)).map_or(0, |at| at + 1);
    let before = whole[..word].trim_ascii_end();
    let named = is_secret && !before.is_empty() || before.ends_with(b":") || before.ends_with(b"=");
    let bare =
        whole.len() - word >= SHORTEST_VALUE && !whole[word..].iter().any(|byte| b"\"'`()[]{}<>$%;,".contains(byte));
    let start = line.start + word;
    (named && bare && (is_secret || is_secretive(code, line, &(start..start)))).then_some(start)
}

/// Why a file of this name is left out, unless all are asked for.
fn left_out(name: &str) -> Option<Skipped> {
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
    let is_test = stem.starts_with("test_") || stem == "conftest" || TEST_ENDINGS.iter().any(|end| stem.ends_with(end));
    // Rails has a file for each environment.
    let is_test = is_test || folders.last() == Some(&"environments") && matches!(stem, "test" | "development");
    (is_test || is_test_project || is_in(TESTS)).then_some(Skipped::TestOrExample)
}

/// Why a file with this text is left out, unless all are asked for.
fn says_left_out(text: &[u8]) -> Option<Skipped> {
    let is_test = TEST_IMPORTS.iter().any(|import| memchr::memmem::find(text, import.as_bytes()).is_some());
    is_test.then_some(Skipped::TestOrExample).or_else(|| is_minified(text).then_some(Skipped::Vendored))
}

/// Whether lines are, on average, longer than people write them, or spaces fewer.
fn is_minified(text: &[u8]) -> bool {
    let is_dense = || text.len() / (text.iter().filter(|byte| byte.is_ascii_whitespace()).count() + 1) >= SPARSE;
    text.len() / (memchr::memchr_iter(b'\n', text).count() + 1) > MINIFIED_LINE || text.len() > DENSE && is_dense()
}

fn weakness(check: &Check, place: Place, evidence: String) -> Weakness {
    Weakness {
        check: check.id.clone().into(),
        title: check.title.clone().into(),
        severity: check.severity,
        confidence: check.confidence,
        attack: check.attack.clone().into(),
        remedy: check.remedy.clone().into(),
        standards: check.standards.clone(),
        place,
        evidence: Some(evidence).filter(|text| !text.is_empty()),
    }
}
