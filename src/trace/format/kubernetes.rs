//! Audit events of Kubernetes.
//!
//! `audit.k8s.io/v1 Event`: <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/>. The last of `sourceIPs` is the peer as the API
//! server saw it; those before it come from headers that anybody can write. A request has an event for each of its stages: the first, `RequestReceived`,
//! is none of its own.

use serde_json::Value;

use super::{
    super::{
        event::{Format, Persistence},
        time::Zone,
    },
    Said, field,
};

pub(super) fn read(value: &Value, zone: &Zone) -> Option<(Format, Said)> {
    let version = field::text(value, &["apiVersion"])?;
    if !version.starts_with("audit.k8s.io/") {
        return None;
    }
    let (verb, uri) = (field::text(value, &["verb"])?, field::text(value, &["requestURI"])?);
    let mut chain = field::at(value, "sourceIPs").and_then(Value::as_array).into_iter().flatten();
    let mut chain: Vec<_> = chain.by_ref().filter_map(|ip| field::ip(ip.as_str()?)).take(32).collect();
    let status = field::status(value, &["responseStatus.code"]);
    let said = Said {
        at: field::instant(value, &["requestReceivedTimestamp", "stageTimestamp"], zone),
        address: chain.pop(),
        forwarded: chain,
        agent: field::text(value, &["userAgent"]),
        action: field::action(&verb, &uri),
        object: object(value),
        outcome: field::outcome(status),
        status,
        principal: field::text(value, &["impersonatedUser.username", "user.username"]),
        persistence: persistence(&verb, value),
        is_announced: field::text(value, &["stage"]).as_deref() == Some("RequestReceived"),
        ..Said::default()
    };
    Some((Format::KubernetesAudit, said))
}

fn object(value: &Value) -> Option<String> {
    let parts = ["objectRef.resource", "objectRef.namespace", "objectRef.name"];
    let parts: Vec<String> = parts.iter().filter_map(|part| field::text(value, &[part])).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn persistence(verb: &str, value: &Value) -> Option<Persistence> {
    let resource = field::text(value, &["objectRef.resource"])?;
    let part = field::text(value, &["objectRef.subresource"]).unwrap_or_default();
    let made = matches!(verb, "create" | "update" | "patch");
    Some(match (resource.as_str(), part.as_str()) {
        ("serviceaccounts", "token") | ("certificatesigningrequests", _) if made => Persistence::KeyCreated,
        ("secrets", _) if verb == "create" => Persistence::KeyCreated,
        ("serviceaccounts", "") if verb == "create" => Persistence::UserCreated,
        ("rolebindings" | "clusterrolebindings" | "roles" | "clusterroles", _) if made => Persistence::Granted,
        ("mutatingwebhookconfigurations", _) | ("cronjobs" | "daemonsets", "") if made => Persistence::HookCreated,
        ("validatingwebhookconfigurations" | "validatingadmissionpolicies" | "events", _)
            if verb.starts_with("delete") =>
        {
            Persistence::LogTurnedOff
        }
        _ => return None,
    })
}
