//! Sign-ins of Microsoft Entra and the activity log of Azure.
//!
//! As diagnostic settings write them (<https://learn.microsoft.com/en-us/azure/active-directory/reports-monitoring/reference-azure-monitor-sign-ins-log-schema>,
//! <https://learn.microsoft.com/en-us/azure/azure-monitor/essentials/activity-log-schema>), and as Microsoft Graph lists sign-ins
//! (<https://learn.microsoft.com/en-us/graph/api/resources/signin>).

use serde_json::Value;

use super::{
    super::{
        event::{Format, Outcome, Persistence},
        time::Zone,
    },
    Said, field,
};

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    if value.get("createdDateTime").is_some() && value.get("appId").is_some() && value.get("ipAddress").is_some() {
        return Some((Format::AzureSignIn, sign_in(value, value, zone)));
    }
    let operation = field::text(value, &["operationName", "operationName.value"])?;
    let category = field::text(value, &["category", "category.value"]).unwrap_or_default();
    if field::says(&category, &["signinlogs"]) {
        return Some((Format::AzureSignIn, sign_in(value, value.get("properties")?, zone)));
    }
    value.get("resourceId").or_else(|| value.get("eventDataId"))?;
    Some((Format::AzureActivity, activity(value, operation, zone)))
}

fn sign_in(record: &Value, properties: &Value, zone: &Zone) -> Said {
    let code = field::number(properties, &["status.errorCode"]).or_else(|| field::number(record, &["resultType"]));
    Said {
        at: field::instant(properties, &["createdDateTime"], zone).or_else(|| field::instant(record, &["time"], zone)),
        address: field::address(properties, &["ipAddress"]).or_else(|| field::address(record, &["callerIpAddress"])),
        agent: field::text(properties, &["userAgent", "deviceDetail.browser"]),
        action: "Sign-in activity".to_owned(),
        object: field::text(properties, &["resourceDisplayName", "appDisplayName"]),
        outcome: match code {
            Some(0) => Outcome::Allowed,
            Some(_) => Outcome::Denied,
            None => Outcome::Unknown,
        },
        principal: field::text(
            properties,
            &["userPrincipalName", "servicePrincipalName", "userId", "servicePrincipalId"],
        ),
        ..Said::default()
    }
}

fn activity(value: &Value, operation: String, zone: &Zone) -> Said {
    let result = field::text(value, &["resultType", "status.value", "resultSignature"]).unwrap_or_default();
    let status =
        field::text(value, &["subStatus.value", "resultSignature", "properties.statusCode"]).unwrap_or_default();
    let outcome = if field::says(&status, &["forbidden", "unauthorized"]) {
        Outcome::Denied
    } else if field::says(&result, &["fail"]) {
        Outcome::Failed
    } else if field::says(&result, &["succe", "accept", "start", "resolve"]) {
        Outcome::Allowed
    } else {
        Outcome::Unknown
    };
    Said {
        at: field::instant(value, &["time", "eventTimestamp"], zone),
        address: field::address(value, &["callerIpAddress", "httpRequest.clientIpAddress"]),
        object: field::text(value, &["resourceId"]),
        persistence: persistence(&operation),
        action: operation,
        outcome,
        principal: field::text(
            value,
            &[
                "caller",
                "identity.claims.http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
                "identity.authorization.evidence.principalId",
                "identity",
            ],
        ),
        ..Said::default()
    }
}

fn persistence(operation: &str) -> Option<Persistence> {
    let name = operation.to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    Some(if any(&["listkeys/action", "regeneratekey", "credentials/write", "sshpublickeys/write"]) {
        Persistence::KeyCreated
    } else if any(&["userassignedidentities/write", "virtualmachines/extensions/write"]) {
        Persistence::UserCreated
    } else if any(&["roleassignments/write", "roledefinitions/write", "elevateaccess"]) {
        Persistence::Granted
    } else if any(&["eventsubscriptions/write", "webhooks/write"]) {
        Persistence::HookCreated
    } else if any(&["networksecuritygroups/securityrules/write", "virtualnetworkpeerings/write"]) {
        Persistence::ForwardingRule
    } else if any(&["diagnosticsettings/delete", "activitylogalerts/delete", "metricalerts/delete", "locks/delete"]) {
        Persistence::LogTurnedOff
    } else {
        return None;
    })
}
