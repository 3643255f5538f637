//! Every verification of every pattern file against a server that answers as the provider documents, and as none should.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use stanch::{
    ask::{Asker, Endpoint},
    blob::Window,
    detect::{Detector, Scratch},
    finding::{Checksum, Finding},
    incident::{Access, IdentityKey, Incident},
    net::{Limits, Net, hosts::Consent},
    request::{Answer, Field, Protocol, Says, Scheme, Verification},
    rule::{Rule, RuleIx},
    rules::{Ruleset, examples, requests},
    secret::{Secret, Shown},
    verdict::{Verdict, Why},
    verify::{Verdicts, Verifier},
};

use super::server::{Asked, Reply, Server};

/// What the server answers to each case, by the first part of the path; the last answer is given again and again.
type Script = Arc<Mutex<HashMap<String, (usize, Vec<Reply>)>>>;

struct Provider {
    server: Server,
    script: Script,
}

impl Provider {
    fn new() -> Self {
        let script = Script::default();
        let answers = Arc::clone(&script);
        let server = Server::new(move |asked: &Asked| {
            let case = asked.path.split(['/', '?']).nth(1).unwrap_or("").to_owned();
            let mut cases = answers.lock().unwrap();
            let Some((next, replies)) = cases.get_mut(&case) else { return Reply::new(418, "no such case") };
            *next += 1;
            replies[(*next - 1).min(replies.len() - 1)].clone()
        });
        Self { server, script }
    }

    /// The verdict on a finding of `rule`, and how often was asked, where the provider answers `replies`.
    fn verdict(
        &self,
        case: &str,
        rule: &Rule,
        finding: &Finding,
        replies: Vec<Reply>,
    ) -> (Verdict, Option<Access>, usize) {
        self.script.lock().unwrap().insert(case.to_owned(), (0, replies));
        let limits = Limits { request: Duration::from_millis(1500), burst: 100, ..Limits::default() };
        let endpoint = Endpoint::parse(&self.server.at(&format!("/{case}"))).unwrap();
        let endpoints = BTreeMap::from([(rule.provider.to_string(), endpoint)]);
        let asker = Asker::new(Net::new(limits), Consent::default(), endpoints);
        let rules = [rule.clone()];
        let verifier = Verifier::new(&rules, asker, Verdicts::default(), IdentityKey::fixed(), 0);
        let mut incidents = [incident(finding)];
        let told = verifier.verify(&mut incidents, &|| false);
        let [Incident { verdict, access, .. }] = incidents;
        assert_eq!(told.incidents, 1, "{case}");
        (verdict, access, self.script.lock().unwrap()[case].0)
    }
}

pub(super) fn incident(finding: &Finding) -> Incident {
    Incident {
        id: IdentityKey::fixed().identify("case", &finding.secret),
        rule: RuleIx(0),
        secret: finding.secret.clone(),
        confidence: finding.confidence,
        checksum: Checksum::None,
        entropy: 4.0,
        severity: stanch::rule::Severity::High,
        verdict: Verdict::Unchecked,
        claims: None,
        access: None,
        notes: Vec::new(),
        parts: finding.parts.clone(),
        occurrences: Vec::new(),
        life: None,
    }
}

/// A key that signs, made for this run.
static PRIVATE_KEY: LazyLock<String> = LazyLock::new(|| {
    let key = rsa::RsaPrivateKey::new(&mut rand_core::OsRng, 2048).unwrap();
    key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
});

/// A finding of the rule's own examples that has everything its request fills in.
pub(super) fn finding(rule: &Rule) -> Finding {
    let detector = Detector::new(vec![rule.clone()]);
    let needed = |finding: &Finding| {
        let with = rule.verify.as_deref().map_or(&[][..], |verification| &verification.with);
        let verify = rule.verify.iter().flat_map(|verify| requests::captured_by_verification(verify));
        let revoke = rule.revoke.iter().flat_map(|revoke| requests::captured_by_revocation(revoke));
        verify.chain(revoke).all(|name| {
            with.iter().any(|(with, _)| *with == name) || finding.parts.iter().any(|part| part.name == name)
        })
    };
    let findings = examples::matching(rule)
        .into_iter()
        .flat_map(|text| detector.findings(&Window::whole(text.as_bytes()), &mut Scratch::default()));
    let mut fitting: Vec<Finding> = findings.filter(|finding| needed(finding)).collect();
    // AWS's temporary keys need what another rule finds.
    fitting.retain(|finding| {
        !finding
            .parts
            .iter()
            .any(|part| matches!(&part.value, stanch::finding::PartValue::Public(id) if id.starts_with("ASIA")))
    });
    assert!(!fitting.is_empty(), "{}: no example has all that its request needs", rule.id);
    let mut finding = fitting.remove(0);
    if rule.verify.as_deref().is_some_and(|verification| verification.request.scheme == Some(Scheme::GoogleJwt)) {
        // It has to sign.
        finding.secret = Secret::new(PRIVATE_KEY.as_bytes(), Shown::Nothing);
    }
    finding
}

