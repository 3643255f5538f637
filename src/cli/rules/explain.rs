//! `stanch rules explain`: what became of each match at a place, and what its score is made of.

use std::{
    borrow::Cow,
    ffi::OsStr,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use stanch::{
    blob::Window,
    detect::{Detector, Explanation, Outcome, Scratch, Weight},
    escape,
    rules::Ruleset,
    scan::Status,
};

use crate::cli::error::{AnyError, masked};

/// How many of a score's parts are printed.
const PARTS: usize = 8;

/// Why a place could not be explained.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", path.display())]
struct Unreadable {
    path: PathBuf,
    source: io::Error,
}

/// What to explain: all of a file, or one line of it.
struct Place {
    path: PathBuf,
    /// The path as it may be printed.
    name: String,
    line: Option<u64>,
}

pub(super) fn run(rules: &Ruleset, places: &[String], json: bool, out: &mut impl Write) -> Result<Status, AnyError> {
    let detector = Detector::new(rules.rules().to_vec());
    let mut scratch = Scratch::default();
    for place in places {
        let place = Place::parse(place);
        let bytes = place.read()?;
        let explained = detector.explain(&Window::whole(&bytes), &mut scratch);
        let mut explained = explained.iter().filter(|found| place.holds(found)).peekable();
        if explained.peek().is_none() && !json {
            writeln!(out, "{}: no rule sees anything here", place.name())?;
        }
        for found in explained {
            let rule = rules.get(found.rule);
            if json {
                writeln!(out, "{}", object(&place, &rule.id, found))?;
            } else {
                print(out, &place, &rule.id, found)?;
            }
        }
    }
    Ok(Status::Clean)
}

impl Place {
    /// A file of exactly that name comes first: names may end in a colon and a number.
    fn parse(text: &str) -> Self {
        let place = |path: &str, line| Self { path: path.into(), name: masked(path), line };
        if text == "-" || Path::new(text).exists() {
            return place(text, None);
        }
        match text.rsplit_once(':').map(|(path, line)| (path, line.parse())) {
            Some((path, Ok(line))) => place(path, Some(line)),
            _ => place(text, None),
        }
    }

    fn read(&self) -> Result<Vec<u8>, Unreadable> {
        let failed = |source| Unreadable { path: self.path.clone(), source };
        if self.path == Path::new(OsStr::new("-")) {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
            return Ok(bytes);
        }
        fs::read(&self.path).map_err(failed)
    }

    fn holds(&self, found: &Explanation) -> bool {
        let lines = found.location.line..=found.location.end_line;
        self.line.is_none_or(|line| lines.contains(&line))
    }

    fn name(&self) -> Cow<'_, str> {
        escape::terminal(&self.name)
    }
}

fn print(out: &mut impl Write, place: &Place, rule: &str, found: &Explanation) -> io::Result<()> {
    let (at, masked) = (&found.location, &found.masked);
    writeln!(out, "{}:{}:{}  {rule}  {masked}  {:.2} bits a byte", place.name(), at.line, at.column, found.entropy)?;
    writeln!(out, "  {}", sentence(found.outcome))?;
    let Some(weight) = &found.weight else { return Ok(()) };
    writeln!(out, "  it weighs {:+.2}, the sum of", weight.total)?;
    writeln!(out, "    {:+6.2}  what any value weighs here", weight.start)?;
    for part in weight.parts.iter().take(PARTS) {
        writeln!(out, "    {:+6.2}  {}: {}", part.weight, part.name, part.amount)?;
    }
    let rest: f32 = weight.parts.iter().skip(PARTS).map(|part| part.weight).sum();
    writeln!(out, "    {rest:+6.2}  {} lesser parts", weight.parts.len().saturating_sub(PARTS))?;
    match weight.doubt {
        Some(doubt) => writeln!(out, "  doubtful: {}", doubt.reason()),
        None => Ok(()),
    }
}

fn sentence(outcome: Outcome) -> String {
    match outcome {
        Outcome::Found(confidence) => format!("found, {confidence} confidence by its bytes; its path may lower that"),
        Outcome::Rejected(rejection) => format!("not reported: {}", rejection.reason()),
        Outcome::Dropped => "dropped: a match of higher rank contains it".to_owned(),
        Outcome::Hidden => "not reported: its rule only masks".to_owned(),
    }
}

fn object(place: &Place, rule: &str, found: &Explanation) -> Value {
    let at = &found.location;
    let confidence = match found.outcome {
        Outcome::Found(confidence) => Some(confidence.name()),
        _ => None,
    };
    json!({
        "type": "explanation", "path": place.name, "line": at.line, "column": at.column,
        "end_line": at.end_line, "rule": rule, "masked": found.masked, "entropy": found.entropy,
        "outcome": sentence(found.outcome), "confidence": confidence, "weight": found.weight.as_ref().map(weight),
    })
}

fn weight(weight: &Weight) -> Value {
    let part = |part: &stanch::detect::Part| json!({"name": part.name, "amount": part.amount, "weight": part.weight});
    json!({
        "total": weight.total, "start": weight.start, "amounts": weight.amounts, "doubt": weight.doubt.map(stanch::detect::Doubt::reason),
        "parts": weight.parts.iter().map(part).collect::<Vec<_>>(),
    })
}
