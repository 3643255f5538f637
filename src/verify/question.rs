//! What is to be asked of an incident, and where.
//!
//! A question is made twice: once to see whom it goes to and whether it may, and once when its turn comes, for what is signed is good for minutes only.

use std::borrow::Cow;

use super::online::Verifier;
use crate::{
    ask::{Inquiry, Known, Unasked},
    finding::PartValue,
    incident::Incident,
    request::Verification,
    rule::Rule,
    rules::placeholder::{self, Host},
    secret::Secret,
    verdict::{Verdict, Why},
};

/// An incident that can be asked about.
pub(super) struct Subject<'i> {
    pub(super) rule: &'i Rule,
    pub(super) verification: &'i Verification,
    pub(super) incident: &'i Incident,
    /// Secrets of other incidents that the request takes in, by its names for them.
    pub(super) partners: Vec<(&'i str, &'i Secret)>,
}

/// One place to ask.
pub(super) struct Question {
    place: Place,
    pub(super) host: String,
}

/// Where a verification is asked.
#[derive(Clone)]
enum Place {
    /// Where its request says.
    Own,
    /// In one of its regions.
    Region(String),
    /// At the server that was found with the token.
    Elsewhere,
}

/// Where an incident is asked about, in this order.
pub(super) struct Questions {
    pub(super) all: Vec<Question>,
    /// Why the server that was found with the token is not asked, where there is one.
    elsewhere: Option<Unasked>,
}

impl Subject<'_> {
    /// The host that was found with the token.
    fn found_host(&self) -> Option<&str> {
        self.incident.parts.iter().find(|part| part.name == "host").and_then(|part| match &part.value {
            PartValue::Public(host) => Some(host.as_str()),
            PartValue::Secret(_) => None,
        })
    }
}

impl Question {
    /// Whether it goes to the server that was found with the token.
    pub(super) fn is_elsewhere(&self) -> bool {
        matches!(self.place, Place::Elsewhere)
    }

    pub(super) fn region(&self) -> Option<&str> {
        match &self.place {
            Place::Region(region) => Some(region),
            Place::Own | Place::Elsewhere => None,
        }
    }
}

impl<'r> Verifier<'r> {
    /// What can be asked of an incident, which has partners among `all`; else why it is not asked about.
    pub(super) fn subject<'i>(
        &self,
        incident: &'i Incident,
        all: &'i [Incident],
    ) -> Result<Subject<'i>, Cow<'static, str>>
    where
        'r: 'i,
    {
        if !incident.verdict.is_open() {
            return Err("decided without asking".into());
        }
        if !incident.secret.is_known() {
            return Err("its token is not known".into());
        }
        let rule = self.rule(incident);
        if rule.may_cut(incident.secret.expose().len()) {
            return Err("it may be cut off".into());
        }
        let verification = rule.verify.as_deref().ok_or("its provider cannot be asked")?;
        let partner = |id: &str| {
            let others = all.iter().filter(|other| *self.rule(other).id == *id);
            let near = others.filter_map(|other| Some((distance(incident, other)?, &other.secret)));
            near.min().map(|(_, secret)| secret)
        };
        let partners = verification.with.iter().filter_map(|(name, id)| Some((&**name, partner(id)?))).collect();
        Ok(Subject { rule, verification, incident, partners })
    }

    /// Where `subject` is asked about.
    pub(super) fn questions(&self, subject: &Subject<'_>) -> Result<Questions, Unasked> {
        let question = |place: Place| {
            let mut question = Question { place, host: String::new() };
            question.host = self.inquiry(subject, &subject.incident.secret, &question)?.host();
            Ok(question)
        };
        let regions = &*subject.verification.regions;
        let own = match regions {
            [] => vec![question(Place::Own)],
            regions => regions.iter().map(|region| question(Place::Region(region.clone().into_owned()))).collect(),
        };
        let found = self.is_asked_elsewhere(subject).then(|| question(Place::Elsewhere));
        let (first, elsewhere) = match found {
            Some(Ok(question)) => (Some(question), None),
            Some(Err(unasked)) => (None, Some(unasked)),
            None => (None, None),
        };
        let mut all = first.into_iter().map(Ok).chain(own).collect::<Result<Vec<_>, _>>()?;
        // One server that stands in for all regions is asked once.
        all.dedup_by(|one, before| one.host == before.host);
        Ok(Questions { all, elsewhere })
    }

    /// Whether a server was found with the token that is none of those that are asked anyway.
    fn is_asked_elsewhere(&self, subject: &Subject<'_>) -> bool {
        let Subject { rule, verification, .. } = subject;
        let host = subject.found_host().filter(|_| verification.elsewhere.is_some());
        host.is_some_and(|host| !self.asker.is_elsewhere(&rule.provider) && !is_own(verification, host))
    }

    /// What is asked about `secret`, which stands for the subject's own.
    pub(super) fn inquiry(
        &self,
        subject: &Subject<'_>,
        secret: &Secret,
        question: &Question,
    ) -> Result<Inquiry, Unasked> {
        let known = known(subject, secret, question.region());
        self.asker.inquiry(&subject.rule.provider, subject.verification, question.is_elsewhere(), &known)
    }

    /// The same, signed as nobody could who has the secret.
    pub(super) fn spoilt(&self, subject: &Subject<'_>, question: &Question) -> Result<Inquiry, Unasked> {
        let known = known(subject, &subject.incident.secret, question.region()).spoilt();
        self.asker.inquiry(&subject.rule.provider, subject.verification, false, &known)
    }

    /// What it means that nobody who was asked accepts a token.
    pub(super) fn rejected(&self, subject: &Subject<'_>, questions: &Questions) -> Verdict {
        let Subject { rule, verification, .. } = subject;
        let issues_alone = !verification.self_hosted
            || self.asker.is_elsewhere(&rule.provider)
            || questions.all.iter().any(Question::is_elsewhere)
            || matches!(host(verification), Some(Host::Found | Host::Under(_)))
            || subject.found_host().is_some_and(|host| is_own(verification, host));
        if issues_alone {
            return Verdict::Inactive(Why::Rejected);
        }
        let hosts: Vec<&str> = questions.all.iter().map(|question| question.host.as_str()).collect();
        let does = if hosts.len() == 1 { "does" } else { "do" };
        let hint = questions.elsewhere.as_ref().map_or_else(
            || "another server may have issued it (--endpoint)".to_owned(),
            |unasked| format!("the server named with it was not asked: {unasked}"),
        );
        Verdict::Unknown(format!("{} {does} not know it; {hint}", hosts.join(", ")).into())
    }
}