/// A body that has something at `field`.
pub(super) fn answer_with(field: &Field) -> String {
    let Field::Pointer(at) = field else { panic!("{field:?} is no pointer") };
    let value = at.rsplit('/').filter(|key| !key.is_empty()).fold(serde_json::json!("x1"), |value, key| {
        if key == "*" || key.chars().all(|c| c.is_ascii_digit()) {
            serde_json::json!([value])
        } else {
            serde_json::json!({ key: value })
        }
    });
    value.to_string()
}

pub(super) fn reply<M>(answer: &Answer<M>) -> Reply {
    let reply = Reply::new(answer.status[0], &answer.example);
    answer.example_headers.iter().fold(reply, |reply, (name, value)| reply.with(name, value))
}

/// All rules that can be asked about over HTTP.
fn verifiable() -> Vec<Rule> {
    let speaks = |rule: &&Rule| rule.verify.as_deref().is_some_and(|verify| verify.protocol == Protocol::Http);
    Ruleset::builtin().rules().iter().filter(speaks).cloned().collect()
}

/// Runs `check` for each rule on a few threads, with a name for its cases.
fn for_each_rule(check: impl Fn(&Provider, &str, &Rule, &Verification, &Finding) + Sync) {
    let provider = Provider::new();
    let rules = verifiable();
    let next = Mutex::new(rules.iter().enumerate());
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| {
                loop {
                    let Some((at, rule)) = next.lock().unwrap().next() else { break };
                    check(&provider, &format!("case{at}"), rule, rule.verify.as_deref().unwrap(), &finding(rule));
                }
            });
        }
    });
}

/// What a mutant of the token gets.
pub(super) fn refusal(verification: &Verification) -> Reply {
    let refuses = |answer: &&Answer<Says>| matches!(answer.means, Says::Inactive | Says::Refused(_));
    reply(verification.answers.iter().find(refuses).unwrap())
}

#[test]
fn documented_answers_mean_what_is_declared() {
    for_each_rule(|provider, case, rule, verification, finding| {
        for (at, answer) in verification.answers.iter().enumerate() {
            let case = format!("{case}-{at}");
            let (reply, refusal) = (reply(answer), refusal(verification));
            let replies = if answer.means == Says::Active { vec![reply, refusal] } else { vec![reply] };
            let (verdict, access, _) = provider.verdict(&case, rule, finding, replies);
            let wanted = match &answer.means {
                Says::Active => Verdict::Active,
                Says::Inactive => Verdict::Inactive(Why::Rejected),
                Says::Refused(reason) | Says::Unknown(reason) => Verdict::Unknown(reason.clone()),
            };
            assert_eq!(verdict, wanted, "{}: answer {at}", rule.id);
            if verdict == Verdict::Active {
                let access = access.unwrap_or_default();
                let fields = [
                    (&verification.owner, access.owner),
                    (&verification.account, access.account),
                    (&verification.scopes, access.scopes),
                    (&verification.expires, access.expires),
                ];
                for (field, said) in fields {
                    let in_example = field.as_ref().is_some_and(|field| match field {
                        Field::Header(name) => {
                            answer.example_headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
                        }
                        Field::Pointer(at) => {
                            let json = serde_json::from_str::<serde_json::Value>(&answer.example).ok();
                            let value = json.as_ref().and_then(|json| json.pointer(at));
                            value.is_some_and(|value| {
                                !value.is_null()
                                    && *value != ""
                                    && !value.is_object()
                                    && *value != serde_json::json!([])
                            })
                        }
                        Field::Element(name) => answer.example.contains(&format!("<{name}>")),
                    });
                    assert_eq!(said.is_some(), in_example, "{}: {field:?} says {said:?}", rule.id);
                }
            }
        }
    });
}

