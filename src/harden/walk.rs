//! Looks at all files below what was named.
//!
//! Only files that a check names are looked at. What does not run in production and what others wrote is left out unless asked for, and
//! counted; which that is, `left_out` says.

use std::{collections::BTreeMap, ops::Range, path::Path};

use super::{
    check::Check,
    elsewhere,
    find::{Found, Places, find, line},
    left_out::{by_name, by_text},
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
        let mut found = Vec::new();
        for looked in files::scan(root, &options.files, looker) {
            found.extend(looked.outcome.weaknesses);
            outcome.coverage.add(looked.outcome.coverage);
        }
        elsewhere::lower(root, &options.files, checks, &mut found);
        outcome.weaknesses.extend(found.into_iter().filter(|weakness| weakness.confidence >= options.least));
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
        if let Some(why) = by_name(below(self.root, &name)).filter(|_| !self.takes_all(&name)) {
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
        let below = below(self.root, &name);
        let applies = |check: &&Check| check.confidence >= self.options.least && check.files.is_match(Path::new(below));
        let checks: Vec<&Check> = self.checks.all().iter().filter(applies).collect();
        if checks.is_empty() {
            return;
        }
        if let Some(why) = by_name(below).or_else(|| by_text(window.bytes())).filter(|_| !self.takes_all(&name)) {
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
}

/// The part of a name behind what was named.
pub(super) fn below<'n>(root: &Root, name: &'n str) -> &'n str {
    let prefix = root.prefix.to_string_lossy();
    let rest = name.strip_prefix(&*prefix).filter(|rest| !rest.is_empty());
    rest.map_or_else(|| name.rsplit('/').next().unwrap_or(name), |rest| rest.trim_start_matches('/'))
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
