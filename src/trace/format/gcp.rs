//! Google Cloud audit logs: `LogEntry` with an `AuditLog` in `protoPayload`.
//!
//! `authenticationInfo.serviceAccountKeyName` names the key that was used by its id, its last part.
//! <https://cloud.google.com/logging/docs/audit/understanding-audit-logs>,
//! <https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog>.

use serde_json::Value;

use super::{
    super::{
        event::{Format, Outcome, Persistence},
        time::Zone,
    },
    Said, field,
};

/// gRPC's codes for want of rights and want of a login.
const DENIED: [u64; 2] = [7, 16];

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    let audit = value.get("protoPayload")?;
    let name = field::text(audit, &["methodName"])?;
    let code = field::number(audit, &["status.code"]).unwrap_or(0);
    let said = Said {
        at: field::instant(value, &["timestamp", "receiveTimestamp"], zone),
        address: field::address(audit, &["requestMetadata.callerIp"]),
        agent: field::text(audit, &["requestMetadata.callerSuppliedUserAgent"]),
        persistence: persistence(&name),
        action: name,
        object: field::text(audit, &["resourceName"]),
        outcome: match code {
            0 => Outcome::Allowed,
            code if DENIED.contains(&code) => Outcome::Denied,
            _ => Outcome::Failed,
        },
        principal: field::text(audit, &["authenticationInfo.principalEmail", "authenticationInfo.principalSubject"]),
        credential: Some(field::text(audit, &["authenticationInfo.serviceAccountKeyName"]).unwrap_or_default()),
        ..Said::default()
    };
    Some((Format::GcpAudit, said))
}

fn persistence(name: &str) -> Option<Persistence> {
    let last = name.rsplit('.').next().unwrap_or(name);
    Some(match last {
        "CreateServiceAccountKey" | "UploadServiceAccountKey" | "CreateKey" | "AddSecretVersion" => {
            Persistence::KeyCreated
        }
        "CreateServiceAccount" | "CreateUser" | "EnableServiceAccount" => Persistence::UserCreated,
        "SetIamPolicy" | "SetIAMPolicy" | "setIamPolicy" | "setIamPermissions" | "CreateRole" | "UpdateRole" => {
            Persistence::Granted
        }
        "CreateSubscription" | "CreateTrigger" => Persistence::HookCreated,
        "DeleteSink" | "UpdateSink" | "CreateExclusion" | "UpdateExclusion" | "DeleteLog" | "DeleteBucket"
        | "UpdateSettings" | "DeleteAlertPolicy" | "UpdateAlertPolicy" => Persistence::LogTurnedOff,
        _ => return None,
    })
}
