//! What is done about any token of a class, where its provider's steps say nothing.

use crate::{playbook::Phase, rule::Class};

/// What to do in `phase` about any token of `class`.
pub(super) fn step(class: Class, phase: Phase) -> &'static str {
    match phase {
        Phase::Contain => contain(class),
        Phase::Evict => evict(class),
        Phase::Investigate => investigate(class),
        Phase::Rotate => rotate(class),
        Phase::Erase => {
            "Erasing does not un-leak: whoever has a clone, a fork, a cached page or a CI log still has it. End the token first, and erase afterwards, if at all."
        }
        Phase::Prove => "Ask the provider with the old token once more: it has to be refused.",
        Phase::Prevent => prevent(class),
    }
}

fn contain(class: Class) -> &'static str {
    match class {
        Class::Session => {
            "Sign the user out everywhere, which ends the session at the server; deleting a cookie does not."
        }
        Class::Password => "Set a new password, and end the sessions that the old one opened.",
        Class::PrivateKey => {
            "Remove the public key from every place that trusts it, and revoke certificates made for it."
        }
        Class::ConnectionString => {
            "Change the password of the account in it, and let the server be reached from its clients' addresses alone."
        }
        Class::Webhook => "Make a new address in the receiving service and delete this one.",
        Class::AccessToken | Class::RefreshToken | Class::ApiKey | Class::ServiceAccount => {
            "Revoke it at its provider. Everything that uses it fails from then on."
        }
    }
}

fn evict(class: Class) -> &'static str {
    match class {
        Class::AccessToken | Class::ApiKey | Class::ServiceAccount => {
            "Look for what somebody could have left behind with it: further tokens and keys, new users and roles, webhooks, deploy keys, scheduled jobs, changed addresses for mail and recovery. Remove what nobody on the team made."
        }
        Class::RefreshToken => {
            "End the access tokens that were made with it: they outlive it by their own lifetime. Remove the grant, not only the token."
        }
        Class::Session => {
            "Look at what the account can be signed in with: passwords, recovery addresses, second factors, app passwords and connected apps. A session may have added one."
        }
        Class::Password => {
            "End open sessions, app passwords and remembered devices of the account, and look for forwarding rules and recovery addresses that nobody on the team set."
        }
        Class::PrivateKey => {
            "Look for other keys in the same lists of trusted ones (authorized_keys, signing keys, service accounts), and for certificates issued meanwhile."
        }
        Class::ConnectionString => {
            "Look for accounts, roles, triggers, functions and scheduled jobs in the database that nobody on the team made; end open connections."
        }
        Class::Webhook => {
            "Nothing is signed in by it. Delete messages that nobody on the team sent: they may carry links."
        }
    }
}

fn investigate(class: Class) -> &'static str {
    match class {
        Class::Session => {
            "In the access log, follow the session's id (or its hash): a second address or user agent, a country that the user is not in, requests at hours when the user sleeps, many endpoints within minutes."
        }
        Class::Password | Class::ConnectionString => {
            "In the log of sign-ins, look for the account from addresses that are not its clients', failures before a success, sign-ins at odd hours, and queries over whole tables."
        }
        Class::PrivateKey => {
            "In the logs of every host that trusts the key, look for its fingerprint from addresses that are not its owner's; in transparency logs, for certificates with it."
        }
        Class::Webhook => "Look for messages that none of your jobs sent, since the day of the leak.",
        _ => {
            "In the provider's audit log, since the day of the leak: new addresses and user agents, odd hours, bursts over many endpoints, reading of data that was never touched before, and anything that makes credentials."
        }
    }
}

fn rotate(class: Class) -> &'static str {
    match class {
        Class::Session => {
            "Nothing is put in its place: the user signs in again. Let sessions be short, and bound to the client where that can be had."
        }
        Class::PrivateKey => "Make a new pair where it will be used, so that the private half never travels.",
        _ => {
            "Make a new one with the least rights and the shortest life that will do, one for each use, and keep it in a secret store; then replace it in every place that used the old one."
        }
    }
}

fn prevent(class: Class) -> &'static str {
    match class {
        Class::Session => {
            "Keep cookies and Authorization headers out of logs, HAR files, bug reports and shared API collections."
        }
        Class::ApiKey | Class::AccessToken | Class::ServiceAccount => {
            "Let code read it from the environment or a secret store, prefer short-lived tokens of a workload's own identity (OIDC), and scan what is about to be committed: `stanch scan --staged`."
        }
        _ => {
            "Let code read it from the environment or a secret store, and scan what is about to be committed: `stanch scan --staged`."
        }
    }
}
