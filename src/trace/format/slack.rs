//! Audit logs of Slack.
//!
//! Entries of the Audit Logs API: <https://docs.slack.dev/admins/audit-logs-api>,
//! names of actions: <https://docs.slack.dev/reference/audit-logs-api/methods-actions-reference>.

use serde_json::Value;

use super::{
    super::{
        event::{Format, Outcome, Persistence},
        time::Zone,
    },
    Said, field,
};

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    let action = field::text(value, &["action"])?;
    value.get("date_create")?;
    value.get("context")?;
    let said = Said {
        at: field::instant(value, &["date_create"], zone),
        address: field::address(value, &["context.ip_address"]),
        agent: field::text(value, &["context.ua"]),
        object: object(value),
        outcome: if field::says(&action, &["fail", "denied"]) { Outcome::Denied } else { Outcome::Allowed },
        principal: field::text(value, &["actor.user.email", "actor.user.id", "actor.user.name"]),
        persistence: persistence(&action),
        action,
        ..Said::default()
    };
    Some((Format::SlackAudit, said))
}

fn object(value: &Value) -> Option<String> {
    let kind = field::text(value, &["entity.type"])?;
    let entity = value.get("entity")?.get(&kind)?;
    field::text(entity, &["name", "email", "title", "id"])
}

fn persistence(action: &str) -> Option<Persistence> {
    Some(match action {
        "app_token_preserved" | "user_passkey_created" | "seamless_auth_user_token_created" => Persistence::KeyCreated,
        "user_created" | "guest_created" | "org_owner_created" => Persistence::UserCreated,
        "app_installed"
        | "org_app_installed"
        | "app_approved"
        | "app_scopes_expanded"
        | "role_change_to_admin"
        | "role_change_to_owner"
        | "role_assigned"
        | "user_added_to_usergroup" => Persistence::Granted,
        "workflow_created" | "workflow_published" | "service_owner_transferred" => Persistence::HookCreated,
        "external_shared_channel_connected" | "external_shared_channel_invite_accepted" => Persistence::ForwardingRule,
        "pref.two_factor_auth_changed"
        | "pref.sso_setting_changed"
        | "pref.dlp_access_changed"
        | "pref.anomaly_event_response_changed"
        | "user_anomaly_event_response_allowlist_changed"
        | "ip_allowlist_disabled" => Persistence::LogTurnedOff,
        _ => return None,
    })
}
