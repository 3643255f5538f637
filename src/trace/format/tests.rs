//! Times, addresses and records that formats have to read alike, or not at all.

use core::net::IpAddr;

use super::*;

/// 2026-01-02T03:04:05Z.
const AT: i64 = 1_767_323_045_000_000;

fn said(record: &str) -> Option<(Format, Said)> {
    read(record.as_bytes(), false, &Reading::default())
}

fn ip(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

#[test]
fn common_and_combined_lines() {
    let (format, common) =
        said(r#"203.0.113.9 - frank [02/Jan/2026:04:04:05 +0100] "GET /a?token=x HTTP/1.0" 200 2326"#).unwrap();
    assert_eq!(format, Format::Common);
    assert_eq!((common.at.unwrap().at, common.address, common.action.as_str()), (AT, ip("203.0.113.9"), "GET /a"));
    assert_eq!((common.principal.as_deref(), common.status, common.bytes), (Some("frank"), Some(200), Some(2326)));
    let line = r#"2001:db8::1 - - [02/Jan/2026:03:04:05 +0000] "POST /x;jsessionid=1 HTTP/1.1" 403 - "http://r/" "curl/8 \"q\"" "198.51.100.7, 10.0.0.1""#;
    let (format, combined) = said(line).unwrap();
    assert_eq!((format, combined.outcome, combined.action.as_str()), (Format::Combined, Outcome::Denied, "POST /x"));
    assert_eq!(combined.agent.as_deref(), Some(r#"curl/8 \"q\""#));
    assert_eq!(
        (combined.address, combined.forwarded),
        (ip("2001:db8::1"), vec![ip("198.51.100.7").unwrap(), ip("10.0.0.1").unwrap()])
    );
}

#[test]
fn what_is_no_record_is_none() {
    for line in [
        "",
        "    at com.example.Main(Main.java:7)",
        "203.0.113.9 said [hello] \"x",
        "{}",
        "{\"a\":1}",
        "[1,2]",
        "{\"log\":",
        "a,b,c",
    ] {
        assert_eq!(said(line), None, "{line}");
    }
}

#[test]
fn a_forged_line_needs_a_line_break_that_no_log_writes() {
    let line = r#"203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] "GET /\x0a198.51.100.1 - root [02/Jan/2026:03:04:05 +0000] \x22GET /admin HTTP/1.1\x22 200 1 HTTP/1.1" 404 1 "-" "-""#;
    let (_, said) = said(line).unwrap();
    assert_eq!((said.address, said.principal, said.status), (ip("203.0.113.9"), None, Some(404)));
}

#[test]
fn server_json() {
    let nginx = r#"{"time_iso8601":"2026-01-02T03:04:05+00:00","remote_addr":"203.0.113.9","remote_user":"frank","request":"GET /a?b HTTP/1.1","status":"200","body_bytes_sent":"5","http_user_agent":"curl","http_x_forwarded_for":"198.51.100.7"}"#;
    let (format, nginx) = said(nginx).unwrap();
    assert_eq!(
        (format, nginx.at.unwrap().at, nginx.action.as_str(), nginx.bytes),
        (Format::Nginx, AT, "GET /a", Some(5))
    );
    assert_eq!(nginx.forwarded, [ip("198.51.100.7").unwrap()]);
    let apache = r#"{"time":"[02/Jan/2026:03:04:05 +0000]","remoteIP":"203.0.113.9","request":"/a","method":"PUT","path":"/a","status":"500","userAgent":"x"}"#;
    let (format, apache) = said(apache).unwrap();
    assert_eq!(
        (format, apache.at.unwrap().at, apache.action.as_str(), apache.outcome),
        (Format::Apache, AT, "PUT /a", Outcome::Failed)
    );
}

#[test]
fn aws() {
    let trail = r#"{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/ci","accessKeyId":"KEY"},"eventTime":"2026-01-02T03:04:05Z","eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","sourceIPAddress":"203.0.113.9","userAgent":"aws-cli/2","requestParameters":{"userName":"evil"}}"#;
    let (format, trail) = said(trail).unwrap();
    assert_eq!(
        (format, trail.action.as_str(), trail.object.as_deref()),
        (Format::CloudTrail, "iam:CreateAccessKey", Some("evil"))
    );
    assert_eq!((trail.persistence, trail.credential.as_deref()), (Some(Persistence::KeyCreated), Some("KEY")));
    let denied = r#"{"userIdentity":{"accessKeyId":"K"},"eventSource":"s3.amazonaws.com","eventName":"ListBuckets","errorCode":"AccessDenied"}"#;
    assert_eq!(said(denied).unwrap().1.outcome, Outcome::Denied);
    let alb = r#"https 2026-01-02T03:04:05.000000Z app/my/50dc 203.0.113.9:2817 10.0.0.1:80 0.086 0.048 0.037 401 401 34 366 "GET https://www.example.com:443/a?b=c HTTP/2.0" "curl/7.46.0" ECDHE TLSv1.2 arn:x "Root=1""#;
    let (format, alb) = said(alb).unwrap();
    assert_eq!(
        (format, alb.action.as_str(), alb.outcome, alb.bytes),
        (Format::Alb, "GET /a", Outcome::Denied, Some(366))
    );
    assert_eq!((alb.address, alb.at.unwrap().at), (ip("203.0.113.9"), AT));
    let front = "2026-01-02\t03:04:05\tLAX1\t2390282\t203.0.113.9\tGET\td1.cloudfront.net\t/f\t200\t-\tMozilla/5.0%20(X)\ta=b\t-\tHit\tid\td1.cloudfront.net\thttps\t23\t0.001\t198.51.100.7\t-";
    let (format, front) = said(front).unwrap();
    assert_eq!(
        (format, front.action.as_str(), front.agent.as_deref()),
        (Format::CloudFront, "GET /f", Some("Mozilla/5.0 (X)"))
    );
    assert_eq!((front.at.unwrap().at, front.forwarded.len()), (AT, 1));
}

#[test]
fn clouds() {
    let gcp = r#"{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","methodName":"google.iam.admin.v1.CreateServiceAccountKey","resourceName":"projects/-/serviceAccounts/1","status":{"code":7},"authenticationInfo":{"principalEmail":"a@p.iam.gserviceaccount.com","serviceAccountKeyName":"//iam.googleapis.com/projects/p/serviceAccounts/a/keys/KEY"},"requestMetadata":{"callerIp":"203.0.113.9","callerSuppliedUserAgent":"gcloud"}},"timestamp":"2026-01-02T03:04:05Z"}"#;
    let (format, gcp) = said(gcp).unwrap();
    assert_eq!(
        (format, gcp.outcome, gcp.persistence),
        (Format::GcpAudit, Outcome::Denied, Some(Persistence::KeyCreated))
    );
    assert!(gcp.credential.unwrap().ends_with("KEY"));
    let sign_in = r#"{"time":"2026-01-02T03:04:05Z","operationName":"Sign-in activity","category":"SignInLogs","resultType":"50140","callerIpAddress":"203.0.113.9","properties":{"userPrincipalName":"a@b.c","status":{"errorCode":50140},"appDisplayName":"Portal"}}"#;
    let (format, sign_in) = said(sign_in).unwrap();
    assert_eq!(
        (format, sign_in.outcome, sign_in.principal.as_deref()),
        (Format::AzureSignIn, Outcome::Denied, Some("a@b.c"))
    );
    let activity = r#"{"time":"2026-01-02T03:04:05Z","resourceId":"/SUBSCRIPTIONS/1","operationName":"MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE","resultType":"Success","callerIpAddress":"203.0.113.9","identity":{"claims":{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn":"a@b.c"}}}"#;
    let (format, activity) = said(activity).unwrap();
    assert_eq!(
        (format, activity.persistence, activity.outcome),
        (Format::AzureActivity, Some(Persistence::Granted), Outcome::Allowed)
    );
    assert_eq!(activity.principal.as_deref(), Some("a@b.c"));
    let flare = r#"{"ClientIP":"203.0.113.9","ClientRequestMethod":"GET","ClientRequestURI":"/a?b","EdgeResponseStatus":404,"EdgeStartTimestamp":1767323045000000000,"ClientRequestUserAgent":"curl"}"#;
    let (format, flare) = said(flare).unwrap();
    assert_eq!((format, flare.at.unwrap().at, flare.action.as_str()), (Format::Cloudflare, AT, "GET /a"));
}

#[test]
fn forges_and_directories() {
    let hub = r#"{"@timestamp":1767323045000,"action":"git.clone","actor":"octocat","actor_ip":"203.0.113.9","hashed_token":"HASH","repo":"o/r","user_agent":"git/2"}"#;
    let (format, hub) = said(hub).unwrap();
    assert_eq!((format, hub.at.unwrap().at, hub.credential.as_deref()), (Format::GithubAudit, AT, Some("HASH")));
    let lab = r#"{"id":"1","author_id":1,"author_name":"Ann","entity_id":2,"entity_type":"Project","entity_path":"g/p","event_type":"project_access_token_created","ip_address":"203.0.113.9","created_at":"2026-01-02T03:04:05.000Z","details":{"custom_message":"x"}}"#;
    let (format, lab) = said(lab).unwrap();
    assert_eq!(
        (format, lab.persistence, lab.principal.as_deref()),
        (Format::GitlabAudit, Some(Persistence::KeyCreated), Some("Ann"))
    );
    let okta = r#"{"eventType":"user.session.start","published":"2026-01-02T03:04:05.000Z","actor":{"alternateId":"a@b.c"},"client":{"ipAddress":"203.0.113.9","userAgent":{"rawUserAgent":"UA"}},"outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"},"request":{"ipChain":[{"ip":"203.0.113.9"}]},"target":[{"displayName":"T"}]}"#;
    let (format, okta) = said(okta).unwrap();
    assert_eq!((format, okta.outcome, okta.object.as_deref()), (Format::Okta, Outcome::Denied, Some("T")));
    let slack = r#"{"id":"1","date_create":1767323045,"action":"app_installed","actor":{"type":"user","user":{"id":"W1","email":"a@b.c"}},"entity":{"type":"app","app":{"name":"Bot"}},"context":{"ua":"UA","ip_address":"203.0.113.9"}}"#;
    let (format, slack) = said(slack).unwrap();
    assert_eq!(
        (format, slack.object.as_deref(), slack.persistence),
        (Format::SlackAudit, Some("Bot"), Some(Persistence::Granted))
    );
    let kube = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","verb":"create","requestURI":"/apis/rbac/v1/clusterrolebindings?x","user":{"username":"system:serviceaccount:a:b"},"sourceIPs":["198.51.100.7","203.0.113.9"],"objectRef":{"resource":"clusterrolebindings","name":"x"},"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-01-02T03:04:05.000000Z"}"#;
    let (format, kube) = said(kube).unwrap();
    assert_eq!((format, kube.address, kube.forwarded.len()), (Format::KubernetesAudit, ip("203.0.113.9"), 1));
    assert_eq!(kube.persistence, Some(Persistence::Granted));
}

#[test]
fn archives_and_container_lines() {
    let har = r#"{"startedDateTime":"2026-01-02T04:04:05.000+01:00","request":{"method":"GET","url":"https://u:p@api.example.com/v1?k=v","headers":[{"name":"User-Agent","value":"UA"}]},"response":{"status":200,"content":{"size":7}}}"#;
    let (format, har) = said(har).unwrap();
    assert_eq!(
        (format, har.at.unwrap().at, har.action.as_str(), har.object.as_deref()),
        (Format::Har, AT, "GET /v1", Some("api.example.com"))
    );
    let docker = r#"{"log":"203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"UA\"\n","stream":"stdout","time":"2026-01-02T03:04:06Z"}"#;
    assert_eq!(said(docker).unwrap().0, Format::Combined);
    let injected = docker.replace("GET /", "GET /\\n198.51.100.1 - root [x] ");
    assert_eq!(said(&injected), None, "a line break in a value begins no record");
}

#[test]
fn mapped_and_usual_fields() {
    let usual =
        r#"{"ts":1767323045.5,"client_ip":"203.0.113.9","user":"ann","method":"GET","path":"/a?b","status":200}"#;
    let (format, usual) = said(usual).unwrap();
    assert_eq!((format, usual.action.as_str(), usual.principal.as_deref()), (Format::Json, "GET /a", Some("ann")));
    let fields = Fields::parse("at=when.utc,address=peer,action=did").unwrap();
    let reading = Reading { fields, ..Reading::default() };
    let (format, mapped) =
        read(br#"{"when":{"utc":"2026-01-02 03:04:05"},"peer":"203.0.113.9:80","did":"login"}"#, false, &reading)
            .unwrap();
    assert_eq!(
        (format, mapped.at.unwrap(), mapped.address),
        (Format::Json, Instant { at: AT, zoned: false }, ip("203.0.113.9"))
    );
    assert!(Fields::parse("when=x").is_err() && Fields::parse("at=").is_err());
    let columns = columns(b"time;ip;user;path\n", &Fields::default());
    let reading = Reading { columns, ..Reading::default() };
    let (format, csv) = read(b"2026-01-02T03:04:05Z;203.0.113.9;\"ann;b\";/a", false, &reading).unwrap();
    assert_eq!((format, csv.principal.as_deref(), csv.action.as_str()), (Format::Csv, Some("ann;b"), "/a"));
}

#[test]
fn a_record_without_its_end_says_what_it_can() {
    let text = r#"203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] "GET /aaaa"#;
    assert_eq!(said(text), None);
    let (_, cut) = read(text.as_bytes(), true, &Reading::default()).unwrap();
    assert_eq!((cut.address, cut.status), (ip("203.0.113.9"), None));
    let har = br#"{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"https://a/b","headers":[]},"response":{"status":200,"content":{"text":"aaaa"#;
    let (format, cut) = read(har, true, &Reading::default()).unwrap();
    assert_eq!((format, cut.status), (Format::Har, Some(200)));
}

#[test]
fn whoever_logs_in_hides_no_time() {
    let line = r#"203.0.113.9 - a [b] [02/Jan/2026:03:04:05 +0000] "GET / HTTP/1.1" 200 1 "-" "-""#;
    let (_, said) = said(line).unwrap();
    assert_eq!((said.at.map(|at| at.at), said.principal.as_deref()), (Some(AT), Some("a [b]")));
}

#[test]
fn what_an_application_calls_an_action_is_not_githubs() {
    let own = r#"{"created_at":"2026-01-02T03:04:05Z","action":"login_failed","actor":"ann","ip":"203.0.113.9"}"#;
    let (format, said) = said(own).unwrap();
    assert_eq!((format, said.outcome, said.address), (Format::Json, Outcome::Unknown, ip("203.0.113.9")));
}

#[test]
fn a_request_to_kubernetes_is_one_use_however_many_stages_it_has() {
    let stage = |stage: &str| {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"{stage}","verb":"get","requestURI":"/api"}}"#
        )
    };
    assert!(said(&stage("RequestReceived")).unwrap().1.is_announced);
    assert!(!said(&stage("ResponseComplete")).unwrap().1.is_announced);
}
