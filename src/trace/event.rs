//! One thing that a log says was done, in words that all logs share, and the leaked token that it was done with.
//!
//! What a log leaves open stays open: nothing here is guessed. Strings are as the log has them, values of the tokens looked
//! for masked, and not yet escaped.

use std::{net::IpAddr, sync::Arc};

use crate::{rule::names, secret::Secret, text::Text};

/// One thing that a log says was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in microseconds since 1970 UTC; nothing where the log does not say, or says what is no time.
    pub at: Option<i64>,
    /// Where it was read.
    pub origin: Origin,
    /// What kind of log says so.
    pub format: Format,
    /// Who did it, as the server saw its peer.
    pub address: Option<IpAddr>,
    /// Who the request said it came from (`X-Forwarded-For`), nearest to the client first. Anybody can write this.
    pub forwarded: Arc<[IpAddr]>,
    /// The user agent, as claimed.
    pub agent: Option<Arc<str>>,
    /// What was done: method and path without query, or an API's name of it.
    pub action: Arc<str>,
    /// What it was done to.
    pub object: Option<Arc<str>>,
    /// What came of it.
    pub outcome: Outcome,
    /// The HTTP status that was answered.
    pub status: Option<u16>,
    /// The bytes that were answered.
    pub bytes: Option<u64>,
    /// Who the log says it was: an account, user or service.
    pub principal: Option<Arc<str>>,
    /// Which of the tokens looked for was used, by its place in the list of them; nothing for an event of a principal or an
    /// address that was asked for.
    pub token: Option<usize>,
    /// By what the token was known; something exactly where `token` is.
    pub matched: Option<Matched>,
    /// What is left behind by it that outlives the token.
    pub persistence: Option<Persistence>,
}

impl Event {
    /// Where the request came from, and whether only the request says so.
    ///
    /// The address that the server saw counts. What the request says can be forged, so it is heard only where the server saw nothing but a machine of its own network, and
    /// then the last public address of the chain is taken, which that machine added.
    pub fn source(&self) -> (Option<IpAddr>, bool) {
        let peer = self.address.map(|peer| peer.to_canonical());
        if peer.is_some_and(is_public) {
            return (peer, false);
        }
        let claimed = self.forwarded.iter().rev().map(IpAddr::to_canonical).find(|&address| is_public(address));
        claimed.map_or((peer, false), |claimed| (Some(claimed), true))
    }
}

/// Whether an address is one that the whole internet reaches (RFC 6890), roughly: documentation's addresses count as public.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared)
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local())
        }
    }
}

/// Where an event was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Which log, by its place among those read.
    pub log: u32,
    /// The line on which its record begins, from 1.
    pub line: u64,
    /// Which of several records that begin on one line, from 0.
    pub record: u32,
}

/// What came of what was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It was done.
    Allowed,
    /// It was refused for want of rights, or of a login.
    Denied,
    /// It was let through and failed for another reason.
    Failed,
    /// The log does not say.
    #[default]
    Unknown,
}

names!(Outcome { Allowed = "allowed", Denied = "denied", Failed = "failed", Unknown = "unknown" });

/// By what a token was known in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matched {
    /// By its value, as it is or encoded.
    Value,
    /// By the public half that names it.
    KeyId,
    /// By a hash of it that the provider documents.
    Hash,
    /// By the id that it holds of itself (`jti`).
    Jti,
    /// By whom it was issued to (`sub`): another token of theirs looks the same.
    Subject,
    /// By the session that it belongs to (`sid`).
    SessionId,
}

names!(Matched {
    Value = "value",
    KeyId = "key-id",
    Hash = "hash",
    Jti = "jti",
    Subject = "subject",
    SessionId = "session-id",
});

/// What an intruder leaves behind to come back by, or not to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Persistence {
    /// A key, token, password or certificate was made, or put in another one's place.
    KeyCreated,
    /// A user, account or machine was added.
    UserCreated,
    /// Rights were given, or a program was allowed to act for a user.
    Granted,
    /// A hook or a subscription was set up, which sends what happens elsewhere.
    HookCreated,
    /// A rule that forwards mail, calls or traffic was set up.
    ForwardingRule,
    /// A log, an alert or a safeguard was turned off or cut down.
    LogTurnedOff,
}

names!(Persistence {
    KeyCreated = "key-created",
    UserCreated = "user-created",
    Granted = "granted",
    HookCreated = "hook-created",
    ForwardingRule = "forwarding-rule",
    LogTurnedOff = "log-turned-off",
});

/// A kind of log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Common Log Format.
    Common,
    /// Combined Log Format.
    Combined,
    /// JSON of nginx.
    Nginx,
    /// JSON of Apache.
    Apache,
    /// AWS CloudTrail.
    CloudTrail,
    /// AWS Application Load Balancer.
    Alb,
    /// AWS CloudFront.
    CloudFront,
    /// Google Cloud audit logs.
    GcpAudit,
    /// Microsoft Entra sign-ins.
    AzureSignIn,
    /// Azure activity log.
    AzureActivity,
    /// GitHub audit log.
    GithubAudit,
    /// GitLab audit events.
    GitlabAudit,
    /// Okta System Log.
    Okta,
    /// Slack audit logs.
    SlackAudit,
    /// Cloudflare HTTP requests.
    Cloudflare,
    /// Kubernetes audit log.
    KubernetesAudit,
    /// HTTP archive of a browser.
    Har,
    /// JSON with fields that the user named, or that are usual.
    Json,
    /// CSV with columns that the user named, or that are usual.
    Csv,
}

names!(Format {
    Common = "common",
    Combined = "combined",
    Nginx = "nginx-json",
    Apache = "apache-json",
    CloudTrail = "aws-cloudtrail",
    Alb = "aws-alb",
    CloudFront = "aws-cloudfront",
    GcpAudit = "gcp-audit",
    AzureSignIn = "azure-sign-in",
    AzureActivity = "azure-activity",
    GithubAudit = "github-audit",
    GitlabAudit = "gitlab-audit",
    Okta = "okta",
    SlackAudit = "slack-audit",
    Cloudflare = "cloudflare",
    KubernetesAudit = "kubernetes-audit",
    Har = "har",
    Json = "json",
    Csv = "csv",
});

/// A leaked token that logs are searched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The incident that it is, if a report named it.
    pub incident: Option<Text>,
    /// The rule that found it.
    pub rule: Text,
    /// Its masked form.
    pub masked: String,
    /// What it looks like in logs.
    pub needles: Vec<Needle>,
    /// Since when others could have it, in microseconds since 1970 UTC.
    pub leaked_at: Option<i64>,
    /// What leaked it.
    pub leaked_by: Option<Leak>,
    /// Since when it works no more, in microseconds since 1970 UTC.
    pub revoked_at: Option<i64>,
    /// Since when there is such a token, if it says so itself, in microseconds since 1970 UTC.
    pub issued_at: Option<i64>,
}

/// One thing to look for in logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    /// The bytes; an id that is no secret is kept so too.
    pub bytes: Secret,
    /// What it is of the token.
    pub matched: Matched,
}

/// The commit that leaked a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Its id.
    pub commit: String,
    /// Where the token stood in it.
    pub path: Option<String>,
}
