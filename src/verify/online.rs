//! Asks providers whether tokens still work.
//!
//! One request a token, one host at a time by each thread. That a token is accepted is believed only where the same provider refuses one that nobody issued.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    panic::resume_unwind,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use zeroize::Zeroizing;

use super::{
    account, power, probe,
    question::{Question, Questions, Subject},
    verdicts::Verdicts,
};
use crate::{
    ask::{Asker, Heard, Inquiry, Outcome, Seen, Stopped},
    finding::PartValue,
    incident::{Access, IdentityKey, Incident},
    request::{Says, Scheme, Verification},
    rule::{Rule, Severity},
    verdict::Verdict,
};

/// How many hosts are asked at a time.
const MOST_THREADS: usize = 64;

/// Asks providers about incidents.
#[derive(Debug)]
pub struct Verifier<'r> {
    rules: &'r [Rule],
    pub(super) asker: Asker,
    verdicts: Verdicts,
    key: IdentityKey,
    /// The time, in seconds since 1970, that verdicts are remembered by.
    now: i64,
    probes: Mutex<Probes>,
    ask_canaries: bool,
    explores: bool,
    pub(super) requests: AtomicUsize,
}

/// By rule and host, whether a token that nobody issued was refused there.
type Probes = HashMap<(String, String), Arc<OnceLock<Probe>>>;

/// What became of a control probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probe {
    Refused,
    Accepted,
    Unanswered,
}

/// What asking would take, and whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// By host, by rule, how many tokens.
    pub hosts: BTreeMap<String, BTreeMap<String, usize>>,
    /// How many requests to each host at most, control probes included.
    pub requests: BTreeMap<String, usize>,
    /// Incidents that nobody would be asked about, by the reason.
    pub left: BTreeMap<String, usize>,
}

/// What was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// About how many incidents, in vain or not.
    pub incidents: usize,
    /// Whom.
    pub hosts: usize,
    /// How many requests were made, control probes included.
    pub requests: usize,
}

/// What one place said.
enum Said {
    Active(Option<Access>),
    Inactive,
    Refused(Cow<'static, str>),
    Unknown(Cow<'static, str>),
}

/// What is put into an incident.
type Settled = (Verdict, Option<Access>);

/// Incidents, by their index, and what to ask of them: by the host that is asked first.
type Queues<'i> = BTreeMap<String, Vec<(usize, Subject<'i>, Questions)>>;

impl<'r> Verifier<'r> {
    /// Asks through `asker` about incidents of `rules`, but for what `verdicts` knows under `key`; `now` is in seconds since 1970.
    pub fn new(rules: &'r [Rule], asker: Asker, verdicts: Verdicts, key: IdentityKey, now: i64) -> Self {
        let (probes, requests) = (Mutex::default(), AtomicUsize::new(0));
        Self { rules, asker, verdicts, key, now, probes, ask_canaries: false, explores: false, requests }
    }

    /// The same, but with `ask` it asks about tokens that are known to be alarms, too.
    #[must_use]
    pub fn asking_canaries(self, ask: bool) -> Self {
        Self { ask_canaries: ask, ..self }
    }

    /// The same, but with `explore` it asks of tokens that work what they can reach, too.
    #[must_use]
    pub fn exploring(self, explore: bool) -> Self {
        Self { explores: explore, ..self }
    }

    /// What is known now, to be kept for the next run.
    pub fn verdicts(&self) -> &Verdicts {
        &self.verdicts
    }

    /// What [`Verifier::verify`] would do, which asks nobody.
    pub fn plan(&self, incidents: &[Incident]) -> Plan {
        let mut plan = Plan::default();
        for incident in incidents {
            if let Err(reason) = self.plan_one(incident, incidents, &mut plan) {
                *plan.left.entry(reason.into_owned()).or_default() += 1;
            }
        }
        plan
    }