#[test]
fn an_endpoint_that_accepts_anything_is_not_believed() {
    for_each_rule(|provider, case, rule, verification, finding| {
        if rule.class.is_password() || rule.class == stanch::rule::Class::PrivateKey {
            return;
        }
        let active = verification.answers.iter().find(|answer| answer.means == Says::Active).unwrap();
        let (verdict, _, asked) = provider.verdict(case, rule, finding, vec![reply(active)]);
        assert_eq!(verdict, Verdict::Unknown("the endpoint accepts anything".into()), "{}", rule.id);
        assert_eq!(asked, 2, "{}", rule.id);
    });
}

#[test]
fn what_says_nothing_of_a_token_is_neither_live_nor_dead() {
    let page = "<!DOCTYPE html><html><title>Sign in to the network</title></html>";
    let useless = [
        ("403", Reply::new(403, "")),
        ("429", Reply::new(429, "{}").with("Retry-After", "0")),
        ("500", Reply::new(500, "{\"ok\":true}")),
        ("503", Reply::new(503, "").with("Retry-After", "0")),
        ("page", Reply::new(200, page)),
        ("page401", Reply::new(401, page)),
        ("empty", Reply::new(200, "")),
        ("moved", Reply::new(302, "").with("Location", "/elsewhere")),
        ("cut", Reply::Cut),
        ("nothing", Reply::Nothing),
    ];
    for_each_rule(|provider, case, rule, verification, finding| {
        for (name, reply) in &useless {
            let case = format!("{case}-{name}");
            let (verdict, _, asked) = provider.verdict(&case, rule, finding, vec![reply.clone()]);
            assert!(matches!(verdict, Verdict::Unknown(_)), "{}: {verdict:?} by {name}", rule.id);
            let most = verification.regions.len().max(1) * 3;
            assert!((1..=most).contains(&asked), "{}: asked {asked} times ({name})", rule.id);
        }
    });
}

#[test]
fn whoever_answers_too_late_has_not_answered() {
    for_each_rule(|provider, case, rule, verification, finding| {
        let active = verification.answers.iter().find(|answer| answer.means == Says::Active).unwrap();
        let late = Reply::Late(Duration::from_secs(3), Box::new(reply(active)));
        let (verdict, _, _) = provider.verdict(case, rule, finding, vec![late]);
        assert!(matches!(verdict, Verdict::Unknown(_)), "{}: {verdict:?}", rule.id);
    });
}

#[test]
fn there_are_as_many_as_promised() {
    let rules = verifiable();
    let providers: std::collections::BTreeSet<_> = rules.iter().map(|rule| &*rule.provider).collect();
    assert!(rules.len() >= 150 && providers.len() >= 110, "{} rules of {} providers", rules.len(), providers.len());
}

#[test]
fn what_proves_nothing_is_no_declaration() {
    let answers = |answer: &str| {
        let file = format!(
            r#"provider = "acme"
name = "Acme"
min_stanch = "0.1"
[[rule]]
id = "acme-key"
name = "Acme key"
class = "api-key"
severity = "low"
keywords = ["acme_"]
regex = '\b(?<secret>acme_[0-9a-z]{{30}})\b'
source = "https://acme.example"
verify = "me"
match = ["{{acme_ + base36(30)}}"]
no_match = ["acme_"]
[verify.me]
source = "https://acme.example"
url = "https://acme.example/me"
headers = {{ Authorization = "${{secret}}" }}
[[verify.me.answers]]
verdict = "active"
status = 200
has = ["/id"]
example = "{{}}"
[[verify.me.answers]]
verdict = "inactive"
status = 401
example = ""
[[verify.me.answers]]
{answer}
example = ""
"#
        );
        stanch::rules::spec::read("f.toml", &file).map(|_| ()).map_err(|problems| problems[0].message.clone())
    };
    assert_eq!(answers("verdict = 'inactive'\nstatus = 403\nis = { '/code' = 'invalid_key' }"), Ok(()));
    for wrong in [
        "verdict = 'active'\nstatus = 200",
        "verdict = 'inactive'\nstatus = 400",
        "verdict = 'inactive'\nstatus = 403\nhas = ['/error']",
        "verdict = 'active'\nstatus = 429\nhas = ['/id']",
        "verdict = 'inactive'\nstatus = [401, 503]\ncontains = ['x']",
        "verdict = 'dead'\nstatus = 401",
        "verdict = 'inactive'\nstatus = 401\nhas = ['error']",
        "verdict = 'inactive'",
    ] {
        assert!(answers(wrong).is_err(), "{wrong}");
    }
}
