//! Secrets that foreign files know, looked up among what a scan found.
//!
//! A foreign entry names a place, a hash, a value or a pattern. What it names here is incidents, and an incident's id is all that is
//! written: no value, no foreign hash. What is not found is said, for it may show up later and would then be reported.

use std::path::Path;

use regex_automata::{meta::Regex, util::syntax};
use sha1::Digest;

use crate::{
    incident::{Incident, Occurrence},
    rule::Rule,
    secret::{Secret, Shown},
};

use super::{Fate, Note, Place, globs, regex};

/// What a foreign entry knows of a secret.
#[derive(Debug)]
pub(super) enum Mark {
    /// Where it is: [`Known::path`] and the rest.
    There,
    /// The SHA-1 of it, in hex.
    Sha1(String),
    /// The SHA-256 of it, or of it and the name of its kind, in hex.
    Sha256(String),
    /// The secret itself.
    Is(Secret),
    /// A text that it holds, in lower case.
    Holds(Secret),
    /// A regex that it fits.
    Fits(Box<Regex>),
}

/// A foreign entry.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) file: String,
    pub(super) place: Place,
    pub(super) mark: Mark,
    /// The rule of ours that it is about.
    pub(super) rule: Option<String>,
    pub(super) path: Option<String>,
    pub(super) line: Option<u64>,
    pub(super) commit: Option<String>,
}

/// An allow entry of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) id: Option<String>,
    pub(super) rule: Option<String>,
    pub(super) paths: Vec<String>,
    pub(super) reason: String,
}

/// What a secret's kind is called where it is hashed with it.
const KINDS: [&str; 14] = [
    "apikey",
    "api_key",
    "token",
    "secret",
    "password",
    "client_secret",
    "client_id",
    "connection_uri",
    "private_key",
    "webhook",
    "webhook_url",
    "username",
    "host",
    "key",
];

impl Mark {
    /// What a secret fits in which `pattern` matches.
    pub(super) fn fits(pattern: &str) -> Result<Self, String> {
        let pattern = regex::readable(pattern);
        let syntax = syntax::Config::new().unicode(false).utf8(false).nest_limit(100);
        let config = Regex::config().nfa_size_limit(Some(1 << 20)).utf8_empty(false);
        let regex = Regex::builder().syntax(syntax).configure(config).build(&pattern);
        regex
            .map(|regex| Self::Fits(Box::new(regex)))
            .map_err(|_| "it is not in the syntax of RE2, or too large".to_owned())
    }

    /// A text that secrets hold.
    pub(super) fn holds(text: &str) -> Self {
        Self::Holds(Secret::new(text.to_ascii_lowercase().as_bytes(), Shown::Nothing))
    }

    /// The secret itself.
    pub(super) fn is(text: &str) -> Self {
        Self::Is(Secret::new(text.as_bytes(), Shown::Nothing))
    }

    fn names(&self, secret: &Secret) -> bool {
        let bytes = secret.expose();
        match self {
            Self::There => true,
            Self::Sha1(hash) => hex(&sha1::Sha1::digest(bytes)).eq_ignore_ascii_case(hash),
            Self::Sha256(hash) => {
                let of = |parts: &[&[u8]]| hex(&sha2::Sha256::digest(parts.concat())).eq_ignore_ascii_case(hash);
                of(&[bytes]) || KINDS.iter().any(|kind| of(&[bytes, b",", kind.as_bytes()]))
            }
            Self::Is(value) => value.expose() == bytes,
            Self::Holds(text) => memchr::memmem::find(&bytes.to_ascii_lowercase(), text.expose()).is_some(),
            Self::Fits(regex) => regex.is_match(bytes),
        }
    }