    fn plan_one(&self, incident: &Incident, all: &[Incident], plan: &mut Plan) -> Result<(), Cow<'static, str>> {
        let subject = self.subject(incident, all)?;
        let rule = subject.rule;
        self.check_canary(&subject)?;
        if self.remembered(&subject).is_some() {
            return Err("decided by an earlier answer".into());
        }
        let questions = self.questions(&subject).map_err(|unasked| format!("{}: {unasked}", rule.id))?;
        let first = questions.all.first().map_or("", |question| &question.host).to_owned();
        for Question { host, .. } in questions.all {
            let rules = plan.hosts.entry(host.clone()).or_default();
            let is_first = !rules.contains_key(&*rule.id) && probe::is_harmless(rule);
            *rules.entry(rule.id.clone().into_owned()).or_default() += 1;
            *plan.requests.entry(host).or_default() += 1 + usize::from(is_first);
        }
        let survey = rule.access.as_deref().filter(|_| self.explores);
        let requests = survey.iter().flat_map(|survey| {
            survey.lookups.iter().map(|lookup| &lookup.request).chain(survey.asks.iter().map(|ask| &ask.request))
        });
        for request in requests {
            let host = self.asker.host_of(&rule.provider, request).unwrap_or_else(|| first.clone());
            plan.hosts.entry(host.clone()).or_default().entry(rule.id.clone().into_owned()).or_insert(1);
            *plan.requests.entry(host).or_default() += 1;
        }
        Ok(())
    }

    /// Asks about every incident that is open and whose provider can be asked, and puts the verdicts into them. Ends early where `stopped` says so: what
    /// is left is then unknown.
    pub fn verify(&self, incidents: &mut [Incident], stopped: Stopped<'_>) -> Asked {
        let (mut queues, mut settled) = (Queues::new(), Vec::new());
        for (at, incident) in incidents.iter().enumerate() {
            let Ok(subject) = self.subject(incident, incidents) else { continue };
            if let Some(known) = self.remembered(&subject) {
                settled.push((at, known));
                continue;
            }
            if let Err(reason) = self.check_canary(&subject) {
                settled.push((at, (Verdict::Unknown(reason), None)));
                continue;
            }
            match self.questions(&subject) {
                Ok(questions) => {
                    let host = questions.all.first().map_or("", |question| &question.host);
                    queues.entry(host.to_owned()).or_default().push((at, subject, questions));
                }
                Err(unasked) => settled.push((at, (Verdict::Unknown(unasked.to_string().into()), None))),
            }
        }
        let (hosts, asked) = (queues.len(), queues.values().map(Vec::len).sum());
        settled.extend(self.ask_all(queues, stopped));
        for (at, settled) in settled {
            settle(&mut incidents[at], settled);
        }
        Asked { incidents: asked, hosts, requests: self.requests.load(Relaxed) }
    }