/// What can be filled in of `secret`, which stands for the subject's own.
pub(super) fn known<'s>(subject: &'s Subject<'_>, secret: &'s Secret, region: Option<&'s str>) -> Known<'s> {
    let known = Known::new(secret, &subject.incident.parts, region);
    subject.partners.iter().fold(known, |known, (name, partner)| known.with(name, partner.expose()))
}

/// Whom a verification asks, as far as its address says, in its first region.
fn host(verification: &Verification) -> Option<Host<'_>> {
    let url = &verification.request.url;
    (!url.contains("${region}")).then(|| placeholder::host(verification.protocol.scheme(), url).ok()).flatten()
}

/// Whether a verification names this host itself.
fn is_own(verification: &Verification, found: &str) -> bool {
    matches!(host(verification), Some(Host::Literal(host)) if host.eq_ignore_ascii_case(found))
        || verification.regions.iter().any(|region| region.eq_ignore_ascii_case(found))
}

/// How many lines two incidents are apart where they are nearest; nothing where they share no file.
fn distance(one: &Incident, other: &Incident) -> Option<u64> {
    let pairs = one.occurrences.iter().flat_map(|a| other.occurrences.iter().map(move |b| (a, b)));
    let near = pairs.filter(|(a, b)| a.path == b.path && a.source == b.source);
    near.map(|(a, b)| a.location.line.abs_diff(b.location.line)).min()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{
        ask::{Asker, Endpoint},
        finding::{Checksum, FoundPart},
        incident::IdentityKey,
        location::Span,
        net::{Limits, Net, hosts::Consent},
        rule::{RuleIx, Severity},
        rules::Ruleset,
        secret::Shown,
        verify::Verdicts,
    };

    /// A token that was found with the host `host`.
    fn incident(rule: &Rule, host: &str) -> Incident {
        let secret = Secret::new(&[b"glpat-".as_slice(), &[b'x'; 20]].concat(), Shown::Nothing);
        let part =
            FoundPart { name: "host".to_owned(), value: PartValue::Public(host.to_owned()), span: Span::new(0, 1) };
        Incident {
            id: IdentityKey::fixed().identify(&rule.family, &secret),
            rule: RuleIx(0),
            secret,
            confidence: rule.confidence,
            checksum: Checksum::None,
            entropy: 4.0,
            severity: Severity::High,
            verdict: Verdict::Unchecked,
            claims: None,
            access: None,
            notes: Vec::new(),
            parts: vec![part],
            occurrences: Vec::new(),
            life: None,
        }
    }

    /// Who is asked about a GitLab token that was found with `host`, where the user allows `allowed`; and what it means that none knows it.
    fn asked(host: &str, allowed: &str, endpoint: Option<&str>) -> (Vec<String>, Verdict) {
        let rules = [Ruleset::builtin().find("gitlab-pat").unwrap().clone()];
        let consent = Consent { allowed: BTreeSet::from([allowed.to_owned()]), ..Consent::default() };
        let endpoint = endpoint.map(|url| ("gitlab".to_owned(), Endpoint::parse(url).unwrap()));
        let asker = Asker::new(Net::new(Limits::default()), consent, BTreeMap::from_iter(endpoint));
        let verifier = Verifier::new(&rules, asker, Verdicts::default(), IdentityKey::fixed(), 0);
        let incidents = [incident(&rules[0], host)];
        let subject = verifier.subject(&incidents[0], &incidents).unwrap();
        let questions = verifier.questions(&subject).unwrap();
        let verdict = verifier.rejected(&subject, &questions);
        (questions.all.into_iter().map(|question| question.host).collect(), verdict)
    }

    #[test]
    fn the_server_that_was_found_with_a_token_is_asked_first_and_by_leave() {
        let dead = Verdict::Inactive(Why::Rejected);
        let (hosts, verdict) = asked("git.example.org", "git.example.org", None);
        assert_eq!((hosts.as_slice(), &verdict), (&["git.example.org".into(), "gitlab.com".into()][..], &dead));
        let (hosts, verdict) = asked("git.example.org", "other.example.org", None);
        assert_eq!(hosts, ["gitlab.com"]);
        let hint = "gitlab.com does not know it; the server named with it was not asked: git.example.org is asked only \
                    with --allow-host git.example.org";
        assert_eq!(verdict.reason(), Some(hint));
        assert_eq!(asked("GitLab.com", "x", None), (vec!["gitlab.com".to_owned()], dead.clone()));
        let (hosts, verdict) = asked("git.example.org", "git.example.org", Some("https://git.example.net/api"));
        assert_eq!((hosts.as_slice(), verdict), (&["git.example.net".into()][..], dead));
    }
}
