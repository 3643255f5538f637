//! Tells providers to end tokens.
//!
//! Each call is made once, whatever comes back: who repeats a call that changes something does not know what it changes the second time. Asking a person first, verifying afterwards and keeping a record is
//! the caller's.

use std::collections::BTreeSet;

use crate::{
    ask::{Asker, Known, Seen, Unasked, Unlearnt},
    incident::Incident,
    net::{self, Failure},
    request::{Batch, Did, Revocation},
    rule::Rule,
    rules::requests::{self, FROM_ENVIRONMENT},
};

/// What became of a token that was to be ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its provider ended it.
    Revoked,
    /// It was dead before.
    Gone,
    /// Its provider answered otherwise, with this status.
    Refused(u16),
}

/// Why nobody was told to end a token, or what came of it is not known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be made.
    #[error(transparent)]
    Unasked(#[from] Unasked),
    /// Another credential is needed.
    #[error("it needs another credential, in the environment variable {name}")]
    Environment {
        /// The variable.
        name: String,
    },
    /// What it needs to know first cannot be learnt.
    #[error(transparent)]
    Unlearnt(#[from] Unlearnt),
    /// There is no answer. Whether anything was done is not known.
    #[error("{0}; whether it was done is not known")]
    Unanswered(Failure),
}

/// What a revocation would do, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: &'static str,
    /// The address, as its template.
    pub url: String,
    /// The environment variables that it needs.
    pub environment: BTreeSet<String>,
    /// What works no more afterwards.
    pub breaks: String,
}

impl Call {
    /// What `revocation` would do.
    pub fn of(revocation: &Revocation) -> Self {
        Self {
            method: revocation.request.method.name(),
            url: revocation.request.url.to_string(),
            environment: environment(revocation),
            breaks: revocation.breaks.to_string(),
        }
    }
}

/// Tells the provider of `incident`, which `rule` found, to end its token; `variable` reads the environment.
///
/// # Errors
/// Where there is no call for it, it could not be made, or nobody answered.
pub fn revoke(
    asker: &Asker,
    (rule, revocation): (&Rule, &Revocation),
    incident: &Incident,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Outcome, Error> {
    let known = with_environment(revocation, incident, variable)?;
    let known = asker.look_up(&rule.provider, &revocation.lookups, known, &|| false)?;
    send(asker, revocation, asker.call(&rule.provider, &revocation.request, &known)?)
}

/// The same for several incidents of one provider by one call, as its `batch` has it.
///
/// # Errors
/// As for one; what comes of the call comes of all.
pub fn revoke_all(
    asker: &Asker,
    (rule, revocation, batch): (&Rule, &Revocation, &Batch),
    incidents: &[&Incident],
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Outcome, Error> {
    let known = incidents.iter().map(|incident| with_environment(revocation, incident, variable));
    let known = known.collect::<Result<Vec<_>, _>>()?;
    send(asker, revocation, asker.call_for_all(&rule.provider, &revocation.request, &batch.each, &known)?)
}

/// What is known of an incident, and what the environment has.
fn with_environment<'i>(
    revocation: &Revocation,
    incident: &'i Incident,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Known<'i>, Error> {
    let mut known = Known::new(&incident.secret, &incident.parts, None);
    for name in environment(revocation) {
        let value = variable(&name).filter(|value| !value.is_empty());
        let value = zeroize::Zeroizing::new(value.ok_or_else(|| Error::Environment { name: name.clone() })?);
        known = known.with(&format!("{FROM_ENVIRONMENT}{name}"), value.as_bytes());
    }
    Ok(known)
}

/// Makes the call, once.
fn send(asker: &Asker, revocation: &Revocation, mut call: net::Call) -> Result<Outcome, Error> {
    call.repeatable = false;
    let reply = asker.send(&call, &|| false).map_err(Error::Unanswered)?;
    let seen = Seen::of(&reply);
    Ok(match seen.first_of(&revocation.answers) {
        Some(Did::Revoked) => Outcome::Revoked,
        Some(Did::Gone) => Outcome::Gone,
        Some(Did::Failed) | None => Outcome::Refused(seen.status()),
    })
}

/// The environment variables that a revocation reads.
fn environment(revocation: &Revocation) -> BTreeSet<String> {
    let lookups = revocation.lookups.iter().map(|lookup| &lookup.request);
    let names = lookups.chain([&revocation.request]).flat_map(requests::named);
    names.filter_map(|name| name.strip_prefix(FROM_ENVIRONMENT).map(str::to_owned)).collect()
}
