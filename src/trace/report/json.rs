//! One document for machines: `{"schema":"stanch/1","tool":{…},"traces":[…],"logs":[…]}`.

use serde_json::{Value, json};

use super::{Traced, missing, remarks, time};
use crate::trace::{
    beside::Beside,
    event::Token,
    judge::{Actor, Evidence, Judgement, Sign},
    log::Log,
};

/// All of `traced` as one document.
pub fn json(traced: &Traced<'_>) -> Value {
    let tokens: Vec<Value> = traced.each().map(|each| trace(traced, each)).collect();
    let logs = traced.logs.iter().map(|log| {
        json!({ "name": log.name, "lines": log.lines, "bytes": log.bytes, "first": log.first.map(time),
            "last": log.last.map(time), "unparsed": log.unparsed, "cut": log.cut, "failed": log.failed,
            "clock": clock(log), "remarks": remarks(log) })
    });
    json!({
        "schema": "stanch/1",
        "tool": { "name": "stanch", "version": env!("CARGO_PKG_VERSION") },
        "traces": tokens,
        "logs": logs.collect::<Vec<_>>(),
        "notes": traced.notes,
    })
}

/// How far its times can be relied on.
fn clock(log: &Log) -> Value {
    let skews = log.skews.iter().map(|skew| {
        json!({ "log": skew.name, "ahead_seconds": skew.ahead / 1_000_000, "requests": skew.requests, "by_id": skew.by_id })
    });
    json!({
        "goes_back": log.goes_back(),
        "times_back": log.falls,
        "furthest_back_seconds": log.backwards / 1_000_000,
        "ahead_of_present_seconds": log.ahead / 1_000_000,
        "beside": skews.collect::<Vec<_>>(),
    })
}

fn trace(traced: &Traced<'_>, (token, judgement, beside): (&Token, &Judgement, &[Beside])) -> Value {
    let (uses, refused) = judgement.after_revocation;
    json!({
        "type": "trace",
        "incident": token.incident,
        "rule": token.rule,
        "secret": { "masked": token.masked },
        "leaked_at": token.leaked_at.map(time),
        "leaked_by": token.leaked_by.as_ref().map(|leak| json!({ "commit": leak.commit, "path": leak.path })),
        "revoked_at": token.revoked_at.map(time),
        "verdict": judgement.verdict.name(),
        "sure": judgement.sure.name(),
        "missing": judgement.missing.iter().map(missing).collect::<Vec<_>>(),
        "before": { "uses": judgement.before.0, "days": judgement.before.1 },
        "first": judgement.first.as_ref().map(|first| event(traced, first)),
        "after_revocation": { "uses": uses, "refused": refused },
        "untimed": judgement.untimed,
        "more_users": judgement.more_actors,
        "beside": beside.iter().map(|beside| besides(traced, beside)).collect::<Vec<_>>(),
        "users": judgement.actors.iter().map(|actor| user(traced, actor)).collect::<Vec<_>>(),
    })
}

fn besides(traced: &Traced<'_>, beside: &Beside) -> Value {
    json!({
        "shared": beside.shared.name(),
        "address": beside.address.map(|address| address.to_string()),
        "principal": beside.principal.as_deref(),
        "acts": beside.acts,
        "allowed": beside.outcomes.0,
        "denied": beside.outcomes.1,
        "first": beside.first.iter().map(|first| event(traced, first)).collect::<Vec<_>>(),
        "last": beside.last.map(time),
        "left": beside.left.iter().map(|left| event(traced, left)).collect::<Vec<_>>(),
    })
}

fn user(traced: &Traced<'_>, actor: &Actor) -> Value {
    let counts = |named: &[(String, u64)]| {
        named.iter().map(|(name, uses)| json!({ "name": name, "uses": uses })).collect::<Vec<_>>()
    };
    let addresses: Vec<Value> =
        actor.addresses.iter().map(|(address, uses)| json!({ "address": address.to_string(), "uses": uses })).collect();
    let principals = actor.principals.iter().map(|(name, uses)| json!({ "name": &**name, "uses": uses }));
    let principals: Vec<Value> = principals.collect();
    json!({
        "network": actor.network.as_ref().map(ToString::to_string),
        "organisation": actor.place.system.as_ref().and_then(|system| system.organisation.as_deref()),
        "country": actor.place.country,
        "city": actor.place.city,
        "agent": actor.family,
        "finding": actor.finding.name(),
        "sure": actor.sure.name(),
        "uses": { "before": actor.uses.0, "after": actor.uses.1, "allowed": actor.outcomes.0, "denied": actor.outcomes.1 },
        "bytes": actor.bytes,
        "first": actor.first.as_ref().map(|first| event(traced, first)),
        "last": actor.last.map(time),
        "addresses": addresses,
        "more_addresses": actor.more_addresses,
        "principals": principals,
        "endpoints": counts(&actor.endpoints),
        "objects": counts(&actor.objects),
        "left": actor.left.iter().map(|left| event(traced, left)).collect::<Vec<_>>(),
        "signs": actor.signs.iter().map(|sign| signed(traced, sign)).collect::<Vec<_>>(),
    })
}

fn signed(traced: &Traced<'_>, sign: &Sign) -> Value {
    let evidence: Vec<Value> = sign.evidence.iter().map(|evidence| event(traced, evidence)).collect();
    json!({ "kind": sign.kind.name(), "sure": sign.sure.name(), "text": sign.text, "evidence": evidence })
}

fn event(traced: &Traced<'_>, evidence: &Evidence) -> Value {
    json!({
        "at": evidence.at.map(time),
        "address": evidence.address.map(|address| address.to_string()),
        "agent": evidence.agent.as_deref(),
        "action": &*evidence.action,
        "object": evidence.object.as_deref(),
        "outcome": evidence.outcome.name(),
        "left": evidence.persistence.map(crate::trace::event::Persistence::name),
        "log": traced.logs.get(evidence.origin.log as usize).map(|log| log.name.as_str()),
        "line": evidence.origin.line,
    })
}
