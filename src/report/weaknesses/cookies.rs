//! What was seen of the cookies of running servers, as every format has it: the object of the machine formats, and the lines and rows for people.

use std::{borrow::Cow, collections::BTreeSet, io};

use serde::Serialize;

use crate::{
    cookie::session::Role,
    escape,
    report::{
        html,
        redact::Redactor,
        text::{BOLD, Page},
    },
    session::{Ids, Session, Sign},
};

/// One cookie of one answer, as `docs/sessions.md` describes it.
#[derive(Serialize)]
pub(super) struct Cookie<'a> {
    r#type: &'static str,
    url: Cow<'a, str>,
    name: Cow<'a, str>,
    #[serde(rename = "cookie")]
    shown: Cow<'a, str>,
    grade: char,
    session: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    framework: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<Sampled<'a>>,
}

/// What samples of its ids show.
#[derive(Serialize)]
struct Sampled<'a> {
    samples: usize,
    form: &'static str,
    shortest: usize,
    longest: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    alphabet: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits_at_most: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bits_by_position: Vec<f64>,
    signs: Vec<Foretold>,
    weak: bool,
    limits: &'a str,
}

/// Something that can be foretold.
#[derive(Serialize)]
struct Foretold {
    sign: &'static str,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<usize>,
}

impl<'a> Cookie<'a> {
    pub(super) fn new(seen: &'a Session, redactor: &Redactor<'_>) -> Self {
        let (session, framework) = match seen.role {
            Role::Named(framework) => ("named", Some(framework)),
            Role::Likely => ("likely", None),
            Role::Possible => ("possible", None),
            Role::Other => ("no", None),
        };
        Self {
            r#type: "cookie",
            url: redactor.text(&seen.url),
            name: redactor.text(&seen.name),
            shown: redactor.text(&seen.shown),
            grade: seen.grade,
            session,
            framework,
            fixation: seen.fixation.map(crate::session::Fixation::name),
            ids: seen.ids.as_ref().map(Sampled::new),
        }
    }
}

impl<'a> Sampled<'a> {
    fn new(ids: &'a Ids) -> Self {
        Self {
            samples: ids.samples,
            form: ids.form.name(),
            shortest: ids.lengths.0,
            longest: ids.lengths.1,
            alphabet: ids.alphabet,
            bits_at_most: ids.bits_at_most.map(tenths),
            bits_by_position: ids.positions.iter().copied().map(tenths).collect(),
            signs: ids.signs.iter().copied().map(Foretold::new).collect(),
            weak: ids.weak,
            limits: &ids.limits,
        }
    }
}

impl Foretold {
    fn new(sign: Sign) -> Self {
        let (from, to) = sign.characters().unzip();
        Self { sign: sign.name(), text: sign.words(), from, to }
    }
}

/// A number of bits, as exact as it is worth writing.
fn tenths(bits: f64) -> f64 {
    (bits * 10.0).round() / 10.0
}

/// What carries a session here, in words.
fn part(seen: &Session) -> String {
    match seen.role {
        Role::Named(framework) => format!("session of {framework}"),
        Role::Likely => "session by its name".to_owned(),
        Role::Possible => "perhaps a session".to_owned(),
        Role::Other => "no session".to_owned(),
    }
}

/// What samples show, in a line.
fn summary(ids: &Ids) -> String {
    let length = match ids.lengths {
        (shortest, longest) if shortest == longest => format!("{longest} characters"),
        (shortest, longest) => format!("{shortest} to {longest} characters"),
    };
    let bits = ids.bits_at_most.map(|bits| format!("at most {bits:.0} bits"));
    let verdict = if ids.weak { "weak" } else { "nothing speaks against them" };
    let first = [format!("{} samples, {}, {length}", ids.samples, ids.form.name())];
    let all =
        first.into_iter().chain(bits).chain([verdict.to_owned()]).chain(ids.signs.iter().map(|sign| sign.words()));
    all.collect::<Vec<_>>().join("; ")
}

/// The lines about one cookie below its header, each with what it is about. What is the same of all of them stands in `told` from the first on.
fn lines<'s>(seen: &'s Session, told: &mut BTreeSet<&'s str>) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(fixation) = seen.fixation {
        lines.push(("an id that the server did not give out", fixation.name().to_owned()));
    }
    if let Some(ids) = &seen.ids {
        lines.push(("ids", summary(ids)));
        lines.extend(ids.runs().map(|runs| ("bits by position", runs)));
        lines.extend(told.insert(&ids.limits).then(|| ("limits", ids.limits.clone())));
    }
    lines
}

impl Page<'_> {
    /// Each cookie with its grade, and what its ids are like.
    pub(super) fn cookies(&mut self, cookies: &[Session]) -> io::Result<()> {
        let mut told = BTreeSet::new();
        for seen in cookies {
            let grade = self.paint(BOLD, &format!("grade {}", seen.grade));
            let [url, shown] = [&seen.url, &seen.shown].map(|text| self.safe(text));
            writeln!(self.out, "{grade}  {url} {shown}  {}", part(seen))?;
            for (about, text) in lines(seen, &mut told) {
                writeln!(self.out, "  {about}: {}", escape::terminal(&text))?;
            }
        }
        if cookies.is_empty() { Ok(()) } else { writeln!(self.out) }
    }
}

impl html::Page<'_> {
    /// The same as a list.
    pub(super) fn cookies(&mut self, cookies: &[Session]) -> io::Result<()> {
        if cookies.is_empty() {
            return writeln!(self.out, "<p>None.</p>");
        }
        writeln!(self.out, "<ul class=\"places\">")?;
        let mut told = BTreeSet::new();
        for seen in cookies {
            let [url, shown] = [&seen.url, &seen.shown].map(|text| self.safe(text));
            writeln!(
                self.out,
                "<li><b>Grade {}</b> <code>{url}</code> <code>{shown}</code> {}",
                seen.grade,
                part(seen)
            )?;
            for (about, text) in lines(seen, &mut told) {
                writeln!(self.out, "<div>{about}: {}</div>", escape::html(&text))?;
            }
            writeln!(self.out, "</li>")?;
        }
        writeln!(self.out, "</ul>")
    }
}
