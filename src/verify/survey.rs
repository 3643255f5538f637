//! What a token that works can reach: asked only by leave of its own, in read-only requests that its provider's pattern file declares.
//!
//! What an answer does not show is not known; a refusal shows nothing.

use std::sync::atomic::Ordering::Relaxed;

use super::{
    online::Verifier,
    question::{Question, Subject, known},
};
use crate::{
    ask::{Known, Seen, Stopped},
    incident::{Access, Resource},
    request::{Ask, Survey},
};

impl Verifier<'_> {
    /// Asks what the token of `subject` reaches, which `question` proved to work, and adds it to what is known of its `access`.
    pub(super) fn explore(
        &self,
        (subject, question): (&Subject<'_>, &Question),
        survey: &Survey,
        access: &mut Access,
        stopped: Stopped<'_>,
    ) {
        let mut told = known(subject, &subject.incident.secret, question.region());
        for (name, value) in [("owner", &access.owner), ("account", &access.account)] {
            told = with_told(told, subject, name, value.as_deref());
        }
        for lookup in &*survey.lookups {
            self.requests.fetch_add(1, Relaxed);
            // What needs the value of one that fails is not asked.
            let lookup = std::slice::from_ref(lookup);
            told = self.asker.look_up(&subject.rule.provider, lookup, told.clone(), stopped).unwrap_or(told);
        }
        for ask in &*survey.asks {
            let Ok(call) = self.asker.call(&subject.rule.provider, &ask.request, &told) else { continue };
            self.requests.fetch_add(1, Relaxed);
            if let Ok(reply) = self.asker.send(&call, stopped) {
                add_shown(ask, &Seen::of(&reply), access);
            }
        }
        access.powers.sort_unstable();
        access.powers.dedup();
    }
}

/// Adds to `access` what an answer shows.
fn add_shown(ask: &Ask, seen: &Seen<'_>, access: &mut Access) {
    let powers: Vec<_> = seen.all_of(&ask.answers).collect();
    if !powers.is_empty() {
        access.powers.extend(powers.into_iter().flat_map(|powers| powers.iter()));
        access.resources.extend(resource(ask, seen));
    }
}

/// What is known, and what the provider said; what was found with the token goes before that.
fn with_told<'k>(known: Known<'k>, subject: &Subject<'_>, name: &str, told: Option<&str>) -> Known<'k> {
    let is_found = subject.incident.parts.iter().any(|part| part.name == name);
    match told.filter(|_| !is_found) {
        Some(told) => known.with(name, told.as_bytes()),
        None => known,
    }
}

/// What an answer names.
fn resource(ask: &Ask, seen: &Seen<'_>) -> Option<Resource> {
    let mut names = ask.names.as_ref().map(|field| seen.names(field)).unwrap_or_default();
    let count = ask.total.as_ref().and_then(|field| seen.field(field)?.parse().ok());
    names.truncate(Resource::MOST_NAMES);
    let is_something = count.map_or(!names.is_empty(), |count: u64| count > 0);
    is_something.then(|| Resource { kind: ask.kind.clone().into_owned(), count, names })
}
