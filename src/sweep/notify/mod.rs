//! Tells somebody of incidents that are new, or are back.
//!
//! What has to be told is in the state until it was told: [`Pending`] is taken from there, [`Hook::send`] says whether all of it was delivered, and what was
//! not is sent by the next sweep. It may arrive twice, where a run is killed between the two; its id is the same then. No message holds a secret: texts come masked
//! from the state, and everything that a rule would see in them is masked once more.

mod hook;
mod payload;
mod slack;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use hook::{Delivered, Format, Hook, Undelivered, Unusable, limits};

use super::owners::Owner;
use crate::{
    blob::Window,
    detect::{Detector, Scratch},
    escape,
};

/// The longest text of a message, in characters.
const MOST_TEXT: usize = 200;

/// Why somebody is told of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was not known before.
    New,
    /// It had been resolved.
    Reopened,
}

impl Change {
    /// The word used in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Reopened => "reopened",
        }
    }
}

/// What is told of one incident, in the words of reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The incident's id.
    pub incident: String,
    /// Why it is told.
    pub change: Change,
    /// Since when it is new, or back: in seconds since 1970 UTC.
    pub at: i64,
    /// The rule's id.
    pub rule: String,
    /// Who issues such tokens.
    pub provider: String,
    /// What such a token is called.
    pub name: String,
    /// How bad it is.
    pub severity: String,
    /// The secret, masked.
    pub masked: String,
    /// The verdict's word.
    pub verdict: String,
    /// In how many repositories it is.
    pub repositories: u64,
    /// In how many places it is.
    pub occurrences: u64,
    /// Some of them, the most telling first; of more than [`Notice::MOST_PLACES`] the rest is left out.
    pub places: Vec<Place>,
    /// Whose it probably is.
    pub owner: Option<Owner>,
}

impl Notice {
    /// How many places are named.
    pub const MOST_PLACES: usize = 3;
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What people call the repository.
    pub repository: String,
    /// The path in it, where it has one.
    pub path: Option<String>,
    /// The line, from 1 on.
    pub line: Option<u64>,
}

/// All that has to be told, as the state has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The id of the key that incidents' ids are made with.
    pub key: String,
    /// Of the incidents those that come first, by severity or however they are best read; of more than [`Pending::MOST`] the rest is counted.
    pub notices: Vec<Notice>,
    /// How many more there are.
    pub more: u64,
}

impl Pending {
    /// How many incidents a message tells of.
    pub const MOST: usize = 20;

    /// The incidents that a message tells of.
    fn listed(&self) -> &[Notice] {
        &self.notices[..self.notices.len().min(Self::MOST)]
    }

    /// How many incidents there are in all.
    fn count(&self) -> u64 {
        self.more.saturating_add(self.notices.len() as u64)
    }

    /// Names this message, however often it is sent: the same for the same incidents.
    fn id(&self) -> String {
        let mut hash = Sha256::new().chain_update(self.more.to_be_bytes());
        for notice in &self.notices {
            hash.update(format!("\0{}\0{}\0{}", notice.incident, notice.change.name(), notice.at));
        }
        format!("msg_{}", data_encoding::HEXLOWER.encode(&hash.finalize()[..16]))
    }

    /// When the last of it happened.
    fn at(&self) -> i64 {
        self.notices.iter().map(|notice| notice.at).max().unwrap_or_default()
    }
}

/// Masks what a rule would see in a text that is to be sent, and cuts it.
struct Guard<'d> {
    detector: &'d Detector,
    scratch: Scratch,
}

impl<'d> Guard<'d> {
    fn new(detector: &'d Detector) -> Self {
        Self { detector, scratch: Scratch::default() }
    }

    /// `text` without secrets, at most [`MOST_TEXT`] characters, with nothing in it that a terminal would act upon.
    fn text(&mut self, text: &str) -> String {
        let masked = self.detector.masked(&Window::whole(text.as_bytes()), 0..text.len(), &mut self.scratch);
        escape::cut(&escape::terminal(&masked), MOST_TEXT).into_owned()
    }

    /// Where a secret is, as `path:line`.
    fn place(&mut self, place: &Place) -> String {
        let path = place.path.as_deref().map(|path| self.text(path));
        match (path, place.line) {
            (Some(path), Some(line)) => format!("{path}:{line}"),
            (Some(path), None) => path,
            (None, _) => "an object that no tree names".to_owned(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::sweep::owners::By;

    pub(crate) fn notice(number: u64) -> Notice {
        Notice {
            incident: format!("{number:032x}"),
            change: if number.is_multiple_of(2) { Change::New } else { Change::Reopened },
            at: 1_767_323_045,
            rule: "github-pat".to_owned(),
            provider: "github".to_owned(),
            name: "GitHub personal access token (classic)".to_owned(),
            severity: "critical".to_owned(),
            masked: "ghp_…x8Q2".to_owned(),
            verdict: "unchecked".to_owned(),
            repositories: 40,
            occurrences: 41,
            places: vec![Place {
                repository: "acme/app".to_owned(),
                path: Some("deploy/.env".to_owned()),
                line: Some(3),
            }],
            owner: Some(Owner { team: Some("@acme/ops".to_owned()), person: None, by: By::CodeOwners }),
        }
    }

    pub(crate) fn pending(notices: u64, more: u64) -> Pending {
        Pending { key: "1a2b3c4d".to_owned(), notices: (1..=notices).map(notice).collect(), more }
    }

    #[test]
    fn the_same_incidents_are_the_same_message() {
        let id = pending(3, 0).id();
        assert_eq!(id, pending(3, 0).id());
        assert!(id.starts_with("msg_") && id.len() == 36 && !id.contains('.'), "{id}");
        let mut later = pending(3, 0);
        later.notices[0].at += 1;
        let mut other = pending(3, 0);
        other.notices[0].change = Change::New;
        for pending in [pending(2, 1), pending(3, 1), pending(4, 0), later, other] {
            assert_ne!(pending.id(), id);
        }
    }
}
