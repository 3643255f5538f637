//! Audit events of GitLab: its API's, the streamed ones, and `audit_json.log`.
//!
//! <https://docs.gitlab.com/user/compliance/audit_event_schema>, <https://docs.gitlab.com/api/audit_events/>.

use serde_json::Value;

use super::{
    super::{
        event::{Format, Outcome, Persistence},
        time::Zone,
    },
    Said, field,
};

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    value.get("author_id")?;
    value.get("entity_type")?;
    let details = value.get("details").unwrap_or(value);
    let action = action(value, details)?;
    let said = Said {
        at: field::instant(value, &["created_at", "time"], zone),
        address: field::address(value, &["ip_address"]).or_else(|| field::address(details, &["ip_address"])),
        object: field::text(value, &["entity_path", "target_details"])
            .or_else(|| field::text(details, &["entity_path", "target_details"])),
        outcome: if field::says(&action, &["fail", "denied"]) { Outcome::Denied } else { Outcome::Allowed },
        principal: field::text(value, &["author_name"])
            .or_else(|| field::text(details, &["author_name", "author_email"]))
            .or_else(|| field::text(value, &["author_id"])),
        persistence: persistence(&action),
        action,
        ..Said::default()
    };
    Some((Format::GitlabAudit, said))
}

fn action(value: &Value, details: &Value) -> Option<String> {
    let named = field::text(value, &["event_type", "event_name"]);
    named.or_else(|| field::text(details, &["event_name", "custom_message"])).or_else(|| {
        let verb =
            ["add", "change", "remove", "failed_login", "with"].into_iter().find(|verb| details.get(verb).is_some())?;
        Some(format!("{verb} {}", field::text(details, &[verb]).unwrap_or_default()).trim().to_owned())
    })
}

fn persistence(action: &str) -> Option<Persistence> {
    let name = action.to_ascii_lowercase().replace(' ', "_");
    let made = ["add", "create", "register"].iter().any(|verb| name.contains(verb));
    let off = ["remove", "delete", "destroy", "disable", "update"].iter().any(|verb| name.contains(verb));
    let about = |words: &[&str]| words.iter().any(|word| name.contains(word));
    Some(if off && about(&["streaming", "audit_event", "push_rule", "two_factor", "protected_branch"]) {
        Persistence::LogTurnedOff
    } else if !made {
        return None;
    } else if about(&["token", "ssh_key", "deploy_key", "gpg_key"]) {
        Persistence::KeyCreated
    } else if about(&["webhook", "integration", "streaming"]) {
        Persistence::HookCreated
    } else if about(&["access", "member", "permission"]) {
        Persistence::Granted
    } else if about(&["user", "runner"]) {
        Persistence::UserCreated
    } else {
        return None;
    })
}