    /// What the entry is, in words.
    fn words(&self) -> &'static str {
        match self {
            Self::There => "the secret known there",
            Self::Sha1(_) | Self::Sha256(_) => "the secret of this hash",
            Self::Is(_) => "the secret written there",
            Self::Holds(_) => "secrets with this word in them",
            Self::Fits(_) => "secrets that this regex fits",
        }
    }

    /// Whether it also hides what nobody has seen yet.
    fn is_open(&self) -> bool {
        matches!(self, Self::Holds(_) | Self::Fits(_))
    }
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

impl Known {
    /// Whether it is about this occurrence, at `path`.
    fn is_at(&self, occurrence: &Occurrence, path: Option<&str>) -> bool {
        let on_path = self.path.as_deref().is_none_or(|wanted| path == Some(wanted.trim_start_matches("./")));
        let location = &occurrence.location;
        let on_line = self.line.is_none_or(|line| (location.line..=location.end_line).contains(&line));
        let introduced = occurrence.git.as_ref().and_then(|git| git.introduced.as_ref());
        let by_commit = self.commit.as_deref().is_some_and(|commit| {
            introduced.is_some_and(|introduced| introduced.id.to_string().starts_with(&commit.to_ascii_lowercase()))
        });
        // A line of an old commit may be elsewhere by now, so what that commit brought to the path counts, too.
        on_path && (on_line || by_commit)
    }
}

/// The allow entries that `known` comes to, and what is to be said of it.
pub(super) fn look_up(known: &Known, incidents: &[Incident], rules: &[Rule], root: &Path) -> (Note, Vec<Allowed>) {
    let mut allowed = Vec::new();
    for incident in incidents {
        let rule = &rules[incident.rule.0 as usize];
        if known.rule.as_ref().is_some_and(|id| *id != rule.id) {
            continue;
        }
        let paths = incident.occurrences.iter().map(|occurrence| (occurrence, path_of(occurrence, root)));
        let there: Vec<_> = paths.filter(|(occurrence, path)| known.is_at(occurrence, path.as_deref())).collect();
        // Where it is costs less to tell than what it is.
        if there.is_empty() || !known.mark.names(&incident.secret) {
            continue;
        }
        let mut paths: Vec<String> = there.into_iter().filter_map(|(_, path)| path).collect();
        paths.sort();
        paths.dedup();
        let paths =
            if known.path.is_some() { paths.iter().map(|path| globs::exact(path)).collect() } else { Vec::new() };
        let reason = format!("from {}:{}", known.file, known.place.line);
        allowed.push(Allowed { id: Some(incident.id.to_string()), rule: None, paths, reason });
    }
    (note(known, &allowed), allowed)
}

fn note(known: &Known, allowed: &[Allowed]) -> Note {
    let what = known.mark.words();
    let ids: Vec<&str> = allowed.iter().filter_map(|entry| entry.id.as_deref()).map(|id| &id[..12]).collect();
    let place = known.path.as_deref().map_or(String::new(), |path| format!(" in {path}"));
    let (fate, text) = match (ids.as_slice(), known.mark.is_open()) {
        ([], false) => (Fate::Lost, format!("{what}{place}: our rules find none, so there is no incident to allow")),
        ([], true) => (Fate::Lost, format!("{what}{place}: there are none now, and later ones would be reported")),
        (ids, false) => (Fate::Kept, format!("{what}{place} is allowed: {}", ids.join(", "))),
        (ids, true) => {
            let listed = ids.iter().take(5).copied().collect::<Vec<_>>().join(", ");
            (
                Fate::Changed,
                format!("{what}{place}: the {} there are now are allowed ({listed}), later ones are not", ids.len()),
            )
        }
    };
    Note { file: known.file.clone(), place: known.place, fate, text }
}

/// An occurrence's path within `root`.
fn path_of(occurrence: &Occurrence, root: &Path) -> Option<String> {
    let path = occurrence.path.as_ref()?.to_text().into_owned();
    let root: std::path::PathBuf = root.components().filter(|part| *part != std::path::Component::CurDir).collect();
    let within = Path::new(&path).strip_prefix(&root).map(|path| path.to_string_lossy().into_owned());
    Some(within.unwrap_or(path))
}
