//! The System Log of Okta.
//!
//! `LogEvent`: <https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/>; names of events:
//! <https://developer.okta.com/docs/reference/api/event-types/>. `client.ipAddress` is the peer; `request.ipChain` is what the request went through.

use serde_json::Value;

use super::{
    super::{
        event::{Format, Outcome, Persistence},
        time::Zone,
    },
    Said, field,
};

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    let name = field::text(value, &["eventType"])?;
    value.get("actor")?.get("alternateId")?;
    let chain = field::at(value, "request.ipChain").and_then(Value::as_array);
    let said = Said {
        at: field::instant(value, &["published"], zone),
        address: field::address(value, &["client.ipAddress"]),
        forwarded: chain.into_iter().flatten().filter_map(|hop| field::address(hop, &["ip"])).take(32).collect(),
        agent: field::text(value, &["client.userAgent.rawUserAgent"]),
        object: field::text(value, &["target.0.displayName", "target.0.alternateId"]),
        outcome: match field::text(value, &["outcome.result"]).as_deref() {
            Some("SUCCESS" | "ALLOW") => Outcome::Allowed,
            Some("DENY") => Outcome::Denied,
            Some("FAILURE") => failed(value),
            _ => Outcome::Unknown,
        },
        principal: field::text(value, &["actor.alternateId", "actor.id"]),
        persistence: persistence(&name),
        action: name,
        ..Said::default()
    };
    Some((Format::Okta, said))
}

fn failed(value: &Value) -> Outcome {
    let reason = field::text(value, &["outcome.reason"]).unwrap_or_default();
    let denied = field::says(&reason, &["invalid", "denied", "lock", "credential", "policy", "mfa"]);
    if denied { Outcome::Denied } else { Outcome::Failed }
}

fn persistence(name: &str) -> Option<Persistence> {
    Some(match name {
        "system.api_token.create"
        | "app.oauth2.client.lifecycle.create"
        | "user.account.reset_password"
        | "user.account.update_password" => Persistence::KeyCreated,
        "user.lifecycle.create"
        | "user.lifecycle.activate"
        | "user.lifecycle.reactivate"
        | "system.idp.lifecycle.create"
        | "user.mfa.factor.activate" => Persistence::UserCreated,
        "user.account.privilege.grant"
        | "group.privilege.grant"
        | "group.user_membership.add"
        | "application.user_membership.add"
        | "app.oauth2.as.consent.grant" => Persistence::Granted,
        "event_hook.created" | "inline_hook.created" => Persistence::HookCreated,
        "system.log_stream.lifecycle.deactivate"
        | "system.log_stream.lifecycle.delete"
        | "policy.lifecycle.deactivate"
        | "policy.lifecycle.delete"
        | "policy.rule.deactivate"
        | "policy.rule.delete"
        | "user.mfa.factor.deactivate"
        | "user.mfa.factor.reset_all"
        | "zone.update" => Persistence::LogTurnedOff,
        _ => return None,
    })
}