    /// Asks each host about its incidents, one after the other, and many hosts at a time.
    fn ask_all(&self, queues: Queues<'_>, stopped: Stopped<'_>) -> Vec<(usize, Settled)> {
        let threads = queues.len().min(MOST_THREADS);
        let queues = Mutex::new(queues.into_values());
        let next = || queues.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || {
            let asked = std::iter::from_fn(next).flatten();
            asked.map(|(at, subject, questions)| (at, self.ask_about(&subject, &questions, stopped))).collect()
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let results = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            results.flat_map(|results: Vec<_>| results).collect()
        })
    }

    /// What is known of `subject` from earlier, unless it is not enough.
    fn remembered(&self, subject: &Subject<'_>) -> Option<Settled> {
        let (verdict, access) = self.verdicts.get(&self.asked(subject))?;
        let lacks = self.explores && subject.rule.access.is_some() && verdict == Verdict::Active;
        let is_explored = access.as_ref().is_some_and(|access| !access.resources.is_empty());
        (!lacks || is_explored).then_some((verdict, access))
    }

    fn ask_about(&self, subject: &Subject<'_>, questions: &Questions, stopped: Stopped<'_>) -> Settled {
        let settled = self.answer(subject, questions, stopped);
        self.verdicts.put(self.asked(subject), &settled.0, settled.1.as_ref(), self.now);
        settled
    }

    fn answer(&self, subject: &Subject<'_>, questions: &Questions, stopped: Stopped<'_>) -> Settled {
        let mut unknown = None;
        for question in &questions.all {
            // What is signed is good for minutes only, and a host's turn may be long in coming: so it is made now.
            let said = match self.inquiry(subject, &subject.incident.secret, question) {
                Ok(inquiry) => self.ask(subject.verification, &inquiry, stopped),
                Err(unasked) => Said::Unknown(unasked.to_string().into()),
            };
            match said {
                Said::Active(access) => {
                    return match self.doubt(subject, question, stopped) {
                        Some(doubt) => (Verdict::Unknown(doubt.into()), None),
                        None => (Verdict::Active, self.explored(subject, question, access, stopped)),
                    };
                }
                Said::Inactive => {}
                Said::Refused(reason) | Said::Unknown(reason) => unknown = unknown.or(Some(reason)),
            }
        }
        (unknown.map_or_else(|| self.rejected(subject, questions), Verdict::Unknown), None)
    }

    /// What a token reaches that `question` proved to work, where that is to be asked, and what is known of it already.
    fn explored(
        &self,
        subject: &Subject<'_>,
        question: &Question,
        access: Option<Access>,
        stopped: Stopped<'_>,
    ) -> Option<Access> {
        // What is declared leads to the provider's own servers, and another has issued this one.
        let explores = self.explores && !question.is_elsewhere();
        let Some(survey) = subject.rule.access.as_deref().filter(|_| explores) else { return access };
        let mut access = access.unwrap_or_default();
        self.explore((subject, question), survey, &mut access, stopped);
        (access != Access::default()).then_some(access)
    }

    fn ask(&self, verification: &Verification, inquiry: &Inquiry, stopped: Stopped<'_>) -> Said {
        self.requests.fetch_add(1, Relaxed);
        let reply = match self.asker.ask(inquiry, stopped) {
            Ok(Heard::Reply(reply)) => reply,
            Ok(Heard::Outcome(Outcome::Accepted)) => return Said::Active(inquiry.access()),
            Ok(Heard::Outcome(Outcome::Rejected)) => return Said::Inactive,
            Ok(Heard::Outcome(Outcome::Unknown(reason))) => return Said::Unknown(reason),
            Err(failure) => return Said::Unknown(failure.to_string().into()),
        };
        let seen = Seen::of(&reply);
        match seen.first_of(&verification.answers) {
            Some(Says::Active) => Said::Active(access(verification, &seen)),
            Some(Says::Inactive) => Said::Inactive,
            Some(Says::Refused(reason)) => Said::Refused(reason.clone()),
            Some(Says::Unknown(reason)) => Said::Unknown(reason.clone()),
            None => Said::Unknown(undecided(&seen)),
        }
    }

    /// Why it is not to be believed that this token was accepted; nothing where it is.
    fn doubt(&self, subject: &Subject<'_>, question: &Question, stopped: Stopped<'_>) -> Option<&'static str> {
        if !probe::is_harmless(subject.rule) {
            return None;
        }
        let place = (subject.rule.id.clone().into_owned(), question.host.clone());
        let probe = Arc::clone(self.probes.lock().unwrap_or_else(PoisonError::into_inner).entry(place).or_default());
        match probe.get_or_init(|| self.probe(subject, question, stopped)) {
            Probe::Refused => None,
            Probe::Accepted => Some("the endpoint accepts anything"),
            Probe::Unanswered => Some("it was accepted, but the control probe was not refused"),
        }
    }

    /// Asks the same of a token that nobody issued.
    fn probe(&self, subject: &Subject<'_>, question: &Question, stopped: Stopped<'_>) -> Probe {
        let inquiry = if subject.verification.request.scheme == Some(Scheme::GoogleJwt) {
            // No other key is a key.
            self.spoilt(subject, question)
        } else {
            let Some(mutant) = probe::mutant(subject.rule, &subject.incident.secret) else { return Probe::Unanswered };
            self.inquiry(subject, &mutant, question)
        };
        let Ok(inquiry) = inquiry else { return Probe::Unanswered };
        match self.ask(subject.verification, &inquiry, stopped) {
            Said::Inactive | Said::Refused(_) => Probe::Refused,
            Said::Active(_) => Probe::Accepted,
            Said::Unknown(_) => Probe::Unanswered,
        }
    }

    /// Why this one had better not be asked about: somebody laid it out to see who does.
    fn check_canary(&self, subject: &Subject<'_>) -> Result<(), Cow<'static, str>> {
        let id = subject.incident.parts.iter().find(|part| part.name == "id").and_then(|part| match &part.value {
            PartValue::Public(id) => account::of(id),
            PartValue::Secret(_) => None,
        });
        match id.filter(|id| subject.verification.canaries.iter().any(|account| account == id)) {
            Some(account) if !self.ask_canaries => {
                Err(format!("it is a canary, of account {account}: to ask would raise its alarm (--ask-canaries)")
                    .into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn rule(&self, incident: &Incident) -> &'r Rule {
        &self.rules[incident.rule.0 as usize]
    }

    /// A keyed hash of what is asked about an incident.
    fn asked(&self, subject: &Subject<'_>) -> String {
        let Subject { rule, verification, incident, partners } = subject;
        let mut text = Zeroizing::new(format!("{}\0{}\0", rule.provider, verification.name).into_bytes());
        let parts = incident.parts.iter().map(|part| match &part.value {
            PartValue::Public(text) => text.as_bytes(),
            PartValue::Secret(secret) => secret.expose(),
        });
        let partners = partners.iter().map(|(_, secret)| secret.expose());
        for value in parts.chain(partners).chain([incident.secret.expose()]) {
            text.extend_from_slice(&(value.len() as u64).to_le_bytes());
            text.extend_from_slice(value);
        }
        // Another server knows other tokens.
        text.extend_from_slice(self.asker.endpoint_of(&rule.provider).unwrap_or_default().as_bytes());
        self.key.hash("asked", &text)
    }
}

/// Puts a verdict into an incident, and what follows from it.
fn settle(incident: &mut Incident, (verdict, access): Settled) {
    match (&verdict, &access) {
        (Verdict::Inactive(_), _) => incident.severity = Severity::Low,
        (Verdict::Active, Some(access)) => incident.severity = power::severity(&access.powers, incident.severity),
        _ => {}
    }
    incident.verdict = verdict;
    incident.access = access;
}

fn access(verification: &Verification, seen: &Seen<'_>) -> Option<Access> {
    let field = |field: &Option<_>| field.as_ref().and_then(|field| seen.field(field));
    let access = Access {
        owner: field(&verification.owner),
        account: field(&verification.account),
        scopes: field(&verification.scopes),
        expires: field(&verification.expires),
        powers: verification
            .scopes
            .as_ref()
            .map_or_else(Vec::new, |scopes| power::of(verification, &seen.words(scopes))),
        resources: Vec::new(),
    };
    (access != Access::default()).then_some(access)
}

/// Why an answer that no declared one fits says nothing.
fn undecided(seen: &Seen<'_>) -> Cow<'static, str> {
    let status = seen.status();
    match status {
        _ if seen.is_page() => format!("a page for people answered (status {status})").into(),
        300..=399 => "it redirects elsewhere, and is not followed".into(),
        403 => "it was refused without saying why (status 403)".into(),
        407 => "a proxy wants a sign-in".into(),
        429 => "its host asks for patience (status 429)".into(),
        500..=599 => format!("its host fails (status {status})").into(),
        _ => format!("the answer says nothing that is documented (status {status})").into(),
    }
}
