//! Tells providers to end tokens.
//!
//! Each call is made once, whatever comes back: who repeats a call that changes something does not know what it changes the second time. Asking a person first, verifying afterwards and keeping a record is
//! the caller's.

use std::collections::BTreeSet;

use crate::{
    ask::{Asker, Known, Seen, Unasked},
    incident::Incident,
    net::Failure,
    request::{Did, Field, Lookup, Method, Request, Revocation},
    rule::Rule,
    rules::{
        placeholder::{self, Piece},
        requests::FROM_ENVIRONMENT,
    },
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
    #[error("its provider does not say what the call needs: {}", why)]
    Lookup {
        /// What came instead.
        why: String,
    },
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
    let mut known = Known::new(&incident.secret, &incident.parts, None);
    for name in environment(revocation) {
        let value = variable(&name).filter(|value| !value.is_empty());
        let value = zeroize::Zeroizing::new(value.ok_or_else(|| Error::Environment { name: name.clone() })?);
        known = known.with(&format!("{FROM_ENVIRONMENT}{name}"), value.as_bytes());
    }
    if let Some(lookup) = &revocation.lookup {
        let value = look_up(asker, rule, lookup, &known)?;
        known = known.with(&lookup.name, value.as_bytes());
    }
    let mut call = asker.call(&rule.provider, &revocation.request, &known)?;
    call.repeatable = false;
    let reply = asker.send(&call, &|| false).map_err(Error::Unanswered)?;
    let seen = Seen::of(&reply);
    Ok(match seen.first_of(&revocation.answers) {
        Some(Did::Revoked) => Outcome::Revoked,
        Some(Did::Gone) => Outcome::Gone,
        Some(Did::Failed) | None => Outcome::Refused(seen.status()),
    })
}

fn look_up(asker: &Asker, rule: &Rule, lookup: &Lookup, known: &Known<'_>) -> Result<String, Error> {
    let request = Request {
        source: "".into(),
        compared: true,
        scheme: None,
        method: Method::Get,
        url: lookup.url.clone(),
        headers: lookup.headers.clone(),
        basic: None,
        form: (&[]).into(),
        body: "".into(),
        values: (&[]).into(),
    };
    let call = asker.call(&rule.provider, &request, known)?;
    let reply = asker.send(&call, &|| false).map_err(|failure| Error::Lookup { why: failure.to_string() })?;
    let seen = Seen::of(&reply);
    let status = seen.status();
    let said = seen.field(&Field::Pointer(lookup.at.clone())).filter(|_| (200..300).contains(&status));
    said.ok_or_else(|| Error::Lookup { why: format!("status {status}") })
}

/// The environment variables that a revocation reads.
fn environment(revocation: &Revocation) -> BTreeSet<String> {
    let Revocation { request, lookup, .. } = revocation;
    let mut templates = vec![&request.url, &request.body];
    templates.extend(request.headers.iter().chain(&*request.form).map(|(_, value)| value));
    templates.extend(request.basic.iter().flat_map(|(user, password)| [user, password]));
    templates.extend(lookup.iter().flat_map(|lookup| lookup.headers.iter().map(|(_, value)| value)));
    let names = templates.into_iter().flat_map(|template| placeholder::pieces(template).unwrap_or_default());
    let names = names.filter_map(|piece| match piece {
        Piece::Value { name, .. } => name.strip_prefix(FROM_ENVIRONMENT).map(str::to_owned),
        Piece::Text(_) => None,
    });
    names.collect()
}
