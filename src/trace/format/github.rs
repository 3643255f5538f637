//! The audit log of GitHub, as exported, streamed or listed by its API.
//!
//! `hashed_token` is the SHA-256 of the token that was used, in base64. Fields:
//! <https://docs.github.com/en/enterprise-cloud@latest/admin/monitoring-activity-in-your-enterprise/reviewing-audit-logs-for-your-enterprise/identifying-audit-log-events-performed-by-an-access-token>;
//! names of events: <https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/audit-log-events-for-your-organization>.

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
    // Many an application writes `action` and `actor`, too.
    let ours = ["_document_id", "hashed_token", "actor_ip", "actor_id", "org_id", "business"];
    let is_ours = action.contains('.') && ours.iter().any(|name| value.get(name).is_some());
    value.get("@timestamp").or_else(|| value.get("created_at"))?;
    if !is_ours || value.get("actor").is_some_and(Value::is_object) {
        return None;
    }
    let status = field::status(value, &["status_code"]);
    let said = Said {
        at: field::instant(value, &["@timestamp", "created_at"], zone),
        address: field::address(value, &["actor_ip"]),
        agent: field::text(value, &["user_agent"]),
        object: field::text(value, &["repo", "repository", "team", "user", "org", "business"]),
        outcome: if status.is_some() { field::outcome(status) } else { Outcome::Allowed },
        status,
        principal: field::text(value, &["actor", "actor_id", "user"]),
        persistence: persistence(&action),
        credential: Some(field::text(value, &["hashed_token"]).unwrap_or_default()),
        action: match field::text(value, &["url_path"]) {
            Some(path) => field::action(&field::text(value, &["request_method"]).unwrap_or_default(), &path),
            None => action,
        },
        ..Said::default()
    };
    Some((Format::GithubAudit, said))
}

fn persistence(action: &str) -> Option<Persistence> {
    let (kind, verb) = action.split_once('.')?;
    Some(match (kind, verb) {
        // A deploy key is a `public_key`, too.
        ("public_key" | "git_signing_ssh_public_key" | "gpg_key" | "personal_access_token", "create")
        | ("personal_access_token", "request_created" | "access_granted" | "credential_regenerated")
        | ("oauth_access", "create" | "regenerate") => Persistence::KeyCreated,
        ("org", "add_member" | "invite_member" | "add_outside_collaborator" | "register_self_hosted_runner")
        | ("repo" | "enterprise", "register_self_hosted_runner") => Persistence::UserCreated,
        ("repo", "add_member" | "access") | ("org", "update_member" | "oauth_app_access_approved") => {
            Persistence::Granted
        }
        ("team", "add_member" | "add_repository" | "update_repository_permission")
        | ("integration_installation", "create" | "repositories_added")
        | ("oauth_authorization", "create") => Persistence::Granted,
        ("hook", "create" | "config_changed" | "events_changed") => Persistence::HookCreated,
        ("audit_log_streaming", "destroy" | "update")
        | (
            "repository_secret_scanning"
            | "repository_secret_scanning_push_protection"
            | "repository_vulnerability_alerts",
            "disable",
        )
        | ("protected_branch", "destroy" | "policy_override")
        | ("two_factor_authentication", "disabled")
        | ("org", "disable_two_factor_requirement" | "disable_saml" | "secret_scanning_push_protection_disable") => {
            Persistence::LogTurnedOff
        }
        _ => return None,
    })
}
