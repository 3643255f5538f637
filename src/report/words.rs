//! What reports for people say of a class or a place. Escaping it is the caller's.

use crate::{
    incident::{Occurrence, Reach, SourceKind},
    rule::Class,
};

/// What a secret of this class is to whoever holds it.
pub(super) fn meaning(class: Class) -> &'static str {
    match class {
        Class::AccessToken => "whoever holds it acts with the rights of its user or application",
        Class::RefreshToken => "whoever holds it makes new access tokens",
        Class::ApiKey => "whoever holds it acts for an account or project",
        Class::ServiceAccount => "whoever holds it acts as a machine identity",
        Class::Session => "whoever holds it is logged in",
        Class::Password => "whoever holds it can log in",
        Class::PrivateKey => "whoever holds it can sign, decrypt or log in as its owner",
        Class::ConnectionString => "whoever holds it can log in to the service that it names",
        Class::Webhook => "whoever holds it can send messages to its address",
    }
}

/// How an occurrence can still be got at; `refs` says in whose history it is, as ` of main`. Nothing where there is nothing to say.
pub(super) fn standing(found: &Occurrence, refs: &str) -> Option<String> {
    let Some(git) = &found.git else {
        return (found.source == SourceKind::File).then(|| "in the working tree".to_owned());
    };
    if git.in_head {
        return Some("still at HEAD".to_owned());
    }
    let place = match git.reach {
        Reach::Head => "at HEAD".to_owned(),
        Reach::Ref => format!("in the history{refs}"),
        Reach::Stash => "in a stash".to_owned(),
        Reach::Reflog => "in the reflog".to_owned(),
        Reach::Index => "in the index".to_owned(),
        Reach::Unreachable => "in the object store, unreachable".to_owned(),
    };
    Some(match (found.source, git.reach) {
        (SourceKind::File, _) => format!("in the working tree, and {place}"),
        (_, Reach::Ref) => format!("not in the files at HEAD, but still {place}"),
        (_, Reach::Head) => format!("still {place}"),
        (_, Reach::Unreachable) => "unreachable, but still in the object store".to_owned(),
        _ => format!("only {place}"),
    })
}
