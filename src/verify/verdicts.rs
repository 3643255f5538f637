//! What providers said, remembered: for the run, and for the next one where the user names a file.
//!
//! A token is known by a keyed hash of it and of what was asked; nothing else of it is kept.

use std::{collections::BTreeMap, sync::Mutex};

use serde::{Deserialize, Serialize};

use crate::{
    incident::{Access, IdentityKey},
    sealed::Sealed,
    verdict::{Verdict, Why},
};

/// Verdicts that are no longer asked for.
#[derive(Debug, Default)]
pub struct Verdicts {
    known: Mutex<BTreeMap<String, Known>>,
}

/// What was said of a token, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    active: bool,
    /// Seconds since 1970.
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access: Option<Access>,
}

/// Verdicts as they are kept in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    key: String,
    verdicts: BTreeMap<String, Known>,
}

impl Sealed for Kept {
    const NAME: &'static str = "file of verdicts";
    const SCHEMA: &'static str = "stanch-verdicts/1";

    fn key(&self) -> &str {
        &self.key
    }
}

impl Verdicts {
    /// What was kept under `key`, as far as it was said after `since` (seconds since 1970) and not in the future.
    pub fn of(kept: Kept, key: &IdentityKey, since: i64, now: i64) -> Self {
        let mut known = if kept.key == key.id() { kept.verdicts } else { BTreeMap::new() };
        known.retain(|_, known| (since..=now).contains(&known.at));
        Self { known: Mutex::new(known) }
    }

    /// What to keep, under `key`.
    pub fn kept(&self, key: &IdentityKey) -> Kept {
        Kept { key: key.id().to_owned(), verdicts: self.lock().clone() }
    }

    pub(super) fn get(&self, asked: &str) -> Option<(Verdict, Option<Access>)> {
        let known = self.lock().get(asked)?.clone();
        let verdict = if known.active { Verdict::Active } else { Verdict::Inactive(Why::Rejected) };
        Some((verdict, known.access))
    }

    /// Remembers what a provider said, if that was anything.
    pub(super) fn put(&self, asked: String, verdict: &Verdict, access: Option<&Access>, now: i64) {
        let active = match verdict {
            Verdict::Active => true,
            Verdict::Inactive(Why::Rejected) => false,
            _ => return,
        };
        self.lock().insert(asked, Known { active, at: now, access: access.cloned() });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_age_and_belong_to_a_key() {
        let key = IdentityKey::fixed();
        let verdicts = Verdicts::default();
        verdicts.put("old".to_owned(), &Verdict::Active, None, 100);
        verdicts.put("new".to_owned(), &Verdict::Inactive(Why::Rejected), None, 200);
        verdicts.put("open".to_owned(), &Verdict::Unknown("why".into()), None, 200);
        let kept = verdicts.kept(&key);
        let later = Verdicts::of(kept.clone(), &key, 150, 300);
        assert_eq!((later.get("old"), later.get("open")), (None, None));
        assert_eq!(later.get("new"), Some((Verdict::Inactive(Why::Rejected), None)));
        assert_eq!(Verdicts::of(kept.clone(), &key, 0, 150).get("new"), None, "nothing is known from the future");
        assert_eq!(Verdicts::of(kept, &IdentityKey::new(b"another one"), 0, 300).get("new"), None);
    }
}
