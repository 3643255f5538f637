//! What of a push is allowed by the push itself: whoever pushes writes the comments in it, so they are shown to whoever looks after the
//! repository (law 9).

use crate::{
    incident::Incident,
    known::{
        allows::Allow,
        baseline::{Baseline, Entry},
    },
};

/// Takes out of `incidents` what is allowed, and gives back what comments in the scanned text allow. What `allows` and `baseline` name was allowed before.
pub fn take(incidents: &mut Vec<Incident>, allows: &[Allow], baseline: Option<&Baseline>) -> Vec<Incident> {
    let mut allowed = Vec::new();
    incidents.retain_mut(|incident| {
        let entry = baseline.and_then(|baseline| baseline.entries.get(&incident.id)).map(Entry::words);
        let is_known =
            |reason: &str| allows.iter().any(|allow| allow.reason == reason) || entry.as_deref() == Some(reason);
        let by_comment = |reason: &Option<String>| reason.as_deref().is_some_and(|reason| !is_known(reason));
        if incident.occurrences.iter().all(|occurrence| occurrence.allowed_by.is_some()) {
            incident.occurrences.retain(|occurrence| by_comment(&occurrence.allowed_by));
            if !incident.occurrences.is_empty() {
                allowed.push(incident.clone());
            }
            return false;
        }
        incident.occurrences.retain(|occurrence| occurrence.allowed_by.is_none());
        true
    });
    allowed
}
